"""The real Slack, by its Web API: one message per id, which travels in the message's metadata.

Scopes: chat:write, im:write, im:history, channels:read, groups:read, channels:history, groups:history.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException
from urllib.error import URLError

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RateLimitErrorRetryHandler, RetryState
from slack_sdk.models.blocks import Block, HeaderBlock, MarkdownTextObject, SectionBlock
from slack_sdk.models.metadata import Metadata
from slack_sdk.web import SlackResponse

from bot.model import Delivery, Outcome, OutgoingMessage

EVENT_TYPE = "secretariat_notice"
_LONGEST_WAIT = 5  # seconds worth waiting for Slack inside one attempt; the outbox waits longer and blocks nobody
_SECTION = 2_400  # characters before addresses become links: a section takes 3,000
_SECTIONS = 49  # a message takes 50 blocks, the header among them
_FALLBACK = 3_000  # characters of the text shown in notifications
_PAGES, _PAGE = 10, 200  # how far back a message is looked for

_NOT_ACCEPTED = {
    "ratelimited": "Slack asks to send more slowly",
    "rate_limited": "Slack asks to send more slowly",
    "message_limit_exceeded": "the workspace sends too many messages",
    "request_timeout": "Slack received the request cut off",
    "service_unavailable": "Slack is not available",
    "team_added_to_org": "the workspace is being moved to an organisation",
}
_MAYBE_ACCEPTED = ("fatal_error", "internal_error")  # Slack: "some aspect of the operation may have succeeded"
_REFUSED = {
    "account_inactive": "the token's account is switched off; install the Slack app again",
    "cannot_dm_bot": "the recipient is an app; correct the person's Slack id",
    "channel_not_found": "Slack shows the app no such channel; invite the app to it or correct the channel",
    "ekm_access_denied": "the workspace's administrators have suspended posting",
    "invalid_auth": "Slack does not accept the token; put in the bot token of the installed app",
    "is_archived": "the channel is archived; choose another one",
    "messages_tab_disabled": "the app's messages tab is off; switch it on in the app's settings",
    "missing_scope": "the app lacks a right; add the scope and install the app again",
    "msg_blocks_too_long": "the message is too long for Slack",
    "msg_too_long": "the message is too long for Slack",
    "not_authed": "no token was given; put in the bot token of the installed app",
    "not_in_channel": "the app is not in the channel; invite it",
    "restricted_action": "the workspace lets nobody but administrators post there",
    "token_expired": "the token has expired; install the Slack app again",
    "token_revoked": "the token was revoked; install the Slack app again",
    "user_disabled": "the recipient's Slack account is switched off",
    "user_not_found": "Slack knows no such user; correct the person's Slack id",
}


class SlackWeb:
    """Slack as a channel, to users (`U...`, `W...`) and to channels (`C...`, `#psg`). Text only, no attachments."""

    name = "slack"
    settling = timedelta(minutes=5)  # assumed: ten times the longest that we wait for an answer
    looks_up = True

    def __init__(self, token: SecretStr | str, *, api_url: str = "https://slack.com/api/", timeout: int = 30) -> None:
        """`api_url` is where the Web API lives, `timeout` the seconds an answer may take."""
        self._client = WebClient(
            token=token.get_secret_value() if isinstance(token, SecretStr) else token,
            base_url=api_url.rstrip("/") + "/",
            timeout=timeout,
            # Given alone on purpose: the library's own choice repeats a request whose connection broke, posting twice.
            retry_handlers=[_ShortWaits(max_retry_count=1)],
        )
        self._channel_ids: dict[str, str] = {}

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Post the message; the service id is `<channel>:<ts>`. Unknown where Slack may have taken it unconfirmed."""
        sections = list(_sections(message.text))
        if len(sections) > _SECTIONS:
            return Delivery(Outcome.FAILED_FOR_GOOD, error="The message is too long for Slack. Send it by mail.")
        try:
            channel = self._conversation(message.to)
        except (SlackApiError, HTTPException, OSError, UnicodeDecodeError) as error:
            return _nothing_posted(error)
        if not channel:
            return Delivery(Outcome.FAILED_FOR_GOOD, error=_no_such_channel(message.to))
        try:
            posted = self._client.chat_postMessage(
                channel=channel,
                text=_escaped(_fallback(message)),
                blocks=_blocks(message.subject, sections),
                metadata=Metadata(EVENT_TYPE, {"id": message.id}),
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackApiError, HTTPException, OSError, UnicodeDecodeError) as error:
            return _after_posting(error)
        return Delivery(Outcome.DELIVERED, service_id=f"{posted['channel']}:{posted['ts']}")

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """Search the last 2,000 messages for the id. Unknown where Slack won't say or the search ends before."""
        try:
            channel = self._conversation(message.to)
            return self._search(channel, message.id) if channel else None
        except (SlackApiError, HTTPException, OSError, UnicodeDecodeError) as error:
            answer = _nothing_posted(error)
            return Delivery(Outcome.UNKNOWN, error=answer.error, retry_after=answer.retry_after)

    def _search(self, channel: str, message_id: str) -> Delivery | None:
        cursor: str | None = None
        for _ in range(_PAGES):
            page = self._client.conversations_history(
                channel=channel, include_all_metadata=True, limit=_PAGE, cursor=cursor
            )
            for posted in page["messages"]:
                if _id_in(posted) == message_id:
                    return Delivery(Outcome.DELIVERED, service_id=f"{channel}:{posted['ts']}")
            cursor = _next_cursor(page)
            if not cursor:
                return None
        return Delivery(
            Outcome.UNKNOWN, error=f"It is not among the last {_PAGES * _PAGE:,} messages there; look for it in Slack."
        )

    def _conversation(self, to: str) -> str:
        """The id of the conversation that `to` names; empty where Slack shows no channel of that name."""
        if re.fullmatch(r"[UW][A-Z0-9]{2,}", to):
            return str(self._client.conversations_open(users=[to])["channel"]["id"])
        if re.fullmatch(r"[CGD][A-Z0-9]{2,}", to):
            return to
        name = to.removeprefix("#")
        if name not in self._channel_ids:
            self._channel_ids.update(self._named_channels())
        return self._channel_ids.get(name, "")

    def _named_channels(self) -> Iterator[tuple[str, str]]:
        cursor: str | None = None
        while True:
            page = self._client.conversations_list(types="public_channel,private_channel", limit=_PAGE, cursor=cursor)
            yield from ((channel["name"], channel["id"]) for channel in page["channels"])
            cursor = _next_cursor(page)
            if not cursor:
                return


