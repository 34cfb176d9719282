"""What is said because of a request: whose word it needs, that it is put to the Chair, what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import members, offers, outbox
from bot.amendment_life import SPEAK, Kind, State, decision_on, meeting_of, words
from bot.amendments import place_of
from bot.clock import LONDON, spoken_date
from bot.model import Meeting, Notice, Offer, Person, SeatHolding
from bot.store.amendment_tables import AmendmentRow
from bot.wording import render
from schedules.announcements import Announcer

USEFUL_FOR = timedelta(days=28)


@dataclass(frozen=True)
class Said:
    """A message about a request: its text, what makes it one notice, and how far it may go by itself."""

    template: str
    step: str
    kind: str  # receipt: to who asked; amendment: to anybody else
    why: str
    released_by: str = ""
    offers: tuple[Offer, ...] = ()


def outcome_told(announcer: Announcer, session: Session, row: AmendmentRow, now: datetime) -> list[Person]:
    """Tell the requester what became of a decided request, with the reason; a copy to the Chair, on release.

    Returns the Chair, or the Chairs of a joint meeting; none where nobody is on file.
    """
    decision = decision_on(row)
    if decision is None:
        return []
    meeting = meeting_of(session, row)
    why = f"{decision.by} decided {row.reference}; whoever asked learns the outcome, with the reason (rules of §5)."
    to_requester = Said("amendment_decided.txt", f"decided_{row.reference}", "receipt", why)
    requester = members.by_id(session, row.requester_id)
    _tell(announcer, session, row, [requester] if requester else [], to_requester, now)
    chairs = [chair for chair in chairs_of(session, meeting, now) if chair.id != row.requester_id]
    copy = Said("amendment_decided_chair.txt", f"decided_{row.reference}", "amendment", why)
    _tell(announcer, session, row, chairs, copy, now)
    return chairs


def put_to_chair_told(
    announcer: Announcer, session: Session, row: AmendmentRow, now: datetime, *, by: Person
) -> list[Person]:
    """Put a request before the Chair, on the word of a person of the PMO. Returns who is sent it; may be nobody."""
    why = f"{by.name} put {row.reference} to the Chair."
    chairs = chairs_of(session, meeting_of(session, row), now)
    said = Said("amendment_to_chair.txt", f"to_chair_{row.reference}", "amendment", why, released_by=by.name)
    _tell(announcer, session, row, chairs, said, now)
    return chairs


def word_asked(announcer: Announcer, session: Session, row: AmendmentRow, now: datetime) -> list[Person]:
    """Ask the representatives whose constituency's view a request would change, on release. Returns them."""
    if row.needs_word_of is None:
        return []
    held = _in_office(session, meeting_of(session, row), now)
    asked = [h.person for h in held if h.constituency == row.needs_word_of and h.role in SPEAK]
    why = (
        f"{row.reference} would change the recorded view of {row.needs_word_of}; that needs its representative's word."
    )
    answers = (offers.of_word(row.reference), offers.of_no_word(row.reference))
    said = Said("amendment_word.txt", f"word_{row.reference}", "amendment", why, offers=answers)
    _tell(announcer, session, row, asked, said, now)
    return asked


def chairs_of(session: Session, meeting: Meeting, now: datetime) -> list[Person]:
    """Who chairs the groups of a meeting today; nobody else is taken for the Chair."""
    chairs = [h.person for h in _in_office(session, meeting, now) if h.role == "chair"]
    return list({person.id: person for person in chairs}.values())


def _in_office(session: Session, meeting: Meeting, now: datetime) -> list[SeatHolding]:
    return [h for h in members.at_tables(session, meeting, now.astimezone(LONDON).date()) if h.group]


def outcome_words(row: AmendmentRow) -> str:
    """What became of a request, as its requester reads it."""
    if row.kind == Kind.DISAGREEMENT and row.state == State.ACCEPTED:
        return "taken up: the report stays as it is, and your disagreement goes to escalation"
    if row.kind == Kind.NOTE and row.state in (State.ACCEPTED, State.ACCEPTED_IN_PART):
        return f"{words(row.state)}: it will appear as a post-meeting note"
    return words(row.state)


def _tell(
    announcer: Announcer, session: Session, row: AmendmentRow, people: Iterable[Person], said: Said, now: datetime
) -> None:
    meeting = meeting_of(session, row)
    values = _values(announcer, session, row, meeting)
    for person in people:
        subject, text = render(announcer.config.paths.templates, said.template, values | {"name": person.name})
        notice = Notice(
            meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="amendment", step=said.step,
            recipient=person.id, group=meeting.group, kind=said.kind, subject=subject, text=text, why=said.why,
            due_at=now, not_after=now + USEFUL_FOR,
            in_reply_to=_message_of(row) if person.id == row.requester_id else "", offers=said.offers,
        )  # fmt: skip
        dial = announcer.config.dial_for(said.kind, notice.group)  # type: ignore[arg-type]  # both are NoticeKinds
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name, released_by=said.released_by)


def _values(announcer: Announcer, session: Session, row: AmendmentRow, meeting: Meeting) -> dict[str, object]:
    requester, decision = members.by_id(session, row.requester_id), decision_on(row)
    return {
        "reference": row.reference,
        "report": f"the {meeting.known_as} headline report of {spoken_date(meeting.on)}",
        "line": place_of(row),
        "requester": requester.name if requester else row.requester_id,
        "constituency": row.constituency or "",
        "present_text": row.present_text,
        "proposed_text": row.proposed_text,
        "request_reason": row.reason,
        "late": row.late,
        "outcome": outcome_words(row),
        "agreed_text": row.agreed_text,
        "reason": row.events[-1].text,
        "decided_by": decision.by if decision else "",
        "needs_word_of": row.needs_word_of or "",
        "page": announcer.page(),
    }


def _message_of(row: AmendmentRow) -> str:
    """The Message-ID of the mail that a request came by, so that the answer stands in its thread."""
    key = row.source_key.partition(":")[2].partition(">")
    return f"{key[0]}>" if row.came_by == "mail" and key[1] else ""
