"""Slack: apologies and alternates, and the lists of open groups."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot import members, open_lists
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ApologyRow, MeetingRow
from bot.store.people_tables import SeatHoldingRow
from tests.slack_at_hand import STRANGER, SlackAtHand, texts

PSG_MARCH = date(2024, 3, 6)
PARVEEN = "U0SAMPLE23"  # of another constituency at the PSG


def at_table(database: Database, role: str = "alternate") -> list[tuple[str, str | None]]:
    with database.reading() as session:
        return [(h.person.name, h.alternate_for) for h in members.holdings(session, PSG_MARCH, group="PSG")
                if h.role == role]  # fmt: skip


def apologies_on_file(database: Database) -> list[ApologyRow]:
    with database.reading() as session:
        return list(session.scalars(select(ApologyRow)))


def refusals(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.event == "access refused"))
        return [(row.actor, row.subject) for row in rows]


def meeting_of(view: dict[str, Any], named: str) -> str:
    """The value of the meeting whose label begins so."""
    options = next(b for b in view["blocks"] if b.get("block_id") == "meeting")["element"]["options"]
    return str(next(o["value"] for o in options if o["text"]["text"].startswith(named)))


# ----------------------------------------------------------------------------------------------------------- apologies


def test_the_modal_offers_my_own_meetings_and_an_alternate_from_my_surroundings(
    slack: SlackAtHand, database: Database
) -> None:
    view = slack.opens("apologies PSG")
    assert "No reason is asked or kept" in texts(view)
    chosen = next(b for b in view["blocks"] if b.get("block_id") == "meeting")["element"]["initial_option"]
    assert chosen["text"]["text"] == "PSG, Wednesday 6 March 2024, 10:00 (London)"
    assert "SITWG" not in texts(view), "an open working group at which she holds no seat"
    offered = slack.options(view, "alternate", "magn")
    assert [o["text"]["text"] for o in offered] == ["Magnus Eskdale"]

    said = slack.submit(view, meeting=chosen["value"], alternate=offered[0]["value"])
    told = texts(said["view"])
    assert "AP-001: apologies from Harriet Bassington for PSG" in told
    assert "Magnus Eskdale comes instead." in told
    assert "Magnus Eskdale is invited in your place, and gets the papers." in told
    assert at_table(database) == [("Magnus Eskdale", "Harriet Bassington")]
    with database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "apologies recorded")).one()
        assert (row.actor, row.detail["alternate"]) == ("Harriet Bassington", "Magnus Eskdale")


@pytest.mark.parametrize("typed", [": Magnus Eskdale", ", alternate Magnus Eskdale", ", Magnus Eskdale"])
def test_who_comes_instead_is_read_behind_a_colon_or_a_comma(
    slack: SlackAtHand, database: Database, typed: str
) -> None:
    assert "Magnus Eskdale comes instead." in slack.says(f"apologies PSG 2024-03-06{typed}")
    assert at_table(database) == [("Magnus Eskdale", "Harriet Bassington")]


def test_an_alternate_nobody_knew_is_never_refused(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("apologies PSG")
    said = slack.submit(view, name="Quentin <Ashdown>", email="Quentin.Ashdown@example.org")
    assert "Quentin &lt;Ashdown&gt; comes instead." in texts(said["view"])
    assert at_table(database) == [("Quentin <Ashdown>", "Harriet Bassington")]


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"name": "Somebody New"}, "email", "Give the address too"),
        ({"email": "a@example.org"}, "name", "The address is whose?"),
        ({"name": "Somebody New", "email": "nowhere"}, "email", "is no e-mail address"),
        ({"name": "Harriet Bassington", "email": "harriet.bassington@example.org"}, "name", "You are who cannot come"),
        ({"alternate": "P-nobody"}, "alternate", "not on your list"),
        ({"meeting": "psg-2030-01-01@nowhere"}, "meeting", "not on file"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_recorded(
    slack: SlackAtHand, database: Database, filled: dict[str, str], field: str, sentence: str
) -> None:
    said = slack.submit(slack.opens("apologies PSG"), **filled)
    assert said["response_action"] == "errors"
    assert sentence in said["errors"][field]
    assert apologies_on_file(database) == []


def test_a_meeting_that_is_not_mine_is_refused_and_the_refusal_kept(slack: SlackAtHand, database: Database) -> None:
    with database.reading() as session:
        working_group = session.scalars(select(MeetingRow).where(MeetingRow.group_key == "SITWG")).first()
        assert working_group
    said = slack.submit(slack.opens("apologies PSG"), meeting=working_group.uid)
    assert "You are not expected at SITWG" in said["errors"]["meeting"]
    assert refusals(database) == [("Harriet Bassington", f"apologies {working_group.uid}")]
    assert apologies_on_file(database) == []


def test_sent_in_twice_it_is_one_apology_and_one_entry(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("apologies PSG")
    first, second = (slack.submit(view, name="Q A", email="q@example.org") for _ in range(2))
    assert texts(first["view"]) == texts(second["view"])
    assert len(apologies_on_file(database)) == 1
    with database.reading() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.event == "apologies recorded")).all()) == 1


def test_in_words_and_after_all(slack: SlackAtHand, database: Database) -> None:
    said = slack.says("apologies psg 2024-03-06: Quentin Ashdown, q@example.org")
    assert said.startswith("AP-001: apologies from Harriet Bassington for PSG")
    assert at_table(database) == [("Quentin Ashdown", "Harriet Bassington")]
    assert "There is no apology AP-001." in slack.says("apologies withdraw AP-001", user=PARVEEN)
    assert refusals(database) == [("Parveen Lightbourne", "apologies AP-001")]
    key = slack.click("apologies_taken_back", "AP-001")
    assert "AP-001 is withdrawn: Harriet Bassington comes to PSG" in slack.answered(key)
    assert "Quentin Ashdown may have been invited already" in slack.answered(key)
    assert at_table(database) == []
    assert "withdrawn already" in slack.says("apologies withdraw ap-001")
    assert "There is no apology AP-009." in slack.says("apologies withdraw AP-009")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("apologies PSG 2024-03-07", "PSG has no meeting on"),
        ("apologies PSG 2024-13-07", "is no date"),
        ("apologies SITWG 2024-03-07", "You are not expected at SITWG on Thursday 7 March 2024."),
        ("apologies DAG 2024-02-14", "is an e-mail update: nobody is expected."),
        ("apologies PSG 2024-03-06: Nobody Known", "Give the address as well."),
        ("apologies NOPE 2024-03-06", "There is no group NOPE."),
    ],
)
def test_what_cannot_be_is_a_sentence(slack: SlackAtHand, database: Database, text: str, why: str) -> None:
    assert why in slack.says(text)
    assert apologies_on_file(database) == []


def test_a_representative_whose_term_has_ended_is_expected_nowhere(slack: SlackAtHand, database: Database) -> None:
    with database.session() as session:
        for row in session.scalars(select(SeatHoldingRow)):
            if row.person.name == "Harriet Bassington":
                row.to_on = date(2024, 2, 8)
    assert "You are not expected at PSG" in slack.says("apologies PSG 2024-03-06: Magnus Eskdale")
    assert "expected at no meeting" in texts(slack.opens("apologies"))
    assert apologies_on_file(database) == []


def test_without_slacks_screens_everything_goes_in_words(slack: SlackAtHand, database: Database) -> None:
    slack.screens.is_there = False
    assert "AP-001: apologies from Harriet Bassington for PSG" in slack.says("apologies PSG")
    assert "No alternate is named yet." in slack.says("apologies PSG 2024-03-06")
    assert "Write: apologies PSG" in slack.says("apologies")
    assert "Write: join SITWG" in slack.says("join")
    assert "Write: leave SITWG" in slack.says("leave")
    assert "Write: ask" in slack.says("ask")
    assert "Write: escalate PSG context:" in slack.says("escalate PSG")


def test_nobody_on_file_is_told_so(slack: SlackAtHand, database: Database) -> None:
    assert "does not know you" in slack.says("apologies PSG 2024-03-06", user=STRANGER)


# --------------------------------------------------------------------------------------------------------------- lists


def on_list(database: Database, group: str) -> list[str]:
    with database.reading() as session:
        return [entry.person.name for entry in open_lists.entries(session, group, date(2024, 2, 9))]


def test_join_and_leave_an_open_groups_list(slack: SlackAtHand, database: Database) -> None:
    said = slack.says("join sitwg")
    assert "You are on the list of SITWG" in said
    assert "Its next meeting: Thursday 7 March 2024, 14:00 (London)." not in said  # a date in the reader's zone
    assert "14:00 in London" in said
    assert on_list(database, "SITWG") == ["Harriet Bassington"]
    assert "already" in slack.says("join SITWG")
    key = slack.click("left", "SITWG")
    assert "You are no longer on the list of SITWG." in slack.answered(key)
    assert on_list(database, "SITWG") == []
    assert "Harriet Bassington is not on the list of SITWG." in slack.says("leave SITWG")
    assert "secretariat lists" not in slack.says("leave SITWG")


def test_a_closed_group_has_no_list_and_the_refusal_is_kept(slack: SlackAtHand, database: Database) -> None:
    said = slack.says("join PSG", user=PARVEEN)
    assert "its seats are filled by nomination" in said
    assert refusals(database) == [("Parveen Lightbourne", "join PSG")]
    assert "There is no group XYZ" in slack.says("join XYZ")


def test_the_modals_offer_what_may_be_joined_and_left(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("join")
    assert "SITWG: " in texts(view)
    assert "PSG:" not in texts(view)
    assert "SDWG:" not in texts(view)
    assert "on the list of MWG" in texts(slack.submit(view, group="MWG")["view"])
    refused = slack.submit(slack.opens("join"), group="SDWG")
    assert "nomination" in refused["errors"]["group"]
    leaving = slack.opens("leave")
    assert "MWG: " in texts(leaving)
    assert "SITWG" not in texts(leaving)
    first, second = slack.submit(leaving, group="MWG"), slack.submit(leaving, group="MWG")
    assert "no longer on the list of MWG" in texts(first["view"])
    assert "no longer on the list of MWG" in texts(second["view"])
    assert on_list(database, "MWG") == []
    assert "You are on no open group" in texts(slack.opens("leave"))
