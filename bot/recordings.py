"""Recordings: they arrive under a name that says which meeting they are of, wait, and are transcribed by a worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.claims import claimant, is_free
from bot.clock import LONDON, YEARS, is_shown
from bot.store.tables import RecordingPartRow, RecordingRow

LEASE = timedelta(seconds=120)
TRIES = 5
NAME = re.compile(r"^(?P<group>[A-Za-z][A-Za-z0-9-]*?)-(?P<date>\d{4}-\d{2}-\d{2})(?: .*)?$")
BEGUN = re.compile(r"(?<=\s)([01]\d|2[0-3])[-.]([0-5]\d)(?:[-.]([0-5]\d))?(?=\s|$)")


@dataclass(frozen=True)
class RecordingName:
    """What a recording's file name says: `GROUP-YYYY-MM-DD[ anything].ext`."""

    group: str
    on: date


def read_name(file_name: str, groups: Iterable[str]) -> RecordingName | None:
    """The meeting that a file name names, or None where it names none (no such group, no such date, another form)."""
    match = NAME.match(Path(file_name).stem)
    group = match and next((g for g in groups if g.casefold() == match["group"].casefold()), None)
    if not match or not group:
        return None
    try:
        on = date.fromisoformat(match["date"])
    except ValueError:
        return None
    return RecordingName(group, on) if on.year in YEARS else None


def begun_at(file_name: str) -> datetime | None:
    """When a recording began, where its name says so: `GROUP-YYYY-MM-DD 10-02-30.ext`, London's clocks; else None."""
    stem = Path(file_name).stem
    match, at = NAME.match(stem), BEGUN.search(stem)
    if not match or not at:
        return None
    try:
        day = date.fromisoformat(match["date"])
    except ValueError:
        return None
    shown = time(int(at[1]), int(at[2]), int(at[3] or 0))
    return datetime.combine(day, shown, LONDON) if is_shown(shown, day) else None


def known(session: Session, sha256: str) -> RecordingRow | None:
    """The recording that holds this very file already, or None."""
    part = session.scalars(select(RecordingPartRow).where(RecordingPartRow.sha256 == sha256)).first()
    return session.get(RecordingRow, part.recording_id) if part else None


def arrived(
    session: Session, *, name: str, sha256: str, meeting_uid: str | None, now: datetime, asking: str = ""
) -> RecordingRow:
    """Put a recording on file. Without a meeting it waits for a person (`asking` says what for)."""
    recording = RecordingRow(
        id=f"R-{sha256[:12]}",
        meeting_uid=meeting_uid,
        name=name,
        state="waiting" if meeting_uid else "asking",
        state_reason=asking,
        arrived_at=now,
        parts=[RecordingPartRow(position=0, name=name, sha256=sha256)],
    )
    session.add(recording)
    audit.record(session, now, "secretariat", "recording arrived", name, sha256=sha256, meeting=meeting_uid)
    return recording


def claim_one(session: Session, state: str, now: datetime) -> RecordingRow | None:
    """Claim the oldest recording in `state` ('waiting', 'transcribed'), or one whose worker was killed.

    One that has been begun too often without an end is left for a person: it must not be taken up for ever.
    """
    query = select(RecordingRow).where(RecordingRow.state.in_([state, f"{state}:working"]))
    query = query.order_by(RecordingRow.arrived_at, RecordingRow.id).with_for_update(skip_locked=True)
    for row in session.scalars(query):
        mine = row.claimed_by == claimant()  # of an earlier job of ours that ended in an error
        if row.state != state and not mine and not is_free(row.claimed_by, row.claimed_until, now):
            continue
        if row.tries >= TRIES:
            settle(row, "failed", f"It was begun {row.tries} times and never ended: see the log.")
            continue
        row.state, row.claimed_by, row.claimed_until = f"{state}:working", claimant(), now + LEASE
        row.tries += 1
        return row
    return None


def keep_claim(session: Session, recording_id: str, now: datetime, done: float, total: float) -> bool:
    """Prolong the claim and note the progress, in seconds. False where another worker has taken it over."""
    row = session.get_one(RecordingRow, recording_id)
    if row.claimed_by != claimant():
        return False
    row.claimed_until, row.seconds_done, row.seconds_in_all = now + LEASE, done, total
    return True


def settle(row: RecordingRow, state: str, reason: str = "") -> None:
    """End a claim: the recording goes on to `state`."""
    row.state, row.state_reason, row.claimed_until, row.claimed_by, row.tries = state, reason, None, "", 0


def put_back(row: RecordingRow, state: str, reason: str) -> None:
    """End a claim for a reason that lies outside the recording (a full disk): it does not count as a try."""
    row.state, row.state_reason, row.claimed_until, row.claimed_by = state, reason, None, ""
    row.tries = max(row.tries - 1, 0)


Progress = Callable[[str, float, float], None]
"""Told (recording's name, seconds done, seconds in all)."""
