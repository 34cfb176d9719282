"""Slack through its Web API, against an emulator of it on loopback."""

from __future__ import annotations

import html
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.adapters import slack_pace
from bot.adapters.slack_blocks import MOST_BLOCKS, blocks_of
from bot.adapters.slack_web import SlackWeb
from bot.clock import spoken
from bot.model import Delivery, Outcome, OutgoingMessage
from tests.fault_proxy import (
    Fault,
    FaultProxy,
    cut_after,
    cut_before,
    delay,
    garbage,
    late_answer,
    passing,
    refuse,
    status,
)
from tests.slack_emulator import TOKEN, SlackEmulator, free_port, running_slack

_ids = itertools.count(1)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackEmulator]:
    with running_slack() as emulator:
        yield emulator


@pytest.fixture
def front(slack: SlackEmulator) -> Iterator[FaultProxy]:
    with FaultProxy(slack.api_url) as front:
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


def test_a_message_can_be_made_to_say_something_else(slack: SlackEmulator, reminder: OutgoingMessage) -> None:
    channel = SlackWeb(SecretStr(slack.token), api_url=slack.api_url)
    posted = channel.deliver(reminder)
    revised = replace(reminder, subject="Superseded", text="Use revision 2.", service_id=posted.service_id)
    assert [channel.revise(revised).outcome for _ in range(2)] == [Outcome.DELIVERED] * 2
    [found] = carrying(slack, reminder.to, reminder.id)
    assert words(found) == "Superseded\nUse revision 2."
    gone = channel.revise(replace(revised, service_id=f"{posted.service_id.partition(':')[0]}:1.000001"))
    assert gone.outcome is not Outcome.DELIVERED
    assert gone.error


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


def test_a_wrong_token_is_refused_and_never_shown(front: FaultProxy, reminder: OutgoingMessage) -> None:
    front.meet("conversations.open", answer(error="invalid_auth"), answer(error="invalid_auth"))
    channel = SlackWeb(SecretStr("xoxb-wrong-secret"), api_url=front.url)
    delivery = channel.deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert "put in the bot token" in delivery.error
    found = channel.look_up(reminder)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert "wrong-secret" not in f"{channel!r} {vars(channel)} {delivery} {found}"


@pytest.mark.parametrize("fault", [cut_after(), late_answer(20), garbage(accepted=True)], ids=str)
def test_a_post_whose_answer_is_lost_is_unknown_and_then_found(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, fault: Fault
) -> None:
    front.meet("chat.postMessage", fault)
    channel = SlackWeb(slack.token, api_url=front.url, timeout=1)
    delivery = channel.deliver(reminder)
    assert delivery.outcome is Outcome.UNKNOWN, delivery.error
    assert len(carrying(slack, reminder.to, reminder.id)) == 1, "not posted again behind our back"
    found = channel.look_up(reminder)
    assert found is not None
    assert found.outcome is Outcome.DELIVERED


