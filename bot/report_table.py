"""A headline report as lines with references, and what somebody's editing did to them. Pure.

The document that a person gets carries every line's reference, in its own column and as a bookmark. What comes back is
compared with what went out line by line, and merged with what became of the draft meanwhile; nothing is guessed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

FIELDS: Mapping[str, tuple[str, ...]] = {
    "decision": ("text", "outcome", "reached_by", "time"),
    "action": ("text", "owner", "due", "time"),
    "viewpoint": ("constituency", "stance", "text", "time"),
    "raid": ("kind", "text", "time"),
    "attendance": ("name", "seat", "constituency", "organisation", "status"),
}
"""What a line of each kind says, a column each; every kind has its reference beside them."""

NAMED_BY = {"attendance": "name"}  # the column that says which line it is where no reference is printed


@dataclass(frozen=True)
class PrintedLine:
    """One line, as it is printed. `item` is the title of the agenda item that a viewpoint stands under."""

    kind: str
    ref: str
    cells: Mapping[str, str]
    item: str = ""


@dataclass(frozen=True)
class Remark:
    """A comment in the margin: kept as a comment."""

    author: str
    text: str
    ref: str = ""  # of the line that it stands at


@dataclass(frozen=True)
class ReadLine:
    """A row as it came back. `ref` is what its column says, `bookmark` the reference that its bookmark stands for.

    `before` is what it said before the changes that are tracked in it, None where it is new; `cells` with all of them
    accepted, None where it is struck out. `authors` made those changes.
    """

    kind: str
    ref: str
    bookmark: str
    cells: Mapping[str, str] | None
    before: Mapping[str, str] | None
    item: str = ""
    authors: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class ReadDocument:
    """What came back. `identifier` is the document's own id from its properties, "" where it has none.

    `authors` made tracked changes; `remarks` are comments that stand at no line; `unread` says what could not be read.
    """

    identifier: str
    rows: tuple[ReadLine, ...]
    authors: tuple[str, ...]
    remarks: tuple[Remark, ...]
    unread: tuple[str, ...] = ()


class Change(StrEnum):
    """What became of a line."""

    UNCHANGED = "unchanged"
    REWORDED = "reworded"
    NEW = "new"
    REMOVED = "removed"
    MOVED = "moved"
    AMBIGUOUS = "ambiguous"  # asked, never guessed


@dataclass(frozen=True)
class Edit:
    """One line before and after. `also_moved`: it was reworded and stands elsewhere. `why` explains what is asked."""

    change: Change
    kind: str
    ref: str
    before: PrintedLine | None = None
    after: PrintedLine | None = None
    also_moved: bool = False
    why: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns in which it differs."""
        if self.before is None or self.after is None:
            return ()
        return tuple(f for f in FIELDS[self.kind] if _said(self.before, f) != _said(self.after, f))


@dataclass(frozen=True)
class Conflict:
    """A column of a line that two people changed differently, or that one changed and another removed ("")."""

    ref: str
    field: str
    base: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Merged:
    """The rows after a merge, in order, and what a person must decide first (empty: nothing)."""

    rows: tuple[PrintedLine, ...]
    conflicts: tuple[Conflict, ...] = ()


def plain(text: str) -> str:
    """A text with its blanks made single: line ends and double spaces are no edits."""
    return " ".join(text.replace("\u00a0", " ").split())


def edits(sent: Sequence[PrintedLine], came: Sequence[ReadLine]) -> list[Edit]:
    """What was done to each line that was sent, and the new ones, in the order of the document that came back."""
    known = {row.ref: row for row in sent}
    whose = _identified(known, came)
    asked = _asked(known, came, whose)
    moved = _moved(sent, [ref for ref, row in zip(whose, came, strict=True) if ref and row.cells is not None])
    found: list[Edit] = []
    for row, ref, why in zip(came, whose, asked, strict=True):
        after = None if row.cells is None else PrintedLine(row.kind, ref or row.ref, row.cells, row.item)
        if why:
            found.append(Edit(Change.AMBIGUOUS, row.kind, row.ref or ref, known.get(ref), after, why=why))
        elif not ref:
            if after is not None and any(plain(cell) for cell in after.cells.values()):
                found.append(Edit(Change.NEW, row.kind, row.ref, after=after))
        elif after is None:
            found.append(Edit(Change.REMOVED, row.kind, ref, known[ref]))
        else:
            found.append(_compared(known[ref], after, ref in moved))
    back = set(whose) | {edit.ref for edit in found if edit.change is Change.AMBIGUOUS}
    return found + [Edit(Change.REMOVED, row.kind, row.ref, row) for row in sent if row.ref not in back]


