"""Recordings as files (`bot.ports.SoundFiles`). PyAV is loaded only once sound is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.adapters.whole_files import wholeness
from bot.ports import Piece, Progress, Wholeness


class SoundFilesByAv:
    """The files of this installation."""

    def wholeness(self, audio: Path) -> Wholeness:
        return wholeness(audio)

    def length(self, audio: Path) -> float:
        from bot.adapters import av_joining

        return av_joining.length(audio)

    def join(self, pieces: Sequence[Piece], target: Path, on_progress: Progress) -> None:
        from bot.adapters import av_joining

        av_joining.join(pieces, target, on_progress)
