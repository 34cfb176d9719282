"""A headline report that comes back as .docx, read line by line: revisions resolved, comments and bookmarks kept.

Word and LibreOffice write the XML; python-docx does not see runs inside revisions or content controls, so the XML is
read itself (ECMA-376 part 1, 17.13: revisions). Nothing outside the file is ever opened.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from bot.adapters.word_columns import COLUMN, bookmark_of, columns_by_words
from bot.errors import UnreadableDocument
from bot.report_table import FIELDS, ReadDocument, ReadLine, Remark, plain

MOST_BYTES = 40 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_ROWS = 2_000
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MACROS = ("vbaproject.bin", "vbadata.xml")
LINKS = ("hyperlink",)  # the only thing outside the file that a document may point at
STRUCK = (f"{{{W}}}del", f"{{{W}}}moveFrom")
ADDED = (f"{{{W}}}ins", f"{{{W}}}moveTo")
Element = etree._Element


def read_report(content: bytes, references: Iterable[str]) -> ReadDocument:
    """Read a headline report. `references` are those that its rows had when it was sent out.

    Raises UnreadableDocument, with a sentence, for what is no Word document, is too large, holds macros, or points
    outside itself.
    """
    parts = _parts(content)
    body = _tree(parts["word/document.xml"]).find(f"{{{W}}}body")
    if body is None:
        raise UnreadableDocument("The document has no text.", hint="Send the .docx that you edited.")
    reading = _Reading({bookmark_of(ref): ref for ref in references}, _comments(parts.get("word/comments.xml")))
    reading.read(body)
    return ReadDocument(
        identifier=_identifier(parts.get("docProps/core.xml")),
        rows=tuple(reading.rows),
        authors=tuple(sorted(_authors(body))),
        remarks=tuple(reading.comments[key] for key in reading.comments if key not in reading.placed),
        unread=tuple(reading.unread),
        columns={kind: tuple(fields) for kind, fields in reading.found.items()},
    )


def _parts(content: bytes) -> dict[str, bytes]:
    """The parts that are read, once the package is known to be harmless."""
    if len(content) > MOST_BYTES:
        raise UnreadableDocument(
            f"The document is larger than {MOST_BYTES >> 20} MB.", hint="Send it without pictures."
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            infos = {info.filename: info for info in package.infolist()}
            _refuse_harmful(package, infos)
            wanted = ("word/document.xml", "word/comments.xml", "docProps/core.xml")
            return {name: package.read(name) for name in wanted if name in infos}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise _no_word_document() from error


def _refuse_harmful(package: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]) -> None:
    if "word/document.xml" not in infos:
        raise _no_word_document()
    if sum(info.file_size for info in infos.values()) > MOST_UNPACKED or len(infos) > 5_000:
        raise UnreadableDocument(
            "The document is far larger inside than it looks.", hint="Save it anew in Word, and send that."
        )
    if any(name.lower().rpartition("/")[2] in MACROS for name in infos):
        raise UnreadableDocument("The document holds macros.", hint="Save it as a .docx without macros, and send that.")
    for name in infos:
        if name.endswith(".rels"):
            _refuse_outside(_tree(package.read(name)))


def _refuse_outside(relations: Element) -> None:
    for relation in relations.iter(f"{{{PACKAGE}}}Relationship"):
        kind = str(relation.get("Type", "")).rpartition("/")[2]
        if relation.get("TargetMode") == "External" and kind.casefold() not in LINKS:
            raise UnreadableDocument(
                f"The document points to something outside itself ({kind}).",
                hint="Break the links in Word (File, Info, Edit links), and send it again.",
            )


def _no_word_document() -> UnreadableDocument:
    return UnreadableDocument("This is no Word document.", hint="Send the .docx that you edited.")


def _tree(xml: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument("The document is damaged.", hint="Open it in Word, save it, and send that.") from error


def _identifier(core: bytes | None) -> str:
    if core is None:
        return ""
    found = _tree(core).find("{http://purl.org/dc/elements/1.1/}identifier")
    return plain(found.text or "") if found is not None else ""


def _comments(xml: bytes | None) -> dict[str, Remark]:
    if xml is None:
        return {}
    found = {}
    for comment in _tree(xml).iter(f"{{{W}}}comment"):
        text = "\n".join(_paragraph_text(p, struck=False) for p in comment.iter(f"{{{W}}}p")).strip()
        found[_value(comment, "id")] = Remark(author=_value(comment, "author"), text=text)
    return found


def _authors(body: Element) -> set[str]:
    return {_value(mark, "author") for tag in (*STRUCK, *ADDED) for mark in body.iter(tag)} - {""}


def _value(element: Element, name: str) -> str:
    return str(element.get(f"{{{W}}}{name}") or "")


@dataclass
class _Reading:
    """One pass over the body: `title` is the heading that stands above, `columns` those of the table before."""

    references: Mapping[str, str]
    comments: dict[str, Remark]
    rows: list[ReadLine] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)
    title: str = ""
    columns: tuple[str, tuple[str, ...]] | None = None
    found: dict[str, dict[str, None]] = field(default_factory=dict)  # by kind, the fields of its tables

    def read(self, body: Element) -> None:
        """Paragraphs and tables in their order, those inside content controls too."""
        for block in _blocks(body):
            if block.tag == f"{{{W}}}p":
                style = block.find(f"{{{W}}}pPr/{{{W}}}pStyle")
                if style is not None and "heading" in _value(style, "val").casefold():
                    self.title, self.columns = plain(_paragraph_text(block, struck=False)), None
            else:
                self._table(block)

    def _table(self, table: Element) -> None:
        rows = [row for row in table.iter(f"{{{W}}}tr") if next(row.iterancestors(f"{{{W}}}tbl")) is table]
        if len(rows) + len(self.rows) > MOST_ROWS:
            raise UnreadableDocument(
                f"The document has more than {MOST_ROWS:,} rows.", hint="Send the report as it was issued, edited."
            )
        columns = _columns(rows[0]) if rows else None
        if columns is None and rows and self._goes_on(rows[0]):
            columns = self.columns  # a table torn in two: its second half has no header
        elif columns is not None:
            rows = rows[1:]
        if columns is None:
            lost = filter(None, map(self._bookmark, rows))
            self.unread += [f"The row of {ref} stands in a table whose header is gone." for ref in lost]
            return
        self.columns = columns
        self.found.setdefault(columns[0], {}).update(dict.fromkeys(filter(None, columns[1])))
        for row in rows:
            self._row(row, *columns)

    def _goes_on(self, row: Element) -> bool:
        if self.columns is None:
            return False
        return len(_cells(row)) == len(self.columns[1]) and bool(self._bookmark(row))

    def _row(self, row: Element, kind: str, columns: tuple[str, ...]) -> None:
        cells = _cells(row)
        if len(cells) != len(columns):
            ref = self._bookmark(row)
            if ref or len(cells) > 1:  # else the words that the row above rests on: one cell across
                row_of = f"The row of {ref}" if ref else f"A row under {self.title or kind}"
                self.unread.append(f"{row_of} has {len(cells)} cells, not {len(columns)}.")
            return
        after = {name: _cell_text(cell, struck=False) for name, cell in zip(columns, cells, strict=True) if name}
        before = {name: _cell_text(cell, struck=True) for name, cell in zip(columns, cells, strict=True) if name}
        added, struck = _row_mark(row, "ins"), _row_mark(row, "del")
        authors = _authors(row) | ({added} if added else set()) | ({struck} if struck else set())
        ref = after.pop("ref", "") or before.get("ref", "")
        before.pop("ref", None)
        if not ref and not any(map(plain, (*after.values(), *before.values()))):
            return
        bookmark = self._bookmark(row)
        named = ref or bookmark
        self.rows.append(
            ReadLine(
                kind=kind,
                ref=ref,
                bookmark=bookmark,
                cells=None if struck is not None else _only(kind, after),
                before=None if added is not None else _only(kind, before),
                item=self.title if kind == "viewpoint" else "",
                authors=tuple(sorted(authors)),
                remarks=tuple(self._remarks(row, named)),
            )
        )

    def _bookmark(self, row: Element) -> str:
        names = (_value(mark, "name") for mark in row.iter(f"{{{W}}}bookmarkStart"))
        return next((self.references[name] for name in names if name in self.references), "")

    def _remarks(self, row: Element, ref: str) -> Iterator[Remark]:
        for tag in ("commentRangeStart", "commentReference"):
            for mark in row.iter(f"{{{W}}}{tag}"):
                key = _value(mark, "id")
                if key in self.comments and key not in self.placed:
                    self.placed.add(key)
                    yield Remark(self.comments[key].author, self.comments[key].text, ref)


def _only(kind: str, cells: Mapping[str, str]) -> dict[str, str]:
    return {name: cells[name] for name in FIELDS[kind] if name in cells}


def _blocks(parent: Element) -> Iterator[Element]:
    """Paragraphs and tables of the body; content controls and tracked containers are looked through."""
    for child in parent:
        if child.tag in (f"{{{W}}}p", f"{{{W}}}tbl"):
            yield child
        elif child.tag in (f"{{{W}}}sdt", f"{{{W}}}sdtContent", *ADDED, f"{{{W}}}customXml"):
            yield from _blocks(child)


def _columns(header: Element) -> tuple[str, tuple[str, ...]] | None:
    """(kind, the field of each column, "" for one of somebody's own) by the header's bookmarks, else by its words."""
    cells = _cells(header)
    found = [_marked_column(cell) for cell in cells]
    kinds = {kind for kind, _ in filter(None, found)}
    if len(kinds) == 1:
        return kinds.pop(), tuple(mark[1] if mark else "" for mark in found)
    return columns_by_words([_cell_text(cell, struck=False) for cell in cells])


def _marked_column(cell: Element) -> tuple[str, str] | None:
    for mark in cell.iter(f"{{{W}}}bookmarkStart"):
        found = COLUMN.fullmatch(_value(mark, "name"))
        if found:
            return found["kind"], found["field"]
    return None


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row.iter(f"{{{W}}}tc") if next(cell.iterancestors(f"{{{W}}}tr")) is row]


def _row_mark(row: Element, tag: str) -> str | None:
    """Who added or struck out the whole row, None where nobody did."""
    mark = row.find(f"{{{W}}}trPr/{{{W}}}{tag}")
    return None if mark is None else _value(mark, "author")


def _cell_text(cell: Element, *, struck: bool) -> str:
    lines = [_paragraph_text(p, struck=struck) for p in cell.iter(f"{{{W}}}p")]
    return "\n".join(lines).strip()


def _paragraph_text(paragraph: Element, *, struck: bool) -> str:
    """The words with all tracked changes accepted, or (`struck`) with all of them rejected."""
    hidden = ADDED if struck else STRUCK
    return "".join(_words(paragraph, hidden)).strip()


def _words(element: Element, hidden: tuple[str, ...]) -> Iterator[str]:
    for child in element:
        if child.tag in hidden or not isinstance(child.tag, str):
            continue
        name = etree.QName(child.tag).localname
        if name in ("t", "delText"):
            yield child.text or ""
        elif name in ("tab", "br", "cr", "ptab"):
            yield " "
        elif name == "noBreakHyphen":
            yield "-"
        elif name in ("pPr", "rPr", "instrText", "Fallback", "tbl"):
            continue
        else:
            yield from _words(child, hidden)
