"""Recordings: they arrive under a name that says which meeting they are of, wait, and are transcribed by a worker.

A recording may come in parts; which ones, their order and what is closed of them is `bot.recording_parts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit
from bot.claims import claimant, is_free
from bot.clock import LONDON, YEARS, is_shown
from bot.recording_parts import Numbering, missing, numbering_of
from bot.store.speech_tables import RecordingPartRow, RecordingRow

LEASE = timedelta(seconds=120)
TRIES = 5
PROGRESS = 30.0  # seconds of sound beyond what was ever reached: then the next try begins to count anew
STATES = {
    "asking": "waits for a person",
    "parts": "waits for its other parts",
    "waiting": "waits to be transcribed",
    "waiting:working": "being transcribed",
    "transcribed": "transcribed, waits to be drafted",
    "transcribed:working": "being drafted",
    "drafted": "drafted",
    "joined": "its names are in the recording's transcript",
    "failed": "failed",
    "cancelled": "cancelled",
}
OUT_OF_USE = ("cancelled",)
JOINED = "joined"
CAPTIONS = (".vtt", ".srt", ".sbv")  # a transcript that another program made, with names
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


def is_captions(file_name: str) -> bool:
    """Whether a file is another program's transcript, by its name."""
    return Path(file_name).suffix.casefold() in CAPTIONS


def start_of(part: RecordingPartRow) -> datetime | None:
    """When a part began: as a person said, or its name does."""
    return part.starts_at or begun_at(part.name)


def known(session: Session, sha256: str) -> RecordingRow | None:
    """The recording that holds this very file already, or None."""
    part = session.scalars(select(RecordingPartRow).where(RecordingPartRow.sha256 == sha256)).first()
    return session.get(RecordingRow, part.recording_id) if part else None


def arrived(
    session: Session, *, name: str, sha256: str, meeting_uid: str | None, now: datetime, asking: str = ""
) -> RecordingRow:
    """Put a recording on file, or with one that it is a further part of. Without a meeting it waits for a person.

    `asking` says what for.
    """
    part = _part(name, sha256)
    recording = _of_which_it_is_a_part(session, meeting_uid, part)
    if recording is None:
        recording = RecordingRow(
            id=f"R-{sha256[:12]}",
            meeting_uid=meeting_uid,
            name=name,
            state="waiting" if meeting_uid else "asking",
            state_reason=asking,
            arrived_at=now,
            parts=[part],
        )
        session.add(recording)
    else:
        _add_part(session, recording, part)
    if meeting_uid:
        begin_anew(recording)
    audit.record(session, now, "secretariat", "recording arrived", name, sha256=sha256, meeting=meeting_uid)
    return recording


def _part(name: str, sha256: str) -> RecordingPartRow:
    numbering = numbering_of(Path(name).stem)
    return RecordingPartRow(
        position=0, name=name, sha256=sha256, number=numbering.number, of=numbering.of, starts_at=begun_at(name)
    )


def _of_which_it_is_a_part(
    session: Session, meeting_uid: str | None, part: RecordingPartRow, but: RecordingRow | None = None
) -> RecordingRow | None:
    """The meeting's recording whose parts are numbered, or timed, as this one is; or which failed on a file so called.

    `but` is passed over.
    """
    query = select(RecordingRow).where(RecordingRow.meeting_uid == meeting_uid, RecordingRow.meeting_uid.is_not(None))
    query = query.where(RecordingRow.state.not_in(OUT_OF_USE))
    rows = session.scalars(query.order_by(RecordingRow.arrived_at.desc(), RecordingRow.id))
    return next((row for row in rows if row is not but and _takes(row, part)), None)


def _takes(row: RecordingRow, part: RecordingPartRow) -> bool:
    if is_captions(part.name) or is_captions(row.parts[0].name):
        return False
    if row.state == "failed" and _same(row, part):
        return True
    if part.number:
        return all(p.number not in (0, part.number) for p in row.parts)
    return part.starts_at is not None and all(start_of(p) not in (None, part.starts_at) for p in row.parts)


def _same(row: RecordingRow, part: RecordingPartRow) -> RecordingPartRow | None:
    """The part in whose place this one comes."""
    return next((p for p in row.parts if p.name == part.name or (part.number and p.number == part.number)), None)


