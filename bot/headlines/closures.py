# ruff: noqa: E501  (phrases read better whole)
"""The words that close a matter: "are we agreed?", "that is approved", "refer it back". One sentence at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.formats import DecisionOutcome
from bot.headlines.closure_words import COMPLEMENTS, IS, QUESTIONS, STATEMENTS
from bot.headlines.wording import Matter, infinitive, reported

_NOT_CLOSING = re.compile(
    r"\b(?:content|happy|okay|ok|comfortable|agree|agreed|accept) to (?:move (?:on|to)|start|begin|continue|present"
    r"|share|go (?:next|first|on|through|ahead)|take (?:a break|questions)|"
    r"record|hear|speak|talk|answer|introduce|carry on|proceed to|hand|do that now|discuss)\b|\bscreen\b|\bcan "
    r"(?:everyone|you) (?:hear|see)\b"
    r"|\b(?:are you|is he|is she) (?:happy|content|okay)\b(?! to (?:note|approve|accept|agree|endorse|adopt))",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|once|until|unless|when|before|after|should|assuming|suppose|supposing|as soon as|in case|in "
    r"order for|hope|hoping|hopefully|would|could|might|"
    r"wait for|waiting for|said|says|told|claims?|hear that|heard that|why|how|who|expect|expecting|seek|seeking"
    r"|where|because|since|although|not sure|unclear|(?:not|n't) (?:hear|see|say)(?:ing)?|(?:love|like) to say)\b[^,;:]*$"
    r"|\b(?<!as )as(?! (?:chair|sro|the (?:chair|sro)))\b[^,;:]*$",
    re.IGNORECASE,
)
_TENTATIVE = re.compile(
    r"\b(?:should|could|would(?! like)|might|may|can(?!'t|not| not)|want|rather|prefer)\b", re.IGNORECASE
)
_PAST = re.compile(
    r"^,? ?(?:at|in|by|during|from|back in) (?:the |our |its )?(?:last|previous|prior|earlier|\w+'s)\b|^ (?:last"
    r"|previously|earlier|back in|in (?:19|20)\d\d|with (?:ofgem|elexon|the ipa))\b",
    re.IGNORECASE,
)
_RECALL = re.compile(
    r"\b(?:last (?:time|month|meeting|week|year)|previously|already|at the (?:last|previous) meeting|remember"
    r"|recall(?:ed)?|you'll recall|minutes (?:of|from))\b",
    re.IGNORECASE,
)
_MANGLED = re.compile(
    r"\ba greed\b|\bagree'd\b|\baproved\b|\bexcepted\b|\bwe except\b|\bknow (?:objections?|then)\b|\bobjections? "
    r"know\b|\bdiffered to\b|\bnun\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:subject to|on (?:the )?condition(?: that)?|conditional(?:ly)? (?:on|upon)|provided(?: that)?"
    r"|providing(?: that)?|with the proviso(?: that)?|on the understanding(?: that)?|"
    r"as long as|so long as|only if|with the exception of)\b[^.?!]*",
    re.IGNORECASE,
)
_RULING = re.compile(
    r"\b(?:my|chair's|sro's|sro|informed) (?:informed )?decision\b|\bi(?:'m| am| will|'ll| do)?(?: therefore| now| "
    r"still| nevertheless| hereby| going to| minded to)* (?:approv|accept|rul|decid|overrul|reject|refus)\w*"
    r"|\bas (?:the )?(?:chair|sro)\b|\b(?:chair|sro) has (?:now )?decided\b|\bon balance\b|\bnotwithstanding\b"
    r"|\bdespite (?:the|that|those|this)\b|\bhaving heard\b|\bin (?:the )?light of the views\b|\boverrul\w+\b"
    r"|\bmajority\b|\bi (?:must|have to|shall|need to) (?:now |therefore )?decide\b|\b(?:is|was) no consensus\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"^(?:it|that|this|these|those|them|all|both|one|so|then|now|with|on|to|the (?:same|matter|point|idea|above"
    r"|answer|decision|group|committee|board|meeting)|there|everyone|everybody|please|thank\w*|good|great|\W)*$",
    re.IGNORECASE,
)
# "Decision: defer the budget": what was decided is an act, and the act is the outcome.
_INFINITIVE = re.compile(
    r"(?:to [a-z]+|(?:not (?:to )?)?(?:approve|accept|adopt|endorse|reject|refuse|decline|refer|escalate|defer|postpone|withdraw|note))\b (?!by\b|in\b)",
    re.IGNORECASE,
)
_STATED = tuple((outcome, re.compile(pattern, re.IGNORECASE), sure) for outcome, pattern, sure in STATEMENTS)
_ASKED = tuple((re.compile(pattern, re.IGNORECASE), sure) for pattern, sure in QUESTIONS)


@dataclass(frozen=True)
class Closure:
    """What a sentence does to the matter before the group, at characters `start` to `end` of its text."""

    outcome: DecisionOutcome
    asked: bool
    start: int
    end: int
    sure: float
    matter: Matter | None = None
    tail: str = ""
    rules: bool = False  # the Chair decides, rather than finding agreement
    any_objections: bool = False  # the question wants a "no" for a yes


def closure_in(text: str) -> Closure | None:
    """The closure that a sentence states or asks for; None for every other sentence."""
    if _NOT_CLOSING.search(text):
        return None
    found = _question(text) or _statement(text)
    if found is None:
        return None
    sure = max(0.2, found.sure - (0.25 if _MANGLED.search(text) else 0.0))
    return replace(found, sure=sure, rules=bool(_RULING.search(text)))


def condition_in(text: str) -> str:
    """'subject to the DNOs' impact assessment' in reported speech, or nothing."""
    found = _CONDITION.search(text)
    return reported(found[0]) if found else ""


