"""The door for recordings: a file dropped into the folder is kept by its content and put before the worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from bot import meetings, recordings
from bot.clock import Clock
from bot.durable_files import write_whole
from bot.ports import ContentFiles
from bot.store.database import Database
from schedules.series import Calendar

log = structlog.get_logger()
UNFINISHED = (".part", ".tmp", ".crdownload", ".download")
FORM = "GROUP-YYYY-MM-DD[ anything].ext"


@dataclass
class RecordingFolder:
    """Watches a folder. A file is taken once its size has stood still between two looks."""

    folder: Path
    database: Database
    files: ContentFiles
    calendar: Calendar
    clock: Clock
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _asked: set[tuple[str, int, int]] = field(default_factory=set)

    def take_in_one(self) -> bool:
        """Take one finished file. Returns False where there is none."""
        return any(self._is_finished(path) and self._take_in(path) for path in sorted(self.folder.iterdir()))

    def _is_finished(self, path: Path) -> bool:
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(UNFINISHED):
            return False
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        now, before = (stat.st_size, stat.st_mtime_ns), self._sizes.get(path.name)
        self._sizes[path.name] = now
        return before == now and (path.name, *now) not in self._asked

    def _take_in(self, path: Path) -> bool:
        named = recordings.read_name(path.name, self.calendar.config.groups)
        if named is None:
            self._ask(path)
            return False
        sha256 = self.files.put_file(path)
        with self.database.session() as session:
            known = recordings.known(session, sha256)
            if known and known.meeting_uid:
                self._set_aside(path, known.name)
                return True
            uid = self._meeting_uid(session, named)
            now = self.clock.now()
            if known:  # asked about before, and renamed since
                known.name, known.meeting_uid = path.name, uid
                recordings.settle(known, "waiting")
            else:
                recordings.arrived(session, name=path.name, sha256=sha256, meeting_uid=uid, now=now)
        path.unlink()  # the content is kept, and its row is committed
        log.info("A recording was taken in", recording=path.name)
        return True

    def _meeting_uid(self, session: Session, named: recordings.RecordingName) -> str:
        """The meeting's uid. A recording proves that a meeting was held, so one off the calendar is put on file."""
        kept = meetings.on_day(session, named.group, named.on)
        if kept is None:
            planned = self.calendar.meeting_on(named.group, named.on)
            kept = planned or self.calendar.as_if_called(named.group, named.on)
            meetings.keep(session, [kept])
        return kept.uid

    def _ask(self, path: Path) -> None:
        """A name that names no meeting: the file stays where it is, and people are asked, once."""
        stat = path.stat()
        self._asked.add((path.name, stat.st_size, stat.st_mtime_ns))
        asking = f"{path.name} names no meeting. Rename it in {self.folder} to {FORM}, for example PSG-2024-02-07.mp4."
        with self.database.session() as session:
            sha256 = _digest(path)
            if recordings.known(session, sha256) is None:
                recordings.arrived(
                    session, name=path.name, sha256=sha256, meeting_uid=None, now=self.clock.now(), asking=asking
                )
        log.warning(asking)

    def _set_aside(self, path: Path, first_name: str) -> None:
        aside = self.folder / "already-known"
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
        log.warning(f"{path.name} holds the same recording as {first_name}; it was put into {aside}.")


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def drop(source: Path, folder: Path, name: str) -> None:
    """Put a copy of a file into a watched folder, whole. Raises StateUnusable where the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / name, source.read_bytes())
