"""An issued report that came back marked up, whichever way: its lines go into the one ledger, or wait for a person.

Mail has a queue of its own for what is in doubt; everything else that waits stands on the document's row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, amendments, audit, marked_requests, meetings, members
from bot.access import Deed, Viewer
from bot.amendment_life import Kind
from bot.amendments import Asking, Submission
from bot.clock import LONDON
from bot.errors import SecretariatError, StateUnusable, UnknownThing
from bot.marked_requests import Marked, MarkedUp
from bot.model import Meeting, Notice, Person
from bot.ports import ContentFiles, DocumentWriter
from bot.store.amendment_tables import AmendmentRow, MarkedDocumentRow
from bot.store.database import afterwards
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportRow
from handlers.mail.amendment_words import wording
from handlers.requests import enter
from schedules.announcements import Announcer

WAITING, ENTERED, KNOWN, LEFT = "waiting", "entered", "known", "left"
USEFUL_FOR = timedelta(days=28)
AT_THEIR_DOOR = ("slack",)  # where whoever sent it reads the answer; elsewhere a receipt goes to them
LONGEST_NAME = 255


@dataclass(frozen=True)
class Came:
    """How a document came: by which door (slack, page, command), and under what name."""

    by: str
    name: str


@dataclass(frozen=True)
class Reader:
    """What a marked-up report is read with."""

    announcer: Announcer
    writer: DocumentWriter

    @property
    def files(self) -> ContentFiles:
        """Where it is kept. Raises SecretariatError in a rehearsal, which keeps none."""
        if self.announcer.files is None:
            raise SecretariatError("Nothing is kept in a rehearsal.", hint="Give the document in as it is.")
        return self.announcer.files

    def read(
        self, session: Session, content: bytes, who: Person, now: datetime, *, of: Meeting | None = None
    ) -> MarkedUp:
        """What it asks for in that person's name. Raises SecretariatError, with a sentence; the file is kept."""
        viewer = Viewer(session, self.announcer.config, who, now.astimezone(LONDON).date())
        return marked_requests.asked_for(viewer, self.files, self.writer, content, now, of=of)


def from_document(
    session: Session, announcer: Announcer, writer: DocumentWriter, content: bytes, who: Person, came: Came,
    now: datetime, *, of: Meeting | None = None,
) -> MarkedDocumentRow:  # fmt: skip
    """Enter what a marked-up report asks for, in the caller's transaction; what is in doubt waits on its row.

    The same document of the same person is read once. Raises SecretariatError, with a sentence, where nothing of it can
    be taken: nothing is changed then, but that it came and why it waits is kept whatever is undone.
    """
    reader = Reader(announcer, writer)
    row = _row(session, reader.files, content, who, came, now)
    if row.report_id is not None:
        return row
    try:
        with session.begin_nested():
            _take_in(session, announcer, row, reader.read(session, content, who, now, of=of), who, now)
    except StateUnusable:
        raise
    except SecretariatError as error:
        refused = partial(keep_refused, files=reader.files, content=content, who=who, came=came, now=now)
        afterwards(session, partial(refused, why=str(error)))
        raise
    return row


def _take_in(
    session: Session, announcer: Announcer, row: MarkedDocumentRow, found: MarkedUp, who: Person, now: datetime
) -> None:
    row.report_id, row.notes, row.refused = found.sent, list(found.notes), ""
    row.lines = [asdict(line) | {"became": WAITING, "reference": ""} for line in found.lines]
    session.add(row)
    session.flush()
    entered = [_enter(session, announcer, row, number, now) for number in _certain(row)]
    _settle(row)
    audit.record(
        session, now, who.name, "marked-up report read", found.sent, document=row.sha256, by=row.came_by,
        requests=[request.reference for request in entered], waiting=len(waiting_lines(row)),
    )  # fmt: skip
    if entered and row.came_by not in AT_THEIR_DOOR:
        _receipt(session, announcer, row, entered, who, now)


