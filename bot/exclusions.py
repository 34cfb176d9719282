"""Closing a range of a recording: it is neither transcribed nor played, and what was heard there is erased.

Whatever was written from it goes: in the transcripts, in the drafts with their documents, and in what a killed worker
left; and, by `closed_words`, wherever else it stands. What was issued stays as it was issued; the PMO is told of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit, closed_sessions, drafts, meetings, members, recordings
from bot.clock import LONDON, is_shown
from bot.closed_words import ClosedWords, Elsewhere, erase_elsewhere
from bot.correspondence import Letter, send
from bot.drafts import Drafting
from bot.erasures import Closing, closing_of, without_closed
from bot.errors import SecretariatError
from bot.formats import Draft, Transcript, timestamp
from bot.model import Meeting, Person
from bot.ports import CheckpointShelf, ErasableFiles
from bot.recording_deeds import part_of
from bot.recording_parts import Ranges, cut, is_within, offsets, seconds_of
from bot.store.database import Database
from bot.store.draft_tables import ConfirmationRow, DraftLineRow, DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import RecordingExclusionRow, RecordingRow, TranscriptRow

RANGE = re.compile(r"\s*(?P<start>[\d:.]+)\s*(?:-|–|to)\s*(?P<end>[\d:.]+)\s*")  # people type that dash
FORM = "Write it as 00:41:00-00:55:00, or on the wall's clock with --wall-clock as 10:43-10:57."


@dataclass(frozen=True)
class Asked:
    """A range as a person asked for it. `part`: counted from 1, None for the line through all parts."""

    text: str
    wall_clock: bool = False
    part: int | None = None


@dataclass
class Erased:
    """What an exclusion took away, and what it could not: for the PMO."""

    recording_id: str
    name: str
    meeting_uid: str | None
    asked_as: str
    transcripts: int = 0
    drafts: dict[str, list[str]] = field(default_factory=dict)  # draft -> the lines that went
    issued: dict[str, list[str]] = field(default_factory=dict)  # issued report -> lines said there, which stand
    files: set[str] = field(default_factory=set)  # by hash: what is to be gone once this is committed
    words: ClosedWords = field(default_factory=ClosedWords, repr=False)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)


@dataclass(frozen=True)
class Excluding:
    """What closing a range needs beside the session."""

    drafting: Drafting
    checkpoints: CheckpointShelf
    files: ErasableFiles


def exclude(
    session: Session, excluding: Excluding, row: RecordingRow, asked: Asked, *, by: Person, now: datetime
) -> Erased:
    """Close a range, in the caller's transaction; the PMO is told what that took away. Raises SecretariatError.

    Once it is committed, `clear_away` takes out the files that held it.
    """
    was = {t.id: closed_sessions.ranges_on(session, row, _read(t)) for t in _transcripts(session, row)}
    added = list(_wall_clock(session, row, asked) if asked.wall_clock else _in_seconds(row, asked))
    for closed in added:
        closed.recording_id, closed.asked_as, closed.made_by, closed.made_at = row.id, _shown(asked), by.name, now
        session.add(closed)
    session.flush()
    found = Erased(row.id, row.name, row.meeting_uid, _shown(asked))
    for kept in _transcripts(session, row):
        transcript = _read(kept)
        ranges = closed_sessions.ranges_on(session, row, transcript)
        if ranges != was[kept.id]:
            _erase(session, excluding, row, kept, transcript, ranges, found)
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    if meeting and found.transcripts:
        found.elsewhere = erase_elsewhere(session, excluding.files, meeting, found.words, found.files, by=by, now=now)
        found.files |= found.elsewhere.files
    _stop_and_go_on(session, row, found)
    audit.record(session, now, by.name, "part of a recording closed", row.name, range=_shown(asked),
                 drafts=found.drafts, issued=found.issued, returns=found.elsewhere.returns,
                 requests=found.elsewhere.requests)  # fmt: skip
    if found.transcripts:
        _tell(session, excluding, found, added[0].id, by, now)
    return found


def clear_away(database: Database, excluding: Excluding, erased: Erased) -> None:
    """After the commit: the files that hold what was closed, what a killed worker had found, the database's log."""
    excluding.checkpoints.discard(erased.recording_id)
    for sha256 in erased.files:
        excluding.files.forget(sha256)
    database.empty_log()