def test_a_post_cut_before_acceptance_is_unknown_and_then_not_there(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    front.meet("chat.postMessage", cut_before())
    channel = SlackWeb(slack.token, api_url=front.url)
    assert channel.deliver(reminder).outcome is Outcome.UNKNOWN
    assert channel.look_up(reminder) is None
    assert channel.deliver(reminder).outcome is Outcome.DELIVERED
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


def test_a_post_that_slack_gets_late_is_unknown_not_there_and_then_found(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    """Why a look-up is believed only after the settling time."""
    front.meet("chat.postMessage", delay(2))
    channel = SlackWeb(slack.token, api_url=front.url, timeout=1)
    assert channel.deliver(reminder).outcome is Outcome.UNKNOWN
    assert channel.look_up(reminder) is None
    until = time.monotonic() + 30
    while (found := channel.look_up(reminder)) is None and time.monotonic() < until:
        time.sleep(0.2)
    assert found is not None
    assert found.outcome is Outcome.DELIVERED
    assert channel.settling > timedelta(seconds=2 * 36 + 2 * 30 + 5), "the longest that one attempt may take"


def test_a_connection_refused_is_never_a_delivery(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    front.meet("", refuse(), passing(), refuse())
    channel = SlackWeb(slack.token, api_url=front.url)
    assert channel.deliver(reminder).outcome is Outcome.FAILED_FOR_NOW, "the conversation could not be opened"
    # Whether the request had left is the network's secret: certainly not where sending it failed.
    assert channel.deliver(reminder).outcome in {Outcome.FAILED_FOR_NOW, Outcome.UNKNOWN}
    assert channel.look_up(reminder) is None
    assert channel.deliver(reminder).outcome is Outcome.DELIVERED
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


def answer(**fields: object) -> Fault:
    """An answer of Slack's form; one with an error is not ok."""
    return status(200, {"Content-Type": "application/json"}, json.dumps({"ok": "error" not in fields, **fields}))


def rate_limited(seconds: int) -> Fault:
    return status(429, {"Retry-After": str(seconds)}, '{"ok": false, "error": "ratelimited"}')


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_a_long_wait_is_left_to_the_outbox_and_kept_by_all(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.meet(method, rate_limited(30))
    channel = SlackWeb(slack.token, api_url=front.url)
    delivery = channel.deliver(reminder)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, 30.0)
    other = replace(reminder, id=f"{reminder.id}-other", to=slack.user_id("bob@example.org"))
    refused = channel.deliver(other)
    assert refused.outcome is Outcome.FAILED_FOR_NOW
    assert refused.retry_after is not None
    assert 0 < refused.retry_after <= 30
    assert len(front.seen(method)) == 1, "Slack is not even asked"
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 30, sleep=time.sleep)
    monkeypatch.setattr(slack_pace, "time", later)
    assert [channel.deliver(message).outcome for message in (reminder, other)] == [Outcome.DELIVERED] * 2
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


def test_posting_that_has_to_wait_holds_up_no_look_up(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    channel = SlackWeb(slack.token, api_url=front.url)
    delivery = channel.deliver(reminder)
    front.meet("chat.postMessage", rate_limited(60))
    channel.deliver(replace(reminder, to=slack.channel_id("psg")))
    assert channel.look_up(reminder) == delivery


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_a_short_wait_is_waited_out(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, method: str
) -> None:
    front.meet(method, rate_limited(1))
    assert SlackWeb(slack.token, api_url=front.url).deliver(reminder).outcome is Outcome.DELIVERED
    first, second = front.seen(method)
    assert second.at - first.at >= 1
    assert len(carrying(slack, reminder.to, reminder.id)) == 1


def test_a_second_wait_in_a_row_is_left_to_the_outbox(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    front.meet("chat.postMessage", rate_limited(0), rate_limited(2))
    delivery = SlackWeb(slack.token, api_url=front.url).deliver(reminder)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, 2.0)
    assert carrying(slack, reminder.to, reminder.id) == []


def test_many_posts_to_one_conversation_keep_their_distance(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    channel = SlackWeb(slack.token, api_url=front.url)
    psg = slack.channel_id("psg")
    front.meet("chat.postMessage", passing(), rate_limited(0))
    outcomes: list[Delivery] = []
    messages = [replace(reminder, id=f"{reminder.id}-{number}", to=psg) for number in range(12)]
    threads = [threading.Thread(target=lambda m: outcomes.append(channel.deliver(m)), args=(m,)) for m in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrived = [request.at for request in front.seen("chat.postMessage") if request.fault == "pass"]
    assert all(after - before > 1 for before, after in itertools.pairwise(arrived))
    delivered = [delivery for delivery in outcomes if delivery.outcome is Outcome.DELIVERED]
    waiting = [delivery for delivery in outcomes if delivery.outcome is Outcome.FAILED_FOR_NOW]
    assert len(delivered) == len(arrived) == sum(len(carrying(slack, psg, m.id)) for m in messages)
    assert waiting, "nobody waits for longer than a few seconds inside an attempt"
    assert len(delivered) + len(waiting) == 12
    assert {delivery.error for delivery in waiting} == {"Several messages wait for the same conversation."}
    assert all(delivery.retry_after for delivery in waiting)


def test_conversations_do_not_wait_for_each_other_and_leave_nothing_behind(
    slack: SlackEmulator, reminder: OutgoingMessage
) -> None:
    channel = SlackWeb(slack.token, api_url=slack.api_url)
    client = slack.client()
    rooms = [client.conversations_create(name=f"room-{reminder.id}-{number}")["channel"]["id"] for number in range(20)]
    began = time.monotonic()
    outcomes = {channel.deliver(replace(reminder, to=room)).outcome for room in rooms}
    assert outcomes == {Outcome.DELIVERED}
    assert time.monotonic() - began < 20, "one after the other they would take 21 seconds"
    time.sleep(1.2)  # all of them are free again
    channel.deliver(replace(reminder, to=rooms[0]))
    assert len(channel._pace._places) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (status(503, body="<html>"), Outcome.FAILED_FOR_NOW),
        (status(429, body="slower"), Outcome.FAILED_FOR_NOW),
        (answer(error="service_unavailable"), Outcome.FAILED_FOR_NOW),
        (status(500, body="<html>"), Outcome.UNKNOWN),
        (status(500, accepted=True), Outcome.UNKNOWN),
        (status(502), Outcome.UNKNOWN),
        (status(200, body="<html>a proxy's page"), Outcome.UNKNOWN),
        (status(200, body='{"ok": tru'), Outcome.UNKNOWN),
        (status(200, body='["ok"]'), Outcome.UNKNOWN),
        (status(200, body="7"), Outcome.UNKNOWN),
        (status(200, {"Content-Type": "text/plain; charset=martian"}, "{}"), Outcome.UNKNOWN),
        (answer(), Outcome.UNKNOWN),
        (garbage(), Outcome.UNKNOWN),
        (answer(error="internal_error"), Outcome.UNKNOWN),
        (status(404, body="<html>"), Outcome.FAILED_FOR_GOOD),
    ],
    ids=str,
)
def test_what_an_answer_to_the_post_means(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, fault: Fault, outcome: Outcome
) -> None:
    front.meet("chat.postMessage", fault)
    delivery = SlackWeb(slack.token, api_url=front.url).deliver(reminder)
    assert delivery.outcome is outcome, delivery.error
    assert delivery.error.endswith(".")
    assert len(carrying(slack, reminder.to, reminder.id)) == fault.accepted


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"error": "missing_scope", "needed": "chat:write"}, "add the scope and install the app again (chat:write)"),
        ({"error": "token_revoked"}, "the token was revoked; install the Slack app again"),
        ({"error": "token_expired"}, "the token has expired"),
        ({"error": "not_in_channel"}, "the app is not in the channel; invite it"),
        ({"error": "user_disabled"}, "the recipient's Slack account is switched off"),
        ({"error": "something_new"}, "look up its code in the documentation of the Slack API [something_new]"),
    ],
    ids=lambda value: value["error"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_what_a_person_has_to_mend_is_said(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, method: str, fields: dict[str, str], says: str
) -> None:
    front.meet(method, answer(**fields))
    delivery = SlackWeb(slack.token, api_url=front.url).deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_GOOD
    assert says in delivery.error
    assert carrying(slack, reminder.to, reminder.id) == []


@pytest.mark.parametrize("fault", [status(500), cut_after(), late_answer(20), garbage(), answer()], ids=str)
def test_trouble_before_the_post_is_a_failure_for_now(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, fault: Fault
) -> None:
    front.meet("conversations.open", fault)
    delivery = SlackWeb(slack.token, api_url=front.url, timeout=1).deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert carrying(slack, reminder.to, reminder.id) == []


HIDDEN = {"ts": "1.1", "metadata": {"event_type": "secretariat_notice", "event_payload": {}}}


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (rate_limited(60), 60.0),
        (status(500), None),
        (cut_after(), None),
        (garbage(), None),
        (answer(), None),
        (answer(error="missing_scope", needed="im:history"), None),
        (answer(error="token_revoked"), None),
        (answer(messages=[HIDDEN]), None),
    ],
    ids=str,
)
@pytest.mark.parametrize("earlier_pages", [0, 1])
def test_a_look_up_that_comes_to_no_end_is_unknown_never_none(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage, fault: Fault, retry_after: float | None,
    earlier_pages: int,
) -> None:  # fmt: skip
    page = answer(messages=[], response_metadata={"next_cursor": "more"})
    front.meet("conversations.history", *[page] * earlier_pages, fault)
    found = SlackWeb(slack.token, api_url=front.url).look_up(reminder)
    assert found is not None
    assert (found.outcome, found.retry_after) == (Outcome.UNKNOWN, retry_after)
    assert found.error.endswith(".")


