"""Requests that would change the same words of a report: found, never settled, by a machine (rules §5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from sqlalchemy.orm import Session

from bot.amendment_life import OPEN, Kind, State
from bot.amendments import of_meeting
from bot.report_cells import place
from bot.report_lines import line_of
from bot.store.amendment_tables import AmendmentRow

TOKEN = re.compile(r"\w+|[^\w\s]")
Span = tuple[int, int]  # of tokens, as a slice; an insertion is empty
STANDING = OPEN | {State.ACCEPTED, State.ACCEPTED_IN_PART}


@dataclass(frozen=True)
class Conflict:
    """Two requests that touch the same words of one line, or one cell. `words` is empty where only the place is."""

    first: AmendmentRow
    second: AmendmentRow
    place: str  # PSG-DEC41, PSG27-03 owner
    words: tuple[str, ...]


def conflicts(session: Session, meeting_uid: str) -> list[Conflict]:
    """Every two open requests about a meeting's report that touch the same words, in order of arrival."""
    asked = [row for row in of_meeting(session, meeting_uid) if row.state in OPEN]
    return list(_conflicts(session, meeting_uid, asked))


def rivals_of(session: Session, row: AmendmentRow) -> list[AmendmentRow]:
    """The requests, open or accepted, that would have the words of this one's line read otherwise than it would."""
    asked = [other for other in of_meeting(session, row.meeting_uid) if other.state in STANDING or other is row]
    found = [c for c in _conflicts(session, row.meeting_uid, asked) if row in (c.first, c.second)]
    return [c.second if c.first is row else c.first for c in found]


def _conflicts(session: Session, meeting_uid: str, asked: Sequence[AmendmentRow]) -> Iterator[Conflict]:
    """Only requests to correct the record can conflict: a note is added, a disagreement leaves the report alone.

    One in words touches none until a text is agreed.
    """
    corrections = [
        (row, place(_own_name(session, meeting_uid, row.line_ref), row.cell))
        for row in asked
        if row.kind == Kind.RECORD and row.line_ref and (row.agreed_text or not row.in_words)
    ]
    for (first, where), (second, other) in combinations(corrections, 2):
        if where != other:
            continue
        touched = touched_by_both("" if first.cell else first.present_text, wanted(first), wanted(second))
        if first.present_text != second.present_text:  # the place changed between them: no words to compare by
            touched = ()
        if touched is not None:
            yield Conflict(first, second, where, touched)


def _own_name(session: Session, meeting_uid: str, ref: str) -> str:
    """D-01 and the reference that it was issued with are one line."""
    line = line_of(session, meeting_uid, ref)
    return line.ref if line else ref.upper()


def wanted(row: AmendmentRow) -> str:
    """What the line is to say: as agreed, else as asked for."""
    return row.agreed_text or row.proposed_text


def touched_by_both(present: str, one: str, other: str) -> tuple[str, ...] | None:
    """The present words that two wordings both change; empty where both add at one place; None where neither meets.

    The same wording twice is no conflict. Without a present text, and of a cell, the whole is touched.
    """
    if one.split() == other.split():
        return None
    words = TOKEN.findall(present)
    if not words:
        return ()
    met = [_meeting_of(a, b) for a in _changed(words, one) for b in _changed(words, other)]
    spans = [span for span in met if span]
    if not spans:
        return None
    return tuple(words[i] for i in sorted({i for first, last in spans for i in range(first, last)}))


def _changed(words: list[str], wording: str) -> list[Span]:
    matcher = SequenceMatcher(None, words, TOKEN.findall(wording), autojunk=False)
    return [(i1, i2) for tag, i1, i2, _, _ in matcher.get_opcodes() if tag != "equal"]


def _meeting_of(one: Span, other: Span) -> Span | None:
    """The words that two changes share; an empty span where something is added beside or within a change."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    added = one[0] == one[1] or other[0] == other[1]
    return (first, last) if first < last or (added and first == last) else None
