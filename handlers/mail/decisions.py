"""A person's word on what a mail is taken to ask for: accept, change, reject, undo. The same for page and command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import mail_proposals, members
from bot.amendment_life import Kind
from bot.errors import SecretariatError
from bot.mail_proposals import ACTED, Settled, State
from bot.model import Person
from bot.store.mail_tables import InboxRow, MailProposalRow
from handlers.mail.acting import act, undo
from handlers.mail.answering import Recipient, answer, queued_at, take_back_words
from handlers.mail.findings import What
from handlers.mail.orders import NEXT_STEPS, Done, Order, Work, as_values, finding_of
from handlers.mail.summaries import summary_of
from schedules.announcements import Announcer
from schedules.finding import day_named, known_group

TEXTS = {"line": "line", "text": "proposed_text", "grounds": "grounds", "who": "who", "state": "state"}
FIELDS = {"group": "group", "date": "on", "nature": "nature", **TEXTS}  # what a person changes, and how it is kept
CHANGEABLE = ("what", "person", "mailbox", *FIELDS)


@dataclass(frozen=True)
class Decider:
    """Who of the PMO decides, when, and with what."""

    session: Session
    announcer: Announcer
    by: Person
    now: datetime


def accept(decider: Decider, row: MailProposalRow, changes: Mapping[str, str] | None = None) -> str:
    """Have it done as proposed, or with `changes` (of CHANGEABLE). Returns what was done, in a sentence.

    Raises SecretariatError where a value cannot be, or it cannot be done: then nothing is.
    """
    session, now = decider.session, decider.now
    to = State.CHANGED if changes else State.ACCEPTED
    mail_proposals.refuse_move(row, to)
    order = _changed(decider, order_of(session, row, by=decider.by, now=now), changes or {})
    before = queued_at(session, now)
    with session.begin_nested():
        done = act(Work(session, decider.announcer), order)
    _keep(decider, row, order)
    notices = sorted(queued_at(session, now) - before)
    receipts = answer(session, decider.announcer, order.message, [done], _recipient(row, order), now)
    inverse = {
        **done.inverse,
        "notices": [*notices, *receipts],
        "subject": done.receipt.subject if done.receipt else "",
    }
    settled = Settled(to, done.said, done.led_to, inverse)
    mail_proposals.settle(session, row, settled, by=decider.by.name, now=now)
    _follow(session, done, now)
    settle_message(session, order.message, done.said)
    return done.said


def _follow(session: Session, done: Done, now: datetime) -> None:
    for proposed in done.follows:
        mail_proposals.propose(session, proposed, now)


def reject(decider: Decider, row: MailProposalRow, reason: str) -> str:
    """Nothing is done, for that reason."""
    mail_proposals.settle(decider.session, row, Settled(State.REJECTED, reason), by=decider.by.name, now=decider.now)
    message = decider.session.get_one(InboxRow, row.inbox_id)
    said = f"{decider.by.name} rejected {row.reference}{f': {reason}' if reason else ''}."
    settle_message(decider.session, message, said)
    return said


def take_back(decider: Decider, row: MailProposalRow, reason: str = "") -> str:
    """Undo what was done, by its own inverse; a rejection is undone by waiting again. Raises SecretariatError."""
    session = decider.session
    if row.state == State.REJECTED:
        mail_proposals.settle(session, row, Settled(State.WAITING, reason), by=decider.by.name, now=decider.now)
        session.get_one(InboxRow, row.inbox_id).state = "needs_a_person"
        return f"{row.reference} waits again."
    mail_proposals.refuse_move(row, State.UNDONE)
    _refuse_with_followers(session, row)
    with session.begin_nested():
        undo(Work(session, decider.announcer), row.action, row.inverse, by=decider.by, now=decider.now)
    told = take_back_words(session, decider.announcer, row.inverse, by=decider.by, reason=reason, now=decider.now)
    mail_proposals.settle(session, row, Settled(State.UNDONE, reason), by=decider.by.name, now=decider.now)
    also = f" {told} who had been told otherwise {'is' if told == 1 else 'are'} told." if told else ""
    return f"{row.reference} is undone{f' ({row.led_to})' if row.led_to else ''}.{also}"


def _refuse_with_followers(session: Session, row: MailProposalRow) -> None:
    """What rests on it goes first: a step that waits falls away with it, one that was taken is undone by itself."""
    for other in mail_proposals.of_message(session, row.inbox_id):
        if other.values.get("reference") != row.led_to or not row.led_to or other is row:
            continue
        if other.state in ACTED:
            raise SecretariatError(f"{other.reference} rests on it.", hint=f"Undo {other.reference} first.")
        if other.state == State.WAITING:
            other.state, other.note = State.REJECTED.value, f"{row.reference} was undone"


def settle_message(session: Session, message: InboxRow, said: str) -> None:
    """A message is done with once nothing of it waits; the mailbox's next round moves it."""
    waits = any(row.state == State.WAITING for row in mail_proposals.of_message(session, message.id))
    message.state = "needs_a_person" if waits else "done"
    message.reason = said


