"""Slack: the PMO's word on requests to amend: what follows is shown first, and done as it was shown, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.adapters.slack_screens import NoScreens
from bot.model import Person
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from tests.slack_at_hand import HARRIET, TOBIAS, SlackAtHand, check_view, texts
from tests.test_slack_amendments import CHAIR, EMEKA, LATE, ask, at, put_lines, requests
from tests.test_slack_meetings import buttons_of, shown
from tests.test_slack_reports import PSG, issue


@pytest.fixture
def asked(slack: SlackAtHand, people: dict[str, Person]) -> SlackAtHand:
    """The PSG of 7 February is issued, and Harriet asks for another decision."""
    issue(slack, people, "PSG", PSG)
    put_lines(slack.door.database)
    ask(slack)
    return slack


def told(slack: SlackAtHand) -> list[tuple[str, str, str]]:
    """(step, to whom, state) of the notices about requests."""
    with slack.door.database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.clock == "amendment").order_by(OutboxRow.kind))
        return [(row.step, row.recipient_name, row.state) for row in rows]


def reviewed(slack: SlackAtHand, verdict: str, **filled: Any) -> dict[str, Any]:
    """The modal that shows what would follow, or the errors."""
    view = slack.click_opens("review", "AM-001", user=TOBIAS)
    view = slack.choose(view, "verdict", verdict, user=TOBIAS)
    return slack.submit(view, user=TOBIAS, **{"verdict": verdict, **filled})


def agreed(slack: SlackAtHand, said: dict[str, Any]) -> str:
    """What is said once it is agreed to what would follow."""
    return texts(slack.submit({**said["view"], "id": "V-sure"}, user=TOBIAS)["view"])


def states(slack: SlackAtHand) -> list[str]:
    return [row.state for row in requests(slack)]


def test_the_queue_lists_what_waits_and_leads_to_each(asked: SlackAtHand) -> None:
    said = asked.says("review", user=TOBIAS)
    assert said.startswith(
        "*AM-001* record, received: Harriet Bassington, Large Supplier, about PSG-DEC41 of PSG-2024-02-07"
    )
    assert ("Review", "review", "AM-001") in buttons_of(shown(asked, "review", user=TOBIAS))
    view = asked.click_opens("review", "AM-001", user=TOBIAS)
    assert "proposed text: It was noted." in texts(view)
    assert "evidence: segment 1: so that is that then" in texts(view)
    assert asked.opens("review AM-001", user=TOBIAS)["blocks"] == view["blocks"]


def test_an_empty_queue_says_so_and_a_long_one_pages(asked: SlackAtHand) -> None:
    for n in range(9):
        ask(asked, f"Wording {n}.")
    assert "Page 1 of 2." in asked.says("review", user=TOBIAS)
    assert "Wording 8." in asked.answered(asked.click("reviews:more", "page 2", user=TOBIAS))
    for row in requests(asked):
        asked.says(f"requests {row.reference} withdraw")
    assert asked.says("review", user=TOBIAS) == "No request waits for the PMO."


@pytest.mark.parametrize(
    ("verdict", "state", "said"),
    [
        ("accept", "accepted", "Its next revision says of PSG-DEC41: It was noted.\nNow it says: The group approved"),
        ("reject", "rejected", "It stays as it is."),
        ("chair", "with_chair", "It stays as it is."),
    ],
)
def test_what_follows_is_shown_first_and_done_when_agreed_to(
    asked: SlackAtHand, verdict: str, state: str, said: str
) -> None:
    first = reviewed(asked, verdict, reason="The recording says so.")
    check_view(first["view"])
    assert first["response_action"] == "update"
    would = texts(first["view"])
    assert f"AM-001 would be {state.replace('with_chair', 'with the Chair')}." in would
    assert said in would.replace("&lt;", "<")
    assert "The recording says so." in would, "as the requester or the Chair will read it"
    assert states(asked) == ["received"]
    assert told(asked) == []
    done = agreed(asked, first)
    assert f"AM-001 is {state.replace('with_chair', 'with the Chair')}." in done
    assert states(asked) == [state]
    assert told(asked)


def test_accepting_in_part_asks_for_the_text_that_was_agreed(asked: SlackAtHand) -> None:
    view = asked.click_opens("review", "AM-001", user=TOBIAS)
    assert "text" not in [b.get("block_id") for b in view["blocks"]]
    first = reviewed(asked, "accept-part", text="The group noted the plan.", reason="Agreed with her.")
    assert "The group noted the plan." in texts(first["view"])
    agreed(asked, first)
    [row] = requests(asked)
    assert "Agreed with her." in asked.says("requests AM-001")
    assert (row.state, row.agreed_text) == ("accepted_in_part", "The group noted the plan.")


@pytest.mark.parametrize(
    ("filled", "errors"),
    [
        ({"verdict": "accept", "reason": "  "}, {"reason": "Whoever asked is told a reason: write it."}),
        ({"verdict": "perhaps", "reason": "x"}, {"verdict": "Choose one of these."}),
        ({"verdict": "accept-part", "text": " ", "reason": "x"}, {"text": "Write the text that was agreed."}),
    ],
)
def test_what_is_wrong_is_said_on_its_field(asked: SlackAtHand, filled: dict[str, str], errors: dict[str, str]) -> None:
    view = asked.click_opens("review", "AM-001", user=TOBIAS)
    if filled["verdict"] == "accept-part":
        view = asked.choose(view, "verdict", "accept-part", user=TOBIAS)
    assert asked.submit(view, user=TOBIAS, **filled)["errors"] == errors
    assert states(asked) == ["received"]


def test_a_rule_that_forbids_it_is_said_before_anything_is_done(asked: SlackAtHand) -> None:
    """Two requests for the same words: neither is accepted because the PMO came to it first."""
    ask(asked, "It was rejected.", user=EMEKA)
    said = reviewed(asked, "accept", reason="So it was.")
    assert "AM-001 and AM-002 would change the same words." in said["errors"]["verdict"]
    rejecting = texts(reviewed(asked, "reject", reason="No.")["view"])
    assert "AM-002 (received): It was rejected." in rejecting


def test_a_late_request_goes_to_the_chair_first(asked: SlackAtHand, tmp_path: Path) -> None:
    asked.says("requests AM-001 withdraw")
    with at(asked, LATE, tmp_path) as later:
        ask(later, "Late words.")
        view = later.click_opens("review", "AM-002", user=TOBIAS)
        assert "It came after the closing: put it to the Chair first." in str(
            later.submit(view, user=TOBIAS, verdict="reject", reason="x")["errors"]
        )
        shown_first = later.submit(view, user=TOBIAS, verdict="chair", reason="It came late.")
        assert "to Marguerite Oyelaran. They go at once." in texts(shown_first["view"])
        agreed(later, shown_first)
    assert states(asked) == ["withdrawn", "with_chair"]


def test_sent_in_twice_it_is_done_once(asked: SlackAtHand) -> None:
    first = reviewed(asked, "reject", reason="No.")
    agreed(asked, first)
    assert "That was done when you sent it the first time" in agreed(asked, first)
    assert len(told(asked)) == 2, "the requester, and the Chair's copy on release"


def test_what_was_changed_meanwhile_stops_it(asked: SlackAtHand) -> None:
    first = reviewed(asked, "reject", reason="No.")
    asked.says("requests AM-001 add: The DNOs agree.")
    assert "Something has changed since this was shown" in agreed(asked, first)
    assert states(asked) == ["received"]


def test_in_words_it_is_shown_first_too_and_done_by_the_words_with_the_mark(asked: SlackAtHand) -> None:
    """Where there is no Slack to show a modal: everything goes by `slack-send`."""
    wordy = SlackAtHand(replace(asked.door, screens=NoScreens()), asked.screens, asked.later)
    assert "AM-001: the record is wrong" in wordy.says("review AM-001", user=TOBIAS)
    order = "AM-001 accept-part: It was noted then. because: See page 2"
    said = wordy.says(f"review {order}", user=TOBIAS)
    assert "AM-001 would be accepted in part." in said
    assert "Its next revision says of PSG-DEC41: It was noted then." in said
    assert states(asked) == ["received"]
    again = said.rpartition("To do it: `/secretariat ")[2].rstrip("`")
    assert again.startswith(f"review {order} yes ")
    assert "AM-001 is accepted in part." in wordy.says(again, user=TOBIAS)
    [row] = requests(asked)
    assert (row.state, row.agreed_text) == ("accepted_in_part", "It was noted then.")
    assert "See page 2" in wordy.says("requests")


@pytest.mark.parametrize("user", [HARRIET, CHAIR])
def test_only_the_pmo_reviews(asked: SlackAtHand, user: str) -> None:
    assert "Only the PMO reviews requests." in asked.says("review", user=user)
    shown_instead = asked.click_opens("review", "AM-001", user=user)
    assert "Only the PMO reviews requests." in texts(shown_instead)
    assert "It was noted." not in texts(shown_instead)
    pmos = asked.click_opens("review", "AM-001", user=TOBIAS)
    said = asked.submit(pmos, user=user, verdict="accept", reason="I say so.")
    assert "Only the PMO reviews requests." in texts(said["view"])
    first = reviewed(asked, "accept", reason="So.")
    stolen = asked.submit({**first["view"], "id": "V-stolen"}, user=user)
    assert "Only the PMO reviews requests." in texts(stolen["view"])
    assert states(asked) == ["received"]
    with asked.door.database.reading() as session:
        refusals = session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")).all()
    assert refusals == ["review"] * 4


@pytest.mark.parametrize("text", ["AM-009", "AM-001 perhaps: x", "AM-009 reject: x"])
def test_what_is_not_there_is_answered_with_a_sentence(asked: SlackAtHand, text: str) -> None:
    said = texts(asked.opens(f"review {text}", user=TOBIAS))
    assert "There is no request AM-009" in said or "I could not read that. Write: review" in said
