"""Meetings as iCalendar that real clients accept: one UID a meeting, SEQUENCE by revision, times in UTC, no RDATE.

A feed is subscribed to and always tells the whole; an invitation goes to one person and is updated or cancelled by
another with the same UID and a higher SEQUENCE (RFC 5546).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar as ICalendar
from icalendar import Event, vCalAddress, vText

from bot.clock import LONDON, spoken_date
from bot.config import Config
from bot.model import Meeting, MeetingStatus, Person

STATUS = {MeetingStatus.CANCELLED: "CANCELLED", MeetingStatus.PROPOSED_MOVE: "TENTATIVE"}
NOT_INVITED_TO = (MeetingStatus.EMAIL_UPDATE, MeetingStatus.PROPOSED_MOVE, MeetingStatus.CANCELLED)
ASK_AGAIN = timedelta(hours=4)


def calendar_feed(found: Iterable[Meeting], config: Config, *, now: datetime, name: str = "") -> str:
    """The meetings as one VCALENDAR, called `name`. E-mail updates in lieu of papers are no meetings and are left out.

    A cancelled meeting stays in it as CANCELLED, so that whoever subscribes loses it.
    """
    feed = _calendar(config, "PUBLISH")
    if name:
        feed.add("name", name)
        feed.add("x-wr-calname", name)
    feed.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", "PT4H")  # the same for Outlook
    for meeting in found:
        if meeting.status is not MeetingStatus.EMAIL_UPDATE:
            feed.add_component(_event(meeting, config, now))
    return _text(feed)


def invitation(
    meeting: Meeting, config: Config, attendee: Person, organiser_address: str, *, now: datetime
) -> str | None:
    """A VCALENDAR that invites one person, or tells of the meeting's new date: METHOD:REQUEST with one VEVENT.

    `organiser_address` is the mailbox that the mail comes from; Outlook takes no other. None where nobody is invited:
    to an e-mail update, a date that is only proposed, a cancelled meeting, or without an address to reply from.
    """
    if meeting.status in NOT_INVITED_TO or not attendee.email:
        return None
    return _to_one(meeting, config, attendee, organiser_address, now=now, method="REQUEST")


def cancellation(
    meeting: Meeting, config: Config, attendee: Person, organiser_address: str, *, now: datetime
) -> str | None:
    """A VCALENDAR that takes a cancelled meeting out of one person's calendar: METHOD:CANCEL, STATUS:CANCELLED.

    None where the meeting is not cancelled, or the person has no address.
    """
    if meeting.status is not MeetingStatus.CANCELLED or not attendee.email:
        return None
    return _to_one(meeting, config, attendee, organiser_address, now=now, method="CANCEL")


def title(meeting: Meeting, config: Config) -> str:
    """What the meeting is called in every calendar: 'PSG: Programme Steering Group', or its groups together."""
    names = [config.groups[key].name for key in meeting.groups if key in config.groups]
    return f"{meeting.known_as}: {' and '.join(names)}" if names else meeting.known_as


def description(meeting: Meeting) -> str:
    """What its entry says: the time in London, why it is then, and by which rule."""
    start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
    when = f"{spoken_date(meeting.on)}, {start:%H:%M}-{end:%H:%M} (London)"
    return "\n".join(part for part in (when, meeting.reason, f"By the rule: {meeting.source}") if part)


def _to_one(
    meeting: Meeting, config: Config, attendee: Person, organiser_address: str, *, now: datetime, method: str
) -> str:
    event = _event(meeting, config, now)
    event.add("organizer", _address(organiser_address, f"{config.programme.short_name} PMO"))
    guest = _address(attendee.email or "", attendee.name)
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    if method == "REQUEST":
        guest.params |= {"PARTSTAT": vText("NEEDS-ACTION"), "RSVP": vText("TRUE")}
    event.add("attendee", guest)
    whole = _calendar(config, method)
    whole.add_component(event)
    return _text(whole)


def _calendar(config: Config, method: str) -> ICalendar:
    calendar = ICalendar()
    calendar.add("prodid", f"-//{config.programme.short_name}//meeting secretariat//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(meeting: Meeting, config: Config, now: datetime) -> Event:
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.revision)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", meeting.starts_at.astimezone(UTC))  # a named zone would need its VTIMEZONE beside it
    event.add("dtend", meeting.ends_at.astimezone(UTC))
    event.add("summary", title(meeting, config))
    event.add("status", STATUS.get(meeting.status, "CONFIRMED"))
    event.add("description", description(meeting))
    return event


def _address(address: str, name: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    found.params["CN"] = vText(name)
    return found


def _text(calendar: ICalendar) -> str:
    return bytes(calendar.to_ical()).decode()
