"""Starts the real `secretariat` as a process with an empty state folder, and waits for what a person would wait for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests import commands_at_once

ROOT = Path(__file__).resolve().parent.parent
Found = TypeVar("Found")


class Running:
    """A running secretariat. `said()` is what it has printed so far."""

    def __init__(self, state: Path, log: Path, *arguments: str) -> None:
        self.state, self.log = state, log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run", "--port", "0", *arguments],
                cwd=ROOT, env=environment(state), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, look: Callable[[], Found | None], what: str, seconds: float = 120) -> Found:
        """Look again and again until there is something; a process that has died, or never shows it, fails the test."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            found = look()
            if found:
                return found
            assert self.process.poll() is None, f"it ended while waiting for {what}:\n{self.said()}"
            pause()
        raise AssertionError(f"no {what} within {seconds} s:\n{self.said()}")

    def link(self) -> str:
        """The link into the page, as printed."""

        def printed() -> str | None:
            found = re.findall(r"http://127\.0\.0\.1:\d+/enter/\S+", self.said())
            return found[-1] if found else None

        return self.wait_for(printed, "link")

    def kill(self) -> None:
        """SIGKILL to it and to its worker: nothing can be tidied up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def pause() -> None:
    """Between two looks at a process that works on its own."""
    time.sleep(0.2)


def environment(state: Path) -> dict[str, str]:
    """The state folder and nothing of the caller's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SECRETARIAT_")}
    return kept | {
        "SECRETARIAT_PATHS__STATE": str(state),
        "SECRETARIAT_ISSUED_REPORTS__PDF": "never",  # LibreOffice has tests of its own
        "NO_COLOR": "1",
    }


@contextmanager
def running(state: Path, *arguments: str) -> Iterator[Running]:
    """A secretariat that is gone at the end, whatever happens."""
    started = Running(state, state.parent / "secretariat.log", *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()


def secretariat(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return commands_at_once.run(arguments, cwd=ROOT, env=environment(state))
