"""Who may see or do what: one place decides, for every door (Slack, mail, page, feeds, commands). Rules §1.

`may_see` and `may_do` gather the facts and rule on them; `sight_ruling` and `deed_ruling` are the rules, pure. A door
calls `require`, which keeps every refusal in the audit, or asks a `Viewer` what it may show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import partial

from sqlalchemy.orm import Session

from bot import audit, clearances, meetings, members, open_lists
from bot.clock import LONDON
from bot.config import Config
from bot.config_words import STRICTEST_FIRST, WORKING_MATERIAL, Audience
from bot.errors import NotAllowed
from bot.model import Meeting, Person, SeatHolding
from bot.store.database import afterwards


class Kind(StrEnum):
    """A kind of document; but for the last the keys of `audience` in the configuration."""

    PAPERS = "papers"
    REPORT = "report"
    RECORDING = "recording"
    DRAFT = "draft"
    TRANSCRIPT = "transcript"
    EVIDENCE = "evidence"
    QUEUE = "queue"  # what waits for the PMO: requests, mails, notices
    CONFIDENTIAL = "confidential"  # whatever is marked so, in any group


class Deed(StrEnum):
    """What somebody wants to do. Those of `OF_ANYBODY` are open to everybody on file, all others are the PMO's."""

    DRAFT = "draft"
    ISSUE = "issue"
    CLEARANCE = "clearance"  # say that a draft is with the Chair, or cleared
    MOVE = "move"
    CANCEL = "cancel"
    ADHOC = "adhoc"
    CALENDAR = "calendar"  # any of these three, or confirming a date
    CHASE = "chase"
    OUTBOX = "outbox"
    BRAKE = "brake"
    REVIEW = "review"
    DONE = "done"  # say that an obligation is met
    FILES = "files"  # keep the list of papers, the addresses, the holidays
    AT_THE_PAGE = "act on the page"
    MAILBOX = "decide on mail"
    RECORDINGS = "keep the recordings"
    CORRESPOND = "pass on queries and escalations"
    ACT_FOR_OTHERS = "act for others"
    ASK = "ask"
    AMEND = "amend"
    SUBMIT = "submit"
    ESCALATE = "escalate"
    JOIN = "join"  # an open group's list, or leave it
    APOLOGISE = "apologise"


OF_ANYBODY = (Deed.ASK, Deed.AMEND, Deed.SUBMIT, Deed.ESCALATE, Deed.JOIN, Deed.APOLOGISE)


@dataclass(frozen=True)
class Ruling:
    """Whether it is allowed, and why: for the audit and the PMO, not for whoever is refused."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Standing:
    """What somebody is to a meeting or group, by what is on file.

    `then` is on the day of the meeting, `now` today. Chair and observer are the host's own.
    """

    on_file: bool = False
    of_pmo: bool = False  # now
    chair_now: bool = False
    observer_now: bool = False
    at_table_then: bool = False  # with a seat of one's own
    stood_in_then: bool = False  # as the alternate of that one meeting
    standing_alternate_then: bool = False  # an alternate by the members file, whether or not it was their turn
    at_table_now: bool = False
    on_list: bool = False  # of the open group, then or now
    clearance_waits: bool = False  # a draft of the meeting is with the Chair


STRANGER = Standing()


def sight_ruling(standing: Standing, kind: Kind, audience: Audience, *, confidential: bool) -> Ruling:
    """Whether somebody of that standing may see a document of that kind, whose audience is configured."""
    if not standing.on_file:
        return Ruling(False, "nobody on file")
    if standing.of_pmo:
        return Ruling(True, "of the PMO")
    if kind.value in WORKING_MATERIAL or audience in ("pmo", "pmo_and_chair"):
        return _working_material(standing, kind, audience)
    if confidential:
        return _confidential(standing)
    if audience == "participants":
        return Ruling(True, "issued to participants")
    return _for_members(standing)


def _working_material(standing: Standing, kind: Kind, audience: Audience) -> Ruling:
    """Nobody outside the PMO sees it but the Chair (rules §4), whatever the configuration says."""
    if kind is Kind.DRAFT and standing.chair_now and standing.clearance_waits:
        return Ruling(True, "the draft is with the Chair, who clears it")
    return Ruling(standing.chair_now and audience != "pmo", "working material of the PMO")


def _confidential(standing: Standing) -> Ruling:
    mine = standing.at_table_then or standing.stood_in_then or standing.chair_now or standing.observer_now
    return Ruling(mine, "for members of that date, alternates of that meeting, the Chair and observers")


def _for_members(standing: Standing) -> Ruling:
    """Who holds the seat now answers for what was said before; who held it then keeps what they had."""
    then = standing.at_table_then or standing.stood_in_then or standing.standing_alternate_then
    now = standing.at_table_now or standing.chair_now or standing.observer_now
    return Ruling(then or now or standing.on_list, "for the members of the group")


def deed_ruling(standing: Standing, deed: Deed) -> Ruling:
    """Whether somebody of that standing may do that. What is one's own to do is asked with `may_act_for`."""
    if not standing.on_file:
        return Ruling(False, "nobody on file")
    if deed in OF_ANYBODY:
        return Ruling(True, "on file")
    return Ruling(standing.of_pmo, f"only the PMO may: {deed.value}")


