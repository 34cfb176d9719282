"""Where each agenda item begins in a recording: in the published order, unless somebody plainly names another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats import Agenda, DraftedAgendaItem
from bot.headlines.agenda_signs import Signs, signs_of
from bot.headlines.sentences import Sentence

_CHANGE = 3.0  # what a change of item must be worth, in weighted words
_SKIPPED = 3.0  # what an item costs that is passed over
_BACK = 7.0  # what it costs to go against the published order
_NAMED = 0.9  # how plainly an item must be named for that
_MANY = 3  # items of which something must be heard; one or two may be called otherwise
_FIRST = 4.0  # the recording begins with the first item, if it begins with any
_BEFORE = 20.0  # what a recording would cost that is all before the first item: only its opening is
_SOON, _TOO_SOON = 10, 2.0  # sentences, and what it costs to leave an item at once: a Chair reads the agenda out


@dataclass(frozen=True)
class Begun:
    """An agenda item and the number of the sentence with which it begins, or is taken up again."""

    item: DraftedAgendaItem
    sentence: int


def item_keys(agenda: Agenda) -> list[str]:
    """How a line names its item: the number as published, or its place on the agenda from 1."""
    return [item.number or str(place) for place, item in enumerate(agenda.items, 1)]


def align(sentences: Sequence[Sentence], agenda: Agenda) -> list[Begun]:
    """The sentence with which each item begins, as they were taken. An item of which nothing is heard is left out."""
    if not sentences or not agenda.items:
        return []
    keys = item_keys(agenda)
    begins = _best_path(signs_of(sentences, [item.title for item in agenda.items], keys))
    return [Begun(_drafted(keys[k], agenda.items[k].title, sentences[n]), n) for k, n in begins]


def item_at(number: int, begun: Sequence[Begun]) -> DraftedAgendaItem | None:
    """The item under which the sentence of that number falls; None before the first."""
    return next((b.item for b in reversed(begun) if b.sentence <= number), None)


def _drafted(key: str, title: str, sentence: Sentence) -> DraftedAgendaItem:
    return DraftedAgendaItem(item=key, title=title, start=sentence.start, segment=sentence.pieces[0].segment.id)


def _best_path(signs: Signs) -> list[tuple[int, int]]:
    """(item, sentence) of each beginning, by dynamic programming over "which item are we in"; state 0 is before any."""
    items = signs.inside.shape[1]
    score = [0.0] + [-math.inf] * items
    since = [-_SOON] + [0] * items  # the sentence with which the best path came to each state
    came: list[list[int]] = []
    for number, (inside, begins, named) in enumerate(
        zip(signs.inside.tolist(), signs.begins.tolist(), signs.named.tolist(), strict=True)
    ):
        row, back, entered = [score[0] - _BEFORE / len(signs.heard)], [0], since[:1]
        onwards, before = -math.inf, 0
        furthest = max(range(items + 1), key=score.__getitem__)
        for item in range(1, items + 1):
            leaving = score[item - 1] - _TOO_SOON * max(0.0, 1 - (number - since[item - 1]) / _SOON)
            onwards, before = max((onwards - _SKIPPED, before), (leaving, item - 1))
            change, came_from = onwards, before
            if named[item - 1] >= _NAMED and furthest > item and score[furthest] - _BACK > change:
                change, came_from = score[furthest] - _BACK, furthest
            change += begins[item - 1] - _CHANGE + (_FIRST if number == 0 else 0.0)
            stay = score[item]
            row.append(max(stay, change) + inside[item - 1])
            back.append(item if stay >= change else came_from)
            entered.append(since[item] if stay >= change else number)
        score, since = row, entered
        came.append(back)
    begins = _beginnings(came, max(range(items + 1), key=lambda item: score[item] - _SKIPPED * (items - item)))
    if items >= _MANY and not signs.heard.any():
        return []  # nobody says a word of any of them: this is the agenda of another meeting
    # An item is returned to only where somebody says so.
    return [
        (item, number)
        for place, (item, number) in enumerate(begins)
        if signs.named[number, item] >= _NAMED or item not in {earlier for earlier, _ in begins[:place]}
    ]


def _beginnings(came: Sequence[Sequence[int]], last: int) -> list[tuple[int, int]]:
    begins, state = [], last
    for number in range(len(came) - 1, -1, -1):
        if (before := came[number][state]) != state:
            begins.append((state - 1, number))
        state = before
    return begins[::-1]
