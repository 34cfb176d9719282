"""Socket Mode against a server of our own: the library's real handler, the real Bolt app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.app import build
from bot.clock import Clock
from bot.config import Config, Secrets
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from handlers.slack import socket_mode
from handlers.slack.listening import build_slack_app
from handlers.slack.socket_mode import stay_connected
from tests.slack_at_hand import HARRIET, SECRET, SlackAtHand, texts
from tests.socket_mode_server import APP_TOKEN, SocketModeServer, socket_mode_server

Scene = Callable[[SocketModeServer], Awaitable[None]]


def played(slack: SlackAtHand, scene: Scene, *, token: str = APP_TOKEN) -> None:
    """Our side connected, and Slack's part played."""

    async def play() -> None:
        app = build_slack_app(slack.door, signing_secret=SECRET, bot_token=None)
        async with socket_mode_server() as server:
            line = asyncio.create_task(stay_connected(app, app_token=token, api_url=server.api_url, ping_interval=0.3))
            try:
                await scene(server)
            finally:
                line.cancel()
                await asyncio.wait({line})

    asyncio.run(play())


def command(text: str, *, key: str = "k1", user: str = HARRIET) -> dict[str, Any]:
    return {"command": "/secretariat", "text": text, "user_id": user, "trigger_id": key, "team_id": "T0"}


def requests(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AmendmentRow.reference)))


def test_a_command_is_answered_in_its_acknowledgement(slack: SlackAtHand) -> None:
    async def scene(server: SocketModeServer) -> None:
        await server.wait_for_connections(1)
        said = await server.send("slash_commands", command("next PSG"))
        assert "*PSG*" in said["text"]
        assert said["response_type"] == "ephemeral"

    played(slack, scene)


def test_clicks_forms_and_events_come_the_same_way(slack: SlackAtHand) -> None:
    async def scene(server: SocketModeServer) -> None:
        await server.wait_for_connections(1)
        event = {"type": "app_home_opened", "user": HARRIET, "tab": "home", "channel": "D0"}
        await server.send("events_api", {"type": "event_callback", "event_id": "Ev1", "team_id": "T0", "event": event})
        await asyncio.to_thread(slack.screens.wait_for, lambda screens: HARRIET in screens.homes)
        view = {**slack.screens.homes[HARRIET], "id": "V0HOME"}
        action = {"type": "button", "action_id": "command:next:PSG", "block_id": "any", "value": "PSG"}
        click = {
            "type": "block_actions",
            "user": {"id": HARRIET},
            "trigger_id": "k2",
            "actions": [action],
            "view": view,
        }
        await server.send("interactive", click)
        await asyncio.to_thread(slack.screens.wait_for, lambda screens: screens.shown)
        assert "PSG" in texts(slack.screens.views[slack.screens.shown[-1]])

    played(slack, scene)


def test_a_slow_answer_blocks_nobody_else(slack: SlackAtHand) -> None:
    with slack.door.database.session() as session:  # whoever changes something waits for this
        session.connection()

        async def scene(server: SocketModeServer) -> None:
            await server.wait_for_connections(1)
            slow = [
                asyncio.create_task(server.send("slash_commands", command("amend PSG 2024-02-07 D-01: x", key=f"s{n}")))
                for n in range(10)
            ]
            said = await server.send("slash_commands", command("help"), seconds=1.0)
            assert "You can ask" in said["text"]
            assert not any(task.done() for task in slow)
            session.rollback()
            session.close()
            assert all("AM-0" in said["text"] for said in await asyncio.gather(*slow))

        played(slack, scene)
    assert len(requests(slack.door.database)) == 10


def test_it_connects_anew_when_slack_asks_and_when_the_line_breaks(slack: SlackAtHand) -> None:
    async def scene(server: SocketModeServer) -> None:
        await server.wait_for_connections(1)
        await server.ask_to_reconnect()
        await server.wait_for_connections(2)
        assert "*PSG*" in (await server.send("slash_commands", command("next PSG")))["text"]
        await server.cut()
        await server.wait_for_connections(3)
        assert "*PSG*" in (await server.send("slash_commands", command("next PSG")))["text"]

    played(slack, scene)


def test_it_outlives_an_outage_of_slack(slack: SlackAtHand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_mode, "LONGEST_SILENCE", 1.0)
    monkeypatch.setattr(socket_mode, "FIRST_WAIT", 0.1)

    async def scene(server: SocketModeServer) -> None:
        await server.wait_for_connections(1)
        port = server.port
        await server.stop()
        await asyncio.sleep(1.5)
        await server.start(port)
        await server.wait_for_connections(2)
        assert "*PSG*" in (await server.send("slash_commands", command("next PSG")))["text"]

    played(slack, scene)


def test_an_address_that_leads_nowhere_and_a_refusal_are_got_over(
    slack: SlackAtHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "OPENING", 1.0)
    monkeypatch.setattr(socket_mode, "FIRST_WAIT", 0.1)

    async def scene(server: SocketModeServer) -> None:
        server.refusals = ["internal_error"]
        server.broken_addresses = 1
        await server.wait_for_connections(1)
        assert "*PSG*" in (await server.send("slash_commands", command("next PSG")))["text"]

    played(slack, scene)


def test_a_wrong_token_is_said_in_a_sentence(slack: SlackAtHand) -> None:
    async def scene(server: SocketModeServer) -> None:
        with capture_logs() as said:
            for _ in range(200):
                if said:
                    break
                await asyncio.sleep(0.05)
        assert "check SECRETARIAT_SLACK_APP_TOKEN" in json.dumps(said)
        assert "xapp-wrong" not in json.dumps(said)
        assert server.opened == 0

    played(slack, scene, token="xapp-wrong")


def test_a_repeated_event_and_a_repeated_form_act_once(slack: SlackAtHand) -> None:
    async def scene(server: SocketModeServer) -> None:
        await server.wait_for_connections(1)
        asked = command("amend PSG 2024-02-07 D-01: the plan was noted", key="once")
        await server.send("slash_commands", asked)
        await server.send("slash_commands", asked, retry_attempt=1, retry_reason="timeout")

    played(slack, scene)
    assert requests(slack.door.database) == ["AM-001"]


@pytest.mark.parametrize(
    ("transport", "mode", "token", "by_socket"),
    [
        ("slack", "socket", "xapp-1", True),
        ("slack", "socket", None, False),
        ("slack", "http", "xapp-1", False),
        ("local", "socket", "xapp-1", False),
    ],
)
def test_socket_mode_is_chosen_where_there_is_an_app_token(
    config: Config, clock: Clock, tmp_path: Any, transport: str, mode: str, token: str | None, by_socket: bool
) -> None:
    settings = config.slack.model_copy(update={"transport": transport, "mode": mode})
    paths = config.paths.model_copy(update={"state": tmp_path / "var"})
    changed = config.model_copy(update={"slack": settings, "paths": paths})
    whole = build(changed, Secrets(slack_bot_token="xoxb-1", slack_app_token=token), clock)
    line = whole.slack_connection()
    assert (line is not None) is by_socket
    if line:
        line.close()
    whole.database.close()
