"""The door for edited drafts: a file dropped into the folder is kept, read line by line, and answered beside it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot import meetings, returns
from bot.clock import Clock
from bot.durable_files import write_whole
from bot.ports import ContentFiles
from bot.return_states import Door
from bot.returns import Brought, Read
from bot.store.database import Database
from bot.wording import render
from handlers.folder.unfinished import StandingStill, may_be_finished
from handlers.mail.attachments import safe_name
from schedules.announcements import Announcer
from schedules.return_words import values_of

log = structlog.get_logger()
OPEN_ELSEWHERE = ("~$", "~WRL")  # what Word and LibreOffice lay beside a document that is open
SETTLING = 10  # looks after which a file that is no whole document is taken as it is
TAKEN = "taken up"  # the folder inside it for what was kept, and the answers
_KEPT_NAME = re.compile(r"(?P<reference>RT-\d{3,}) .+")


@dataclass
class ReturnFolder:
    """Watches a folder. A file is taken once it stands still between two looks, and lies in `taken up` afterwards."""

    folder: Path
    database: Database
    files: ContentFiles
    announcer: Announcer
    clock: Clock
    _still: StandingStill = field(default_factory=StandingStill)
    _answered: set[str] = field(default_factory=set)

    def take_in_one(self) -> bool:
        """Take one finished file, or answer one that was read. Returns False where there is neither."""
        (self.folder / TAKEN).mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.iterdir()):
            if self._is_finished(path):
                self._take_in(path)
                return True
        return any(self._answer(path) for path in sorted((self.folder / TAKEN).iterdir()))

    def _is_finished(self, path: Path) -> bool:
        if path.name.startswith(OPEN_ELSEWHERE) or not may_be_finished(path):
            return False
        still = self._still.look_at(path)
        if still is None or not still.looks:
            return False
        return still.looks >= SETTLING or zipfile.is_zipfile(path)

    def _take_in(self, path: Path) -> None:
        changed = path.stat().st_mtime_ns
        sha256 = self.files.put_file(path)
        with self.database.session() as session:
            name = safe_name(path.name)
            brought = Brought(sha256, name, Door.FOLDER, f"{sha256}:{changed}:{name}")
            row = returns.receive(session, brought, self.clock.now())
        path.rename(self.folder / TAKEN / f"{row.reference} {name}")  # the content is kept, and its row is committed
        self._still.forget(path)
        log.info("An edited draft was taken up", draft=path.name, reference=row.reference)

    def _answer(self, path: Path) -> bool:
        """Write what was found beside the file, once it was read."""
        named = _KEPT_NAME.fullmatch(path.name)
        answer = path.with_name(f"{path.name}.txt")
        if named is None or path.name.endswith(".txt") or path.name in self._answered or answer.exists():
            return False
        with self.database.reading() as session:
            row = returns.named(session, named["reference"])
            if row.read_at is None:
                return False
            meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
            read = Read(row, None, meeting, returns.found_of(row))
        values = values_of(self.announcer, read) | {"name": "you"}
        subject, text = render(self.announcer.config.paths.templates, "receipt_edited.txt", values)
        write_whole(answer, f"{subject}\n\n{text}".encode())
        self._answered.add(path.name)
        return True
