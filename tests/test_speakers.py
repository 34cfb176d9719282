"""Who spoke: voices told apart from sound alone, put on the words, and given names by people."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.diarisation_error import error, read_rttm
from bot import voices
from bot.adapters.av_decoder import Samples, decoded
from bot.adapters.voice_embedding import SpeakerVoices
from bot.errors import SecretariatError, UnreadableRecording
from bot.formats import Audio, Correction, Segment, Transcript, Word
from bot.speakers import named, renamed, unnamed
from bot.subtitles import as_rttm
from bot.voices import Turn, Voices, joined, turns

RECORDINGS = Path(__file__).parent.parent / "benchmarks" / "speakers"
BEGINS, ENDS = 20, 46  # seconds of meet2 that the default run listens to
REFERENCE = Path(__file__).parent / "data" / "voices" / "resemblyzer.npz"


def ignore_progress(_done: float, _total: float) -> None:
    """For tests in which nobody watches."""


def write_wav(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())


@pytest.fixture(scope="module")
def embedder() -> SpeakerVoices:
    return SpeakerVoices()


@pytest.fixture(scope="module")
def two(embedder: SpeakerVoices, tmp_path_factory: pytest.TempPathFactory) -> Voices:
    """Less than half a minute of two people."""
    path = tmp_path_factory.mktemp("two") / "two.wav"
    write_wav(path, decoded(RECORDINGS / "meet2.flac", "meet2.flac")[BEGINS * 16_000 : ENDS * 16_000])
    return embedder.voices(path, name=path.name, on_progress=ignore_progress)


def spoken(found: list[Turn]) -> list[tuple[float, float, str]]:
    return [(turn.start, turn.end, str(turn.voice)) for turn in found if turn.voice is not None]


# From sound to turns


def test_two_people_are_told_apart_by_their_voices(two: Voices) -> None:
    found = turns(two)
    assert {turn.voice for turn in found} == {1, 2}
    said = [(start - BEGINS, end - BEGINS, who) for start, end, who in read_rttm(RECORDINGS / "meet2.rttm")]
    reference = [(start, end, who) for start, end, who in said if start >= 0 and end <= ENDS - BEGINS]
    assert error(reference, spoken(found)).rate <= 0.03


@pytest.mark.long
@pytest.mark.parametrize(("name", "people"), [("meet2", 2), ("meet4", 4)])
def test_whole_meetings_are_told_apart(embedder: SpeakerVoices, name: str, people: int) -> None:
    found = turns(embedder.voices(RECORDINGS / f"{name}.flac", name=name, on_progress=ignore_progress))
    assert len({turn.voice for turn in found} - {None}) == people
    assert error(read_rttm(RECORDINGS / f"{name}.rttm"), spoken(found)).rate <= 0.03


def test_the_vectors_are_those_of_the_network_whose_weights_they_are(embedder: SpeakerVoices) -> None:
    reference = np.load(REFERENCE)
    samples = decoded(RECORDINGS / "meet2.flac", "meet2.flac").astype(np.float32) / np.float32(32768)
    length = 160 * 160
    starts = (reference["starts"] * 16_000).astype(int)
    sounds: NDArray[np.float32] = np.stack([samples[at : at + length] for at in starts])
    found = embedder.vectors(sounds, np.full(len(sounds), 160, np.int32))
    assert np.abs(found - reference["vectors"]).max() < 0.002
    assert (found * reference["vectors"]).sum(axis=1).min() > 0.9999


def test_what_is_excluded_is_not_listened_to(embedder: SpeakerVoices, tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    write_wav(path, decoded(RECORDINGS / "meet2.flac", "meet2.flac")[: 20 * 16_000])
    found = embedder.voices(path, name="short.wav", on_progress=ignore_progress, excluded=[(2.0, 10.0)])
    assert found.speech
    assert all(end <= 2.0 or start >= 10.0 for start, end in (*found.speech, *found.windows))


def test_silence_holds_no_voices(embedder: SpeakerVoices, tmp_path: Path) -> None:
    path = tmp_path / "silent.wav"
    write_wav(path, np.zeros(5 * 16_000, np.int16))
    found = embedder.voices(path, name="silent.wav", on_progress=ignore_progress)
    assert (found.speech, found.windows, turns(found), turns(joined([(0.0, found)]))) == ((), (), [], [])


def test_what_is_no_recording_is_refused(embedder: SpeakerVoices, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("We met.")
    with pytest.raises(UnreadableRecording, match=r"notes\.wav"):
        embedder.voices(path, name="notes.wav", on_progress=ignore_progress)


def test_a_voice_keeps_its_number_through_the_parts_of_a_recording(two: Voices) -> None:
    parts = [(0.0, two), (600.0, two)]
    found = turns(joined(parts))
    assert {turn.voice for turn in found} == {1, 2}
    late = [replace(t, start=round(t.start - 600, 6), end=round(t.end - 600, 6)) for t in found if t.start >= 600]
    assert [(t.voice, round(t.start, 1)) for t in late] == [(t.voice, round(t.start, 1)) for t in turns(two)]


# From vectors to turns


def invented(*who: str, seconds: float = 1.6, noise: float = 0.05) -> Voices:
    """Speech without a pause, a window each of that person's voice."""
    chance = np.random.default_rng(7)
    bases = {name: chance.random(64) * (chance.random(64) > 0.6) for name in sorted(set(who))}
    vectors = np.stack([bases[name] + noise * chance.random(64) for name in who]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    windows = tuple((n * seconds, (n + 1) * seconds) for n in range(len(who)))
    return Voices(((0.0, len(who) * seconds),), windows, vectors)


def test_voices_are_numbered_in_the_order_in_which_they_are_first_heard() -> None:
    found = turns(invented(*"BBBBBAAAAABBBBB"))
    assert [turn.voice for turn in found] == [1, 2, 1]
    assert [round(turn.start, 0) for turn in found] == [0, 8, 16]


def test_a_number_of_voices_that_is_known_is_kept() -> None:
    heard = invented(*"AAAAABBBBBCCCCC" * 2)
    assert [len({t.voice for t in turns(heard, number)}) for number in (None, 1, 2, 3)] == [3, 1, 2, 3]


def test_a_voice_heard_for_a_moment_is_nobodys() -> None:
    assert {turn.voice for turn in turns(invented(*"AAAAAAAABAAAAAAA"))} == {1}


def test_a_sound_between_two_voices_is_left_unassigned() -> None:
    heard = invented(*"A" * 20, *"B" * 20, noise=0.0)
    between = heard.vectors[0] + heard.vectors[-1]
    vectors = np.concatenate([heard.vectors[:20], [between / np.linalg.norm(between)] * 2, heard.vectors[20:]])
    windows = tuple((n * 1.6, (n + 1) * 1.6) for n in range(len(vectors)))
    found = turns(Voices(((0.0, windows[-1][1]),), windows, vectors.astype(np.float32)))
    assert [turn.voice for turn in found if turn.end - turn.start > 0.5] == [1, None, 2]


def test_of_more_windows_than_can_be_compared_some_are_and_the_rest_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "AT_MOST", 100)
    found = turns(invented(*"AAAAABBBBBCCCCC" * 60))
    assert [turn.voice for turn in found] == [1, 2, 3] * 60


