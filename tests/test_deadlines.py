"""The clocks around a meeting, against dates worked out by hand, and the amendment window's own cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Config
from bot.config_groups import DatedEntry
from bot.model import Deadline, Meeting, MeetingStatus
from schedules.deadlines import Circumstances, deadlines_for, next_ordinary_meeting
from schedules.reminders import reminders_for
from schedules.series import Calendar


def meeting(config: Config, group: str, day: date) -> Meeting:
    calendar = Calendar(config)
    return calendar.meeting_on(group, day) or calendar.as_if_called(group, day)


def clocks(
    config: Config, found: Meeting, *, issued_at: datetime | None = None, known: list[Meeting] | None = None
) -> dict[str, Deadline]:
    """The meeting's clocks by kind."""
    calendar = Calendar(config)
    following = next_ordinary_meeting(found, calendar, known)
    return {d.kind: d for d in deadlines_for(found, calendar, Circumstances(following, issued_at))}


def due(config: Config, group: str, day: date) -> dict[str, str]:
    """Kind to instant, in UTC to the hour."""
    found = clocks(config, meeting(config, group, day))
    return {kind: f"{d.due_at:%Y-%m-%d %H}" for kind, d in found.items() if d.due_at}


# Each day counted by hand; 17:00 in London is 17 UTC in winter and 16 UTC in summer.
BY_HAND = [
    # five back from 7 February: 6 5 | 2 1 31; two on: 8 9; requests five before PSG of 6 March: 5 4 | 1 29 28
    ("PSG", date(2024, 2, 7), {
        "papers": "2024-01-31 17", "headline_report": "2024-02-09 17", "recording": "2024-02-09 17",
        "amendments_close": "2024-02-28 17", "amended_report": "2024-02-28 17",
    }),
    # over Easter: 2 | 1, weekend, 29 March | 28 27 26 25; the clocks go forward on 31 March, between the two
    ("PSG", date(2024, 4, 3), {
        "papers": "2024-03-25 17", "headline_report": "2024-04-05 16", "recording": "2024-04-05 16",
        # before PSG of 1 May: 30 29 | 26 25 24
        "amendments_close": "2024-04-24 16", "amended_report": "2024-04-24 16",
    }),
    # over New Year: 6 5 | weekend | 2 | 1 | 31 30; PSG of 4 February: 3 2 | 30 29 28
    ("PSG", date(2026, 1, 7), {
        "papers": "2025-12-30 17", "headline_report": "2026-01-09 17", "recording": "2026-01-09 17",
        "amendments_close": "2026-01-28 17", "amended_report": "2026-01-28 17",
    }),
    # over the early May bank holiday: 5 | 4, weekend | 1 30 29 28; PSG of 3 June: 2 1 | 29 28 27
    ("PSG", date(2026, 5, 6), {
        "papers": "2026-04-28 16", "headline_report": "2026-05-08 16", "recording": "2026-05-08 16",
        "amendments_close": "2026-05-27 16", "amended_report": "2026-05-27 16",
    }),
    # by the rule of its day: one working day, minutes within five (2 3 | 6 7 8), no recording;
    # requests five before PSG of 6 December: 5 4 | 1 30 29
    ("PSG", date(2023, 11, 1), {
        "papers": "2023-10-25 16", "headline_report": "2023-11-02 17", "minutes": "2023-11-08 17",
        "amendments_close": "2023-11-29 17", "amended_report": "2023-11-29 17",
    }),
    # the day on which PSG agreed CR035: two working days, no minutes; PSG of 3 January: 2 | 1 | 29 28 27 | 26 25 | 22
    ("PSG", date(2023, 12, 6), {
        "papers": "2023-11-29 17", "headline_report": "2023-12-08 17", "recording": "2023-12-08 17",
        "amendments_close": "2023-12-22 17", "amended_report": "2023-12-22 17",
    }),
    # papers over Christmas: | 1 | 31 30 | weekend | 27 | 26 25 | 24 23; SITWG of 6 February: 5 4 3 | 31 30
    ("SITWG", date(2025, 1, 2), {
        "papers": "2024-12-23 17", "headline_report": "2025-01-06 17", "recording": "2025-01-06 17",
        "amendments_close": "2025-01-30 17", "amended_report": "2025-01-30 17",
    }),
    # the report on the leap day, a Thursday: 28 29
    ("MCAG", date(2024, 2, 27), {
        "papers": "2024-02-20 17", "headline_report": "2024-02-29 17", "recording": "2024-02-29 17",
        # MCAG of 26 March: 25 | 22 21 20 19
        "amendments_close": "2024-03-19 17", "amended_report": "2024-03-19 17",
    }),
    # the clocks go back on 27 October, between the meeting and its report: 25 | weekend | 28
    ("DCWG", date(2024, 10, 24), {
        "papers": "2024-10-17 16", "headline_report": "2024-10-28 17", "recording": "2024-10-28 17",
        # DCWG of 28 November: 27 26 25 | 22 21
        "amendments_close": "2024-11-21 17", "amended_report": "2024-11-21 17",
    }),
    # Boxing Day 2026 is a Saturday, so Monday 28 December is closed too: 24 | 25, weekend, 28 | 29
    ("CCAG", date(2026, 12, 23), {
        "papers": "2026-12-16 17", "headline_report": "2026-12-29 17", "recording": "2026-12-29 17",
        # CCAG of 27 January: 26 25 | 22 21 20
        "amendments_close": "2027-01-20 17", "amended_report": "2027-01-20 17",
    }),
    # Monday 27 and Tuesday 28 December 2027 are substitutes, and so is Monday 3 January 2028:
    # 4 | 3, weekend | 31 30 29 | 28 27, weekend | 24
    ("PSG", date(2028, 1, 5), {
        "papers": "2027-12-24 17", "headline_report": "2028-01-07 17", "recording": "2028-01-07 17",
        # PSG of 2 February: 1 31 | 28 27 26
        "amendments_close": "2028-01-26 17", "amended_report": "2028-01-26 17",
    }),
    # papers and report only; 5 January 2024: 4 3 2 | 1 | weekend | 29 28; on: | weekend | 8 9
    ("GLIG-SIT", date(2024, 1, 5), {"papers": "2023-12-28 17", "headline_report": "2024-01-09 17"}),
    # an e-mail update in lieu: one clock. 14 February: 13 12 | 9 8 7; 8 January 2025: 7 6 | 3 2 | 1 | 31
    ("DAG", date(2024, 2, 14), {"update": "2024-02-07 17"}),
    ("DAG", date(2025, 1, 8), {"update": "2024-12-31 17"}),
    ("PSG-WEBINAR", date(2024, 2, 22), {}),
    ("SAMPLE", date(2024, 2, 22), {}),
]  # fmt: skip


