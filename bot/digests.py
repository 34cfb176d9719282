"""Several reminders for one person at one time are one message: a digest, which carries them and shares its fate.

A digest is a row of the outbox like any other. What it carries is claimed, sent, failed or unknown as the digest is;
what is met or stale by the time it is sent is left out of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import meetings, outbox
from bot.model import Notice, Offer, OutboxState
from bot.store.outbox_tables import OutboxRow

DIGEST = "digest"
TO_BE_TRIED = (OutboxState.PENDING.value, OutboxState.RETRY.value)
Compose = Callable[[str, Sequence[OutboxRow]], tuple[str, str]]
"""(subject, text) of a digest, from the recipient's name and the notices that it carries."""


def is_digest(row: OutboxRow) -> bool:
    """Whether the row is a digest, and no notice of its own."""
    return row.clock == DIGEST


def carried(session: Session, digest_id: str, states: Iterable[str] = TO_BE_TRIED) -> list[OutboxRow]:
    """The notices in a digest that are in one of the states, in order of their hour."""
    query = select(OutboxRow).where(OutboxRow.told_in == digest_id, OutboxRow.state.in_(list(states)))
    return list(session.scalars(query.order_by(OutboxRow.due_at, OutboxRow.id)))


def may_be_carried(row: OutboxRow) -> bool:
    """A reminder that has not been tried, nor released by a person.

    The PMO's morning mail is a digest itself, and a document goes alone.
    """
    untried = row.tries == 0 and not row.attachments and not row.released_by
    return untried and row.kind in meetings.REMINDERS and row.clock not in (DIGEST, outbox.DAILY)


def companions(session: Session, row: OutboxRow, now: datetime) -> list[OutboxRow]:
    """Other reminders for the same person that have not been tried yet and could go now."""
    query = select(OutboxRow).where(
        OutboxRow.state == OutboxState.PENDING.value,
        OutboxRow.next_try_at <= now,
        OutboxRow.recipient == row.recipient,
        OutboxRow.told_in.is_(None),
        OutboxRow.id != row.id,
    )
    query = query.order_by(OutboxRow.due_at, OutboxRow.id).with_for_update(skip_locked=True)  # not another sender's
    return [other for other in session.scalars(query) if may_be_carried(other)]


def bundle(session: Session, rows: Sequence[OutboxRow], compose: Compose, now: datetime) -> None:
    """Put a digest of these notices into the outbox; it goes in their place."""
    rows = sorted(rows, key=lambda row: (row.due_at, row.id))
    first, ids = rows[0], [row.id for row in rows]
    groups = {row.group_key for row in rows}
    subject, text = compose(first.recipient_name, rows)
    stale = [row.not_after for row in rows]
    notice = Notice(
        meeting_uid=DIGEST, meeting_revision=0, clock=DIGEST,
        step=hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32], recipient=first.recipient,
        group=groups.pop() if len(groups) == 1 else "", kind=first.kind, subject=subject, text=text,
        why="One message for what fell due at one time: " + "; ".join(f"{row.subject} ({row.why})" for row in rows),
        due_at=first.due_at, not_after=max((at for at in stale if at), default=None) if all(stale) else None,
        offers=_offers(rows),
    )  # fmt: skip
    outbox.queue(
        session, notice, now=now, dial="automatic", recipient_name=first.recipient_name, state=OutboxState.PENDING
    )
    for row in rows:
        row.told_in = outbox.notice_id(notice)


def still_to_be_said(session: Session, digest: OutboxRow, compose: Compose, now: datetime) -> list[OutboxRow]:
    """What the digest carries now, its text made anew from that. What is met or stale is settled and left out."""
    if digest.state == OutboxState.RETRY:  # where it came back, or is tried again on a person's word, so is its content
        for row in carried(session, digest.id, (OutboxState.SENT.value, OutboxState.FAILED.value)):
            outbox.move(row, OutboxState.RETRY, digest.state_reason)
            row.sent_at = None
    left = [row for row in carried(session, digest.id) if not outbox.settle_unsent(session, row, now)]
    if len(left) == 1:
        digest.subject, digest.text, digest.note = left[0].subject, left[0].text, left[0].note
    elif left:
        digest.subject, digest.text = compose(digest.recipient_name, left)
    if left:
        digest.offers = [list(astuple(offer)) for offer in _offers(left)]
    return left


def _offers(rows: Sequence[OutboxRow]) -> tuple[Offer, ...]:
    """The buttons of all of them; among several notices, each says which it is about."""
    if len(rows) == 1:
        return outbox.offers_of(rows[0])
    named = [(row.subject, offer) for row in rows for offer in outbox.offers_of(row)]
    return tuple(replace(offer, label=f"{offer.label}: {subject}") for subject, offer in named)


def share_fate(session: Session, digest: OutboxRow) -> None:
    """Give what the digest carries the state that the digest has come to."""
    state = OutboxState(digest.state)
    for row in carried(session, digest.id, [*TO_BE_TRIED, OutboxState.CLAIMED.value, OutboxState.UNKNOWN.value]):
        if row.state == digest.state:
            continue
        if state not in outbox.ALLOWED_MOVES[OutboxState(row.state)]:
            outbox.move(row, OutboxState.CLAIMED)  # as the digest was, on its way to where it is now
        outbox.move(row, state, digest.state_reason)
        row.channel, row.address, row.tries = digest.channel, digest.address, digest.tries
        row.service_id, row.sent_at = digest.service_id, digest.sent_at
