"""One round of the clocks: keep the calendar's meetings on file, and put into the outbox what is due now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import facts, meetings, outbox, papers
from bot.amendment_life import represents_today
from bot.clock import LONDON, parse_instant
from bot.config_clocks import ReminderStep
from bot.model import Meeting, MeetingStatus, OutboxState, Person
from bot.seats import Seats
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import CHANGED, Announcer
from schedules.changes import carry_out, gives_way_to
from schedules.matters import open_matters, stopped_clocks
from schedules.recipients import Roster
from schedules.reminders import Reminder, reminders_for, reminders_of
from schedules.series import Calendar

AHEAD = timedelta(days=100)  # meetings put on file
JUST_HELD = timedelta(days=4)  # put on file as well: a report is owed within two working days
LAST_ROUND = "last_round_at"  # the fact by which an outage is known
BEHIND = timedelta(days=45)  # a report's window may still be open for a meeting this long ago


@dataclass(frozen=True)
class Round:
    """What one round did."""

    meetings_new: int
    queued: int
    listed: int  # due before the first start: on file, never sent


@dataclass(frozen=True)
class Standing:
    """The state that a notice enters in, and why. `listed`: it was due before the first start."""

    state: OutboxState
    reason: str
    listed: bool = False


@dataclass(frozen=True)
class Entry:
    """One reminder for one person that is not on file yet. `standing` None: it enters as its dial says."""

    reminder: Reminder
    person: Person
    standing: Standing | None


def keep_calendar(session: Session, announcer: Announcer, now: datetime) -> int:
    """Put the coming meetings on file, and those just held. Returns how many are new.

    What the configuration has changed about a meeting already on file is followed through like a person's change.
    """
    today = now.astimezone(LONDON).date()
    for meeting in meetings.between(session, now, now + AHEAD):
        after = _by_the_configuration(announcer.calendar, meeting)
        if after is not None:
            followed = _joint_instead(announcer.calendar, meeting) is None
            carry_out(session, announcer, meeting, after, now, by="the configuration", followed=followed)
    return len(meetings.keep(session, announcer.calendar.meetings(today - JUST_HELD, today + AHEAD)))


def _by_the_configuration(calendar: Calendar, kept: Meeting) -> Meeting | None:
    """The meeting as the configuration now has it, where that moves or cancels it; None where nothing follows.

    A person's decision stands over the configuration. A change of the time of day alone is taken over in silence.
    """
    by_rule = kept.status in (MeetingStatus.SCHEDULED, MeetingStatus.EMAIL_UPDATE)
    if kept.revision or not by_rule or kept.group not in calendar.config.groups:
        return None
    planned = calendar.meeting_on(kept.group, kept.nominal_on)
    if planned is None or planned.uid != kept.uid:
        joint = _joint_instead(calendar, kept)
        gone = gives_way_to(joint) if joint else "it is no longer on the calendar of the configuration"
        return replace(kept, status=MeetingStatus.CANCELLED, revision=kept.revision + 1, reason=gone)
    decided = planned.status in (MeetingStatus.MOVED, MeetingStatus.CANCELLED)
    return replace(planned, revision=kept.revision + 1) if decided else None


def _joint_instead(calendar: Calendar, kept: Meeting) -> Meeting | None:
    """Another group's meeting of the same day that this one gives way to."""
    planned = calendar.meeting_on(kept.group, kept.nominal_on)
    return planned if planned and kept.group in planned.also_for else None


def queue_due(session: Session, announcer: Announcer, now: datetime) -> Round:
    """Put every reminder that is due into the outbox, once. What was due before the first start is listed, not sent."""
    started = facts.first_started_at(session, now)
    last_round_at = parse_instant(facts.recall(session, LAST_ROUND) or started.isoformat())
    facts.remember(session, LAST_ROUND, now.isoformat())
    new = keep_calendar(session, announcer, now)
    roster, queued, listed = Roster(session, announcer.config), 0, 0
    for due in (*_of_meetings(session, announcer, now), *_of_matters(session, announcer, now, roster.seats)):
        for entry in _entries(session, roster, due, started, now):
            _queue(session, announcer, roster, entry, now, outage=last_round_at)
            queued += entry.standing is None
            listed += entry.standing is not None and entry.standing.listed
    return Round(new, queued, listed)


def _of_meetings(session: Session, announcer: Announcer, now: datetime) -> Iterator[list[Reminder]]:
    """The reminders that are due now and not stopped, meeting by meeting, in order of instant."""
    for meeting in meetings.between(session, now - BEHIND, now + AHEAD):
        if meeting.group not in announcer.config.groups:
            continue  # taken out of the configuration since
        found = reminders_for(meeting, announcer.clocks_of(session, meeting), announcer.calendar)
        due = sorted((r for r in found if r.at <= now), key=lambda r: r.at)
        stopped = stopped_clocks(session, meeting.uid) if due else set()
        yield [r for r in due if r.obligation not in stopped]


