"""The seats at the groups' tables, each group's read once and asked for any day: for one round, not for longer."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from bot import members
from bot.model import Meeting, SeatHolding


class Seats:
    """Who holds which seat on which day. What is put on file after the first look at a group is not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ever: dict[str, list[SeatHolding]] = {}
        self._held: dict[tuple[str, date], list[SeatHolding]] = {}

    def held(self, group: str, on: date) -> list[SeatHolding]:
        """The seats of a group on a day, the programme's own people among them."""
        if group not in self._ever:
            self._ever[group] = members.ever_held(self._session, group)
        if (group, on) not in self._held:
            ever = self._ever[group]
            self._held[group, on] = [
                one for one in ever if one.from_on <= on and (one.to_on is None or one.to_on >= on)
            ]
        return self._held[group, on]

    def at_tables(self, meeting: Meeting, on: date | None = None) -> list[SeatHolding]:
        """The seats of every group whose meeting it is, the host's first; on its day, or on another given."""
        held = [seat for group in meeting.groups for seat in self.held(group, on or meeting.on)]
        return list(dict.fromkeys(held))
