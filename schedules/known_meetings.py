"""The meetings of a period as they stand: the calendar's, with what people have decided laid over it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import meetings
from bot.model import Meeting
from bot.store.meeting_tables import MeetingRow
from schedules.series import Calendar, at_wall_clock


def known_meetings(
    session: Session, calendar: Calendar, first: date, last: date, groups: Collection[str] | None = None
) -> list[Meeting]:
    """Meetings held from `first` to `last`, both included, in order of start; of all groups, or of those named.

    A joint meeting is one of each group that it serves, and comes once.
    """
    found = {m.uid: m for m in calendar.meetings(first, last, groups)}
    kept = session.scalars(select(MeetingRow).where(MeetingRow.uid.in_(found)))
    found |= {row.uid: meetings.as_meeting(row) for row in kept}  # one that was moved out of the period, too
    starts, ends = at_wall_clock(first, time.min), at_wall_clock(last, time.max)
    found |= {m.uid: m for m in meetings.between(session, starts, ends) if groups is None or set(groups) & {*m.groups}}
    return sorted((m for m in found.values() if first <= m.on <= last), key=lambda m: (m.starts_at, m.group))
