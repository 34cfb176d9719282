"""The full run of kills at mailboxes: `make test-mail-kills`. MAIL_MESSAGES (500), KILL_SEED from the environment."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.mail_kill_life import BOUNDARIES, Kind
from tests.mail_kills import AT_RANDOM, EVERYWHERE, kill_and_look


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["folder", "graph", "imap"])
def test_killed_hundreds_of_times_each_message_ends_in_one_state(
    kind: Kind, tmp_path: Path, made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    messages, seed = int(os.environ.get("MAIL_MESSAGES", "500")), int(os.environ.get("KILL_SEED", "20240207"))
    began, kills = time.monotonic(), messages // 4
    figures = kill_and_look(kind, tmp_path, made[1], messages=messages, kills=kills, seed=seed, boundaries=EVERYWHERE)
    seconds = time.monotonic() - began
    with capsys.disabled():
        states = ", ".join(f"{count} {state}" for state, count in sorted(figures.states.items()))
        print(f"\n{kind}: {messages} messages, {sum(figures.kills.values())} kills in {seconds:.0f} s: {states};")
        print(f"  {figures.requests} requests, {figures.receipts} receipts; {len(figures.failures)} failures")
        print("".join(f"  {count:4}  {boundary}\n" for boundary, count in sorted(figures.kills.items())))
    assert figures.failures == []
    assert sum(figures.kills.values()) >= kills * 0.8
    if messages >= 500:
        assert {boundary for boundary, count in figures.kills.items() if count} == {*BOUNDARIES, AT_RANDOM}
