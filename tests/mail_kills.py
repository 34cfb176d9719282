"""Fills a mailbox, has it worked by one life after the other, each killed, and looks at what is there at the end.

The mailbox is a folder, the stand-in of Microsoft 365, or a Dovecot. Whoever works it is in `mail_kill_life`.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select

from bot.adapters.graph_connection import GraphAccount
from bot.adapters.mailbox_folder import FOLDERS as FILE_FOLDERS
from bot.adapters.mailbox_rules import FOLDERS
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from tests.dovecot_server import running_dovecot
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, running_graph
from tests.forked import forking
from tests.mail_kill_life import BOUNDARIES, NOW, Kind, Life, live
from tests.test_mail_inbox import mail

AT_RANDOM = "at a random instant"
REPRESENTATIVES = (
    "anselm.quigley", "zofia.merriden", "callum.inverarity", "harriet.bassington", "dorothea.vance",
    "jocasta.pembridge", "lorcan.sedgemoor", "cosmo.rutherglen", "wilhelmina.tarrant", "magnus.eskdale",
    "parveen.lightbourne", "theodora.winslade",
)  # fmt: skip
A_DAY = 40  # messages
PATIENCE = 600  # seconds for the last life


def message(number: int) -> bytes:
    """Every other one a request; the others a stranger's and an automatic answer."""
    message_id = f"<{number}@mail.example.org>"
    if number % 2:
        who = f"{REPRESENTATIVES[number // 2 % len(REPRESENTATIVES)]}@example.org"
        return mail(f"PSG 2024-02-07 D-01: the plan of report {number}", sender=who, Message_ID=message_id)
    if number % 4:
        return mail(f"Hello {number}", sender=f"nobody{number}@example.com", Message_ID=message_id)
    return mail(f"I am away {number}", sender=f"away{number}@example.com", Auto_Submitted="auto-replied",
                Message_ID=message_id)  # fmt: skip


@dataclass
class Mailbox:
    """A mailbox of any kind: what a life needs to enter it, how mails arrive, and where they lie by state."""

    life: Life
    receive: Callable[[int, int], None]  # the message of that number, so many days ago
    lying: Callable[[], dict[str, list[bytes]]]  # sources by state; "inbox" for what was left


@dataclass
class Figures:
    """What was done and found. Empty `failures`: nothing lost, nothing twice."""

    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    receipts: int = 0
    failures: list[str] = field(default_factory=list)


