"""A recording in stretches that an engine can take at once, cut where it is quietest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bot.adapters.av_decoder import RATE, Samples
from bot.adapters.sound_spool import SoundSpool
from bot.speech_windows import without


def stretches(
    sound: SoundSpool, excluded: Sequence[tuple[float, float]] = (), *, longest: int, look_back: int
) -> Iterator[tuple[int, Samples]]:
    """At most `longest` seconds at a time, with the number of the first sample.

    Each is cut in the quietest moment of its last `look_back` seconds. Nothing of the `excluded` ranges (seconds) is
    in them.
    """
    for begin, end in without([(0.0, sound.length / RATE)], excluded):
        first, last = round(begin * RATE), round(end * RATE)
        while last - first > longest * RATE:
            reach = first + longest * RATE
            cut = reach - look_back * RATE + _quietest(sound.read(reach - look_back * RATE, reach))
            yield first, sound.read(first, cut)
            first = cut
        yield first, sound.read(first, last)


def _quietest(samples: Samples) -> int:
    """The middle of the quietest half second."""
    window = RATE // 2
    loudness = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window).sum(axis=1)
    return int(loudness.argmin()) * window + window // 2
