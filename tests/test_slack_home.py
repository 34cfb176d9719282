"""The home tab, and who is let in: people on file, by Slack id or by an address that Slack has confirmed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, members, papers
from bot.amendments import Submission, submit
from bot.clock import Clock
from bot.errors import SecretariatError
from bot.model import Person
from bot.ports import SlackUser
from bot.recognition import counts_as_proof
from bot.store.amendment_tables import MarkedDocumentRow
from bot.store.database import Database
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.house_tables import AuditRow
from bot.store.people_tables import EmailRow, PersonRow, SlackIdRow
from bot.store.report_tables import ReportRow
from bot.store.slack_tables import SlackHomeRow
from handlers.slack import register
from handlers.slack.home import HomeTabs
from schedules.finding import find_meeting
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, texts
from tests.test_logs import put_action

DOROTHEA = "dorothea.vance@example.org"  # on file without a Slack id
ACCOUNT = SlackUser("U0DOROTHEA", DOROTHEA, True, False, False, False, "T0OURS")
OPENED = {"type": "app_home_opened", "tab": "home", "channel": "D0ANY"}


def opens_home(slack: SlackAtHand, user: str) -> str:
    """What the home tab says once it is opened."""
    slack.event({**OPENED, "user": user})
    slack.screens.wait_for(lambda screens: user in screens.homes)
    return texts(slack.screens.homes[user])


def refused(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.event == "access refused"))
        return [(row.subject, row.detail["asked_as"]) for row in rows]


def looks(slack: SlackAtHand, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts that were looked up at Slack, as they are."""
    asked: list[str] = []
    look_up = slack.screens.user

    def user(slack_user_id: str) -> SlackUser | None:
        asked.append(slack_user_id)
        return look_up(slack_user_id)

    monkeypatch.setattr(slack.screens, "user", user)
    return asked


