"""Requests to amend that come by mail, and "no comments": entered as from Slack, and taken back again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot import amendments, inverses
from bot.amendment_life import State, move
from bot.amendments import Asking, RequestText
from bot.clock import spoken, spoken_date
from bot.errors import NotAllowed, SecretariatError
from bot.model import Meeting, Person
from bot.reviews import Verdict
from handlers.mail.orders import PUT_TO_CHAIR, Done, Order, Receipt, Work, next_step
from handlers.requests import enter_no_comments, enter_request, review_request

LATE = "It came after requests had closed."


def amend(work: Work, order: Order) -> Done:
    """Enter an amendment request. One that came late is recorded as late; putting it to the Chair is proposed."""
    person, finding, meeting = order.whose, order.finding, work.meeting_of(order.finding)
    may_hear = _may_hear(work, order, person, meeting)
    asked = RequestText(
        finding.group or "", finding.on or meeting.on, finding.line, _text(finding.proposed_text, order)
    )
    asking = Asking(finding.nature, finding.grounds, part=finding.part, in_words=finding.in_words, cell=finding.cell)
    row, meeting = enter_request(
        work.session, work.announcer, asked, person, came_by="mail", source_key=order.key, now=order.now, asking=asking
    )
    is_new = row.source_key == f"mail:{order.part_key}" and row.received_at == order.now
    receipt = Receipt(*work.announcer.receipt_text(row, meeting), meeting.group, meeting)
    chair = f"Put {row.reference} to the Chair."
    step = next_step(
        order, PUT_TO_CHAIR, chair, f"{LATE} The Chair decides what becomes of it.", reference=row.reference
    )
    return Done(
        row.reference,
        f"An amendment request from {person.name}, recorded as {row.reference} ({row.state}).",
        {"request": row.reference} if is_new else {},
        receipt if may_hear else None,
        (step,) if row.state == State.LATE else (),
    )


def _text(proposed: str, order: Order) -> str:
    """A note or a disagreement has no text to replace another: it is the passage itself."""
    return proposed or order.finding.words


def _may_hear(work: Work, order: Order, person: Person, meeting: Meeting) -> bool:
    """Whether they may be told. A machine enters nothing about a report that is closed to whoever writes."""
    open_to_them = work.may_hear(person, meeting, order.now)
    if not (open_to_them or order.by):
        raise NotAllowed(f"What {meeting.known_as} puts out is not open to {person.name}.", hint="A person decides.")
    return open_to_them


def no_comments(work: Work, order: Order) -> Done:
    """Enter for a constituency that it has no comments; said before, it is the same answer."""
    person, meeting = order.whose, work.meeting_of(order.finding)
    may_hear = _may_hear(work, order, person, meeting)
    row = enter_no_comments(
        work.session, work.announcer, meeting, person, came_by="mail", source_key=order.part_key, now=order.now
    )
    values = {
        "reference": row.reference,
        "report": f"the {meeting.known_as} headline report of {spoken_date(meeting.on)}",
        "constituency": row.constituency or "",
        "closes_at": spoken(row.closes_at) if row.closes_at else "a day still to be fixed",
        "late": row.late,
    }
    return Done(
        row.reference,
        f"{person.name} has no comments on {values['report']} ({row.reference}).",
        {"request": row.reference} if row.source_key == f"mail:{order.part_key}" else {},
        work.receipt("receipt_no_comments.txt", values, meeting) if may_hear else None,
    )


def take_back_request(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The request is withdrawn. Raises SecretariatError where it was decided since."""
    if "request" in inverse:
        row = amendments.named(work.session, inverse["request"])
        move(work.session, row, State.WITHDRAWN, by=by, now=now, reason="Entered from a mail by mistake.")


def put_to_chair(work: Work, order: Order) -> Done:
    """Put a late request to the Chair, on the word of a person of the PMO."""
    if order.by is None:
        raise SecretariatError("Only a person puts a request to the Chair.", hint="Accept it.")
    row = amendments.named(work.session, order.reference)
    before, verdict = row.state, Verdict(State.WITH_CHAIR, LATE)
    chairs = review_request(work.session, work.announcer, row, verdict, by=order.by, now=order.now)
    told = ", ".join(chair.name for chair in chairs) or "nobody: no Chair is on file"
    return Done(
        row.reference, f"{row.reference} is with the Chair; told: {told}.", {"put": row.reference, "was": before}
    )


def take_from_chair(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """It is no longer with the Chair. Raises SecretariatError where the Chair has answered since."""
    row = amendments.named(work.session, inverse["put"])
    inverses.not_put_to_chair(work.session, row, inverse["was"], by=by, now=now)
