"""The next revision of an issued report, from the requests that were accepted (rules §5). Pure.

The record is put right in its line; a post-meeting note is added under its constituency and date; a disagreement leaves
the report as it is. Every request that was decided appears in the table of dispositions. Nothing is ever taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.amendment_life import Kind, State
from bot.model import ChangeBy, Disposition, HeadlineReport, PostMeetingNote
from bot.report_cells import place
from bot.report_table import plain
from bot.report_texts import attending, said, with_cell, with_text
from bot.wordings import put_together

CHANGES_REPORT = (State.ACCEPTED, State.ACCEPTED_IN_PART)


@dataclass(frozen=True)
class Decided:
    """A request that was decided. `line` is its line's reference in the report, "" where it has none there.

    `present` is what the line, or the cell that it is about, said when it was asked for, `text` what was agreed;
    `source` the constituency, or the organisation of whoever speaks for none.
    """

    reference: str
    requester: str
    source: str
    kind: Kind
    state: State
    line: str
    present: str
    text: str
    reason: str
    asked_on: date
    cell: str = ""

    @property
    def place(self) -> str:
        """The line or cell that it would have otherwise: 'PSG27-03 owner'."""
        return place(self.line, self.cell)

    @property
    def author(self) -> str:
        """In whose name its changes are tracked."""
        return f"PMO for {self.reference}"

    @property
    def changes_report(self) -> bool:
        """Whether the report says something else because of it."""
        return self.state in CHANGES_REPORT and self.kind in (Kind.RECORD, Kind.NOTE)


@dataclass(frozen=True)
class LineConflict:
    """A line, or a cell of one, that accepted requests would have say different things: a person says which."""

    place: str  # PSG-DEC41, PSG27-03 owner
    present: str
    wanted: tuple[tuple[str, str], ...]  # (AM-012, its text)


@dataclass(frozen=True)
class Amended:
    """The report as it reads now, and in whose name each of its lines was changed."""

    report: HeadlineReport
    whose: Mapping[str, tuple[ChangeBy, ...]]
    conflicts: tuple[LineConflict, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """The references of the lines that were changed or added."""
        return tuple(self.whose)


def amended(report: HeadlineReport, requests: Sequence[Decided], chosen: Mapping[str, str] | None = None) -> Amended:
    """The report with every accepted request in it. `chosen` settles conflicts: what a place shall say, by its name.

    Where there are conflicts, the places that they are about are left as they were.
    """
    by_place: dict[str, list[Decided]] = {}
    added: list[Decided] = []
    for request in requests:
        if not request.changes_report:
            continue
        if request.kind is Kind.RECORD and _fits(report, request):
            by_place.setdefault(request.place, []).append(request)
        else:
            added.append(request)
    conflicts: list[LineConflict] = []
    whose: dict[str, tuple[ChangeBy, ...]] = {}
    before = report
    for asked in by_place.values():
        line, cell = asked[0].line, asked[0].cell
        text = _agreed(before, asked, chosen or {}, conflicts)
        if text is not None and text != said(before, line, cell):
            report = with_cell(report, line, cell, text) if cell else with_text(report, line, text)
            present = said(before, line, cell) or ""
            whose[line] = (*whose.get(line, ()), *(_change_by(request, present) for request in asked))
    for request in added:
        note = _note(report, request)
        report = replace(report, post_meeting_notes=(*report.post_meeting_notes, note))
        whose[note.ref] = (_change_by(request, ""),)
    rows = tuple(_disposition(request) for request in requests)
    return Amended(replace(report, dispositions=(*report.dispositions, *rows)), whose, tuple(conflicts))


def _fits(report: HeadlineReport, request: Decided) -> bool:
    """Whether the text can stand in its place: attendance must be written as the table has it."""
    row = next((row for row in report.attendance if row.ref == request.line), None)
    if row is not None:
        return attending(row, request.text) is not None
    return bool(request.line) and said(report, request.line, request.cell) is not None


def _agreed(
    report: HeadlineReport, asked: Sequence[Decided], chosen: Mapping[str, str], conflicts: list[LineConflict]
) -> str | None:
    """What a place shall say by all who had it changed; None, and a conflict noted, where a person must say so."""
    first = asked[0]
    present = said(report, first.line, first.cell) or ""
    text = _the_same(asked) if first.cell else _together(present, asked)
    if text is None and first.place in chosen:
        return chosen[first.place]
    if text is None:
        conflicts.append(LineConflict(first.place, present, tuple((one.reference, one.text) for one in asked)))
    return text


def _the_same(asked: Sequence[Decided]) -> str | None:
    """A cell is changed as a whole: an owner is no sum of two."""
    wanted = {plain(request.text) for request in asked}
    return asked[0].text if len(wanted) == 1 else None


def _together(present: str, asked: Sequence[Decided]) -> str | None:
    """The words of a line with the changes of all, where they are of different words."""
    text: str | None = present
    for request in asked:
        base = request.present or present
        text = put_together(base, text, request.text) if text is not None else None
    return text


def _change_by(request: Decided, present: str) -> ChangeBy:
    asked = f"{request.reference}, asked for by {request.requester} ({request.source})"
    return ChangeBy(request.author, f"{asked}. {request.reason}".strip(), request.text, present)


def _note(report: HeadlineReport, request: Decided) -> PostMeetingNote:
    number = len(report.post_meeting_notes) + 1
    words = request.text if request.kind is Kind.NOTE else f"Correction of the record: {request.text}"
    return PostMeetingNote(f"N-{number:02d}", request.place, request.source, request.asked_on, words, request.reference)


def _disposition(request: Decided) -> Disposition:
    return Disposition(request.reference, request.place, request.source, _outcome(request), request.reason)


def _outcome(request: Decided) -> str:
    """What became of it, as the table of dispositions says it."""
    if request.kind is Kind.DISAGREEMENT and request.state is State.ACCEPTED:
        return "To escalation; the report stays as it is"
    if request.kind is Kind.NOTE and request.changes_report:
        return "Noted" if request.state is State.ACCEPTED else "Noted in part"
    return _WORDS[request.state]


_WORDS: Mapping[State, str] = {
    State.ACCEPTED: "Accepted",
    State.ACCEPTED_IN_PART: "Accepted in part",
    State.REJECTED: "Rejected",
}
