"""A mail's own words: without what it quotes, its signature, disclaimers and warnings; what was cut is kept. Pure.

In this order: what Graph says is this message's own (`uniqueBody`), what mail-parser-reply takes for the newest reply,
the whole. The rules of `quoting` and `signatures` tell the parts of each apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailparser_reply import EmailReplyParser

from handlers.mail.quoting import ADDRESS, DATED, is_header, is_quoted, quoted_lines
from handlers.mail.quoting import RULE as RULE_LINE
from handlers.mail.signatures import postscript_from, signature_from, warning_at_top

MOST_PARSED = 6_000  # characters: the reply parser takes minutes over 100,000, and whoever replies writes on top
LANGUAGES = ["en", "de", "fr", "nl", "es", "it", "da", "sv", "cs", "ja", "ko", "zh"]  # pl: one "Do:" is a header to it
UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")


@dataclass(frozen=True)
class Answer:
    """Words written below quoted ones, with the passage that they stand below (its marks taken off)."""

    to: str
    words: str


@dataclass(frozen=True)
class OwnWords:
    """`text` is the writer's own, `cut` all else in the order it stood; `answers` are part of `text`."""

    text: str
    cut: str = ""
    answers: tuple[Answer, ...] = ()


def own_words(whole: str, *, unique_body: str = "", sender_name: str = "") -> OwnWords:
    """Take a mail's text apart. `unique_body` is what the service says is new in it, as text; "" where it says nothing.

    A mail that only quotes has no words of its own.
    """
    lines = plain_text(whole).split("\n")
    unique = plain_text(unique_body).strip()
    if not unique:
        return _apart(lines, sender_name)
    found = _apart(unique.split("\n"), sender_name)
    below = _apart(lines, sender_name)
    return OwnWords(found.text, _remainder(lines, found.text), below.answers)


def plain_text(text: str) -> str:
    """With line feeds, plain spaces, nothing invisible, and never two empty lines in a row."""
    text = UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")
    return re.sub(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+", "\n\n", text)


def _apart(lines: Sequence[str], sender_name: str) -> OwnWords:
    own = [not quoted for quoted in quoted_lines(lines)]
    top = warning_at_top(lines)
    own[:top] = [False] * top
    for start, end in _runs(own):
        _drop_signature(lines, own, start, end, sender_name)
    _drop_second_reading(lines, own)
    text = "\n\n".join(_joined(lines, start, end) for start, end in _runs(own) if _joined(lines, start, end))
    cut = "\n".join(line for line, kept in zip(lines, own, strict=True) if not kept).strip()
    return OwnWords(text.strip(), re.sub(r"\n{3,}", "\n\n", cut), tuple(_answers(lines, own)))


def _joined(lines: Sequence[str], start: int, end: int) -> str:
    return "\n".join(line.rstrip() for line in lines[start:end]).strip("\n").rstrip()


def _runs(own: Sequence[bool]) -> list[tuple[int, int]]:
    """(start, end) of each run of lines that are the writer's."""
    found, start = [], None
    for at, kept in enumerate([*own, False]):
        if kept and start is None:
            start = at
        elif not kept and start is not None:
            found.append((start, at))
            start = None
    return found


def _drop_signature(lines: Sequence[str], own: list[bool], start: int, end: int, sender_name: str) -> None:
    """Below what is quoted, a signature may stand alone; a postscript below it is the writer's again."""
    run = list(lines[start:end])
    first = (
        signature_from(["x", *run], sender_name) - 1 if any(own[:start]) or start else signature_from(run, sender_name)
    )
    again = postscript_from(run, max(first, 0))
    for at in range(max(first, 0), again):
        own[start + at] = False
    for at in range(end - 1, start - 1, -1):  # a rule above what was quoted
        if own[at] and lines[at].strip():
            own[at] = not RULE_LINE.match(lines[at])
            break


def _drop_second_reading(lines: Sequence[str], own: list[bool]) -> None:
    """What mail-parser-reply, on what is left, takes for the header of an older mail; of those that bear an address
    and a date; those of "From: ..." and the like were weighed before, and may be a form that somebody filled in."""
    kept = [at for at, mine in enumerate(own) if mine]
    text = "\n".join(lines[at] for at in kept)[:MOST_PARSED]
    if not text.strip():
        return
    replies = EmailReplyParser(languages=LANGUAGES).read(text).replies
    dated = (r for r in replies[1:] if ADDRESS.search(r.headers) and DATED.search(r.headers))
    older = next((r for r in dated if not is_header(r.headers.splitlines()[0])), None)
    if older is None:
        return
    first = older.headers.splitlines()[0].strip()
    at = next((i for i in kept if lines[i].strip() == first), None)
    if at is not None and not any(is_quoted(line) for line in lines[at:]):
        own[at:] = [False] * (len(own) - at)


def _answers(lines: Sequence[str], own: Sequence[bool]) -> list[Answer]:
    """Own words between or below marked lines, each with the marked lines right above."""
    found: list[Answer] = []
    for start, end in _runs(own):
        words = _joined(lines, start, end)
        above = _marked_above(lines, own, start)
        if words and above:
            found.append(Answer(above, words))
    return found


def _marked_above(lines: Sequence[str], own: Sequence[bool], start: int) -> str:
    at = start
    while at and not own[at - 1]:
        at -= 1
    marked = [re.sub(r"^[\s>]+", "", line).rstrip() for line in lines[at:start] if is_quoted(line)]
    return "\n".join(marked).strip()


def _remainder(lines: Sequence[str], text: str) -> str:
    """The lines of the whole that are not among the own words, each of which stands for one line."""
    left = [line.strip() for line in text.splitlines() if line.strip()]
    cut = []
    for line in lines:
        if line.strip() in left:
            left.remove(line.strip())
        else:
            cut.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(cut)).strip()
