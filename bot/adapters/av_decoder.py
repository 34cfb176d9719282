"""Recordings of any usual format to samples, by PyAV (FFmpeg)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from bot.errors import UnreadableRecording

RATE = 16_000  # samples a second, mono
ACCEPTED = "Accepted are FLAC, WAV, MP3, M4A, MP4, Ogg, Opus and WebM files with a sound track."
# Playlists and the like are left out: they could name other files or addresses for FFmpeg to open.
CONTAINERS = "aac,aiff,asf,caf,flac,matroska,webm,mov,mp4,m4a,mp3,ogg,w64,wav"
Samples = NDArray[np.int16]


def decoded(audio: Path, name: str) -> Samples:
    """Every sample of the first sound track, 16 kHz mono; places without data (a muted microphone) are silence.

    Raises UnreadableRecording, which calls the file `name`, where it is missing, empty, no audio, or cut short.
    """
    if not audio.is_file():
        raise UnreadableRecording(f"There is no file {name}.", hint=ACCEPTED, file=name)
    if audio.stat().st_size == 0:
        raise UnreadableRecording(f"The file {name} is empty.", hint=ACCEPTED, file=name)
    try:
        samples, declared, ends = _read(audio, name)
    except av.error.FFmpegError as problem:
        raise UnreadableRecording(
            f"The file {name} is no recording that can be read, or its beginning or end is missing.",
            hint=ACCEPTED,
            file=name,
            reason=problem.strerror,
        ) from problem
    if declared - ends > max(2.0, declared / 100):
        raise UnreadableRecording(
            f"The file {name} is cut short: it should last {declared:.0f} seconds and stops after {ends:.0f}.",
            hint=f"Send the whole file again. {ACCEPTED}",
            file=name,
        )
    if not len(samples):
        raise UnreadableRecording(f"The file {name} holds no sound that can be read.", hint=ACCEPTED, file=name)
    return samples


def _read(audio: Path, name: str) -> tuple[Samples, float, float]:
    """The samples, the declared length (0 where none is stated) and where the last frame ends, both in seconds."""
    options = {"format_whitelist": CONTAINERS}
    # An absolute path is never taken for an address, whatever the file is called.
    with av.open(str(audio.resolve()), metadata_errors="ignore", options=options) as container:
        if not container.streams.audio:
            raise UnreadableRecording(f"The file {name} has no sound track.", hint=ACCEPTED, file=name)
        stream = container.streams.audio[0]
        declared = _declared(audio, container, stream)
        samples, ends = _resampled(_frames(container), (container.start_time or 0) / 1_000_000)
    return samples, declared, ends


def _declared(audio: Path, container: av.container.InputContainer, stream: av.AudioStream) -> float:
    """The seconds of sound that the file's header states; 0 where FFmpeg would only guess (MP3, Ogg, WebM)."""
    kind = container.format.name.split(",")[0]
    if kind == "wav":  # FFmpeg quietly corrects a header that promises more than the file holds
        with audio.open("rb") as content:
            header = content.read(8)
        size, bits = int.from_bytes(header[4:], "little"), stream.codec_context.bit_rate
        streamed = header[:4] != b"RIFF" or size == 0xFFFF_FFFF
        return 0.0 if streamed or not bits else size * 8 / bits
    if kind in ("flac", "mov") and stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return 0.0


def _frames(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    frames = container.decode(audio=0)
    while True:
        try:
            yield next(frames)
        except StopIteration:
            return
        except av.error.InvalidDataError:
            continue  # one damaged frame in a recording of hours: its place becomes silence


def _resampled(frames: Iterator[av.AudioFrame], begins: float) -> tuple[Samples, float]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    pcm, ends = bytearray(), 0.0
    for frame in frames:
        if frame.time is not None:
            at = frame.time - begins
            pcm += _silence(at - len(pcm) / 2 / RATE)
            ends = at + frame.samples / frame.sample_rate
        frame.pts = None  # the resampler would stumble over a gap
        for piece in resampler.resample(frame):
            pcm += piece.to_ndarray().tobytes()
    for piece in resampler.resample(None):
        pcm += piece.to_ndarray().tobytes()
    return np.frombuffer(pcm, np.int16), ends


def _silence(gap: float) -> bytes:
    """Fills a gap of `gap` seconds, so that later times stay true. Jitter, and jumps that no meeting has, are left."""
    return bytes(2 * int(gap * RATE)) if 0.25 < gap < 3600 else b""
