"""why: for a notice, a date, a meeting, a report or a request: the rule, the arithmetic, the clause, the events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import typer
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import meetings, members
from bot.amendments import place_of
from bot.app import Secretariat
from bot.clock import spoken, spoken_date
from bot.drafts import reference_of
from bot.errors import UnknownThing
from bot.formats import timestamp
from bot.model import Deadline, Meeting
from bot.store.amendment_tables import AmendmentRow
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow, MailProposalRow
from bot.store.meeting_tables import ApologyRow, ExpectedPaperRow, MeetingRow
from bot.store.outbox_tables import OutboxRow
from bot.store.query_tables import EscalationRow, QueryRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow

NAMED_MEETING = re.compile(r"(?P<group>[A-Za-z][A-Za-z0-9-]*?)[-/ ](?P<date>\d{4}-\d{2}-\d{2})(?:[-/ ](?P<clock>\w+))?")
MOST_EVENTS = 30


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command("why")(why)


def why(context: typer.Context, name: str) -> None:
    """Why is it so? Of a notice, PSG-2026-12-02, PSG-2026-12-02/papers, a date, AM-001, M-001, PSG-DEC41, PSG27-03."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        for look in LOOKS:
            said = list(look(whole, session, name.strip()))
            if said:
                typer.echo("\n".join(said))
                return
    raise UnknownThing(
        f"Nothing on file is called {name}.",
        hint="Give a notice's id (secretariat outbox), PSG-2026-12-02, PSG-2026-12-02/papers, a date, AM-001 or M-001.",
    )


