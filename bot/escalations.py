"""Escalations and appeals: what a party has to say, and its way to the group or body that takes it (rules §7).

Concerns go to the structure, by the PMO; a machine puts nothing to a Chair or to the IPA but on a person's word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, governance, meetings, members
from bot.clock import LONDON
from bot.config import Config
from bot.correspondence import Letter
from bot.correspondence import send as put_in_outbox
from bot.errors import SecretariatError, UnknownThing
from bot.escalation_letters import (
    ESCALATION,
    body_named,
    constituency_for,
    tell_the_pmo,
    tell_the_raiser,
    values_of,
    way_for,
)
from bot.governance import IPA, EscalationKind, Way
from bot.model import Meeting, MeetingStatus, Person
from bot.store.query_tables import EscalationRow
from bot.store.report_tables import DecisionRow

RECEIVED, WITH_PMO, SENT, ON_AGENDA, ANSWERED, WITHDRAWN = (
    "received", "with_pmo", "sent", "on_agenda", "answered", "withdrawn",
)  # fmt: skip
ALLOWED_MOVES: dict[str, tuple[str, ...]] = {
    RECEIVED: (WITH_PMO, SENT, WITHDRAWN),
    WITH_PMO: (SENT, WITHDRAWN),
    SENT: (ON_AGENDA, ANSWERED, WITHDRAWN),
    ON_AGENDA: (ANSWERED, WITHDRAWN),
    ANSWERED: (),
    WITHDRAWN: (),
}
OPEN = tuple(state for state, moves in ALLOWED_MOVES.items() if moves)
MOST_CHARACTERS = 20_000  # of each of the three


class IncompleteEscalation(SecretariatError):
    """Something is missing or wrong. `fields` says what to do: of context, rationale, impact, decision, to, meeting."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        super().__init__(" ".join(fields.values()), fields=fields)


@dataclass(frozen=True)
class Raised:
    """An escalation on its way into the ledger. `group` is the one whose decision, matter or workstream it is about.

    `to` is another group of the same lowest level (informal only); `meeting` the one chosen to take it, if any yet.
    """

    kind: EscalationKind
    group: str
    by: Person
    context: str
    rationale: str
    impact: str
    came_by: str  # slack | mail | command
    source_key: str
    decision: str = ""
    constituency: str = ""  # the raiser's, where no seat of theirs tells it
    for_ofgem: bool = False
    to: str | None = None
    meeting: Meeting | None = None
    is_late: bool = False


def receive(session: Session, config: Config, raised: Raised, now: datetime) -> tuple[EscalationRow, bool]:
    """Record an escalation and tell the PMO. Returns (row, whether it is new): the same message is the same escalation.

    Raises IncompleteEscalation with every field that is wrong, or UnknownThing for a group outside the governance.
    """
    known = session.scalars(select(EscalationRow).where(EscalationRow.source_key == raised.source_key)).first()
    if known:
        return known, False
    on = now.astimezone(LONDON).date()
    way = way_for(
        session, config, raised.kind, raised.group, raised.by, on, constituency=raised.constituency,
        for_ofgem=raised.for_ofgem,
    )  # fmt: skip
    wrong = dict(_wrong_fields(session, raised, way))
    if wrong:
        raise IncompleteEscalation(wrong)
    row = _new(session, raised, raised.to or way.to, now)
    row.constituency = raised.constituency or constituency_for(session, raised.by, raised.group, on)
    session.flush()
    audit.record(
        session, now, raised.by.name, "escalation raised", row.reference, kind=row.kind, group=row.from_group,
        to=row.to, by=row.came_by,
    )  # fmt: skip
    tell_the_pmo(session, config, row, now)
    return row, True


