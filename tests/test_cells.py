"""An action's owner and due date, an outcome, a time: amended on request or by an erratum, with the log following."""

from __future__ import annotations

import io

import docx
import pytest
from docx_plus.revisions import read_revisions

from bot.amendment_life import Kind
from bot.amendments import read_request
from bot.errors import SecretariatError
from bot.formats import DraftedAction, DraftedDecision
from bot.report_cells import AMENDABLE, printed, read_back
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ActionRow, DecisionRow
from handlers.mail.cell_words import cell_wanted
from tests.issued_desk import ASKED, DOROTHEA, EMEKA, HARRIET, PAPERS_DAY, PMO, REFERENCE, IssuedDesk, desk

__all__ = ["desk"]
ACTION = "PSG27-01"


def row_of(desk: IssuedDesk, reference: str) -> list[str]:
    """The cells of a line's row in the newest report's document."""
    document = docx.Document(io.BytesIO(desk.content(desk.reports()[-1].document_sha256)))
    rows = (row for table in document.tables for row in table.rows)
    return next([cell.text for cell in row.cells] for row in rows if row.cells[0].text == reference)


def test_an_owner_and_a_due_date_are_amended_and_the_log_follows(desk: IssuedDesk) -> None:
    owner = desk.ask("DNO Representative", "A-01", cell="owner")
    due = desk.ask("1 March 2024", "A-01", DOROTHEA, cell="due")
    desk.accept(owner, due)
    said = desk.reissue()
    assert f"{ACTION} owner: “DNO Representative”, before: “PMO”" in said
    assert f"{ACTION} due date: “1 March 2024”, before: “16 February 2024”" in said
    with desk.whole.database.reading() as session:
        logged = session.get_one(ActionRow, ACTION)
        assert (logged.owner, logged.due, logged.text) == (
            "DNO Representative", "2024-03-01", "The PMO was asked to publish it.",
        )  # fmt: skip
        assert session.get_one(AmendmentRow, owner).present_text == "PMO"
    assert {"DNO Representative", "1 March 2024"} <= set(row_of(desk, ACTION))
    document = docx.Document(io.BytesIO(desk.content(desk.reports()[-1].redline_sha256)))
    found = {(r.author, r.text) for r in read_revisions(document)}
    assert {(f"PMO for {owner}", "PMO"), (f"PMO for {owner}", "DNO Representative")} <= found
    assert {(author, text) for author, text in found if author == f"PMO for {due}"} >= {(f"PMO for {due}", "March")}
    dispositions = [(row.reference, row.line, row.outcome) for row in desk.newest().dispositions]
    assert dispositions == [(owner, f"{ACTION} owner", "Accepted"), (due, f"{ACTION} due date", "Accepted")]


def test_the_words_and_a_cell_of_one_line_are_told_apart_in_the_redline(desk: IssuedDesk) -> None:
    words = desk.ask("The PMO was asked to publish the plan.", "A-01")
    owner = desk.ask("Elexon", "A-01", DOROTHEA, cell="owner")
    desk.accept(words, owner)
    desk.reissue()
    document = docx.Document(io.BytesIO(desk.content(desk.reports()[-1].redline_sha256)))
    by = {
        text: author
        for r in read_revisions(document)
        if (author := r.author).startswith("PMO for")
        for text in [r.text]
    }
    assert by["Elexon"] == f"PMO for {owner}"
    assert by["the plan"] == f"PMO for {words}"


def test_two_who_want_another_owner_are_rivals_and_a_person_chooses(desk: IssuedDesk) -> None:
    one = desk.ask("Elexon", "A-01", cell="owner")
    other = desk.ask("DNO Representative", "A-01", DOROTHEA, cell="owner")
    assert f"{one} and {other}, {ACTION} owner" in desk.run("amendments", "conflicts", "PSG", "2024-02-07", now=ASKED)
    for reference, text in ((one, "Elexon"), (other, "DNO Representative")):
        words = ("accept-part", reference, *PMO, "--reason", "As heard.", "--text", text)
        desk.run("amendments", *words, now=ASKED)
    refused = desk.refused("reports", "reissue", REFERENCE, *PMO, now=PAPERS_DAY)
    assert f"{ACTION} owner reads “PMO”; {one} would have “Elexon”" in refused
    desk.reissue("--choose", f"{ACTION} owner={other}")
    assert desk.newest().draft.actions[0].owner == ["DNO Representative"]


def test_due_dates_that_differ_in_different_words_are_rivals_too(desk: IssuedDesk) -> None:
    one, other = desk.ask("17 February 2024", "A-01", cell="due"), desk.ask("16 March 2024", "A-01", EMEKA, cell="due")
    assert f"{one} and {other}, {ACTION} due date" in desk.run(
        "amendments", "conflicts", "PSG", "2024-02-07", now=ASKED
    )


def test_another_owner_and_another_due_date_are_no_rivals(desk: IssuedDesk) -> None:
    desk.ask("Elexon", "A-01", cell="owner")
    desk.ask("1 March 2024", "A-01", DOROTHEA, cell="due")
    desk.ask("Elexon", "A-01", DOROTHEA, cell="owner")  # the same wish
    assert "No two open requests" in desk.run("amendments", "conflicts", "PSG", "2024-02-07", now=ASKED)


