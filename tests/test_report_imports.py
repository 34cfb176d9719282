"""A draft that was edited comes back: from LibreOffice as from Word, line by line, merged, never overwritten."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

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
from bot.model import HeadlineReport, Meeting, Person
from bot.report_imports import Decided
from bot.report_table import Change, PrintedLine, ReadLine, edits, merged, plain
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
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


class Writer(WordDocuments):
    """The real writer; what several tests would have it write is written once."""

    def draft_document(self, report: HeadlineReport) -> bytes:
        """Kept by all that the report says."""
        key = repr(report)
        if key not in WRITTEN:
            WRITTEN[key] = super().draft_document(report)
        return WRITTEN[key]


WRITTEN: dict[str, bytes] = {}


class Desk:
    """An installation with one draft of the PSG of 7 February 2024 on file."""

    def __init__(self, database: Database, config: Config, files: ContentFolder, clock: Clock) -> None:
        self.database, self.clock, self.files = database, clock, files
        self.writer = Writer(TEMPLATE)
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


EDITS: list[list[object]] = [
    ["reword", "D-01", 1, "The group approved the plan, subject to testing."],
    ["reword", "A-01", 3, "12 February 2024"],
    ["add", "A-01", ["", "Ofgem was asked to comment.", "Ofgem", "16 February 2024", ""]],
    ["delete", "D-02"],
]
FOUND = [("reworded", "A-01"), ("reworded", "D-01"), ("removed", "D-02"), ("new", "")]


def test_edits_made_in_libreoffice_are_found_as_they_were_made(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person]
) -> None:
    back = libreoffice.edit(desk.document(), *EDITS)
    assert sorted(changes(desk.compared(back, people[TOBIAS]))) == sorted(FOUND)
    _is_taken_as_found(desk.taken(back, people[TOBIAS]))


def _is_taken_as_found(draft: Draft | None) -> None:
    assert draft
    assert [d.ref for d in draft.decisions] == ["D-01", "D-03"]
    first = draft.decisions[0]
    assert first.text == "The group approved the plan, subject to testing."
    assert (first.evidence, first.at, first.outcome) == (SAID, 701.0, "accept")
    assert [(a.ref, a.owner, a.due, a.evidence) for a in draft.actions] == [
        ("A-01", ["PMO"], "2024-02-12", SAID),
        ("A-02", ["Ofgem"], "2024-02-16", []),
    ]


@pytest.mark.long
def test_edits_tracked_in_libreoffice_are_the_same_edits(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person]
) -> None:
    back = libreoffice.edit(desk.document(), ["track", True], *EDITS)
    assert sorted(changes(desk.compared(back, people[TOBIAS]))) == sorted(FOUND)
    _is_taken_as_found(desk.taken(back, people[TOBIAS]))


@pytest.mark.long
def test_saved_by_libreoffice_unchanged_nothing_is_changed(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person]
) -> None:
    back = libreoffice.edit(desk.document())
    assert changes(desk.compared(back, people[TOBIAS])) == []
    assert desk.taken(back, people[TOBIAS]) is None


@pytest.mark.long
@pytest.mark.parametrize("tracked", [False, True], ids=["plainly", "tracked"])
def test_a_row_moved_in_libreoffice_is_moved(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person], tracked: bool
) -> None:
    back = libreoffice.edit(desk.document(), ["track", tracked], ["move", "D-03", "D-01"])
    assert changes(desk.compared(back, people[TOBIAS])) == [("moved", "D-03")]
    draft = desk.taken(back, people[TOBIAS])
    assert draft
    assert [d.ref for d in draft.decisions] == ["D-03", "D-01", "D-02"]
    assert draft.decisions[0].evidence == SAID


@pytest.mark.long
@pytest.mark.parametrize("then", ["accept", "reject"])
def test_changes_settled_in_libreoffice_are_as_if_made_plainly_or_never(
    desk: Desk, libreoffice: LibreOffice, people: dict[str, Person], then: str
) -> None:
    back = libreoffice.edit(desk.document(), ["track", True], *EDITS, [then])
    found = sorted(changes(desk.compared(back, people[TOBIAS])))
    assert found == (sorted(FOUND) if then == "accept" else [])


@pytest.mark.long
def test_comments_survive_libreoffice(desk: Desk, people: dict[str, Person], tmp_path: Path) -> None:
    def remark(document: docx.document.Document) -> None:
        runs = cell(document, "D-01", 1).paragraphs[0].runs
        document.add_comment(runs, text="Was that so?", author="Marguerite Oyelaran", initials="MO")

    file, there = tmp_path / "commented.docx", tmp_path / "saved"
    file.write_bytes(by_word(desk.document(), remark))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "docx", "--outdir", str(there), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = desk.compared((there / file.name).read_bytes(), people[TOBIAS])
    assert changes(found) == []
    assert [(r.ref, r.author, r.text) for r in found.remarks] == [("D-01", "Marguerite Oyelaran", "Was that so?")]


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
    draft = desk.taken(mine, people[TOBIAS], decided=Decided({("D-01", "text"): conflict.mine}))
    assert draft
    assert [d.text for d in draft.decisions] == [
        "The group approved the plan in part.", "The group noted two risks.", "The group closed the item."
    ]  # fmt: skip


@lru_cache(maxsize=1)
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


def test_bad_files_get_a_sentence_and_nothing_is_changed(desk: Desk, people: dict[str, Person]) -> None:
    for _, spoil, said in BAD:
        with pytest.raises(SecretariatError, match=said):
            desk.taken(spoil(desk.document()), people[TOBIAS])
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


@st.composite
def edits_in_word(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Any list of edits of the draft's lines: (what, the line, the words or the line that it goes before)."""
    found: list[tuple[str, str, str]] = []
    for ref in ("D-01", "D-02", "D-03", "A-01", "V-01", "R-01"):
        what = draw(st.sampled_from(["leave", "reword", "delete"]))
        if what != "leave":
            found.append((what, ref, draw(WORDS)))
    there = [ref for ref in ("D-01", "D-02", "D-03") if ("delete", ref) not in [edit[:2] for edit in found]]
    if len(there) > 1 and draw(st.booleans()):
        found.append(("move", there[-1], there[0]))
    if there:
        found += [("add", draw(st.sampled_from(there)), draw(WORDS)) for _ in range(draw(st.integers(0, 2)))]
    return found