def test_a_channel_that_is_not_shown_any_more_leaves_its_message_unknown(
    slack: SlackEmulator, reminder: OutgoingMessage
) -> None:
    found = SlackWeb(slack.token, api_url=slack.api_url).look_up(replace(reminder, to="#renamed-since"))
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert "no channel #renamed-since. Invite the app to it or correct the name." in found.error


def test_a_history_without_an_end_is_given_up(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    front.meet("conversations.history", *[answer(messages=[], response_metadata={"next_cursor": "same"})] * 1000)
    found = SlackWeb(slack.token, api_url=front.url).look_up(reminder)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert len(front.seen("conversations.history")) == 100


def test_nobody_there_is_a_failure_for_now(reminder: OutgoingMessage) -> None:
    delivery = SlackWeb(TOKEN, api_url=f"http://127.0.0.1:{free_port()}/api/").deliver(reminder)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "can't be reached" in delivery.error


def test_a_message_is_found_behind_many_others_and_no_further_back_than_need_be(
    slack: SlackEmulator, front: FaultProxy, reminder: OutgoingMessage
) -> None:
    channel = SlackWeb(slack.token, api_url=front.url)
    message = replace(reminder, to=slack.user_id("bob@example.org"), sent_at=datetime.now(UTC))
    delivery = channel.deliver(message)
    _post_many(slack, message.to, 450)
    never_sent = replace(message, id="never-sent")
    assert pages_for(front, lambda: channel.look_up(message)) == (delivery, 3)
    assert pages_for(front, lambda: channel.look_up(never_sent)) == (None, 3), "to the first message of all"
    # As if the 450 were older than the attempt:
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=5)
    assert pages_for(front, lambda: channel.look_up(replace(never_sent, sent_at=tomorrow))) == (None, 1)


