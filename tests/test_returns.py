"""Edited drafts come back by every door: kept, read line by line, asked about, taken in by a person."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docx
import pytest
from sqlalchemy import delete, select

import bot.headlines.draft
from bot import drafts, meetings, members, returns
from bot.adapters.content_files import ContentFolder
from bot.clock import Clock
from bot.commands.edited import edited, listed
from bot.config import Config
from bot.document_ids import identifier_in
from bot.errors import SecretariatError
from bot.formats import Audio, Draft, Transcript
from bot.model import Person
from bot.report_imports import Decided
from bot.report_table import Change
from bot.return_states import Door, State
from bot.returns import Brought
from bot.store.database import Database
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.mail_tables import MailProposalRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from bot.store.speech_tables import RecordingPartRow, RecordingRow, TranscriptRow
from handlers.folder.returns import TAKEN, ReturnFolder
from handlers.mail import decisions
from schedules.announcements import Announcer
from schedules.return_words import returned_told
from schedules.series import Calendar
from tests.mail_room import MailRoom
from tests.slack_at_hand import TOBIAS as TOBIAS_IN_SLACK
from tests.slack_at_hand import SlackAtHand
from tests.test_report_imports import BAD, DRAFT, SAID, Desk, by_word, cell, twice, with_part

TOBIAS, CHAIR, REP = "Tobias Wrenfield", "Marguerite Oyelaran", "Harriet Bassington"
PAGE = "http://127.0.0.1:8765/returns/"
Change_ = Callable[[docx.document.Document], None]


class Returning(Desk):
    """The desk of one draft, with everything that edited drafts come back to."""

    def __init__(self, database: Database, config: Config, files: ContentFolder, clock: Clock) -> None:
        super().__init__(database, config, files, clock)
        self.announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765", files)
        self.drafting = replace(self.drafting, told=self.told_of_draft)
        self.made: list[drafts.DraftMade] = []

    def told_of_draft(self, session: object, made: drafts.DraftMade, now: datetime) -> None:
        self.made.append(made)
        returns.ask_after_drafting(session, made, now)  # type: ignore[arg-type]

    def back(self, content: bytes, by: Person | None, door: Door = Door.PAGE, **more: object) -> ReturnRow:
        """Given back and read."""
        with self.database.session() as session:
            key = str(session.query(ReturnRow).count())
            brought = Brought(self.files.put(content), "edited.docx", door, key, by, **more)  # type: ignore[arg-type]
            reference = returns.receive(session, brought, self.clock.now()).reference
        self.read()
        return self.row(reference)

    def read(self) -> None:
        while returns.read_one(self.database, self.drafting, partial(returned_told, self.announcer), self.clock):
            continue

    def row(self, reference: str) -> ReturnRow:
        with self.database.reading() as session:
            return returns.named(session, reference)

    def take(self, reference: str, by: Person, **decided: object) -> Draft | None:
        choices = Decided(**decided)  # type: ignore[arg-type]
        today = self.clock.today()
        with self.database.reading() as session:
            found = returns.look(session, self.drafting, returns.named(session, reference), today, choices)
        with self.database.session() as session:
            row = returns.named(session, reference)
            made = returns.take_in(session, self.drafting, row, found, choices, by=by, now=self.clock.now())
            return Draft.model_validate_json(made.content) if made else None

    def newest(self) -> tuple[DraftRow, Draft]:
        with self.database.reading() as session:
            row = drafts.latest(session, self.meeting.uid)
            assert row
            return row, Draft.model_validate_json(row.content)

    def notices(self) -> list[OutboxRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(OutboxRow)))


@pytest.fixture
def desk(database: Database, config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path) -> Returning:
    assert people
    return Returning(database, config, ContentFolder(tmp_path / "content"), clock)


def row_of(document: docx.document.Document, ref: str) -> Any:
    """The row's own XML, which python-docx knows no type for."""
    return cell(document, ref, 0)._tc.getparent()


def reword(ref: str, text: str, column: int = 1) -> Change_:
    return lambda document: setattr(cell(document, ref, column), "text", text)


