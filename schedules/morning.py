"""Each working day at 08:00: gathers what waits, and puts one mail to each of the PMO into the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import apologies, clearances, drafts, facts, mail_proposals, meetings, members, outbox, papers
from bot.clock import LONDON, spoken, spoken_date
from bot.drafts import reference_of
from bot.model import Meeting, MeetingStatus, Notice, OutboxState, Person, SeatHolding
from bot.obligations import ACTION, CHANGE_DECISION, REQUEST
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from bot.store.speech_tables import RecordingRow
from bot.wording import render
from schedules import waiting_documents
from schedules.announcements import Announcer
from schedules.chasing import open_clocks
from schedules.daily import Due, Today, daily_values
from schedules.due import AHEAD, BEHIND
from schedules.matters import open_matters
from schedules.reminders import Matter
from schedules.series import at_wall_clock

PROGRAMME = "programme"  # in place of a meeting: the mail is about all of them
CLOCK = "daily"
AT, USELESS_FROM = time(8), time(18)
SOON_DAYS = 3
WORDS = {ACTION: "action", CHANGE_DECISION: "decision to be communicated"}
NOT_ATTENDED = (MeetingStatus.CANCELLED, MeetingStatus.PROPOSED_MOVE, MeetingStatus.EMAIL_UPDATE)


def queue_daily(session: Session, announcer: Announcer, now: datetime) -> int:
    """Put today's mail to the PMO into the outbox, once, from 08:00 on a working day. Returns how many are new."""
    today = now.astimezone(LONDON).date()
    at = at_wall_clock(today, AT)
    if now < at or announcer.calendar.closed(today) or at < facts.first_started_at(session, now):
        return 0
    step = today.isoformat()
    told = select(OutboxRow.id).where(OutboxRow.meeting_uid == PROGRAMME, OutboxRow.step == step)
    if session.scalars(told.limit(1)).first():
        return 0
    gathered = todays(session, announcer, now)
    people = members.recipients(members.holdings(session, today), "pmo")
    return sum(_queue(session, announcer, gathered, person, at, now) for person in people)


def _queue(session: Session, announcer: Announcer, today: Today, person: Person, at: datetime, now: datetime) -> bool:
    values = daily_values(today, name=person.name, page=announcer.page())
    subject, text = render(announcer.config.paths.templates, "daily.txt", values)
    notice = Notice(
        meeting_uid=PROGRAMME, meeting_revision=0, clock=CLOCK, step=today.day.isoformat(), recipient=person.id,
        group=PROGRAMME, kind="pmo_reminder", subject=subject, text=text,
        why="One mail to the PMO at 08:00 on working days.", due_at=at,
        not_after=at_wall_clock(today.day, USELESS_FROM),
    )  # fmt: skip
    dial = announcer.config.dial_for("pmo_reminder", PROGRAMME)
    return outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)


def todays(session: Session, announcer: Announcer, now: datetime) -> Today:
    """What waits this morning. What was due before the first start is not called late: nobody could mark it then."""
    day = now.astimezone(LONDON).date()
    started = facts.first_started_at(session, now)
    until = at_wall_clock(announcer.calendar.closed.nth_from(day, SOON_DAYS), time.max)
    matters = list(open_matters(session, announcer.calendar, now))
    due = sorted([*_clocks(session, announcer, now), *_of_matters(matters)], key=lambda d: d.due_at)
    return Today(
        day=day,
        due_soon=[d for d in due if now <= d.due_at <= until],
        late=[d for d in due if started <= d.due_at < now and d.can_be_late],
        requests=[f"{m.reference}, about {reference_of(m.meeting)}" for m in matters if m.clock == REQUEST],
        withheld=[r.subject for r in _notices(session, OutboxState.WITHHELD) if _waits_for_a_person(r)],
        unsent=list(_unsent(session, now)),
        recordings=list(_recordings(session)),
        mails=list(_mails(session)),
        drafts=list(_drafts(session)),
        edited=list(waiting_documents.edited_drafts(session, announcer.page())),
        marked=list(waiting_documents.marked_reports(session, announcer.page())),
        to_confirm=list(_to_confirm(session, announcer, now)),
        with_chair=list(_with_chair(session, announcer, now)),
        tomorrow=list(_tomorrow(session, announcer, now)),
    )


def _clocks(session: Session, announcer: Announcer, now: datetime) -> Iterator[Due]:
    """Every clock that nobody has met. A window that has closed is not late."""
    for meeting, clock in open_clocks(session, announcer, now - BEHIND, now + AHEAD):
        if clock.kind == clearances.ANSWER or clock.due_at is None:
            continue  # it has its own section
        what = f"{reference_of(meeting)}, {clock.kind.replace('_', ' ')}"
        missing = papers.missing(session, meeting.uid) if clock.kind == "papers" else []
        what += f" (not in yet: {'; '.join(missing)})" if missing else ""
        yield Due(what, clock.due_at, can_be_late=clock.kind != "amendments_close")


def _of_matters(matters: list[Matter]) -> Iterator[Due]:
    for matter in matters:
        if matter.clock in WORDS and matter.deadline.due_at:
            yield Due(f"{matter.reference} of {matter.meeting.group}, {WORDS[matter.clock]}", matter.deadline.due_at)


def _meetings(session: Session, announcer: Announcer, now: datetime) -> list[Meeting]:
    found = meetings.between(session, now - BEHIND, now + AHEAD)
    return [meeting for meeting in found if meeting.group in announcer.config.groups]


