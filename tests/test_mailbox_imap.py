"""A mailbox read by IMAP as a queue, at a real server: Dovecot, started here."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.adapters.mailbox_imap import ImapAccount, MailboxImap
from bot.errors import SecretariatError, UnreadableMessage
from bot.ports import CursorExpired, MailWaiting
from tests.dovecot_server import PASSWORD, DovecotServer, running_dovecot

LIMIT = 1 << 20
Opener = Callable[..., MailboxImap]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[DovecotServer]:
    with running_dovecot() as server:
        yield server


@pytest.fixture
def user() -> str:
    """A mailbox of its own for each test."""
    return f"user{next(_numbers)}@example.org"


@pytest.fixture
def opened(dovecot: DovecotServer, user: str) -> Opener:
    def open_mailbox(**settings: object) -> MailboxImap:
        usual = {"host": "127.0.0.1", "port": dovecot.plain, "security": "none", "user": user, "timeout": 10.0}
        return MailboxImap("pmo", ImapAccount(**{**usual, "password": SecretStr(PASSWORD), **settings}))  # type: ignore[arg-type]

    return open_mailbox


def mail(name: str, *, message_id: str | None = None, size: int = 0) -> bytes:
    given = f"<{name}@example.org>" if message_id is None else message_id
    header = f"Message-ID: {given}\r\n" if given else ""
    return f"From: a@example.org\r\nSubject: {name}\r\n{header}\r\nHello.\r\n".encode() + b"0" * size


def all_of(reader: MailboxImap, cursor: str = "", at_most: int = 100) -> tuple[list[MailWaiting], str]:
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


def test_a_message_is_listed_read_and_moved(dovecot: DovecotServer, user: str, opened: Opener) -> None:
    sent_at = datetime(2024, 2, 9, 8, 59, 58, tzinfo=UTC)
    source = mail("=?utf-8?q?caf=C3=A9?=", message_id="<one@example.org>")
    with dovecot.entered(user) as client:
        client.append("INBOX", source, msg_time=sent_at)
    reader = opened()
    [waiting], _ = all_of(reader)
    assert (waiting.name, waiting.received_at, waiting.size) == ("café", sent_at, len(source))
    content = reader.content(waiting.id, at_most=LIMIT)
    assert content is not None
    assert content.mime == source, "the source, to the byte"
    with dovecot.entered(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN"), "what was read by us alone is still new for a person"
    assert reader.move(waiting.id, "needs_a_person")
    assert dovecot.inside("Needs a person", user) == [source]
    assert dovecot.inside("INBOX", user) == []


def test_only_what_is_new_is_listed_page_by_page_the_oldest_first(
    dovecot: DovecotServer, user: str, opened: Opener
) -> None:
    dovecot.receive(*(mail(str(number)) for number in range(7)), user=user)
    first, cursor = all_of(opened(), at_most=3)
    assert names(first) == list("0123456")
    reader = opened()
    assert all_of(reader, cursor) == ([], cursor), "also where the newest is asked for once more"
    assert all(reader.move(waiting.id, "done") for waiting in first)
    dovecot.receive(mail("7"), user=user)
    assert names(all_of(reader, cursor)[0]) == ["7"]


def test_a_message_is_found_in_our_folders_wherever_it_was_moved(
    dovecot: DovecotServer, user: str, opened: Opener
) -> None:
    dovecot.receive(mail("a"), mail("b"), user=user)
    [a, b], _ = all_of(opened())
    for state in ("needs_a_person", "needs_a_person", "done", "ignored"):
        assert opened().move(a.id, state)
    assert opened().move(b.id, "done")
    assert [len(dovecot.inside(name, user)) for name in ("Needs a person", "Done", "Ignored")] == [0, 1, 1]


@pytest.mark.parametrize(
    "message_id", [None, "", "<" + "x" * 300 + "@example.org>", '<"quo\\ted"@example.org>', "caf\xe9"]
)
def test_a_message_of_any_id_or_none_goes_to_its_folder_once(
    dovecot: DovecotServer, user: str, opened: Opener, message_id: str | None
) -> None:
    dovecot.receive(mail("a", message_id=message_id), user=user)
    [waiting], _ = all_of(opened())
    reader = opened()
    assert reader.content(waiting.id, at_most=LIMIT)
    assert reader.move(waiting.id, "done")
    reader.move(waiting.id, "done")
    assert len(dovecot.inside("Done", user)) == 1
    assert dovecot.inside("INBOX", user) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_folder_that_is_renamed_or_removed_is_made_again(
    dovecot: DovecotServer, user: str, opened: Opener, restarted: bool
) -> None:
    dovecot.receive(*map(mail, "abc"), user=user)
    reader = opened()
    found, _ = all_of(reader)
    assert reader.move(found[0].id, "done")
    with dovecot.entered(user) as client:
        client.rename_folder("Done", "Finished")
    reader = opened() if restarted else reader
    assert reader.move(found[1].id, "done")
    with dovecot.entered(user) as client:
        client.delete_folder("Done")
    assert reader.move(found[2].id, "done")
    assert [dovecot.inside(name, user) for name in ("Finished", "Done")] == [[mail("a")], [mail("c")]]


def test_what_a_person_has_filed_is_left_alone(dovecot: DovecotServer, user: str, opened: Opener) -> None:
    dovecot.receive(mail("a"), user=user)
    reader = opened()
    [waiting], _ = all_of(reader)
    with dovecot.entered(user) as client:
        client.create_folder("Archive")
        client.select_folder("INBOX")
        client.move(client.search(), "Archive")
    assert reader.content(waiting.id, at_most=LIMIT) is None
    assert not reader.move(waiting.id, "done")
    assert dovecot.inside("Archive", user) == [mail("a")]


def test_a_message_that_is_too_large_is_not_read_into_memory(dovecot: DovecotServer, user: str, opened: Opener) -> None:
    dovecot.receive(mail("large", size=30 * LIMIT), user=user)
    reader = opened()
    tracemalloc.start()
    try:
        [waiting], _ = all_of(reader)
        with pytest.raises(UnreadableMessage, match=r"has 30 MB, more than the 1 MB that are read"):
            reader.content(waiting.id, at_most=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * LIMIT
    assert reader.move(waiting.id, "needs_a_person")


def test_an_inbox_that_is_numbered_anew_is_read_from_its_beginning(
    dovecot: DovecotServer, user: str, opened: Opener
) -> None:
    dovecot.receive(mail("a"), mail("b"), user=user)
    found, cursor = all_of(opened())
    dovecot.number_anew(user)
    reader = opened()
    with pytest.raises(CursorExpired):
        reader.waiting(cursor, at_most=10)
    assert reader.content(found[0].id, at_most=LIMIT) is None, "an old number is nobody's now"
    again, following = all_of(reader)
    assert names(again) == names(found)
    assert {waiting.id for waiting in again}.isdisjoint(waiting.id for waiting in found)
    assert following != cursor


@pytest.mark.parametrize("cursor", ["https://graph.example.org/delta", "0f0f0f0f0f0f0f0f"])
def test_a_cursor_of_another_way_of_reading_is_not_followed(opened: Opener, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        opened().waiting(cursor, at_most=10)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_connection_is_encrypted_and_its_certificate_is_checked(
    dovecot: DovecotServer, user: str, opened: Opener, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.receive(mail("a"), user=user)
    settings = {"security": security, "port": dovecot.tls if security == "tls" else dovecot.plain}
    with pytest.raises(SecretariatError, match="certificate that is not trusted"):
        opened(**settings).waiting("", at_most=10)
    monkeypatch.setenv("SSL_CERT_FILE", dovecot.ca_file)
    assert names(opened(**settings).waiting("", at_most=10)[0]) == ["a"]


def test_a_refused_sign_in_is_said_without_the_password(
    opened: Opener, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    reader = opened(password=SecretStr("wrong-password"))
    with pytest.raises(SecretariatError, match=f"refuses the sign-in of {user}") as refused:
        reader.waiting("", at_most=10)
    assert refused.value.evidence["retry_after"] == 600
    assert "wrong-password" not in f"{refused.value} {reader!r} {vars(reader)} {caplog.text}"


def test_a_connection_that_was_cut_is_opened_anew(dovecot: DovecotServer, user: str, opened: Opener) -> None:
    dovecot.receive(mail("a"), user=user)
    reader = opened()
    [waiting], _ = all_of(reader)
    for work in (
        lambda: reader.waiting("", at_most=10)[0],
        lambda: reader.content(waiting.id, at_most=LIMIT),
        lambda: reader.move(waiting.id, "done"),
        lambda: reader.move(waiting.id, "ignored"),
    ):
        dovecot.stop()
        dovecot.start()
        assert work()
    assert dovecot.inside("Ignored", user) == [mail("a")]


def test_a_server_that_is_away_is_said_to_be_so_and_comes_back(
    dovecot: DovecotServer, user: str, opened: Opener
) -> None:
    dovecot.receive(mail("a"), user=user)
    reader = opened()
    all_of(reader)
    dovecot.stop()
    with pytest.raises(SecretariatError, match="can't be reached, or broke off"):
        reader.waiting("", at_most=10)
    dovecot.start()
    assert names(reader.waiting("", at_most=10)[0]) == ["a"]


def test_folders_lie_where_the_server_wants_them() -> None:
    """Some servers have every folder inside INBOX."""
    with running_dovecot(prefix="INBOX.", separator=".") as server:
        server.receive(mail("a"))
        reader = MailboxImap(
            "pmo", ImapAccount("127.0.0.1", server.plain, "none", "pmo@example.org", SecretStr(PASSWORD))
        )
        [waiting], _ = all_of(reader)
        assert reader.move(waiting.id, "done")
        assert server.inside("INBOX.Done") == [mail("a")]


def test_a_server_without_move_is_refused_in_words(
    opened: Opener, dovecot: DovecotServer, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied and deleted, a message could be there twice, or take others that are marked as deleted with it."""
    dovecot.receive(mail("a"), user=user)
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda _client, name: name != "MOVE")
    with pytest.raises(SecretariatError, match="lacks MOVE"):
        opened().waiting("", at_most=10)
