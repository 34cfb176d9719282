"""An erratum: a decision or action recorded wrongly is corrected the same day, on a person's word (rules §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, revisions
from bot.access import Deed
from bot.clock import LONDON, spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.model import ChangeBy, Disposition, HeadlineReport, Meeting, Person
from bot.ports import ContentFiles
from bot.report_cells import refuse_missing
from bot.report_lines import ReportLine, line_of
from bot.report_texts import changed_cells, said, with_cell, with_text
from bot.report_words import COLUMN_WORDS
from bot.revisions import ERRATUM, Documents, Revision
from bot.store.report_tables import ReportRow


@dataclass(frozen=True)
class Correction:
    """What is put right: a line by its own reference or the draft's, the words that it shall say, and why.

    `cells` is what shall stand beside its words: {"outcome": "Rejected"}, {"owner": "DNO Representative"}. An empty
    `text` leaves its words.
    """

    line: str
    text: str
    reason: str
    cells: Mapping[str, str] = field(default_factory=dict)


def proposed(session: Session, meeting: Meeting, correction: Correction, *, by: Person, now: datetime) -> Revision:
    """The report with the correction in it. Raises NotAllowed, UnknownThing or SecretariatError, with a sentence."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO corrects reports.")
    line = _line(session, meeting, correction)
    base = revisions.newest(session, meeting)
    before = revisions.report_of(base)
    after = _corrected(before, line, correction)
    changed = changed_cells(before, after, line.ref)
    if not changed:
        raise SecretariatError(f"{line.ref} says that already.", hint="Give what it shall say.")
    day = spoken_date(now.astimezone(LONDON).date())
    was = " ".join(_said(before, line.ref, cell) for cell in changed)
    row = Disposition(f"Erratum of {day}", line.ref, by.organisation, f"Corrected. It said: {was}", correction.reason)
    after = replace(after, dispositions=(*after.dispositions, row))
    reason = f"Erratum of {day}, on the word of {by.name}. {correction.reason.strip()}"
    whose: Mapping[str, tuple[ChangeBy, ...]] = {line.ref: (ChangeBy("PMO, erratum", reason),)}
    return Revision(meeting, base, ERRATUM, after, whose, reason=correction.reason.strip())


def issue(
    session: Session, files: ContentFiles, revision: Revision, made: Documents, *, by: Person, now: datetime
) -> ReportRow:
    """Issue an erratum, in the caller's transaction; its notices are queued in the same one."""
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO corrects reports.")
    return revisions.put_on_file(session, files, revision, made, by=by, now=now)


def _line(session: Session, meeting: Meeting, correction: Correction) -> ReportLine:
    if not (correction.text.strip() or correction.cells) or not correction.reason.strip():
        raise SecretariatError(
            "An erratum needs what the line shall say, and a reason: both are read by everybody.",
            hint="Give --text, --owner, --due, --outcome or --time, and --reason.",
        )
    line = line_of(session, meeting.uid, correction.line)
    if line is None or line.kind not in ("decision", "action"):
        raise UnknownThing(
            f"The report has no decision or action {correction.line}.",
            hint="Other lines are amended on request: secretariat amendments",
        )
    return line


def _said(report: HeadlineReport, line: str, cell: str) -> str:
    words = said(report, line, cell) or ""
    return f"{COLUMN_WORDS.get(cell, cell).capitalize()}: {words}." if cell else words


def _corrected(report: HeadlineReport, line: ReportLine, correction: Correction) -> HeadlineReport:
    if correction.text.strip():
        report = with_text(report, line.ref, correction.text.strip())
    for cell, words in correction.cells.items():
        refuse_missing(line.kind, line.ref, cell)
        report = with_cell(report, line.ref, cell, words)
    return report
