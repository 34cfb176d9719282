"""The files of an issued revision: its PDF, and where each is published. Their states; the work is elsewhere.

`schedules.publishing` does it, a step at a time: nobody who issues a report waits for LibreOffice or SharePoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.model import OutboxState, Person
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportCopyRow, ReportRow

DOCX, PDF = "docx", "pdf"
NOTICES_WAIT = timedelta(minutes=5)  # for a PDF; then they go without it, and say so
NO_PDF = "The PDF of this report could not be made in time. It comes as a Word document."


class CopyState(StrEnum):
    """The life of a file. Allowed moves: `ALLOWED_MOVES`."""

    TO_MAKE = "to_make"
    TO_PUBLISH = "to_publish"
    PUBLISHED = "published"
    TO_MARK = "to_mark"  # as superseded, where it is published
    MARKED = "marked"
    KEPT = "kept"  # here only: no place is configured, or not everybody may read it
    FAILED = "failed"


S = CopyState
ALLOWED_MOVES: dict[CopyState, frozenset[CopyState]] = {
    S.TO_MAKE: frozenset({S.TO_PUBLISH, S.FAILED, S.KEPT}),
    S.TO_PUBLISH: frozenset({S.PUBLISHED, S.KEPT, S.FAILED}),
    S.PUBLISHED: frozenset({S.TO_MARK}),
    S.TO_MARK: frozenset({S.MARKED, S.FAILED}),
    S.MARKED: frozenset(),
    S.KEPT: frozenset(),
    S.FAILED: frozenset({S.TO_MAKE, S.TO_PUBLISH, S.TO_MARK}),  # a person may ask for another try
}


def move(row: ReportCopyRow, to: CopyState, error: str = "") -> None:
    """Change a file's state, only as ALLOWED_MOVES has it."""
    if to not in ALLOWED_MOVES[S(row.state)]:
        raise ValueError(f"a file that is {row.state} cannot become {to.value}")
    row.state, row.error = to.value, error


def name_of(report: ReportRow, kind: str = DOCX) -> str:
    """'PSG-2026-11-04 headline report r1.docx': the same file wherever it lies."""
    return f"{report.reference} headline report r{report.revision}.{kind}"


def keep(session: Session, report: ReportRow, *, with_pdf: bool, now: datetime) -> None:
    """Note the files of a revision just issued, in the same transaction; those of older ones are to be marked."""
    docx = ReportCopyRow(
        report_id=report.id, kind=DOCX, name=name_of(report), sha256=report.document_sha256,
        state=S.TO_PUBLISH.value, next_try_at=now,
    )  # fmt: skip
    session.add(docx)
    if with_pdf:
        pdf = ReportCopyRow(report_id=report.id, kind=PDF, name=name_of(report, PDF), state=S.TO_MAKE.value,
                            next_try_at=now)  # fmt: skip
        session.add(pdf)
    for older in _of_older_revisions(session, report):
        if older.state == S.PUBLISHED:
            move(older, S.TO_MARK)
            older.next_try_at, older.tries = now, 0
    session.flush()


def _of_older_revisions(session: Session, report: ReportRow) -> Sequence[ReportCopyRow]:
    older = select(ReportRow.id).where(
        ReportRow.meeting_uid == report.meeting_uid, ReportRow.revision < report.revision
    )
    return session.scalars(select(ReportCopyRow).where(ReportCopyRow.report_id.in_(older))).all()


def try_again(session: Session, report_id: str, *, by: Person, now: datetime) -> int:
    """A person has what failed tried once more. Returns how many files that are."""
    failed = [row for row in of_report(session, report_id) if row.state == S.FAILED]
    for row in failed:
        move(row, S.TO_MAKE if not row.sha256 else S.TO_MARK if row.published_at else S.TO_PUBLISH)
        row.tries, row.next_try_at = 0, now
        audit.record(session, now, by.name, "file tried again", report_id, name=row.name)
    session.flush()
    return len(failed)


def of_report(session: Session, report_id: str) -> Sequence[ReportCopyRow]:
    """The files of a revision, the document first."""
    query = select(ReportCopyRow).where(ReportCopyRow.report_id == report_id).order_by(ReportCopyRow.id)
    return session.scalars(query).all()


def pdf_of(session: Session, report_id: str) -> ReportCopyRow | None:
    """The PDF of a revision, made or not; None where none is made here."""
    return next((row for row in of_report(session, report_id) if row.kind == PDF), None)


def let_notices_wait(session: Session, report: ReportRow, notices: Sequence[OutboxRow], now: datetime) -> None:
    """Have the notices of a revision wait for its PDF, for some minutes, where one is being made."""
    pdf = pdf_of(session, report.id)
    if pdf is None or pdf.state != S.TO_MAKE:
        return
    for notice in notices:
        if notice.state in (OutboxState.PENDING, OutboxState.WITHHELD):
            notice.next_try_at = now + NOTICES_WAIT
    session.flush()


def settle_notices(notices: Sequence[OutboxRow], pdf: ReportCopyRow, now: datetime) -> None:
    """The PDF is there, or is not to be waited for: notices that were not sent get it, or say that it is missing."""
    for notice in notices:
        if notice.state not in (OutboxState.PENDING, OutboxState.WITHHELD):
            continue
        if pdf.sha256:
            entry = f"{pdf.sha256}:{pdf.name}"
            notice.attachments = [*notice.attachments, *([entry] if entry not in notice.attachments else [])]
        else:
            notice.note = NO_PDF
        notice.next_try_at = min(notice.next_try_at, now)
