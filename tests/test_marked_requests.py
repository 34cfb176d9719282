"""A representative marks up an issued report in Word: each line becomes a request, by mail as at a terminal."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest
from sqlalchemy import select

from bot import members
from bot.amendment_life import Kind
from bot.amendments import named
from bot.clock import Clock
from bot.errors import SecretariatError
from bot.ports import MailContent
from bot.rivals import conflicts
from bot.store.amendment_tables import AmendmentRow, MarkedDocumentRow
from bot.store.mail_tables import InboxRow, MailProposalRow
from handlers import marked_documents
from handlers.mail.working import MailWorker
from handlers.marked_documents import Came
from tests.issued_desk import ASKED, CLOSED, DOROTHEA, EMEKA, HARRIET, PAPERS_DAY, PMO, UID, IssuedDesk, desk
from tests.slack_at_hand import slack_at_hand, texts
from tests.word_markup import (
    Change,
    added_row,
    commented,
    identified,
    marked_up,
    reworded,
    struck_out,
    tracked,
    with_part,
    without,
)

__all__ = ["desk"]
DECISION, OTHER, ACTION = "PSG-DEC41", "PSG-DEC42", "PSG27-01"
SUBJECT_TO = "The group approved the plan of January, subject to testing."


def issued(desk: IssuedDesk, revision: int = 0) -> bytes:
    return desk.content(desk.reports()[revision].document_sha256)


def given(
    desk: IssuedDesk, content: bytes, who: str = HARRIET, now: datetime = ASKED, *, by: str = "page"
) -> MarkedDocumentRow:
    """The document given in by the page in somebody's name."""
    with desk.whole.database.session() as session:
        person = members.named(session, who)
        return marked_documents.from_document(
            session, desk.whole.announcer, desk.whole.word, content, person, Came(by, "marked.docx"), now
        )


def asked(desk: IssuedDesk) -> Sequence[AmendmentRow]:
    with desk.whole.database.reading() as session:
        return session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)).all()


def test_tracked_changes_and_comments_become_requests_line_by_line(desk: IssuedDesk) -> None:
    marked = marked_up(
        issued(desk),
        tracked(DECISION, SUBJECT_TO, HARRIET),
        commented(DECISION, "Said at the end of the item.", HARRIET, column=2),
        reworded(ACTION, "Elexon was asked to publish it."),
        tracked(ACTION, "Elexon", HARRIET, column=2),
        struck_out(OTHER, HARRIET),
        added_row(ACTION, "Ofgem was asked to comment.", HARRIET),
        commented("V-01", "Please note for the record that we were not heard.", HARRIET, column=2),
        tracked("Harriet Bassington", "Present", HARRIET, column=4),
    )
    row = given(desk, marked)
    assert not row.waits, row.lines
    found = {(r.line_ref, r.in_words): r for r in asked(desk) if not r.cell}
    first = found[DECISION, False]
    assert (first.present_text, first.proposed_text, first.reason, first.about, first.came_by) == (
        "The group approved the plan of January.", SUBJECT_TO, "Said at the end of the item.", "decision", "page",
    )  # fmt: skip
    assert (first.constituency, first.at_seconds, first.evidence[0]["quote"]) == (
        "Large Supplier", 701.0, "so that is agreed then",
    )  # fmt: skip
    assert found[ACTION, False].proposed_text == "Elexon was asked to publish it."
    assert [(r.line_ref, r.cell, r.present_text, r.proposed_text, r.in_words) for r in asked(desk) if r.cell] == [
        (ACTION, "owner", "PMO", "Elexon", False),
    ]  # fmt: skip
    assert found[OTHER, True].proposed_text == "To be struck out."
    assert "Ofgem was asked to comment." in found[None, False].proposed_text
    assert found["V-01", False].kind == Kind.NOTE
    attending = next(r for r in asked(desk) if r.about == "attendance")
    assert attending.proposed_text.startswith("Harriet Bassington, ")
    assert attending.proposed_text.endswith(": present")
    [receipt] = desk.notices("receipt")
    assert receipt.recipient_name == HARRIET
    assert all(request.reference in receipt.text for request in asked(desk))


