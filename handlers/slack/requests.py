"""`requests`: one's own amendment requests, where each stands; to withdraw one, or to add to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from slack_sdk.models.blocks import Block, PlainTextInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import amendments, offers, reviews
from bot.amendment_life import ENDED, OPEN, Kind, additions_to, decision_on, meeting_of, words
from bot.amendments import own, place_of
from bot.clock import spoken
from bot.drafts import reference_of
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.slack_text import cut, escaped, sections
from bot.store.amendment_tables import AmendmentRow
from handlers.requests import NotAgreed, add_to_request, refuse_word
from handlers.slack.blocks import button, buttons, field, modal, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker, packed
from handlers.slack.offered import give_word
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules.amendment_words import outcome_words

REQUESTS, ADD, WITHDRAW = "requests", "add_to_request", "withdraw_request"  # clicks and forms
REFUSE = offers.NO_WORD
REQUESTS_FORM = "[AM-001 [withdraw | agree | disagree: WHY | add: TEXT]]"
A_PAGE = 5
LONGEST_FIELD = 3_000
SHOWN = 600  # characters of a text in a list
MOST_ADDITIONS = 3
_ORDER = re.compile(
    r"(?P<reference>\S+?)\s*(?::|\s)\s*(?P<deed>withdraw|add|agree|disagree)\b\s*:?\s*(?P<text>.*)",
    re.DOTALL | re.IGNORECASE,
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
    about = f"{place_of(row)}, {reference_of(meeting_of(session, row))}"
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


def _disagree(door: SlackDoor, asked: Asked, reference: str, text: str) -> Answer:
    return _refuse(door, asked, reference, NotAgreed(text))


def _refuse(door: SlackDoor, asked: Asked, reference: str, said: NotAgreed) -> Answer:
    with door.database.session() as session:
        person, now = asker(session, asked), door.clock.now()
        row = reviews.wanting_word_of(session, reference, person, now)
        if acted_before(session, f"{REFUSE}:{asked.source_key}", now):
            return Answer("That is noted already.")
        key = asked.source_key
        own = refuse_word(session, door.announcer, row, said, by=person, now=now, came_by="slack", source_key=key)
        more = f" {own.reference} asks for your words in place of it." if own else ""
        late = " It came after requests had closed, and is marked late." if own and own.late else ""
        stays = f"{row.reference} is not agreed to: the view of {escaped(row.needs_word_of or '')} stays."
        return Answer(f"{stays}{more}{late}")


_DEEDS: dict[str, Callable[[SlackDoor, Asked, str, str], Answer]] = {
    "withdraw": _withdraw,
    "add": _add,
    "agree": _agree,
    "disagree": _disagree,
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


def word_refusal_opened(door: SlackDoor, asked: Asked) -> View:
    """What the record says and would say, why they do not agree, and the words to which they would."""
    with door.database.reading() as session:
        row = reviews.wanting_word_of(session, asked.text, asker(session, asked), door.clock.now())
        reviews.refuse_needless_word(row)
        said = [f"*{row.reference}* {row.line_ref}", f"The report says: {row.present_text}"]
        shown = [section(part) for part in sections("\n".join([*said, f"It would say: {row.proposed_text}"]))]
        why = PlainTextInputElement(action_id="reason", multiline=True, max_length=LONGEST_FIELD)
        words_ = PlainTextInputElement(action_id="instead", multiline=True, max_length=LONGEST_FIELD)
        fields = [
            field("Why, if you want to say", why, block_id="reason", optional=True),
            field(
                "Other words that you would agree to", words_, block_id="instead", optional=True,
                hint="They become a request of your own beside this one; the PMO looks for a text that both agree to.",
            ),
        ]  # fmt: skip
        return modal(
            REFUSE,
            "We do not agree",
            [*shown, *fields],
            submit="We do not agree",
            about=packed(reference=row.reference),
        )


def word_refusal_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The view stays; other words are a request beside the first."""
    said = NotAgreed(filled.text("reason"), filled.text("instead"))
    about = str(filled.about.get("reference"))
    return _sent(filled, lambda: _refuse(door, filled.asked, about, said), on="reason")


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


def _sent(filled: Filled, act: Callable[[], Answer], *, on: str = "text") -> Answer | Wrong:
    try:
        return act()
    except (NotAllowed, UnknownThing, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({on: str(error)})
