"""The life of a request to amend a report: its states, who may do what to it, and what is kept of each change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from bot import audit, meetings, members
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.obligations import REQUEST
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow


class State(StrEnum):
    """The life of a request. Late is where one begins that came after the closing: it goes to the Chair first."""

    RECEIVED = "received"
    LATE = "late"
    ACKNOWLEDGED = "acknowledged"
    UNDER_REVIEW = "under_review"
    WITH_CHAIR = "with_chair"
    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What arrives under the name of a request, and the answer that there is none (rules §5)."""

    RECORD = "record"  # the record is wrong: judged against the evidence alone
    NOTE = "note"  # a post-meeting note, with constituency and date
    DISAGREEMENT = "disagreement"  # goes to escalation or appeal; the report stays
    NO_COMMENTS = "no_comments"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.RECORD: "the record is wrong; it is judged against the evidence",
    Kind.NOTE: "something is to be noted, as a post-meeting note",
    Kind.DISAGREEMENT: "disagreement with the decision, which goes to escalation; the report stays as it is",
    Kind.NO_COMMENTS: "no comments",
}


class What(StrEnum):
    """What an event in the life of a request is."""

    RECEIVED = "received"
    STATE = "state"
    ADDITION = "addition"
    WORD = "word"
    NO_WORD = "no_word"  # a representative does not agree that their constituency's view is changed


SPEAK = ("member", "alternate")  # who may speak for a constituency; observers and the programme's own never do
DECIDED = frozenset({State.ACCEPTED, State.ACCEPTED_IN_PART, State.REJECTED})
ENDED = DECIDED | {State.WITHDRAWN}
OPEN = frozenset(State) - ENDED
TO_REVIEW = OPEN - {State.WITH_CHAIR}  # what the PMO is reminded of
_AFTER_RECEIPT = frozenset({State.UNDER_REVIEW, State.WITH_CHAIR, State.WITHDRAWN}) | DECIDED
ALLOWED_MOVES: Mapping[State, frozenset[State]] = {
    State.RECEIVED: _AFTER_RECEIPT | {State.ACKNOWLEDGED},
    State.ACKNOWLEDGED: _AFTER_RECEIPT,
    State.UNDER_REVIEW: _AFTER_RECEIPT - {State.UNDER_REVIEW},
    State.LATE: frozenset({State.WITH_CHAIR, State.WITHDRAWN}),
    State.WITH_CHAIR: DECIDED | {State.WITHDRAWN},
    State.ACCEPTED: frozenset(),
    State.ACCEPTED_IN_PART: frozenset(),
    State.REJECTED: frozenset(),
    State.WITHDRAWN: frozenset(),
}


def move(session: Session, row: AmendmentRow, to: State, *, by: Person, now: datetime, reason: str = "") -> None:
    """Change a request's state, only as ALLOWED_MOVES has it; who, when and why are kept. Raises SecretariatError.

    Once it is decided or withdrawn, nobody is reminded of it any more.
    """
    refuse_move(row, to)
    before = State(row.state)
    row.state = to.value
    event = AmendmentEventRow(at=now, by=by.name, what=What.STATE.value, text=reason, from_state=before.value)
    happened(session, row, event)
    audit.record(
        session, now, by.name, f"amendment {words(to)}", row.reference, before=before.value, reason=reason,
        agreed=row.agreed_text,
    )  # fmt: skip
    if to in ENDED:
        clock = f"{REQUEST}:{row.reference}"
        meetings.meet_obligation(session, row.meeting_uid, clock, at=now, by=by.name)


def refuse_move(row: AmendmentRow, to: State) -> None:
    """Raise SecretariatError where a request cannot become that from what it is, saying what it can."""
    before = State(row.state)
    if to not in ALLOWED_MOVES[before]:
        raise SecretariatError(
            f"{row.reference} is {words(before)}, and cannot become {words(to)}.", hint=_way_on(before)
        )


def words(state: str) -> str:
    """A state as people say it: 'accepted in part', 'with the Chair'."""
    return "with the Chair" if state == State.WITH_CHAIR else state.replace("_", " ")


def _way_on(state: State) -> str:
    if state in ENDED:
        return "What is settled stays so; a new request can be made."
    if state is State.LATE:
        return "It came after the closing: put it to the Chair first."
    return f"It may become: {', '.join(sorted(words(s) for s in ALLOWED_MOVES[state]))}."


def happened(session: Session, row: AmendmentRow, event: AmendmentEventRow) -> AmendmentEventRow:
    """Keep one event of a request's life, with the state that the request has now, in the caller's transaction."""
    event.reference, event.to_state = row.reference, row.state
    session.add(event)
    session.flush()
    session.expire(row, ["events"])
    return event


def represents_today(session: Session, person: Person, meeting: Meeting, now: datetime) -> set[str]:
    """The constituencies that a person may speak for now, at the tables of that meeting."""
    held = members.at_tables(session, meeting, now.astimezone(LONDON).date())
    mine = [h for h in held if h.group and h.person.id == person.id and h.role in SPEAK]
    return {h.constituency for h in mine if h.constituency}


def meeting_of(session: Session, row: AmendmentRow) -> Meeting:
    """The meeting whose report the request is about."""
    meeting = meetings.by_uid(session, row.meeting_uid)
    if meeting is None:
        raise UnknownThing(f"The meeting {row.meeting_uid} is not on file.", hint="Restore it from a backup.")
    return meeting


def decision_on(row: AmendmentRow) -> AmendmentEventRow | None:
    """When, by whom and with what reason it was decided; None while it is not."""
    return next((event for event in row.events if event.to_state in DECIDED and event.what == What.STATE), None)


def word_refused(row: AmendmentRow) -> AmendmentEventRow | None:
    """When and by whom the word that a request needs was refused; None where it was not, or was given since."""
    said = [event for event in row.events if event.what in (What.WORD, What.NO_WORD)]
    return said[-1] if said and said[-1].what == What.NO_WORD else None


def additions_to(row: AmendmentRow) -> list[AmendmentEventRow]:
    """What the requester has added since, in order."""
    return [event for event in row.events if event.what == What.ADDITION]