def test_the_same_document_or_the_same_wish_again_is_asked_once(desk: IssuedDesk) -> None:
    marked = marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, HARRIET))
    assert given(desk, marked).id == given(desk, marked).id
    again = given(desk, marked_up(issued(desk), reworded(DECISION, SUBJECT_TO), reworded(OTHER, "It noted it.")))
    assert [line["became"] for line in again.lines] == ["known", "entered"]
    assert [r.reference for r in asked(desk)] == ["AM-001", "AM-002"]


def test_what_comes_after_the_closing_is_late(desk: IssuedDesk) -> None:
    given(desk, marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, HARRIET)), now=CLOSED)
    assert [(r.state, r.late) for r in asked(desk)] == [("late", True)]


def test_strangers_changes_wait_for_a_person_and_are_entered_on_a_word(desk: IssuedDesk) -> None:
    marked = marked_up(
        issued(desk),
        tracked(DECISION, SUBJECT_TO, "Magnus Eskdale"),
        tracked(OTHER, "It was noted.", "Bassington, Harriet"),
    )
    row = given(desk, marked)
    assert [(r.line_ref, r.proposed_text) for r in asked(desk)] == [(OTHER, "It was noted.")]
    assert "Magnus Eskdale, not by Harriet Bassington" in row.lines[0]["doubt"]
    assert "marked.docx, from Harriet Bassington" in desk.run("amendments", "marked", now=ASKED)
    said = desk.run("amendments", "marked", str(row.id), "--enter", "1", *PMO, now=ASKED)
    assert f"AM-002: {DECISION}: {SUBJECT_TO}" in said
    assert "No marked-up report waits" in desk.run("amendments", "marked", now=ASKED)


def test_a_comment_alone_is_in_words_and_needs_the_text_that_is_agreed(desk: IssuedDesk) -> None:
    given(desk, marked_up(issued(desk), commented(DECISION, "Was it not February?", HARRIET)))
    given(desk, marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, DOROTHEA)), DOROTHEA)
    [request, wording] = asked(desk)
    assert (request.proposed_text, request.in_words) == ("Was it not February?", True)
    accept = ("amendments", "accept", request.reference, *PMO, "--reason", "Heard so.")
    assert "not how PSG-DEC41 shall read" in desk.refused(*accept, now=ASKED)
    desk.accept(wording.reference)
    part = ("amendments", "accept-part", request.reference, *PMO, "--reason", "Heard.", "--text", "Of February.")
    desk.run(*part, now=ASKED)
    assert asked(desk)[0].agreed_text == "Of February."


def test_two_who_mark_the_same_words_are_shown_as_a_conflict(desk: IssuedDesk) -> None:
    given(desk, marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, HARRIET)))
    given(desk, marked_up(issued(desk), tracked(DECISION, "The group approved the plan of March.", DOROTHEA)), DOROTHEA)
    third = marked_up(issued(desk), tracked(DECISION, "The group approved the plan of May.", HARRIET))
    given(desk, third)
    with desk.whole.database.reading() as session:
        assert [(c.first.reference, c.second.reference) for c in conflicts(session, UID)][-1] == ("AM-002", "AM-003")


def test_an_older_revision_is_carried_over_where_the_line_is_the_same(desk: IssuedDesk) -> None:
    desk.accept(desk.ask("The group approved the plan of March.", now=ASKED))
    desk.reissue()
    marked = marked_up(
        issued(desk), tracked(DECISION, SUBJECT_TO, DOROTHEA), tracked(OTHER, "It noted the risk.", DOROTHEA)
    )
    row = given(desk, marked, DOROTHEA, PAPERS_DAY)
    assert "PSG-2024-02-07-r2 is in force" in row.notes[0]
    assert [(line["line"], line["became"], line["doubt"]) for line in row.lines] == [
        (DECISION, "waiting", "It is marked in revision 1, and PSG-DEC41 was changed by revision 2."),
        (OTHER, "entered", ""),
    ]
    assert row.lines[0]["present"] == "The group approved the plan of March."
    same = marked_up(issued(desk), tracked(DECISION, "The group approved the plan of March.", HARRIET))
    with pytest.raises(SecretariatError, match="Nothing is marked"):
        given(desk, same)


def test_our_own_redline_marked_up_further_is_read_as_theirs_alone(desk: IssuedDesk) -> None:
    desk.accept(desk.ask("The group approved the plan of March.", now=ASKED))
    desk.reissue()
    redline = desk.content(desk.reports()[1].redline_sha256)
    row = given(desk, marked_up(redline, tracked(OTHER, "It was noted.", HARRIET)), now=PAPERS_DAY)
    assert [(line["line"], line["became"]) for line in row.lines] == [(OTHER, "entered")]


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", bytes(210 * 1024 * 1024))
    return stream.getvalue()


