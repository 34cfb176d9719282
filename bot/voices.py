"""Voices told apart: windows of speech that sound alike are one person's. Pure: numbers in, turns out.

What a voice sounds like is a vector (`bot.ports.VoiceEmbedder`) that lives as long as the job does and is never kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]
"""(start, end) in seconds."""
Vectors = NDArray[np.float32]

ALIKE = 0.64  # the mean cosine between the windows of two clusters from which on they are one voice
LEAST_SECONDS = 4.0  # a voice heard for less is nobody yet: its words are somebody else's, or in doubt
STEP = 0.1  # seconds between two decisions on who speaks
CHANGE = 0.5  # what a change of speaker costs, in cosines added up over steps; at a pause, half of it
PAUSE = 0.25  # seconds of silence that are a pause
DOUBT = 0.08  # the two likeliest voices nearer than that: nobody can tell
AT_MOST = 2000  # windows that are compared each with each: more are sampled evenly, and the rest follow them


@dataclass(frozen=True)
class Voices:
    """A recording's speech, and windows of it with the vector of the voice in each (unit length, a row a window)."""

    speech: tuple[Span, ...]
    windows: tuple[Span, ...]
    vectors: Vectors


@dataclass(frozen=True)
class Turn:
    """A stretch of speech by one voice, by number in order of first speech; None where nobody can tell whose."""

    start: float
    end: float
    voice: int | None


def joined(parts: Sequence[tuple[float, Voices]]) -> Voices:
    """The voices of a recording in parts; with each the second at which it begins on the common line."""
    return Voices(
        tuple((start + offset, end + offset) for offset, part in parts for start, end in part.speech),
        tuple((start + offset, end + offset) for offset, part in parts for start, end in part.windows),
        np.concatenate([part.vectors for _, part in parts]) if parts else np.zeros((0, 0), np.float32),
    )


def turns(voices: Voices, number: int | None = None) -> list[Turn]:
    """Who spoke when, in order, all of the speech. `number` of voices where it is known, else it is estimated."""
    if not voices.windows:
        return [Turn(start, end, None) for start, end in voices.speech]
    centres = _centres(voices, number)
    found = [turn for span in _by_span(voices, centres) for turn in span]
    return _numbered(_joined(found))


def _centres(voices: Voices, number: int | None) -> Vectors:
    """The mean vector of each voice, a row each."""
    chosen = np.unique(np.linspace(0, len(voices.windows) - 1, AT_MOST).astype(int))
    sample = voices.vectors[chosen]
    seconds = _own_seconds(voices.windows)[chosen] * len(voices.windows) / len(chosen)
    labels = _cut(_merges(sample), seconds, number)
    heard = [(float(seconds[labels == label].sum()), label) for label in np.unique(labels)]
    kept = [(length, label) for length, label in heard if length >= LEAST_SECONDS] or [max(heard)]
    centres = _unit(np.stack([sample[labels == label].mean(axis=0) for _, label in kept]))
    centres = _fewer(centres, np.array([length for length, _ in kept]), number or len(kept))
    for _ in range(3):  # each window to the voice that it is nearest to: what the clusters got wrong early on is mended
        nearest = (voices.vectors @ centres.T).argmax(axis=1)
        centres = _unit(np.stack([_mean(voices.vectors[nearest == n], centres[n]) for n in range(len(centres))]))
    return centres


def _fewer(centres: Vectors, seconds: NDArray[np.float64], number: int) -> Vectors:
    """No more than `number` voices: those become one whose becoming one changes least (Ward), as a split voice's do."""
    while len(centres) > number:
        apart = 1 - centres @ centres.T
        cost = apart * np.outer(seconds, seconds) / np.add.outer(seconds, seconds)
        np.fill_diagonal(cost, np.inf)
        one, other = sorted(int(place) for place in np.unravel_index(cost.argmin(), cost.shape))
        centres[one] = _unit(centres[one] * seconds[one] + centres[other] * seconds[other])
        seconds[one] += seconds[other]
        centres, seconds = np.delete(centres, other, axis=0), np.delete(seconds, other)
    return centres


def _mean(members: Vectors, otherwise: Vectors) -> Vectors:
    return np.asarray(members.mean(axis=0)) if len(members) else otherwise


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)


def _own_seconds(windows: Sequence[Span]) -> NDArray[np.float64]:
    """How much of the recording each window adds to the one before it, in seconds."""
    before = [-1.0, *(end for _, end in windows[:-1])]
    return np.array([end - max(start, last) for (start, end), last in zip(windows, before, strict=True)])


@dataclass(frozen=True)
class _Merge:
    """`other`'s windows go to `one`; the two were so alike."""

    one: int
    other: int
    alike: float


def _cut(merges: Sequence[_Merge], seconds: NDArray[np.float64], number: int | None) -> NDArray[np.int64]:
    """A label for each window: as the merges leave them while voices are `ALIKE`, earlier where that leaves too few.

    Only those heard for `LEAST_SECONDS` count towards a number: a cough is no voice.
    """
    heard = seconds.astype(np.float64).copy()
    remaining = [int((heard >= LEAST_SECONDS).sum())]
    for merge in merges:
        heard[merge.one] += heard[merge.other]
        heard[merge.other] = 0.0
        remaining.append(int((heard >= LEAST_SECONDS).sum()))
    stop = next((at for at, merge in enumerate(merges) if merge.alike < ALIKE), len(merges))
    if number and remaining[stop] < number:
        stop = max(range(stop + 1), key=lambda at: (min(remaining[at], number), at))
    labels = np.arange(len(seconds))
    for merge in merges[:stop]:
        labels[labels == merge.other] = merge.one
    return labels


