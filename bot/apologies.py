"""Apologies: who of a group's table cannot come to one meeting, and who comes in their place (rules §1).

No reason is asked or kept, and an alternate is never refused. An alternate holds the seat for the day of that meeting.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, meetings, members
from bot.clock import spoken, spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, MeetingStatus, OutboxState, Person, SeatHolding
from bot.store.meeting_tables import ApologyRow, MeetingRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import EmailRow, PersonRow, SeatHoldingRow

APOLOGY = "apology"
ABOUT_THE_MEETING = "meeting"  # what invitations and the reminder of the day before hang on
NOT_ATTENDED = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)


@dataclass(frozen=True)
class Apology:
    """One person's apology for one meeting, not withdrawn. `named_at` is when the alternate was named."""

    reference: str  # AP-001
    meeting_uid: str
    person: Person
    recorded_at: datetime
    alternate: Person | None = None
    named_at: datetime | None = None


def record(
    session: Session, meeting: Meeting, person: Person, *, by: Person, now: datetime, alternate: Person | None = None
) -> Apology:
    """Put an apology on file, or name the alternate of one that is. Given again without an alternate, nothing changes.

    `alternate` is who `whom` found. Of an alternate who cannot come either, what comes back is the apology of the
    person stood in for, who needs another. Raises SecretariatError where nobody is expected, or no seat is held.
    """
    left = _leave_places(session, meeting, person, by, now)
    seats = [] if meeting.status in NOT_ATTENDED else _own_seats(session, meeting, person)
    if left and not seats:
        return left[0]
    _refuse_without_seat(meeting, person, seats)
    row = _of_person(session, meeting.uid, person.id) or _new(session, meeting, person, by, now)
    if alternate is not None:
        _name_alternate(session, row, meeting, seats, alternate, now)
        _stop_asking(session, row, by, now)
    _take_back(session, meeting.uid, person.id, ["member_reminder"], "apologies came meanwhile")
    session.flush()
    found = _as_apology(session, row)
    audit.record(
        session, now, by.name, "apologies recorded", row.reference, meeting=meeting.uid, person=person.name,
        alternate=found.alternate.name if found.alternate else None,
    )  # fmt: skip
    return found


def withdraw(session: Session, row: ApologyRow, meeting: Meeting, *, by: Person, now: datetime) -> Apology:
    """The person comes after all: the alternate holds the seat no longer. Raises SecretariatError when done already."""
    if row.withdrawn_at is not None:
        raise SecretariatError(f"{row.reference} is withdrawn already.", hint="See: secretariat apologies list")
    found = _as_apology(session, row)
    _unseat(session, row, meeting)
    row.withdrawn_at = now
    _stop_asking(session, row, by, now)
    audit.record(session, now, by.name, "apologies withdrawn", row.reference, meeting=meeting.uid)
    return found


