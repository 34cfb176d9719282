"""A bank holiday that comes late, or a closure added: which deadlines it moves, for the PMO to accept.

The new days hold at once: a deadline on a closed day would be wrong. What was accepted last is remembered, so that
the PMO sees what has moved since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot import audit, facts
from bot.model import Meeting
from schedules.deadlines import all_deadlines
from schedules.series import Calendar
from schedules.working_days import WorkingDaysAsKnown

FACT = "closed_days_accepted"
YEARS_AHEAD = 2
LOOK_AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class MovedDeadline:
    """One clock that a change of the closed days has moved. None: it does not exist on that side."""

    meeting: Meeting
    clock: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class ClosureChange:
    """What has changed since the PMO last accepted the closed days."""

    added: dict[date, str]
    removed: dict[date, str]
    moved: tuple[MovedDeadline, ...]


def closed_weekdays(calendar: Calendar, today: date) -> dict[date, str]:
    """Every closed weekday from the beginning of last year to the end of the year after next."""
    first, last = date(today.year - 1, 1, 1), date(today.year + YEARS_AHEAD, 12, 31)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: why for day in days if day.weekday() < 5 and (why := calendar.closed(day))}


def accept(session: Session, calendar: Calendar, now: datetime, *, by: str) -> None:
    """Remember the closed days as they are now, on a person's word (or at the first start)."""
    known = closed_weekdays(calendar, now.date())
    facts.remember(session, FACT, json.dumps({day.isoformat(): why for day, why in known.items()}))
    audit.record(session, now, by, "closed days accepted", f"{len(known)} days")


def change_since_accepted(session: Session, calendar: Calendar, today: date) -> ClosureChange | None:
    """What has changed since; None where nothing has, or nothing was ever accepted."""
    kept = facts.recall(session, FACT)
    if kept is None:
        return None
    known = {date.fromisoformat(day): why for day, why in json.loads(kept).items()}
    first, last = min(known, default=today), max(known, default=today)
    present = {day: why for day, why in closed_weekdays(calendar, today).items() if first <= day <= last}
    added = {day: why for day, why in present.items() if day not in known}
    removed = {day: why for day, why in known.items() if day not in present and day.year >= today.year - 1}
    if not (added or removed):
        return None
    return ClosureChange(added, removed, _moved(calendar, Calendar(calendar.config, WorkingDaysAsKnown(known)), today))


def _moved(now: Calendar, before: Calendar, today: date) -> tuple[MovedDeadline, ...]:
    was = _by_clock(before, today)
    found = []
    for key, (meeting, due_at) in _by_clock(now, today).items():
        old = was.get(key, (meeting, None))[1]
        if old != due_at:
            found.append(MovedDeadline(meeting, key[1], old, due_at))
    return tuple(sorted(found, key=lambda m: (m.after or m.meeting.starts_at, m.meeting.group)))


def _by_clock(calendar: Calendar, today: date) -> dict[tuple[str, str], tuple[Meeting, datetime | None]]:
    found = all_deadlines(calendar, today - timedelta(days=45), today + LOOK_AHEAD)
    return {(m.uid, d.kind): (m, d.due_at) for m, deadlines in found for d in deadlines}
