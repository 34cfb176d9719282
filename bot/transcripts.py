"""From recording to transcript: one job at a time, claimed, prolonged as it goes, safe to kill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, closed_sessions, named_transcripts, recordings
from bot.claims import claimant
from bot.clock import Clock
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Transcript
from bot.glossary import Term
from bot.ports import CheckpointShelf, ContentFiles, Recogniser, SoundFiles, VoiceEmbedder
from bot.recording_parts import Ranges, on_one_line
from bot.spoken_terms import SpokenTerms
from bot.store.database import Database
from bot.store.speech_tables import RecordingRow, TranscriptRow

HEARTBEAT_SECONDS = 2.0
STILL_ALIVE = 20.0  # seconds between two beats while the engine says nothing (it reads twelve hours of sound)
SILENT_FOR = 900.0  # seconds after which an engine that says nothing is taken for dead, and its claim is let go
NO_SPEECH = "No speech was heard in it."


class ClaimLost(Exception):
    """Another worker has taken the recording over, or a person has stopped it; this one's work is not needed."""


@dataclass(frozen=True)
class Transcribing:
    """What transcription needs beside the database.

    `settings` is any text that is another where the engine would hear something else: engine, weights, language.
    """

    recogniser: Callable[[], Recogniser]
    files: ContentFiles
    sound: SoundFiles
    checkpoints: CheckpointShelf
    settings: str = ""
    terms: SpokenTerms | None = None  # None: no names are listened for, and none put right
    voices: Callable[[], VoiceEmbedder | None] = lambda: None  # None: speakers are not told apart


@dataclass(frozen=True)
class _PartToHear:
    name: str
    sha256: str
    starts_at: datetime | None
    closed: Ranges


@dataclass(frozen=True)
class _Work:
    """One recording's transcription, between claiming it and keeping the result."""

    recording_id: str
    name: str
    parts: Sequence[_PartToHear]
    terms: Sequence[Term]


def transcribe_one(database: Database, doing: Transcribing, clock: Clock, on_progress: recordings.Progress) -> bool:
    """Transcribe one waiting recording. Returns False where none waits."""
    with database.session() as session:
        work = _claim(session, doing.terms, clock.now())
    if work is None:
        return False
    try:
        with _Heartbeat(database, work, clock, on_progress) as heartbeat:
            transcript = _transcript(doing, work, heartbeat)
            _keep(database, doing.files, work, transcript, clock)
    except ClaimLost:
        _forget_if_unwanted(database, doing, work)
        return True
    except (UnreadableRecording, FileNotFoundError) as error:
        _failed(database, work.recording_id, clock, str(error))
    except SecretariatError as error:  # a full disk, weights that are not there: no fault of the recording
        _put_back(database, work.recording_id, str(error))
        raise
    doing.checkpoints.discard(work.recording_id)
    return True


def _claim(session: Session, terms: SpokenTerms | None, now: datetime) -> _Work | None:
    row = recordings.claim_one(session, "waiting", now)
    if row is None:
        return None
    row.state_reason = ""
    closed = closed_sessions.closed_of(session, row)
    parts = [_PartToHear(p.name, p.sha256, recordings.start_of(p), closed[p.position]) for p in row.parts]
    return _Work(row.id, row.name, parts, terms.of_recording(session, row.id) if terms else ())


def _transcript(doing: Transcribing, work: _Work, heartbeat: _Heartbeat) -> Transcript:
    """Each part's transcript, from what a killed worker has left where there is any, on one line of seconds."""
    audios = [doing.files.path(part.sha256) for part in work.parts]
    if recordings.is_captions(work.parts[0].name):
        captions = work.parts[0]
        return named_transcripts.read(audios[0], captions.name, captions.closed)
    heartbeat.lengths = [doing.sound.length(audio) for audio in audios]
    heard = []
    for number, (part, audio) in enumerate(zip(work.parts, audios, strict=True)):
        heartbeat.part = number
        spoken = _heard(doing, work, part, audio, heartbeat)
        heartbeat.lengths[number] = spoken.audio.duration
        heard.append((spoken, part.starts_at or _start_said_by(spoken), part.closed))
    transcript = _with_speakers(doing, work, audios, on_one_line(work.name, heard), heartbeat)
    return doing.terms.corrected(transcript, work.terms) if doing.terms else transcript


