"""What a glossary gains on names and acronyms, and what it harms: not told, told to the recogniser, put right, both.

    python benchmarks/speech_glossary.py --model base

`benchmarks/glossary/`: scripted sentences with names and terms of a programme, spoken by flite's voices. The rules of
the correction were made while `known` was looked at; `held_out` has other people and was heard once they stood.
The real speech of `benchmarks/speech/long.json` says what is harmed where hardly any of the terms is spoken: words
invented where nobody speaks, clips lost, when clips begin. A term counts as never said for each time that it is written
more often than it is said.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speech_score import normaliser, score

from bot.adapters.speech_pipeline import SpeechPipeline
from bot.config_file import read_config
from bot.formats import Agenda, Transcript
from bot.glossary import Term, for_recogniser, terms_of
from bot.term_correction import corrected

HERE = Path(__file__).parent
ROOT = HERE.parent
MENTION = re.compile(r"\[([^\]]+)\]")
REAL_NAMES = (
    "Marius", "Cosette", "Clarency", "Jenks", "Dinah", "Dashwood", "Gutenberg", "Bourgogne", "Deasey", "Sintra",
    "Duguid", "Ademesoye", "Ebenezer", "Bernard", "Byron",
)  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """What is said from `start` to `end`, and which terms are in it."""

    start: float
    end: float
    text: str
    terms: tuple[str, ...]


def main() -> None:
    """Measure, and print the table of docs/PERFORMANCE.md."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="base")
    arguments.add_argument("--models", type=Path, default=Path("var/models"))
    arguments.add_argument("--encoder", default="ctranslate2", choices=["auto", "ctranslate2", "openvino"])
    arguments.add_argument("--real", type=Path, default=HERE / "speech/long.json")
    asked = arguments.parse_args()
    engine = SpeechPipeline(asked.model, language="en", encoder=asked.encoder, models=asked.models)
    print(
        "| sound | glossary | names and terms right | word error | corrections (wrong) | terms never said | seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    harm: list[str] = []
    for name, sound, turns, terms in _sets(asked.real):
        for told in (False, True):
            begun = time.monotonic()
            heard = engine.transcribe(
                sound,
                name=sound.name,
                on_progress=lambda _done, _all: None,
                glossary=for_recogniser(terms) if told else (),
            )
            took = time.monotonic() - begun
            print(_row(name, "told" if told else "none", heard, turns, terms, took))
            if sound.stem == asked.real.stem:
                harm.append(_harm("told" if told else "none", heard, asked.real))
            begun = time.monotonic()
            better = corrected(heard, terms)
            how = "told and put right" if told else "put right"
            print(_row(name, how, better, turns, terms, time.monotonic() - begun))
    print("", *harm, sep="\n")


def _sets(real: Path) -> Iterator[tuple[str, Path, list[Turn], Sequence[Term]]]:
    config = read_config(ROOT / "config.yaml")
    common = terms_of(config, group="PSG", agenda=Agenda(), titles=())
    for name in ("known", "held_out"):
        told = json.loads((HERE / f"glossary/{name}.json").read_text(encoding="utf-8"))
        turns = [_turn(t["start"], t["end"], t["text"], MENTION.findall(t["text"])) for t in told["turns"]]
        yield name, HERE / f"glossary/{name}.ogg", turns, (*_terms(told), *common)
    spoken = [entry for entry in json.loads(real.read_text(encoding="utf-8")) if entry["kind"] == "clip"]
    turns = [_turn(s["start"], s["end"], s["text"], _names_in(s["text"])) for s in spoken]
    names = [Term(name) for name in REAL_NAMES]
    people = _terms(json.loads((HERE / "glossary/known.json").read_text(encoding="utf-8")))
    yield "real speech", real.with_suffix(".flac"), turns, (*names, *people, *common)


def _terms(told: dict[str, Any]) -> list[Term]:
    terms = [entry.partition(" = ") for entry in told["terms"]]
    return [
        *(Term(text, said=(said,) if said else ()) for text, _, said in terms),
        *(Term(name, "person") for name in told["people"]),
        *(Term(name, "organisation") for name in told["organisations"]),
    ]


def _turn(start: float, end: float, text: str, terms: Sequence[str]) -> Turn:
    return Turn(start, end, MENTION.sub(r"\1", text), tuple(terms))


def _names_in(text: str) -> list[str]:
    return [name for name in REAL_NAMES for _ in re.findall(rf"\b{name}\b", text, re.IGNORECASE)]


def _harm(how: str, heard: Transcript, real: Path) -> str:
    words = [(word.start, word.end, word.text) for segment in heard.segments for word in segment.words or ()]
    normal, named = normaliser()
    found = score(words, json.loads(real.read_text(encoding="utf-8")), normal)
    return (
        f"real speech, {how}: word errors {found.word_error_rate:.2%} ({named}), invented {found.invented}, "
        f"lost {len(found.lost)}, starts {found.start_median:.2f} s and {found.start_p90:.2f} s, "
        f"{len(heard.segments)} sentences"
    )


def _row(name: str, how: str, heard: Transcript, turns: Sequence[Turn], terms: Sequence[Term], took: float) -> str:
    right, said, made, wrong = 0, 0, 0, 0
    for turn in turns:
        segments = [s for s in heard.segments if turn.start - 0.5 < (s.start + s.end) / 2 < turn.end + 0.5]
        text = " ".join(segment.text for segment in segments)
        said += len(turn.terms)
        right += sum(min(turn.terms.count(term), len(_found(term, text))) for term in set(turn.terms))
        for correction in (c for segment in segments for c in segment.corrections):
            made += 1
            wrong += not _found(correction.text.strip(".,?!;:").casefold(), turn.text.casefold())
    words = _plain(" ".join(turn.text for turn in turns))
    errors = _distance(words, _plain(" ".join(segment.text for segment in heard.segments)))
    cells = (
        f"{right} of {said} | {100 * errors / len(words):.1f} % | {made} ({wrong}) | {_never_said(heard, turns, terms)}"
    )
    return f"| {name} | {how} | {cells} | {took:.0f} |"


def _never_said(heard: Transcript, turns: Sequence[Turn], terms: Sequence[Term]) -> int:
    written = " ".join(segment.text for segment in heard.segments).casefold()
    spoken = " ".join(turn.text for turn in turns).casefold()
    told = {term.text.casefold() for term in terms}
    return sum(max(0, len(_found(term, written)) - len(_found(term, spoken))) for term in told)


def _found(term: str, text: str) -> list[str]:
    alone = re.escape(term.removesuffix("'s"))
    return re.findall(rf"(?<!\w){alone}(?!\w)", text)


def _plain(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("programme", "program")).split()


def _distance(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Levenshtein's over words."""
    row = list(range(len(found) + 1))
    for i, want in enumerate(wanted, 1):
        above, row[0] = row[0], i
        for j, got in enumerate(found, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (want != got))
    return row[-1]


if __name__ == "__main__":
    main()
