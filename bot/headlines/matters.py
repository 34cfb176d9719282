"""What a decision is about: the closure's own words, the proposal made before, or the published agenda."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.formats import Agenda, DecisionOutcome
from bot.headlines.agenda import item_keys
from bot.headlines.closures import moved_thing
from bot.headlines.sentences import Sentence
from bot.headlines.wording import REFUSED, Matter, infinitive, plain, reported

_PROPOSALS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (form, re.compile(pattern, re.IGNORECASE))
    for form, pattern in (
        ("to", r"\b(?:recommendation|proposal|motion|ask|request|decision)(?: [\w']+){0,4}? (?:is|would be|was"
               r"|being)(?: for [\w ]{2,25}?)? to ([a-z](?:[^.?!;]|\.(?=\d))+)"),
        ("that", r"\b(?:recommendation|proposal|motion)(?: [\w']+){0,4}? (?:is|would be|was|being) that ((?:[^.?!;]"
                 r"|\.(?=\d))+)"),
        ("to", r"\b(?:asked|asking|invited|inviting|asks|invites|recommend(?:s|ing)?|propos(?:e|es|ing)|moves?)(?: "
               r"(?:the [\w ]{3,20}|members|psg|\w{2,4}(?:ag|wg)|you|us))? to ([a-z](?:[^.?!;]|\.(?=\d))+)"),
        ("that", r"\b(?:recommend|propose|suggest|move)(?:s|d|ing)?,?(?: in accordance with [^,]+,)? that "
                 r"((?:[^.?!;]|\.(?=\d))+)"),
        ("noun", r"\b(?:approval|agreement|endorsement|sign-off|decision) (?:of|for|on|to) ((?:the|this|a|an|our"
                 r"|change|cr|option|version)\b[^.?!;,]+)"),
        ("noun", r"\b(?:propos(?:e|es|ing)|moves?|is) (a motion (?:[^.?!;]|\.(?=\d))+)"),
        ("noun", r"\bpropos(?:e|es|ing) ((?:the|a|an|moving|using|adopting)\b(?:[^.?!;]|\.(?=\d))+)"),
        ("noun", r"\b(?:first|next|only|one)? ?(papers? to note|minutes of (?:the )?[\w ]+|change request \w+|cr "
                 r"?\d+)\b"),
    )
)  # fmt: skip
_NOTHING_NAMED = Matter("noun", "the matter put to the meeting")
_ACTS: tuple[tuple[DecisionOutcome, str], ...] = (
    ("reject", r"(?:reject|refuse|decline|turn down|not (?:approve|accept|endorse|adopt|support|agree|proceed with))"),
    ("deferred", r"(?:defer|postpone)"),
    ("refer", r"refer"),
    ("escalate", r"escalate"),
    ("withdrawn", r"withdraw"),
    ("noted", r"note"),
)
_MOVING = ("deferred", "refer", "escalate")
PAPERS_TO_NOTE = "the papers put to it for information"

_LATELY_SECONDS = 240.0
_APPROVING = re.compile(
    r"(?:the )?(?:psg|group|committee|members|[a-z]{2,4}(?:ag|wg|sg)) "
    r"(?:approves?|accepts?|endorses?|adopts?|agrees?(?: to)?) ((?:the|this|a|an|our|change|cr|option|version)\b.+)",
    re.IGNORECASE,
)


def matter_of(
    own: Sequence[Matter], first: Sentence, views: Sequence[Sentence], fallback: Matter
) -> tuple[Matter, list[Sentence]]:
    """What is decided, and the sentence it was taken from where that is not a closure itself.

    `own` is what the closures say, the last first; `views` what was said before `first`, the first closure.
    """
    specific = next((m for m in own if m.form != "noun" or not _is_general(m.words)), None)
    if specific:
        return specific, []
    lately = [s for s in views if s.number <= first.number and first.start - s.start <= _LATELY_SECONDS]
    for view in reversed(lately[-12:]):
        for form, pattern in _PROPOSALS:
            found = pattern.search(view.text)
            if found and (matter := _put(form, found[1])).words:
                return matter, [view]
    return (own[0] if own else fallback), []


def _put(form: str, said: str) -> Matter:
    """The matter of a proposal. "That PSG approves the plan" is about the plan."""
    if form == "that":
        approving = _APPROVING.match(said)
        return Matter("noun", plain(approving[1])) if approving else Matter("that", reported(said))
    words = infinitive(said) if form == "to" else plain(said)
    return Matter(form, PAPERS_TO_NOTE if re.fullmatch(r"papers? to note", words, re.IGNORECASE) else words)


def settled(
    outcome: DecisionOutcome, matter: Matter, tail: str, *, refused: bool
) -> tuple[DecisionOutcome, Matter, str]:
    """Outcome, matter and tail as the words of the matter have them: an agreement to refuse is a refusal.

    `refused`: the proposal itself was turned down, so "to reject it" must stay as it was put.
    """
    agreed = outcome in ("accept", "accept_subject_to")
    if matter.form == "that" and agreed and REFUSED.search(matter.words):
        return "reject", matter, ""
    for act, verb in _ACTS:
        found = re.match(rf"{verb} (.+)", matter.words, re.IGNORECASE)
        if found and matter.form == "to" and not refused and (agreed or outcome in (act, "none")):
            thing = moved_thing(found[1]) if act in _MOVING else found[1]
            rest = found[1][len(thing) :].strip() if act in _MOVING else ""
            noun = (
                _NOTHING_NAMED
                if thing.lower() in ("", "it", "this", "that", "them", "these", "those")
                else Matter("noun", thing)
            )
            return (outcome, matter, "") if outcome == "none" else (act, noun, tail or rest)
    return outcome, matter, tail


def _is_general(words: str) -> bool:
    return bool(
        re.fullmatch(
            r"(?:the|this|that|both|all|our) (?:recommendations?|proposals?|papers?|plan|motion|item|request|option)s?",
            words.strip(),
            re.IGNORECASE,
        )
    )


def published_matter(key: str | None, agenda: Agenda) -> Matter:
    """Where nobody says what is decided: the published recommendation, else the item's title."""
    for place, item in zip(item_keys(agenda), agenda.items, strict=True):
        if place == key and item.recommendation:
            words = re.sub(r"^(?:that the \w+ )?to ", "", item.recommendation.strip().rstrip("."))
            return Matter("to", words[:1].lower() + words[1:])
        if place == key:
            return Matter("noun", f"the item “{item.title}”")
    return _NOTHING_NAMED
