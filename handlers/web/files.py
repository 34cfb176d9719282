"""Files that the pages lead to: recordings, to be listened to from any second, and Word documents on file."""

from __future__ import annotations

from pathlib import Path, PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot import listening_copies
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ReissueRow, ReportRow
from bot.store.speech_tables import RecordingRow
from handlers.web.desk import Desk

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Written down, not guessed: what somebody named `.html` must never be shown as a page of ours. The content is asked
# first, since a name may be wrong.
CONTENT_TYPES = (
    (0, b"fLaC", "audio/flac"), (0, b"RIFF", "audio/wav"), (0, b"RF64", "audio/wav"), (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"), (0, b"\x1a\x45\xdf\xa3", "video/webm"), (8, b"M4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
)  # fmt: skip
MEDIA_TYPES = {
    ".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".oga": "audio/ogg",
    ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".weba": "audio/webm",
    ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".mp4": "video/mp4", ".webm": "video/webm",
}  # fmt: skip


def recording(desk: Desk, request: Request) -> Response:
    """`/recordings/{id}`: the recording, in ranges where the player asks for them; never what of it is closed."""
    with desk.database.reading() as session:
        row = session.get(RecordingRow, request.path_params["id"])
        if row is None or not row.parts:
            raise HTTPException(404, f"There is no recording {request.path_params['id']}.")
        name, sha256 = row.parts[0].name, listening_copies.playable(session, row)
        if sha256 is None:
            raise HTTPException(503, f"{row.name} can be played once a copy of it has been made: it is in parts, or a "
                                "part of it is closed. That is done after its transcription.")  # fmt: skip
        if sha256 != row.parts[0].sha256:
            name = f"{PurePath(row.name).stem}.m4a"
    path = _kept(desk, sha256, name)
    return FileResponse(
        path,
        media_type=_media_type(path, name),
        filename=name,
        content_disposition_type="inline",
        headers={"Cache-Control": "private, no-cache"},
    )


def _media_type(path: Path, name: str) -> str:
    with path.open("rb") as content:
        head = content.read(16)
    by_content = next((kind for at, mark, kind in CONTENT_TYPES if head[at : at + len(mark)] == mark), None)
    return by_content or MEDIA_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")


def document(desk: Desk, request: Request) -> Response:
    """`/documents/{sha256}/{name}`: the Word document of a draft or an issued report, and no other file."""
    sha256 = request.path_params["sha256"]
    with desk.database.reading() as session:
        name = _document_name(session, sha256)
    if name is None:
        raise HTTPException(404, "No draft and no issued report has this document.")
    return FileResponse(
        _kept(desk, sha256, name), media_type=WORD, filename=name, headers={"Cache-Control": "private, no-cache"}
    )


def _document_name(session: Session, sha256: str) -> str | None:
    draft = session.scalars(select(DraftRow).where(DraftRow.document_sha256 == sha256)).first()
    report = session.scalars(select(ReportRow).where(ReportRow.document_sha256 == sha256)).first()
    changes = select(ReportRow).where(ReportRow.redline_sha256 == sha256, ReportRow.redline_sha256 != "")
    redline = session.scalars(changes).first()
    if redline:
        return f"{redline.reference} changes to r{redline.revision}.docx"
    if draft or report is None:
        return draft_document(draft) if draft else _made_ready(session, sha256)
    return report_document(report)


def _made_ready(session: Session, sha256: str) -> str | None:
    """The name of a document that was made ready, for an amended report that waits for its release."""
    clean, redline = ReissueRow.document_sha256 == sha256, ReissueRow.redline_sha256 == sha256
    row = session.scalars(select(ReissueRow).where(clean | redline)).first()
    what = "changes" if row and row.redline_sha256 == sha256 else "report"
    return f"Preview of the amended {what} to {row.base_id}.docx" if row else None


def draft_document(draft: DraftRow) -> str:
    """The file name of a draft's document."""
    return f"{draft.id}.docx"


def report_document(report: ReportRow) -> str:
    """The file name of an issued report's document, as its mail names it."""
    return f"{report.reference} headline report r{report.revision}.docx"


def _kept(desk: Desk, sha256: str, name: str) -> Path:
    try:
        return desk.files.path(sha256)
    except FileNotFoundError:
        raise HTTPException(404, f"The file {name} is no longer kept on this computer.") from None
