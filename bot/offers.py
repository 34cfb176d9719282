"""Buttons under messages: which there are, what they have been used for, and what "Done" does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, amendments, meetings, members, obligations
from bot.access import Deed, Ruling
from bot.amendment_life import Kind, State, word_refused
from bot.clock import LONDON, spoken
from bot.errors import SecretariatError
from bot.model import Meeting, Offer, Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.meeting_tables import ObligationRow
from bot.store.outbox_tables import OutboxRow

DONE, AMEND, NO_COMMENTS = "done", "amend", "no_comments"  # clicks of Slack
WORD, NO_WORD = "give_word", "refuse_word"


@dataclass(frozen=True)
class Use:
    """What a button was used for: by whom and when. `is_spent`: there is nothing left to do with it."""

    said: str
    is_spent: bool = True


def done(uid: str, obligation: str) -> Offer:
    """What a reminder asked for is done; `obligation` as the reminder's row names it."""
    return Offer("Done", DONE, f"{uid} {obligation}")


def to_amend(meeting: Meeting, line: str = "") -> Offer:
    """Ask to amend a meeting's report, or one line of it."""
    return Offer("Request an amendment", AMEND, f"{meeting.uid} {line}".strip())


def of_no_comments(meeting: Meeting) -> Offer:
    """A representative's constituency has no comments on a report."""
    return Offer("No comments", NO_COMMENTS, meeting.uid)


def of_word(reference: str) -> Offer:
    """A representative agrees that their constituency's recorded view is changed."""
    return Offer("We agree", WORD, reference)


def of_no_word(reference: str) -> Offer:
    """A representative does not agree, or to other words only."""
    return Offer("We do not agree", NO_WORD, reference)


def use_of(session: Session, offer: Offer, recipient: str) -> Use | None:
    """What came of a button under a notice to that recipient; None while nothing has."""
    if offer.action == DONE:
        return _met(session, offer.value)
    if offer.action == WORD:
        return _agreed(session, offer.value)
    if offer.action == NO_WORD:
        return _agreed(session, offer.value) or _not_agreed(session, offer.value)
    asked = [row for row in amendments.of_person(session, recipient) if row.meeting_uid == offer.value.split(" ")[0]]
    asked = [row for row in asked if row.state != State.WITHDRAWN]
    if offer.action == NO_COMMENTS:
        said = next((row for row in asked if row.kind == Kind.NO_COMMENTS), None)
        return Use(f"No comments: said {_by(session, said)}") if said else None
    requests = [row for row in asked if row.kind != Kind.NO_COMMENTS]
    named = "; ".join(f"{row.reference} requested {_by(session, row)}" for row in reversed(requests))
    return Use(named, is_spent=False) if named else None


def _met(session: Session, value: str) -> Use | None:
    uid, _, key = value.partition(" ")
    met = session.get(ObligationRow, (uid, key))
    return Use(f"Done by {met.done_by} on {spoken(met.done_at)}") if met else None


def _agreed(session: Session, reference: str) -> Use | None:
    row = session.get(AmendmentRow, reference)
    by = members.by_id(session, row.word_given_by) if row and row.word_given_by else None
    return Use(f"Agreed by {by.name} on {spoken(row.word_given_at)}") if row and by and row.word_given_at else None


def _not_agreed(session: Session, reference: str) -> Use | None:
    """They may still agree later."""
    row = session.get(AmendmentRow, reference)
    event = word_refused(row) if row else None
    return Use(f"Not agreed by {event.by} on {spoken(event.at)}") if event else None


def _by(session: Session, row: AmendmentRow) -> str:
    person = members.by_id(session, row.requester_id)
    return f"by {person.name if person else row.requester_id} on {spoken(row.received_at)}"


def take_as_done(session: Session, value: str, *, by: Person, now: datetime) -> None:
    """What a reminder asked for is done: by its recipient's word or the PMO's. Met already, it stays as it was.

    `value` is that of the button. Raises NotAllowed for whoever was not reminded of it.
    """
    uid, _, key = value.partition(" ")
    reminded = select(OutboxRow.recipient).where(
        OutboxRow.meeting_uid == uid, OutboxRow.clock == key, OutboxRow.kind.in_(meetings.REMINDERS)
    )
    told = set(session.scalars(reminded))
    of_pmo = access.may_do(session, by, Deed.DONE, now.astimezone(LONDON).date()).allowed
    ruling = Ruling(bool(told) and (of_pmo or by.id in told), "neither reminded of it nor of the PMO")
    access.require(
        session, ruling, person=by, what=f"done {key} of {uid}", now=now, sentence="That is not yours to mark as done.",
        hint="Ask the PMO if you have done it.",
    )  # fmt: skip
    obligation = obligations.of_key(uid, key)
    if obligation.clock in obligations.NOT_TO_BE_MET:
        raise SecretariatError("Nobody can mark that as done.", hint="It passes by itself.")
    if session.get(ObligationRow, (uid, key)) is None:
        obligations.meet(session, obligation, by=by, of_pmo=of_pmo, now=now)