def add_row(after: str, *cells: str) -> Change_:
    def change(document: docx.document.Document) -> None:
        row = row_of(document, after)
        new: Any = docx.oxml.parse_xml(docx.oxml.xmlchemy.serialize_for_reading(row))
        for mark in list(new.iter(docx.oxml.ns.qn("w:bookmarkStart"), docx.oxml.ns.qn("w:bookmarkEnd"))):
            mark.getparent().remove(mark)
        row.addnext(new)
        table = next(t for t in document.tables if any(r._tr is new for r in t.rows))
        for place, words in enumerate(cells):
            next(r for r in table.rows if r._tr is new).cells[place].text = words

    return change


def several(*changes: Change_) -> Change_:
    def change(document: docx.document.Document) -> None:
        for one in changes:
            one(document)

    return change


# ------------------------------------------------------------------------------------------------ kept, taken, aside


def test_what_was_found_is_kept_line_by_line_and_taken_with_one_word(
    desk: Returning, people: dict[str, Person]
) -> None:
    content = by_word(desk.document(), several(reword("D-01", "It approved the plan."), reword("A-01", "Ofgem", 2)))
    row = desk.back(content, people[TOBIAS])
    assert (row.state, row.draft_id, row.came_by) == (State.WAITING, "PSG-2024-02-07-draft-1", "page")
    assert desk.files.path(row.sha256).read_bytes() == content
    found = returns.found_of(row)
    assert found
    kinds = {edit.ref: edit.change for edit in found.edits}
    assert (kinds["D-01"], kinds["A-01"], kinds["D-02"]) == (Change.REWORDED, Change.REWORDED, Change.UNCHANGED)
    assert returns.lines_said(found)[:2] == [
        "D-01 (decision): reworded. Text: “The group approved the plan.” is now “It approved the plan.”.",
        "A-01 (action): reworded. Owner: “PMO” is now “Ofgem”.",
    ]
    draft = desk.take(row.reference, people[TOBIAS])
    assert draft
    assert (draft.decisions[0].text, draft.decisions[0].evidence) == ("It approved the plan.", SAID)
    newest, _ = desk.newest()
    row = desk.row(row.reference)
    assert (row.state, row.taken_as, row.settled_by) == (State.TAKEN_IN, newest.id, TOBIAS)
    assert newest.edited_by == TOBIAS
    with pytest.raises(SecretariatError, match=f"RT-001 is taken in by {TOBIAS} already"):
        desk.take(row.reference, people[TOBIAS])


def test_the_same_document_given_back_again_changes_nothing(desk: Returning, people: dict[str, Person]) -> None:
    content = by_word(desk.document(), several(
        reword("D-01", "It approved the plan."), add_row("A-01", "", "Ofgem was asked to comment.", "Ofgem", "", ""))
    )  # fmt: skip
    first = desk.back(content, people[TOBIAS])
    assert desk.take(first.reference, people[TOBIAS])
    second = desk.back(content, people[TOBIAS])
    assert desk.take(second.reference, people[TOBIAS]) is None
    _, draft = desk.newest()
    assert [a.ref for a in draft.actions] == ["A-01", "A-02"]
    assert desk.row(second.reference).reason == "Nothing was changed in it."


def test_what_is_put_aside_stays_and_may_wait_again(desk: Returning, people: dict[str, Person]) -> None:
    row = desk.back(by_word(desk.document(), reword("D-01", "Other.")), people[TOBIAS])
    with desk.database.session() as session:
        returns.put_aside(
            session, returns.named(session, row.reference), by=people[TOBIAS], now=desk.clock.now(), reason="Not yet."
        )
    with pytest.raises(SecretariatError, match="RT-001 is put aside"):
        desk.take(row.reference, people[TOBIAS])
    assert returns.found_of(desk.row(row.reference))
    with desk.database.session() as session:
        returns.take_back_aside(session, returns.named(session, row.reference), by=people[TOBIAS], now=desk.clock.now())
    assert desk.take(row.reference, people[TOBIAS])


def test_a_draft_made_since_it_was_looked_at_keeps_it_from_being_taken(
    desk: Returning, people: dict[str, Person]
) -> None:
    row = desk.back(by_word(desk.document(), reword("D-01", "Other.")), people[TOBIAS])
    with desk.database.reading() as session:
        found = returns.look(session, desk.drafting, returns.named(session, row.reference), desk.clock.today())
    desk.keep(DRAFT.model_copy(update={"raid": []}))
    with pytest.raises(SecretariatError, match="PSG-2024-02-07-draft-2 was made while"), desk.database.session() as s:
        returns.take_in(
            s, desk.drafting, returns.named(s, row.reference), found, Decided(), by=people[TOBIAS], now=desk.clock.now()
        )
    assert desk.row(row.reference).state == State.WAITING
    draft = desk.take(row.reference, people[TOBIAS])
    assert draft
    assert (draft.decisions[0].text, draft.raid) == ("Other.", [])


