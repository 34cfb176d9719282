"""What every door does with an amendment request, whichever way it came: one ledger, one closing instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import amendments, reviews, tracker
from bot.amendment_life import DECIDED, State, meeting_of
from bot.amendments import Asking, RequestText, Submission, submit
from bot.model import Meeting, Person
from bot.reviews import Verdict
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow
from schedules.amendment_words import outcome_told, put_to_chair_told, word_asked
from schedules.announcements import Announcer
from schedules.finding import find_meeting

AS_WRITTEN = Asking()  # the record is said to be wrong


def enter_request(
    session: Session,
    announcer: Announcer,
    request: RequestText,
    person: Person,
    *,
    came_by: str,
    source_key: str,
    now: datetime,
    asking: Asking = AS_WRITTEN,
) -> tuple[AmendmentRow, Meeting]:
    """Record a request in the caller's transaction. Raises UnknownThing where its meeting is not to be found.

    Several requests of one message share its `source_key`, each with a part number in `asking`.
    """
    meeting = find_meeting(session, announcer.calendar, request.group, request.on)
    submission = Submission(
        meeting=meeting,
        requester=person,
        line=request.line,
        text=request.text,
        came_by=came_by,
        source_key=f"{came_by}:{source_key}",
        closes_at=announcer.window_of(session, meeting),
        asking=asking,
    )
    return enter(session, announcer, submission, now), meeting


def enter(session: Session, announcer: Announcer, submission: Submission, now: datetime) -> AmendmentRow:
    """Record a request, and ask for the word of whoever's view it would change. Entered again, it is the same."""
    row, new = submit(session, submission, now)
    if new:
        word_asked(announcer, session, row, now)
    return row


def enter_no_comments(
    session: Session,
    announcer: Announcer,
    meeting: Meeting,
    person: Person,
    *,
    came_by: str,
    source_key: str,
    now: datetime,
) -> AmendmentRow:
    """Record for a representative's constituency that it has no comments. Raises NotAllowed for anybody else."""
    closes_at = announcer.window_of(session, meeting)
    submission = Submission(meeting, person, None, "", came_by, f"{came_by}:{source_key}", closes_at)
    row, _ = tracker.no_comments(session, submission, now)
    return row


def add_to_request(
    session: Session,
    announcer: Announcer,
    row: AmendmentRow,
    text: str,
    *,
    by: Person,
    now: datetime,
    source_key: str | None = None,
) -> AmendmentEventRow:
    """Add to one's own open request; once the window has closed, as a late addition. Raises SecretariatError."""
    closes_at = announcer.window_of(session, meeting_of(session, row))
    return amendments.add_to(session, row, text, by=by, now=now, closes_at=closes_at, source_key=source_key)


@dataclass(frozen=True)
class NotAgreed:
    """Why a representative does not agree, and the words to which they would; each may be empty."""

    reason: str = ""
    instead: str = ""


def refuse_word(
    session: Session,
    announcer: Announcer,
    row: AmendmentRow,
    said: NotAgreed,
    *,
    by: Person,
    now: datetime,
    came_by: str,
    source_key: str,
) -> AmendmentRow | None:
    """A representative does not agree that their constituency's recorded view is changed. Raises SecretariatError.

    Other words, to which they would agree, are a request of their own beside the first: rivals, which end in an agreed
    text, the Chair's ruling, or both noted (rules §5). Returns it, or None.
    """
    reason, own = said.reason.strip(), None
    if said.instead.strip():
        meeting = meeting_of(session, row)
        asking = Asking(reason=reason or f"In place of what {row.reference} asks for.", about=row.about, cell=row.cell)
        own = enter(
            session,
            announcer,
            Submission(
                meeting, by, row.line_ref, said.instead.strip(), came_by, f"{came_by}:{source_key}",
                announcer.window_of(session, meeting), asking,
            ),
            now,
        )  # fmt: skip
        reason = f"{reason} {own.reference} asks for other words.".strip()
    reviews.refuse_word(session, row, by=by, now=now, reason=reason)
    return own


def review_request(
    session: Session, announcer: Announcer, row: AmendmentRow, verdict: Verdict, *, by: Person, now: datetime
) -> list[Person]:
    """Give a request the PMO's word, and tell those concerned, in one transaction. Raises SecretariatError.

    Returns the Chairs who hear of it: on release where it is decided, at once where it is put to them.
    """
    reviews.review(session, row, verdict, by=by, now=now)
    if verdict.to in DECIDED:
        return outcome_told(announcer, session, row, now)
    if verdict.to is State.WITH_CHAIR:
        return put_to_chair_told(announcer, session, row, now, by=by)
    return []
