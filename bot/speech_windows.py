"""Where speech is, and which pieces of it the recogniser is given: windows without long pauses, batched by length.

Pure. Times are seconds on the recording's line; `Span` is (from, to).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.formats import Word

Span = tuple[float, float]

STEP = 512 / 16_000  # seconds that one probability stands for
SPEECH = 0.2  # at 0.5 quiet and far speakers are lost
SILENCE = 0.05  # below it a pause begins
SHORTEST_PAUSE = 0.3
PADDING = 0.2

LONGEST_PAUSE = 1.0  # a longer one inside a window makes Whisper drop the rest, or invent
LONGEST = 28.0  # Whisper hears 30 seconds at once
WINDOWS_A_BATCH = 8
SECONDS_A_BATCH = 120.0  # of padded sound: memory grows with it

WORST_RATIO = 2.4  # text that compresses better says the same again and again
WORST_LOG_PROBABILITY = -1.0
SURELY_NO_SPEECH = 0.6  # in Whisper's opinion
RATHER_NO_SPEECH = 0.5  # in Whisper's opinion, and in the voice detector's
LEAST_LEFT = 1.0  # seconds of speech without words that are listened to again
LEAST_HALVED = 4.0  # seconds; a shorter window is not divided

LONGEST_WORD = 2.0
SHORTEST_WORD = 0.02


@dataclass(frozen=True)
class Window:
    """A piece of sound that is recognised at once. `speech`: the speech in it, without padding, in order.

    `likelihood`: the highest probability of speech in it.
    """

    start: float
    end: float
    speech: tuple[Span, ...]
    likelihood: float = 1.0

    @property
    def length(self) -> float:
        return self.end - self.start


def speech_spans(probabilities: NDArray[np.float32]) -> list[Span]:
    """Where somebody speaks, in order: a probability of speech for each STEP, shorter pauses bridged, no padding."""
    spans: list[Span] = []
    begins = quiet_since = -1
    least = round(SHORTEST_PAUSE / STEP)
    for step in np.flatnonzero((probabilities >= SPEECH) | (probabilities < SILENCE)).tolist():
        if probabilities[step] >= SPEECH:
            if begins < 0:
                begins = step
            elif quiet_since >= 0 and step - quiet_since > least:
                spans.append((begins * STEP, quiet_since * STEP))
                begins = step
            quiet_since = -1
        elif begins >= 0 and quiet_since < 0:
            quiet_since = step
    if begins >= 0:
        spans.append((begins * STEP, (quiet_since if quiet_since >= 0 else len(probabilities)) * STEP))
    return spans


def without(spans: Iterable[Span], excluded: Sequence[Span]) -> list[Span]:
    """The spans less the excluded ranges."""
    left = list(spans)
    for begin, end in excluded:
        left = [
            piece
            for span in left
            for piece in ((span[0], min(span[1], begin)), (max(span[0], end), span[1]))
            if piece[1] > piece[0]
        ]
    return sorted(set(left))


def windows(
    spans: Sequence[Span], probabilities: NDArray[np.float32], duration: float, excluded: Sequence[Span] = ()
) -> list[Window]:
    """Speech joined while its pauses are short and the whole is not too long; never over an excluded range.

    Speech that lasts longer than a window is cut where it is least like speech. Windows are padded, and don't overlap.
    """
    groups: list[list[Span]] = []
    for span in (piece for whole in spans for piece in _cut(whole, probabilities)):
        if groups and _joins(groups[-1], span, excluded):
            groups[-1].append(span)
        else:
            groups.append([span])
    edges = [(0.0, 0.0), *((group[0][0], group[-1][1]) for group in groups), (duration, duration)]
    return [
        Window(
            start=max([begin - _padding(begin - before, shared=n > 1), *(e for _, e in excluded if e <= begin)]),
            end=min(
                [end + _padding(after - end, shared=n < len(groups)), duration, *(b for b, _ in excluded if b >= end)]
            ),
            speech=tuple(groups[n - 1]),
            likelihood=float(probabilities[int(begin / STEP) : math.ceil(end / STEP)].max()),
        )
        for n, ((_, before), (begin, end), (after, _)) in enumerate(zip(edges, edges[1:], edges[2:], strict=False), 1)
    ]


def _padding(gap: float, *, shared: bool) -> float:
    """How far a window may reach into the gap beside it; half of it where another window begins beyond."""
    return max(0.0, min(PADDING, gap / 2 if shared else gap))


def _joins(group: Sequence[Span], span: Span, excluded: Sequence[Span]) -> bool:
    last = group[-1][1]
    walled = any(begin < span[0] and end > last for begin, end in excluded)
    return not walled and span[0] - last <= LONGEST_PAUSE and span[1] - group[0][0] <= LONGEST - 2 * PADDING


def _cut(span: Span, probabilities: NDArray[np.float32]) -> list[Span]:
    """The span in pieces that fit into a window, the last two about equal."""
    room = LONGEST - 2 * PADDING
    if span[1] - span[0] <= room:
        return [span]
    reach = min(room, (span[1] - span[0]) * 0.75)
    first, last = int((span[0] + reach / 2) / STEP), int((span[0] + reach) / STEP)
    width = round(SHORTEST_PAUSE / STEP)
    around = np.convolve(probabilities[first - width : last + width], np.ones(width), "same")[width:-width]
    at = (first + int(around.argmin()) + 0.5) * STEP
    return [(span[0], at), *_cut((at, span[1]), probabilities)]


def batches(found: Sequence[Window]) -> list[list[Window]]:
    """Windows of like length together, the longest first: at most so many, and so many padded seconds."""
    made: list[list[Window]] = []
    for window in sorted(found, key=lambda w: (-w.length, w.start)):
        batch = made[-1] if made else []
        if (
            batch
            and len(batch) < WINDOWS_A_BATCH
            and padded_length(batch[0].length) * (len(batch) + 1) <= SECONDS_A_BATCH
        ):
            batch.append(window)
        else:
            made.append([window])
    return made


def padded_length(longest: float) -> float:
    """Seconds of sound given for a batch: a second more than its longest window, in steps, and never very little."""
    return min(30.0, max(10.0, math.ceil((longest + 1.0) / 2.5) * 2.5))


def compression_ratio(text: str) -> float:
    """How much shorter the text becomes by zlib: over 2.4 where it says the same again and again."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0


