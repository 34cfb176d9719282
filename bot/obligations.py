"""Obligations that hang on something on file, by name: an action, an amendment request, an apology.

Each is met as a meeting's clocks are (`meetings.meet_obligation`), under its clock and reference: 'action:PSG27-03'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot import apologies, audit, change_requests, clearances, meetings, papers
from bot.errors import UnknownThing
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ActionRow, ReportRow

ACTION, REQUEST, CHANGE_DECISION = "action", "request", "change_decision"
APOLOGY, EXPECTED_PAPER = apologies.APOLOGY, papers.EXPECTED_PAPER
ON_FILE = (ACTION, REQUEST, CHANGE_DECISION, APOLOGY, EXPECTED_PAPER)
OPEN, CLOSURE_PROPOSED, CLOSED = "open", "closure_proposed", "closed"
NOT_TO_BE_MET = ("meeting", "proposed_date", "daily", "amendments_close")
"""What reminders hang on that nobody can do: a meeting comes, a window closes; a date is confirmed by command."""


@dataclass(frozen=True)
class Obligation:
    """One thing to be done: `clock` of the meeting `uid`; with a reference where it hangs on something on file."""

    uid: str
    clock: str
    reference: str = ""

    @property
    def key(self) -> str:
        """As reminders and the record of what is met name it: 'papers', 'action:PSG27-03'."""
        return f"{self.clock}:{self.reference}" if self.reference else self.clock


def of_key(uid: str, key: str) -> Obligation:
    """The obligation that a reminder's row names."""
    clock, _, reference = key.partition(":")
    return Obligation(uid, clock, reference)


def uid_of_decision(group: str, decided_on: date, domain: str) -> str:
    """Under which meeting's name a change request's decision is kept: that of its group on that day."""
    return f"{group.lower()}-{decided_on.isoformat()}@{domain}"


def on_file(session: Session, reference: str, clock: str, domain: str) -> Obligation:
    """The obligation of whatever is on file under that reference. Raises UnknownThing where there is none."""
    if clock == ACTION:
        action = session.get(ActionRow, reference.upper())
        if action:
            report = session.get_one(ReportRow, action.report_id)
            return Obligation(report.meeting_uid, ACTION, action.reference)
    elif clock == REQUEST:
        request = session.get(AmendmentRow, reference.upper())
        if request:
            return Obligation(request.meeting_uid, REQUEST, request.reference)
    elif clock == CHANGE_DECISION:
        row = change_requests.named(session, reference)
        return Obligation(uid_of_decision(row.group_key, row.decided_on, domain), CHANGE_DECISION, row.reference)
    elif clock == APOLOGY:
        apology = apologies.named(session, reference)
        return Obligation(apology.meeting_uid, APOLOGY, apology.reference)
    elif clock == EXPECTED_PAPER:
        paper = papers.named(session, reference)
        return Obligation(paper.meeting_uid, EXPECTED_PAPER, paper.reference)
    raise UnknownThing(
        f"There is no {clock} {reference}.",
        hint="Write it as PSG27-03/action, AM-001/request, CR041/change_decision, AP-001/apology or "
        "PAP-001/expected_paper.",
    )


def meet(
    session: Session,
    obligation: Obligation,
    *,
    by: Person,
    of_pmo: bool,
    now: datetime,
    link: str = "",
    named: str = "",
) -> None:
    """A person says that it is done: its reminders stop, and the log that it stands in says so.

    An action's owner proposes its closure, the PMO closes it (rules §6). `named` is how the audit shall call it.
    """
    meetings.meet_obligation(session, obligation.uid, obligation.key, at=now, by=by.name, link=link)
    if obligation.clock == ACTION:
        action = session.get_one(ActionRow, obligation.reference)
        action.state = CLOSED if of_pmo else CLOSURE_PROPOSED
    elif obligation.clock == CHANGE_DECISION:
        change_requests.named(session, obligation.reference).communicated_at = now
    elif obligation.clock == EXPECTED_PAPER:
        papers.note_done(session, obligation.reference, by=by, now=now, link=link)
    elif obligation.clock in (clearances.COPY, clearances.ANSWER):
        clearances.note_done(session, obligation.uid, obligation.clock, by=by, now=now)
    subject = named or f"{obligation.uid}/{obligation.key}"
    audit.record(session, now, by.name, "obligation met", subject[:200], link=link)
