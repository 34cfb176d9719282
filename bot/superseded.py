"""What an older revision of a report went by: unsent notices are taken back, Slack messages say that it is old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import meetings, outbox
from bot.issued_reports import COPY
from bot.model import OutboxState, Person
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow, SupersededMessageRow

REPORT = "report"  # the clock of the notices that bring an issued report, whichever revision
_GONE = (OutboxState.SENT.value, OutboxState.CLAIMED.value, OutboxState.UNKNOWN.value)


def step_of(row: ReportRow) -> str:
    """The step of the notices that bring that revision."""
    return f"issued_r{row.revision}"


def give_way(session: Session, row: ReportRow, now: datetime) -> None:
    """Let a new revision take the place of the older ones wherever they went, in the caller's transaction."""
    for notice in _older(session, row):
        if notice.state in meetings.UNSENT:
            outbox.move(notice, OutboxState.SUPERSEDED, f"{row.id} took its place")
        elif notice.channel == "slack" and notice.state in _GONE:
            _mark(session, notice, row, now)
    session.flush()


def had_it(session: Session, meeting_uid: str) -> list[Person]:
    """Whoever was sent a revision of the report, or asked for a copy of one; each once."""
    issued = session.scalars(select(ReportRow.id).where(ReportRow.meeting_uid == meeting_uid)).all()
    told = outbox.told_of(session, meeting_uid, (REPORT,))
    told += [person for report_id in issued for person in outbox.told_of(session, report_id, (COPY,))]
    return list({person.id: person for person in told}.values())


def _older(session: Session, row: ReportRow) -> Iterable[OutboxRow]:
    of_meeting = (OutboxRow.meeting_uid == row.meeting_uid) & (OutboxRow.clock == REPORT)
    older = select(ReportRow.id).where(ReportRow.meeting_uid == row.meeting_uid, ReportRow.revision < row.revision)
    copies = OutboxRow.meeting_uid.in_(older) & (OutboxRow.clock == COPY)
    return session.scalars(select(OutboxRow).where(or_(of_meeting, copies), OutboxRow.step != step_of(row))).all()


def _mark(session: Session, notice: OutboxRow, row: ReportRow, now: datetime) -> None:
    known = session.get(SupersededMessageRow, notice.id)
    if known is None:
        session.add(SupersededMessageRow(outbox_id=notice.id, report_id=row.id, next_try_at=now))
    else:  # it says that another revision took its place, which is old by now too
        known.report_id, known.next_try_at, known.done_at = row.id, now, None
