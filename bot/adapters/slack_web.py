"""The real Slack, by its Web API: one message per id, which travels in the message's metadata.

Scopes: chat:write, im:write, im:history, channels:read, groups:read, channels:history, groups:history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.http_retry import HttpRequest, HttpResponse, RateLimitErrorRetryHandler, RetryState
from slack_sdk.models.metadata import Metadata
from slack_sdk.web import SlackResponse

from bot.adapters.slack_answers import (
    FAILURES,
    NotUnderstood,
    after_posting,
    no_such_channel,
    nothing_posted,
    retry_after,
)
from bot.adapters.slack_blocks import MOST_BLOCKS, blocks_of, fallback
from bot.adapters.slack_pace import LONGEST_WAIT, Pace
from bot.model import Delivery, Outcome, OutgoingMessage

EVENT_TYPE = "secretariat_notice"
_PAGES, _PAGE = 100, 200  # of a conversation's history
_CLOCKS_DIFFER = timedelta(days=1)  # a clock that was set wrong must not hide a message from the look-up

_ANSWERS = {  # what must be in an answer that says ok
    "chat.postMessage": "ts",
    "chat.update": "ts",
    "conversations.history": "messages",
    "conversations.list": "channels",
    "conversations.open": "channel",
}


class SlackWeb:
    """Slack as a channel, to users (`U...`, `W...`) and to channels (`C...`, `#psg`). Text only, no attachments."""

    name = "slack"
    # Our last request leaves within two minutes of the attempt: two calls of at most 30 s, each tried twice, and the
    # waits between. Slack is given longer than that again to take it.
    settling = timedelta(minutes=5)
    looks_up = True

    def __init__(self, token: SecretStr | str, *, api_url: str = "https://slack.com/api/", timeout: int = 30) -> None:
        """`api_url` is where the Web API lives, `timeout` the seconds an answer may take."""
        self._pace = Pace()
        self._client = _Client(
            self._pace,
            token=token.get_secret_value() if isinstance(token, SecretStr) else token,
            base_url=api_url.rstrip("/") + "/",
            timeout=timeout,
            # Given alone on purpose: the library's own choice repeats a request whose connection broke, posting twice.
            retry_handlers=[_RateLimits(self._pace)],
        )
        self._conversations: dict[str, str] = {}  # their ids, by user or by channel name

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Post the message; the service id is `<channel>:<ts>`. Unknown where Slack may have taken it unconfirmed."""
        blocks = blocks_of(message.subject, message.text, message.offers)
        if len(blocks) > MOST_BLOCKS:
            return Delivery(Outcome.FAILED_FOR_GOOD, error="The message is too long for Slack. Send it by mail.")
        try:
            self._pace.check("chat.postMessage")
            channel = self._conversation(message.to)
        except FAILURES as error:
            return nothing_posted(error)
        if not channel:
            return Delivery(Outcome.FAILED_FOR_GOOD, error=no_such_channel(message.to))
        try:
            with self._pace.turn(channel):
                posted = self._client.chat_postMessage(
                    channel=channel,
                    text=fallback(message.subject, message.text),
                    blocks=blocks,
                    metadata=Metadata(EVENT_TYPE, {"id": message.id}),
                    unfurl_links=False,
                    unfurl_media=False,
                )
        except FAILURES as error:
            answer = after_posting(error)
            if answer.outcome is Outcome.FAILED_FOR_GOOD:
                self._conversations.pop(message.to.removeprefix("#"), None)  # it may be another one by now
            return answer
        return Delivery(Outcome.DELIVERED, service_id=f"{channel}:{posted['ts']}")

    def revise(self, message: OutgoingMessage) -> Delivery:
        """Change a message that was posted, by its service id. The same change twice is one: nothing is looked up."""
        channel, _, ts = message.service_id.partition(":")
        try:
            self._pace.check("chat.update")
            with self._pace.turn(channel):
                self._client.chat_update(
                    channel=channel,
                    ts=ts,
                    text=fallback(message.subject, message.text),
                    blocks=blocks_of(message.subject, message.text, message.offers)[:MOST_BLOCKS],
                    metadata=Metadata(EVENT_TYPE, {"id": message.id}),
                )
        except FAILURES as error:
            return after_posting(error)
        return Delivery(Outcome.DELIVERED, service_id=message.service_id)

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """Search the conversation's history for the id, page by page, back to a day before the attempt.

        Unknown where Slack won't say, hides the ids, or the search comes to no end. Threads are not searched: `deliver`
        replies in none.
        """
        try:
            channel = self._conversation(message.to)
            if channel:
                return self._search(channel, message)
            return Delivery(Outcome.UNKNOWN, error=no_such_channel(message.to))
        except FAILURES as error:
            answer = nothing_posted(error)
            return Delivery(Outcome.UNKNOWN, error=answer.error, retry_after=answer.retry_after)

    def _search(self, channel: str, message: OutgoingMessage) -> Delivery | None:
        # The bound is kept here, not by Slack's `oldest`: so the newest messages are seen whatever our clock said.
        earliest = (message.sent_at - _CLOCKS_DIFFER).timestamp()
        ids_hidden = False
        for page in self._history(channel):
            for posted in page:
                mark = _mark(posted)
                if mark == message.id:
                    return Delivery(Outcome.DELIVERED, service_id=f"{channel}:{posted['ts']}")
                ids_hidden |= mark == ""
            if page and float(page[-1]["ts"]) < earliest:
                break
        if ids_hidden:
            return Delivery(Outcome.UNKNOWN, error="Slack shows the app's messages there without their ids.")
        return None

    def _history(self, channel: str) -> Iterator[list[dict[str, Any]]]:
        """The messages page by page, newest first."""
        cursor: str | None = None
        for _ in range(_PAGES):
            page = self._client.conversations_history(
                channel=channel, include_all_metadata=True, limit=_PAGE, cursor=cursor
            )
            yield page["messages"]
            cursor = _next_cursor(page)
            if not cursor:
                return
        raise NotUnderstood(f"its history has no end after {_PAGES} pages")

    def _conversation(self, to: str) -> str:
        """The id of the conversation that `to` names; empty where Slack shows no channel of that name."""
        if re.fullmatch(r"[CGD][A-Z0-9]{2,}", to):
            return to
        name = to.removeprefix("#")
        if name not in self._conversations:
            if re.fullmatch(r"[UW][A-Z0-9]{2,}", to):
                self._conversations[name] = str(self._client.conversations_open(users=[to])["channel"]["id"])
            else:
                self._conversations.update(self._named_channels())
        return self._conversations.get(name, "")

    def _named_channels(self) -> Iterator[tuple[str, str]]:
        cursor: str | None = None
        while True:
            page = self._client.conversations_list(types="public_channel,private_channel", limit=_PAGE, cursor=cursor)
            yield from ((channel["name"], channel["id"]) for channel in page["channels"])
            cursor = _next_cursor(page)
            if not cursor:
                return


