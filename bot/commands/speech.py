"""transcribe and draft: any recording or transcript, any group, any date; no database, no network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bot.app import notes_text, word_documents
from bot.app_speech import recogniser, voice_embedder
from bot.commands.settings import Settings
from bot.config import Config
from bot.errors import SecretariatError
from bot.formats import Agenda, Attendance, Draft, timed
from bot.headlines.transcript_files import read_agenda, read_members, read_transcript
from bot.model import AttendanceRow, HeadlineReport
from bot.subtitles import as_rttm, as_srt, as_text, as_vtt
from schedules.series import at_wall_clock

if TYPE_CHECKING:
    from bot.voices import Turn


class TranscriptFormat(StrEnum):
    json = "json"
    vtt = "vtt"
    srt = "srt"
    txt = "txt"
    rttm = "rttm"


class DraftFormat(StrEnum):
    text = "text"
    json = "json"


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("transcribe")(transcribe)
    app.command("draft")(draft)


def transcribe(
    context: typer.Context,
    audio: Path,
    engine: Annotated[str | None, typer.Option(help="pipeline, faster-whisper or openai-whisper.")] = None,
    model: Annotated[str | None, typer.Option(help="embedded, a folder, or a name that the hub knows.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write there instead of to stdout.")] = None,
    format_: Annotated[TranscriptFormat, typer.Option("--format")] = TranscriptFormat.json,
    speakers: Annotated[int | None, typer.Option(min=1, help="How many speak, where it is known.")] = None,
) -> None:
    """Transcribe a recording. `rttm`: who speaks when, and no words."""
    from bot.speakers import named  # it loads NumPy: no other command waits for it

    settings: Settings = context.obj
    with _progress() as bar:
        task = bar.add_task(f"Transcribing {audio.name}", total=None)

        def show(done: float, total: float) -> None:
            bar.update(task, completed=done, total=total)

        turns = _turns(settings.config, audio, speakers, show)
        if format_ is TranscriptFormat.rttm:
            known = [(turn.start, turn.end, f"Speaker {turn.voice}") for turn in turns if turn.voice]
            _put_out(as_rttm(audio.stem, known), output)
            return
        chosen = recogniser(settings.config, engine=engine, model=model)
        transcript = named(chosen.transcribe(audio, name=audio.name, on_progress=show), turns)
    written = {
        TranscriptFormat.json: lambda: transcript.model_dump_json(indent=2) + "\n",
        TranscriptFormat.vtt: lambda: as_vtt(transcript),
        TranscriptFormat.srt: lambda: as_srt(transcript),
        TranscriptFormat.txt: lambda: as_text(transcript),
    }[format_]()
    _put_out(written, output)


def _turns(config: Config, audio: Path, number: int | None, show: Callable[[float, float], None]) -> list[Turn]:
    """Who speaks when; nothing where the configuration wants no speakers told apart."""
    from bot.voices import turns

    embedder = voice_embedder(config)
    if embedder is None:
        return []
    return turns(embedder.voices(audio, name=audio.name, on_progress=show), number)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip


def draft(
    context: typer.Context,
    group: Annotated[str, typer.Option(help="The group, in the configuration or not.")],
    on: Annotated[str, typer.Option("--date", help="The day of the meeting, as 2024-02-07.")],
    transcript: Annotated[Path | None, typer.Argument(help="Our JSON, or .vtt; none with --notes.")] = None,
    notes: Annotated[Path | None, typer.Option(help="Notes of a meeting not recorded: .txt, .md, .docx.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who took the notes.")] = None,
    agenda: Annotated[Path | None, typer.Option(help="The agenda, YAML or JSON.")] = None,
    members: Annotated[Path | None, typer.Option(help="Who sat at the table, JSON.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write a Word document there.")] = None,
    format_: Annotated[DraftFormat, typer.Option("--format")] = DraftFormat.text,
) -> None:
    """Draft a headline report from a transcript, or from the notes of a meeting that was not recorded."""
    settings: Settings = context.obj
    config, held_on = settings.config, _day(on)
    key = config.group_key(group) or group
    known = config.group(group)
    attendance = read_members(members) if members else Attendance()
    meeting = _Meeting(
        group=key,
        held_on=held_on,
        level=known.level if known else None,
        agenda=read_agenda(agenda) if agenda else Agenda(),
        attendance=attendance,
    )
    drafted, prepared_from = _from_notes(notes, by, meeting) if notes else _from_speech(transcript, meeting)
    if output:
        report = _report(config, key, held_on, drafted, attendance, prepared_from)
        _write(output, word_documents(config).draft_document(report))
    if format_ is DraftFormat.json:
        typer.echo(json.dumps(drafted.model_dump(), ensure_ascii=False, indent=2))
    elif not output:
        typer.echo(_as_text(drafted), nl=False)


class _Meeting(TypedDict):
    """What is known of the meeting, whatever its draft rests on."""

    group: str
    held_on: date
    level: int | None
    agenda: Agenda
    attendance: Attendance


def _from_speech(transcript: Path | None, meeting: _Meeting) -> tuple[Draft, str]:
    if transcript is None:
        raise SecretariatError(
            "There is nothing to draft from.", hint="Name a transcript, or give --notes FILE --by NAME."
        )
    spoken = read_transcript(transcript)
    from bot.headlines.draft import draft_from  # no other command waits for it to load

    return draft_from(spoken, **meeting), f"Drafted from {spoken.audio.name}."


def _from_notes(notes: Path, by: str | None, meeting: _Meeting) -> tuple[Draft, str]:
    from bot.headlines.notes import draft_from_notes, notes_of, written_by

    try:
        text = notes_text(notes.name, notes.read_bytes())
    except OSError as problem:
        raise SecretariatError(f"{notes} cannot be read: {problem.strerror or problem}.") from problem
    name = by or written_by(text)
    if name is None:
        raise SecretariatError(
            "The notes do not say who wrote them.", hint="Give --by NAME, or begin them with: Notes by NAME."
        )
    return draft_from_notes(notes_of(text, name), **meeting), f"The meeting was not recorded: from notes of {name}."


def _report(
    config: Config, group: str, held_on: date, drafted: Draft, attendance: Attendance, prepared_from: str
) -> HeadlineReport:
    known = config.group(group)
    start, end = next(((r.start, r.end) for r in known.series), (time.min, time.min)) if known else (time.min, time.min)
    return HeadlineReport(
        reference=f"{group}-{held_on.isoformat()}",
        group=group,
        group_name=known.name if known else group,
        meeting_on=held_on,
        starts_at=at_wall_clock(held_on, start),
        ends_at=at_wall_clock(held_on, end),
        version="Draft 1. Working material of the PMO, not for issue",
        prepared_from=prepared_from,
        recording_link=config.recording.link.replace("{group}", group).replace("{date}", held_on.isoformat()),
        attendance=tuple(
            AttendanceRow(
                m.name,
                m.role or "",
                m.constituency,
                "",
                {True: "present", False: "apologies", None: "expected"}[m.present],
            )
            for m in attendance.members
        ),
        draft=drafted,
    )


def _as_text(drafted: Draft) -> str:
    """The draft at a terminal: each line with its time and the words it rests on."""
    lines: list[str] = []
    for title, found in (
        ("Decisions", drafted.decisions),
        ("Actions", drafted.actions),
        ("Viewpoints", drafted.viewpoints),
    ):
        lines.append(title)
        for line in found:
            lines.append(f"  {timed(line.at)}  {getattr(line, 'ref', '')} {line.text}".rstrip())
            lines += [f"            “{evidence.quote}”" for evidence in line.evidence]
        lines += [] if found else ["  none found"]
    if drafted.possible:
        lines += ["Possible, the likeliest first", *(f"  {timed(p.at)}  {p.ref} {p.text}" for p in drafted.possible)]
    if drafted.completeness:
        lines += ["Completeness", *(f"  {said}" for said in drafted.completeness.statement)]
    return "\n".join(lines) + "\n"


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise SecretariatError(f"{text} is no date.", hint="Write it as 2024-02-07.") from None


def _put_out(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text.encode())


def _write(output: Path, content: bytes) -> None:
    try:
        output.write_bytes(content)
    except OSError as error:
        raise SecretariatError(
            f"{output} could not be written ({error.strerror}).", hint="Free some space, or name another with --output."
        ) from None
