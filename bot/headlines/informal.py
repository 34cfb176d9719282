"""Decisions and actions of meetings that nobody chairs formally: project talk in a room, calls taken down by a scribe.

There nobody closes an item, so the rules for a Chair's words find little. The learnt ranking (`learnt.py`) says where
to listen. What it holds likeliest is drafted: each such line says "to be confirmed", has no outcome, and is doubtful by
its confidence. The rest stands apart (`possible.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.formats import Attendance, DraftedAction, DraftedDecision, Evidence
from bot.headlines.agenda import Begun, item_at
from bot.headlines.learnt import Head, Learnt, likelihoods
from bot.headlines.owners import Given, Table, handed_out, owner_of
from bot.headlines.people import bare_name
from bot.headlines.sentences import Sentence
from bot.headlines.wording import reported, sentence

_FORMAL = re.compile(
    r"\b(?:representatives?|constituenc(?:y|ies)|committee|apologies (?:from|for)|papers? to note|standing order"
    r"|are (?:we|members) (?:agreed|content)|recommendations? (?:is|to|before)|psg|sro|ofgem|the chair)\b",
    re.IGNORECASE,
)
_FORMAL_SHARE = 0.01  # of the sentences
_FEWEST_SPOKEN = 0.8  # of the sentences must have a speaker
_TALK = 10.0  # sentences a minute: people in a room; a call has fewer and longer ones
_SHORTEST = 4  # words: less says nothing by itself
_MOST_CONFIDENT = 0.45
_APART, _OWN_APART = 6.0, 12.0  # the least seconds between tasks handed out: to two people, to one
_PLAIN = 0.6  # the confidence from which a line that a rule found is kept: a phrase alone means less here


@dataclass(frozen=True)
class Ranking:
    """`least` is the likelihood from which a sentence is drafted, `possible` from which it is listed apart.

    `apart` is the least seconds between two.
    """

    head: Head
    least: float
    possible: float
    apart: float
    around: float = 25.0  # seconds
    share: float = 0.8
    given: float = math.inf  # the likelihood from which a clause that hands somebody a task is drafted


_IN_A_ROOM = {
    "decision": Ranking("decision", 1.6, 0.6, 45.0),
    "action": Ranking("action", 0.6, 0.2, 20.0, around=20.0, share=0.15, given=0.4),
}
_ON_A_CALL = {
    "decision": Ranking("call_decision", 0.22, 0.06, 100.0, share=0.0),
    "action": Ranking("action", math.inf, 0.2, 12.0, around=20.0, share=0.15),  # too few were labelled to learn from
}


def is_informal(sentences: Sequence[Sentence], attendance: Attendance) -> bool:
    """Whether the learnt ranking may be used: speakers known, no Chair or constituency on file, no formal language."""
    on_file = attendance.chair or any(m.constituency or "chair" in (m.role or "").lower() for m in attendance.members)
    if on_file or not sentences:
        return False
    spoken = sum(s.speaker is not None for s in sentences)
    formal = sum(bool(_FORMAL.search(s.text)) for s in sentences)
    return spoken >= _FEWEST_SPOKEN * len(sentences) and formal < _FORMAL_SHARE * len(sentences) + 1


@dataclass(frozen=True, eq=False)
class Ranked:
    """The sentences of a meeting by how likely each is a line of one kind, worked out once for all who ask."""

    sentences: Sequence[Sentence]
    ranking: Ranking
    learnt: Learnt | None

    @cached_property
    def likely(self) -> list[float]:
        """For each sentence, by its number."""
        ranking = self.ranking
        return likelihoods(self.sentences, ranking.head, around=ranking.around, share=ranking.share, learnt=self.learnt)

    def apart(self, taken: Sequence[float], *, least: float) -> list[tuple[Sentence, float]]:
        """The likeliest first, each well apart from those before it and from what is `taken` (seconds)."""
        chosen: list[tuple[Sentence, float]] = []
        used = [*taken]
        for number in sorted(range(len(self.likely)), key=lambda n: -self.likely[n]):
            said = self.sentences[number]
            if self.likely[number] < least:
                break
            if re.search(r"\w", said.text) and all(abs(said.start - other) >= self.ranking.apart for other in used):
                chosen.append((said, self.likely[number]))
                used.append(said.start)
        return chosen


def ranked(sentences: Sequence[Sentence], kind: str, learnt: Learnt | None) -> Ranked:
    """The sentences (at least one) as lines of a kind ('decision', 'action')."""
    return Ranked(sentences, pace_of(sentences, kind), learnt)


def likely_decisions(by: Ranked, found: Sequence[DraftedDecision], *, begun: Sequence[Begun]) -> list[DraftedDecision]:
    """What is plain in `found` and, away from that, what sounds like a decision; numbered D-01 onwards as said."""
    lines = [line for line in found if line.confidence >= _PLAIN]
    taken = [line.at for line in lines if line.at is not None]
    for said, likely in by.apart(taken, least=by.ranking.least):
        quotes = _evidence(said, by.sentences)
        text = sentence(f"Outcome to be confirmed: {said_by(said)}")
        lines.append(
            DraftedDecision(
                ref="", item=_item(said, begun), text=text, at=said.start, segment=said.pieces[0].segment.id,
                outcome="none", reached_by=None, confidence=_confidence(likely, by.ranking), evidence=quotes,
            )
        )  # fmt: skip
    lines.sort(key=lambda line: line.at or 0.0)
    return [line.model_copy(update={"ref": f"D-{n:02d}"}) for n, line in enumerate(lines, 1)]


def likely_actions(
    by: Ranked, found: Sequence[DraftedAction], *, attendance: Attendance, begun: Sequence[Begun]
) -> list[DraftedAction]:
    """What is plain in `found` and, away from that, what sounds like a task; numbered A-01 onwards as said."""
    plain = [line for line in found if line.confidence >= _PLAIN]
    tasks = _Tasks(by, attendance)
    lines = [line for line in plain if not tasks.others_are_named(line)]
    taken = [(line.at, tuple(line.owner)) for line in lines if line.at is not None]
    for task, likely in tasks.apart_from(taken):
        said = task.sentence
        quotes, clause = _evidence(said, by.sentences), said.text[task.offset : task.end]
        whose = f"for {' and '.join(task.owner)}, " if task.owner else ""
        text = sentence(
            f"Action to be confirmed, {whose}raised by {bare_name(said.speaker or 'a speaker')}: "
            f"{reported(clause) or clause or quotes[0].quote}"
        )
        lines.append(
            DraftedAction(
                ref="", item=_item(said, begun), text=text, at=said.at(task.offset),
                segment=said.piece_at(task.offset).segment.id, owner=list(task.owner), due=None,
                confidence=_confidence(likely, by.ranking), evidence=quotes,
            )
        )  # fmt: skip
    lines.sort(key=lambda line: line.at or 0.0)
    return [line.model_copy(update={"ref": f"A-{n:02d}"}) for n, line in enumerate(lines, 1)]


class _Tasks:
    """What sounds like a task: clauses that hand one out, and sentences that hand out none in so many words."""

    def __init__(self, by: Ranked, attendance: Attendance) -> None:
        self._by, self._table, self._given = by, Table(by.sentences, attendance), list[Given]()
        if not math.isinf(by.ranking.least):
            worth = [said for said in by.sentences if by.likely[said.number] >= by.ranking.possible]
            self._given = handed_out(worth, self._table)

    def others_are_named(self, line: DraftedAction) -> bool:
        """Whether the clause of a line names somebody else: "I will ask Jo to send it" is Jo's."""
        here = [c for c in self._given if c.how == "named" and c.sentence.piece_at(c.offset).segment.id == line.segment]
        return bool(here) and not any(set(clause.owner) & set(line.owner) for clause in here)

    def apart_from(self, taken: Sequence[tuple[float, tuple[str, ...]]]) -> Iterator[tuple[Given, float]]:
        """Each task with its likelihood, the likeliest first, apart from each other and from what is `taken`."""
        used = [*taken]
        by = self._by
        for clause in sorted(self._given, key=lambda one: -by.likely[one.sentence.number]):
            at, likely = clause.sentence.at(clause.offset), by.likely[clause.sentence.number]
            near = any(abs(at - other) < (_OWN_APART if whose == clause.owner else _APART) for other, whose in used)
            if clause.how != "own" and likely >= by.ranking.given and not near:
                used.append((at, clause.owner))
                yield clause, likely
        for said, likely in by.apart([at for at, _ in used], least=by.ranking.least):
            yield Given(said, 0, len(said.text), owner_of(said, self._table, self._given), "own"), likely


