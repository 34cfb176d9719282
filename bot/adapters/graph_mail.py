"""Mail through Microsoft 365: a draft in the programme's mailbox, then its sending, so that nothing goes twice.

Needs the application permissions Mail.ReadWrite and Mail.Send, scoped to the one mailbox. An invitation is drafted from
MIME: Graph's JSON knows a calendar only as a file attached, which Outlook does not take for an invitation. Attachments
that one request does not hold are added to the draft one by one, large ones in pieces; only a whole draft is sent.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import requests

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed, unclear
from bot.adapters.mime_message import is_calendar, on_the_wire, thread_of
from bot.errors import SecretariatError
from bot.model import Attachment, Delivery, Outcome, OutgoingMessage

_ID_HEADER = "x-secretariat-id"  # Graph takes no header of ours that doesn't begin with x-
_IN_ONE_REQUEST = 3_000_000  # bytes of attachments that fit into one request of Graph's 4 MB as base64
_LARGEST_IN_MIME = 2_200_000  # the same, as base64 twice over
_LARGEST = 110_000_000  # Exchange carries 150 MB where an administrator allows it, and counts base64
_PIECE = 12 * 320 * 1024  # an upload takes less than 4 MB at a time
_RESUMED = 3  # times that one upload goes on after a broken connection, before the whole is tried again later
_TOO_SMALL = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"  # Graph's documents say 3 MB, and not in which MB
_NOT_THERE = ("ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidMailboxItemId")
_OVERHEAD = 65_536  # Exchange counts an attachment's properties into its size; there is more of them than nothing
_MARKS = "id,isDraft,internetMessageId,internetMessageHeaders"  # what says whose a mail is, and whether it went
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
        draft = message.service_id
        try:
            self._graph.sign_in()
            found = self._find(message)
            if found and found.sent:
                return Delivery(Outcome.DELIVERED, service_id=found.id)
            draft = found.id if found else self._create_draft(message)
            if not _goes_in_one(message):
                self._complete(draft, message.attachments, is_new=found is None)
        except GraphStopped as stop:
            return replace(_nothing_sent(stop), service_id=draft)
        except SecretariatError as error:  # an address that no mail can carry
            return Delivery(Outcome.FAILED_FOR_GOOD, error=str(error))
        try:
            _only(202, self._graph.request("post", f"{self._address(draft)}/send"))
        except GraphStopped as stop:
            return replace(stop.delivery, service_id=draft)
        return Delivery(Outcome.DELIVERED, service_id=draft)

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """The sent mail of that service id or this Message-ID; a draft is none. Unknown where Graph won't say."""
        try:
            self._graph.sign_in()
            found = self._find(message)
        except GraphStopped as stop:
            return replace(stop.delivery, outcome=Outcome.UNKNOWN)
        return Delivery(Outcome.DELIVERED, service_id=found.id) if found and found.sent else None

    def _find(self, message: OutgoingMessage) -> _Found | None:
        """The mail of our id, sent ones first: after a cut connection there may be both."""
        known = self._by_service_id(message) if message.service_id else []
        if any(found.sent for found in known):
            return known[0]
        return max([*known, *self._by_message_id(message)], key=lambda found: found.sent, default=None)

    def _by_service_id(self, message: OutgoingMessage) -> list[_Found]:
        """Sure as soon as it is there, while a list may lag behind."""
        try:
            answer = self._graph.request("get", self._address(message.service_id), params={"$select": _MARKS})
        except GraphStopped as stop:
            if stop.code in _NOT_THERE:
                return []
            raise
        return _ours([_content(answer)], message)

    def _by_message_id(self, message: OutgoingMessage) -> list[_Found]:
        """Also what was drafted without our hearing its id."""
        quoted = message.message_id.replace("'", "''")
        params = {"$filter": f"internetMessageId eq '{quoted}'", "$select": _MARKS}
        return _ours(listed(self._graph.request("get", self._messages, params=params)), message)

    def _address(self, message_id: str) -> str:
        return f"{self._messages}/{quote(message_id, safe='')}"

    def _create_draft(self, message: OutgoingMessage) -> str:
        if _is_invitation(message):
            content = _as_base64_mime(message, self._mailbox)
            response = self._graph.request("post", self._messages, data=content, headers={"Content-type": "text/plain"})
        else:
            response = self._graph.request("post", self._messages, data=_as_graph_message(message))
        return str(_value(response, "id"))

    def _complete(self, draft: str, wanted: Sequence[Attachment], *, is_new: bool) -> None:
        """Give the draft the attachments that it lacks, and take away what a kill left partial or twice."""
        there = [] if is_new else self._attached(draft)
        lacking = []
        for attachment in wanted:
            same = next((entry for entry in there if _is_whole(entry, attachment)), None)
            if same:
                there.remove(same)
            else:
                lacking.append(attachment)
        for leftover in there:
            place = f"{self._address(draft)}/attachments/{quote(leftover['id'], safe='')}"
            _only(204, self._graph.request("delete", place))
        for attachment in lacking:
            self._attach(draft, attachment)

    def _attached(self, draft: str) -> list[dict[str, Any]]:
        params = {"$select": "id,name,size", "$top": "100"}
        return listed(self._graph.request("get", f"{self._address(draft)}/attachments", params=params))

    def _attach(self, draft: str, attachment: Attachment) -> None:
        if len(attachment.content) > _IN_ONE_REQUEST and (upload := self._upload_for(draft, attachment)):
            self._upload(upload, attachment.content)
        else:
            content = _as_graph_attachment(attachment)
            _only(201, self._graph.request("post", f"{self._address(draft)}/attachments", data=content))

    def _upload_for(self, draft: str, attachment: Attachment) -> str:
        """The address to which the attachment's pieces go; nothing where Graph finds it too small for that."""
        item = {
            "attachmentType": "file",
            "name": attachment.name,
            "size": len(attachment.content),
            "contentType": attachment.media_type,
        }
        url = f"{self._address(draft)}/attachments/createUploadSession"
        try:
            return str(_value(self._graph.request("post", url, data={"AttachmentItem": item}), "uploadUrl"))
        except GraphStopped as stop:
            if stop.code == _TOO_SMALL:
                return ""
            raise

    def _upload(self, url: str, content: bytes) -> None:
        """Piece by piece; where the connection breaks, from where the service says that it stands."""
        begin, resumed = 0, 0
        while begin < len(content):
            try:
                begin = self._put(url, content, begin)
            except GraphStopped as stop:
                resumed += 1
                if stop.delivery.outcome is not Outcome.UNKNOWN or resumed > _RESUMED:
                    raise
                begin = _expected(self._graph.upload("get", url))

    def _put(self, url: str, content: bytes, begin: int) -> int:
        """Send one piece. Returns where the next begins; the end of the content where that was the last."""
        piece = content[begin : begin + _PIECE]
        headers = {
            "Content-type": "application/octet-stream",
            "Content-Range": f"bytes {begin}-{begin + len(piece) - 1}/{len(content)}",
        }
        answer = self._graph.upload("put", url, data=piece, headers=headers)
        following = len(content) if answer.status_code == 201 else _expected(answer)
        if following <= begin:
            raise GraphStopped(unclear("Microsoft 365 does not go on with the upload of an attachment."))
        return following


