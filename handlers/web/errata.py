"""An erratum on the page: a decision or action put right at once, seen first as everybody concerned gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from bot import errata, revisions
from bot.errata import Correction
from bot.model import Meeting, Person
from bot.report_lines import ReportLine, lines_of
from bot.report_words import OUTCOMES
from bot.revisions import Revision
from handlers.web import deeds, seen_first
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.reissuing import issued_report
from handlers.web.rendering import answer
from handlers.web.shown import Shown
from schedules import reissue_words, reissuing

CELLS = ("outcome", "owner", "due", "time")
MEANWHILE = "The report was changed since this was shown, so nothing was done. This is what would go out now."


@dataclass(frozen=True)
class Preview:
    """What would go out, to whom. `seen` stands for exactly that."""

    changes: Sequence[str]
    recipients: Sequence[str]
    seen: str


def one(desk: Desk, request: Request) -> Response:
    """`/reports/{id}/correct`: which line, what it shall say, and why."""
    line = request.query_params.get("line", "")
    return _page(desk, request, Shown[Preview]({"line": line} if line else {}))


def asked(desk: Desk, request: Request, sent: Sent) -> Response:
    """A correction was written: shows what would go out, or issues it where that has been seen."""
    fields, now = Fields(sent), desk.clock.now()
    with desk.database.reading() as session:
        by, (_, meeting) = fields.person(session, now), issued_report(session, request)
    fields.line("line", asked="Choose the decision or action.")
    if by is None or fields.wrong:
        return _page(desk, request, Shown[Preview](sent.lines(), fields.wrong, status=422))
    remember(request, by)
    return seen_first.answered(
        desk, sent,
        seen_first.Way(
            found=lambda session: _proposed(session, meeting, sent, by, now),
            preview=lambda session, revision: _preview(desk, session, revision),
            do=lambda revision: _issue(desk, revision, sent, by),
            page=lambda shown: _page(desk, request, shown),
            meanwhile=MEANWHILE,
        ),
    )  # fmt: skip


def _proposed(session: Session, meeting: Meeting, sent: Sent, by: Person, now: datetime) -> Revision:
    revision = errata.proposed(session, meeting, _correction(sent), by=by, now=now)
    return revisions.as_issued(revision, by=by, now=now)


def _correction(sent: Sent) -> Correction:
    cells: Mapping[str, str] = {cell: sent.line(cell) for cell in CELLS if sent.line(cell)}
    return Correction(sent.line("line"), sent.line("text"), sent.line("reason"), cells)


def _preview(desk: Desk, session: Session, revision: Revision) -> Preview:
    changes = list(reissue_words.changes(revision))
    people = [person.name for person in reissue_words.recipients(desk.announcer, session, revision)]
    exact = repr((revision.base.id, revision.reason, changes))
    return Preview(changes, people, sha256(exact.encode()).hexdigest())


def _issue(desk: Desk, revision: Revision, sent: Sent, by: Person) -> int:
    """Issue it. The documents are made outside the transaction: that may take seconds."""
    issuing, now = desk.issuing(), desk.clock.now()
    made = revisions.documents(desk.files, issuing.writer, revision, now)
    with desk.database.session() as session:
        row, count = reissuing.release_erratum(session, issuing, desk.announcer, revision, made, by=by, now=now)
        outcome = {"What changed": list(reissue_words.changes(revision)), "Notices": [f"{count} people are sent it."]}
        return deeds.record_decision(
            session, now, by, row.meeting_uid, deed=sent.line("deed"), title=f"{row.id} issued, erratum",
            reason=revision.reason, outcome=outcome,
        )  # fmt: skip


def _page(desk: Desk, request: Request, shown: Shown[Preview]) -> Response:
    with desk.database.reading() as session:
        row, meeting = issued_report(session, request)
        filled = shown_form(desk, session, request, shown.values, shown.wrong)
        lines = [line for line in lines_of(session, meeting.uid) if line.kind in ("decision", "action")]
        return answer(
            desk, request, "erratum.html", status=shown.status, row=row, meeting=meeting, form=filled,
            lines=[(line.ref, _short(line)) for line in lines], preview=shown.preview, meanwhile=shown.meanwhile,
            outcomes=[(code, words) for code, words in OUTCOMES.items() if code != "none"],
            by=next((p.name for p in filled.people if p.id == shown.values.get("by")), ""),
        )  # fmt: skip


def _short(line: ReportLine) -> str:
    words = f"{line.ref}: {line.text}"
    return words if len(words) <= 120 else f"{words[:119]}…"
