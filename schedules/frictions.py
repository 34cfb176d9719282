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
from schedules.series import Calendar, meetings_share_people

AHEAD = timedelta(days=370)
DAY_STARTS, DAY_ENDS = time(9), time(17, 30)
FEWEST_WORKING_DAYS = 4  # in a week, before a deadline that counts through it is worth a warning
FULL_WEEK = 5
MOST_MESSAGES = 12  # to one person in a month


def frictions_of(config: Config, today: date) -> Iterator[Problem]:
    """Warnings about the coming year."""
    calendar = Calendar(config)
    yield from frictions_among(calendar, calendar.meetings(today, today + AHEAD), today, today + AHEAD)


def frictions_among(calendar: Calendar, meetings: Iterable[Meeting], first: date, last: date) -> Iterator[Problem]:
    """Warnings about the meetings from `first` to `last`; what is cancelled or a mail keeps nobody from anything."""
    gone = (MeetingStatus.EMAIL_UPDATE, MeetingStatus.CANCELLED)
    found = sorted((m for m in meetings if m.status not in gone), key=lambda m: m.starts_at)
    yield from _clashes(calendar.config, found)
    yield from _odd_hours(found)
    yield from _weeks_without_slack(calendar, first, last)


def _clashes(config: Config, found: list[Meeting]) -> Iterator[Problem]:
    """Groups that share people and meet at the same time; a pair is named once, with its first day."""
    days: dict[tuple[str, str], list[date]] = {}
    for on, of_day in groupby(found, key=lambda m: m.on):
        for one, other in combinations(of_day, 2):
            overlap = one.starts_at < other.ends_at and other.starts_at < one.ends_at
            if overlap and meetings_share_people(config, one, other):
                days.setdefault((one.known_as, other.known_as), []).append(on)
    for (one_key, other_key), on in days.items():
        more = f", and {len(on) - 1} more times" if len(on) > 1 else ""
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
            more = f", and {len(odd) - 1} more times" if len(odd) > 1 else ""
            yield _warning(
                "outside-hours",
                f"{group} on {spoken_date(odd[0].on)} is {start:%H:%M}-{end:%H:%M}, outside "
                f"{DAY_STARTS:%H:%M}-{DAY_ENDS:%H:%M} (London){more}.",
                "Correct the series' time, or leave it if it is meant.",
            )


def _within_hours(meeting: Meeting) -> bool:
    start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
    return start.time() >= DAY_STARTS and end.time() <= DAY_ENDS and start.date() == end.date()


def _weeks_without_slack(calendar: Calendar, first: date, last: date) -> Iterator[Problem]:
    """Weeks, as at Christmas and Easter, with few working days, through which deadlines count."""
    short = _short_weeks(calendar, first, last)
    touched: dict[date, list[str]] = {}
    for meeting, deadlines in all_deadlines(calendar, first, last) if short else ():
        for deadline in deadlines:
            if deadline.due_at:
                ends = sorted((meeting.on, deadline.due_at.astimezone(LONDON).date()))
                for monday in short:
                    if ends[0] < monday + timedelta(days=5) and ends[1] >= monday and deadline.kind not in LEFT_OUT:
                        touched.setdefault(monday, []).append(f"{meeting.group} {meeting.on} {deadline.kind}")
    for monday, what in sorted(touched.items()):
        more = f" and {len(what) - 5} more" if len(what) > 5 else ""
        yield _warning(
            "no-slack",
            f"The week of {spoken_date(monday)} has {short[monday]} working day(s); these count through it: "
            f"{', '.join(what[:5])}{more}.",
            "Tell authors and the Chair early, or move the meeting.",
        )


LEFT_OUT = ("amendments_close", "amended_report", "chair_copy", "chair_answer")  # each goes with another that is listed


def _short_weeks(calendar: Calendar, first: date, last: date) -> dict[date, int]:
    """Mondays of weeks with too few working days, and how many they have; of two short ones in a row, both."""
    monday = first - timedelta(days=first.weekday())
    mondays = [monday + timedelta(weeks=n) for n in range(-1, (last - monday).days // 7 + 2)]
    counts = {m: sum(calendar.closed(m + timedelta(days=n)) is None for n in range(5)) for m in mondays}
    week = timedelta(weeks=1)
    return {
        monday: counts[monday]
        for monday in mondays[1:-1]
        if counts[monday] < FEWEST_WORKING_DAYS
        or (counts[monday] < FULL_WEEK and min(counts[monday - week], counts[monday + week]) < FULL_WEEK)
    }


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
