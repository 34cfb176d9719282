"""What an installation knows of itself, remembered over restarts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.clock import parse_instant
from bot.store.house_tables import Fact

FIRST_STARTED = "first_started_at"


def remember_once(session: Session, key: str, value: str) -> str:
    """Keep a fact if it is not known yet; returns what is known."""
    fact = session.get(Fact, key)
    if fact is None:
        fact = Fact(key=key, value=value)
        session.add(fact)
    return fact.value


def remember(session: Session, key: str, value: str) -> None:
    """Keep a fact in place of what was known."""
    session.merge(Fact(key=key, value=value))


def recall(session: Session, key: str) -> str | None:
    """The fact, or None."""
    fact = session.get(Fact, key)
    return fact.value if fact else None


def first_started_at(session: Session, now: datetime) -> datetime:
    """When this installation first started: what was due before it is listed, never sent (house §3)."""
    return parse_instant(remember_once(session, FIRST_STARTED, now.isoformat()))


def started_at(session: Session) -> datetime | None:
    """The same for who only looks; None where it has not started yet."""
    started = recall(session, FIRST_STARTED)
    return parse_instant(started) if started else None
