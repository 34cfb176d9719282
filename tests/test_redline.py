"""The redline: real tracked changes, which LibreOffice and an independent reader find as they were made."""

from __future__ import annotations

import io
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx_plus.revisions import accept_all_revisions, read_revisions, reject_all_revisions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.word_document import WordDocuments
from bot.amended_report import Amended, Decided, amended
from bot.amendment_life import Kind, State
from bot.model import AttendanceRow, ChangeBy, HeadlineReport
from bot.revisions import THE_PMO
from bot.wordings import put_together
from tests.issued_desk import DRAFT
from tests.libreoffice import LibreOffice, running_libreoffice
from tests.secretariat_process import ROOT

WRITER = WordDocuments(ROOT / "report_templates/headline_report.docx")
AT = datetime(2024, 2, 28, 9, tzinfo=UTC)
REPORT = HeadlineReport(
    reference="PSG-2024-02-07",
    group="PSG",
    group_name="Programme Steering Group",
    meeting_on=date(2024, 2, 7),
    starts_at=datetime(2024, 2, 7, 10, tzinfo=UTC),
    ends_at=datetime(2024, 2, 7, 12, tzinfo=UTC),
    version="Issued Friday 9 February 2024, revision 1",
    prepared_from="The meeting was not recorded.",
    recording_link="https://player.example.org/psg?t={seconds}",
    attendance=(
        AttendanceRow("Harriet Bassington", "Large Supplier Representative", "Large Supplier", "Bright & Sons",
                      "expected", "P-01"),
    ),
    draft=DRAFT,
    dates_to_note=(("Amendment requests close", "Wednesday 28 February 2024, 17:00 (London)"),),
    issued_by="Tobias Wrenfield, MHHS PMO",
)  # fmt: skip


def decided(reference: str, line: str, text: str, kind: Kind = Kind.RECORD, present: str = "") -> Decided:
    return Decided(
        reference, "Harriet Bassington", "Large Supplier", kind, State.ACCEPTED, line, present, text,
        "Heard at 00:11:41.", date(2024, 2, 12),
    )  # fmt: skip


CHANGES = (
    decided("AM-001", "D-01", "The group approved the plan of February, subject to testing."),
    decided("AM-002", "D-01", "The meeting approved the plan of January."),
    decided("AM-003", "V-01", "Large Supplier asked for June."),
    decided("AM-004", "R-01", "Test data may be very late."),
    decided("AM-005", "D-02", "Our systems are ready in May.", Kind.NOTE),
    decided("AM-006", "P-01", "Present"),
)
FIRST = amended(REPORT, CHANGES)


def second(found: Amended = FIRST) -> HeadlineReport:
    return replace(found.report, version="Issued Wednesday 28 February 2024, revision 2: amended on request")


@pytest.fixture(scope="module")
def documents() -> tuple[bytes, bytes]:
    return WRITER.issued_document(REPORT), WRITER.issued_document(second())


@pytest.fixture(scope="module")
def redlined(documents: tuple[bytes, bytes]) -> bytes:
    return WRITER.redline(*documents, FIRST.whose, otherwise=THE_PMO, at=AT)


@pytest.fixture(scope="module")
def libreoffice() -> Iterator[LibreOffice]:
    with running_libreoffice() as running:
        yield running


def opened(content: bytes) -> Document:
    return docx.Document(io.BytesIO(content))


