"""The door for mail: every message is recorded first, then acted on, then moved to the folder of its named state."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, bounces, members
from bot.amendments import RequestText
from bot.clock import Clock
from bot.config import Mailbox
from bot.errors import SecretariatError, UnknownThing, UnreadableMessage
from bot.model import Person
from bot.ports import ContentFiles
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from handlers.mail.bounces import bounces_in
from handlers.mail.replies import meet_by_reply
from handlers.mail.understanding import ReadMail, asks_for_amendment, find_request, read_mail
from handlers.requests import enter_request
from schedules.announcements import Announcer
from schedules.sending_words import mail_bounced

log = structlog.get_logger()
FOLDERS = {"done": "done", "needs_a_person": "needs-a-person", "ignored": "ignored"}
SUFFIX = ".eml"


@dataclass(frozen=True)
class Finding:
    """What became of a message: its named state, what it is, why, and what it led to."""

    state: str  # done | needs_a_person | ignored
    kind: str
    reason: str
    own_words: str = ""
    led_to: str = ""


@dataclass
class MailFolderInbox:
    """Works a local mailbox folder as a queue: .eml files dropped into it, or into its `inbox`. Nothing is deleted."""

    root: Path
    mailbox: Mailbox
    database: Database
    files: ContentFiles
    announcer: Announcer
    clock: Clock
    _sizes: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def take_in_one(self) -> bool:
        """Record, act on and move one message. Returns False where none waits. Safe to kill between any two steps."""
        for folder in (self.root, self.root / "inbox", self.root / "inbox" / "new"):
            for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
                if path.is_file() and self._stands_still(path):
                    self._take_in(path)
                    return True
        return False

    def _stands_still(self, path: Path) -> bool:
        stat = path.stat()
        now, before = (stat.st_size, stat.st_mtime_ns), self._sizes.get(path)
        self._sizes[path] = now
        return before == now

    def _take_in(self, path: Path) -> None:
        raw = path.read_bytes()
        self.files.put(raw)
        digest = sha256(raw).hexdigest()
        with self.database.session() as session:
            if session.get(InboxRow, digest) is None:
                row = InboxRow(id=digest, file_name=path.name[:255], arrived_at=self.clock.now(), state="arrived")
                session.add(row)
        state = self._act_or_park(digest, raw)
        target = self.root / FOLDERS[state]
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / f"{path.stem[:80]}-{digest[:8]}{SUFFIX}")

    def _act_or_park(self, digest: str, raw: bytes) -> str:
        """A message that nobody foresaw must not hold up those behind it: it is put before a person."""
        try:
            return self._act(digest, raw)
        except SecretariatError:
            raise  # the disk, a lock: the same message again at the next tick
        except Exception:
            problem = secrets.token_hex(4)
            log.exception("A mail could not be worked and was put before a person", problem=problem)
            with self.database.session() as session:
                row = session.get_one(InboxRow, digest)
                row.state, row.finding = "needs_a_person", "our_fault"
                row.reason = f"Something went wrong here while it was read (problem {problem}); it is kept as it came."
            return "needs_a_person"

    def _act(self, digest: str, raw: bytes) -> str:
        """Decide and do, in one transaction; a message acted on before a kill keeps the state that it was given."""
        with self.database.session() as session:
            row = session.get_one(InboxRow, digest)
            if row.state != "arrived":
                return row.state
            now = self.clock.now()
            finding = self._finding(session, row, raw, now)
            row.state, row.finding, row.reason = finding.state, finding.kind, finding.reason
            row.own_words, row.led_to = finding.own_words, finding.led_to
            audit.record(
                session, now, row.sender or "unknown sender", "mail received", row.subject[:200] or row.file_name,
                state=row.state, finding=row.finding, led_to=row.led_to,
            )  # fmt: skip
        log.info("A mail was read", subject=row.subject, state=finding.state, reason=finding.reason)
        return finding.state

    def _finding(self, session: Session, row: InboxRow, raw: bytes, now: datetime) -> Finding:
        try:
            mail = read_mail(raw)
        except UnreadableMessage as error:
            return Finding("needs_a_person", "unreadable", str(error))
        row.sender, row.subject, row.message_id = mail.sender[:254], mail.subject, mail.message_id[:250]
        return replace(self._understood(session, row, mail, raw, now), own_words=mail.own_words)

    def _understood(self, session: Session, row: InboxRow, mail: ReadMail, raw: bytes, now: datetime) -> Finding:
        settled = self._came_back(session, raw, now) or self._not_to_be_answered(session, row, mail)
        if settled:
            return settled
        person = members.by_email(session, mail.sender)
        if person is None:
            return Finding("needs_a_person", "unknown_sender", f"{mail.sender} is nobody on file; no receipt was sent.")
        met = meet_by_reply(session, mail, person, self.announcer.config.programme.domain, now)
        if met:
            return Finding("done", "obligation_met", f"{person.name} says that it is done: {met}.", led_to=met[:60])
        request = find_request(mail, self.announcer.config.groups)
        if request is None or not asks_for_amendment(mail, request):
            return Finding("needs_a_person", "unclear", "It names no report together with a change that is asked for.")
        try:
            return self._amendment(session, row, mail, request, person, now)
        except SecretariatError as error:
            kind = "unknown_meeting" if isinstance(error, UnknownThing) else "refused"
            return Finding("needs_a_person", kind, str(error))

    def _came_back(self, session: Session, raw: bytes, now: datetime) -> Finding | None:
        """A mail of ours that a mail server could not deliver: its address is marked, and the PMO told."""
        said = []
        for bounce in bounces_in(raw):
            notice = bounces.came_back(session, bounce.notice_id, bounce.address, bounce.reason, now)
            if notice:
                mail_bounced(self.announcer, session, notice, bounce.address, bounce.reason, now)
                said.append(f"{notice.subject} to {bounce.address}: {bounce.reason}")
        return Finding("done", "bounce", f"A mail of ours came back: {'; '.join(said)}") if said else None

    def _not_to_be_answered(self, session: Session, row: InboxRow, mail: ReadMail) -> Finding | None:
        if mail.automatic:
            return Finding("ignored", "automatic", f"Automatic mail, so it is not answered: {mail.automatic}.")
        if self._seen_before(session, row):
            return Finding("ignored", "seen_before", f"The message {mail.message_id} has been read before.")
        distrust = self._distrust(mail)
        return Finding("needs_a_person", "unverified_sender", distrust) if distrust else None

    def _distrust(self, mail: ReadMail) -> str:
        if mail.authentication == "fail":
            return f"The mail server could not verify that it comes from {mail.sender}, so no receipt was sent."
        if mail.authentication == "absent" and self.mailbox.trust == "required":
            return "The mail server says nothing of who sent it, and this mailbox requires that (`trust: required`)."
        return ""

    def _seen_before(self, session: Session, row: InboxRow) -> bool:
        """The same Message-ID in another file: a copy, or the same mail fetched twice."""
        if not row.message_id:
            return False
        query = select(InboxRow.id).where(InboxRow.message_id == row.message_id, InboxRow.id != row.id)
        return session.scalars(query.where(InboxRow.state != "arrived")).first() is not None

    def _amendment(
        self, session: Session, row: InboxRow, mail: ReadMail, request: RequestText, person: Person, now: datetime
    ) -> Finding:
        key = mail.message_id or row.id
        ledger, meeting = enter_request(
            session, self.announcer, request, person, came_by="mail", source_key=key, now=now
        )
        notice = self.announcer.receipt(session, ledger, meeting, to=mail.sender, message_id=mail.message_id)
        self.announcer.queue_receipt(session, notice, person.name, now)
        reason = f"An amendment request from {person.name}, recorded as {ledger.reference} ({ledger.state})."
        return Finding("done", "amendment_request", reason, led_to=ledger.reference)
