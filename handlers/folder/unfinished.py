"""Files that somebody is still writing, by their names: no watched folder takes them yet."""

from __future__ import annotations

from pathlib import Path

UNFINISHED = (".part", ".tmp", ".crdownload", ".download")


def may_be_finished(path: Path) -> bool:
    """Whether it is a file, not hidden, and has no ending of one that is still being written."""
    return path.is_file() and not path.name.startswith(".") and not path.name.endswith(UNFINISHED)
