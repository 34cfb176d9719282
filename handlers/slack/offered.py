"""Buttons under our messages: "Done", "No comments", "We agree". Once used, the message says by whom and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import Block
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import amendments, meetings, offers, outbox, reviews
from bot.access import Viewer
from bot.drafts import reference_of
from bot.errors import UnknownThing
from bot.model import Offer, Person
from bot.slack_text import escaped, sections, spelt
from bot.store.amendment_tables import AmendmentRow
from bot.store.outbox_tables import OutboxRow
from handlers.requests import enter_no_comments
from handlers.slack.blocks import MOST_IN_MESSAGE, button, buttons, context, header, section
from handlers.slack.door import Answer, Asked, SlackDoor, asker

IN_A_ROW = 25  # buttons of one block
MOST_TEXT = 3_000  # characters shown where blocks are not


def done_clicked(door: SlackDoor, asked: Asked) -> Answer:
    """What a reminder asked for is done."""
    now = door.clock.now()
    with door.database.session() as session:
        offers.take_as_done(session, asked.text, by=asker(session, asked), now=now)
        use = offers.use_of(session, Offer("", offers.DONE, asked.text), "")
        return message_again(session, asked) or Answer(escaped(f"{use.said}." if use else ""))


def no_comments_clicked(door: SlackDoor, asked: Asked) -> Answer:
    """A representative's constituency has no comments on a report."""
    with door.database.session() as session:
        person = asker(session, asked)
        row = record_no_comments(door, session, person, asked.text, asked.source_key)
        return message_again(session, asked) or Answer(escaped(no_comments_said(session, row)))


def record_no_comments(door: SlackDoor, session: Session, person: Person, uid: str, key: str) -> AmendmentRow:
    """Record it for the person's constituency; said twice, it is one. Raises NotAllowed, or UnknownThing."""
    now, meeting = door.clock.now(), meetings.by_uid(session, uid)
    if meeting is None:
        raise UnknownThing(amendments.NO_SUCH_REPORT, hint="Choose another.")
    amendments.require_open(Viewer(session, door.config, person, door.clock.today()), meeting, now)
    return enter_no_comments(session, door.announcer, meeting, person, came_by="slack", source_key=key, now=now)


def no_comments_said(session: Session, row: AmendmentRow) -> str:
    """That it is recorded, and for whom."""
    meeting = meetings.by_uid(session, row.meeting_uid)
    report = reference_of(meeting) if meeting else row.meeting_uid
    late = " It came after requests had closed, and is marked late." if row.late else ""
    return f"{row.reference}: {row.constituency} has no comments on {report}.{late}"


def word_clicked(door: SlackDoor, asked: Asked) -> Answer:
    """A representative agrees that their constituency's recorded view is changed."""
    with door.database.session() as session:
        said = give_word(door, session, asker(session, asked), asked.text)
        return message_again(session, asked) or Answer(escaped(said))


def give_word(door: SlackDoor, session: Session, person: Person, reference: str) -> str:
    """Give it, once, and say so."""
    row = reviews.wanting_word_of(session, reference, person, door.clock.now())
    if row.word_given_at is None:
        reviews.give_word(session, row, by=person, now=door.clock.now())
    return f"{row.reference} may change the view of {row.needs_word_of}: the word is given."


def notice_of(session: Session, asked: Asked) -> OutboxRow | None:
    """The notice that a message of ours is: by the id inside it, else by where it was posted."""
    inside: Mapping[str, Any] = (asked.message.get("metadata") or {}).get("event_payload") or {}
    row = session.get(OutboxRow, str(inside.get("id") or ""))
    if row or not asked.message.get("ts"):
        return row
    posted = f"{asked.channel}:{asked.message['ts']}"
    return session.scalars(select(OutboxRow).where(OutboxRow.service_id == posted, OutboxRow.told_in.is_(None))).first()


def message_again(session: Session, asked: Asked) -> Answer | None:
    """The message whose button was clicked, saying what became of each. None where nothing in it is used up for all.

    In a channel, one constituency's answer leaves the buttons to the others.
    """
    row = notice_of(session, asked)
    return drawn_again(session, row) if row else None


def drawn_again(session: Session, row: OutboxRow) -> Answer | None:
    """The notice as a message: its text, who used which button and when, and the buttons that are left."""
    uses = {offer: offers.use_of(session, offer, row.recipient) for offer in outbox.offers_of(row)}
    said = list(dict.fromkeys(f"{_about(offer)}{use.said}." for offer, use in uses.items() if use))
    if not said:
        return None
    left = [(n, offer) for n, (offer, use) in enumerate(uses.items()) if use is None or not use.is_spent]
    text = outbox.text_by_channel(row)
    blocks = [header(row.subject), *(section(part) for part in sections(text)), *map(context, map(spelt, said))]
    whole = "\n".join([f"*{escaped(row.subject)}*", escaped(text), *map(escaped, said)])
    return Answer(whole[:MOST_TEXT], tuple([*blocks, *_rows_of(left)][:MOST_IN_MESSAGE]), replaces=True)


def _about(offer: Offer) -> str:
    """Which of several: in a digest, the label says it after a colon."""
    _, colon, subject = offer.label.partition(": ")
    return f"{subject}: " if colon else ""


def _rows_of(left: list[tuple[int, Offer]]) -> Iterator[Block]:
    drawn = [button(offer.label, f"{offer.action}:{number}", offer.value) for number, offer in left]
    for first in range(0, len(drawn), IN_A_ROW):
        yield buttons(*drawn[first : first + IN_A_ROW])
