"""What people do about recordings: say which meeting one is of, that it is complete, stop it, have it done again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings, recordings
from bot.clock import spoken, spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.store.speech_tables import RecordingPartRow, RecordingRow

REFERENCE = re.compile(r"(?P<group>[A-Za-z][A-Za-z0-9-]*?)-(?P<date>\d{4}-\d{2}-\d{2})")
STOPPABLE = ("asking", "parts", "waiting", "waiting:working", "failed")


def listed(session: Session) -> list[RecordingRow]:
    """Every recording, the newest first."""
    return list(session.scalars(select(RecordingRow).order_by(RecordingRow.arrived_at.desc(), RecordingRow.id)))


def of_meeting(session: Session, uid: str) -> Sequence[RecordingRow]:
    """A meeting's recordings that are in use, the newest first."""
    query = select(RecordingRow).where(RecordingRow.meeting_uid == uid)
    query = query.where(RecordingRow.state.not_in(recordings.OUT_OF_USE))
    return session.scalars(query.order_by(RecordingRow.arrived_at.desc(), RecordingRow.id)).all()


def named(session: Session, text: str) -> RecordingRow:
    """The recording meant by its reference, a file's name, or the meeting's (PSG-2024-02-07). Raises UnknownThing."""
    wanted = text.strip()
    found: Sequence[RecordingRow] = [row] if (row := session.get(RecordingRow, wanted)) else []
    found = found or session.scalars(select(RecordingRow).where(RecordingRow.name == wanted)).all()
    if not found:
        part = session.scalars(select(RecordingPartRow).where(RecordingPartRow.name == wanted)).first()
        found = [session.get_one(RecordingRow, part.recording_id)] if part else []
    found = found or _of_reference(session, wanted)
    if len(found) > 1:
        ids = ", ".join(f"{row.id} ({row.name})" for row in found)
        raise UnknownThing(f"{wanted} has several recordings.", hint=f"Name one: {ids}.")
    if not found:
        raise UnknownThing(f"There is no recording {wanted}.", hint="See: secretariat recordings list.")
    return found[0]


def _of_reference(session: Session, text: str) -> Sequence[RecordingRow]:
    match = REFERENCE.fullmatch(text)
    if not match:
        return []
    try:
        meeting = meetings.on_day(session, match["group"].upper(), date.fromisoformat(match["date"]))
    except ValueError:
        return []
    return of_meeting(session, meeting.uid) if meeting else []


def reference_read(text: str) -> tuple[str, date]:
    """The group and the day of `PSG-2024-02-07`. Raises SecretariatError with the form to write it in."""
    match = REFERENCE.fullmatch(text.strip())
    try:
        return match["group"], date.fromisoformat(match["date"])  # type: ignore[index]  # None is refused below
    except (TypeError, ValueError):
        raise SecretariatError(f"{text} names no meeting.", hint="Write it as PSG-2024-02-07.") from None


def assign(session: Session, row: RecordingRow, meeting: Meeting, *, by: Person, now: datetime) -> RecordingRow:
    """Say which meeting a recording is of; it is put before the workers, perhaps as a part of one that is there."""
    if row.meeting_uid == meeting.uid and row.state != "asking":
        raise SecretariatError(f"{row.name} is that meeting's already.", hint="Nothing was changed.")
    if row.state in ("transcribed:working", "drafted"):
        raise SecretariatError(f"{row.name} is drafted already.", hint="A draft is never moved to another meeting.")
    was, name = row.meeting_uid, row.name
    row.meeting_uid = meeting.uid
    whole = recordings.joined_to(session, row)
    recordings.begin_anew(whole)
    audit.record(session, now, by.name, "recording assigned", name, meeting=meeting.uid, before=was)
    return whole


def complete(session: Session, row: RecordingRow, *, by: Person, now: datetime) -> None:
    """Say that no part is missing. A late one opens it again."""
    if row.state != "parts":
        raise SecretariatError(f"{row.name} does not wait for parts: it {_state(row)}.", hint="Nothing was changed.")
    row.is_complete = True
    recordings.begin_anew(row)
    audit.record(session, now, by.name, "recording complete", row.name, parts=[p.name for p in row.parts])


def cancel(session: Session, row: RecordingRow, *, by: Person, now: datetime) -> None:
    """Stop the work on a recording. The file is kept; `retry` takes it up again."""
    if row.state not in STOPPABLE:
        raise SecretariatError(
            f"{row.name} cannot be cancelled: it {_state(row)}.",
            hint="Only a transcription that is to come or goes on.",
        )
    recordings.settle(row, "cancelled", f"Cancelled by {by.name} on {spoken(now)}.")
    audit.record(session, now, by.name, "recording cancelled", row.name)


def retry(session: Session, row: RecordingRow, *, by: Person, now: datetime) -> None:
    """Have a recording transcribed, or transcribed once more: its next transcript gives rise to a next draft."""
    if row.meeting_uid is None:
        raise SecretariatError(
            f"Nobody has said which meeting {row.name} is of.",
            hint=f"secretariat recordings assign {row.id} GROUP-DATE --by NAME.",
        )
    if row.state in ("waiting", "waiting:working", "transcribed:working"):
        raise SecretariatError(f"{row.name} is at work already: it {_state(row)}.", hint="Nothing was changed.")
    recordings.begin_anew(row)
    audit.record(session, now, by.name, "recording to be transcribed again", row.name)


def set_start(session: Session, row: RecordingRow, number: int, at: datetime, *, by: Person, now: datetime) -> None:
    """Say when a part (counted from 1) began, on the wall's clock. A transcript that there is is made anew."""
    part = part_of(row, number)
    part.starts_at = at
    recordings.put_in_order(session, row, list(row.parts))
    if row.meeting_uid and row.state not in recordings.OUT_OF_USE:
        recordings.begin_anew(row)
    audit.record(session, now, by.name, "start of a recording given", row.name, part=part.name, began=at.isoformat())


def part_of(row: RecordingRow, number: int) -> RecordingPartRow:
    """A part by its place, counted from 1."""
    if not 1 <= number <= len(row.parts):
        raise SecretariatError(f"{row.name} has no part {number}.", hint=f"It has {len(row.parts)}.")
    return row.parts[number - 1]


def _state(row: RecordingRow) -> str:
    said = recordings.STATES[row.state]
    return said if said.startswith(("waits", "failed")) else f"is {said}"


def meeting_named(session: Session, row: RecordingRow) -> str:
    """'PSG, Wednesday 7 February 2024', or that nobody knows."""
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    return f"{meeting.known_as}, {spoken_date(meeting.on)}" if meeting else "no meeting yet"
