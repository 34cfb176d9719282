"""The mailbox's calendar in Microsoft 365, over real requests: made once or adopted, whatever is cut or killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner, Result

from bot import brakes, facts, meetings, outbox
from bot.adapters.graph_calendar import GraphCalendar
from bot.adapters.graph_connection import GraphAccount
from bot.cli import app
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Meeting, MeetingStatus, Person
from bot.store.database import Database
from schedules.calendar_comparison import Difference, groups_named
from schedules.calendar_sync import CalendarSync
from schedules.series import Calendar
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph
from tests.fake_graph_calendar import FakeCalendar
from tests.secretariat_process import ROOT, environment

NOW = datetime(2026, 10, 28, 9, tzinfo=UTC)
DAY = date(2026, 11, 4)  # PSG meets, and nobody else
PSG = "psg-2026-11-04@mhhsprogramme.co.uk"
SAMPLES = Path(__file__).parent / "data" / "graph" / "event-samples.json"


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> FakeGraph:
    only_graph.faults.clear()
    only_graph.requests.clear()
    only_graph.calendar = FakeCalendar(url=only_graph.url)
    return only_graph


def opened(graph: FakeGraph, **settings: Any) -> GraphCalendar:
    account = GraphAccount(TENANT, CLIENT_ID, SECRET, MAILBOX, graph.url, graph.authority, timeout=5.0)
    return GraphCalendar(replace(account, **settings))


@pytest.fixture
def both(graph: FakeGraph, people: dict[str, Person], database: Database, config: Config) -> CalendarSync:
    """Our calendar with the invented people, beside the mailbox's."""
    return CalendarSync(database, Calendar(config), opened(graph))


def put_right(both: CalendarSync, first: date = DAY, last: date = DAY) -> list[str]:
    """One round; the deeds that it did."""
    steps = list(both.steps(first, last, NOW))
    for step in steps:
        both.take(step, NOW)
    return [step.deed for step in steps]


def said(both: CalendarSync, first: date = DAY, last: date = DAY) -> list[tuple[Difference, str]]:
    return [(finding.difference, finding.sentence) for finding in both.findings(first, last)]


def change(both: CalendarSync, **changes: Any) -> Meeting:
    """A person's decision on the PSG of that day."""
    with both.database.session() as session:
        meeting = meetings.by_uid(session, PSG) or both.calendar.meeting_on("PSG", DAY)
        assert meeting
        changed = replace(meeting, revision=meeting.revision + 1, **changes)
        meetings.decide(session, changed)
        return changed


def test_a_missing_meeting_is_made_with_a_joining_link(graph: FakeGraph, both: CalendarSync) -> None:
    assert said(both) == [
        (Difference.MISSING, "PSG on Wednesday 4 November 2026, 10:00 (London) is not in the calendar.")
    ]
    assert put_right(both) == ["event made"]
    [event] = graph.calendar.standing
    assert event["subject"] == "PSG: Programme Steering Group"
    assert (event["start"]["dateTime"][:19], event["start"]["timeZone"]) == ("2026-11-04T10:00:00", "UTC")
    assert event["end"]["dateTime"][:19] == "2026-11-04T12:00:00"
    assert "10:00-12:00 (London)" in event["body"]["content"]
    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    invited = {attendee["emailAddress"]["address"] for attendee in event["attendees"]}
    assert len(invited) == len(event["attendees"]) > 5
    [read] = both.mailbox.events(NOW, NOW + timedelta(days=30))
    assert (read.meeting_uid, read.revision, read.ical_uid) == (PSG, 0, event["iCalUId"])
    assert read.join_link == event["onlineMeeting"]["joinUrl"]
    assert said(both) == []


