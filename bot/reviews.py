"""The PMO's review of requests: taken up, accepted, accepted in part, rejected, put to the Chair (rules §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, audit
from bot.access import Deed
from bot.amendment_life import (
    ALLOWED_MOVES,
    DECIDED,
    ENDED,
    OPEN,
    Kind,
    State,
    What,
    happened,
    meeting_of,
    move,
    refuse_move,
    represents_today,
    word_refused,
    words,
)
from bot.clock import spoken
from bot.errors import NotAllowed, SecretariatError, UnknownThing
from bot.model import Person
from bot.report_cells import refuse_unreadable
from bot.rivals import rivals_of
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow

REVIEWED = DECIDED | {State.ACKNOWLEDGED, State.UNDER_REVIEW, State.WITH_CHAIR}
WITHOUT_REASON = (State.ACKNOWLEDGED, State.UNDER_REVIEW)
CHANGES_REPORT = (State.ACCEPTED, State.ACCEPTED_IN_PART)


@dataclass(frozen=True)
class Verdict:
    """What the PMO says of a request. `text` is the text agreed, where it is accepted in part."""

    to: State
    reason: str = ""
    text: str = ""


def review(session: Session, row: AmendmentRow, verdict: Verdict, *, by: Person, now: datetime) -> None:
    """Give a request the PMO's word. Nothing is changed in the report: an accepted text goes into its next revision.

    Raises NotAllowed for anybody who is not of the PMO, SecretariatError where it may not be said of this request.
    """
    access.require_deed(session, by, Deed.REVIEW, now, hint="Only the PMO reviews requests.")
    _refuse_unfounded(row, verdict)
    refuse_move(row, verdict.to)
    if verdict.to in CHANGES_REPORT:
        _refuse_without_word(row)
        _refuse_against_rivals(session, row, verdict)
        row.agreed_text = _agreed(row, verdict)
        if row.cell:
            refuse_unreadable(row.cell, row.agreed_text)
    move(session, row, verdict.to, by=by, now=now, reason=verdict.reason.strip())


def may_become(row: AmendmentRow) -> frozenset[State]:
    """What the PMO may say of a request as it is: nothing of one that is decided, or of "no comments"."""
    found = REVIEWED & ALLOWED_MOVES[State(row.state)] if row.kind != Kind.NO_COMMENTS else frozenset[State]()
    return found - {State.ACCEPTED_IN_PART} if row.kind == Kind.DISAGREEMENT else found


def waiting(session: Session) -> list[AmendmentRow]:
    """The requests that are not decided or withdrawn, in order of arrival."""
    query = select(AmendmentRow).where(AmendmentRow.state.in_(OPEN), AmendmentRow.kind != Kind.NO_COMMENTS)
    return list(session.scalars(query.order_by(AmendmentRow.number)))


def _agreed(row: AmendmentRow, verdict: Verdict) -> str:
    """What the report is to say: nothing new where a disagreement is accepted, since that leaves the report alone."""
    if row.kind == Kind.DISAGREEMENT:
        return ""
    return verdict.text.strip() if verdict.to is State.ACCEPTED_IN_PART else row.proposed_text


def _refuse_unfounded(row: AmendmentRow, verdict: Verdict) -> None:
    if verdict.to not in REVIEWED:
        raise SecretariatError(f"The PMO cannot make a request {words(verdict.to)}.", hint="Only its requester can.")
    if row.kind == Kind.NO_COMMENTS:
        raise SecretariatError(f"{row.reference} says that there are no comments.", hint="There is nothing to review.")
    if verdict.to not in WITHOUT_REASON and not verdict.reason.strip():
        raise SecretariatError(f"{row.reference} needs a reason.", hint="Whoever asked is told it: --reason ...")
    if verdict.to is State.ACCEPTED and row.in_words:
        raise SecretariatError(
            f"{row.reference} says in words what is wrong, not how {row.line_ref} shall read.",
            hint="Accept it with the text that the line shall have (accept-part).",
        )
    if verdict.to is not State.ACCEPTED_IN_PART:
        return
    if row.kind == Kind.DISAGREEMENT:
        raise SecretariatError(
            f"{row.reference} disagrees with a decision; the report stays, so there is no text to agree.",
            hint="Accept it (it goes to escalation), reject it, or put it to the Chair.",
        )
    if not verdict.text.strip():
        raise SecretariatError("Accepted in part means another text than was asked for.", hint="Give it: --text ...")


def _refuse_without_word(row: AmendmentRow) -> None:
    if row.needs_word_of and row.word_given_at is None:
        raise SecretariatError(
            f"{row.reference} changes the recorded view of {row.needs_word_of}, whose representative "
            f"{'does not agree' if word_refused(row) else 'has not agreed'}.",
            hint=f"Once they have: secretariat amendments word {row.reference} --by NAME.",
        )


def _refuse_against_rivals(session: Session, row: AmendmentRow, verdict: Verdict) -> None:
    """Rivals end in agreed text, the Chair's ruling, or both noted (rules §5): never by whom the PMO comes to first."""
    rivals = [other.reference for other in rivals_of(session, row)]
    if rivals and verdict.to is State.ACCEPTED and row.state != State.WITH_CHAIR:
        raise SecretariatError(
            f"{row.reference} and {', '.join(rivals)} would change the same words.",
            hint="Agree a text with those who asked (accept-part), put it to the Chair, or reject one first.",
        )


