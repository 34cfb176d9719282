"""The amended report: from accepted requests to a revision that supersedes the one before, which stays as it was."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import docx
from docx_plus.revisions import read_revisions
from sqlalchemy import select, update

from bot import meetings
from bot.amendment_life import Kind
from bot.reports import snapshot_is_whole
from bot.store.amendment_tables import AmendmentRow
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import DecisionRow, ReissueRow
from tests.issued_desk import (
    ASKED,
    CLOSED,
    DOROTHEA,
    EMEKA,
    HARRIET,
    PAPERS_DAY,
    PMO,
    REFERENCE,
    UID,
    IssuedDesk,
    desk,
)

__all__ = ["desk"]
TESTED = "The group approved the plan of January, subject to testing."
OF_FEBRUARY = "The group approved the plan of February."
NOTE = "Our systems are ready in May."
EVE = datetime(2024, 2, 27, 23, tzinfo=UTC)


def texts(content: bytes) -> str:
    """All words of a document, tables too."""
    document = docx.Document(io.BytesIO(content))
    rows = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *rows])


def test_an_accepted_request_becomes_a_revision_that_supersedes_the_old_one(desk: IssuedDesk) -> None:
    old = desk.reports()[0]
    before = (old.snapshot, old.document_sha256, desk.content(old.document_sha256))
    reference = desk.ask(TESTED)
    desk.accept(reference)
    said = desk.reissue()
    assert "PSG-DEC41: “The group approved the plan of January, subject to testing.”" in said
    first, second = desk.reports()
    assert (first.snapshot, first.document_sha256, desk.content(first.document_sha256)) == before
    assert hashlib.sha256(before[2]).hexdigest() == first.document_sha256
    assert (second.id, second.supersedes, second.kind) == (f"{REFERENCE}-r2", f"{REFERENCE}-r1", "amended")
    assert snapshot_is_whole(second)
    assert desk.newest().version == (
        "Issued Wednesday 28 February 2024, revision 2: amended on request; "
        "takes the place of revision 1, issued Friday 9 February 2024"
    )
    with desk.whole.database.reading() as session:
        logged = session.get_one(DecisionRow, "PSG-DEC41")
        assert (logged.text, logged.report_id) == (TESTED, second.id)
        assert session.get_one(AmendmentRow, reference).carried_by == second.id
        assert "amended_report" in meetings.obligations_met(session, UID)
        changed = session.scalars(select(AuditRow).where(AuditRow.event == "report amended")).one().detail["changed"]
        assert changed == [{"ref": "PSG-DEC41", "what": "text", "before": "The group approved the plan of January."}]


def test_nothing_of_the_pmos_working_material_is_in_a_reissue(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    desk.reissue()
    newest = desk.reports()[-1]
    for content in (desk.content(newest.document_sha256), desk.content(newest.redline_sha256)):
        assert "so that is agreed then" not in texts(content)
        assert "Objects" not in texts(content)
    assert "so that is agreed then" not in newest.snapshot


def test_each_change_is_tracked_in_the_name_of_its_request_with_who_asked_and_why(desk: IssuedDesk) -> None:
    tested, later = desk.ask(TESTED), desk.ask("Large Supplier asked for a date in June.", "V-01")
    desk.accept(tested, later)
    desk.reissue()
    document = docx.Document(io.BytesIO(desk.content(desk.reports()[-1].redline_sha256)))
    found = {(r.author, r.text) for r in read_revisions(document) if r.author != "PMO"}
    by = {author for author, _ in found}
    assert by == {f"PMO for {tested}", f"PMO for {later}"}
    assert (f"PMO for {tested}", ", subject to testing") in found
    comments = {comment.author: comment.text for comment in document.comments}
    assert comments[f"PMO for {tested}"] == (f"{tested}, asked for by {HARRIET} (Large Supplier). Heard at 00:11:41.")
    assert later in comments[f"PMO for {later}"]


def test_a_note_stands_under_its_constituency_and_date_and_a_disagreement_changes_nothing(desk: IssuedDesk) -> None:
    noted = desk.ask(NOTE, "D-01", DOROTHEA, Kind.NOTE)
    against = desk.ask("We do not agree with it.", "D-01", EMEKA, Kind.DISAGREEMENT)
    desk.accept(noted, against)
    desk.reissue()
    report = desk.newest()
    note = report.post_meeting_notes[0]
    assert (note.ref, note.line, note.text, note.request) == ("N-01", "PSG-DEC41", NOTE, noted)
    assert f"{note.noted_on}" == "2024-02-12"
    assert report.draft.decisions[0].text == "The group approved the plan of January."
    assert [(row.reference, row.outcome) for row in report.dispositions] == [
        (noted, "Noted"),
        (against, "To escalation; the report stays as it is"),
    ]
    words = texts(desk.content(desk.reports()[-1].document_sha256))
    for said in ("Post-meeting notes", NOTE, note.source, "Monday 12 February 2024", "Heard at 00:11:41.", against):
        assert said in words
    assert "We do not agree with it." not in words


def test_rejected_requests_alone_make_no_revision(desk: IssuedDesk) -> None:
    reference = desk.ask(TESTED)
    desk.run("amendments", "reject", reference, *PMO, "--reason", "Not what was said.", now=ASKED)
    assert desk.prepare(PAPERS_DAY) == 0
    refused = desk.refused("reports", "reissue", REFERENCE, *PMO, now=PAPERS_DAY)
    assert "Nothing was accepted that would change" in refused
    assert len(desk.reports()) == 1


def test_two_requests_on_one_line_are_put_together_and_each_word_is_its_own(desk: IssuedDesk) -> None:
    one, other = desk.ask(TESTED), desk.ask("The meeting approved the plan of January.", who=DOROTHEA)
    desk.accept(one, other)
    desk.reissue()
    assert desk.newest().draft.decisions[0].text == "The meeting approved the plan of January, subject to testing."
    document = docx.Document(io.BytesIO(desk.content(desk.reports()[-1].redline_sha256)))
    found = {(r.author, r.text) for r in read_revisions(document)}
    assert (f"PMO for {one}", ", subject to testing") in found
    assert {(f"PMO for {other}", "group"), (f"PMO for {other}", "meeting")} <= found


def test_two_on_the_same_words_are_shown_with_both_texts_and_a_person_chooses(desk: IssuedDesk) -> None:
    one, other = desk.ask(OF_FEBRUARY), desk.ask("The group approved the plan of March.", who=DOROTHEA)
    for reference, text in ((one, OF_FEBRUARY), (other, "The group approved the plan of March.")):
        words = ("accept-part", reference, *PMO, "--reason", "As heard.", "--text", text)
        desk.run("amendments", *words, now=ASKED)
    assert desk.prepare(PAPERS_DAY) == 1
    told = desk.notices("pmo_reminder")[0]
    assert told.subject.endswith("needs your word on its text")
    assert f"{one} would have “{OF_FEBRUARY}”" in told.text
    refused = desk.refused("reports", "reissue", REFERENCE, *PMO, now=PAPERS_DAY)
    assert f"{other} would have “The group approved the plan of March.”" in refused
    assert len(desk.reports()) == 1
    desk.reissue("--choose", f"D-01={other}")
    assert desk.newest().draft.decisions[0].text == "The group approved the plan of March."


def test_a_text_is_chosen_only_where_requests_disagree(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    refused = desk.refused("reports", "reissue", REFERENCE, *PMO, "--choose", "D-02=Something else.", now=PAPERS_DAY)
    assert "Nothing is to be chosen for PSG-DEC42" in refused


def test_it_is_made_ready_by_itself_on_the_day_of_the_papers_once_all_is_decided(desk: IssuedDesk) -> None:
    first, second = desk.ask(TESTED), desk.ask(NOTE, None, DOROTHEA, Kind.NOTE)
    desk.accept(first)
    assert desk.prepare(PAPERS_DAY) == 0, "one request is not decided"
    desk.accept(second)
    assert desk.prepare(EVE) == 0, "the day of the papers has not come"
    assert desk.prepare(PAPERS_DAY) == 1
    assert desk.prepare(PAPERS_DAY) == 0, "nothing has changed since"
    told = desk.notices("pmo_reminder")
    assert {row.recipient_name for row in told} == {"Tobias Wrenfield", "Ifeoma Castellane"}
    assert f"secretariat reports reissue {REFERENCE}" in told[0].text
    assert [entry.partition(":")[2] for entry in told[0].attachments] == [
        f"Preview of {REFERENCE} headline report r2.docx",
        f"Preview of {REFERENCE} changes r1 to r2.docx",
    ]
    assert "Made ready Wednesday 28 February 2024, revision 2" in texts(
        desk.content(told[0].attachments[0].partition(":")[0])
    )
    assert len(desk.reports()) == 1, "it goes on a person's word alone"


def test_it_is_made_ready_anew_where_another_request_is_decided(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    assert desk.prepare(PAPERS_DAY) == 1
    desk.accept(desk.ask("Risk noted.", "D-02", DOROTHEA), now=PAPERS_DAY)
    assert desk.prepare(PAPERS_DAY) == 1
    with desk.whole.database.reading() as session:
        assert [len(row.requests) for row in session.scalars(select(ReissueRow).order_by(ReissueRow.id))] == [1, 2]


def test_the_pack_that_goes_early_brings_it_forward(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    gone_at = datetime(2024, 2, 26, 12, tzinfo=UTC)
    with desk.whole.database.session() as session:
        following = desk.whole.announcer.following(session, desk.meeting)
        assert following
        meetings.meet_obligation(session, following.uid, "papers", at=gone_at, by="T")
    assert desk.prepare(datetime(2024, 2, 26, 11, tzinfo=UTC)) == 0
    assert desk.prepare(datetime(2024, 2, 26, 13, tzinfo=UTC)) == 1


def test_a_person_may_leave_a_request_open_for_a_later_issue(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    still = desk.ask("Risk noted.", "D-02", DOROTHEA)
    assert f"Not decided yet: {still}" in desk.refused("reports", "reissue", REFERENCE, *PMO, now=PAPERS_DAY)
    desk.reissue("--leaving-open")
    assert [row.reference for row in desk.newest().dispositions] == ["AM-001"]


def test_requests_after_the_papers_make_one_supplementary_issue_after_closing(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    with desk.whole.database.session() as session:
        following = desk.whole.announcer.following(session, desk.meeting)
        assert following
        meetings.meet_obligation(session, following.uid, "papers", at=PAPERS_DAY, by="T")
    desk.reissue()
    after_pack = datetime(2024, 2, 28, 12, tzinfo=UTC)
    one = desk.ask("Risk noted.", "D-02", DOROTHEA, now=after_pack)
    two = desk.ask(NOTE, None, EMEKA, Kind.NOTE, now=after_pack)
    desk.accept(one, now=after_pack)
    refused = desk.refused("reports", "reissue", REFERENCE, *PMO, now=after_pack)
    assert "one supplementary issue follows then" in refused
    assert desk.prepare(CLOSED) == 0, "one of them is not decided"
    desk.accept(two, now=CLOSED)
    assert desk.prepare(CLOSED) == 1
    desk.reissue(now=CLOSED)
    last = desk.reports()[-1]
    assert (last.id, last.kind, last.supersedes) == (f"{REFERENCE}-r3", "supplementary", f"{REFERENCE}-r2")
    report = desk.newest()
    assert report.draft.decisions[0].text == TESTED, "what was amended before stays amended"
    assert [row.reference for row in report.dispositions] == ["AM-001", one, two]
    with desk.whole.database.reading() as session:
        assert {"amended_report", "supplementary_issue"} <= set(meetings.obligations_met(session, UID))
    assert desk.prepare(CLOSED) == 0


def test_a_late_request_holds_nothing_up(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    desk.ask("Risk noted.", "D-02", DOROTHEA, now=CLOSED)
    assert desk.prepare(CLOSED) == 1


def test_it_goes_to_all_who_had_the_report_and_to_who_asked_released_by_that_person(desk: IssuedDesk) -> None:
    had_it = {row.recipient for row in desk.notices("report")}
    with desk.whole.database.session() as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "report").values(state="sent"))
        somebody = session.scalars(select(OutboxRow).where(OutboxRow.kind == "report")).first()
        assert somebody
    desk.accept(desk.ask(TESTED))
    desk.reissue()
    rows = desk.notices("reissue")
    assert {row.recipient for row in rows} >= had_it
    assert len({row.recipient for row in rows}) == len(rows)
    assert {(row.state, row.released_by) for row in rows} == {("pending", "Tobias Wrenfield")}
    names = [entry.partition(":")[2] for entry in rows[0].attachments]
    assert names == [f"{REFERENCE} headline report r2.docx", f"{REFERENCE} changes r1 to r2.docx"]
    assert "Revision 1 is superseded." in rows[0].text


def test_nobody_is_sent_the_old_one_any_more(desk: IssuedDesk) -> None:
    assert {row.state for row in desk.notices("report")} == {"pending"}
    desk.accept(desk.ask(TESTED))
    desk.reissue()
    old = desk.notices("report")
    assert {(row.state, row.state_reason) for row in old} == {("superseded", f"{REFERENCE}-r2 took its place")}


def test_a_rehearsal_issues_nothing(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    said = desk.reissue("--dry-run")
    assert "Would be sent to:" in said
    assert HARRIET in said
    assert len(desk.reports()) == 1
    assert not desk.notices("reissue")


def test_only_the_pmo_reissues(desk: IssuedDesk) -> None:
    desk.accept(desk.ask(TESTED))
    assert "is not of the PMO" in desk.refused("reports", "reissue", REFERENCE, "--by", HARRIET, now=PAPERS_DAY)


def test_attendance_is_put_right_in_its_row_or_noted_where_it_fits_none(desk: IssuedDesk) -> None:
    row = desk.newest().attendance[0]
    fits = desk.ask("present", row.ref)
    fits_not = desk.ask("Two people of ours came.", desk.newest().attendance[1].ref, DOROTHEA)
    desk.accept(fits, fits_not)
    desk.reissue()
    report = desk.newest()
    assert report.attendance[0].status == "present"
    assert report.post_meeting_notes[0].text == "Correction of the record: Two people of ours came."
