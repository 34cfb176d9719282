"""A recording's samples in a temporary file: memory does not grow with the recording's length."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bot.adapters.av_decoder import Samples, blocks
from bot.durable_files import full_disk_in_words


class SoundSpool:
    """`length` samples, read piece by piece. Not a memory map: what is mapped counts as used memory."""

    def __init__(self, descriptor: int, length: int) -> None:
        self._descriptor, self.length = descriptor, length

    def read(self, first: int, last: int) -> Samples:
        """The samples from the `first` to before the `last`."""
        return np.frombuffer(os.pread(self._descriptor, 2 * (last - first), 2 * first), np.int16)


@contextmanager
def spooled(audio: Path, name: str) -> Iterator[SoundSpool]:
    """The samples that `blocks` gives, in a file that is gone afterwards: 115 MB an hour, 1.4 GB for twelve.

    Raises UnreadableRecording as `blocks` does, and StateUnusable where the disk for temporary files is full.
    """
    with tempfile.TemporaryFile(prefix="secretariat-sound-") as file:
        length = 0
        with full_disk_in_words(Path(tempfile.gettempdir())):
            for block in blocks(audio, name):
                file.write(block.tobytes())
                length += len(block)
            file.flush()
        yield SoundSpool(file.fileno(), length)
