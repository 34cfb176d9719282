"""The outbox and the brake in Slack: recipients and text are shown first, and only the PMO works them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import brakes, members, outbox
from bot.model import Notice, OutboxState
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from tests.slack_at_hand import HARRIET, TOBIAS, SlackAtHand, check_block, texts

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
UID = "psg-2024-03-06@mhhsprogramme.co.uk"


def put(database: Database, person: str, *, dial: str = "approve", group: str = "PSG", **more: Any) -> str:
    """A notice to somebody of PSG; returns its id."""
    notice = Notice(
        meeting_uid=UID, meeting_revision=0, clock="pack", step="sent", recipient=person, group=group, kind="pack",
        subject="The papers of PSG", text="Here are the papers <of PSG>.", why="The PMO sends the pack.",
        due_at=NOW - timedelta(hours=1), **more,
    )  # fmt: skip
    with database.session() as session:
        assert outbox.queue(session, notice, now=NOW, dial=dial, recipient_name=person)  # type: ignore[arg-type]
    return outbox.notice_id(notice)


def rows(database: Database) -> dict[str, OutboxRow]:
    with database.reading() as session:
        return {row.recipient_name: row for row in session.scalars(select(OutboxRow))}


def audited(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRow.event)))


def ids_of(slack: SlackAtHand) -> list[str]:
    with slack.door.database.reading() as session:
        return [members.named(session, name).id for name in ("Harriet Bassington", "Magnus Eskdale")]


def test_a_batch_is_released_once_its_recipients_have_been_seen(slack: SlackAtHand, database: Database) -> None:
    for person in ids_of(slack):
        put(database, person)
    put(database, "address:other@example.org", group="DAG")
    said = slack.command("outbox", user=TOBIAS)
    assert "3 notices wait for release." in said["text"]
    for block in said["blocks"]:
        check_block(block)
    assert any(e.get("value") == "PSG-2024-03-06/pack" for b in said["blocks"] for e in b.get("elements", ()))

    shown = slack.click_opens("sure_release", "PSG", user=TOBIAS)
    assert "2 notices would go out." in texts(shown)
    assert "harriet.bassington@example.org" in texts(shown)
    assert "Here are the papers &lt;of PSG&gt;." in texts(shown)
    assert {row.state for row in rows(database).values()} == {"withheld"}

    assert "2 notices released." in texts(slack.submit(shown, user=TOBIAS)["view"])
    states = {row.group_key: row.state for row in rows(database).values()}
    assert states == {"PSG": "pending", "DAG": "withheld"}
    assert {row.released_by for row in rows(database).values()} == {"Tobias Wrenfield", ""}
    assert "nothing was done twice" in texts(slack.submit(shown, user=TOBIAS)["view"])


def test_another_notice_that_came_meanwhile_is_shown_before_it_goes(slack: SlackAtHand, database: Database) -> None:
    first, second = ids_of(slack)
    put(database, first)
    shown = slack.click_opens("sure_release", "all", user=TOBIAS)
    put(database, second)
    anew = slack.submit(shown, user=TOBIAS)["view"]
    assert "so nothing was done" in texts(anew)
    assert "2 notices would go out." in texts(anew)
    assert {row.state for row in rows(database).values()} == {"withheld"}


def test_what_is_too_late_is_said_before(slack: SlackAtHand, database: Database) -> None:
    put(database, ids_of(slack)[0], not_after=NOW)
    shown = slack.click_opens("sure_release", "all", user=TOBIAS)
    assert "Too late to be of use" in texts(shown)
    assert "Too late to be of use: 1." in texts(slack.submit(shown, user=TOBIAS)["view"])
    assert {row.state for row in rows(database).values()} == {"expired"}


def test_notices_are_withdrawn_with_a_reason(slack: SlackAtHand, database: Database) -> None:
    put(database, ids_of(slack)[0])
    asked = slack.click_opens("withdraw_notices", "PSG-2024-03-06/pack", user=TOBIAS)
    assert "reason" in slack.submit(asked, user=TOBIAS, reason=" ")["errors"]
    shown = slack.submit(asked, user=TOBIAS, reason="the wrong pack")["view"]
    assert "1 notice would be taken back for good: the wrong pack" in texts(shown)
    slack.submit({**shown, "id": asked["id"]}, user=TOBIAS)
    [row] = rows(database).values()
    assert (row.state, row.state_reason) == ("suppressed", "withdrawn by Tobias Wrenfield: the wrong pack")


def test_what_was_given_up_is_listed_and_tried_again(slack: SlackAtHand, database: Database) -> None:
    made = put(database, ids_of(slack)[0], dial="automatic")
    with database.session() as session:
        outbox.move(session.get_one(OutboxRow, made), OutboxState.FAILED, "no address left")
    said = slack.says("outbox", user=TOBIAS)
    assert "Not sent: The papers of PSG" in said
    assert "no address left" in said
    assert slack.answered(slack.click("retry_notice", made, user=TOBIAS)) == "1 will be tried again."
    assert [row.state for row in rows(database).values()] == ["retry"]
    assert "notices tried again" in audited(database)


def test_one_notice_can_be_read(slack: SlackAtHand, database: Database) -> None:
    made = put(database, ids_of(slack)[0])
    for named in (made[:8], "PSG-2024-03-06/pack"):
        said = slack.says(f"outbox show {named}", user=TOBIAS)
        assert "Why: The PMO sends the pack." in said
        assert "Here are the papers &lt;of PSG&gt;." in said
    for wrong in ("outbox show abc", "outbox show %%%%%%", "outbox show"):
        assert "Nothing" in slack.says(wrong, user=TOBIAS)


def test_in_words_alone_a_release_asks_for_the_mark_of_what_was_shown(slack: SlackAtHand, database: Database) -> None:
    slack.screens.is_there = False
    put(database, ids_of(slack)[0])
    said = slack.says("outbox release PSG", user=TOBIAS)
    again = re.search(r"`/secretariat (?P<words>outbox release PSG yes [0-9a-f]{8})`", said)
    assert again
    assert "1 notice released." in slack.says(again["words"], user=TOBIAS)
    assert [row.state for row in rows(database).values()] == ["pending"]
    assert "Nothing that waits is called PSG." in slack.says(again["words"], user=TOBIAS)


@pytest.mark.parametrize("text", ["outbox", "outbox release all", "outbox withdraw all: x", "outbox retry all",
                                  "outbox show PSG-2024-03-06/pack"])  # fmt: skip
def test_a_representative_sees_nothing_of_the_outbox(slack: SlackAtHand, database: Database, text: str) -> None:
    put(database, ids_of(slack)[0])
    said = slack.says(text)
    assert said == "Harriet Bassington is not of the PMO. Only the PMO works the outbox."
    assert "access refused" in audited(database)
    assert "is not of the PMO" in texts(slack.click_opens("sure_release", "all", user=HARRIET))


def test_the_brake_shows_what_it_keeps_and_is_let_go(slack: SlackAtHand, database: Database) -> None:
    put(database, ids_of(slack)[0], dial="automatic")
    asked = slack.opens("brake", user=TOBIAS)
    assert "Nothing is stopped." in texts(asked)
    shown = slack.submit(asked, user=TOBIAS, what="PSG", which="stop", reason="a wrong date")["view"]
    assert "Sending would stop for PSG." in texts(shown)
    assert "PSG: 1 notice, the first due" in texts(shown)
    with database.reading() as session:
        assert brakes.pulled(session) == []
    slack.submit({**shown, "id": asked["id"]}, user=TOBIAS)
    with database.reading() as session:
        assert [(b.group_key, b.set_by, b.reason) for b in brakes.pulled(session)] == [
            ("PSG", "Tobias Wrenfield", "a wrong date")
        ]
    assert "Sending is stopped for PSG" in slack.says("outbox", user=TOBIAS)
    let_go = slack.opens("resume PSG", user=TOBIAS)
    assert "PSG: 1 notice, the first due" in texts(let_go)
    assert "Sending goes on for PSG." in texts(slack.submit(let_go, user=TOBIAS)["view"])
    with database.reading() as session:
        assert brakes.pulled(session) == []


def test_a_representative_pulls_no_brake(slack: SlackAtHand, database: Database) -> None:
    for text in ("brake", "brake all: stop", "resume all"):
        assert "is not of the PMO. Only the PMO stops the sending." in texts(slack.opens(text))
    with database.reading() as session:
        assert brakes.pulled(session) == []
