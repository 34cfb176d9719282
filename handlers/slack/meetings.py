"""`/secretariat next [GROUP]` and `/secretariat deadlines GROUP [DATE]`."""

from __future__ import annotations

from datetime import timedelta

from bot import meetings
from bot.clock import spoken
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, MeetingStatus
from handlers.slack.door import Answer, Asked, SlackDoor, asker
from schedules.finding import day_named, find_meeting, known_group

AHEAD = timedelta(days=100)
MOST_SHOWN = 8


def next_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The next meetings, of one group or of all."""
    now = door.clock.now()
    with door.database.reading() as session:
        asker(session, asked)
        group = known_group(door.config, asked.text.strip()) if asked.text.strip() else None
        coming = meetings.between(session, now, now + AHEAD, group)
    if not coming:
        return Answer("No meeting is on the calendar for the next hundred days.")
    return Answer("\n".join(_line(meeting) for meeting in coming[:MOST_SHOWN]))


def deadlines_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Every clock of a group's next meeting, or of the one on a date."""
    words = asked.text.split()
    if not words:
        raise SecretariatError("Which group's deadlines?", hint="Write: deadlines PSG, or: deadlines PSG 2024-02-07")
    now = door.clock.now()
    # Only a meeting that is not on file yet is written; a mere look waits for nobody.
    opened = door.database.session if len(words) > 1 else door.database.reading
    with opened() as session:
        asker(session, asked)
        group = known_group(door.config, words[0])
        meeting = (
            find_meeting(session, door.calendar, group, day_named(words[1]))
            if len(words) > 1
            else next(iter(meetings.between(session, now, now + AHEAD, group)), None)
        )
        if meeting is None:
            raise UnknownThing(f"{group} has no meeting in the next hundred days.", hint="Give a date as well.")
        clocks = door.announcer.clocks_of(session, meeting)
    said = [f"• {d.rule}: *{spoken(d.due_at)}*" if d.due_at else f"• {d.rule}: {d.note}" for d in clocks]
    return Answer("\n".join([_line(meeting), *said]))


def _line(meeting: Meeting) -> str:
    if meeting.status is MeetingStatus.PROPOSED_MOVE:
        return f"*{meeting.known_as}*: date to be confirmed ({meeting.reason})"
    mark = {MeetingStatus.CANCELLED: " (cancelled)", MeetingStatus.EMAIL_UPDATE: " (e-mail update in lieu of papers)"}
    return f"*{meeting.known_as}*: {spoken(meeting.starts_at)}{mark.get(meeting.status, '')}"
