"""Opening the database: SQLite beside the state by default, or PostgreSQL; its schema brought up to date by Alembic.

On either, whoever changes anything is alone while it is changed (docs/decisions/0014); nobody waits for a reader.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from bot.errors import StateUnusable
from bot.store import postgresql

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0
AFTERWARDS = "afterwards"  # where a session keeps what is to be done once it has ended

Act = Callable[[Session], None]


class Database:
    """Sessions on one database: `session()` to change, `claiming()` to take up and settle work, `reading()` to look."""

    def __init__(self, url: str) -> None:
        self.url = url
        change, claim, look = POSTGRESQL if postgresql.is_postgresql(url) else SQLITE
        # readers have connections of their own: those who wait for a change to end may hold all of the others
        self._changing, self._looking = _engine(url), _engine(url)
        self._sessions = sessionmaker(_beginning(self._changing, change), expire_on_commit=False)
        self._claims = sessionmaker(_beginning(self._changing, claim), expire_on_commit=False)
        self._reading = _beginning(self._looking, look)
        self._readers = sessionmaker(self._reading, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on an error. Raises StateUnusable with a sentence."""
        with self._followed() as acts, plain_words(self.url), self._sessions.begin() as session:
            session.info[AFTERWARDS] = acts
            yield session

    @contextmanager
    def claiming(self) -> Iterator[Session]:
        """The same for work that touches only rows which it has locked (`SKIP LOCKED`) or that nobody else takes up.

        Several such transactions run side by side on PostgreSQL, though never beside a `session()`.
        """
        with plain_words(self.url), self._claims.begin() as session:
            yield session

    @contextmanager
    def rehearsal(self) -> Iterator[Session]:
        """A transaction that is always rolled back: what is done in it is seen in it, and nowhere else."""
        with self._followed() as acts, plain_words(self.url), self._sessions() as session:
            session.info[AFTERWARDS] = acts
            yield session
            session.rollback()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent look at the database; nothing written in it is kept."""
        with self._followed() as acts, plain_words(self.url), self._readers() as session:
            session.info[AFTERWARDS] = acts
            yield session

    @contextmanager
    def _followed(self) -> Iterator[list[Act]]:
        """Once the transaction within has ended, well or not, what was put on the list is done in another."""
        acts: list[Act] = []
        try:
            yield acts
        finally:
            if acts:
                with self.session() as session:
                    for act in acts:
                        act(session)

    def is_made(self) -> bool:
        """Whether there is a schema yet; looking makes none."""
        if make_url(self.url).get_backend_name() == "sqlite":
            return Path(make_url(self.url).database or "").exists()
        with plain_words(self.url), self._reading.connect() as connection:
            return _schema_of(connection) is not None

    def bring_up_to_date(self) -> None:
        """Create or migrate the schema. Raises StateUnusable where a newer version of the bot has written here."""
        with plain_words(self.url):
            with self._reading.connect() as connection:
                at = _schema_of(connection)
            known = sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
            if at is not None and at not in known:
                raise StateUnusable(
                    f"The database {_named(self.url)} was written by a newer version of the secretariat (schema {at}).",
                    hint="Start that newer version, or restore a backup made before it; nothing has been changed.",
                )
            if at != known[-1]:
                _migrate(self.url)

    def empty_log(self) -> None:
        """Let nothing linger of what was erased: SQLite's log keeps it for a while after the commit.

        PostgreSQL's own log and dead rows are its server's to clear.
        """
        if make_url(self.url).get_backend_name() != "sqlite":
            return
        with plain_words(self.url), closing(self._changing.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of every connection."""
        self._changing.dispose()
        self._looking.dispose()


def afterwards(session: Session, act: Act) -> None:
    """Have something written in a transaction of its own once this one has ended, even undone: a refusal in the audit.

    For sessions of `session()`, `reading()` and `rehearsal()`.
    """
    session.info[AFTERWARDS].append(act)


@contextmanager
def plain_words(url: str) -> Iterator[None]:
    """Turn what a database says of locks, disks and damage into a sentence that says what to do."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:
        found = _trouble(url, error)
        if found:
            raise StateUnusable(found[0].format(_named(url)), hint=found[1]) from error
        raise


def _trouble(url: str, error: DBAPIError | sqlite3.DatabaseError) -> tuple[str, str] | None:
    if postgresql.is_postgresql(url) and isinstance(error, DBAPIError):
        return postgresql.trouble(error)
    said = str(getattr(error, "orig", None) or error)
    return next(((sentence, hint) for words, sentence, hint in TROUBLES if words in said), None)


SQLITE = ("BEGIN IMMEDIATE", "BEGIN IMMEDIATE", "BEGIN")  # a reader turning writer midway would be refused at once
POSTGRESQL = (postgresql.CHANGE, postgresql.CLAIM, postgresql.LOOK)
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


def _engine(url: str) -> Engine:
    if postgresql.is_postgresql(url):
        return postgresql.opened(url, BUSY_SECONDS)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _beginning(engine: Engine, statement: str) -> Engine:
    """The same connections, each transaction begun with that statement."""
    beginning = engine.execution_options()
    event.listen(beginning, "begin", lambda connection: connection.exec_driver_sql(statement).close())
    return beginning


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _beginning
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
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


def _migrate(url: str) -> None:
    from alembic import command  # not at the top: loading it takes longer than most commands
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


def _schema_of(connection: Connection) -> str | None:
    """The schema's number; None where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _named(url: str) -> str:
    """The database as a person knows it: the file's name, or its name and the server's; never with a password."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or "in memory"
    return f"{parsed.database} on {parsed.host or 'this machine'}" + (f":{parsed.port}" if parsed.port else "")
