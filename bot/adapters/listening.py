"""A recording listened through: its samples in a temporary file, and how likely somebody speaks at each moment."""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE, Samples, blocks
from bot.adapters.sound_spool import SoundSpool
from bot.adapters.voice_activity import STRETCH, WARM_UP, stretch_probabilities
from bot.durable_files import full_disk_in_words
from bot.ports import Progress
from bot.speech_windows import Span

HEARTBEAT = 2.0  # seconds between two reports of progress, at most
THREADS = 4  # at most
REMEMBERED = 16  # recordings, or parts of one; twelve hours are 5 MB

Probabilities = NDArray[np.float32]
_judged: dict[object, Probabilities] = {}


@contextmanager
def listened_through(
    audio: Path, name: str, excluded: Sequence[Span], *, threads: int, on_progress: Progress
) -> Iterator[tuple[SoundSpool, Probabilities]]:
    """The samples, the excluded ranges as silence, and the probability of speech in each CHUNK of them.

    The words and the voices both need it: what was judged for the one is remembered, in memory, for the other.
    `threads` 0: as many as there are processors. Raises UnreadableRecording as `blocks` does, and StateUnusable where
    the disk for temporary files is full: 115 MB an hour. Memory grows by 0.5 MB an hour.
    """
    key = _identity(audio, excluded)
    likely = _judged.pop(key, None)
    with tempfile.TemporaryFile(prefix="secretariat-sound-") as spool:
        spooled = _spooled(blocks(audio, name, STRETCH), spool, excluded, on_progress)
        if likely is None:
            likely = _probabilities(spooled, min(threads or len(os.sched_getaffinity(0)), THREADS))
            _remember(key, likely)
        else:
            deque(spooled, maxlen=0)
        yield SoundSpool(spool.fileno(), spool.tell() // 2), likely


def _spooled(
    decoded: Iterator[Samples], spool: IO[bytes], excluded: Sequence[Span], on_progress: Progress
) -> Iterator[Samples]:
    """Each block as it is once it lies in the spool."""
    length, told = 0, time.monotonic()
    for given in decoded:
        block = _silenced(given, length, excluded)
        with full_disk_in_words(Path(tempfile.gettempdir())):
            spool.write(block.tobytes())
            spool.flush()
        length += len(block)
        yield block
        if time.monotonic() - told > HEARTBEAT:
            told = time.monotonic()
            on_progress(0.0, length / RATE)


def _probabilities(spooled: Iterator[Samples], threads: int) -> Probabilities:
    """Of speech, the blocks judged several at a time while the next are decoded."""
    waiting: deque[Future[Probabilities]] = deque()
    found: list[Probabilities] = []
    before = np.zeros(0, np.int16)
    with ThreadPoolExecutor(threads) as pool:
        for block in spooled:
            waiting.append(pool.submit(stretch_probabilities, before, block))
            before = block[-WARM_UP:]
            while len(waiting) > 2 * threads:
                found.append(waiting.popleft().result())
        return np.concatenate([*found, *(each.result() for each in waiting)])


def _identity(audio: Path, excluded: Sequence[Span]) -> object:
    """The same where the same file is listened to in the same way; a file that is missing `blocks` complains of."""
    if not audio.is_file():
        return None
    about = audio.stat()
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, tuple((a, b) for a, b in excluded)


def _remember(key: object, likely: Probabilities) -> None:
    _judged[key] = likely
    while len(_judged) > REMEMBERED:
        del _judged[next(iter(_judged))]


def _silenced(block: Samples, first: int, excluded: Sequence[Span]) -> Samples:
    """The block, which begins at sample `first`, without what is excluded."""
    if not any(end * RATE > first and begin * RATE < first + len(block) for begin, end in excluded):
        return block
    silent = block.copy()
    for begin, end in excluded:
        silent[max(0, round(begin * RATE) - first) : max(0, round(end * RATE) - first)] = 0
    return silent
