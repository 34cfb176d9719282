"""A mailbox without a mail server: .eml files dropped into a folder, and moved to the folder of their state.

A file is known by its place, size and time of change, so that nothing is read to list it. It is listed once it has
stood still between two looks: whoever writes it may not have finished.
"""

from __future__ import annotations

import heapq
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from bot.adapters.mailbox_rules import too_large
from bot.durable_files import in_words
from bot.errors import SecretariatError
from bot.ports import MailContent, MailWaiting

FOLDERS = {"done": "done", "needs_a_person": "needs-a-person", "ignored": "ignored"}
SUFFIX = ".eml"
_NAME_BYTES = 200  # of a name that is kept as the file is moved; a file system takes 255


class _File(NamedTuple):
    """A plain tuple: tens of thousands of them are made at each look at a long backlog. The oldest come first."""

    changed: int  # nanoseconds since 1970
    place: str
    size: int


class MailboxFolder:
    """`root`, its `inbox` and its `inbox/new` as one inbox (`ports.MailboxReader`); our folders lie in `root`."""

    def __init__(self, mailbox: str, root: Path) -> None:
        self.mailbox, self._root = mailbox, root
        self._seen: set[_File] = set()  # at the last look
        self._listed: set[_File] = set()
        self._cursor, self._page = "", frozenset[_File]()  # the last page, until whoever asked has kept it

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        """The oldest that have not been listed since we began; after a restart, all that are still there are."""
        if cursor == self._cursor:
            self._listed |= self._page
        with self._readable():
            present = set(self._files())
        still, self._seen = present & self._seen, present
        self._listed &= present
        page = heapq.nsmallest(at_most, still - self._listed)
        self._page = frozenset(page)
        if not page:
            return [], cursor
        self._cursor = secrets.token_hex(8)
        return [_as_waiting(self._root, file) for file in page], self._cursor

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        with self._readable():
            file = self._in_inbox(message_id)
            if file is None:
                return None
            if file.size > at_most:
                raise too_large(file.size, at_most)
            try:
                return MailContent(Path(file.place).read_bytes())
            except FileNotFoundError:
                return None

    def move(self, message_id: str, state: str) -> bool:
        target = self._root / FOLDERS[state]
        with self._readable():
            target.mkdir(parents=True, exist_ok=True)
            file = self._in_inbox(message_id)
            place = Path(file.place) if file else self._in_our_folders(message_id)
            if place is None:
                return False
            if place.parent == target:
                return True
            try:
                place.rename(_free_name(target, place.stem, message_id) if file else target / place.name)
            except FileNotFoundError:
                return False
        return True

    def _files(self) -> Iterator[_File]:
        for folder in (self._root, self._root / "inbox", self._root / "inbox" / "new"):
            try:
                with os.scandir(folder) as entries:
                    yield from (file for entry in entries if (file := _as_file(entry)))
            except FileNotFoundError:
                continue

    def _in_inbox(self, message_id: str) -> _File | None:
        """The file of that id, unless it is gone or another by now."""
        named = message_id.partition("|")[0]
        place = self._root / os.fsdecode(unquote_to_bytes(named))
        try:
            stat = place.stat()
        except FileNotFoundError:
            return None
        file = _File(stat.st_mtime_ns, str(place), stat.st_size)
        return file if _id_of(self._root, file) == message_id else None

    def _in_our_folders(self, message_id: str) -> Path | None:
        wanted = f"*-{_mark(message_id)}{SUFFIX}"
        return next((place for name in FOLDERS.values() for place in (self._root / name).glob(wanted)), None)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = f"the mail folder {self._root.name}"
            raise SecretariatError(f"Mail could not be read or moved: {in_words(error, place)}") from None


def _as_file(entry: os.DirEntry[str]) -> _File | None:
    """A mail's file; None for anything else, and for what is gone already."""
    try:
        if entry.name.startswith(".") or not entry.name.endswith(SUFFIX) or not entry.is_file(follow_symlinks=False):
            return None
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return _File(stat.st_mtime_ns, entry.path, stat.st_size)


def _id_of(root: Path, file: _File) -> str:
    return f"{quote(os.fsencode(Path(file.place).relative_to(root)))}|{file.size}|{file.changed}"


def _as_waiting(root: Path, file: _File) -> MailWaiting:
    name = os.fsencode(Path(file.place).name).decode(errors="replace")
    return MailWaiting(_id_of(root, file), name, datetime.fromtimestamp(file.changed / 1e9, UTC), file.size)


def _mark(message_id: str) -> str:
    """What a moved file's name ends in, so that it is found again."""
    return sha256(message_id.encode()).hexdigest()[:8]


def _free_name(folder: Path, stem: str, message_id: str) -> Path:
    """A name in the folder that is not taken: nothing is ever overwritten."""
    kept = os.fsencode(stem)[:_NAME_BYTES].decode(errors="ignore")
    place, number = folder / f"{kept}-{_mark(message_id)}{SUFFIX}", 1
    while place.exists():
        number += 1
        place = folder / f"{kept}-{number}-{_mark(message_id)}{SUFFIX}"
    return place
