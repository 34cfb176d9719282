"""Where a query belongs, and what no machine answers (rules §7). Pure: words in, a proposal with its reason out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot import governance
from bot.config import Config
from bot.config_queries import ForAPerson
from bot.errors import UnknownThing
from bot.model import SeatHolding


@dataclass(frozen=True)
class Route:
    """Which mailbox takes a query, or which group where it is an escalation. Keys of the configuration, no individual.

    `group` is whose matter it is; of an escalation, the group that it goes to (None: the IPA, or not known yet).
    """

    mailbox: str
    because: str
    group: str | None = None
    is_uncertain: bool = False
    is_escalation: bool = False
    alternatives: tuple[str, ...] = ()  # other mailboxes that it may be for


def route(
    text: str,
    config: Config,
    *,
    asked_by_seat: SeatHolding | None = None,
    group: str | None = None,
    on: date = date.min,
) -> Route:
    """Where a query goes, as a proposal. `group` is the one it was asked about; otherwise one that the text names.

    `on`: nothing is escalated to a group that has ended by that day.
    """
    text = plain(text)
    named = [group] if group else list(groups_named(text, config))
    concern = next(_taken(text, config.escalation_words.takes), None)
    if concern and not group_is_outside(config, named):
        return _escalation(config, concern, named, on)
    found = _by_words(text, config)
    if named:
        return _to_group(config, named, found)
    streams = _workstreams_named(text, config)
    if streams:
        return streams[0] if len(streams) == 1 else _nobody_knows(config, [s.mailbox for s in streams])
    if found and (len(found) == 1 or found[0][1] > found[1][1]):
        key, _, words = found[0]
        return Route(key, f"It speaks of {words}.", alternatives=tuple(k for k, _, _ in found[1:]))
    return _nobody_knows(config, [key for key, _, _ in found] or _own_mailbox(config, asked_by_seat))


def not_for_a_machine(text: str, config: Config, *, address: str = "", seats: Sequence[SeatHolding] = ()) -> str:
    """Why a person alone answers this: the sender's seats, the address, or the words; empty where we may answer."""
    kind = kind_for_a_person(text, config, address=address, seats=seats)
    return kind.reason if kind else ""


def kind_for_a_person(
    text: str, config: Config, *, address: str = "", seats: Sequence[SeatHolding] = ()
) -> ForAPerson | None:
    """The first kind of `not_for_a_machine` that fits, or None."""
    said, domain = plain(text), address.rpartition("@")[2].strip().casefold()
    return next((k for k in config.not_for_a_machine.kinds if _fits(k, said, domain, seats)), None)


def _fits(kind: ForAPerson, text: str, domain: str, seats: Sequence[SeatHolding]) -> bool:
    return (
        any(seat.role in kind.roles for seat in seats)
        or any(_is_seat(seat.seat, title) for title in kind.seats for seat in seats)
        or any(domain == d.casefold() or domain.endswith(f".{d.casefold()}") for d in kind.domains)
        or any(_pattern(words).search(text) for words in kind.takes)
    )


def _is_seat(seat: str, title: str) -> bool:
    """Whether a seat is the one titled so; with `*`, whether its title begins so."""
    return plain(seat).startswith(title[:-1]) if title.endswith("*") else plain(seat) == title


def plain(text: str) -> str:
    """A text without what hides a word from a search: invisible characters, other forms of a letter, odd spaces."""
    visible = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).split())


def groups_named(text: str, config: Config) -> Iterator[str]:
    """The groups that a text names by key or by name, in the order named, each once.

    In any case, but of groups that are no more as written only ("tag" is a word, too).
    """
    found: dict[str, int] = {}
    taken: list[tuple[int, int]] = []
    names = [(name, key) for key, group in config.groups.items() for name in (key, group.name)]
    for name, key in sorted(names, key=lambda pair: -len(pair[0])):
        for match in _group_pattern(name, config.groups[key].status == "historical").finditer(text):
            if not _is_outside(config, key) and not _overlaps(match.span(), taken):
                taken.append(match.span())
                found[key] = min(match.start(), found.get(key, match.start()))
    yield from sorted(found, key=lambda key: found[key])


def group_is_outside(config: Config, named: Sequence[str]) -> bool:
    """Whether what is named first stands outside the governance, so that nothing is escalated from it."""
    return bool(named) and _is_outside(config, named[0])


def _is_outside(config: Config, key: str) -> bool:
    return config.groups[key].parent is None and config.groups[key].level is None


