"""Learn the weights of bot/headlines/learnt.json.gz from the labelled meetings, and say how well that goes.

    python benchmarks/learn.py              four-fold figures (each meeting judged by weights that never saw its series)
    python benchmarks/learn.py --folds 10   nearer to what the file can do, which is learnt from all
    python benchmarks/learn.py --write      learn from all of them and write the file; some minutes

Only words that informal meetings and calls have in common are learnt, so that a subject ("remote control") is no cue.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import score_drafts  # noqa: E402

from bot.formats import Audio, Segment, Transcript  # noqa: E402
from bot.headlines.learnt import features  # noqa: E402
from bot.headlines.sentences import sentences_of  # noqa: E402

WEIGHTS = ROOT / "bot" / "headlines" / "learnt.json.gz"
HEADS = {"decision": ("ami", "decisions"), "action": ("ami", "actions"), "call_decision": ("w3c", "decisions"),
         "topic": ("w3c", "agenda")}  # fmt: skip
ROUNDS, DECAY, WORTH, UNSURE_SECONDS = 60, 3.0, 5.0, 30.0
PACES = {"decision": (45.0, 30.0), "action": (20.0, 30.0), "call_decision": (100.0, 90.0), "topic": (20.0, 30.0)}
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Meeting:
    name: str
    seen: list[list[tuple[str, float]]]
    starts: list[float]
    labels: dict[str, list[list[float]]]
    hours: float


@dataclass(frozen=True)
class Matrix:
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Numbers
    height: int


def meetings(corpus: str) -> list[Meeting]:
    return [_meeting(labelled) for labelled in score_drafts.load(corpus)]


def _meeting(labelled: dict) -> Meeting:
    times = score_drafts.clock(labelled)
    segments = [
        Segment(id=str(u["i"]), start=t[0], end=t[1], speaker=u["speaker"], text=u["text"])
        for u, t in zip(labelled["utterances"], times, strict=True)
    ]
    audio = Audio(name=labelled["id"], duration=times[-1][1])
    sentences = sentences_of(Transcript(audio=audio, engine="reference", segments=segments))
    labels = {
        kind: [p for item in labelled[kind] if (p := score_drafts.points(labelled, item, times))]
        for kind in ("decisions", "actions")
    }
    labels["agenda"] = [[times[a["start_utt"]][0]] for a in labelled["agenda"] if a["start_utt"] > 0]
    starts = [times[s.pieces[0].place][0] for s in sentences]
    return Meeting(labelled["id"], list(features(sentences)), starts, labels, (times[-1][1] - times[0][0]) / 3600)


def shared_words(informal: Sequence[Meeting], calls: Sequence[Meeting]) -> frozenset[str]:
    in_informal = {name[2:] for m in informal for seen in m.seen for name, _ in seen if name.startswith("w:")}
    in_calls = Counter(
        word for m in calls for word in {n[2:] for seen in m.seen for n, _ in seen if n.startswith("w:")}
    )
    return frozenset(word for word, calls_ in in_calls.items() if calls_ >= 30 and word in in_informal)


def kept(name: str, words: frozenset[str], head: str) -> bool:
    """Whether a feature may be learnt. A topic may begin anywhere, so its place in the meeting is none of its cues."""
    if name[1:2] == ":" and name[0] in "wpn":
        return name[2:] in words
    if name.startswith("b:"):
        return all(word in words or word in ("^", "$") for word in name[2:].split("_"))
    return head != "topic" or not name.startswith(("r:", "m", "q"))


def vocabulary(learning: Sequence[Meeting], allowed: Callable[[str], bool]) -> dict[str, int]:
    spread = Counter(name for m in learning for name in {n for seen in m.seen for n, _ in seen})
    names = sorted(name for name, count in spread.items() if count >= 3 and name != "one" and allowed(name))
    return {name: column for column, name in enumerate(names)}


def matrix(of: Sequence[Meeting], columns: dict[str, int]) -> Matrix:
    rows, cols, values, row = [], [], [], 0
    for m in of:
        for seen in m.seen:
            for name, value in seen:
                if (column := columns.get(name)) is not None:
                    rows.append(row)
                    cols.append(column)
                    values.append(value)
            row += 1
    return Matrix(np.array(rows), np.array(cols), np.array(values), row)


def wanted(of: Sequence[Meeting], kind: str) -> tuple[Numbers, Numbers]:
    """(1 where a label rests on the sentence, what each sentence counts): what stands near a label is left out."""
    truth, worth = [], []
    for m in of:
        starts = np.array(m.starts)
        is_it, counts = np.zeros(len(starts)), np.ones(len(starts))
        points = [p for item in m.labels[kind] for p in item]
        for p in points:
            counts[np.abs(starts - p) < UNSURE_SECONDS] = 0
        for p in points:
            is_it[np.abs(starts - p).argmin()] = 1
        counts[is_it == 1] = WORTH
        truth.append(is_it)
        worth.append(counts)
    return np.concatenate(truth), np.concatenate(worth)


def learn(seen: Matrix, truth: Numbers, worth: Numbers, width: int) -> tuple[Numbers, float]:
    """Logistic regression by Adam over the whole matrix: (weights, intercept)."""
    weights = np.zeros(width + 1)
    weights[-1] = -3.0
    speed, spread = np.zeros(width + 1), np.zeros(width + 1)
    for step in range(1, ROUNDS + 1):
        told = np.bincount(seen.rows, seen.values * weights[seen.columns], seen.height) + weights[-1]
        wrong = worth * (1 / (1 + np.exp(-told)) - truth)
        slope = np.append(
            np.bincount(seen.columns, seen.values * wrong[seen.rows], width) + DECAY * weights[:-1], wrong.sum()
        )
        speed, spread = 0.9 * speed + 0.1 * slope, 0.99 * spread + 0.01 * slope**2
        pace = 0.15 * (1 - 0.8 * step / ROUNDS)
        weights -= pace * (speed / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-8)
    return weights[:-1], float(weights[-1])


def fold_of(name: str, folds: int) -> int:
    """The same for all meetings of a series (ES2008a to d): one group of people, one product."""
    return zlib.crc32(re.sub(r"[a-d]$", "", name).encode()) % folds


def judged(of: Sequence[Meeting], head: str, words: frozenset[str], folds: int) -> dict[str, Numbers]:
    """Log-odds of each meeting's sentences by weights learnt from the other folds."""
    told: dict[str, Numbers] = {}
    for fold in range(folds):
        learning = [m for m in of if fold_of(m.name, folds) != fold]
        judging = [m for m in of if fold_of(m.name, folds) == fold]
        weights, start, columns = _learnt(learning, head, words)
        for m in judging:
            seen = matrix([m], columns)
            told[m.name] = np.bincount(seen.rows, seen.values * weights[seen.columns], seen.height) + start
    return told


