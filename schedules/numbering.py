"""A meeting's number in its series: counted from the configured anchor (rules §4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.model import Meeting, MeetingStatus
from schedules.known_meetings import known_meetings
from schedules.series import Calendar

NOT_HELD = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)


def meeting_number(session: Session, calendar: Calendar, meeting: Meeting) -> int | None:
    """Which meeting of its group this is; None where the group has no anchor, or the meeting lies before it.

    Held meetings count, ad hoc and joint ones included; cancelled ones do not. What people have decided stands over
    the calendar.
    """
    anchor = calendar.config.groups[meeting.group].anchor
    if anchor is None or meeting.on < anchor.on:
        return None
    known = known_meetings(session, calendar, anchor.on, meeting.on, [meeting.group])
    held = [m for m in known if m.status not in NOT_HELD and m.starts_at < meeting.starts_at]
    return anchor.meeting_number + len(held)
