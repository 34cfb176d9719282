"""Changing the calendar in Slack: what follows is shown first, then done once, by the PMO alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot import meetings
from bot.model import Meeting, MeetingStatus
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, texts

MARCH_6 = "psg-2024-03-06@mhhsprogramme.co.uk"
MOVE = "move PSG 2024-03-06 to 2024-03-07 14:00-16:00: the room is taken"


def meeting(database: Database, uid: str = MARCH_6) -> Meeting:
    with database.reading() as session:
        found = meetings.by_uid(session, uid)
    assert found
    return found


def notices(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).where(OutboxRow.kind == "move")))


def refusals(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")))


def test_a_meeting_is_moved_once_what_follows_has_been_seen(slack: SlackAtHand, database: Database) -> None:
    asked = slack.opens("move", user=TOBIAS)
    [option] = [
        o for o in slack.options(asked, "meeting", "PSG 6 march", user=TOBIAS) if o["value"] == "PSG 2024-03-06"
    ]
    filled = slack.choose(asked, "meeting", option["value"], user=TOBIAS)
    shown = slack.submit(filled, user=TOBIAS, to="2024-03-21", reason="the room is taken")
    said = texts(shown["view"])
    assert "PSG is moved to Thursday 21 March 2024, 10:00 (London): this is what follows." in said
    assert "papers of PSG 2024-03-21" in said
    assert "People are due at QAG at the same time" in said
    assert "They wait for release" in said
    assert "Harriet Bassington" in said
    assert meeting(database).revision == 0
    assert notices(database) == []

    done = slack.submit({**shown["view"], "id": filled["id"]}, user=TOBIAS)
    assert "PSG is moved to" in texts(done["view"])
    assert "Its notices: `/secretariat outbox`" in texts(done["view"])
    moved = meeting(database)
    assert (moved.status, moved.starts_at) == (MeetingStatus.MOVED, datetime(2024, 3, 21, 10, tzinfo=UTC))
    assert moved.reason == "the room is taken"
    sent = notices(database)
    assert {row.state for row in sent} == {"withheld"}
    assert all(row.attachments for row in sent), "each brings the calendar's update"


def test_a_modal_sent_twice_moves_once(slack: SlackAtHand, database: Database) -> None:
    shown = slack.opens(MOVE, user=TOBIAS)
    slack.submit(shown, user=TOBIAS)
    again = slack.submit(shown, user=TOBIAS)
    assert "nothing was done twice" in texts(again["view"])
    assert meeting(database).revision == 1


def test_what_has_changed_meanwhile_is_shown_anew_before_anything_is_done(
    slack: SlackAtHand, database: Database
) -> None:
    shown = slack.opens(MOVE, user=TOBIAS)
    slack.submit(slack.opens("move PSG 2024-03-06 to 2024-03-06 11:00-12:00", user=TOBIAS), user=TOBIAS)
    anew = slack.submit(shown, user=TOBIAS)["view"]
    assert "so nothing was done" in texts(anew)
    assert "(Wed 11:00 in London) (moved) became" in texts(anew)
    assert meeting(database).revision == 1
    slack.submit({**anew, "id": shown["id"]}, user=TOBIAS)
    assert (meeting(database).revision, meeting(database).on.day) == (2, 7)


def test_a_meeting_is_cancelled_and_can_be_held_after_all(slack: SlackAtHand, database: Database) -> None:
    asked = slack.opens("cancel PSG", user=TOBIAS)
    shown = slack.submit(asked, user=TOBIAS, reason="nothing to decide")["view"]
    assert "PSG is cancelled, which was to be on Wednesday 6 March 2024, 10:00 (London)" in texts(shown)
    slack.submit({**shown, "id": asked["id"]}, user=TOBIAS)
    assert meeting(database).status is MeetingStatus.CANCELLED
    slack.submit(slack.opens("adhoc PSG 2024-03-06: after all", user=TOBIAS), user=TOBIAS)
    assert meeting(database).status is MeetingStatus.MOVED


def test_an_ad_hoc_meeting_is_called_jointly(slack: SlackAtHand, database: Database) -> None:
    asked = slack.opens("adhoc", user=TOBIAS)
    shown = slack.submit(asked, user=TOBIAS, group="SDWG", joint=["DRG"], on="2024-02-20", start="10:00", end="11:00",
                         reason="a question of security")["view"]  # fmt: skip
    assert "SDWG with DRG is on the calendar for Tuesday 20 February 2024, 10:00 (London)" in texts(shown)
    slack.submit({**shown, "id": asked["id"]}, user=TOBIAS)
    with database.reading() as session:
        found = meetings.on_day(session, "SDWG", datetime(2024, 2, 20, tzinfo=UTC).date())
    assert found
    assert (found.status, found.also_for) == (MeetingStatus.AD_HOC, ("DRG",))


@pytest.mark.parametrize(("block", "values", "said"), [
    ("to", {"to": "2024-03-06"}, "PSG is on Wednesday 6 March 2024, 10:00 (London) already."),
    ("to", {"to": "2024-02-01"}, "is past."),
    ("to", {"to": "2024-03-07", "start": "13:00"}, "It would end (12:00) before it starts (13:00)."),
    ("to", {"to": None}, "Say to which day."),
])  # fmt: skip
def test_what_cannot_be_done_is_said_on_its_field(
    slack: SlackAtHand, block: str, values: dict[str, str], said: str
) -> None:
    asked = slack.opens("move PSG 2024-03-06", user=TOBIAS)
    answered = slack.submit(asked, user=TOBIAS, **values)
    assert answered["response_action"] == "errors"
    assert said in answered["errors"][block]


def test_a_meeting_held_already_is_not_changed(slack: SlackAtHand, database: Database) -> None:
    said = texts(slack.opens("cancel PSG 2024-02-07: too late", user=TOBIAS))
    assert "The meeting was held on Wednesday 7 February 2024, 10:00 (London)." in said


@pytest.mark.parametrize("text", ["move", "cancel PSG", MOVE, "adhoc", "confirm"])
def test_a_representative_changes_nothing_and_the_audit_keeps_it(
    slack: SlackAtHand, database: Database, text: str
) -> None:
    assert "Harriet Bassington is not of the PMO. Only the PMO changes the calendar." in texts(slack.opens(text))
    assert len(refusals(database)) == 1
    assert meeting(database).revision == 0


def test_an_agreed_modal_of_somebody_else_is_refused(slack: SlackAtHand, database: Database) -> None:
    """The PMO's own modal, sent in with a representative's name on it."""
    shown = slack.opens(MOVE, user=TOBIAS)
    assert "is not of the PMO" in texts(slack.submit(shown, user=HARRIET)["view"])
    assert "does not know you" in texts(slack.submit(shown, user=STRANGER)["view"])
    assert meeting(database).revision == 0


def test_in_words_alone_the_same_is_shown_and_agreed_to(slack: SlackAtHand, database: Database) -> None:
    slack.screens.is_there = False
    said = slack.says(MOVE, user=TOBIAS)
    assert "this is what follows" in said
    assert meeting(database).revision == 0
    again = re.search(r"`/secretariat (?P<words>move .* yes [0-9a-f]{8})`", said)
    assert again
    assert "was shown" in slack.says(f"{MOVE} yes 01234567", user=TOBIAS)
    assert meeting(database).revision == 0
    assert "PSG is moved to" in slack.says(again["words"], user=TOBIAS)
    assert meeting(database).on.day == 7
    assert "I could not read that. Write: cancel GROUP DATE[: REASON]" in slack.says("cancel it", user=TOBIAS)


def test_a_date_that_was_only_proposed_is_confirmed(slack: SlackAtHand, database: Database) -> None:
    """The GLIG-SIT of Good Friday: its fortnight falls on 29 March."""
    asked = slack.opens("confirm", user=TOBIAS)
    [option] = slack.options(asked, "meeting", "", user=TOBIAS)[:1]
    filled = slack.choose(asked, "meeting", option["value"], user=TOBIAS)
    assert slack.submit(filled, user=TOBIAS, choice="another")["errors"] == {"other": "Say which other day."}
    shown = slack.submit(filled, user=TOBIAS)["view"]
    assert "is confirmed for" in texts(shown)
    slack.submit({**shown, "id": filled["id"]}, user=TOBIAS)
    assert option["value"] not in [o["value"] for o in slack.options(asked, "meeting", "", user=TOBIAS)]
    with database.reading() as session:
        changed = session.scalars(select(AuditRow).where(AuditRow.event == "meeting changed")).all()
    assert (changed[0].actor, changed[0].detail["status"]) == ("Tobias Wrenfield", "moved")
