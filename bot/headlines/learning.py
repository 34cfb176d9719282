"""Learning the ranking from what a PMO has issued: logistic regression that begins at the weights we come with.

Which sentences became decisions and actions of an issued report, and which drafted lines were taken out, teaches what
this programme calls one. It is judged on meetings that it has not seen.
"""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.headlines.informal import pace_of
from bot.headlines.learnt import Head, Learnt, features, shipped
from bot.headlines.sentences import Sentence

Numbers = NDArray[np.float64]
KINDS = ("decision", "action")
FEWEST_MEETINGS = 4  # held out in turn: fewer tell nothing
NEAR_SECONDS = 30.0
_FOLDS, _ROUNDS, _PACE, _HOLD, _WORTH, _TAKEN_OUT = 5, 80, 0.05, 4.0, 8.0, 3.0
_IN_MEETINGS = 2  # a word that no other meeting has teaches nothing


@dataclass(frozen=True)
class Meeting:
    """One meeting whose report was issued: what was said, and by kind the seconds of what stands in the report.

    `taken_out` are the seconds of what was drafted, or proposed, and is not in the report.
    """

    name: str
    sentences: Sequence[Sentence]
    issued: Mapping[str, Sequence[float]]
    taken_out: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Own:
    """What an installation has learnt, and the meetings that it learnt from."""

    weights: Learnt
    learnt_from: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judged:
    """How well a head ranks meetings that it has not seen: average precision, 0 to 1, before and after."""

    head: Head
    meetings: int
    lines: int
    before: float
    after: float


def packed(own: Own) -> bytes:
    """The file in which an installation keeps what it has learnt."""
    content = {"learnt_from": sorted(own.learnt_from), "weights": own.weights}
    return gzip.compress(json.dumps(content, separators=(",", ":"), sort_keys=True).encode(), 9, mtime=0)


def unpacked(content: bytes) -> Own:
    """What such a file holds."""
    said = json.loads(gzip.decompress(content))
    return Own(said["weights"], frozenset(said["learnt_from"]))


def learn(meetings: Sequence[Meeting], own: Own | None = None) -> tuple[Own, list[Judged]]:
    """The weights learnt from all these meetings, and how well that goes on meetings held out in turn.

    "Before" is what is in use, `own`, or for a meeting that it has learnt from, what we come with: nobody is judged by
    what they have seen. A head with fewer than four meetings keeps its weights.
    """
    weights: dict[Head, Mapping[str, float]] = dict(shipped())
    judged: list[Judged] = []
    for head, of in _by_head(meetings).items():
        if len(of) < FEWEST_MEETINGS:
            continue
        after = [precision for fold in range(min(_FOLDS, len(of))) for precision in _held_out(head, of, fold)]
        before = [_precision(meeting, kind, _in_use(head, meeting, own)) for meeting, kind in of]
        lines = sum(len(meeting.issued.get(kind, ())) for meeting, kind in of)
        judged.append(Judged(head, len(of), lines, _mean(before), _mean(after)))
        weights[head] = _learnt(head, of)
    return Own(weights, frozenset(meeting.name for meeting in meetings)), judged


def _by_head(meetings: Sequence[Meeting]) -> dict[Head, list[tuple[Meeting, str]]]:
    """Each meeting under the head that ranks talk of its pace, where its report has lines of the kind."""
    found: dict[Head, list[tuple[Meeting, str]]] = {}
    for meeting in meetings:
        for kind in KINDS:
            if meeting.sentences and meeting.issued.get(kind):
                found.setdefault(pace_of(meeting.sentences, kind).head, []).append((meeting, kind))
    return found


def _in_use(head: Head, meeting: Meeting, own: Own | None) -> Mapping[str, float]:
    return own.weights[head] if own and meeting.name not in own.learnt_from else shipped()[head]


