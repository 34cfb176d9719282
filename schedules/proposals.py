"""Where a meeting whose own day is closed might go: three ranked days, clear of people due elsewhere (rules §2). Pure.

Several meetings may look for a day at once, as at Christmas. They choose in turn: by the day of their rule, then as the
groups stand in the configuration; what one would take first is taken for those after it. Whoever is asked about, all
before it that could want the same days choose first: so the outcome does not depend on the group or month asked for.

Circles of people are kept as bits of an integer: two meetings share people where `one & other` is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, time, timedelta
from functools import cached_property
from itertools import islice
from threading import RLock
from typing import NamedTuple

from bot.config import Config
from bot.config_groups import SeriesRule
from schedules.recurrence import Recurrence
from schedules.remembered import Remembered
from schedules.working_days import ONE_DAY, WorkingDayTable

PROPOSALS = 3  # rules §2: "proposes three ranked dates"
PROPOSAL_DAYS = 14  # assumed: the documents are silent; further away it would crowd the following meeting
APART = timedelta(days=2 * PROPOSAL_DAYS)  # two meetings further apart than this cannot want the same day

Hours = tuple[time, time]
"""From when to when, by London's clocks."""


class Sitting(NamedTuple):
    """A group's meeting: the day of its rule, its hours, the groups that meet jointly, and the day on which it is held.

    That is the day of its rule, too, as long as nobody has decided otherwise.
    """

    nominal_on: date
    group: str
    hours: Hours
    also_for: tuple[str, ...]
    on: date


class RuleInUse(NamedTuple):
    """A rule, until when it holds, and the groups that meet by it: there are many groups and few rules."""

    rule: SeriesRule
    ends_on: date
    groups: list[str]


