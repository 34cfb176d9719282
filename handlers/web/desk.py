"""What the web page needs of the house: given once, by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from bot.clock import Clock
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import SecretariatError
from bot.exclusions import Excluding
from bot.ports import ContentFiles
from bot.reports import Issuing
from bot.store.database import Database
from schedules.announcements import Announcer
from schedules.series import Calendar


def _reads_only() -> NoReturn:
    raise SecretariatError("This page has no template to read or write reports with.", hint="Start it anew.")


@dataclass(frozen=True)
class Desk:
    """The secretariat's desk, as the page reads it.

    `slack_messages` gives the local Slack log, newest last, and may raise OSError. `entry_key` is the secret of the
    link that lets one browser in; `session_secret` signs that browser's cookie; `feed_secret` the feeds' addresses.
    `issuing` and `drafting` are what reports are issued and drafted with, `excluding` what recordings are closed with.
    """

    database: Database
    config: Config
    clock: Clock
    calendar: Calendar
    announcer: Announcer
    files: ContentFiles
    slack_messages: Callable[[], list[dict[str, str]]]
    entry_key: str = field(repr=False)
    session_secret: str = field(repr=False)
    feed_secret: str = field(repr=False)
    issuing: Callable[[], Issuing] = _reads_only
    drafting: Callable[[], Drafting] = _reads_only
    excluding: Callable[[], Excluding] = _reads_only
