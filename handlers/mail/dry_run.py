"""What would be done about the mail that waits in the mailboxes, before anything is: worked for show, and undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import mail_proposals
from bot.errors import UnreadableMessage
from bot.ports import CursorExpired, MailboxReader, MailContent, MailWaiting
from bot.store.database import Database
from bot.store.mail_tables import InboxRow, MailboxCursorRow
from handlers.mail.findings import What
from handlers.mail.inbox import ARRIVED, INBOX, MOST_BYTES
from handlers.mail.working import MailWorker, Outcome


@dataclass(frozen=True)
class Action:
    """One thing that would be done; `waits_for` is why a person would be asked first, or empty."""

    action: str
    summary: str
    reason: str
    waits_for: str


@dataclass(frozen=True)
class Planned:
    """What would become of one message."""

    mailbox: str
    sender: str
    subject: str
    received_at: datetime | None
    state: str
    finding: str
    reason: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class _Fetched:
    mailbox: str
    waiting: MailWaiting
    content: MailContent | None
    unreadable: str = ""


def plan(
    database: Database, worker: MailWorker, readers: Iterable[MailboxReader], now: datetime, *, at_most: int
) -> list[Planned]:
    """What would be done, for the first `at_most` messages of each mailbox. Nothing is kept, moved or sent.

    Raises SecretariatError where a mailbox or the database fails.
    """
    fetched = [one for reader in readers for one in _fetched(database, reader, at_most)]
    with database.rehearsal() as session:
        return [_planned(session, worker, one, now) for one in fetched]


def _fetched(database: Database, reader: MailboxReader, at_most: int) -> Iterator[_Fetched]:
    """What is on file and was not worked, then what has come since."""
    recorded = select(InboxRow).where(InboxRow.mailbox == reader.mailbox, InboxRow.state == ARRIVED)
    recorded = recorded.where(InboxRow.lies_in == INBOX).order_by(InboxRow.received_at, InboxRow.arrived_at)
    with database.reading() as session:
        rows = session.scalars(recorded.limit(at_most)).all()
        waiting = [MailWaiting(row.service_id or "", row.file_name, row.received_at, row.size) for row in rows]
        cursor = session.get(MailboxCursorRow, reader.mailbox)
        known = set(session.scalars(select(InboxRow.service_id).where(InboxRow.mailbox == reader.mailbox)))
    new = _listed(reader, cursor.cursor if cursor else "", at_most) if len(waiting) < at_most else []
    for one in [*waiting, *(m for m in new if m.id not in known)][:at_most]:
        try:
            content = reader.content(one.id, at_most=MOST_BYTES)
        except UnreadableMessage as error:
            yield _Fetched(reader.mailbox, one, None, str(error))
        else:
            if content is not None:
                yield _Fetched(reader.mailbox, one, content)


def _listed(reader: MailboxReader, cursor: str, at_most: int) -> Sequence[MailWaiting]:
    """Looked at twice: what lies in a folder is listed once it has stood still between two looks."""
    try:
        return reader.waiting(cursor, at_most=at_most)[0] or reader.waiting(cursor, at_most=at_most)[0]
    except CursorExpired:
        return reader.waiting("", at_most=at_most)[0]


def _planned(session: Session, worker: MailWorker, one: _Fetched, now: datetime) -> Planned:
    row = _row(session, one, now)
    if one.content is None:
        outcome = Outcome("needs_a_person", What.UNREADABLE, one.unreadable)
    else:
        outcome = worker.work(session, row, one.content, one.mailbox, now)
    row.state, row.own_words = outcome.state, outcome.own_words
    session.flush()
    actions = tuple(
        Action(found.action, found.summary, found.reason, found.waits_for if found.state == "waiting" else "")
        for found in mail_proposals.of_message(session, row.id)
    )
    subject = row.subject or row.file_name
    return Planned(
        one.mailbox, row.sender, subject, row.received_at, outcome.state, str(outcome.finding), outcome.reason, actions
    )


def _row(session: Session, one: _Fetched, now: datetime) -> InboxRow:
    key = sha256(f"{one.mailbox}\n{one.waiting.id}".encode()).hexdigest()
    row = session.get(InboxRow, key)
    if row is None:
        row = InboxRow(
            id=key, mailbox=one.mailbox, service_id=one.waiting.id, file_name=one.waiting.name[:255], arrived_at=now,
            received_at=one.waiting.received_at or now, size=one.waiting.size, state=ARRIVED, lies_in=INBOX,
        )  # fmt: skip
        session.add(row)
        session.flush()
    row.conversation = one.content.conversation[:250] if one.content else ""
    return row
