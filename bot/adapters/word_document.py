"""Headline reports as Word documents, from the PMO's own template (docxtpl, python-docx).

The template's placeholders are listed in report_templates/README.md. Working material (quotes, confidences, stances,
completeness) is not even handed to the template when an issued report is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from zipfile import BadZipFile

import jinja2
from docx.document import Document as WordFile
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from bot.adapters.word_columns import bookmark_of, columns_of, mark_columns
from bot.adapters.word_reading import read_report
from bot.adapters.word_redline import redline
from bot.adapters.word_stripping import strip_comments
from bot.clock import LONDON, spoken_date
from bot.errors import Problem, SecretariatError
from bot.formats import (
    DraftedAction,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
    DraftRemark,
    Evidence,
    Matrix,
    MatrixCell,
    PossibleLine,
    Unrepresented,
    marked_alone,
    timestamp,
    wording_certainty,
)
from bot.model import AttendanceRow, ChangeBy, Disposition, HeadlineReport, PostMeetingNote
from bot.recording_links import at_second
from bot.report_cells import printed
from bot.report_table import ReadDocument
from bot.report_words import NO_TIME, STATUS, WHOLE_REPORT

# What the template may use: a name, or a loop's variable and its field. report_templates/README.md says what each is.
PLACEHOLDERS: frozenset[str] = frozenset(
    ["working", "reference", "group", "group_name", "meeting_date", "meeting_time", "version", "prepared_from",
     "issued_by", "attendance", "attendee.name", "attendee.seat", "attendee.constituency", "attendee.organisation",
     "attendee.status", "decisions", "decision.ref", "decision.text", "decision.outcome", "decision.reached_by",
     "decision.time", "decision.confidence", "decision.quotes", "actions", "action.ref", "action.text",
     "action.owner", "action.due", "action.time", "action.confidence", "action.quotes", "discussions",
     "discussion.title", "discussion.views", "view.ref", "view.constituency", "view.stance", "view.text", "view.time",
     "view.quotes", "raid_items", "raid.ref", "raid.kind", "raid.text", "raid.time", "raid.quotes", "dates",
     "note.what", "note.when", "quote.time", "quote.words", "unrepresented", "stretch.start", "stretch.end",
     "coverage_statement", "post_meeting_notes", "added.ref", "added.line", "added.source", "added.date", "added.text",
     "dispositions", "disposition.reference", "disposition.line", "disposition.source", "disposition.outcome",
     "disposition.reason", "possible", "maybe.ref", "maybe.kind", "maybe.text", "maybe.time", "maybe.quotes", "matrix",
     "part.columns", "column.title", "part.rows", "seat.constituency", "seat.cells", "cell.state", "completeness",
     "stretch.length"]
)  # fmt: skip
OPTIONAL: frozenset[str] = frozenset(
    ["prepared_from", "issued_by", "attendee.seat", "attendee.organisation", "attendee.constituency", "view.stance",
     "decision.confidence", "action.confidence", "stretch.length", "maybe.ref"]
)  # fmt: skip
_LOOPS: Mapping[str, str] = {
    "attendance": "attendee", "decisions": "decision", "actions": "action", "discussions": "discussion",
    "discussion.views": "view",
    "possible": "maybe", "maybe.quotes": "quote", "matrix": "part", "part.columns": "column", "part.rows": "seat",
    "seat.cells": "cell",
    "raid_items": "raid", "dates": "note", "unrepresented": "stretch", "post_meeting_notes": "added",
    "dispositions": "disposition",
    "decision.quotes": "quote", "action.quotes": "quote", "view.quotes": "quote", "raid.quotes": "quote",
}  # fmt: skip
# docxtpl and python-docx let these through when a file is no Word document; lxml's own is a SyntaxError.
_UNREADABLE = (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError, SyntaxError)
# XML 1.0 has no place for these; one in a transcript would make a file that Word refuses.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

KNOWN_PLACEHOLDERS = "The placeholders are listed in report_templates/README.md."
Row = dict[str, object]
ITEMS_ACROSS = 5  # agenda items beside each other on an A4 page
MOST_STRETCHES = 20


class WordDocuments:
    """Writes headline reports from one template. Raises SecretariatError, naming it, where it cannot be used."""

    def __init__(self, template: Path) -> None:
        self._template = template

    def draft_document(self, report: HeadlineReport) -> bytes:
        """The PMO's working copy (.docx): quotes, confidences and the completeness statement included."""
        return self._render(report, working=True)

    def issued_document(self, report: HeadlineReport) -> bytes:
        """The issued report (.docx): lines with their timestamps, no working material."""
        return self._render(report, working=False)

    def read(self, content: bytes, references: Iterable[str]) -> ReadDocument:
        """A report that came back, line by line."""
        return read_report(content, references)

    def redline(
        self, old: bytes, new: bytes, whose: Mapping[str, Sequence[ChangeBy]], *, otherwise: ChangeBy, at: datetime
    ) -> bytes:
        """The newer of two issued reports with its changes tracked."""
        return redline(old, new, whose, otherwise=otherwise, at=at)

    def _render(self, report: HeadlineReport, *, working: bool) -> bytes:
        if report.post_meeting_notes or report.dispositions:
            self._refuse_without_sections()
        document = _opened(self._template)
        columns = columns_of(document.docx.element.body)  # while the placeholders still stand in it
        try:
            document.render(_context(report, _Marks(document, report.recording_link), working=working), _environment())
        except jinja2.TemplateError as problem:
            raise _unusable(self._template, str(problem)) from problem
        except (SyntaxError, ValueError) as problem:
            raise _unusable(self._template, f"a tag stands where Word cannot have one ({problem})") from problem
        mark_columns(document.docx.element.body, columns, _rows(report))
        if working:
            _put_remarks(document.docx, report.draft.remarks)
        else:
            strip_comments(document.docx)
        properties = document.docx.core_properties  # get_docx() would load the template anew
        properties.title = f"{report.group} headline report, {spoken_date(report.meeting_on)}"
        properties.subject = f"{report.group_name}: {report.version}"
        properties.identifier = report.document_id or report.reference
        stream = BytesIO()
        document.save(stream)
        return stream.getvalue()

    def _refuse_without_sections(self) -> None:
        """A template of before there were amended reports would leave out, without a word, what was amended."""
        missing = {"post_meeting_notes", "added.text", "dispositions", "disposition.outcome"}
        missing -= placeholders_in(self._template)
        if missing:
            raise _unusable(self._template, f"an amended report needs its placeholders {', '.join(sorted(missing))}")


