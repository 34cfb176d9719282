"""What of a meeting is still to be done, and can be said to be done: its clocks, and what hangs on things on file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import amendments, audit, meetings, obligations, papers
from bot.model import Deadline, Meeting, MeetingStatus, Person
from bot.obligations import ACTION, CHANGE_DECISION, CLOSED, EXPECTED_PAPER, NOT_TO_BE_MET, REQUEST, Obligation
from bot.store.meeting_tables import ChangeRequestRow
from bot.store.report_tables import ActionRow, ReportRow
from handlers.web.deeds import HERE
from handlers.web.desk import Desk
from schedules.matters import stopped_clocks

ARRIVAL = "recording_arrival"


@dataclass(frozen=True)
class ToDo:
    """One thing that somebody may say is done. `title` is what it is called, `text` what it is about."""

    obligation: Obligation
    title: str
    text: str = ""

    @property
    def key(self) -> str:
        """What the form calls it: 'papers', 'action:PSG27-03'."""
        return self.obligation.key


def clocks_to_meet(session: Session, meeting: Meeting, clocks: Sequence[Deadline]) -> list[ToDo]:
    """The meeting's clocks that there is something to be done about, and nobody has. A window closes by itself."""
    if meeting.status is MeetingStatus.CANCELLED:
        return []
    stopped = stopped_clocks(session, meeting.uid)
    kinds = [clock.kind for clock in clocks]
    kinds += [ARRIVAL] * ("recording" in kinds)
    return [
        ToDo(Obligation(meeting.uid, kind), kind.replace("_", " ").capitalize())
        for kind in kinds
        if kind not in stopped and kind not in NOT_TO_BE_MET
    ]


def matters_to_meet(desk: Desk, session: Session, meeting: Meeting) -> Iterator[ToDo]:
    """Actions, amendment requests, papers expected and change request decisions of the meeting that are still open."""
    yield from _actions(session, meeting)
    met = meetings.obligations_met(session, meeting.uid)
    for request in amendments.of_meeting(session, meeting.uid):
        obligation = Obligation(meeting.uid, REQUEST, request.reference)
        if obligation.key not in met:
            yield ToDo(obligation, f"Request {request.reference} reviewed", request.proposed_text)
    for paper, row in papers.still_to_come(session, desk.clock.now()):
        if row.uid == meeting.uid:
            obligation = Obligation(meeting.uid, EXPECTED_PAPER, paper.reference)
            yield ToDo(obligation, f"Paper {paper.reference} received", paper.title)
    yield from _decisions(desk, session, meeting)


def _actions(session: Session, meeting: Meeting) -> Iterator[ToDo]:
    reports = select(ReportRow.id).where(ReportRow.meeting_uid == meeting.uid)
    query = select(ActionRow).where(ActionRow.report_id.in_(reports), ActionRow.state != CLOSED)
    for action in session.scalars(query.order_by(ActionRow.reference)):
        owner = f"{action.owner or 'no owner stated'}, due {action.due or 'not stated'}"
        obligation = Obligation(meeting.uid, ACTION, action.reference)
        yield ToDo(obligation, f"Action {action.reference} closed", f"{action.text} ({owner})")


def _decisions(desk: Desk, session: Session, meeting: Meeting) -> Iterator[ToDo]:
    decided = select(ChangeRequestRow).where(
        ChangeRequestRow.group_key == meeting.group,
        ChangeRequestRow.decided_on == meeting.on,
        ChangeRequestRow.communicated_at.is_(None),
    )
    for row in session.scalars(decided.order_by(ChangeRequestRow.reference)):
        uid = obligations.uid_of_decision(row.group_key, row.decided_on, desk.config.programme.domain)
        yield ToDo(Obligation(uid, CHANGE_DECISION, row.reference), f"Decision on {row.reference} communicated")


def meet(session: Session, desk: Desk, todo: ToDo, *, by: Person, link: str) -> None:
    """Say that it is done, as `secretariat done` does; the audit keeps that it was said on the page."""
    now = desk.clock.now()
    obligations.meet(session, todo.obligation, by=by, of_pmo=True, now=now, link=link)
    subject = f"{todo.obligation.uid}/{todo.key}"[:200]
    audit.record(session, now, by.name, "obligation met on the page", subject, where=HERE)
