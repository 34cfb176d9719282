"""recordings: list, parts, assign, complete, cancel, retry, exclude, include: what people say about recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, closed_sessions, exclusions, meetings, recording_deeds, recordings
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import LONDON, is_shown, spoken
from bot.commands.by_whom import BY_PMO
from bot.commands.dates import PlainFormat
from bot.errors import SecretariatError
from bot.exclusions import Asked, Erased
from bot.formats import timestamp
from bot.model import Person
from bot.store.speech_tables import RecordingPartRow, RecordingRow
from schedules.finding import find_meeting

app = typer.Typer(help="Recordings: what waits, their parts, closed sessions.", no_args_is_help=True)
REF = Annotated[str, typer.Argument(metavar="REF", help="R-…, a file's name, or the meeting: PSG-2024-02-07.")]
FORMAT = Annotated[PlainFormat, typer.Option("--format")]


@app.command("list")
def list_all(context: typer.Context, format_: FORMAT = PlainFormat.table) -> None:
    """Every recording, the newest first: its meeting, its parts, where it stands."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.reading() as session:
        rows = recording_deeds.listed(session)
        if format_ is PlainFormat.json:
            shown = [_as_json(session, row) for row in rows]
            typer.echo(json.dumps({"recordings": shown}, ensure_ascii=False, indent=2))
            return
        table = Table("Reference", "Name", "Meeting", "Parts", "State")
        for row in rows:
            meeting = recording_deeds.meeting_named(session, row)
            table.add_row(row.id, row.name, meeting, str(len(row.parts)), in_words(row))
    Console().print(table)


def in_words(row: RecordingRow) -> str:
    """'being transcribed, 40 %, about 3 minutes left'."""
    said = [recordings.STATES.get(row.state, row.state)]
    if row.state == "waiting:working" and row.seconds_in_all:
        said.append(f"{100 * row.seconds_done / row.seconds_in_all:.0f} %")
        if row.seconds_left is not None:
            said.append(f"about {timestamp(row.seconds_left)} left")
    return ", ".join(said) + (f". {row.state_reason}" if row.state_reason else "")


