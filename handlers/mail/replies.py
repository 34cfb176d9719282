"""A reply that says "done" to one of our reminders: what it reminded of is met."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, meetings, obligations
from bot.access import Deed
from bot.clock import LONDON
from bot.model import Person
from bot.store.tables import OutboxRow
from handlers.mail.understanding import ReadMail

DONE = re.compile(r"\W*done\b(?!\s*\?)", re.IGNORECASE)
LINK = re.compile(r"https?://[^\s<>\"]+")


def reminder_replied_to(session: Session, mail: ReadMail, domain: str) -> OutboxRow | None:
    """Our reminder that the mail answers, by the Message-ID that we gave it; None where it answers none."""
    ours = re.search(rf"<([0-9a-f]{{32}})@{re.escape(domain)}>", mail.in_reply_to)
    row = session.get(OutboxRow, ours[1]) if ours else None
    return row if row and row.kind in meetings.REMINDERS else None


def meet_by_reply(session: Session, mail: ReadMail, person: Person, domain: str, now: datetime) -> str:
    """Mark what the mail says is done as met. Returns what was met ('papers of psg-...'), empty where it says no such.

    Only the recipient's own word counts, or the PMO's. A link in the reply is kept with it.
    """
    row = reminder_replied_to(session, mail, domain)
    if row is None or not DONE.match(mail.own_words):
        return ""
    of_pmo = access.may_do(session, person, Deed.DONE, now.astimezone(LONDON).date()).allowed
    obligation = obligations.of_key(row.meeting_uid, row.clock)
    if obligation.clock in obligations.NOT_TO_BE_MET or not (of_pmo or row.recipient == person.id):
        return ""
    link = LINK.search(mail.own_words)
    obligations.meet(session, obligation, by=person, of_pmo=of_pmo, now=now, link=link[0] if link else "")
    return f"{obligation.key} of {row.meeting_uid}"
