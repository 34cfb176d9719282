"""Marks a Word document up as a person does in Word: tracked rewording, rows struck out, comments. By python-docx."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from copy import deepcopy

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.table import _Cell, _Row
from lxml.etree import _Element

Change = Callable[[Document], None]


def marked_up(content: bytes, *changes: Change) -> bytes:
    """The document with the changes in it."""
    document, stream = docx.Document(io.BytesIO(content)), io.BytesIO()
    for change in changes:
        change(document)
    document.save(stream)
    return stream.getvalue()


def row_of(document: Document, ref: str) -> _Row:
    """The row whose first cell has that reference."""
    rows: list[_Row] = [row for table in document.tables for row in table.rows]
    return next(row for row in rows if row.cells[0].text.strip() == ref)


def cell_of(document: Document, ref: str, column: int = 1) -> _Cell:
    return row_of(document, ref).cells[column]


def reworded(ref: str, words: str, *, column: int = 1) -> Change:
    """A cell said otherwise, plainly: no change is tracked."""

    def change(document: Document) -> None:
        cell_of(document, ref, column).paragraphs[0].text = words

    return change


def tracked(ref: str, words: str, author: str, *, column: int = 1) -> Change:
    """A cell's words struck out and others put in, tracked."""

    def change(document: Document) -> None:
        paragraph = cell_of(document, ref, column).paragraphs[0]
        before = paragraph.text
        paragraph.text = ""
        paragraph._p.append(_run("del", "delText", before, author))
        paragraph._p.append(_run("ins", "t", words, author))

    return change


def struck_out(ref: str, author: str) -> Change:
    """A whole row struck out, tracked."""

    def change(document: Document) -> None:
        row_of(document, ref)._tr.get_or_add_trPr().append(_mark("del", author))

    return change


def commented(ref: str, text: str, author: str, *, column: int = 1) -> Change:
    """A comment at a cell."""

    def change(document: Document) -> None:
        runs = cell_of(document, ref, column).paragraphs[0].runs
        document.add_comment(runs, text=text, author=author, initials="")

    return change


def added_row(after: str, words: str, author: str) -> Change:
    """A row put in, tracked, with a text and no reference."""

    def change(document: Document) -> None:
        row = row_of(document, after)._tr
        new = deepcopy(row)
        for mark in [*new.iter(qn("w:bookmarkStart")), *new.iter(qn("w:bookmarkEnd"))]:
            _remove(mark)
        for number, cell in enumerate(new.iterchildren(qn("w:tc"))):
            _say(cell, words if number == 1 else "")
        new.get_or_add_trPr().append(_mark("ins", author))
        row.addnext(new)

    return change


def without(ref: str) -> Change:
    """A row that is simply gone."""

    def change(document: Document) -> None:
        row = row_of(document, ref)._tr
        _remove(row)

    return change


def identified(identifier: str) -> Change:
    """The document says that it is another."""

    def change(document: Document) -> None:
        document.core_properties.identifier = identifier

    return change


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The package with one more part, or another in place of one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info.filename))
        new.writestr(name, part)
    return stream.getvalue()


def _run(tag: str, text_tag: str, words: str, author: str) -> _Element:
    mark, run, text = _mark(tag, author), OxmlElement("w:r"), OxmlElement(f"w:{text_tag}")
    text.text = words
    text.set(qn("xml:space"), "preserve")
    run.append(text)
    mark.append(run)
    return mark


def _mark(tag: str, author: str) -> _Element:
    mark = OxmlElement(f"w:{tag}")
    mark.set(qn("w:id"), "900")
    mark.set(qn("w:author"), author)
    mark.set(qn("w:date"), "2024-02-12T09:00:00Z")
    return mark


def _remove(element: _Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _say(cell: _Element, words: str) -> None:
    paragraph = next(cell.iterchildren(qn("w:p")))
    for run in list(paragraph.iter(qn("w:r"))):
        _remove(run)
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = words
    run.append(text)
    paragraph.append(run)
