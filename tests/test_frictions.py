"""What `check` warns of in the coming year: clashes, odd hours, weeks without slack, and too many messages."""

from __future__ import annotations

from datetime import date, time

import pytest

from bot.config import Closure, Config
from bot.errors import Problem
from bot.model import Person
from bot.store.database import Database
from schedules.announcements import Announcer
from schedules.frictions import frictions_of, too_many_messages
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


def test_the_shipped_calendar_rubs_nowhere_in_2026(config: Config) -> None:
    assert found(config) == []


def test_people_due_in_two_places_are_named_with_the_first_day(config: Config) -> None:
    """QWG moved onto CDWG: both are open, on the second Tuesday."""
    [clash] = found(with_times(config, "QWG", time(11), time(12)))
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
    [tight] = [p for p in found(closed) if p.id == "no-slack"]
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
        counts = count_messages(session, announcer, first, last, list(rehearse(session, announcer, first, last)))
    [problem] = too_many_messages(counts)
    assert (problem.id, problem.severity) == ("too-many-messages", "warning")
    assert "Cosmo Rutherglen" in problem.sentence
    assert "Emeka Loxley" not in problem.sentence
    assert "Tobias Wrenfield" not in problem.sentence
    assert list(too_many_messages([c for c in counts if c.messages <= 12])) == []
