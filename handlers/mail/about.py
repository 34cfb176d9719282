"""Which meeting a mail is about, and how that is known: named, in our thread, quoted, by the seat. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from bot import triage
from bot.clock import LONDON, MONTHS, spoken_date
from bot.model import Meeting, MeetingStatus
from handlers.mail.known import Known
from handlers.mail.reading import ReadMail

MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|Sept"
ISO = re.compile(r"(?<!\d)(20\d\d)-(\d{2})-(\d{2})(?!\d)")
DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+({MONTH})\b\.?(?:,?[\s-]+(20\d\d))?", re.IGNORECASE
)
MONTH_FIRST = re.compile(rf"\b({MONTH})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(20\d\d))?", re.IGNORECASE)
NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](20\d\d|\d\d)(?!\d)")
RELATIVE = re.compile(r"\b(tomorrow|today)\b", re.IGNORECASE)
LINE = re.compile(  # "V2 of the paper" names no line, "V2: ..." and "V-2" do
    r"(?<![\w-])(?P<own>[A-Z][A-Z-]*[A-Z]\d+-\d{1,3}|[A-Z][A-Z-]*-DEC\d{1,4})(?![\w-])"
    r"|(?<![\w-])(?P<draft>[DAVRP](?:-\d{1,3}|\d{2,3}|\d(?=\s*[:.,–-])))(?![\w-])",
    re.IGNORECASE,
)
REQUEST = re.compile(r"(?<![\w-])AM-\d{3,}\b", re.IGNORECASE)
NEXT = re.compile(r"\b(next|upcoming|forthcoming|coming)\b(?! (month|year|few|step))", re.IGNORECASE)
LAST = re.compile(r"\b(last|latest|previous|most recent)\b", re.IGNORECASE)
MOST_SCANNED = 4_000  # characters in which a passage says what it is about
MOST_QUOTED = 6_000  # characters of a quoted mail that are looked at
GONE = (MeetingStatus.CANCELLED,)


class Looking(StrEnum):
    """Which way a matter looks: at what was reported, or at what is to come."""

    BACK = "back"
    AHEAD = "ahead"


@dataclass(frozen=True)
class About:
    """What a matter is about. `because` is a clause for a person; `is_sure`: said or threaded, not merely likely."""

    group: str | None = None
    on: date | None = None
    because: str = ""
    is_sure: bool = False
    meeting: Meeting | None = None

    @property
    def spoken(self) -> str:
        """'PSG of Wednesday 7 February 2024'."""
        if self.group is None:
            return "no meeting"
        return f"{self.group} of {spoken_date(self.on)}" if self.on else self.group


def about(mail: ReadMail, known: Known, passage: str, looking: Looking) -> About:
    """The meeting of one passage of a mail. What the passage says comes before the mail's subject and its thread."""
    on = _written_on(mail, known)
    named = _named(passage, known, looking, on)
    if named and named.is_sure:
        return named
    likely = named
    for way in _ways(mail, known, looking, on):
        if way and way.is_sure and _fits(way, named):
            return way
        likely = likely or way
    return likely or _by_seat(known, looking) or About()


def _ways(mail: ReadMail, known: Known, looking: Looking, on: date) -> Iterator[About | None]:
    """What else tells, the strongest first; none is worked out before it is needed."""
    yield _named(f"{mail.subject}\n{mail.own_words}", known, looking, on)
    yield _addressed(mail, known)
    yield _threaded(known)
    yield _quoted(mail, known, looking)


def _fits(way: About, named: About | None) -> bool:
    """A thread about one group says nothing of a passage that names another."""
    return named is None or named.group is None or named.group == way.group


def _written_on(mail: ReadMail, known: Known) -> date:
    """The day from which "tomorrow" counts: the mail's own, unless its date is not to be believed."""
    said = mail.sent_at.astimezone(LONDON).date() if mail.sent_at else known.today
    return said if timedelta(0) <= known.today - said <= timedelta(days=31) else known.today


def _named(text: str, known: Known, looking: Looking, on: date) -> About | None:
    """What a text names: a line or request of ours, or a group with a day on which it meets."""
    text = text[:MOST_SCANNED]
    by_reference = _by_reference(text, known)
    if by_reference:
        return by_reference
    groups = list(triage.groups_named(triage.plain(text), known.config))
    days = list(dict.fromkeys(days_in(text, on)))
    pairs = [m for group in groups for day in days if (m := known.held_by(group, day))]
    met = list(dict.fromkeys((m.uid, m) for m in pairs))
    if met:
        meeting = met[0][1]
        group = next(g for g in groups if g in meeting.groups)
        why = f"it names {group} and {spoken_date(meeting.on)}"
        is_possible = all(_date(*said) for said in ISO.findall(text))  # not 2024-02-30
        return About(group, meeting.on, why, len(met) == 1 and is_possible, meeting)
    if groups and days:
        return About(groups[0], days[0], f"it names {groups[0]} and a day on which it does not meet")
    if groups:
        return _of_group(groups, known, looking, text)
    return _on_a_day(days, known)


def _by_reference(text: str, known: Known) -> About | None:
    for found in REQUEST.finditer(text):
        meeting = known.meeting(known.requests.get(found[0].upper(), ""))
        if meeting:
            return About(meeting.group, meeting.on, f"it names {found[0].upper()}", True, meeting)
    for reference in own_references(text):
        for meeting in _of_reference(reference, known):
            if any(reference == line.ref for line in known.lines.get(meeting.uid, ())):
                return About(meeting.group, meeting.on, f"it names {reference}", True, meeting)
    return None


