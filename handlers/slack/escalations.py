"""`/secretariat escalate`: a decision or matter to the right level, with context, rationale and impact (rules §7)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from slack_sdk.models.blocks import Option
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, amendments, escalation_letters, escalations, logs, members, queries, triage
from bot.access import Deed, Viewer
from bot.amendment_life import meeting_of
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing
from bot.escalations import IncompleteEscalation
from bot.logs import LoggedDecision, Sought
from bot.model import Person
from bot.slack_text import cut, sections, spelt
from handlers.slack.blocks import MOST_OPTIONS, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, asker
from handlers.slack.escalation_form import (
    KINDS,
    LONGEST_FIELD,
    NO_MEETING,
    Concern,
    concern_in,
    groups_offered,
    view_of,
)
from schedules.escalation_meetings import prospect_of
from schedules.finding import day_named, known_group

LABEL = re.compile(r"\b(context|rationale|impact|meeting)\s*:", re.IGNORECASE)
ESCALATION_FORM = "[appeal|informal|ofgem] GROUP|DECISION context: … rationale: … impact: … [meeting: DATE]"
HOW = "Write: escalate PSG context: … rationale: … impact: … (first `appeal`, `informal` or `ofgem`, where it is that)"


def names_no_context(text: str) -> bool:
    """What says its context in words opens no modal."""
    return not LABEL.search(text)


def escalation_written(door: SlackDoor, asked: Asked) -> Answer:
    """`escalate [appeal|informal|ofgem] GROUP or DECISION context: … rationale: … impact: … [meeting: DATE]`."""
    about, *rest = LABEL.split(asked.text)
    said = {label.casefold(): text.strip() for label, text in zip(rest[::2], rest[1::2], strict=True)}
    if not about.split() or not said:
        raise SecretariatError("What do you want to escalate?", hint=HOW)
    with door.database.session() as session:
        person = _escalating(door, session, asked)
        begun = _begun(door, session, person, about)
        concern = replace(begun, meeting=said.pop("meeting", NO_MEETING), **said)
        return _receive(door, session, person, concern, asked.source_key)


def escalation_opened(door: SlackDoor, asked: Asked) -> View:
    """The modal, begun with what the text names: a group, a decision, or one's own query or request."""
    with door.database.reading() as session:
        person = _escalating(door, session, asked)
        return view_of(door, session, person, _begun(door, session, person, asked.text))


def escalation_changed(door: SlackDoor, filled: Filled) -> View:
    """The group, the kind or the constituency was chosen: its way, and the meetings, are others."""
    with door.database.reading() as session:
        person = _escalating(door, session, filled.asked)
        return view_of(door, session, person, concern_in(door.config, filled))


def decisions_offered(door: SlackDoor, filled: Filled) -> list[Option]:
    """The decisions of the group chosen that the asker may see, by what is typed; the newest first."""
    with door.database.reading() as session:
        person = _escalating(door, session, filled.asked)
        group = str(filled.about.get("group") or "")  # the fields are not told while one is searched
        found = _decisions(door, session, person, group=group, text=filled.typed)
    return [option(f"{d.reference}: {d.text}", d.reference) for d in reversed(found)][:MOST_OPTIONS]


def escalation_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in."""
    concern = concern_in(door.config, filled)
    try:
        with door.database.session() as session:
            person = _escalating(door, session, filled.asked)
            seen = _decisions(door, session, person, text=concern.decision) if concern.decision else []
            if concern.decision and all(d.reference != concern.decision for d in seen):
                return Wrong({f"decision:{concern.group}": f"There is no decision {concern.decision[:40]} to choose."})
            return _receive(door, session, person, concern, filled.asked.source_key)
    except IncompleteEscalation as error:
        return Wrong({_block(filled, field): sentence for field, sentence in error.fields.items()})


def _block(filled: Filled, field: str) -> str:
    """The block in which a field stands; where the modal has none of it, the first."""
    return next((block for block in filled.values if block.partition(":")[0] == field), "group")


def _receive(door: SlackDoor, session: Session, person: Person, concern: Concern, source_key: str) -> Answer:
    now = door.clock.now()
    if escalation_letters.constituency_for(session, person, concern.group, door.clock.today()):
        concern = replace(concern, constituency="")  # the seat held says it
    raised = concern.raised(person, f"slack:{source_key}")
    prospect = prospect_of(session, door.calendar, raised, now)
    try:
        raised = prospect.chosen(raised, _day(concern.meeting))
    except SecretariatError as error:
        raise IncompleteEscalation({"meeting": str(error)}) from None
    row, _ = escalations.receive(session, door.config, raised, now)
    said = escalation_letters.receipt_text(session, door.config, row)[1].rstrip()
    if row.meeting_uid is None and prospect.taking.all:
        said = "\n".join([said, "", "Meetings that can take it:", *(f"• {one}" for one in prospect.taking.all)])
    return Answer(spelt(said), tuple(section(part) for part in sections(said)))


def _day(meeting: str) -> date | None:
    return day_named(meeting) if meeting and meeting != NO_MEETING else None


def _escalating(door: SlackDoor, session: Session, asked: Asked) -> Person:
    person = asker(session, asked)
    access.require_deed(session, person, Deed.ESCALATE, door.clock.now(), hint="Ask the PMO.")
    return person


def _begun(door: SlackDoor, session: Session, person: Person, text: str) -> Concern:
    """What an escalation starts from. Raises UnknownThing for what is not on file, or not for the asker."""
    first, _, rest = text.strip().partition(" ")
    kind, named = (first.casefold(), rest.strip()) if first.casefold() in KINDS else ("decision", text.strip())
    if not named:
        return Concern(_own_group(door, session, person), kind)
    if door.config.group_key(named):
        return Concern(known_group(door.config, named), kind)
    decision = next((d for d in _decisions(door, session, person, text=named) if d.reference == named.upper()), None)
    if decision:
        return Concern(decision.meeting.group, kind, decision.reference)
    return _from_own_words(door, session, person, kind, named)


def _from_own_words(door: SlackDoor, session: Session, person: Person, kind: str, reference: str) -> Concern:
    """From a query or a request of the asker's own; nobody else's is said to exist."""
    unknown = UnknownThing(f"There is no group or decision {reference[:40]}.", hint="Write: escalate PSG")
    try:
        if reference.upper().startswith("Q-"):
            query = queries.named(session, reference)
            if query.person_id == person.id:
                group = next(triage.groups_named(query.text, door.config), _own_group(door, session, person))
                return Concern(group, kind, context=cut(query.text, LONGEST_FIELD))
        request = amendments.named(session, reference)
    except UnknownThing:
        raise unknown from None
    if request.requester_id != person.id:
        raise unknown
    group, line = meeting_of(session, request).group, request.line_ref or ""
    seen = _decisions(door, session, person, group=group, text=line) if line else []
    decision = line if any(d.reference == line for d in seen) else ""
    words = {"context": request.proposed_text, "rationale": request.reason}
    return Concern(group, kind, decision, **{word: cut(said, LONGEST_FIELD) for word, said in words.items()})


def _own_group(door: SlackDoor, session: Session, person: Person) -> str:
    offered = groups_offered(door.config)
    held = members.holdings(session, door.clock.now().astimezone(LONDON).date(), person_id=person.id)
    return next((h.group for h in held if h.group in offered), offered[0])


def _decisions(
    door: SlackDoor, session: Session, person: Person, *, group: str = "", text: str = ""
) -> list[LoggedDecision]:
    viewer = Viewer(session, door.config, person, door.clock.today())
    return logs.decisions(viewer, Sought(group=group, text=text), door.announcer.page())
