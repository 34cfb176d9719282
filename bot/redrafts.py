"""A report drafted once more: its lines keep their references, and a person's edits are put upon it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.draft_edits import edited
from bot.formats import AttendanceLine, Draft, Matrix
from bot.report_table import (
    NAMED_BY,
    Conflict,
    PrintedLine,
    ReadLine,
    References,
    edits,
    merged,
    name_of,
    plain,
)

KINDS: Mapping[str, str] = {"decisions": "decision", "actions": "action", "viewpoints": "viewpoint", "raid": "raid"}
NEAR = 45.0  # seconds between two drafts' times of what is taken for the same line
ALIKE, ALIKE_AND_NEAR = 0.8, 0.4  # the share of their words that two lines have in common
_REF = re.compile(r"\b[DAVR]-\d{2,}\b")


def aligned(new: Draft, old: Draft, given: Iterable[str]) -> Draft:
    """The new draft, each line with the reference that it had in the old one; what is new has one never `given`."""
    numbers = References(given)
    names: dict[str, str] = {}
    for part, kind in KINDS.items():
        same = _same(getattr(new, part), getattr(old, part))
        for line in getattr(new, part):
            names[line.ref] = same.get(line.ref) or numbers.next(kind)
    renamed: dict[str, Any] = {
        part: [line.model_copy(update={"ref": names[line.ref]}) for line in getattr(new, part)] for part in KINDS
    }
    renamed["marks"] = [
        mark.model_copy(update={"line": names.get(mark.line, mark.line)}) if mark.line else mark for mark in new.marks
    ]
    if new.matrix:
        renamed["matrix"] = _renamed_matrix(new.matrix, names)
    if new.completeness:
        doubtful, statement = ([_renamed(text, names) for text in texts]
                               for texts in (new.completeness.doubtful, new.completeness.statement))  # fmt: skip
        said = {"doubtful": doubtful, "statement": statement}
        renamed["completeness"] = new.completeness.model_copy(update=said)
    return new.model_copy(update=renamed)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _REF.sub(lambda found: names.get(found[0], found[0]), text)


def _renamed_matrix(matrix: Matrix, names: Mapping[str, str]) -> Matrix:
    rows = [
        row.model_copy(update={"cells": [
            cell.model_copy(update={"views": [names.get(ref, ref) for ref in cell.views]}) for cell in row.cells
        ]})
        for row in matrix.rows
    ]  # fmt: skip
    return matrix.model_copy(update={"rows": rows})


def _same(new: Sequence[Any], old: Sequence[Any]) -> dict[str, str]:
    """The old reference of each new line that is taken for the same: the most alike first, each once."""
    words = {id(line): frozenset(plain(line.text).casefold().split()) for line in (*new, *old)}
    pairs = []
    for place, line in enumerate(new):
        for other_place, other in enumerate(old):
            alike = _alike(words[id(line)], words[id(other)])
            near = line.at is not None and other.at is not None and abs(line.at - other.at) <= NEAR
            if alike >= (ALIKE_AND_NEAR if near else ALIKE):
                pairs.append((-alike, not near, abs(place - other_place), line.ref, other.ref))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, _, ref, old_ref in sorted(pairs):
        if ref not in found and old_ref not in taken:
            found[ref] = old_ref
            taken.add(old_ref)
    return found


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


@dataclass(frozen=True)
class Printed:
    """A draft, and its lines as its own document prints them."""

    draft: Draft
    rows: Sequence[PrintedLine]


def with_edits(
    machine: Printed, attendance: Sequence[AttendanceLine], base: Printed, mine: Printed, given: Sequence[str]
) -> tuple[Draft, tuple[Conflict, ...]]:
    """A person's edits (`mine`, of the machine's draft `base`) put upon the machine's new draft.

    Where both changed the same words the person's stand, and are among the conflicts: they are asked about.
    `attendance` is the new draft's.
    """
    names = renumbered(machine.rows, [*base.rows, *mine.rows])
    was, now = in_numbering(base.rows, names), in_numbering(mine.rows, names)
    known = {row.ref for row in was}
    added = [row for row in now if row.ref not in known]  # by a person, with references and perhaps evidence by now
    there = [*machine.rows, *added]
    come = [ReadLine(row.kind, row.ref, row.ref, row.cells, row.cells, row.item) for row in now]
    result = merged([*was, *added], edits([*was, *added], come), there)
    draft = edited(machine.draft, attendance, there, result.rows, given, older=(mine.draft, was))
    kept = [remark for remark in mine.draft.remarks if remark not in machine.draft.remarks]
    return draft.model_copy(update={"remarks": [*machine.draft.remarks, *kept]}), result.conflicts


def renumbered(theirs: Sequence[PrintedLine], rows: Sequence[PrintedLine]) -> dict[str, str]:
    """What each attendee of `rows` is called in the numbering of `theirs`: by the name, as it stands there first.

    Attendees are numbered by the roster, so another draft's P-03 may be somebody else; who is not there is called anew.
    """
    there: dict[str, list[str]] = {}
    for row in theirs:
        if row.kind in NAMED_BY:
            there.setdefault(name_of(row), []).append(row.ref)
    numbers = References([row.ref for row in (*theirs, *rows)])
    names: dict[str, str] = {}
    for row in rows:
        if row.kind in NAMED_BY and row.ref not in names:
            same = there.get(name_of(row), [])
            ref = row.ref if row.ref in same else next(iter(same), "")
            if ref:
                same.remove(ref)
            names[row.ref] = ref or numbers.next(row.kind)
    return names


def in_numbering(rows: Sequence[PrintedLine], names: Mapping[str, str]) -> list[PrintedLine]:
    """The rows, called by other references where there are any."""
    return [PrintedLine(row.kind, names.get(row.ref, row.ref), row.cells, row.item) for row in rows]
