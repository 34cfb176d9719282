"""Moving, cancelling, adding and confirming meetings: what follows is shown first, then done in one transaction.

The change is made in the caller's transaction and its consequences read from the result, so the preview cannot differ
from the deed: a rehearsal is the same call, rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings, members, outbox
from bot.clock import LONDON, spoken, spoken_date
from bot.errors import SecretariatError
from bot.model import Deadline, Meeting, MeetingStatus, OutboxState, Person
from bot.store.tables import OutboxRow
from schedules.announcements import Announcer
from schedules.finding import find_meeting, known_group
from schedules.series import at_wall_clock, shares_people

BEFORE = timedelta(days=120)  # how far back a report's window may hang on this meeting
UNSENT = (OutboxState.PENDING, OutboxState.RETRY, OutboxState.WITHHELD)


@dataclass(frozen=True)
class Wanted:
    """A change as a person asks for it. `start` and `end` are London wall-clock; None keeps what there is."""

    action: str  # move | cancel | add | confirm
    group: str
    on: date
    by: Person
    reason: str = ""
    to: date | None = None
    start: time | None = None
    end: time | None = None


@dataclass(frozen=True)
class ClockChange:
    """One clock of one meeting, before and after. None: it does not exist, or no longer."""

    meeting: str
    clock: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Consequences:
    """All that follows from a change."""

    before: Meeting | None
    after: Meeting
    clocks: tuple[ClockChange, ...]
    not_attainable: tuple[Deadline, ...]  # already past when the change is made: the Chair approves (rules §3)
    superseded: tuple[str, ...]  # unsent notices that are taken back, a line each
    now_wrong: tuple[str, ...]  # sent notices that no longer hold, a line each
    told: tuple[Person, ...]  # who is sent the move, cancellation or call
    warnings: tuple[str, ...]


def enact(session: Session, announcer: Announcer, wanted: Wanted, now: datetime) -> Consequences:
    """Make the change a person asks for, and all that follows; roll back to have it as a rehearsal only.

    Raises SecretariatError, with a sentence, where the change cannot be made.
    """
    key = known_group(announcer.config, wanted.group)
    if wanted.action == "add":
        _refuse_second(session, key, wanted.on)
        before = None
    else:
        before = find_meeting(session, announcer.calendar, key, wanted.on)
    after = _changed(announcer, key, wanted, before, now)
    return carry_out(session, announcer, before, after, now, by=wanted.by.name)


def carry_out(
    session: Session, announcer: Announcer, before: Meeting | None, after: Meeting, now: datetime, *, by: str
) -> Consequences:
    """Put a change on file, take back and correct what it makes wrong, and tell the group's members."""
    around = _around(session, announcer, after if before is None else before)
    clocks_before = {m.uid: announcer.clocks_of(session, m) for m in (*around, *([before] if before else []))}
    meetings.decide(session, after)
    changes = tuple(_clock_changes(session, announcer, [*around, after], clocks_before))
    superseded, now_wrong = _notices_touched(session, before)
    told = _people(session, after)
    announcer.meeting_changed(session, before, after, told, now, by=by)
    for meeting in around:
        announcer.closing_corrected(session, meeting, after, now)
    audit.record(
        session, now, by, "meeting changed", after.uid, reason=after.reason, status=after.status.value,
        was=before.starts_at.isoformat() if before else None, to=after.starts_at.isoformat(), revision=after.revision,
    )  # fmt: skip
    return Consequences(
        before=before,
        after=after,
        clocks=changes,
        not_attainable=_not_attainable(session, announcer, after, now),
        superseded=superseded,
        now_wrong=now_wrong,
        told=tuple(told),
        warnings=tuple(_warnings(session, announcer, after)),
    )


def _refuse_second(session: Session, group: str, on: date) -> None:
    if meetings.on_day(session, group, on):
        raise SecretariatError(f"{group} has a meeting on {spoken_date(on)} already.", hint="Move that one instead.")


def _changed(announcer: Announcer, key: str, wanted: Wanted, before: Meeting | None, now: datetime) -> Meeting:
    """The meeting as it will be. Its revision is raised: notices of the new date are new notices."""
    if before is None:
        usual = announcer.calendar.as_if_called(key, wanted.on)
        _refuse_past(usual.ends_at, now)
        return replace(_at(usual, wanted, wanted.on), status=MeetingStatus.AD_HOC, reason=wanted.reason, called_at=now)
    if before.status is MeetingStatus.CANCELLED:
        raise SecretariatError(
            f"{key} on {spoken_date(wanted.on)} is cancelled already.", hint="Add a meeting instead."
        )
    changed = replace(before, revision=before.revision + 1, reason=wanted.reason, called_at=now, proposals=())
    if wanted.action == "cancel":
        return replace(changed, status=MeetingStatus.CANCELLED)
    if wanted.action == "confirm":
        return replace(_at(changed, wanted, _confirmed_day(before, wanted)), status=MeetingStatus.MOVED)
    if wanted.to is None:
        raise SecretariatError("Move it to which day?", hint="Give --to 2026-01-07.")
    moved = _at(changed, wanted, wanted.to)
    _refuse_past(moved.ends_at, now)
    if (moved.starts_at, moved.ends_at) == (before.starts_at, before.ends_at):
        raise SecretariatError(f"{key} is on {spoken(before.starts_at)} already.", hint="Give another day or time.")
    return replace(moved, status=MeetingStatus.MOVED)


