"""How good a transcript is where the truth is known: word errors, words invented, clips lost, when clips begin.

The truth is a list of pieces {"kind", "start", "end"}; those of kind `clip` have "id", "text" and "speech_starts".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Said = tuple[float, float, str]  # from, to, the word
SILENT = ("digital_silence", "noise", "hum")
LOST = 0.2  # share of a clip's words below which it counts as lost
LONG_CLIP = 10  # words


@dataclass(frozen=True)
class Score:
    """`word_error_rate` per word said; seconds of `start_errors` are those of all clips of which a word was heard."""

    word_error_rate: float
    invented: int
    lost: list[str]
    start_median: float
    start_p90: float


def normaliser() -> tuple[Callable[[str], list[str]], str]:
    """Whisper's English normaliser where openai-whisper is installed, else a plain one; and its name."""
    try:
        from whisper.normalizers import EnglishTextNormalizer
    except ImportError:
        return lambda text: re.sub(r"[^\w' ]+", " ", text.lower()).split(), "lower case, no punctuation"
    whole = EnglishTextNormalizer()
    # It deletes what stands in brackets, so the brackets go first.
    return lambda text: str(whole(re.sub(r"[\[\](){}<>]", " ", text))).split(), "Whisper's English normaliser"


def score(words: Sequence[Said], truth: Sequence[dict[str, Any]], normal: Callable[[str], list[str]]) -> Score:
    """The words of a transcript, in order, against the truth."""
    clips = [piece for piece in truth if piece["kind"] == "clip"]
    wanted = [(word, number) for number, clip in enumerate(clips) for word in normal(clip["text"])]
    errors, hits = _aligned([word for word, _ in wanted], normal(" ".join(word for _, _, word in words)))
    shares = [[hit for hit, (_, owner) in zip(hits, wanted, strict=True) if owner == n] for n in range(len(clips))]
    late = [abs(begins - clip["speech_starts"]) for clip in clips if (begins := _begins(words, clip)) is not None]
    return Score(
        word_error_rate=errors / len(wanted),
        invented=sum(
            piece["start"] <= (start + end) / 2 < piece["end"]
            for piece in truth
            if piece["kind"] in SILENT
            for start, end, _ in words
        ),
        lost=[
            str(clip["id"])
            for clip, share in zip(clips, shares, strict=True)
            if len(share) >= LONG_CLIP and sum(share) < LOST * len(share)
        ],
        start_median=float(np.median(late)),
        start_p90=float(np.quantile(late, 0.9)),
    )


def _begins(words: Sequence[Said], clip: dict[str, Any]) -> float | None:
    """When the first word of a clip is said to begin."""
    inside = (
        start for start, end, _ in words if start >= clip["start"] - 1 and (start + end) / 2 >= clip["start"] - 0.3
    )
    first = min(inside, default=clip["end"])
    return first if first < clip["end"] else None


def _aligned(wanted: list[str], found: list[str]) -> tuple[int, list[bool]]:
    """Levenshtein's distance over words, and for each wanted word whether it was found."""
    heard = np.array(found, dtype=object)
    table = np.zeros((len(wanted) + 1, len(found) + 1), np.int32)
    table[0] = np.arange(len(found) + 1)
    for row, word in enumerate(wanted, 1):
        best = np.minimum(table[row - 1, :-1] + (heard != word), table[row - 1, 1:] + 1)
        steps = np.concatenate([[row], best]) - table[0]
        table[row] = np.minimum.accumulate(steps) + table[0]
    hits = [False] * len(wanted)
    row, column = len(wanted), len(found)
    while row and column:
        same = wanted[row - 1] == found[column - 1]
        if table[row, column] == table[row - 1, column - 1] + (not same):
            row, column = row - 1, column - 1
            hits[row] = same
        elif table[row, column] == table[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return int(table[-1, -1]), hits
