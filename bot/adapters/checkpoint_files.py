"""What a transcription has found so far, in a folder: one small file a batch, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from bot.durable_files import full_disk_in_words, write_whole


class CheckpointFiles:
    """A `bot.ports.Checkpoints` in a folder of its own, made when the first batch is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kept(self, key: str) -> dict[str, Any] | None:
        try:
            read = json.loads(self._place(key).read_bytes())
        except (OSError, ValueError):  # never kept, or damaged: then it is found again
            return None
        known = isinstance(read, dict) and read.get("key") == key and isinstance(read.get("found"), dict)
        return read["found"] if known else None

    def keep(self, key: str, found: dict[str, Any]) -> None:
        place = self._place(key)
        with full_disk_in_words(place):
            place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, json.dumps({"key": key, "found": found}, ensure_ascii=False).encode())

    def _place(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


class CheckpointFolder:
    """The checkpoints of every job (`bot.ports.CheckpointShelf`): a folder a recording, in it one for each setting."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, recording_id: str, settings: str) -> CheckpointFiles:
        return CheckpointFiles(self.root / recording_id / hashlib.sha256(settings.encode()).hexdigest()[:16])

    def discard(self, recording_id: str) -> None:
        shutil.rmtree(self.root / recording_id, ignore_errors=True)
