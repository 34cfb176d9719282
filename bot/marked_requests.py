"""An issued report that came back marked up: what it asks for, line by line. Nothing is entered here (rules §5).

Tracked changes, plain rewording and comments are found by comparing with the very revision that was marked up, as it is
kept. What cannot be told apart is refused as a whole, with a sentence; what is in doubt says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import amendments, meetings, reports, revisions
from bot.access import Viewer
from bot.amendment_life import State
from bot.amendments import ABOUT, MOST_CHARACTERS
from bot.drafts import reference_of
from bot.errors import SecretariatError, UnknownThing, UnreadableDocument
from bot.model import Meeting, Person
from bot.ports import ContentFiles, DocumentWriter
from bot.report_cells import AMENDABLE, can_say
from bot.report_lines import lines_of
from bot.report_table import Change, Edit, PrintedLine, ReadDocument, ReadLine, Remark, edits, plain
from bot.report_texts import references
from bot.report_words import COLUMN_WORDS, STATUS
from bot.store.amendment_tables import AmendmentRow
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportRow

NOBODY = ("", "unknown author", "author")  # what programs write where nobody gave them a name
OURS = re.compile(r"PMO(?: for AM-\d+|, erratum)?")  # in whose names our own redlines are tracked
MOST_LINES = 100  # that one document may ask for; beyond, somebody has rewritten the report
TORN = 0.2  # the share of the report's rows that may be missing before the table counts as torn apart
STRUCK = "To be struck out."


@dataclass(frozen=True)
class Marked:
    """One thing that is asked of one line. `line` is its reference, None for the report as a whole; `cell` what beside
    its words is meant, "" its words.

    `in_words`: `proposed` says what is wrong, not how the line shall read. `doubt` says why a person is asked first, ""
    where nobody need be; `known` is the request by which the same person asks for the same already.
    """

    line: str | None
    about: str  # one of bot.amendments.ABOUT
    present: str
    proposed: str
    reason: str = ""
    in_words: bool = False
    is_remark: bool = False  # a comment, and nothing else
    doubt: str = ""
    known: str = ""
    cell: str = ""


@dataclass(frozen=True)
class MarkedUp:
    """What a document asks for. `sent` is the revision that was marked up; `notes` are worth a person's knowing."""

    meeting: Meeting
    sent: str
    sha256: str
    lines: tuple[Marked, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Compared:
    """The document against the revision that was marked up, and the lines of the one in force."""

    meeting: Meeting
    sent: ReportRow
    newest: ReportRow
    came: ReadDocument
    was: Mapping[str, PrintedLine]
    now: Mapping[str, PrintedLine]
    texts: Mapping[str, str]  # what each line says now, as the ledger quotes it
    known_remarks: frozenset[tuple[str, str]]
    edits: tuple[Edit, ...]


def asked_for(
    viewer: Viewer, files: ContentFiles, writer: DocumentWriter, content: bytes, now: datetime,
    *, of: Meeting | None = None,
) -> MarkedUp:  # fmt: skip
    """What a marked-up report asks for in the viewer's name. `of`: the meeting that it is given in for.

    Whatever comes is kept. Raises SecretariatError, with a sentence, for what is no issued report of ours, is not open
    to them, cannot be told apart, or asks for nothing.
    """
    sha256 = files.put(content)
    session = viewer.session
    sent = _sent(session, writer.read(content, ()).identifier)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, sent.meeting_uid))
    amendments.require_open(viewer, meeting, now)
    if of is not None and of.uid != meeting.uid:
        raise SecretariatError(
            f"This is the report {sent.reference}, not {reference_of(of)}.", hint="Give it in where it belongs."
        )
    compared = _compared(session, files, writer, content, sent, meeting)
    _refuse_muddled(compared)
    person = viewer.person
    before = [row for row in amendments.of_meeting(session, meeting.uid) if person and row.requester_id == person.id]
    lines = [_known(before, line) for line in _lines(compared, person)] if person else []
    _refuse_none_or_too_many(compared, lines)
    return MarkedUp(meeting, sent.id, sha256, tuple(lines), tuple(_notes(viewer, compared, now)))


