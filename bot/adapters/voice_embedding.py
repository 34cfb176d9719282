"""What voices sound like, as vectors: Resemblyzer's three-layer LSTM, run by ONNX Runtime over windows of speech.

The weights (`voice_weights.onnx`, see its notice beside it) are those of the package resemblyzer 0.1.4, rounded to 16
bits: its vectors and ours differ by 0.001 at most. Nothing found here is kept: it dies with the job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE
from bot.adapters.listening import listened_through
from bot.adapters.sound_spool import SoundSpool
from bot.adapters.voice_activity import CHUNK, STRETCH
from bot.errors import SecretariatError
from bot.ports import Progress
from bot.voices import Span, Vectors, Voices

WEIGHTS = "voice_weights.onnx"
PINNED = "2bb42b0d44c7348f240d2d76333e3339ed961088b021b4a4f5058fe9b679de4f"
SIZE = 256  # of a vector
FRAME = RATE // 100  # samples between two frames of the spectrum
WINDOW = 1.6  # seconds that the network was trained on
LEAST = 0.8  # seconds of sound that a shorter stretch of speech is judged by
HOP = 0.8  # seconds between two windows; half of it finds nobody better, at twice the cost
LOUDNESS = 0.04  # root mean square of speech (-28 dB): quieter speech is made as loud, as the network's examples were
FAR = 0.5  # how much quieter (6 dB) than that a person is left who sits far from the microphone
NEARER = 30.0  # and is made louder by no more than that
BATCH = 32  # windows at a time

SPEAKS, FALLS_SILENT = 0.4, 0.25  # probabilities of speech
SILENCE = 12  # chunks that end a stretch of speech
EDGE = 2  # chunks put on either side of it
SHORTEST = 5  # chunks: a shorter sound is a cough

Floats = NDArray[np.float32]


class SpeakerVoices:
    """`bot.ports.VoiceEmbedder`."""

    def __init__(self, *, threads: int = 0) -> None:
        """`threads` 0: as many as the computer has. Raises SecretariatError where the weights are not ours."""
        self._threads = threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others want the processor too
        self._network = onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])

    def voices(self, audio: Path, *, name: str, on_progress: Progress, excluded: Sequence[Span] = ()) -> Voices:
        """See VoiceEmbedder. Memory does not grow with the recording but for 1.3 kB a second of speech."""
        with listened_through(audio, name, excluded, threads=self._threads, on_progress=on_progress) as heard:
            sound, likely = heard
            length = sound.length / RATE
            speech = _without([(start, min(end, length)) for start, end in _stretches(likely)], excluded)
            windows = [window for span in speech for window in _windows(span)]
            gain = _gain(sound, speech)
            vectors = np.zeros((len(windows), SIZE), np.float32)
            for first in range(0, len(windows), BATCH):
                batch = windows[first : first + BATCH]
                sounds, frames = _sounds(sound, batch, gain), _frames(batch)
                vectors[first : first + BATCH] = self.vectors(sounds, frames)
                on_progress(batch[-1][1], length)
        return Voices(tuple(speech), tuple(windows), vectors)

    def vectors(self, sounds: Floats, frames: NDArray[np.int32]) -> Vectors:
        """The voice in each window of sound, a row of `WINDOW` seconds each, of which the first `frames` count."""
        (found,) = self._network.run(None, {"spectra": _mel(sounds), "frames": frames})
        return np.asarray(found, np.float32)


def _weights() -> bytes:
    content = files("bot.adapters").joinpath(WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != PINNED:
        raise SecretariatError(f"{WEIGHTS} is not the file that came with us.", hint="Install the secretariat again.")
    return content


def _stretches(likely: Floats) -> Iterator[Span]:
    """Stretches of speech in seconds, from its probability in each chunk."""
    start, silent = -1, 0
    for at, probability in enumerate([*likely.tolist(), *[0.0] * SILENCE]):
        if probability >= SPEAKS:
            start, silent = (at if start < 0 else start), 0
        elif start >= 0 and (silent or probability < FALLS_SILENT):
            silent += 1
            if silent == SILENCE:
                end, before = at - SILENCE + 1, start
                start, silent = -1, 0
                if end - before >= SHORTEST:
                    yield max(before - EDGE, 0) * CHUNK / RATE, (end + EDGE) * CHUNK / RATE


def _without(speech: Sequence[Span], excluded: Sequence[Span]) -> list[Span]:
    """The speech outside the excluded ranges."""
    left = list(speech)
    for first, last in excluded:
        left = [piece for a, b in left for piece in ((a, min(b, first)), (max(a, last), b)) if piece[1] > piece[0]]
    return left


def _windows(span: Span) -> Iterator[Span]:
    """Windows over a stretch of speech, evenly laid, at most `HOP` apart; one alone where it is shorter than one."""
    start, end = span
    if end - start <= WINDOW:
        yield span
        return
    for begins in np.linspace(start, end - WINDOW, int(np.ceil((end - start - WINDOW) / HOP - 0.01)) + 1):
        yield float(begins), float(begins) + WINDOW


def _frames(windows: Sequence[Span]) -> NDArray[np.int32]:
    """How many frames of each window count."""
    return np.array([round(min(max(end - start, LEAST), WINDOW) * RATE / FRAME) for start, end in windows], np.int32)


def _gain(sound: SoundSpool, speech: Sequence[Span]) -> float:
    """What makes the recording's speech as loud as the network is used to; never quieter."""
    squares = count = 0.0
    for start, end in speech:
        for first in np.arange(start, end, STRETCH):  # somebody may speak for an hour without a breath
            piece = sound.read(int(first * RATE), int(min(first + STRETCH, end) * RATE)).astype(np.float32) / 32768
            squares, count = squares + float(piece @ piece), count + len(piece)
    return max(1.0, LOUDNESS / max(float(np.sqrt(squares / max(count, 1.0))), 1e-5))


