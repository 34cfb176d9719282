"""The house itself: its packages lie together, its tables are those of its migrations, its database is guarded."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from bot.errors import StateUnusable
from bot.store import database as opening
from bot.store.columns import Table
from bot.store.database import Database
from tests.secretariat_process import ROOT, environment, secretariat


def test_the_three_packages_lie_in_one_folder() -> None:
    folders = set()
    for name in ("bot", "handlers", "schedules"):
        file = importlib.import_module(name).__file__
        assert file is not None
        folders.add(Path(file).parent.parent)
    assert folders == {ROOT}


def test_every_module_of_the_bot_has_its_floor() -> None:
    """Import-linter passes over a module that no floor of pyproject.toml names."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = [module for floor in contracts[0]["layers"] for module in floor.split(" | ")]
    ours = {f"bot.{module.name}" for module in pkgutil.iter_modules([str(ROOT / "bot")])} - {"bot.__main__"}
    assert sorted(named) == sorted(ours | {"handlers", "schedules"})


@pytest.mark.parametrize("name", ["handlers", "schedules"])
def test_a_strangers_package_of_the_same_name_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    script = Path(sys.executable).with_name("secretariat")
    done = subprocess.run(
        [script, "check"],
        cwd=ROOT, env=environment(tmp_path / "var") | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"The package `{name}` comes from {tmp_path}, not from {ROOT}." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with create_engine(database.url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": lambda name, kind, _: name != "alembic_version"}
        )
        assert compare_metadata(context, Table.metadata) == []
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == set(Table.metadata.tables)


def test_bringing_up_to_date_again_changes_nothing(database: Database) -> None:
    with database.session() as session:
        session.execute(text("INSERT INTO facts VALUES ('a', 'kept')"))
    database.bring_up_to_date()
    with database.reading() as session:
        assert session.execute(text("SELECT value FROM facts")).scalar_one() == "kept"


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    assert secretariat(tmp_path / "var", "members", "list").returncode == 0
    file = tmp_path / "var" / "secretariat.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_of_the_future'")
    connection.close()
    before = file.read_bytes()
    done = secretariat(tmp_path / "var", "members", "list")
    assert done.returncode == 1
    assert "newer version of the secretariat (schema 9999_of_the_future)" in done.stderr
    assert "Traceback" not in done.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"this is no database, it is a letter" * 100, "is not a database"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "secretariat.db"),
    ],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "secretariat.db"
    file.write_bytes(content)
    damaged = Database(f"sqlite:///{file}")
    with pytest.raises(StateUnusable, match=said):
        damaged.bring_up_to_date()
    damaged.close()
    assert file.read_bytes() == content


def test_a_change_waits_for_another_process_and_then_says_who_is_in_the_way(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the database; a shorter patience than the shipped ten seconds."""
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.5)
    holder = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{holder}; input()", tmp_path / "secretariat.db"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        impatient = Database(database.url)
        began = time.monotonic()
        with (
            pytest.raises(StateUnusable, match="is locked by another program") as refused,
            impatient.session() as session,
        ):
            session.execute(text("INSERT INTO facts VALUES ('a', 'not now')"))
        assert time.monotonic() - began < 5
        assert "nothing is lost" in str(refused.value)
        with impatient.reading() as session:
            assert session.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0, "looking is not disturbed"
        other.communicate(b"\n", timeout=30)
    with impatient.session() as session:
        session.execute(text("INSERT INTO facts VALUES ('a', 'b')"))
    impatient.close()
