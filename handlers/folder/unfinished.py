"""Files that somebody is still writing, by name or by not standing still: no watched folder takes them yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

UNFINISHED = (".part", ".tmp", ".crdownload", ".download")
Look = tuple[int, int]  # size, and when it was last changed


def may_be_finished(path: Path) -> bool:
    """Whether it is a file, not hidden, and has no ending of one that is still being written."""
    return path.is_file() and not path.name.startswith(".") and not path.name.endswith(UNFINISHED)


class Still(NamedTuple):
    """A file as it was just seen; for how many looks, and seconds, before this one it has been exactly so."""

    look: Look
    looks: int = 0
    seconds: float = 0.0


@dataclass
class StandingStill:
    """For how long each file of a folder has been as it is, by name."""

    _seen: dict[str, tuple[Look, int, float]] = field(default_factory=dict)  # looks at it, and the first one's instant

    def look_at(self, path: Path) -> Still | None:
        """Look once more. None where there is no such file any more; raises OSError where it cannot be looked at."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        now = stat.st_size, stat.st_mtime_ns
        before, looks, since = self._seen.get(path.name, (None, 0, 0.0))
        if now != before:
            looks, since = 0, time.monotonic()
        self._seen[path.name] = now, looks + 1, since
        return Still(now, looks, time.monotonic() - since)

    def forget(self, path: Path) -> None:
        """The file of that name was taken: another one is looked at afresh."""
        self._seen.pop(path.name, None)
