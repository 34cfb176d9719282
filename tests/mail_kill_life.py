"""One life of whoever works a mailbox: a process of its own, which ends itself by SIGKILL between two of its steps.

The real driver, worker and mailbox (a folder, Microsoft 365 or IMAP), and the real sender of its receipts.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn, TypeVar

import structlog
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.adapters.content_files import ContentFolder
from bot.adapters.graph_connection import GraphAccount
from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.adapters.mailbox_graph import MailboxGraph
from bot.adapters.mailbox_imap import ImapAccount, MailboxImap
from bot.clock import Clock
from bot.config_file import read_config
from bot.ports import MailboxReader, MailContent, MailWaiting
from bot.sending import Sender
from bot.store.database import Database
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker
from schedules.announcements import Announcer
from schedules.series import Calendar
from tests.dovecot_server import PASSWORD, USER
from tests.secretariat_process import ROOT

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
MAILBOX = "pmo"
Kind = Literal["folder", "graph", "imap"]
Answer = TypeVar("Answer")
LIST, FETCH, MOVE = "the mailbox is asked what waits", "a message is fetched", "a message is moved"
DEEDS = {LIST: "what waits is recorded", FETCH: "a message is worked", MOVE: "the move is noted"}
BOUNDARIES = tuple(f"{when} {what}" for pair in DEEDS.items() for what in pair for when in ("before", "after"))
_config = read_config(ROOT / "config.yaml")  # once, in the process from which all lives are forked
ANNOUNCER = Announcer(_config, Calendar(_config), lambda: "http://127.0.0.1:8765")


@dataclass(frozen=True)
class Life:
    """What a life is born with. It ends at the so many-eth time that it comes to a boundary; never without one."""

    kind: Kind
    database: str
    folder: Path  # of contents, of the mailbox where it is one, and of what is sent
    graph: GraphAccount | None = None
    ca_file: str = ""
    imap_port: int = 0
    dies_at: str = ""
    after: int = 1
    is_forgetful: bool = False


def live(life: Life) -> None:
    """Work until nothing is left, or until killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    os.environ |= {"REQUESTS_CA_BUNDLE": life.ca_file, "SSL_CERT_FILE": life.ca_file} if life.ca_file else {}
    database, files, clock = Database(life.database), ContentFolder(life.folder / "content"), Clock(NOW)
    watch = _Watch(life)
    kind_of_inbox = _Forgetful if life.is_forgetful else MailInbox
    inbox = kind_of_inbox(_Watched(reader_of(life), watch), MailWorker(ANNOUNCER), database, files, clock)
    channel = MailFolder(life.folder / "out", sender="pmo@example.org", sender_name="PMO")
    sender = Sender(database, [channel], files, now=clock.now, domain=_config.programme.domain)
    for _ in range(2):  # the first look at a folder sees only what stands still at the second
        while inbox.take_in_one() | watch.over(sender.deliver_one):
            pass
    database.close()


def reader_of(life: Life) -> MailboxReader:
    if life.kind == "graph" and life.graph:
        return MailboxGraph(MAILBOX, life.graph)
    if life.kind == "imap":
        return MailboxImap(MAILBOX, ImapAccount("127.0.0.1", life.imap_port, "none", USER, SecretStr(PASSWORD)))
    return MailboxFolder(MAILBOX, life.folder / "mailbox")


@dataclass
class _Watch:
    """Counts how often the life has come to its boundary, and ends it there."""

    life: Life
    doing: str = ""
    met: int = field(default=0)

    def __post_init__(self) -> None:
        event.listen(Session, "before_commit", partial(self._commits, "before"))
        event.listen(Session, "after_commit", partial(self._commits, "after"))

    def reach(self, boundary: str) -> None:
        if boundary == self.life.dies_at:
            self.met += 1
            if self.met == self.life.after:
                _die()

    def asked(self, what: str, ask: Callable[[], Answer]) -> Answer:
        self.reach(f"before {what}")
        answer = ask()
        self.reach(f"after {what}")
        self.doing = DEEDS[what]
        return answer

    def over(self, step: Callable[[], bool]) -> bool:
        """A step of the sender: no boundary of the mailbox lies in it."""
        self.doing = ""
        return step()

    def _commits(self, when: str, session: Session) -> None:
        if self.doing and not session.in_nested_transaction():
            self.reach(f"{when} {self.doing}")


@dataclass
class _Watched:
    """A mailbox whose calls are boundaries."""

    reader: MailboxReader
    watch: _Watch
    mailbox: str = MAILBOX

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        return self.watch.asked(LIST, lambda: self.reader.waiting(cursor, at_most=at_most))

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        return self.watch.asked(FETCH, lambda: self.reader.content(message_id, at_most=at_most))

    def move(self, message_id: str, state: str) -> bool:
        return self.watch.asked(MOVE, lambda: self.reader.move(message_id, state))


@dataclass
class _Forgetful(MailInbox):
    """What must not be: how far the mailbox was read is on file before what was found there is."""

    _found: Sequence[MailWaiting] = ()

    def _record(self, session: Session, found: Sequence[MailWaiting], now: datetime) -> None:
        self._found = found

    def _record_some(self, now: datetime) -> bool:
        is_more = super()._record_some(now)
        with self.database.session() as session:
            super()._record(session, self._found, now)
        self._found = ()
        return is_more


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process goes no further")
