"""The only place that asks the system what time it is. `now` is taken once per decision and passed on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
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


def spoken(instant: datetime) -> str:
    """One wording of an instant everywhere: 'Wednesday 31 January 2024, 17:00 (London)'."""
    local = instant.astimezone(LONDON)
    return f"{spoken_date(local.date())}, {local:%H:%M} (London)"


def spoken_date(day: date) -> str:
    """'Wednesday 31 January 2024': the same on every platform and in every locale."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
