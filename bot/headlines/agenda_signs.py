# ruff: noqa: E501  (phrases read better whole)
"""What each sentence says about the agenda: which item it belongs to, and whether an item begins with it.

Words of a title count by how rare they are in the meeting; items that every agenda has ("Introductions", "Actions") are
also known by the words people use in them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.headlines.learnt import scores
from bot.headlines.sentences import Sentence

Numbers = NDArray[np.float64]

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TURNING = re.compile(
    r"\bnext (?:item|topic|up|on|thing|issue|agenda)\b|\bmov(?:e|ing) on(?:to)?\b|\bturn(?:ing)? to\b|\bagenda item\b"
    r"|\bget(?:ting)? (?:in)?to\b|\blet'?s (?:start|begin|go|get|talk|move|jump|dive|kick)|\bfirst (?:item|up|topic)\b"
    r"|\btopic\b|\bany other business\b|\bstart(?:ing)? with\b|\bmain (?:agenda|event|topic|presentation|discussion)\b"
    r"|\bhand (?:it )?over to\b|\bwithout further\b|\btake it away\b|\bthe floor\b|\bjump (?:in)?to\b|\blast calls?\b"
    r"|\bany (?:community |other |more )?(?:announcements|introductions|updates|reminders|questions)\b"
    r"|\bon (?:the|our|today's) agenda\b|\b(?:issue|item)[ -]\d+",
    re.IGNORECASE,
)
_RETURNING = re.compile(
    r"\b(?:(?:go(?:ing)?|come|coming|turn|circle|jump) back|return(?:ing)?) to\b|\b(?:bring|brought|take|taking) forward\b"
    r"|\bout of order\b",
    re.IGNORECASE,
)
_DRAWING_A_LINE = re.compile(
    r"^(?:all right|alright|okay|ok|great|cool|excellent|perfect|so|thank you|thanks|now|right)\b", re.IGNORECASE
)
_STANDING = tuple(
    (re.compile(title, re.IGNORECASE), re.compile(said, re.IGNORECASE))
    for title, said in (
        (r"\bintro|\bwelcome", r"\bintroduc|\breintroduc|\bnew (?:to|on|here)|\bwelcome\b|\bfirst time\b"),
        (r"\bapolog|\battend", r"\bapolog|\battendance\b|\bsubstitut|\balternates?\b"),
        (r"\bminutes|\bheadline report|\blast meeting", r"\bminutes\b|\bheadline report\b|\b(?:last|previous) meeting\b"),
        (r"\bannounce|\breminder|\bcommunity updates?|\bupdates?\b.*\bcommunit",
         r"\bannounc|\breminder|\bupcoming\b|\bcommunity (?:updates?|news)|\bevents?\b|\bconference"),
        (r"\bip note|\bi\.?p\.? |\bintellectual",
         r"\bip note|\bip r|\bp note|\bintellectual|\banyone can participate|substantive contribution|contributor"),
        (r"\bcall notes?|\bscribe|\bagenda review", r"\bscribe|\bminutes\b|\brecord(?:ed|ing)|\bagenda review|\btranscri"),
        (r"\bactions?\b|\bopen items", r"\baction items?|\bactions?\b"),
        (r"\bwork items?|\bissues?\b|\bprs?\b|\bpull", r"\bwork items?|\bpull requests?|\bissues?\b|\bprs?\b"),
        (r"\bany other business|\baob", r"\bany other business|\banything else|\ba\.?o\.?b"),
        (r"\bnext (?:meeting|call|steps)|\bfuture", r"\bnext (?:week|meeting|call|steps)"),
        (r"\bq ?(?:&|and) ?a\b|\bquestions?|\bdiscussion", r"\bquestions?\b|\bdiscuss"),
        (r"\bdemo", r"\bdemo|\b(?:share|see) my screen"),
    )
)  # fmt: skip
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "as",
        "at",
        "are",
        "be",
        "by",
        "do",
        "does",
        "for",
        "from",
        "how",
        "in",
        "into",
        "is",
        "it",
        "new",
        "of",
        "on",
        "or",
        "our",
        "that",
        "the",
        "this",
        "to",
        "up",
        "vs",
        "we",
        "what",
        "why",
        "with",
        "using",
    ]
)
_CUT = 6  # letters: "migrate" and "migration" are one word
_WINDOW = 12  # sentences on either side of a change of subject
# Found by search over the labelled calls; benchmarks/learn.py says how the learnt part was made.
_INSIDE, _STANDING_INSIDE, _TITLE, _STANDING_WORTH, _AFTER = 3.0, 0.08, 5.0, 0.5, 0.9
_CUE, _CUE_WITH_TITLE, _LINE, _PAUSE, _BREAK, _LEADER, _LEARNT = 0.8, 1.6, 1.0, 2.0, 1.0, 0.2, 0.7
_NUMBER_WORTH = 8.0


@dataclass(frozen=True)
class Signs:
    """For each sentence and item: what it says for being in the item, for beginning it, and whether it names it.

    `heard` is whether it has anything of the item: a word of its title, its number, words that such items are known by.
    """

    inside: Numbers
    begins: Numbers
    named: Numbers
    heard: NDArray[np.bool_]


def signs_of(sentences: Sequence[Sentence], titles: Sequence[str], keys: Sequence[str]) -> Signs:
    """The signs of every sentence (rows) for every item (columns)."""
    said = [_words(sentence.text) for sentence in sentences]
    titled = np.minimum(_title_words(said, titles), 1.2)
    standing, number = _standing(sentences, titles), _numbers(sentences, keys)
    inside = _INSIDE * (titled - titled.mean(1, keepdims=True))
    inside += _STANDING_INSIDE * (standing - standing.mean(1, keepdims=True))
    ahead = np.maximum.reduce([titled, _shifted(titled, -1) * 0.7, _shifted(titled, -2) * 0.5])
    behind = np.maximum(_shifted(titled, 1), _shifted(titled, 2) * 0.8)
    title = np.maximum(ahead, _AFTER * behind)
    known_by = np.maximum(standing, _shifted(standing, 1) * 0.7 * _AFTER)
    turning = np.array([bool(_TURNING.search(s.text)) for s in sentences], dtype=float)
    cue = np.maximum.reduce([turning, _shifted(turning, 1), _shifted(turning, 2) * 0.6])
    begins = (
        _TITLE * title + _STANDING_WORTH * known_by + _CUE_WITH_TITLE * cue[:, None] * np.minimum(1, title + known_by)
    )
    begins += (_CUE * cue + _turn(sentences, said))[:, None] + _NUMBER_WORTH * number
    returning = np.array([bool(_RETURNING.search(s.text)) for s in sentences], dtype=float)
    heard = (titled > 0) | (standing > 0) | (number > 0)
    return Signs(inside, begins, np.maximum(0.8 * titled * returning[:, None], number), heard)


def _turn(sentences: Sequence[Sentence], said: Sequence[frozenset[str]]) -> Numbers:
    """What a sentence says for a new item, whichever: a pause, a line drawn, another subject, the Chair's voice."""
    line = np.array([bool(_DRAWING_A_LINE.search(s.text)) for s in sentences], dtype=float)
    spoken: Counter[str | None] = Counter(s.speaker for s in sentences)
    leader = np.array([s.speaker == spoken.most_common(1)[0][0] for s in sentences], dtype=float)
    learnt = np.clip(np.array(scores(sentences, "topic")) + 3, -2, 4)
    return np.asarray(
        _LINE * np.maximum(line, _shifted(line, 1) * 0.5)
        + _LEADER * np.maximum(leader, _shifted(leader, 1))
        + _PAUSE * _pauses(sentences)
        + _BREAK * _breaks(said)
        + _LEARNT * learnt
    )


