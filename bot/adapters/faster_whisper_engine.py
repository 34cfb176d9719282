"""Speech to text by faster-whisper (Whisper on CTranslate2), on a GPU where there is one; local weights need no hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment as SpokenSegment
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from bot.adapters.av_decoder import RATE, Samples
from bot.adapters.sound_stretches import ByStretches, transcribed
from bot.adapters.whisper_weights import EMBEDDED, resolve, title
from bot.errors import SecretariatError
from bot.formats import Transcript, Word
from bot.ports import Checkpoints, Progress

STRETCH = 600  # seconds recognised at a time: a two-hour meeting at once takes 5 GB of memory
LOOK_BACK = 30  # seconds before the end of a stretch in which the quietest moment is looked for


class FasterWhisper:
    """A `bot.ports.Recogniser`. `model`: `embedded`, `base`, a folder, or a name on the Hugging Face hub.

    `language` is a code such as 'en', None to let the engine find out; `threads` 0 leaves the number to the engine.
    The weights are verified and loaded at the first recording. A glossary is not used: its hotwords drop sentences.
    """

    def __init__(
        self, model: str, *, language: str | None, threads: int = 0, models: Path = Path("var/models")
    ) -> None:
        self._model, self._language, self._threads, self._models = model, language, threads, models
        self._loaded: WhisperModel | None = None

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

        Without speech the transcript has no segments. SecretariatError where the weights cannot be used.
        """
        by = ByStretches(
            "faster-whisper", title(self._model), STRETCH, LOOK_BACK,
            settings=lambda language: f"{title(self._model)} {language}", heard=self._heard,
        )  # fmt: skip
        return transcribed(
            by, audio, name=name, language=self._language, on_progress=on_progress, checkpoints=checkpoints,
            excluded=excluded,
        )  # fmt: skip

    def _heard(
        self, stretch: Samples, begins: float, language: str | None, told: Callable[[float], None]
    ) -> dict[str, Any]:
        """{"language", "segments": [[word, ...], ...]}, the words on the recording's line of seconds."""
        heard, about = self._engine().transcribe(
            stretch.astype(np.float32) / 32768,
            language=language,
            beam_size=5,
            vad_filter=True,
            word_timestamps=True,
            condition_on_previous_text=False,  # one slip would be repeated through the rest of the meeting
        )
        segments = []
        for segment in heard:
            segments.append([word.model_dump() for word in _timed(segment, begins)])
            told(min(begins + float(segment.end), begins + len(stretch) / RATE))
        return {"language": about.language, "segments": segments}

    def _engine(self) -> WhisperModel:
        if self._loaded is None:
            self._loaded = _load(self._model, resolve(self._model, self._models), self._threads)
        return self._loaded


def _load(model: str, weights: Path | str, threads: int) -> WhisperModel:
    local = isinstance(weights, Path)
    device, kind = ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
    try:
        return WhisperModel(str(weights), device=device, compute_type=kind, cpu_threads=threads, local_files_only=local)
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, RuntimeError) as problem:
        if local:
            sentence, hint = f"The weights in {weights} cannot be loaded: {problem}.", "another folder"
        else:
            sentence = f"The Whisper model {model} is neither a folder here nor to be had from the Hugging Face hub."
            hint = "a local folder"
        raise SecretariatError(sentence, hint=f"Give {hint}, or `{EMBEDDED}`.", model=model) from problem


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