@given(edits_in_word())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_list_of_edits_exported_edited_and_imported_gives_those_edits(made: list[tuple[str, str, str]]) -> None:
    sent = sent_document()
    writer = WordDocuments(TEMPLATE)
    references = ["D-01", "D-02", "D-03", "A-01", "V-01", "R-01"]
    before = [PrintedLine(x.kind, x.ref, x.cells or {}, x.item) for x in writer.read(sent, references).rows]
    came = writer.read(by_word(sent, lambda document: apply(document, made)), references)
    found = edits(before, came.rows)
    expected = {"reword": Change.REWORDED, "delete": Change.REMOVED, "move": Change.MOVED}
    wanted = {ref: expected[what] for what, ref, _ in made if what in ("reword", "delete")}
    moved = {ref for what, ref, _ in made if what == "move"}
    for edit in found:
        if edit.ref in moved:  # of two lines that change places, either may be said to have moved
            continue
        if edit.change is not Change.NEW and not (moved and edit.kind == "decision" and edit.ref not in wanted):
            assert edit.change is wanted.get(edit.ref, Change.UNCHANGED), edit
    texts = {edit.ref: edit.after.cells["text"] for edit in found if edit.after and edit.ref}
    assert {ref: words for what, ref, words in made if what == "reword"}.items() <= texts.items()
    assert sum(e.change is Change.MOVED or e.also_moved for e in found) == len(moved)
    new = sorted(e.after.cells["text"] for e in found if e.change is Change.NEW and e.after)
    assert new == sorted(words for what, _, words in made if what == "add")
    assert not came.unread


@lru_cache(maxsize=1)
def sent_document() -> bytes:
    """The draft as it goes out; made once."""
    at = datetime(2024, 2, 7, 10, tzinfo=UTC)
    report = HeadlineReport(
        reference="PSG-2024-02-07", group="PSG", group_name="Programme Steering Group", meeting_on=date(2024, 2, 7),
        starts_at=at, ends_at=at, version="Draft 1", prepared_from="", draft=DRAFT, attendance=(), recording_link="",
    )  # fmt: skip
    return WordDocuments(TEMPLATE).draft_document(report)


def apply(document: docx.document.Document, made: list[tuple[str, str, str]]) -> None:
    """Make the edits as Word writes them: a moved row takes the words that it rests on along."""
    columns = {"D": 1, "A": 1, "V": 3, "R": 2}
    for what, ref, words in made:
        row: Any = cell(document, ref, 0)._tc.getparent()
        if what == "reword":
            cell(document, ref, columns[ref[0]]).text = words
        elif what == "delete":
            row.getparent().remove(row)
        elif what == "move":
            before: Any = cell(document, words, 0)._tc.getparent()
            before.addprevious(row)
        else:
            new: Any = docx.oxml.parse_xml(docx.oxml.xmlchemy.serialize_for_reading(row))
            row.addnext(new)
            for text in new.iter(docx.oxml.ns.qn("w:t")):
                text.text = ""
            for mark in list(new.iter(docx.oxml.ns.qn("w:bookmarkStart"))):
                mark.getparent().remove(mark)
            parent: Any = document
            docx.table._Cell(list(new.iterchildren(docx.oxml.ns.qn("w:tc")))[1], parent).text = words


@given(someones_edits(), someones_edits())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_edit_of_either_is_lost_in_a_merge(mine: list[PrintedLine], theirs: list[PrintedLine]) -> None:
    their = [replace(x, ref=x.ref or f"D-{place + 20:02d}") for place, x in enumerate(theirs)]
    result = merged(LINES, edits(LINES, [ReadLine(x.kind, x.ref, x.ref, x.cells, x.cells) for x in mine]), their)
    rows = {row.ref: row for row in result.rows if row.ref}
    asked = {conflict.ref for conflict in result.conflicts}
    was, my, now = ({row.ref: row for row in rows_ if row.ref} for rows_ in (LINES, mine, their))
    for ref in was:
        if ref in asked:
            assert (ref in rows) == (ref in my)
        elif ref not in my or ref not in now:
            assert ref not in rows
        else:
            changed = my[ref] if my[ref].cells != was[ref].cells else now[ref]
            assert plain(rows[ref].cells["text"]) == plain(changed.cells["text"])
    added = [plain(x.cells["text"]) for x in mine if not x.ref]
    there = [plain(row.cells["text"]) for row in result.rows]
    assert all(text in there for text in added)
    assert {row.ref for row in their if row.ref not in was} <= set(rows)
    assert len(rows) == len([row.ref for row in result.rows if row.ref])
