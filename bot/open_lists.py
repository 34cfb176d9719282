"""The lists of open groups: whoever is on one is invited to its meetings and gets its papers and reports (rules §1).

Anybody on file may join or leave. Nobody on a list holds a seat: they speak for no constituency and count nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot import audit, members
from bot.clock import LONDON
from bot.config import Config
from bot.model import Meeting, Person
from bot.store.people_tables import ListEntryRow, PersonRow


@dataclass(frozen=True)
class ListEntry:
    """One person on one group's list, from the day of joining on."""

    group: str
    person: Person
    from_on: date
    joined_at: datetime


def is_open(config: Config, group: str) -> bool:
    """Whether anybody may join the group's list."""
    found = config.groups.get(group)
    return found is not None and found.attendance == "open" and found.status != "historical"


def put_on(session: Session, group: str, person: Person, now: datetime) -> bool:
    """Put a person on a group's list from today. Returns False where they are on it already."""
    today = now.astimezone(LONDON).date()
    if _entry(session, group, person.id, today):
        return False
    same_day = select(ListEntryRow).where(ListEntryRow.group_key == group, ListEntryRow.person_id == person.id)
    row = session.scalars(same_day.where(ListEntryRow.from_on == today)).first()
    if row is None:
        row = ListEntryRow(group_key=group, person_id=person.id, from_on=today)
        session.add(row)
    row.to_on, row.joined_at = None, now
    session.flush()
    audit.record(session, now, person.name, "joined the list", group)
    return True


def take_off(session: Session, group: str, person: Person, now: datetime) -> bool:
    """Take a person off a group's list, from today on. Returns False where they are not on it."""
    today = now.astimezone(LONDON).date()
    row = _entry(session, group, person.id, today)
    if row is None:
        return False
    row.to_on = today - timedelta(days=1)
    session.flush()
    audit.record(session, now, person.name, "left the list", group)
    return True


def entries(session: Session, group: str, on: date) -> list[ListEntry]:
    """Who is on a group's list on that day, by name."""
    query = select(ListEntryRow, PersonRow).join(PersonRow, ListEntryRow.person_id == PersonRow.id)
    query = query.where(ListEntryRow.group_key == group, *_covers(on)).order_by(PersonRow.name, PersonRow.id)
    return [
        ListEntry(row.group_key, members.as_person(person), row.from_on, row.joined_at)
        for row, person in session.execute(query)
    ]


def of_person(session: Session, person_id: str, on: date) -> list[str]:
    """The groups on whose lists a person is on that day."""
    query = select(ListEntryRow.group_key).where(ListEntryRow.person_id == person_id, *_covers(on))
    return list(session.scalars(query.order_by(ListEntryRow.group_key)))


def of_meeting(session: Session, config: Config, meeting: Meeting) -> list[ListEntry]:
    """Who is invited to a meeting from the lists of its groups. A meeting jointly with a closed group is closed."""
    if not all(is_open(config, group) for group in meeting.groups):
        return []
    found: dict[str, ListEntry] = {}
    for group in meeting.groups:
        for entry in entries(session, group, meeting.on):
            found.setdefault(entry.person.id, entry)
    return list(found.values())


def attends(session: Session, config: Config, person_id: str) -> Callable[[Collection[str], date], bool]:
    """Looks a person's entries up once; then says of groups and a day whether their lists bring the person there."""
    rows = session.scalars(select(ListEntryRow).where(ListEntryRow.person_id == person_id)).all()

    def on_list(groups: Collection[str], on: date) -> bool:
        listed = any(row.group_key in groups and _is_within(row, on) for row in rows)
        return listed and all(is_open(config, group) for group in groups)

    return on_list


def _entry(session: Session, group: str, person_id: str, on: date) -> ListEntryRow | None:
    query = select(ListEntryRow).where(ListEntryRow.group_key == group, ListEntryRow.person_id == person_id)
    return session.scalars(query.where(*_covers(on))).first()


def _is_within(row: ListEntryRow, on: date) -> bool:
    return row.from_on <= on and (row.to_on is None or row.to_on >= on)


def _covers(on: date) -> tuple[ColumnElement[bool], ...]:
    return (ListEntryRow.from_on <= on, or_(ListEntryRow.to_on.is_(None), ListEntryRow.to_on >= on))