class _ShortWaits(RateLimitErrorRetryHandler):
    """Waits out a short Retry-After itself and leaves a long one to the outbox."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        waits = [value[0] for name, value in response.headers.items() if name.lower() == "retry-after"]
        return bool(waits) and waits[0].isdecimal() and int(waits[0]) <= _LONGEST_WAIT


def _next_cursor(page: SlackResponse) -> str:
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")


def _id_in(posted: dict[str, object]) -> object:
    metadata = posted.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload.get("id") if isinstance(payload, dict) else None


def _blocks(subject: str, sections: list[str]) -> list[Block]:
    """A header where there is a subject, then the text. `verbatim`: Slack makes no @channel out of anyone's words."""
    blocks: list[Block] = [HeaderBlock(text=_cut(subject, 150))] if subject.strip() else []
    blocks += [SectionBlock(text=MarkdownTextObject(text=section, verbatim=True)) for section in sections]
    return blocks


def _sections(text: str) -> Iterator[str]:
    """The text escaped and in pieces that a section takes, cut at a line end or a blank where there is one."""
    rest = _escaped(text.strip())
    while rest:
        end = len(rest) if len(rest) <= _SECTION else _place_to_cut(rest)
        piece, rest = rest[:end].strip("\n"), rest[end:].lstrip()
        if piece:
            # Verbatim text has no links of Slack's making.
            yield re.sub(r"https?://[^\s<>|]*[^\s<>|.,;:!?()'\"]", r"<\g<0>>", piece)


def _place_to_cut(escaped: str) -> int:
    for mark in ("\n", " "):
        at = escaped.rfind(mark, _SECTION // 2, _SECTION)
        if at > 0:
            return at
    entity = escaped.rfind("&", _SECTION - 4, _SECTION)  # the longest is "&amp;": not in two
    return entity if entity > 0 else _SECTION


def _escaped(text: str) -> str:
    """Slack's three: & < >. What people write is never a mention, a link or a command."""
    return html.escape(text, quote=False)


def _fallback(message: OutgoingMessage) -> str:
    return _cut(f"{message.subject}\n{message.text}".strip(), _FALLBACK)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _no_such_channel(to: str) -> str:
    return f"Slack shows the app no channel {to}. Invite the app to it or correct the name."


def _nothing_posted(error: Exception) -> Delivery:
    """What a failure before the message was handed over means: it can't have arrived."""
    answer = _after_posting(error)
    if answer.outcome is not Outcome.UNKNOWN:
        return answer
    return Delivery(Outcome.FAILED_FOR_NOW, error=answer.error, retry_after=answer.retry_after)


def _after_posting(error: Exception) -> Delivery:
    """What a failure means while the message was being handed over."""
    if isinstance(error, SlackApiError):
        return _answered(error.response)
    if isinstance(error, URLError):
        # The request was never handed over whole: refused, no such host, a certificate that isn't trusted.
        return Delivery(Outcome.FAILED_FOR_NOW, error=f"Slack can't be reached: {error.reason}.")
    if isinstance(error, TimeoutError):
        return Delivery(Outcome.UNKNOWN, error="Slack did not answer in time.")
    return Delivery(Outcome.UNKNOWN, error="The connection to Slack broke before it answered.")


def _answered(response: SlackResponse) -> Delivery:
    code = str(response.get("error") or "") if isinstance(response.data, dict) else ""
    wait = _retry_after(response)
    if response.status_code == 429 or code in _NOT_ACCEPTED:
        words = _NOT_ACCEPTED.get(code, _NOT_ACCEPTED["ratelimited"])
        return Delivery(Outcome.FAILED_FOR_NOW, error=f"{words[0].upper()}{words[1:]}.", retry_after=wait)
    if response.status_code == 503:
        return Delivery(Outcome.FAILED_FOR_NOW, error="Slack is not available (503).", retry_after=wait)
    if 400 <= response.status_code < 500:
        return Delivery(
            Outcome.FAILED_FOR_GOOD,
            error=f"What answers in Slack's place says {response.status_code}. Correct the address of the Slack API.",
        )
    if response.status_code >= 500 or code in _MAYBE_ACCEPTED or not re.fullmatch(r"[a-z_]+", code):
        what = code if code in _MAYBE_ACCEPTED else response.status_code
        return Delivery(Outcome.UNKNOWN, error=f"Slack failed while it took the message ({what}).", retry_after=wait)
    return Delivery(Outcome.FAILED_FOR_GOOD, error=_refusal(code, str(response.get("needed") or "")))


def _refusal(code: str, needed: str) -> str:
    scopes = f" ({needed})" if needed else ""
    words = _REFUSED.get(code, "look up its code in the documentation of the Slack API")
    return f"Slack refuses the message: {words}{scopes} [{code}]."


def _retry_after(response: SlackResponse) -> float | None:
    values = [value for name, value in response.headers.items() if name.lower() == "retry-after"]
    return float(values[0]) if values and str(values[0]).isdecimal() else None
