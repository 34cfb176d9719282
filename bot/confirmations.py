"""Each decision's outcome is confirmed by a named person who listened to it, or attended (rules §4).

A confirmation holds for exactly the words and the outcome that were confirmed: changed, they are confirmed anew. It
cannot be overruled; an outcome that is not clear cannot be confirmed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, apologies, audit, drafts, members
from bot.access import Deed
from bot.clock import spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Draft, DraftedDecision, timed
from bot.model import Meeting, Person
from bot.store.draft_tables import ConfirmationRow, DraftRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import RecordingRow

How = Literal["listened", "attended"]
HOWS: tuple[How, ...] = get_args(How)
HOW_WORDS = {"listened": "who listened to it", "attended": "who attended"}


@dataclass(frozen=True)
class Confirmed:
    """A decision as it is drafted, and who has confirmed its outcome in these words; None where nobody has."""

    decision: DraftedDecision
    by: Person | None = None
    how: str = ""
    at: datetime | None = None

    @property
    def words(self) -> str:
        """'D-01: confirmed by Tobias Wrenfield, who listened to it', or what is missing."""
        ref = self.decision.ref
        if self.by:
            return f"{ref}: confirmed by {self.by.name}, {HOW_WORDS[self.how]}"
        if self.decision.outcome == "none":
            return f"{ref}: its outcome, at {timed(self.decision.at)}, is not clear from the words"
        return f"{ref}: its outcome, at {timed(self.decision.at)}, is not confirmed"


def how_said(text: str) -> How:
    """'listened' or 'attended'. Raises SecretariatError for anything else."""
    said = next((how for how in HOWS if how == text.strip().casefold()), None)
    if said is None:
        raise SecretariatError("How do you know the outcome?", hint="Say: listened, or attended.")
    return said


def of_decisions(session: Session, meeting_uid: str, decisions: Iterable[DraftedDecision]) -> list[Confirmed]:
    """Each decision with whoever has confirmed it as it reads."""
    query = select(ConfirmationRow).where(ConfirmationRow.meeting_uid == meeting_uid).order_by(ConfirmationRow.id)
    rows = {(row.draft_ref, row.outcome, plain(row.text)): row for row in session.scalars(query)}
    return [_confirmed(session, each, rows.get((each.ref, each.outcome, plain(each.text)))) for each in decisions]


def _confirmed(session: Session, decision: DraftedDecision, row: ConfirmationRow | None) -> Confirmed:
    if row is None or decision.outcome == "none":
        return Confirmed(decision)
    return Confirmed(decision, members.by_id(session, row.by_id), row.how, row.at)


def plain(text: str) -> str:
    """Words as they are compared: line breaks and double spaces say nothing."""
    return " ".join(text.split())


def confirm(
    session: Session, meeting: Meeting, refs: Collection[str], how: How, *, by: Person, now: datetime
) -> list[Confirmed]:
    """A person of the PMO vouches for the outcomes of these decisions, as the newest draft has them; () means all.

    Returns them. Raises NotAllowed, UnknownThing or SecretariatError with a sentence; then none is confirmed.
    """
    row = drafts.latest(session, meeting.uid)
    if row is None:
        raise UnknownThing(
            f"{drafts.reference_of(meeting)} has no draft yet.", hint="Wait until its recording is drafted."
        )
    _refuse_after_issue(session, meeting)
    chosen = _meant(Draft.model_validate_json(row.content).decisions, refs)
    return vouch(session, meeting, row, chosen, how, by=by, now=now)


def vouch(
    session: Session,
    meeting: Meeting,
    draft: DraftRow,
    decisions: Sequence[DraftedDecision],
    how: How,
    *,
    by: Person,
    now: datetime,
) -> list[Confirmed]:
    """The same for decisions as they are given, which the draft may word otherwise."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO confirms outcomes.")
    _refuse_who_cannot_know(session, meeting, how, by)
    for decision in decisions:
        _refuse_unclear(decision)
    for decision in decisions:
        session.add(
            ConfirmationRow(
                meeting_uid=meeting.uid, draft_id=draft.id, draft_ref=decision.ref, outcome=decision.outcome,
                text=decision.text, how=how, by_id=by.id, at=now,
            )
        )  # fmt: skip
        audit.record(
            session, now, by.name, "outcome confirmed", f"{draft.id} {decision.ref}", how=how,
            outcome=decision.outcome, text_sha256=hashlib.sha256(decision.text.encode()).hexdigest(),
        )  # fmt: skip
    session.flush()
    return [Confirmed(decision, by, how, now) for decision in decisions]


def _meant(decisions: Sequence[DraftedDecision], refs: Collection[str]) -> list[DraftedDecision]:
    wanted = {ref.strip().upper() for ref in refs}
    unknown = wanted - {decision.ref for decision in decisions}
    if unknown:
        known = ", ".join(decision.ref for decision in decisions) or "none"
        raise UnknownThing(f"The draft has no decision {', '.join(sorted(unknown))}.", hint=f"Its decisions: {known}.")
    return [decision for decision in decisions if not wanted or decision.ref in wanted]


def _refuse_unclear(decision: DraftedDecision) -> None:
    if decision.outcome == "none":
        raise SecretariatError(
            f"The outcome of {decision.ref}, at {timed(decision.at)}, is not clear from the words.",
            hint=f"Listen there, and say what it was: --outcome {decision.ref}=accept (or reject, refer ...).",
        )


def _refuse_who_cannot_know(session: Session, meeting: Meeting, how: How, by: Person) -> None:
    """Nobody listened to what was not recorded; nobody attended who sent apologies."""
    if how == "attended" and by.id in apologies.away(session, meeting.uid):
        raise SecretariatError(
            f"{by.name} sent apologies for {meeting.known_as} on {spoken_date(meeting.on)}.",
            hint="Listen to the outcome, and say --listened; or let somebody confirm it who attended.",
        )
    if how == "listened" and not is_recorded(session, meeting):
        raise SecretariatError(
            f"There is no recording of {meeting.known_as} on {spoken_date(meeting.on)} to listen to.",
            hint="Let somebody confirm it who attended: --attended.",
        )


def is_recorded(session: Session, meeting: Meeting) -> bool:
    """Whether there is a recording on file to listen to."""
    return session.scalars(select(RecordingRow.id).where(RecordingRow.meeting_uid == meeting.uid)).first() is not None


def _refuse_after_issue(session: Session, meeting: Meeting) -> None:
    issued = session.scalars(select(ReportRow.id).where(ReportRow.meeting_uid == meeting.uid)).first()
    if issued:
        raise SecretariatError(
            f"{issued} is issued: its outcomes stand.", hint="A wrong one is put right by an erratum."
        )