def pace_of(sentences: Sequence[Sentence], kind: str) -> Ranking:
    """How a kind of line ('decision', 'action') is ranked in talk of this pace."""
    minutes = max(1.0, sentences[-1].start - sentences[0].start) / 60
    return (_IN_A_ROOM if len(sentences) / minutes >= _TALK else _ON_A_CALL)[kind]


def said_by(said: Sentence) -> str:
    """'Jo Bloggs said that they would go for the later date': a sentence in reported speech."""
    clause = reported(said.text) or said.text
    clause = clause if re.match(r"(?:I\b|[A-Z]{2,}|[A-Z][a-z]+ [A-Z])", clause) else clause[:1].lower() + clause[1:]
    return f"{bare_name(said.speaker or 'a speaker')} said that {clause}"


def _evidence(said: Sentence, sentences: Sequence[Sentence]) -> list[Evidence]:
    """The sentence, and the one after it where it is too short to be understood alone."""
    quotes = said.evidence()
    if len(said.text.split()) < _SHORTEST:
        for other in sentences[said.number + 1 : said.number + 2]:
            quotes += [quote for quote in other.evidence() if quote not in quotes]
    return quotes


def _item(said: Sentence, begun: Sequence[Begun]) -> str | None:
    item = item_at(said.number, begun)
    return item.item if item else None


def _confidence(likely: float, ranking: Ranking) -> float:
    return round(min(_MOST_CONFIDENT, 0.2 + 0.1 * likely / ranking.least), 2)
