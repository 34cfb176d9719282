"""The clocks that run around a meeting, with their arithmetic (rules §3). Pure; deadlines are never stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import zip_longest
from operator import attrgetter, lt, sub
from typing import NamedTuple

from bot.clock import spoken_date
from bot.config import Config
from bot.config_clocks import ClockRule
from bot.model import Deadline, Explanation, Meeting, MeetingStatus
from schedules.amendment_window import Requests, closing, with_what_is_issued
from schedules.attainable import why_not_attainable
from schedules.remembered import Remembered
from schedules.series import Calendar, Instants, Slot

LOOK_AHEAD = timedelta(days=400)
AMENDMENT_CLOCKS = ("amendments_close", "amended_report", "supplementary_issue")
UPDATE = "update"
NO_REQUESTS = Requests()


@dataclass(frozen=True)
class Circumstances:
    """What has happened that a meeting's clocks depend on, beyond the calendar itself."""

    next_ordinary: Meeting | None
    issued_at: datetime | None = None  # when this meeting's report was issued
    requests: Requests = NO_REQUESTS  # to amend it


@dataclass(frozen=True)
class ClockColumn:
    """One clock over a group's meetings: `due_at[n]` is when it falls for the one of `nominal_on[n]`, if at all."""

    group: str
    clock: ClockRule
    nominal_on: list[date]
    due_at: list[datetime | None]


class RunningClock(NamedTuple):
    """A clock that runs for a group, and when it falls by the day of the event that it hangs on."""

    rule: ClockRule
    instants: Instants


Planned = tuple[Slot, Slot | None]
"""A slot, and the group's ordinary one that follows it."""


class Course(NamedTuple):
    """A group's meetings in order: their days by the rule, those held, and those of the ordinary ones that follow."""

    nominal_on: list[date]
    held_on: list[date]
    following_on: list[date | None]