def many_rows(content: bytes) -> bytes:
    def change(document: docx.document.Document) -> None:
        for table in document.tables:
            for row in table.rows:
                if row.cells[0].text == ACTION:
                    for _ in range(3_000):
                        row._tr.addnext(deepcopy(row._tr))
                    return

    return marked_up(content, change)


def twice(document: docx.document.Document) -> None:
    for table in document.tables:
        for row in table.rows:
            if row.cells[0].text == DECISION:
                row._tr.addnext(deepcopy(row._tr))
                return


def torn(document: docx.document.Document) -> None:
    """The table of attendance loses its header and its marks, as text copied into another table does."""
    table = next(t for t in document.tables if t.rows[0].cells[0].text == "Name")
    table._tbl.remove(table.rows[0]._tr)


EXTERNAL = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
    b'Target="http://evil.example.org/t.dotm" TargetMode="External"/></Relationships>'
)


def test_whatever_cannot_be_read_is_refused_in_a_sentence_kept_and_changes_nothing(desk: IssuedDesk) -> None:
    good = issued(desk)

    def changed(change: Change) -> bytes:
        return marked_up(good, change)

    bad = [
        (b"no document at all", "no Word document"),
        (bomb(), "far larger inside"),
        (with_part(good, "word/vbaProject.bin", b"x"), "macros"),
        (with_part(good, "word/_rels/settings.xml.rels", EXTERNAL), "points to something outside"),
        (many_rows(good), "more than 2,000 rows"),
        (changed(identified("DAG-2024-02-14-r1")), "no such report was issued here"),
        (changed(identified("PSG-2024-02-07-draft-1")), "a draft"),
        (changed(identified("")), "properties are gone"),
        (changed(twice), "stands at 2 rows"),
        (changed(torn), "torn apart"),
        (good, "Nothing is marked in it"),
    ]
    for content, sentence in bad:
        with pytest.raises(SecretariatError, match=sentence):
            given(desk, content)
    assert asked(desk) == []
    with desk.whole.database.reading() as session:
        kept = {row.sha256: row.refused for row in marked_documents.waiting(session)}
    assert len(kept) == len(bad)
    for content, sentence in bad:
        [refused] = [why for sha256, why in kept.items() if desk.content(sha256) == content]
        assert sentence in refused


def test_a_line_that_is_simply_gone_waits_for_a_person(desk: IssuedDesk) -> None:
    row = given(desk, marked_up(issued(desk), without(OTHER), tracked(DECISION, SUBJECT_TO, HARRIET)))
    assert [line["became"] for line in row.lines] == ["entered", "waiting"]
    assert "nothing says that it was struck out" in row.lines[1]["doubt"]


def test_a_report_of_another_group_or_closed_to_the_sender_is_refused(
    desk: IssuedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked, whole = marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, EMEKA)), desk.whole
    dag = whole.calendar.meeting_on("DAG", date(2024, 2, 14))
    with whole.database.session() as session:
        emeka = members.named(session, EMEKA)
        with pytest.raises(SecretariatError, match="This is the report PSG-2024-02-07, not DAG-2024-02-14"):
            marked_documents.from_document(
                session, whole.announcer, whole.word, marked, emeka, Came("page", "x.docx"), ASKED, of=dag
            )
    monkeypatch.setitem(whole.config.audience, "report", "members")
    with pytest.raises(SecretariatError, match="no such headline report for you"):
        given(desk, marked, EMEKA)
    monkeypatch.undo()
    assert asked(desk) == []


# ---------------------------------------------------------------------------------------------------------- by mail


