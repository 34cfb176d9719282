"""Slack: the logs, mine and a group's, searched; and what an action's owner says of it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from bot.model import Person
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.report_tables import ActionNoteRow, ActionRow
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, texts
from tests.test_logs import put_action, put_decision, put_report
from tests.test_slack_meetings import buttons_of, shown

PARVEEN, EMEKA = "U0SAMPLE23", "U0SAMPLE17"


@pytest.fixture(autouse=True)
def logged(database: Database, people: dict[str, Person], slack: SlackAtHand) -> None:
    """PSG of 7 February and of January, and SDWG, which is confidential; some of it is meant to do harm."""
    assert slack
    with database.session() as session:
        january = put_report(session, people, "PSG", date(2024, 1, 3))
        february = put_report(session, people, "PSG", date(2024, 2, 7))
        sdwg = put_report(session, people, "SDWG", date(2024, 2, 8))
        put_decision(session, people, "PSG-DEC40", january, "The plan for January stands.")
        put_decision(
            session, people, "PSG-DEC41", february, "Approved <!channel> & <https://evil.example|this> \u202e."
        )
        put_decision(session, people, "SDWG-DEC01", sdwg, "The keys are rotated.")
        put_action(session, "PSG26-01", january, "Publish the plan.", "Large Supplier", state="closed")
        put_action(session, "PSG27-01", february, "Give figures.", "Large Supplier")
        put_action(session, "PSG27-02", february, "Check the meters.", "DNO")
        put_action(session, "SDWG3-01", sdwg, "Rotate the keys.", "Emeka Loxley")


def refs(said: str) -> list[str]:
    return [line.split("*")[1] for line in said.splitlines() if line.startswith("*")]


def test_my_decisions_the_newest_first_each_with_its_link_into_the_recording(slack: SlackAtHand) -> None:
    said = slack.says("decisions")
    assert refs(said) == ["PSG-DEC41", "PSG-DEC40"]
    assert "00:01:01 http://127.0.0.1:8765/recordings/R-PSG-2024-02-07#t=61" in said
    [first, *_] = shown(slack, "decisions")
    assert "<http://127.0.0.1:8765/recordings/R-PSG-2024-02-07#t=61|00:01:01>" in first["text"]["text"]


def test_what_was_written_to_do_harm_is_shown_as_written(slack: SlackAtHand) -> None:
    [first, *_] = shown(slack, "decisions")
    assert "<!channel>" not in first["text"]["text"]
    assert "&lt;!channel&gt; &amp; &lt;" in first["text"]["text"]
    assert "|this>" not in first["text"]["text"]


def test_a_group_or_words_are_everybodys_and_a_closed_group_stays_closed(slack: SlackAtHand) -> None:
    assert refs(slack.says("decisions PSG")) == ["PSG-DEC41", "PSG-DEC40"]
    assert refs(slack.says("decisions january")) == ["PSG-DEC40"]
    assert refs(slack.says("decisions all")) == ["PSG-DEC41", "PSG-DEC40"], "SDWG is for its members"
    assert refs(slack.says("decisions all", user=TOBIAS)) == ["SDWG-DEC01", "PSG-DEC41", "PSG-DEC40"]
    hidden, absent = slack.says("decisions SDWG"), slack.says("decisions DRG")
    assert hidden == absent.replace("DRG", "SDWG")
    assert refs(slack.says("actions all keys")) == []


def test_my_actions_are_the_open_ones_that_i_own(slack: SlackAtHand) -> None:
    assert refs(slack.says("actions")) == ["PSG27-01"]
    assert refs(slack.says("actions mine closed")) == ["PSG26-01", "PSG27-01"]
    assert refs(slack.says("actions PSG")) == ["PSG27-01", "PSG27-02"]
    assert refs(slack.says("actions constituency", user=EMEKA)) == ["PSG27-01"]
    assert refs(slack.says("actions", user=EMEKA)) == ["SDWG3-01"]
    assert "owner: Large Supplier; due: Friday 1 May 2026" in slack.says("actions")


def test_only_what_one_may_update_has_the_button(slack: SlackAtHand) -> None:
    assert [
        value for _, click, value in buttons_of(shown(slack, "actions PSG closed")) if click == "update_action"
    ] == ["PSG27-01"]
    of_pmo = buttons_of(shown(slack, "actions PSG", user=TOBIAS))
    assert [value for _, click, value in of_pmo if click == "update_action"] == ["PSG27-01", "PSG27-02"]


def test_a_long_log_pages_in_words_and_by_buttons(slack: SlackAtHand, database: Database) -> None:
    with database.session() as session:
        for number in range(10, 35):
            put_action(session, f"PSG27-{number}", "PSG-2024-02-07-r1", "x" * 5000, "Large Supplier")
    first = slack.says("actions mine")
    assert len(refs(first)) == 10
    assert "Page 1 of 3. For the next: `/secretariat actions mine page 2`" in first
    assert ("More", "actions:more", "mine page 2") in buttons_of(shown(slack, "actions mine"))
    last = slack.answered(slack.click("actions:more", "mine page 3"))
    assert len(refs(last)) == 6
    assert set(refs(first)).isdisjoint(refs(last))


def test_the_search_asks_whose_which_group_and_which_words(slack: SlackAtHand) -> None:
    view = slack.shortcut("find")
    groups = slack.options(view, "group", "steering")
    assert [option["value"] for option in groups] == ["PSG"]
    assert len(slack.options(view, "group")) > 15
    found = slack.submit(view, log="actions", whose="all", group="PSG", words="figures")["view"]
    assert "PSG27-01" in texts(found)
    assert "PSG27-02" not in texts(found)
    none = slack.submit(slack.click_opens("find", "decisions"), whose="mine", words="nobody said this")["view"]
    assert "Nothing on the log of decisions fits that." in texts(none)
    closed = slack.submit(slack.shortcut("find"), log="actions", whose="mine", closed=["closed"])["view"]
    assert "PSG26-01" in texts(closed)


def test_a_group_that_is_none_is_refused_in_the_search(slack: SlackAtHand) -> None:
    found = slack.submit(slack.shortcut("find"), group="NOGROUP")["view"]
    assert "There is no group NOGROUP" in texts(found)


# -------------------------------------------------------------------------------------------------- an action's owner


def notes(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.reference, row.text) for row in session.scalars(select(ActionNoteRow).order_by(ActionNoteRow.id))]


def state(database: Database, reference: str = "PSG27-01") -> str:
    with database.reading() as session:
        return session.get_one(ActionRow, reference).state


def test_its_owner_says_where_it_stands_and_proposes_its_closure(slack: SlackAtHand, database: Database) -> None:
    view = slack.click_opens("update_action", "PSG27-01")
    assert "Give figures." in texts(view)
    said = slack.submit(view, note="Half of it has come.")["view"]
    assert "PSG27-01 is noted." in texts(said)
    done = slack.submit(slack.opens("update psg27-01"), done=["done"], link="https://example.org/x")["view"]
    assert "PSG27-01 is proposed for closure: the PMO closes it." in texts(done)
    assert notes(database) == [("PSG27-01", "Half of it has come.")]
    assert state(database) == "closure_proposed"


def test_sent_in_twice_it_is_noted_once(slack: SlackAtHand, database: Database) -> None:
    view = slack.click_opens("update_action", "PSG27-01")
    first, again = slack.submit(view, note="Once."), slack.submit(view, note="Once.")
    assert texts(first) == texts(again)
    assert notes(database) == [("PSG27-01", "Once.")]


def test_nothing_said_is_said_on_the_field_and_can_be_mended_in_the_same_modal(
    slack: SlackAtHand, database: Database
) -> None:
    view = slack.click_opens("update_action", "PSG27-01")
    refused = slack.submit(view, note="  ")
    assert refused["response_action"] == "errors"
    assert refused["errors"] == {"note": "There is nothing to note. Say where the action stands."}
    slack.submit(view, note="Now.")
    assert notes(database) == [("PSG27-01", "Now.")]


def test_in_words_too(slack: SlackAtHand, database: Database) -> None:
    assert slack.says("update PSG27-01: half of it: see <!here>") == "PSG27-01 is noted."
    assert "proposed for closure" in slack.says("update psg27-01 done: it lies at https://example.org/figures")
    assert notes(database)[0] == ("PSG27-01", "half of it: see <!here>")
    assert state(database) == "closure_proposed"
    assert slack.says("update PSG27-01 done", user=TOBIAS) == "PSG27-01 is closed."
    assert state(database) == "closed"
    assert "Which action, and what of it?" in slack.says("update PSG27-02 and so on")


@pytest.mark.parametrize("reference", ["PSG27-02", "SDWG3-01", "SDWG9-99"])
def test_an_action_that_is_not_mine_is_refused_and_a_hidden_one_is_not_there(
    slack: SlackAtHand, database: Database, reference: str
) -> None:
    view = slack.click_opens("update_action", reference)
    sentence = f"There is no action {reference}." if reference.startswith("SDWG") else "is not yours to update."
    assert sentence in texts(view)
    forged = slack.click_opens("update_action", "PSG27-01") | {"private_metadata": f'{{"reference":"{reference}"}}'}
    assert sentence in texts(slack.submit(forged, note="Mine?")["view"])
    assert sentence in slack.says(f"update {reference}: mine?")
    assert notes(database) == []
    with database.reading() as session:
        refused = session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")).all()
    assert refused == ([] if reference == "SDWG9-99" else [f"action {reference}"] * 3)


@pytest.mark.parametrize("text", ["actions", "decisions all", "update PSG27-01: x"])
def test_a_stranger_learns_nothing(slack: SlackAtHand, text: str) -> None:
    assert "does not know you yet" in slack.says(text, user=STRANGER)


@pytest.mark.parametrize(
    "words", ["x" * 40_000, "\u202eplan\u202c", "\u200b", "'; DROP TABLE actions; --", "page 3", "%"]
)
def test_any_words_can_be_looked_for(slack: SlackAtHand, words: str) -> None:
    assert "Nothing on the log of actions fits that." in slack.says(f"actions all about {words}") or words == "page 3"
    assert slack.says(f"actions {words}", user=HARRIET)
    assert slack.says(f"actions {words}", user=PARVEEN)
