"""What was marked live in the meeting, laid beside the draft: a line near a mark is surer, a mark alone is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from bot.clock import parse_instant
from bot.formats import Draft, DraftedAction, DraftedDecision, LiveMark, Part
from bot.headlines.completeness import after_edits

BEFORE, AFTER = 180.0, 30.0  # seconds: people mark what has been said, rarely what is about to be
Line = TypeVar("Line", DraftedDecision, DraftedAction)
SURER = 0.25  # less than what a line that failed a check would need to be called likely


def second_of(instant: datetime, parts: Iterable[Part]) -> float | None:
    """The second of the recording at which a clock on the wall showed that instant.

    None where no part whose start is known was running then.
    """
    for part in parts:
        begun = _begun(part)
        into = (instant - begun).total_seconds() if begun else -1.0
        if 0 <= into <= part.duration:
            return part.offset + into
    return None


def _begun(part: Part) -> datetime | None:
    try:
        return parse_instant(part.starts_at) if part.starts_at else None
    except ValueError:
        return None


def with_marks(draft: Draft, marks: Sequence[LiveMark]) -> Draft:
    """The draft with its marks, each beside the nearest line of its kind, whose confidence is raised by them.

    A mark whose `at` is not known, or with no line from 180 seconds before it to 30 after, has `line` None.
    """
    placed = [mark.model_copy(update={"line": _nearest(mark, _lines(draft, mark))}) for mark in marks]
    confirmed = {mark.line for mark in placed}
    marked = draft.model_copy(
        update={
            "marks": placed,
            "decisions": [_surer(line) if line.ref in confirmed else line for line in draft.decisions],
            "actions": [_surer(line) if line.ref in confirmed else line for line in draft.actions],
        }
    )
    return after_edits(marked)


def _lines(draft: Draft, mark: LiveMark) -> Sequence[DraftedDecision | DraftedAction]:
    return draft.decisions if mark.kind == "decision" else draft.actions


def _nearest(mark: LiveMark, lines: Iterable[DraftedDecision | DraftedAction]) -> str | None:
    at = mark.at
    if at is None:
        return None
    near = [(abs(line.at - at), line.ref) for line in lines if line.at is not None and -BEFORE <= line.at - at <= AFTER]
    return min(near, default=(0.0, None))[1]


def _surer(line: Line) -> Line:
    return line.model_copy(update={"confidence": min(1.0, round(line.confidence + SURER, 2))})
