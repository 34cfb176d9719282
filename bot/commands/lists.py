"""lists: join, leave, show: who is on the lists of open groups."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import members, open_lists
from bot.clock import spoken, spoken_date
from schedules.finding import known_group
from schedules.joining import join, leave

app = typer.Typer(help="The lists of open groups, which anybody on file may join or leave.", no_args_is_help=True)
PERSON = Annotated[str, typer.Option("--person", help="Who: name, address or Slack id.")]


@app.command("join")
def join_list(context: typer.Context, group: str, person: PERSON) -> None:
    """Put somebody on an open group's list: they are invited, and get its papers and reports."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        who = members.named(session, person)
        new = join(session, whole.announcer, group, who, whole.clock.now())
    key = known_group(whole.config, group)
    typer.echo(f"{who.name} is on the list of {key}." if new else f"{who.name} is on the list of {key} already.")


@app.command("leave")
def leave_list(context: typer.Context, group: str, person: PERSON) -> None:
    """Take somebody off an open group's list: its coming meetings go from their calendar."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        who = members.named(session, person)
        left = leave(session, whole.announcer, group, who, whole.clock.now())
    typer.echo(f"{who.name} is no longer on the list of {known_group(whole.config, group)}.")
    for meeting in left:
        typer.echo(f"No longer invited: {meeting.known_as}, {spoken(meeting.starts_at)}")


@app.command("show")
def show_list(context: typer.Context, group: str) -> None:
    """Who is on an open group's list today."""
    whole = context.obj.secretariat
    table = Table("Person", "Organisation", "On the list since")
    with whole.database.reading() as session:
        for entry in open_lists.entries(session, known_group(whole.config, group), whole.clock.today()):
            table.add_row(entry.person.name, entry.person.organisation, spoken_date(entry.from_on))
    Console().print(table)
