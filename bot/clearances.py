"""With the Chair: which draft report is, since when, and what the answer was. No machine ever chases the Chair."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings
from bot.clock import spoken, spoken_date
from bot.errors import SecretariatError
from bot.model import Meeting, MeetingStatus, Person
from bot.store.tables import ClearanceRow, DraftRow

COPY, ANSWER = "chair_copy", "chair_answer"  # the clocks: the draft is with the Chair, the Chair has answered


def put_to_chair(session: Session, meeting: Meeting, *, by: Person, now: datetime) -> ClearanceRow:
    """A person has sent the newest draft to the Chair. Raises SecretariatError where it is there, or cannot be."""
    _refuse_untimely(session, meeting, now)
    draft_id, known = _newest_draft(session, meeting.uid), waiting(session, meeting.uid)
    if known and known.draft_id == draft_id:
        raise SecretariatError(
            f"The report of {meeting.group} on {spoken_date(meeting.on)} is with the Chair since "
            f"{spoken(known.with_chair_at)}.",
            hint="Once the Chair has answered: secretariat reports cleared",
        )
    row = ClearanceRow(meeting_uid=meeting.uid, draft_id=draft_id, with_chair_at=now, with_chair_by=by.name)
    session.add(row)
    meetings.meet_obligation(session, meeting.uid, COPY, at=now, by=by.name)
    audit.record(session, now, by.name, "report with the Chair", meeting.uid, draft=draft_id)
    return row


def clear(
    session: Session, meeting: Meeting, *, by: Person, now: datetime, subject_to_review: bool = False
) -> ClearanceRow:
    """A person has the Chair's answer; or, `subject_to_review`, the report goes without it. Raises SecretariatError."""
    _refuse_untimely(session, meeting, now)
    row = waiting(session, meeting.uid)
    if row is None:  # cleared in the room, or by telephone: then it was with the Chair
        draft_id = _newest_draft(session, meeting.uid)
        row = ClearanceRow(meeting_uid=meeting.uid, draft_id=draft_id, with_chair_at=now, with_chair_by=by.name)
        session.add(row)
    row.answered_at, row.answered_by, row.subject_to_review = now, by.name, subject_to_review
    for clock in (COPY, ANSWER):
        meetings.meet_obligation(session, meeting.uid, clock, at=now, by=by.name)
    audit.record(
        session, now, by.name, "report cleared by the Chair" if not subject_to_review else "report subject to review",
        meeting.uid, draft=row.draft_id,
    )  # fmt: skip
    return row


def note_done(session: Session, uid: str, clock: str, *, by: Person, now: datetime) -> None:
    """Somebody says by hand that one of the two clocks is met; once the report is issued there is nothing to note."""
    meeting = meetings.by_uid(session, uid)
    if meeting is None or meetings.issued_at(session, uid):
        return
    if clock == ANSWER:
        clear(session, meeting, by=by, now=now)
    elif waiting(session, uid) is None:
        put_to_chair(session, meeting, by=by, now=now)


def waiting(session: Session, uid: str) -> ClearanceRow | None:
    """What of a meeting is with the Chair and not answered, the newest; None where nothing is."""
    row = newest(session, uid)
    return row if row and row.answered_at is None else None


def newest(session: Session, uid: str) -> ClearanceRow | None:
    """What was last put to the Chair of a meeting, answered or not; None where nothing was."""
    query = select(ClearanceRow).where(ClearanceRow.meeting_uid == uid).order_by(ClearanceRow.id.desc())
    return session.scalars(query.limit(1)).first()


def _refuse_untimely(session: Session, meeting: Meeting, now: datetime) -> None:
    named = f"{meeting.group} on {spoken_date(meeting.on)}"
    issued = meetings.issued_at(session, meeting.uid)
    if issued:
        raise SecretariatError(f"The report of {named} was issued on {spoken(issued)}.", hint="Nothing to clear.")
    if meeting.status is MeetingStatus.CANCELLED:
        raise SecretariatError(f"{named} is cancelled: there is no report to clear.", hint="Correct the date.")
    if now < meeting.starts_at:
        raise SecretariatError(f"{named} has not been held yet.", hint="Correct the date.")


def _newest_draft(session: Session, uid: str) -> str | None:
    query = select(DraftRow.id).where(DraftRow.meeting_uid == uid).order_by(DraftRow.version.desc())
    return session.scalars(query.limit(1)).first()
