"""What Slack's answers mean for a message: accepted, refused for now or for good, or nobody knows."""

from __future__ import annotations

import re
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpResponse
from slack_sdk.web import SlackResponse

from bot.adapters.slack_pace import AskedToWait
from bot.model import Delivery, Outcome

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


class NotUnderstood(HTTPException):
    """An answer came, but not one of Slack's."""


FAILURES = (SlackApiError, HTTPException, OSError, AskedToWait)


def no_such_channel(to: str) -> str:
    return f"Slack shows the app no channel {to}. Invite the app to it or correct the name."


def nothing_posted(error: Exception) -> Delivery:
    """What a failure before the message was handed over means: it can't have arrived."""
    answer = after_posting(error)
    if answer.outcome is not Outcome.UNKNOWN:
        return answer
    return Delivery(Outcome.FAILED_FOR_NOW, error=answer.error, retry_after=answer.retry_after)


def after_posting(error: Exception) -> Delivery:
    """What a failure means while the message was being handed over."""
    if isinstance(error, AskedToWait):
        return Delivery(Outcome.FAILED_FOR_NOW, error=str(error), retry_after=error.seconds)
    if isinstance(error, SlackApiError):
        return _answered(error.response)
    if isinstance(error, URLError):
        # The request was never handed over whole: refused, no such host, a certificate that isn't trusted.
        return Delivery(Outcome.FAILED_FOR_NOW, error=f"Slack can't be reached: {error.reason}.")
    if isinstance(error, TimeoutError):
        return Delivery(Outcome.UNKNOWN, error="Slack did not answer in time.")
    if isinstance(error, NotUnderstood):
        return Delivery(Outcome.UNKNOWN, error=f"Slack's answer can't be understood: {error}.")
    return Delivery(Outcome.UNKNOWN, error="The connection to Slack broke before it answered.")


def _answered(response: SlackResponse) -> Delivery:
    code = str(response.get("error") or "") if isinstance(response.data, dict) else ""
    wait = retry_after(response)
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


def retry_after(response: SlackResponse | HttpResponse) -> float | None:
    """In seconds. The library's answers have one value a header, what it shows to its handlers a list of them."""
    for name, value in response.headers.items():
        if name.lower() == "retry-after":
            text = str(value[0] if isinstance(value, list) else value)
            return float(text) if text.isdecimal() else None
    return None
