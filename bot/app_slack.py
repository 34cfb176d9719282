"""How Slack is reached here, by configuration alone: the service, or a log beside the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack_log import SlackLog
from bot.config import Config, Secrets
from bot.errors import SecretariatError
from bot.ports import SlackScreens

if TYPE_CHECKING:
    from bot.adapters.slack_web import SlackWeb


def slack_channel(config: Config, secret: Secrets, slack_log: SlackLog) -> SlackLog | SlackWeb:
    """The way to people in Slack. Raises SecretariatError where Slack is asked for and there is no token."""
    if config.slack.transport == "local":
        return slack_log
    if secret.slack_bot_token is None:
        raise SecretariatError(
            "`slack.transport` is slack, but there is no bot token.",
            hint="Set SECRETARIAT_SLACK_BOT_TOKEN (or …_TOKEN_FILE), or set the transport to local.",
        )
    from bot.adapters.slack_web import SlackWeb

    return SlackWeb(secret.slack_bot_token.get_secret_value(), api_url=config.slack.api_url)


def slack_screens(config: Config, secret: Secrets) -> SlackScreens:
    """What shows modals and the home tab, and fetches files; shows nothing where Slack is not there."""
    from bot.adapters.slack_screens import NoScreens, SlackScreensOnline

    if config.slack.transport == "local" or secret.slack_bot_token is None:
        return NoScreens()
    return SlackScreensOnline(secret.slack_bot_token.get_secret_value(), api_url=config.slack.api_url)
