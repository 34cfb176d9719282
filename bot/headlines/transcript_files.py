"""Reading what a draft is made from: a transcript (our JSON or captions), an agenda and a members file (YAML, JSON)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from bot.errors import SecretariatError
from bot.formats import Agenda, Attendance, Shape, Transcript
from bot.headlines.captions import is_captions, transcript_of

AnyShape = TypeVar("AnyShape", bound=Shape)


def read_transcript(path: Path, name: str = "") -> Transcript:
    """The transcript in `path`: our JSON, or .vtt or .srt captions (`captions.transcript_of`). `name`: as it is known.

    Raises SecretariatError where the file cannot be read as either, or holds no speech.
    """
    text, name = _text_of(path), name or path.name
    if text.lstrip().startswith("{"):
        transcript = _shape_of(Transcript, text, path, "a transcript")
    elif is_captions(text):
        transcript = transcript_of(text, name)
    else:
        raise SecretariatError(
            f"{name} is no transcript: it is neither our JSON nor WebVTT or SRT.",
            hint="Make one with `secretariat transcribe`, or export the captions as .vtt or .srt.",
        )
    if not any(segment.text.strip() for segment in transcript.segments):
        raise SecretariatError(
            f"{name} holds no speech, so nothing can be drafted from it.",
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
