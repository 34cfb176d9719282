"""Slack's slash command, posted to our endpoint as Slack posts it: signed, form-encoded, answered to the asker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select
from starlette.applications import Starlette

from bot.adapters.content_files import ContentFolder
from bot.adapters.slack_screens import NoScreens
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from handlers.slack.door import SlackDoor
from handlers.slack.endpoint import slack_routes
from handlers.slack.listening import build_slack_app
from schedules.announcements import Announcer
from schedules.due import keep_calendar
from schedules.series import Calendar
from tests.slack_at_hand import drafting_of, issuing_of

SECRET = "an-invented-signing-secret"
HARRIET, STRANGER = "U0SAMPLE16", "U0STRANGER"
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)

Said = Callable[..., httpx.Response]


@pytest.fixture
def slack(database: Database, config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path) -> Said:
    """Posts a command; `now` sets the secretariat's clock, `changes` what is posted."""

    def posted(text: str, *, user: str = HARRIET, now: Clock = clock, **changes: str) -> httpx.Response:
        calendar = Calendar(config)
        announcer = Announcer(config, calendar, lambda: "http://127.0.0.1:8765")
        with database.session() as session:
            keep_calendar(session, announcer, now.now())
        files = ContentFolder(tmp_path / "content")
        door = SlackDoor(config, database, calendar, announcer, now, files, NoScreens(), patience=2.5,
                         feed_secret="x", issuing=lambda: issuing_of(announcer, files),
                             drafting=lambda: drafting_of(announcer, files))  # fmt: skip
        app = Starlette(routes=slack_routes(build_slack_app(door, signing_secret=SECRET, bot_token=None)))
        form = {"command": "/secretariat", "text": text, "user_id": user, "trigger_id": f"t-{time.monotonic_ns()}"}
        body = urlencode(form | {k: v for k, v in changes.items() if k in form})
        stamp = changes.get("stamp", str(int(time.time())))
        signed = SignatureVerifier(changes.get("secret", SECRET)).generate_signature(timestamp=stamp, body=body)
        return asyncio.run(post(app, body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signed or ""}))

    return posted


async def post(app: Starlette, body: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/slack/events", content=body, headers=form | headers)


def answer(response: httpx.Response) -> str:
    """What the asker sees, and nobody else."""
    assert response.status_code == 200
    said = response.json()
    assert said["response_type"] == "ephemeral"
    return str(said["text"])


def requests(database: Database) -> list[AmendmentRow]:
    with database.reading() as session:
        return list(session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)))


def test_next_shows_the_next_meetings(slack: Said) -> None:
    """After 9 February 2024: on Tuesday the 13th CDWG at 10:00 and QWG at 14:00, and PSG on 6 March."""
    lines = answer(slack("next")).splitlines()
    assert lines[0] == "*CDWG*: Tuesday 13 February 2024, 10:00 (London)"
    assert lines[1] == "*QWG*: Tuesday 13 February 2024, 14:00 (London)"
    assert "(e-mail update in lieu of papers)" in next(line for line in lines if "*DAG*" in line)
    assert answer(slack("next psg")).splitlines()[0] == "*PSG*: Wednesday 6 March 2024, 10:00 (London)"


def test_deadlines_shows_each_clock_with_its_rule(slack: Said) -> None:
    said = answer(slack("deadlines PSG"))
    assert said.splitlines()[0] == "*PSG*: Wednesday 6 March 2024, 10:00 (London)"
    assert "at least 5 working days before the meeting on Wednesday 6 March 2024" in said
    assert "*Wednesday 28 February 2024, 17:00 (London)*" in said
    assert "*Wednesday 31 January 2024, 17:00 (London)*" in answer(slack("deadlines psg 2024-02-07"))


def test_amend_records_the_request_and_answers_with_its_receipt(slack: Said, database: Database) -> None:
    said = answer(slack("amend PSG 2024-02-07 D-01: the plan was approved & noted <soon>"))
    [row] = requests(database)
    assert (row.reference, row.line_ref, row.state, row.came_by) == ("AM-001", "D-01", "received", "slack")
    assert row.proposed_text == "the plan was approved & noted <soon>"
    assert "AM-001" in said
    assert "Wednesday 28 February 2024, 17:00 (London)" in said
    assert row.closes_at == datetime(2024, 2, 28, 17, tzinfo=UTC)


