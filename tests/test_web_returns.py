"""The page of edited drafts, as the PMO uses it: a file given in, its edits line by line, questions, one click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from bot.adapters.content_files import ContentFolder
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.return_states import State
from bot.store.database import Database
from bot.store.draft_tables import ReturnRow
from handlers.web import desk as web_desk
from handlers.web import forms
from tests.test_report_imports import DRAFT, by_word, twice
from tests.test_returns import Returning, reword, several
from tests.test_web_changes import Visitor, fields_of
from tests.test_web_pages import served

TOBIAS = "Tobias Wrenfield"


@pytest.fixture
def desk(database: Database, config: Config, people: dict[str, Person], clock: Clock, tmp_path: Path) -> Returning:
    assert people
    return Returning(database, config, ContentFolder(tmp_path / "content"), clock)


@pytest.fixture
def visitor(desk: Returning) -> Iterator[Visitor]:
    page = web_desk.Desk(
        database=desk.database, config=desk.drafting.config, clock=desk.clock, calendar=desk.announcer.calendar,
        announcer=desk.announcer, files=desk.files, slack_messages=list, entry_key="once-only",
        session_secret="invented secret of a test", feed_secret="another invented secret",
        drafting=lambda: desk.drafting,
    )  # fmt: skip
    with served(page) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.get("/enter/once-only")
        come_in = Visitor(client, None)  # type: ignore[arg-type]  # it has read no page yet
        come_in.read("/returns")
        yield come_in


def give(visitor: Visitor, content: bytes, by: Person | None, at: str = "/returns", **changes: str) -> None:
    """Choose a file in the form of a page, and send it as a browser does."""
    visitor.read(at)
    fields = fields_of(visitor.form("/returns")) | {"by": by.id if by else ""} | changes
    files = {"file": ("../PSG mine.docx", content, "application/octet-stream")}
    fields.pop("file", None)
    answer = visitor.client.post("/returns", data=fields, files=files, headers=visitor.ours, follow_redirects=True)
    visitor.address, visitor.status, visitor.page = (
        answer.url.path,
        answer.status_code,
        BeautifulSoup(answer.text, "lxml"),
    )


def rows(desk: Returning) -> list[ReturnRow]:
    with desk.database.reading() as session:
        return list(session.query(ReturnRow))


def test_a_file_is_given_in_shown_line_by_line_and_taken_with_one_click(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    assert "No edited draft has come back yet." in visitor.words
    edits = several(reword("D-01", "It approved <b>the plan</b>."), reword("A-01", "12 February 2024", 3))
    give(visitor, by_word(desk.document(), edits), people[TOBIAS])
    assert (visitor.status, visitor.address) == (200, "/returns/RT-001")
    for said in ("RT-001: PSG mine.docx", "Given back by Tobias Wrenfield, by page", "It approved <b>the plan</b>.",
                 "The group approved the plan.", "12 February 2024", "so that is agreed then", "00:11:41"):  # fmt: skip
        assert said in visitor.words
    assert visitor.page.find("del", string="The group approved the plan.")
    visitor.read("/")
    assert "Edited drafts to take in" in visitor.words
    visitor.read("/returns/RT-001")
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id)
    assert "Taken in by Tobias Wrenfield" in visitor.words
    assert "PSG-2024-02-07-draft-2" in visitor.words
    row, draft = desk.newest()
    assert (row.version, draft.decisions[0].text) == (2, "It approved <b>the plan</b>.")
    visitor.read("/returns")
    assert "taken in" in visitor.words


def test_conflicts_are_shown_with_both_texts_and_chosen(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    sent = desk.document()
    theirs = [d.model_copy(update={"text": f"Theirs {d.ref}."}) for d in DRAFT.decisions]
    desk.keep(DRAFT.model_copy(update={"decisions": theirs}))
    mine = several(reword("D-01", "Mine D-01."), reword("D-02", "Mine D-02."), reword("D-03", "Mine D-03."))
    give(visitor, by_word(sent, mine), people[TOBIAS])
    for said in ("PSG-2024-02-07-draft-2 was made meanwhile", "The document's: Mine D-01.",
                 "That of PSG-2024-02-07-draft-2: Theirs D-01."):  # fmt: skip
        assert said in visitor.words
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id, **{"line:D-01.text": "theirs"})
    assert visitor.status == 422
    assert "D-02, D-03: PSG-2024-02-07-draft-2 was changed meanwhile, in the same place." in visitor.words
    assert visitor.page.find("input", attrs={"name": "line:D-01.text", "value": "theirs", "checked": True})
    chosen = {"line:D-02.text": "mine", "line:D-03.text": "other", "words:line:D-03.text": "Neither."}
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id, **chosen)
    assert visitor.status == 200
    _, draft = desk.newest()
    assert [d.text for d in draft.decisions] == ["Theirs D-01.", "Mine D-02.", "Neither."]
    assert "D-03.text" in visitor.words


def test_rows_that_cannot_be_told_apart_are_asked_about(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    give(visitor, twice(desk.document()), people[TOBIAS])
    assert "D-01 stands at 2 rows. Which of them is it?" in visitor.words
    first, second = [str(tag["name"]) for tag in visitor.page("select") if str(tag["name"]).startswith("row:")]
    visitor.send("/returns/RT-001", "look", **{first: "D-01", second: "new"})
    assert "New line" in visitor.words
    assert desk.newest()[0].version == 1
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id)
    _, draft = desk.newest()
    assert [d.ref for d in draft.decisions] == ["D-01", "D-04", "D-03"]


@pytest.mark.long
def test_a_draft_that_moved_on_while_it_was_looked_at_is_shown_anew(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    give(visitor, by_word(desk.document(), reword("D-01", "Mine.")), people[TOBIAS])
    desk.keep(DRAFT.model_copy(update={"raid": []}))
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id)
    assert visitor.status == 422
    assert "Another draft was made since this was shown" in visitor.words
    visitor.send("/returns/RT-001", "take", by=people[TOBIAS].id)
    assert desk.newest()[0].version == 3


def test_what_is_refused_is_said_and_not_offered(desk: Returning, visitor: Visitor, people: dict[str, Person]) -> None:
    give(visitor, b"no document", people[TOBIAS])
    assert "This is no Word document." in visitor.words
    assert visitor.page.find("button", value="take") is None
    assert visitor.client.get("/returns/RT-001/file").status_code == 404
    [row] = rows(desk)
    assert (row.state, desk.files.path(row.sha256).read_bytes()) == (State.REFUSED, b"no document")


def test_a_draft_of_another_meeting_is_refused_at_the_draft_that_it_is_given_in_for(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    give(visitor, by_word(desk.document(), reword("D-01", "Mine.")), people[TOBIAS], "/drafts/PSG-2024-02-07-draft-1")
    assert rows(desk)[0].of_uid == desk.meeting.uid
    assert "reworded" in visitor.words


@pytest.mark.long
def test_it_is_put_aside_and_waits_again(desk: Returning, visitor: Visitor, people: dict[str, Person]) -> None:
    give(visitor, by_word(desk.document(), reword("D-01", "Mine.")), people[TOBIAS])
    visitor.send("/returns/RT-001", "aside", by=people[TOBIAS].id, why="A trial.")
    assert "Put aside by Tobias Wrenfield" in visitor.words
    assert "A trial." in visitor.words
    visitor.send("/returns/RT-001", "back", by=people[TOBIAS].id)
    assert rows(desk)[0].state == State.WAITING
    file = visitor.client.get("/returns/RT-001/file")
    assert file.headers["content-disposition"] == "attachment; filename*=utf-8''PSG%20mine.docx"
    desk.files.forget(rows(desk)[0].sha256)  # as it is where a closed session stood in it
    gone = visitor.client.get("/returns/RT-001/file")
    assert (gone.status_code, "is not kept any more" in gone.text) == (404, True)


def test_forms_that_are_not_ours_nothing_chosen_and_what_is_too_long(
    desk: Returning, visitor: Visitor, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(visitor, b"", people[TOBIAS])
    assert "Choose the document that you edited." in visitor.words
    give(visitor, b"x", None)
    assert "Say who you are." in visitor.words
    give(visitor, b"x", people[TOBIAS], token="guessed")
    assert visitor.status == 403
    files = {"file": ("a.docx", b"x")}
    elsewhere = {"origin": "https://evil.example"}
    assert visitor.client.post("/returns", data={"by": "x"}, files=files, headers=elsewhere).status_code == 403
    monkeypatch.setattr(forms, "MOST_UPLOAD", 10_000)
    give(visitor, b"x" * 20_000, people[TOBIAS])
    assert visitor.status == 413
    assert rows(desk) == []


def test_the_same_form_sent_twice_gives_it_back_once(
    desk: Returning, visitor: Visitor, people: dict[str, Person]
) -> None:
    visitor.read("/returns")
    fields = fields_of(visitor.form("/returns")) | {"by": people[TOBIAS].id}
    fields.pop("file")
    for _ in range(2):
        visitor.client.post("/returns", data=fields, files={"file": ("a.docx", desk.document())}, headers=visitor.ours)
    assert len(rows(desk)) == 1


@pytest.mark.long
def test_what_the_machine_and_a_person_changed_is_chosen_on_the_page(
    desk: Returning, visitor: Visitor, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.test_returns import drafted_again, machines

    row = desk.back(by_word(desk.document(), reword("D-01", "Mine.")), people[TOBIAS])
    desk.take(row.reference, people[TOBIAS])
    lines = [("D-01", "The group approved the second plan.", 701.0), ("D-02", "It noted the risk.", 702.0),
             ("D-03", "The group closed it.", 703.0)]  # fmt: skip
    drafted_again(desk, machines(*lines), monkeypatch)
    visitor.read("/returns/RT-002")
    assert "The machine drafted the report anew" in visitor.words
    assert "The document's: Mine." in visitor.words
    visitor.send("/returns/RT-002", "take", by=people[TOBIAS].id, **{"line:D-01.text": "theirs"})
    assert visitor.status == 200
    assert desk.newest()[1].decisions[0].text == "The group approved the second plan."
