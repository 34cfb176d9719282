"""What was done on the page: kept in the audit with its outcome, shown from there, and never done twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import audit, meetings, releases
from bot.model import Person
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from handlers.web.desk import Desk
from handlers.web.door import STAY
from handlers.web.rendering import answer

CHANGED, DECIDED = "meeting changed on the page", "request decided on the page"
HERE = "on the page"
REPEATED_WITHIN = STAY + timedelta(hours=1)  # a form is of no use once its session has ended
Outcome = dict[str, list[str]]


def detail_of(deed: str) -> dict[str, Any]:
    """What the audit keeps of every deed of the page. `deed` is the form's own mark."""
    return {"where": HERE, "deed": deed}


def record_change(
    session: Session, now: datetime, by: Person, uid: str, *, deed: str, title: str, outcome: Outcome
) -> int:
    """Keep a meeting's change with what followed from it; returns its number in the audit."""
    audit.record(session, now, by.name, CHANGED, uid, **detail_of(deed), title=title, **outcome)
    return newest(session)


def record_decision(
    session: Session, now: datetime, by: Person, uid: str, *, deed: str, title: str, reason: str, outcome: Outcome
) -> int:
    """Keep the PMO's word on a request to that meeting's report; returns its number in the audit."""
    audit.record(session, now, by.name, DECIDED, uid, **detail_of(deed), title=title, reason=reason, **outcome)
    return newest(session)


def newest(session: Session) -> int:
    """The number of the audit's last row."""
    return session.scalars(select(func.max(AuditRow.number))).one() or 0


def done_before(session: Session, deed: str, now: datetime) -> int | None:
    """The audit's number of what this same form did when it was sent the first time; None where it did nothing yet."""
    query = select(AuditRow).where(AuditRow.event.in_([CHANGED, DECIDED, releases.RELEASED, releases.TAKEN_BACK]))
    query = query.where(AuditRow.at >= now - REPEATED_WITHIN).order_by(AuditRow.number.desc())
    return next((row.number for row in session.scalars(query) if deed and row.detail.get("deed") == deed), None)


def lead_on(number: int) -> Response:
    """To the page that shows what was done: loading that again does nothing again."""
    return RedirectResponse(f"/done/{number}", 303, {"Cache-Control": "no-store"})


def one(desk: Desk, request: Request) -> Response:
    """`/done/{number}`: what was done, by whom, and what followed from it."""
    asked = request.path_params["number"]
    with desk.database.reading() as session:
        row = session.get(AuditRow, int(asked)) if asked.isdecimal() and len(asked) < 10 else None
        if row is None or row.detail.get("where") != HERE or row.event not in DONE:
            raise HTTPException(404, f"Nothing that was done on the page has the number {asked}.")
        return answer(
            desk,
            request,
            "done.html",
            row=row,
            meeting=meetings.by_uid(session, row.subject),
            title=row.detail.get("title") or DONE[row.event].format(row.subject),
            reason=row.detail.get("reason", ""),
            outcome={name: told for name, told in row.detail.items() if name not in NO_OUTCOME},
            notices=_notices(session, row.detail.get("ids", [])),
            waiting=releases.how_many_wait(session),
        )


DONE = {
    CHANGED: "{} changed",
    DECIDED: "{} decided",
    releases.RELEASED: "{} released",
    releases.TAKEN_BACK: "{} withdrawn",
}
NO_OUTCOME = ("where", "deed", "title", "ids", "reason")


def _notices(session: Session, ids: list[str]) -> list[OutboxRow]:
    return list(session.scalars(select(OutboxRow).where(OutboxRow.id.in_(ids)).order_by(OutboxRow.recipient_name)))
