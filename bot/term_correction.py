"""Names and terms put right in a transcript, warily: it changes words only, and every change can be taken back; pure.

A change is made by `_applied` alone, which builds a segment from its own words: segments, their order and their times
stay, a word keeps its times, and words that become one term keep the first's start and the last's end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

from bot.common_words import is_known_name, is_ordinary
from bot.formats import Correction, Segment, Transcript, Word
from bot.glossary import Term
from bot.sounds import likeness, plain, readings, sound, weight

LONGEST = 5  # words that may be one term
_EDGES = re.compile(r"^(\W*)(.*?)((?:['’]s)?\W*)$", re.S)


@dataclass(frozen=True)
class Change:
    """`count` words from the `first` heard one on become `text`; `undone`: they do not, since a person said so."""

    first: int
    count: int
    text: str
    undone: bool = False


def corrected(transcript: Transcript, terms: Iterable[Term]) -> Transcript:
    """The transcript with misheard names and terms put right; what was put right before, or taken back, stays so."""
    known = Glossary(terms)
    return transcript.model_copy(update={"segments": [_corrected(segment, known) for segment in transcript.segments]})


def undone(transcript: Transcript, which: Collection[tuple[str, int]] | None = None) -> Transcript:
    """The transcript with corrections taken back: (segment id, number in its corrections); None: all of them."""
    return transcript.model_copy(update={"segments": [_undone(segment, which) for segment in transcript.segments]})


def _undone(segment: Segment, which: Collection[tuple[str, int]] | None) -> Segment:
    words, changes = _as_heard(segment)
    taken = [
        replace(change, undone=change.undone or which is None or (segment.id, number) in which)
        for number, change in enumerate(changes)
    ]
    return segment if taken == changes else _applied(segment, words, taken)


def _corrected(segment: Segment, known: Glossary) -> Segment:
    if not segment.words or segment.text != " ".join(word.text for word in segment.words):
        return segment  # captions without times of words
    words, before = _as_heard(segment)
    taken = {place for change in before for place in range(change.first, change.first + change.count)}
    found = [c for c in known.changes(words) if taken.isdisjoint(range(c.first, c.first + c.count))]
    return _applied(segment, words, sorted([*before, *found], key=lambda c: c.first)) if found else segment


def _as_heard(segment: Segment) -> tuple[list[Word], list[Change]]:
    """The words as the recogniser had them, and what was changed in them."""
    words, changes, shift = list(segment.words or ()), list[Change](), 0
    for correction in segment.corrections:
        first, count = correction.word + shift, len(correction.heard)
        changes.append(Change(first, count, correction.text, correction.undone))
        if not correction.undone:
            words[first : first + 1] = correction.heard
            shift += count - 1
    return words, changes


def _applied(segment: Segment, heard: Sequence[Word], changes: Iterable[Change]) -> Segment:
    """The segment with its heard words changed so. The only place where words are replaced."""
    words, corrections, done = list[Word](), list[Correction](), 0
    for change in changes:
        words += heard[done : change.first]
        ones = list(heard[change.first : change.first + change.count])
        corrections.append(Correction(word=len(words), heard=ones, text=change.text, undone=change.undone))
        words += ones if change.undone else [_one_word(ones, change.text)]
        done = change.first + change.count
    words += heard[done:]
    text = " ".join(word.text for word in words)
    return segment.model_copy(update={"words": words, "text": text, "corrections": corrections})


def _one_word(heard: Sequence[Word], text: str) -> Word:
    sure = [word.probability for word in heard if word.probability is not None]
    return Word(start=heard[0].start, end=heard[-1].end, text=text, probability=min(sure, default=None))


@dataclass(frozen=True)
class _Token:
    """A word as it stands, without what clings to it: punctuation, and a possessive 's."""

    before: str
    core: str
    after: str

    @cached_property
    def is_rare(self) -> bool:
        """Neither an everyday word nor made of such by hyphens."""
        return not all(is_ordinary(part) for part in re.split(r"[^\w]+", self.core) if part)

    @cached_property
    def is_namelike(self) -> bool:
        return self.core[:1].isupper() or self.is_rare

    @property
    def ends_clause(self) -> bool:
        """Whether a pause is written after it; an initial's full stop is none."""
        return bool(self.after.strip("'’s")) and not (len(self.core) == 1 and self.after == ".")


