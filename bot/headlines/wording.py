# ruff: noqa: E501  (phrases read better whole)
"""The report's own language: reported speech in the past tense, as in minutes, made from words that were said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.formats import DecisionOutcome

_FILLER = re.compile(
    r"(?:(?<=^)|(?<=[\s,]))(?<!let )(?:u+[hm]+|e+r+m*|mm+|hmm+|you know|i mean|sort of|kind of|obviously|basically"
    r"|to be honest|if you like"
    r"|as i say|like i said)\b[,.]*\s*(?!to\b)",
    re.IGNORECASE,
)
_STUTTER = re.compile(r"\b([\w']+)((?:,? \1)+)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:(?:so|and|but|well|okay|ok|right|yes|yeah|no|now|then|thanks|thank you|chair|sorry|look|just|also|actually|"
    r"i think|i suppose|i guess|i just|mr chair|madam chair)\b[\s,.:;-]*)+",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|unable|refus\w+|reject\w+|declin\w+|oppos\w+|"
    r"object\w*|disagree\w*|against)\b|n't\b",
    re.IGNORECASE,
)
_PAST = {
    "think": "thought", "believe": "believed", "feel": "felt", "need": "needed", "want": "wanted",
    "support": "supported",
    "agree": "agreed", "object": "objected", "oppose": "opposed", "accept": "accepted", "propose": "proposed",
    "say": "said",
    "suggest": "suggested", "see": "saw", "ask": "asked", "expect": "expected", "note": "noted", "know": "knew",
    "hope": "hoped",
    "welcome": "welcomed", "understand": "understood", "recognise": "recognised", "prefer": "preferred",
    "disagree": "disagreed",
    "work": "worked", "get": "got", "go": "went", "use": "used", "find": "found", "hear": "heard",
    "provide": "provided",
    "look": "looked", "take": "took", "make": "made", "come": "came", "give": "gave", "share": "shared",
    "rely": "relied",
    "require": "required", "appreciate": "appreciated", "face": "faced", "remain": "remained",
    "endorse": "endorsed", "mean": "meant",
}  # fmt: skip
# One pass over the words, first match wins: nothing is turned twice.
_TURNS: tuple[tuple[str, str], ...] = (
    (r"i am|i'm|i was", "they were"), (r"(?:that|it|there)'s(?= (?:got|been|had|become)\b)", "it had"),
    (r"we are|we're", "they were"), (r"you are|you're", "the group was"),
    (r"i've|i have", "they had"), (r"we've|we have", "they had"), (r"you've|you have", "the group had"),
    (r"i'll|i will", "they would"), (r"we'll|we will", "they would"), (r"you'll|you will", "the group would"),
    (r"i'd", "they would"), (r"we'd", "they would"), (r"you'd", "the group would"),
    (r"it's|it is", "it was"), (r"that's|that is", "that was"), (r"there's|there is", "there was"), (r"there are",
    "there were"),
    (r"they're", "they were"), (r"they've", "they had"), (r"they'll", "they would"), (r"what's", "what was"),
    (r"don't|doesn't|do not|does not", "did not"), (r"can't|cannot|can not", "could not"), (r"won't|will not",
    "would not"),
    (r"isn't|is not", "was not"), (r"aren't|are not", "were not"), (r"haven't|hasn't", "had not"),
    (r"didn't", "did not"), (r"wouldn't", "would not"), (r"couldn't", "could not"), (r"shouldn't", "should not"),
    (r"wasn't", "was not"), (r"weren't", "were not"), (r"hadn't", "had not"),
    (r"is", "was"), (r"are", "were"), (r"has", "had"), (r"have(?= (?:been|had|got|seen|done|made|\w+ed)\b)", "had"),
    (r"will", "would"), (r"can", "could"), (r"(?-i:may)", "might"), (r"shall", "should"),
    (rf"(?:i|we|they) (?:{'|'.join(_PAST)})", "they {past}"), (rf"you (?:{'|'.join(_PAST)})", "the group {past}"),
    (r"myself", "themselves"), (r"ourselves", "themselves"), (r"yourselves|yourself", "themselves"),
    (r"i|we", "they"), (r"me|us", "them"), (r"my|our", "their"), (r"mine|ours", "theirs"),
    (r"your", "the group's"), (r"you", "the group"),
    (r"yesterday", "the day before"), (r"tomorrow", "the following day"), (r"today", "that day"),
)  # fmt: skip
_TURN = re.compile("|".join(rf"\b(?P<t{i}>{pattern})\b" for i, (pattern, _) in enumerate(_TURNS)), re.IGNORECASE)


@dataclass(frozen=True)
class Matter:
    """What a decision is about. `form` says what the words are: 'to' (what follows 'to'), 'that' or 'noun'."""

    form: str
    words: str


def plain(said: str) -> str:
    """Words as said, without hesitation and repeated words; the wording is otherwise untouched."""
    text = _FILLER.sub("", said)
    text = _STUTTER.sub(r"\1", text)
    text = re.sub(r"\s+([,.;:?!])", r"\1", text)
    return " ".join(text.split()).strip(" ,;-–—")


def reported(said: str, *, most_words: int = 34) -> str:
    """A clause as said, in reported speech: third person, past tense, no closing stop, at most `most_words` words."""
    text = _LEAD.sub("", plain(said))
    text = _TURN.sub(_turned, _shortened(text, most_words))
    return re.sub(r"(?:\s(?:and|or|but|if|the|a|an|of|so|because))+$", "", text.strip(" .?!,;:-–—"))


def infinitive(said: str, *, most_words: int = 30) -> str:
    """What somebody is to do, as in 'send the plan': other persons' words, but the verb left as it is."""
    swaps = {
        "i": "they",
        "we": "they",
        "my": "their",
        "our": "their",
        "me": "them",
        "us": "the group",
        "you": "the group",
        "your": "the group's",
    }
    text = _shortened(plain(said), most_words)
    text = re.sub(
        r"\b(i|we|my|our|me|us|you|your)\b(?!')", lambda m: swaps.get(m[0].lower(), m[0]), text, flags=re.IGNORECASE
    )
    return re.sub(
        r"(?:\s(?:and|or|but|if|that|the|a|to|from|of|as|with|for|so|because))+$", "", text.strip(" .?!,;:-–—")
    )


