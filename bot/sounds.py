"""How words sound, roughly, and how far two of them are apart: for names that a recogniser spelt by ear; pure.

English spelling, read by a few rules. It need not be right about a word, only the same for two that sound alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LETTER_NAMES = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "ef", "g": "jee", "h": "aych", "i": "ai", "j": "jay",
    "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "kyoo", "r": "ar", "s": "es", "t": "tee",
    "u": "yoo", "v": "vee", "w": "dubbulyoo", "x": "eks", "y": "wai", "z": "zed",
}  # fmt: skip
_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z0-9]+", ""),
        (r"^wr", "r"), (r"^kn", "n"), (r"^x", "s"), (r"mb$", "m"), (r"mbe$", "m"),
        (r"tch|ch", "C"), (r"sch|sh", "S"), (r"th", "T"), (r"ph", "f"), (r"dge|dg", "j"), (r"ght", "t"),
        (r"(?<=[aeiou])gh", ""), (r"gh", "g"), (r"wh", "w"), (r"ck", "k"), (r"qu", "kw"), (r"q", "k"), (r"x", "ks"),
        (r"c(?=[eiy])", "s"), (r"c", "k"), (r"z", "s"), (r"(?<=.)y", "i"),
        (r"(?<=[^aeiou])e$", ""), (r"(?<=[aeiou])[hw](?![aeiou])", ""),
        (r"([a-zA-Z])\1+", r"\1"), (r"([aeiou])[aeiou]+", r"\1"),
    )
)  # fmt: skip
VOWELS = frozenset("aeiou")
_ALIKE = {
    frozenset(pair)
    for pair in ("bp", "dt", "kg", "gj", "jC", "fv", "sS", "SC", "Ck", "CT", "Tf", "Tt", "Td", "Ts", "mn", "bv", "vw")
}
_FAINT = frozenset("hrw")  # sounds that are easily missed


def plain(text: str) -> str:
    """Lower-case letters and digits alone, without accents: 'CR-035' -> 'cr035'."""
    bare = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in bare if c.isascii() and c.isalnum())


@lru_cache(maxsize=65536)
def sound(text: str) -> str:
    """A word's or some joined words' sound, a sign each: vowels in a row count as the first, doubles as one."""
    found = plain(text)
    for pattern, by in _RULES:
        found = pattern.sub(by, found)
    return found


@lru_cache(maxsize=65536)
def weight(sounds: str) -> float:
    """How much there is to hear: 1 for a consonant, half for a vowel."""
    return sum(0.5 if sign in VOWELS else 1.0 for sign in sounds)


@lru_cache(maxsize=65536)
def likeness(one: str, other: str, at_least: float = 0.0) -> float:
    """How alike two sounds are, up to 1 (the same): one less the cost of changing one into the other, by weight.

    0 where that is less than `at_least`, which saves the work.
    """
    most = max(weight(one), weight(other))
    allowed = (1 - at_least) * most
    if not most or abs(weight(one) - weight(other)) * 0.6 > allowed:
        return 0.0
    above = [0.0]
    for sign in other:
        above.append(above[-1] + _alone(sign))
    for mine in one:
        row = [above[0] + _alone(mine)]
        for place, theirs in enumerate(other):
            row.append(
                min(row[-1] + _alone(theirs), above[place + 1] + _alone(mine), above[place] + _swap(mine, theirs))
            )
        if min(row) > allowed:
            return 0.0
        above = row
    return 1 - above[-1] / most if above[-1] <= allowed else 0.0


def _alone(sign: str) -> float:
    if sign in VOWELS:
        return 0.5
    return 0.6 if sign in _FAINT else 1.0


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in VOWELS and other in VOWELS:
        return 0.3
    if one in VOWELS or other in VOWELS:
        return 1.0
    return 0.4 if frozenset((one, other)) in _ALIKE else 1.0


def readings(token: str) -> Iterator[str]:
    """How a token may be read aloud: as a word; a letter, or one in capitals, also with letters spelt ('LXON')."""
    yield token
    letters = plain(token)
    if letters.isalpha() and (len(letters) == 1 or (token.isupper() and len(letters) <= 6)):
        for count in range(1, len(letters) + 1):
            yield "".join(LETTER_NAMES[letter] for letter in letters[:count]) + letters[count:]
