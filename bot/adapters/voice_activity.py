"""Where somebody speaks, by Silero's voice detector (it ships inside faster-whisper), on a copy made evenly loud."""

from __future__ import annotations

from typing import cast

import numpy as np
from faster_whisper.vad import get_vad_model
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE, Samples

CHUNK = 512  # samples that one probability stands for
LEVELLED = 2 * RATE  # samples that one gain is worked out from
MOMENT = RATE // 20  # samples, 50 ms
EVEN = 0.1  # root mean square that speech is brought to
LOUDER, SOFTER = 30.0, 0.1  # at most
SILENT = 1e-4  # root mean square below which there is nothing to be made louder
STRETCH = 60  # seconds judged at a time, by one thread
WARM_UP = (
    2 * RATE // CHUNK * CHUNK
)  # samples that the detector hears before a stretch, which is then judged as part of the whole


def speech_probabilities(samples: Samples) -> NDArray[np.float32]:
    """How likely somebody speaks, for each CHUNK of samples (the last may be part of one)."""
    if not len(samples):
        return np.zeros(0, np.float32)
    even = levelled(samples)
    padded = np.pad(even, (0, -len(even) % CHUNK))
    return cast("NDArray[np.float32]", get_vad_model()(padded)).reshape(-1)


def stretch_probabilities(before: Samples, stretch: Samples) -> NDArray[np.float32]:
    """The same for a stretch of a longer recording, of which `before` (whole chunks) was heard just before."""
    return speech_probabilities(np.concatenate([before, stretch]))[len(before) // CHUNK :]


def levelled(samples: Samples) -> NDArray[np.float32]:
    """The samples between -1 and 1, each two seconds brought towards the same loudness: far voices count too.

    How loud they are is said by their louder moments but the loudest quarter, so that a cough softens nobody's voice.
    """
    whole = np.zeros(-(-len(samples) // LEVELLED) * LEVELLED, np.float32)
    whole[: len(samples)] = samples
    pieces = (whole / 32768).reshape(-1, LEVELLED)
    moments = np.sqrt(np.square(pieces.reshape(len(pieces), -1, MOMENT)).mean(axis=2))
    loudness = np.quantile(moments, 0.75, axis=1)
    gains = np.where(loudness < SILENT, 1.0, np.clip(EVEN / np.maximum(loudness, SILENT), SOFTER, LOUDER))
    return cast("NDArray[np.float32]", (pieces * gains[:, None].astype(np.float32)).reshape(-1)[: len(samples)])
