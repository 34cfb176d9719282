"""Decisions: the Chair's closures, read with what was said around them.

A refusal or an objection drafted as agreement is the worst error, so an acceptance stands only where no objection is
left open near it, or where the Chair plainly rules; everything else is "outcome to be confirmed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats import Agenda, DecisionOutcome, DraftedDecision, Evidence, ReachedBy
from bot.headlines.agenda import Begun, item_at
from bot.headlines.assent import assents, is_conditional, is_ironic, objects, refuses, withdraws_objection
from bot.headlines.closures import Closure, closure_in, condition_in, rules_in
from bot.headlines.matters import PAPERS_TO_NOTE, matter_of, published_matter, settled
from bot.headlines.sentences import Sentence
from bot.headlines.wording import Matter, decision_line

_NEW_MATTER = re.compile(
    r"\bitem (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b|\bnext item\b|\bmov(?:e|ing) on\b"
    r"|\bturn(?:ing)? (?:now )?to\b"
    r"|\bany other business\b|\bmotion under standing order\b|\bpapers? to note\b|\brecommendation (?:one|two|three"
    r"|four|\d)\b",
    re.IGNORECASE,
)
_ONE_VOICE = re.compile(r"\bi(?: do| can| ca| could| will| wo| would| am|'m|'d|'ll)?(?: not|n't)\b", re.IGNORECASE)
_SCRIBED = re.compile(r"^(?:\[?\w+:?\]?:? )?(?:resolved|resolution|decision)\s?:", re.IGNORECASE)
_REPLIES, _REPLY_SECONDS = 15, 300.0  # a round of the constituencies takes its time
_SAME_MATTER, _SAME_SECONDS = 6, 60.0
_VIEWS, _VIEWS_SECONDS = 25, 240.0
_RULING_SENTENCES = 3
_HARDLY_HEARD = 0.2  # the confidence of what the recogniser was not sure of
_FEW_WORDS = 5  # of a reply that must be a yes or is none
_RETRACTIONS, _RETRACTION_SECONDS = 4, 30.0


@dataclass(frozen=True)
class _Found:
    sentence: Sentence
    closure: Closure


@dataclass(frozen=True)
class _Reading:
    """What the words around a closure make of it, and the sentences that say so."""

    outcome: DecisionOutcome
    reached_by: ReachedBy | None
    confidence: float
    because: tuple[Sentence, ...] = ()


def decisions_in(
    sentences: Sequence[Sentence], *, chair: str | None, level: int | None, agenda: Agenda, begun: Sequence[Begun]
) -> list[DraftedDecision]:
    """Every closure as a drafted decision, in the order said, numbered D-01 onwards.

    `level` 4 groups do not decide (DEL267): theirs is reached by "recommendation".
    """
    clusters = _clusters(_closures(sentences, chair), sentences)
    drafted: list[DraftedDecision] = []
    for i, cluster in enumerate(clusters):
        after = clusters[i - 1][-1].sentence.number + 1 if i else 0
        before = clusters[i + 1][0].sentence.number if i + 1 < len(clusters) else len(sentences)
        reading = _read(cluster, sentences, range(after, before), chair)
        if reading is not None:
            ref = f"D-{len(drafted) + 1:02d}"
            drafted.append(
                _drafted(ref, cluster, reading, sentences[after:before], level=level, agenda=agenda, begun=begun)
            )
    return drafted


def _closures(sentences: Sequence[Sentence], chair: str | None) -> list[_Found]:
    found = []
    for sentence in sentences:
        said_by_chair = chair is None or sentence.speaker in (None, chair)
        closure = closure_in(sentence.text)
        if closure and chair is None and sentence.speaker and _is_one_voice(closure, sentence):
            continue  # "I don't agree": an objection, unless a Chair says it
        if closure and (
            said_by_chair or _SCRIBED.match(sentence.text) or (closure.outcome == "withdrawn" and not closure.asked)
        ):
            found.append(_Found(sentence, closure))
    return found


def _is_one_voice(closure: Closure, sentence: Sentence) -> bool:
    said = sentence.text[closure.start : closure.end]
    return closure.outcome == "reject" and not closure.asked and not closure.rules and bool(_ONE_VOICE.match(said))


def _clusters(found: Sequence[_Found], sentences: Sequence[Sentence]) -> list[list[_Found]]:
    """Closures that belong to one matter: a question, and what the Chair then finds."""
    clusters: list[list[_Found]] = []
    for here in found:
        if clusters and _continues(clusters[-1], here, sentences):
            clusters[-1].append(here)
        else:
            clusters.append([here])
    return clusters


def _continues(cluster: Sequence[_Found], here: _Found, sentences: Sequence[Sentence]) -> bool:
    last = cluster[-1]
    most, seconds = (_REPLIES, _REPLY_SECONDS) if last.closure.asked else (_SAME_MATTER, _SAME_SECONDS)
    near = here.sentence.number - last.sentence.number <= most and here.sentence.start - last.sentence.start <= seconds
    between = sentences[last.sentence.number + 1 : here.sentence.number + 1]
    if not near or any(_NEW_MATTER.search(s.text) for s in between) or _SCRIBED.match(here.sentence.text):
        return False
    if here.closure.asked:
        return last.closure.asked and (here.closure.matter is None or last.closure.matter is None)
    same = here.closure.matter is None or last.closure.matter is None or last.closure.asked
    return same or _alike(here.closure.matter, last.closure.matter)


def _alike(one: Matter | None, other: Matter | None) -> bool:
    if one is None or other is None:
        return True
    a, b = set(one.words.lower().split()), set(other.words.lower().split())
    return len(a & b) >= 0.5 * min(len(a), len(b))


def _near(sentences: Sequence[Sentence], within: range, start: int, most: int, seconds: float) -> list[Sentence]:
    """The sentences that follow number `start`, as long as the matter is the same."""
    near: list[Sentence] = []
    for sentence in sentences[start + 1 : min(start + 1 + most, within.stop)]:
        if sentence.start - sentences[start].start > seconds or _NEW_MATTER.search(sentence.text):
            break
        near.append(sentence)
    return near


def _views_before(sentences: Sequence[Sentence], within: range, end: int) -> list[Sentence]:
    """What was said on the matter before sentence `end`, back to where the matter began."""
    views: list[Sentence] = []
    for sentence in reversed(sentences[max(within.start, end - _VIEWS) : end]):
        if sentences[end].start - sentence.start > _VIEWS_SECONDS:
            break
        views.append(sentence)
        if _NEW_MATTER.search(sentence.text):
            break
    return views[::-1]


def _read(
    cluster: Sequence[_Found], sentences: Sequence[Sentence], within: range, chair: str | None
) -> _Reading | None:
    """What became of the matter. None where a question was only asked in passing."""
    last = cluster[-1]
    if any(found.sentence.is_doubtful for found in cluster):
        return _Reading("none", None, _HARDLY_HEARD)
    if last.closure.asked:
        return _read_question(last, sentences, within, chair)
    outcome = last.closure.outcome
    if outcome not in ("accept", "accept_subject_to"):
        before = sentences[max(within.start, last.sentence.number - _RULING_SENTENCES) : last.sentence.number]
        ruled = last.closure.rules or any(rules_in(s.text) for s in before)
        return _Reading(outcome, _by_chair(last) if outcome == "reject" and ruled else None, last.closure.sure)
    if any(
        is_ironic(s.text)
        for s in [last.sentence, *_near(sentences, within, last.sentence.number, 1, _RETRACTION_SECONDS)]
    ):
        return _Reading("none", None, 0.2)
    return _read_acceptance(cluster, sentences, within)


def _read_acceptance(cluster: Sequence[_Found], sentences: Sequence[Sentence], within: range) -> _Reading:
    last = cluster[-1]
    number = last.sentence.number
    retracted = [s for s in _near(sentences, within, number, _RETRACTIONS, _RETRACTION_SECONDS) if objects(s.text)]
    if retracted:
        return _Reading("none", None, 0.3, tuple(retracted[:1]))
    views = [*_views_before(sentences, within, number), last.sentence]
    if open_objection := _open_objection(views, last) or _doubtful_reply(cluster, sentences):
        ruling = last.closure.rules or rules_in(sentences[max(within.start, number - 1)].text)
        if not ruling or open_objection is last.sentence:
            return _Reading("none", None, 0.3, (open_objection,))
        return _Reading(last.closure.outcome, _by_chair(last), min(last.closure.sure, 0.7), (open_objection,))
    questions = [found.closure for found in cluster if found.closure.asked]
    asked = bool(questions)
    outcome = last.closure.outcome
    if outcome == "accept" and questions:  # "that is agreed" agrees to what was asked, be it to refuse
        outcome = questions[-1].outcome
    agreed = re.search(r"agree|greed|content|consensus|unanim|object|hearing|all", last.sentence.text, re.IGNORECASE)
    reached_by: ReachedBy | None = "consensus" if asked or agreed else None
    if last.closure.rules:
        reached_by = _by_chair(last)
    if outcome not in ("accept", "accept_subject_to", "reject"):
        reached_by = None
    return _Reading(outcome, reached_by, min(0.9, last.closure.sure + (0.1 if asked else 0.0)))


def _open_objection(views: Sequence[Sentence], last: _Found) -> Sentence | None:
    """The last objection that nobody took back."""
    still_open: Sentence | None = None
    for view in views:
        text = view.text
        if view is last.sentence:  # the closure's own words are no objection, what stands around them may be
            text = f"{text[: last.closure.start]} ; {text[last.closure.end :]}"
        if objects(text) or (view is last.sentence and _half_hearted(text)):
            still_open = view
        elif withdraws_objection(text):
            still_open = None
    return still_open


def _doubtful_reply(cluster: Sequence[_Found], sentences: Sequence[Sentence]) -> Sentence | None:
    """What somebody answered to the question before an acceptance, where it is no plain yes and was not taken back."""
    asked = next((found for found in reversed(cluster[:-1]) if found.closure.asked), None)
    if asked is None:
        return None
    replies = sentences[asked.sentence.number + 1 : cluster[-1].sentence.number]
    doubtful = _unanswered(asked, replies)
    for reply in replies:
        if withdraws_objection(reply.text):
            doubtful = None
        elif refuses(reply.text, to_any_objections=asked.closure.any_objections) or _evades(reply, asked):
            doubtful = reply
    return doubtful


def _unanswered(asked: _Found, replies: Sequence[Sentence]) -> Sentence | None:
    """The first reply of other voices where none of theirs is a yes: the Chair's own thanks agree to nothing."""
    others = [r for r in replies if r.speaker is not None and r.speaker != asked.sentence.speaker]
    any_objections = asked.closure.any_objections
    if any(_says_yes(r, any_objections) or withdraws_objection(r.text) for r in others):
        return None
    return others[0] if others else None