def _token(word: Word) -> _Token:
    found = _EDGES.match(word.text)
    return _Token(*found.groups()) if found else _Token("", word.text, "")


@dataclass(frozen=True)
class _Found:
    """What a stretch of words may have been meant as, and how likely, from 0 to 1."""

    first: int
    count: int
    target: _Target
    score: float


class Glossary:
    """The terms, ready to be compared with words."""

    def __init__(self, terms: Iterable[Term]) -> None:
        terms = list(terms)
        self._targets = [target for term in terms for target in _targets(term)]
        self._own = frozenset(word for target in self._targets for word in target.words if not is_ordinary(word))
        self._by_letters = {plain(t.text) if t.is_acronym else _undoubled(t.text): t for t in reversed(self._targets)}

    def changes(self, words: Sequence[Word]) -> list[Change]:
        """What should be changed in a segment's words, in order; no two of them touch the same word."""
        tokens = [_token(word) for word in words]
        taken: set[int] = set()
        changes: list[Change] = []
        for found in sorted(self._found(tokens), key=lambda f: (-f.score, -f.count)):
            span = range(found.first, found.first + found.count)
            if taken.isdisjoint(span):
                taken.update(span)
                changes += _as_changes(found, tokens)
        return sorted(changes, key=lambda c: c.first)

    def _found(self, tokens: Sequence[_Token]) -> Iterator[_Found]:
        for first in range(len(tokens)):
            for count in range(1, min(LONGEST, len(tokens) - first) + 1):
                span = tokens[first : first + count]
                best = self._best(span)
                if best and _cores(span) != best[1].words:
                    yield _Found(first, count, best[1], best[0])
                if span[-1].ends_clause:
                    break

    def _best(self, span: Sequence[_Token]) -> tuple[float, _Target] | None:
        """The one term that the words may be, and how like; None where there is none, or two are as likely."""
        letters = "".join(_cores(span))
        same = self._by_letters.get(plain(letters)) or self._by_letters.get(_undoubled(letters))
        if same and _may_be_respelt(span, same):
            return 1.1, same
        if not any(token.is_rare for token in span):
            return None  # everyday words are never changed because of their sound
        scored = sorted(((t.likeness(span, self._own), t) for t in self._targets), key=lambda s: -s[0])
        score, target = scored[0]
        rival = next((s for s, t in scored if t.text not in target.text and target.text not in t.text), 0.0)
        return (score, target) if score - rival >= 0.03 else None


def _targets(term: Term) -> Iterator[_Target]:
    """The term itself; of a person also the surname alone. One of everyday words only has nothing to be known by."""
    words = tuple(term.text.split())
    if all(is_ordinary(word) for word in words):
        return
    if term.kind == "person" and len(words) > 1:
        yield _Person(term.text, words)
        words = words[-1:]
        if is_ordinary(words[0]):
            return  # Vance may be known by its sound, a Miss Power only by her whole name
    if weight(sound("".join(words))) >= 1.5:
        yield _Target(" ".join(words), words, tuple(sound(said) for said in ("".join(words), *term.said)))


def _cores(span: Iterable[_Token]) -> tuple[str, ...]:
    return tuple(token.core for token in span)


def _undoubled(text: str) -> str:
    """Its letters, doubles as one where there are enough to tell it by."""
    letters = plain(text)
    return re.sub(r"(.)\1+", r"\1", letters) if len(letters) > 4 else letters


def _may_be_respelt(span: Sequence[_Token], target: _Target) -> bool:
    """Whether words with the same letters may be written as the term: everyday ones only where they are several."""
    if all(len(plain(token.core)) == 1 for token in span):
        return len(span) > 2  # spelt out: P S G
    if len(span) == 1:
        return len(target.text) > 2 and (span[0].is_rare or "-" in span[0].core)  # off-gem
    return len(plain(target.text)) > 4 or not any(len(t.core) > 1 and not t.is_rare for t in span)  # M Cag, not LD so


