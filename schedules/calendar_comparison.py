"""Our meetings against the events of the mailbox's calendar: what differs, in words, and what may be done about it.

Pure. An event is a meeting's own where it carries the meeting's id; failing that, where it has its UID, or names its
group at the very same time. An event that names none of our groups is the mailbox's own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.clock import LONDON, spoken, spoken_date
from bot.config import Config
from bot.model import Meeting, MeetingStatus
from bot.ports import CalendarEvent

NOT_HELD = (MeetingStatus.EMAIL_UPDATE, MeetingStatus.CANCELLED)


class Difference(StrEnum):
    """What may differ. The first four can be put right without asking; the rest are a person's to decide."""

    MISSING = "missing"  # no event: one may be made
    UNMARKED = "unmarked"  # an event made by hand: it may be adopted
    OUTDATED = "outdated"  # our own change has not reached the calendar
    STILL_THERE = "still there"  # the meeting is cancelled, its event is not
    MOVED_THERE = "moved there"  # the calendar has another time, and it was not us
    PROPOSED = "proposed"  # our date is only proposed, and the calendar has one
    EXTRA = "extra"  # an event that names a group, and no meeting


@dataclass(frozen=True)
class Finding:
    """One difference, with the meeting, the event, or both."""

    difference: Difference
    meeting: Meeting | None
    event: CalendarEvent | None

    @property
    def sentence(self) -> str:
        """What differs, for a person to read."""
        event, meeting = self.event, self.meeting
        there = f"“{event.subject}”, {spoken(event.starts_at)}" if event else ""
        ours = f"{meeting.known_as} on {spoken(meeting.starts_at)}" if meeting else ""
        return {
            Difference.MISSING: f"{ours} is not in the calendar.",
            Difference.UNMARKED: f"{ours} is in the calendar, entered by hand.",
            Difference.OUTDATED: f"{ours} was changed; the calendar still has {there}.",
            Difference.STILL_THERE: f"{ours} is cancelled; the calendar still has {there}.",
            Difference.MOVED_THERE: f"{ours} has another time in the calendar: {_times(event)}.",
            Difference.PROPOSED: f"{_day_by_the_rule(meeting)} has no date yet; the calendar has {there}.",
            Difference.EXTRA: f"The calendar has {there}, which is no meeting of ours.",
        }[self.difference]


def compare(found: Iterable[Meeting], events: Iterable[CalendarEvent], config: Config) -> list[Finding]:
    """Every difference between the meetings of a period and the calendar's events of that period, in order of time."""
    left = [e for e in events if not e.is_cancelled]
    findings: list[Finding] = []
    meetings = list(found)
    for match in (_own_event, _same_event, _near_event):  # the surest first, for all meetings, so that none is robbed
        rest = []
        for meeting in meetings:
            event = match(meeting, left, config)
            if event is None:
                rest.append(meeting)
                continue
            left.remove(event)
            findings += _differences(meeting, event)
        meetings = rest
    findings += [
        Finding(Difference.MISSING, m, None)
        for m in meetings
        if m.status not in (*NOT_HELD, MeetingStatus.PROPOSED_MOVE)
    ]
    findings += [Finding(Difference.EXTRA, None, e) for e in left if e.meeting_uid or groups_named(e.subject, config)]
    return sorted(findings, key=_time_of)


def matched(meeting: Meeting, event: CalendarEvent) -> list[Finding]:
    """What differs between a meeting and its own event, wherever that was found."""
    return list(_differences(meeting, event))


def groups_named(subject: str, config: Config) -> set[str]:
    """The groups that a subject names by key or by name: 'PSG-WEBINAR' is not 'PSG'."""
    found = set()
    for key, group in config.groups.items():
        if re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", subject) or group.name.casefold() in subject.casefold():
            found.add(key)
    return found


def _own_event(meeting: Meeting, left: list[CalendarEvent], config: Config) -> CalendarEvent | None:
    return next((e for e in left if meeting.uid in (e.meeting_uid, e.ical_uid)), None)


def _same_event(meeting: Meeting, left: list[CalendarEvent], config: Config) -> CalendarEvent | None:
    """One entered by hand that names the group at the same time."""
    if meeting.status is MeetingStatus.EMAIL_UPDATE:
        return None
    times = (meeting.starts_at, meeting.ends_at)
    unmarked = (e for e in left if not e.meeting_uid and (e.starts_at, e.ends_at) == times)
    return next((e for e in unmarked if groups_named(e.subject, config) & {*meeting.groups}), None)


def _near_event(meeting: Meeting, left: list[CalendarEvent], config: Config) -> CalendarEvent | None:
    """One entered by hand that names the group on the same day, or on the day by the rule."""
    if meeting.status in NOT_HELD:
        return None
    days = (meeting.on, meeting.nominal_on, *meeting.proposals)
    unmarked = (e for e in left if not e.meeting_uid and e.starts_at.astimezone(LONDON).date() in days)
    return next((e for e in unmarked if groups_named(e.subject, config) & {*meeting.groups}), None)


def _differences(meeting: Meeting, event: CalendarEvent) -> Iterator[Finding]:
    same_time = (meeting.starts_at, meeting.ends_at) == (event.starts_at, event.ends_at)
    ours = event.meeting_uid == meeting.uid
    if meeting.status in NOT_HELD:
        yield Finding(Difference.STILL_THERE, meeting, event)
    elif meeting.status is MeetingStatus.PROPOSED_MOVE:
        yield Finding(Difference.PROPOSED, meeting, event)
    elif ours and event.revision < meeting.revision:
        yield Finding(Difference.OUTDATED, meeting, event)
    elif not same_time:
        yield Finding(Difference.MOVED_THERE, meeting, event)
    elif not ours:
        yield Finding(Difference.UNMARKED, meeting, event)


def _times(event: CalendarEvent | None) -> str:
    if event is None:
        return ""
    return f"{spoken(event.starts_at)} to {event.ends_at.astimezone(LONDON):%H:%M}"


def _day_by_the_rule(meeting: Meeting | None) -> str:
    return f"{meeting.known_as}, by its rule due on {spoken_date(meeting.nominal_on)}," if meeting else ""


def _time_of(finding: Finding) -> tuple[str, str]:
    instant = finding.meeting.starts_at if finding.meeting else finding.event.starts_at if finding.event else None
    return (instant.isoformat() if instant else "", finding.difference.value)