def _row(
    session: Session, files: ContentFiles, content: bytes, who: Person, came: Came, now: datetime
) -> MarkedDocumentRow:
    """The document's row: the one that it has, or a new one, not on file yet. The file is kept."""
    digest = sha256(content).hexdigest()
    key = f"{digest}:{who.id}"
    query = select(MarkedDocumentRow).where(MarkedDocumentRow.source_key == key)
    known = session.scalars(query).first()
    if known:
        return known
    files.put(content)
    return MarkedDocumentRow(
        source_key=key, sha256=digest, name=came.name[:LONGEST_NAME], sender_id=who.id, came_by=came.by, came_at=now,
        report_id=None, lines=[], notes=[], waits=True, refused="",
    )  # fmt: skip


def keep_refused(
    session: Session, *, files: ContentFiles, content: bytes, who: Person, came: Came, now: datetime, why: str
) -> None:
    """Keep a document of which nothing could be taken, with the reason: it waits for a person."""
    row = _row(session, files, content, who, came, now)
    if row.report_id is not None:
        return
    row.refused, row.waits = why, True
    session.add(row)
    audit.record(session, now, who.name, "marked-up report not read", came.name[:200], document=row.sha256, why=why)


def _certain(row: MarkedDocumentRow) -> Iterator[int]:
    """The lines that nobody need be asked about; those that are asked for already are marked so."""
    for number, line in enumerate(row.lines):
        if line["known"]:
            _became(row, number, KNOWN, line["known"])
        elif not line["doubt"]:
            yield number


def _enter(session: Session, announcer: Announcer, row: MarkedDocumentRow, number: int, now: datetime) -> AmendmentRow:
    line, who = marked(row, number), members.by_id(session, row.sender_id)
    report = session.get(ReportRow, row.report_id) if row.report_id else None
    if who is None or report is None:
        raise UnknownThing("Whoever sent it, or the report, is no longer on file.", hint="Restore a backup.")
    meeting = meetings.as_meeting(session.get_one(MeetingRow, report.meeting_uid))
    kind = nature(line)
    asking = Asking(
        kind, line.reason, line.about, number + 1, wants_escalation=kind is Kind.DISAGREEMENT, in_words=line.in_words,
        cell=line.cell,
    )  # fmt: skip
    closes_at = announcer.window_of(session, meeting)
    submission = Submission(
        meeting, who, line.line, line.proposed, row.came_by, f"word:{row.source_key}", closes_at, asking
    )
    request = enter(session, announcer, submission, now)
    _became(row, number, ENTERED, request.reference)
    return request


def nature(line: Marked) -> Kind:
    """Which of the three it is (rules §5): rewording corrects the record; a comment alone says it in its own words."""
    return wording(line.proposed).nature if line.is_remark else Kind.RECORD


def marked(row: MarkedDocumentRow, number: int) -> Marked:
    """One of its lines. Raises UnknownThing where it has none of that number (from 0)."""
    if not 0 <= number < len(row.lines):
        raise UnknownThing(f"The document has no line {number + 1}.", hint="Look at it again.")
    kept: Mapping[str, Any] = row.lines[number]
    return Marked(**{name: kept[name] for name in Marked.__dataclass_fields__ if name in kept})


def waiting_lines(row: MarkedDocumentRow) -> list[int]:
    """The numbers of the lines that a person is asked about."""
    return [number for number, line in enumerate(row.lines) if line["became"] == WAITING]


def _became(row: MarkedDocumentRow, number: int, became: str, reference: str = "") -> None:
    """JSON is written anew: SQLAlchemy does not see into it."""
    row.lines = [
        line | {"became": became, "reference": reference} if at == number else line for at, line in enumerate(row.lines)
    ]


def _settle(row: MarkedDocumentRow) -> None:
    row.waits = bool(row.refused) or bool(waiting_lines(row))


