"""holidays: the deadlines that a new bank holiday or closure has moved, for the PMO to accept."""

from __future__ import annotations

from datetime import datetime

import typer

from bot import access
from bot.access import Deed
from bot.clock import spoken, spoken_date
from bot.commands.by_whom import BY_PMO
from schedules.closures import ClosureChange, accept, change_since_accepted

app = typer.Typer(help="Closed days: what a new one moves; accept it.", invoke_without_command=True)


@app.callback()
def show(context: typer.Context) -> None:
    """List every deadline that moved since the closed days were last accepted, old and new."""
    if context.invoked_subcommand:
        return
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        change = change_since_accepted(session, whole.calendar, whole.clock.today())
    typer.echo("\n".join(lines_of(change)) if change else "No closed day has changed since it was last accepted.")


@app.command("accept")
def accept_change(context: typer.Context, by: BY_PMO) -> None:
    """Take note of the moved deadlines: they hold already, and are listed no more."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.FILES, whole.clock.now(), hint="Only the PMO accepts them.")
        accept(session, whole.calendar, whole.clock.now(), by=person.name)
    typer.echo(f"The closed days as they are now were accepted by {person.name}.")


def lines_of(change: ClosureChange) -> list[str]:
    """The change in words, a line each."""
    said = [f"closed now: {spoken_date(day)} ({why})" for day, why in sorted(change.added.items())]
    said += [f"a working day now: {spoken_date(day)} (was {why})" for day, why in sorted(change.removed.items())]
    for moved in change.moved:
        named = f"{moved.meeting.group} {moved.meeting.on.isoformat()}"
        said.append(f"  {moved.clock} of {named}: {_or_none(moved.before)} becomes {_or_none(moved.after)}")
    return [*said, "They hold already. To take note: secretariat holidays accept --by PERSON"]


def _or_none(instant: datetime | None) -> str:
    return spoken(instant) if instant else "none"
