"""A transcript with names and a recording without, made one: names from the one, words and times from the better.

Pure. Another program's transcript (Teams', Zoom's) knows who spoke but cuts its times to the cue; ours has a time for
each word. Its clock may be another, may drift, and may jump where a recording was paused: it is found from the words.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median

from bot.errors import SecretariatError
from bot.formats import Segment, Transcript, Word
from bot.speakers import by_word

TOLERANCE = 4.0  # seconds by which their time of a word may be out once the clocks agree
ANCHOR = 3  # words in a row, found once in each transcript, that set the clocks
FEWEST = 3  # anchors without which nobody can say that it is the same meeting
NEIGHBOURS = 7  # anchors around a moment whose middle is its offset
KNOWN = 0.6  # the share of a voice's words with one name from which on it is that person's
KNOWN_WORDS = 5
MISSED_WORDS = 3  # a remark of theirs of fewer words that we did not hear is left


class AnotherMeeting(SecretariatError):
    """The two transcripts have hardly a phrase in common."""


@dataclass(frozen=True)
class _Spoken:
    """A word of theirs: as it is compared, when it was said by their clock, who said it."""

    word: str
    at: float
    speaker: str | None


def joined(ours: Transcript, theirs: Transcript) -> Transcript:
    """Our words and times with their names; their words where ours are doubtful or missing. All in order of time.

    A name is left as they write it. A word that has no counterpart has the name of those around it, or of its voice
    where that is plainly one person's; else its speaker stays as it was. Nothing of theirs enters an excluded range.
    Raises AnotherMeeting where they are not of the same meeting.
    """
    spoken = [word for segment in theirs.segments for word in _spoken(segment)]
    clock = _Clock([_Spoken(_plain(w.text), w.start, None) for s in ours.segments for w in timed_words(s)], spoken)
    moved = sorted((_Spoken(s.word, clock.ours(s.at), s.speaker) for s in spoken), key=lambda s: s.at)
    found = [(segment, _names(segment, moved)) for segment in ours.segments]
    people = _people(found)
    segments = [piece for segment, names in found for piece in _named(segment, names, people)]
    missed = list(_missed(ours, theirs, clock))
    kept = [s for s in segments if not (s.doubtful and any(s.start < m.end and m.start < s.end for m in missed))]
    return ours.model_copy(update={"segments": sorted([*kept, *missed], key=lambda segment: segment.start)})


def timed_words(segment: Segment) -> list[Word]:
    """The words of a segment with their times; where it has none, spread over it by their letters."""
    if segment.words:
        return list(segment.words)
    texts = segment.text.split()
    letters, at = sum(len(text) + 1 for text in texts), segment.start
    words = []
    for text in texts:
        end = at + (segment.end - segment.start) * (len(text) + 1) / letters
        words.append(Word(start=round(at, 3), end=round(end, 3), text=text))
        at = end
    return words


class _Clock:
    """Their time in ours: the middle of the offsets of the phrases around it that both heard."""

    def __init__(self, ours: Sequence[_Spoken], theirs: Sequence[_Spoken]) -> None:
        """Raises AnotherMeeting where too few phrases are in both, in the same order."""
        here, there = _phrases(ours), _phrases(theirs)
        common = sorted((there[phrase], here[phrase]) for phrase in here.keys() & there.keys())
        self._anchors = _in_order(common)
        if len(self._anchors) < FEWEST:
            raise AnotherMeeting(
                "The transcript with names and the recording have hardly a phrase in common.",
                hint="Check that both are of the same meeting.",
            )

    def ours(self, at: float) -> float:
        """When it was, by our clock, at their second `at`."""
        place = bisect_left(self._anchors, (at, -1.0))
        first = min(max(place - NEIGHBOURS // 2, 0), max(len(self._anchors) - NEIGHBOURS, 0))
        return at + median(mine - theirs for theirs, mine in self._anchors[first : first + NEIGHBOURS])


def _phrases(words: Sequence[_Spoken]) -> dict[tuple[str, ...], float]:
    """When each phrase was said that was said once only."""
    found = [(tuple(w.word for w in words[at : at + ANCHOR]), words[at].at) for at in range(len(words) - ANCHOR + 1)]
    often = Counter(phrase for phrase, _ in found)
    return {phrase: at for phrase, at in found if often[phrase] == 1}


def _in_order(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The most of the pairs that are in order on both sides: what was said again later falls out."""
    ends: list[int] = []  # for each length, the place of the pair that ends such a run earliest
    before: list[int] = []
    lasts: list[float] = []
    for place, (_, mine) in enumerate(pairs):
        length = bisect_left(lasts, mine)
        before.append(ends[length - 1] if length else -1)
        if length == len(lasts):
            lasts.append(mine)
            ends.append(place)
        else:
            lasts[length], ends[length] = mine, place
    run, place = [], ends[-1] if ends else -1
    while place >= 0:
        run.append(pairs[place])
        place = before[place]
    return run[::-1]


