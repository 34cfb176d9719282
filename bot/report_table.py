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
    `columns` are those of the tables that were found, by kind.
    """

    identifier: str
    rows: tuple[ReadLine, ...]
    authors: tuple[str, ...]
    remarks: tuple[Remark, ...]
    unread: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    """One line before and after. `also_moved`: it was reworded and stands elsewhere. `why` explains what is asked.

    `place` counts the rows of the document that came back, from 1; 0 for a line that is in none of them.
    """

    change: Change
    kind: str
    ref: str
    before: PrintedLine | None = None
    after: PrintedLine | None = None
    also_moved: bool = False
    why: str = ""
    place: int = 0

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


NEW_LINE = ""
NO_LINE = None
Told = Mapping[int, str | None]
"""Which line a row is, by its place: a reference, NEW_LINE, or NO_LINE where it is not to be taken."""


def edits(sent: Sequence[PrintedLine], came: Sequence[ReadLine], told: Told | None = None) -> list[Edit]:
    """What was done to each line that was sent, and the new ones, in the order of the document that came back.

    `told` is what a person answered about rows that could not be told apart.
    """
    known, answers = {row.ref: row for row in sent}, told or {}
    whose = _identified(known, came, answers)
    live = {ref for ref, row in zip(whose, came, strict=True) if ref and row.cells is not None}
    asked = _asked(known, came, whose, answers)
    moved = _moved(sent, [ref for ref, row in zip(whose, came, strict=True) if ref and row.cells is not None])
    found: list[Edit] = []
    for place, (row, ref, why) in enumerate(zip(came, whose, asked, strict=True), 1):
        if (place in answers and answers[place] is NO_LINE) or _is_left_behind(row, ref, live):
            continue
        after = None if row.cells is None else PrintedLine(row.kind, ref, row.cells, row.item)
        if why:
            found.append(Edit(Change.AMBIGUOUS, row.kind, row.ref or ref, known.get(ref), after, why=why, place=place))
        elif not ref:
            if after is not None and any(plain(cell) for cell in after.cells.values()):
                named = "" if row.ref in known else row.ref
                found.append(Edit(Change.NEW, row.kind, named, after=after, place=place))
        elif after is None:
            found.append(Edit(Change.REMOVED, row.kind, ref, known[ref], place=place))
        else:
            found.append(replace(_compared(known[ref], after, ref in moved), place=place))
    back = {ref for place, ref in enumerate(whose, 1) if answers.get(place, ref) is not NO_LINE}
    back |= {edit.ref for edit in found if edit.change is Change.AMBIGUOUS}
    return found + [Edit(Change.REMOVED, row.kind, row.ref, row) for row in sent if row.ref not in back]


def _is_left_behind(row: ReadLine, ref: str, live: set[str]) -> bool:
    """Whether a row is struck out, and the same line stands elsewhere: moving a row is tracked so."""
    return row.cells is None and ref in live


def _identified(known: Mapping[str, PrintedLine], came: Sequence[ReadLine], told: Told) -> list[str]:
    """The reference of each row that came back, "" where it is a new line.

    A person's answer says it, else the column; where it is empty or not printed, the bookmark; of an attendee the name.
    """
    named = {(row.kind, name_of(row)): ref for ref, row in known.items() if row.kind in NAMED_BY}
    whose = [next((ref for ref in (row.ref, row.bookmark) if ref in known), "") for row in came]
    whose = [told.get(place, ref) or "" for place, ref in enumerate(whose, 1)]
    taken = set(whose)
    for place, row in enumerate(came):
        if not whose[place] and row.kind in NAMED_BY and row.cells is not None and place + 1 not in told:
            ref = named.get((row.kind, plain(row.cells.get(NAMED_BY[row.kind], "")).casefold()), "")
            whose[place] = "" if ref in taken else ref
    return whose


def name_of(row: PrintedLine) -> str:
    """The words that say which line it is, of a kind that prints no references."""
    return plain(row.cells.get(NAMED_BY[row.kind], "")).casefold()


def _asked(known: Mapping[str, PrintedLine], came: Sequence[ReadLine], whose: Sequence[str], told: Told) -> list[str]:
    """Why a row cannot be told apart, "" for all that can."""
    live = {ref for ref, row in zip(whose, came, strict=True) if ref and row.cells is not None}
    times = Counter(ref for ref, row in zip(whose, came, strict=True) if ref and not _is_left_behind(row, ref, live))
    unknown = Counter(row.ref for row, ref in zip(came, whose, strict=True) if row.ref and not ref)
    return [
        _why_told(ref, times[ref]) if place in told else _why(known, row, ref, times[ref] if ref else unknown[row.ref])
        for place, (row, ref) in enumerate(zip(came, whose, strict=True), 1)
    ]


def _why_told(ref: str, times: int) -> str:
    return f"{ref} stands at {times} rows. Which of them is it?" if ref and times > 1 else ""


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
    mine: Sequence[Edit],
    theirs: Sequence[PrintedLine],
    chosen: Mapping[tuple[str, str], str] | None = None,
) -> Merged:
    """A person's edits of `base` put upon what became of it meanwhile. A human edit is never overwritten.

    `chosen` settles conflicts, by reference and column ("" for the whole line: "keep" or "remove"). Until a conflict is
    settled the person's words stand. What is asked about is left as it is.
    """
    was, now = {row.ref: row for row in base}, {row.ref: row for row in theirs}
    conflicts: list[Conflict] = []
    kept = {ref: row for ref, row in now.items() if ref not in was}
    for edit in mine:
        if edit.ref not in was:
            continue
        row = now.get(edit.ref)
        if edit.change is not Change.AMBIGUOUS:
            row = _merged_line(edit, was[edit.ref], row, conflicts, chosen or {})
        if row is not None:
            kept[edit.ref] = row
    return Merged(_in_order(mine, kept, theirs), tuple(conflicts))


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
        return mine
    return None if settled == "remove" else left


def _text(row: PrintedLine | None) -> str:
    return plain(row.cells.get("text") or " ".join(row.cells.values())) if row else ""


def _in_order(
    mine: Sequence[Edit], kept: Mapping[str, PrintedLine], theirs: Sequence[PrintedLine]
) -> tuple[PrintedLine, ...]:
    """Their order; what I added, moved or alone kept stands after the line that it follows in mine."""
    moved = {edit.ref for edit in mine if edit.change is Change.MOVED or edit.also_moved}
    placed = [kept[row.ref] for row in theirs if row.ref in kept and row.ref not in moved]
    there, before = {row.ref for row in placed}, dict[str, PrintedLine]()
    known = {edit.ref for edit in mine if edit.change is not Change.NEW}
    added = {_words_of(row): row for row in placed if row.ref not in known}  # by others; perhaps of this same document
    for edit in mine:
        is_new = edit.change is Change.NEW
        row = None if edit.change is Change.REMOVED else edit.after if is_new else kept.get(edit.ref)
        if row is None:
            continue
        if is_new and _words_of(row) in added:
            row = added.pop(_words_of(row))
        elif is_new or edit.ref not in there:
            _place_after(placed, before.get(row.kind), row)
            there.add(row.ref)
        before[row.kind] = row
    return tuple(placed)


def _words_of(row: PrintedLine) -> tuple[str, str]:
    return row.kind, plain(row.cells.get("text") or row.cells.get("name", "")).casefold()


def _place_after(placed: list[PrintedLine], before: PrintedLine | None, row: PrintedLine) -> None:
    """Put a row after another; the first of its kind before all of them."""
    at = next((place for place, one in enumerate(placed) if one is before), None)
    if at is None:
        at = next((place for place, one in enumerate(placed) if one.kind == row.kind), len(placed)) - 1
    placed.insert(at + 1, row)


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