@pytest.mark.parametrize(("group", "day", "expected"), BY_HAND)
def test_worked_out_by_hand(config: Config, group: str, day: date, expected: dict[str, str]) -> None:
    """The Chair's two clocks, at noon on the report's two days, stand in tests/test_clearances.py."""
    found = {kind: at for kind, at in due(config, group, day).items() if not kind.startswith("chair_")}
    assert found == expected


def test_level_4_had_no_minutes_before_cr035(config: Config) -> None:
    assert due(config, "MWG", date(2023, 11, 9)).keys() == {
        "papers", "headline_report", "amendments_close", "amended_report"
    }  # fmt: skip


def test_a_slot_of_dag_used_for_a_meeting_has_the_clocks_of_a_meeting(config: Config) -> None:
    called = due(config, "DAG", date(2024, 2, 20))
    assert "update" not in called
    assert {"papers", "headline_report", "recording"} <= called.keys()


def test_a_deadline_says_its_rule_its_clause_and_each_day_not_counted(config: Config) -> None:
    papers = clocks(config, meeting(config, "PSG", date(2024, 4, 3)))["papers"]
    assert papers.rule == (
        "Agenda and meeting papers issued: at least 5 working days before the meeting on Wednesday 3 April 2024, "
        "by 17:00 (London)"
    )
    assert "GF §Generic Meeting Practices" in papers.source
    assert {s.date: s.reason for s in papers.skipped} == {
        date(2024, 3, 29): "Good Friday",
        date(2024, 3, 30): "Saturday",
        date(2024, 3, 31): "Sunday",
        date(2024, 4, 1): "Easter Monday",
    }


def with_working_days(config: Config, **changes: object) -> Config:
    return config.model_copy(update={"working_days": config.working_days.model_copy(update=changes)})


def test_a_body_may_count_clear_days(config: Config) -> None:
    """Both end days left out: five clear days before 7 February 2024 (6 5 2 1 31) leave Tuesday 30 January."""
    found = due(with_working_days(config, counting="clear_days"), "PSG", date(2024, 2, 7))
    assert (found["papers"], found["headline_report"]) == ("2024-01-30 17", "2024-02-12 17")


def test_the_time_of_day_is_a_setting(config: Config) -> None:
    noon = with_working_days(config, deadline_time=datetime(2024, 1, 1, 12, tzinfo=UTC).time())
    assert due(noon, "PSG", date(2024, 7, 3))["papers"] == "2024-06-26 11"


def test_a_date_that_is_only_proposed_is_said_to_be_so(config: Config) -> None:
    found = meeting(config, "PSG", date(2025, 1, 1))
    assert found.status is MeetingStatus.PROPOSED_MOVE
    assert "only proposed" in clocks(config, found)["papers"].note
    before = clocks(config, meeting(config, "PSG", date(2024, 12, 4)))["amendments_close"]
    assert "only proposed" in before.note
    assert "New Year's Day" in before.note


# ------------------------------------------------------------------------------------------------- the amendment window

PSG_FEBRUARY = date(2024, 2, 7)