def may_see(
    session: Session,
    config: Config,
    person: Person | None,
    kind: Kind,
    of: Meeting | str,
    on: date,
    *,
    confidential: bool = False,
) -> Ruling:
    """Whether a person (None: nobody on file) may see a document of a meeting, or of a group as such, on that day.

    `confidential` is for a document that is marked so; what a confidential group puts out is so without it.
    """
    groups = _groups(of)
    marked = confidential or kind is Kind.CONFIDENTIAL
    audience = config.audience_for(kind.value, groups)
    if marked:
        audience = min(audience, config.audience_for(Kind.CONFIDENTIAL.value, groups), key=STRICTEST_FIRST.index)
    if any(config.groups[key].confidential for key in groups if key in config.groups):
        marked = marked or audience != "participants"
    return sight_ruling(standing_of(session, config, person, of, on), kind, audience, confidential=marked)


def may_do(session: Session, person: Person | None, deed: Deed, on: date) -> Ruling:
    """Whether a person may do something on that day. A secretary of one group acts for all of them."""
    if person is None:
        return deed_ruling(STRANGER, deed)
    return deed_ruling(Standing(on_file=True, of_pmo=members.is_pmo(session, person.id, on)), deed)


def may_act_for(session: Session, person: Person | None, whose: Person | None, on: date) -> Ruling:
    """Whether a person may say something that is another's own to say (None: of nobody on file): they, or the PMO."""
    if person and whose and person.id == whose.id:
        return Ruling(True, "one's own")
    return may_do(session, person, Deed.ACT_FOR_OTHERS, on)


def may_speak_for_chair(session: Session, config: Config, person: Person | None, meeting: Meeting, on: date) -> Ruling:
    """Whether a person may say what the Chair of a meeting decides: the Chair, or the PMO on the Chair's word."""
    standing = standing_of(session, config, person, meeting, on)
    return Ruling(standing.chair_now or standing.of_pmo, "neither the Chair nor of the PMO")


def may_read_calendar(has_address: bool) -> Ruling:
    """Whether somebody may read a calendar: whoever has its address, which nobody can guess. Times are no secret."""
    return Ruling(has_address, "no calendar has this address")


def may_mark(session: Session, config: Config, person: Person | None, meeting: Meeting, on: date) -> Ruling:
    """Whether a person may mark an instant of a meeting while it goes on: whoever is at it, and the PMO."""
    found = standing_of(session, config, person, meeting, on)
    seated = found.at_table_then or found.stood_in_then or found.standing_alternate_then
    invited = seated or found.chair_now or found.observer_now or found.on_list
    return Ruling(found.of_pmo or invited, "for those at the meeting")


def standing_of(session: Session, config: Config, person: Person | None, of: Meeting | str, on: date) -> Standing:
    """The facts on file about a person and a meeting, or a group as such, seen on that day."""
    if person is None:
        return STRANGER
    groups, host = _groups(of), _groups(of)[0]
    then = of.on if isinstance(of, Meeting) else on
    held_now = members.holdings(session, on, person_id=person.id)
    held_then = held_now if then == on else members.holdings(session, then, person_id=person.id)
    at_table_then = _seats(held_then, groups)
    alternate_then = [h for h in at_table_then if h.role == "alternate"]
    on_list = open_lists.attends(session, config, person.id)
    stood_in = [h for h in alternate_then if h.from_on == h.to_on == then]
    return Standing(
        on_file=True,
        of_pmo=any(h.role in members.PMO_ROLES for h in held_now),
        chair_now=chairs(held_now, host),
        observer_now=_holds(held_now, host, "observer"),
        at_table_then=len(at_table_then) > len(alternate_then),
        stood_in_then=bool(stood_in),
        standing_alternate_then=len(alternate_then) > len(stood_in),
        at_table_now=any(h.role != "alternate" for h in _seats(held_now, groups)),
        on_list=any(on_list(groups, day) for day in (then, on)),
        clearance_waits=isinstance(of, Meeting) and _clearance_waits(session, of),
    )