def _add_part(session: Session, row: RecordingRow, part: RecordingPartRow) -> None:
    """Take the part in at its place; in a recording that failed, one of the same name or number gives way to it."""
    same = _same(row, part)
    if same is None:
        put_in_order(session, row, [*row.parts, part])
        return
    same.name, same.sha256, same.starts_at = part.name, part.sha256, part.starts_at
    same.number, same.of, same.seconds = part.number, part.of, None


def put_in_order(session: Session, row: RecordingRow, parts: list[RecordingPartRow]) -> None:
    """Give the parts their positions: by number, else by start, else as they came."""
    if all(p.number for p in parts):
        parts.sort(key=lambda p: p.number)
    elif all(start_of(p) for p in parts):
        starts = {p.sha256: start.timestamp() for p in parts if (start := start_of(p))}
        parts.sort(key=lambda p: starts[p.sha256])
    for number, part in enumerate(parts):
        part.position = -1 - number  # two parts are never seen at one place
    row.parts = parts
    session.flush()
    for number, part in enumerate(parts):
        part.position = number
    session.flush()


def renamed(session: Session, row: RecordingRow, name: str, meeting_uid: str) -> None:
    """A file that was asked about has got a name that names its meeting: as if it had just come."""
    row.name, row.meeting_uid = name, meeting_uid
    part, new = row.parts[0], _part(name, row.parts[0].sha256)
    part.name, part.number, part.of, part.starts_at = name, new.number, new.of, new.starts_at
    begin_anew(joined_to(session, row))


def joined_to(session: Session, row: RecordingRow) -> RecordingRow:
    """The recording that this one, now of a meeting, is a further part of, with its file taken in; else itself."""
    part = row.parts[0]
    session.flush()
    whole = _of_which_it_is_a_part(session, row.meeting_uid, part, but=row)
    if whole is None or len(row.parts) > 1:
        return row
    row.parts = []
    session.expunge(part)
    session.execute(delete(RecordingPartRow).where(RecordingPartRow.id == part.id))
    session.delete(row)
    session.flush()
    _add_part(session, whole, _part(part.name, part.sha256))
    return whole


def begin_anew(row: RecordingRow) -> None:
    """Put it before the workers, or let it wait for its parts. Whoever works on it finds its claim gone, and stops."""
    reason = what_is_missing(row)
    settle(row, "parts" if reason else "waiting", reason)
    row.seconds_done = row.seconds_in_all = 0.0


def what_is_missing(row: RecordingRow) -> str:
    """A sentence on the parts that it waits for; empty where it need not wait."""
    if row.is_complete or not any(p.number for p in row.parts):
        return ""
    gone, of = missing(Numbering(p.number, p.of) for p in row.parts)
    say = f"Say that it is complete without: secretariat recordings complete {row.id} --by NAME."
    if of == 0:
        return f"Nobody has said how many parts there are. {say.replace(' without', '')}"
    if not gone:
        return ""
    which = ", ".join(map(str, gone))
    return f"Part{'s' if len(gone) > 1 else ''} {which} of {of} {'are' if len(gone) > 1 else 'is'} not here yet. {say}"


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


def keep_claim(
    session: Session, recording_id: str, now: datetime, done: float, total: float, left: float | None = None
) -> bool:
    """Prolong the claim and note the progress, in seconds of sound, and what is left, in seconds of work.

    False where another worker has taken it over, or a person has stopped it. A try that got further than any before
    is no sign of a recording on which every worker dies.
    """
    row = session.get_one(RecordingRow, recording_id, with_for_update=True)
    if row.claimed_by != claimant():
        return False
    if done > row.seconds_done + PROGRESS:
        row.tries = 1
    row.claimed_until, row.seconds_in_all, row.seconds_left = now + LEASE, total, left
    row.seconds_done = max(row.seconds_done, done)
    return True


def settle(row: RecordingRow, state: str, reason: str = "") -> None:
    """End a claim: the recording goes on to `state`."""
    row.state, row.state_reason, row.claimed_until, row.claimed_by, row.tries = state, reason, None, "", 0
    row.seconds_left = None


def put_back(row: RecordingRow, state: str, reason: str) -> None:
    """End a claim for a reason that lies outside the recording (a full disk): it does not count as a try."""
    row.state, row.state_reason, row.claimed_until, row.claimed_by = state, reason, None, ""
    row.tries, row.seconds_left = max(row.tries - 1, 0), None


Progress = Callable[[str, float, float], None]
"""Told (recording's name, seconds done, seconds in all)."""