# ---------------------------------------------------------------------------------------------- asked, never guessed


def test_a_row_that_cannot_be_told_apart_is_asked_about(desk: Returning, people: dict[str, Person]) -> None:
    row = desk.back(twice(desk.document()), people[TOBIAS])
    found = returns.found_of(row)
    assert found
    asked = [edit for edit in found.edits if edit.change is Change.AMBIGUOUS]
    assert [edit.why for edit in asked] == ["D-01 stands at 2 rows. Which of them is it?"] * 2
    with pytest.raises(SecretariatError, match="cannot be told apart"):
        desk.take(row.reference, people[TOBIAS])
    first, second = (edit.place for edit in asked)
    assert desk.take(row.reference, people[TOBIAS], told={first: "D-01", second: "D-02"}) is None
    other = desk.back(twice(desk.document()), people[TOBIAS])
    draft = desk.take(other.reference, people[TOBIAS], told={first: "D-02", second: ""})
    assert draft
    assert [(d.ref, d.text) for d in draft.decisions] == [
        ("D-02", "The group approved the plan."), ("D-04", "It noted the risk."), ("D-03", "The group closed it.")
    ]  # fmt: skip
    assert [bool(d.evidence) for d in draft.decisions] == [True, False, True]


@pytest.mark.long
def test_a_row_may_be_left_out(desk: Returning, people: dict[str, Person]) -> None:
    row = desk.back(twice(desk.document()), people[TOBIAS])
    found = returns.found_of(row)
    assert found
    first, second = (edit.place for edit in found.edits if edit.why)
    draft = desk.take(row.reference, people[TOBIAS], told={first: "D-01", second: None})
    assert draft
    assert [d.ref for d in draft.decisions] == ["D-01", "D-03"]


# ------------------------------------------------------------------------------------------------------ who may, bad


def test_the_chair_gives_back_and_the_pmo_takes(desk: Returning, people: dict[str, Person]) -> None:
    row = desk.back(by_word(desk.document(), reword("D-01", "As the Chair has it.")), people[CHAIR])
    assert row.state == State.WAITING
    with pytest.raises(SecretariatError, match="not of the PMO"):
        desk.take(row.reference, people[CHAIR])
    assert desk.take(row.reference, people[TOBIAS])
    newest, _ = desk.newest()
    assert newest.edited_by == CHAIR


def test_nobody_else_gives_drafts_back(desk: Returning, people: dict[str, Person]) -> None:
    row = desk.back(desk.document(), people[REP])
    assert (row.state, row.found) == (State.REFUSED, {})
    assert row.reason.startswith(f"{REP} is neither of the PMO nor the Chair of PSG.")


def without_cells(document: docx.document.Document) -> None:
    row = row_of(document, "D-02")
    row.remove(row.findall(docx.oxml.ns.qn("w:tc"))[-1])


def without_header(document: docx.document.Document) -> None:
    table = next(t for t in document.tables if t.rows[0].cells[1].text == "Decision")
    table._tbl.remove(table.rows[0]._tr)


def without_table(document: docx.document.Document) -> None:
    table = next(t for t in document.tables if t.rows[0].cells[1].text == "Action")
    parent: Any = table._tbl.getparent()
    parent.remove(table._tbl)


def without_column(document: docx.document.Document) -> None:
    table = next(t for t in document.tables if t.rows[0].cells[1].text == "Action")
    for row in table.rows:
        cells = row._tr.findall(docx.oxml.ns.qn("w:tc"))
        if len(cells) == 5:
            row._tr.remove(cells[2])


def three_thousand_rows(document: docx.document.Document) -> None:
    row = row_of(document, "D-01")
    words = docx.oxml.xmlchemy.serialize_for_reading(row)
    for _ in range(3_000):
        row.addnext(docx.oxml.parse_xml(words))


def by_a_stranger(document: docx.document.Document) -> None:
    run = cell(document, "D-01", 1).paragraphs[0].runs[0]._r
    mark = docx.oxml.OxmlElement("w:ins")
    mark.set(docx.oxml.ns.qn("w:author"), "Mallory")
    run.addprevious(mark)
    mark.append(run)


