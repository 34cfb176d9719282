"""A recogniser's segments, recut so that each is one sentence: what people quote, and where they click to listen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.formats import Segment, Word

LONGEST = 12.0  # seconds; a longer sentence is cut at its pauses
PAUSE = 1.5  # seconds of silence that end a sentence, whatever the punctuation
BREATH = 0.3  # seconds between two segments below which a sentence in lower case runs on
_ENDS = re.compile(r"[.?!][\"'”’)\]]*$")
_ASKS = re.compile(r"[?!][\"'”’)\]]*$")
_ABBREVIATION = re.compile(r"^\W*(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|approx|e\.g|i\.e)\.$", re.IGNORECASE)


def sentences(segments: Iterable[Sequence[Word]], longest: float = LONGEST) -> list[list[Word]]:
    """The same words in the same order, one sentence a list; none lasts over `longest` seconds but a single word.

    Words may carry their leading space; a sentence that runs on into the next segment is made whole.
    """
    whole: list[list[Word]] = []
    for segment in segments:
        for place, word in enumerate(segment):
            if whole and not _breaks(whole[-1][-1], word, new_segment=place == 0):
                whole[-1].append(word)
            else:
                whole.append([word])
    return [piece for sentence in whole for piece in _cut(sentence, longest)]


def spaced(words: Iterable[Word]) -> list[Word]:
    """Words without their leading spaces; what follows without a space ('half' '-hourly') joins the word before it.

    Joined with single spaces, the result is the verbatim text.
    """
    joined: list[Word] = []
    for word in words:
        text = word.text.strip()
        if joined and text and not word.text[0].isspace():
            joined[-1] = _glued(joined[-1], word, text)
        elif text:
            joined.append(word.model_copy(update={"text": text}))
    return joined


def sentence_segments(spoken: Iterable[Sequence[Word]]) -> list[Segment]:
    """A transcript's segments of what a recogniser heard: a sentence each, numbered from 0, in the order spoken."""
    said = filter(None, map(spaced, sentences(spoken)))
    return [_segment(number, words) for number, words in enumerate(said)]


def _segment(number: int, words: list[Word]) -> Segment:
    text = " ".join(word.text for word in words)
    return Segment(id=str(number), start=words[0].start, end=words[-1].end, text=text, words=words)


def _glued(first: Word, second: Word, text: str) -> Word:
    known = [p for p in (first.probability, second.probability) if p is not None]
    return Word(start=first.start, end=second.end, text=first.text + text, probability=min(known, default=None))


def _breaks(before: Word, after: Word, *, new_segment: bool) -> bool:
    """Whether a sentence ends between two words."""
    silence = after.start - before.end
    said, goes_on = before.text.strip(), after.text.strip()[:1].islower()
    if silence >= PAUSE or _ASKS.search(said):
        return True
    if new_segment and (silence >= BREATH or not goes_on):
        return True
    return not goes_on and bool(_ENDS.search(said)) and not _ABBREVIATION.match(said)


def _cut(sentence: list[Word], longest: float) -> list[list[Word]]:
    if len(sentence) == 1 or sentence[-1].end - sentence[0].start <= longest:
        return [sentence]
    place = max(range(1, len(sentence)), key=lambda at: _fitness(sentence, at))
    return _cut(sentence[:place], longest) + _cut(sentence[place:], longest)


def _fitness(sentence: list[Word], at: int) -> float:
    """How well a sentence can be cut before word `at`: a long pause, a comma, and not near either end."""
    before, after = sentence[at - 1], sentence[at]
    comma = 0.3 if before.text.strip()[-1:] in ",;:" else 0.0
    shorter = min(before.end - sentence[0].start, sentence[-1].end - after.start)
    return after.start - before.end + comma + 0.3 * min(shorter, 3.0)
