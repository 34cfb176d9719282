"""Marked-up reports on the page: given in for a representative, shown line by line, entered; and those that wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import members
from bot.errors import SecretariatError, StateUnusable
from bot.marked_requests import MarkedUp
from bot.model import Person
from bot.store.amendment_tables import MarkedDocumentRow
from handlers import marked_documents
from handlers.marked_documents import Came, Reader
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer

ENTER, LEAVE, SEEN_TO = "enter", "leave", "seen_to"
DO = "do"


@dataclass(frozen=True)
class Shown:
    """What the page of giving one in says: what it asks for, where it has been read."""

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    found: MarkedUp | None = None
    name: str = ""
    status: int = 200


def listed(desk: Desk, request: Request) -> Response:
    """`/requests/marked`: a document is given in here; those that wait for a person."""
    return _page(desk, request, Shown())


def given(desk: Desk, request: Request, sent: Sent) -> Response:
    """A document was given in: shows what it asks for, or enters it where that has been seen."""
    fields = Fields(sent)
    name, content = sent.files.get("file") or _kept(desk, sent)
    if not content:
        fields.wrong["file"] = "Choose the Word document as it came."
    with desk.database.reading() as session:
        by = fields.person(session, desk.clock.now())
        who = _whose(session, fields)
    if by is None or who is None or fields.wrong:
        return _page(desk, request, Shown(sent.lines(), fields.wrong, status=422))
    remember(request, by)
    now, writer = desk.clock.now(), desk.issuing().writer
    came = Came("page", name)
    try:
        if sent.line("step") == DO:
            with desk.database.session() as session:
                row = marked_documents.from_document(session, desk.announcer, writer, content, who, came, now)
                return _to(row)
        with desk.database.reading() as session:
            found = Reader(desk.announcer, writer).read(session, content, who, now)
    except StateUnusable:
        raise
    except SecretariatError as error:
        with desk.database.session() as session:
            marked_documents.keep_refused(
                session, files=desk.files, content=content, who=who, came=came, now=now, why=str(error)
            )
        return _page(desk, request, Shown(sent.lines(), {"": f"{error} The file is kept."}, status=422))
    return _page(desk, request, Shown({**sent.lines(), "whose": who.name}, {}, found, name))


def _kept(desk: Desk, sent: Sent) -> tuple[str, bytes]:
    """The document that was shown: it is kept by its content."""
    sha256 = sent.line("sha256")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return "", b""
    try:
        return sent.line("name"), desk.files.path(sha256).read_bytes()
    except FileNotFoundError:
        return "", b""


def _whose(session: Session, fields: Fields) -> Person | None:
    words = fields.line("whose", asked="Say whose requests they are.")
    try:
        return members.named(session, words) if words else None
    except SecretariatError as error:
        fields.wrong["whose"] = str(error)
        return None


def _to(row: MarkedDocumentRow) -> Response:
    return RedirectResponse(f"/requests/marked/{quote(str(row.id))}", 303, {"Cache-Control": "no-store"})


def _page(desk: Desk, request: Request, shown: Shown) -> Response:
    with desk.database.reading() as session:
        waiting = [(row, members.by_id(session, row.sender_id)) for row in marked_documents.waiting(session)]
        return answer(
            desk, request, "marked.html", status=shown.status, waiting=waiting, found=shown.found, name=shown.name,
            form=shown_form(desk, session, request, shown.values, shown.wrong),
        )  # fmt: skip


def one(desk: Desk, request: Request) -> Response:
    """`/requests/marked/{id}`: what a document asks for, what became of each line, and what waits."""
    return _document(desk, request, {}, {})


def decided(desk: Desk, request: Request, sent: Sent) -> Response:
    """Lines that waited are entered in the sender's name, or left."""
    fields, step = Fields(sent), sent.line("step")
    ticked = [int(one) for one in sent.all("line") if one.isdecimal() and len(one) < 6]
    if step in (ENTER, LEAVE) and not ticked:
        fields.wrong["line"] = "Tick at least one line that waits."
    elif step not in (ENTER, LEAVE, SEEN_TO):
        fields.wrong[""] = "Say whether they are entered or left."
    with desk.database.session() as session:
        by, row, now = fields.person(session, desk.clock.now()), _row(session, request), desk.clock.now()
        if by and not fields.wrong:
            try:
                with session.begin_nested():
                    if step == SEEN_TO:
                        marked_documents.seen_to(session, row, by=by, now=now)
                    else:
                        enter, leave = (ticked, []) if step == ENTER else ([], ticked)
                        marked_documents.decide(session, desk.announcer, row, enter, leave, by=by, now=now)
            except StateUnusable:
                raise
            except SecretariatError as error:
                fields.wrong[""] = str(error)
            else:
                remember(request, by)
                return _to(row)
    return _document(desk, request, sent.lines(), fields.wrong, status=422)


def _row(session: Session, request: Request) -> MarkedDocumentRow:
    number = request.path_params["id"]
    row = session.get(MarkedDocumentRow, int(number)) if number.isdecimal() and len(number) < 10 else None
    if row is None:
        raise HTTPException(404, f"There is no marked-up document {number[:40]}.")
    return row


def _document(
    desk: Desk, request: Request, values: Mapping[str, str], wrong: Mapping[str, str], *, status: int = 200
) -> Response:
    with desk.database.reading() as session:
        row = _row(session, request)
        return answer(
            desk, request, "marked_document.html", status=status, row=row, who=members.by_id(session, row.sender_id),
            waiting=marked_documents.waiting_lines(row), form=shown_form(desk, session, request, values, wrong),
        )  # fmt: skip


def file(desk: Desk, request: Request) -> Response:
    """`/requests/marked/{id}/file`: the document as it came, to be saved."""
    with desk.database.reading() as session:
        row = _row(session, request)
    try:
        content = desk.files.path(row.sha256).read_bytes()
    except FileNotFoundError:
        raise HTTPException(404, f"The file {row.name} is no longer kept on this computer.") from None
    named = f"attachment; filename*=utf-8''{quote(row.name, safe='')}"
    headers = {"Cache-Control": "private, no-cache", "Content-Disposition": named}
    return Response(content, media_type="application/octet-stream", headers=headers)