def kill_and_look(
    kind: Kind,
    folder: Path,
    peopled: Path,
    *,
    messages: int,
    kills: int,
    seed: int,
    boundaries: Sequence[str],
    is_forgetful: bool = False,
) -> Figures:
    """Work so many messages by lives of which so many are killed. `peopled`: a database with the invented people."""
    luck = random.Random(seed)  # noqa: S311  # to be had again by its seed
    shutil.copy(peopled, folder / "secretariat.db")
    first = Life(kind, f"sqlite:///{folder / 'secretariat.db'}", folder, is_forgetful=is_forgetful)
    with _mailbox(first) as mailbox:
        figures = Figures()
        arriving = iter(range(messages))
        for number in itertools.islice(arriving, messages // 2):
            mailbox.receive(number, messages // A_DAY - number // A_DAY)
        turns = itertools.cycle(boundaries)
        for done in range(kills):
            for number in itertools.islice(arriving, messages // 2 // kills):  # the others arrive between the kills
                mailbox.receive(number, messages // A_DAY - number // A_DAY)
            boundary = next(turns)
            figures.kills[boundary] += _killed(mailbox.life, boundary, luck, is_early=done < kills // 2)
        for number in arriving:
            mailbox.receive(number, 0)
        if _lived(mailbox.life) != 0:
            figures.failures.append("the last life did not end well")
        _look(mailbox, Database(first.database), messages, figures)
    return figures


def _killed(life: Life, boundary: str, luck: random.Random, *, is_early: bool) -> bool:
    """One life, killed there; one that ends before it comes to it has had nothing left to do."""
    if boundary == AT_RANDOM:
        return _lived(life, killed_after=luck.uniform(0.02, 0.4)) == -signal.SIGKILL
    many = 1 if "waits" in boundary else luck.randint(1, 6 if is_early else 3)
    return _lived(replace(life, dies_at=boundary, after=many)) == -signal.SIGKILL


def _lived(life: Life, killed_after: float | None = None) -> int | None:
    process = forking().Process(target=live, args=(life,), daemon=True)
    process.start()
    process.join(killed_after or PATIENCE)
    if process.exitcode is None:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    return process.exitcode


def _look(mailbox: Mailbox, database: Database, messages: int, figures: Figures) -> None:
    lying, expect = mailbox.lying(), figures.failures.append
    with database.reading() as session:
        rows = list(session.scalars(select(InboxRow)))
        requests = list(session.scalars(select(AmendmentRow)))
        outbox = list(session.scalars(select(OutboxRow).where(OutboxRow.kind == "receipt")))
        audited = len(session.scalars(select(AuditRow).where(AuditRow.event == "mail received")).all())
    database.close()
    figures.states, figures.requests = Counter(row.state for row in rows), len(requests)
    sent = [path.name for path in (mailbox.life.folder / "out").rglob("*.eml")]
    figures.receipts = len(sent)
    where = {_id_of(source): state for state, sources in lying.items() for source in sources}
    if sum(map(len, lying.values())) != messages or len(where) != messages:
        expect(f"{messages} messages came, { ({state: len(found) for state, found in lying.items()}) } lie there")
    if len(rows) != messages or audited != messages:
        expect(f"{messages} messages came, {len(rows)} are on file, {audited} in the audit")
    for row in rows:
        if not row.state == row.lies_in == where.get(row.message_id):
            expect(f"{row.message_id} is {row.state}, noted in {row.lies_in}, lies in {where.get(row.message_id)}")
    asked = [row.proposed_text for row in requests]
    if len(asked) != messages // 2 or len(set(asked)) != len(asked):
        expect(f"{messages // 2} requests were made, {len(asked)} are on file, {len(set(asked))} of them different")
    if len(outbox) != len(asked) or len(set(sent)) != len(sent) or len(sent) != len(asked):
        expect(f"{len(asked)} requests, {len(outbox)} receipts in the outbox, {len(sent)} sent")


def _id_of(source: bytes) -> str:
    return str(message_from_bytes(source, policy=policy.default)["Message-ID"])


@contextmanager
def _mailbox(life: Life) -> Iterator[Mailbox]:
    of_kind = {"folder": _folder, "graph": _graph, "imap": _imap}[life.kind]
    with of_kind(life) as mailbox:
        yield mailbox


@contextmanager
def _folder(life: Life) -> Iterator[Mailbox]:
    root = life.folder / "mailbox"
    (root / "inbox").mkdir(parents=True)

    def receive(number: int, days_ago: int) -> None:
        file, at = root / "inbox" / f"{number}.eml", (NOW - timedelta(days=days_ago)).timestamp()
        file.write_bytes(message(number))
        os.utime(file, (at, at))

    def lying() -> dict[str, list[bytes]]:
        places = {"inbox": "inbox", **FILE_FOLDERS}
        return {state: [f.read_bytes() for f in (root / name).glob("*.eml")] for state, name in places.items()}

    yield Mailbox(life, receive, lying)


@contextmanager
def _graph(life: Life) -> Iterator[Mailbox]:
    with running_graph(life.folder) as graph:
        account = GraphAccount(
            tenant_id=TENANT, client_id=CLIENT_ID, credential=SecretStr(SECRET), mailbox=MAILBOX, graph_url=graph.url,
            authority=graph.authority,
        )  # fmt: skip

        def receive(number: int, days_ago: int) -> None:
            at = f"{NOW - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
            graph.mailbox.receive(message(number), subject=str(number), received_at=at)

        def lying() -> dict[str, list[bytes]]:
            places = {"inbox": "Inbox", **FOLDERS}
            return {s: [mail["_source"] for mail in graph.mailbox.inside(name)] for s, name in places.items()}

        yield Mailbox(replace(life, graph=account, ca_file=graph.ca_file), receive, lying)


@contextmanager
def _imap(life: Life) -> Iterator[Mailbox]:
    with running_dovecot() as server, server.entered() as client:

        def receive(number: int, days_ago: int) -> None:
            client.append("INBOX", message(number), msg_time=NOW - timedelta(days=days_ago))

        def lying() -> dict[str, list[bytes]]:
            return {state: server.inside(name) for state, name in {"inbox": "INBOX", **FOLDERS}.items()}

        yield Mailbox(replace(life, imap_port=server.plain), receive, lying)


EVERYWHERE = (*BOUNDARIES, AT_RANDOM, AT_RANDOM)
