"""Two versions of a headline report as one .docx with real tracked changes, word by word, each in somebody's name.

Word and LibreOffice accept or reject them (ECMA-376 part 1, 17.13.5). All accepted gives the newer version's words, all
rejected the older one's. A version is never rebuilt from a redline: both are kept as they were issued.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import partial
from io import BytesIO
from itertools import count, groupby
from zipfile import BadZipFile

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from lxml import etree
from lxml.etree import _Element as Element

from bot.adapters.word_columns import COLUMN, bookmark_of
from bot.errors import UnreadableDocument
from bot.model import ChangeBy

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
MARKS = tuple(qn(f"w:{name}") for name in ("bookmarkStart", "bookmarkEnd", "proofErr", "lastRenderedPageBreak"))
P, TBL, TR, TC, R, T = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "r", "t"))


def redline(
    old: bytes, new: bytes, whose: Mapping[str, Sequence[ChangeBy]], *, otherwise: ChangeBy, at: datetime
) -> bytes:
    """The newer version with its differences from the older tracked.

    `whose` says in whose names the line of a reference was changed, and why: a comment stands at the first change of
    each. Of several, a word is in the name of whoever's wording has it. `otherwise` is for what belongs to no line.
    Raises UnreadableDocument where one of them is no Word document.
    """
    before, after = _opened(old), _opened(new)
    named = {bookmark_of(ref): tuple(by) for ref, by in whose.items()}
    tracking = _Tracking(after, named, otherwise, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    tracking.blocks(after.element.body, _blocks(before.element.body), _blocks(after.element.body))
    stream = BytesIO()
    after.save(stream)
    return stream.getvalue()


def _opened(content: bytes) -> Document:
    try:
        return docx.Document(BytesIO(content))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise UnreadableDocument("A kept version is no Word document.", hint="Restore it from a backup.") from error


@dataclass(frozen=True)
class _Atom:
    """A word, a blank, or one thing inside a run. `made` gives it anew, as it stands or struck out."""

    key: str
    style: bytes
    made: Callable[[bool], list[Element]]
    of_run: bool = True


@dataclass
class _Tracking:
    document: Document
    whose: Mapping[str, tuple[ChangeBy, ...]]
    otherwise: ChangeBy
    date: str
    of_line: tuple[ChangeBy, ...] = field(init=False)  # who changed the line that is being compared
    by: ChangeBy = field(init=False)
    reasons: dict[str, str] = field(default_factory=dict)  # by author
    told: set[str] = field(default_factory=set)
    ids: Iterator[int] = field(default_factory=lambda: count(900_000))

    def __post_init__(self) -> None:
        self._of_no_line()

    def _of_no_line(self) -> None:
        self.of_line = (self.otherwise,)
        self._now_by(self.of_line)

    def _now_by(self, authors: Sequence[ChangeBy]) -> None:
        self.by = _together(authors)
        self.reasons[self.by.author] = self.by.reason

    def blocks(self, parent: Element, old: Sequence[Element], new: Sequence[Element]) -> None:
        """Paragraphs and tables, aligned; what is gone is put back, struck out, where it stood."""
        for was, now in _aligned(old, new, _block_key):
            if now is None and was is not None:
                continue
            if was is None and now is not None:
                self._added(now)
            elif was is not None and now is not None:
                self._compared(was, now)
        self._put_back(parent, old, new, _block_key, self._struck)

    def _compared(self, was: Element, now: Element) -> None:
        if now.tag == TBL:
            self._table(was, now)
        else:
            self._paragraph(was, now)

    def _table(self, was: Element, now: Element) -> None:
        old, new = list(was.iterchildren(TR)), list(now.iterchildren(TR))
        for row_was, row_now in _aligned(old, new, _row_key):
            if row_now is None:
                continue
            with_ref = self._in_the_name_of(row_now)
            if row_was is None:
                with_ref._row_added(row_now)
            else:
                cells = zip(row_was.iterchildren(TC), row_now.iterchildren(TC), strict=False)
                for cell_was, cell_now in cells:
                    with_ref.blocks(cell_now, _blocks(cell_was), _blocks(cell_now))
        self._put_back(now, old, new, _row_key, self._row_struck)
        self._of_no_line()

    def _in_the_name_of(self, row: Element) -> _Tracking:
        self.of_line = next((self.whose[name] for name in _names(row) if name in self.whose), (self.otherwise,))
        self._now_by(self.of_line)
        return self

    def _put_back(
        self,
        parent: Element,
        old: Sequence[Element],
        new: Sequence[Element],
        key: Callable[[Element], str],
        struck: Callable[[Element], Element],
    ) -> None:
        anchor: Element | None = None  # the element of the new version after which to put what is gone
        for was, now in _aligned(old, new, key):
            if now is not None:
                anchor = now
            elif was is not None:
                gone = struck(deepcopy(was))
                if anchor is None:
                    first = new[0] if new else None
                    parent.append(gone) if first is None else first.addprevious(gone)
                else:
                    anchor.addnext(gone)
                anchor = gone

    def _paragraph(self, was: Element, now: Element) -> None:
        old, new = _atoms(was), _atoms(now)
        if [atom.key for atom in old] == [atom.key for atom in new]:
            return
        made: list[Element] = []
        words = [atom.key for atom in old]
        here = _who_changed_cell(self.of_line, words)
        matcher = SequenceMatcher(None, words, [a.key for a in new], autojunk=False)
        for what, i1, i2, j1, j2 in matcher.get_opcodes():
            self._now_by(_who_changed(here, words, (i1, i2)))
            if what == "equal":
                made += _runs(new[j1:j2], struck=False)
            if what in ("delete", "replace"):
                made += self._marked("del", _runs(old[i1:i2], struck=True))
            if what in ("insert", "replace"):
                made += self._marked("ins", _runs(new[j1:j2], struck=False))
        marks = [deepcopy(mark) for mark in now if mark.tag in MARKS]
        for child in list(now):
            if child.tag != qn("w:pPr"):
                now.remove(child)
        starts = [mark for mark in marks if mark.tag == qn("w:bookmarkStart")]
        ends = [mark for mark in marks if mark.tag == qn("w:bookmarkEnd")]
        for element in (*starts, *made, *ends):
            now.append(element)
        self._explain(now)

    def _added(self, block: Element) -> Element:
        if block.tag == TBL:
            for row in block.iterchildren(TR):
                self._in_the_name_of(row)._row_added(row)
            self._of_no_line()
        else:
            self._whole_paragraph(block, "ins")
        return block

    def _struck(self, block: Element) -> Element:
        if block.tag == TBL:
            for row in block.iterchildren(TR):
                self._row_struck(row)
            self._of_no_line()
        else:
            self._whole_paragraph(block, "del")
        return block

    def _row_added(self, row: Element) -> Element:
        return self._whole_row(row, "ins")

    def _row_struck(self, row: Element) -> Element:
        return self._in_the_name_of(row)._whole_row(row, "del")

    def _whole_row(self, row: Element, tag: str) -> Element:
        properties = row.find(qn("w:trPr"))
        if properties is None:
            properties = OxmlElement("w:trPr")
            after = row.find(qn("w:tblPrEx"))
            row.insert(0 if after is None else 1, properties)
        properties.append(self._mark(tag))
        for paragraph in row.iter(P):
            self._whole_paragraph(paragraph, tag)
        return row

    def _whole_paragraph(self, paragraph: Element, tag: str) -> None:
        runs = _runs(_atoms(paragraph), struck=tag == "del")
        for child in list(paragraph):
            if child.tag != qn("w:pPr") and (tag == "del" or child.tag not in MARKS):
                paragraph.remove(child)
        for element in self._marked(tag, runs):
            paragraph.append(element)
        self._mark_paragraph_end(paragraph, tag)
        if runs:
            self._explain(paragraph)

    def _mark_paragraph_end(self, paragraph: Element, tag: str) -> None:
        if next(paragraph.iterancestors(TC), None) is not None and paragraph.getnext() is None:
            return  # the last paragraph of a cell goes with its row
        properties = paragraph.find(qn("w:pPr"))
        if properties is None:
            properties = OxmlElement("w:pPr")
            paragraph.insert(0, properties)
        run_properties = properties.find(qn("w:rPr"))
        if run_properties is None:
            run_properties = OxmlElement("w:rPr")
            followers = [child for child in properties if child.tag in (qn("w:sectPr"), qn("w:pPrChange"))]
            followers[0].addprevious(run_properties) if followers else properties.append(run_properties)
        run_properties.insert(0, self._mark(tag))

    def _marked(self, tag: str, elements: Iterable[Element]) -> list[Element]:
        """Runs inside a mark; of a link its runs, since a mark cannot hold a link."""
        made: list[Element] = []
        for is_run, together in groupby(elements, key=lambda element: element.tag == R):
            if is_run:
                mark = self._mark(tag)
                mark.extend(list(together))
                made.append(mark)
                continue
            for link in together:
                for element in self._marked(tag, list(link.iterchildren(R))):
                    link.append(element)
                made.append(link)
        return made

    def _mark(self, tag: str) -> Element:
        mark: Element = OxmlElement(f"w:{tag}")
        for name, value in (("id", str(next(self.ids))), ("author", self.by.author), ("date", self.date)):
            mark.set(qn(f"w:{name}"), value)
        return mark

    def _explain(self, paragraph: Element) -> None:
        """A comment at the first change that is made in each name, where that name has a reason."""
        by_author: dict[str, list[Element]] = {}
        for child in paragraph:
            if child.tag in (qn("w:ins"), qn("w:del")):
                by_author.setdefault(str(child.get(qn("w:author"))), []).append(child)
        for author, changed in by_author.items():
            if self.reasons.get(author) and author not in self.told:
                self.told.add(author)
                self._comment(author, changed)

    def _comment(self, author: str, changed: Sequence[Element]) -> None:
        comment = self.document.comments.add_comment(text=self.reasons[author], author=author, initials="PMO")
        start, end, reference = (OxmlElement(f"w:{n}") for n in ("commentRangeStart", "commentRangeEnd", "r"))
        for mark in (start, end):
            mark.set(qn("w:id"), str(comment.comment_id))
        inner = OxmlElement("w:commentReference")
        inner.set(qn("w:id"), str(comment.comment_id))
        reference.append(inner)
        changed[0].addprevious(start)
        changed[-1].addnext(reference)
        changed[-1].addnext(end)


def _together(authors: Sequence[ChangeBy]) -> ChangeBy:
    """One name for several: "PMO for AM-012; PMO for AM-013"."""
    if len(authors) == 1:
        return authors[0]
    return ChangeBy("; ".join(by.author for by in authors), "\n".join(by.reason for by in authors))


def _who_changed_cell(authors: Sequence[ChangeBy], old: Sequence[str]) -> Sequence[ChangeBy]:
    """Those of several who changed what this cell said; all of them where that tells nothing."""
    said = "".join(old).split()
    return [by for by in authors if by.of.split() == said] or authors


def _who_changed(authors: Sequence[ChangeBy], old: Sequence[str], place: tuple[int, int]) -> Sequence[ChangeBy]:
    """Those of several whose own wording changes the old words there too; all of them where that tells nothing."""
    if len(authors) < 2:
        return authors
    meant = [by for by in authors if any(_touch(place, own) for own in _changes(old, by.words))]
    return meant or authors


def _changes(old: Sequence[str], wording: str) -> list[tuple[int, int]]:
    new = [" " if token.isspace() else token for token in TOKEN.findall(wording)]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [(i1, i2) for what, i1, i2, _, _ in matcher.get_opcodes() if what != "equal"]


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two stretches share a word, or are insertions at one place."""
    return max(one[0], other[0]) < min(one[1], other[1]) or one == other