def test_at_the_end_of_a_series_it_closes_15_working_days_after_issue(config: Config) -> None:
    """TMAG's last, 20 December 2023, issued on the 22nd: 27 28 29 | 2 3 4 5 | 8-12 | 15 16 17 January."""
    last = meeting(config, "TMAG", date(2023, 12, 20))
    open_ended = clocks(config, last)["amendments_close"]
    assert open_ended.due_at is None
    assert "15 working days after the report's issue" in open_ended.note
    issued = clocks(config, last, issued_at=datetime(2023, 12, 22, 15, tzinfo=UTC))["amendments_close"]
    assert issued.due_at == datetime(2024, 1, 17, 17, tzinfo=UTC)


def test_it_never_closes_earlier_than_five_working_days_after_issue(config: Config) -> None:
    """Issued late, on Monday 26 February: 27 28 29 | 1 | 4 March, though the usual day is the 28th."""
    found = meeting(config, "PSG", PSG_FEBRUARY)
    late = clocks(config, found, issued_at=datetime(2024, 2, 26, 12, tzinfo=UTC))["amendments_close"]
    in_time = clocks(config, found, issued_at=datetime(2024, 2, 9, 12, tzinfo=UTC))["amendments_close"]
    assert late.due_at == datetime(2024, 3, 4, 17, tzinfo=UTC)
    assert in_time.due_at == datetime(2024, 2, 28, 17, tzinfo=UTC)


def test_an_announced_closing_is_honoured_when_the_next_meeting_is_brought_forward(config: Config) -> None:
    announced = datetime(2024, 2, 28, 17, tzinfo=UTC)
    sooner = moved(config, date(2024, 3, 6), to=date(2024, 2, 27))
    found = meeting(config, "PSG", PSG_FEBRUARY)
    unannounced = clocks(sooner, found)["amendments_close"]
    promised = clocks(sooner, replace(found, announced_close_at=announced))["amendments_close"]
    assert unannounced.due_at == datetime(2024, 2, 20, 17, tzinfo=UTC)  # 26 | 23 22 21 20
    assert promised.due_at == announced
    assert "honoured" in promised.note


def moved(config: Config, day: date, *, to: date) -> Config:
    entry = DatedEntry(group="PSG", on=day, action="move", to=to, assumed="a test")
    return config.model_copy(update={"dated_entries": [entry]})


def test_a_meeting_that_moves_drags_the_window_of_the_report_before_it(config: Config) -> None:
    """PSG of 6 March held on the 13th: 12 11 | 8 7 6."""
    later = moved(config, date(2024, 3, 6), to=date(2024, 3, 13))
    assert due(later, "PSG", PSG_FEBRUARY)["amendments_close"] == "2024-03-06 17"
    assert due(later, "PSG", date(2024, 3, 6))["papers"] == "2024-03-06 17"


def test_an_ad_hoc_meeting_never_closes_a_window(config: Config) -> None:
    calendar = Calendar(config)
    extraordinary = calendar.as_if_called("PSG", date(2024, 2, 20))
    found = meeting(config, "PSG", PSG_FEBRUARY)
    assert next_ordinary_meeting(found, calendar, [extraordinary]) == meeting(config, "PSG", date(2024, 3, 6))
    assert clocks(config, found, known=[extraordinary]) == clocks(config, found)


def test_a_window_keeps_its_date_when_the_next_meeting_is_cancelled(config: Config) -> None:
    """Rules §3: "when it is cancelled, closing and reissue keep their dates"."""
    cancelled = replace(meeting(config, "PSG", date(2024, 3, 6)), status=MeetingStatus.CANCELLED, revision=1)
    window = clocks(config, meeting(config, "PSG", PSG_FEBRUARY), known=[cancelled])["amendments_close"]
    assert window.due_at == datetime(2024, 2, 28, 17, tzinfo=UTC)


# --------------------------------------------------------------------------------------------------- always, everywhere


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.dates(date(2023, 1, 1), date(2027, 12, 1)))
def test_no_deadline_falls_on_a_closed_day_and_every_one_lies_on_its_side_of_the_meeting(
    config: Config, day: date
) -> None:
    calendar = Calendar(config)
    for found in calendar.meetings(day, day + timedelta(days=7)):
        for deadline in deadlines_for(found, calendar, Circumstances(next_ordinary_meeting(found, calendar))):
            if deadline.due_at is None:
                assert deadline.note
                continue
            assert calendar.closed(deadline.due_at.date()) is None
            assert (deadline.due_at < found.starts_at) == (deadline.kind in ("papers", "update"))
            assert deadline.source
            assert deadline.rule


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.dates(date(2024, 1, 1), date(2027, 12, 1)))
def test_no_reminder_falls_on_a_closed_day_and_each_is_stale_only_later(config: Config, day: date) -> None:
    calendar = Calendar(config)
    for found in calendar.meetings(day, day + timedelta(days=7)):
        known = deadlines_for(found, calendar, Circumstances(next_ordinary_meeting(found, calendar)))
        for reminder in reminders_for(found, known, calendar):
            assert calendar.closed(reminder.at.date()) is None
            assert reminder.at < reminder.not_after
