"""Issued reports that come marked up with a mail: each marked line is a matter of its own, beside those in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.amendment_life import Kind
from bot.errors import SecretariatError, StateUnusable, UnreadableDocument
from bot.marked_requests import Marked, MarkedUp
from bot.model import Person
from bot.report_cells import place
from bot.store.report_tables import ReportRow
from handlers.mail.attachments import AttachedFile, Standing
from handlers.mail.findings import NOBODY_ANSWERS, Finding, What
from handlers.mail.reading import ReadMail
from handlers.marked_documents import Reader, nature

COVER = re.compile(
    r"\b(attach\w*|enclos\w*|herewith|mark(?:ed)?[- ]?up|marked|track(?:ed)? changes?"
    r"|(?:our|my|the|some|these|following) (?:\w+ )?(?:comments?|amendments?|changes|corrections)"
    r"|(?:comments?|amendments?) (?:on|to|from))\b",
    re.IGNORECASE,
)
"""What a covering note says of the document that it brings."""


@dataclass(frozen=True)
class MarkedFiles:
    """The files of a mail that were read as marked-up reports, and what each asks for."""

    names: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def marked_in(
    session: Session, reader: Reader | None, mail: ReadMail, who: Person | None, now: datetime
) -> MarkedFiles:
    """What the marked-up reports of a mail ask for in that person's name; nothing where nobody on file wrote."""
    if reader is None or who is None:
        return MarkedFiles()
    files = [file for file in mail.files if _is_report(session, reader, file)]
    found = [one for file in files for one in _of_file(session, reader, file, who, now)]
    return MarkedFiles(frozenset(file.name for file in files), tuple(found))


def _is_report(session: Session, reader: Reader, file: AttachedFile) -> bool:
    """Whether it says of itself that it is a report that was issued here."""
    if file.standing is not Standing.TAKEN or not file.name.lower().endswith(".docx"):
        return False
    try:
        identifier = reader.writer.read(file.content, ()).identifier
    except UnreadableDocument:
        return False  # it stays what it is: a file that somebody sent
    return bool(identifier) and session.get(ReportRow, identifier) is not None


def _of_file(session: Session, reader: Reader, file: AttachedFile, who: Person, now: datetime) -> Iterator[Finding]:
    try:
        found = reader.read(session, file.content, who, now)
    except StateUnusable:
        raise
    except SecretariatError as error:
        yield Finding(What.UNCLEAR, f"{file.name} cannot be read line by line: {error}", files=(file.name,))
        return
    yield from _findings(found, file.name)


def _findings(found: MarkedUp, name: str) -> Iterator[Finding]:
    new = [line for line in found.lines if not line.known]
    notes = "".join(f" {note}" for note in found.notes)
    if not new:
        known = ", ".join(line.known for line in found.lines)
        yield Finding(What.UNCLEAR, f"All that is marked in {name} was asked for before: {known}.", files=(name,))
    for number, line in enumerate(new):
        yield _finding(found, line, f"{name} is {found.sent}, marked up{_at(line)}.{'' if number else notes}", name)


def _at(line: Marked) -> str:
    return f" at {place(line.line, line.cell)}" if line.line else ""


def _finding(found: MarkedUp, line: Marked, reason: str, name: str) -> Finding:
    doubt = line.doubt
    if line.is_remark:
        doubt = f"It is a comment alone: a person says what it asks for. {doubt}".strip()
    return Finding(
        What.AMENDMENT, f"{reason} {doubt}".strip(), certain=not doubt, words=line.proposed, group=found.meeting.group,
        on=found.meeting.on, line=line.line, cell=line.cell, nature=nature(line), present_text=line.present,
        proposed_text=line.proposed, grounds=line.reason, files=(name,), in_words=line.in_words,
    )  # fmt: skip


def without(mail: ReadMail, marked: MarkedFiles) -> ReadMail:
    """The mail without the files that were read."""
    return replace(mail, files=tuple(file for file in mail.files if file.name not in marked.names))


def together(said: Sequence[Finding], marked: MarkedFiles) -> list[Finding]:
    """What the text asks for and what is marked, numbered anew; a covering note asks for nothing of its own."""
    if not marked.findings or any(one.what in NOBODY_ANSWERS for one in said):
        return list(said)
    beside: Iterable[Finding] = (one for one in said if not _covers(one))
    found = [*(_beside(one) for one in beside), *marked.findings]
    return [replace(one, part=number) for number, one in enumerate(found, start=1)]


def _covers(one: Finding) -> bool:
    """Whether a passage only points at the document: it names no line, and quotes no text."""
    if one.what is What.UNCLEAR:
        return not one.words.strip() or COVER.search(one.words) is not None
    is_whole = one.what is What.AMENDMENT and one.line is None and one.nature is Kind.RECORD
    quotes = one.proposed_text.strip() not in one.words or bool(re.search(r"[\"“”«»]", one.words))
    return is_whole and not quotes and COVER.search(one.words) is not None


def _beside(one: Finding) -> Finding:
    """'No comments' beside a document with comments is for a person."""
    if one.what is not What.NO_COMMENTS:
        return one
    return replace(one, certain=False, reason=f"{one.reason} But a marked-up report comes with it.")
