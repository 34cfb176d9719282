"""The mails of the stand-in `fake_graph`: drafts, sent mails, their folders, and what changed in a folder since.

As Graph has it: a draft without `Prefer: IdType="ImmutableId"` gets another id when it is sent or moved, custom headers
begin with x-, a request takes 4 MB, internetMessageHeaders come only where they are selected.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fake_graph_attachments import from_json
from tests.fake_graph_calendar import WHEN, Refused
from tests.fake_graph_folders import FakeFolders


@dataclass
class FakeMailbox:
    """Mails as Graph shows them; what begins with _ is ours. `url` is Graph's."""

    url: str = ""
    mails: list[dict[str, Any]] = field(default_factory=list)
    changes: int = 0
    folder: FakeFolders = field(default_factory=FakeFolders)
    forgotten_before: int = 0  # cursors from before that change are no longer known

    def receive(
        self, source: bytes, *, subject: str = "", received_at: str = WHEN, own_words: str = "", zeros: int = 0
    ) -> dict[str, Any]:
        """A mail arrives in the inbox. `zeros`: so many bytes follow its source, which nobody keeps in memory."""
        mail = {**_blank_mail({"subject": subject}), "isDraft": False, "isRead": False, "receivedDateTime": received_at}
        mail |= {"_immutable": True, "_headers": [], "_attachments": [], "_left": {}, "_source": source}
        mail |= {"_zeros": zeros, "_own_words": own_words, "parentFolderId": self.folder.id_of("inbox")}
        self._changed(mail)
        self.mails.append(mail)
        return mail

    def inside(self, folder: str) -> list[dict[str, Any]]:
        """The mails in the folder of that id, well-known name or name as shown."""
        there = folder if folder in self.folder.ids() else self.folder.named(folder)
        return [mail for mail in self.mails if mail["parentFolderId"] == there]

    def make(self, wanted: dict[str, Any], *, immutable: bool) -> dict[str, Any]:
        """A draft from what was posted."""
        for recipient in wanted.get("toRecipients", []):
            if "@" not in recipient["emailAddress"]["address"]:
                raise Refused(400, "ErrorInvalidRecipients")
        mail = {
            **_blank_mail(wanted),
            **wanted.get("_meeting", {}),
            "_immutable": immutable,
            "_headers": wanted.get("internetMessageHeaders", []),
            "_wanted": wanted,
            "_attachments": [],
            "_left": {},
        }
        for attachment in wanted.get("attachments", []):
            from_json(mail, attachment)
        self._changed(mail)
        self.mails.append(mail)
        return mail

    def mail(self, mail_id: str) -> dict[str, Any]:
        found = next((mail for mail in self.mails if mail["id"] == mail_id), None)
        if found is None:
            raise Refused(404, "ErrorItemNotFound")
        return found

    def send(self, mail_id: str) -> None:
        mail = self.mail(mail_id)
        if not mail["isDraft"]:
            raise Refused(400, "ErrorInvalidOperation")
        if not mail["toRecipients"]:
            raise Refused(400, "ErrorInvalidRecipients")
        mail["isDraft"] = False
        self.move(mail, "sentitems")

    def move(self, mail: dict[str, Any], folder: str) -> dict[str, Any]:
        """To the folder of that id or well-known name."""
        there = self.folder.id_of(folder)
        mail["_left"][mail["parentFolderId"]] = self.changes + 1, mail["id"]
        mail["parentFolderId"] = there
        if not mail["_immutable"]:
            mail["id"] = f"AAMk{uuid.uuid4().hex}="
        self._changed(mail)
        return mail

    def entity(self, mail: dict[str, Any], select: str = "") -> dict[str, Any]:
        """One mail as an answer of its own."""
        fields = f"({select})" if select else ""
        return {"@odata.context": f"{self._context}/messages{fields}/$entity", **shown(mail, select)}

    def listing(self, query: dict[str, str], folder: str = "") -> dict[str, Any]:
        """Mails by Message-ID, or all of a folder."""
        found: Iterator[dict[str, Any]] = iter(self.mails)
        if folder:
            there = self.folder.id_of(folder)
            found = (mail for mail in found if mail["parentFolderId"] == there)
        if condition := query.get("$filter"):
            wanted = re.fullmatch(r"internetMessageId eq '((?:[^']|'')*)'", condition)
            if wanted is None:
                raise Refused(400, "ErrorInvalidUrlQueryFilter")
            message_id = wanted[1].replace("''", "'")
            found = (mail for mail in found if mail["internetMessageId"] == message_id)
        select = query.get("$select", "")
        fields = f"({select})" if select else ""
        return {
            "@odata.context": f"{self._context}/messages{fields}",
            "value": [shown(mail, select) for mail in found],
        }

    def delta(self, folder: str, query: dict[str, str], page_size: int) -> dict[str, Any]:
        """What changed in the folder since the token, page by page; mails that left it are named as removed."""
        there = self.folder.id_of(folder)
        since = int(query.get("$deltatoken", query.get("$skiptoken", "0")))
        if 0 < since < self.forgotten_before:
            raise Refused(410, "SyncStateNotFound")
        select = query.get("$select", "")
        changed = [(m["_changed"], m) for m in self.mails if m["parentFolderId"] == there and m["_changed"] > since]
        left = [m["_left"][there] for m in self.mails if m["parentFolderId"] != there and there in m["_left"]]
        removed = [(at, {"@removed": {"reason": "deleted"}, "id": was}) for at, was in left if at > since > 0]
        entries = sorted([*changed, *removed], key=lambda entry: entry[0])
        page, more = entries[:page_size], len(entries) > page_size
        token = f"$skiptoken={page[-1][0]}" if more else f"$deltatoken={self.changes}"
        fields = f"&$select={select}" if select else ""
        address = f"{self.url}v1.0/users('1')/mailFolders('{there}')/messages/delta?{token}{fields}"
        named = {"@odata.type": "#microsoft.graph.message"}
        return {
            "@odata.context": f"{self.url}v1.0/$metadata#Collection(message)",
            "value": [{**named, **(entry if "@removed" in entry else shown(entry, select))} for _, entry in page],
            "@odata.nextLink" if more else "@odata.deltaLink": address,
        }

    def folders(self, query: dict[str, str]) -> dict[str, Any]:
        found = [self.shown_folder(there) for there in self.folder.matching(query.get("$filter", ""))]
        return {"@odata.context": f"{self._context}/mailFolders", "value": found}

    def shown_folder(self, folder: str) -> dict[str, Any]:
        return self.folder.shown(folder, self.inside(self.folder.id_of(folder)))

    def inspection(self) -> dict[str, Any]:
        """For a test in another process: how many mails there are of each of our ids, and the sent attachments."""
        sent = [mail for mail in self.mails if not mail["isDraft"]]
        return {
            "sent": Counter(our_id(mail) for mail in sent),
            "drafts": Counter(our_id(mail) for mail in self.mails if mail["isDraft"]),
            "attachments": {our_id(m): [[a["name"], len(a["_content"])] for a in m["_attachments"]] for m in sent},
        }

    @property
    def _context(self) -> str:
        return f"{self.url}v1.0/$metadata#users('1')"

    def _changed(self, mail: dict[str, Any]) -> None:
        self.changes += 1
        mail["_changed"] = self.changes