def _put_remarks(document: WordFile, remarks: Sequence[DraftRemark]) -> None:
    """Each person's comment at its line; what stands at no line any more stands at the title."""
    places = {mark.get(qn("w:name")): mark.getparent() for mark in document.element.body.iter(qn("w:bookmarkStart"))}
    for remark in remarks:
        place = places.get(bookmark_of(remark.ref)) if remark.ref else None
        paragraph = document.paragraphs[0] if place is None else Paragraph(place, document)
        initials = "".join(word[0] for word in _clean(remark.author).split())[:4]
        document.add_comment(paragraph.runs, text=_clean(remark.text), author=_clean(remark.author), initials=initials)


def template_problems(template: Path) -> list[Problem]:
    """Each placeholder that is unknown (nothing can be made) or missing, or why the file cannot be read."""
    try:
        used = placeholders_in(template)
    except SecretariatError as problem:
        return [Problem("word-template", problem.sentence, problem.hint)]
    unknown = [f"{template.name} has an unknown placeholder: {name}." for name in sorted(used - PLACEHOLDERS)]
    missing = [f"{template.name} lacks the placeholder {name}." for name in sorted(PLACEHOLDERS - OPTIONAL - used)]
    return [Problem("word-template", said, KNOWN_PLACEHOLDERS) for said in unknown] + [
        Problem("word-template", said, KNOWN_PLACEHOLDERS, severity="warning") for said in missing
    ]


def placeholders_in(template: Path) -> set[str]:
    """Every placeholder that a template uses, in body, headers and footers: 'reference', 'decision.text'."""
    document = _opened(template)
    parts = [document.get_xml()]
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        parts += [document.get_part_xml(part) for _, part in document.get_headers_footers(uri)]
    try:
        return {name for part in parts for name in _names_in(_environment().parse(document.patch_xml(part)))}
    except jinja2.TemplateError as problem:
        raise _unusable(template, str(problem)) from problem


