"""Slack through its Web API, against an emulator of it on loopback."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.adapters.slack_web import SlackWeb
from bot.model import Outcome, OutgoingMessage
from tests.slack_emulator import TOKEN, Fault, FaultyFront, SlackEmulator, faulty_front, free_port, running_slack

_ids = itertools.count(1)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackEmulator]:
    with running_slack() as emulator:
        yield emulator


@pytest.fixture
def front(slack: SlackEmulator) -> Iterator[FaultyFront]:
    with faulty_front(slack) as front:
        yield front


@pytest.fixture
def reminder(slack: SlackEmulator) -> OutgoingMessage:
    number = str(next(_ids))
    return OutgoingMessage(
        id=number,
        to=slack.user_id("ann@example.org"),
        to_name="Ann Example",
        subject="Papers due: PSG, 4 November 2026",
        text="Dear Ann,\nthe papers are due today at 17:00.",
        message_id=f"<{number}@example.org>",
        sent_at=datetime(2026, 10, 28, 9, tzinfo=UTC),
    )


def carrying(slack: SlackEmulator, to: str, message_id: str) -> list[dict[str, object]]:
    return [
        posted
        for posted in slack.messages(to)
        if (posted.get("metadata") or {}).get("event_payload") == {"id": message_id}
    ]


def words(posted: dict[str, object]) -> str:
    """All that a reader of the message sees."""
    blocks = posted["blocks"]
    assert isinstance(blocks, list)
    return "\n".join(block["text"]["text"] for block in blocks)


def test_a_message_reaches_the_person_and_is_found_again(slack: SlackEmulator, reminder: OutgoingMessage) -> None:
    channel = SlackWeb(SecretStr(slack.token), api_url=slack.api_url)
    assert channel.look_up(reminder) is None
    delivery = channel.deliver(reminder)
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    [posted] = carrying(slack, reminder.to, reminder.id)
    assert words(posted) == f"{reminder.subject}\n{reminder.text}"
    assert posted["text"] == f"{reminder.subject}\n{reminder.text}", "what a notification shows"
    assert posted["metadata"] == {"event_type": "secretariat_notice", "event_payload": {"id": reminder.id}}
    assert delivery.service_id.endswith(f":{posted['ts']}")
    assert channel.look_up(reminder) == delivery


@pytest.mark.parametrize("address", ["#psg", "psg", "id"])
def test_a_channel_is_reached_by_its_name_or_id(slack: SlackEmulator, reminder: OutgoingMessage, address: str) -> None:
    psg = slack.channel_id("psg")
    message = replace(reminder, to=psg if address == "id" else address)
    channel = SlackWeb(slack.token, api_url=slack.api_url.rstrip("/"))
    delivery = channel.deliver(message)
    assert delivery.service_id.startswith(f"{psg}:")
    assert len(carrying(slack, psg, message.id)) == 1
    assert channel.look_up(message) == delivery


def test_words_are_shown_as_written(slack: SlackEmulator, reminder: OutgoingMessage) -> None:
    written = "R&D <!channel> <@U1> see https://example.org/a?b=1&c=2. (http://example.org/x)"
    SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, text=written))
    [posted] = carrying(slack, reminder.to, reminder.id)
    assert "R&amp;D &lt;!channel&gt; &lt;@U1&gt;" in words(posted)
    assert "<https://example.org/a?b=1&amp;c=2>." in words(posted)
    assert "(<http://example.org/x>)" in words(posted)
    assert "&lt;!channel&gt;" in str(posted["text"])


@pytest.mark.parametrize(
    "text", ["word & " * 1500, "&" * 9000, "x" * 9000, "line\n" * 2000, "https://a.example/ " * 500], ids=str.split
)
def test_a_long_text_arrives_whole_in_sections_slack_takes(
    slack: SlackEmulator, reminder: OutgoingMessage, text: str
) -> None:
    delivery = SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, text=text))
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    [posted] = carrying(slack, reminder.to, reminder.id)
    shown = words({"blocks": posted["blocks"][1:]})  # type: ignore[index]
    assert all(len(block["text"]["text"]) <= 3000 for block in posted["blocks"])  # type: ignore[attr-defined]
    plain = shown.replace("<", "").replace(">", "").replace("&amp;", "&")
    assert "".join(plain.split()) == "".join(text.split())


def test_a_text_longer_than_a_message_is_refused_before_anything_is_sent(
    slack: SlackEmulator, reminder: OutgoingMessage
) -> None:
    delivery = SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, text="word " * 40_000))
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert "Send it by mail" in delivery.error
    assert carrying(slack, reminder.to, reminder.id) == []


def test_what_slack_refuses_is_said_in_words(slack: SlackEmulator, reminder: OutgoingMessage) -> None:
    channel = SlackWeb(slack.token, api_url=slack.api_url)
    for to, says in {
        "U00NOBODY": "Slack knows no such user; correct the person's Slack id [user_not_found]",
        "C00NOWHERE": "invite the app to it or correct the channel [channel_not_found]",
        "#nowhere": "Slack shows the app no channel #nowhere",
    }.items():
        delivery = channel.deliver(replace(reminder, to=to))
        assert delivery.outcome is Outcome.FAILED_FOR_GOOD
        assert says in delivery.error


def test_an_archived_channel_is_named_as_such(slack: SlackEmulator, reminder: OutgoingMessage) -> None:
    closed = slack.channel_id("closed-group")
    slack.client().conversations_archive(channel=closed)
    delivery = SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, to=closed))
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert "archived" in delivery.error


def test_a_wrong_token_is_refused_and_never_shown(front: FaultyFront, reminder: OutgoingMessage) -> None:
    refused = Fault(200, body='{"ok": false, "error": "invalid_auth"}')  # the emulator itself takes any token
    front.meet("conversations.open", refused, refused)
    channel = SlackWeb(SecretStr("xoxb-wrong-secret"), api_url=front.api_url)
    delivery = channel.deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert "put in the bot token" in delivery.error
    found = channel.look_up(reminder)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert "wrong-secret" not in f"{channel!r} {vars(channel)} {delivery} {found}"


@pytest.mark.parametrize("cut", ["after", "silence"])
def test_a_post_cut_after_acceptance_is_unknown_and_then_found(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage, cut: str
) -> None:
    front.meet("chat.postMessage", Fault(cut=cut))
    channel = SlackWeb(slack.token, api_url=front.api_url, timeout=1)
    delivery = channel.deliver(reminder)
    assert delivery.outcome is Outcome.UNKNOWN, delivery.error
    assert len(carrying(slack, reminder.to, reminder.id)) == 1, "not posted again behind our back"
    found = channel.look_up(reminder)
    assert found is not None
    assert found.outcome is Outcome.DELIVERED


def test_a_post_cut_before_acceptance_is_unknown_and_then_not_there(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage
) -> None:
    front.meet("chat.postMessage", Fault(cut="before"))
    channel = SlackWeb(slack.token, api_url=front.api_url)
    assert channel.deliver(reminder).outcome is Outcome.UNKNOWN
    assert channel.look_up(reminder) is None
    assert channel.deliver(reminder).outcome is Outcome.DELIVERED
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


RATE_LIMITED = '{"ok": false, "error": "ratelimited"}'


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_a_long_wait_is_left_to_the_outbox(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage, method: str
) -> None:
    front.meet(method, Fault(429, {"Retry-After": "30"}, RATE_LIMITED))
    delivery = SlackWeb(slack.token, api_url=front.api_url).deliver(reminder)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, 30.0)
    assert carrying(slack, reminder.to, reminder.id) == []


def test_a_short_wait_is_waited_out(slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage) -> None:
    front.meet("chat.postMessage", Fault(429, {"Retry-After": "0"}, RATE_LIMITED))
    assert SlackWeb(slack.token, api_url=front.api_url).deliver(reminder).outcome is Outcome.DELIVERED
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(503, body="<html>"), Outcome.FAILED_FOR_NOW),
        (Fault(200, body='{"ok": false, "error": "service_unavailable"}'), Outcome.FAILED_FOR_NOW),
        (Fault(500, body="<html>"), Outcome.UNKNOWN),
        (Fault(502, body=""), Outcome.UNKNOWN),
        (Fault(200, body="<html>a proxy's page"), Outcome.UNKNOWN),
        (Fault(200, body='{"ok": false, "error": "internal_error"}'), Outcome.UNKNOWN),
        (Fault(404, body="<html>"), Outcome.FAILED_FOR_GOOD),
        (Fault(200, body='{"ok": false, "error": "missing_scope", "needed": "chat:write"}'), Outcome.FAILED_FOR_GOOD),
    ],
    ids=lambda value: f"{value.status}{value.body}" if isinstance(value, Fault) else value,
)
def test_what_an_answer_to_the_post_means(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage, fault: Fault, outcome: Outcome
) -> None:
    front.meet("chat.postMessage", fault)
    delivery = SlackWeb(slack.token, api_url=front.api_url).deliver(reminder)
    assert delivery.outcome is outcome, delivery.error
    assert delivery.error.endswith(".")


@pytest.mark.parametrize("fault", [Fault(500), Fault(cut="after"), Fault(cut="silence")], ids=str)
def test_trouble_before_the_post_is_a_failure_for_now(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage, fault: Fault
) -> None:
    front.meet("conversations.open", fault)
    delivery = SlackWeb(slack.token, api_url=front.api_url, timeout=1).deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert carrying(slack, reminder.to, reminder.id) == []


def test_a_look_up_that_fails_is_unknown_never_none(
    slack: SlackEmulator, front: FaultyFront, reminder: OutgoingMessage
) -> None:
    front.meet("conversations.history", Fault(429, {"Retry-After": "60"}, RATE_LIMITED))
    found = SlackWeb(slack.token, api_url=front.api_url).look_up(reminder)
    assert found is not None
    assert (found.outcome, found.retry_after) == (Outcome.UNKNOWN, 60.0)


def test_nobody_there_is_a_failure_for_now(reminder: OutgoingMessage) -> None:
    delivery = SlackWeb(TOKEN, api_url=f"http://127.0.0.1:{free_port()}/api/").deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "can't be reached" in delivery.error


def test_a_message_is_found_behind_many_others_and_a_search_has_an_end(
    slack: SlackEmulator, reminder: OutgoingMessage
) -> None:
    channel = SlackWeb(slack.token, api_url=slack.api_url)
    message = replace(reminder, to=slack.user_id("bob@example.org"))
    delivery = channel.deliver(message)
    _post_many(slack, message.to, 450)
    assert channel.look_up(message) == delivery
    assert channel.look_up(replace(message, id="never-sent")) is None
    _post_many(slack, message.to, 1600)
    found = channel.look_up(message)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert "not among the last 2,000 messages" in found.error


def _post_many(slack: SlackEmulator, user: str, count: int) -> None:
    client = slack.client()
    conversation = client.conversations_open(users=[user])["channel"]["id"]
    workers = [
        threading.Thread(
            target=lambda: [client.chat_postMessage(channel=conversation, text="more") for _ in range(count // 8 + 1)]
        )
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
