"""The full run of kills: `make test-kills`. KILLS (300) and KILL_SEED come from the environment; prints its figures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.clock import Clock
from tests.kill_harness import boundaries, run_kills
from tests.kill_verdict import figures_in_words
from tests.kill_world import AT_RANDOM, Settings

SETTLING, LONGEST_DELAY = 6.0, 2.5  # seconds


@pytest.mark.timeout(3600)
def test_each_notice_arrives_once_through_hundreds_of_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kills, seed = int(os.environ.get("KILLS", "300")), int(os.environ.get("KILL_SEED", "20240207"))
    figures = run_kills(tmp_path, kills, Settings(seed, SETTLING, LONGEST_DELAY), timeout=3500)
    with capsys.disabled():
        print(f"\n{figures_in_words(figures, Clock().today())}")
    assert figures["failures"] == [], "\n".join(map(str, figures["failures"]))
    assert sum(figures["kills"].values()) >= kills
    if kills >= 300:
        wanted = {boundary.name for mail in ("graph", "folder") for boundary in boundaries(mail)}
        assert wanted | {AT_RANDOM} <= set(figures["kills"]), "each boundary in turn"
