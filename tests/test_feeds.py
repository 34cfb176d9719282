"""Calendars to subscribe to, as a calendar program meets them: a real server, no session, an independent reader."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import icalendar
import pytest
import recurring_ical_events
import uvicorn
from sqlalchemy import select
from typer.testing import CliRunner

from bot import meetings, members
from bot.adapters.content_files import ContentFolder
from bot.cli import app
from bot.clock import Clock
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import MeetingStatus
from bot.places import Places
from bot.store.database import Database
from bot.store.people_tables import PersonRow
from handlers.web.desk import Desk
from handlers.web.pages import page_app
from schedules.announcements import Announcer
from schedules.feeds import of_group, of_person
from schedules.series import Calendar
from tests.secretariat_process import ROOT

NOW = datetime(2025, 12, 5, 9, 30, tzinfo=UTC)
SECRET = "an invented secret"
MEMBERS = """person,email,slack_user_id,organisation,constituency,group,seat,role,from,to,alternate_for
Ann Onymous,ann@example.org,,Invented Ltd,,PSG,Large Supplier Representative,member,2024-01-01,2026-01-31,
Ann Onymous,ann@example.org,,Invented Ltd,,SITAG,Member,member,2026-02-01,,
Pat Programme,pat@example.org,,PMO,,,Programme Office,pmo_lead,2024-01-01,,
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, config: Config) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("feeds")
    database = Database(f"sqlite:///{folder}/secretariat.db")
    database.bring_up_to_date()
    (folder / "members.csv").write_text(MEMBERS)
    calendar = Calendar(config)
    with database.session() as session:
        members.import_members(session, members.read_members_file(folder / "members.csv", config.groups))
        planned = calendar.meetings(date(2026, 1, 1), date(2026, 3, 31), ["PSG"])
        january, february, march = planned
        week = timedelta(days=7)
        meetings.decide(session, replace(january, status=MeetingStatus.CANCELLED, revision=1))
        meetings.decide(
            session,
            replace(
                february, status=MeetingStatus.MOVED, revision=2, starts_at=february.starts_at + week,
                ends_at=february.ends_at + week,
            ),
        )  # fmt: skip
        meetings.decide(session, replace(march, status=MeetingStatus.PROPOSED_MOVE))
    yield Desk(
        database=database, config=config, clock=Clock(NOW), calendar=calendar,
        announcer=Announcer(config=config, calendar=calendar, page=lambda: "http://127.0.0.1:8765"),
        files=ContentFolder(folder / "content"), slack_messages=list, entry_key="once-only",
        session_secret="of a test", feed_secret=SECRET,
    )  # fmt: skip
    database.close()