def _confirmed_day(before: Meeting, wanted: Wanted) -> date:
    if before.status is not MeetingStatus.PROPOSED_MOVE:
        raise SecretariatError(
            f"{before.group} on {spoken_date(before.on)} awaits no confirmation.", hint="Use move to change its day."
        )
    if wanted.to is not None:
        return wanted.to
    if not before.proposals:
        raise SecretariatError("There is no proposal to confirm.", hint="Name the day with --to.")
    return before.proposals[0]


def _at(meeting: Meeting, wanted: Wanted, day: date) -> Meeting:
    """The meeting on that day, at the hours asked for, or at those it had."""
    start = wanted.start or meeting.starts_at.astimezone(LONDON).time()
    end = wanted.end or meeting.ends_at.astimezone(LONDON).time()
    if end <= start:
        raise SecretariatError(f"It would end ({end:%H:%M}) before it starts ({start:%H:%M}).", hint="Give both times.")
    return replace(meeting, starts_at=at_wall_clock(day, start), ends_at=at_wall_clock(day, end))


def _refuse_past(ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise SecretariatError(f"{spoken(ends_at)} is past.", hint="A meeting is put on a day to come.")


def _around(session: Session, announcer: Announcer, meeting: Meeting) -> list[Meeting]:
    """Earlier meetings of the group whose report's window may hang on this one."""
    first = meeting.on - BEFORE
    planned = {m.uid: m for m in announcer.calendar.meetings(first, meeting.on, [meeting.group])}
    since = at_wall_clock(first, time.min)
    decided = {m.uid: m for m in meetings.between(session, since, meeting.starts_at, meeting.group)}
    earlier = sorted((planned | decided).values(), key=lambda m: m.starts_at)
    return [m for m in earlier if m.uid != meeting.uid and m.status is not MeetingStatus.CANCELLED][-1:]


def _clock_changes(
    session: Session, announcer: Announcer, touched: Iterable[Meeting], before: dict[str, list[Deadline]]
) -> Iterator[ClockChange]:
    for meeting in touched:
        was = {d.kind: d.due_at for d in before.get(meeting.uid, [])}
        cancelled = meeting.status is MeetingStatus.CANCELLED
        is_now = {} if cancelled else {d.kind: d.due_at for d in announcer.clocks_of(session, meeting)}
        for kind in dict.fromkeys([*was, *is_now]):
            if was.get(kind) != is_now.get(kind):
                named = f"{meeting.group} {meeting.on.isoformat()}"
                yield ClockChange(named, kind, was.get(kind), is_now.get(kind))


def _notices_touched(session: Session, before: Meeting | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take back what is unsent of the old date; list what was sent of it and no longer holds."""
    if before is None:
        return (), ()
    query = select(OutboxRow).where(OutboxRow.meeting_uid == before.uid, OutboxRow.meeting_revision == before.revision)
    superseded, wrong = [], []
    for row in session.scalars(query.order_by(OutboxRow.due_at)):
        if row.clock in ("draft", "report", "amendment"):
            continue  # what was said of the recording, the report and a request stays true
        if row.state in UNSENT:
            outbox.move(row, OutboxState.SUPERSEDED, "the meeting was changed")
            superseded.append(f"{row.recipient_name}: {row.subject}")
        elif row.state in (OutboxState.SENT, OutboxState.CLAIMED, OutboxState.UNKNOWN):
            wrong.append(f"{row.recipient_name}: {row.subject}")
    return tuple(superseded), tuple(wrong)


def _people(session: Session, meeting: Meeting) -> list[Person]:
    return members.recipients(members.holdings(session, meeting.on, group=meeting.group), "members")


def _not_attainable(session: Session, announcer: Announcer, meeting: Meeting, now: datetime) -> tuple[Deadline, ...]:
    if meeting.status is MeetingStatus.CANCELLED:
        return ()
    return tuple(d for d in announcer.clocks_of(session, meeting) if d.due_at and d.due_at < now)


def _warnings(session: Session, announcer: Announcer, meeting: Meeting) -> Iterator[str]:
    """What a person should know before agreeing: closed days, people due elsewhere, a webinar left behind."""
    if meeting.status is MeetingStatus.CANCELLED:
        return
    closed = announcer.calendar.closed(meeting.on)
    if closed:
        yield f"{spoken_date(meeting.on)} is no working day ({closed})."
    day = meetings.between(session, meeting.starts_at - timedelta(hours=12), meeting.ends_at)
    for other in day:
        overlaps = other.starts_at < meeting.ends_at and meeting.starts_at < other.ends_at
        gone = other.status in (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)
        if other.uid != meeting.uid and overlaps and not gone and _shares(announcer, meeting, other):
            yield f"People are due at {other.group} at the same time ({spoken(other.starts_at)})."
    for key, group in announcer.config.groups.items():
        if group.serves == meeting.group:
            yield f"{key} prepares this meeting: see whether its own date still comes before it."


def _shares(announcer: Announcer, one: Meeting, other: Meeting) -> bool:
    return one.group == other.group or shares_people(announcer.config, one.group, other.group)