def _aligned(
    old: Sequence[Element], new: Sequence[Element], key: Callable[[Element], str]
) -> Iterator[tuple[Element | None, Element | None]]:
    """Pairs in order; None where one version has no counterpart."""
    old_keys, new_keys = [key(one) for one in old], [key(one) for one in new]
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if what == "equal":
            yield from zip(old[i1:i2], new[j1:j2], strict=True)
        else:
            yield from _paired(old[i1:i2], new[j1:j2], key)


def _paired(
    old: Sequence[Element], new: Sequence[Element], key: Callable[[Element], str]
) -> Iterator[tuple[Element | None, Element | None]]:
    """What stands in each other's place is one thing reworded, where both are paragraphs of a like look."""
    alike = len(old) == len(new) and all(
        was.tag == now.tag == P and _style(was) == _style(now) for was, now in zip(old, new, strict=True)
    )
    if alike:
        yield from zip(old, new, strict=True)
        return
    gone, added = [(was, None) for was in old], [(None, now) for now in new]
    # A paragraph that goes must not stand before a table: it could join nothing, and would stay behind, empty.
    table_first = any(now.tag == TBL for now in new) and all(was.tag == P for was in old)
    yield from [*added, *gone] if table_first else [*gone, *added]


def _block_key(block: Element) -> str:
    if block.tag == TBL:
        header = next(block.iterchildren(TR), None)
        return f"table:{_text(header) if header is not None else ''}"
    return f"{_style(block)}:{_text(block)}"


