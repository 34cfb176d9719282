"""From transcript to draft headline report: versioned, with its Word document, and the PMO told that it is ready."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot import apologies, audit, marks, meetings, members, recordings, redrafts, transcripts
from bot.claims import claimant
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.errors import SecretariatError
from bot.formats import Agenda, Attendance, AttendanceLine, Attendee, Draft, LiveMark, Transcript, timestamp
from bot.headlines.marks import second_of, with_marks
from bot.model import AttendanceRow, HeadlineReport, Meeting, Person, SeatHolding
from bot.ports import ContentFiles, DocumentWriter, Rewords
from bot.redrafts import Printed
from bot.report_table import Conflict, PrintedLine
from bot.store.database import Database
from bot.store.draft_tables import DraftLineRow, DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import RecordingRow

if TYPE_CHECKING:  # it loads NumPy, which most commands can do without
    from bot.headlines.learnt import Learnt

WORKING = "Working material of the PMO, not for issue"
_OF_A_LINE = ("evidence", "segment", "reworded_from")


@dataclass(frozen=True)
class DraftMade:
    """A draft that was just made, for those who are to be told of it.

    Where a person's edits (of the draft `edited`) were put upon the machine's new one (`machine`), `conflicts` are
    where both changed the same words: the person's stand, and somebody of the PMO is asked.
    """

    meeting: Meeting
    draft_id: str
    version: int
    draft: Draft
    edited: str = ""
    machine: str = ""
    conflicts: tuple[Conflict, ...] = ()


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
    language_model: Callable[[], Rewords | None] = lambda: None  # made anew for each draft
    learnt: Callable[[], Learnt | None] = lambda: None  # what the ranking has learnt here


@dataclass(frozen=True)
class _Work:
    """One recording's drafting, between claiming it and keeping the result."""

    recording_id: str
    meeting: Meeting
    held: list[SeatHolding]
    away: set[str]  # the ids of those who sent apologies
    marked: list[LiveMark]
    transcript_id: str
    transcript: Transcript


@dataclass(frozen=True)
class _Version:
    """A version of the draft with its document, to be put on file. `edited_by`: whose edits are in it."""

    report: HeadlineReport
    document: str
    number: int
    edited_by: str = ""
    conflicts: tuple[Conflict, ...] = ()


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
        learnt=drafting.learnt(),
    )
    draft = _reworded(drafting, work, draft)
    draft = with_marks(draft, [_placed(mark, work.transcript) for mark in work.marked])
    while not _kept(database, drafting, work, draft, clock):  # somebody has edited the newest draft meanwhile
        continue
    return True


def _reworded(drafting: Drafting, work: _Work, draft: Draft) -> Draft:
    """The draft, worded by the language model where there is one, and the meeting's groups allow it."""
    model = drafting.language_model() if drafting.config.may_reword(work.meeting.groups) else None
    if model is None:
        return draft
    from bot.headlines.checks import Checks
    from bot.headlines.rewording import reworded

    checks = Checks(work.transcript, drafting.agenda_for(work.meeting), attendance_of(work.held, work.away))
    return reworded(draft, checks, model.reword)


def _kept(database: Database, drafting: Drafting, work: _Work, draft: Draft, clock: Clock) -> bool:
    """Keep the machine's draft, and after it one with the edits of the newest; False where that is no more the newest.

    The documents are made while nothing is locked.
    """
    with database.reading() as session:
        before = all_of(session, work.meeting.uid)
    versions = _versions(drafting, work, draft, before)
    with database.session() as session:
        if session.get_one(RecordingRow, work.recording_id).claimed_by != claimant():
            return True  # taken back meanwhile: a session was closed, or a part came late; it is drafted anew
        if next_version(session, work.meeting.uid) != versions[0].number:
            return False
        _keep(session, drafting, work, versions, before[-1].id if before else "", clock.now())
    return True


def _versions(drafting: Drafting, work: _Work, draft: Draft, before: Sequence[DraftRow]) -> list[_Version]:
    """The machine's draft, its lines called as in its last one, and where a person edited that, their edits upon it."""
    people, given = attendance_rows(work.held, work.away), [line.ref for row in before for line in row.lines]
    base = next((row for row in reversed(before) if not row.edited_by), None)
    if base:
        draft = redrafts.aligned(draft, Draft.model_validate_json(base.content), given)
    number = before[-1].version + 1 if before else 1
    machine = _version(drafting, work, draft, people, number)
    mine = before[-1] if before else None
    if base is None or mine is None or not mine.edited_by:
        return [machine]
    lines = [as_line(row) for row in people]
    made = Printed(draft, _rows(drafting, machine.document, [line.ref for line in lines_of(machine.report)]))
    given += [line.ref for line in lines_of(machine.report)]
    edited, conflicts = redrafts.with_edits(made, lines, _printed(drafting, base), _printed(drafting, mine), given)
    people = people if edited.attendance is None else _as_rows(edited.attendance)
    merged = _version(drafting, work, edited, people, number + 1)
    return [machine, replace(merged, edited_by=mine.edited_by, conflicts=conflicts)]


