"""What becomes of one message: who wrote it, what it asks for, and what is done about it or put to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import bounces, mail_proposals, mail_senders
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing, UnreadableMessage
from bot.mail_proposals import Proposed, Settled, State
from bot.ports import DocumentWriter, MailContent
from bot.store.mail_tables import InboxRow, MailProposalRow
from handlers.mail.acting import act
from handlers.mail.answering import Recipient, answer, queued_at
from handlers.mail.edited_drafts import edited_drafts, with_drafts, without_drafts
from handlers.mail.facts import Writer, known_around, writer_of
from handlers.mail.findings import NOBODY_ANSWERS, Finding, What
from handlers.mail.known import Known
from handlers.mail.marked_reports import marked_in, together, without
from handlers.mail.orders import Done, Order, Work, as_values
from handlers.mail.reading import ReadMail, read_mail
from handlers.mail.summaries import summary_of
from handlers.mail.trust import Rule, verdict
from handlers.mail.understanding import findings
from handlers.marked_documents import Reader
from schedules.announcements import Announcer
from schedules.sending_words import mail_bounced

MACHINE = "secretariat"
MOST_REFERENCES = 20  # of a thread: the oldest are left out of a long one


@dataclass(frozen=True)
class Outcome:
    """What became of a message: its named state, what it is, why, its writer's words, and what it led to."""

    state: str  # done | needs_a_person | ignored
    finding: str
    reason: str
    own_words: str = ""
    cut: str = ""
    led_to: str = ""


@dataclass(frozen=True)
class Letter:
    """One message as it is worked. `distrust` is why it is not taken for its sender's own, or empty."""

    row: InboxRow
    mail: ReadMail
    writer: Writer
    distrust: str
    is_for_a_person: bool  # rules §7: no machine answers it
    now: datetime


@dataclass(frozen=True)
class Tried:
    """What became of one matter of a message."""

    proposal: MailProposalRow
    done: Done | None = None
    refused: SecretariatError | None = None