def _of_reference(reference: str, known: Known) -> Iterator[Meeting]:
    """The meetings whose reports may hold it: PSG27-03 is of PSG."""
    for meeting in known.meetings:
        if any(reference.startswith(group.upper()) for group in meeting.groups) and meeting.uid in known.lines:
            yield meeting


def _of_group(groups: list[str], known: Known, looking: Looking, text: str) -> About:
    """A group without a day: its last report or its next meeting, sure only where the text says which."""
    group = groups[0]
    found = _nearest(known, [group], looking)
    if found is None:
        return About(group, None, f"it names {group}")
    said = NEXT.search(text) if looking is Looking.AHEAD else LAST.search(text)
    which = "next meeting" if looking is Looking.AHEAD else "last report"
    return About(group, found.on, f"it names {group}, whose {which} this is", bool(said) and len(groups) == 1, found)


def _on_a_day(days: Iterable[date], known: Known) -> About | None:
    """A day without a group: the sender's own group that meets then, if but one does."""
    met = {m.uid: m for day in days for group in known.own_groups() if (m := known.held_by(group, day))}
    if len(met) != 1:
        return None
    [meeting] = met.values()
    return About(meeting.group, meeting.on, f"the sender's own group meets on {spoken_date(meeting.on)}", True, meeting)


def _addressed(mail: ReadMail, known: Known) -> About | None:
    """pmo+psg-2024-02-07@..., as receipts and invitations may carry it."""
    for address in mail.recipients:
        _, plus, tag = address.partition("@")[0].partition("+")
        if not plus:
            continue
        day = ISO.search(tag)
        group = next(
            (g for g in known.config.groups if g.casefold() == (tag[: day.start()].rstrip("-_.") if day else tag)), None
        )
        meeting = known.held_by(group, _date(*day.groups()) or date.min) if group and day else None
        if meeting:
            return About(group, meeting.on, f"it was sent to {address}", True, meeting)
    return None


def _threaded(known: Known) -> About | None:
    meeting = known.meeting(known.notice.meeting_uid) if known.notice else None
    if meeting and known.notice:
        return About(meeting.group, meeting.on, f'it answers our "{known.notice.subject}"', True, meeting)
    meeting = known.meeting(known.conversation) if known.conversation else None
    if meeting:
        return About(meeting.group, meeting.on, "it goes on with a conversation about that meeting", True, meeting)
    return None


def _quoted(mail: ReadMail, known: Known, looking: Looking) -> About | None:
    """The report or meeting that the quoted mail is about; by the words of a line where it quotes one."""
    text = mail.cut[:MOST_QUOTED]
    found = _named(text, known, looking, _written_on(mail, known)) if text.strip() else None
    if found and found.meeting and found.is_sure:
        return replace(found, because=f"the mail that it quotes says so: {found.because.removeprefix('it ')}")
    for meeting in known.meetings:
        if meeting.uid in known.issued and any(
            _same_words(line.text, text) for line in known.lines.get(meeting.uid, ())
        ):
            return About(meeting.group, meeting.on, "it quotes a line of that report", True, meeting)
    return None


def _same_words(line: str, text: str) -> bool:
    plain = " ".join(line.casefold().split())
    return len(plain) > 30 and plain in " ".join(text.casefold().split())


def _by_seat(known: Known, looking: Looking) -> About | None:
    """The sender's only group: likely, never sure."""
    own = known.own_groups()
    if len(own) != 1:
        return None
    found = _nearest(known, own, looking)
    why = f"the sender sits in {own[0]}, and it says no more"
    return About(own[0], found.on if found else None, why, False, found)


def _nearest(known: Known, groups: Iterable[str], looking: Looking) -> Meeting | None:
    """The next meeting to come, or the last whose report is issued (else the last held)."""
    wanted = set(groups)
    of_group = [m for m in known.meetings if wanted & {*m.groups} and m.status not in GONE]
    if looking is Looking.AHEAD:
        return min((m for m in of_group if m.ends_at > known.now), key=lambda m: m.starts_at, default=None)
    held = [m for m in of_group if m.starts_at <= known.now]
    reported = [m for m in held if m.uid in known.issued]
    return max(reported or held, key=lambda m: m.starts_at, default=None)


def own_references(text: str) -> list[str]:
    """The groups' own references in a text, in capitals: PSG27-03, PSG-DEC41."""
    return list(dict.fromkeys(found["own"].upper() for found in LINE.finditer(text) if found["own"]))


def days_in(text: str, today: date) -> Iterator[date]:
    """The days that a text names. Without a year, that day of last year, this year and the next; the nearest first."""
    for year, month, day in ISO.findall(text):
        yield from _known(_date(year, month, day))
    for day, month, year in DAY_FIRST.findall(text):
        yield from _around(day, _month(month), year, today)
    for month, day, year in MONTH_FIRST.findall(text):
        yield from _around(day, _month(month), year, today)
    for day, month, year in NUMERIC.findall(text):
        yield from _known(_date(year if len(year) == 4 else f"20{year}", month, day))
    for word in RELATIVE.findall(text):
        yield today + timedelta(days=1 if word.lower() == "tomorrow" else 0)


def _around(day: str, month: int, year: str, today: date) -> Iterator[date]:
    years = [int(year)] if year else sorted((today.year - 1, today.year, today.year + 1))
    found = [d for y in years if (d := _date(y, month, day))]
    yield from sorted(found, key=lambda d: abs(d - today))


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, start=1) if month.lower().startswith(name[:3].lower()))


def _date(year: int | str, month: int | str, day: int | str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _known(day: date | None) -> Iterator[date]:
    if day:
        yield day
