"""The outbox: a notice is a row first, with a named state, and moves only as allowed (house §3).

`bot.sending` hands rows over to the channels; what is here decides what stands in the outbox at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import astuple
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot import facts, meetings, members
from bot.clock import parse_instant, spoken
from bot.config_words import Dial
from bot.model import Notice, Offer, OutboxState, Person
from bot.store.meeting_tables import ObligationRow
from bot.store.outbox_tables import OutboxRow

SHADOW = "shadow"
SHADOW_UNTIL = "shadow_until"  # the fact that nothing at all leaves until then
DAILY = "daily"  # the clock of the PMO's own morning mail

S = OutboxState
ALLOWED_MOVES: dict[OutboxState, frozenset[OutboxState]] = {
    S.PENDING: frozenset({S.CLAIMED, S.FAILED, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED, S.WITHHELD}),
    S.RETRY: frozenset({S.CLAIMED, S.FAILED, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED}),
    S.CLAIMED: frozenset({S.SENT, S.RETRY, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.CLAIMED}),  # to be looked up
    S.WITHHELD: frozenset({S.PENDING, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED}),
    S.SENT: frozenset({S.RETRY}),  # the mail came back: another way is tried
    S.FAILED: frozenset({S.RETRY}),  # a person may ask for another try
    S.EXPIRED: frozenset(),
    S.SUPERSEDED: frozenset(),
    S.SUPPRESSED: frozenset(),
}


def move(row: OutboxRow, to: OutboxState, reason: str = "") -> None:
    """Change a row's state, only as ALLOWED_MOVES has it."""
    if to not in ALLOWED_MOVES[S(row.state)]:
        raise ValueError(f"a notice that is {row.state} cannot become {to.value}")
    row.state, row.state_reason = to.value, reason


def notice_id(notice: Notice) -> str:
    """The row's id, made from the unique key: the same notice always carries the same id and Message-ID."""
    return hashlib.sha256("\x1f".join(str(part) for part in notice.key).encode()).hexdigest()[:32]


def queue(
    session: Session,
    notice: Notice,
    *,
    now: datetime,
    dial: Dial,
    recipient_name: str,
    state: OutboxState | None = None,
    reason: str = "",
    released_by: str = "",
) -> bool:
    """Put a notice into the outbox, once. Returns whether it is new.

    The dial decides the state unless one is given: automatic goes, approve waits for a person (`released_by` is that
    person's word), shadow stays; in an installation that is in shadow as a whole, everything stays.
    """
    if state is None:
        state, reason = _by_dial("shadow" if in_shadow(session, now) else dial, released_by)
    row = OutboxRow(
        id=notice_id(notice), meeting_uid=notice.meeting_uid, meeting_revision=notice.meeting_revision,
        clock=notice.clock, step=notice.step, recipient=notice.recipient, recipient_name=recipient_name,
        group_key=notice.group, kind=notice.kind, subject=notice.subject, text=notice.text, why=notice.why,
        in_reply_to=notice.in_reply_to, attachments=list(notice.attachments), due_at=notice.due_at,
        not_after=notice.not_after, decided_at=now, state=state.value, state_reason=reason,
        released_by=released_by, next_try_at=now, note=notice.note,
        offers=[list(astuple(offer)) for offer in notice.offers],
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def overtake(session: Session, notice: Notice, ladder: Collection[str]) -> None:
    """Take back the unsent steps of the same clock for the same person: the notice says more than they did.

    `ladder` holds the ids of the steps: other notices about that clock (a correction) stay. So does what is in shadow.
    """
    earlier = select(OutboxRow).where(
        OutboxRow.meeting_uid == notice.meeting_uid,
        OutboxRow.meeting_revision == notice.meeting_revision,
        OutboxRow.clock == notice.clock,
        OutboxRow.recipient == notice.recipient,
        OutboxRow.step != notice.step,
        OutboxRow.state.in_(meetings.UNSENT),
    )
    for row in session.scalars(earlier):
        if row.step in ladder and row.due_at <= notice.due_at and not row.state_reason.startswith(SHADOW):
            move(row, S.SUPPRESSED, overtaken_by(notice.step))


def overtaken_by(step: str) -> str:
    """Why a step is not sent: a later one for the same person is."""
    return f"overtaken by {step}"


def told_of(session: Session, meeting_uid: str, clocks: Sequence[str]) -> list[Person]:
    """The people who were sent, or may have been sent, a notice about one of these clocks of a meeting."""
    states = [S.SENT.value, S.CLAIMED.value, S.UNKNOWN.value]
    query = select(OutboxRow.recipient).where(
        OutboxRow.meeting_uid == meeting_uid, OutboxRow.clock.in_(clocks), OutboxRow.state.in_(states)
    )
    found = (members.by_id(session, recipient) for recipient in dict.fromkeys(session.scalars(query)))
    return [person for person in found if person]


def in_shadow(session: Session, now: datetime) -> bool:
    """Whether nothing at all may leave: an installation that is being tried on a real programme."""
    until = facts.recall(session, SHADOW_UNTIL)
    return bool(until) and now < parse_instant(until or "")


def late_note(due_at: datetime) -> str:
    """What a notice says that goes after its time."""
    return f"This comes late. It was due on {spoken(due_at)}, and the secretariat could not send it then."


def whole_text(row: OutboxRow) -> str:
    """What the recipient reads: the text, under the note that it comes late where it does."""
    return f"{row.note}\n\n{row.text}" if row.note else row.text


def text_by_channel(row: OutboxRow) -> str:
    """The same as it goes by the row's channel: Slack takes no document from us, and says so."""
    text = whole_text(row)
    if not row.attachments or row.channel != "slack":
        return text
    names = ", ".join(entry.partition(":")[2] for entry in row.attachments)
    return f"{text}\n\nWhat goes with it ({names}) comes by mail only: please ask the PMO for it."


def offers_of(row: OutboxRow) -> tuple[Offer, ...]:
    """The buttons that stand under a notice."""
    return tuple(Offer(*map(str, offer)) for offer in row.offers)


def is_met(session: Session, row: OutboxRow) -> bool:
    """Whether a reminder asks for what has been done meanwhile."""
    return row.kind in meetings.REMINDERS and session.get(ObligationRow, (row.meeting_uid, row.clock)) is not None


def settle_unsent(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Settle a notice that is stale, or that asks for what has been done: it is not sent. Returns whether it is so."""
    if row.not_after and row.not_after <= now:
        move(row, S.EXPIRED, f"too late: it would have been stale after {spoken(row.not_after)}")
    elif is_met(session, row):
        move(row, S.SUPPRESSED, meetings.MET)
    else:
        return False
    return True


def release(session: Session, row: OutboxRow, *, by: str, now: datetime) -> None:
    """A person's word that a withheld notice may go. One that has become stale is expired, and said to be so."""
    if row.not_after and row.not_after <= now:
        move(row, S.EXPIRED, f"released by {by}, but too late to be of use")
        return
    move(row, S.PENDING, "")
    row.released_by, row.next_try_at = by, now


def try_again(row: OutboxRow, *, by: str, now: datetime) -> None:
    """A person's word that a notice which was given up goes once more, by every way there is now."""
    move(row, S.RETRY, f"tried again on the word of {by}")
    row.tries, row.next_try_at, row.released_by = 0, now, row.released_by or by


def _by_dial(dial: Dial, released_by: str) -> tuple[OutboxState, str]:
    if dial == "shadow":
        return S.WITHHELD, f"{SHADOW}: composed and shown, not sent"
    if dial == "approve" and not released_by:
        return S.WITHHELD, "waits for a person's release"
    return S.PENDING, ""
