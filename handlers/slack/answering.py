"""What became of a question, whatever happened: an answer, a modal, or a sentence. Nothing here knows Bolt."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException
from typing import TypeVar

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.models.views import View
from slack_sdk.webhook import WebhookClient

from bot.errors import SecretariatError, StateUnusable
from bot.slack_text import escaped
from handlers.slack.blocks import modal, section
from handlers.slack.door import Answer, Asked, Command, Form, SlackDoor

log = structlog.get_logger()
T = TypeVar("T")

NOTICE = "notice"  # the callback id of a modal that only says something
NOT_DONE = (
    "The secretariat could not get at its records just now, so nothing was done. Please ask again in a few minutes."
)
WAITING = ":hourglass_flowing_sand: One moment."


def guarded(work: Callable[[], T], what: str) -> T | Answer:
    """What the work gives; where it fails, the sentence that the person is told. `what` names it in the log."""
    try:
        return work()
    except StateUnusable as error:
        log.warning(str(error), what=what)
        return Answer(NOT_DONE)
    except SecretariatError as error:
        return Answer(escaped(str(error)))
    except Exception:
        problem = secrets.token_hex(4)
        log.exception("A Slack request failed", problem=problem, what=what)
        said = f"Something went wrong here, not with you (problem {problem}). Please tell the PMO; nothing was done."
        return Answer(said)


def known_command(commands: dict[str, Command], asked: Asked) -> tuple[Command | None, Asked]:
    """(the subcommand, what was asked of it); None where the text begins with no known one."""
    word, _, rest = asked.text.partition(" ")
    return commands.get(word.casefold()), replace(asked, text=rest.strip())


def help_text(door: SlackDoor, commands: dict[str, Command], *, unknown: str = "") -> Answer:
    """What can be asked, in a line each."""
    word = unknown.partition(" ")[0]
    lead = f"I do not know `{escaped(word[:60])}`. " if word and word.casefold() != "help" else ""
    name = door.config.slack.command
    members = [f"• `{name} {c.usage}`" for c in commands.values() if not c.for_pmo]
    pmo = [f"• `{name} {c.usage}`" for c in commands.values() if c.for_pmo]
    return Answer("\n".join([f"{lead}You can ask:", *members, *(["", "*For the PMO*", *pmo] if pmo else [])]))


def notice(title: str, answer: Answer) -> View:
    """An answer as a modal."""
    return modal(NOTICE, title, list(answer.blocks) or [section(answer.text)])


def waiting(form: Form) -> View:
    """What a modal shows until it is filled."""
    return modal(NOTICE, form.title, [section(WAITING)])


def post(answer: Answer, asked: Asked) -> None:
    """Answer after the acknowledgement. What cannot be posted is logged: the asker was warned."""
    try:
        posted = WebhookClient(asked.response_url, timeout=10).send(
            text=answer.text,
            blocks=list(answer.blocks) or None,
            response_type="in_channel" if answer.public else "ephemeral",
            replace_original=answer.replaces,
        )
        trouble = "" if posted.status_code == 200 else f"{posted.status_code} {posted.body[:200]}"
    except (OSError, ValueError, HTTPException, SlackClientError) as error:  # ValueError: it is no address
        trouble = str(error)
    if trouble:
        log.warning("An answer could not be posted to Slack", reason=trouble)
