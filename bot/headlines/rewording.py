# ruff: noqa: E501  (phrases read better whole)
"""A language model's wording of a drafted line, taken only where plain comparisons find that it says the same.

One line at a time, from its own evidence. A model may lie, and what was said in the meeting may try to make it: so
nothing is trusted, and where the least word is unaccounted for, the template's text stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from bot.clock import MONTHS, WEEKDAYS
from bot.formats import Draft, DraftedAction, DraftedDecision, DraftedViewpoint
from bot.headlines.checks import Checks
from bot.headlines.wording import negations

Ask = Callable[[str, Sequence[str]], str | None]
"""Given a line and the words that it rests on: another wording, or None where there is no answer."""
Line = TypeVar("Line", DraftedDecision, DraftedAction, DraftedViewpoint)

_MOST_WORDS, _LONGER = 70, 1.5
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred thousand million billion half quarter third first second fourth fifth once twice both double"
)
_DAYS = "today tomorrow yesterday week weeks month months day days year years fortnight working"
_DATED = frozenset([*f"{_NUMBER_WORDS} {_DAYS}".split(), *(w.lower() for w in (*MONTHS, *WEEKDAYS))])
# What must be said as often after as before, each by itself: an outcome, a stance, a condition.
_TELLING: tuple[str, ...] = (
    r"agree\w*|approv\w*|accept\w*|endors\w*|adopt\w*", r"reject\w*|refus\w*|declin\w*|turned down", r"refer\w*",
    r"escalat\w*", r"defer\w*|postpon\w*", r"withdr\w*", r"not(?:ed|es|ing)", r"to be confirmed", r"recommend\w*",
    r"subject to|condition\w*|provided|as long as|unless|until|if", r"support\w*|welcom\w*|favour", r"object\w*|oppos\w*|against|disagree\w*",
    r"concern\w*|worr\w*|risk\w*", r"ask\w*|request\w*", r"abstain\w*|neutral", r"must|should|could|would|might|may|will|can",
    r"more|less|fewer|increase\w*|decrease\w*|reduc\w*|before|after|above|below|earlier|later|over|under|only|all|none|some|most|always",
)  # fmt: skip
_PLAIN = (
    "a an and are as at be been being but by did do does for from had has have he her him his how in into is it its of on or "
    "our out she so such than that the their them then there these they this those to up was we were what when where which "
    "while who whom whose why with also about during said stated explained reported added suggested proposed told saying "
    "stating group meeting members representative it's that"
)
_PLAIN_WORDS = frozenset(_PLAIN.split())


def reworded(draft: Draft, checks: Checks, ask: Ask) -> Draft:
    """The draft, its lines as the model words them where that holds; each one changed keeps the template's text."""
    return draft.model_copy(
        update={
            "decisions": [_line(line, checks, ask, []) for line in draft.decisions],
            "actions": [_line(line, checks, ask, [*line.owner, line.due or ""]) for line in draft.actions],
            "viewpoints": [_line(v, checks, ask, [v.constituency or "", v.speaker or ""]) for v in draft.viewpoints],
        }
    )


def _line(line: Line, checks: Checks, ask: Ask, also: Sequence[str]) -> Line:
    if not line.evidence or "to be confirmed" in line.text.lower():
        return line  # what a person must settle is not made to sound smoother
    said = ask(line.text, [e.quote for e in line.evidence])
    after = " ".join((said or "").split())
    if not after or after == line.text or why_not(line, after, checks, also):
        return line
    return line.model_copy(update={"text": after, "reworded_from": line.text})


def why_not(line: Line, after: str, checks: Checks, also: Sequence[str] = ()) -> str:
    """Why another wording may not stand, in a few words; empty where it says the same."""
    return next(_reasons(line, after, checks, also), "")


def _reasons(line: Line, after: str, checks: Checks, also: Sequence[str]) -> Iterator[str]:
    before, quotes = line.text, " ".join(e.quote for e in line.evidence)
    if not re.fullmatch(r"[A-Z“'][^\n{}<>\[\]*_#`|\\]*[.!?]", after) or "://" in after:
        yield "it is no plain sentence"
    if len(after.split()) > min(_MOST_WORDS, max(12, _LONGER * len(before.split()))):
        yield "it is too long"
    if doubt := checks.doubt(after, line.evidence, " ".join([before, *also])):
        yield doubt
    if _numbers(before) != _numbers(after):
        yield "a number or a date is not the same"
    if negations(before) != negations(after):
        yield "a denial is not the same"
    if changed := next((words for words in _TELLING if _count(words, before) != _count(words, after)), None):
        yield f"it is not the same outcome or stance ({changed.split('|')[0]})"
    if _subject(before).lower() != after[: len(_subject(before))].lower():
        yield "it is not about the same person"
    said, left = set(_words(before)), set(_words(after))
    if lost := [word for name in also for word in _words(name) if word in said - left]:
        yield f"it leaves out {', '.join(lost)}"
    if new := sorted(_stems(after) - _stems(f"{before} {quotes}") - _PLAIN_STEMS):
        yield f"nobody said {', '.join(new)}"


def _subject(text: str) -> str:
    """Who does it, at the start of a line: up to its first word in small letters that is no article."""
    found = re.match(r"(?:(?:The|A|An) )?(?:(?:[A-Z][\w&'’-]*|group|and|of|for)(?: |$))*", text)
    return found[0].strip() if found else ""


def _numbers(text: str) -> list[str]:
    words = re.findall(r"\d[\d.,/:-]*\d|\d|[a-z]+", text.lower())
    return sorted(word for word in words if word[0].isdigit() or word in _DATED)


def _count(words: str, text: str) -> int:
    return len(re.findall(rf"\b(?:{words})\b", text, re.IGNORECASE))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9&]+(?:'[a-z]+)?", text.lower().replace("’", "'"))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in _words(text) if word not in _PLAIN_WORDS}


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].removesuffix("e")
    return word.removesuffix("e")


_PLAIN_STEMS = frozenset(_stem(word) for word in _PLAIN_WORDS)