def _to_confirm(session: Session, announcer: Announcer, now: datetime) -> Iterator[str]:
    for meeting in _meetings(session, announcer, now):
        if meeting.status is MeetingStatus.PROPOSED_MOVE:
            days = ", ".join(spoken_date(day) for day in meeting.proposals) or "no free day within two weeks"
            yield f"{meeting.group}, in place of {spoken_date(meeting.nominal_on)}: {days}"


def _notices(session: Session, *states: OutboxState) -> list[OutboxRow]:
    query = select(OutboxRow).where(OutboxRow.state.in_([state.value for state in states]))
    return list(session.scalars(query.order_by(OutboxRow.due_at, OutboxRow.id)))


def _waits_for_a_person(row: OutboxRow) -> bool:
    return not row.state_reason.startswith(outbox.SHADOW)


def _unsent(session: Session, now: datetime) -> Iterator[str]:
    """What failed, what nobody knows the fate of, and what became useless since the last working morning or so."""
    for row in _notices(session, OutboxState.FAILED, OutboxState.UNKNOWN):
        yield f"to {row.recipient_name}: {row.subject} ({row.state}: {row.state_reason})"
    expired = select(OutboxRow).where(OutboxRow.state == OutboxState.EXPIRED.value)
    for row in session.scalars(expired.where(OutboxRow.not_after >= now - timedelta(days=3))):
        if row.clock != CLOCK:
            yield f"to {row.recipient_name}: {row.subject} (too late to be of use)"


def _recordings(session: Session) -> Iterator[str]:
    query = select(RecordingRow).where(RecordingRow.state.in_(["asking", "failed"]))
    for row in session.scalars(query.order_by(RecordingRow.arrived_at)):
        yield f"{row.name}: {row.state_reason or row.state}"


def _mails(session: Session) -> Iterator[str]:
    """Each message that waits, with what is proposed about it."""
    query = select(InboxRow).where(InboxRow.state == "needs_a_person").order_by(InboxRow.arrived_at.desc())
    proposed: dict[str, list[str]] = {}
    for proposal, message in mail_proposals.waiting(session):
        proposed.setdefault(message.id, []).append(f"{proposal.reference}: {proposal.summary}")
    for row in session.scalars(query):
        what = f" ({'; '.join(proposed[row.id])})" if row.id in proposed else ""
        yield f"from {row.sender or 'nobody named'}: {row.subject or row.file_name}{what}"


def _drafts(session: Session) -> Iterator[str]:
    """The newest draft of each report that has not been issued."""
    for draft in drafts.unissued(session):
        meeting = meetings.by_uid(session, draft.meeting_uid)
        if meeting:
            yield f"{reference_of(meeting)}, draft {draft.version}"


def _with_chair(session: Session, announcer: Announcer, now: datetime) -> Iterator[str]:
    """The reports that wait for the Chair's answer, the first due first."""
    found = []
    for meeting in _meetings(session, announcer, now):
        row = clearances.waiting(session, meeting.uid)
        if row is None or clearances.ANSWER in meetings.obligations_met(session, meeting.uid):
            continue
        due = next((c.due_at for c in announcer.clocks_of(session, meeting) if c.kind == clearances.ANSWER), None)
        answer = f"answer {'was ' if due < now else ''}due {spoken(due)}" if due else "no set hour for the answer"
        line = f"{row.draft_id or reference_of(meeting)}: since {spoken(row.with_chair_at)}; {answer}"
        found.append((due or row.with_chair_at, line))
    return (line for _, line in sorted(found))


def _tomorrow(session: Session, announcer: Announcer, now: datetime) -> Iterator[str]:
    """Who cannot come to the meetings until the next working day's end, and which constituencies have nobody."""
    today = now.astimezone(LONDON).date()
    first, last = at_wall_clock(today + timedelta(days=1), time.min), announcer.calendar.closed.nth_from(today, 1)
    for meeting in meetings.between(session, first, at_wall_clock(last, time.max)):
        if meeting.group in announcer.config.groups and meeting.status not in NOT_ATTENDED:
            held = members.at_tables(session, meeting)
            lines = (*_apologies(session, meeting, held), *_unfilled(announcer, meeting, held))
            yield from (f"{reference_of(meeting)}: {line}" for line in lines)


def _apologies(session: Session, meeting: Meeting, held: list[SeatHolding]) -> list[str]:
    """First those in whose place nobody comes."""
    without, with_alternate = [], []
    for person in (apology.person for apology in apologies.of_meeting(session, meeting.uid)):
        seats = [h.constituency or h.seat for h in held if h.person.id == person.id and h.group]
        named = f"apologies from {person.name} ({', '.join(dict.fromkeys(seats))})"
        alternates = ", ".join(dict.fromkeys(p.name for p in apologies.alternates_of(held, person)))
        if alternates:
            with_alternate.append(f"{named}; {alternates} comes instead")
        else:
            without.append(f"{named}; no alternate is named")
    return without + with_alternate


def _unfilled(announcer: Announcer, meeting: Meeting, held: list[SeatHolding]) -> Iterator[str]:
    """The constituency seats that nobody holds on the day."""
    for group in meeting.groups:
        taken = {h.seat for h in held if h.group == group}
        spoken_for = {h.constituency for h in held if h.group == group}
        seats = announcer.config.groups[group].seats if group in announcer.config.groups else []
        constituencies = [seat for seat in seats if seat.constituency]
        free = [s.title for s in constituencies if s.title not in taken and s.constituency not in spoken_for]
        if free:
            yield f"nobody holds the seat of {', '.join(free)}"
