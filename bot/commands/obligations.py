"""done, change-request: what has been done elsewhere, and what has been decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, change_requests, meetings, obligations
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken, spoken_date
from bot.commands.by_whom import BY_PMO
from bot.drafts import reference_of
from bot.errors import SecretariatError, UnknownThing
from bot.model import Person
from bot.obligations import Obligation
from bot.store.meeting_tables import ChangeRequestRow
from schedules.deadlines import deadline_of_decision
from schedules.finding import day_named, known_group

change_app = typer.Typer(help="Change requests: decided, and their decision communicated.", no_args_is_help=True)
LINK = Annotated[str, typer.Option("--link", help="Where it can be seen.")]
NEAR = timedelta(days=400)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("done")(done)
    app.add_typer(change_app, name="change-request")


def done(context: typer.Context, obligation: str, by: BY_PMO, link: LINK = "") -> None:
    """Mark as done elsewhere: PSG-2026-11-04/papers, PSG27-03/action, AM-001/request, CR041/change_decision ..."""
    whole = context.obj.secretariat
    reference, _, clock = obligation.rpartition("/")
    now = whole.clock.now()
    with whole.database.session() as session:
        person = _of_pmo(whole, session, by)
        found = _named(whole, session, reference, clock, now)
        obligations.meet(session, found, by=person, of_pmo=True, now=now, link=link, named=obligation)
    typer.echo(f"{obligation} is marked as met by {person.name}; its reminders stop.")


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(session, name, Deed.DONE, whole.clock.now(), hint="Only the PMO says so by command.")


def _named(whole: Secretariat, session: Session, reference: str, clock: str, now: datetime) -> Obligation:
    """A meeting's clock by the meeting's reference, or what hangs on something on file by its own."""
    if clock in obligations.ON_FILE:
        return obligations.on_file(session, reference, clock, whole.config.programme.domain)
    near = meetings.between(session, now - NEAR, now + NEAR)
    meeting = next((m for m in near if reference_of(m).casefold() == reference.casefold()), None)
    if meeting is None:
        raise UnknownThing(f"There is no meeting {reference}.", hint="Write it as PSG-2026-11-04/papers.")
    kinds = [d.kind for d in whole.announcer.clocks_of(session, meeting)]
    kinds += ["recording_arrival"] * ("recording" in kinds)
    if clock not in kinds:
        raise UnknownThing(
            f"{reference} has no clock {clock or '(none given)'}.", hint=f"Its clocks: {', '.join(kinds)}."
        )
    return Obligation(meeting.uid, clock)


@change_app.command("decided")
def decided(
    context: typer.Context, reference: str, group: str, on: Annotated[str, typer.Argument(metavar="DATE")], by: BY_PMO
) -> None:
    """A change request was decided on that day (by Ofgem, where Ofgem decides): its decision is to be communicated."""
    whole = context.obj.secretariat
    key, day, today = known_group(whole.config, group), day_named(on), whole.clock.today()
    deadline = deadline_of_decision(key, day, whole.calendar)
    if day > today:
        raise SecretariatError(f"{spoken_date(day)} is still to come.", hint="Give the day of the decision.")
    if deadline is None or deadline.due_at is None:
        raise SecretariatError(
            f"No clock for change request decisions runs for {key}.",
            hint="Name the group that decides; see `change_decision` in the configuration.",
        )
    with whole.database.session() as session:
        person = _of_pmo(whole, session, by)
        change_requests.decided(session, reference, key, day, by=person, now=whole.clock.now())
    typer.echo(f"{reference}: its decision is to be communicated by {spoken(deadline.due_at)}.")


@change_app.command("communicated")
def communicated(context: typer.Context, reference: str, by: BY_PMO, link: LINK = "") -> None:
    """The decision was communicated: its reminders stop."""
    done(context, f"{reference}/{obligations.CHANGE_DECISION}", by, link)


@change_app.command("list")
def list_change_requests(context: typer.Context) -> None:
    """Every change request on file."""
    table = Table("Reference", "Group", "Decided", "Communicated (London)")
    with context.obj.secretariat.database.reading() as session:
        for row in session.scalars(select(ChangeRequestRow).order_by(ChangeRequestRow.reference)):
            told = spoken(row.communicated_at) if row.communicated_at else "not yet"
            table.add_row(row.reference, row.group_key, spoken_date(row.decided_on), told)
    Console().print(table)
