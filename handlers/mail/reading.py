"""A message as it came, taken apart: who wrote what, in answer to what, with which files. Pure: bytes in, values out.

The standard library reads it; where that raises on what no mailer should have written, `mailparser` does.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime

import mailparser
from mailparser.exceptions import MailParserError

from bot.errors import UnreadableMessage
from handlers.mail import automatic
from handlers.mail.attachments import AttachedFile, attached, named_apart
from handlers.mail.bounces import Bounce, bounces_in
from handlers.mail.invitation_replies import InvitationReply, reply_by_subject, reply_in
from handlers.mail.markup import UnreadableMarkup, text_of_html
from handlers.mail.own_words import Answer, own_words, plain_text
from handlers.mail.quoting import ADDRESS

MOST_BYTES = 40 * 1024 * 1024
MOST_PARTS = 500  # that are looked at; a message of many more is not even parsed, which takes a millisecond a part:
MOST_PARSED = 3_000
MOST_NESTED = 300  # containers
BY_HAND = "Open it by hand."
PART = re.compile(rb"^content-type:", re.IGNORECASE | re.MULTILINE)
LONGEST_HEADER = 4_000  # characters of one that are looked at
BROKEN = (
    LookupError, ValueError, AttributeError, TypeError, ArithmeticError, RecursionError, AssertionError, MessageError,
    MailParserError,
)  # fmt: skip
"""What the parsers raise on what no mailer should have written."""
TO = ("To", "Cc", "Delivered-To", "X-Original-To")
READ = (
    *TO, "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Return-Path", "Authentication-Results", "Auto-Submitted", "Precedence", "List-Id", "List-Unsubscribe-Post",
    "X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "X-Secretariat-Id", "X-Spam-Flag",
    "X-Forefront-Antispam-Report", "X-MS-Exchange-Organization-SCL",
)  # fmt: skip


@dataclass(frozen=True)
class ReadMail:
    """A mail taken apart. `own_words` is what its writer wrote; `cut` what was left out of it, as it stood.

    Addresses are in lower case. `automatic`, `absence`, `loop` and `spam` say in words why it is taken for that, or are
    empty.
    """

    message_id: str
    in_reply_to: str
    sender: str
    subject: str
    own_words: str
    cut: str
    automatic: str
    sender_name: str = ""
    senders: int = 1  # how many its From names; trust takes one
    recipients: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # the Message-IDs of its thread, the oldest first
    sent_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    html: str = field(default="", repr=False)  # as it came: never shown but through `markup.shown_html`
    files: tuple[AttachedFile, ...] = ()
    invitation: InvitationReply | None = None
    bounces: tuple[Bounce, ...] = ()
    is_report: bool = False  # of a mail server, or a receipt that somebody has read a mail
    authentication_results: tuple[str, ...] = ()  # the topmost first
    absence: str = ""
    loop: str = ""
    spam: str = ""


@dataclass
class _Parts:
    """What a message consists of, whichever parser took it apart."""

    headers: Mapping[str, Sequence[str]]
    senders: list[tuple[str, str]]  # (name, address)
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    calendars: list[bytes] = field(default_factory=list)
    files: list[AttachedFile] = field(default_factory=list)
    is_report: bool = False

    def header(self, name: str) -> str:
        """The first of that name, on one line; "" where there is none."""
        values = self.headers.get(name.lower(), ())
        return " ".join(values[0].split())[:LONGEST_HEADER] if values else ""


def read_mail(raw: bytes, *, unique_body: str = "") -> ReadMail:
    """Take a mail apart. `unique_body` is what the service says is new in it, as text.

    Raises UnreadableMessage where there is no sender or nothing that can be read.
    """
    if len(raw) > MOST_BYTES:
        raise UnreadableMessage(f"The message is larger than {MOST_BYTES >> 20} MB.", hint=BY_HAND)
    if sum(1 for _ in PART.finditer(raw)) > MOST_PARSED or raw.count(b"boundary=") > MOST_NESTED:
        raise UnreadableMessage(f"The message has more than {MOST_PARSED:,} parts, or parts in parts.", hint=BY_HAND)
    parts = _parts(raw)
    if not parts.senders:
        raise UnreadableMessage("The message names no sender.", hint=BY_HAND)
    return _assembled(parts, raw, unique_body)


def _assembled(parts: _Parts, raw: bytes, unique_body: str) -> ReadMail:
    name, sender = parts.senders[0]
    subject = plain_text(parts.header("Subject")).strip()
    results = tuple(parts.headers.get("authentication-results", ()))
    machine = automatic.machine_wrote(parts.header, has_empty_return_path=_returns_to_nobody(parts))
    own = own_words(_text(parts), unique_body=unique_body, sender_name=name)
    return ReadMail(
        message_id=parts.header("Message-ID"),
        in_reply_to=parts.header("In-Reply-To"),
        sender=sender,
        subject=subject,
        own_words=own.text,
        cut=own.cut,
        automatic=machine or automatic.comes_from_us(parts.header),
        sender_name=name,
        senders=len(parts.senders),
        recipients=_recipients(parts),
        references=tuple(re.findall(r"<[^<>\s]+>", " ".join(parts.headers.get("references", ())))),
        sent_at=_sent_at(parts.header("Date")),
        answers=own.answers,
        html="\n".join(parts.html),
        files=named_apart(parts.files),
        invitation=next(filter(None, map(reply_in, parts.calendars)), None) or reply_by_subject(subject),
        bounces=tuple(bounces_in(raw)) if parts.is_report else (),
        is_report=parts.is_report,
        authentication_results=results,
        absence=automatic.tells_of_absence(subject, own.text, machine),
        loop=automatic.comes_from_us(parts.header),
        spam=automatic.is_junk(parts.header),
    )


def _parts(raw: bytes) -> _Parts:
    try:
        return _by_standard_library(raw)
    except BROKEN:
        try:
            return _by_mailparser(raw)
        except BROKEN as error:
            said = f"The message is damaged ({type(error).__name__})."
            raise UnreadableMessage(said, hint=BY_HAND) from None


def _by_standard_library(raw: bytes) -> _Parts:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = {name.lower(): [_clean(value) for value in message.get_all(name) or []] for name in READ}
    parts = _Parts(headers, _senders(message), is_report=message.get_content_type() == "multipart/report")
    for number, part in enumerate(_leaves(message)):
        if number == MOST_PARTS:
            break
        _sort(parts, part)
    return parts


def _senders(message: EmailMessage) -> list[tuple[str, str]]:
    """Everybody whom the From headers name; of a header that is no list of addresses, whatever address is in it."""
    found: list[tuple[str, str]] = []
    written = [str(value) for name, value in message.raw_items() if name.lower() == "from"]
    for header, as_sent in zip(message.get_all("From") or [], written, strict=True):
        named = [(one.display_name, one.addr_spec) for one in header.addresses if _is_address(one.addr_spec)]
        found += named or [("", address) for address in ADDRESS.findall(as_sent[:LONGEST_HEADER])[-1:]]
    return [(" ".join(_clean(name).split()), _clean(address).lower()) for name, address in found]


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text) is not None


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are no container. Of alternatives, the plain text and HTML; a mail within a mail is one part."""
    kind = message.get_content_type()
    if kind == "message/rfc822" or not message.is_multipart():
        yield message
        return
    for part in message.iter_parts():
        if isinstance(part, EmailMessage):
            yield from _leaves(part)


