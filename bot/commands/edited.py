"""reports edited: a draft that was edited in Word is given back, shown line by line, and taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import access, report_imports
from bot.access import Deed
from bot.errors import SecretariatError
from bot.report_imports import Returned
from bot.report_table import Conflict
from bot.report_words import edit_words

CHOICES = "D-01.text=mine (the document's), D-01.text=theirs (what is on file), or D-01.text='other words'"


def add_to(reports_app: typer.Typer) -> None:
    """Register the command of this module among those of `reports`."""
    reports_app.command("edited")(edited)


def edited(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The .docx as you saved it.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option("--by", help="The person of the PMO whose edits they are.")],
    choose: Annotated[list[str] | None, typer.Option("--choose", help=f"Which text stands: {CHOICES}.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the edits and take none.")] = False,
) -> None:
    """Take the edits of a draft that was edited in Word or LibreOffice: line by line, evidence kept."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    content = file.read_bytes()
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
        found = report_imports.compare(session, whole.drafting, content, by=person)
        if choose:
            chosen = _chosen(found, choose)
            found = report_imports.compare(session, whole.drafting, content, by=person, chosen=chosen)
        for line in said(found):
            typer.echo(line)
        if dry_run:
            return
        row = report_imports.take_in(session, whole.drafting, found, by=person, now=now)
    typer.echo(f"{row.id} is the newest draft now." if row else "Nothing was changed, so there is no new draft.")


def said(found: Returned) -> list[str]:
    """What was done to each line that is not as it was, and what must be decided."""
    lines = [edit_words(edit) for edit in found.changes]
    lines += [f"Comment of {r.author}{f' at {r.ref}' if r.ref else ''}: {r.text}" for r in found.remarks]
    lines += [_conflict(conflict, found.newest) for conflict in found.conflicts]
    untouched = len(found.edits) - len(found.changes)
    return [*lines, *found.unread, f"{untouched} line{'s are' if untouched != 1 else ' is'} unchanged."]


def _conflict(conflict: Conflict, newest: str) -> str:
    name = f"{conflict.ref}.{conflict.field}" if conflict.field else conflict.ref
    mine, theirs = conflict.mine or "(removed)", conflict.theirs or "(removed)"
    return f"{name}: the document says “{mine}”, {newest} says “{theirs}”. Choose: --choose {name}=mine or =theirs"


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
        chosen[conflict.ref, conflict.field] = _settled(conflict, words)
    return chosen


def _settled(conflict: Conflict, words: str) -> str:
    by_name = {"mine": conflict.mine, "theirs": conflict.theirs}
    if conflict.field:
        return by_name.get(words.strip().casefold(), words)
    stands = by_name.get(words.strip().casefold(), words)
    return "keep" if stands and stands.casefold() != "remove" else "remove"
