"""Viewpoints: what a constituency or a speaker holds on an item, in reported speech. Nobody's view is guessed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.formats import Attendance, DraftedViewpoint, Stance
from bot.headlines.agenda import Begun, item_at
from bot.headlines.assent import objects, withdraws_objection
from bot.headlines.people import attendee_of, bare_name, same_person, spoken_constituency
from bot.headlines.sentences import Sentence, turns_of
from bot.headlines.wording import reported, sentence

_OWN = r"\b(?:i|we|i'm|we're|i've|we've|my|our|i'd|we'd)\b"
_HOLDER = (
    r"\b(?:i|we|representatives?|suppliers?|agents?|dnos?|idnos?|constituency|members|elexon|ofgem|eso|dcc|recco"
    r"|consumers?)\b"
)
_ABSTAINS = re.compile(
    r"\babstain(?:s|ed|ing)?\b|\bno (?:strong |particular )?(?:view|position|preference)\b|\bneutral\b|\bno view "
    r"recorded\b",
    re.IGNORECASE,
)
_CONCERN = re.compile(
    r"\b(?:concern(?:s|ed|ing)?|worr(?:y|ied|ies|ying)|nervous|reservations?|uncomfortable|too (?:short|tight|soon"
    r"|late|much|fast|early|expensive)|not enough|"
    r"struggl\w+|disappoint\w+|frustrat\w+|problem(?:s|atic)?|danger|alarming|gap|risk)\b",
    re.IGNORECASE,
)
_SUPPORT = re.compile(
    rf"{_HOLDER}(?: [\w']+){{0,3}}? supports?\b(?! (?:for|to|from|and)\b)|\bsupportive of\b|"
    r"\b(?:in favou?r of|welcome(?:s|d)? (?:the|this|that)|endorse[sd]?|agree (?:with|that)|happy with|content with"
    r"|pleased (?:with|that|to see)|"
    r"i agree|we agree|good idea|right (?:thing|approach)|comfortable with)\b",
    re.IGNORECASE,
)
_ASK = re.compile(
    r"\?$|\b(?:i(?:'d| would) (?:like|want) to (?:ask|know)|can i (?:just )?ask|could i ask|my question|i "
    r"wonder(?:ed)? (?:if|whether|what|how))\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    rf"{_OWN} (?:\w+ )?(?:think|believe|feel|would say|see|expect|prefer|suggest|want|need|recognise|understand"
    rf"|know)\b|\b(?:it's|it is) (?:\w+ )?(?:important|vital|essential|crucial|clear|key)\b|"
    r"\b(?:our|my) (?:view|position|experience|understanding|preference|feedback|members)\b|\bthe (?:key|main"
    r"|important) (?:thing|point|issue)\b",
    re.IGNORECASE,
)
_OWN_VIEW = re.compile(_OWN, re.IGNORECASE)
_WEIGHT: dict[Stance, int] = {"objects": 6, "abstains": 5, "concern": 4, "supports": 4, "asks": 3, "comments": 2}
_FEWEST_WORDS, _FEWEST_ASKED = 8, 9
_OPENING = 0.15  # of the words: introductions at the start, thanks and papers to note at the end
_PAUSES: dict[Stance, float] = {"comments": 240.0, "asks": 150.0, "supports": 60.0, "concern": 60.0}  # seconds


@dataclass(frozen=True)
class _Voice:
    who: str
    speaker: str | None
    constituency: str | None
    says_from: int  # where in the sentence the view begins, after "speaking for the Large Suppliers"


def viewpoints_in(
    sentences: Sequence[Sentence],
    *,
    chair: str | None,
    attendance: Attendance,
    begun: Sequence[Begun],
    closing: Iterable[str],
) -> list[DraftedViewpoint]:
    """The weightiest view of each turn but the Chair's. Without speakers: what a sentence attributes, and objections.

    `closing` are the ids of segments that close a decision; without speakers they are nobody's view.
    """
    drafted: list[DraftedViewpoint] = []
    closed = frozenset(closing)
    discussed = _middle(sentences)
    for turn in turns_of(sentences):
        if turn[0].speaker is not None and (turn[0].speaker == chair or _is_programme(turn[0].speaker, attendance)):
            continue
        views = [
            (stance, said) for said in turn if not said.is_doubtful and (stance := stance_of(said.text)) is not None
        ]
        if not views:
            continue
        stance, said = max(views, key=lambda view: (_WEIGHT[view[0]], min(len(view[1].text.split()), 30)))
        if _lately(stance, said, drafted):
            continue
        voice = _voice(said, sentences, attendance)
        passing = stance == "comments" or said.number not in discussed
        if passing and stance != "objects" and _speaks_for_nobody(said, voice, attendance):
            continue
        own = stance in ("objects", "concern") and bool(_OWN_VIEW.search(said.text))
        if voice.speaker is None and voice.constituency is None and (not own or said.pieces[0].segment.id in closed):
            continue
        drafted.append(_drafted(stance, said, voice, begun))
    return drafted


def _speaks_for_nobody(said: Sentence, voice: _Voice, attendance: Attendance) -> bool:
    """Whether a known voice has neither a constituency nor a part on file: a guest, remarking in passing."""
    member = attendee_of(said.speaker, attendance)
    return said.speaker is not None and voice.constituency is None and not (member and member.role)


def _middle(sentences: Sequence[Sentence]) -> range:
    """The numbers of the sentences between the opening and the closing of the meeting, by words spoken."""
    words = list(accumulate(len(said.text.split()) for said in sentences))
    edge = _OPENING * words[-1] if words else 0.0
    return range(bisect_left(words, edge), bisect_right(words, (words[-1] if words else 0.0) - edge))


def _is_programme(speaker: str, attendance: Attendance) -> bool:
    """The Programme's own people hold no industry view (rules: they are no constituency)."""
    member = attendee_of(speaker, attendance)
    return member is not None and (member.role or "").lower() in ("programme", "secretariat", "chair")


