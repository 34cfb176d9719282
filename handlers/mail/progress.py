"""What a mail says has been done, or how it stands: an action's update, "done" to a reminder; and taking it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, change_requests, inverses, logs, meetings, obligations, papers
from bot.access import Deed, Viewer
from bot.clock import LONDON
from bot.errors import NotAllowed, SecretariatError
from bot.model import Meeting, Person
from bot.obligations import Obligation
from bot.store.draft_tables import ClearanceRow
from bot.store.meeting_tables import MeetingRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ActionNoteRow, ActionRow, ReportRow
from handlers.mail.orders import Done, Order, Work

LINK = re.compile(r"https?://[^\s<>\"]+")


def update_action(work: Work, order: Order) -> Done:
    """Note where an action stands; "done" proposes its closure. By its owner's word, else by the PMO's."""
    session, finding = work.session, order.finding
    action = session.get(ActionRow, (finding.line or "").upper())
    if action is None:
        raise SecretariatError("It does not say which action it is about.", hint="Say it: --line PSG27-03.")
    meeting = _meeting_of(session, action)
    by, note = _on_whose_word(work, order, action, meeting)
    before = _before(session, meeting.uid, [Obligation(meeting.uid, obligations.ACTION, action.reference)])
    link = LINK.search(finding.words)
    row = logs.update_action(
        session, work.announcer.config, action.reference, by=by, now=order.now, note=note[: logs.LONGEST_NOTE],
        done=finding.state == "done", link=link[0] if link else "",
    )  # fmt: skip
    values = {"reference": row.reference, "action": row.text, "note": note, "state": row.state.replace("_", " ")}
    said = f"{row.reference}: {by.name} notes where it stands; it is {values['state']}."
    viewer = Viewer(session, work.announcer.config, order.person, order.now.astimezone(LONDON).date())
    receipt = work.receipt("receipt_action.txt", values, meeting) if logs.sees_action(viewer, row, meeting) else None
    return Done(row.reference, said, _since(session, before), receipt)


def _meeting_of(session: Session, action: ActionRow) -> Meeting:
    report = session.get_one(ReportRow, action.report_id)
    return meetings.as_meeting(session.get_one(MeetingRow, report.meeting_uid))


def _on_whose_word(work: Work, order: Order, action: ActionRow, meeting: Meeting) -> tuple[Person, str]:
    """(who notes it, the note): its owner in their own words; else the PMO, naming who wrote them."""
    viewer = Viewer(work.session, work.announcer.config, order.person, order.now.astimezone(LONDON).date())
    if order.person and (order.by is None or logs.owns(viewer, order.person, action, meeting)):
        return order.person, order.finding.words
    by = order.on_the_word_of
    return by, f"{order.person.name if order.person else order.message.sender} writes: {order.finding.words}"


def note_done(work: Work, order: Order) -> Done:
    """What a reminder asked for is done: by its recipient's word, or the PMO's. A link in the mail is kept with it."""
    session, person = work.session, order.whose
    notice = session.get(OutboxRow, order.finding.notice_id)
    if notice is None or notice.kind not in meetings.REMINDERS:
        raise SecretariatError("It answers no reminder of ours.", hint="Mark it: secretariat done OBLIGATION.")
    obligation = obligations.of_key(notice.meeting_uid, notice.clock)
    if obligation.clock in obligations.NOT_TO_BE_MET:
        raise SecretariatError(f"Nobody can mark {obligation.key} as done.", hint="There is nothing to do.")
    by, of_pmo = _who_may_say(session, order, person, notice)
    before = _before(session, obligation.uid, [obligation])
    link = LINK.search(order.finding.words)
    obligations.meet(session, obligation, by=by, of_pmo=of_pmo, now=order.now, link=link[0] if link else "")
    met = f"{obligation.key} of {obligation.uid}"
    return Done(met[:60], f"{person.name} says that it is done: {met}.", _since(session, before))


def _who_may_say(session: Session, order: Order, person: Person, notice: OutboxRow) -> tuple[Person, bool]:
    """(who says so, whether of the PMO): the reminder's own recipient, or the PMO. Raises NotAllowed for others."""
    today = order.now.astimezone(LONDON).date()
    for one in filter(None, (order.writer, person, order.by)):
        of_pmo = access.may_do(session, one, Deed.DONE, today).allowed
        if of_pmo or notice.recipient == one.id:
            return one, of_pmo
    raise NotAllowed(f"The reminder did not go to {person.name}.", hint="A person decides.")


def _before(session: Session, uid: str, touched: Iterable[Obligation]) -> dict[str, Any]:
    """How the ledgers stand that marking something as done may write."""
    found: dict[str, Any] = {"uid": uid, "clocks": list(meetings.obligations_met(session, uid))}
    found["clearances"] = {str(row.id): row.answered_at is not None for row in _clearances(session, uid)}
    for obligation in touched:
        if obligation.clock == obligations.ACTION:
            action = session.get_one(ActionRow, obligation.reference)
            found |= {"action": action.reference, "state": action.state, "notes": _notes(session, action.reference)}
        elif obligation.clock == obligations.EXPECTED_PAPER:
            found["paper"] = (
                obligation.reference if papers.named(session, obligation.reference).received_at is None else ""
            )
        elif obligation.clock == obligations.CHANGE_DECISION:
            decision = change_requests.named(session, obligation.reference)
            found["decision"] = decision.reference if decision.communicated_at is None else ""
    return found


def _since(session: Session, before: Mapping[str, Any]) -> dict[str, Any]:
    """What was written since: all that taking it back needs."""
    uid, was = before["uid"], before["clearances"]
    now_there = {str(row.id): row.answered_at is not None for row in _clearances(session, uid)}
    inverse = {key: before[key] for key in ("uid", "action", "state", "paper", "fields", "decision") if before.get(key)}
    inverse["clocks"] = [clock for clock in meetings.obligations_met(session, uid) if clock not in before["clocks"]]
    inverse["made"] = [int(key) for key in now_there if key not in was]
    inverse["answered"] = [int(key) for key, answered in now_there.items() if answered and was.get(key) is False]
    if "action" in before:
        inverse["notes"] = [note for note in _notes(session, before["action"]) if note not in before["notes"]]
    return inverse


def _clearances(session: Session, uid: str) -> list[ClearanceRow]:
    return list(session.scalars(select(ClearanceRow).where(ClearanceRow.meeting_uid == uid)))


def _notes(session: Session, reference: str) -> list[int]:
    return list(session.scalars(select(ActionNoteRow.id).where(ActionNoteRow.reference == reference)))


def take_back_progress(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """Nothing of it is done, and nothing noted. Raises SecretariatError where more was noted since."""
    session = work.session
    if inverse.get("action"):
        action = session.get_one(ActionRow, inverse["action"])
        inverses.restore_action(session, action, inverse["state"], inverse["notes"], by=by, now=now)
    if inverse.get("paper"):
        row = papers.named(session, inverse["paper"])
        inverses.paper_as_before(session, row, inverse["fields"], by=by, now=now)
    if inverse.get("decision"):
        decision = change_requests.named(session, inverse["decision"])
        inverses.change_decision_not_communicated(session, decision, by=by, now=now)
    inverses.clearance_as_before(session, inverse["made"], inverse["answered"], by=by, now=now)
    inverses.unmeet(session, inverse["uid"], inverse["clocks"], by=by, now=now)
