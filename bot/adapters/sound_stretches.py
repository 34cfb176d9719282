"""A recording in stretches that an engine can take at once, cut where it is quietest, each kept once it is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.adapters.av_decoder import RATE, Samples
from bot.adapters.sound_spool import SoundSpool, spooled
from bot.adapters.whisper_weights import sha256_of
from bot.formats import Audio, Part, Transcript, Word
from bot.ports import Checkpoints, Progress
from bot.sentences import sentence_segments
from bot.speech_windows import without


@dataclass(frozen=True)
class ByStretches:
    """An engine that takes at most `longest` seconds at a time.

    `heard` is given a stretch, the second with which it begins, the language so far and whom to tell how far it is; it
    gives {"language", "segments": [[word, ...], ...]}, the words on the recording's line of seconds. `settings` is
    what, with a language, makes it hear otherwise: by that, a stretch is kept.
    """

    engine: str
    model: str
    longest: int
    look_back: int
    settings: Callable[[str | None], str]
    heard: Callable[[Samples, float, str | None, Callable[[float], None]], dict[str, Any]]


def transcribed(
    by: ByStretches,
    audio: Path,
    *,
    name: str,
    language: str | None,
    on_progress: Progress,
    checkpoints: Checkpoints | None,
    excluded: Sequence[tuple[float, float]],
) -> Transcript:
    """A whole recording, a sentence a segment; the language is that of the first stretch where none was given."""
    spoken: list[list[Word]] = []
    with spooled(audio, name) as sound:
        duration, sha256 = sound.length / RATE, sha256_of(audio)
        on_progress(0.0, duration)
        for first, stretch in stretches(sound, excluded, longest=by.longest, look_back=by.look_back):
            key = f"{by.engine} {by.settings(language)} {sha256} {first} {len(stretch)}"
            found = checkpoints.kept(key) if checkpoints else None
            if found is None:
                found = by.heard(stretch, first / RATE, language, lambda done: on_progress(done, duration))
                if checkpoints:
                    checkpoints.keep(key, found)
            language = language or found["language"]
            spoken += [[Word.model_validate(word) for word in segment] for segment in found["segments"]]
            on_progress((first + len(stretch)) / RATE, duration)
    on_progress(duration, duration)
    return Transcript(
        audio=Audio(name=name, duration=duration, sha256=sha256),
        parts=[Part(name=name, duration=duration)],
        engine=by.engine,
        model=by.model,
        language=language,
        segments=sentence_segments(spoken),
    )


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
