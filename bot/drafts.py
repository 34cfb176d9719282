"""From transcript to draft headline report: versioned, with its Word document, and the PMO told that it is ready."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import apologies, audit, meetings, members, recordings, transcripts
from bot.clock import Clock
from bot.config import Config
from bot.formats import Agenda, Attendance, Attendee, Draft, Transcript, timestamp
from bot.headlines.draft import draft_from
from bot.model import AttendanceRow, HeadlineReport, Meeting, SeatHolding
from bot.ports import ContentFiles, DocumentWriter
from bot.store.database import Database
from bot.store.tables import DraftLineRow, DraftRow, MeetingRow, RecordingRow

WORKING = "Working material of the PMO, not for issue"


@dataclass(frozen=True)
class DraftMade:
    """A draft that was just made, for those who are to be told of it."""

    meeting: Meeting
    draft_id: str
    version: int
    draft: Draft


Told = Callable[[Session, DraftMade, datetime], None]
"""Queues the notices that a draft gives rise to, in the same transaction."""


@dataclass(frozen=True)
class Drafting:
    """What drafting needs beside the database. `agenda_for` gives a meeting's agenda, empty where none is on file."""

    config: Config
    files: ContentFiles
    writer: DocumentWriter
    agenda_for: Callable[[Meeting], Agenda]
    dates_to_note: Callable[[Meeting], tuple[tuple[str, str], ...]]
    told: Told
    page: str  # where our own page plays recordings


@dataclass(frozen=True)
class _Work:
    """One recording's drafting, between claiming it and keeping the result."""

    recording_id: str
    meeting: Meeting
    held: list[SeatHolding]
    away: set[str]  # the ids of those who sent apologies
    version: int
    transcript_id: str
    transcript: Transcript


def draft_one(database: Database, drafting: Drafting, clock: Clock) -> bool:
    """Draft one transcribed recording's report. Returns False where none waits."""
    with database.session() as session:
        work = _claim(session, clock.now())
    if work is None:
        return False
    draft = draft_from(
        work.transcript,
        group=work.meeting.group,
        held_on=work.meeting.on,
        level=drafting.config.groups[work.meeting.group].level,
        agenda=drafting.agenda_for(work.meeting),
        attendance=attendance_of(work.held, work.away),
    )
    report = _report(drafting, work, draft)
    document = drafting.files.put(drafting.writer.draft_document(report))
    with database.session() as session:
        _keep(session, drafting, work, report, document, clock.now())
    return True


def _claim(session: Session, now: datetime) -> _Work | None:
    row = recordings.claim_one(session, "transcribed", now)
    found = row and transcripts.latest(session, row.id)
    if row is None or not found:
        return None
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    held = members.at_tables(session, meeting)
    away = apologies.away(session, meeting.uid)
    return _Work(row.id, meeting, held, away, _next_version(session, meeting.uid), *found)


def _next_version(session: Session, meeting_uid: str) -> int:
    versions = session.scalars(select(DraftRow.version).where(DraftRow.meeting_uid == meeting_uid)).all()
    return max(versions, default=0) + 1


def attendance_of(held: Iterable[SeatHolding], away: Collection[str] = ()) -> Attendance:
    """The roster as drafting wants it: who may be expected at the table, and who chairs; `away`: ids of apologies."""
    at_table = _at_table(held)
    chair = next((h.person.name for h in at_table if h.role == "chair" and h.person.id not in away), None)
    return Attendance(chair=chair, members=[_attendee(h, away) for h in at_table])


def _at_table(held: Iterable[SeatHolding]) -> list[SeatHolding]:
    """Who sits at the table. Whoever sits at several of a joint meeting is named at the first."""
    at_table, first = [h for h in held if h.group and h.role in members.AT_THE_TABLE], dict[str, str | None]()
    return [h for h in at_table if first.setdefault(h.person.id, h.group) == h.group]


def _attendee(held: SeatHolding, away: Collection[str]) -> Attendee:
    name, present = held.person.name, False if held.person.id in away else None
    return Attendee(name=name, constituency=held.constituency, role=held.seat or held.role, present=present)


def attendance_rows(held: Iterable[SeatHolding], away: Collection[str] = ()) -> tuple[AttendanceRow, ...]:
    """The report's attendance table from the roster, and the ids of those who sent apologies.

    Nobody is said to be present whom no one has confirmed.
    """
    at_table = _at_table(held)
    stood_in_for = {h.alternate_for for h in at_table if h.role == "alternate" and h.from_on == h.to_on}
    return tuple(
        AttendanceRow(
            name=h.person.name,
            seat=h.seat,
            constituency=h.constituency,
            organisation=h.person.organisation,
            status=_status(h, away, stood_in_for),
        )
        for h in at_table
    )


