"""A recording in parts on one line of seconds: where each part lies, what is closed, what the parts say together. Pure.

Seconds of a file begin with the file; seconds of the line begin with the first part and run through all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.clock import LONDON
from bot.formats import Audio, Correction, Part, Segment, Transcript, Word

Ranges = list[tuple[float, float]]
NUMBERED = re.compile(r"\bpart (?P<number>[1-9]\d?)(?: of (?P<of>[1-9]\d?))?\b", re.IGNORECASE)
LONGEST_GAP = timedelta(hours=12)  # a later start is no break of the same meeting but a mistake in the name
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")


@dataclass(frozen=True)
class Numbering:
    """`part 2 of 3`, as a name says it; 0 where it says nothing."""

    number: int = 0
    of: int = 0


def numbering_of(name: str) -> Numbering:
    """What a file name says of its place among the parts."""
    found = NUMBERED.search(name)
    return Numbering(int(found["number"]), int(found["of"] or 0)) if found else Numbering()


def missing(numberings: Iterable[Numbering]) -> tuple[list[int], int]:
    """The numbers of the parts that were announced and are not there, and of how many (0: nobody said how many)."""
    here = list(numberings)
    of = max((n.of for n in here), default=0)
    return sorted(set(range(1, of + 1)) - {n.number for n in here}), of


@dataclass(frozen=True)
class Closed:
    """A range that is closed to everybody: seconds of one part's file (`position`), or of the wall's clock."""

    position: int | None = None
    from_seconds: float = 0.0
    to_seconds: float = 0.0
    from_at: datetime | None = None
    to_at: datetime | None = None


def closed_in(position: int, starts_at: datetime | None, closed: Iterable[Closed]) -> Ranges:
    """The closed ranges of one part, in seconds of its file, in order and joined where they touch."""
    found: Ranges = []
    for each in closed:
        if each.position == position:
            found.append((each.from_seconds, each.to_seconds))
        elif each.from_at and each.to_at and starts_at:
            found.append(((each.from_at - starts_at).total_seconds(), (each.to_at - starts_at).total_seconds()))
    return joined_ranges((max(0.0, start), end) for start, end in found if end > 0)


def joined_ranges(ranges: Iterable[tuple[float, float]]) -> Ranges:
    """In order, those that touch or overlap as one."""
    found: Ranges = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def offsets(parts: Sequence[tuple[float, datetime | None]]) -> list[float]:
    """Where each part (its seconds, its start on the wall's clock) begins on the line.

    The gap before a part is known where its own start and an earlier part's are; else it follows at once. Parts never
    overlap: a start that is too early by the other's length is taken for a clock that was wrong.
    """
    found: list[float] = []
    anchor: tuple[float, datetime] | None = None
    end = 0.0
    for seconds, starts_at in parts:
        at = end
        if anchor and starts_at and starts_at - anchor[1] <= LONGEST_GAP:
            at = max(end, anchor[0] + (starts_at - anchor[1]).total_seconds())
        if anchor is None and starts_at:
            anchor = at, starts_at
        found.append(round(at, 3))
        end = at + seconds
    return found


def on_one_line(name: str, heard: Sequence[tuple[Transcript, datetime | None, Ranges]]) -> Transcript:
    """The parts' transcripts, each with its start and its closed ranges, as one, on the line, segments renumbered.

    One part without anything closed is given back as it is but for its start.
    """
    first, at = heard[0][0], offsets([(t.audio.duration, starts) for t, starts, _ in heard])
    parts = [
        Part(name=t.audio.name, offset=o, duration=t.audio.duration, starts_at=_shown(starts))
        for (t, starts, _), o in zip(heard, at, strict=True)
    ]
    closed = [
        (round(o + a, 3), round(o + min(b, t.audio.duration), 3))
        for (t, _, ranges), o in zip(heard, at, strict=True)
        for a, b in ranges
        if a < t.audio.duration
    ]
    moved = (shifted(s, o) for (t, _, _), o in zip(heard, at, strict=True) for s in t.segments)
    whole = len(heard) == 1
    return first.model_copy(
        update={
            "audio": first.audio
            if whole
            else Audio(name=name, duration=round(parts[-1].offset + parts[-1].duration, 3)),
            "parts": parts,
            "excluded": closed,
            "segments": first.segments if whole else [s.model_copy(update={"id": str(n)}) for n, s in enumerate(moved)],
        }
    )


def _shown(starts_at: datetime | None) -> str | None:
    return starts_at.astimezone(LONDON).isoformat() if starts_at else None


def shifted(segment: Segment, by: float) -> Segment:
    """The segment so many seconds later."""
    if not by:
        return segment
    return segment.model_copy(
        update={
            "start": round(segment.start + by, 3),
            "end": round(segment.end + by, 3),
            "words": segment.words and [_later(word, by) for word in segment.words],
            "corrections": [
                c.model_copy(update={"heard": [_later(w, by) for w in c.heard]}) for c in segment.corrections
            ],
        }
    )


def _later(word: Word, by: float) -> Word:
    return word.model_copy(update={"start": round(word.start + by, 3), "end": round(word.end + by, 3)})


def cut(transcript: Transcript, ranges: Ranges) -> Transcript:
    """The transcript without what was said in the ranges of the line; ids and times of all else stay as they are.

    Of a sentence that lies partly within, the words outside stay; where its words have no times, all of it goes.
    """
    ranges = joined_ranges(ranges)
    return transcript.model_copy(
        update={
            "segments": [kept for s in transcript.segments for kept in _kept(s, ranges)],
            "excluded": joined_ranges([*transcript.excluded, *ranges]),
        }
    )


def _kept(segment: Segment, ranges: Ranges) -> Iterator[Segment]:
    if not is_within(segment.start, segment.end, ranges):
        yield segment
        return
    words = segment.words or []
    stay = [n for n, word in enumerate(words) if not is_within(word.start, word.end, ranges)]
    pieces = [stay[a:b] for a, b in _runs(stay)]
    for number, piece in enumerate(pieces):
        said = [words[n] for n in piece]
        yield segment.model_copy(
            update={
                "id": segment.id if number == 0 else f"{segment.id}.{number + 1}",
                "start": said[0].start,
                "end": said[-1].end,
                "text": " ".join(word.text.strip() for word in said),
                "words": said,
                "corrections": _corrections_of(segment, piece),
            }
        )


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Slices of consecutive numbers."""
    cuts = [n for n in range(1, len(numbers)) if numbers[n] != numbers[n - 1] + 1]
    edges = [0, *cuts, len(numbers)] if numbers else []
    return list(pairwise(edges))


def _corrections_of(segment: Segment, piece: Sequence[int]) -> list[Correction]:
    return [c.model_copy(update={"word": piece.index(c.word)}) for c in segment.corrections if c.word in piece]


def is_within(start: float, end: float, ranges: Ranges) -> bool:
    """Whether any of it lies in one of the ranges; an instant does where the range has begun and not ended."""
    return any(start < to and end > from_ if end > start else from_ <= start < to for from_, to in ranges)


def seconds_of(text: str) -> float | None:
    """'00:41:00', '41:00' -> 2460.0; None where it is neither."""
    found = CLOCK.fullmatch(text.strip())
    if not found:
        return None
    if found[3] is None:
        return float(int(found[1]) * 60 + int(found[2]))
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
