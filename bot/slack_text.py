"""Plain text in Slack's spelling: what people wrote is shown as written. Pure.

No mention, command or hidden link comes of it: only addresses become links, and instants dates, which Slack shows in
the reader's own zone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime

from bot.clock import spoken_instants

LONGEST_SECTION = 3_000  # characters of Slack's spelling in one section
_LONGEST_PIECE = 2_500  # characters that stay together
_WORD = 500  # characters: escaped, at most five times as many
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # Arabic and Hebrew need none of them
_PIECE = re.compile(
    r"(?P<link>https?://[^\s<>|]*[^\s<>|.,;:!?()'\"])"
    rf"|\n|[^\S\n]{{1,{_WORD}}}|(?:(?!https?://)\S){{1,{_WORD}}}|\S"
)


def escaped(text: str) -> str:
    """Slack's three, & < >, and without the marks that turn the direction of whatever stands after them."""
    return html.escape(text.translate(_TURNING), quote=False)


def spelt(text: str) -> str:
    """A whole text, of any length, in Slack's spelling."""
    return "".join(_pieces(text))


def sections(text: str) -> Iterator[str]:
    """The text as sections take it, cut at a line end or a blank where there is one in the second half."""
    held, line, blank = "", 0, 0
    for piece in _pieces(text.strip()):
        while held and len(held) + len(piece) > LONGEST_SECTION:
            end = next((at for at in (line, blank) if at > LONGEST_SECTION // 2), len(held))
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
    shown = f"<!date^{int(instant.timestamp())}^{{date_long_pretty}}, {{time}}|{in_london}>"
    return f"{shown} ({in_london[:3]} {in_london[-5:]} in London)"


def cut(text: str, longest: int) -> str:
    """The text, its end replaced by … where it is longer than that."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def linked(address: str, words: str) -> str:
    """A link under our own words. Pure text where the address is none of the web's."""
    if not address.startswith(("http://", "https://")):
        return escaped(words)
    whole = address.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")
    return f"<{escaped(whole)}|{escaped(words)}>"
