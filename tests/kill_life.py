"""One life of a sender for `kill_harness`: a process of its own, which stops where it is to be killed and says so.

The real `Sender` with the real channels, on two threads as in an installation (`schedules.jobs`): one delivers, one
looks up. Only what would make the tests slow is shortened: time-outs, leases, the pace towards Slack, the settling.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NoReturn

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot import sending
from bot.adapters import slack_web
from bot.adapters.content_files import ContentFolder
from bot.adapters.graph_connection import GraphAccount
from bot.adapters.graph_mail import GraphMail
from bot.adapters.mail_folder import MailFolder
from bot.adapters.slack_web import SlackWeb
from bot.adapters.smtp_mail import SmtpAccount, SmtpMail
from bot.clock import Clock
from bot.config_channels import Considerate
from bot.config_channels import Sending as Limits
from bot.errors import SecretariatError
from bot.manners import Manners
from bot.model import Delivery, Outcome, OutgoingMessage
from bot.ports import Channel
from bot.sending import Sender
from bot.store import database as store
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from schedules import sending_words
from tests.secretariat_process import ROOT

DOMAIN = "example.org"
PMO = "pmo@example.org"
DELIVERY, LOOK_UP = "delivery", "look-up"
STEPS = (  # by name, in order; each is a place where a life can be killed
    "before its claim is committed",
    "after its claim is committed",
    "before the service is called",
    "after the service has answered",
    "before the answer is committed",
    "after the answer is committed",
)
FILED = ("before the mail is in its place", "when the mail is in its place")  # in the mail folder alone
TIMEOUT_SECONDS = 1  # for each of a service's answers
LEASE = timedelta(seconds=15)
BUSY_SECONDS = 0.5
IDLE_SECONDS, TROUBLE_SECONDS = 0.02, 0.1
Sabotage = Literal["", "no look-up", "no settling"]


@dataclass(frozen=True)
class Place:
    """Where a life is to be killed: in which step, of what, on the way to which channel ("slack" | "mail")."""

    channel: str
    step: str
    at: str


@dataclass(frozen=True)
class Life:
    """What a life is born with. `mail`: graph (then `graph` is its account), smtp (`smtp_port`), or folder."""

    database: str
    content: Path
    clock: Path  # seconds by which the clock is wrong
    mail: Literal["graph", "smtp", "folder"]
    folder: Path
    settling: float
    slack_url: str = ""
    slack_token: str = ""
    graph: GraphAccount | None = None
    ca_file: str = ""
    smtp_port: int = 0
    killed_at: Place | None = None
    sabotage: Sabotage = ""


def live(life: Life, said: Connection) -> None:
    """Send until killed. What is said: ("here", place), ("trouble", sentence), ("broke", traceback)."""
    os.environ |= {"REQUESTS_CA_BUNDLE": life.ca_file, "SSL_CERT_FILE": life.ca_file} if life.ca_file else {}
    sending.LEASE = LEASE
    store.BUSY_SECONDS = BUSY_SECONDS
    vars(slack_web)["_SPACING"] = 0.02
    watch = _Watch(life.killed_at, said)
    # The clock goes wrong by an hour here: that is no outage, after which another way would be right.
    limits = Limits(
        ceiling_per_hour=0, other_way_after_minutes=24 * 60, roles={"other": Considerate(digest="together")}
    )
    sender = Sender(
        Database(life.database), [_Watched(channel, watch) for channel in _channels(life)], ContentFolder(life.content),
        now=partial(wrong_clock, life.clock), domain=DOMAIN, manners=Manners(limits, is_closed=lambda _day: False),
        compose=partial(sending_words.digest, ROOT / "report_templates"),
    )  # fmt: skip
    if life.sabotage == "no look-up":
        sender._fate = _resend  # type: ignore[method-assign]
    for step, work in ((DELIVERY, sender.deliver_some), (LOOK_UP, sender.reconcile_one)):
        threading.Thread(target=_go_on, args=(work, step, watch), daemon=True).start()
    threading.Event().wait()


def wrong_clock(file: Path) -> datetime:
    """The time as a machine has it whose clock was set wrong."""
    return Clock().now() + timedelta(seconds=float(file.read_text() or 0))


def hold_lock(database: Path, seconds: float, said: Connection) -> None:
    """Another program that keeps the database to itself for a while."""
    with sqlite3.connect(database, timeout=10, isolation_level=None) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        said.send("locked")
        time.sleep(seconds)
        connection.execute("ROLLBACK")


def _channels(life: Life) -> list[Channel]:
    slack = SlackWeb(life.slack_token, api_url=life.slack_url, timeout=TIMEOUT_SECONDS) if life.slack_url else None
    channels: list[Channel] = [slack] if slack else []
    if life.mail == "graph" and life.graph:
        channels.append(GraphMail(life.graph))
    elif life.mail == "smtp":
        channels.append(SmtpMail(SmtpAccount("127.0.0.1", life.smtp_port, "none", PMO, "PMO", timeout=10)))
    else:
        channels.append(MailFolder(life.folder, sender=PMO, sender_name="PMO"))
    for channel in channels:
        if channel.settling:
            channel.settling = timedelta(seconds=0 if life.sabotage == "no settling" else life.settling)
    return channels


def _resend(channel: Channel, message: OutgoingMessage, began_at: datetime) -> Delivery:
    """What a sender would do that only tries again."""
    return Delivery(Outcome.FAILED_FOR_NOW, error="not looked up", retry_after=0)


def _go_on(work: Callable[[], bool], step: str, watch: _Watch) -> None:
    """One tick after the other, as `schedules.jobs` has them, without the pauses."""
    while True:
        watch.begin(step)
        try:
            time.sleep(0 if work() else IDLE_SECONDS)
        except SecretariatError as error:
            watch.say("trouble", error.sentence)
            time.sleep(TROUBLE_SECONDS)
        except Exception:
            watch.say("broke", traceback.format_exc())
            time.sleep(TROUBLE_SECONDS)


class _Watch:
    """Knows in which step each thread is, and stops it at the place where it is to be killed."""

    def __init__(self, killed_at: Place | None, said: Connection) -> None:
        self._killed_at, self._said, self._saying = killed_at, said, threading.Lock()
        self._here = threading.local()
        event.listen(OutboxRow.claimed_by, "set", self._claims)
        event.listen(Session, "before_commit", partial(self._commits, "before"))
        event.listen(Session, "after_commit", partial(self._commits, "after"))
        sys.addaudithook(self._files)

    def say(self, what: str, words: str) -> None:
        with self._saying:
            self._said.send((what, words))

    def begin(self, step: str) -> None:
        self._here.step, self._here.channel, self._here.answered = step, "", False

    def reach(self, at: str, *, answered: bool = False) -> None:
        self._here.answered = self._here.answered or answered
        here = Place(self._here.channel, self._here.step, at)
        if here == self._killed_at:
            self.say("here", at)
            _wait_for_death()

    def _claims(self, row: OutboxRow, *_values: object) -> None:
        self._here.channel = row.channel

    def _commits(self, when: str, session: Session) -> None:
        if session.in_nested_transaction():
            return
        if when == "before":
            session.flush()
        self.reach(f"{when} {'the answer' if self._here.answered else 'its claim'} is committed")

    def _files(self, what: str, arguments: Any) -> None:
        """The audit events of Python: nothing of the adapter's is changed to stop between its file operations."""
        if what == "os.rename" and "/sent/new/" in os.fspath(arguments[1]):
            self.reach(FILED[0])
        elif what == "open" and str(arguments[0]).endswith("/sent/new"):
            self.reach(FILED[1])


class _Watched:
    """A channel whose calls are places to be killed at."""

    def __init__(self, channel: Channel, watch: _Watch) -> None:
        self.name, self.settling, self.looks_up = channel.name, channel.settling, channel.looks_up
        self._channel, self._watch = channel, watch

    def deliver(self, message: OutgoingMessage) -> Delivery:
        self._watch.reach("before the service is called")
        answer = self._channel.deliver(message)
        self._watch.reach("after the service has answered", answered=True)
        return answer

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        self._watch.reach("before the service is called")
        answer = self._channel.look_up(message)
        self._watch.reach("after the service has answered", answered=True)
        return answer


def _wait_for_death() -> NoReturn:
    while True:
        time.sleep(60)
