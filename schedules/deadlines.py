"""The clocks that run around a meeting, with their arithmetic (rules §3). Pure; deadlines are never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.clock import LONDON, spoken, spoken_date
from bot.config import ClockRule, Config
from bot.model import Deadline, Meeting, MeetingStatus
from schedules.series import Calendar, at_wall_clock
from schedules.working_days import working_days_from

LOOK_AHEAD = timedelta(days=400)
AMENDMENT_CLOCKS = ("amendments_close", "amended_report")


@dataclass(frozen=True)
class Circumstances:
    """What has happened that a meeting's clocks depend on, beyond the calendar itself."""

    next_ordinary: Meeting | None
    issued_at: datetime | None = None  # when this meeting's report was issued


def deadlines_for(meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> list[Deadline]:
    """Every clock of one meeting, in order of instant; clocks that do not exist for it come last, with a note."""
    config = calendar.config
    rules = [rule for rule in config.clocks if runs_for(rule, meeting, config)]
    found = [_deadline(rule, meeting, calendar, circumstances) for rule in rules]
    return sorted(found, key=lambda d: (d.due_at is None, d.due_at or meeting.starts_at))


def runs_for(rule: ClockRule, meeting: Meeting, config: Config) -> bool:
    """Whether a clock runs for a meeting: its scope, the dates on which it was in force, and the kind of meeting."""
    group = config.groups.get(meeting.group)
    if group is None:  # taken out of the configuration since: its meetings stay on file, its clocks stop
        return False
    in_force = (rule.from_on or date.min) <= meeting.on <= (rule.until_on or date.max)
    in_scope = meeting.group in rule.groups or (group.level in rule.levels and meeting.group not in rule.not_groups)
    # an e-mail update in lieu of papers has one clock, the update itself (rules §3)
    of_its_kind = (rule.kind == "update") == (meeting.status is MeetingStatus.EMAIL_UPDATE)
    return rule.enabled and in_force and in_scope and of_its_kind and rule.hangs_on != "decision"


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
        return _counted(rule, meeting.on, "the meeting", calendar, note=_proposal_note(meeting))
    deadline = _hung_on_next(rule, calendar, circumstances)
    if rule.kind == "amendments_close":
        return _window(deadline, meeting, calendar, circumstances)
    return deadline


def _proposal_note(meeting: Meeting) -> str:
    if meeting.status is not MeetingStatus.PROPOSED_MOVE:
        return ""
    return f"The date {spoken_date(meeting.on)} is only proposed: {meeting.reason}."


def _hung_on_next(rule: ClockRule, calendar: Calendar, circumstances: Circumstances) -> Deadline:
    following = circumstances.next_ordinary
    if following is None:
        note = "There is no following ordinary meeting on the calendar."
        return Deadline(
            rule.kind,
            None,
            rule_in_words(rule, calendar.config, "the following meeting"),
            (),
            rule.on_the_word_of,
            note,
        )
    note = f"The following ordinary meeting is {following.group} on {spoken_date(following.on)}."
    return _counted(
        rule, following.on, "the following meeting", calendar, note=f"{note} {_proposal_note(following)}".strip()
    )


def _window(deadline: Deadline, meeting: Meeting, calendar: Calendar, circumstances: Circumstances) -> Deadline:
    """The amendment window's own cases: announced closing, end of series, never too short (rules §3).

    An announced closing is honoured when the following meeting is brought forward; a later meeting drags it along.
    """
    if meeting.announced_close_at and meeting.announced_close_at >= (deadline.due_at or meeting.announced_close_at):
        note = f"Announced as {spoken(meeting.announced_close_at)}, and honoured. {deadline.note}".strip()
        return Deadline(deadline.kind, meeting.announced_close_at, deadline.rule, (), deadline.source, note)
    window, issued = calendar.config.amendment_window, circumstances.issued_at
    if deadline.due_at is None:
        return _after_issue(deadline, issued, window.end_of_series_days, calendar)
    if issued is None:
        return deadline
    earliest = _after_issue(deadline, issued, window.at_least_days, calendar)
    return earliest if earliest.due_at and earliest.due_at > deadline.due_at else deadline


def _after_issue(deadline: Deadline, issued: datetime | None, days: int, calendar: Calendar) -> Deadline:
    word = f"{days} working days after the report's issue ({calendar.config.amendment_window.on_the_word_of})"
    if issued is None:
        note = f"{deadline.note} It closes {word}; the report has not been issued yet."
        return Deadline(deadline.kind, None, deadline.rule, (), deadline.source, note.strip())
    day, skipped = working_days_from(issued.astimezone(LONDON).date(), days, calendar.closed)
    due = at_wall_clock(day, calendar.config.working_days.deadline_time)
    return Deadline(
        deadline.kind, due, f"{deadline.rule}; never before {word}", skipped, deadline.source, deadline.note
    )


def _counted(rule: ClockRule, event: date, named: str, calendar: Calendar, *, note: str) -> Deadline:
    config = calendar.config
    days = rule.working_days + (1 if _counts_clear_days(rule, config) and rule.working_days else 0)
    day, skipped = working_days_from(event, -days if rule.direction == "before" else days, calendar.closed)
    at = rule.time_of_day or config.working_days.deadline_time
    words = rule_in_words(rule, config, f"{named} on {spoken_date(event)}")
    return Deadline(rule.kind, at_wall_clock(day, at), words, skipped, rule.on_the_word_of, note)


def _counts_clear_days(rule: ClockRule, config: Config) -> bool:
    return (rule.counting or config.working_days.counting) == "clear_days"


def rule_in_words(rule: ClockRule, config: Config, event: str) -> str:
    """'Agenda and meeting papers issued: at least 5 working days before the meeting on Wednesday 7 February 2024'."""
    convention = "clear working days" if _counts_clear_days(rule, config) else "working days"
    limit = "at least" if rule.direction == "before" else "within"
    at = rule.time_of_day or config.working_days.deadline_time
    return f"{rule.name}: {limit} {rule.working_days} {convention} {rule.direction} {event}, by {at:%H:%M} (London)"
