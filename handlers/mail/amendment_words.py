"""What an amendment request says: which line, the text now, the text wanted, the reason, which of the three. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.amendment_life import Kind

AMENDING = re.compile(
    r"\b(amend\w*|correct(ed|ion|ions|ing|ly|s)?\b(?! me)|should (have )?(read|say|said|state|be|been)|replace[ds]?"
    r"|chang(e|es"
    r"|ed|ing)|reword\w*"
    r"|rephrase\w*|omit(ted)?|delete[ds]?|add(ed)?|insert(ed)?|strike|remove[ds]?|misquoted?|misattributed"
    r"|misrecorded|inaccurate\w*"
    r"|incorrect\w*|wrong(ly)?|not what (was|we|I) (said|agreed))\b",
    re.IGNORECASE,
)
SAID_OF_LINE = re.compile(
    r"(?<![\w-])(?:[A-Z][A-Z-]*[A-Z]\d+-\d{1,3}|[A-Z][A-Z-]*-DEC\d{1,4}|[DAVRP]-?\d{1,3})\s*(?:[:,–—]|\s-\s)\s*(?=\S)",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"^\s*(?:[-*•]|\(?\d{1,2}[.)])?\s*(?:(?:in|on|for|re|line|item|decision|action|ref(?:erence)?)\s*[:#]?\s*)?"
    r"(?:[A-Z][A-Za-z-]*[ \t-]+\d{4}-\d{2}-\d{2}[ \t,:]*)?"
    r"(?:(?:[A-Z][A-Z-]*[A-Z]\d+-\d{1,3}|[A-Z][A-Z-]*-DEC\d{1,4}|[DAVRPdavrp]-?\d{1,3}))?\s*[:.,–—-]+\s*",
)
QUOTED = r"[\"“”„«]\s*([^\"“”„«»]{1,4000}?)\s*[\"“”»]|(?<![\w])[‘']([^‘’'\n]{2,400}?)[’'](?!\w)"
LABEL = re.compile(
    r"^[\s*•-]*(?P<label>(?:current|present|existing|original|old)(?: (?:text|wording))?|(?:text|wording) now"
    r"|(?:proposed|new|amended|suggested|revised|replacement|requested)(?: (?:text|wording|change|amendment))?"
    r"|(?:reason|rationale|justification|grounds|why)(?: for (?:the )?change)?)\s*[:：]\s*(?P<value>.*)$",
    re.IGNORECASE,
)
REASON = re.compile(
    r"(?:^|[\s.;,(])(?P<reason>(?:because|the reason (?:for (?:this|the change) )?(?:is|being)|on the grounds that"
    r"|given that"
    r"|this is because|reason\s*:|rationale\s*:|my reason)\s*.+)$",
    re.IGNORECASE | re.DOTALL,
)
LOOSE_REASON = re.compile(
    r"^\W*(?P<reason>(?:as|since|for)\s.+|.{0,40}\b(?:said|says|agreed|recording|transcript)\b.+)$", re.I | re.S
)
DISAGREES = re.compile(
    r"\b(I|we|our constituency|[A-Z]\w+ Suppliers?)\b[^.\n]{0,40}\b(disagree|object to|oppose|reject|challenge"
    r"|appeal|contest|dispute)\b"
    r"|\b(I|we)\b[^.\n]{0,20}\b(do|can|could)( not|not|n't|n’t) (agree|accept|support)\b[^.\n]{0,30}\b(decision"
    r"|outcome|conclusion"
    r"|recommendation)|\b(appeal(ing)?|an appeal) against|\boverturn|\bescalat\w+|\bwrong decision\b"
    r"|\bdecision\b.{0,30}\breconsidered",
    re.IGNORECASE,
)
NOTES = re.compile(
    r"\b(post[- ]meeting note|for the record|(would|wish|want|like|ask(ing)?)\b.{0,40}\b(noted|recorded|minuted)"
    r"|(be|is|it) noted that"
    r"|put on record|note (added|to be added)|add (a|the following) note|please (record|minute) (that|our"
    r"|the following))\b",
    re.IGNORECASE | re.DOTALL,
)
STRONGLY_AMENDS = re.compile(
    r"\b(should (have )?(read|say|said|state|be)|replace|reword|delete|omit|remove|amend\w*|correct(ed|ion)"
    r"|incorrect\w*|wrong(ly)?"
    r"|inaccurate\w*|misquoted|misattributed)\b",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"\b((see|in|marked|changes?|comments?|amendments?)\b.{0,30}\b(in (red|blue|green|yellow|bold|capitals"
    r"|track(ed)?)|highlighted|inline|in-line"
    r"|track(ed)? changes?|below)|see (my )?(comments|answers|replies|responses|notes) (below|inline|in the (text"
    r"|body)))",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Wording:
    """One request's words. `present` and `grounds` are empty where it does not say; `is_whole`: `proposed` was set
    apart as the text wanted, rather than being the passage as it stands.

    `doubt` says why a person should look at which of the three it is (rules §5), or is empty.
    """

    proposed: str
    present: str = ""
    grounds: str = ""
    nature: Kind = Kind.RECORD
    is_whole: bool = False
    doubt: str = ""


def wording(passage: str) -> Wording:
    """What one passage asks for."""
    nature, doubt = _nature(passage)
    labelled = _labelled(passage)
    if labelled:
        return Wording(*labelled, nature, True, doubt)
    text = _without_reference(passage)
    if nature is not Kind.RECORD:
        said, grounds = _reason_off(text)
        return Wording(text, "", grounds if said else "", nature, False, doubt)
    found = _replaced(text) or _reads(text) or _added(text)
    if found:
        present, proposed, grounds = found
        return Wording(proposed, present, grounds, nature, True, doubt)
    _, grounds = _reason_off(text)
    return Wording(text, "", grounds, nature, False, doubt)


def _without_reference(passage: str) -> str:
    """What is said of a line, without what says which line; the whole where nothing else is left."""
    opening, said = OPENING.match(passage), SAID_OF_LINE.search(passage)
    if opening and passage[opening.end() :].strip():
        return passage[opening.end() :].strip()
    return passage[said.end() :].strip() if said else passage.strip()


def _nature(passage: str) -> tuple[Kind, str]:
    """Which of the three it is, and why that is not certain; by the writer's words, not by those quoted."""
    text = re.sub(QUOTED, '""', passage)
    amends, disagrees, notes = (bool(r.search(text)) for r in (STRONGLY_AMENDS, DISAGREES, NOTES))
    if disagrees and (amends or notes):
        return (Kind.RECORD if amends else Kind.NOTE), "it may also be a disagreement with the decision"
    if disagrees:
        return Kind.DISAGREEMENT, ""
    if notes and not amends:
        return Kind.NOTE, ""
    return Kind.RECORD, "it may also be meant as a note" if notes else ""


