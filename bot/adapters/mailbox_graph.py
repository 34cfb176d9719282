"""A mailbox of Microsoft 365 as a queue: what came since the last look (delta), message by message, and moves.

Needs the application permission Mail.ReadWrite, scoped to the mailbox. Every request asks for immutable ids, so that a
message keeps its id wherever it is moved. O365 knows no delta: its connection is asked directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed, unclear
from bot.adapters.mailbox_rules import FOLDERS, too_large
from bot.clock import parse_instant
from bot.errors import SecretariatError
from bot.ports import CursorExpired, MailContent, MailWaiting

_NOT_THERE = ("ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidMailboxItemId")
_NO_FOLDER = ("ErrorFolderNotFound", "ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorMoveCopyFailed")
_FORGOTTEN = ("SyncStateNotFound", "SyncStateInvalid", "ErrorInvalidSyncStateData", "resyncRequired")
_PIECE = 65_536  # bytes of a message's source read at a time


class MailboxGraph:
    """The inbox of one mailbox (`ports.MailboxReader`). The cursor is the address that Graph gave for going on."""

    def __init__(self, mailbox: str, account: GraphAccount) -> None:
        self.mailbox = mailbox
        self._graph = GraphConnection(account, what="the mail", permissions="Mail.ReadWrite")
        self._inbox = ""
        self._folders: dict[str, str] = {}  # the id of each state's folder
        self._in_inbox = ""  # the message that was seen there last

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        self._folders.clear()  # somebody may have renamed one since the last look
        with self._in_words():
            while True:
                page = self._page(cursor, at_most)
                entries = [entry for entry in page.get("value", []) if "@removed" not in entry]
                following = str(page.get("@odata.nextLink") or page["@odata.deltaLink"])
                if entries or "@odata.deltaLink" in page:
                    return [_as_waiting(entry) for entry in entries], following
                cursor = following  # a page may hold nothing but what went away

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        with self._in_words():
            fields = {"$select": "id,parentFolderId,conversationId,uniqueBody"}
            found = self._message(message_id, fields, {"Prefer": 'outlook.body-content-type="text"'})
            if found is None or found["parentFolderId"] != self._inbox_id():
                return None
            source = self._source(message_id, at_most)
            if source is None:
                return None
            self._in_inbox = message_id
            own_words = (found.get("uniqueBody") or {}).get("content") or ""
            return MailContent(source, own_words.strip(), str(found.get("conversationId") or ""))

    def move(self, message_id: str, state: str) -> bool:
        """One that lies in no folder of ours has been filed by somebody, and stays where it is."""
        with self._in_words():
            was_seen, self._in_inbox = message_id == self._in_inbox, ""
            if was_seen and self._moved(message_id, state):
                return True
            return self._moved_from_where_it_lies(message_id, state)

    def _moved_from_where_it_lies(self, message_id: str, state: str) -> bool:
        """Looks for our folders anew where one that was known is gone."""
        for _ in range(2):
            place = self._place_of(message_id)
            ours = {each: self._folder(each) for each in FOLDERS}
            if place not in (self._inbox_id(), *ours.values()):
                return False
            if place == ours[state] or self._moved(message_id, state):
                return True
            self._folders.clear()
        return False

    def _page(self, cursor: str, at_most: int) -> Mapping[str, Any]:
        first = f"{self._graph.url}/mailFolders/inbox/messages/delta"
        if cursor and not cursor.startswith(self._graph.root):
            raise CursorExpired  # of another cloud: our token is not for it
        arguments: dict[str, Any] = {} if cursor else {"params": {"$select": "subject,receivedDateTime"}}
        arguments["headers"] = {"Prefer": f"odata.maxpagesize={at_most}"}
        try:
            return _content(self._request("get", cursor or first, **arguments))
        except GraphStopped as stop:
            if cursor and (stop.status == 410 or stop.code in _FORGOTTEN):
                raise CursorExpired from None
            raise

    def _message(self, message_id: str, params: dict[str, str], headers: dict[str, str]) -> Mapping[str, Any] | None:
        try:
            return _content(self._request("get", self._address(message_id), params=params, headers=headers))
        except GraphStopped as stop:
            if stop.code in _NOT_THERE:
                return None
            raise

    def _source(self, message_id: str, at_most: int) -> bytes | None:
        """The MIME source, read piece by piece: Graph does not say beforehand how large it is."""
        try:
            answer = self._request("get", f"{self._address(message_id)}/$value", stream=True)
        except GraphStopped as stop:
            if stop.code in _NOT_THERE:
                return None
            raise
        with answer:
            said = answer.headers.get("Content-Length", "")
            if said.isdecimal() and int(said) > at_most:
                raise too_large(int(said), at_most)
            source = bytearray()
            for piece in answer.iter_content(_PIECE):
                source += piece
                if len(source) > at_most:
                    raise too_large(None, at_most)
        return bytes(source)

    def _place_of(self, message_id: str) -> str:
        """The id of the folder in which it lies; empty where it is gone."""
        found = self._message(message_id, {"$select": "id,parentFolderId"}, {})
        return str(found["parentFolderId"]) if found else ""

    def _moved(self, message_id: str, state: str) -> bool:
        """False where the message or the folder is gone; Graph does not say which."""
        try:
            self._request("post", f"{self._address(message_id)}/move", data={"destinationId": self._folder(state)})
        except GraphStopped as stop:
            if stop.code in _NO_FOLDER:
                return False
            raise
        return True

    def _inbox_id(self) -> str:
        if not self._inbox:
            answer = self._request("get", f"{self._graph.url}/mailFolders/inbox", params={"$select": "id"})
            self._inbox = str(_content(answer)["id"])
        return self._inbox

    def _folder(self, state: str) -> str:
        """The id of a state's folder, which is made where there is none of that name."""
        if state not in self._folders:
            self._folders[state] = self._folder_named(FOLDERS[state]) or self._new_folder(FOLDERS[state])
        return self._folders[state]

    def _folder_named(self, name: str) -> str:
        params = {"$filter": f"displayName eq '{name}'", "$select": "id"}
        found = listed(self._request("get", f"{self._graph.url}/mailFolders", params=params))
        return str(found[0]["id"]) if found else ""

    def _new_folder(self, name: str) -> str:
        try:
            answer = self._request("post", f"{self._graph.url}/mailFolders", data={"displayName": name})
        except GraphStopped as stop:
            if stop.code == "ErrorFolderExists" and (found := self._folder_named(name)):
                return found  # made by another process meanwhile
            raise
        return str(_content(answer)["id"])

    def _address(self, message_id: str) -> str:
        return f"{self._graph.url}/messages/{quote(message_id, safe='')}"

    def _request(self, method: str, url: str, **arguments: Any) -> requests.Response:
        """Signed in; once more with a new sign-in where the old one has run out."""
        try:
            return self._ask(method, url, **arguments)
        except GraphStopped as stop:
            if stop.status != 401:
                raise
        return self._ask(method, url, **arguments)

    def _ask(self, method: str, url: str, **arguments: Any) -> requests.Response:
        self._graph.sign_in()
        headers = dict(arguments.pop("headers", {}))  # O365 adds to it
        return self._graph.request(method, url, headers=headers, **arguments)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except GraphStopped as stop:
            raise SecretariatError(stop.delivery.error, retry_after=stop.delivery.retry_after) from None
        except requests.RequestException:  # while a message's source is read
            raise SecretariatError("The connection to Microsoft 365 broke while a message was read.") from None
        except KeyError:
            raise SecretariatError("Graph's answer about the mailbox could not be read.") from None


def _content(answer: requests.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except (ValueError, TypeError):
        raise GraphStopped(unclear("Graph's answer about the mailbox could not be read.")) from None


def _as_waiting(entry: Mapping[str, Any]) -> MailWaiting:
    received = entry.get("receivedDateTime")
    return MailWaiting(str(entry["id"]), str(entry.get("subject") or ""), _instant(received), None)


def _instant(text: object) -> datetime | None:
    try:
        return parse_instant(str(text)) if text else None
    except ValueError:
        return None
