"""Slack: an issued headline report, read from its frozen snapshot; nothing of the working material, no closed group."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot import meetings, reports
from bot.adapters.word_document import WordDocuments
from bot.corrections import Corrections
from bot.formats import (
    Coverage,
    Draft,
    DraftedAction,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
)
from bot.model import Person
from bot.reports import Issuing
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from schedules.finding import find_meeting
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand
from tests.test_slack_meetings import buttons_of, shown

QUOTE = [Evidence(segment="1", quote="so that is that then")]
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
PSG, UID = date(2024, 2, 7), "psg-2024-02-07@mhhsprogramme.co.uk"


def drafted(group: str, on: date, decisions: int = 2) -> Draft:
    return Draft(
        meeting=DraftedMeeting(group=group, date=on.isoformat()),
        decisions=[
            DraftedDecision(ref=f"D-{n:02d}", item=None, text=f"The group approved <plan> {n}.", at=60 * n + 1,
                            segment="1", outcome="accept", reached_by="consensus", confidence=0.4, evidence=QUOTE)
            for n in range(1, decisions + 1)
        ],
        actions=[DraftedAction(ref="A-01", item=None, text="The PMO was asked to publish it.", at=70, segment="2",
                               owner=["PMO"], due="2024-03-01", confidence=0.9, evidence=QUOTE)],
        viewpoints=[DraftedViewpoint(item=None, speaker="Ann Onymous", constituency="DNO", stance="objects",
                                     text="The costs are high.", at=90, segment="3", evidence=QUOTE)],
        raid=[DraftedRaidItem(kind="risk", item=None, text="Meters run late.", at=99, segment="4", evidence=QUOTE)],
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    )  # fmt: skip


def issue(slack: SlackAtHand, people: dict[str, Person], group: str, on: date, decisions: int = 2) -> str:
    """A meeting's report, drafted and issued by the real use-cases; returns its id."""
    door = slack.door
    writer = WordDocuments(door.config.paths.templates / "headline_report.docx")
    issuing = Issuing(
        door.config, door.files, writer, door.announcer.page(), lambda _session, _meeting: 27,
        door.announcer.dates_to_note,
    )  # fmt: skip
    with door.database.session() as session:
        meeting = find_meeting(session, door.calendar, group, on)
        reference = f"{group}-{on}"
        session.add(
            RecordingRow(id=f"R-{reference}", meeting_uid=meeting.uid, name="r.flac", state="drafted", arrived_at=NOW)
        )
        session.flush()
        session.add(
            TranscriptRow(id=f"T-{reference}", recording_id=f"R-{reference}", made_at=NOW, engine="x", content="")
        )
        session.flush()
        session.add(
            DraftRow(
                id=f"{reference}-draft-1", meeting_uid=meeting.uid, version=1, transcript_id=f"T-{reference}",
                content=drafted(group, on, decisions).model_dump_json(), made_at=NOW, document_sha256="0" * 64,
            )
        )  # fmt: skip
        session.flush()
        prepared = reports.prepare(
            session,
            issuing,
            meeting,
            people["Tobias Wrenfield"],
            NOW,
            Corrections(how="attended", overruled="Cleared in the room."),
        )
        return reports.issue(session, issuing, prepared, NOW).id


