"""What Exchange makes of a draft from MIME: a meeting message only where it can take the text/calendar part."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from icalendar import Calendar

from tests.fake_graph_calendar import Refused


def draft_from_mime(body: bytes, mailbox: str) -> dict[str, Any]:
    """The mail of a MIME draft, in the shape of a JSON one, and what Exchange makes of its calendar part."""
    if len(body) > 4 * 1024 * 1024:
        raise Refused(413, "RequestEntityTooLarge")
    try:
        mail = email.message_from_bytes(base64.b64decode(body, validate=True), policy=email.policy.default)
    except binascii.Error:
        raise Refused(400, "ErrorMimeContentInvalidBase64String") from None
    assert isinstance(mail, EmailMessage)
    text = mail.get_body(("plain",))
    assert text is not None
    return {
        "subject": mail["Subject"],
        "body": {"contentType": "text", "content": text.get_content()},
        "toRecipients": [
            {"emailAddress": {"address": a.addr_spec, "name": a.display_name}} for a in mail["To"].addresses
        ],
        "internetMessageId": mail["Message-ID"],
        "internetMessageHeaders": [{"name": name, "value": value} for name, value in mail.items()],
        "_meeting": _meeting_message(mail, mailbox),
    }


def _meeting_message(mail: EmailMessage, mailbox: str) -> dict[str, str]:
    """An alternative of the text whose method is the calendar's own is a meeting message; an attached file is none."""
    kinds = {"REQUEST": "meetingRequest", "CANCEL": "meetingCancelled"}
    for part in mail.walk():
        if part.get_content_type() == "text/calendar" and not part.get_filename():
            calendar = Calendar.from_ical(part.get_content())
            [event] = calendar.walk("VEVENT")
            ours = str(event["ORGANIZER"]).removeprefix("mailto:") == mail["From"].addresses[0].addr_spec == mailbox
            if str(calendar["METHOD"]) == part.get_param("method") and ours:
                kind = kinds[str(calendar["METHOD"])]
                name = "eventMessageRequest" if kind == "meetingRequest" else "eventMessage"
                return {"@odata.type": f"#microsoft.graph.{name}", "meetingMessageType": kind}
    return {}


def _recipient(address: Address) -> dict[str, Any]:
    return {"emailAddress": {"address": address.addr_spec, "name": address.display_name}}