def _names_in(tree: nodes.Template) -> Iterator[str]:
    bound = {target.name for loop in tree.find_all(nodes.For) for target in loop.target.find_all(nodes.Name)}
    bound |= {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    for field in tree.find_all(nodes.Getattr):
        if isinstance(field.node, nodes.Name) and field.node.name != "loop":
            yield f"{field.node.name}.{field.attr}"
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in bound and name.name != "loop":
            yield name.name
    for loop in tree.find_all(nodes.For):
        wanted = _LOOPS.get(_dotted(loop.iter))
        if wanted and isinstance(loop.target, nodes.Name) and loop.target.name != wanted:
            yield f"{loop.target.name} (use the word {wanted})"


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""


def _opened(template: Path) -> DocxTemplate:
    document = DocxTemplate(template)
    try:
        document.init_docx()
    except _UNREADABLE as problem:
        raise _unusable(template, "it is missing, or not a Word document") from problem
    return document


def _unusable(template: Path, why: str) -> SecretariatError:
    return SecretariatError(
        f"The Word template {template} cannot be used: {why}.",
        hint=KNOWN_PLACEHOLDERS,
    )


def _environment() -> SandboxedEnvironment:
    # Sandboxed: a template is code, and others edit it. Strict: a misspelt placeholder must not print nothing.
    return SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)


class _Marks:
    """Runs of Word XML for one document: bookmarked references, timestamps that open the recording."""

    def __init__(self, document: DocxTemplate, recording_link: str) -> None:
        self._document, self._link, self._ids = document, recording_link, count(5000)

    def reference(self, ref: str) -> Markup:
        """The visible reference inside a bookmark of the same identity: 'D-01' in 'D_01'."""
        number, name = next(self._ids), escape(bookmark_of(ref))
        return Markup(f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{_run(ref)}<w:bookmarkEnd w:id="{number}"/>')  # noqa: S704  (each value is escaped)

    def source(self, said: str) -> Markup:
        """'Notes of Jo Bloggs, line 12': where something stands that no recording holds."""
        return Markup(_run(said))  # noqa: S704

    def time(self, seconds: float | None, *, nearby: bool = False) -> Markup:
        """'00:12:34', a link to that second where the recording has one; 'near 00:12:34' where it is said close by.

        '—' where the recording does not hold it.
        """
        if seconds is None:
            return Markup(_run(NO_TIME))  # noqa: S704
        said = f"near {timestamp(seconds)}" if nearby else timestamp(seconds)
        if not self._link:
            return Markup(_run(said))  # noqa: S704
        relation = self._document.build_url_id(at_second(self._link, seconds))
        run = _run(said, style="Hyperlink")
        return Markup(f'<w:hyperlink r:id="{escape(relation)}" w:history="1">{run}</w:hyperlink>')  # noqa: S704


def _run(text: str, style: str = "") -> str:
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(_clean(text))}</w:t></w:r>'


def _clean(text: str | None) -> str:
    return " ".join(_NOT_XML.sub(" ", text or "").split())


def _context(report: HeadlineReport, marks: _Marks, *, working: bool) -> Row:
    draft = report.draft
    live = {mark.line for mark in draft.marks}
    starts, ends = (t.astimezone(LONDON) for t in (report.starts_at, report.ends_at))
    return {
        "working": working,
        "reference": _clean(report.reference),
        "group": _clean(report.group),
        "group_name": _clean(report.group_name),
        "meeting_date": spoken_date(report.meeting_on),
        "meeting_time": f"{starts:%H:%M} to {ends:%H:%M} (London)",
        "version": _clean(report.version),
        "prepared_from": _clean(report.prepared_from),
        "issued_by": _clean(report.issued_by),
        "attendance": [_attendee(row) for row in report.attendance],
        "decisions": [_decision(line, marks, working, live) for line in draft.decisions],
        "actions": [_action(line, marks, working, live) for line in draft.actions],
        "discussions": _discussions(report, marks, working),
        "raid_items": [_raid(line, marks, working) for line in draft.raid],
        "post_meeting_notes": [_added(note, marks) for note in report.post_meeting_notes],
        "dates": [{"what": _clean(what), "when": _clean(when)} for what, when in report.dates_to_note],
        "dispositions": [_disposition(row) for row in report.dispositions],
        **_working_material(report, marks, working),
    }


