"""A person's word on mail: what waits is accepted, changed, rejected; what was done is undone, each by its inverse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from bot import amendments, apologies, mail_proposals, members, queries
from bot.adapters.content_files import ContentFolder
from bot.amendment_life import State
from bot.config import Config
from bot.errors import SecretariatError, UnknownThing
from bot.model import OutboxState, Person
from bot.reviews import Verdict
from bot.store.amendment_tables import AmendmentRow
from bot.store.columns import Table
from bot.store.database import Database
from bot.store.draft_tables import ClearanceRow
from bot.store.meeting_tables import ApologyRow, ExpectedPaperRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from bot.store.query_tables import QueryRow
from bot.store.report_tables import ActionNoteRow, ActionRow
from handlers.mail.findings import Finding, What
from handlers.requests import review_request
from schedules.finding import find_meeting
from tests.mail_room import AMENDMENT, HARRIET, LATE, LEAD, MAGNUS, MARCH, PMO, PSG, MailRoom, found
from tests.test_logs import put_action, put_report

PLAN = ("Delivery plan.pdf", b"%PDF-1.7 the plan")
NOTICE = "a" * 32
STANDS = {
    ApologyRow: "withdrawn_at",
    ExpectedPaperRow: "withdrawn_at",
}  # what tells a row of these that holds no longer


@pytest.fixture
def room(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> MailRoom:
    room = MailRoom(database, config, ContentFolder(tmp_path / "content"))
    with database.session() as session:
        report = put_report(session, {name: members.named(session, name) for name in (LEAD, PMO, HARRIET)}, "PSG", PSG)
        put_action(session, "PSG27-03", report, "Circulate the plan", HARRIET)
    return room


def remind(room: MailRoom, clock: str, recipient: str, uid: str = "psg-2024-03-06@mhhsprogramme.co.uk") -> None:
    """A reminder of ours that was sent."""
    with room.database.session() as session:
        find_meeting(session, room.announcer.calendar, "PSG", MARCH)
        person = members.named(session, recipient)
        session.add(
            OutboxRow(
                id=NOTICE, meeting_uid=uid, meeting_revision=0, clock=clock, step="today", recipient=person.id,
                recipient_name=person.name, group_key="PSG", kind="pmo_reminder", subject="Papers", text="Papers",
                why="", due_at=room.now - timedelta(days=1), decided_at=room.now - timedelta(days=1), state="sent",
                next_try_at=room.now,
            )
        )  # fmt: skip


def ledgers(room: MailRoom) -> dict[str, list[Any]]:
    """All that the ledgers hold to be so. What was withdrawn holds no longer."""
    kept: dict[str, list[Any]] = {}
    tables: list[type[Table]] = [ActionNoteRow, ActionRow, ClearanceRow, ObligationRow, SeatHoldingRow]
    for table in tables:
        columns = [column.key for column in inspect(table).columns]
        kept[table.__tablename__] = sorted(str([getattr(row, c) for c in columns]) for row in room.rows(table))
    kept["apologies"] = sorted(f"{r.person_id} {r.alternate_id}" for r in room.rows(ApologyRow) if not r.withdrawn_at)
    kept["papers"] = [f"{r.title} {r.file} {r.late}" for r in room.rows(ExpectedPaperRow) if not r.withdrawn_at]
    kept["requests"] = [r.reference for r in room.rows(AmendmentRow) if r.state != State.WITHDRAWN]
    kept["queries"] = [r.reference for r in room.rows(QueryRow) if r.state != queries.WITHDRAWN]
    kept["obligations"] = [
        o for o in kept["obligations"] if not any(word in o for word in ("request:", "apology:", "expected_paper:"))
    ]  # nobody is to be asked about what was withdrawn
    return kept


DEEDS: dict[str, Finding] = {
    "amendment": AMENDMENT,
    "no comments": found(What.NO_COMMENTS, group="PSG", on=PSG),
    "apology": found(What.APOLOGY, group="PSG", on=MARCH),
    "apology and alternate": found(What.APOLOGY, group="PSG", on=MARCH, who=MAGNUS),
    "apology and newcomer": found(What.APOLOGY, group="PSG", on=MARCH, who="Newt Cumber <newt@example.org>"),
    "paper": found(What.PAPER, group="PSG", on=MARCH, files=(PLAN[0],)),
    "agenda item": found(What.AGENDA_ITEM, group="PSG", on=MARCH, proposed_text="The plan"),
    "action update": found(What.ACTION_UPDATE, line="PSG27-03", state="open"),
    "action done": found(What.ACTION_UPDATE, line="PSG27-03", state="done"),
    "done": found(What.DONE, notice_id=NOTICE, words="Done."),
    "nomination": found(What.NOMINATION, group="PSG", who="Newt Cumber <newt@example.org>"),
    "query": found(What.QUERY, words="How is testing going?"),
    "for a person": found(What.FOR_A_PERSON, words="A complaint."),
    "by hand": found(What.UNCLEAR),
}


@pytest.mark.parametrize("name", DEEDS)
def test_each_deed_is_undone_by_its_own_inverse(room: MailRoom, name: str) -> None:
    """The ledgers stand as before; done once more, they stand as after it was done first."""
    remind(room, "papers", PMO)
    before = ledgers(room)
    finding = DEEDS[name]
    room.came(Finding(**{**finding.__dict__, "certain": False}), files=[PLAN])
    first = room.proposals()[0]
    said = "" if first.state == "done" else room.accept(first.reference)
    after = ledgers(room)
    assert (after == before) == (name == "by hand"), said
    room.undo(first.reference, "By mistake.")
    assert ledgers(room) == before
    kept = room.proposals()[0]
    assert (kept.state, kept.decided_by, kept.note) == ("undone", PMO, "By mistake.")
    assert {p.state for p in room.proposals()[1:]} <= {"rejected"}, "what waited because of it falls away"
    room.accept(first.reference)
    assert _shape(ledgers(room)) == _shape(after)


def _shape(kept: dict[str, list[Any]]) -> dict[str, int]:
    return {name: len(rows) for name, rows in kept.items()}


def test_undone_before_it_went_a_receipt_is_not_sent(room: MailRoom) -> None:
    room.came(AMENDMENT)
    room.undo("M-001")
    [receipt] = room.said()
    assert (receipt.state, receipt.state_reason) == (OutboxState.SUPPRESSED, f"undone by {PMO}")
    assert room.said("correction") == []


def test_whoever_had_the_receipt_is_told_that_it_holds_no_longer(room: MailRoom) -> None:
    room.came(AMENDMENT)
    with room.database.session() as session:
        session.query(OutboxRow).filter(OutboxRow.kind == "receipt").update({"state": "sent"})
    said = room.undo("M-001", "It was meant for another group.")
    assert said == "M-001 is undone (AM-001). 1 who had been told otherwise is told."
    [told] = room.said("correction")
    assert (told.recipient, told.state) == ("address:harriet.bassington@example.org", "pending")
    assert told.in_reply_to == "<m1@example.org>"
    assert "It was meant for another group." in told.text
    assert "AM-001 received" in told.text


def test_of_several_matters_one_is_undone_and_the_others_stand(room: MailRoom) -> None:
    room.came(AMENDMENT, found(What.APOLOGY, group="PSG", on=MARCH, part=2))
    room.undo("M-001")
    assert [row.state for row in room.rows(AmendmentRow)] == ["withdrawn"]
    assert [row.withdrawn_at for row in room.rows(ApologyRow)] == [None]
    assert room.said()[0].state != OutboxState.SUPPRESSED, "the receipt tells of the other one, too"
    assert len(room.said("correction")) == 1


def test_what_was_settled_since_is_not_undone(room: MailRoom) -> None:
    room.came(AMENDMENT)
    with room.deciding() as decider:
        row = amendments.named(decider.session, "AM-001")
        verdict = Verdict(State.REJECTED, "The recording says otherwise.")
        review_request(decider.session, room.announcer, row, verdict, by=decider.by, now=decider.now)
    with pytest.raises(SecretariatError, match="AM-001 is rejected, and cannot become withdrawn"):
        room.undo("M-001")
    assert room.proposals()[0].state == "done"


def test_apologies_changed_since_are_not_undone(room: MailRoom) -> None:
    room.came(found(What.APOLOGY, group="PSG", on=MARCH))
    with room.deciding() as decider:
        meeting = find_meeting(decider.session, room.announcer.calendar, "PSG", MARCH)
        who = (members.named(decider.session, name) for name in (HARRIET, MAGNUS))
        apologies.record(decider.session, meeting, next(who), by=decider.by, now=decider.now, alternate=next(who))
    with pytest.raises(SecretariatError, match="were changed since"):
        room.undo("M-001")


def test_a_late_request_comes_back_from_the_chair_before_it_is_undone(room: MailRoom) -> None:
    room.now = LATE
    room.came(AMENDMENT)
    room.accept("M-002")
    with pytest.raises(SecretariatError, match="M-002 rests on it"):
        room.undo("M-001")
    room.undo("M-002")
    assert room.rows(AmendmentRow)[0].state == "late"
    assert [row.state for row in room.said("amendment")] == ["suppressed"]
    room.undo("M-001")
    assert room.rows(AmendmentRow)[0].state == "withdrawn"


def test_a_query_passed_on_is_taken_back_and_the_mailbox_told(room: MailRoom) -> None:
    room.came(found(What.QUERY, words="How is testing going?"))
    room.accept("M-002")
    with room.database.session() as session:
        session.query(OutboxRow).filter(OutboxRow.kind == "query").update({"state": "sent"})
    room.undo("M-002")
    assert room.rows(QueryRow)[0].state == "proposed"
    assert [row.recipient for row in room.said("correction")] == ["address:testing@mhhsprogramme.co.uk"]


# --------------------------------------------------------------------------------------------- accept, change, reject


def test_a_person_accepts_with_other_values(room: MailRoom) -> None:
    room.came(found(What.UNCLEAR, certain=False))
    values = {"what": "amendment", "group": "psg", "date": "2024-02-07", "line": "D-01", "text": "so", "grounds": "why"}
    room.accept("M-001", **values)
    [row] = room.rows(AmendmentRow)
    assert (row.line_ref, row.proposed_text, row.reason) == ("D-01", "so", "why")
    [proposal] = room.proposals()
    assert (proposal.state, proposal.action, proposal.led_to) == ("changed", "amendment", "AM-001")
    assert "PSG on Wednesday 7 February 2024, D-01: so" in proposal.summary
    assert room.message("message-1").state == "done"
    assert len(room.said()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group": "NOGROUP"}, "There is no group NOGROUP"),
        ({"date": "yesterday"}, "yesterday is no date"),
        ({"date": "2024-02-08"}, "PSG has no meeting on"),
        ({"what": "greeting"}, "greeting is none of the kinds"),
        ({"nature": "rant"}, "rant is none of the kinds"),
        ({"person": "Nobody Known"}, "Nobody Known is not on file"),
        ({"colour": "red"}, "colour cannot be changed"),
    ],
)
def test_a_value_that_cannot_be_changes_nothing(room: MailRoom, changes: dict[str, str], said: str) -> None:
    room.came(found(What.AMENDMENT, certain=False, group="PSG", on=PSG, proposed_text="so"))
    with pytest.raises(SecretariatError, match=said):
        room.accept("M-001", **changes)
    assert room.proposals()[0].state == "waiting"
    assert room.rows(AmendmentRow) == room.said() == []


def test_a_message_is_done_once_nothing_of_it_waits(room: MailRoom) -> None:
    room.came(DEEDS["by hand"], found(What.APOLOGY, certain=False, group="PSG", on=MARCH, part=2))
    room.reject("M-001", "Nothing to do.")
    assert room.message("message-1").state == "needs_a_person"
    room.accept("M-002")
    assert room.message("message-1").state == "done"


def test_a_rejection_is_undone_by_waiting_again(room: MailRoom) -> None:
    room.came(found(What.APOLOGY, certain=False, group="PSG", on=MARCH))
    room.reject("M-001", "Nothing to do.")
    assert room.rows(ApologyRow) == []
    room.undo("M-001")
    assert (room.proposals()[0].state, room.message("message-1").state) == ("waiting", "needs_a_person")
    room.accept("M-001")
    assert len(room.rows(ApologyRow)) == 1


@pytest.mark.parametrize("again", [MailRoom.accept, MailRoom.reject])
def test_what_was_decided_is_not_decided_twice(room: MailRoom, again: Callable[[MailRoom, str], str]) -> None:
    room.came(found(What.APOLOGY, certain=False, group="PSG", on=MARCH))
    room.accept("M-001")
    with pytest.raises(SecretariatError, match="M-001 is accepted already"):
        again(room, "M-001")
    assert len(room.rows(ApologyRow)) == len(room.said()) == 1


def test_nobody_is_nominated_without_an_address(room: MailRoom) -> None:
    room.came(found(What.NOMINATION, group="PSG", who="Newt Cumber"))
    with pytest.raises(UnknownThing, match="Newt Cumber is not on file"):
        room.accept("M-001")
    room.accept("M-001", who="Newt Cumber <newt@example.org>")
    [held] = [h for h in room.rows(SeatHoldingRow) if h.person_id == room.person("Newt Cumber").id]
    assert (held.group_key, held.seat, held.from_on) == ("PSG", "Large Supplier Representative", date(2024, 2, 9))


def test_an_unknown_reference_is_said_to_be_so(room: MailRoom) -> None:
    with room.database.reading() as session, pytest.raises(UnknownThing, match="There is no proposal M-009"):
        mail_proposals.named(session, "m-009")
