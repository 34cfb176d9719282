"""Slack messages that brought an older revision of a report are made to say so. Done again, it is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.model import Delivery, OutboxState, Outcome, OutgoingMessage
from bot.ports import RevisableMessages
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow, SupersededMessageRow

TRIES = 10
REST = timedelta(minutes=1)  # after a failure; doubled with each
NOT_YET = (OutboxState.CLAIMED, OutboxState.UNKNOWN, OutboxState.RETRY)


@dataclass(frozen=True)
class SupersededMessages:
    """The step of a tick. `slack` is where the messages are; `now` tells the time."""

    database: Database
    slack: RevisableMessages
    now: Callable[[], datetime]

    def mark_one(self) -> bool:
        """Mark one message that is due. Returns False where none is."""
        with self.database.session() as session:
            found = self._next(session)
        if found is None:
            return False
        row, message = found
        delivery = self.slack.revise(message) if message else None
        with self.database.session() as session:
            self._settle(session.get_one(SupersededMessageRow, row.outbox_id), row.report_id, delivery)
        return True

    def _next(self, session: Session) -> tuple[SupersededMessageRow, OutgoingMessage | None] | None:
        """What is due, with the message as it shall read; without one where none was ever delivered."""
        query = select(SupersededMessageRow).where(
            SupersededMessageRow.done_at.is_(None), SupersededMessageRow.next_try_at <= self.now()
        )
        for row in session.scalars(query.order_by(SupersededMessageRow.next_try_at, SupersededMessageRow.outbox_id)):
            notice = session.get_one(OutboxRow, row.outbox_id)
            if OutboxState(notice.state) in NOT_YET:
                row.next_try_at = self.now() + REST
                continue
            delivered = notice.state == OutboxState.SENT and notice.service_id
            return row, _revised(notice, session.get_one(ReportRow, row.report_id)) if delivered else None
        return None

    def _settle(self, row: SupersededMessageRow, report_id: str, delivery: Delivery | None) -> None:
        if row.report_id != report_id:
            return  # yet another revision came meanwhile
        row.tries += 1
        row.error = delivery.error if delivery else "it was never delivered"
        settled = delivery is None or delivery.outcome in (Outcome.DELIVERED, Outcome.FAILED_FOR_GOOD)
        if settled or row.tries >= TRIES:
            row.done_at = self.now()
            return
        asked = timedelta(seconds=delivery.retry_after or 0) if delivery else REST
        row.next_try_at = self.now() + max(asked, REST * 2**row.tries)


def _revised(notice: OutboxRow, by: ReportRow) -> OutgoingMessage:
    """The message as it was, under the word that it is old; its buttons are taken away."""
    word = "corrected by an erratum" if by.kind == "erratum" else "amended"
    old = f"This report was {word}: revision {by.revision} takes its place, and comes in a message of its own."
    return OutgoingMessage(
        id=notice.id,
        to=notice.address,
        to_name=notice.recipient_name,
        subject=f"Superseded: {notice.subject}",
        text=f"{old}\n\n{outbox.whole_text(notice)}",
        message_id="",
        sent_at=notice.sent_at or notice.decided_at,
        service_id=notice.service_id,
    )
