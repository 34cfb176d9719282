"""From draft to issue: who moves a report, what an edit undoes, whose word each outcome is, what leaves the house."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from sqlalchemy import select

from bot import clearances, confirmations, drafts, members, returns
from bot.clock import Clock
from bot.errors import SecretariatError
from bot.formats import Draft, DraftRemark
from bot.report_imports import NOTHING_DECIDED, Decided
from bot.report_life import MOVES, Facts, Mover, ReportState, refuse_move, stands, state_of_revision
from bot.return_states import Door
from bot.returns import Brought
from bot.store.draft_tables import ConfirmationRow, DraftRow
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ApologyRow
from bot.store.report_tables import DecisionRow
from bot.store.speech_tables import RecordingRow
from tests.issued_desk import DRAFT, ISSUED, PMO, REFERENCE, IssuedDesk

S = ReportState
PSG = ("PSG", "2024-02-07", *PMO)
CHAIR = "Marguerite Oyelaran"
WHY = ("--overrule", "Attendance is checked by hand.")
CONFIRM = ("reports", "confirm", REFERENCE)


@pytest.fixture
def office(tmp_path: Path, people: object, monkeypatch: pytest.MonkeyPatch) -> IssuedDesk:
    """The PSG of 7 February drafted, two days later; nothing is issued."""
    assert people
    return IssuedDesk(tmp_path, monkeypatch)


def state(desk: IssuedDesk) -> ReportState:
    with desk.whole.database.reading() as session:
        return clearances.standing_of(session, desk.meeting.uid).state


def next_draft(desk: IssuedDesk, change: Draft, version: int = 2) -> None:
    with desk.whole.database.session() as session:
        was = drafts.latest(session, desk.meeting.uid)
        assert was
        session.add(
            DraftRow(
                id=f"{REFERENCE}-draft-{version}", meeting_uid=was.meeting_uid, version=version, made_at=ISSUED,
                content=change.model_dump_json(), document_sha256=was.document_sha256,
            )
        )  # fmt: skip


def reworded(text: str, place: int = 0) -> Draft:
    decisions = list(DRAFT.decisions)
    decisions[place] = decisions[place].model_copy(update={"text": text})
    return DRAFT.model_copy(update={"decisions": decisions})


# ---------------------------------------------------------------------------------------------------- the life, pure


def test_every_state_is_reached_and_only_by_the_moves_there_are() -> None:
    assert {to for _, to in MOVES} == set(S)
    assert {frm for frm, _ in MOVES} == set(S) - {S.SUPERSEDED}
    for frm, to in itertools.product(S, S):
        if (frm, to) in MOVES:
            refuse_move(frm, to, "It")
        else:
            with pytest.raises(SecretariatError):
                refuse_move(frm, to, "It")
    assert {move.by for (_, to), move in MOVES.items() if to is S.CLEARED} == {Mover.CHAIR}
    assert {move.by for (_, to), move in MOVES.items() if to is S.ISSUED} == {Mover.PMO}


@pytest.mark.parametrize(
    ("facts", "state", "notes"),
    [
        (Facts(newest="d1"), S.DRAFT, ""),
        (Facts(newest="d1", reviewed="d1"), S.REVIEWED, ""),
        (Facts(newest="d1", reviewed="d1", asked="d1", waits=True), S.WITH_CHAIR, ""),
        (Facts(newest="d2", asked="d1", waits=True), S.WITH_CHAIR, "The Chair was asked about d1; d2 was made since."),
        (Facts(newest="d1", asked="d1", waits=True, held="a dispute"), S.WITH_CHAIR, "The PMO holds it: a dispute"),
        (Facts(newest="d1", asked="d1", cleared="d1"), S.CLEARED, ""),
        (Facts(newest="d2", asked="d1", cleared="d1"), S.DRAFT, "The Chair cleared d1; d2 was made since."),
        (Facts(newest="d2", reviewed="d2", asked="d1", cleared="d1"), S.REVIEWED,
         "The Chair cleared d1; d2 was made since."),
        (Facts(newest="d1", cleared="d1", subject_to_review=True), S.CLEARED,
         "It goes out subject to the Chair's review."),
        (Facts(newest="d1", revision=1), S.ISSUED, ""),
        (Facts(newest="d1", revision=2), S.AMENDED, ""),
    ],
)  # fmt: skip
def test_the_state_follows_from_what_is_on_file(facts: Facts, state: ReportState, notes: str) -> None:
    found = stands(facts)
    assert (found.state, " ".join(found.notes)) == (state, notes)


def test_an_older_revision_is_superseded() -> None:
    assert [state_of_revision(n, 3) for n in (1, 2, 3)] == [S.SUPERSEDED, S.SUPERSEDED, S.AMENDED]
    assert state_of_revision(1, 1) is S.ISSUED


# ------------------------------------------------------------------------------------------------- from draft to Chair


def test_a_draft_is_reviewed_goes_to_the_chair_once_and_is_cleared(office: IssuedDesk) -> None:
    assert state(office) is S.DRAFT
    assert "To send it to the Chair" in office.run("reports", "reviewed", *PSG)
    assert state(office) is S.REVIEWED
    assert "already" in office.refused("reports", "reviewed", *PSG)
    assert f"The draft goes to {CHAIR} by mail." in office.run("reports", "with-chair", *PSG)
    assert state(office) is S.WITH_CHAIR
    assert "is with the Chair since" in office.refused("reports", "with-chair", *PSG)
    [mail] = office.notices("clearance")
    with office.whole.database.reading() as session:
        draft = drafts.latest(session, office.meeting.uid)
        assert draft
        assert mail.attachments == [f"{draft.document_sha256}:{REFERENCE}-draft-1.docx"]
    assert (mail.recipient_name, mail.state, mail.released_by) == (CHAIR, "pending", "Tobias Wrenfield")
    assert 'reply "cleared"' in mail.text
    assert "12:00" in mail.text
    office.run("reports", "cleared", *PSG)
    assert state(office) is S.CLEARED
    assert office.notices("clearance")[0].state == "superseded", "she answered by telephone: she is not asked any more"


def test_another_version_falls_back_to_a_draft(office: IssuedDesk) -> None:
    office.run("reports", "cleared", *PSG)
    assert state(office) is S.CLEARED
    next_draft(office, reworded("The group approved the plan of March."))
    assert state(office) is S.DRAFT
    warned = office.refused("reports", "issue", REFERENCE, *PMO, "--attended")
    assert "The Chair cleared PSG-2024-02-07-draft-1; PSG-2024-02-07-draft-2 was made since." in warned


def test_on_silence_the_pmo_holds_it_or_issues_it_subject_to_review(office: IssuedDesk) -> None:
    assert "Put it to the Chair first." in office.refused("reports", "hold", *PSG, "--reason", "A dispute.")
    office.run("reports", "with-chair", *PSG)
    office.run("reports", "hold", *PSG, "--reason", "Two seats dispute D-02.")
    assert state(office) is S.WITH_CHAIR
    assert "Two seats dispute D-02." in office.refused("reports", "issue", REFERENCE, *PMO, "--attended")
    office.run("reports", "cleared", *PSG, "--subject-to-review")
    office.run("reports", "issue", REFERENCE, *PMO, "--attended", *WHY)
    version = "Issued Friday 9 February 2024, revision 1; issued subject to the Chair's review"
    assert office.newest().version == version
    document = Document(BytesIO(office.content(office.reports()[0].document_sha256)))
    assert "issued subject to the Chair's review" in "\n".join(p.text for p in document.paragraphs) + "".join(
        cell.text for table in document.tables for row in table.rows for cell in row.cells
    )


def test_the_dial_may_send_a_reviewed_draft_by_itself_or_none_at_all(
    office: IssuedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETARIAT_DIAL__CLEARANCE", "automatic")
    assert f"The draft goes to {CHAIR} by mail." in office.run("reports", "reviewed", *PSG)
    assert state(office) is S.WITH_CHAIR
    next_draft(office, reworded("Otherwise."))
    monkeypatch.setenv("SECRETARIAT_DIAL__CLEARANCE", "shadow")
    assert "not sent (in shadow)" in office.run("reports", "with-chair", *PSG)
    assert sorted(row.state for row in office.notices("clearance")) == ["pending", "withheld"]


def given_back(desk: IssuedDesk, content: bytes, *, decided: Decided = NOTHING_DECIDED) -> str:
    """The Chair's document comes by mail, and the PMO takes it in. Returns its reference."""
    whole, now = desk.whole, ISSUED
    with whole.database.session() as session:
        chair, pmo = members.named(session, CHAIR), members.named(session, "Tobias Wrenfield")
        brought = Brought(whole.files.put(content), "x.docx", Door.MAIL, str(hash(content)), chair)
        reference = returns.receive(session, brought, now).reference
    returns.read(whole.database, whole.drafting, lambda *_: None, Clock(now), reference)
    with whole.database.session() as session:
        row = returns.named(session, reference)
        returned = returns.look(session, whole.drafting, row, now.date(), decided)
        returns.take_in(session, whole.drafting, row, returned, decided, by=pmo, now=now)
    return reference


