"""Nominations that come by mail: a person of the PMO puts the nominee on file for the nominator's seat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import apologies, inverses, members
from bot.clock import LONDON
from bot.errors import SecretariatError
from bot.members import MemberLine
from bot.model import Person, SeatHolding
from bot.store.people_tables import SeatHoldingRow
from handlers.mail.orders import Done, Order, Work


def nominate(work: Work, order: Order) -> Done:
    """Put the nominee on file for the nominator's seat from today. Whoever held it stays until the PMO ends that.

    Raises SecretariatError where the nominator speaks for no constituency there, or the nominee cannot be reached.
    """
    if order.by is None:
        raise SecretariatError("A nomination is put on file by a person.", hint="Accept it, or change it first.")
    person, session = order.whose, work.session
    seat = _seat_of(session, order)
    name, address = parseaddr(order.finding.who) if "@" in order.finding.who else (order.finding.who.strip(), "")
    if not (name or address):
        raise SecretariatError("It does not say who is nominated.", hint="Say it: --who 'Name <name@example.org>'.")
    nominee = apologies.whom(session, name or address, address)
    before = _holdings(session)
    members.import_members(session, [_line(nominee, person, seat, order)])
    said = f"{nominee.name} is on file for the seat {seat.seat} of {seat.group}, nominated by {person.name}."
    return Done(f"{seat.group}: {seat.seat}", said, {"holdings": sorted(_holdings(session) - before)})


def _seat_of(session: Session, order: Order) -> SeatHolding:
    today, group = order.now.astimezone(LONDON).date(), order.finding.group
    held = members.holdings(session, today, person_id=order.whose.id)
    own = [h for h in held if h.role == "member" and h.constituency and (not group or h.group == group)]
    if len({(h.group, h.seat) for h in own}) != 1:
        said = "several seats" if own else "no constituency's seat"
        raise SecretariatError(f"{order.whose.name} holds {said} there.", hint="Say in which group: --group GROUP.")
    return own[0]


def _line(nominee: Person, nominator: Person, seat: SeatHolding, order: Order) -> MemberLine:
    return MemberLine(
        person=nominee.name, email=nominee.email or "", slack_user_id=nominee.slack_user_id or "",
        organisation=nominee.organisation or nominator.organisation, constituency=seat.constituency or "",
        group=seat.group or "", seat=seat.seat, role="member", from_on=order.now.astimezone(LONDON).date(), to_on=None,
        alternate_for="",
    )  # fmt: skip


def _holdings(session: Session) -> set[int]:
    return set(session.scalars(select(SeatHoldingRow.id)))


def take_back_nomination(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The nominee does not hold the seat; they stay on file."""
    inverses.seats_given_up(work.session, inverse["holdings"], by=by, now=now)
