"""The Word documents that wait for a person of the PMO, a line each, with where to settle it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import members, returns
from bot.clock import spoken
from bot.slack_text import cut
from bot.store.amendment_tables import MarkedDocumentRow

LONGEST_NAME = 80


def edited_drafts(session: Session, page: str) -> Iterator[str]:
    """The edited drafts that nobody has taken in or put aside, the oldest first. `page` is the address of the page."""
    for row in returns.waiting(session):
        what = f"{row.reference}, {row.draft_id or _on_one_line(row.file_name)}"
        yield f"{what}{_from(session, row.person_id)}, {spoken(row.arrived_at)}: {page}/returns/{row.reference}"


def marked_reports(session: Session, page: str) -> Iterator[str]:
    """The issued reports that came back marked up and wait with a line, or as a whole, the oldest first."""
    query = select(MarkedDocumentRow).where(MarkedDocumentRow.waits).order_by(MarkedDocumentRow.id)
    for row in session.scalars(query):
        what = row.report_id or _on_one_line(row.name) or "a document"
        came = f"{what}{_from(session, row.sender_id)}, {spoken(row.came_at)}"
        yield f"{came}: {page}/requests/marked/{row.id} (or: secretariat amendments marked {row.id})"


def _on_one_line(name: str) -> str:
    """A file's name as strangers give it."""
    return cut(" ".join(name.split()), LONGEST_NAME)


def _from(session: Session, person_id: str | None) -> str:
    person = members.by_id(session, person_id) if person_id else None
    return f" from {person.name}" if person else ""
