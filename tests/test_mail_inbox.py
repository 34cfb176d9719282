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
from bot.clock import Clock
from bot.config import Config, Mailbox
from bot.errors import UnreadableMessage
from bot.model import Person
from bot.sending import Sender
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from bot.store.tables import AmendmentRow, AuditRow, OutboxRow
from handlers.mail.inbox import FOLDERS, MailFolderInbox
from handlers.mail.understanding import asks_for_amendment, find_request, read_mail
from schedules.announcements import Announcer
from schedules.series import Calendar

AWKWARD = Path(__file__).parent / "data/mail/awkward"
HARRIET = "Harriet Bassington <harriet.bassington@example.org>"
IN_TIME = datetime(2024, 2, 9, 9, tzinfo=UTC)
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)  # requests to PSG of 7 February close on 28 February, 17:00
GROUPS = ("PSG", "MWG", "GLIG-SIT", "PSG-WEBINAR")
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


# -------------------------------------------------------------------------------------------------------- understanding

# subject, body, what is asked: (group, date, line, text)
UNDERSTOOD = [
    ("A request", ASKS, ("PSG", "2024-02-07", "D-01", "the plan was approved subject to the report")),
    ("A request", "psg 2024-02-07 d1: x", ("PSG", "2024-02-07", "D-01", "x")),
    ("A request", "PSG-2024-02-07 D1: x", ("PSG", "2024-02-07", "D-01", "x")),
    ("A request", "Dear PMO,\n\nPSG 2024-02-07, A-12: x\ny", ("PSG", "2024-02-07", "A-12", "x\ny")),
    ("A request", "PSG 2024-02-07 PSG-DEC41: x", ("PSG", "2024-02-07", "PSG-DEC41", "x")),
    ("A request", "PSG 2024-02-07 PSG27-03: x", ("PSG", "2024-02-07", "PSG27-03", "x")),
    ("A request", "GLIG-SIT 2024-01-05 V-2: x", ("GLIG-SIT", "2024-01-05", "V-02", "x")),
    ("PSG 2024-02-07", "D-01: x", ("PSG", "2024-02-07", "D-01", "x")),
    ("Re: PSG: headline report (PSG-2024-02-07)", "d1 - x", ("PSG", "2024-02-07", "D-01", "x")),
    ("PSG 2024-02-07 D-01", "Please change it to x", ("PSG", "2024-02-07", "D-01", "Please change it to x")),
    ("PSG 2024-02-07", "The owner should be Elexon", ("PSG", "2024-02-07", None, "The owner should be Elexon")),
    ("A request", "On 7 February the PSG 2024-02-30 D-01: x", None),
    ("A request", "the meeting on 2024-02-07 D-01: x", None),
    ("A request", "NOGROUP 2024-02-07 D-01: x", None),
    ("PSG 2024-02-07 D-01", "", None),
    ("", "", None),
]


@pytest.mark.parametrize(("subject", "body", "asked"), UNDERSTOOD)
def test_what_a_mail_asks(subject: str, body: str, asked: tuple[str, str, str | None, str] | None) -> None:
    found = find_request(read_mail(mail(body, subject=subject)), GROUPS)
    assert (found and (found.group, found.on.isoformat(), found.line, found.text)) == asked


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        ("PSG 2024-02-07 D-01: x", True),
        ("PSG 2024-02-07: the second paragraph should read x", True),
        ("PSG 2024-02-07: please correct the attendance", True),
        ("PSG 2024-02-07: thank you, I shall attend", False),
    ],
)
def test_a_mail_about_a_meeting_asks_only_where_it_says_so(body: str, asks: bool) -> None:
    read = read_mail(mail(body))
    request = find_request(read, GROUPS)
    assert request is not None
    assert asks_for_amendment(read, request) is asks


QUOTE = "On Wed, 7 Feb 2024 at 10:00, PMO <pmo@mhhsprogramme.co.uk> wrote:\n> PSG 2024-02-07 D-09: quoted words\n"


@pytest.mark.parametrize(
    "body",
    [
        f"{ASKS}\n\n{QUOTE}",
        f"{QUOTE}\n{ASKS}",
        f"> PSG 2024-02-07 D-09: quoted words\n\n{ASKS}",
        f"{ASKS}\n\n-----Original Message-----\nFrom: PMO\nSent: today\nTo: H\nSubject: s\n\nPSG 2024-02-07 D-09: q\n",
    ],
)
def test_quoted_words_are_left_out(body: str) -> None:
    read = read_mail(mail(body))
    request = find_request(read, GROUPS)
    assert request is not None
    assert (request.line, request.text) == ("D-01", "the plan was approved subject to the report")
    assert "D-09" in read.cut


@pytest.mark.parametrize("body", [QUOTE, "> PSG 2024-02-07 D-09: quoted words\n", f"\n\n{QUOTE}"])
def test_a_mail_that_only_quotes_asks_nothing(body: str) -> None:
    assert find_request(read_mail(mail(body, subject="Re: a report")), GROUPS) is None