def deadlines_for(meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> list[Deadline]:
    """Every clock of one meeting, in order of instant; clocks that do not exist for it come last, with a note."""
    return _deadlines(_running_clocks(meeting.group, calendar), meeting, calendar, circumstances)


def _deadlines(
    clocks: list[RunningClock], meeting: Meeting, calendar: Calendar, circumstances: Circumstances
) -> list[Deadline]:
    on, status = meeting.on, meeting.status
    running = [c for c in clocks if _in_force(c.rule, on) and _of_its_kind(c.rule, status)]
    found = [_deadline(clock, meeting, calendar, circumstances) for clock in running]
    if circumstances.issued_at or meeting.announced_close_at:
        found = [*with_what_is_issued(found, circumstances.next_ordinary, calendar, circumstances.requests)]
    if meeting.called_at:
        found = [_if_attainable(deadline, meeting) for deadline in found]
    return sorted(found, key=lambda d: (d.due_at is None, d.due_at or meeting.starts_at))


def deadline_of_decision(group: str, decided_on: date, calendar: Calendar) -> Deadline | None:
    """When a decision is to be communicated; None where no such clock runs for the group on that day."""
    rules = (r for r in calendar.config.clocks if r.hangs_on == "decision" and r.enabled and _in_force(r, decided_on))
    rule = next((r for r in rules if _in_scope(r, group, calendar.config)), None)
    day = calendar.as_if_called(group, decided_on)
    if rule is None:
        return None
    return _counted(RunningClock(rule, _instants(rule, calendar)), "the decision", day, calendar, note=lambda _: "")


def _if_attainable(deadline: Deadline, meeting: Meeting) -> Deadline:
    """With the note that it cannot be met, where it was past when the meeting was called (rules §3)."""
    why = why_not_attainable(meeting, deadline.due_at)
    if not why:
        return deadline
    usual = deadline.explain
    return replace(deadline, explain=lambda: replace(usual(), note=f"{why} {usual().note}".strip()))


def all_deadlines(calendar: Calendar, first: date, last: date) -> Iterator[tuple[Meeting, list[Deadline]]]:
    """Every meeting held from `first` to `last` with its clocks, group by group, by the configuration alone."""
    for group in calendar.config.groups:
        written, clocks = Remembered(calendar.meeting), _running_clocks(group, calendar)
        for slot, following in _planned(calendar, group, first, last):
            next_ordinary = written[following] if following else None
            yield written[slot], _deadlines(clocks, written[slot], calendar, Circumstances(next_ordinary))


def all_instants(calendar: Calendar, first: date, last: date) -> Iterator[ClockColumn]:
    """The instants of `all_deadlines`, without their reasons, in columns: for very many of them."""
    for group in calendar.config.groups:
        clocks, slots = _running_clocks(group, calendar), calendar.slots(group, first, last + LOOK_AHEAD)
        plain = _plain_course(slots, last) if calendar.meets_by_rule_only(group) else None
        if plain:
            yield from _columns(group, plain, [clock for clock in clocks if clock.rule.kind != UPDATE])
            continue
        planned = _planned(calendar, group, first, last)
        updates = [row for row in planned if row[0].status is MeetingStatus.EMAIL_UPDATE]
        others = [row for row in planned if row[0].status is not MeetingStatus.EMAIL_UPDATE]
        yield from _columns(group, _course(updates), [clock for clock in clocks if clock.rule.kind == UPDATE])
        yield from _columns(group, _course(others), [clock for clock in clocks if clock.rule.kind != UPDATE])


def _course(rows: list[Planned]) -> Course:
    nominal, held = [slot.nominal_on for slot, _ in rows], [slot.on for slot, _ in rows]
    return Course(nominal, held, [after.on if after else None for _, after in rows])


def _plain_course(slots: list[Slot], last: date) -> Course | None:
    """The course where each slot is followed by the next ordinary one, as `_follows` says; None where one is not.

    For a group that meets by rule only. Nearly all are so, hence the haste: no line of Python for each meeting.
    """
    held, nominal = [slot.on for slot in slots], [slot.nominal_on for slot in slots]
    in_order = all(map(lt, held, held[1:])) and all(map(lt, nominal, nominal[1:]))
    if not in_order or max(map(sub, held[1:], held), default=LOOK_AHEAD) > LOOK_AHEAD:
        return None
    count = bisect_right(held, last)
    return Course(nominal[:count], held[:count], [*held[1:], None][:count])


def _columns(group: str, course: Course, clocks: list[RunningClock]) -> Iterator[ClockColumn]:
    """A column for each clock, over those of the meetings on whose days it is in force."""
    nominal, held, following = course
    if not held:
        return
    for rule, due in clocks:
        start, end = bisect_left(held, rule.from_on or date.min), bisect_right(held, rule.until_on or date.max)
        if rule.hangs_on == "meeting":
            due_at: list[datetime | None] = [*map(due.__getitem__, held[start:end])]
        else:
            due_at = [due[day] if day else None for day in following[start:end]]
        yield ClockColumn(group, rule, nominal[start:end], due_at)


def _planned(calendar: Calendar, group: str, first: date, last: date) -> list[Planned]:
    """The slots that the group hosts from `first` to `last`, in order of start, each with the ordinary one after it."""
    slots = calendar.slots(group, first, last + LOOK_AHEAD)
    held = slots[: bisect_right(slots, last, key=attrgetter("on"))]
    return [
        (slot, after if after is None or _follows(after, slot, calendar) else _first_following(slot, slots, calendar))
        for slot, after in zip_longest(held, slots[1 : len(held) + 1])
        if slot.group == group
    ]


def _first_following(slot: Slot, slots: list[Slot], calendar: Calendar) -> Slot | None:
    return next((later for later in slots if _follows(later, slot, calendar)), None)


def _follows(later: Slot, slot: Slot, calendar: Calendar) -> bool:
    """Whether one is an ordinary meeting after the other, near enough to be looked for: as `next_ordinary_meeting`."""
    is_later = later.on > slot.on or (later.on == slot.on and later.start > slot.start)
    is_near = later.on - slot.on <= LOOK_AHEAD
    is_ordinary = later.status is not MeetingStatus.AD_HOC or _takes_the_place(later, slot.group, calendar)
    return is_later and is_near and is_ordinary and _comes_after(later, slot)


def _comes_after(later: Slot | Meeting, earlier: Slot | Meeting) -> bool:
    """Whether it is a later one of the series, too; another group's joint meeting stands in none of ours."""
    return later.group != earlier.group or later.nominal_on > earlier.nominal_on


def _takes_the_place(later: Slot | Meeting, group: str, calendar: Calendar) -> bool:
    """Whether the group's own meeting gives way to it, a joint one: it closes windows as that one would have."""
    return later.group != group and calendar.meets_by_rule(group, later.on)


def _running_clocks(group: str, calendar: Calendar) -> list[RunningClock]:
    """The clocks in whose scope a group is; none for one taken out of the configuration since: its clocks stop."""
    config = calendar.config
    if group not in config.groups:
        return []
    rules = [r for r in config.clocks if r.enabled and r.hangs_on != "decision" and _in_scope(r, group, config)]
    return [RunningClock(rule, _instants(rule, calendar)) for rule in rules]


def _in_scope(rule: ClockRule, group: str, config: Config) -> bool:
    return group in rule.groups or (config.groups[group].level in rule.levels and group not in rule.not_groups)


def _in_force(rule: ClockRule, on: date) -> bool:
    return (rule.from_on or date.min) <= on <= (rule.until_on or date.max)


def _of_its_kind(rule: ClockRule, status: MeetingStatus) -> bool:
    """An e-mail update in lieu of papers has one clock, the update itself (rules §3)."""
    return (rule.kind == UPDATE) == (status is MeetingStatus.EMAIL_UPDATE)


def next_ordinary_meeting(
    meeting: Meeting, calendar: Calendar, known: list[Meeting] | None = None, *, cancelled: bool = True
) -> Meeting | None:
    """The group's next ordinary meeting, a joint one included; `known` lays a person's decisions over the calendar.

    A cancelled one counts unless `cancelled` is False: closing and reissue keep their dates when it is (rules §3).
    """
    decided = {m.uid: m for m in known or []}
    planned = calendar.meetings(meeting.on, meeting.on + LOOK_AHEAD, [meeting.group])
    candidates = [decided.pop(m.uid, m) for m in planned] + [m for m in decided.values() if meeting.group in m.groups]
    following = [
        m
        for m in candidates
        if _comes_after(m, meeting)
        and m.starts_at > meeting.starts_at
        and (m.is_ordinary or _takes_the_place(m, meeting.group, calendar))
        and (cancelled or m.status is not MeetingStatus.CANCELLED)
    ]
    return min(following, key=lambda m: m.starts_at, default=None)


def _deadline(clock: RunningClock, meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> Deadline:
    rule, following = clock.rule, circumstances.next_ordinary
    if rule.hangs_on == "meeting":
        return _counted(clock, "the meeting", meeting, calendar, note=_proposal_note)
    if following is None:
        deadline = Deadline(rule.kind, None, partial(_explain_no_following, rule, calendar))
    else:
        deadline = _counted(clock, "the following meeting", following, calendar, note=_following_note)
    if rule.kind == "amendments_close":
        return closing(deadline, meeting, calendar, circumstances.issued_at)
    return deadline


def _counted(
    clock: RunningClock, named: str, event: Meeting, calendar: Calendar, *, note: Callable[[Meeting], str]
) -> Deadline:
    explain = partial(_explain_count, clock.rule, named, event, calendar, note)
    return Deadline(clock.rule.kind, clock.instants[event.on], explain)


def _explain_count(
    rule: ClockRule, named: str, event: Meeting, calendar: Calendar, note: Callable[[Meeting], str]
) -> Explanation:
    words = rule_in_words(rule, calendar.config, f"{named} on {spoken_date(event.on)}")
    skipped = calendar.closed.passed_over(event.on, _count(rule, calendar.config))
    return Explanation(words, skipped, rule.on_the_word_of, note(event))


def _explain_no_following(rule: ClockRule, calendar: Calendar) -> Explanation:
    words = rule_in_words(rule, calendar.config, "the following meeting")
    return Explanation(words, (), rule.on_the_word_of, "There is no following ordinary meeting on the calendar.")


def _proposal_note(meeting: Meeting) -> str:
    if meeting.status is not MeetingStatus.PROPOSED_MOVE:
        return ""
    return f"The date {spoken_date(meeting.on)} is only proposed: {meeting.reason}."


def _following_note(following: Meeting) -> str:
    note = f"The following ordinary meeting is {following.known_as} on {spoken_date(following.on)}."
    return f"{note} {_proposal_note(following)}".strip()


def _instants(rule: ClockRule, calendar: Calendar) -> Instants:
    """When this clock falls, by the day of the meeting that it hangs on."""
    return calendar.counted(_count(rule, calendar.config), _time_of_day(rule, calendar.config))


def _count(rule: ClockRule, config: Config) -> int:
    """How many working days on from the event, its own day not counted; before it, where negative."""
    days = rule.working_days + (1 if _counts_clear_days(rule, config) and rule.working_days else 0)
    return -days if rule.direction == "before" else days


def _time_of_day(rule: ClockRule, config: Config) -> time:
    return rule.time_of_day or config.working_days.deadline_time


def _counts_clear_days(rule: ClockRule, config: Config) -> bool:
    return (rule.counting or config.working_days.counting) == "clear_days"


def rule_in_words(rule: ClockRule, config: Config, event: str) -> str:
    """'Agenda and meeting papers issued: at least 5 working days before the meeting on Wednesday 7 February 2024'."""
    convention = "clear working days" if _counts_clear_days(rule, config) else "working days"
    limit = "at least" if rule.direction == "before" else "within"
    at = _time_of_day(rule, config)
    return f"{rule.name}: {limit} {rule.working_days} {convention} {rule.direction} {event}, by {at:%H:%M} (London)"
