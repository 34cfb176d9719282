"""Messages taken apart: of every mailer, broken ones too, and none raises anything but that it cannot be read."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from random import Random

import pytest

from bot.errors import UnreadableMessage
from handlers.mail.attachments import Standing
from handlers.mail.invitation_replies import Answered
from handlers.mail.reading import ReadMail, read_mail

AWKWARD = sorted((Path(__file__).parent / "data/mail/awkward").rglob("*.eml"))
HARRIET = "Harriet Bassington <harriet.bassington@example.org>"


def raw(headers: str, body: bytes = b"hello") -> bytes:
    return f"From: {HARRIET}\nSubject: A request\nMessage-ID: <raw@example.org>\n{headers}\n\n".encode() + body


def test_no_message_of_the_wild_raises_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    unreadable = []
    for file in AWKWARD:
        try:
            mail = read_mail(file.read_bytes())
        except UnreadableMessage:
            unreadable.append(file.name)
            continue
        assert isinstance(mail, ReadMail)
        f"{mail.own_words}{mail.cut}{mail.subject}{mail.sender}{mail.sender_name}{mail.html}".encode()
        assert "@" in mail.sender
    with capsys.disabled():
        print(f"\nawkward messages: {len(AWKWARD) - len(unreadable)} of {len(AWKWARD)} read; unreadable: {unreadable}")
    assert len(AWKWARD) >= 96
    assert len(unreadable) <= 4


@pytest.mark.parametrize("cut_at", [1, 40, 200, 900])
def test_no_message_cut_off_raises_anything_else(cut_at: int) -> None:
    for file in AWKWARD:
        content = file.read_bytes()
        for broken in (content[:cut_at], content[cut_at:], content[:cut_at] + b"\xff\x00" + content[cut_at:]):
            try:
                read_mail(broken)
            except UnreadableMessage as error:
                assert error.hint  # noqa: PT017 (any other error fails the test)


def test_the_whole_of_an_ordinary_message() -> None:
    mail = read_mail(
        raw(
            "To: PMO <PMO+psg-2024-02-07@mhhsprogramme.co.uk>, Tobias <t@example.org>\nCc: x@example.org\n"
            "Date: Fri, 9 Feb 2024 09:00:00 +0000\nIn-Reply-To: <b@x.org>\nReferences: <a@x.org>\n <b@x.org>",
            b"Hello,\n\nplease correct A-03.\n\nKind regards,\nHarriet\n",
        )
    )
    assert (mail.sender, mail.sender_name) == ("harriet.bassington@example.org", "Harriet Bassington")
    assert mail.recipients == ("pmo+psg-2024-02-07@mhhsprogramme.co.uk", "t@example.org", "x@example.org")
    assert (mail.message_id, mail.in_reply_to, mail.references) == (
        "<raw@example.org>",
        "<b@x.org>",
        ("<a@x.org>", "<b@x.org>"),
    )
    assert mail.sent_at is not None
    assert mail.sent_at.isoformat() == "2024-02-09T09:00:00+00:00"
    assert (mail.own_words, mail.cut) == ("Hello,\n\nplease correct A-03.", "Kind regards,\nHarriet")


@pytest.mark.parametrize(
    ("written", "sender", "senders"),
    [
        ("harriet@example.org", "harriet@example.org", 1),
        ("HARRIET@Example.ORG", "harriet@example.org", 1),
        ('"pmo@mhhsprogramme.co.uk" <evil@example.com>', "evil@example.com", 1),
        ("=?utf-8?q?pmo=40mhhs=2Eorg_=3Cpmo=40mhhs=2Eorg=3E?= <evil@example.com>", "evil@example.com", 1),
        ("Big Bug bb@example.org", "bb@example.org", 1),
        ("A <a@example.org>, B <b@example.org>", "a@example.org", 2),
        ("A <a@example.org>\nFrom: B <b@example.org>", "a@example.org", 2),
    ],
)
def test_who_the_sender_is(written: str, sender: str, senders: int) -> None:
    mail = read_mail(f"From: {written}\nSubject: x\n\nhello".encode())
    assert (mail.sender, mail.senders) == (sender, senders)


@pytest.mark.parametrize(
    "content", [b"", b"no mail at all", b"Subject: from nobody\n\nhello", b"From: nobody\n\nhello"]
)
def test_what_names_no_sender_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        read_mail(content)


def test_text_around_attachments_is_read_whole() -> None:
    """As Apple Mail writes it: text, a picture, text."""
    parts = (
        "Content-Type: text/plain\n\nbefore\n",
        'Content-Type: image/png\nContent-Disposition: inline; filename="logo.png"\nContent-ID: <l>\n\nx\n',
        "Content-Type: text/plain\n\nafter\n",
    )
    body = "".join(f"--b\n{part}" for part in parts) + "--b--\n"
    mail = read_mail(raw("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b", body.encode()))
    assert mail.own_words == "before\n\nafter"
    assert [(file.name, file.is_inline) for file in mail.files] == [("logo.png", True)]


def test_html_stands_in_for_a_plain_part_that_is_empty() -> None:
    message = EmailMessage()
    message["From"] = HARRIET
    message.set_content("\n")
    message.add_alternative("<p>D-01 should <b>read</b> noted.</p>", subtype="html")
    mail = read_mail(message.as_bytes())
    assert mail.own_words == "D-01 should read noted."
    assert "<b>" in mail.html


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ("Content-Type: text/plain; charset=no-such-charset", "café".encode("latin-1"), "caf\ufffd"),
        ("Content-Type: text/plain; charset=utf-8", b"caf\xe9 \xff\xfe", "caf\ufffd \ufffd\ufffd"),
        ("Content-Type: text/plain; charset=utf-7", b"+2AA- lone surrogate", "? lone surrogate"),
        ("Content-Type: text/plain; charset=unicode_escape", b"\\ud800 lone surrogate", "? lone surrogate"),
        ("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64", b"!!!not base64!!!", ""),
        ("Content-Type: multipart/mixed; boundary=never", b"no part at all", "no part at all"),
    ],
)
def test_broken_bytes_are_read_as_far_as_they_go(headers: str, body: bytes, text: str) -> None:
    read = read_mail(raw(headers, body))
    assert text in read.own_words
    read.own_words.encode()


NESTED = b"".join(
    b"--a%s\nContent-Type: multipart/mixed; boundary=a%s\n\n" % (b"x" * n, b"x" * (n + 1)) for n in range(1000)
)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff\xfe" * 100,
        raw("Content-Type: text/html", b"<![unknown marked section]>"),
        raw("Content-Type: multipart/mixed; boundary=a", NESTED),
    ],
    ids=["bytes", "markup", "nested"],
)
def test_what_cannot_be_read_is_said_to_be_so(content: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        read_mail(content)


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("List-Id: <all.example.org>", True),
        ("X-Secretariat-Id: abc", True),
        ("Return-Path: <>", True),
        ("Return-Path: <harriet.bassington@example.org>", False),
        ("X-Mailer: Outlook", False),
    ],
)
def test_automatic_mail_is_known_by_its_headers(headers: str, automatic: bool) -> None:
    assert bool(read_mail(raw(headers)).automatic) is automatic


def test_the_mail_servers_word_is_kept_the_topmost_first() -> None:
    said = "Authentication-Results: dmarc=fail header.from=example.org\nAuthentication-Results: dmarc=pass"
    mail = read_mail(raw(said))
    assert mail.authentication_results == ("dmarc=fail header.from=example.org", "dmarc=pass")


def test_files_are_taken_with_their_standing() -> None:
    message = EmailMessage()
    message["From"] = HARRIET
    message.set_content("Attached.")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="../plan.pdf")
    message.add_attachment(b"MZ", maintype="application", subtype="pdf", filename="plan.pdf")
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "The one before", HARRIET
    inner.set_content("earlier words, not these")
    message.add_attachment(inner)
    mail = read_mail(message.as_bytes())
    assert [(f.name, f.standing) for f in mail.files] == [
        ("plan.pdf", Standing.TAKEN), ("plan (2).pdf", Standing.HELD), ("The one before.eml", Standing.TAKEN),
    ]  # fmt: skip
    assert "earlier" not in mail.own_words


def test_an_answer_to_an_invitation_is_seen() -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:psg-2024-03-06@mhhsprogramme.co.uk\r\n"
        "ATTENDEE;PARTSTAT=DECLINED:MAILTO:Harriet.Bassington@example.org\r\nDTSTART:20240306T100000Z\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    mail = read_mail(raw("MIME-Version: 1.0\nContent-Type: text/calendar; method=REPLY", calendar.encode()))
    assert mail.invitation is not None
    assert (mail.invitation.answered, mail.invitation.attendee) == (Answered.DECLINED, "harriet.bassington@example.org")
    assert mail.invitation.uid == "psg-2024-03-06@mhhsprogramme.co.uk"


@pytest.mark.parametrize(
    "calendar", [b"", b"BEGIN:VCALENDAR", b"\xff\xfe", b"BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n"]
)
def test_a_broken_calendar_is_no_answer(calendar: bytes) -> None:
    assert read_mail(raw("Content-Type: text/calendar", calendar)).invitation is None


@pytest.mark.parametrize(
    "header",
    [
        'To: "', "Message-ID: <a@[>", "Message-ID: <>", "Message-ID: <@", "Date: 32 Jan 99999999999 00:00",
        'Content-Type: text/plain; charset="utf\x00-8"',
    ],
)  # fmt: skip
def test_what_the_standard_library_raises_on_is_read_by_the_other_parser(header: str) -> None:
    content = f"From: {HARRIET}\nSubject: A request\n{header}\n\nD-01 should read: noted.".encode()
    with pytest.raises((LookupError, ValueError, AttributeError, ArithmeticError)):
        read_by_library(content)
    mail = read_mail(content)
    assert (mail.sender, mail.subject) == ("harriet.bassington@example.org", "A request")
    assert mail.own_words == "D-01 should read: noted."


def read_by_library(content: bytes) -> None:
    message = email.message_from_bytes(content, policy=email.policy.default)
    message.get_content()
    assert all(message[name] is not None for name in ("To", "Message-ID", "Date") if name in message)


BITS = (
    b"=?utf-8?q?", b"?=", b"<", b">", b'"', b"(", b"[", b";", b"charset=", b"\x00", b"\xff", b"\n", b"\n"
    b"\n", b"From: ", b"Date: ",
    b"Content-Type: multipart/mixed;"
    b" boundary=a\n", b"Content-Transfer-Encoding: base64\n", b"filename*0=", b"utf-8''%", b"@",
    b"99999999999", b"--", b"Content-Type:"
    b" text/html\n", b"Content-Type: message/rfc822\n", b"<![", b"&#x110000;", b"Message-ID: <",
    b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nDTSTART:",
)  # fmt: skip


def test_no_message_damaged_at_random_raises_anything_else() -> None:
    random = Random(7)  # noqa: S311 (no secret)
    contents = [file.read_bytes()[:4000] for file in AWKWARD]
    for _ in range(400):
        content = bytearray(random.choice(contents))
        for _ in range(4):
            at = random.randrange(min(len(content), 2000))
            content[at : at + random.choice((0, 0, 1, 40))] = random.choice(BITS)
        try:
            read_mail(bytes(content))
        except UnreadableMessage as error:
            assert error.hint  # noqa: PT017 (any other error fails the test)


@pytest.mark.timeout(20)
def test_a_message_of_many_parts_or_deep_ones_does_not_take_long() -> None:
    many = b"".join(b"--a\nContent-Type: text/plain\n\nx\n" for _ in range(20_000))
    with pytest.raises(UnreadableMessage, match="parts"):
        read_mail(raw("Content-Type: multipart/mixed; boundary=a", many + b"--a--\n"))
    assert read_mail(raw("Content-Type: multipart/mixed; boundary=a", many[:31_000] + b"--a--\n")).own_words
    assert read_mail(raw("Content-Type: text/html", b"<div>" * 5_000 + b"x" + b"</div>" * 5_000)).own_words == "x"
    read_mail(raw("Content-Type: text/html", b"<blockquote>" * 200 + b"x"))
    read_mail(raw("Content-Type: text/plain", b"x " * 2_000_000))


def test_a_message_too_large_is_not_taken_apart() -> None:
    with pytest.raises(UnreadableMessage, match="larger than"):
        read_mail(raw("", bytes(41 * 1024 * 1024)))
