"""Speech to text by faster-whisper (Whisper on CTranslate2), on the processor; local weights need no internet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment as SpokenSegment
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from bot.adapters.av_decoder import RATE, Samples, decoded
from bot.adapters.whisper_weights import EMBEDDED, EMBEDDED_NAME, resolve
from bot.errors import SecretariatError
from bot.formats import Audio, Part, Segment, Transcript, Word
from bot.ports import Progress
from bot.sentences import sentences, spaced

STRETCH = 600  # seconds recognised at a time: a two-hour meeting at once takes 5 GB of memory
LOOK_BACK = 30  # seconds before the end of a stretch in which the quietest moment is looked for


class FasterWhisper:
    """A `bot.ports.Recogniser`. `model`: `embedded`, a folder, or a name on the Hugging Face hub.

    `language` is a code such as 'en', None to let the engine find out; `threads` 0 leaves the number to the engine.
    The weights are verified and loaded at the first recording.
    """

    def __init__(self, model: str, *, language: str | None, threads: int = 0) -> None:
        self._model, self._language, self._threads = model, language, threads
        self._loaded: WhisperModel | None = None

    def transcribe(self, audio: Path, *, name: str, on_progress: Progress) -> Transcript:
        """Transcribe one file, a sentence a segment. Raises UnreadableRecording where it holds no audio.

        Without speech the transcript has no segments. SecretariatError where the weights cannot be used.
        """
        samples = decoded(audio, name)
        duration, sha256 = len(samples) / RATE, _sha256(audio)
        on_progress(0.0, duration)
        spoken, language = self._words(samples, duration, on_progress)
        segments = [
            _segment(number, words) for number, words in enumerate(filter(None, map(spaced, sentences(spoken))))
        ]
        on_progress(duration, duration)
        return Transcript(
            audio=Audio(name=name, duration=duration, sha256=sha256),
            parts=[Part(name=name, duration=duration)],
            engine="faster-whisper",
            model=EMBEDDED_NAME if self._model == EMBEDDED else self._model,
            language=language,
            segments=segments,
        )

    def _words(self, samples: Samples, duration: float, on_progress: Progress) -> tuple[list[list[Word]], str | None]:
        """The words of each spoken segment, on the recording's line of seconds, and the language."""
        words, language = [], self._language
        for first, stretch in stretches(samples):
            spoken, about = self._engine().transcribe(
                stretch.astype(np.float32) / 32768,
                language=language,
                beam_size=5,
                vad_filter=True,
                word_timestamps=True,
                condition_on_previous_text=False,  # one slip would be repeated through the rest of the meeting
            )
            language = language or about.language
            for segment in spoken:
                words.append(_timed(segment, first / RATE))
                on_progress(min(first / RATE + float(segment.end), duration), duration)
        return words, language

    def _engine(self) -> WhisperModel:
        if self._loaded is None:
            self._loaded = _load(self._model, resolve(self._model), self._threads)
        return self._loaded


def _load(model: str, weights: Path | str, threads: int) -> WhisperModel:
    local = isinstance(weights, Path)
    try:
        return WhisperModel(
            str(weights), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=local
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, RuntimeError) as problem:
        if local:
            sentence, hint = f"The weights in {weights} cannot be loaded: {problem}.", "another folder"
        else:
            sentence = f"The Whisper model {model} is neither a folder here nor to be had from the Hugging Face hub."
            hint = "a local folder"
        raise SecretariatError(sentence, hint=f"Give {hint}, or `{EMBEDDED}`.", model=model) from problem


def stretches(samples: Samples) -> Iterator[tuple[int, Samples]]:
    """At most STRETCH seconds at a time, with the number of the first sample; cut where it is quietest."""
    first = 0
    while len(samples) - first > STRETCH * RATE:
        last = first + STRETCH * RATE
        cut = last - LOOK_BACK * RATE + _quietest(samples[last - LOOK_BACK * RATE : last])
        yield first, samples[first:cut]
        first = cut
    yield first, samples[first:]


def _quietest(samples: Samples) -> int:
    """The middle of the quietest half second."""
    window = RATE // 2
    loudness = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window).sum(axis=1)
    return int(loudness.argmin()) * window + window // 2


def _timed(segment: SpokenSegment, offset: float) -> list[Word]:
    said = segment.words or []
    return [
        Word(
            start=round(offset + w.start, 3),
            end=round(offset + w.end, 3),
            text=w.word,
            probability=round(w.probability, 3),
        )
        for w in said
    ]


def _segment(number: int, words: list[Word]) -> Segment:
    text = " ".join(word.text for word in words)
    return Segment(id=str(number), start=words[0].start, end=words[-1].end, text=text, words=words)


def _sha256(audio: Path) -> str:
    with audio.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