class _Client(WebClient):
    """The library's client, which is silent while Slack asks it to be, and trips over no answer."""

    def __init__(self, pace: Pace, **settings: Any) -> None:
        super().__init__(**settings)
        self._pace = pace

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        self._pace.check(api_method)
        try:
            answer = super().api_call(api_method, **arguments)
        except (ValueError, LookupError, AttributeError) as error:  # JSON cut short, no UTF-8, no object
            raise NotUnderstood(type(error).__name__) from error
        if answer.get(_ANSWERS[api_method]) is None:
            raise NotUnderstood(f"{_ANSWERS[api_method]} is missing in it")
        return answer


class _RateLimits(RateLimitErrorRetryHandler):
    """The library's handler, for waits of a few seconds; longer ones are the outbox's. Either holds up all others."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(max_retry_count=1)
        self._pace = pace

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        wait = retry_after(response) if response and response.status_code == 429 else None
        if wait is None:
            return False
        self._pace.pause(request.url.rsplit("/", 1)[-1], wait)
        return wait <= LONGEST_WAIT and super().can_retry(state=state, request=request, response=response, error=error)


def _next_cursor(page: SlackResponse) -> str:
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")


def _mark(posted: dict[str, Any]) -> str | None:
    """Our id in a message; empty where Slack hides it, None where the message is not one of ours."""
    metadata = posted.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return str((metadata.get("event_payload") or {}).get("id") or "")
