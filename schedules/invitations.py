"""Meetings as an iCalendar feed that real clients accept: one UID a meeting, SEQUENCE by revision, times in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar as ICalendar
from icalendar import Event

from bot.config import Config
from bot.model import Meeting, MeetingStatus

STATUS = {MeetingStatus.CANCELLED: "CANCELLED", MeetingStatus.PROPOSED_MOVE: "TENTATIVE"}


def calendar_feed(found: Iterable[Meeting], config: Config, *, now: datetime) -> str:
    """The meetings as one VCALENDAR. E-mail updates in lieu of papers are no meetings and are left out."""
    feed = ICalendar()
    feed.add("prodid", f"-//{config.programme.short_name}//meeting secretariat//EN")
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    for meeting in found:
        if meeting.status is not MeetingStatus.EMAIL_UPDATE:
            feed.add_component(_event(meeting, config, now))
    return bytes(feed.to_ical()).decode()


def _event(meeting: Meeting, config: Config, now: datetime) -> Event:
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.revision)
    event.add("dtstamp", now)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("summary", f"{meeting.group}: {config.groups[meeting.group].name}")
    event.add("status", STATUS.get(meeting.status, "CONFIRMED"))
    event.add("description", "\n".join(part for part in (meeting.reason, f"By the rule: {meeting.source}") if part))
    return event
