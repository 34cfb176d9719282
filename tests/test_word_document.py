"""Headline reports as Word files, read back with python-docx."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table
from typer.testing import CliRunner

from bot.adapters.word_document import PLACEHOLDERS, WordDocuments, placeholders_in, template_problems
from bot.cli import app
from bot.errors import SecretariatError
from bot.formats import (
    Coverage,
    Draft,
    DraftedAction,
    DraftedAgendaItem,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
    Unrepresented,
)
from bot.model import AttendanceRow, HeadlineReport

ROOM = Path(__file__).parent.parent / "report_templates"
TEMPLATE = ROOM / "headline_report.docx"
QUOTE = "so I'll take that as agreed & <done>"

DRAFT = Draft(
    meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
    agenda=[DraftedAgendaItem(item="2", title="Migration & cutover plan", start=60, segment="3")],
    decisions=[
        DraftedDecision(
            ref="D-01", item="2", text="The group approved the R&D plan <version 2>.", at=754.2, segment="7",
            outcome="accept", reached_by="consensus", confidence=0.83,
            evidence=[Evidence(segment="7", quote=QUOTE), Evidence(segment="4", quote="PSG is asked to approve it")],
        )
    ],
    actions=[
        DraftedAction(
            ref="A-01", item="2", text="PMO was asked to publish the plan.", at=800, segment="9", owner=["PMO"],
            due="2024-02-09", confidence=0.71, evidence=[Evidence(segment="9", quote="can the PMO publish that")],
        )
    ],
    viewpoints=[
        DraftedViewpoint(
            item="2", speaker="Lars Large", constituency="Large Supplier", stance="objects", at=700, segment="5",
            text="The Large Supplier Representative asked for a later date.",
            evidence=[Evidence(segment="5", quote="later please")],
        )
    ],
    raid=[
        DraftedRaidItem(
            kind="risk", item="2", text="A risk was raised that test data is late.", at=720, segment="6",
            evidence=[Evidence(segment="6", quote="risk on the data")],
        )
    ],
    coverage=Coverage(
        speech_seconds=600, represented_seconds=450, unattributed_seconds=60,
        unrepresented=[Unrepresented(start=10, end=40, segments=["0", "1"])],
    ),
)  # fmt: skip
REPORT = HeadlineReport(
    reference="PSG-2024-02-07",
    group="PSG",
    group_name="Programme Steering Group",
    meeting_on=date(2024, 2, 7),
    starts_at=datetime(2024, 2, 7, 10, tzinfo=UTC),
    ends_at=datetime(2024, 2, 7, 12, tzinfo=UTC),
    version="Draft 1, not for issue",
    prepared_from="Prepared from the recording.",
    recording_link="https://player.example.org/psg?t={seconds}&autoplay=1",
    attendance=(
        AttendanceRow("Lars Large", "Large Supplier Representative", "Large Supplier", "Bright & Sons", "alternate"),
    ),
    draft=DRAFT,
    dates_to_note=(("Amendment requests close", "Wednesday 28 February 2024, 17:00 (London)"),),
)
WRITER = WordDocuments(TEMPLATE)


def opened(content: bytes) -> Document:
    return docx.Document(BytesIO(content))


def table_of(document: Document, *heads: str) -> Table:
    return next(t for t in document.tables if tuple(c.text for c in t.rows[0].cells) == heads)


def rows_of(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows[1:]]


def everything(content: bytes) -> str:
    """All text of all parts, properties included."""
    with zipfile.ZipFile(BytesIO(content)) as parts:
        return " ".join(
            re.sub(r"<[^>]+>", " ", parts.read(n).decode()) for n in parts.namelist() if n.endswith((".xml", ".rels"))
        )


def links_of(document: Document) -> dict[str, str]:
    """What each link says, and where it goes."""
    body = document.element.body
    return {
        "".join(t.text or "" for t in link.iter(qn("w:t"))): document.part.rels[link.get(qn("r:id"))].target_ref
        for link in body.iter(qn("w:hyperlink"))
    }


def test_the_draft_says_who_decided_what_and_when() -> None:
    document = opened(WRITER.draft_document(REPORT))
    decisions = rows_of(table_of(document, "Ref", "Decision", "Outcome", "How reached", "Time"))
    assert decisions[0][:4] == ["D-01", "The group approved the R&D plan <version 2>.", "Accepted", "Consensus"]
    actions = rows_of(table_of(document, "Ref", "Action", "Owner", "Due", "Time"))
    assert actions[0][:4] == ["A-01", "PMO was asked to publish the plan.", "PMO", "9 February 2024"]
    assert rows_of(table_of(document, "Name", "Seat", "Constituency", "Organisation", "Status")) == [
        ["Lars Large", "Large Supplier Representative", "Large Supplier", "Bright & Sons", "Alternate"]
    ]
    assert rows_of(table_of(document, "What", "When"))[0][0] == "Amendment requests close"
    headings = [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 2"]
    assert headings == ["2. Migration & cutover plan"]


def test_the_draft_carries_the_words_each_line_rests_on() -> None:
    document = opened(WRITER.draft_document(REPORT))
    rests_on = rows_of(table_of(document, "Ref", "Decision", "Outcome", "How reached", "Time"))[1][0]
    assert "The words it rests on" in rests_on
    assert "Wording: clear" in rests_on
    assert f"“{QUOTE}”" in rests_on
    assert "Completeness" in [p.text for p in document.paragraphs]
    assert "75% of 10 minutes" in " ".join(p.text for p in document.paragraphs)
    assert rows_of(table_of(document, "Ref", "Constituency", "Stance", "View", "Time"))[0][2] == "Objects"


def test_the_issued_report_has_no_working_material() -> None:
    text = everything(WRITER.issued_document(REPORT))
    for working in (
        "I'll take",
        "later please",
        "risk on the data",
        "rests on",
        "onfidence",
        "Wording:",
        "Objects",
        "Stance",
        "represented",
        "orking draft",
    ):
        assert working not in text
    assert "The Large Supplier Representative asked for a later date." in text
    assert "00:12:34" in text


def test_every_timestamp_opens_the_recording_at_its_second() -> None:
    links = links_of(opened(WRITER.issued_document(REPORT)))
    assert links["00:12:34"] == "https://player.example.org/psg?t=754&autoplay=1"
    assert set(links) == {"00:12:34", "00:13:20", "00:11:40", "00:12:00"}
    unlinked = WRITER.issued_document(replace(REPORT, recording_link=""))
    assert links_of(opened(unlinked)) == {}
    assert "00:12:34" in everything(unlinked)


@pytest.mark.parametrize("ref", ["D-01", "PSG-DEC41"])
def test_a_reference_is_visible_and_bookmarked(ref: str) -> None:
    decision = DRAFT.decisions[0].model_copy(update={"ref": ref})
    report = replace(REPORT, draft=DRAFT.model_copy(update={"decisions": [decision]}))
    document = opened(WRITER.draft_document(report))
    cell = table_of(document, "Ref", "Decision", "Outcome", "How reached", "Time").rows[1].cells[0]
    assert cell.text == ref
    marks = [m.get(qn("w:name")) for m in cell._tc.iter(qn("w:bookmarkStart"))]
    assert marks == [ref.replace("-", "_")]
    ids = [m.get(qn("w:id")) for m in document.element.body.iter(qn("w:bookmarkStart"))]
    assert len(ids) == len(set(ids))


def test_properties_name_the_report() -> None:
    properties = opened(WRITER.issued_document(REPORT)).core_properties
    assert properties.identifier == "PSG-2024-02-07"
    assert properties.title == "PSG headline report, Wednesday 7 February 2024"
    assert properties.subject.startswith("Programme Steering Group")


def test_header_rows_repeat_and_pages_are_a4() -> None:
    document = opened(WRITER.issued_document(REPORT))
    page = document.sections[0]
    assert page.page_width is not None
    assert page.page_height is not None
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    titled = [t for t in document.tables if t.rows[0].cells[0].text not in ("Meeting",)]
    assert titled
    assert all(t.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for t in titled)


def test_an_empty_section_says_so() -> None:
    nothing = Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        coverage=Coverage(speech_seconds=0, represented_seconds=0, unattributed_seconds=0),
    )
    report = replace(REPORT, draft=nothing, attendance=(), dates_to_note=())
    for content in (WRITER.draft_document(report), WRITER.issued_document(report)):
        said = [p.text for p in opened(content).paragraphs]
        for sentence in ("No attendance was recorded.", "No decisions were recorded.", "No actions were recorded.",
                         "No viewpoints were recorded.", "There are no dates to note."):  # fmt: skip
            assert sentence in said


def test_words_that_xml_has_no_place_for_do_not_break_the_file() -> None:
    decision = DRAFT.decisions[0].model_copy(update={"text": "A\x0bB {{ group }} {% if x %} \x00 \ud7ff ok"})
    report = replace(REPORT, draft=DRAFT.model_copy(update={"decisions": [decision]}))
    rows = rows_of(table_of(opened(WRITER.draft_document(report)), "Ref", "Decision", "Outcome", "How reached", "Time"))
    assert rows[0][1].startswith("A B {{ group }} {% if x %}")


def test_the_template_is_sound_and_its_readme_lists_every_placeholder() -> None:
    assert template_problems(TEMPLATE) == []
    documented = set(re.findall(r"^\| `([\w.]+)` \|", (ROOM / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == placeholders_in(TEMPLATE) == set(PLACEHOLDERS)


def changed_template(folder: Path, old: str, new: str) -> Path:
    """The template with one text changed, as the PMO might."""
    document = docx.Document(str(TEMPLATE))
    for paragraph in [*document.paragraphs, *(p for t in document.tables for c in t._cells for p in c.paragraphs)]:
        for run in paragraph.runs:
            run.text = run.text.replace(old, new)
    document.save(str(folder / "changed.docx"))
    return folder / "changed.docx"


def test_a_misspelt_placeholder_is_named(tmp_path: Path) -> None:
    template = changed_template(tmp_path, "decision.text", "decision.txt")
    problems = template_problems(template)
    assert any("unknown placeholder: decision.txt" in p.sentence and p.severity == "error" for p in problems)
    assert any("lacks the placeholder decision.text" in p.sentence for p in problems)
    with pytest.raises(SecretariatError, match=r"changed\.docx cannot be used"):
        WordDocuments(template).draft_document(REPORT)


def test_a_broken_tag_is_a_sentence_that_names_the_template(tmp_path: Path) -> None:
    template = changed_template(tmp_path, "{%p else %}", "{%p els %}")
    assert "changed.docx" in template_problems(template)[0].sentence
    with pytest.raises(SecretariatError, match=r"changed\.docx cannot be used"):
        WordDocuments(template).issued_document(REPORT)


@pytest.mark.parametrize("content", [b"", b"no word file", None])
def test_no_word_file_at_all(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "template.docx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecretariatError, match=r"template\.docx cannot be used"):
        WordDocuments(path).draft_document(REPORT)
    assert len(template_problems(path)) == 1


def test_check_names_what_is_wrong_with_the_template(tmp_path: Path) -> None:
    shutil.copytree(ROOM, tmp_path / "templates")
    changed = changed_template(tmp_path, "decision.text", "decision.txt")
    changed.rename(tmp_path / "templates" / "headline_report.docx")
    environment = {
        "SECRETARIAT_PATHS__TEMPLATES": str(tmp_path / "templates"),
        "SECRETARIAT_PATHS__STATE": str(tmp_path),
    }
    done = CliRunner().invoke(app, ["--config", str(ROOM.parent / "config.yaml"), "check"], env=environment)
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "headline_report.docx has an unknown placeholder: decision.txt." in said
    assert "headline_report.docx lacks the placeholder decision.text." in said
