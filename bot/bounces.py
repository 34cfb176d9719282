"""A mail that came back: its address is marked, the notice goes another way or is known to be unsent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import audit, outbox
from bot.model import OutboxState, Outcome
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import EmailRow


def came_back(session: Session, notice_id: str, address: str, reason: str, now: datetime) -> OutboxRow | None:
    """Follow a bounce through; returns the notice, or None where it is none that we sent to that address.

    Whoever would forge one has to know the notice's id and its address.
    """
    row = session.get(OutboxRow, notice_id)
    if row is None or row.channel != "mail" or row.address.casefold() != address.casefold():
        return None
    if row.state == OutboxState.SENT:
        attempt = row.attempts[-1]
        attempt.outcome, attempt.error = Outcome.FAILED_FOR_GOOD.value, f"it came back: {reason}"
        outbox.move(row, OutboxState.RETRY, f"the mail came back from {address}: {reason}")
        row.sent_at, row.next_try_at = None, now
    mark(session, address, reason, now)
    audit.record(session, now, "secretariat", "mail came back", row.id, address=address, reason=reason)
    return row


def mark(session: Session, address: str, reason: str, now: datetime) -> None:
    """Send nothing more to an address."""
    email = session.get(EmailRow, address.casefold())
    if email is not None and email.bounced_at is None:
        email.bounced_at, email.bounce_reason = now, reason


def unmark(session: Session, address: str, *, by: str, now: datetime) -> bool:
    """A person says that the address takes mail. Returns False where it was not marked."""
    email = session.get(EmailRow, address.strip().casefold())
    if email is None or email.bounced_at is None:
        return False
    email.bounced_at, email.bounce_reason = None, ""
    audit.record(session, now, by, "address takes mail again", email.address)
    return True
