"""Chasing in Slack: what is owed, by whom, and asking for it on a person's word; a Chair in no other way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import clearances, facts, meetings, members, papers
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ActionRow, ReportRow
from schedules.chasing import owed
from tests.slack_at_hand import TOBIAS, SlackAtHand, texts

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
UID = "psg-2024-02-07@mhhsprogramme.co.uk"


@pytest.fixture
def owing(slack: SlackAtHand, database: Database) -> SlackAtHand:
    """Two open actions of the PSG of 7 February, one the Chair's; its draft with the Chair; a paper of theirs."""
    with database.session() as session:
        facts.remember(session, facts.FIRST_STARTED, (NOW - timedelta(days=20)).isoformat())
        tobias = members.named(session, "Tobias Wrenfield")
        psg = meetings.by_uid(session, UID)
        assert psg
        clearances.put_to_chair(session, psg, by=tobias, now=NOW - timedelta(hours=20))
        session.add(ReportRow(id="DAG-1", meeting_uid=UID, revision=1, reference="PSG-2024-01-03", draft_id=None,
                              issued_at=NOW - timedelta(days=30), issued_by=tobias.id, snapshot="{}",
                              snapshot_sha256="", document_sha256=""))  # fmt: skip
        session.flush()
        for reference, owner, due in (
            ("PSG26-01", "Harriet Bassington", "2024-02-08"), ("PSG26-02", "SRO as Chair", "2024-02-08"),
            ("PSG26-03", "Everybody", "2024-02-12"), ("PSG26-04", "Harriet Bassington", "2024-03-20"),
        ):  # fmt: skip
            session.add(ActionRow(reference=reference, group_key="PSG", report_id="DAG-1", draft_ref="A-01",
                                  text=f"{owner} <sends> the list.", owner=owner, due=due))  # fmt: skip
        march = meetings.by_uid(session, "psg-2024-03-06@mhhsprogramme.co.uk")
        assert march
        papers.expect(session, march, "Costs", members.named(session, "Marguerite Oyelaran"), by=tobias, now=NOW)
    return slack


def asked(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).where(OutboxRow.step.startswith("chased_"))))


def test_what_is_owed_is_listed_with_who_would_be_asked(owing: SlackAtHand) -> None:
    said = owing.says("chase PSG", user=TOBIAS)
    assert (
        "*PSG26-01* action PSG26-01 of PSG: Harriet Bassington &lt;sends&gt; the list. "
        "(was due Thursday 8 February 2024, 17:00 (London); asks Harriet Bassington)" in said
    )
    assert "*PSG26-02*" in said
    assert "asks Marguerite Oyelaran" in said, "a person may chase the Chair"
    assert "PSG26-04" not in said, "it is not due within a week"
    [everybody] = [line for line in said.splitlines() if "PSG26-03" in line]
    assert "asks Tobias Wrenfield" in everybody, "whose it is is not plain, so the group's secretary"
    assert "GLIG-SIT" not in said
    assert "GLIG-SIT-2024-02-16/papers" in owing.says("chase GLIG-SIT", user=TOBIAS)


def test_somebody_is_asked_once_they_and_the_text_have_been_seen(owing: SlackAtHand, database: Database) -> None:
    view = owing.click_opens("chase_ask", "PSG26-01", user=TOBIAS)
    shown = owing.submit(view, user=TOBIAS, note="Is it <nearly> there?")["view"]
    said = texts(shown)
    assert "Harriet Bassington would be asked for action PSG26-01 of PSG." in said
    assert "Tobias Wrenfield of the PMO asks where this stands" in said
    assert "Tobias Wrenfield writes: Is it &lt;nearly&gt; there?" in said
    assert "They go at once" in said
    assert asked(database) == []
    owing.submit({**shown, "id": view["id"]}, user=TOBIAS)
    [row] = asked(database)
    assert (row.recipient_name, row.clock, row.kind) == ("Harriet Bassington", "action:PSG26-01", "member_reminder")
    assert (row.state, row.released_by) == ("pending", "Tobias Wrenfield")
    with database.reading() as session:
        kept = session.scalars(select(AuditRow).where(AuditRow.event == "chased")).one()
    assert (kept.actor, kept.subject, kept.detail["to"]) == ("Tobias Wrenfield", "PSG26-01", ["Harriet Bassington"])
    again = owing.opens("chase PSG26-01: and now?", user=TOBIAS)
    assert "Harriet Bassington was asked for PSG26-01 today already." in texts(again)


def test_the_chair_is_asked_for_the_answer_on_a_persons_word_alone(owing: SlackAtHand, database: Database) -> None:
    shown = owing.opens("chase PSG-2024-02-07/chair_answer: may it go?", user=TOBIAS)
    assert "Marguerite Oyelaran would be asked for chair answer of PSG" in texts(shown)
    owing.submit(shown, user=TOBIAS)
    assert [row.recipient_name for row in asked(database)] == ["Marguerite Oyelaran"]


def test_what_is_met_meanwhile_is_not_sent(owing: SlackAtHand, database: Database) -> None:
    owing.submit(owing.opens("chase PSG26-01: now", user=TOBIAS), user=TOBIAS)
    with database.session() as session:
        meetings.meet_obligation(session, UID, "action:PSG26-01", at=NOW, by="Harriet Bassington")
    assert [row.state for row in asked(database)] == ["suppressed"]


def test_an_expected_paper_is_asked_of_its_author(owing: SlackAtHand, database: Database) -> None:
    with database.reading() as session:
        found = owed(session, owing.door.announcer, datetime(2024, 2, 27, 9, tzinfo=UTC), "PSG")
    [paper] = [one for one in found if one.name == "PAP-001"]
    assert [person.name for person in paper.whom] == ["Marguerite Oyelaran"]


def test_in_words_alone_what_would_be_sent_is_shown_first(owing: SlackAtHand, database: Database) -> None:
    owing.screens.is_there = False
    said = owing.says("chase psg26-01", user=TOBIAS)
    assert "Nothing has been done. To do it: `/secretariat chase psg26-01 yes " in said
    assert asked(database) == []
    assert "is asked for" in owing.says(said.partition("`/secretariat ")[2].rstrip("`"), user=TOBIAS)
    assert len(asked(database)) == 1
    assert "Nothing is owed that is called PSG99-01." in owing.says("chase PSG99-01", user=TOBIAS)


@pytest.mark.parametrize("text", ["chase", "chase PSG", "chase PSG26-01", "chase PSG26-01: x"])
def test_a_representative_chases_nobody(owing: SlackAtHand, database: Database, text: str) -> None:
    owing.screens.is_there = False
    assert owing.says(text) == "Harriet Bassington is not of the PMO. Only the PMO chases."
    assert asked(database) == []
