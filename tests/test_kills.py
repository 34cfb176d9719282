"""Senders that are really killed, a few dozen times: each notice arrives once, and its row says so.

The full run is `tests/heavy/test_kills_full.py`; what the machinery does is said in `kill_harness`.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.model import OutboxState
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from tests.forked import forking
from tests.kill_harness import run_kills
from tests.kill_life import Life, Sabotage, live
from tests.kill_world import AT_RANDOM, Settings
from tests.test_outbox import notice, only, put
from tests.test_smtp_mail import MailServer, serving

KILLS, SEED = 24, 20240207
SETTLING, LONGEST_DELAY = 5.0, 2.0  # seconds


def test_each_notice_arrives_once_however_often_its_sender_is_killed(tmp_path: Path) -> None:
    figures = run_kills(tmp_path, KILLS, Settings(SEED, SETTLING, LONGEST_DELAY), timeout=280)
    assert figures["failures"] == [], "\n".join(map(str, figures["failures"]))
    kills, counts = figures["kills"], figures["counts"]
    assert sum(kills.values()) >= KILLS
    assert len(kills) > 10, "kills at different boundaries"
    assert kills[AT_RANDOM] > 5
    assert counts["digests"]
    assert counts["kills while a second sender lived"]
    assert sum(figures["messages"].values()) == counts["notices"] + counts["digests"] - counts["carried by digests"]


@pytest.mark.parametrize("sabotage", ["no look-up", "no settling"])
def test_the_harness_finds_a_sender_that_sends_again_without_asking_or_asks_too_early(
    tmp_path: Path, sabotage: Sabotage
) -> None:
    """Otherwise the test above would prove nothing."""
    figures = run_kills(tmp_path, 4, Settings(1, 1.0, LONGEST_DELAY, sabotage), timeout=120)
    assert figures["counts"]["duplicates"]
    assert any(re.search(r"is [2-9] times at the services", failure) for failure in figures["failures"])


# ------------------------------------------------------------- plain mail, where nobody can be asked what it has taken


@dataclass
class KillingServer(MailServer):
    """A mail server that takes the mail; before it answers, its client is killed, as often as told."""

    kills: int = 1
    kill: Callable[[], None] = lambda: None
    ids: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.ids += [line.decode() for line in content.splitlines() if line.startswith(b"Message-ID:")]
        if self.kills:
            self.kills -= 1
            self.kill()
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize(("kills", "state"), [(1, OutboxState.SENT), (2, OutboxState.FAILED)])
def test_plain_mail_goes_twice_at_most_and_under_one_message_id(
    database: Database, tmp_path: Path, kills: int, state: OutboxState
) -> None:
    """SMTP has no question for what was sent: this is the one channel for which exactly once is not promised."""
    (tmp_path / "clock").write_text("0")
    server = KillingServer(kills=kills)
    put(database, notice())
    with serving(server) as port:
        life = Life(
            database=database.url, content=tmp_path / "content", clock=tmp_path / "clock", mail="smtp",
            folder=tmp_path, settling=1.0, smtp_port=port,
        )  # fmt: skip
        ears: list[Connection] = []
        lives = [_born(life, ears)]
        server.kill = lambda: os.kill(lives[-1].pid or 0, signal.SIGKILL)
        for _ in range(kills):
            lives[-1].join(30)
            assert lives[-1].exitcode == -signal.SIGKILL
            lives.append(_born(life, ears))
        _wait_until(lambda: only(database).state == state)
        lives[-1].kill()
        lives[-1].join()
    assert len(server.ids) == 2
    assert len(set(server.ids)) == 1
    with database.reading() as session:
        first = session.get_one(OutboxRow, only(database).id).attempts[0]
        assert first.outcome == "unknown", "nobody will ever know"


def _born(life: Life, ears: list[Connection]) -> Any:
    """`ears` keeps open what it speaks into: a lock that lasts too long it says, and goes on."""
    hears, says = forking().Pipe(duplex=False)
    ears.append(hears)
    process = forking().Process(target=live, args=(life, says), daemon=True)
    process.start()
    return process


def _wait_until(look: Callable[[], bool]) -> None:
    last, pause = time.monotonic() + 30, threading.Event()
    while not look():
        assert time.monotonic() < last, "it never came to that"
        pause.wait(0.1)
