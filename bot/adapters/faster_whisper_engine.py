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
from bot.adapters.sound_spool import spooled
from bot.adapters.sound_stretches import stretches
from bot.adapters.whisper_weights import EMBEDDED, resolve, sha256_of, title
from bot.errors import SecretariatError
from bot.formats import Audio, Part, Transcript, Word
from bot.ports import Checkpoints, Progress
from bot.sentences import sentence_segments

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
        spoken: list[list[Word]] = []
        language = self._language
        with spooled(audio, name) as sound:
            duration, sha256 = sound.length / RATE, sha256_of(audio)
            on_progress(0.0, duration)
            for first, stretch in stretches(sound, excluded, longest=STRETCH, look_back=LOOK_BACK):
                key = f"faster-whisper {title(self._model)} {language} {sha256} {first} {len(stretch)}"
                found = checkpoints.kept(key) if checkpoints else None
                if found is None:
                    found = self._heard(stretch, first / RATE, language, lambda done: on_progress(done, duration))
                    if checkpoints:
                        checkpoints.keep(key, found)
                language = language or found["language"]
                spoken += [[Word.model_validate(word) for word in segment] for segment in found["segments"]]
        on_progress(duration, duration)
        return Transcript(
            audio=Audio(name=name, duration=duration, sha256=sha256),
            parts=[Part(name=name, duration=duration)],
            engine="faster-whisper",
            model=title(self._model),
            language=language,
            segments=sentence_segments(spoken),
        )

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