def rules_in(text: str) -> bool:
    """Whether the Chair speaks of deciding in the light of the views, rather than of agreement."""
    return bool(_RULING.search(text))


def _statement(text: str) -> Closure | None:
    for outcome, pattern, sure in _STATED:
        for found in pattern.finditer(text):
            clause = re.split(r"[,;:—–]| but ", text[: found.start()])[-1]
            rest = text[found.end() :]
            if outcome == "accept" and (_PAST.match(rest) or _RECALL.search(text)):
                continue
            if re.match(r" (?:if|unless|when|once)\b", rest) or (
                outcome not in ("reject", "none") and _TENTATIVE.search(found[0])
            ):
                continue
            if _HYPOTHETICAL.search(clause) or (outcome == "accept" and _is_noun(found[0], rest)):
                continue
            return _stated(text, outcome, found, sure)
    return None


def _is_noun(said: str, rest: str) -> bool:
    """'the agreed plan', 'approved budgets': no closure."""
    return (
        bool(
            re.match(
                r"^ (?:plan|budget|approach|baseline|list|suppliers?|version|position|design|scope|dates?"
                r"|amendments?)\b",
                rest,
            )
        )
        and bool(re.search(r"ed$", said))
        and not said.lower().startswith("that")
    )


def _stated(text: str, outcome: DecisionOutcome, found: re.Match[str], sure: float) -> Closure:
    asked = text.rstrip().endswith("?") or bool(
        re.search(
            r"\b(?:unless (?:anyone|anybody|there)|if (?:there are no|no one|nobody|there's no))\b", text, re.IGNORECASE
        )
    )
    tail = condition_in(text[found.start() :]) if outcome == "accept" else _tail(outcome, text[found.start() :])
    if outcome == "accept" and tail:
        outcome = "accept_subject_to"
    if outcome == "accept" and re.search(r"\b(?:decided|agreed|resolved) (?:against|not to)\b", text, re.IGNORECASE):
        outcome = "reject"
    return Closure(outcome, asked, found.start(), found.end(), sure, _matter(text, found), tail)


def _question(text: str) -> Closure | None:
    for pattern, sure in _ASKED:
        found = pattern.search(text)
        if found is None or _HYPOTHETICAL.search(re.split(r"[,;:—–]", text[: found.start()])[-1]):
            continue
        any_objections = bool(re.search(r"object|dissent|opposed|disagree|against", found[0], re.IGNORECASE))
        rest = text[found.start() :]
        if any_objections and (re.match(r"^no\b", found[0], re.IGNORECASE) and "?" not in text):
            continue
        outcome: DecisionOutcome = next(
            (o for o, wanted in COMPLEMENTS if re.search(wanted, rest, re.IGNORECASE)), "accept"
        )
        tail = condition_in(rest) if outcome == "accept" else _tail(outcome, rest)
        outcome = "accept_subject_to" if outcome == "accept" and tail else outcome
        return Closure(
            outcome, True, found.start(), found.end(), sure, _matter(text, found), tail, any_objections=any_objections
        )
    return None