def _says_yes(reply: Sentence, any_objections: bool) -> bool:
    """A yes that was surely heard: what the recogniser is not sure of agrees to nothing."""
    return assents(reply.text, to_any_objections=any_objections) and not reply.is_doubtful


def _evades(reply: Sentence, asked: _Found) -> bool:
    """A few words of another voice that are no yes: "well, one", "we'd rather not"."""
    other = reply.speaker is not None and reply.speaker != asked.sentence.speaker
    few = len(reply.text.split()) <= _FEW_WORDS and not reply.text.rstrip().endswith("?")
    return other and few and not assents(reply.text, to_any_objections=asked.closure.any_objections)


def _half_hearted(around: str) -> bool:
    return bool(
        re.search(
            r"\bbut (?:not|only|i|we|the|let's|first|before)\b|\bexcept (?:for|that)\b|\bapart from\b|\bi don't "
            r"think\b",
            around,
            re.IGNORECASE,
        )
    )


def _read_question(asked: _Found, sentences: Sequence[Sentence], within: range, chair: str | None) -> _Reading | None:
    closure, number = asked.closure, asked.sentence.number
    open_objection = _open_objection(_views_before(sentences, within, number), asked)
    replies = _near(sentences, within, number, _REPLIES, _REPLY_SECONDS)
    rest = asked.sentence.text[closure.end :].strip(" ?,.")
    rest = re.sub(r"^(?:to|with|on|that)\b[^,?]*", "", rest).strip(" ?,.") if not closure.any_objections else rest
    yes = bool(rest) and assents(rest, to_any_objections=closure.any_objections)
    for reply in replies:
        refused = refuses(reply.text, to_any_objections=closure.any_objections and not yes)
        if refused or is_ironic(reply.text) or (not yes and _evades(reply, asked)):
            open_objection = reply
        elif withdraws_objection(reply.text):
            open_objection, yes = None, True
        elif open_objection is not reply and _says_yes(reply, closure.any_objections):
            yes = True
    one_here = closure.any_objections and bool(re.match(r"(?:yes|yeah|yep)\b", rest, re.IGNORECASE))
    if one_here or objects(asked.sentence.text[closure.end :]) or (bool(rest) and is_conditional(rest)):
        open_objection = asked.sentence
    answered = next((n for n, r in enumerate(replies) if r.speaker == asked.sentence.speaker), len(replies))
    open_objection = open_objection or _unanswered(asked, replies[:answered])
    if open_objection is not None:
        return _Reading("none", None, 0.3, (open_objection,))
    if not yes:
        return _Reading("none", None, 0.25) if closure.matter and closure.sure >= 0.75 and chair else None
    reached_by: ReachedBy | None = "consensus" if closure.outcome in ("accept", "accept_subject_to", "reject") else None
    return _Reading(closure.outcome, reached_by, closure.sure)


