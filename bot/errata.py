"""An erratum: a decision or action recorded wrongly is corrected the same day, on a person's word (rules §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, revisions
from bot.access import Deed
from bot.clock import LONDON, spoken_date
from bot.corrections import OUTCOMES
from bot.errors import SecretariatError, UnknownThing
from bot.model import ChangeBy, Disposition, HeadlineReport, Meeting, Person
from bot.ports import ContentFiles
from bot.report_lines import line_of
from bot.report_texts import with_text
from bot.revisions import ERRATUM, Documents, Revision
from bot.store.tables import ReportRow


@dataclass(frozen=True)
class Correction:
    """What is put right: a line by its own reference or the draft's, the words that it shall say, and why.

    `outcome` is a decision's, where that was wrong too.
    """

    line: str
    text: str
    reason: str
    outcome: str = ""


def proposed(session: Session, meeting: Meeting, correction: Correction, *, by: Person, now: datetime) -> Revision:
    """The report with the correction in it. Raises NotAllowed, UnknownThing or SecretariatError, with a sentence."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO corrects reports.")
    base = revisions.newest(session, meeting)
    report = revisions.report_of(base)
    line, more = _line(session, meeting, correction), {}
    before = _now_says(report, line)
    if correction.outcome:
        _refuse_outcome(report, line, correction.outcome)
        more = {"outcome": correction.outcome}
    after = with_text(report, line, correction.text.strip(), **more)
    if _now_says(after, line) == before:
        raise SecretariatError(f"{line} says that already.", hint="Give the words that it shall say.")
    day = spoken_date(now.astimezone(LONDON).date())
    row = Disposition(f"Erratum of {day}", line, by.organisation, f"Corrected. It said: {before}", correction.reason)
    after = replace(after, dispositions=(*after.dispositions, row))
    reason = f"Erratum of {day}, on the word of {by.name}. {correction.reason.strip()}"
    whose: Mapping[str, tuple[ChangeBy, ...]] = {line: (ChangeBy("PMO, erratum", reason, correction.text),)}
    return Revision(meeting, base, ERRATUM, after, whose, reason=correction.reason.strip())


def issue(
    session: Session, files: ContentFiles, revision: Revision, made: Documents, *, by: Person, now: datetime
) -> ReportRow:
    """Issue an erratum, in the caller's transaction; its notices are queued in the same one."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO corrects reports.")
    return revisions.put_on_file(session, files, revision, made, by=by, now=now)


def _line(session: Session, meeting: Meeting, correction: Correction) -> str:
    if not correction.text.strip() or not correction.reason.strip():
        raise SecretariatError(
            "An erratum needs the words that the line shall say, and a reason: both are read by everybody.",
            hint="Give --text and --reason.",
        )
    line = line_of(session, meeting.uid, correction.line)
    if line is None or line.kind not in ("decision", "action"):
        raise UnknownThing(
            f"The report has no decision or action {correction.line}.",
            hint="Other lines are amended on request: secretariat amendments",
        )
    return line.ref


def _refuse_outcome(report: HeadlineReport, line: str, outcome: str) -> None:
    if outcome not in OUTCOMES or outcome == "none":
        known = ", ".join(o for o in OUTCOMES if o != "none")
        raise SecretariatError(f"{outcome} is no outcome.", hint=f"Outcomes: {known}.")
    if all(decision.ref != line for decision in report.draft.decisions):
        raise SecretariatError(f"{line} is no decision, and has no outcome.", hint="Leave out --outcome.")


def _now_says(report: HeadlineReport, line: str) -> str:
    """'Accepted: The group approved the plan.'; of an action its text."""
    for decision in report.draft.decisions:
        if decision.ref == line:
            return f"{OUTCOMES[decision.outcome].capitalize()}: {decision.text}"
    return next((action.text for action in report.draft.actions if action.ref == line), "")