TORN: list[tuple[str, Change_, str]] = [
    ("a row of four cells", without_cells, "The row of D-02 has 4 cells, not 5"),
    ("no header", without_header, "The row of D-01 stands in a table whose header is gone"),
    ("no table", without_table, "The table of the actions is gone, or its header is"),
    ("no column", without_column, "The table of the actions has no column “owner” any more"),
]
WRONG = [(name, spoil, said) for name, spoil, said in BAD if name not in ("a reference twice", "no outcome")] + [
    ("3,000 rows", lambda content: by_word(content, three_thousand_rows), "more than 2,000 rows"),
    ("a stranger's changes", lambda content: by_word(content, by_a_stranger), "tracked changes by Mallory"),
]


def test_bad_files_are_refused_with_a_sentence_and_kept(desk: Returning, people: dict[str, Person]) -> None:
    for name, spoil, said in WRONG:
        content = spoil(desk.document())
        row = desk.back(content, people[TOBIAS])
        assert (row.state, row.settled_by) == (State.REFUSED, "secretariat"), name
        assert said in row.reason
        assert desk.files.path(row.sha256).read_bytes() == content
        with pytest.raises(SecretariatError):
            desk.take(row.reference, people[TOBIAS])
        assert desk.newest()[0].version == 1


def test_a_torn_table_is_said_and_empties_nothing(desk: Returning, people: dict[str, Person]) -> None:
    for name, tear, said in TORN:
        row = desk.back(by_word(desk.document(), tear), people[TOBIAS])
        found = returns.found_of(row)
        assert found, name
        assert any(said in sentence for sentence in found.unread), name
        with pytest.raises(SecretariatError, match=said[:20]):
            desk.take(row.reference, people[TOBIAS])
        assert desk.newest()[0].version == 1


def test_a_draft_of_another_meeting_is_refused_where_it_is_given_in(desk: Returning, people: dict[str, Person]) -> None:
    calendar, day = Calendar(desk.drafting.config), desk.meeting.on
    for group in ("PSG", "SITAG"):
        other = calendar.meetings(day + timedelta(days=1), day + timedelta(days=60), [group])[0]
        with desk.database.session() as session:
            meetings.keep(session, [other])
        row = desk.back(desk.document(), people[TOBIAS], of=other)
        assert row.state == State.REFUSED
        assert f"This is PSG-2024-02-07-draft-1, not a draft of {drafts.reference_of(other)}." in row.reason


@pytest.mark.long
def test_a_lost_file_is_a_sentence_and_holds_nobody_up(desk: Returning, people: dict[str, Person]) -> None:
    with desk.database.session() as session:
        returns.receive(session, Brought("0" * 64, "gone.docx", Door.PAGE, "gone", people[TOBIAS]), desk.clock.now())
    assert desk.back(desk.document(), people[TOBIAS]).state == State.WAITING
    assert desk.row("RT-001").reason.startswith("The file of RT-001 is gone")


# ----------------------------------------------------------------------------------------- by mail, folder and Slack


def mail_of(
    room: MailRoom, content: bytes, sender: str, name: str = "draft JB.docx", *,
    text: str = "Dear all\n\nPlease find my edits attached.\n",
) -> str:  # fmt: skip
    room.came_so_far += 1
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"{sender} <{sender.lower().replace(' ', '.')}@example.org>", "PSG draft"
    mail["Message-ID"] = f"<draft{room.came_so_far}@example.org>"
    mail.set_content(text)
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return room.work(mail.as_bytes(), None)


@pytest.fixture
def room(desk: Returning) -> MailRoom:
    return MailRoom(desk.database, desk.drafting.config, desk.files, now=desk.clock.now())


def test_a_mail_of_the_pmo_is_read_line_by_line_and_answered(desk: Returning, room: MailRoom) -> None:
    key = mail_of(room, by_word(desk.document(), reword("D-01", "As it was.")), TOBIAS)
    [proposal] = room.proposals(key)
    assert (proposal.action, proposal.state, proposal.led_to) == ("edited_draft", "done", "RT-001")
    assert room.message(key).state == "done"
    desk.read()
    row = desk.row("RT-001")
    assert (row.state, row.came_by, row.file_name) == (State.WAITING, "mail", "draft JB.docx")
    [answer] = desk.notices()
    assert (answer.recipient, answer.in_reply_to) == ("address:tobias.wrenfield@example.org", "<draft1@example.org>")
    for said in ("against PSG-2024-02-07-draft-1", "D-01 (decision): reworded.", f"{PAGE}RT-001"):
        assert said in answer.text


