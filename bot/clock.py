"""The only place that asks the system what time it is. `now` is taken once per decision and passed on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
YEARS = range(1990, 2101)  # that the calendar covers: beyond them nobody knows the bank holidays


@dataclass(frozen=True)
class Clock:
    """Tells the time, from `starts_at` (aware) onwards where one is given: a virtual clock for rehearsal and tests.

    A virtual clock runs on at the pace of the real one; it is never adjusted by the machine's clock.
    """

    starts_at: datetime | None = None
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The present instant in UTC."""
        if self.starts_at is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self.starts_at.timestamp() + time.monotonic() - self._began, UTC)

    def today(self) -> date:
        """The calendar day in London."""
        return self.now().astimezone(LONDON).date()


def parse_instant(text: str) -> datetime:
    """ISO 8601 date or instant to an aware UTC instant; without an offset, London wall-clock. ValueError if neither."""
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)


def is_shown(at: time_of_day, day: date) -> bool:
    """Whether London's clocks show that time on that day: not 01:30 on the day on which they go forward."""
    there = datetime.combine(day, at, LONDON)
    return there.astimezone(UTC).astimezone(LONDON).time() == at


def spoken(instant: datetime) -> str:
    """One wording of an instant everywhere: 'Wednesday 31 January 2024, 17:00 (London)'."""
    local = instant.astimezone(LONDON)
    return f"{spoken_date(local.date())}, {local:%H:%M} (London)"


def spoken_instants(text: str) -> Iterator[tuple[int, int, datetime]]:
    """Where `spoken` has put instants into a text: start, end (as of a slice), and the instant in UTC, to the minute.

    Passed over: a weekday that is not the date's, a time that London's clocks skip in spring, and one that they show
    twice in autumn, since nobody can tell which of the two was meant.
    """
    for found in _SPOKEN.finditer(text):
        instant = _only_instant(found)
        if instant and spoken(instant) == found[0]:
            yield found.start(), found.end(), instant


def _only_instant(found: re.Match[str]) -> datetime | None:
    """The one instant at which London's clocks show that; None where there is none, or two."""
    day, year, hour, minute = (int(found[name]) for name in ("day", "year", "hour", "minute"))
    try:
        local = datetime(year, MONTHS.index(found["month"]) + 1, day, hour, minute, tzinfo=LONDON)
    except ValueError:  # 31 February
        return None
    return local.astimezone(UTC) if local.utcoffset() == local.replace(fold=1).utcoffset() else None


def spoken_date(day: date) -> str:
    """'Wednesday 31 January 2024': the same on every platform and in every locale."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SPOKEN = re.compile(
    rf"\b(?:{'|'.join(WEEKDAYS)}) (?P<day>[1-9][0-9]?) (?P<month>{'|'.join(MONTHS)}) (?P<year>[1-9][0-9]{{3}}), "
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]) \(London\)"
)