def _wrong_fields(session: Session, raised: Raised, way: Way) -> list[tuple[str, str]]:
    """Each field that is wrong, with what to do."""
    asked = {
        "context": (raised.context, "Say what it is about: the context is missing."),
        "rationale": (raised.rationale, "Say why it should be looked at again: the rationale is missing."),
        "impact": (raised.impact, "Say what follows if nothing is done: the impact is missing."),
    }
    wrong = [(field, said) for field, (text, said) in asked.items() if not text.strip()]
    too_long = f"This is longer than {MOST_CHARACTERS} characters: shorten it."
    wrong += [(field, too_long) for field, (text, _) in asked.items() if len(text) > MOST_CHARACTERS]
    decided = session.get(DecisionRow, raised.decision.strip().upper()) if raised.decision else None
    if decided and decided.group_key != raised.group:
        wrong.append(("decision", f"{decided.reference} is a decision of {decided.group_key}, not of {raised.group}."))
    if len(raised.decision) > 40:
        wrong.append(("decision", "Give the decision's reference alone, as PSG-DEC41."))
    if raised.to and raised.to not in (way.to, *way.others):
        wrong.append(("to", f"It goes to {', or '.join((way.to, *way.others))}, not to {raised.to}."))
    if raised.meeting and (raised.to or way.to) not in raised.meeting.groups:
        wrong.append(("meeting", f"That is a meeting of {raised.meeting.known_as}; it goes to {raised.to or way.to}."))
    return wrong


def _new(session: Session, raised: Raised, to: str, now: datetime) -> EscalationRow:
    if raised.meeting:
        meetings.keep(session, [raised.meeting])
    number = (session.scalar(select(func.max(EscalationRow.number))) or 0) + 1
    row = EscalationRow(
        reference=f"ESC-{number:03d}", number=number, source_key=raised.source_key, came_by=raised.came_by,
        raised_at=now, kind=raised.kind, from_group=raised.group, to=to, for_ofgem=raised.for_ofgem,
        meeting_uid=raised.meeting.uid if raised.meeting else None, is_late=raised.is_late, person_id=raised.by.id,
        decision_ref=raised.decision.strip().upper() or None, context=raised.context.strip(),
        rationale=raised.rationale.strip(), impact=raised.impact.strip(), state=RECEIVED,
    )  # fmt: skip
    session.add(row)
    return row


def choose_meeting(
    session: Session, row: EscalationRow, meeting: Meeting, *, is_late: bool, by: Person, now: datetime
) -> None:
    """The meeting that takes it, as a person chose: in time for its papers, or as a late paper."""
    if row.state not in (RECEIVED, WITH_PMO, SENT):
        raise SecretariatError(f"{row.reference} is {row.state.replace('_', ' ')} already.", hint="See its state.")
    if row.to not in meeting.groups:
        raise SecretariatError(f"{row.reference} goes to {row.to}, not to {meeting.known_as}.", hint="Choose another.")
    meetings.keep(session, [meeting])
    row.meeting_uid, row.is_late = meeting.uid, is_late
    audit.record(session, now, by.name, "escalation meeting chosen", row.reference, meeting=meeting.uid, late=is_late)


def take(session: Session, row: EscalationRow, *, by: Person, now: datetime) -> None:
    """Somebody of the PMO has it in hand."""
    _move(session, row, WITH_PMO, by, now)


def recipients(session: Session, config: Config, row: EscalationRow, on: date) -> list[Person | str]:
    """Whom it is put to: the Chair who takes it, the raiser's own representative there and the workstream's mailbox;
    or whoever holds the IPA's seat. Nobody, where no such person is on file.
    """
    if row.to == IPA:
        return list(_of_the_ipa(session, row.from_group, on))
    held = members.holdings(session, on, group=row.to)
    chairs = [h.person for h in held if h.group and h.role == "chair"]
    own = [h.person for h in held if h.group and h.role == "member" and h.constituency == row.constituency]
    own = [] if row.kind == "informal" or row.constituency is None else [p for p in own if p.id != row.person_id]
    told: list[Person | str] = list({p.id: p for p in (*chairs, *own)}.values())
    told += [config.mailboxes[key].address for key in governance.mailboxes_for(config, row.to)[1:]]
    return told or list(members.recipients(held, "secretary"))


def _of_the_ipa(session: Session, group: str, on: date) -> Sequence[Person]:
    """Who holds the IPA's seat: at the group's own table, or at any."""
    held = [h for h in members.holdings(session, on) if h.role == "observer" and h.seat.split(" ")[0] == IPA]
    near = [h for h in held if h.group == group] or held
    return list({h.person.id: h.person for h in near}.values())


