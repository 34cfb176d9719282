"""Recordings as jobs: parts, closed sessions, kills, cancelling, and files that are not as they should be."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot import (
    amendments,
    audit,
    drafts,
    exclusions,
    listening_copies,
    marks,
    meetings,
    recording_deeds,
    recordings,
    returns,
    transcripts,
)
from bot.adapters.av_decoder import RATE, blocks, decoded
from bot.adapters.checkpoint_files import CheckpointFiles, CheckpointFolder
from bot.adapters.content_files import ContentFolder
from bot.adapters.sound_files import SoundFilesByAv
from bot.adapters.word_document import WordDocuments
from bot.amendments import Submission, submit
from bot.cli import app
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.drafts import Drafting
from bot.errors import SecretariatError, StateUnusable, UnknownThing
from bot.exclusions import Asked, Erased, Excluding
from bot.formats import Agenda, Audio, Draft, Part, Segment, Transcript, Word
from bot.model import Person
from bot.ports import Checkpoints, Progress
from bot.recording_parts import cut, numbering_of, offsets, on_one_line, seconds_of
from bot.return_states import Door
from bot.returns import Brought
from bot.spoken_terms import SpokenTerms
from bot.store.database import Database
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.mail_tables import InboxRow, MailProposalRow
from bot.store.outbox_tables import OutboxRow
from bot.store.speech_tables import TranscriptRow
from bot.transcripts import Transcribing, transcribe_one
from handlers.folder.recordings import RecordingFolder
from handlers.web.desk import Desk as WebDesk
from handlers.web.pages import page_app
from schedules.announcements import Announcer
from schedules.return_words import returned_told
from schedules.series import Calendar
from tests.secretariat_process import ROOT, environment
from tests.sounds import quiet, recording, tone
from tests.test_report_imports import by_word
from tests.test_returns import reword

PSG = date(2024, 2, 7)
BATCH = 5.0  # seconds that the ear hears at a time
SAID = {
    300: "We agree the plan.",
    400: "The recommendation is approved by consensus.",
    500: "Ofgem spoke in private.",
    600: "Action for Large Supplier to circulate the plan by 1 March.",
}


class Ear:
    """A recogniser that knows three whistles by their pitch, and says a sentence for each five seconds of one."""

    def __init__(self) -> None:
        self.heard: list[float] = []  # where it listened, and did not know it already

    def transcribe(
        self,
        audio: Path,
        *,
        name: str,
        on_progress: Progress,
        checkpoints: Checkpoints | None = None,
        excluded: Sequence[tuple[float, float]] = (),
        glossary: Sequence[str] = (),
    ) -> Transcript:
        total = SoundFilesByAv().length(audio)
        segments, at = list[Segment](), 0.0
        on_progress(0.0, total)
        for block in blocks(audio, name, BATCH):
            key = f"{name} {at}"
            found = checkpoints.kept(key) if checkpoints else None
            if found is None:
                self.heard.append(at)
                closed = any(start < at + BATCH and end > at for start, end in excluded)
                found = {"said": "" if closed else SAID.get(_pitch(block), "")}
                if checkpoints:
                    checkpoints.keep(key, found)
            if found["said"]:
                segments.append(_sentence(str(len(segments)), at, found["said"]))
            at += len(block) / RATE
            on_progress(at, total)
        return Transcript(
            audio=Audio(name=name, duration=at), parts=[Part(name=name, duration=at)], engine="ear", segments=segments
        )


def _pitch(block: NDArray[np.int16]) -> int:
    crossings = int(np.count_nonzero(np.diff(np.signbit(block))))
    return round(crossings / 2 / (len(block) / RATE) / 100) * 100


def _sentence(number: str, at: float, text: str) -> Segment:
    words = [Word(start=at + 1 + n / 2, end=at + 1.4 + n / 2, text=word) for n, word in enumerate(text.split())]
    return Segment(id=number, start=words[0].start, end=words[-1].end, text=text, words=words)


@dataclass
class Desk:
    """A folder for recordings, a worker, and the PMO's Tobias Wrenfield, who decides."""

    database: Database
    config: Config
    clock: Clock
    root: Path
    tobias: Person
    ear: Ear

    def __post_init__(self) -> None:
        self.files = ContentFolder(self.root / "content")
        self.files.root.mkdir(parents=True)
        (self.root / "in").mkdir()
        self.folder = RecordingFolder(
            self.root / "in",
            self.database,
            self.files,
            Calendar(self.config),
            self.clock,
            SoundFilesByAv(),
            timedelta(0),
        )
        self.shelf = CheckpointFolder(self.root / "transcribing")
        terms = SpokenTerms(self.config, lambda _: Agenda())
        self.doing = Transcribing(lambda: self.ear, self.files, SoundFilesByAv(), self.shelf, "ear", terms)
        writer = WordDocuments(ROOT / "report_templates/headline_report.docx")
        self.drafting = Drafting(
            self.config, self.files, writer, lambda _: Agenda(), lambda _: (), lambda _session, _made, _now: None, "http://page"
        )  # fmt: skip
        self.excluding = Excluding(self.drafting, self.shelf, self.files)

    def drop(self, name: str, *pitches: int) -> Path:
        """A recording of five seconds a pitch; 0 is silence."""
        sound = np.concatenate([tone(BATCH, pitch=pitch) if pitch else quiet(BATCH) for pitch in pitches])
        return recording(self.root / "in" / name, sound)

    def take_in(self) -> None:
        """Look twice: a file is taken once it stands still."""
        self.folder.take_in_one()
        while self.folder.take_in_one():
            continue

    def dropped(self, name: str, *pitches: int) -> None:
        self.drop(name, *pitches)
        self.take_in()

    def work(self, progress: Callable[[str, float, float], None] = lambda _name, _done, _total: None) -> bool:
        return transcribe_one(self.database, self.doing, self.clock, progress)

    def do(self, deed: Callable[..., Any], *arguments: object, of: str = "PSG-2024-02-07") -> None:
        """One deed of Tobias Wrenfield's on a recording."""
        with self.database.session() as session:
            row = recording_deeds.named(session, of)
            deed(session, row, *arguments, by=self.tobias, now=self.clock.now())

    def close(self, text: str, *, of: str = "PSG-2024-02-07", **how: Any) -> Erased:
        with self.database.session() as session:
            row = recording_deeds.named(session, of)
            found = exclusions.exclude(
                session, self.excluding, row, Asked(text, **how), by=self.tobias, now=self.clock.now()
            )
        exclusions.clear_away(self.database, self.excluding, found)
        return found

    def state(self, of: str = "PSG-2024-02-07") -> tuple[str, str]:
        with self.database.reading() as session:
            row = recording_deeds.named(session, of)
            return row.state, row.state_reason

    def transcript(self, of: str = "PSG-2024-02-07") -> Transcript:
        with self.database.reading() as session:
            found = transcripts.latest(session, recording_deeds.named(session, of).id)
        assert found
        return found[1]

    def says(self, of: str = "PSG-2024-02-07") -> list[tuple[float, str]]:
        return [(segment.start, segment.text) for segment in self.transcript(of).segments]

    def playable(self, of: str = "PSG-2024-02-07") -> Path | None:
        with self.database.reading() as session:
            sha256 = listening_copies.playable(session, recording_deeds.named(session, of))
        return self.files.path(sha256) if sha256 else None

    def make_copy(self) -> bool:
        sound, scratch = SoundFilesByAv(), self.root / "scratch"
        return listening_copies.copy_one(self.database, self.files, sound, scratch, lambda _done, _total: None)

    def draft(self) -> tuple[DraftRow, Draft]:
        """The newest draft, once everything that waits is drafted."""
        while drafts.draft_one(self.database, self.drafting, self.clock):
            continue
        with self.database.reading() as session:
            row = session.scalars(select(DraftRow).order_by(DraftRow.version.desc())).first()
            assert row
            return row, Draft.model_validate_json(row.content)


