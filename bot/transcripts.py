"""From recording to transcript: one job at a time, claimed, prolonged as it goes, safe to kill."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, recordings
from bot.clock import Clock
from bot.errors import StateUnusable, UnreadableRecording
from bot.formats import Transcript
from bot.ports import ContentFiles, Recogniser
from bot.store.database import Database
from bot.store.tables import RecordingRow, TranscriptRow

HEARTBEAT_SECONDS = 2.0


class ClaimLost(Exception):
    """Another worker has taken the recording over; this one's work is not needed."""


def transcribe_one(
    database: Database,
    recogniser: Callable[[], Recogniser],
    files: ContentFiles,
    clock: Clock,
    on_progress: recordings.Progress,
) -> bool:
    """Transcribe one waiting recording. Returns False where none waits."""
    with database.session() as session:
        row = recordings.claim_one(session, "waiting", clock.now())
        if row is None:
            return False
        part = row.parts[0]
    try:
        audio = files.path(part.sha256)
        heartbeat = _Heartbeat(database, row.id, row.name, clock, on_progress)
        transcript = recogniser().transcribe(audio, name=part.name, on_progress=heartbeat)
    except ClaimLost:
        return True
    except (UnreadableRecording, FileNotFoundError) as error:
        _failed(database, row.id, clock, str(error))
        return True
    except StateUnusable as error:
        _put_back(database, row.id, str(error))
        raise
    _keep(database, row.id, _with_start(transcript, part.name), clock)
    return True


def _with_start(transcript: Transcript, name: str) -> Transcript:
    """The transcript, each part saying when it began: as the engine knows it, else as the recording's name says."""
    begun = recordings.begun_at(name)
    if begun is None:
        return transcript
    parts = [p if p.starts_at else p.model_copy(update={"starts_at": begun.isoformat()}) for p in transcript.parts]
    return transcript.model_copy(update={"parts": parts})


class _Heartbeat:
    """Prolongs the claim every few seconds while the engine reports progress; stops it where the claim is lost."""

    def __init__(
        self, database: Database, recording_id: str, name: str, clock: Clock, told: recordings.Progress
    ) -> None:
        self.database, self.recording_id, self.name, self.clock, self.told = database, recording_id, name, clock, told
        self.last = 0.0

    def __call__(self, done: float, total: float) -> None:
        self.told(self.name, done, total)
        if time.monotonic() - self.last < HEARTBEAT_SECONDS:
            return
        self.last = time.monotonic()
        with self.database.session() as session:
            if not recordings.keep_claim(session, self.recording_id, self.clock.now(), done, total):
                raise ClaimLost


def _keep(database: Database, recording_id: str, transcript: Transcript, clock: Clock) -> None:
    now = clock.now()
    with database.session() as session:
        row = session.get_one(RecordingRow, recording_id)
        content = transcript.model_dump_json()
        kept = TranscriptRow(
            id=f"T-{recording_id[2:]}-{_count(session, recording_id) + 1}",
            recording_id=recording_id,
            made_at=now,
            engine=transcript.engine,
            model=transcript.model,
            content=content,
        )
        session.add(kept)
        row.seconds_done = row.seconds_in_all = transcript.audio.duration
        recordings.settle(row, "transcribed")
        audit.record(session, now, "secretariat", "transcribed", row.name, transcript=kept.id, engine=transcript.engine)


def _count(session: Session, recording_id: str) -> int:
    return len(session.scalars(select(TranscriptRow.id).where(TranscriptRow.recording_id == recording_id)).all())


def _failed(database: Database, recording_id: str, clock: Clock, reason: str) -> None:
    with database.session() as session:
        row = session.get_one(RecordingRow, recording_id)
        recordings.settle(row, "failed", reason)
        audit.record(session, clock.now(), "secretariat", "recording not transcribed", row.name, reason=reason)


def _put_back(database: Database, recording_id: str, reason: str) -> None:
    with database.session() as session:
        recordings.put_back(session.get_one(RecordingRow, recording_id), "waiting", reason)


def latest(session: Session, recording_id: str) -> tuple[str, Transcript] | None:
    """(id, transcript) of the newest transcript of a recording, or None."""
    query = select(TranscriptRow).where(TranscriptRow.recording_id == recording_id)
    row = session.scalars(query.order_by(TranscriptRow.made_at.desc(), TranscriptRow.id.desc()).limit(1)).first()
    return (row.id, Transcript.model_validate_json(row.content)) if row else None
