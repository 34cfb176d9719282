"""Decisions and actions of meetings that nobody chairs formally: project talk in a room, calls taken down by a scribe.

There nobody closes an item, so the rules for a Chair's words find little. The learnt ranking (`learnt.py`) says where
to listen. What it holds likeliest is drafted: each such line says "to be confirmed", has no outcome, and is doubtful by
its confidence. The rest stands apart (`possible.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats import Attendance, DraftedAction, DraftedDecision, Evidence
from bot.headlines.agenda import Begun, item_at
from bot.headlines.learnt import Head, Learnt, likelihoods
from bot.headlines.people import bare_name, named_in, same_person
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
_EVERYBODY = re.compile(
    r"\b(?:you (?:guys|all|two|three|both|each)|(?:each|all|both|two) of you|everyone|everybody|each of us"
    r"|we(?:'ll| will)? each|all of us|us all)\b",
    re.IGNORECASE,
)
_YOU = re.compile(
    r"^(?:\W|um|uh|so|and|then|okay|now|well)*(?:you|you'll|you're)\b|\b(?:need|want|like|ask|for|if) you\b"
    r"|\byou(?:'ll| will|'re| are|'re gonna| have to| can| could| should)\b",
    re.IGNORECASE,
)
_FEW_PEOPLE = 5
_SHORTEST = 4  # words: less says nothing by itself
_MOST_CONFIDENT = 0.45
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


_IN_A_ROOM = {
    "decision": Ranking("decision", 1.6, 0.6, 45.0),
    "action": Ranking("action", 0.5, 0.2, 12.0, around=20.0, share=0.15),
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


def likely_decisions(
    sentences: Sequence[Sentence],
    found: Sequence[DraftedDecision],
    *,
    begun: Sequence[Begun],
    learnt: Learnt | None = None,
) -> list[DraftedDecision]:
    """What is plain in `found` and, away from that, what sounds like a decision; numbered D-01 onwards as said."""
    ranking = pace_of(sentences, "decision")
    lines = [line for line in found if line.confidence >= _PLAIN]
    taken = [line.at for line in lines if line.at is not None]
    for said, likely in picked(sentences, ranking, taken, learnt=learnt, least=ranking.least):
        quotes = _evidence(said, sentences)
        text = sentence(f"Outcome to be confirmed: {said_by(said)}")
        lines.append(
            DraftedDecision(
                ref="", item=_item(said, begun), text=text, at=said.start, segment=said.pieces[0].segment.id,
                outcome="none", reached_by=None, confidence=_confidence(likely, ranking), evidence=quotes,
            )
        )  # fmt: skip
    lines.sort(key=lambda line: line.at or 0.0)
    return [line.model_copy(update={"ref": f"D-{n:02d}"}) for n, line in enumerate(lines, 1)]


def likely_actions(
    sentences: Sequence[Sentence],
    found: Sequence[DraftedAction],
    *,
    attendance: Attendance,
    begun: Sequence[Begun],
    learnt: Learnt | None = None,
) -> list[DraftedAction]:
    """What is plain in `found` and, away from that, what sounds like a task; numbered A-01 onwards as said."""
    ranking = pace_of(sentences, "action")
    lines = [line for line in found if line.confidence >= _PLAIN]
    taken = [line.at for line in lines if line.at is not None]
    for said, likely in picked(sentences, ranking, taken, learnt=learnt, least=ranking.least):
        owner, quotes = _owner(said, sentences, attendance), _evidence(said, sentences)
        whose = f"for {' and '.join(owner)}, " if owner else ""
        text = sentence(
            f"Action to be confirmed, {whose}raised by {bare_name(said.speaker or 'a speaker')}: "
            f"{reported(said.text) or said.text or quotes[0].quote}"
        )
        lines.append(
            DraftedAction(
                ref="", item=_item(said, begun), text=text, at=said.start, segment=said.pieces[0].segment.id,
                owner=owner, due=None, confidence=_confidence(likely, ranking), evidence=quotes,
            )
        )  # fmt: skip
    lines.sort(key=lambda line: line.at or 0.0)
    return [line.model_copy(update={"ref": f"A-{n:02d}"}) for n, line in enumerate(lines, 1)]


def pace_of(sentences: Sequence[Sentence], kind: str) -> Ranking:
    """How a kind of line ('decision', 'action') is ranked in talk of this pace."""
    minutes = max(1.0, sentences[-1].start - sentences[0].start) / 60
    return (_IN_A_ROOM if len(sentences) / minutes >= _TALK else _ON_A_CALL)[kind]


def picked(
    sentences: Sequence[Sentence],
    ranking: Ranking,
    taken: Sequence[float],
    *,
    learnt: Learnt | None,
    least: float,
) -> list[tuple[Sentence, float]]:
    """The likeliest sentences first, each well apart from those before it and from what is `taken` (seconds)."""
    likely = likelihoods(sentences, ranking.head, around=ranking.around, share=ranking.share, learnt=learnt)
    chosen: list[tuple[Sentence, float]] = []
    used = [*taken]
    for number in sorted(range(len(likely)), key=lambda n: -likely[n]):
        said = sentences[number]
        if likely[number] < least:
            break
        if re.search(r"\w", said.text) and all(abs(said.start - other) >= ranking.apart for other in used):
            chosen.append((said, likely[number]))
            used.append(said.start)
    return chosen


def said_by(said: Sentence) -> str:
    """'Jo Bloggs said that they would go for the later date': a sentence in reported speech."""
    clause = reported(said.text) or said.text
    clause = clause if re.match(r"(?:I\b|[A-Z]{2,}|[A-Z][a-z]+ [A-Z])", clause) else clause[:1].lower() + clause[1:]
    return f"{bare_name(said.speaker or 'a speaker')} said that {clause}"


def _owner(said: Sentence, sentences: Sequence[Sentence], attendance: Attendance) -> list[str]:
    """Those whom the sentence names; "I" is the speaker, "you" whoever answers; nobody where it does not say."""
    named = named_in(said.text, [m.name for m in attendance.members])
    if named:
        return named
    if _EVERYBODY.search(said.text):
        others = [m.name for m in attendance.members if said.speaker and not same_person(m.name, said.speaker)]
        return others if 0 < len(others) <= _FEW_PEOPLE else ["All"]
    if _YOU.search(said.text):
        after = sentences[said.number + 1 : said.number + 6]
        answer = next((s.speaker for s in after if s.speaker and s.speaker != said.speaker), None)
        return [bare_name(answer)] if answer else []
    own = re.search(r"\b(?:i|i'll|i'm|my|me)\b", said.text, re.IGNORECASE)
    if not own and re.search(r"\b(?:we|we'll|we're)\b", said.text, re.IGNORECASE):
        return ["All"]
    return [bare_name(said.speaker)] if said.speaker else []


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