@pytest.mark.parametrize("wrong_by", [timedelta(hours=1), timedelta(days=400), -timedelta(hours=1)], ids=str)
def test_a_message_is_found_whatever_our_clock_said(
    slack: SlackEmulator, reminder: OutgoingMessage, wrong_by: timedelta
) -> None:
    channel = SlackWeb(slack.token, api_url=slack.api_url)
    message = replace(reminder, sent_at=datetime.now(UTC) + wrong_by)
    delivery = channel.deliver(message)
    assert channel.look_up(message) == delivery


def pages_for(front: FaultProxy, look_up: Callable[[], Delivery | None]) -> tuple[Delivery | None, int]:
    """What a look-up finds, and how many pages of history it asked for."""
    before = len(front.seen("conversations.history"))
    found = look_up()
    return found, len(front.seen("conversations.history")) - before


DEADLINE = datetime(2024, 7, 31, 16, tzinfo=UTC)
SHOWN = (
    "<!date^1722441600^{date_long_pretty}, {time}|Wednesday 31 July 2024, 17:00> (Wed 17:00 in London)"
)  # fmt: skip


def test_an_instant_is_shown_in_the_reader_s_own_zone_beside_london_s(
    slack: SlackEmulator, reminder: OutgoingMessage
) -> None:
    text = f"Papers: {spoken(DEADLINE)}.\nIn doubt: Sunday 27 October 2024, 01:30 (London)."
    SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, subject=spoken(DEADLINE), text=text))
    [posted] = carrying(slack, reminder.to, reminder.id)
    header, section = words(posted).split("\n", 1)
    assert header == "Wednesday 31 July 2024, 17:00 (London)", "a header shows no dates"
    assert section == f"Papers: {SHOWN}.\nIn doubt: Sunday 27 October 2024, 01:30 (London)."
    assert posted["text"] == f"{spoken(DEADLINE)}\n{text}", "a notification says London time"


