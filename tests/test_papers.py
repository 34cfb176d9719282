"""Papers expected: authors are asked and reminded, each paper stops when it has come, the PMO sees what is not in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import members, papers
from bot.config import Config
from bot.model import Person
from bot.papers import Sent
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ExpectedPaperRow
from schedules.changes import Wanted, enact
from schedules.finding import find_meeting
from schedules.morning import todays
from schedules.submissions import submit
from tests.office import Office
from tests.test_reminders import FEBRUARY, SECRETARY, Walk

LETICIA, DEVENDRA, CHAIR = "Leticia Farnworth", "Devendra Ashcombe", "Marguerite Oyelaran"
UID = "psg-2024-02-07@mhhsprogramme.co.uk"


@pytest.fixture
def walk(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> Walk:
    """From Thursday 25 January 2024; PSG's papers for 7 February are due on Wednesday the 31st, 17:00."""
    return Walk(tmp_path, database, config, datetime(2024, 1, 25, 8, tzinfo=UTC))


@pytest.fixture
def office(office: Office) -> Office:
    office.at = "2024-01-25T10:00:00+00:00"
    return office


def expect(office: Office, title: str, author: str, at: str = "2024-01-25T10:00:00+00:00") -> str:
    words = ("papers", "expect", "PSG", "2024-02-07", "--title", title, "--author", author, "--by", SECRETARY)
    went_well, said = office(*words, at=at)
    assert went_well, said
    return said


def test_the_call_goes_to_the_authors_and_tells_the_secretary_who_was_asked(walk: Walk, office: Office) -> None:
    assert expect(office, "Delivery plan", LETICIA) == (
        f"PAP-001: Delivery plan, by {LETICIA}, for PSG, Wednesday 7 February 2024, 10:00 (London).\n"
        "The pack goes out by Wednesday 31 January 2024, 17:00 (London).\n"
    )
    expect(office, "Test report", DEVENDRA)
    walk.to(date(2024, 1, 26))
    assert sorted(walk.sent("expected_paper")) == [
        ("01-26 09", "papers_call_authors", DEVENDRA),
        ("01-26 09", "papers_call_authors", LETICIA),
    ]
    [call] = walk.rows("papers")
    assert (call.step, call.recipient_name) == ("papers_call", SECRETARY)
    asked = f"Their authors are asked today for: Delivery plan ({LETICIA}); Test report ({DEVENDRA})"
    assert asked in call.text
    mine = next(row for row in walk.rows("expected_paper") if row.recipient_name == LETICIA)
    assert "PAP-001: Delivery plan" in mine.text
    assert "Test report" not in mine.text
    said = office("why", mine.id)[1]
    assert "at least 5 working days before the meeting on Wednesday 7 February 2024" in said


def test_with_none_expected_the_secretary_is_asked_to_call(walk: Walk) -> None:
    walk.to(date(2024, 1, 26))
    [call] = walk.rows("papers")
    assert call.recipient_name == SECRETARY
    assert "This is a good moment to ask the authors" in call.text
    assert walk.rows("expected_paper") == []


def test_each_paper_stops_when_it_has_come_and_the_pmo_sees_what_is_not_in(walk: Walk, office: Office) -> None:
    expect(office, "Delivery plan", LETICIA)
    expect(office, "Test report", DEVENDRA)
    walk.to(date(2024, 1, 26))
    link = ("--link", "https://example.org/plan")
    assert office("papers", "received", "pap-001", "--by", SECRETARY, *link) == (
        True,
        "PAP-001 has come: Delivery plan.\n",
    )
    walk.to(date(2024, 2, 1))
    assert [sent for sent in walk.sent("expected_paper") if sent[1] == "papers_chaser"] == [
        ("01-31 09", "papers_chaser", DEVENDRA)
    ]
    by_step = {row.step: row.text for row in walk.rows("papers")}
    for step, words in (
        ("papers_today", "Not in yet, and their authors are asked: "),
        ("papers_late", "Not in yet: "),
        ("papers_late_deputy", "Not in yet: "),
    ):
        assert f"{words}Test report ({DEVENDRA})\n" in by_step[step]
        assert "Delivery plan" not in by_step[step]
    listed = office("papers", "list", "PSG", "2024-02-07")[1]
    assert {"PAP-001", "PAP-002", "yet"} <= set(listed.split())
    with walk.database.reading() as session:
        [told] = session.scalars(select(AuditRow).where(AuditRow.event == "paper received"))
        assert (told.actor, told.subject) == (SECRETARY, "PAP-001")
    assert "received: Thursday 25 January 2024" in office("why", "PAP-001")[1]


@pytest.mark.parametrize("how", ["withdrawn", "pack", "reply", "done"])
def test_it_stops_too_when(walk: Walk, office: Office, how: str) -> None:
    expect(office, "Delivery plan", LETICIA)
    walk.to(date(2024, 1, 26))
    [asked] = walk.rows("expected_paper")
    if how == "withdrawn":
        assert office("papers", "withdraw", "PAP-001", "--by", SECRETARY)[0]
    elif how == "pack":
        assert office("done", "PSG-2024-02-07/papers", "--by", SECRETARY)[0]
    elif how == "done":
        assert office("done", "PAP-001/expected_paper", "--by", SECRETARY)[0]
    else:
        words = "Done: https://example.org/plan"
        assert walk.reply(asked, words, "leticia.farnworth@example.org") == "done"
    walk.to(date(2024, 2, 1))
    assert [step for _, step, _ in walk.sent("expected_paper")] == ["papers_call_authors"]
    with walk.database.reading() as session:
        row = session.get_one(ExpectedPaperRow, "PAP-001")
        assert (row.received_at is not None) == (how in ("reply", "done"))
        assert row.received_by == {"reply": LETICIA, "done": SECRETARY}.get(how, "")
    if how == "reply":
        assert "papers_late" in {row.step for row in walk.rows("papers")}, "an author's word issues no pack"


