"""A first start at a mailbox with 20,000 messages: `make test-mail-load`. MAIL_LOAD (20000) comes from the environment.

Worked in a process of its own, whose memory is compared with that of one which works 200.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import sys
import time
from collections.abc import MutableMapping
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from bot.adapters.content_files import ContentFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.clock import Clock
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker
from tests.mail_kill_life import ANNOUNCER, NOW
from tests.mail_kills import REPRESENTATIVES
from tests.test_mail_inbox import mail

A_DAY, FEW = 40, 200  # messages
MOST_MORE = 80  # MB that 20,000 messages may take above those of FEW


def message(number: int) -> bytes:
    """One in fifty is a request, one in ten an automatic answer; the others are of strangers."""
    message_id = f"<{number}@mail.example.org>"
    if number % 50 == 0:
        who = f"{REPRESENTATIVES[number // 50 % len(REPRESENTATIVES)]}@example.org"
        return mail(f"PSG 2024-02-07 D-01: the plan of report {number}", sender=who, Message_ID=message_id)
    if number % 10 == 1:
        return mail(f"Away {number}", sender=f"away{number}@example.com", Auto_Submitted="auto-replied",
                    Message_ID=message_id)  # fmt: skip
    return mail(f"Hello {number}. " * 40, sender=f"nobody{number}@example.com", Message_ID=message_id)


def fill(inbox: Path, count: int) -> None:
    """Newest first, so that the order of the files is not that of the mails."""
    inbox.mkdir(parents=True)
    for number in range(count):
        file, at = inbox / f"{count - number:06}.eml", (NOW - timedelta(days=1 + (count - number) / A_DAY)).timestamp()
        file.write_bytes(message(number))
        os.utime(file, (at, at))


def work(folder: Path, said: Connection) -> None:
    """All of it, from one start; tells seconds and megabytes."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(20),
        processors=[_only_progress, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    inbox = MailInbox(
        MailboxFolder("pmo", folder / "mailbox"), MailWorker(ANNOUNCER),
        Database(f"sqlite:///{folder / 'secretariat.db'}"), ContentFolder(folder / "content"), Clock(NOW),
        every=timedelta(seconds=1),
    )  # fmt: skip
    began = time.monotonic()
    while inbox.take_in_one() or not inbox._worked:  # the first looks at a folder find nothing yet
        pass
    said.send((time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _only_progress(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if "messages worked" not in line["event"]:
        raise structlog.DropEvent
    return line


def measured(folder: Path, peopled: Path, count: int) -> tuple[float, float]:
    """(seconds, megabytes at the most) that so many messages take."""
    folder.mkdir()
    shutil.copy(peopled, folder / "secretariat.db")
    fill(folder / "mailbox" / "inbox", count)
    hears, says = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=work, args=(folder, says))
    process.start()
    seconds, megabytes = hears.recv()
    process.join()
    return seconds, megabytes


@pytest.mark.timeout(7200)
def test_20000_messages_are_worked_the_oldest_first_within_bounded_memory(
    tmp_path: Path, made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    count = int(os.environ.get("MAIL_LOAD", "20000"))
    with capsys.disabled():
        _, few = measured(tmp_path / "few", made[1], FEW)
        seconds, many = measured(tmp_path / "many", made[1], count)
        print(f"\n{count} messages: {seconds:.0f} s, {1000 * seconds / count:.0f} ms each, at most {many:.0f} MB")
        print(f"{FEW} messages: at most {few:.0f} MB")
    assert many - few < MOST_MORE
    database = Database(f"sqlite:///{tmp_path / 'many' / 'secretariat.db'}")
    with database.reading() as session:
        rows = {row.file_name: row for row in session.scalars(select(InboxRow))}
        requests = session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)).all()
    database.close()
    assert len(rows) == count
    assert {(row.state, row.lies_in) for row in rows.values()} == {
        (s, s) for s in ("done", "needs_a_person", "ignored")
    }
    assert len(requests) == count // 50
    numbers = [int(row.proposed_text.rpartition(" ")[2]) for row in requests]
    assert numbers == sorted(numbers)
