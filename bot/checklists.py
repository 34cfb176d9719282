"""The check list before issue: it warns, and a person may overrule it with a reason that is kept (rules §4). Pure.

What cannot be overruled, that somebody confirms each decision's outcome, is in `bot.confirmations`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.clock import spoken
from bot.formats import Draft, DraftedAction, DraftedDecision, DraftedRaidItem, DraftedViewpoint
from bot.model import AttendanceRow
from bot.report_life import ReportState, Stands

_DRAFT_REFERENCE = re.compile(r"\b[DA]-\d{2,}\b")
_A_VOICE = re.compile(r"Speaker \d+")  # bot.speakers: until somebody names it
KNOWN_STATUS = ("present", "alternate", "apologies")


@dataclass(frozen=True)
class Check:
    """One point of the list: whether it is as it should be, and in a sentence how it is."""

    key: str
    title: str
    is_met: bool
    words: str


@dataclass(frozen=True)
class Series:
    """The group's references, and what stands in their way. `decision` and `action` are the first to be given.

    `not_issued` are earlier meetings of the group whose reports have a draft and are not issued: their numbers come
    after these.
    """

    decision: str
    action: str
    has_beginning: bool
    not_issued: Sequence[str] = ()
    numbered_on: bool = False  # another report has the meeting's number: its actions are numbered on behind those


@dataclass(frozen=True)
class Subject:
    """What is looked at."""

    draft: Draft
    attendance: Sequence[AttendanceRow]
    stands: Stands
    due_at: datetime | None
    series: Series


def check_list(subject: Subject, now: datetime) -> list[Check]:
    """The whole list, in the order in which it is read."""
    return [
        _clearance(subject.stands),
        _owners(subject.draft.actions),
        _dates(subject.draft.actions),
        _voices(subject.draft.viewpoints),
        _attendance(subject.attendance),
        _deadline(subject.due_at, now),
        _references(subject.draft, subject.series),
    ]


def warnings(checks: Sequence[Check]) -> list[Check]:
    """Those that are not met."""
    return [check for check in checks if not check.is_met]


def _clearance(stands: Stands) -> Check:
    met = stands.state is ReportState.CLEARED
    words = " ".join(["Cleared." if met else f"It is {stands.words}, not cleared.", *stands.notes])
    return Check("clearance", "Cleared by the Chair", met, words)


def _owners(actions: Sequence[DraftedAction]) -> Check:
    without = [action.ref for action in actions if not action.owner]
    words = f"{_listed(without)} without an owner." if without else _each(actions, "an owner")
    return Check("owners", "Every action has an owner", not without, words)


def _dates(actions: Sequence[DraftedAction]) -> Check:
    """Words ("before the next meeting") are no date: nobody can be reminded by them."""
    without = [_undated(action) for action in actions if not _is_day(action.due)]
    words = f"No date: {', '.join(without)}." if without else _each(actions, "a date")
    return Check("dates", "Every action has a date", not without, words)


def _undated(action: DraftedAction) -> str:
    return f"{action.ref} (“{action.due}”)" if action.due else action.ref


def _each(actions: Sequence[DraftedAction], what: str) -> str:
    count = f"{len(actions)} action{'s' if len(actions) > 1 else ''}"
    return f"{count}, each with {what}." if actions else "No action is drafted."


def _is_day(due: str | None) -> bool:
    try:
        date.fromisoformat(due or "")
    except ValueError:
        return False
    return True


def _voices(viewpoints: Sequence[DraftedViewpoint]) -> Check:
    """A voice that was told apart and never named ("Speaker 4") says nothing to whoever reads the issued report."""
    nameless = [v.ref for v in viewpoints if not v.constituency and _A_VOICE.fullmatch(v.speaker or "")]
    words = f"By a voice without a name: {_listed(nameless)}. Name it: secretariat speakers name."
    return Check("voices", "Every view has a name", not nameless, words if nameless else "No voice is without one.")


def _attendance(rows: Sequence[AttendanceRow]) -> Check:
    unknown = [row.name for row in rows if row.status not in KNOWN_STATUS]
    if not rows:
        words = "Nobody is on it."
    elif unknown:
        words = f"Not known whether they came: {_listed(unknown)}."
    else:
        words = f"Known of each of {len(rows)}."
    return Check("attendance", "Attendance is complete", bool(rows) and not unknown, words)


def _deadline(due_at: datetime | None, now: datetime) -> Check:
    if due_at is None:
        return Check("deadline", "In time", True, "No deadline runs for it.")
    late = now > due_at
    words = f"It is late: it was due {spoken(due_at)}." if late else f"It is due {spoken(due_at)}."
    return Check("deadline", "In time", not late, words)


def _references(draft: Draft, series: Series) -> Check:
    wrong = [*_of_the_series(series), *_of_the_texts(draft)]
    words = " ".join(wrong) or f"Decisions from {series.decision}, actions from {series.action}."
    return Check("references", "References in series", not wrong, words)


def _of_the_series(series: Series) -> Iterator[str]:
    if not series.has_beginning:
        yield f"The group's series has no beginning in the configuration (`anchor`): it would begin {series.decision}."
    if series.not_issued:
        yield f"Not issued yet: {_listed(series.not_issued)}; their numbers would come after these."
    if series.numbered_on:
        yield f"Another report has this meeting's number: its actions are numbered on from {series.action}."


def _of_the_texts(draft: Draft) -> Iterator[str]:
    """A draft's own reference in a text says nothing to whoever reads the issued report, where it has another."""
    own = {decision.ref for decision in draft.decisions} | {action.ref for action in draft.actions}
    lines: list[DraftedDecision | DraftedAction | DraftedViewpoint | DraftedRaidItem] = [
        *draft.decisions, *draft.actions, *draft.viewpoints, *draft.raid,
    ]  # fmt: skip
    for line in lines:
        for named in own.intersection(_DRAFT_REFERENCE.findall(line.text)):
            yield f"{line.ref} speaks of {named}, which has another reference once issued."


def _listed(names: Sequence[str], at_most: int = 6) -> str:
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more} more" if more > 0 else "")
