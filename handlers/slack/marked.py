"""`marked`: an issued report that was marked up in Word is handed in as a file; each line becomes a request."""

from __future__ import annotations

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import NotAllowed, SecretariatError, StateUnusable
from bot.model import Person
from bot.slack_text import escaped, spelt
from handlers import marked_documents
from handlers.marked_documents import Came
from handlers.slack.blocks import button, buttons, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong
from handlers.slack.handing_in import FILE, document_form, first_of, handed_in, no_form_here

MARKED = "marked"
MOST_LINES = 30
ELSEWHERE = "Mail the document to the PMO's mailbox: it is read there line by line."


def marked_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Where there is no modal, the other door."""
    return no_form_here(door, asked, ELSEWHERE)


def marked_opened(door: SlackDoor, asked: Asked) -> View:
    """The file."""
    says = "The report as it was issued, with your changes tracked, or comments: each line becomes a request."
    return document_form(door, asked, MARKED, "A marked-up report", says=says, submit="Send")


def marked_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Enter what is certain, in the sender's name; what is wrong with the file is said on its field, and it is kept."""
    given = handed_in(door, filled, missing="Add the document.")
    if isinstance(given, Wrong):
        return given
    try:
        return marked_given(door, given.person, given.name, given.content)
    except (StateUnusable, NotAllowed):
        raise
    except SecretariatError as error:
        return Wrong({FILE: str(error)[:500]})


def marked_given(door: SlackDoor, person: Person, name: str, content: bytes) -> Answer:
    """The receipt of every request that it brings. Raises SecretariatError, with a sentence, where nothing is read."""
    writer, came = door.issuing().writer, Came("slack", name)
    with door.database.session() as session:
        row = marked_documents.from_document(
            session, door.announcer, writer, content, person, came, door.clock.now()
        )  # fmt: skip
        lines = first_of(marked_documents.said(session, row), MOST_LINES)
    said = ["What you marked is recorded.", *lines]
    blocks: list[Block] = [*map(section, map(spelt, said)), buttons(button("My requests", "requests"))]
    return Answer("\n".join(map(escaped, said)), tuple(blocks))
