"""The ledgers: messages that came in, Slack's local log, and what happened by whom."""

from __future__ import annotations

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.audit import first_broken_link
from bot.clock import parse_instant
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow
from handlers.web.desk import Desk
from handlers.web.paging import paged
from handlers.web.rendering import answer

AUDIT_ROWS = 200


def inbox(desk: Desk, request: Request) -> Response:
    """`/inbox`: what came in, newest first, each in one named state."""
    query = select(InboxRow).order_by(InboxRow.arrived_at.desc(), InboxRow.id)
    with desk.database.reading() as session:
        return answer(desk, request, "inbox.html", page=paged(session, request, query))


def slack(desk: Desk, request: Request) -> Response:
    """`/slack`: the messages that the local Slack holds, newest first."""
    try:
        messages = desk.slack_messages()
    except OSError as error:
        text = f"The log of the local Slack cannot be read ({error.strerror}). See that its file may be read."
        raise HTTPException(503, text) from error
    entries = [(message, parse_instant(message["at"])) for message in reversed(messages)]
    return answer(desk, request, "slack.html", entries=entries)


def audit(desk: Desk, request: Request) -> Response:
    """`/audit`: the last rows, and whether each row still vouches for those before it."""
    query = select(AuditRow).order_by(AuditRow.number.desc()).limit(AUDIT_ROWS)
    with desk.database.reading() as session:
        rows = session.scalars(query).all()
        return answer(desk, request, "audit.html", rows=rows, broken=first_broken_link(session))
