"""Issuing a headline report: on a named person's word, frozen, numbered in the group's own series (rules §4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import access, audit, drafts, meetings, members
from bot.access import Deed
from bot.clock import LONDON, spoken_date
from bot.config import Config
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Draft, DraftedDecision, timed
from bot.model import HeadlineReport, Meeting, Person
from bot.ports import ContentFiles, DocumentWriter
from bot.store.tables import ActionRow, DecisionRow, DraftRow, RecordingRow, ReportRow, TranscriptRow

OUTCOMES = {
    "accept": "accepted", "reject": "rejected", "refer": "referred", "accept_subject_to": "accepted with conditions",
    "escalate": "escalated", "noted": "noted", "deferred": "deferred", "withdrawn": "withdrawn",
    "none": "outcome to be confirmed",
}  # fmt: skip


@dataclass(frozen=True)
class Issuing:
    """What issuing needs beside the database. `meeting_number` is the meeting's place in its series, or None."""

    config: Config
    files: ContentFiles
    writer: DocumentWriter
    page: str
    meeting_number: Callable[[Session, Meeting], int | None]
    dates_to_note: Callable[[Session, Meeting, datetime], tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Corrections:
    """What the issuing person heard or words otherwise, by the draft's references: {"D-02": "reject"}."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Issue:
    """A report about to be issued, or just issued: what it will be called, and whom its lines come from."""

    meeting: Meeting
    reference: str
    report: HeadlineReport
    by: Person
    document: bytes
    file_name: str
    outcomes: tuple[str, ...]  # what the issuing person vouches for, a sentence a decision


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
    row = drafts.latest(session, meeting.uid)
    if row is None:
        raise UnknownThing(
            f"{drafts.reference_of(meeting)} has no draft yet.", hint="Wait until its recording is drafted."
        )
    _refuse_second_issue(session, meeting)
    drafted = _corrected(Draft.model_validate_json(row.content), corrections)
    draft = _numbered(session, issuing, meeting, drafted)
    report = _report(session, issuing, meeting, draft, row, by, now)
    return Issue(
        meeting=meeting,
        reference=report.reference,
        report=report,
        by=by,
        document=issuing.writer.issued_document(report),
        file_name=f"{report.reference} headline report r1.docx",
        outcomes=tuple(f"{d.ref} {OUTCOMES[d.outcome]}: {d.text}" for d in draft.decisions),
    )


def _corrected(draft: Draft, corrections: Corrections) -> Draft:
    """The draft as the issuing person corrects it. No decision is issued whose outcome nobody has confirmed."""
    _refuse_unknown(draft, corrections)
    decisions = [_confirmed(d, corrections) for d in draft.decisions]
    actions = [a.model_copy(update={"text": corrections.texts.get(a.ref, a.text)}) for a in draft.actions]
    return draft.model_copy(update={"decisions": decisions, "actions": actions})


def _refuse_unknown(draft: Draft, corrections: Corrections) -> None:
    refs = [d.ref for d in draft.decisions] + [a.ref for a in draft.actions]
    for ref in (*corrections.outcomes, *corrections.texts):
        if ref not in refs:
            raise UnknownThing(f"The draft has no line {ref}.", hint=f"Its lines: {', '.join(refs)}.")
    for outcome in corrections.outcomes.values():
        if outcome not in OUTCOMES or outcome == "none":
            known = ", ".join(o for o in OUTCOMES if o != "none")
            raise SecretariatError(f"{outcome} is no outcome.", hint=f"Outcomes: {known}.")


def _confirmed(drafted: DraftedDecision, corrections: Corrections) -> DraftedDecision:
    ref, text = drafted.ref, corrections.texts.get(drafted.ref)
    outcome = corrections.outcomes.get(ref, drafted.outcome)
    if outcome == "none":
        raise SecretariatError(
            f"The outcome of {ref}, at {timed(drafted.at)}, is not clear from the words.",
            hint=f"Listen there, and issue with --outcome {ref}=accept (or reject, refer ...).",
        )
    if drafted.outcome == "none":
        text = text or drafted.text.replace("Outcome to be confirmed", OUTCOMES[outcome].capitalize())
    elif outcome != drafted.outcome and text is None:
        raise SecretariatError(
            f"{ref} is drafted as {OUTCOMES[drafted.outcome]}, and its text says so.",
            hint=f"Give its text as well: --text {ref}='The group ...'.",
        )
    return drafted.model_copy(update={"outcome": outcome, "text": text or drafted.text})


def issue(session: Session, issuing: Issuing, prepared: Issue, now: datetime) -> ReportRow:
    """Freeze and number the report, in the caller's transaction; its notices are queued in the same one."""
    meeting, by = prepared.meeting, prepared.by
    snapshot = TypeAdapter(HeadlineReport).dump_json(_without_working_material(prepared.report)).decode()
    source = drafts.latest(session, meeting.uid)
    row = ReportRow(
        id=report_id_of(prepared.reference, 1),
        meeting_uid=meeting.uid,
        revision=1,
        reference=prepared.reference,
        draft_id=source.id if source else None,
        issued_at=now,
        issued_by=by.id,
        snapshot=snapshot,
        snapshot_sha256=hashlib.sha256(snapshot.encode()).hexdigest(),
        document_sha256=issuing.files.put(prepared.document),
    )
    session.add(row)
    session.flush()
    _log_lines(session, row, prepared, source)
    meetings.meet_obligation(session, meeting.uid, "headline_report", at=now, by=by.name, link=row.id)
    audit.record(
        session, now, by.name, "report issued", row.id, snapshot=row.snapshot_sha256, document=row.document_sha256,
        outcomes_confirmed=list(prepared.outcomes),
    )  # fmt: skip
    return row


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


def _numbered(session: Session, issuing: Issuing, meeting: Meeting, draft: Draft) -> Draft:
    """The draft with the group's own references: PSG-DEC41, PSG27-03 (rules §4)."""
    anchor = issuing.config.groups[meeting.group].anchor
    query = select(func.max(DecisionRow.number)).where(DecisionRow.group_key == meeting.group)
    used = session.scalar(query)
    next_decision = used + 1 if used else (anchor.next_decision if anchor else 1)
    number = issuing.meeting_number(session, meeting)
    meeting_mark = f"{meeting.group}{number}" if number else f"{meeting.group}-{meeting.on:%Y%m%d}"
    return draft.model_copy(
        update={
            "decisions": [
                d.model_copy(update={"ref": f"{meeting.group}-DEC{next_decision + i}"})
                for i, d in enumerate(draft.decisions)
            ],
            "actions": [
                a.model_copy(update={"ref": f"{meeting_mark}-{i:02d}"}) for i, a in enumerate(draft.actions, 1)
            ],
        }
    )


def _report(
    session: Session, issuing: Issuing, meeting: Meeting, draft: Draft, row: DraftRow, by: Person, now: datetime
) -> HeadlineReport:
    transcript = session.get(TranscriptRow, row.transcript_id) if row.transcript_id else None
    recording = session.get(RecordingRow, transcript.recording_id) if transcript else None
    link = drafts.recording_link(issuing.config, meeting, recording.id, issuing.page) if recording else ""
    issued_on = spoken_date(now.astimezone(LONDON).date())
    return HeadlineReport(
        reference=drafts.reference_of(meeting),
        group=meeting.group,
        group_name=issuing.config.groups[meeting.group].name,
        meeting_on=meeting.on,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        version=f"Issued {issued_on}, revision 1",
        prepared_from="Times are those of the meeting's recording." if recording else "The meeting was not recorded.",
        recording_link=link,
        attendance=drafts.attendance_in(session, meeting, draft),
        draft=draft,
        dates_to_note=issuing.dates_to_note(session, meeting, now),
        issued_by=f"{by.name}, {by.organisation}",
        document_id=report_id_of(drafts.reference_of(meeting), 1),
    )


def _without_working_material(report: HeadlineReport) -> HeadlineReport:
    """Quotes, confidences, stances and the completeness statement stay with the PMO (rules §4)."""
    draft = report.draft
    return replace(
        report,
        draft=draft.model_copy(
            update={
                "decisions": [d.model_copy(update={"evidence": [], "confidence": 1.0}) for d in draft.decisions],
                "actions": [a.model_copy(update={"evidence": [], "confidence": 1.0}) for a in draft.actions],
                "viewpoints": [v.model_copy(update={"evidence": [], "stance": "comments"}) for v in draft.viewpoints],
                "raid": [r.model_copy(update={"evidence": []}) for r in draft.raid],
                "remarks": [],
                "marks": [],
                "coverage": draft.coverage.model_copy(update={"unrepresented": []}),
            }
        ),
    )


def _log_lines(session: Session, row: ReportRow, prepared: Issue, source: DraftRow | None) -> None:
    """Decisions and actions go into their logs, each with the reference it had in the draft."""
    drafted = Draft.model_validate_json(source.content) if source else prepared.report.draft
    group = prepared.meeting.group
    for decision, was in zip(prepared.report.draft.decisions, drafted.decisions, strict=True):
        number = int(decision.ref.rpartition("DEC")[2])
        session.add(
            DecisionRow(
                reference=decision.ref, group_key=group, number=number, report_id=row.id,
                draft_ref=was.ref, text=decision.text, outcome=decision.outcome, reached_by=decision.reached_by,
                at_seconds=decision.at, confirmed_by=prepared.by.id,
            )
        )  # fmt: skip
    for action, drafted_action in zip(prepared.report.draft.actions, drafted.actions, strict=True):
        session.add(
            ActionRow(
                reference=action.ref, group_key=group, report_id=row.id, draft_ref=drafted_action.ref, text=action.text,
                owner=", ".join(action.owner), due=action.due or "", at_seconds=action.at,
            )
        )  # fmt: skip


def snapshot_is_whole(row: ReportRow) -> bool:
    """Whether the frozen snapshot is still what was issued, by its hash."""
    return hashlib.sha256(row.snapshot.encode()).hexdigest() == row.snapshot_sha256 and bool(json.loads(row.snapshot))
