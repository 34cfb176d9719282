"""Mail through Microsoft 365: a draft in the programme's mailbox, then its sending, so that nothing goes twice.

Needs the application permissions Mail.ReadWrite and Mail.Send, scoped to the one mailbox. An invitation is drafted from
MIME: Graph's JSON knows a calendar only as a file attached, which Outlook does not take for an invitation.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed, unclear
from bot.adapters.mime_message import as_email, is_calendar
from bot.errors import SecretariatError
from bot.model import Attachment, Delivery, Outcome, OutgoingMessage

_ID_HEADER = "x-secretariat-id"  # Graph takes no header of ours that doesn't begin with x-
_LARGEST = 3_000_000  # bytes of attachments that fit into one request of Graph's 4 MB as base64
_LARGEST_IN_MIME = 2_200_000  # the same, as base64 twice over
_IN_REPLY_TO, _REFERENCES = "String 0x1042", "String 0x1039"  # MAPI: Graph's JSON has no field for either header


class GraphMail:
    """Microsoft 365 as the channel for mail. The token lives in memory only; no secret enters a text."""

    name = "mail"
    settling = timedelta(minutes=5)  # assumed: ten times the longest that we wait for an answer
    looks_up = True

    def __init__(self, account: GraphAccount) -> None:
        self._mailbox = account.mailbox
        self._graph = GraphConnection(account, what="the mail", permissions="Mail.ReadWrite and Mail.Send")
        self._messages = f"{self._graph.url}/messages"

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Send the mail; the service id is Graph's immutable id.

        A draft that an earlier attempt left is sent instead of a second one, and a mail already sent is not sent again.
        """
        if too_large := _too_large(message):
            return Delivery(Outcome.FAILED_FOR_GOOD, error=too_large)
        try:
            self._graph.sign_in()
            found = self._find(message)
            draft = found.id if found else self._create_draft(message)
        except GraphStopped as stop:
            return _nothing_sent(stop.delivery)
        except SecretariatError as error:  # an address that no mail can carry
            return Delivery(Outcome.FAILED_FOR_GOOD, error=str(error))
        if found and found.sent:
            return Delivery(Outcome.DELIVERED, service_id=found.id)
        try:
            self._graph.request("post", f"{self._messages}/{quote(draft, safe='')}/send")
        except GraphStopped as stop:
            return replace(stop.delivery, service_id=draft)
        return Delivery(Outcome.DELIVERED, service_id=draft)

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """The sent mail of this Message-ID; a draft is none. Unknown where Graph won't say."""
        try:
            self._graph.sign_in()
            found = self._find(message)
        except GraphStopped as stop:
            return replace(stop.delivery, outcome=Outcome.UNKNOWN)
        return Delivery(Outcome.DELIVERED, service_id=found.id) if found and found.sent else None

    def _find(self, message: OutgoingMessage) -> _Found | None:
        """The mail of our id, sent ones first: after a cut connection there may be both."""
        quoted = message.message_id.replace("'", "''")
        response = self._graph.request(
            "get",
            self._messages,
            params={
                "$filter": f"internetMessageId eq '{quoted}'",
                "$select": "id,isDraft,internetMessageId,internetMessageHeaders",
            },
        )
        ours = [_Found(mail["id"], not mail["isDraft"]) for mail in listed(response) if _is_ours(mail, message.id)]
        return max(ours, key=lambda found: found.sent, default=None)

    def _create_draft(self, message: OutgoingMessage) -> str:
        if any(is_calendar(attachment) for attachment in message.attachments):
            content = _as_base64_mime(message, self._mailbox)
            response = self._graph.request("post", self._messages, data=content, headers={"Content-type": "text/plain"})
        else:
            response = self._graph.request("post", self._messages, data=_as_graph_message(message))
        try:
            return str(response.json()["id"])
        except (ValueError, KeyError):
            raise GraphStopped(unclear("Graph's answer to the draft could not be read.")) from None


@dataclass(frozen=True)
class _Found:
    """A mail in the mailbox: Graph's id, and whether it was sent."""

    id: str
    sent: bool


def _as_base64_mime(message: OutgoingMessage, mailbox: str) -> bytes:
    """What Graph takes as `text/plain`: the whole mail, its lines ended as on the wire, in base64."""
    mail = as_email(message, sender=mailbox, sender_name="")  # Exchange puts the mailbox's own name
    return base64.b64encode(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))


def _as_graph_message(message: OutgoingMessage) -> dict[str, object]:
    mail: dict[str, object] = {
        "subject": " ".join(message.subject.split()),
        "body": {"contentType": "text", "content": message.text},
        "toRecipients": [{"emailAddress": {"address": message.to, "name": message.to_name}}],
        "internetMessageId": message.message_id,
        "internetMessageHeaders": [
            {"name": _ID_HEADER, "value": message.id},
            {"name": "x-auto-response-suppress", "value": "All"},
        ],
    }
    if message.attachments:
        mail["attachments"] = [_as_graph_attachment(attachment) for attachment in message.attachments]
    if message.in_reply_to:
        mail["singleValueExtendedProperties"] = [
            {"id": name, "value": message.in_reply_to} for name in (_IN_REPLY_TO, _REFERENCES)
        ]
    return mail


def _as_graph_attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.media_type,
        "contentBytes": base64.b64encode(attachment.content).decode(),
    }


def _is_ours(mail: Mapping[str, Any], message_id: str) -> bool:
    """By our own header where Graph shows it; a mail from elsewhere may carry any Message-ID it likes."""
    headers = mail.get("internetMessageHeaders") or []
    ids = [header["value"] for header in headers if header["name"].lower() == _ID_HEADER]
    return not ids or message_id in ids


def _nothing_sent(delivery: Delivery) -> Delivery:
    """Before the sending itself, an outcome in doubt is a plain failure: the next attempt finds what was left."""
    return replace(delivery, outcome=Outcome.FAILED_FOR_NOW) if delivery.outcome is Outcome.UNKNOWN else delivery


def _too_large(message: OutgoingMessage) -> str:
    """Why it is more than one request takes, or nothing."""
    largest = _LARGEST_IN_MIME if any(is_calendar(attachment) for attachment in message.attachments) else _LARGEST
    size = sum(len(attachment.content) for attachment in message.attachments)
    if size <= largest:
        return ""
    return (
        f"The attachments have {size / 1e6:.1f} MB; a mail takes {largest / 1e6:g} MB. "
        "Send a link to the document instead."
    )
