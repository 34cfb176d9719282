"""Kills senders, hundreds of times, and asks the services afterwards what they were sent.

A run is a process in a mount namespace of its own (`run_kills`), since it has a small disk that fills up and turns
read-only. It has two installations, one after the other: Slack and Microsoft 365, then Slack and the mail folder. In
each, notices are queued all the time, and one life of a sender (`kill_life`) after the other is ended by SIGKILL: at a
named boundary, each in turn, or at a random instant. The proxies (`kill_services`) have their faults meanwhile; the
clock goes wrong, the disk fills up, the database is locked, then read-only. At the end all faults stop, a last life
runs until nothing is left to do, and each notice must be at its service exactly once, and its row must say so.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bot.store import database as store
from tests.full_disk import fill
from tests.kill_life import BUSY_SECONDS, DELIVERY, FILED, LOOK_UP, STEPS, Place, Sabotage, hold_lock
from tests.kill_services import (
    ACCEPTED,
    ARRIVED,
    HELD,
    Moment,
    Request,
    running_services,
)
from tests.kill_verdict import Verdict
from tests.kill_world import AT_RANDOM, OVER, Figures, Installation, MailKind, Settings, Slot
from tests.secretariat_process import ROOT, environment
from tests.slack_emulator import running_slack

DISK = "48m"
FAULTY = 0.15  # of all requests
AN_HOUR = 3600
SHORT = 50  # kills: in a run shorter than that, each trouble is met in one of the installations only
PATIENCE = 90.0  # seconds for the last life
Way = Literal["slack", "mail"]
SLACK_REQUESTS = (
    Request("Slack: conversations.open", "", "conversations.open"),
    Request("Slack: chat.postMessage", "", "chat.postMessage"),
    Request("Slack: conversations.history", "", "conversations.history"),
)
GRAPH_REQUESTS = (
    Request("Microsoft 365: discovery of the sign-in", "GET", "openid-configuration"),
    Request("Microsoft 365: token", "POST", "/token$"),
    Request("Microsoft 365: search by Message-ID", "GET", r"/messages\?"),
    Request("Microsoft 365: draft", "POST", "/messages$"),
    Request("Microsoft 365: attachment", "POST", "/attachments$"),
    Request("Microsoft 365: upload session", "POST", "createUploadSession$"),
    Request("Microsoft 365: piece of an upload", "PUT", "/upload/"),
    Request("Microsoft 365: send", "POST", "/send$"),
)
_LARGE = ("attachment", "upload session", "piece of an upload")  # only a mail with large attachments makes these
_UNANSWERED = STEPS[3]  # after the service has answered: a kill there leaves something to look up


@dataclass(frozen=True)
class Boundary:
    """Where to kill: between two steps of the sender, or at a moment of one request to a service."""

    name: str
    way: Way
    place: Place | None = None
    request: Request | None = None
    moment: Moment = ARRIVED

    @property
    def is_in_look_up(self) -> bool:
        """Whether there must be something to look up before it is reached."""
        in_history = self.request is not None and "history" in self.request.name
        return in_history or (self.place is not None and self.place.step == LOOK_UP)

    @property
    def needs_large(self) -> bool:
        return self.request is not None and self.request.name.endswith(_LARGE)


def boundaries(mail: MailKind) -> list[Boundary]:
    """All boundaries of an installation. The one with the folder leaves out Slack's: the other one has had them."""
    if mail == "folder":
        steps = [_between("mail folder", "mail", step, at) for step in (DELIVERY, LOOK_UP) for at in STEPS]
        return steps + [_between("mail folder", "mail", DELIVERY, at) for at in FILED]
    found = []
    channels: tuple[tuple[str, Way, tuple[Request, ...]], ...] = (
        ("Slack", "slack", SLACK_REQUESTS),
        ("Microsoft 365", "mail", GRAPH_REQUESTS),
    )
    moments: tuple[Moment, ...] = (ARRIVED, HELD, ACCEPTED)
    for name, way, requests in channels:
        found += [_between(name, way, step, at) for step in (DELIVERY, LOOK_UP) for at in STEPS]
        found += [_at_request(way, request, moment) for request in requests for moment in moments]
    return found


def _between(channel: str, way: Way, step: str, at: str) -> Boundary:
    return Boundary(f"{channel}: {step}, {at}", way, Place(way, step, at))


def _at_request(way: Way, request: Request, moment: Moment) -> Boundary:
    return Boundary(f"{request.name}, {moment}", way, None, request, moment)


