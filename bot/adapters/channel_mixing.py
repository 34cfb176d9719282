"""Several channels to one, so that nobody is lost: parties on channels of their own, quiet ones, swapped wires."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Sound = NDArray[np.int16]  # channels, samples
Levels = NDArray[np.float64]
PIECE = 8_000  # samples: half a second, over which loudness is taken
ALIKE = 0.3  # correlation from which two channels carry the same sound
LIVELY = 4.0  # speech is so many times louder at its loudest than at its quietest; a humming line is not
MOST_GAIN = 10.0  # 20 dB: what is quieter than that is no party of the meeting
FORGETTING = 0.8  # a block: a party that has been silent for minutes is not amplified further


class Mixer:
    """Mixes block after block of (channels, samples), int16 at 16 kHz. Keeps only a level and a sign a channel."""

    def __init__(self) -> None:
        self._level: Levels = np.zeros(0)
        self._sign: Levels = np.zeros(0)

    def mixed(self, block: Sound) -> Samples:
        """One channel, int16. A channel wired the wrong way round is turned, so that it does not cancel the others."""
        channels = len(block)
        if channels == 1:
            only: Samples = block[0]
            return only
        if len(self._level) != channels:
            self._level, self._sign = np.zeros(channels), np.ones(channels)
        sound = block.astype(np.float32)
        loudest, lively = _levels(sound)
        self._level = np.maximum(self._level * FORGETTING, loudest)
        apart = self._turn(sound)
        gain = np.where(apart & lively, self._level.max() / np.maximum(self._level, 1.0), 1.0)
        weights = self._sign * np.clip(gain, 1.0, MOST_GAIN) / channels
        mixed: Samples = np.clip(np.rint(weights.astype(np.float32) @ sound), -32768, 32767).astype(np.int16)
        return mixed

    def _turn(self, sound: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Settles each channel's sign against the loudest; returns which carry another sound than that one."""
        first = int(self._level.argmax())
        with np.errstate(invalid="ignore", divide="ignore"):
            power = np.sqrt(np.einsum("cs,cs->c", sound, sound, dtype=np.float64))
            alike = np.nan_to_num((sound @ sound[first]) / (power * power[first]))
        alike[first] = 1.0
        self._sign = np.where(np.abs(alike) > ALIKE, np.sign(alike), self._sign)
        return np.asarray(np.abs(alike) <= ALIKE)


def _levels(sound: NDArray[np.float32]) -> tuple[Levels, NDArray[np.bool_]]:
    """A channel's level where it is loud, and whether its loudness varies as speech does."""
    whole = sound.shape[1] // PIECE * PIECE
    pieces = sound[:, :whole].reshape(len(sound), -1, PIECE) if whole else sound[:, None, :]
    loudness = np.sqrt(np.mean(np.square(pieces), axis=2, dtype=np.float64))
    loud, quiet = np.percentile(loudness, (97, 10), axis=1)
    return loud, loud > LIVELY * np.maximum(quiet, 1.0)
