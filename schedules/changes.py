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

from bot import apologies, audit, meetings, members, open_lists, outbox
from bot.clock import LONDON, is_shown, spoken, spoken_date
from bot.errors import NotAllowed, SecretariatError
from bot.model import Deadline, Meeting, MeetingStatus, OutboxState, Person
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import Announcer
from schedules.finding import find_meeting, known_group
from schedules.following import followers_of
from schedules.known_meetings import known_meetings
from schedules.series import at_wall_clock, meetings_share_people, takes_the_place_of

BEFORE = timedelta(days=120)  # how far back a report's window may hang on this meeting
BY_SERIES = (MeetingStatus.SCHEDULED, MeetingStatus.MOVED, MeetingStatus.EMAIL_UPDATE)
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
    joint_with: tuple[str, ...] = ()  # of a meeting that is added: the other groups that it serves


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
    also: tuple[Consequences, ...] = ()  # what follows of meetings that go with it: the webinar, and its PSG


def enact(session: Session, announcer: Announcer, wanted: Wanted, now: datetime) -> Consequences:
    """Make the change a person asks for, and all that follows; roll back to have it as a rehearsal only.

    Raises SecretariatError, with a sentence, where the change cannot be made.
    """
    key = known_group(announcer.config, wanted.group)
    if wanted.action == "add":
        before = _cancelled_that_day(session, key, wanted.on)
    else:
        before = find_meeting(session, announcer.calendar, key, wanted.on)
    after = _changed(announcer, key, wanted, before, now)
    if not after.also_for or after.status is MeetingStatus.CANCELLED:
        return carry_out(session, announcer, before, after, now, by=wanted.by.name)
    return _joint(session, announcer, before, after, now, by=wanted.by.name)


def approve_short_notice(
    session: Session, announcer: Announcer, group: str, on: date, *, chair: Person, by: Person, now: datetime
) -> Meeting:
    """Put on file that the Chair approves what is not attainable. Raises SecretariatError where there is nothing."""
    meeting = find_meeting(session, announcer.calendar, group, on)
    if meeting.called_at is None or not _not_attainable(session, announcer, meeting, meeting.called_at):
        raise SecretariatError(
            f"Every clock of {meeting.known_as} on {spoken_date(meeting.on)} was attainable when it was called.",
            hint="There is nothing to approve.",
        )
    held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group, person_id=chair.id)
    if not any(h.role == "chair" for h in held):
        raise NotAllowed(f"{chair.name} does not chair {meeting.group}.", hint="The group's Chair approves.")
    approved = replace(meeting, approved_by=chair.name)
    meetings.decide(session, approved)
    audit.record(session, now, by.name, "short notice approved", meeting.uid, chair=chair.name)
    return approved


def carry_out(
    session: Session,
    announcer: Announcer,
    before: Meeting | None,
    after: Meeting,
    now: datetime,
    *,
    by: str,
    followed: bool = True,
) -> Consequences:
    """Put a change on file, take back and correct what it makes wrong, and tell the group's members.

    What prepares the meeting goes with it, where it is `followed`.
    """
    around = _around(session, announcer, after if before is None else before)
    stood = [before] if before and before.status is not MeetingStatus.CANCELLED else []
    clocks_before = {m.uid: announcer.clocks_of(session, m) for m in (*around, *stood)}
    meetings.decide(session, after)
    if before is not None:
        apologies.follow(session, before, after)
    changes = tuple(_clock_changes(session, announcer, [*around, after], clocks_before))
    superseded, now_wrong = _notices_touched(session, before)
    told = _people(session, announcer, after) if after.status is not MeetingStatus.PROPOSED_MOVE else []
    announcer.meeting_changed(session, before, after, told, now, by=by)
    for meeting in around:
        announcer.closing_corrected(session, meeting, after, now)
    followers = [*followers_of(session, announcer.calendar, before, after, now)] if followed else []
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
        warnings=(*_warnings(session, announcer, after), *(f.left_alone for f in followers if f.left_alone)),
        also=tuple(carry_out(session, announcer, f.before, f.after, now, by=by) for f in followers if f.after),
    )


