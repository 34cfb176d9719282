"""Several recordings joined into one to listen to, and how long one is, by PyAV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from bot.adapters.av_decoder import CONTAINERS, RATE, Samples, blocks
from bot.durable_files import full_disk_in_words
from bot.ports import Piece, Progress

BITS = 32_000  # a second: speech, mono
FRAME = 1024  # samples of one AAC frame
STILL = 30 * RATE  # samples of silence written at a time


def length(audio: Path) -> float:
    """About how many seconds it lasts, by its header; 0 where that says nothing."""
    try:
        with av.open(
            str(audio.resolve()), metadata_errors="ignore", options={"format_whitelist": CONTAINERS}
        ) as container:
            return max(0.0, (container.duration or 0) / av.time_base)
    except (av.error.FFmpegError, OSError):
        return 0.0


def join(pieces: Sequence[Piece], target: Path, on_progress: Progress) -> None:
    """Write all pieces into one AAC file, its index in front, so that a player may begin anywhere at once."""
    with (
        full_disk_in_words(target),
        av.open(str(target), "w", format="ipod", options={"movflags": "+faststart"}) as container,
    ):
        stream = container.add_stream("aac", rate=RATE, layout="mono", bit_rate=BITS)
        for frame in _frames(_line(pieces, on_progress)):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _line(pieces: Sequence[Piece], on_progress: Progress) -> Iterator[Samples]:
    """The pieces one after another at their places, with silence between them."""
    written = 0
    for number, piece in enumerate(pieces):
        on_progress(number, len(pieces))
        for first in range(written, round(piece.offset * RATE), STILL):
            yield np.zeros(min(STILL, round(piece.offset * RATE) - first), np.int16)
        written = max(written, round(piece.offset * RATE))
        for block in _silenced(piece):
            yield block
            written += len(block)
            on_progress(number + 0.5, len(pieces))


def _silenced(piece: Piece) -> Iterator[Samples]:
    first = 0
    for read in blocks(piece.audio, piece.name):
        block = read.copy() if piece.excluded else read
        for start, end in piece.excluded:
            from_, to = (min(max(int(at * RATE) - first, 0), len(block)) for at in (start, end))
            block[from_:to] = 0
        first += len(block)
        yield block


def _frames(sound: Iterator[Samples]) -> Iterator[av.AudioFrame]:
    """Frames of the encoder's size; the last may be shorter."""
    waiting, at = np.zeros(0, np.int16), 0
    for block in sound:
        waiting = np.concatenate((waiting, block))
        for first in range(0, len(waiting) // FRAME * FRAME, FRAME):
            yield _frame(waiting[first : first + FRAME], at + first)
        at += len(waiting) // FRAME * FRAME
        waiting = waiting[len(waiting) // FRAME * FRAME :]
    if len(waiting):
        yield _frame(waiting, at)


def _frame(samples: Samples, at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray((samples.astype(np.float32) / 32768)[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame
