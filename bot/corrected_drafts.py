"""What somebody heard, or words otherwise, put into the draft as its next version: the same lines, evidence kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, audit, drafts, meetings
from bot.access import Deed
from bot.corrections import Corrections, corrected
from bot.drafts import Drafting
from bot.errors import SecretariatError
from bot.formats import Draft
from bot.model import Meeting, Person
from bot.report_imports import keep_version
from bot.store.draft_tables import DraftRow


def correct(
    session: Session, drafting: Drafting, meeting: Meeting, corrections: Corrections, *, by: Person, now: datetime
) -> DraftRow | None:
    """Make the next version of the draft, in the caller's transaction; None where nothing would change.

    Raises NotAllowed for anybody who is not of the PMO; UnknownThing or SecretariatError where it means nothing.
    """
    access.require_deed(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    row = drafts.latest(session, meeting.uid)
    if row is None or not (corrections.outcomes or corrections.texts):
        return None
    if meetings.issued_at(session, meeting.uid):
        raise SecretariatError(
            f"{drafts.reference_of(meeting)} is issued.", hint="A wrong outcome is put right by an erratum."
        )
    was = Draft.model_validate_json(row.content)
    draft = corrected(was, corrections)
    if draft == was:
        return None
    made = keep_version(session, drafting, meeting, draft, row, by=by, now=now)
    changed = sorted({*corrections.outcomes, *corrections.texts})
    audit.record(session, now, by.name, "draft corrected", made.id, after=row.id, lines=changed)
    return made