def _sent(session: Session, identifier: str) -> ReportRow:
    row = session.get(ReportRow, identifier) if identifier else None
    if row is not None:
        return row
    if identifier and session.get(DraftRow, identifier) is not None:
        raise SecretariatError(
            f"This is {identifier}, a draft: requests are made to the report as it was issued.",
            hint="Mark up the issued report.",
        )
    if identifier:
        raise UnknownThing(
            f"The document says that it is {identifier[:60]}, and no such report was issued here.",
            hint="Mark up the report as it was sent to you, and save it under any name.",
        )
    raise UnreadableDocument(
        "The document does not say which report it is: its properties are gone.",
        hint="Mark up the report as it was sent to you; text copied into a new document cannot be told apart.",
    )


def _compared(
    session: Session, files: ContentFiles, writer: DocumentWriter, content: bytes, sent: ReportRow, meeting: Meeting
) -> _Compared:
    refs = references(revisions.report_of(sent))
    came, kept = writer.read(content, refs), writer.read(files.path(sent.document_sha256).read_bytes(), refs)
    was = _printed(kept)
    newest = reports.latest(session, meeting.uid) or sent
    now = was
    if newest.id != sent.id:
        in_force = files.path(newest.document_sha256).read_bytes()
        now = _printed(writer.read(in_force, references(revisions.report_of(newest))))
    remarks = (*kept.remarks, *(remark for row in kept.rows for remark in row.remarks))
    return _Compared(
        meeting, sent, newest, came, {row.ref: row for row in was}, {row.ref: row for row in now},
        {line.ref: line.text for line in lines_of(session, meeting.uid)},
        frozenset((remark.author, remark.text) for remark in remarks), tuple(edits(was, came.rows)),
    )  # fmt: skip


def _printed(read: ReadDocument) -> list[PrintedLine]:
    return [PrintedLine(row.kind, row.ref or row.bookmark, row.cells or {}, row.item) for row in read.rows]


def _refuse_muddled(compared: _Compared) -> None:
    """Nothing is guessed: a document whose rows cannot be told apart is a person's to mend."""
    back = {row.ref or row.bookmark for row in compared.came.rows}
    missing = [ref for ref in compared.was if ref not in back and _no_row_of(compared, ref)]
    if len(missing) > max(2, TORN * len(compared.was)):
        raise SecretariatError(
            f"{len(missing)} of the report's {len(compared.was)} lines are missing from the document: a table was torn "
            "apart, or lost its header.",
            hint="Mark up the report as it was sent to you, with tracked changes.",
        )
    asked = [edit.why for edit in compared.edits if edit.change is Change.AMBIGUOUS]
    if asked or compared.came.unread:
        raise SecretariatError(
            f"Some lines cannot be told apart. {' '.join(dict.fromkeys([*asked, *compared.came.unread]))}",
            hint="Put that right in Word, and send it again.",
        )


def _no_row_of(compared: _Compared, ref: str) -> bool:
    return any(edit.change is Change.REMOVED and edit.ref == ref for edit in compared.edits)


def _refuse_none_or_too_many(compared: _Compared, lines: Sequence[Marked]) -> None:
    if not lines:
        raise SecretariatError(
            f"Nothing is marked in it: it reads as {compared.sent.id} was issued.",
            hint="Change or comment the lines that are to read otherwise, save, and send it again.",
        )
    if len(lines) > MOST_LINES:
        raise SecretariatError(
            f"{len(lines)} lines are marked in it; {MOST_LINES} are read from one document.",
            hint="Ask for what matters, or speak to the PMO.",
        )
    if long := next((line for line in lines if max(len(line.proposed), len(line.reason)) > MOST_CHARACTERS), None):
        raise SecretariatError(f"What is asked for at {long.line or 'no line'} is too long.", hint="Shorten it.")


# ------------------------------------------------------------------------------------------------------------ lines


