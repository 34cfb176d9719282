"""The services of `kill_harness`, each behind a proxy for every sender that can kill it on the way.

Slack is the emulator; Microsoft 365 the stand-in of `fake_graph`, one front for each sender (its links lead back to
where the sender sees it), all with one mailbox.
"""

from __future__ import annotations

import email
import email.policy
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.adapters.graph_connection import GraphAccount
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, running_graph
from tests.fake_graph_mailbox import our_id
from tests.fault_proxy import (
    Fault,
    FaultProxy,
    _Answer,
    cut_after,
    cut_before,
    delay,
    garbage,
    late_answer,
    passing,
    status,
)
from tests.kill_life import TIMEOUT_SECONDS
from tests.slack_emulator import SlackEmulator

Moment = Literal["on arrival, never passed on", "on arrival, passed on later", "after the service has answered"]
ARRIVED: Moment = "on arrival, never passed on"
HELD: Moment = "on arrival, passed on later"
ACCEPTED: Moment = "after the service has answered"
UNTROUBLED = 3  # requests after each fault: how long one attempt can take stays known, and with it the settling
_IDS = re.compile(rb"\b[0-9a-f]{32}\b")


INVITATION = ("invitation.ics", 0)


@dataclass(frozen=True)
class Arrived:
    """A message at a service: our id in it, the service's own id, and the (name, size) of what is attached."""

    id: str
    service_id: str
    carries: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True)
class Request:
    """A kind of request: by its name here, its method (any where it is empty), and a pattern of its path."""

    name: str
    method: str
    path: str

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("", method) and re.search(self.path, path) is not None


@dataclass
class Passed:
    """What the proxy did with one request; the log that is shown for a notice that went wrong."""

    at: float
    through: str
    method: str
    path: str
    met: str
    ids: set[str] = field(default_factory=set)
    answered: str = ""

    def __str__(self) -> str:
        return f"  {self.at:.3f} {self.through}: {self.method} {self.path[:90]} [{self.met}] {self.answered}"