def _by_chair(found: _Found) -> ReachedBy:
    return "sro" if re.search(r"\bsro\b", found.sentence.text, re.IGNORECASE) else "chair"


def _drafted(
    ref: str, cluster: Sequence[_Found], reading: _Reading, views: Sequence[Sentence], *,
    level: int | None, agenda: Agenda, begun: Sequence[Begun],
) -> DraftedDecision:  # fmt: skip
    last = cluster[-1]
    item = item_at(last.sentence.number, begun)
    own = [found.closure.matter for found in reversed(cluster) if found.closure.matter]
    published = published_matter(item.item if item else None, agenda)
    matter, source = matter_of(own, cluster[0].sentence, views, published)
    tail = next((found.closure.tail for found in reversed(cluster) if found.closure.tail), "")
    outcome, matter, tail = settled(
        reading.outcome, matter, tail, refused=last.closure.outcome == "reject" and bool(source)
    )
    following = [s for s in views if s.number == last.sentence.number + 1]
    if (
        outcome == "accept"
        and following
        and re.match(r"^(?:so |but |and )?(?:subject to|on condition|provided)\b", following[0].text, re.IGNORECASE)
    ):
        outcome, tail, source = "accept_subject_to", condition_in(following[0].text), [*source, following[0]]
    if outcome == "accept" and matter.words == PAPERS_TO_NOTE:
        outcome = "noted"
    if outcome == "none":
        tail = ""
    where = last.sentence.piece_at(last.closure.start).segment
    return DraftedDecision(
        ref=ref,
        item=item.item if item else None,
        text=decision_line(outcome, matter, tail, decides=level != 4),
        at=last.sentence.at(last.closure.start),
        segment=where.id,
        outcome=outcome,
        reached_by=_reached_by(outcome, reading, level),
        confidence=round(reading.confidence if last.sentence.speaker else max(0.2, reading.confidence - 0.05), 2),
        evidence=_evidence(cluster, [*source, *reading.because]),
    )


def _reached_by(outcome: DecisionOutcome, reading: _Reading, level: int | None) -> ReachedBy | None:
    if outcome not in ("accept", "accept_subject_to", "reject", "refer", "escalate"):
        return None
    return "recommendation" if level == 4 else reading.reached_by


def _evidence(cluster: Sequence[_Found], others: Sequence[Sentence]) -> list[Evidence]:
    """The closure's words first, then the question, the proposal and the objection; none twice."""
    quotes: list[Evidence] = []
    for found in (cluster[-1], *cluster[:-1]):
        quotes += found.sentence.evidence(found.closure.start)
    for sentence in others:
        quotes += sentence.evidence()
    return [quote for i, quote in enumerate(quotes) if quote not in quotes[:i]]
