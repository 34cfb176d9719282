"""What stands around one's own words: sign-off, signature, disclaimer, a mail server's warning. Pure.

It errs towards keeping: a line too many is seen by a person, a request cut with a signature is lost on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.mail.signature_words import (
    CLOSING,
    CONTACT,
    HEADING,
    LIST_FOOTER,
    MOBILE,
    POLITE,
    STRONG,
    WARNING,
)

DELIMITER = re.compile(r"^\s*(--|__|\*\*)\s*$")
LONG_DELIMITER = re.compile(r"^\s*([-—–]{1}|[—–―─]{2,12}|_{2,}|[-=*]{5,})\s*$")
ADDED = re.compile(r"^\W*p\.?\s?p?\.?s\b\.?[:,]?\s", re.IGNORECASE)
REFERENCE = re.compile(
    r"\b[A-Z][A-Z-]+\d+-\d+\b|\b[A-Z]+-DEC\d+|\b[DAVRP]-?\d{1,3}\b|\b\d{4}-\d{2}-\d{2}\b|\bAM-\d+"
    r"|^\s*(line|current|present|proposed|reason|alternate|nominee|action|decision|status|due)\b.{0,20}:",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"^\W*(please|can|could|would|also|i|i'm|i'll|we|my|the|our|he|she|it|they|this|that|in|on|if|and|but|for|d|as)\b",
    re.I,
)
SENTENCE = re.compile(r"[.?!]\W*$")
MOST_SIGNATURE = 14  # lines that are no empty ones
MOST_BELOW = 200  # lines from the end in which a signature begins
LONGEST = 90  # characters of such a line


def warning_at_top(lines: Sequence[str]) -> int:
    """How many lines from the top are a mail server's warning about the sender; 0 where none are."""
    start = _next(lines, 0)
    if start is None or not WARNING.search(" ".join(lines[start : start + 2])):
        return 0
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return end if end - start <= 8 else 0


def signature_from(lines: Sequence[str], sender_name: str = "") -> int:
    """The index from which the lines are no longer the writer's words: `len(lines)` where all of them are.

    A postscript below a signature is for `postscript_from`.
    """
    above = max(0, len(lines) - MOST_BELOW)
    tail = lines[above:] if above == 0 else ["x", *lines[above:]]
    end = _without_disclaimer(tail)
    for found in (_delimited, _mobile, _closed, _bare):
        end = min(end, found(tail[:end], sender_name))
    end += above - (1 if above else 0)
    while end and (not lines[end - 1].strip() or LONG_DELIMITER.match(lines[end - 1])):
        end -= 1
    return end


def postscript_from(lines: Sequence[str], signature: int) -> int:
    """Where a postscript begins below the signature; `len(lines)` where none does."""
    found = (at for at in range(signature, len(lines)) if ADDED.match(lines[at]))
    return next(found, len(lines))


def _next(lines: Sequence[str], at: int) -> int | None:
    return next((i for i in range(at, len(lines)) if lines[i].strip()), None)


def _paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """(start, end) of each run of lines that are not empty."""
    found, start = [], None
    for at, line in enumerate([*lines, ""]):
        if line.strip() and start is None:
            start = at
        elif not line.strip() and start is not None:
            found.append((start, at))
            start = None
    return found


def _without_disclaimer(lines: Sequence[str]) -> int:
    """From the last paragraph upwards: what disclaims, or is small print below something that does."""
    end = len(lines)
    paragraphs = _paragraphs(lines)
    for number in range(len(paragraphs) - 1, 0, -1):
        start, stop = paragraphs[number]
        text = " ".join(lines[start:stop])
        strong = len(STRONG.findall(text))
        is_headed = HEADING.match(lines[start]) is not None and (end < len(lines) or stop - start > 1)
        if is_headed or strong > 1 or (strong and len(text) > 100):
            end = start
        elif number < len(paragraphs) - 3:
            break
    return end


def _delimited(lines: Sequence[str], _name: str) -> int:
    for at, line in enumerate(lines):
        rest = [x for x in lines[at + 1 :] if x.strip()]
        if DELIMITER.match(line) and len(rest) <= 2 * MOST_SIGNATURE and not any(REFERENCE.search(x) for x in rest):
            return at
        if LONG_DELIMITER.match(line) and _is_footer(rest):
            return at
    return len(lines)


def _is_footer(rest: Sequence[str]) -> bool:
    if not rest or len(rest) > MOST_SIGNATURE or any(REFERENCE.search(line) for line in rest):
        return False
    if LIST_FOOTER.search(" ".join(rest)):
        return True
    return any(CONTACT.search(line) for line in rest) and all(_is_short(line) for line in rest)


def _mobile(lines: Sequence[str], _name: str) -> int:
    for at, line in enumerate(lines):
        if len(line) <= 160 and MOBILE.match(line) and _stands_alone(line) and any(x.strip() for x in lines[:at]):
            return at
    return len(lines)


