"""The page for requests: one whole, the PMO's word shown first, marked-up reports given in, the amended report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from bot import members
from bot.amendment_life import Kind
from bot.clock import Clock
from bot.store.amendment_tables import AmendmentRow, MarkedDocumentRow
from bot.store.draft_tables import DraftRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from handlers.web.desk import Desk
from tests.issued_desk import ASKED, DOROTHEA, HARRIET, ISSUED, PAPERS_DAY, UID, IssuedDesk, desk
from tests.test_web_changes import Visitor
from tests.test_web_pages import served
from tests.word_markup import marked_up, tracked

__all__ = ["desk"]
DECISION = "PSG-DEC41"
SUBJECT_TO = "The group approved the plan of January, subject to testing."


def opened(desk: IssuedDesk, clock: Clock) -> Desk:
    whole = desk.whole
    return Desk(
        database=whole.database, config=whole.config, clock=clock, calendar=whole.calendar, announcer=whole.announcer,
        files=whole.files, slack_messages=list, entry_key="once-only", session_secret="invented secret of a test",
        feed_secret="another invented secret", issuing=lambda: whole.issuing, drafting=lambda: whole.drafting,
    )  # fmt: skip


@pytest.fixture
def visitor(desk: IssuedDesk) -> Iterator[Visitor]:
    """The PMO at the page on the day when the requests came."""
    with served(opened(desk, Clock(ASKED))) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.get("/enter/once-only")
        yield Visitor(client, BeautifulSoup("", "lxml"))


def tobias(desk: IssuedDesk) -> str:
    with desk.whole.database.reading() as session:
        return members.named(session, "Tobias Wrenfield").id


def rows(desk: IssuedDesk) -> Sequence[AmendmentRow]:
    with desk.whole.database.reading() as session:
        return session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)).all()


def test_a_request_is_shown_whole_and_decided_once_it_is_seen_what_follows(desk: IssuedDesk, visitor: Visitor) -> None:
    reference = desk.ask(SUBJECT_TO)
    rival = desk.ask("The group approved the plan of March.", who=DOROTHEA)
    visitor.read("/requests")
    assert "conflict" in visitor.words
    visitor.read(f"/requests/{reference}")
    for words in (
        HARRIET, "Large Supplier", "slack", "D-01", "The group approved the plan of January.", SUBJECT_TO,
        "It was said otherwise.", "so that is agreed then", "00:11:41", rival, "the record is wrong",
    ):  # fmt: skip
        assert words.casefold() in visitor.words.casefold(), words
    by = tobias(desk)
    visitor.send(f"/{reference}", verdict="accept", reason="Heard.", by=by)
    assert (visitor.status, "would change the same words" in visitor.words) == (422, True)
    agreed = "The group approved the plan of March, subject to testing."
    visitor.send(f"/{reference}", verdict="accept-part", text=agreed, reason="Both agree.", by=by)
    assert visitor.status == 200, visitor.words
    assert "Nothing has been changed yet" in visitor.words
    assert f"Its next revision says of D-01: {agreed}" in visitor.words
    assert [row.state for row in rows(desk)] == ["received", "received"]
    assert not desk.notices("receipt")
    visitor.send(f"/{reference}")
    assert visitor.address.startswith("/done/")
    assert "AM-001 accepted in part" in visitor.words
    assert [(row.state, row.agreed_text) for row in rows(desk)] == [("accepted_in_part", agreed), ("received", "")]
    assert [notice.recipient_name for notice in desk.notices("receipt")] == [HARRIET]
    visitor.read(f"/requests/{reference}")
    assert "Both agree." in visitor.words
    assert not visitor.page("form", method="post")


def test_what_a_line_rests_on_is_played_from_its_second(desk: IssuedDesk, visitor: Visitor) -> None:
    with desk.whole.database.session() as session:
        session.add(RecordingRow(id="R-1", meeting_uid=UID, name="PSG.wav", state="drafted", arrived_at=ISSUED))
        session.flush()
        session.add(
            TranscriptRow(id="T-1", recording_id="R-1", made_at=ISSUED, engine="invented", model=None, content="{}")
        )
        session.flush()
        for row in session.scalars(select(DraftRow)):
            row.transcript_id = "T-1"
    visitor.read(f"/requests/{desk.ask(SUBJECT_TO)}")
    links = [str(link["href"]) for link in visitor.page("a", class_="listen")]
    assert links == ["/recordings/R-1#t=701", "/recordings/R-1#t=754"]
    assert [str(player["src"]) for player in visitor.page("audio")] == ["/recordings/R-1#t=701"]


def test_a_word_on_a_request_that_changed_meanwhile_is_not_said(desk: IssuedDesk, visitor: Visitor) -> None:
    reference = desk.ask(SUBJECT_TO)
    visitor.read(f"/requests/{reference}")
    visitor.send(f"/{reference}", verdict="reject", reason="It was said so.", by=tobias(desk))
    desk.run("amendments", "review", reference, "--by", "Tobias Wrenfield", now=ASKED)
    visitor.send(f"/{reference}")
    assert (visitor.status, rows(desk)[0].state) == (409, "under_review")
    visitor.send(f"/{reference}")
    assert rows(desk)[0].state == "rejected"


def test_what_lacks_a_reason_or_a_name_is_said_on_its_field(desk: IssuedDesk, visitor: Visitor) -> None:
    reference = desk.ask("No.", kind=Kind.DISAGREEMENT)
    visitor.read(f"/requests/{reference}")
    assert "Accept it in part" not in visitor.words
    visitor.send(f"/{reference}", verdict="reject", reason="", by="")
    assert "Say who you are." in visitor.words
    visitor.send(f"/{reference}", verdict="reject", reason="", by=tobias(desk))
    assert f"{reference} needs a reason." in visitor.words
    visitor.read("/requests/AM-999")
    assert visitor.status == 404


def test_anothers_view_asks_their_representative_and_shows_the_answer(desk: IssuedDesk, visitor: Visitor) -> None:
    reference, by = desk.ask("Large Supplier asked for May.", line="V-01", who=DOROTHEA), tobias(desk)
    visitor.read(f"/requests/{reference}")
    assert "Needs the word of Large Supplier: not given yet" in visitor.words
    visitor.send(f"/{reference}", verdict="ask", by=by)
    visitor.send(f"/{reference}")
    assert "AM-001: Harriet Bassington asked" in visitor.words
    assert [notice.state for notice in desk.notices("amendment")] == ["pending"]
    with desk.whole.database.reading() as session:
        harriet = members.named(session, HARRIET).id
    visitor.read(f"/requests/{reference}")
    visitor.send(f"/{reference}", verdict="no_word", whose=harriet, reason="We said July.", by=by)
    visitor.send(f"/{reference}")
    visitor.read(f"/requests/{reference}")
    assert "Needs the word of Large Supplier: refused" in visitor.words
    visitor.send(f"/{reference}", verdict="accept", reason="Heard.", by=by)
    assert "whose representative does not agree" in visitor.words
    visitor.send(f"/{reference}", verdict="word", whose=harriet, by=by)
    visitor.send(f"/{reference}")
    visitor.read(f"/requests/{reference}")
    assert "Needs the word of Large Supplier: given" in visitor.words
    assert "word given for by Harriet Bassington" in visitor.words


def test_the_tracker_shows_each_constituency_and_the_conflicts(desk: IssuedDesk, visitor: Visitor) -> None:
    desk.ask(SUBJECT_TO)
    desk.ask("The group approved the plan of March.", who=DOROTHEA)
    desk.run("amendments", "no-comments", "PSG", "2024-02-07", "--by", "Magnus Eskdale", now=ASKED)
    visitor.read(f"/requests/tracker/{UID}")
    table = {row("th")[0].text: row("td")[1].text.strip() for row in visitor.page("tr") if row.td}
    assert (table["Large Supplier"], table["DNO"], table["Elexon"]) == ("commented", "no comments", "silent")
    assert "AM-001 and AM-002" in visitor.words


def test_a_marked_up_report_is_given_in_shown_and_entered(desk: IssuedDesk, visitor: Visitor) -> None:
    content = desk.content(desk.reports()[0].document_sha256)
    marked = marked_up(
        content, tracked(DECISION, SUBJECT_TO, HARRIET), tracked("PSG-DEC42", "It noted it.", "Magnus Eskdale")
    )
    upload(visitor, marked, whose=HARRIET, by=tobias(desk))
    assert visitor.status == 200, visitor.words
    assert "Nothing has been entered yet" in visitor.words
    assert SUBJECT_TO in visitor.words
    assert rows(desk) == []
    upload(visitor, None)
    assert visitor.address.startswith("/requests/marked/")
    assert [(row.line_ref, row.came_by) for row in rows(desk)] == [(DECISION, "page")]
    assert "marked by Magnus Eskdale, not by Harriet Bassington" in visitor.words
    visitor.send(visitor.address, "enter", line="1", by=tobias(desk))
    assert [row.line_ref for row in rows(desk)] == [DECISION, "PSG-DEC42"]
    assert visitor.client.get(f"{visitor.address}/file").content == marked


def test_what_is_no_report_is_said_and_kept(desk: IssuedDesk, visitor: Visitor) -> None:
    upload(visitor, b"a letter", whose=HARRIET, by=tobias(desk))
    assert (visitor.status, "This is no Word document." in visitor.words) == (422, True)
    upload(visitor, b"", whose="Nobody at All", by=tobias(desk))
    assert "Choose the Word document" in visitor.words
    with desk.whole.database.reading() as session:
        [kept] = session.scalars(select(MarkedDocumentRow)).all()
    assert (desk.content(kept.sha256), kept.waits) == (b"a letter", True)
    visitor.read("/")
    assert "Marked-up reports to settle 1" in visitor.words
    visitor.read(f"/requests/marked/{kept.id}")
    visitor.send(visitor.address, "seen_to", by=tobias(desk))
    visitor.read("/requests/marked")
    assert "None waits." in visitor.words
    foreign = {"origin": "https://evil.example.org", "sec-fetch-site": "cross-site"}
    refused = visitor.client.post("/requests/marked", files={"file": ("x.docx", b"x")}, headers=foreign)
    assert refused.status_code == 403


def upload(visitor: Visitor, content: bytes | None, **values: str) -> None:
    """Send the form of giving in, with a file where there is one, as a browser does."""
    if content is not None:
        visitor.read("/requests/marked")
    form = visitor.form("/requests/marked")
    fields = {str(f["name"]): str(f.get("value", "")) for f in form("input") if f.get("type") == "hidden"} | values
    files = {name: (None, value) for name, value in fields.items()}
    if content is not None:
        files["file"] = ("marked.docx", content)  # type: ignore[assignment]  # httpx takes both
    visitor._shown(visitor.client.post("/requests/marked", files=files, headers=visitor.ours, follow_redirects=True))


def test_the_amended_report_is_previewed_and_issued(desk: IssuedDesk) -> None:
    reference = desk.ask(SUBJECT_TO)
    desk.accept(reference)
    assert desk.prepare(PAPERS_DAY) == 1
    with served(opened(desk, Clock(PAPERS_DAY))) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.get("/enter/once-only")
        visitor, page = Visitor(client, BeautifulSoup("", "lxml")), f"/reports/{desk.reports()[0].id}/reissue"
        visitor.read(page)
        [ready] = [a["href"] for a in visitor.page("a") if a.text == "as it would read"]
        assert client.get(str(ready)).content[:2] == b"PK"
        visitor.send(page, by=tobias(desk))
        assert f"{DECISION}: “{SUBJECT_TO}”" in visitor.words
        assert len(desk.reports()) == 1
        visitor.send(page)
        assert visitor.address.startswith("/done/"), visitor.words
        assert "PSG-2024-02-07-r2 issued, amended on request" in visitor.words
        assert [report.revision for report in desk.reports()] == [1, 2]
        visitor.read(f"/requests/{reference}")
        assert "Told of in PSG-2024-02-07-r2" in visitor.words


def test_an_erratum_is_previewed_and_issued_at_once(desk: IssuedDesk, visitor: Visitor) -> None:
    page = f"/reports/{desk.reports()[0].id}/correct"
    visitor.read(page)
    values = {"line": "PSG27-01", "owner": "Elexon", "due": "1 March 2024", "by": tobias(desk)}
    visitor.send(page, **values)
    assert (visitor.status, "An erratum needs what the line shall say, and a reason" in visitor.words) == (422, True)
    visitor.send(page, **values, reason="Misheard.")
    assert "PSG27-01 owner: “Elexon”, before: “PMO”" in visitor.words
    assert HARRIET in visitor.words
    assert len(desk.reports()) == 1
    visitor.send(page)
    assert visitor.address.startswith("/done/"), visitor.words
    assert [report.kind for report in desk.reports()] == ["issued", "erratum"]
    assert (desk.newest().draft.actions[0].owner, desk.newest().draft.actions[0].due) == (["Elexon"], "2024-03-01")
