"""A mail's own words in passages, each about one thing: by our references, by numbered points, by paragraphs. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from handlers.mail.about import LINE
from handlers.mail.own_words import Answer

STARTS_WITH_LINE = re.compile(
    r"^\s*(?:[-*•]|\(?\d{1,2}[.)]|\(?[a-z][.)])?\s*(?:(?:in|on|for|re|regarding|line|item|decision|action"
    r"|update on)\s*[:#]?\s*)?"
    r"(?:[A-Z][A-Za-z-]*[ \t-]+\d{4}-\d{2}-\d{2}[ \t,:]*)?"
    r"(?P<line>[A-Z][A-Z-]*[A-Z]\d+-\d{1,3}|[A-Z][A-Z-]*-DEC\d{1,4}|[DAVRP]-?\d{1,3})(?![\w-])",
    re.IGNORECASE,
)
STARTS_POINT = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•]|\(?[a-z]\))\s+\S")
PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•]|\(?\d{1,2}[.)]|\(?[a-z]\))\s)")
SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9])")
NO_END = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St|No|e\.g|i\.e|etc|cf)\.$|^\(?\d{1,2}[.)]$")
GREETING = re.compile(
    r"^\W*(hi|hello|dear|good (morning|afternoon|evening)|hey|morning|afternoon|all|team"
    r"|thanks?( you)?( very much)?( for .{0,60})?"
    r"|many thanks( for .{0,60})?)\b[^?]{0,40}[,.!:–-]*\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Passage:
    """Words about one thing. `line` is the report's line that they begin with or answer; None where none is named.

    `to` is the quoted passage that they stand below, empty where they stand below none.
    """

    text: str
    line: str | None = None
    to: str = ""


def passages(
    own_words: str, answers: tuple[Answer, ...] = (), *, stands_alone: Callable[[str], bool] = lambda _: False
) -> list[Passage]:
    """The passages of a mail, in order. Several answers between quoted lines are a passage each.

    A paragraph below one that names a line of a report goes on with it, unless it `stands_alone`.
    """
    if len(answers) > 1:
        inline = [Passage(a.words, _line_of(a.words) or _line_of(a.to, last=True), a.to) for a in answers if a.words]
        above = own_words.split(answers[0].words, 1)[0].strip()
        return [*_in_paragraphs(above), *inline]
    lines = own_words.splitlines()
    by_line = [at for at, line in enumerate(lines) if STARTS_WITH_LINE.match(line)]
    if len(by_line) > 1:
        return _cut_at(lines, by_line)
    points = [at for at, line in enumerate(lines) if STARTS_POINT.match(line)]
    if len(points) > 1 and sum(1 for at in points if _line_of(lines[at])) > 1:
        return _cut_at(lines, points)
    found = _in_paragraphs(own_words)
    if len([p for p in found if p.line]) <= 1 and any(p.line for p in found):
        return _with_what_follows(found, stands_alone)
    return found


def sentences(text: str) -> Iterator[str]:
    """The sentences of a mail's own words; a numbered point begins a new one, a wrapped line does not."""
    for paragraph in PARAGRAPH.split(text):
        begun = ""
        for piece in SENTENCE.split(" ".join(paragraph.split())):
            begun = f"{begun} {piece}".strip()
            if not NO_END.search(begun):
                yield begun
                begun = ""
        if begun:
            yield begun


def tidy_line(reference: str) -> str:
    """'d1' and 'D-1' are D-01; a group's own reference is in capitals."""
    short = re.fullmatch(r"([DAVRP])-?(\d{1,3})", reference, re.IGNORECASE)
    return f"{short[1].upper()}-{int(short[2]):02d}" if short else reference.upper()


def _line_of(text: str, *, last: bool = False) -> str | None:
    found = [m[0] for m in LINE.finditer(text)]
    return tidy_line(found[-1 if last else 0]) if found else None


def _cut_at(lines: list[str], starts: list[int]) -> list[Passage]:
    """What stands before the first is passed on as well: it may say which meeting, or be a matter of its own."""
    found = _in_paragraphs("\n".join(lines[: starts[0]]))
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = "\n".join(lines[start:end]).strip()
        found.append(Passage(text, _line_of(text)))
    return found


def _in_paragraphs(text: str) -> list[Passage]:
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    kept = [part for part in paragraphs if not GREETING.match(part)] or paragraphs
    return [Passage(part, _line_of(part)) for part in kept]


def _with_what_follows(found: list[Passage], stands_alone: Callable[[str], bool]) -> list[Passage]:
    """The one that names a line, with those below it that say nothing else; those above are their own."""
    first = next(at for at, passage in enumerate(found) if passage.line)
    below = found[first + 1 :]
    going_on = [passage.text for passage in below if not stands_alone(passage.text)]
    text = "\n\n".join([found[first].text, *going_on])
    alone = [passage for passage in below if stands_alone(passage.text)]
    return [*found[:first], Passage(text, found[first].line), *alone]


def line_in_subject(passage: Passage, subject: str) -> str | None:
    """The line that a passage names, else the one that the mail's subject does."""
    return passage.line or _line_of(subject)
