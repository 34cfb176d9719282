# ruff: noqa: E501  (phrases read better whole)
"""How people say yes, no and "only if", sentence by sentence. A no read as a yes is the worst error: doubt is no."""

from __future__ import annotations

import re

_WHO = (
    r"(?:i|we|they|he|she|some of us|(?:the |our )?(?:[\w&]+ ){0,3}(?:suppliers?|operators?|agents?|dnos?|idnos?"
    r"|constituency|representatives?|reps?|members?|ofgem|elexon))"
)
_NOT_ABLE = (
    r"(?:can(?:'t|not| not)|could(?:n't| not)|do(?:n't| not)|does(?:n't| not)|did(?:n't| not)|wo(?:n't|uld not"
    r"|uldn't)|will not|'m not|am not|are(?:n't| not)|'re not|"
    r"is(?:n't| not)|unable|not able|not prepared|not going|not in a position|not willing|not ready|refuse|never)"
)
_YES_TO = r"(?:support|agree|accept|approve|endorse|sign(?: up| off)?|back|live with|go along|consent|vote for)"
_OBJECTION = re.compile(
    rf"\b{_NOT_ABLE}(?: to)?(?: be)?(?: [\w']+){{0,2}}? {_YES_TO}(?:s|e?d|ing)?\b"
    rf"|\b{_WHO}(?:'[a-z]+)?(?: [\w']+){{0,3}}? (?:objects?|objected|oppose[sd]?|disagrees?|dissents?|(?:am|are|is|'m|'re) "
    rf"(?:against|opposed))\b"
    r"|\b(?:i'm|we're|they're) (?:strongly |totally |completely )?(?:against|opposed|objecting|opposing)\b"
    r"|\bwithdraw(?:s|n|ing)? (?:my|our|their|its|his|her) (?:support|agreement|consent|approval)\b"
    r"|\bnot (?:everyone|everybody|all)\b[^.?!]{0,20}\b(?:happy|content|agree[sd]?|comfortable)\b"
    r"|\bnot (?:\w+ ){0,2}?(?:content|happy|comfortable|agreed|supportive|in favour|acceptable|approved|satisfied)\b"
    r"|\bn't (?:\w+ ){0,2}?(?:content|happy|comfortable|agreed|supportive|in favour|acceptable|satisfied)\b"
    r"|\b(?:my|our|an|the|that|their|strong|formal|one) (?:strong |formal |serious |own )?objections?\b(?!s? "
    r"(?:\w+ ){0,3}(?:withdrawn|lifted|dropped|resolved))"
    r"|\bobjections? (?:still |therefore )?(?:stands?|remains?|from)\b|\b(?:vote|voting|voted) (?:against|no)\b"
    r"|\b(?:isn't|is not|wasn't|was not|not) (?:at all )?what (?:we|was|they|i) (?:agreed|said|decided)\b"
    r"|\bunacceptable\b|\b(?:it's|it is|that's|that is|answer is|answer from [\w ]{2,40} is) (?:still )?(?:a )?(?:firm )?no\b"
    r"|\bno,? (?:it|that|we|they|i)(?: is|'s|'re| are|'m| am| do| did| have)? ?(?:isn't|is not|not|aren't|wasn't|haven't|didn't|don't|can't)\b"
    r"|\bunder protest\b|\b(?:rather|prefer) not\b(?! to (?:wait|delay))|\b(?:absolutely|certainly|definitely|probably) not\b"
    r"|\bnot (?:from|for) (?:us|me)\b|^never\b|\bby no means\b|\bon no account\b"
    r"|^(?:\w+,? )?(?:we|i|they)(?:'re| are|'m| am)? ?(?:can't|cannot|don't|won't|couldn't|aren't|do not|not)(?: yet)?\W*$"
    r"|^(?:no|sorry|wait|hang on|hold on|stop)\b[, ]+(?:no\b|chair\b|wait\b|hang on|hold on|that(?:'s| is) not|we|i)"
    r"|^(?:yes|i)\W+(?:i )?(?:do|object)\W*$|\bover my dead body\b|^against\b|\bstrongly disagree\b",
    re.IGNORECASE,
)
_NO_OBJECTION = re.compile(
    r"\b(?:no|any|without|zero|hearing no|know|nun|not an?|don't (?:\w+ )?(?:have|see|hear|think there (?:are|is)) "
    r"(?:any|an))"
    r" (?:further |other |more |strong |formal )?objections?\b"
    r"|\b(?:none|nobody|no one|no-one) (?:is |are |was |were )?(?:opposed|against|objecting|objects?|dissent(?:s|ing)?)\b"
    r"|\b(?:don't|do not|doesn't|does not|not|no longer|wouldn't|won't|nobody|no one|no-one|anyone|anybody|does"
    r"|nor)(?: \w+){0,2} (?:object|oppose|disagree|dissent)(?:s|ed|ing)?\b"
    r"|\bif (?:anyone|anybody|you) (?:objects?|disagrees?)\b"
    r"|\b(?:take|overrule|note|noting|record|notwithstanding|despite|heard|understand|respect|address) (?:the|that"
    r"|those|your|their|all)(?: [\w']+){0,3} objections?\b"
    r"|\bobjections? (?:is|are|has been|have been|was|were) (?:noted|recorded|minuted)\b",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(
    r"(?<!not )(?<!n't )\b(?:withdraw(?:s|n|ing)?|drop(?:s|ped|ping)?|lift(?:s|ed|ing)?|retract(?:s|ed|ing)?"
    r"|remov(?:e|es|ed|ing))"
    r" (?:my|our|the|that|their|his|her|its) (?:\w+ )?objections?\b"
    r"|\bobjections? (?:is|are|has been|have been|was|were|'s)?(?: (?:now|therefore|all))* ?(?:withdrawn|lifted"
    r"|resolved|dropped|retracted)\b"
    r"|\bno longer (?:objects?|opposed?|have (?:an|any) objections?|against)\b|\bwithdraw (?:it|that|them) then\b"
    r"|\b(?:that|this|it) (?:addresses|resolves|satisfies|deals with|answers) (?:my|our|the|that) (?:concerns?"
    r"|objections?|points?)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:no objections?|agreed|content|happy|yes|yeah|fine|okay|ok|support(?:ive)?)\b[^.?!]{0,40}?"
    r"(?:,? (?:but )?not (?:with|on|to|about|the|for)\b|\bin principle\b|\bbut\b(?! yes)|\bonly if\b|\bas long as\b|\bprovided\b|\bunless\b|\bhowever\b)"
    r"|^no\W+(?:chair\W+)?but\b|^(?:only |so |and |but )*(?:subject to|provided|providing|as long as|on condition|on the condition"
    r"|if|once|when|after|pending)\b",
    re.IGNORECASE,
)
_IRONY = re.compile(
    r"\byeah,? right\b|\bin your dreams\b|\bi don't think so\b|\b(?:only |just )?(?:joking|kidding)\b|\bas "
    r"if\b(?=[.!,]|$)|\bfat chance\b"
    r"|\bpigs (?:might |may |can )?fly\b|\bhell freezes\b|\bi wish\b|\bvery funny\b|\bgood luck with that\b"
    r"|\bwouldn't that be nice\b"
    r"|[\[(](?:laughter|laughs|laughing|chuckles)[\])]|\bsarcas\w+\b|\bdream on\b|\bsaid (?:nobody|no one) ever\b",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"^(?:\W*(?:so|and|well|er|um|uh|oh|all|everyone|everybody|members|colleagues|okay|ok|right|yes|yeah|yep|aye"
    r"|i'm|we're|we are|i am)\b\W*)*"
    r"(?:yes|yeah|yep|aye|agreed|a greed|agree|approved|content|fine|happy|none|nope|no objections?|hearing (?:none"
    r"|no)|seeing (?:none|no)|"
    r"(?:we|i) (?:do|are|am|support|can)(?=[.,!]|$)|absolutely(?! not)|sure|of course(?! not)|indeed|no problem|all good|nothing from"
    r"|know objections?|thank you|thanks|great|good|lovely|excellent|super|okay|ok|right|sounds good|works for"
    r"|consensus|no one|nobody|nodding|all nodding|i see nodding)\b(?!\?|,? (?:is|isn't|was|wasn't|would|might)\b)",
    re.IGNORECASE,
)
_BARE_NO = re.compile(
    r"^\W*(?:no|nope|nah|no no|know|nun)(?:\W+(?:then|no|chair|thanks|thank you|i don't|we don't|we're not|i'm not"
    r"|not))*\W*$",
    re.IGNORECASE,
)
# To "any objections?": a yes is an objection, unless what follows says that it is contentment.
_ONE_HERE = re.compile(
    r"^\W*(?:(?:well|er|um|uh|actually|just)\W+)*(?:yes|yeah|yep|i do|we do|i have|we have|me|one|i'm afraid so|afraid so)\b"
    r"(?!.*\b(?:happy|fine|content|agree(?:d|ment)?|consensus|unanimity|good|okay|ok|no|none|nothing)\b)(?:\W+[\w']+){0,5}\W*$",
    re.IGNORECASE,
)


def objects(text: str) -> bool:
    """Whether somebody in this sentence objects, refuses or will not agree. An ambiguous denial counts as one."""
    without = (
        _NO_OBJECTION.sub(" ", text)
        if not withdraws_objection(text)
        else _WITHDRAWN.sub(" ", _NO_OBJECTION.sub(" ", text))
    )
    return bool(_OBJECTION.search(without.strip()))


def withdraws_objection(text: str) -> bool:
    """Whether an objection made before is taken back."""
    return bool(_WITHDRAWN.search(text))


def is_conditional(text: str) -> bool:
    """A yes with a "but": "no objections, but the date must move"."""
    return bool(_CONDITION.search(text))


def is_ironic(text: str) -> bool:
    """Whether the words say that they are not meant; a tone alone cannot be read."""
    return bool(_IRONY.search(text))


def assents(text: str, *, to_any_objections: bool) -> bool:
    """Whether a reply is a yes. To "any objections?" a bare "no" is a yes; recognisers hear it as "know" too."""
    if to_any_objections and (
        _BARE_NO.match(text) or re.match(r"^\W*(?:no|know|none)\b(?:,? then)?\b", text, re.IGNORECASE)
    ):
        return not objects(text)
    return bool(_ASSENT.match(text)) and not objects(text) and not is_conditional(text)


def refuses(text: str, *, to_any_objections: bool) -> bool:
    """Whether a reply is a no, or a yes with a condition."""
    if objects(text) or (is_conditional(text) and not withdraws_objection(text)):
        return True
    return bool(_ONE_HERE.match(text) if to_any_objections else _BARE_NO.match(text))