def _with_speakers(
    doing: Transcribing, work: _Work, audios: Sequence[Path], transcript: Transcript, heartbeat: _Heartbeat
) -> Transcript:
    """Who spoke, told apart over all parts; what voices sound like is not kept."""
    embedder = doing.voices() if transcript.segments else None
    if embedder is None:
        return transcript
    from bot import speakers, voices  # NumPy takes longer to load than most commands last

    sounding = [
        (placed.offset, embedder.voices(audio, name=part.name, on_progress=heartbeat.again, excluded=part.closed))
        for part, audio, placed in zip(work.parts, audios, transcript.parts, strict=True)
    ]
    return speakers.named(transcript, voices.turns(voices.joined(sounding)))


def _heard(doing: Transcribing, work: _Work, part: _PartToHear, audio: Path, heartbeat: _Heartbeat) -> Transcript:
    told = doing.terms.told(work.terms) if doing.terms else ()
    shelf = doing.checkpoints.of(work.recording_id, f"{doing.settings} {part.sha256} {part.closed} {told}")
    whole = shelf.kept("transcript")
    if whole:
        return Transcript.model_validate(whole)
    spoken = doing.recogniser().transcribe(
        audio, name=part.name, on_progress=heartbeat, checkpoints=shelf, excluded=part.closed,
        glossary=told,
    )  # fmt: skip
    shelf.keep("transcript", spoken.model_dump(mode="json"))
    return spoken


def _start_said_by(spoken: Transcript) -> datetime | None:
    """When the recording began, where the engine knows it."""
    said = spoken.parts[0].starts_at if spoken.parts else None
    return datetime.fromisoformat(said) if said else None


class _Heartbeat:
    """Prolongs the claim while the engine works; stops the work, at its next word of progress, where the claim is lost.

    Called by the engine with the seconds done and in all of the present part.
    """

    def __init__(self, database: Database, work: _Work, clock: Clock, told: recordings.Progress) -> None:
        self.database, self.work, self.clock, self.told = database, work, clock, told
        self.lengths: list[float] = []
        self.part = 0
        self.last = self.spoke = time.monotonic() - HEARTBEAT_SECONDS
        self.done = self.total = 0.0
        self.began: tuple[float, float] | None = None  # when, and at how many seconds done: what a kill left is no work
        self.is_lost = False
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._beating.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._beating.join()

    def __call__(self, done: float, total: float) -> None:
        lengths = self.lengths or [total]
        lengths[self.part] = total
        self.done, self.total = sum(lengths[: self.part]) + done, sum(lengths)
        self._spoken()

    def again(self, _done: float, _total: float) -> None:
        """The sound is gone through once more, for the voices: the claim is kept, the progress stays."""
        self._spoken()

    def _spoken(self) -> None:
        self.spoke = time.monotonic()
        self.told(self.work.name, self.done, self.total)
        if self.is_lost:
            raise ClaimLost
        if self.began is None:
            self.began = self.spoke, self.done
        if self.spoke - self.last >= HEARTBEAT_SECONDS and not self._beat():
            raise ClaimLost

    def _beat(self) -> bool:
        self.last = time.monotonic()
        with self.database.session() as session:
            return recordings.keep_claim(
                session, self.work.recording_id, self.clock.now(), self.done, self.total, self._left()
            )

    def _left(self) -> float | None:
        """Seconds of work, once there is enough to go by."""
        took, did = (self.last - self.began[0], self.done - self.began[1]) if self.began else (0.0, 0.0)
        return round((self.total - self.done) * took / did) if took > 3 and did > 10 else None

    def _beat_on(self) -> None:
        while not self._ended.wait(STILL_ALIVE):
            quiet = time.monotonic() - self.spoke
            if quiet < STILL_ALIVE:
                continue
            try:
                self.is_lost = quiet > SILENT_FOR or not self._beat()
            except SecretariatError:  # the database is busy, or its disk full: the lease lasts a while yet
                continue