COVER = "Dear all\n\nPlease find my edits attached.\n\nKind regards\nMarguerite\n"


def test_the_sros_mail_that_only_brings_the_draft_is_read_as_a_chairs_and_put_to_the_secretary(
    desk: Returning, room: MailRoom
) -> None:
    key = mail_of(room, by_word(desk.document(), reword("D-01", "As the Chair has it.")), CHAIR, text=COVER)
    [proposal] = room.proposals(key)
    assert (proposal.action, proposal.state, proposal.led_to) == ("edited_draft", "done", "RT-001")
    desk.read()
    [told] = desk.notices()  # no machine answers the SRO
    assert (told.recipient_name, told.kind) == (TOBIAS, "pmo_reminder")
    assert "an edited draft came back from Marguerite Oyelaran (RT-001)" in told.subject
    row = desk.row("RT-001")
    assert (row.state, row.person_id) == (State.WAITING, room.person(CHAIR).id)


@pytest.mark.parametrize(
    "more",
    ["Do not issue it before we have spoken.", "Who said what at D-02?", "Our solicitor has looked at the draft."],
)
def test_what_the_sro_says_beside_it_is_a_persons_to_read_first(desk: Returning, room: MailRoom, more: str) -> None:
    content = by_word(desk.document(), reword("D-01", "As the Chair has it."))
    key = mail_of(room, content, CHAIR, text=f"{COVER}\n{more}")
    [proposal] = [one for one in room.proposals(key) if one.action == "edited_draft"]
    assert (proposal.state, desk.notices()[1:]) == ("waiting", [])  # the PMO lead hears of what no machine answers
    assert "for a person to answer" in proposal.waits_for
    room.accept(proposal.reference)
    desk.read()
    assert desk.row("RT-001").state == State.WAITING


@pytest.mark.parametrize("group", ["", "DAG"])
def test_an_sro_chairs_every_group_or_those_that_no_delegate_chairs(
    desk: Returning, room: MailRoom, group: str
) -> None:
    """By one seat of the whole programme; or of another group, where a delegate chairs this one."""
    with desk.database.session() as session:
        sro = members.named(session, CHAIR).id
        session.execute(delete(SeatHoldingRow).where(SeatHoldingRow.person_id == sro))
        session.add(SeatHoldingRow(person_id=sro, group_key=group, seat="SRO as Chair", role="chair",
                                   from_on=date(2023, 1, 1)))  # fmt: skip
    key = mail_of(room, by_word(desk.document(), reword("D-01", "As the Chair has it.")), CHAIR, text=COVER)
    [proposal] = [one for one in room.proposals(key) if one.action == "edited_draft"]
    assert proposal.state == ("waiting" if group else "done")
    if group:
        assert "Only the PMO and the Chair edit drafts" in proposal.reason


def test_a_chairs_draft_that_cannot_be_taken_is_put_to_the_pmo(desk: Returning, room: MailRoom) -> None:
    def of_another_house(document: docx.document.Document) -> None:
        document.core_properties.identifier = "PSG-2024-02-07-draft-9"

    mail_of(room, by_word(desk.document(), of_another_house), CHAIR, text=COVER)
    desk.read()
    [told] = desk.notices()
    assert told.recipient_name == "Rosalind Achterberg"
    assert "It could not be taken, and nothing was changed" in told.text
    assert desk.row("RT-001").state == State.REFUSED


def test_a_bad_draft_by_mail_is_answered_with_its_sentence(desk: Returning, room: MailRoom) -> None:
    key = mail_of(room, with_part(desk.document(), "word/vbaProject.bin", b"x"), TOBIAS)
    assert room.message(key).state == "done"
    desk.read()
    [answer] = desk.notices()
    assert "The document holds macros." in answer.text
    assert "nothing was changed" in answer.text


