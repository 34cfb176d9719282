"""Rehearsing a period: the real clocks and texts on an empty outbox, sending nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot import members
from bot.clock import LONDON
from bot.model import Deadline, Meeting, MeetingStatus, Person
from bot.obligations import NOT_TO_BE_MET
from schedules.announcements import Announcer
from schedules.known_meetings import known_meetings
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


@dataclass(frozen=True)
class Rehearsal:
    """A period rehearsed: its notices, and what they rest on, so that their count need not look it up again."""

    announcer: Announcer
    roster: Roster
    first: date
    last: date
    meetings: list[tuple[Meeting, list[Deadline]]]  # those that clocks of the period may belong to
    notices: list[Rehearsed]

    def __iter__(self) -> Iterator[Rehearsed]:
        """The notices, in order of instant."""
        return iter(self.notices)

    def holds(self, instant: datetime) -> bool:
        """Whether an instant lies in the period."""
        return self.first <= instant.astimezone(LONDON).date() <= self.last


def rehearse(session: Session, announcer: Announcer, first: date, last: date, *, assume_met: bool = False) -> Rehearsal:
    """Every reminder from `first` to `last`, in order of instant; those that nobody would receive are left out.

    With `assume_met`, every obligation is met at the instant at which it falls due: nothing is said from then on.
    """
    planned = known_meetings(session, announcer.calendar, first - REACH, last + REACH)
    clocks = [(meeting, announcer.clocks_of(session, meeting)) for meeting in planned]
    whole = Rehearsal(announcer, Roster(session, announcer.config), first, last, clocks, [])
    due = [
        reminder
        for meeting, deadlines in clocks
        for reminder in reminders_for(meeting, deadlines, announcer.calendar)
        if whole.holds(reminder.at) and not (assume_met and _met_before(reminder))
    ]
    for reminder in sorted(due, key=lambda r: (r.at, r.meeting.group, r.step.id)):
        people = whole.roster.people_for(reminder)
        if people:
            whole.notices.append(Rehearsed(reminder, tuple(people), announcer.reminder(reminder, people[0]).subject))
    return whole


def _met_before(reminder: Reminder) -> bool:
    """Whether it hangs on something to be done, and would be said only when that is due, or later."""
    due_at = reminder.deadline.due_at if reminder.deadline else None
    late = reminder.step.direction == "after" or (due_at is not None and reminder.at >= due_at)
    return late and reminder.step.clock not in NOT_TO_BE_MET


@dataclass(frozen=True)
class MessageCount:
    """What one person would get in one month: reminders, and what each meeting brings to everybody at its table."""

    person: Person
    month: str  # 2026-11
    messages: int
    reminders: int  # of these
    of_pmo: bool


def count_messages(found: Rehearsal) -> list[MessageCount]:
    """Messages per person and month, the heaviest first: reminders, and each meeting's invitation, pack and report."""
    reminders = Counter((p.id, _month(r.reminder.at)) for r in found for p in r.people)
    mailings: Counter[tuple[str, str]] = Counter()
    people, staff = {p.id: p for r in found for p in r.people}, set[str]()
    for meeting, deadlines in found.meetings:
        held = found.roster.at_tables(meeting, meeting.on)
        staff |= {h.person.id for h in held if h.role in members.PMO_ROLES}
        at_table = found.roster.attendees(meeting)
        people |= {p.id: p for p in at_table}
        sent = [at for at in _mailings(found.announcer, meeting, deadlines) if found.holds(at)]
        mailings.update((p.id, _month(at)) for p in at_table for at in sent)
    counts = [
        MessageCount(people[who], month, total, reminders[who, month], who in staff)
        for (who, month), total in (reminders + mailings).items()
    ]
    return sorted(counts, key=lambda c: (-c.messages, c.month, c.person.name))


def _mailings(announcer: Announcer, meeting: Meeting, deadlines: list[Deadline]) -> Iterator[datetime]:
    """When everybody at the table hears of a meeting: invited (counted on its day), pack or update, and report."""
    if meeting.status is MeetingStatus.CANCELLED:
        return
    invited_elsewhere = announcer.config.invitations != "mail"  # by mail it is one of the reminders
    if invited_elsewhere and meeting.status is not MeetingStatus.EMAIL_UPDATE:
        yield meeting.starts_at
    for deadline in deadlines:
        if deadline.kind in ("papers", "update", "headline_report") and deadline.due_at:
            yield deadline.due_at


def _month(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%Y-%m}"
