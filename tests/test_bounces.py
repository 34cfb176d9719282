"""Mail that comes back: real delivery reports of several mail servers, whose original mail is made ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import outbox
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.sending import Sender
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import EmailRow
from handlers.mail.bounces import Bounce, bounces_in
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker
from schedules.announcements import Announcer
from schedules.series import Calendar
from tests.test_outbox import notice

REAL = Path(__file__).parent / "data/mail/awkward"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
IFEOMA = "ifeoma.castellane@example.org"
OURS = "0123456789abcdef0123456789abcdef"

# a real report, the Message-ID of the mail that it returns, the address that failed
REPORTS = [
    ("report_530.eml", "200712232303.lBNN3jDq002941@mail12.rrrr.com.au", "edwin@zzzzzzz.com"),
    ("multi_address_bounce2.eml", "118707422.15521266992174819.JavaMail.root@lvmail01", "kfhejkfbsjkjsbhds@gmail.com"),
    ("multipart_report_multiple_status.eml", "4c2a146147ac8_61ff157c4ec1652df@s.h.c.mail", "u@ci.com"),
]


def report(name: str, message_id: str, failed: str, *, ours: str = OURS, address: str = IFEOMA) -> bytes:
    """The real report, as if the mail had been ours."""
    raw = (REAL / name).read_bytes()
    assert message_id.encode() in raw
    return raw.replace(message_id.encode(), f"{ours}@mhhsprogramme.co.uk".encode()).replace(
        failed.encode(), address.encode()
    )


@pytest.mark.parametrize(("name", "message_id", "failed"), REPORTS)
def test_a_real_report_names_the_notice_the_address_and_the_reason(name: str, message_id: str, failed: str) -> None:
    found = bounces_in(report(name, message_id, failed))
    mine = [bounce for bounce in found if bounce.address == IFEOMA]
    assert [bounce.notice_id for bounce in mine] == [OURS]
    assert re.search(r"\b5\.[0-9]\.[0-9]\b", mine[0].reason), "in the mail server's own words, with its code"


def test_a_mail_that_is_merely_delayed_has_not_come_back() -> None:
    raw = (REAL / "report_422.eml").read_bytes()
    raw = raw.replace(b"15655788.13.1200472642578.JavaMail.Administrator@mail.ttttt.com.au", f"{OURS}@x.org".encode())
    assert bounces_in(raw) == []


def test_a_report_about_somebody_elses_mail_is_none_of_ours() -> None:
    assert bounces_in((REAL / "report_530.eml").read_bytes()) == []


@pytest.mark.parametrize("file", sorted(REAL.glob("*.eml")), ids=lambda file: file.name)
def test_nothing_that_a_mailer_wrote_raises(file: Path) -> None:
    assert all(isinstance(found, Bounce) for found in bounces_in(file.read_bytes()))


def test_a_mail_that_comes_back_is_followed_through(
    database: Database, people: dict[str, Person], tmp_path: Path, config: Config
) -> None:
    """The address is marked, the notice is known to be unsent, the secretary is told, and the report is done with."""
    root, clock = tmp_path / "mailbox", Clock(NOW)
    files = ContentFolder(tmp_path / "content")
    channel = MailFolder(root, sender="pmo@mhhsprogramme.co.uk", sender_name="MHHS PMO")
    sender = Sender(database, [channel], files, now=clock.now, domain="mhhsprogramme.co.uk")
    ifeoma = people["Ifeoma Castellane"]
    with database.session() as session:
        outbox.queue(session, notice(ifeoma.id), now=NOW, dial="automatic", recipient_name=ifeoma.name)
    while sender.deliver_one():
        pass
    with database.reading() as session:
        sent = session.scalars(select(OutboxRow)).one()
    (root / "inbox").mkdir(parents=True)
    (root / "inbox" / "returned.eml").write_bytes(report(*REPORTS[0], ours=sent.id))
    announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")
    inbox = MailInbox(MailboxFolder("pmo", root), MailWorker(announcer), database, files, clock)
    for _ in range(5):
        inbox.take_in_one()
    while sender.deliver_one():
        pass
    with database.reading() as session:
        arrived = session.scalars(select(InboxRow)).one()
        row = session.get_one(OutboxRow, sent.id)
        told = session.scalars(select(OutboxRow).where(OutboxRow.id != sent.id)).one()
        marked = session.get_one(EmailRow, IFEOMA)
    assert (arrived.state, arrived.finding) == ("done", "bounce")
    assert row.state == "failed"
    assert marked.bounced_at is not None
    assert "553 5.3.0" in marked.bounce_reason
    assert told.recipient == people["Tobias Wrenfield"].id
    assert "Mail to Ifeoma Castellane came back" in told.subject
    assert (root / "done").is_dir()


def test_a_forged_report_with_another_address_changes_nothing(
    database: Database, people: dict[str, Person], tmp_path: Path, config: Config
) -> None:
    ifeoma, clock = people["Ifeoma Castellane"], Clock(NOW)
    with database.session() as session:
        wanted = notice(ifeoma.id)
        outbox.queue(session, wanted, now=NOW, dial="automatic", recipient_name=ifeoma.name)
        row = session.get_one(OutboxRow, outbox.notice_id(wanted))
        row.state, row.channel, row.address, row.sent_at = "sent", "mail", IFEOMA, NOW - timedelta(hours=1)
    root = tmp_path / "mailbox"
    (root / "inbox").mkdir(parents=True)
    forged = report(*REPORTS[0], ours=outbox.notice_id(wanted), address="harriet.bassington@example.org")
    (root / "inbox" / "forged.eml").write_bytes(forged)
    announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")
    files = ContentFolder(tmp_path / "content")
    inbox = MailInbox(MailboxFolder("pmo", root), MailWorker(announcer), database, files, clock)
    for _ in range(5):
        inbox.take_in_one()
    with database.reading() as session:
        assert session.scalars(select(InboxRow.state)).one() == "ignored"
        assert {email.bounced_at for email in session.scalars(select(EmailRow))} == {None}
        assert session.scalars(select(OutboxRow.state)).one() == "sent"