def _lines(compared: _Compared, person: Person) -> Iterator[Marked]:
    """What is asked, in the order of the document; comments that stand at no line come last."""
    for edit in compared.edits:
        row = _row_of(edit, compared.came.rows)
        remarks = _new(row.remarks if row else (), compared)
        strangers = _strangers([*(row.authors if row else ()), *(remark.author for remark in remarks)], person)
        doubt = f"It is marked by {', '.join(strangers)}, not by {person.name}." if strangers else ""
        reason = "\n".join(remark.text for remark in remarks)
        for found in _of_edit(compared, edit, row, reason):
            yield replace(found, doubt=" ".join(filter(None, (doubt, found.doubt))))
    for remark in _new(compared.came.remarks, compared):
        strangers = _strangers([remark.author], person)
        doubt = f"It is a comment of {strangers[0]}, not of {person.name}." if strangers else ""
        yield Marked(None, "other", "", remark.text, in_words=True, is_remark=True, doubt=doubt)


def _row_of(edit: Edit, rows: Sequence[ReadLine]) -> ReadLine | None:
    """The row that came back of which an edit is; None where it came no more."""
    if edit.after is not None:
        return next((row for row in rows if row.cells is edit.after.cells), None)
    return next((row for row in rows if edit.ref and edit.ref in (row.ref, row.bookmark)), None)


def _new(remarks: Sequence[Remark], compared: _Compared) -> list[Remark]:
    """The comments that did not go out with it, in our name or otherwise."""
    kept = compared.known_remarks
    return [r for r in remarks if r.text and (r.author, r.text) not in kept and not OURS.fullmatch(r.author)]


def _strangers(authors: Sequence[str], person: Person) -> list[str]:
    """Those who are not the sender. Word writes 'Bassington, Harriet' or an address, too."""
    known = {(person.email or "").casefold(), (person.email or "").casefold().partition("@")[0], *NOBODY}
    names = frozenset(re.findall(r"\w+", person.name.casefold()))
    return [
        author for author in dict.fromkeys(authors)
        if not OURS.fullmatch(author) and author.casefold().strip() not in known
        and frozenset(re.findall(r"\w+", author.casefold())) != names
    ]  # fmt: skip


def _of_edit(compared: _Compared, edit: Edit, row: ReadLine | None, reason: str) -> Iterator[Marked]:
    """What an edit asks for: of the line's words, of its other columns, or in a comment alone."""
    if edit.change is Change.NEW and edit.after is not None:
        words = f"A further {edit.kind}: {_shown(edit.after)}"
        yield Marked(None, _about(edit.kind), "", words, reason)
        return
    plainly = Marked(edit.ref, _about(edit.kind), compared.texts.get(edit.ref, ""), "", reason)
    if edit.change is Change.REMOVED:
        doubt = "" if row else "The line is missing, and nothing says that it was struck out."
        yield replace(plainly, proposed=STRUCK, in_words=True, doubt=doubt)
        return
    if edit.change is Change.REWORDED:
        yield from _reworded(compared, edit, plainly)
    elif reason:
        yield replace(plainly, proposed=reason, reason="", in_words=True, is_remark=True)


def _reworded(compared: _Compared, edit: Edit, plainly: Marked) -> Iterator[Marked]:
    assert edit.after is not None  # noqa: S101  # a reworded line has both
    now = compared.now.get(edit.ref)
    text, columns = _text_of(edit), [name for name in edit.fields if name not in _told_by_text(edit)]
    if _told_by_text(edit) and not _says_so_already(now, edit):
        doubt = _changed_since(compared, edit, _told_by_text(edit))
        yield replace(plainly, proposed=text or STRUCK, in_words=text is None, doubt=doubt)
    for name in columns:
        if now is None or _cell(now, name) != _cell(edit.after, name):
            yield replace(_of_cell(compared, edit, name, plainly), doubt=_changed_since(compared, edit, [name]))


