"""Slack without Slack: every message is a line of JSON in a log, which the web page shows."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from bot.durable_files import in_words, sync_folder
from bot.model import Delivery, Outcome, OutgoingMessage


class SlackLog:
    """The embedded channel for Slack: an append-only log at `path`, at most one line per id.

    A line without its line end was torn by a crash: it is no delivery, and the next one takes its place.
    """

    name = "slack"
    settling = timedelta(0)  # a line is there or it is not
    looks_up = True

    def __init__(self, path: Path) -> None:
        """The log and its folder are made on the first delivery where they don't exist."""
        self._path = path

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Append the message durably. An id already in the log is not written again."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self._path.exists()
            with self._path.open("a+b") as log:
                # Two processes may deliver at once: looking and writing are one step. Closing the file lets go.
                fcntl.flock(log, fcntl.LOCK_EX)
                if _find(log, message.id) is None:
                    _append(log, _line(message))
            if is_new:
                sync_folder(self._path.parent)
        except OSError as error:
            return Delivery(
                Outcome.FAILED_FOR_NOW, error=f"The Slack log could not be written: {in_words(error, 'the log')}"
            )
        return Delivery(Outcome.DELIVERED, service_id=_service_id(message.id))

    def revise(self, message: OutgoingMessage) -> Delivery:
        """Append what the message says from now on, as a line of its own: a log keeps what was said before."""
        again = hashlib.sha256(message.text.encode(errors="replace")).hexdigest()[:8]
        return self.deliver(replace(message, id=f"{message.id}:{again}"))

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """The line of this id. Unknown where the log can't be read."""
        try:
            with self._path.open("rb") as log:
                found = _find(log, message.id)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Delivery(Outcome.UNKNOWN, error=f"The Slack log could not be read: {in_words(error, 'the log')}")
        return Delivery(Outcome.DELIVERED, service_id=_service_id(message.id)) if found else None

    def messages(self, last: int = 500) -> list[dict[str, str]]:
        """The `last` messages, newest last: id, at (ISO 8601), to, to_name, subject, text. Raises OSError."""
        try:
            with self._path.open("rb") as log:
                return list(deque(_entries(log), maxlen=last))
        except FileNotFoundError:
            return []


def _service_id(message_id: str) -> str:
    return f"slack-log:{message_id}"


def _line(message: OutgoingMessage) -> bytes:
    entry = {
        "id": message.id,
        "at": message.sent_at.isoformat(),
        "to": message.to,
        "to_name": message.to_name,
        "subject": message.subject,
        "text": message.text,
    }
    return json.dumps(entry, ensure_ascii=False).encode(errors="replace") + b"\n"


def _entries(log: BinaryIO) -> Iterator[dict[str, str]]:
    """Line by line, whatever the length of the log. Lines that are torn or no entry are passed over."""
    log.seek(0)
    for line in log:
        if not line.endswith(b"\n"):
            return
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "id" in entry:
            yield entry


def _find(log: BinaryIO, message_id: str) -> dict[str, str] | None:
    return next((entry for entry in _entries(log) if entry["id"] == message_id), None)


def _append(log: BinaryIO, line: bytes) -> None:
    """Add the line whole or not at all; what a crash left of an earlier one goes."""
    end = _end_of_whole_lines(log)
    descriptor = log.fileno()  # no buffer in between, which would try again when the file is closed
    os.ftruncate(descriptor, end)
    try:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _end_of_whole_lines(log: BinaryIO) -> int:
    """Where the last line end is, looking backwards a block at a time."""
    end = log.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65536)
        log.seek(start)
        at = log.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
