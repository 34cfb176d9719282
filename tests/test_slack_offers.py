"""Buttons under messages: which notices bring them, how Slack shows them, and what the message says once used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import select

from bot import digests, members, offers, outbox
from bot.adapters.slack_blocks import blocks_of
from bot.adapters.slack_web import SlackWeb
from bot.adapters.word_document import WordDocuments
from bot.config import Config
from bot.corrections import Corrections
from bot.model import Notice, Offer, OutgoingMessage, Person
from bot.obligations import Obligation
from bot.obligations import meet as meet_obligation
from bot.reports import Issuing, meeting_of_reference, prepare
from bot.reports import issue as issue_report
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import MIGRATIONS, Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ActionRow
from schedules import sending_words
from schedules.announcements import Announcer
from schedules.due import queue_due
from schedules.series import Calendar
from tests.slack_at_hand import HARRIET, TOBIAS, SlackAtHand, check_block, element_of
from tests.slack_emulator import SlackEmulator, running_slack
from tests.test_slack_reports import PSG, UID, drafted, issue

MARCH = "psg-2024-03-06@mhhsprogramme.co.uk"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
CHANNEL = "C0ANY"  # where the stand-in for Slack says that a message is clicked
ANSELM = "U0SAMPLE13"


def put_notice(
    slack: SlackAtHand, recipient: str, given: tuple[Offer, ...], *, clock: str = "papers", ts: str = "1.0",
    subject: str = "PSG: papers go out today",
) -> str:  # fmt: skip
    """A notice that Slack has; returns its id."""
    uid = given[0].value.split(" ")[0]
    notice = Notice(
        uid, 0, clock, f"a_step_{ts}", recipient, "PSG", "pmo_reminder", subject, "They go out by & by.", "a test",
        NOW, offers=given,
    )  # fmt: skip
    with slack.door.database.session() as session:
        outbox.queue(session, notice, now=NOW, dial="automatic", recipient_name="somebody")
        row = session.get_one(OutboxRow, outbox.notice_id(notice))
        row.state, row.channel, row.service_id, row.sent_at = "sent", "slack", f"{CHANNEL}:{ts}", NOW
        return row.id


def became(slack: SlackAtHand, offer: Offer, *, user: str = HARRIET, ts: str = "1.0", number: int = 0) -> Any:
    """What the message becomes by a click."""
    key = slack.click(f"{offer.action}:{number}", offer.value, user=user, message={"ts": ts})
    [posted] = slack.later.posted(key, wait=10.0)
    for block in posted.get("blocks") or ():
        check_block(block)
    return posted


def said_in(posted: dict[str, Any]) -> list[str]:
    return [part["text"] for block in posted["blocks"] for part in block.get("elements", ()) if "text" in part
            and isinstance(part["text"], str)]  # fmt: skip


def left_in(posted: dict[str, Any]) -> list[str]:
    return [e["text"]["text"] for b in posted["blocks"] if b["type"] == "actions" for e in b["elements"]]


def met(slack: SlackAtHand) -> list[tuple[str, str]]:
    with slack.door.database.reading() as session:
        return [(row.clock, row.done_by) for row in session.scalars(select(ObligationRow))]


# ------------------------------------------------------------------------------------------- which notices bring which


@pytest.fixture
def february(database: Database, config: Config, people: dict[str, Person]) -> dict[str, list[tuple[str, ...]]]:
    """The buttons of every notice about PSG's February meeting and the next, by its clock; of each only once."""
    some = config.model_copy(update={"groups": {"PSG": config.groups["PSG"]}})
    announcer = Announcer(some, Calendar(some), lambda: "http://127.0.0.1:8765")
    with database.session() as session:
        members.choose(session, people["Harriet Bassington"], "amendments_closing")
        queue_due(session, announcer, datetime(2024, 1, 20, 9, tzinfo=UTC))
        for days in range(45):
            queue_due(session, announcer, datetime(2024, 1, 20, 16, tzinfo=UTC) + timedelta(days=days))
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.due_at)).all()
        found: dict[str, list[tuple[str, ...]]] = {}
        for row in rows:
            kept = tuple(offer.label for offer in outbox.offers_of(row))
            if kept not in found.setdefault(row.clock, []):
                found[row.clock].append(kept)
    return found