def _of_cell(compared: _Compared, edit: Edit, name: str, plainly: Marked) -> Marked:
    """What another cell asks for: what it shall say, where that can stand there; else in words."""
    assert edit.after is not None  # noqa: S101  # a reworded line has both
    wanted, shown = _cell(edit.after, name), compared.now.get(edit.ref) or edit.before
    if name in AMENDABLE.get(edit.kind, ()) and wanted and can_say(name, wanted):
        return replace(plainly, cell=name, present=_cell(shown, name) if shown else "", proposed=wanted)
    return replace(plainly, proposed=_column(edit, name), in_words=True)


def _told_by_text(edit: Edit) -> tuple[str, ...]:
    """The columns that are changed and that the words of a request can carry."""
    told = ("name", "seat", "organisation", "status") if edit.kind == "attendance" else ("text",)
    return tuple(name for name in edit.fields if name in told)


def _text_of(edit: Edit) -> str | None:
    """How the line shall read; None where its words stay. Of attendance, as the ledger quotes it."""
    if edit.after is None or not _told_by_text(edit):
        return None
    if edit.kind != "attendance":
        return plain(edit.after.cells.get("text", "")) or None
    name, seat, organisation, status = (_cell(edit.after, c) for c in ("name", "seat", "organisation", "status"))
    code = next((code for code, words in STATUS.items() if words.casefold() == status.casefold()), status)
    return f"{name}, {seat} ({organisation}): {code}"


def _says_so_already(now: PrintedLine | None, edit: Edit) -> bool:
    if now is None or edit.after is None:
        return False
    return all(_cell(now, name) == _cell(edit.after, name) for name in _told_by_text(edit))


def _changed_since(compared: _Compared, edit: Edit, names: Sequence[str]) -> str:
    """An older revision was marked up: why that cannot simply be carried over, "" where the line is the same."""
    now = compared.now.get(edit.ref)
    if now is None or edit.before is None or all(_cell(now, name) == _cell(edit.before, name) for name in names):
        return ""
    before = compared.sent.revision
    return f"It is marked in revision {before}, and {edit.ref} was changed by revision {compared.newest.revision}."


def _column(edit: Edit, name: str) -> str:
    before, after = (_cell(line, name) if line else "" for line in (edit.before, edit.after))
    return f"{COLUMN_WORDS.get(name, name).capitalize()}: “{after}” instead of “{before}”."


def _cell(line: PrintedLine, name: str) -> str:
    return plain(line.cells.get(name, ""))


def _shown(line: PrintedLine) -> str:
    return "; ".join(plain(cell) for cell in line.cells.values() if plain(cell))


def _about(kind: str) -> str:
    return kind if kind in ABOUT else "other"


def _known(before: Sequence[AmendmentRow], found: Marked) -> Marked:
    """With the request by which the same person asks for the same already, whichever way that came."""
    for row in before:
        same = (row.line_ref or "").casefold() == (found.line or "").casefold() and row.cell == found.cell
        if same and plain(row.proposed_text) == plain(found.proposed) and row.state != State.WITHDRAWN:
            return replace(found, known=row.reference)
    return found


def _notes(viewer: Viewer, compared: _Compared, now: datetime) -> Iterator[str]:
    person = viewer.person
    if person and amendments.speaks_for(viewer.session, person, compared.meeting, now) is None:
        yield f"{person.name} speaks for no constituency at {compared.meeting.known_as}: it is asked for none."
    if compared.newest.id != compared.sent.id:
        yield f"It is {compared.sent.id}, marked up; {compared.newest.id} is in force."
    in_rows = {author for row in compared.came.rows for author in row.authors}
    outside = [a for a in compared.came.authors if a not in in_rows and not OURS.fullmatch(a)]
    if outside:
        yield f"Changes tracked by {', '.join(outside)} stand outside the report's tables, and are not read."
    moved = [edit.ref for edit in compared.edits if edit.change is Change.MOVED or edit.also_moved]
    if moved:
        yield f"{', '.join(moved)} stood elsewhere in it: the order of the lines is not amended."