def test_a_paper_put_on_the_list_late_is_called_for_at_once(walk: Walk, office: Office) -> None:
    expect(office, "Delivery plan", LETICIA)
    walk.to(date(2024, 1, 29))
    expect(office, "Costs", LETICIA, at="2024-01-29T18:30:00+00:00")
    walk.now = datetime(2024, 1, 29, 18, 31, tzinfo=UTC)
    walk.round()
    assert walk.sent("expected_paper") == [
        ("01-26 09", "papers_call_authors", LETICIA),
        ("01-29 18", "papers_call_authors", LETICIA),
    ]
    assert "PAP-002: Costs" in walk.rows("expected_paper")[-1].text


def test_after_the_pack_was_due_no_author_is_asked(walk: Walk, office: Office) -> None:
    walk.to(date(2024, 1, 31))
    expect(office, "A late paper", LETICIA, at="2024-02-01T10:00:00+00:00")
    walk.to(date(2024, 2, 2))
    assert walk.rows("expected_paper") == []
    assert f"Not in yet: A late paper ({LETICIA})" in walk.rows("papers")[-1].text


def test_who_is_never_chased_is_not_asked_for_a_paper_either(walk: Walk, office: Office) -> None:
    expect(office, "Outlook", CHAIR)
    walk.to(date(2024, 1, 31))
    assert {who for _, _, who in walk.sent("expected_paper")} == {SECRETARY}
    assert f"Author: {CHAIR}" in walk.rows("expected_paper")[0].text


def test_a_meeting_that_moves_takes_its_papers_with_it(walk: Walk, office: Office, people: dict[str, Person]) -> None:
    """To Tuesday 13 February: 8 working days before is Thursday 1 February, 5 before Tuesday the 6th."""
    expect(office, "Delivery plan", LETICIA)
    with walk.database.session() as session:
        wanted = Wanted("move", "PSG", FEBRUARY, people[SECRETARY], to=date(2024, 2, 13))
        enact(session, walk.announcer, wanted, walk.now)
    walk.to(date(2024, 2, 6))
    assert walk.sent("expected_paper") == [
        ("02-01 09", "papers_call_authors", LETICIA),
        ("02-06 09", "papers_chaser", LETICIA),
    ]


def test_the_morning_names_what_is_not_in(walk: Walk, office: Office) -> None:
    expect(office, "Delivery plan", LETICIA)
    with walk.database.reading() as session:
        due = todays(session, walk.announcer, datetime(2024, 1, 30, 8, tzinfo=UTC)).due_soon
    assert f"PSG-2024-02-07, papers (not in yet: Delivery plan ({LETICIA}))" in [d.what for d in due]


def test_what_cannot_be_is_said_in_a_sentence(walk: Walk, office: Office) -> None:
    expect(office, "Delivery plan", LETICIA)
    office("papers", "received", "PAP-001", "--by", SECRETARY)
    title, by = ("--title", "Costs"), ("--by", SECRETARY)
    for words, why in (
        (("expect", "PSG", "2024-02-07", "--title", "delivery  PLAN", "--author", LETICIA, *by), "as PAP-001."),
        (("expect", "PSG", "2024-02-07", "--title", " ", "--author", LETICIA, *by), "The paper has no title."),
        (("expect", "PSG", "2024-02-07", *title, "--author", "Nobody", *by), "Nobody is not on file."),
        (("expect", "PSG", "2024-02-08", *title, "--author", LETICIA, *by), "PSG has no meeting on"),
        (("expect", "DAG", "2024-02-14", *title, "--author", LETICIA, *by), "No papers go out for DAG"),
        (("expect", "XYZ", "2024-02-07", *title, "--author", LETICIA, *by), "There is no group XYZ."),
        (("expect", "PSG", "2024-02-07", *title, "--author", LETICIA, "--by", LETICIA), "is not of the PMO."),
        (("received", "PAP-009", *by), "There is no paper PAP-009."),
        (("received", "PAP-001", *by), "PAP-001 was received on Thursday 25 January 2024"),
        (("withdraw", "PAP-001", *by), "PAP-001 was received on"),
        (("received", "PAP-001", "--by", LETICIA), "is not of the PMO."),
    ):
        went_well, said = office("papers", *words)
        assert not went_well, words
        assert why in said
    with walk.database.reading() as session:
        assert [row.title for row in papers.of_meeting(session, UID)] == ["Delivery plan"]


def test_the_chairs_word_on_a_late_paper_is_noted_at_the_terminal(walk: Walk, office: Office) -> None:
    with walk.database.session() as session:
        meeting = find_meeting(session, walk.announcer.calendar, "PSG", FEBRUARY)
        leticia = members.named(session, LETICIA)
        sent = Sent(title="Costs", link="https://example.org/costs")
        submit(session, walk.announcer, meeting, sent, by=leticia, now=datetime(2024, 2, 1, 10, tzinfo=UTC))
    said = ("papers", "chair-says", "PAP-001")
    by = ("--by", SECRETARY)
    assert "A refusal has a reason" in office(*said, "refused", *by)[1]
    assert "There is no late paper PAP-001 for you" in office(*said, "taken", "--by", LETICIA)[1]
    assert office(*said, "taken", *by) == (True, "PAP-001 is taken: Costs. Its author is told.\n")
    assert "consent" in office("papers", "list", "PSG", "2024-02-07")[1]
    assert "is on file: taken." in office(*said, "refused", *by, "--reason", "no")[1]