def test_a_representatives_mail_waits_for_a_person(desk: Returning, room: MailRoom) -> None:
    key = mail_of(room, desk.document(), REP)
    [proposal] = room.proposals(key)
    assert (proposal.action, proposal.state) == ("edited_draft", "waiting")
    assert "Only the PMO and the Chair edit drafts" in proposal.reason
    assert desk.notices() == []
    room.accept(proposal.reference)
    desk.read()
    assert desk.row("RT-001").state == State.WAITING
    with room.deciding() as decider:
        decisions.take_back(decider, decider.session.get_one(MailProposalRow, proposal.reference), "A mistake.")
    assert desk.row("RT-001").state == State.PUT_ASIDE


def test_a_file_dropped_into_the_folder_is_taken_up_and_answered_beside_it(desk: Returning, tmp_path: Path) -> None:
    folder = tmp_path / "returns"
    door = ReturnFolder(folder, desk.database, desk.files, desk.announcer, desk.clock)
    assert not door.take_in_one()
    content = by_word(desk.document(), reword("D-01", "From the folder."))
    (folder / "PSG mine.docx").write_bytes(content)
    (folder / "~$SG mine.docx").write_bytes(b"locked")
    assert [door.take_in_one() for _ in range(4)] == [False, True, False, False]
    desk.read()
    assert [door.take_in_one() for _ in range(2)] == [True, False]
    assert (folder / TAKEN / "RT-001 PSG mine.docx").read_bytes() == content
    answer = (folder / TAKEN / "RT-001 PSG mine.docx.txt").read_text(encoding="utf-8")
    assert "D-01 (decision): reworded." in answer
    assert f"{PAGE}RT-001" in answer
    again = ReturnFolder(folder, desk.database, desk.files, desk.announcer, desk.clock)
    assert [again.take_in_one() for _ in range(2)] == [False, False]
    assert {row.recipient_name for row in desk.notices()} == {TOBIAS}


@pytest.mark.long
def test_what_is_no_document_is_taken_from_the_folder_once_it_stands_still(desk: Returning, tmp_path: Path) -> None:
    folder = tmp_path / "returns"
    door = ReturnFolder(folder, desk.database, desk.files, desk.announcer, desk.clock)
    door.take_in_one()
    (folder / "notes.docx").write_bytes(b"no Word file")
    assert sum(door.take_in_one() for _ in range(20)) == 1
    desk.read()
    assert desk.row("RT-001").reason.startswith("This is no Word document.")
    door.take_in_one()
    assert "This is no Word document." in (folder / TAKEN / "RT-001 notes.docx.txt").read_text(encoding="utf-8")


def test_a_file_in_slack_is_read_and_taken_with_one_click(slack: SlackAtHand, people: dict[str, Person]) -> None:
    assert people
    door = slack.door
    desk = Returning(door.database, door.config, cast("ContentFolder", door.files), door.clock)
    slack.screens.files["F1"] = ("mine.docx", by_word(desk.document(), reword("D-01", "From Slack.")))
    form = slack.opens("edited", user=TOBIAS_IN_SLACK)
    said = str(slack.submit(form, user=TOBIAS_IN_SLACK, file=("F1",)))
    assert "D-01 (decision): reworded." in said
    assert f"{PAGE}RT-001" in said
    for _ in range(2):
        slack.click("edited_take", "RT-001", user=TOBIAS_IN_SLACK)
    slack.answered(slack.click("edited_take", "RT-001", user=TOBIAS_IN_SLACK))
    row, draft = desk.newest()
    assert (row.version, draft.decisions[0].text) == (2, "From Slack.")


def test_a_bad_file_in_slack_is_said_on_its_field(slack: SlackAtHand, people: dict[str, Person]) -> None:
    assert people
    door = slack.door
    desk = Returning(door.database, door.config, cast("ContentFolder", door.files), door.clock)
    slack.screens.files["F1"] = ("mine.docx", b"no document")
    form = slack.opens("edited", user=TOBIAS_IN_SLACK)
    said = str(slack.submit(form, user=TOBIAS_IN_SLACK, file=("F1",)))
    assert "This is no Word document." in said
    assert "RT-001" in said
    assert desk.row("RT-001").state == State.REFUSED