def _identified(known: Mapping[str, PrintedLine], came: Sequence[ReadLine]) -> list[str]:
    """The reference of each row that came back, "" where it is a new line.

    The column says it; where it is empty or not printed, the bookmark; and of an attendee the name.
    """
    named = {(row.kind, plain(row.cells.get(NAMED_BY[row.kind], "")).casefold()): ref
             for ref, row in known.items() if row.kind in NAMED_BY}  # fmt: skip
    whose = [next((ref for ref in (row.ref, row.bookmark) if ref in known), "") for row in came]
    taken = set(whose)
    for place, row in enumerate(came):
        if not whose[place] and row.kind in NAMED_BY and row.cells is not None:
            ref = named.get((row.kind, plain(row.cells.get(NAMED_BY[row.kind], "")).casefold()), "")
            whose[place] = "" if ref in taken else ref
    return whose


def _asked(known: Mapping[str, PrintedLine], came: Sequence[ReadLine], whose: Sequence[str]) -> list[str]:
    """Why a row cannot be told apart, "" for all that can."""
    times = Counter(ref for ref in whose if ref)
    unknown = Counter(row.ref for row, ref in zip(came, whose, strict=True) if row.ref and not ref)
    return [
        _why(known, row, ref, times[ref] if ref else unknown[row.ref]) for row, ref in zip(came, whose, strict=True)
    ]


def _why(known: Mapping[str, PrintedLine], row: ReadLine, ref: str, times: int) -> str:
    if ref and times > 1:
        return f"{ref} stands at {times} rows. Which of them is it?"
    if ref and known[ref].kind != row.kind:
        return f"{ref} is one of the {known[ref].kind}s, and stands among the {row.kind}s."
    if ref and row.bookmark in known and row.ref in known and row.bookmark != row.ref:
        return f"The column says {row.ref}, but the row was {row.bookmark}."
    if ref and row.ref and row.ref not in known:
        return f"The row was {ref}, and its reference was changed to {row.ref}, which nobody has given."
    if not ref and row.ref and times > 1:
        return f"{row.ref} stands at {times} rows, and nobody has given it."
    return ""


def _compared(before: PrintedLine, after: PrintedLine, moved: bool) -> Edit:
    moved = moved or (before.kind == "viewpoint" and plain(before.item) != plain(after.item))
    edit = Edit(Change.REWORDED, before.kind, before.ref, before, after, also_moved=moved)
    if edit.fields:
        return edit
    return replace(edit, change=Change.MOVED if moved else Change.UNCHANGED, also_moved=False)