def saved(document: Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def reads(content: bytes) -> list[str | list[list[str]]]:
    """What a document says, block by block: the words of a paragraph, or the cells of a table's rows."""
    found: list[str | list[list[str]]] = []
    for block in opened(content).element.body:
        if block.tag == qn("w:p"):
            found.append(words(block))
        elif block.tag == qn("w:tbl"):
            rows = [[words(cell) for cell in row.iter(qn("w:tc"))] for row in block.iter(qn("w:tr"))]
            found.append(rows)
    return found


def filled(document: Document) -> list[str]:
    """What it says, in order. This reader empties rows and paragraphs that are gone, and leaves their shells."""
    blocks = (words(block) for block in document.element.body.iter(qn("w:p")))
    return [block for block in blocks if block]


def words(element: docx.oxml.xmlchemy.BaseOxmlElement) -> str:
    return "".join(text.text or "" for text in element.iter(qn("w:t")))


def test_libreoffice_accepts_all_to_the_new_and_rejects_all_to_the_old(
    documents: tuple[bytes, bytes], libreoffice: LibreOffice
) -> None:
    mute = {ref: tuple(replace(by, reason="") for by in authors) for ref, authors in FIRST.whose.items()}
    content = WRITER.redline(*documents, mute, otherwise=THE_PMO, at=AT)
    old, new = (reads(libreoffice.edit(document)) for document in documents)
    assert reads(libreoffice.edit(content, ["accept"])) == new
    assert reads(libreoffice.edit(content, ["reject"])) == old


def test_an_independent_reader_accepts_and_rejects_to_the_same(documents: tuple[bytes, bytes], redlined: bytes) -> None:
    accepted, rejected = opened(redlined), opened(redlined)
    accept_all_revisions(accepted)
    reject_all_revisions(rejected)
    assert filled(accepted) == filled(opened(documents[1]))
    assert filled(rejected) == filled(opened(documents[0]))


def test_an_independent_reader_lists_each_change_in_the_name_of_its_request(redlined: bytes) -> None:
    found = [(str(r.revision_type), r.author, r.text) for r in read_revisions(opened(redlined)) if r.text]
    of = {author: Counter((kind, text) for kind, by, text in found if by == author) for _, author, _ in found}
    gone, new = "deletion", "insertion"
    assert of["PMO for AM-001"] == Counter([(gone, "January"), (new, "February, subject to testing")])
    assert of["PMO for AM-002"] == Counter([(gone, "group"), (new, "meeting")])
    assert of["PMO for AM-003"] == Counter([(gone, "a later date"), (new, "June")])
    assert of["PMO for AM-004"] == Counter([(new, "very ")])
    assert of["PMO for AM-005"][new, "Our systems are ready in May."] == 1
    assert of["PMO for AM-006"] == Counter([(gone, "Expected, not confirmed"), (new, "Present")])
    assert of["PMO"][new, "Accepted"] == 5
    assert set(of) == {"PMO", *(f"PMO for {change.reference}" for change in CHANGES)}
    assert {r.timestamp for r in read_revisions(opened(redlined))} == {AT}


def test_libreoffice_keeps_the_changes_and_their_comments(redlined: bytes, tmp_path: Path) -> None:
    (tmp_path / "redline.docx").write_bytes(redlined)
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "docx",
         "--outdir", str(tmp_path / "out"), str(tmp_path / "redline.docx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    kept = opened((tmp_path / "out/redline.docx").read_bytes())
    comments = {comment.author: comment.text for comment in kept.comments}
    for change in CHANGES:
        reason = f"{change.reference}, asked for by Harriet Bassington (Large Supplier). Heard at 00:11:41."
        assert comments[f"PMO for {change.reference}"] == reason
    assert {r.author for r in read_revisions(kept)} == {r.author for r in read_revisions(opened(redlined))}


# ------------------------------------------------------------------------------------------- any list of line edits

WORDS = st.lists(
    st.sampled_from(["the", "group", "approved", "plan", "of", "a,", "b.", "c;", "d"]), min_size=1, max_size=8
).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Lines of a table before and after: any rewording, removal and addition."""
    before = [(f"D-{n:02d}", draw(WORDS)) for n in range(1, draw(st.integers(1, 5)) + 1)]
    after = [(ref, draw(WORDS) if draw(st.booleans()) else text) for ref, text in before if draw(st.integers(0, 4))]
    for number in range(draw(st.integers(0, 2))):
        after.insert(draw(st.integers(0, len(after))), (f"N-{number:02d}", draw(WORDS)))
    return before, after


def document_of(lines: list[tuple[str, str]]) -> bytes:
    document = docx.Document()
    document.add_heading("Decisions", 1)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Ref", "Decision"
    for number, (ref, text) in enumerate(lines):
        row = table.add_row()
        row.cells[0].text, row.cells[1].text = ref, text
        mark = docx.oxml.parse_xml(
            f'<w:bookmarkStart xmlns:w="{docx.oxml.ns.nsmap["w"]}" w:id="{number}" w:name="{ref.replace("-", "_")}"/>'
        )
        row.cells[0].paragraphs[0]._p.append(mark)
    document.add_paragraph("The end.")
    return saved(document)


@pytest.mark.long
@given(tables())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_lines_change_all_accepted_is_the_new_and_all_rejected_the_old(
    lines: tuple[list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    before, after = (document_of(one) for one in lines)
    content = WRITER.redline(before, after, {"D-01": (ChangeBy("PMO for AM-001"),)}, otherwise=THE_PMO, at=AT)
    accepted, rejected = opened(content), opened(content)
    accept_all_revisions(accepted)
    reject_all_revisions(rejected)
    assert filled(accepted) == filled(opened(after))
    assert filled(rejected) == filled(opened(before))


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=8).map(" ".join)


@given(TEXTS, TEXTS, TEXTS)
def test_two_rewordings_put_together_lose_nothing_of_either(base: str, one: str, other: str) -> None:
    both = put_together(base, one, other)
    assert put_together(base, one, base) == one
    assert put_together(base, one, one) == one
    again = put_together(base, other, one)
    assert (both is None) == (again is None)
    if both is not None and again is not None:
        assert both.split() == again.split()
        gone = Counter(base.split()) - Counter(one.split())
        added = Counter(one.split()) - Counter(base.split())
        assert sum((Counter(both.split()) - Counter(other.split())).values()) <= sum(added.values()) + sum(
            gone.values()
        )
