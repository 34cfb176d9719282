"""What nobody should send to Slack, and what Slack itself repeats: nothing happens twice, or to the wrong person."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from bot import members
from bot.clock import Clock
from bot.model import Person
from bot.ports import SlackUser
from bot.slack_text import escaped, spelt
from bot.store.amendment_tables import AmendmentRow
from bot.store.columns import Table
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.people_tables import EmailRow, PersonRow, SeatHoldingRow, SlackIdRow
from handlers.slack import register
from tests.slack_at_hand import HARRIET, MAGNUS, STRANGER, TOBIAS, SlackAtHand, View, texts
from tests.test_logs import put_action, put_decision, put_report
from tests.test_slack_home import issued

FORM = "application/x-www-form-urlencoded"
NOT_KNOWN = "The secretariat does not know you yet. Please ask the PMO to put you on file."
TROUBLE = "Something went wrong"
NOT_COUNTED = {"audit", "slack_homes"}  # refusals and looks are kept there
TURNED = "\u202e\u2066\u200b\u200d\u2069\ufeff"
MENTIONS = "<!channel> <@U0SAMPLE02> <https://evil.example.org|the programme's page> & <b>"
DOROTHEA = "dorothea.vance@example.org"
TERM_ENDED = datetime(2024, 7, 1, 9, tzinfo=UTC)  # her last day at the PSG was yesterday


def kept(database: Database) -> dict[str, int]:
    """How many rows each table holds, but for those in which looking and refusing are kept."""
    tables = [table for name, table in Table.metadata.tables.items() if name not in NOT_COUNTED]
    with database.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def requests(database: Database) -> list[AmendmentRow]:
    with database.reading() as session:
        return list(session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)))


def refusals(database: Database) -> int:
    with database.reading() as session:
        found = session.scalars(select(AuditRow).where(AuditRow.event == "access refused"))
        return len(found.all())


def at(slack: SlackAtHand, now: datetime) -> SlackAtHand:
    """The same Slack at another instant."""
    return SlackAtHand(replace(slack.door, clock=Clock(now)), slack.screens, slack.later)


def give_slack_id(database: Database, address: str, slack_user_id: str) -> None:
    with database.session() as session:
        row = session.get(EmailRow, address)
        assert row
        row.person.slack_ids.append(SlackIdRow(slack_user_id=slack_user_id, position=len(row.person.slack_ids)))


def end_all_seats(session: Session, person_id: str, last_day: date) -> None:
    for row in session.scalars(select(SeatHoldingRow).where(SeatHoldingRow.person_id == person_id)):
        row.to_on = last_day


def put_confidential_report(session: Session, people: dict[str, Person]) -> None:
    """The closed SDWG has met and put out a report with a decision and an action."""
    report = put_report(session, people, "SDWG", date(2024, 2, 6))
    put_decision(session, people, "SDWG-DEC01", report, "The closed decision.")
    put_action(session, "SDWG01-01", report, "The closed action.", "PMO")


def payloads(user: str) -> Iterator[str]:
    """Bodies as Slack posts them, one of each sort that would do something."""
    yield urlencode({"command": "/secretariat", "text": "amend PSG 2024-02-07 D-01: x", "user_id": user,
                     "trigger_id": "t1"})  # fmt: skip
    view = {"id": "V1", "type": "modal", "callback_id": "ask", "private_metadata": "{}",
            "state": {"values": {"text": {"text": {"type": "plain_text_input", "value": "Where is it?"}}}}}  # fmt: skip
    who = {"user": {"id": user}, "trigger_id": "t2"}
    yield urlencode({"payload": json.dumps({"type": "view_submission", "view": view, **who})})
    action = {"type": "button", "action_id": "joined", "value": "MWG", "block_id": "b"}
    yield urlencode({"payload": json.dumps({"type": "block_actions", "actions": [action], **who})})


# ----------------------------------------------------------------------------------------- signatures and repeats


@pytest.mark.parametrize(
    "signed",
    [{"secret": "a forger's"}, {"stamp": str(int(time.time()) - 600)}, {"stamp": "soon"}],
    ids=["forged", "old", "no time"],
)
def test_nothing_is_done_that_slack_has_not_signed_just_now(
    slack: SlackAtHand, database: Database, signed: dict[str, str]
) -> None:
    before = kept(database)
    for body in payloads(HARRIET):
        assert slack.post(body, kind=FORM, **signed).status_code == 401
    event = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_home_opened", "user": HARRIET}}
    assert slack.post(json.dumps(event), kind="application/json", **signed).status_code == 401
    assert kept(database) == before
    assert slack.screens.homes == {}


def test_a_request_that_is_played_again_acts_once(slack: SlackAtHand, database: Database) -> None:
    stamp = str(int(time.time()))
    body = next(payloads(HARRIET))
    for _ in range(3):
        assert slack.post(body, kind=FORM, stamp=stamp).status_code == 200
    assert len(requests(database)) == 1


def test_a_modal_sent_in_twice_acts_once(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("ask")
    before = kept(database)
    for _ in range(2):
        came = slack.submit(view, text="Which release of the code holds?")
        assert TROUBLE not in texts(came)
    after = kept(database)
    assert after["queries"] == before["queries"] + 1


# ---------------------------------------------------------------------------------------------------- who it is


def test_a_stranger_changes_nothing_and_learns_nothing(slack: SlackAtHand, database: Database) -> None:
    before = kept(database)
    for word, command in register.COMMANDS.items():
        said = slack.says(word, user=STRANGER) if not (command.form and command.opens("")) else ""
        if not said:
            said = texts(slack.opens(word, user=STRANGER))
        assert NOT_KNOWN in said, word
    for callback_id, shortcut in register.SHORTCUTS.items():
        if not shortcut.of_message:
            assert NOT_KNOWN in texts(slack.shortcut(callback_id, user=STRANGER))
    for action_id, click in register.CLICKS.items():
        if click.answer:
            assert slack.answered(slack.click(action_id, "PSG", user=STRANGER)) == NOT_KNOWN, action_id
    assert kept(database) == before
    assert refusals(database) > 20


def test_a_guest_on_file_is_let_in_and_one_who_is_not_gets_a_sentence(slack: SlackAtHand, database: Database) -> None:
    guest = SlackUser("U0GUEST", DOROTHEA, True, False, False, False, "T0OURS")
    slack.screens.users = {"U0GUEST": guest, "U0OTHER": replace(guest, id="U0OTHER", email="guest@example.org")}
    assert "PSG" in slack.says("next PSG", user="U0GUEST")
    assert slack.says("next PSG", user="U0OTHER") == NOT_KNOWN


def test_a_rep_of_another_group_cannot_tell_a_closed_matter_from_none(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    """Emeka Loxley sits at the QAG. Of the closed SDWG he hears what he would hear if it had put nothing out."""
    give_slack_id(database, "emeka.loxley@example.org", "U0EMEKA")
    nothing = [slack.says(text, user="U0EMEKA") for text in ("report SDWG", "decisions SDWG", "actions SDWG")]
    before = refusals(database)
    with database.session() as session:
        put_confidential_report(session, people)
    found = [slack.says(text, user="U0EMEKA") for text in ("report SDWG", "decisions SDWG", "actions SDWG")]
    assert found == nothing
    assert "SDWG-DEC01" not in str(found)
    assert refusals(database) > before
    assert "The closed decision" in said_or_shown(slack, "decisions all SDWG", user=TOBIAS)


def test_a_rep_whose_term_ended_yesterday_has_no_seat_and_speaks_for_nobody_at_the_next_meeting(
    slack: SlackAtHand, database: Database
) -> None:
    give_slack_id(database, DOROTHEA, "U0DOROTHEA")
    seat, days = "PSG: Medium Supplier Representative", timedelta(days=1)
    assert seat in home_of(at(slack, TERM_ENDED - days), "U0DOROTHEA")
    assert seat not in home_of(at(slack, TERM_ENDED), "U0DOROTHEA")
    after = at(slack, TERM_ENDED + 3 * days)  # the day after the PSG of 3 July
    assert "AM-001" in after.says("amend PSG 2024-06-05 D-01: of a meeting in office", user="U0DOROTHEA")
    assert "AM-002" in after.says("amend PSG 2024-07-03 D-01: of one afterwards", user="U0DOROTHEA")
    in_office, afterwards = requests(database)
    assert (in_office.constituency, afterwards.constituency) == ("Medium Supplier", None)


def home_of(slack: SlackAtHand, user: str) -> str:
    slack.screens.homes.clear()
    slack.event({"type": "app_home_opened", "tab": "home", "user": user})
    slack.screens.wait_for(lambda screens: user in screens.homes)
    return texts(slack.screens.homes[user])


def test_a_person_of_the_pmo_whose_term_ended_commands_no_more(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    with database.session() as session:
        row = session.get(PersonRow, people["Tobias Wrenfield"].id)
        assert row
        for held in members.holdings(session, slack.door.clock.today(), person_id=row.id):
            assert held.role in members.PMO_ROLES
        end_all_seats(session, row.id, slack.door.clock.today() - timedelta(days=1))
    before = kept(database)
    for word, command in register.COMMANDS.items():
        if command.for_pmo:
            said = said_or_shown(slack, f"{word} PSG 2024-03-06 reason", user=TOBIAS)
            assert TROUBLE not in said, word
    assert kept(database) == before
    assert "For the PMO" not in slack.says("help", user=TOBIAS)


# ------------------------------------------------------------------------------------------------- what is said


def test_forty_thousand_characters_are_taken_and_no_more(slack: SlackAtHand, database: Database) -> None:
    assert "AM-001" in slack.says(f"amend PSG 2024-02-07 D-01: {'x' * 40_000}")
    assert "40001 characters long" in slack.says(f"amend PSG 2024-02-07 D-01: {'x' * 40_001}")
    assert len(requests(database)[0].proposed_text) == 40_000
    for word in register.COMMANDS:
        assert TROUBLE not in said_or_shown(slack, f"{word} {'&<>' * 14_000}")
    view = slack.opens("ask")
    came = slack.submit(view, text="y" * 40_000)
    assert TROUBLE not in texts(came)


def test_turned_and_invisible_characters_are_kept_and_turn_nothing_around(
    slack: SlackAtHand, database: Database
) -> None:
    written = f"the plan {TURNED}approved{TURNED}"
    said = slack.says(f"amend PSG 2024-02-07 D-01: {written}")
    assert "AM-001" in said
    assert "\u202e" not in said
    assert requests(database)[0].proposed_text == written.strip()  # the record is as it was written
    for word in register.COMMANDS:
        assert TROUBLE not in said_or_shown(slack, f"{word} P{TURNED}SG")
    assert "I do not know" in slack.says(f"ne{TURNED}xt PSG")


def test_no_mention_and_no_hidden_link_comes_out_of_what_people_write(slack: SlackAtHand) -> None:
    said = slack.says(f"amend PSG 2024-02-07 D-01: {MENTIONS}")
    for made in (said, escaped(MENTIONS), spelt(MENTIONS)):
        assert "<!channel>" not in made
        assert "<@" not in made
        assert "<https://evil.example.org|" not in made
    for word in register.COMMANDS:
        shown = said_or_shown(slack, f"{word} {MENTIONS}")
        assert "<!channel>" not in shown, word
        assert "<@U0SAMPLE02>" not in shown, word


def said_or_shown(slack: SlackAtHand, text: str, *, user: str = HARRIET) -> str:
    """What a command comes to: its answer, or the modal that it opens."""
    before = len(slack.screens.shown)
    said = slack.command(text, user=user)
    if said:
        return str(said["text"]) + texts({"blocks": said.get("blocks") or []})
    slack.screens.wait_for(lambda screens: len(screens.shown) > before)
    return texts(slack.screens.views[slack.screens.shown[-1]])


# ------------------------------------------------------------------------------------- ids that are not one's own

VALUES = ["", "AM-001", "PAP-001", "Q-001", "1", "0", "-1", "../x", "PSG-2024-02-07", "x" * 2_000, "null", "\x00"]
ABOUTS = ["", "{}", "[]", "no json", '{"uid":"x","reference":"AM-001","of":"x"}']
FILLED_IN = ["", "x", "AM-001", "psg-2024-03-06@mhhsprogramme.co.uk", "9999-99-99"]


def some_in_passing(some: list[str], others: list[str]) -> list[Any]:
    """Each of the one with one of the others, in turn; with all of them in the long run."""
    return [
        pytest.param(one, other, marks=[] if n % len(others) == m else pytest.mark.long)
        for n, one in enumerate(some)
        for m, other in enumerate(others)
    ]


@pytest.mark.parametrize(("value", "user"), some_in_passing(VALUES, [MAGNUS, HARRIET]))
def test_a_button_with_a_value_of_anothers_or_of_nobodys_does_no_harm(
    slack: SlackAtHand, database: Database, user: str, value: str
) -> None:
    before = kept(database)
    with capture_logs() as logged:
        for action_id, click in register.CLICKS.items():
            if click.answer:
                assert TROUBLE not in slack.answered(slack.click(action_id, value, user=user)), action_id
            else:
                assert TROUBLE not in texts(slack.click_opens(action_id, value, user=user)), action_id
    assert kept(database) == before
    assert [entry for entry in logged if entry["log_level"] == "error"] == []


@pytest.mark.parametrize(("about", "value"), some_in_passing(ABOUTS, FILLED_IN))
def test_a_modal_filled_in_by_a_forger_is_refused_on_its_fields(
    slack: SlackAtHand, database: Database, about: str, value: str
) -> None:
    for key, form in register.FORMS.items():
        view = {"id": f"V-{key}", "type": "modal", "callback_id": key, "private_metadata": about, "blocks": []}
        came = sent_in(slack, view, dict.fromkeys(blocks_of(slack, key), value))
        assert TROUBLE not in texts(came), (key, texts(came))
        for action_id in form.choices:
            body = {"type": "block_suggestion", "user": {"id": HARRIET}, "action_id": action_id, "value": value,
                    "view": {**view, "state": {"values": {}}}}  # fmt: skip
            assert len(slack._interaction(body).get("options", [])) <= 100


def blocks_of(slack: SlackAtHand, form: str) -> list[str]:
    """The fields of a form as it opens for somebody."""
    shown = [view for view in slack.screens.views.values() if view.get("callback_id") == form]
    if not shown and form in {shortcut.form for shortcut in register.SHORTCUTS.values() if not shortcut.of_message}:
        key = next(k for k, s in register.SHORTCUTS.items() if s.form == form)
        shown = [slack.shortcut(key)]
    return [block["block_id"] for view in shown for block in view["blocks"] if block["type"] == "input"] or ["text"]


def sent_in(slack: SlackAtHand, view: View, values: Mapping[str, str]) -> dict[str, Any]:
    """A modal with whatever somebody puts into it."""
    state = {block: {"any": {"type": "plain_text_input", "value": value}} for block, value in values.items()}
    body = {"type": "view_submission", "user": {"id": HARRIET}, "trigger_id": f"t{time.monotonic_ns()}",
            "view": {**view, "state": {"values": state}}}  # fmt: skip
    return slack._interaction(body)


def test_ids_that_nothing_is_registered_for_are_passed_over(slack: SlackAtHand, database: Database) -> None:
    before = kept(database)
    slack.click("no_such_button", "x")
    slack.click("command:no_such_command", "x")
    slack.click("command:", "x")
    assert sent_in(slack, {"id": "V1", "type": "modal", "callback_id": "no_such_form"}, {"text": "x"}) == {}
    slack.event({"type": "app_home_opened", "tab": "home"})  # of nobody
    assert kept(database) == before


# --------------------------------------------------------------------------------------------- after the closing


def test_a_request_after_the_closing_is_recorded_as_late(slack: SlackAtHand, database: Database) -> None:
    late = at(slack, datetime(2024, 2, 29, 9, tzinfo=UTC))
    assert "AM-001" in late.says("amend PSG 2024-02-07 D-01: the plan was noted")
    (request,) = requests(database)
    assert (request.state, request.late) == ("late", True)


def test_a_modal_opened_in_time_and_sent_in_after_the_closing_is_recorded_as_late(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    with database.session() as session:
        issued(slack, session, people)
    view = slack.opens("amend PSG 2024-02-07")
    view = slack.choose(view, "kind", "record")
    line = next(block["block_id"] for block in view["blocks"] if str(block.get("block_id")).startswith("line:"))
    view = slack.choose(view, line, "whole")
    late = at(slack, datetime(2024, 2, 29, 9, tzinfo=UTC))
    came = late.submit(view, text="The plan was noted.", reason="It was not approved.")
    assert "AM-001" in texts(came)
    (request,) = requests(database)
    assert (request.state, request.late, request.proposed_text) == ("late", True, "The plan was noted.")
