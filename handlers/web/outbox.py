"""The outbox: every notice, its state and its reason; and one notice as it was written."""

from __future__ import annotations

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import brakes, meetings, releases
from bot.model import OutboxState
from bot.store.outbox_tables import OutboxRow
from handlers.web.desk import Desk
from handlers.web.forms import shown_form
from handlers.web.paging import paged
from handlers.web.rendering import answer


def listed(desk: Desk, request: Request) -> Response:
    """`/outbox?state=&page=`: newest first."""
    state = request.query_params.get("state", "")
    states = [s.value for s in OutboxState]
    if state and state not in states:
        raise HTTPException(404, f"No notice has the state “{state}”. The states: {', '.join(states)}.")
    query = select(OutboxRow).order_by(OutboxRow.decided_at.desc(), OutboxRow.id)
    with desk.database.reading() as session:
        page = paged(session, request, query.where(OutboxRow.state == state) if state else query)
        waiting = releases.how_many_wait(session)
        return answer(
            desk, request, "outbox.html", page=page, state=state, states=states, waiting=waiting,
            stopped=brakes.in_words(session, desk.clock.now()),
        )  # fmt: skip


def one(desk: Desk, request: Request) -> Response:
    """`/outbox/{id}`: the whole text, what makes it one notice, and every attempt at sending it."""
    with desk.database.reading() as session:
        row = session.get(OutboxRow, request.path_params["id"])
        if row is None:
            raise HTTPException(404, f"There is no notice {request.path_params['id']}.")
        attached = [tuple(entry.split(":", 1)) for entry in row.attachments]
        meeting = meetings.by_uid(session, row.meeting_uid)
        return answer(
            desk,
            request,
            "notice.html",
            row=row,
            attached=attached,
            meeting=meeting,
            waits=releases.waits(row),
            form=shown_form(desk, session, request),
        )
