"""Notices that wait for a person's word: released or withdrawn, in one way for the command and for the page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, meetings, members, outbox
from bot.drafts import reference_of
from bot.errors import UnknownThing
from bot.model import OutboxState, Person
from bot.store.outbox_tables import OutboxRow, ReleaseRow

SETTLED = frozenset(
    state.value
    for state in (
        OutboxState.SENT, OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.SUPERSEDED, OutboxState.SUPPRESSED,
    )
)  # fmt: skip
RELEASED, TAKEN_BACK, TRIED_AGAIN = "notices released", "notices withdrawn", "notices tried again"
WITHHELD = OutboxRow.state == OutboxState.WITHHELD.value
IN_SHADOW = OutboxRow.state_reason.startswith(outbox.SHADOW)
LEAST_OF_ID = 6  # characters
AWAITED = (WITHHELD, ~IN_SHADOW)


@dataclass(frozen=True)
class Batch:
    """Notices of one kind about one meeting, in the order in which they fall due."""

    meeting_uid: str
    kind: str
    rows: tuple[OutboxRow, ...]

    @property
    def key(self) -> str:
        """What the batch is called in a form."""
        return f"{self.kind}:{self.meeting_uid}"


@dataclass(frozen=True)
class Released:
    """What became of notices on a person's word: `too_late` are those that had become stale, and stay."""

    going: tuple[OutboxRow, ...]
    too_late: tuple[OutboxRow, ...]


def waiting(session: Session) -> list[OutboxRow]:
    """What waits for release, in the order in which it falls due. What is in shadow never goes, and waits for nobody.

    The rows are locked until the transaction ends, where the database can: nobody releases what another has released.
    """
    query = select(OutboxRow).where(*AWAITED).order_by(OutboxRow.due_at, OutboxRow.recipient_name, OutboxRow.id)
    return list(session.scalars(query.with_for_update()))


def how_many_wait(session: Session) -> int:
    """How many notices wait for release."""
    return session.scalar(select(func.count(OutboxRow.id)).where(*AWAITED)) or 0


def how_many_in_shadow(session: Session) -> int:
    """How many notices are composed and shown only."""
    return session.scalar(select(func.count(OutboxRow.id)).where(WITHHELD, IN_SHADOW)) or 0


def waits(row: OutboxRow) -> bool:
    """Whether this notice waits for a person's word."""
    return row.state == OutboxState.WITHHELD and not row.state_reason.startswith(outbox.SHADOW)


def beginning_with(rows: Iterable[OutboxRow], ids: Collection[str]) -> list[OutboxRow]:
    """Those of the rows whose id is one of `ids` or begins with one."""
    return [row for row in rows if any(row.id.startswith(beginning) for beginning in ids if beginning)]


def name_of(session: Session, row: OutboxRow) -> str:
    """What people call a notice's batch: 'PSG-2024-03-06/move'."""
    meeting = meetings.by_uid(session, row.meeting_uid)
    return f"{reference_of(meeting) if meeting else row.meeting_uid}/{row.kind}"


def meant(session: Session, rows: Sequence[OutboxRow], words: Sequence[str]) -> list[OutboxRow]:
    """Those of the rows that are meant: `all`, a group, the name of a batch, or an id's first six characters or more.

    Raises UnknownThing where there is a word by which none of them is meant.
    """
    chosen: dict[str, OutboxRow] = {}
    for word in words:
        found = [row for row in rows if _is_meant(session, row, word.casefold())]
        if not found:
            raise UnknownThing(f"Nothing that waits is called {word}.", hint="Look at what waits, and name that.")
        chosen |= {row.id: row for row in found}
    if not chosen:
        raise UnknownThing("Nothing is chosen.", hint="Name a batch, a group, an id, or all.")
    return [row for row in rows if row.id in chosen]


def one(session: Session, word: str) -> OutboxRow:
    """The one notice meant by its id, or the first of a batch that waits. Raises UnknownThing."""
    if len(word) >= LEAST_OF_ID and "/" not in word:
        found = list(
            session.scalars(select(OutboxRow).where(OutboxRow.id.startswith(word.casefold(), autoescape=True)).limit(2))
        )
        if len(found) == 1:
            return found[0]
    return meant(session, waiting(session), [word] if word else [])[0]