@dataclass(frozen=True)
class _Target:
    """A term to be recognised by its sound."""

    text: str
    words: tuple[str, ...]
    sounds: tuple[str, ...] = ()

    @cached_property
    def is_acronym(self) -> bool:
        """Written with several capitals, in one word: PSG, RECCo, iDNO, CR035."""
        return len(self.words) == 1 and sum(letter.isupper() for letter in self.text) > 1 and "-" not in self.text

    def likeness(self, span: Sequence[_Token], own: Collection[str]) -> float:
        """How like the words are to the term, 0 where they are not like enough to be changed."""
        if len(span) > len(self.words) + 2 or any(t.core in own and t.core not in self.words for t in span):
            return 0.0
        if len(span) == 1 and (is_known_name(span[0].core) or plain(span[0].core) == f"{plain(self.text)}s"):
            return 0.0
        heard = _sounds_of(_cores(span))
        if self.is_acronym:
            if weight(self.sounds[0]) < 3 or any(token.core.isupper() for token in span):
                return 0.0  # one acronym is not misheard as another
            heard = heard[:1]
        needed = self._needed(span)
        return max(likeness(one, mine, needed) for one in heard for mine in self.sounds)

    def _needed(self, span: Sequence[_Token]) -> float:
        """Short terms need more likeness, as do words that are everyday ones, or in capitals, or without any."""
        if any(token.core.isupper() and len(token.core) > 1 for token in span):
            return 0.95
        if any(not token.is_rare and token.core.casefold() not in self.text.casefold().split() for token in span):
            return 0.95
        heard = min(weight(self.sounds[0]), 9.0)
        needed = 0.99 if heard < 3.5 else 0.95 - 0.025 * (heard - 3)
        return needed if all(token.core[:1].isupper() for token in span if token.is_rare) else needed + 0.04


class _Person(_Target):
    """A person's whole name: one of its halves, well heard, vouches for the other."""

    def likeness(self, span: Sequence[_Token], own: Collection[str]) -> float:
        """As `_Target.likeness`; the halves are compared apart."""
        if not 2 <= len(span) <= len(self.words) + 2 or not all(token.is_namelike for token in span):
            return 0.0
        return max(self._halves(span[:place], span[place:]) for place in range(1, len(span)))

    def _halves(self, first: Sequence[_Token], last: Sequence[_Token]) -> float:
        given, surname = sound("".join(self.words[:-1])), sound(self.words[-1])
        one = max(likeness(heard, given, 0.66) for heard in _sounds_of(_cores(first)))
        if not one:
            return 0.0
        other = max(likeness(heard, surname, 0.66) for heard in _sounds_of(_cores(last)))
        if any(is_known_name(token.core) for token in first) and one < 0.97:
            return 0.0  # Toby is no misheard Tobias
        if any(is_known_name(token.core) for token in last) and other < 0.85:
            return 0.0  # another person of that first name
        enough = (one >= 0.95 and other >= 0.66) or (one >= 0.66 and other >= 0.9) or (one >= 0.75 and other >= 0.78)
        both = (one * weight(given) + other * weight(surname)) / (weight(given) + weight(surname))
        return both + 0.05 if enough else 0.0  # more than the surname alone


@lru_cache(maxsize=4096)
def _sounds_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """How words may have sounded together: first as they stand, then with letters spelt."""
    return tuple(dict.fromkeys(sound("".join(said)) for said in product(*map(readings, words))))


def _as_changes(found: _Found, tokens: Sequence[_Token]) -> Iterator[Change]:
    """One change where words become one term; one a word where there are as many as the term has."""
    span = tokens[found.first : found.first + found.count]
    if found.count == len(found.target.words):
        for place, (token, word) in enumerate(zip(span, found.target.words, strict=True), found.first):
            if token.core != word:
                yield Change(place, 1, f"{token.before}{word}{token.after}")
    else:
        spelt = len(span[-1].core) == 1 and found.first + found.count < len(tokens)
        after = span[-1].after.removeprefix(".") if spelt else span[-1].after  # the last letter's own: P. S. G.
        yield Change(found.first, found.count, f"{span[0].before}{found.target.text}{after}")
