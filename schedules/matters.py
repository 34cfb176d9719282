"""What is on file and has still to be done: open actions, requests not reviewed, decisions not communicated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import amendments, change_requests, meetings, members
from bot.clock import YEARS, spoken, spoken_date
from bot.model import Deadline, Explanation, SeatHolding
from bot.obligations import ACTION, CHANGE_DECISION, OPEN, REQUEST
from bot.store.tables import ActionRow, AmendmentRow, MeetingRow, ObligationRow, ReportRow
from schedules.deadlines import deadline_of_decision
from schedules.reminders import Matter
from schedules.series import Calendar, at_wall_clock

NEVER_CHASED = ("chair", "observer")  # the SRO sits as Chair, Ofgem and the IPA as observers


def open_matters(session: Session, calendar: Calendar) -> Iterator[Matter]:
    """Every matter that nobody has met yet; those of groups taken out of the configuration since are left alone."""
    groups = calendar.config.groups
    for matter in (*_actions(session, calendar), *_requests(session), *_decisions(session, calendar)):
        if matter.meeting.group in groups:
            yield matter


def stopped_clocks(session: Session, uid: str) -> set[str]:
    """The clocks of a meeting that nobody is to be reminded of: met, or without anything to be done."""
    stopped = set(meetings.obligations_met(session, uid))
    if "recording" in stopped or meetings.has_recording(session, uid):
        stopped.add("recording_arrival")
    if not amendments.of_meeting(session, uid):
        stopped.add("amended_report")  # no request, no reissue
    return stopped


def _actions(session: Session, calendar: Calendar) -> Iterator[Matter]:
    """Open actions that have a day: what was said without one ("before the next meeting") cannot be counted from."""
    query = select(ActionRow, MeetingRow).join(ReportRow, ActionRow.report_id == ReportRow.id)
    query = query.join(MeetingRow, ReportRow.meeting_uid == MeetingRow.uid).where(ActionRow.state == OPEN)
    for action, row in session.execute(query.order_by(ActionRow.reference)):
        due_on, meeting = _day(action.due), meetings.as_meeting(row)
        if due_on is None:
            continue
        owner_id = _owner(session, action.owner, meeting.group, due_on)
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


def _owner(session: Session, owner: str, group: str, on: date) -> str:
    """The id of the one person meant by an owner's name, seat or constituency; empty where that is not plain.

    Nobody is meant who is never chased by a machine: the Chair, Ofgem, the IPA.
    """
    held = members.holdings(session, on, group=group)
    wanted = owner.strip().casefold()
    meant = [h for h in held if wanted in _names(h)]
    chased = {h.person.id for h in meant} - {h.person.id for h in held if h.role in NEVER_CHASED}
    return next(iter(chased)) if len(chased) == 1 and len({h.person.id for h in meant}) == 1 else ""


def _names(held: SeatHolding) -> set[str]:
    """What an owner may be called who holds this seat: the person, the seat, the constituency."""
    names = (held.person.name, held.seat, held.seat.removesuffix(" Representative"), held.constituency or "")
    return {name.casefold() for name in names if name}


def _requests(session: Session) -> Iterator[Matter]:
    met = select(ObligationRow.clock).where(ObligationRow.clock.startswith(f"{REQUEST}:"))
    reviewed = set(session.scalars(met))
    query = select(AmendmentRow, MeetingRow).join(MeetingRow, AmendmentRow.meeting_uid == MeetingRow.uid)
    query = query.where(AmendmentRow.state.in_(["received", "late"])).order_by(AmendmentRow.number)
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
