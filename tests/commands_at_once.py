"""Runs `secretariat` commands as processes of their own that need not load the software first.

One process of the test run loads it; each command is a fork of that one, with its own environment, working folder and
streams. It is as separate as a command at a terminal, can be killed, and starts in milliseconds instead of seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.forked import forking

WRITING = os.O_CREAT | os.O_WRONLY


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: float = 120, gate: Barrier | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `secretariat` with these arguments to its end. Raises TimeoutExpired, and kills it, after `seconds`.

    With a `gate` it begins the moment that the others before the same gate do.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        asked = (list(arguments), str(cwd), dict(env), str(out), str(err), gate)
        process = forking().Process(target=_command, args=asked)
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), seconds)
        said = [path.read_text() if path.exists() else "" for path in (out, err)]
        return subprocess.CompletedProcess(["secretariat", *arguments], process.exitcode, *said)


def gate_for(count: int) -> Barrier:
    """A gate that opens once so many commands stand before it."""
    return forking().Barrier(count)


def _command(
    arguments: list[str], cwd: str, env: dict[str, str], out: str, err: str, gate: Barrier | None = None
) -> None:
    """In the fork: the streams, the folder and the environment of a command at a terminal, then the command."""
    for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, out, WRITING), (2, err, WRITING)):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, "w" if number else "r") for number in range(3))
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(cwd)
    sys.argv = ["secretariat", *arguments]
    import typer

    from bot.cli import main
    from tests.commands_built import built

    vars(typer.main)["get_command"] = built
    if gate:
        gate.wait(60)
    main()
