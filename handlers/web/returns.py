"""Edited drafts that came back: given in here, shown line by line with what each rests on, and taken in by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import meetings, members, returns
from bot.draft_edits import line_in
from bot.errors import SecretariatError
from bot.formats import Draft
from bot.model import Person
from bot.report_imports import Decided, Returned
from bot.report_table import Change, Conflict, Edit
from bot.report_words import COLUMN_WORDS, TABLE_WORDS
from bot.return_states import Door, State
from bot.returns import Brought, Found
from bot.store.draft_tables import DraftRow, ReturnRow
from handlers.mail.attachments import safe_name
from handlers.web.desk import Desk
from handlers.web.drafts import recording_of
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer
from schedules.return_words import returned_told

TAKE, LOOK, ASIDE, BACK = "take", "look", "aside", "back"
STEPS = (TAKE, LOOK, ASIDE, BACK)
MINE, THEIRS, OTHER = "mine", "theirs", "other"
NEW, NOTHING = "new", "nothing"
SHOWN = 100  # returns on the list
CHANGED_MEANWHILE = "Another draft was made since this was shown, so nothing was taken. This is how it stands now."


@dataclass(frozen=True)
class ShownEdit:
    """One line: what became of it, in each of its columns before and after, and the words that it rests on."""

    edit: Edit
    columns: tuple[tuple[str, str, str], ...]  # the column in words, before, after
    quotes: tuple[str, ...] = ()
    at: float | None = None


@dataclass(frozen=True)
class Question:
    """Something to be decided: `name` is its field in the form, `options` what can be chosen, in words."""

    name: str
    text: str
    options: tuple[tuple[str, str], ...]
    takes_words: bool = False


def listed(desk: Desk, request: Request, *, wrong: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """`/returns`: what waits, what came lately, and the form to give one back."""
    with desk.database.reading() as session:
        rows = returns.latest(session, SHOWN)
        names = {row.reference: _giver(session, row) for row in rows}
        form = shown_form(desk, session, request, wrong=wrong)
        return answer(desk, request, "returns.html", status=status, rows=rows, names=names, form=form)


def _giver(session: Session, row: ReturnRow) -> str:
    person = members.by_id(session, row.person_id) if row.person_id else None
    return person.name if person else "nobody named"


def given(desk: Desk, request: Request, sent: Sent) -> Response:
    """Keep the file, read it, and lead on to what was found in it."""
    fields, (name, content), now = Fields(sent), sent.files.get("file", ("", b"")), desk.clock.now()
    with desk.database.session() as session:
        by = fields.person(session, now)
        if not content:
            fields.wrong["file"] = "Choose the document that you edited."
        reference = ""
        if by and not fields.wrong:
            draft = session.get(DraftRow, sent.line("of"))
            of = meetings.by_uid(session, draft.meeting_uid) if draft else None
            sha256 = desk.files.put(content)
            key = f"{sent.line('deed')}:{sha256}"  # the same form sent twice gives it back once
            reference = returns.receive(
                session, Brought(sha256, safe_name(name), Door.PAGE, key, by, of=of), now
            ).reference
            remember(request, by)
    if not reference:
        return listed(desk, request, wrong=fields.wrong, status=422)
    returns.read(desk.database, desk.drafting(), partial(returned_told, desk.announcer), desk.clock, reference)
    return _lead_to(reference)


def _lead_to(reference: str) -> Response:
    return RedirectResponse(f"/returns/{reference}", 303, {"Cache-Control": "no-store"})


def one(desk: Desk, request: Request) -> Response:
    """`/returns/{reference}`: every line of it, before and after; and while it waits, what is to be decided."""
    return _page(desk, request, Sent({}))


def decided(desk: Desk, request: Request, sent: Sent) -> Response:
    """A person's word on it: taken in, looked at again with what was chosen, or put aside."""
    fields, step, reference = Fields(sent), sent.line("step"), request.path_params["reference"]
    if step not in STEPS:
        raise HTTPException(404, "There is nothing of that name to be done. Nothing was changed.")
    if step == LOOK:
        return _page(desk, request, sent)
    try:
        with desk.database.session() as session:
            by = fields.person(session, desk.clock.now())
        if by and not fields.wrong:
            remember(request, by)
            _do(desk, reference, step, sent, by)
            return _lead_to(reference)
    except SecretariatError as error:
        fields.wrong[""] = str(error)
    return _page(desk, request, sent, wrong=fields.wrong, status=422)


def _do(desk: Desk, reference: str, step: str, sent: Sent, by: Person) -> None:
    now = desk.clock.now()
    if step != TAKE:
        with desk.database.session() as session:
            row = returns.named(session, reference)
            if step == ASIDE:
                returns.put_aside(session, row, by=by, now=now, reason=sent.line("why"))
            else:
                returns.take_back_aside(session, row, by=by, now=now)
        return
    with desk.database.reading() as session:  # it is compared while nobody is kept waiting
        row = returns.named(session, reference)
        returns.refuse_settled(row)
        looked = _looked(desk, session, row, sent)
    if looked.final.newest != sent.line("newest"):
        raise SecretariatError(CHANGED_MEANWHILE)
    with desk.database.session() as session:
        row = returns.named(session, reference)
        returns.take_in(session, desk.drafting(), row, looked.final, looked.decided, by=by, now=now)


@dataclass(frozen=True)
class Looked:
    """A document as things stand: before anything was decided, with the rows told apart, and with all choices."""

    first: Returned
    told: Returned
    final: Returned
    decided: Decided


