"""What a small classifier has learnt of everyday speech: what sounds like a decision, a task, a new topic.

It only ranks. The weights (`learnt.json.gz`) are made by `benchmarks/learn.py` from the labelled meetings beside it;
`secretariat learn` goes on from them with the reports that a PMO has issued (`learning.py`).
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from bot.headlines.sentences import Sentence

Head = Literal["decision", "action", "call_decision", "topic"]
Weights = Mapping[str, float]
Learnt = Mapping[Head, Weights]
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NEAR = 6  # sentences on either side whose words count


def scores(sentences: Sequence[Sentence], head: Head, learnt: Learnt | None = None) -> list[float]:
    """For each sentence the log-odds that it is what `head` names. `learnt`: other weights than ours."""
    weights = (learnt or {}).get(head) or shipped()[head]
    start = weights["one"]
    return [
        start + sum(weights.get(name, 0.0) * value for name, value in known if name != "one")
        for known in features(sentences)
    ]


def likelihoods(
    sentences: Sequence[Sentence], head: Head, *, around: float, share: float, learnt: Learnt | None = None
) -> list[float]:
    """For each sentence its own likelihood (0 to 1), and `share` of those said within `around` seconds of it."""
    own = [1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) for score in scores(sentences, head, learnt)]
    starts = [sentence.start for sentence in sentences]
    together, first, last, near = [], 0, 0, 0.0
    for here, start in zip(own, starts, strict=True):
        while last < len(own) and starts[last] <= start + around:
            near, last = near + own[last], last + 1
        while starts[first] < start - around:
            near, first = near - own[first], first + 1
        together.append(here + share * (near - here))
    return together


def features(sentences: Sequence[Sentence]) -> Iterator[list[tuple[str, float]]]:
    """What the classifier sees of each sentence: its words and pairs, the words about it, its place and its length."""
    said = [_WORD.findall(sentence.text.lower().replace("_", "")) for sentence in sentences]
    end = max((sentence.start for sentence in sentences), default=0.0) or 1.0
    spoken: Counter[str | None] = Counter()
    for sentence in sentences:
        spoken[sentence.speaker] += len(sentence.text)
    leading = spoken.most_common(1)[0][0] if spoken else None
    for number, sentence in enumerate(sentences):
        words = said[number]
        weight = 2 / math.sqrt(max(3, len(words)))
        seen = [(f"w:{word}", weight) for word in set(words)]
        seen += [(f"b:{one}_{two}", weight) for one, two in {*zip(["^", *words], [*words, "$"], strict=True)}]
        for side, near in (("p", said[max(0, number - _NEAR) : number]), ("n", said[number + 1 : number + 1 + _NEAR])):
            about = {word for others in near for word in others}
            seen += [(f"{side}:{word}", 1 / math.sqrt(max(10, len(about)))) for word in about]
        place = sentence.start / end
        seen += [(f"r:{int(place * 10)}", 0.7), (f"l:{min(6, len(words) // 4)}", 0.7), ("one", 1.0)]
        seen += [("r:95", 0.7)] if place > 0.95 else []
        seen += [("m", 0.7)] if sentence.speaker == leading else []
        seen += [("q", 0.7)] if words and sentence.text.rstrip().endswith("?") else []
        yield seen


@cache
def shipped() -> Learnt:
    """The weights that we come with."""
    packed = (files("bot.headlines") / "learnt.json.gz").read_bytes()
    weights: Learnt = json.loads(gzip.decompress(packed))
    return weights