class Proposals:
    """The days proposed for each meeting on a closed day.

    `circles` gives the circles of people at a group's table; `prepared_day` the day before which a group's meeting of
    some day has to be, for what it prepares; `settled` the meetings that somebody has decided.
    """

    def __init__(
        self,
        config: Config,
        closed: WorkingDayTable,
        recurrence: Recurrence,
        *,
        circles: Callable[[str], Iterable[str]],
        prepared_day: Callable[[str, date], date],
        settled: Callable[[], Iterable[Sitting]],
    ) -> None:
        self._config, self._closed, self._recurrence = config, closed, recurrence
        self._prepared_day, self._find_settled = prepared_day, settled
        self._group_bits = {key: 1 << place for place, key in enumerate(config.groups)}
        self._circle_bits: dict[str, int] = {}
        self._people: Remembered[str, int] = Remembered(lambda key: self._find_people(key, circles(key)))
        self._rules_by_day = Remembered(self._find_rules_by_day)  # by year
        self._kept_away = Remembered(self._find_kept_away)  # by the rules of a day
        self._busy = Remembered(self._find_busy)  # by day; what is chosen is added
        self._replaced = Remembered(self._find_replaced)  # by day
        self.days_around = Remembered(self._rank_days_around)
        self._chosen: dict[date, dict[Sitting, tuple[date, ...]]] = {}
        self._one_at_a_time = RLock()  # two threads that choose would take the days from each other

    def of(self, collision: Sitting) -> tuple[date, ...]:
        """Up to three days for a meeting whose own day is closed, best first; none where no day near it is free.

        Each is a working day, clear of meetings that share members or parent. Preferred: the same weekday, then the
        same month (in December earlier first), then nearness (rules §2).
        """
        if collision.nominal_on not in self._chosen:
            with self._one_at_a_time:
                for day in self._days_to_choose(collision.nominal_on):
                    self._chosen[day] = {each: self._choose(each) for each in self._collisions_on(day)}
        return self._chosen[collision.nominal_on].get(collision, ())

    def _choose(self, collision: Sitting) -> tuple[date, ...]:
        day, key, hours, also_for, _ = collision
        (themselves, people), too_late = self._bits_of((key, *also_for)), self._prepared_day(key, day)
        free = (d for d in self.days_around[day] if d < too_late and not people & self._busy[d][hours])
        found = tuple(islice(free, PROPOSALS))
        if found and (also_for or key not in self._replaced[day]):
            _engage(self._busy[found[0]], hours, themselves, people)
        return found

    # --------------------------------------------------------------------------------------------------- in what order

    def _days_to_choose(self, day: date) -> list[date]:
        """The closed days whose meetings have still to choose before those of that day do, and itself.

        Those of the days shortly before it may want the same days as its own, and those before them the same as theirs.
        """
        first = day
        while first not in self._chosen and (before := self._closed_days_of_meetings(first - APART, first - ONE_DAY)):
            first = before[0]
        return [on for on in self._closed_days_of_meetings(first, day) if on not in self._chosen]

    def _closed_days_of_meetings(self, first: date, last: date) -> list[date]:
        days = (day for year in range(first.year, last.year + 1) for day in self._rules_by_day[year])
        return sorted(day for day in days if first <= day <= last and self._closed(day))

    def _collisions_on(self, day: date) -> list[Sitting]:
        """Those of one day, as the groups stand in the configuration."""
        places, groups = self._group_bits, self._config.groups
        found = [
            Sitting(day, key, (rule.start, rule.end), rule.joint_with, day)
            for rule, key in self._undecided(day)
            if groups[key].status != "email_update"
        ]
        return sorted(found, key=lambda each: (places[each.group], each.hours))

    def _rank_days_around(self, day: date) -> list[date]:
        """The working days within two weeks of a closed day, those that a meeting had rather be moved to first."""

        def rank(candidate: date) -> tuple[bool, bool, bool, int]:
            earlier_wanted = day.month == 12
            return (
                candidate.weekday() != day.weekday(),
                (candidate.year, candidate.month) != (day.year, day.month),
                earlier_wanted and candidate > day,
                abs((candidate - day).days) * 2 + (candidate < day),
            )

        span = [day + timedelta(days=n) for n in range(-PROPOSAL_DAYS, PROPOSAL_DAYS + 1) if n]
        return sorted((d for d in span if self._closed(d) is None), key=rank)

    # ------------------------------------------------------------------------------------------------- who is due when

    def _find_people(self, key: str, circles: Iterable[str]) -> int:
        """The bit of the group itself, and that of each circle of its people."""
        people, first_free = self._group_bits[key], len(self._group_bits)
        for circle in circles:
            people |= self._circle_bits.setdefault(circle, 1 << first_free + len(self._circle_bits))
        return people

    def _bits_of(self, keys: Iterable[str]) -> tuple[int, int]:
        """The groups themselves, and all circles of their people."""
        themselves = people = 0
        for key in keys:
            themselves |= self._group_bits[key]
            people |= self._people[key]
        return themselves, people

    def _find_busy(self, day: date) -> dict[Hours, int]:
        """Who cannot come on a day, by the hours that a meeting might have."""
        busy = self._kept_away[tuple(self._rules_on(day))].copy()
        for sitting in self._settled.get(day, ()):
            if sitting.on == day:
                _engage(busy, sitting.hours, *self._bits_of((sitting.group, *sitting.also_for)))
        return busy

    def _find_kept_away(self, rules: tuple[int, ...]) -> dict[Hours, int]:
        """Who cannot come on a day that has meetings by those rules.

        A slot kept for ad hoc meetings counts (rules §2: PSG on 8 January 2025 "lands on DAG"), and so does the day
        that a meeting was moved from: a person may move it back.
        """
        busy = dict.fromkeys(((rule.start, rule.end) for rule, _, _ in self._rules), 0)
        for rule, _, groups in map(self._rules.__getitem__, rules):
            _engage(busy, (rule.start, rule.end), *self._bits_of((*groups, *rule.joint_with)))
        return busy

    def _find_replaced(self, day: date) -> set[str]:
        """The groups whose own meeting of that day is not held, because a joint one takes its place."""
        by_rule = [rule.joint_with for rule, _ in self._undecided(day)]
        settled = [sitting.also_for for sitting in self._settled.get(day, ())]
        return {key for also_for in by_rule + settled for key in also_for}

    def _undecided(self, day: date) -> Iterator[tuple[SeriesRule, str]]:
        """The rules that put a meeting on that day of which nobody has decided, and whose."""
        decided = {sitting.group for sitting in self._settled.get(day, ()) if sitting.nominal_on == day}
        for rule, _, groups in map(self._rules.__getitem__, self._rules_on(day)):
            for key in groups:
                if key not in decided:
                    yield rule, key

    def _rules_on(self, day: date) -> list[int]:
        """The rules that put a meeting on that day, by their places in `_rules`."""
        return self._rules_by_day[day.year].get(day, [])

    def _find_rules_by_day(self, year: int) -> dict[date, list[int]]:
        days: dict[date, list[int]] = {}
        for place, (rule, ends_on, _) in enumerate(self._rules):
            for day in self._recurrence.dates_of(rule, date(year, 1, 1), min(date(year, 12, 31), ends_on)):
                days.setdefault(day, []).append(place)
        return days

    @cached_property
    def _rules(self) -> list[RuleInUse]:
        found: dict[tuple[SeriesRule, date], RuleInUse] = {}
        for key, group in self._config.groups.items():
            ends_on = group.ends_on or date.max
            for rule in group.series:
                found.setdefault((rule, ends_on), RuleInUse(rule, ends_on, [])).groups.append(key)
        return list(found.values())

    @cached_property
    def _settled(self) -> dict[date, list[Sitting]]:
        """The meetings that somebody has decided, by both their days."""
        days: dict[date, list[Sitting]] = {}
        for sitting in self._find_settled():
            for day in {sitting.nominal_on, sitting.on}:
                days.setdefault(day, []).append(sitting)
        return days


def _engage(busy: dict[Hours, int], hours: Hours, themselves: int, people: int) -> None:
    """Add the people of one more meeting to those who cannot come on a day.

    At other hours these are only the groups themselves: a group does not meet twice on a day.
    """
    start, end = hours
    for (begins, ends), away in busy.items():
        busy[begins, ends] = away | (people if begins < end and start < ends else themselves)
