"""The Chair answers our mail with the draft: plain assent clears it, anything else waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import clearances, meetings
from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.model import Meeting, Person
from bot.report_life import ReportState
from bot.store.database import Database
from bot.store.draft_tables import ClearanceRow, DraftRow
from bot.store.outbox_tables import OutboxRow
from handlers.mail.findings import What
from handlers.mail.known import Known, RepliedTo
from schedules.clearing import send_to_chair
from tests.issued_desk import DRAFT
from tests.mail_room import PMO, MailRoom
from tests.test_mail_acting import ASSISTANT, assistant_of, put_on_file
from tests.test_mail_understanding import MARGUERITE, PSG_FEB, found, known, seat

__all__ = ["known"]  # a fixture
CHAIR = "Marguerite Oyelaran"
NOW = datetime(2024, 2, 8, 10, tzinfo=UTC)
TO_CLEAR = RepliedTo("d" * 32, "clearance", PSG_FEB.uid, "PSG: draft headline report for your clearance")


@pytest.fixture
def asked(known: Known) -> Known:
    """The Chair, who answers our mail with the draft."""
    chair = seat(MARGUERITE, "PSG", "chair", "SRO as Chair")
    return replace(known, sender=MARGUERITE, seats=(chair,), notice=TO_CLEAR, people=(*known.people, MARGUERITE))


@pytest.mark.parametrize(
    "body",
    [
        "Cleared", "cleared, thank you.", "I agree.", "Agreed", "Yes, happy with it.\n\nMarguerite",
        "Approved for issue!",
        "Hi Tobias,\n\nThe report is cleared. Many thanks.\n\nKind regards\nMarguerite Oyelaran", "OK to issue",
        "I am content with the draft.\nSent from my iPhone",
    ],
)  # fmt: skip
def test_plain_assent_clears(asked: Known, body: str) -> None:
    [one] = found(asked, body)
    assert (one.what, one.certain, one.group, one.on) == (What.CLEARANCE, True, "PSG", PSG_FEB.on)


@pytest.mark.parametrize(
    "body",
    [
        "Cleared, but D-02 should say noted.", "I do not agree.", "Not cleared.", "Cleared subject to D-02.",
        "Cleared?", "It is clear that D-02 is wrong.", "Agreed, once the actions have owners.",
        "Cleared. Please change the date in A-01.", "Who wrote D-01?",
    ],
)  # fmt: skip
def test_whatever_else_the_chair_says_is_for_a_person(asked: Known, body: str) -> None:
    [one] = found(asked, body)
    assert (one.what, one.certain) == (What.UNCLEAR, False)
    assert "The Chair answers on the draft report of PSG" in one.reason


def test_nobody_else_clears_and_no_other_mail_does(asked: Known) -> None:
    member = replace(asked, seats=(seat(MARGUERITE, "PSG"),))
    assert What.CLEARANCE not in {one.what for one in found(member, "Cleared.")}
    elsewhere = replace(asked, seats=(seat(MARGUERITE, "DAG", "chair"),))
    assert What.CLEARANCE not in {one.what for one in found(elsewhere, "Cleared.")}
    assert What.CLEARANCE not in {one.what for one in found(replace(asked, notice=None), "Cleared.")}
    subject = "RE: PSG: draft headline report of 7 February for your clearance (PSG-2024-02-07)"
    [one] = found(replace(asked, notice=None), "Cleared.", subject)
    assert one.what is What.CLEARANCE, "a mail program that keeps no thread"


# ----------------------------------------------------------------------------------------------------------- as in life


@pytest.fixture
def room(database: Database, config: Config, people: dict[str, Person], tmp_path: Path) -> MailRoom:
    """The draft of the PSG of 7 February is with the Chair."""
    assert people
    made = MailRoom(database, config, ContentFolder(tmp_path / "content"), now=NOW)
    with database.session() as session:
        meeting = made.calendar.meeting_on("PSG", PSG_FEB.on)
        assert meeting
        meetings.keep(session, [meeting])
        sha256 = made.files.put(b"PK the draft")
        session.add(DraftRow(id="PSG-2024-02-07-draft-1", meeting_uid=meeting.uid, version=1, made_at=NOW,
                             content=DRAFT.model_dump_json(), document_sha256=sha256))  # fmt: skip
        session.flush()
        send_to_chair(session, made.announcer, meeting, by=people[PMO], now=NOW)
    return made


def held(room: MailRoom) -> Meeting:
    with room.database.reading() as session:
        found = meetings.by_uid(session, "psg-2024-02-07@mhhsprogramme.co.uk")
        assert found
        return found


def answers(room: MailRoom, body: str, sender: str = CHAIR) -> str:
    """A reply in the thread of the newest mail to the Chair."""
    with room.database.reading() as session:
        notice = session.scalars(select(OutboxRow).where(OutboxRow.clock == "clearance")).all()[-1]
    room.came_so_far += 1
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{sender} <{sender.lower().replace(' ', '.')}@example.org>", "pmo@mhhsprogramme.co.uk"
    mail["Subject"], mail["Message-ID"] = f"RE: {notice.subject}", f"<c{room.came_so_far}@example.org>"
    mail["In-Reply-To"] = f"<{notice.id}@{room.config.programme.domain}>"
    mail.set_content(body)
    return room.work(mail.as_bytes(), None)


def state(room: MailRoom) -> ReportState:
    with room.database.reading() as session:
        return clearances.standing_of(session, held(room).uid).state


def test_the_chairs_word_clears_and_the_secretary_is_told(room: MailRoom) -> None:
    assert state(room) is ReportState.WITH_CHAIR
    key = answers(room, "Cleared, thank you.")
    assert state(room) is ReportState.CLEARED
    [row] = room.rows(ClearanceRow)
    assert (row.answered_by, row.answered_how, row.subject_to_review) == (CHAIR, "mail", False)
    told = [row for row in room.rows(OutboxRow) if row.clock == "clearance_given"]
    assert {row.recipient_name for row in told} >= {PMO}
    assert room.said() == [], "the Chair gets no automatic answer"
    assert room.message(key).state == "done"
    [proposal] = room.proposals(key)
    room.undo(proposal.reference, "It was about another report.")
    assert state(room) is ReportState.WITH_CHAIR


def test_an_assistant_on_file_answers_for_the_chair_and_nobody_else_does(room: MailRoom) -> None:
    put_on_file(room, assistant_of(CHAIR))
    answers(room, "Cleared.", sender="Harriet Bassington")
    assert state(room) is ReportState.WITH_CHAIR
    answers(room, "The report is cleared.", sender=ASSISTANT)
    assert state(room) is ReportState.CLEARED
    assert room.rows(ClearanceRow)[0].answered_by == CHAIR


def test_a_change_asked_for_waits_for_the_pmo(room: MailRoom) -> None:
    key = answers(room, "Cleared, but D-02 should say that it was noted.")
    assert state(room) is ReportState.WITH_CHAIR
    assert room.message(key).state == "needs_a_person"
