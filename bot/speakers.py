"""Who spoke, word by word: turns put onto a transcript, its sentences cut where the voice changes, voices given names.

Pure. A voice is `Speaker 1`, `Speaker 2` ... in order of first speech until a person or Teams' transcript names it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from bot.errors import SecretariatError, UnknownThing
from bot.formats import Segment, Transcript, Word
from bot.voices import Turn

NEAR = 0.6  # seconds: a word outside every turn is of the turn that near; a change moves that far to a better place
_ENDS, _RESTS = re.compile(r"[.?!][\"'”’)\]]*$"), re.compile(r"[,;:][\"'”’)\]]*$")
_VOICE = re.compile(r"Speaker [1-9][0-9]*")


def named(transcript: Transcript, turns: Sequence[Turn]) -> Transcript:
    """The transcript with `Speaker n` on each sentence; one in which the voice changes becomes several.

    A sentence that has a speaker already keeps it; where nobody can tell who speaks, there is none. No word and no time
    changes. The first piece of a sentence keeps its id; the others have it with .2, .3 ... behind it.
    """
    pieces = [piece for segment in transcript.segments for piece in _pieces(segment, turns)]
    return transcript.model_copy(update={"segments": pieces})


def unnamed(transcript: Transcript) -> list[str]:
    """The voices that nobody has named yet: ['Speaker 1', 'Speaker 3']."""
    voices = {s.speaker for s in transcript.segments if s.speaker and _VOICE.fullmatch(s.speaker)}
    return sorted(voices, key=lambda voice: int(voice.split()[1]))


def renamed(transcript: Transcript, names: Mapping[str, str]) -> Transcript:
    """The transcript with speakers called otherwise: {'Speaker 2': 'Magnus Eskdale'}.

    Raises UnknownThing where nobody of such a name speaks in it, and SecretariatError for an empty name.
    """
    speaking = list(dict.fromkeys(s.speaker for s in transcript.segments if s.speaker))
    for known_as, name in names.items():
        if known_as not in speaking:
            who = ", ".join(speaking) or "nobody, by name"
            raise UnknownThing(f"{known_as} does not speak in this transcript.", hint=f"There speak: {who}.")
        if not name.strip():
            raise SecretariatError(f"{known_as} needs a name.", hint="Write it as it should stand in the transcript.")
    segments = [
        s.model_copy(update={"speaker": names.get(s.speaker, s.speaker).strip()}) if s.speaker else s
        for s in transcript.segments
    ]
    return transcript.model_copy(update={"segments": segments})


def by_word(segment: Segment, speakers: Sequence[str | None]) -> Iterator[Segment]:
    """A sentence cut where the speaker changes; `speakers` has one for each of its words, None where nobody can tell.

    Doubt between two words of one speaker is resolved; a change moves to the end of a sentence or breath close by.
    """
    words = segment.words or []
    settled = _settled(words, speakers)
    cuts = [0, *(at for at in range(1, len(settled)) if settled[at] != settled[at - 1]), len(settled)]
    for number, (first, last) in enumerate(pairwise(cuts), 1):
        yield _piece(segment, first, last, number, settled[first])


def _pieces(segment: Segment, turns: Sequence[Turn]) -> Iterator[Segment]:
    """The sentence, cut where the voice changes."""
    if segment.speaker or not turns:
        yield segment
    elif segment.words:
        yield from by_word(segment, [_whose(word.start, word.end, turns) for word in segment.words])
    else:
        yield segment.model_copy(update={"speaker": _whose(segment.start, segment.end, turns)})


def _piece(segment: Segment, first: int, last: int, number: int, speaker: str | None) -> Segment:
    """The words of a sentence from `first` up to `last`, as a sentence by itself."""
    words = (segment.words or [])[first:last]
    if len(words) == len(segment.words or []):
        return segment.model_copy(update={"speaker": speaker})
    changes = {
        "id": segment.id if number == 1 else f"{segment.id}.{number}",
        "start": segment.start if first == 0 else words[0].start,
        "end": segment.end if last == len(segment.words or []) else words[-1].end,
        "speaker": speaker,
        "text": " ".join(word.text.strip() for word in words),
        "words": words,
        "corrections": [
            c.model_copy(update={"word": c.word - first}) for c in segment.corrections if first <= c.word < last
        ],
    }
    return segment.model_copy(update=changes)


def _whose(start: float, end: float, turns: Sequence[Turn]) -> str | None:
    """The voice that fills most of that time, or the nearest; None where the most of it is in doubt."""
    shares: defaultdict[int | None, float] = defaultdict(float)
    about = list(_about(start, end, turns))
    for turn in about:
        shares[turn.voice] += max(min(end, turn.end) - max(start, turn.start), 0.0)
    if any(shares.values()):
        voice = max(shares, key=lambda voice: shares[voice])
    else:
        nearest = min(about, key=lambda turn: max(turn.start - end, start - turn.end), default=None)
        voice = nearest.voice if nearest else None
    return None if voice is None else f"Speaker {voice}"


def _about(start: float, end: float, turns: Sequence[Turn]) -> Iterator[Turn]:
    """The turns during that time or near it; turns are in order and don't overlap."""
    for at in range(bisect_left(turns, start - NEAR, key=lambda turn: turn.end), len(turns)):
        if turns[at].start > end + NEAR:
            return
        yield turns[at]


def _settled(words: Sequence[Word], voices: Sequence[str | None]) -> list[str | None]:
    """The voices, without doubt between two words of one, and changing where a sentence or a breath ends."""
    settled = list(voices)
    known = [at for at, voice in enumerate(settled) if voice is not None]
    for before, after in pairwise(known):
        if settled[before] == settled[after]:
            settled[before:after] = [settled[before]] * (after - before)
    for at in range(1, len(settled)):
        if settled[at] != settled[at - 1] and None not in (settled[at], settled[at - 1]):
            _move_change(words, settled, at)
    return settled


def _move_change(words: Sequence[Word], voices: list[str | None], at: int) -> None:
    """Let the change before word `at` be before the best of the words near it."""
    before, after = voices[at - 1], voices[at]
    first, last = at, at
    while first > 1 and voices[first - 2] == before and words[at].start - words[first - 1].start <= NEAR:
        first -= 1
    while last < len(words) - 1 and voices[last + 1] == after and words[last + 1].start - words[at].start <= NEAR:
        last += 1
    best = max(range(first, last + 1), key=lambda place: _fitness(words, place) - abs(place - at) * 0.05)
    voices[first:best] = [before] * (best - first)
    voices[best : last + 1] = [after] * (last + 1 - best)


def _fitness(words: Sequence[Word], at: int) -> float:
    """How likely somebody else begins to speak at that word: after a sentence, after a pause."""
    said = words[at - 1].text.strip()
    ends = 0.5 if _ENDS.search(said) else 0.15 if _RESTS.search(said) else 0.0
    return ends + min(words[at].start - words[at - 1].end, 1.0)