def _working_material(report: HeadlineReport, marks: _Marks, working: bool) -> Row:
    """The sections that stand in the PMO's copy alone; empty in an issued report, whatever it was given."""
    draft = report.draft
    return {
        "possible": [_possible(line, marks) for line in draft.possible] if working else [],
        "matrix": _matrix(draft.matrix) if working and draft.matrix else [],
        "completeness": [_clean(text) for text in _completeness(report)] if working else [],
        "unrepresented": [_stretch(x, marks) for x in _longest(draft.coverage.unrepresented)] if working else [],
        "coverage_statement": _clean(_coverage_statement(report)) if working else "",
    }


def _possible(line: PossibleLine, marks: _Marks) -> Row:
    return {
        "ref": _clean(line.ref),
        "kind": line.kind.capitalize(),
        "text": _clean(line.text),
        "time": marks.time(line.at),
        "quotes": _quotes(line.evidence, line.at, line.segment, marks),
    }


def _matrix(matrix: Matrix) -> list[Row]:
    """Tables of as many items as a page's width holds."""
    if not matrix.rows:
        return []
    parts: list[Row] = []
    for first in range(0, len(matrix.items), ITEMS_ACROSS):
        across = slice(first, first + ITEMS_ACROSS)
        titles = [f"{item.item}. {item.title}" if item.item else item.title for item in matrix.items[across]]
        cells = [[{"state": _clean(_cell(cell))} for cell in row.cells[across]] for row in matrix.rows]
        names = [_clean(row.constituency) for row in matrix.rows]
        rows = [{"constituency": name, "cells": of_row} for name, of_row in zip(names, cells, strict=True)]
        parts.append({"columns": [{"title": _clean(title)} for title in titles], "rows": rows})
    return parts


def _cell(cell: MatrixCell) -> str:
    """'Spoke: V-03', 'Spoke, no view drafted', 'No view recorded', 'Absent'."""
    if cell.state == "spoke":
        return f"Spoke: {', '.join(cell.views)}" if cell.views else "Spoke, no view drafted"
    return cell.state.capitalize()


def _completeness(report: HeadlineReport) -> list[str]:
    """The statement, but for the stretches, which stand in a table of their own."""
    draft = report.draft
    alone = "; ".join(marked_alone(draft))
    of_old = [f"Marked live, no line found: {alone}."] if alone else []  # a draft of before there was a statement
    said = draft.completeness.statement if draft.completeness else of_old
    shorter = len(draft.coverage.unrepresented) - len(_longest(draft.coverage.unrepresented))
    more = [f"{shorter} shorter stretches that no line rests on are not listed."] if shorter else []
    return [text for text in said if not text.startswith("Not represented: ")] + more


def _longest(stretches: Sequence[Unrepresented]) -> list[Unrepresented]:
    """The longest stretches, in their order: somebody who listens begins there."""
    longest = sorted(stretches, key=lambda s: s.start - s.end)[:MOST_STRETCHES]
    return sorted(longest, key=lambda s: s.start)


def _attendee(row: AttendanceRow) -> Row:
    return {
        "name": _clean(row.name),
        "seat": _clean(row.seat),
        "constituency": _clean(row.constituency),
        "organisation": _clean(row.organisation),
        "status": STATUS.get(row.status, row.status),
    }


