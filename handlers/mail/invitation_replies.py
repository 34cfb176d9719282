"""Answers to invitations as calendars send them (iTIP, METHOD:REPLY): who comes and who does not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from icalendar import Calendar, Event

from bot.clock import LONDON

SUBJECT = re.compile(
    r"^\s*(?P<word>declined|accepted|tentative|tentatively accepted|abgelehnt|abgesagt|zugesagt|angenommen|refusé"
    r"|décliné|accepté"
    r"|rechazado|rechazada|aceptado|aceptada|rifiutato|accettato|geweigerd|geaccepteerd|afvist|accepteret|avvisat"
    r"|accepterat|avböjt"
    r"|odrzucone|zaakceptowane|recusado|recusada|aceite|aceito)\s*:\s*(?P<about>.+)$",
    re.IGNORECASE,
)  # fmt: skip
DECLINES = re.compile(r"declined|abge|refus|déclin|rechaz|rifiut|geweig|afvis|avvis|avböj|odrzuc|recus", re.IGNORECASE)


class Answered(StrEnum):
    """What somebody has answered to an invitation."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    OTHER_TIME = "other_time"  # they propose one


@dataclass(frozen=True)
class InvitationReply:
    """One person's answer. `uid` is the invitation's, `on` the meeting's day in London; empty or None: not said."""

    answered: Answered
    attendee: str = ""  # an address, in lower case
    uid: str = ""
    on: date | None = None
    summary: str = ""


def reply_in(calendar: bytes) -> InvitationReply | None:
    """The answer in a `text/calendar` part; None where it holds none, or cannot be read."""
    try:
        parsed = Calendar.from_ical(calendar)
        method = str(parsed.get("method", "")).upper()
        event = next((part for part in parsed.walk("VEVENT") if isinstance(part, Event)), None)
        if event is None or method not in ("REPLY", "COUNTER"):
            return None
        return _reply(event, method)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, LookupError, RecursionError):
        return None  # what no calendar should have written is read as any other mail


def reply_by_subject(subject: str) -> InvitationReply | None:
    """Outlook's 'Declined: PSG on 7 February', for what came without its calendar part."""
    found = SUBJECT.match(subject)
    if not found:
        return None
    if DECLINES.search(found["word"]):
        return InvitationReply(Answered.DECLINED, summary=found["about"])
    tentative = "tentat" in found["word"].lower()
    return InvitationReply(Answered.TENTATIVE if tentative else Answered.ACCEPTED, summary=found["about"])


def _reply(event: Event, method: str) -> InvitationReply | None:
    attendees = event.get("attendee")
    attendee = attendees[0] if isinstance(attendees, list) and attendees else attendees
    said = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper() if attendee is not None else ""
    answered = {"DECLINED": Answered.DECLINED, "ACCEPTED": Answered.ACCEPTED, "TENTATIVE": Answered.TENTATIVE}.get(said)
    if method == "COUNTER":
        answered = Answered.OTHER_TIME
    if answered is None:
        return None
    address = re.sub(r"^mailto:", "", str(attendee or ""), flags=re.IGNORECASE).strip().lower()
    return InvitationReply(answered, address, str(event.get("uid", "")), _day(event), str(event.get("summary", "")))


def _day(event: Event) -> date | None:
    starts = event.get("recurrence-id") or event.get("dtstart")
    at = getattr(starts, "dt", None)
    if isinstance(at, datetime):
        return at.astimezone(LONDON).date() if at.tzinfo else at.date()
    return at if isinstance(at, date) else None