def _status(held: SeatHolding, away: Collection[str], stood_in_for: Collection[str | None]) -> str:
    if held.person.id in away or held.person.name in stood_in_for:
        return "apologies"
    return "alternate" if held.role == "alternate" else "expected"


def _report(drafting: Drafting, work: _Work, draft: Draft) -> HeadlineReport:
    meeting, transcript = work.meeting, work.transcript
    model = f", {transcript.model}" if transcript.model else ""
    prepared = f"Drafted from the recording {transcript.audio.name} ({timestamp(transcript.audio.duration)}), "
    return HeadlineReport(
        reference=reference_of(meeting),
        group=meeting.group,
        group_name=drafting.config.groups[meeting.group].name,
        meeting_on=meeting.on,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        version=f"Draft {work.version}. {WORKING}",
        prepared_from=f"{prepared}transcribed by {transcript.engine}{model}.",
        recording_link=recording_link(drafting.config, meeting, work.recording_id, drafting.page),
        attendance=attendance_rows(work.held, work.away),
        draft=draft,
        dates_to_note=drafting.dates_to_note(meeting),
    )


def reference_of(meeting: Meeting) -> str:
    """'PSG-2026-11-04': how people name a meeting's report."""
    return f"{meeting.group}-{meeting.on.isoformat()}"


def recording_link(config: Config, meeting: Meeting, recording_id: str, page: str) -> str:
    """A link into the recording with `{seconds}` for the start second: the configured player, or our own page."""
    pattern = config.recording.link or f"{page}/recordings/{recording_id}#t={{seconds}}"
    return pattern.replace("{group}", meeting.group).replace("{date}", meeting.on.isoformat())


def _keep(
    session: Session, drafting: Drafting, work: _Work, report: HeadlineReport, document: str, now: datetime
) -> None:
    draft_id = f"{report.reference}-draft-{work.version}"
    session.add(
        DraftRow(
            id=draft_id,
            meeting_uid=work.meeting.uid,
            version=work.version,
            transcript_id=work.transcript_id,
            made_at=now,
            content=report.draft.model_dump_json(),
            document_sha256=document,
            lines=list(_lines(report)),
        )
    )
    recordings.settle(session.get_one(RecordingRow, work.recording_id), "drafted")
    audit.record(session, now, "secretariat", "drafted", draft_id, document=document)
    drafting.told(session, DraftMade(work.meeting, draft_id, work.version, report.draft), now)


def _lines(report: HeadlineReport) -> Iterable[DraftLineRow]:
    """Every line of the draft, each with a reference that people can write in a request."""
    draft = report.draft
    numbered: list[tuple[str, str, str | None, str, float | None, dict[str, object]]] = []
    for decision in draft.decisions:
        more = decision.model_dump(include={"outcome", "reached_by", "confidence", "evidence", "segment"})
        numbered.append((decision.ref, "decision", decision.item, decision.text, decision.at, more))
    for action in draft.actions:
        more = action.model_dump(include={"owner", "due", "confidence", "evidence", "segment"})
        numbered.append((action.ref, "action", action.item, action.text, action.at, more))
    for number, view in enumerate(draft.viewpoints, 1):
        more = view.model_dump(include={"speaker", "constituency", "stance", "evidence", "segment"})
        numbered.append((f"V-{number:02d}", "viewpoint", view.item, view.text, view.at, more))
    for number, raid in enumerate(draft.raid, 1):
        more = raid.model_dump(include={"kind", "evidence", "segment"})
        numbered.append((f"R-{number:02d}", "raid", raid.item, raid.text, raid.at, more))
    for number, person in enumerate(report.attendance, 1):
        text = f"{person.name}, {person.seat} ({person.organisation}): {person.status}"
        numbered.append((f"P-{number:02d}", "attendance", None, text, None, {}))
    for position, (ref, kind, item, text, at, details) in enumerate(numbered):
        yield DraftLineRow(position=position, ref=ref, kind=kind, item=item, text=text, at_seconds=at, details=details)


def latest(session: Session, meeting_uid: str) -> DraftRow | None:
    """The newest draft of a meeting's report, or None."""
    query = select(DraftRow).where(DraftRow.meeting_uid == meeting_uid)
    return session.scalars(query.order_by(DraftRow.version.desc()).limit(1)).first()
