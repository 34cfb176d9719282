"""The matters of a person's mail, passage by passage: each found by the reader of its kind, then put together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from handlers.mail.attachments import AttachedFile, Standing
from handlers.mail.attendance_words import CANNOT
from handlers.mail.coming_matters import AGENDA, agenda_item, alternate_alone, apology, paper
from handlers.mail.findings import Finding, What
from handlers.mail.known import Known
from handlers.mail.passages import Passage, passages
from handlers.mail.reading import ReadMail
from handlers.mail.remainder import beside
from handlers.mail.report_matters import amendment, no_comments
from handlers.mail.running_matters import NOMINATES, action_update, done, is_question, nomination, query

MOST_PASSAGES = 40
MOST_CHARACTERS = 50_000
READERS = (action_update, agenda_item, no_comments, amendment, nomination)


def matters(mail: ReadMail, known: Known) -> Iterator[Finding]:
    """The matters of a person's mail, in the order written; `part` is still 1 on each."""
    met = done(mail, known)
    if met:
        yield met
        return
    found_in = _passages(mail)
    if len(found_in) > MOST_PASSAGES or len(mail.own_words) > MOST_CHARACTERS:
        yield Finding(What.UNCLEAR, "It is too long, or has too many points, for a machine.", words=mail.own_words)
        return
    files = [file for file in mail.files if not file.is_inline]
    held = next((file.why for file in files if file.standing is not Standing.TAKEN), "")
    found = [one for passage in found_in for one in _of_passage(passage, mail, known)]
    if not any(one.what is What.APOLOGY for one in found):
        found += alternate_alone(mail, known)
    if files and not any(one.what in (What.PAPER, What.AMENDMENT, What.AGENDA_ITEM) for one in found):
        brought = paper(mail, known, files)
        found += [brought] if brought else []
    yield from (_with_files(one, files, held) for one in _merged(found))


def _passages(mail: ReadMail) -> list[Passage]:
    return passages(mail.own_words, mail.answers, stands_alone=_stands_alone)


def _stands_alone(paragraph: str) -> bool:
    """Whether a paragraph below a request brings a matter of its own, rather than going on with it."""
    return any(cue.search(paragraph) for cue in (CANNOT, AGENDA, NOMINATES)) or paragraph.rstrip().endswith("?")


def _of_passage(passage: Passage, mail: ReadMail, known: Known) -> Iterator[Finding]:
    """What one passage brings: at most one matter, but an apology may stand in the same sentences as another."""
    gone = apology(passage, mail, known)
    if gone is None:
        yield from _matter(passage, mail, known)
        return
    yield gone
    same, other = (_cut_to(passage, text) for text in beside(passage.text, gone))
    yield from (one for one in [_read(same, mail, known)] if one and one.what is not What.NOMINATION)
    yield from _matter(other, mail, known)


def _cut_to(passage: Passage, text: str) -> Passage:
    return replace(passage, text=text, line=passage.line if passage.line and passage.line in text else None)


def _matter(passage: Passage, mail: ReadMail, known: Known) -> Iterator[Finding]:
    found = _read(passage, mail, known)
    if found:
        yield found
    elif is_question(passage):
        yield query(passage, mail, known)


def _read(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    return next(filter(None, (read(passage, mail, known) for read in READERS)), None) if passage.text else None


def _merged(found: list[Finding]) -> list[Finding]:
    """One matter said twice is one; questions of a mail that brings something else are a person's to see beside it."""
    kept: list[Finding] = []
    for one in found:
        same = next((at for at, other in enumerate(kept) if _is_same(one, other)), None)
        if same is None:
            kept.append(one)
        elif one.what is What.QUERY:
            kept[same] = _joined(kept[same], one)
    return kept


def _is_same(one: Finding, other: Finding) -> bool:
    if one.what is not other.what:
        return False
    if one.what in (What.APOLOGY, What.NO_COMMENTS):
        return (one.group, one.on) == (other.group, other.on)
    return one.what in (What.QUERY, What.NOMINATION)


def _joined(first: Finding, second: Finding) -> Finding:
    return Finding(
        first.what, first.reason, first.certain or second.certain, words=f"{first.words}\n\n{second.words}",
        group=first.group or second.group,
    )  # fmt: skip


def _with_files(one: Finding, files: list[AttachedFile], held: str) -> Finding:
    """The files with the matter that they belong to; marked-up documents and held files are for a person."""
    if one.what not in (What.PAPER, What.AMENDMENT, What.AGENDA_ITEM) or not files:
        return one
    reason, certain = one.reason, one.certain
    names = tuple(file.name for file in files if file.standing is Standing.TAKEN)
    marked = next((file.name for file in files if file.has_tracked_changes or file.name.lower().endswith(".docx")), "")
    if one.what is What.AMENDMENT and marked:
        reason, certain = f"{reason} {marked} comes with it: a person reads what is marked in it.", False
    if held:
        reason, certain = f"{reason} {held}", False
    return replace(one, reason=reason, certain=certain, files=names)
