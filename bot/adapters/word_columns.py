"""Which column of which table of a headline report holds what: marked in the header, so that it survives restyling.

The PMO owns the template: its words, its order of columns. So the header cell of each column carries a bookmark
`col_decision_text_1`, put there when a document is made, by what the template has in that column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from lxml.etree import _Element as Element

COLUMN = re.compile(r"col_(?P<kind>decision|action|viewpoint|raid|attendance)_(?P<field>[a-z_]+?)_\d+")
LOOP_WORDS: Mapping[str, str] = {
    "decision": "decision", "action": "action", "view": "viewpoint", "raid": "raid", "attendee": "attendance",
}  # fmt: skip
PLACEHOLDER = re.compile(r"\{\{r?\s*(?P<word>decision|action|view|raid|attendee)\.(?P<field>[a-z_]+)\s*\}\}")
_WORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "decision": (("decision", "text"), ("outcome", "outcome"), ("how reached", "reached_by")),
    "action": (("action", "text"), ("owner", "owner"), ("due", "due")),
    "viewpoint": (("constituency", "constituency"), ("stance", "stance"), ("view", "text")),
    "raid": (("kind", "kind"), ("item", "text")),
    "attendance": (("name", "name"), ("seat", "seat"), ("constituency", "constituency"),
                   ("organisation", "organisation"), ("status", "status")),
}  # fmt: skip
_COMMON = {"ref": "ref", "time": "time"}


def column_name(kind: str, field: str, number: int) -> str:
    """The bookmark of a column; `number` keeps those of several tables of one kind apart."""
    return f"col_{kind}_{field}_{number}"


def columns_of_placeholders(cells: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """(kind, the field of each column) of a template's row, by its placeholders; None for a row of no kind."""
    found = [PLACEHOLDER.search(cell) for cell in cells]
    words = {match["word"] for match in found if match}
    if len(words) != 1:
        return None
    return LOOP_WORDS[words.pop()], tuple(match["field"] if match else "" for match in found)


def columns_by_words(header: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The same by the words of the shipped template's header, where the marks were lost."""
    said = [" ".join(cell.split()).casefold() for cell in header]
    for kind, words in _WORDS.items():
        known = {**_COMMON, **dict(words)}
        fields = tuple(known.get(word, "") for word in said)
        needed = {field for _, field in words} - {"stance", "reached_by"}
        if needed <= set(fields):
            return kind, fields
    return None


def bookmark_of(ref: str) -> str:
    """The name of the bookmark that stands for a reference: D-01 in D_01."""
    return re.sub(r"\W", "_", ref)


Columns = Mapping[tuple[str, ...], tuple[str, tuple[str, ...]]]
"""By the words of a table's header: (kind, the field of each column)."""


def columns_of(body: Element) -> Columns:
    """What the columns of a template's tables hold, by the placeholders that stand in them."""
    found = {}
    for table in _tables(body):
        header, *rows = [_texts(row) for row in _rows(table)]
        for cells in rows:
            columns = columns_of_placeholders(cells)
            if columns and len(cells) == len(header):
                found[tuple(header)] = columns
    return found


def mark_columns(body: Element, columns: Columns, refs: Mapping[str, Sequence[str]]) -> None:
    """Mark each column's header, and each row that carries no reference of its own, in a document made of the template.

    `refs` are the references of each kind's rows in the order in which they are printed.
    """
    left = {kind: list(of_kind) for kind, of_kind in refs.items()}
    ids = count(FIRST_ID)
    for number, table in enumerate(_tables(body)):
        rows = _rows(table)
        kind, fields = columns.get(tuple(_texts(rows[0])), ("", ())) if rows else ("", ())
        if not kind:
            continue
        for cell, name in zip(_cells(rows[0]), fields, strict=True):
            if name:
                _mark(cell, column_name(kind, name, number), next(ids))
        for row in rows[1:]:
            cells = _cells(row)
            if len(cells) == len(fields) and left[kind]:
                ref = left[kind].pop(0)
                if ref and "ref" not in fields:
                    _mark(cells[0], bookmark_of(ref), next(ids))


FIRST_ID = 20_000  # of bookmarks; those of the references begin lower


def _mark(cell: Element, name: str, number: int) -> None:
    paragraph = next(cell.iterchildren(qn("w:p")))
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark in (start, end):
        mark.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    properties = paragraph.find(qn("w:pPr"))
    paragraph.insert(0 if properties is None else 1, start)
    paragraph.append(end)


def _tables(body: Element) -> list[Element]:
    return list(body.iterchildren(qn("w:tbl")))


def _rows(table: Element) -> list[Element]:
    return list(table.iterchildren(qn("w:tr")))


def _cells(row: Element) -> list[Element]:
    return list(row.iterchildren(qn("w:tc")))


def _texts(row: Element) -> list[str]:
    return ["".join(text.text or "" for text in cell.iter(qn("w:t"))).strip() for cell in _cells(row)]
