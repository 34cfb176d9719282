"""A PostgreSQL on loopback, started from Debian's programs with an empty cluster of its own, and thrown away."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import NullPool, create_engine, text

from bot.store.postgresql import address

USER, PASSWORD = "secretariat", "s3cret@/%"
IN_AN_ADDRESS = "s3cret%40%2F%25"
OWNER = "postgres"  # PostgreSQL refuses root


@dataclass
class PostgresqlServer:
    """A running server. `url()` is a person's address of a database."""

    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str, *, password: str = IN_AN_ADDRESS, user: str = USER) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def new(self, like: str = "template1") -> str:
        """The address of a new database: empty, or a copy of another."""
        name = f"secretariat_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url(name)

    def ask(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as the server's owner, and give what it answers."""
        engine = create_engine(address(self.url(name)), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            found = connection.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []

    def stop(self) -> None:
        """As a failing machine does it: nobody is asked to finish, connections are cut."""
        _pg_ctl(self.folder, "stop", "-m", "immediate")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        _pg_ctl(self.folder, "start", "-w", "-l", str(self.folder / "log"), "-o", options)


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """A server for the tests of one file. A folder directly under the temporary one: its owner must get into it."""
    folder = Path(mkdtemp(prefix="secretariat-postgresql-"))
    try:
        word = folder / "password"
        word.write_text(PASSWORD)
        if os.getuid() == 0:
            owner = pwd.getpwnam(OWNER)
            for path in (folder, word):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _run(
            folder, "initdb", "-D", str(folder / "data"), "-U", USER, f"--pwfile={word}", "--auth=scram-sha-256",
            "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        server = PostgresqlServer(folder, _free_port())
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pg_ctl(folder: Path, *arguments: str) -> None:
    _run(folder, "pg_ctl", "-D", str(folder / "data"), *arguments)


def _run(folder: Path, program: str, *arguments: str) -> None:
    """Run one of the server's programs, as its owner where we are root."""
    command = [str(_programs() / program), *arguments]
    if os.getuid() == 0:
        command = ["runuser", "-u", OWNER, "--", *command]
    with (folder / f"{program}-{secrets.token_hex(4)}.said").open("w+") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, timeout=60, check=False)
        said.seek(0)
        assert done.returncode == 0, f"{program}: {said.read()}"


def _programs() -> Path:
    """Debian keeps the server's programs out of the path, a folder for each version."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    assert found or places, "PostgreSQL is not installed: apt-get install postgresql"
    return places[-1].parent if places else Path(str(found)).parent


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
