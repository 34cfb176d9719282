"""The mailbox page as the PMO uses it: each message with its own words, and one click for each proposal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from bot.adapters.content_files import ContentFolder
from bot.clock import Clock
from bot.config import Config
from bot.model import Person
from bot.store.database import Database
from bot.store.meeting_tables import ApologyRow
from bot.store.outbox_tables import OutboxRow
from handlers.mail.findings import What
from handlers.web.desk import Desk
from tests.mail_room import AMENDMENT, MARCH, MailRoom, found
from tests.test_web_changes import Visitor
from tests.test_web_pages import served

APOLOGY = found(What.APOLOGY, certain=False, group="PSG", on=MARCH)
HTML = '<p>Dear <b>all</b><img src="https://evil.example/seen.png"><script>alert("owned")</script></p>'
PDF, MACRO = b"%PDF-1.7 the plan", b"PK\x03\x04 nothing that can be opened"


@pytest.fixture
def room(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> MailRoom:
    return MailRoom(database, config, ContentFolder(tmp_path / "files"))


@pytest.fixture
def visitor(room: MailRoom) -> Iterator[Visitor]:
    desk = Desk(
        database=room.database, config=room.config, clock=Clock(room.now), calendar=room.calendar,
        announcer=replace(room.announcer, files=room.files), files=room.files, slack_messages=list,
        entry_key="once-only", session_secret="invented secret of a test", feed_secret="another invented secret",
    )  # fmt: skip
    with served(desk) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.get("/enter/once-only")
        come_in = Visitor(client, None)  # type: ignore[arg-type]  # it has read no page yet
        come_in.read("/mailbox")
        yield come_in


def tobias(room: MailRoom) -> str:
    return room.person("Tobias Wrenfield").id


def html_mail(files: list[tuple[str, bytes]]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "harriet.bassington@example.org", "PSG", "<h@example.org>"
    mail.set_content("Dear all\n\nOn Wed, 7 Feb 2024, PMO wrote:\n> what was said before\n")
    mail.add_alternative(HTML, subtype="html")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def test_what_waits_is_listed_with_what_would_be_done(room: MailRoom, visitor: Visitor) -> None:
    assert "No message waits." in visitor.words
    key = room.came(APOLOGY)
    visitor.read("/mailbox")
    assert "M-001: Record apologies from Harriet Bassington for PSG on Wednesday 6 March 2024." in visitor.words
    assert visitor.page.find("a", href=f"/mailbox/{key}")
    visitor.read("/inbox")
    assert visitor.page.find("a", href=f"/mailbox/{key}")


def test_one_click_accepts_and_another_undoes(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    visitor.read(f"/mailbox/{key}")
    visitor.send(key, "accept", by=tobias(room))
    assert (visitor.status, visitor.address) == (200, f"/mailbox/{key}")
    assert "Accepted by Tobias Wrenfield" in visitor.words
    assert "AP-001" in visitor.words
    assert len(room.rows(ApologyRow)) == 1
    visitor.send(key, "undo", by=tobias(room), why="A slip of the mouse.")
    assert "Undone by Tobias Wrenfield" in visitor.words
    assert "A slip of the mouse." in visitor.words
    assert [row.withdrawn_at is None for row in room.rows(ApologyRow)] == [False]


def test_a_proposal_is_changed_first(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    visitor.read(f"/mailbox/{key}")
    visitor.send(key, "change", by=tobias(room), who="Magnus Eskdale")
    assert "Changed by Tobias Wrenfield" in visitor.words
    assert room.rows(ApologyRow)[0].alternate_id == room.person("Magnus Eskdale").id


def test_what_cannot_be_is_said_and_what_was_typed_is_kept(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    visitor.read(f"/mailbox/{key}")
    visitor.send(key, "change", by=tobias(room), date="someday")
    assert visitor.status == 422
    assert "Nothing was changed. someday is no date." in visitor.words
    assert visitor.page.find("input", attrs={"name": "date", "value": "someday"})
    visitor.send(key, "accept", by="")
    assert "Say who you are." in visitor.words
    visitor.send(key, "change", by=tobias(room))
    assert room.rows(ApologyRow) == []


def test_a_rejected_one_is_done_with(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    visitor.read(f"/mailbox/{key}")
    visitor.send(key, "reject", by=tobias(room), why="She comes.")
    assert "Rejected by Tobias Wrenfield" in visitor.words
    assert room.message(key).state == "done"


def test_the_same_click_twice_does_it_once(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    visitor.read(f"/mailbox/{key}")
    before = visitor.page
    visitor.send(key, "accept", by=tobias(room))
    visitor.page = before
    visitor.send(key, "accept", by=tobias(room))
    assert visitor.status == 422
    assert "M-001 is accepted already" in visitor.words
    assert len(room.rows(ApologyRow)) == len([r for r in room.rows(OutboxRow) if r.kind == "receipt"]) == 1


def test_a_form_of_another_site_is_not_followed(room: MailRoom, visitor: Visitor) -> None:
    key = room.came(APOLOGY)
    fields = {"step": "accept", "reference": "M-001", "by": tobias(room), "token": "guessed"}
    for headers in ({"origin": "https://evil.example"}, visitor.ours):
        assert visitor.client.post(f"/mailbox/{key}", data=fields, headers=headers).status_code == 403
    assert room.rows(ApologyRow) == []


def test_a_proposal_of_another_message_is_not_decided_here(room: MailRoom, visitor: Visitor) -> None:
    room.came(APOLOGY)
    other = room.came(AMENDMENT)
    visitor.read(f"/mailbox/{other}")
    visitor.send(other, "accept", by=tobias(room), reference="M-001")
    assert visitor.status == 404
    assert room.rows(ApologyRow) == []


def test_html_is_shown_without_what_it_could_do(room: MailRoom, visitor: Visitor) -> None:
    key = room.work(html_mail([]), [APOLOGY])
    shown = str(visitor.read(f"/mailbox/{key}"))
    assert "<b>all</b>" in shown
    assert "evil.example" not in shown
    assert "owned" not in shown


def test_files_are_saved_and_what_is_held_is_not_opened(room: MailRoom, visitor: Visitor) -> None:
    key = room.work(html_mail([("plan.pdf", PDF), ("macro.docm", MACRO)]), [APOLOGY])
    visitor.read(f"/mailbox/{key}")
    assert "macro.docm held" in visitor.words
    saved = visitor.client.get(f"/mailbox/{key}/files/plan.pdf")
    assert saved.content == PDF
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"].startswith("attachment;")
    for name in ("macro.docm", "../plan.pdf", "other.pdf"):
        assert visitor.client.get(f"/mailbox/{key}/files/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/mailbox/nothing", "/mailbox/nothing/files/plan.pdf"])
def test_what_is_not_there_is_said_to_be_so(visitor: Visitor, path: str) -> None:
    visitor.read(path)
    assert visitor.status == 404