def _stands_alone(line: str) -> bool:
    """'Sent from my desk, is much easier than my phone.' is a sentence."""
    text = re.sub(r"[<(\[]?https?://\S+", "", line).strip()
    return len(text.split()) <= 9 and not re.search(r"[,;:]\s|\w\.\s*$", text)


def _closed(lines: Sequence[str], name: str) -> int:
    """'Kind regards, / Jane Roe / Elexon': the first closing below which nothing is a sentence."""
    for at, line in enumerate(lines):
        closing = CLOSING.match(line) if len(line) <= 60 else None
        if closing is None or not any(x.strip() for x in lines[:at]):
            continue
        below = [x for x in lines[at + 1 :] if x.strip()]
        named = closing["name"] or ""
        if named and not _is_name(named, name):
            continue
        if not below and not named and POLITE.match(line):
            continue  # "Thanks!" at the end, and nobody's name
        if _is_signature(below, named=bool(named)):
            return at
    return len(lines)


def _is_signature(below: Sequence[str], *, named: bool) -> bool:
    """Whether what stands below a closing is name, office and address; nothing may follow it but small print."""
    until_postscript = []
    for line in below:
        if ADDED.match(line):
            break
        until_postscript.append(line)
    reached = named
    for number, line in enumerate(until_postscript):
        if CONTACT.search(line) or RULED.match(line):
            reached = True
        if REFERENCE.search(line) and not CONTACT.search(line):
            return False
        if not _is_short(line) and not (reached and number > 1):
            return False
    return len(until_postscript) <= MOST_SIGNATURE or reached


RULED = re.compile(r"^\s*[-_=*—–─]{3,}\s*$")


def _is_short(line: str) -> bool:
    """Whether a line can be a name, an office or an address rather than a sentence."""
    if CONTACT.search(line):
        return len(line) <= 2 * LONGEST
    words = line.split()
    if len(line) > LONGEST or line.lstrip().startswith(("- ", "* ", "• ")) or line.rstrip().endswith(("?", ":")):
        return False
    if ASKS.match(line) and len(words) > 2:
        return False
    return len(words) <= 12 and not (len(words) > 7 and SENTENCE.search(line))


def _is_name(text: str, sender: str = "") -> bool:
    """'Jane', 'J. Roe', 'Anne-Marie de Vries': up to four words, each with a capital letter but particles."""
    words = re.sub(r"[,.!]+$", "", text).split()
    if sender and text.strip(" ,.!").casefold() in {sender.casefold(), *sender.casefold().split()}:
        return True
    particles = {"de", "van", "von", "der", "den", "da", "di", "la", "le", "and", "&", "o'", "ter", "bin", "al", "dos"}
    return (
        0 < len(words) <= 5
        and all(w[0].isupper() or w.casefold() in particles for w in words)
        and not (len(words) == 1 and len(words[0]) > 20)
    )


def _bare(lines: Sequence[str], name: str) -> int:
    """A last paragraph that is the sender's name, '-Jane Roe', '/Jane', or a name above ways to reach them."""
    paragraphs = _paragraphs(lines)
    if len(paragraphs) < 2:
        return len(lines)
    start, end = paragraphs[-1]
    block = [line.strip() for line in lines[start:end]]
    if _names_its_writer(block, name) or _is_card(block):
        return start
    if len(paragraphs) > 2 and all(CONTACT.search(line) and _is_short(line) for line in block):
        above, below = paragraphs[-2]
        if _names_its_writer([line.strip() for line in lines[above:below]], name):
            return above
    if len(block) > 1 and _dashed(block[-1]) and not any(_dashed(line) for line in block[:-1]):
        return end - 1
    return len(lines)


def _names_its_writer(block: Sequence[str], name: str) -> bool:
    if len(block) == 1 and _dashed(block[0]):
        return True
    first = re.sub(r"^[-–—/\s]+|[\s,.!]+$", "", block[0]).casefold()
    known = {name.casefold(), *(part for part in name.casefold().split() if len(part) > 1)} - {""}
    return first in known and len(block) <= 6 and all(_is_short(line) for line in block[1:])


def _dashed(line: str) -> bool:
    found = re.match(r"^\s*(?:[-–—]{1,2}|/{1,2}|~)\s?(?=[^\W\d_])(?P<name>.{2,40})$", line)
    is_bullet = re.match(r"^\s*[-–—]\s", line) is not None
    return bool(found and _is_name(found["name"]) and not is_bullet) or _tim(line)


def _tim(line: str) -> bool:
    """'-- Tim' on a line of its own."""
    return re.match(r"^\s*(--|—)\s\S{2,20}(\s\S{2,20})?\s*$", line) is not None


def _is_card(block: Sequence[str]) -> bool:
    """A name, then offices, telephone, addresses: at least one way to reach somebody, and no sentence."""
    if not 2 <= len(block) <= MOST_SIGNATURE or not all(_is_short(line) for line in block):
        return False
    ways = sum(1 for line in block[1:] if CONTACT.search(line))
    return ways >= 1 and _is_name(re.split(r"[,|]", block[0])[0]) and not any(REFERENCE.search(line) for line in block)
