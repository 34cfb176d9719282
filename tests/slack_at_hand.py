"""Slack at hand: the real Bolt app, signed payloads as Slack posts them, and what it shows, kept for looking at.

Views are checked as Slack checks them (sizes, ids, fields without a submit button). That this stand-in for Slack's
screens is no kinder than Slack is tried in tests/test_slack_screens.py, where the same views go to the emulator.
"""

from __future__ import annotations

import asyncio
import copy
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette

from bot.adapters.content_files import ContentFolder
from bot.adapters.word_document import WordDocuments
from bot.clock import Clock
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import SecretariatError
from bot.formats import Agenda
from bot.ports import SlackUser
from bot.reports import Issuing
from bot.store.database import Database
from handlers.slack import listening
from handlers.slack.door import SlackDoor
from handlers.slack.endpoint import slack_routes
from handlers.slack.listening import build_slack_app
from handlers.slack.response_url import ResponseUrl
from schedules.announcements import Announcer
from schedules.due import keep_calendar
from schedules.numbering import meeting_number
from schedules.series import Calendar

SECRET = "an-invented-signing-secret"
HARRIET, MAGNUS, TOBIAS, STRANGER = "U0SAMPLE16", "U0SAMPLE23", "U0SAMPLE02", "U0STRANGER"
PATIENT = 20  # seconds: a busy machine is not what these tests are about
View = dict[str, Any]
_calendars: list[Calendar] = []


