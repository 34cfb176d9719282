"""Instants in words, and found again in a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.clock import LONDON, YEARS, spoken, spoken_instants

SPRING = datetime(2024, 3, 31, 1, tzinfo=UTC)  # London's clocks go from 01:00 to 02:00
AUTUMN = datetime(2024, 10, 27, 1, tzinfo=UTC)  # and from 02:00 to 01:00
instants = st.datetimes(datetime(YEARS[0], 1, 1), datetime(YEARS[-1], 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # the strategy adds the zone
around_changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(-180, 180),
)


def shown_twice(instant: datetime) -> bool:
    local = instant.astimezone(LONDON)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


@given(st.lists(instants | around_changes, max_size=4), st.text(), st.text(alphabet=" ,.\nby(&<>|"))
@example([SPRING - timedelta(minutes=1), SPRING], "", " ")
@example([AUTUMN - timedelta(minutes=61), AUTUMN + timedelta(hours=1)], "", "")
def test_what_was_spoken_is_found_again_to_the_minute(whens: list[datetime], before: str, between: str) -> None:
    text = before + "".join(f" {spoken(when)}{between}" for when in whens)
    found = list(spoken_instants(text))
    told = [when for when in whens if not shown_twice(when)]
    assert [instant for _, _, instant in found] == [when.replace(second=0, microsecond=0) for when in told]
    assert [text[start:end] for start, end, _ in found] == [spoken(when) for when in told]
    assert all(instant.tzinfo is UTC for _, _, instant in found)


@given(instants | around_changes)
def test_what_is_found_is_spoken_the_same(when: datetime) -> None:
    for _, _, instant in spoken_instants(spoken(when)):
        assert spoken(instant) == spoken(when)


@pytest.mark.parametrize(
    "words",
    [
        "Sunday 27 October 2024, 01:00 (London)",  # 00:00 UTC and 01:00 UTC
        "Sunday 27 October 2024, 01:59 (London)",
        "Sunday 31 March 2024, 01:30 (London)",  # no such time
        "Thursday 31 January 2024, 17:00 (London)",  # a Wednesday
        "Saturday 31 February 2026, 17:00 (London)",
        "Wednesday 31 January 2024, 24:00 (London)",
        "Wednesday 31 January 2024, 17:00",
        "Wednesday 031 January 2024, 17:00 (London)",
    ],
)
def test_what_names_no_single_instant_is_passed_over(words: str) -> None:
    assert list(spoken_instants(words)) == []


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("Wednesday 31 January 2024, 17:00 (London)", datetime(2024, 1, 31, 17, tzinfo=UTC)),
        ("Wednesday 31 July 2024, 17:00 (London)", datetime(2024, 7, 31, 16, tzinfo=UTC)),
        ("Sunday 31 March 2024, 00:59 (London)", SPRING - timedelta(minutes=1)),
        ("Sunday 31 March 2024, 02:00 (London)", SPRING),
        ("Sunday 27 October 2024, 00:59 (London)", AUTUMN - timedelta(minutes=61)),
        ("Sunday 27 October 2024, 02:00 (London)", AUTUMN + timedelta(hours=1)),
    ],
)
def test_words_are_london_time_in_summer_and_winter(words: str, instant: datetime) -> None:
    assert list(spoken_instants(f"due {words}.")) == [(4, 4 + len(words), instant)]
