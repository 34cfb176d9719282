"""Recording to transcript, quicker and truer than Whisper's own program: speech is found first, then heard in batches.

Nothing that was heard in one window is told to the next, so that no mistake is carried on, and silence is never heard.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby
from pathlib import Path
from typing import Literal

from faster_whisper import download_model
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from bot.adapters.av_decoder import RATE
from bot.adapters.ctranslate2_whisper import CTranslate2Whisper
from bot.adapters.listening import HEARTBEAT, listened_through
from bot.adapters.openvino_encoder import OpenVINOEncoder, lists_bfloat16
from bot.adapters.sound_spool import SoundSpool
from bot.adapters.speech_hearing import Hearing, Passage, read
from bot.adapters.whisper_weights import EMBEDDED, resolve, sha256_of, title
from bot.errors import SecretariatError
from bot.formats import Audio, Part, Segment, Transcript
from bot.ports import Checkpoints, Progress
from bot.sentences import sentences, spaced
from bot.speech_windows import Window, batches, padded_length, speech_spans, windows, without

NAME = "pipeline"
HEARING = 2  # of the rules by which it hears: what was found by others is heard anew
WORKERS = 4  # windows in so many batches are heard at once, each on its share of the processor
JUDGED_FOR_LANGUAGE = 5  # windows, the longest

EncoderName = Literal["auto", "ctranslate2", "openvino"]


class SpeechPipeline:
    """A `bot.ports.Recogniser`. `model`: `embedded`, `base`, a folder, or a name on the Hugging Face hub.

    `language` is a code such as 'en', None to find out; `threads` 0: as many as there are processors. `encoder` auto:
    OpenVINO where it is installed and the processor has bfloat16. The weights are loaded at the first recording.
    """

    def __init__(
        self,
        model: str,
        *,
        language: str | None,
        threads: int = 0,
        encoder: EncoderName = "auto",
        models: Path = Path("var/models"),
    ) -> None:
        self._model, self._language, self._encoder, self._models = model, language, encoder, models
        threads = threads or len(os.sched_getaffinity(0))
        self._workers = min(threads, WORKERS)
        self._threads = max(1, threads // self._workers)
        self._loaded: CTranslate2Whisper | None = None
        self._encoded_by = "ctranslate2"

    def transcribe(
        self,
        audio: Path,
        *,
        name: str,
        on_progress: Progress,
        checkpoints: Checkpoints | None = None,
        excluded: Sequence[tuple[float, float]] = (),
        glossary: Sequence[str] = (),
    ) -> Transcript:
        """Transcribe one file, a sentence a segment. Raises UnreadableRecording where it holds no audio.

        Without speech the transcript has no segments. SecretariatError where the weights cannot be used, StateUnusable
        where the disk for temporary files is full: they take 115 MB an hour of sound.
        """
        with (
            listened_through(audio, name, excluded, threads=self._workers, on_progress=on_progress) as heard,
            ThreadPoolExecutor(self._workers) as pool,
        ):
            sound, probabilities = heard
            duration, sha256 = sound.length / RATE, sha256_of(audio)
            on_progress(0.0, duration)
            spans = without(speech_spans(probabilities), excluded)
            found = windows(spans, probabilities, duration, excluded)
            language, passages = self._language, list[Passage]()
            if found:
                _give_back_memory()
                engine = self._engine()
                hearing = Hearing(engine, sound, self._spoken(engine, sound, found), glossary)
                language = hearing.language
                settings = (NAME, HEARING, title(self._model), self._encoded_by, language, list(glossary), sha256)
                job = _Job(
                    hearing, checkpoints, json.dumps(settings), lambda done: on_progress(done * duration, duration)
                )
                passages = job.passages(batches(found), pool)
        on_progress(duration, duration)
        return Transcript(
            audio=Audio(name=name, duration=duration, sha256=sha256),
            parts=[Part(name=name, duration=duration)],
            engine=NAME,
            model=title(self._model),
            language=language,
            segments=_segments(passages),
        )

    def _spoken(self, engine: CTranslate2Whisper, sound: SoundSpool, found: Sequence[Window]) -> str:
        """The language: as set, else the likeliest of the longest windows."""
        if not engine.languages:
            return "en"
        if self._language:
            return self._language
        judged = sorted(found, key=lambda w: (-w.length, w.start))[:JUDGED_FOR_LANGUAGE]
        votes: dict[str, float] = {}
        for window in judged:
            states = engine.states([read(sound, window)], padded_length(window.length))
            for language, probability in engine.language_probabilities(states)[0].items():
                votes[language] = votes.get(language, 0.0) + probability * window.length
        return max(votes, key=lambda language: (votes[language], language))

    def _engine(self) -> CTranslate2Whisper:
        if self._loaded is None:
            folder = _folder(self._model, self._models)
            encoder = None
            if self._encoder == "openvino" or (self._encoder == "auto" and lists_bfloat16()):
                encoder = OpenVINOEncoder(folder, threads=self._threads * self._workers, workers=self._workers)
                self._encoded_by = f"openvino {encoder.precision}"
            self._loaded = CTranslate2Whisper(folder, threads=self._threads, workers=self._workers, encoder=encoder)
        return self._loaded


def _folder(model: str, models: Path) -> Path:
    """The folder of the weights, fetched from the hub where it is a name there."""
    found = resolve(model, models)
    if isinstance(found, Path):
        return found
    try:
        return Path(download_model(found))
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, RuntimeError) as problem:
        raise SecretariatError(
            f"The Whisper model {model} is neither a folder here nor to be had from the Hugging Face hub.",
            hint=f"Give a local folder, or `{EMBEDDED}`.",
            model=model,
        ) from problem


class _Job:
    """The batches of a recording, several at a time; what is finished is kept, and is not done again."""

    def __init__(
        self, hearing: Hearing, checkpoints: Checkpoints | None, key: str, told: Callable[[float], None]
    ) -> None:
        self._hearing, self._checkpoints, self._key, self._told = hearing, checkpoints, key, told

    def passages(self, found: Sequence[Sequence[Window]], pool: ThreadPoolExecutor) -> list[Passage]:
        """In the order of time. `told` gets the share that is done, and may raise to stop the work."""
        results: dict[int, list[Passage]] = {}
        pending: dict[Future[list[Passage]], int] = {}
        lengths = [sum(window.length for window in batch) for batch in found]
        for number, batch in enumerate(found):
            kept = self._checkpoints.kept(self._key_of(batch)) if self._checkpoints else None
            if kept is not None:
                results[number] = [Passage.of_json(passage) for passage in kept["passages"]]
            else:
                pending[pool.submit(self._hearing.passages, batch)] = number
        try:
            while pending:
                for future in wait(pending, timeout=HEARTBEAT, return_when=FIRST_COMPLETED).done:
                    number = pending.pop(future)
                    results[number] = future.result()
                    if self._checkpoints:
                        content = [passage.as_json() for passage in results[number]]
                        self._checkpoints.keep(self._key_of(found[number]), {"passages": content})
                    _give_back_memory()
                self._told(sum(lengths[number] for number in results) / sum(lengths))
        finally:
            for future in pending:
                future.cancel()
        return sorted((p for passages in results.values() for p in passages), key=lambda passage: passage.start)

    def _key_of(self, batch: Sequence[Window]) -> str:
        return f"{self._key} {json.dumps([(round(w.start, 3), round(w.end, 3)) for w in batch])}"


def _give_back_memory() -> None:
    """What is free again goes back to the system: glibc keeps it, half a gigabyte from batch to batch."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _segments(passages: Sequence[Passage]) -> list[Segment]:
    """A sentence a segment, in order; one out of a doubtful passage says so."""
    spoken = [(segment, passage.doubtful) for passage in passages for segment in passage.segments]
    spoken.sort(key=lambda each: each[0][0].start)  # what was listened to again lies within other passages
    made: list[Segment] = []
    for doubtful, alike in groupby(spoken, key=lambda each: each[1]):
        for words in filter(None, map(spaced, sentences(segment for segment, _ in alike))):
            text = " ".join(word.text for word in words)
            made.append(
                Segment(
                    id=str(len(made)),
                    start=words[0].start,
                    end=words[-1].end,
                    text=text,
                    words=words,
                    doubtful=doubtful,
                )
            )
    return made
