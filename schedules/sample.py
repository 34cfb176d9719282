"""What a newcomer is shown: invented people, and recordings filed under the most recent past PSG and under SAMPLE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import facts, meetings, members
from bot.clock import LONDON
from bot.config import Config
from bot.model import Meeting, MeetingStatus
from bot.store.meeting_tables import MeetingRow
from bot.store.people_tables import PersonRow
from schedules.deadlines import next_ordinary_meeting
from schedules.series import Calendar, at_wall_clock
from schedules.working_days import working_days_from

GROUP = "PSG"


@dataclass(frozen=True)
class SampleFile:
    """A file of the sample, and the name under which it is dropped into a watched folder."""

    source: Path
    name: str
    folder: str  # "recordings" | "agendas"


def lay_out(session: Session, config: Config, calendar: Calendar, now: datetime) -> list[SampleFile]:
    """On the first start: people on file, the sample meeting kept. Returns the files to drop in; once, and if empty."""
    if not config.sample.enabled or facts.recall(session, "sample_laid_out") or _has_people(session):
        return []
    facts.remember_once(session, "sample_laid_out", now.isoformat())
    members.import_members(session, members.read_members_file(config.sample.folder / "members.csv", config.groups))
    meeting = most_recent(calendar, now)
    recordings = config.sample.folder / "recordings"
    files = [
        SampleFile(
            recordings / "SAMPLE-2003-01-01 AMI ES2003a.flac", "SAMPLE-2003-01-01 AMI ES2003a.flac", "recordings"
        )
    ]
    if meeting:
        meetings.keep(session, [meeting])
        session.get_one(MeetingRow, meeting.uid).announced_close_at = _open_window(calendar, meeting, now)
        name = f"{GROUP}-{meeting.on.isoformat()}"
        agenda = recordings / "PSG scripted extract agenda.yaml"
        files.insert(0, SampleFile(agenda, f"{name}.yaml", "agendas"))
        files.insert(
            1, SampleFile(recordings / "PSG scripted extract.flac", f"{name} scripted sample.flac", "recordings")
        )
    return files


def _has_people(session: Session) -> bool:
    return session.scalars(select(PersonRow.id).limit(1)).first() is not None


def most_recent(calendar: Calendar, now: datetime) -> Meeting | None:
    """The most recent past PSG that was held."""
    today = now.astimezone(LONDON).date()
    past = calendar.meetings(today - timedelta(days=70), today, [GROUP])
    held = [m for m in past if m.ends_at < now and m.status is not MeetingStatus.CANCELLED]
    return max(held, key=lambda m: m.starts_at, default=None)


def _open_window(calendar: Calendar, meeting: Meeting, now: datetime) -> datetime | None:
    """A closing instant to announce where the usual one has passed or is near: a newcomer's request is in time."""
    config = calendar.config
    day, _ = working_days_from(now.astimezone(LONDON).date(), config.amendment_window.at_least_days, calendar.closed)
    earliest = at_wall_clock(day, config.working_days.deadline_time)
    following = next_ordinary_meeting(meeting, calendar)
    if following is None:
        return earliest
    usual, _ = working_days_from(following.on, -config.amendment_window.at_least_days, calendar.closed)
    return earliest if at_wall_clock(usual, config.working_days.deadline_time) < earliest else None
