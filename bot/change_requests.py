"""Change requests that have been decided: their decision is to be communicated (GF, Change Control)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.clock import spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.model import Person
from bot.store.meeting_tables import ChangeRequestRow


def decided(
    session: Session, reference: str, group: str, decided_on: date, *, by: Person, now: datetime
) -> ChangeRequestRow:
    """Put a decision on file: its clock runs from that day. Raises SecretariatError where it is on file already."""
    known = session.get(ChangeRequestRow, reference)
    if known:
        raise SecretariatError(
            f"{reference} is on file already, decided on {spoken_date(known.decided_on)}.",
            hint="Give the next change request its own reference.",
        )
    row = ChangeRequestRow(reference=reference, group_key=group, decided_on=decided_on)
    session.add(row)
    audit.record(session, now, by.name, "change request decided", reference, group=group, on=decided_on.isoformat())
    return row


def named(session: Session, reference: str) -> ChangeRequestRow:
    """The change request of that reference, whatever its case. Raises UnknownThing with those on file."""
    rows = session.scalars(select(ChangeRequestRow).order_by(ChangeRequestRow.reference)).all()
    found = next((row for row in rows if row.reference.casefold() == reference.strip().casefold()), None)
    if found is None:
        known = ", ".join(row.reference for row in rows) or "none yet"
        raise UnknownThing(f"There is no change request {reference}.", hint=f"On file: {known}.")
    return found


def not_communicated(session: Session) -> Sequence[ChangeRequestRow]:
    """Those whose decision has still to be communicated, the oldest first."""
    query = select(ChangeRequestRow).where(ChangeRequestRow.communicated_at.is_(None))
    return session.scalars(query.order_by(ChangeRequestRow.decided_on, ChangeRequestRow.reference)).all()
