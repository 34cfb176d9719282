"""Issuing through the real command, on a draft put on file: what a person must confirm, and what stays frozen."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.commands.settings import Settings
from bot.formats import Coverage, Draft, DraftedAction, DraftedDecision, DraftedMeeting, Evidence
from bot.meetings import keep
from bot.members import import_members, read_members_file
from bot.store.draft_tables import DraftRow
from tests.secretariat_process import ROOT, environment, secretariat

NOW = "2024-02-09T09:00:00+00:00"
VOUCHED = ("--attended", "--overrule", "It was cleared in the room.")
ISSUE = ("--now", NOW, "reports", "issue", "PSG-2024-02-07", "--by", "Tobias Wrenfield", *VOUCHED)


def decision(ref: str, outcome: str, text: str) -> DraftedDecision:
    quote = [Evidence(segment="1", quote="so that is that then")]
    return DraftedDecision(
        ref=ref, item=None, text=text, at=61, segment="1", outcome=outcome, confidence=0.4, evidence=quote
    )


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the sample's people and a draft whose second decision is not clear."""
    root = tmp_path / "var"
    for name, value in environment(root).items():
        monkeypatch.setenv(name, value)
    whole = Settings(ROOT / "config.yaml", NOW).secretariat
    draft = Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        decisions=[
            decision("D-01", "accept", "The group approved the plan."),
            decision("D-02", "none", "Outcome to be confirmed: the threshold."),
        ],
        actions=[DraftedAction(ref="A-01", item=None, text="The PMO was asked to publish it.", at=70, segment="2",
                               owner=["PMO"], due=None, confidence=0.9, evidence=[])],
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    )  # fmt: skip
    with whole.database.session() as session:
        import_members(session, read_members_file(ROOT / "sample/members.csv", whole.config.groups))
        meeting = whole.calendar.meeting_on("PSG", date(2024, 2, 7))
        assert meeting
        keep(session, [meeting])
        session.add(
            DraftRow(
                id="PSG-2024-02-07-draft-1", meeting_uid=meeting.uid, version=1, content=draft.model_dump_json(),
                made_at=datetime(2024, 2, 8, tzinfo=UTC), document_sha256="0" * 64,
            )
        )  # fmt: skip
    whole.database.close()
    return root


def rows(state: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(state / "secretariat.db") as connection:
        return list(connection.execute(query))


def test_an_unclear_outcome_keeps_a_report_from_being_issued(state: Path) -> None:
    refused = secretariat(state, *ISSUE)
    assert refused.returncode == 1
    assert "D-02: its outcome, at 00:01:01, is not clear" in refused.stderr
    assert "reports confirm PSG-2024-02-07 D-02 --outcome accept" in refused.stderr
    assert rows(state, "SELECT * FROM reports") == []
    assert rows(state, "SELECT * FROM outbox") == []


def test_a_person_who_listened_says_the_outcome_and_it_is_on_record(state: Path) -> None:
    issued = secretariat(state, *ISSUE, "--outcome", "D-02=reject")
    assert issued.returncode == 0, issued.stderr
    assert rows(state, "SELECT reference, outcome, text FROM decisions ORDER BY number") == [
        ("PSG-DEC41", "accept", "The group approved the plan."),
        ("PSG-DEC42", "reject", "Rejected: the threshold."),
    ]
    confirmed = rows(state, "SELECT detail FROM audit WHERE event = 'report issued'")
    assert "PSG-DEC42 rejected" in str(confirmed[0][0])


def test_turning_a_clear_outcome_round_asks_for_the_words_too(state: Path) -> None:
    turned = ("--outcome", "D-02=reject", "--outcome", "D-01=reject")
    refused = secretariat(state, *ISSUE, *turned)
    assert refused.returncode == 1
    assert "--text D-01" in refused.stderr
    issued = secretariat(state, *ISSUE, *turned, "--text", "D-01=The group did not approve the plan.")
    assert issued.returncode == 0, issued.stderr
    assert ("The group did not approve the plan.",) in rows(state, "SELECT text FROM decisions")


@pytest.mark.parametrize("wrong", ["D-02", "D-09=reject", "D-02=perhaps", "D-02=none"])
def test_a_correction_that_means_nothing_is_refused(state: Path, wrong: str) -> None:
    refused = secretariat(state, *ISSUE, "--outcome", wrong)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert rows(state, "SELECT * FROM reports") == []


def test_what_is_issued_is_frozen_and_not_issued_again(state: Path) -> None:
    assert secretariat(state, *ISSUE, "--outcome", "D-02=noted").returncode == 0
    snapshot, kept, document = rows(state, "SELECT snapshot, snapshot_sha256, document_sha256 FROM reports")[0]
    assert hashlib.sha256(str(snapshot).encode()).hexdigest() == kept
    assert "so that is that then" not in str(snapshot), "the words it rests on are the PMO's"
    assert json.loads(str(snapshot))["reference"] == "PSG-2024-02-07"
    content = (state / "content" / str(document)[:2] / str(document)).read_bytes()
    assert hashlib.sha256(content).hexdigest() == document
    again = secretariat(state, *ISSUE, "--outcome", "D-02=noted")
    assert again.returncode == 1
    assert "was issued on Friday 9 February 2024 by Tobias Wrenfield" in again.stderr
    assert rows(state, "SELECT count(*) FROM reports") == [(1,)]


def test_nobody_is_sent_a_report_in_shadow(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "shadow.yaml"
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    assert "\n  report: approve" in text
    config.write_text(text.replace("\n  report: approve", "\n  report: shadow"), encoding="utf-8")
    issued = secretariat(state, "--config", str(config), *ISSUE, "--outcome", "D-02=noted")
    assert issued.returncode == 0, issued.stderr
    assert set(rows(state, "SELECT DISTINCT state FROM outbox WHERE kind = 'report'")) == {("withheld",)}


def test_the_report_goes_to_everyone_at_the_table_once(state: Path) -> None:
    assert secretariat(state, *ISSUE, "--outcome", "D-02=noted").returncode == 0
    people = [row[0] for row in rows(state, "SELECT recipient FROM outbox WHERE kind = 'report'")]
    assert len(people) == len(set(people)) >= 15
    assert rows(state, "SELECT done_by FROM obligations WHERE clock = 'headline_report'") == [("Tobias Wrenfield",)]
