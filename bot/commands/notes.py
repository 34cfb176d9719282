"""reports from-notes: the draft of a meeting that was not recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import access, notes
from bot.access import Deed
from bot.app import notes_text
from schedules.finding import day_named, find_meeting


def add_to(reports_app: typer.Typer) -> None:
    """Register the command of this module among those of `reports`."""
    reports_app.command("from-notes")(from_notes)


def from_notes(
    context: typer.Context,
    group: str,
    on: Annotated[str, typer.Argument(metavar="DATE")],
    file: Annotated[Path, typer.Argument(help="The notes: .txt, .md or .docx.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option("--by", help="The person of the PMO who took the notes.")],
) -> None:
    """Draft the report of a meeting that was not recorded from somebody's notes."""
    whole = context.obj.secretariat
    now, text = whole.clock.now(), notes_text(file.name, file.read_bytes())
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.DRAFT, now, hint=notes.HINT)
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        made = notes.draft_from(session, whole.drafting, meeting, text, by=person, now=now).id
    typer.echo(f"{made} was made from the notes of {person.name}. It says that the meeting was not recorded.")
