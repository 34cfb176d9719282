"""A mailbox in memory, which loses, renumbers and refuses on a test's word; and a driver that works it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.adapters.mailbox_rules import too_large
from bot.clock import Clock
from bot.errors import SecretariatError
from bot.ports import CursorExpired, MailContent, MailWaiting
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow


@dataclass
class Lying:
    """One message on the shelf."""

    id: str
    source: bytes
    received_at: datetime
    place: str = "inbox"


@dataclass
class Shelf:
    """A mailbox (`bot.ports.MailboxReader`). `refuses`: the ids at which it fails; `epoch`: its numbering."""

    mailbox: str = "pmo"
    mails: list[Lying] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    epoch: int = 1

    def receive(self, source: bytes, received_at: datetime) -> Lying:
        mail = Lying(f"{self.epoch}.{len(self.mails)}", source, received_at)
        self.mails.append(mail)
        return mail

    def number_anew(self) -> None:
        self.epoch += 1
        for number, mail in enumerate(self.mails):
            mail.id = f"{self.epoch}.{number}"

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        self.asked.append("waiting")
        epoch, _, begin = (cursor or f"{self.epoch}:0").partition(":")
        if int(epoch) != self.epoch:
            raise CursorExpired
        found = [(at, mail) for at, mail in enumerate(self.mails) if at >= int(begin) and mail.place == "inbox"][
            :at_most
        ]
        if not found:
            return [], cursor
        page = [MailWaiting(m.id, f"mail {m.id}", m.received_at, len(m.source)) for _, m in found]
        return page, f"{self.epoch}:{found[-1][0] + 1}"

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        self.asked.append(message_id)
        mail = self._of(message_id)
        if mail is None or mail.place != "inbox":
            return None
        if len(mail.source) > at_most:
            raise too_large(len(mail.source), at_most)
        return MailContent(mail.source)

    def move(self, message_id: str, state: str) -> bool:
        mail = self._of(message_id)
        if mail is None or mail.place == "archive":
            return False
        mail.place = state
        return True

    def places(self) -> list[str]:
        return [mail.place for mail in self.mails]

    def _of(self, message_id: str) -> Lying | None:
        if message_id in self.refuses:
            raise SecretariatError("The mailbox can't show this message.")
        return next((mail for mail in self.mails if mail.id == message_id), None)


@dataclass(frozen=True)
class HandSetClock(Clock):
    """A clock that a test sets forward."""

    passed: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return super().now() + sum(self.passed, timedelta())


def counted(database: Database) -> tuple[int, int, int]:
    """How many messages, requests and receipts there are."""
    with database.reading() as session:
        receipts = select(func.count()).select_from(OutboxRow).where(OutboxRow.kind == "receipt")
        of = [select(func.count()).select_from(table) for table in (InboxRow, AmendmentRow)]
        return tuple(session.scalar(query) or 0 for query in (*of, receipts))  # type: ignore[return-value]