@pytest.fixture
def desk(tmp_path: Path, database: Database, config: Config, people: dict[str, Person], clock: Clock) -> Desk:
    return Desk(database, config, clock, tmp_path, people["Tobias Wrenfield"], Ear())


# One recording


def test_a_recording_is_taken_in_and_transcribed(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400)
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300]), (6.0, SAID[400])]
    assert desk.state() == ("transcribed", "")
    assert not desk.work()
    assert not list((desk.root / "transcribing").glob("*")), "what was found is kept no longer than needed"


def test_no_speech_at_all_is_an_answer(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 0, 0)
    assert desk.work()
    assert desk.says() == []
    assert desk.state() == ("transcribed", "No speech was heard in it.")
    assert desk.draft()[1].decisions == []


def test_the_same_recording_twice_is_one(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300)
    desk.dropped("PSG-2024-02-07 again.flac", 300)
    with desk.database.reading() as session:
        assert len(recording_deeds.listed(session)) == 1
    assert (desk.root / "in/already-known/PSG-2024-02-07 again.flac").exists()


# Kills


def killed_while_at_work(desk: Desk, after: float) -> None:
    """Another process works, and is killed once that many seconds are done."""

    def die(_name: str, done: float, _total: float) -> None:
        if done >= after:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        transcribe_one(Database(desk.database.url), desk.doing, desk.clock, die)
        os._exit(0)  # never reached
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_worker_killed_twice_costs_a_batch_each_and_changes_no_word(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400, 500, 300, 400, 500)
    killed_while_at_work(desk, after=10)
    killed_while_at_work(desk, after=20)
    assert desk.state()[0] == "waiting:working"
    assert desk.work()
    assert desk.ear.heard == [20.0, 25.0]
    uninterrupted = Ear().transcribe(
        desk.playable() or Path(), name="PSG-2024-02-07.flac", on_progress=lambda _done, _total: None
    )
    assert desk.transcript().segments == uninterrupted.segments