def _decision(line: DraftedDecision, marks: _Marks, working: bool, live: Collection[str | None]) -> Row:
    return {
        "ref": marks.reference(line.ref),
        "text": _clean(line.text),
        "outcome": printed(line, "outcome"),
        "reached_by": printed(line, "reached_by"),
        "time": marks.time(line.at),
        "confidence": _certainty(line, live) if working else "",
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _action(line: DraftedAction, marks: _Marks, working: bool, live: Collection[str | None]) -> Row:
    return {
        "ref": marks.reference(line.ref),
        "text": _clean(line.text),
        "owner": _clean(printed(line, "owner")),
        "due": _clean(printed(line, "due")),
        "time": marks.time(line.at),
        "confidence": _certainty(line, live) if working else "",
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _certainty(line: DraftedDecision | DraftedAction, live: Collection[str | None]) -> str:
    """How plainly the words say it, and whether somebody marked it live."""
    marked = "; marked live" if line.ref in live else ""
    reworded = f"; reworded by a language model, from: {_clean(line.reworded_from)}" if line.reworded_from else ""
    return f"{wording_certainty(line.confidence)}{marked}{reworded}"


def _rows(report: HeadlineReport) -> dict[str, list[str]]:
    """The references of each kind in the order in which they are printed."""
    draft = report.draft
    return {
        "attendance": [row.ref for row in report.attendance],
        "decision": [line.ref for line in draft.decisions],
        "action": [line.ref for line in draft.actions],
        "viewpoint": [v.ref for _, views in _by_item(report) for v in views],
        "raid": [line.ref for line in draft.raid],
    }


def _discussions(report: HeadlineReport, marks: _Marks, working: bool) -> list[Row]:
    """The viewpoints by agenda item, in the order of the agenda; what falls under none comes last."""
    return [
        {"title": _clean(title), "views": [_view(v, marks, working) for v in views]}
        for title, views in _by_item(report)
    ]


def _by_item(report: HeadlineReport) -> list[tuple[str, list[DraftedViewpoint]]]:
    titles = {item.item: item.title for item in report.draft.agenda}
    keys = [*titles, *dict.fromkeys(v.item for v in report.draft.viewpoints if v.item not in titles)]
    found = [(item_title(titles, key), [v for v in report.draft.viewpoints if v.item == key]) for key in keys]
    return [(title, views) for title, views in found if views]


def item_title(titles: Mapping[str, str], key: str | None) -> str:
    """What stands above the viewpoints of an agenda item."""
    if key is not None and key in titles:
        return f"{key}. {titles[key]}"
    return "Not under an agenda item" if titles else "All items"


def _view(line: DraftedViewpoint, marks: _Marks, working: bool) -> Row:
    quotes = _quotes(line.evidence, line.at, line.segment, marks) if working else []
    if working and line.reworded_from:
        quotes.append({"time": marks.source("Reworded by a language model, from"), "words": _clean(line.reworded_from)})
    return {
        "ref": marks.reference(line.ref),
        "constituency": _clean(printed(line, "constituency")),
        "stance": line.stance.capitalize() if working else "",
        "text": _clean(line.text),
        "time": marks.time(line.at),
        "quotes": quotes,
    }


def _raid(line: DraftedRaidItem, marks: _Marks, working: bool) -> Row:
    return {
        "ref": marks.reference(line.ref),
        "kind": printed(line, "kind"),
        "text": _clean(line.text),
        "time": marks.time(line.at),
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _added(note: PostMeetingNote, marks: _Marks) -> Row:
    return {
        "ref": marks.reference(note.ref),
        "line": _clean(note.line) or WHOLE_REPORT,
        "source": _clean(note.source),
        "date": spoken_date(note.noted_on),
        "text": _clean(note.text),
    }


def _disposition(row: Disposition) -> Row:
    return {
        "reference": _clean(row.reference),
        "line": _clean(row.line) or WHOLE_REPORT,
        "source": _clean(row.source),
        "outcome": _clean(row.outcome),
        "reason": _clean(row.reason),
    }


def _quotes(evidence: Sequence[Evidence], at: float | None, segment: str, marks: _Marks) -> list[Row]:
    """Each quote with where to listen; a quote that states no time of its own is near the line's.

    What was written down and not recorded says where it stands instead.
    """
    return [
        {
            "time": marks.source(e.source)
            if e.source
            else marks.time(at if e.at is None else e.at, nearby=e.at is None and e.segment != segment),
            "words": _clean(e.quote),
        }
        for e in evidence
    ]


def _stretch(stretch: Unrepresented, marks: _Marks) -> Row:
    seconds = stretch.end - stretch.start
    length = _minutes(seconds) if seconds >= 60 else f"{seconds:.0f} seconds"
    return {"start": marks.time(stretch.start), "end": marks.time(stretch.end), "length": length}


def _coverage_statement(report: HeadlineReport) -> str:
    """How much of the speech the lines rest on."""
    coverage = report.draft.coverage
    if not report.draft.recorded:
        return "There is no recording that these lines could be compared with."
    if not coverage.speech_seconds:
        return "No speech was transcribed."
    share = coverage.represented_seconds / coverage.speech_seconds
    return f"The lines above rest on {share:.0%} of {_minutes(coverage.speech_seconds)} of speech."


def _minutes(seconds: float) -> str:
    whole = max(1, round(seconds / 60))
    return f"{whole} minute{'' if whole == 1 else 's'}"
