"""Sending, exactly once: claim a due row, hand it over, settle it; look up whose fate is unknown (house §3).

Steps claim one due row, act, and return whether there may be more. The service is called outside any transaction; what
was begun is on the row before it is called, so that after a kill nothing is sent again that cannot be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from bot import brakes, digests, members, outbox
from bot.claims import claimant, is_free
from bot.clock import LONDON, spoken
from bot.config_channels import RecipientRole, Sending
from bot.digests import Compose
from bot.errors import SecretariatError
from bot.manners import Manners
from bot.model import Attachment, Delivery, OutboxState, Outcome, OutgoingMessage
from bot.ports import Channel, ContentFiles
from bot.store.database import Database
from bot.store.outbox_tables import AttemptRow, OutboxRow

LEASE = timedelta(minutes=10)  # longer than any attempt; the claims of a process known to be killed lapse at once
BATCH = 25
PUT_ASIDE = timedelta(minutes=15)
TRIES = 8  # for what never goes stale; all else is tried until it would be too late
AT_ONCE = (brakes.ALARM, "receipt")  # these wait for nobody's quiet hours
MEDIA_TYPES = {  # by the end of the name; an invitation's says its method, or calendars take it for a file
    "invitation.ics": "text/calendar; method=REQUEST; charset=utf-8",
    "cancellation.ics": "text/calendar; method=CANCEL; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
Now = Callable[[], datetime]
OnTrip = Callable[[Session, datetime, str], None]
"""Called in the sender's transaction when the brake has pulled itself: with the instant and the reason."""
S = OutboxState


class _Unfit(Exception):
    """The row of that id cannot be made into a message; what was begun with it is undone."""

    def __init__(self, row_id: str, error: Exception) -> None:
        self.row_id = row_id
        super().__init__(str(error))


