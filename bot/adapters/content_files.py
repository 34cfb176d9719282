"""Files by the SHA-256 of their content, in a folder: written once, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from pathlib import Path

from bot.errors import StateUnusable


class ContentFolder:
    """A content store (`ports.ContentFiles`): written aside, made durable, then put in its place by a rename."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._place(sha256).exists():
            aside = self._aside()
            try:
                aside.write_bytes(content)
                self._settle(aside, sha256)
            except OSError as error:
                self._give_up(aside, error)
        return sha256

    def put_file(self, path: Path) -> str:
        aside = self._aside()
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, aside.open("wb") as target:
                while block := source.read(1 << 20):
                    digest.update(block)
                    target.write(block)
            self._settle(aside, digest.hexdigest())
        except OSError as error:
            self._give_up(aside, error)
        return digest.hexdigest()

    def path(self, sha256: str) -> Path:
        place = self._place(sha256)
        if not place.exists():
            raise FileNotFoundError(f"no content {sha256} is kept in {self.root}")
        return place

    def _place(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256

    def _aside(self) -> Path:
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root / f".aside-{os.getpid()}-{secrets.token_hex(4)}"

    def _settle(self, aside: Path, sha256: str) -> None:
        with aside.open("rb") as handle:
            os.fsync(handle.fileno())
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _give_up(self, aside: Path, error: OSError) -> None:
        aside.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(self.root).free // (1 << 20)
            raise StateUnusable(
                f"The disk that holds {self.root} is full ({free} MB free).",
                hint="Free some space; the work is taken up again by itself.",
            ) from error
        raise error
