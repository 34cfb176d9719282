"""Recordings made for a test, in every form that a meeting may leave: written by PyAV, a few seconds each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

Sound = NDArray[np.int16]  # channels, samples
RATE = 16_000
FORMS = {  # suffix: codec, samples a second
    "mp4": ("aac", 48_000),
    "m4a": ("aac", 16_000),
    "mp3": ("libmp3lame", 16_000),
    "wav": ("pcm_s16le", 8_000),
    "flac": ("flac", 44_100),
    "ogg": ("libopus", 48_000),
    "webm": ("libopus", 48_000),
}


def tone(seconds: float, *, pitch: float = 300.0, rate: int = RATE, loud: int = 8000) -> NDArray[np.int16]:
    """A whistle: what is easily found again."""
    at = np.arange(round(seconds * rate)) / rate
    return (loud * np.sin(2 * np.pi * pitch * at)).astype(np.int16)


def quiet(seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    return np.zeros(round(seconds * rate), np.int16)


def write(path: Path, sound: Sound, *, rate: int, codec: str, form: str | None = None, video: bool = False) -> Path:
    """Write channels of sound as a file of that codec; `form` is the container, by default as the suffix says."""
    layout = {1: "mono", 2: "stereo"}[len(sound)]
    with av.open(str(path), "w", format=form) as container:
        picture = add_picture(container) if video else None
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        for frame in _frames(stream, sound, rate, layout):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if picture:
            show(container, picture)
    return path


def _frames(stream: av.AudioStream, sound: Sound, rate: int, layout: str) -> Iterator[av.AudioFrame]:
    """Frames as the codec wants them."""
    resampler, waiting = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate), av.AudioFifo()
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T).reshape(1, -1), format="s16", layout=layout)
    whole.sample_rate = rate
    for piece in resampler.resample(whole):
        waiting.write(piece)
    at = 0
    while (frame := waiting.read(stream.codec_context.frame_size or 1024, partial=True)) is not None:
        frame.pts, at = at, at + frame.samples
        yield frame


def add_picture(container: OutputContainer) -> av.VideoStream:
    """A film's track for pictures."""
    stream = container.add_stream("mpeg4", rate=5)
    assert isinstance(stream, av.VideoStream)
    stream.width = stream.height = 32
    return stream


def show(container: OutputContainer, stream: av.VideoStream) -> None:
    """Two seconds of black."""
    for number in range(10):
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        frame.pts = number
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def recording(path: Path, sound: NDArray[np.int16]) -> Path:
    """A mono recording as FLAC, whatever the path's suffix says."""
    return write(path, sound[None], rate=RATE, codec="flac", form="flac")
