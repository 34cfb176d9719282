# ruff: noqa: E501  (phrases read better whole)
"""Whose a task is, in talk without minutes: the person named, called by a first name, or spoken to; or the speaker.

Somebody who hands out work does it person by person ("the designer will do the case, and you the survey"): each such
clause is a task of its own (`handed_out`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple

from bot.formats import Attendance
from bot.headlines.people import attendee_of, bare_name
from bot.headlines.sentences import Sentence

_KIND = r"(?:designer|developer|expert|executive|specialist|person|manager|lead|guy|people|team|officer|analyst|representative|rep)s?"
_MODAL = (
    r"(?:'ll|'re|'d|'s|will|would|is|are|can|could|should|shall|must|has|have|had|gets?|needs?|gonna|going|does|do|works?|working"
    r"|you|on|to)"
)
_FILLING = (
    r"(?:um+|uh+|er+m?|so|and|then|okay|ok|kay|right|alright|well|now|yeah|yes|basically|also|but|like|or|maybe|perhaps|obviously"
    r"|i (?:guess|think|suppose|mean)|you know)"
)
_OPENS = rf"(?:^|(?<=[,.;:?!] )|\b(?:and|but|so|or|um|uh|because|that|if|then|okay|maybe|guess|think|like|need|want|ask|asking) )(?:{_FILLING}[ ,.]+)*"
_GROUP = r"(?:you (?:two|both|guys|all|three|each)|(?:the )?(?:two|both|all|each|three) of you|everyone|everybody|all of us|each of us|us all|we all|we each)"
# What "you" get, hear, like or said is nothing that you are to do; "when you're walking" is everybody.
_NO_TASK = (
    r"(?!(?:'ll|'d| will| would)?(?: (?:all|each))? (?:get(?! to)|receive|be (?:informed|sent|recalled|able)|hear|see|read|said|like|know|mean"
    r"|want|think|had|did|were|was|got)\b)"
)
_YOU = re.compile(
    rf"{_OPENS}(?P<many>{_GROUP}|you(?:'ll|'re| will| are| should| can)? (?:all|both|each|two))\b"
    rf"|{_OPENS}(?P<you>(?<!\bif )you|(?<=\bif )you(?= can| could| would))\b{_NO_TASK}|\bfor (?P<for>you)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?P<own>i)(?:'ll|'m (?:gonna|going to|supposed to)| will| am going to| have(?:\W+\w+)? to| need to| should| can| could"
    r"|'m \w+ing|'ve got to| gotta| must)\b(?! (?:like|ask|want|say|see|guess|think|imagine|tell|presume|suppose|assume|hope)\b)",
    re.IGNORECASE,
)
_JOINED = re.compile(rf"[\s,.]*(?:(?:and|or|{_FILLING}|i'd like|if)[\s,.]*)*", re.IGNORECASE)
_TWO = re.compile(r"\btwo\b|\bboth\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{4,}")
_SAID_BY_ALL = frozenset(
    ["about", "actually", "also", "because", "could", "gonna", "going", "have", "just", "know", "like", "maybe", "meeting",
     "minutes", "more", "next", "really", "some", "something", "that", "then", "there", "they", "think", "this", "want",
     "well", "were", "what", "will", "with", "work", "working", "would", "yeah", "your", "okay", "right", "need", "look"]
)  # fmt: skip
_FIRST_NAME = re.compile(
    r"\b(?:i'm|i am|my name is|my name's)\W+(?:um\W+|uh\W+)?(?P<me>(?-i:[A-Z])[a-z]{2,})\b"
    r"|(?:thanks|thank you|cheers),? (?P<thanked>(?-i:[A-Z])[a-z]{2,})\b"
    r"|(?:^|[,.] |\b(?:and|so|um|uh|okay|for) )(?P<you>(?-i:[A-Z])[a-z]{2,}),? (?:you|if you|can you|could you|do you|would you|i'd like you|is|will|'ll|gets|what|to)\b"
    r"|, (?P<last>(?-i:[A-Z])[a-z]{2,})[?.!]*$",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    ["thanks", "sorry", "great", "alright", "excellent", "cool", "fine", "brilliant", "yes", "yep", "yeah", "okay", "god", "monday",
     "tuesday", "wednesday", "thursday", "friday", "english", "european"]
)  # fmt: skip
_A_RUN = 60.0  # seconds in which somebody goes on handing out work
_AN_ANSWER = 8.0  # seconds after which nobody answers any more
_NAME_CUT = 6  # letters of each word of a longer name or title
_FEW_PEOPLE = 5
_GOES_ON = 12.0  # seconds for which a task may be said on without naming its owner again
# What tells whom "you" means, beside the share of the talk about it (0 to 1): the first and the second who answer ...
_ANSWERING = (1.5, 0.3)
_MARKS = {"named": 0.8, "given": 0.4}  # ... less, where they have a task of this run already, by name or as "you"
_CLEARLY = 0.05
_FEWEST = 4  # words: fewer at the end of a sentence are a name whose task is still to come


@dataclass(frozen=True)
class Given:
    """A task given to somebody: the sentence, where in it the clause begins, and whose it is."""

    sentence: Sentence
    offset: int
    end: int
    owner: tuple[str, ...]
    how: str  # named | you | many | own


class _Spot(NamedTuple):
    """Where a sentence names or means somebody."""

    start: int
    end: int
    how: str
    owner: tuple[str, ...]


class Table:
    """Who sits at the table, how they are called, and what each of them talks about."""

    def __init__(self, sentences: Sequence[Sentence], attendance: Attendance) -> None:
        self.sentences = sentences
        self.names = [m.name for m in attendance.members]
        self._attendance = attendance
        self._labels = {label: self._name_of(label) for label in {s.speaker for s in sentences} if label}

    def speaker_of(self, said: Sentence) -> str:
        """The name of whoever says a sentence; empty where nobody knows."""
        return self._labels.get(said.speaker or "", "")

    def others(self, said: Sentence) -> list[str]:
        """All but whoever says a sentence."""
        return [name for name in self.names if name != self.speaker_of(said)]

    @cached_property
    def called(self) -> dict[str, str]:
        """First names that are on no file, and whose they are: who says "I'm Jo", who answers to "Jo" or is thanked."""
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        inside = {word for s in self.sentences for word in re.findall(r"(?<=[a-z] )[A-Z][a-z]{2,}\b", s.text)}
        known = {part.lower() for name in self.names for part in re.findall(r"[A-Za-z]+", name)}
        for said in self.sentences:
            me = self.speaker_of(said)
            for found in _FIRST_NAME.finditer(said.text):
                word = found["me"] or found["you"] or found["last"] or found["thanked"]
                if not me or word.lower() in self._ordinary or word.lower() in known or word.lower() in _NO_NAMES:
                    continue
                if found["me"]:
                    votes[word][me] += 4
                elif word in inside or found["last"] or found["thanked"]:
                    votes[word][me] -= 2
                    near = self._before(said) if found["thanked"] else self.answering(said)
                    votes[word].update(dict.fromkeys(near[:1], 2))
        return {
            word: ranked[0][0]
            for word, count in votes.items()
            if (ranked := count.most_common(2))[0][1] >= 2 and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
        }

    def _before(self, said: Sentence) -> list[str]:
        names = [self.speaker_of(s) for s in reversed(self.sentences[max(0, said.number - 4) : said.number])]
        return [name for name in names if name and name != self.speaker_of(said)]

    def answering(self, said: Sentence) -> list[str]:
        """Who speaks after a sentence while an answer may still be one, in order, each once."""
        found: dict[str, None] = {}
        end = said.start + 0.3 * len(said.text.split())
        for other in self.sentences[said.number + 1 : said.number + 5]:
            name = self.speaker_of(other)
            if other.start > end + _AN_ANSWER:
                break
            if name and name != self.speaker_of(said):
                found.setdefault(name)
        return list(found)

    def next_after(self, said: Sentence) -> list[str]:
        """The others who speak next, answer or not, each once."""
        names = [self.speaker_of(other) for other in self.sentences[said.number + 1 : said.number + 6]]
        return list(dict.fromkeys(name for name in names if name and name != self.speaker_of(said)))

    @cached_property
    def _talk(self) -> dict[str, Counter[str]]:
        talk: dict[str, Counter[str]] = {name: Counter() for name in self.names}
        for said in self.sentences:
            if (name := self.speaker_of(said)) in talk:
                talk[name].update(_content(said.text))
        return talk

    def closest(self, text: str, among: Sequence[str]) -> dict[str, float]:
        """For each of `among` how much of the talk about the words of `text` is theirs, 0 to 1 together."""
        shares = dict.fromkeys(among, 0.0)
        for word in set(_content(text)):
            said = {name: self._talk[name][word] for name in among if name in self._talk}
            total = sum(said.values())
            for name, times in said.items():
                shares[name] += times / total if total else 0.0
        whole = sum(shares.values())
        return {name: share / whole if whole else 0.0 for name, share in shares.items()}

    @cached_property
    def person(self) -> re.Pattern[str] | None:
        """A person spoken of or to: a name, a title or its initials, a first name."""
        ways = [rf"(?:(?:the|our) )?(?:{self._ways_to_say(name)})" for name in self.names]
        groups = [f"(?P<n{i}>{way})" for i, way in enumerate(ways) if way]
        groups += [f"(?P<c{i}>(?-i:{word}))" for i, word in enumerate(self.called)]
        if not groups:
            return None
        return re.compile(
            rf"(?<![\w])(?:{'|'.join(groups)})(?: {_KIND})?(?=$|\W*(?:$|[,.?!]|{_FILLING}\b|{_MODAL}\b|the\b|over here\b)|')",
            re.IGNORECASE,
        )

    def meant(self, found: re.Match[str]) -> str:
        """The name on file of whoever `person` has found."""
        group = found.lastgroup or ""
        number = int(group[1:])
        return self.names[number] if group.startswith("n") else list(self.called.values())[number]

    def named(self, text: str) -> list[str]:
        """Everybody whom a text names, in order, each once."""
        return list(dict.fromkeys(self.meant(found) for found in self.person.finditer(text))) if self.person else []

    def _ways_to_say(self, name: str) -> str:
        parts = re.findall(r"[A-Za-z]+", bare_name(name))
        if not parts:
            return ""
        ways = [" ".join(_as_heard(part) for part in parts)]
        if len(parts) == 1 and len(parts[0]) <= _NAME_CUT:
            return f"(?-i:{parts[0]})"  # "Will" is a name, "will" none
        initials = "[_. ]*".join(part[0].upper() for part in parts)
        ways.append(rf"(?-i:{initials}{'[_. ]*[DEM]?' if len(parts) > 1 else '[_.][DEM]'})(?![A-Za-z])_?")
        if len(parts) > 1 and parts[0].lower() not in self._ordinary and self._alone(parts[0]):
            ways.append(f"(?-i:{re.escape(parts[0])})")
        return "|".join(ways)

    @cached_property
    def _ordinary(self) -> frozenset[str]:
        return frozenset(word for s in self.sentences for word in re.findall(r"\b[a-z]+\b", s.text))

    def _alone(self, part: str) -> bool:
        return sum(part in re.findall(r"[A-Za-z]+", name) for name in self.names) == 1

    def _name_of(self, label: str) -> str:
        member = attendee_of(label, self._attendance)
        return member.name if member else bare_name(label)


def _as_heard(part: str) -> str:
    return re.escape(part) if len(part) <= _NAME_CUT else rf"{re.escape(part[:_NAME_CUT])}\w*"


def _content(text: str) -> list[str]:
    return [word[:6] for word in _WORD.findall(text.lower()) if word not in _SAID_BY_ALL]


def handed_out(sentences: Sequence[Sentence], table: Table) -> list[Given]:
    """Every clause that gives somebody something to do, in the order said: "Jo will do the plan, and you the survey"."""
    given: list[Given] = []
    waiting: Given | None = None  # a name, its task still to be said: "The designer. Um. Will look into it"
    for said in sentences:
        if waiting and said.start > waiting.sentence.start + _AN_ANSWER:
            waiting = None
        clauses = list(_clauses(said, table))
        if (
            waiting
            and said.speaker == waiting.sentence.speaker
            and all(c.how == "you" for c in clauses)
            and _content(said.text)
        ):
            clauses, waiting = [Given(said, 0, len(said.text), waiting.owner, "named")], None
        for clause in clauses:
            if _is_bare(clause):
                waiting = clause if clause.how == "named" else waiting
                continue
            waiting = None
            given.append(clause if clause.how != "you" else replace(clause, owner=addressee(clause, table, given)))
    return given


def _is_bare(clause: Given) -> bool:
    """Whether a clause says who, and nothing of what."""
    words = clause.sentence.text[clause.offset : clause.end]
    return not _content(words) or (
        clause.how == "named" and len(words.split()) < _FEWEST and clause.end == len(clause.sentence.text)
    )


def owner_of(said: Sentence, table: Table, given: Sequence[Given]) -> tuple[str, ...]:
    """Whose task a sentence is that hands out none in so many words; empty where it does not say."""
    if named := table.named(said.text):
        return tuple(named)
    here = [clause for clause in given if clause.sentence is said]
    if here:
        return here[0].owner
    own = re.search(r"\b(?:i|my|me)\b", said.text, re.IGNORECASE)
    if not own and re.search(r"\b(?:we|our|us)\b", said.text, re.IGNORECASE):
        return ("All",)
    before = [c for c in given if c.sentence.speaker == said.speaker and 0 < said.start - c.sentence.start <= _GOES_ON]
    if before and not own:
        return before[-1].owner
    name = table.speaker_of(said)
    return (name,) if name else ()


def addressee(clause: Given, table: Table, given: Sequence[Given]) -> tuple[str, ...]:
    """Whom "you" means: who answers, who talks about it most, and who has been given nothing yet; empty if nobody."""
    said = clause.sentence
    shares = table.closest(said.text[clause.offset : clause.end], table.others(said))
    marks = dict(shares)
    for name, mark in zip((n for n in table.answering(said) if n in marks), _ANSWERING, strict=False):
        marks[name] += mark
    for other in _of_this_run(said, given):
        for name in other.owner if len(other.owner) == 1 and other.owner[0] in marks else ():
            marks[name] -= _MARKS["named" if other.how == "named" else "given"]
    ranked = sorted(marks, key=lambda name: -marks[name])
    sure = len(ranked) == 1 or (len(ranked) > 1 and marks[ranked[0]] - marks[ranked[1]] > _CLEARLY)
    return (ranked[0],) if sure else tuple(table.next_after(said)[:1])


def _of_this_run(said: Sentence, given: Sequence[Given]) -> Iterator[Given]:
    for other in takewhile(lambda one: said.start - one.sentence.start <= _A_RUN, reversed(given)):
        if other.sentence.speaker == said.speaker:
            yield other


def _clauses(said: Sentence, table: Table) -> Iterator[Given]:
    """Where the clauses of a sentence begin, each with whoever it names; of "you" the owner is open."""
    merged: list[_Spot] = []
    for spot in sorted(_spots(said, table)):
        if merged and spot.start < merged[-1].end:
            continue
        if merged and (one := _as_one(merged[-1], spot, said.text)):
            merged[-1] = one
        else:
            merged.append(spot)
    for n, spot in enumerate(merged):
        end = merged[n + 1].start if n + 1 < len(merged) else len(said.text)
        several = _several(said, said.text[spot.start :], table) if spot.how == "many" else spot.owner
        yield Given(said, spot.start, end, tuple(several), spot.how)


def _spots(said: Sentence, table: Table) -> Iterator[_Spot]:
    me = table.speaker_of(said)
    for found in table.person.finditer(said.text) if table.person else ():
        if table.meant(found) != me:
            yield _Spot(found.start(), found.end(), "named", (table.meant(found),))
    for found in _YOU.finditer(said.text):
        group = found.lastgroup or "you"
        yield _Spot(found.start(group), found.end(group), "many" if group == "many" else "you", ())
    for found in _OWN.finditer(said.text) if me else ():
        yield _Spot(found.start(), found.end(), "own", (me,))


def _as_one(one: _Spot, then: _Spot, text: str) -> _Spot | None:
    """Two spots that mean the same person or pair: "Jo, you", "Jo and Sam", "you, Jo,"; None where they do not."""
    between = text[one.end : then.start]
    both = then.how in ("you", "many") or (then.how == "named" and re.search(r"\band\b", between))
    if one.how == "named" and both and _JOINED.fullmatch(between):
        return _Spot(one.start, then.end, "named", tuple(dict.fromkeys(one.owner + then.owner)))
    called = re.search(r",\W*$", text[: then.start]) and re.match(r"\W*(?:,|$)", text[then.end :])
    if one.how == "you" and then.how == "named" and called:
        return _Spot(one.start, then.end, "named", then.owner)
    return None


def _several(said: Sentence, words: str, table: Table) -> list[str]:
    """Whom "you two" or "you guys" means: the first two to answer, or all others."""
    others = table.others(said)
    if not _TWO.search(words[:14]) or len(others) <= 2:
        return others if 0 < len(others) <= _FEW_PEOPLE else ["All"]
    shares = table.closest(words, others)
    answering = [name for name in table.answering(said) if name in others]
    ranked = sorted(others, key=lambda name: (name not in answering[:2], -shares[name]))
    return sorted(ranked[:2], key=others.index)
