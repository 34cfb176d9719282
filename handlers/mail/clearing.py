"""The Chair's answer on a draft report, by mail: that it is cleared, or something that a person reads (rules §4).

Only plain assent, sentence by sentence, clears; an assistant on file may write it. The Chair gets no automatic answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bot import access, clearances, inverses
from bot.clearances import TO_CHAIR, Answer
from bot.clock import LONDON, spoken_date
from bot.errors import NotAllowed, SecretariatError
from bot.model import Person
from bot.store.outbox_tables import OutboxRow
from handlers.mail.findings import Finding, What
from handlers.mail.known import Known
from handlers.mail.orders import Done, Order, Work
from handlers.mail.passages import passages
from handlers.mail.reading import ReadMail
from schedules.clearing import chair_has_cleared

LONGEST = 90  # characters of a sentence that may be plain assent
_BEFORE = (
    r"yes|ok|okay|good|great|perfect|many thanks|thanks|thank you|all|i am|i'm|i’m|i|we are|we|it is|it's|it’s|it"
    r"|this is|this|the (?:draft |headline )*report is|report|hereby|have|has been|very|from my side"
    r"|happy to|content to|ok to"
)
_ASSENT = r"clear(?:ed)?|agreed?|approved?|happy|content|fine|good to go|good to issue|(?:please )?issue|go ahead"
_AFTER = r"it|this|that|the|your|draft|headline|report|minutes|as|is|drafted|with|to|by|me|for|from|issue|side|my|go"
CLEARS = re.compile(
    rf"(?:(?:{_BEFORE})\b[ ,]*)*(?:{_ASSENT})(?: (?:{_AFTER}))*(?:,? (?:thanks|thank you|many thanks))?", re.IGNORECASE
)
PLEASANTRY = re.compile(
    r"(?:many )?thanks?(?: you)?(?: (?:very|so) much)?(?: (?:all|both|team))?|(?:kind |best )*(?:regards|wishes)|best"
    r"|cheers|no (?:comments|changes)(?: from me)?|sent from my \w+|yours|good work|well done|nice work",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"for your clearance \((?P<group>[A-Za-z][\w-]*)-(?P<on>\d{4}-\d\d-\d\d)\)")


def clearance(mail: ReadMail, known: Known) -> Finding | None:
    """What the Chair answers to our mail with a draft; None for any other mail, and for whoever does not chair."""
    about = _about(mail, known)
    if about is None:
        return None
    group, on, notice_id = about
    if not access.chairs(known.seats, group):
        return None
    said = sentences_of(mail, known)
    plain = [text for text in said if len(text) <= LONGEST and CLEARS.fullmatch(text)]
    rest = [text for text in said if text not in plain and not PLEASANTRY.fullmatch(text)]
    named = f"the draft report of {group} on {spoken_date(on)}"
    if plain and not rest:
        reason = f"It clears {named}, in answer to our mail to the Chair."
        return Finding(What.CLEARANCE, reason, certain=True, words=mail.own_words, group=group, on=on,
                       notice_id=notice_id)  # fmt: skip
    if not said:
        return None
    reason = f"The Chair answers on {named}: a person reads it, and puts what it asks for into the draft."
    return Finding(What.UNCLEAR, reason, words=mail.own_words, group=group, on=on)


def sentences_of(mail: ReadMail, known: Known) -> list[str]:
    """What is said in a mail, line by line and sentence by sentence, without the lines that sign it."""
    said = [text for passage in passages(mail.own_words) for text in _sentences(passage.text)]
    return [text for text in said if not _is_name(text, known)]


def _about(mail: ReadMail, known: Known) -> tuple[str, date, str] | None:
    """The group and day of the draft that is answered, by our Message-ID or by the subject that we gave it."""
    if known.notice is not None and known.notice.kind == TO_CHAIR:
        meeting = known.meeting(known.notice.meeting_uid)
        return (meeting.group, meeting.on, known.notice.id) if meeting else None
    found = _REFERENCE.search(mail.subject)
    if found is None or known.config.group_key(found["group"]) is None:
        return None
    try:
        return known.config.group_key(found["group"]) or "", date.fromisoformat(found["on"]), ""
    except ValueError:
        return None


def _sentences(text: str) -> list[str]:
    found = (part.strip(" \t,;:-–—") for part in re.split(r"[.!\n]+", text))
    return [" ".join(part.split()) for part in found if part]


def _is_name(text: str, known: Known) -> bool:
    """A line that signs the mail: the Chair's or an assistant's own name."""
    words = set(re.findall(r"[\w'’-]+", text.casefold()))
    names = (set(re.findall(r"[\w'’-]+", person.name.casefold())) for person in known.people)
    return bool(words) and any(words <= name for name in names)


def clear(work: Work, order: Order) -> Done:
    """The report is cleared, in the Chair's name. Raises SecretariatError where another draft is meant by now."""
    session, meeting, chair = work.session, work.meeting_of(order.finding), order.whose
    today = order.now.astimezone(LONDON).date()
    standing = access.standing_of(session, work.announcer.config, chair, meeting, today)
    if not standing.chair_now and order.by is None:
        raise NotAllowed(f"{chair.name} does not chair {meeting.known_as}.", hint="The Chair clears reports.")
    row = clearances.waiting(session, meeting.uid)
    if row is None:
        raise SecretariatError(f"No draft of {meeting.known_as} on {spoken_date(meeting.on)} is with the Chair.")
    notice = session.get(OutboxRow, order.finding.notice_id) if order.finding.notice_id else None
    if notice is not None and notice.step != f"asked_{row.id}":
        raise SecretariatError(f"It answers an earlier draft than {row.draft_id}, which is with the Chair now.")
    clearances.clear(session, meeting, by=chair, now=order.now, answer=Answer(how="mail"))
    if order.by is None:
        chair_has_cleared(session, work.announcer, meeting, row, chair, order.now)
    return Done(row.draft_id or "", f"{row.draft_id} is cleared by {chair.name}.", {"cleared": row.id})


def not_cleared(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The draft waits for the Chair's answer again."""
    inverses.clearance_as_before(work.session, (), [inverse["cleared"]], by=by, now=now)
