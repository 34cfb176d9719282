"""The first page: what comes next, and what waits for a person."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from bot import brakes, drafts, returns
from bot.model import OutboxState
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from bot.store.speech_tables import RecordingRow
from handlers import marked_documents
from handlers.web.desk import Desk
from handlers.web.meetings import coming, held_lately
from handlers.web.rendering import answer

MEETINGS, NOTICES, OF_A_KIND = 8, 10, 10
BEHIND = timedelta(days=45)  # a report's window may still be open for a meeting this long ago
AT_WORK = ("waiting", "waiting:working", "transcribed", "transcribed:working")
FOR_A_PERSON = ("asking", "parts", "failed")


def overview(desk: Desk, request: Request) -> Response:
    """`/`."""
    now = desk.clock.now()
    with desk.database.reading() as session:
        newest = select(OutboxRow).order_by(OutboxRow.decided_at.desc(), OutboxRow.id).limit(NOTICES)
        return answer(
            desk,
            request,
            "overview.html",
            coming=coming(desk, session, now, MEETINGS),
            held=held_lately(desk, session, now, BEHIND),
            drafts=drafts.unissued(session),
            at_work=_recordings(session, AT_WORK),
            asking=_recordings(session, FOR_A_PERSON),
            withheld=_notices(session, OutboxState.WITHHELD),
            withheld_in_all=_count(session, OutboxState.WITHHELD),
            failed=_notices(session, OutboxState.FAILED),
            failed_in_all=_count(session, OutboxState.FAILED),
            returned=returns.waiting(session),
            marked=marked_documents.waiting(session),
            inbox=session.scalars(select(InboxRow).where(InboxRow.state == "needs_a_person")).all(),
            notices=session.scalars(newest).all(),
            stopped=brakes.in_words(session, now),
            contradictions=desk.config.contradictions,
        )


def _recordings(session: Session, states: tuple[str, ...]) -> list[RecordingRow]:
    query = select(RecordingRow).where(RecordingRow.state.in_(states)).order_by(RecordingRow.arrived_at)
    return list(session.scalars(query))


def _notices(session: Session, state: OutboxState) -> list[OutboxRow]:
    query = select(OutboxRow).where(OutboxRow.state == state.value)
    return list(session.scalars(query.order_by(OutboxRow.decided_at.desc(), OutboxRow.id).limit(OF_A_KIND)))


def _count(session: Session, state: OutboxState) -> int:
    return session.scalar(select(func.count()).where(OutboxRow.state == state.value)) or 0
