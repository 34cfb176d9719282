"""`requests`: one's own amendment requests, where each stands; to withdraw one, or to add to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from slack_sdk.models.blocks import Block, PlainTextInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import amendments
from bot.amendment_life import ENDED, OPEN, Kind, additions_to, decision_on, meeting_of, words
from bot.amendments import own
from bot.clock import spoken
from bot.drafts import reference_of
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.slack_text import cut, escaped, sections
from bot.store.tables import AmendmentRow
from handlers.requests import add_to_request
from handlers.slack.blocks import button, buttons, field, modal, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker, packed
from handlers.slack.offered import give_word
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules.amendment_words import outcome_words

REQUESTS, ADD, WITHDRAW = "requests", "add_to_request", "withdraw_request"  # clicks and forms
REQUESTS_FORM = "[AM-001 [withdraw | agree | add: TEXT]]"
A_PAGE = 5
LONGEST_FIELD = 3_000
SHOWN = 600  # characters of a text in a list
MOST_ADDITIONS = 3
_ORDER = re.compile(
    r"(?P<reference>\S+?)\s*(?::|\s)\s*(?P<deed>withdraw|add|agree)\b\s*:?\s*(?P<text>.*)", re.DOTALL | re.IGNORECASE
)


def requests_asked(door: SlackDoor, asked: Asked) -> Answer:
    """One's own requests, the newest first; one of them whole; or what is to become of it."""
    text, number = page_asked(asked.text)
    order = _ORDER.fullmatch(asked.text.strip())
    if order:
        return _DEEDS[order["deed"].casefold()](door, asked, order["reference"], order["text"].strip())
    with door.database.reading() as session:
        person = asker(session, asked)
        if text:
            row = own(session, text, person, door.clock.now())
            return Answer(escaped(_whole(session, row)), tuple(_shown(session, row)))
        page = page_of(amendments.of_person(session, person.id), number, size=A_PAGE)
        if not page.rows:
            return Answer(f"You have asked for no amendment. To ask: `{door.config.slack.command} amend`")
        said = [escaped(_whole(session, row)) for row in page.rows]
        blocks = [block for row in page.rows for block in _shown(session, row)]
    turn = turning(page, REQUESTS, "")
    said.append(turning_in_words(page, f"{door.config.slack.command} {REQUESTS}"))
    return Answer("\n\n".join(filter(None, said)), (*blocks, *([buttons(*turn)] if turn else [])), replaces=number > 1)


def _shown(session: Session, row: AmendmentRow) -> Iterator[Block]:
    yield from map(section, sections(_whole(session, row)))
    if row.state in OPEN and row.kind != Kind.NO_COMMENTS:
        yield buttons(button("Add to it", ADD, row.reference), button("Withdraw", WITHDRAW, row.reference))


def _whole(session: Session, row: AmendmentRow) -> str:
    """Where a request stands: in the requester's own words, and those that are theirs to read."""
    return "\n".join(_lines(session, row))


def _lines(session: Session, row: AmendmentRow) -> Iterator[str]:
    about = f"{row.line_ref or 'the report as a whole'}, {reference_of(meeting_of(session, row))}"
    stands = outcome_words(row) if row.state in ENDED else words(row.state)
    yield f"*{row.reference}* {about}: {stands}{', came late' if row.late else ''}"
    yield cut(row.proposed_text, SHOWN)
    decision = decision_on(row)
    if decision:
        yield f"Decided on {spoken(decision.at)}: {cut(decision.text, SHOWN)}"
    elif row.state in OPEN and row.closes_at:
        yield f"Received {spoken(row.received_at)}; requests close {spoken(row.closes_at)}."
    additions = additions_to(row)
    if additions[MOST_ADDITIONS:]:
        yield f"{len(additions) - MOST_ADDITIONS} earlier additions are on file."
    for event in additions[-MOST_ADDITIONS:]:
        yield f"Added{' late' if event.late else ''} on {spoken(event.at)}: {cut(event.text, SHOWN)}"


def _withdraw(door: SlackDoor, asked: Asked, reference: str, reason: str) -> Answer:
    with door.database.session() as session:
        person, now = asker(session, asked), door.clock.now()
        row = own(session, reference, person, now)
        if not acted_before(session, f"{WITHDRAW}:{asked.source_key}", now):
            amendments.withdraw(session, row, by=person, now=now, reason=reason)
        return Answer(f"{row.reference} is {escaped(words(row.state))}.")


def _add(door: SlackDoor, asked: Asked, reference: str, text: str) -> Answer:
    with door.database.session() as session:
        person, now = asker(session, asked), door.clock.now()
        row = own(session, reference, person, now)
        added = add_to_request(
            session, door.announcer, row, text, by=person, now=now, source_key=f"slack:{asked.source_key}"
        )
        late = ", as a late addition: requests have closed" if added.late else ""
        return Answer(f"Added to {row.reference}{late}.")


def _agree(door: SlackDoor, asked: Asked, reference: str, _text: str) -> Answer:
    with door.database.session() as session:
        return Answer(escaped(give_word(door, session, asker(session, asked), reference)))


_DEEDS: dict[str, Callable[[SlackDoor, Asked, str, str], Answer]] = {
    "withdraw": _withdraw,
    "add": _add,
    "agree": _agree,
}


def addition_opened(door: SlackDoor, asked: Asked) -> View:
    """What is to be added to which request."""
    text = PlainTextInputElement(action_id="text", multiline=True, max_length=LONGEST_FIELD)
    return _about_one(door, asked, ADD, "Add to your request", field("What you add", text, block_id="text"), "Add")


def addition_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Added once; after the closing, as a late addition."""
    return _sent(filled, lambda: _add(door, filled.asked, str(filled.about.get("reference")), filled.text("text")))


def withdrawal_opened(door: SlackDoor, asked: Asked) -> View:
    """What follows, and why if they want to say."""
    text = PlainTextInputElement(action_id="text", multiline=True, max_length=LONGEST_FIELD)
    why = field("Why, if you want to say", text, block_id="text", optional=True)
    return _about_one(door, asked, WITHDRAW, "Withdraw your request", why, "Withdraw it")


def withdrawal_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Withdrawn once."""
    return _sent(filled, lambda: _withdraw(door, filled.asked, str(filled.about.get("reference")), filled.text("text")))


def _about_one(door: SlackDoor, asked: Asked, form: str, title: str, asked_for: Block, submit: str) -> View:
    with door.database.reading() as session:
        row = own(session, asked.text, asker(session, asked), door.clock.now())
        if row.state in ENDED:
            raise SecretariatError(f"{row.reference} is {words(row.state)}.", hint="A new request can be made.")
        shown = [section(part) for part in sections(_whole(session, row))]
        if form == WITHDRAW:
            shown.append(section("It is not reviewed any more, and stays on file as withdrawn. No way leads back."))
        return modal(
            form, title, [*shown, asked_for], submit=submit, about=packed(reference=row.reference), close="Leave it"
        )


def _sent(filled: Filled, act: Callable[[], Answer]) -> Answer | Wrong:
    try:
        return act()
    except (NotAllowed, UnknownThing, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({"text": str(error)})