@dataclass(frozen=True)
class MailWorker:
    """Works one recorded message, within the transaction that it is given."""

    announcer: Announcer
    find: Callable[[ReadMail, Known], Sequence[Finding]] = findings
    writer: DocumentWriter | None = None  # reads reports that come marked up; without it they wait for a person

    def work(self, session: Session, row: InboxRow, content: MailContent, mailbox_key: str, now: datetime) -> Outcome:
        """Decide and do. Fills in the row's sender, subject and Message-ID; its state is the caller's to write."""
        try:
            mail = read_mail(content.mime, unique_body=content.own_words)
        except UnreadableMessage as error:
            self._put_to_a_person(session, row, Finding(What.UNREADABLE, str(error)), now)
            return Outcome("needs_a_person", What.UNREADABLE, str(error))
        row.sender, row.subject, row.message_id = mail.sender[:254], mail.subject, mail.message_id[:250]
        row.own_words = mail.own_words
        outcome = self._came_back(session, mail, now) or self._understood(session, row, mail, mailbox_key, now)
        return replace(outcome, own_words=mail.own_words, cut=mail.cut)

    def _put_to_a_person(self, session: Session, row: InboxRow, finding: Finding, now: datetime) -> None:
        order = Order(finding.what, finding, row, now)
        mail_proposals.propose(session, _proposed(order, finding.reason, ""), now)

    def _came_back(self, session: Session, mail: ReadMail, now: datetime) -> Outcome | None:
        """A mail of ours that a mail server could not deliver: its address is marked, and the PMO told."""
        said = []
        for bounce in mail.bounces:
            notice = bounces.came_back(session, bounce.notice_id, bounce.address, bounce.reason, now)
            if notice:
                mail_bounced(self.announcer, session, notice, bounce.address, bounce.reason, now)
                said.append(f"{notice.subject} to {bounce.address}: {bounce.reason}")
        return Outcome("done", What.BOUNCE, f"A mail of ours came back: {'; '.join(said)}") if said else None

    def _understood(self, session: Session, row: InboxRow, mail: ReadMail, mailbox_key: str, now: datetime) -> Outcome:
        if self._seen_before(session, row):
            return Outcome("ignored", What.COPY, f"The message {mail.message_id} has been read before.")
        today, config = now.astimezone(LONDON).date(), self.announcer.config
        writer = writer_of(session, mail.sender, f"{mail.subject}\n{mail.own_words}", today)
        known = known_around(session, self.announcer, row, mail, writer.in_name_of or writer.person, now)
        reader = Reader(self.announcer, self.writer) if self.writer else None
        marked = marked_in(session, reader, mail, writer.in_name_of or writer.person, now)
        edited = edited_drafts(mail, known)
        left = without_drafts(without(mail, marked), edited)
        found = with_drafts(mail, known, together(self.find(left, known), marked), edited)
        unanswered = next((f for f in found if f.what in NOBODY_ANSWERS and f.certain), None)
        if unanswered:
            return Outcome("ignored", unanswered.what, unanswered.reason)
        for_a_person = any(f.what is What.FOR_A_PERSON for f in found)
        letter = Letter(row, mail, writer, self._distrust(session, mail, mailbox_key, now), for_a_person, now)
        most, came = config.mail.most_a_day, mail_senders.came_that_day(session, row)
        if came > most:
            why = f"{mail.sender} has sent {came} messages that day; more than {most} are not answered by a machine."
            return self._wait_all(session, letter, found, why, What.LOOP)
        return self._work_all(session, letter, found)

    def _wait_all(self, session: Session, letter: Letter, found: Sequence[Finding], why: str, finding: str) -> Outcome:
        for matter in found:
            mail_proposals.propose(session, _proposed(self._order(letter, matter), why, ""), letter.now)
        return Outcome("needs_a_person", finding, why)

    def _work_all(self, session: Session, letter: Letter, found: Sequence[Finding]) -> Outcome:
        tried = [self._try(session, letter, matter) for matter in found]
        done = [one.done for one in tried if one.done]
        to = self._recipient(letter)
        rest_waits = len(done) < len(tried)
        ids = answer(session, self.announcer, letter.row, done, to, letter.now, rest_waits=rest_waits)
        for one in tried:
            if one.done:
                self._keep(session, one, one.done, {"notices" if len(done) == 1 else "shared": ids}, letter.now)
        return _outcome(letter, tried)

    def _try(self, session: Session, letter: Letter, finding: Finding) -> Tried:
        """Do one matter where it is certain and its sender is; otherwise it waits, with the reason."""
        order = self._order(letter, finding)
        why = self._why_not_by_itself(letter, finding)
        to = self._recipient(letter).address
        proposal = mail_proposals.propose(session, _proposed(order, why, to), letter.now)
        if why or proposal.state != State.WAITING:
            return Tried(proposal)
        before = queued_at(session, letter.now)
        try:
            with session.begin_nested():
                done = act(Work(session, self.announcer), order)
        except SecretariatError as error:
            proposal.waits_for = str(error)
            return Tried(proposal, refused=error)
        notices = sorted(queued_at(session, letter.now) - before)
        return Tried(proposal, replace(done, inverse={**done.inverse, "notices": notices}))

    def _keep(
        self, session: Session, tried: Tried, done: Done, receipt: Mapping[str, list[str]], now: datetime
    ) -> None:
        """Settle the proposal. The receipt is its own, or, where the mail brought several matters, a shared one."""
        inverse = {**done.inverse, "subject": done.receipt.subject if done.receipt else ""}
        inverse["notices"] = [*done.inverse["notices"], *receipt.get("notices", ())]
        inverse["shared"] = receipt.get("shared", []) if done.receipt else []
        settled = Settled(State.DONE, done.said, done.led_to, inverse)
        mail_proposals.settle(session, tried.proposal, settled, by=MACHINE, now=now)
        for proposed in done.follows:
            mail_proposals.propose(session, proposed, now)

    def _order(self, letter: Letter, finding: Finding) -> Order:
        """What would be done. A query of a sender who is not verified is, to begin with, nobody's on file."""
        writer = letter.writer
        if letter.distrust and finding.what is What.FOR_A_PERSON:
            return Order(finding.what, finding, letter.row, letter.now)
        return Order(finding.what, finding, letter.row, letter.now, writer.in_name_of, writer.person)

    def _why_not_by_itself(self, letter: Letter, finding: Finding) -> str:
        """Why a person is asked first; empty where it is done at once."""
        if finding.what is What.FOR_A_PERSON:
            return ""  # it is logged whoever wrote it, and nobody is answered
        if letter.is_for_a_person:
            return "The same mail is for a person to answer: no machine does anything about it (rules §7)."
        if letter.distrust:
            return letter.distrust
        if letter.writer.person is None:
            return f"{letter.mail.sender} is nobody on file; no receipt was sent."
        if letter.writer.several:
            names = ", ".join(person.name for person in letter.writer.several)
            return f"{letter.writer.person.name} may act for {names}: for whom, it does not say."
        return "" if finding.certain else finding.reason

    def _recipient(self, letter: Letter) -> Recipient:
        """Whom receipts go to: nobody where it could be forged."""
        if letter.distrust:
            return Recipient("", "")
        writer, thread = letter.writer, " ".join([*letter.mail.references[-MOST_REFERENCES:], letter.mail.message_id])
        name = writer.person.name if writer.person else letter.mail.sender
        also = writer.in_name_of if writer.person and writer.in_name_of != writer.person else None
        return Recipient(letter.mail.sender, name, also, thread)

    def _distrust(self, session: Session, mail: ReadMail, mailbox_key: str, now: datetime) -> str:
        """Why the mail is not taken for its sender's own; empty where it is."""
        config = self.announcer.config
        is_imap = config.mail.read_from == "imap"
        rule = Rule(
            config.mailboxes[mailbox_key].trust, config.mail.imap.authserv_id if is_imap else "",
            mail_senders.accepted(session),
        )  # fmt: skip
        today = now.astimezone(LONDON).date()
        found = verdict(mail.authentication_results, mail.sender, rule, today=today, senders=mail.senders)
        return "" if found.is_trusted else found.reason

    def _seen_before(self, session: Session, row: InboxRow) -> bool:
        """The same Message-ID in another file: a copy, or the same mail fetched twice."""
        if not row.message_id:
            return False
        query = select(InboxRow.id).where(InboxRow.message_id == row.message_id, InboxRow.id != row.id)
        return session.scalars(query.where(InboxRow.state != "arrived")).first() is not None


