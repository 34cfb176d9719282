"""What the page plays of a recording in parts, or with a closed session: one file, silent where it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import closed_sessions, recordings, transcripts
from bot.errors import UnreadableRecording
from bot.ports import ContentFiles, ErasableFiles, Piece, Progress, SoundFiles
from bot.store.database import Database
from bot.store.speech_tables import RecordingExclusionRow, RecordingPartRow, RecordingRow

HEARD = ("transcribed", "transcribed:working", "drafted")  # then the parts' places on the line are known


@dataclass(frozen=True)
class _Copy:
    recording_id: str
    of: str
    pieces: list[Piece]


def copy_one(database: Database, files: ErasableFiles, sound: SoundFiles, scratch: Path, on_progress: Progress) -> bool:
    """Make the copy of one recording that wants one. Returns False where none does. `scratch`: a folder to write in."""
    with database.reading() as session:
        wanted = _wanted(session, files)
    if wanted is None:
        return False
    scratch.mkdir(parents=True, exist_ok=True)
    aside = scratch / f"{wanted.recording_id}.m4a"
    try:
        sound.join(wanted.pieces, aside, on_progress)
        sha256 = files.put_file(aside)
    except UnreadableRecording:  # it was heard once, so the file has changed since: there is nothing to play
        sha256 = ""
    finally:
        aside.unlink(missing_ok=True)
    with database.session() as session:
        row = session.get_one(RecordingRow, wanted.recording_id, with_for_update=True)
        is_current = closed_sessions.copy_wanted(session, row) == wanted.of
        if is_current:
            row.copy_sha256, row.copy_of = sha256, wanted.of
    if sha256 and not is_current:
        files.forget(sha256)  # closed further meanwhile
    return True


def _wanted(session: Session, files: ContentFiles) -> _Copy | None:
    several = select(RecordingPartRow.recording_id).where(RecordingPartRow.position > 0)
    closed = select(RecordingExclusionRow.recording_id)
    query = select(RecordingRow).where(
        RecordingRow.state.in_(HEARD), or_(RecordingRow.id.in_(several), RecordingRow.id.in_(closed))
    )
    for row in session.scalars(query.order_by(RecordingRow.arrived_at)):
        of = closed_sessions.copy_wanted(session, row)
        if of and of != row.copy_of:
            return _Copy(row.id, of, _pieces(session, row, files))
    return None


def _pieces(session: Session, row: RecordingRow, files: ContentFiles) -> list[Piece]:
    found = transcripts.latest(session, row.id)
    offsets = {part.name: part.offset for part in found[1].parts} if found else {}
    closed = closed_sessions.closed_of(session, row)
    return [Piece(files.path(p.sha256), p.name, offsets.get(p.name, 0.0), closed[p.position]) for p in row.parts]


def playable(session: Session, row: RecordingRow) -> str | None:
    """The hash of the file that may be played; None while that is being made."""
    if recordings.is_captions(row.parts[0].name):
        return None
    of = closed_sessions.copy_wanted(session, row)
    if not of:
        return row.parts[0].sha256
    return row.copy_sha256 if row.copy_sha256 and row.copy_of == of else None