def _lately(stance: Stance, said: Sentence, drafted: Sequence[DraftedViewpoint]) -> bool:
    """Whether the same voice said as much a little before: a report gives a view once."""
    pause = _PAUSES.get(stance, 0.0)
    mine = (
        v
        for v in reversed(drafted[-12:])
        if said.speaker and v.stance == stance and v.speaker and same_person(v.speaker, said.speaker)
    )
    return any(view.at is not None and 0 <= said.start - view.at < pause for view in mine)


def stance_of(text: str) -> Stance | None:
    """What a sentence does: supports, concern, objects, asks, abstains, comments; None where it holds no view."""
    words = len(text.split())
    stance: Stance | None = None
    if _ASK.search(text.rstrip()):
        stance = "asks" if words >= _FEWEST_ASKED else None
    elif withdraws_objection(text):
        stance = "comments"
    elif objects(text):
        return "objects" if words >= 4 else None
    elif _ABSTAINS.search(text) and _OWN_VIEW.search(text):
        return "abstains"
    elif _SUPPORT.search(text) and words >= 5:
        stance = "supports"
    elif words >= _FEWEST_WORDS and _CONCERN.search(text):
        stance = "concern"
    elif words >= _FEWEST_WORDS and _COMMENT.search(text):
        stance = "comments"
    return stance


def _voice(said: Sentence, sentences: Sequence[Sentence], attendance: Attendance) -> _Voice:
    constituency, observer, ends = spoken_constituency(said.text, attendance)
    if said.speaker:
        member = attendee_of(said.speaker, attendance)
        seat = member.constituency if member else constituency
        name = member.name if member else bare_name(said.speaker)
        return _Voice(f"The {seat} Representative" if seat else name, name, seat, max(0, ends))
    if not (constituency or observer) and said.number:
        before = sentences[said.number - 1]
        if len(before.text.split()) <= 12:  # "Speaking for the Large Suppliers." and then the view
            constituency, observer, _ = spoken_constituency(before.text, attendance)
            ends = -1
    if constituency:
        return _Voice(f"The {constituency} Representative", None, constituency, max(0, ends))
    if observer:
        return _Voice("The IPA" if observer == "IPA" else observer, observer, None, max(0, ends))
    return _Voice("A speaker", None, None, 0)


def _drafted(stance: Stance, said: Sentence, voice: _Voice, begun: Sequence[Begun]) -> DraftedViewpoint:
    item = item_at(said.number, begun)
    return DraftedViewpoint(
        item=item.item if item else None,
        speaker=voice.speaker,
        constituency=voice.constituency,
        stance=stance,
        text=_line(stance, said.text[voice.says_from :].lstrip(" ,.:;-"), voice.who),
        at=said.start,
        segment=said.pieces[0].segment.id,
        evidence=said.evidence(),
    )


def _line(stance: Stance, said: str, who: str) -> str:
    if withdraws_objection(said):
        return sentence(f"{who} withdrew the objection made earlier")
    clause = reported(said)
    clause = clause if re.match(r"^(?:I\b|[A-Z]{2,}|[A-Z][a-z]+ [A-Z])", clause) else clause[:1].lower() + clause[1:]
    if supported := re.match(
        r"^(?:(?:they|the group) )?(?:(?:very|fully|strongly|also|generally) )?support(?:s|ed)? (.+)", clause
    ):
        return sentence(f"{who} supported {supported[1]}")
    if objected := re.match(r"^(?:they )?(also )?object(?:s|ed)?(?: (to .+))?$", clause):
        return sentence(f"{who} {objected[1] or ''}objected {objected[2] or ''}")
    if about := re.match(
        r"^(?:they (?:were|had) |their (?:main )?)?(?:a )?(?:very |really |quite )?(?:concern(?:ed|s)?|worried)(?: "
        r"was)? (that|about) (.+)",
        clause,
    ):
        return sentence(f"{who} expressed concern {about[1]} {about[2]}")
    if stated := re.match(r"^they (thought|believed|felt|agreed|suggested|proposed) that (.+)", clause):
        return sentence(f"{who} {stated[1]} that {stated[2]}")
    return sentence(f"{who} {_HEADS[stance]} {clause}")


_HEADS: dict[Stance, str] = {
    "supports": "expressed support, saying that",
    "concern": "raised a concern, saying that",
    "objects": "objected, saying that",
    "asks": "asked:",
    "abstains": "took no position, saying that",
    "comments": "said that",
}
