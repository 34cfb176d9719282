"""Deeds of weight: what follows is shown first, by the deed itself rolled back, and done once somebody agrees.

A deed is said in words ('PSG 2024-03-06 to 2024-03-13: a clash'); a modal only writes them. Agreed to in the modal that
shows what follows, or by the same words with `yes` and the mark at the end of what was shown (docs/decisions/0007).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot.errors import SecretariatError
from bot.model import Person
from bot.slack_text import escaped, sections
from handlers.slack.blocks import modal, section
from handlers.slack.door import Answer, Asked, Command, Filled, Form, SlackDoor, acted_before, asker, packed

MOST_LINES = 30  # under one heading
LONGEST = 2_500  # characters of a deed in words: the modal keeps them in its private metadata
MEANWHILE = "Something has changed since this was shown, so nothing was done. This is what would follow now."
_AGREED = re.compile(r"^(?P<words>.*?)\s+yes\s+(?P<seen>[0-9a-f]{8})\s*$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Follows:
    """What follows from a deed: `would` says it beforehand with the lines of `parts` by heading, `done` afterwards.

    It is agreed to as it was shown: by `exact`, or by all of it where that is empty.
    """

    would: str
    done: str
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exact: str = ""

    @property
    def seen(self) -> str:
        """The mark by which one agrees to exactly this."""
        whole = self.exact or json.dumps([self.would, {name: list(lines) for name, lines in self.parts.items()}])
        return hashlib.sha256(whole.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Doing:
    """A deed under way, in its transaction; not `for_good` where that will be rolled back."""

    door: SlackDoor
    session: Session
    person: Person
    text: str
    now: datetime
    for_good: bool


@dataclass(frozen=True)
class Weighty:
    """A kind of deed. `act` asks first whether the person may do it; `yes` is what the button says.

    `command` is what is typed before its words, where that is not the key alone.
    """

    key: str
    title: str
    yes: str
    act: Callable[[Doing], Follows]
    command: str = ""


class _Otherwise(Exception):
    """What would follow is no longer what was shown: the deed is undone."""


def sure(deed: Weighty) -> Form:
    """The modal that shows what follows; its key is `sure_` and the deed's. A button's value says the deed in words."""
    return Form(deed.title, lambda door, asked: shown_first(deed, door, asked, asked.text), partial(_agreed, deed))


def shown_first(deed: Weighty, door: SlackDoor, asked: Asked, text: str, *, above: str = "") -> View:
    """What would follow, and a button to do it. Raises SecretariatError where it cannot be done."""
    follows = _rehearsed(deed, door, asked, text)
    blocks = [*([section(f"*{escaped(above)}*")] if above else []), *_blocks(follows)]
    about = packed(text=text, seen=follows.seen)
    return modal(f"sure_{deed.key}", deed.title, blocks, submit=deed.yes, about=about, close="Leave it")


def in_words(deed: Weighty, door: SlackDoor, asked: Asked) -> Answer:
    """The same where there is no modal: shown first, and done by the same words with the mark of what was shown."""
    agreed = _AGREED.match(asked.text)
    if agreed:
        return _carried_out(deed, door, asked, agreed["words"].strip(), agreed["seen"].lower())
    return _offered(deed, door, asked, asked.text.strip())


def for_pmo(deed: Weighty, words: str) -> Command:
    """The deed as a command of the PMO: its modal, of the same key, opens unless the words agree to what was shown."""
    return Command(f"{deed.key} {words}", partial(in_words, deed), deed.key, not_agreed, for_pmo=True)


def not_agreed(text: str) -> bool:
    """Words that do not agree to what was shown open the modal."""
    return _AGREED.match(text) is None


def _agreed(deed: Weighty, door: SlackDoor, filled: Filled) -> View | Answer:
    text, seen = str(filled.about.get("text", "")), str(filled.about.get("seen", ""))
    try:
        return _done(deed, door, filled.asked, text, seen)
    except _Otherwise:
        return shown_first(deed, door, filled.asked, text, above=MEANWHILE)


def _carried_out(deed: Weighty, door: SlackDoor, asked: Asked, text: str, seen: str) -> Answer:
    try:
        return _done(deed, door, asked, text, seen)
    except _Otherwise:
        return _offered(deed, door, asked, text, above=MEANWHILE)


def _done(deed: Weighty, door: SlackDoor, asked: Asked, text: str, seen: str) -> Answer:
    """Do it, once. Raises _Otherwise, with nothing done, where something else than what was shown would follow."""
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        if acted_before(session, f"{deed.key}:{asked.source_key}", now):
            return Answer("That was done when you sent it the first time; nothing was done twice.")
        follows = deed.act(Doing(door, session, person, _not_too_long(text), now, for_good=True))
        if follows.seen != seen:
            raise _Otherwise
    return Answer(escaped(follows.done), tuple(section(part) for part in sections(follows.done)))


def _rehearsed(deed: Weighty, door: SlackDoor, asked: Asked, text: str) -> Follows:
    with door.database.rehearsal() as session:
        person = asker(session, asked)
        return deed.act(Doing(door, session, person, _not_too_long(text), door.clock.now(), for_good=False))


def _not_too_long(text: str) -> str:
    if len(text) > LONGEST:
        raise SecretariatError(f"That is {len(text)} characters long; {LONGEST} are taken.", hint="Say it shorter.")
    return text


def _offered(deed: Weighty, door: SlackDoor, asked: Asked, text: str, *, above: str = "") -> Answer:
    follows = _rehearsed(deed, door, asked, text)
    again = f"{door.config.slack.command} {deed.command or deed.key} {text} yes {follows.seen}"
    how = f"Nothing has been done. To do it: `{escaped(again)}`"
    return Answer("\n".join([*([f"*{above}*"] if above else []), *_lines(follows), "", how]))


def _blocks(follows: Follows) -> list[Block]:
    found = [section(f"*{escaped(follows.would)}*")]
    for heading, lines in _shown(follows):
        found += [section(part) for part in sections("\n".join([f"*{heading}*", *lines]))]
    return found


def _lines(follows: Follows) -> Iterator[str]:
    yield f"*{escaped(follows.would)}*"
    for heading, lines in _shown(follows):
        yield f"*{escaped(heading)}*"
        yield from map(escaped, lines)


def _shown(follows: Follows) -> Iterator[tuple[str, list[str]]]:
    for heading, lines in follows.parts.items():
        if lines:
            shown, more = [f"• {line}" for line in lines[:MOST_LINES]], len(lines) - MOST_LINES
            yield heading, [*shown, f"… and {more} more"] if more > 0 else shown