def order_of(session: Session, row: MailProposalRow, *, by: Person | None, now: datetime) -> Order:
    """The order that a proposal keeps."""
    values = row.values
    person = members.by_id(session, row.person_id) if row.person_id else None
    writer = members.by_id(session, values["writer"]) if values.get("writer") else None
    return Order(
        row.action, finding_of(values), session.get_one(InboxRow, row.inbox_id), now, person, writer, by,
        attempt=row.times_done, reference=values.get("reference", ""), mailbox=values.get("mailbox", ""),
    )  # fmt: skip


def _changed(decider: Decider, order: Order, changes: Mapping[str, str]) -> Order:
    """The order with other values. Raises SecretariatError for a value that cannot be."""
    unknown = sorted(set(changes) - {*CHANGEABLE})
    if unknown:
        raise SecretariatError(f"{', '.join(unknown)} cannot be changed.", hint=f"What can: {', '.join(CHANGEABLE)}.")
    if not changes:
        return order
    values = as_values(order) | {TEXTS[name]: text for name, text in changes.items() if name in TEXTS}
    if "group" in changes:
        values["group"] = known_group(decider.announcer.config, changes["group"])
    if "date" in changes:
        values["on"] = day_named(changes["date"]).isoformat()
    for name, kinds in (("what", What), ("nature", Kind)):
        if name in changes:
            values[name] = _one_of([kind.value for kind in kinds], changes[name])
    person = members.named(decider.session, changes["person"]) if "person" in changes else order.person
    finding = finding_of({name: value for name, value in values.items() if value != ""})
    action = finding.what.value if "what" in changes else order.action
    mailbox = changes.get("mailbox", order.mailbox)
    return replace(order, finding=finding, action=action, person=person, mailbox=mailbox)


def _one_of(kinds: Sequence[str], text: str) -> str:
    kind = text.strip().lower()
    if kind not in kinds:
        raise SecretariatError(f"{text} is none of the kinds.", hint=f"One of: {', '.join(kinds)}.")
    return kind


def _keep(decider: Decider, row: MailProposalRow, order: Order) -> None:
    """The proposal as it was decided."""
    if order.action != row.action:
        others = mail_proposals.of_message(decider.session, row.inbox_id)
        taken = [other.part for other in others if other.action == order.action and other is not row]
        row.part = max(taken) + 1 if row.part in taken else row.part
        row.action = order.action
    if as_values(order) != row.values:
        row.values = as_values(order)
        if order.action not in NEXT_STEPS:
            row.summary = summary_of(order.finding, order.person, order.message.sender)
    row.person_id = order.person.id if order.person else None


def _recipient(row: MailProposalRow, order: Order) -> Recipient:
    """The address that wrote, where it could be verified when it came; no forged one is answered."""
    writer = order.writer or order.person
    also = order.person if order.writer and order.person and order.writer.id != order.person.id else None
    return Recipient(row.answer_to, writer.name if writer else row.answer_to, also)
