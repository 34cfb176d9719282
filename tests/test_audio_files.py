"""Any file that a meeting leaves: read as a stream, mixed so that nobody is lost, and judged whole or not."""

from __future__ import annotations

import resource
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.adapters.av_decoder import RATE, blocks, decoded
from bot.adapters.sound_files import SoundFilesByAv
from bot.errors import StateUnusable, UnreadableRecording
from bot.ports import Piece
from tests.sounds import FORMS, add_picture, quiet, recording, show, tone, write

SOUND = SoundFilesByAv()


def loudness(samples: NDArray[np.int16], start: float, end: float) -> float:
    """The root mean square of a stretch, its edges left out: codecs smear them."""
    stretch = samples[round((start + 0.1) * RATE) : round((end - 0.1) * RATE)].astype(np.float64)
    return float(np.sqrt(np.mean(stretch**2)))


def in_form(folder: Path, suffix: str) -> Path:
    codec, rate = FORMS[suffix]
    sound = np.concatenate([quiet(2, rate), tone(2, rate=rate), quiet(2, rate)])
    return write(folder / f"meeting.{suffix}", sound[None], rate=rate, codec=codec, video=suffix == "mp4")


@pytest.mark.parametrize("suffix", FORMS)
def test_every_usual_form_is_read_with_its_times(tmp_path: Path, suffix: str) -> None:
    file = in_form(tmp_path, suffix)
    samples = decoded(file, file.name)
    assert len(samples) / RATE == pytest.approx(6, abs=0.1)
    assert loudness(samples, 2, 4) > 2000
    assert loudness(samples, 0, 2) < 100 > loudness(samples, 4, 5.8)
    assert SOUND.length(file) == pytest.approx(6, abs=0.1)


def test_a_wrong_extension_does_not_matter(tmp_path: Path) -> None:
    file = in_form(tmp_path, "mp3").rename(tmp_path / "meeting.wav")
    assert len(decoded(file, file.name)) / RATE == pytest.approx(6, abs=0.1)
    assert SOUND.wholeness(file).whole


def test_blocks_are_the_same_samples_in_pieces(tmp_path: Path) -> None:
    file = in_form(tmp_path, "ogg")
    pieces = list(blocks(file, file.name, 2.5))
    assert [len(piece) for piece in pieces[:-1]] == [int(2.5 * RATE)] * 2
    assert np.array_equal(np.concatenate(pieces), decoded(file, file.name))


@pytest.mark.parametrize("bits", ["pcm_alaw", "pcm_mulaw"])
def test_a_telephone_recording_is_read(tmp_path: Path, bits: str) -> None:
    file = write(tmp_path / "telephone.wav", tone(3, rate=8000)[None], rate=8000, codec=bits)
    samples = decoded(file, file.name)
    assert len(samples) == 3 * RATE
    assert loudness(samples, 0, 3) > 4000


def stereo(folder: Path, left: NDArray[np.int16], right: NDArray[np.int16]) -> NDArray[np.int16]:
    file = write(folder / "two.flac", np.stack([left, right]), rate=RATE, codec="flac")
    return decoded(file, file.name)


def test_a_party_on_each_channel_is_heard_in_turn(tmp_path: Path) -> None:
    left = np.concatenate([tone(3), quiet(3)])
    right = np.concatenate([quiet(3), tone(3, pitch=500)])
    samples = stereo(tmp_path, left, right)
    assert loudness(samples, 0, 3) > 2000 < loudness(samples, 3, 6)


def test_a_quiet_party_is_brought_up_to_the_loud_one(tmp_path: Path) -> None:
    left = np.concatenate([tone(3), quiet(3)])
    right = np.concatenate([quiet(3), tone(3, pitch=500, loud=800)])
    samples = stereo(tmp_path, left, right)
    assert loudness(samples, 3, 6) > 0.8 * loudness(samples, 0, 3)


def test_a_humming_line_is_not_made_louder(tmp_path: Path) -> None:
    samples = stereo(tmp_path, np.concatenate([tone(3), quiet(3)]), tone(6, pitch=50, loud=400))
    assert loudness(samples, 3, 6) < 200


