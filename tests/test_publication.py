"""What becomes of an issued report's files: its PDF, where it is published, and that an old one says that it is old."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import meetings, report_copies
from bot.adapters.content_files import ContentFolder
from bot.adapters.graph_connection import GraphAccount
from bot.adapters.pdf_by_libreoffice import PdfByLibreOffice
from bot.adapters.publication_folder import PublicationFolder
from bot.adapters.publication_sharepoint import PublicationSharePoint
from bot.clock import Clock
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Person
from bot.ports import Placed, PublicationPlace
from bot.report_copies import NO_PDF, NOTICES_WAIT
from bot.store.database import Database
from bot.store.report_tables import ReportCopyRow, ReportRow
from schedules.publishing import MOST_TRIES, NO_PLACE, Publishing, make_pdf_one, publish_one
from schedules.series import Calendar
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph
from tests.fake_graph_drive import SITE, FakeDrive
from tests.issued_desk import ISSUED, PMO, REFERENCE, VOUCHED, IssuedDesk
from tests.secretariat_process import pause

R1 = f"{REFERENCE} headline report r1.docx"
R1_OLD = f"{REFERENCE} headline report r1 (superseded).docx"
R2 = f"{REFERENCE} headline report r2.docx"
CORRECTION = ("--text", "The group approved the plan of March.", "--reason", "Heard again.")


class Pdfs:
    """Makes a PDF, or fails as often as it is told to."""

    def __init__(self, fails: int = 0) -> None:
        self.fails, self.asked = fails, 0

    def pdf(self, document: bytes) -> bytes:
        self.asked += 1
        if self.asked <= self.fails:
            raise SecretariatError("LibreOffice made no PDF within 90 seconds.")
        return b"%PDF-1.7 of " + document[:8]


class Issued:
    """An installation with a PSG, whose revisions are put on file by themselves, with no draft and no notices."""

    def __init__(self, folder: Path, database: Database, config: Config, people: Mapping[str, Person]) -> None:
        self.database, self.config, self.by = database, config, people["Tobias Wrenfield"]
        self.files = ContentFolder(folder / "content")
        meeting = Calendar(config).meeting_on("PSG", date(2024, 2, 7))
        assert meeting
        self.uid = meeting.uid
        with database.session() as session:
            meetings.keep(session, [meeting])

    def issue(self, revision: int = 1) -> None:
        with self.database.session() as session:
            row = ReportRow(
                id=f"{REFERENCE}-r{revision}", meeting_uid=self.uid, revision=revision, reference=REFERENCE,
                issued_at=ISSUED, issued_by=self.by.id, snapshot="{}", snapshot_sha256="0" * 64,
                document_sha256=self.files.put(f"revision {revision}".encode()),
            )  # fmt: skip
            session.add(row)
            session.flush()
            report_copies.keep(session, row, with_pdf=False, now=ISSUED)

    def publishing(self, place: PublicationPlace | None, after: timedelta = timedelta(minutes=1)) -> Publishing:
        return Publishing(self.config, self.files, Clock(ISSUED + after), None, (lambda: place) if place else None)

    def publish(self, place: PublicationPlace | None, after: timedelta = timedelta(minutes=1)) -> int:
        """How many steps there were to do."""
        return steps(publish_one, self.database, self.publishing(place, after))


@pytest.fixture
def issued(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> Issued:
    return Issued(tmp_path, database, config, people)


@pytest.fixture
def office(tmp_path: Path, people: object, monkeypatch: pytest.MonkeyPatch) -> IssuedDesk:
    assert people
    return IssuedDesk(tmp_path, monkeypatch)


def with_pdf(desk: IssuedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue it where LibreOffice is installed, whether it is here or not."""
    monkeypatch.setenv("SECRETARIAT_ISSUED_REPORTS__PDF", "auto")
    monkeypatch.setattr("bot.adapters.pdf_by_libreoffice.is_installed", lambda: True)
    desk.run("reports", "issue", REFERENCE, *PMO, *VOUCHED)


