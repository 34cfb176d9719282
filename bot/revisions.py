"""A further revision of an issued report: a row of its own that supersedes the one before, which stays as it was.

Versions are kept, each with its documents; none is ever rebuilt from a redline. The logs follow the newest revision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot import audit, reports
from bot.clock import LONDON, spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.formats import DraftedAction, DraftedDecision
from bot.model import ChangeBy, HeadlineReport, Meeting, Person
from bot.ports import ContentFiles, DocumentWriter
from bot.reports import as_logged, report_id_of, snapshot_is_whole
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow

AMENDED, SUPPLEMENTARY, ERRATUM = "amended", "supplementary", "erratum"
KIND_WORDS: Mapping[str, str] = {
    AMENDED: "amended on request",
    SUPPLEMENTARY: "supplementary issue after requests closed",
    ERRATUM: "erratum",
}
THE_PMO = ChangeBy("PMO")  # in whose name stands what belongs to no request: the version, the headings
_REPORT = TypeAdapter(HeadlineReport)


@dataclass(frozen=True)
class Revision:
    """A revision about to be issued. `whose` says who had each line changed; `carried` are the requests it settles."""

    meeting: Meeting
    base: ReportRow
    kind: str  # AMENDED | SUPPLEMENTARY | ERRATUM
    report: HeadlineReport
    whose: Mapping[str, Sequence[ChangeBy]]
    carried: tuple[str, ...] = ()
    reason: str = ""

    @property
    def number(self) -> int:
        """Its number in the life of the report."""
        return self.base.revision + 1

    @property
    def file_name(self) -> str:
        """The name of its document."""
        return f"{self.base.reference} headline report r{self.number}.docx"

    @property
    def redline_name(self) -> str:
        """The name of the document with the changes tracked."""
        return f"{self.base.reference} changes r{self.base.revision} to r{self.number}.docx"


@dataclass(frozen=True)
class Documents:
    """The revision as it reads, and with its changes from the one before tracked."""

    clean: bytes
    redline: bytes


def newest(session: Session, meeting: Meeting) -> ReportRow:
    """The revision in force, whole. Raises UnknownThing where none was issued, SecretariatError where it is damaged."""
    row = reports.latest(session, meeting.uid)
    if row is None:
        raise UnknownThing(
            f"No report of {meeting.known_as} on {spoken_date(meeting.on)} was issued here.",
            hint="What was issued elsewhere is corrected there.",
        )
    if not snapshot_is_whole(row):
        raise SecretariatError(f"What is kept of {row.id} was changed since its issue.", hint="Restore a backup first.")
    return row


def report_of(row: ReportRow) -> HeadlineReport:
    """What a revision says, from its frozen snapshot."""
    return _REPORT.validate_json(row.snapshot)


def superseded_by(session: Session, row: ReportRow) -> ReportRow | None:
    """The revision that took the place of this one; None where it is in force."""
    return session.scalars(select(ReportRow).where(ReportRow.supersedes == row.id)).first()


def as_issued(revision: Revision, *, by: Person | None, now: datetime) -> Revision:
    """The revision with what it says of itself. Without a person it is one made ready, and says so."""
    base, number = revision.base, revision.number
    day, first = (spoken_date(at.astimezone(LONDON).date()) for at in (now, base.issued_at))
    place = f"{KIND_WORDS[revision.kind]}; takes the place of revision {base.revision}, issued {first}"
    report = replace(
        revision.report,
        version=f"Issued {day}, revision {number}: {place}" if by else f"Made ready {day}, revision {number}: {place}",
        issued_by=f"{by.name}, {by.organisation}" if by else "",
        document_id=report_id_of(base.reference, number),
    )
    return replace(revision, report=report)


def documents(files: ContentFiles, writer: DocumentWriter, revision: Revision, at: datetime) -> Documents:
    """Both documents of a revision. Takes seconds for a long report: do it outside a transaction."""
    clean = writer.issued_document(revision.report)
    was = files.path(revision.base.document_sha256).read_bytes()
    return Documents(clean, writer.redline(was, clean, revision.whose, otherwise=THE_PMO, at=at))


def put_on_file(
    session: Session, files: ContentFiles, revision: Revision, made: Documents, *, by: Person, now: datetime
) -> ReportRow:
    """Issue a revision, in the caller's transaction. Raises SecretariatError where another was issued meanwhile."""
    base = revision.base
    snapshot = _REPORT.dump_json(revision.report).decode()
    row = ReportRow(
        id=report_id_of(base.reference, revision.number),
        meeting_uid=base.meeting_uid,
        revision=revision.number,
        reference=base.reference,
        draft_id=base.draft_id,
        issued_at=now,
        issued_by=by.id,
        snapshot=snapshot,
        snapshot_sha256=hashlib.sha256(snapshot.encode()).hexdigest(),
        document_sha256=files.put(made.clean),
        redline_sha256=files.put(made.redline),
        supersedes=base.id,
        kind=revision.kind,
        reason=revision.reason,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise SecretariatError(
            f"{row.id} was issued by somebody else a moment ago.", hint="Look at what it says, and try again."
        ) from error
    for request in revision.carried:
        session.get_one(AmendmentRow, request).carried_by = row.id
    changed = _let_the_logs_follow(session, row, revision, by)
    audit.record(
        session, now, by.name, f"report {revision.kind}" if revision.kind != ERRATUM else "erratum issued", row.id,
        supersedes=base.id, snapshot=row.snapshot_sha256, document=row.document_sha256, redline=row.redline_sha256,
        requests=list(revision.carried), reason=revision.reason, changed=changed,
    )  # fmt: skip
    session.flush()
    return row


def _let_the_logs_follow(session: Session, row: ReportRow, revision: Revision, by: Person) -> list[dict[str, str]]:
    """Decisions and actions as the newest revision has them. Returns what was changed, before and after."""
    changed: list[dict[str, str]] = []
    for decision in revision.report.draft.decisions:
        logged = session.get(DecisionRow, decision.ref)
        if logged is not None and (differs := _follow(logged, row, decision)):
            logged.confirmed_by = by.id
            changed += differs
    for action in revision.report.draft.actions:
        noted = session.get(ActionRow, action.ref)
        changed += _follow(noted, row, action) if noted is not None else ()
    return changed


def _follow(
    logged: DecisionRow | ActionRow, row: ReportRow, line: DraftedDecision | DraftedAction
) -> list[dict[str, str]]:
    logged.report_id = row.id
    before = {name: getattr(logged, name) for name in as_logged(line)}
    for name, value in as_logged(line).items():
        setattr(logged, name, value)
    return [
        {"ref": line.ref, "what": name, "before": "" if was is None else str(was)}
        for name, was in before.items() if was != getattr(logged, name)
    ]  # fmt: skip
