"""What the use-cases ask of the outside world. One narrow seam each; the vendors stand behind it in `bot.adapters`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.formats import Transcript
from bot.model import Delivery, HeadlineReport, OutgoingMessage

Progress = Callable[[float, float], None]
"""Called with (seconds done, seconds in all); may raise to stop the work."""


class Channel(Protocol):
    """A way to a recipient: Slack, mail. Never raises for what the service answers: that is the Delivery's outcome."""

    name: str  # "slack" | "mail"

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Hand the message to the service, once."""

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """Ask the service for this message by our id. None: the service says that it never had it."""


class Recogniser(Protocol):
    """Speech to text."""

    def transcribe(self, audio: Path, *, name: str, on_progress: Progress) -> Transcript:
        """Transcribe one file. Raises UnreadableRecording where it holds no audio."""


class DocumentWriter(Protocol):
    """Headline reports as Word documents."""

    def draft_document(self, report: HeadlineReport) -> bytes:
        """The PMO's working copy (.docx): quotes, confidences and the completeness statement included."""

    def issued_document(self, report: HeadlineReport) -> bytes:
        """The issued report (.docx): lines with their timestamps, no working material."""


class ContentFiles(Protocol):
    """Files by the SHA-256 of their content: written once, never changed."""

    def put(self, content: bytes) -> str:
        """Keep it, durably, and return its hash in hex."""

    def put_file(self, path: Path) -> str:
        """Keep a copy of a file of any size; memory does not grow with it."""

    def path(self, sha256: str) -> Path:
        """Where it lies. FileNotFoundError where nothing of that hash is kept."""
