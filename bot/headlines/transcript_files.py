"""Reading what a draft is made from: a transcript (our JSON or WebVTT), an agenda and a members file (YAML or JSON)."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from bot.errors import SecretariatError
from bot.formats import Agenda, Attendance, Audio, Segment, Shape, Transcript

AnyShape = TypeVar("AnyShape", bound=Shape)

_TIMES = re.compile(r"^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{3})")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>]*(?:>|$)|<$")
_NAME_PREFIX = re.compile(
    r"^((?:[A-Z][\w.'’&-]*|\([\w &'’-]+\))(?: (?:[A-Z][\w.'’&-]*|\d{1,3}|\([\w &'’-]+\))){0,4}):\s+(?=\S)"
)
# Words that open a line with a colon but name nobody.
_MARKERS = frozenset(
    [
        "action",
        "actions",
        "decision",
        "decisions",
        "note",
        "issue",
        "risk",
        "resolved",
        "agenda",
        "item",
        "question",
        "answer",
        "update",
    ]
)


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    lines: tuple[str, ...]


def read_transcript(path: Path) -> Transcript:
    """The transcript in `path`. A WebVTT file cut off in the middle is read up to the cut.

    Raises SecretariatError where the file cannot be read as either, or holds no speech.
    """
    text = _text_of(path)
    if text.lstrip().startswith("{"):
        transcript = _shape_of(Transcript, text, path, "a transcript")
    elif "-->" in text or text.lstrip().startswith("WEBVTT"):
        transcript = _from_cues(text, path.name)
    else:
        raise SecretariatError(
            f"{path.name} is no transcript: it is neither our JSON nor WebVTT.",
            hint="Make one with `secretariat transcribe`, or export the captions as .vtt.",
        )
    if not any(segment.text.strip() for segment in transcript.segments):
        raise SecretariatError(
            f"{path.name} holds no speech, so nothing can be drafted from it.",
            hint="Check that the recording has sound, or that the captions were exported whole.",
        )
    return transcript


def read_agenda(path: Path) -> Agenda:
    """The agenda in `path` (YAML or JSON). Raises SecretariatError naming the field that is wrong."""
    return _shape_of(Agenda, _text_of(path), path, "an agenda")


def read_members(path: Path) -> Attendance:
    """Who sat at the table, from `path` (YAML or JSON). Raises SecretariatError naming the field that is wrong."""
    return _shape_of(Attendance, _text_of(path), path, "a members file")


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise SecretariatError(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _shape_of(shape: type[AnyShape], text: str, path: Path, what: str) -> AnyShape:
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
        return shape.model_validate(content)
    except (yaml.YAMLError, json.JSONDecodeError, RecursionError) as problem:
        raise SecretariatError(f"{path.name} cannot be read as {what}: it is not whole YAML or JSON.") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise SecretariatError(f"{path.name} is not {what}: {place}: {first['msg']}.") from problem


def _from_cues(text: str, name: str) -> Transcript:
    segments: list[Segment] = []
    for cue in sorted(_cues_in(text), key=lambda cue: cue.start):
        for speaker, words in _voices_in(cue.lines):
            number = str(len(segments))
            segments.append(Segment(id=number, start=cue.start, end=cue.end, speaker=speaker, text=words))
    duration = max((segment.end for segment in segments), default=0.0)
    return Transcript(audio=Audio(name=name, duration=duration), engine="webvtt", segments=segments)


def _cues_in(text: str) -> list[_Cue]:
    """Every cue with words. A last cue without its end is kept; a last timing line without its end is not."""
    cues: list[_Cue] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.split("\n")
        for i, line in enumerate(lines):
            if times := _TIMES.match(line):
                start, end = _seconds(times[1]), _seconds(times[2])
                words = tuple(x.strip() for x in lines[i + 1 :] if x.strip())
                cues.append(_Cue(start, max(start, end), words))
                break
    return cues


def _seconds(stamp: str) -> float:
    total = 0.0
    for part in stamp.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return round(total, 3)


def _voices_in(lines: tuple[str, ...]) -> list[tuple[str | None, str]]:
    """(speaker, words) for each voice in a cue; the speaker is None where the cue names none."""
    voices: list[tuple[str | None, str]] = []
    pieces = _VOICE.split("\n".join(lines))
    tagged = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    for tag, words in tagged:
        for line in words.split("\n"):
            plain = " ".join(html.unescape(_TAG.sub("", line)).split())
            speaker = html.unescape(tag).strip() if tag else None
            if speaker is None and (named := _NAME_PREFIX.match(plain)) and named[1].split()[0].lower() not in _MARKERS:
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
