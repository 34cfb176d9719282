"""Who has answered a report, constituency by constituency. The PMO's alone; silence is not consent (rules §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access
from bot.access import Ruling
from bot.amendment_life import SPEAK, Kind, State, represents_today
from bot.amendments import Asking, Submission, answers_of, submit
from bot.config import Config
from bot.members import at_tables
from bot.model import Meeting
from bot.store.amendment_tables import AmendmentRow

COMMENTED, NO_COMMENTS, SILENT = "commented", "no comments", "silent"
NOTHING_TO_SAY = "No comments."


@dataclass(frozen=True)
class Answer:
    """What one constituency has said of a report. No name among the representatives: nobody holds its seat."""

    constituency: str
    representatives: tuple[str, ...]
    said: str  # COMMENTED | NO_COMMENTS | SILENT
    references: tuple[str, ...]
    late: bool  # all that it said came after the closing


@dataclass(frozen=True)
class Tracker:
    """The answers to one report; `others` are the requests of people who speak for none of the constituencies."""

    answers: tuple[Answer, ...]
    others: tuple[str, ...]


def tracker(session: Session, config: Config, meeting: Meeting) -> Tracker:
    """Who has commented, who has said "no comments", who is silent, in the order of the tables' seats.

    What was withdrawn is not said. Who may look: the PMO alone; the door asks.
    """
    said = [row for row in answers_of(session, meeting.uid) if row.state != State.WITHDRAWN]
    speakers = _speakers(session, config, meeting)
    answers = tuple(_answer(name, who, said) for name, who in speakers.items())
    return Tracker(answers, tuple(row.reference for row in said if row.constituency not in speakers))


def _speakers(session: Session, config: Config, meeting: Meeting) -> dict[str, list[str]]:
    """The constituencies with a seat at the tables, each with who held it on the day; vacant ones too."""
    seats = [seat for key in meeting.groups if key in config.groups for seat in config.groups[key].seats]
    speakers: dict[str, list[str]] = {seat.constituency: [] for seat in seats if seat.constituency}
    for held in at_tables(session, meeting):
        if held.group and held.constituency and held.role in SPEAK:
            speakers.setdefault(held.constituency, []).append(held.person.name)
    return speakers


def _answer(constituency: str, who: Iterable[str], said: Iterable[AmendmentRow]) -> Answer:
    own = [row for row in said if row.constituency == constituency]
    comments = [row for row in own if row.kind != Kind.NO_COMMENTS]
    how = COMMENTED if comments else NO_COMMENTS if own else SILENT
    references = tuple(row.reference for row in comments or own)
    return Answer(constituency, tuple(dict.fromkeys(who)), how, references, bool(own) and all(row.late for row in own))


def no_comments(session: Session, submission: Submission, now: datetime) -> tuple[AmendmentRow, bool]:
    """Record for the requester's constituency that it has none. Returns (row, whether new): said twice, it is one.

    Raises NotAllowed for anybody who does not speak for a constituency at that table today.
    """
    meeting, person = submission.meeting, submission.requester
    spoken_for = represents_today(session, person, meeting, now)
    access.require(
        session, Ruling(bool(spoken_for), "speaks for no constituency there today"), person=person,
        what=f"no comments {meeting.uid}", now=now,
        sentence=f"{person.name} does not speak for a constituency at {meeting.known_as}.",
        hint="Only a constituency's representative can say that it has no comments.",
    )  # fmt: skip
    for row in answers_of(session, meeting.uid):
        if row.kind == Kind.NO_COMMENTS and row.constituency in spoken_for and row.state != State.WITHDRAWN:
            return row, False
    asking = Asking(kind=Kind.NO_COMMENTS, about="other")
    return submit(session, replace(submission, line=None, text=NOTHING_TO_SAY, asking=asking), now)