def test_the_command_shows_asks_and_takes(
    desk: Returning, people: dict[str, Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert people
    whole = SimpleNamespace(database=desk.database, clock=desk.clock, drafting=desk.drafting, files=desk.files,
                            announcer=desk.announcer)  # fmt: skip
    context: Any = SimpleNamespace(obj=SimpleNamespace(secretariat=whole))
    file = tmp_path / "mine.docx"
    file.write_bytes(twice(by_word(desk.document(), reword("D-03", "It was closed."))))
    edited(context, file, TOBIAS, dry_run=True)
    said = capsys.readouterr().out
    assert "D-03 (decision): reworded." in said
    first, second = re.findall(r"--row (\d+)=D-01", said)
    with desk.database.reading() as session:
        assert returns.waiting(session) == []
    with pytest.raises(SecretariatError, match=r"It waits as RT-001\."):
        edited(context, file, TOBIAS)
    edited(context, file, TOBIAS, row=[f"{first}=D-01", f"{second}=d-02"])
    assert "PSG-2024-02-07-draft-2 is the newest draft now." in capsys.readouterr().out
    with pytest.raises(SecretariatError, match="4:D-01 says of no row which line it is"):
        edited(context, file, TOBIAS, row=["4:D-01"])
    listed(context)
    assert "RT-002  taken in as PSG-2024-02-07-draft-2  mine.docx, by command" in capsys.readouterr().out


# ---------------------------------------------------------------------- the machine drafts again after a person's edit


def drafted_again(desk: Returning, draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording is drafted once more, and the machine writes that."""
    transcript = Transcript(audio=Audio(name="psg.mp3", duration=900.0), engine="x", model=None, segments=[])
    now = desk.clock.now()
    with desk.database.session() as session:
        if session.get(RecordingRow, "R-1") is None:
            part = RecordingPartRow(name="psg.mp3", sha256="1" * 64)
            session.add(RecordingRow(id="R-1", meeting_uid=desk.meeting.uid, name="psg.mp3", state="transcribed",
                                     arrived_at=now, parts=[part]))  # fmt: skip
            session.flush()
            session.add(TranscriptRow(id="T-1", recording_id="R-1", made_at=now, engine="x",
                                      content=transcript.model_dump_json()))  # fmt: skip
        session.get_one(RecordingRow, "R-1").state = "transcribed"
    monkeypatch.setattr(bot.headlines.draft, "draft_from", lambda *_args, **_more: draft)
    assert drafts.draft_one(desk.database, desk.drafting, desk.clock)


def machines(*decisions: tuple[str, str, float]) -> Draft:
    """What the machine writes of the same recording, its lines numbered as it likes."""
    lines = [DRAFT.decisions[0].model_copy(update={"ref": ref, "text": text, "at": at}) for ref, text, at in decisions]
    return DRAFT.model_copy(update={"decisions": lines})


def test_a_new_draft_by_the_machine_does_not_overwrite_a_persons_edits(
    desk: Returning, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = several(reword("D-01", "The plan was approved, subject to testing."),
                    add_row("D-03", "", "The group thanked the PMO.", "Noted", "Consensus", ""))  # fmt: skip
    row = desk.back(by_word(desk.document(), edits), people[TOBIAS])
    assert desk.take(row.reference, people[TOBIAS])
    new = machines(
        ("D-01", "A first matter was opened.", 100.0), ("D-02", "The group approved the plan.", 700.5),
        ("D-03", "It noted the risk and the date.", 702.0), ("D-04", "The group closed it.", 703.0),
    )  # fmt: skip
    drafted_again(desk, new, monkeypatch)
    newest, draft = desk.newest()
    assert (newest.version, newest.edited_by) == (4, TOBIAS)  # 3 is the machine's own
    assert [(d.ref, d.text) for d in draft.decisions] == [
        ("D-05", "A first matter was opened."),
        ("D-01", "The plan was approved, subject to testing."),
        ("D-02", "It noted the risk and the date."),
        ("D-03", "The group closed it."),
        ("D-04", "The group thanked the PMO."),
    ]
    assert [bool(d.evidence) for d in draft.decisions] == [True, True, True, True, False]
    assert desk.made[-1].conflicts == ()
    with desk.database.reading() as session:
        assert returns.waiting(session) == []


def test_where_both_changed_the_same_words_the_persons_stand_and_the_pmo_is_asked(
    desk: Returning, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = several(reword("D-01", "Mine."), lambda document: remove(document, "D-02"), reword("A-01", "Ofgem", 2))
    row = desk.back(by_word(desk.document(), edits), people[TOBIAS])
    assert desk.take(row.reference, people[TOBIAS])
    drafted_again(desk, machines(
        ("D-01", "The group approved the second plan.", 701.0), ("D-02", "It noted the risk twice.", 702.0),
        ("D-03", "The group closed it.", 703.0)), monkeypatch)  # fmt: skip
    _, draft = desk.newest()
    assert [(d.ref, d.text) for d in draft.decisions] == [("D-01", "Mine."), ("D-03", "The group closed it.")]
    assert draft.actions[0].owner == ["Ofgem"]
    with desk.database.reading() as session:
        [asked] = returns.waiting(session)
    assert asked.came_by == "drafting"
    found = returns.found_of(asked)
    assert found
    assert [(c.ref, c.field, c.mine, c.theirs) for c in found.conflicts] == [
        ("D-01", "text", "Mine.", "The group approved the second plan."),
        ("D-02", "", "", "It noted the risk twice."),
    ]
    with pytest.raises(SecretariatError, match="D-01, D-02"):
        desk.take(asked.reference, people[TOBIAS])
    chosen = {("D-01", "text"): "The group approved the second plan.", ("D-02", ""): "keep"}
    assert desk.take(asked.reference, people[TOBIAS], chosen=chosen)
    _, draft = desk.newest()
    assert sorted((d.ref, d.text) for d in draft.decisions) == [
        ("D-01", "The group approved the second plan."), ("D-02", "It noted the risk twice."),
        ("D-03", "The group closed it."),
    ]  # fmt: skip
    assert all(d.evidence for d in draft.decisions)


def remove(document: docx.document.Document, ref: str) -> None:
    row = row_of(document, ref)
    following = row.getnext()
    row.getparent().remove(row)
    if following is not None and len(following.findall(docx.oxml.ns.qn("w:tc"))) == 1:
        following.getparent().remove(following)  # the words that it rests on


def test_an_edited_copy_of_the_first_draft_merges_with_the_machines_second(
    desk: Returning, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = desk.document()
    drafted_again(desk, machines(
        ("D-01", "A first matter was opened.", 100.0), ("D-02", "The group approved the plan.", 700.5),
        ("D-03", "It noted the risk.", 702.0), ("D-04", "The group closed it.", 703.0)), monkeypatch)  # fmt: skip
    row = desk.back(by_word(sent, reword("D-02", "It noted two risks.")), people[TOBIAS])
    draft = desk.take(row.reference, people[TOBIAS])
    assert draft
    assert [(d.ref, d.text) for d in draft.decisions] == [
        ("D-04", "A first matter was opened."), ("D-01", "The group approved the plan."),
        ("D-02", "It noted two risks."), ("D-03", "The group closed it."),
    ]  # fmt: skip


def test_attendees_are_known_by_name_where_the_roster_has_changed(
    desk: Returning, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    def present(document: docx.document.Document) -> None:
        row = next(row for row in document.tables[1].rows if row.cells[0].text == REP)
        row.cells[4].text = "Present"

    sent = desk.document()
    monkeypatch.setattr(drafts, "_at_table", lambda held: [h for h in held if h.role != "chair"][::-1])
    desk.keep(DRAFT.model_copy(update={"decisions": DRAFT.decisions[:2]}))
    row = desk.back(by_word(sent, present), people[TOBIAS])
    draft = desk.take(row.reference, people[TOBIAS])
    assert draft
    assert draft.attendance
    assert [line.name for line in draft.attendance if line.status == "present"] == [REP]


@pytest.mark.long
def test_a_comment_that_somebody_left_meanwhile_is_kept(desk: Returning, people: dict[str, Person]) -> None:
    def remark(text: str) -> Change_:
        return lambda document: document.add_comment(
            cell(document, "D-01", 1).paragraphs[0].runs, text=text, author=TOBIAS, initials="TW"
        )  # type: ignore[return-value]

    sent = desk.document()
    for text in ("First.", "Second."):
        row = desk.back(by_word(sent, remark(text)), people[TOBIAS])
        assert desk.take(row.reference, people[TOBIAS])
    _, draft = desk.newest()
    assert sorted(r.text for r in draft.remarks) == ["First.", "Second."]


def test_a_zip_whose_properties_are_a_bomb_is_not_unpacked() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("docProps/core.xml", b" " * (8 * 1024 * 1024))
    began = datetime.now(UTC)
    assert identifier_in(stream.getvalue()) == ""
    assert datetime.now(UTC) - began < timedelta(seconds=1)
