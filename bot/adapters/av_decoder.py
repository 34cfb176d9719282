"""Recordings of any usual format to samples, by PyAV (FFmpeg)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from bot.adapters.channel_mixing import Mixer
from bot.adapters.whole_files import wholeness
from bot.errors import UnreadableRecording

RATE = 16_000  # samples a second, mono
ACCEPTED = "Accepted are FLAC, WAV, MP3, M4A, MP4, Ogg, Opus and WebM files with a sound track."
# Playlists and the like are left out: they could name other files or addresses for FFmpeg to open.
CONTAINERS = "aac,aiff,asf,caf,flac,matroska,webm,mov,mp4,m4a,mp3,ogg,w64,wav"
LONGEST_GAP = 3600  # seconds; a longer jump in the timestamps is a mistake of the file
Samples = NDArray[np.int16]


def decoded(audio: Path, name: str) -> Samples:
    """Every sample of the first sound track, 16 kHz mono; places without data (a muted microphone) are silence.

    Raises UnreadableRecording, which calls the file `name`, where it is missing, empty, no audio, or cut short.
    """
    return np.concatenate(list(blocks(audio, name)))


def blocks(audio: Path, name: str, seconds: float = 30) -> Iterator[Samples]:
    """The same samples, `seconds` at a time (the last block may be shorter): memory does not grow with the length.

    The errors are those of `decoded`; that a file is cut short shows only once its end is reached.
    """
    if not audio.is_file():
        raise UnreadableRecording(f"There is no file {name}.", hint=ACCEPTED, file=name)
    if audio.stat().st_size == 0:
        raise UnreadableRecording(f"The file {name} is empty.", hint=ACCEPTED, file=name)
    try:
        yield from _read(audio, name, int(seconds * RATE))
    except av.error.FFmpegError as problem:
        raise UnreadableRecording(
            f"The file {name} is no recording that can be read, or its beginning or end is missing.",
            hint=ACCEPTED,
            file=name,
            reason=problem.strerror,
        ) from problem


def _read(audio: Path, name: str, size: int) -> Iterator[Samples]:
    options = {"format_whitelist": CONTAINERS}
    # An absolute path is never taken for an address, whatever the file is called.
    with av.open(str(audio.resolve()), metadata_errors="ignore", options=options) as container:
        if not container.streams.audio:
            raise UnreadableRecording(f"The file {name} has no sound track.", hint=ACCEPTED, file=name)
        declared = _declared(audio, container, container.streams.audio[0])
        sound = _Sound((container.start_time or 0) / 1_000_000, size)
        mixer = Mixer()
        for block in sound.blocks(_frames(container)):
            yield mixer.mixed(block)
    if declared - sound.ends > max(2.0, declared / 100):
        raise UnreadableRecording(
            f"The file {name} is cut short: it should last {declared:.0f} seconds and stops after {sound.ends:.0f}.",
            hint=f"Send the whole file again. {ACCEPTED}",
            file=name,
        )
    lacking = wholeness(audio)
    if lacking.whole is False and not lacking.being_written:
        raise UnreadableRecording(
            f"The file {name} is cut short: {lacking.why}.", hint=f"Send the whole file again. {ACCEPTED}", file=name
        )
    if not sound.length:
        raise UnreadableRecording(f"The file {name} holds no sound that can be read.", hint=ACCEPTED, file=name)


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


class _Sound:
    """Frames to blocks of (channels, samples) at our rate, on the recording's own line of time."""

    def __init__(self, begins: float, size: int) -> None:
        self.begins, self.size = begins, size
        self.length, self.ends = 0, 0.0  # samples given and waiting; where the last frame ends, in seconds
        self._waiting: list[NDArray[np.int16]] = []
        self._waits = 0  # samples in them
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def blocks(self, frames: Iterator[av.AudioFrame]) -> Iterator[NDArray[np.int16]]:
        """Every block, of `size` samples but for the last, and the last before the number of channels changes."""
        for frame in frames:
            if (form := (frame.format.name, frame.layout.name, frame.sample_rate)) != self._form:
                yield from self._ended()
                self._resampler = av.AudioResampler(format="s16p", layout=frame.layout, rate=RATE)
                self._form = form
            if frame.time is not None:
                at = frame.time - self.begins
                yield from self._silence(at - self.length / RATE, frame.layout.nb_channels)
                self.ends = at + frame.samples / frame.sample_rate
            frame.pts = None  # the resampler would stumble over a gap
            yield from self._resampled(frame)
        yield from self._ended()

    def _resampled(self, frame: av.AudioFrame | None) -> Iterator[NDArray[np.int16]]:
        for piece in self._resampler.resample(frame) if self._resampler else ():
            yield from self._add(np.asarray(piece.to_ndarray(), np.int16))

    def _silence(self, gap: float, channels: int) -> Iterator[NDArray[np.int16]]:
        """Fills a gap, so that later times stay true. Jitter, and jumps that no meeting has, are left."""
        missing = int(gap * RATE) if 0.25 < gap < LONGEST_GAP else 0
        while missing > 0:
            yield from self._add(np.zeros((channels, min(missing, self.size)), np.int16))
            missing -= self.size

    def _add(self, piece: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
        self.length += piece.shape[1]
        self._waits += piece.shape[1]
        self._waiting.append(piece)
        if self._waits < self.size:
            return
        joined = np.concatenate(self._waiting, axis=1)
        whole = joined.shape[1] // self.size * self.size
        self._waiting, self._waits = [joined[:, whole:]], joined.shape[1] - whole
        for first in range(0, whole, self.size):
            yield joined[:, first : first + self.size]

    def _ended(self) -> Iterator[NDArray[np.int16]]:
        """What the resampler still holds, and what is left of a block."""
        yield from self._resampled(None)
        if self._waits:
            yield np.concatenate(self._waiting, axis=1)
        self._waiting, self._waits = [], 0
