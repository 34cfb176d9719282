"""What a mail would have beside a line's words: 'the owner of A-03 should be Elexon, not the PMO'. Pure."""

from __future__ import annotations

import re

from bot.report_cells import AMENDABLE, can_say, cell_named

LONGEST = 200  # characters of what stands in a cell
_CELL = r"(?P<cell>owner|due[ -]date|due|deadline|outcome|how reached|time(?:[ -]?stamp)?)"
_LINE = r"(?:[A-Z][A-Z-]*[A-Z]\d+-\d{1,3}|[A-Z][A-Z-]*-DEC\d{1,4}|[DAVR]-?\d{1,3})"
_IS = r"(?:should (?:have been|be|read)|ought to be|needs to be|must be|is to be)"
_WANTED = r"[\"“‘']?(?P<wanted>[^\n\"”’]+?)[\"”’']?"
_ENDS = (r",?\s*(?:and )?not\b", r",?\s*(?:instead of|rather than|because|since|as)\b", r"[;\n]", r"\.(?:\s|$)", "$")
_END = rf"(?=\s*(?:{'|'.join(_ENDS)}))"
_DAY = re.compile(r"\d|\b(?:end|middle|start) of\b|\bnext\b", re.IGNORECASE)
_FORMS = tuple(
    re.compile(form + _WANTED + _END, re.IGNORECASE)
    for form in (
        rf"\b{_LINE}[\s,(]+(?:the )?{_CELL}\)?\s*[:=–-]\s*",
        rf"\b{_CELL} (?:of|for|on|in|at) (?:the )?(?:action |decision |line |item )?{_LINE}[,:]? {_IS}:?\s+",
        rf"\b{_LINE}\s*[:,–-]?\s*(?:the |its )?{_CELL} {_IS}:?\s+",
    )
)
_CALLED = {"deadline": "due", "due-date": "due", "timestamp": "time", "time stamp": "time", "time-stamp": "time"}


def cell_wanted(passage: str, kind: str) -> tuple[str, str] | None:
    """(the cell, what it shall say) where a passage asks for that of a line of that kind; None where it does not."""
    for form in _FORMS:
        found = form.search(passage)
        if found is None:
            continue
        called = " ".join(found["cell"].casefold().split())
        cell, words = cell_named(_CALLED.get(called, called)), found["wanted"].strip(" ,.")
        if cell in AMENDABLE.get(kind, ()) and _names(cell, words):
            return cell, words
    return None


def _names(cell: str, words: str) -> bool:
    """Whether the words name what can stand there, rather than say what is to be done about it ("be changed")."""
    if not can_say(cell, words) or len(words) > LONGEST:
        return False
    if cell == "owner":
        return words != words.casefold()
    return cell != "due" or _DAY.search(words) is not None
