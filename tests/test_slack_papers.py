"""Slack: papers and agenda items submitted, in time or late; the pack as each reader may see it; the Chair's word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot import audit, meetings, papers
from bot.model import Person
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ExpectedPaperRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from schedules.finding import find_meeting
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, element_of, texts
from tests.test_slack_meetings import buttons_of, shown

EMEKA, CHAIR, LETICIA = "U0SAMPLE17", "U0SAMPLE06", "U0SAMPLE08"
PSG, QAG = "psg-2024-03-06@mhhsprogramme.co.uk", "qag-2024-02-15@mhhsprogramme.co.uk"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
PDF = b"%PDF-1.7 an invented paper"
DUE = "Wednesday 28 February 2024, 17:00 (London)"


def on_file(database: Database) -> list[ExpectedPaperRow]:
    with database.reading() as session:
        return list(session.scalars(select(ExpectedPaperRow).order_by(ExpectedPaperRow.number)))


def letters(database: Database) -> list[tuple[str, str, str, list[Any]]]:
    """(text's step, to whom, its state, attachments) of what is said about papers."""
    with database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.clock == "paper").order_by(OutboxRow.decided_at))
        return [(row.step.partition("_")[0], row.recipient_name, row.state, row.attachments) for row in rows]


def expect(slack: SlackAtHand, people: dict[str, Person], title: str, author: str, on: date = date(2024, 3, 6)) -> str:
    with slack.door.database.session() as session:
        meeting = find_meeting(session, slack.door.calendar, "PSG", on)
        row = papers.expect(session, meeting, title, people[author], by=people["Tobias Wrenfield"], now=NOW)
        return row.reference


def pack_goes_out(slack: SlackAtHand, uid: str) -> None:
    with slack.door.database.session() as session:
        meetings.meet_obligation(
            session, uid, "papers", at=NOW, by="Tobias Wrenfield", link="https://base.example.org/psg-pack"
        )


def errors(said: dict[str, Any]) -> dict[str, str]:
    assert said["response_action"] == "errors"
    return dict(said["errors"])


# -------------------------------------------------------------------------------------------------------- to submit


def test_a_paper_by_its_file_is_taken_for_the_meeting_chosen(slack: SlackAtHand, database: Database) -> None:
    slack.screens.files["F1"] = ("../Delivery plan v2.pdf", PDF)
    view = slack.opens("submit")
    found = slack.options(view, "meeting", "psg march")
    assert [option["value"] for option in found] == [PSG]
    view = slack.choose(view, "meeting", PSG)
    assert "The papers go out by <!date^" in texts(view)
    said = slack.submit(view, meeting=PSG, title="Delivery plan", purpose="decision", file=["F1"], note="Please.")
    receipt = texts(said["view"])
    assert "PAP-001: Delivery plan. A paper for PSG" in receipt
    assert "A newer version replaces it until the papers go out" in receipt
    [row] = on_file(database)
    assert (row.title, row.purpose, row.late) == ("Delivery plan", "decision", False)
    assert row.received_by == "Harriet Bassington"
    sha256, _, name = row.file.partition(":")
    assert name == "Delivery plan v2.pdf"
    assert slack.door.files.path(sha256).read_bytes() == PDF
    assert letters(database) == [("submitted", "Tobias Wrenfield", "pending", [row.file])]


