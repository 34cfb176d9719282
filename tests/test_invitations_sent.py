"""Invitations as they arrive: one for each meeting and member, updating and cancelling itself."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar as ICalendar
from sqlalchemy import select

from bot import members, outbox
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.config import Config
from bot.model import OutboxState, Person
from bot.sending import Sender
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import Announcer
from schedules.changes import Wanted, enact
from schedules.due import queue_due
from schedules.series import Calendar

STARTED = datetime(2026, 1, 5, 9, tzinfo=UTC)
INVITED = datetime(2026, 2, 4, 9, 30, tzinfo=UTC)  # twenty working days before the PSG of Wednesday 4 March 2026
HARRIET = "harriet.bassington@example.org"


class House:
    """A secretariat with the local mailbox as its only channel."""

    def __init__(self, folder: Path, config: Config, database: Database) -> None:
        self.files, self.database, self.now = ContentFolder(folder / "content"), database, STARTED
        (folder / "content").mkdir()
        self.announcer = Announcer(config, Calendar(config), lambda: "the page", self.files)
        channel = MailFolder(folder / "mailbox", sender="pmo@mhhsprogramme.co.uk", sender_name="PMO")
        self.sender = Sender(database, [channel], self.files, now=lambda: self.now, domain="mhhsprogramme.co.uk")
        self.sent = folder / "mailbox" / "sent" / "new"

    def round(self, now: datetime) -> None:
        self.now = now
        with self.database.session() as session:
            queue_due(session, self.announcer, now)
        while self.sender.deliver_some():
            pass

    def change(self, wanted: Wanted) -> None:
        with self.database.session() as session:
            enact(session, self.announcer, wanted, self.now)
            for row in session.scalars(select(OutboxRow).where(OutboxRow.state == OutboxState.WITHHELD)):
                outbox.release(session, row, by="Tobias Wrenfield", now=self.now)

    def events(self, address: str, summary: str) -> list[tuple[str, str, int, datetime]]:
        """(method, uid, sequence, start) of the calendar parts mailed to an address, in order of sequence."""
        found = []
        for path in self.sent.iterdir():
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            for part in mail.walk():
                if part.get_content_type() == "text/calendar" and address in str(mail["To"]):
                    event: Any = ICalendar.from_ical(part.get_content()).walk("VEVENT")[0]
                    if summary in str(event["SUMMARY"]):
                        method = str(part.get_param("method"))
                        found.append((method, str(event["UID"]), int(event["SEQUENCE"]), event["DTSTART"].dt))
        return sorted(found, key=lambda entry: entry[2])


@pytest.fixture
def house(tmp_path: Path, config: Config, database: Database, people: dict[str, Person]) -> House:
    built = House(tmp_path, config, database)
    built.round(STARTED)
    return built


def march(house: House) -> list[tuple[str, str, int, datetime]]:
    return [e for e in house.events(HARRIET, "PSG") if e[1].startswith("psg-2026-03-04")]


def test_each_member_is_invited_once(house: House) -> None:
    house.round(INVITED)
    house.round(INVITED.replace(day=5))
    found = march(house)
    assert [(method, sequence) for method, _, sequence, _ in found] == [("REQUEST", 0)]
    assert found[0][3] == datetime(2026, 3, 4, 10, tzinfo=UTC)


def test_a_move_updates_the_invitation_and_a_cancellation_takes_it_away(house: House) -> None:
    house.round(INVITED)
    with house.database.reading() as session:
        secretary = members.named(session, "Tobias Wrenfield")
    house.change(Wanted("move", "PSG", date(2026, 3, 4), secretary, to=date(2026, 3, 10)))
    house.round(INVITED.replace(day=6))
    house.change(Wanted("cancel", "PSG", date(2026, 3, 10), secretary))
    house.round(INVITED.replace(day=9))
    found = march(house)
    assert [(method, sequence) for method, _, sequence, _ in found] == [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]
    assert len({uid for _, uid, _, _ in found}) == 1
    assert found[1][3] == datetime(2026, 3, 10, 10, tzinfo=UTC)


def test_who_hears_of_a_move_by_its_notice_is_not_invited_a_second_time(house: House) -> None:
    with house.database.reading() as session:
        secretary = members.named(session, "Tobias Wrenfield")
    house.change(Wanted("move", "PSG", date(2026, 3, 4), secretary, to=date(2026, 3, 10)))
    house.round(STARTED.replace(day=6))
    house.round(datetime(2026, 2, 10, 9, 30, tzinfo=UTC))  # twenty working days before the new day
    assert [(method, sequence) for method, _, sequence, _ in march(house)] == [("REQUEST", 1)]


def test_nobody_is_invited_by_mail_where_the_pmo_invites_by_hand(
    tmp_path: Path, config: Config, database: Database, people: dict[str, Person]
) -> None:
    house = House(tmp_path, config.model_copy(update={"invitations": "manual"}), database)
    house.round(STARTED)
    house.round(INVITED)
    assert march(house) == []
