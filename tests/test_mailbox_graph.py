"""A mailbox of Microsoft 365 read as a queue: a real sign-in by msal, real requests by O365, a mailbox on loopback."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.adapters.graph_connection import GraphAccount
from bot.adapters.mailbox_graph import MailboxGraph
from bot.errors import SecretariatError, UnreadableMessage
from bot.ports import CursorExpired, MailWaiting
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph

Opener = Callable[[], MailboxGraph]
MANY, LIMIT = 100, 1 << 20
SOURCE = b"From: harriet.bassington@example.org\r\nSubject: A request\r\n\r\nPSG 2024-02-07 D-01: x\r\n"


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> Iterator[FakeGraph]:
    only_graph.forget()
    yield only_graph
    assert only_graph.changing_ids == [], "each request asks for ids that stay"


@pytest.fixture
def opened(graph: FakeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    monkeypatch.chdir(tmp_path)

    def open_mailbox() -> MailboxGraph:
        account = GraphAccount(
            tenant_id=TENANT, client_id=CLIENT_ID, credential=SecretStr(SECRET), mailbox=MAILBOX, graph_url=graph.url,
            authority=graph.authority, timeout=5.0,
        )  # fmt: skip
        return MailboxGraph("pmo", account)

    return open_mailbox


def all_of(reader: MailboxGraph, cursor: str = "", at_most: int = MANY) -> tuple[list[MailWaiting], str]:
    """Look until nothing is left."""
    found: list[MailWaiting] = []
    while True:
        page, cursor = reader.waiting(cursor, at_most=at_most)
        assert len(page) <= at_most
        if not page:
            return found, cursor
        found += page


def names(found: list[MailWaiting]) -> list[str]:
    return [waiting.name for waiting in found]


def test_a_message_is_listed_read_and_moved(graph: FakeGraph, opened: Opener) -> None:
    mail = graph.mailbox.receive(
        SOURCE, subject="A request", received_at="2024-02-09T08:59:58Z", own_words="PSG 2024-02-07 D-01: x\r\n"
    )
    reader = opened()
    [waiting], _ = all_of(reader)
    assert (waiting.id, waiting.name) == (mail["id"], "A request")
    assert waiting.received_at == datetime(2024, 2, 9, 8, 59, 58, tzinfo=UTC)
    content = reader.content(waiting.id, at_most=LIMIT)
    assert content is not None
    assert content.mime == SOURCE, "the source, to the byte"
    assert (content.own_words, content.conversation) == ("PSG 2024-02-07 D-01: x", mail["conversationId"])
    assert reader.move(waiting.id, "needs_a_person")
    assert [m["id"] for m in graph.mailbox.inside("Needs a person")] == [waiting.id], "under the same id"
    assert graph.requests.count("token") == 1, "one sign-in for all requests"


def test_only_what_is_new_is_listed_page_by_page(graph: FakeGraph, opened: Opener) -> None:
    for number in range(7):
        graph.mailbox.receive(SOURCE, subject=str(number))
    first, cursor = all_of(opened(), at_most=3)
    assert names(first) == list("0123456")
    again = opened()
    assert all_of(again, cursor, 3) == ([], cursor)
    again.move(first[0].id, "done")
    graph.mailbox.receive(SOURCE, subject="7")
    found, following = all_of(again, cursor, 3)
    assert names(found) == ["7"], "what has left the inbox is not new"
    assert all_of(opened(), following, 3)[0] == []


def test_a_page_that_tells_only_of_what_left_is_passed_over(graph: FakeGraph, opened: Opener) -> None:
    reader = opened()
    for number in range(4):
        graph.mailbox.receive(SOURCE, subject=str(number))
    found, cursor = all_of(reader, at_most=2)
    for waiting in found:
        reader.move(waiting.id, "ignored")
    graph.mailbox.receive(SOURCE, subject="4")
    assert names(all_of(reader, cursor, 2)[0]) == ["4"]


def test_a_move_is_made_once_and_a_folder_is_made_once(graph: FakeGraph, opened: Opener) -> None:
    ids = [graph.mailbox.receive(SOURCE)["id"] for _ in range(3)]
    reader = opened()
    assert [reader.move(each, "done") for each in (*ids, *ids)] == [True] * 6
    assert len(graph.mailbox.inside("Done")) == 3
    assert graph.requests.count("new folder") == 3, "one for each state"
    assert graph.requests.count("move") == 3
    assert reader.move(ids[0], "needs_a_person"), "from one of our folders to another"
    assert opened().move(ids[1], "ignored")
    assert [len(graph.mailbox.inside(name)) for name in ("Done", "Needs a person", "Ignored")] == [1, 1, 1]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_folder_that_is_renamed_or_removed_is_made_again(graph: FakeGraph, opened: Opener, restarted: bool) -> None:
    ids = [graph.mailbox.receive(SOURCE)["id"] for _ in range(3)]
    reader = opened()
    reader.move(ids[0], "done")
    graph.mailbox.folder.rename("Done", "Finished")
    reader = opened() if restarted else reader
    reader.waiting("", at_most=MANY)
    assert reader.move(ids[1], "done")
    assert [m["id"] for m in graph.mailbox.inside("Done")] == [ids[1]]
    del graph.mailbox.folder.made[graph.mailbox.folder.named("Done")]
    reader.content(ids[2], at_most=LIMIT)
    assert reader.move(ids[2], "done"), "between two looks, too"
    assert [m["id"] for m in graph.mailbox.inside("Done")] == [ids[2]]


def test_what_a_person_has_filed_is_left_alone(graph: FakeGraph, opened: Opener) -> None:
    filed, deleted = (graph.mailbox.receive(SOURCE) for _ in range(2))
    reader = opened()
    graph.mailbox.move(filed, "archive")
    graph.mails.remove(deleted)
    for mail in (filed, deleted):
        assert reader.content(mail["id"], at_most=LIMIT) is None
        assert not reader.move(mail["id"], "done")
    assert graph.mailbox.inside("Archive") == [filed]


def test_a_message_moved_by_a_person_while_it_is_worked_stays_there(graph: FakeGraph, opened: Opener) -> None:
    mail = graph.mailbox.receive(SOURCE)
    reader = opened()
    assert reader.content(mail["id"], at_most=LIMIT)
    graph.mails.remove(mail)
    assert not reader.move(mail["id"], "done")


def test_a_message_that_is_too_large_is_not_read_into_memory(graph: FakeGraph, opened: Opener) -> None:
    large = graph.mailbox.receive(SOURCE, zeros=100_000_000)
    fits = graph.mailbox.receive(SOURCE, zeros=LIMIT - len(SOURCE))
    reader = opened()
    reader.content(fits["id"], at_most=LIMIT)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableMessage, match=r"larger than the 1 MB that are read\. Open it by hand"):
            reader.content(large["id"], at_most=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * LIMIT
    assert reader.content(fits["id"], at_most=LIMIT), "the connection goes on"
    assert reader.move(large["id"], "needs_a_person")


@pytest.mark.parametrize("fault", [Fault(410, "SyncStateNotFound"), Fault(410, "Gone"), Fault(400, "SyncStateInvalid")])
def test_a_cursor_that_graph_has_forgotten_is_said_to_be_so(graph: FakeGraph, opened: Opener, fault: Fault) -> None:
    mail = graph.mailbox.receive(SOURCE)
    reader = opened()
    _, cursor = all_of(reader)
    graph.meet("delta", fault)
    with pytest.raises(CursorExpired):
        reader.waiting(cursor, at_most=MANY)
    assert [waiting.id for waiting in all_of(reader)[0]] == [mail["id"]]


def test_a_cursor_of_another_place_is_not_followed(graph: FakeGraph, opened: Opener) -> None:
    reader = opened()
    with pytest.raises(CursorExpired):
        reader.waiting("https://elsewhere.example.com/v1.0/delta?$deltatoken=1", at_most=MANY)
    assert graph.requests == []


Step = Callable[[MailboxGraph, str], object]
STEPS: list[tuple[str, Step]] = [
    ("delta", lambda reader, _: reader.waiting("", at_most=MANY)),
    ("mail", lambda reader, key: reader.content(key, at_most=LIMIT)),
    ("source", lambda reader, key: reader.content(key, at_most=LIMIT)),
    ("folders", lambda reader, key: reader.move(key, "done")),
    ("new folder", lambda reader, key: reader.move(key, "done")),
    ("move", lambda reader, key: reader.move(key, "done")),
]


@pytest.mark.parametrize(("step", "work"), STEPS, ids=[step for step, _ in STEPS])
def test_throttled_it_says_how_long_to_wait_and_goes_on_afterwards(
    graph: FakeGraph, opened: Opener, step: str, work: Step
) -> None:
    mail, reader = graph.mailbox.receive(SOURCE), opened()
    graph.meet(step, Fault(429, "ApplicationThrottled", {"Retry-After": "17"}))
    with pytest.raises(SecretariatError) as refused:
        work(reader, mail["id"])
    assert refused.value.evidence["retry_after"] == 17
    assert work(reader, mail["id"])


@pytest.mark.parametrize(("step", "work"), STEPS, ids=[step for step, _ in STEPS])
def test_a_token_that_has_run_out_is_renewed_at_once(graph: FakeGraph, opened: Opener, step: str, work: Step) -> None:
    mail, reader = graph.mailbox.receive(SOURCE), opened()
    reader.waiting("", at_most=MANY)
    graph.tokens.clear()
    assert work(reader, mail["id"])
    assert graph.requests.count("token") == 2


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize(("step", "work"), STEPS, ids=[step for step, _ in STEPS])
def test_a_connection_that_breaks_is_said_in_a_sentence_and_repeats_nothing(
    graph: FakeGraph, opened: Opener, step: str, work: Step, how: str
) -> None:
    mail, reader = graph.mailbox.receive(SOURCE), opened()
    graph.meet(step, Fault(cut=how))
    with pytest.raises(SecretariatError, match="Microsoft 365"):
        work(reader, mail["id"])
    assert work(reader, mail["id"])
    moves = graph.requests.count("move")
    assert moves == (0 if step in ("delta", "mail", "source") else 2 if (step, how) == ("move", "before") else 1)


def test_a_mailbox_that_may_not_be_read_is_said_to_be_so(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("delta", Fault(403, "ErrorAccessDenied"))
    with pytest.raises(SecretariatError, match=r"grant it Mail\.ReadWrite for it"):
        opened().waiting("", at_most=MANY)


def test_no_token_is_logged(graph: FakeGraph, opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    mail, reader = graph.mailbox.receive(SOURCE), opened()
    for _, work in STEPS:
        work(reader, mail["id"])
    assert graph.tokens
    assert not [token for token in graph.tokens if token in caplog.text]


def test_half_a_character_in_a_subject_harms_nothing(graph: FakeGraph, opened: Opener) -> None:
    graph.mailbox.receive(SOURCE, subject="half \ud83d")
    entries: list[Any] = opened().waiting("", at_most=MANY)[0]
    assert entries[0].name.startswith("half")