def is_bad(text: str, mean_log_probability: float) -> bool:
    """Whether a window has to be listened to again."""
    return compression_ratio(text) > WORST_RATIO or mean_log_probability < WORST_LOG_PROBABILITY


def is_no_speech(window: Window, no_speech: float, mean_log_probability: float) -> bool:
    """Whether the sound is no speech after all, whatever words were found in it; `no_speech`: Whisper's probability.

    Whisper's own rule; or it doubts that it is speech, and the voice detector was never sure. A keyboard or music gave
    0.8 and more with the detector at most at 0.4; speech of all kinds at most 0.5, the detector mostly over 0.7.
    """
    if no_speech > SURELY_NO_SPEECH and mean_log_probability < WORST_LOG_PROBABILITY:
        return True
    return no_speech > RATHER_NO_SPEECH and window.likelihood < RATHER_NO_SPEECH


def halves(window: Window) -> list[Window]:
    """The window divided at the longest pause near its middle, or simply there; itself where it is short."""
    if window.length < LEAST_HALVED:
        return [window]
    middle = (window.start + window.end) / 2
    pauses = [
        (after[0] - before[1], (before[1] + after[0]) / 2)
        for before, after in zip(window.speech, window.speech[1:], strict=False)
        if abs((before[1] + after[0]) / 2 - middle) < window.length / 4
    ]
    at = max(pauses)[1] if pauses else middle
    return [part for part in (between(window, window.start, at), between(window, at, window.end)) if part.speech]


def between(window: Window, start: float, end: float) -> Window:
    """What of a window lies between two instants."""
    speech = tuple((max(a, start), min(b, end)) for a, b in window.speech if min(b, end) > max(a, start))
    return Window(start, end, speech, window.likelihood)


def leftovers(window: Window, heard: Sequence[Span]) -> list[Window]:
    """Speech of the window that no heard span covers, where it lasts long enough to hold a word."""
    left = without(window.speech, heard)
    groups: list[list[Span]] = []
    for span in left:
        if groups and span[0] - groups[-1][-1][1] <= LONGEST_PAUSE and not _covered(groups[-1][-1][1], span[0], heard):
            groups[-1].append(span)
        else:
            groups.append([span])
    return [
        Window(
            start=max([group[0][0] - PADDING, window.start, *(end for _, end in heard if end <= group[0][0])]),
            end=min([group[-1][1] + PADDING, window.end, *(begin for begin, _ in heard if begin >= group[-1][1])]),
            speech=tuple(group),
            likelihood=window.likelihood,
        )
        for group in groups
        if sum(end - begin for begin, end in group) >= LEAST_LEFT
    ]


def _covered(start: float, end: float, heard: Sequence[Span]) -> bool:
    return any(a < end and b > start for a, b in heard)


def placed(words: Sequence[Word], window: Window) -> list[Word]:
    """The words of a window with their times put right.

    Alignment begins a word early, in the padding or the pause before it: it begins where speech does. A word ends
    where its speech ends, before the next begins, and after two seconds at most.
    """
    starts: list[float] = []
    for word in words:
        start = _first_sound(word, window.speech)
        starts.append(max(start, starts[-1]) if starts else start)
    return [
        _ending(word, start, starts[n + 1] if n + 1 < len(starts) else window.end, window.speech)
        for n, (word, start) in enumerate(zip(words, starts, strict=True))
    ]


def _first_sound(word: Word, speech: Sequence[Span]) -> float:
    """Where a word that is said to begin in silence begins: with the next speech, if the word reaches so far."""
    for begin, end in speech:
        if word.start < end:
            return max(word.start, begin) if word.start >= begin or word.end >= begin else word.start
    return word.start


def _ending(word: Word, start: float, following: float, speech: Sequence[Span]) -> Word:
    end = min(max(word.end, start + SHORTEST_WORD), max(following, start + SHORTEST_WORD), start + LONGEST_WORD)
    inside = next(((a, b) for a, b in speech if a <= start < b), None)
    if inside and end > inside[1] + PADDING:
        end = inside[1] + PADDING
    return word.model_copy(update={"start": round(start, 3), "end": round(max(end, start + SHORTEST_WORD), 3)})
