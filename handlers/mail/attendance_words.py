"""Who says that they cannot come, and who comes in their place. Pure.

No reason for staying away is kept (rules §1): a passage ends where the reason begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Person

NAME = (  # every part is bounded, or a long word would take for ever
    r"(?<!\w)(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-Z][\w'’-]{1,30}(?: (?:(?:van|von|de|der|den|da|di|la|le|O')\s?){0,3}"
    r"[A-Z][\w'’.-]{1,30}){0,3}"
)
ADDRESS = r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
WHO = rf"(?P<name>{NAME})?\s{{0,3}}[(<\[]?\s{{0,3}}(?P<address>{ADDRESS})?\s{{0,3}}[)>\]]?"
CANNOT = re.compile(
    r"\b(unable to (attend|make|join|be (there|present|with)|come|participate)|not (be )?able to (attend|make|join"
    r"|be (there|present)|come)"
    r"|(can'?t|can’t|cannot|can not) (now |unfortunately )?(attend|make (it|the|this|tomorrow|next|PSG|that)|join"
    r"|come|be (there|present))"
    r"|(won'?t|won’t|will not|shan'?t|shall not) (be )?(able to )?(attend(ing)?|join(ing)?|com(e|ing)|there\b"
    r"|present|mak(e|ing) it)"
    r"|(have|has|need) to (send|give|offer) (my |our |his |her )?apologies|(send|sends|sending|give|gives|giving"
    r"|offer|please (accept|record|note|take|pass on))"
    r" (you )?(my|our|his|her|their|[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?(?:'s|’s)?)? ?apologies|apologies (from"
    r"|on behalf of)|with apologies|apologies,? (but )?I"
    r"|apologies for (the |this |next |tomorrow|today|Wednesday|Monday|Tuesday|Thursday|Friday|\d|(?-i:[A-Z]{3,})"
    r"|not (being able|attending|joining))"
    r"|my apologies for|give (it|this one) a miss|miss ((the|this|next|tomorrow'?s) (meeting|session)|(the (next"
    r" )?)?(?-i:[A-Z]{3,})\b)|(have"
    r"|need) to (drop out|pull out|decline))",
    re.IGNORECASE,
)  # fmt: skip
ONLY_SORRY = re.compile(
    r"\bapologies for (the |my |our |any |this |not getting |not replying |being |sending |missing your "
    r"|missing the deadline|\w+ing )*"
    r"(delay|late|lateness|confusion|inconvenience|slow|error|mistake|typo|length|short notice|mix|earlier"
    r"|previous|belated|cross|back|sooner|duplicate)",
    re.IGNORECASE,
)
REASON = re.compile(
    r"[\s,;–-]+(because|as|due|since|owing|for (family|health|medical|personal)|on account|following|I(’|')?m on|I"
    r" am on)\b.*$",
    re.I | re.S,
)
COMES = (
    r"(?:will|'ll|’ll|is going to|shall|is to|can|would|is|may|might|could|should|hopes to|plans to"
    r"|has (?:kindly )?agreed to)(?: instead)?(?: be)? (?:attend(?:ing)?|join(?:ing)?|deputis(?:e|ing)"
    r"|deputiz(?:e|ing)|dial(?:ling)? in"
    r"|be there|there|sit(?:ting)? in|go(?:ing)?|represent(?:ing)?|stand(?:ing)? in"
    r"|step(?:ping)? in|cover(?:ing)?|take my (?:place|seat)"
    r"|taking my (?:place|seat)|act(?:ing)? as (?:my )?"
    r"(?:alternate|deputy)|com(?:e|ing)|substitut(?:e|ing)|my (?:alternate|deputy|substitute))"
)
ALTERNATES = (
    re.compile(
        r"(?i:\bmy (?:named |nominated |usual )?(?:alternate|deputy|substitute|delegate|stand-in)(?: for (?:this"
        r"|the|that)"
        rf" (?:meeting|session))?,? (?:will be|is|would be|being)?)\s*:?\s*{WHO}"
    ),
    re.compile(rf"(?i:\b(?:alternate|deputy|substitute|stand-in|in my (?:place|stead)|on my behalf|instead of"
    rf" me))\s*[:=]\s*{WHO}"),
    re.compile(rf"(?i:\b(?:nominate|appoint|name|propose|send|sending|delegate to|delegated to|have asked|asked|put"
    rf" forward))(?: my colleague,?| colleague,?)? {WHO},?\s*(?i:as (?:my |an |our )?(?:alternate|deputy"
    rf"|substitute)|to (?:attend|deputi[sz]e|stand in|represent|cover|join|act as|be my)|in my (?:place|stead)|on"
    rf" my behalf|instead)"),
    re.compile(rf"(?i:in my (?:place|stead|absence)),?(?: my colleague,?)? {WHO} {COMES}"),
    re.compile(rf"{WHO},?\s+(?:of [A-Z]\w+ |from [A-Z]\w+ )?{COMES}"),
    re.compile(rf"{WHO}\s+(?i:in my (?:place|stead)|instead of me|on my behalf)"),
    re.compile(rf"{WHO},?\s+(?i:(?:to )?(?:attends?|comes?|joins?|goes|stands? in|steps? in|deputi[sz]es?|covers?)\s)"
    r"(?i:for me|instead|in my (?:place|stead|absence)|on (?:my|our) behalf)"),
    re.compile(rf"(?i:\b(?:covering for me|standing in for me|in my place|replacing me|instead of me)"
    rf"(?: (?:will be|is|comes))?)\s{WHO}"),
    re.compile(rf"(?i:\bwith) {WHO} (?i:attending|joining|coming|standing in|deputising|covering|there)"),
)  # fmt: skip
PERHAPS = re.compile(r"\b(may|might|could|should|hopes? to|plans? to|perhaps|possibly|probably|if|whether|tbc)\b", re.I)
ASKED = "whether the alternate may come is a question"
LONGEST_SENTENCE = 300  # characters on either side
NOBODY = frozenset(
    (
        "i", "we", "he", "she", "they", "you", "it", "my", "our", "this", "that", "the", "please", "unfortunately",
        "however", "someone", "somebody", "nobody", "monday", "tuesday", "wednesday", "thursday", "friday", "who",
        "hi", "hello", "dear", "sorry", "apologies", "thanks", "regards", "there", "both", "everyone", "all",
        "could", "can", "would", "may", "might", "perhaps", "possibly", "maybe", "probably", "hopefully",
        "one", "also", "instead", "and", "but", "if", "so", "as", "pmo", "team",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Absence:
    """Somebody who cannot come. `who` is the alternate as written: 'Jane Roe <jane@example.org>', or empty.

    `doubt` says why a person should look, or is empty.
    """

    words: str
    who: str = ""
    doubt: str = ""


def absence(text: str, sender: Person | None, people: Sequence[Person]) -> Absence | None:
    """The apology in a text, with the alternate where one is named; None where it holds none."""
    found = next((m for m in CANNOT.finditer(text) if not is_sorry_only(text, m)), None)
    who, doubt = alternate(text, people, sender)
    if found is None:
        return None
    sentence = _sentence(text, found.start(), found.end())
    if re.search(
        r"\b(if|whether|might|may|in case|hope|should I)\b", sentence, re.IGNORECASE
    ) or sentence.rstrip().endswith("?"):
        doubt = doubt or "it does not say so for certain"
    other = _of_somebody_else(sentence, sender, people)
    return Absence(_without_reason(sentence), who, other or doubt)


def alternate(text: str, people: Sequence[Person], sender: Person | None = None) -> tuple[str, str]:
    """(who comes instead, as 'Name <address>' or a name; why that is doubtful). Both empty where nobody is named."""
    for pattern in ALTERNATES:
        for found in pattern.finditer(text):
            name, address = _trimmed(found["name"] or ""), (found["address"] or "").lower()
            if sender and name.casefold() in {sender.name.casefold(), sender.name.split()[0].casefold()}:
                continue
            if not (name or address):
                continue
            who, doubt = _resolved(name, address, people)
            return who, doubt or _only_perhaps(text, found)
    return "", ""


def _only_perhaps(text: str, found: re.Match[str]) -> str:
    """Why it is not said for certain that the alternate comes; empty where it is."""
    said = _sentence(text, found.start(), found.end())
    perhaps = PERHAPS.search(said)
    return f'of the alternate it only says "{perhaps[0]}"' if perhaps else "" if not said.endswith("?") else ASKED


def _trimmed(name: str) -> str:
    words = name.split()
    while words and re.sub(r"['’]\w+$", "", words[0]).casefold() in NOBODY:
        words = words[1:]
    return " ".join(words).strip(" .,")


def _resolved(name: str, address: str, people: Sequence[Person]) -> tuple[str, str]:
    if address:
        return (f"{name} <{address}>" if name else address), ""
    exact = [p for p in people if p.name.casefold() == name.casefold()]
    if len(exact) == 1:
        return exact[0].name, ""
    first = [p for p in people if p.name.casefold().split()[:1] == [name.casefold()]]
    if len(first) == 1 and len(name.split()) == 1:
        return first[0].name, f"the alternate is only called {name}: {first[0].name} is likely meant"
    return name, f"nobody on file is called {name}, and no address is given"


def _of_somebody_else(sentence: str, sender: Person | None, people: Sequence[Person]) -> str:
    """Whether it is another who cannot come: 'Emeka Loxley will not attend'."""
    if sender is None or re.search(r"\b(I|we|my|our|I'm|I’m)\b", sentence):
        return ""
    others = [p.name for p in people if p.id != sender.id and re.search(rf"\b{re.escape(p.name)}\b", sentence)]
    return f"it speaks of {others[0]}, not of the sender" if others else ""


def is_sorry_only(text: str, found: re.Match[str]) -> bool:
    """Whether "apologies" is only a word of regret there: "apologies for the delay"."""
    return any(
        m.start() <= found.start() < m.end() or found.start() <= m.start() < found.end()
        for m in ONLY_SORRY.finditer(text)
    )


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a place, which may run over lines."""
    before = max(text.rfind(mark, 0, start) for mark in (". ", ".\n", "! ", "? ", "\n\n", "?\n", "!\n"))
    after = [at for mark in (". ", ".\n", "! ", "? ", "\n\n", "!\n", "?\n") if (at := text.find(mark, end)) >= 0]
    stop = min(min(after) + 1 if after else len(text), end + LONGEST_SENTENCE)
    return text[max(before + 1, start - LONGEST_SENTENCE) : stop].strip()


def _without_reason(sentence: str) -> str:
    found = CANNOT.search(sentence)
    head, tail = (sentence[: found.end()], sentence[found.end() :]) if found else ("", sentence)
    before = re.sub(
        r"^.*?\b(?:because|as|due to|since|owing to)\b.*?,\s*(?=I\b|we\b|my\b)",
        "",
        head,
        flags=re.IGNORECASE | re.DOTALL,
    )
    return (before + REASON.sub("", tail)).strip()
