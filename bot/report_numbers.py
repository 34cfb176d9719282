"""The references that a report's decisions and actions get at issue, in the group's own series (rules §4).

They are given inside the transaction that issues: two people who issue at once are one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import meetings
from bot.checklists import Series
from bot.config_groups import SeriesAnchor
from bot.drafts import reference_of
from bot.formats import Draft
from bot.model import Meeting
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow


@dataclass(frozen=True)
class Numbers:
    """Where the series stands: the next decision, how this meeting's actions are called, and the first of them."""

    group: str
    next_decision: int
    mark: str  # PSG27, or PSG-20240207 where the meeting has no number
    next_action: int
    has_beginning: bool

    def decision(self, place: int) -> str:
        """The reference of the decision at that place, from 0."""
        return f"{self.group}-DEC{self.next_decision + place}"

    def action(self, place: int) -> str:
        """The same for an action."""
        return f"{self.mark}-{self.next_action + place:02d}"


def numbers_of(session: Session, meeting: Meeting, number: int | None, anchor: SeriesAnchor | None) -> Numbers:
    """Where the group's series stands now. `number` is the meeting's place in its series, where it has one."""
    used = session.scalar(select(func.max(DecisionRow.number)).where(DecisionRow.group_key == meeting.group))
    mark = f"{meeting.group}{number}" if number else f"{meeting.group}-{meeting.on:%Y%m%d}"
    return Numbers(
        group=meeting.group,
        next_decision=used + 1 if used else (anchor.next_decision if anchor else 1),
        mark=mark,
        next_action=_last_action(session, mark) + 1,
        has_beginning=anchor is not None or used is not None,
    )


def _last_action(session: Session, mark: str) -> int:
    """The last number given under that mark. A meeting called later may have moved those behind it up by one."""
    marked = ActionRow.reference.startswith(f"{mark}-", autoescape=True)
    given = session.scalars(select(ActionRow.reference).where(marked))
    numbers = (reference.removeprefix(f"{mark}-") for reference in given)
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def numbered(draft: Draft, numbers: Numbers) -> Draft:
    """The draft with the group's own references: PSG-DEC41, PSG27-03."""
    decisions = [d.model_copy(update={"ref": numbers.decision(place)}) for place, d in enumerate(draft.decisions)]
    actions = [a.model_copy(update={"ref": numbers.action(place)}) for place, a in enumerate(draft.actions)]
    return draft.model_copy(update={"decisions": decisions, "actions": actions})


def series_of(session: Session, meeting: Meeting, numbers: Numbers) -> Series:
    """What the check list looks at."""
    return Series(
        decision=numbers.decision(0),
        action=numbers.action(0),
        has_beginning=numbers.has_beginning,
        not_issued=_not_issued_before(session, meeting),
        numbered_on=numbers.next_action > 1,
    )


def _not_issued_before(session: Session, meeting: Meeting) -> list[str]:
    """Earlier meetings of the group with a draft and no report, by reference, the oldest first."""
    query = select(MeetingRow).where(
        MeetingRow.uid.in_(select(DraftRow.meeting_uid)),
        MeetingRow.uid.not_in(select(ReportRow.meeting_uid)),
        MeetingRow.starts_at < meeting.starts_at,
    )
    earlier = (meetings.as_meeting(row) for row in session.scalars(query.order_by(MeetingRow.starts_at)))
    return [reference_of(each) for each in earlier if each.group == meeting.group]
