"""Live marks: who marked a decision or an action, and when, while a meeting went on. They help the draft (rules §4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings, members
from bot.clock import LONDON
from bot.config import Config
from bot.formats import LiveMark
from bot.model import Meeting, MeetingStatus, Person
from bot.store.slack_tables import LiveMarkRow

MarkKind = Literal["decision", "action"]
KINDS: tuple[MarkKind, ...] = get_args(MarkKind)
EARLY, OVER = timedelta(minutes=15), timedelta(hours=1)  # meetings begin before their time, and run over it
NOT_HELD = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)
LONGEST_MEETING = timedelta(days=1)
LONGEST_NOTE = 500  # characters


@dataclass(frozen=True)
class Reaction:
    """An emoji that somebody put to a message of a channel, or took away again. `key` is the same for both."""

    key: str
    channel: str
    kind: MarkKind
    at: datetime


def kind_named(word: str) -> MarkKind | None:
    """Which kind is meant by a word: 'decision', 'Actions'."""
    return next((kind for kind in KINDS if word.casefold() in (kind, f"{kind}s")), None)


def kind_of_emoji(config: Config, emoji: str) -> MarkKind | None:
    """What an emoji means by the configuration, whatever the colour of its skin; None where it means nothing."""
    plain = emoji.partition("::")[0]
    return next((kind for kind, emojis in config.slack.marks.items() if plain in emojis), None)


def groups_of_channel(config: Config, channel: str) -> list[str]:
    """The groups whose channel it is, by the id that Slack gives it."""
    return [key for key, group in config.groups.items() if channel and group.channel == channel]


def going_on(session: Session, at: datetime, groups: Collection[str] | None = None) -> list[Meeting]:
    """The meetings that go on at an instant, with a quarter of an hour before and an hour after; of those groups."""
    found = meetings.between(session, at - LONGEST_MEETING, at + EARLY)
    return [
        m for m in found
        if at <= m.ends_at + OVER and m.status not in NOT_HELD and (groups is None or set(groups) & {*m.groups})
    ]  # fmt: skip


def stamp(
    session: Session, meeting: Meeting, kind: MarkKind, person: Person, *, at: datetime, source_key: str, note: str = ""
) -> LiveMarkRow:
    """Mark an instant. Brought again, it is the same mark; taken back before that instant, it stands anew."""
    row = _by_key(session, source_key)
    if row is None:
        row = LiveMarkRow(source_key=source_key[:250], meeting_uid=meeting.uid, kind=kind, person_id=person.id)
        session.add(row)
    elif row.withdrawn_at is None or at <= row.withdrawn_at:
        return row
    row.at, row.note, row.withdrawn_at = at, note.strip()[:LONGEST_NOTE], None
    session.flush()
    audit.record(session, at, person.name, f"{kind} marked live", meeting.uid, mark=row.id)
    return row


def withdraw(session: Session, row: LiveMarkRow, *, by: Person, at: datetime) -> bool:
    """Take a mark back. Returns False where it was, or where it has been made anew since."""
    if row.withdrawn_at is not None or at < row.at:
        return False
    row.withdrawn_at = at
    session.flush()
    audit.record(session, at, by.name, f"{row.kind} mark taken back", row.meeting_uid, mark=row.id)
    return True


def reacted(session: Session, meeting: Meeting, reaction: Reaction, person: Person) -> LiveMarkRow:
    """Somebody put the emoji to a message of the meeting's channel."""
    return stamp(session, meeting, reaction.kind, person, at=reaction.at, source_key=reaction.key)


def reaction_gone(session: Session, meeting: Meeting | None, reaction: Reaction, person: Person) -> None:
    """Somebody took it away again. Slack may tell of that first: then it is noted, and the emoji marks nothing."""
    row = _by_key(session, reaction.key)
    if row is not None:
        withdraw(session, row, by=person, at=reaction.at)
    elif meeting is not None:
        session.add(
            LiveMarkRow(
                source_key=reaction.key[:250], meeting_uid=meeting.uid, kind=reaction.kind, person_id=person.id,
                at=reaction.at, note="", withdrawn_at=reaction.at,
            )
        )  # fmt: skip


def latest_of(session: Session, person: Person) -> LiveMarkRow | None:
    """The newest mark of a person that stands, or None."""
    query = select(LiveMarkRow).where(LiveMarkRow.person_id == person.id, LiveMarkRow.withdrawn_at.is_(None))
    return session.scalars(query.order_by(LiveMarkRow.at.desc(), LiveMarkRow.id.desc()).limit(1)).first()


def of_meeting(session: Session, uid: str) -> list[LiveMark]:
    """The marks of a meeting that stand, in order of time, each with who made it."""
    query = select(LiveMarkRow).where(LiveMarkRow.meeting_uid == uid, LiveMarkRow.withdrawn_at.is_(None))
    return [_as_mark(session, row) for row in session.scalars(query.order_by(LiveMarkRow.at, LiveMarkRow.id))]


def _as_mark(session: Session, row: LiveMarkRow) -> LiveMark:
    person = members.by_id(session, row.person_id)
    kind = next(kind for kind in KINDS if kind == row.kind)
    at = row.at.astimezone(LONDON).isoformat()
    return LiveMark(kind=kind, marked_at=at, by=person.name if person else "", note=row.note)


def _by_key(session: Session, source_key: str) -> LiveMarkRow | None:
    return session.scalars(select(LiveMarkRow).where(LiveMarkRow.source_key == source_key[:250])).first()
