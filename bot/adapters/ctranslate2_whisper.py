"""Whisper on CTranslate2, a batch of windows at a time: features, states, words with their times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from bot.adapters.openvino_encoder import Array, Encoder
from bot.errors import SecretariatError
from bot.formats import Word
from bot.speech_windows import Span

FRAMES = 100  # features a second
STATES = 50  # states, and so instants of alignment, a second
HINT_TOKENS = 100  # of glossary; each costs time in every window
PUNCTUATION = frozenset("\"'.。,，!！?？:：”)]}、;…—-")


@dataclass(frozen=True)
class Heard:
    """What was heard in a window; times in seconds from its start.

    `segments`: words, with their leading spaces, by the recogniser's own segments; `covered`: where it says they are.
    """

    text: str
    mean_log_probability: float
    no_speech: float
    segments: list[list[Word]]
    covered: list[Span]


class CTranslate2Whisper:
    """One model, for as many threads of ours as `workers`; each gets `threads` of the processor."""

    def __init__(self, folder: Path, *, threads: int, workers: int, encoder: Encoder | None = None) -> None:
        """`encoder` takes the place of CTranslate2's own. Raises SecretariatError where the weights are damaged."""
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=workers
            )
            vocabulary = (folder / "tokenizer.json").read_text(encoding="utf-8")
            json.loads(vocabulary)  # what is wrong with it, tokenizers would say by a bare Exception
        except (RuntimeError, ValueError, OSError) as problem:
            raise SecretariatError(
                f"The weights in {folder} cannot be loaded: {problem}.",
                hint="Give another folder, or `embedded`.",
                folder=folder,
            ) from problem
        self._vocabulary = tokenizers.Tokenizer.from_str(vocabulary)
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._encoder = encoder or self._own_encoder
        self._tokenizer = cache(self._made_tokenizer)

    @property
    def languages(self) -> bool:
        """Whether the model knows other languages than English."""
        return bool(self._model.is_multilingual)

    def states(self, sounds: Sequence[NDArray[np.float32]], seconds: float) -> Array:
        """The encoder's states of sounds (16 kHz, -1 to 1), each padded with silence to so many seconds."""
        frames = round(seconds * FRAMES)
        features = np.stack([self._spectrum(sound, frames) for sound in sounds])
        return self._encoder(np.ascontiguousarray(features, np.float32))

    def language_probabilities(self, states: Array) -> list[dict[str, float]]:
        """For each sound, how likely each language is: {"en": 0.9, ...}."""
        found = self._model.detect_language(ctranslate2.StorageView.from_array(states))
        return [{token.strip("<|>"): float(probability) for token, probability in each} for each in found]

    def hint(self, terms: Sequence[str], language: str) -> list[int]:
        """Terms as tokens of a text that might have gone before: as many as there is room for."""
        tokenizer = self._tokenizer(language)
        tokens: list[int] = []
        for term in terms:
            more = tokenizer.encode(f" {term},")
            if len(tokens) + len(more) > HINT_TOKENS:
                break
            tokens += more
        return [tokenizer.sot_prev, *tokens] if tokens else []

    def heard(
        self, states: Array, lengths: Sequence[float], *, language: str, hint: Sequence[int] = (), beam: int = 1
    ) -> list[Heard]:
        """What is said in each sound of that length in seconds; `beam` 1 is greedy."""
        tokenizer = self._tokenizer(language)
        found = self._model.generate(
            ctranslate2.StorageView.from_array(states),
            [[*hint, *tokenizer.sot_sequence]] * len(lengths),
            beam_size=beam,
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [each.sequences_ids[0] for each in found]
        words = self._aligned(states, lengths, [[t for t in each if t < tokenizer.eot] for each in tokens], tokenizer)
        heard = []
        for each, ids, said, length in zip(found, tokens, words, lengths, strict=True):
            segments = list(_segments(ids, tokenizer.timestamp_begin, tokenizer.eot, length))
            heard.append(
                Heard(
                    text=tokenizer.decode(ids).strip(),
                    mean_log_probability=each.scores[0] * len(ids) / (len(ids) + 1),
                    no_speech=each.no_speech_prob,
                    segments=_shared_out(said, [count for _, count in segments]),
                    covered=[span for span, count in segments if count],
                )
            )
        return heard

    def _made_tokenizer(self, language: str) -> Tokenizer:
        return Tokenizer(self._vocabulary, self.languages, task="transcribe", language=language)

    def _own_encoder(self, features: Array) -> Array:
        return np.array(self._model.encode(ctranslate2.StorageView.from_array(features)))

    def _spectrum(self, sound: NDArray[np.float32], frames: int) -> Array:
        whole = np.zeros(frames * 160, np.float32)
        whole[: len(sound)] = sound[: len(whole)]
        spectrum: Array = self._features(whole, padding=0)
        return spectrum[:, :frames]

    def _aligned(
        self, states: Array, lengths: Sequence[float], texts: list[list[int]], tokenizer: Tokenizer
    ) -> list[list[tuple[Word, int]]]:
        """The words of each text with the number of their first token."""
        return [
            self._timed(states[row : row + 1], lengths[row], text, tokenizer) if text else []
            for row, text in enumerate(texts)
        ]

    def _timed(self, states: Array, length: float, text: list[int], tokenizer: Tokenizer) -> list[tuple[Word, int]]:
        """Of one sound, alone: several at once take no less time, and a hundred megabytes more."""
        [aligned] = self._model.align(
            ctranslate2.StorageView.from_array(states), tokenizer.sot_sequence, [text], [round(length * FRAMES)]
        )
        return list(_timed_words(aligned, text, tokenizer))


def _timed_words(aligned: Any, text: list[int], tokenizer: Tokenizer) -> Iterator[tuple[Word, int]]:
    """Each word, punctuation included but not timed, and the number of its first token."""
    begins = np.full(len(text) + 1, -1)
    for token, instant in reversed(aligned.alignments):
        begins[token] = instant
    last = max((instant for _, instant in aligned.alignments), default=0) + 1
    instants = [last] * (len(text) + 1)
    for token in reversed(range(len(text))):
        instants[token] = int(begins[token]) if begins[token] >= 0 else instants[token + 1]
    if begins[len(text)] >= 0:
        instants[len(text)] = int(begins[len(text)])
    at, pending = 0, None
    for piece, tokens in zip(*tokenizer.split_to_word_tokens(text), strict=True):
        after = at + len(tokens)
        if pending and piece and set(piece) <= PUNCTUATION:
            pending = (pending[0].model_copy(update={"text": pending[0].text + piece}), pending[1])
        elif piece:
            if pending:
                yield pending
            probability = float(np.mean(aligned.text_token_probs[at:after]))
            word = Word(
                start=instants[at] / STATES,
                end=max(instants[after], instants[at]) / STATES,
                text=piece,
                probability=round(probability, 3),
            )
            pending = (word, at)
        at = after
    if pending:
        yield pending


def _segments(ids: Sequence[int], first_time: int, end: int, length: float) -> Iterator[tuple[Span, int]]:
    """(from, to) and the number of text tokens of each segment; one that is not closed lasts to the window's end."""
    begins, count = 0.0, 0
    for token in ids:
        if token >= first_time:
            at = (token - first_time) / STATES
            if count:
                yield (begins, at), count
            begins, count = at, 0
        elif token < end:
            count += 1
    if count:
        yield (begins, length), count


def _shared_out(words: Sequence[tuple[Word, int]], counts: Sequence[int]) -> list[list[Word]]:
    """The words by segments of so many tokens."""
    limits = np.cumsum(counts)
    shared: list[list[Word]] = [[] for _ in counts]
    for word, token in words:
        shared[int(np.searchsorted(limits, token, side="right"))].append(word)
    return [segment for segment in shared if segment]
