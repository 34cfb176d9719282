"""Queries that come by mail: logged with where they may belong, passed on by a person, and taken back (rules §7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot import inverses, queries
from bot.clock import spoken_date
from bot.errors import SecretariatError
from bot.model import Person
from bot.queries import Asked
from handlers.mail.orders import ANSWERED, SEND_ON, Done, Order, Receipt, Work, next_step


def ask(work: Work, order: Order) -> Done:
    """Log a query, and propose where it belongs. What is for a person alone has a due date; the PMO lead is told."""
    session, announcer, finding = work.session, work.announcer, order.finding
    asked = Asked(
        finding.words or order.message.own_words or order.message.subject, "mail", f"mail:{order.part_key}",
        by=order.person, address=order.message.sender, group=finding.group,
    )  # fmt: skip
    nth = announcer.calendar.closed.nth_from
    row, is_new = queries.ask(session, announcer.config, asked, order.now, nth_working_day=nth)
    inverse = {"query": row.reference} if is_new else {}
    if row.for_a_person:
        due = spoken_date(row.due_on) if row.due_on else "no set day"
        said = f"{row.reference} is for a person: {row.for_a_person}. An answer is due by {due}; the PMO lead was told."
        step = next_step(
            order,
            ANSWERED,
            f"Mark {row.reference} as answered.",
            f"A person answers it by {due}.",
            reference=row.reference,
        )
        return Done(row.reference, said, inverse, follows=(step,))
    goes_to = announcer.config.mailboxes[row.mailbox].address
    summary = f"Pass {row.reference} on to {goes_to}."
    step = next_step(order, SEND_ON, summary, row.because, reference=row.reference, mailbox=row.mailbox)
    told = queries.receipt_text(session, announcer.config, row)
    receipt = Receipt(*told, row.group_key or queries.NO_GROUP) if told else None
    return Done(row.reference, f"A query, recorded as {row.reference}: {row.because}", inverse, receipt, (step,))


def take_back_query(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The query is withdrawn. Raises SecretariatError where it is closed already."""
    if "query" in inverse:
        queries.withdraw(work.session, queries.named(work.session, inverse["query"]), by=by, now=now)


def send_on(work: Work, order: Order) -> Done:
    """Pass a query on to a mailbox, on the word of a person of the PMO; the asker is told."""
    if order.by is None:
        raise SecretariatError("Only a person passes a query on.", hint="Accept it.")
    row = queries.named(work.session, order.reference)
    address = queries.send_on(
        work.session, work.announcer.config, row, by=order.by, now=order.now, mailbox=order.mailbox or None
    )
    return Done(row.reference, f"{row.reference} is passed on to {address}.", {"sent": row.reference})


def take_back_sending(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The query waits to be passed on again. Raises SecretariatError where it is closed since."""
    inverses.query_not_sent_on(work.session, queries.named(work.session, inverse["sent"]), by=by, now=now)


def answered(work: Work, order: Order) -> Done:
    """A person has answered it."""
    if order.by is None:
        raise SecretariatError("A person answers it.", hint="Accept it once that is done.")
    row = queries.named(work.session, order.reference)
    before = row.state
    queries.answered(work.session, row, by=order.by, now=order.now)
    return Done(row.reference, f"{row.reference} is answered.", {"answered": row.reference, "was": before})


def not_answered(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The query waits for its answer again."""
    row = queries.named(work.session, inverse["answered"])
    inverses.query_not_answered(work.session, row, inverse["was"], by=by, now=now)


def by_hand(work: Work, order: Order) -> Done:
    """A person has seen to it: nothing is a machine's to do."""
    if order.by is None:
        raise SecretariatError(order.finding.reason, hint="A person decides.")
    return Done("", f"{order.by.name} has seen to it.")


def nothing_to_take_back(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """What a person saw to by hand, they take back by hand."""
