"""Where a concern goes in the governance, and by whom, in order (rules §7). Pure: structure, never individuals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.config import Config
from bot.config_groups import Group
from bot.errors import UnknownThing

EscalationKind = Literal["decision", "appeal", "informal"]
KINDS: dict[EscalationKind, str] = {
    "decision": "escalation",  # of a decision, or of a matter that a group has dealt with
    "appeal": "appeal",
    "informal": "informal escalation",  # of activity or approach
}
IPA, OFGEM = "IPA", "Ofgem"
UNRESOLVED = "If that does not resolve it"
SOURCE = "DEL267 §Escalation process; GF §Escalations and Appeals"
_READINESS = ("mobilised", "email_update", "ad_hoc_only", "configurable")


@dataclass(frozen=True)
class Step:
    """One step of the way: `who` does what; `to` is a body, a seat or a mailbox; `only_if` is when it is needed."""

    who: str
    does: str
    to: str
    only_if: str = ""

    def __str__(self) -> str:
        who = self.who[0].lower() + self.who[1:] if self.only_if else self.who
        return f"{f'{self.only_if}, ' * bool(self.only_if)}{who} {self.does} {self.to}"


@dataclass(frozen=True)
class Way:
    """The whole way of one concern. `to` is a group's key or "IPA"; `others` are groups that would do as well."""

    to: str
    because: str
    steps: tuple[Step, ...]
    others: tuple[str, ...] = ()


def way_of(
    config: Config,
    kind: EscalationKind,
    group: str,
    *,
    on: date,
    constituency: str = "",
    sits_above: bool = False,
    for_ofgem: bool = False,
) -> Way:
    """The way of a concern that comes from `group`, as the structure is on that day.

    `constituency` is the asker's, `sits_above` that they hold its seat one level up themselves; `for_ofgem` that they
    hold Ofgem's thresholds to be met, so it goes by the IPA. Raises UnknownThing for a group outside the governance.
    """
    if kind == "appeal" or for_ofgem:
        why = "a party reaches Ofgem only by the IPA" if for_ofgem else "appeals against any decision go to the IPA"
        return Way(IPA, why, _to_the_ipa(config, for_ofgem=for_ofgem))
    if kind == "informal":
        to, *others = lowest_groups(config, group, on)
        why = f"activity and approach go to the lowest group of the workstream, {to}"
        return Way(to, why, _informally(config, to, on), tuple(others))
    above = level_up(config, group, on)
    if above is None:
        return Way(IPA, f"above {group} it goes to the IPA, via the PMO", _to_the_ipa(config, for_ofgem=False))
    return Way(above, f"{above} is one level above {group}", _to_the_group(config, above, constituency, sits_above))


def level_up(config: Config, group: str, on: date) -> str | None:
    """The group one level up that still meets on that day; None above the PSG. Raises UnknownThing outside."""
    at = config.groups[group]
    if at.parent is None and at.level is None:
        raise UnknownThing(f"{group} stands outside the Programme's governance.", hint="Name another group.")
    while at.parent:
        above = config.groups[at.parent]
        if not _has_ended(above, on):
            return at.parent
        at = above
    return None


def lowest_groups(config: Config, group: str, on: date) -> list[str]:
    """The groups of the lowest level of a group's workstream: the group itself first, then the open and mobilised."""
    workstream = config.groups[group].workstream
    peers = {key: g for key, g in config.groups.items() if workstream and g.workstream == workstream}
    living = {key: g for key, g in peers.items() if g.level and not _has_ended(g, on)}
    if not living:
        return [level_up(config, group, on) or group]
    lowest = max(g.level or 0 for g in living.values())
    found = [key for key, g in living.items() if g.level == lowest]
    return sorted(found, key=lambda key: (key != group, *_reach(living[key])))


def _reach(group: Group) -> tuple[bool, int]:
    """How near a group is to whoever would bring something: open before closed, meeting before not."""
    return group.attendance != "open", _READINESS.index(group.status) if group.status in _READINESS else 99


def _has_ended(group: Group, on: date) -> bool:
    return group.status == "historical" or (group.ends_on is not None and group.ends_on < on)


def seat_of_constituency(config: Config, group: str, constituency: str) -> str:
    """The representative's seat in a group, in words; general where the constituency is not known or has no seat."""
    seat = next((s for s in config.groups[group].seats if constituency and s.constituency == constituency), None)
    return f"the {seat.title} at {group}" if seat else f"your constituency's representative at {group}"


def mailboxes_for(config: Config, group: str) -> list[str]:
    """The PMO's mailbox, and the workstream's where it has one of its own."""
    return list(dict.fromkeys((config.mail.mailbox, config.groups[group].mailbox)))


def _addresses(config: Config, keys: list[str]) -> str:
    return " and ".join(config.mailboxes[key].address for key in keys)


def _to_the_group(config: Config, group: str, constituency: str, sits_there: bool) -> tuple[Step, ...]:
    told = mailboxes_for(config, group)
    seat = seat_of_constituency(config, group, constituency)
    return (
        Step("You", "state context, rationale and impact to the PMO, at", _addresses(config, told)),
        Step("You", "speak for it as" if sits_there else "tell", seat),
        Step("The PMO", "puts it to", f"the Chair of {group}"),
        Step("You", "escalate via the PMO to", f"the {IPA}, whose word is final", only_if=UNRESOLVED),
    )


def _to_the_ipa(config: Config, *, for_ofgem: bool) -> tuple[Step, ...]:
    steps = [
        Step("You", "state context, rationale and impact to the PMO, at", _addresses(config, [config.mail.mailbox])),
        Step("The PMO", "puts it to", f"the {IPA}"),
    ]
    if for_ofgem:
        return (*steps, Step(f"The {IPA}", "brings it, where it meets the thresholds, to", OFGEM))
    return (*steps, Step(f"The {IPA}", "decides; its word is final, and is communicated by", "the PMO"))


def _informally(config: Config, group: str, on: date) -> tuple[Step, ...]:
    told = [config.groups[group].mailbox]
    above = level_up(config, group, on) or f"the {IPA}"
    return (
        Step("You", "say what it is about, at", _addresses(config, told)),
        Step("The PMO", "brings it to", group),
        Step("You", "escalate formally to", above, only_if=UNRESOLVED),
    )
