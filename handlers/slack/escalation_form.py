"""The modal of an escalation: what it is about, its way step by step as chosen so far, and the meetings to choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import escalation_letters, triage
from bot.clock import spoken
from bot.config import Config
from bot.escalations import Raised
from bot.governance import IPA, SOURCE, EscalationKind
from bot.model import Person
from bot.slack_text import spelt
from handlers.slack.blocks import MOST_OPTIONS, context, field, modal, option, section
from handlers.slack.door import Filled, SlackDoor, packed
from schedules.escalation_meetings import CALLED_FOR, Prospect, prospect_of

FORM, TITLE = "escalate", "Escalate"
LONGEST_FIELD = 3_000  # what Slack takes in a field
NO_MEETING = "none"
OFGEM = "ofgem"
KINDS: dict[str, str] = {
    "decision": "A decision, or a matter that the group has dealt with",
    "informal": "Activity or approach, informally",
    "appeal": "An appeal against a decision, to the IPA",
    OFGEM: "It meets Ofgem's thresholds: to Ofgem, by the IPA",
}
OF_KIND: dict[str, EscalationKind] = {
    "decision": "decision", "informal": "informal", "appeal": "appeal", OFGEM: "decision",
}  # fmt: skip
WORDS = {
    "context": ("Context", "What it is about."),
    "rationale": ("Rationale", "Why it should be looked at again."),
    "impact": ("Impact", "What follows if nothing is done."),
}


@dataclass(frozen=True)
class Concern:
    """An escalation as far as it has been filled in. `kind` is a key of KINDS, `meeting` a day (ISO), none, or ""."""

    group: str
    kind: str = "decision"
    decision: str = ""
    constituency: str = ""
    to: str = ""
    meeting: str = ""
    context: str = ""
    rationale: str = ""
    impact: str = ""

    def raised(self, by: Person, source_key: str) -> Raised:
        """What is put into the ledger, but for the meeting."""
        return Raised(
            OF_KIND[self.kind], self.group, by, self.context, self.rationale, self.impact, "slack", source_key,
            decision=self.decision, constituency=self.constituency, for_ofgem=self.kind == OFGEM, to=self.to or None,
        )  # fmt: skip


def concern_in(config: Config, filled: Filled) -> Concern:
    """What the modal holds. A group or kind that it never offered is the first of those there are."""
    group, kind = filled.text("group"), filled.text("kind")
    known = group if group in config.groups else groups_offered(config)[0]
    constituency = filled.text("constituency")
    meeting = next((filled.text(block) for block in filled.values if block.startswith("meeting:")), "")
    return Concern(
        group=known,
        kind=kind if kind in KINDS else "decision",
        decision=filled.text(f"decision:{known}"),
        constituency=constituency if constituency in constituencies(config) else "",
        to=filled.text(f"to:{known}:{kind}"),
        meeting=meeting,
        **{word: filled.text(word) for word in WORDS},
    )


def groups_offered(config: Config) -> list[str]:
    """The groups from which something can be escalated."""
    living = [key for key, group in config.groups.items() if group.status != "historical"]
    return [key for key in living if not triage.group_is_outside(config, [key])]


def constituencies(config: Config) -> list[str]:
    """Every constituency that has a seat anywhere."""
    seats = (seat for group in config.groups.values() for seat in group.seats)
    return sorted({seat.constituency for seat in seats if seat.constituency})


def view_of(door: SlackDoor, session: Session, person: Person, concern: Concern) -> View:
    """The modal as it stands. Raises UnknownThing for a group outside the governance."""
    prospect = prospect_of(session, door.calendar, concern.raised(person, ""), door.clock.now())
    blocks = [
        *_about(door.config, concern),
        *_spoken_for(door, session, person, concern),
        section(spelt(way_in_words(prospect))),
        *_others(concern, prospect),
        *(_words(word, concern) for word in WORDS),
        *_meetings(concern, prospect),
        context(spelt(f"By {SOURCE}. The PMO is told at once; nothing goes to a Chair or the IPA but by them.")),
    ]
    return modal(FORM, TITLE, blocks, submit="Escalate", about=packed(group=concern.group))


def way_in_words(prospect: Prospect) -> str:
    """Where it goes, why, and each step."""
    steps = "\n".join(f"{number}. {step}." for number, step in enumerate(prospect.way.steps, 1))
    return f"It goes to {escalation_letters.body_named(prospect.to)}: {prospect.way.because}.\n{steps}"


def _about(config: Config, concern: Concern) -> Iterator[Block]:
    offered = groups_offered(config)
    keys = offered if concern.group in offered else [concern.group, *offered]
    groups = {key: option(f"{key}: {config.groups[key].name}", key) for key in keys}
    kinds = {key: option(words, key) for key, words in KINDS.items()}
    yield field(
        "Group whose decision or matter it is", _menu("group", groups, concern.group), block_id="group", dispatch=True
    )
    yield field("What it is", _menu("kind", kinds, concern.kind), block_id="kind", dispatch=True)
    chosen = option(concern.decision, concern.decision) if concern.decision else None
    yield field(
        "Decision",
        ExternalDataSelectElement(
            action_id="decision", placeholder="Search the decisions", min_query_length=0, initial_option=chosen
        ),
        block_id=f"decision:{concern.group}",
        optional=True,
        hint="Of that group. Leave it empty for a matter.",
    )


def _spoken_for(door: SlackDoor, session: Session, person: Person, concern: Concern) -> Iterator[Block]:
    """Which constituency somebody without a seat belongs to: its representative speaks for them."""
    if escalation_letters.constituency_for(session, person, concern.group, door.clock.today()):
        return
    options = {name: option(name, name) for name in constituencies(door.config)}
    if options:
        yield field(
            "Your constituency",
            _menu("constituency", options, concern.constituency),
            block_id="constituency",
            optional=True,
            dispatch=True,
        )


def _others(concern: Concern, prospect: Prospect) -> Iterator[Block]:
    if prospect.way.others:
        keys = (prospect.way.to, *prospect.way.others)
        options = {key: option(key, key) for key in keys}
        menu = _menu("to", options, prospect.to)
        yield field("Goes to", menu, block_id=f"to:{concern.group}:{concern.kind}", optional=True, dispatch=True)


def _words(word: str, concern: Concern) -> Block:
    label, hint = WORDS[word]
    element = PlainTextInputElement(
        action_id=word, multiline=True, max_length=LONGEST_FIELD, initial_value=getattr(concern, word) or None
    )
    return field(label, element, block_id=word, hint=hint)


def _meetings(concern: Concern, prospect: Prospect) -> Iterator[Block]:
    taking = prospect.taking.all
    if prospect.to == IPA:
        return
    if not taking:
        yield section(spelt(CALLED_FOR))
        return
    yield section(spelt("\n".join(f"• {one}" for one in taking)))
    options = {
        one.meeting.on.isoformat(): option(
            spoken(one.meeting.starts_at),
            one.meeting.on.isoformat(),
            "A late paper, with the Chair's consent" if one.is_late else "In time for its papers",
        )
        for one in taking
    }
    options[NO_MEETING] = option("Leave it to the PMO", NO_MEETING)
    best = (prospect.taking.in_time or taking[0]).meeting.on.isoformat()
    chosen = concern.meeting if concern.meeting in options else best
    yield field("Meeting that takes it", _menu("meeting", options, chosen), block_id=f"meeting:{prospect.to}")


def _menu(action_id: str, options: dict[str, Option], chosen: str) -> InputInteractiveElement:
    return StaticSelectElement(
        action_id=action_id, options=list(options.values())[:MOST_OPTIONS], initial_option=options.get(chosen)
    )
