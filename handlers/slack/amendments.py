"""`/secretariat amend GROUP DATE LINE: text`."""

from __future__ import annotations

from bot import amendments
from bot.errors import SecretariatError
from handlers.slack.door import Asked, SlackDoor, asker
from schedules.finding import find_meeting


def amendment_submitted(door: SlackDoor, asked: Asked) -> str:
    """Record a request; the answer is its receipt. Raises SecretariatError with a sentence for the asker."""
    request = amendments.read_request(asked.text)
    if request is None:
        raise SecretariatError("I could not read that request.", hint=f"Write it as: amend {amendments.FORM}")
    with door.database.session() as session:
        person = asker(session, asked)
        meeting = find_meeting(session, door.calendar, request.group, request.on)
        submission = amendments.Submission(
            meeting=meeting,
            requester=person,
            line=request.line,
            text=request.text,
            came_by="slack",
            source_key=f"slack:{asked.source_key}",
            closes_at=door.announcer.window_of(session, meeting),
        )
        row, _ = amendments.submit(session, submission, door.clock.now())
        subject, text = door.announcer.receipt_text(row, meeting)
    return f"*{_plain(subject)}*\n{_plain(text)}"


def _plain(text: str) -> str:
    """What people wrote is never Slack markup: no smuggled @channel, no link in disguise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
