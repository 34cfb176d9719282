"""General queries: proposed to a mailbox, passed on by the PMO; some are for a person alone (rules §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, members, triage
from bot.clock import LONDON, spoken, spoken_date
from bot.config import Config
from bot.config_queries import ForAPerson
from bot.correspondence import Letter, send
from bot.errors import SecretariatError, UnknownThing
from bot.model import Person
from bot.store.query_tables import QueryRow
from bot.triage import Route
from bot.wording import render

PROPOSED, FOR_A_PERSON, SENT_ON, ANSWERED, WITHDRAWN = "proposed", "for_a_person", "sent_on", "answered", "withdrawn"
OPEN = (PROPOSED, FOR_A_PERSON, SENT_ON)
QUERY = "query"  # the clock of its notices
NO_GROUP = "queries"  # whose dial, where a query names no group
MOST_CHARACTERS = 40_000
NthWorkingDay = Callable[[date, int], date]
"""The working day so many working days after a day."""


@dataclass(frozen=True)
class Asked:
    """A query on its way into the ledger. `source_key` is unique to the message that it came by.

    `by` is None where nobody on file wrote from `address`; `group` is the key of the group it was asked about.
    """

    text: str
    came_by: str  # slack | mail | command
    source_key: str
    by: Person | None = None
    address: str = ""
    group: str | None = None


def ask(
    session: Session, config: Config, asked: Asked, now: datetime, *, nth_working_day: NthWorkingDay
) -> tuple[QueryRow, bool]:
    """Record a query with its proposed route. Returns (row, whether it is new): the same message is the same query.

    What no machine answers is given a due date, and the PMO lead is told at once. Raises SecretariatError for no text,
    or too much.
    """
    known = session.scalars(select(QueryRow).where(QueryRow.source_key == asked.source_key)).first()
    if known:
        return known, False
    _refuse_unusable(asked)
    today = now.astimezone(LONDON).date()
    seats = members.holdings(session, today, person_id=asked.by.id) if asked.by else []
    address = asked.address or (asked.by.email if asked.by else None) or ""
    kind = triage.kind_for_a_person(asked.text, config, address=address, seats=seats)
    own = next((seat for seat in seats if seat.group), None)
    found = triage.route(asked.text, config, on=today, asked_by_seat=own, group=asked.group)
    row = _new(session, asked, found, now)
    row.address = address
    if kind:
        due_on = nth_working_day(today, config.not_for_a_machine.days_for(kind))
        row.state, row.for_a_person, row.due_on = FOR_A_PERSON, kind.reason, due_on
    session.flush()
    audit.record(
        session, now, asker_of(session, row), "query asked", row.reference, mailbox=row.mailbox, group=row.group_key,
        by=row.came_by, state=row.state,
    )  # fmt: skip
    if kind:
        _tell_the_lead(session, config, row, kind, now)
    elif row.came_by != "mail":  # what came by mail stands in the mailbox already
        _tell_the_pmo(session, config, row, now)
    return row, True


def _refuse_unusable(asked: Asked) -> None:
    if not triage.plain(asked.text):
        raise SecretariatError("The query says nothing yet.", hint="Write what you would like to know.")
    if len(asked.text) > MOST_CHARACTERS:
        raise SecretariatError(
            f"The query is {len(asked.text)} characters long; {MOST_CHARACTERS} are taken.", hint="Shorten it."
        )


def _new(session: Session, asked: Asked, found: Route, now: datetime) -> QueryRow:
    number = (session.scalar(select(func.max(QueryRow.number))) or 0) + 1
    row = QueryRow(
        reference=f"Q-{number:03d}", number=number, source_key=asked.source_key, came_by=asked.came_by, asked_at=now,
        person_id=asked.by.id if asked.by else None, text=asked.text, mailbox=found.mailbox,
        group_key=found.group or "", because=found.because, is_uncertain=found.is_uncertain,
        is_escalation=found.is_escalation, state=PROPOSED,
    )  # fmt: skip
    session.add(row)
    return row


def send_on(
    session: Session, config: Config, row: QueryRow, *, by: Person, now: datetime, mailbox: str | None = None
) -> str:
    """Pass a query on, on a PMO person's word, with the asker's words; returns the mailbox's address.

    To the one proposed, unless another is named. The asker hears where it went, unless a person alone answers them.
    Raises SecretariatError where it is closed, is there already, or there is no such mailbox.
    """
    key, of_a_person = mailbox or row.mailbox, bool(row.for_a_person)
    address = _mailbox_named(config, key)
    _refuse_closed(row)
    if row.sent_to == key:
        raise SecretariatError(f"{row.reference} went to {address} already.", hint="Name another mailbox with --to.")
    row.state, row.sent_to = SENT_ON, key
    values = _values(session, config, row)
    why = f"{by.name} passed {row.reference} on to {address}."
    group = row.group_key or NO_GROUP
    letter = Letter(row.reference, QUERY, f"sent_on_{key}", "query_sent_on.txt", values, group, "query", why)
    send(session, config, letter, [address], now, released_by=by.name)
    asker = members.by_id(session, row.person_id) if row.person_id else None
    if asker and not of_a_person:
        told = Letter(
            row.reference, QUERY, f"told_{key}", "receipt_query_sent_on.txt", values, group, "receipt", why
        )  # fmt: skip
        send(session, config, told, [asker], now)
    audit.record(session, now, by.name, "query sent on", row.reference, to=key)
    return address


def answered(session: Session, row: QueryRow, *, by: Person, now: datetime) -> None:
    """A person of the PMO says that the asker has an answer. Raises SecretariatError where it is closed already."""
    _close(session, row, ANSWERED, by, now)


def withdraw(session: Session, row: QueryRow, *, by: Person, now: datetime) -> None:
    """The query is asked no more. Raises SecretariatError where it is closed already."""
    _close(session, row, WITHDRAWN, by, now)


def _close(session: Session, row: QueryRow, state: str, by: Person, now: datetime) -> None:
    _refuse_closed(row)
    row.state = state
    audit.record(session, now, by.name, f"query {state}", row.reference)


def _refuse_closed(row: QueryRow) -> None:
    if row.state not in OPEN:
        raise SecretariatError(f"{row.reference} is {row.state} already.", hint="Ask it anew, if it is not settled.")


def _mailbox_named(config: Config, key: str) -> str:
    found = config.mailboxes.get(key)
    if found is None:
        raise UnknownThing(f"There is no mailbox {key}.", hint=f"Mailboxes: {', '.join(config.mailboxes)}.")
    return found.address


def named(session: Session, reference: str) -> QueryRow:
    """The query of that reference. Raises UnknownThing."""
    row = session.get(QueryRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no query {reference}.", hint="See: secretariat queries list")
    return row


def on_file(session: Session, *, closed: bool = False) -> list[QueryRow]:
    """The queries that nobody has answered yet, what is due first; with `closed`, all in order of arrival."""
    query = select(QueryRow)
    if closed:
        return list(session.scalars(query.order_by(QueryRow.number)))
    rows = session.scalars(query.where(QueryRow.state.in_(OPEN)))
    return sorted(rows, key=lambda row: (row.due_on or date.max, row.number))


def receipt_text(session: Session, config: Config, row: QueryRow) -> tuple[str, str] | None:
    """(subject, text) of what the asker is answered at once; None where a person alone answers."""
    if row.for_a_person:
        return None
    return render(config.paths.templates, "receipt_query.txt", _values(session, config, row))


def answer_text(session: Session, config: Config, row: QueryRow) -> str:
    """What whoever asks is answered on the spot: the receipt, or that a person alone answers, and by when."""
    receipt = receipt_text(session, config, row)
    if receipt:
        return receipt[1].rstrip()
    due = spoken_date(row.due_on) if row.due_on else "no set day"
    return (
        f"{row.reference} is answered by a person: {row.for_a_person}.\n"
        f"The PMO lead has been told; an answer is due by {due}. Nothing is answered by itself."
    )


def asker_of(session: Session, row: QueryRow) -> str:
    """Who asks: the name on file, else the address."""
    person = members.by_id(session, row.person_id) if row.person_id else None
    return person.name if person else row.address or "somebody not on file"


def _tell_the_lead(session: Session, config: Config, row: QueryRow, kind: ForAPerson, now: datetime) -> None:
    lead = members.recipients(members.holdings(session, now.astimezone(LONDON).date()), "pmo_lead")
    why = f"{kind.reason}: no machine answers it ({kind.on_the_word_of})."
    values = _values(session, config, row)
    group = row.group_key or NO_GROUP
    letter = Letter(row.reference, QUERY, "for_a_person", "query_for_a_person.txt", values, group, "pmo_reminder", why)
    send(session, config, letter, lead, now)


def _tell_the_pmo(session: Session, config: Config, row: QueryRow, now: datetime) -> None:
    values, group, why = _values(session, config, row), row.group_key or NO_GROUP, f"{row.reference} was asked."
    letter = Letter(row.reference, QUERY, "asked", "query_to_pass_on.txt", values, group, "pmo_reminder", why)
    send(session, config, letter, [config.mailboxes[config.mail.mailbox].address], now)


def _values(session: Session, config: Config, row: QueryRow) -> dict[str, object]:
    """What the texts about a query are filled with."""
    person = members.by_id(session, row.person_id) if row.person_id else None
    goes_to = config.mailboxes.get(row.sent_to or row.mailbox)
    return {
        "reference": row.reference,
        "asker": asker_of(session, row),
        "organisation": person.organisation if person else "",
        "address": row.address,
        "asked_at": spoken(row.asked_at),
        "text": row.text,
        "mailbox": goes_to.address if goes_to else row.sent_to or row.mailbox,
        "group": row.group_key,
        "because": row.because,
        "came_by": row.came_by,
        "is_uncertain": row.is_uncertain,
        "is_escalation": row.is_escalation,
        "for_a_person": row.for_a_person,
        "due_on": spoken_date(row.due_on) if row.due_on else "",
    }
