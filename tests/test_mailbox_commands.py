"""`secretariat mailbox`: what waits, a person's word on it, and what would be done before anything is."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import AcceptedSenderRow, InboxRow
from bot.store.meeting_tables import ApologyRow
from bot.store.outbox_tables import OutboxRow
from handlers.mail.findings import What
from tests.mail_room import MARCH, MailRoom, found
from tests.office import Office

APOLOGY = found(What.APOLOGY, certain=False, group="PSG", on=MARCH)
TOBIAS = ("--by", "Tobias Wrenfield")


@pytest.fixture
def room(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> MailRoom:
    return MailRoom(database, config, ContentFolder(tmp_path / "content"))


@pytest.fixture
def office(office: Office) -> Office:
    office.at, office.within = "2024-02-09T09:30:00+00:00", ("mailbox",)
    return office


def listed(office: Office) -> list[Any]:
    return list(json.loads(office("list", "--format", "json")[1])["proposals"])


def test_what_waits_is_listed_and_shown(room: MailRoom, office: Office) -> None:
    assert listed(office) == []
    room.came(APOLOGY)
    [one] = listed(office)
    assert (one["reference"], one["action"], one["waits_for"]) == ("M-001", "apology", "It says so.")
    assert one["message"]["from"] == "harriet.bassington@example.org"
    assert "Record apologies from Harriet Bassington" in office("list")[1]
    assert "As it was written." in office("show", "m-001")[1]


def test_accepted_for_show_then_in_earnest_then_undone(room: MailRoom, office: Office) -> None:
    room.came(APOLOGY)
    went_well, said = office("accept", "M-001", *TOBIAS, "--dry-run")
    assert (went_well, "It would be so: Apologies from Harriet Bassington" in said) == (True, True)
    assert room.rows(ApologyRow) == []
    assert office("accept", "M-001", *TOBIAS)[0]
    assert listed(office) == []
    assert "M-001 is undone (AP-001)" in office("undo", "M-001", *TOBIAS, "--dry-run")[1]
    assert [row.withdrawn_at for row in room.rows(ApologyRow)] == [None]
    assert "M-001 is undone (AP-001)" in office("undo", "M-001", *TOBIAS, "--reason", "A slip.")[1]
    assert [row.withdrawn_at is None for row in room.rows(ApologyRow)] == [False]


def test_changed_and_rejected(room: MailRoom, office: Office) -> None:
    room.came(APOLOGY)
    room.came(APOLOGY, sender="Magnus Eskdale")
    went_well, said = office("change", "M-001", *TOBIAS, "--who", "Magnus Eskdale")
    assert (went_well, "Magnus Eskdale comes instead" in said) == (True, True)
    office("change", "M-002", *TOBIAS)
    assert office.exit_code == 2
    assert "rejected M-002: He comes." in office("reject", "M-002", *TOBIAS, "--reason", "He comes.")[1]
    office("accept", "M-002", *TOBIAS)
    assert office.exit_code == 1


@pytest.mark.parametrize("command", ["accept", "reject", "undo"])
def test_only_the_pmo_decides_and_a_refusal_is_kept(room: MailRoom, office: Office, command: str) -> None:
    room.came(APOLOGY)
    _, said = office(command, "M-001", "--by", "Harriet Bassington")
    assert (office.exit_code, "Harriet Bassington is not of the PMO." in said) == (1, True)
    assert room.proposals()[0].state == "waiting"
    assert [row.subject for row in room.rows(AuditRow) if row.event == "access refused"] == ["decide on mail"]


def test_a_sender_is_accepted_until_a_day(room: MailRoom, office: Office) -> None:
    said = office("accept-sender", "Sam@Example.org", "--until", "2024-03-01", *TOBIAS)[1]
    assert said == "Mail from sam@example.org is accepted until Friday 1 March 2024.\n"
    assert [row.address for row in room.rows(AcceptedSenderRow)] == ["sam@example.org"]
    office("accept-sender", "sam@example.org", "--until", "2024-02-01", *TOBIAS)
    assert office.exit_code == 1
    office("accept-sender", "nobody", "--until", "2024-03-01", *TOBIAS)
    assert office.exit_code == 1


def drop(folder: Path, number: int, subject: str, body: str, sender: str = "harriet.bassington@example.org") -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = sender, subject, f"<d{number}@example.org>"
    mail.set_content(body)
    inbox = folder / "mailbox" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / f"{number}.eml").write_bytes(mail.as_bytes())


def test_a_dry_run_shows_all_that_would_be_done_and_does_nothing(
    room: MailRoom, office: Office, tmp_path: Path
) -> None:
    drop(tmp_path, 1, "PSG 2024-02-07", "D-01: the plan was approved")
    drop(tmp_path, 2, "PSG 2024-02-07", "D-01: the plan was approved", sender="stranger@example.com")
    drop(tmp_path, 3, "Hello", "Nothing of it.")
    went_well, said = office("dry-run", "--format", "json")
    assert went_well
    first, second, third = json.loads(said)["messages"]
    assert (first["state"], first["finding"], first["subject"]) == ("done", "amendment", "PSG 2024-02-07")
    [action] = first["actions"]
    assert action["summary"].startswith("Record an amendment request (the record is wrong) from Harriet Bassington")
    assert action["waits_for"] == ""
    assert (second["state"], second["finding"]) == ("needs_a_person", "unknown_sender")
    assert "is nobody on file" in second["actions"][0]["waits_for"]
    assert third["finding"] == "unclear"
    assert "3 messages. Nothing was done, moved or sent." in office("dry-run")[1]
    assert len(list((tmp_path / "mailbox" / "inbox").glob("*.eml"))) == 3
    with room.database.reading() as session:
        for table in (AmendmentRow, OutboxRow, InboxRow):
            assert session.scalars(select(table)).all() == []
