"""Which days a series of meetings falls on: the nth (or last) weekday of the month, or every few weeks. Dates only."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, Protocol

from bot.clock import WEEKDAYS
from schedules.remembered import Remembered


class Rule(Protocol):
    """What a series rule says (`config.SeriesRule`)."""

    @property
    def weekday(self) -> str: ...
    @property
    def nth(self) -> int | str | None: ...
    @property
    def every_weeks(self) -> int | None: ...
    @property
    def every_months(self) -> int: ...
    @property
    def anchor(self) -> date | None: ...
    @property
    def from_on(self) -> date | None: ...
    @property
    def until_on(self) -> date | None: ...


class Pattern(NamedTuple):
    """The part of a rule that repeats for ever, without the dates between which it is in force."""

    weekday: str
    nth: int | str | None = None
    every_weeks: int | None = None
    every_months: int = 1
    anchor: date | None = None


class Recurrence:
    """The days of the rules over a span of years. Each pattern is worked out once for all rules that have it."""

    def __init__(self, first: date, last: date) -> None:
        self._span = first, last
        self._days = Remembered(self._days_of)

    def dates_of(self, rule: Rule, first: date, last: date) -> list[date]:
        """The days from `first` to `last`, both included, on which the rule puts a meeting, in order."""
        days = self._days[pattern_of(rule)]
        start, end = max(first, rule.from_on or first), min(last, rule.until_on or last)
        return days[bisect_left(days, start) : bisect_right(days, end)]

    def _days_of(self, pattern: Pattern) -> list[date]:
        return list(days_of(pattern, *self._span))


def pattern_of(rule: Rule) -> Pattern:
    """What repeats in a rule."""
    return Pattern(rule.weekday, rule.nth, rule.every_weeks, rule.every_months, rule.anchor)


def dates_of(rule: Rule, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included, on which the rule puts a meeting, in order."""
    start, end = max(first, rule.from_on or first), min(last, rule.until_on or last)
    return days_of(pattern_of(rule), start, end)


def days_of(pattern: Pattern, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included, that have the pattern, in order."""
    days = _every_few_weeks(pattern, first, last) if pattern.every_weeks else _nth_of_months(pattern, first, last)
    return (day for day in days if first <= day <= last)


def rule_in_words(rule: Rule) -> str:
    """'1st Wednesday of each month', 'every 2 weeks on Friday, counted from 5 January 2024'."""
    if rule.every_weeks:
        return f"every {rule.every_weeks} weeks on {rule.weekday}, counted from {rule.anchor}"
    which = "last" if rule.nth == "last" else f"{rule.nth}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(int(rule.nth or 0), 'th') }"
    months = "each month" if rule.every_months == 1 else f"every {rule.every_months} months"
    return f"{which} {rule.weekday} of {months}"


def _every_few_weeks(pattern: Pattern, first: date, last: date) -> Iterator[date]:
    if pattern.anchor is None or pattern.every_weeks is None:
        return iter(())
    start, step = first.toordinal(), pattern.every_weeks * 7
    start += (pattern.anchor.toordinal() - start) % step
    return map(date.fromordinal, range(start, last.toordinal() + 1, step))


def _nth_of_months(pattern: Pattern, first: date, last: date) -> Iterator[date]:
    weekday, last_of_month = WEEKDAYS.index(pattern.weekday), pattern.nth == "last"
    weeks_on = -1 if last_of_month else int(pattern.nth or 0) - 1
    for number in _months(pattern, first, last):
        # the last of a month is a week before the first of the next
        such = _first_such(number + last_of_month, weekday) + weeks_on * 7
        day = date.fromordinal(such)
        if day.month == number % 12 + 1:  # a month without a fifth such weekday has no meeting
            yield day


def _months(pattern: Pattern, first: date, last: date) -> range:
    """The months from `first` to `last` that count, by their numbers, from the anchor's month on."""
    start, end, step = _month_number(first), _month_number(last), pattern.every_months
    if pattern.anchor is not None:
        start += (_month_number(pattern.anchor) - start) % step
    return range(start, end + 1, step if pattern.anchor else 1)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_such(month_number: int, weekday: int) -> int:
    """The first day of a month that is that weekday (0 is Monday), as an ordinal."""
    start = date(month_number // 12, month_number % 12 + 1, 1).toordinal()
    return start + (weekday - start + 1) % 7  # ordinal 1 was a Monday
