"""Whose word a mail is: addresses that the PMO accepts until a day, and assistants who may act for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, members
from bot.clock import LONDON, spoken_date
from bot.errors import SecretariatError
from bot.model import Person, SeatHolding
from bot.store.mail_tables import AcceptedSenderRow, InboxRow

ASSISTANT = "assistant"


def accept(session: Session, address: str, until_on: date, *, by: Person, now: datetime) -> AcceptedSenderRow:
    """The PMO takes mail from an address (or @domain) for its owner's until that day, though nothing verifies it.

    What the mail server says is forged stays so. Raises SecretariatError for what is no address, or for a day that has
    passed. A new day replaces the one before.
    """
    address = address.strip().lower()
    if "@" not in address or any(c.isspace() for c in address):
        raise SecretariatError(
            f"{address} is no e-mail address.", hint="Write it as name@example.org, or @example.org."
        )
    if until_on < now.astimezone(LONDON).date():
        raise SecretariatError(f"{spoken_date(until_on)} has passed.", hint="Give a day to come: --until 2026-12-31.")
    row = session.get(AcceptedSenderRow, address)
    if row is None:
        row = AcceptedSenderRow(address=address)
        session.add(row)
    row.until_on, row.accepted_at, row.accepted_by = until_on, now, by.name
    audit.record(session, now, by.name, "sender accepted", address[:200], until=until_on.isoformat())
    return row


def accepted(session: Session) -> dict[str, date]:
    """The addresses (and @domains) that were ever accepted, in lower case, each with its last day."""
    return {row.address: row.until_on for row in session.scalars(select(AcceptedSenderRow))}


def principals(session: Session, held: Sequence[SeatHolding], on: date) -> Sequence[Person]:
    """For whom an assistant may act on that day, by the seats that they hold (role assistant, `alternate_for`)."""
    names = {h.alternate_for for h in held if h.role == ASSISTANT and h.alternate_for}
    if not names:
        return []
    seated = {h.person.id: h.person for h in members.holdings(session, on) if h.person.name in names}
    return sorted(seated.values(), key=lambda found: found.name)


def came_that_day(session: Session, row: InboxRow) -> int:
    """How many messages of the same sender had come on the same day (UTC) by then, this one included."""
    at = row.received_at or row.arrived_at
    came_at = func.coalesce(InboxRow.received_at, InboxRow.arrived_at)
    query = select(func.count(InboxRow.id)).where(InboxRow.sender == row.sender)
    return session.scalar(query.where(came_at >= datetime.combine(at.date(), time.min, UTC), came_at <= at)) or 0
