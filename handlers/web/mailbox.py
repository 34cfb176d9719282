"""The mailbox: what each message is taken to ask for, with its own words, and a person's word on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import mail_proposals, members
from bot.errors import SecretariatError, UnreadableMessage
from bot.store.mail_tables import InboxRow, MailProposalRow
from handlers.mail import decisions
from handlers.mail.attachments import AttachedFile, Standing
from handlers.mail.decisions import CHANGEABLE, Decider
from handlers.mail.findings import What
from handlers.mail.markup import shown_html
from handlers.mail.reading import ReadMail, read_mail
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer

ACCEPT, CHANGE, REJECT, UNDO = "accept", "change", "reject", "undo"
STEPS = (ACCEPT, CHANGE, REJECT, UNDO)
SHOWN = 100  # messages on one page of what waits


@dataclass(frozen=True)
class ShownProposal:
    """A proposal, and what a form to change it is filled in with."""

    row: MailProposalRow
    person: str
    values: Mapping[str, str]


def listed(desk: Desk, request: Request) -> Response:
    """`/mailbox`: the messages that wait for a person, the oldest first, each with what would be done."""
    query = select(InboxRow).where(InboxRow.state == "needs_a_person").order_by(InboxRow.arrived_at, InboxRow.id)
    with desk.database.reading() as session:
        messages = session.scalars(query.limit(SHOWN)).all()
        entries = [(message, mail_proposals.of_message(session, message.id)) for message in messages]
        return answer(desk, request, "mailbox.html", entries=entries, most=SHOWN)


def one(desk: Desk, request: Request) -> Response:
    """`/mailbox/{id}`: one message, whole, with everything that it is taken to ask for."""
    return _page(desk, request)


def decided(desk: Desk, request: Request, sent: Sent) -> Response:
    """A person's word on one proposal of the message: done at once, or said why not."""
    fields, step = Fields(sent), sent.line("step")
    said = ""
    with desk.database.session() as session:
        by = fields.person(session, desk.clock.now())
        row = session.get(MailProposalRow, sent.line("reference"))
        if row is None or row.inbox_id != request.path_params["id"] or step not in STEPS:
            raise HTTPException(404, "There is no such proposal about this message. Nothing was changed.")
        if by and not fields.wrong:
            decider = Decider(session, desk.announcer, by, desk.clock.now())
            try:
                with session.begin_nested():
                    said = _decide(decider, row, step, sent)
            except SecretariatError as error:
                fields.wrong[""] = str(error)
            else:
                remember(request, by)
    if said:
        place = f"/mailbox/{request.path_params['id']}#{row.reference}"
        return RedirectResponse(place, 303, {"Cache-Control": "no-store"})
    return _page(desk, request, values=sent.lines(), wrong=fields.wrong, status=422)


def _decide(decider: Decider, row: MailProposalRow, step: str, sent: Sent) -> str:
    if step == REJECT:
        return decisions.reject(decider, row, sent.line("why"))
    if step == UNDO:
        return decisions.take_back(decider, row, sent.line("why"))
    was = _values(decider.session, row)
    given = {name: sent.line(name) for name in CHANGEABLE if name in sent.fields}
    changes = {name: value for name, value in given.items() if value != was.get(name, "")} if step == CHANGE else {}
    if step == CHANGE and not changes:
        raise SecretariatError("Nothing was changed in it.", hint="Change a value, or accept it as it is.")
    return decisions.accept(decider, row, changes)


def _page(
    desk: Desk, request: Request, *, values: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    with desk.database.reading() as session:
        message = _message(session, request)
        mail = _read(desk, message)
        return answer(
            desk,
            request,
            "message.html",
            status=status,
            message=message,
            mail=mail,
            html=Markup(shown_html(mail.html)) if mail and mail.html else "",  # noqa: S704  # cleaned by nh3
            files=_files(mail),
            proposals=_shown(session, message, values or {}),
            kinds=[kind.value for kind in What],
            groups=list(desk.config.groups),
            mailboxes=list(desk.config.mailboxes),
            form=shown_form(desk, session, request, values, wrong),
            decided=(values or {}).get("reference", ""),
        )


def _message(session: Session, request: Request) -> InboxRow:
    row = session.get(InboxRow, request.path_params["id"])
    if row is None:
        raise HTTPException(404, "There is no such message. The inbox lists those there are.")
    return row


def _shown(session: Session, message: InboxRow, typed: Mapping[str, str]) -> list[ShownProposal]:
    """The proposals; the one whose form was not taken keeps what was typed."""
    shown = []
    for row in mail_proposals.of_message(session, message.id):
        values = _values(session, row)
        if row.reference == typed.get("reference"):
            values |= {name: typed[name] for name in CHANGEABLE if name in typed}
        shown.append(ShownProposal(row, _person(session, row), values))
    return shown


def _person(session: Session, row: MailProposalRow) -> str:
    person = members.by_id(session, row.person_id) if row.person_id else None
    return person.name if person else ""


def _values(session: Session, row: MailProposalRow) -> dict[str, str]:
    """The values of a proposal under the names by which they are changed, each on one line."""
    kept = {name: " ".join(str(row.values.get(field, "")).split()) for name, field in decisions.FIELDS.items()}
    return kept | {"what": row.action, "person": _person(session, row), "mailbox": row.values.get("mailbox", "")}


def _read(desk: Desk, message: InboxRow) -> ReadMail | None:
    """The message as it came; None where it is not kept, or cannot be read."""
    if not message.content_sha256:
        return None
    try:
        return read_mail(desk.files.path(message.content_sha256).read_bytes())
    except (UnreadableMessage, OSError):
        return None


def _files(mail: ReadMail | None) -> Sequence[AttachedFile]:
    return [file for file in mail.files if not file.is_inline] if mail else []


def file(desk: Desk, request: Request) -> Response:
    """`/mailbox/{id}/files/{name}`: an ordinary document of a message, to be saved; never what is held or refused."""
    with desk.database.reading() as session:
        mail = _read(desk, _message(session, request))
    name = request.path_params["name"]
    found = next((one for one in _files(mail) if one.name == name and one.standing is Standing.TAKEN), None)
    if found is None:
        raise HTTPException(404, f"No file {name} of this message can be opened here. Open the message in the mailbox.")
    headers = {"Cache-Control": "private, no-cache", "Content-Disposition": _saved_as(found.name)}
    return Response(found.content, media_type="application/octet-stream", headers=headers)


def _saved_as(name: str) -> str:
    return f"attachment; filename*=utf-8''{quote(name, safe='')}"
