"""Which pieces of a recording the recogniser is given, and what becomes of the times that it answers with."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.formats import Word
from bot.speech_windows import (
    LONGEST,
    LONGEST_PAUSE,
    PADDING,
    SECONDS_A_BATCH,
    STEP,
    WINDOWS_A_BATCH,
    Span,
    Window,
    batches,
    halves,
    is_bad,
    is_no_speech,
    leftovers,
    padded_length,
    placed,
    speech_spans,
    windows,
    without,
)

TALK = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 300)), min_size=1, max_size=40)
RANGES = st.lists(st.tuples(st.floats(0, 200), st.floats(0.1, 30)), max_size=3)


def steps(pieces: list[tuple[float, int]]) -> NDArray[np.float32]:
    """Probabilities of speech: each value for so many steps of 32 ms."""
    return np.concatenate([np.full(count, value, np.float32) for value, count in pieces])


def seconds(value: float, length: float) -> tuple[float, int]:
    return value, round(length / STEP)


def found_in(probabilities: NDArray[np.float32], excluded: list[Span] | None = None) -> list[Window]:
    spans = without(speech_spans(probabilities), excluded or [])
    return windows(spans, probabilities, len(probabilities) * STEP, excluded or [])


# Where speech is


def test_a_short_pause_does_not_end_speech_and_a_longer_one_does() -> None:
    spans = speech_spans(
        steps([seconds(0, 1), seconds(0.9, 2), seconds(0, 0.2), seconds(0.9, 2), seconds(0, 0.5), seconds(0.3, 1)])
    )
    assert spans == [pytest.approx((0.992, 5.184), abs=0.05), pytest.approx((5.7, 6.7), abs=0.05)]


def test_what_is_hardly_speech_neither_begins_nor_ends_it() -> None:
    assert speech_spans(steps([seconds(0.15, 5)])) == []
    assert len(speech_spans(steps([seconds(0.9, 1), seconds(0.1, 2), seconds(0.9, 1)]))) == 1


def test_silence_has_no_windows() -> None:
    assert found_in(steps([seconds(0, 60)])) == []


@settings(max_examples=40, deadline=None)
@given(TALK, RANGES)
def test_windows_hold_all_speech_but_the_excluded_and_no_long_pause(
    pieces: list[tuple[float, int]], ranges: list[tuple[float, float]]
) -> None:
    probabilities = steps(pieces)
    excluded = [(begin, begin + length) for begin, length in ranges]
    made = found_in(probabilities, excluded)
    said = without(speech_spans(probabilities), excluded)
    held = [span for window in made for span in window.speech]
    assert sum(b - a for a, b in held) == pytest.approx(sum(b - a for a, b in said))
    assert all(window.length <= LONGEST + STEP for window in made)
    assert all(0 <= window.start <= window.end <= len(probabilities) * STEP for window in made)
    assert all(before.end <= after.start + 1e-6 for before, after in pairwise(made))
    for window in made:
        assert all(after[0] - before[1] <= LONGEST_PAUSE for before, after in pairwise(window.speech))
        assert not any(begin < window.end - 1e-9 and end > window.start + 1e-9 for begin, end in excluded)


def test_speech_without_a_pause_is_cut_where_it_is_least_like_speech() -> None:
    made = found_in(steps([seconds(0.9, 20), seconds(0.4, 0.4), seconds(0.9, 20)]))
    assert [window.end for window in made[:-1]] == [pytest.approx(20.2, abs=0.2)]


def test_padding_reaches_half_way_to_a_neighbour_and_not_into_what_is_excluded() -> None:
    first, second = found_in(steps([seconds(0, 2), seconds(0.9, 20), seconds(0, 0.5), seconds(0.9, 20), seconds(0, 2)]))
    assert first.start == pytest.approx(2 - PADDING, abs=STEP)
    assert first.end <= second.start
    (left,) = found_in(steps([seconds(0.9, 10)]), [(6.0, 20.0)])
    assert left.end == pytest.approx(6.0)


# Batches


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.3, LONGEST), max_size=60))
def test_batches_hold_every_window_once_and_are_bounded(lengths: list[float]) -> None:
    made = [
        Window(100.0 * n, 100.0 * n + length, ((100.0 * n, 100.0 * n + length),)) for n, length in enumerate(lengths)
    ]
    grouped = batches(made)
    assert sorted((w for batch in grouped for w in batch), key=lambda w: w.start) == made
    for batch in grouped:
        padded = padded_length(max(w.length for w in batch))
        assert len(batch) <= WINDOWS_A_BATCH
        assert len(batch) == 1 or padded * len(batch) <= SECONDS_A_BATCH
        assert all(w.length <= padded <= 30 for w in batch)


# Listening again


def test_repetition_and_improbable_text_are_listened_to_again() -> None:
    assert is_bad("and so on " * 40, -0.2)
    assert is_bad("quite a plain sentence", -1.2)
    assert not is_bad("quite a plain sentence", -0.5)
    assert not is_bad("", 0.0)


def test_words_in_a_sound_that_nobody_takes_for_speech_are_not_believed() -> None:
    keys = Window(0, 1, ((0.2, 0.8),), likelihood=0.3)
    speech = Window(0, 1, ((0.2, 0.8),), likelihood=0.9)
    assert is_no_speech(keys, 0.84, -0.3)
    assert not is_no_speech(keys, 0.2, -0.3)
    assert not is_no_speech(speech, 0.84, -0.3)
    assert is_no_speech(speech, 0.84, -1.3)


def test_a_window_is_halved_at_its_pause() -> None:
    first, second = halves(Window(0, 20, ((0.2, 9), (9.8, 15), (15.3, 19.8))))
    assert (first.end, second.start) == (9.4, 9.4)
    assert second.speech == ((9.8, 15), (15.3, 19.8))
    short = Window(0, 2, ((0.2, 1.8),))
    assert halves(short) == [short]


def test_speech_after_the_last_words_is_listened_to_again() -> None:
    window = Window(10, 30, ((10.2, 18), (19, 29.8)))
    (left,) = leftovers(window, [(10.0, 18.4)])
    assert (left.start, left.end, left.speech) == (18.8, 30, ((19, 29.8),))
    assert leftovers(window, [(10.0, 29.0)]) == []
    assert [w.speech for w in leftovers(window, [(10.0, 12.0), (15.0, 30.0)])] == [((12.0, 15.0),)]


# Times


def word(start: float, end: float, text: str = " word") -> Word:
    return Word(start=start, end=end, text=text)


def test_a_word_begins_where_speech_does_not_in_the_silence_before() -> None:
    window = Window(4.8, 10.2, ((5.0, 6.0), (6.8, 10.0)))
    put = placed([word(4.8, 5.4), word(5.4, 6.0), word(6.1, 7.2), word(7.2, 7.6)], window)
    assert [w.start for w in put] == [5.0, 5.4, 6.8, 7.2]


def test_a_word_does_not_stretch_over_silence() -> None:
    window = Window(0, 9, ((0.2, 2.0), (2.9, 8.8)))
    put = placed([word(0.2, 0.6), word(0.6, 2.9), word(2.9, 8.5)], window)
    assert [w.end for w in put] == [0.6, 2.0 + PADDING, 2.9 + 2.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), max_size=20))
def test_times_are_in_order_and_no_word_is_lost(times: list[tuple[float, float]]) -> None:
    words = [word(min(pair), max(pair), f" w{n}") for n, pair in enumerate(sorted(times))]
    window = Window(0, 20, ((0.2, 7), (8, 19.8)))
    put = placed(words, window)
    assert [w.text for w in put] == [w.text for w in words]
    assert all(before.start <= after.start for before, after in pairwise(put))
    assert all(w.start < w.end for w in put)