def test_a_paper_expected_of_me_is_offered_first_and_its_author_is_asked_no_more(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    reference = expect(slack, people, "Supplier view", "Harriet Bassington")
    expect(slack, people, "Costs", "Leticia Farnworth")
    found = buttons_of(shown(slack, "papers"))
    assert ("Send it", "submit", f"{PSG} {reference}") in found
    view = slack.click_opens("submit", f"{PSG} {reference}")
    assert element_of(view, "which")["initial_option"]["value"] == reference
    assert "Costs" not in texts(view), "another author's paper is not mine to send"
    slack.submit(view, link="https://example.org/view")
    with database.reading() as session:
        assert session.get(ObligationRow, (PSG, f"expected_paper:{reference}"))
        row = session.get_one(ExpectedPaperRow, reference)
        assert (row.link, row.received_by) == ("https://example.org/view", "Harriet Bassington")


def test_a_newer_version_replaces_the_old_one_and_both_are_in_the_audit(slack: SlackAtHand, database: Database) -> None:
    assert DUE in slack.says("submit PSG: Plan https://example.org/1")
    assert "PAP-001" in slack.says("submit psg 2024-03-06 PAP-001: https://example.org/2")
    [row] = on_file(database)
    assert row.link == "https://example.org/2"
    with database.reading() as session:
        events = select(AuditRow.event).where(AuditRow.subject == "PAP-001").order_by(AuditRow.number)
        assert session.scalars(events).all() == ["paper expected", "paper submitted", "paper sent anew"]
        assert audit.first_broken_link(session) is None


def test_an_item_for_the_agenda_with_its_paper_to_follow_or_without_one(slack: SlackAtHand, database: Database) -> None:
    view = slack.choose(slack.shortcut("submit"), "meeting", PSG)
    said = slack.submit(view, meeting=PSG, which="item_with_paper", title="Costs of delay")
    assert "Please send its paper before the papers go out" in texts(said["view"])
    assert "The PMO agrees the agenda with the Chair." in slack.says("submit PSG item: A word on holidays")
    first, second = on_file(database)
    assert (first.is_item, first.received_at) == (True, None), "its author is asked for the paper in time"
    assert second.is_item
    assert second.received_at


def test_sent_in_twice_it_is_one_paper(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("submit PSG")
    first, again = (slack.submit(view, title="Plan", link="https://example.org/1") for _ in range(2))
    assert texts(first) == texts(again)
    assert len(on_file(database)) == 1
    assert len(letters(database)) == 1


def test_what_is_wrong_is_said_on_its_field(slack: SlackAtHand, database: Database) -> None:
    slack.screens.files |= {"F1": ("macro.docm", b"PK\x03\x04"), "F2": ("tool.exe", b"MZ"), "F3": ("plan.pdf", b"no")}
    view = slack.opens("submit PSG")
    assert errors(slack.submit(view)) == {
        "title": "Give it a title.", "file": "Add the file, or a link to it below.",
    }  # fmt: skip
    for file in ("F1", "F2", "F3"):
        assert "Send it to the PMO by mail" in errors(slack.submit(view, title="Plan", file=[file]))["file"]
    assert errors(slack.submit(slack.opens("submit"))) == {"meeting": "Choose a meeting that is still to come."}
    slack.says("submit PSG: Plan https://example.org/1", user=LETICIA)
    assert errors(slack.submit(view, title="plan", link="https://example.org/2")) == {
        "title": "Another paper for that meeting is called plan. Give yours another title."
    }
    assert [row.title for row in on_file(database)] == ["Plan"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("submit PSG:", "It has no title."),
        ("submit PSG: Plan", "A paper comes with its file or a link to it."),
        ("submit : Plan", "What do you submit, for which meeting?"),
        ("submit NOGROUP: Plan https://example.org/1", "There is no group NOGROUP."),
        ("submit DAG: Plan https://example.org/1", "No meeting of DAG takes papers"),
        ("submit PSG 2024-02-07: Plan https://example.org/1", "That meeting takes no papers."),
        ("submit PSG 2024-03-07: Plan https://example.org/1", "PSG has no meeting on Thursday 7 March 2024."),
        ("submit PSG PAP-009: https://example.org/1", "No paper PAP-009 is expected of you for PSG."),
        (f"submit PSG: {'x' * 40_000} https://example.org/1", "That is too long: 200 characters are taken of a title"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(slack: SlackAtHand, database: Database, text: str, said: str) -> None:
    assert said in slack.says(text)
    assert on_file(database) == []


def test_an_option_that_is_not_mine_is_refused(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    reference = expect(slack, people, "Costs", "Leticia Farnworth")
    view = slack.opens("submit PSG")
    said = slack.submit(view, which=reference, link="https://example.org/1")
    assert f"No paper {reference} is expected of you for PSG." in texts(said["view"])
    said = slack.submit(view, meeting="psg-1999-01-01@elsewhere", title="Plan", link="https://example.org/1")
    assert "That meeting has gone from the calendar." in texts(said["view"])
    assert [row.received_at for row in on_file(database)] == [None]


def test_a_stranger_submits_nothing(slack: SlackAtHand, database: Database) -> None:
    assert "does not know you yet" in slack.says("submit PSG: Plan https://example.org/1", user=STRANGER)
    assert "does not know you yet" in slack.says("papers PSG", user=STRANGER)
    assert "does not know you yet" in slack.answered(slack.click("paper_copy", "PAP-001", user=STRANGER))
    assert on_file(database) == []


# ---------------------------------------------------------------------------------------------------------- late ones


def test_a_late_one_is_taken_marked_late_and_put_to_the_chair(slack: SlackAtHand, database: Database) -> None:
    """QAG's papers for 15 February were due on the 8th."""
    view = slack.opens("submit QAG 2024-02-15", user=EMEKA)
    assert "what you submit is taken, marked late and put to the Chair" in texts(view)
    said = slack.submit(view, user=EMEKA, title="Readiness", link="https://example.org/r")
    assert "It is late: the papers were due before." in texts(said["view"])
    [row] = on_file(database)
    assert row.late
    assert sorted(letters(database)) == [
        ("chair", "Marguerite Oyelaran", "withheld", []),
        ("submitted", "Gethin Marlowe-Pugh", "pending", []),
    ]
    assert "late, waits for the Chair" in slack.says("papers QAG", user=EMEKA)


def test_the_next_meeting_still_in_time_is_meant_where_no_date_is_given(slack: SlackAtHand) -> None:
    assert "Thursday 21 March 2024" in slack.says("submit QAG: Readiness https://example.org/r", user=EMEKA)


def test_after_the_pack_has_gone_it_is_late_even_before_its_hour(slack: SlackAtHand, database: Database) -> None:
    pack_goes_out(slack, PSG)
    assert "It is late" in slack.says("submit PSG 2024-03-06: Plan https://example.org/1")
    assert [row.late for row in on_file(database)] == [True]


def test_the_chair_takes_it_by_a_button_and_its_author_is_told(slack: SlackAtHand, database: Database) -> None:
    slack.says("submit QAG 2024-02-15: Readiness https://example.org/r", user=EMEKA)
    assert [b for b in buttons_of(shown(slack, "papers QAG", user=EMEKA)) if "paper" in b[1]] == []
    found = buttons_of(shown(slack, "papers QAG", user=CHAIR))
    assert ("The Chair takes it", "paper_take", "PAP-001") in found
    assert "PAP-001 is taken, as a late paper." in slack.answered(slack.click("paper_take", "PAP-001", user=CHAIR))
    assert ("decided", "Emeka Loxley", "pending", []) in letters(database)
    assert "The Chair's word on PAP-001 is on file: taken." in slack.says("late PAP-001 refused: no", user=TOBIAS)
    assert "late, taken with the Chair's consent" in slack.says("papers QAG", user=EMEKA)


def test_a_refusal_has_a_reason_that_its_author_reads(slack: SlackAtHand, database: Database) -> None:
    slack.says("submit QAG 2024-02-15: Readiness https://example.org/r", user=EMEKA)
    assert "A refusal has a reason" in slack.says("late PAP-001 refused", user=CHAIR)
    view = slack.click_opens("paper_refuse", "PAP-001", user=CHAIR)
    assert errors(slack.submit(view, user=CHAIR, reason="  "))
    said = slack.submit(view, user=CHAIR, reason="The agenda is full <!here>.")
    assert "PAP-001 is not taken for this meeting." in texts(said["view"])
    with database.reading() as session:
        told = session.scalars(select(OutboxRow).where(OutboxRow.step.startswith("decided"))).one()
        assert "The reason: The agenda is full <!here>." in told.text


@pytest.mark.parametrize("reference", ["PAP-001", "PAP-002", "PAP-999"])
def test_nobody_else_gives_the_chairs_word(slack: SlackAtHand, database: Database, reference: str) -> None:
    slack.says("submit QAG 2024-02-15: Readiness https://example.org/r", user=EMEKA)
    slack.says("submit PSG: Plan https://example.org/1")
    sentence = f"There is no late paper {reference} for you to decide on."
    assert sentence in slack.says(f"late {reference} taken")
    assert sentence in slack.answered(slack.click("paper_take", reference))
    assert sentence in texts(slack.click_opens("paper_refuse", reference))
    assert [row.chair_says for row in on_file(database)] == ["", ""]
    with database.reading() as session:
        refused = session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")).all()
    assert refused == (["late paper PAP-001"] * 3 if reference == "PAP-001" else [])


# ----------------------------------------------------------------------------------------------------------- the pack


def test_before_it_goes_out_the_pack_is_the_pmos_and_each_authors_own(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    expect(slack, people, "Costs", "Leticia Farnworth")
    slack.says("submit PSG: Supplier view https://example.org/1")
    said = slack.says("papers PSG")
    assert "*PSG*: Wednesday 6 March 2024" in said
    assert f"The papers go out by {DUE}." in said
    assert "Supplier view (Harriet Bassington; has come) https://example.org/1" in said
    assert "Costs" not in said
    assert "Costs (Leticia Farnworth; still to come)" in slack.says("papers PSG", user=TOBIAS)
    assert "Costs" in slack.says("papers PSG", user=CHAIR)


def test_once_it_is_out_everybody_on_file_sees_what_is_in_it(
    slack: SlackAtHand, people: dict[str, Person], database: Database
) -> None:
    expect(slack, people, "Costs", "Leticia Farnworth")
    slack.screens.files["F1"] = ("view.pdf", PDF)
    slack.submit(slack.opens("submit PSG"), title="Supplier view", file=["F1"])
    assert slack.answered(slack.click("paper_copy", "PAP-002", user=EMEKA)).startswith("There is no such paper for you")
    pack_goes_out(slack, PSG)
    said = slack.says("papers PSG", user=EMEKA)
    assert "The papers went out on Friday 9 February 2024, 09:00 (London): https://base.example.org/psg-pack" in said
    assert "Supplier view" in said
    assert "Costs" not in said, "it has not come"
    assert "PAP-002 is on its way to you" in slack.answered(slack.click("paper_copy", "PAP-002", user=EMEKA))
    with database.reading() as session:
        [row] = session.scalars(select(OutboxRow).where(OutboxRow.clock == "paper_copy"))
        assert (row.recipient_name, row.attachments[0].partition(":")[2]) == ("Emeka Loxley", "view.pdf")


def test_a_group_closed_to_me_has_no_papers_for_me_nor_takes_mine(slack: SlackAtHand, database: Database) -> None:
    with database.session() as session:
        meetings.keep(session, [slack.door.calendar.as_if_called("SDWG", date(2024, 3, 1))])
    hidden, absent = slack.says("papers SDWG"), slack.says("papers DRG")
    assert hidden == absent.replace("DRG", "SDWG")
    assert hidden == "There are no papers of SDWG for you. Correct the group or the date."
    assert "SDWG" in slack.says("papers SDWG", user=TOBIAS).splitlines()[0]
    assert "That meeting takes no papers." in slack.says("submit SDWG: Keys https://example.org/1")
    assert "sdwg" not in str(slack.options(slack.opens("submit"), "meeting", "sdwg"))
    assert on_file(database) == []


def test_nothing_is_mine_to_send(slack: SlackAtHand) -> None:
    assert "No paper is expected of you." in slack.says("papers")
    assert "There is no group NOGROUP." in slack.says("papers NOGROUP", user=HARRIET)
