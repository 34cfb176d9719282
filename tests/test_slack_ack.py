"""Slack is acknowledged at once whatever the database does; the answer follows by `response_url`, and nothing is lost.

The endpoint is served over HTTP, the database is locked by another process, and the answers are posted to a server.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot.adapters.content_files import ContentFolder
from bot.adapters.slack_screens import NoScreens
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.store import database as store
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from handlers.slack.answering import NOT_DONE
from handlers.slack.door import LATER, SlackDoor
from handlers.slack.endpoint import slack_routes
from handlers.slack.listening import build_slack_app
from handlers.slack.response_url import ResponseUrl
from schedules.announcements import Announcer
from schedules.due import keep_calendar
from schedules.series import Calendar
from tests.slack_at_hand import drafting_of, issuing_of

SECRET = "an-invented-signing-secret"
AMEND = "amend PSG 2024-02-07 D-01: the plan was approved"
SLACK_GIVES_UP = 3.0  # seconds
LOCKER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2])) if len(sys.argv) > 2 else sys.stdin.read()
connection.execute("COMMIT")
"""


class Endpoint:
    """The Slack endpoint on a port of this computer."""

    def __init__(self, door: SlackDoor, later: ResponseUrl) -> None:
        self.later = later
        app = Starlette(routes=slack_routes(build_slack_app(door, signing_secret=SECRET, bot_token=None)))
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def send(self, text: str, *, key: str, url: str | None = None, headers: dict[str, str] | None = None) -> str:
        """What a command is acknowledged with, within the time that Slack gives. `key` is its trigger."""
        form = {"command": "/secretariat", "text": text, "user_id": "U0SAMPLE16", "trigger_id": key}
        body = urlencode(form | {"response_url": url or self.later.address(key)})
        stamp = str(int(time.time()))
        signed = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        response = httpx.post(
            f"http://127.0.0.1:{port}/slack/events",
            content=body,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": signed or "",
                **(headers or {}),
            },
            timeout=SLACK_GIVES_UP,
        )
        assert response.status_code == 200
        assert response.json()["response_type"] == "ephemeral"
        return str(response.json()["text"])

    def answered(self, text: str, *, key: str) -> str:
        """The answer to a command, whether it came with the acknowledgement or after it."""
        said = self.send(text, key=key)
        return said if said != LATER else self.later.answers(key, wait=30)[0]

    def stop(self) -> None:
        """As Ctrl-C stops it: what is being worked on is ended first."""
        self.server.should_exit = True
        self.thread.join(timeout=60)
        assert not self.thread.is_alive()


Serving = Callable[..., Endpoint]


@pytest.fixture
def serving(config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path) -> Iterator[Serving]:
    """Serves the endpoint over a database of the invented people."""
    assert people
    endpoints = []
    with ResponseUrl() as later:

        def serve(database: Database, *, patience: float = 0.1) -> Endpoint:
            calendar = Calendar(config)
            announcer = Announcer(config, calendar, lambda: "http://127.0.0.1:8765")
            with database.session() as session:
                keep_calendar(session, announcer, clock.now())
            files = ContentFolder(tmp_path / "content")
            door = SlackDoor(config, database, calendar, announcer, clock, files, NoScreens(), patience,
                             feed_secret="x", issuing=lambda: issuing_of(announcer, files),
                             drafting=lambda: drafting_of(announcer, files))  # fmt: skip
            endpoints.append(Endpoint(door, later))
            return endpoints[-1]

        yield serve
        for endpoint in endpoints:
            endpoint.stop()


@contextmanager
def locked(folder: Path, seconds: float | None = None) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the database for so many seconds, or until the end of the context."""
    command = [sys.executable, "-c", LOCKER, str(folder / "secretariat.db"), *([str(seconds)] if seconds else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield holder
        holder.communicate(timeout=60)
    assert holder.returncode == 0


def requests(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AmendmentRow.source_key).order_by(AmendmentRow.number)))


def test_with_the_database_locked_for_eight_seconds_a_request_is_acknowledged_and_then_answered(
    serving: Serving, database: Database, tmp_path: Path
) -> None:
    slack = serving(database)
    with locked(tmp_path, seconds=8) as holder:
        assert slack.send(AMEND, key="t-1") == LATER
        assert holder.poll() is None
        assert slack.later.answers("t-1") == []
        [answer] = slack.later.answers("t-1", wait=30)
    assert "AM-001" in answer
    assert requests(database) == ["slack:t-1"]


def test_the_same_command_again_while_the_first_waits_is_one_request(
    serving: Serving, database: Database, tmp_path: Path
) -> None:
    slack = serving(database)
    with locked(tmp_path), ThreadPoolExecutor(3) as senders:
        again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
        sent = [senders.submit(slack.send, AMEND, key="t-1", headers=h) for h in ({}, again, again)]
        assert [one.result() for one in sent] == [LATER] * 3
    slack.stop()
    first, *others = slack.later.answers("t-1")
    assert "AM-001" in first
    assert others == [first, first]
    assert requests(database) == ["slack:t-1"]


@pytest.mark.parametrize(
    ("text", "said"), [("help", "You can ask:"), ("next psg", "*PSG*: Wed"), ("deadlines PSG", "5 working days")]
)
def test_a_mere_look_waits_for_nobody_who_writes(
    serving: Serving, database: Database, tmp_path: Path, text: str, said: str
) -> None:
    slack = serving(database)
    with locked(tmp_path) as holder:
        assert said in slack.answered(text, key="t-1")
        assert holder.poll() is None


def test_many_commands_at_once_are_all_acknowledged_and_answered(
    serving: Serving, database: Database, tmp_path: Path
) -> None:
    slack = serving(database)
    with locked(tmp_path), ThreadPoolExecutor(12) as senders:
        sent = [senders.submit(slack.send, AMEND, key=f"t-{n}") for n in range(12)]
        assert {one.result() for one in sent} == {LATER}
    assert all("AM-0" in slack.later.answers(f"t-{n}", wait=30)[0] for n in range(12))
    assert len(requests(database)) == 12


def test_an_answer_that_comes_in_time_is_not_posted_as_well(serving: Serving, database: Database) -> None:
    slack = serving(database, patience=2.5)
    assert "AM-001" in slack.send(AMEND, key="t-1")
    slack.stop()
    assert slack.later.answers("t-1") == []


def test_what_was_acknowledged_is_done_and_answered_before_the_secretariat_ends(
    serving: Serving, database: Database, tmp_path: Path
) -> None:
    slack = serving(database)
    with locked(tmp_path):
        assert slack.send(AMEND, key="t-1") == LATER
        slack.server.should_exit = True
    slack.stop()
    assert "AM-001" in slack.later.answers("t-1")[0]
    assert requests(database) == ["slack:t-1"]


def test_a_database_locked_for_longer_than_we_wait_is_told_to_the_asker(
    serving: Serving, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.5)
    impatient = Database(database.url)
    slack = serving(impatient)
    with locked(tmp_path):
        assert slack.answered(AMEND, key="t-1") == NOT_DONE
    assert requests(database) == []
    impatient.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "nowhere"], ids=["nobody listens", "no address"])
def test_an_answer_that_cannot_be_posted_is_logged_and_its_request_is_on_file(
    serving: Serving, database: Database, tmp_path: Path, url: str
) -> None:
    with capture_logs() as log:
        slack = serving(database)
        with locked(tmp_path):
            assert slack.send(AMEND, key="t-1", url=url) == LATER
        slack.stop()
    assert [entry["event"] for entry in log] == ["An answer could not be posted to Slack"]
    assert requests(database) == ["slack:t-1"]