def _receipt(
    session: Session, announcer: Announcer, row: MarkedDocumentRow, entered: Sequence[AmendmentRow], who: Person,
    now: datetime,
) -> None:  # fmt: skip
    """One letter with the receipt of each request, as by mail."""
    meeting = meetings.as_meeting(session.get_one(MeetingRow, entered[0].meeting_uid))
    said = [announcer.receipt_text(request, meeting) for request in entered]
    more = f" (and {len(said) - 1} more)" if said[1:] else ""
    names = ", ".join(request.reference for request in entered)
    notice = Notice(
        meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="amendment",
        step=f"marked_{row.id}_{entered[0].reference}", recipient=who.id, group=meeting.group, kind="receipt",
        subject=f"{said[0][0]}{more}", text="\n\n".join(text.strip() for _, text in said) + "\n",
        why=f"{names} came in a marked-up report; whoever asks is answered.", due_at=now, not_after=now + USEFUL_FOR,
    )  # fmt: skip
    announcer.queue_receipt(session, notice, who.name, now)


# ------------------------------------------------------------------------------------------------- a person's word


def waiting(session: Session) -> list[MarkedDocumentRow]:
    """The documents that wait for a person, the oldest first."""
    query = select(MarkedDocumentRow).where(MarkedDocumentRow.waits).order_by(MarkedDocumentRow.id)
    return list(session.scalars(query))


def named(session: Session, number: int) -> MarkedDocumentRow:
    """The document of that number. Raises UnknownThing."""
    row = session.get(MarkedDocumentRow, number)
    if row is None:
        raise UnknownThing(f"There is no marked-up document {number}.", hint="See: secretariat amendments marked")
    return row


def decide(
    session: Session, announcer: Announcer, row: MarkedDocumentRow, enter_these: Sequence[int], leave: Sequence[int],
    *, by: Person, now: datetime,
) -> list[AmendmentRow]:  # fmt: skip
    """A person of the PMO has lines that waited entered in the sender's name, or left. Returns those entered.

    Raises NotAllowed for anybody else, SecretariatError for a line that does not wait.
    """
    access.require_deed(session, by, Deed.REVIEW, now, hint="Only the PMO decides what waits.")
    asked = [*enter_these, *leave]
    if not set(asked) <= set(waiting_lines(row)) or len(asked) != len(set(asked)):
        raise SecretariatError("One of these lines does not wait any longer.", hint="Look at the document again.")
    entered = [_enter(session, announcer, row, number, now) for number in enter_these]
    for number in leave:
        _became(row, number, LEFT)
    _settle(row)
    audit.record(
        session, now, by.name, "marked-up lines decided", row.report_id or row.name[:200], document=row.sha256,
        requests=[request.reference for request in entered], left=[number + 1 for number in leave],
    )  # fmt: skip
    who = members.by_id(session, row.sender_id)
    if entered and who:
        _receipt(session, announcer, row, entered, who, now)
    return entered


def seen_to(session: Session, row: MarkedDocumentRow, *, by: Person, now: datetime) -> None:
    """A person has seen to a document of which nothing could be read, or leaves all that waits of it."""
    access.require_deed(session, by, Deed.REVIEW, now, hint="Only the PMO decides what waits.")
    for number in waiting_lines(row):
        _became(row, number, LEFT)
    row.waits = False
    audit.record(session, now, by.name, "marked-up report seen to", row.name[:200], document=row.sha256)


def said(session: Session, row: MarkedDocumentRow) -> list[str]:
    """What became of it, a sentence each: for the answer in Slack, on the page and at a terminal."""
    if row.refused:
        return [row.refused, "The file is kept, and nothing was changed."]
    return [*row.notes, *(_said(session, number, line) for number, line in enumerate(row.lines, 1))]


def _said(session: Session, number: int, line: Mapping[str, Any]) -> str:
    where, text = line["line"] or "the report as a whole", line["proposed"]
    if line["became"] == ENTERED:
        request = amendments.named(session, line["reference"])
        late = " It came after requests had closed, and is marked late." if request.late else ""
        return f"{request.reference}: {where}: {text}{late}"
    if line["became"] == KNOWN:
        return f"{where}: {line['reference']} asks for the same already."
    if line["became"] == LEFT:
        return f"{where}: left as it is: {text}"
    return f"Line {number} waits for a person: {where}: {text} {line['doubt']}"
