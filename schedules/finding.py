"""Finding the meeting that somebody means by a group and a date, whether it is on file yet or only on the calendar."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot import meetings
from bot.clock import YEARS, spoken_date
from bot.config import Config
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting
from schedules.series import Calendar

NEAR = timedelta(days=45)


def day_named(text: str) -> date:
    """The day that a person wrote. Raises SecretariatError with the form to write it in."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SecretariatError(f"{text} is no date.", hint="Write it as 2024-02-07.") from None


def known_group(config: Config, name: str) -> str:
    """The group's key as the configuration spells it. Raises UnknownThing with the groups there are."""
    key = config.group_key(name)
    if key is None:
        raise UnknownThing(f"There is no group {name}.", hint=f"Groups: {', '.join(config.groups)}.")
    return key


def find_meeting(session: Session, calendar: Calendar, group: str, on: date) -> Meeting:
    """The group's meeting of that day, put on file if it was only on the calendar. Raises UnknownThing otherwise."""
    key = known_group(calendar.config, group)
    if on.year not in YEARS:
        raise UnknownThing(f"{spoken_date(on)} is not on the calendar.", hint="Correct the year.")
    kept = meetings.on_day(session, key, on)
    if kept:
        return kept
    planned = calendar.meeting_on(key, on)
    if planned is None:
        raise UnknownThing(f"{key} has no meeting on {spoken_date(on)}.", hint=_nearest(calendar, key, on))
    meetings.keep(session, [planned])
    return meetings.by_uid(session, planned.uid) or planned


def _nearest(calendar: Calendar, group: str, on: date) -> str:
    near = sorted(calendar.meetings(on - NEAR, on + NEAR, [group]), key=lambda m: abs((m.on - on).days))
    return (
        f"The nearest is on {spoken_date(near[0].on)}." if near else "Nothing of that group is on the calendar near it."
    )