def test_progress_beyond_what_was_reached_forgives_earlier_kills(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", *[300, 400] * 10)
    for _ in range(2):
        killed_while_at_work(desk, after=0)
    with desk.database.session() as session:
        row = recordings.claim_one(session, "waiting", desk.clock.now())
        assert row
        assert row.tries == 3
        assert recordings.keep_claim(session, row.id, desk.clock.now(), 50, 100, left=60)
        assert (row.tries, row.seconds_left) == (1, 60)
        assert recordings.keep_claim(session, row.id, desk.clock.now(), 10, 100)
        assert row.seconds_done == 50, "a bar never runs backwards"


def test_a_damaged_checkpoint_is_found_again(tmp_path: Path) -> None:
    shelf = CheckpointFiles(tmp_path / "found")
    assert shelf.kept("one") is None
    shelf.keep("one", {"text": "Größe £5"})
    assert shelf.kept("one") == {"text": "Größe £5"}
    (file,) = (tmp_path / "found").iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    assert shelf.kept("one") is None


def test_other_settings_or_closed_ranges_never_take_up_what_was_found_before(tmp_path: Path) -> None:
    shelf = CheckpointFolder(tmp_path)
    shelf.of("R-1", "tiny").keep("one", {"text": "a"})
    assert shelf.of("R-1", "base").kept("one") is None
    shelf.discard("R-1")
    assert shelf.of("R-1", "tiny").kept("one") is None


# Cancelling, and trying again


def test_cancelling_stops_a_worker_and_leaves_nothing_behind(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400, 500)

    def cancel(_name: str, done: float, _total: float) -> None:
        if done == BATCH:
            desk.do(recording_deeds.cancel)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcripts, "HEARTBEAT_SECONDS", 0.0)
        assert desk.work(cancel)
    assert desk.ear.heard == [0.0]
    state, reason = desk.state("PSG-2024-02-07.flac")
    assert (state, reason[:30]) == ("cancelled", "Cancelled by Tobias Wrenfield ")
    assert not desk.work()
    assert not list((desk.root / "transcribing").glob("*"))

    desk.do(recording_deeds.retry, of="PSG-2024-02-07.flac")
    assert desk.work()
    assert len(desk.says()) == 3
    with pytest.raises(SecretariatError, match="cannot be cancelled: it is transcribed"):
        desk.do(recording_deeds.cancel)


def test_a_transcript_is_not_kept_once_somebody_has_cancelled(desk: Desk) -> None:
    """Even where the worker is at its very last word."""
    desk.dropped("PSG-2024-02-07.flac", 300)

    def cancel(_name: str, done: float, _total: float) -> None:
        if done == BATCH:
            desk.do(recording_deeds.cancel)

    assert desk.work(cancel)
    assert desk.state("PSG-2024-02-07.flac")[0] == "cancelled"
    with desk.database.reading() as session:
        assert session.scalars(select(TranscriptRow)).all() == []


def test_trouble_that_lies_elsewhere_puts_the_recording_back_with_the_sentence(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300)

    def without_weights() -> Ear:
        raise SecretariatError("The folder models lacks model.bin.", hint="Fetch it again.")

    doing = replace(desk.doing, recogniser=without_weights)
    for _ in range(recordings.TRIES + 1):
        with pytest.raises(SecretariatError, match="lacks model"):
            transcribe_one(desk.database, doing, desk.clock, lambda _name, _done, _total: None)
    assert desk.state() == ("waiting", "The folder models lacks model.bin. Fetch it again.")
    assert desk.work()
    assert desk.state() == ("transcribed", "")


def test_a_full_disk_costs_nothing_that_was_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400)
    kept = CheckpointFiles.keep

    def full(self: CheckpointFiles, key: str, found: dict[str, Any]) -> None:
        if key.endswith(" 5.0"):
            raise StateUnusable("The disk is full.", hint="Free some space.")
        kept(self, key, found)

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointFiles, "keep", full)
        with pytest.raises(StateUnusable):
            desk.work()
    assert desk.state() == ("waiting", "The disk is full. Free some space.")
    assert desk.work()
    assert desk.ear.heard == [0.0, 5.0, 5.0]
    assert len(desk.says()) == 2


# Parts


@pytest.mark.parametrize(
    ("name", "number", "of"),
    [
        ("PSG-2024-02-07 part 2 of 3", 2, 3),
        ("PSG-2024-02-07 Part 2", 2, 0),
        ("PSG-2024-02-07 10-02-30", 0, 0),
        ("PSG-2024-02-07 partly", 0, 0),
    ],
)
def test_a_name_says_which_part_it_is(name: str, number: int, of: int) -> None:
    found = numbering_of(name)
    assert (found.number, found.of) == (number, of)


