"""Requests to amend a report: one ledger for Slack, mail and command; nothing dropped or counted twice (rules §5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot import access, audit, members
from bot.access import Ruling, Viewer
from bot.amendment_life import ENDED, Kind, State, What, happened, move, represents_today, words
from bot.clock import LONDON, spoken_date
from bot.errors import NotAllowed, SecretariatError, UnknownThing
from bot.meetings import as_meeting
from bot.model import Meeting, Person
from bot.report_cells import cell_named, place_or_whole, refuse_unreadable
from bot.report_lines import ReportLine, cell_of, line_of
from bot.report_words import COLUMN_WORDS
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow
from bot.store.meeting_tables import MeetingRow, ObligationRow
from bot.store.report_tables import ReportRow

REQUEST = re.compile(
    r"(?P<group>[A-Za-z][A-Za-z0-9-]*?)[ \t-]+(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[ \t,:]+(?P<line>[DAVRPdavrp]-?\d{1,3}|[A-Z][A-Z0-9-]*-(?:DEC)?\d{1,4})\b"
    r"(?:[ \t,]+(?P<cell>[A-Za-z]+(?:[ \t]+[A-Za-z]+)?)(?=[ \t]*:))?)?"
    r"\s*[:,]?\s*(?P<text>.*)",
    re.DOTALL,
)
FORM = "GROUP DATE LINE: the text as it should read (as in PSG 2024-02-07 D-01: the plan was approved subject to ...)"
CELL_FORM = "PSG 2024-02-07 A-01 owner: DNO Representative"
MOST_CHARACTERS = 40_000
NO_SUCH_REPORT = "There is no such headline report for you."


@dataclass(frozen=True)
class RequestText:
    """A request as somebody wrote it, taken apart. `line` is None where it is about the report as a whole.

    `cell` is what beside the line's words it is about: its owner, due date, outcome, time; "" its words.
    """

    group: str
    on: date
    line: str | None
    text: str
    cell: str = ""


@dataclass(frozen=True)
class Asking:
    """What is asked for beyond the text. `about` empty: as the line is. `part` counts the requests of one message.

    `in_words`: the text says what is wrong, not how the line shall read. `cell`: what is wrong stands beside the line's
    words (`bot.report_cells.AMENDABLE`).
    """

    kind: Kind = Kind.RECORD
    reason: str = ""
    about: str = ""  # decision | action | viewpoint | attendance | other
    part: int = 1
    wants_escalation: bool = False
    in_words: bool = False
    cell: str = ""


ABOUT = ("decision", "action", "viewpoint", "attendance", "other")
BY_LETTER = {"D": "decision", "A": "action", "V": "viewpoint", "P": "attendance"}


@dataclass(frozen=True)
class Submission:
    """A request on its way into the ledger. `source_key` is unique to the message that it came by."""

    meeting: Meeting
    requester: Person
    line: str | None
    text: str
    came_by: str  # slack | mail | command
    source_key: str
    closes_at: datetime | None
    asking: Asking = Asking()


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
        cell = cell_named(match["cell"] or "")
        words = match["text"] if cell or not match["cell"] else text[match.start("cell") :]
        return RequestText(match["group"].upper(), on, _tidy(line), words.strip(), cell)
    return None


def _tidy(line: str | None) -> str | None:
    """'D1' and 'D-1' are D-01."""
    short = line and re.fullmatch(r"([DAVRP])-?(\d{1,3})", line)
    return f"{short[1]}-{int(short[2]):02d}" if short else line


def submit(session: Session, submission: Submission, now: datetime) -> tuple[AmendmentRow, bool]:
    """Record a request. Returns (row, whether it is new): the same message again is the same request.

    One that arrives after the closing instant is recorded as late, for the Chair; it is never dropped.
    """
    source_key = _source_key(submission)
    known = came_by(session, source_key)
    if known:
        return known, False
    _refuse_unusable(submission)
    number = (session.scalar(select(func.max(AmendmentRow.number))) or 0) + 1
    row = _entered(session, submission, number, source_key, now)
    session.add(row)
    session.flush()
    by = submission.requester.name
    event = AmendmentEventRow(at=now, by=by, what=What.RECEIVED.value, text=row.reason, late=row.late)
    happened(session, row, event)
    audit.record(
        session, now, by, "amendment requested", row.reference, meeting=row.meeting_uid, line=place_of(row),
        by=submission.came_by, state=row.state, kind=row.kind,
    )  # fmt: skip
    return row, True


def _entered(session: Session, submission: Submission, number: int, source_key: str, now: datetime) -> AmendmentRow:
    """The row of a new request. Raises SecretariatError where the line has no such cell, or it cannot say that."""
    meeting, requester, asking = submission.meeting, submission.requester, submission.asking
    late = submission.closes_at is not None and now > submission.closes_at
    line = line_of(session, meeting.uid, submission.line) if submission.line else None
    own = represents_today(session, requester, meeting, now)
    return AmendmentRow(
        reference=f"AM-{number:03d}",
        number=number,
        meeting_uid=meeting.uid,
        line_ref=submission.line,
        cell=asking.cell,
        requester_id=requester.id,
        constituency=speaks_for(session, requester, meeting, now),
        came_by=submission.came_by,
        source_key=source_key,
        received_at=now,
        closes_at=submission.closes_at,
        late=late,
        state=(State.LATE if late else State.RECEIVED).value,
        kind=asking.kind.value,
        about=asking.about or _about(line, submission.line),
        present_text=_present(session, submission, line),
        proposed_text=submission.text,
        reason=asking.reason.strip(),
        at_seconds=line.at_seconds if line else None,
        evidence=[one.model_dump(exclude_none=True) for one in line.evidence] if line else [],
        wants_escalation=asking.wants_escalation,
        needs_word_of=_whose_view(line, own) if asking.kind is Kind.RECORD else None,
        in_words=asking.in_words and asking.kind is Kind.RECORD and submission.line is not None,
    )


def _present(session: Session, submission: Submission, line: ReportLine | None) -> str:
    """What the line, or the cell asked about, says now."""
    cell, asking = submission.asking.cell, submission.asking
    if not cell:
        return line.text if line else ""
    if line is None:
        raise UnknownThing(f"The report has no line {submission.line or ''}".strip() + ".", hint=f"As in {CELL_FORM}")
    if asking.kind is not Kind.RECORD:
        raise SecretariatError(
            f"A note or a disagreement is about the line, not its {COLUMN_WORDS.get(cell, cell)} alone.",
            hint=f"Ask about {line.ref}.",
        )
    if not asking.in_words:
        refuse_unreadable(cell, submission.text)
    return cell_of(session, submission.meeting.uid, line, cell)


def place_of(row: AmendmentRow) -> str:
    """What a request is about: 'PSG-DEC41', 'PSG27-03 owner', or 'the report as a whole'."""
    return place_or_whole(row.line_ref, row.cell)


def came_by(session: Session, source_key: str) -> AmendmentRow | None:
    """The request that a message brought, if it has come before."""
    return session.scalars(select(AmendmentRow).where(AmendmentRow.source_key == source_key)).first()


def _source_key(submission: Submission) -> str:
    """The first request of a message has the message's own key; the next ones their number too."""
    part = submission.asking.part
    return submission.source_key if part == 1 else f"{submission.source_key}#{part}"