def _row_key(row: Element) -> str:
    """A line by its reference; any other row by its first cell."""
    names = _names(row)
    return names[0] if names else f"row:{_text(next(row.iterchildren(TC), row))}"


def _names(row: Element) -> list[str]:
    """The bookmarks that stand for references."""
    names = (str(mark.get(qn("w:name"))) for mark in row.iter(qn("w:bookmarkStart")))
    return [name for name in names if not COLUMN.fullmatch(name)]


def _style(paragraph: Element) -> str:
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return "" if style is None else str(style.get(qn("w:val")))


def _text(element: Element) -> str:
    return "".join(text.text or "" for text in element.iter(T)).strip()


def _blocks(parent: Element) -> list[Element]:
    return [child for child in parent if child.tag in (P, TBL)]


def _atoms(paragraph: Element) -> list[_Atom]:
    found: list[_Atom] = []
    for child in paragraph:
        if child.tag == R:
            found += _of_run(child)
        elif child.tag == qn("w:hyperlink"):
            found.append(_of_link(child))
    return found


def _of_run(run: Element) -> Iterator[_Atom]:
    properties = run.find(qn("w:rPr"))
    style = b"" if properties is None else etree.tostring(properties)
    for child in run:
        if child.tag == T:
            for token in TOKEN.findall(child.text or ""):
                yield _Atom(" " if token.isspace() else token, style, partial(_word, token))
        elif child.tag != qn("w:rPr"):
            yield _Atom(etree.tostring(child).decode(), style, partial(_copy, child))