def send(
    session: Session, config: Config, row: EscalationRow, *, by: Person, now: datetime, elsewhere: bool = False
) -> list[Person | str]:
    """Put it to whom it goes, on a PMO person's word; returns them. `elsewhere`: it was put by other means.

    Raises SecretariatError where nobody who takes it is on file, or it has been sent already.
    """
    told = [] if elsewhere else recipients(session, config, row, now.astimezone(LONDON).date())
    if not told and not elsewhere:
        raise SecretariatError(
            f"Nobody of {body_named(row.to)} is on file.", hint="Put it to them yourself, then say so with --elsewhere."
        )
    _move(session, row, SENT, by, now, reason="by other means" if elsewhere else "")
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    values, why = values_of(session, config, row), f"{by.name} put {row.reference} forward."
    letter = Letter(
        row.reference, ESCALATION, "sent", "escalation.txt", values, row.from_group, "escalation", why,
        not_after=meeting.starts_at if meeting and meeting.starts_at > now else None,
    )  # fmt: skip
    put_in_outbox(session, config, letter, told, now, released_by=by.name)
    tell_the_raiser(session, config, row, f"has been put to {body_named(row.to)}", now)
    return told


def put_on_agenda(
    session: Session, config: Config, row: EscalationRow, *, by: Person, now: datetime, chair_consents: bool = False
) -> Meeting:
    """It stands on the agenda of the meeting chosen, which is returned; as a late paper only as the Chair consents.

    Raises SecretariatError where no meeting is chosen, or the consent is missing.
    """
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    if meeting is None or meeting.status is MeetingStatus.CANCELLED:
        raise SecretariatError(
            f"{row.reference} has no meeting to go to.",
            hint=f"Choose one: secretariat escalations choose {row.reference}",
        )
    if row.is_late and not chair_consents:
        raise SecretariatError(
            f"{row.reference} would be a late paper at {meeting.known_as}.",
            hint="Ask the Chair; with their consent, say --chair-consents.",
        )
    _move(session, row, ON_AGENDA, by, now, reason="with the Chair's consent" if row.is_late else "")
    tell_the_raiser(session, config, row, f"is on the agenda of {meeting.known_as}", now)
    return meeting


def answer(session: Session, config: Config, row: EscalationRow, text: str, *, by: Person, now: datetime) -> None:
    """What came of it, in words; the raiser is told. Raises SecretariatError without words."""
    if not text.strip():
        raise SecretariatError("The answer says nothing yet.", hint="Write what came of it.")
    _move(session, row, ANSWERED, by, now, reason=text.strip())
    tell_the_raiser(session, config, row, "has been answered", now)


def withdraw(session: Session, row: EscalationRow, *, by: Person, now: datetime, reason: str = "") -> None:
    """The raiser pursues it no more, or the PMO notes so. It stays on file."""
    _move(session, row, WITHDRAWN, by, now, reason=reason.strip())


def _move(session: Session, row: EscalationRow, to: str, by: Person, now: datetime, *, reason: str = "") -> None:
    if to not in ALLOWED_MOVES[row.state]:
        raise SecretariatError(
            f"{row.reference} is {row.state.replace('_', ' ')} and cannot become {to.replace('_', ' ')}.",
            hint=f"See: secretariat escalations show {row.reference}",
        )
    row.state, row.state_reason = to, reason
    event = f"escalation {to.replace('_', ' ')}"
    audit.record(session, now, by.name, event, row.reference, reason=reason)


def named(session: Session, reference: str) -> EscalationRow:
    """The escalation of that reference. Raises UnknownThing."""
    row = session.get(EscalationRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"There is no escalation {reference}.", hint="See: secretariat escalations list")
    return row


def on_file(session: Session, *, closed: bool = False) -> list[EscalationRow]:
    """The escalations still open, oldest first; with `closed`, all."""
    query = select(EscalationRow).order_by(EscalationRow.number)
    return list(session.scalars(query if closed else query.where(EscalationRow.state.in_(OPEN))))
