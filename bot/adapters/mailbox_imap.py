"""A mailbox on any IMAP server as a queue. It must know MOVE (RFC 6851): without it, a message is there twice, or lost.

A message is known by its number in the inbox (UIDVALIDITY and UID) and its Message-ID: moved, it has another number,
and is found in our folders by its Message-ID. Numbers grow, so the cursor is the last one seen.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any, Literal, TypeVar

from imapclient import IMAPClient  # type: ignore[import-untyped]
from imapclient.exceptions import (  # type: ignore[import-untyped]
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)
from pydantic import SecretStr

from bot.adapters.mailbox_rules import FOLDERS, too_large
from bot.errors import SecretariatError
from bot.ports import CursorExpired, MailContent, MailWaiting

LOCKED_OUT_SECONDS = 600.0  # until somebody has mended what no repetition mends
_MESSAGE_ID = 250  # characters of it that are kept
_HEADERS = "BODY.PEEK[HEADER.FIELDS (SUBJECT MESSAGE-ID)]"  # ENVELOPE says the same, as the server understands it
_LISTED = ("INTERNALDATE", "RFC822.SIZE", _HEADERS)
_FOR_NOW = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]")  # RFC 5530: a sign-in that may work later
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ImapAccount:
    """Where the server is, and who signs in. `timeout`: for each answer, in seconds."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    password: SecretStr = field(repr=False)
    timeout: float = 30.0


