"""An outgoing message as a mail (RFC 5322), the same bytes every time for the same message."""

from __future__ import annotations

import email.policy
import hashlib
import re
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage

from bot.errors import SecretariatError
from bot.model import Attachment, OutgoingMessage

_HEADERS = HeaderRegistry()
for _name in ("in-reply-to", "references"):
    # As free text the library would fold an id longer than a line into "=?utf-8?q?...", and the thread would break.
    _HEADERS.map_to_type(_name, MessageIDHeader)  # type: ignore[arg-type]  # the stubs ask for more than is used
_POLICY = email.policy.default.clone(header_factory=_HEADERS)


def as_email(message: OutgoingMessage, *, sender: str, sender_name: str) -> EmailMessage:
    """The message as a mail from `sender`. Automatic mail says so, so that no mailbox answers it (RFC 3834).

    Raises SecretariatError where an address is none.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(sender_name, sender)
    mail["To"] = _address(message.to_name, message.to)
    mail["Subject"] = _one_line(message.subject)
    mail["Date"] = message.sent_at
    mail["Message-ID"] = message.message_id
    if message.in_reply_to and message.in_reply_to.isascii():  # no header carries another one
        mail["In-Reply-To"], mail["References"] = thread_of(message)
    mail["X-Secretariat-Id"] = message.id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(message.text, charset="utf-8", cte=_encoding_for(message.text))
    for attachment in sorted(message.attachments, key=is_calendar, reverse=True):
        if is_calendar(attachment):
            _add_calendar(mail, attachment)
        else:
            _attach(mail, attachment)
    # The library's boundary is random: one from the id keeps two writings of the same row identical.
    for level, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=-{hashlib.sha256(message.id.encode()).hexdigest()[:32]}{'-' * level}")
    return mail


def on_the_wire(message: OutgoingMessage, *, sender: str, sender_name: str) -> bytes:
    """The mail as it travels: ASCII only, lines ended by CR LF. Raises SecretariatError as `as_email` does."""
    mail = as_email(message, sender=sender, sender_name=sender_name)
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def thread_of(message: OutgoingMessage) -> tuple[str, str]:
    """(the Message-ID that it answers, those of its thread up to that one), each on one line."""
    thread = _one_line(message.in_reply_to)
    ids = re.findall(r"<[^<>]+>", thread)
    return (ids[-1], " ".join(ids)) if ids else (thread, thread)


def is_calendar(attachment: Attachment) -> bool:
    """Whether it is an invitation or its cancellation, and no mere file: a calendar that says its method."""
    return attachment.media_type.startswith("text/calendar;") and "method" in _media_type(attachment)[1]


def _address(name: str, address: str) -> Address:
    try:
        address.encode("ascii")
        return Address(display_name=_one_line(name), addr_spec=address)
    except (ValueError, HeaderParseError, IndexError):
        raise SecretariatError(
            f"“{address}” is not a mail address.", hint="Correct it where the person or mailbox is listed."
        ) from None


def _one_line(text: str) -> str:
    """A header holds one line; a line end inside it would start another header."""
    return " ".join(text.split())


def _encoding_for(text: str) -> str:
    """Plain where a mail may carry it as it is; else quoted-printable: nobody can read base64 in a file."""
    short = all(len(line) <= 78 for line in text.splitlines())
    return "7bit" if text.isascii() and short else "quoted-printable"


def _add_calendar(mail: EmailMessage, attachment: Attachment) -> None:
    """As another way to read the text, not as a file: only so does Outlook show the buttons to accept or decline."""
    _, params = _media_type(attachment)
    text = attachment.content.decode()
    method = {"method": params["method"]}
    mail.add_alternative(text, subtype="calendar", charset="utf-8", cte=_encoding_for(text), params=method)


def _media_type(attachment: Attachment) -> tuple[str, dict[str, str]]:
    media_type, *rest = (part.strip() for part in attachment.media_type.split(";"))
    params = dict(part.split("=", 1) for part in rest if "=" in part)
    return media_type if "/" in media_type else "application/octet-stream", params


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    media_type, params = _media_type(attachment)
    maintype, _, subtype = media_type.partition("/")
    mail.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.name,
        params=params,
    )
