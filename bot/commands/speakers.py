"""speakers: list, name: who speaks in a recording."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, recording_deeds, speaker_names
from bot.access import Deed
from bot.commands.by_whom import BY_PMO
from bot.errors import UnknownThing
from bot.formats import timestamp
from bot.store.speech_tables import RecordingRow, TranscriptRow

app = typer.Typer(help="Who speaks in a recording.", no_args_is_help=True)
REF = Annotated[str, typer.Argument(metavar="REF", help="T-…, R-…, a file's name, or the meeting: PSG-2024-02-07.")]
AGAIN = "Drafts made before keep their names; have the report drafted again where it matters."


@app.command("list")
def list_all(context: typer.Context, ref: REF) -> None:
    """Everybody who speaks in it: where they are first heard, and for how long in all."""
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        found = speaker_names.listed(session, _recording(session, ref))
    table = Table("Speaker", "First heard", "In all")
    for each in found:
        table.add_row(each.name, timestamp(each.first_at), timestamp(each.seconds))
    Console().print(table)


@app.command("name")
def name(
    context: typer.Context,
    ref: REF,
    speaker: Annotated[str, typer.Argument(help='As the transcript has it: "Speaker 2".')],
    person: Annotated[str, typer.Argument(help='Who it is: "Magnus Eskdale".')],
    by: BY_PMO,
) -> None:
    """Say whose a voice is."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        now = whole.clock.now()
        who = access.pmo_named(session, by, Deed.RECORDINGS, now, hint="Only the PMO says who speaks in a recording.")
        speaker_names.name(session, _recording(session, ref), {speaker: person}, by=who, now=now)
    typer.echo(f"{speaker} is {person}. {AGAIN}")


def _recording(session: Session, ref: str) -> RecordingRow:
    """The recording, by its own reference or by that of its newest transcript."""
    transcript = session.get(TranscriptRow, ref)
    if transcript is None and ref.startswith("T-"):
        raise UnknownThing(f"There is no transcript {ref}.", hint="List recordings: secretariat recordings list.")
    return recording_deeds.named(session, transcript.recording_id if transcript else ref)
