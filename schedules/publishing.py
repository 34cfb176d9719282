"""An issued revision's files: made into a PDF, published, marked as superseded. One step at a time, by the worker.

Nothing here holds up whoever issues, Slack, or the page: each step claims one file, works outside any transaction, and
notes what came of it. A claim that was cut off is taken up again after a while; each step done twice is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, releases, report_copies, superseded
from bot.clock import Clock
from bot.config import Config
from bot.errors import SecretariatError
from bot.ports import ContentFiles, PdfMaker, Placed, PublicationPlace
from bot.report_copies import CopyState, move
from bot.store.database import Database
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportCopyRow, ReportRow

LEASE = timedelta(minutes=15)
MOST_PDF_TRIES, MOST_TRIES = 2, 12
REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=2)
NO_PLACE = "No place to publish to is configured (`issued_reports.publish_to`)."
S = CopyState


@dataclass(frozen=True)
class Publishing:
    """What it needs beside the database. `place` is made where the first file needs it; None: nothing is published."""

    config: Config
    files: ContentFiles
    clock: Clock
    pdf_maker: PdfMaker | None
    place: Callable[[], PublicationPlace] | None


@dataclass(frozen=True)
class _Work:
    """A file that was claimed, and what is needed to work on it."""

    id: int
    name: str
    folder: str  # the group's
    sha256: str  # of the document that a PDF is made of; else of the file itself
    placed: Placed
    newest: str  # the revision in force


def make_pdf_one(database: Database, publishing: Publishing) -> bool:
    """Make one PDF. Returns False where none is due. What cannot be made in time goes without, and says so."""
    now = publishing.clock.now()
    if not _is_any_due(database, [S.TO_MAKE], now):
        return False
    with database.session() as session:
        _let_go_who_waited(session, now)
        work = _claimed(session, [S.TO_MAKE], now)
    if work is None:
        return False
    content, error = b"", "LibreOffice is not installed here."
    if publishing.pdf_maker:
        try:
            content = publishing.pdf_maker.pdf(publishing.files.path(work.sha256).read_bytes())
        except SecretariatError as trouble:
            error = str(trouble)
    sha256 = publishing.files.put(content) if content else ""
    with database.session() as session:
        _note_pdf(session, work.id, sha256, error, publishing.clock.now(), final=publishing.pdf_maker is None)
    return True


def _note_pdf(session: Session, copy_id: int, sha256: str, error: str, now: datetime, *, final: bool) -> None:
    row = session.get_one(ReportCopyRow, copy_id)
    if sha256:
        row.sha256, row.next_try_at, row.tries = sha256, now, 0
        move(row, S.TO_PUBLISH)
        _settle_notices(session, row, now)
        audit.record(session, now, "secretariat", "PDF made", row.report_id, sha256=sha256)
        return
    row.tries += 1
    row.next_try_at, row.error = now + REST, error
    if final or row.tries >= MOST_PDF_TRIES:
        move(row, S.FAILED, error)
        _settle_notices(session, row, now)
        audit.record(session, now, "secretariat", "no PDF could be made", row.report_id, error=error)


def _let_go_who_waited(session: Session, now: datetime) -> None:
    """Notices do not wait for ever: those of a PDF that is not there after some minutes go without it, and say so."""
    waiting = select(ReportCopyRow).join(ReportRow, ReportCopyRow.report_id == ReportRow.id)
    soon = now - report_copies.NOTICES_WAIT + REST
    for row in session.scalars(waiting.where(ReportCopyRow.state == S.TO_MAKE.value, ReportRow.issued_at <= soon)):
        _settle_notices(session, row, now)


def _settle_notices(session: Session, pdf: ReportCopyRow, now: datetime) -> None:
    report = session.get_one(ReportRow, pdf.report_id)
    notices = releases.of_step(session, report.meeting_uid, superseded.REPORT, superseded.step_of(report))
    report_copies.settle_notices(notices, pdf, now)


def publish_one(database: Database, publishing: Publishing) -> bool:
    """Publish one file, or mark one as superseded where it is published. Returns False where none is due."""
    if not _is_any_due(database, [S.TO_PUBLISH, S.TO_MARK], publishing.clock.now()):
        return False
    with database.session() as session:
        work = _claimed(session, [S.TO_PUBLISH, S.TO_MARK], publishing.clock.now())
        if work is None:
            return False
        row = session.get_one(ReportCopyRow, work.id)
        why = _why_not(session, publishing, row)
        if why:
            move(row, S.KEPT, why)
            return True
        marking = row.state == S.TO_MARK
    placed, error = work.placed, ""
    try:
        placed = _placed(publishing, work, marking=marking)
    except SecretariatError as trouble:
        error = str(trouble)
    with database.session() as session:
        _note_published(session, work, placed, error, publishing.clock.now())
    return True


def _placed(publishing: Publishing, work: _Work, *, marking: bool) -> Placed:
    if publishing.place is None:
        raise SecretariatError(NO_PLACE)
    place = publishing.place()
    if marking:
        return place.mark_superseded(work.placed, work.folder, work.name, work.newest)
    return place.put(work.folder, work.name, publishing.files.path(work.sha256).read_bytes())


def _why_not(session: Session, publishing: Publishing, row: ReportCopyRow) -> str:
    """Why a file is not published; empty where it is. What is published already is marked whatever was changed."""
    if row.state == S.TO_MARK:
        return ""
    if publishing.place is None:
        return NO_PLACE
    meeting = session.get_one(MeetingRow, session.get_one(ReportRow, row.report_id).meeting_uid)
    groups = (meeting.group_key, *map(str, meeting.also_for))
    if publishing.config.audience_for("report", groups) != "participants":
        return "The report is for members only, and the place is for participants at large."
    return ""


def _is_any_due(database: Database, states: list[CopyState], now: datetime) -> bool:
    """A look that keeps nobody from writing. A PDF under way counts: notices may wait for it no longer."""
    making = CopyState.TO_MAKE in states
    query = select(ReportCopyRow.id).where(ReportCopyRow.state.in_([state.value for state in states]))
    with database.reading() as session:
        return session.scalars(query if making else query.where(ReportCopyRow.next_try_at <= now)).first() is not None


def _claimed(session: Session, states: list[CopyState], now: datetime) -> _Work | None:
    """The next file that is due, claimed for a while."""
    due = select(ReportCopyRow).where(
        ReportCopyRow.state.in_([state.value for state in states]), ReportCopyRow.next_try_at <= now
    )
    row = session.scalars(due.order_by(ReportCopyRow.next_try_at, ReportCopyRow.id).limit(1)).first()
    if row is None:
        return None
    row.next_try_at = now + LEASE
    report = session.get_one(ReportRow, row.report_id)
    newest = session.scalars(
        select(ReportRow.id).where(ReportRow.meeting_uid == report.meeting_uid).order_by(ReportRow.revision.desc())
    ).first()
    folder = session.get_one(MeetingRow, report.meeting_uid).group_key
    sha256 = row.sha256 or report.document_sha256
    return _Work(row.id, row.name, folder, sha256, Placed(row.place_id, row.link), newest or report.id)


def _note_published(session: Session, work: _Work, placed: Placed, error: str, now: datetime) -> None:
    row = session.get_one(ReportCopyRow, work.id)
    if error:
        row.tries += 1
        row.error, row.next_try_at = error, now + min(REST * 2**row.tries, LONGEST_REST)
        if row.tries >= MOST_TRIES:
            move(row, S.FAILED, error)
            audit.record(session, now, "secretariat", "report could not be published", row.report_id, error=error)
        return
    row.place_id, row.link, row.tries = placed.id, placed.link, 0
    if row.state == S.TO_MARK:
        move(row, S.MARKED)
        row.marked_at = now
        audit.record(session, now, "secretariat", "marked as superseded", row.report_id, name=row.name, by=work.newest)
        return
    move(row, S.PUBLISHED)
    row.published_at = now
    audit.record(session, now, "secretariat", "report published", row.report_id, name=row.name, link=placed.link)
    if session.get_one(ReportRow, row.report_id).id != _in_force(session, row.report_id):
        move(row, S.TO_MARK)  # another revision came while it was on its way
        row.next_try_at = now


def _in_force(session: Session, report_id: str) -> str:
    meeting_uid = session.get_one(ReportRow, report_id).meeting_uid
    query = select(ReportRow.id).where(ReportRow.meeting_uid == meeting_uid).order_by(ReportRow.revision.desc())
    return session.scalars(query).first() or report_id
