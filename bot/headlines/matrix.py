"""Constituency by item: who spoke, who let an item pass, who was away. Alternates speak for their constituency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.formats import Agenda, Attendance, Draft
from bot.headlines.agenda import item_keys

Cell = Literal["spoke", "no view recorded", "absent"]


@dataclass(frozen=True)
class MatrixRow:
    """`cells` has one entry for each item of the matrix, in its order."""

    constituency: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """`items` are (key, title) as published; one item without a key stands for the meeting where there is no agenda."""

    items: tuple[tuple[str | None, str], ...]
    rows: tuple[MatrixRow, ...]


def matrix_of(draft: Draft, *, agenda: Agenda, attendance: Attendance) -> Matrix:
    """The matrix of a draft: working material of the PMO, not for issue.

    A constituency "spoke" on an item where a drafted viewpoint of that item is its own; it is "absent" where everybody
    who sits for it is said to be away, and nothing of theirs is drafted. Nobody's constituency is guessed.
    """
    titled = [(key, item.title) for key, item in zip(item_keys(agenda), agenda.items, strict=True)]
    items: list[tuple[str | None, str]] = [*titled] or [(None, "The meeting")]
    views: set[tuple[str | None, str | None]] = {
        (view.constituency, view.item) for view in draft.viewpoints if view.constituency
    }
    seated = [member.constituency for member in attendance.members if member.constituency]
    constituencies = list(dict.fromkeys([*seated, *(v.constituency for v in draft.viewpoints if v.constituency)]))
    return Matrix(
        tuple(items),
        tuple(
            MatrixRow(name, tuple(_cell(name, key, views, attendance) for key, _ in items)) for name in constituencies
        ),
    )


def _cell(
    constituency: str, key: str | None, views: set[tuple[str | None, str | None]], attendance: Attendance
) -> Cell:
    spoke = {item for name, item in views if name == constituency}
    if key in spoke or (key is None and spoke):
        return "spoke"
    sitting = [member for member in attendance.members if member.constituency == constituency]
    away = bool(sitting) and all(member.present is False for member in sitting)
    return "absent" if away and not spoke else "no view recorded"


def items_without_discussion(draft: Draft, agenda: Agenda) -> Sequence[str]:
    """The titles of the published items of which the recording holds nothing that could be told."""
    heard = {item.item for item in draft.agenda}
    return [item.title for key, item in zip(item_keys(agenda), agenda.items, strict=True) if key not in heard]
