"""Modals, home tabs and accounts by Slack's Web API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from bot.errors import SecretariatError
from bot.ports import SlackUser

TIMEOUT = 10  # seconds
_WORDS = {
    "expired_trigger_id": "Slack waited three seconds for the form and gave up. Please ask again.",
    "trigger_expired": "Slack waited three seconds for the form and gave up. Please ask again.",
    "exchanged_trigger_id": "The form was opened already.",
    "not_found": "The form has been closed.",
    "missing_scope": "The Slack app lacks a right: install it again with the manifest of this version.",
    "file_not_found": "Slack does not show that file to the secretariat.",
}


class SlackScreensOnline:
    """Slack itself, by the bot's token."""

    is_there = True

    def __init__(self, token: str, *, api_url: str) -> None:
        """`api_url` ends with a slash."""
        self._token = token
        self._client = WebClient(token=token, base_url=api_url, timeout=TIMEOUT)
        self._client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
        self._home: SlackResponse | None = None  # which workspace we are in, once asked

    def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        answer = _asked(lambda: self._client.views_open(trigger_id=trigger_id, view=dict(view)))
        return str(answer["view"]["id"])

    def push(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        answer = _asked(lambda: self._client.views_push(trigger_id=trigger_id, view=dict(view)))
        return str(answer["view"]["id"])

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        _asked(lambda: self._client.views_update(view_id=view_id, view=dict(view)))

    def publish(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        _asked(lambda: self._client.views_publish(user_id=slack_user_id, view=dict(view)))

    def user(self, slack_user_id: str) -> SlackUser | None:
        try:
            found = self._client.users_info(user=slack_user_id)["user"]
        except SlackApiError as error:
            if error.response.get("error") in ("user_not_found", "user_not_visible"):
                return None
            raise _sentence(error) from error
        except (OSError, HTTPException) as error:
            raise _sentence(error) from error
        workspace = str(found.get("team_id") or "")
        return SlackUser(
            id=str(found["id"]),
            email=str((found.get("profile") or {}).get("email") or "").lower(),
            email_confirmed=bool(found.get("is_email_confirmed")),
            is_stranger=bool(found.get("is_stranger")) or not self._is_ours(workspace, found),
            is_bot=bool(found.get("is_bot")),
            is_gone=bool(found.get("deleted")),
            workspace=workspace,
        )

    def _is_ours(self, workspace: str, account: Mapping[str, Any]) -> bool:
        """Whether an account is of our workspace, or of another one of our own enterprise.

        Slack's `is_stranger` does not say so: it is false for people of other workspaces in a channel that we share.
        """
        if self._home is None:
            self._home = _asked(self._client.auth_test)
        enterprise = self._home.get("enterprise_id")
        theirs = (account.get("enterprise_user") or {}).get("enterprise_id")
        return workspace == self._home.get("team_id") or bool(enterprise and theirs == enterprise)

    def file(self, file_id: str, *, at_most: int) -> tuple[str, bytes]:
        told = _asked(lambda: self._client.files_info(file=file_id))["file"]
        name = str(told.get("name") or told.get("title") or file_id)
        if int(told.get("size") or 0) > at_most:
            raise SecretariatError(f"{name} is larger than {at_most >> 20} MB.", hint="Give a smaller file or a link.")
        address = str(told.get("url_private_download") or told.get("url_private") or "")
        if not address.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise SecretariatError(f"Slack gives no address for {name}.", hint="Send the file by mail.")
        request = Request(address, headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310  # checked above
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                content = answer.read(at_most + 1)
        except (OSError, HTTPException) as error:
            raise _sentence(error) from error
        if len(content) > at_most:
            raise SecretariatError(f"{name} is larger than {at_most >> 20} MB.", hint="Give a smaller file or a link.")
        return name, content


class NoScreens:
    """There is no Slack: what would be a modal is asked for in words."""

    is_there = False

    def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        raise _nowhere()

    def push(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        raise _nowhere()

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        raise _nowhere()

    def publish(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        raise _nowhere()

    def user(self, slack_user_id: str) -> SlackUser | None:
        return None

    def file(self, file_id: str, *, at_most: int) -> tuple[str, bytes]:
        raise SecretariatError("There is no Slack here to take a file from.", hint="Send the file by mail.")


def _nowhere() -> SecretariatError:
    return SecretariatError("There is no Slack here.", hint="Set slack.transport to slack.")


def _asked(call: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return call()
    except (SlackApiError, OSError, HTTPException) as error:
        raise _sentence(error) from error


def _sentence(error: Exception) -> SecretariatError:
    if isinstance(error, SlackApiError):
        code = str(error.response.get("error") or "") if isinstance(error.response.data, dict) else ""
        return SecretariatError(_WORDS.get(code, f"Slack refuses it ({code or error.response.status_code})."))
    why = error.reason if isinstance(error, URLError) else error
    return SecretariatError(f"Slack can't be reached ({type(why).__name__}).", hint="Please try again in a minute.")
