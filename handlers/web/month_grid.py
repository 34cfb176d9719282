"""The calendar as printed monthly schedules have it: a grid a month, Monday to Sunday. Pure, and no web framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from bot.clock import LONDON, MONTHS, WEEKDAYS
from bot.config import Contradiction
from bot.errors import Problem
from bot.model import Deadline, Meeting
from handlers.web.rendering import rendered, style_sheet
from schedules.working_days import ClosureReason

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Day:
    """One cell. `holiday` names a bank holiday or closure; `gone`: due that day by the rule, held on another.

    `due` are the clocks that fall due that day: "papers: PSG, QAG".
    """

    on: date
    weekday: str
    weekend: bool
    holiday: str | None
    meetings: tuple[Meeting, ...]
    gone: tuple[Meeting, ...]
    due: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is to be said of the day."""
        return not (self.holiday or self.meetings or self.gone or self.due)


@dataclass(frozen=True)
class Month:
    """A month's grid: weeks of seven cells, None outside the month."""

    name: str
    weeks: tuple[tuple[Day | None, ...], ...]


def due_by_day(clocks: Iterable[tuple[Meeting, Sequence[Deadline]]]) -> dict[date, tuple[str, ...]]:
    """What falls due on each day, a line a kind of clock: "papers: PSG, QAG"."""
    groups: dict[date, dict[str, set[str]]] = {}
    for meeting, deadlines in clocks:
        for deadline in deadlines:
            if deadline.due_at:
                day = groups.setdefault(deadline.due_at.astimezone(LONDON).date(), {})
                day.setdefault(deadline.kind, set()).add(meeting.known_as)
    return {
        on: tuple(f"{kind.replace('_', ' ')}: {', '.join(sorted(keys))}" for kind, keys in sorted(kinds.items()))
        for on, kinds in groups.items()
    }


def months(
    meetings: Iterable[Meeting],
    first: date,
    last: date,
    closed: ClosureReason,
    due: Mapping[date, tuple[str, ...]] = MappingProxyType({}),
) -> tuple[Month, ...]:
    """A grid for every month from that of `first` to that of `last`, with the meetings and deadlines given."""
    held: dict[date, list[Meeting]] = {}
    gone: dict[date, list[Meeting]] = {}
    for meeting in sorted(meetings, key=lambda m: (m.starts_at, m.group)):
        held.setdefault(meeting.on, []).append(meeting)
        if meeting.nominal_on != meeting.on:
            gone.setdefault(meeting.nominal_on, []).append(meeting)

    def day(on: date) -> Day:
        weekend = on.weekday() >= 5
        why = None if weekend else closed(on)
        return Day(
            on, WEEKDAYS[on.weekday()], weekend, why, tuple(held.get(on, ())), tuple(gone.get(on, ())), due.get(on, ())
        )

    def month(begins: date) -> Month:
        mondays, monday = [], begins - timedelta(days=begins.weekday())
        while monday < _following(begins):
            mondays.append(monday)
            monday += WEEK
        weeks = ([m + timedelta(days=n) for n in range(7)] for m in mondays)
        cells = (tuple(day(on) if on.month == begins.month else None for on in week) for week in weeks)
        return Month(f"{MONTHS[begins.month - 1]} {begins.year}", tuple(cells))

    return tuple(month(begins) for begins in _firsts(first, last))


def _firsts(first: date, last: date) -> Iterable[date]:
    begins = first.replace(day=1)
    while begins <= last:
        yield begins
        begins = _following(begins)


def _following(begins: date) -> date:
    """The first day of the month after."""
    return (begins + timedelta(days=31)).replace(day=1)


def calendar_html(
    meetings: Sequence[Meeting],
    first: date,
    last: date,
    closed: ClosureReason,
    *,
    title: str,
    contradictions: Sequence[Contradiction] = (),
    due: Mapping[date, tuple[str, ...]] = MappingProxyType({}),
    frictions: Sequence[Problem] = (),
) -> str:
    """The calendar as one HTML document that needs no other file: to be kept, mailed or printed."""
    return rendered(
        "calendar_alone.html",
        title=title,
        style=style_sheet(),
        first=first,
        last=last,
        meetings=meetings,
        months=months(meetings, first, last, closed, due),
        contradictions=contradictions,
        frictions=frictions,
    )
