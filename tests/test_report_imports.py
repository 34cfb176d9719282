"""A draft that was edited comes back: from LibreOffice as from Word, line by line, merged, never overwritten."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import drafts, meetings, report_imports
from bot.adapters.content_files import ContentFolder
from bot.adapters.word_document import WordDocuments
from bot.clock import Clock
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import SecretariatError
from bot.formats import (
    Agenda,
    Coverage,
    Draft,
    DraftedAction,
    DraftedAgendaItem,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
)
from bot.model import Meeting, Person
from bot.report_table import Change, PrintedLine, ReadLine, edits, merged
from bot.store.database import Database
from bot.store.tables import AuditRow, DraftRow
from schedules.series import Calendar
from tests.libreoffice import LibreOffice, running_libreoffice
from tests.secretariat_process import ROOT

TEMPLATE = ROOT / "report_templates/headline_report.docx"
TOBIAS = "Tobias Wrenfield"
SAID = [Evidence(segment="7", quote="so that is agreed then", at=754.0)]
DRAFT = Draft(
    meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
    agenda=[DraftedAgendaItem(item="2", title="Migration & cutover plan", start=60, segment="3")],
    decisions=[
        DraftedDecision(ref=f"D-{n:02d}", item="2", text=text, at=700.0 + n, segment="7", outcome="accept",
                        reached_by="consensus", confidence=0.8, evidence=SAID)
        for n, text in enumerate(("The group approved the plan.", "It noted the risk.", "The group closed it."), 1)
    ],
    actions=[DraftedAction(ref="A-01", item="2", text="The PMO was asked to publish it.", at=800, segment="9",
                           owner=["PMO"], due="2024-02-09", confidence=0.7, evidence=SAID)],
    viewpoints=[DraftedViewpoint(item="2", speaker="Lars Large", constituency="Large Supplier", stance="objects",
                                 at=700, segment="5", text="Large Supplier asked for a later date.", evidence=SAID)],
    raid=[DraftedRaidItem(kind="risk", item="2", text="Test data may be late.", at=720, segment="6", evidence=SAID)],
    coverage=Coverage(speech_seconds=600, represented_seconds=450, unattributed_seconds=60),
)  # fmt: skip


class Desk:
    """An installation with one draft of the PSG of 7 February 2024 on file."""

    def __init__(self, database: Database, config: Config, files: ContentFolder, clock: Clock) -> None:
        self.database, self.clock, self.files = database, clock, files
        self.writer = WordDocuments(TEMPLATE)
        self.drafting = Drafting(config, files, self.writer, lambda _: Agenda(), lambda _: (), lambda *_: None, "")
        meeting = Calendar(config).meeting_on("PSG", date(2024, 2, 7))
        assert meeting
        self.meeting: Meeting = meeting
        with database.session() as session:
            meetings.keep(session, [meeting])
        self.keep(DRAFT)

    def keep(self, draft: Draft) -> str:
        """Put a version of the draft on file."""
        with self.database.session() as session:
            version = drafts.next_version(session, self.meeting.uid)
            people = drafts.attendance_in(session, self.meeting, draft)
            report = drafts.report_of(self.drafting, self.meeting, draft, version=version, attendance=people,
                                      recording_id=None, transcript=None)  # fmt: skip
            document = self.files.put(self.writer.draft_document(report))
            now = self.clock.now()
            row = drafts.keep(
                session, self.meeting, report, version=version, transcript_id=None, document=document, now=now
            )
            return row.id

    def document(self) -> bytes:
        """The newest draft's document."""
        with self.database.reading() as session:
            row = drafts.latest(session, self.meeting.uid)
            assert row
            return self.files.path(row.document_sha256).read_bytes()

    def compared(self, content: bytes, by: Person, **more: object) -> report_imports.Returned:
        with self.database.session() as session:
            return report_imports.compare(session, self.drafting, content, by=by, **more)  # type: ignore[arg-type]

    def taken(self, content: bytes, by: Person, **more: object) -> Draft | None:
        """Give the document back; the newest draft afterwards, None where there is no new one."""
        found = self.compared(content, by, **more)
        with self.database.session() as session:
            row = report_imports.take_in(session, self.drafting, found, by=by, now=self.clock.now())
            return Draft.model_validate_json(row.content) if row else None


