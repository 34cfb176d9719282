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
from bot.clock import LONDON, spoken_date
from bot.errors import SecretariatError
from bot.formats import (
    DraftedAction,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
    DraftRemark,
    Evidence,
    Unrepresented,
    marked_alone,
    timestamp,
    wording_certainty,
)
from bot.model import AttendanceRow, ChangeBy, Disposition, HeadlineReport, PostMeetingNote
from bot.report_table import ReadDocument
from bot.report_words import NO_CONSTITUENCY, NO_OWNER, NO_TIME, OUTCOMES, REACHED_BY, STATUS, WHOLE_REPORT, due_words

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
     "disposition.reason"]
)  # fmt: skip
OPTIONAL: frozenset[str] = frozenset(
    ["prepared_from", "issued_by", "attendee.seat", "attendee.organisation", "attendee.constituency", "view.stance",
     "decision.confidence", "action.confidence"]
)  # fmt: skip
_LOOPS: Mapping[str, str] = {
    "attendance": "attendee", "decisions": "decision", "actions": "action", "discussions": "discussion",
    "discussion.views": "view",
    "raid_items": "raid", "dates": "note", "unrepresented": "stretch", "post_meeting_notes": "added",
    "dispositions": "disposition",
    "decision.quotes": "quote", "action.quotes": "quote", "view.quotes": "quote", "raid.quotes": "quote",
}  # fmt: skip
# docxtpl and python-docx let these through when a file is no Word document; lxml's own is a SyntaxError.
_UNREADABLE = (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError, SyntaxError)
# XML 1.0 has no place for these; one in a transcript would make a file that Word refuses.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Row = dict[str, object]


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
        try:
            document.render(_context(report, _Marks(document, report.recording_link), working=working), _environment())
        except jinja2.TemplateError as problem:
            raise _unusable(self._template, str(problem)) from problem
        except (SyntaxError, ValueError) as problem:
            raise _unusable(self._template, f"a tag stands where Word cannot have one ({problem})") from problem
        mark_columns(document.docx.element.body, columns_of(_opened(self._template).docx.element.body), _rows(report))
        if working:
            _put_remarks(document.docx, report.draft.remarks)
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


def template_problems(template: Path) -> list[str]:
    """A sentence for each placeholder that is unknown or missing, or one that says why the file cannot be read."""
    try:
        used = placeholders_in(template)
    except SecretariatError as problem:
        return [str(problem)]
    unknown = [f"{template.name} has an unknown placeholder: {name}." for name in sorted(used - PLACEHOLDERS)]
    missing = [f"{template.name} lacks the placeholder {name}." for name in sorted(PLACEHOLDERS - OPTIONAL - used)]
    return unknown + missing


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
        hint="The placeholders are listed in report_templates/README.md.",
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

    def time(self, seconds: float | None, *, nearby: bool = False) -> Markup:
        """'00:12:34', a link to that second where the recording has one; 'near 00:12:34' where it is said close by.

        '—' where the recording does not hold it.
        """
        if seconds is None:
            return Markup(_run(NO_TIME))  # noqa: S704
        said = f"near {timestamp(seconds)}" if nearby else timestamp(seconds)
        if not self._link:
            return Markup(_run(said))  # noqa: S704
        relation = self._document.build_url_id(self._link.replace("{seconds}", str(int(seconds))))
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
        "unrepresented": [_stretch(x, marks) for x in draft.coverage.unrepresented] if working else [],
        "coverage_statement": _clean(_coverage_statement(report)) if working else "",
    }


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
        "outcome": OUTCOMES[line.outcome],
        "reached_by": REACHED_BY[line.reached_by],
        "time": marks.time(line.at),
        "confidence": _certainty(line, live) if working else "",
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _action(line: DraftedAction, marks: _Marks, working: bool, live: Collection[str | None]) -> Row:
    return {
        "ref": marks.reference(line.ref),
        "text": _clean(line.text),
        "owner": _clean(", ".join(line.owner)) or NO_OWNER,
        "due": _clean(due_words(line.due)),
        "time": marks.time(line.at),
        "confidence": _certainty(line, live) if working else "",
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _certainty(line: DraftedDecision | DraftedAction, live: Collection[str | None]) -> str:
    """How plainly the words say it, and whether somebody marked it live."""
    return f"{wording_certainty(line.confidence)}{'; marked live' if line.ref in live else ''}"


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
    return {
        "ref": marks.reference(line.ref),
        "constituency": _clean(line.constituency or line.speaker) or NO_CONSTITUENCY,
        "stance": line.stance.capitalize() if working else "",
        "text": _clean(line.text),
        "time": marks.time(line.at),
        "quotes": _quotes(line.evidence, line.at, line.segment, marks) if working else [],
    }


def _raid(line: DraftedRaidItem, marks: _Marks, working: bool) -> Row:
    return {
        "ref": marks.reference(line.ref),
        "kind": line.kind.capitalize(),
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
    """Each quote with where to listen; a quote that states no time of its own is near the line's."""
    return [
        {
            "time": marks.time(at if e.at is None else e.at, nearby=e.at is None and e.segment != segment),
            "words": _clean(e.quote),
        }
        for e in evidence
    ]


def _stretch(stretch: Unrepresented, marks: _Marks) -> Row:
    return {"start": marks.time(stretch.start), "end": marks.time(stretch.end)}


def _coverage_statement(report: HeadlineReport) -> str:
    """What of the speech the lines rest on, and what was marked live without a line near it."""
    alone = "; ".join(marked_alone(report.draft))
    return f"{_speech(report)}{f' Marked live, no line found: {alone}.' if alone else ''}"


def _speech(report: HeadlineReport) -> str:
    coverage = report.draft.coverage
    if not coverage.speech_seconds:
        return "No speech was transcribed."
    share = coverage.represented_seconds / coverage.speech_seconds
    statement = f"The lines above rest on {share:.0%} of {_minutes(coverage.speech_seconds)} of speech."
    if coverage.unattributed_seconds:
        statement += f" Nobody is named as the speaker of {_minutes(coverage.unattributed_seconds)}."
    return statement


def _minutes(seconds: float) -> str:
    whole = max(1, round(seconds / 60))
    return f"{whole} minute{'' if whole == 1 else 's'}"
