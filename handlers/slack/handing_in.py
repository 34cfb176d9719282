"""A Word document that is handed in by a modal: its form, where there is none, and how much of it is read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from bot.errors import SecretariatError
from bot.model import Person
from bot.slack_text import cut
from handlers.mail.attachments import safe_name
from handlers.slack.blocks import field, modal, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, asker

FILE = "file"  # the form's only field
MOST_BYTES = 40 * 1024 * 1024
LONGEST_LINE = 300


def no_form_here(door: SlackDoor, asked: Asked, elsewhere: str) -> Answer:
    """Where there is no modal: by which doors the document may come instead."""
    with door.database.reading() as session:
        asker(session, asked)
    return Answer(f"A file cannot be handed in here. {elsewhere}")


def document_form(door: SlackDoor, asked: Asked, form: str, title: str, *, says: str, submit: str) -> View:
    """The modal with its file, for somebody on file; `says` what becomes of the document."""
    with door.database.reading() as session:
        asker(session, asked)
    file = FileInputElement(action_id=FILE, filetypes=["docx"], max_files=1)
    hint = f"Up to {MOST_BYTES >> 20} MB."
    return modal(
        form, title, [section(says), field("The .docx as you saved it", file, block_id=FILE, hint=hint)], submit=submit
    )


@dataclass(frozen=True)
class HandedIn:
    """A document, and who handed it in. `file_id` is Slack's own; `name` can be used for a file of ours."""

    person: Person
    file_id: str
    name: str
    content: bytes


def handed_in(door: SlackDoor, filled: Filled, *, missing: str) -> HandedIn | Wrong:
    """What was handed in, or what is wrong with it, said on its field; `missing` where it is not there.

    It is fetched before the database is asked to write: Slack may take its time.
    """
    with door.database.reading() as session:
        person = asker(session, filled.asked)
    files = filled.several(FILE)
    if not files:
        return Wrong({FILE: missing})
    try:
        name, content = door.screens.file(files[0], at_most=MOST_BYTES)
    except SecretariatError as error:
        return Wrong({FILE: str(error)})
    return HandedIn(person, files[0], safe_name(name), content)


def first_of(lines: Sequence[str], most: int, *, where: str = "") -> list[str]:
    """The first of what was read in it, a point each; `where` the others are."""
    left = len(lines) - most
    more = [f"… and {left} more{where}."] if left > 0 else []
    return [*(f"• {cut(line, LONGEST_LINE)}" for line in lines[:most]), *more]
