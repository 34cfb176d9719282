"""Whom a reminder goes to: by the seats held, by who chose to hear it, and never to whom a machine does not chase."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from bot import members
from bot.model import Person, SeatHolding
from schedules.matters import NEVER_CHASED
from schedules.reminders import Reminder

TOLD_AS_MEMBERS = ("members", "representatives")


class Roster:
    """Who holds which seat, looked up once a group and day; and who chose which reminder."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[tuple[str, date], list[SeatHolding]] = {}
        self._chosen: dict[str, set[str]] = {}

    def held(self, group: str, on: date) -> list[SeatHolding]:
        """The seats of a group on a day, the programme's own people among them."""
        key = (group, on)
        if key not in self._held:
            self._held[key] = members.holdings(self._session, on, group=group)
        return self._held[key]

    def people_for(self, reminder: Reminder) -> list[Person]:
        """The recipients of a reminder, each once."""
        step, held = reminder.step, self.held(reminder.meeting.group, _day_of_office(reminder))
        if step.to in TOLD_AS_MEMBERS:
            people = members.recipients(held, step.to)
            return [p for p in people if p.id in self._who_chose(step.id)] if step.opt_in else people
        owner = members.by_id(self._session, reminder.matter.owner_id) if reminder.matter else None
        if step.to == "owner" and owner:
            return [owner]
        never = {h.person.id for h in held if h.role in NEVER_CHASED}
        asked = members.recipients(held, "secretary" if step.to == "owner" else step.to)
        return [person for person in asked if person.id not in never]

    def expected_at(self, reminder: Reminder) -> list[str]:
        """Who is expected at the meeting, by name: those at the table, an alternate in place of whom they stand for."""
        at_table = [h for h in self.held(reminder.meeting.group, reminder.meeting.on) if h.group]
        away = {h.alternate_for for h in at_table if h.role == "alternate"}
        names = [h.person.name for h in at_table if h.role in members.AT_THE_TABLE and h.person.name not in away]
        return list(dict.fromkeys(names))

    def _who_chose(self, step: str) -> set[str]:
        if step not in self._chosen:
            self._chosen[step] = members.who_chose(self._session, step)
        return self._chosen[step]


def _day_of_office(reminder: Reminder) -> date:
    """Who is in office when it is said, for what hangs on a thing on file; on the meeting's own day otherwise."""
    return reminder.at.date() if reminder.matter else reminder.meeting.on