class Run:
    """The kills of one installation."""

    def __init__(self, world: Installation, kills: int) -> None:
        self.world, self.luck, self.figures = world, world.luck, world.figures
        self.wanted, self.first = kills, sum(world.figures.kills.values())

    @property
    def killed(self) -> int:
        return sum(self.figures.kills.values()) - self.first

    def all(self) -> None:
        """The kills, with what goes wrong beside them, each for a part of the run."""
        self._let_fail(FAULTY)
        turns = self._turns()
        beside = [self._locked, self._disk_full, self._read_only]
        if self.wanted < SHORT:
            beside = beside[:1] if self.world.mail == "graph" else beside[1:]
        others: list[tuple[float, Callable[[], None]]] = [(0.3 + 0.1 * n, what) for n, what in enumerate(beside)]
        others += [(0.65, lambda: self._set_clock(-AN_HOUR)), (0.9, self._right_the_clock)]
        while self.killed < self.wanted or others:
            while others and self.killed >= others[0][0] * self.wanted:
                others.pop(0)[1]()
            if self.killed < self.wanted:
                boundary = next(turns)
                slot = self._whose_turn(boundary is None)
                self.kill_at(slot, boundary) if boundary else self.kill_at_random(slot)
        self.end()

    def _turns(self) -> Iterator[Boundary | None]:
        """Each boundary in turn, in another order each round, and every third time a random instant."""
        while True:
            found = boundaries(self.world.mail)
            self.luck.shuffle(found)
            for number, boundary in enumerate(found):
                yield boundary
                if number % 2:
                    yield None

    def _whose_turn(self, at_random: bool) -> Slot:
        """In the middle half of the run, two senders live at once; the second one is killed at random instants only."""
        one, two = self.world.slots
        if not 0.25 * self.wanted < self.killed < 0.75 * self.wanted:
            if two.process:
                self.world.kill(two, AT_RANDOM)
            return one
        if two.process is None:
            self.world.begin(two)
        self.figures.counts["kills while a second sender lived"] += 1
        return self.luck.choice([one, two]) if at_random else one

    def kill_at(self, slot: Slot, boundary: Boundary) -> None:
        """A life that ends at that boundary. Another sender may take what is queued for it: once more then."""
        for _ in range(4):
            if boundary.is_in_look_up:
                self._stop_all()  # nobody else is to look it up
                channel = boundary.name.partition(":")[0]
                self._try_to_kill_at(slot, _between(channel, boundary.way, DELIVERY, _UNANSWERED))
            if self._try_to_kill_at(slot, boundary):
                return
        self.figures.failures.append(f"never reached: {boundary.name}")

    def kill_at_random(self, slot: Slot) -> None:
        if slot.process is None:
            self.world.begin(slot)
        for way in self.luck.sample(["slack", "mail"], self.luck.randint(1, 2)):
            self.world.queue(way)
        self.world.listen(self.luck.uniform(0.02, 0.8))
        self.world.kill(slot, AT_RANDOM)

    def _try_to_kill_at(self, slot: Slot, boundary: Boundary) -> bool:
        if slot.process:
            self.world.kill(slot, AT_RANDOM)
        self.world.begin(slot, boundary.name, boundary.place)
        gate = self.world.services.gates[slot.number]
        proxy = gate.slack if boundary.way == "slack" else gate.graph
        if boundary.request:
            proxy.arm(boundary.request, boundary.moment, lambda: slot.kill(boundary.name))
        for _ in range(4 if boundary.is_in_look_up else 8):
            if not boundary.is_in_look_up:
                self.world.queue(boundary.way, large=boundary.needs_large)
            if self.world.listen(1.0, lambda: slot.process is None):
                return True
        proxy.disarm()
        self.world.kill(slot, AT_RANDOM)
        return False

    # -------------------------------------------------------------------------------------- what goes wrong beside

    def _let_fail(self, rate: float) -> None:
        for gate in self.world.services.gates:
            gate.set_rate(rate)

    def _locked(self) -> None:
        """Another program keeps the database to itself, for longer than a sender waits."""
        hears, says = self.world.context.Pipe(duplex=False)
        holder = self.world.context.Process(target=hold_lock, args=(self.world.database_file, BUSY_SECONDS * 6, says))
        holder.start()
        hears.recv()
        self._in_trouble("is locked")
        holder.join()
        self._sends_again()

    def _disk_full(self) -> None:
        self._stop_all()
        for way in ("slack", "mail") * 4:
            self.world.queue(way)
        with closing(sqlite3.connect(self.world.database_file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # its log must want space
        filler = self.world.disk / "filler"
        fill(filler)
        self._in_trouble("is full")
        filler.unlink()
        self._sends_again()

    def _read_only(self) -> None:
        self._stop_all()
        self.world.database.close()
        _remount(self.world.disk, "ro")
        self._in_trouble("may only be read", "cannot be opened")
        _remount(self.world.disk, "rw")
        self._sends_again()

    def _in_trouble(self, *words: str) -> None:
        """A life meets the trouble, is killed in it, and so is the next one; a third one lives on."""
        slot = self.world.slots[0]
        for name in (AT_RANDOM, AT_RANDOM, ""):
            if slot.process is None:
                self.world.begin(slot)
            before = self._heard(words)
            if not self.world.listen(10, lambda before=before: self._heard(words) > before):  # type: ignore[misc]
                self.figures.failures.append(f"nobody said that the database {words[0]}")
            if name:
                self.world.kill(slot, name)

    def _heard(self, words: Sequence[str]) -> int:
        return sum(count for said, count in self.figures.troubles.items() if any(word in said for word in words))

    def _sends_again(self) -> None:
        """The life that lived through the trouble goes on by itself."""
        self._let_fail(0)
        queued = self.world.queue("mail")
        if not self.world.listen(30, lambda: self._are_sent(queued)):
            self.figures.failures.append("a sender did not go on after the trouble was over")
        self._let_fail(FAULTY)

    def _are_sent(self, ids: Sequence[str]) -> bool:
        return all(row.state == "sent" for row in self.world.rows() if row.id in ids)

    def _set_clock(self, seconds: float) -> None:
        self.world.clock.write_text(str(seconds))

    def _right_the_clock(self) -> None:
        """Only once nothing is on its way: set forward, a clock cannot tell how long something was."""
        self._let_fail(0)
        self._stop_all()
        time.sleep(self.world.settings.longest_delay + 1)
        self._set_clock(0)
        self._let_fail(FAULTY)

    def _stop_all(self) -> None:
        for slot in self.world.slots:
            if slot.process:
                self.world.kill(slot, AT_RANDOM)

    # ----------------------------------------------------------------------------------------------------- the end

    def end(self) -> None:
        """All faults off, one last life, then what the services say."""
        self._let_fail(0)
        slot = self.world.slots[0]
        if slot.process is None:
            self.world.begin(slot)
        settled = self.world.settings.settling + self.world.settings.longest_delay
        self.world.listen(self.world.settings.longest_delay + 0.5)  # what a proxy holds arrives within that
        if not self.world.listen(settled, lambda: self.world.undone() == 0):
            for each in self.world.slots:
                if each.process:
                    self.world.kill(each, OVER)
            self._set_clock(AN_HOUR)  # waits that are as long as an outage are not waited for
            self.world.begin(slot)
            self.world.listen(PATIENCE, lambda: self.world.undone() == 0)
        for each in self.world.slots:
            if each.process:
                self.world.kill(each, OVER)
        self.figures.failures += Verdict(self.world).failures()
        self.world.database.close()


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def run_here(folder: Path, kills: int, settings: Settings) -> Figures:
    """The whole run, in this process and those that it starts; to be called in a mount namespace of its own."""
    began, figures = time.monotonic(), Figures(settings.seed)
    vars(store)["BUSY_SECONDS"] = BUSY_SECONDS
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.kill_life"])
    luck = random.Random(settings.seed)  # noqa: S311  # to be had again by its seed
    shares: dict[MailKind, int] = {"graph": kills - kills // 4, "folder": kills // 4}
    with running_slack() as slack:
        for mail, share in shares.items():
            with (
                running_services(slack, folder / mail, luck, 2, settings.longest_delay) as services,
                _small_disk(folder / f"disk-{mail}") as disk,
            ):
                run = Run(Installation(mail, disk, folder, services, settings, figures), share)
                run.all() if not settings.sabotage else _sabotaged(run, settings.sabotage)
                for gate in services.gates:
                    for proxy in gate.proxies:
                        figures.faults += proxy.met
            if settings.sabotage:
                break
    figures.seconds = time.monotonic() - began
    return figures


def _sabotaged(run: Run, sabotage: Sabotage) -> None:
    """Kills at the moments that a broken sender gets wrong."""
    moment: Moment = ACCEPTED if sabotage == "no look-up" else HELD
    for _ in range(run.wanted):
        run.kill_at(run.world.slots[0], _at_request("slack", SLACK_REQUESTS[1], moment))
    run.end()


def run_kills(folder: Path, kills: int, settings: Settings, *, timeout: float) -> dict[str, Any]:
    """`run_here` as a process in a namespace of its own. Returns the figures; AssertionError where it ended early."""
    told = folder / "figures.json"
    command = "import sys; from tests.kill_harness import main; main(sys.argv[1:])"
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(settings).items()]
    done = subprocess.run(
        [
            "unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", command,
            f"--folder={folder}", f"--kills={kills}", f"--told={told}", *arguments,
        ],
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return dict(json.loads(told.read_text()))


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--told", type=Path, required=True)
    parser.add_argument("--kills", type=int, required=True)
    for name, kind in (("seed", int), ("settling", float), ("longest-delay", float), ("sabotage", str)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    options = parser.parse_args(given)
    settings = Settings(options.seed, options.settling, options.longest_delay, options.sabotage)
    figures = run_here(options.folder, options.kills, settings)
    options.told.write_text(json.dumps(vars(figures), indent=1))