class Screens:
    """Keeps what is shown: `views` by id as they are now, `homes` by user, `users` and `files` as set by the test."""

    is_there = True

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.users: dict[str, SlackUser] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.shown: list[str] = []  # view ids in the order opened
        self._news = Condition()

    def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        return self._keep(f"V{len(self.views) + 1:04d}", view)

    def push(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        return self.open(trigger_id, view)

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        self._keep(view_id, view)

    def publish(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        check_view(view)
        with self._news:
            self.homes[slack_user_id] = copy.deepcopy(dict(view))
            self._news.notify_all()

    def user(self, slack_user_id: str) -> SlackUser | None:
        return self.users.get(slack_user_id)

    def file(self, file_id: str, *, at_most: int) -> tuple[str, bytes]:
        name, content = self.files[file_id]
        if len(content) > at_most:
            raise SecretariatError(f"{name} is larger than {at_most >> 20} MB.")
        return name, content

    def _keep(self, view_id: str, view: Mapping[str, Any]) -> str:
        check_view(view)
        with self._news:
            if view_id not in self.views:
                self.shown.append(view_id)
            self.views[view_id] = {**copy.deepcopy(dict(view)), "id": view_id}
            self._news.notify_all()
        return view_id

    def wait_for(self, wanted: Any, *, seconds: float = 10.0) -> None:
        """Until `wanted(self)` is true. Raises AssertionError where it does not come to be."""
        with self._news:
            assert self._news.wait_for(lambda: wanted(self), timeout=seconds), "it was not shown"


def check_view(view: Mapping[str, Any]) -> None:
    """What Slack refuses, beyond what the library's models refuse. Raises AssertionError."""
    blocks = view["blocks"]
    assert len(blocks) <= 100
    assert len(json.dumps(view)) < 250_000
    assert len(view.get("private_metadata") or "") <= 3_000
    if any(block["type"] == "input" for block in blocks):
        assert view["type"] == "home" or view.get("submit"), "a field without a submit button"
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    assert len(ids) == len(set(ids)), "two blocks of one id"
    for block in blocks:
        check_block(block)


def check_block(block: Mapping[str, Any]) -> None:
    """The limits of one block. Raises AssertionError."""
    text = block.get("text") or {}
    if block["type"] == "section":
        assert text.get("text") or block.get("fields"), "an empty section"
    assert len(text.get("text", "")) <= {"header": 150, "section": 3_000}.get(block["type"], 3_000)
    elements = [*block.get("elements", ()), *(block[key] for key in ("accessory", "element") if block.get(key))]
    if block["type"] == "actions":
        assert 1 <= len(elements) <= 25
        actions = [element["action_id"] for element in elements]
        assert len(actions) == len(set(actions)), "two buttons of one id in a row"
    if block["type"] == "context":
        assert 1 <= len(elements) <= 10
    for element in elements:
        _check_element(element)


def _check_element(element: Mapping[str, Any]) -> None:
    assert len(element.get("value") or "") <= 2_000
    assert len(element.get("action_id") or "") <= 255
    options = element.get("options", ())
    assert len(options) <= 100
    if "options" in element and element["type"] not in ("external_select",):
        assert options, "a menu without options"
    for option in options:
        assert 1 <= len(option["text"]["text"]) <= 75
        assert 1 <= len(option["value"]) <= 150
    if element.get("initial_option"):
        assert element["type"] == "external_select" or element["initial_option"] in options


@dataclass
class SlackAtHand:
    """People at Slack, one at a time: each method posts what Slack posts and gives back our acknowledgement."""

    door: SlackDoor
    screens: Screens
    later: ResponseUrl
    app: Starlette = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        bolt = build_slack_app(self.door, signing_secret=SECRET, bot_token=None)
        for listener in vars(bolt)["_async_listeners"]:
            listener.ack_timeout = PATIENT + 5  # Bolt itself gives up after three seconds
        self.app = Starlette(routes=slack_routes(bolt))

    def command(self, text: str, *, user: str = HARRIET, **more: str) -> dict[str, Any]:
        """A slash command. `more` replaces what is posted (trigger_id, channel_id)."""
        key = self._key()
        form = {"command": "/secretariat", "text": text, "user_id": user, "trigger_id": key, "channel_id": "C0ANY",
                "response_url": self.later.address(key), **more}  # fmt: skip
        return self._posted(urlencode(form))

    def says(self, text: str, *, user: str = HARRIET, **more: str) -> str:
        """What a command's asker alone is told."""
        said = self.command(text, user=user, **more)
        assert said["response_type"] == "ephemeral"
        return str(said["text"])

    def opens(self, text: str, *, user: str = HARRIET) -> View:
        """The modal that a command opens, once it is filled."""
        before = len(self.screens.shown)
        self.command(text, user=user)
        return self._opened(before)

    def click(
        self, action_id: str, value: str = "", *, user: str = HARRIET, view: View | None = None, message: Any = None
    ) -> str:
        """A button: of a message, or of a modal or home tab where its `view` is given. Returns the answer's key."""
        key = self._key()
        action = {"type": "button", "action_id": action_id, "value": value, "block_id": "any"}
        body: dict[str, Any] = {"type": "block_actions", "user": {"id": user}, "trigger_id": key, "actions": [action]}
        if view is not None:
            body["view"] = {**view, "state": {"values": {}}}
        else:
            body |= {"response_url": self.later.address(key), "channel": {"id": "C0ANY"}, "message": message or {}}
        self._interaction(body)
        return key

    def answered(self, key: str) -> str:
        """What was answered to a click."""
        return "\n".join(self.later.answers(key, wait=10.0))

    def click_opens(self, action_id: str, value: str = "", **more: Any) -> View:
        """The modal that a button opens, once it is filled."""
        before = len(self.screens.shown)
        self.click(action_id, value, **more)
        return self._opened(before)

    def choose(self, view: View, block_id: str, value: str, *, user: str = HARRIET, **filled: Any) -> View:
        """Choose in a menu of a modal that is built anew then; returns it as it is afterwards."""
        element = element_of(view, block_id)
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id,
                  **state_of(element, value)}  # fmt: skip
        state = _state(view, {**filled, block_id: value})
        body = {"type": "block_actions", "user": {"id": user}, "trigger_id": self._key(), "actions": [action],
                "view": {**view, "state": {"values": state}}}  # fmt: skip
        before = json.dumps(self.screens.views[view["id"]])
        self._interaction(body)
        self.screens.wait_for(lambda s: json.dumps(s.views[view["id"]]) != before)
        return self.screens.views[view["id"]]

    def options(self, view: View, action_id: str, typed: str = "", *, user: str = HARRIET) -> list[dict[str, Any]]:
        """The options that a long list offers for what was typed."""
        body = {"type": "block_suggestion", "user": {"id": user}, "action_id": action_id, "value": typed,
                "view": {**view, "state": {"values": {}}}}  # fmt: skip
        return list(self._interaction(body)["options"])

    def submit(self, view: View, *, user: str = HARRIET, **values: Any) -> dict[str, Any]:
        """Send a modal in, each field by its block's id. Returns the acknowledgement; a modal in it is checked."""
        state = _state(view, values)
        body = {"type": "view_submission", "user": {"id": user}, "trigger_id": self._key(),
                "view": {**view, "state": {"values": state}}}  # fmt: skip
        said = self._interaction(body)
        if said.get("view"):
            check_view(said["view"])
        return said

    def shortcut(self, callback_id: str, *, user: str = HARRIET, message: Any = None) -> View:
        """The modal that a shortcut opens: of a message, where one is given."""
        before = len(self.screens.shown)
        body: dict[str, Any] = {"type": "message_action" if message else "shortcut", "callback_id": callback_id,
                                "user": {"id": user}, "trigger_id": self._key()}  # fmt: skip
        if message:
            body |= {"message": message, "channel": {"id": message.get("channel", "C0ANY")},
                     "response_url": self.later.address(body["trigger_id"])}  # fmt: skip
        self._interaction(body)
        return self._opened(before)

    def event(self, event: Mapping[str, Any], *, event_id: str = "") -> None:
        """An event; again with the same id where Slack repeats itself."""
        body = {"type": "event_callback", "event_id": event_id or self._key(), "event": dict(event), "team_id": "T0"}
        self._posted(json.dumps(body), kind="application/json")

    def _opened(self, before: int) -> View:
        self.screens.wait_for(lambda s: len(s.shown) > before and not _is_waiting(s.views[s.shown[-1]]))
        return self.screens.views[self.screens.shown[-1]]

    def _interaction(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._posted(urlencode({"payload": json.dumps(body)}))

    def _posted(self, body: str, *, kind: str = "application/x-www-form-urlencoded") -> dict[str, Any]:
        response = self.post(body, kind=kind)
        assert response.status_code == 200, response.text
        return dict(response.json()) if response.content else {}

    def post(self, body: str, *, kind: str, stamp: str = "", secret: str = SECRET) -> httpx.Response:
        """Post a body, signed now unless a `stamp` is given."""
        stamp = stamp or str(int(time.time()))
        signed = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signed}
        return asyncio.run(self._sent(body, headers))

    async def _sent(self, body: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30) as client:
            return await client.post("/slack/events", content=body.encode(), headers=headers)

    def _key(self) -> str:
        self._count += 1
        return f"k{time.monotonic_ns()}-{self._count}"


def calendar_of(config: Config) -> Calendar:
    """The calendar of a configuration; it is a second's work, and done once for each."""
    if not any(calendar.config is config for calendar in _calendars):
        _calendars.append(Calendar(config))
    return next(calendar for calendar in _calendars if calendar.config is config)


@contextmanager
def slack_at_hand(database: Database, config: Config, clock: Clock, files: ContentFolder) -> Iterator[SlackAtHand]:
    """Slack beside a database whose calendar is kept up to the clock."""
    calendar = calendar_of(config)
    announcer = Announcer(config, calendar, lambda: "http://127.0.0.1:8765", files)
    with database.session() as session:
        keep_calendar(session, announcer, clock.now())
    screens = Screens()
    door = SlackDoor(config, database, calendar, announcer, clock, files, screens, PATIENT, PATIENT,
                     feed_secret=SECRET, issuing=lambda: issuing_of(announcer, files),
                     drafting=lambda: drafting_of(announcer, files))  # fmt: skip
    with ResponseUrl() as later, pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "OPTIONS_PATIENCE", PATIENT)
        yield SlackAtHand(door, screens, later)