# From turns to words


def transcript(*sentences: str, gap: float = 0.0) -> Transcript:
    """A word a second, half of it spoken."""
    segments, at = [], 0.0
    for number, text in enumerate(sentences):
        words = [Word(start=at + n, end=at + n + 0.5, text=word) for n, word in enumerate(text.split())]
        at = words[-1].end + 0.5 + gap
        segments.append(Segment(id=str(number), start=words[0].start, end=words[-1].end, text=text, words=words))
    return Transcript(audio=Audio(name="a", duration=at), engine="test", segments=segments)


def said(found: Transcript) -> list[tuple[str, str | None, str]]:
    return [(segment.id, segment.speaker, segment.text) for segment in found.segments]


def test_each_sentence_has_its_speaker() -> None:
    found = named(transcript("Is it agreed?", "Agreed."), [Turn(0.0, 2.8, 1), Turn(2.9, 4.0, 2)])
    assert said(found) == [("0", "Speaker 1", "Is it agreed?"), ("1", "Speaker 2", "Agreed.")]


def test_a_sentence_in_which_the_speaker_changes_is_cut_there_and_no_word_is_lost() -> None:
    before = transcript("I move it then seconded by us all", "Good.")
    found = named(before, [Turn(0.0, 3.9, 1), Turn(3.9, 7.9, 2), Turn(8.0, 9.0, 1)])
    assert said(found) == [
        ("0", "Speaker 1", "I move it then"), ("0.2", "Speaker 2", "seconded by us all"), ("1", "Speaker 1", "Good."),
    ]  # fmt: skip
    assert [w for s in found.segments for w in s.words or []] == [w for s in before.segments for w in s.words or []]
    assert [(s.start, s.end) for s in found.segments] == [(0.0, 3.5), (4.0, 7.5), (8.0, 8.5)]


