"""papers: expect, received, withdraw, chair-says, list: what its authors are to send for a meeting's pack."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, members, packs, papers
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken
from bot.commands.by_whom import BY_PMO
from bot.errors import SecretariatError
from bot.model import Person
from schedules import submissions
from schedules.finding import day_named, find_meeting


class ChairsWord(StrEnum):
    taken = papers.TAKEN
    refused = papers.REFUSED


app = typer.Typer(help="Papers expected for a meeting, and their authors.", no_args_is_help=True)
ON = Annotated[str, typer.Argument(metavar="DATE")]


@app.command("expect")
def expect(
    context: typer.Context,
    group: str,
    on: ON,
    title: Annotated[str, typer.Option("--title", help="What the paper is called.")],
    author: Annotated[str, typer.Option("--author", help="Who sends it: somebody on file.")],
    by: BY_PMO,
) -> None:
    """Expect a paper: its author is asked for it when the call for papers goes out."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        said_by, writes = _of_pmo(whole, session, by), members.named(session, author)
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        clocks = whole.announcer.clocks_of(session, meeting)
        due = next((c.due_at for c in clocks if c.kind == "papers" and c.due_at), None)
        if due is None:
            raise SecretariatError(
                f"No papers go out for {meeting.group} on {on}.", hint="Correct the group or the date."
            )
        row = papers.expect(session, meeting, title, writes, by=said_by, now=whole.clock.now())
        typer.echo(
            f"{row.reference}: {row.title}, by {writes.name}, for {meeting.known_as}, {spoken(meeting.starts_at)}."
        )
        typer.echo(f"The pack goes out by {spoken(due)}.")


@app.command("received")
def received(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    link: Annotated[str, typer.Option("--link", help="Where it lies.")] = "",
) -> None:
    """A paper has come: its author is asked no more."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row = papers.named(session, reference)
        papers.receive(session, row, by=_of_pmo(whole, session, by), now=whole.clock.now(), link=link)
        typer.echo(f"{row.reference} has come: {row.title}.")


@app.command("withdraw")
def withdraw(context: typer.Context, reference: str, by: BY_PMO) -> None:
    """A paper is not expected any more."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row = papers.named(session, reference)
        papers.withdraw(session, row, by=_of_pmo(whole, session, by), now=whole.clock.now())
        typer.echo(f"{row.reference} is not expected any more: {row.title}.")


@app.command("chair-says")
def chair_says(
    context: typer.Context,
    reference: str,
    word: Annotated[ChairsWord, typer.Argument(help="What the Chair says of it.")],
    by: BY_PMO,
    reason: Annotated[str, typer.Option("--reason", help="Why not: its author reads it.")] = "",
) -> None:
    """The Chair's word on a late paper; its author is told."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    with whole.database.session() as session:
        person = members.named(session, by)
        row = submissions.waits_for_chair(session, whole.config, reference, by=person, now=now)
        submissions.chair_says(session, whole.config, row, word.value, by=person, now=now, reason=reason)
        typer.echo(f"{row.reference} is {word.value}: {row.title}. Its author is told.")


@app.command("list")
def list_papers(context: typer.Context, group: str, on: ON) -> None:
    """The papers expected for a meeting, and which have come."""
    whole = context.obj.secretariat
    table = Table("Reference", "Title", "Author", "Received (London)", "State", "Link")
    with whole.database.session() as session:
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        for row in papers.of_meeting(session, meeting.uid):
            came = f"{spoken(row.received_at)}, by {row.received_by}" if row.received_at else "not yet"
            author, state = papers.author(session, row), packs.state_of(row)
            table.add_row(row.reference, row.title, author, came, state, row.link)
    Console().print(table)


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(session, name, Deed.FILES, whole.clock.now(), hint="Only the PMO keeps the list of papers.")