def test_a_reminder_of_what_somebody_can_do_brings_done_and_no_other(
    february: dict[str, list[tuple[str, ...]]],
) -> None:
    assert february["papers"] == [("Done",)]
    assert february["headline_report"] == [("Done",)]
    assert february["meeting"] == [()]
    assert february["amendments_close"] == [("Request an amendment", "No comments"), ()], "the PMO is only told"


def test_an_issued_report_brings_its_two_answers_one_for_who_speaks_for_a_constituency(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    door = slack.door
    issuing = Issuing(
        door.config, door.files, WordDocuments(door.config.paths.templates / "headline_report.docx"), "http://page",
        lambda _session, _meeting: 27, door.announcer.dates_to_note,
    )  # fmt: skip
    with door.database.session() as session:
        draft = drafted("PSG", PSG).model_dump_json()
        session.add(
            DraftRow(
                id=f"PSG-{PSG}-draft-1", meeting_uid=UID, version=1, content=draft, made_at=NOW,
                document_sha256="0" * 64,
            )
        )  # fmt: skip
        session.flush()
        meeting = meeting_of_reference(session, f"PSG-{PSG}")
        prepared = prepare(
            session,
            issuing,
            meeting,
            people["Tobias Wrenfield"],
            NOW,
            Corrections(how="attended", overruled="Cleared in the room."),
        )
        row = issue_report(session, issuing, prepared, NOW)
        door.announcer.report_issued(session, prepared, row, NOW)
        brought = {r.recipient_name: r.offers for r in session.scalars(select(OutboxRow)) if r.kind == "report"}
    answers = [["Request an amendment", "amend", UID], ["No comments", "no_comments", UID]]
    assert brought["Harriet Bassington"] == answers
    assert brought["Marguerite Oyelaran"] == answers[:1], "the Chair speaks for no constituency"


def test_a_digest_brings_the_buttons_of_all_that_it_carries(slack: SlackAtHand, people: dict[str, Person]) -> None:
    first = put_notice(slack, people["Tobias Wrenfield"].id, (offers.done(MARCH, "papers"),))
    second = put_notice(
        slack, people["Tobias Wrenfield"].id, (offers.done(UID, "recording"),), clock="recording", ts="2.0",
        subject="PSG: the recording",
    )  # fmt: skip
    templates = slack.door.config.paths.templates
    with slack.door.database.session() as session:
        rows = [session.get_one(OutboxRow, each) for each in (first, second)]
        digests.bundle(session, rows, lambda name, carried: sending_words.digest(templates, name, carried), NOW)
        digest = session.scalars(select(OutboxRow).where(OutboxRow.clock == "digest")).one()
        assert digest.offers == [
            ["Done: PSG: papers go out today", "done", f"{MARCH} papers"],
            ["Done: PSG: the recording", "done", f"{UID} recording"],
        ]
        digest.state, digest.channel, digest.service_id = "sent", "slack", f"{CHANNEL}:9.0"
    one = became(slack, Offer("", "done", f"{UID} recording"), user=TOBIAS, ts="9.0", number=1)
    assert said_in(one)[0].startswith("PSG: the recording: Done by Tobias Wrenfield on ")
    assert left_in(one) == ["Done: PSG: papers go out today"]


# ------------------------------------------------------------------------------------------------- how Slack shows them


def test_buttons_keep_to_slacks_limits_however_many_and_long() -> None:
    many = tuple(Offer(f"Done: {'x' * 200}", "done", f"uid {n}") for n in range(60))
    blocks = [block.to_dict() for block in blocks_of("Subject", "Text", many)]
    for block in blocks:
        check_block(block)
    assert [len(block["elements"]) for block in blocks if block["type"] == "actions"] == [25, 25, 10]
    assert [block.type for block in blocks_of("Subject", "Text")] == [
        "header",
        "section",
    ]


@pytest.fixture(scope="module")
def emulator() -> Iterator[SlackEmulator]:
    with running_slack() as running:
        yield running


def test_the_buttons_arrive_in_slack(emulator: SlackEmulator) -> None:
    ann = emulator.user_id("ann@example.org")
    given = (offers.done(MARCH, "papers"), Offer("No comments", "no_comments", UID))
    message = OutgoingMessage("offers-1", ann, "Ann", "Papers", "They go out.", "<1@example.org>", NOW, offers=given)
    delivered = SlackWeb(emulator.token, api_url=emulator.api_url).deliver(message)
    assert delivered.service_id, delivered.error
    posted = emulator.messages(ann)[-1]
    [row] = [block for block in posted["blocks"] if block["type"] == "actions"]
    assert [(e["text"]["text"], e["action_id"], e["value"]) for e in row["elements"]] == [
        ("Done", "done:0", f"{MARCH} papers"),
        ("No comments", "no_comments:1", UID),
    ]


# -------------------------------------------------------------------------------------------------------- once used


def test_done_meets_the_obligation_and_the_message_says_by_whom_and_when(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    offer = offers.done(MARCH, "papers")
    put_notice(slack, people["Tobias Wrenfield"].id, (offer,))
    posted = became(slack, offer, user=TOBIAS)
    assert posted["replace_original"] is True
    assert "response_type" not in posted
    assert left_in(posted) == []
    [said] = said_in(posted)
    assert said.startswith("Done by Tobias Wrenfield on <!date^")
    assert "Done by Tobias Wrenfield on Friday 9 February 2024, 09:0" in posted["text"]
    assert "PSG: papers go out today" in posted["text"]
    assert "They go out by &amp; by." in str(posted["blocks"])
    assert met(slack) == [("papers", "Tobias Wrenfield")]


def test_done_twice_or_after_another_stays_as_it_was(slack: SlackAtHand, people: dict[str, Person]) -> None:
    offer = offers.done(MARCH, "papers")
    put_notice(slack, people["Tobias Wrenfield"].id, (offer,))
    with slack.door.database.session() as session:
        meet_obligation(
            session, Obligation(MARCH, "papers"), by=people["Ifeoma Castellane"], of_pmo=True, now=NOW
        )  # fmt: skip
    for _ in range(2):
        assert said_in(became(slack, offer, user=TOBIAS))[0].startswith("Done by Ifeoma Castellane on ")
    assert met(slack) == [("papers", "Ifeoma Castellane")]


def test_an_actions_owner_proposes_its_closure_and_nobody_else_may(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    offer = offers.done(UID, "action:PSG27-01")
    put_notice(slack, people["Harriet Bassington"].id, (offer,), clock="action:PSG27-01")
    refused = became(slack, offer, user=ANSELM)
    assert refused["text"] == "That is not yours to mark as done. Ask the PMO if you have done it."
    assert met(slack) == [("headline_report", "Tobias Wrenfield"), ("chair_copy", "Tobias Wrenfield"),
                          ("chair_answer", "Tobias Wrenfield")]  # fmt: skip
    assert said_in(became(slack, offer))[0].startswith("Done by Harriet Bassington on ")
    with slack.door.database.reading() as session:
        assert session.get_one(ActionRow, "PSG27-01").state == "closure_proposed"
        assert "access refused" in session.scalars(select(AuditRow.event)).all()


@pytest.mark.parametrize(
    "value", [f"{MARCH} meeting", f"{MARCH} headline_report", "nothing papers", "", f"{MARCH} action:PSG99-01"]
)
def test_a_value_that_nobody_was_reminded_of_does_nothing(
    slack: SlackAtHand, people: dict[str, Person], value: str
) -> None:
    put_notice(slack, people["Harriet Bassington"].id, (offers.done(MARCH, "papers"),))
    for user in (HARRIET, TOBIAS):
        assert "not yours to mark as done" in slack.answered(slack.click("done", value, user=user))
    assert met(slack) == []


def test_no_comments_in_a_message_to_me_takes_its_button_and_leaves_the_other(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    answers = (Offer("Request an amendment", "amend", UID), Offer("No comments", "no_comments", UID))
    put_notice(slack, people["Harriet Bassington"].id, answers, clock="report")
    posted = became(slack, answers[1], number=1)
    assert said_in(posted)[0].startswith("No comments: said by Harriet Bassington on ")
    assert left_in(posted) == ["Request an amendment"]


def test_no_comments_in_a_channel_leaves_the_button_to_the_other_constituencies(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    answers = (Offer("Request an amendment", "amend", UID), Offer("No comments", "no_comments", UID))
    put_notice(slack, "channel:#psg", answers, clock="report")
    for user, said in ((HARRIET, "AM-001: Large Supplier"), (ANSELM, "AM-002: Elexon")):
        posted = became(slack, answers[1], user=user, number=1)
        assert posted["text"] == f"{said} has no comments on PSG-2024-02-07."
        assert posted["replace_original"] is False
        assert posted["response_type"] == "ephemeral"


def test_the_message_that_a_request_was_made_from_says_so_and_keeps_its_button(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    answers = (Offer("Request an amendment", "amend", UID), Offer("No comments", "no_comments", UID))
    inside = put_notice(slack, people["Harriet Bassington"].id, answers, clock="report")
    message = {"ts": "77.0", "metadata": {"event_type": "secretariat_notice", "event_payload": {"id": inside}}}
    before = len(slack.screens.shown)
    key = slack.click("amend:0", UID, message=message)
    slack.screens.wait_for(lambda s: len(s.shown) > before and "hourglass" not in str(s.views[s.shown[-1]]))
    view = slack.screens.views[slack.screens.shown[-1]]
    assert element_of(view, "meeting")["initial_option"]["value"] == UID
    block = next(b["block_id"] for b in view["blocks"] if str(b.get("block_id")).startswith("line:"))
    slack.submit(view, kind="record", text="It was noted.", reason="So.", **{block: "PSG-DEC41"})
    [posted] = slack.later.posted(key, wait=10.0)
    assert posted["replace_original"] is True
    assert said_in(posted)[0].startswith("AM-001 requested by Harriet Bassington on ")
    assert left_in(posted) == ["Request an amendment", "No comments"]
    with slack.door.database.reading() as session:
        assert session.scalars(select(AmendmentRow.source_key)).one().endswith(":amend")


def test_the_shortcut_of_a_message_knows_the_report_by_the_notice_or_by_its_place(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    inside = put_notice(slack, people["Harriet Bassington"].id, (offers.done(UID, "x"),), ts="5.0")
    by_id = {"metadata": {"event_payload": {"id": inside}}, "channel": CHANNEL}
    for message in (by_id, {"ts": "5.0", "channel": CHANNEL}):
        view = slack.shortcut("amend_report", message=message)
        assert element_of(view, "meeting")["initial_option"]["value"] == UID


def test_offers_are_kept_with_the_notice_and_come_back_as_they_were(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    given = (offers.done(MARCH, "papers"), offers.of_word("AM-001"))
    inside = put_notice(slack, people["Tobias Wrenfield"].id, given)
    with slack.door.database.reading() as session:
        assert [astuple(offer) for offer in outbox.offers_of(session.get_one(OutboxRow, inside))] == [
            astuple(offer) for offer in given
        ]


def test_a_notice_of_an_older_installation_has_no_buttons(database: Database, people: dict[str, Person]) -> None:
    """Back to the schema before and forward again."""
    given = (offers.done(MARCH, "papers"),)
    notice = Notice(MARCH, 0, "papers", "x", people["Harriet Bassington"].id, "PSG", "pmo_reminder", "Subject", "Text",
                    "a test", NOW, offers=given)  # fmt: skip
    with database.session() as session:
        outbox.queue(session, notice, now=NOW, dial="automatic", recipient_name="Harriet Bassington")
    database.close()
    migrations = AlembicConfig()
    migrations.set_main_option("script_location", str(MIGRATIONS))
    migrations.set_main_option("sqlalchemy.url", database.url)
    command.downgrade(migrations, "0004")
    command.upgrade(migrations, "head")
    with database.reading() as session:
        row = session.get_one(OutboxRow, outbox.notice_id(notice))
        assert (row.subject, outbox.offers_of(row)) == ("Subject", ())
