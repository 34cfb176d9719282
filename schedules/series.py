"""The meetings of the configuration's calendar: every series, its dated entries, what collides with a closure.

Pure: configuration and dates in, meetings out. What a person has since decided (moved, cancelled) lies in the
database and is laid over this by `bot.meetings`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice, product, repeat
from operator import attrgetter
from typing import NamedTuple

from bot.clock import LONDON, YEARS, spoken_date
from bot.config import Config
from bot.config_groups import DatedEntry, Group, SeriesRule
from bot.model import Meeting, MeetingStatus
from schedules.proposals import PROPOSAL_DAYS, PROPOSALS, Proposals, Sitting
from schedules.recurrence import Recurrence, rule_in_words
from schedules.remembered import Remembered
from schedules.working_days import WorkingDayTable, closure_reasons

FIRST_DAY, LAST_DAY = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)  # that the calendar covers
PREPARES_WITHIN = timedelta(days=45)  # a meeting that prepares another comes no earlier before it


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
    also_for: tuple[str, ...] = ()


def slots_on(days: list[date], usual: Slot) -> Iterator[Slot]:
    """The usual slot on each of those days, by the rule.

    As if by `usual._replace(on=day, nominal_on=day)`, but these are most of the calendar: no line of Python for each.
    """
    _, start, end, group, _, *others = usual
    fields = zip(days, repeat(start), repeat(end), repeat(group), days, *map(repeat, others))
    return map(partial(tuple.__new__, Slot), fields)


Instants = Remembered[date, datetime]
"""When a clock falls, by the day of the event that it hangs on."""


class Calendar:
    """The programme's calendar by its configuration. Ask it for the meetings between two dates.

    What it has worked out (working days, who meets on a day, counted instants) it keeps as long as it lives.
    """

    def __init__(self, config: Config, closed: WorkingDayTable | None = None) -> None:
        self.config = config
        self.closed = closed or closed_days(config)
        moved = [abs(e.to - e.on) + timedelta(days=PROPOSAL_DAYS) for e in config.dated_entries if e.to]  # what follows
        self._reach = max(moved, default=timedelta(0)) + timedelta(days=PROPOSAL_DAYS)  # from the day by the rule
        self._recurrence = Recurrence(FIRST_DAY - self._reach, LAST_DAY + self._reach)
        self._entries: dict[str, dict[date, DatedEntry]] = {}
        for entry in config.dated_entries:
            self._entries.setdefault(entry.group, {})[entry.on] = entry
        self._hosts = hosts_of(config)
        self._are_hosts = {host for hosts in self._hosts.values() for host in hosts}
        self._counted: dict[tuple[int, time], Instants] = {}
        self._circles = Remembered(partial(circles, config))
        self._why_proposed = Remembered(self._say_why_proposed)  # by day
        self._proposals = Proposals(
            config, self.closed, self._recurrence,
            circles=self._circles.__getitem__, prepared_day=self._prepared_day, settled=self._settled,
        )  # fmt: skip

    def meetings(self, first: date, last: date, groups: Iterable[str] | None = None) -> list[Meeting]:
        """Meetings held from `first` to `last`, both included, in order of start; of all groups, or of those named.

        A joint meeting is one of each group that it serves, and comes once.
        """
        wanted = set(groups) if groups is not None else set(self.config.groups)
        found = dict.fromkeys(s for key in self.config.groups if key in wanted for s in self.slots(key, first, last))
        return sorted(map(self.meeting, found), key=lambda m: (m.starts_at, m.group))

    def slots(self, group: str, first: date, last: date) -> list[Slot]:
        """One group's meetings held from `first` to `last`, both included, in order of start; its joint ones too."""
        first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
        near = self._slots(group, first - self._reach, last + self._reach)
        found, on = sorted(near), attrgetter("on")
        return found[bisect_left(found, first, key=on) : bisect_right(found, last, key=on)]

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
            also_for=slot.also_for,
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

    def meets_by_rule(self, key: str, day: date) -> bool:
        """Whether one of the group's own rules puts a meeting on that day, for itself alone, and no entry another."""
        group = self.config.groups[key]
        return day not in self._entries.get(key, {}) and any(
            self._days(group, rule, day, day) for rule in group.series if not rule.joint_with
        )

    def meets_by_rule_only(self, key: str) -> bool:
        """Whether the group has no joint meetings of others, none called ad hoc, and no e-mail updates."""
        added = any(entry.action == "add" for entry in self._entries.get(key, {}).values())
        return key not in self._hosts and not added and self.config.groups[key].status != "email_update"

    def _slots(self, key: str, first: date, last: date) -> Iterator[Slot]:
        """The group's slots of the span; a joint one of another group takes the place of its own by rule."""
        own = self._own_slots(key, first, last)
        return self._with_joint(key, own, first, last) if key in self._hosts else own

    def _with_joint(self, key: str, own: Iterable[Slot], first: date, last: date) -> Iterator[Slot]:
        near = first - self._reach, last + self._reach
        joint = [slot for host in self._hosts[key] for slot in self._own_slots(host, *near) if key in slot.also_for]
        taken = {day for slot in joint for day in (slot.nominal_on, slot.on)}
        for slot in own:
            if slot.nominal_on not in taken or not self.meets_by_rule(key, slot.nominal_on):
                yield slot
        yield from joint

    def _own_slots(self, key: str, first: date, last: date) -> Iterator[Slot]:
        """The slots that the group hosts, whose day by the rule, or by the entry that adds them, lies in the span."""
        found = self._ruled_slots(key, first, last)
        return map(self._with_places_taken, found) if key in self._are_hosts else found

    def _with_places_taken(self, slot: Slot) -> Slot:
        """The slot, and in its reason the groups whose own meeting of that day it is held instead of.

        It serves no group that has ended.
        """
        also_for = tuple(key for key in slot.also_for if slot.on <= (self.config.groups[key].ends_on or date.max))
        days = {slot.nominal_on, slot.on}
        taken = [key for key in also_for if any(self.meets_by_rule(key, day) for day in days)]
        reasons = (slot.reason, takes_the_place_of(taken) if taken else "")
        return slot._replace(also_for=also_for, reason="; ".join(filter(None, reasons)))

    def _ruled_slots(self, key: str, first: date, last: date) -> Iterator[Slot]:
        group, entries = self.config.groups[key], dict(self._entries.get(key, {}))
        by_email, serves, why_closed = group.status == "email_update", group.serves, self.closed.why_closed
        status = MeetingStatus.EMAIL_UPDATE if by_email else MeetingStatus.SCHEDULED
        for rule in group.series:
            source, ordinary = f"{rule_in_words(rule)} ({rule.on_the_word_of})", []
            for day in self._days(group, rule, first, last):
                if entry := entries.pop(day, None):
                    yield _decided(key, rule, entry)
                elif serves and (follower := self._following(key, rule, day, source)):
                    yield follower
                elif not by_email and why_closed[day]:
                    yield self._proposed(key, rule, day, source)
                else:
                    ordinary.append(day)
            times, joint = (rule.start, rule.end), rule.joint_with
            yield from slots_on(ordinary, Slot(first, *times, key, first, status, source, also_for=joint))
        for on, entry in entries.items():
            if entry.action == "add" and first <= on <= last:
                yield self._added(entry)

    def _added(self, entry: DatedEntry) -> Slot:
        start, end = self._usual_times(entry.group)
        times, source = (entry.start or start, entry.end or end), entry.on_the_word_of
        ad_hoc, joint = MeetingStatus.AD_HOC, entry.joint_with or ()
        return Slot(entry.on, *times, entry.group, entry.on, ad_hoc, source, also_for=joint)

    def _settled(self) -> Iterator[Sitting]:
        """The meetings of which dated entries decide, and those that go with them, wherever they are held."""
        for slot in chain(self._by_entries(), self._followers()):
            yield Sitting(slot.nominal_on, slot.group, (slot.start, slot.end), slot.also_for, slot.on)

    def _by_entries(self) -> Iterator[Slot]:
        for entry in self.config.dated_entries:
            group = self.config.groups[entry.group]
            rule = next((rule for rule in group.series if self._days(group, rule, entry.on, entry.on)), None)
            if rule:
                yield _decided(entry.group, rule, entry)
            elif entry.action == "add":
                yield self._added(entry)

    def _followers(self) -> Iterator[Slot]:
        for key, group in self.config.groups.items():
            for served_on, rule in product(self._entries.get(group.serves or "", ()), group.series):
                for day in self._days(group, rule, served_on - PREPARES_WITHIN, served_on):
                    decided = day in self._entries.get(key, ()) or self._prepared_day(key, day) != served_on
                    if not decided and (follower := self._following(key, rule, day, "")):
                        yield follower

    def _days(self, group: Group, rule: SeriesRule, first: date, last: date) -> list[date]:
        """The days on which one of the group's rules puts a meeting, until the group ends."""
        return self._recurrence.dates_of(rule, first, min(last, group.ends_on or last))

    def _proposed(self, key: str, rule: SeriesRule, day: date, source: str) -> Slot:
        proposals = self._proposals.of(Sitting(day, key, (rule.start, rule.end), rule.joint_with, day))
        held_on = proposals[0] if proposals else day
        status, reason = MeetingStatus.PROPOSED_MOVE, self._why_proposed[day]
        times, joint = (rule.start, rule.end), rule.joint_with
        return Slot(held_on, *times, key, day, status, source, reason=reason, proposals=proposals, also_for=joint)

    def _say_why_proposed(self, day: date) -> str:
        return (
            f"{day:%d %B %Y} is closed ({self.closed(day)}); the documents say nothing of that, so a person confirms "
            "another day"
        )

    def counted(self, count: int, at: time) -> Instants:
        """The instants `count` working days after an event (before it, where negative), at a time of day in London."""
        if (count, at) not in self._counted:
            self._counted[count, at] = Remembered(lambda day: at_wall_clock(self.closed.nth_from(day, count), at))
        return self._counted[count, at]

    def _prepared_day(self, key: str, day: date) -> date:
        """The day of the meeting that this group's meeting prepares: the webinar stays before its PSG (rules §2)."""
        serves = self.config.groups[key].serves
        if not serves:
            return date.max
        group, until = self.config.groups[serves], day + PREPARES_WITHIN
        return min((on for rule in group.series for on in self._days(group, rule, day, until)), default=date.max)

    def preparing(self, group: str, nominal_on: date) -> list[Meeting]:
        """The meetings, as the configuration has them, that prepare the group's meeting of that day by its rule."""
        first, last, found = nominal_on - PREPARES_WITHIN, nominal_on - timedelta(days=1), list[Slot]()
        for key, other in self.config.groups.items():
            if other.serves == group:
                found += self._slots(key, first, last)
        return [self.meeting(s) for s in found if self._prepared_day(s.group, s.nominal_on) == nominal_on]

    def day_to_prepare(
        self, key: str, nominal_on: date, served_on: date, free: Callable[[date], bool]
    ) -> tuple[date, tuple[date, ...] | None]:
        """Where a meeting comes whose served one is held on `served_on`: as many working days before it as by the rule.

        Returns (day, None); where that day is not free, (day, up to three others before the served one, best first).
        """
        span = (self._prepared_day(key, nominal_on) - nominal_on).days
        count = sum(self.closed(nominal_on + timedelta(days=n)) is None for n in range(span))
        day = self.closed.nth_from(served_on, -max(count, 1))
        if free(day):
            return day, None
        return day, tuple(islice((d for d in self._proposals.days_around[day] if d < served_on and free(d)), PROPOSALS))

    def _following(self, key: str, rule: SeriesRule, day: date, source: str) -> Slot | None:
        """The slot of a meeting that goes with another, where a dated entry moves or cancels that; None: it stays."""
        serves = self.config.groups[key].serves or ""
        entry = self._entries[serves].get(self._prepared_day(key, day)) if serves in self._entries else None
        if entry is None or entry.action == "add" or (entry.action == "move" and entry.to in (None, entry.on)):
            return None
        times, moved, joint = (rule.start, rule.end), MeetingStatus.MOVED, rule.joint_with
        usual = Slot(day, *times, key, day, moved, source, revision=1, also_for=joint)
        if entry.action == "cancel" or entry.to is None:
            return usual._replace(status=MeetingStatus.CANCELLED, reason=f"{serves}, which it prepares, is cancelled")
        on, proposals = self.day_to_prepare(key, day, entry.to, lambda d: not self._taken(usual._replace(on=d), serves))
        if proposals is None:
            return usual._replace(on=on, reason=moved_with(serves, entry.to))
        reason = f"{moved_with(serves, entry.to)}; {on:%d %B %Y} is not free, so a person confirms another day"
        proposed = MeetingStatus.PROPOSED_MOVE
        held_on = proposals[0] if proposals else on
        return usual._replace(on=held_on, status=proposed, revision=0, reason=reason, proposals=proposals)

    def _taken(self, slot: Slot, serves: str) -> bool:
        """Whether another rule puts people of the slot's group elsewhere at its hours, the group served left aside."""
        for key, group in self.config.groups.items():
            if key == serves or self._circles[key].isdisjoint(self._circles[slot.group]):
                continue
            for rule in group.series:
                own = key == slot.group and slot.on != slot.nominal_on
                meets = own or (key != slot.group and rule.start < slot.end and slot.start < rule.end)
                if meets and self._days(group, rule, slot.on, slot.on):
                    return True
        return False


