"""reports reissue, reports correct: a further revision of an issued report, on a named person's word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot import access, errata, reports, revisions
from bot.access import Deed
from bot.app import Secretariat
from bot.commands.by_whom import BY_PMO
from bot.errata import Correction
from bot.errors import SecretariatError
from bot.revisions import Documents, Revision
from schedules import reissue_words, reissuing
from schedules.reissuing import Asked

DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Show what would go out; send nothing.")]
SAVE = Annotated[
    Path | None, typer.Option("--save", help="Put both documents into this folder, to be looked at.", file_okay=False)
]


def add_to(reports_app: typer.Typer) -> None:
    """Register the commands of this module among those of `reports`."""
    reports_app.command("reissue")(reissue)
    reports_app.command("correct")(correct)


def reissue(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    choose: Annotated[
        list[str] | None,
        typer.Option(help="Where requests disagree: PSG-DEC41=AM-012, or PSG-DEC41='other words'. Repeatable."),
    ] = None,
    leaving_open: Annotated[
        bool, typer.Option("--leaving-open", help="Requests not yet decided come in a later issue.")
    ] = False,
    save: SAVE = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Issue the amended report: a new revision from the requests that were accepted, its changes tracked."""
    whole, chosen = context.obj.secretariat, _pairs(choose)
    now = whole.clock.now()
    with whole.database.reading() as session:
        person = access.pmo_named(session, by, Deed.ISSUE, now, hint="Only the PMO issues reports.")
        meeting = reports.meeting_of_reference(session, reference)
        found = reissuing.to_release(session, whole.announcer, meeting, Asked(person, chosen, leaving_open), now)
    made = _made(whole, found.revision, save)
    if dry_run:
        _would_go_to(whole, found.revision)
        return
    with whole.database.session() as session:
        row, count = reissuing.release(session, whole.issuing, whole.announcer, found, made, by=person, now=now)
    typer.echo(f"Issued {row.id}: {revisions.KIND_WORDS[row.kind]}. {count} people are sent it.")


def correct(
    context: typer.Context,
    reference: str,
    line: Annotated[str, typer.Argument(help="The decision or action: PSG-DEC41, or D-01 as it was in the draft.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who had the report reads it.")],
    by: BY_PMO,
    text: Annotated[str, typer.Option("--text", help="What it shall say, where its words were wrong.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="A decision's outcome, where that was wrong.")] = "",
    reached_by: Annotated[str, typer.Option("--how-reached", help="How a decision was reached.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="An action's owner; several with commas.")] = "",
    due: Annotated[str, typer.Option("--due", help="An action's due date: 2024-03-06, or in words.")] = "",
    time: Annotated[str, typer.Option("--time", help="When it was said, in the recording: 00:12:34.")] = "",
    save: SAVE = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Issue an erratum at once: a line that was recorded wrongly, corrected, to everybody who had the report."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    cells = {"outcome": outcome, "reached_by": reached_by, "owner": owner, "due": due, "time": time}
    correction = Correction(line, text, reason, {cell: words for cell, words in cells.items() if words})
    with whole.database.reading() as session:
        person = access.pmo_named(session, by, Deed.ISSUE, now, hint="Only the PMO corrects reports.")
        meeting = reports.meeting_of_reference(session, reference)
        revision = errata.proposed(session, meeting, correction, by=person, now=now)
    revision = revisions.as_issued(revision, by=person, now=now)
    made = _made(whole, revision, save)
    if dry_run:
        _would_go_to(whole, revision)
        return
    with whole.database.session() as session:
        row, count = reissuing.release_erratum(
            session, whole.issuing, whole.announcer, revision, made, by=person, now=now
        )
    typer.echo(f"Issued {row.id}: erratum. {count} people are sent it.")


def _made(whole: Secretariat, revision: Revision, save: Path | None) -> Documents:
    for line in reissue_words.changes(revision):
        typer.echo(line)
    made = revisions.documents(whole.files, whole.word, revision, whole.clock.now())
    if save:
        save.mkdir(parents=True, exist_ok=True)
        (save / revision.file_name).write_bytes(made.clean)
        (save / revision.redline_name).write_bytes(made.redline)
    return made


def _would_go_to(whole: Secretariat, revision: Revision) -> None:
    typer.echo("Would be sent to:")
    with whole.database.reading() as session:
        for person in reissue_words.recipients(whole.announcer, session, revision):
            typer.echo(f"  {person.name} <{person.email or person.slack_user_id}>")


def _pairs(given: list[str] | None) -> Mapping[str, str]:
    pairs = [entry.partition("=") for entry in given or []]
    if wrong := [entry for entry, _, value in pairs if not value.strip()]:
        raise SecretariatError(f"--choose {wrong[0]} says nothing of a line.", hint="Write it as PSG-DEC41=AM-012.")
    return {ref.strip().upper(): words.strip() for ref, _, words in pairs}
