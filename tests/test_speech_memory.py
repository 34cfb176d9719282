"""A recording's length costs time and disk, not memory; and what was judged for the words serves the voices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE, Samples, decoded
from bot.adapters.listening import listened_through
from bot.adapters.sound_spool import SoundSpool
from tests.secretariat_process import ROOT
from tests.test_transcription import ignore_progress

SPEECH = ROOT / "benchmarks/speakers/meet2.flac"
LONG = ROOT / "benchmarks/speech/long.flac"
MEGABYTE = 1_000_000

VOICES = """
from bot.adapters.voice_embedding import SpeakerVoices
from bot.voices import turns

embedder = SpeakerVoices()

def work(audio):
    turns(embedder.voices(audio, name=audio.name, on_progress=lambda done, total: None))
"""
VOICES_AND_WORDS = f"""{VOICES}
from bot.adapters.speech_pipeline import SpeechPipeline

pipeline, voices_alone = SpeechPipeline("embedded", language="en"), work

def work(audio):
    voices_alone(audio)
    assert pipeline.transcribe(audio, name=audio.name, on_progress=lambda done, total: None).segments
"""
PEAKS = """
import json, sys
from pathlib import Path

peaks = []
for given in sys.argv[1:]:
    work(Path(given))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peaks.append(int(status["VmHWM"].split()[0]) * 1024)
print(json.dumps(peaks))
"""


def write(file: Path, samples: Samples, times: int = 1) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for _ in range(times):
            out.writeframes(samples.astype("<i2").tobytes())
    return file


def peaks(work: str, *recordings: Path) -> list[int]:
    """The highest memory in bytes of a process of its own, after each of the recordings in turn."""
    command = [sys.executable, "-c", work + PEAKS, *map(str, recordings)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, timeout=900).stdout
    found: list[int] = json.loads(printed.splitlines()[-1])
    return found


def test_telling_voices_apart_takes_no_more_memory_for_a_longer_recording(tmp_path: Path) -> None:
    minute = np.zeros(60 * RATE, np.int16)
    minute[: 5 * RATE] = decoded(SPEECH, SPEECH.name)[20 * RATE : 25 * RATE]
    short, long = write(tmp_path / "6.wav", minute, 6), write(tmp_path / "18.wav", minute, 18)
    after_six, after_eighteen = peaks(VOICES, short, long)
    assert after_eighteen - after_six < 150 * MEGABYTE  # 70: freed memory that is not given back; whole copies: 350


@pytest.mark.long
def test_a_transcript_takes_no_more_memory_for_a_longer_recording(tmp_path: Path) -> None:
    sound = decoded(LONG, LONG.name)
    once, thrice = write(tmp_path / "once.wav", sound), write(tmp_path / "thrice.wav", sound, 3)
    after_once, after_thrice = peaks(VOICES_AND_WORDS, once, thrice)
    assert after_thrice - after_once < 100 * MEGABYTE
    assert after_thrice < 1_500 * MEGABYTE


# One judgement for both


@contextmanager
def listened(audio: Path, excluded: list[tuple[float, float]]) -> Iterator[tuple[SoundSpool, NDArray[np.float32]]]:
    with listened_through(audio, audio.name, excluded, threads=1, on_progress=ignore_progress) as heard:
        yield heard


def test_what_was_judged_once_is_the_same_the_second_time(tmp_path: Path) -> None:
    audio = write(tmp_path / "a.wav", decoded(SPEECH, SPEECH.name)[: 10 * RATE])
    with listened(audio, []) as (sound, likely), listened(audio, []) as (again, likely_again):
        assert sound.length == again.length == 10 * RATE
        assert (sound.read(0, sound.length) == again.read(0, again.length)).all()
        assert likely.max() > 0.9
        assert (likely == likely_again).all()


def test_a_range_closed_since_is_silence(tmp_path: Path) -> None:
    audio = write(tmp_path / "a.wav", decoded(SPEECH, SPEECH.name)[: 10 * RATE])
    with listened(audio, []), listened(audio, [(0.0, 10.0)]) as (sound, likely):
        assert not sound.read(0, sound.length).any()
        assert likely.max() < 0.2


def test_another_recording_of_the_same_name_is_listened_to_anew(tmp_path: Path) -> None:
    audio = write(tmp_path / "a.wav", decoded(SPEECH, SPEECH.name)[: 10 * RATE])
    before = audio.stat().st_mtime_ns
    with listened(audio, []):
        write(audio, np.zeros(10 * RATE, np.int16))
    os.utime(audio, ns=(before + 1, before + 1))
    with listened(audio, []) as (_, likely):
        assert likely.max() < 0.2
