"""The mailbox's calendar, compared with ours and put right: each event made or adopted once, never twice.

What was done is kept in the audit trail, in a transaction of its own after each deed. A kill in between loses the note,
not the event: it carries the meeting's mark, and the next round finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings, members, open_lists
from bot.clock import spoken
from bot.model import Meeting
from bot.ports import CalendarEvent, MeetingCalendar
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from schedules.calendar_comparison import Difference, Finding, compare, matched
from schedules.invitations import description, title
from schedules.known_meetings import known_meetings
from schedules.series import Calendar, at_wall_clock

MADE, ADOPTED, UPDATED, CANCELLED = "event made", "event adopted", "event updated", "event cancelled"
DEEDS = (MADE, ADOPTED, UPDATED, CANCELLED)


@dataclass(frozen=True)
class Step:
    """What is to be done about a finding: one of DEEDS, or nothing, and why not."""

    finding: Finding
    deed: str
    why_not: str = ""

    @property
    def sentence(self) -> str:
        """What differs, and what is done."""
        return f"{self.finding.sentence} {_TO_DO.get(self.deed) or self.why_not}"


_TO_DO = {
    MADE: "The event is made, with a joining link, and its members are invited.",
    ADOPTED: "It is adopted as it is; nobody is invited again.",
    UPDATED: "The event is given our time.",
    CANCELLED: "The event is cancelled.",
}
_ASK = "A person decides: change the calendar, or the meeting."
_DELETED = "It was there and was deleted by hand, so it is not made again: cancel the meeting, or enter it by hand."
_BY_HAND = "It was entered by hand, so a person cancels it."


@dataclass(frozen=True)
class CalendarSync:
    """Our meetings and the mailbox's calendar, side by side."""

    database: Database
    calendar: Calendar
    mailbox: MeetingCalendar

    def findings(self, first: date, last: date) -> list[Finding]:
        """What differs in the meetings and events from `first` to `last`, both included."""
        starts, ends = at_wall_clock(first, time.min), at_wall_clock(last + timedelta(days=1), time.min)
        events = self.mailbox.events(starts, ends)
        with self.database.reading() as session:
            found = {m.uid: m for m in known_meetings(session, self.calendar, first, last)}
            for event in events:  # a meeting may have been moved out of the period, and its event not
                moved_out = meetings.by_uid(session, event.meeting_uid) if event.meeting_uid not in found else None
                found |= {moved_out.uid: moved_out} if moved_out else {}
        return compare(found.values(), events, self.calendar.config)

    def steps(self, first: date, last: date, now: datetime) -> Iterator[Step]:
        """What would be done, in order of time. Meetings that have begun are left alone."""
        for finding in self.findings(first, last):
            meeting = finding.meeting
            if meeting and finding.difference is Difference.MISSING and meeting.starts_at > now:
                yield self._step_for_missing(meeting, finding)
            elif meeting is None or meeting.starts_at > now:
                yield _step(finding)

    def take(self, step: Step, now: datetime) -> None:
        """Do it, and note it. Raises SecretariatError; the next round then finds what was made."""
        meeting, event = step.finding.meeting, step.finding.event
        if meeting is None:
            return
        if step.deed == MADE:
            event = self._make(meeting)
        elif event and step.deed == ADOPTED:
            self.mailbox.adopt(event.id, meeting)
        elif event and step.deed == UPDATED:
            self.mailbox.update(event.id, meeting)
        elif event and step.deed == CANCELLED:
            named = f"The {meeting.known_as} meeting of {spoken(meeting.starts_at)}"
            self.mailbox.cancel(event.id, f"{named} is cancelled.")
        if event and step.deed:
            with self.database.session() as session:
                audit.record(session, now, "secretariat", step.deed, meeting.uid, event_id=event.id)

    def _make(self, meeting: Meeting) -> CalendarEvent:
        with self.database.reading() as session:
            held = members.at_tables(session, meeting)
            listed = [entry.person for entry in open_lists.of_meeting(session, self.calendar.config, meeting)]
        return self.mailbox.create(
            meeting,
            subject=title(meeting, self.calendar.config),
            text=description(meeting),
            attendees=list({p.id: p for p in members.recipients(held, "members") + listed}.values()),
        )

    def _step_for_missing(self, meeting: Meeting, finding: Finding) -> Step:
        """Before one is made, it is sought wherever it may have been moved to."""
        with self.database.reading() as session:
            noted = _noted_event(session, meeting.uid)
        elsewhere = self.mailbox.find(meeting.uid, noted)
        if elsewhere and (differing := matched(meeting, elsewhere)):
            return _step(differing[0])
        # At its own time, and yet not seen there: it lies in Deleted Items.
        return Step(finding, "", _DELETED) if noted or elsewhere else Step(finding, MADE)


def _step(finding: Finding) -> Step:
    meeting, event = finding.meeting, finding.event
    if finding.difference is Difference.STILL_THERE:
        ours = meeting and event and event.meeting_uid == meeting.uid
        return Step(finding, CANCELLED) if ours else Step(finding, "", _BY_HAND)
    if meeting and event and finding.difference is Difference.OUTDATED:
        same_time = (meeting.starts_at, meeting.ends_at) == (event.starts_at, event.ends_at)
        return Step(finding, ADOPTED if same_time else UPDATED)
    return Step(finding, ADOPTED) if finding.difference is Difference.UNMARKED else Step(finding, "", _ASK)


def _noted_event(session: Session, meeting_uid: str) -> str:
    """The id of the event that we last made or adopted for the meeting; empty where none, or where we cancelled it."""
    query = select(AuditRow).where(AuditRow.subject == meeting_uid, AuditRow.event.in_(DEEDS))
    last = session.scalars(query.order_by(AuditRow.number.desc()).limit(1)).first()
    return "" if last is None or last.event == CANCELLED else str(last.detail["event_id"])
