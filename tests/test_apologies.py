"""Apologies and alternates: no reason is asked; the alternate is expected, and hears what the person would have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import apologies, members
from bot.config import Config
from bot.drafts import attendance_of, attendance_rows
from bot.model import Person, SeatHolding
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ApologyRow, ObligationRow
from bot.store.people_tables import SeatHoldingRow
from bot.wording import render
from schedules.changes import Wanted, enact
from schedules.daily import daily_values
from schedules.morning import todays
from tests.office import Office
from tests.test_reminders import DEPUTY, FEBRUARY, SECRETARY, Walk

HARRIET, MAGNUS, CHAIR = "Harriet Bassington", "Magnus Eskdale", "Marguerite Oyelaran"
NEWCOMER = ("--alternate", "Quentin Ashdown", "--email", "Quentin.Ashdown@example.org")


@pytest.fixture
def walk(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> Walk:
    """From Monday 29 January 2024; PSG meets on Wednesday 7 February at 10:00, and its invitations were due before."""
    walked = Walk(tmp_path, database, config, datetime(2024, 1, 29, 8, tzinfo=UTC))
    walked.announcer = replace(walked.announcer, files=walked.files)
    return walked


@pytest.fixture
def office(office: Office) -> Office:
    office.at = "2024-01-30T15:00:00+00:00"
    return office


def add(office: Office, *words: str, person: str = HARRIET, by: str = SECRETARY, at: str = "") -> str:
    when = {"at": at} if at else {}
    went_well, said = office("apologies", "add", "PSG", "2024-02-07", "--person", person, "--by", by, *words, **when)
    assert went_well, said
    return said


def seats(walk: Walk, on: date = FEBRUARY) -> list[SeatHolding]:
    with walk.database.reading() as session:
        return members.holdings(session, on, group="PSG")


def at(walk: Walk, instant: datetime) -> None:
    walk.now = instant
    walk.round()


# ------------------------------------------------------------------------------------------------------------- on file


def test_an_alternate_nobody_knew_holds_the_seat_for_that_one_day(walk: Walk, office: Office) -> None:
    assert add(office, *NEWCOMER, by=HARRIET) == (
        f"AP-001: apologies from {HARRIET} for PSG, Wednesday 7 February 2024, 10:00 (London).\n"
        "Quentin Ashdown comes instead.\n"
    )
    [held] = [h for h in seats(walk) if h.role == "alternate"]
    assert (held.person.name, held.person.email) == ("Quentin Ashdown", "quentin.ashdown@example.org")
    assert (held.seat, held.constituency) == ("Large Supplier Representative", "Large Supplier")
    assert (held.from_on, held.to_on, held.alternate_for) == (FEBRUARY, FEBRUARY, HARRIET)
    assert not [h for h in seats(walk, date(2024, 2, 8)) if h.role == "alternate"]
    with walk.database.reading() as session:
        told = session.scalars(select(AuditRow).where(AuditRow.subject == "AP-001")).one()
        assert (told.actor, told.event, told.detail["alternate"]) == (HARRIET, "apologies recorded", "Quentin Ashdown")
    assert {"AP-001", "Harriet", "Quentin"} <= set(office("apologies", "list")[1].split())
    assert "AP-001" in office("why", "AP-001")[1]


def test_an_alternate_may_be_named_later_and_be_another_in_the_end(walk: Walk, office: Office) -> None:
    assert "No alternate is named yet." in add(office)
    assert add(office, "--alternate", MAGNUS).startswith("AP-001")
    said = add(office, *NEWCOMER)
    assert said.startswith("AP-001")
    assert "Quentin Ashdown comes instead." in said
    assert f"{MAGNUS} may have been invited already: please tell them." in said
    assert [h.person.name for h in seats(walk) if h.role == "alternate"] == ["Quentin Ashdown"]
    assert add(office) == said.splitlines()[0] + "\nQuentin Ashdown comes instead.\n", "said again, nothing changes"


def test_whoever_sends_apologies_may_come_after_all(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER)
    went_well, said = office("apologies", "withdraw", "ap-001", "--by", HARRIET)
    assert went_well
    assert said == (
        f"AP-001 is withdrawn: {HARRIET} comes to PSG, Wednesday 7 February 2024, 10:00 (London).\n"
        "Quentin Ashdown may have been invited already: please tell them.\n"
    )
    assert not [h for h in seats(walk) if h.role == "alternate"]
    assert "AP-001 is withdrawn already." in office("apologies", "withdraw", "AP-001", "--by", HARRIET)[1]
    assert add(office).startswith("AP-002"), "and change their mind again"


def test_what_cannot_be_is_said_in_a_sentence(walk: Walk, office: Office) -> None:
    psg = ("apologies", "add", "PSG", "2024-02-07", "--by", SECRETARY, "--person")
    for words, why in (
        ((*psg, "Nobody Known"), "Nobody Known is not on file."),
        ((*psg, "Emeka Loxley"), "Emeka Loxley holds no seat of PSG on Wednesday 7 February 2024."),
        ((*psg, HARRIET, "--alternate", "Somebody New"), "Give --email as well"),
        ((*psg, HARRIET, "--alternate", "Somebody New", "--email", "nowhere"), "nowhere is no e-mail address."),
        ((*psg, HARRIET, "--email", "a@example.org"), "Give the alternate's name too"),
        ((*psg, HARRIET, "--alternate", HARRIET), f"{HARRIET} is who cannot come."),
        ((*psg[:-2], MAGNUS, "--person", HARRIET), f"{MAGNUS} is neither {HARRIET} nor of the PMO."),
        (("apologies", "add", "PSG", "2024-02-08", *psg[4:], HARRIET), "PSG has no meeting on"),
        (("apologies", "add", "DAG", "2024-02-14", *psg[4:], HARRIET), "is an e-mail update: nobody is expected."),
        (("apologies", "withdraw", "AP-009", "--by", SECRETARY), "There is no apology AP-009."),
    ):
        went_well, said = office(*words)
        assert not went_well, words
        assert why in said
    with walk.database.reading() as session:
        assert session.scalars(select(ApologyRow)).all() == [], "nothing was half done"


# -------------------------------------------------------------------------------------------------------- who is told


def test_the_alternate_is_invited_at_once_and_hears_of_it_the_day_before_in_the_persons_place(
    walk: Walk, office: Office, people: dict[str, Person]
) -> None:
    """Harriet and Magnus had chosen to hear it the day before. The pack goes out before the alternate is named."""
    with walk.database.session() as session:
        for name in (HARRIET, MAGNUS):
            members.choose(session, people[name], "meeting_tomorrow")
    walk.meet("papers", link="https://example.org/psg/pack")
    add(office, *NEWCOMER)
    at(walk, datetime(2024, 1, 30, 15, 1, tzinfo=UTC))
    assert walk.sent("meeting") == [("01-30 15", "invitation", "Quentin Ashdown")]
    invited = next(row for row in walk.rows("meeting") if row.sent_at)
    assert [name.partition(":")[2] for name in invited.attachments] == ["invitation.ics"]
    assert f"10:00-12:00 (London), in place of {HARRIET}." in invited.text
    assert "Agenda and papers: https://example.org/psg/pack" in invited.text
    at(walk, datetime(2024, 2, 6, 9, tzinfo=UTC))
    eve = [("02-06 09", "meeting_tomorrow", who) for who in (MAGNUS, "Quentin Ashdown")]
    assert sorted(walk.sent("meeting")[1:]) == eve
    for row in walk.rows("meeting"):
        if row.step == "meeting_tomorrow":
            expected = next(line for line in row.text.splitlines() if line.startswith("Expected: "))
            assert "Quentin Ashdown" in expected
            assert HARRIET not in expected
            assert (f"You come in place of {HARRIET}" in row.text) == (row.recipient_name == "Quentin Ashdown")


def test_named_the_day_before_an_alternate_has_the_invitation_and_the_pack(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER, at="2024-02-06T14:00:00+00:00")
    at(walk, datetime(2024, 2, 6, 14, 1, tzinfo=UTC))
    assert sorted(step for _, step, who in walk.sent("meeting") if who == "Quentin Ashdown") == [
        "invitation",
        "meeting_tomorrow",
    ]


def test_what_waits_for_an_alternate_who_is_replaced_is_taken_back(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER)
    walk.now = datetime(2024, 1, 30, 15, 1, tzinfo=UTC)
    walk.round(sending=False)
    add(office, "--alternate", "Emeka Loxley", at="2024-01-30T15:02:00+00:00")
    at(walk, datetime(2024, 1, 30, 15, 3, tzinfo=UTC))
    assert [(step, who) for _, step, who in walk.sent("meeting")] == [("invitation", "Emeka Loxley")]


def test_a_meeting_that_moves_takes_its_alternates_with_it(
    walk: Walk, office: Office, people: dict[str, Person]
) -> None:
    add(office, *NEWCOMER)
    with walk.database.session() as session:
        wanted = Wanted("move", "PSG", FEBRUARY, people[SECRETARY], to=date(2024, 2, 13))
        done = enact(session, walk.announcer, wanted, datetime(2024, 1, 31, 9, tzinfo=UTC))
    assert {"Quentin Ashdown", HARRIET} <= {person.name for person in done.told}
    assert not [h for h in seats(walk) if h.role == "alternate"]
    [held] = [h for h in seats(walk, date(2024, 2, 13)) if h.role == "alternate"]
    assert (held.person.name, held.from_on, held.to_on) == ("Quentin Ashdown", date(2024, 2, 13), date(2024, 2, 13))
    went_well, _ = office("apologies", "withdraw", "AP-001", "--by", SECRETARY, at="2024-02-01T09:00:00+00:00")
    assert went_well
    assert not [h for h in seats(walk, date(2024, 2, 13)) if h.role == "alternate"]


# ---------------------------------------------------------------------------------------------------- alternate needed


def test_a_constituency_without_an_alternate_is_asked_at_once_and_then_the_secretary_hears(
    walk: Walk, office: Office
) -> None:
    add(office)
    walk.to(date(2024, 2, 8))
    assert walk.sent("apology") == [
        ("01-30 17", "alternate_needed", HARRIET),
        ("01-31 09", "alternate_needed_secretary", SECRETARY),
    ]
    asked, climbed = walk.rows("apology")
    assert f"{asked.due_at:%d %H:%M}" == "30 15:00", "at once; the walk's next round is at 17:00"
    assert "Thank you for letting us know" in asked.text
    assert f"{HARRIET} (Large Supplier Representative) cannot attend" in climbed.text
    said = office("why", asked.id)[1]
    assert "AP-001 came on Tuesday 30 January 2024, 15:00 (London) for Wednesday 7 February 2024" in said
    assert "GF §Membership Principles" in said


@pytest.mark.parametrize("how", ["alternate", "command", "reply", "withdrawn"])
def test_it_stops_when_one_is_named_or_it_is_marked_as_done(walk: Walk, office: Office, how: str) -> None:
    add(office)
    at(walk, datetime(2024, 1, 30, 15, 1, tzinfo=UTC))
    [asked] = walk.rows("apology")
    if how == "alternate":
        add(office, *NEWCOMER)
    elif how == "command":
        assert office("done", "AP-001/apology", "--by", SECRETARY)[0]
    elif how == "withdrawn":
        assert office("apologies", "withdraw", "AP-001", "--by", HARRIET)[0]
    else:
        assert walk.reply(asked, "Done, nobody can come.", "harriet.bassington@example.org") == "done"
    walk.to(date(2024, 2, 2))
    assert [step for _, step, _ in walk.sent("apology")] == ["alternate_needed"]
    with walk.database.reading() as session:
        assert session.get(ObligationRow, (asked.meeting_uid, "apology:AP-001")) is not None


@pytest.mark.parametrize("name", [CHAIR, "Philippa Dunmorrow", "Benedikt Harrowgate", "Hamish Torvalden"])
def test_the_chair_ofgem_the_ipa_and_the_programmes_own_are_not_asked(walk: Walk, office: Office, name: str) -> None:
    add(office, person=name)
    walk.to(date(2024, 2, 2))
    assert walk.rows("apology") == []


def test_once_the_meeting_begins_nobody_is_asked(walk: Walk, office: Office) -> None:
    add(office, at="2024-02-06T16:30:00+00:00")
    walk.to(date(2024, 2, 5))
    at(walk, datetime(2024, 2, 7, 10, 30, tzinfo=UTC))
    assert walk.rows("apology") == []


def test_an_alternate_of_the_members_file_is_one_too(walk: Walk, office: Office) -> None:
    line = (
        f"Emeka Loxley,emeka.loxley@example.org,,,Large Supplier,PSG,Large Supplier Representative,alternate,{FEBRUARY}"
    )
    file = walk.root / "more.csv"
    walk.root.mkdir(exist_ok=True)
    file.write_text(",".join(members.COLUMNS) + f"\n{line},{FEBRUARY},{HARRIET}\n", encoding="utf-8")
    with walk.database.session() as session:
        members.import_members(session, members.read_members_file(file, ["PSG"]))
    add(office)
    walk.to(date(2024, 2, 1))
    assert walk.rows("apology") == []
    at(walk, datetime(2024, 2, 6, 9, tzinfo=UTC))
    assert walk.sent("meeting") == [("02-06 09", "meeting_tomorrow", "Emeka Loxley")]


def test_an_alternate_who_cannot_come_either_is_asked_for_anew(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER)
    said = add(office, person="Quentin Ashdown", by=SECRETARY, at="2024-02-01T11:00:00+00:00")
    assert said == (
        f"AP-002: Quentin Ashdown no longer comes in {HARRIET}'s place to PSG, "
        "Wednesday 7 February 2024, 10:00 (London).\n"
    )
    at(walk, datetime(2024, 2, 1, 11, 1, tzinfo=UTC))
    assert [(row.clock, row.recipient_name) for row in walk.rows("apology")] == [("apology:AP-002", HARRIET)]


# ------------------------------------------------------------------------------------------------- report, daily mail


def test_the_reports_attendance_says_apologies_and_alternate(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER)
    add(office, person=MAGNUS)
    add(office, person=CHAIR)
    held = seats(walk)
    with walk.database.reading() as session:
        away = apologies.away(session, "psg-2024-02-07@mhhsprogramme.co.uk")
    status = {row.name: row.status for row in attendance_rows(held, away)}
    assert (status[HARRIET], status[MAGNUS], status[CHAIR]) == ("apologies", "apologies", "apologies")
    assert (status["Quentin Ashdown"], status["Anselm Quigley"]) == ("alternate", "expected")
    drafted = attendance_of(held, away)
    assert drafted.chair is None
    assert {m.name: m.present for m in drafted.members}[HARRIET] is False


def test_the_morning_tells_of_the_next_working_days_apologies_and_unfilled_seats(walk: Walk, office: Office) -> None:
    add(office, *NEWCOMER)
    add(office, person=MAGNUS)
    mails = {day: mail(walk, datetime(2024, 2, day, 8, tzinfo=UTC)) for day in (5, 6)}
    title = "Tomorrow's meetings: apologies and unfilled seats\n"
    assert title not in mails[5]
    section = mails[6].partition(title)[2].partition("\n\n")[0].splitlines()
    assert section == [
        f"- PSG-2024-02-07: apologies from {MAGNUS} (DNO); no alternate is named",
        f"- PSG-2024-02-07: apologies from {HARRIET} (Large Supplier); Quentin Ashdown comes instead",
        "- PSG-2024-02-07: nobody holds the seat of Other Central System Provider",
    ]


def mail(walk: Walk, now: datetime) -> str:
    with walk.database.reading() as session:
        values = daily_values(todays(session, walk.announcer, now), name=DEPUTY, page="http://page")
    return render(walk.announcer.config.paths.templates, "daily.txt", values)[1]


def test_no_seat_is_left_behind(walk: Walk, office: Office) -> None:
    """Named, replaced, withdrawn: the members' own seats are as they were."""
    with walk.database.reading() as session:
        before = [(r.person_id, r.seat, r.from_on, r.to_on) for r in session.scalars(select(SeatHoldingRow))]
    add(office, *NEWCOMER)
    add(office, "--alternate", MAGNUS)
    assert office("apologies", "withdraw", "AP-001", "--by", SECRETARY)[0]
    with walk.database.reading() as session:
        assert [(r.person_id, r.seat, r.from_on, r.to_on) for r in session.scalars(select(SeatHoldingRow))] == before
