"""Papers expected for a meeting's pack: which, by whom, and which have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, meetings, members
from bot.clock import spoken
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, MeetingStatus, Person
from bot.store.meeting_tables import ExpectedPaperRow, MeetingRow

EXPECTED_PAPER = "expected_paper"
NO_PACK = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)
PURPOSES = ("decision", "discussion", "information")  # what an item may be for (rules §4)
TAKEN, REFUSED = "taken", "refused"  # what the Chair says of a late paper
LONGEST_TITLE, LONGEST_NOTE = 200, 3000  # characters


@dataclass(frozen=True)
class Sent:
    """What somebody submits for a meeting: a paper, by its file ("sha256:name") or link; or an item for the agenda.

    `reference` is the expected paper that it is, where it is one. An item has a paper, or none; or one `follows`.
    """

    title: str = ""
    reference: str = ""
    purpose: str = ""
    note: str = ""
    file: str = ""
    link: str = ""
    is_item: bool = False
    follows: bool = False


def expect(
    session: Session, meeting: Meeting, title: str, author: Person, *, by: Person, now: datetime
) -> ExpectedPaperRow:
    """Put on file that the author is to send a paper: the ladder asks for it. Raises SecretariatError where none is."""
    title = " ".join(title.split())
    if not title:
        raise SecretariatError("The paper has no title.", hint="Give it: --title 'Delivery plan'")
    if meeting.status in NO_PACK:
        what = "is cancelled" if meeting.status is MeetingStatus.CANCELLED else "has an e-mail update in lieu of papers"
        raise SecretariatError(f"{meeting.group} on {meeting.on} {what}: no papers go out.", hint="Correct the date.")
    same = next((row for row in of_meeting(session, meeting.uid) if row.title.casefold() == title.casefold()), None)
    if same:
        raise SecretariatError(
            f"{same.title} is expected already, as {same.reference}.",
            hint=f"To change its author: secretariat papers withdraw {same.reference}, then expect it again.",
        )
    number = (session.scalar(select(func.max(ExpectedPaperRow.number))) or 0) + 1
    row = ExpectedPaperRow(
        reference=f"PAP-{number:03d}", number=number, meeting_uid=meeting.uid, title=title, author_id=author.id,
        expected_at=now, expected_by=by.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, now, by.name, "paper expected", row.reference, meeting=meeting.uid, title=title, author=author.name
    )
    return row


def receive(session: Session, row: ExpectedPaperRow, *, by: Person, now: datetime, link: str = "") -> None:
    """The paper has come: its author is asked no more. Raises SecretariatError where it had, or is withdrawn."""
    _refuse_settled(row)
    row.received_at, row.received_by, row.link = now, by.name, link
    audit.record(session, now, by.name, "paper received", row.reference, meeting=row.meeting_uid, link=link)
    _stop(session, row, by, now, link)


def submit(
    session: Session, meeting: Meeting, sent: Sent, *, by: Person, late: bool, now: datetime
) -> ExpectedPaperRow:
    """Take what its author submits: as the paper expected of them, as a newer version of theirs, or as another one.

    `late`: it came after the pack's clock, and waits for the Chair. Raises SecretariatError where it cannot be taken.
    """
    title = " ".join(sent.title.split())
    _refuse_unfit(sent, title)
    row = _own(session, meeting, sent.reference, by) if sent.reference else _of_title(session, meeting, title, by)
    row = row or expect(session, meeting, title, by, by=by, now=now)
    row.purpose, row.note, row.file, row.link = sent.purpose, sent.note.strip(), sent.file, sent.link
    row.is_item, row.late, row.chair_says = sent.is_item, late, ""
    event = "paper sent anew" if row.received_at else "item proposed" if sent.is_item else "paper submitted"
    if not sent.follows:
        row.received_at, row.received_by = now, by.name
        _stop(session, row, by, now, sent.link)
    audit.record(
        session, now, by.name, event, row.reference, meeting=meeting.uid, title=row.title, late=late, file=sent.file,
        link=sent.link,
    )  # fmt: skip
    session.flush()
    return row


def _refuse_unfit(sent: Sent, title: str) -> None:
    if not (title or sent.reference):
        raise SecretariatError("It has no title.", hint="Give it one.")
    if len(title) > LONGEST_TITLE or len(sent.note) > LONGEST_NOTE:
        raise SecretariatError(
            f"That is too long: {LONGEST_TITLE} characters are taken of a title, {LONGEST_NOTE:,} of a note.",
            hint="Shorten it.",
        )
    if sent.purpose not in ("", *PURPOSES):
        raise SecretariatError(f"An item is for {', '.join(PURPOSES)}.", hint="Choose one of them.")
    if not (sent.is_item or sent.file or sent.link):
        raise SecretariatError("A paper comes with its file or a link to it.", hint="Add one of them.")


def _own(session: Session, meeting: Meeting, reference: str, by: Person) -> ExpectedPaperRow:
    wanted = reference.strip().upper()
    found = [row for row in of_meeting(session, meeting.uid) if row.reference == wanted and row.author_id == by.id]
    if not found:
        raise UnknownThing(f"No paper {wanted} is expected of you for {meeting.known_as}.", hint="Choose another.")
    return found[0]


def _of_title(session: Session, meeting: Meeting, title: str, by: Person) -> ExpectedPaperRow | None:
    same = next((row for row in of_meeting(session, meeting.uid) if row.title.casefold() == title.casefold()), None)
    if same and same.author_id != by.id:
        raise SecretariatError(f"Another paper for that meeting is called {title}.", hint="Give yours another title.")
    return same


def chair_decides(
    session: Session, row: ExpectedPaperRow, says: str, *, by: Person, now: datetime, reason: str = ""
) -> None:
    """The Chair's word on a late paper: TAKEN or REFUSED. Raises SecretariatError where there is none to give."""
    if not row.late or row.withdrawn_at:
        raise SecretariatError(f"{row.reference} does not wait for the Chair.", hint="Only a late paper does.")
    if row.chair_says:
        raise SecretariatError(f"The Chair's word on {row.reference} is on file: {row.chair_says}.", hint="It stands.")
    row.chair_says = says
    audit.record(session, now, by.name, f"late paper {says}", row.reference, meeting=row.meeting_uid, reason=reason)
    session.flush()


