"""What a Slack handler has at hand, what Slack brings it, and what it may answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import Block, Option
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import members
from bot.access import NOT_KNOWN
from bot.clock import Clock
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import NotAllowed, SecretariatError
from bot.model import Person
from bot.ports import ContentFiles, SlackScreens
from bot.reports import Issuing
from bot.store.database import Database
from bot.store.slack_tables import SlackActRow
from schedules.announcements import Announcer
from schedules.series import Calendar

PATIENCE = 0.1  # Slack shows its user an error after three seconds, and people wonder long before
FORM_PATIENCE = 1.5  # a modal shows that it is being sent
MOST_METADATA = 3_000  # characters of a view's private metadata
LATER = "One moment: the answer follows here. Should none have come in a minute, please ask again."


@dataclass(frozen=True)
class SlackDoor:
    """The parts of the secretariat that Slack handlers call.

    `patience` is for how many seconds a command's acknowledgement waits for its answer; then it says `LATER`. So does
    a modal's, for `form_patience`. `issuing` and `drafting` give what issuing and drafting a report need, once the
    address of our page is known.
    """

    config: Config
    database: Database
    calendar: Calendar
    announcer: Announcer
    clock: Clock
    files: ContentFiles
    screens: SlackScreens
    patience: float = PATIENCE
    form_patience: float = FORM_PATIENCE
    feed_secret: str = field(kw_only=True)  # what the addresses of calendars are made with
    issuing: Callable[[], Issuing] = field(kw_only=True)
    drafting: Callable[[], Drafting] = field(kw_only=True)


@dataclass(frozen=True)
class Asked:
    """What a person asked of us: a command, a click or a shortcut.

    `text` is what stands after the subcommand, or the clicked button's value. `source_key` is unique to what Slack
    brought, the same where it is brought again. Answers may be posted to `response_url` for a while; a modal may be
    opened with `trigger_id` for three seconds. `message` is the one that a shortcut or a button stands at, as Slack
    gives it.
    """

    slack_user_id: str
    text: str = ""
    source_key: str = ""
    response_url: str = ""
    trigger_id: str = ""
    channel: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """A modal as its reader filled it in: what each block holds, by the block's id.

    Text, a date (ISO), a chosen option's value or a user's id as str; several options or files' ids as a tuple; nothing
    chosen as "". `about` is the view's private metadata, `action` what was just chosen or typed for, `typed` the text
    that options are looked up for.
    """

    asked: Asked
    form: str
    values: Mapping[str, str | tuple[str, ...]]
    about: Mapping[str, Any]
    view_id: str = ""
    action: str = ""
    typed: str = ""

    def text(self, block_id: str) -> str:
        """What one block holds, without blanks around it; "" where it holds nothing or is not there."""
        held = self.values.get(block_id, "")
        return held.strip() if isinstance(held, str) else ", ".join(held)

    def several(self, block_id: str) -> tuple[str, ...]:
        """What a block of several choices holds."""
        held = self.values.get(block_id, ())
        return held if isinstance(held, tuple) else (held,) if held else ()


@dataclass(frozen=True)
class Answer:
    """What is answered, in Slack's spelling (`bot.slack_text`): the whole in `text`, richer in any `blocks`.

    Only the asker sees it unless `public`. `replaces`: it takes the place of the message whose button was clicked.
    `also` takes the place of the message that a modal was opened from.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    public: bool = False
    replaces: bool = False
    also: Elsewhere | None = None


@dataclass(frozen=True)
class Elsewhere:
    """An answer for another place than where it was asked for: a message's `response_url`."""

    answer: Answer
    response_url: str


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a filled modal: a sentence for each block's id."""

    fields: Mapping[str, str]


def never(_text: str) -> bool:
    """No text opens a modal."""
    return False


def left_empty(text: str) -> bool:
    """The subcommand alone opens its modal."""
    return not text.strip()


Answering = Callable[[SlackDoor, Asked], Answer]


@dataclass(frozen=True)
class Command:
    """A subcommand. Where Slack is there and `opens` says so of its text, the form opens; else `answer` answers."""

    usage: str
    answer: Answering
    form: str = ""
    opens: Callable[[str], bool] = never
    for_pmo: bool = False  # listed in the help for the PMO only; the handler itself asks who may do it


@dataclass(frozen=True)
class Click:
    """A button in a message or on the home tab: it opens a form, or answers."""

    answer: Answering | None = None
    form: str = ""


@dataclass(frozen=True)
class Form:
    """A modal: built from what was asked, built anew when something in it is chosen, and what is done with it.

    `changed` and `choices` are by action id. What is built has the form's key as its callback id.
    """

    title: str  # while it is filled
    opened: Callable[[SlackDoor, Asked], View]
    submitted: Callable[[SlackDoor, Filled], View | Wrong | Answer]
    changed: Mapping[str, Callable[[SlackDoor, Filled], View]] = field(default_factory=dict)
    choices: Mapping[str, Callable[[SlackDoor, Filled], list[Option]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shortcut:
    """A way in without a command: the form that it opens, and how Slack lists it (name at most 24 characters)."""

    form: str
    name: str
    description: str
    of_message: bool = False  # else of the whole app


@dataclass(frozen=True)
class Happened:
    """An event: `key` is the same where Slack brings it again, `event` as Slack gives it."""

    key: str
    slack_user_id: str
    event: Mapping[str, Any]


def asker(session: Session, asked: Asked) -> Person:
    """The person on file who is asking. Raises NotAllowed with a sentence for everybody else."""
    person = members.by_slack_id(session, asked.slack_user_id)
    if person is None:
        raise NotAllowed(NOT_KNOWN, hint="Please ask the PMO to put you on file.")
    return person


def acted_before(session: Session, key: str, now: datetime) -> bool:
    """Whether what Slack brought was acted on already; from now on it was, in the caller's transaction."""
    if session.get(SlackActRow, key[:250]) is not None:
        return True
    session.add(SlackActRow(key=key[:250], at=now))
    session.flush()
    return False


def packed(**about: object) -> str:
    """A view's private metadata: small values only. Raises SecretariatError where it is more than Slack takes."""
    said = json.dumps(about, separators=(",", ":"), ensure_ascii=False)
    if len(said) > MOST_METADATA:
        raise SecretariatError("That is longer than Slack keeps in a form.", hint="Say it shorter.")
    return said
