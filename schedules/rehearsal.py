"""Rehearsing a period: the real clocks and texts on an empty outbox, sending nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot import members
from bot.clock import LONDON
from bot.model import Meeting, Person
from schedules.announcements import Announcer
from schedules.reminders import Reminder, reminders_for

REACH = timedelta(days=75)  # no clock of a monthly meeting lies further from it


@dataclass(frozen=True)
class Rehearsed:
    """One reminder as it would go out, to how many people, under which subject."""

    reminder: Reminder
    recipients: int
    subject: str


def rehearse(session: Session, announcer: Announcer, first: date, last: date) -> Iterator[Rehearsed]:
    """Every reminder from `first` to `last`, in order of instant; those that nobody would receive are left out."""
    planned = announcer.calendar.meetings(first - REACH, last + REACH)
    due = [
        reminder
        for meeting in planned
        for reminder in reminders_for(meeting, announcer.clocks_of(session, meeting), announcer.calendar)
        if first <= reminder.at.astimezone(LONDON).date() <= last
    ]
    for reminder in sorted(due, key=lambda r: (r.at, r.meeting.group, r.step.id)):
        people = _people(session, reminder.meeting, reminder.step.to)
        if people:
            yield Rehearsed(reminder, len(people), announcer.reminder(reminder, people[0]).subject)


def _people(session: Session, meeting: Meeting, whom: str) -> list[Person]:
    return members.recipients(members.holdings(session, meeting.on, group=meeting.group), whom)
