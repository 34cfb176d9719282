"""Invitations and feeds, read back by parsers that are not ours, and as a mail program finds them."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from bot import outbox
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.config import Config
from bot.model import Meeting, MeetingStatus, Notice, Person
from bot.sending import Sender
from bot.store.database import Database
from schedules.invitations import calendar_feed, cancellation, invitation
from schedules.series import Calendar

NOW = datetime(2026, 10, 28, 9, tzinfo=UTC)
PMO = "pmo@mhhsprogramme.co.uk"
ANN = Person("P-1", 'O’Example, "Ann"; Dr', "An Invented Supplier", "ann@example.org", None)


@pytest.fixture
def psg(config: Config) -> Meeting:
    """Wednesday 4 November 2026, 10:00 in London."""
    found = Calendar(config).meeting_on("PSG", date(2026, 11, 4))
    assert found
    return found


@pytest.fixture
def moved(psg: Meeting) -> Meeting:
    """The same, a week later and an hour longer."""
    week = timedelta(days=7)
    return replace(
        psg, starts_at=psg.starts_at + week, ends_at=psg.ends_at + week + timedelta(hours=1), revision=1,
        status=MeetingStatus.MOVED, reason="The Chair is away; agreed, with thanks\nto all",
    )  # fmt: skip


def read(text: str | None) -> tuple[icalendar.Calendar, Any]:
    """The calendar and its one event, as the icalendar library reads them."""
    assert text is not None
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    [event] = calendar.walk("VEVENT")
    return calendar, event


def invited(meeting: Meeting, config: Config, now: datetime = NOW) -> str:
    text = invitation(meeting, config, ANN, PMO, now=now)
    assert text is not None
    return text


def test_an_invitation_says_who_invites_whom_to_what(psg: Meeting, config: Config) -> None:
    calendar, event = read(invited(psg, config))
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert event["UID"] == psg.uid
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert event["SUMMARY"] == "PSG: Programme Steering Group"
    assert event["ORGANIZER"] == f"mailto:{PMO}"
    assert event["ATTENDEE"] == "mailto:ann@example.org"
    assert dict(event["ATTENDEE"].params) == {
        "CN": ANN.name, "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE",
    }  # fmt: skip
    assert event["DTSTAMP"].dt == NOW
    assert "Wednesday 4 November 2026, 10:00-12:00 (London)" in event["DESCRIPTION"]


def test_times_are_in_utc_and_nothing_recurs(moved: Meeting, config: Config) -> None:
    text = invited(moved, config)
    assert "DTSTART:20261111T100000Z\r\n" in text
    assert "DTEND:20261111T130000Z\r\n" in text
    assert not [word for word in ("RDATE", "RRULE", "TZID", "VTIMEZONE") if word in text]
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")), "lines are folded as RFC 5545 has it"


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2026, 3, 4), 10), (date(2026, 4, 1), 9), (date(2026, 10, 7), 9), (date(2026, 11, 4), 10)]
)
def test_an_independent_reader_sees_one_occurrence_at_the_right_instant(config: Config, day: date, hour: int) -> None:
    psg = Calendar(config).meeting_on("PSG", day)
    assert psg
    calendar, _ = read(invited(psg, config))
    around = recurring_ical_events.of(calendar).between(day - timedelta(days=400), day + timedelta(days=400))
    assert [event["DTSTART"].dt for event in around] == [datetime(day.year, day.month, day.day, hour, tzinfo=UTC)]


def test_a_change_keeps_the_uid_and_raises_the_sequence(psg: Meeting, moved: Meeting, config: Config) -> None:
    both, first = read(invited(psg, config))
    _, second = read(invited(moved, config, NOW + timedelta(days=1)))
    assert first["UID"] == second["UID"]
    assert first["SEQUENCE"] < second["SEQUENCE"]
    both.add_component(second)  # a client keeps what it has been sent, and shows the newest of it
    seen = recurring_ical_events.of(both).between(date(2026, 11, 1), date(2026, 11, 30))
    assert [event["DTSTART"].dt for event in seen] == [moved.starts_at]


def test_a_cancellation_takes_the_meeting_away(psg: Meeting, config: Config) -> None:
    cancelled = replace(psg, status=MeetingStatus.CANCELLED, revision=2, reason="No business")
    calendar, event = read(cancellation(cancelled, config, ANN, PMO, now=NOW))
    assert calendar["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (psg.uid, 2, "CANCELLED")
    assert (event["ORGANIZER"], event["ATTENDEE"]) == (f"mailto:{PMO}", "mailto:ann@example.org")
    assert "RSVP" not in event["ATTENDEE"].params


@pytest.mark.parametrize("status", [MeetingStatus.EMAIL_UPDATE, MeetingStatus.PROPOSED_MOVE, MeetingStatus.CANCELLED])
def test_nobody_is_invited_to_what_is_no_meeting_yet_or_any_more(
    psg: Meeting, config: Config, status: MeetingStatus
) -> None:
    assert invitation(replace(psg, status=status), config, ANN, PMO, now=NOW) is None


def test_without_an_address_or_a_cancelled_meeting_there_is_nothing_to_send(psg: Meeting, config: Config) -> None:
    assert invitation(psg, config, replace(ANN, email=None), PMO, now=NOW) is None
    assert cancellation(psg, config, ANN, PMO, now=NOW) is None


def test_a_feed_keeps_the_cancelled_and_marks_the_proposed(psg: Meeting, config: Config) -> None:
    found = [
        psg,
        replace(psg, uid="a@example.org", status=MeetingStatus.CANCELLED, revision=1),
        replace(psg, uid="b@example.org", status=MeetingStatus.PROPOSED_MOVE),
        replace(psg, uid="c@example.org", status=MeetingStatus.EMAIL_UPDATE),
    ]
    calendar = icalendar.Calendar.from_ical(calendar_feed(found, config, now=NOW, name="MHHS; PSG, all"))
    assert (calendar["METHOD"], str(calendar["X-WR-CALNAME"])) == ("PUBLISH", "MHHS; PSG, all")
    told = {str(event["UID"]): (str(event["STATUS"]), event["SEQUENCE"]) for event in calendar.walk("VEVENT")}
    assert told == {
        psg.uid: ("CONFIRMED", 0),
        "a@example.org": ("CANCELLED", 1),
        "b@example.org": ("TENTATIVE", 0),
    }


def test_a_year_read_back_is_the_calendar(config: Config) -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    found = [m for m in Calendar(config).meetings(first, last) if m.status is not MeetingStatus.EMAIL_UPDATE]
    calendar = icalendar.Calendar.from_ical(calendar_feed(found, config, now=NOW))
    seen = recurring_ical_events.of(calendar).between(first, last + timedelta(days=1))
    assert len(found) > 100
    assert {(str(e["UID"]), e["DTSTART"].dt, e["DTEND"].dt) for e in seen} == {
        (m.uid, m.starts_at, m.ends_at) for m in found
    }


def mail_of(meeting: Meeting, text: str | None, name: str, database: Database, folder: Path) -> EmailMessage:
    """The mail that the outbox puts into the local folder for a notice with that attachment."""
    assert text is not None
    files = ContentFolder(folder / "content")
    notice = Notice(
        meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="invitation", step=name, group="PSG",
        recipient="address:ann@example.org", kind="member_reminder", subject="PSG, 4 November 2026",
        text="Dear Ann – you are invited.", why="she is a member", due_at=NOW,
        attachments=(f"{files.put(text.encode())}:{name}",),
    )  # fmt: skip
    with database.session() as session:
        assert outbox.queue(session, notice, now=NOW, dial="automatic", recipient_name=ANN.name)
    mailbox = MailFolder(folder / "mailbox", sender=PMO, sender_name="MHHS PMO")
    assert Sender(database, [mailbox], files, now=lambda: NOW, domain="example.org").deliver_one()
    file = folder / "mailbox" / "sent" / "new" / f"{outbox.notice_id(notice)}@example.org.eml"
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.mark.parametrize(("name", "method"), [("invitation.ics", "REQUEST"), ("cancellation.ics", "CANCEL")])
def test_the_mail_carries_it_as_another_way_to_read_the_text(
    psg: Meeting, config: Config, database: Database, tmp_path: Path, name: str, method: str
) -> None:
    cancelled = replace(psg, status=MeetingStatus.CANCELLED, revision=1)
    text = invited(psg, config) if method == "REQUEST" else cancellation(cancelled, config, ANN, PMO, now=NOW)
    mail = mail_of(psg, text, name, database, tmp_path)
    assert mail.get_content_type() == "multipart/alternative"
    body, calendar = mail.iter_parts()
    assert body.get_content().strip() == "Dear Ann – you are invited."
    assert (calendar.get_content_type(), calendar.get_param("method")) == ("text/calendar", method)
    assert calendar.get_content_charset() == "utf-8"
    assert calendar.get_filename() is None, "Outlook shows a file as a file, without buttons"
    whole, event = read(calendar.get_content())
    assert whole["METHOD"] == method, "Exchange refuses a mail whose two methods differ"
    assert event["ORGANIZER"] == f"mailto:{mail['From'].addresses[0].addr_spec}"
    assert event["ATTENDEE"].params["CN"] == ANN.name
