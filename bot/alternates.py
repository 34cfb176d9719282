"""Whom somebody may want to come in their place: nobody learns here of people with whom they share nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from bot import members
from bot.model import Person, SeatHolding

FAR = 3  # sharing nothing


def near(session: Session, person: Person, on: date) -> list[Person]:
    """Who shares something with a person that day: a constituency, the organisation or a group; in that order."""
    held = members.holdings(session, on)
    own = [h for h in held if h.person.id == person.id]
    constituencies, groups = {h.constituency for h in own} - {None}, {h.group for h in own} - {None}
    ranked: dict[str, tuple[int, Person]] = {}
    for h in held:
        rank = _distance(h, person, constituencies, groups)
        if h.person.id != person.id and rank < ranked.get(h.person.id, (FAR, h.person))[0]:
            ranked[h.person.id] = (rank, h.person)
    return [found for _, found in sorted(ranked.values(), key=lambda entry: (entry[0], entry[1].name))]


def _distance(
    held: SeatHolding, person: Person, constituencies: Collection[str | None], groups: Collection[str | None]
) -> int:
    if held.constituency in constituencies:
        return 0
    if person.organisation and held.person.organisation == person.organisation:
        return 1
    return 2 if held.group in groups else FAR
