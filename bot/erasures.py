"""What was said in a closed session, taken out of a draft: the lines that rest on it, and their evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.formats import (
    Draft,
    DraftedAction,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
    PossibleLine,
    Transcript,
)
from bot.recording_parts import Ranges, is_within

Line = TypeVar("Line", DraftedDecision, DraftedAction, DraftedViewpoint, DraftedRaidItem, PossibleLine)


@dataclass(frozen=True)
class Closing:
    """What is closed: ranges of the line; and of the segments that lay in them what is left of their text ("")."""

    ranges: Ranges
    touched: Mapping[str, str]

    def may_stay(self, evidence: Evidence) -> bool:
        """Whether no word of it was said in the closed session."""
        if evidence.segment in self.touched:
            return bool(evidence.quote) and evidence.quote in self.touched[evidence.segment]
        return evidence.at is None or not is_within(evidence.at, evidence.at, self.ranges)


def closing_of(before: Transcript, after: Transcript, ranges: Ranges) -> Closing:
    """What the ranges took out of a transcript."""
    left = {segment.id: segment.text for segment in after.segments}
    touched = {s.id: left.get(s.id, "") for s in before.segments if is_within(s.start, s.end, ranges)}
    return Closing(ranges, touched)


def without_closed(draft: Draft, closing: Closing) -> tuple[Draft, list[str]]:
    """The draft without what rests on the closed session, and the references of the lines that went with it."""
    gone: list[str] = []
    kept: dict[str, Any] = {
        name: _kept(getattr(draft, name), closing, gone)
        for name in ("decisions", "actions", "viewpoints", "raid", "possible")
    }
    coverage = draft.coverage.model_copy(
        update={
            "unrepresented": [u for u in draft.coverage.unrepresented if not is_within(u.start, u.end, closing.ranges)]
        }
    )
    kept |= {
        "agenda": [i for i in draft.agenda if i.start is None or not is_within(i.start, i.start, closing.ranges)],
        "marks": [m for m in draft.marks if m.at is None or not is_within(m.at, m.at, closing.ranges)],
        "remarks": [r for r in draft.remarks if not r.ref or r.ref not in gone],
        "coverage": coverage,
        "matrix": None,  # counted with what is gone; the next draft counts anew
        "completeness": None,
    }
    return draft.model_copy(update=kept), gone


def _kept(lines: list[Line], closing: Closing, gone: list[str]) -> list[Line]:
    kept = []
    for line in lines:
        evidence = [e for e in line.evidence if closing.may_stay(e)]
        lies_within = line.at is not None and is_within(line.at, line.at, closing.ranges)
        rests_on_it = line.segment in closing.touched and not evidence
        if lies_within or rests_on_it or (line.evidence and not evidence):
            gone.append(line.ref)
        else:
            kept.append(line.model_copy(update={"evidence": evidence}))
    return kept
