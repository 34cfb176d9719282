"""Where a draft report stands on its way to issue: reviewed by the PMO, with the Chair, cleared, held (rules §4).

No machine ever chases the Chair. What is said holds for one draft: another version falls back (`bot.report_life`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, meetings
from bot.clock import spoken, spoken_date
from bot.errors import SecretariatError
from bot.model import Meeting, MeetingStatus, OutboxState, Person
from bot.report_life import Facts, ReportState, Stands, refuse_move, stands
from bot.store.draft_tables import ClearanceRow, DraftReviewRow, DraftRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow

COPY, ANSWER = "chair_copy", "chair_answer"  # the clocks: the draft is with the Chair, the Chair has answered
TO_CHAIR = "clearance"  # the notice that brings the Chair a draft: its clock, and its kind
How = Literal["", "told", "mail", "word"]  # by which way the Chair's answer came; "" where nobody noted it


@dataclass(frozen=True)
class Answer:
    """The Chair's answer, or that there is none and the report goes out `subject_to_review`.

    `draft_id` is the draft that it holds for, where that is another than the Chair was sent: the Chair's own changes.
    """

    how: How = ""
    subject_to_review: bool = False
    draft_id: str | None = None


TOLD, SUBJECT_TO_REVIEW = Answer(), Answer(subject_to_review=True)


def standing_of(session: Session, uid: str) -> Stands:
    """Where the report of a meeting stands."""
    return stands(facts_of(session, uid))


def facts_of(session: Session, uid: str) -> Facts:
    """What is on file about the report of a meeting."""
    draft, row = _newest_draft(session, uid) or "", newest(session, uid)
    revision = session.scalar(select(func.max(ReportRow.revision)).where(ReportRow.meeting_uid == uid)) or 0
    reviewed = review_of(session, draft)
    if row is None:
        return Facts(newest=draft, reviewed=draft if reviewed else "", revision=revision)
    answered = row.answered_at is not None
    return Facts(
        newest=draft,
        reviewed=draft if reviewed else "",
        asked=row.draft_id or "",
        waits=not answered,
        cleared=(row.cleared_draft_id or row.draft_id or draft) if answered else "",
        subject_to_review=row.subject_to_review,
        held=row.held_reason,
        revision=revision,
    )


def review(session: Session, meeting: Meeting, *, by: Person, now: datetime) -> DraftReviewRow:
    """A person of the PMO has read the newest draft. Raises SecretariatError where there is none, or it is read."""
    draft_id = _draft_to_clear(session, meeting, now)
    refuse_move(standing_of(session, meeting.uid).state, ReportState.REVIEWED, _named(meeting))
    return _reviewed(session, draft_id, by=by, now=now)


def review_of(session: Session, draft_id: str) -> DraftReviewRow | None:
    """Who of the PMO has read that draft; None where nobody says so."""
    query = select(DraftReviewRow).where(DraftReviewRow.draft_id == draft_id).order_by(DraftReviewRow.id.desc())
    return session.scalars(query.limit(1)).first()


def _reviewed(session: Session, draft_id: str, *, by: Person, now: datetime) -> DraftReviewRow:
    row = DraftReviewRow(draft_id=draft_id, at=now, by=by.name)
    session.add(row)
    session.flush()
    audit.record(session, now, by.name, "draft reviewed by the PMO", draft_id)
    return row


def put_to_chair(session: Session, meeting: Meeting, *, by: Person, now: datetime) -> ClearanceRow:
    """A person sends the newest draft to the Chair. Raises SecretariatError where it is there, or cannot be.

    Whoever sends it has read it: where nobody has said so, this says so.
    """
    _refuse_untimely(session, meeting, now)
    draft_id, known = _newest_draft(session, meeting.uid), waiting(session, meeting.uid)
    if known and known.draft_id == draft_id:
        raise SecretariatError(
            f"{_named(meeting)} is with the Chair since {spoken(known.with_chair_at)}.",
            hint="Once the Chair has answered: secretariat reports cleared",
        )
    refuse_move(standing_of(session, meeting.uid).state, ReportState.WITH_CHAIR, _named(meeting))
    if draft_id and review_of(session, draft_id) is None:
        _reviewed(session, draft_id, by=by, now=now)
    row = ClearanceRow(meeting_uid=meeting.uid, draft_id=draft_id, with_chair_at=now, with_chair_by=by.name)
    session.add(row)
    session.flush()
    meetings.meet_obligation(session, meeting.uid, COPY, at=now, by=by.name)
    audit.record(session, now, by.name, "report with the Chair", meeting.uid, draft=draft_id)
    return row


def clear(session: Session, meeting: Meeting, *, by: Person, now: datetime, answer: Answer = TOLD) -> ClearanceRow:
    """A person has the Chair's answer; or the report goes without it. Raises SecretariatError."""
    _refuse_untimely(session, meeting, now)
    row = waiting(session, meeting.uid)
    if row is None:  # cleared in the room, or by telephone: then it was with the Chair
        refuse_move(standing_of(session, meeting.uid).state, ReportState.CLEARED, _named(meeting))
        draft_id = _newest_draft(session, meeting.uid)
        row = ClearanceRow(meeting_uid=meeting.uid, draft_id=draft_id, with_chair_at=now, with_chair_by=by.name)
        session.add(row)
    row.answered_at, row.answered_by, row.answered_how = now, by.name, answer.how
    row.subject_to_review, row.cleared_draft_id = answer.subject_to_review, answer.draft_id
    row.held_at, row.held_by, row.held_reason = None, "", ""
    session.flush()
    _take_back_unsent(session, meeting.uid)
    for clock in (COPY, ANSWER):
        meetings.meet_obligation(session, meeting.uid, clock, at=now, by=by.name)
    event = "report subject to review" if answer.subject_to_review else "report cleared by the Chair"
    audit.record(session, now, by.name, event, meeting.uid, draft=row.cleared_draft_id or row.draft_id, how=answer.how)
    return row


