"""Where each agenda item begins in a recording. The published order is kept; no item begins before its predecessor."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats import Agenda, DraftedAgendaItem
from bot.headlines.sentences import Sentence

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TURNING = re.compile(
    r"\b(?:next (?:item|topic|up|on|thing)|move on|moving on|turn(?:ing)? to|(?:agenda )?item|on to|onto|let's "
    r"(?:start|begin|go|get|talk)"
    r"|first (?:item|up|thing|topic)|topic|any other business|start(?:ing)? with)\b",
    re.IGNORECASE,
)
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "of",
        "on",
        "or",
        "our",
        "the",
        "to",
        "we",
        "with",
        "this",
        "that",
        "be",
        "as",
        "are",
        "up",
    ]
)
_CHANGE = 3.5  # what a change of item must be worth, in weighted words
_SKIPPED = 0.7  # what an item costs that is passed over
_TURN_WORTH, _NUMBER_WORTH = 2.5, 8.0


@dataclass(frozen=True)
class Begun:
    """An agenda item and the number of the sentence with which it begins."""

    item: DraftedAgendaItem
    sentence: int


def item_keys(agenda: Agenda) -> list[str]:
    """How a line names its item: the number as published, or its place on the agenda from 1."""
    return [item.number or str(place) for place, item in enumerate(agenda.items, 1)]


def align(sentences: Sequence[Sentence], agenda: Agenda) -> list[Begun]:
    """The sentence with which each item begins, in order. An item of which nothing is heard is left out."""
    if not sentences or not agenda.items:
        return []
    keys = item_keys(agenda)
    titles = [_words(item.title) for item in agenda.items]
    begins = _best_path([_worth(s, titles, keys) for s in sentences], len(titles))
    return [Begun(_drafted(keys[k], agenda.items[k].title, sentences[n]), n) for k, n in begins]


def item_at(number: int, begun: Sequence[Begun]) -> DraftedAgendaItem | None:
    """The item under which the sentence of that number falls; None before the first."""
    return next((b.item for b in reversed(begun) if b.sentence <= number), None)


def _drafted(key: str, title: str, sentence: Sentence) -> DraftedAgendaItem:
    return DraftedAgendaItem(item=key, title=title, start=sentence.start, segment=sentence.pieces[0].segment.id)


def _words(text: str) -> frozenset[str]:
    return frozenset(w[:6] for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in _STOP)


def _worth(sentence: Sentence, titles: Sequence[frozenset[str]], keys: Sequence[str]) -> list[tuple[float, float]]:
    """For each item: (what the sentence says for being in it, what it says for beginning it)."""
    said = _words(sentence.text)
    rarity = Counter(w for title in titles for w in title)
    turning = bool(_TURNING.search(sentence.text))
    worth = []
    for key, title in zip(keys, titles, strict=True):
        inside = sum(1 / rarity[w] for w in said & title) / math.sqrt(len(title) or 1)
        number = _number_said(sentence.text, key)
        begins = inside + (_TURN_WORTH * inside if turning else 0.0) + (_NUMBER_WORTH if number else 0.0)
        worth.append((inside, begins))
    return worth


def _number_said(text: str, key: str) -> bool:
    spoken = _NUMBERS[int(key)] if key.isdigit() and int(key) < len(_NUMBERS) else re.escape(key)
    return bool(re.search(rf"\bitem(?: number)? (?:{re.escape(key)}|{spoken})\b(?!\.\d)", text, re.IGNORECASE))


def _best_path(worth: Sequence[Sequence[tuple[float, float]]], items: int) -> list[tuple[int, int]]:
    """(item, sentence) of each beginning, by dynamic programming over "which item are we in"; state 0 is before any."""
    score = [0.0] + [-math.inf] * items
    came: list[list[int]] = []
    for said in worth:
        row, back = [score[0]], [0]
        for item in range(1, items + 1):
            inside, begins = said[item - 1]
            stay = score[item] + inside
            before = max(range(item), key=lambda i: score[i] - _SKIPPED * (item - i - 1))
            change = score[before] - _SKIPPED * (item - before - 1) + begins - _CHANGE
            row.append(max(stay, change))
            back.append(item if stay >= change else before)
        score = row
        came.append(back)
    return _beginnings(came, max(range(items + 1), key=lambda i: score[i]))


def _beginnings(came: Sequence[Sequence[int]], last: int) -> list[tuple[int, int]]:
    begins, state = [], last
    for n in range(len(came) - 1, -1, -1):
        if (before := came[n][state]) != state:
            begins.append((state - 1, n))
        state = before
    return begins[::-1]