def test_a_change_is_put_where_the_sentence_ends() -> None:
    words = [
        Word(start=n * 0.3, end=n * 0.3 + 0.28, text=t)
        for n, t in enumerate(("that", "is", "agreed.", "thank", "you", "all"))
    ]
    segment = Segment(id="0", start=0.0, end=1.8, text="that is agreed. thank you all", words=words)
    run_on = Transcript(audio=Audio(name="a", duration=2), engine="test", segments=[segment])
    found = named(run_on, [Turn(0.0, 1.2, 1), Turn(1.2, 2.0, 2)])
    assert [s.text for s in found.segments] == ["that is agreed.", "thank you all"]


def test_doubt_between_words_of_one_voice_is_its_own_and_doubt_elsewhere_is_nobodys() -> None:
    found = named(
        transcript("one two three", "four five"),
        [Turn(0, 0.8, 1), Turn(0.8, 1.9, None), Turn(1.9, 2.9, 1), Turn(2.9, 5, None)],
    )
    assert [s.speaker for s in found.segments] == ["Speaker 1", None]


def test_a_correction_goes_with_its_word() -> None:
    before = transcript("I move it seconded by Elexon")
    heard = [Word(start=5.0, end=5.5, text="Electron")]
    segment = before.segments[0].model_copy(update={"corrections": [Correction(word=5, heard=heard, text="Elexon")]})
    before = before.model_copy(update={"segments": [segment]})
    _, second = named(before, [Turn(0.0, 2.9, 1), Turn(2.9, 6.0, 2)]).segments
    assert [(c.word, (second.words or [])[c.word].text) for c in second.corrections] == [(2, "Elexon")]


def test_a_speaker_who_is_known_already_is_left() -> None:
    before = transcript("Good morning.")
    before = before.model_copy(update={"segments": [before.segments[0].model_copy(update={"speaker": "Ines Wray"})]})
    assert named(before, [Turn(0.0, 5.0, 1)]) == before


# Names


def test_a_person_names_a_voice() -> None:
    found = named(transcript("Is it agreed?", "Agreed."), [Turn(0.0, 2.8, 1), Turn(2.9, 4.0, 2)])
    assert unnamed(found) == ["Speaker 1", "Speaker 2"]
    found = renamed(found, {"Speaker 2": "Magnus Eskdale"})
    assert [s.speaker for s in found.segments] == ["Speaker 1", "Magnus Eskdale"]
    assert unnamed(found) == ["Speaker 1"]


@pytest.mark.parametrize(
    ("names", "says"),
    [({"Speaker 7": "Ines Wray"}, "There speak: Speaker 1"), ({"Speaker 1": " "}, "Speaker 1 needs a name")],
)
def test_naming_a_voice_that_is_not_there_or_by_nothing_is_refused(names: dict[str, str], says: str) -> None:
    found = named(transcript("Is it agreed?"), [Turn(0.0, 5.0, 1)])
    with pytest.raises(SecretariatError, match=says):
        renamed(found, names)


def test_who_speaks_when_is_written_for_scorers(tmp_path: Path) -> None:
    path = tmp_path / "said.rttm"
    path.write_text(as_rttm("PSG 2024", [(0.5, 2.0, "Speaker 1"), (2.25, 3.0, "Ines Wray")]), encoding="utf-8")
    assert read_rttm(path) == [(0.5, 2.0, "Speaker_1"), (2.25, 3.0, "Ines_Wray")]