@pytest.fixture
def desk(database: Database, config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path) -> Desk:
    assert people
    return Desk(database, config, ContentFolder(tmp_path / "content"), clock)


@pytest.fixture(scope="module")
def libreoffice() -> Iterator[LibreOffice]:
    with running_libreoffice() as running:
        yield running


def by_word(content: bytes, change: Callable[[docx.document.Document], None]) -> bytes:
    """A document changed with python-docx, standing in for an edit in Word that LibreOffice cannot be asked for."""
    document, stream = docx.Document(io.BytesIO(content)), io.BytesIO()
    change(document)
    document.save(stream)
    return stream.getvalue()


def cell(document: docx.document.Document, ref: str, column: int) -> docx.table._Cell:
    for table in document.tables:
        for row in table.rows:
            if row.cells[0].text.strip() == ref:
                found: docx.table._Cell = row.cells[column]
                return found
    raise AssertionError(ref)


def changes(found: report_imports.Returned) -> list[tuple[str, str]]:
    return [(str(edit.change), edit.ref) for edit in found.changes]


def test_saved_by_libreoffice_unchanged_nothing_is_changed(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person]
) -> None:
    back = libreoffice.edit(desk.document())
    assert changes(desk.compared(back, people[TOBIAS])) == []
    assert desk.taken(back, people[TOBIAS]) is None


@pytest.mark.parametrize("tracked", [False, True], ids=["plainly", "tracked"])
def test_edits_made_in_libreoffice_are_found_as_they_were_made(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person], tracked: bool
) -> None:
    edited: list[list[object]] = [
        ["reword", "D-01", 1, "The group approved the plan, subject to testing."],
        ["reword", "A-01", 3, "12 February 2024"],
        ["add", "A-01", ["", "Ofgem was asked to comment.", "Ofgem", "16 February 2024", ""]],
        ["delete", "D-02"],
    ]
    back = libreoffice.edit(desk.document(), ["track", tracked], *edited)
    found = desk.compared(back, people[TOBIAS])
    assert changes(found) == [("reworded", "D-01"), ("reworded", "A-01"), ("new", ""), ("removed", "D-02")] or changes(
        found
    ) == [("reworded", "D-01"), ("removed", "D-02"), ("reworded", "A-01"), ("new", "")]
    draft = desk.taken(back, people[TOBIAS])
    assert draft
    assert [d.ref for d in draft.decisions] == ["D-01", "D-03"]
    first = draft.decisions[0]
    assert first.text == "The group approved the plan, subject to testing."
    assert (first.evidence, first.at, first.outcome) == (SAID, 701.0, "accept")
    assert [(a.ref, a.owner, a.due, a.evidence) for a in draft.actions] == [
        ("A-01", ["PMO"], "2024-02-12", SAID),
        ("A-02", ["Ofgem"], "2024-02-16", []),
    ]


def test_a_row_moved_in_libreoffice_is_moved(desk: Desk, libreoffice: LibreOffice, people: dict[str, Person]) -> None:
    back = libreoffice.edit(desk.document(), ["move", "D-03", "D-01"])
    assert changes(desk.compared(back, people[TOBIAS])) == [("moved", "D-03")]
    draft = desk.taken(back, people[TOBIAS])
    assert draft
    assert [d.ref for d in draft.decisions] == ["D-03", "D-01", "D-02"]
    assert draft.decisions[0].evidence == SAID


def test_comments_are_kept_as_comments(desk: Desk, people: dict[str, Person]) -> None:
    def remark(document: docx.document.Document) -> None:
        runs = cell(document, "D-01", 1).paragraphs[0].runs
        document.add_comment(runs, text="Was that so?", author="Marguerite Oyelaran", initials="MO")

    draft = desk.taken(by_word(desk.document(), remark), people[TOBIAS])
    assert draft
    assert [(r.ref, r.author, r.text) for r in draft.remarks] == [("D-01", "Marguerite Oyelaran", "Was that so?")]
    shown = docx.Document(io.BytesIO(desk.document()))
    assert [(c.author, c.text) for c in shown.comments] == [("Marguerite Oyelaran", "Was that so?")]