def wanting_word_of(session: Session, reference: str, person: Person, now: datetime) -> AmendmentRow:
    """The request that needs the word of a constituency for which that person speaks today.

    Raises UnknownThing where there is none; NotAllowed, with the same sentence, where it is another's to give.
    """
    row = session.get(AmendmentRow, reference.strip().upper())
    sentence, hint = "There is nothing of that kind for you to agree to.", "Ask the PMO if you think that there is."
    if row is None:
        raise UnknownThing(sentence, hint=hint)
    mine = row.needs_word_of in represents_today(session, person, meeting_of(session, row), now)
    ruling = access.Ruling(row.needs_word_of is not None and mine, "speaks for another constituency")
    what = f"word for {row.reference}"
    access.require(session, ruling, person=person, what=what, now=now, sentence=sentence, hint=hint)
    return row


def give_word(session: Session, row: AmendmentRow, *, by: Person, now: datetime) -> None:
    """A representative agrees that their constituency's recorded view is changed. Raises SecretariatError."""
    constituency = _own_word(session, row, by, now)
    row.word_given_by, row.word_given_at = by.id, now
    happened(session, row, AmendmentEventRow(at=now, by=by.name, what=What.WORD.value, text=constituency))
    audit.record(session, now, by.name, "amendment word given", row.reference, constituency=constituency)


def refuse_word(session: Session, row: AmendmentRow, *, by: Person, now: datetime, reason: str = "") -> None:
    """A representative does not agree: the recorded view stays, unless they agree later. Raises SecretariatError."""
    constituency = _own_word(session, row, by, now)
    text = f"{constituency}: {reason.strip()}" if reason.strip() else constituency
    happened(session, row, AmendmentEventRow(at=now, by=by.name, what=What.NO_WORD.value, text=text))
    audit.record(session, now, by.name, "amendment word refused", row.reference, constituency=constituency)


def _own_word(session: Session, row: AmendmentRow, by: Person, now: datetime) -> str:
    """The constituency whose word it is. Raises SecretariatError where none is needed, or it is not theirs to give."""
    constituency = refuse_needless_word(row)
    meeting = meeting_of(session, row)
    if constituency not in represents_today(session, by, meeting, now):
        raise NotAllowed(
            f"{by.name} does not speak for {constituency} at {meeting.known_as}.",
            hint=f"{row.reference} needs the word of that constituency's representative.",
        )
    return constituency


def refuse_needless_word(row: AmendmentRow) -> str:
    """The constituency whose word is still needed. Raises SecretariatError where none is."""
    if row.needs_word_of is None:
        raise SecretariatError(f"{row.reference} changes no other constituency's view.", hint="It needs nobody's word.")
    if row.word_given_at:
        raise SecretariatError(f"The word was given on {spoken(row.word_given_at)}.", hint="Nothing more is needed.")
    if row.state in ENDED:
        raise SecretariatError(f"{row.reference} is {words(row.state)}.", hint="A new request can be made.")
    return row.needs_word_of
