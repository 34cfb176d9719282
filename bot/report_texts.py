"""What each line of a headline report says, by its reference, and the report with another text in one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.formats import Draft
from bot.model import AttendanceRow, HeadlineReport
from bot.report_words import STATUS

ATTENDANCE = re.compile(r"(?P<name>[^,]+), (?P<seat>.*) \((?P<organisation>.*)\): (?P<status>.+)", re.DOTALL)
FIELDS = ("decisions", "actions", "viewpoints", "raid")  # of a draft, whose lines have a text


def references(report: HeadlineReport) -> list[str]:
    """The references of all its lines, in the order of the kinds."""
    lines = [one.ref for name in FIELDS for one in getattr(report.draft, name)]
    return lines + [row.ref for row in report.attendance if row.ref]


def said(report: HeadlineReport, line: str) -> str | None:
    """What a line of the report says; None where it has no such line."""
    found = next((one.text for name in FIELDS for one in getattr(report.draft, name) if one.ref == line), None)
    if found is not None:
        return str(found)
    return next((attendance_words(row) for row in report.attendance if row.ref == line), None)


def attendance_words(row: AttendanceRow) -> str:
    """A line of the attendance table as a request quotes it."""
    return f"{row.name}, {row.seat} ({row.organisation}): {row.status}"


def with_text(report: HeadlineReport, line: str, text: str, **more: object) -> HeadlineReport:
    """The report with another text in one line; `more` are other fields of that line."""
    attendance = tuple(attending(row, text) or row if row.ref == line else row for row in report.attendance)
    return replace(report, draft=_with_lines(report.draft, line, text, more), attendance=attendance)


def _with_lines(draft: Draft, line: str, text: str, more: Mapping[str, object]) -> Draft:
    update = {
        name: [
            one.model_copy(update={"text": text, **more}) if one.ref == line else one for one in getattr(draft, name)
        ]
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
