"""What is said about an edited draft that was given back: the answer to whoever wrote, and a word to the secretary."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import members, outbox, returns
from bot.clock import LONDON, spoken_date
from bot.model import Notice, Person
from bot.return_states import Door
from bot.returns import Read
from bot.wording import render
from schedules.announcements import Announcer

USEFUL_FOR = timedelta(days=28)
SEEN_AT_ONCE = (Door.PAGE, Door.SLACK, Door.COMMAND)  # whoever gives it in there sees what was found


def returned_told(announcer: Announcer, session: Session, read: Read, now: datetime) -> None:
    """Answer the mail that brought it, and tell the group's secretary where it did not come from the PMO itself.

    Where it came by mail, nobody is answered and nobody knows whose group it is, the PMO lead is told.
    """
    row, values = read.row, values_of(announcer, read)
    if row.answer_to:
        name = read.person.name if read.person else row.answer_to
        notice = _notice(announcer, read, values | {"name": name}, now, to=f"address:{row.answer_to}")
        announcer.queue_receipt(session, notice, name, now)
    if row.came_by in SEEN_AT_ONCE or _of_pmo(session, read.person, now):
        return
    if read.meeting is None and (row.answer_to or row.came_by != Door.MAIL):
        return
    held = members.holdings(session, now.astimezone(LONDON).date(), group=read.meeting.group if read.meeting else None)
    for person in members.recipients(held, "secretary" if read.meeting else "pmo_lead"):
        notice = _notice(announcer, read, values | {"name": person.name}, now, to=person.id)
        dial = announcer.config.dial_for("pmo_reminder", notice.group)
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)


def _of_pmo(session: Session, person: Person | None, now: datetime) -> bool:
    return person is not None and members.is_pmo(session, person.id, now.astimezone(LONDON).date())


def values_of(announcer: Announcer, read: Read) -> dict[str, object]:
    """The placeholders of `receipt_edited.txt` and `draft_returned.txt`, but for the recipient's name."""
    row, found, meeting = read.row, read.found, read.meeting
    lines = returns.lines_said(found) if found else []
    return {
        "reference": row.reference,
        "file": row.file_name,
        "by": read.person.name if read.person else "somebody who is not named",
        "group": meeting.known_as if meeting else "",
        "meeting_on": spoken_date(meeting.on) if meeting else "",
        "draft": found.sent if found else "",
        "refused": row.reason if found is None else "",
        "lines": lines[: returns.MOST_SHOWN],
        "more": max(0, len(lines) - returns.MOST_SHOWN),
        "questions": len(found.conflicts) + sum(bool(edit.why) for edit in found.edits) if found else 0,
        "page": f"{announcer.page()}/returns/{row.reference}",
    }


def _notice(announcer: Announcer, read: Read, values: dict[str, object], now: datetime, *, to: str) -> Notice:
    row, is_answer = read.row, to.startswith("address:")
    template = "receipt_edited.txt" if is_answer else "draft_returned.txt"
    subject, text = render(announcer.config.paths.templates, template, values)
    return Notice(
        meeting_uid=read.meeting.uid if read.meeting else f"return-{row.reference}",
        meeting_revision=read.meeting.revision if read.meeting else 0,
        clock="draft", step=f"returned_{row.reference}", recipient=to,
        group=read.meeting.group if read.meeting else "", kind="receipt" if is_answer else "pmo_reminder",
        subject=subject, text=text, why=f"{row.reference} was given back by {row.came_by}.",
        due_at=now, not_after=now + USEFUL_FOR, in_reply_to=row.thread if is_answer else "",
    )  # fmt: skip
