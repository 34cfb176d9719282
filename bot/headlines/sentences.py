"""Sentences of a transcript: what the rules read, and the way back to the verbatim words of a segment.

Speech recognition cuts where it pauses, not where a sentence ends, so a sentence may run over several segments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats import Evidence, Segment, Transcript

_END = re.compile(r"[.?!…]+[\"'”’)\]]*(?=\s)|\n+")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|Nos|vs|etc|e\.g|i\.e|approx|cf)|\b[A-Z])\.$")
_PLAIN = str.maketrans("’‘\u00a0", "'' ")  # as long as before: places in the text stay what they are
_LONGEST_JOIN = 45  # words: unpunctuated recognition must not become one endless sentence
_LONGEST_PAUSE = 4.0  # seconds between segments of one sentence
_LONGEST_QUOTE = 320  # characters


@dataclass(frozen=True)
class Piece:
    """Characters `start` to `end` of one segment's text; they begin at `offset` in the sentence."""

    segment: Segment
    place: int  # which segment of the transcript, from 0
    start: int
    end: int
    offset: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Sentence:
    """A sentence as said. `text` has plain apostrophes and is otherwise the pieces joined by a blank."""

    number: int
    text: str
    pieces: tuple[Piece, ...]

    @property
    def speaker(self) -> str | None:
        return self.pieces[0].segment.speaker

    @property
    def start(self) -> float:
        return self.at(0)

    @property
    def is_doubtful(self) -> bool:
        """Whether the recogniser was not sure of a part of it."""
        return any(piece.segment.doubtful for piece in self.pieces)

    def piece_at(self, offset: int) -> Piece:
        """The piece that holds the character at `offset` of the sentence."""
        return next((p for p in reversed(self.pieces) if p.offset <= offset), self.pieces[0])

    def at(self, offset: int) -> float:
        """The second at which the character at `offset` is said, by word times where there are any."""
        piece = self.piece_at(offset)
        inside = piece.start + max(0, min(offset - piece.offset, piece.length))
        return _second_of(piece.segment, inside)

    def evidence(self, around: int = 0) -> list[Evidence]:
        """Verbatim quotes, one a piece; a very long piece is cut to whole words about the character `around`."""
        here = self.piece_at(around)
        quotes = [(p, _quote_of(p, around - p.offset if p is here else 0)) for p in self.pieces]
        return [Evidence(segment=p.segment.id, quote=quote, at=p.segment.start) for p, quote in quotes if quote]


def sentences_of(transcript: Transcript) -> list[Sentence]:
    """Every sentence in the order of the segments; segments without words have none."""
    groups: list[list[Piece]] = []
    for place, segment in enumerate(transcript.segments):
        for start, end in _spans(segment.text):
            piece = Piece(segment, place, start, end, 0)
            if groups and start == _first_word(segment.text) and _runs_on(groups[-1], piece):
                groups[-1].append(piece)
            else:
                groups.append([piece])
    return [_sentence(number, group) for number, group in enumerate(groups)]


def turns_of(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Sentences grouped into turns: unbroken speech of one voice. Without speakers each sentence is its own turn."""
    turns: list[list[Sentence]] = []
    for sentence in sentences:
        if turns and sentence.speaker is not None and turns[-1][-1].speaker == sentence.speaker:
            turns[-1].append(sentence)
        else:
            turns.append([sentence])
    return turns


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text begins and ends, blanks left out."""
    spans, start = [], 0
    for stop in [*_END.finditer(text), None]:
        end = stop.end() if stop else len(text)
        if stop and _ABBREVIATION.search(text[start:end]):
            continue
        words = text[start:end]
        left = start + len(words) - len(words.lstrip())
        right = start + len(words.rstrip())
        if left < right:
            spans.append((left, right))
        start = end
    return spans


def _first_word(text: str) -> int:
    return len(text) - len(text.lstrip())


def _runs_on(group: list[Piece], piece: Piece) -> bool:
    """Whether `piece`, the first of its segment, goes on with the sentence that `group` began."""
    last = group[-1]
    said = last.segment.text[last.start : last.end]
    words = sum(len(p.segment.text[p.start : p.end].split()) for p in group)
    opening = piece.segment.text[piece.start]
    return (
        last.segment.speaker == piece.segment.speaker
        and last.place + 1 == piece.place
        and piece.segment.start - last.segment.end <= _LONGEST_PAUSE
        and words < _LONGEST_JOIN
        and not re.search(r"[.?!…][\"'”’)\]]*$", said)
        and (opening.islower() or opening.isdigit() or said.endswith((",", "-", "–", ";")))
    )


def _sentence(number: int, group: list[Piece]) -> Sentence:
    texts, pieces, offset = [], [], 0
    for piece in group:
        text = piece.segment.text[piece.start : piece.end]
        pieces.append(Piece(piece.segment, piece.place, piece.start, piece.end, offset))
        texts.append(text)
        offset += len(text) + 1
    plain = " ".join(texts).translate(_PLAIN)
    return Sentence(number, plain, tuple(pieces))


def _second_of(segment: Segment, inside: int) -> float:
    words = len(segment.text[:inside].split())
    if segment.words and len(segment.words) == len(segment.text.split()):
        return segment.words[min(words, len(segment.words) - 1)].start
    share = inside / len(segment.text) if segment.text else 0.0
    return round(segment.start + max(0.0, segment.end - segment.start) * share, 2)


def _quote_of(piece: Piece, around: int) -> str:
    text = piece.segment.text[piece.start : piece.end]
    if len(text) <= _LONGEST_QUOTE:
        return text
    left = max(0, min(around - _LONGEST_QUOTE // 3, len(text) - _LONGEST_QUOTE))
    right = left + _LONGEST_QUOTE
    left = text.rfind(" ", 0, left) + 1 if left else 0
    right = len(text) if right >= len(text) else max(text.rfind(" ", left + 1, right), left + 1)
    return text[left:right].strip()
