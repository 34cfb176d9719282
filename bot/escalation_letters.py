"""What is said about an escalation: its way, the receipt, and the letters to the PMO and to who raised it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from bot import governance, meetings, members
from bot.clock import LONDON, spoken
from bot.config import Config
from bot.correspondence import Letter, send
from bot.errors import UnknownThing
from bot.governance import IPA, EscalationKind, Way
from bot.model import MeetingStatus, Person
from bot.store.query_tables import EscalationRow
from bot.wording import render

ESCALATION = "escalation"  # the clock of its notices
NOT_CHOSEN = "Which meeting takes it has still to be chosen."


def way_for(
    session: Session, config: Config, kind: EscalationKind, group: str, by: Person, on: date, *,
    constituency: str = "", for_ofgem: bool = False,
) -> Way:  # fmt: skip
    """The way of a concern of this person, by the seats they hold that day. Raises UnknownThing outside governance."""
    spoken_for = constituency or constituency_for(session, by, group, on) or ""
    way = governance.way_of(config, kind, group, on=on, constituency=spoken_for, for_ofgem=for_ofgem)
    sits_above = any(
        h.group == way.to and h.role == "member" for h in members.holdings(session, on, person_id=by.id)
    )  # fmt: skip
    if not sits_above:
        return way
    return governance.way_of(
        config, kind, group, on=on, constituency=spoken_for, sits_above=True, for_ofgem=for_ofgem
    )  # fmt: skip


def constituency_for(session: Session, person: Person, group: str, on: date) -> str | None:
    """The constituency that the person speaks for in that group, or in any other."""
    held = members.holdings(session, on, person_id=person.id)
    own = [h.constituency for h in held if h.constituency and h.group == group]
    return next(iter(own or [h.constituency for h in held if h.constituency]), None)


def way_of_row(session: Session, config: Config, row: EscalationRow) -> Way:
    """The way of an escalation on file, as it was on the day it was raised."""
    on, by = row.raised_at.astimezone(LONDON).date(), members.by_id(session, row.person_id)
    group = row.to if row.kind == "informal" else row.from_group
    if by is None:
        raise UnknownThing(f"Who raised {row.reference} is on file no longer.")
    kind: EscalationKind = next(kind for kind in governance.KINDS if kind == row.kind)
    return way_for(session, config, kind, group, by, on, constituency=row.constituency or "", for_ofgem=row.for_ofgem)


def receipt_text(session: Session, config: Config, row: EscalationRow) -> tuple[str, str]:
    """(subject, text) of what the raiser is answered at once: the reference, and the way step by step."""
    return render(config.paths.templates, "receipt_escalation.txt", values_of(session, config, row))


def meeting_in_words(session: Session, row: EscalationRow) -> str:
    """Which meeting takes it, as it stands now; empty for what goes to the IPA."""
    if row.to == IPA:
        return ""
    meeting = meetings.by_uid(session, row.meeting_uid) if row.meeting_uid else None
    if meeting is None:
        return NOT_CHOSEN
    if meeting.status is MeetingStatus.CANCELLED:
        return f"The meeting chosen for it is cancelled. {NOT_CHOSEN}"
    late = ", as a late paper, with the Chair's consent" if row.is_late else ""
    return f"It is for {meeting.known_as} on {spoken(meeting.starts_at)}{late}."


def tell_the_pmo(session: Session, config: Config, row: EscalationRow, now: datetime) -> None:
    """The secretary of the group that takes it (of the one it is about, where the IPA does), and the PMO's mailbox."""
    group = row.from_group if row.to == IPA else row.to
    held = members.holdings(session, now.astimezone(LONDON).date(), group=group)
    pmo = config.mailboxes[config.mail.mailbox].address
    values, why = values_of(session, config, row), f"{row.reference} was raised; it goes by the PMO."
    letter = Letter(
        row.reference, ESCALATION, "raised", "escalation_raised.txt", values, row.from_group, "pmo_reminder", why
    )  # fmt: skip
    send(session, config, letter, [*members.recipients(held, "secretary"), pmo], now)


def tell_the_raiser(session: Session, config: Config, row: EscalationRow, progress: str, now: datetime) -> None:
    person = members.by_id(session, row.person_id)
    values = values_of(session, config, row) | {"progress": progress}
    letter = Letter(
        row.reference, ESCALATION, f"raiser_{row.state}", "escalation_progress.txt", values, row.from_group, "receipt",
        f"{row.reference} {progress}.",
    )  # fmt: skip
    send(session, config, letter, [person] if person else [], now)


def values_of(session: Session, config: Config, row: EscalationRow) -> dict[str, object]:
    """What the texts about an escalation are filled with."""
    person, way = members.by_id(session, row.person_id), way_of_row(session, config, row)
    return {
        "reference": row.reference,
        "kind": governance.KINDS[next(kind for kind in governance.KINDS if kind == row.kind)],
        "to": body_named(row.to),
        "because": way.because,
        "source": governance.SOURCE,
        "steps": [str(step) for step in way.steps],
        "from_group": row.from_group,
        "decision": row.decision_ref or "",
        "raiser": person.name if person else "",
        "organisation": person.organisation if person else "",
        "constituency": row.constituency or "",
        "context": row.context,
        "rationale": row.rationale,
        "impact": row.impact,
        "meeting": meeting_in_words(session, row),
        "reason": row.state_reason,
        "came_by": row.came_by,
    }


def body_named(to: str) -> str:
    """A group's key, or "the IPA"."""
    return f"the {IPA}" if to == IPA else to
