"""A mail room for tests: a message comes, is found to be what the test says, and is worked as in life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import cached_property
from typing import Any

from sqlalchemy import select

from bot import members
from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.model import Person
from bot.ports import MailContent
from bot.store.columns import Table
from bot.store.database import Database
from bot.store.mail_tables import InboxRow, MailProposalRow
from bot.store.outbox_tables import OutboxRow
from handlers.mail import decisions
from handlers.mail.decisions import Decider
from handlers.mail.findings import Finding, What
from handlers.mail.working import MailWorker, Outcome
from schedules.announcements import Announcer
from schedules.series import Calendar

HARRIET, MAGNUS, PMO, LEAD = "Harriet Bassington", "Magnus Eskdale", "Tobias Wrenfield", "Rosalind Achterberg"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)  # requests to the report of PSG on 7 February close on the 28th, 17:00
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)
PSG, MARCH = date(2024, 2, 7), date(2024, 3, 6)


def found(what: What, *, certain: bool = True, **values: Any) -> Finding:
    """A finding as understanding gives it."""
    return Finding(what, "It says so.", certain=certain, **{"words": "As it was written.", **values})


AMENDMENT = found(What.AMENDMENT, group="PSG", on=PSG, line="D-01", proposed_text="subject to the report")


@dataclass
class MailRoom:
    """A mailbox worked at one instant, which a test may set anew."""

    database: Database
    config: Config
    files: ContentFolder
    now: datetime = NOW
    trust: str = "folder"
    came_so_far: int = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @cached_property
    def calendar(self) -> Calendar:
        """Made once: nothing that these tests set changes it."""
        return Calendar(self.config)

    @property
    def announcer(self) -> Announcer:
        """With the mailbox's trust as set."""
        mailbox = self.config.mailboxes["pmo"].model_copy(update={"trust": self.trust})
        config = self.config.model_copy(update={"mailboxes": self.config.mailboxes | {"pmo": mailbox}})
        return Announcer(config, self.calendar, lambda: "http://127.0.0.1:8765", self.files)

    def came(
        self, *findings: Finding, sender: str = HARRIET, files: Iterable[tuple[str, bytes]] = (), **headers: str
    ) -> str:
        """A message comes from a person (or an address) and is worked. Returns its id."""
        self.came_so_far += 1
        address = sender if "@" in sender else f"{sender.lower().replace(' ', '.')}@example.org"
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{sender} <{address}>", "pmo@mhhsprogramme.co.uk", "A matter"
        mail["Message-ID"] = f"<m{self.came_so_far}@example.org>"
        for name, value in headers.items():
            if value:
                mail[name.replace("_", "-")] = value
        mail.set_content("As it was written.")
        for name, content in files:
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        return self.work(mail.as_bytes(), findings)

    def wrote(self, subject: str, body: str, *, sender: str = HARRIET) -> str:
        """A message comes and is understood as in life. Returns its id."""
        self.came_so_far += 1
        address = sender if "@" in sender else f"{sender.lower().replace(' ', '.')}@example.org"
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{sender} <{address}>", "pmo@mhhsprogramme.co.uk", subject
        mail["Message-ID"] = f"<m{self.came_so_far}@example.org>"
        mail.set_content(body)
        return self.work(mail.as_bytes(), None)

    def work(self, mime: bytes, findings: Sequence[Finding] | None) -> str:
        """Record a message, and work it as what the findings say; without any, as what it is understood to be."""
        worker = MailWorker(self.announcer)
        if findings is not None:
            worker = MailWorker(self.announcer, find=lambda mail, known: list(findings))
        at = self.now + timedelta(microseconds=self.came_so_far)
        with self.database.session() as session:
            row = InboxRow(
                id=f"message-{self.came_so_far}", mailbox="pmo", service_id=str(self.came_so_far), file_name="one.eml",
                received_at=at, arrived_at=at, state="arrived", content_sha256=self.files.put(mime),
            )  # fmt: skip
            session.add(row)
            session.flush()
            outcome = worker.work(session, row, MailContent(mime), "pmo", at)
            row.state, row.finding, row.reason = outcome.state, str(outcome.finding), outcome.reason
            self.outcomes[row.id] = outcome
        return f"message-{self.came_so_far}"

    def message(self, key: str) -> InboxRow:
        with self.database.reading() as session:
            return session.get_one(InboxRow, key)

    def proposals(self, key: str = "") -> list[MailProposalRow]:
        """All of them, or those of one message, in the order made."""
        query = select(MailProposalRow).order_by(MailProposalRow.number)
        with self.database.reading() as session:
            return list(session.scalars(query.where(MailProposalRow.inbox_id == key) if key else query))

    def rows(self, table: type[Table]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(table)))

    def said(self, kind: str = "receipt") -> list[OutboxRow]:
        """The notices of a kind, in the order written."""
        return [row for row in self.rows(OutboxRow) if row.kind == kind]

    def person(self, name: str) -> Person:
        with self.database.reading() as session:
            return members.named(session, name)

    @contextmanager
    def deciding(self, by: str = PMO) -> Any:
        """Somebody of the PMO at work, a minute later each time."""
        self.now += timedelta(minutes=1)
        with self.database.session() as session:
            yield Decider(session, self.announcer, members.named(session, by), self.now)

    def accept(self, reference: str, **changes: str) -> str:
        with self.deciding() as decider:
            return decisions.accept(decider, decider.session.get_one(MailProposalRow, reference), changes)

    def reject(self, reference: str, reason: str = "") -> str:
        with self.deciding() as decider:
            return decisions.reject(decider, decider.session.get_one(MailProposalRow, reference), reason)

    def undo(self, reference: str, reason: str = "") -> str:
        with self.deciding() as decider:
            return decisions.take_back(decider, decider.session.get_one(MailProposalRow, reference), reason)