def _held_out(head: Head, of: Sequence[tuple[Meeting, str]], fold: int) -> list[float]:
    folds = min(_FOLDS, len(of))
    learning = [pair for number, pair in enumerate(of) if number % folds != fold]
    weights = _learnt(head, learning)
    return [_precision(m, kind, weights) for number, (m, kind) in enumerate(of) if number % folds == fold]


def _learnt(head: Head, of: Sequence[tuple[Meeting, str]]) -> dict[str, float]:
    """Logistic regression held near the weights that we come with, by gradient steps over all sentences."""
    start = dict(shipped()[head])
    seen = [list(features(meeting.sentences)) for meeting, _ in of]
    spread = Counter(name for one in seen for name in {n for said in one for n, _ in said})
    names = sorted(
        {n for n in start if n != "one"} | {n for n, c in spread.items() if c >= _IN_MEETINGS and n != "one"}
    )
    columns = {name: column for column, name in enumerate(names)}
    rows, cols, values, truth, worth = _matrix(of, seen, columns)
    begin = np.array([*(start.get(name, 0.0) for name in names), start.get("one", -3.0)])
    weights = begin.copy()
    speed, steep = np.zeros(len(begin)), np.zeros(len(begin))
    for step in range(1, _ROUNDS + 1):
        told = np.bincount(rows, values * weights[cols], len(truth)) + weights[-1]
        wrong = worth * (1 / (1 + np.exp(-np.clip(told, -30, 30))) - truth)
        slope = np.append(np.bincount(cols, values * wrong[rows], len(names)), wrong.sum()) + _HOLD * (weights - begin)
        speed, steep = 0.9 * speed + 0.1 * slope, 0.99 * steep + 0.01 * slope**2
        weights -= _PACE * (speed / (1 - 0.9**step)) / (np.sqrt(steep / (1 - 0.99**step)) + 1e-8)
    found = {name: round(float(weights[column]), 3) for name, column in columns.items() if abs(weights[column]) >= 0.02}
    return {"one": round(float(weights[-1]), 3)} | found


def _matrix(
    of: Sequence[tuple[Meeting, str]], seen: Sequence[list[list[tuple[str, float]]]], columns: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Numbers, Numbers, Numbers]:
    rows, cols, values, row = [], [], [], 0
    truth, worth = [], []
    for (meeting, kind), one in zip(of, seen, strict=True):
        for said in one:
            for name, value in said:
                if name in columns:
                    rows.append(row)
                    cols.append(columns[name])
                    values.append(value)
            row += 1
        is_it, counts = _wanted(meeting, kind)
        truth.append(is_it)
        worth.append(counts)
    return np.array(rows), np.array(cols), np.array(values), np.concatenate(truth), np.concatenate(worth)


def _wanted(meeting: Meeting, kind: str) -> tuple[Numbers, Numbers]:
    """(1 where an issued line is said, what each sentence counts): what stands near one is left out."""
    starts = np.array([said.start for said in meeting.sentences])
    is_it, counts = np.zeros(len(starts)), np.ones(len(starts))
    for at in meeting.taken_out.get(kind, ()):
        counts[np.abs(starts - at).argmin()] = _TAKEN_OUT
    for at in meeting.issued.get(kind, ()):
        counts[np.abs(starts - at) < NEAR_SECONDS] = 0
    for at in meeting.issued.get(kind, ()):
        is_it[np.abs(starts - at).argmin()] = 1
    counts[is_it == 1] = _WORTH
    return is_it, counts


def _precision(meeting: Meeting, kind: str, weights: Mapping[str, float]) -> float:
    """Average precision: how high in the ranking the issued lines' sentences stand (1: before all others)."""
    is_it, _ = _wanted(meeting, kind)
    told = [
        sum(weights.get(name, 0.0) * v for name, v in said if name != "one") for said in features(meeting.sentences)
    ]
    ranked = is_it[np.argsort(-np.array(told), kind="stable")]
    places = np.flatnonzero(ranked) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else math.nan


def _mean(numbers: Sequence[float]) -> float:
    known = [number for number in numbers if not math.isnan(number)]
    return sum(known) / len(known) if known else 0.0