def _groups(of: Meeting | str) -> tuple[str, ...]:
    return of.groups if isinstance(of, Meeting) else (of,)


def chairs(held: Sequence[SeatHolding], group: str) -> bool:
    """Whether somebody with these seats chairs a group: the SRO or a delegate; a seat of the whole programme, all."""
    return _holds(held, group, "chair")


def _seats(held: list[SeatHolding], groups: tuple[str, ...]) -> list[SeatHolding]:
    return [h for h in held if h.group in groups and h.role in members.AT_THE_TABLE]


def _holds(held: Sequence[SeatHolding], group: str, role: str) -> bool:
    return any(h.role == role and h.group in (group, None) for h in held)


def _clearance_waits(session: Session, meeting: Meeting) -> bool:
    """A report may be issued without the answer; then there is nothing to clear any more."""
    return clearances.waiting(session, meeting.uid) is not None and meetings.issued_at(session, meeting.uid) is None


@dataclass
class Viewer:
    """Somebody who looks, on one day: what `may_see` rules, each meeting looked up once."""

    session: Session
    config: Config
    person: Person | None
    on: date
    _known: dict[tuple[str, Kind], Ruling] = field(default_factory=dict)
    _held: dict[str, list[SeatHolding]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether it is somebody on file."""
        return self.person is not None

    def ruling(self, kind: Kind, meeting: Meeting) -> Ruling:
        """What `may_see` says."""
        key = (meeting.uid, kind)
        if key not in self._known:
            self._known[key] = may_see(self.session, self.config, self.person, kind, meeting, self.on)
        return self._known[key]

    def seats_of(self, person: Person) -> list[SeatHolding]:
        """The seats that somebody holds on that day."""
        if person.id not in self._held:
            self._held[person.id] = members.holdings(self.session, self.on, person_id=person.id)
        return self._held[person.id]

    def at_table(self, group: str) -> list[SeatHolding]:
        """The seats of a group on that day, and those of the whole programme."""
        if group not in self._held:
            self._held[group] = members.holdings(self.session, self.on, group=group)
        return self._held[group]

    def sees(self, kind: Kind, meeting: Meeting) -> bool:
        """Whether it may be shown."""
        return self.ruling(kind, meeting).allowed


class AtTheDesk(Viewer):
    """Whoever sits at the PMO's own computer, its terminal or page: everything is on it anyway."""

    is_known = True

    def ruling(self, kind: Kind, meeting: Meeting) -> Ruling:
        """Everything."""
        return Ruling(True, "at the PMO's own computer")


SORRY = "That is not open to you."
NOT_KNOWN = "The secretariat does not know you yet."


def require(
    session: Session,
    ruling: Ruling,
    *,
    person: Person | None,
    what: str,
    now: datetime,
    sentence: str = SORRY,
    hint: str = "Ask the PMO if you think that it should be.",
    asked_as: str = "",
) -> None:
    """Go on where it is allowed. Raises NotAllowed otherwise, and keeps the refusal in the audit whatever is undone.

    `what` names the matter for the audit ('report SDWG-2026-03-04'). The sentence does not: neither that it exists nor
    whose it is. `asked_as` is the Slack id or address of somebody who is not on file.
    """
    if ruling.allowed:
        return
    actor = person.name if person else "nobody on file"
    afterwards(session, partial(_keep_refusal, now=now, actor=actor, what=what, why=ruling.reason, asked_as=asked_as))
    if person is None:
        raise NotAllowed(NOT_KNOWN, hint="Please ask the PMO to put you on file.")
    raise NotAllowed(sentence, hint=hint)


def _keep_refusal(session: Session, *, now: datetime, actor: str, what: str, why: str, asked_as: str) -> None:
    audit.record(session, now, actor[:200], "access refused", what[:200], reason=why, asked_as=asked_as)


def require_deed(session: Session, person: Person | None, deed: Deed, now: datetime, *, hint: str) -> None:
    """Go on where the person may do it today. Raises NotAllowed, with `hint`, and keeps the refusal in the audit."""
    ruling = may_do(session, person, deed, now.astimezone(LONDON).date())
    sentence = f"{person.name} is not of the PMO." if person else NOT_KNOWN
    require(session, ruling, person=person, what=deed.value, now=now, sentence=sentence, hint=hint)


def pmo_named(session: Session, text: str, deed: Deed, now: datetime, *, hint: str) -> Person:
    """The one person of the PMO meant by a name. Raises UnknownThing, or NotAllowed with `hint` for anybody else."""
    person = members.named(session, text)
    require_deed(session, person, deed, now, hint=hint)
    return person
