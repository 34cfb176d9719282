"""What is done about mail by itself, what is put to a person instead, and who is told what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import mail_senders, members, papers
from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.members import MemberLine
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ApologyRow, ExpectedPaperRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from bot.store.query_tables import QueryRow
from bot.store.report_tables import ActionRow
from handlers.mail.findings import What
from schedules.changes import Wanted, enact
from schedules.finding import find_meeting
from tests.mail_room import AMENDMENT, HARRIET, LATE, LEAD, MAGNUS, MARCH, PMO, PSG, MailRoom, found
from tests.test_logs import put_action, put_report

OFGEM, CHAIR, STRANGER = "Philippa Dunmorrow", "Marguerite Oyelaran", "stranger@example.com"
ASSISTANT = "Petronella Ashgrove"
PLAN = ("Delivery plan v2.pdf", b"%PDF-1.7 the plan")


@pytest.fixture
def room(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> MailRoom:
    return MailRoom(database, config, ContentFolder(tmp_path / "content"))


def put_on_file(room: MailRoom, *lines: MemberLine) -> None:
    with room.database.session() as session:
        members.import_members(session, lines)


def assistant_of(name: str) -> MemberLine:
    return MemberLine(
        ASSISTANT, "petronella.ashgrove@example.org", "", "Brightwater Energy Supply", "", "", f"Assistant to {name}",
        "assistant", date(2023, 1, 1), None, name,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- each matter, its ledger


def test_several_requests_of_one_mail_are_several_with_one_receipt(room: MailRoom) -> None:
    second = found(What.AMENDMENT, group="PSG", on=PSG, line="A-02", proposed_text="by June", part=2, grounds="Agreed.")
    key = room.came(AMENDMENT, second)
    first, other = room.rows(AmendmentRow)
    assert (first.reference, first.source_key, first.line_ref) == ("AM-001", "mail:<m1@example.org>", "D-01")
    assert (other.reference, other.source_key, other.reason) == ("AM-002", "mail:<m1@example.org>#2", "Agreed.")
    [receipt] = room.said()
    assert receipt.subject.startswith("AM-001 received: your amendment request")
    assert receipt.subject.endswith("(and 1 more)")
    assert "subject to the report" in receipt.text
    assert "by June" in receipt.text
    assert receipt.text.count("Wednesday 28 February 2024, 17:00 (London)") == 2
    assert receipt.text.count("please reply to this message") == 2
    assert room.outcomes[key].state == "done"
    assert room.outcomes[key].led_to == "AM-001, AM-002"


def test_the_receipt_stands_in_the_whole_thread(room: MailRoom) -> None:
    room.came(AMENDMENT, References="<first@example.org> <second@example.org>", In_Reply_To="<second@example.org>")
    [receipt] = room.said()
    assert receipt.in_reply_to == "<first@example.org> <second@example.org> <m1@example.org>"


def test_no_comments_are_one_answer_however_often_said(room: MailRoom) -> None:
    room.came(found(What.NO_COMMENTS, group="PSG", on=PSG))
    room.came(found(What.NO_COMMENTS, group="PSG", on=PSG))
    [row] = room.rows(AmendmentRow)
    assert (row.kind, row.constituency) == ("no_comments", "Large Supplier")
    assert "no comments on the PSG headline report" in room.said()[0].text
    assert "until Wednesday 28 February 2024, 17:00 (London)" in room.said()[0].text


@pytest.mark.parametrize(
    ("who", "alternate", "says"),
    [
        ("", None, "Nobody is named to come instead."),
        ("Magnus Eskdale", MAGNUS, "Magnus Eskdale comes instead, and is invited."),
        ("magnus.eskdale@example.org", MAGNUS, "magnus.eskdale@example.org comes instead"),
        ("Magnus", None, "You named Magnus, whom we do not have on file"),
        ("Newt Cumber <newt.cumber@example.org>", "Newt Cumber", "Newt Cumber comes instead"),
        ("Nobody Known", None, "You named Nobody Known, whom we do not have on file"),
    ],
)
def test_apologies_with_whoever_comes_instead(room: MailRoom, who: str, alternate: str | None, says: str) -> None:
    room.came(found(What.APOLOGY, group="PSG", on=MARCH, who=who, words="I have flu."))
    [row] = room.rows(ApologyRow)
    named = [h for h in room.rows(SeatHoldingRow) if h.role == "alternate" and h.from_on == MARCH]
    assert (row.alternate_id is not None) == (alternate is not None)
    assert [room.person(alternate).id] == [h.person_id for h in named] if alternate else not named
    [receipt] = room.said()
    assert says in receipt.text
    assert "until the meeting starts, Wednesday 6 March 2024, 10:00 (London)" in receipt.text
    assert "flu" not in receipt.text, "no reason is kept or told"


def test_a_paper_that_was_expected_is_taken_with_its_file(room: MailRoom) -> None:
    with room.database.session() as session:
        meeting = find_meeting(session, room.announcer.calendar, "PSG", MARCH)
        papers.expect(
            session, meeting, "Delivery plan", members.named(session, HARRIET), by=room.person(LEAD), now=room.now
        )
    room.came(found(What.PAPER, group="PSG", on=MARCH, files=(PLAN[0],)), files=[PLAN])
    [paper] = room.rows(ExpectedPaperRow)
    assert paper.received_at is not None
    assert room.files.path(paper.file.partition(":")[0]).read_bytes() == PLAN[1]
    assert paper.link.endswith("/mailbox/message-1/files/Delivery%20plan%20v2.pdf")
    [receipt] = room.said()
    assert "- Delivery plan" in receipt.text
    assert "Until Wednesday 28 February 2024, 17:00 (London) you can send a newer version" in receipt.text


def test_a_paper_that_nobody_expected_waits(room: MailRoom) -> None:
    key = room.came(found(What.PAPER, group="PSG", on=MARCH, files=(PLAN[0],)), files=[PLAN])
    [proposal] = room.proposals()
    assert (proposal.state, room.message(key).state) == ("waiting", "needs_a_person")
    assert "is no paper expected from Harriet Bassington" in proposal.waits_for
    assert room.said() == room.rows(ExpectedPaperRow) == []
    room.accept("M-001")
    assert [row.title for row in room.rows(ExpectedPaperRow)] == ["Delivery plan v2"]


def put_an_action(room: MailRoom, owner: str = HARRIET) -> None:
    with room.database.session() as session:
        people = {name: members.named(session, name) for name in (LEAD, PMO, HARRIET)}
        put_action(session, "PSG27-03", put_report(session, people, "PSG", PSG), "Circulate the plan", owner)


def test_an_action_is_updated_by_its_owner(room: MailRoom) -> None:
    put_an_action(room)
    room.came(found(What.ACTION_UPDATE, line="PSG27-03", state="done", words="Done, see https://example.org/plan"))
    [action] = room.rows(ActionRow)
    assert action.state == "closure_proposed"
    [receipt] = room.said()
    assert "The action is now: closure proposed" in receipt.text


def test_somebody_elses_action_is_not_theirs_to_update_nor_to_hear_of(room: MailRoom) -> None:
    put_an_action(room, owner=MAGNUS)
    key = room.came(found(What.ACTION_UPDATE, line="PSG27-03", state="done"))
    assert room.outcomes[key].state == "needs_a_person"
    assert room.rows(ActionRow)[0].state == "open"
    assert room.said() == []


# ----------------------------------------------------------------------------------------------------------- a person


def test_what_is_uncertain_is_proposed_and_not_answered(room: MailRoom) -> None:
    key = room.came(found(What.APOLOGY, certain=False, group="PSG", on=MARCH))
    [proposal] = room.proposals()
    assert (proposal.reference, proposal.state, proposal.waits_for) == ("M-001", "waiting", "It says so.")
    assert proposal.summary == "Record apologies from Harriet Bassington for PSG on Wednesday 6 March 2024."
    assert room.outcomes[key].state == "needs_a_person"
    assert room.rows(ApologyRow) == room.said() == []


def test_a_mail_is_done_in_part_where_only_a_part_is_certain(room: MailRoom) -> None:
    key = room.came(AMENDMENT, found(What.APOLOGY, certain=False, group="PSG", on=MARCH, part=2))
    assert [p.state for p in room.proposals(key)] == ["done", "waiting"]
    assert room.outcomes[key].state == "needs_a_person"
    assert len(room.said()) == len(room.rows(AmendmentRow)) == 1


def test_a_late_request_is_answered_and_put_to_the_chair_on_a_persons_word(room: MailRoom) -> None:
    room.now = LATE
    room.came(AMENDMENT)
    assert "goes to the Chair" in room.said()[0].text
    _, chair = room.proposals()
    assert (chair.action, chair.state) == ("put_to_chair", "waiting")
    assert [row.recipient_name for row in room.said("amendment")] == []
    room.accept(chair.reference)
    assert room.rows(AmendmentRow)[0].state == "with_chair"
    assert [row.recipient_name for row in room.said("amendment")] == [CHAIR]


def test_a_query_is_logged_answered_and_its_way_proposed(room: MailRoom) -> None:
    room.came(found(What.QUERY, words="A question about the test plan of SITAG."))
    [query] = room.rows(QueryRow)
    assert (query.mailbox, query.state, query.came_by) == ("testing", "proposed", "mail")
    assert "testing@mhhsprogramme.co.uk" in room.said()[0].text
    _, step = room.proposals()
    assert step.summary == "Pass Q-001 on to testing@mhhsprogramme.co.uk."
    assert room.message("message-1").state == "needs_a_person"
    room.accept(step.reference, mailbox="design")
    assert room.rows(QueryRow)[0].sent_to == "design"
    assert room.message("message-1").state == "done"
    assert {row.recipient for row in room.said("query")} == {"address:design@mhhsprogramme.co.uk"}


@pytest.mark.parametrize("sender", [OFGEM, CHAIR, STRANGER])
def test_what_is_not_for_a_machine_is_logged_with_a_day_and_nobody_is_answered(room: MailRoom, sender: str) -> None:
    words = "A journalist's question: a media enquiry."
    key = room.came(AMENDMENT, found(What.FOR_A_PERSON, words=words, part=2), sender=sender)
    [query] = room.rows(QueryRow)
    assert (query.state, query.due_on) == ("for_a_person", date(2024, 2, 16))
    assert room.said() == room.rows(AmendmentRow) == [], "nothing is done by itself about the rest of it either"
    assert [row.recipient_name for row in room.said("pmo_reminder")] == [LEAD]
    assert room.outcomes[key].state == "needs_a_person"
    answered = next(p for p in room.proposals() if p.action == "answered")
    room.accept(answered.reference)
    assert room.rows(QueryRow)[0].state == "answered"


# -------------------------------------------------------------------------------------------------------------- trust

FORGED = "mx.example.org; dmarc=fail header.from=example.org"


@pytest.mark.parametrize(
    ("trust", "results", "state"),
    [
        ("folder", None, "done"),
        ("folder", FORGED, "needs_a_person"),
        ("required", None, "needs_a_person"),
        ("required", "dmarc=pass header.from=example.org", "done"),
        ("required", "dmarc=pass header.from=evil.example", "needs_a_person"),
    ],
)
def test_only_a_verified_sender_is_taken_for_themselves(
    room: MailRoom, trust: str, results: str | None, state: str
) -> None:
    room.trust = trust
    key = room.came(AMENDMENT, Authentication_Results=results or "")
    assert room.outcomes[key].state == state
    assert len(room.said()) == len(room.rows(AmendmentRow)) == (state == "done")


def test_a_forged_address_is_not_answered_even_where_a_person_accepts(room: MailRoom) -> None:
    room.came(AMENDMENT, Authentication_Results=FORGED)
    room.accept("M-001")
    assert len(room.rows(AmendmentRow)) == 1
    assert room.said() == []


def test_the_pmo_accepts_a_sender_until_a_day(room: MailRoom) -> None:
    room.trust = "required"
    with room.database.session() as session:
        by = members.named(session, LEAD)
        mail_senders.accept(session, "Harriet.Bassington@example.org", date(2024, 2, 9), by=by, now=room.now)
    assert room.outcomes[room.came(AMENDMENT)].state == "done"
    assert room.outcomes[room.came(AMENDMENT, Authentication_Results=FORGED)].state == "needs_a_person"
    room.now += timedelta(days=1)
    assert room.outcomes[room.came(AMENDMENT)].state == "needs_a_person"


def test_a_stranger_is_put_to_a_person_who_says_in_whose_name(room: MailRoom) -> None:
    key = room.came(AMENDMENT, sender=STRANGER)
    assert room.outcomes[key].finding == "unknown_sender"
    assert room.said() == []
    room.accept("M-001", person=MAGNUS)
    assert room.rows(AmendmentRow)[0].requester_id == room.person(MAGNUS).id


def test_an_assistant_acts_for_a_representative_who_is_told(room: MailRoom) -> None:
    put_on_file(room, assistant_of(HARRIET))
    room.came(found(What.APOLOGY, group="PSG", on=MARCH), sender=ASSISTANT)
    [row] = room.rows(ApologyRow)
    assert (row.person_id, row.recorded_by) == (room.person(HARRIET).id, ASSISTANT)
    assert sorted(r.recipient_name for r in room.said()) == [HARRIET, ASSISTANT]


def test_an_assistant_of_several_is_asked_about(room: MailRoom) -> None:
    put_on_file(room, assistant_of(HARRIET), assistant_of(MAGNUS))
    key = room.came(found(What.APOLOGY, group="PSG", on=MARCH), sender=ASSISTANT)
    assert "for whom, it does not say" in room.outcomes[key].reason
    assert room.rows(ApologyRow) == []


def test_an_assistant_holds_no_seat(room: MailRoom) -> None:
    put_on_file(room, assistant_of(HARRIET))
    with room.database.reading() as session:
        meeting = find_meeting(session, room.announcer.calendar, "PSG", MARCH)
        told = {person.name for person in room.announcer.report_recipients(session, meeting)}
    assert HARRIET in told
    assert ASSISTANT not in told


def test_an_assistant_whose_days_are_over_is_nobodys(room: MailRoom) -> None:
    put_on_file(room, replace(assistant_of(HARRIET), to_on=date(2024, 1, 31)))
    key = room.came(found(What.APOLOGY, group="PSG", on=MARCH), sender=ASSISTANT)
    assert room.outcomes[key].state == "needs_a_person"
    assert room.rows(ApologyRow) == []


# ------------------------------------------------------------------------------------------ closed groups, loops, order


def test_a_closed_groups_report_is_not_spoken_of_to_others(room: MailRoom) -> None:
    """SDWG is for its members only: neither that it met nor when its requests close is told."""
    with room.database.session() as session:
        before = datetime(2024, 2, 1, 9, tzinfo=UTC)
        enact(session, room.announcer, Wanted("add", "SDWG", PSG, by=members.named(session, LEAD)), before)
    key = room.came(found(What.AMENDMENT, group="SDWG", on=PSG, line="D-01", proposed_text="other"), sender=MAGNUS)
    assert room.outcomes[key].state == "needs_a_person"
    assert room.rows(AmendmentRow) == room.said() == []
    room.accept("M-001")
    assert len(room.rows(AmendmentRow)) == 1
    assert room.said() == [], "a person may enter it, and answers it in their own words"


def test_more_than_a_days_worth_of_one_sender_ends_the_loop(room: MailRoom) -> None:
    mail = room.config.mail.model_copy(update={"most_a_day": 3})
    room.config = room.config.model_copy(update={"mail": mail})
    keys = [room.came(AMENDMENT) for _ in range(5)]
    assert [room.outcomes[key].state for key in keys] == ["done"] * 3 + ["needs_a_person"] * 2
    assert room.outcomes[keys[4]].finding == "loop"
    assert len(room.said()) == 3
    room.now += timedelta(days=1)
    assert room.outcomes[room.came(AMENDMENT)].state == "done"
    assert room.outcomes[room.came(AMENDMENT, sender=MAGNUS)].state == "done"


def test_what_nobody_answers_is_ignored(room: MailRoom) -> None:
    for what in (What.OUT_OF_OFFICE, What.AUTOMATIC, What.LOOP, What.SPAM):
        key = room.came(found(what))
        assert (room.outcomes[key].state, room.outcomes[key].finding) == ("ignored", what)
    assert room.said() == []
    assert room.proposals() == []


def test_a_reminder_answered_with_done_is_met_by_its_recipient(room: MailRoom) -> None:
    with room.database.session() as session:
        meeting = find_meeting(session, room.announcer.calendar, "PSG", MARCH)
        tobias = members.named(session, "Tobias Wrenfield")
        session.add(
            OutboxRow(
                id="a" * 32, meeting_uid=meeting.uid, meeting_revision=0, clock="papers", step="papers_today",
                recipient=tobias.id, recipient_name=tobias.name, group_key="PSG", kind="pmo_reminder", subject="Papers",
                text="Papers", why="", due_at=room.now, decided_at=room.now, state="sent", next_try_at=room.now,
            )
        )  # fmt: skip
    done = found(What.DONE, notice_id="a" * 32, words="Done: https://example.org/pack")
    assert room.outcomes[room.came(done, sender=HARRIET)].state == "needs_a_person"
    assert room.rows(ObligationRow) == []
    assert room.outcomes[room.came(done, sender="Tobias Wrenfield")].state == "done"
    [met] = room.rows(ObligationRow)
    assert (met.clock, met.done_by, met.link) == ("papers", "Tobias Wrenfield", "https://example.org/pack")


def test_everything_that_was_done_is_in_the_audit(room: MailRoom) -> None:
    room.came(AMENDMENT)
    events = [row.event for row in room.rows(AuditRow)]
    assert {"amendment requested", "mail proposal done"} <= set(events)


def test_the_minute_decides_what_is_late(room: MailRoom) -> None:
    room.now = datetime(2024, 2, 28, 16, 59, tzinfo=UTC)
    room.came(AMENDMENT)
    room.now = datetime(2024, 2, 28, 17, 1, tzinfo=UTC)
    room.came(AMENDMENT)
    assert [row.state for row in room.rows(AmendmentRow)] == ["received", "late"]


# --------------------------------------------------------------------------------------------------- as people write it

# subject, body, who, the state, the first action, a part of what was said or why it waits
WRITTEN = [
    ("PSG 2024-02-07", "D-01: the plan was approved subject to the report", HARRIET, "done", "amendment", "AM-001"),
    ("PSG 2024-02-07", "No comments from me on the headline report.", HARRIET, "done", "no_comments", "AM-001"),
    ("PSG 6 March 2024", "Apologies, I cannot attend PSG on 6 March 2024.", HARRIET, "done", "apology", "AP-001"),
    ("A question", "Who should I ask about the test plan of SITAG?", HARRIET, "needs_a_person", "query", "Q-001"),
    ("PSG 2024-02-07", "D-01: the plan was rejected", OFGEM, "needs_a_person", "for_a_person", "it comes from Ofgem"),
    ("Hello", "It was good to see you all.", HARRIET, "needs_a_person", "unclear", "names no report"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "body", "who", "state", "action", "said"), WRITTEN)
def test_what_people_write_is_done_or_waits(
    room: MailRoom, subject: str, body: str, who: str, state: str, action: str, said: str
) -> None:
    key = room.wrote(subject, body, sender=who)
    assert room.outcomes[key].state == state
    assert room.proposals()[0].action == action
    assert said in room.outcomes[key].reason
    assert (room.said() == []) == (action in ("for_a_person", "unclear"))
