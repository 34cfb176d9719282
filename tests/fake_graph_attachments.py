"""A mail's attachments, for the stand-in of `fake_graph`: in one request, or by an upload session at another address.

As Exchange has it: a session is for 3 MB and more, its address carries its own right and refuses our token, a piece
has less than 4 MB and begins where the last one ended, and only a complete upload is an attachment.
"""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.clock import Clock
from tests.fake_graph_calendar import WHEN, Refused

SMALLEST_SESSION = 3 * 1024 * 1024
LARGEST_PIECE = 4 * 1024 * 1024
LARGEST_MAIL = 35 * 1024 * 1024  # the default of Exchange Online, base64 included
_PROPERTIES = 213  # an attachment's size includes them


@dataclass
class _Session:
    mail: dict[str, Any]
    item: dict[str, Any]
    content: bytearray = field(default_factory=bytearray)


@dataclass
class FakeUploads:
    """The uploads that are open, by the token in their address. `url` is on another host than Graph's."""

    url: str = ""
    sessions: dict[str, _Session] = field(default_factory=dict)
    pieces: list[int] = field(default_factory=list)  # the size of each that was taken

    def open(self, mail: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        item = {name.lower(): value for name, value in _insensitive(wanted, "AttachmentItem").items()}
        if item["attachmenttype"] != "file":
            raise Refused(400, "ErrorInvalidRequest")
        if item["size"] < SMALLEST_SESSION:
            raise Refused(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
        token = uuid.uuid4().hex
        self.sessions[token] = _Session(mail, item)
        return {
            "uploadUrl": f"{self.url}AttachmentSessions('{uuid.uuid4().hex}')?authtoken={token}",
            "expirationDateTime": _expires(),
            "nextExpectedRanges": ["0-"],
        }

    def answer(
        self, method: str, token: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, object, dict[str, str]]:
        """Status, content and headers of one request to an upload's address."""
        if "authorization" in headers:
            raise Refused(401, "InvalidMsaTicket")
        session = self.sessions.get(token)
        if session is None:
            raise Refused(404, "ErrorItemNotFound")
        if method == "PUT":
            self._take(session, body, headers.get("content-range", ""))
        if len(session.content) < session.item["size"]:
            shown = {"expirationDateTime": _expires(), "nextExpectedRanges": [str(len(session.content))]}
            return 200, shown, {}
        del self.sessions[token]
        kept = keep(session.mail, session.item, bytes(session.content))
        return 201, None, {"Location": f"{self.url}Attachments('{kept['id']}')"}

    def _take(self, session: _Session, piece: bytes, content_range: str) -> None:
        said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range)
        if said is None or int(said[3]) != session.item["size"] or int(said[2]) - int(said[1]) + 1 != len(piece):
            raise Refused(400, "ErrorInvalidRange")
        if len(piece) >= LARGEST_PIECE:
            raise Refused(413, "RequestEntityTooLarge")
        if int(said[1]) != len(session.content):
            raise Refused(416, "ErrorInvalidRange")
        session.content += piece
        self.pieces.append(len(piece))


def from_json(mail: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """An attachment posted in one request."""
    return keep(
        mail, {n.lower(): v for n, v in wanted.items()}, base64.b64decode(wanted["contentBytes"], validate=True)
    )


def keep(mail: dict[str, Any], item: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Make it an attachment of the draft."""
    if not mail["isDraft"]:
        raise Refused(400, "ErrorInvalidOperation")
    encoded = sum(len(entry["_content"]) for entry in [*mail["_attachments"], {"_content": content}]) * 4 // 3
    if encoded > LARGEST_MAIL:
        raise Refused(413, "ErrorMessageSizeExceeded")
    kept = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": f"AAMkAtt{uuid.uuid4().hex}=",
        "lastModifiedDateTime": WHEN,
        "name": item["name"],
        "contentType": item.get("contenttype"),
        "size": len(content) + _PROPERTIES,
        "isInline": False,
        "contentId": None,
        "contentLocation": None,
        "_content": content,
    }
    mail["_attachments"].append(kept)
    mail["hasAttachments"] = True
    return kept


def shown(attachment: dict[str, Any], select: str = "") -> dict[str, Any]:
    """As Graph answers: with its content, unless only some fields are asked for."""
    plain = {name: value for name, value in attachment.items() if not name.startswith("_")}
    if select:
        return {name: plain[name] for name in ("@odata.type", "id", *select.split(","))}
    return {**plain, "contentBytes": base64.b64encode(attachment["_content"]).decode()}


def _expires() -> str:
    """Not in a still time: clients look whether it has passed."""
    return f"{Clock().now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _insensitive(wanted: dict[str, Any], name: str) -> dict[str, Any]:
    """The parameter of an action, whose name Graph takes in any case."""
    return dict(next(value for key, value in wanted.items() if key.lower() == name.lower()))
