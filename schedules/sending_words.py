"""What is said about the sending itself: a digest, a brake pulled by itself, a mail that came back, a batch done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import members, outbox, releases
from bot.clock import LONDON, spoken
from bot.model import Notice, OutboxState, Person
from bot.store.outbox_tables import OutboxRow, ReleaseRow
from bot.wording import render
from schedules.announcements import Announcer

SENDING = "sending"  # in place of a meeting
USEFUL_FOR = timedelta(days=3)
SUBJECTS_SHOWN = 100  # characters


def digest(templates: Path, name: str, rows: Sequence[OutboxRow]) -> tuple[str, str]:
    """(subject, text) of the one message that carries these notices."""
    subjects = "; ".join(row.subject for row in rows)
    short = subjects if len(subjects) <= SUBJECTS_SHOWN else f"{subjects[:SUBJECTS_SHOWN].rstrip()} ..."
    items = [{"subject": row.subject, "note": row.note, "text": row.text.strip()} for row in rows]
    return render(templates, "digest.txt", {"name": name, "count": len(rows), "subjects": short, "items": items})


@dataclass(frozen=True)
class Said:
    """A message to some of the PMO about the sending: the template and its values, and what makes it one notice."""

    template: str
    values: Mapping[str, object]
    step: str
    why: str
    kind: str = "pmo_reminder"


def brake_tripped(announcer: Announcer, session: Session, now: datetime, reason: str) -> None:
    """Call the PMO: sending has stopped by itself. The call goes through every brake."""
    waiting = select(func.count()).where(OutboxRow.state.in_([OutboxState.PENDING.value, OutboxState.RETRY.value]))
    values = {"reason": reason, "waiting": session.scalar(waiting), "page": announcer.page()}
    people = members.recipients(members.holdings(session, now.astimezone(LONDON).date()), "pmo")
    step, why = f"brake_{now:%Y-%m-%dT%H:%M:%S}", f"The brake was pulled: {reason}."
    _tell(announcer, session, people, Said("brake_tripped.txt", values, step, why, kind="alarm"), now)


def mail_bounced(
    announcer: Announcer, session: Session, row: OutboxRow, address: str, reason: str, now: datetime
) -> None:
    """Tell the group's secretary that a mail came back, and what becomes of it."""
    retry = row.state == OutboxState.RETRY.value and members.by_id(session, row.recipient) is not None
    values = {
        "recipient": row.recipient_name,
        "address": address,
        "reason": reason,
        "subject": row.subject,
        "next": "The notice is tried another way, if there is one." if retry else "Please tell them another way.",
    }
    held = members.holdings(session, now.astimezone(LONDON).date(), group=row.group_key)
    said = Said("mail_bounced.txt", values, f"bounce_{row.id}", f"The mail of notice {row.id[:8]} came back.")
    _tell(announcer, session, members.recipients(held, "secretary"), said, now)


def sum_up_one(announcer: Announcer, session: Session, now: datetime) -> bool:
    """Tell who released a batch what became of it, with everybody who could not be reached and why.

    One notice that was sent needs no summary. Returns False where no batch is done that has not been summed up.
    """
    found = releases.settled(session)
    if found is None:
        return False
    released, rows = found
    released.summed_up_at = now
    person = members.by_id(session, released.person_id)
    if person and (len(rows) > 1 or any(row.state != OutboxState.SENT.value for row in rows)):
        _sum_up(announcer, session, released, rows, person, now)
    return True


def _sum_up(
    announcer: Announcer,
    session: Session,
    released: ReleaseRow,
    rows: Sequence[OutboxRow],
    person: Person,
    now: datetime,
) -> None:
    unsent = [row for row in rows if row.state != OutboxState.SENT.value]
    values = {
        "subject": rows[0].subject,
        "count": len(rows),
        "sent": len(rows) - len(unsent),
        "released_at": spoken(released.released_at),
        "page": announcer.page(),
        "unsent": [f"{row.recipient_name}: {row.state_reason or row.state}" for row in unsent],
    }
    why = f"{person.name} released {len(rows)} notices."
    said = Said("batch_summary.txt", values, f"release_{released.id}", why)
    _tell(announcer, session, [person], said, now)


def _tell(announcer: Announcer, session: Session, people: Iterable[Person], said: Said, now: datetime) -> None:
    for person in people:
        values = {**said.values, "name": person.name}
        subject, text = render(announcer.config.paths.templates, said.template, values)
        notice = Notice(
            meeting_uid=SENDING, meeting_revision=0, clock=SENDING, step=said.step, recipient=person.id,
            group=SENDING, kind=said.kind, subject=subject, text=text, why=said.why, due_at=now,
            not_after=now + USEFUL_FOR,
        )  # fmt: skip
        dial = "automatic" if said.kind == "alarm" else announcer.config.dial_for("pmo_reminder", SENDING)
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)