def _decided(key: str, rule: SeriesRule, entry: DatedEntry) -> Slot:
    """What a dated entry makes of the meeting that the rule puts on its day."""
    status = MeetingStatus.CANCELLED if entry.action == "cancel" else MeetingStatus.MOVED
    times = entry.start or rule.start, entry.end or rule.end
    reason = f"{entry.action} by an entry in the configuration ({entry.on_the_word_of})"
    joint, words = rule.joint_with if entry.joint_with is None else entry.joint_with, rule_in_words(rule)
    return Slot(entry.to or entry.on, *times, key, entry.on, status, words, revision=1, reason=reason, also_for=joint)


def moved_with(served: str, on: date) -> str:
    """Why a meeting is held on another day that prepares one that has moved."""
    return f"{served}, which it prepares, is on {spoken_date(on)}"


def takes_the_place_of(groups: Iterable[str]) -> str:
    """Why the groups that meet jointly with another have no meeting of their own that day."""
    return f"it takes the place of {' and '.join(groups)}'s own meeting of that day"


def hosts_of(config: Config) -> dict[str, list[str]]:
    """The groups whose meetings, some of them, serve another group too; by that group's key."""
    joint = [(host, rule.joint_with) for host, group in config.groups.items() for rule in group.series]
    joint += [(entry.group, entry.joint_with or ()) for entry in config.dated_entries]
    found: dict[str, list[str]] = {}
    for host, others in dict.fromkeys(joint):
        for other in others:
            found.setdefault(other, []).append(host)
    return {other: list(dict.fromkeys(hosts)) for other, hosts in found.items()}


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


def meetings_share_people(config: Config, one: Meeting, other: Meeting) -> bool:
    """The same of two meetings, each with all the groups that it serves and that are still configured."""
    ours, theirs = ([key for key in meeting.groups if key in config.groups] for meeting in (one, other))
    return any(shares_people(config, a, b) for a in ours for b in theirs)


def at_wall_clock(day: date, at: time) -> datetime:
    """That time of day in London, as an instant in UTC: right on both sides of a change of the clocks."""
    return datetime.combine(day, at, LONDON).astimezone(UTC)
