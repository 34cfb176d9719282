"""The tables of speech beside those of the recordings: what of a recording is closed to everybody, what was fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


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
