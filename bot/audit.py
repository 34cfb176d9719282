"""What happened, by whom: rows chained by hash, so that none can be changed or taken out unseen."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.house_tables import AuditRow
from bot.store.postgresql import take_turns

FIRST = "0" * 64


def record(session: Session, at: datetime, actor: str, event: str, subject: str, **detail: Any) -> None:
    """Add one event, in the caller's transaction: it happens with what it tells of, or not at all."""
    take_turns(session.connection())  # two senders may write at once; each row must name the one before it
    last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).first()
    previous = last.hash if last else FIRST
    row = AuditRow(
        number=last.number + 1 if last else 1, at=at, actor=actor, event=event, subject=subject, detail=detail
    )
    row.previous_hash, row.hash = previous, _hash_of(row, previous)
    session.add(row)
    session.flush()


def first_broken_link(session: Session) -> int | None:
    """The number of the first row that does not vouch for those before it; None where the chain is whole."""
    previous, number = FIRST, 0
    for row in session.scalars(select(AuditRow).order_by(AuditRow.number)).yield_per(1000):
        if row.number != number + 1 or row.previous_hash != previous or row.hash != _hash_of(row, previous):
            return number + 1
        previous, number = row.hash, row.number
    return None


def _hash_of(row: AuditRow, previous: str) -> str:
    told = [
        row.number,
        row.at.astimezone(UTC).isoformat(),
        row.actor,
        row.event,
        row.subject,
        row.detail or {},
        previous,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
