"""What every door does with an amendment request, whichever way it came: one ledger, one closing instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.amendments import RequestText, Submission, submit
from bot.model import Meeting, Person
from bot.store.tables import AmendmentRow
from schedules.announcements import Announcer
from schedules.finding import find_meeting


def enter_request(
    session: Session,
    announcer: Announcer,
    request: RequestText,
    person: Person,
    *,
    came_by: str,
    source_key: str,
    now: datetime,
) -> tuple[AmendmentRow, Meeting]:
    """Record a request in the caller's transaction. Raises UnknownThing where its meeting is not to be found."""
    meeting = find_meeting(session, announcer.calendar, request.group, request.on)
    submission = Submission(
        meeting=meeting,
        requester=person,
        line=request.line,
        text=request.text,
        came_by=came_by,
        source_key=f"{came_by}:{source_key}",
        closes_at=announcer.window_of(session, meeting),
    )
    row, _ = submit(session, submission, now)
    return row, meeting
