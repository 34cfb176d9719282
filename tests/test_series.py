"""Which meetings there are: the rules, what collides with a bank holiday, and what a dated entry changes."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import LONDON
from bot.config import Config
from bot.config_clocks import Closure
from bot.config_groups import DatedEntry, SeriesRule
from bot.model import Meeting, MeetingStatus
from schedules.deadlines import Circumstances, all_deadlines, all_instants, deadlines_for, next_ordinary_meeting
from schedules.recurrence import dates_of, rule_in_words
from schedules.series import Calendar, meetings_share_people

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


# ------------------------------------------------------------------------------------ several look for a day at once


def firsts(config: Config, *wanted: tuple[str, date]) -> list[str]:
    """The first proposals for those meetings, as '24 Dec'."""
    return [f"{collided(config, group, day).proposals[0]:%d %b}" for group, day in wanted]


def test_what_one_meeting_would_take_first_is_not_proposed_to_another_with_the_same_people(config: Config) -> None:
    """CCAG (10:00-12:00) chooses before the webinar (11:30-12:00); both belong to PSG."""
    christmas, boxing_day = collided(config, "CCAG", date(2024, 12, 25)), date(2024, 12, 26)
    assert christmas.proposals[0] == date(2024, 12, 24)
    # Thursday 19 December is QAG's; Tuesday 24 December is CCAG's now
    assert [f"{day:%d %b}" for day in collided(config, "PSG-WEBINAR", boxing_day).proposals] == [
        "12 Dec", "23 Dec", "20 Dec"
    ]  # fmt: skip


def test_two_groups_of_one_parent_are_not_sent_to_the_same_hours(config: Config) -> None:
    """MCAG stands before CCAG in the configuration, so it chooses first; Wednesdays are SITAG's and DAG's."""
    both = with_group(config, "MCAG", series=[rule("Wednesday", "11:00", "13:00", nth=4)])
    day = date(2024, 12, 25)
    assert firsts(both, ("MCAG", day), ("CCAG", day)) == ["24 Dec", "23 Dec"]
    apart = with_group(config, "MCAG", series=[rule("Wednesday", "13:00", "14:00", nth=4)])
    assert firsts(apart, ("MCAG", day), ("CCAG", day)) == ["18 Dec", "24 Dec"], "SITAG is over by noon"


def test_two_collisions_of_one_group_get_different_days(config: Config) -> None:
    """Every other Wednesday and Thursday is the group's own."""
    twice = with_group(
        config, "CIG", series=[
            rule("Wednesday", "16:30", "17:00", every_weeks=1, anchor=date(2024, 1, 3)),
            rule("Thursday", "09:00", "09:30", every_weeks=1, anchor=date(2024, 1, 4)),
        ]
    )  # fmt: skip
    assert firsts(twice, ("CIG", date(2024, 12, 25)), ("CIG", date(2024, 12, 26))) == ["24 Dec", "23 Dec"]


def test_a_day_to_which_an_entry_has_moved_a_meeting_is_taken(config: Config) -> None:
    """CCAG would come first to 24 December; SITAG has been moved there."""
    moved = decided(config, group="SITAG", on=date(2024, 12, 18), action="move", to=date(2024, 12, 24))
    assert firsts(moved.config, ("CCAG", date(2024, 12, 25))) == ["23 Dec"]


def test_a_meeting_of_which_a_person_has_decided_takes_no_day_by_proposal(config: Config) -> None:
    moved = decided(config, group="CCAG", on=date(2024, 12, 25), action="move", to=date(2024, 12, 17))
    webinar = collided(moved.config, "PSG-WEBINAR", date(2024, 12, 26))
    assert [f"{day:%d %b}" for day in webinar.proposals] == ["12 Dec", "24 Dec", "23 Dec"]


HOURS = (("10:00", "12:00"), ("11:30", "12:00"), ("14:00", "16:00"), ("11:00", "15:00"))
BEGIN, END = date(2024, 1, 1), date(2024, 8, 31)
CLOSABLE = st.dates(BEGIN, date(2024, 6, 30))


@st.composite
def crowded_calendars(draw: st.DrawFn, config: Config) -> Calendar:
    """A few groups with people in common that meet often, some jointly, with more closed days and some decisions."""
    keys = [f"G{n}" for n in range(draw(st.integers(2, 5)))]
    changes = {key: draw(changes_of_a_group(key, keys)) for key in keys}
    groups = {key: config.groups["MWG"].model_copy(update=change) for key, change in changes.items()}
    closures = [Closure(date=day, reason="closed") for day in draw(st.lists(CLOSABLE, max_size=12))]
    days = config.working_days.model_copy(update={"closures": closures})
    entries = [
        DatedEntry(group=draw(st.sampled_from(keys)), on=day, action="move", to=draw(CLOSABLE), assumed="a test")
        for day in draw(st.lists(st.sampled_from([date(2024, 3, 29), *(c.date for c in closures)]), max_size=3))
    ]
    return Calendar(config.model_copy(update={"groups": groups, "dated_entries": entries, "working_days": days}))