def mailed(desk: IssuedDesk, text: str, content: bytes, *, sender: str = HARRIET, name: str = "report.docx") -> str:
    """The document comes with a mail, which is worked. Returns the message's id."""
    mail = EmailMessage()
    mail["From"] = f"{sender} <{sender.lower().replace(' ', '.')}@example.org>"
    mail["To"], mail["Subject"] = "pmo@mhhsprogramme.co.uk", "PSG headline report of 7 February 2024"
    key = f"m{len(text)}{len(content)}{sender[0]}"
    mail["Message-ID"] = f"<{key}@example.org>"
    mail.set_content(text)
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    whole = desk.whole
    with whole.database.session() as session:
        row = InboxRow(
            id=key, mailbox="pmo", service_id=key, file_name="one.eml", received_at=ASKED, arrived_at=ASKED,
            state="arrived", content_sha256=whole.files.put(mail.as_bytes()),
        )  # fmt: skip
        session.add(row)
        session.flush()
        worker = MailWorker(whole.announcer, writer=whole.word)
        outcome = worker.work(session, row, MailContent(mail.as_bytes()), "pmo", ASKED + timedelta(minutes=1))
        row.state, row.finding, row.reason = outcome.state, str(outcome.finding), outcome.reason
    return key


def proposals(desk: IssuedDesk) -> Sequence[MailProposalRow]:
    with desk.whole.database.reading() as session:
        return session.scalars(select(MailProposalRow).order_by(MailProposalRow.part)).all()


def test_by_mail_what_is_certain_is_entered_and_what_is_not_is_proposed(desk: IssuedDesk) -> None:
    marked = marked_up(
        issued(desk),
        tracked(DECISION, SUBJECT_TO, HARRIET),
        commented(OTHER, "Which risk?", HARRIET),
        tracked(ACTION, "Elexon was asked.", "Magnus Eskdale"),
    )
    mailed(desk, "Dear PMO,\n\nPlease find attached our comments in tracked changes.\n\nKind regards,\nHarriet", marked)
    assert [(p.state, p.values.get("line")) for p in proposals(desk)] == [
        ("done", DECISION), ("waiting", OTHER), ("waiting", ACTION),
    ], [p.summary for p in proposals(desk)]  # fmt: skip
    [request] = asked(desk)
    assert (request.came_by, request.proposed_text, request.state) == ("mail", SUBJECT_TO, "received")
    assert "Magnus Eskdale" in proposals(desk)[2].waits_for
    [receipt] = desk.notices("receipt")
    assert "AM-001" in receipt.subject
    desk.run("mailbox", "accept", proposals(desk)[1].reference, *PMO, now=ASKED + timedelta(hours=1))
    with desk.whole.database.reading() as session:
        assert named(session, "AM-002").in_words
        assert named(session, "AM-002").proposed_text == "Which risk?"


def test_by_mail_a_document_that_cannot_be_read_waits_with_the_reason(desk: IssuedDesk) -> None:
    key = mailed(desk, "Please see attached.", marked_up(issued(desk), twice))
    assert asked(desk) == []
    [waiting] = proposals(desk)
    assert waiting.state == "waiting"
    assert "PSG-DEC41 stands at 2 rows" in waiting.reason
    with desk.whole.database.reading() as session:
        assert session.get_one(InboxRow, key).state == "needs_a_person"


def test_from_word_shows_first_and_enters_then(desk: IssuedDesk, tmp_path: Path) -> None:
    file = tmp_path / "marked.docx"
    file.write_bytes(marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, HARRIET)))
    words = ("amendments", "from-word", str(file), "--by", HARRIET)
    shown = desk.run(*words, "--dry-run", now=ASKED)
    assert f"proposed text: {SUBJECT_TO}" in shown
    assert asked(desk) == []
    assert f"AM-001: {DECISION}: {SUBJECT_TO}" in desk.run(*words, now=ASKED)


def test_in_slack_the_document_is_handed_in_and_answered_at_once(desk: IssuedDesk) -> None:
    whole = desk.whole
    with slack_at_hand(whole.database, whole.config, Clock(ASKED), whole.files) as slack:
        slack.screens.files |= {
            "F1": ("marked.docx", marked_up(issued(desk), tracked(DECISION, SUBJECT_TO, HARRIET))),
            "F2": ("letter.docx", b"a letter"),
        }
        said = texts(slack.submit(slack.opens("marked"), file=["F1"])["view"])
        assert f"AM-001: {DECISION}: {SUBJECT_TO}" in said
        wrong = slack.submit(slack.opens("marked"), file=["F2"])
        assert "This is no Word document." in wrong["errors"]["file"]
    assert [(r.came_by, r.requester_id) for r in asked(desk)] == [("slack", asked(desk)[0].requester_id)]
    assert not desk.notices("receipt")
    with whole.database.reading() as session:
        assert [row.name for row in marked_documents.waiting(session)] == ["letter.docx"]
