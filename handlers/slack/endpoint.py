"""Slack's signed HTTP, on the same ASGI app as the web page."""

from __future__ import annotations

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

log = structlog.get_logger()
BAD_SIGNATURE = (
    "This request was not signed by Slack for this installation, or it is older than five minutes. Check that "
    "SECRETARIAT_SLACK_SIGNING_SECRET is the signing secret of your Slack app, and that this machine's clock is right."
)


def slack_routes(app: AsyncApp) -> list[BaseRoute]:
    """The HTTP endpoint that Slack posts to; requests without a right signature are refused with a sentence."""
    handler = AsyncSlackRequestHandler(app)

    async def slack_posted(request: Request) -> Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        response = await handler.handle(request) if stamp.isdecimal() else Response(status_code=401)
        if response.status_code == 401:
            log.warning("A Slack request was refused", reason=BAD_SIGNATURE)
            return JSONResponse({"error": BAD_SIGNATURE}, status_code=401)
        return response

    return [Route("/slack/events", slack_posted, methods=["POST"])]
