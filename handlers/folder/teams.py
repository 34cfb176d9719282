"""The door for what Teams leaves: transcripts with names, and recordings, fetched after each meeting, each once."""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from bot import meetings, recordings
from bot.clock import LONDON, Clock
from bot.model import Meeting
from bot.ports import CalendarEvent, ContentFiles, MeetingCalendar, MeetingFile, MeetingFiles
from bot.store.database import Database
from bot.store.speech_tables import FetchedFileRow, RecordingRow
from handlers.folder.recordings import meeting_named
from schedules.series import Calendar

log = structlog.get_logger()
# "PSG meeting-20240207_100230-Meeting Recording.mp4"
TEAMS_NAME = re.compile(r"^(?P<subject>.+)-(?P<day>\d{8})_\d{6}(?:UTC)?-Meeting \w+", re.IGNORECASE)


@dataclass
class TeamsDoor:
    """Looks, every so often, for what there is of the meetings of the last days, and takes it in one by one.

    What is half fetched stays in `partial` and is completed by the next try, of this process or another.
    """

    database: Database
    files: ContentFiles
    calendar: Calendar
    clock: Clock
    events: MeetingCalendar
    teams: MeetingFiles
    partial: Path
    every: timedelta
    days: int
    _looked: float = -float("inf")
    _waiting: deque[tuple[MeetingFile, Meeting | None]] = field(default_factory=deque)

    def take_in_one(self) -> bool:
        """Take one file. Returns False where there is none for now. Raises SecretariatError where the service fails."""
        if not self._waiting and time.monotonic() - self._looked >= self.every.total_seconds():
            self._looked = time.monotonic()
            self._waiting.extend(self._new(self._found()))
        if not self._waiting:
            return False
        file, meeting = self._waiting.popleft()
        self._take_in(file, meeting)
        return True

    def _found(self) -> list[tuple[MeetingFile, Meeting | None]]:
        """Everything there is, with the meeting that it is of, where the service knows it."""
        now = self.clock.now()
        since = now - timedelta(days=self.days)
        with self.database.reading() as session:
            held = [m for m in meetings.between(session, since, now) if m.ends_at <= now]
        links = joining_links(held, self.events.events(since, now)) if held else {}
        found: list[tuple[MeetingFile, Meeting | None]] = []
        for meeting in held:
            if meeting.uid in links:
                found += [(file, meeting) for file in self.teams.of_meeting(links[meeting.uid])]
        return [*found, *((file, None) for file in self.teams.in_folder())]

    def _new(self, found: Iterable[tuple[MeetingFile, Meeting | None]]) -> list[tuple[MeetingFile, Meeting | None]]:
        with self.database.reading() as session:
            return [(f, m) for f, m in found if session.get(FetchedFileRow, f.id) is None]

    def _take_in(self, file: MeetingFile, meeting: Meeting | None) -> None:
        self.partial.mkdir(parents=True, exist_ok=True)
        target = self.partial / hashlib.sha256(file.id.encode()).hexdigest()[:32]
        self.teams.fetch(file, target)
        sha256, now = self.files.put_file(target), self.clock.now()
        with self.database.session() as session:
            if session.get(FetchedFileRow, file.id) is None:  # else another process was quicker
                row = recordings.known(session, sha256) or self._arrived(session, file, meeting, sha256, now)
                session.add(FetchedFileRow(id=file.id, recording_id=row.id, fetched_at=now))
        target.unlink()  # the content is kept, and its row is committed
        log.info("A file of a meeting was fetched", file=file.name, meeting=meeting.uid if meeting else None)

    def _arrived(
        self, session: Session, file: MeetingFile, meeting: Meeting | None, sha256: str, now: datetime
    ) -> RecordingRow:
        name = _name_of(file, meeting) if meeting else name_in_folder(file.name, self.calendar.config.groups)
        named = recordings.read_name(name, self.calendar.config.groups)
        if meeting is None and named:
            meeting = meeting_named(session, self.calendar, named)
        asking = (
            f"{name} names no meeting. Say which it is of: secretariat recordings assign R-{sha256[:12]} "
            "PSG-2024-02-07 --by NAME."
        )
        return recordings.arrived(
            session,
            name=name,
            sha256=sha256,
            meeting_uid=meeting.uid if meeting else None,
            now=now,
            asking="" if meeting else asking,
        )


def joining_links(held: Sequence[Meeting], events: Sequence[CalendarEvent]) -> dict[str, str]:
    """The joining link of each meeting, by its uid: that of the event marked as its own, else of the only event at its
    time, where no other meeting begins then. Where two could be meant there is none."""
    links = {event.meeting_uid: event.join_link for event in events if event.meeting_uid and event.join_link}
    for meeting in held:
        there = [e for e in events if e.starts_at == meeting.starts_at and e.join_link and not e.meeting_uid]
        alone = sum(other.starts_at == meeting.starts_at for other in held) == 1
        if meeting.uid not in links and len(there) == 1 and alone:
            links[meeting.uid] = there[0].join_link
    return links


def _name_of(file: MeetingFile, meeting: Meeting) -> str:
    """'PSG-2024-02-07 10-02-30 Teams.mp4': which meeting, and when it began, as names of recordings say it."""
    begun = f"{file.begun_at.astimezone(LONDON):%H-%M-%S} " if file.begun_at else ""
    return f"{meeting.group}-{meeting.on.isoformat()} {begun}{file.name}"


def name_in_folder(name: str, groups: Iterable[str]) -> str:
    """The name by which a file of the folder is kept: with its meeting before it, where Teams' own name says it.

    A name that fits no group, or two, is left: a person is asked.
    """
    found = TEAMS_NAME.match(name)
    if found is None:
        return name
    words = re.findall(r"[\w-]+", found["subject"])
    meant = {group for group in groups if group in words}
    day = found["day"]
    return f"{meant.pop()}-{day[:4]}-{day[4:6]}-{day[6:]} {name}" if len(meant) == 1 else name
