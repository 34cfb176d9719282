"""Speech to text by OpenAI's own openai-whisper, on its own weights or on those that come with us.

It needs PyTorch, which is large, so it is installed only where it is wanted (requirements-openai-whisper.txt). It needs
no ffmpeg program: the recording is decoded here and handed over as samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.error import URLError

import numpy as np

from bot.adapters.av_decoder import Samples
from bot.adapters.ctranslate2_weights import Checkpoint, checkpoint
from bot.adapters.sound_stretches import ByStretches, transcribed
from bot.adapters.whisper_weights import BASE, EMBEDDED, resolve, title
from bot.errors import SecretariatError
from bot.formats import Transcript
from bot.ports import Checkpoints, Progress

try:
    import torch
    import whisper
    from whisper.model import ModelDimensions, Whisper
except ImportError as problem:
    raise SecretariatError(
        f"The engine openai-whisper is not installed here ({problem}).",
        hint="Install it (make openai-whisper), or set `transcription.engine` to another.",
    ) from None

STRETCH = 120  # seconds recognised at a time; what a kill costs
LOOK_BACK = 20  # seconds before a stretch's end in which the quietest moment is looked for
PROMPT = 400  # characters of glossary: about half of the 223 tokens that a prompt may have


class OpenAIWhisper:
    """A `bot.ports.Recogniser`. `model`: `embedded`, `base`, a folder, OpenAI's .pt file, or a name that it knows.

    `language` is a code such as 'en', None to let the engine find out; `threads` 0 leaves the number to the engine.
    `models` is where weights are kept; they are verified and loaded at the first recording, on a GPU if there is one.
    """

    def __init__(
        self, model: str, *, language: str | None, threads: int = 0, models: Path = Path("var/models")
    ) -> None:
        self._model, self._language, self._threads, self._models = model, language, threads, models
        self._loaded: Whisper | None = None

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
        prompt = prompt_of(glossary)
        by = ByStretches(
            "openai-whisper", title(self._model), STRETCH, LOOK_BACK,
            settings=lambda _: f"{self._model} {self._language} {prompt}",
            heard=lambda stretch, begins, language, _: self._heard(stretch, begins, language, prompt),
        )  # fmt: skip
        return transcribed(
            by, audio, name=name, language=self._language, on_progress=on_progress, checkpoints=checkpoints,
            excluded=excluded,
        )  # fmt: skip

    def _heard(self, stretch: Samples, begins: float, language: str | None, prompt: str | None) -> dict[str, Any]:
        """{"language", "segments": [[word, ...], ...]}, the words on the recording's line of seconds."""
        engine = self._engine()
        torch.manual_seed(0)  # what it is unsure of it tries by chance: the same again after a kill
        heard = engine.transcribe(
            stretch.astype(np.float32) / 32768,
            language=language,
            word_timestamps=True,
            fp16=engine.device.type != "cpu",
            condition_on_previous_text=False,  # one slip would be repeated through the rest of the meeting
            initial_prompt=prompt,
            carry_initial_prompt=prompt is not None,
            hallucination_silence_threshold=2.0,
        )
        segments = [[_timed(word, begins) for word in segment["words"]] for segment in heard["segments"]]
        return {"language": heard["language"], "segments": segments}

    def _engine(self) -> Whisper:
        if self._loaded is None:
            if self._threads:
                torch.set_num_threads(self._threads)
            self._loaded = load(self._model, self._models)
        return self._loaded


def load(model: str, models: Path) -> Whisper:
    """The model, ready to use. Raises SecretariatError where the weights are missing or cannot be read."""
    file = Path(model).expanduser()
    if file.is_file() or (model in whisper.available_models() and model not in (EMBEDDED, BASE)):
        return _openais_own(str(file) if file.is_file() else model, models)
    folder = resolve(model, models)
    if isinstance(folder, str):
        names = ", ".join(whisper.available_models())
        raise SecretariatError(
            f"openai-whisper knows no model {model}, and it is not here.",
            hint=f"Name one of {names}, `{EMBEDDED}`, `{BASE}`, a folder, or a .pt file.",
            model=model,
        )
    return _converted(checkpoint(folder))


def _openais_own(model: str, models: Path) -> Whisper:
    """A file of OpenAI's, or a name that is downloaded once (its checksum is in its address)."""
    try:
        return whisper.load_model(model, download_root=str(models / "openai"))
    except (RuntimeError, URLError, UnpicklingError, EOFError, KeyError, TypeError, OSError, ValueError) as problem:
        # PyTorch's own advice on a strange file is to trust it: that is not passed on
        reason = "it holds no model" if isinstance(problem, UnpicklingError) else str(problem)
        raise SecretariatError(
            f"The Whisper model {model} cannot be loaded, or not be had from OpenAI: {reason}.",
            hint=f"Give the .pt file of a model, a folder, `{EMBEDDED}`, or `{BASE}`.",
            model=model,
        ) from problem


def _converted(weights: Checkpoint) -> Whisper:
    model = Whisper(ModelDimensions(**weights.dims))
    model.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in weights.state.items()})
    heads = torch.zeros(weights.dims["n_text_layer"], weights.dims["n_text_head"], dtype=torch.bool)
    for layer, head in weights.alignment_heads:
        heads[layer, head] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def prompt_of(glossary: Sequence[str]) -> str | None:
    """The terms as a text that might have gone before, as many as there is room for; None without any."""
    chosen: list[str] = []
    for term in glossary:
        if len(", ".join([*chosen, term])) > PROMPT:
            break
        chosen.append(term)
    return f"{', '.join(chosen)}." if chosen else None


def _timed(word: dict[str, Any], begins: float) -> dict[str, Any]:
    return {
        "start": round(begins + float(word["start"]), 3),
        "end": round(begins + float(word["end"]), 3),
        "text": word["word"],
        "probability": round(float(word["probability"]), 3),
    }
