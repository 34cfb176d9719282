"""Dates and deadlines against independent libraries: dateutil's rules, holidays' working days; and the bulk way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

import holidays
import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import LONDON, WEEKDAYS
from bot.config import Config
from bot.config_groups import DatedEntry, SeriesRule
from schedules.deadlines import Circumstances, all_deadlines, all_instants, deadlines_for, next_ordinary_meeting
from schedules.recurrence import Recurrence, dates_of
from schedules.series import Calendar
from schedules.working_days import closure_reasons, working_days_from

ENGLAND = closure_reasons("GB", "ENG", {})
BANK_HOLIDAYS = holidays.country_holidays("GB", subdiv="ENG")
EPOCH = date(1995, 1, 2)  # a Monday
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
NTH = st.sampled_from([1, 2, 3, 4, 5, "last"])


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date]:
    first = draw(DAYS)
    return first, first + timedelta(days=draw(st.integers(0, 1500)))


@st.composite
def rules(draw: st.DrawFn) -> SeriesRule:
    """Any rule that a configuration may hold."""
    anchor = draw(DAYS)
    values: dict[str, object] = {"start": "10:00", "end": "12:00", "assumed": "a test", "anchor": anchor}
    values["weekday"] = WEEKDAYS[anchor.weekday()]
    if draw(st.booleans()):
        values["every_weeks"] = draw(st.integers(1, 52))
    else:
        values |= {"nth": draw(NTH), "every_months": draw(st.integers(1, 24))}
    if draw(st.booleans()):
        begins, ends = draw(spans())
        values |= {"from": begins, "until": ends}
    return SeriesRule.model_validate(values)


def by_dateutil(rule: SeriesRule, first: date, last: date) -> list[date]:
    """The same days as dateutil has them, counted from long before the anchor, so that both directions are tried."""
    weekday = rrule.weekdays[WEEKDAYS.index(rule.weekday)]
    assert rule.anchor is not None
    if rule.every_weeks:
        weeks = (rule.anchor - EPOCH).days // 7 % rule.every_weeks
        begins = EPOCH + timedelta(weeks=weeks)
        found = rrule.rrule(rrule.WEEKLY, interval=rule.every_weeks, byweekday=weekday, dtstart=midnight(begins))
    else:
        months = (rule.anchor.year * 12 + rule.anchor.month - 1 - 1995 * 12) % rule.every_months
        begins = date(1995 + months // 12, months % 12 + 1, 1)
        nth = weekday(-1 if rule.nth == "last" else int(rule.nth or 0))
        found = rrule.rrule(rrule.MONTHLY, interval=rule.every_months, byweekday=nth, dtstart=midnight(begins))
    start, end = max(first, rule.from_on or first), min(last, rule.until_on or last)
    return [day.date() for day in found.between(midnight(start), midnight(end), inc=True)]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


@settings(max_examples=150, deadline=None)
@given(rule=rules(), span=spans())
def test_the_dates_of_a_rule_are_those_of_dateutil(rule: SeriesRule, span: tuple[date, date]) -> None:
    expected = by_dateutil(rule, *span)
    assert list(dates_of(rule, *span)) == expected
    assert Recurrence(date(1990, 1, 1), date(2060, 12, 31)).dates_of(rule, *span) == expected


def test_every_weekday_can_be_a_rules() -> None:
    assert get_args(SeriesRule.model_fields["weekday"].annotation) == WEEKDAYS


@settings(max_examples=150, deadline=None)
@given(day=DAYS, count=st.integers(-300, 300))
def test_working_days_are_counted_as_the_library_holidays_counts_them(day: date, count: int) -> None:
    assert working_days_from(day, count, ENGLAND)[0] == BANK_HOLIDAYS.get_nth_working_day(day, count)


@settings(max_examples=100, deadline=None)
@given(day=DAYS)
def test_a_day_is_closed_where_the_library_holidays_has_no_working_day(day: date) -> None:
    assert (ENGLAND(day) is None) == BANK_HOLIDAYS.is_working_day(day)


# -------------------------------------------------------------------------------------- the bulk way, and one at a time

FIRST, LAST = date(2023, 10, 1), date(2028, 3, 31)


def with_decisions(config: Config) -> Config:
    """Meetings moved (before the one before them, too), cancelled and added."""
    entries = [
        {"group": "PSG", "on": date(2025, 1, 1), "action": "move", "to": date(2025, 1, 7)},
        {"group": "PSG", "on": date(2024, 10, 2), "action": "move", "to": date(2024, 9, 3)},
        {"group": "SITWG", "on": date(2026, 1, 1), "action": "cancel"},
        {"group": "DAG", "on": date(2024, 3, 13), "action": "move", "to": date(2024, 3, 14)},
        {"group": "PSG", "on": date(2024, 2, 20), "action": "add"},
    ]
    written = [DatedEntry.model_validate({"assumed": "a test"} | entry) for entry in entries]
    return config.model_copy(update={"dated_entries": written})


@pytest.mark.parametrize("decided", [False, True])
def test_all_deadlines_are_those_of_each_meeting_by_itself(config: Config, decided: bool) -> None:
    calendar = Calendar(with_decisions(config) if decided else config)
    in_bulk = dict(all_deadlines(calendar, FIRST, LAST))
    one_by_one = {
        meeting: deadlines_for(meeting, calendar, Circumstances(next_ordinary_meeting(meeting, calendar)))
        for meeting in calendar.meetings(FIRST, LAST)
    }
    assert in_bulk == one_by_one
    in_columns = {
        (column.group, nominal_on, column.clock.kind, due_at)
        for column in all_instants(calendar, FIRST, LAST)
        for nominal_on, due_at in zip(column.nominal_on, column.due_at, strict=True)
    }
    assert in_columns == {(m.group, m.nominal_on, d.kind, d.due_at) for m, found in in_bulk.items() for d in found}


def test_a_deadline_is_the_library_holidays_day_at_its_hour_in_london(config: Config) -> None:
    for meeting, found in all_deadlines(Calendar(config), FIRST, LAST):
        papers = next((d for d in found if d.kind == "papers"), None)
        if papers:
            day = BANK_HOLIDAYS.get_nth_working_day(meeting.on, -5)
            assert papers.due_at == datetime.combine(day, time(17), LONDON).astimezone(UTC)
