"""Modals, home tabs and accounts at the emulator: what the stand-in of the other tests takes, a Slack takes too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.adapters.slack_screens import SlackScreensOnline
from bot.errors import SecretariatError
from handlers.slack import register
from handlers.slack.blocks import modal, section
from handlers.slack.home import HomeTabs
from tests.slack_at_hand import HARRIET, TOBIAS, Screens, SlackAtHand, View, texts
from tests.slack_emulator import SlackEmulator, running_slack

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def emulator() -> Iterator[SlackEmulator]:
    with running_slack() as running:
        yield running


@pytest.fixture
def online(emulator: SlackEmulator) -> SlackScreensOnline:
    return SlackScreensOnline(emulator.token, api_url=emulator.api_url)


def trigger(emulator: SlackEmulator, **at: str) -> str:
    """As Slack gives one with a click; good for three seconds, once. `view_id`: the modal that was clicked in."""
    params = {"user_id": emulator.user_id(ANN), **at}
    answer = emulator.client().api_call("views.generateTriggerId", params=params)
    return str(answer["trigger_id"])


def said(text: str) -> dict[str, Any]:
    return modal("notice", "Notice", [section(text)]).to_dict()


class BothScreens(Screens):
    """Keeps what is shown, and shows it at the emulator too."""

    def __init__(self, emulator: SlackEmulator, online: SlackScreensOnline) -> None:
        super().__init__()
        self.emulator, self.online = emulator, online
        self.there: dict[str, str] = {}  # our view's id -> the emulator's
        self.published = 0

    def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        there = self.online.open(trigger(self.emulator), view)
        ours = super().open(trigger_id, view)
        self.there[ours] = there
        return ours

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        self.online.update(self.there[view_id], view)
        super().update(view_id, view)

    def publish(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        self.online.publish(self.emulator.user_id(ANN), view)
        self.published += 1
        super().publish(slack_user_id, view)


@pytest.fixture
def both(slack: SlackAtHand, emulator: SlackEmulator, online: SlackScreensOnline) -> SlackAtHand:
    """Slack at hand, with the emulator behind it."""
    screens = BothScreens(emulator, online)
    return SlackAtHand(replace(slack.door, screens=screens), screens, slack.later)


def test_a_modal_is_opened_filled_and_covered_by_another(emulator: SlackEmulator, online: SlackScreensOnline) -> None:
    view_id = online.open(trigger(emulator), said("One moment."))
    online.update(view_id, said("Here it is."))
    above = online.push(trigger(emulator, view_id=view_id), said("Above it."))
    client = emulator.client()
    assert client.views_update(view_id=view_id, view=said("x"))["view"]["id"] == view_id != above


def test_what_slack_refuses_is_a_sentence(emulator: SlackEmulator, online: SlackScreensOnline) -> None:
    used = trigger(emulator)
    online.open(used, said("x"))
    with pytest.raises(SecretariatError, match="opened already"):
        online.open(used, said("x"))
    with pytest.raises(SecretariatError, match=r"Slack refuses it \(invalid_trigger_id\)"):
        online.open("never-given", said("x"))
    with pytest.raises(SecretariatError, match="has been closed"):
        online.update("V0NOWHERE", said("x"))
    with pytest.raises(SecretariatError, match=r"Slack refuses it \(user_not_found\)"):
        online.publish("U0NOBODY", {"type": "home", "blocks": []})


def test_an_account_is_looked_up(emulator: SlackEmulator, online: SlackScreensOnline) -> None:
    ann = emulator.user_id(ANN)
    found = online.user(ann)
    assert found
    assert (found.id, found.email, found.is_bot, found.is_gone, found.is_stranger) == (ann, ANN, False, False, False)
    assert found.workspace == emulator.client().auth_test()["team_id"]
    assert not found.email_confirmed  # the emulator does not say so, and silence is no proof
    assert online.user("U0NOBODY") is None


def test_an_account_of_another_workspace_is_a_stranger_whatever_slack_calls_it(
    emulator: SlackEmulator, online: SlackScreensOnline, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = {"id": "U0", "team_id": "T0THEIRS", "is_stranger": False, "is_email_confirmed": True}
    monkeypatch.setattr(online._client, "users_info", lambda **_: {"user": account})
    found = online.user("U0")
    assert found
    assert found.is_stranger
    assert found.workspace == "T0THEIRS"


def test_slack_out_of_reach_is_a_sentence_and_no_account() -> None:
    nowhere = SlackScreensOnline("xoxb-1", api_url="http://127.0.0.1:9/api/")
    with pytest.raises(SecretariatError, match="Slack can't be reached"):
        nowhere.user("U0")
    with pytest.raises(SecretariatError, match="Slack can't be reached"):
        nowhere.publish("U0", {"type": "home", "blocks": []})


def test_the_home_tab_is_published_and_replaced(both: SlackAtHand, emulator: SlackEmulator) -> None:
    both.event({"type": "app_home_opened", "tab": "home", "user": HARRIET})
    both.screens.wait_for(lambda screens: HARRIET in screens.homes)
    with pytest.raises(SlackApiError, match="hash_conflict"):  # so there is one
        emulator.client().views_publish(
            user_id=emulator.user_id(ANN), view={"type": "home", "blocks": []}, hash="another"
        )
    both.says("amend PSG 2024-02-07 D-01: the plan was noted")
    both.screens.wait_for(lambda screens: "AM-001" in texts(screens.homes[HARRIET]))
    HomeTabs(both.door, register.COMMANDS).show_changed_one()
    assert isinstance(both.screens, BothScreens)
    assert both.screens.published == 2


def modals(both: SlackAtHand, user: str) -> Iterator[View]:
    """Every modal that a person can come to without a message: by shortcut, and by a command alone."""
    for callback_id, shortcut in register.SHORTCUTS.items():
        if not shortcut.of_message:
            yield both.shortcut(callback_id, user=user)
    for word, command in register.COMMANDS.items():
        if command.form and command.opens(""):
            yield both.opens(word, user=user)


@pytest.mark.parametrize("user", [HARRIET, TOBIAS], ids=["representative", "PMO"])
def test_every_modal_can_be_shown_and_sent_in(both: SlackAtHand, user: str) -> None:
    seen = 0
    for view in modals(both, user):
        seen += 1
        assert "Something went wrong" not in texts(view)
        if view.get("submit"):
            came = both.submit(view, user=user)  # as it is, with nothing filled in
            assert came["response_action"] in ("errors", "update")
            assert "Something went wrong" not in texts(came)
    assert seen >= 2
