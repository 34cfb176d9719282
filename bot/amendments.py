"""Amendment requests: one ledger for Slack and mail, nothing dropped, nothing counted twice (rules §5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot import audit, drafts, members, reports
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.store.tables import ActionRow, AmendmentRow, DecisionRow, DraftLineRow

REQUEST = re.compile(
    r"(?P<group>[A-Za-z][A-Za-z0-9-]*?)[ \t-]+(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[ \t,:]+(?P<line>[DAVRPdavrp]-?\d{1,3}|[A-Z][A-Z0-9-]*-(?:DEC)?\d{1,4})\b)?"
    r"\s*[:,]?\s*(?P<text>.*)",
    re.DOTALL,
)
FORM = "GROUP DATE LINE: the text as it should read (as in PSG 2024-02-07 D-01: the plan was approved subject to ...)"
MOST_CHARACTERS = 40_000


@dataclass(frozen=True)
class RequestText:
    """A request as somebody wrote it, taken apart. `line` is None where it is about the report as a whole."""

    group: str
    on: date
    line: str | None
    text: str


@dataclass(frozen=True)
class Submission:
    """A request on its way into the ledger. `source_key` is unique to the message that it came by."""

    meeting: Meeting
    requester: Person
    line: str | None
    text: str
    came_by: str  # slack | mail
    source_key: str
    closes_at: datetime | None


def read_request(text: str, groups: Iterable[str] | None = None) -> RequestText | None:
    """Find `GROUP DATE [LINE]: text` in a text, wherever it begins; None where there is none.

    With `groups`, only a known group counts ("the meeting on 2024-02-07" names none); otherwise any word before a date.
    """
    known = None if groups is None else {group.casefold() for group in groups}
    for match in REQUEST.finditer(text):
        if known is not None and match["group"].casefold() not in known:
            continue
        try:
            on = date.fromisoformat(match["date"])
        except ValueError:
            continue
        line = match["line"].upper() if match["line"] else None
        return RequestText(match["group"].upper(), on, _tidy(line), match["text"].strip())
    return None


def _tidy(line: str | None) -> str | None:
    """'D1' and 'D-1' are D-01."""
    short = line and re.fullmatch(r"([DAVRP])-?(\d{1,3})", line)
    return f"{short[1]}-{int(short[2]):02d}" if short else line


def submit(session: Session, submission: Submission, now: datetime) -> tuple[AmendmentRow, bool]:
    """Record a request. Returns (row, whether it is new): the same message again is the same request.

    One that arrives after the closing instant is recorded as late, for the Chair; it is never dropped.
    """
    same = select(AmendmentRow).where(AmendmentRow.source_key == submission.source_key)
    known = session.scalars(same).first()
    if known:
        return known, False
    _refuse_unusable(submission)
    number = (session.scalar(select(func.max(AmendmentRow.number))) or 0) + 1
    meeting, requester = submission.meeting, submission.requester
    late = submission.closes_at is not None and now > submission.closes_at
    row = AmendmentRow(
        reference=f"AM-{number:03d}",
        number=number,
        meeting_uid=meeting.uid,
        line_ref=submission.line,
        requester_id=requester.id,
        constituency=members.constituency_of(session, requester.id, meeting.group, meeting.on),
        came_by=submission.came_by,
        source_key=submission.source_key,
        received_at=now,
        closes_at=submission.closes_at,
        state="late" if late else "received",
        present_text=present_text(session, meeting.uid, submission.line),
        proposed_text=submission.text,
    )
    session.add(row)
    audit.record(
        session, now, requester.name, "amendment requested", row.reference, meeting=meeting.uid, line=submission.line,
        by=submission.came_by, state=row.state,
    )  # fmt: skip
    return row, True


def _refuse_unusable(submission: Submission) -> None:
    if not submission.text.strip():
        raise SecretariatError("The request says nothing yet.", hint=f"Write it as: {FORM}")
    if len(submission.text) > MOST_CHARACTERS:
        raise SecretariatError(
            f"The request is {len(submission.text)} characters long; {MOST_CHARACTERS} are taken.",
            hint="Shorten it, or send the rest as a second request.",
        )


def present_text(session: Session, meeting_uid: str, line: str | None) -> str:
    """What the line says now: as issued, else as drafted; empty where there is no such line."""
    if line is None:
        return ""
    issued = reports.latest(session, meeting_uid)
    if issued:
        decision = _logged(DecisionRow, issued.id, line)
        action = _logged(ActionRow, issued.id, line)
        found: str | None = session.scalars(decision).first() or session.scalars(action).first()
        if found:
            return found
    draft = drafts.latest(session, meeting_uid)
    if draft is None:
        return ""
    query = select(DraftLineRow.text).where(DraftLineRow.draft_id == draft.id, DraftLineRow.ref == line)
    return session.scalars(query).first() or ""


def _logged(log: type[DecisionRow] | type[ActionRow], report_id: str, line: str) -> Select[str]:
    """The text of a line in a log, by its own reference or by the one it had in the draft."""
    return select(log.text).where(log.report_id == report_id, or_(log.reference == line, log.draft_ref == line))


def of_meeting(session: Session, meeting_uid: str) -> list[AmendmentRow]:
    """Every request about a meeting's report, in order of arrival."""
    query = select(AmendmentRow).where(AmendmentRow.meeting_uid == meeting_uid)
    return list(session.scalars(query.order_by(AmendmentRow.number)))
