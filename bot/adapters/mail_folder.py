"""Mail without a mail server: every message is a file in a Maildir, which any mail program opens."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from bot.adapters.mime_message import as_email
from bot.durable_files import in_words, sync_folder
from bot.errors import SecretariatError
from bot.model import Delivery, Outcome, OutgoingMessage


class MailFolder:
    """The embedded channel for mail: `sent/new/<Message-ID>.eml` under `root`, at most once per Message-ID."""

    name = "mail"
    settling = timedelta(0)  # a file is there or it is not
    looks_up = True

    def __init__(self, root: Path, *, sender: str, sender_name: str) -> None:
        """`root` is made on the first delivery where it doesn't exist."""
        self._sent = root / "sent"
        self._sender, self._sender_name = sender, sender_name

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Write the mail durably; the service id is the file's name. A mail already there is left as it is."""
        try:
            content = as_email(message, sender=self._sender, sender_name=self._sender_name).as_bytes()
        except SecretariatError as error:
            return Delivery(Outcome.FAILED_FOR_GOOD, error=str(error))
        name = file_name(message.message_id)
        try:
            if not self._holds(name):
                self._write(name, content)
        except OSError as error:
            return Delivery(
                Outcome.FAILED_FOR_NOW, error=f"The mail could not be written: {in_words(error, 'the mail folder')}"
            )
        return Delivery(Outcome.DELIVERED, service_id=name)

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """The mail of this Message-ID, read by a mail program or not. Unknown where the folder can't be read."""
        name = file_name(message.message_id)
        try:
            return Delivery(Outcome.DELIVERED, service_id=name) if self._holds(name) else None
        except OSError as error:
            return Delivery(
                Outcome.UNKNOWN, error=f"The mail folder could not be read: {in_words(error, 'the mail folder')}"
            )

    def _holds(self, name: str) -> bool:
        if (self._sent / "new" / name).exists():
            return True
        try:
            with os.scandir(self._sent / "cur") as entries:
                # A mail program that shows a mail moves it here and adds its flags: `<name>:2,S`.
                return any(entry.name == name or entry.name.startswith(f"{name}:2,") for entry in entries)
        except FileNotFoundError:
            return False

    def _write(self, name: str, content: bytes) -> None:
        self._make_folders()
        unfinished = self._sent / "tmp" / f"{os.getpid()}.{threading.get_ident()}.eml"
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._sent / "new" / name)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        sync_folder(self._sent / "new")

    def _make_folders(self) -> None:
        """All three, as Maildir has them; a folder that isn't durable could lose the mails in it."""
        if all((self._sent / part).is_dir() for part in ("tmp", "new", "cur")):
            return
        for part in ("tmp", "new", "cur"):
            (self._sent / part).mkdir(parents=True, exist_ok=True)
        for folder in (self._sent, self._sent.parent):
            sync_folder(folder)


def file_name(message_id: str) -> str:
    """`<psg-17@example.org>` -> `psg-17@example.org.eml`: safe in any file system, different for different ids."""
    safe = quote(message_id.strip().strip("<>"), safe="@+=")
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > 200:
        safe = f"{safe[:150]}-{hashlib.sha256(message_id.encode()).hexdigest()}"
    return f"{safe}.eml"
