"""What is on file and has still to be done: actions, requests, decisions, alternates to be named, papers to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import amendments, apologies, change_requests, clearances, meetings, members, papers
from bot.amendment_life import TO_REVIEW, Kind
from bot.clock import YEARS, spoken, spoken_date
from bot.model import Deadline, Explanation, Meeting, MeetingStatus, Person, SeatHolding
from bot.obligations import ACTION, APOLOGY, CHANGE_DECISION, EXPECTED_PAPER, OPEN, REQUEST
from bot.seats import Seats
from bot.store.amendment_tables import AmendmentRow
from bot.store.meeting_tables import MeetingRow, ObligationRow
from bot.store.report_tables import ActionRow, ReportRow
from schedules.attainable import is_attainable
from schedules.deadlines import Circumstances, deadline_of_decision, deadlines_for
from schedules.reminders import Matter
from schedules.series import Calendar, at_wall_clock

NEVER_CHASED = ("chair", "observer")  # the SRO sits as Chair, Ofgem and the IPA as observers
NO_DATE_YET = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE, MeetingStatus.PROPOSED_MOVE)


def open_matters(session: Session, calendar: Calendar, now: datetime, seats: Seats | None = None) -> Iterator[Matter]:
    """Every matter that nobody has met yet; those of groups taken out of the configuration since are left alone.

    `seats` where the caller has them already: hundreds of actions are looked at in every round.
    """
    groups, seats = calendar.config.groups, seats or Seats(session)
    logged = (*_actions(session, calendar, seats), *_requests(session), *_decisions(session, calendar))
    for matter in (*logged, *_alternates(session, now, seats), *_papers(session, calendar, now, seats)):
        if matter.meeting.group in groups:
            yield matter


def stopped_clocks(session: Session, uid: str) -> set[str]:
    """The clocks of a meeting that nobody is to be reminded of: met, or without anything to be done."""
    stopped = set(meetings.obligations_met(session, uid))
    if "recording" in stopped or meetings.has_recording(session, uid):
        stopped.add("recording_arrival")
    if not amendments.may_change_report(session, uid):
        stopped.add("amended_report")  # no request that could change it, no reissue
    if "headline_report" in stopped:
        stopped.update(meetings.SETTLES["headline_report"])
    elif clearances.waiting(session, uid) is None:
        stopped.add(clearances.ANSWER)  # nobody has asked the Chair
    return stopped


def _actions(session: Session, calendar: Calendar, seats: Seats) -> Iterator[Matter]:
    """Open actions that have a day: what was said without one ("before the next meeting") cannot be counted from."""
    query = select(ActionRow, MeetingRow).join(ReportRow, ActionRow.report_id == ReportRow.id)
    query = query.join(MeetingRow, ReportRow.meeting_uid == MeetingRow.uid).where(ActionRow.state == OPEN)
    for action, row in session.execute(query.order_by(ActionRow.reference)):
        due_on, meeting = _day(action.due), meetings.as_meeting(row)
        if due_on is None:
            continue
        owner_id = _owner(seats, action.owner, meeting, due_on)
        due_at = at_wall_clock(due_on, calendar.config.working_days.deadline_time)
        why = Explanation(f"Action {action.reference} is due on {spoken_date(due_on)}", (), "the action log")
        deadline = Deadline(ACTION, due_at, partial(_as_it_is, why))
        yield Matter(ACTION, action.reference, meeting, deadline, action.text, action.owner, owner_id)


def _as_it_is(explanation: Explanation) -> Explanation:
    return explanation


def _day(due: str) -> date | None:
    try:
        day = date.fromisoformat(due)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _owner(seats: Seats, owner: str, meeting: Meeting, on: date) -> str:
    """The id of the one person meant by an owner's name, where a machine may chase them; else empty."""
    held = seats.at_tables(meeting, on)
    meant = owner_meant(held, owner)
    return meant.id if meant and _is_chased(held, meant.id) else ""


def owner_meant(held: list[SeatHolding], owner: str) -> Person | None:
    """The one person meant by an owner's name, seat or constituency, among the seats held; None where not plain."""
    wanted = owner.strip().casefold()
    meant = {h.person.id: h.person for h in held if wanted in members.owner_names(h)}
    return next(iter(meant.values())) if len(meant) == 1 else None


