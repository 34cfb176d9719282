"""What `check` warns of in the coming year: clashes, odd hours, weeks without slack, and too many messages."""

from __future__ import annotations

import re
from datetime import date, time

import pytest

from bot.config import Config
from bot.config_clocks import Closure
from bot.errors import Problem
from bot.model import Person
from bot.store.database import Database
from handlers.web.month_grid import calendar_html
from schedules.announcements import Announcer
from schedules.frictions import frictions_among, frictions_of, too_many_messages
from schedules.rehearsal import count_messages, rehearse
from schedules.series import Calendar

TODAY = date(2026, 2, 2)


def with_times(config: Config, group: str, start: time, end: time) -> Config:
    changed = config.groups[group]
    series = [rule.model_copy(update={"start": start, "end": end}) for rule in changed.series]
    groups = config.groups | {group: changed.model_copy(update={"series": series})}
    return config.model_copy(update={"groups": groups})


def found(config: Config) -> list[Problem]:
    return list(frictions_of(config, TODAY))


def test_the_shipped_calendar_rubs_at_easter_and_christmas_alone(config: Config) -> None:
    """Lone bank holidays, as in May and August, leave slack enough."""
    weeks = [re.match(r"The week of Monday (.+?) has (\d)", p.sentence) for p in found(config)]
    assert [match.groups() for match in weeks if match] == [
        ("30 March 2026", "4"), ("6 April 2026", "4"), ("21 December 2026", "4"), ("28 December 2026", "3"),
    ]  # fmt: skip
    assert len(weeks) == 4


def test_the_year_view_lists_what_rubs(config: Config) -> None:
    calendar, first, last = Calendar(config), date(2026, 12, 1), date(2027, 1, 31)
    meetings = calendar.meetings(first, last)
    rubs = list(frictions_among(calendar, meetings, first, last))
    page = calendar_html(meetings, first, last, calendar.closed, title="Christmas", frictions=rubs)
    assert "Where the calendar rubs" in page
    assert "The week of Monday 28 December 2026 has 3 working day(s)" in page


def test_people_due_in_two_places_are_named_with_the_first_day(config: Config) -> None:
    """QWG moved onto CDWG: both are open, on the second Tuesday."""
    [clash] = [p for p in found(with_times(config, "QWG", time(11), time(12))) if p.id == "clash"]
    assert (clash.id, clash.severity) == ("clash", "warning")
    assert clash.sentence.startswith("CDWG and QWG share people and overlap on Tuesday 10 February 2026, and ")
    assert clash.hint


@pytest.mark.parametrize(("start", "end"), [(time(8, 30), time(10)), (time(16), time(17, 45))])
def test_odd_hours_are_named(config: Config, start: time, end: time) -> None:
    odd = [p for p in found(with_times(config, "QWG", start, end)) if p.id == "outside-hours"]
    assert len(odd) == 1
    assert odd[0].sentence.startswith(f"QWG on Tuesday 10 February 2026 is {start:%H:%M}-{end:%H:%M}, outside 09:00")


def test_a_week_without_slack_is_named_with_what_counts_through_it(config: Config) -> None:
    """Christmas 2026: Friday 25 December is closed; the office closes on the three days before it."""
    days = [Closure(date=date(2026, 12, day), reason="Closed for Christmas") for day in (22, 23, 24)]
    closed = config.model_copy(update={"working_days": config.working_days.model_copy(update={"closures": days})})
    tight = next(p for p in found(closed) if "Monday 21 December 2026" in p.sentence)
    assert tight.sentence.startswith(
        "The week of Monday 21 December 2026 has 1 working day(s); these count through it: "
    )


def test_who_would_get_too_many_messages_is_named(
    config: Config, database: Database, people: dict[str, Person]
) -> None:
    """Cosmo sits in six groups; Emeka in one. The PMO's own people are not counted."""
    announcer = Announcer(config, Calendar(config), lambda: "")
    first, last = date(2026, 2, 1), date(2026, 2, 28)
    with database.reading() as session:
        counts = count_messages(rehearse(session, announcer, first, last))
    [problem] = too_many_messages(counts)
    assert (problem.id, problem.severity) == ("too-many-messages", "warning")
    assert "Cosmo Rutherglen" in problem.sentence
    assert "Emeka Loxley" not in problem.sentence
    assert "Tobias Wrenfield" not in problem.sentence
    assert list(too_many_messages([c for c in counts if c.messages <= 12])) == []
