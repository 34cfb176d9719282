"""What each mail is taken to ask for, matter by matter: done at once or put to a person, and undone if it was wrong.

The ledgers hold what was done (AM-001, AP-001); here stands why, on whose word, and how it is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import SecretariatError, UnknownThing
from bot.store.mail_tables import InboxRow, MailProposalRow


class State(StrEnum):
    """The life of a proposal. `done`: by the machine itself; accepted and changed: on a person's word."""

    WAITING = "waiting"
    DONE = "done"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    REJECTED = "rejected"
    UNDONE = "undone"


ACTED = (State.DONE, State.ACCEPTED, State.CHANGED)
ALLOWED_MOVES: Mapping[State, tuple[State, ...]] = {
    State.WAITING: (State.DONE, State.ACCEPTED, State.CHANGED, State.REJECTED),
    State.DONE: (State.UNDONE,),
    State.ACCEPTED: (State.UNDONE,),
    State.CHANGED: (State.UNDONE,),
    State.REJECTED: (State.WAITING,),
    State.UNDONE: (State.ACCEPTED, State.CHANGED),
}


@dataclass(frozen=True)
class Proposed:
    """A proposal on its way onto file. `action` is what would be done, `values` with what; `part` counts from 1.

    `waits_for` is why a person is asked; empty for what is done at once.
    """

    inbox_id: str
    action: str
    summary: str  # in a sentence
    reason: str
    part: int = 1
    waits_for: str = ""
    person_id: str | None = None  # in whose name
    answer_to: str = ""  # the address that receipts go to; empty: nobody is answered
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What a proposal has become. `inverse` is what undoing it needs; empty where it cannot be undone."""

    to: State
    note: str = ""
    led_to: str = ""
    inverse: Mapping[str, Any] = field(default_factory=dict)


def propose(session: Session, proposed: Proposed, now: datetime) -> MailProposalRow:
    """Put it on file, waiting. The same matter of the same message again is the same proposal."""
    known = select(MailProposalRow).where(
        MailProposalRow.inbox_id == proposed.inbox_id,
        MailProposalRow.action == proposed.action,
        MailProposalRow.part == proposed.part,
    )
    row = session.scalars(known).first()
    if row is not None:
        return row
    number = (session.scalar(select(func.max(MailProposalRow.number))) or 0) + 1
    row = MailProposalRow(
        reference=f"M-{number:03d}", number=number, inbox_id=proposed.inbox_id, part=proposed.part,
        action=proposed.action, summary=proposed.summary, reason=proposed.reason, waits_for=proposed.waits_for,
        person_id=proposed.person_id, answer_to=proposed.answer_to, values=dict(proposed.values),
        state=State.WAITING.value, proposed_at=now, inverse={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def settle(session: Session, row: MailProposalRow, settled: Settled, *, by: str, now: datetime) -> None:
    """Keep what became of it, by whom and why. Raises SecretariatError where that cannot follow what it is."""
    before = State(row.state)
    refuse_move(row, settled.to)
    row.state, row.note, row.decided_by, row.decided_at = settled.to.value, settled.note, by[:200], now
    if settled.to in ACTED:
        row.led_to, row.inverse, row.times_done = settled.led_to[:60], dict(settled.inverse), row.times_done + 1
    session.flush()
    audit.record(
        session, now, by[:200], f"mail proposal {settled.to.value}", row.reference, action=row.action,
        before=before.value, led_to=row.led_to, note=settled.note,
    )  # fmt: skip


def refuse_move(row: MailProposalRow, to: State) -> None:
    """Raise SecretariatError where a proposal cannot become that, saying what it can."""
    before = State(row.state)
    if to not in ALLOWED_MOVES[before]:
        way = {
            State.WAITING: "Accept, change or reject it.",
            State.UNDONE: "Accept or change it, to have it done after all.",
        }.get(before, "Undo that first.")
        raise SecretariatError(f"{row.reference} is {before.value} already.", hint=way)


def named(session: Session, reference: str) -> MailProposalRow:
    """The proposal of that reference, whatever its case. Raises UnknownThing."""
    row = session.get(MailProposalRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no proposal {reference.strip().upper()}.", hint="See: secretariat mailbox list")
    return row


def waiting(session: Session) -> Sequence[tuple[MailProposalRow, InboxRow]]:
    """What waits for a person, each with its message, the oldest message first."""
    query = select(MailProposalRow, InboxRow).join(InboxRow, MailProposalRow.inbox_id == InboxRow.id)
    query = query.where(MailProposalRow.state == State.WAITING.value)
    found = session.execute(query.order_by(InboxRow.arrived_at, MailProposalRow.number))
    return [(row, message) for row, message in found]


def of_message(session: Session, inbox_id: str) -> Sequence[MailProposalRow]:
    """Everything that one message was taken to ask for, in the order written."""
    query = select(MailProposalRow).where(MailProposalRow.inbox_id == inbox_id)
    return session.scalars(query.order_by(MailProposalRow.part, MailProposalRow.number)).all()
