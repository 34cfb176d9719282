"""What stands in the PMO's copy alone: the matrix, the possible lines, the completeness statement, links to listen."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlparse

import docx
import pytest

from bot.adapters.word_document import WordDocuments
from bot.draft_edits import edited
from bot.formats import Agenda, Attendance, AttendanceLine, Attendee, Audio, Draft, Segment, Transcript
from bot.headlines.completeness import after_edits
from bot.headlines.draft import draft_from
from bot.headlines.learnt import Learnt
from bot.model import HeadlineReport
from bot.recording_links import at_second
from bot.report_table import PrintedLine
from tests.test_drafting_rules import THREE
from tests.test_headlines import HELD_ON, MEMBERS, draft_of, transcript_of
from tests.test_word_document import TEMPLATE, everything, links_of, rows_of, table_of

WRITER = WordDocuments(TEMPLATE)
AWAY = MEMBERS.model_copy(
    update={
        "members": [m.model_copy(update={"present": False}) if m.name == "Sam Small" else m for m in MEMBERS.members]
    }
)


def drafted() -> Draft:
    return draft_of(
        "Chair: Item 1, the migration plan.",
        "L: We have serious concerns about the migration plan and its dates.",
        "Somebody spoke for a long while without a name.",
        "Chair: Item 2, the data cleanse.",
        "D: The data cleanse, yes.",
        agenda=THREE,
        members=AWAY,
    )


def report_of(draft: Draft, link: str = "https://player.example.org/psg?nav={nav}") -> HeadlineReport:
    start = datetime(2024, 2, 7, 10, tzinfo=UTC)
    return HeadlineReport(
        reference="PSG-2024-02-07", group="PSG", group_name="Programme Steering Group", meeting_on=HELD_ON,
        starts_at=start, ends_at=start, version="Draft 1", prepared_from="", recording_link=link, attendance=(),
        draft=draft,
    )  # fmt: skip


def test_a_voice_heard_without_a_view_is_told_from_silence_and_from_absence() -> None:
    matrix = drafted().matrix
    assert matrix is not None
    assert [(item.item, item.title) for item in matrix.items][2] == ("3", "Budget")
    cells = {row.constituency: [(c.state, c.views) for c in row.cells] for row in matrix.rows}
    assert cells["Large Supplier"][:2] == [("spoke", ["V-01"]), ("no view recorded", [])]
    assert cells["DNO"][:2] == [("no view recorded", []), ("spoke", [])]
    assert cells["Small Supplier"] == [("absent", [])] * 3


def test_the_completeness_statement_says_what_is_missing_and_where() -> None:
    completeness = drafted().completeness
    assert completeness is not None
    assert completeness.unrepresented_seconds == 20.0
    assert completeness.unattributed_seconds == 5.0
    assert [item.title for item in completeness.undiscussed] == ["Budget"]
    assert completeness.statement[-1] == "Agenda item with no discussion found: Budget."
    longer = draft_of(*["L: Good morning."] * 30).completeness
    assert longer is not None
    assert "Not represented: 00:00:00 to 00:02:30 (2 minutes)." in longer.statement


def test_a_line_to_listen_to_is_named() -> None:
    completeness = draft_of("Chair: Are we agreed?", "L: We don't agree.", "S: Agreed.").completeness
    assert completeness is not None
    assert completeness.doubtful == ["D-01"]
    assert "Doubtful, please listen: D-01." in completeness.statement


def test_the_working_copy_shows_it_and_the_issued_report_does_not() -> None:
    draft = drafted().model_copy(update={"possible": talk().possible})
    document = docx.Document(BytesIO(WRITER.draft_document(report_of(draft))))
    matrix = table_of(document, "Constituency", "1. Migration plan", "2. Data cleanse", "3. Budget")
    assert rows_of(matrix)[0] == ["Large Supplier", "Spoke: V-01", "No view recorded", "No view recorded"]
    assert rows_of(matrix)[1][2] == "Spoke, no view drafted"
    assert "Agenda item with no discussion found: Budget." in [p.text for p in document.paragraphs]
    possible = rows_of(table_of(document, "Ref", "Kind", "What may have been said", "Time"))
    assert [row[0] for row in possible] == [line.ref for line in draft.possible]
    issued = everything(WRITER.issued_document(report_of(draft)))
    for working in ("Who spoke", "Spoke", "X-01", "may have been said", "Completeness", "no discussion found"):
        assert working not in issued


def test_a_long_agenda_is_shown_in_tables_that_fit_the_page() -> None:
    titles = [f"Subject {n}" for n in range(1, 13)]
    agenda = THREE.model_copy(update={"items": [THREE.items[0].model_copy(update={"title": t}) for t in titles]})
    draft = draft_of("L: We are worried about the dates of all this work.", agenda=agenda)
    document = docx.Document(BytesIO(WRITER.draft_document(report_of(draft))))
    parts = [t for t in document.tables if t.rows[0].cells[0].text == "Constituency"]
    assert [len(t.columns) for t in parts] == [6, 6, 3]


def test_edits_change_the_matrix_and_the_statement_with_them() -> None:
    draft = draft_of("L: We have serious concerns about the plan and its dates.", members=AWAY)
    was = [PrintedLine("viewpoint", "V-01", {"constituency": "Large Supplier", "stance": "Concern", "text": "x"})]
    now = [replace(was[0], cells={**was[0].cells, "constituency": "DNO"})]
    after = edited(draft, [], was, now)
    assert after.matrix is not None
    assert {r.constituency: r.cells[0].views for r in after.matrix.rows}["DNO"] == ["V-01"]
    there = [AttendanceLine(ref="P-01", name="Sam Small", constituency="Small Supplier", status="present")]
    came = draft.model_copy(update={"attendance": there})
    again = after_edits(came)
    assert again.matrix is not None
    assert {r.constituency: r.cells[0].state for r in again.matrix.rows}["Small Supplier"] == "no view recorded"


def talk() -> Draft:
    """Project talk with tasks in it, near each other: not all of them can be lines."""
    said = ["I think so", "Yeah", "It is on the table over there by the window", "Mm-hmm", "Right fine"] * 30
    said += ["So for the next meeting you will work on the design", "and you will prepare the evaluation for us"] * 4
    people = ("Ann Lead", "Jo Design", "Mel Market")
    segments = [
        Segment(id=str(i), start=i * 3.0, end=i * 3.0 + 2, speaker=people[i % 3], text=text)
        for i, text in enumerate(said)
    ]
    transcript = Transcript(audio=Audio(name="talk", duration=620), engine="by hand", segments=segments)
    attendance = Attendance(members=[Attendee(name=name) for name in people])
    return draft_from(transcript, group="PSG", held_on=HELD_ON, level=2, agenda=Agenda(), attendance=attendance)


def test_what_only_the_ranking_proposes_is_no_line_of_the_report() -> None:
    draft = talk()
    drafted_at = [line.at for line in draft.decisions] + [line.at for line in draft.actions]
    assert [line.ref for line in draft.possible] == [f"X-{n:02d}" for n in range(1, len(draft.possible) + 1)]
    assert draft.possible
    assert not set(drafted_at) & {line.at for line in draft.possible}
    assert all(line.evidence for line in draft.possible)


def test_what_stands_as_a_viewpoint_is_not_proposed_again() -> None:
    said = ["S: We are worried about the harbour and its dates.", "D: The harbour is where the cables come ashore."]
    learnt: Learnt = {"action": {"one": -6.0, "w:harbour": 40.0}}
    transcript = transcript_of(said[0], *["L: Good morning to everyone here."] * 9, said[1])
    draft = draft_from(
        transcript, group="PSG", held_on=HELD_ON, level=2, agenda=Agenda(), attendance=MEMBERS, learnt=learnt
    )
    assert [line.text for line in draft.viewpoints if "harbour" in line.text]
    assert ["ashore" in line.text for line in draft.possible] == [True]


@pytest.mark.parametrize(
    ("pattern", "link"),
    [
        ("https://p.example.org/{group}?t={seconds}", "https://p.example.org/{group}?t=754"),
        ("", ""),
    ],
)
def test_a_link_starts_at_its_second(pattern: str, link: str) -> None:
    assert at_second(pattern, 754.9) == link
    assert at_second(pattern, None) == ""


def test_the_player_of_sharepoint_is_told_the_second_as_it_reads_it() -> None:
    link = at_second("https://t.sharepoint.com/sites/S/_layouts/15/stream.aspx?id=%2Fr.mp4&nav={nav}", 754.2)
    (nav,) = parse_qs(urlparse(link).query)["nav"]
    assert json.loads(base64.b64decode(nav)) == {"playbackOptions": {"startTimeInSeconds": 754}}
    (shown,) = {v for k, v in links_of(docx.Document(BytesIO(WRITER.draft_document(report_of(drafted())))) ).items()
                if k == "00:00:05"}  # fmt: skip
    assert '"startTimeInSeconds":5' in base64.b64decode(unquote(shown.partition("nav=")[2])).decode()


def test_a_reader_of_the_screen_hears_what_each_table_is() -> None:
    document = docx.Document(BytesIO(WRITER.draft_document(report_of(drafted()))))
    named = [table._tbl.tblPr.xpath("./w:tblCaption/@w:val") for table in document.tables]
    assert all(named)
    assert document.core_properties.language == "en-GB"
    assert document.styles.element.xpath("//w:rPrDefault//w:lang/@w:val") == ["en-GB"]