def issued(slack: SlackAtHand, session: Session, people: dict[str, Person]) -> str:
    """The report of the PSG of 7 February is issued; returns its id."""
    meeting, reference = find_meeting(session, slack.door.calendar, "PSG", date(2024, 2, 7)), "PSG-2024-02-07"
    session.add(
        ReportRow(
            id=f"{reference}-r1", meeting_uid=meeting.uid, revision=1, reference=reference, snapshot="{}",
            issued_at=slack.door.clock.now(), issued_by=people["Tobias Wrenfield"].id, snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )  # fmt: skip
    session.flush()
    return f"{reference}-r1"


def at(slack: SlackAtHand, now: datetime) -> HomeTabs:
    """The home tabs as the tick keeps them, at that instant."""
    return HomeTabs(replace(slack.door, clock=Clock(now)), register.COMMANDS)


# ------------------------------------------------------------------------------------------------- who is let in


def test_a_confirmed_address_on_file_is_a_person_and_the_account_is_kept(
    slack: SlackAtHand, database: Database, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.screens.users[ACCOUNT.id] = ACCOUNT
    asked = looks(slack, monkeypatch)
    assert "PSG" in slack.says("next PSG", user=ACCOUNT.id)
    assert "PSG" in slack.says("next PSG", user=ACCOUNT.id)
    assert asked == [ACCOUNT.id]
    with database.reading() as session:
        known = members.by_slack_id(session, ACCOUNT.id)
        kept = session.scalars(select(AuditRow).where(AuditRow.event == "Slack account recognised")).one()
        assert audit.first_broken_link(session) is None
    assert known == replace(people["Dorothea Vance"], slack_user_id=ACCOUNT.id)
    assert (kept.subject, kept.detail["person"], kept.detail["by"]) == (ACCOUNT.id, "Dorothea Vance", DOROTHEA)
    assert refused(database) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"email_confirmed": False},
        {"is_bot": True},
        {"is_gone": True},
        {"email": ""},
        {"email": "nobody@example.org"},
        {"is_stranger": True, "workspace": "T0THEIRS"},
    ],
    ids=["not confirmed", "a bot", "deactivated", "no address", "not on file", "another workspace"],
)
def test_everybody_else_gets_a_sentence_and_the_audit_keeps_it(
    slack: SlackAtHand, database: Database, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.screens.users[ACCOUNT.id] = replace(ACCOUNT, **changed)
    asked = looks(slack, monkeypatch)
    for text in ("next PSG", "amend PSG 2024-02-07 D-01: x"):
        said = slack.says(text, user=ACCOUNT.id)
        assert said == "The secretariat does not know you yet. Please ask the PMO to put you on file."
    assert asked == [ACCOUNT.id]  # not at each command
    assert refused(database) == [("slack next", ACCOUNT.id), ("slack amend", ACCOUNT.id)]
    with database.reading() as session:
        assert session.get(SlackIdRow, ACCOUNT.id) is None


def test_another_workspaces_word_counts_only_where_it_is_trusted() -> None:
    theirs = replace(ACCOUNT, is_stranger=True, workspace="T0THEIRS")
    assert not counts_as_proof(theirs, [])
    assert not counts_as_proof(theirs, ["T0OTHERS"])
    assert counts_as_proof(theirs, ["T0THEIRS"])
    assert not counts_as_proof(replace(theirs, email_confirmed=False), ["T0THEIRS"])


def test_an_account_of_another_workspace_is_let_in_where_its_id_is_on_file(
    slack: SlackAtHand, database: Database
) -> None:
    slack.screens.users["U0CONNECT"] = replace(ACCOUNT, id="U0CONNECT", is_stranger=True, workspace="T0THEIRS")
    with database.session() as session:
        row = session.get(EmailRow, DOROTHEA)
        assert row
        row.person.slack_ids.append(SlackIdRow(slack_user_id="U0CONNECT", position=0))
    assert "PSG" in slack.says("next PSG", user="U0CONNECT")


def test_somebody_put_on_file_later_is_let_in(slack: SlackAtHand, database: Database) -> None:
    assert "does not know you" in slack.says("next PSG", user=STRANGER)
    with database.session() as session:
        session.add(PersonRow(id="P-new", name="New Comer", organisation="Example", emails=[],
                              slack_ids=[SlackIdRow(slack_user_id=STRANGER, position=0)]))  # fmt: skip
    assert "PSG" in slack.says("next PSG", user=STRANGER)


def test_help_is_for_everybody_and_the_pmos_part_for_the_pmo(slack: SlackAtHand) -> None:
    assert "You can ask:" in slack.says("help", user=STRANGER)
    assert "For the PMO" not in slack.says("help", user=HARRIET)
    assert "For the PMO" in slack.says("help", user=TOBIAS)
    assert slack.says("help next").startswith("`/secretariat next [GROUP]")
    assert "`/secretariat help WORD`" in slack.says("help nonsense")


# -------------------------------------------------------------------------------------------------- the home tab


def test_a_stranger_is_told_whom_to_ask(slack: SlackAtHand, database: Database) -> None:
    assert opens_home(slack, STRANGER) == (
        "The secretariat does not know you yet. Please ask the PMO to put you on file."
    )
    assert refused(database) == [("slack home", STRANGER)]


def test_a_person_is_recognised_on_opening_it(slack: SlackAtHand) -> None:
    slack.screens.users[ACCOUNT.id] = ACCOUNT
    assert "PSG: Medium Supplier Representative, until Sunday 30 June 2024" in opens_home(slack, ACCOUNT.id)


def test_it_says_what_is_expected_of_me(
    slack: SlackAtHand, database: Database, people: dict[str, Person], clock: Clock
) -> None:
    now = clock.now()
    with database.session() as session:
        report = issued(slack, session, people)
        put_action(session, "PSG27-01", report, "Large suppliers to <send> their dates.", "Large Supplier")
        put_action(session, "PSG27-02", report, "The DNOs to send theirs.", "DNO Representative")
        past = find_meeting(session, slack.door.calendar, "PSG", date(2024, 2, 7))
        coming = find_meeting(session, slack.door.calendar, "PSG", date(2024, 3, 6))
        papers.expect(session, coming, "Readiness of suppliers", people["Harriet Bassington"],
                      by=people["Tobias Wrenfield"], now=now)  # fmt: skip
        asked = Submission(past, people["Harriet Bassington"], "D-01", "It was noted.", "slack", "a", None)
        submit(session, asked, now)
    said = opens_home(slack, HARRIET)
    assert "*Action* PSG27-01" in said
    assert "to &lt;send&gt; their dates" in said
    assert "PSG27-02" not in said
    assert "*Paper* Readiness of suppliers" in said
    assert "*Report* of PSG on Wednesday 7 February 2024: amendments may be asked for until" in said
    assert "you have answered" in said
    assert "*AM-001*" in said
    assert "*PSG*: <!date^" in said
    assert "Wednesday 6 March 2024, 10:00" in said
    assert "PSG: Large Supplier Representative" in said
    assert "For the PMO" not in said


def test_drafts_are_the_pmos_and_the_chairs_in_their_turn(
    slack: SlackAtHand, database: Database, people: dict[str, Person], clock: Clock
) -> None:
    with database.session() as session:
        meeting = find_meeting(session, slack.door.calendar, "PSG", date(2024, 2, 7))
        session.add(DraftRow(id="PSG-2024-02-07-draft-1", meeting_uid=meeting.uid, version=1, content="{}",
                             made_at=clock.now(), document_sha256="0" * 64))  # fmt: skip
    draft = "*Draft* of PSG on Wednesday 7 February 2024, version 1"
    assert f"{draft}: to be edited and issued" in opens_home(slack, TOBIAS)
    assert "For the PMO" in texts(slack.screens.homes[TOBIAS])
    assert draft not in opens_home(slack, HARRIET)
    assert "Nothing waits for you." in texts(slack.screens.homes[HARRIET])


def test_word_documents_that_wait_are_the_pmos(
    slack: SlackAtHand, database: Database, people: dict[str, Person], clock: Clock
) -> None:
    with database.session() as session:
        report, sender = issued(slack, session, people), people["Harriet Bassington"].id
        session.add(
            ReturnRow(reference="RT-001", number=1, source_key="page:1", came_by="page", file_name="<!channel> 1.docx",
                      sha256="0" * 64, person_id=sender, arrived_at=clock.now(), state="waiting")
        )  # fmt: skip
        session.add(
            MarkedDocumentRow(source_key="0:1", sha256="0" * 64, name="marked.docx", sender_id=sender, came_by="slack",
                              came_at=clock.now(), report_id=report, waits=True)
        )  # fmt: skip
    said = opens_home(slack, TOBIAS)
    page = slack.door.announcer.page()
    assert "*Edited draft to take in* RT-001, &lt;!channel&gt; 1.docx from Harriet Bassington, <!date^" in said
    assert f"<{page}/returns/RT-001>" in said
    assert f"*Marked-up report to settle* {report} from Harriet Bassington, " in said
    assert f"<{page}/requests/marked/1> (or: secretariat amendments marked 1)" in said
    assert "RT-001" not in opens_home(slack, HARRIET)


def test_it_shows_what_i_did_at_once(slack: SlackAtHand, database: Database) -> None:
    assert "AM-001" not in opens_home(slack, HARRIET)
    slack.says("amend PSG 2024-02-07 D-01: the plan was noted")
    slack.screens.wait_for(lambda screens: "*AM-001*" in texts(screens.homes[HARRIET]))


def test_a_tick_shows_again_what_has_changed_and_nothing_else(
    slack: SlackAtHand, database: Database, people: dict[str, Person], clock: Clock
) -> None:
    opens_home(slack, HARRIET)
    opens_home(slack, TOBIAS)
    tabs, later = at(slack, clock.now()), at(slack, clock.now() + timedelta(days=4))
    slack.screens.homes.clear()
    for _ in range(4):
        tabs.show_changed_one()
    assert slack.screens.homes == {}
    with database.session() as session:
        coming = find_meeting(session, slack.door.calendar, "PSG", date(2024, 3, 6))
        papers.expect(session, coming, "Readiness", people["Harriet Bassington"],
                      by=people["Tobias Wrenfield"], now=clock.now())  # fmt: skip
    for _ in range(4):
        later.show_changed_one()
    assert slack.screens.homes == {}  # it was opened too long ago
    for _ in range(4):
        tabs.show_changed_one()
    assert set(slack.screens.homes) == {HARRIET}
    assert "Readiness" in texts(slack.screens.homes[HARRIET])


def test_opened_again_it_is_published_again(slack: SlackAtHand, database: Database) -> None:
    opens_home(slack, HARRIET)
    slack.screens.homes.clear()
    assert "Your groups" in opens_home(slack, HARRIET)
    with database.reading() as session:
        assert len(session.scalars(select(SlackHomeRow)).all()) == 1


def test_the_tab_of_messages_needs_nothing(slack: SlackAtHand, database: Database) -> None:
    slack.event({**OPENED, "tab": "messages", "user": HARRIET})
    with database.reading() as session:
        assert session.scalars(select(SlackHomeRow)).all() == []
    assert slack.screens.homes == {}


def test_every_button_of_the_tab_does_what_its_command_does(slack: SlackAtHand) -> None:
    opens_home(slack, TOBIAS)
    home = slack.screens.homes[TOBIAS]
    offered = [element for block in home["blocks"] if block["type"] == "actions" for element in block["elements"]]
    assert len(offered) > 5
    ids = [element["action_id"] for element in offered]
    assert len(ids) == len(set(ids))
    for element in offered:
        view = slack.click_opens(element["action_id"], element.get("value", ""), user=TOBIAS, view={**home, "id": "V0"})
        assert "Something went wrong" not in texts(view)
        assert "Which group" not in texts(view), element


def test_somebody_with_everything_stays_within_slacks_limits(
    slack: SlackAtHand, database: Database, people: dict[str, Person], clock: Clock
) -> None:
    with database.session() as session:
        report = issued(slack, session, people)
        for number in range(120):
            put_action(session, f"PSG27-{number + 1:02d}", report, "x & <y> " * 200, "Large Supplier")
        coming = find_meeting(session, slack.door.calendar, "PSG", date(2024, 3, 6))
        for number in range(40):
            papers.expect(session, coming, f"Paper {number} " + "& " * 80, people["Harriet Bassington"],
                          by=people["Tobias Wrenfield"], now=clock.now())  # fmt: skip
    said = opens_home(slack, HARRIET)  # checked at Slack's limits as it is published
    assert "… and 112 more: actions mine" in said
    assert len(json.dumps(slack.screens.homes[HARRIET])) < 100_000


def test_an_unusable_home_is_no_reason_to_fail(
    slack: SlackAtHand, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens_home(slack, HARRIET)

    def publish(*_: object) -> None:
        raise SecretariatError("Slack can't be reached.")

    monkeypatch.setattr(slack.screens, "publish", publish)
    assert "AM-001" in slack.says("amend PSG 2024-02-07 D-01: the plan was noted")
    monkeypatch.undo()
    at(slack, slack.door.clock.now()).show_changed_one()
    assert "*AM-001*" in texts(slack.screens.homes[HARRIET])