def _labelled(passage: str) -> tuple[str, str, str] | None:
    """'Current text: ... / Proposed text: ... / Reason: ...', each over one or more lines."""
    found: dict[str, list[str]] = {}
    into: list[str] | None = None
    for line in passage.splitlines():
        label = LABEL.match(line)
        if label:
            into = found.setdefault(_field(label["label"].casefold()), [])
            into.append(label["value"])
        elif into is not None and line.strip():
            into.append(line)
        elif into is not None and not line.strip():
            into = None
    said = {field: _unquoted("\n".join(lines).strip()) for field, lines in found.items()}
    if not said.get("proposed"):
        return None
    return said["proposed"], said.get("present", ""), said.get("grounds", "")


def _field(label: str) -> str:
    if label.startswith(("current", "present", "existing", "original", "old", "text", "wording")):
        return "present"
    return "grounds" if label.startswith(("reason", "rationale", "justification", "grounds", "why")) else "proposed"


def _replaced(text: str) -> tuple[str, str, str] | None:
    """'replace "x" with "y"', '"x" should read "y"', 'not "x" but "y"', '"y" instead of "x"', 'delete "x"'."""
    quotes = [(m.start(), m.end(), m[1] or m[2]) for m in re.finditer(QUOTED, text)]
    if len(quotes) >= 2:
        (start, end, first), (second_start, second_end, second) = quotes[:2]
        between, before = text[end:second_start].casefold(), text[:start].casefold()
        grounds = _grounds(text[second_end:])
        if re.search(r"instead of|rather than|in place of|,? not\s*$", between) and not before.rstrip().endswith("not"):
            return second, first, grounds
        if re.search(r"\b(with|to|by|into|read|say|be|becomes?|but|state)\b|->|→", between):
            return first, second, grounds
    if len(quotes) == 1 and re.search(
        r"\b(delete|remove|omit|strike( out)?)\W*(the words?|the phrase|the sentence)?\W*$", text[: quotes[0][0]], re.I
    ):
        return quotes[0][2], "", _grounds(text[quotes[0][1] :])
    return None


def _reads(text: str) -> tuple[str, str, str] | None:
    """'... should read: y', 'change it to y', with or without quotes."""
    found = re.search(
        r"\b(?:should (?:have )?(?:read|said|say|state)|to read|reads? as follows"
        r"|(?:change|amend|correct|reword|rephrase|update)\w* (?:it|this|that|(?:the|this) (?:text|wording|line"
        r"|decision|action|sentence))"
        r" (?:to(?: read)?|as(?: follows)?))\s*[:,–-]?\s*(?P<rest>.+)",
        text,
        re.IGNORECASE | re.DOTALL,
    )
    if not found:
        return None
    quoted = re.match(QUOTED, found["rest"])
    before = re.search(QUOTED, text[: found.start()])
    present = (before[1] or before[2]) if before else ""
    if quoted:
        return present, quoted[1] or quoted[2], _grounds(found["rest"][quoted.end() :])
    proposed, grounds = _reason_off(found["rest"])
    return (present, proposed.strip(), grounds) if proposed.strip() else None


def _added(text: str) -> tuple[str, str, str] | None:
    """'please add "y"': nothing stands there now."""
    found = re.search(r"\b(?:add|insert)\b[^\"“„«]{0,60}$", text[: _first_quote(text)], re.IGNORECASE)
    quoted = re.search(QUOTED, text)
    return ("", quoted[1] or quoted[2], _grounds(text[quoted.end() :])) if found and quoted else None


def _first_quote(text: str) -> int:
    quoted = re.search(QUOTED, text)
    return quoted.start() if quoted else 0


def _reason_off(text: str) -> tuple[str, str]:
    found = REASON.search(text)
    if not found:
        return text, ""
    return text[: found.start()].rstrip(" ,;.(\n"), _tidy(found["reason"])


def _grounds(after: str) -> str:
    """What stands behind the text wanted, where it reads as a reason."""
    found = REASON.search(after) or LOOSE_REASON.match(after)
    return _tidy(found["reason"]) if found else ""


def _tidy(reason: str) -> str:
    return re.sub(r"^(reason|rationale)\s*:\s*", "", reason.strip(), flags=re.IGNORECASE).strip()


def _unquoted(text: str) -> str:
    whole = re.fullmatch(QUOTED, text, re.DOTALL)
    return (whole[1] or whole[2]) if whole else text
