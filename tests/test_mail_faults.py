"""A mailbox that throttles, forgets, renumbers and is tidied by people meanwhile: nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from bot import mail_proposals
from bot.adapters.content_files import ContentFolder
from bot.adapters.graph_connection import GraphAccount
from bot.adapters.mailbox_folder import MailboxFolder
from bot.adapters.mailbox_graph import MailboxGraph
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Person
from bot.ports import MailboxReader, MailContent
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow, MailboxCursorRow
from handlers.mail import inbox as driving
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker, Outcome
from schedules.announcements import Announcer
from schedules.series import Calendar
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph
from tests.mailbox_shelf import HandSetClock, Shelf, counted
from tests.test_mail_inbox import mail

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHO = ("Harriet Bassington <harriet.bassington@example.org>", "Magnus Eskdale <magnus.eskdale@example.org>")


def request(number: int) -> bytes:
    """A request, each of another wording."""
    who, text = WHO[number % 2], f"PSG 2024-02-07 D-01: the plan was approved subject to report {number}"
    return mail(text, sender=who, Message_ID=f"<request-{number}@example.org>")


@dataclass
class House:
    """What works a mailbox, on a database of its own."""

    config: Config
    database: Database
    files: ContentFolder
    clock: HandSetClock

    def worker(self) -> MailWorker:
        return MailWorker(Announcer(self.config, Calendar(self.config), lambda: "http://127.0.0.1:8765"))

    def inbox(self, reader: MailboxReader, **settings: Any) -> MailInbox:
        settings = {"worker": self.worker(), **settings}
        return MailInbox(reader, database=self.database, files=self.files, clock=self.clock, **settings)

    def rows(self) -> list[InboxRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(InboxRow).order_by(InboxRow.received_at)))

    def states(self) -> list[tuple[str, str]]:
        return [(row.state, row.lies_in) for row in self.rows()]


@pytest.fixture
def house(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> House:
    return House(config, database, ContentFolder(tmp_path / "content"), HandSetClock(NOW))


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> FakeGraph:
    only_graph.forget()
    return only_graph


def graph_mailbox(graph: FakeGraph) -> MailboxGraph:
    account = GraphAccount(
        tenant_id=TENANT, client_id=CLIENT_ID, credential=SecretStr(SECRET), mailbox=MAILBOX, graph_url=graph.url,
        authority=graph.authority, timeout=5.0,
    )  # fmt: skip
    return MailboxGraph("pmo", account)


def work(inbox: MailInbox, meanwhile: Callable[[], object] = lambda: None) -> int:
    """Until nothing is left to do; returns how many steps it took."""
    steps = 0
    while inbox.take_in_one():
        meanwhile()
        steps += 1
    return steps


# ----------------------------------------------------------------------------------------------- the order of work


def test_all_is_recorded_before_anything_is_done_and_worked_the_oldest_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "AT_A_LOOK", 3)
    shelf = Shelf()
    for number in (5, 2, 7, 1, 6, 3, 4):
        shelf.receive(request(number), NOW - timedelta(days=9 - number))
    inbox = house.inbox(shelf)
    for _ in range(3):
        inbox.take_in_one()
    assert counted(house.database) == (7, 0, 0)
    work(inbox)
    with house.database.reading() as session:
        texts = list(session.scalars(select(AmendmentRow.proposed_text).order_by(AmendmentRow.number)))
    assert [text[-1] for text in texts] == list("1234567")
    assert shelf.places() == ["done"] * 7


def test_what_came_in_one_second_is_worked_as_it_was_listed(house: House) -> None:
    shelf = Shelf()
    for number in range(6):
        shelf.receive(request(number), NOW)
    work(house.inbox(shelf))
    with house.database.reading() as session:
        texts = list(session.scalars(select(AmendmentRow.proposed_text).order_by(AmendmentRow.number)))
    assert [text[-1] for text in texts] == list("012345")


def test_a_long_backlog_says_how_far_it_is(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "SHOWN_EVERY", 4)
    shelf = Shelf()
    for number in range(10):
        shelf.receive(mail(sender=f"nobody{number}@example.com"), NOW - timedelta(days=20 - number))
    with capture_logs() as logs:
        work(house.inbox(shelf))
    said = [(line["event"], line.get("now_at")) for line in logs if "messages worked" in line["event"]]
    assert said == [("4 messages worked, 6 wait", "2024-01-23"), ("8 messages worked, 2 wait", "2024-01-27")]


def test_a_mailbox_is_looked_at_every_few_minutes_and_worked_meanwhile(house: House) -> None:
    shelf = Shelf()
    inbox = house.inbox(shelf, every=2 * MINUTE)
    work(inbox)
    shelf.receive(request(1), NOW)
    work(inbox)
    assert shelf.asked.count("waiting") == 1
    assert counted(house.database) == (0, 0, 0)
    house.clock.passed.append(2 * MINUTE)
    work(inbox)
    assert counted(house.database) == (1, 1, 1)


# ------------------------------------------------------------------------------------------------------ Microsoft 365


@pytest.mark.parametrize("step", ["delta", "mail", "source", "folders", "move"])
def test_throttled_it_waits_as_long_as_it_is_told_and_does_nothing_twice(
    house: House, graph: FakeGraph, step: str
) -> None:
    for number in range(3):
        graph.mailbox.receive(request(number))
    graph.meet(step, Fault(429, "ApplicationThrottled", {"Retry-After": "170"}))
    inbox = house.inbox(graph_mailbox(graph))
    with pytest.raises(SecretariatError, match="more slowly"):
        work(inbox)
    asked = len(graph.requests)
    house.clock.passed.append(timedelta(seconds=165))
    assert not inbox.take_in_one()
    assert len(graph.requests) == asked, "nothing is asked before the time"
    house.clock.passed.append(timedelta(seconds=5))
    work(inbox)
    assert counted(house.database) == (3, 3, 3)
    assert len(graph.mailbox.inside("Done")) == 3


def test_tokens_that_run_out_at_every_step_are_renewed(house: House, graph: FakeGraph) -> None:
    for number in range(3):
        graph.mailbox.receive(request(number))
    work(house.inbox(graph_mailbox(graph)), meanwhile=graph.tokens.clear)
    assert counted(house.database) == (3, 3, 3)
    assert len(graph.mailbox.inside("Done")) == 3


@pytest.mark.parametrize("steps", range(12))
def test_a_forgotten_cursor_leads_to_a_second_reading_and_to_no_second_deed(
    house: House, graph: FakeGraph, steps: int
) -> None:
    """410 after so many steps: messages that lie in the inbox are listed again, in whatever state they are."""
    for number in range(3):
        graph.mailbox.receive(request(number))
    inbox = house.inbox(graph_mailbox(graph))
    for _ in range(steps):
        inbox.take_in_one()
    graph.mailbox.receive(request(3))
    graph.mailbox.forgotten_before = graph.mailbox.changes + 1
    inbox.take_in_one()
    graph.mailbox.forgotten_before = 0
    work(inbox)
    assert counted(house.database) == (4, 4, 4)
    assert len(graph.mailbox.inside("Done")) == 4
    with house.database.reading() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.event == "mail received")).all()) == 4


def test_folders_renamed_under_it_are_made_again(house: House, graph: FakeGraph) -> None:
    inbox = house.inbox(graph_mailbox(graph))
    for number in range(3):
        graph.mailbox.receive(request(number))
        work(inbox)
        graph.mailbox.folder.rename("Done", f"Old {number}")
    assert [len(graph.mailbox.inside(f"Old {number}")) for number in range(3)] == [1, 1, 1]
    assert house.states() == [("done", "done")] * 3


def test_a_message_of_100_megabytes_waits_for_a_person_and_holds_up_nobody(house: House, graph: FakeGraph) -> None:
    graph.mailbox.receive(request(1), subject="The whole pack", zeros=100_000_000)
    graph.mailbox.receive(request(2))
    work(house.inbox(graph_mailbox(graph)))
    [large] = graph.mailbox.inside("Needs a person")
    assert large["subject"] == "The whole pack"
    [row] = [row for row in house.rows() if row.state == "needs_a_person"]
    assert row.finding == "unreadable"
    assert row.reason == "The message is larger than the 40 MB that are read. Open it by hand."
    with house.database.reading() as session:
        [(proposal, _)] = mail_proposals.waiting(session)
    assert (proposal.inbox_id, proposal.action) == (row.id, "unreadable"), "a person can settle it"
    assert counted(house.database) == (2, 1, 1)


# ------------------------------------------------------------------------------------------ people tidy up meanwhile


def test_a_message_that_a_person_took_before_it_was_read_is_theirs(house: House) -> None:
    shelf = Shelf()
    taken = shelf.receive(request(1), NOW)
    inbox = house.inbox(shelf)
    inbox.take_in_one()
    taken.place = "archive"
    work(inbox)
    assert house.states() == [("ignored", "elsewhere")]
    assert "took it out of the inbox" in house.rows()[0].reason
    assert counted(house.database) == (1, 0, 0)
    taken.place = "inbox"
    _forget_how_far(house)
    work(inbox)
    assert house.states() == [("done", "done")], "put back, it is worked after all"
    assert counted(house.database) == (1, 1, 1)


def _forget_how_far(house: House) -> None:
    """So that the shelf lists once more what came back."""
    with house.database.session() as session:
        session.execute(delete(MailboxCursorRow))


def test_a_message_that_a_person_moved_while_it_was_worked_stays_where_they_put_it(house: House) -> None:
    shelf = Shelf()
    filed = shelf.receive(request(1), NOW)
    inbox = house.inbox(shelf)
    inbox.take_in_one()
    inbox.take_in_one()
    assert counted(house.database) == (1, 1, 1)
    filed.place = "archive"
    work(inbox)
    assert filed.place == "archive"
    assert house.states() == [("done", "elsewhere")]


def test_a_message_whose_state_a_person_changes_goes_to_the_folder_of_the_new_one(house: House) -> None:
    shelf = Shelf()
    shelf.receive(mail(sender="nobody@example.com"), NOW)
    inbox = house.inbox(shelf)
    work(inbox)
    assert shelf.places() == ["needs_a_person"]
    with house.database.session() as session:
        session.scalars(select(InboxRow)).one().state = "done"
    work(inbox)
    assert shelf.places() == ["done"]


@pytest.mark.parametrize("steps", range(5))
def test_an_inbox_that_is_numbered_anew_at_any_step_is_worked_once(house: House, steps: int) -> None:
    shelf = Shelf()
    for number in range(2):
        shelf.receive(request(number), NOW + number * MINUTE)
    inbox = house.inbox(shelf)
    for _ in range(steps):
        inbox.take_in_one()
    shelf.number_anew()
    work(inbox)
    requests, receipts = counted(house.database)[1:]
    assert (requests, receipts) == (2, 2)
    assert shelf.places() == ["done", "done"]
    assert "arrived" not in {row.state for row in house.rows()}


# ---------------------------------------------------------------------------------- trouble with one message or mailbox


def test_a_message_at_which_the_mailbox_fails_lets_the_others_go_first(house: House) -> None:
    shelf = Shelf()
    bad = shelf.receive(request(1), NOW - MINUTE)
    shelf.receive(request(2), NOW)
    shelf.refuses.add(bad.id)
    inbox = house.inbox(shelf, every=MINUTE)
    with pytest.raises(SecretariatError, match="can't show this message"):
        work(inbox)
    work(inbox)
    assert shelf.places() == ["inbox", "done"]
    shelf.refuses.clear()
    house.clock.passed.append(MINUTE)
    work(inbox)
    assert shelf.places() == ["done", "done"]


def test_a_mailbox_that_fails_is_given_a_rest(house: House) -> None:
    shelf = Shelf()
    bad = shelf.receive(request(1), NOW)
    shelf.refuses.add(bad.id)
    inbox = house.inbox(shelf, rest=MINUTE)
    with pytest.raises(SecretariatError):
        work(inbox)
    asked = len(shelf.asked)
    assert not inbox.take_in_one()
    assert len(shelf.asked) == asked


@dataclass(frozen=True)
class Stumbling(MailWorker):
    """What nobody foresaw."""

    def work(self, session: Session, row: InboxRow, content: MailContent, mailbox_key: str, now: datetime) -> Outcome:
        row.subject = "half written"
        raise RuntimeError("nobody foresaw this")


def test_a_message_that_nobody_foresaw_is_put_before_a_person(house: House) -> None:
    shelf = Shelf()
    shelf.receive(request(1), NOW)
    with capture_logs() as logs:
        work(house.inbox(shelf, worker=Stumbling(house.worker().announcer)))
    assert [line["log_level"] for line in logs if "put before a person" in line["event"]] == ["error"]
    [row] = house.rows()
    assert (row.state, row.finding, row.subject, row.lies_in) == (
        "needs_a_person",
        "our_fault",
        "",
        "needs_a_person",
    )
    assert house.files.path(row.content_sha256).read_bytes() == request(1)


def test_a_mail_to_two_mailboxes_is_worked_in_one_and_put_away_in_the_other(house: House) -> None:
    both = [Shelf("pmo"), Shelf("design")]
    for shelf in both:
        shelf.receive(request(1), NOW)
        work(house.inbox(shelf))
    assert [shelf.places() for shelf in both] == [["done"], ["ignored"]]
    assert counted(house.database) == (2, 1, 1)
    assert [row.mailbox for row in house.rows()] == ["pmo", "design"]


def test_each_mailbox_has_its_own_rule_of_trust(house: House) -> None:
    strict = house.config.mailboxes["design"].model_copy(update={"trust": "required"})
    config = house.config.model_copy(update={"mailboxes": house.config.mailboxes | {"design": strict}})
    house = replace(house, config=config)
    for number, key in enumerate(("pmo", "design")):
        shelf = Shelf(key)
        shelf.receive(request(number), NOW)
        work(house.inbox(shelf))
    assert [state for state, _ in house.states()] == ["done", "needs_a_person"]


# ----------------------------------------------------------------------------------------------- the folder as mailbox


def test_files_are_worked_the_oldest_first_and_none_is_overwritten(house: House, tmp_path: Path) -> None:
    root = tmp_path / "mailbox"
    (root / "inbox/new").mkdir(parents=True)
    reader = MailboxFolder("pmo", root)
    inbox = house.inbox(reader)
    for number, name in enumerate(("z.eml", "inbox/a.eml", "inbox/new/a.eml", "inbox/no mail.txt", "inbox/.x.eml")):
        (root / name).write_bytes(request(number))
    work(inbox)
    work(inbox)
    assert [row.file_name for row in house.rows()] == ["z.eml", "a.eml", "a.eml"]
    assert len(list((root / "done").iterdir())) == 3
    assert sorted(path.name for path in (root / "inbox").iterdir() if path.is_file()) == [".x.eml", "no mail.txt"]


def test_a_file_whose_name_is_no_text_is_worked_like_any_other(house: House, tmp_path: Path) -> None:
    root = tmp_path / "mailbox"
    (root / "inbox").mkdir(parents=True)
    for name in (b"caf\xe9 %7C|.eml", b"x" * 250 + b".eml", "é".encode() * 120 + b".eml"):
        with open(bytes(root / "inbox") + b"/" + name, "wb") as file:  # noqa: PTH123  # a path is text
            file.write(request(len(name)))
    inbox = house.inbox(MailboxFolder("pmo", root))
    work(inbox)
    work(inbox)
    assert house.states() == [("done", "done")] * 3


def test_a_file_that_is_gone_or_changed_meanwhile_is_not_worked_under_the_old_id(house: House, tmp_path: Path) -> None:
    root = tmp_path / "mailbox"
    (root / "inbox").mkdir(parents=True)
    for number, name in enumerate(("gone.eml", "changed.eml")):
        (root / "inbox" / name).write_bytes(request(number))
    inbox = house.inbox(MailboxFolder("pmo", root))
    inbox.take_in_one()
    inbox.take_in_one()
    (root / "inbox/gone.eml").unlink()
    (root / "inbox/changed.eml").write_bytes(request(10))
    work(inbox)
    work(inbox)
    assert sorted(house.states()) == [("done", "done"), ("ignored", "elsewhere"), ("ignored", "elsewhere")]
    assert counted(house.database)[1:] == (1, 1)


def test_a_folder_that_cannot_be_read_is_said_to_be_so(house: House, tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("no folder")
    with pytest.raises(SecretariatError, match="Mail could not be read or moved"):
        work(house.inbox(MailboxFolder("pmo", tmp_path / "mailbox")))
