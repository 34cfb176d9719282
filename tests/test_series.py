"""Which meetings there are: the rules, what collides with a bank holiday, and what a dated entry changes."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.config import Config, DatedEntry, SeriesRule
from bot.model import Meeting, MeetingStatus
from schedules.recurrence import dates_of, rule_in_words
from schedules.series import Calendar

# group, the day by its rule, why it is closed, the first proposal (worked out by hand)
COLLISIONS = [
    # Wednesdays 8 January (DAG) and 15 (SITAG) share members; no Wednesday is left, so the nearest day of the month
    ("PSG", date(2025, 1, 1), "New Year's Day", date(2025, 1, 2)),
    # Wednesdays 18 December (SITAG) and 11 (DAG) are taken, 1 January is closed: the day before, since it is December
    ("CCAG", date(2024, 12, 25), "Christmas Day", date(2024, 12, 24)),
    ("DCWG", date(2024, 12, 26), "Boxing Day", date(2024, 12, 19)),  # a Thursday earlier; QAG there is closed
    ("DCWG", date(2025, 12, 25), "Christmas Day", date(2025, 12, 18)),
    # 19 December 11:30 lies within QAG's 10:00-12:00, which shares its parent: the Thursday before
    ("PSG-WEBINAR", date(2024, 12, 26), "Boxing Day", date(2024, 12, 12)),
    ("PSG-WEBINAR", date(2025, 12, 25), "Christmas Day", date(2025, 12, 11)),
    ("MCAG", date(2023, 12, 26), "Boxing Day", date(2023, 12, 19)),
    ("MCAG", date(2027, 12, 28), "Boxing Day", date(2027, 12, 21)),  # the substitute day
    ("SITWG", date(2026, 1, 1), "New Year's Day", date(2026, 1, 15)),  # 8 January is MWG's, also open to all
]
NEVER = {("PSG", date(2025, 1, 8)), ("SITWG", date(2026, 1, 8))}


def collided(config: Config, group: str, day: date) -> Meeting:
    found = Calendar(config).meeting_on(group, day)
    assert found is not None
    return found


@pytest.mark.parametrize(("group", "day", "why", "first"), COLLISIONS)
def test_a_meeting_on_a_bank_holiday_is_only_proposed(
    config: Config, group: str, day: date, why: str, first: date
) -> None:
    found = collided(config, group, day)
    assert found.status is MeetingStatus.PROPOSED_MOVE
    assert (found.nominal_on, found.on, found.proposals[0]) == (day, first, first)
    assert why in found.reason
    assert len(set(found.proposals)) == 3
    assert not {(group, proposal) for proposal in found.proposals} & NEVER


@pytest.mark.parametrize(("group", "day"), [c[:2] for c in COLLISIONS])
def test_each_proposal_is_a_working_day_clear_of_meetings_with_the_same_people(
    config: Config, group: str, day: date
) -> None:
    calendar, mine = Calendar(config), config.groups[group]
    found = collided(config, group, day)
    for proposal in found.proposals:
        assert calendar.closed(proposal) is None
        moved = found.starts_at + (proposal - found.on), found.ends_at + (proposal - found.on)
        for other in calendar.meetings(proposal, proposal):
            theirs = config.groups[other.group]
            related = (
                mine.parent in (other.group, theirs.parent)
                or theirs.parent == group
                or mine.attendance == theirs.attendance == "open"
                or {s.constituency for s in mine.seats} & {s.constituency for s in theirs.seats} - {None}
            )
            settled = other.status is not MeetingStatus.PROPOSED_MOVE and other.group != group
            apart = other.ends_at <= moved[0] or moved[1] <= other.starts_at
            assert apart or not (related and settled), (proposal, other.group)


@pytest.mark.parametrize("day", [date(2024, 12, 26), date(2025, 12, 25)])
def test_the_webinar_stays_before_the_meeting_that_it_prepares(config: Config, day: date) -> None:
    served = next(m for m in Calendar(config).meetings(day, day + timedelta(days=31), ["PSG"]))
    assert max(collided(config, "PSG-WEBINAR", day).proposals) < min(served.on, served.nominal_on)


def test_only_what_collides_is_proposed(config: Config) -> None:
    found = Calendar(config).meetings(date(2024, 12, 1), date(2025, 1, 31))
    proposed = {(m.group, m.nominal_on) for m in found if m.status is MeetingStatus.PROPOSED_MOVE}
    assert proposed == {
        ("PSG", date(2025, 1, 1)),
        ("CCAG", date(2024, 12, 25)),
        ("DCWG", date(2024, 12, 26)),
        ("PSG-WEBINAR", date(2024, 12, 26)),
    }


def rule(weekday: str, start: str = "10:00", end: str = "12:00", **more: Any) -> SeriesRule:
    return SeriesRule.model_validate({"weekday": weekday, "start": start, "end": end, "source": "a test"} | more)


def days_of(series: SeriesRule, first: date, last: date) -> list[str]:
    return [day.isoformat() for day in dates_of(series, first, last)]


def test_the_nth_and_the_last_weekday_of_the_month() -> None:
    first, last = date(2024, 2, 1), date(2024, 5, 31)
    assert days_of(rule("Thursday", nth=1), first, last) == ["2024-02-01", "2024-03-07", "2024-04-04", "2024-05-02"]
    # February and May 2024 have five Thursdays (the 29th and the 30th); March and April have four
    assert days_of(rule("Thursday", nth=5), first, last) == ["2024-02-29", "2024-05-30"]
    assert days_of(rule("Thursday", nth="last"), first, last) == [
        "2024-02-29", "2024-03-28", "2024-04-25", "2024-05-30"
    ]  # fmt: skip


def test_every_two_weeks_counts_from_the_anchor_both_ways() -> None:
    fortnightly = rule("Friday", every_weeks=2, anchor=date(2024, 1, 5))
    found = days_of(fortnightly, date(2023, 12, 1), date(2024, 2, 2))
    assert found == ["2023-12-08", "2023-12-22", "2024-01-05", "2024-01-19", "2024-02-02"]
    years = list(dates_of(fortnightly, date(2020, 1, 1), date(2030, 1, 1)))
    assert {(b - a).days for a, b in pairwise(years)} == {14}


def test_every_three_months_counts_from_the_anchors_month() -> None:
    quarterly = rule("Tuesday", nth=2, every_months=3, anchor=date(2024, 2, 13))
    found = days_of(quarterly, date(2023, 10, 1), date(2024, 9, 1))
    assert found == ["2023-11-14", "2024-02-13", "2024-05-14", "2024-08-13"]
    assert rule_in_words(quarterly) == "2nd Tuesday of every 3 months"


def test_both_ends_of_a_span_and_of_a_rule_are_included() -> None:
    span: dict[str, Any] = {"from": date(2024, 1, 8), "until": date(2024, 1, 15)}
    weekly = rule("Monday", every_weeks=1, anchor=date(2024, 1, 1), **span)
    assert days_of(weekly, date(2023, 1, 1), date(2025, 1, 1)) == ["2024-01-08", "2024-01-15"]
    assert days_of(weekly, date(2024, 1, 15), date(2024, 1, 15)) == ["2024-01-15"]
    assert days_of(weekly, date(2024, 1, 16), date(2024, 1, 14)) == []


def test_a_series_ends_and_another_takes_its_place(config: Config) -> None:
    """SITAG replaced TMAG in Q1 2024: the third Wednesdays are 20 December 2023 and 17 January 2024."""
    found = Calendar(config).meetings(date(2023, 12, 1), date(2024, 1, 31), ["TMAG", "SITAG"])
    assert [(m.group, m.on.isoformat()) for m in found] == [("TMAG", "2023-12-20"), ("SITAG", "2024-01-17")]


def test_a_group_ends_on_its_last_day_whatever_its_rule_says(config: Config) -> None:
    stood_down = with_group(config, "DAG", ends_on=date(2024, 3, 13))
    found = Calendar(stood_down).meetings(date(2024, 2, 1), date(2024, 12, 31), ["DAG"])
    assert [m.on.isoformat() for m in found] == ["2024-02-14", "2024-03-13"]


def with_group(config: Config, key: str, **changes: object) -> Config:
    return config.model_copy(update={"groups": config.groups | {key: config.groups[key].model_copy(update=changes)}})


def test_a_rule_may_change_from_a_date_on(config: Config) -> None:
    changed = with_group(
        config, "MWG", series=[
            rule("Thursday", "14:00", "16:00", nth=2, until=date(2024, 3, 31)),
            rule("Monday", "09:00", "10:00", **{"nth": 1, "from": date(2024, 4, 1)}),
        ]
    )  # fmt: skip
    found = Calendar(changed).meetings(date(2024, 3, 1), date(2024, 5, 31), ["MWG"])
    # Monday 1 April is Easter Monday, so it is proposed on another day; Monday 6 May is the early May bank holiday
    assert [m.nominal_on.isoformat() for m in found] == ["2024-03-14", "2024-04-01", "2024-05-06"]


def decided(config: Config, **entry: object) -> Calendar:
    written = DatedEntry.model_validate({"assumed": "a test"} | entry)
    return Calendar(config.model_copy(update={"dated_entries": [written]}))


@pytest.mark.parametrize("to", [date(2025, 1, 7), date(2025, 1, 29), date(2024, 11, 27)])
def test_a_dated_entry_moves_a_meeting_however_far(config: Config, to: date) -> None:
    calendar = decided(config, group="PSG", on=date(2025, 1, 1), action="move", to=to, start="09:30", end="11:00")
    [found] = calendar.meetings(to, to, ["PSG"])
    assert (found.status, found.nominal_on, found.on, found.revision) == (MeetingStatus.MOVED, date(2025, 1, 1), to, 1)
    assert f"{found.starts_at:%H:%M}" == "09:30", "wall-clock in winter is UTC"
    assert "a test" in found.reason
    assert calendar.meetings(date(2025, 1, 1), date(2025, 1, 2), ["PSG"]) == []
    assert calendar.meeting_on("PSG", to) == found


def test_a_dated_entry_cancels_a_meeting(config: Config) -> None:
    calendar = decided(config, group="SITWG", on=date(2026, 1, 1), action="cancel")
    [found] = calendar.meetings(date(2026, 1, 1), date(2026, 1, 31), ["SITWG"])
    assert found.status is MeetingStatus.CANCELLED


def test_a_dated_entry_adds_a_meeting_of_a_group_without_a_series(config: Config) -> None:
    calendar = decided(config, group="SDWG", on=date(2024, 3, 5), action="add", start="14:00", end="15:00")
    [found] = calendar.meetings(date(2024, 3, 1), date(2024, 3, 31), ["SDWG"])
    assert (found.status, found.on, found.is_ordinary) == (MeetingStatus.AD_HOC, date(2024, 3, 5), False)
    assert f"{found.starts_at:%H:%M}-{found.ends_at:%H:%M}" == "14:00-15:00"


def test_a_group_without_a_series_has_no_meetings(config: Config) -> None:
    groups = ["SDWG", "DRG", "BPRWG-TDWG", "LQTSG", "SAQTSG", "ECG", "CIG", "MAG", "IAG", "SAMPLE"]
    assert Calendar(config).meetings(date(2023, 1, 1), date(2024, 12, 31), groups) == []


def test_dag_sends_an_update_even_where_its_day_is_closed(config: Config) -> None:
    found = Calendar(config).meetings(date(2024, 1, 1), date(2024, 12, 31), ["DAG"])
    assert {m.status for m in found} == {MeetingStatus.EMAIL_UPDATE}
    assert len(found) == 12


# London's clocks went forward on 31 March 2024 and back on 27 October 2024.
@pytest.mark.parametrize(
    ("group", "day", "utc"),
    [
        ("CCAG", date(2024, 3, 27), time(10)),
        ("PSG", date(2024, 4, 3), time(9)),
        ("CCAG", date(2024, 10, 23), time(9)),
        ("PSG", date(2024, 11, 6), time(10)),
    ],
)
def test_the_wall_clock_stands_through_both_changes(config: Config, group: str, day: date, utc: time) -> None:
    [found] = Calendar(config).meetings(day, day, [group])
    assert found.starts_at.time() == utc


def test_meetings_come_in_order_and_each_has_an_id_of_its_own(config: Config) -> None:
    found = Calendar(config).meetings(date(2024, 1, 1), date(2026, 12, 31))
    assert found == sorted(found, key=lambda m: (m.starts_at, m.group))
    assert len({m.uid for m in found}) == len(found) > 400


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_time_are_no_crash(config: Config, day: date) -> None:
    assert Calendar(config).meeting_on("PSG", day) is None
    assert len(Calendar(config).meetings(day, day)) < 20
