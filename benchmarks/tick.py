"""One round of the clocks over a database with a million past notices, against one that has none.

Run: `python benchmarks/tick.py` (a few minutes; about 1 GB in the folder for temporary files). Both databases hold the
same calendar and the same people. Ticks that have nothing new to queue are timed, since that is what all but a few are:
one in turn over each database, so that what else the computer does falls on both.
"""

from __future__ import annotations

import time as stopwatch
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, literal, select

from bot import meetings, members
from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.config_file import read_config
from bot.sending import Sender
from bot.store.database import Database
from bot.store.meeting_tables import MeetingRow
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import Announcer
from schedules.due import queue_due
from schedules.series import Calendar

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 10, 10, tzinfo=UTC)
PAST_SINCE = date(2016, 1, 1)
NOTICES = 1_000_000
ROUNDS = 41
TEXT = "Dear Harriet Bassington,\n\nthe papers of the Programme Steering Group are due.\n" * 4


@dataclass
class Subject:
    """A database, and how long each round over it took, in seconds."""

    name: str
    database: Database
    announcer: Announcer
    ticks: list[float] = field(default_factory=list)
    sender_steps: list[float] = field(default_factory=list)

    def tick(self) -> None:
        """Put into the outbox what is due now."""
        with self.database.session() as session:
            queue_due(session, self.announcer, NOW)

    def sender_step(self) -> None:
        """See whether anything is to be sent, or looked up: no channel is there, so nothing goes."""
        sender = Sender(self.database, [], ContentFolder(Path()), now=lambda: NOW - timedelta(days=1), domain="x")
        sender.deliver_one()
        sender.reconcile_one()


def subject(name: str, folder: Path, config: Config) -> Subject:
    """A new database with the sample's people and the coming meetings, and what has been due around now queued."""
    database = Database(f"sqlite:///{folder / name}.db")
    database.bring_up_to_date()
    with database.session() as session:
        members.import_members(session, members.read_members_file(ROOT / "sample/members.csv", config.groups))
        meetings.keep(session, Calendar(config).meetings(PAST_SINCE, NOW.date()))
    return Subject(name, database, Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765"))


def add_past_notices(database: Database) -> int:
    """A million notices that were sent, spread evenly over the past meetings. Returns how many."""
    with database.session() as session:
        past = select(MeetingRow).where(MeetingRow.starts_at < NOW).subquery()
        held = session.scalar(select(func.count()).select_from(past)) or 1
        number = select(literal(1).label("n")).cte("number", recursive=True)
        number = number.union_all(select(number.c.n + 1).where(number.c.n < -(-NOTICES // held)))
        values = {
            "id": func.lower(func.hex(func.randomblob(16))), "meeting_uid": past.c.uid, "meeting_revision": literal(0),
            "clock": literal("papers"), "step": literal("papers_due"), "recipient": literal("P-") + number.c.n,
            "recipient_name": literal("Harriet Bassington"), "group_key": past.c.group_key,
            "kind": literal("pmo_reminder"), "subject": literal("Papers are due"), "text": literal(TEXT),
            "why": literal(TEXT[:200]), "due_at": past.c.starts_at, "not_after": past.c.ends_at,
            "decided_at": past.c.starts_at, "next_try_at": past.c.starts_at, "sent_at": past.c.starts_at,
            "state": literal("sent"),
        }  # fmt: skip
        rows = select(*values.values()).join_from(past, number, literal(1) == 1)
        session.execute(insert(OutboxRow).from_select(list(values), rows))
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def seconds(work: Callable[[], None]) -> float:
    """How long the work took."""
    began = stopwatch.perf_counter()
    work()
    return stopwatch.perf_counter() - began


def main() -> None:
    """Measure, and print the table."""
    console, config = Console(), read_config(ROOT / "config.yaml")
    with TemporaryDirectory() as scratch:
        empty, full = (subject(name, Path(scratch), config) for name in ("empty", "a million"))
        console.print(f"{add_past_notices(full.database):,} past notices.")
        for one in (empty, full):
            one.tick()  # what is due by now goes into the outbox; the ticks that are timed find it there
        for _ in range(ROUNDS):
            for one in (empty, full):
                one.ticks.append(seconds(one.tick))
                one.sender_steps.append(seconds(one.sender_step))
        table = Table("Past notices", "Tick (ms)", "Sender's step (ms)")
        for one in (empty, full):
            table.add_row(one.name, f"{median(one.ticks) * 1000:.1f}", f"{median(one.sender_steps) * 1000:.2f}")
        table.add_row(
            "ratio",
            f"{median(full.ticks) / median(empty.ticks):.2f}",
            f"{median(full.sender_steps) / median(empty.sender_steps):.2f}",
        )
        console.print(table)
        for one in (empty, full):
            one.database.close()


if __name__ == "__main__":
    main()
