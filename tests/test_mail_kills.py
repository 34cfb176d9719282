"""Whoever works a mailbox is killed between every two steps: each message has one state, each receipt goes once.

The full run is `tests/heavy/test_mail_kills_full.py`; the machinery is in `mail_kills`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mail_kill_life import BOUNDARIES, Kind
from tests.mail_kills import kill_and_look

AFTER = ("after what waits is recorded", "after a message is worked", "after a message is moved")
RUNS = [("folder", 20, BOUNDARIES), ("graph", 8, AFTER), ("imap", 8, AFTER)]


@pytest.mark.parametrize(("kind", "messages", "boundaries"), RUNS, ids=["folder", "graph", "imap"])
def test_killed_between_every_two_steps_nothing_is_lost_or_done_twice(
    kind: Kind, messages: int, boundaries: Sequence[str], tmp_path: Path, made: tuple[Path, Path]
) -> None:
    figures = kill_and_look(
        kind, tmp_path, made[1], messages=messages, kills=len(boundaries), seed=20240207, boundaries=boundaries
    )
    assert figures.failures == []
    assert sum(figures.kills.values()) >= len(boundaries) - 2, figures.kills
    assert (figures.requests, figures.receipts) == (messages // 2, messages // 2)
    assert figures.states == {"done": messages // 2, "needs_a_person": messages // 4, "ignored": messages // 4}


def test_the_harness_finds_a_driver_that_forgets_what_it_has_seen(tmp_path: Path, made: tuple[Path, Path]) -> None:
    """Otherwise the test above would prove nothing."""
    figures = kill_and_look(
        "imap", tmp_path, made[1], messages=4, kills=1, seed=1, boundaries=["after what waits is recorded"],
        is_forgetful=True,
    )  # fmt: skip
    assert any("messages came" in failure for failure in figures.failures)