def lift(session: Session, row: RecordingRow, number: int, *, by: Person, now: datetime) -> None:
    """Open a closed range (counted from 1) again: the recording is transcribed anew."""
    closed = closed_sessions.rows_of(session, row.id)
    if not 1 <= number <= len(closed):
        raise SecretariatError(f"{row.name} has no closed range {number}.", hint=f"It has {len(closed)}.")
    opened = closed[number - 1]
    session.delete(opened)
    session.flush()
    if row.meeting_uid and row.state not in recordings.OUT_OF_USE:
        recordings.begin_anew(row)
    audit.record(session, now, by.name, "closed part of a recording opened", row.name, range=opened.asked_as)


def _shown(asked: Asked) -> str:
    where = " on the wall's clock" if asked.wall_clock else f" of part {asked.part}" if asked.part else ""
    return f"{' '.join(asked.text.split())}{where}"[:100]


def _wall_clock(session: Session, row: RecordingRow, asked: Asked) -> Sequence[RecordingExclusionRow]:
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    if meeting is None:
        raise SecretariatError(f"{row.name} is of no meeting yet.", hint="Assign it first, or give seconds.")
    unknown = [p for p in row.parts if recordings.start_of(p) is None]
    if unknown:
        raise SecretariatError(
            f"Nobody knows when {unknown[0].name} began.",
            hint=f"Say it (secretariat recordings parts {row.id} --starts {unknown[0].position + 1}=10:02 --by NAME), "
            "or give the range in the recording's own time.",
        )
    start, end = (_instant(meeting, text) for text in _ends(asked.text))
    if start >= end:
        raise SecretariatError(f"{asked.text} ends before it begins.", hint=FORM)
    return [RecordingExclusionRow(from_at=start, to_at=end)]


def _instant(meeting: Meeting, text: str) -> datetime:
    try:
        shown = time.fromisoformat(text if len(text.partition(":")[0]) == 2 else f"0{text}")
    except ValueError:
        raise SecretariatError(f"{text} is no time of day.", hint=FORM) from None
    if shown.tzinfo or not is_shown(shown, meeting.on):
        raise SecretariatError(f"London's clocks do not show {text} on that day.", hint=FORM)
    return datetime.combine(meeting.on, shown, LONDON)


def _in_seconds(row: RecordingRow, asked: Asked) -> Sequence[RecordingExclusionRow]:
    start, end = (seconds_of(text) for text in _ends(asked.text))
    if start is None or end is None:
        raise SecretariatError(f"{asked.text} is no range of a recording.", hint=FORM)
    if start >= end:
        raise SecretariatError(f"{asked.text} ends before it begins.", hint=FORM)
    number = asked.part or (1 if len(row.parts) == 1 else None)
    if number:
        part = part_of(row, number)
        if part.seconds is not None and start >= part.seconds:
            raise SecretariatError(f"{part.name} lasts {timestamp(part.seconds)} only.", hint="Nothing was closed.")
        return [RecordingExclusionRow(part_id=part.id, from_seconds=start, to_seconds=end)]
    return _over_parts(row, start, end)


def _over_parts(row: RecordingRow, start: float, end: float) -> Sequence[RecordingExclusionRow]:
    """A range of the line, as ranges of the parts that it goes through."""
    lengths = [(p.seconds, recordings.start_of(p)) for p in row.parts if p.seconds is not None]
    if len(lengths) < len(row.parts):
        raise SecretariatError(
            "How long its parts are is known once they have been listened to.",
            hint="Until then say which part is meant (--part 2, with that file's own time), or use --wall-clock.",
        )
    found = [
        RecordingExclusionRow(part_id=part.id, from_seconds=max(0.0, start - at), to_seconds=min(end - at, seconds))
        for part, at, (seconds, _) in zip(row.parts, offsets(lengths), lengths, strict=True)
        if start < at + seconds and end > at
    ]
    if not found:
        raise SecretariatError("No part of the recording lies there.", hint="See: secretariat recordings list.")
    return found


def _ends(text: str) -> tuple[str, str]:
    match = RANGE.fullmatch(text)
    if not match:
        raise SecretariatError(f"{text} is no range.", hint=FORM)
    return match["start"], match["end"]


def _transcripts(session: Session, row: RecordingRow) -> Sequence[TranscriptRow]:
    return session.scalars(select(TranscriptRow).where(TranscriptRow.recording_id == row.id)).all()


def _read(kept: TranscriptRow) -> Transcript:
    return Transcript.model_validate_json(kept.content)


