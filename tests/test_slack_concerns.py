"""Slack: queries and escalations, the document's four worked examples among them (rules §7)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import members
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import MeetingRow
from bot.store.outbox_tables import OutboxRow
from bot.store.query_tables import EscalationRow, QueryRow
from bot.store.report_tables import DecisionRow, ReportRow
from tests.slack_at_hand import HARRIET, TOBIAS, SlackAtHand, View, texts

REP, PARTICIPANT, PHILIPPA = "U0NEWREP", "U0NEWPART", "U0OFGEM"
WORDS = {"context": "What it is about", "rationale": "Why", "impact": "What follows"}
IN_WORDS = "context: What it is about rationale: Why impact: What follows"


@pytest.fixture(autouse=True)
def newcomers(database: Database, people: dict[str, Person], tmp_path: Path) -> None:
    """A Large Supplier's representative at DAG alone, somebody of no seat, and Ofgem's observer at Slack."""
    file = tmp_path / "more.csv"
    lines = [
        f"Aurelio Winch,aurelio@example.org,{REP},Brightwater,Large Supplier,DAG,Large Supplier,member,,,",
        f"Prudence Yarrow,prudence@example.org,{PARTICIPANT},Windle Power,,SITWG,Participant,observer,,,",
        f"Philippa Dunmorrow,philippa.dunmorrow@example.org,{PHILIPPA},Ofgem,,PSG,Ofgem Observer,observer,2023-01-01,,",
    ]
    file.write_text("\n".join([",".join(members.COLUMNS), *lines]) + "\n", encoding="utf-8")
    with database.session() as session:
        members.import_members(session, members.read_members_file(file, ["DAG", "SITWG", "PSG"]))


def escalations_on_file(database: Database) -> list[EscalationRow]:
    with database.reading() as session:
        return list(session.scalars(select(EscalationRow).order_by(EscalationRow.number)))


def queries_on_file(database: Database) -> list[QueryRow]:
    with database.reading() as session:
        return list(session.scalars(select(QueryRow).order_by(QueryRow.number)))


def told(database: Database, kind: str) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(OutboxRow.recipient_name).where(OutboxRow.kind == kind)))


def field_of(view: View, block_id: str) -> dict[str, Any]:
    block = next(b for b in view["blocks"] if b.get("block_id") == block_id)
    return dict(block["element"])


def decided(database: Database, reference: str, group: str, text: str) -> None:
    """A decision of an issued report on file."""
    with database.session() as session:
        meeting = session.scalars(select(MeetingRow).where(MeetingRow.group_key == group)).first()
        if meeting is None:
            then = datetime(2024, 1, 9, 10, tzinfo=UTC)
            meeting = MeetingRow(
                uid=f"{group}-then",
                group_key=group,
                nominal_on=then.date(),
                starts_at=then,
                ends_at=then,
                status="ad_hoc",
            )
            session.add(meeting)
            session.flush()
        person = members.named(session, "Tobias Wrenfield")
        report = ReportRow(
            id=f"{reference}-r1", meeting_uid=meeting.uid, revision=1, reference=f"{reference}-report",
            issued_at=datetime(2024, 2, 8, tzinfo=UTC), issued_by=person.id, snapshot="{}", snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )  # fmt: skip
        session.add(report)
        session.flush()
        session.add(
            DecisionRow(
                reference=reference,
                group_key=group,
                number=1,
                report_id=report.id,
                draft_ref="D-01",
                text=text,
                outcome="accept",
                confirmed_by=person.id,
            )
        )


# ---------------------------------------------------------------------------------- the document's four examples, asked


@pytest.mark.parametrize(
    ("query", "goes_to", "group", "is_escalation"),
    [
        (
            "I believe a decision was made by the programme at DAG without solid rationale and against the majority",
            "PSG is one level above DAG", "PSG", True,
        ),
        (
            "A significant activity required in SIT has not been considered by the Programme at the SITWG",
            "SITAG is one level above SITWG", "SITAG", True,
        ),
        ("I want to know more detail about an upcoming Testing deliverable", "testing@mhhsprogramme.co.uk", "", False),
        (
            "I have proposals on how to improve the communications process for consultations",
            "ppc@mhhsprogramme.co.uk", "", False,
        ),
    ],
)  # fmt: skip
def test_the_documents_four_examples_asked_at_slack(
    slack: SlackAtHand, database: Database, query: str, goes_to: str, group: str, is_escalation: bool
) -> None:
    said = slack.command(f"ask {query}", user=REP)
    assert said["response_type"] == "ephemeral"
    assert goes_to in said["text"]
    assert "Q-001" in said["text"]
    assert "reply to this message" not in said["text"]
    [row] = queries_on_file(database)
    assert (row.group_key, row.is_escalation, row.came_by) == (group, is_escalation, "slack")
    offered = [e["action_id"] for b in said["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert offered == (["escalate"] if is_escalation else [])
    assert told(database, "pmo_reminder") == {"pmo@mhhsprogramme.co.uk"}


def test_a_query_that_is_a_concern_leads_to_the_escalation_filled_in(slack: SlackAtHand, database: Database) -> None:
    """A DAG representative against the SRO's decision: PSG's Chair via the PMO and the own PSG rep, then the IPA."""
    words = "A decision was made by the programme at DAG without solid rationale and against the majority"
    slack.says(f"ask {words}", user=REP)
    view = slack.click_opens("escalate", "Q-001", user=REP)
    shown = texts(view)
    assert "It goes to PSG: PSG is one level above DAG." in shown
    assert "2. You tell the Large Supplier Representative at PSG." in shown
    assert "3. The PMO puts it to the Chair of PSG." in shown
    assert "4. If that does not resolve it, you escalate via the PMO to the IPA, whose word is final." in shown
    assert field_of(view, "context")["initial_value"] == words
    said = texts(slack.submit(view, user=REP, rationale="Why", impact="What follows")["view"])
    assert "ESC-001" in said
    assert "It is for PSG on" in said
    [row] = escalations_on_file(database)
    assert (row.to, row.from_group, row.constituency, row.context) == ("PSG", "DAG", "Large Supplier", words)
    assert told(database, "escalation") == set(), "nothing goes to a Chair by itself"


def test_nobody_elses_query_or_request_begins_an_escalation(slack: SlackAtHand, database: Database) -> None:
    slack.says("ask A decision was made by the programme at DAG against the majority", user=REP)
    shown = texts(slack.click_opens("escalate", "Q-001"))
    assert "There is no group or decision Q-001." in shown
    assert "majority" not in shown
    assert shown.replace("Q-001", "Q-009") == texts(slack.click_opens("escalate", "Q-009"))


def test_a_participant_about_sit_at_sitwg(slack: SlackAtHand, database: Database) -> None:
    """To SITAG: via the own SITAG rep and the SITAG Chair, by the PMO and the workstream's mailbox."""
    view = slack.opens("escalate SITWG", user=PARTICIPANT)
    assert "your constituency&#x27;s" not in texts(view)
    assert "You tell your constituency's representative at SITAG" in texts(view)
    view = slack.choose(view, "constituency", "Large Supplier", user=PARTICIPANT)
    shown = texts(view)
    assert "pmo@mhhsprogramme.co.uk and testing@mhhsprogramme.co.uk" in shown
    assert "You tell the Large Supplier Representative at SITAG" in shown
    said = slack.submit(view, user=PARTICIPANT, **WORDS)
    assert "ESC-001" in texts(said["view"])
    [row] = escalations_on_file(database)
    assert (row.to, row.constituency) == ("SITAG", "Large Supplier")


