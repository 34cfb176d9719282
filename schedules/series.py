"""The meetings of the configuration's calendar: every series, its dated entries, what collides with a closure.

Pure: configuration and dates in, meetings out. What a person has since decided (moved, cancelled) lies in the
database and is laid over this by `bot.meetings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from bot.clock import LONDON, YEARS
from bot.config import Config, DatedEntry, Group, SeriesRule
from bot.model import Meeting, MeetingStatus
from schedules.recurrence import dates_of, rule_in_words
from schedules.working_days import ClosureReason, closure_reasons

PROPOSAL_DAYS = 14  # assumed: the documents are silent; further away it would crowd the following meeting
PROPOSALS = 3  # rules §2: "proposes three ranked dates"


def closed_days(config: Config) -> ClosureReason:
    """Why a day is closed, by this configuration."""
    days = config.working_days
    return closure_reasons(days.country, days.subdivision, {c.date: c.reason for c in days.closures})


class Calendar:
    """The programme's calendar by its configuration. Ask it for the meetings between two dates."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.closed = closed_days(config)
        moved = [abs(e.to - e.on) for e in config.dated_entries if e.to]
        self._reach = max(moved, default=timedelta(0)) + timedelta(days=PROPOSAL_DAYS)  # from the day by the rule
        self._days_of_group = lru_cache(maxsize=4096)(self._days_in_month)

    def meetings(self, first: date, last: date, groups: Iterable[str] | None = None) -> list[Meeting]:
        """Meetings held from `first` to `last`, both included, in order of start; of all groups, or of those named."""
        first, last = max(first, date(YEARS[0], 1, 1)), min(last, date(YEARS[-1], 12, 31))
        wanted = set(groups) if groups is not None else set(self.config.groups)
        found = [
            meeting
            for key in self.config.groups
            if key in wanted
            for meeting in self._meetings_of(key, first - self._reach, last + self._reach)
            if first <= meeting.on <= last
        ]
        return sorted(found, key=lambda m: (m.starts_at, m.group))

    def meeting_on(self, group: str, day: date) -> Meeting | None:
        """The group's meeting whose nominal or proposed date is that day, or None."""
        if day.year not in YEARS:
            return None
        near = self._meetings_of(group, day - self._reach, day + self._reach)
        return next((m for m in near if day in (m.nominal_on, m.on)), None)

    def as_if_called(self, group: str, day: date) -> Meeting:
        """A meeting of that group as it would be, were it called for that day: ad hoc, at the series' usual time."""
        config = self.config.groups[group]
        start, end = next(((r.start, r.end) for r in config.series), (time(10), time(12)))
        return self._meeting(group, day, day, start, end, MeetingStatus.AD_HOC, config.on_the_word_of)

    def _meetings_of(self, key: str, first: date, last: date) -> Iterator[Meeting]:
        group = self.config.groups[key]
        entries = {e.on: e for e in self.config.dated_entries if e.group == key}
        for rule, day in self._days(group, first, last):
            entry = entries.pop(day, None)
            yield self._decided(key, rule, day, entry) if entry else self._by_rule(key, group, rule, day)
        for entry in entries.values():
            if entry.action == "add" and first <= entry.on <= last:
                usual = self.as_if_called(key, entry.on)
                start, end = entry.start or _wall(usual.starts_at), entry.end or _wall(usual.ends_at)
                yield self._meeting(key, entry.on, entry.on, start, end, MeetingStatus.AD_HOC, entry.on_the_word_of)

    def _days(self, group: Group, first: date, last: date) -> Iterator[tuple[SeriesRule, date]]:
        if group.status in ("ad_hoc_only", "configurable") and not group.series:
            return
        last = min(last, group.ends_on or last)
        for rule in group.series:
            for day in dates_of(rule, first, last):
                yield rule, day

    def _by_rule(self, key: str, group: Group, rule: SeriesRule, day: date) -> Meeting:
        source = f"{rule_in_words(rule)} ({rule.on_the_word_of})"
        why = self.closed(day)
        if group.status == "email_update":
            return self._meeting(key, day, day, rule.start, rule.end, MeetingStatus.EMAIL_UPDATE, source)
        if why is None:
            return self._meeting(key, day, day, rule.start, rule.end, MeetingStatus.SCHEDULED, source)
        proposals = self.proposals(key, day, rule.start, rule.end)
        held_on = proposals[0] if proposals else day
        reason = (
            f"{day:%d %B %Y} is closed ({why}); the documents say nothing of that, so a person confirms another day"
        )
        meeting = self._meeting(key, day, held_on, rule.start, rule.end, MeetingStatus.PROPOSED_MOVE, source)
        return replace(meeting, reason=reason, proposals=tuple(proposals))

    def _decided(self, key: str, rule: SeriesRule, day: date, entry: DatedEntry) -> Meeting:
        status = MeetingStatus.CANCELLED if entry.action == "cancel" else MeetingStatus.MOVED
        start, end = entry.start or rule.start, entry.end or rule.end
        meeting = self._meeting(key, day, entry.to or day, start, end, status, rule_in_words(rule))
        return replace(
            meeting, reason=f"{entry.action} by an entry in the configuration ({entry.on_the_word_of})", revision=1
        )

    def _meeting(
        self, key: str, nominal: date, day: date, start: time, end: time, status: MeetingStatus, source: str
    ) -> Meeting:
        return Meeting(
            uid=f"{key.lower()}-{nominal.isoformat()}@{self.config.programme.domain}",
            group=key,
            nominal_on=nominal,
            starts_at=at_wall_clock(day, start),
            ends_at=at_wall_clock(day, end),
            status=status,
            source=source,
        )

    def proposals(self, key: str, day: date, start: time, end: time) -> list[date]:
        """Up to three days for a meeting whose own day is closed, best first.

        Each is a working day, clear of meetings that share members or parent. Preferred: the same weekday, then the
        same month (in December earlier first), then nearness (rules §2).
        """
        span = [day + timedelta(days=n) for n in range(-PROPOSAL_DAYS, PROPOSAL_DAYS + 1) if n]
        too_late = self._prepared_day(key, day)
        free = [d for d in span if d < too_late and self.closed(d) is None and not self._clashes(key, d, start, end)]

        def rank(candidate: date) -> tuple[bool, bool, bool, int]:
            earlier_wanted = day.month == 12
            return (
                candidate.weekday() != day.weekday(),
                (candidate.year, candidate.month) != (day.year, day.month),
                earlier_wanted and candidate > day,
                abs((candidate - day).days) * 2 + (candidate < day),
            )

        return sorted(free, key=rank)[:PROPOSALS]

    def _prepared_day(self, key: str, day: date) -> date:
        """The day of the meeting that this group's meeting prepares: the webinar stays before its PSG (rules §2)."""
        serves = self.config.groups[key].serves
        later = self._days(self.config.groups[serves], day, day + timedelta(days=45)) if serves else ()
        return min((on for _, on in later), default=date.max)

    def _clashes(self, key: str, day: date, start: time, end: time) -> bool:
        """Whether the group itself meets that day, or people it shares are due elsewhere at that time.

        A slot kept for ad hoc meetings counts (rules §2: PSG on 8 January 2025 "lands on DAG").
        """
        for other in self.config.groups:
            rules = self._days_of_group(other, day.year, day.month).get(day, ())
            if other == key and rules:
                return True
            overlapping = any(rule.start < end and start < rule.end for rule in rules)
            if overlapping and shares_people(self.config, key, other):
                return True
        return False

    def _days_in_month(self, key: str, year: int, month: int) -> dict[date, list[SeriesRule]]:
        first = date(year, month, 1)
        days: dict[date, list[SeriesRule]] = {}
        for rule, day in self._days(self.config.groups[key], first, first + timedelta(days=31)):
            days.setdefault(day, []).append(rule)
        return days


def shares_people(config: Config, one: str, other: str) -> bool:
    """Whether two groups share a parent or members, so that one person could be due in both.

    Groups open to all share their participants; closed groups that seat the same constituency share its representative.
    """
    first, second = config.groups[one], config.groups[other]
    if first.parent == other or second.parent == one or (first.parent and first.parent == second.parent):
        return True
    if first.attendance == "open" and second.attendance == "open":
        return True
    seats = {s.constituency or s.title for s in first.seats}
    return bool(seats & {s.constituency or s.title for s in second.seats})


def at_wall_clock(day: date, at: time) -> datetime:
    """That time of day in London, as an instant in UTC: right on both sides of a change of the clocks."""
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def _wall(instant: datetime) -> time:
    return instant.astimezone(LONDON).time()