def named(session: Session, reference: str) -> ApologyRow:
    """The apology of that reference, withdrawn or not. Raises UnknownThing."""
    row = session.get(ApologyRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no apology {reference}.", hint="See: secretariat apologies list")
    return row


def of_meeting(session: Session, uid: str) -> list[Apology]:
    """The apologies for a meeting that stand, in the order in which they came."""
    query = select(ApologyRow).where(ApologyRow.meeting_uid == uid, ApologyRow.withdrawn_at.is_(None))
    return [_as_apology(session, row) for row in session.scalars(query.order_by(ApologyRow.number))]


def away(session: Session, uid: str) -> set[str]:
    """The ids of those who sent apologies for a meeting."""
    query = select(ApologyRow.person_id)
    return set(session.scalars(query.where(ApologyRow.meeting_uid == uid, ApologyRow.withdrawn_at.is_(None))))


def coming_without_alternate(session: Session, now: datetime) -> list[tuple[Apology, MeetingRow]]:
    """Apologies for meetings still to come with nobody named in the person's place."""
    query = select(ApologyRow, MeetingRow).join(MeetingRow, ApologyRow.meeting_uid == MeetingRow.uid)
    query = query.where(ApologyRow.withdrawn_at.is_(None), ApologyRow.alternate_id.is_(None))
    query = query.where(MeetingRow.starts_at > now).order_by(ApologyRow.number)
    return [(_as_apology(session, row), meeting) for row, meeting in session.execute(query)]


def alternates_of(held: Collection[SeatHolding], person: Person) -> list[Person]:
    """Who comes in a person's place, by the seats held that day: by an apology, or by the members file."""
    return [h.person for h in held if h.group and h.role == "alternate" and h.alternate_for == person.name]


def follow(session: Session, before: Meeting, after: Meeting) -> None:
    """A meeting has moved to another day: apologies stand, and alternates hold their seats on that day instead."""
    if before.on == after.on:
        return
    query = select(ApologyRow).where(ApologyRow.meeting_uid == after.uid, ApologyRow.withdrawn_at.is_(None))
    for row in session.scalars(query.where(ApologyRow.alternate_id.is_not(None))):
        person, alternate = _person(session, row.person_id), _person(session, row.alternate_id or "")
        _unseat(session, row, before)
        for seat in _own_seats(session, after, person):
            _seat(session, alternate, seat, after.on)
    session.flush()


def in_words(found: Apology, meeting: Meeting, away: Person, before: Apology | None) -> list[str]:
    """What became of `away`'s apology for a meeting, a sentence each; `before` is the one that stood until now."""
    when = f"{meeting.known_as}, {spoken(meeting.starts_at)}"
    if found.person.id != away.id:
        return [f"{found.reference}: {away.name} no longer comes in {found.person.name}'s place to {when}."]
    replaced = before.alternate if before else None
    said = [f"{found.reference}: apologies from {away.name} for {when}."]
    said.append(f"{found.alternate.name} comes instead." if found.alternate else "No alternate is named yet.")
    if replaced and found.alternate and replaced.id != found.alternate.id:
        said.append(f"{replaced.name} may have been invited already: please tell them.")
    return said


def of_person(session: Session, uid: str, person: Person) -> Apology | None:
    """A person's apology for a meeting, not withdrawn."""
    row = _of_person(session, uid, person.id)
    return _as_apology(session, row) if row else None


def expecting(session: Session, person: Person, first: datetime, last: datetime) -> list[Meeting]:
    """The meetings of a period at whose tables the person is expected, in order."""
    seats = select(SeatHoldingRow.group_key).where(SeatHoldingRow.person_id == person.id)
    groups = set(session.scalars(seats.where(SeatHoldingRow.group_key != "")))
    found = [m for m in meetings.between(session, first, last) if groups & {*m.groups}]
    return [m for m in found if m.status not in NOT_ATTENDED and _own_seats(session, m, person)]


def whom(session: Session, name: str, email: str) -> Person:
    """Who is meant as an alternate: a person on file, or with an address somebody new. Raises SecretariatError."""
    if not email:
        try:
            return members.named(session, name)
        except UnknownThing as error:
            hint = "Give --email as well, and they are put on file for this meeting; or the whole name."
            raise UnknownThing(error.sentence, hint=hint) from None
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise SecretariatError(f"{email} is no e-mail address.", hint="Write it as name@example.org.")
    return members.by_email(session, email) or Person("", name, "", email.lower(), None)


def _leave_places(session: Session, meeting: Meeting, alternate: Person, by: Person, now: datetime) -> list[Apology]:
    """Who was to come in somebody's place cannot: those apologies start anew, without an alternate."""
    query = select(ApologyRow).where(ApologyRow.meeting_uid == meeting.uid, ApologyRow.withdrawn_at.is_(None))
    left = session.scalars(query.where(ApologyRow.alternate_id == alternate.id)).all()
    anew = []
    for row in left:
        withdraw(session, row, meeting, by=by, now=now)
        person = _person(session, row.person_id)
        anew.append(record(session, meeting, person, by=by, now=now))
    return anew


def _new(session: Session, meeting: Meeting, person: Person, by: Person, now: datetime) -> ApologyRow:
    number = (session.scalar(select(func.max(ApologyRow.number))) or 0) + 1
    row = ApologyRow(
        reference=f"AP-{number:03d}", number=number, meeting_uid=meeting.uid, person_id=person.id, recorded_at=now,
        recorded_by=by.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _name_alternate(
    session: Session, row: ApologyRow, meeting: Meeting, seats: list[SeatHolding], alternate: Person, now: datetime
) -> None:
    if alternate.id == row.person_id:
        raise SecretariatError(f"{alternate.name} is who cannot come.", hint="Name somebody else, or nobody.")
    if alternate.id and alternate.id == row.alternate_id:
        return
    _unseat(session, row, meeting)
    on_file = alternate if alternate.id else _put_on_file(session, alternate)
    for seat in seats:
        _seat(session, on_file, seat, meeting.on)
    row.alternate_id, row.alternate_named_at = on_file.id, now


def _put_on_file(session: Session, newcomer: Person) -> Person:
    """An alternate whom nobody knew: name and address are all that is kept."""
    address = newcomer.email or ""
    digest = hashlib.sha256(f"{newcomer.name}||{address}".encode()).hexdigest()[:12]
    emails = [EmailRow(address=address, position=0)]
    row = PersonRow(id=f"P-{digest}", name=newcomer.name, organisation="", emails=emails, slack_ids=[])
    session.add(row)
    session.flush()
    return members.as_person(row)


def _refuse_without_seat(meeting: Meeting, person: Person, seats: list[SeatHolding]) -> None:
    if meeting.status in NOT_ATTENDED:
        why = "is cancelled" if meeting.status is MeetingStatus.CANCELLED else "is an e-mail update"
        raise SecretariatError(
            f"{meeting.group} on {spoken_date(meeting.on)} {why}: nobody is expected.", hint="Correct the date."
        )
    if not seats:
        raise UnknownThing(
            f"{person.name} holds no seat of {meeting.group} on {spoken_date(meeting.on)}.",
            hint="Correct the name; see: secretariat members list",
        )


def _own_seats(session: Session, meeting: Meeting, person: Person) -> list[SeatHolding]:
    """The seats at the tables that the person holds on the day; those of their own before any held for another."""
    held = [h for h in members.at_tables(session, meeting) if h.group and h.person.id == person.id]
    seats = [h for h in held if h.role in members.AT_THE_TABLE]
    return [h for h in seats if h.role != "alternate"] or seats


def _seat(session: Session, alternate: Person, seat: SeatHolding, on: date) -> None:
    """The seat for one day; already so by the members file, it stays as it is."""
    same = select(SeatHoldingRow).where(
        SeatHoldingRow.person_id == alternate.id,
        SeatHoldingRow.group_key == seat.group,
        SeatHoldingRow.seat == seat.seat,
        SeatHoldingRow.role == "alternate",
        SeatHoldingRow.from_on == on,
    )
    if session.scalars(same).first() is None:
        session.add(
            SeatHoldingRow(
                person_id=alternate.id, group_key=seat.group or "", seat=seat.seat, role="alternate",
                constituency=seat.constituency, from_on=on, to_on=on, alternate_for=seat.person.name,
            )
        )  # fmt: skip


def _unseat(session: Session, row: ApologyRow, meeting: Meeting) -> None:
    """The alternate holds the seat of that day no longer; what waits to be sent to them about it is taken back."""
    if row.alternate_id is None:
        return
    held = select(SeatHoldingRow).where(
        SeatHoldingRow.person_id == row.alternate_id,
        SeatHoldingRow.group_key.in_(meeting.groups),
        SeatHoldingRow.role == "alternate",
        SeatHoldingRow.from_on == meeting.on,
        SeatHoldingRow.to_on == meeting.on,
        SeatHoldingRow.alternate_for == _person(session, row.person_id).name,
    )
    for holding in session.scalars(held):
        session.delete(holding)
    kinds = ["invitation", "member_reminder"]
    _take_back(session, meeting.uid, row.alternate_id, kinds, "no longer the alternate")
    session.flush()


def _take_back(session: Session, uid: str, person_id: str, kinds: list[str], why: str) -> None:
    waiting = select(OutboxRow).where(
        OutboxRow.meeting_uid == uid, OutboxRow.clock == ABOUT_THE_MEETING, OutboxRow.recipient == person_id
    )
    for row in session.scalars(waiting.where(OutboxRow.state.in_(meetings.UNSENT), OutboxRow.kind.in_(kinds))):
        row.state, row.state_reason = OutboxState.SUPPRESSED.value, why


def _stop_asking(session: Session, row: ApologyRow, by: Person, now: datetime) -> None:
    """No alternate is asked for any more."""
    meetings.meet_obligation(session, row.meeting_uid, f"{APOLOGY}:{row.reference}", at=now, by=by.name)


def _of_person(session: Session, uid: str, person_id: str) -> ApologyRow | None:
    query = select(ApologyRow).where(ApologyRow.meeting_uid == uid, ApologyRow.person_id == person_id)
    return session.scalars(query.where(ApologyRow.withdrawn_at.is_(None))).first()


def _as_apology(session: Session, row: ApologyRow) -> Apology:
    alternate = _person(session, row.alternate_id) if row.alternate_id else None
    person = _person(session, row.person_id)
    return Apology(row.reference, row.meeting_uid, person, row.recorded_at, alternate, row.alternate_named_at)


def _person(session: Session, person_id: str) -> Person:
    return members.as_person(session.get_one(PersonRow, person_id))
