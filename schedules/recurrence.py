"""Which days a series of meetings falls on: the nth (or last) weekday of the month, or every few weeks. Dates only."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol

from bot.clock import WEEKDAYS


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


def dates_of(rule: Rule, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included, on which the rule puts a meeting, in order."""
    first = max(first, rule.from_on or first)
    last = min(last, rule.until_on or last)
    days = _every_few_weeks(rule, first, last) if rule.every_weeks else _nth_of_months(rule, first, last)
    return (day for day in days if first <= day <= last)


def rule_in_words(rule: Rule) -> str:
    """'1st Wednesday of each month', 'every 2 weeks on Friday, counted from 5 January 2024'."""
    if rule.every_weeks:
        return f"every {rule.every_weeks} weeks on {rule.weekday}, counted from {rule.anchor}"
    which = "last" if rule.nth == "last" else f"{rule.nth}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(int(rule.nth or 0), 'th') }"
    months = "each month" if rule.every_months == 1 else f"every {rule.every_months} months"
    return f"{which} {rule.weekday} of {months}"


def _every_few_weeks(rule: Rule, first: date, last: date) -> Iterator[date]:
    if rule.anchor is None or rule.every_weeks is None:
        return
    step = timedelta(weeks=rule.every_weeks)
    at = rule.anchor + step * -((rule.anchor - first) // step)
    while at <= last:
        yield at
        at += step


def _nth_of_months(rule: Rule, first: date, last: date) -> Iterator[date]:
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        if _month_counts(rule, year, month):
            yield from _nth_weekday(rule, year, month)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _month_counts(rule: Rule, year: int, month: int) -> bool:
    if rule.every_months == 1 or rule.anchor is None:
        return True
    return (year * 12 + month - rule.anchor.year * 12 - rule.anchor.month) % rule.every_months == 0


def _nth_weekday(rule: Rule, year: int, month: int) -> Iterator[date]:
    """At most one day: a month without a fifth such weekday has none."""
    length = calendar.monthrange(year, month)[1]
    first = 1 + (WEEKDAYS.index(rule.weekday) - date(year, month, 1).weekday()) % 7
    days = range(first, length + 1, 7)
    place = len(days) - 1 if rule.nth == "last" else int(rule.nth or 0) - 1
    if 0 <= place < len(days):
        yield date(year, month, days[place])