def making(desk: IssuedDesk, pdfs: Pdfs, after: timedelta = timedelta(minutes=1)) -> Publishing:
    return Publishing(desk.whole.config, desk.whole.files, Clock(ISSUED + after), pdfs, None)


def steps(step: Callable[..., bool], database: Database, with_: Publishing) -> int:
    """How many there were to do."""
    count = 0
    while step(database, with_):
        count += 1
    return count


def copies(database: Database, revision: int = 1) -> Sequence[ReportCopyRow]:
    with database.reading() as session:
        return report_copies.of_report(session, f"{REFERENCE}-r{revision}")


# --------------------------------------------------------------------------------------------------------------- PDFs


def test_notices_wait_for_the_pdf_and_bring_it(office: IssuedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pdf(office, monkeypatch)
    waiting = office.notices("report")
    assert {row.next_try_at > ISSUED + timedelta(minutes=4) for row in waiting} == {True}
    assert steps(make_pdf_one, office.whole.database, making(office, Pdfs())) == 1
    [docx, pdf] = copies(office.whole.database)
    assert (pdf.state, docx.state) == ("to_publish", "to_publish")
    for row in office.notices("report"):
        assert row.next_try_at <= ISSUED + timedelta(minutes=2)
        assert [entry.partition(":")[2] for entry in row.attachments] == [R1, R1.replace("docx", "pdf")]
        assert row.note == ""
    assert office.content(pdf.sha256).startswith(b"%PDF")


def test_a_pdf_that_cannot_be_made_is_gone_without_and_said(
    office: IssuedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pdf(office, monkeypatch)
    pdfs = Pdfs(fails=9)
    assert make_pdf_one(office.whole.database, making(office, pdfs))
    assert office.notices("report")[0].next_try_at > ISSUED + timedelta(minutes=4), "it is tried once more"
    later = making(office, pdfs, after=timedelta(minutes=3))
    assert make_pdf_one(office.whole.database, later)
    assert not make_pdf_one(office.whole.database, later)
    assert pdfs.asked == 2
    assert copies(office.whole.database)[1].state == "failed"
    for row in office.notices("report"):
        assert (row.note, len(row.attachments)) == (NO_PDF, 1)
        assert row.next_try_at <= ISSUED + timedelta(minutes=4)


def test_notices_do_not_wait_for_ever(office: IssuedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker was ended over the document, and its claim has not lapsed yet."""
    with_pdf(office, monkeypatch)
    database = office.whole.database
    with database.session() as session:
        session.get_one(ReportCopyRow, copies(database)[1].id).next_try_at = ISSUED + timedelta(hours=1)
    assert not make_pdf_one(database, making(office, Pdfs(), after=NOTICES_WAIT))
    assert {row.note for row in office.notices("report")} == {NO_PDF}
    assert make_pdf_one(database, making(office, Pdfs(), after=timedelta(hours=2))), "made for the page all the same"
    assert copies(database)[1].state == "to_publish"


def test_without_libreoffice_nothing_waits_and_nothing_is_said(office: IssuedDesk) -> None:
    office.issue()
    assert [row.kind for row in copies(office.whole.database)] == ["docx"]
    assert {(row.note, row.next_try_at == row.due_at) for row in office.notices("report")} == {("", True)}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("sleep 60", "within 0.5 seconds"),
        ("echo 'source file could not be loaded'; exit 0", "source file could not be loaded"),
        ("exit 77", "it does not say why"),
    ],
)
def test_a_libreoffice_that_hangs_or_fails_is_ended_and_said(tmp_path: Path, script: str, why: str) -> None:
    program = tmp_path / "soffice"
    program.write_text(f"#!/bin/sh\nsleep 61 &\necho $! > {tmp_path}/child\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    with pytest.raises(SecretariatError, match=why):
        PdfByLibreOffice(seconds=0.5, program=str(program)).pdf(b"PK")
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    last = time.monotonic() + 5
    while child.exists() and child.read_text().split()[2] != "Z":
        assert time.monotonic() < last, "what it started is not ended with it"
        pause()


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# -------------------------------------------------------------------------------------------------- a folder to publish


def test_an_erratum_is_published_beside_the_old_one_which_is_marked(office: IssuedDesk, tmp_path: Path) -> None:
    office.issue()
    office.run("reports", "correct", REFERENCE, "PSG-DEC41", *CORRECTION, *PMO)
    whole, base = office.whole, PublicationFolder(tmp_path / "base")
    with_ = Publishing(whole.config, whole.files, Clock(ISSUED + timedelta(minutes=1)), None, lambda: base)
    steps(publish_one, whole.database, with_)
    assert names_in(tmp_path / "base/PSG") == [R1_OLD, R2]
    for name, row in zip([R1_OLD, R2], office.reports(), strict=True):
        assert (tmp_path / "base/PSG" / name).read_bytes() == office.content(row.document_sha256), "byte for byte"


def test_it_is_published_and_marked_once_another_revision_comes(issued: Issued, tmp_path: Path) -> None:
    issued.issue()
    base = PublicationFolder(tmp_path / "base")
    assert issued.publish(base) == 1
    assert copies(issued.database)[0].link.startswith("file://")
    issued.issue(2)
    assert issued.publish(base) == 2
    assert names_in(tmp_path / "base/PSG") == [R1_OLD, R2]
    assert [copies(issued.database, n)[0].state for n in (1, 2)] == ["marked", "published"]
    assert issued.publish(base) == 0


def test_what_is_not_for_everybody_and_what_has_no_place_is_kept_here(issued: Issued, tmp_path: Path) -> None:
    groups = dict(issued.config.groups)
    groups["PSG"] = groups["PSG"].model_copy(update={"audience": {"report": "members"}})
    issued.config = issued.config.model_copy(update={"groups": groups})
    issued.issue()
    assert issued.publish(PublicationFolder(tmp_path / "base")) == 1
    assert "for members only" in copies(issued.database)[0].error
    assert not (tmp_path / "base").exists()
    issued.issue(2)
    assert issued.publish(None) == 1
    assert (copies(issued.database, 2)[0].state, copies(issued.database, 2)[0].error) == ("kept", NO_PLACE)


def test_a_foreign_file_of_that_name_is_left_alone_and_it_is_tried_again(issued: Issued, tmp_path: Path) -> None:
    issued.issue()
    there = tmp_path / "base/PSG" / R1
    there.parent.mkdir(parents=True)
    there.write_bytes(b"a person's own")
    base = PublicationFolder(tmp_path / "base")
    assert issued.publish(base) == 1
    [row] = copies(issued.database)
    assert (row.state, row.tries) == ("to_publish", 1)
    assert "Another file lies at" in row.error
    assert there.read_bytes() == b"a person's own"
    there.unlink()
    assert issued.publish(base, timedelta(hours=1)) == 1
    assert copies(issued.database)[0].state == "published"


def test_trouble_that_stays_ends_in_a_sentence_for_a_person(issued: Issued) -> None:
    class Broken:
        def put(self, folder: str, name: str, content: bytes) -> Placed:
            raise SecretariatError("SharePoint can't be reached: no connection.")

        def mark_superseded(self, placed: Placed, folder: str, name: str, by: str) -> Placed:
            raise NotImplementedError

    issued.issue()
    for hours in range(MOST_TRIES):
        assert issued.publish(Broken(), timedelta(hours=1 + 3 * hours)) == 1
    [row] = copies(issued.database)
    assert (row.state, row.error) == ("failed", "SharePoint can't be reached: no connection.")
    with issued.database.session() as session:
        assert report_copies.try_again(session, f"{REFERENCE}-r1", by=issued.by, now=ISSUED) == 1
    assert (copies(issued.database)[0].state, copies(issued.database)[0].tries) == ("to_publish", 0)


# ----------------------------------------------------------------------------------------------------------- SharePoint


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> FakeGraph:
    only_graph.faults.clear()
    only_graph.requests.clear()
    only_graph.drive = FakeDrive()
    return only_graph


def sharepoint(graph: FakeGraph, library: str = "") -> PublicationSharePoint:
    account = GraphAccount(TENANT, CLIENT_ID, SECRET, MAILBOX, graph.url, graph.authority, timeout=5.0)
    return PublicationSharePoint(account, site=SITE, library=library, folder="Headline reports")


def test_sharepoint_has_it_once_and_marked_once_it_is_old(issued: Issued, graph: FakeGraph) -> None:
    issued.issue()
    place = sharepoint(graph)
    assert issued.publish(place) == 1
    assert graph.drive.names() == [f"Headline reports/PSG/{R1}"]
    assert copies(issued.database)[0].link == (
        "https://tenant.sharepoint.com/sites/CollaborationBase/Headline%20reports/PSG/" + R1.replace(" ", "%20")
    )
    issued.issue(2)
    assert issued.publish(place) == 2
    assert graph.drive.names() == [f"Headline reports/PSG/{R1_OLD}", f"Headline reports/PSG/{R2}"]


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("step", ["token", "site", "file", "put file"])
def test_whatever_is_cut_it_is_there_once(graph: FakeGraph, step: str, cut: str) -> None:
    place = sharepoint(graph)
    graph.meet(step, Fault(cut=cut))
    with pytest.raises(SecretariatError, match=r"."):
        place.put("PSG", R1, b"report")
    placed = place.put("PSG", R1, b"report")
    assert place.put("PSG", R1, b"report") == placed
    [file] = graph.drive.files.values()
    assert len(file["versions"]) == 1, "no second version of it either"


def test_a_mark_whose_answer_was_lost_is_made_once(graph: FakeGraph) -> None:
    place = sharepoint(graph, "issued papers")
    placed = place.put("PSG", R1, b"report")
    graph.meet("rename file", Fault(cut="after"))
    with pytest.raises(SecretariatError):
        place.mark_superseded(placed, "PSG", R1, "r2")
    assert place.mark_superseded(placed, "PSG", R1, "r2").id == placed.id
    assert graph.drive.names("drive-issued") == [f"Headline reports/PSG/{R1_OLD}"]


def test_what_sharepoint_refuses_is_said_so_that_it_can_be_mended(graph: FakeGraph) -> None:
    with pytest.raises(SecretariatError, match=r"no library Elsewhere. .*Documents, Issued papers"):
        sharepoint(graph, "Elsewhere").put("PSG", R1, b"report")
    graph.drive.put_by_hand(f"Headline reports/PSG/{R1}")
    with pytest.raises(SecretariatError, match=r"another file .* left as it is"):
        sharepoint(graph).put("PSG", R1, b"report")
    graph.meet("put file", Fault(403, "accessDenied"))
    with pytest.raises(SecretariatError, match="Microsoft 365 refuses the report"):
        sharepoint(graph).put("PSG", R2, b"report")
    graph.meet("put file", Fault(423, "resourceLocked"))
    with pytest.raises(SecretariatError):
        sharepoint(graph).put("PSG", R2, b"report")
    assert graph.drive.names() == [f"Headline reports/PSG/{R1}"]


# ------------------------------------------------------------------------------------------------- the real LibreOffice


@pytest.mark.long
def test_libreoffice_makes_pages_of_an_issued_report(office: IssuedDesk, tmp_path: Path) -> None:
    assert shutil.which("soffice"), "install libreoffice-writer-nogui"
    office.issue()
    content = office.content(office.reports()[0].document_sha256)
    made = PdfByLibreOffice(seconds=90).pdf(content)
    assert made.startswith(b"%PDF")
