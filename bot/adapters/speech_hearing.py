"""Windows of speech to passages of words: heard greedily, again where that was bad, or where speech stayed wordless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE
from bot.adapters.ctranslate2_whisper import CTranslate2Whisper, Heard
from bot.adapters.sound_spool import SoundSpool
from bot.formats import Word
from bot.speech_windows import (
    RATHER_NO_SPEECH,
    Span,
    Window,
    halves,
    is_bad,
    is_no_speech,
    leftovers,
    padded_length,
    placed,
    without,
)

LISTENED_AGAIN = 2  # times at most that speech without words is listened to again
LONGEST_WORDLESS = 3.0  # seconds of speech; over so many a segment stands for nothing, whatever it says


@dataclass(frozen=True)
class Passage:
    """What was heard in a window, by the recogniser's segments, with times on the recording's line."""

    start: float
    segments: list[list[Word]]
    doubtful: bool

    def as_json(self) -> dict[str, Any]:
        spoken = [[word.model_dump() for word in segment] for segment in self.segments]
        return {"start": self.start, "doubtful": self.doubtful, "segments": spoken}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Passage:
        spoken = [[Word.model_validate(word) for word in segment] for segment in kept["segments"]]
        return cls(kept["start"], spoken, kept["doubtful"])


def read(sound: SoundSpool, window: Window) -> NDArray[np.float32]:
    """The window's samples, -1 to 1."""
    last = min(round(window.end * RATE), sound.length)
    return sound.read(round(window.start * RATE), last).astype(np.float32) / np.float32(32768)


class Hearing:
    """Windows to passages: heard greedily, again where that was bad, and again where speech stayed without words.

    Only the first time is the recogniser told the glossary: told, it now and then leaves off after three words, or says
    one for ever; what it then hears without may be trusted more.
    """

    def __init__(self, engine: CTranslate2Whisper, sound: SoundSpool, language: str, glossary: Sequence[str]) -> None:
        self._engine, self._sound, self.language = engine, sound, language
        self._hint = engine.hint(glossary, language)

    def passages(self, batch: Sequence[Window]) -> list[Passage]:
        """What is said in the windows of a batch."""
        return [
            passage
            for window, heard in zip(batch, self._first_heard(batch), strict=True)
            for passage in self._settled(window, heard, LISTENED_AGAIN)
        ]

    def _first_heard(self, batch: Sequence[Window]) -> list[Heard]:
        """With the glossary; without, where nothing came of it that can be trusted."""
        told = self._heard(batch, hint=self._hint)
        if not self._hint:
            return told
        return [
            heard if _is_trusted(heard) else self._heard([window])[0] for window, heard in zip(batch, told, strict=True)
        ]

    def _heard(self, batch: Sequence[Window], *, hint: Sequence[int] = (), beam: int = 1) -> list[Heard]:
        states = self._engine.states([read(self._sound, w) for w in batch], padded_length(max(w.length for w in batch)))
        lengths = [window.length for window in batch]
        return self._engine.heard(states, lengths, language=self.language, hint=hint, beam=beam)

    def _settled(self, window: Window, heard: Heard, again: int) -> Iterator[Passage]:
        if is_no_speech(window, heard.no_speech, heard.mean_log_probability):
            return
        if _is_bad(heard):
            heard = self._heard([window], beam=5)[0]
        if _is_bad(heard) and len(parts := halves(window)) > 1:
            for part, half in zip(parts, self._heard(parts), strict=True):
                yield from self._kept(part, half, again)
        else:
            yield from self._kept(window, heard, again)

    def _kept(self, window: Window, heard: Heard, again: int) -> Iterator[Passage]:
        if is_no_speech(window, heard.no_speech, heard.mean_log_probability):
            return
        if heard.text:
            yield _passage(window, heard)
        for left in leftovers(window, _covered(window, heard)) if again else []:
            if left.length < window.length:
                yield from self._settled(left, self._heard([left])[0], again - 1)


def _covered(window: Window, heard: Heard) -> list[Span]:
    """What the recogniser has words for: by the words' own times, or by its segments, which often reach further.

    A segment does not stand for a long stretch of speech in which none of its words lies: it has dropped what was said.
    """
    shift = window.start
    said = [word for segment in heard.segments for word in segment]
    words = [(shift + word.start, shift + min(word.end, word.start + 1.0)) for word in said]
    wordless = [left for left in leftovers(window, words) if _seconds(left.speech) > LONGEST_WORDLESS]
    claimed = [(shift + begin, shift + end) for begin, end in heard.covered]
    return [*without(claimed, [(left.start, left.end) for left in wordless]), *words]


def _seconds(spans: Sequence[Span]) -> float:
    return sum(end - begin for begin, end in spans)


def _is_trusted(heard: Heard) -> bool:
    """Whether it may stand though the recogniser was told a glossary, which makes it sure of what nobody said."""
    return bool(heard.text) and heard.no_speech <= RATHER_NO_SPEECH and not _is_bad(heard)


def _is_bad(heard: Heard) -> bool:
    return is_bad(heard.text, heard.mean_log_probability)


def _passage(window: Window, heard: Heard) -> Passage:
    shift = window.start
    moved = [
        [word.model_copy(update={"start": word.start + shift, "end": word.end + shift}) for word in segment]
        for segment in heard.segments
    ]
    words = iter(placed([word for segment in moved for word in segment], window))
    return Passage(shift, [[next(words) for _ in segment] for segment in moved], _is_bad(heard))