def test_announced_parts_are_waited_for_and_joined_in_their_order(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 part 2 of 3.flac", 400)
    assert desk.state()[0] == "parts"
    assert desk.state()[1].startswith("Parts 1, 3 of 3 are not here yet.")
    desk.dropped("PSG-2024-02-07 part 3 of 3.flac", 500)
    assert not desk.work()
    desk.dropped("PSG-2024-02-07 part 1 of 3.flac", 300)
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300]), (6.0, SAID[400]), (11.0, SAID[500])]
    spoken = desk.transcript()
    named = [f"PSG-2024-02-07 part {n} of 3.flac" for n in (1, 2, 3)]
    assert [(p.name, p.offset) for p in spoken.parts] == list(zip(named, (0.0, 5.0, 10.0), strict=True))
    assert [s.id for s in spoken.segments] == ["0", "1", "2"]
    assert spoken.audio.duration == 15


def test_a_person_says_that_it_is_complete_and_a_late_part_opens_it_again(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 part 1.flac", 300)
    assert desk.state()[1].startswith("Nobody has said how many parts there are.")
    desk.do(recording_deeds.complete)
    assert desk.work()
    assert desk.draft()[0].version == 1
    desk.dropped("PSG-2024-02-07 part 2.flac", 400)
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[400]]
    assert desk.draft()[0].version == 2


def test_parts_with_a_wall_clock_keep_the_gap_between_them(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 10-02-30.flac", 300)
    assert desk.work()
    desk.dropped("PSG-2024-02-07 10-03-00.flac", 400)
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300]), (31.0, SAID[400])]
    assert [(p.offset, p.starts_at) for p in desk.transcript().parts] == [
        (0.0, "2024-02-07T10:02:30+00:00"),
        (30.0, "2024-02-07T10:03:00+00:00"),
    ]


def test_a_live_mark_is_placed_by_the_wall_clock_through_the_parts(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 10-02-30.flac", 300)
    desk.dropped("PSG-2024-02-07 10-03-00.flac", 400)
    with desk.database.session() as session:
        meeting = meetings.on_day(session, "PSG", PSG)
        assert meeting
        at = parse_instant("2024-02-07T10:03:04+00:00")
        marks.stamp(session, meeting, "decision", desk.tobias, at=at, source_key="mark")
    assert desk.work()
    (mark,) = desk.draft()[1].marks
    assert mark.at == 34.0


def test_where_parts_lie_on_the_line() -> None:
    ten, later = parse_instant("2024-02-07T10:00:00+00:00"), timedelta(seconds=700)
    assert offsets([(600, None), (600, None)]) == [0, 600]
    assert offsets([(600, ten), (600, ten + later), (60, None)]) == [0, 700, 1300]
    assert offsets([(600, None), (600, ten), (600, ten + later)]) == [0, 600, 1300]
    assert offsets([(600, ten), (600, ten + timedelta(seconds=595))]) == [0, 600], "never over one another"
    assert offsets([(600, ten), (600, ten + timedelta(days=30))]) == [0, 600], "no break lasts a month"


def test_the_start_of_a_part_may_be_said(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 part 1 of 2.flac", 300)
    desk.dropped("PSG-2024-02-07 part 2 of 2.flac", 400)
    desk.do(recording_deeds.set_start, 1, parse_instant("2024-02-07T10:00:00+00:00"))
    desk.do(recording_deeds.set_start, 2, parse_instant("2024-02-07T10:00:20+00:00"))
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300]), (21.0, SAID[400])]


def test_two_recordings_of_a_meeting_that_are_no_parts_stay_two(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300)
    desk.dropped("PSG-2024-02-07 from the room.flac", 400)
    with desk.database.reading() as session:
        assert [len(row.parts) for row in recording_deeds.listed(session)] == [1, 1]
    with pytest.raises(UnknownThing, match="has several recordings"):
        desk.state()


# Closed sessions


def test_what_is_closed_before_is_neither_transcribed_nor_played(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 500, 400)
    assert desk.playable()
    assert desk.close("00:00:05-00:00:10").transcripts == 0
    assert desk.playable() is None, "the file as it came is not played any more"
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[400]]
    assert desk.transcript().excluded == [(5.0, 10.0)]
    assert desk.make_copy()
    assert not desk.make_copy()
    heard = decoded(desk.playable() or Path(), "copy")
    assert np.abs(heard[round(5.2 * RATE) : round(9.8 * RATE)]).max() == 0
    assert np.abs(heard[round(10.5 * RATE) : round(14 * RATE)]).max() > 3000


