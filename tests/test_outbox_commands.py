"""The outbox at the PMO's terminal: previews, releases, the brake, the shadow, another try, the unsent list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import outbox
from bot.model import Person
from bot.store.database import Database
from bot.store.outbox_tables import BrakeRow, OutboxRow
from tests.office import Office
from tests.test_outbox import NOW, notice, put, states

BY = ("--by", "Tobias Wrenfield")


@pytest.fixture
def waiting(database: Database, people: dict[str, Person]) -> list[str]:
    """Two notices of PSG and one of MWG wait for release; Harriet can be reached, nobody knows Nemo."""
    put(
        database,
        notice(people["Harriet Bassington"].id, text="The pack.\n"),
        notice("P-nemo", text="The pack.\n"),
        notice(people["Magnus Eskdale"].id, group="MWG", meeting_uid="mwg-2024-02-08@x", subject="Moved"),
        dial="approve",
    )
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow.id).order_by(OutboxRow.subject)))


def test_a_dry_run_shows_each_text_whom_it_goes_to_and_who_cannot_be_reached(
    office: Office, database: Database, waiting: list[str]
) -> None:
    went_well, said = office("outbox", "release", "--all", *BY, "--dry-run")
    assert went_well, said
    assert said.count("The pack.") == 1
    assert "slack to U0SAMPLE" in said
    assert "CANNOT BE REACHED" in said
    assert "Nothing was released (--dry-run)." in said
    assert states(database) == ["withheld"] * 3


def test_a_group_is_released_or_one_notice_or_none_by_a_stranger(
    office: Office, database: Database, waiting: list[str]
) -> None:
    assert office("outbox", "release", "--group", "mwg", *BY)[0]
    assert sorted(states(database)) == ["pending", "withheld", "withheld"]
    assert office("outbox", "release", waiting[1][:8], *BY)[0]
    assert sorted(states(database)) == ["pending", "pending", "withheld"]
    went_well, said = office("outbox", "release", "--all", "--by", "Harriet Bassington")
    assert not went_well
    assert "Only the PMO works the outbox" in said
    went_well, said = office("outbox", "release", *BY)
    assert not went_well
    assert "Name ids from `secretariat outbox`, or give --all." in said


def test_what_is_withdrawn_never_goes(office: Office, database: Database, waiting: list[str]) -> None:
    assert office("outbox", "withdraw", "--all", "--reason", "sent by hand", *BY)[0]
    assert set(states(database)) == {"suppressed"}
    _, said = office("outbox", "show", waiting[0][:12])
    assert "withdrawn by Tobias Wrenfield: sent by hand" in said


def test_the_brake_is_pulled_shown_and_let_go(office: Office, database: Database) -> None:
    assert "stopped for everything" in office("outbox", "pause", "--reason", "wrong dates", *BY)[1]
    assert "stopped for PSG" in office("outbox", "pause", "--group", "psg", *BY)[1]
    assert "was stopped for PSG already" in office("outbox", "pause", "--group", "psg", *BY)[1]
    assert "by Tobias Wrenfield: wrong dates" in office("outbox")[1]
    assert "goes on for everything" in office("outbox", "resume", *BY)[1]
    with database.reading() as session:
        assert session.scalars(select(BrakeRow.group_key)).all() == ["PSG"]
    went_well, said = office("outbox", "pause", "--group", "NOGROUP", *BY)
    assert not went_well
    assert "NOGROUP" in said


def test_shadow_is_for_some_days_or_off(office: Office, database: Database) -> None:
    assert not office("outbox", "shadow", *BY)[0]
    assert "Nothing leaves until" in office("outbox", "shadow", "--days", "14", *BY)[1]
    put(database, notice())
    assert states(database) == ["withheld"]
    with database.reading() as session:
        assert outbox.in_shadow(session, NOW + timedelta(days=13))
        assert not outbox.in_shadow(session, NOW + timedelta(days=15))
    assert office("outbox", "shadow", "--off", *BY)[0]
    with database.reading() as session:
        assert not outbox.in_shadow(session, NOW + timedelta(days=1))


def test_what_was_given_up_is_listed_as_unsent_and_can_be_tried_again(office: Office, database: Database) -> None:
    put(database, notice())
    with database.session() as session:
        session.scalars(select(OutboxRow)).one().state = "failed"
    _, said = office("outbox", "summary")
    assert "failed: 1" in said
    assert "Unsent:\n  Harriet Bassington: Papers (failed" in said
    assert office("outbox", "retry", "--all", *BY)[0]
    assert states(database) == ["retry"]
    assert "Unsent: nothing." in office("outbox", "summary")[1]