def test_nobody_speaks_for_a_constituency_that_is_not_theirs(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("escalate DAG", user=PARTICIPANT)
    slack.submit(view, user=PARTICIPANT, **WORDS, constituency="Nowhere")
    view = slack.opens("escalate DAG", user=REP)
    assert not [b for b in view["blocks"] if b.get("block_id") == "constituency"]
    forged = next(b for b in slack.opens("escalate DAG", user=PARTICIPANT)["blocks"]
                  if b.get("block_id") == "constituency")  # fmt: skip
    slack.submit({**view, "blocks": [*view["blocks"], forged]}, user=REP, **WORDS, constituency="DNO")
    assert [row.constituency for row in escalations_on_file(database)] == [None, "Large Supplier"]


def test_what_is_for_a_person_gets_no_answer_but_that(slack: SlackAtHand, database: Database) -> None:
    said = slack.says("ask When is the next PSG?", user=PHILIPPA)
    assert "Q-001 is answered by a person: it comes from Ofgem" in said
    assert told(database, "pmo_reminder") == {"Rosalind Achterberg"}


def test_a_query_by_modal_twice_is_one_and_an_empty_one_says_so(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("ask")
    assert "Write what" in slack.submit(view, text=" \n ")["errors"]["text"]
    for _ in range(2):
        assert "Q-001" in texts(slack.submit(view, text="What <!channel> is this?", group="SITWG")["view"])
    [row] = queries_on_file(database)
    assert (row.text, row.group_key) == ("What <!channel> is this?", "SITWG")


def test_a_query_of_40_000_characters_is_taken_and_one_longer_is_not(slack: SlackAtHand, database: Database) -> None:
    assert "Q-001" in slack.says("ask " + "w" * 40_000)
    assert "Shorten it" in slack.says("ask " + "w" * 40_001)
    assert len(queries_on_file(database)) == 1


# --------------------------------------------------------------------------------------------------------- escalations


def test_the_meeting_that_takes_it_is_in_time_or_late_with_the_chairs_consent(
    slack: SlackAtHand, database: Database
) -> None:
    view = slack.opens("escalate DAG", user=REP)
    shown = texts(view)
    assert "PSG on Wednesday 6 March 2024" not in shown, "dates are in the reader's own zone"
    menu = field_of(view, "meeting:PSG")
    assert [o["value"] for o in menu["options"]] == ["2024-03-06", "none"]
    assert menu["initial_option"]["value"] == "2024-03-06"
    said = texts(slack.submit(view, user=REP, **WORDS, **{"meeting:PSG": "none"})["view"])
    assert "has still to be chosen" in said
    again = slack.submit(view, user=REP, **WORDS, **{"meeting:PSG": "none"})
    assert texts(again["view"]) == said, "the same modal is the same escalation"

    view = slack.opens("escalate SITWG", user=REP)  # SITAG of 21 February: its papers are due on the 14th
    assert field_of(view, "meeting:SITAG")["initial_option"]["value"] == "2024-02-21"
    wrong = slack.submit(view, user=REP, **WORDS, **{"meeting:SITAG": "2024-07-01"})
    assert "Nothing can be taken up on 2024-07-01." in wrong["errors"]["meeting:SITAG"]
    assert len(escalations_on_file(database)) == 1


def test_a_coming_meeting_whose_papers_are_out_takes_it_as_a_late_paper(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("escalate QWG", user=REP)
    menu = field_of(view, "meeting:QAG")
    late = [o for o in menu["options"] if "Chair's consent" in (o.get("description") or {}).get("text", "")]
    assert [o["value"] for o in late] == ["2024-02-15"]
    assert menu["initial_option"]["value"] == "2024-03-21"
    said = texts(slack.submit(view, user=REP, **WORDS, **{"meeting:QAG": "2024-02-15"})["view"])
    assert "as a late paper, with the Chair's consent" in said
    [row] = escalations_on_file(database)
    assert (row.meeting_uid is not None, row.is_late) == (True, True)


def test_the_kind_changes_the_way_and_what_was_typed_stays(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("escalate DAG", user=REP)
    appeal = slack.choose(view, "kind", "appeal", user=REP, context="As typed")
    assert "It goes to the IPA: appeals against any decision go to the IPA." in texts(appeal)
    assert field_of(appeal, "context")["initial_value"] == "As typed"
    assert not [b for b in appeal["blocks"] if str(b.get("block_id")).startswith("meeting")]
    ofgem = slack.choose(appeal, "kind", "ofgem", user=REP)
    assert "brings it, where it meets the thresholds, to Ofgem" in texts(ofgem)
    informal = slack.choose(ofgem, "kind", "informal", user=REP)
    assert "lowest group of the workstream" in texts(informal)
    slack.submit(ofgem, user=REP, **WORDS)
    assert [(r.to, r.for_ofgem, r.kind) for r in escalations_on_file(database)] == [("IPA", True, "decision")]


def test_blank_words_are_asked_for_at_their_fields(slack: SlackAtHand, database: Database) -> None:
    view = slack.opens("escalate DAG", user=REP)
    said = slack.submit(view, user=REP, context=" ", rationale="Why", impact="\u200b ")
    assert set(said["errors"]) >= {"context"}
    assert escalations_on_file(database) == []


def test_a_decision_is_found_by_search_and_begins_the_modal(slack: SlackAtHand, database: Database) -> None:
    decided(database, "DAG-DEC07", "DAG", "The group approved <the> design & more.")
    decided(database, "PSG-DEC41", "PSG", "The plan.")
    view = slack.opens("escalate dag-dec07", user=REP)
    assert field_of(view, "decision:DAG")["initial_option"]["value"] == "DAG-DEC07"
    assert [o["value"] for o in slack.options(view, "decision", "design", user=REP)] == ["DAG-DEC07"]
    slack.submit(view, user=REP, **WORDS)
    [row] = escalations_on_file(database)
    assert (row.decision_ref, row.from_group) == ("DAG-DEC07", "DAG")


def test_a_confidential_decision_is_neither_offered_nor_said_to_exist(slack: SlackAtHand, database: Database) -> None:
    decided(database, "SDWG-DEC01", "SDWG", "Something secret.")
    nothing = slack.says(f"escalate SDWG-DEC99 {IN_WORDS}", user=REP)
    assert slack.says(f"escalate SDWG-DEC01 {IN_WORDS}", user=REP) == nothing.replace("DEC99", "DEC01")
    view = slack.opens("escalate SDWG", user=REP)
    assert slack.options(view, "decision", "", user=REP) == []
    forged = slack.submit(view, user=REP, **WORDS, **{"decision:SDWG": "SDWG-DEC01"})
    assert forged["errors"] == {"decision:SDWG": "There is no decision SDWG-DEC01 to choose."}
    assert escalations_on_file(database) == []


def test_in_words_with_its_meeting(slack: SlackAtHand, database: Database) -> None:
    said = slack.says(f"escalate QWG {IN_WORDS} meeting: 2024-02-15", user=REP)
    assert "ESC-001" in said
    assert "as a late paper" in said
    assert "Meetings that can take it" in slack.says(f"escalate QWG {IN_WORDS}", user=REP)
    assert "the impact is missing" in slack.says("escalate QWG context: a rationale: b", user=REP)
    assert "appeal" in slack.says(f"escalate appeal PSG {IN_WORDS}", user=REP)
    assert [r.to for r in escalations_on_file(database)] == ["QAG", "QAG", "IPA"]
    assert "There is no group or decision HARBOUR." in slack.says(f"escalate HARBOUR {IN_WORDS}", user=REP)
    with database.reading() as session:
        raised = session.scalars(select(AuditRow).where(AuditRow.event == "escalation raised")).all()
        assert {row.actor for row in raised} == {"Aurelio Winch"}


def test_a_disagreement_of_ones_own_begins_an_escalation(
    slack: SlackAtHand, database: Database, people: dict[str, Person]
) -> None:
    decided(database, "PSG-DEC41", "PSG", "The plan.")
    with database.session() as session:
        meeting = session.scalars(select(MeetingRow).where(MeetingRow.group_key == "PSG")).first()
        assert meeting
        session.add(
            AmendmentRow(
                reference="AM-001",
                number=1,
                meeting_uid=meeting.uid,
                line_ref="PSG-DEC41",
                came_by="slack",
                requester_id=people["Harriet Bassington"].id,
                source_key="x",
                state="received",
                received_at=datetime(2024, 2, 9, tzinfo=UTC),
                kind="disagreement",
                proposed_text="Another plan",
                reason="It is too late",
            )
        )
    view = slack.click_opens("escalate", "AM-001", user=HARRIET)
    assert field_of(view, "context")["initial_value"] == "Another plan"
    assert field_of(view, "rationale")["initial_value"] == "It is too late"
    assert field_of(view, "decision:PSG")["initial_option"]["value"] == "PSG-DEC41"
    assert "There is no group or decision AM-001." in texts(slack.click_opens("escalate", "AM-001", user=TOBIAS))
