"""What happened is chained: nothing of it can be changed or taken out unseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot import audit
from bot.clock import LONDON
from bot.store.database import Database

BEGAN = datetime(2024, 7, 3, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def told(database: Database) -> Database:
    """Six events, in three transactions."""
    for n in range(3):
        with database.session() as session:
            at = BEGAN + timedelta(minutes=n)
            audit.record(session, at, "Tobias Wrenfield", "report issued", f"PSG-{n}", n=n, words=["a", "é"], none=None)
            audit.record(session, at, "secretariat", "drafted", f"PSG-{n}")
    return database


def first_broken(database: Database) -> int | None:
    with database.reading() as session:
        return audit.first_broken_link(session)


def test_a_chain_that_nobody_touched_is_whole(told: Database) -> None:
    assert first_broken(told) is None


def test_no_events_are_a_whole_chain(database: Database) -> None:
    assert first_broken(database) is None


def test_an_instant_of_any_zone_is_the_same_instant_later(database: Database) -> None:
    with database.session() as session:
        audit.record(session, BEGAN.astimezone(LONDON), "Tobias Wrenfield", "report issued", "PSG-1")
    assert first_broken(database) is None


@pytest.mark.parametrize(
    ("meddling", "found"),
    [
        ("UPDATE audit SET actor = 'Somebody else' WHERE number = 3", 3),
        ("UPDATE audit SET detail = '{\"n\": 9}' WHERE number = 1", 1),
        ("UPDATE audit SET at = '2024-07-03 09:30:15.123457' WHERE number = 2", 2),
        ("UPDATE audit SET subject = 'PSG-9' WHERE number = 6", 6),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number IN (2, 3)", 2),
        ("UPDATE audit SET number = number + 10 WHERE number > 3", 4),
        ("UPDATE audit SET previous_hash = hash WHERE number = 5", 5),
    ],
)
def test_a_row_that_is_changed_or_gone_is_found(told: Database, meddling: str, found: int) -> None:
    with told.session() as session:
        session.execute(text(meddling.replace(":", "\\:")))
    assert first_broken(told) == found


def test_what_is_rolled_back_leaves_no_trace(told: Database) -> None:
    with told.session() as session:
        audit.record(session, BEGAN, "secretariat", "drafted", "PSG-9")
        session.rollback()
    with told.session() as session:
        audit.record(session, BEGAN, "secretariat", "drafted", "PSG-10")
    assert first_broken(told) is None