def _version(drafting: Drafting, work: _Work, draft: Draft, people: tuple[AttendanceRow, ...], number: int) -> _Version:
    report = report_of(
        drafting,
        work.meeting,
        draft,
        version=number,
        attendance=people,
        recording_id=work.recording_id,
        transcript=work.transcript,
    )
    return _Version(report, drafting.files.put(drafting.writer.draft_document(report)), number)


def _printed(drafting: Drafting, row: DraftRow) -> Printed:
    return Printed(Draft.model_validate_json(row.content), printed(drafting, row))


def printed(drafting: Drafting, draft: DraftRow) -> list[PrintedLine]:
    """The lines of a draft as its own document prints them."""
    return _rows(drafting, draft.document_sha256, [line.ref for line in draft.lines])


def _rows(drafting: Drafting, document: str, references: Sequence[str]) -> list[PrintedLine]:
    read = drafting.writer.read(drafting.files.path(document).read_bytes(), references)
    return [PrintedLine(row.kind, row.ref or row.bookmark, row.cells or {}, row.item) for row in read.rows]


def _claim(session: Session, now: datetime) -> _Work | None:
    row = recordings.claim_one(session, "transcribed", now)
    found = row and transcripts.latest(session, row.id)
    if row is None or not found:
        return None
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    held = members.at_tables(session, meeting)
    away = apologies.away(session, meeting.uid)
    marked = marks.of_meeting(session, meeting.uid)
    return _Work(row.id, meeting, held, away, marked, *found)


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
    return _as_rows(draft.attendance)


def _as_rows(lines: Iterable[AttendanceLine]) -> tuple[AttendanceRow, ...]:
    return tuple(
        AttendanceRow(line.name, line.seat, line.constituency, line.organisation, line.status, line.ref)
        for line in lines
    )


def as_line(row: AttendanceRow) -> AttendanceLine:
    """A row of the attendance table as a draft keeps it."""
    return AttendanceLine(
        ref=row.ref,
        name=row.name,
        seat=row.seat,
        constituency=row.constituency,
        organisation=row.organisation,
        status=row.status,
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
    """The pattern of a link into the recording (`bot.recording_links`): the configured player, or our own page."""
    pattern = config.recording.link or f"{page}/recordings/{recording_id}#t={{seconds}}"
    return pattern.replace("{group}", meeting.group).replace("{date}", meeting.on.isoformat())


def _keep(
    session: Session, drafting: Drafting, work: _Work, versions: Sequence[_Version], edited: str, now: datetime
) -> None:
    for version in versions:
        row = keep(session, work.meeting, version.report, version=version.number, transcript_id=work.transcript_id,
                   document=version.document, now=now, edited_by=version.edited_by)  # fmt: skip
        merging = {"edits_of": edited, "conflicts": len(version.conflicts)} if version.edited_by else {}
        audit.record(session, now, "secretariat", "drafted", row.id, document=version.document, **merging)
    recordings.settle(session.get_one(RecordingRow, work.recording_id), "drafted")
    last, machine = versions[-1], draft_id_of(reference_of(work.meeting), versions[0].number)
    made = DraftMade(work.meeting, row.id, last.number, last.report.draft)
    if last.edited_by:
        made = replace(made, edited=edited, machine=machine, conflicts=last.conflicts)
    drafting.told(session, made, now)


def keep(
    session: Session,
    meeting: Meeting,
    report: HeadlineReport,
    *,
    version: int,
    transcript_id: str | None,
    document: str,
    now: datetime,
    edited_by: str = "",
) -> DraftRow:
    """Put a draft on file with its lines, in the caller's transaction. `document` is its content's hash.

    `edited_by` names the person whose edits are in it; "" for the machine's own.
    """
    row = DraftRow(
        id=draft_id_of(report.reference, version),
        meeting_uid=meeting.uid,
        version=version,
        transcript_id=transcript_id,
        made_at=now,
        content=report.draft.model_dump_json(),
        document_sha256=document,
        edited_by=edited_by,
        lines=list(lines_of(report)),
    )
    session.add(row)
    return row


def lines_of(report: HeadlineReport) -> Iterable[DraftLineRow]:
    """Every line of the draft, each with a reference that people can write in a request."""
    draft = report.draft
    numbered: list[tuple[str, str, str | None, str, float | None, dict[str, object]]] = []
    for decision in draft.decisions:
        more = decision.model_dump(include={*_OF_A_LINE, "outcome", "reached_by", "confidence"})
        numbered.append((decision.ref, "decision", decision.item, decision.text, decision.at, more))
    for action in draft.actions:
        more = action.model_dump(include={*_OF_A_LINE, "owner", "due", "confidence"})
        numbered.append((action.ref, "action", action.item, action.text, action.at, more))
    for view in draft.viewpoints:
        more = view.model_dump(include={*_OF_A_LINE, "speaker", "constituency", "stance"})
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
    query = select(DraftRow).where(DraftRow.meeting_uid == meeting_uid).options(selectinload(DraftRow.lines))
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
