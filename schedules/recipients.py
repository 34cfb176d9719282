"""Whom a reminder goes to: by the seats held, by who chose to hear it, and never to whom a machine does not chase."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from bot import apologies, members, open_lists
from bot.apologies import Apology
from bot.config import Config
from bot.model import Meeting, Person, SeatHolding
from bot.open_lists import ListEntry
from bot.seats import Seats
from schedules.matters import NEVER_CHASED
from schedules.reminders import Reminder

TOLD_AS_MEMBERS = ("members", "representatives")
TOLD_AS_OWNERS = ("owner", "authors")  # the one person whom a matter on file is of


class Roster:
    """Who holds which seat, looked up once a group and day; who is on open groups' lists; who chose which reminder."""

    def __init__(self, session: Session, config: Config) -> None:
        self._session, self._config = session, config
        self.seats = Seats(session)
        self._lists: dict[str, list[ListEntry]] = {}
        self._chosen: dict[str, set[str]] = {}
        self._apologies: dict[str, list[Apology]] = {}

    def held(self, group: str, on: date) -> list[SeatHolding]:
        """The seats of a group on a day, the programme's own people among them."""
        return self.seats.held(group, on)

    def at_tables(self, meeting: Meeting, on: date) -> list[SeatHolding]:
        """The same of every group whose meeting it is."""
        return self.seats.at_tables(meeting, on)

    def people_for(self, reminder: Reminder) -> list[Person]:
        """The recipients of a reminder, each once: those at all tables of a joint meeting; of the PMO, the host's."""
        meeting, step, on = reminder.meeting, reminder.step, _day_of_office(reminder)
        held = self.held(meeting.group, on)
        if step.to in TOLD_AS_MEMBERS:
            people = members.recipients(self.at_tables(meeting, on), step.to)
            people += self._by_list(meeting, people) if step.to == "members" else []
            people = [p for p in people if p.id in self._who_chose(step.id)] if step.opt_in else people
            return self._who_comes(meeting, people) if step.clock == "meeting" else people
        owner = members.by_id(self._session, reminder.matter.owner_id) if reminder.matter else None
        if step.to in TOLD_AS_OWNERS and owner:
            return [owner]
        never = {h.person.id for h in self.at_tables(meeting, on) if h.role in NEVER_CHASED}
        asked = members.recipients(held, "secretary" if step.to in TOLD_AS_OWNERS else step.to)
        return [person for person in asked if person.id not in never]

    def attendees(self, meeting: Meeting) -> list[Person]:
        """Everybody with a seat at its tables, and who is on the list of an open group; each once."""
        people = members.recipients(self.at_tables(meeting, meeting.on), "members")
        return people + self._by_list(meeting, people)

    def is_by_list(self, meeting: Meeting, person: Person) -> bool:
        """Whether a person comes by an open group's list alone."""
        if not self._listed(meeting):
            return False
        seated = [holding.person for holding in self._seated(meeting)]
        return person.id in {p.id for p in self._by_list(meeting, seated)}

    def _seated(self, meeting: Meeting) -> list[SeatHolding]:
        held = self.at_tables(meeting, meeting.on)
        return [h for h in held if h.group and h.role in members.AT_THE_TABLE]

    def _by_list(self, meeting: Meeting, others: list[Person]) -> list[Person]:
        """Who is on the list and not among the others."""
        known = {p.id for p in others}
        return [entry.person for entry in self._listed(meeting) if entry.person.id not in known]

    def _listed(self, meeting: Meeting) -> list[ListEntry]:
        if meeting.uid not in self._lists:
            self._lists[meeting.uid] = open_lists.of_meeting(self._session, self._config, meeting)
        return self._lists[meeting.uid]

    def _who_comes(self, meeting: Meeting, people: list[Person]) -> list[Person]:
        """Of these people, those without an apology; and the alternates, who hear what the others would have heard."""
        alternates = _alternates(self.at_tables(meeting, meeting.on), meeting.on)
        apologies = {a.person.id for a in self.apologies(meeting)}
        excused = {h.alternate_for for h in alternates}
        coming = [p for p in people if p.name not in excused] + [h.person for h in alternates]
        return list({p.id: p for p in coming if p.id not in apologies}.values())

    def alternate_for(self, meeting: Meeting, person: Person) -> str:
        """In whose place a person comes to the meeting; empty for who comes in their own right."""
        seats = _alternates(self.at_tables(meeting, meeting.on), meeting.on)
        return ", ".join(dict.fromkeys(h.alternate_for or "" for h in seats if h.person.id == person.id))

    def as_told(self, reminder: Reminder, person: Person) -> Reminder:
        """The reminder as it is for this person: who is named as alternate, or joins a list, hears from then on."""
        if reminder.step.clock != "meeting" or reminder.step.to not in TOLD_AS_MEMBERS:
            return reminder
        meeting = reminder.meeting
        since = [a.named_at for a in self.apologies(meeting) if a.alternate and a.alternate.id == person.id]
        if self.is_by_list(meeting, person):
            since += [entry.joined_at for entry in self._listed(meeting) if entry.person.id == person.id]
        return replace(reminder, at=max(reminder.at, next(filter(None, since), reminder.at)))

    def apologies(self, meeting: Meeting) -> list[Apology]:
        """The apologies for a meeting."""
        if meeting.uid not in self._apologies:
            self._apologies[meeting.uid] = apologies.of_meeting(self._session, meeting.uid)
        return self._apologies[meeting.uid]

    def expected_at(self, reminder: Reminder) -> list[str]:
        """Who is expected at the meeting, by name: those at its tables, an alternate in place of who is away."""
        meeting = reminder.meeting
        sent = {apology.person.id for apology in self.apologies(meeting)}
        names = (name for group in meeting.groups for name in _expected(self.held(group, meeting.on), sent))
        return list(dict.fromkeys(names))

    def _who_chose(self, step: str) -> set[str]:
        if step not in self._chosen:
            self._chosen[step] = members.who_chose(self._session, step)
        return self._chosen[step]


def _alternates(held: list[SeatHolding], on: date) -> list[SeatHolding]:
    """Who holds a seat for that one day."""
    return [h for h in held if h.group and h.role == "alternate" and h.from_on == h.to_on == on]


def _expected(held: list[SeatHolding], apologies_from: set[str]) -> list[str]:
    """Who comes, of one group."""
    at_table = [h for h in held if h.group and h.person.id not in apologies_from]
    away = {h.alternate_for for h in at_table if h.role == "alternate"}
    return [h.person.name for h in at_table if h.role in members.AT_THE_TABLE and h.person.name not in away]


def _day_of_office(reminder: Reminder) -> date:
    """Who is in office when it is said, for what hangs on a thing on file; on the meeting's own day otherwise."""
    return reminder.at.date() if reminder.matter else reminder.meeting.on