def _erase(
    session: Session, excluding: Excluding, row: RecordingRow, kept: TranscriptRow, before: Transcript, ranges: Ranges,
    found: Erased,
) -> None:  # fmt: skip
    after = cut(before, ranges)
    kept.content = after.model_dump_json()
    found.transcripts += 1
    closing = closing_of(before, after, ranges)
    found.words.said(closing, {segment.id: segment.text for segment in before.segments})
    for draft in session.scalars(select(DraftRow).where(DraftRow.transcript_id == kept.id)):
        _erase_draft(session, excluding.drafting, row, draft, after, closing, found)
    for report in session.scalars(select(ReportRow).where(ReportRow.meeting_uid == row.meeting_uid)):
        lines = _issued_there(session, report, ranges)
        if lines:
            found.issued[report.id] = lines


def _issued_there(session: Session, report: ReportRow, ranges: Ranges) -> list[str]:
    """The decisions and actions of an issued report that were said within."""
    rows = [
        *session.scalars(select(DecisionRow).where(DecisionRow.report_id == report.id)),
        *session.scalars(select(ActionRow).where(ActionRow.report_id == report.id)),
    ]
    return [x.reference for x in rows if x.at_seconds is not None and is_within(x.at_seconds, x.at_seconds, ranges)]


def _erase_draft(
    session: Session, drafting: Drafting, row: RecordingRow, draft: DraftRow, left: Transcript, closing: Closing,
    found: Erased,
) -> None:  # fmt: skip
    """The draft's lines, evidence and document without it. The old document is taken out of the content store."""
    before = Draft.model_validate_json(draft.content)
    content, gone = without_closed(before, closing)
    found.words.drafted(draft.id, before, content)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, draft.meeting_uid))
    report = drafts.report_of(
        drafting,
        meeting,
        content,
        version=draft.version,
        attendance=drafts.attendance_in(session, meeting, content),
        recording_id=row.id,
        transcript=left,
    )
    old, draft.content = draft.document_sha256, content.model_dump_json()
    draft.document_sha256 = drafting.files.put(drafting.writer.draft_document(report))
    session.execute(delete(DraftLineRow).where(DraftLineRow.draft_id == draft.id))
    session.expire(draft, ["lines"])
    draft.lines = list(drafts.lines_of(report))
    session.execute(
        delete(ConfirmationRow).where(ConfirmationRow.draft_id == draft.id, ConfirmationRow.draft_ref.in_(gone))
    )
    session.flush()
    if not session.scalars(select(DraftRow.id).where(DraftRow.document_sha256 == old)).first():
        found.files.add(old)
    found.drafts[draft.id] = gone


def _stop_and_go_on(session: Session, row: RecordingRow, found: Erased) -> None:
    """Work on the whole recording stops and is begun again; a draft is made of what is left."""
    if row.copy_sha256:
        found.files.add(row.copy_sha256)
        row.copy_sha256 = row.copy_of = ""
    if row.state == "waiting:working":
        recordings.begin_anew(row)
    issued = row.meeting_uid is not None and meetings.issued_at(session, row.meeting_uid)
    if row.state == "transcribed:working" or (row.state == "drafted" and found.transcripts and not issued):
        recordings.settle(row, "transcribed")


def _tell(session: Session, excluding: Excluding, found: Erased, number: int, by: Person, now: datetime) -> None:
    """The secretary and the deputy of the group: what went, and what a person must see to."""
    meeting = meetings.by_uid(session, found.meeting_uid) if found.meeting_uid else None
    if meeting is None:
        return
    held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)
    people = {p.id: p for p in (*members.recipients(held, "secretary"), *members.recipients(held, "deputy"))}
    letter = Letter(
        found.recording_id, "recording", f"closed_{number}", "closed_session.txt",
        {
            "recording": found.name, "reference": drafts.reference_of(meeting), "range": found.asked_as,
            "by": by.name, "drafts": {name: ", ".join(refs) for name, refs in found.drafts.items()},
            "issued": {name: ", ".join(refs) for name, refs in found.issued.items()},
            "returns": ", ".join(found.elsewhere.returns), "requests": ", ".join(found.elsewhere.requests),
            "quoting": ", ".join(found.elsewhere.quoting), "unsent": found.elsewhere.unsent,
        },
        meeting.group, "pmo_reminder", f"{by.name} closed {found.asked_as} of {found.name}.",
    )  # fmt: skip
    send(session, excluding.drafting.config, letter, people.values(), now)
