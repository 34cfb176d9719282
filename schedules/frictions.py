"""Where the calendar rubs: people due in two places, meetings at odd hours, weeks without slack, too many messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from itertools import combinations, groupby

from bot.clock import LONDON, spoken_date
from bot.config import Config
from bot.errors import Problem
from bot.model import Meeting, MeetingStatus
from schedules.deadlines import all_deadlines
from schedules.rehearsal import MessageCount
from schedules.series import Calendar, shares_people

AHEAD = timedelta(days=370)
DAY_STARTS, DAY_ENDS = time(9), time(17, 30)
FEWEST_WORKING_DAYS = 3  # in a week, before a deadline that counts through it is worth a warning
MOST_MESSAGES = 12  # to one person in a month


def frictions_of(config: Config, today: date) -> Iterator[Problem]:
    """Warnings about the coming year."""
    calendar = Calendar(config)
    found = [m for m in calendar.meetings(today, today + AHEAD) if m.status is not MeetingStatus.EMAIL_UPDATE]
    yield from _clashes(config, found)
    yield from _odd_hours(found)
    yield from _weeks_without_slack(calendar, today)


def _clashes(config: Config, found: list[Meeting]) -> Iterator[Problem]:
    """Groups that share people and meet at the same time; a pair is named once, with its first day."""
    days: dict[tuple[str, str], list[date]] = {}
    for on, of_day in groupby(found, key=lambda m: m.on):
        for one, other in combinations(of_day, 2):
            overlap = one.starts_at < other.ends_at and other.starts_at < one.ends_at
            if overlap and shares_people(config, one.group, other.group):
                days.setdefault((one.group, other.group), []).append(on)
    for (one_key, other_key), on in days.items():
        more = f", and {len(on) - 1} more times within a year" if len(on) > 1 else ""
        yield _warning(
            "clash",
            f"{one_key} and {other_key} share people and overlap on {spoken_date(on[0])}{more}.",
            "Move one of the two, or change the series' time.",
        )


def _odd_hours(found: list[Meeting]) -> Iterator[Problem]:
    for group in dict.fromkeys(m.group for m in found):
        odd = [m for m in found if m.group == group and not _within_hours(m)]
        if odd:
            start, end = odd[0].starts_at.astimezone(LONDON), odd[0].ends_at.astimezone(LONDON)
            more = f", and {len(odd) - 1} more times within a year" if len(odd) > 1 else ""
            yield _warning(
                "outside-hours",
                f"{group} on {spoken_date(odd[0].on)} is {start:%H:%M}-{end:%H:%M}, outside "
                f"{DAY_STARTS:%H:%M}-{DAY_ENDS:%H:%M} (London){more}.",
                "Correct the series' time, or leave it if it is meant.",
            )


def _within_hours(meeting: Meeting) -> bool:
    start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
    return start.time() >= DAY_STARTS and end.time() <= DAY_ENDS and start.date() == end.date()


def _weeks_without_slack(calendar: Calendar, today: date) -> Iterator[Problem]:
    """Weeks, as at Christmas and Easter, with few working days, through which deadlines count."""
    short = _short_weeks(calendar, today)
    touched: dict[date, list[str]] = {}
    for meeting, deadlines in all_deadlines(calendar, today, today + AHEAD):
        for deadline in deadlines if short else ():
            if deadline.due_at:
                ends = sorted((meeting.on, deadline.due_at.astimezone(LONDON).date()))
                for monday in short:
                    if ends[0] < monday + timedelta(days=5) and ends[1] >= monday and deadline.kind not in FAR_CLOCKS:
                        touched.setdefault(monday, []).append(f"{meeting.group} {meeting.on} {deadline.kind}")
    for monday, what in sorted(touched.items()):
        more = f" and {len(what) - 5} more" if len(what) > 5 else ""
        yield _warning(
            "no-slack",
            f"The week of {spoken_date(monday)} has {short[monday]} working day(s); these count through it: "
            f"{', '.join(what[:5])}{more}.",
            "Tell authors and the Chair early, or move the meeting.",
        )


FAR_CLOCKS = ("amendments_close", "amended_report")  # they count from the following meeting, whose papers are listed


def _short_weeks(calendar: Calendar, today: date) -> dict[date, int]:
    """Mondays of weeks with too few working days, and how many they have."""
    first = today - timedelta(days=today.weekday())
    mondays = (first + timedelta(weeks=n) for n in range(AHEAD.days // 7 + 2))
    counts = {m: sum(calendar.closed(m + timedelta(days=n)) is None for n in range(5)) for m in mondays}
    return {monday: count for monday, count in counts.items() if count < FEWEST_WORKING_DAYS}


def too_many_messages(counts: Iterable[MessageCount]) -> Iterator[Problem]:
    """One warning, naming the people at the table who would get more in a month than anybody reads."""
    heavy = [c for c in counts if c.messages > MOST_MESSAGES and not c.of_pmo]
    if heavy:
        worst = max(heavy, key=lambda c: c.messages)
        names = list(dict.fromkeys(c.person.name for c in heavy))
        yield _warning(
            "too-many-messages",
            f"{len(names)} people would get more than {MOST_MESSAGES} messages in a month; the most is "
            f"{worst.messages}, to {worst.person.name} in {worst.month}. They are: {', '.join(sorted(names))}.",
            "See `secretariat simulate`; fewer opt-ins, or an alternate in some of their groups, would help.",
        )


def _warning(problem_id: str, sentence: str, hint: str) -> Problem:
    return Problem(problem_id, sentence, hint, severity="warning")