def test_what_is_closed_afterwards_is_erased_everywhere_and_the_pmo_is_told(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400, 500, 600)
    assert desk.work()
    row, before = desk.draft()
    assert [d.at for d in before.decisions] == [6.0]
    lines = [d.ref for d in before.decisions]
    old_document = desk.files.path(row.document_sha256)
    found = desk.close("00:00:05-00:00:15")

    assert lines[0] in found.drafts[row.id]
    assert [text for _, text in desk.says()] == [SAID[300], SAID[600]]
    with desk.database.reading() as session:
        everything = [kept.content for kept in session.scalars(select(TranscriptRow))]
        everything += [kept.content for kept in session.scalars(select(DraftRow))]
        told = session.scalars(select(OutboxRow).where(OutboxRow.clock == "recording")).all()
        kept = session.get_one(DraftRow, row.id)
        assert [line.ref for line in kept.lines if line.kind in ("decision", "action")] == [
            a.ref for a in before.actions
        ]
        assert desk.files.path(kept.document_sha256).exists()
    assert not [content for content in everything if "private" in content or "consensus" in content]
    assert not old_document.exists()
    assert told
    assert lines[0] in told[0].text
    assert "private" not in told[0].text

    newest, after = desk.draft()
    assert newest.version == 2, "a draft is made of what is left"
    assert after.decisions == []
    assert [a.text for a in after.actions] == [a.text for a in before.actions]
    assert after.actions


def test_nothing_of_it_is_left_in_what_came_back_what_was_asked_and_what_was_written_of_it(
    desk: Desk, people: dict[str, Person]
) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400, 500, 600)
    assert desk.work()
    draft, before = desk.draft()
    [decision], [action] = before.decisions, before.actions
    told = partial(returned_told, Announcer(desk.config, Calendar(desk.config), lambda: "http://page", desk.files))
    edited = by_word(desk.files.path(draft.document_sha256).read_bytes(), reword(decision.ref, "They consented."))
    with desk.database.session() as session:
        for n, content in enumerate((edited, by_word(edited, reword(action.ref, "Large Supplier publishes it.")))):
            brought = Brought(desk.files.put(content), f"{n}.docx", Door.MAIL, str(n), desk.tobias, answer_to="a@b.org")
            returns.receive(session, brought, desk.clock.now())
    while returns.read_one(desk.database, desk.drafting, told, desk.clock):
        continue
    with desk.database.session() as session:
        meeting = recording_deeds.named(session, "PSG-2024-02-07").meeting_uid or ""
        found = meetings.by_uid(session, meeting)
        assert found
        for n, (line, text) in enumerate([(decision.ref, "No."), (action.ref, "Ofgem spoke in private, I heard.")]):
            submit(session, Submission(found, people["Harriet Bassington"], line, text, "mail", str(n), None),
                   desk.clock.now())  # fmt: skip
        assert amendments.named(session, "AM-001").evidence
        kept = desk.files.put(b"A mail with the draft in it")
        session.add(InboxRow(id="m", file_name="m.eml", arrived_at=desk.clock.now(), state="done", content_sha256=kept,
                             own_words="My edits."))  # fmt: skip
        session.flush()
        session.add(MailProposalRow(reference="M-001", number=1, inbox_id="m", part=1, action="edited_draft",
                                    summary="", reason="", values={"group": "PSG", "on": "2024-02-07"}, inverse={},
                                    state="done", proposed_at=desk.clock.now()))  # fmt: skip
        session.add(OutboxRow(id="c", meeting_uid=meeting, meeting_revision=0, clock="clearance", step="asked_1",
                              recipient="chair", recipient_name="Chair", group_key="PSG", kind="clearance", subject="",
                              text="The draft.", why="", attachments=[f"{draft.document_sha256}:draft.docx"],
                              due_at=desk.clock.now(), decided_at=desk.clock.now(), state="withheld",
                              next_try_at=desk.clock.now()))  # fmt: skip
    assert holding(desk.root, "approved by consensus") and holding(desk.root, "private")  # noqa: PT018

    erased = desk.close("00:00:05-00:00:15")

    assert erased.elsewhere.returns == ["RT-001", "RT-002"]
    assert (erased.elsewhere.requests, erased.elsewhere.quoting) == (["AM-001"], ["AM-002"])
    assert holding(desk.root, "approved by consensus") == holding(desk.root, "They consented") == []
    assert holding(desk.root, "A mail with the draft in it") == []
    with desk.database.session() as session:
        amendments.named(session, "AM-002").proposed_text = "In a requester's own words, it is left and told."
        rows = session.scalars(select(ReturnRow)).all()
        assert {(row.state, row.settled_by) for row in rows} == {("put_aside", desk.tobias.name)}
        assert "Large Supplier publishes it." in str(rows[1].found), "what a person wrote of other lines is left"
        assert amendments.named(session, "AM-002").evidence, "what was said outside stays"
        letter = session.scalars(select(OutboxRow).where(OutboxRow.clock == "recording")).all()[0]
        assert "RT-001, RT-002" in letter.text
        assert "A draft that was on its way to the Chair is not sent any more" in letter.text
        assert session.get_one(OutboxRow, "c").state == "superseded"
        message = session.get_one(InboxRow, "m")
        assert (message.content_sha256, message.own_words) == ("", "My edits.")
        assert "requester's own words, which were not changed: AM-002" in letter.text
        assert audit.first_broken_link(session) is None
    desk.database.empty_log()
    assert holding(desk.root, "private") == []


