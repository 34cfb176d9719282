"""One round of the clocks: keep the calendar's meetings on file, and put into the outbox what is due now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import facts, meetings, members, outbox
from bot.clock import LONDON
from bot.model import Meeting, OutboxState, Person
from bot.store.tables import OutboxRow
from schedules.announcements import Announcer
from schedules.reminders import Reminder, reminders_for
from schedules.series import Calendar

AHEAD = timedelta(days=100)  # meetings put on file
BEHIND = timedelta(days=45)  # a report's window may still be open for a meeting this long ago


@dataclass(frozen=True)
class Round:
    """What one round did."""

    meetings_new: int
    queued: int
    listed: int  # due before the first start: on file, never sent


def keep_calendar(session: Session, calendar: Calendar, now: datetime) -> int:
    """Put the coming meetings on file. Returns how many are new."""
    today = now.astimezone(LONDON).date()
    return len(meetings.keep(session, calendar.meetings(today, today + AHEAD)))


def queue_due(session: Session, announcer: Announcer, now: datetime) -> Round:
    """Put every reminder that is due into the outbox, once. What was due before the first start is listed, not sent."""
    started = facts.first_started_at(session, now)
    new = keep_calendar(session, announcer.calendar, now)
    queued = listed = 0
    for meeting in meetings.between(session, now - BEHIND, now + AHEAD):
        if meeting.group not in announcer.config.groups:
            continue  # taken out of the configuration since
        already = _keys(session, meeting)
        met = meetings.obligations_met(session, meeting.uid)
        for reminder in reminders_for(meeting, announcer.clocks_of(session, meeting), announcer.calendar):
            if reminder.at > now or reminder.step.clock in met:
                continue
            for person in _people(session, reminder):
                if (meeting.revision, reminder.step.clock, reminder.step.id, person.id) in already:
                    continue
                state, why = _standing(reminder, started, now)
                _queue(session, announcer, reminder, person, now, state, why)
                queued += state is None
                listed += state is OutboxState.SUPPRESSED
    return Round(new, queued, listed)


def _keys(session: Session, meeting: Meeting) -> set[tuple[int, str, str, str]]:
    query = select(OutboxRow.meeting_revision, OutboxRow.clock, OutboxRow.step, OutboxRow.recipient)
    return {tuple(row) for row in session.execute(query.where(OutboxRow.meeting_uid == meeting.uid))}  # type: ignore[misc]


def _people(session: Session, reminder: Reminder) -> list[Person]:
    held = members.holdings(session, reminder.meeting.on, group=reminder.meeting.group)
    return members.recipients(held, reminder.step.to)


def _standing(reminder: Reminder, started: datetime, now: datetime) -> tuple[OutboxState | None, str]:
    """The state a reminder enters in; None: as its dial says."""
    if reminder.at < started:
        return OutboxState.SUPPRESSED, "it was due before this installation first started: listed, not sent"
    if reminder.not_after <= now:
        return OutboxState.EXPIRED, "the secretariat was not running while it was of use"
    return None, ""


def _queue(
    session: Session,
    announcer: Announcer,
    reminder: Reminder,
    person: Person,
    now: datetime,
    state: OutboxState | None,
    why: str,
) -> None:
    dial = announcer.config.dial_for(reminder.step.kind, reminder.meeting.group)
    notice = announcer.reminder(reminder, person)
    outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name, state=state, reason=why)
