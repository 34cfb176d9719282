"""members: who is on file, which seats they hold, what they chose to hear, which addresses take mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import access, audit, bounces, members
from bot.access import Deed
from bot.commands.by_whom import BY_PMO
from bot.commands.settings import Settings
from bot.errors import UnknownThing

app = typer.Typer(help="People and their seats.", no_args_is_help=True)


@app.command("import")
def import_members(context: typer.Context, file: Path) -> None:
    """Put people and their seats on file from a CSV file."""
    settings: Settings = context.obj
    lines = members.read_members_file(file, settings.config.groups)
    whole = settings.secretariat
    with whole.database.session() as session:
        people, seats = members.import_members(session, lines)
        audit.record(session, whole.clock.now(), "terminal", "members imported", file.name, people=people, seats=seats)
    typer.echo(f"{len(lines)} lines read: {people} people and {seats} seats are new.")


@app.command("list")
def list_members(context: typer.Context, group: Annotated[str | None, typer.Option()] = None) -> None:
    """Who holds which seat today."""
    whole = context.obj.secretariat
    table = Table("Person", "Organisation", "Group", "Seat", "Role", "Constituency", "Mail", "Slack")
    with whole.database.reading() as session:
        for held in members.holdings(session, whole.clock.today(), group=group):
            person = held.person
            table.add_row(
                person.name, person.organisation, held.group or "all", held.seat, held.role, held.constituency or "",
                person.email or "", person.slack_user_id or "",
            )  # fmt: skip
    Console().print(table)


@app.command("opt-in")
def opt_in(context: typer.Context, person: str, step: str) -> None:
    """A person chooses to hear a reminder that nobody hears otherwise (`opt_in` in the ladder)."""
    _choose(context.obj, person, step, wanted=True)


@app.command("opt-out")
def opt_out(context: typer.Context, person: str, step: str) -> None:
    """A person chooses to hear such a reminder no more."""
    _choose(context.obj, person, step, wanted=False)


def _choose(settings: Settings, name: str, step: str, *, wanted: bool) -> None:
    whole = settings.secretariat
    offered = [s.id for s in whole.config.reminders if s.opt_in]
    if step not in offered:
        raise UnknownThing(f"{step} is nothing to choose.", hint=f"To choose from: {', '.join(offered) or 'nothing'}.")
    with whole.database.session() as session:
        person = members.named(session, name)
        if wanted:
            members.choose(session, person, step)
        else:
            members.choose_no_more(session, person, step)
        event = "chose to hear" if wanted else "chose to hear no more"
        audit.record(session, whole.clock.now(), person.name, event, step)
    typer.echo(f"{person.name} {'hears' if wanted else 'no longer hears'} {step}.")


@app.command("mail-works")
def mail_works(context: typer.Context, address: str, by: BY_PMO) -> None:
    """An address from which a mail came back takes mail after all."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.FILES, whole.clock.now(), hint="Only the PMO corrects addresses.")
        if not bounces.unmark(session, address, by=person.name, now=whole.clock.now()):
            raise UnknownThing(f"No mail came back from {address}.", hint="Take the address from the PMO's mail.")
    typer.echo(f"{address} is written to again. What was given up: secretariat outbox retry --all --by NAME")