def issuing_of(announcer: Announcer, files: ContentFolder) -> Issuing:
    """What issuing a report needs, with the real writer of documents."""
    config, calendar = announcer.config, announcer.calendar
    return Issuing(config, files, WordDocuments(config.paths.templates / "headline_report.docx"), announcer.page(),
                   lambda session, meeting: meeting_number(session, calendar, meeting),
                   announcer.dates_to_note)  # fmt: skip


def drafting_of(announcer: Announcer, files: ContentFolder) -> Drafting:
    """What drafting a report needs, with the real writer of documents."""
    config = announcer.config
    writer = WordDocuments(config.paths.templates / "headline_report.docx")
    return Drafting(config, files, writer, lambda _: Agenda(), lambda _: (), announcer.draft_ready, announcer.page())


def texts(view: Mapping[str, Any]) -> str:
    """All that a view or message says, a line each."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, Mapping):
            if isinstance(part.get("text"), str):
                found.append(part["text"])
            for key, value in part.items():
                if key != "private_metadata":
                    walk(value)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(view)
    return "\n".join(found)


def element_of(view: Mapping[str, Any], block_id: str) -> dict[str, Any]:
    """The field of a block."""
    block = next(b for b in view["blocks"] if b.get("block_id") == block_id)
    return dict(block.get("element") or block.get("accessory") or block["elements"][0])


def state_of(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """What Slack says a field holds."""
    kind = element["type"]
    if kind in ("plain_text_input", "url_text_input", "email_text_input", "number_input"):
        return {"type": kind, "value": value}
    one = {"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user"}
    if kind in one:
        return {"type": kind, one[kind]: value}
    if kind == "file_input":
        return {"type": kind, "files": [{"id": each} for each in value]}
    if kind in ("checkboxes", "multi_static_select", "multi_external_select"):
        return {"type": kind, "selected_options": [{"value": each} for each in value]}
    return {"type": kind, "selected_option": {"value": value, "text": {"type": "plain_text", "text": str(value)}}}


def _state(view: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The state of all fields: what is given, else what each held at first."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        element = block.get("element") or (
            block.get("accessory") if "action_id" in block.get("accessory", {}) else None
        )
        block_id = block.get("block_id")
        if not element or not block_id or element["type"] == "button":
            continue
        if block_id in values:
            state[block_id] = {element["action_id"]: state_of(element, values[block_id])}
        else:
            state[block_id] = {element["action_id"]: _initial(element)}
    missing = set(values) - set(state)
    assert not missing, f"the modal has no field {missing}"
    return state


def _initial(element: Mapping[str, Any]) -> dict[str, Any]:
    named = {"initial_value": "value", "initial_option": "selected_option", "initial_options": "selected_options",
             "initial_date": "selected_date", "initial_time": "selected_time",
             "initial_user": "selected_user"}  # fmt: skip
    return {"type": element["type"], **{named[key]: element[key] for key in named if key in element}}


def _is_waiting(view: Mapping[str, Any]) -> bool:
    return ":hourglass_flowing_sand:" in json.dumps(view)
