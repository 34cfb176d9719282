"""An issued headline report, from its frozen snapshot."""

from __future__ import annotations

from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import members
from bot.model import HeadlineReport
from bot.reports import snapshot_is_whole
from bot.revisions import superseded_by
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ReportRow
from handlers.web.desk import Desk
from handlers.web.drafts import recording_of
from handlers.web.lines import lines_of
from handlers.web.rendering import answer


def one(desk: Desk, request: Request) -> Response:
    """`/reports/{id}`: what was issued, by whom, and whether it is still what was issued."""
    with desk.database.reading() as session:
        row = session.get(ReportRow, request.path_params["id"])
        if row is None:
            raise HTTPException(404, f"There is no issued report {request.path_params['id']}.")
        report = TypeAdapter(HeadlineReport).validate_json(row.snapshot)
        return answer(
            desk,
            request,
            "report.html",
            row=row,
            report=report,
            whole=snapshot_is_whole(row),
            superseded_by=superseded_by(session, row),
            by=members.by_id(session, row.issued_by),
            lines=lines_of(report.draft),
            recording=recording_of(session, session.get(DraftRow, row.draft_id) if row.draft_id else None),
        )