def _take_back_unsent(session: Session, uid: str) -> None:
    """Nobody is asked for an answer that was given: by telephone, while the mail still waited."""
    unsent = select(OutboxRow).where(OutboxRow.meeting_uid == uid, OutboxRow.clock == TO_CHAIR)
    for notice in session.scalars(unsent.where(OutboxRow.state.in_(meetings.UNSENT))):
        notice.state, notice.state_reason = OutboxState.SUPERSEDED.value, "the Chair has answered"


def hold(session: Session, meeting: Meeting, reason: str, *, by: Person, now: datetime) -> ClearanceRow:
    """The Chair is silent, and the PMO holds the report until there is an answer; the reason is kept.

    Raises SecretariatError where it is not with the Chair.
    """
    _refuse_untimely(session, meeting, now)
    row = waiting(session, meeting.uid)
    if row is None or not reason.strip():
        why = "It is not with the Chair, so there is no answer to wait for." if row is None else "Say why it is held."
        raise SecretariatError(why, hint="Put it to the Chair first." if row is None else "The reason is kept.")
    row.held_at, row.held_by, row.held_reason = now, by.name, reason.strip()
    audit.record(session, now, by.name, "report held", meeting.uid, draft=row.draft_id, reason=reason.strip())
    return row


def _named(meeting: Meeting) -> str:
    return f"The report of {meeting.group} on {spoken_date(meeting.on)}"


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


def is_subject_to_review(session: Session, uid: str) -> bool:
    """Whether the newest draft goes out without the Chair's answer, as the PMO chose."""
    facts = facts_of(session, uid)
    return facts.subject_to_review and facts.cleared == facts.newest


def _draft_to_clear(session: Session, meeting: Meeting, now: datetime) -> str:
    _refuse_untimely(session, meeting, now)
    draft_id = _newest_draft(session, meeting.uid)
    if draft_id is None:
        raise SecretariatError(f"{_named(meeting)} has no draft yet.", hint="Wait until its recording is drafted.")
    return draft_id