def sentence(text: str) -> str:
    """With a capital at the start and one stop at the end."""
    text = " ".join(text.split())
    return f"{text[:1].upper()}{text[1:].rstrip(' .,;:')}." if text else ""


def negations(text: str) -> int:
    """How many words of denial or refusal a text has."""
    return len(_NEGATION.findall(text))


def decision_line(outcome: DecisionOutcome, matter: Matter, tail: str, *, decides: bool) -> str:
    """The sentence of a decision. `tail` is what the closure adds ('to Ofgem', 'subject to ...', 'to March').

    `decides` is False at Level 4, whose groups only recommend.
    """
    if outcome == "none":
        return sentence(f"Outcome to be confirmed: {_as_noun(matter)}")
    if outcome == "reject" and matter.form == "that" and REFUSED.search(matter.words):
        return sentence(f"The group agreed that {matter.words}")
    verb = _VERBS if decides else _RECOMMENDING
    head, noun_head = verb.get(outcome, _VERBS[outcome])
    if matter.form == "noun" or not head:
        return sentence(f"{noun_head.format(_as_noun(matter))} {tail}")
    return sentence(f"{head} {matter.form} {matter.words} {tail}")


REFUSED = re.compile(
    r"\b(?:is|be|was|were|been|being) (?:\w+ )?(?:refused|rejected|declined|turned down)\b|\bnot (?:be |been "
    r")?(?:approved|accepted|agreed|adopted)\b"
    r"|\b(?:should|would|will|must|shall|did|does|do|could|can)(?: not|n't) (?:be )?(?:go ahead|proceed|progress|happen|taken forward)\b",
    re.IGNORECASE,
)
_VERBS: dict[str, tuple[str, str]] = {
    "accept": ("The group agreed", "The group approved {}"),
    "accept_subject_to": ("The group agreed", "The group approved {}"),
    "reject": ("The group did not agree", "The group did not approve {}"),
    "refer": ("", "The group referred {}"),
    "escalate": ("", "The group escalated {}"),
    "noted": ("", "The group noted {}"),
    "deferred": ("", "The group deferred {}"),
    "withdrawn": ("", "The item was withdrawn: {}"),
}
_RECOMMENDING: dict[str, tuple[str, str]] = {
    "accept": ("The group's recommendation was", "The group agreed to recommend approval of {}"),
    "accept_subject_to": ("The group's recommendation was", "The group agreed to recommend approval of {}"),
}


def _as_noun(matter: Matter) -> str:
    if done := re.match(
        r"(?:note|approve|accept|defer|refer|escalate|withdraw|reject|refuse|decline|endorse) (?=the |this |a )",
        matter.words,
    ):
        return matter.words[done.end() :]
    if matter.form == "to":
        return f"the recommendation to {matter.words}"
    return f"the recommendation that {matter.words}" if matter.form == "that" else matter.words


def _shortened(text: str, most_words: int) -> str:
    words = text.split()
    if len(words) <= most_words:
        return text
    kept = " ".join(words[:most_words])
    # A break at a clause reads better than a break anywhere, if enough of the words are kept.
    stops = [m.start() for m in re.finditer(r"[,;:]\s|\s(?:because|which|so that|and|but)\s", kept)]
    good = [s for s in stops if s > len(kept) * 0.6]
    return kept[: good[-1]] if good else kept


def _turned(found: re.Match[str]) -> str:
    turned = _TURNS[int((found.lastgroup or "t0")[1:])][1]
    return turned.format(past=_PAST.get(found[0].split()[-1].lower(), ""))
