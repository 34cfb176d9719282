"""Teams' transcripts and recordings over real requests: each taken in once, whatever is cut, killed or unclear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import meetings
from bot.adapters.content_files import ContentFolder
from bot.adapters.graph_calendar import GraphCalendar
from bot.adapters.graph_connection import GraphAccount
from bot.adapters.graph_recordings import GraphRecordings, Watched
from bot.clock import Clock
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Meeting
from bot.ports import CalendarEvent, MeetingFile
from bot.store.database import Database
from bot.store.speech_tables import FetchedFileRow, RecordingRow
from handlers.folder.teams import TeamsDoor, joining_links, name_in_folder
from schedules.series import Calendar
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph
from tests.fake_graph_calendar import JOIN, FakeCalendar
from tests.fake_graph_teams import ORGANISER, FakeTeams

DAY = date(2026, 11, 4)  # PSG meets, 10:00 to 12:00
NOW = datetime(2026, 11, 4, 18, tzinfo=UTC)
LINK = f"{JOIN}/it's PSG"
VTT = b"WEBVTT\n\n0:0:0.0 --> 0:0:5.320\n<v Ada Carrow>This is a transcript test.</v>\n"
FILM = bytes(range(256)) * 20_000


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> FakeGraph:
    """Graph on the evening of a PSG that was held over Teams."""
    only_graph.faults.clear()
    only_graph.requests.clear()
    only_graph.cut_content = 0
    only_graph.calendar = FakeCalendar(url=only_graph.url)
    only_graph.teams = FakeTeams(url=only_graph.url)
    event = only_graph.calendar.entered_by_hand("PSG", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    event |= {"isOnlineMeeting": True, "onlineMeeting": {"joinUrl": LINK}}
    return only_graph


@dataclass
class Room:
    """A database with that day's meetings, and the door to Teams."""

    graph: FakeGraph
    database: Database
    config: Config
    root: Path

    def __post_init__(self) -> None:
        self.files = ContentFolder(self.root / "content")
        self.files.root.mkdir()
        calendar = Calendar(self.config)
        with self.database.session() as session:
            meetings.keep(session, [m for m in calendar.meetings(DAY, DAY) if m.group == "PSG"])

    @property
    def account(self) -> GraphAccount:
        return GraphAccount(TENANT, CLIENT_ID, SECRET, MAILBOX, self.graph.url, self.graph.authority, timeout=5.0)

    def door(self, watched: Watched | None = None) -> TeamsDoor:
        """As a process that has just begun."""
        asked = watched or Watched(transcripts=True, recordings=True, organiser=ORGANISER, folder="Recordings")
        return TeamsDoor(
            self.database, self.files, Calendar(self.config), Clock(NOW),
            events=GraphCalendar(self.account), teams=GraphRecordings(self.account, asked),
            partial=self.root / "fetching", every=timedelta(minutes=10), days=14,
        )  # fmt: skip

    def look(self, watched: Watched | None = None) -> None:
        door = self.door(watched)
        while door.take_in_one():
            continue

    def parts(self) -> dict[str, bytes]:
        """What is on file, by name."""
        with self.database.reading() as session:
            rows = session.scalars(select(RecordingRow))
            return {part.name: self.files.path(part.sha256).read_bytes() for row in rows for part in row.parts}

    def rows(self) -> list[tuple[str, str | None, str]]:
        with self.database.reading() as session:
            rows = session.scalars(select(RecordingRow).order_by(RecordingRow.name))
            return [(row.name, row.meeting_uid, row.state) for row in rows]

    def left_over(self) -> list[Path]:
        return list((self.root / "fetching").iterdir())


@pytest.fixture
def room(graph: FakeGraph, database: Database, config: Config, tmp_path: Path) -> Room:
    return Room(graph, database, config, tmp_path)


def test_transcript_and_recording_of_a_meeting_are_taken_in_under_its_name(room: Room) -> None:
    room.graph.teams.left(LINK, "transcripts", "2026-11-04T10:02:30", VTT)
    room.graph.teams.left(LINK, "recordings", "2026-11-04T10:02:31", FILM)
    room.look()
    assert room.parts() == {"PSG-2026-11-04 10-02-30 Teams.vtt": VTT, "PSG-2026-11-04 10-02-31 Teams.mp4": FILM}
    assert {(uid, state) for _, uid, state in room.rows()} == {("psg-2026-11-04@mhhsprogramme.co.uk", "waiting")}
    assert room.left_over() == []


def test_a_recording_that_was_stopped_and_begun_again_is_one_in_parts(room: Room) -> None:
    for begun, data in (("2026-11-04T11:15:00", FILM[1:]), ("2026-11-04T10:02:31", FILM)):
        room.graph.teams.left(LINK, "recordings", begun, data)
    room.look()
    assert len(room.rows()) == 1
    assert list(room.parts()) == ["PSG-2026-11-04 10-02-31 Teams.mp4", "PSG-2026-11-04 11-15-00 Teams.mp4"]


def test_each_is_fetched_once(room: Room) -> None:
    room.graph.teams.left(LINK, "recordings", "2026-11-04T10:02:31", FILM)
    room.look()
    room.look()
    assert room.graph.requests.count("recording") == 1
    assert len(room.rows()) == 1


def test_a_connection_that_breaks_off_costs_only_what_was_not_fetched_yet(room: Room) -> None:
    room.graph.teams.left(LINK, "recordings", "2026-11-04T10:02:31", FILM)
    room.graph.cut_content = 1
    with pytest.raises(SecretariatError, match="the rest is fetched later"):
        room.look()
    (half,) = room.left_over()
    assert 0 < half.stat().st_size < len(FILM)
    room.look()  # another process
    assert list(room.parts().values()) == [FILM]
    assert room.left_over() == []