def _notice(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    if not re.fullmatch(r"[0-9a-f]{6,32}", name):
        return
    row = session.scalars(select(OutboxRow).where(OutboxRow.id.startswith(name))).first()
    if row is None:
        return
    yield f"Notice {row.id[:8]} to {row.recipient_name}: {row.subject}"
    yield f"  why: {row.why}"
    yield f"  due: {spoken(row.due_at)}; decided: {spoken(row.decided_at)}"
    yield f"  state: {row.state}{f', {row.state_reason}' if row.state_reason else ''}"
    yield f"  its key: {row.meeting_uid}, revision {row.meeting_revision}, {row.clock}, {row.step}"
    if row.released_by:
        yield f"  released by: {row.released_by}"
    for attempt in row.attempts:
        answer = f"{attempt.outcome or 'no answer'} {attempt.error}".strip()
        yield f"  attempt: {spoken(attempt.began_at)} by {attempt.channel}: {answer}"


def _request(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(AmendmentRow, name.upper())
    if row is None:
        return
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    yield f"{row.reference}: a request about {place_of(row)} of {reference_of(meeting)}, {row.state}"
    yield f"  received: {spoken(row.received_at)} by {row.came_by}"
    yield f"  closing told: {spoken(row.closes_at) if row.closes_at else 'none yet'}"
    yield f"  present text: {row.present_text or 'no such line'}"
    yield f"  proposed text: {row.proposed_text}"
    yield from _events(session, row.reference)


def _apology(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(ApologyRow, name.upper())
    if row is None:
        return
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    state = f"withdrawn {spoken(row.withdrawn_at)}" if row.withdrawn_at else "stands"
    yield f"{row.reference}: apologies from {_name(session, row.person_id)} for {reference_of(meeting)}, {state}"
    yield f"  alternate: {_name(session, row.alternate_id) if row.alternate_id else 'none named'}"
    yield from _events(session, row.reference)


def _paper(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(ExpectedPaperRow, name.upper())
    if row is None:
        return
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    yield f"{row.reference}: {row.title}, by {_name(session, row.author_id)}, for {reference_of(meeting)}"
    came = f"{spoken(row.received_at)}, by {row.received_by}" if row.received_at else "not yet"
    yield f"  received: {came}{f', {row.link}' if row.link else ''}"
    yield from _events(session, row.reference)


def _query(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(QueryRow, name.upper())
    if row is None:
        return
    asker = _name(session, row.person_id) if row.person_id else row.address or "nobody on file"
    yield f"{row.reference}: a query of {asker}, by {row.came_by}, {spoken(row.asked_at)}; {row.state}"
    yield f"  asked: {' '.join(row.text.split())}"
    if row.for_a_person:
        due = spoken_date(row.due_on) if row.due_on else "no set day"
        yield f"  for a person alone: {row.for_a_person}; due by {due}"
    yield f"  where it belongs: {row.mailbox}, since {row.because}"
    if row.sent_to:
        yield f"  passed on to: {row.sent_to}"
    yield from _events(session, row.reference)


def _escalation(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(EscalationRow, name.upper())
    if row is None:
        return
    about = f" about {row.decision_ref}" if row.decision_ref else ""
    yield f"{row.reference}: from {row.from_group} to {row.to}{about}, raised {spoken(row.raised_at)}; {row.state}"
    who = _name(session, row.person_id)
    yield f"  by: {who}{f' ({row.constituency})' if row.constituency else ''}, by {row.came_by}"
    if row.state_reason:
        yield f"  reason: {row.state_reason}"
    yield from _events(session, row.reference)


def _mailed(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(MailProposalRow, name.upper())
    if row is None:
        return
    message = session.get_one(InboxRow, row.inbox_id)
    came = spoken(message.received_at or message.arrived_at)
    yield f'{row.reference}: of the mail "{message.subject or message.file_name}" from {message.sender}, {came}'
    yield f"  what: {row.summary} ({row.state})"
    yield f"  because: {row.reason}"
    if row.waits_for:
        yield f"  why a person was asked: {row.waits_for}"
    if row.decided_at:
        yield f"  decided: {spoken(row.decided_at)}, by {row.decided_by}{f': {row.note}' if row.note else ''}"
    if row.led_to:
        yield f"  led to: {row.led_to}"
    yield f"  the message: {message.state.replace('_', ' ')}, since {message.reason}"
    yield from _events(session, row.reference)


def _name(session: Session, person_id: str) -> str:
    person = members.by_id(session, person_id)
    return person.name if person else person_id


def _logged_line(_whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    row = session.get(DecisionRow, name.upper()) or session.get(ActionRow, name.upper())
    if row is None:
        return
    report = session.get_one(ReportRow, row.report_id)
    at = f", said at {timestamp(row.at_seconds)}" if row.at_seconds is not None else ""
    yield f"{row.reference}: {row.text}"
    yield f"  issued in {report.id} on {spoken(report.issued_at)}; {row.draft_ref} in its draft{at}"
    yield from _events(session, report.id)


def _meeting(whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    named = NAMED_MEETING.fullmatch(name.removesuffix(f"@{whole.config.programme.domain}"))
    group = named and whole.config.group_key(named["group"])
    if not named or not group:
        return
    day = _date(named["date"])
    meeting = meetings.on_day(session, group, day) or whole.calendar.meeting_on(group, day)
    if meeting is None:
        return
    clocks = whole.announcer.clocks_of(session, meeting)
    if named["clock"]:
        clocks = [c for c in clocks if c.kind == named["clock"]]
        yield from _clocks(clocks)
    else:
        yield from _told(meeting)
        yield from _clocks(clocks)
        yield from _events(session, meeting.uid, reference_of(meeting))


def _told(meeting: Meeting) -> Iterator[str]:
    yield f"{meeting.group} on {spoken(meeting.starts_at)}: {meeting.status}, revision {meeting.revision}"
    yield f"  by the rule: {meeting.source}, which gives {spoken_date(meeting.nominal_on)}"
    if meeting.reason:
        yield f"  reason: {meeting.reason}"


def _clocks(clocks: list[Deadline]) -> Iterator[str]:
    for clock in clocks:
        yield f"{clock.kind}: {spoken(clock.due_at) if clock.due_at else 'no set instant'}"
        yield f"  rule: {clock.rule}"
        if clock.skipped:
            yield f"  not counted: {', '.join(f'{s.date} ({s.reason})' for s in clock.skipped)}"
        yield f"  source: {clock.source}"
        if clock.note:
            yield f"  note: {clock.note}"


def _day(whole: Secretariat, session: Session, name: str) -> Iterator[str]:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
        return
    day = _date(name)
    closed = whole.calendar.closed(day)
    yield f"{spoken_date(day)}: {f'no working day ({closed})' if closed else 'a working day'}"
    for meeting in whole.calendar.meetings(day, day):
        yield from _told(meetings.by_uid(session, meeting.uid) or meeting)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnknownThing(f"There is no date {text}.") from None


def _events(session: Session, *subjects: str) -> Iterator[str]:
    """What the audit tells of it, oldest first."""
    about = or_(*(AuditRow.subject.startswith(subject) for subject in subjects))
    for row in session.scalars(select(AuditRow).where(about).order_by(AuditRow.number).limit(MOST_EVENTS)):
        yield f"  {spoken(row.at)}: {row.event}, by {row.actor}"


LOOKS: tuple[Callable[[Secretariat, Session, str], Iterator[str]], ...] = (
    _request,
    _apology,
    _paper,
    _query,
    _escalation,
    _mailed,
    _logged_line,
    _day,
    _meeting,
    _notice,
)
