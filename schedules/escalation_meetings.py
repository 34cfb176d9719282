"""Which meeting can take an escalation: the first whose papers can still be met, or the coming one as a late paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.clock import LONDON, spoken
from bot.errors import SecretariatError
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