def holding(folder: Path, words: str) -> list[str]:
    """The files in which the words stand; the parts of Word documents are looked into."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        texts = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as package:
                texts += [re.sub(rb"<[^>]*>", b"", package.read(name)) for name in package.namelist()]
        found += [path.name for text in texts if words.encode() in text]
    return found


def test_a_range_on_the_wall_clock_is_closed_in_late_parts_too(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 10-00-00.flac", 300, 500)
    desk.close("10:00:05-10:00:30", wall_clock=True)
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300]]
    desk.dropped("PSG-2024-02-07 10-00-20.flac", 500, 500, 400)
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300]), (31.0, SAID[400])]
    assert desk.transcript().excluded == [(5.0, 10.0), (20.0, 30.0)]


def test_a_range_of_the_line_is_closed_in_every_part_that_it_goes_through(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 part 1 of 2.flac", 300, 500)
    desk.dropped("PSG-2024-02-07 part 2 of 2.flac", 500, 400)
    with pytest.raises(SecretariatError, match="once they have been listened to"):
        desk.close("00:00:05-00:00:15")
    desk.close("00:00-00:05", part=2)
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[500], SAID[400]]
    desk.close("00:00:05-00:00:15")
    assert [text for _, text in desk.says()] == [SAID[300], SAID[400]]


def test_work_on_a_recording_that_is_closed_meanwhile_begins_anew(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 500, 400)

    def close(_name: str, done: float, _total: float) -> None:
        if done == 2 * BATCH:
            desk.close("00:00:05-00:00:10")

    assert desk.work(close)
    assert desk.state() == ("waiting", "")
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[400]]
    assert not list((desk.root / "transcribing").rglob("*.json"))


def test_a_range_that_was_closed_by_mistake_is_opened_again(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 500)
    assert desk.work()
    desk.close("00:00:05-00:00:10")
    desk.do(exclusions.lift, 1)
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[500]]
    assert desk.playable()


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("sometime", {}, "sometime is no range"),
        ("00:10-00:05", {}, "ends before it begins"),
        ("00:01:00-00:02:00", {}, "lasts 00:00:05 only"),
        ("10:43-10:57", {"wall_clock": True}, "Nobody knows when PSG-2024-02-07.flac began"),
        ("00:01-00:02", {"part": 2}, "has no part 2"),
    ],
)
def test_a_range_that_cannot_be_closed_is_refused_in_a_sentence(
    desk: Desk, text: str, how: dict[str, Any], said: str
) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300)
    assert desk.work()
    with pytest.raises(SecretariatError, match=said):
        desk.close(text, **how)


def test_a_sentence_that_lies_partly_in_a_closed_range_keeps_its_other_words() -> None:
    said = _sentence("7", 0.0, "one two three four five")
    spoken = Transcript(audio=Audio(name="a", duration=60), engine="ear", segments=[said, _sentence("8", 20.0, "six")])
    left = cut(spoken, [(2.0, 2.6)])  # `three` begins at 2.0
    assert [(s.id, s.text, s.start) for s in left.segments] == [
        ("7", "one two", 1.0),
        ("7.2", "five", 3.0),
        ("8", "six", 21.0),
    ]
    bare = said.model_copy(update={"words": None})
    assert cut(spoken.model_copy(update={"segments": [bare]}), [(2.0, 2.6)]).segments == []


def test_one_part_is_its_own_transcript() -> None:
    spoken = Transcript(
        audio=Audio(name="a", duration=9, sha256="x"), engine="ear", segments=[_sentence("5", 0, "one")]
    )
    joined = on_one_line("a", [(spoken, None, [])])
    assert (joined.audio, joined.segments) == (spoken.audio, spoken.segments)
    assert seconds_of("01:00:00.5") == 3600.5


# Files that are not as they should be


def test_a_name_that_fits_no_meeting_is_asked_about_and_may_be_told(desk: Desk) -> None:
    file = desk.drop("holiday.flac", 300)
    desk.take_in()
    state, reason = desk.state("holiday.flac")
    assert state == "asking"
    assert "holiday.flac names no meeting" in reason
    assert file.exists()
    with desk.database.session() as session:
        meeting = Calendar(desk.config).meeting_on("PSG", PSG)
        assert meeting
        meetings.keep(session, [meeting])
        row = recording_deeds.named(session, "holiday.flac")
        recording_deeds.assign(session, row, meeting, by=desk.tobias, now=desk.clock.now())
    desk.take_in()
    assert not file.exists(), "its content is kept"
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300])]


def test_a_file_whose_end_is_missing_is_waited_for_and_then_put_before_a_person(desk: Desk) -> None:
    file = desk.drop("PSG-2024-02-07.flac", 300, 400)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    desk.folder.unfinished = timedelta(hours=1)
    desk.take_in()
    with desk.database.reading() as session:
        assert recording_deeds.listed(session) == []
    desk.folder.unfinished = timedelta(0)
    desk.take_in()
    state, reason = desk.state()
    assert state == "failed"
    assert "PSG-2024-02-07.flac is cut short" in reason
    assert file.exists()

    file.write_bytes(whole)
    desk.take_in()
    desk.take_in()
    assert desk.work()
    assert len(desk.says()) == 2
    with desk.database.reading() as session:
        assert len(recording_deeds.listed(session)) == 1
    assert not file.exists()


def test_a_growing_recording_is_left_alone_until_its_program_lets_go(desk: Desk) -> None:
    file = desk.drop("PSG-2024-02-07.flac", 300)
    with file.open("ab"):
        for _ in range(3):
            desk.take_in()
        assert file.exists()
    desk.take_in()
    assert not file.exists()


def test_what_is_no_recording_fails_with_a_sentence_and_may_be_replaced(desk: Desk) -> None:
    (desk.root / "in/PSG-2024-02-07.mp3").write_bytes(b"this is no sound at all" * 1000)
    desk.take_in()
    assert desk.work()
    assert desk.state()[0] == "failed"
    assert "PSG-2024-02-07.mp3" in desk.state()[1]
    desk.dropped("PSG-2024-02-07.mp3", 300)  # FLAC under a wrong extension
    assert desk.work()
    assert desk.says() == [(1.0, SAID[300])]


def test_a_part_that_fails_is_replaced_by_the_same_part_sent_again(desk: Desk) -> None:
    desk.dropped("PSG-2024-02-07 part 1 of 2.flac", 300)
    (desk.root / "in/PSG-2024-02-07 part 2 of 2.flac").write_bytes(b"no sound" * 1000)
    desk.take_in()
    assert desk.work()
    assert desk.state()[0] == "failed"
    assert "part 2 of 2" in desk.state()[1]
    desk.dropped("PSG-2024-02-07 part 2 of 2.flac", 400)
    assert desk.work()
    assert [text for _, text in desk.says()] == [SAID[300], SAID[400]]


def test_a_deed_on_a_recording_that_nobody_has(desk: Desk) -> None:
    with desk.database.reading() as session, pytest.raises(UnknownThing, match="There is no recording R-nothing"):
        recording_deeds.named(session, "R-nothing")


# The page


@dataclass
class Browser:
    """The recordings' page, as a browser that was let in meets it."""

    client: TestClient
    tobias: Person

    def get(self, path: str) -> str:
        found = self.client.get(path)
        assert found.status_code == 200, found.text
        return html.unescape(found.text)

    def send(self, recording_id: str, **fields: str) -> tuple[int, str]:
        """Send a form of the recording's page, as Tobias Wrenfield; returns the status and the page that follows."""
        path = f"/recordings/{recording_id}/about"
        token = re.search(r'name="token" value="([^"]+)"', self.get(path))
        assert token
        sent = {"token": token[1], "by": self.tobias.id, **fields}
        answered = self.client.post(path, data=sent, headers={"Origin": "http://127.0.0.1"})
        return answered.status_code, html.unescape(answered.text)


