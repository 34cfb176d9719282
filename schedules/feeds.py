"""Calendars to subscribe to, one for each group and each person, at addresses that nobody can guess.

A calendar program cannot sign in, so the address itself is the key: an HMAC of whose calendar it is, with a secret of
this installation. Whoever has an address reads that one calendar and learns of no other.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import members, open_lists
from bot.clock import LONDON
from bot.config import Config
from bot.model import Meeting, MeetingStatus
from bot.store.people_tables import PersonRow, SeatHoldingRow
from schedules.invitations import calendar_feed
from schedules.known_meetings import known_meetings
from schedules.series import Calendar

BEHIND, AHEAD = timedelta(days=60), timedelta(days=400)


@dataclass(frozen=True)
class Subscription:
    """Whose calendar it is: 'group' with the group's key, or 'person' with the person's id."""

    kind: str
    key: str

    def address(self, secret: str) -> str:
        """The path of the feed on our page."""
        return f"/feeds/{self.token(secret)}.ics"

    def token(self, secret: str) -> str:
        """What only this installation can make: 64 hex digits."""
        return hmac.new(secret.encode(), f"{self.kind}:{self.key}".encode(), hashlib.sha256).hexdigest()


def of_group(key: str) -> Subscription:
    """The calendar of a group."""
    return Subscription("group", key)


def of_person(person_id: str) -> Subscription:
    """The calendar of a person."""
    return Subscription("person", person_id)


def subscription_of(session: Session, config: Config, token: str, secret: str) -> Subscription | None:
    """Whose calendar a token opens, or None. All are compared, each in constant time: the wait tells nothing."""
    groups = [of_group(key) for key in config.groups]
    people = [of_person(key) for key in session.scalars(select(PersonRow.id))]
    found = None
    for candidate in (*groups, *people):
        if hmac.compare_digest(candidate.token(secret).encode(), token.encode()):
            found = candidate
    return found


def feed_of(session: Session, calendar: Calendar, subscription: Subscription, *, now: datetime) -> str:
    """The calendar as iCalendar, from 60 days ago to 400 days ahead. Nobody is told a date that is only proposed."""
    today = now.astimezone(LONDON).date()
    first, last = today - BEHIND, today + AHEAD
    if subscription.kind == "group":
        found = known_meetings(session, calendar, first, last, [subscription.key])
        owner = subscription.key
    else:
        found = meetings_of(session, calendar, subscription.key, first, last)
        person = members.by_id(session, subscription.key)
        owner = person.name if person else ""
    told = [m for m in found if m.status is not MeetingStatus.PROPOSED_MOVE]
    name = f"{calendar.config.programme.short_name} meetings: {owner}"
    return calendar_feed(told, calendar.config, now=now, name=name)


def meetings_of(session: Session, calendar: Calendar, person_id: str, first: date, last: date) -> list[Meeting]:
    """Those of groups where the person holds a seat on that day (one of the whole programme counts everywhere) or is
    on an open group's list."""
    rows = session.scalars(select(SeatHoldingRow).where(SeatHoldingRow.person_id == person_id)).all()
    on_list = open_lists.attends(session, calendar.config, person_id)
    return [
        m
        for m in known_meetings(session, calendar, first, last)
        if any(row.group_key in ("", *m.groups) and _held(row, m.on) for row in rows) or on_list(m.groups, m.on)
    ]


def _held(row: SeatHoldingRow, day: date) -> bool:
    return row.from_on <= day and (row.to_on is None or row.to_on >= day)
