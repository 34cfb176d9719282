"""A draft headline report beside its recording: for the PMO to listen where a line says to."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import meetings, reports
from bot.drafts import WORKING
from bot.formats import Draft, marked_alone
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from handlers.web.desk import Desk
from handlers.web.forms import shown_form
from handlers.web.lines import by_kind, shown_line
from handlers.web.rendering import answer


def one(desk: Desk, request: Request) -> Response:
    """`/drafts/{id}`: the lines by kind, the words each rests on, and what of the speech no line rests on."""
    with desk.database.reading() as session:
        row = session.get(DraftRow, request.path_params["id"])
        if row is None:
            raise HTTPException(404, f"There is no draft {request.path_params['id']}.")
        draft = Draft.model_validate_json(row.content)
        lines = by_kind(
            (
                line.kind,
                shown_line(
                    line.kind,
                    ref=line.ref,
                    text=line.text,
                    item=line.item,
                    at=line.at_seconds,
                    details=line.details,
                ),
            )
            for line in row.lines
        )
        return answer(
            desk,
            request,
            "draft.html",
            row=row,
            meeting=meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid)),
            issued=reports.latest(session, row.meeting_uid),
            lines=lines,
            draft=draft,
            coverage=draft.coverage,
            marked_alone=marked_alone(draft),
            recording=recording_of(session, row),
            working=WORKING,
            form=shown_form(desk, session, request),
        )


def recording_of(session: Session, draft: DraftRow | None) -> RecordingRow | None:
    """The recording that a draft was made from, or None."""
    transcript = session.get(TranscriptRow, draft.transcript_id) if draft and draft.transcript_id else None
    return session.get(RecordingRow, transcript.recording_id) if transcript else None