def edited(content: bytes, before: str, after: str) -> bytes:
    document, kept = Document(BytesIO(content)), BytesIO()
    [cell] = [c for table in document.tables for row in table.rows for c in row.cells if c.text.strip() == before]
    cell.paragraphs[0].runs[0].text = after
    document.save(kept)
    return kept.getvalue()


def test_the_chair_answers_in_word_and_what_the_pmo_takes_in_is_cleared(office: IssuedDesk) -> None:
    office.run("reports", "with-chair", *PSG)
    content = office.content(office.drafts()[0].document_sha256)
    given_back(office, edited(content, DRAFT.decisions[0].text, "The group approved the plan of March."))
    assert [row.version for row in office.drafts()] == [1, 2]
    assert state(office) is S.CLEARED
    with office.whole.database.reading() as session:
        row = clearances.newest(session, office.meeting.uid)
        assert row
        assert (row.answered_by, row.answered_how) == (CHAIR, "word")
        assert (row.draft_id, row.cleared_draft_id) == (f"{REFERENCE}-draft-1", f"{REFERENCE}-draft-2")
    assert confirmed_by(office) == {"D-01": "", "D-02": ""}
    next_draft(office, reworded("Otherwise again."), 3)
    assert state(office) is S.DRAFT


def test_a_document_that_the_chair_sends_unasked_clears_nothing(office: IssuedDesk) -> None:
    given_back(office, office.content(office.drafts()[0].document_sha256))
    assert state(office) is S.DRAFT