def _of_matters(session: Session, announcer: Announcer, now: datetime, seats: Seats) -> Iterator[list[Reminder]]:
    for matter in open_matters(session, announcer.calendar, now, seats):
        due = (r for r in reminders_of(matter, announcer.calendar) if r.at <= now)
        yield sorted(due, key=lambda r: r.at)


def _entries(
    session: Session, roster: Roster, due: list[Reminder], started: datetime, now: datetime
) -> Iterator[Entry]:
    """What is new of one meeting's or matter's reminders. Of several for one person and clock, only the latest goes."""
    if not due:
        return
    already = _keys(session, due[0].meeting)
    addressed = ((roster.as_told(r, person), person) for r in due for person in roster.people_for(r))
    found = [(r, person) for r, person in addressed if _key(r, person) not in already]
    new = [(r, person) for r, person in found if not _invited_by_a_change(r, person, already)]
    overtaking = ((r, person) for r, person in new if _overtakes(r.step) and _standing(r, started, now) is None)
    latest = {(r.obligation, person.id): r for r, person in overtaking}
    for reminder, person in new:
        standing, last = _standing(reminder, started, now), latest.get((reminder.obligation, person.id))
        if standing is None and last is not None and last is not reminder and _overtakes(reminder.step):
            standing = Standing(OutboxState.SUPPRESSED, outbox.overtaken_by(last.step.id))
        yield Entry(reminder, person, standing)


def _overtakes(step: ReminderStep) -> bool:
    """Whether a later step says all that an earlier one did. An invitation brings the meeting into the calendar."""
    return step.kind != "invitation"


def _keys(session: Session, meeting: Meeting) -> set[tuple[int, str, str, str]]:
    query = select(OutboxRow.meeting_revision, OutboxRow.clock, OutboxRow.step, OutboxRow.recipient)
    return {tuple(row) for row in session.execute(query.where(OutboxRow.meeting_uid == meeting.uid))}  # type: ignore[misc]


def _key(reminder: Reminder, person: Person) -> tuple[int, str, str, str]:
    return (reminder.meeting.revision, reminder.obligation, reminder.step.id, person.id)


def _invited_by_a_change(reminder: Reminder, person: Person, already: set[tuple[int, str, str, str]]) -> bool:
    """Whether the notice that the meeting was moved or called has brought the person its invitation."""
    changed = (reminder.meeting.revision, reminder.obligation, CHANGED, person.id)
    return reminder.step.kind == "invitation" and changed in already


def _standing(reminder: Reminder, started: datetime, now: datetime) -> Standing | None:
    if reminder.at < started:
        reason = "it was due before this installation first started: listed, not sent"
        return Standing(OutboxState.SUPPRESSED, reason, listed=True)
    if reminder.not_after <= now:
        return Standing(OutboxState.EXPIRED, "the secretariat was not running while it was of use")
    return None


def _queue(
    session: Session, announcer: Announcer, roster: Roster, entry: Entry, now: datetime, *, outage: datetime
) -> None:
    """Put one entry into the outbox; where it is to go, the unsent earlier steps of its clock are taken back.

    What fell due in an outage, since the last round at `outage`, says that it comes late; what came into being after
    its hour (a meeting called at short notice) does not.
    """
    reminder, person, standing = entry.reminder, entry.person, entry.standing
    of_meeting = reminder.step.clock == "meeting"
    expected = roster.expected_at(reminder) if of_meeting else []
    pack = meetings.pack_link(session, reminder.meeting.uid) if of_meeting else ""
    stands_in = roster.alternate_for(reminder.meeting, person) if of_meeting else ""
    by_list = of_meeting and roster.is_by_list(reminder.meeting, person)
    missing = papers.missing(session, reminder.meeting.uid) if reminder.step.clock == "papers" else []
    closes = reminder.step.clock == "amendments_close"
    notice = announcer.reminder(
        reminder,
        person,
        expected=expected,
        pack=pack,
        alternate_for=stands_in,
        by_list=by_list,
        missing_papers=missing,
        represents=closes and bool(represents_today(session, person, reminder.meeting, now)),
    )
    late_by = timedelta(hours=announcer.config.sending.late_after_hours)
    if outage < reminder.at < now - late_by:
        notice = replace(notice, note=outbox.late_note(reminder.at))
    dial = announcer.config.dial_for(reminder.step.kind, reminder.meeting.group)
    state, reason = (standing.state, standing.reason) if standing else (None, "")
    outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name, state=state, reason=reason)
    if standing is None:
        outbox.overtake(session, notice, {step.id for step in announcer.config.ladder if _overtakes(step)})