def _spoken(segment: Segment) -> Iterator[_Spoken]:
    for word in timed_words(segment):
        if plain := _plain(word.text):
            yield _Spoken(plain, word.start, segment.speaker)


def _plain(text: str) -> str:
    return re.sub(r"[^\w]", "", text.casefold())


def _names(segment: Segment, theirs: Sequence[_Spoken]) -> list[str | None]:
    """Their name for each of our words: that of the same word at about the same time."""
    words = [_plain(word.text) for word in timed_words(segment)]
    first = bisect_left(theirs, segment.start - TOLERANCE, key=lambda spoken: spoken.at)
    last = bisect_right(theirs, segment.end + TOLERANCE, key=lambda spoken: spoken.at)
    names: list[str | None] = [None] * len(words)
    matcher = SequenceMatcher(None, words, [spoken.word for spoken in theirs[first:last]], autojunk=False)
    for here, there, length in matcher.get_matching_blocks():
        for step in range(length):
            names[here + step] = theirs[first + there + step].speaker
    return names


def _people(found: Sequence[tuple[Segment, Sequence[str | None]]]) -> dict[str, str]:
    """Whose each voice is, where that is plain: {'Speaker 2': 'Magnus Eskdale'}."""
    heard: dict[str, Counter[str]] = {}
    for segment, names in found:
        if segment.speaker:
            heard.setdefault(segment.speaker, Counter()).update(name for name in names if name)
    return {
        voice: names.most_common(1)[0][0]
        for voice, names in heard.items()
        if names.total() >= KNOWN_WORDS and names.most_common(1)[0][1] >= KNOWN * names.total()
    }


def _named(segment: Segment, names: Sequence[str | None], people: dict[str, str]) -> Iterator[Segment]:
    """A segment with the names of its words, cut where they change; without any, with its voice's person."""
    if not any(names):
        speaker = people.get(segment.speaker, segment.speaker) if segment.speaker else None
        yield segment.model_copy(update={"speaker": speaker})
    elif segment.words:
        yield from by_word(segment, _filled(names))
    else:
        most = Counter(name for name in names if name).most_common(1)[0][0]
        yield segment.model_copy(update={"speaker": most})


def _filled(names: Sequence[str | None]) -> list[str | None]:
    """Names with those between two words of different people given to the nearer, and so at either end."""
    known = [at for at, name in enumerate(names) if name]
    edges = [(before + after + 1) // 2 for before, after in pairwise(known)]
    return [names[known[bisect_right(edges, at)]] for at in range(len(names))]


def _missed(ours: Transcript, theirs: Transcript, clock: _Clock) -> Iterator[Segment]:
    """What they have where we heard nothing certain, by our clock; nothing of what is excluded."""
    certain = [(s.start, s.end) for s in ours.segments if not s.doubtful]
    for segment in theirs.segments:
        start = max(clock.ours(segment.start), 0.0)
        end = min(start + segment.end - segment.start, ours.audio.duration)
        covered = sum(max(min(end, b) - max(start, a), 0.0) for a, b in certain)
        closed = any(a < end and start < b for a, b in ours.excluded)
        if end > start and covered <= 0.2 * (end - start) and not closed and len(segment.text.split()) >= MISSED_WORDS:
            times = {"id": f"theirs-{segment.id}", "start": round(start, 3), "end": round(end, 3), "words": None}
            yield segment.model_copy(update=times)
