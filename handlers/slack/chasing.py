"""`chase`: what is late or due within a week, and asking whoever owes it where it stands."""

from __future__ import annotations

import re

from slack_sdk.models.blocks import Block, PlainTextInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access
from bot.access import Deed
from bot.slack_text import cut, escaped, spelt
from handlers.slack.blocks import button, buttons, field, modal, section
from handlers.slack.confirming import Doing, Follows, Weighty, in_words, not_agreed, shown_first
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, asker, packed
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules import chasing
from schedules.chasing import Owed
from schedules.consequences import composed
from schedules.finding import known_group

CHASE = "chase"
CHASE_FORM = "[GROUP], or chase REF[: NOTE]"
HINT = "Only the PMO chases."
A_PAGE = 10
LONGEST_NOTE = 500


def chase_asked(door: SlackDoor, asked: Asked) -> Answer:
    """What is owed, of all or of one group; or asking for one thing."""
    text, number = page_asked(asked.text)
    if text and door.config.group_key(text) is None:
        return in_words(ASKING, door, asked)
    group, now = known_group(door.config, text) if text else "", door.clock.now()
    with door.database.reading() as session:
        _require(door, session, asked)
        found = chasing.owed(session, door.announcer, now, group)
    if not found:
        return Answer(f"Nothing{f' of {group}' if group else ''} is late or due within a week.")
    page, command = page_of(found, number, size=A_PAGE), f"{door.config.slack.command} {CHASE}"
    lines = [(_words(one, one.since(now)), one) for one in page.rows]
    rows = [section(spelt(words), beside=button("Ask", f"{CHASE}_ask", one.name)) for words, one in lines]
    turn = turning(page, CHASE, group)
    said = [f"• {escaped(words)}" for words, _ in lines]
    said += [turning_in_words(page, f"{command} {group}".strip()), f"To ask for one: `{command} REF: a note`"]
    blocks = (*rows, *([buttons(*turn)] if turn else []))
    return Answer("\n".join(filter(None, said)), blocks, replaces=number > 1)


def names_a_thing(text: str) -> bool:
    """What has a number in its name is no group: its modal opens, unless the words agree to what was shown."""
    return bool(re.match(r"\S*\d", text)) and not_agreed(text)


def _require(door: SlackDoor, session: Session, asked: Asked) -> None:
    access.require_deed(session, asker(session, asked), Deed.CHASE, door.clock.now(), hint=HINT)


def _words(one: Owed, since: str) -> str:
    text = f": {cut(one.text, 500)}" if one.text else ""
    return f"*{one.name}* {one.what}{text} ({since}; {_whom(one)})"


def _whom(one: Owed) -> str:
    return f"asks {', '.join(person.name for person in one.whom) or 'nobody on file'}"


def _ask(doing: Doing) -> Follows:
    session, now, announcer = doing.session, doing.now, doing.door.announcer
    access.require_deed(session, doing.person, Deed.CHASE, now, hint=HINT)
    name, _, note = (part.strip() for part in doing.text.partition(":"))
    one = chasing.named(session, announcer, name, now)
    chasing.chase(session, announcer, one, by=doing.person, now=now, note=note[:LONGEST_NOTE])
    told = [
        f"{', '.join(notice.recipients)}. {notice.when}. They read:\n{notice.subject}\n{notice.text.strip()}"
        for notice in composed(session, now)
    ]
    names = ", ".join(person.name for person in one.whom)
    return Follows(
        f"{names} would be asked for {one.what}.", f"{names} is asked for {one.what}.", {"Who is asked": told}
    )


ASKING = Weighty("chasing", "Ask for it", "Ask now", _ask, CHASE)


def chase_opened(door: SlackDoor, asked: Asked) -> View:
    """Of one thing: whom it asks, and a note that goes with it; with the note in words, what would follow."""
    if ":" in asked.text:
        return shown_first(ASKING, door, asked, asked.text.strip())
    now = door.clock.now()
    with door.database.reading() as session:
        _require(door, session, asked)
        one = chasing.named(session, door.announcer, asked.text, now)
    note = PlainTextInputElement(action_id="note", multiline=True, max_length=LONGEST_NOTE)
    blocks: list[Block] = [
        section(spelt(_words(one, one.since(now)))),
        field("A word with it", note, block_id="note", optional=True),
    ]
    return modal(f"{CHASE}_ask", ASKING.title, blocks, submit="Show what follows", about=packed(name=one.name))


def chase_submitted(door: SlackDoor, filled: Filled) -> View:
    """What follows from asking."""
    name, note = str(filled.about.get("name", "")), " ".join(filled.text("note").split())
    return shown_first(ASKING, door, filled.asked, f"{name}: {note}" if note else name)
