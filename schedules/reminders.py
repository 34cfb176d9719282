"""Which reminders a meeting's clocks give rise to, and when: the ladder of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.clock import LONDON
from bot.config import ReminderStep
from bot.model import Deadline, Meeting, MeetingStatus
from schedules.series import Calendar, at_wall_clock
from schedules.working_days import working_days_from


@dataclass(frozen=True)
class Reminder:
    """One rung of a ladder for one meeting: to be said at `at`, and stale from `not_after` on."""

    step: ReminderStep
    meeting: Meeting
    deadline: Deadline | None  # None: it hangs on the meeting itself
    at: datetime
    not_after: datetime


def reminders_for(meeting: Meeting, deadlines: list[Deadline], calendar: Calendar) -> Iterator[Reminder]:
    """Every reminder of one meeting, whether due or not. A date that is only proposed or cancelled reminds nobody."""
    if meeting.status in (MeetingStatus.PROPOSED_MOVE, MeetingStatus.CANCELLED):
        return
    by_kind = {d.kind: d for d in deadlines if d.due_at}
    for step in calendar.config.reminders:
        if meeting.group in step.not_groups:
            continue
        deadline = by_kind.get(step.clock)
        if step.clock == "meeting" and meeting.status is not MeetingStatus.EMAIL_UPDATE:
            yield _reminder(step, meeting, None, meeting.starts_at, calendar)
        elif deadline and deadline.due_at:
            yield _reminder(step, meeting, deadline, deadline.due_at, calendar)


def _reminder(
    step: ReminderStep, meeting: Meeting, deadline: Deadline | None, event: datetime, calendar: Calendar
) -> Reminder:
    count = -step.working_days if step.direction == "before" else step.working_days
    event_on = event.astimezone(LONDON).date()
    day, _ = working_days_from(event_on, count, calendar.closed)
    at = at_wall_clock(day, step.at)
    return Reminder(step, meeting, deadline, at, _stale_from(step, at, event, calendar))


def _stale_from(step: ReminderStep, at: datetime, event: datetime, calendar: Calendar) -> datetime:
    """A reminder said before an event is stale once it has passed; one said after it, two working days on."""
    if step.direction == "before" and at < event:
        return event
    day, _ = working_days_from(at.astimezone(LONDON).date(), 2, calendar.closed)
    return at_wall_clock(day, step.at)
