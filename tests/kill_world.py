"""An installation for `kill_harness`: its database on a small disk, its people and notices, its senders' lives."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

from sqlalchemy import select

from bot import outbox
from bot.adapters.content_files import ContentFolder
from bot.errors import StateUnusable
from bot.model import Notice, OutboxState
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import EmailRow, PersonRow, SlackIdRow
from tests.kill_life import PMO, Life, Place, Sabotage, live, wrong_clock
from tests.kill_services import INVITATION, Services

AT_RANDOM = "at a random instant"
OVER = "the run is over"
MailKind = Literal["graph", "folder"]
UNDONE = [s.value for s in (OutboxState.PENDING, OutboxState.CLAIMED, OutboxState.RETRY, OutboxState.UNKNOWN)]
_INVITATION = f"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Programme//EN\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:psg@example.org\r
DTSTAMP:20240101T000000Z\r
DTSTART:20240207T100000Z\r
SUMMARY:PSG\r
ORGANIZER:mailto:{PMO}\r
END:VEVENT\r
END:VCALENDAR\r
"""


@dataclass
class Figures:
    """What a run has to tell. `failures` is empty where each notice arrived once and its row says so."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0


@dataclass(frozen=True)
class Settings:
    """In seconds: what a channel waits before "not there" counts, and what the proxy waits at most."""

    seed: int
    settling: float
    longest_delay: float
    sabotage: Sabotage = ""


class Slot:
    """The place of one sender: its lives, one after the other."""

    def __init__(self, number: int) -> None:
        self.number, self._lock = number, threading.Lock()
        self.process: ForkServerProcess | None = None
        self.said: Connection | None = None
        self.dies_at = self.killed = ""

    def born(self, process: ForkServerProcess, said: Connection, dies_at: str) -> None:
        self.killed, self.dies_at = "", dies_at
        self.process, self.said = process, said

    def kill(self, name: str) -> None:
        """SIGKILL, from whatever thread; the first name counts."""
        with self._lock:
            if self.process is not None and not self.killed:
                self.killed = name
                os.kill(self.process.pid or 0, signal.SIGKILL)

    def bury(self) -> str:
        """After its death. Returns as what it was killed; nothing where it ended by itself."""
        with self._lock:
            if self.process and self.said:
                self.process.join()
                self.said.close()
            self.process = self.said = None
            return self.killed


class Installation:
    """One database, its people and its files, two slots for senders, and what is queued."""

    def __init__(
        self, mail: MailKind, disk: Path, folder: Path, services: Services, settings: Settings, figures: Figures
    ) -> None:  # fmt: skip
        self.mail, self.disk, self.services, self.settings, self.figures = mail, disk, services, settings, figures
        self.luck = random.Random(f"{settings.seed} {mail}")  # noqa: S311  # to be had again by its seed
        self.clock, self.mailbox = folder / f"clock-{mail}", disk / "mailbox"
        self.clock.write_text("0")
        self.files = ContentFolder(folder / "content")
        self.database_file = disk / "secretariat.db"
        self.database = Database(f"sqlite:///{self.database_file}")
        self.database.bring_up_to_date()
        self.context = multiprocessing.get_context("forkserver")
        self.slots = [Slot(0), Slot(1)]
        self._numbers = itertools.count(1)
        contents = {
            "paper.docx": self.luck.randbytes(20_000),
            "minutes.docx": self.luck.randbytes(3_400_000),
            INVITATION[0]: _INVITATION.encode(),
        }
        self.sizes = {name: len(content) for name, content in contents.items()} | dict([INVITATION])
        self._attached = {name: f"{self.files.put(content)}:{name}" for name, content in contents.items()}
        ann, bob, psg = (services.slack_places[name] for name in ("ann", "bob", "psg"))
        self._channels = [f"channel:{psg}", "channel:#psg"]
        self._add_people({"ann": ann, "bob": bob, "cat": "", "dan": ""})

    def _add_people(self, slack_ids: dict[str, str]) -> None:
        """Two who are in Slack and have an address, two who have an address only."""
        with self.database.session() as session:
            for name, slack_id in slack_ids.items():
                session.add(PersonRow(id=name, name=name.title()))
                session.add(EmailRow(address=f"{name}@example.org", person_id=name))
                if slack_id:
                    session.add(SlackIdRow(slack_user_id=slack_id, person_id=name))

    def queue(self, channel: str, *, large: bool = False) -> list[str]:
        """Put something for that channel into the outbox: a message, a document, an invitation, a digest's worth."""
        person = self.luck.choice(("ann", "bob") if channel == "slack" else ("cat", "dan"))
        kinds: list[tuple[str, tuple[str, ...], int]] = [(person, (), 1), (person, (), 3)]  # to, attached, how many
        if channel == "slack":
            kinds += [(to, (), 1) for to in self._channels]
        else:
            kinds += [("ann", ("paper.docx",), 1), (person, (INVITATION[0],), 1), ("address:eve@example.org", (), 1)]
        to, attached, count = (person, ("minutes.docx", "paper.docx"), 1) if large else self.luck.choice(kinds)
        kind = "member_reminder" if count > 1 else "headline_report"
        notices = [self._notice(to, attached, kind) for _ in range(count)]
        while not self._put(notices):
            self.listen(0.05)  # a life may stand where it is to be killed, with the database in its hand
        self.figures.counts["notices"] += count
        return [outbox.notice_id(notice) for notice in notices]

    def _put(self, notices: Sequence[Notice]) -> bool:
        now = wrong_clock(self.clock)
        try:
            with self.database.session() as session:
                for notice in notices:
                    outbox.queue(session, notice, now=now, dial="automatic", recipient_name=notice.recipient.title())
        except StateUnusable:
            return False
        return True

    def _notice(self, to: str, attached: Sequence[str], kind: str) -> Notice:
        now, number = wrong_clock(self.clock), next(self._numbers)
        return Notice(
            meeting_uid=f"psg-{self.mail}@example.org", meeting_revision=0, clock="papers", step=f"notice-{number}",
            recipient=to, group="PSG", kind=kind, subject=f"Notice {number}", text=f"Text of notice {number}.\n",
            why="it is queued in this run", due_at=now, not_after=now + timedelta(days=2),
            attachments=tuple(self._attached[name] for name in attached),
        )  # fmt: skip

    def rows(self) -> list[OutboxRow]:
        """All rows with their attempts."""
        with self.database.reading() as session:
            found = list(session.scalars(select(OutboxRow).order_by(OutboxRow.decided_at, OutboxRow.id)))
            for row in found:
                list(row.attempts)
            return found

    def undone(self) -> int:
        return sum(row.state in UNDONE for row in self.rows())

    # ------------------------------------------------------------------------------------------------------ lives

    def begin(self, slot: Slot, dies_at: str = "", place: Place | None = None) -> None:
        """A new life; it stops at the place and is killed there."""
        hears, says = self.context.Pipe(duplex=False)
        gate = self.services.gates[slot.number]
        life = Life(
            database=self.database.url, content=self.files.root, clock=self.clock, mail=self.mail, folder=self.mailbox,
            settling=self.settings.settling, slack_url=gate.slack.url, slack_token=self.services.slack.token,
            graph=gate.account, ca_file=gate.ca_file, killed_at=place, sabotage=self.settings.sabotage,
        )  # fmt: skip
        process = self.context.Process(target=live, args=(life, says), daemon=True)
        process.start()
        says.close()
        slot.born(process, hears, dies_at)
        self.figures.counts["lives"] += 1

    def kill(self, slot: Slot, name: str) -> None:
        """Kill it now and wait for its end."""
        slot.kill(name)
        self.listen(10, lambda: slot.process is None)

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Hear what lives say, kill those that stand where they are to be killed, bury the dead. Returns `until()`."""
        last = time.monotonic() + seconds
        while not until():
            left = last - time.monotonic()
            if left <= 0:
                return False
            living = [slot for slot in self.slots if slot.process and slot.said]
            heard = wait([part for s in living for part in (s.said, s.process.sentinel) if part], min(left, 0.1))  # type: ignore[union-attr]
            for slot in living:
                if slot.said in heard:
                    self._hear(slot)
                if slot.process and slot.process.sentinel in heard:
                    self._bury(slot)
            if not living:
                time.sleep(min(left, 0.1))
        return True

    def _hear(self, slot: Slot) -> None:
        try:
            what, words = slot.said.recv() if slot.said else ("", "")
        except (EOFError, ConnectionError):
            time.sleep(0.001)  # it is dying: its end is heard next
            return
        if what == "here":
            slot.kill(slot.dies_at)
        elif what == "trouble":
            self.figures.troubles[words.replace(str(self.disk), "")] += 1
        elif what == "broke":
            self.figures.failures.append(f"a step broke: {words}")

    def _bury(self, slot: Slot) -> None:
        name = slot.bury()
        if not name:
            self.figures.failures.append("a life ended by itself")
        elif name != OVER:
            self.figures.kills[name] += 1
