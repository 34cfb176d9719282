"""The meetings of the configuration's calendar: every series, its dated entries, what collides with a closure.

Pure: configuration and dates in, meetings out. What a person has since decided (moved, cancelled) lies in the
database and is laid over this by `bot.meetings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, partial
from itertools import islice
from typing import NamedTuple

from bot.clock import LONDON, YEARS
from bot.config import Config, DatedEntry, Group, SeriesRule
from bot.model import Meeting, MeetingStatus
from schedules.recurrence import Recurrence, rule_in_words
from schedules.remembered import Remembered
from schedules.working_days import WorkingDayTable, closure_reasons

FIRST_DAY, LAST_DAY = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)  # that the calendar covers
PROPOSAL_DAYS = 14  # assumed: the documents are silent; further away it would crowd the following meeting
PROPOSALS = 3  # rules §2: "proposes three ranked dates"


def closed_days(config: Config) -> WorkingDayTable:
    """Which days are working days, and why the others are closed, by this configuration."""
    days = config.working_days
    return closure_reasons(days.country, days.subdivision, {c.date: c.reason for c in days.closures})


class Slot(NamedTuple):
    """A meeting of the calendar by day and wall-clock, before its id and its instants are written out.

    Slots sort by when they begin.
    """

    on: date
    start: time
    end: time
    group: str
    nominal_on: date
    status: MeetingStatus
    source: str
    revision: int = 0
    reason: str = ""
    proposals: tuple[date, ...] = ()


class SharedSlot(NamedTuple):
    """A rule, and the groups that meet by it: their own circles, and all the circles of their people."""

    rule: SeriesRule
    ends_on: date
    groups: set[str]
    people: set[str]


Instants = Remembered[date, datetime]
"""When a clock falls, by the day of the event that it hangs on."""


class Calendar:
    """The programme's calendar by its configuration. Ask it for the meetings between two dates.

    What it has worked out (working days, who meets on a day, counted instants) it keeps as long as it lives.
    """

    def __init__(self, config: Config, closed: WorkingDayTable | None = None) -> None:
        self.config = config
        self.closed = closed or closed_days(config)
        moved = [abs(e.to - e.on) for e in config.dated_entries if e.to]
        self._reach = max(moved, default=timedelta(0)) + timedelta(days=PROPOSAL_DAYS)  # from the day by the rule
        self._recurrence = Recurrence(FIRST_DAY - self._reach, LAST_DAY + self._reach)
        self._entries: dict[str, dict[date, DatedEntry]] = {}
        for entry in config.dated_entries:
            self._entries.setdefault(entry.group, {})[entry.on] = entry
        self._counted: dict[tuple[int, time], Instants] = {}
        self._circles = Remembered(partial(circles, config))
        self._shared_by_day = Remembered(self._find_shared_by_day)  # by year
        self._busy = Remembered(self._find_busy)
        self._days_around = Remembered(self._rank_days_around)

    def meetings(self, first: date, last: date, groups: Iterable[str] | None = None) -> list[Meeting]:
        """Meetings held from `first` to `last`, both included, in order of start; of all groups, or of those named."""
        wanted = set(groups) if groups is not None else set(self.config.groups)
        found = [self.meeting(s) for key in self.config.groups if key in wanted for s in self.slots(key, first, last)]
        return sorted(found, key=lambda m: (m.starts_at, m.group))

    def slots(self, group: str, first: date, last: date) -> list[Slot]:
        """One group's meetings held from `first` to `last`, both included, in order of start."""
        first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
        near = self._slots(group, first - self._reach, last + self._reach)
        return sorted([slot for slot in near if first <= slot.on <= last])

    def meeting(self, slot: Slot) -> Meeting:
        """The slot written out: its id, its instants."""
        return Meeting(
            uid=f"{slot.group.lower()}-{slot.nominal_on.isoformat()}@{self.config.programme.domain}",
            group=slot.group,
            nominal_on=slot.nominal_on,
            starts_at=at_wall_clock(slot.on, slot.start),
            ends_at=at_wall_clock(slot.on, slot.end),
            status=slot.status,
            source=slot.source,
            revision=slot.revision,
            reason=slot.reason,
            proposals=slot.proposals,
        )

    def meeting_on(self, group: str, day: date) -> Meeting | None:
        """The group's meeting whose nominal or proposed date is that day, or None."""
        if day.year not in YEARS:
            return None
        near = self._slots(group, day - self._reach, day + self._reach)
        return next((self.meeting(slot) for slot in near if day in (slot.nominal_on, slot.on)), None)

    def as_if_called(self, group: str, day: date) -> Meeting:
        """A meeting of that group as it would be, were it called for that day: ad hoc, at the series' usual time."""
        start, end = self._usual_times(group)
        source = self.config.groups[group].on_the_word_of
        return self.meeting(Slot(day, start, end, group, day, MeetingStatus.AD_HOC, source))

    def _usual_times(self, group: str) -> tuple[time, time]:
        return next(((r.start, r.end) for r in self.config.groups[group].series), (time(10), time(12)))

    def _slots(self, key: str, first: date, last: date) -> Iterator[Slot]:
        """The group's slots whose day by the rule, or by the entry that adds them, lies in the span."""
        group, entries = self.config.groups[key], dict(self._entries.get(key, {}))
        by_email = group.status == "email_update"
        status = MeetingStatus.EMAIL_UPDATE if by_email else MeetingStatus.SCHEDULED
        for rule in group.series:
            start, end, source = rule.start, rule.end, f"{rule_in_words(rule)} ({rule.on_the_word_of})"
            for day in self._days(group, rule, first, last):
                if entry := entries.pop(day, None):
                    yield _decided(key, rule, entry)
                elif not by_email and self.closed.why_closed[day]:
                    yield self._proposed(key, rule, day, source)
                else:
                    yield Slot(day, start, end, key, day, status, source)
        start, end = self._usual_times(key)
        for on, entry in entries.items():
            if entry.action == "add" and first <= on <= last:
                times = entry.start or start, entry.end or end
                yield Slot(on, *times, key, on, MeetingStatus.AD_HOC, entry.on_the_word_of)

    def _days(self, group: Group, rule: SeriesRule, first: date, last: date) -> list[date]:
        """The days on which one of the group's rules puts a meeting, until the group ends."""
        return self._recurrence.dates_of(rule, first, min(last, group.ends_on or last))

    def _proposed(self, key: str, rule: SeriesRule, day: date, source: str) -> Slot:
        proposals = tuple(self.proposals(key, day, rule.start, rule.end))
        held_on = proposals[0] if proposals else day
        reason = (
            f"{day:%d %B %Y} is closed ({self.closed(day)}); the documents say nothing of that, so a person confirms "
            "another day"
        )
        status = MeetingStatus.PROPOSED_MOVE
        return Slot(held_on, rule.start, rule.end, key, day, status, source, reason=reason, proposals=proposals)

    def counted(self, count: int, at: time) -> Instants:
        """The instants `count` working days after an event (before it, where negative), at a time of day in London."""
        if (count, at) not in self._counted:
            self._counted[count, at] = Remembered(lambda day: at_wall_clock(self.closed.nth_from(day, count), at))
        return self._counted[count, at]

    def proposals(self, key: str, day: date, start: time, end: time) -> list[date]:
        """Up to three days for a meeting whose own day is closed, best first.

        Each is a working day, clear of meetings that share members or parent. Preferred: the same weekday, then the
        same month (in December earlier first), then nearness (rules §2).
        """
        too_late = self._prepared_day(key, day)
        free = (d for d in self._days_around[day] if d < too_late and not self._clashes(key, d, start, end))
        return list(islice(free, PROPOSALS))

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
        return sorted((d for d in span if self.closed(d) is None), key=rank)

    def _prepared_day(self, key: str, day: date) -> date:
        """The day of the meeting that this group's meeting prepares: the webinar stays before its PSG (rules §2)."""
        serves = self.config.groups[key].serves
        if not serves:
            return date.max
        group, until = self.config.groups[serves], day + timedelta(days=45)
        return min((on for rule in group.series for on in self._days(group, rule, day, until)), default=date.max)

    def _clashes(self, key: str, day: date, start: time, end: time) -> bool:
        """Whether the group itself meets that day, or people it shares are due elsewhere at that time.

        A slot kept for ad hoc meetings counts (rules §2: PSG on 8 January 2025 "lands on DAG").
        """
        return not self._circles[key].isdisjoint(self._busy[day, start, end])

    def _find_busy(self, when: tuple[date, time, time]) -> set[str]:
        """The circles that cannot come on a day between two hours: due elsewhere, or of a group that meets that day."""
        (day, start, end), busy = when, set[str]()
        for slot in self._shared_by_day[day.year].get(day, ()):
            busy |= slot.people if slot.rule.start < end and start < slot.rule.end else slot.groups
        return busy

    def _find_shared_by_day(self, year: int) -> dict[date, list[SharedSlot]]:
        days: dict[date, list[SharedSlot]] = {}
        for slot in self._shared:
            for day in self._recurrence.dates_of(slot.rule, date(year, 1, 1), min(date(year, 12, 31), slot.ends_on)):
                days.setdefault(day, []).append(slot)
        return days

    @cached_property
    def _shared(self) -> list[SharedSlot]:
        """What the rules take up, groups with the very same rule put together: there are many groups and few rules."""
        shared: dict[tuple[SeriesRule, date], SharedSlot] = {}
        for key, group in self.config.groups.items():
            for rule in group.series:
                ends_on = group.ends_on or date.max
                slot = shared.setdefault((rule, ends_on), SharedSlot(rule, ends_on, set(), set()))
                slot.groups.add(itself(key))
                slot.people.update(self._circles[key])
        return list(shared.values())


