"""What turns speech into text here, tells voices apart and words drafted lines, by configuration alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config import Config, Secrets
from bot.errors import SecretariatError
from bot.places import Places
from bot.ports import Recogniser, Rewords, SpeechModels, VoiceEmbedder

if TYPE_CHECKING:
    from bot.headlines.learnt import Learnt


def recogniser(config: Config, *, engine: str | None = None, model: str | None = None) -> Recogniser:
    """The engine that turns speech into text: the configured one, or the one named. Raises SecretariatError."""
    settings = config.transcription
    chosen, named = engine or settings.engine, model or settings.model
    models = Places(config.paths.state).models
    if chosen == "pipeline":
        from bot.adapters.speech_pipeline import SpeechPipeline

        return SpeechPipeline(
            named, language=settings.language, threads=settings.threads, encoder=settings.encoder, models=models
        )
    if chosen == "faster-whisper":
        from bot.adapters.faster_whisper_engine import FasterWhisper

        return FasterWhisper(named, language=settings.language, threads=settings.threads, models=models)
    if chosen == "openai-whisper":
        from bot.adapters.openai_whisper_engine import OpenAIWhisper

        return OpenAIWhisper(named, language=settings.language, threads=settings.threads, models=models)
    raise SecretariatError(
        f"There is no engine {chosen}.", hint="The engines are pipeline, faster-whisper and openai-whisper."
    )


def voice_embedder(config: Config) -> VoiceEmbedder | None:
    """What tells voices apart; None where speakers are not asked for."""
    if not config.transcription.speakers:
        return None
    from bot.adapters.voice_embedding import SpeakerVoices

    return SpeakerVoices(threads=config.transcription.threads)


def speech_models(config: Config) -> SpeechModels:
    """The weights of this installation."""
    from bot.adapters.model_shelf import ModelShelf

    return ModelShelf(Places(config.paths.state).models, configured=config.transcription.model)


def language_model(config: Config, secret: Secrets) -> Rewords | None:
    """The language model that words drafted lines; None where none is configured."""
    settings = config.drafting.language_model
    if not settings.url:
        return None
    from bot.adapters.language_model import LanguageModel

    key = secret.language_model_key
    return LanguageModel(url=settings.url, model=settings.model, key=key, seconds=settings.timeout_seconds)


def learnt_here(places: Places) -> Learnt | None:
    """What the ranking has learnt from this installation's own reports; None where nothing was learnt."""
    from bot.headlines.learning import unpacked

    try:
        return unpacked(places.learnt.read_bytes()).weights
    except FileNotFoundError:
        return None
