"""All deadlines of 1,000 groups over ten years, cold, against the straightforward way; every instant is compared.

Run: `python benchmarks/deadlines.py`. The straightforward way is `dateutil.rrule` for the days of the meetings,
`get_nth_working_day` of the library holidays for each deadline, and `zoneinfo` for its instant. It is given, outside
its time, the days to which meetings are moved from bank holidays; ours reads them from the configuration, or proposes
them, each clear of what the others are proposed. It ends with an error where the two differ in any instant.
"""

from __future__ import annotations

import gc
import time as stopwatch
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import holidays
from dateutil import rrule
from rich.console import Console
from rich.table import Table

from bot.clock import LONDON, WEEKDAYS
from bot.config import Config
from bot.config_clocks import ClockRule
from bot.config_file import read_config
from bot.config_groups import DatedEntry, Group, SeatEntry, SeriesRule
from schedules.deadlines import LOOK_AHEAD, ClockColumn, all_deadlines, all_instants
from schedules.series import Calendar

ROOT = Path(__file__).parents[1]
FIRST, LAST = date(2026, 1, 1), date(2035, 12, 31)
NEAR = timedelta(days=15)  # a meeting may be moved into the ten years from as far before them
GROUPS, FAMILY = 1000, 25
RUNS, THEIR_RUNS = 5, 2  # the quickest counts; each of ours has a new calendar that knows nothing yet
KINDS = (1, 2, 3, 4, "last", "fortnightly")
TIMES = (("10:00", "12:00"), ("14:00", "16:00"), ("11:30", "12:00"), ("10:00", "13:00"), ("14:00", "15:30"))
FIRST_MONDAY = date(2024, 1, 1)
Result = TypeVar("Result")


class Due(NamedTuple):
    """One deadline of one meeting, as both ways give it."""

    group: str
    nominal_on: date
    kind: str
    due_at: datetime | None


def a_thousand_groups(shipped: Config) -> Config:
    """The shipped clocks; groups of the shipped rules' kinds at levels 2 to 4, in families with a common parent."""
    seats = shipped.groups["PSG"].seats
    groups = {f"G{n}": _group(n, seats) for n in range(GROUPS)}
    return shipped.model_copy(update={"groups": groups, "dated_entries": []})


