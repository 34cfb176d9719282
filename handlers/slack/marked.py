"""`marked`: an issued report that was marked up in Word is handed in as a file; each line becomes a request."""

from __future__ import annotations

from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from bot.errors import NotAllowed, SecretariatError, StateUnusable
from bot.model import Person
from bot.slack_text import cut, escaped, spelt
from handlers import marked_documents
from handlers.mail.attachments import safe_name
from handlers.marked_documents import Came
from handlers.slack.blocks import button, buttons, field, modal, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, asker

MARKED, FILE = "marked", "file"
MOST_BYTES = 40 * 1024 * 1024
MOST_LINES, LONGEST_LINE = 30, 300
ELSEWHERE = "Mail the document to the PMO's mailbox: it is read there line by line."


def marked_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Where there is no modal, the other door."""
    with door.database.reading() as session:
        asker(session, asked)
    return Answer(f"A file cannot be handed in here. {ELSEWHERE}")


def marked_opened(door: SlackDoor, asked: Asked) -> View:
    """The file."""
    with door.database.reading() as session:
        asker(session, asked)
    file = FileInputElement(action_id=FILE, filetypes=["docx"], max_files=1)
    blocks: list[Block] = [
        section("The report as it was issued, with your changes tracked, or comments: each line becomes a request."),
        field("The .docx as you saved it", file, block_id=FILE, hint=f"Up to {MOST_BYTES >> 20} MB."),
    ]
    return modal(MARKED, "A marked-up report", blocks, submit="Send")


def marked_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Enter what is certain, in the sender's name; what is wrong with the file is said on its field, and it is kept.

    It is fetched before the database is asked to write: Slack may take its time.
    """
    with door.database.reading() as session:
        person = asker(session, filled.asked)
    files = filled.several(FILE)
    if not files:
        return Wrong({FILE: "Add the document."})
    try:
        name, content = door.screens.file(files[0], at_most=MOST_BYTES)
        return marked_given(door, person, name, content)
    except (StateUnusable, NotAllowed):
        raise
    except SecretariatError as error:
        return Wrong({FILE: str(error)[:500]})


def marked_given(door: SlackDoor, person: Person, name: str, content: bytes) -> Answer:
    """The receipt of every request that it brings. Raises SecretariatError, with a sentence, where nothing is read."""
    writer, came = door.issuing().writer, Came("slack", safe_name(name))
    with door.database.session() as session:
        row = marked_documents.from_document(
            session, door.announcer, writer, content, person, came, door.clock.now()
        )  # fmt: skip
        lines = [cut(line, LONGEST_LINE) for line in marked_documents.said(session, row)]
    left = len(lines) - MOST_LINES
    more = [f"… and {left} more."] if left > 0 else []
    said = ["What you marked is recorded.", *(f"• {line}" for line in lines[:MOST_LINES]), *more]
    blocks: list[Block] = [*map(section, map(spelt, said)), buttons(button("My requests", "requests"))]
    return Answer("\n".join(map(escaped, said)), tuple(blocks))
