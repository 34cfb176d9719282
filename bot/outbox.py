"""Sending, exactly once: a notice is a row first, claimed, handed over, and settled (house §3).

Steps claim one due row, act, and return whether there may be more. The service is called outside any transaction; what
was begun is on the row before it is called, so that after a kill nothing is sent again that cannot be looked up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot import meetings, members
from bot.claims import claimant, is_free
from bot.config import Dial
from bot.model import Attachment, Delivery, Notice, OutboxState, Outcome, OutgoingMessage, Person
from bot.ports import Channel, ContentFiles
from bot.store.database import Database
from bot.store.tables import AttemptRow, ObligationRow, OutboxRow

LEASE = timedelta(seconds=90)
MEDIA_TYPES = {  # by the end of the name; an invitation's says its method, or calendars take it for a file
    "invitation.ics": "text/calendar; method=REQUEST; charset=utf-8",
    "cancellation.ics": "text/calendar; method=CANCEL; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
TRIES = 8  # for what never goes stale; all else is tried until it would be too late
SHADOW = "shadow"
Now = Callable[[], datetime]

S = OutboxState
ALLOWED_MOVES: dict[OutboxState, frozenset[OutboxState]] = {
    S.PENDING: frozenset({S.CLAIMED, S.FAILED, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED, S.WITHHELD}),
    S.RETRY: frozenset({S.CLAIMED, S.FAILED, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED}),
    S.CLAIMED: frozenset({S.SENT, S.RETRY, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.CLAIMED}),  # to be looked up
    S.WITHHELD: frozenset({S.PENDING, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED}),
    S.SENT: frozenset(),
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
    person's word), shadow stays.
    """
    if state is None:
        state, reason = _by_dial(dial, released_by)
    row = OutboxRow(
        id=notice_id(notice), meeting_uid=notice.meeting_uid, meeting_revision=notice.meeting_revision,
        clock=notice.clock, step=notice.step, recipient=notice.recipient, recipient_name=recipient_name,
        group_key=notice.group, kind=notice.kind, subject=notice.subject, text=notice.text, why=notice.why,
        in_reply_to=notice.in_reply_to, attachments=list(notice.attachments), due_at=notice.due_at,
        not_after=notice.not_after, decided_at=now, state=state.value, state_reason=reason,
        released_by=released_by, next_try_at=now,
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


def release(session: Session, row: OutboxRow, *, by: str, now: datetime) -> None:
    """A person's word that a withheld notice may go. One that has become stale is expired, and said to be so."""
    if row.not_after and row.not_after <= now:
        move(row, S.EXPIRED, f"released by {by}, but too late to be of use")
        return
    move(row, S.PENDING, "")
    row.released_by, row.next_try_at = by, now


def _by_dial(dial: Dial, released_by: str) -> tuple[OutboxState, str]:
    if dial == "shadow":
        return S.WITHHELD, f"{SHADOW}: composed and shown, not sent"
    if dial == "approve" and not released_by:
        return S.WITHHELD, "waits for a person's release"
    return S.PENDING, ""


def _media_type(name: str) -> str:
    return next((kind for end, kind in MEDIA_TYPES.items() if name.endswith(end)), "application/octet-stream")


class Sender:
    """The two steps of sending. `channels` are tried in the order given; a message goes by one of them."""

    def __init__(
        self, database: Database, channels: Sequence[Channel], files: ContentFiles, *, now: Now, domain: str
    ) -> None:
        self.database, self.files, self.now, self.domain = database, files, now, domain
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}

    def deliver_one(self) -> bool:
        """Claim one due notice, hand it to a channel and settle it. Returns False where nothing is due."""
        with self.database.session() as session:
            row = self._next_due(session)
            if row is None:
                return False
            message = self._begin(session, row)
            if message is None:
                return True  # it was settled without sending: overtaken, too late, or nobody to reach
            channel = self.channels[row.channel]
        self._settle(message.id, channel.deliver(message))
        return True

    def reconcile_one(self) -> bool:
        """Look up one notice whose fate is unknown (a kill, a time-out) at its service. Returns False where none is."""
        with self.database.session() as session:
            row = self._next_unknown(session)
            if row is None:
                return False
            self._claim(row)
            channel, message = self.channels[row.channel], self._message(session, row)
        found = channel.look_up(message)
        self._settle(message.id, found or Delivery(Outcome.FAILED_FOR_NOW, error="the service never had it"))
        return True

    def _next_due(self, session: Session) -> OutboxRow | None:
        due = select(OutboxRow).where(OutboxRow.state.in_([S.PENDING, S.RETRY]), OutboxRow.next_try_at <= self.now())
        return session.scalars(
            due.order_by(OutboxRow.due_at, OutboxRow.id).limit(1).with_for_update(skip_locked=True)
        ).first()

    def _next_unknown(self, session: Session) -> OutboxRow | None:
        query = select(OutboxRow).where(OutboxRow.state.in_([S.CLAIMED, S.UNKNOWN]))
        for row in session.scalars(query.with_for_update(skip_locked=True)):
            lapsed = row.state == S.CLAIMED and is_free(row.claimed_by, row.claimed_until, self.now())
            if lapsed or (row.state == S.UNKNOWN and row.next_try_at <= self.now()):
                return row
        return None

    def _begin(self, session: Session, row: OutboxRow) -> OutgoingMessage | None:
        """Write the attempt before the service is called; None where the row is settled without sending."""
        if row.not_after and row.not_after <= self.now():
            move(row, S.EXPIRED, f"too late: it would have been stale after {row.not_after.isoformat()}")
            return None
        met = session.get(ObligationRow, (row.meeting_uid, row.clock))
        if met and row.kind in meetings.REMINDERS:
            move(row, S.SUPPRESSED, meetings.MET)
            return None
        way = self._way_to(session, row)
        if way is None:
            move(row, S.FAILED, f"{row.recipient_name} has no address left to try: see the attempts")
            return None
        row.channel, row.address = way
        self._claim(row)
        row.tries += 1
        session.add(AttemptRow(outbox_id=row.id, channel=row.channel, address=row.address, began_at=self.now()))
        session.flush()
        return self._message(session, row)

    def _claim(self, row: OutboxRow) -> None:
        if row.state != S.CLAIMED:  # a lapsed claim is taken over as it stands
            move(row, S.CLAIMED)
        row.claimed_by, row.claimed_until = claimant(), self.now() + LEASE

    def _way_to(self, session: Session, row: OutboxRow) -> tuple[str, str] | None:
        """The first channel that has an address for the recipient and has not failed for good."""
        given_up = {a.channel for a in row.attempts if a.outcome == Outcome.FAILED_FOR_GOOD}
        if row.recipient.startswith("address:"):
            ways = [("mail", row.recipient.removeprefix("address:"))]
        elif row.recipient.startswith("channel:"):
            ways = [("slack", row.recipient.removeprefix("channel:"))]
        else:
            person = members.by_id(session, row.recipient)
            ways = [("slack", person.slack_user_id or ""), ("mail", person.email or "")] if person else []
            if row.attachments:
                ways.reverse()  # a document goes by mail where there is an address
        return next(((c, to) for c, to in ways if to and c in self.channels and c not in given_up), None)

    def _message(self, session: Session, row: OutboxRow) -> OutgoingMessage:
        return OutgoingMessage(
            id=row.id,
            to=row.address,
            to_name=row.recipient_name,
            subject=row.subject,
            text=row.text,
            message_id=f"<{row.id}@{self.domain}>",
            sent_at=row.attempts[-1].began_at if row.attempts else row.decided_at,
            in_reply_to=row.in_reply_to,
            attachments=tuple(self._attachment(entry) for entry in row.attachments),
        )

    def _attachment(self, entry: str) -> Attachment:
        sha256, _, name = entry.partition(":")
        return Attachment(name, _media_type(name), self.files.path(sha256).read_bytes())

    def _settle(self, row_id: str, delivery: Delivery) -> None:
        with self.database.session() as session:
            row = session.get_one(OutboxRow, row_id)
            attempt = session.scalars(
                select(AttemptRow).where(AttemptRow.outbox_id == row_id).order_by(AttemptRow.id.desc()).limit(1)
            ).one()
            attempt.ended_at, attempt.outcome = self.now(), delivery.outcome.value
            attempt.service_id, attempt.error = delivery.service_id, delivery.error
            row.claimed_until = None
            self._answered(row, delivery)

    def _answered(self, row: OutboxRow, delivery: Delivery) -> None:
        wait = timedelta(seconds=delivery.retry_after if delivery.retry_after is not None else min(2**row.tries, 900))
        if delivery.outcome is Outcome.DELIVERED:
            move(row, S.SENT)
            row.service_id, row.sent_at = delivery.service_id, self.now()
        elif delivery.outcome is Outcome.UNKNOWN:
            move(row, S.UNKNOWN, f"the answer never came: {delivery.error}; it will be looked up")
            row.next_try_at = self.now() + wait
        elif delivery.outcome is Outcome.FAILED_FOR_NOW and row.not_after is None and row.tries >= TRIES:
            move(row, S.FAILED, f"given up after {row.tries} tries: {delivery.error}")
        else:  # failed for now: again later; failed for good: the next channel, at once
            for_good = delivery.outcome is Outcome.FAILED_FOR_GOOD
            move(row, S.RETRY, delivery.error)
            row.next_try_at = self.now() if for_good else self.now() + wait
