"""Drafts and issuing in Slack: outcomes confirmed by who listened, what goes out shown first, the Chair's clearance."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import clearances, meetings
from bot.formats import Coverage, Draft, DraftedAction, DraftedDecision, DraftedMeeting, Evidence, LiveMark
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import DecisionRow, ReportRow
from bot.store.speech_tables import RecordingPartRow, RecordingRow, TranscriptRow
from tests.slack_at_hand import HARRIET, TOBIAS, SlackAtHand, check_block, texts

MARGUERITE = "U0SAMPLE06"  # the SRO, who chairs PSG
UID = "psg-2024-02-07@mhhsprogramme.co.uk"
ASKED = "PSG 2024-02-07"
WHY = "Cleared in the room; who came is checked by hand."
VOUCHED = {"how": "attended", "overrule": WHY}
IN_WORDS = f'attended overrule="{WHY}"'


def decision(ref: str, outcome: str, text: str) -> DraftedDecision:
    quote = [Evidence(segment="1", quote="so that is that then")]
    return DraftedDecision(
        ref=ref, item=None, text=text, at=61, segment="1", outcome=outcome, confidence=0.4, evidence=quote
    )  # fmt: skip


def drafted(decisions: int = 2) -> Draft:
    clear = [decision(f"D-{n:02d}", "accept", f"The group approved plan <{n}>.") for n in range(1, decisions)]
    unclear = decision(f"D-{decisions:02d}", "none", "Outcome to be confirmed: the threshold.")
    return Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        decisions=[*clear, unclear],
        actions=[DraftedAction(ref="A-01", item=None, text="The PMO was asked to publish it.", at=70, segment="2",
                               owner=["PMO"], due=None, confidence=0.9, evidence=[])],
        marks=[LiveMark(kind="decision", marked_at="2024-02-07T10:14:07+00:00", by="Tobias Wrenfield", note="plan B")],
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    )  # fmt: skip


@pytest.fixture
def with_draft(slack: SlackAtHand, database: Database) -> SlackAtHand:
    """The PSG of 7 February, whose second decision is not clear."""
    put(slack, database, drafted())
    return slack


def put(slack: SlackAtHand, database: Database, draft: Draft, version: int = 1) -> None:
    with database.session() as session:
        if version == 1:
            recording = RecordingRow(id="R-1", meeting_uid=UID, name="PSG-2024-02-07.mp3", state="drafted",
                                     arrived_at=datetime(2024, 2, 8, tzinfo=UTC),
                                     parts=[RecordingPartRow(name="PSG-2024-02-07.mp3", sha256="0" * 64)])  # fmt: skip
            session.add(recording)
            session.flush()
            session.add(TranscriptRow(id="T-1", recording_id="R-1", made_at=datetime(2024, 2, 8, tzinfo=UTC),
                                      engine="x", content="{}"))  # fmt: skip
            session.flush()
        document = slack.door.files.put(f"document {version}".encode())
        session.add(
            DraftRow(
                id=f"PSG-2024-02-07-draft-{version}", meeting_uid=UID, version=version, transcript_id="T-1",
                content=draft.model_dump_json(), made_at=datetime(2024, 2, 8, tzinfo=UTC), document_sha256=document,
            )
        )  # fmt: skip


def decisions(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(DecisionRow).order_by(DecisionRow.number))
        return [(row.reference, row.outcome, row.text) for row in rows]


def sent(database: Database, clock: str) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).where(OutboxRow.clock == clock)))


def refused(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")))


def test_drafts_are_listed_and_read_line_by_line(with_draft: SlackAtHand, database: Database) -> None:
    said = with_draft.says("draft", user=TOBIAS)
    assert "PSG-2024-02-07, draft 1" in said
    assert "2 decisions (1 to be confirmed by listening), 1 actions; not put to the Chair" in said
    shown = with_draft.command("draft psg", user=TOBIAS)
    for block in shown["blocks"]:
        check_block(block)
    assert "*D-01* The group approved plan &lt;1&gt;. (accepted) 00:01:01 http" in shown["text"]
    assert "(its outcome is not clear: listen)" in shown["text"]
    assert "the report is due Friday 9 February 2024, 17:00 (London)" in shown["text"]
    assert "Marked live, no line found" in shown["text"]
    assert "so that is that then" not in shown["text"]


def test_a_report_is_issued_once_what_goes_out_has_been_seen(with_draft: SlackAtHand, database: Database) -> None:
    asked = with_draft.opens("issue", user=TOBIAS)
    [option] = with_draft.options(asked, "draft", "psg", user=TOBIAS)
    filled = with_draft.choose(asked, "draft", option["value"], user=TOBIAS)
    assert "It is not clear from the words: please listen there." in texts(filled)
    assert "Attendance is complete: Not known whether they came" in texts(filled)
    unclear = with_draft.submit(filled, user=TOBIAS, **VOUCHED)
    assert "D-02: its outcome, at 00:01:01, is not clear" in unclear["errors"]["text:D-02"]
    heard = {"outcome:D-02": "reject"}
    unsure = with_draft.submit(filled, user=TOBIAS, **heard, overrule=WHY)
    assert "D-01: its outcome, at 00:01:01, is not confirmed" in unsure["errors"]["how"]
    warned = with_draft.submit(filled, user=TOBIAS, **heard, how="listened")
    assert "The check list warns." in warned["errors"]["overrule"]

    shown = with_draft.submit(filled, user=TOBIAS, **heard, how="listened", overrule=WHY)["view"]
    said = texts(shown)
    assert "PSG-2024-02-07 would be issued, from draft 1." in said
    assert "PSG-DEC42 rejected: Rejected: the threshold. (Tobias Wrenfield, who listened to it)" in said
    assert f"Your reason: {WHY}" in said
    assert "Harriet Bassington" in said
    assert "They go at once" in said
    assert "Amendment requests close" in said
    assert "not put to the Chair" in said
    assert decisions(database) == []

    done = with_draft.submit({**shown, "id": filled["id"]}, user=TOBIAS)
    assert "PSG-2024-02-07-r1 is issued, and sent to 20 members." in texts(done["view"])
    assert decisions(database) == [
        ("PSG-DEC41", "accept", "The group approved plan <1>."), ("PSG-DEC42", "reject", "Rejected: the threshold."),
    ]  # fmt: skip
    notices = sent(database, "report")
    with database.reading() as session:
        [reason] = [r.detail["overruled"] for r in session.scalars(select(AuditRow)) if r.event == "report issued"]
    assert reason == WHY
    assert {(row.state, row.released_by) for row in notices} == {("pending", "Tobias Wrenfield")}
    assert "nothing was done twice" in texts(with_draft.submit({**shown, "id": filled["id"]}, user=TOBIAS)["view"])


def test_the_preview_keeps_no_document(with_draft: SlackAtHand, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    before = sorted(folder.rglob("*"))
    with_draft.opens(f"issue {ASKED} D-02=accept {IN_WORDS}", user=TOBIAS)
    assert sorted(folder.rglob("*")) == before


def test_turning_a_clear_outcome_round_asks_for_the_words_on_the_field(
    with_draft: SlackAtHand, database: Database
) -> None:
    view = with_draft.opens(f"issue {ASKED}", user=TOBIAS)
    turned = {"outcome:D-01": "reject", "outcome:D-02": "noted"}
    wrong = with_draft.submit(view, user=TOBIAS, **turned, **VOUCHED)["errors"]
    assert "D-01 is drafted as accepted, and its text says so." in wrong["text:D-01"]
    words = 'The group did not approve "the plan".'
    shown = with_draft.submit(view, user=TOBIAS, **turned, **VOUCHED, **{"text:D-01": words})["view"]
    with_draft.submit({**shown, "id": view["id"]}, user=TOBIAS)
    assert decisions(database)[0] == ("PSG-DEC41", "reject", "The group did not approve ”the plan”.")


def test_a_newer_draft_is_shown_before_it_is_issued(with_draft: SlackAtHand, database: Database) -> None:
    shown = with_draft.opens(f"issue {ASKED} D-02=reject {IN_WORDS}", user=TOBIAS)
    put(with_draft, database, drafted(), version=2)
    anew = with_draft.submit(shown, user=TOBIAS)["view"]
    assert "so nothing was done" in texts(anew)
    assert "from draft 2." in texts(anew)
    assert decisions(database) == []


def test_a_draft_of_many_decisions_fits_the_modal(slack: SlackAtHand, database: Database) -> None:
    put(slack, database, drafted(60))
    view = slack.opens(f"issue {ASKED}", user=TOBIAS)
    assert "30 more decisions are issued as they are drafted." in texts(view)
    assert any(block.get("block_id") == "outcome:D-60" for block in view["blocks"]), "the unclear one is asked"
    shown = slack.submit(view, user=TOBIAS, **VOUCHED, **{"outcome:D-60": "noted"})["view"]
    slack.submit({**shown, "id": view["id"]}, user=TOBIAS)
    assert len(decisions(database)) == 60


def test_in_words_alone_a_report_is_issued_by_the_mark_of_what_was_shown(
    with_draft: SlackAtHand, database: Database
) -> None:
    with_draft.screens.is_there = False
    assert "is not clear from the words" in with_draft.says("issue PSG", user=TOBIAS)
    said = with_draft.says(f'issue PSG D-02=reject D-01="The group approved it." {IN_WORDS}', user=TOBIAS)
    again = re.search(r"`/secretariat (?P<words>issue .*)`", said)
    assert again
    assert "is issued" in with_draft.says(again["words"], user=TOBIAS)
    assert [text for _, _, text in decisions(database)] == ["The group approved it.", "Rejected: the threshold."]
    assert "There is no draft report of PSG for you." in with_draft.says("issue PSG", user=TOBIAS)
    for wrong in ("issue", "issue PSG 2024-02-07 reject it"):
        assert "I could not read that." in with_draft.says(wrong, user=TOBIAS)


@pytest.mark.parametrize("text", ["issue", "issue PSG", f"issue {ASKED} D-02=accept"])
def test_a_representative_issues_nothing(with_draft: SlackAtHand, database: Database, text: str) -> None:
    assert "is not of the PMO. Only the PMO issues reports." in texts(with_draft.opens(text))
    with database.reading() as session:
        assert session.scalars(select(ReportRow)).all() == []
    assert refused(database) == ["issue"]


def test_a_draft_is_not_there_for_a_representative(with_draft: SlackAtHand, database: Database) -> None:
    """The sentence is the same where there is a draft and where there is none."""
    assert with_draft.says("draft") == "No draft report waits for you."
    hidden, none = with_draft.says("draft PSG"), with_draft.says("draft DAG")
    assert hidden == "There is no draft report of PSG for you. Correct the group or the date."
    assert none == hidden.replace("PSG", "DAG")
    assert refused(database) == ["draft PSG"]
    assert "no draft report" in with_draft.says("draft PSG cleared")
    assert "no draft report" in with_draft.answered(with_draft.click("draft_copy", ASKED, user=HARRIET))


def test_the_chair_reads_and_clears_the_draft_while_it_is_with_them(
    with_draft: SlackAtHand, database: Database
) -> None:
    assert "no draft report" in with_draft.says("draft PSG", user=MARGUERITE)
    said = with_draft.answered(with_draft.click("draft_said:put", f"{ASKED} with-chair", user=TOBIAS))
    assert "PSG-2024-02-07: with the Chair since Friday 9 February 2024, 09:00 (London)." in said
    shown = with_draft.command("draft PSG", user=MARGUERITE)
    actions = [e["action_id"] for b in shown["blocks"] for e in b.get("elements", ()) if e.get("action_id")]
    assert "draft_said:cleared" in actions
    assert "issue" not in actions
    assert "not of the PMO" in with_draft.says("draft PSG 2024-02-07 subject-to-review", user=MARGUERITE)
    cleared = with_draft.answered(with_draft.click("draft_said:cleared", f"{ASKED} cleared", user=MARGUERITE))
    assert "cleared by the Chair, said Marguerite Oyelaran" in cleared
    with database.reading() as session:
        assert clearances.waiting(session, UID) is None
        assert "chair_answer" in meetings.obligations_met(session, UID)


def test_the_document_goes_to_who_asked_for_it(with_draft: SlackAtHand, database: Database) -> None:
    for _ in range(2):
        assert "is on its way to you" in with_draft.answered(with_draft.click("draft_copy", ASKED, user=TOBIAS))
    [row] = sent(database, "draft_copy")
    assert row.recipient_name == "Tobias Wrenfield"
    assert row.attachments == [f"{with_draft.door.files.put(b'document 1')}:PSG-2024-02-07-draft-1.docx"]


def test_a_report_is_drafted_once_more(with_draft: SlackAtHand, database: Database) -> None:
    shown = with_draft.click_opens("sure_again", ASKED, user=TOBIAS)
    assert "What was edited in draft 1 is put upon it" in texts(shown)
    with_draft.submit(shown, user=TOBIAS)
    with database.reading() as session:
        assert session.get_one(RecordingRow, "R-1").state == "transcribed"
    assert "Only the PMO has reports drafted." in texts(with_draft.click_opens("sure_again", ASKED))
    assert "no recording that is drafted" in with_draft.says("draft again PSG", user=TOBIAS)
