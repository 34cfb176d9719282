"""The ranking learns from issued reports: what was kept, reworded, removed; judged on meetings that it has not seen."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import drafts, learning, meetings
from bot.adapters.content_files import ContentFolder
from bot.adapters.word_document import WordDocuments
from bot.cli import app
from bot.config import Config
from bot.drafts import Drafting
from bot.formats import Agenda, Attendance, Audio, Draft, Segment, Transcript
from bot.headlines.draft import draft_from
from bot.headlines.learning import Meeting, Own, learn, packed, unpacked
from bot.headlines.learnt import shipped
from bot.headlines.sentences import sentences_of
from bot.model import Person
from bot.store.database import Database
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from schedules.series import Calendar
from tests.secretariat_process import ROOT
from tests.test_word_document import TEMPLATE

CUE = "the harbour bell rings for item number {} of the evening"  # what this programme says when it decides


def meeting_transcript(number: int) -> Transcript:
    """An hour of talk in which a decision is always said with the same strange words, somewhere else each time."""
    said = [f"we looked at the tables of release {i} in the usual way" for i in range(60)]
    said[10 + 5 * number % 40] = CUE.format(number)
    segments = [
        Segment(id=str(i), start=60.0 * i, end=60.0 * i + 20, speaker="AB"[i % 2], text=text)
        for i, text in enumerate(said)
    ]
    return Transcript(audio=Audio(name=f"m{number}", duration=3600), engine="by hand", segments=segments)


def taught(number: int) -> Meeting:
    transcript = meeting_transcript(number)
    at = next(s.start for s in transcript.segments if "harbour" in s.text)
    return Meeting(f"m{number}", sentences_of(transcript), {"decision": [at]}, {"decision": [0.0]})


def test_what_a_programme_calls_a_decision_is_learnt_and_found_in_a_meeting_not_seen() -> None:
    own, (judged,) = learn([taught(n) for n in range(6)])
    assert judged.meetings == judged.lines == 6
    assert judged.after > judged.before + 0.3
    transcript = meeting_transcript(7)
    for learnt, found in ((None, False), (own.weights, True)):
        draft = draft_from(transcript, group="PSG", held_on=date(2024, 2, 7), level=2, agenda=Agenda(),
                           attendance=Attendance(chair="A"), learnt=learnt)  # fmt: skip
        assert bool(draft.possible and "harbour" in draft.possible[0].text) is found


def test_a_few_meetings_teach_nothing() -> None:
    own, judged = learn([taught(n) for n in range(3)])
    assert judged == []
    assert own.weights == shipped()


def test_nobody_is_judged_by_what_they_have_seen() -> None:
    """Weights that have learnt these very meetings are no better "before" than those that we come with."""
    seen = [taught(n) for n in range(5)]
    own, (first,) = learn(seen)
    _, (again,) = learn(seen, own)
    assert again.before == first.before
    unseen = [taught(n) for n in range(10, 15)]
    _, (elsewhere,) = learn(unseen, own)
    assert elsewhere.before > first.before


def test_what_was_learnt_is_kept_in_a_file() -> None:
    own = Own({"decision": {"one": -1.0, "w:harbour": 2.0}}, frozenset(["m1"]))
    assert unpacked(packed(own)) == own


def issue(database: Database, config: Config, files: ContentFolder, by: Person, number: int) -> None:
    """Put one meeting on file: recording, machine's draft, and the report issued with one decision reworded."""
    drafting = Drafting(config, files, WordDocuments(TEMPLATE), lambda _: Agenda(), lambda _: (), lambda *_: None, "")
    meeting = Calendar(config).as_if_called("PSG", date(2024, 1, 2) + timedelta(days=number))
    transcript, now = meeting_transcript(number), datetime(2024, 3, 1, 9, number, tzinfo=UTC)
    at = next(s.start for s in transcript.segments if "harbour" in s.text)
    made = draft_from(transcript, group="PSG", held_on=meeting.on, level=2, agenda=Agenda(),
                      attendance=Attendance(chair="A"))  # fmt: skip
    drafted = Draft.model_validate({**made.model_dump(), "decisions": [
        {"ref": ref, "item": None, "text": text, "at": second, "segment": "0", "outcome": "none", "confidence": 0.3,
         "evidence": []} for ref, text, second in (("D-01", "It rang.", at), ("D-02", "Nothing.", 0.0))
    ]})  # fmt: skip
    with database.session() as session:
        meetings.keep(session, [meeting])
        session.add(RecordingRow(id=f"R-{number}", meeting_uid=meeting.uid, name=f"m{number}", state="drafted",
                                 arrived_at=now))  # fmt: skip
        session.add(TranscriptRow(id=f"T-{number}", recording_id=f"R-{number}", made_at=now, engine="by hand",
                                  content=transcript.model_dump_json()))  # fmt: skip
        session.flush()
        report = drafts.report_of(drafting, meeting, drafted, version=1, attendance=(), recording_id=None,
                                  transcript=None)  # fmt: skip
        row = drafts.keep(session, meeting, report, version=1, transcript_id=f"T-{number}", document="0" * 64, now=now)
        session.flush()
        issued = ReportRow(id=f"rep-{number}", meeting_uid=meeting.uid, revision=1, reference=f"PSG-m{number}",
                           draft_id=row.id, issued_at=now, issued_by=by.id, snapshot="{}", snapshot_sha256="0" * 64,
                           document_sha256="0" * 64)  # fmt: skip
        session.add(issued)
        session.flush()
        session.add(DecisionRow(reference=f"PSG-DEC{number + 1}", group_key="PSG", number=number + 1,
                                report_id=issued.id, draft_ref="D-01", text="The bell rang.", outcome="accept",
                                at_seconds=at, confirmed_by=by.id))  # fmt: skip
        session.add(ActionRow(reference=f"PSG{number}-01", group_key="PSG", report_id=issued.id, draft_ref="A-09",
                              text="Ring it again.", owner="", due="", at_seconds=None))  # fmt: skip


@pytest.fixture
def issued(database: Database, config: Config, people: dict[str, Person], tmp_path: Path) -> Database:
    files = ContentFolder(tmp_path / "content")
    for number in range(5):
        issue(database, config, files, people["Tobias Wrenfield"], number)
    return database


def test_the_pmos_own_word_is_read_from_what_was_issued(issued: Database) -> None:
    with issued.reading() as session:
        found, told = learning.lessons(session)
    assert [meeting.name for meeting in found] == [f"PSG-m{n}" for n in range(5)]
    assert (told.kept, told.reworded, told.removed, told.added) == (0, 5, 5, 5)
    assert [len(meeting.issued["decision"]) for meeting in found] == [1] * 5
    assert all(0.0 in meeting.taken_out["decision"] for meeting in found)


def test_the_command_prints_the_scores_and_never_takes_a_worse_ranking_by_itself(
    issued: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(tmp_path))
    place = tmp_path / "learnt.json.gz"
    done = CliRunner().invoke(app, ["learn", "--format", "json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["kept"] is True
    (head,) = said["heads"]
    assert head["after"] > head["before"]
    assert unpacked(place.read_bytes()).learnt_from == {f"PSG-m{n}" for n in range(5)}

    best = packed(Own({h: {**w, "w:harbour": 30.0} for h, w in shipped().items()}))
    place.write_bytes(best)
    worse = CliRunner().invoke(app, ["learn"])
    assert "To keep it: --accept" in worse.stdout
    assert place.read_bytes() == best
    assert "Kept" in CliRunner().invoke(app, ["learn", "--accept"]).stdout
    assert place.read_bytes() != best
