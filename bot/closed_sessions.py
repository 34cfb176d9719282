"""What of a recording is closed to everybody: on file, by part, and on a transcript's line of seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import recordings
from bot.formats import Transcript
from bot.recording_parts import Closed, Ranges, closed_in, joined_ranges
from bot.store.speech_tables import RecordingExclusionRow, RecordingPartRow, RecordingRow


def rows_of(session: Session, recording_id: str) -> list[RecordingExclusionRow]:
    """The exclusions of a recording, in the order in which they were made."""
    query = select(RecordingExclusionRow).where(RecordingExclusionRow.recording_id == recording_id)
    return list(session.scalars(query.order_by(RecordingExclusionRow.id)))


def closed_of(session: Session, row: RecordingRow) -> dict[int, Ranges]:
    """The closed ranges of each part by its position, in seconds of its file."""
    return _by_position(row.parts, rows_of(session, row.id))


def _by_position(parts: Sequence[RecordingPartRow], rows: Sequence[RecordingExclusionRow]) -> dict[int, Ranges]:
    where = {part.id: part.position for part in parts}
    closed = [
        Closed(
            where.get(r.part_id) if r.part_id else None, r.from_seconds or 0.0, r.to_seconds or 0.0, r.from_at, r.to_at
        )
        for r in rows
    ]
    return {p.position: closed_in(p.position, recordings.start_of(p), closed) for p in parts}


def ranges_on(session: Session, row: RecordingRow, transcript: Transcript) -> Ranges:
    """The closed ranges on the line of one transcript of the recording."""
    closed, position = closed_of(session, row), {p.name: p.position for p in row.parts}
    return joined_ranges(
        (round(part.offset + start, 3), round(part.offset + min(end, part.duration), 3))
        for part in transcript.parts
        for start, end in closed.get(position.get(part.name, -1), [])
        if start < part.duration
    )


def copy_wanted(session: Session, row: RecordingRow) -> str:
    """A mark of the parts, their places and what is closed of them, where people must be played a copy made of them.

    Empty where the one file that there is may be played as it came.
    """
    closed = closed_of(session, row)
    if len(row.parts) == 1 and not closed[row.parts[0].position]:
        return ""
    told = [(p.sha256, str(recordings.start_of(p)), p.seconds, closed[p.position]) for p in row.parts]
    return hashlib.sha256(repr(told).encode()).hexdigest()