def test_a_second_round_makes_nothing(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    assert put_right(both) == []
    assert put_right(replace(both, mailbox=opened(graph))) == []
    assert len(graph.calendar.events) == 1
    assert [what for what, _ in graph.calendar.told] == ["invited"]


def test_every_meeting_of_a_month_is_made_once_over_many_pages(graph: FakeGraph, both: CalendarSync) -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    made = put_right(both, first, last)
    assert set(made) == {"event made"}
    assert len(graph.calendar.standing) == len(made) > 10
    assert said(both, first, last) == []
    assert put_right(both, first, last) == []


def test_an_event_made_by_hand_is_adopted_and_nobody_is_invited_again(graph: FakeGraph, both: CalendarSync) -> None:
    event = graph.calendar.entered_by_hand("MHHS PSG November", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    assert [difference for difference, _ in said(both)] == [Difference.UNMARKED]
    assert put_right(both) == ["event adopted"]
    assert graph.calendar.standing == [event]
    assert graph.calendar.told == []
    assert put_right(both) == []
    assert said(both) == []


@pytest.mark.parametrize("cut", ["after", "silence"])
def test_cut_after_the_event_was_made_the_next_round_finds_it(graph: FakeGraph, both: CalendarSync, cut: str) -> None:
    graph.meet("create event", Fault(cut=cut))
    hasty = replace(both, mailbox=opened(graph, timeout=0.5))
    with pytest.raises(SecretariatError, match=r"Run it again: what was made is found, and not made twice\."):
        put_right(hasty)
    assert len(graph.calendar.events) == 1
    assert put_right(both) == []
    assert len(graph.calendar.events) == 1
    assert [what for what, _ in graph.calendar.told] == ["invited"]


def test_the_same_request_twice_makes_one_event(graph: FakeGraph, both: CalendarSync) -> None:
    """What Graph itself does by the transactionId, should two rounds run at once."""
    meeting = both.calendar.meeting_on("PSG", DAY)
    assert meeting
    one = both.mailbox.create(meeting, subject="PSG", text="", attendees=[])
    assert opened(graph).create(meeting, subject="PSG", text="", attendees=[]) == one
    assert len(graph.calendar.events) == 1


def test_where_graph_keeps_our_marks_to_itself_there_is_still_no_second_event(
    graph: FakeGraph, both: CalendarSync
) -> None:
    graph.calendar.view_expands = False
    put_right(both)
    assert "event made" not in put_right(both)
    [event] = graph.calendar.standing
    event.update(subject="Renamed")
    assert "event made" not in put_right(both)
    assert [what for what, _ in graph.calendar.told] == ["invited"]


KILLED_AFTER_CREATING = """
import os, signal, sys
from datetime import date
from pathlib import Path
from bot.adapters.graph_calendar import GraphCalendar
from bot.adapters.graph_connection import GraphAccount
from bot.config_file import read_config
from bot.store.database import Database
from schedules.calendar_sync import CalendarSync
from schedules.series import Calendar
from tests.test_graph_calendar import DAY, NOW

class Killed(GraphCalendar):
    def create(self, *args, **kwargs):
        super().create(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

database, tenant, client, secret, mailbox, url, authority = sys.argv[1:]
account = GraphAccount(tenant, client, secret, mailbox, url, authority)
both = CalendarSync(Database(database), Calendar(read_config(Path("config.yaml"))), Killed(account))
for step in both.steps(DAY, DAY, NOW):
    both.take(step, NOW)
"""


def test_killed_between_the_event_and_our_note_of_it_the_next_round_adopts_it(
    graph: FakeGraph, both: CalendarSync, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED_AFTER_CREATING, both.database.url]
    command += [TENANT, CLIENT_ID, SECRET, MAILBOX, graph.url, graph.authority]
    killed = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    [event] = graph.calendar.standing
    event.update(subject="Renamed", start={"dateTime": "2026-12-04T10:00:00.0000000", "timeZone": "UTC"})
    event.update(end={"dateTime": "2026-12-04T12:00:00.0000000", "timeZone": "UTC"})  # and a person has moved it since
    assert put_right(both) == [""]
    assert graph.calendar.events == [event]
    [step] = both.steps(DAY, DAY, NOW)
    assert step.sentence == (
        "PSG on Wednesday 4 November 2026, 10:00 (London) has another time in the calendar: "
        "Friday 4 December 2026, 10:00 (London) to 12:00. A person decides: change the calendar, or the meeting."
    )


def test_what_was_deleted_by_hand_is_not_made_again(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    graph.calendar.events[0]["_deleted"] = True
    [step] = both.steps(DAY, DAY, NOW)
    assert "deleted by hand, so it is not made again" in step.sentence
    assert put_right(both) == [""]
    assert graph.calendar.standing == []


def test_our_move_reaches_the_event_and_keeps_its_link(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    [event] = graph.calendar.standing
    link = event["onlineMeeting"]
    moved = change(
        both, starts_at=datetime(2026, 11, 11, 10, tzinfo=UTC), ends_at=datetime(2026, 11, 11, 13, tzinfo=UTC)
    )
    first, last = DAY, date(2026, 11, 30)
    assert [d for d, text in said(both, first, last) if text.startswith("PSG on")] == [Difference.OUTDATED]
    assert put_right(both, DAY, DAY) == ["event updated"], "seen from the old day alone, too"
    [read] = both.mailbox.events(NOW, NOW + timedelta(days=60))
    assert (read.starts_at, read.ends_at, read.revision) == (moved.starts_at, moved.ends_at, 1)
    assert graph.calendar.standing[0]["onlineMeeting"] == link
    assert [what for what, _ in graph.calendar.told] == ["invited", "updated"]
    assert put_right(both, DAY, DAY) == []


def test_what_a_person_moved_in_outlook_is_reported_and_left(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    [event] = graph.calendar.standing
    event["start"]["dateTime"], event["end"]["dateTime"] = "2026-11-04T14:00:00.0000000", "2026-11-04T16:00:00.0000000"
    assert said(both) == [
        (
            Difference.MOVED_THERE,
            "PSG on Wednesday 4 November 2026, 10:00 (London) has another time in the calendar: "
            "Wednesday 4 November 2026, 14:00 (London) to 16:00.",
        )
    ]
    assert put_right(both) == [""]
    assert event["start"]["dateTime"] == "2026-11-04T14:00:00.0000000"
    assert [what for what, _ in graph.calendar.told] == ["invited"]


def test_one_entered_by_hand_at_another_time_is_reported_and_no_second_one_made(
    graph: FakeGraph, both: CalendarSync
) -> None:
    graph.calendar.entered_by_hand("Programme Steering Group", "2026-11-04T11:00:00", "2026-11-04T12:00:00")
    assert [difference for difference, _ in said(both)] == [Difference.MOVED_THERE]
    assert put_right(both) == [""]
    assert len(graph.calendar.events) == 1


def test_a_cancelled_meeting_takes_our_event_away_and_no_other(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    change(both, status=MeetingStatus.CANCELLED)
    graph.calendar.entered_by_hand("PSG pre-meet with Ofgem", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    assert sorted(put_right(both)) == ["", "event cancelled"]
    assert [event["subject"] for event in graph.calendar.standing] == ["PSG pre-meet with Ofgem"]
    assert [what for what, _ in graph.calendar.told] == ["invited", "cancelled"]
    change(both, status=MeetingStatus.MOVED, starts_at=datetime(2026, 11, 5, 10, tzinfo=UTC),
           ends_at=datetime(2026, 11, 5, 12, tzinfo=UTC))  # fmt: skip
    assert "event made" in put_right(both, date(2026, 11, 5), date(2026, 11, 5)), "called again, it is made anew"


def test_the_mailboxs_own_affairs_are_left_out(graph: FakeGraph, both: CalendarSync) -> None:
    put_right(both)
    graph.calendar.entered_by_hand("Dentist", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    assert said(both) == []
    graph.calendar.entered_by_hand("PSG again", "2026-11-04T16:00:00", "2026-11-04T17:00:00")
    assert said(both) == [
        (
            Difference.EXTRA,
            "The calendar has “PSG again”, Wednesday 4 November 2026, 16:00 (London), which is no meeting of ours.",
        )
    ]


def test_a_date_only_proposed_is_not_put_into_the_calendar(graph: FakeGraph, both: CalendarSync) -> None:
    change(both, status=MeetingStatus.PROPOSED_MOVE)
    assert put_right(both) == []
    graph.calendar.entered_by_hand("PSG", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    assert [difference for difference, _ in said(both)] == [Difference.PROPOSED]


def test_a_refusal_says_what_to_do(graph: FakeGraph, both: CalendarSync) -> None:
    graph.meet("view", Fault(status=403, code="ErrorAccessDenied"))
    with pytest.raises(SecretariatError, match=r"grant it Calendars\.ReadWrite for it \[ErrorAccessDenied\]"):
        said(both)
    graph.meet("view", Fault(status=429, code="TooManyRequests"))
    with pytest.raises(SecretariatError, match="asks to send more slowly"):
        said(both)


def test_a_group_is_named_by_its_key_or_its_name(config: Config) -> None:
    assert groups_named("MHHS PSG: November", config) == {"PSG"}
    assert "PSG" not in groups_named("PSG-WEBINAR", config)
    assert groups_named("the programme steering group meets", config) == {"PSG"}
    assert groups_named("PSGs and others", config) == set()


def test_the_stand_in_answers_in_graphs_own_shapes(graph: FakeGraph, both: CalendarSync) -> None:
    """Each answer used here has the keys of Microsoft's sample of it."""
    created, listing, changed, cancelled = [
        mock["response"] for mock in json.loads(SAMPLES.read_text(encoding="utf-8"))["mocks"]
    ]
    put_right(both)
    bearer = {"Authorization": f"Bearer {next(iter(graph.tokens))}"}
    events = f"{graph.url}v1.0/users/{MAILBOX}/events"
    asked = {"subject": "x", "start": graph.calendar.events[0]["start"], "end": graph.calendar.events[0]["end"]}
    made = requests.post(events, headers=bearer, json=asked, timeout=5)
    assert made.status_code == created["statusCode"]
    assert set(created["body"]) - {"@odata.context"} <= set(made.json())
    period = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    fields = {"$select": "subject,body,bodyPreview,organizer,attendees,start,end,location"}
    view = requests.get(events.replace("events", "calendarView"), headers=bearer, params=period | fields, timeout=5)
    assert set(view.json()) == set(listing["body"])
    first, sample = view.json()["value"][0], listing["body"]["value"][0]
    assert set(sample) - {"locations"} == set(first)
    assert all(set(first[name]) == set(sample[name]) for name in ("start", "end"))
    assert len(first["start"]["dateTime"]) == len(sample["start"]["dateTime"])
    address = f"{events}/{made.json()['id']}"
    answer = requests.patch(address, headers=bearer, json={"subject": "y"}, timeout=5)
    assert answer.status_code == changed["statusCode"]
    assert set(changed["body"]) <= set(answer.json())
    assert "joinUrl" in changed["body"]["onlineMeeting"], "where our reader looks for it"
    gone = requests.post(f"{address}/cancel", headers=bearer, json={"comment": "z"}, timeout=5)
    assert (gone.status_code, gone.content) == (cancelled["statusCode"], b"")


def at_a_terminal(graph: FakeGraph, state: Path, mode: str, *arguments: str) -> Result:
    settings = {
        "SECRETARIAT_PATHS__STATE": str(state),
        "SECRETARIAT_INVITATIONS": mode,
        "SECRETARIAT_MAILBOXES__PMO__ADDRESS": MAILBOX,
        "SECRETARIAT_MAIL__GRAPH__TENANT_ID": TENANT,
        "SECRETARIAT_MAIL__GRAPH__CLIENT_ID": CLIENT_ID,
        "SECRETARIAT_MAIL__GRAPH__URL": graph.url,
        "SECRETARIAT_MAIL__GRAPH__AUTHORITY": graph.url,
        "SECRETARIAT_GRAPH_CLIENT_SECRET": SECRET,
    }
    words = ["--config", str(ROOT / "config.yaml"), "--now", NOW.isoformat(), "invitations", *arguments]
    return CliRunner().invoke(app, [*words, "--from", DAY.isoformat(), "--to", DAY.isoformat()], env=settings)


def test_the_commands_compare_rehearse_and_put_right(graph: FakeGraph, tmp_path: Path) -> None:
    rehearsed = at_a_terminal(graph, tmp_path, "graph", "sync", "--dry-run")
    assert rehearsed.exit_code == 0, rehearsed.output
    assert "is not in the calendar. The event is made, with a joining link" in rehearsed.stdout
    assert "1 would be done; nothing was." in rehearsed.stderr
    assert graph.calendar.events == []
    assert at_a_terminal(graph, tmp_path, "graph", "sync").exit_code == 0
    assert len(graph.calendar.standing) == 1
    again = at_a_terminal(graph, tmp_path, "graph", "sync")
    assert (again.stdout, again.stderr) == ("", "0 done.\n")


def test_nobody_is_invited_while_sending_is_stopped_or_the_installation_is_in_shadow(
    graph: FakeGraph, tmp_path: Path
) -> None:
    assert at_a_terminal(graph, tmp_path, "graph", "sync", "--dry-run").exit_code == 0  # makes the database
    database = Database(f"sqlite:///{tmp_path / 'secretariat.db'}")
    with database.session() as session:
        brakes.pull(session, brakes.ALL, by="Tobias Wrenfield", reason="", now=NOW)
    assert "Sending is stopped. Let it go on first" in str(at_a_terminal(graph, tmp_path, "graph", "sync").exception)
    with database.session() as session:
        brakes.let_go(session, brakes.ALL, by="Tobias Wrenfield", now=NOW)
        facts.remember(session, outbox.SHADOW_UNTIL, (NOW + timedelta(days=14)).isoformat())
    database.close()
    assert "in shadow: nothing leaves" in str(at_a_terminal(graph, tmp_path, "graph", "sync").exception)
    assert graph.calendar.events == []


def test_where_the_pmo_invites_by_hand_the_calendar_is_only_compared(graph: FakeGraph, tmp_path: Path) -> None:
    refused = at_a_terminal(graph, tmp_path, "manual", "sync")
    assert isinstance(refused.exception, SecretariatError)
    assert "so the calendar is only compared. Use `secretariat invitations compare`" in str(refused.exception)
    graph.calendar.entered_by_hand("PSG", "2026-11-04T10:00:00", "2026-11-04T12:00:00")
    agreed = at_a_terminal(graph, tmp_path, "manual", "compare")
    assert (agreed.exit_code, agreed.stdout, agreed.stderr) == (0, "", "Nothing differs.\n")
    by_mail = at_a_terminal(graph, tmp_path, "mail", "compare")
    assert isinstance(by_mail.exception, SecretariatError)
    assert "Invitations go by mail here" in str(by_mail.exception)
