"""Captions with speakers' names as Teams, Zoom and Google write them (.vtt, .srt, .sbv), made into a transcript.

Tolerant: what can be read is. Our own reader, because webvtt-py 0.5 and pysubs2 1.9 pass over the times that Microsoft
itself documents (`0:0:5.320`), and over what stands after a missing blank line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.formats import Audio, Segment, Transcript

PAUSE = 1.5  # seconds after which a sentence cut in two is left so
LONGEST = 30.0  # seconds; captions without punctuation are not joined for ever
BACK = 3  # how many cues of others may stand between the two halves of a sentence

_TIME = r"(-?(?:\d+:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?)"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?!\S)|^\s*{_TIME},{_TIME}\s*$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>]*(?:>|$)|<$|\{\\[^}]*\}")
_NAME = r"[^\W\d_][\w.'’&-]*"
_NAME_PREFIX = re.compile(
    rf"^\[?((?:{_NAME}|\([\w &'’-]+\))(?: (?:{_NAME}|\d{{1,3}}|\([\w &'’-]+\))){{0,4}})\]?:\s+(?=\S)"
)
_PARTICLES = re.compile(r"al|bin|da|del?|der|di|dos|du|el|ibn|la|le|ten|ter|van|von|y")
# Words that open a line with a colon but name nobody.
_MARKERS = re.compile(r"actions?|agenda|answer|decisions?|issue|item|note|question|resolved|risk|update", re.IGNORECASE)
_ENDS = re.compile(r"[.?!…][\"'”’)\]]*$")
_REPEATED = 3  # words: rolling captions say the end of one cue again at the beginning of the next


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Said:
    start: float
    end: float
    speaker: str | None
    text: str


def is_captions(text: str) -> bool:
    """Whether a text has the form of captions: a WebVTT header, or a line of times."""
    return text.lstrip("\ufeff \n").startswith("WEBVTT") or any(_TIMES.match(line) for line in text.split("\n"))


def transcript_of(text: str, name: str) -> Transcript:
    """The transcript in captions called `name`; lines end in \\n. What was cut off in the middle is read up to the cut.

    Cues are put in order of time; those into which one speaker's sentence was cut become one segment. Names are left as
    they are written. Times before the beginning (Teams: transcription began later than the talk) are the beginning.
    """
    said = [
        _Said(cue.start, cue.end, speaker, words)
        for cue in sorted(_cues_in(text), key=lambda cue: cue.start)
        for speaker, words in _voices_in(cue.lines)
    ]
    segments = [
        Segment(id=str(n), start=max(s.start, 0.0), end=max(s.end, 0.0), speaker=s.speaker, text=s.text)
        for n, s in enumerate(_whole(said))
    ]
    duration = max((segment.end for segment in segments), default=0.0)
    return Transcript(audio=Audio(name=name, duration=duration), engine="webvtt", segments=segments)


def _cues_in(text: str) -> Iterator[_Cue]:
    """Every cue. A last cue without its end is kept; a last line of times without its end is not."""
    lines = text.split("\n")
    times = [(at, found) for at, line in enumerate(lines) if (found := _TIMES.match(line))]
    places = [at for at, _ in times]
    for (place, found), following in zip(times, [*places[1:], len(lines)], strict=False):
        words = lines[place + 1 : following]
        if following < len(lines) and words and _is_id(words):
            words = words[:-1]
        end = next((at for at, line in enumerate(words) if not line.strip()), len(words))
        start, ends = (_seconds(stamp) for stamp in found.groups() if stamp)
        yield _Cue(start, max(start, ends), tuple(line.strip() for line in words[:end]))


def _is_id(words: list[str]) -> bool:
    """Whether the last line before a cue's times is its id: after a blank line, or a number where that is missing."""
    last = words[-1].strip()
    return last.isdecimal() or (bool(last) and len(words) > 1 and not words[-2].strip())


def _seconds(stamp: str) -> float:
    total = 0.0
    for part in stamp.lstrip("-").replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return round(-total if stamp.startswith("-") else total, 3)


def _voices_in(lines: tuple[str, ...]) -> list[tuple[str | None, str]]:
    """(speaker, words) for each voice in a cue; the speaker is None where the cue names none."""
    voices: list[tuple[str | None, str]] = []
    pieces = _VOICE.split("\n".join(lines))
    tagged = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    for tag, words in tagged:
        for line in words.split("\n"):
            plain = " ".join(html.unescape(_TAG.sub("", line)).split())
            speaker = " ".join(html.unescape(tag).split()) if tag else None
            if speaker is None and (named := _named(plain)):
                speaker, plain = named[1], plain[named.end() :]
            elif speaker is None and voices:
                speaker = voices[-1][0]
            if not plain:
                continue
            if voices and voices[-1][0] == speaker:
                voices[-1] = (speaker, f"{voices[-1][1]} {plain}")
            else:
                voices.append((speaker, plain))
    return voices


def _named(line: str) -> re.Match[str] | None:
    """`Name: words`, where the name is written as one."""
    found = _NAME_PREFIX.match(line)
    if found is None:
        return None
    words = [word for word in found[1].split() if word[0].isalpha()]
    is_name = all(word[0].isupper() or (at and _PARTICLES.fullmatch(word)) for at, word in enumerate(words))
    return found if words and is_name and not _MARKERS.fullmatch(words[0]) else None


def _whole(said: list[_Said]) -> list[_Said]:
    """What was said, each sentence whole that was cut into cues; nothing said twice that was written twice."""
    whole: list[_Said] = []
    for piece in said:
        earlier = next((at for at in _recent(whole) if whole[at].speaker == piece.speaker), None)
        if earlier is None:
            whole.append(piece)
            continue
        new = _without_repeated(whole[earlier], piece)
        if not new.text:
            whole[earlier] = replace(whole[earlier], end=max(whole[earlier].end, piece.end))
        elif _goes_on(whole[earlier], new, interrupted=earlier != len(whole) - 1):
            text = f"{whole[earlier].text} {new.text}"
            whole[earlier] = replace(whole[earlier], end=max(whole[earlier].end, new.end), text=text)
        else:
            whole.append(new)
    return whole


def _recent(whole: list[_Said]) -> Iterator[int]:
    yield from range(len(whole) - 1, max(len(whole) - 2 - BACK, -1), -1)


def _goes_on(before: _Said, after: _Said, *, interrupted: bool) -> bool:
    """Whether a piece is the rest of the sentence before it, perhaps with somebody's remark in between."""
    if _ENDS.search(before.text) or after.start - before.end > PAUSE or after.end - before.start > LONGEST:
        return False
    return after.text[:1].islower() if interrupted else True


def _without_repeated(before: _Said, after: _Said) -> _Said:
    """A piece without the words at its beginning that an overlapping one before it ended with."""
    if after.start >= before.end and after.start > before.start:
        return after
    ended, begins = before.text.split(), after.text.split()
    for count in range(min(len(ended), len(begins)), 0, -1):
        if ended[-count:] == begins[:count] and (count >= _REPEATED or count == len(begins) == len(ended)):
            return replace(after, text=" ".join(begins[count:]))
    return after
