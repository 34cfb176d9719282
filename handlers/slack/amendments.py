"""`/secretariat amend GROUP DATE LINE: text`."""

from __future__ import annotations

from bot import amendments
from bot.errors import SecretariatError
from bot.slack_text import escaped
from handlers.requests import enter_request
from handlers.slack.door import Answer, Asked, SlackDoor, asker


def amendment_submitted(door: SlackDoor, asked: Asked) -> Answer:
    """Record a request; the answer is its receipt. Raises SecretariatError with a sentence for the asker."""
    request = amendments.read_request(asked.text)
    if request is None:
        raise SecretariatError("I could not read that request.", hint=f"Write it as: amend {amendments.FORM}")
    with door.database.session() as session:
        person = asker(session, asked)
        row, meeting = enter_request(
            session, door.announcer, request, person, came_by="slack", source_key=asked.source_key, now=door.clock.now()
        )
        subject, text = door.announcer.receipt_text(row, meeting)
    return Answer(f"*{escaped(subject)}*\n{escaped(text)}")