def test_html_alone_is_read_as_text() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = HARRIET, "A request"
    message.set_content(
        "<html><head><style>p {color: red}</style></head><body><p>Hello,</p>"
        "<p>PSG 2024-02-07 <b>D-01</b>: the plan &amp; the report</p></body></html>",
        subtype="html",
    )
    request = find_request(read_mail(message.as_bytes()), GROUPS)
    assert request is not None
    assert (request.line, " ".join(request.text.split())) == ("D-01", "the plan & the report")


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ("Content-Type: text/plain; charset=no-such-charset", "café".encode("latin-1"), "caf\ufffd"),
        ("Content-Type: text/plain; charset=utf-8", b"caf\xe9 \xff\xfe", "caf\ufffd \ufffd\ufffd"),
        ("Content-Type: text/plain; charset=utf-7", b"+2AA- lone surrogate", "? lone surrogate"),
        ("Content-Type: text/plain; charset=unicode_escape", b"\\ud800 lone surrogate", "? lone surrogate"),
        ("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64", b"!!!not base64!!!", ""),
        ("Content-Type: multipart/mixed; boundary=never", b"no part at all", ""),
    ],
)
def test_broken_bytes_are_read_as_far_as_they_go(headers: str, body: bytes, text: str) -> None:
    read = read_mail(raw(headers, body))
    assert text in read.own_words
    read.own_words.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no mail at all",
        b"\x00\xff\xfe" * 100,
        b"Subject: from nobody\n\nhello",
        raw("Content-Type: text/html", b"<![unknown marked section]>"),
        raw('Content-Type: text/plain; charset="utf\x00-8"', b"caf\xe9"),
        raw(
            "Content-Type: multipart/mixed; boundary=a",
            b"".join(
                b"--a%s\nContent-Type: multipart/mixed; boundary=a%s\n\n" % (b"x" * n, b"x" * (n + 1))
                for n in range(1000)
            ),
        ),
    ],
    ids=["empty", "no mail", "bytes", "nobody", "markup", "charset", "nested"],
)
def test_what_cannot_be_read_is_said_to_be_so(content: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        read_mail(content)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "body", ["On Wed " * 20_000, "\n" * 50_000 + "x", ">" * 50_000, "a " * 200_000, "On Wed\n" * 20_000]
)
def test_a_long_mail_is_read_quickly(body: str) -> None:
    read_mail(raw("Content-Type: text/plain", body.encode()))


def test_a_long_request_is_read_whole() -> None:
    long = "word " * 4000
    request = find_request(read_mail(mail(f"PSG 2024-02-07 D-01: {long}")), GROUPS)
    assert request is not None
    assert len(request.text.split()) == 4000


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({"Auto_Submitted": "auto-replied"}, True),
        ({"Auto_Submitted": "no"}, False),
        ({"List_Id": "<all.example.org>"}, True),
        ({"X_Secretariat_Id": "abc"}, True),
        ({"Return_Path": "<>"}, True),
        ({"Return_Path": "<harriet.bassington@example.org>"}, False),
        ({}, False),
    ],
)
def test_automatic_mail_is_known_by_its_headers(headers: dict[str, str], automatic: bool) -> None:
    assert bool(read_mail(mail(**headers)).automatic) is automatic


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([], "absent"),
        (["spf=pass; dkim=pass; dmarc=pass action=none header.from=example.org; compauth=pass"], "pass"),
        (["spf=pass; dkim=none; dmarc=fail header.from=example.org"], "fail"),
        (["spf=softfail; dkim=none"], "fail"),
        (["dmarc=fail", "dmarc=pass"], "fail"),
        (["dmarc=pass", "dmarc=fail"], "pass"),
        (["none"], "absent"),
    ],
)
def test_only_the_topmost_word_of_the_mail_server_counts(results: list[str], found: str) -> None:
    top = "".join(f"Authentication-Results: {said}\n" for said in results).encode()
    assert read_mail(top + mail()).authentication == found


# ------------------------------------------------------------------------------------------------------------ the inbox


class Box:
    """A mailbox folder, worked as it runs, on a database of its own."""

    def __init__(self, folder: Path, database: Database, config: Config, now: datetime, trust: str = "folder") -> None:
        self.root, self.database, clock = folder / "mailbox", database, Clock(now)
        (self.root / "inbox").mkdir(parents=True)
        self.files = ContentFolder(folder / "content")
        mailbox = Mailbox.model_validate(
            {"address": "pmo@mhhsprogramme.co.uk", "purpose": "all", "trust": trust, "source": "a test"}
        )
        announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")
        self.inbox = MailFolderInbox(self.root, mailbox, database, self.files, announcer, clock)
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
    assert mailbox.finding() == ("done", "amendment_request")
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
    (mail("PSG 2024-02-08 D-01: no such meeting"), "needs_a_person", "unknown_meeting"),
    (mail("PSG 9999-12-31 D-01: no such year"), "needs_a_person", "unknown_meeting"),
    (mail("PSG 0001-01-01 D-01: no such year"), "needs_a_person", "unknown_meeting"),
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
    assert sorted(row.finding for row in mailbox.rows()) == ["amendment_request", "seen_before"]


def test_two_requests_of_one_person_are_two(box: BoxMade) -> None:
    mailbox = box()
    mailbox.drop(mail(), "one.eml")
    mailbox.drop(mail("PSG 2024-02-07 A-01: another"), "two.eml")
    mailbox.work()
    assert [r.reference for r in mailbox.requests()] == ["AM-001", "AM-002"]
    assert len(mailbox.receipts()) == 2


@pytest.mark.parametrize("killed", ["after recording it", "after acting on it", "after moving it"])
def test_a_kill_between_any_two_steps_repeats_nothing(box: BoxMade, killed: str) -> None:
    mailbox = box()
    content = mail()
    file = mailbox.drop(content)
    if killed == "after recording it":
        with mailbox.database.session() as session:
            digest = mailbox.files.put(content)
            session.add(InboxRow(id=digest, file_name=file.name, arrived_at=IN_TIME, state="arrived"))
    else:
        mailbox.work()
        if killed == "after acting on it":
            [moved] = (mailbox.root / "done").glob("*.eml")
            moved.rename(file)
    mailbox.work()
    assert len(mailbox.rows()) == len(mailbox.requests()) == len(mailbox.receipts()) == 1
    assert mailbox.lies_in() == ["done"]
    with mailbox.database.reading() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.event == "mail received")).all()) == 1
        assert len(session.scalars(select(OutboxRow)).all()) == 1


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
