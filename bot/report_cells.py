"""What stands beside the words of a report's line: an action's owner and due date, an outcome, a time. Pure.

Each is printed as a cell of the line's row; its words are read back the same way, whether they come from Word or from a
request to amend. Raises SecretariatError, with a sentence, where they cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import SecretariatError
from bot.formats import DraftedAction, DraftedDecision, DraftedRaidItem, DraftedViewpoint, timestamp
from bot.report_table import plain
from bot.report_words import (
    COLUMN_WORDS,
    NO_CONSTITUENCY,
    NO_OWNER,
    NO_TIME,
    OUTCOMES,
    RAID_KINDS,
    REACHED_BY,
    STANCES,
    STATUS,
    WHOLE_REPORT,
    code_of,
    due_of,
    due_words,
    owners_of,
    seconds_of,
)

Line = DraftedDecision | DraftedAction | DraftedViewpoint | DraftedRaidItem

AMENDABLE: Mapping[str, tuple[str, ...]] = {
    "decision": ("outcome", "reached_by", "time"),
    "action": ("owner", "due", "time"),
    "viewpoint": ("constituency", "time"),
    "raid": ("kind", "time"),
}
"""The cells that may be amended, by kind of line. Attendance is amended as a whole row; a stance is never issued."""

_PRINTED: Mapping[str, Callable[[Any], str]] = {
    "outcome": lambda line: OUTCOMES[line.outcome],
    "reached_by": lambda line: REACHED_BY[line.reached_by],
    "owner": lambda line: plain(", ".join(line.owner)) or NO_OWNER,
    "due": lambda line: due_words(line.due),
    "constituency": lambda line: line.constituency or line.speaker or NO_CONSTITUENCY,
    "kind": lambda line: line.kind.capitalize(),
    "time": lambda line: NO_TIME if line.at is None else timestamp(line.at),
}


def printed(line: Line, cell: str) -> str:
    """What the cell says in the document: '9 February 2024', 'Accepted', '00:12:34'."""
    return _PRINTED[cell](line)


def _reached_by(cell: str) -> str | None:
    said = plain(cell)
    if said in ("", REACHED_BY[None]):
        return None
    return code_of(said, {code: words for code, words in REACHED_BY.items() if code}, "way of deciding")


def _constituency(cell: str) -> str | None:
    return None if plain(cell) in ("", NO_CONSTITUENCY) else plain(cell)


_READ: Mapping[str, Callable[[str], Any]] = {
    "text": plain,
    "name": plain,
    "seat": plain,
    "organisation": plain,
    "owner": owners_of,
    "due": due_of,
    "constituency": _constituency,
    "outcome": lambda cell: code_of(cell, OUTCOMES, "outcome"),
    "reached_by": _reached_by,
    "stance": lambda cell: code_of(cell or "Comments", {one: one.capitalize() for one in STANCES}, "stance"),
    "kind": lambda cell: code_of(cell, {one: one.capitalize() for one in RAID_KINDS}, "kind of RAID item"),
    "status": lambda cell: code_of(cell or STATUS["expected"], STATUS, "attendance"),
    "time": seconds_of,
}


def read_back(cells: Mapping[str, str]) -> dict[str, Any]:
    """What the cells of a row say, by the fields of the draft's line."""
    values = {name: _READ[name](cell) for name, cell in cells.items()}
    if "time" in values:
        values["at"] = values.pop("time")
    return values


def refuse_unreadable(cell: str, words: str) -> None:
    """Raise SecretariatError where an amended cell cannot say that."""
    if read_back({cell: words}).get("outcome") == "none":
        raise SecretariatError(
            "An outcome once issued is not taken back to “to be confirmed”.",
            hint=f"Outcomes: {', '.join(words for code, words in OUTCOMES.items() if code != 'none')}.",
        )


def can_say(cell: str, words: str) -> bool:
    """Whether an amended cell can say that."""
    try:
        refuse_unreadable(cell, words)
    except SecretariatError:
        return False
    return True


def cell_named(words: str) -> str:
    """The cell that people call so ('due date', 'How reached'); "" where none is."""
    said = " ".join(words.split()).casefold()
    return next((cell for cell in _PRINTED if said in (cell, COLUMN_WORDS.get(cell, cell))), "")


def refuse_missing(kind: str, line: str, cell: str) -> None:
    """Raise SecretariatError where a line of that kind has no such cell."""
    has = AMENDABLE.get(kind, ())
    if cell not in has:
        names = ", ".join(COLUMN_WORDS.get(one, one) for one in has)
        raise SecretariatError(
            f"{line} has no {COLUMN_WORDS.get(cell, cell)} to amend.",
            hint=f"Beside its words it has: {names}." if has else "Say how the whole line shall read.",
        )


def place(line: str, cell: str) -> str:
    """A line, or one of its cells, as people write it: 'PSG-DEC41', 'PSG27-03 due date'."""
    return f"{line} {COLUMN_WORDS.get(cell, cell)}" if cell else line


def place_or_whole(line: str | None, cell: str) -> str:
    """As `place`; 'the report as a whole' where no line is meant."""
    return place(line, cell) if line else WHOLE_REPORT.lower()


def place_named(words: str) -> tuple[str, str]:
    """(the line's reference, the cell or ""): of 'PSG27-03 due date'."""
    ref, _, rest = words.strip().replace(",", " ").partition(" ")
    return ref, cell_named(rest)