def _tail(outcome: DecisionOutcome, text: str) -> str:
    if outcome not in ("refer", "escalate", "deferred"):
        return ""
    verb = re.search(
        r"\b(?:back|refer\w*|escalat\w+|defer\w*|differed|postpone\w*|over|up|on|bring|push|put|move|park)\b",
        text,
        re.IGNORECASE,
    )
    found = re.search(
        r"\b(?:to|until|till|for|at)\b [^,.;?!]{2,90}", text[verb.start() :] if verb else text, re.IGNORECASE
    )
    return reported(found[0], most_words=18) if found else ""


def _matter(text: str, found: re.Match[str]) -> Matter | None:
    """What the closure says is decided: before it ('the plan is agreed') or after it ('agreed to move the date')."""
    marked = re.match(
        r"^(?:\[?\w+:?\]?:? )?(?:resolved|resolution|decision|agreed)\s?:\s*(?:that )?(.+)", text, re.IGNORECASE
    )
    if marked and (act := _INFINITIVE.match(marked[1])):
        return Matter(
            "to", infinitive(re.sub(r"^(?:to )?(not )?(?:to )?", r"\1", f"{act[0].lower()}{marked[1][act.end() :]}"))
        )
    rest = _CONDITION.sub("", text[found.start() :])
    after = re.search(
        r"\b(?:agreed?|agrees|content|happy|okay|ok|comfortable|decided|decision is|resolved|objections?|consensus"
        r"|agreement|approval|propose|move)\b:?,? ?(?:not )?\b(to|that|with|on)\b ([^?!;]+)",
        rest,
        re.IGNORECASE,
    )
    if after:  # "any objections to merging it": a noun
        return _worded("noun" if after[0].lower().startswith("objection") else after[1].lower(), after[2])
    thing = re.search(
        r"\b(?:approv(?:e|ed|es|ing)|accept(?:s|ed|ing)?|except|endors(?:e|es|ed|ing)|adopt(?:s|ed|ing)?|reject(?:s"
        r"|ed|ing)?|refus(?:e|es|ed|ing)|declin(?:e|es|ed|ing)|"
        r"not(?:e|es|ed|ing)|withdraw(?:ing)?|refer|defer|escalate|go(?:ing)? (?:with|for|ahead with)"
        r"|stick(?:ing)? with|resolved:|resolution:|decision:|agreed:)"
        r" ((?:the|this|these|those|a|an|our|all|cr|change|option|recommendation|version|both)\b[^?!;,]+)",
        rest,
        re.IGNORECASE,
    )
    if thing:
        return _worded(
            "noun", moved_thing(thing[1]) if re.match(r"(?:re|de)fer|escalat", thing[0], re.IGNORECASE) else thing[1]
        )
    if marked:
        return _worded("that", marked[1])
    subject = re.match(rf"^(.*?)(?:{IS}| will be| was| falls| fails)\b", found[0], re.IGNORECASE)
    return _worded("noun", subject[1]) if subject else None


def moved_thing(said: str) -> str:
    """The thing in 'the plan to the DAG for analysis', 'this back to SITAG', 'it until March'."""
    return re.split(r"(?:^| )(?:back|to|until|till|for|over|then|please)\b", said)[0]


def _worded(form: str, said: str) -> Matter | None:
    said = re.split(r"(?<=\w)\. |, (?:are|is|any|yes|thanks|everyone|please|so|then|and then)\b", said)[0]
    if _POINTING.match(said.strip(" .")):
        return None
    if form == "to" and _POINTING.match(
        re.sub(
            r"^\s*(?:note|approve|accept|agree|defer|refer|escalate|withdraw|reject|endorse|adopt)\b", "", said
        ).strip(" .")
    ):
        return None
    if form == "that":
        words = reported(said)
    elif form == "to":
        words = infinitive(said)
    else:
        form, words = "noun", reported(said, most_words=26)
        words = re.sub(r"^(?:The|This|That|These|Those|A|An|All|Both|Our)\b", lambda m: m[0].lower(), words)
    return Matter(form, words) if len(words.split()) > 1 or re.search(r"\d", words) else None
