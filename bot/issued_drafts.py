"""What of a draft is issued: line by line what is named here, and nothing else (rules §4). Pure.

Quotes, confidences, stances, the matrix, the completeness statement, marks and remarks stay in the PMO's copy; so does
whatever a draft may hold one day that nobody has named here.
"""

from __future__ import annotations

from dataclasses import replace

from bot.formats import (
    Coverage,
    Draft,
    DraftedAction,
    DraftedAgendaItem,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
)
from bot.model import HeadlineReport

_LINE = ("ref", "item", "text", "at", "segment")  # `segment` names a place in the recording, as `at` does
_NOT_SAID = Coverage(speech_seconds=0, represented_seconds=0, unattributed_seconds=0)


def without_working_material(report: HeadlineReport) -> HeadlineReport:
    """The report as it is issued, and as its snapshot keeps it."""
    return replace(report, draft=issued_draft(report.draft))


def issued_draft(draft: Draft) -> Draft:
    """The draft's lines with what is issued of each."""
    return Draft(
        meeting=draft.meeting,
        agenda=[DraftedAgendaItem(item=i.item, title=i.title, start=i.start, segment=i.segment) for i in draft.agenda],
        decisions=[_decision(each) for each in draft.decisions],
        actions=[
            DraftedAction.model_validate(
                _line(each) | {"owner": each.owner, "due": each.due, "confidence": 1.0, "evidence": []}
            )
            for each in draft.actions
        ],
        viewpoints=[_viewpoint(each) for each in draft.viewpoints],
        raid=[DraftedRaidItem.model_validate(_line(each) | {"kind": each.kind, "evidence": []}) for each in draft.raid],
        attendance=draft.attendance,
        recorded=draft.recorded,
        coverage=_NOT_SAID,
    )


def _decision(line: DraftedDecision) -> DraftedDecision:
    how = {"outcome": line.outcome, "reached_by": line.reached_by}
    return DraftedDecision.model_validate(_line(line) | how | {"confidence": 1.0, "evidence": []})


def _viewpoint(line: DraftedViewpoint) -> DraftedViewpoint:
    said_by = {"speaker": line.speaker, "constituency": line.constituency}
    return DraftedViewpoint.model_validate(_line(line) | said_by | {"stance": "comments", "evidence": []})


def _line(line: DraftedDecision | DraftedAction | DraftedViewpoint | DraftedRaidItem) -> dict[str, object]:
    return line.model_dump(include=set(_LINE))
