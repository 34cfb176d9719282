"""What became of a question, whatever happened: an answer, a modal, or a sentence. Nothing here knows Bolt."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.client import HTTPException
from typing import TypeVar

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.models.views import View
from slack_sdk.webhook import WebhookClient

from bot import members
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


def known_command(commands: Mapping[str, Command], asked: Asked) -> tuple[Command | None, Asked]:
    """(the subcommand, what was asked of it); None where the text begins with no known one."""
    word = _first_word(asked)
    return commands.get(word.casefold()), replace(asked, text=asked.text.strip()[len(word) :].strip())


def _first_word(asked: Asked) -> str:
    return next(iter(asked.text.split(maxsplit=1)), "")


def help_asked(door: SlackDoor, commands: Mapping[str, Command], asked: Asked) -> Answer:
    """What can be asked, in a line each, for everybody; the PMO's part for the PMO. `help WORD` gives one line."""
    word, about = _first_word(asked), asked.text.split()[1:2]
    lead = f"I do not know `{escaped(word[:60])}`. " if word and word.casefold() != "help" else ""
    name = door.config.slack.command
    if not lead and about and about[0].casefold() in commands:
        return Answer(f"`{name} {escaped(commands[about[0].casefold()].usage)}`")
    lines = {of_pmo: [_usage(name, c) for c in commands.values() if c.for_pmo is of_pmo] for of_pmo in (False, True)}
    pmo = ["", "*For the PMO*", *lines[True]] if lines[True] and _is_pmo(door, asked) else []
    return Answer("\n".join([f"{lead}You can ask:", *lines[False], *pmo, "", f"`{name} help WORD` says one of them."]))


def _usage(name: str, command: Command) -> str:
    return f"• `{name} {escaped(command.usage)}`"


def _is_pmo(door: SlackDoor, asked: Asked) -> bool:
    try:
        with door.database.reading() as session:
            person = members.by_slack_id(session, asked.slack_user_id)
            return person is not None and members.is_pmo(session, person.id, door.clock.today())
    except StateUnusable:
        return False  # help is there whatever the database does


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
            # what replaces a message stays as visible as that was
            response_type=None if answer.replaces else "in_channel" if answer.public else "ephemeral",
            replace_original=answer.replaces,
        )
        trouble = "" if posted.status_code == 200 else f"{posted.status_code} {posted.body[:200]}"
    except (OSError, ValueError, HTTPException, SlackClientError) as error:  # ValueError: it is no address
        trouble = str(error)
    if trouble:
        log.warning("An answer could not be posted to Slack", reason=trouble)
