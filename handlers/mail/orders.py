"""What is to be done about one matter of a mail, and what came of it. Values, and the way they are kept in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import access
from bot.amendment_life import Kind
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing
from bot.mail_proposals import Proposed
from bot.model import Meeting, Person
from bot.store.mail_tables import InboxRow
from bot.wording import render
from handlers.mail.attachments import Standing
from handlers.mail.findings import Finding, What
from handlers.mail.reading import read_mail
from schedules.announcements import Announcer
from schedules.finding import find_meeting

SEND_ON, ANSWERED, PUT_TO_CHAIR = "send_on", "answered", "put_to_chair"
NEXT_STEPS = (SEND_ON, ANSWERED, PUT_TO_CHAIR)  # what is proposed once something was entered


@dataclass(frozen=True)
class Order:
    """One thing to be done. `person` is in whose name, `writer` who wrote (an assistant may write for another).

    `by` is who of the PMO decided it; None where the machine does it by itself. `attempt` counts how often it was done
    and undone; `reference` is what a following action is about, `mailbox` where it goes.
    """

    action: str
    finding: Finding
    message: InboxRow
    now: datetime
    person: Person | None = None
    writer: Person | None = None
    by: Person | None = None
    attempt: int = 0
    reference: str = ""
    mailbox: str = ""

    @property
    def key(self) -> str:
        """The message's own key in every ledger: the same message never leads to the same thing twice."""
        key = self.message.message_id or self.message.id
        return f"{key}~{self.attempt}" if self.attempt else key

    @property
    def part_key(self) -> str:
        """The key of one matter: that of the first is the message's own."""
        return self.key if self.finding.part == 1 else f"{self.key}#{self.finding.part}"

    @property
    def whose(self) -> Person:
        """In whose name it is done. Raises UnknownThing where nobody on file is."""
        if self.person is None:
            raise UnknownThing(
                f"{self.message.sender or 'The sender'} is nobody on file.",
                hint="Put them on file (secretariat members import), or say in whose name: --person NAME.",
            )
        return self.person

    @property
    def on_the_word_of(self) -> Person:
        """Who says so: of the PMO where a person decided, else who wrote."""
        return self.by or self.writer or self.whose


@dataclass(frozen=True)
class Receipt:
    """What whoever wrote is told. `group` is whose dial it is under."""

    subject: str
    text: str
    group: str
    meeting: Meeting | None = None


@dataclass(frozen=True)
class Done:
    """What came of it: what it led to, in a sentence, what undoing it needs, what is said of it, what may follow."""

    led_to: str
    said: str
    inverse: Mapping[str, Any] = field(default_factory=dict)
    receipt: Receipt | None = None
    follows: tuple[Proposed, ...] = ()


@dataclass(frozen=True)
class Work:
    """What an order is done with."""

    session: Session
    announcer: Announcer

    def meeting_of(self, finding: Finding) -> Meeting:
        """The meeting that is meant. Raises UnknownThing where none is named, or there is no such meeting."""
        if finding.group is None or finding.on is None:
            raise UnknownThing("It does not say which meeting it is about.", hint="Say it: --group GROUP --date DATE.")
        return find_meeting(self.session, self.announcer.calendar, finding.group, finding.on)

    def may_hear(self, person: Person | None, meeting: Meeting, now: datetime) -> bool:
        """Whether somebody may be told of that meeting's report: nobody learns of a group that is closed to them."""
        today = now.astimezone(LONDON).date()
        config = self.announcer.config
        return access.may_see(self.session, config, person, access.Kind.REPORT, meeting, today).allowed

    def kept_file(self, message: InboxRow, name: str) -> str:
        """A file of a message, kept by itself: "sha256:name". Raises SecretariatError where it may not be taken."""
        files = self.announcer.files
        if files is None or not message.content_sha256:
            return ""
        mail = read_mail(files.path(message.content_sha256).read_bytes())
        found = next((file for file in mail.files if file.name == name), None)
        if found is None or found.standing is not Standing.TAKEN:
            raise SecretariatError(found.why if found else f"No file {name} came.", hint="See the message itself.")
        return f"{files.put(found.content)}:{found.name}"

    def receipt(self, template: str, values: Mapping[str, object], meeting: Meeting) -> Receipt:
        """The receipt of that text."""
        subject, text = render(self.announcer.config.paths.templates, template, dict(values))
        return Receipt(subject, text, meeting.group, meeting)


def as_values(order: Order) -> dict[str, Any]:
    """An order as a proposal keeps it."""
    values = {name: value for name, value in asdict(order.finding).items() if value not in ("", None, ())}
    values |= {name: value.isoformat() for name, value in values.items() if isinstance(value, date)}
    values |= {"what": order.finding.what.value, "nature": order.finding.nature.value}
    more = {"writer": order.writer.id if order.writer else "", "reference": order.reference, "mailbox": order.mailbox}
    return values | {name: value for name, value in more.items() if value}


def finding_of(values: Mapping[str, Any]) -> Finding:
    """The finding that a proposal keeps."""
    known = {name: values[name] for name in Finding.__dataclass_fields__ if name in values}
    for name in ("on", "due_on"):
        if name in known:
            known[name] = date.fromisoformat(known[name])
    known |= {"what": What(known["what"]), "nature": Kind(known["nature"]), "files": tuple(known.get("files", ()))}
    return Finding(**known)


def next_step(order: Order, action: str, summary: str, reason: str, *, reference: str, mailbox: str = "") -> Proposed:
    """A next step, once something was entered, that is the PMO's to take."""
    values = as_values(replace(order, reference=reference, mailbox=mailbox))
    person_id = order.person.id if order.person else None
    waits_for = "The PMO's word is needed."
    return Proposed(order.message.id, action, summary, reason, order.finding.part, waits_for, person_id, values=values)
