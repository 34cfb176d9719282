"""apologies: add, withdraw, list: who cannot come to a meeting, and who comes in their place."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, apologies, meetings, members
from bot.app import Secretariat
from bot.clock import spoken
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.store.meeting_tables import MeetingRow
from bot.store.people_tables import PersonRow
from schedules.finding import day_named, find_meeting, known_group

app = typer.Typer(help="Apologies for a meeting, and alternates. No reason is asked or kept.", no_args_is_help=True)
BY = Annotated[str, typer.Option("--by", help="Who says so: the person, or somebody of the PMO.")]
AHEAD = timedelta(days=400)


@app.command("add")
def add(
    context: typer.Context,
    group: str,
    on: Annotated[str, typer.Argument(metavar="DATE")],
    person: Annotated[str, typer.Option("--person", help="Who cannot come.")],
    by: BY,
    alternate: Annotated[str, typer.Option("--alternate", help="Who comes instead; may be named later as well.")] = "",
    email: Annotated[str, typer.Option("--email", help="The alternate's address, where they are not on file.")] = "",
) -> None:
    """Put an apology on file, or name the alternate of one."""
    whole = context.obj.secretariat
    if email and not alternate:
        raise SecretariatError("The address is whose?", hint="Give the alternate's name too: --alternate NAME.")
    with whole.database.session() as session:
        away = members.named(session, person)
        said_by = _on_whose_word(whole, session, by, away)
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        before = apologies.of_person(session, meeting.uid, away)
        instead = apologies.whom(session, alternate, email) if alternate else None
        now = whole.clock.now()
        found = apologies.record(session, meeting, away, by=said_by, now=now, alternate=instead)
        lines = apologies.in_words(found, meeting, away, before)
    typer.echo("\n".join(lines))


@app.command("withdraw")
def withdraw(context: typer.Context, reference: str, by: BY) -> None:
    """The person comes after all."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row = apologies.named(session, reference)
        meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
        person = members.as_person(session.get_one(PersonRow, row.person_id))
        said_by = _on_whose_word(whole, session, by, person)
        found = apologies.withdraw(session, row, meeting, by=said_by, now=whole.clock.now())
    typer.echo(
        f"{found.reference} is withdrawn: {person.name} comes to {meeting.known_as}, {spoken(meeting.starts_at)}."
    )
    if found.alternate:
        typer.echo(f"{found.alternate.name} may have been invited already: please tell them.")


@app.command("list")
def list_apologies(
    context: typer.Context,
    group: Annotated[str | None, typer.Argument()] = None,
    on: Annotated[str | None, typer.Argument(metavar="DATE")] = None,
) -> None:
    """The apologies for meetings to come; of one group; or of one meeting, past or to come."""
    whole = context.obj.secretariat
    table = Table("Reference", "Meeting (London)", "Apologies from", "Alternate", "Came (London)")
    with whole.database.reading() as session:
        for meeting in _meetings(whole, session, group, on):
            for found in apologies.of_meeting(session, meeting.uid):
                instead = found.alternate.name if found.alternate else "none named"
                when = f"{meeting.known_as}, {spoken(meeting.starts_at)}"
                table.add_row(found.reference, when, found.person.name, instead, spoken(found.recorded_at))
    Console().print(table)


def _meetings(whole: Secretariat, session: Session, group: str | None, on: str | None) -> list[Meeting]:
    key = known_group(whole.config, group) if group else None
    if key and on:
        meeting = meetings.on_day(session, key, day_named(on))
        return [meeting] if meeting else []
    now = whole.clock.now()
    return meetings.between(session, now, now + AHEAD, key)


def _on_whose_word(whole: Secretariat, session: Session, name: str, away: Person) -> Person:
    person = members.named(session, name)
    now = whole.clock.now()
    access.require(
        session, access.may_act_for(session, person, away, whole.clock.today()), person=person, now=now,
        what=f"apologies of {away.name}", sentence=f"{person.name} is neither {away.name} nor of the PMO.",
        hint="Apologies are one's own, or the PMO's to note.",
    )  # fmt: skip
    return person