def _word(text: str, struck: bool) -> list[Element]:
    return [_text_element(text, struck)]


def _copy(element: Element, _struck: bool) -> list[Element]:
    return [deepcopy(element)]


def _of_link(link: Element) -> _Atom:
    """A link stays whole; struck out it is its words, since its address belongs to the other version's file."""

    def made(struck: bool) -> list[Element]:
        if not struck:
            return [deepcopy(link)]
        return [element for run in link.iter(R) for element in _runs(list(_of_run(run)), struck=True)]

    return _Atom(f"link:{_text(link)}", b"", made, of_run=False)


def _text_element(text: str, struck: bool) -> Element:
    element: Element = OxmlElement("w:delText" if struck else "w:t")
    element.text = text
    element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element


def _runs(atoms: Sequence[_Atom], *, struck: bool) -> list[Element]:
    """The atoms as runs, neighbours of one look in one run."""
    made: list[Element] = []
    for (style, of_run), together in groupby(atoms, key=lambda atom: (atom.style, atom.of_run)):
        elements = [element for atom in together for element in atom.made(struck)]
        if not of_run:
            made += elements
            continue
        run: Element = OxmlElement("w:r")
        if style:
            run.append(etree.fromstring(style))
        run.extend(_joined(elements))
        made.append(run)
    return made


def _joined(elements: Sequence[Element]) -> list[Element]:
    """Neighbouring words in one element."""
    made: list[Element] = []
    for element in elements:
        if made and element.tag == made[-1].tag and element.tag in (T, qn("w:delText")):
            made[-1].text = (made[-1].text or "") + (element.text or "")
        else:
            made.append(element)
    return made
