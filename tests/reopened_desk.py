"""The installation of `issued_desk`, issued once for all the tests of a file and copied for each."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.issued_desk import ISSUED, IssuedDesk
from tests.secretariat_process import ROOT


class ReopenedDesk(IssuedDesk):
    """A copy of one where the report is issued already."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("SECRETARIAT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(folder))
        monkeypatch.setenv("COLUMNS", "250")
        monkeypatch.chdir(ROOT)
        self.whole = self._opened(ISSUED)
        meeting = self.whole.calendar.meeting_on("PSG", date(2024, 2, 7))
        assert meeting
        self.meeting = meeting


@pytest.fixture(scope="module")
def issued_state(tmp_path_factory: pytest.TempPathFactory, made: tuple[Path, Path]) -> Path:
    """The state folder, once the report is issued."""
    folder = tmp_path_factory.mktemp("issued")
    shutil.copy(made[1], folder / "secretariat.db")
    with pytest.MonkeyPatch.context() as patch:
        issuing = IssuedDesk(folder, patch)
        issuing.issue()
        issuing.whole.database.close()
    return folder


@pytest.fixture
def desk(tmp_path: Path, issued_state: Path, monkeypatch: pytest.MonkeyPatch) -> ReopenedDesk:
    """The PSG of 7 February, issued two days later."""
    shutil.copytree(issued_state, tmp_path, dirs_exist_ok=True)
    return ReopenedDesk(tmp_path, monkeypatch)