def _group(n: int, seats: list[SeatEntry]) -> Group:
    kind, day, (start, end) = KINDS[n // 5 % 6], n % 5, TIMES[n // 7 % 5]
    series: dict[str, object] = {"weekday": WEEKDAYS[day], "start": start, "end": end, "assumed": "synthetic"}
    if kind == "fortnightly":
        series |= {"every_weeks": 2, "anchor": FIRST_MONDAY + timedelta(days=day)}
    else:
        series |= {"nth": kind}
    head, level = n - n % FAMILY, 2 + n // 30 % 3
    own = [seat.model_copy(update={"constituency": f"{seat.constituency} {head}"}) for seat in seats]
    return Group.model_validate(
        {
            "name": f"Group {n}", "level": level, "parent": None if n == head else f"G{head}", "status": "mobilised",
            "attendance": "open" if level == 4 else "closed", "assumed": "synthetic",
            "series": [series], "seats": [] if level == 4 else [seat.model_dump() for seat in own],
        }
    )  # fmt: skip


def with_collisions_decided(config: Config, bank_holidays: holidays.HolidayBase) -> Config:
    """Each meeting on a bank holiday moved to the next working day by a dated entry, as a person would decide."""
    entries = [
        DatedEntry(group=key, on=day, action="move", to=bank_holidays.get_nth_working_day(day, 0), assumed="synthetic")
        for key, group in config.groups.items()
        for day in days_by_rrule(group.series[0], FIRST - NEAR, LAST + LOOK_AHEAD)
        if not bank_holidays.is_working_day(day)
    ]
    return config.model_copy(update={"dated_entries": entries})


def moved_days(config: Config) -> dict[tuple[str, date], date]:
    """The meetings not held on the day of their rule: (group, that day) -> the day on which they are held."""
    calendar = Calendar(config)
    slots = (slot for key in config.groups for slot in calendar.slots(key, FIRST - NEAR, LAST + LOOK_AHEAD))
    return {(slot.group, slot.nominal_on): slot.on for slot in slots if slot.on != slot.nominal_on}


# ------------------------------------------------------------------------------------------- the straightforward way


def straightforward(
    config: Config, bank_holidays: holidays.HolidayBase, moved: dict[tuple[str, date], date]
) -> list[Due]:
    """Every deadline, each counted for itself."""
    found = []
    for key, group in config.groups.items():
        clocks = [c for c in config.clocks if c.enabled and group.level in c.levels and c.hangs_on != "decision"]
        nominal = days_by_rrule(group.series[0], FIRST - NEAR, LAST + LOOK_AHEAD)
        meetings = sorted((moved.get((key, day), day), day) for day in nominal)
        for place, (on, day) in enumerate(meetings):
            if not FIRST <= on <= LAST:
                continue
            following = next(held for held, by_rule in islice(meetings, place + 1, None) if by_rule > day and held > on)
            for clock in clocks:
                if (clock.from_on or on) <= on <= (clock.until_on or on):
                    event = on if clock.hangs_on == "meeting" else following
                    at = clock.time_of_day or config.working_days.deadline_time
                    found.append(Due(key, day, clock.kind, due_at(clock, event, at, bank_holidays)))
    return found


def due_at(clock: ClockRule, event: date, at: time, bank_holidays: holidays.HolidayBase) -> datetime:
    """When a clock falls that hangs on a meeting of that day, at that time of day in London."""
    count = -clock.working_days if clock.direction == "before" else clock.working_days
    day = bank_holidays.get_nth_working_day(event, count)
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def days_by_rrule(rule: SeriesRule, first: date, last: date) -> list[date]:
    """The days of a rule, by dateutil."""
    weekday = rrule.weekdays[WEEKDAYS.index(rule.weekday)]
    start, until = datetime.combine(first, time.min), datetime.combine(last, time.min)
    if rule.every_weeks and rule.anchor:
        anchor = datetime.combine(rule.anchor, time.min)
        weekly = rrule.rrule(rrule.WEEKLY, interval=rule.every_weeks, dtstart=anchor, until=until)
        return [day.date() for day in weekly.between(start, until, inc=True)]
    nth = weekday(-1 if rule.nth == "last" else int(rule.nth or 0))
    return [day.date() for day in rrule.rrule(rrule.MONTHLY, byweekday=nth, dtstart=start, until=until)]


# ------------------------------------------------------------------------------------------------------ ours, and both


def as_dues(columns: Iterable[ClockColumn]) -> Iterator[Due]:
    """Ours in the same shape, to be compared."""
    for column in columns:
        for nominal_on, at in zip(column.nominal_on, column.due_at, strict=True):
            yield Due(column.group, nominal_on, column.clock.kind, at)


def timed(work: Callable[[], Result], runs: int) -> tuple[Result, float]:
    """What the work gives, and the processor's seconds of the quickest run: waiting for others is not counted."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        began = stopwatch.process_time()
        result = work()
        seconds.append(stopwatch.process_time() - began)
    return result, min(seconds)


def compare(name: str, config: Config, bank_holidays: holidays.HolidayBase, table: Table) -> None:
    """One line of the table."""
    columns, seconds = timed(lambda: list(all_instants(Calendar(config), FIRST, LAST)), RUNS)
    moved = moved_days(config)
    theirs, their_seconds = timed(lambda: straightforward(config, bank_holidays, moved), THEIR_RUNS)
    ours = list(as_dues(columns))
    if sorted(ours) != sorted(theirs):
        raise SystemExit(f"{name}: {len(set(ours) ^ set(theirs)):,} instants differ between the two ways.")
    count = len({(due.group, due.nominal_on) for due in ours})
    table.add_row(
        name, f"{len(config.groups):,}", f"{count:,}", f"{len(ours):,}", f"{len(moved):,}", f"{seconds:.2f}",
        f"{their_seconds:.2f}", f"{their_seconds / seconds:.1f}",
    )  # fmt: skip


def main() -> None:
    """Measure, and print the table."""
    bank_holidays = holidays.country_holidays("GB", subdiv="ENG", years=range(FIRST.year - 1, LAST.year + 3))
    undecided = a_thousand_groups(read_config(ROOT / "config.yaml"))
    table = Table(
        "Meetings on bank holidays", "Groups", "Meetings", "Deadlines", "Moved", "Ours (s)", "Straightforward (s)",
        "Ratio",
    )  # fmt: skip
    compare("decided by dated entries", with_collisions_decided(undecided, bank_holidays), bank_holidays, table)
    compare("days proposed by us", undecided, bank_holidays, table)
    Console().print(table)
    count, seconds = timed(lambda: sum(len(f) for _, f in all_deadlines(Calendar(undecided), FIRST, LAST)), THEIR_RUNS)
    Console().print(f"The same {count:,} as values that explain themselves when asked: {seconds:.2f} s.")


if __name__ == "__main__":
    main()
