"""The brake: sending stopped by a person, for one group or all, or by itself where too much would go in an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, facts, outbox
from bot.clock import parse_instant, spoken
from bot.model import OutboxState
from bot.store.outbox_tables import BrakeRow, OutboxRow
from bot.store.postgresql import take_turns

ALL = ""  # the group key of the brake on everything
ALARM = "alarm"  # the kind of notice that goes through every brake: somebody must be able to hear of it
TO_GO = (OutboxState.PENDING.value, OutboxState.RETRY.value)
CEILING = "the ceiling"
LET_GO_AT = "brake_let_go_at"  # the fact
HOUR = timedelta(hours=1)


def pull(session: Session, group: str, *, by: str, reason: str, now: datetime) -> bool:
    """Stop sending for a group, or for all (`ALL`). Returns False where it is stopped already."""
    take_turns(session.connection())  # two senders may come to the ceiling at once
    if session.get(BrakeRow, group) is not None:
        return False
    session.add(BrakeRow(group_key=group, set_at=now, set_by=by, reason=reason))
    audit.record(session, now, by, "sending stopped", group or "everything", reason=reason)
    return True


def let_go(session: Session, group: str, *, by: str, now: datetime) -> bool:
    """Let sending go on. Returns False where it was not stopped. What went before counts for no ceiling any more."""
    row = session.get(BrakeRow, group)
    if row is None:
        return False
    session.delete(row)
    if group == ALL:
        facts.remember(session, LET_GO_AT, now.isoformat())
    audit.record(session, now, by, "sending goes on", group or "everything")
    return True


def pulled(session: Session) -> list[BrakeRow]:
    """The brakes that are on, the one on everything first."""
    return list(session.scalars(select(BrakeRow).order_by(BrakeRow.group_key)))


def stopped_by(session: Session, group: str) -> list[OutboxRow]:
    """The notices that would go by themselves and that a brake on the group, or on all (`ALL`), keeps; due first.

    What a digest carries is counted with it. Alarms go through every brake.
    """
    query = select(OutboxRow).where(OutboxRow.state.in_(TO_GO), OutboxRow.told_in.is_(None), OutboxRow.kind != ALARM)
    if group != ALL:
        query = query.where(OutboxRow.group_key == group)
    return list(session.scalars(query.order_by(OutboxRow.due_at, OutboxRow.id)))


def in_words(session: Session, now: datetime) -> list[str]:
    """What keeps notices from leaving, a sentence each: the brakes that are on, and the shadow."""
    said = [
        f"Sending is stopped for {row.group_key or 'everything'} since {spoken(row.set_at)}, by {row.set_by}"
        f"{f': {row.reason}' if row.reason else ''}."
        for row in pulled(session)
    ]
    return [*said, "This installation is in shadow: nothing leaves."] if outbox.in_shadow(session, now) else said


def sent_by_themselves(session: Session, now: datetime) -> int:
    """How many notices went within the last hour without a person's release, since the brake was last let go."""
    let_go_at = facts.recall(session, LET_GO_AT)
    since = max(now - HOUR, parse_instant(let_go_at)) if let_go_at else now - HOUR
    query = select(func.count()).select_from(OutboxRow)
    query = query.where(OutboxRow.released_by == "", OutboxRow.sent_at > since, OutboxRow.told_in.is_(None))
    return session.scalar(query) or 0
