"""The clocks that run around a meeting, with their arithmetic (rules §3). Pure; deadlines are never stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import zip_longest
from operator import attrgetter

from bot.clock import LONDON, spoken, spoken_date
from bot.config import ClockRule, Config
from bot.model import Deadline, Explanation, Meeting, MeetingStatus
from schedules.attainable import why_not_attainable
from schedules.remembered import Remembered
from schedules.series import Calendar, Instants, Slot

LOOK_AHEAD = timedelta(days=400)
AMENDMENT_CLOCKS = ("amendments_close", "amended_report")
UPDATE = "update"


@dataclass(frozen=True)
class Circumstances:
    """What has happened that a meeting's clocks depend on, beyond the calendar itself."""

    next_ordinary: Meeting | None
    issued_at: datetime | None = None  # when this meeting's report was issued


@dataclass(frozen=True)
class ClockColumn:
    """One clock over a group's meetings: `due_at[n]` is when it falls for the one of `nominal_on[n]`, if at all."""

    group: str
    clock: ClockRule
    nominal_on: list[date]
    due_at: list[datetime | None]


Planned = tuple[Slot, Slot | None]
"""A slot, and the group's ordinary one that follows it."""


def deadlines_for(meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> list[Deadline]:
    """Every clock of one meeting, in order of instant; clocks that do not exist for it come last, with a note."""
    on, config = meeting.on, calendar.config
    rules = [r for r in _clocks_of(meeting.group, config) if _in_force(r, on) and _of_its_kind(r, meeting.status)]
    found = [_deadline(rule, meeting, calendar, circumstances) for rule in rules]
    if meeting.called_at:
        found = [_if_attainable(deadline, meeting) for deadline in found]
    return sorted(found, key=lambda d: (d.due_at is None, d.due_at or meeting.starts_at))


def deadline_of_decision(group: str, decided_on: date, calendar: Calendar) -> Deadline | None:
    """When a decision is to be communicated; None where no such clock runs for the group on that day."""
    rules = (r for r in calendar.config.clocks if r.hangs_on == "decision" and r.enabled and _in_force(r, decided_on))
    rule = next((r for r in rules if _in_scope(r, group, calendar.config)), None)
    day = calendar.as_if_called(group, decided_on)
    return _counted(rule, "the decision", day, calendar, note=lambda _: "") if rule else None


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
        written = Remembered(calendar.meeting)
        for slot, following in _planned(calendar, group, first, last):
            next_ordinary = written[following] if following else None
            yield written[slot], deadlines_for(written[slot], calendar, Circumstances(next_ordinary))


def all_instants(calendar: Calendar, first: date, last: date) -> Iterator[ClockColumn]:
    """The instants of `all_deadlines`, without their reasons, in columns: for very many of them."""
    for group in calendar.config.groups:
        planned, rules = _planned(calendar, group, first, last), _clocks_of(group, calendar.config)
        updates = [row for row in planned if row[0].status is MeetingStatus.EMAIL_UPDATE]
        others = [row for row in planned if row[0].status is not MeetingStatus.EMAIL_UPDATE]
        yield from _columns(group, updates, [rule for rule in rules if rule.kind == UPDATE], calendar)
        yield from _columns(group, others, [rule for rule in rules if rule.kind != UPDATE], calendar)


def _columns(group: str, rows: list[Planned], rules: list[ClockRule], calendar: Calendar) -> Iterator[ClockColumn]:
    """A column for each rule, over those of the rows on whose days it is in force."""
    nominal = [slot.nominal_on for slot, _ in rows]
    held = [slot.on for slot, _ in rows]
    following = [after.on if after else None for _, after in rows]
    for rule in rules:
        start, end = bisect_left(held, rule.from_on or date.min), bisect_right(held, rule.until_on or date.max)
        due, events = _instants(rule, calendar), held if rule.hangs_on == "meeting" else following
        yield ClockColumn(group, rule, nominal[start:end], [due[day] if day else None for day in events[start:end]])


def _planned(calendar: Calendar, group: str, first: date, last: date) -> list[Planned]:
    """The group's slots from `first` to `last`, in order of start, each with the ordinary one that follows it."""
    slots = calendar.slots(group, first, last + LOOK_AHEAD)
    held = slots[: bisect_right(slots, last, key=attrgetter("on"))]
    return [
        (slot, after if after is None or _follows(after, slot) else _first_following(slot, slots))
        for slot, after in zip_longest(held, slots[1 : len(held) + 1])
    ]


def _first_following(slot: Slot, slots: list[Slot]) -> Slot | None:
    return next((later for later in slots if _follows(later, slot)), None)


def _follows(later: Slot, slot: Slot) -> bool:
    """Whether one is an ordinary meeting after the other, near enough to be looked for: as `next_ordinary_meeting`."""
    is_later = later.on > slot.on or (later.on == slot.on and later.start > slot.start)
    is_near = later.on - slot.on <= LOOK_AHEAD
    return is_later and is_near and later.nominal_on > slot.nominal_on and later.status is not MeetingStatus.AD_HOC


def _clocks_of(group: str, config: Config) -> list[ClockRule]:
    """The clocks in whose scope a group is; none for one taken out of the configuration since: its clocks stop."""
    if group not in config.groups:
        return []
    return [r for r in config.clocks if r.enabled and r.hangs_on != "decision" and _in_scope(r, group, config)]


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
    """The group's next ordinary meeting; `known` lays a person's decisions over the calendar.

    A cancelled one counts unless `cancelled` is False: closing and reissue keep their dates when it is (rules §3).
    """
    decided = {m.uid: m for m in known or []}
    planned = calendar.meetings(meeting.on, meeting.on + LOOK_AHEAD, [meeting.group])
    candidates = [decided.pop(m.uid, m) for m in planned] + [m for m in decided.values() if m.group == meeting.group]
    following = [
        m
        for m in candidates
        if m.nominal_on > meeting.nominal_on
        and m.starts_at > meeting.starts_at
        and m.is_ordinary
        and (cancelled or m.status is not MeetingStatus.CANCELLED)
    ]
    return min(following, key=lambda m: m.starts_at, default=None)


def _deadline(rule: ClockRule, meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> Deadline:
    if rule.hangs_on == "meeting":
        return _counted(rule, "the meeting", meeting, calendar, note=_proposal_note)
    following = circumstances.next_ordinary
    if following is None:
        deadline = Deadline(rule.kind, None, partial(_explain_no_following, rule, calendar))
    else:
        deadline = _counted(rule, "the following meeting", following, calendar, note=_following_note)
    if rule.kind == "amendments_close":
        return _window(deadline, meeting, calendar, circumstances)
    return deadline


def _counted(
    rule: ClockRule, named: str, event: Meeting, calendar: Calendar, *, note: Callable[[Meeting], str]
) -> Deadline:
    due_at = _instants(rule, calendar)[event.on]
    return Deadline(rule.kind, due_at, partial(_explain_count, rule, named, event, calendar, note))


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
    note = f"The following ordinary meeting is {following.group} on {spoken_date(following.on)}."
    return f"{note} {_proposal_note(following)}".strip()


def _window(deadline: Deadline, meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> Deadline:
    """The amendment window's own cases: announced closing, end of series, never too short (rules §3).

    An announced closing is honoured when the following meeting is brought forward; a later meeting drags it along.
    """
    announced = meeting.announced_close_at
    if announced and announced >= (deadline.due_at or announced):
        return Deadline(deadline.kind, announced, lambda: _explain_announced(deadline, announced))
    window, issued = calendar.config.amendment_window, circumstances.issued_at
    if deadline.due_at is None:
        return _after_issue(deadline, issued, window.end_of_series_days, calendar)
    if issued is None:
        return deadline
    earliest = _after_issue(deadline, issued, window.at_least_days, calendar)
    return earliest if earliest.due_at and earliest.due_at > deadline.due_at else deadline


def _explain_announced(usual: Deadline, announced: datetime) -> Explanation:
    note = f"Announced as {spoken(announced)}, and honoured. {usual.note}".strip()
    return replace(usual.explanation, skipped=(), note=note)


def _after_issue(usual: Deadline, issued: datetime | None, days: int, calendar: Calendar) -> Deadline:
    word = f"{days} working days after the report's issue ({calendar.config.amendment_window.on_the_word_of})"
    if issued is None:
        note = f"It closes {word}; the report has not been issued yet."
        return Deadline(usual.kind, None, lambda: replace(usual.explanation, note=f"{usual.note} {note}".strip()))
    issued_on = issued.astimezone(LONDON).date()

    def explain() -> Explanation:
        skipped = calendar.closed.passed_over(issued_on, days)
        return replace(usual.explanation, rule=f"{usual.rule}; never before {word}", skipped=skipped)

    due_at = calendar.counted(days, calendar.config.working_days.deadline_time)[issued_on]
    return Deadline(usual.kind, due_at, explain)


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
