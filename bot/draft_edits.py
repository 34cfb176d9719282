"""The rows of an edited document, put back into the draft: evidence and timestamps stay with their lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.errors import SecretariatError
from bot.formats import (
    AttendanceLine,
    Draft,
    DraftedAction,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
)
from bot.report_cells import read_back
from bot.report_table import FIELDS, PrintedLine, References, plain

BY_HAND: dict[str, Any] = {"at": None, "segment": "", "evidence": []}


def edited(
    draft: Draft,
    attendance: Sequence[AttendanceLine],
    was: Sequence[PrintedLine],
    rows: Sequence[PrintedLine],
    given: Sequence[str] = (),
    older: tuple[Draft, Sequence[PrintedLine]] | None = None,
) -> Draft:
    """The draft as its rows now say. `was` are the rows as the draft prints them, `given` references used before.

    A cell that nobody changed keeps what lies behind it. A new line has a new reference, no evidence and no time.
    `older` is the draft that the rows were edited from: a line that only it has keeps what lies behind it, too.
    Raises SecretariatError, naming the line, where a cell cannot be read.
    """
    older_draft, older_rows = older or (draft, ())
    known = {row.ref: row for row in (*older_rows, *was)}
    now = _lines_of(draft, attendance)
    lines = {kind: of_older | now[kind] for kind, of_older in _lines_of(older_draft, ()).items()}
    numbers = References([*given, *known])
    rows = [
        row if row.ref in known else PrintedLine(row.kind, numbers.next(row.kind), row.cells, row.item) for row in rows
    ]
    made: dict[str, list[Any]] = {kind: [] for kind in FIELDS}
    for row in rows:
        made[row.kind].append(_line(row, known.get(row.ref), lines[row.kind].get(row.ref), draft))
    same = made["attendance"] == list(attendance)
    from bot.headlines.completeness import after_edits  # NumPy, behind it, takes longer to load than most commands last

    changed = draft.model_copy(
        update={
            "decisions": made["decision"],
            "actions": made["action"],
            "viewpoints": made["viewpoint"],
            "raid": made["raid"],
            "attendance": draft.attendance if same else made["attendance"],
        }
    )
    return after_edits(changed)


def _lines_of(draft: Draft, attendance: Sequence[AttendanceLine]) -> dict[str, dict[str, Any]]:
    """The lines of a draft by kind and reference."""
    lines: dict[str, Sequence[Any]] = {
        "decision": draft.decisions,
        "action": draft.actions,
        "viewpoint": draft.viewpoints,
        "raid": draft.raid,
        "attendance": attendance,
    }
    return {kind: {line.ref: line for line in of_kind} for kind, of_kind in lines.items()}


def line_in(draft: Draft, kind: str, ref: str) -> Any:
    """The line of a draft, None where it has none of that reference; an attendee has no evidence, and is none."""
    return _lines_of(draft, ())[kind].get(ref)


def _line(row: PrintedLine, printed: PrintedLine | None, line: Any, draft: Draft) -> Any:
    was = printed if line is not None else None
    changed = {
        name: row.cells[name]
        for name in FIELDS[row.kind]
        if name in row.cells and (was is None or plain(was.cells.get(name, "")) != plain(row.cells[name]))
    }
    try:
        values = read_back(changed)
    except SecretariatError as error:
        raise SecretariatError(f"{row.ref}: {error.sentence}", hint=error.hint) from error
    if row.kind == "viewpoint" and (was is None or plain(was.item) != plain(row.item)):
        values["item"] = _item_of(row.item, draft)
    if line is not None:
        return line.model_copy(update=values)
    return _new(row, values)


def _item_of(title: str, draft: Draft) -> str | None:
    """The agenda item whose heading the row now stands under."""
    return next((x.item for x in draft.agenda if plain(title) in (f"{x.item}. {plain(x.title)}", plain(x.title))), None)


def _new(row: PrintedLine, values: dict[str, Any]) -> Any:
    """A line that a person wrote: a refusal to guess leaves the outcome to be confirmed."""
    whole = {**BY_HAND, "item": None, "ref": row.ref, **values}
    if row.kind == "decision":
        return DraftedDecision.model_validate({"outcome": "none", "confidence": 1.0, **whole})
    if row.kind == "action":
        return DraftedAction.model_validate({"confidence": 1.0, **whole})
    if row.kind == "viewpoint":
        return DraftedViewpoint.model_validate({"speaker": None, "constituency": None, "stance": "comments", **whole})
    if row.kind == "raid":
        return DraftedRaidItem.model_validate({"kind": "issue", **whole})
    return AttendanceLine.model_validate({"ref": row.ref, **values})
