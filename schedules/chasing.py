"""What is owed and not done, and asking for it on a person's word: the only way in which a Chair is ever chased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import audit, clearances, facts, meetings, members, outbox
from bot.clock import LONDON, spoken, spoken_date
from bot.drafts import reference_of
from bot.errors import SecretariatError, UnknownThing
from bot.model import Deadline, Meeting, MeetingStatus, Notice, Person
from bot.obligations import ACTION, APOLOGY, CHANGE_DECISION, EXPECTED_PAPER, NOT_TO_BE_MET, REQUEST
from bot.store.meeting_tables import ExpectedPaperRow
from bot.store.report_tables import ActionRow
from bot.wording import render
from schedules.announcements import Announcer
from schedules.attainable import is_attainable
from schedules.matters import open_matters, owner_meant, stopped_clocks
from schedules.reminders import Matter

BEHIND, SOON = timedelta(days=45), timedelta(days=7)
BEFORE_MEETING = timedelta(days=21)  # no clock falls due earlier before its meeting
USEFUL_FOR = timedelta(days=7)
CAME = (REQUEST, APOLOGY)  # their instant is when they came: nobody is late for them
WORDS = {
    ACTION: "action", REQUEST: "amendment request", CHANGE_DECISION: "decision to be communicated",
    APOLOGY: "alternate to be named", EXPECTED_PAPER: "paper",
}  # fmt: skip


@dataclass(frozen=True)
class Owed:
    """One thing not done: `name` is what people call it (PSG27-03, PSG-2024-02-07/papers), `whom` who is asked."""

    name: str
    what: str
    text: str
    meeting: Meeting
    obligation: str  # the clock, or with a reference 'action:PSG27-03'
    deadline: Deadline
    whom: tuple[Person, ...]

    def since(self, now: datetime) -> str:
        """'was due Friday 9 February 2024, 17:00 (London)'."""
        at = self.deadline.due_at
        if at is None:
            return ""
        if self.obligation.partition(":")[0] in CAME:
            return f"came on {spoken(at)}"
        return f"{'was' if at < now else 'is'} due {spoken(at)}"


def open_clocks(
    session: Session, announcer: Announcer, first: datetime, last: datetime
) -> Iterator[tuple[Meeting, Deadline]]:
    """Every clock that nobody has met of the meetings from `first` to `last`, with its meeting."""
    for meeting in meetings.between(session, first, last):
        undecided = meeting.status in (MeetingStatus.CANCELLED, MeetingStatus.PROPOSED_MOVE)
        if undecided or meeting.group not in announcer.config.groups:
            continue
        stopped = stopped_clocks(session, meeting.uid)
        for clock in announcer.clocks_of(session, meeting):
            if clock.due_at and clock.kind not in stopped and is_attainable(meeting, clock.due_at):
                yield meeting, clock


def owed(session: Session, announcer: Announcer, now: datetime, group: str = "") -> list[Owed]:
    """What is late or due within a week, of all groups or of one (its key); what has waited longest comes first.

    What was due before this installation first started is left out: nobody could mark it as met then.
    """
    found = [*_clocks(session, announcer, now), *_matters(session, announcer, now)]
    wanted = [one for one in found if not group or group in one.meeting.groups]
    return sorted(wanted, key=lambda one: (one.deadline.due_at or now, one.name))


def named(session: Session, announcer: Announcer, name: str, now: datetime) -> Owed:
    """The one that people call so. Raises UnknownThing where it is not owed, or no longer."""
    found = (one for one in owed(session, announcer, now) if one.name.casefold() == name.strip().casefold())
    one = next(found, None)
    if one is None:
        raise UnknownThing(f"Nothing is owed that is called {name}.", hint="It may be done; look at what is owed.")
    return one


def _clocks(session: Session, announcer: Announcer, now: datetime) -> Iterator[Owed]:
    started = facts.started_at(session) or now
    for meeting, clock in open_clocks(session, announcer, now - BEHIND, now + BEFORE_MEETING):
        if clock.kind in NOT_TO_BE_MET or clock.due_at is None or not started <= clock.due_at <= now + SOON:
            continue
        held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)
        role = "chair" if clock.kind == clearances.ANSWER else "secretary"
        what = f"{clock.kind.replace('_', ' ')} of {meeting.known_as} on {spoken_date(meeting.on)}"
        whom = tuple(members.recipients(held, role))
        yield Owed(f"{reference_of(meeting)}/{clock.kind}", what, "", meeting, clock.kind, clock, whom)


def _matters(session: Session, announcer: Announcer, now: datetime) -> Iterator[Owed]:
    for matter in open_matters(session, announcer.calendar, now):
        if matter.deadline.due_at and matter.deadline.due_at <= now + SOON:
            what = f"{WORDS[matter.clock]} {matter.reference} of {matter.meeting.known_as}"
            obligation = f"{matter.clock}:{matter.reference}"
            whom = tuple(_whom(session, matter, now))
            yield Owed(matter.reference, what, matter.text, matter.meeting, obligation, matter.deadline, whom)


def _whom(session: Session, matter: Matter, now: datetime) -> list[Person]:
    """Whose it is, the Chair and observers among them, since a person asks; the group's secretary where not plain."""
    today = now.astimezone(LONDON).date()
    person = members.by_id(session, matter.owner_id) if matter.owner_id else None
    if person is None and matter.clock == ACTION:
        action = session.get_one(ActionRow, matter.reference)
        person = owner_meant(members.at_tables(session, matter.meeting, today), action.owner)
    elif person is None and matter.clock == EXPECTED_PAPER:
        person = members.by_id(session, session.get_one(ExpectedPaperRow, matter.reference).author_id)
    held = members.holdings(session, today, group=matter.meeting.group)
    return [person] if person else members.recipients(held, "secretary")


def chase(session: Session, announcer: Announcer, one: Owed, *, by: Person, now: datetime, note: str = "") -> None:
    """Ask for it on a person's word, in the caller's transaction. Raises SecretariatError where it was asked today."""
    queued = [_ask(session, announcer, one, person, by=by, now=now, note=note) for person in one.whom]
    if not any(queued):
        names = ", ".join(person.name for person in one.whom) or "Nobody"
        raise SecretariatError(f"{names} was asked for {one.name} today already.", hint="Ask again tomorrow.")
    audit.record(session, now, by.name, "chased", one.name[:200], to=[person.name for person in one.whom])


def _ask(
    session: Session, announcer: Announcer, one: Owed, person: Person, *, by: Person, now: datetime, note: str
) -> bool:
    today = now.astimezone(LONDON).date()
    values: dict[str, object] = {
        "name": person.name, "by": by.name, "what": one.what, "text": one.text, "since": one.since(now), "note": note,
        "rule": one.deadline.rule, "source": one.deadline.source, "page": announcer.page(),
    }  # fmt: skip
    subject, text = render(announcer.config.paths.templates, "chase.txt", values)
    of_pmo = members.role_of(session, person.id, today) == "pmo"
    notice = Notice(
        meeting_uid=one.meeting.uid, meeting_revision=one.meeting.revision, clock=one.obligation,
        step=f"chased_{today.isoformat()}", recipient=person.id, group=one.meeting.group,
        kind="pmo_reminder" if of_pmo else "member_reminder", subject=subject, text=text,
        why=f"{by.name} asked for it: {one.deadline.rule} ({one.deadline.source}).", due_at=now,
        not_after=now + USEFUL_FOR,
    )  # fmt: skip
    dial = announcer.config.dial_for("pmo_reminder" if of_pmo else "member_reminder", one.meeting.group)
    return outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name, released_by=by.name)
