"""From transcript to draft headline report: versioned, with its Word document, and the PMO told that it is ready."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import apologies, audit, marks, meetings, members, recordings, transcripts
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.errors import SecretariatError
from bot.formats import Agenda, Attendance, Attendee, Draft, LiveMark, Transcript, timestamp
from bot.headlines.marks import second_of, with_marks
from bot.model import AttendanceRow, HeadlineReport, Meeting, Person, SeatHolding
from bot.ports import ContentFiles, DocumentWriter
from bot.store.database import Database
from bot.store.tables import DraftLineRow, DraftRow, MeetingRow, RecordingRow, ReportRow

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
    marked: list[LiveMark]
    transcript_id: str
    transcript: Transcript


def draft_one(database: Database, drafting: Drafting, clock: Clock) -> bool:
    """Draft one transcribed recording's report. Returns False where none waits."""
    with database.session() as session:
        work = _claim(session, clock.now())
    if work is None:
        return False
    from bot.headlines.draft import draft_from  # its patterns and NumPy take longer to load than most commands last

    draft = draft_from(
        work.transcript,
        group=work.meeting.group,
        held_on=work.meeting.on,
        level=drafting.config.groups[work.meeting.group].level,
        agenda=drafting.agenda_for(work.meeting),
        attendance=attendance_of(work.held, work.away),
    )
    draft = with_marks(draft, [_placed(mark, work.transcript) for mark in work.marked])
    report = report_of(
        drafting,
        work.meeting,
        draft,
        version=work.version,
        attendance=attendance_rows(work.held, work.away),
        recording_id=work.recording_id,
        transcript=work.transcript,
    )
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
    marked = marks.of_meeting(session, meeting.uid)
    return _Work(row.id, meeting, held, away, next_version(session, meeting.uid), marked, *found)


def _placed(mark: LiveMark, transcript: Transcript) -> LiveMark:
    """The mark with its second in the recording, where a part says when it began."""
    return mark.model_copy(update={"at": second_of(parse_instant(mark.marked_at), transcript.parts)})


def next_version(session: Session, meeting_uid: str) -> int:
    """The number that the next draft of a meeting's report gets."""
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
            ref=f"P-{number:02d}",
            name=h.person.name,
            seat=h.seat,
            constituency=h.constituency,
            organisation=h.person.organisation,
            status=_status(h, away, stood_in_for),
        )
        for number, h in enumerate(at_table, 1)
    )


def attendance_in(session: Session, meeting: Meeting, draft: Draft) -> tuple[AttendanceRow, ...]:
    """The attendance that a draft shows: as a person left it, else by the roster and the apologies."""
    if draft.attendance is None:
        return attendance_rows(members.at_tables(session, meeting), apologies.away(session, meeting.uid))
    return tuple(
        AttendanceRow(line.name, line.seat, line.constituency, line.organisation, line.status, line.ref)
        for line in draft.attendance
    )


def _status(held: SeatHolding, away: Collection[str], stood_in_for: Collection[str | None]) -> str:
    if held.person.id in away or held.person.name in stood_in_for:
        return "apologies"
    return "alternate" if held.role == "alternate" else "expected"


def report_of(
    drafting: Drafting,
    meeting: Meeting,
    draft: Draft,
    *,
    version: int,
    attendance: tuple[AttendanceRow, ...],
    recording_id: str | None,
    transcript: Transcript | None,
) -> HeadlineReport:
    """What a draft's document is rendered from. Without a recording the report says that there was none."""
    reference = reference_of(meeting)
    link = recording_link(drafting.config, meeting, recording_id, drafting.page) if recording_id else ""
    return HeadlineReport(
        reference=reference,
        group=meeting.group,
        group_name=drafting.config.groups[meeting.group].name,
        meeting_on=meeting.on,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        version=f"Draft {version}. {WORKING}",
        prepared_from=_prepared_from(transcript),
        recording_link=link,
        attendance=attendance,
        draft=draft,
        dates_to_note=drafting.dates_to_note(meeting),
        document_id=draft_id_of(reference, version),
    )


