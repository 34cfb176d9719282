"""When an action is due, from the words used, counted from the day of the meeting."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.clock import MONTHS, WEEKDAYS

_MONTH = "|".join(MONTHS)
_DAY_NAME = "|".join(WEEKDAYS)
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]
_NTH = r"\d{1,2}(?:st|nd|rd|th)?|" + "|".join(o.replace("-", "[ -]") for o in reversed(_ORDINALS))
_NUMBERS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "couple of": 2,
    "a couple of": 2,
}
_BY = r"(?:by|before|on|no later than|not later than|due(?: on| by)?|for|until|ahead of|in time for|prior to)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_BY} (?:the )?(?:(?:{_DAY_NAME}),? (?:the )?)?(?P<nth>{_NTH})(?: of)? (?P<month>{_MONTH})(?:,? "
        rf"(?P<year>\d{{4}}))?\b",
        rf"\b{_BY} (?:(?:{_DAY_NAME}),? )?(?P<month>{_MONTH}) (?:the )?(?P<nth>{_NTH})\b(?:,? (?P<year>\d{{4}}))?",
        rf"\b(?:by|at|before|for) (?:the )?end of (?P<end>(?:the |this |next )?(?:month|week|year)|today|(?:the "
        rf")?day|{_MONTH})\b",
        r"\b(?:by|before) (?P<end>month|week|year)[ -]end\b",
        rf"\b(?:by|before|on|until|for) (?:this |close (?:of play |of business )?(?:on )?|cop (?:on "
        rf")?)?(?P<weekday>{_DAY_NAME})\b(?! week)(?!,? (?:the )?\d)",
        r"\b(?:(?:by|before|for) (?:close of (?:play|business) )?(?P<soon>today|tomorrow)|(?P<soon_too>tomorrow))\b",
        r"\b(?:within|in) (?P<count>\d+|a couple of|couple of|a|one|two|three|four|five|six|ten) (?P<unit>days?"
        r"|weeks?|fortnight)(?:' time|'s time)?\b(?! working)",
        r"\b(?P<words>(?:by|before|at|for|ahead of|in time for|prior to|after) (?:the |our )?(?:next|following) "
        r"[\w]+(?: (?:meeting|monday|tuesday|wednesday|thursday|friday))?)\b",
        rf"\b(?P<words>by (?:early |mid[ -]|late |next |the start of )?(?:{_MONTH}|{_DAY_NAME}|week|month|spring"
        rf"|summer|autumn|easter|christmas)(?: week)?)\b",
        r"\b(?P<words>in due course|as soon as (?:possible|we can|i can)|asap|within (?:\w+ )?working days?|before "
        r"(?:the )?(?:go-live|deadline|consultation closes))\b",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Due:
    """`value` is an ISO date, or the words used where no one date follows from them; `said` is the phrase as spoken."""

    value: str
    said: str


def due_in(text: str, held_on: date) -> Due | None:
    """When something is due, as a sentence says it at a meeting held on `held_on`. None where it says nothing.

    A date without a year is the next such date; "next Friday" may mean two Fridays, so it stays words.
    """
    for pattern in _PATTERNS:
        if found := pattern.search(text):
            day = _day_of(found.groupdict(), held_on)
            words = found.groupdict().get("words") or found[0]
            return Due(day.isoformat() if day else words.strip(), found[0])
    return None


def _day_of(said: dict[str, str | None], held_on: date) -> date | None:
    readers: dict[str, Callable[[], date | None]] = {
        "nth": lambda: _on_day(said, held_on),
        "end": lambda: _end_of(said["end"] or "", held_on),
        "weekday": lambda: _next_weekday(said["weekday"] or "", held_on),
        "soon": lambda: held_on + timedelta(days=1 if (said["soon"] or "").lower() == "tomorrow" else 0),
        "soon_too": lambda: held_on + timedelta(days=1),
        "count": lambda: _after(said["count"] or "1", said["unit"] or "days", held_on),
    }
    return next((read() for key, read in readers.items() if said.get(key)), None)


def _on_day(said: dict[str, str | None], held_on: date) -> date | None:
    nth, month = (said["nth"] or "").lower().replace(" ", "-"), _month(said["month"] or "")
    day = _ORDINALS.index(nth) + 1 if nth in _ORDINALS else int(re.sub(r"\D", "", nth))
    year = int(said["year"] or 0) if said.get("year") else held_on.year
    try:
        found = date(year, month, day)
        return found if said.get("year") or found >= held_on else found.replace(year=year + 1)
    except ValueError:  # 31 November: the words are kept, the date is for a person to mend
        return None


def _end_of(what: str, held_on: date) -> date | None:
    what = what.lower().removeprefix("the ").removeprefix("this ")
    if what in ("today", "day"):
        return held_on
    if what.endswith("week"):
        return held_on + timedelta(days=(4 - held_on.weekday()) % 7 + (7 if what.startswith("next") else 0))
    if what.endswith("year"):
        return date(held_on.year + what.startswith("next"), 12, 31)
    month = held_on.month + what.startswith("next") if what.endswith("month") else _month(what)
    year = held_on.year + (month > 12 or month < held_on.month)
    month = (month - 1) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def _next_weekday(name: str, held_on: date) -> date:
    wanted = [w.lower() for w in WEEKDAYS].index(name.lower())
    return held_on + timedelta(days=(wanted - held_on.weekday() - 1) % 7 + 1)


def _after(count: str, unit: str, held_on: date) -> date:
    number = _NUMBERS.get(count.lower()) or int(count)
    days = 14 if unit.lower() == "fortnight" else 7 if unit.lower().startswith("week") else 1
    return held_on + timedelta(days=min(number, 400) * days)


def _month(name: str) -> int:
    return [m.lower() for m in MONTHS].index(name.lower()) + 1
