"""What goes with a meeting that is moved or cancelled: the webinar that prepares it (rules §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot import meetings
from bot.clock import LONDON, spoken, spoken_date
from bot.model import Meeting, MeetingStatus
from schedules.known_meetings import known_meetings
from schedules.series import PREPARES_WITHIN, Calendar, at_wall_clock, meetings_share_people, moved_with

SEARCHED = PREPARES_WITHIN + timedelta(days=15)


@dataclass(frozen=True)
class Follower:
    """A meeting that prepares the one changed: `after` is what becomes of it; None: it is left alone, for a reason."""

    before: Meeting
    after: Meeting | None = None
    left_alone: str = ""


def followers_of(
    session: Session, calendar: Calendar, before: Meeting | None, after: Meeting, now: datetime
) -> Iterator[Follower]:
    """What becomes of the meetings that prepare the one changed. At another hour of the same day, nothing does.

    One comes as many working days before as by the rules, at its usual time; where that day is taken or past, it is
    only proposed. One held, cancelled or moved by a person before is left alone.
    """
    cancelled = after.status is MeetingStatus.CANCELLED
    if before is None or not before.is_ordinary or (before.on == after.on and not cancelled):
        return
    for planned in calendar.preparing(after.group, after.nominal_on):
        kept = meetings.by_uid(session, planned.uid) or planned
        target = None if cancelled else _target(session, calendar, planned, after, now)
        if target and _is_there(kept, target):
            continue
        why = _why_left_alone(calendar, planned, kept, before, now)
        if not why and target and target.starts_at <= now:
            why = "finds no free day before it"
        if why:
            yield Follower(kept, left_alone=f"{kept.group} ({spoken(kept.starts_at)}) {why}; it is left as it is.")
        else:
            yield Follower(kept, _changed(kept, target, after, now))


def _is_there(kept: Meeting, target: Meeting) -> bool:
    """Whether it needs no change: held there already, and not only proposed where the other is settled."""
    proposed = MeetingStatus.PROPOSED_MOVE
    return kept.starts_at == target.starts_at and (kept.status is proposed) == (target.status is proposed)


def _why_left_alone(calendar: Calendar, planned: Meeting, kept: Meeting, before: Meeting, now: datetime) -> str:
    if kept.starts_at <= now:
        return "has been held already"
    if kept.status is MeetingStatus.CANCELLED:
        return "is cancelled already"
    by_entry = any((e.group, e.on) == (kept.group, kept.nominal_on) for e in calendar.config.dated_entries)
    went_with_it = kept.starts_at == _for(calendar, planned, before, lambda _: True).starts_at
    if by_entry or (kept.status is MeetingStatus.MOVED and not went_with_it):
        return "was moved by a person"
    return ""


def _changed(kept: Meeting, target: Meeting | None, after: Meeting, now: datetime) -> Meeting:
    """The meeting as it will be, with its revision raised; cancelled where there is nowhere to go."""
    changed = replace(kept, revision=kept.revision + 1, called_at=now, proposals=())
    if target is None:
        reason = f"{after.group}, which it prepares, is cancelled"
        return replace(changed, status=MeetingStatus.CANCELLED, reason=reason)
    settled = target.status is not MeetingStatus.PROPOSED_MOVE
    return replace(
        changed,
        starts_at=target.starts_at,
        ends_at=target.ends_at,
        status=MeetingStatus.MOVED if settled else target.status,
        reason=target.reason or moved_with(after.group, after.on),
        proposals=target.proposals,
        called_at=now if settled else None,
    )


def _target(session: Session, calendar: Calendar, planned: Meeting, after: Meeting, now: datetime) -> Meeting:
    """Where it is to be held, now that the meeting it prepares is where it is."""
    today = now.astimezone(LONDON).date()
    around = known_meetings(session, calendar, after.on - SEARCHED, after.on)
    others = [m for m in around if m.uid not in (planned.uid, after.uid) and m.status is not MeetingStatus.CANCELLED]

    def is_free(day: date) -> bool:
        there = _on(planned, day)
        return day > today and not any(_clashes(calendar, there, other) for other in others)

    return _for(calendar, planned, after, is_free)


def _for(calendar: Calendar, planned: Meeting, served: Meeting, is_free: Callable[[date], bool]) -> Meeting:
    """The meeting on its day before the one served: as the configuration has it, where it has that one there too."""
    by_rule = calendar.meeting_on(served.group, served.nominal_on)
    if by_rule and (by_rule.nominal_on, by_rule.on) == (served.nominal_on, served.on):
        return planned
    day, others = calendar.day_to_prepare(planned.group, planned.nominal_on, served.on, is_free)
    reason = moved_with(served.group, served.on)
    if others is None:
        return replace(_on(planned, day), status=MeetingStatus.MOVED, reason=reason)
    reason += f"; {spoken_date(day)} is past or not free, so a person confirms another day"
    there = _on(planned, others[0] if others else day)
    return replace(there, status=MeetingStatus.PROPOSED_MOVE, reason=reason, proposals=others)


def _on(planned: Meeting, day: date) -> Meeting:
    """The meeting on that day, at its usual time."""
    start, end = (instant.astimezone(LONDON).time() for instant in (planned.starts_at, planned.ends_at))
    return replace(planned, starts_at=at_wall_clock(day, start), ends_at=at_wall_clock(day, end), proposals=())


def _clashes(calendar: Calendar, one: Meeting, other: Meeting) -> bool:
    """Whether people of one are due at the other at that time, or its own group meets that day."""
    if other.group == one.group:
        return other.on == one.on
    overlaps = other.starts_at < one.ends_at and one.starts_at < other.ends_at
    return overlaps and meetings_share_people(calendar.config, one, other)