def _looked(desk: Desk, session: Session, row: ReturnRow, sent: Sent) -> Looked:
    look = partial(returns.look, session, desk.drafting(), row, desk.clock.today())
    told = {int(name[4:]): _told(sent.line(name)) for name in sent.fields
            if name.startswith("row:") and name[4:].isdecimal() and sent.line(name)}  # fmt: skip
    first = look()
    with_rows = look(Decided(told=told)) if told else first
    chosen = {(c.ref, c.field): text for c in with_rows.conflicts if (text := _chosen(c, sent)) is not None}
    decided = Decided(chosen, told)
    return Looked(first, with_rows, look(decided) if chosen else with_rows, decided)


def _told(answered: str) -> str | None:
    return {NEW: "", NOTHING: None}.get(answered, answered)


def _chosen(conflict: Conflict, sent: Sent) -> str | None:
    """What was chosen of a conflict; None where nothing was yet."""
    name = _name_of(conflict)
    choice, words = sent.line(name), sent.line(f"words:{name}")
    if choice == OTHER:
        return words or None
    return returns.settled(conflict, choice) if choice in (MINE, THEIRS) else None


def _name_of(conflict: Conflict) -> str:
    return f"line:{conflict.ref}.{conflict.field}"


def _page(
    desk: Desk, request: Request, sent: Sent, *, wrong: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    with desk.database.reading() as session:
        row = returns.named(session, request.path_params["reference"])
        looked, trouble = None, ""
        if row.state == State.WAITING:
            try:
                looked = _looked(desk, session, row, sent)
            except SecretariatError as error:
                trouble = str(error)
        found = looked.final if looked else returns.found_of(row)
        draft = session.get(DraftRow, row.draft_id) if row.draft_id else None
        return answer(
            desk,
            request,
            "return.html",
            status=status,
            row=row,
            giver=_giver(session, row),
            draft=draft,
            found=found,
            trouble=trouble,
            newest=looked.final.newest if looked else "",
            lines=_by_kind(found, draft),
            unchanged=len(found.edits) - len(found.changes) if found else 0,
            questions=_questions(looked) if looked else (),
            recording=recording_of(session, draft),
            form=shown_form(desk, session, request, sent.lines(), wrong),
            choices=sorted(returns.decided_of(row)["chosen"].items()),
        )


def _by_kind(found: Found | Returned | None, draft: DraftRow | None) -> dict[str, list[ShownEdit]]:
    """The lines that are not as they were, under the heading of their table."""
    content = Draft.model_validate_json(draft.content) if draft else None
    shown: dict[str, list[ShownEdit]] = {}
    for edit in found.changes if found else ():
        shown.setdefault(TABLE_WORDS[edit.kind].capitalize(), []).append(_shown(edit, content))
    return shown


def _shown(edit: Edit, draft: Draft | None) -> ShownEdit:
    line: Any = line_in(draft, edit.kind, edit.ref) if draft else None
    quotes = tuple(span.quote for span in getattr(line, "evidence", ()))
    return ShownEdit(edit, tuple(_columns(edit)), quotes, getattr(line, "at", None))


def _columns(edit: Edit) -> list[tuple[str, str, str]]:
    """Of a reworded line the columns that differ, of any other all that say something."""
    line = edit.after or edit.before
    names = edit.fields if edit.change is Change.REWORDED else tuple(line.cells) if line else ()
    said = [(COLUMN_WORDS.get(n, n), *(row.cells.get(n, "") if row else "" for row in (edit.before, edit.after)))
            for n in names]  # fmt: skip
    return [(what, before, after) for what, before, after in said if before or after]


def _questions(looked: Looked) -> Sequence[Question]:
    """What is asked; what was answered already stays among it, to be changed."""
    rows = {edit.place: edit for edit in (*looked.first.asked, *looked.told.asked)}
    of_rows = [_row_question(edit, looked.first) for _, edit in sorted(rows.items())]
    return [*of_rows, *(_conflict_question(conflict, looked.final.newest) for conflict in looked.told.conflicts)]


def _row_question(edit: Edit, returned: Returned) -> Question:
    words = "; ".join(cell for cell in (edit.after.cells.values() if edit.after else ()) if cell)
    lines = [(line.ref, f"{line.ref}: {line.cells.get('text') or line.cells.get('name', '')}")
             for line in returned.sent_rows if line.kind == edit.kind]  # fmt: skip
    options = (*lines, (NEW, "A new line"), (NOTHING, "None: leave the row out"))
    return Question(f"row:{edit.place}", f"{edit.why} Row {edit.place} says: “{words}”. Which line is it?", options)


def _conflict_question(conflict: Conflict, newest: str) -> Question:
    what = COLUMN_WORDS.get(conflict.field, conflict.field)
    text = f"{conflict.ref}, {what}: it was “{conflict.base}” when the document went out. Which stands?"
    options = (
        (MINE, f"The document's: {conflict.mine or '(removed)'}"),
        (THEIRS, f"That of {newest}: {conflict.theirs or '(removed)'}"),
    )
    more = ((OTHER, "Other words:"),) if conflict.field else ()
    return Question(_name_of(conflict), text, (*options, *more), takes_words=bool(conflict.field))


def file(desk: Desk, request: Request) -> Response:
    """`/returns/{reference}/file`: the document as it was given back, to be saved; never one that was refused."""
    with desk.database.reading() as session:
        row = returns.named(session, request.path_params["reference"])
    if row.state == State.REFUSED:
        raise HTTPException(404, f"{row.reference} was refused: its file is kept, and is not opened here.")
    headers = {"Cache-Control": "private, no-cache",
               "Content-Disposition": f"attachment; filename*=utf-8''{quote(row.file_name, safe='')}"}  # fmt: skip
    try:
        content = desk.files.path(row.sha256).read_bytes()
    except FileNotFoundError:
        raise HTTPException(404, f"The file of {row.reference} is not kept any more.") from None
    return Response(content, media_type="application/octet-stream", headers=headers)
