"""Papers expected for a meeting's pack: which, by whom, and which have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, meetings, members
from bot.clock import spoken
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, MeetingStatus, Person
from bot.store.tables import ExpectedPaperRow, MeetingRow

EXPECTED_PAPER = "expected_paper"
NO_PACK = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)


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
