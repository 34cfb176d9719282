"""Which reminders a meeting's clocks give rise to, and when: the ladder of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import LONDON
from bot.config_clocks import ReminderStep
from bot.model import Deadline, Meeting, MeetingStatus
from schedules.attainable import is_attainable
from schedules.series import Calendar, at_wall_clock


@dataclass(frozen=True)
class Matter:
    """An obligation that hangs on something on file: an action, a request, a decision, an apology, a paper expected.

    Nothing is said of it before `since`, when it came on file, nor from `until` on; None: only its deadline counts.
    """

    clock: str  # as ladders name it: action | request | change_decision | apology | expected_paper
    reference: str  # PSG27-03
    meeting: Meeting  # whose report it belongs to, or that decided it
    deadline: Deadline  # when it falls due; for a request, when it came
    text: str
    owner: str = ""  # as the log has it: a seat, an organisation or a person
    owner_id: str = ""  # the person on file who is meant, if there is one
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Reminder:
    """One rung of a ladder for one meeting: to be said at `at`, and stale from `not_after` on."""

    step: ReminderStep
    meeting: Meeting
    deadline: Deadline | None  # None: it hangs on the meeting itself
    at: datetime
    not_after: datetime
    matter: Matter | None = None

    @property
    def obligation(self) -> str:
        """What has to be met for it to stop: 'papers', 'action:PSG27-03'. With the meeting it names one thing."""
        return f"{self.step.clock}:{self.matter.reference}" if self.matter else self.step.clock


def reminders_for(meeting: Meeting, deadlines: list[Deadline], calendar: Calendar) -> Iterator[Reminder]:
    """Every reminder of one meeting, whether due or not.

    A cancelled meeting reminds nobody, and one whose date is only proposed nobody but the PMO, to confirm it. Clocks
    already past when the meeting was called are not attainable: nobody is chased for them.
    """
    if meeting.status is MeetingStatus.CANCELLED:
        return
    by_kind = {d.kind: d for d in deadlines if d.due_at and is_attainable(meeting, d.due_at)}
    for step in calendar.config.ladder:
        if meeting.group in step.not_groups or (step.groups and meeting.group not in step.groups):
            continue
        if step.kind == "invitation" and calendar.config.invitations != "mail":
            continue
        event = _event(step, meeting, by_kind)
        if event:
            yield _reminder(step, meeting, by_kind.get(_clock_behind(step)), event, calendar)


def _event(step: ReminderStep, meeting: Meeting, by_kind: dict[str, Deadline]) -> datetime | None:
    """The instant that the step counts from; None where it has nothing to say of this meeting."""
    if meeting.status is MeetingStatus.PROPOSED_MOVE:
        usual = meeting.starts_at.astimezone(LONDON).time()
        return at_wall_clock(meeting.nominal_on, usual) if step.clock == "proposed_date" else None
    if step.clock == "meeting":
        return None if meeting.status is MeetingStatus.EMAIL_UPDATE else meeting.starts_at
    if step.clock == "recording_arrival":
        return meeting.ends_at if "recording" in by_kind else None
    deadline = by_kind.get(step.clock)
    return deadline.due_at if deadline else None


def _clock_behind(step: ReminderStep) -> str:
    """A recording is expected because it is to be published."""
    return "recording" if step.clock == "recording_arrival" else step.clock


def reminders_of(matter: Matter, calendar: Calendar) -> Iterator[Reminder]:
    """Every reminder of one matter on file, whether due or not."""
    group = matter.meeting.group
    for step in calendar.config.ladder:
        in_scope = group not in step.not_groups and (not step.groups or group in step.groups)
        if step.clock == matter.clock and in_scope and matter.deadline.due_at:
            usual = _reminder(step, matter.meeting, matter.deadline, matter.deadline.due_at, calendar, matter)
            at = max(usual.at, matter.since or usual.at)
            not_after = min(usual.not_after, matter.until or usual.not_after)
            if at < not_after:
                yield replace(usual, at=at, not_after=not_after)


def _reminder(
    step: ReminderStep,
    meeting: Meeting,
    deadline: Deadline | None,
    event: datetime,
    calendar: Calendar,
    matter: Matter | None = None,
) -> Reminder:
    count = -step.working_days if step.direction == "before" else step.working_days
    event_at = event.astimezone(LONDON)
    day = calendar.closed.nth_from(event_at.date(), count)
    at = at_wall_clock(day, step.at or event_at.time())
    if step.direction == "after":
        at = max(at, event)  # whatever the time of day, nothing is said to be past before it is
    return Reminder(step, meeting, deadline, at, _stale_from(step, at, event, calendar), matter)


def _stale_from(step: ReminderStep, at: datetime, event: datetime, calendar: Calendar) -> datetime:
    """A reminder said before an event is stale once it has passed; one said after it, two working days on."""
    if step.direction == "before" and at < event:
        return event
    local = at.astimezone(LONDON)
    day = calendar.closed.nth_from(local.date(), 2)
    return at_wall_clock(day, local.time())