def _escalation(config: Config, concern: str, named: Sequence[str], on: date) -> Route:
    pmo = config.mail.mailbox
    if not named:
        why = f'"{concern}" is for an escalation, and it names no group: say whose decision it is.'
        return Route(pmo, why, is_uncertain=True, is_escalation=True)
    try:
        way = governance.way_of(config, "decision", named[0], on=on)
    except UnknownThing as error:  # a chain of parents that ends outside the levels
        return Route(pmo, error.sentence, is_uncertain=True, is_escalation=True)
    to = None if way.to == governance.IPA else way.to
    others = governance.mailboxes_for(config, to)[1:] if to else []
    why = f'"{concern}" of {named[0]} is for an escalation, via the PMO: {way.because}.'
    return Route(pmo, why, group=to, is_escalation=True, alternatives=tuple(others))


def _to_group(config: Config, named: Sequence[str], found: list[tuple[str, int, str]]) -> Route:
    keys = list(dict.fromkeys(config.groups[name].mailbox for name in named))
    others = dict.fromkeys([*keys[1:], *(key for key, _, _ in found if key not in keys)])
    why = f"It names {named[0]}." if len(keys) == 1 else f"It names {', '.join(named)}."
    return Route(keys[0], why, group=named[0], is_uncertain=len(keys) > 1, alternatives=tuple(others))


def _nobody_knows(config: Config, others: Iterable[str]) -> Route:
    key = config.mailbox_of_the_rest
    alternatives = tuple(other for other in dict.fromkeys(others) if other != key)
    why = "It speaks of several things alike." if len(alternatives) > 1 else "Nothing in it says whom it is for."
    return Route(key, why, is_uncertain=True, alternatives=alternatives)


def _own_mailbox(config: Config, seat: SeatHolding | None) -> list[str]:
    """The mailbox of the group at whose table the asker sits."""
    return [config.groups[seat.group].mailbox] if seat and seat.group in config.groups else []


def _workstreams_named(text: str, config: Config) -> list[Route]:
    """ "the Migration workstream": the mailbox that most of its groups have."""
    names = dict.fromkeys(g.workstream for g in config.groups.values() if g.workstream)
    said = [n for n in names if re.search(rf"(?<!\w){re.escape(n)}(ing)? workstream(?!\w)", text, re.IGNORECASE)]
    return [Route(_usual_mailbox(config, name), f"It names the {name} workstream.") for name in said]


def _usual_mailbox(config: Config, workstream: str) -> str:
    counted = Counter(g.mailbox for g in config.groups.values() if g.workstream == workstream)
    return counted.most_common(1)[0][0]


def _by_words(text: str, config: Config) -> list[tuple[str, int, str]]:
    """(mailbox, how many different words of its own, those words), the most first; general ones where no other is.

    A longer phrase counts before a shorter one inside it: "Design Newsletter" is not about design.
    """
    rules = [(words, key) for key, mailbox in config.mailboxes.items() for words in mailbox.takes]
    said: dict[str, dict[str, str]] = {}
    taken: list[tuple[int, int]] = []
    for words, key in sorted(rules, key=lambda rule: -len(rule[0])):
        for match in _pattern(words).finditer(text):
            if not _overlaps(match.span(), taken):
                taken.append(match.span())
                said.setdefault(key, {}).setdefault(match[0].casefold(), f'"{match[0]}"')
    own = [key for key in said if not config.mailboxes[key].general] or list(said)
    counted = [(key, len(said[key]), " and ".join(said[key].values())) for key in own]
    return sorted(counted, key=lambda entry: -entry[1])


def _taken(text: str, phrases: Iterable[str]) -> Iterator[str]:
    return (match[0] for phrase in phrases if (match := _pattern(phrase).search(text)))


def _overlaps(span: tuple[int, int], taken: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)


@lru_cache(maxsize=1024)
def _pattern(words: str) -> re.Pattern[str]:
    """Whole words, `*` for any ending; a space may be a hyphen. With a capital letter, only as written."""
    spaced = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", words.removesuffix("*")))
    ending = r"\w*" if words.endswith("*") else r"(?!\w)"
    return re.compile(rf"(?<!\w){spaced}{ending}", 0 if words != words.lower() else re.IGNORECASE)


@lru_cache(maxsize=1024)
def _group_pattern(name: str, as_written: bool) -> re.Pattern[str]:
    """A group's key or name; PSG27-03 and PSG-DEC41 name PSG, BPRWG/TDWG is BPRWG-TDWG."""
    spaced = re.escape(name).replace(r"\-", "[-/ ]").replace(r"\ ", r"[\s-]+")
    return re.compile(rf"(?<!\w){spaced}(?![^\W\d])", 0 if as_written else re.IGNORECASE)
