"""The tables of speech: recordings, what of them is closed to everybody, what was fetched, and the transcripts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class RecordingRow(Table):
    """A recording of a meeting, in parts, and where its transcription stands."""

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_state_claimed", "state", "claimed_until"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))  # as in bot.recordings.STATES; `:working` while a worker has it
    state_reason: Mapped[str] = mapped_column(Text, default="")
    arrived_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(80), default="")
    tries: Mapped[int] = mapped_column(default=0)
    seconds_done: Mapped[float] = mapped_column(default=0.0)
    seconds_in_all: Mapped[float] = mapped_column(default=0.0)
    seconds_left: Mapped[float | None]  # of work, as the worker guesses
    is_complete: Mapped[bool] = mapped_column(default=False)  # a person said that no part is missing
    copy_sha256: Mapped[str] = mapped_column(String(64), default="")  # to listen to: parts joined, exclusions silent
    copy_of: Mapped[str] = mapped_column(String(64), default="")  # which parts and exclusions that copy is of

    parts: Mapped[list[RecordingPartRow]] = relationship(order_by="RecordingPartRow.position")


class RecordingPartRow(Table):
    __tablename__ = "recording_parts"
    __table_args__ = (UniqueConstraint("recording_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)  # the same recording twice is one recording
    number: Mapped[int] = mapped_column(default=0)  # `part 2 of 3`; 0 where the name says nothing
    of: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]  # on the wall's clock
    seconds: Mapped[float | None]  # its length, once it has been listened to


class RecordingExclusionRow(Table):
    """A closed session: in seconds of one part (`part_id`), or on the wall's clock, then for whatever part covers it.

    What was there is neither transcribed nor played.
    """

    __tablename__ = "recording_exclusions"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    part_id: Mapped[int | None] = mapped_column(ForeignKey("recording_parts.id"))
    from_seconds: Mapped[float | None]
    to_seconds: Mapped[float | None]
    from_at: Mapped[datetime | None]
    to_at: Mapped[datetime | None]
    asked_as: Mapped[str] = mapped_column(String(100))  # the range in the person's own words
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]


class FetchedFileRow(Table):
    """A file that was fetched from Teams or a drive, by the service's own id: never fetched twice."""

    __tablename__ = "fetched_files"

    id: Mapped[str] = mapped_column(String(400), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    fetched_at: Mapped[datetime]


class TranscriptRow(Table):
    __tablename__ = "transcripts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    made_at: Mapped[datetime]
    engine: Mapped[str] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)  # JSON, as `transcript` in the documented formats
