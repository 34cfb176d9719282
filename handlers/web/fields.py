"""The fields of a form, read one by one: each gives its value, or a sentence for the person who filled it in."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date, datetime, time
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from bot import access
from bot.access import Deed
from bot.errors import SecretariatError
from bot.model import Person
from handlers.web.forms import Sent

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
LONGEST_LINE, LONGEST_LINK = 500, 2000


class Fields:
    """Reads what was sent. `wrong` collects a sentence for each field that cannot be taken."""

    def __init__(self, sent: Sent) -> None:
        self.sent, self.wrong = sent, dict[str, str]()

    def person(self, session: Session, now: datetime) -> Person | None:
        """Who acts: of the PMO, on file."""
        chosen = self.sent.line("by")
        if not chosen:
            self.wrong["by"] = "Say who you are."
            return None
        try:
            return access.pmo_named(session, chosen, Deed.AT_THE_PAGE, now, hint="Choose somebody of the PMO.")
        except SecretariatError as error:
            self.wrong["by"] = str(error)
            return None

    def day(self, name: str, *, asked: str) -> date | None:
        """A day; `asked` is the sentence where none was given."""
        text = self.sent.line(name)
        try:
            found = date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong[name] = f"“{text}” is no date: write it as 2026-03-04."
            return None
        if found is None:
            self.wrong[name] = asked
        elif not EARLIEST <= found <= LATEST:
            self.wrong[name] = f"“{text}” lies outside the calendar, which runs from 2000 to 2099."
        return found

    def time(self, name: str) -> time | None:
        """A time of day in London, or None where none was given."""
        text = self.sent.line(name)
        if not text:
            return None
        found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?", text)
        if found is None:
            self.wrong[name] = f"“{text}” is no time: write it as 10:00."
            return None
        return time(int(found[1]), int(found[2]))

    def choice(self, name: str, among: Container[str], *, asked: str) -> str:
        """One of the values offered; `asked` is the sentence where none of them was chosen."""
        chosen = self.sent.line(name)
        if chosen not in among:
            self.wrong[name] = asked
        return chosen

    def line(self, name: str, *, asked: str = "") -> str:
        """A line of text; `asked` is the sentence where it must be given and is not."""
        text = self.sent.line(name)
        if asked and not text:
            self.wrong[name] = asked
        if len(text) > LONGEST_LINE:
            self.wrong[name] = f"That is {len(text)} characters long: {LONGEST_LINE} are taken."
        return text

    def link(self, name: str) -> str:
        """A web address, or empty."""
        text = self.sent.line(name)
        if text and not _is_link(text):
            self.wrong[name] = "That is no link: it begins with https://"
        elif len(text) > LONGEST_LINK:
            self.wrong[name] = f"That link is {len(text)} characters long: {LONGEST_LINK} are taken."
        return text


def _is_link(text: str) -> bool:
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname) and " " not in text