def _proposed(order: Order, waits_for: str, answer_to: str) -> Proposed:
    finding, person = order.finding, order.person
    return Proposed(
        order.message.id, order.action, summary_of(finding, person, order.message.sender), finding.reason, finding.part,
        waits_for, person.id if person else None, answer_to, as_values(order),
    )  # fmt: skip


def _outcome(letter: Letter, tried: Sequence[Tried]) -> Outcome:
    """The message's own state: done, where nothing of it waits for a person."""
    done = [one.done for one in tried if one.done]
    left = [one for one in tried if one.done is None]
    led_to = ", ".join(one.led_to for one in done if one.led_to)[:60]
    said = [one.said for one in done] + [one.proposal.waits_for for one in left]
    waits = left or any(one.follows for one in done)
    first = left[0] if left else tried[0]
    return Outcome("needs_a_person" if waits else "done", _called(letter, first), " ".join(said), led_to=led_to)


def _called(letter: Letter, tried: Tried) -> str:
    """What the message is found to be; where it waits, for what."""
    if tried.done:
        return tried.proposal.action
    if tried.refused:
        return "unknown_meeting" if isinstance(tried.refused, UnknownThing) else "refused"
    if letter.distrust:
        return "unverified_sender"
    return "unknown_sender" if letter.writer.person is None else str(tried.proposal.action)