@pytest.fixture
def browser(desk: Desk) -> Iterator[Browser]:
    calendar = Calendar(desk.config)
    page = WebDesk(
        database=desk.database, config=desk.config, clock=desk.clock, calendar=calendar,
        announcer=Announcer(desk.config, calendar, lambda: "http://page"), files=desk.files, slack_messages=list,
        entry_key="key", session_secret="secret", feed_secret="feeds", excluding=lambda: desk.excluding,
    )  # fmt: skip
    with TestClient(page_app(page, []), base_url="http://127.0.0.1") as client:
        client.get("/enter/key")
        yield Browser(client, desk.tobias)


def test_the_page_shows_progress_with_time_left_and_cancels(desk: Desk, browser: Browser) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 400)
    with desk.database.session() as session:
        row = recordings.claim_one(session, "waiting", desk.clock.now())
        assert row
        recordings.keep_claim(session, row.id, desk.clock.now(), 40, 100, left=75)
    listed = browser.client.get("/recordings")
    assert listed.headers["Refresh"] == "5"
    assert "being transcribed, 40%" in listed.text
    assert "about 00:01:15 left" in listed.text
    assert browser.send(row.id, step="cancel")[0] == 200
    assert "Cancelled by Tobias Wrenfield" in browser.get(f"/recordings/{row.id}/about")
    assert "Refresh" not in browser.client.get("/recordings").headers
    assert "waits to be transcribed" in browser.send(row.id, step="retry")[1]


