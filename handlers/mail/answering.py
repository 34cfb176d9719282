"""What whoever wrote is told: one receipt a mail, in its thread; and the correction, where something is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inverses, outbox
from bot.meetings import UNSENT
from bot.model import Notice, OutboxState, Person
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from bot.wording import render
from handlers.mail.orders import Done, Receipt
from schedules.announcements import Announcer

USEFUL_FOR = timedelta(days=28)
BETWEEN = "\n\n" + "-" * 40 + "\n\n"
CLOCK = "mail"
REST_WAITS = (
    "Your message says more than that: somebody of the PMO reads the rest, and nothing is done about it before."
)


@dataclass(frozen=True)
class Recipient:
    """Whom a receipt goes to: the address that wrote; `also` is in whose name an assistant wrote."""

    address: str
    name: str
    also: Person | None = None
    thread: str = ""  # the Message-IDs before it, the one answered last


def queued_at(session: Session, now: datetime) -> set[str]:
    """The ids of the notices that were decided at that instant, and that have not begun to go."""
    waiting = OutboxRow.state.in_([OutboxState.PENDING.value, OutboxState.WITHHELD.value])
    return set(session.scalars(select(OutboxRow.id).where(waiting, OutboxRow.next_try_at == now)))


def answer(
    session: Session, announcer: Announcer, message: InboxRow, done: Sequence[Done], to: Recipient, now: datetime,
    *, rest_waits: bool = False,
) -> list[str]:  # fmt: skip
    """Queue the receipt of all that a mail led to, once. Returns the ids of its notices; none where nothing is said.

    `rest_waits`: something else in the mail waits for a person, and the receipt says so.
    """
    said = [(one.led_to, one.receipt) for one in done if one.receipt]
    if not said or not to.address:
        return []
    receipt = _together([receipt for _, receipt in said], REST_WAITS if rest_waits else "")
    first = Notice(
        meeting_uid=f"mail-{message.id[:32]}", meeting_revision=0, clock=CLOCK, step=f"receipt_{said[0][0]}"[:80],
        recipient=f"address:{to.address}", group=receipt.group, kind="receipt", subject=receipt.subject,
        text=receipt.text, why=f"{', '.join(ref for ref, _ in said)} came by mail; whoever writes is answered.",
        due_at=now, not_after=now + USEFUL_FOR, in_reply_to=to.thread or message.message_id,
    )  # fmt: skip
    notices = [(first, to.name)]
    if to.also and (to.also.email or "").lower() != to.address.lower():
        why = f"{to.name} wrote in the name of {to.also.name}, who is told."
        notices.append((replace(first, recipient=to.also.id, why=why, in_reply_to=""), to.also.name))
    for notice, name in notices:
        announcer.queue_receipt(session, notice, name, now)
    return [outbox.notice_id(notice) for notice, _ in notices]


def _together(receipts: Sequence[Receipt], rest: str) -> Receipt:
    """Several matters of one mail are answered by one mail."""
    more = len(receipts) - 1
    subject = f"{receipts[0].subject} (and {more} more)" if more else receipts[0].subject
    parts = [*(receipt.text.strip() for receipt in receipts), *filter(None, [rest])]
    return replace(receipts[0], subject=subject, text=BETWEEN.join(parts) + "\n")


def take_back_words(
    session: Session, announcer: Announcer, inverse: Mapping[str, Any], *, by: Person, reason: str, now: datetime
) -> int:
    """What was said and has not gone is not said; whoever has read it is told. Returns how many are told.

    A receipt of several matters (`shared`) goes all the same, with the correction after it.
    """
    shared = session.scalars(select(OutboxRow).where(OutboxRow.id.in_(inverse.get("shared", ()))))
    goes = [row for row in shared if row.state in (*UNSENT, *inverses.MAY_HAVE_GONE)]
    gone = [*inverses.unsay(session, inverse.get("notices", ()), by=by), *goes]
    told = [row for row in gone if row.kind != "pmo_reminder"]
    for row in told:
        values: dict[str, object] = {"subject": inverse.get("subject") or row.subject, "by": by.name, "reason": reason}
        subject, text = render(announcer.config.paths.templates, "receipt_undone.txt", values)
        notice = Notice(
            meeting_uid=row.meeting_uid, meeting_revision=row.meeting_revision, clock=row.clock,
            step=f"undone_{row.step}"[:60] + f"_{now:%Y%m%d%H%M%S}", recipient=row.recipient, group=row.group_key,
            kind="correction", subject=subject, text=text, why=f"{by.name} took back what notice {row.id[:8]} said.",
            due_at=now, not_after=now + USEFUL_FOR, in_reply_to=row.in_reply_to,
        )  # fmt: skip
        dial = announcer.config.dial_for("correction", row.group_key)
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=row.recipient_name, released_by=by.name)
    return len(told)
