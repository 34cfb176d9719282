"""Taking back what was done by mistake, each deed by its own inverse. The audit keeps both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import apologies, audit, members, outbox, papers, queries
from bot.amendment_life import State, What, happened, words
from bot.errors import SecretariatError
from bot.meetings import UNSENT
from bot.model import Meeting, OutboxState, Person
from bot.obligations import CLOSED
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow
from bot.store.draft_tables import ClearanceRow
from bot.store.meeting_tables import ChangeRequestRow, ExpectedPaperRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from bot.store.query_tables import QueryRow
from bot.store.report_tables import ActionNoteRow, ActionRow

UNDONE = "undone"
PAPER_FIELDS = ("received_by", "link", "purpose", "note", "file", "is_item", "late", "chair_says")
MAY_HAVE_GONE = (OutboxState.SENT.value, OutboxState.CLAIMED.value, OutboxState.UNKNOWN.value)


def unmeet(session: Session, uid: str, clocks: Collection[str], *, by: Person, now: datetime) -> None:
    """The obligations of those clocks are not met after all: the next step of each ladder asks again."""
    for clock in clocks:
        row = session.get(ObligationRow, (uid, clock))
        if row is not None:
            session.delete(row)
            audit.record(session, now, by.name, "obligation not met after all", f"{uid}/{clock}"[:200])
    session.flush()


def restore_action(
    session: Session, row: ActionRow, state: str, notes: Collection[int], *, by: Person, now: datetime
) -> None:
    """An action is as it was before, without those notes. Raises SecretariatError where it was closed since."""
    if row.state == CLOSED and state != CLOSED and _closed_by_another(session, row, notes):
        raise SecretariatError(f"{row.reference} was closed since.", hint="Open it again first.")
    for note in session.scalars(select(ActionNoteRow).where(ActionNoteRow.id.in_(notes))):
        session.delete(note)
    before, row.state = row.state, state
    audit.record(session, now, by.name, "action as before", row.reference, before=before, state=state)
    session.flush()


def _closed_by_another(session: Session, row: ActionRow, notes: Collection[int]) -> bool:
    later = select(ActionNoteRow.id).where(ActionNoteRow.reference == row.reference)
    return any(note not in notes and note > max(notes, default=0) for note in session.scalars(later))


def paper_fields(row: ExpectedPaperRow) -> dict[str, Any]:
    """What submitting a paper writes, as it stands: for `paper_as_before`."""
    fields = {name: getattr(row, name) for name in PAPER_FIELDS}
    return fields | {"received_at": row.received_at.isoformat() if row.received_at else None}


def paper_as_before(
    session: Session, row: ExpectedPaperRow, fields: Mapping[str, Any] | None, *, by: Person, now: datetime
) -> None:
    """A paper is as it was; with None it was not there, and is withdrawn. Raises SecretariatError where decided on."""
    if row.chair_says and row.chair_says != (fields or {}).get("chair_says"):
        raise SecretariatError(f"The Chair has decided on {row.reference} since.", hint="The Chair's word stands.")
    if fields is None:
        row.received_at, row.received_by, row.file, row.link = None, "", "", ""
        papers.withdraw(session, row, by=by, now=now)
        return
    for name in PAPER_FIELDS:
        setattr(row, name, fields[name])
    row.received_at = datetime.fromisoformat(fields["received_at"]) if fields["received_at"] else None
    audit.record(session, now, by.name, "paper as before", row.reference, meeting=row.meeting_uid)
    session.flush()


def change_decision_not_communicated(session: Session, row: ChangeRequestRow, *, by: Person, now: datetime) -> None:
    """The decision that was marked as communicated has not been."""
    row.communicated_at = None
    audit.record(session, now, by.name, "decision not communicated after all", row.reference)
    session.flush()


def clearance_as_before(
    session: Session, made: Collection[int], answered: Collection[int], *, by: Person, now: datetime
) -> None:
    """The rows `made` never were; those `answered` wait for the Chair again."""
    for row in session.scalars(select(ClearanceRow).where(ClearanceRow.id.in_([*made, *answered]))):
        audit.record(session, now, by.name, "clearance as before", row.meeting_uid)
        if row.id in made:
            session.delete(row)
        else:
            row.answered_at, row.answered_by, row.subject_to_review = None, "", False
            row.answered_how, row.cleared_draft_id = "", None
    session.flush()


def restore_apologies(
    session: Session, meeting: Meeting, before: Mapping[str, str], after: Mapping[str, str], *, by: Person,
    now: datetime,
) -> None:  # fmt: skip
    """Apologies are as they were: person's id to alternate's id (empty: none named), where the two differ.

    Raises SecretariatError where somebody has changed one since.
    """
    standing = {a.person.id: a for a in apologies.of_meeting(session, meeting.uid)}
    touched = [key for key in {*before, *after} if before.get(key) != after.get(key)]
    for key in touched:
        found = standing.get(key)
        if (found and (found.alternate.id if found.alternate else "")) != after.get(key):
            who = members.by_id(session, key)
            raise SecretariatError(
                f"The apologies of {who.name if who else key} were changed since.", hint="See: secretariat apologies"
            )
    for key in sorted(touched, key=lambda key: key in before):  # who stood in must leave before the other returns
        if key in standing:
            row = apologies.named(session, standing[key].reference)
            apologies.withdraw(session, row, meeting, by=by, now=now)
    for key in touched:
        if key in before:
            person, alternate = members.by_id(session, key), members.by_id(session, before[key])
            if person:
                apologies.record(session, meeting, person, by=by, now=now, alternate=alternate)


def query_not_sent_on(session: Session, row: QueryRow, *, by: Person, now: datetime) -> None:
    """The query waits for somebody to pass it on again. Raises SecretariatError where it is closed since."""
    if row.state != queries.SENT_ON:
        raise SecretariatError(f"{row.reference} is {row.state.replace('_', ' ')} since.", hint="Nothing to take back.")
    row.state, row.sent_to = (queries.FOR_A_PERSON if row.for_a_person else queries.PROPOSED), ""
    audit.record(session, now, by.name, "query not passed on after all", row.reference)
    session.flush()


def query_not_answered(session: Session, row: QueryRow, state: str, *, by: Person, now: datetime) -> None:
    """The query is open again. Raises SecretariatError where it was withdrawn since."""
    if row.state != queries.ANSWERED:
        raise SecretariatError(f"{row.reference} is {row.state} since.", hint="Nothing to take back.")
    row.state = state
    audit.record(session, now, by.name, "query not answered after all", row.reference, state=state)
    session.flush()


def not_put_to_chair(session: Session, row: AmendmentRow, state: str, *, by: Person, now: datetime) -> None:
    """A request is no longer with the Chair. Raises SecretariatError where the Chair has answered since."""
    if row.state != State.WITH_CHAIR:
        raise SecretariatError(f"{row.reference} is {words(row.state)} since.", hint="What is settled stays so.")
    row.state = state
    event = AmendmentEventRow(
        at=now, by=by.name, what=What.STATE.value, text="taken back", from_state=State.WITH_CHAIR.value
    )
    happened(session, row, event)
    audit.record(session, now, by.name, "amendment not with the Chair after all", row.reference, state=state)


def seats_given_up(session: Session, holdings: Collection[int], *, by: Person, now: datetime) -> None:
    """Those tenures never were: the person stays on file without them."""
    for holding in session.scalars(select(SeatHoldingRow).where(SeatHoldingRow.id.in_(holdings))):
        audit.record(session, now, by.name, "seat not held after all", holding.seat[:200], group=holding.group_key)
        session.delete(holding)
    session.flush()


def unsay(session: Session, notices: Collection[str], *, by: Person) -> Sequence[OutboxRow]:
    """Take back what waits to be sent; returns what may have gone already, whose readers are to be told."""
    gone = []
    for row in session.scalars(select(OutboxRow).where(OutboxRow.id.in_(notices))):
        if row.state in UNSENT:
            outbox.move(row, OutboxState.SUPPRESSED, f"{UNDONE} by {by.name}")
        elif row.state in MAY_HAVE_GONE:
            gone.append(row)
    session.flush()
    return gone