def test_slack_asking_again_with_the_same_trigger_is_the_same_request(slack: Said, database: Database) -> None:
    first, again = (answer(slack("amend PSG 2024-02-07 D-01: x", trigger_id="t-1")) for _ in range(2))
    assert first == again
    assert len(requests(database)) == 1


def test_a_late_request_is_recorded_and_said_to_be_late(slack: Said, database: Database) -> None:
    said = answer(slack("amend PSG 2024-02-07 D-01: x", now=Clock(LATE)))
    assert "goes to the Chair" in said
    assert [row.state for row in requests(database)] == ["late"]


@pytest.mark.parametrize("text", ["help", "", "   ", "HELP", "dance the night away", "@here"])
def test_help_unknown_and_empty_text_are_answered_with_what_can_be_asked(slack: Said, text: str) -> None:
    said = answer(slack(text))
    assert all(f"`/secretariat {word}" in said for word in ("next", "deadlines", "amend"))
    assert ("I do not know `dance`" in said) == text.startswith("dance")


# what is asked, what is said of it
MISTAKES = [
    ("next NOGROUP", "There is no group NOGROUP. Groups: PSG,"),
    ("deadlines", "Which group's deadlines?"),
    ("deadlines NOGROUP", "There is no group NOGROUP."),
    ("deadlines PSG tomorrow", "tomorrow is no date. Write it as 2024-02-07."),
    ("deadlines PSG 2024-02-30", "2024-02-30 is no date."),
    ("deadlines PSG 9999-12-31", "9999 is not on the calendar."),
    ("deadlines PSG 2024-02-08", "The nearest is on Wednesday 7 February 2024."),
    ("deadlines SDWG", "SDWG has no meeting in the next hundred days."),
    ("amend", "I could not read that request. Write it as: amend GROUP DATE LINE:"),
    ("amend PSG 7 February D-01: x", "I could not read that request."),
    ("amend PSG 2024-02-07 D-01:", "The request says nothing yet."),
    ("amend NOGROUP 2024-02-07 D-01: x", "There is no group NOGROUP."),
    ("amend PSG 2024-02-08 D-01: x", "PSG has no meeting on Thursday 8 February 2024."),
    ("amend PSG 0001-01-01 D-01: x", "is not on the calendar"),
    (f"amend PSG 2024-02-07 D-01: {'x' * 40_001}", "The request is 40001 characters long; 40000 are taken."),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[text[:30] for text, _ in MISTAKES])
def test_a_mistake_is_answered_with_a_sentence(slack: Said, database: Database, text: str, said: str) -> None:
    assert said in answer(slack(text))
    assert requests(database) == []


@pytest.mark.parametrize("text", ["next", "deadlines PSG", "amend PSG 2024-02-07 D-01: x"])
def test_a_stranger_is_told_whom_to_ask(slack: Said, database: Database, text: str) -> None:
    said = answer(slack(text, user=STRANGER))
    assert said == "The secretariat does not know you yet. Please ask the PMO to put you on file."
    assert requests(database) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "a forger's"},
        {"stamp": str(int(time.time()) - 600)},
        {"stamp": "0"},
        {"stamp": str(int(time.time()) + 900)},
        {"stamp": ""},
        {"stamp": "now"},
    ],
    ids=["wrong secret", "ten minutes old", "1970", "of the future", "no time", "no number"],
)
def test_what_is_not_signed_by_slack_just_now_is_refused_with_a_sentence(
    slack: Said, database: Database, changes: dict[str, str]
) -> None:
    refused = slack("amend PSG 2024-02-07 D-01: x", **changes)
    assert refused.status_code == 401
    assert "SECRETARIAT_SLACK_SIGNING_SECRET" in refused.json()["error"]
    assert requests(database) == []
