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
from bot.report_texts import attending, said, with_text
from bot.wordings import put_together

CHANGES_REPORT = (State.ACCEPTED, State.ACCEPTED_IN_PART)


@dataclass(frozen=True)
class Decided:
    """A request that was decided. `line` is its line's reference in the report, "" where it has none there.

    `present` is what the line said when it was asked for, `text` what was agreed; `source` the constituency, or the
    organisation of whoever speaks for none.
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
    """A line that accepted requests would have read differently in the same words: a person says what it shall say."""

    line: str
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
    """The report with every accepted request in it. `chosen` settles conflicts: the text of a line, by its reference.

    Where there are conflicts, the lines that they are about are left as they were.
    """
    by_line: dict[str, list[Decided]] = {}
    added: list[Decided] = []
    for request in requests:
        if not request.changes_report:
            continue
        if request.kind is Kind.RECORD and _fits(report, request):
            by_line.setdefault(request.line, []).append(request)
        else:
            added.append(request)
    conflicts: list[LineConflict] = []
    whose: dict[str, tuple[ChangeBy, ...]] = {}
    for line, asked in by_line.items():
        text = _agreed(report, line, asked, chosen or {}, conflicts)
        if text is not None and text != said(report, line):
            report = with_text(report, line, text)
            whose[line] = tuple(_change_by(request) for request in asked)
    for request in added:
        note = _note(report, request)
        report = replace(report, post_meeting_notes=(*report.post_meeting_notes, note))
        whose[note.ref] = (_change_by(request),)
    rows = tuple(_disposition(request) for request in requests)
    return Amended(replace(report, dispositions=(*report.dispositions, *rows)), whose, tuple(conflicts))


def _fits(report: HeadlineReport, request: Decided) -> bool:
    """Whether the text can stand in the line: attendance must be written as the table has it."""
    row = next((row for row in report.attendance if row.ref == request.line), None)
    if row is not None:
        return attending(row, request.text) is not None
    return bool(request.line) and said(report, request.line) is not None


def _agreed(
    report: HeadlineReport,
    line: str,
    asked: Sequence[Decided],
    chosen: Mapping[str, str],
    conflicts: list[LineConflict],
) -> str | None:
    """What the line shall say by all who had it changed; None, and a conflict noted, where a person must say so."""
    present = said(report, line) or ""
    text: str | None = present
    for request in asked:
        base = request.present or present
        text = put_together(base, text, request.text) if text is not None else None
    if text is None and line in chosen:
        return chosen[line]
    if text is None:
        conflicts.append(LineConflict(line, present, tuple((one.reference, one.text) for one in asked)))
    return text


def _change_by(request: Decided) -> ChangeBy:
    asked = f"{request.reference}, asked for by {request.requester} ({request.source})"
    return ChangeBy(request.author, f"{asked}. {request.reason}".strip(), request.text)


def _note(report: HeadlineReport, request: Decided) -> PostMeetingNote:
    number = len(report.post_meeting_notes) + 1
    words = request.text if request.kind is Kind.NOTE else f"Correction of the record: {request.text}"
    return PostMeetingNote(f"N-{number:02d}", request.line, request.source, request.asked_on, words, request.reference)


def _disposition(request: Decided) -> Disposition:
    return Disposition(request.reference, request.line, request.source, _outcome(request), request.reason)


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
