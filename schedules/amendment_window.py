"""When requests to a report close, and what is issued because of them (rules §3, the amendment window). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.clock import LONDON, spoken
from bot.model import Deadline, Explanation, Meeting, MeetingStatus
from schedules.series import Calendar

CLOSE, REISSUE, SUPPLEMENT = "amendments_close", "amended_report", "supplementary_issue"


@dataclass(frozen=True)
class Requests:
    """The requests to one report: when each came, and when the following meeting's pack went, where it has."""

    came_at: Sequence[datetime] = ()
    pack_gone_at: datetime | None = None


def closing(usual: Deadline, meeting: Meeting, calendar: Calendar, issued_at: datetime | None) -> Deadline:
    """The closing instant with its own cases: announced, end of series, never too short.

    An announced closing is honoured when the following meeting is brought forward; a later meeting drags it along.
    """
    announced = meeting.announced_close_at
    if announced and announced >= (usual.due_at or announced):
        return Deadline(usual.kind, announced, lambda: _explain_announced(usual, announced))
    window = calendar.config.amendment_window
    if usual.due_at is None:
        return _after_issue(usual, issued_at, window.end_of_series_days, calendar)
    if issued_at is None:
        return usual
    earliest = _after_issue(usual, issued_at, window.at_least_days, calendar)
    return earliest if earliest.due_at and earliest.due_at > usual.due_at else usual


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


def with_what_is_issued(
    clocks: Sequence[Deadline], following: Meeting | None, calendar: Calendar, requests: Requests
) -> Iterator[Deadline]:
    """A report's clocks, the reissue put after a closing that lies after the day of the papers that it goes with.

    Where it still goes with them, requests that came after the pack had gone lead to one supplementary issue.
    """
    closes_at = next((d.due_at for d in clocks if d.kind == CLOSE), None)
    for clock in clocks:
        if clock.kind != REISSUE or closes_at is None:
            yield clock
        elif clock.due_at is None or _day(closes_at) > _day(clock.due_at):
            yield _after_closing(clock, closes_at, following, calendar)
        else:
            yield clock
            if came_at := _came_after_the_pack(requests, clock.due_at, closes_at):
                yield _supplement(clock, closes_at, came_at, following, calendar)


def _came_after_the_pack(requests: Requests, papers_due_at: datetime, closes_at: datetime) -> datetime | None:
    """When the first request came that was too late for the pack and in time for the closing; None: there is none."""
    gone_at = min(requests.pack_gone_at or papers_due_at, papers_due_at)
    return min((came for came in requests.came_at if gone_at < came <= closes_at), default=None)


def _supplement(
    usual: Deadline, closes_at: datetime, came_at: datetime, following: Meeting | None, calendar: Calendar
) -> Deadline:
    """The one issue after closing for all that came after the pack had gone."""
    note = f"A request came on {spoken(came_at)}, after the papers of the following meeting had gone."
    issue = _after_closing(usual, closes_at, following, calendar, name="Supplementary issue of the headline report")
    return Deadline(SUPPLEMENT, issue.due_at, lambda: replace(issue.explanation, note=note))


def _after_closing(
    usual: Deadline, closes_at: datetime, following: Meeting | None, calendar: Calendar, name: str = ""
) -> Deadline:
    """The issue a few working days after closing, and before the following meeting where that can be."""
    window, closed_on = calendar.config.amendment_window, _day(closes_at)
    days = window.supplementary_issue_days
    latest = calendar.counted(days, calendar.config.working_days.deadline_time)[closed_on]
    due_at = _before_the_meeting(latest, closes_at, following, calendar)

    def explain() -> Explanation:
        named = name or usual.rule.partition(":")[0].partition(",")[0]
        rule = f"{named}: within {days} working days after requests close on {spoken(closes_at)}"
        rule += " and before the following meeting" if due_at < latest else ""
        skipped = tuple(s for s in calendar.closed.passed_over(closed_on, days) if s.date <= _day(due_at))
        why = "Requests close after the papers of the following meeting: a supplementary issue." if usual.due_at else ""
        source = f"{usual.source}; {window.on_the_word_of}"
        return Explanation(f"{rule}, by {spoken(due_at)}", skipped, source, f"{why} {usual.note}".strip())

    return Deadline(usual.kind, due_at, explain)


def _before_the_meeting(
    latest: datetime, closes_at: datetime, following: Meeting | None, calendar: Calendar
) -> datetime:
    """The latest instant, or an earlier one where that comes too late for the following meeting.

    Then it is the end of the working day before it, or, where requests close no earlier, its beginning.
    """
    if following is None or following.status is MeetingStatus.CANCELLED or latest < following.starts_at:
        return latest
    eve = calendar.counted(-1, calendar.config.working_days.deadline_time)[following.on]
    if eve > closes_at:
        return eve
    can_be = closes_at < following.starts_at and calendar.closed(following.on) is None
    return following.starts_at if can_be else latest


def _day(instant: datetime) -> date:
    return instant.astimezone(LONDON).date()