def test_attendance_and_outcomes_are_edited_too(desk: Desk, people: dict[str, Person]) -> None:
    def change(document: docx.document.Document) -> None:
        table = document.tables[1]
        row = next(row for row in table.rows if row.cells[0].text == "Harriet Bassington")
        row.cells[4].text = "Present"
        cell(document, "D-02", 2).text = "rejected"
        cell(document, "V-01", 2).text = "Concern"

    draft = desk.taken(by_word(desk.document(), change), people[TOBIAS])
    assert draft
    assert draft.attendance
    assert [p.status for p in draft.attendance if p.name == "Harriet Bassington"] == ["present"]
    assert draft.decisions[1].outcome == "reject"
    assert draft.viewpoints[0].stance == "concern"


def test_what_two_people_changed_is_shown_with_both_texts_and_chosen(desk: Desk, people: dict[str, Person]) -> None:
    sent = desk.document()
    other = DRAFT.decisions[0].model_copy(update={"text": "The group approved the second plan."})
    third = DRAFT.decisions[2].model_copy(update={"text": "The group closed the item."})
    desk.keep(DRAFT.model_copy(update={"decisions": [other, DRAFT.decisions[1], third]}))

    def change(document: docx.document.Document) -> None:
        cell(document, "D-01", 1).text = "The group approved the plan in part."
        cell(document, "D-02", 1).text = "The group noted two risks."

    mine = by_word(sent, change)
    [conflict] = desk.compared(mine, people[TOBIAS]).conflicts
    assert (conflict.ref, conflict.field) == ("D-01", "text")
    assert (conflict.mine, conflict.theirs) == (
        "The group approved the plan in part.", "The group approved the second plan."
    )  # fmt: skip
    with pytest.raises(SecretariatError, match="D-01: PSG-2024-02-07-draft-2 was changed meanwhile"):
        desk.taken(mine, people[TOBIAS])
    draft = desk.taken(mine, people[TOBIAS], chosen={("D-01", "text"): conflict.mine})
    assert draft
    assert [d.text for d in draft.decisions] == [
        "The group approved the plan in part.", "The group noted two risks.", "The group closed the item."
    ]  # fmt: skip


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"0" * (300 * 1024 * 1024))
    return stream.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info.filename))
        new.writestr(name, part)
    return stream.getvalue()


def unnamed(content: bytes) -> bytes:
    def change(document: docx.document.Document) -> None:
        document.core_properties.identifier = ""

    return by_word(content, change)


def other_identity(content: bytes) -> bytes:
    def change(document: docx.document.Document) -> None:
        document.core_properties.identifier = "SITAG-2024-02-21-draft-1"

    return by_word(content, change)


def twice(content: bytes) -> bytes:
    return by_word(content, lambda document: setattr(cell(document, "D-02", 0), "text", "D-01"))


def no_outcome(content: bytes) -> bytes:
    return by_word(content, lambda document: setattr(cell(document, "D-02", 2), "text", "Hurrah"))


def linked(content: bytes) -> bytes:
    relations = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" TargetMode="External" Target="http://192.0.2.1/x.dotm" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"/></Relationships>'
    )
    return with_part(content, "word/_rels/settings.xml.rels", relations)