def _keep(database: Database, files: ContentFiles, work: _Work, transcript: Transcript, clock: Clock) -> None:
    now = clock.now()
    with database.session() as session:
        row = session.get_one(RecordingRow, work.recording_id, with_for_update=True)
        if row.claimed_by != claimant():
            raise ClaimLost
        if recordings.is_captions(row.parts[0].name):
            if _is_put_onto_the_recording(session, files, row, now):
                return
        else:
            transcript = named_transcripts.with_names(session, files, row, transcript, now)
        kept = keep_version(session, row, transcript, now)
        for part, placed in zip(row.parts, transcript.parts, strict=False):  # captions have no part on the line
            part.seconds = placed.duration
        recordings.settle(row, "transcribed", "" if transcript.segments else NO_SPEECH)
        row.seconds_done = row.seconds_in_all = transcript.audio.duration
        audit.record(session, now, "secretariat", "transcribed", row.name, transcript=kept.id, engine=transcript.engine)


def _is_put_onto_the_recording(session: Session, files: ContentFiles, captions: RecordingRow, now: datetime) -> bool:
    """Whether the meeting has a recording with sound: then the captions' names go onto its transcript, now or once
    there is one, and nothing is drafted from the captions themselves."""
    sound = named_transcripts.with_sound(session, captions)
    if sound is None:
        return False
    recordings.settle(captions, recordings.JOINED, f"Its names go onto the transcript of {sound.name}.")
    found = latest(session, sound.id)
    if found:
        named = named_transcripts.with_names(session, files, sound, found[1], now)
        if named != found[1]:
            keep_version(session, sound, named, now)
            if sound.state == "drafted":
                recordings.settle(sound, "transcribed")  # drafted again, with the names
    return True


def keep_version(session: Session, row: RecordingRow, transcript: Transcript, now: datetime) -> TranscriptRow:
    """Put a transcript on file as the newest of its recording, in the caller's transaction."""
    kept = TranscriptRow(
        id=f"T-{row.id[2:]}-{_count(session, row.id) + 1}",
        recording_id=row.id,
        made_at=now,
        engine=transcript.engine,
        model=transcript.model,
        content=transcript.model_dump_json(),
    )
    session.add(kept)
    return kept


def _count(session: Session, recording_id: str) -> int:
    return len(session.scalars(select(TranscriptRow.id).where(TranscriptRow.recording_id == recording_id)).all())


def _forget_if_unwanted(database: Database, doing: Transcribing, work: _Work) -> None:
    """Of a recording that a person has cancelled nothing is left lying about; another worker's finds are left alone."""
    with database.reading() as session:
        row = session.get_one(RecordingRow, work.recording_id)
        is_unwanted = row.state in recordings.OUT_OF_USE
    if is_unwanted:
        doing.checkpoints.discard(work.recording_id)


def _failed(database: Database, recording_id: str, clock: Clock, reason: str) -> None:
    with database.session() as session:
        row = session.get_one(RecordingRow, recording_id)
        if row.claimed_by != claimant():
            return
        recordings.settle(row, "failed", reason)
        audit.record(session, clock.now(), "secretariat", "recording not transcribed", row.name, reason=reason)


def _put_back(database: Database, recording_id: str, reason: str) -> None:
    with database.session() as session:
        row = session.get_one(RecordingRow, recording_id)
        if row.claimed_by == claimant():
            recordings.put_back(row, "waiting", reason)


def latest(session: Session, recording_id: str) -> tuple[str, Transcript] | None:
    """(id, transcript) of the newest transcript of a recording, or None."""
    query = select(TranscriptRow).where(TranscriptRow.recording_id == recording_id)
    row = session.scalars(query.order_by(TranscriptRow.made_at.desc(), TranscriptRow.id.desc()).limit(1)).first()
    return (row.id, Transcript.model_validate_json(row.content)) if row else None