def _title_words(said: Sequence[frozenset[str]], titles: Sequence[str]) -> Numbers:
    spread = Counter(word for words in said for word in words)
    wanted = [_words(re.sub(r"https?://\S+", " ", title)) - _STOP for title in titles]
    shared = Counter(word for words in wanted for word in words)
    found = np.zeros((len(said), len(titles)))
    for item, words in enumerate(wanted):
        whole = math.sqrt(sum(max(0.5, _rarity(word, spread, len(said))) ** 2 for word in words) or 1.0)
        worth = {w: max(0.0, _rarity(w, spread, len(said))) / shared[w] / whole for w in words if spread[w]}
        for number, heard in enumerate(said):
            found[number, item] = sum(worth[word] for word in worth.keys() & heard)
    return found


def _standing(sentences: Sequence[Sentence], titles: Sequence[str]) -> Numbers:
    found = np.zeros((len(sentences), len(titles)))
    for item, title in enumerate(titles):
        wanted = [said for name, said in _STANDING if name.search(title)]
        for number, sentence in enumerate(sentences if wanted else ()):
            found[number, item] = any(said.search(sentence.text) for said in wanted)
    return found


def _numbers(sentences: Sequence[Sentence], keys: Sequence[str]) -> Numbers:
    """Where an item is called by its number: "item three"."""
    patterns = []
    for key in keys:
        spoken = _NUMBERS[int(key)] if key.isdigit() and int(key) < len(_NUMBERS) else re.escape(key)
        patterns.append(re.compile(rf"\bitem(?: number)? (?:{re.escape(key)}|{spoken})\b(?!\.\d)", re.IGNORECASE))
    return np.array([[bool(p.search(s.text)) for p in patterns] for s in sentences], dtype=float)


def _pauses(sentences: Sequence[Sentence]) -> Numbers:
    """How much longer than usual it took from the sentence before to this one."""
    steps = np.diff(np.array([s.start for s in sentences]))
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
    return np.concatenate([[0.0], np.clip((steps - usual) / (4 * usual + 1), 0, 2)])


def _breaks(said: Sequence[frozenset[str]]) -> Numbers:
    """How little the words before a sentence and from it on have in common, against the rest of the meeting."""
    spread = Counter(word for words in said for word in words)
    rare = {word: _rarity(word, spread, len(said)) for word, count in spread.items() if count <= len(said) * 0.15}
    found = np.zeros(len(said))
    if len(said) < 2 * _WINDOW:
        return found
    for number in range(2, len(said) - 2):
        before = Counter(w for words in said[max(0, number - _WINDOW) : number] for w in words if w in rare)
        after = Counter(w for words in said[number : number + _WINDOW] for w in words if w in rare)
        common = sum(min(before[w], after[w]) * rare[w] for w in before.keys() & after.keys())
        size = math.sqrt(sum(n * rare[w] for w, n in before.items()) * sum(n * rare[w] for w, n in after.items()))
        found[number] = common / (size or 1.0)
    middle = found[2:-2]
    found[2:-2] = np.clip((middle.mean() - middle) / (middle.std() + 1e-6), -2, 2)
    return found


def _rarity(word: str, spread: Counter[str], sentences: int) -> float:
    return math.log((sentences + 1) / (spread[word] + 0.5))


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:_CUT] for word in re.findall(r"[a-z0-9]+", text.lower()))


def _shifted(numbers: Numbers, by: int) -> Numbers:
    """Each row's numbers moved `by` rows on; nothing comes in at the edge."""
    moved = np.zeros_like(numbers)
    if by > 0:
        moved[by:] = numbers[:-by]
    else:
        moved[:by] = numbers[-by:]
    return moved