class MailboxImap:
    """The inbox of one account (`ports.MailboxReader`). One connection, opened anew where it has broken."""

    def __init__(self, mailbox: str, account: ImapAccount) -> None:
        self.mailbox, self._account = mailbox, account
        self._server: Any = None
        self._selected = "", 0  # the folder that is open, and its UIDVALIDITY
        self._prefix = ""  # of folders' names: some servers have them all inside INBOX

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        return self._again_if_broken(lambda: self._waiting(cursor, at_most))

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        return self._again_if_broken(lambda: self._content(message_id, at_most))

    def move(self, message_id: str, state: str) -> bool:
        """One that lies neither in the inbox nor in a folder of ours has been filed by somebody."""
        return self._again_if_broken(lambda: self._move(message_id, state))

    def _waiting(self, cursor: str, at_most: int) -> tuple[list[MailWaiting], str]:
        validity = self._select("INBOX")
        known, _, last = cursor.partition(":")
        if cursor and known != str(validity):
            raise CursorExpired
        begin = int(last or 0) + 1
        # "n:*" always has the newest one, whatever n is
        new = sorted(uid for uid in self._server.search(["UID", f"{begin}:*"]) if uid >= begin)[:at_most]
        if not new:
            return [], cursor
        entries = self._server.fetch(new, _LISTED)
        return [_as_waiting(validity, uid, entries[uid]) for uid in new if uid in entries], f"{validity}:{new[-1]}"

    def _content(self, message_id: str, at_most: int) -> MailContent | None:
        uid = self._in_inbox(message_id)
        if uid is None:
            return None
        size = self._server.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", 0)
        if size > at_most:
            raise too_large(size, at_most)
        source = self._server.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]")
        return None if source is None else MailContent(source)

    def _move(self, message_id: str, state: str) -> bool:
        uid = self._in_inbox(message_id)
        if uid is None:
            return self._move_from_our_folders(message_id, self._folder(state))
        self._move_into(uid, self._folder(state))
        return True

    def _move_from_our_folders(self, message_id: str, target: str) -> bool:
        wanted = message_id.partition(" ")[2]
        for name in (target, *(self._folder(each) for each in FOLDERS)) if wanted else ():
            if not self._server.folder_exists(name):
                continue
            self._select(name)
            found = self._server.search(["HEADER", "Message-ID", wanted])
            if found and name != target:
                self._move_into(found[0], target)
            if found:
                return True
        return False

    def _move_into(self, uid: int, target: str) -> None:
        try:
            self._server.move([uid], target)
        except IMAPClientError:
            if self._server.folder_exists(target):
                raise
            self._server.create_folder(target)
            self._server.subscribe_folder(target)
            self._server.move([uid], target)

    def _in_inbox(self, message_id: str) -> int | None:
        """Its number there; None where it is gone, or the inbox has been numbered anew."""
        validity, _, rest = message_id.partition(".")
        selected, known = self._selected
        if str(known if selected == "INBOX" else self._select("INBOX")) != validity:
            return None
        uid = rest.partition(" ")[0]
        return int(uid) if self._server.search(["UID", uid]) else None

    def _select(self, folder: str) -> int:
        """Open a folder as it is now; returns its UIDVALIDITY."""
        self._selected = "", 0
        validity = int(self._server.select_folder(folder)[b"UIDVALIDITY"])
        self._selected = folder, validity
        return validity

    def _folder(self, state: str) -> str:
        return f"{self._prefix}{FOLDERS[state]}"

    # --------------------------------------------------------------------------------------------- the connection

    def _again_if_broken(self, ask: Callable[[], Answer]) -> Answer:
        """Once more over a new connection, where the one from before no longer works; nothing is done twice by that."""
        was_open = self._server is not None
        try:
            return self._asked(ask)
        except _Broken as broken:
            if not was_open:
                raise broken.in_words from None
        try:
            return self._asked(ask)
        except _Broken as broken:
            raise broken.in_words from None

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        with self._in_words():
            if self._server is None:
                self._connect()
            return ask()

    def _connect(self) -> None:
        account = self._account
        tls = None if account.security == "none" else ssl.create_default_context()
        server: Any = IMAPClient(
            account.host, account.port, ssl=account.security == "tls", ssl_context=tls, timeout=account.timeout
        )
        self._server = server
        if account.security == "starttls":
            server.starttls(tls)
        server.login(account.user, account.password.get_secret_value())
        server.normalise_times = False  # aware instants
        if not server.has_capability("MOVE"):
            raise CapabilityError("MOVE")
        personal = server.namespace().personal if server.has_capability("NAMESPACE") else None
        self._prefix = str(personal[0][0]) if personal else ""

    def _close(self) -> None:
        server, self._server, self._selected = self._server, None, ("", 0)
        if server is not None:
            with contextlib.suppress(OSError, IMAPClientError):
                server.shutdown()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        whom = f"The mail server {self._account.host}"
        try:
            yield
        except LoginError as error:
            self._close()
            words = f"{whom} refuses the sign-in of {self._account.user}: check the password, and that it still may."
            wait = None if any(code in str(error) for code in _FOR_NOW) else LOCKED_OUT_SECONDS
            raise SecretariatError(words, retry_after=wait) from None
        except CapabilityError as error:
            self._close()
            words = f"{whom} lacks {error}, which reading a mailbox needs: check mail.imap.port and security."
            raise SecretariatError(words, retry_after=LOCKED_OUT_SECONDS) from None
        except ssl.SSLCertVerificationError:
            self._close()
            words = f"{whom} shows a certificate that is not trusted: correct mail.imap.host or the trusted roots."
            raise SecretariatError(words, retry_after=LOCKED_OUT_SECONDS) from None
        except (OSError, IMAPClientAbortError):
            self._close()
            raise _Broken(SecretariatError(f"{whom} can't be reached, or broke off.")) from None
        except IMAPClientError as error:
            self._close()
            words = " ".join(str(error).split())[:200]
            raise SecretariatError(f"{whom} refuses to show or move a message: {words}.") from None


class _Broken(Exception):
    """The connection is no more."""

    def __init__(self, in_words: SecretariatError) -> None:
        self.in_words = in_words
        super().__init__(str(in_words))


def _as_waiting(validity: int, uid: int, entry: Mapping[bytes, Any]) -> MailWaiting:
    source = next((value for key, value in entry.items() if key.startswith(b"BODY[HEADER")), None)
    headers = message_from_bytes(source or b"")
    message_id = str(headers.get("Message-ID", "")).strip()
    known = f" {message_id}" if _can_be_searched(message_id) else ""
    received: datetime = entry[b"INTERNALDATE"]
    subject = _subject(str(headers.get("Subject", "")))
    return MailWaiting(f"{validity}.{uid}{known}", subject, received.astimezone(UTC), entry[b"RFC822.SIZE"])


def _can_be_searched(message_id: str) -> bool:
    return bool(message_id) and len(message_id) <= _MESSAGE_ID and message_id.isascii() and message_id.isprintable()


def _subject(raw: str) -> str:
    try:
        text = str(make_header(decode_header(raw)))
    except (LookupError, ValueError):  # a character set that does not exist, or letters that it does not have
        text = raw
    return " ".join(text.split())
