"""How much the outbox costs: 10,000 due notices to the local mailbox, against writing the same mails with no outbox.

Both write each mail durably into a mailbox folder on the same disk, in turns in the same run. Goal: within 3 times.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot import outbox
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.config_channels import Sending
from bot.manners import Manners
from bot.model import Notice, OutgoingMessage
from bot.sending import Sender
from bot.store.database import Database

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
DOMAIN = "example.org"
TEXT = "Dear {name},\n\nThe agenda and papers of the Programme Steering Group are due today.\n\nWhy now: the rule.\n"


def notice(number: int) -> Notice:
    return Notice(
        meeting_uid="psg-2024-02-07@example.org", meeting_revision=0, clock="papers", step=f"papers_{number}",
        recipient=f"address:person{number}@example.org", group="PSG", kind="member_reminder", subject="Papers",
        text=TEXT.format(name=f"Person {number}"), why="five working days before", due_at=NOW,
    )  # fmt: skip


def without(folder: Path, count: int) -> float:
    """Seconds to write the mails with nothing that remembers them."""
    channel = MailFolder(folder / "plain", sender="pmo@example.org", sender_name="PMO")
    began = time.perf_counter()
    for number in range(count):
        row = notice(number)
        address, key = row.recipient.removeprefix("address:"), outbox.notice_id(row)
        channel.deliver(
            OutgoingMessage(key, address, f"Person {number}", row.subject, row.text, f"<{key}@{DOMAIN}>", NOW)
        )
    return time.perf_counter() - began


def with_the_outbox(folder: Path, count: int) -> float:
    """Seconds to send them through the outbox, from the first claim to the last settled row."""
    database = Database(f"sqlite:///{folder / 'secretariat.db'}")
    database.bring_up_to_date()
    with database.session() as session:
        for number in range(count):
            name = f"Person {number}"
            outbox.queue(session, notice(number), now=NOW, dial="automatic", recipient_name=name, released_by="PMO")
    channel = MailFolder(folder / "mailbox", sender="pmo@example.org", sender_name="PMO")
    manners = Manners(Sending(), is_closed=lambda _day: False)
    sender = Sender(
        database, [channel], ContentFolder(folder / "content"), now=lambda: NOW, domain=DOMAIN, manners=manners
    )
    began = time.perf_counter()
    while sender.deliver_some():
        pass
    took = time.perf_counter() - began
    database.close()
    sent = len(list((folder / "mailbox/sent/new").iterdir()))
    if sent != count:
        raise SystemExit(f"{sent} mails of {count} were sent")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    wanted = parser.parse_args()
    ratios = []
    for _ in range(wanted.runs):
        folder = Path(tempfile.mkdtemp(prefix="outbox-"))
        try:
            plain = without(folder, wanted.notices)
            kept = with_the_outbox(folder, wanted.notices)
        finally:
            shutil.rmtree(folder)
        ratios.append(kept / plain)
        print(
            f"{wanted.notices} mails: {plain:.1f} s without an outbox ({wanted.notices / plain:.0f} a second), "
            f"{kept:.1f} s with it ({wanted.notices / kept:.0f} a second): {ratios[-1]:.2f} times"
        )
    print(f"median: {sorted(ratios)[len(ratios) // 2]:.2f} times (goal: at most 3)")


if __name__ == "__main__":
    main()
