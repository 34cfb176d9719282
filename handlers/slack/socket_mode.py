"""Slack by Socket Mode: we call Slack and keep the line open, so no address of ours need be reachable."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time

import structlog
from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger()
OPENING = 20.0  # seconds for one attempt
LONGEST_SILENCE = 30.0  # the library mends its own connection for so long; then we begin anew
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between attempts
LOOK = 0.5
_REASONS = {
    "invalid_auth": "Slack refuses the app token: check SECRETARIAT_SLACK_APP_TOKEN (it begins with xapp-).",
    "not_allowed_token_type": "That is no app token: SECRETARIAT_SLACK_APP_TOKEN begins with xapp-.",
    "missing_scope": "The app token lacks the scope connections:write: make another with it.",
    "forbidden_team": "Slack does not let this workspace use Socket Mode.",
}


async def stay_connected(app: AsyncApp, *, app_token: str, api_url: str, ping_interval: float = 10.0) -> None:
    """Keep one connection to Slack, for ever: opened anew where it was lost. Ends when it is cancelled.

    `api_url` ends with a slash. What Slack brings goes to `app`, several at a time. `ping_interval`, in seconds, is how
    often the line is tried.
    """
    wait = FIRST_WAIT
    while True:
        web = AsyncWebClient(token=app_token, base_url=api_url, timeout=int(OPENING))
        handler = AsyncSocketModeHandler(
            app, app_token, logger=_quiet_logger(), web_client=web, ping_interval=ping_interval
        )
        try:
            await asyncio.wait_for(_open(handler, web, app_token), OPENING)
            log.info("Connected to Slack")
            wait = FIRST_WAIT
            await _until_lost(handler)
            log.warning("The connection to Slack was lost and is opened anew")
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("Slack can't be reached by Socket Mode", reason=_reason(error), again_in=f"{wait:.0f} s")
            wait = await _rest(wait)
        except Exception:
            log.exception("Socket Mode failed and is begun anew", problem=secrets.token_hex(4))
            wait = await _rest(wait)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


async def _rest(wait: float) -> float:
    """Wait, and say for how long next time."""
    await asyncio.sleep(wait)
    return min(2 * wait, LONGEST_WAIT)


async def _open(handler: AsyncSocketModeHandler, web: AsyncWebClient, app_token: str) -> None:
    """The first address is asked for here: the library would try a used one again and again, and swallow why."""
    answer = await web.apps_connections_open(app_token=app_token)
    handler.client.wss_uri = str(answer["url"])
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the library's


async def _until_lost(handler: AsyncSocketModeHandler) -> None:
    """Until the library has not mended the connection for a while."""
    heard_at = time.monotonic()
    while time.monotonic() - heard_at < LONGEST_SILENCE:
        await asyncio.sleep(LOOK)
        if await handler.client.is_connected():
            heard_at = time.monotonic()


def _reason(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        code = str(error.response.get("error") or error.response.status_code)
        return _REASONS.get(code, f"Slack says {code}.")
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _quiet_logger() -> logging.Logger:
    """The library writes a page of traceback for each attempt; ours says what matters of it in a line."""
    logger = logging.Logger("slack socket mode", level=logging.ERROR)  # noqa: LOG001  # nothing else configures it
    logger.addHandler(_OneLine())
    return logger


class _OneLine(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log.warning("Slack's library reports trouble", said=record.getMessage()[:300])
