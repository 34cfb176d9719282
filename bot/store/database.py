"""Opening the database: SQLite beside the state by default, its schema brought up to date by Alembic."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from bot.errors import StateUnusable

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0


class Database:
    """Sessions on one database: `session()` to change, `reading()` to look (on SQLite nobody waits for a reader)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._writing, self._reading = _engine(url, begin="BEGIN IMMEDIATE"), _engine(url, begin="BEGIN")
        self._sessions = sessionmaker(self._writing, expire_on_commit=False)
        self._readers = sessionmaker(self._reading, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on an error. Raises StateUnusable with a sentence."""
        with plain_words(self.url), self._sessions.begin() as session:
            yield session

    @contextmanager
    def rehearsal(self) -> Iterator[Session]:
        """A transaction that is always rolled back: what is done in it is seen in it, and nowhere else."""
        with plain_words(self.url), self._sessions() as session:
            yield session
            session.rollback()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent look at the database; nothing written in it is kept."""
        with plain_words(self.url), self._readers() as session:
            yield session

    def bring_up_to_date(self) -> None:
        """Create or migrate the schema. Raises StateUnusable where a newer version of the bot has written here."""
        with plain_words(self.url):
            self._refuse_newer()
            command.upgrade(_alembic(self.url), "head")

    def close(self) -> None:
        """Let go of every connection."""
        self._writing.dispose()
        self._reading.dispose()

    def _refuse_newer(self) -> None:
        with self._reading.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(_alembic(self.url)).walk_revisions()}
        if at is not None and at not in known:
            raise StateUnusable(
                f"The database {_named(self.url)} was written by a newer version of the secretariat (schema {at}).",
                hint="Start that newer version, or restore a backup made before it; nothing has been changed.",
            )


@contextmanager
def plain_words(url: str) -> Iterator[None]:
    """Turn what a database says of locks, disks and damage into a sentence that says what to do."""
    try:
        yield
    except (OperationalError, DatabaseError, sqlite3.DatabaseError) as error:
        said = str(getattr(error, "orig", None) or error)
        for words, sentence, hint in TROUBLES:
            if words in said:
                raise StateUnusable(sentence.format(_named(url)), hint=hint) from error
        raise


TROUBLES = (
    (
        "database is locked",
        f"The database {{}} is locked by another program (waited {BUSY_SECONDS:.0f} seconds).",
        "Close the other program, or stop the other secretariat, and start again; nothing is lost.",
    ),
    (
        "disk is full",
        "The disk that holds {} is full.",
        "Free some space and start again; what was saved before is safe, and what was not saved will be done again.",
    ),
    (
        "unable to open database file",
        "The database {} cannot be opened.",
        "See that its folder exists and may be written to, or name another with SECRETARIAT_PATHS__STATE.",
    ),
    (
        "readonly database",
        "The database {} may only be read.",
        "Give this user the right to write to the file and its folder.",
    ),
    (
        "file is not a database",
        "The file {} is not a database of the secretariat.",
        "Move it away, or restore a backup; it has not been touched.",
    ),
    (
        "no such column",
        "The database {} was made by an unfinished version of the secretariat.",
        "Move it away and start again, or name another with SECRETARIAT_PATHS__STATE; it has not been touched.",
    ),
    (
        "malformed",
        "The database {} is damaged.",
        "Restore a backup; it has not been touched further.",
    ),
)


def _engine(url: str, *, begin: str) -> Engine:
    """On SQLite a change takes the write lock at its start: a reader turning writer midway would be refused at once."""
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {})
    if url.startswith("sqlite"):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _engine
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # a row that was committed survives a power cut
    _write_ahead_log(cursor)
    cursor.close()


def _write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Switching to WAL needs the file for itself and does not wait by the busy timeout: wait here."""
    for _ in range(int(BUSY_SECONDS * 10)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.1)
        else:
            return
    raise sqlite3.OperationalError("database is locked")


def _alembic(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _named(url: str) -> str:
    """The database as a person knows it: the file's name, or the address without a password."""
    parsed = make_url(url)
    return parsed.database or "in memory" if url.startswith("sqlite") else parsed.render_as_string(hide_password=True)