def _learnt(of: Sequence[Meeting], head: str, words: frozenset[str]) -> tuple[Numbers, float, dict[str, int]]:
    columns = vocabulary(of, lambda name: kept(name, words, head))
    weights, start = learn(matrix(of, columns), *wanted(of, HEADS[head][1]), len(columns))
    return weights, start, columns


def best_f1(of: Sequence[Meeting], told: dict[str, Numbers], head: str) -> str:
    pace, tolerance = PACES[head]
    found = []
    for least in np.arange(0.1, 2.6, 0.1):
        hit = drafted = labelled = 0
        for m in of:
            picked = _picked(m, told[m.name], pace, float(least))
            labels = m.labels[HEADS[head][1]]
            hit += len(score_drafts.match(labels, picked, tolerance))
            drafted, labelled = drafted + len(picked), labelled + len(labels)
        precision, recall = hit / max(1, drafted), hit / max(1, labelled)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        found.append((f1, f"at {least:.1f}: F1 {f1:.3f}, precision {precision:.3f}, recall {recall:.3f}"))
    return max(found)[1]


def _picked(m: Meeting, told: Numbers, pace: float, least: float) -> list[float]:
    own, starts = 1 / (1 + np.exp(-told)), np.array(m.starts)
    near = np.array([own[(starts >= s - 20) & (starts <= s + 20)].sum() for s in starts])
    together = own + (0.6 * (near - own) if pace < 100 else 0.0)
    picked: list[float] = []
    for place in np.argsort(-together):
        if together[place] < least:
            break
        if all(abs(starts[place] - other) >= pace for other in picked):
            picked.append(float(starts[place]))
    return picked


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--folds", type=int, default=4)
    said = asked.parse_args()
    corpora = {name: meetings(name) for name in ("ami", "w3c")}
    words = shared_words(corpora["ami"], corpora["w3c"])
    found: dict[str, dict[str, float]] = {}
    for head, (corpus, kind) in HEADS.items():
        of = [m for m in corpora[corpus] if kind != "agenda" or m.labels[kind]]
        if said.write:
            weights, start, columns = _learnt(of, head, words)
            heavy = {name: round(float(weights[c]), 2) for name, c in columns.items() if abs(weights[c]) >= 0.05}
            found[head] = {"one": round(start, 3)} | heavy
            print(head, len(heavy), "weights")
        else:
            print(head, best_f1(of, judged(of, head, words, said.folds), head), flush=True)
    if said.write:
        packed = json.dumps(found, separators=(",", ":"), sort_keys=True).encode()
        WEIGHTS.write_bytes(gzip.compress(packed, 9, mtime=0))


if __name__ == "__main__":
    main()