def _decided(key: str, rule: SeriesRule, entry: DatedEntry) -> Slot:
    """What a dated entry makes of the meeting that the rule puts on its day."""
    status = MeetingStatus.CANCELLED if entry.action == "cancel" else MeetingStatus.MOVED
    times = entry.start or rule.start, entry.end or rule.end
    reason = f"{entry.action} by an entry in the configuration ({entry.on_the_word_of})"
    return Slot(entry.to or entry.on, *times, key, entry.on, status, rule_in_words(rule), revision=1, reason=reason)


def itself(key: str) -> str:
    """The circle of a group's own members as a whole."""
    return f"group {key}"


def circles(config: Config, key: str) -> frozenset[str]:
    """The circles of people at a group's table: groups with one in common share people.

    A parent and its groups share people. Groups open to all share their participants; closed groups that seat the same
    constituency share its representative.
    """
    group = config.groups[key]
    found = {itself(key), f"family {key}"} | {f"seat {seat.constituency or seat.title}" for seat in group.seats}
    if group.parent:
        found.add(f"family {group.parent}")
    if group.attendance == "open":
        found.add("participants")
    return frozenset(found)


def shares_people(config: Config, one: str, other: str) -> bool:
    """Whether two groups share a parent or members, so that one person could be due in both."""
    return not circles(config, one).isdisjoint(circles(config, other))


def at_wall_clock(day: date, at: time) -> datetime:
    """That time of day in London, as an instant in UTC: right on both sides of a change of the clocks."""
    return datetime.combine(day, at, LONDON).astimezone(UTC)