def test_the_report_says_each_decision_with_its_link_and_no_working_material(
    slack: SlackAtHand, people: dict[str, Person]
) -> None:
    issue(slack, people, "PSG", PSG)
    said = slack.says("report psg")
    assert said.splitlines()[0] == "*PSG headline report, Wednesday 7 February 2024*"
    assert "Issued Friday 9 February 2024, revision 1, by Tobias Wrenfield" in said
    assert "Amendment requests close Wednesday 28 February 2024, 17:00 (London)" in said
    assert "*PSG-DEC41* The group approved &lt;plan&gt; 1. (accepted, by consensus) 00:01:01 http://" in said
    assert "*PSG27-01* The PMO was asked to publish it. (owner: PMO; due: 2024-03-01) 00:01:10" in said
    assert "Ann Onymous, for DNO: The costs are high." in said
    assert "Risk: Meters run late." in said
    assert "Next PSG meeting: Wednesday 6 March 2024" in said
    assert "so that is that then" not in said
    assert "objects" not in said
    blocks = shown(slack, "report psg 2024-02-07")
    assert ("Request an amendment", "amend", f"{UID} PSG-DEC41") in buttons_of(blocks)
    assert ("No comments", "no_comments", UID) in buttons_of(blocks), "Harriet speaks for Large Supplier"
    assert "no_comments" not in str(buttons_of(shown(slack, "report psg", user=TOBIAS)))
    links = [b["text"]["text"] for b in blocks if "PSG-DEC41" in b.get("text", {}).get("text", "")]
    assert links[0].endswith("<http://127.0.0.1:8765/recordings/R-PSG-2024-02-07#t=61|00:01:01>")


def test_a_long_report_pages(slack: SlackAtHand, people: dict[str, Person]) -> None:
    issue(slack, people, "PSG", PSG, decisions=45)
    blocks = shown(slack, "report PSG")
    assert ("More", "report:more", "PSG 2024-02-07 page 2") in buttons_of(blocks)
    last = slack.answered(slack.click("report:more", "PSG 2024-02-07 page 3"))
    assert "PSG-DEC85" in last
    assert "PSG-DEC41*" not in last


def test_of_a_group_that_has_none_or_is_closed_to_me_the_same_is_said(
    slack: SlackAtHand, people: dict[str, Person], database: Database
) -> None:
    with database.session() as session:
        called = slack.door.calendar.as_if_called("SDWG", date(2024, 2, 8))
        meetings.keep(session, [called])
    issue(slack, people, "SDWG", date(2024, 2, 8))
    hidden, absent = slack.says("report SDWG"), slack.says("report DRG")
    assert hidden == absent.replace("DRG", "SDWG")
    assert "There is no issued headline report of SDWG for you." in hidden
    assert "*SDWG headline report" in slack.says("report SDWG", user=TOBIAS)
    with database.reading() as session:
        refused = session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")).all()
    assert refused == ["report SDWG"]


def test_its_document_is_sent_to_who_asks_once_a_day_and_may_see_it(
    slack: SlackAtHand, people: dict[str, Person], database: Database
) -> None:
    report = issue(slack, people, "PSG", PSG)
    assert ("Send me the document", "report_copy", report) in buttons_of(shown(slack, "report PSG"))
    for _ in range(2):
        said = slack.answered(slack.click("report_copy", report))
        assert said == "PSG-2024-02-07 is on its way to you, as a Word document."
    with database.reading() as session:
        [row] = session.scalars(select(OutboxRow).where(OutboxRow.clock == "report_copy"))
        assert (row.recipient_name, row.kind, row.state) == ("Harriet Bassington", "receipt", "pending")
        assert row.attachments[0].endswith(":PSG-2024-02-07 headline report r1.docx")
        assert slack.door.files.path(row.attachments[0].partition(":")[0]).read_bytes()[:2] == b"PK"
    for value in ("PSG-2024-01-03-r1", "", "x" * 2000):
        assert slack.answered(slack.click("report_copy", value)).startswith("There is no such report for you.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("report", "Whose report?"),
        ("report NOGROUP", "There is no group NOGROUP."),
        ("report PSG yesterday", "yesterday is no date."),
        ("report PSG", "There is no issued headline report of PSG for you."),
        ("report PSG 2024-02-07", "of PSG of Wednesday 7 February 2024 for you."),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(slack: SlackAtHand, text: str, said: str) -> None:
    assert said in slack.says(text, user=HARRIET)
    assert "does not know you yet" in slack.says(text, user=STRANGER)
