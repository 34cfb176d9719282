"""The PMO's one mail a day: what is due, late and waiting, in plain lines. Pure: facts in, words out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.clock import spoken, spoken_date

MOST_LINES = 15


@dataclass(frozen=True)
class Due:
    """One thing to be done, and by when: 'PSG of 2024-02-07, papers'."""

    what: str
    due_at: datetime
    can_be_late: bool = True


@dataclass(frozen=True)
class Today:
    """What the PMO should know this morning."""

    day: date
    due_soon: Sequence[Due] = ()
    late: Sequence[Due] = ()
    requests: Sequence[str] = ()  # amendment requests that nobody has reviewed
    withheld: Sequence[str] = ()  # the subjects of notices that wait for a release, one a recipient
    unsent: Sequence[str] = ()
    recordings: Sequence[str] = ()
    mails: Sequence[str] = ()
    drafts: Sequence[str] = ()
    edited: Sequence[str] = ()  # drafts that came back from Word
    marked: Sequence[str] = ()  # issued reports that came back marked up
    to_confirm: Sequence[str] = ()
    with_chair: Sequence[str] = ()
    tomorrow: Sequence[str] = ()  # apologies and unfilled seats of the next working day's meetings


@dataclass(frozen=True)
class Section:
    """One heading with its lines; `count` says of how many, where the lines are only the first."""

    title: str
    lines: list[str] = field(default_factory=list)
    count: int = 0


def sections_of(today: Today) -> list[Section]:
    """The sections that have something in them, the most pressing first."""
    found = [
        _section("Late", [_with_day(due) for due in today.late]),
        _section("Tomorrow's meetings: apologies and unfilled seats", today.tomorrow),
        _section("Due within three working days", [_with_day(due) for due in today.due_soon]),
        _section("With the Chair", today.with_chair),
        _section("Amendment requests to review", today.requests),
        _section("Marked-up reports to settle", today.marked),
        _section("Dates to confirm", today.to_confirm),
        _section("Edited drafts to take in", today.edited),
        _section("Drafts ready and not issued", today.drafts),
        _section("Waiting for a release", list(_gathered(today.withheld))),
        _section("Not sent", today.unsent),
        _section("Recordings that need a person", today.recordings),
        _section("Mail that needs a person", today.mails),
    ]
    return [section for section in found if section.lines]


def daily_values(today: Today, *, name: str, page: str) -> dict[str, object]:
    """What the text `daily.txt` is filled in with, for one person."""
    sections = sections_of(today)
    count = sum(section.count for section in sections)
    return {
        "today": spoken_date(today.day), "count": count or "nothing", "sections": sections, "name": name, "page": page,
    }  # fmt: skip


def _section(title: str, lines: Sequence[str]) -> Section:
    more = len(lines) - MOST_LINES
    shown = [*lines[:MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    return Section(title, shown, len(lines))


def _with_day(due: Due) -> str:
    return f"{due.what}: {spoken(due.due_at)}"


def _gathered(subjects: Sequence[str]) -> Iterator[str]:
    """A report for twenty members is one line."""
    for subject in dict.fromkeys(subjects):
        copies = subjects.count(subject)
        yield f"{subject} (to {copies} people)" if copies > 1 else subject
