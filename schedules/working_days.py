"""Working days: Monday to Friday, no bank holiday in England and Wales, no closure of the programme's own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date, timedelta

import holidays

from bot.clock import WEEKDAYS
from bot.model import SkippedDay
from schedules.remembered import Remembered

ONE_DAY = timedelta(days=1)
ClosureReason = Callable[[date], str | None]
"""Why a day is no working day ('Saturday', 'Easter Monday'), or None where it is one."""


class WorkingDayTable:
    """The working days of each year as a sorted list, so that the nth from any day is found without walking there.

    A year's list is made when it is first asked for. Called with a day, the table says why that day is closed, or None.
    """

    def __init__(self, country: str, subdivision: str, closures: dict[date, str]) -> None:
        self._country, self._subdivision = country, subdivision
        self._closures = {day: why for day, why in closures.items() if why}
        self.why_closed = Remembered(self._find_reason)
        self._closed_weekdays = Remembered(self._find_closed_weekdays)  # by year
        self._working_days = Remembered(self._find_working_days)  # by year

    def __call__(self, day: date) -> str | None:
        """Why the day is closed ('Sunday', 'Good Friday'); None: it is a working day."""
        return self.why_closed[day]

    def nth_from(self, day: date, count: int) -> date:
        """The working day `count` working days after `day`, itself not counted; before it, where negative.

        With a count of 0 it is `day` itself, or the next working day where `day` is closed.
        """
        year, days = day.year, self._working_days[day.year]
        place = bisect_right(days, day) + count - 1 if count > 0 else bisect_left(days, day) + count
        while place < 0:
            year -= 1
            days = self._working_days[year]
            place += len(days)
        while place >= len(days):
            place -= len(days)
            year += 1
            days = self._working_days[year]
        return days[place]

    def passed_over(self, day: date, count: int) -> tuple[SkippedDay, ...]:
        """The closed days that `nth_from` does not count between `day` and where it lands, in the order met."""
        lands, step = self.nth_from(day, count), -ONE_DAY if count < 0 else ONE_DAY
        found, at = [], day + step if count else day
        while at != lands:
            if (why := self(at)) is not None:
                found.append(SkippedDay(at, why))
            at += step
        return tuple(found)

    def _find_reason(self, day: date) -> str | None:
        return WEEKDAYS[day.weekday()] if day.weekday() >= 5 else self._closed_weekdays[day.year].get(day)

    def _find_closed_weekdays(self, year: int) -> dict[date, str]:
        bank_holidays = holidays.country_holidays(self._country, subdiv=self._subdivision, years=year)
        return {**bank_holidays, **{day: why for day, why in self._closures.items() if day.year == year}}

    def _find_working_days(self, year: int) -> list[date]:
        first, closed = date(year, 1, 1).toordinal(), self._closed_weekdays[year]
        days = map(date.fromordinal, range(first, date(year, 12, 31).toordinal() + 1))
        return [day for day in days if day.weekday() < 5 and day not in closed]


class WorkingDaysAsKnown(WorkingDayTable):
    """Working days by closed days that were known at some time, instead of by the library's bank holidays."""

    def __init__(self, known: dict[date, str]) -> None:
        super().__init__("", "", {})
        self._known = known

    def _find_closed_weekdays(self, year: int) -> dict[date, str]:
        return {day: why for day, why in self._known.items() if day.year == year}


def closure_reasons(country: str, subdivision: str, closures: dict[date, str]) -> WorkingDayTable:
    """The working days by the bank holidays of a subdivision ('GB', 'ENG') and own closure days with their reasons.

    Without the subdivision the library leaves out Easter Monday and the August bank holiday.
    """
    return WorkingDayTable(country, subdivision, closures)


def working_days_from(day: date, count: int, closed: WorkingDayTable) -> tuple[date, tuple[SkippedDay, ...]]:
    """The working day `count` working days after `day` (before it, where negative), and every day passed over.

    `day` itself is not counted: five before Wednesday 7 February 2024 is Wednesday 31 January 2024. With a count of 0
    it is `day` itself, or the next working day where `day` is closed.
    """
    return closed.nth_from(day, count), closed.passed_over(day, count)