def of_author(session: Session, person: Person, now: datetime) -> list[tuple[ExpectedPaperRow, MeetingRow]]:
    """The papers of a person for meetings still to come, sent or not; those withdrawn are left out."""
    query = select(ExpectedPaperRow, MeetingRow).join(MeetingRow, ExpectedPaperRow.meeting_uid == MeetingRow.uid)
    query = query.where(ExpectedPaperRow.author_id == person.id, ExpectedPaperRow.withdrawn_at.is_(None))
    query = query.where(MeetingRow.starts_at > now).order_by(MeetingRow.starts_at, ExpectedPaperRow.number)
    return [(row, meeting) for row, meeting in session.execute(query)]


def note_done(session: Session, reference: str, *, by: Person, now: datetime, link: str = "") -> None:
    """Somebody says by hand that a paper has come; of one that is settled already there is nothing to note."""
    row = named(session, reference)
    if row.received_at is None and row.withdrawn_at is None:
        receive(session, row, by=by, now=now, link=link)


def withdraw(session: Session, row: ExpectedPaperRow, *, by: Person, now: datetime) -> None:
    """The paper is not expected any more. Raises SecretariatError where it has come, or is withdrawn already."""
    _refuse_settled(row)
    row.withdrawn_at = now
    audit.record(session, now, by.name, "paper withdrawn", row.reference, meeting=row.meeting_uid)
    _stop(session, row, by, now, "")


def named(session: Session, reference: str) -> ExpectedPaperRow:
    """The paper of that reference, whatever became of it. Raises UnknownThing."""
    row = session.get(ExpectedPaperRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no paper {reference}.", hint="See: secretariat papers list GROUP DATE")
    return row


def of_meeting(session: Session, uid: str) -> Sequence[ExpectedPaperRow]:
    """The papers expected for a meeting, received or not; those withdrawn are left out."""
    query = select(ExpectedPaperRow).where(ExpectedPaperRow.meeting_uid == uid)
    return session.scalars(query.where(ExpectedPaperRow.withdrawn_at.is_(None)).order_by(ExpectedPaperRow.number)).all()


def missing(session: Session, uid: str) -> list[str]:
    """The papers of a meeting that have not come, with their authors: 'Delivery plan (Hamish Torvalden)'."""
    return [f"{row.title} ({author(session, row)})" for row in of_meeting(session, uid) if row.received_at is None]


def still_to_come(session: Session, now: datetime) -> list[tuple[ExpectedPaperRow, MeetingRow]]:
    """Papers not received for meetings still to come."""
    query = select(ExpectedPaperRow, MeetingRow).join(MeetingRow, ExpectedPaperRow.meeting_uid == MeetingRow.uid)
    query = query.where(ExpectedPaperRow.received_at.is_(None), ExpectedPaperRow.withdrawn_at.is_(None))
    query = query.where(MeetingRow.starts_at > now).order_by(ExpectedPaperRow.number)
    return [(row, meeting) for row, meeting in session.execute(query)]


def author(session: Session, row: ExpectedPaperRow) -> str:
    """The author's name."""
    person = members.by_id(session, row.author_id)
    return person.name if person else row.author_id


def _refuse_settled(row: ExpectedPaperRow) -> None:
    if row.received_at:
        raise SecretariatError(f"{row.reference} was received on {spoken(row.received_at)}.", hint="Nothing to do.")
    if row.withdrawn_at:
        raise SecretariatError(f"{row.reference} was withdrawn on {spoken(row.withdrawn_at)}.", hint="Expect it again.")


def _stop(session: Session, row: ExpectedPaperRow, by: Person, now: datetime, link: str) -> None:
    """What waits to be sent about it is taken back."""
    key = f"{EXPECTED_PAPER}:{row.reference}"
    meetings.meet_obligation(session, row.meeting_uid, key, at=now, by=by.name, link=link)
