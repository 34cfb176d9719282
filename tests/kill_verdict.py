"""What came of a run of `kill_harness`: what the services have, held against the rows; and the figures in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.model import Outcome
from bot.store.outbox_tables import OutboxRow
from tests.kill_services import Arrived, in_folder
from tests.kill_world import AT_RANDOM, Installation


class Verdict:
    """What the services have, held against what the rows say."""

    def __init__(self, world: Installation) -> None:
        self.world, self.rows = world, world.rows()
        services = world.services
        at_slack = services.at_slack(list(services.slack_places.values()))
        at_mail = services.at_graph() if world.mail == "graph" else in_folder(world.mailbox / "sent")
        ours = {row.id for row in self.rows}
        self.arrived: dict[tuple[str, str], list[Arrived]] = {}
        for way, messages in (("slack", at_slack), ("mail", at_mail)):
            for message in messages:
                if message.id in ours:
                    self.arrived.setdefault((way, message.id), []).append(message)
        self._count(len(at_mail))

    def failures(self) -> list[str]:
        """A sentence for each row that is not as it should be, with its attempts and what the proxies saw of it."""
        digests = {row.id: row for row in self.rows}
        found = []
        for row in self.rows:
            wrong = self._carried(row, digests[row.told_in]) if row.told_in else self._alone(row)
            found += [self._story(row, wrong)] if wrong else []
        return found

    def _alone(self, row: OutboxRow) -> str:
        there = [message for (_, id_), messages in self.arrived.items() if id_ == row.id for message in messages]
        if len(there) != 1:
            self.world.figures.counts["lost" if not there else "duplicates"] += 1
            return f"is {len(there)} times at the services"
        if (row.channel, row.id) not in self.arrived or row.service_id != there[0].service_id:
            return f"is at its service as {there[0].service_id}, and the row says {row.channel} {row.service_id}"
        names = [entry.partition(":")[2] for entry in row.attachments]
        if there[0].carries != frozenset((name, self.world.sizes[name]) for name in names):
            return f"carries {sorted(there[0].carries)}"
        delivered = [a for a in row.attempts if a.outcome == Outcome.DELIVERED]
        if row.state != "sent" or row.sent_at is None or len(delivered) != 1 or delivered != row.attempts[-1:]:
            return "is there, and its row does not tell so"
        if any(a.ended_at is None or not (a.error or a in delivered) for a in row.attempts):
            return "has an attempt that tells no end"
        return ""

    def _carried(self, row: OutboxRow, digest: OutboxRow) -> str:
        if any(id_ == row.id for _, id_ in self.arrived):
            self.world.figures.counts["duplicates"] += 1
            return "went alone although a digest carries it"
        if (row.state, row.service_id, row.channel) != (digest.state, digest.service_id, digest.channel):
            return f"does not share the fate of its digest {digest.id}, {digest.state} {digest.service_id}"
        return "" if f"Text of n{row.subject[1:].lower()}" in digest.text else "is not in the text of its digest"

    def _story(self, row: OutboxRow, wrong: str) -> str:
        lines = [f"{row.id} ({row.subject!r} to {row.recipient}, {row.state} {row.state_reason}) {wrong}:"]
        for a in row.attempts:
            lines.append(
                f"  {a.began_at.timestamp():.3f} to {a.ended_at.timestamp() if a.ended_at else 0:.3f} by {a.channel}: "
                f"{a.outcome or 'no end'} {a.service_id} {a.error}"
            )
        ids = [row.id, *(a.service_id for a in row.attempts if a.service_id)]
        return "\n".join([*lines, *self.world.services.log(*ids)])

    def _count(self, mails: int) -> None:
        counts, by_way = self.world.figures.counts, Counter(way for way, _ in self.arrived)
        mail = "Microsoft 365" if self.world.mail == "graph" else "the mail folder"
        self.world.figures.messages.update({"Slack": by_way["slack"], mail: mails})
        counts["digests"] += sum(row.clock == "digest" for row in self.rows)
        counts["carried by digests"] += sum(row.told_in is not None for row in self.rows)
        attempts = [a for row in self.rows for a in row.attempts]
        counts["attempts"] += len(attempts)
        counts["attempts that the service never had"] += sum("never had it" in a.error for a in attempts)


def figures_in_words(figures: Mapping[str, Any], on: date) -> str:
    """The tables of docs/RELIABILITY.md, as Markdown."""
    kills, counts, faults, messages = (Counter(figures[name]) for name in ("kills", "counts", "faults", "messages"))
    where = ", ".join(f"{count} at {place}" for place, count in sorted(messages.items()))
    carried, digests = counts["carried by digests"], counts["digests"]
    lines = [
        f"{on.day} {on:%B %Y}, seed {figures['seed']}, {figures['seconds'] / 60:.0f} minutes.",
        "",
        "| what | how many |",
        "|---|---|",
        f"| kills | {kills.total()} |",
        f"| of these at {len(kills) - 1} boundaries, each by name | {kills.total() - kills[AT_RANDOM]} |",
        f"| of these at random instants | {kills[AT_RANDOM]} |",
        f"| of these beside a second sender on the same database | {counts['kills while a second sender lived']} |",
        f"| faults by chance | {faults.total()} |",
        f"| notices queued | {counts['notices']}, {carried} of them carried by {digests} digests |",
        f"| messages at the services | {messages.total()}: {where} |",
        f"| attempts | {counts['attempts']} |",
        f"| of these looked up, and not there | {counts['attempts that the service never had']} |",
        f"| duplicates | {counts['duplicates']} |",
        f"| lost | {counts['lost']} |",
    ]
    for title, counted in (("kills at", kills), ("faults", faults), ("what senders said", figures["troubles"])):
        lines += ["", f"| {title} | times |", "|---|---|"]
        lines += [f"| {name} | {count} |" for name, count in sorted(counted.items())]
    return "\n".join(lines)