def _sounds(sound: SoundSpool, windows: Sequence[Span], gain: float) -> Floats:
    """The sound of each window, (windows, samples), as loud as the network is used to."""
    length = int(WINDOW * RATE)
    found = np.zeros((len(windows), length), np.float32)
    for row, (start, end), frames in zip(found, windows, _frames(windows), strict=True):
        first = max(int((start + end) / 2 * RATE) - int(frames) * FRAME // 2, 0)
        piece = sound.read(first, first + length).astype(np.float32) * np.float32(gain / 32768)
        loudness = float(np.sqrt(np.mean(piece[: frames * FRAME] ** 2))) if len(piece) else 0.0
        row[: len(piece)] = piece * np.float32(np.clip(LOUDNESS * FAR / max(loudness, 1e-5), 1.0, NEARER))
    return found


def _mel(sounds: Floats) -> Floats:
    """(frames, windows, 40): the power of 25 ms of sound every 10 ms in 40 bands of Slaney's mel scale, no log."""
    padded = np.pad(sounds, ((0, 0), (200, 200)))
    framed = np.lib.stride_tricks.sliding_window_view(padded, 400, axis=1)[:, ::FRAME][:, : sounds.shape[1] // FRAME]
    found = np.fft.rfft(framed.transpose(1, 0, 2) * _HANN)
    return np.asarray((found.real**2 + found.imag**2).astype(np.float32) @ _BANDS, np.float32)


def _bands() -> Floats:
    """(201, 40): how much of each frequency is in each band: triangles of equal area, half overlapping."""
    step = np.log(6.4) / 27  # linear up to 1 kHz, which is 15 mel, logarithmic above
    mel = np.linspace(0.0, 15 + np.log(8.0) / step, 42)
    edges = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(step * (mel - 15)))
    frequencies = np.linspace(0, RATE / 2, 201)
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2]), np.float32)


_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)).astype(np.float32)
_BANDS = _bands()
