"""queries: ask, list, send-on, answered, withdraw: general queries, and who takes them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, members, queries
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken, spoken_date
from bot.commands.by_whom import BY_PMO, whoever_did_or_pmo
from bot.model import Person
from bot.queries import Asked
from schedules.finding import known_group

app = typer.Typer(help="General queries: proposed to a mailbox, passed on by the PMO.", no_args_is_help=True)


@app.command("ask")
def ask(
    context: typer.Context,
    text: str,
    by: Annotated[str, typer.Option("--by", help="Who asks: somebody on file.")],
    group: Annotated[str | None, typer.Option("--group", help="The group that it is about.")] = None,
) -> None:
    """Record a query: which mailbox takes it, and why."""
    whole: Secretariat = context.obj.secretariat
    now, nth_working_day = whole.clock.now(), whole.calendar.closed.nth_from
    with whole.database.session() as session:
        asker = members.named(session, by)
        about = known_group(whole.config, group) if group else None
        asked = Asked(text, "command", f"command:{asker.id}:{now.isoformat()}", by=asker, group=about)
        row, _ = queries.ask(session, whole.config, asked, now, nth_working_day=nth_working_day)
        typer.echo(queries.answer_text(session, whole.config, row))


@app.command("list")
def list_queries(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those answered or withdrawn, too.")] = False,
) -> None:
    """The queries that wait, what is due first."""
    whole: Secretariat = context.obj.secretariat
    table = Table("Reference", "Asked (London)", "From", "Query", "For", "State", "Due")
    with whole.database.reading() as session:
        for row in queries.on_file(session, closed=every):
            goes_to = row.sent_to or f"{row.mailbox}{'?' if row.is_uncertain else ''}"
            state = row.state.replace("_", " ") + (f" ({row.for_a_person})" if row.for_a_person else "")
            due = spoken_date(row.due_on) if row.due_on else ""
            asker = queries.asker_of(session, row)
            table.add_row(row.reference, spoken(row.asked_at), asker, row.text, goes_to, state, due)
    Console().print(table)


@app.command("send-on")
def send_on(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    to: Annotated[str | None, typer.Option("--to", help="Another mailbox than the one proposed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go out; send nothing.")] = False,
) -> None:
    """Pass a query on to a mailbox, with the asker's words; the asker is told."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), queries.named(session, reference)
        address = queries.send_on(session, whole.config, row, by=person, now=whole.clock.now(), mailbox=to)
        if dry_run:
            session.rollback()
    typer.echo(f"{reference.upper()} {'would be' if dry_run else 'is'} passed on to {address}.")


@app.command("answered")
def answered(context: typer.Context, reference: str, by: BY_PMO) -> None:
    """The asker has an answer."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), queries.named(session, reference)
        queries.answered(session, row, by=person, now=whole.clock.now())
    typer.echo(f"{reference.upper()} is answered.")


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    reference: str,
    by: Annotated[str, typer.Option("--by", help="Who says so: who asked, or somebody of the PMO.")],
) -> None:
    """The query is asked no more."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        row = queries.named(session, reference)
        asker = members.by_id(session, row.person_id) if row.person_id else None
        wanted, asked = f"withdraw {row.reference}", f"asked {row.reference}"
        person = whoever_did_or_pmo(session, by, asker, whole.clock, what=wanted, did=asked)
        queries.withdraw(session, row, by=person, now=whole.clock.now())
    typer.echo(f"{reference.upper()} is withdrawn.")


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    hint = "The PMO passes queries on and closes them."
    return access.pmo_named(session, name, Deed.CORRESPOND, whole.clock.now(), hint=hint)
