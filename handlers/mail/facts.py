"""What is on file around a mail, gathered for reading it: who writes, what they hold, what it may be about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot import logs, mail_senders, meetings, members, obligations, report_lines
from bot.access import Viewer
from bot.clock import LONDON
from bot.logs import Sought
from bot.model import Meeting, Person
from bot.report_lines import ReportLine
from bot.store.amendment_tables import AmendmentRow
from bot.store.draft_tables import DraftRow
from bot.store.mail_tables import InboxRow, MailProposalRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import PersonRow
from bot.store.report_tables import ReportRow
from handlers.mail.known import Known, OpenAction, RepliedTo
from handlers.mail.reading import ReadMail
from schedules.announcements import Announcer
from schedules.known_meetings import known_meetings

AROUND = timedelta(days=120)


@dataclass(frozen=True)
class Writer:
    """Who wrote: the person on file, and in whose name (an assistant for a representative; else themselves).

    `several` are those for whom an assistant may act, where nobody can tell for which.
    """

    person: Person | None = None
    in_name_of: Person | None = None
    several: tuple[Person, ...] = ()


def writer_of(session: Session, address: str, text: str, on: date) -> Writer:
    """Who writes from an address. An assistant of several acts for the one whose name is in the text."""
    person = members.by_email(session, address)
    if person is None:
        return Writer()
    held = members.holdings(session, on, person_id=person.id)
    principals = mail_senders.principals(session, held, on)
    if not principals or any(h.role in members.AT_THE_TABLE for h in held):
        return Writer(person, person)
    named = [one for one in principals if one.name.casefold() in text.casefold()]
    meant = named if len(named) == 1 else principals
    return Writer(person, meant[0]) if len(meant) == 1 else Writer(person, None, tuple(principals))


def notice_replied_to(session: Session, mail: ReadMail, domain: str) -> OutboxRow | None:
    """The notice of ours that a mail answers, by the Message-ID that we gave it; None where it answers none."""
    thread = " ".join((*mail.references, mail.in_reply_to))
    ours = re.findall(rf"<([0-9a-f]{{32}})@{re.escape(domain)}>", thread)
    return session.get(OutboxRow, ours[-1]) if ours else None


def known_around(
    session: Session, announcer: Announcer, row: InboxRow, mail: ReadMail, sender: Person | None, now: datetime
) -> Known:
    """Everything that understanding a mail may rest on."""
    config, today = announcer.config, now.astimezone(LONDON).date()
    around = tuple(known_meetings(session, announcer.calendar, today - AROUND, today + AROUND))
    return Known(
        config=config,
        now=now,
        sender=sender,
        seats=tuple(members.holdings(session, today, person_id=sender.id)) if sender else (),
        meetings=around,
        lines=_Lines(session, _with_lines(session, around)),
        issued=frozenset(session.scalars(select(ReportRow.meeting_uid).distinct())),
        notice=_replied_to(notice_replied_to(session, mail, config.programme.domain)),
        actions=tuple(_actions(session, announcer, sender, today)),
        people=tuple(_people(session)),
        requests=_requests(session, mail),
        conversation=_conversation(session, row, around),
        own_addresses=frozenset(mailbox.address.lower() for mailbox in config.mailboxes.values()),
    )


@dataclass(frozen=True)
class _Lines(Mapping[str, tuple[ReportLine, ...]]):
    """The lines of each report, looked up only where they are asked for."""

    session: Session
    uids: frozenset[str]
    _found: dict[str, tuple[ReportLine, ...]] = field(default_factory=dict)

    def __getitem__(self, uid: str) -> tuple[ReportLine, ...]:
        if uid not in self.uids:
            raise KeyError(uid)
        if uid not in self._found:
            self._found[uid] = tuple(report_lines.lines_of(self.session, uid))
        return self._found[uid]

    def __iter__(self) -> Iterator[str]:
        return iter(self.uids)

    def __len__(self) -> int:
        return len(self.uids)


def _with_lines(session: Session, around: tuple[Meeting, ...]) -> frozenset[str]:
    """The meetings of which there is a draft or an issued report."""
    reported = {*session.scalars(select(ReportRow.meeting_uid)), *session.scalars(select(DraftRow.meeting_uid))}
    return frozenset(reported & {meeting.uid for meeting in around})


def _replied_to(notice: OutboxRow | None) -> RepliedTo | None:
    if notice is None:
        return None
    is_reminder = notice.kind in meetings.REMINDERS
    obligation = obligations.of_key(notice.meeting_uid, notice.clock) if is_reminder else None
    to_be_met = obligation is not None and obligation.clock not in obligations.NOT_TO_BE_MET
    return RepliedTo(
        notice.id, notice.kind, notice.meeting_uid, notice.subject, obligation.key if obligation else "", to_be_met
    )


def _actions(session: Session, announcer: Announcer, sender: Person | None, today: date) -> Iterator[OpenAction]:
    """The open actions that the sender may see; none of anybody who is not on file."""
    if sender is None:
        return
    viewer, page = Viewer(session, announcer.config, sender, today), announcer.page()
    own = {a.reference for a in logs.actions(viewer, Sought(of=sender, whose="mine", open_only=True), page)}
    for action in logs.actions(viewer, Sought(open_only=True), page):
        yield OpenAction(action.reference, action.text, action.reference in own)


def _people(session: Session) -> Iterator[Person]:
    query = select(PersonRow).options(selectinload(PersonRow.emails), selectinload(PersonRow.slack_ids))
    return (members.as_person(row) for row in session.scalars(query.order_by(PersonRow.name, PersonRow.id)))


def _requests(session: Session, mail: ReadMail) -> dict[str, str]:
    """The requests that a mail names, each with the meeting whose report it is about."""
    named = {
        found.upper() for found in re.findall(r"\bAM-\d{3,}\b", f"{mail.subject} {mail.own_words} {mail.cut}", re.I)
    }
    rows = session.scalars(select(AmendmentRow).where(AmendmentRow.reference.in_(named))) if named else ()
    return {row.reference: row.meeting_uid for row in rows}


def _conversation(session: Session, row: InboxRow, around: tuple[Meeting, ...]) -> str:
    """The meeting that an earlier mail of the same conversation was about."""
    if not row.conversation:
        return ""
    query = select(MailProposalRow.values).join(InboxRow, MailProposalRow.inbox_id == InboxRow.id)
    query = query.where(InboxRow.conversation == row.conversation, InboxRow.id != row.id)
    for values in session.scalars(query.order_by(MailProposalRow.number.desc())):
        named = [m.uid for m in around if values.get("group") in m.groups and values.get("on") == m.on.isoformat()]
        if named:
            return named[0]
    return ""