@st.composite
def changes_of_a_group(draw: st.DrawFn, key: str, keys: list[str]) -> dict[str, object]:
    """What one of those groups is: one or two series on different weekdays."""
    series = []
    weekdays = CLOSABLE.filter(lambda day: day.weekday() < 5)
    for anchor in draw(st.lists(weekdays, min_size=1, max_size=2, unique_by=lambda day: day.weekday())):
        often: dict[str, Any] = draw(st.sampled_from([{"nth": 4}, {"every_weeks": 1}, {"every_weeks": 2}]))
        joint = draw(st.sampled_from([[], [], [], [other for other in keys if other != key][:1]]))
        start, end = draw(st.sampled_from(HOURS))
        series.append(rule(f"{anchor:%A}", start, end, anchor=anchor, joint_with=joint, **often))
    parent, attendance = draw(st.sampled_from([None, keys[0], "PSG"])), draw(st.sampled_from(["open", "closed"]))
    return {"parent": parent, "attendance": attendance, "series": series, "seats": []}


def in_each_others_way(config: Config, one: Meeting, on: date, other: Meeting) -> bool:
    """Whether one meeting, held on that day, would be in the way of another where that is held."""
    hours = [(m.starts_at.astimezone(LONDON).time(), m.ends_at.astimezone(LONDON).time()) for m in (one, other)]
    overlap = hours[0][0] < hours[1][1] and hours[1][0] < hours[0][1]
    same_group = not set(one.groups).isdisjoint(other.groups)
    return on == other.on and (same_group or (overlap and meetings_share_people(config, one, other)))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_first_proposals_are_working_days_clear_of_all_other_meetings(config: Config, data: st.DataObject) -> None:
    calendar = data.draw(crowded_calendars(config))
    held = calendar.meetings(BEGIN, END)
    proposed = [m for m in held if m.proposals]
    settled = [m for m in held if m.status is not MeetingStatus.PROPOSED_MOVE]
    for one in proposed:
        assert all(calendar.closed(day) is None for day in one.proposals)
        assert not any(in_each_others_way(calendar.config, one, one.on, other) for other in proposed if other != one)
        for day in one.proposals:
            assert not any(in_each_others_way(calendar.config, one, day, other) for other in settled)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whoever_chooses_later_is_offered_none_of_the_days_taken_first(config: Config, data: st.DataObject) -> None:
    calendar = data.draw(crowded_calendars(config))
    places = list(calendar.config.groups)
    proposed = [m for m in calendar.meetings(BEGIN, END) if m.proposals]
    in_turn = sorted(proposed, key=lambda m: (m.nominal_on, places.index(m.group)))
    for earlier, later in combinations(in_turn, 2):
        assert not any(in_each_others_way(calendar.config, later, day, earlier) for day in later.proposals)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_does_not_matter_which_month_or_group_is_asked_for(config: Config, data: st.DataObject) -> None:
    calendar = data.draw(crowded_calendars(config))
    month = date(2024, data.draw(st.integers(1, 6)), 1)
    last, group = month + timedelta(days=27), data.draw(st.sampled_from(list(calendar.config.groups)))
    of_the_year = calendar.meetings(BEGIN, END)
    afresh = Calendar(calendar.config)
    asked = [m for m in of_the_year if month <= m.on <= last and group in m.groups]
    assert afresh.meetings(month, last, [group]) == asked
    assert afresh.meetings(BEGIN, END) == of_the_year


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_deadlines_in_bulk_are_those_of_each_meeting_by_itself(config: Config, data: st.DataObject) -> None:
    """Where meetings are joint, moved past one another, or only proposed, too."""
    calendar = data.draw(crowded_calendars(config))
    in_bulk = list(all_deadlines(calendar, BEGIN, date(2024, 4, 30)))
    for meeting, found in in_bulk:
        following = Circumstances(next_ordinary_meeting(meeting, calendar))
        assert [(d.kind, d.due_at) for d in found] == [
            (d.kind, d.due_at) for d in deadlines_for(meeting, calendar, following)
        ]
    in_columns = {
        (column.group, nominal_on, column.clock.kind, due_at)
        for column in all_instants(calendar, BEGIN, date(2024, 4, 30))
        for nominal_on, due_at in zip(column.nominal_on, column.due_at, strict=True)
    }
    assert in_columns == {(m.group, m.nominal_on, d.kind, d.due_at) for m, found in in_bulk for d in found}


def test_threads_that_ask_one_calendar_at_once_are_told_the_same(config: Config) -> None:
    """The pages, the clocks and Slack share one."""
    first, last = date(2023, 12, 1), date(2032, 1, 31)
    expected, usual = Calendar(config).meetings(first, last), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            shared = Calendar(config)
            with ThreadPoolExecutor(4) as threads:
                assert list(threads.map(shared.meetings, [first] * 4, [last] * 4)) == [expected] * 4
    finally:
        sys.setswitchinterval(usual)