def _joint(
    session: Session, announcer: Announcer, before: Meeting | None, after: Meeting, now: datetime, *, by: str
) -> Consequences:
    """The same of a joint meeting: the other groups' own meetings of that day, by their series, give way to it."""
    there = known_meetings(session, announcer.calendar, after.on, after.on, after.also_for)
    yielding = [m for m in there if m.group in after.also_for and not m.also_for and m.status in BY_SERIES]
    gone = tuple(_gives_way(session, announcer, own, after, now, by=by) for own in yielding)
    if yielding:
        reasons = (after.reason, takes_the_place_of(m.group for m in yielding))
        after = replace(after, reason="; ".join(filter(None, reasons)))
    done = carry_out(session, announcer, before, after, now, by=by)
    return replace(done, also=(*gone, *done.also), warnings=(*done.warnings, _audience(announcer, after)))


def _gives_way(
    session: Session, announcer: Announcer, own: Meeting, joint: Meeting, now: datetime, *, by: str
) -> Consequences:
    """The group still meets that day, so what prepares its meeting stays where it is."""
    cancelled, reason = MeetingStatus.CANCELLED, gives_way_to(joint)
    gone = replace(own, status=cancelled, revision=own.revision + 1, reason=reason, called_at=now)
    return carry_out(session, announcer, own, gone, now, by=by, followed=False)


def gives_way_to(joint: Meeting) -> str:
    """Why a group's own meeting is cancelled."""
    return f"the group meets that day as {joint.known_as}"


def _audience(announcer: Announcer, meeting: Meeting) -> str:
    """Papers of a joint meeting go no further than the strictest of its groups allows."""
    kinds = ("papers", "report", "recording")
    read_by = (f"{kind}: {announcer.config.audience_for(kind, meeting.groups)}" for kind in kinds)
    return f"Who may read what is the strictest of its groups' settings ({', '.join(read_by)})."


def _cancelled_that_day(session: Session, group: str, on: date) -> Meeting | None:
    """The group's cancelled meeting of that day, which is held after all. Raises SecretariatError where one stands."""
    there = meetings.on_day(session, group, on)
    if there and there.status is not MeetingStatus.CANCELLED:
        raise SecretariatError(f"{group} has a meeting on {spoken_date(on)} already.", hint="Move that one instead.")
    return there


def _changed(announcer: Announcer, key: str, wanted: Wanted, before: Meeting | None, now: datetime) -> Meeting:
    """The meeting as it will be. Its revision is raised: notices of the new date are new notices."""
    if before is None:
        usual = announcer.calendar.as_if_called(key, wanted.on)
        _refuse_past(usual.ends_at, now)
        joint = _joined(announcer, key, wanted)
        called = replace(_at(usual, wanted, wanted.on), reason=wanted.reason, called_at=now, also_for=joint)
        return replace(called, status=MeetingStatus.AD_HOC)
    changed = replace(
        before, revision=before.revision + 1, reason=wanted.reason, called_at=now, proposals=(), approved_by=""
    )
    if before.status is MeetingStatus.CANCELLED:
        return _held_after_all(key, wanted, changed, now)
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


def _held_after_all(key: str, wanted: Wanted, changed: Meeting, now: datetime) -> Meeting:
    """A cancelled meeting that is added again keeps its place in the series, and its UID in people's calendars."""
    if wanted.action != "add":
        raise SecretariatError(
            f"{key} on {spoken_date(wanted.on)} is cancelled already.",
            hint=f"To hold it after all: secretariat meetings add {key} {wanted.on.isoformat()} --by NAME",
        )
    again = _at(changed, wanted, changed.on)
    _refuse_past(again.ends_at, now)
    return replace(again, status=MeetingStatus.MOVED)