def sections_of(text: str) -> list[str]:
    shown = [block.to_dict()["text"]["text"] for block in blocks_of("", text)]
    assert all(len(section) <= 3000 for section in shown)
    return shown


@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                ["<!channel>", "<!here>", "<@U012AB3CD>", "<https://a.example|b>", "&amp;", "@channel ", "\n"]
            ),
            st.sampled_from([f" https://b.example/?c=1&d=<{'x' * 20}", f"({spoken(DEADLINE)})", "x" * 700, "&" * 700]),
        ),
        max_size=30,
    ).map("".join)
)
def test_nothing_that_people_write_becomes_more_than_text_links_and_dates(text: str) -> None:
    shown = "".join(sections_of(text))
    for command in re.findall(r"<[^>]*>", shown):
        assert re.fullmatch(r"<https?://[^|<>]+>|<!date\^\d+\^\{date_long_pretty\}, \{time\}\|[^<>]+>", command)
    assert re.sub(r"&(amp|lt|gt);", "", re.sub(r"<[^>]*>", "", shown)).find("&") < 0
    assert "<" not in re.sub(r"<[^>]*>", "", shown)
    back = html.unescape(re.sub(r"<(https?://[^|<>]+)>", r"\1", shown).replace(SHOWN, spoken(DEADLINE)))
    assert "".join(back.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("piece", "whole"),
    [
        (spoken(DEADLINE) + " ", SHOWN),
        ("https://a.example/?b=1&c=2 ", "<https://a.example/?b=1&amp;c=2>"),
        ("&", "&amp;"),
    ],
)
def test_nothing_is_cut_in_two_between_sections(piece: str, whole: str) -> None:
    sections = sections_of(piece * 1999)
    assert len(sections) > 1
    assert sum(section.count(whole) for section in sections) == 1999


def test_an_address_that_no_section_takes_stays_text() -> None:
    assert "".join(sections_of("https://a.example/" + "x" * 9000)) == "https://a.example/" + "x" * 9000


def test_a_link_in_angle_brackets_is_the_link_alone() -> None:
    assert sections_of("see <https://a.example/x>.") == ["see &lt;<https://a.example/x>&gt;."]


@pytest.mark.parametrize(("length", "shown"), [(150, "x" * 150), (151, "x" * 149 + "…")])
def test_a_long_subject_is_cut_in_the_header_and_whole_in_the_notification(
    slack: SlackEmulator, reminder: OutgoingMessage, length: int, shown: str
) -> None:
    SlackWeb(slack.token, api_url=slack.api_url).deliver(replace(reminder, subject="x" * length))
    [posted] = carrying(slack, reminder.to, reminder.id)
    assert words(posted).splitlines()[0] == shown
    assert str(posted["text"]).startswith("x" * length)


@pytest.mark.parametrize(("sections", "goes"), [(49, True), (50, False)])
def test_a_message_takes_fifty_blocks(
    slack: SlackEmulator, reminder: OutgoingMessage, sections: int, goes: bool
) -> None:
    message = replace(reminder, text=("x" * 2999 + "\n") * sections)
    assert len(blocks_of(message.subject, message.text)) == sections + 1
    assert MOST_BLOCKS == 50
    delivery = SlackWeb(slack.token, api_url=slack.api_url).deliver(message)
    assert delivery.outcome is (Outcome.DELIVERED if goes else Outcome.FAILED_FOR_GOOD)
    assert len(carrying(slack, reminder.to, reminder.id)) == goes


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
