"""Working days: Monday to Friday, no bank holiday in England and Wales, no closure of the programme's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import holidays

from bot.clock import WEEKDAYS
from bot.model import SkippedDay

ONE_DAY = timedelta(days=1)
ClosureReason = Callable[[date], str | None]
"""Why a day is no working day ('Saturday', 'Easter Monday'), or None where it is one."""


def closure_reasons(country: str, subdivision: str, closures: dict[date, str]) -> ClosureReason:
    """The reason a day is closed, from the bank holidays of a subdivision ('GB', 'ENG') and own closure days.

    Without the subdivision the library leaves out Easter Monday and the August bank holiday.
    """

    @lru_cache(maxsize=256)
    def bank_holidays(year: int) -> dict[date, str]:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=year).items())

    def reason(day: date) -> str | None:
        if day.weekday() >= 5:
            return WEEKDAYS[day.weekday()]
        return closures.get(day) or bank_holidays(day.year).get(day)

    return reason


def working_days_from(day: date, count: int, closed: ClosureReason) -> tuple[date, tuple[SkippedDay, ...]]:
    """The working day `count` working days after `day` (before it, where negative), and every day passed over.

    `day` itself is not counted: five before Wednesday 7 February 2024 is Wednesday 31 January 2024. With a count of 0
    it is `day` itself, or the next working day where `day` is closed.
    """
    step = -ONE_DAY if count < 0 else ONE_DAY
    skipped: list[SkippedDay] = []
    at, left = day, abs(count)
    if left == 0:
        while (why := closed(at)) is not None:
            skipped.append(SkippedDay(at, why))
            at += step
    while left:
        at += step
        why = closed(at)
        if why is None:
            left -= 1
        else:
            skipped.append(SkippedDay(at, why))
    return at, tuple(skipped)