@pytest.fixture(scope="module")
def program(desk: Desk) -> Iterator[httpx.Client]:
    """A calendar program: it has an address, and no session."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(page_app(desk, []), log_level=logging.CRITICAL, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        limit = time.monotonic() + 10
        while not server.started and time.monotonic() < limit:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def id_of(desk: Desk, name: str) -> str:
    with desk.database.reading() as session:
        return session.scalars(select(PersonRow.id).where(PersonRow.name == name)).one()


def subscribed(program: httpx.Client, address: str) -> list[Any]:
    """The events that a subscriber reads, in order."""
    answer = program.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "set-cookie" not in answer.headers
    calendar = icalendar.Calendar.from_ical(answer.text)
    seen = recurring_ical_events.of(calendar).between(date(2025, 1, 1), date(2028, 1, 1))
    assert len(seen) == len(calendar.walk("VEVENT"))
    return sorted(seen, key=lambda event: (event["DTSTART"].dt, str(event["UID"])))


def days_of(events: list[Any], group: str) -> list[date]:
    return [e["DTSTART"].dt.date() for e in events if str(e["SUMMARY"]).startswith(f"{group}: ")]


def test_a_groups_calendar_is_its_meetings_as_they_stand(program: httpx.Client) -> None:
    events = subscribed(program, of_group("PSG").address(SECRET))
    days = days_of(events, "PSG")
    assert len(days) == len(events), "no other group's"
    assert (days[0], days[-1]) == (date(2025, 11, 5), date(2027, 1, 6)), "60 days back to 400 days ahead"
    told = {e["DTSTART"].dt.date(): (str(e["STATUS"]), e["SEQUENCE"]) for e in events}
    assert told[date(2026, 1, 7)] == ("CANCELLED", 1), "it stays, so that subscribers lose it"
    assert told[date(2026, 2, 11)] == ("CONFIRMED", 2)
    assert date(2026, 2, 4) not in told, "moved away"
    assert not [day for day in days if (day.year, day.month) == (2026, 3)], "nobody is told a date only proposed"


def test_a_persons_calendar_follows_the_seats_held_on_the_day(program: httpx.Client, desk: Desk) -> None:
    events = subscribed(program, of_person(id_of(desk, "Ann Onymous")).address(SECRET))
    psg, sitag = days_of(events, "PSG"), days_of(events, "SITAG")
    assert psg == [date(2025, 11, 5), date(2025, 12, 3), date(2026, 1, 7)], "she left PSG on 31 January"
    assert sitag
    assert min(sitag) >= date(2026, 2, 1)
    assert len(events) == len(psg) + len(sitag)


def test_a_seat_of_the_whole_programme_is_a_seat_everywhere(program: httpx.Client, desk: Desk) -> None:
    events = subscribed(program, of_person(id_of(desk, "Pat Programme")).address(SECRET))
    assert len({str(e["SUMMARY"]) for e in events}) > 10


@pytest.mark.parametrize("token", ["PSG", "group:PSG", "0" * 64, "%C3%A9", of_group("PSG").token("another secret")])
def test_an_address_that_opens_nothing_says_so_and_no_more(program: httpx.Client, token: str) -> None:
    refused = program.get(f"/feeds/{token}.ics")
    assert refused.status_code == 404
    assert "There is no calendar at this address: ask the PMO for yours." in refused.text
    assert "BEGIN:VCALENDAR" not in refused.text


def test_one_address_tells_nothing_of_another() -> None:
    tokens = {of_group("PSG").token(SECRET), of_group("SITAG").token(SECRET), of_person("PSG").token(SECRET)}
    assert len(tokens) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in tokens)


def test_a_group_no_longer_configured_has_no_calendar(program: httpx.Client) -> None:
    assert program.get(of_group("GONE").address(SECRET)).status_code == 404


def test_a_foreign_host_is_refused(program: httpx.Client) -> None:
    assert program.get(of_group("PSG").address(SECRET), headers={"host": "evil.example"}).status_code == 400


def test_the_pages_lead_to_the_address(program: httpx.Client, desk: Desk) -> None:
    with httpx.Client(base_url=program.base_url, trust_env=False) as browser:
        browser.get("/enter/once-only")
        calendar = browser.get("/calendar?from=2026-02-01&to=2026-02-28")
        meeting = browser.get(f"/meetings/psg-2026-02-04@{desk.config.programme.domain}")
    link = f'href="{of_group("PSG").address(SECRET)}"'
    assert link in calendar.text
    assert f'href="{of_group("SITAG").address(SECRET)}"' in calendar.text
    assert link in meeting.text


def test_the_terminal_gives_the_addresses_of_this_installation(tmp_path: Path) -> None:
    state = {"SECRETARIAT_PATHS__STATE": str(tmp_path)}
    asked = CliRunner().invoke(app, ["--config", str(ROOT / "config.yaml"), "feed", "psg"], env=state)
    assert asked.exit_code == 0, asked.output
    address = of_group("PSG").address(Places(tmp_path).generated_secret("feeds"))
    assert asked.stdout == f"http://127.0.0.1:8765{address}\n"
    nobody = CliRunner().invoke(app, ["--config", str(ROOT / "config.yaml"), "feed", "Nobody At All"], env=state)
    assert isinstance(nobody.exception, SecretariatError)
    assert "Nobody At All is not on file." in str(nobody.exception)