def our_id(mail: dict[str, Any]) -> str:
    """The x-secretariat-id of a mail; empty where it has none."""
    ids = (header["value"] for header in mail["_headers"] if header["name"].lower() == "x-secretariat-id")
    return next(ids, "")


def shown(mail: dict[str, Any], select: str = "") -> dict[str, Any]:
    """All that Graph shows unasked, or the fields asked for."""
    if not select:
        return {name: value for name, value in mail.items() if not name.startswith("_")}
    own_words = {"contentType": "text", "content": mail.get("_own_words", "")}
    whole = {**mail, "internetMessageHeaders": mail["_headers"], "uniqueBody": own_words}
    return {name: whole[name] for name in dict.fromkeys(("@odata.etag", "id", *select.split(",")))}


def draft_from_json(body: bytes) -> dict[str, Any]:
    """What was posted, refused where Graph would refuse it."""
    if len(body) > 4 * 1024 * 1024:
        raise Refused(413, "RequestEntityTooLarge")
    wanted: dict[str, Any] = json.loads(body)
    if any(not re.match("x-", header["name"], re.IGNORECASE) for header in wanted.get("internetMessageHeaders", [])):
        raise Refused(400, "InvalidInternetMessageHeader")
    return wanted


def _blank_mail(wanted: dict[str, Any]) -> dict[str, Any]:
    body = wanted.get("body", {"contentType": "text", "content": ""})
    return {
        "@odata.etag": 'W/"CQAAABYAAACY4MQpaFz9SbqUDe4+bs88AAB88LOj"',
        "id": f"AAMk{uuid.uuid4().hex}=",
        "createdDateTime": WHEN,
        "lastModifiedDateTime": WHEN,
        "changeKey": "CQAAABYAAACY4MQpaFz9SbqUDe4+bs88AAB88LOj",
        "categories": [],
        "receivedDateTime": WHEN,
        "sentDateTime": WHEN,
        "hasAttachments": False,
        "internetMessageId": wanted.get("internetMessageId") or f"<{uuid.uuid4().hex}@example.org>",
        "subject": wanted.get("subject", ""),
        "body": body,
        "bodyPreview": body["content"][:255],
        "importance": "normal",
        "parentFolderId": FakeFolders().id_of("drafts"),
        "sender": None,
        "from": None,
        "toRecipients": wanted.get("toRecipients", []),
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        "conversationId": uuid.uuid4().hex,
        "conversationIndex": "AdN/Xdgnql4N9FlrT0KKlOJGNdA5FQ==",
        "flag": {"flagStatus": "notFlagged"},
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": True,
        "isDraft": True,
        "webLink": "https://outlook.office365.com/owa/?ItemID=1",
        "inferenceClassification": "focused",
    }
