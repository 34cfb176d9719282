"""What many tests start from: the shipped configuration, an empty database, the invented people, a still clock."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import members
from bot.adapters.content_files import ContentFolder
from bot.clock import Clock
from bot.config import Config
from bot.config_file import read_config
from bot.model import Person
from bot.store import database as opening
from bot.store.database import Database
from bot.store.people_tables import PersonRow
from tests.commands_built import built
from tests.issued_desk import IssuedDesk
from tests.office import Office
from tests.secretariat_process import ROOT
from tests.slack_at_hand import SlackAtHand, slack_at_hand

MEMBERS = ROOT / "sample/members.csv"
FRIDAY = datetime(2024, 2, 9, 9, tzinfo=UTC)
SLOWEST = [  # files: what is begun last is what all wait for
    "test_kills", "test_mail_kills", "test_reminders", "test_newcomer", "test_bad_days", "test_web_changes",
    "test_recordings", "test_postgresql", "test_papers", "test_commands_json", "test_mail_faults", "test_returns",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first."""
    turns = {name: turn for turn, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: turns.get(item.path.stem, len(turns)))


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration, whatever this computer's own environment says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SECRETARIAT_")]:
            patch.delenv(name)
        return read_config(ROOT / "config.yaml")


@pytest.fixture(scope="session", autouse=True)
def commands_built_once() -> Iterator[None]:
    """For all that `CliRunner` runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", built)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_cuts_the_power() -> Iterator[None]:
    """In this process SQLite does not wait for the disk; processes that are killed have the shipped settings."""

    def prepare(connection: sqlite3.Connection, record: object) -> None:
        as_shipped(connection, record)
        connection.execute("PRAGMA synchronous = OFF")

    as_shipped = vars(opening)["_prepare_sqlite"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_prepare_sqlite", prepare)
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, config: Config) -> tuple[Path, Path]:
    """A database of the newest schema, and one with the invented people; made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    empty, peopled = folder / "empty.db", folder / "peopled.db"
    for file in (empty, peopled):
        opened = Database(f"sqlite:///{file}")
        opened.bring_up_to_date()
        if file is peopled:
            with opened.session() as session:
                members.import_members(session, members.read_members_file(MEMBERS, config.groups))
        opened.close()
    return empty, peopled


@pytest.fixture(scope="session")
def issued_state(tmp_path_factory: pytest.TempPathFactory, made: tuple[Path, Path]) -> Path:
    """The state folder of `issued_desk`, once its report is issued."""
    folder = tmp_path_factory.mktemp("issued")
    shutil.copy(made[1], folder / "secretariat.db")
    with pytest.MonkeyPatch.context() as patch:
        issuing = IssuedDesk(folder, patch)
        issuing.issue()
        issuing.whole.database.close()
    return folder


@pytest.fixture
def database(tmp_path: Path, made: tuple[Path, Path]) -> Iterator[Database]:
    """A database of the newest schema, nothing in it."""
    shutil.copy(made[0], tmp_path / "secretariat.db")
    opened = Database(f"sqlite:///{tmp_path / 'secretariat.db'}")
    yield opened
    opened.close()


@pytest.fixture
def people(tmp_path: Path, database: Database, made: tuple[Path, Path]) -> dict[str, Person]:
    """The invented people, put on file before anything else; by name."""
    database.close()
    shutil.copy(made[1], tmp_path / "secretariat.db")
    with database.reading() as session:
        return {row.name: members.as_person(row) for row in session.scalars(select(PersonRow))}


@pytest.fixture
def clock() -> Clock:
    """Friday 9 February 2024, two working days after the PSG of 7 February."""
    return Clock(FRIDAY)


@pytest.fixture
def office(tmp_path: Path, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch) -> Office:
    """The `secretariat` command, on this test's state; on the same Friday where no instant is said."""
    assert people
    return Office(tmp_path, monkeypatch, at=FRIDAY.isoformat())


@pytest.fixture
def slack(
    database: Database, config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path
) -> Iterator[SlackAtHand]:
    """The invented people at Slack, on that Friday."""
    with slack_at_hand(database, config, clock, ContentFolder(tmp_path / "content")) as at_hand:
        yield at_hand
