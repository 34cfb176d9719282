"""PostgreSQL, where an installation has one: its address, its patience, and its troubles in plain words."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import StateUnusable

VARIABLE = "SECRETARIAT_DATABASE_URL"
FORM = "postgresql://user:password@host:5432/database"
SCHEMES = ("postgres", "postgresql", "postgresql+pg8000")
UNCHECKED = ("require", "prefer", "allow")  # encrypted, as libpq has it: by whom is not asked
ENCRYPTION = ("disable", *UNCHECKED, "verify-ca", "verify-full")
OURS = 0x6D686873  # the class of our advisory locks
CHANGES, TURNS = 1, 2  # of that class: who changes things, and what even senders do one after the other
CHANGE = f"SELECT pg_advisory_xact_lock({OURS}, {CHANGES})"
CLAIM = f"SELECT pg_advisory_xact_lock_shared({OURS}, {CHANGES})"
TAKE_TURNS = f"SELECT pg_advisory_xact_lock({OURS}, {TURNS})"
LOOK = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
SILENCE_SECONDS = 60  # a transaction in which nothing happens for so long is ended: its process hangs


def is_postgresql(url: str) -> bool:
    """Whether an address is one of PostgreSQL's, well-formed or not."""
    return url.partition(":")[0] in SCHEMES


def address(given: str) -> str:
    """The driver's form of `postgresql://...`. Raises StateUnusable, never repeating what holds a password."""
    try:
        url = make_url(given.strip())
    except (ArgumentError, ValueError):
        raise _no_address("cannot be read") from None
    if url.drivername not in SCHEMES:
        raise _no_address("is none of PostgreSQL's")
    unknown = set(url.query) - {"sslmode", "sslrootcert", "unix_sock"}
    if unknown:
        raise _no_address(f"has settings that are not known here ({', '.join(sorted(unknown))})")
    if url.query.get("sslmode", "disable") not in ENCRYPTION:
        raise _no_address(f"has an sslmode that is none of {', '.join(ENCRYPTION)}")
    if not (url.username and url.database):
        raise _no_address("names no user, or no database")
    return url.set(drivername=SCHEMES[-1]).render_as_string(hide_password=False)


def _no_address(why: str) -> StateUnusable:
    hint = f"Write it as {FORM}; in a password, write @ as %40, / as %2F and % as %25."
    return StateUnusable(f"The address of the database in {VARIABLE} {why}.", hint=hint)


def opened(url: str, patience: float, *, migrating: bool = False) -> Engine:
    """The engine. It waits `patience` seconds for a lock, and longer for an answer; a migration takes what it takes."""
    whole = make_url(url)
    options: dict[str, Any] = {"application_name": "secretariat", "startup_params": _startup(patience, migrating)}
    options |= {"timeout": None if migrating else 2 * patience} | _encryption(whole)
    bare = whole.difference_update_query(["sslmode", "sslrootcert"])
    engine = create_engine(bare, connect_args=options, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "do_connect", _connected)
    return engine


def _startup(patience: float, migrating: bool) -> dict[str, str]:
    """What the server is asked for: to give up in time, and to notice when we are gone without a word."""
    asked = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 4}
    asked |= {"lock_timeout": int(1000 * patience), "idle_in_transaction_session_timeout": 1000 * SILENCE_SECONDS}
    if not migrating:
        asked |= {"statement_timeout": int(1500 * patience)}
    return {name: str(value) for name, value in asked.items()}


def _encryption(url: URL) -> dict[str, Any]:
    """Without an `sslmode` the driver encrypts where the server can."""
    mode, authorities = url.query.get("sslmode"), url.query.get("sslrootcert")
    if mode is None:
        return {}
    if mode == "disable":
        return {"ssl_context": False}
    try:
        context = ssl.create_default_context(cafile=str(Path(str(authorities))) if authorities else None)
    except OSError as error:
        raise _no_address(f"names an sslrootcert that cannot be read ({error.strerror or error})") from None
    context.check_hostname = mode == "verify-full"
    if mode in UNCHECKED:
        context.verify_mode = ssl.CERT_NONE
    return {"ssl_context": context}


def _connected(dialect: Dialect, _record: object, arguments: Any, options: Any) -> object:
    """Connect; what goes wrong below the driver (a certificate, a name that is none) in plain words as well."""
    try:
        return dialect.connect(*arguments, **options)
    except (OSError, ValueError) as error:
        raise StateUnusable(
            f"The database on {options.get('host')} cannot be reached ({error}).", hint=UNREACHABLE_HINT
        ) from None


def take_turns(connection: Connection) -> None:
    """Let nobody else pass here until this transaction ends; on SQLite whoever changes anything is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(TAKE_TURNS).close()


def be_alone(connection: Connection) -> None:
    """Let nobody else change or claim anything until this transaction ends (see `take_turns`)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(CHANGE).close()


def trouble(error: DBAPIError) -> tuple[str, str] | None:
    """The sentence (with `{}` for the database's name) and what to do about it; None for a mistake of ours."""
    said = error.orig.args[0] if error.orig and error.orig.args else ""
    code = str(said.get("C", "")) if isinstance(said, dict) else ""
    if code in BY_CODE:
        return BY_CODE[code]
    if error.connection_invalidated:
        return LOST
    return UNREACHABLE if "InterfaceError" in type(error).__name__ else None


UNREACHABLE_HINT = f"See that the server runs and that {VARIABLE} names it, and try again; nothing is lost."
UNREACHABLE = ("The database {} cannot be reached.", UNREACHABLE_HINT)
STARTING = ("The database {} is starting or stopping.", "Wait a moment, and try again; nothing is lost.")
CROWDED = ("The database {} takes no more connections.", "Close other programs, or raise its max_connections.")
LOST = (
    "The connection to the database {} was lost.",
    "Try again: what was saved before is safe, and what was not saved will be done again.",
)
REFUSED = ("The database {} refuses the user or the password.", f"Correct {VARIABLE}, or the server's pg_hba.conf.")
COLLIDED = ("Somebody else changed the database {} at the same moment.", "Try again; nothing is half done.")
UNFINISHED = (
    "The database {} was made by an unfinished version of the secretariat.",
    f"Name another with {VARIABLE}, or restore a backup; it has not been touched.",
)
BY_CODE = {
    "28P01": REFUSED,
    "28000": REFUSED,
    "3D000": ("There is no database {}.", f"Make it (createdb), or correct {VARIABLE}."),
    "42501": ("This user may not do that in the database {}.", "Make the user the owner of the database."),
    "25006": ("The database {} may only be read.", f"Name the server that may be written to in {VARIABLE}."),
    "53100": (
        "The disk that holds {} is full.",
        "Free some space; what was saved before is safe, and what was not saved will be done again.",
    ),
    "53300": CROWDED,
    "57P03": STARTING,
    "57P01": LOST,
    "57P02": LOST,
    "25P03": LOST,
    "40001": COLLIDED,
    "40P01": COLLIDED,
    "55P03": (
        "The database {} is kept busy by another program (waited in vain).",
        "Wait for the other program, or stop it, and try again; nothing is lost.",
    ),
    "57014": ("The database {} did not answer in time.", "Try again; see what keeps the server busy."),
    "42P01": UNFINISHED,
    "42703": UNFINISHED,
}
