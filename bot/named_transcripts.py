"""Captions of a meeting (.vtt, .srt: Teams', Zoom's) beside its recording, or in its place.

Where the meeting has a recording with sound, the captions' names are put onto its words; where it has none, they are
the transcript. They are read anew each time, so that what is closed in the recording is never taken from them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, recordings
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Transcript
from bot.headlines.transcript_files import read_transcript
from bot.ports import ContentFiles
from bot.recording_parts import Ranges, cut
from bot.store.speech_tables import RecordingRow
from bot.transcript_joining import AnotherMeeting, joined


def read(path: Path, name: str, closed: Ranges) -> Transcript:
    """The captions called `name` without what is closed. Raises UnreadableRecording where they are none."""
    try:
        return cut(read_transcript(path, name), closed)
    except SecretariatError as error:
        raise UnreadableRecording(str(error)) from None


def with_names(session: Session, files: ContentFiles, row: RecordingRow, ours: Transcript, now: datetime) -> Transcript:
    """The transcript of a recording with the names of its meeting's captions, where there are any that fit."""
    for beside in _of_the_meeting(session, row, captions=True):
        part = beside.parts[0]
        try:
            ours = joined(ours, read(files.path(part.sha256), part.name, []))
        except (AnotherMeeting, UnreadableRecording) as error:
            recordings.settle(beside, "failed", str(error))
            audit.record(session, now, "secretariat", "names not taken", row.name, captions=part.name, why=str(error))
        else:
            recordings.settle(beside, recordings.JOINED, f"Its names stand in the transcript of {row.name}.")
            audit.record(session, now, "secretariat", "names taken", row.name, captions=part.name)
    return ours


def with_sound(session: Session, row: RecordingRow) -> RecordingRow | None:
    """The recording with sound of the same meeting that captions belong to; None where there is none in use."""
    return next(iter(_of_the_meeting(session, row, captions=False)), None)


def _of_the_meeting(session: Session, row: RecordingRow, *, captions: bool) -> list[RecordingRow]:
    """The other recordings of the meeting, captions or not, that are in use; the newest last."""
    query = select(RecordingRow).where(RecordingRow.meeting_uid == row.meeting_uid, RecordingRow.id != row.id)
    query = query.where(RecordingRow.state.not_in(("failed", *recordings.OUT_OF_USE)))
    found = session.scalars(query.order_by(RecordingRow.arrived_at, RecordingRow.id))
    return [each for each in found if recordings.is_captions(each.parts[0].name) == captions]