def _requests(session: Session) -> Iterator[Matter]:
    met = select(ObligationRow.clock).where(ObligationRow.clock.startswith(f"{REQUEST}:"))
    reviewed = set(session.scalars(met))
    query = select(AmendmentRow, MeetingRow).join(MeetingRow, AmendmentRow.meeting_uid == MeetingRow.uid)
    query = query.where(AmendmentRow.state.in_(TO_REVIEW), AmendmentRow.kind != Kind.NO_COMMENTS)
    query = query.order_by(AmendmentRow.number)
    for request, row in session.execute(query):
        if f"{REQUEST}:{request.reference}" in reviewed:
            continue
        words = f"{request.reference} came on {spoken(request.received_at)}; the Programme reviews each request"
        why = Explanation(words, (), "GF §Generic Meeting Practices and Frequency")
        deadline = Deadline(REQUEST, request.received_at, partial(_as_it_is, why))
        yield Matter(REQUEST, request.reference, meetings.as_meeting(row), deadline, request.proposed_text)


def _decisions(session: Session, calendar: Calendar) -> Iterator[Matter]:
    for row in change_requests.not_communicated(session):
        if row.group_key not in calendar.config.groups:
            continue
        deadline = deadline_of_decision(row.group_key, row.decided_on, calendar)
        if deadline:
            day = calendar.as_if_called(row.group_key, row.decided_on)
            yield Matter(CHANGE_DECISION, row.reference, day, deadline, "")


def _alternates(session: Session, now: datetime, seats: Seats) -> Iterator[Matter]:
    """Constituencies that nobody speaks for at a meeting to come: who sent apologies is asked for an alternate."""
    for apology, row in apologies.coming_without_alternate(session, now):
        meeting = meetings.as_meeting(row)
        held = seats.at_tables(meeting)
        own = [h for h in held if h.person.id == apology.person.id and h.role == "member" and h.constituency]
        met = f"{APOLOGY}:{apology.reference}" in meetings.obligations_met(session, meeting.uid)
        named = apologies.alternates_of(held, apology.person)
        if met or named or not own or not _is_chased(held, apology.person.id) or meeting.status in NO_DATE_YET:
            continue
        came = f"{apology.reference} came on {spoken(apology.recorded_at)} for {spoken_date(meeting.on)}"
        words = f"{came}; a constituency representative may name an alternate"
        why = Explanation(words, (), "GF §Membership Principles")
        deadline = Deadline(APOLOGY, apology.recorded_at, partial(_as_it_is, why))
        text = ", ".join(dict.fromkeys(h.seat or h.constituency or "" for h in own))
        yield Matter(
            APOLOGY, apology.reference, meeting, deadline, text, apology.person.name, apology.person.id,
            until=meeting.starts_at,
        )  # fmt: skip


def _is_chased(held: list[SeatHolding], person_id: str) -> bool:
    return not any(h.person.id == person_id and h.role in NEVER_CHASED for h in held)


def _papers(session: Session, calendar: Calendar, now: datetime, seats: Seats) -> Iterator[Matter]:
    """Papers that their authors have still to send, until the pack is issued or can no longer be in time."""
    for paper, row in papers.still_to_come(session, now):
        meeting = meetings.as_meeting(row)
        due = _papers_clock(meeting, calendar)
        if due is None or "papers" in meetings.obligations_met(session, meeting.uid):
            continue
        held = seats.at_tables(meeting)
        author_id = paper.author_id if _is_chased(held, paper.author_id) else ""
        deadline = Deadline(EXPECTED_PAPER, due.due_at, due.explain)
        author = papers.author(session, paper)
        yield Matter(
            EXPECTED_PAPER, paper.reference, meeting, deadline, paper.title, author, author_id, since=paper.expected_at
        )


def _papers_clock(meeting: Meeting, calendar: Calendar) -> Deadline | None:
    """When the meeting's papers go out; None where none do, or they could not when it was called."""
    if meeting.status in NO_DATE_YET or meeting.group not in calendar.config.groups:
        return None
    clocks = deadlines_for(meeting, calendar, Circumstances(None))
    due = next((d for d in clocks if d.kind == "papers" and d.due_at), None)
    return due if due and is_attainable(meeting, due.due_at) else None