def _moved(sent: Sequence[PrintedLine], came: Sequence[str]) -> set[str]:
    """The fewest lines whose moving makes one order the other, of each kind by itself."""
    kinds = {row.ref: row.kind for row in sent}
    moved: set[str] = set()
    for kind in dict.fromkeys(kinds.values()):
        was = {ref: place for place, ref in enumerate(ref for ref in kinds if kinds[ref] == kind)}
        now = [ref for ref in came if kinds[ref] == kind]
        moved |= set(now) - {now[place] for place in _longest_rising([was[ref] for ref in now])}
    return moved


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """The places of a longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []  # place in `numbers` of each tail
    before: list[int] = []
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1], ends[at : at + 1] = [number], [place]
    found: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def _said(row: PrintedLine, name: str) -> str:
    return plain(row.cells.get(name, ""))


def merged(
    base: Sequence[PrintedLine],
    mine: Iterable[Edit],
    theirs: Sequence[PrintedLine],
    chosen: Mapping[tuple[str, str], str] | None = None,
) -> Merged:
    """A person's edits of `base` put upon what became of it meanwhile. A human edit is never overwritten.

    `chosen` settles conflicts, by reference and column ("" for the whole line: "keep" or "remove").
    """
    was, now = {row.ref: row for row in base}, {row.ref: row for row in theirs}
    conflicts: list[Conflict] = []
    kept: dict[str, PrintedLine] = {}
    order: list[tuple[str, PrintedLine | None]] = []  # my order: (reference, None) or ("", the new row)
    settled = chosen or {}
    for edit in mine:
        if edit.change is Change.NEW and edit.after is not None:
            order.append(("", edit.after))
        elif edit.change is not Change.REMOVED:
            order.append((edit.ref, None))
    for edit in mine:
        if edit.ref not in was:
            continue
        row = _merged_line(edit, was[edit.ref], now.get(edit.ref), conflicts, settled)
        if row is not None:
            kept[edit.ref] = row
    kept |= {ref: row for ref, row in now.items() if ref not in was}
    return Merged(_in_order(order, kept, theirs), tuple(conflicts))


def _merged_line(
    edit: Edit,
    base: PrintedLine,
    theirs: PrintedLine | None,
    conflicts: list[Conflict],
    chosen: Mapping[tuple[str, str], str],
) -> PrintedLine | None:
    mine = None if edit.change is Change.REMOVED else edit.after or base
    if mine is None or theirs is None:
        return _kept_or_removed(base, mine, theirs, conflicts, chosen)
    cells = dict(theirs.cells)
    for name in FIELDS[base.kind]:
        was, my, their = (_said(row, name) for row in (base, mine, theirs))
        if my in (was, their):
            continue
        if their == was:
            cells[name] = mine.cells.get(name, "")
        elif (base.ref, name) in chosen:
            cells[name] = chosen[base.ref, name]
        else:
            conflicts.append(Conflict(base.ref, name, was, my, their))
            cells[name] = mine.cells.get(name, "")
    item = mine.item if plain(mine.item) != plain(base.item) else theirs.item
    return PrintedLine(base.kind, base.ref, cells, item)


def _kept_or_removed(
    base: PrintedLine,
    mine: PrintedLine | None,
    theirs: PrintedLine | None,
    conflicts: list[Conflict],
    chosen: Mapping[tuple[str, str], str],
) -> PrintedLine | None:
    """One of the two removed the line: it goes, unless the other changed it."""
    left = mine or theirs
    if left is None or not any(_said(left, name) != _said(base, name) for name in FIELDS[base.kind]):
        return None
    settled = chosen.get((base.ref, ""))
    if settled is None:
        conflicts.append(Conflict(base.ref, "", _text(base), _text(mine), _text(theirs)))
    return None if settled == "remove" else left


def _text(row: PrintedLine | None) -> str:
    return plain(row.cells.get("text") or " ".join(row.cells.values())) if row else ""


def _in_order(
    order: Sequence[tuple[str, PrintedLine | None]], kept: Mapping[str, PrintedLine], theirs: Sequence[PrintedLine]
) -> tuple[PrintedLine, ...]:
    """My order; what came meanwhile stands after the line that it follows there."""
    placed: list[PrintedLine] = [row or kept[ref] for ref, row in order if row is not None or ref in kept]
    for at, row in enumerate(theirs):
        if row.ref not in kept or any(row.ref == other.ref for other in placed if other.ref):
            continue
        before = next((r.ref for r in reversed(theirs[:at]) if any(r.ref == p.ref for p in placed)), None)
        place = next((i + 1 for i, p in enumerate(placed) if p.ref == before), 0) if before else 0
        placed.insert(place, kept[row.ref])
    return tuple(placed)


@dataclass
class References:
    """Gives new lines references that were never given: numbers go on, gaps are not filled again."""

    given: Iterable[str]
    _highest: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._highest = {}
        for ref in self.given:
            found = re.fullmatch(r"([DAVRP])-(\d+)", ref)
            if found:
                self._highest[found[1]] = max(self._highest.get(found[1], 0), int(found[2]))

    def next(self, kind: str) -> str:
        """The next reference of a kind: D-07."""
        letter = LETTERS[kind]
        self._highest[letter] = self._highest.get(letter, 0) + 1
        return f"{letter}-{self._highest[letter]:02d}"


LETTERS = {"decision": "D", "action": "A", "viewpoint": "V", "raid": "R", "attendance": "P"}