def _is_meant(session: Session, row: OutboxRow, word: str) -> bool:
    if word in ("all", row.group_key.casefold()):
        return True
    by_id = len(word) >= LEAST_OF_ID and row.id.startswith(word)
    return by_id or ("/" in word and name_of(session, row).casefold() == word)


def reached_at(session: Session, recipient: str) -> str:
    """Where the recipient of a notice is reached: addresses, or that nobody of that id is on file any more."""
    kind, _, address = recipient.partition(":")
    if address and kind in ("address", "channel"):
        return address
    person = members.by_id(session, recipient)
    return ", ".join(way for way in (person.email, person.slack_user_id) if way) if person else "no longer on file"


def batches(rows: Iterable[OutboxRow]) -> list[Batch]:
    """The rows by meeting and kind, in the order in which the first of each comes."""
    found: dict[tuple[str, str], list[OutboxRow]] = {}
    for row in rows:
        found.setdefault((row.meeting_uid, row.kind), []).append(row)
    return [Batch(uid, kind, tuple(under)) for (uid, kind), under in found.items()]


def release(
    session: Session, rows: Sequence[OutboxRow], *, by: Person, now: datetime, detail: Mapping[str, Any] | None = None
) -> Released:
    """Let notices go, of those that are `waiting`. `detail` is what else the audit shall hold: where it was said."""
    for row in rows:
        outbox.release(session, row, by=by.name, now=now)
    keep_together(session, rows, by=by, now=now)
    expired = OutboxState.EXPIRED.value
    _record(session, RELEASED, rows, by, now, detail)
    return Released(
        going=tuple(row for row in rows if row.state != expired),
        too_late=tuple(row for row in rows if row.state == expired),
    )


def keep_together(session: Session, rows: Iterable[OutboxRow], *, by: Person, now: datetime) -> None:
    """Remember these notices as one release, to be summed up for that person once the fate of each is known."""
    released = ReleaseRow(released_at=now, released_by=by.name, person_id=by.id)
    session.add(released)
    session.flush()
    for row in rows:
        row.release_id = released.id


def of_step(session: Session, meeting_uid: str, clock: str, step: str) -> list[OutboxRow]:
    """The notices of one step about one meeting, whatever their state."""
    return list(
        session.scalars(
            select(OutboxRow).where(
                OutboxRow.meeting_uid == meeting_uid, OutboxRow.clock == clock, OutboxRow.step == step
            )
        )
    )


def settled(session: Session) -> tuple[ReleaseRow, list[OutboxRow]] | None:
    """A release that has not been summed up and of which every notice has met its fate, with them; None where none."""
    open_ones = select(ReleaseRow).where(ReleaseRow.summed_up_at.is_(None)).order_by(ReleaseRow.id)
    for released in session.scalars(open_ones):
        query = select(OutboxRow).where(OutboxRow.release_id == released.id).order_by(OutboxRow.recipient_name)
        rows = list(session.scalars(query))
        if all(row.state in SETTLED for row in rows):
            return released, rows
    return None


def withdraw(
    session: Session,
    rows: Sequence[OutboxRow],
    *,
    by: Person,
    reason: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Take back notices, of those that are `waiting`, for good: they are suppressed, and the reason is kept."""
    for row in rows:
        outbox.move(row, OutboxState.SUPPRESSED, f"withdrawn by {by.name}: {reason}")
    _record(session, TAKEN_BACK, rows, by, now, {"reason": reason} | dict(detail or {}))


def given_up(session: Session) -> list[OutboxRow]:
    """The notices that failed for good, the newest first."""
    query = select(OutboxRow).where(OutboxRow.state == OutboxState.FAILED.value)
    return list(session.scalars(query.order_by(OutboxRow.decided_at.desc(), OutboxRow.id)))


def try_again(session: Session, rows: Sequence[OutboxRow], *, by: Person, now: datetime) -> None:
    """A person's word that notices which were given up go once more, by every way there is now."""
    for row in rows:
        outbox.try_again(row, by=by.name, now=now)
    _record(session, TRIED_AGAIN, rows, by, now, None)


def _record(
    session: Session, event: str, rows: Sequence[OutboxRow], by: Person, now: datetime, detail: Mapping[str, Any] | None
) -> None:
    subject = "1 notice" if len(rows) == 1 else f"{len(rows)} notices"
    audit.record(session, now, by.name, event, subject, ids=[row.id for row in rows], **(detail or {}))
