"""Teams' names on our words: by the words, whatever the two clocks say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from bot.formats import Audio, Segment, Transcript, Word
from bot.transcript_joining import AnotherMeeting, joined, timed_words

SAID = [
    ("Magnus Eskdale", "good morning everybody and welcome to the steering group"),
    ("Magnus Eskdale", "the first item today is the migration plan"),
    ("Ines Wray", "thank you chair the plan was sent round last week"),
    ("Ines Wray", "two suppliers asked for another month of testing"),
    ("Sam Small", "we would support that because the interfaces are late"),
    ("Magnus Eskdale", "is anybody against giving them until the end of march"),
    ("Sam Small", "nobody here"),
    ("Magnus Eskdale", "then that is agreed and we move to the budget"),
]


def transcript(
    said: Sequence[tuple[str | None, str]], *, begins: float = 0.0, pace: float = 1.0, words: bool = True
) -> Transcript:
    """Each word lasts 0.4 s, each sentence is followed by a second of silence."""
    segments, at = [], begins
    for number, (speaker, text) in enumerate(said):
        start, spoken = at, []
        for word in text.split():
            spoken.append(Word(start=round(at, 3), end=round(at + 0.35 * pace, 3), text=word))
            at += 0.4 * pace
        segments.append(
            Segment(id=str(number), start=start, end=at, speaker=speaker, text=text, words=spoken if words else None)
        )
        at += pace
    return Transcript(audio=Audio(name="psg", duration=at), engine="test", segments=segments)


def unnamed(said: list[tuple[str, str]]) -> list[tuple[str | None, str]]:
    return [(None, text) for _, text in said]


def spoken(found: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in found.segments]


@pytest.mark.parametrize(("begins", "pace"), [(0.0, 1.0), (312.7, 1.0), (-20.0, 1.0), (5.0, 1.002)])
def test_names_come_over_whatever_the_other_clock_says(begins: float, pace: float) -> None:
    ours = transcript(unnamed(SAID), begins=30.0)
    theirs = transcript(list(SAID), begins=30.0 + begins, pace=pace, words=False)
    assert spoken(joined(ours, theirs)) == SAID
    assert [s.start for s in joined(ours, theirs).segments] == [s.start for s in ours.segments]


def test_a_recording_paused_in_the_middle_has_two_clocks() -> None:
    ours = transcript(unnamed(SAID), begins=0.0)
    theirs = transcript(list(SAID), words=False)
    later = [s.model_copy(update={"start": s.start + 600, "end": s.end + 600}) for s in theirs.segments[4:]]
    theirs = theirs.model_copy(update={"segments": [*theirs.segments[:4], *later]})
    assert spoken(joined(ours, theirs)) == SAID


def test_words_misheard_by_either_have_the_name_of_those_around_them() -> None:
    ours = transcript(unnamed(SAID))
    theirs = transcript([(who, text.replace("migration", "migrating").replace("plan", "plane")) for who, text in SAID])
    assert spoken(joined(ours, theirs)) == SAID


def test_a_sentence_of_ours_in_which_the_speaker_changes_is_cut_there() -> None:
    run_on = [(None, f"{SAID[4][1]} {SAID[5][1]}")]
    ours = transcript([*unnamed(SAID[:4]), *run_on, *unnamed(SAID[6:])])
    found = joined(ours, transcript(list(SAID), words=False))
    assert spoken(found) == SAID
    assert [s.id for s in found.segments][4:6] == ["4", "4.2"]


def test_a_voice_that_is_plainly_one_persons_is_named_where_they_heard_nothing() -> None:
    voices = {"Magnus Eskdale": "Speaker 1", "Ines Wray": "Speaker 2", "Sam Small": "Speaker 3"}
    ours = transcript([*((voices[who], text) for who, text in SAID), ("Speaker 2", "one more thing")])
    found = joined(ours, transcript(list(SAID), words=False))
    assert spoken(found) == [*SAID, ("Ines Wray", "one more thing")]


def test_a_voice_of_nobody_in_particular_keeps_its_number() -> None:
    ours = transcript([*unnamed(SAID), ("Speaker 9", "hello there")])
    assert spoken(joined(ours, transcript(list(SAID))))[-1] == ("Speaker 9", "hello there")


def test_what_we_heard_doubtfully_or_missed_is_theirs() -> None:
    ours = transcript(unnamed(SAID))
    doubtful = ours.segments[2].model_copy(update={"text": "tank you share", "doubtful": True, "words": None})
    ours = ours.model_copy(update={"segments": [*ours.segments[:2], doubtful, *ours.segments[3:4], *ours.segments[5:]]})
    found = joined(ours, transcript(list(SAID), begins=100.0, words=False))
    assert spoken(found) == SAID
    assert abs(found.segments[2].start - doubtful.start) < 0.5
    assert len({s.id for s in found.segments}) == len(SAID)


def test_nothing_of_theirs_enters_a_closed_session() -> None:
    ours = transcript(unnamed(SAID))
    start, end = ours.segments[3].start, ours.segments[4].end
    kept = [*ours.segments[:3], *ours.segments[5:]]
    ours = ours.model_copy(update={"segments": kept, "excluded": [(start, end)]})
    assert spoken(joined(ours, transcript(list(SAID), begins=50.0))) == [*SAID[:3], *SAID[5:]]


def test_another_meeting_is_refused() -> None:
    other = [("Ada", "a wholly different conversation about lunch and the weather in Leeds")]
    with pytest.raises(AnotherMeeting, match="hardly a phrase in common"):
        joined(transcript(unnamed(SAID)), transcript(other))


def test_words_without_times_are_spread_over_their_segment() -> None:
    words = timed_words(Segment(id="1", start=10.0, end=12.0, text="a longer tail"))
    assert [w.text for w in words] == ["a", "longer", "tail"]
    assert (words[0].start, words[-1].end) == (10.0, 12.0)
    assert all(before.end == after.start for before, after in pairwise(words))