def _prepared_from(transcript: Transcript | None) -> str:
    if transcript is None:
        return "The meeting was not recorded."
    model = f", {transcript.model}" if transcript.model else ""
    recorded = f"Drafted from the recording {transcript.audio.name} ({timestamp(transcript.audio.duration)})"
    return f"{recorded}, transcribed by {transcript.engine}{model}."


def draft_id_of(reference: str, version: int) -> str:
    """'PSG-2026-11-04-draft-2'."""
    return f"{reference}-draft-{version}"


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
    row = keep(session, work.meeting, report, version=work.version, transcript_id=work.transcript_id,
               document=document, now=now)  # fmt: skip
    recordings.settle(session.get_one(RecordingRow, work.recording_id), "drafted")
    audit.record(session, now, "secretariat", "drafted", row.id, document=document)
    drafting.told(session, DraftMade(work.meeting, row.id, work.version, report.draft), now)


def keep(
    session: Session,
    meeting: Meeting,
    report: HeadlineReport,
    *,
    version: int,
    transcript_id: str | None,
    document: str,
    now: datetime,
) -> DraftRow:
    """Put a draft on file with its lines, in the caller's transaction. `document` is its content's hash."""
    row = DraftRow(
        id=draft_id_of(report.reference, version),
        meeting_uid=meeting.uid,
        version=version,
        transcript_id=transcript_id,
        made_at=now,
        content=report.draft.model_dump_json(),
        document_sha256=document,
        lines=list(_lines(report)),
    )
    session.add(row)
    return row


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
    for view in draft.viewpoints:
        more = view.model_dump(include={"speaker", "constituency", "stance", "evidence", "segment"})
        numbered.append((view.ref, "viewpoint", view.item, view.text, view.at, more))
    for raid in draft.raid:
        more = raid.model_dump(include={"kind", "evidence", "segment"})
        numbered.append((raid.ref, "raid", raid.item, raid.text, raid.at, more))
    for person in report.attendance:
        text = f"{person.name}, {person.seat} ({person.organisation}): {person.status}"
        numbered.append((person.ref, "attendance", None, text, None, {}))
    for position, (ref, kind, item, text, at, details) in enumerate(numbered):
        yield DraftLineRow(position=position, ref=ref, kind=kind, item=item, text=text, at_seconds=at, details=details)


def latest(session: Session, meeting_uid: str) -> DraftRow | None:
    """The newest draft of a meeting's report, or None."""
    query = select(DraftRow).where(DraftRow.meeting_uid == meeting_uid)
    return session.scalars(query.order_by(DraftRow.version.desc()).limit(1)).first()


def all_of(session: Session, meeting_uid: str) -> list[DraftRow]:
    """Every draft of a meeting's report, the oldest first."""
    query = select(DraftRow).where(DraftRow.meeting_uid == meeting_uid)
    return list(session.scalars(query.order_by(DraftRow.version)))


def unissued(session: Session) -> list[DraftRow]:
    """The newest draft of each report that has not been issued, in order of making."""
    query = select(DraftRow).where(DraftRow.meeting_uid.not_in(select(ReportRow.meeting_uid)))
    newest = {row.meeting_uid: row for row in session.scalars(query.order_by(DraftRow.version))}
    return sorted(newest.values(), key=lambda row: row.made_at)


def draft_again(session: Session, meeting: Meeting, *, by: Person, now: datetime) -> DraftRow:
    """Have the newest recording drafted once more, with what is on file now: agenda, apologies, live marks.

    Returns the draft that the new one will follow. Raises SecretariatError where there is nothing to draft from.
    """
    row, named = latest(session, meeting.uid), reference_of(meeting)
    if meetings.issued_at(session, meeting.uid):
        raise SecretariatError(f"{named} is issued.", hint="Changes come by amendment requests.")
    query = select(RecordingRow).where(RecordingRow.meeting_uid == meeting.uid, RecordingRow.state == "drafted")
    recording = session.scalars(query.order_by(RecordingRow.arrived_at.desc(), RecordingRow.id).limit(1)).first()
    if row is None or recording is None:
        raise SecretariatError(f"{named} has no recording that is drafted.", hint="Give its recording first.")
    recordings.settle(recording, "transcribed")
    audit.record(session, now, by.name, "draft asked for again", row.id, recording=recording.id)
    return row