BAD: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("no .docx", lambda _: b"hello", "no Word document"),
    ("cut off", lambda content: content[: len(content) // 2], "no Word document"),
    ("a zip bomb", lambda _: bomb(), "far larger inside"),
    ("macros", lambda content: with_part(content, "word/vbaProject.bin", b"x"), "macros"),
    ("outside", linked, "points to something outside itself"),
    ("no identity", unnamed, "does not say which draft it is"),
    ("another group's", other_identity, "there is no such draft here"),
    ("a reference twice", twice, "D-01 stands at 2 rows"),
    ("no outcome", no_outcome, "D-02: Hurrah is no outcome"),
]


@pytest.mark.parametrize(("spoil", "said"), [pytest.param(s, t, id=n) for n, s, t in BAD])
def test_bad_files_get_a_sentence_and_nothing_is_changed(
    desk: Desk, people: dict[str, Person], spoil: Callable[[bytes], bytes], said: str
) -> None:
    content = spoil(desk.document())
    with pytest.raises(SecretariatError, match=said):
        desk.taken(content, people[TOBIAS])
    with desk.database.reading() as session:
        assert [row.version for row in session.query(DraftRow)] == [1]
        assert session.query(AuditRow).filter(AuditRow.event == "draft edited").count() == 0


def test_tracked_changes_of_a_stranger_are_refused(desk: Desk, people: dict[str, Person]) -> None:
    content = desk.document()

    def change(document: docx.document.Document) -> None:
        run = cell(document, "D-01", 1).paragraphs[0].runs[0]._r
        mark = docx.oxml.OxmlElement("w:ins")
        mark.set(docx.oxml.ns.qn("w:author"), "Mallory")
        mark.set(docx.oxml.ns.qn("w:id"), "77")
        run.addprevious(mark)
        mark.append(run)

    with pytest.raises(SecretariatError, match="tracked changes by Mallory"):
        desk.compared(by_word(content, change), people[TOBIAS])


def test_nobody_outside_the_pmo_edits_a_draft(desk: Desk, people: dict[str, Person]) -> None:
    def change(document: docx.document.Document) -> None:
        cell(document, "D-01", 1).text = "Mine."

    with pytest.raises(SecretariatError, match="not of the PMO"):
        desk.taken(by_word(desk.document(), change), people["Harriet Bassington"])


def test_a_table_torn_in_two_is_read_as_one(desk: Desk, people: dict[str, Person]) -> None:
    def tear(document: docx.document.Document) -> None:
        table = next(t for t in document.tables if t.rows[0].cells[1].text == "Decision")
        rows = list(table.rows)
        second = docx.oxml.parse_xml(docx.oxml.xmlchemy.serialize_for_reading(table._tbl))
        for row in second.findall(docx.oxml.ns.qn("w:tr"))[:3]:
            second.remove(row)
        for row in rows[3:]:
            table._tbl.remove(row._tr)
        paragraph = docx.oxml.OxmlElement("w:p")
        table._tbl.addnext(paragraph)
        paragraph.addnext(second)

    assert changes(desk.compared(by_word(desk.document(), tear), people[TOBIAS])) == []


LINES = [PrintedLine("decision", f"D-{n:02d}", {"text": f"line {n}", "outcome": "Accepted"}) for n in range(1, 7)]
WORDS = st.text("abc ", min_size=1, max_size=8).map(lambda text: f"w{text}w")


@st.composite
def someones_edits(draw: st.DrawFn) -> list[PrintedLine]:
    """Any rewording, removal, addition and order of the six lines."""
    kept = [line for line in LINES if draw(st.booleans())]
    lines = [
        PrintedLine(x.kind, x.ref, {**x.cells, "text": draw(WORDS)}) if draw(st.booleans()) else x
        for x in draw(st.permutations(kept))
    ]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), PrintedLine("decision", "", {"text": draw(WORDS)}))
    return lines


@given(someones_edits())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_edited_is_what_is_found_and_what_is_kept(lines: list[PrintedLine]) -> None:
    came = [ReadLine(x.kind, x.ref, x.ref, x.cells, x.cells) for x in lines]
    found = edits(LINES, came)
    by_ref = {edit.ref: edit.change for edit in found if edit.ref}
    after = {line.ref: line for line in lines}
    for line in LINES:
        if line.ref not in after:
            assert by_ref[line.ref] is Change.REMOVED
        elif after[line.ref].cells != line.cells:
            assert by_ref[line.ref] is Change.REWORDED
        else:
            assert by_ref[line.ref] in (Change.UNCHANGED, Change.MOVED)
    assert sum(edit.change is Change.NEW for edit in found) == sum(not line.ref for line in lines)
    assert list(merged(LINES, found, LINES).rows) == lines
