"""Who spoke when, on recordings whose speakers are known: the diarisation error rate, and the processor's seconds.

    python benchmarks/speakers.py [--words] [RECORDING.flac ...]

Each recording has its RTTM beside it. Collar 0.25 s, overlap counted; the scorer is `diarisation_error.py`. `--words`
also transcribes each (embedded weights) and scores the sentences of the transcript, from first to last word.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from diarisation_error import Error, Spoken, error, read_rttm  # noqa: E402

from bot import speakers  # noqa: E402
from bot.adapters.voice_embedding import SpeakerVoices  # noqa: E402
from bot.app_speech import recogniser  # noqa: E402
from bot.config_file import read_config  # noqa: E402
from bot.formats import Transcript  # noqa: E402
from bot.voices import Turn, Voices, turns  # noqa: E402

GOAL = 0.03  # on meet*, the number of speakers estimated


def quiet(_done: float, _total: float) -> None:
    """Nobody watches."""


def spoken(found: list[Turn]) -> list[Spoken]:
    return [(turn.start, turn.end, str(turn.voice)) for turn in found if turn.voice is not None]


def of_sentences(transcript: Transcript) -> list[Spoken]:
    return [(s.start, s.end, s.speaker) for s in transcript.segments if s.speaker]


def told(what: str, found: Error, voices: int | None = None) -> None:
    parts = [f"{name} {seconds / max(found.speech, 1e-9):6.1%}" for name, seconds in vars(found).items()][:3]
    heard = "" if voices is None else f"  {voices} voices"
    print(f"  {what:28} {found.rate:6.1%}  ({', '.join(parts)}){heard}", flush=True)


def measured(embedder: SpeakerVoices, audio: Path) -> tuple[Voices, float]:
    """The voices, and the processor's seconds that they took for each minute of sound."""
    began = time.process_time()
    voices = embedder.voices(audio, name=audio.name, on_progress=quiet)
    turns(voices)
    return voices, time.process_time() - began


def main() -> int:
    with_words = "--words" in sys.argv
    named = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    embedder, totals = SpeakerVoices(), {}
    for audio in named or sorted((ROOT / "benchmarks" / "speakers").glob("*.flac")):
        reference = read_rttm(audio.with_suffix(".rttm"))
        people = len({speaker for *_, speaker in reference})
        voices, seconds = measured(embedder, audio)
        print(f"{audio.stem}: {people} people; {seconds:.1f} s of the processor's")
        found = turns(voices)
        estimated = error(reference, spoken(found))
        told("number estimated", estimated, len({t.voice for t in found} - {None}))
        told("number given", error(reference, spoken(turns(voices, people))))
        if with_words:
            config = read_config(ROOT / "config.yaml")
            transcript = recogniser(config, model="embedded").transcribe(audio, name=audio.name, on_progress=quiet)
            told("sentences of the transcript", error(reference, of_sentences(speakers.named(transcript, found))))
        kind = audio.stem.rstrip("0123456789")
        totals[kind] = totals.get(kind, Error(0, 0, 0, 0)) + estimated
    for kind, total in totals.items():
        told(f"all {kind}", total)
    return 0 if totals.get("meet", Error(0, 0, 0, 1)).rate <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
