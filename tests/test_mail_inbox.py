"""Mail that comes in: whatever arrives ends in a named state, and what asks for an amendment is answered once."""

from __future__ import annotations

import email
import email.policy
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import FOLDERS, MailboxFolder
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.sending import Sender
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker
from schedules.announcements import Announcer
from schedules.series import Calendar

AWKWARD = Path(__file__).parent / "data/mail/awkward"
HARRIET = "Harriet Bassington <harriet.bassington@example.org>"
IN_TIME = datetime(2024, 2, 9, 9, tzinfo=UTC)
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)  # requests to PSG of 7 February close on 28 February, 17:00
ASKS = "PSG 2024-02-07 D-01: the plan was approved subject to the report"


def mail(body: str = ASKS, *, sender: str = HARRIET, subject: str = "A request", **headers: str) -> bytes:
    """A mail as a person's program writes it; `Message_ID="<a@b>"` sets a header."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "pmo@mhhsprogramme.co.uk", subject
    message["Message-ID"] = headers.pop("Message_ID", f"<{hashlib.sha256(body.encode()).hexdigest()[:12]}@example.org>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


def raw(headers: str, body: bytes) -> bytes:
    """A mail that no program should have written."""
    return f"From: {HARRIET}\nSubject: A request\nMessage-ID: <raw@example.org>\n{headers}\n\n".encode() + body


QUOTE = "On Wed, 7 Feb 2024 at 10:00, PMO <pmo@mhhsprogramme.co.uk> wrote:\n> PSG 2024-02-07 D-09: quoted words\n"


# ------------------------------------------------------------------------------------------------------------ the inbox


class Box:
    """A mailbox folder, worked as it runs, on a database of its own."""

    def __init__(self, folder: Path, database: Database, config: Config, now: datetime, trust: str = "folder") -> None:
        self.root, self.database, clock = folder / "mailbox", database, Clock(now)
        (self.root / "inbox").mkdir(parents=True)
        self.files = ContentFolder(folder / "content")
        mailbox = config.mailboxes["pmo"].model_copy(update={"trust": trust})
        config = config.model_copy(update={"mailboxes": config.mailboxes | {"pmo": mailbox}})
        announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")
        self.inbox = MailInbox(MailboxFolder("pmo", self.root), MailWorker(announcer), database, self.files, clock)
        channel = MailFolder(self.root, sender=mailbox.address, sender_name="MHHS PMO")
        self.sender = Sender(database, [channel], self.files, now=clock.now, domain="mhhsprogramme.co.uk")

    def drop(self, content: bytes, name: str = "one.eml") -> Path:
        file = self.root / "inbox" / name
        file.write_bytes(content)
        return file

    def work(self) -> None:
        """Two looks, and whatever has to be answered is."""
        for _ in range(3):
            while self.inbox.take_in_one():
                pass
        while self.sender.deliver_one():
            pass

    def rows(self) -> list[InboxRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(InboxRow).order_by(InboxRow.arrived_at, InboxRow.file_name)))

    def requests(self) -> list[AmendmentRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)))

    def receipts(self) -> list[EmailMessage]:
        files = sorted((self.root / "sent").glob("*/*.eml"))
        return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]

    def lies_in(self) -> list[str]:
        """The folders in which mails lie, of those that were dropped."""
        return [f.parent.name for f in sorted(self.root.rglob("*.eml")) if "sent" not in f.parts]

    def finding(self) -> tuple[str, str]:
        [row] = self.rows()
        return row.state, row.finding


BoxMade = Callable[..., Box]


@pytest.fixture
def box(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> BoxMade:
    def made(now: datetime = IN_TIME, trust: str = "folder") -> Box:
        return Box(tmp_path, database, config, now, trust)

    return made


def test_a_request_is_recorded_and_answered_in_its_thread(box: BoxMade) -> None:
    mailbox = box()
    mailbox.drop(mail(Message_ID="<asked@example.org>"))
    mailbox.work()
    [request] = mailbox.requests()
    assert (request.reference, request.line_ref, request.state) == ("AM-001", "D-01", "received")
    assert (request.constituency, request.came_by) == ("Large Supplier", "mail")
    assert request.proposed_text == "the plan was approved subject to the report"
    assert request.closes_at == datetime(2024, 2, 28, 17, tzinfo=UTC)
    [receipt] = mailbox.receipts()
    assert receipt["In-Reply-To"] == receipt["References"] == "<asked@example.org>"
    assert receipt["To"] == HARRIET
    assert receipt["Auto-Submitted"] == "auto-generated"
    said = receipt.get_content()
    assert "AM-001" in receipt["Subject"]
    assert "the plan was approved subject to the report" in " ".join(said.split())
    assert "Wednesday 28 February 2024, 17:00 (London)" in said
    assert mailbox.finding() == ("done", "amendment")
    assert mailbox.lies_in() == ["done"]


def test_the_answer_goes_to_the_address_that_wrote(box: BoxMade) -> None:
    mailbox = box()
    mailbox.drop(mail(sender="H.Bassington.Migration@example.org"))
    mailbox.work()
    assert [r["To"].addresses[0].addr_spec for r in mailbox.receipts()] == ["h.bassington.migration@example.org"]


def test_a_late_request_is_recorded_and_answered_as_late(box: BoxMade) -> None:
    mailbox = box(LATE)
    mailbox.drop(mail())
    mailbox.work()
    assert [r.state for r in mailbox.requests()] == ["late"]
    [receipt] = mailbox.receipts()
    assert "goes to the Chair" in receipt.get_content()


# what arrives, the state, the finding
NOT_ANSWERED = [
    (mail(sender="Stranger <stranger@example.com>"), "needs_a_person", "unknown_sender"),
    (mail(Auto_Submitted="auto-replied"), "ignored", "automatic"),
    (mail(Return_Path="<>"), "ignored", "automatic"),
    (mail(Authentication_Results="dmarc=fail header.from=example.org"), "needs_a_person", "unverified_sender"),
    (mail("Thank you for the papers."), "needs_a_person", "unclear"),
    (mail("PSG 2024-02-08 D-01: no such meeting"), "needs_a_person", "amendment"),
    (mail("PSG 9999-12-31 D-01: no such year"), "needs_a_person", "amendment"),
    (mail("PSG 0001-01-01 D-01: no such year"), "needs_a_person", "amendment"),
    (mail(f"PSG 2024-02-07 D-01: {'x' * 40_001}"), "needs_a_person", "refused"),
    (mail(QUOTE), "needs_a_person", "unclear"),
    (b"no mail at all", "needs_a_person", "unreadable"),
    (b"", "needs_a_person", "unreadable"),
    (raw("Content-Type: text/html", b"<![unknown marked section]>"), "needs_a_person", "unreadable"),
]


@pytest.mark.parametrize(("content", "state", "finding"), NOT_ANSWERED)
def test_what_is_not_answered_waits_in_a_named_place(box: BoxMade, content: bytes, state: str, finding: str) -> None:
    mailbox = box()
    mailbox.drop(content)
    mailbox.work()
    assert mailbox.finding() == (state, finding)
    assert mailbox.rows()[0].reason.endswith((".", ")"))
    assert mailbox.lies_in() == [FOLDERS[state]]
    assert mailbox.receipts() == []
    assert mailbox.requests() == []


@pytest.mark.parametrize(
    ("results", "state"), [(None, "needs_a_person"), ("dmarc=pass", "done"), ("dmarc=fail", "needs_a_person")]
)
def test_a_real_mailbox_takes_only_verified_senders(box: BoxMade, results: str | None, state: str) -> None:
    mailbox = box(trust="required")
    mailbox.drop(mail(**{"Authentication_Results": results} if results else {}))
    mailbox.work()
    assert mailbox.finding()[0] == state
    assert len(mailbox.receipts()) == (state == "done")


def test_one_bad_mail_does_not_stop_the_next(box: BoxMade) -> None:
    mailbox = box()
    mailbox.drop(raw("Content-Type: text/plain; charset=utf-7", b"+2AA- PSG 9999-12-31 D-01: x"), "a.eml")
    mailbox.drop(b"\xff\xfe", "b.eml")
    (mailbox.root / "inbox" / "c.eml").mkdir()
    mailbox.drop(mail(), "d.eml")
    mailbox.work()
    assert len(mailbox.rows()) == 3
    assert [r.reference for r in mailbox.requests()] == ["AM-001"]


def test_the_same_mail_in_two_files_is_one_request(box: BoxMade) -> None:
    """The same bytes twice, and the same Message-ID with another header that a server has added."""
    mailbox = box()
    content = mail(Message_ID="<once@example.org>")
    mailbox.drop(content, "one.eml")
    mailbox.work()
    mailbox.drop(content, "two.eml")
    mailbox.drop(b"Received: by another server\n" + content, "three.eml")
    mailbox.work()
    assert len(mailbox.requests()) == len(mailbox.receipts()) == 1
    assert len([row for row in mailbox.rows() if row.state == "ignored"]) == 2
    assert sorted(mailbox.lies_in()) == ["done", "ignored", "ignored"]


def test_two_requests_of_one_person_are_two(box: BoxMade) -> None:
    mailbox = box()
    mailbox.drop(mail(), "one.eml")
    mailbox.drop(mail("PSG 2024-02-07 A-01: another"), "two.eml")
    mailbox.work()
    assert [r.reference for r in mailbox.requests()] == ["AM-001", "AM-002"]
    assert len(mailbox.receipts()) == 2


@pytest.mark.parametrize("content", [mail(), raw("Content-Type: text/plain", b"no id").replace(b"Message-ID", b"X-Id")])
def test_a_mail_put_back_into_the_inbox_goes_to_its_folder_and_is_not_worked_again(
    box: BoxMade, content: bytes
) -> None:
    mailbox = box()
    file = mailbox.drop(content)
    mailbox.work()
    [folder] = mailbox.lies_in()
    [moved] = (mailbox.root / folder).glob("*.eml")
    moved.rename(file)
    mailbox.work()
    assert mailbox.lies_in() == [folder]
    assert len(mailbox.rows()) == 1
    assert len(mailbox.requests()) == len(mailbox.receipts()) == (folder == "done")
    with mailbox.database.reading() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.event == "mail received")).all()) == 1


def test_a_mail_that_is_still_being_written_is_left_alone(box: BoxMade) -> None:
    mailbox = box()
    file = mailbox.drop(mail()[:40])
    assert not mailbox.inbox.take_in_one(), "the first look"
    file.write_bytes(mail())
    assert not mailbox.inbox.take_in_one(), "it has grown since"
    assert mailbox.inbox.take_in_one(), "it stands still"


@pytest.mark.parametrize("name", sorted(path.name for path in AWKWARD.glob("*.eml")))
def test_no_mail_of_the_wild_is_lost_or_raises(box: BoxMade, name: str) -> None:
    mailbox = box()
    mailbox.drop((AWKWARD / name).read_bytes())
    mailbox.work()
    assert mailbox.finding()[0] in ("needs_a_person", "ignored")
    assert mailbox.receipts() == []


def test_the_wild_is_there_with_its_licence() -> None:
    assert len(list(AWKWARD.glob("*.eml"))) >= 12
    assert "Permission is hereby granted" in (AWKWARD / "LICENSE").read_text(encoding="utf-8")
