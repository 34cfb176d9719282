"""What follows from a change to a meeting: beforehand as a rehearsal has it, afterwards as it was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import spoken
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Meeting, MeetingStatus, OutboxState
from bot.releases import batches, waits
from bot.store.outbox_tables import OutboxRow
from schedules.changes import ClockChange, Consequences, Wanted
from schedules.finding import find_meeting
from schedules.series import Calendar

TO_BE_TOLD = "To be told"
NEW = (OutboxState.PENDING.value, OutboxState.WITHHELD.value)


def can_change(config: Config, meeting: Meeting, now: datetime) -> bool:
    """Whether the meeting is still to come and anything can be done about it."""
    return meeting.group in config.groups and meeting.ends_at > now and meeting.status is not MeetingStatus.CANCELLED


def groups_to_call(config: Config, today: date) -> list[str]:
    """The groups that a meeting can be added for: those that have not ended."""
    return sorted(key for key, group in config.groups.items() if group.ends_on is None or group.ends_on >= today)


def meeting_to_change(session: Session, calendar: Calendar, wanted: Wanted, now: datetime) -> Meeting:
    """The meeting as it is on file. Raises SecretariatError where there is none, or where it has been held."""
    found = find_meeting(session, calendar, wanted.group, wanted.on)
    if found.ends_at <= now:
        raise SecretariatError(f"The meeting was held on {spoken(found.starts_at)}.", hint="Change one to come.")
    return found


@dataclass(frozen=True)
class ToSend:
    """Notices of one kind about one meeting, with the text as the first of the recipients reads it."""

    subject: str
    text: str
    recipients: tuple[str, ...]
    when: str


def composed(session: Session, now: datetime) -> list[ToSend]:
    """The notices that this very change put into the outbox, to tell of it and to correct what was said.

    As values: the rows themselves are gone once a rehearsal is rolled back.
    """
    query = select(OutboxRow).where(OutboxRow.state.in_(NEW), OutboxRow.next_try_at == now, OutboxRow.decided_at == now)
    found = batches(session.scalars(query.order_by(OutboxRow.due_at, OutboxRow.recipient_name)))
    return [
        ToSend(b.rows[0].subject, b.rows[0].text, tuple(r.recipient_name for r in b.rows), _when(b.rows[0]))
        for b in found
    ]


def _when(row: OutboxRow) -> str:
    return "They wait for release" if waits(row) else row.state_reason.capitalize() or "They go at once"


def parts(found: Consequences) -> Iterator[Consequences]:
    """The change itself, and each that goes with it: the webinar, and its PSG."""
    yield found
    for also in found.also:
        yield from parts(also)


def stands(meeting: Meeting | None) -> str:
    """When it is, and in what state."""
    return f"{spoken(meeting.starts_at)} ({meeting.status.replace('_', ' ')})" if meeting else "not on the calendar"


def outcome(found: Consequences) -> dict[str, list[str]]:
    """All that followed, a line each, by heading; headings with nothing under them are left out."""
    under: dict[str, list[str]] = {}
    for part in parts(found):
        for heading, lines in _outcome_of(part):
            under.setdefault(heading, []).extend(lines)
    return {heading: list(dict.fromkeys(lines)) for heading, lines in under.items() if lines}


def _outcome_of(found: Consequences) -> Iterator[tuple[str, list[str]]]:
    changed = f"{found.after.known_as}: {stands(found.before)} became {stands(found.after)}"
    yield "What changed", [changed]
    yield "To note", list(found.warnings)
    yield "Clocks that changed", [_clock(change) for change in found.clocks]
    yield (
        "Not attainable, for the Chair to approve",
        [f"{d.kind.replace('_', ' ')}, {spoken(d.due_at)}" for d in found.not_attainable if d.due_at],
    )
    yield "Notices sent, and now wrong", list(found.now_wrong)
    yield "Notices taken back", list(found.superseded)
    yield TO_BE_TOLD, [person.name for person in found.told]


def _clock(change: ClockChange) -> str:
    was, now = (spoken(at) if at else "none" for at in (change.before, change.after))
    return f"{change.clock.replace('_', ' ')} of {change.meeting}: {was} became {now}"