class KillingProxy(FaultProxy):
    """A proxy that has its faults by chance, and kills whoever sends a request of one kind, once armed for it."""

    def __init__(self, upstream: str, name: str, luck: random.Random, longest_delay: float, **tls: Any) -> None:
        super().__init__(upstream, **tls)
        self.name, self.luck, self.longest_delay = name, luck, longest_delay
        self.rate = 0.0  # of requests that meet a fault
        self.met: Counter[str] = Counter()
        self.log: list[Passed] = []
        self._kill: Callable[[], None] = lambda: None
        self._armed: tuple[Request, Moment] | None = None
        self._arming, self._clean, self._mine = threading.Lock(), 0, threading.local()

    def arm(self, request: Request, moment: Moment, kill: Callable[[], None]) -> None:
        """The next such request is its sender's last: `kill` is called at that moment."""
        with self._arming:
            self._armed, self._kill = (request, moment), kill

    def disarm(self) -> None:
        with self._arming:
            self._armed = None

    def take_refusal(self) -> bool:
        if super().take_refusal():
            return True
        refused = self._is_unlucky(self.rate / 4)
        self.met["connection refused"] += refused
        return refused

    def take(self, method: str, path: str) -> Fault:
        fault, what = super().take(method, path), "-"
        moment = self._moment_of(method, path)
        if moment == ACCEPTED:
            self._mine.dies = True
        elif moment:
            self._kill()
            fault = cut_before() if moment == ARRIVED else delay(self.longest_delay)
        elif fault == passing() and self._is_unlucky(self.rate):
            what, fault = self._some_fault()
            self.met[what] += 1
        self._mine.entry = Passed(time.time(), self.name, method, path, f"killed {moment}" if moment else what)
        self.log.append(self._mine.entry)
        return fault

    def forward(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> _Answer:
        dies, self._mine.dies = getattr(self._mine, "dies", False), False
        answer = super().forward(method, path, headers, body)
        entry: Passed = self._mine.entry
        entry.answered = f"passed on, answered {answer.status} at {time.time():.3f}"
        entry.ids = {found.decode() for found in _IDS.findall(path.encode() + b" " + body)}
        if dies:
            self._kill()
        return answer

    def _moment_of(self, method: str, path: str) -> Moment | None:
        with self._arming:
            if self._armed is None or not self._armed[0].fits(method, path):
                return None
            (_, moment), self._armed, self._clean = self._armed, None, UNTROUBLED
            return moment

    def _is_unlucky(self, rate: float) -> bool:
        with self._arming:
            self._clean -= 1
            if self._clean >= 0 or self.luck.random() >= rate:
                return False
            self._clean = UNTROUBLED
            return True

    def _some_fault(self) -> tuple[str, Fault]:
        accepted = self.luck.random() < 0.5
        taken = "accepted" if accepted else "not accepted"
        within = self.luck.uniform(0.05, TIMEOUT_SECONDS / 3)
        beyond = self.luck.uniform(TIMEOUT_SECONDS * 1.2, self.longest_delay)
        return self.luck.choice([
            ("delayed within the time-out", delay(within)),
            ("delayed beyond the time-out, then accepted", delay(beyond)),
            ("answered beyond the time-out", late_answer(TIMEOUT_SECONDS * 1.2)),
            ("cut before the service had it", cut_before()),
            ("cut after the service had accepted it", cut_after()),
            ("429 with Retry-After 1", status(429, {"Retry-After": "1"})),
            (f"500, {taken}", status(500, accepted=accepted)),
            ("503", status(503)),
            (f"garbage, {taken}", garbage(accepted=accepted)),
        ])  # fmt: skip


@dataclass
class Gate:
    """What stands before one sender: its proxies, and where it finds the services behind them."""

    slack: KillingProxy
    graph: KillingProxy
    account: GraphAccount
    ca_file: str

    @property
    def proxies(self) -> tuple[KillingProxy, KillingProxy]:
        return self.slack, self.graph

    def set_rate(self, rate: float) -> None:
        for proxy in self.proxies:
            proxy.rate = rate


@dataclass
class Services:
    """Both services and their gates."""

    slack: SlackEmulator
    mailboxes: FakeGraph
    gates: list[Gate]
    slack_places: dict[str, str]  # the Slack ids of the people and channels there, by name

    def at_slack(self, places: list[str]) -> list[Arrived]:
        """The messages there, by Slack's own `<channel>:<ts>`; the places are users and channels."""
        client = self.slack.client()
        found: list[Arrived] = []
        for to in places:
            channel = client.conversations_open(users=[to])["channel"]["id"] if to.startswith("U") else to
            cursor = None
            while True:
                page = client.conversations_history(
                    channel=channel, limit=500, include_all_metadata=True, cursor=cursor
                )
                for posted in page["messages"]:
                    mark = ((posted.get("metadata") or {}).get("event_payload") or {}).get("id")
                    found += [Arrived(str(mark), f"{channel}:{posted['ts']}")] if mark else []
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
                if not cursor:
                    break
        return found

    def at_graph(self) -> list[Arrived]:
        """The mails that were sent."""
        return [
            Arrived(our_id(mail), mail["id"], frozenset([
                *((attached["name"], len(attached["_content"])) for attached in mail["_attachments"]),
                *([INVITATION] if "meetingMessageType" in mail else []),
            ]))
            for mail in self.mailboxes.sent
        ]  # fmt: skip

    def log(self, *ids: str) -> list[str]:
        """What the proxies did with the requests that name one of these ids, in order of time."""
        entries = [entry for gate in self.gates for proxy in gate.proxies for entry in proxy.log]
        return [
            str(e) for e in sorted(entries, key=lambda e: e.at) if e.ids & set(ids) or any(i in e.path for i in ids)
        ]


def in_folder(sent: Path) -> list[Arrived]:
    """The mails in a folder: by their Message-ID, with the file's name as the service's id."""
    found = []
    for file in (sent / "new").glob("*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        attached = [(str(p.get_filename()), len(p.get_payload(decode=True) or b"")) for p in parts if p.get_filename()]
        invitation = [INVITATION] if any(part.get_content_type() == "text/calendar" for part in parts) else []
        our_own = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        found.append(Arrived(our_own, file.name, frozenset([*attached, *invitation])))
    return found


@contextmanager
def running_services(
    slack: SlackEmulator, folder: Path, luck: random.Random, senders: int, longest_delay: float
) -> Iterator[Services]:
    """A mailbox and the gates, before a Slack that runs already."""
    with ExitStack() as stack:
        gates, mailboxes = [], None
        for number in range(senders):
            place = folder / f"gate-{number}"
            place.mkdir(parents=True)
            graph = stack.enter_context(running_graph(place))
            graph.mailbox = mailboxes.mailbox if mailboxes else graph.mailbox
            mailboxes = mailboxes or graph
            tls = {"certfile": place / "server.pem", "upstream_ca": graph.ca_file}
            to_slack = KillingProxy(slack.api_url, f"Slack {number}", luck, longest_delay)
            to_graph = KillingProxy(graph.url, f"Graph {number}", luck, longest_delay, **tls)
            for proxy in (to_slack, to_graph):
                stack.enter_context(proxy)
            graph.be_at(to_graph.url)
            account = GraphAccount(
                TENANT, CLIENT_ID, SECRET, MAILBOX,
                graph_url=graph.url, authority=graph.authority, timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
            gates.append(Gate(to_slack, to_graph, account, graph.ca_file))
        if mailboxes is None:
            raise ValueError("there is no sender")
        places = {name: slack.user_id(f"{name}@example.org") for name in ("ann", "bob")}
        yield Services(slack, mailboxes, gates, places | {"psg": slack.channel_id("psg")})
