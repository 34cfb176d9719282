"""What a Slack handler has at hand, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot import members
from bot.clock import Clock
from bot.config import Config
from bot.errors import NotAllowed
from bot.model import Person
from bot.store.database import Database
from schedules.announcements import Announcer
from schedules.series import Calendar

PATIENCE = 0.1  # Slack shows its user an error after three seconds, and people wonder long before
LATER = "One moment: the answer follows here. Should none have come in a minute, please ask again."


@dataclass(frozen=True)
class SlackDoor:
    """The parts of the secretariat that Slack handlers call.

    `patience` is for how many seconds a command's acknowledgement waits for its answer; then it says `LATER`.
    """

    config: Config
    database: Database
    calendar: Calendar
    announcer: Announcer
    clock: Clock
    patience: float = PATIENCE


@dataclass(frozen=True)
class Asked:
    """A slash command as it came. `source_key` is unique to it; answers may be posted to `response_url` for a while."""

    slack_user_id: str
    text: str
    source_key: str
    response_url: str = ""


def asker(session: Session, asked: Asked) -> Person:
    """The person on file who is asking. Raises NotAllowed with a sentence for everybody else."""
    person = members.by_slack_id(session, asked.slack_user_id)
    if person is None:
        raise NotAllowed(
            "The secretariat does not know you yet.", hint="Please ask the PMO to put your Slack id on file."
        )
    return person
