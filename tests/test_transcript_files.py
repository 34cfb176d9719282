"""Captions as Teams, Zoom and Google leave them: read whole, in sentences, with the names that they give."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SecretariatError
from bot.formats import Attendance, Attendee
from bot.headlines.people import attendee_of
from bot.headlines.transcript_files import read_transcript
from bot.subtitles import as_srt, as_vtt

TEAMS = """WEBVTT

d3b0c441-7a52/12-0
00:00:03.423 --> 00:00:06.100
<v Magnus Eskdale>Good morning. Is everybody content that the</v>

d3b0c441-7a52/12-1
00:00:06.100 --> 00:00:08.900
<v Magnus Eskdale>plan goes to PSG&#39;s meeting &amp; the IPA?</v>

d3b0c441-7a52/15-0
00:00:08.200 --> 00:00:09.000
<v Wray, Ines (Guest)>Yes, content.</v>
"""
ZOOM = """WEBVTT

1
00:00:01.000 --> 00:00:04.000
Élodie van der Berg: Item two: the plan, which

2
00:00:04.050 --> 00:00:06.000
Élodie van der Berg: we saw in March.

3
00:00:06.500 --> 00:00:07.000
Question: who owns it?
"""
SRT = "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n[Sam Small]: I can take that\r\n\r\n2\r\n00:00:02,600 --> 00:00:04,000\r\n[Sam Small]: by Friday.\r\n"  # noqa: E501
GOOGLE = (
    "0:00:01.000,0:00:03.000\nInes Wray: We support it,\n\n0:00:03.000,0:00:05.000\nInes Wray: with one reservation.\n"
)


def read(folder: Path, text: str, name: str = "said.vtt") -> list[tuple[str | None, str, float, float]]:
    path = folder / name
    path.write_bytes(text.encode())
    return [(s.speaker, s.text, s.start, s.end) for s in read_transcript(path).segments]


def cues(*lines: tuple[str, str]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"{times}\n{words}\n" for times, words in lines)


def test_teams_cues_cut_in_the_middle_of_a_sentence_are_one_again(tmp_path: Path) -> None:
    assert read(tmp_path, TEAMS) == [
        (
            "Magnus Eskdale",
            "Good morning. Is everybody content that the plan goes to PSG's meeting & the IPA?",
            3.423,
            8.9,
        ),
        ("Wray, Ines (Guest)", "Yes, content.", 8.2, 9.0),
    ]


def test_zooms_names_stand_before_the_words_and_a_question_is_nobodys_name(tmp_path: Path) -> None:
    assert read(tmp_path, ZOOM) == [
        ("Élodie van der Berg", "Item two: the plan, which we saw in March.", 1.0, 6.0),
        (None, "Question: who owns it?", 6.5, 7.0),
    ]


def test_srt_with_a_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    assert read(tmp_path, SRT, "said.srt") == [("Sam Small", "I can take that by Friday.", 1.0, 4.0)]


def test_googles_captions(tmp_path: Path) -> None:
    assert read(tmp_path, GOOGLE, "said.sbv") == [("Ines Wray", "We support it, with one reservation.", 1.0, 5.0)]


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("0:0:0.0 --> 0:0:5.320", 0.0, 5.32),  # as Microsoft's documentation has it
        ("01:02.500 --> 01:04.000", 62.5, 64.0),
        ("100:00:01.000 --> 100:00:02.000", 360001.0, 360002.0),
        ("00:00:05.000 --> 00:00:04.000", 5.0, 5.0),
        ("-0:0:7.500 --> 0:0:2.000", 0.0, 2.0),  # the talk had begun before the transcription
        ("00:00:01.000 --> 00:00:02.000 align:start position:0%", 1.0, 2.0),
        ("00:00:01,5 --> 00:00:02", 1.5, 2.0),
    ],
)
def test_times_of_every_form(tmp_path: Path, times: str, start: float, end: float) -> None:
    assert read(tmp_path, cues((times, "<v A B>Yes."))) == [("A B", "Yes.", start, end)]


def test_notes_styles_and_ids_are_no_words(tmp_path: Path) -> None:
    text = (
        "WEBVTT - This file was made by hand\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n"
        "NOTE\nJo said: nothing\n\nopening\n00:01.000 --> 00:02.000\n<c.yellow>Good <b>morning</b>.</c>\n\nNOTE end\n"
    )
    assert read(tmp_path, text) == [(None, "Good morning.", 1.0, 2.0)]


def test_a_remark_in_between_does_not_cut_a_sentence(tmp_path: Path) -> None:
    text = cues(
        ("00:01.000 --> 00:04.000", "<v A B>The plan that we"),
        ("00:02.500 --> 00:03.000", "<v C D>Mm."),
        ("00:04.100 --> 00:06.000", "<v A B>saw is agreed."),
    )
    assert read(tmp_path, text) == [("A B", "The plan that we saw is agreed.", 1.0, 6.0), ("C D", "Mm.", 2.5, 3.0)]


def test_cues_are_put_in_order_and_what_is_written_twice_is_said_once(tmp_path: Path) -> None:
    text = cues(
        ("00:09.000 --> 00:10.000", "<v C D>Last."),
        ("00:01.000 --> 00:03.000", "<v A B>we saw the plan in March"),
        ("00:02.000 --> 00:05.000", "<v A B>the plan in March and liked it."),
        ("00:02.000 --> 00:05.000", "<v A B>the plan in March and liked it."),
    )
    assert [words for _, words, *_ in read(tmp_path, text)] == ["we saw the plan in March and liked it.", "Last."]


def test_a_missing_blank_line_loses_nothing(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nA B: One.\n2\n00:00:03,000 --> 00:00:04,000\nC D: Two.\n"
    assert [(who, words) for who, words, *_ in read(tmp_path, text)] == [("A B", "One."), ("C D", "Two.")]


def test_captions_without_punctuation_are_not_joined_for_ever(tmp_path: Path) -> None:
    many = cues(*((f"00:{n:02d}.000 --> 00:{n + 1:02d}.000", f"<v A B>word{n}") for n in range(59)))
    assert [end - start <= 30 for *_, start, end in read(tmp_path, many)] == [True, True]


@pytest.mark.parametrize("text", [TEAMS, ZOOM, GOOGLE, SRT])
def test_captions_cut_off_anywhere_are_read_up_to_the_cut(tmp_path: Path, text: str) -> None:
    whole = " ".join(words for _, words, *_ in read(tmp_path, text))
    before = 0
    for cut in range(len(text)):
        try:
            found = read(tmp_path, text[:cut])
        except SecretariatError:
            found = []
        assert before == 0 or found  # once something was read, more text never makes it unreadable
        before = len(found)
        assert all(words in whole for _, words, *_ in found[:-1])


def test_our_own_subtitles_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "teams.vtt"
    path.write_text(TEAMS, encoding="utf-8")
    said = read_transcript(path)
    assert read(tmp_path, as_vtt(said)) == [(s.speaker, s.text, s.start, s.end) for s in said.segments]
    assert [start for *_, start, _ in read(tmp_path, as_srt(said), "said.srt")] == [3.423, 8.2]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("page.vtt", "<!doctype html><title>Sign in</title>", "is no transcript"),
        ("empty.srt", "", "is no transcript"),
        ("silent.srt", "1\n00:00:01,000 --> 00:00:02,000\n\n", "holds no speech"),
    ],
)
def test_what_is_no_transcript_is_said_so(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(SecretariatError, match=says) as refusal:
        read(tmp_path, text, name)
    assert name in str(refusal.value)


def test_a_name_that_fits_nobody_or_two_people_stays_as_it_was_said() -> None:
    members = Attendance(
        members=[Attendee(name="Ines Wray"), Attendee(name="Ines Dunmore"), Attendee(name="Sam Small")]
    )
    assert attendee_of("Ines", members) is None
    assert attendee_of("Room 4", members) is None
    found = attendee_of("Sam Small (Guest)", members)
    assert found is not None
    assert found.name == "Sam Small"
