"""What is heard again, and how, where the recogniser was told a glossary and then left speech without words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE
from bot.adapters.ctranslate2_whisper import CTranslate2Whisper, Heard
from bot.adapters.openvino_encoder import Array
from bot.adapters.sound_spool import SoundSpool
from bot.adapters.speech_hearing import Hearing, Passage
from bot.formats import Word
from bot.speech_windows import Span, Window

SECONDS = 28
WHOLE = [(0.0, float(SECONDS))]


class Recogniser(CTranslate2Whisper):
    """Every second of its sound holds that second's number, and is a word: `n7`; `N7` when it was told the glossary.

    Told, it says only the seconds `told`, and that it has `covered` so much; or, where given, `again_and_again`. Where
    the sound `is_noise`, it knows so only while it is told nothing.
    """

    def __init__(
        self, told: Iterable[int], covered: list[Span], again_and_again: str = "", *, is_noise: bool = False
    ) -> None:
        self._told, self._covered, self._again_and_again, self._is_noise = set(told), covered, again_and_again, is_noise

    def hint(self, terms: Sequence[str], language: str) -> list[int]:
        return [len(term) for term in terms]

    def states(self, sounds: Sequence[NDArray[np.float32]], seconds: float) -> Array:
        return np.stack([np.pad(sound, (0, round(seconds * RATE) - len(sound))) for sound in sounds])

    def heard(
        self, states: Array, lengths: Sequence[float], *, language: str, hint: Sequence[int] = (), beam: int = 1
    ) -> list[Heard]:
        return [self._of(sound, length, bool(hint)) for sound, length in zip(states, lengths, strict=True)]

    def _of(self, sound: Array, length: float, is_told: bool) -> Heard:
        numbers = [round(float(sound[at * RATE + RATE // 2]) * 32768) for at in range(round(length))]
        said = [(at, n) for at, n in enumerate(numbers) if n in self._told or not is_told]
        words = [Word(start=at, end=at + 1, text=f" {'N' if is_told else 'n'}{n}") for at, n in said]
        text = "".join(word.text for word in words).strip()
        if not is_told:
            sure, no_speech = (-1.4, 0.8) if self._is_noise else (-0.2, 0.0)
            return Heard(text, sure, no_speech, [words], [(0.0, length)])
        return Heard(self._again_and_again or text, -0.1, 0.8 if self._is_noise else 0.0, [words], self._covered)


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[SoundSpool]:
    file = tmp_path / "sound"
    file.write_bytes(np.repeat(np.arange(SECONDS, dtype=np.int16), RATE).tobytes())
    with file.open("rb") as opened:
        yield SoundSpool(opened.fileno(), SECONDS * RATE)


def hear(recogniser: Recogniser, sound: SoundSpool, glossary: Sequence[str] = ("Elexon",)) -> list[Passage]:
    speech = tuple((float(n), float(n + 1)) for n in range(SECONDS))
    return Hearing(recogniser, sound, "en", glossary).passages([Window(0.0, float(SECONDS), speech)])


def words_of(passages: Sequence[Passage]) -> list[str]:
    """In the order of time; each begins when it is said."""
    words = sorted((w for p in passages for s in p.segments for w in s), key=lambda word: word.start)
    assert all(word.start == int(word.text.strip(" Nn")) for word in words)
    return [word.text.strip() for word in words]


@pytest.mark.parametrize(
    ("told", "covered"),
    [
        pytest.param(range(20, 28), [(20.0, 28.0)], id="the first timestamp is late"),
        pytest.param(range(20, 28), WHOLE, id="the first word is late, whatever the timestamps say"),
        pytest.param([*range(6), *range(20, 28)], [(0.0, 6.0), (20.0, 28.0)], id="the middle is missing"),
        pytest.param([*range(6), *range(20, 28)], WHOLE, id="the middle is missing in a segment"),
        pytest.param(range(3), WHOLE, id="it stops after three words and never says when"),
        pytest.param([], [], id="it says nothing"),
    ],
)
def test_speech_that_stays_without_words_is_heard_again_without_the_glossary(
    sound: SoundSpool, told: Iterable[int], covered: list[Span]
) -> None:
    kept = set(told)
    expected = [f"{'N' if n in kept else 'n'}{n}" for n in range(SECONDS)]
    assert words_of(hear(Recogniser(kept, covered), sound)) == expected


def test_what_was_said_with_the_glossary_is_not_heard_again(sound: SoundSpool) -> None:
    assert words_of(hear(Recogniser(range(SECONDS), WHOLE), sound)) == [f"N{n}" for n in range(SECONDS)]


def test_a_pause_for_breath_inside_a_segment_is_not_heard_again(sound: SoundSpool) -> None:
    told = [n for n in range(SECONDS) if n not in (10, 11, 12)]
    assert words_of(hear(Recogniser(told, WHOLE), sound)) == [f"N{n}" for n in told]


def test_a_window_that_says_one_term_for_ever_is_heard_without_the_glossary(sound: SoundSpool) -> None:
    (passage,) = hear(Recogniser(range(SECONDS), WHOLE, again_and_again="Elexon, " * 30), sound)
    assert words_of([passage]) == [f"n{n}" for n in range(SECONDS)]
    assert not passage.doubtful


@pytest.mark.parametrize("said", ["", "Ehh, " * 30])
def test_noise_of_which_a_glossary_makes_words_stays_without(sound: SoundSpool, said: str) -> None:
    assert hear(Recogniser(range(SECONDS), WHOLE, again_and_again=said, is_noise=True), sound) == []
