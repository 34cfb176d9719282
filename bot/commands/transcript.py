"""transcript: corrections, undo, correct: names and terms that were put right in a recording's transcript."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import access, misheard, recording_deeds
from bot.access import Deed
from bot.commands.by_whom import BY_PMO
from bot.formats import timestamp

app = typer.Typer(help="Names and terms put right in transcripts.", no_args_is_help=True)
RECORDING = Annotated[str, typer.Argument(metavar="RECORDING", help="R-…, a file's name, or the meeting.")]
AGAIN = "Drafts made before keep their words; have the report drafted again where it matters."


@app.command("corrections")
def corrections(context: typer.Context, recording: RECORDING) -> None:
    """Every word that the glossary changed: where to listen, what was heard, what it says now."""
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        row = recording_deeds.named(session, recording)
        found = misheard.listed(misheard.of_recording(session, row))
    table = Table("Number", "At", "Heard", "Now")
    for each in found:
        table.add_row(str(each.number), timestamp(each.at), each.heard, "as heard" if each.undone else each.text)
    Console().print(table)


@app.command("undo")
def undo(
    context: typer.Context,
    recording: RECORDING,
    by: BY_PMO,
    numbers: Annotated[list[int] | None, typer.Argument(help="Which, as `corrections` counts them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Let words stand as they were heard."""
    if bool(numbers) == everything:
        raise typer.BadParameter("Give the numbers, or --all.")
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.RECORDINGS, whole.clock.now(), hint="Only the PMO decides on this.")
        row = recording_deeds.named(session, recording)
        taken = misheard.take_back(session, row, numbers or None, by=person, now=whole.clock.now())
    for each in taken:
        typer.echo(f"{timestamp(each.at)}  {each.text} is {each.heard} again.")
    typer.echo(AGAIN if taken else "Nothing was left to take back.")


@app.command("correct")
def correct(context: typer.Context, recording: RECORDING, by: BY_PMO) -> None:
    """Compare the transcript with the glossary as it is now; what was taken back stays as it was heard."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person = access.pmo_named(session, by, Deed.RECORDINGS, whole.clock.now(), hint="Only the PMO decides on this.")
        row = recording_deeds.named(session, recording)
        terms = whole.spoken_terms.of_recording(session, row.id)
        new = misheard.put_right(session, row, terms, by=person, now=whole.clock.now())
    for each in new:
        typer.echo(f"{timestamp(each.at)}  {each.heard} is now {each.text}.")
    typer.echo(AGAIN if new else "Nothing was found to put right.")
