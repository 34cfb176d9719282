"""Which words are ordinary English, and which proper names are widely known; pure.

The list is SCOWL's (docs/notices/scowl.txt), made by benchmarks/common_words.py: lower-case words without those that an
ending makes of another, then names with a capital.
"""

from __future__ import annotations

import gzip
from collections.abc import Container
from functools import lru_cache
from importlib.resources import files

ENDINGS = (
    ("s", ""), ("es", ""), ("d", ""), ("ed", ""), ("ing", ""), ("ing", "e"), ("ly", ""), ("er", ""), ("ers", ""),
    ("r", ""), ("ies", "y"), ("ied", "y"), ("ness", ""), ("nesses", ""),
)  # fmt: skip


def is_ordinary(word: str) -> bool:
    """Whether a word, in any case, is an everyday one: of one letter, with digits first, or in the list."""
    plain = word.casefold()
    return len(plain) < 2 or plain[0].isdigit() or plain in _words() or is_made_of(plain, _words())


def is_known_name(word: str) -> bool:
    """Whether it is a proper name that the list has: Benedict, Rutherford, Wales."""
    return word.capitalize() in _words()


def is_made_of(word: str, bases: Container[str]) -> bool:
    """Whether an ending makes the word of one of `bases`: 'meters' of 'meter'."""
    made_of = (word.removesuffix(ending) + instead for ending, instead in ENDINGS if word.endswith(ending))
    return any(len(base) > 2 and base in bases for base in made_of)


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    packed = files("bot").joinpath("common_words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("ascii").split())