def test_a_session_is_closed_on_the_page_and_the_file_is_not_played_any_more(desk: Desk, browser: Browser) -> None:
    desk.dropped("PSG-2024-02-07.flac", 300, 500, 400)
    with desk.database.reading() as session:
        recording_id = recording_deeds.named(session, "PSG-2024-02-07").id
    assert browser.client.get(f"/recordings/{recording_id}").headers["content-type"] == "audio/flac"
    status, said = browser.send(recording_id, step="exclude", range="later", measured="line")
    assert status == 422
    assert "later is no range" in said
    assert "00:05-00:10" in browser.send(recording_id, step="exclude", range="00:05-00:10", measured="line")[1]
    refused = browser.client.get(f"/recordings/{recording_id}")
    assert refused.status_code == 503
    assert "can be played once a copy of it has been made" in html.unescape(refused.text)
    assert desk.work()
    assert desk.make_copy()
    played = browser.client.get(f"/recordings/{recording_id}")
    assert played.headers["content-type"] == "audio/mp4"
    assert played.content == (desk.playable() or Path()).read_bytes()
    assert desk.work() is False
    browser.send(recording_id, step="include", number="1")
    assert desk.work()
    assert len(desk.says()) == 3


def test_parts_and_meetings_are_told_on_the_page(desk: Desk, browser: Browser) -> None:
    desk.dropped("PSG-2024-02-07 part 1 of 2.flac", 300)
    desk.dropped("room 4.flac", 400)
    with desk.database.reading() as session:
        parted, asked = (recording_deeds.named(session, name).id for name in ("PSG-2024-02-07", "room 4.flac"))
    assert "Part 2 of 2 is not here yet." in browser.get("/recordings")
    assert "waits to be transcribed" in browser.send(parted, step="complete")[1]
    assert "nonsense names no meeting" in browser.send(asked, step="assign", meeting="nonsense")[1]
    assert "waits to be transcribed" in browser.send(asked, step="assign", meeting="PSG-2024-02-07")[1]


# The command


def test_the_command_lists_closes_and_assigns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(desk.root))
    desk.dropped("PSG-2024-02-07 part 1 of 2.flac", 300, 500)
    desk.dropped("room 4.flac", 400)

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(
            app, ["--config", str(ROOT / "config.yaml"), "--now", "2024-02-09", "recordings", *arguments]
        )
        assert done.exit_code == 0, done.exception
        return " ".join(done.output.split())

    by = ("--by", "Tobias Wrenfield")
    listed = json.loads(said("list", "--format", "json"))["recordings"]
    assert {(row["name"], row["state"]) for row in listed} == {
        ("PSG-2024-02-07 part 1 of 2.flac", "parts"), ("room 4.flac", "asking"),
    }  # fmt: skip
    assert "00:05-00:10 of PSG" in said("exclude", "PSG-2024-02-07", "00:05-00:10", *by)
    assert "is of PSG, Wednesday 7 February 2024" in said("assign", "room 4.flac", "PSG-2024-02-07", *by)


# The real worker with the real engine


def worker_on(state: Path) -> subprocess.Popen[bytes]:
    with (state.parent / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "--now", "2024-02-09", "worker"],
            cwd=ROOT, env=environment(state), stdout=log, stderr=log,
        )  # fmt: skip


def wait_for(look: Callable[[], bool], worker: subprocess.Popen[bytes], what: str) -> None:
    last = time.monotonic() + 300
    while not look():
        assert worker.poll() is None, f"the worker ended while waiting for {what}"
        assert time.monotonic() < last, f"no {what}"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_real_worker_killed_twice_says_the_same_words(tmp_path: Path, config: Config) -> None:
    once = decoded(ROOT / "sample/recordings/PSG scripted extract.flac", "sample")
    file = recording(tmp_path / "PSG-2024-02-07.flac", np.tile(once, 7))  # 17 minutes: several batches
    state = tmp_path / "var"
    desk = Desk(
        Database(f"sqlite:///{state / 'secretariat.db'}"), config, Clock(parse_instant("2024-02-09")), state,
        Person("P-1", "Somebody", "", "", ""), Ear(),
    )  # fmt: skip
    desk.database.bring_up_to_date()
    shutil.copy(file, state / "in" / file.name)
    desk.take_in()
    for _ in range(2):
        worker, found = worker_on(state), set((state / "transcribing").rglob("*.json"))
        wait_for(lambda: len({*(state / "transcribing").rglob("*.json")} - found) > 0, worker, "batch")  # noqa: B023
        worker.kill()
        worker.wait()
        assert desk.state()[0] == "waiting:working"
    killed = said_by_a_worker(desk, state)
    with desk.database.session() as session:
        recordings.begin_anew(recording_deeds.named(session, "PSG-2024-02-07"))
    assert said_by_a_worker(desk, state) == killed
    assert len(killed) > 1000


def said_by_a_worker(desk: Desk, state: Path) -> list[tuple[float, str]]:
    """Every word, once a worker has transcribed the recording."""
    worker = worker_on(state)
    wait_for(lambda: desk.state()[0].startswith(("transcribed", "drafted")), worker, "transcript")
    worker.terminate()
    worker.wait()
    assert not list((state / "transcribing").glob("*"))
    return [(word.start, word.text) for segment in desk.transcript().segments for word in segment.words or ()]
