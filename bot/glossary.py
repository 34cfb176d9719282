"""Names and terms of a meeting: what a recogniser is told to listen for, and its words are compared with; pure.

They come from the configuration (`transcription.glossary`, groups, seats), the meeting's roster, its agenda and papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.common_words import is_ordinary
from bot.config import Config
from bot.config_groups import Group
from bot.formats import Agenda
from bot.model import SeatHolding

_ACRONYM = re.compile(r"(?<![\w’'-])(?=\w*[A-Z]\w*[A-Z0-9])[A-Za-z][A-Za-z0-9]+(?![\w’'])")  # PSG, RECCo, iDNO, CR035
_NAME = re.compile(r"(?<=[\w,;:)] )[A-Z][\w’'-]{3,}")  # a capital within a sentence


@dataclass(frozen=True)
class Term:
    """A name or term as it is written; `said`: how it sounds, where its letters don't tell ('tor wig' for TORWG)."""

    text: str
    kind: Literal["term", "person", "organisation"] = "term"
    said: tuple[str, ...] = ()


def terms_of(
    config: Config, *, group: str | None = None, held: Iterable[SeatHolding] = (), agenda: Agenda, titles: Iterable[str]
) -> tuple[Term, ...]:
    """All terms of a meeting, each once, the most telling first. `titles` are those of its papers."""
    held = list(held)
    found = [
        *map(_configured, config.transcription.glossary),
        Term(config.programme.short_name),
        *_of_groups(config, group),
        *_of_texts([text for item in agenda.items for text in (item.title, item.recommendation or "")]),
        *_of_texts(titles),
        *(Term(h.person.name, "person") for h in held),
        *(Term(h.person.organisation, "organisation") for h in held if h.person.organisation),
        *_of_texts(h.constituency or h.seat for h in held),
        *_of_texts(key.replace("-", " ") for key, other in config.groups.items() if _meets(other)),
        *_of_texts(seat.title for other in config.groups.values() if _meets(other) for seat in other.seats),
        *_of_texts(other.name for other in config.groups.values() if _meets(other)),
    ]
    return tuple({term.text: term for term in reversed(found)}[text] for text in dict.fromkeys(t.text for t in found))


def _configured(entry: str) -> Term:
    """'TORWG = tor wig' says how it sounds."""
    text, _, said = entry.partition("=")
    return Term(text.strip(), said=tuple(filter(None, [said.strip()])))


def _of_groups(config: Config, group: str | None) -> Iterator[Term]:
    """The meeting's own group, by key and by name, and the one above it."""
    known = config.groups.get(group or "")
    if group and known:
        yield from (Term(group), Term(known.name))
        if known.parent:
            yield Term(known.parent)


def _of_texts(texts: Iterable[str]) -> Iterator[Term]:
    """Acronyms, and words with a capital that are no ordinary ones."""
    for text in texts:
        yield from (Term(found) for found in _ACRONYM.findall(text) if len(found) < 5 or not is_ordinary(found))
        yield from (Term(name) for name in _NAME.findall(text) if not _is_everyday(name))


def _is_everyday(name: str) -> bool:
    """Whether it is everyday words, or made of two: cutover, half-hourly."""
    pieces = re.split(r"[^\w]+", name)
    cuts = ((name[:cut], name[cut:]) for cut in range(3, len(name) - 2))
    return all(map(is_ordinary, pieces)) or any(is_ordinary(one) and is_ordinary(other) for one, other in cuts)


def _meets(group: Group) -> bool:
    return group.status != "historical"


def for_recogniser(terms: Iterable[Term], *, most: int = 40) -> tuple[str, ...]:
    """The few that a recogniser is told, the most telling first; it takes as many as it has room for."""
    return tuple(term.text for term in terms)[:most]