def _joined(announcer: Announcer, key: str, wanted: Wanted) -> tuple[str, ...]:
    """The other groups of a meeting that is added."""
    joined = tuple(dict.fromkeys(known_group(announcer.config, name) for name in wanted.joint_with))
    if key in joined:
        raise SecretariatError(f"{key} cannot meet jointly with itself.", hint="Name the other groups only.")
    return joined


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
    for at in (start, end):
        if not is_shown(at, day):
            hint = "The clocks go forward from 01:00 to 02:00 that night: give a time before or after."
            raise SecretariatError(f"{at:%H:%M} does not exist on {spoken_date(day)}.", hint=hint)
    return replace(meeting, starts_at=at_wall_clock(day, start), ends_at=at_wall_clock(day, end))


def _refuse_past(ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise SecretariatError(f"{spoken(ends_at)} is past.", hint="A meeting is put on a day to come.")


def _around(session: Session, announcer: Announcer, meeting: Meeting) -> list[Meeting]:
    """Earlier meetings of its groups whose reports' windows may hang on this one, each once."""
    found = (m for group in meeting.groups for m in _around_of(session, announcer, meeting, group))
    return list({m.uid: m for m in found}.values())


def _around_of(session: Session, announcer: Announcer, meeting: Meeting, group: str) -> list[Meeting]:
    """The group's last ordinary meeting before this one, and the ad hoc ones since, which close no window."""
    first = meeting.on - BEFORE
    planned = {m.uid: m for m in announcer.calendar.meetings(first, meeting.on, [group])}
    since = at_wall_clock(first, time.min)
    decided = {m.uid: m for m in meetings.between(session, since, meeting.starts_at, group)}
    earlier = sorted((planned | decided).values(), key=lambda m: m.starts_at)
    held = [m for m in earlier if m.uid != meeting.uid and m.status is not MeetingStatus.CANCELLED]
    return held[max((place for place, m in enumerate(held) if m.is_ordinary), default=0) :]


def _clock_changes(
    session: Session, announcer: Announcer, touched: Iterable[Meeting], before: dict[str, list[Deadline]]
) -> Iterator[ClockChange]:
    for meeting in touched:
        was = {d.kind: d.due_at for d in before.get(meeting.uid, [])}
        cancelled = meeting.status is MeetingStatus.CANCELLED
        is_now = {} if cancelled else {d.kind: d.due_at for d in announcer.clocks_of(session, meeting)}
        for kind in dict.fromkeys([*was, *is_now]):
            if was.get(kind) != is_now.get(kind):
                named = f"{meeting.known_as} {meeting.on.isoformat()}"
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


def _people(session: Session, announcer: Announcer, meeting: Meeting) -> list[Person]:
    """Everybody at its tables, who comes in somebody's place, and who is on an open group's list."""
    listed = [entry.person for entry in open_lists.of_meeting(session, announcer.config, meeting)]
    alternates = [a.alternate for a in apologies.of_meeting(session, meeting.uid) if a.alternate]
    people = members.recipients(members.at_tables(session, meeting), "members") + alternates + listed
    return list({p.id: p for p in people}.values())


def _not_attainable(session: Session, announcer: Announcer, meeting: Meeting, now: datetime) -> tuple[Deadline, ...]:
    if meeting.status is MeetingStatus.CANCELLED:
        return ()
    return tuple(d for d in announcer.clocks_of(session, meeting) if d.due_at and d.due_at < now)


def _warnings(session: Session, announcer: Announcer, meeting: Meeting) -> Iterator[str]:
    """What a person should know before agreeing: closed days, people due elsewhere, a date still to be confirmed."""
    if meeting.status is MeetingStatus.CANCELLED:
        return
    closed = announcer.calendar.closed(meeting.on)
    if closed:
        yield f"{spoken_date(meeting.on)} is no working day ({closed})."
    day = meetings.between(session, meeting.starts_at - timedelta(hours=12), meeting.ends_at)
    for other in day:
        overlaps = other.starts_at < meeting.ends_at and meeting.starts_at < other.ends_at
        gone = other.status in (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)
        shared = other.uid != meeting.uid and meetings_share_people(announcer.config, meeting, other)
        if shared and overlaps and not gone:
            yield f"People are due at {other.known_as} at the same time ({spoken(other.starts_at)})."
    if meeting.status is MeetingStatus.PROPOSED_MOVE:
        yield f"This date is only proposed, and nobody is told before it is confirmed ({meeting.reason})."
