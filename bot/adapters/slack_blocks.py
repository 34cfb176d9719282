"""A message as Slack shows it: Block Kit by the library's models, which refuse what is longer than Slack takes.

What people wrote is shown as written: no mention, command or hidden link comes of it. Only addresses become links, and
instants dates, which Slack shows in the reader's own zone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime

from slack_sdk.models.blocks import Block, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock
from slack_sdk.models.messages import DateLink

from bot.clock import spoken_instants

MOST_BLOCKS = 50  # in one message
_HEADER = HeaderBlock.text_max_length  # characters
_SECTION = SectionBlock.text_max_length
_FALLBACK = 3_000  # characters of the text shown in notifications
_LONGEST_PIECE = 2_500  # characters of Slack's spelling that stay together
_WORD = 500  # characters: escaped, at most five times as many
_PIECE = re.compile(
    r"(?P<link>https?://[^\s<>|]*[^\s<>|.,;:!?()'\"])"
    rf"|\n|[^\S\n]{{1,{_WORD}}}|(?:(?!https?://)\S){{1,{_WORD}}}|\S"
)


def blocks_of(subject: str, text: str) -> list[Block]:
    """A header where there is a subject, then the text in sections. It may be more than the MOST_BLOCKS Slack takes."""
    blocks: list[Block] = []
    if subject.strip():
        blocks.append(HeaderBlock(text=PlainTextObject(text=_cut(subject, _HEADER), emoji=False)))
    # verbatim: Slack finds no @channel and no link of its own in the text; ours are spelt out.
    blocks += [SectionBlock(text=MarkdownTextObject(text=section, verbatim=True)) for section in _sections(text)]
    return blocks


def fallback(subject: str, text: str) -> str:
    """What a notification and a screen reader say, London time in words."""
    return escaped(_cut(f"{subject}\n{text}".strip(), _FALLBACK))


def escaped(text: str) -> str:
    """Slack's three: & < >."""
    return html.escape(text, quote=False)


def _sections(text: str) -> Iterator[str]:
    """The text as sections take it, cut at a line end or a blank where there is one in the second half."""
    held, line, blank = "", 0, 0
    for piece in _pieces(text.strip()):
        while held and len(held) + len(piece) > _SECTION:
            end = next((at for at in (line, blank) if at > _SECTION // 2), len(held))
            if section := held[:end].strip("\n"):
                yield section
            held, line, blank = held[end:].lstrip(), 0, 0
        if piece == "\n":
            line = len(held)
        elif piece.isspace():
            blank = len(held)
        held += piece
    if held.strip():
        yield held


def _pieces(text: str) -> Iterator[str]:
    """The text in Slack's spelling, in pieces of at most `_LONGEST_PIECE` that must not be cut in two."""
    told = 0
    for start, end, instant in spoken_instants(text):
        yield from _words(text[told:start])
        yield _date(instant, text[start:end])
        told = end
    yield from _words(text[told:])


def _words(text: str) -> Iterator[str]:
    for found in _PIECE.finditer(text):
        piece = escaped(found[0])
        if not found["link"]:
            yield piece
        elif len(piece) < _LONGEST_PIECE - 1:
            yield f"<{piece}>"
        else:
            yield from (escaped(found[0][at : at + _WORD]) for at in range(0, len(found[0]), _WORD))


def _date(instant: datetime, words: str) -> str:
    """'Thursday, February 1st 2024, 02:00 (Wed 17:00 in London)' in Tokyo: the rule's own time stays in sight."""
    in_london = words.removesuffix(" (London)")
    shown = DateLink(date=instant, date_format="{date_long_pretty}, {time}", fallback=in_london)
    return f"{shown} ({in_london[:3]} {in_london[-5:]} in London)"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
