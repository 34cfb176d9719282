"""Mails as files: what a mail program finds in the folder, and what a crash or a full disk does to it."""

from __future__ import annotations

import email
import email.policy
import errno
import mailbox
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.adapters.mail_folder import MailFolder, file_name
from bot.adapters.mime_message import as_email
from bot.errors import SecretariatError
from bot.model import Attachment, Outcome, OutgoingMessage

PACK = Attachment("Überblick £.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff" * 300)
REMINDER = OutgoingMessage(
    id="17",
    to="chair@example.org",
    to_name="O’Example, Ann",
    subject="Papers due: PSG – 4 November 2026",
    text="Dear Ann,\n\nthe papers are due – £0 late fee.\n.\nFrom the PMO",
    message_id="<psg-17@example.org>",
    sent_at=datetime(2026, 10, 28, 9, tzinfo=UTC),
)


@pytest.fixture
def folder(tmp_path: Path) -> MailFolder:
    return MailFolder(tmp_path, sender="pmo@example.org", sender_name="MHHS PMO")


def parsed(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def as_bytes(message: OutgoingMessage) -> bytes:
    return as_email(message, sender="pmo@example.org", sender_name="MHHS PMO").as_bytes()


def test_a_mail_program_reads_what_was_sent(folder: MailFolder, tmp_path: Path) -> None:
    assert folder.look_up(REMINDER) is None
    delivery = folder.deliver(REMINDER)
    assert (delivery.outcome, delivery.service_id) == (Outcome.DELIVERED, "psg-17@example.org.eml")
    assert folder.look_up(REMINDER) == delivery
    [mail] = mailbox.Maildir(tmp_path / "sent", factory=None, create=False)
    assert mail["Message-ID"] == "<psg-17@example.org>"
    content = parsed((tmp_path / "sent" / "new" / delivery.service_id).read_bytes())
    assert content["From"] == "MHHS PMO <pmo@example.org>"
    assert content["To"].addresses[0].display_name == "O’Example, Ann"
    assert content["Subject"] == REMINDER.subject
    assert content["Date"].datetime == REMINDER.sent_at
    assert content["X-Secretariat-Id"] == "17"
    assert (content["Auto-Submitted"], content["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert content.get_content() == REMINDER.text + "\n"


def test_a_second_delivery_leaves_the_mail_alone(folder: MailFolder, tmp_path: Path) -> None:
    first = folder.deliver(REMINDER)
    file = tmp_path / "sent" / "new" / first.service_id
    before = file.stat()
    assert folder.deliver(replace(REMINDER, text="another text")) == first
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list((tmp_path / "sent" / "tmp").iterdir()) == []


def test_a_mail_that_a_mail_program_has_opened_is_still_delivered(folder: MailFolder, tmp_path: Path) -> None:
    first = folder.deliver(REMINDER)
    sent = tmp_path / "sent"
    (sent / "new" / first.service_id).rename(sent / "cur" / f"{first.service_id}:2,S")
    assert folder.look_up(REMINDER) == first
    assert folder.deliver(REMINDER) == first
    assert list((sent / "new").iterdir()) == []
    assert folder.look_up(replace(REMINDER, message_id="<psg-1@example.org>")) is None


@pytest.mark.parametrize("message_id", ["<../../etc/x@y>", "<.hidden@y>", "<a b/c\\d:e@y>", f"<{'long' * 90}@y>"])
def test_any_message_id_makes_a_safe_name_of_its_own(folder: MailFolder, tmp_path: Path, message_id: str) -> None:
    message = replace(REMINDER, message_id=message_id)
    assert folder.deliver(message).outcome is Outcome.DELIVERED
    assert folder.look_up(message) is not None
    [file] = (tmp_path / "sent" / "new").iterdir()
    assert file.name.endswith(".eml")
    assert not file.name.startswith(".")
    assert list(tmp_path.iterdir()) == [tmp_path / "sent"]


def test_different_ids_never_share_a_name() -> None:
    ids = ["<a/b@x>", "<a_b@x>", "<a b@x>", "<a%2Fb@x>", f"<{'a' * 300}@x>", f"<{'a' * 301}@x>"]
    assert len({file_name(message_id) for message_id in ids}) == len(ids)


def test_the_same_message_has_the_same_bytes() -> None:
    message = replace(REMINDER, attachments=(PACK, PACK))
    assert as_bytes(message) == as_bytes(message)
    assert as_bytes(message) != as_bytes(replace(message, id="18"))


def test_attachments_come_out_as_they_went_in() -> None:
    odd = Attachment("notes", "no media type", b"x")
    mail = parsed(as_bytes(replace(REMINDER, attachments=(PACK, odd))))
    pack, notes = mail.iter_attachments()
    assert (pack.get_filename(), pack.get_content_type(), pack.get_content()) == (
        PACK.name,
        "application/pdf",
        PACK.content,
    )
    assert notes.get_content_type() == "application/octet-stream"
    body = mail.get_body()
    assert body is not None
    assert body.get_content() == REMINDER.text + "\n"


def test_an_invitation_is_another_way_to_read_the_text_and_no_file() -> None:
    invitation = Attachment("psg.ics", "text/calendar; method=REQUEST; charset=utf-8", b"BEGIN:VCALENDAR\r\n")
    feed = Attachment("all.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n")
    message = replace(REMINDER, attachments=(PACK, invitation, feed))
    mail = parsed(as_bytes(message))
    alternatives, pack, file = mail.iter_parts()
    assert alternatives.get_content_type() == "multipart/alternative"
    text, calendar = alternatives.iter_parts()
    assert (text.get_content_type(), calendar.get_content_type()) == ("text/plain", "text/calendar")
    assert (calendar.get_param("method"), calendar.get_filename()) == ("REQUEST", None)
    assert (pack.get_filename(), file.get_filename()) == (PACK.name, "all.ics"), "without a method it is a file"
    assert as_bytes(message) == as_bytes(message)


def test_lines_stay_short_and_the_text_whole() -> None:
    long_text = ("A paragraph of one line – " * 80 + "\n\n") * 3
    content = as_bytes(replace(REMINDER, text=long_text, subject="Very long subject " * 20))
    assert max(len(line) for line in content.splitlines()) <= 78
    assert parsed(content).get_content().strip() == long_text.strip()
    assert b"\nplain text" in as_bytes(replace(REMINDER, text="plain text")), "nothing is encoded without need"


def test_a_reply_names_its_thread_however_long_the_id() -> None:
    exchange_id = f"<MWHPR1301MB2110{'DCFC' * 15}@MWHPR1301MB2110.namprd13.prod.outlook.com>"
    content = as_bytes(replace(REMINDER, in_reply_to=exchange_id))
    assert f"In-Reply-To: {exchange_id}".encode() in content
    assert f"References: {exchange_id}".encode() in content


def test_a_reply_to_an_id_that_no_header_can_carry_is_still_sent(folder: MailFolder) -> None:
    message = replace(REMINDER, in_reply_to="<ü@example.org>")
    assert folder.deliver(message).outcome is Outcome.DELIVERED
    assert parsed(as_bytes(message))["In-Reply-To"] is None


def test_a_line_end_in_a_subject_or_name_starts_no_header() -> None:
    mail = parsed(as_bytes(replace(REMINDER, subject="Papers\r\nBcc: x@example.org", to_name="Ann\nExample")))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Papers Bcc: x@example.org"


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@", "a@b@c", "a b@example.org", "ann@exämple.org", "a@example.org\nBcc: b@c.org"]
)
def test_what_is_no_address_is_refused_in_words(folder: MailFolder, address: str) -> None:
    delivery = folder.deliver(replace(REMINDER, to=address))
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert "is not a mail address" in delivery.error
    with pytest.raises(SecretariatError, match="is not a mail address"):
        as_bytes(replace(REMINDER, to=address))


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writing fails in the middle, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_breaks_off_is_no_delivery(folder: MailFolder, tmp_path: Path) -> None:
    folder.deliver(REMINDER)
    message = replace(REMINDER, message_id="<big@example.org>", attachments=(PACK,))
    with files_end_at(2000):
        delivery = folder.deliver(message)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert delivery.error.startswith("The mail could not be written: ")
    assert folder.look_up(message) is None
    assert list((tmp_path / "sent" / "tmp").iterdir()) == []
    assert folder.deliver(message).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "Give the secretariat's account the right")]
)
def test_a_full_disk_or_a_missing_right_is_named(
    folder: MailFolder, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    delivery = folder.deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert says in delivery.error


def test_a_folder_that_is_a_file_is_a_failure_never_a_none(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("in the way")
    folder = MailFolder(tmp_path, sender="pmo@example.org", sender_name="MHHS PMO")
    assert folder.deliver(REMINDER).outcome is Outcome.FAILED_FOR_NOW
    found = folder.look_up(REMINDER)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN


def test_a_kill_in_the_middle_leaves_whole_mails_only(folder: MailFolder, tmp_path: Path) -> None:
    """A process that delivers one mail after another is killed; whatever a mail program sees is complete."""
    script = """
import sys
from dataclasses import replace
from pathlib import Path
from bot.adapters.mail_folder import MailFolder
from tests.test_mail_folder import PACK, REMINDER
folder = MailFolder(Path(sys.argv[1]), sender="pmo@example.org", sender_name="MHHS PMO")
number = 0
while True:
    number += 1
    big = replace(PACK, content=PACK.content * 50)
    folder.deliver(replace(REMINDER, message_id=f"<{number}@example.org>", attachments=(big,)))
"""
    root = Path(__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root)
    new = tmp_path / "sent" / "new"
    until = time.monotonic() + 20
    while time.monotonic() < until and not (new.is_dir() and len(list(new.iterdir())) >= 5):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    written = sorted(new.iterdir())
    assert len(written) >= 5
    for file in written:
        [pack] = parsed(file.read_bytes()).iter_attachments()
        assert pack.get_content() == PACK.content * 50
    following = replace(REMINDER, message_id=f"<{len(written) + 1}@example.org>")
    assert folder.look_up(following) is None
    assert folder.deliver(following).outcome is Outcome.DELIVERED