class Sender:
    """The two steps of sending. `channels` are tried in the order given; a message goes by one of them.

    Without `manners` nobody is spared anything, and without `compose` nothing is bundled.
    """

    def __init__(
        self, database: Database, channels: Sequence[Channel], files: ContentFiles, *, now: Now, domain: str,
        manners: Manners | None = None, compose: Compose | None = None, on_trip: OnTrip | None = None,
    ) -> None:  # fmt: skip
        self.database, self.files, self.now, self.domain = database, files, now, domain
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self.manners = manners or Manners(Sending(), is_closed=lambda _day: False)
        self.limits, self.compose, self.on_trip = self.manners.sending, compose, on_trip
        self._answers: list[tuple[str, Delivery]] = []  # of services, not yet on the rows
        self._settling = Lock()

    def deliver_one(self) -> bool:
        """Claim one due notice, hand it to a channel and settle it. Returns False where nothing is due."""
        return self._deliver(1)

    def deliver_some(self) -> bool:
        """The same for up to `BATCH` notices in one transaction, where looking them up after a kill costs no time."""
        return self._deliver(BATCH)

    def _deliver(self, most: int) -> bool:
        self._settle_answers()
        try:
            with self.database.claiming() as session:
                begun, worked = self._begin_some(session, most)
        except _Unfit as unfit:
            return self._put_aside(unfit)
        for message, channel in begun:
            self._answers.append((message.id, channel.deliver(message)))
        self._settle_answers()
        return worked

    def _settle_answers(self) -> None:
        """Write down what the services answered; kept for the next step where the database cannot be written now."""
        with self._settling:
            answers = list(self._answers)
            if answers:
                with self.database.claiming() as session:
                    for row_id, delivery in answers:
                        self._settle(session, row_id, delivery)
                del self._answers[: len(answers)]

    def _begin_some(self, session: Session, most: int) -> tuple[list[tuple[OutgoingMessage, Channel]], bool]:
        """What is to be handed over now, with its channel; and whether anything was due at all."""
        begun: list[tuple[OutgoingMessage, Channel]] = []
        due = self._due(session, most)
        room = self._room(session, most) if due else 0
        for row in due:
            if row.told_in or row.state not in (S.PENDING, S.RETRY):
                continue  # a digest has just taken it
            row_id = row.id
            try:
                if self._floods(session, row, room):
                    break
                message = self._begin(session, row)
            except (SecretariatError, OSError) as error:
                raise _Unfit(row_id, error) from error
            if message is None:
                continue  # it was settled without sending, or waits: overtaken, too late, quiet, nobody to reach
            begun.append((message, self.channels[row.channel]))
            room -= not row.released_by
            if self.channels[row.channel].settling:
                break  # after a kill each would have to wait for the service to settle: one at a time
        return begun, bool(due)

    def _put_aside(self, unfit: _Unfit) -> bool:
        """What cannot be composed (its template, its document) waits, and holds up nothing that is due behind it."""
        with self.database.claiming() as session:
            row = session.get_one(OutboxRow, unfit.row_id)
            row.next_try_at, row.state_reason = self.now() + PUT_ASIDE, f"cannot be composed: {unfit}"
        return True

    def reconcile_one(self) -> bool:
        """Look up one notice whose fate is unknown (a kill, a time-out) at its service. Returns False where none is."""
        with self.database.claiming() as session:
            row = self._next_unknown(session)
            if row is None:
                return False
            self._claim(session, row)
            channel, message = self.channels[row.channel], self._message(row, with_documents=False)
            began_at = row.attempts[-1].began_at
        self._answers.append((message.id, self._fate(channel, message, began_at)))
        self._settle_answers()
        return True

    # ------------------------------------------------------------------------------------------------ what is due

    def _due(self, session: Session, most: int) -> Sequence[OutboxRow]:
        """What is due next, looked for once for all of them: among thousands, looking is what takes time."""
        if outbox.in_shadow(session, self.now()):
            return []
        due = select(OutboxRow).where(OutboxRow.state.in_([S.PENDING, S.RETRY]), OutboxRow.next_try_at <= self.now())
        due = due.where(OutboxRow.told_in.is_(None))
        stopped = [brake.group_key for brake in brakes.pulled(session)]
        if stopped:  # an alarm goes through every brake: somebody must be able to hear of it
            others = false() if brakes.ALL in stopped else OutboxRow.group_key.not_in(stopped)
            due = due.where(or_(OutboxRow.kind == brakes.ALARM, others))
        due = due.order_by(OutboxRow.due_at, OutboxRow.id).limit(most)
        return session.scalars(due.with_for_update(skip_locked=True)).all()

    def _room(self, session: Session, most: int) -> int:
        """How many notices may still go by themselves within this hour; where there is no ceiling, `most`."""
        ceiling = self.limits.ceiling_per_hour
        return ceiling - brakes.sent_by_themselves(session, self.now()) if ceiling else most

    def _floods(self, session: Session, row: OutboxRow, room: int) -> bool:
        """Whether this one is more than may go by itself in an hour: then the brake is pulled."""
        if row.released_by or row.kind == brakes.ALARM or room > 0:
            return False
        ceiling, now = self.limits.ceiling_per_hour, self.now()
        reason = f"{ceiling} notices have gone within an hour without a person's release"
        if brakes.pull(session, brakes.ALL, by=brakes.CEILING, reason=reason, now=now) and self.on_trip:
            self.on_trip(session, now, reason)
        return True

    # ---------------------------------------------------------------------------------------------- before it goes

    def _begin(self, session: Session, row: OutboxRow) -> OutgoingMessage | None:
        """Write the attempt before the service is called; None where the row is settled without sending, or waits."""
        if self._is_settled_unsent(session, row) or self._is_spared(session, row):
            return None
        way = self.way_to(session, row)
        if way is None:
            self._move(session, row, S.FAILED, f"{row.recipient_name} has no address left to try: see the attempts")
            return None
        row.channel, row.address = way
        self._say_that_it_is_late(row)
        row.tries += 1
        row.attempts.append(AttemptRow(channel=row.channel, address=row.address, began_at=self.now()))
        self._claim(session, row)
        session.flush()
        return self._message(row)

    def _is_settled_unsent(self, session: Session, row: OutboxRow) -> bool:
        """A notice that is stale or met is not sent, nor a digest of nothing else."""
        if digests.is_digest(row) and self.compose:
            if digests.still_to_be_said(session, row, self.compose, self.now()):
                return False
            outbox.move(row, S.SUPPRESSED, "all that it carried was met or is stale")
            return True
        return outbox.settle_unsent(session, row, self.now())

    def _is_spared(self, session: Session, row: OutboxRow) -> bool:
        """Whether the notice waits for the end of quiet hours, or is put into a digest."""
        if row.released_by or row.kind in AT_ONCE or not self.manners.are_any:
            return False
        role = members.role_of(session, row.recipient, self.now().astimezone(LONDON).date())
        return self._waits(row, role) or self._is_bundled(session, row, role)

    def _waits(self, row: OutboxRow, role: RecipientRole) -> bool:
        """What would be stale by the end of the wait goes now: a reminder lost is worse than one at night."""
        waits = {"quiet hours": self.manners.quiet_until(role, self.now())}
        if digests.may_be_carried(row):
            waits["the daily digest"] = self.manners.waits_until(role, row.next_try_at, self.now())
        what, until = max(((w, at) for w, at in waits.items() if at), key=lambda wait: wait[1], default=("", None))
        if until is None or (row.not_after is not None and row.not_after <= until):
            return False
        row.next_try_at, row.state_reason = until, f"waits until {spoken(until)}: {what}"
        return True

    def _is_bundled(self, session: Session, row: OutboxRow, role: RecipientRole) -> bool:
        if self.compose is None or not digests.may_be_carried(row) or not self.manners.bundles(role):
            return False
        found = digests.companions(session, row, self.now())
        stopped = {brake.group_key for brake in brakes.pulled(session)}
        together = [other for other in found if other.group_key not in stopped]
        together = [other for other in together if not self._waits(other, role)]
        if not together:
            return False
        digests.bundle(session, [row, *together], self.compose, self.now())
        return True

    def _say_that_it_is_late(self, row: OutboxRow) -> None:
        """It lay here through an outage, ours or the service's; what a person released comes when it was released."""
        since = min([row.next_try_at, *(attempt.began_at for attempt in row.attempts[:1])])
        if not row.note and not row.released_by and self.now() - since > timedelta(hours=self.limits.late_after_hours):
            row.note = outbox.late_note(row.due_at)

    def _claim(self, session: Session, row: OutboxRow) -> None:
        if row.state != S.CLAIMED:  # a lapsed claim is taken over as it stands
            self._move(session, row, S.CLAIMED)
        row.claimed_by, row.claimed_until = claimant(), self.now() + LEASE

    def _move(self, session: Session, row: OutboxRow, to: OutboxState, reason: str = "") -> None:
        outbox.move(row, to, reason)
        if digests.is_digest(row):
            digests.share_fate(session, row)

    # ------------------------------------------------------------------------------------------------ whereto, what

    def way_to(self, session: Session, row: OutboxRow) -> tuple[str, str] | None:
        """(channel, address): the first with an address that has not failed for good, nor for now for too long."""
        given_up = {a.channel for a in _tries_of(row) if a.outcome == Outcome.FAILED_FOR_GOOD}
        if row.recipient.startswith("address:"):
            ways = [("mail", row.recipient.removeprefix("address:"))]
        elif row.recipient.startswith("channel:"):
            ways = [("slack", row.recipient.removeprefix("channel:"))]
        else:
            person = members.by_id(session, row.recipient)
            ways = [("slack", person.slack_user_id or ""), ("mail", person.email or "")] if person else []
            if row.attachments:
                ways.reverse()  # a document goes by mail where there is an address
        usable = [(c, to) for c, to in ways if to and c in self.channels and c not in given_up]
        if row.attachments:
            return next(iter(usable), None)  # Slack would take the text only: a document waits for the mail
        return next((way for way in usable if not self._is_unreachable(row, way[0])), next(iter(usable), None))

    def _is_unreachable(self, row: OutboxRow, channel: str) -> bool:
        """Whether this notice has been refused for now by that channel for long enough to try another."""
        tried = [attempt for attempt in _tries_of(row) if attempt.channel == channel]
        patience = timedelta(minutes=self.limits.other_way_after_minutes)
        return any(a.outcome == Outcome.FAILED_FOR_NOW for a in tried) and self.now() - tried[0].began_at >= patience

    def _message(self, row: OutboxRow, *, with_documents: bool = True) -> OutgoingMessage:
        known = (a.service_id for a in reversed(row.attempts) if a.channel == row.channel and a.service_id)
        return OutgoingMessage(
            id=row.id,
            to=row.address,
            to_name=row.recipient_name,
            subject=row.subject,
            text=outbox.text_by_channel(row),
            message_id=f"<{row.id}@{self.domain}>",
            sent_at=row.attempts[-1].began_at,
            in_reply_to=row.in_reply_to,
            attachments=tuple(self._attachment(entry) for entry in row.attachments if with_documents),
            service_id=next(known, ""),
            offers=outbox.offers_of(row),
        )

    def _attachment(self, entry: str) -> Attachment:
        sha256, _, name = entry.partition(":")
        return Attachment(name, _media_type(name), self.files.path(sha256).read_bytes())

    # ------------------------------------------------------------------------------------------------ what became of it

    def _next_unknown(self, session: Session) -> OutboxRow | None:
        due = and_(OutboxRow.state == S.UNKNOWN, OutboxRow.next_try_at <= self.now())
        query = select(OutboxRow).where(or_(due, OutboxRow.state == S.CLAIMED), OutboxRow.told_in.is_(None))
        for row in session.scalars(query.with_for_update(skip_locked=True)):
            if row.state == S.UNKNOWN or is_free(row.claimed_by, row.claimed_until, self.now()):
                return row
        return None

    def _fate(self, channel: Channel, message: OutgoingMessage, began_at: datetime) -> Delivery:
        """What the service says of it. That it never had it counts only once it can no longer be on its way there."""
        still = (began_at + channel.settling - self.now()).total_seconds()  # before it is asked: asking takes time
        found = channel.look_up(message) if channel.looks_up else None
        if found:
            return found
        if still > 0:
            return Delivery(Outcome.UNKNOWN, error="the service may still be accepting it", retry_after=still)
        asked = "the service never had it" if channel.looks_up else NOT_ASKABLE
        return Delivery(Outcome.FAILED_FOR_NOW, error=asked, retry_after=0)

    def _settle(self, session: Session, row_id: str, delivery: Delivery) -> None:
        row = session.get_one(OutboxRow, row_id, with_for_update=True)
        if row.state != S.CLAIMED or row.claimed_by != claimant():
            return  # the answer could not be written down in time, and somebody else has looked it up
        attempt = row.attempts[-1]
        blindly = delivery.error == NOT_ASKABLE  # the attempt stays unknown for ever
        attempt.ended_at, attempt.error = self.now(), delivery.error
        attempt.outcome = (Outcome.UNKNOWN if blindly else delivery.outcome).value
        attempt.service_id = delivery.service_id or attempt.service_id
        row.claimed_until = None
        if blindly and sum(a.outcome == Outcome.UNKNOWN for a in row.attempts) > 1:
            self._move(session, row, S.FAILED, GIVEN_UP_BLINDLY)
        else:
            self._answered(session, row, delivery)

    def _answered(self, session: Session, row: OutboxRow, delivery: Delivery) -> None:
        wait = timedelta(seconds=delivery.retry_after if delivery.retry_after is not None else min(2**row.tries, 900))
        if delivery.outcome is Outcome.DELIVERED:
            row.service_id, row.sent_at = delivery.service_id, self.now()
            self._move(session, row, S.SENT)
        elif delivery.outcome is Outcome.UNKNOWN:
            row.next_try_at = self.now() + wait
            self._move(session, row, S.UNKNOWN, f"the answer never came: {delivery.error}; it will be looked up")
        elif delivery.outcome is Outcome.FAILED_FOR_NOW and row.not_after is None and row.tries >= TRIES:
            self._move(session, row, S.FAILED, f"given up after {row.tries} tries: {delivery.error}")
        else:  # failed for now: again later; failed for good: the next channel, at once
            for_good = delivery.outcome is Outcome.FAILED_FOR_GOOD
            row.next_try_at = self.now() if for_good else self.now() + wait
            self._move(session, row, S.RETRY, delivery.error)


NOT_ASKABLE = "this service cannot be asked whether it has it; it goes once more under the same Message-ID"
GIVEN_UP_BLINDLY = (
    "the connection broke twice after the mail was handed over, and this service cannot be asked: it may have arrived "
    "once or twice, or not at all; ask the recipient"
)


def _tries_of(row: OutboxRow) -> list[AttemptRow]:
    """The attempts that count: those since a person asked for another try, where one did."""
    return row.attempts[len(row.attempts) - row.tries :]


def _media_type(name: str) -> str:
    return next((kind for end, kind in MEDIA_TYPES.items() if name.endswith(end)), "application/octet-stream")
