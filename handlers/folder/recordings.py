"""The door for recordings: a file dropped into the folder is kept by its content and put before the worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from bot import meetings, recordings
from bot.clock import Clock
from bot.durable_files import in_words, write_whole
from bot.model import Meeting
from bot.ports import ContentFiles, SoundFiles, Wholeness
from bot.store.database import Database
from handlers.folder.unfinished import Look, StandingStill, may_be_finished
from schedules.series import Calendar

log = structlog.get_logger()
FORM = "GROUP-YYYY-MM-DD[ anything].ext"
SETTLING = 10.0  # seconds that a file stands still where neither it nor the system says whether it is all there


@dataclass
class RecordingFolder:
    """Watches a folder. A file is taken once it stands still, nobody writes it any more, and its end is there.

    One whose end is missing is waited for (`unfinished`), then put on file as failed and left where it lies.
    """

    folder: Path
    database: Database
    files: ContentFiles
    calendar: Calendar
    clock: Clock
    sound: SoundFiles
    unfinished: timedelta
    _still: StandingStill = field(default_factory=StandingStill)
    _asked: dict[tuple[str, Look], str] = field(default_factory=dict)  # what a person was asked about, by its hash
    _said: set[str] = field(default_factory=set)

    def take_in_one(self) -> bool:
        """Take one finished file. Returns False where there is none."""
        return any(self._is_finished(path) and self._take_in(path) for path in sorted(self.folder.iterdir()))

    def _is_finished(self, path: Path) -> bool:
        if not may_be_finished(path):
            return False
        try:
            still = self._still.look_at(path)
            if still is None or not still.looks:
                return False
            if (path.name, still.look) in self._asked:
                self._let_go_if_answered(path, self._asked[path.name, still.look])
                return False
            return self._is_whole(path, self.sound.wholeness(path), still.seconds)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._say_once(f"{path.name} cannot be taken in: {in_words(error, str(path))}")
            return False

    def _is_whole(self, path: Path, found: Wholeness, still: float) -> bool:
        if found.being_written:
            return False
        if found.whole is False:
            self._say_once(f"{path.name} is not whole yet: {found.why}. It is waited for.")
            if still >= self.unfinished.total_seconds():
                self._give_up_on(path, found.why)
            return False
        return found.whole is True or found.being_written is False or still >= SETTLING

    def _take_in(self, path: Path) -> bool:
        named = recordings.read_name(path.name, self.calendar.config.groups)
        if named is None:
            self._ask(path)
            return False
        sha256 = self.files.put_file(path)
        with self.database.session() as session:
            known = recordings.known(session, sha256)
            if known and known.meeting_uid and known.state not in ("failed", *recordings.OUT_OF_USE):
                self._set_aside(path, known.name)
                return True
            uid = meeting_named(session, self.calendar, named).uid
            if known and known.meeting_uid:  # dropped once more, since it failed or was cancelled
                recordings.begin_anew(known)
            elif known:  # asked about before, and renamed since
                recordings.renamed(session, known, path.name, uid)
            else:
                recordings.arrived(session, name=path.name, sha256=sha256, meeting_uid=uid, now=self.clock.now())
        path.unlink()  # the content is kept, and its row is committed
        log.info("A recording was taken in", recording=path.name)
        return True

    def _ask(self, path: Path) -> None:
        """A name that names no meeting: the file is kept and stays where it is, and people are asked, once."""
        sha256 = self._left_where_it_is(path)
        with self.database.session() as session:
            known = recordings.known(session, sha256)
            if known is None:
                asking = (
                    f"{path.name} names no meeting. Rename it in {self.folder} to {FORM}, for example "
                    f"PSG-2024-02-07.mp4, or: secretariat recordings assign R-{sha256[:12]} PSG-2024-02-07 --by NAME."
                )
                recordings.arrived(
                    session, name=path.name, sha256=sha256, meeting_uid=None, now=self.clock.now(), asking=asking
                )
                log.warning(asking)
        if known:
            self._let_go_if_answered(path, sha256)

    def _let_go_if_answered(self, path: Path, sha256: str) -> None:
        """Since somebody said which meeting it is of, the copy in the folder is not needed any more."""
        with self.database.reading() as session:
            known = recordings.known(session, sha256)
            is_answered = known is not None and known.meeting_uid is not None and known.state != "failed"
        if is_answered:
            path.unlink()
            log.info("A recording that was asked about was taken in", recording=path.name)

    def _give_up_on(self, path: Path, why: str) -> None:
        """Its end has not come: put on file as failed. Should it be completed yet, or replaced, that is taken in."""
        sha256 = self._left_where_it_is(path)
        named = recordings.read_name(path.name, self.calendar.config.groups)
        reason = f"{path.name} is cut short: {why}. Put the whole file into {self.folder} under the same name."
        with self.database.session() as session:
            if recordings.known(session, sha256) is None:
                uid = meeting_named(session, self.calendar, named).uid if named else None
                row = recordings.arrived(
                    session, name=path.name, sha256=sha256, meeting_uid=uid, now=self.clock.now(), asking=reason
                )
                recordings.settle(row, "failed", reason)
        self._say_once(reason)

    def _left_where_it_is(self, path: Path) -> str:
        stat = path.stat()
        sha256 = self.files.put_file(path)
        self._asked[path.name, (stat.st_size, stat.st_mtime_ns)] = sha256
        return sha256

    def _set_aside(self, path: Path, first_name: str) -> None:
        aside = self.folder / "already-known"
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
        log.warning(f"{path.name} holds the same recording as {first_name}; it was put into {aside}.")

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning(sentence)


def meeting_named(session: Session, calendar: Calendar, named: recordings.RecordingName) -> Meeting:
    """The meeting. A recording proves that a meeting was held, so one off the calendar is put on file."""
    kept = meetings.on_day(session, named.group, named.on)
    if kept is None:
        planned = calendar.meeting_on(named.group, named.on)
        kept = planned or calendar.as_if_called(named.group, named.on)
        meetings.keep(session, [kept])
    return kept


def drop(source: Path, folder: Path, name: str) -> None:
    """Put a copy of a file into a watched folder, whole. Raises StateUnusable where the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / name, source.read_bytes())