def _refuse_unusable(submission: Submission) -> None:
    asking = submission.asking
    if not submission.text.strip():
        raise SecretariatError("The request says nothing yet.", hint=f"Write it as: {FORM}")
    if asking.about and asking.about not in ABOUT:
        raise SecretariatError(f"A request is not about {asking.about}.", hint=f"About: {', '.join(ABOUT)}.")
    for text, what in ((submission.text, "request"), (asking.reason, "reason")):
        _refuse_too_long(text, what)


def _refuse_too_long(text: str, what: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise SecretariatError(
            f"The {what} is {len(text)} characters long; {MOST_CHARACTERS} are taken.",
            hint="Shorten it, or send the rest as a second request.",
        )


def speaks_for(session: Session, person: Person, meeting: Meeting, now: datetime) -> str | None:
    """The constituency for which somebody asks: the one they hold a seat for today, else on the day of the meeting."""
    days = (now.astimezone(LONDON).date(), meeting.on)
    held = (members.constituency_of(session, person.id, key, on) for on in days for key in meeting.groups)
    return next(filter(None, held), None)


def _about(line: ReportLine | None, ref: str | None) -> str:
    by_letter = BY_LETTER.get(ref[0].upper()) if ref and re.fullmatch(r"[DAVP]-\d+", ref) else None
    kind = line.kind if line else by_letter or "other"
    return kind if kind in ABOUT else "other"


def _whose_view(line: ReportLine | None, own: Collection[str]) -> str | None:
    """The constituency whose recorded view would be changed by somebody else: that needs its word (rules §5)."""
    if line is None or line.kind != "viewpoint" or line.constituency in own:
        return None
    return line.constituency


def withdraw(session: Session, row: AmendmentRow, *, by: Person, now: datetime, reason: str = "") -> None:
    """The requester takes a request back, while it is not decided. Raises NotAllowed for anybody else."""
    _refuse_other_than_requester(row, by)
    move(session, row, State.WITHDRAWN, by=by, now=now, reason=reason)


def add_to(
    session: Session, row: AmendmentRow, text: str, *, by: Person, now: datetime, closes_at: datetime | None,
    source_key: str | None = None,
) -> AmendmentEventRow:  # fmt: skip
    """The requester adds to an open request; after `closes_at` it is kept as a late addition. Raises SecretariatError.

    The same message (`source_key`) again is the same addition.
    """
    _refuse_other_than_requester(row, by)
    same = select(AmendmentEventRow).where(AmendmentEventRow.source_key == source_key)
    known = session.scalars(same).first() if source_key else None
    if known:
        return known
    if row.state in ENDED or row.kind == Kind.NO_COMMENTS:
        raise SecretariatError(
            f"{row.reference} is {words(row.state if row.state in ENDED else row.kind)}: nothing can be added to it.",
            hint="Please make a new request.",
        )
    if not text.strip():
        raise SecretariatError("The addition says nothing yet.", hint="Write what is to be added.")
    _refuse_too_long(text, "addition")
    late = closes_at is not None and now > closes_at
    event = AmendmentEventRow(at=now, by=by.name, what=What.ADDITION.value, text=text, late=late, source_key=source_key)
    audit.record(session, now, by.name, "amendment added to", row.reference, late=late)
    return happened(session, row, event)


def _refuse_other_than_requester(row: AmendmentRow, by: Person) -> None:
    if by.id != row.requester_id:
        raise NotAllowed(f"{row.reference} is not {by.name}'s request.", hint="Only whoever asked may change it.")


def named(session: Session, reference: str) -> AmendmentRow:
    """The request of that reference, whatever its case. Raises UnknownThing."""
    row = session.get(AmendmentRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no request {reference}.", hint="See: secretariat amendments")
    return row


def own(session: Session, reference: str, person: Person, now: datetime) -> AmendmentRow:
    """The person's own request of that reference. Another's, and none, are refused with the same sentence."""
    reference = reference.strip().upper()
    row = session.get(AmendmentRow, reference)
    sentence, hint = f"You have no request {reference[:40]}.", "See your own: requests"
    if row is None:
        raise UnknownThing(sentence, hint=hint)
    mine = Ruling(row.requester_id == person.id, "somebody else's request")
    access.require(session, mine, person=person, what=f"request {reference}", now=now, sentence=sentence, hint=hint)
    return row


def reports_to_amend(viewer: Viewer, words: str = "", *, most: int = 100) -> list[Meeting]:
    """The meetings with an issued report that the viewer may see and whose name and date hold the words; newest first.

    Also those whose report was issued outside the bot: then there are no lines to choose from.
    """
    issued = select(ReportRow.meeting_uid)
    elsewhere = select(ObligationRow.meeting_uid).where(ObligationRow.clock == "headline_report")
    query = select(MeetingRow).where(or_(MeetingRow.uid.in_(issued), MeetingRow.uid.in_(elsewhere)))
    found: list[Meeting] = []
    for row in viewer.session.scalars(query.order_by(MeetingRow.starts_at.desc(), MeetingRow.uid)):
        meeting = as_meeting(row)
        named = f"{meeting.known_as} {spoken_date(meeting.on)} {meeting.on}".casefold()
        if all(word in named for word in words.casefold().split()) and viewer.sees(access.Kind.REPORT, meeting):
            found.append(meeting)
        if len(found) == most:
            break
    return found


def require_open(viewer: Viewer, meeting: Meeting, now: datetime) -> None:
    """Go on where the viewer may ask to amend the meeting's report. Raises NotAllowed, and keeps it in the audit."""
    access.require(
        viewer.session, viewer.ruling(access.Kind.REPORT, meeting), person=viewer.person,
        what=f"amend report {meeting.uid}", now=now, sentence=NO_SUCH_REPORT, hint="Choose another.",
    )  # fmt: skip


def of_person(session: Session, person_id: str) -> list[AmendmentRow]:
    """What somebody has asked for or answered, the newest first."""
    query = select(AmendmentRow).where(AmendmentRow.requester_id == person_id)
    return list(session.scalars(query.order_by(AmendmentRow.number.desc())))


def of_meeting(session: Session, meeting_uid: str) -> list[AmendmentRow]:
    """Every request about a meeting's report, in order of arrival; "no comments" asks for nothing, and is none."""
    return [row for row in answers_of(session, meeting_uid) if row.kind != Kind.NO_COMMENTS]


def answers_of(session: Session, meeting_uid: str) -> list[AmendmentRow]:
    """The requests about a meeting's report and each "no comments", in order of arrival."""
    return list(session.scalars(_about_report(meeting_uid)))


def _about_report(meeting_uid: str) -> Select[AmendmentRow]:
    return select(AmendmentRow).where(AmendmentRow.meeting_uid == meeting_uid).order_by(AmendmentRow.number)


def may_change_report(session: Session, meeting_uid: str) -> list[AmendmentRow]:
    """Those that lead to an amended report, or may yet: not rejected, not withdrawn, and no disagreement."""
    asked = of_meeting(session, meeting_uid)
    gone = (State.REJECTED, State.WITHDRAWN)
    return [row for row in asked if row.kind != Kind.DISAGREEMENT and row.state not in gone]