# ------------------------------------------------------------------------------------- each outcome, by a named person


def confirmed_by(desk: IssuedDesk) -> Mapping[str, str]:
    with desk.whole.database.reading() as session:
        row = drafts.latest(session, desk.meeting.uid)
        assert row
        found = confirmations.of_decisions(session, desk.meeting.uid, Draft.model_validate_json(row.content).decisions)
    return {each.decision.ref: each.by.name if each.by else "" for each in found}


def test_no_decision_is_issued_whose_outcome_nobody_confirmed(office: IssuedDesk) -> None:
    refused = office.refused("reports", "issue", REFERENCE, *PMO, *WHY)
    assert "D-01: its outcome, at 00:11:41, is not confirmed; D-02: its outcome, at 00:11:42" in refused
    assert "secretariat reports confirm PSG-2024-02-07 --all --attended --by NAME" in refused
    office.run(*CONFIRM, "D-01", "--attended", *PMO)
    assert "D-01" not in office.refused("reports", "issue", REFERENCE, *PMO, *WHY)
    office.run(*CONFIRM, "D-02", "--attended", "--by", "Rosalind Achterberg")
    office.run("reports", "issue", REFERENCE, *PMO, *WHY)
    with office.whole.database.reading() as session:
        whose = [row.confirmed_by for row in session.scalars(select(DecisionRow).order_by(DecisionRow.number))]
        rows = session.scalars(select(ConfirmationRow).order_by(ConfirmationRow.id)).all()
        audited = session.scalars(select(AuditRow).where(AuditRow.event == "report issued")).one().detail
    assert [row.by_id for row in rows] == whose, "the log names who confirmed each, not who issued"
    assert len(set(whose)) == 2
    assert audited["overruled"] == "Attendance is checked by hand."
    assert any("Attendance is complete" in said for said in audited["warnings"])
    assert "(Rosalind Achterberg, who attended)" in audited["outcomes_confirmed"][1]


def test_the_check_list_is_overruled_with_a_reason_and_the_confirmation_is_not(office: IssuedDesk) -> None:
    assert "not confirmed" in office.refused("reports", "issue", REFERENCE, *PMO, "--overrule", "We are in a hurry.")
    office.run(*CONFIRM, "--all", "--attended", *PMO)
    warned = office.refused("reports", "issue", REFERENCE, *PMO)
    assert "The check list warns." in warned
    assert "--overrule" in warned
    assert "WARNS" in office.run("reports", "issue", REFERENCE, *PMO, *WHY, "--dry-run")
    assert office.reports() == []


def test_other_words_lose_their_confirmation_and_the_same_words_keep_it(office: IssuedDesk) -> None:
    office.run(*CONFIRM, "--all", "--attended", *PMO)
    next_draft(office, reworded("The group  approved the plan of\nJanuary."))
    assert confirmed_by(office) == {"D-01": "Tobias Wrenfield", "D-02": "Tobias Wrenfield"}, "a line break says nothing"
    next_draft(office, reworded("The group approved the plan of March."), 3)
    assert confirmed_by(office) == {"D-01": "", "D-02": "Tobias Wrenfield"}
    turned = DRAFT.decisions[1].model_copy(update={"outcome": "reject"})
    next_draft(office, DRAFT.model_copy(update={"decisions": [DRAFT.decisions[0], turned]}), 4)
    assert confirmed_by(office) == {"D-01": "Tobias Wrenfield", "D-02": ""}


