"""A meeting that was not recorded: its draft rests on a named secretary's notes, and says so."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import docx
import pytest
from typer.testing import CliRunner

from bot import notes
from bot.adapters.content_files import ContentFolder
from bot.adapters.notes_document import notes_text
from bot.adapters.word_document import WordDocuments
from bot.cli import app
from bot.clock import Clock
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import NotAllowed, SecretariatError
from bot.formats import Agenda, AgendaItem, Draft
from bot.headlines.notes import draft_from_notes, notes_of, written_by
from bot.model import Person
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from handlers.folder.notes import NotesFolder
from schedules.finding import find_meeting
from schedules.series import Calendar
from tests.secretariat_process import ROOT
from tests.test_headlines import HELD_ON, MEMBERS
from tests.test_word_document import TEMPLATE

AGENDA = Agenda(items=[AgendaItem(title="Apologies"), AgendaItem(title="Migration plan"), AgendaItem(title="Budget")])
NOTES = """Notes by Ines Marlow

2. Migration plan
- Large Supplier: concerned that the window is too short.
- DNO rep asked whether the test data would be ready in March.
Agreed: to approve the migration plan version 2.
Action: PMO to circulate the updated plan by Friday.
The weather was fine.
Risk: the test data will not be ready in March.
"""


def draft_of_notes(text: str = NOTES, level: int = 2) -> Draft:
    return draft_from_notes(
        notes_of(text, "Ines Marlow"), group="PSG", held_on=HELD_ON, level=level, agenda=AGENDA, attendance=MEMBERS
    )


def test_every_line_names_the_line_of_the_notes_and_has_no_time() -> None:
    draft = draft_of_notes()
    assert (draft.recorded, draft.notes_by, draft.coverage.speech_seconds) == (False, "Ines Marlow", 0.0)
    assert [(d.text, d.outcome, d.item) for d in draft.decisions] == [
        ("The group agreed to approve the migration plan version 2.", "accept", "2")
    ]
    assert draft.decisions[0].evidence[0].source == "Notes of Ines Marlow, line 6"
    assert [(a.owner, a.due) for a in draft.actions] == [(["PMO"], "2024-02-09")]
    assert [(v.constituency, v.stance) for v in draft.viewpoints] == [("Large Supplier", "concern"), ("DNO", "asks")]
    assert [r.kind for r in draft.raid] == ["risk"]
    lines = NOTES.splitlines()
    for line in (*draft.decisions, *draft.actions, *draft.viewpoints, *draft.raid):
        assert line.at is None  # type: ignore[attr-defined]
        for e in line.evidence:  # type: ignore[attr-defined]
            assert e.at is None
            assert e.quote in lines[int(e.source.rpartition(" ")[2]) - 1]
    assert [item.start for item in draft.agenda] == [None]


def test_what_the_notes_leave_open_is_said() -> None:
    completeness = draft_of_notes().completeness
    assert completeness is not None
    assert completeness.lines_left == ["8"]
    assert completeness.statement[0].startswith(
        "The meeting was not recorded. These lines rest on the notes of Ines Marlow"
    )
    assert [item.title for item in completeness.undiscussed] == ["Apologies", "Budget"]


WRITTEN: list[tuple[str, str | None, str]] = [
    ("accept", None, "The group approved change request 45."),
    ("accept", "consensus", "Agreed by consensus: to move the milestone to June."),
    ("accept", None, "It was agreed that the milestone moves to June."),
    ("accept", "chair", "Chair's decision: approve the plan."),
    ("accept_subject_to", None, "PSG approved the test strategy subject to the legal review."),
    ("reject", None, "The group did not agree change request 45."),
    ("reject", None, "CR 45 was not approved."),
    ("reject", None, "Decision: reject change request 45."),
    ("reject", None, "Agreed not to proceed with option B."),
    ("reject", None, "PSG rejected the exemption."),
    ("refer", None, "The group referred the plan back to DAG for more analysis."),
    ("refer", None, "Decision: refer to SITAG."),
    ("escalate", None, "The item was escalated to Ofgem via the IPA."),
    ("deferred", None, "Decision: defer the budget to March."),
    ("deferred", None, "The paper was deferred to the next meeting."),
    ("withdrawn", None, "Change request 12 was withdrawn."),
    ("noted", None, "The group noted the dashboard report."),
    ("none", None, "No decision was reached on the budget."),
    ("none", None, "Agreed, but the DNOs objected."),
    ("none", None, "Outcome to be confirmed: the exemption."),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "reached_by", "line"), WRITTEN, ids=[row[2] for row in WRITTEN])
def test_a_decision_is_read_as_it_is_written(outcome: str, reached_by: str | None, line: str) -> None:
    decisions = draft_of_notes(line).decisions
    assert [(d.outcome, d.reached_by) for d in decisions] == [(outcome, reached_by)], [d.text for d in decisions]


@pytest.mark.parametrize(
    "line",
    [
        "The minutes of the previous meeting were agreed.",
        "DNO asked whether the plan was agreed.",
        "The plan is to be approved in March.",
        "If agreed, the plan will be published.",
        "PSG is asked to approve the plan.",
        "Discussion on whether the change was approved.",
        "Was this agreed?",
    ],
)
def test_what_is_written_of_no_decision_drafts_none(line: str) -> None:
    assert [(d.outcome, d.text) for d in draft_of_notes(line).decisions] == []


def test_an_objection_written_beside_an_agreement_leaves_it_open() -> None:
    (decision,) = draft_of_notes("The DNO objected.\nAgreed: to approve the plan.").decisions
    assert decision.outcome == "none"
    assert {e.source for e in decision.evidence} == {"Notes of Ines Marlow, line 1", "Notes of Ines Marlow, line 2"}
    (decision,) = draft_of_notes(
        "The DNO objected.\nThe DNO withdrew the objection.\nAgreed: to approve the plan."
    ).decisions
    assert decision.outcome == "accept"


def test_a_level_4_group_recommends_in_notes_too() -> None:
    (decision,) = draft_of_notes("Agreed: to approve the plan.", level=4).decisions
    assert (decision.reached_by, decision.text) == (
        "recommendation",
        "The group's recommendation was to approve the plan.",
    )


def test_who_wrote_them_is_read_or_asked() -> None:
    assert written_by(NOTES) == "Ines Marlow"
    assert written_by("Agreed: to go ahead.\nNotes: none") is None


def test_notes_come_as_text_markdown_or_word() -> None:
    document = docx.Document()
    document.add_heading("Migration plan", 2)
    document.add_paragraph("Agreed: to approve it.", style="List Bullet")
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Action", "PMO to send it"
    kept = BytesIO()
    document.save(kept)
    assert notes_text("a.docx", kept.getvalue()).splitlines() == [
        "Migration plan",
        "Agreed: to approve it.",
        "Action: PMO to send it",
    ]
    assert notes_text("a.md", "\ufeff* Agreed".encode()) == "* Agreed"
    for name, content, says in (
        ("a.pdf", b"x", "no file of notes"),
        ("a.docx", b"PK nonsense", "no Word document"),
        ("a.txt", b" \n 12 ", "holds no words"),
    ):
        with pytest.raises(SecretariatError, match=says):
            notes_text(name, content)


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "ﷺ́", "Agreed:", "Action:", "- ", "1.", "Decision: " + "a " * 4000, "Zápis: schváleno nebylo nic"],
)
def test_notes_of_any_kind_give_a_draft(text: str) -> None:
    draft = draft_of_notes(text)
    assert Draft.model_validate_json(draft.model_dump_json()) == draft


def test_the_command_drafts_from_notes_and_wants_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file, word = tmp_path / "notes.txt", tmp_path / "d.docx"
    file.write_text(NOTES, encoding="utf-8")
    asked = ["draft", "--group", "PSG", "--date", "2024-02-07", "--notes", str(file)]
    done = CliRunner().invoke(app, [*asked, "--by", "Jo Bloggs", "--output", str(word)])
    assert done.exit_code == 0, done.output
    said = " ".join(p.text for p in docx.Document(str(word)).paragraphs)
    assert "The meeting was not recorded: from notes of Jo Bloggs." in said
    assert "These lines rest on the notes of Jo Bloggs" in said
    file.write_text("Agreed: to go ahead.", encoding="utf-8")
    nameless = CliRunner().invoke(app, asked)
    assert isinstance(nameless.exception, SecretariatError)
    assert "who wrote them" in str(nameless.exception)


@pytest.fixture
def drafting(config: Config, tmp_path: Path) -> Drafting:
    files = ContentFolder(tmp_path / "content")
    return Drafting(config, files, WordDocuments(TEMPLATE), lambda _: AGENDA, lambda _: (), lambda *_: None, "")


def test_a_meeting_on_file_is_drafted_from_the_notes_of_the_pmo(
    database: Database, people: dict[str, Person], drafting: Drafting, config: Config, clock: Clock
) -> None:
    with database.session() as session:
        meeting = find_meeting(session, Calendar(config), "PSG", date(2024, 2, 7))
        made = notes.draft_from(session, drafting, meeting, NOTES, by=people["Tobias Wrenfield"], now=clock.now())
        assert (made.id, made.transcript_id) == ("PSG-2024-02-07-draft-1", None)
        assert {line.ref for line in made.lines} >= {"D-01", "A-01", "V-01"}
        document = docx.Document(str(drafting.files.path(made.document_sha256)))
        assert "The meeting was not recorded." in [p.text for p in document.paragraphs]
        assert "Notes of Tobias Wrenfield, line 6" in " ".join(
            c.text for t in document.tables for r in t.rows for c in r.cells
        )
        outsider = next(
            p for p in people.values() if p.name not in ("Tobias Wrenfield",) and "pmo" not in p.organisation.lower()
        )
        with pytest.raises(NotAllowed):
            notes.draft_from(session, drafting, meeting, NOTES, by=outsider, now=clock.now())


def test_notes_dropped_into_the_folder_are_taken_or_stay_with_a_reason(
    database: Database, people: dict[str, Person], drafting: Drafting, config: Config, clock: Clock, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "notes"
    folder.mkdir()
    watched = NotesFolder(folder, database, lambda: drafting, Calendar(config), clock, notes_text)
    good, nameless = folder / "PSG-2024-02-07 notes.txt", folder / "PSG-2024-02-07.md"
    good.write_text(NOTES.replace("Ines Marlow", "Tobias Wrenfield"), encoding="utf-8")
    nameless.write_text("Agreed: to go ahead.", encoding="utf-8")
    assert not watched.take_in_one()  # its size must stand still first
    assert watched.take_in_one()
    assert not watched.take_in_one()
    assert (good.exists(), nameless.exists()) == (False, True)
    assert "PSG-2024-02-07.md was not taken" in capsys.readouterr().out
    with database.reading() as session:
        kept = session.get_one(DraftRow, "PSG-2024-02-07-draft-1")
        assert Draft.model_validate_json(kept.content).notes_by == "Tobias Wrenfield"
