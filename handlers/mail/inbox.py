"""The door for mail: every message is recorded first, then worked, then moved to the folder of its named state.

Killed between any two of these, the next step goes on where it stopped, and repeats nothing: what is listed a second
time is on file already, what has a state is not worked again, and what lies in its folder is not moved.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import structlog
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot import audit, mail_proposals
from bot.clock import Clock
from bot.errors import SecretariatError, UnreadableMessage
from bot.mail_proposals import Proposed
from bot.ports import ContentFiles, CursorExpired, MailboxReader, MailContent, MailWaiting
from bot.store.database import Database
from bot.store.mail_tables import InboxRow, MailboxCursorRow
from handlers.mail.findings import Finding, What
from handlers.mail.orders import Order, as_values
from handlers.mail.summaries import summary_of
from handlers.mail.working import MailWorker, Outcome

log = structlog.get_logger()
MOST_BYTES = 40 * 1024 * 1024  # of a message that is read at all
AT_A_LOOK = 200  # messages that are listed and recorded together
LOOKS_TAKE_ONE_OF = 10  # a look that takes long is taken less often: work must go on, too
SHOWN_EVERY = 500  # messages between two lines of progress
ARRIVED, INBOX, ELSEWHERE = "arrived", "inbox", "elsewhere"
STATES = ("done", "needs_a_person", "ignored")
GONE = "gone"
_OUT_OF_PLACE = tuple((place, state) for state in STATES for place in (INBOX, *STATES) if place != state)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class MailInbox:
    """Works the inbox of one mailbox as a queue, the oldest message first. Nothing is deleted.

    `every`: how long after the mailbox was empty it is looked at again; zero for at every step. `rest`: how long it is
    left alone after it failed, where it doesn't say so itself.
    """

    reader: MailboxReader
    worker: MailWorker
    database: Database
    files: ContentFiles
    clock: Clock
    every: timedelta = timedelta(0)
    rest: timedelta = timedelta(0)
    _not_before: datetime = _LONG_AGO
    _look_at: datetime = _LONG_AGO
    _worked: int = 0
    _recorded: int = 0
    _set_aside: set[str] = field(default_factory=set)

    @property
    def mailbox(self) -> str:
        """Its key in the configuration."""
        return self.reader.mailbox

    def take_in_one(self) -> bool:
        """Move, record or work what comes next. Returns False where nothing waits, or the mailbox is given a rest.

        Raises SecretariatError where the mailbox, the disk or the database fails: the same is tried again later.
        """
        now = self.clock.now()
        if now < self._not_before:
            return False
        try:
            return self._move_one() or self._record_some(now) or self._work_one()
        except SecretariatError as error:
            wait = error.evidence.get("retry_after")
            self._not_before = now + (timedelta(seconds=wait) if isinstance(wait, int | float) else self.rest)
            raise

    # ------------------------------------------------------------------------------------------------------- record

    def _record_some(self, now: datetime) -> bool:
        """Put the next messages of the mailbox on file, and how far it has been read, in one transaction."""
        if now < self._look_at:
            return False
        with self.database.reading() as session:
            row = session.get(MailboxCursorRow, self.mailbox)
            cursor = row.cursor if row else ""
        found, following = self._listed(cursor)
        if found or following != cursor:
            with self.database.session() as session:
                self._record(session, found, now)
                session.merge(MailboxCursorRow(mailbox=self.mailbox, cursor=following, read_at=now))
        if not found:
            done = self.clock.now()
            self._look_at = done + (max(self.every, (done - now) * LOOKS_TAKE_ONE_OF) if self.every else self.every)
            self._set_aside.clear()
        elif (self._recorded + len(found)) // SHOWN_EVERY > self._recorded // SHOWN_EVERY:
            log.info("Messages of the mailbox are recorded", mailbox=self.mailbox, recorded=self._recorded + len(found))
        self._recorded += len(found)
        return bool(found)

    def _listed(self, cursor: str) -> tuple[list[MailWaiting], str]:
        try:
            return self.reader.waiting(cursor, at_most=AT_A_LOOK)
        except CursorExpired:
            words = "The mailbox no longer knows how far it was read: it is read from its beginning, nothing done twice"
            log.warning(words, mailbox=self.mailbox)
            return self.reader.waiting("", at_most=AT_A_LOOK)

    def _record(self, session: Session, found: Sequence[MailWaiting], now: datetime) -> None:
        ids = [waiting.id for waiting in found]
        query = select(InboxRow).where(InboxRow.mailbox == self.mailbox, InboxRow.service_id.in_(ids))
        known = {row.service_id: row for row in session.scalars(query)}
        for row in known.values():
            row.lies_in = INBOX  # listed once more: whatever has a state goes to its folder once more
            row.state = ARRIVED if row.finding == GONE else row.state
        for number, waiting in enumerate(waiting for waiting in found if waiting.id not in known):
            row = InboxRow(
                id=sha256(f"{self.mailbox}\n{waiting.id}".encode()).hexdigest(), mailbox=self.mailbox,
                service_id=waiting.id, file_name=_fit(waiting.name), received_at=waiting.received_at or now,
                arrived_at=now + timedelta(microseconds=number), size=waiting.size, state=ARRIVED, lies_in=INBOX,
            )  # fmt: skip  # the microseconds: in the order in which they were listed
            session.add(row)

    # --------------------------------------------------------------------------------------------------------- work

    def _work_one(self) -> bool:
        """Work the oldest message that was recorded. What is said of it, and what is done, is one transaction."""
        with self.database.reading() as session:
            waiting = select(InboxRow).where(self._lying(INBOX, ARRIVED))
            row = session.scalars(self._first(waiting).order_by(InboxRow.received_at, InboxRow.arrived_at)).first()
        if row is None:
            return False
        with self._or_set_aside(row):
            try:
                content = self.reader.content(row.service_id or "", at_most=MOST_BYTES)
            except UnreadableMessage as error:
                self._settle(row.id, Outcome("needs_a_person", What.UNREADABLE, str(error)))
            else:
                self._work_or_park(row.id, content)
        self._worked += 1
        if self._worked % SHOWN_EVERY == 0:
            self._show_progress(row)
        return True

    def _work_or_park(self, key: str, content: MailContent | None) -> None:
        """A message that nobody foresaw must not hold up those behind it: it is put before a person."""
        if content is None:
            reason = "Somebody took it out of the inbox before it was read; whoever did so has it."
            return self._settle(key, Outcome("ignored", GONE, reason), lies_in=ELSEWHERE)
        kept = self.files.put(content.mime)
        try:
            return self._work(key, content, kept)
        except SecretariatError:
            raise  # the disk, a lock: the same message again
        except Exception:
            problem = secrets.token_hex(4)
            log.exception("A mail could not be worked and was put before a person", problem=problem)
            reason = f"Something went wrong here while it was read (problem {problem}); it is kept as it came."
            return self._settle(key, Outcome("needs_a_person", "our_fault", reason), kept=kept)

    def _work(self, key: str, content: MailContent, kept: str) -> None:
        """Decide and do, in one transaction; a message that has a state keeps it."""
        with self.database.session() as session:
            row = session.get(InboxRow, key)
            if row is None or row.state != ARRIVED:
                return
            now = self.clock.now()
            row.content_sha256, row.size, row.conversation = kept, len(content.mime), content.conversation[:250]
            twin = self._twin(session, row)
            if twin and twin.mailbox == row.mailbox and twin.lies_in == ELSEWHERE:
                self._put_back(session, twin, row)
                return
            outcome = _copy_of(twin) if twin else self.worker.work(session, row, content, self.mailbox, now)
            self._write(session, row, outcome, now)

    def _twin(self, session: Session, row: InboxRow) -> InboxRow | None:
        """The same message, to the byte, that was worked before: a copy, or the same under another id."""
        same = select(InboxRow).where(InboxRow.content_sha256 == row.content_sha256, InboxRow.id != row.id)
        return session.scalars(same.where(InboxRow.state != ARRIVED).order_by(InboxRow.arrived_at)).first()

    def _put_back(self, session: Session, twin: InboxRow, row: InboxRow) -> None:
        """The mailbox has given it another id meanwhile, or somebody has put it back: it goes to its folder."""
        service_id = row.service_id
        session.delete(row)
        session.flush()
        twin.service_id, twin.lies_in = service_id, INBOX

    def _settle(self, key: str, outcome: Outcome, *, kept: str = "", lies_in: str = INBOX) -> None:
        with self.database.session() as session:
            row = session.get(InboxRow, key)
            if row and row.state == ARRIVED:
                row.content_sha256, row.lies_in = kept or row.content_sha256, lies_in
                self._write(session, row, outcome, now := self.clock.now())
                if outcome.state == "needs_a_person":
                    _propose_to_read_it(session, row, now)

    def _write(self, session: Session, row: InboxRow, outcome: Outcome, now: datetime) -> None:
        row.state, row.finding, row.reason = outcome.state, str(outcome.finding), outcome.reason
        row.own_words, row.cut, row.led_to = outcome.own_words, outcome.cut, outcome.led_to
        audit.record(
            session, now, row.sender or "unknown sender", "mail received", row.subject[:200] or row.file_name,
            mailbox=self.mailbox, state=row.state, finding=row.finding, led_to=row.led_to,
        )  # fmt: skip
        log.info("A mail was read", mailbox=self.mailbox, subject=row.subject, state=row.state, reason=row.reason)

    def _show_progress(self, row: InboxRow) -> None:
        with self.database.reading() as session:
            left = session.scalar(select(func.count()).where(self._lying(INBOX, ARRIVED)))
        words = f"{self._worked} messages worked, {left} wait"
        log.info(words, mailbox=self.mailbox, now_at=f"{row.received_at:%Y-%m-%d}" if row.received_at else "")

    # --------------------------------------------------------------------------------------------------------- move

    def _move_one(self) -> bool:
        """Move one message to the folder of its state; one that somebody has filed elsewhere stays there."""
        with self.database.reading() as session:
            out_of_place = or_(*(self._lying(place, state) for place, state in _OUT_OF_PLACE))
            row = session.scalars(self._first(select(InboxRow).where(out_of_place))).first()
        if row is None:
            return False
        with self._or_set_aside(row):
            moved = self.reader.move(row.service_id or "", row.state)
        with self.database.session() as session:
            kept = session.get_one(InboxRow, row.id)
            kept.lies_in, kept.moved_at = (row.state, self.clock.now()) if moved else (ELSEWHERE, kept.moved_at)
        return True

    def _lying(self, place: str, state: str) -> ColumnElement[bool]:
        """All three with each other, so that the database looks them up instead of going through all messages."""
        return and_(InboxRow.mailbox == self.mailbox, InboxRow.lies_in == place, InboxRow.state == state)

    def _first(self, query: Select[InboxRow]) -> Select[InboxRow]:
        return query.where(InboxRow.id.not_in(self._set_aside)).limit(1)

    @contextmanager
    def _or_set_aside(self, row: InboxRow) -> Iterator[None]:
        """A message at which the mailbox fails lets those behind it go first, until the next look."""
        try:
            yield
        except SecretariatError:
            self._set_aside.add(row.id)
            raise


def _propose_to_read_it(session: Session, row: InboxRow, now: datetime) -> None:
    """So that a person can settle what no machine could read, as any other message."""
    finding = Finding(What.UNREADABLE, row.reason)
    values = as_values(Order(finding.what, finding, row, now))
    summary = summary_of(finding, None, row.sender)
    mail_proposals.propose(session, Proposed(row.id, finding.what, summary, row.reason, values=values), now)


def _copy_of(twin: InboxRow) -> Outcome:
    return Outcome("ignored", What.COPY, f"The same message, to the byte, was read before: {twin.file_name}.")


def _fit(name: str) -> str:
    """What any database takes: some mailers write half a character, or none."""
    return name.encode(errors="replace").decode().replace("\x00", "")[:255]
