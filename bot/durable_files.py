"""Small files written whole or not at all, and still there after a power cut."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StateUnusable

FULL = (errno.ENOSPC, errno.EDQUOT)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` in place of `path` in one step. Raises StateUnusable where the disk is full."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with full_disk_in_words(path):
        try:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            aside.rename(path)
            sync_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in that folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def full_disk_in_words(path: Path) -> Iterator[None]:
    """Turn a full disk into a sentence that says what to do; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StateUnusable(
            f"The disk that holds {path} is full.", hint="Free some space; the work is taken up again by itself."
        ) from error


def in_words(error: OSError, place: str) -> str:
    """What is wrong with a file that is tried again, and what to do; `place` names it where the error does not."""
    where = error.filename or place
    if error.errno in FULL:
        return "the disk is full. Make room; it is tried again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where} may not be written or read. Give the secretariat's account the right to; it is tried again."
    return f"{where}: {error.strerror or error}. It is tried again."
