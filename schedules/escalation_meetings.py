"""Which meeting can take an escalation: the first whose papers can still be met, or the coming one as a late paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.clock import LONDON, spoken
from bot.errors import SecretariatError
from bot.escalation_letters import way_for
from bot.escalations import Raised
from bot.governance import Way
from bot.model import Deadline, Meeting, MeetingStatus
from schedules.deadlines import LOOK_AHEAD, Circumstances, deadlines_for
from schedules.known_meetings import known_meetings
from schedules.series import Calendar

PAPERS = "papers"
NOT_HELD = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)
CALLED_FOR = "No meeting of it stands on the calendar: the PMO asks its Chair for one, or for an answer in writing."


@dataclass(frozen=True)
class TakingMeeting:
    """A meeting that can take an escalation, and when its papers are due; `is_late`: only with the Chair's consent."""

    meeting: Meeting
    papers: Deadline
    is_late: bool

    def __str__(self) -> str:
        due = spoken(self.papers.due_at) if self.papers.due_at else "no set instant"
        how = f"its papers were due {due}: a late paper, with the Chair's consent" if self.is_late else (
            f"in time: its papers are due {due}"
        )  # fmt: skip
        proposed = " (a date only proposed)" if self.meeting.status is MeetingStatus.PROPOSED_MOVE else ""
        return f"{self.meeting.known_as} on {spoken(self.meeting.starts_at)}{proposed}; {how}"


@dataclass(frozen=True)
class TakingMeetings:
    """The two that a person chooses from; `late` is None where the coming meeting is in time itself."""

    in_time: TakingMeeting | None
    late: TakingMeeting | None

    @property
    def all(self) -> tuple[TakingMeeting, ...]:
        """Those there are, in order of date."""
        return tuple(found for found in (self.late, self.in_time) if found)

    def on(self, day: date) -> TakingMeeting:
        """The one of that day. Raises SecretariatError with the days to choose from."""
        found = next((taking for taking in self.all if taking.meeting.on == day), None)
        if found is None:
            days = "; or ".join(str(taking) for taking in self.all) or CALLED_FOR
            raise SecretariatError(f"Nothing can be taken up on {day}.", hint=days)
        return found


@dataclass(frozen=True)
class Prospect:
    """Where a concern would go: its way, the body that takes it, and the meetings that can (none at the IPA)."""

    way: Way
    to: str
    taking: TakingMeetings

    def chosen(self, raised: Raised, on: date | None) -> Raised:
        """What is raised, for the meeting of that day, or for none yet. Raises SecretariatError with the days."""
        taking = self.taking.on(on) if on else None
        if taking is None:
            return raised
        return replace(raised, meeting=taking.meeting, is_late=taking.is_late)


def prospect_of(session: Session, calendar: Calendar, raised: Raised, now: datetime) -> Prospect:
    """Where what is raised would go, as seats and calendar stand. Raises UnknownThing outside the governance."""
    way = way_for(
        session, calendar.config, raised.kind, raised.group, raised.by, now.astimezone(LONDON).date(),
        constituency=raised.constituency, for_ofgem=raised.for_ofgem,
    )  # fmt: skip
    to = raised.to or way.to
    taking = taking_meetings(session, calendar, to, now) if to in calendar.config.groups else TakingMeetings(None, None)
    return Prospect(way, to, taking)


def taking_meetings(session: Session, calendar: Calendar, group: str, now: datetime) -> TakingMeetings:
    """The meetings of `group` that can take something raised now, as the calendar and people's decisions stand."""
    coming = list(_coming(session, calendar, group, now))
    in_time = next((taking for taking in coming if not taking.is_late), None)
    return TakingMeetings(in_time, next((taking for taking in coming[:1] if taking.is_late), None))


def _coming(session: Session, calendar: Calendar, group: str, now: datetime) -> Iterator[TakingMeeting]:
    """The group's meetings still to begin for which papers go out, in order; is each in time for its papers?"""
    today = now.astimezone(LONDON).date()
    for meeting in known_meetings(session, calendar, today, today + LOOK_AHEAD, [group]):
        clocks = deadlines_for(meeting, calendar, Circumstances(None))
        papers = next((clock for clock in clocks if clock.kind == PAPERS and clock.due_at), None)
        if meeting.starts_at > now and meeting.status not in NOT_HELD and papers and papers.due_at:
            yield TakingMeeting(meeting, papers, is_late=papers.due_at <= now)
