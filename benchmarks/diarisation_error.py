"""Who spoke when, scored: the diarisation error rate (DER) as NIST's md-eval and pyannote.metrics count it.

Missed speech, false alarms and speech given to the wrong speaker, in seconds, over the seconds that people spoke; where
two speak at once, both count. Around each boundary of the reference `collar` seconds on either side are not scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

Spoken = tuple[float, float, str]
"""(start, end, speaker), in seconds."""


@dataclass(frozen=True)
class Error:
    """Seconds of each kind of error, and of speech in all; added up over recordings."""

    missed: float
    false_alarm: float
    confused: float
    speech: float

    @property
    def rate(self) -> float:
        """The diarisation error rate: 0.03 is 3 %."""
        return (self.missed + self.false_alarm + self.confused) / self.speech if self.speech else 0.0

    def __add__(self, other: Error) -> Error:
        return Error(
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confused + other.confused,
            self.speech + other.speech,
        )


def error(reference: Sequence[Spoken], heard: Sequence[Spoken], *, collar: float = 0.25) -> Error:
    """How far `heard` is from `reference`, each speaker heard standing for the one that suits best."""
    pieces = [piece for piece in _pieces(reference, heard, collar) if piece[1] or piece[2]]
    stands_for = _best_mapping(pieces)
    missed = false_alarm = confused = speech = 0.0
    for seconds, said, found in pieces:
        right = sum(stands_for.get(name) in said for name in found)
        speech += seconds * len(said)
        missed += seconds * max(len(said) - len(found), 0)
        false_alarm += seconds * max(len(found) - len(said), 0)
        confused += seconds * (min(len(said), len(found)) - right)
    return Error(missed, false_alarm, confused, speech)


def read_rttm(file: Path) -> list[Spoken]:
    """The SPEAKER lines of an RTTM file."""
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return [(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in lines if f and f[0] == "SPEAKER"]


Piece = tuple[float, frozenset[str], frozenset[str]]
"""(seconds, who spoke, who was heard)."""


def _pieces(reference: Sequence[Spoken], heard: Sequence[Spoken], collar: float) -> Iterable[Piece]:
    """The recording cut wherever anything changes, without the collars."""
    spared = [(edge - collar, edge + collar) for start, end, _ in reference for edge in (start, end)]
    spans = [(start, end) for start, end, _ in (*reference, *heard)]
    cuts = sorted({edge for span in (*spans, *spared) for edge in span})
    for start, end in pairwise(cuts):
        middle = (start + end) / 2
        if not any(a < middle < b for a, b in spared):
            yield end - start, _speaking(reference, middle), _speaking(heard, middle)


def _speaking(spoken: Sequence[Spoken], at: float) -> frozenset[str]:
    return frozenset(name for start, end, name in spoken if start < at < end)


def _best_mapping(pieces: Iterable[Piece]) -> dict[str, str]:
    """The one-to-one mapping of those heard to those who spoke that has most seconds right."""
    together: dict[tuple[str, str], float] = {}
    for seconds, said, found in pieces:
        for pair in ((h, r) for h in found for r in said):
            together[pair] = together.get(pair, 0.0) + seconds
    people = sorted({r for _, r in together})
    voices = sorted({h for h, _ in together})

    @cache
    def best(place: int, taken: int) -> tuple[float, tuple[tuple[str, str], ...]]:
        if place == len(voices):
            return 0.0, ()
        found = best(place + 1, taken)
        for number, person in enumerate(people):
            seconds = together.get((voices[place], person), 0.0)
            if seconds and not taken >> number & 1:
                rest, pairs = best(place + 1, taken | 1 << number)
                found = max(found, (seconds + rest, ((voices[place], person), *pairs)))
        return found

    return dict(best(0, 0)[1])