def test_an_outcome_that_is_not_clear_is_heard_first(office: IssuedDesk) -> None:
    unclear = DRAFT.decisions[1].model_copy(update={"outcome": "none", "text": "Outcome to be confirmed: the risk."})
    next_draft(office, DRAFT.model_copy(update={"decisions": [DRAFT.decisions[0], unclear]}))
    assert "is not clear from the words" in office.refused(*CONFIRM, "--all", "--attended", *PMO)
    assert confirmed_by(office) == {"D-01": "", "D-02": ""}, "none of them, where one cannot be"
    said = office.run(*CONFIRM, "D-02", "--outcome", "reject", "--attended", *PMO)
    assert "D-02: confirmed by Tobias Wrenfield, who attended (rejected: Rejected: the risk.)" in said
    with office.whole.database.reading() as session:
        newest = drafts.latest(session, office.meeting.uid)
    assert newest
    assert newest.version == 3
    assert "evidence" in newest.content
    assert "so that is agreed then" in newest.content


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("D-01",), "How do you know the outcome?"),
        (("D-01", "--attended", "--listened"), "How do you know the outcome?"),
        (("--attended",), "Which decisions?"),
        (("D-09", "--attended"), "The draft has no decision D-09. Its decisions: D-01, D-02."),
        (("D-01", "--listened"), "There is no recording of PSG on Wednesday 7 February 2024 to listen to."),
        (("D-01", "D-02", "--attended", "--outcome", "reject"), "Whose outcome is reject?"),
    ],
)
def test_a_confirmation_that_means_nothing_is_refused(office: IssuedDesk, words: tuple[str, ...], why: str) -> None:
    assert why in office.refused(*CONFIRM, *words, *PMO)
    with office.whole.database.reading() as session:
        assert session.scalars(select(ConfirmationRow)).all() == []


def test_nobody_attended_who_sent_apologies_and_only_the_pmo_confirms(office: IssuedDesk) -> None:
    with office.whole.database.session() as session:
        who = members.named(session, "Tobias Wrenfield").id
        session.add(ApologyRow(reference="AP-001", number=1, meeting_uid=office.meeting.uid, person_id=who,
                               recorded_at=ISSUED, recorded_by="Tobias Wrenfield"))  # fmt: skip
    assert "Tobias Wrenfield sent apologies for PSG" in office.refused(*CONFIRM, "D-01", "--attended", *PMO)
    with office.whole.database.session() as session:
        session.add(RecordingRow(id="R-1", meeting_uid=office.meeting.uid, name="x.mp3", state="drafted",
                                 arrived_at=ISSUED))  # fmt: skip
    assert "who listened to it" in office.run(*CONFIRM, "D-01", "--listened", *PMO)
    assert "not of the PMO" in office.refused(*CONFIRM, "D-02", "--listened", "--by", "Harriet Bassington")


# ------------------------------------------------------------------------------------------------ what leaves the house


def test_no_part_of_the_issued_file_holds_working_material(office: IssuedDesk) -> None:
    remark = DraftRemark(ref="D-01", author="Tobias Wrenfield", text="Ask Harriet about this before issue.")
    next_draft(office, DRAFT.model_copy(update={"remarks": [remark]}))
    office.run("reports", "issue", REFERENCE, *PMO, "--attended", *WHY)
    row = office.reports()[0]
    content = office.content(row.document_sha256)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    assert [name for name in parts if "comments" in name] == []
    whole = "\n".join(parts.values()) + row.snapshot
    for word in ("so that is agreed then", "Ask Harriet", "objects", "Objects", "likely", "doubtful", "rest on",
                 "commentRange", "working material", "draft-2"):  # fmt: skip
        assert word not in whole, word
    assert "00:11:41" in whole, "issued lines keep their timestamps"


def test_late_is_said_to_be_late(office: IssuedDesk) -> None:
    late = datetime(2024, 2, 12, 9, tzinfo=UTC)
    refused = office.refused("reports", "issue", REFERENCE, *PMO, "--attended", now=late)
    assert "In time: It is late: it was due Friday 9 February 2024, 17:00 (London)." in refused
    office.run("reports", "issue", REFERENCE, *PMO, "--attended", *WHY, now=late)
    assert "issued, late: it was due Friday 9 February 2024, 17:00 (London)" in office.run("reports", "list")


def test_it_is_said_where_a_report_stands_once_it_is_issued_and_amended(office: IssuedDesk) -> None:
    office.issue()
    assert state(office) is S.ISSUED
    assert "was issued on" in office.refused("reports", "with-chair", *PSG)
    assert "is issued" in office.refused(*CONFIRM, "--all", "--attended", *PMO)
    office.accept(office.ask("The group approved the plan of March."))
    assert "issued" in office.run("reports", "list").partition("Where it stands")[2]
    assert "to publish" in office.run("reports", "files", REFERENCE)
    office.reissue()
    assert state(office) is S.AMENDED
    said = office.run("reports", "list")
    assert "superseded" in said
    assert "issued and amended" in said