@app.command("parts")
def parts(
    context: typer.Context,
    reference: REF,
    starts: Annotated[
        str, typer.Option(help="Say when a part began, on London's clocks: 2=11:15:00.", metavar="PART=TIME")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Whose word that is.")] = "",
) -> None:
    """A recording's parts in their order, when each began, and what is closed; or say when one began."""
    whole: Secretariat = context.obj.secretariat
    if starts and not by:
        raise typer.BadParameter("Say whose word this is (--by).")
    with whole.database.session() if starts else whole.database.reading() as session:
        row = recording_deeds.named(session, reference)
        if starts:
            number, at = _start(session, row, starts)
            now = whole.clock.now()
            recording_deeds.set_start(session, row, number, at, by=_pmo(whole, session, by), now=now)
        said = list(_parts_in_words(session, row))
    typer.echo("\n".join(said))


def _start(session: Session, row: RecordingRow, text: str) -> tuple[int, datetime]:
    number, _, shown = text.partition("=")
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    if meeting is None:
        raise SecretariatError(f"{row.name} is of no meeting yet.", hint="Assign it first.")
    try:
        at = time.fromisoformat(shown)
        which = int(number)
    except ValueError:
        raise SecretariatError(f"{text} is no start of a part.", hint="Write it as 2=11:15:00.") from None
    if at.tzinfo or not is_shown(at, meeting.on):
        raise SecretariatError(f"London's clocks do not show {shown} on that day.", hint="Correct it.")
    return which, datetime.combine(meeting.on, at, LONDON)


def _parts_in_words(session: Session, row: RecordingRow) -> Iterator[str]:
    yield f"{row.id} {row.name} ({recording_deeds.meeting_named(session, row)}): {in_words(row)}"
    for part in row.parts:
        begun = recordings.start_of(part)
        began = f", began {spoken(begun)}" if begun else ""
        lasts = f", lasts {timestamp(part.seconds)}" if part.seconds is not None else ""
        yield f"  {part.position + 1}. {part.name}{began}{lasts}"
    for number, closed in enumerate(closed_sessions.rows_of(session, row.id), 1):
        yield f"  closed {number}: {closed.asked_as}, by {closed.made_by} on {spoken(closed.made_at)}"


@app.command("assign")
def assign(
    context: typer.Context,
    reference: REF,
    meeting: Annotated[str, typer.Argument(metavar="GROUP-DATE", help="The meeting: PSG-2024-02-07.")],
    by: BY_PMO,
) -> None:
    """Say which meeting a recording is of."""
    group, on = recording_deeds.reference_read(meeting)
    with _deed(context, reference, by) as (whole, session, row, person):
        found = find_meeting(session, whole.calendar, group, on)
        placed = recording_deeds.assign(session, row, found, by=person, now=whole.clock.now())
        typer.echo(f"{placed.id} is of {recording_deeds.meeting_named(session, placed)} and {in_words(placed)}.")


@app.command("complete")
def complete(context: typer.Context, reference: REF, by: BY_PMO) -> None:
    """Say that no further part will come: it is transcribed as it is."""
    with _deed(context, reference, by) as (whole, session, row, person):
        recording_deeds.complete(session, row, by=person, now=whole.clock.now())
        typer.echo(f"{row.name} is complete with {len(row.parts)} parts and {in_words(row)}.")


@app.command("cancel")
def cancel(context: typer.Context, reference: REF, by: BY_PMO) -> None:
    """Stop its transcription, or don't begin it. The file is kept."""
    with _deed(context, reference, by) as (whole, session, row, person):
        recording_deeds.cancel(session, row, by=person, now=whole.clock.now())
        typer.echo(f"{row.name} is cancelled. To take it up again: secretariat recordings retry {row.id} --by NAME.")


@app.command("retry")
def retry(context: typer.Context, reference: REF, by: BY_PMO) -> None:
    """Have it transcribed, or transcribed once more."""
    with _deed(context, reference, by) as (whole, session, row, person):
        recording_deeds.retry(session, row, by=person, now=whole.clock.now())
        typer.echo(f"{row.name} {in_words(row)}.")


@app.command("exclude")
def exclude(
    context: typer.Context,
    reference: REF,
    closed: Annotated[str, typer.Argument(metavar="RANGE", help="00:41:00-00:55:00 of the recording's own time.")],
    by: BY_PMO,
    wall_clock: Annotated[
        bool, typer.Option("--wall-clock", help="The range is in London's time: 10:43-10:57.")
    ] = False,
    part: Annotated[int | None, typer.Option(help="The range is in that part's own time (counted from 1).")] = None,
) -> None:
    """Close a range: it is neither transcribed nor played, and what was heard there is erased."""
    with _deed(context, reference, by) as (whole, session, row, person):
        asked = Asked(closed, wall_clock=wall_clock, part=part)
        erased = exclusions.exclude(session, whole.excluding, row, asked, by=person, now=whole.clock.now())
    exclusions.clear_away(whole.database, whole.excluding, erased)
    typer.echo("\n".join(erased_in_words(erased)))


def erased_in_words(erased: Erased) -> Iterator[str]:
    """What an exclusion did, a sentence a line."""
    yield f"{erased.asked_as} of {erased.name} is closed: it is neither transcribed nor played."
    if erased.transcripts:
        yield "What was heard there is erased from its transcript, and the PMO is told."
    for draft, lines in erased.drafts.items():
        yield f"{draft}: {', '.join(lines) or 'no line'} erased, its document made anew. Delete older copies of it."
    for report, lines in erased.issued.items():
        yield f"{report} is issued and was not changed; said there: {', '.join(lines)}."


@app.command("include")
def include(
    context: typer.Context,
    reference: REF,
    number: Annotated[int, typer.Argument(help="The closed range, as `parts` counts them.")],
    by: BY_PMO,
) -> None:
    """Open a closed range again: the recording is transcribed anew."""
    with _deed(context, reference, by) as (whole, session, row, person):
        exclusions.lift(session, row, number, by=person, now=whole.clock.now())
        typer.echo(f"{row.name} {in_words(row)}.")


@contextmanager
def _deed(
    context: typer.Context, reference: str, by: str
) -> Iterator[tuple[Secretariat, Session, RecordingRow, Person]]:
    """One deed of the PMO on one recording, in one transaction."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person = _pmo(whole, session, by)
        yield whole, session, recording_deeds.named(session, reference), person


def _pmo(whole: Secretariat, session: Session, by: str) -> Person:
    hint = "Only the PMO decides on recordings."
    return access.pmo_named(session, by, Deed.RECORDINGS, whole.clock.now(), hint=hint)


def _as_json(session: Session, row: RecordingRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "meeting": row.meeting_uid,
        "state": row.state,
        "reason": row.state_reason,
        "arrived_at": row.arrived_at.isoformat(),
        "seconds_done": row.seconds_done,
        "seconds_in_all": row.seconds_in_all,
        "seconds_left": row.seconds_left,
        "parts": [_part_json(part) for part in row.parts],
        "closed": [closed.asked_as for closed in closed_sessions.rows_of(session, row.id)],
    }


def _part_json(part: RecordingPartRow) -> dict[str, Any]:
    begun = recordings.start_of(part)
    return {
        "name": part.name,
        "sha256": part.sha256,
        "number": part.number or None,
        "of": part.of or None,
        "starts_at": begun.astimezone(LONDON).isoformat() if begun else None,
        "seconds": part.seconds,
    }
