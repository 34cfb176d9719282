"""Files by the SHA-256 of their content, in a folder: written once, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from bot.durable_files import full_disk_in_words, sync_folder, write_whole


class ContentFolder:
    """A content store (`ports.ContentFiles`): written aside, made durable, then put in its place by a rename."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        place = self._place(sha256)
        if not place.exists():
            with full_disk_in_words(place):
                place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, content)
        return sha256

    def put_file(self, path: Path) -> str:
        aside = self.root / f".aside-{os.getpid()}-{secrets.token_hex(4)}"
        with full_disk_in_words(self.root):
            try:
                sha256 = _copy(path, aside)
                place = self._place(sha256)
                place.parent.mkdir(parents=True, exist_ok=True)
                aside.rename(place)
                sync_folder(place.parent)
            finally:
                aside.unlink(missing_ok=True)
        return sha256

    def path(self, sha256: str) -> Path:
        place = self._place(sha256)
        if not place.exists():
            raise FileNotFoundError(f"no content {sha256} is kept in {self.root}")
        return place

    def forget(self, sha256: str) -> None:
        place = self._place(sha256)
        if place.exists():
            place.unlink()
            sync_folder(place.parent)

    def _place(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256


def _copy(source: Path, target: Path) -> str:
    """Copy in blocks, durably; returns the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(1 << 20):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()