@dataclass(frozen=True)
class _Found:
    """A mail in the mailbox: Graph's id, and whether it was sent."""

    id: str
    sent: bool


def _as_base64_mime(message: OutgoingMessage, mailbox: str) -> bytes:
    """What Graph takes as `text/plain`: the whole mail, its lines ended as on the wire, in base64."""
    # Exchange puts the mailbox's own name.
    return base64.b64encode(on_the_wire(message, sender=mailbox, sender_name=""))


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
    if message.attachments and _goes_in_one(message):
        mail["attachments"] = [_as_graph_attachment(attachment) for attachment in message.attachments]
    if message.in_reply_to:
        mail["singleValueExtendedProperties"] = [
            {"id": name, "value": value}
            for name, value in zip((_IN_REPLY_TO, _REFERENCES), thread_of(message), strict=True)
        ]
    return mail


def _as_graph_attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.media_type,
        "contentBytes": base64.b64encode(attachment.content).decode(),
    }


def _ours(mails: Sequence[Mapping[str, Any]], message: OutgoingMessage) -> list[_Found]:
    """By our own header where Graph shows it; a mail from elsewhere may carry any Message-ID it likes."""
    found = []
    try:
        for mail in mails:
            headers = mail.get("internetMessageHeaders") or []
            ids = [header["value"] for header in headers if header["name"].lower() == _ID_HEADER]
            if not ids or message.id in ids:
                found.append(_Found(mail["id"], not mail["isDraft"]))
    except (KeyError, TypeError, AttributeError):
        raise GraphStopped(unclear("Graph's answer about the mail could not be read.")) from None
    return found


def _only(status: int, answer: requests.Response) -> None:
    """Some other success may be the word of whatever stands between us and Graph."""
    if answer.status_code != status:
        raise GraphStopped(unclear(f"Microsoft 365 answered {answer.status_code} where {status} was due."))


def _is_whole(there: Mapping[str, Any], wanted: Attachment) -> bool:
    size = int(there.get("size") or 0)
    return there.get("name") == wanted.name and len(wanted.content) <= size <= len(wanted.content) + _OVERHEAD


def _expected(answer: requests.Response) -> int:
    """Where an upload goes on: Graph writes "3932160", or "3932160-" and more."""
    try:
        return int(str(_value(answer, "nextExpectedRanges")[0]).partition("-")[0])
    except (ValueError, IndexError, TypeError):
        raise GraphStopped(unclear("Graph's answer to an upload could not be read.")) from None


def _content(answer: requests.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except (ValueError, TypeError):
        raise GraphStopped(unclear("Graph's answer about the mail could not be read.")) from None


def _value(answer: requests.Response, name: str) -> Any:
    if name not in (content := _content(answer)):
        raise GraphStopped(unclear("Graph's answer about the mail could not be read."))
    return content[name]


def _nothing_sent(stop: GraphStopped) -> Delivery:
    """Before the sending itself, an outcome in doubt is a plain failure: the next attempt finds what was left.

    So is a draft that somebody has deleted meanwhile: the next attempt makes another.
    """
    if stop.delivery.outcome is Outcome.UNKNOWN or stop.code in _NOT_THERE:
        return replace(stop.delivery, outcome=Outcome.FAILED_FOR_NOW)
    return stop.delivery


def _size(message: OutgoingMessage) -> int:
    return sum(len(attachment.content) for attachment in message.attachments)


def _is_invitation(message: OutgoingMessage) -> bool:
    return any(is_calendar(attachment) for attachment in message.attachments)


def _goes_in_one(message: OutgoingMessage) -> bool:
    """Whether the draft is whole from the first request on."""
    return _is_invitation(message) or _size(message) <= _IN_ONE_REQUEST


def _too_large(message: OutgoingMessage) -> str:
    """Why no mail carries it, or nothing."""
    largest, what = (_LARGEST_IN_MIME, "an invitation") if _is_invitation(message) else (_LARGEST, "a mail")
    if _size(message) <= largest:
        return ""
    return (
        f"The attachments have {_size(message) / 1e6:.1f} MB; {what} takes {largest / 1e6:g} MB. "
        "Send a link to the document instead."
    )
