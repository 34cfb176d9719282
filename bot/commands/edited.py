"""reports edited: a draft that was edited in Word is given back, shown line by line, and taken; reports returns."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot import access, report_imports, returns
from bot.access import Deed
from bot.clock import spoken
from bot.errors import SecretariatError
from bot.report_imports import NOTHING_DECIDED, Decided, Returned
from bot.report_table import NEW_LINE, NO_LINE
from bot.return_states import Door, State
from bot.returns import Brought
from schedules.return_words import returned_told

CHOICES = "D-01.text=mine (the document's), D-01.text=theirs (what is on file), or D-01.text='other words'"
ROWS = "4=D-02, 4=new (a new line), or 4=nothing (left out)"
AT_A_LOOK = 50


def add_to(reports_app: typer.Typer) -> None:
    """Register the commands of this module among those of `reports`."""
    reports_app.command("edited")(edited)
    reports_app.command("returns")(listed)


def edited(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The .docx as you saved it.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option("--by", help="The person of the PMO whose edits they are.")],
    choose: Annotated[list[str] | None, typer.Option("--choose", help=f"Which text stands: {CHOICES}.")] = None,
    row: Annotated[list[str] | None, typer.Option("--row", help=f"Which line a row is: {ROWS}.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the edits and take none.")] = False,
) -> None:
    """Take the edits of a draft that was edited in Word or LibreOffice: line by line, evidence kept."""
    whole, content = context.obj.secretariat, file.read_bytes()
    now = whole.clock.now()
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    told = dict(map(_told, row or ()))
    if dry_run:
        with whole.database.reading() as session:
            found = report_imports.compare(session, whole.drafting, content, by=person, decided=Decided(told=told))
        _say(found)
        return
    with whole.database.session() as session:
        sha256 = whole.files.put(content)
        key = f"{now.isoformat()}:{sha256}"
        reference = returns.receive(session, Brought(sha256, file.name, Door.COMMAND, key, person), now).reference
    returns.read(whole.database, whole.drafting, partial(returned_told, whole.announcer), whole.clock, reference)
    with whole.database.reading() as session:
        kept = returns.named(session, reference)
        if kept.state == State.REFUSED:
            raise SecretariatError(kept.reason, hint=f"It was kept as {reference}, and nothing was changed.")
        look = partial(returns.look, session, whole.drafting, kept, whole.clock.today())
        found = look(Decided(told=told)) if told else look()
        decided = Decided(_chosen(found, choose), told) if choose else Decided(told=told) if told else NOTHING_DECIDED
        found = look(decided)
    _say(found)
    try:
        with whole.database.session() as session:
            kept = returns.named(session, reference)
            made = returns.take_in(session, whole.drafting, kept, found, decided, by=person, now=now)
    except SecretariatError as error:
        raise SecretariatError(error.sentence, hint=f"{error.hint} It waits as {reference}.".strip()) from error
    typer.echo(f"{made.id} is the newest draft now." if made else "Nothing was changed, so there is no new draft.")


def _say(found: Returned) -> None:
    for line in returns.lines_said(found):
        typer.echo(line)
    for conflict in found.conflicts:
        name = f"{conflict.ref}.{conflict.field}" if conflict.field else conflict.ref
        typer.echo(f"Choose: --choose {name}=mine or =theirs")
    for edit in found.asked:
        typer.echo(f"Say which line it is: --row {edit.place}={edit.ref or 'new'}, =new or =nothing")


def _told(answer: str) -> tuple[int, str | None]:
    place, equals, line = answer.partition("=")
    if not equals or not place.strip().isdecimal() or not line.strip():
        raise SecretariatError(f"{answer} says of no row which line it is.", hint=f"Rows are told apart so: {ROWS}.")
    return int(place), {"new": NEW_LINE, "nothing": NO_LINE}.get(line.strip().casefold(), line.strip().upper())


def _chosen(found: Returned, choices: list[str]) -> dict[tuple[str, str], str]:
    """What was chosen of each conflict. Raises SecretariatError for one that is none."""
    conflicts = {(c.ref.casefold(), c.field): c for c in found.conflicts}
    chosen: dict[tuple[str, str], str] = {}
    for choice in choices:
        name, equals, words = choice.partition("=")
        ref, _, field = name.strip().partition(".")
        conflict = conflicts.get((ref.casefold(), field.casefold()))
        if not equals or conflict is None:
            raise SecretariatError(f"{choice} chooses nothing.", hint=f"Conflicts are settled so: {CHOICES}.")
        chosen[conflict.ref, conflict.field] = returns.settled(conflict, words)
    return chosen


def listed(context: typer.Context) -> None:
    """The edited drafts that came back, the newest first, and what became of each."""
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        rows = returns.latest(session, AT_A_LOOK)
    for row in rows:
        settled = f" as {row.taken_as}" if row.taken_as else f": {row.reason}" if row.reason else ""
        typer.echo(
            f"{row.reference}  {row.state.replace('_', ' ')}{settled}  {row.file_name}, by {row.came_by}, "
            f"{spoken(row.arrived_at)}"
        )
    if not rows:
        typer.echo("No edited draft has come back yet.")