def _merges(vectors: Vectors) -> list[_Merge]:
    """How windows become one cluster: the two most alike first, until one is left. Quadratic in memory.

    How alike two clusters are is the mean cosine between their members (average linkage).
    """
    count = len(vectors)
    sums = (vectors @ vectors.T).astype(np.float64)
    sizes, alive, merges = np.ones(count), np.ones(count, bool), []
    alike = sums.copy()
    np.fill_diagonal(alike, -np.inf)
    nearest = alike.argmax(axis=1)
    how = alike[np.arange(count), nearest]
    for _ in range(count - 1):
        one = int(how.argmax())
        other = int(nearest[one])
        merges.append(_Merge(one, other, float(how[one])))
        sums[one] += sums[other]
        sums[:, one] += sums[:, other]
        sizes[one] += sizes[other]
        alive[other] = False
        row = np.where(alive, sums[one] / (sizes[one] * sizes), -np.inf)
        row[one] = -np.inf
        alike[[one, other]], alike[:, other] = -np.inf, -np.inf
        alike[one], alike[:, one] = row, row
        how[other] = -np.inf
        stale = np.flatnonzero(alive & ((nearest == one) | (nearest == other)))
        nearest[stale] = alike[stale].argmax(axis=1)
        nearest[alive & (row > how)] = one
        nearest[one] = row.argmax()
        how = np.where(alive, alike[np.arange(count), nearest], -np.inf)
    return merges


def _by_span(voices: Voices, centres: Vectors) -> list[list[Turn]]:
    """The turns in each stretch of speech: the likeliest path through all of it, in steps of `STEP` seconds."""
    grids = [np.arange(start, max(end, start + STEP) - STEP / 2, STEP) + STEP / 2 for start, end in voices.speech]
    scores = _scores(voices, np.concatenate(grids), centres)
    gaps = [after[0] - before[1] for before, after in pairwise(voices.speech)]
    cheaper = np.zeros(len(scores), bool)
    firsts = np.cumsum([0, *(len(grid) for grid in grids)])
    cheaper[firsts[1:-1]] = np.array(gaps) >= PAUSE
    path = _path(scores, cheaper)
    ranked = np.sort(scores, axis=1)
    doubtful = ranked[:, -1] - ranked[:, -2] < DOUBT if scores.shape[1] > 1 else np.zeros(len(path), bool)
    found = []
    for (start, end), first, last in zip(voices.speech, firsts, firsts[1:], strict=False):
        whose = [None if doubtful[at] else int(path[at]) for at in range(first, last)]
        found.append(_runs(whose, start, end))
    return found


def _scores(voices: Voices, moments: NDArray[np.float64], centres: Vectors) -> NDArray[np.float64]:
    """How like each voice it sounds at each moment: windows over it, those whose middle is near counting most."""
    starts, ends = np.array(voices.windows).T
    middles, alike = (starts + ends) / 2, voices.vectors @ centres.T
    scores = np.zeros((len(moments), len(centres)))
    first = np.searchsorted(middles, moments)
    weights = np.zeros(len(moments))
    for shift in range(-3, 3):
        at = np.clip(first + shift, 0, len(middles) - 1)
        reach = (ends[at] - starts[at]) / 2 + 0.05
        weight = np.maximum(0.0, 1 - np.abs(middles[at] - moments) / reach) + 1e-6 * (shift in (-1, 0))
        scores += weight[:, None] * alike[at]
        weights += weight
    return scores / weights[:, None]


def _path(scores: NDArray[np.float64], cheaper: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The likeliest voice at each step, where each change costs (Viterbi)."""
    count = scores.shape[1]
    total, came = scores[0].copy(), np.zeros(scores.shape, np.int64)
    stay = np.arange(count)
    for at in range(1, len(scores)):
        best = int(total.argmax())
        changed = total[best] - CHANGE * (0.5 if cheaper[at] else 1.0)
        came[at] = np.where(total >= changed, stay, best)
        total = np.maximum(total, changed) + scores[at]
    path = np.empty(len(scores), np.int64)
    path[-1] = total.argmax()
    for at in range(len(scores) - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path


def _runs(whose: Sequence[int | None], start: float, end: float) -> list[Turn]:
    found = [Turn(start, end, whose[0])]
    for step, voice in enumerate(whose[1:], 1):
        if voice != found[-1].voice:
            at = start + step * STEP
            found[-1] = replace(found[-1], end=at)
            found.append(Turn(at, end, voice))
    return found


def _joined(found: Sequence[Turn]) -> list[Turn]:
    """Turns with those made one that follow each other without a gap in one voice."""
    joined: list[Turn] = []
    for turn in found:
        if joined and joined[-1].voice == turn.voice and turn.start <= joined[-1].end:
            joined[-1] = replace(joined[-1], end=turn.end)
        else:
            joined.append(turn)
    return joined


def _numbered(found: Sequence[Turn]) -> list[Turn]:
    order = list(dict.fromkeys(turn.voice for turn in found if turn.voice is not None))
    return [t if t.voice is None else replace(t, voice=order.index(t.voice) + 1) for t in found]
