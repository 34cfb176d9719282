"""Counting working days, against dates counted by hand on a wall calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config
from schedules.working_days import closure_reasons, working_days_from

ENGLAND = closure_reasons("GB", "ENG", {})

# from, how many, lands on. What is passed over stands beside it.
BY_HAND = [
    (date(2024, 2, 7), -5, date(2024, 1, 31)),  # 6 5 | 2 1 31
    (date(2024, 4, 3), -5, date(2024, 3, 25)),  # 2 | Easter Monday 1, weekend, Good Friday 29 | 28 27 26 25
    (date(2024, 4, 3), 2, date(2024, 4, 5)),  # 4 5
    (date(2024, 3, 27), 2, date(2024, 4, 2)),  # 28 | Good Friday 29, weekend, Easter Monday 1 | 2
    (date(2026, 1, 7), -5, date(2025, 12, 30)),  # 6 5 | weekend | 2 | New Year's Day | 31 30
    (date(2026, 5, 6), -5, date(2026, 4, 28)),  # 5 | early May bank holiday 4, weekend | 1 30 29 28
    (date(2024, 12, 20), 5, date(2024, 12, 31)),  # | weekend | 23 24 | Christmas 25 26 | 27 | weekend | 30 31
    (date(2024, 12, 24), 2, date(2024, 12, 30)),  # | 25 26 | 27 | weekend | 30
    (date(2025, 1, 8), -5, date(2024, 12, 31)),  # 7 6 | weekend | 3 2 | New Year's Day | 31
    (date(2025, 1, 2), -5, date(2024, 12, 23)),  # | 1 | 31 30 | weekend | 27 | 26 25 | 24 23
    (date(2026, 12, 24), 1, date(2026, 12, 29)),  # | Friday 25, weekend, Monday 28 for Boxing Day on a Saturday | 29
    (date(2027, 12, 24), 1, date(2027, 12, 29)),  # | weekend 25 26, substitutes Monday 27 and Tuesday 28 | 29
    (date(2028, 1, 5), -5, date(2027, 12, 24)),  # 4 | Monday 3 for New Year, weekend | 31 30 29 | 28 27, weekend | 24
    (date(2024, 2, 27), 2, date(2024, 2, 29)),  # 28 29: the leap day is a Thursday
    (date(2024, 3, 7), -5, date(2024, 2, 29)),  # 6 5 4 | weekend | 1 29
    (date(2022, 9, 16), 1, date(2022, 9, 20)),  # | weekend, the state funeral on Monday 19 | 20
    (date(2024, 2, 10), 0, date(2024, 2, 12)),  # a Saturday, nothing to count: the Monday
    (date(2024, 2, 9), 0, date(2024, 2, 9)),  # a working day, nothing to count: itself
]


@pytest.mark.parametrize(("start", "count", "lands"), BY_HAND)
def test_counted_by_hand(start: date, count: int, lands: date) -> None:
    assert working_days_from(start, count, ENGLAND)[0] == lands


def test_what_was_passed_over_is_said_with_its_reason() -> None:
    _, skipped = working_days_from(date(2024, 4, 3), -5, ENGLAND)
    assert [(s.date.day, s.reason) for s in skipped] == [
        (1, "Easter Monday"),
        (31, "Sunday"),
        (30, "Saturday"),
        (29, "Good Friday"),
    ]


def test_a_closure_of_the_programmes_own_is_passed_over_too() -> None:
    closed = closure_reasons("GB", "ENG", {date(2024, 12, 27): "Programme closed for Christmas"})
    day, skipped = working_days_from(date(2024, 12, 24), 2, closed)
    assert day == date(2024, 12, 31)  # | 25 26 27 weekend | 30 31
    assert "Programme closed for Christmas" in {s.reason for s in skipped}


def test_the_shipped_calendar_knows_the_days_that_only_england_has(config: Config) -> None:
    days = config.working_days
    closed = closure_reasons(days.country, days.subdivision, {})
    assert closed(date(2024, 4, 1)) == "Easter Monday"  # a working day in Scotland
    assert closed(date(2024, 8, 26)) is not None  # the last Monday of August
    assert closed(date(2024, 8, 5)) is None  # Scotland's is the first


DAYS = st.dates(date(2022, 1, 1), date(2027, 12, 31))
COUNTS = st.integers(1, 60)


@given(DAYS, COUNTS)
def test_forwards_and_back_again_is_where_it_began(day: date, count: int) -> None:
    if ENGLAND(day) is None:
        there, _ = working_days_from(day, count, ENGLAND)
        assert working_days_from(there, -count, ENGLAND)[0] == day


@given(DAYS, st.integers(-60, 60))
def test_a_count_never_ends_on_a_closed_day(day: date, count: int) -> None:
    assert ENGLAND(working_days_from(day, count, ENGLAND)[0]) is None


@given(DAYS, COUNTS, st.sampled_from([-1, 1]))
def test_skipped_and_counted_days_cover_the_span_exactly(day: date, count: int, way: int) -> None:
    lands, skipped = working_days_from(day, way * count, ENGLAND)
    span = [day + timedelta(days=way * n) for n in range(1, abs((lands - day).days) + 1)]
    passed = [s.date for s in skipped]
    counted = [d for d in span if d not in set(passed)]
    assert len(passed) == len(set(passed))
    assert set(passed) <= set(span)
    assert len(counted) == count
    assert all(ENGLAND(d) is None for d in counted)
    assert all(ENGLAND(s.date) == s.reason for s in skipped)
