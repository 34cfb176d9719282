"""Where this installation keeps what: everything lies in one state folder (`paths.state`)."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.durable_files import write_whole
from bot.errors import StateUnusable


@dataclass(frozen=True)
class Places:
    """The files and folders under the state folder."""

    root: Path

    @property
    def database_url(self) -> str:
        return f"sqlite:///{(self.root / 'secretariat.db').absolute()}"

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def recordings(self) -> Path:
        return self.root / "recordings"

    @property
    def agendas(self) -> Path:
        return self.root / "agendas"

    @property
    def notes(self) -> Path:
        """Where notes of meetings that were not recorded are dropped."""
        return self.root / "notes"

    @property
    def learnt(self) -> Path:
        """What the ranking has learnt from this installation's own reports."""
        return self.root / "learnt.json.gz"

    @property
    def slack_log(self) -> Path:
        return self.root / "slack" / "messages.jsonl"

    @property
    def models(self) -> Path:
        """Weights of speech engines that were joined or fetched here."""
        return self.root / "models"

    @property
    def transcribing(self) -> Path:
        """What transcriptions have found so far, and copies of recordings that are being made."""
        return self.root / "transcribing"

    @property
    def fetching(self) -> Path:
        """What is half fetched from Teams."""
        return self.root / "fetching"

    @property
    def running(self) -> Path:
        """Says where the running secretariat answers, for `slack-send`."""
        return self.root / "running.json"

    def make(self) -> None:
        """Make the folders. Raises StateUnusable with a sentence where that cannot be."""
        try:
            for folder in (self.root, self.content, self.recordings, self.agendas, self.notes, self.slack_log.parent):
                folder.mkdir(parents=True, exist_ok=True)
            (self.root / "secrets").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StateUnusable(
                f"The state folder {self.root} cannot be used ({error.strerror}).",
                hint="Give this user the right to write there, or name another with SECRETARIAT_PATHS__STATE.",
            ) from None

    def generated_secret(self, name: str) -> str:
        """A secret of this installation's own, made on first use, readable by this user alone."""
        place = self.root / "secrets" / name
        if not place.exists():
            write_whole(place, secrets.token_hex(32).encode(), mode=0o600)
        return place.read_text(encoding="utf-8").strip()

    def say_running(self, port: int) -> None:
        """Note the port that the running secretariat answers on."""
        write_whole(self.running, json.dumps({"pid": os.getpid(), "port": port}).encode())

    def running_port(self) -> int | None:
        """The port of the running secretariat, or None where none is running."""
        try:
            said = json.loads(self.running.read_text(encoding="utf-8"))
            os.kill(int(said["pid"]), 0)
            return int(said["port"])
        except (OSError, ValueError, KeyError):
            return None