def test_channels_wired_the_wrong_way_round_do_not_cancel(tmp_path: Path) -> None:
    voice = tone(6)
    assert loudness(stereo(tmp_path, voice, -voice), 0, 6) > 4000
    assert loudness(stereo(tmp_path, voice, voice), 0, 6) == pytest.approx(8000 / np.sqrt(2), rel=0.02)


def long_wave(file: Path, minutes: int) -> Path:
    minute = np.random.default_rng(1).integers(-3000, 3000, 8000 * 60, dtype=np.int16).tobytes()
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        for _ in range(minutes):
            out.writeframes(minute)
    return file


def most_memory_for(file: Path) -> int:
    """MB that reading it through takes beyond what was needed before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = sum(len(block) for block in blocks(file, file.name)) / RATE
    assert seconds == pytest.approx(file.stat().st_size / 16_000, rel=0.001)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    most_memory_for(long_wave(tmp_path / "short.wav", 2))
    assert most_memory_for(long_wave(tmp_path / "long.wav", 20)) < 10


@pytest.mark.long
def test_twelve_hours_are_read_in_the_same_memory(tmp_path: Path) -> None:
    most_memory_for(long_wave(tmp_path / "short.wav", 2))
    assert most_memory_for(long_wave(tmp_path / "long.wav", 12 * 60)) < 10


# Whether a file is all there


@pytest.mark.parametrize("suffix", FORMS)
def test_a_finished_file_is_known_to_be_whole(tmp_path: Path, suffix: str) -> None:
    assert SOUND.wholeness(in_form(tmp_path, suffix)).whole is True


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMS if suffix != "ogg"])
def test_of_a_file_cut_short_it_is_said_what_is_missing(tmp_path: Path, suffix: str) -> None:
    file = in_form(tmp_path, suffix)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 6 // 10])
    found = SOUND.wholeness(file)
    assert found.whole is False
    assert found.why
    with pytest.raises(UnreadableRecording, match=r"cut short|beginning or end is missing") as refused:
        decoded(file, file.name)
    assert file.name in str(refused.value)


def test_an_mp4_without_its_index_is_unfinished(tmp_path: Path) -> None:
    file = in_form(tmp_path, "mp4")
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"moov") - 4])
    assert SOUND.wholeness(file).why == "its index (moov) is missing"


def test_a_stream_that_was_never_closed_may_be_whole(tmp_path: Path) -> None:
    file = in_form(tmp_path, "ogg")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert SOUND.wholeness(file).whole is None
    wave_file = long_wave(tmp_path / "growing.wav", 1)
    content = bytearray(wave_file.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    wave_file.write_bytes(content)
    assert SOUND.wholeness(wave_file).whole is None


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    file = in_form(tmp_path, "wav")
    with file.open("ab"):
        found = SOUND.wholeness(file)
    assert (found.whole, found.being_written) == (False, True)
    assert SOUND.wholeness(file).whole


def test_what_has_no_sound_is_refused_in_a_sentence(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as container:
        show(container, add_picture(container))
    with pytest.raises(UnreadableRecording, match=r"film\.mp4 has no sound track"):
        list(blocks(film, film.name))


# Several files as one to listen to


def test_parts_are_joined_at_their_places_and_silent_where_closed(tmp_path: Path) -> None:
    first, second = (recording(tmp_path / f"{n}.flac", tone(4)) for n in "ab")
    SOUND.join(
        [Piece(first, "a", 0.0, [(1.0, 2.0)]), Piece(second, "b", 6.0)],
        tmp_path / "whole.m4a",
        lambda _done, _total: None,
    )
    samples = decoded(tmp_path / "whole.m4a", "whole.m4a")
    assert len(samples) / RATE == pytest.approx(10, abs=0.2)
    assert [loudness(samples, *span) > 1000 for span in [(0, 1), (1, 2), (2, 4), (4, 6), (6, 10)]] == [
        True, False, True, False, True,
    ]  # fmt: skip
    assert SOUND.wholeness(tmp_path / "whole.m4a").whole


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="is full"):
        SOUND.join([Piece(recording(tmp_path / "a.flac", tone(4)), "a", 0.0)], Path("/dev/full"), lambda _d, _t: None)
