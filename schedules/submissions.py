"""Papers and agenda items that people submit: for which meetings they are taken, when one is late, who hears of it.

A late one is taken, marked late and put to the Chair (rules §1); no machine writes to the Chair by itself, so that
letter waits for the PMO's release.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import access, meetings, members, papers
from bot.access import Deed, Kind
from bot.clock import LONDON, spoken
from bot.config import Config
from bot.config_words import NoticeKind
from bot.correspondence import Letter, send
from bot.errors import SecretariatError, UnknownThing
from bot.model import Deadline, Meeting, Person
from bot.papers import Sent
from bot.store.meeting_tables import ExpectedPaperRow, MeetingRow
from schedules.amendment_words import chairs_of
from schedules.announcements import Announcer
from schedules.attainable import is_attainable
from schedules.deadlines import Circumstances, deadlines_for
from schedules.series import Calendar

AHEAD = timedelta(days=100)
CLOCK = "paper"  # of its letters


@dataclass(frozen=True)
class Taking:
    """A meeting that takes papers: when its pack goes out, whether it has, and whether what comes now is late."""

    meeting: Meeting
    due: Deadline
    pack_is_out: bool
    is_late: bool


def taking(session: Session, calendar: Calendar, meeting: Meeting, now: datetime) -> Taking | None:
    """Whether a meeting takes papers; None where none go out for it, or it has begun.

    Of a meeting called at short notice the clock is not attainable, and nothing is late until its pack is out (§3).
    """
    ended = meeting.starts_at <= now or meeting.status in papers.NO_PACK
    if ended or any(key not in calendar.config.groups for key in meeting.groups):
        return None
    clocks = deadlines_for(meeting, calendar, Circumstances(None))
    due = next((clock for clock in clocks if clock.kind == "papers" and clock.due_at), None)
    if due is None or due.due_at is None:
        return None
    out = "papers" in meetings.obligations_met(session, meeting.uid)
    return Taking(meeting, due, out, out or (due.due_at < now and is_attainable(meeting, due.due_at)))


def coming(session: Session, calendar: Calendar, now: datetime, group: str | None = None) -> list[Taking]:
    """The meetings of the next hundred days that take papers, in order; of one group, or of all."""
    found = (taking(session, calendar, m, now) for m in meetings.between(session, now, now + AHEAD, group))
    return [each for each in found if each]


def submit(
    session: Session, announcer: Announcer, meeting: Meeting, sent: Sent, *, by: Person, now: datetime
) -> ExpectedPaperRow:
    """Take what a person submits for a meeting; its secretary is told, and of a late one the Chair, on release.

    Raises NotAllowed, UnknownThing or SecretariatError with a sentence.
    """
    access.require_deed(session, by, Deed.SUBMIT, now, hint="Ask the PMO to put you on file.")
    config, today = announcer.config, now.astimezone(LONDON).date()
    sentence, hint = "That meeting takes no papers.", "Choose one that is still to come."
    ruling = access.may_see(session, config, by, Kind.PAPERS, meeting, today)
    what = f"submit {meeting.uid}"
    access.require(session, ruling, person=by, what=what, now=now, sentence=sentence, hint=hint)
    clock = taking(session, announcer.calendar, meeting, now)
    if clock is None:
        raise UnknownThing(sentence, hint=hint)
    row = papers.submit(session, meeting, sent, by=by, late=clock.is_late, now=now)
    _tell(announcer, session, row, clock, now)
    return row


def waits_for_chair(session: Session, config: Config, reference: str, *, by: Person, now: datetime) -> ExpectedPaperRow:
    """A late paper on which that person may give the Chair's word: the Chair, or the PMO on it.

    Raises UnknownThing, or with the same sentence NotAllowed, of somebody else's matter.
    """
    wanted = reference.strip().upper()[:20]
    sentence, hint = f"There is no late paper {wanted} for you to decide on.", "The Chair decides."
    row = session.get(ExpectedPaperRow, wanted)
    if row is None or not row.late or row.withdrawn_at:
        raise UnknownThing(sentence, hint=hint)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    ruling = access.may_speak_for_chair(session, config, by, meeting, now.astimezone(LONDON).date())
    access.require(
        session, ruling, person=by, what=f"late paper {row.reference}", now=now, sentence=sentence, hint=hint
    )
    return row


def chair_says(
    session: Session, config: Config, row: ExpectedPaperRow, says: str, *, by: Person, now: datetime, reason: str = ""
) -> None:
    """Put the Chair's word on a late paper (of `waits_for_chair`) on file; its author learns of it.

    Raises SecretariatError for a refusal without a reason, or where a word is on file.
    """
    if says == papers.REFUSED and not reason.strip():
        raise SecretariatError("A refusal has a reason, which its author reads.", hint="Say why.")
    papers.chair_decides(session, row, says, by=by, now=now, reason=reason.strip())
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    author = members.by_id(session, row.author_id)
    values = _values(session, row, meeting) | {"taken": says == papers.TAKEN, "reason": reason.strip(), "by": by.name}
    why = f"{by.name} gave the Chair's word on {row.reference}; its author learns it."
    letter = Letter(
        row.reference, CLOCK, f"decided_{now:%Y%m%dT%H%M%S}", "paper_decided.txt", values, meeting.group, "receipt", why
    )  # fmt: skip
    send(session, config, letter, [author] if author else [], now)


def _tell(announcer: Announcer, session: Session, row: ExpectedPaperRow, clock: Taking, now: datetime) -> None:
    """Once for each time that it is sent: a newer version is news."""
    meeting, config, today = clock.meeting, announcer.config, now.astimezone(LONDON).date()
    values = _values(session, row, meeting) | {"due": spoken(clock.due.due_at) if clock.due.due_at else ""}
    attached = (row.file,) if row.file else ()
    why = f"{values['author']} submitted {row.reference} for {meeting.known_as}."

    def letter(step: str, template: str, kind: NoticeKind) -> Letter:
        return Letter(
            row.reference, CLOCK, f"{step}_{now:%Y%m%dT%H%M%S}", template, values, meeting.group, kind, why,
            meeting.starts_at, attached,
        )  # fmt: skip

    secretaries = members.recipients(members.holdings(session, today, group=meeting.group), "secretary")
    send(session, config, letter("submitted", "paper_submitted.txt", "pmo_reminder"), secretaries, now)
    if row.late:
        chairs = [chair for chair in chairs_of(session, meeting, now) if chair.id != row.author_id]
        send(session, config, letter("chair", "paper_late_chair.txt", "pack"), chairs, now)


def _values(session: Session, row: ExpectedPaperRow, meeting: Meeting) -> dict[str, object]:
    return {
        "reference": row.reference,
        "title": row.title,
        "author": papers.author(session, row),
        "meeting": f"{meeting.known_as} on {spoken(meeting.starts_at)}",
        "is_item": row.is_item,
        "purpose": row.purpose,
        "note_of_author": row.note,
        "link": row.link,
        "late": row.late,
    }
