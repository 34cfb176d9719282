"""The table of contents of Slack: each subcommand and the function that it calls, a line each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from http.client import HTTPException
from typing import Any

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.amendments import FORM
from bot.errors import SecretariatError, StateUnusable
from handlers.slack.amendments import amendment_submitted
from handlers.slack.door import LATER, Asked, SlackDoor
from handlers.slack.meetings import deadlines_asked, next_asked

log = structlog.get_logger()
Answer = Callable[[SlackDoor, Asked], str]

SUBCOMMANDS: dict[str, tuple[str, Answer]] = {
    "next": ("next [GROUP]: the next meetings", next_asked),
    "deadlines": ("deadlines GROUP [DATE]: what falls due around a meeting, and why", deadlines_asked),
    "amend": (f"amend {FORM}", amendment_submitted),
}
NOT_DONE = (
    "The secretariat could not get at its records just now, so nothing was done. Please ask again in a few minutes."
)
BAD_SIGNATURE = (
    "This request was not signed by Slack for this installation, or it is older than five minutes. Check that "
    "SECRETARIAT_SLACK_SIGNING_SECRET is the signing secret of your Slack app, and that this machine's clock is right."
)


def slack_routes(door: SlackDoor, *, signing_secret: str, bot_token: str | None) -> list[BaseRoute]:
    """The HTTP endpoint that Slack posts to; requests without a right signature are refused with a sentence."""
    handler = AsyncSlackRequestHandler(build_slack_app(door, signing_secret=signing_secret, bot_token=bot_token))

    async def slack_posted(request: Request) -> Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        response = await handler.handle(request) if stamp.isdecimal() else Response(status_code=401)
        if response.status_code == 401:
            log.warning("A Slack request was refused", reason=BAD_SIGNATURE)
            return JSONResponse({"error": BAD_SIGNATURE}, status_code=401)
        return response

    return [Route("/slack/events", slack_posted, methods=["POST"])]


def build_slack_app(door: SlackDoor, *, signing_secret: str, bot_token: str | None) -> AsyncApp:
    """The Bolt app. Nothing is asked of Slack at start: who is asking is decided by our own file of people."""

    async def authorize(**_context: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=bot_token or "xoxb-none", bot_id="B0SELF")

    app = AsyncApp(signing_secret=signing_secret, authorize=authorize)

    @app.command(door.config.slack.command)
    async def command_given(ack: Any, command: dict[str, str]) -> None:
        key, url = command.get("trigger_id") or secrets.token_hex(8), command.get("response_url", "")
        asked = Asked(command["user_id"], command.get("text", ""), key, url)
        await ack(text=await acknowledgement(door, asked), response_type="ephemeral")

    return app


async def acknowledgement(door: SlackDoor, asked: Asked) -> str:
    """The answer where it comes at once, else `LATER`: then it is posted to the `response_url` when it comes.

    A tick may hold the database for seconds, and the acknowledgement must not wait for it. The work goes on in its
    thread, also through the end of the process. `at_once` is either given the answer or cancelled, never both.
    """
    at_once: Future[str] = Future()
    asyncio.get_running_loop().run_in_executor(None, _answer_once, door, asked, at_once)
    await asyncio.wait({asyncio.wrap_future(at_once)}, timeout=door.patience)
    return LATER if at_once.cancel() else at_once.result()


def _answer_once(door: SlackDoor, asked: Asked, at_once: Future[str]) -> None:
    said = answer(door, asked)
    if at_once.set_running_or_notify_cancel():
        at_once.set_result(said)
    else:
        _post(said, asked.response_url)


def _post(said: str, response_url: str) -> None:
    """Answer after the acknowledgement, to the asker alone. What cannot be posted is logged: the asker was warned."""
    try:
        posted = WebhookClient(response_url, timeout=10).send(text=said, response_type="ephemeral")
        trouble = "" if posted.status_code == 200 else f"{posted.status_code} {posted.body[:200]}"
    except (OSError, ValueError, HTTPException, SlackClientError) as error:  # ValueError: it is no address
        trouble = str(error)
    if trouble:
        log.warning("An answer could not be posted to Slack", reason=trouble)


def answer(door: SlackDoor, asked: Asked) -> str:
    """The answer to a slash command, for the asker alone. Their own mistakes are answered with a sentence."""
    word, _, rest = asked.text.strip().partition(" ")
    known = SUBCOMMANDS.get(word.casefold())
    if known is None:
        return help_text(door.config.slack.command, unknown=word)
    try:
        return known[1](door, replace(asked, text=rest.strip()))
    except StateUnusable as error:
        log.warning(str(error), subcommand=word)
        return NOT_DONE
    except SecretariatError as error:
        return str(error)
    except Exception:
        problem = secrets.token_hex(4)
        log.exception("A Slack command failed", problem=problem, subcommand=word)
        return f"Something went wrong here, not with you (problem {problem}). Please tell the PMO; nothing was done."


def help_text(command: str, *, unknown: str = "") -> str:
    """What can be asked, in a line each."""
    lead = f"I do not know `{unknown}`. " if unknown and unknown.casefold() != "help" else ""
    return "\n".join([f"{lead}You can ask:", *(f"• `{command} {usage}`" for usage, _ in SUBCOMMANDS.values())])
