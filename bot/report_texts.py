"""What each line of a headline report says, and each cell beside its words; the report with something else. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.formats import Draft
from bot.model import AttendanceRow, HeadlineReport
from bot.report_cells import AMENDABLE, Line, printed, read_back, refuse_unreadable
from bot.report_words import STATUS

ATTENDANCE = re.compile(r"(?P<name>[^,]+), (?P<seat>.*) \((?P<organisation>.*)\): (?P<status>.+)", re.DOTALL)
FIELDS = {"decisions": "decision", "actions": "action", "viewpoints": "viewpoint", "raid": "raid"}  # of a draft


def references(report: HeadlineReport) -> list[str]:
    """The references of all its lines, in the order of the kinds."""
    lines = [one.ref for name in FIELDS for one in getattr(report.draft, name)]
    return lines + [row.ref for row in report.attendance if row.ref]


def said(report: HeadlineReport, line: str, cell: str = "") -> str | None:
    """What a line of the report says, or a cell beside its words; None where it has no such line or cell."""
    if (found := said_in(report.draft, line, cell)) is not None:
        return found
    return next((attendance_words(row) for row in report.attendance if row.ref == line and not cell), None)


def said_in(draft: Draft, line: str, cell: str = "") -> str | None:
    """As `said`, of a draft's own lines."""
    kind, found = _line_in(draft, line)
    if found is None or not (cell == "" or cell in AMENDABLE[kind]):
        return None
    return printed(found, cell) if cell else found.text


def _line_in(draft: Draft, line: str) -> tuple[str, Line | None]:
    found = ((kind, one) for name, kind in FIELDS.items() for one in getattr(draft, name) if one.ref == line)
    return next(found, ("", None))


def changed_cells(before: HeadlineReport, after: HeadlineReport, line: str) -> list[str]:
    """In what a line differs: "" for its words, a cell by its name."""
    kind, _ = _line_in(after.draft, line)
    return [cell for cell in ("", *AMENDABLE.get(kind, ())) if said(before, line, cell) != said(after, line, cell)]


def attendance_words(row: AttendanceRow) -> str:
    """A line of the attendance table as a request quotes it."""
    return f"{row.name}, {row.seat} ({row.organisation}): {row.status}"


def with_text(report: HeadlineReport, line: str, text: str) -> HeadlineReport:
    """The report with another text in one line."""
    attendance = tuple(attending(row, text) or row if row.ref == line else row for row in report.attendance)
    return replace(report, draft=_with_line(report.draft, line, {"text": text}), attendance=attendance)


def with_cell(report: HeadlineReport, line: str, cell: str, words: str) -> HeadlineReport:
    """The report with something else beside the words of one line. Raises SecretariatError where it cannot say that."""
    refuse_unreadable(cell, words)
    return replace(report, draft=_with_line(report.draft, line, read_back({cell: words})))


def _with_line(draft: Draft, line: str, values: Mapping[str, object]) -> Draft:
    update = {
        name: [one.model_copy(update=values) if one.ref == line else one for one in getattr(draft, name)]
        for name in FIELDS
    }
    return draft.model_copy(update=update)


def attending(row: AttendanceRow, text: str) -> AttendanceRow | None:
    """A line of attendance by the words of a request: as the table is quoted, or the status alone; else None."""
    words = " ".join(text.split()).rstrip(".")
    codes = {label.casefold(): code for code, label in STATUS.items()} | {code: code for code in STATUS}
    code = codes.get(words.casefold().removeprefix(f"{row.name}:".casefold()).strip())
    if code:
        return replace(row, status=code)
    found = ATTENDANCE.fullmatch(words)
    code = codes.get(found["status"].casefold()) if found else None
    if found is None or code is None:
        return None
    return replace(row, name=found["name"], seat=found["seat"], organisation=found["organisation"], status=code)