def _sort(parts: _Parts, part: EmailMessage) -> None:
    kind, name = part.get_content_type(), _clean(part.get_filename() or "")
    is_attachment = part.get_content_disposition() == "attachment"
    if kind in ("message/delivery-status", "text/rfc822-headers", "message/disposition-notification"):
        return
    if kind in ("text/plain", "text/html") and not is_attachment and not name:
        (parts.plain if kind == "text/plain" else parts.html).append(_text_of(part))
        return
    if kind.startswith("multipart/"):  # a container without its divisions: what there is of it
        parts.plain.append(str(part.get_payload()))
        return
    content = _bytes_of(part)
    if kind in ("text/calendar", "application/ics") and len(content) < 1_000_000:
        parts.calendars.append(content)
        if not is_attachment:
            return
    in_the_text = bool(part.get("Content-ID")) and not is_attachment
    is_inline = kind.startswith("image/") and (in_the_text or part.get_content_disposition() == "inline")
    parts.files.append(attached(name or _name_of(part), kind, content, is_inline=is_inline))


def _name_of(part: EmailMessage) -> str:
    """Of a mail within a mail, its subject; of others their kind."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return f"{_clean(inner[0].get('Subject', '')) or 'message'}.eml"
    return f"image.{part.get_content_subtype()}" if part.get_content_maintype() == "image" else ""


def _text_of(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a character set that does not exist, or is not what the bytes are
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _bytes_of(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Message) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _by_mailparser(raw: bytes) -> _Parts:
    """The second parser: what it makes of a message is text already."""
    mail = mailparser.parse_from_bytes(raw)
    headers = {name.lower(): [_clean(str(v)) for v in mail.message.get_all(name) or []] for name in READ}
    headers["subject"] = [_clean(str(mail.subject))]
    senders = [
        (_clean(name), _clean(address).lower()) for name, address in mail.from_ or [] if _is_address(str(address))
    ]
    parts = _Parts(headers, senders, plain=list(mail.text_plain), html=list(mail.text_html))
    for file in mail.attachments:
        kind, name = str(file.get("mail_content_type", "")), str(file.get("filename") or "")
        content = _decoded(str(file.get("payload", "")), is_binary=bool(file.get("binary")))
        if kind == "text/calendar":
            parts.calendars.append(content)
        parts.files.append(
            attached(name, kind, content, is_inline=kind.startswith("image/") and bool(file.get("content-id")))
        )
    return parts


def _decoded(payload: str, *, is_binary: bool) -> bytes:
    try:
        return base64.b64decode(payload) if is_binary else payload.encode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return payload.encode("utf-8", "replace")


def _text(parts: _Parts) -> str:
    """The text as a person would see it, fit for UTF-8: the plain one, or, where that is empty, the HTML."""
    plain = "\n\n".join(text.strip("\n") for text in parts.plain if text.strip())
    try:
        text = plain if plain.strip() else "\n\n".join(text_of_html(html) for html in parts.html)
    except UnreadableMarkup as error:
        raise UnreadableMessage(f"The message is damaged ({error}).", hint=BY_HAND) from None
    return plain_text(text).strip("\n").rstrip().encode("utf-8", "replace").decode()


def _recipients(parts: _Parts) -> tuple[str, ...]:
    values = (value for name in TO for value in parts.headers.get(name.lower(), ()))
    return tuple(dict.fromkeys(a.lower() for value in values for a in ADDRESS.findall(value[:LONGEST_HEADER])))


def _returns_to_nobody(parts: _Parts) -> bool:
    return parts.header("Return-Path").strip() == "<>"


def _sent_at(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _clean(value: object) -> str:
    """A header's text, fit for UTF-8, without what would break a line."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", str(value)).encode("utf-8", "replace").decode()