def test_killed_between_fetching_and_putting_on_file_it_is_taken_in_all_the_same(room: Room) -> None:
    room.graph.teams.left(LINK, "recordings", "2026-11-04T10:02:31", FILM)
    room.look()
    with room.database.session() as session:  # as if the row had never been written
        session.delete(session.scalars(select(FetchedFileRow)).one())
    room.look()
    assert len(room.rows()) == 1
    assert len(room.parts()) == 1


def test_what_was_fetched_whole_before_the_kill_is_not_doubled(room: Room) -> None:
    room.graph.teams.left(LINK, "recordings", "2026-11-04T10:02:31", FILM)
    room.graph.cut_content = 1
    with pytest.raises(SecretariatError):
        room.look()
    (target,) = room.left_over()
    target.write_bytes(FILM)
    room.look()
    assert list(room.parts().values()) == [FILM]


def test_a_folder_of_recordings_goes_by_names_and_asks_where_they_say_nothing(room: Room) -> None:
    room.graph.teams.folder = {
        "MHHS PSG meeting-20261104_100230-Meeting Recording.mp4": FILM,
        "QAG-2026-11-19.mp4": FILM[1:],
        "A chat about PSG and DAG-20261104_140000-Meeting Recording.mp4": FILM[2:],
        "notes.docx": b"not a recording",
    }
    room.look()
    assert [(name, uid, state) for name, uid, state in room.rows()] == [
        ("A chat about PSG and DAG-20261104_140000-Meeting Recording.mp4", None, "asking"),
        (
            "PSG-2026-11-04 MHHS PSG meeting-20261104_100230-Meeting Recording.mp4",
            "psg-2026-11-04@mhhsprogramme.co.uk",
            "waiting",
        ),
        ("QAG-2026-11-19.mp4", "qag-2026-11-19@mhhsprogramme.co.uk", "waiting"),
    ]


def test_no_token_of_ours_goes_to_the_host_that_holds_a_drives_content(room: Room) -> None:
    room.graph.teams.folder = {"PSG-2026-11-04.mp4": FILM}
    room.look()
    assert room.graph.teams.seen_by_the_other_host == [""]
    assert list(room.parts().values()) == [FILM]


def test_without_the_policy_a_person_learns_what_to_grant(room: Room) -> None:
    room.graph.teams.allowed = False
    with pytest.raises(SecretariatError, match=r"OnlineMeetingTranscript\.Read\.All, and an application access policy"):
        room.look()


def test_a_service_that_is_busy_is_asked_again_later(room: Room) -> None:
    room.graph.teams.left(LINK, "transcripts", "2026-11-04T10:02:30", VTT)
    room.graph.meet("transcripts", Fault(429, "TooManyRequests", {"Retry-After": "5"}))
    with pytest.raises(SecretariatError, match="more slowly"):
        room.look()
    room.look()
    assert len(room.rows()) == 1


def test_a_meeting_that_teams_does_not_know_has_nothing(room: Room) -> None:
    room.look(Watched(transcripts=True, organiser=ORGANISER))
    assert room.rows() == []


def test_between_two_looks_nothing_is_asked(room: Room) -> None:
    door = room.door()
    assert not door.take_in_one()
    before = len(room.graph.requests)
    assert not door.take_in_one()
    assert len(room.graph.requests) == before


def test_a_file_on_its_way_is_written_piece_by_piece(room: Room, tmp_path: Path) -> None:
    room.graph.teams.folder = {"PSG-2026-11-04.mp4": FILM}
    files = GraphRecordings(room.account, Watched(organiser=ORGANISER, folder="Recordings"))
    (file,) = files.in_folder()
    target = tmp_path / "half"
    target.write_bytes(FILM[:1000])
    files.fetch(file, target)
    assert target.read_bytes() == FILM
    with pytest.raises(SecretariatError, match="Microsoft 365"):
        files.fetch(MeetingFile("gone", "gone.mp4", None, f"{file.address[:-7]}x/content"), tmp_path / "gone")


# Which event is which meeting's


@pytest.fixture
def psg(config: Config) -> Meeting:
    return next(m for m in Calendar(config).meetings(DAY, DAY) if m.group == "PSG")


def event(meeting: Meeting, link: str, meeting_uid: str = "") -> CalendarEvent:
    return CalendarEvent(link, link, "1", "A meeting", meeting.starts_at, meeting.ends_at, link, meeting_uid)


def test_a_marked_event_comes_before_one_at_the_same_time(psg: Meeting) -> None:
    events = [event(psg, "other"), event(psg, "ours", meeting_uid=psg.uid)]
    assert joining_links([psg], events) == {psg.uid: "ours"}


def test_where_two_could_be_meant_nothing_is_guessed(psg: Meeting) -> None:
    dag = replace(psg, uid="dag", group="DAG")
    assert joining_links([psg], [event(psg, "one"), event(psg, "two")]) == {}
    assert joining_links([psg, dag], [event(psg, "one")]) == {}
    assert joining_links([psg], [event(psg, "one")]) == {psg.uid: "one"}


def test_names_in_a_folder(config: Config) -> None:
    teams = "SITWG fortnightly-20261105_140102UTC-Meeting Recording.mp4"
    assert name_in_folder(teams, config.groups) == f"SITWG-2026-11-05 {teams}"
    assert name_in_folder("Standup-20261105_140102-Meeting Recording.mp4", config.groups).startswith("Standup")
    assert name_in_folder("PSG-2026-11-04.mp4", config.groups) == "PSG-2026-11-04.mp4"
