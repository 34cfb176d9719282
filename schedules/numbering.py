"""A meeting's number in its series: counted from the configured anchor (rules §4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot import meetings
from bot.model import Meeting, MeetingStatus
from schedules.series import Calendar

NOT_HELD = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)


def meeting_number(session: Session, calendar: Calendar, meeting: Meeting) -> int | None:
    """Which meeting of its group this is; None where the group has no anchor, or the meeting lies before it.

    Held meetings count, ad hoc ones included; cancelled ones do not. What people have decided stands over the calendar.
    """
    anchor = calendar.config.groups[meeting.group].anchor
    if anchor is None or meeting.on < anchor.on:
        return None
    planned = {m.uid: m for m in calendar.meetings(anchor.on, meeting.on, [meeting.group])}
    first = min((m.starts_at for m in planned.values()), default=meeting.starts_at)
    kept = {m.uid: m for m in meetings.between(session, first, meeting.starts_at, meeting.group)}
    held = [m for m in (planned | kept).values() if m.status not in NOT_HELD and m.starts_at < meeting.starts_at]
    return anchor.meeting_number + len(held)
