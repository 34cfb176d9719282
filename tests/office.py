"""The `secretariat` command run within a test: a secretary's office, whose state is a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import SecretariatError
from tests.secretariat_process import ROOT


class Office:
    """Commands in that office, at the instant `at` (ISO 8601) where none is said; all of the group `within`, if any."""

    within: tuple[str, ...] = ()

    def __init__(self, state: Path, monkeypatch: pytest.MonkeyPatch, *, at: str) -> None:
        self.at, self.exit_code = at, 0
        for name in [name for name in os.environ if name.startswith("SECRETARIAT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(state))
        monkeypatch.setenv("COLUMNS", "300")
        monkeypatch.chdir(ROOT)

    def __call__(self, *words: str, at: str = "") -> tuple[bool, str]:
        """Run one: whether it went well, and what it said. Any error that is not a person's to mend fails the test."""
        done = CliRunner().invoke(app, ["--now", at or self.at, *self.within, *words])
        assert done.exception is None or isinstance(done.exception, SystemExit | SecretariatError), done.exception
        self.exit_code = done.exit_code
        return done.exit_code == 0, done.output + str(done.exception or "")
