"""A meeting called at short notice has clocks already past: not attainable, not late (rules §3). Pure."""

from __future__ import annotations

from datetime import datetime

from bot.clock import LONDON, spoken_date
from bot.model import Meeting


def is_attainable(meeting: Meeting, due_at: datetime | None) -> bool:
    """Whether a clock could be met at all: it had not passed when a person set the meeting's date."""
    return due_at is None or meeting.called_at is None or due_at >= meeting.called_at


def why_not_attainable(meeting: Meeting, due_at: datetime | None) -> str:
    """The reason, with who approves; empty where the clock can be met."""
    if is_attainable(meeting, due_at) or meeting.called_at is None:
        return ""
    called_on = spoken_date(meeting.called_at.astimezone(LONDON).date())
    approved = f"approved by {meeting.approved_by}" if meeting.approved_by else "the Chair approves"
    return f"Not attainable: the meeting was called on {called_on}; {approved}."