@pytest.mark.parametrize(
    ("line", "cell", "text", "kind", "sentence"),
    [
        ("D-01", "owner", "Elexon", Kind.RECORD, "PSG-DEC41 has no owner to amend."),
        ("D-01", "outcome", "perhaps", Kind.RECORD, "perhaps is no outcome."),
        ("D-01", "outcome", "To be confirmed", Kind.RECORD, "An outcome once issued is not taken back"),
        ("D-01", "time", "about noon", Kind.RECORD, "about noon is no time in a recording."),
        ("P-01", "owner", "Elexon", Kind.RECORD, "Say how the whole line shall read."),
        ("A-01", "owner", "Elexon", Kind.NOTE, "is about the line, not its owner alone."),
        ("A-77", "owner", "Elexon", Kind.RECORD, "The report has no line A-77."),
    ],
)  # fmt: skip
def test_what_cannot_stand_there_is_refused_with_a_sentence(
    desk: IssuedDesk, line: str, cell: str, text: str, kind: Kind, sentence: str
) -> None:
    with pytest.raises(SecretariatError) as refused:
        desk.ask(text, line, kind=kind, cell=cell)
    assert sentence in f"{refused.value}"


def test_the_text_agreed_for_a_cell_must_be_able_to_stand_there(desk: IssuedDesk) -> None:
    outcome = desk.ask("Rejected", "D-01", cell="outcome")
    words = ("accept-part", outcome, *PMO, "--reason", "As heard.", "--text")
    assert "maybe is no outcome" in desk.refused("amendments", *words, "maybe", now=ASKED)
    desk.run("amendments", *words, "Noted", now=ASKED)
    desk.reissue()
    with desk.whole.database.reading() as session:
        assert session.get_one(DecisionRow, "PSG-DEC41").outcome == "noted"


def test_an_erratum_corrects_an_owner_and_leaves_the_words(desk: IssuedDesk) -> None:
    shall = ("--owner", "Elexon, DNO Representative", "--due", "2024-03-01", "--reason", "Misheard.")
    said = desk.run("reports", "correct", REFERENCE, "A-01", *shall, *PMO)
    assert f"{ACTION} owner: “Elexon, DNO Representative”, before: “PMO”" in said
    action = desk.newest().draft.actions[0]
    assert (action.owner, action.due) == (["Elexon", "DNO Representative"], "2024-03-01")
    row = desk.newest().dispositions[0]
    assert row.outcome == "Corrected. It said: Owner: PMO. Due date: 16 February 2024."
    again = ("reports", "correct", REFERENCE, "A-01", "--owner", "Elexon, DNO Representative", "--reason", "Y.", *PMO)
    assert "says that already" in desk.refused(*again)
    nothing = ("reports", "correct", REFERENCE, "A-01", "--reason", "Y.", *PMO)
    assert "An erratum needs what the line shall say" in desk.refused(*nothing)


@pytest.mark.parametrize(
    ("text", "line", "cell", "wanted"),
    [
        ("PSG 2024-02-07 A-01 owner: Elexon", "A-01", "owner", "Elexon"),
        ("PSG 2024-02-07 A1, due date: 1 March 2024", "A-01", "due", "1 March 2024"),
        ("PSG 2024-02-07 D-01 outcome: Rejected", "D-01", "outcome", "Rejected"),
        ("PSG 2024-02-07 D-01: owner: nobody", "D-01", "", "owner: nobody"),
        ("PSG 2024-02-07 D-01 the plan: it was approved", "D-01", "", "the plan: it was approved"),
        ("PSG 2024-02-07: the owner is wrong", None, "", "the owner is wrong"),
    ],
)
def test_a_request_in_words_names_a_cell_before_its_colon(text: str, line: str, cell: str, wanted: str) -> None:
    request = read_request(text)
    assert request is not None
    assert (request.line, request.cell, request.text) == (line, cell, wanted)


def test_every_cell_that_may_be_amended_reads_back_as_it_is_printed() -> None:
    decision = DraftedDecision(ref="D-01", item=None, text="x", at=754.0, segment="1", outcome="accept_subject_to",
                               reached_by="chair", confidence=1.0, evidence=[])  # fmt: skip
    action = DraftedAction(ref="A-01", item=None, text="x", at=None, segment="1", owner=["PMO", "Elexon"],
                           due="2024-02-29", confidence=1.0, evidence=[])  # fmt: skip
    for kind, line in (("decision", decision), ("action", action)):
        cells = {cell: printed(line, cell) for cell in AMENDABLE[kind]}
        assert line.model_copy(update=read_back(cells)) == line


def test_who_asked_is_shown_what_of_the_line_they_asked_about(desk: IssuedDesk) -> None:
    reference = desk.ask("Elexon", "A-01", HARRIET, cell="owner")
    shown = desk.run("amendments", "show", reference, now=ASKED)
    assert "about: A-01 owner of PSG-2024-02-07 (action)" in shown
    assert "present text: PMO" in shown


@pytest.mark.parametrize(
    ("passage", "wanted"),
    [
        ("The owner of PSG27-01 should be Elexon, not the PMO.", ("owner", "Elexon")),
        ("A-01: the due date should be 1 March 2024 because the board meets then.", ("due", "1 March 2024")),
        ("A-01 owner: DNO Representative", ("owner", "DNO Representative")),
        ("For A-01 (due date): end of March", ("due", "end of March")),
        ("A-01: the owner should be “Elexon”.", ("owner", "Elexon")),
        ("The deadline for action A-01 should have been 1 March 2024.", ("due", "1 March 2024")),
        ("A-01: the outcome should be rejected.", None),
        ("A-01 should say that the owner of the plan is Elexon.", None),
        ("A-01: the time should be later.", None),
        ("The owner of A-01 should be changed.", None),
        ("The owner of A-01 is the PMO, and we agree.", None),
        ("The due date of A-01 should be earlier.", None),
    ],
)
def test_a_mail_says_what_shall_stand_beside_a_line(passage: str, wanted: tuple[str, str] | None) -> None:
    assert cell_wanted(passage, "action") == wanted
