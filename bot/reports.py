"""Issuing a headline report: on a named person's word, frozen, numbered in the group's own series (rules §4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, audit, clearances, confirmations, drafts, meetings, members, report_copies
from bot.access import Deed
from bot.checklists import Check, Subject, check_list, warnings
from bot.clock import LONDON, spoken_date
from bot.config import Config
from bot.confirmations import Confirmed, How
from bot.corrections import OUTCOMES, Corrections, corrected
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Draft, DraftedAction, DraftedDecision
from bot.issued_drafts import without_working_material
from bot.model import HeadlineReport, Meeting, Person
from bot.ports import ContentFiles, DocumentWriter
from bot.report_numbers import Numbers, numbered, numbers_of, series_of
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import RecordingRow, TranscriptRow


@dataclass(frozen=True)
class Issuing:
    """What issuing needs beside the database. `meeting_number` is the meeting's place in its series, or None.

    `due_at` is when a meeting's report is due; `makes_pdf` whether there is something here that makes PDFs.
    """

    config: Config
    files: ContentFiles
    writer: DocumentWriter
    page: str
    meeting_number: Callable[[Session, Meeting], int | None]
    dates_to_note: Callable[[Session, Meeting, datetime], tuple[tuple[str, str], ...]]
    due_at: Callable[[Session, Meeting], datetime | None] = lambda _session, _meeting: None
    makes_pdf: Callable[[], bool] = lambda: False


class NotReady(SecretariatError):
    """An outcome is not confirmed (`unconfirmed`: by the draft's references), or the check list warns, or both."""

    def __init__(self, sentence: str, *, hint: str, unconfirmed: list[str], unclear: str) -> None:
        super().__init__(sentence, hint=hint)
        self.unconfirmed, self.unclear = unconfirmed, unclear


@dataclass(frozen=True)
class Issue:
    """A report about to be issued, or just issued: what it will be called, and whom its lines come from."""

    meeting: Meeting
    reference: str
    report: HeadlineReport
    by: Person
    document: bytes
    file_name: str
    outcomes: tuple[str, ...]  # each decision as it would be issued, and who has confirmed it
    source: DraftRow
    drafted: Draft  # with the draft's own references
    checks: tuple[Check, ...]
    confirmed: tuple[Confirmed, ...]
    corrections: Corrections
    pdf_expected: bool = False

    @property
    def to_confirm(self) -> list[Confirmed]:
        """The decisions whose outcome nobody has confirmed as it would be issued."""
        return [each for each in self.confirmed if each.by is None]

    @property
    def warnings(self) -> list[Check]:
        """What the check list warns of."""
        return warnings(self.checks)


def meeting_of_reference(session: Session, reference: str) -> Meeting:
    """The meeting of 'PSG-2026-11-04' (or of a draft's id). Raises UnknownThing, naming the drafts on file."""
    wanted = reference.strip().casefold()
    rows = session.scalars(select(DraftRow)).all()
    for row in rows:
        meeting = meetings.by_uid(session, row.meeting_uid)
        if meeting and wanted in (row.id.casefold(), drafts.reference_of(meeting).casefold()):
            return meeting
    known = ", ".join(sorted({row.id.partition("-draft-")[0] for row in rows})) or "none yet"
    raise UnknownThing(f"There is no draft report {reference}.", hint=f"Reports with a draft: {known}.")


def prepare(
    session: Session, issuing: Issuing, meeting: Meeting, by: Person, now: datetime, corrections: Corrections
) -> Issue:
    """What issuing would put out, without issuing it. Raises NotAllowed or SecretariatError where it may not be."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO issues reports.")
    return look(session, issuing, meeting, by, now, corrections)


def look(
    session: Session, issuing: Issuing, meeting: Meeting, by: Person, now: datetime, corrections: Corrections
) -> Issue:
    """The same for who only looks, and may."""
    row = drafts.latest(session, meeting.uid)
    if row is None:
        raise UnknownThing(
            f"{drafts.reference_of(meeting)} has no draft yet.", hint="Wait until its recording is drafted."
        )
    _refuse_second_issue(session, meeting)
    drafted = corrected(Draft.model_validate_json(row.content), corrections)
    anchor = issuing.config.groups[meeting.group].anchor
    numbers = numbers_of(session, meeting, issuing.meeting_number(session, meeting), anchor)
    report = _report(session, issuing, meeting, numbered(drafted, numbers), row, by, now)
    confirmed = confirmations.of_decisions(session, meeting.uid, drafted.decisions)
    return Issue(
        meeting=meeting,
        reference=report.reference,
        report=report,
        by=by,
        document=issuing.writer.issued_document(without_working_material(report)),
        file_name=f"{report.reference} headline report r1.docx",
        outcomes=tuple(
            _outcome(d, c, by, corrections.how) for d, c in zip(report.draft.decisions, confirmed, strict=True)
        ),
        source=row,
        drafted=drafted,
        checks=tuple(_checks(session, issuing, meeting, drafted, report, numbers, now)),
        confirmed=tuple(confirmed),
        corrections=corrections,
        pdf_expected=issuing.makes_pdf(),
    )


def _outcome(issued: DraftedDecision, confirmed: Confirmed, by: Person, how: How | None) -> str:
    """'PSG-DEC41 accepted: The group approved the plan. (Tobias Wrenfield, who attended)'."""
    who, known = (confirmed.by, confirmed.how) if confirmed.by else (by, how)
    vouched = f"{who.name}, {confirmations.HOW_WORDS[known]}" if known and issued.outcome != "none" else "not confirmed"
    return f"{issued.ref} {OUTCOMES[issued.outcome]}: {issued.text} ({vouched})"


def _checks(
    session: Session, issuing: Issuing, meeting: Meeting, drafted: Draft, report: HeadlineReport, numbers: Numbers,
    now: datetime,
) -> list[Check]:  # fmt: skip
    subject = Subject(
        draft=drafted,
        attendance=report.attendance,
        stands=clearances.standing_of(session, meeting.uid),
        due_at=issuing.due_at(session, meeting),
        series=series_of(session, meeting, numbers),
    )
    return check_list(subject, now)


def refuse_unready(prepared: Issue) -> None:
    """Raise SecretariatError where an outcome is not confirmed, or a warning neither heeded nor overruled."""
    named, missing = prepared.reference, prepared.to_confirm
    if prepared.corrections.how:
        missing = [each for each in missing if each.decision.outcome == "none"]
    unclear = next((each.decision.ref for each in missing if each.decision.outcome == "none"), "")
    sentences, hints = [], []
    if missing:
        sentences.append(f"{named} holds outcomes that nobody has confirmed: {'; '.join(c.words for c in missing)}.")
        hints.append(
            f"Listen there, and say what it was: secretariat reports confirm {named} {unclear} --outcome accept "
            "--listened --by NAME (or reject, refer ...)."
            if unclear
            else f"Whoever listened or attended confirms them: secretariat reports confirm {named} --all --attended "
            "--by NAME (or --listened)."
        )
    if prepared.warnings and not prepared.corrections.overruled.strip():
        warned = " ".join(f"{check.title}: {check.words}" for check in prepared.warnings)
        sentences.append(f"The check list warns. {warned}")
        hints.append('Put it right, or overrule it: --overrule "why it goes out so".')
    if sentences:
        refs = [each.decision.ref for each in missing]
        raise NotReady(" ".join(sentences), hint=" ".join(hints), unconfirmed=refs, unclear=unclear)


def issue(session: Session, issuing: Issuing, prepared: Issue, now: datetime) -> ReportRow:
    """Freeze and number the report, in the caller's transaction; its notices are queued in the same one.

    Raises SecretariatError where an outcome is not confirmed, or a warning neither heeded nor overruled.
    """
    refuse_unready(prepared)
    meeting, by = prepared.meeting, prepared.by
    confirmed = _vouched(session, prepared, now)
    snapshot = TypeAdapter(HeadlineReport).dump_json(without_working_material(prepared.report)).decode()
    row = ReportRow(
        id=report_id_of(prepared.reference, 1),
        meeting_uid=meeting.uid,
        revision=1,
        reference=prepared.reference,
        draft_id=prepared.source.id,
        issued_at=now,
        issued_by=by.id,
        snapshot=snapshot,
        snapshot_sha256=hashlib.sha256(snapshot.encode()).hexdigest(),
        document_sha256=issuing.files.put(prepared.document),
    )
    session.add(row)
    session.flush()
    _log_lines(session, row, prepared, confirmed)
    meetings.meet_obligation(session, meeting.uid, "headline_report", at=now, by=by.name, link=row.id)
    report_copies.keep(session, row, with_pdf=prepared.pdf_expected, now=now)
    audit.record(
        session, now, by.name, "report issued", row.id, snapshot=row.snapshot_sha256, document=row.document_sha256,
        outcomes_confirmed=list(prepared.outcomes), overruled=prepared.corrections.overruled,
        warnings=[f"{check.title}: {check.words}" for check in prepared.warnings],
    )  # fmt: skip
    return row


def _vouched(session: Session, prepared: Issue, now: datetime) -> dict[str, Person]:
    """Who has confirmed each decision, by the draft's references; what nobody had, the issuing person does now."""
    confirmed = list(prepared.confirmed)
    missing = [each.decision for each in prepared.to_confirm]
    if missing and prepared.corrections.how:
        how, by = prepared.corrections.how, prepared.by
        confirmed += confirmations.vouch(session, prepared.meeting, prepared.source, missing, how, by=by, now=now)
    return {each.decision.ref: each.by for each in confirmed if each.by}


def report_id_of(reference: str, revision: int) -> str:
    """'PSG-2024-02-07-r1'."""
    return f"{reference}-r{revision}"


def _refuse_second_issue(session: Session, meeting: Meeting) -> None:
    issued = latest(session, meeting.uid)
    if issued is None:
        return
    by = members.by_id(session, issued.issued_by)
    raise SecretariatError(
        f"{issued.reference} was issued on {spoken_date(issued.issued_at.astimezone(LONDON).date())} "
        f"by {by.name if by else issued.issued_by}; what is issued stays as it is.",
        hint="Changes come by amendment requests.",
    )


def latest(session: Session, meeting_uid: str) -> ReportRow | None:
    """The newest issued revision of a meeting's report, or None."""
    query = select(ReportRow).where(ReportRow.meeting_uid == meeting_uid)
    return session.scalars(query.order_by(ReportRow.revision.desc()).limit(1)).first()


def _report(
    session: Session, issuing: Issuing, meeting: Meeting, draft: Draft, row: DraftRow, by: Person, now: datetime
) -> HeadlineReport:
    transcript = session.get(TranscriptRow, row.transcript_id) if row.transcript_id else None
    recording = session.get(RecordingRow, transcript.recording_id) if transcript else None
    link = drafts.recording_link(issuing.config, meeting, recording.id, issuing.page) if recording else ""
    issued_on = spoken_date(now.astimezone(LONDON).date())
    subject = "; issued subject to the Chair's review" if clearances.is_subject_to_review(session, meeting.uid) else ""
    return HeadlineReport(
        reference=drafts.reference_of(meeting),
        group=meeting.group,
        group_name=issuing.config.groups[meeting.group].name,
        meeting_on=meeting.on,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        version=f"Issued {issued_on}, revision 1{subject}",
        prepared_from="Times are those of the meeting's recording." if recording else "The meeting was not recorded.",
        recording_link=link,
        attendance=drafts.attendance_in(session, meeting, draft),
        draft=draft,
        dates_to_note=issuing.dates_to_note(session, meeting, now),
        issued_by=f"{by.name}, {by.organisation}",
        document_id=report_id_of(drafts.reference_of(meeting), 1),
    )


def _log_lines(session: Session, row: ReportRow, prepared: Issue, confirmed: Mapping[str, Person]) -> None:
    """Decisions and actions go into their logs, each with the reference it had in the draft."""
    drafted, group = prepared.drafted, prepared.meeting.group
    for decision, was in zip(prepared.report.draft.decisions, drafted.decisions, strict=True):
        number = int(decision.ref.rpartition("DEC")[2])
        session.add(
            DecisionRow(
                reference=decision.ref, group_key=group, number=number, report_id=row.id, draft_ref=was.ref,
                confirmed_by=confirmed[was.ref].id, **as_logged(decision),
            )
        )  # fmt: skip
    for action, drafted_action in zip(prepared.report.draft.actions, drafted.actions, strict=True):
        session.add(
            ActionRow(
                reference=action.ref, group_key=group, report_id=row.id, draft_ref=drafted_action.ref,
                **as_logged(action),
            )
        )  # fmt: skip


def as_logged(line: DraftedDecision | DraftedAction) -> dict[str, Any]:
    """What a log keeps of a line of the report, by its columns."""
    if isinstance(line, DraftedDecision):
        return {"text": line.text, "outcome": line.outcome, "reached_by": line.reached_by, "at_seconds": line.at}
    return {"text": line.text, "owner": ", ".join(line.owner), "due": line.due or "", "at_seconds": line.at}


def snapshot_is_whole(row: ReportRow) -> bool:
    """Whether the frozen snapshot is still what was issued, by its hash."""
    return hashlib.sha256(row.snapshot.encode()).hexdigest() == row.snapshot_sha256 and bool(json.loads(row.snapshot))
