"""Slack: when meetings are and what falls due, with its explanation; the calendar's address."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Config
from bot.store.database import Database
from schedules.feeds import subscription_of
from tests.slack_at_hand import HARRIET, SECRET, STRANGER, SlackAtHand, check_block, texts

PSG_IN_MARCH = "psg-2024-03-06@mhhsprogramme.co.uk"


def shown(slack: SlackAtHand, text: str, user: str = HARRIET) -> list[dict[str, Any]]:
    """The blocks of a command's answer, each within Slack's limits."""
    blocks = list(slack.command(text, user=user)["blocks"])
    assert len(blocks) <= 50
    for block in blocks:
        check_block(block)
    return blocks


def buttons_of(blocks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(label, action id, value) of each button."""
    found = [e for b in blocks for e in [*b.get("elements", ()), b.get("accessory", {})] if e.get("type") == "button"]
    return [(e["text"]["text"], e["action_id"], e.get("value", "")) for e in found]


def test_next_leads_to_deadlines_and_to_later_meetings(slack: SlackAtHand) -> None:
    said = slack.says("next")
    assert said.splitlines()[0] == "*CDWG*: Tuesday 13 February 2024, 10:00 (London)"
    assert len(said.splitlines()) == 9
    assert "For the next: `/secretariat next page 2`" in said
    found = buttons_of(shown(slack, "next"))
    assert found[0] == ("Deadlines", "deadlines", "CDWG 2024-02-13")
    assert ("More", "next:more", "page 2") in found
    second = slack.answered(slack.click("next:more", "page 2"))
    assert second.startswith("*")
    assert set(second.splitlines()).isdisjoint(said.splitlines()[:8])
    assert "Page 2 of" in second


def test_next_of_a_group_pages_within_it(slack: SlackAtHand) -> None:
    assert {line.split("*")[1] for line in slack.says("next PSG").splitlines()} == {"PSG"}
    assert slack.says("next PSG page 99").startswith("*PSG*"), "beyond the last page is the last page"


def test_when_says_the_rule_on_whose_word_and_the_next_three(slack: SlackAtHand) -> None:
    said = slack.says("when psg").splitlines()
    assert said[0] == (
        "*PSG*, Programme Steering Group: 1st Wednesday of each month, 10:00-12:00 (London) (DEL267 overview 1/2)"
    )
    assert [line.partition(": ")[2] for line in said[1:]] == [
        "Wednesday 6 March 2024, 10:00 (London)",
        "Wednesday 3 April 2024, 10:00 (London)",
        "Wednesday 1 May 2024, 10:00 (London)",
    ]
    assert "it meets when it is called" in slack.says("when SDWG")
    assert "When does which group meet?" in slack.says("when")
    assert "There is no group NOGROUP" in slack.says("when NOGROUP")


def test_a_deadline_explains_itself_by_button_and_in_words(slack: SlackAtHand) -> None:
    found = buttons_of(shown(slack, "deadlines PSG"))
    assert ("Why then?", "why", f"{PSG_IN_MARCH} papers") in found
    why = slack.answered(slack.click("why", f"{PSG_IN_MARCH} papers"))
    assert "at least 5 working days before the meeting on Wednesday 6 March 2024" in why
    assert "Days not counted: " in why
    assert "Saturday 2 March 2024 (Saturday)" in why
    assert "On the word of: GF" in why
    in_words = slack.says("deadlines PSG why")
    assert "Saturday 2 March 2024 (Saturday)" in in_words
    assert "On the word of: GF" in in_words


def test_the_explanation_opens_as_a_modal_where_the_button_stands_on_the_home_tab(slack: SlackAtHand) -> None:
    view = slack.click_opens("why", f"{PSG_IN_MARCH} papers", view={"type": "home", "id": "V1", "callback_id": "home"})
    assert "On the word of: GF" in texts(view)


@pytest.mark.parametrize("value", ["", "papers", "nothing@x papers", f"{PSG_IN_MARCH} no_clock", "x" * 2000])
def test_a_button_of_something_gone_is_answered_with_a_sentence(slack: SlackAtHand, value: str) -> None:
    assert slack.answered(slack.click("why", value)) == "That deadline has gone. Ask for the deadlines again."


def test_the_calendars_address_opens_ones_own_calendar(slack: SlackAtHand, database: Database, config: Config) -> None:
    line = slack.says("calendar").splitlines()[0]
    token = line.rpartition("/feeds/")[2].removesuffix(".ics")
    with database.reading() as session:
        found = subscription_of(session, config, token, SECRET)
    assert found
    assert found.kind == "person"
    group = slack.says("calendar psg").splitlines()[1].rpartition("/feeds/")[2].removesuffix(".ics")
    with database.reading() as session:
        opened = subscription_of(session, config, group, SECRET)
    assert opened
    assert (opened.kind, opened.key) == ("group", "PSG")
    assert "There is no group NOGROUP" in slack.says("calendar NOGROUP")


@pytest.mark.parametrize("text", ["next", "when PSG", "deadlines PSG", "calendar"])
def test_a_stranger_learns_nothing(slack: SlackAtHand, text: str) -> None:
    assert "does not know you yet" in slack.says(text, user=STRANGER)
