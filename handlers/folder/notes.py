"""The door for notes of meetings that were not recorded: `GROUP-YYYY-MM-DD notes.txt` in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot import members, notes, recordings
from bot.clock import Clock
from bot.drafts import Drafting
from bot.errors import SecretariatError
from bot.store.database import Database
from handlers.folder.unfinished import Look, StandingStill, may_be_finished
from schedules.finding import find_meeting
from schedules.series import Calendar

log = structlog.get_logger()
NEEDED = (
    "Its name says of which meeting (PSG-2024-02-07 notes.txt), one of its first lines who wrote it (Notes by NAME)."
)


@dataclass
class NotesFolder:
    """Watches a folder. A file is taken once its size has stood still between two looks; one refused stays there.

    `read` gives the text of a file by its name and content.
    """

    folder: Path
    database: Database
    drafting: Callable[[], Drafting]
    calendar: Calendar
    clock: Clock
    read: Callable[[str, bytes], str]
    _still: StandingStill = field(default_factory=StandingStill)
    _refused: dict[str, Look] = field(default_factory=dict)

    def take_in_one(self) -> bool:
        """Take one finished file. Returns False where there is none."""
        return any(map(self._is_taken_in, sorted(self.folder.iterdir())))

    def _is_taken_in(self, path: Path) -> bool:
        still = self._still.look_at(path) if may_be_finished(path) else None
        if still is None or not still.looks or self._refused.get(path.name) == still.look:
            return False
        return self._take_in(path, still.look)

    def _take_in(self, path: Path, look: Look) -> bool:
        from bot.headlines.notes import written_by  # takes longer to load than a start should

        drafting = self.drafting()
        try:
            text = self.read(path.name, path.read_bytes())
            named, by = recordings.read_name(path.name, drafting.config.groups), written_by(text)
            if named is None or by is None:
                raise SecretariatError(f"{path.name} was not taken.", hint=NEEDED)
            with self.database.session() as session:
                meeting = find_meeting(session, self.calendar, named.group, named.on)
                person = members.named(session, by)
                made = notes.draft_from(session, drafting, meeting, text, by=person, now=self.clock.now()).id
        except SecretariatError as error:
            self._refused[path.name] = look
            log.warning(f"{path.name} stays where it is: {error}")
            return False
        path.unlink()  # the content is kept, and the draft is committed
        log.info("A draft was made from notes", draft=made)
        return True
