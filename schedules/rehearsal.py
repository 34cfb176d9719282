"""Rehearsing a period: the real clocks and texts on an empty outbox, sending nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot import members
from bot.clock import LONDON
from bot.model import Meeting, MeetingStatus, Person
from schedules.announcements import Announcer
from schedules.recipients import Roster
from schedules.reminders import Reminder, reminders_for

REACH = timedelta(days=75)  # no clock of a monthly meeting lies further from it


@dataclass(frozen=True)
class Rehearsed:
    """One reminder as it would go out, to how many people, under which subject."""

    reminder: Reminder
    people: tuple[Person, ...]
    subject: str

    @property
    def recipients(self) -> int:
        """How many people."""
        return len(self.people)


def rehearse(session: Session, announcer: Announcer, first: date, last: date) -> Iterator[Rehearsed]:
    """Every reminder from `first` to `last`, in order of instant; those that nobody would receive are left out."""
    roster, planned = Roster(session), announcer.calendar.meetings(first - REACH, last + REACH)
    due = [
        reminder
        for meeting in planned
        for reminder in reminders_for(meeting, announcer.clocks_of(session, meeting), announcer.calendar)
        if first <= reminder.at.astimezone(LONDON).date() <= last
    ]
    for reminder in sorted(due, key=lambda r: (r.at, r.meeting.group, r.step.id)):
        people = roster.people_for(reminder)
        if people:
            yield Rehearsed(reminder, tuple(people), announcer.reminder(reminder, people[0]).subject)


@dataclass(frozen=True)
class MessageCount:
    """What one person would get in one month: reminders, and what each meeting brings to everybody at its table."""

    person: Person
    month: str  # 2026-11
    messages: int
    reminders: int  # of these
    of_pmo: bool


def count_messages(
    session: Session, announcer: Announcer, first: date, last: date, found: Sequence[Rehearsed]
) -> list[MessageCount]:
    """Messages per person and month, the heaviest first: reminders, and each meeting's invitation, pack and report."""
    reminders = Counter((p.id, _month(r.reminder.at)) for r in found for p in r.people)
    mailings: Counter[tuple[str, str]] = Counter()
    people = {p.id: p for r in found for p in r.people}
    roster, staff = Roster(session), set[str]()
    for meeting in announcer.calendar.meetings(first - REACH, last + REACH):
        held = roster.held(meeting.group, meeting.on)
        staff |= {h.person.id for h in held if h.role in members.PMO_ROLES}
        at_table = members.recipients(held, "members")
        people |= {p.id: p for p in at_table}
        sent = [at for at in _mailings(session, announcer, meeting) if first <= at.astimezone(LONDON).date() <= last]
        mailings.update((p.id, _month(at)) for p in at_table for at in sent)
    counts = [
        MessageCount(people[who], month, total, reminders[who, month], who in staff)
        for (who, month), total in (reminders + mailings).items()
    ]
    return sorted(counts, key=lambda c: (-c.messages, c.month, c.person.name))


def _mailings(session: Session, announcer: Announcer, meeting: Meeting) -> Iterator[datetime]:
    """When everybody at the table hears of a meeting: invited (counted on its day), pack or update, and report."""
    invited_elsewhere = announcer.config.invitations != "mail"  # by mail it is one of the reminders
    if invited_elsewhere and meeting.status is not MeetingStatus.EMAIL_UPDATE:
        yield meeting.starts_at
    for deadline in announcer.clocks_of(session, meeting):
        if deadline.kind in ("papers", "update", "headline_report") and deadline.due_at:
            yield deadline.due_at


def _month(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%Y-%m}"
