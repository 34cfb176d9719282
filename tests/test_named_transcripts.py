"""Captions with names dropped beside a recording, before it, or in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot import recording_deeds, speaker_names
from bot.clock import Clock
from bot.config import Config
from bot.errors import NotAllowed, UnknownThing
from bot.model import Person
from bot.store.database import Database
from bot.store.speech_tables import RecordingRow
from handlers.folder import recordings as recording_folder
from tests.test_recordings import SAID, Browser, Desk, Ear, browser

__all__ = ["browser"]  # a fixture of theirs that is used here

NAMES = """WEBVTT

00:01:01.000 --> 00:01:04.000
<v Ada Carrow>We agree the plan.</v>

00:01:06.000 --> 00:01:09.000
<v Magnus Eskdale>The recommendation is approved by consensus.</v>

00:01:11.000 --> 00:01:15.000
<v Ines Wray>Ofgem spoke in private.</v>
"""
AUDIO, CAPTIONS = "PSG-2024-02-07.wav", "PSG-2024-02-07 Teams.vtt"
NAMED = [("Ada Carrow", SAID[300]), ("Magnus Eskdale", SAID[400]), ("Ines Wray", SAID[500])]


@pytest.fixture
def desk(
    tmp_path: Path,
    database: Database,
    config: Config,
    people: dict[str, Person],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    monkeypatch.setattr(recording_folder, "SETTLING", 0.0)  # text says not where it ends: it is waited for
    return Desk(database, config, clock, tmp_path, people["Tobias Wrenfield"], Ear())


def captions(desk: Desk, text: str = NAMES) -> None:
    (desk.root / "in" / CAPTIONS).write_text(text, encoding="utf-8")
    desk.take_in()


def spoken(desk: Desk, name: str = AUDIO) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in desk.transcript(_id(desk, name)).segments]


def states(desk: Desk) -> dict[str, str]:
    with desk.database.reading() as session:
        return {row.name: row.state for row in session.scalars(select(RecordingRow))}


def _id(desk: Desk, name: str) -> str:
    with desk.database.reading() as session:
        return session.scalars(select(RecordingRow.id).where(RecordingRow.name == name)).one()


def work(desk: Desk) -> None:
    while desk.work():
        continue


def test_names_go_onto_a_recording_that_comes_with_them(desk: Desk) -> None:
    desk.dropped(AUDIO, 300, 400, 500)
    captions(desk)
    work(desk)
    assert spoken(desk) == NAMED
    assert states(desk) == {AUDIO: "transcribed", CAPTIONS: "joined"}


def test_names_that_come_after_the_draft_have_it_drafted_again(desk: Desk) -> None:
    desk.dropped(AUDIO, 300, 400, 500)
    work(desk)
    first, _ = desk.draft()
    assert spoken(desk)[0] == (None, SAID[300])
    captions(desk)
    work(desk)
    assert spoken(desk) == NAMED
    second, _ = desk.draft()
    assert (second.version, second.transcript_id != first.transcript_id) == (first.version + 1, True)


def test_captions_alone_are_drafted_from_and_give_their_names_to_a_recording_that_comes_later(desk: Desk) -> None:
    captions(desk)
    work(desk)
    assert spoken(desk, CAPTIONS) == NAMED
    _, draft = desk.draft()
    assert draft.decisions
    assert desk.playable(_id(desk, CAPTIONS)) is None
    desk.dropped(AUDIO, 300, 400, 500)
    work(desk)
    assert spoken(desk) == NAMED
    assert states(desk) == {AUDIO: "transcribed", CAPTIONS: "joined"}


def test_captions_of_another_meeting_are_said_so_and_the_recording_is_left(desk: Desk) -> None:
    desk.dropped(AUDIO, 300, 400, 500)
    captions(desk, "WEBVTT\n\n00:01.000 --> 00:09.000\n<v A B>The weather in Leeds was wet that day, said my aunt.\n")
    work(desk)
    assert spoken(desk)[0] == (None, SAID[300])
    assert states(desk)[CAPTIONS] == "failed"
    assert "hardly a phrase in common" in desk.state(_id(desk, CAPTIONS))[1]


def test_a_file_that_is_no_transcript_is_said_so(desk: Desk) -> None:
    captions(desk, "<!doctype html><title>Sign in to Teams</title>")
    work(desk)
    state, reason = desk.state(_id(desk, CAPTIONS))
    assert state == "failed"
    assert f"{CAPTIONS} is no transcript" in reason


def test_nothing_closed_in_the_recording_is_taken_from_the_captions(desk: Desk) -> None:
    desk.dropped(AUDIO, 300, 400, 500)
    desk.close("00:00:10-00:00:15")
    captions(desk)
    work(desk)
    assert spoken(desk) == NAMED[:2]


# A person's word on who a voice is


@pytest.fixture
def heard(desk: Desk) -> Desk:
    """A transcript whose voices have numbers."""
    captions(desk, NAMES.replace("Ada Carrow", "Speaker 1").replace("Magnus Eskdale", "Speaker 2"))
    work(desk)
    return desk


def test_a_person_says_whose_a_voice_is(heard: Desk) -> None:
    heard.draft()
    heard.do(speaker_names.name, {"Speaker 2": "Magnus Eskdale"}, of=_id(heard, CAPTIONS))
    assert spoken(heard, CAPTIONS)[1] == ("Magnus Eskdale", SAID[400])
    with heard.database.reading() as session:
        row = recording_deeds.named(session, _id(heard, CAPTIONS))
        speakers = speaker_names.listed(session, row)
    assert [(s.name, s.is_named, s.first_at) for s in speakers] == [
        ("Speaker 1", False, 61.0), ("Magnus Eskdale", True, 66.0), ("Ines Wray", True, 71.0),
    ]  # fmt: skip


def test_naming_a_voice_that_is_not_there_says_who_is(heard: Desk) -> None:
    with pytest.raises(UnknownThing, match="There speak: Speaker 1, Speaker 2, Ines Wray"):
        heard.do(speaker_names.name, {"Speaker 9": "Ada Carrow"}, of=_id(heard, CAPTIONS))


def test_only_the_pmo_names_voices(heard: Desk, people: dict[str, Person]) -> None:
    heard.tobias = people["Magnus Eskdale"]
    with pytest.raises(NotAllowed):
        heard.do(speaker_names.name, {"Speaker 1": "Ada Carrow"}, of=_id(heard, CAPTIONS))


def test_a_voice_is_named_on_the_page(heard: Desk, browser: Browser) -> None:
    recording = _id(heard, CAPTIONS)
    status, said = browser.send(recording, step="name", speaker="Speaker 9", **{"is": "Ada Carrow"})
    assert (status, "Speaker 9 does not speak in this transcript" in said) == (422, True)
    status, said = browser.send(recording, step="name", speaker="Speaker 1", **{"is": "Ada Carrow"})
    assert (status, "Ada Carrow, 00:00:03 in all" in said) == (200, True)
    assert "there is nothing to listen to" in said
