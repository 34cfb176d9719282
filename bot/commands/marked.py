"""amendments from-word, amendments marked: an issued report that came back marked up becomes requests, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bot import access, members
from bot.access import Deed
from bot.clock import spoken
from bot.drafts import reference_of
from bot.marked_requests import Marked, MarkedUp
from bot.report_cells import place_or_whole
from handlers import marked_documents
from handlers.marked_documents import Came, Reader

LINES = Annotated[list[int] | None, typer.Option(help="The number of a line, as it is listed. Repeatable.")]


def add_to(amendments_app: typer.Typer) -> None:
    """Register the commands of this module among those of `amendments`."""
    amendments_app.command("from-word")(from_word)
    amendments_app.command("marked")(marked)


def from_word(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The marked-up .docx, as it came.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option("--by", help="Whose requests they are: name, address or Slack id.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it asks for, and enter nothing.")] = False,
) -> None:
    """Read an issued report that came back with tracked changes or comments; each line becomes a request."""
    whole = context.obj.secretariat
    now, content = whole.clock.now(), file.read_bytes()
    if dry_run:
        with whole.database.reading() as session:
            found = Reader(whole.announcer, whole.word).read(session, content, members.named(session, by), now)
        typer.echo("\n".join(_would_ask(found)))
        return
    with whole.database.session() as session:
        who = members.named(session, by)
        row = marked_documents.from_document(
            session, whole.announcer, whole.word, content, who, Came("command", file.name), now
        )
        lines = marked_documents.said(session, row)
        more = f"Decide on what waits: secretariat amendments marked {row.id}" if row.waits else ""
    typer.echo("\n".join(filter(None, [*lines, more])))


def _would_ask(found: MarkedUp) -> Iterator[str]:
    yield f"{reference_of(found.meeting)}, as {found.sent} was issued"
    yield from found.notes
    for number, line in enumerate(found.lines, 1):
        yield from _shown(number, line)


def _shown(number: int, line: Marked) -> Iterator[str]:
    yield f"{number}. {place_or_whole(line.line, line.cell)} ({line.about})"
    if line.present:
        yield f"   present text: {line.present}"
    yield f"   {'in words' if line.in_words else 'proposed text'}: {line.proposed}"
    if line.reason:
        yield f"   reason: {line.reason}"
    if line.known:
        yield f"   {line.known} asks for the same already"
    elif line.doubt:
        yield f"   would wait for a person: {line.doubt}"


def marked(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help="One of them; without it, those that wait are listed.")] = None,
    enter: LINES = None,
    leave: LINES = None,
    seen_to: Annotated[bool, typer.Option("--seen-to", help="Nothing more is to be done about it.")] = False,
    by: Annotated[str, typer.Option("--by", help="The person of the PMO whose word this is.")] = "",
) -> None:
    """Marked-up reports that wait for a person: look at one, have lines entered in the sender's name, or leave them."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    with whole.database.session() as session:
        if number is None:
            waiting = marked_documents.waiting(session)
            for row in waiting:
                who = members.by_id(session, row.sender_id)
                name = who.name if who else row.sender_id
                typer.echo(f"{row.id}: {row.name}, from {name} by {row.came_by}, {spoken(row.came_at)}")
            if not waiting:
                typer.echo("No marked-up report waits.")
            return
        row = marked_documents.named(session, number)
        if enter or leave or seen_to:
            person = access.pmo_named(session, by, Deed.REVIEW, now, hint="Only the PMO decides what waits.")
            numbers = ([line - 1 for line in lines or []] for lines in (enter, leave))
            marked_documents.decide(session, whole.announcer, row, *numbers, by=person, now=now)
            if seen_to:
                marked_documents.seen_to(session, row, by=person, now=now)
        for line in marked_documents.said(session, row):
            typer.echo(line)
