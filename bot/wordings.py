"""Two rewordings of one text put together, where they change different words of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class _Change:
    """The words from `first` to before `last` become `words`; nothing is taken away where the two are the same."""

    first: int
    last: int
    words: tuple[str, ...]

    def meets(self, other: _Change) -> bool:
        """Whether both change a word, or one adds something where the other changes or adds."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        adds = self.first == self.last or other.first == other.last
        return first < last or (adds and first == last)


def put_together(base: str, one: str, other: str) -> str | None:
    """`base` with the changes of both; None where they would change the same words, or the same place, differently."""
    if other.split() in (one.split(), base.split()):
        return one
    if one.split() == base.split():
        return other
    words = TOKEN.findall(base)
    mine, theirs = _changes(words, one), _changes(words, other)
    new = [change for change in theirs if change not in mine]
    if any(change.meets(known) for change in new for known in mine):
        return None
    return _applied(words, [*mine, *new])


def _changes(base: Sequence[str], wording: str) -> list[_Change]:
    words = TOKEN.findall(wording)
    matcher = SequenceMatcher(None, base, words, autojunk=False)
    return [_Change(i1, i2, tuple(words[j1:j2])) for what, i1, i2, j1, j2 in matcher.get_opcodes() if what != "equal"]


def _applied(base: Sequence[str], changes: Sequence[_Change]) -> str:
    made: list[str] = []
    at = 0
    for change in sorted(changes, key=lambda change: (change.first, change.last)):
        made += [*base[at : change.first], *change.words]
        at = change.last
    return "".join([*made, *base[at:]])
