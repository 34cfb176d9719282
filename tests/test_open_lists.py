"""The lists of open groups: whoever joins is invited and gets what those with a seat get, and counts nowhere."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar as ICalendar
from sqlalchemy import select

from bot import members, open_lists
from bot.config import Config
from bot.drafts import attendance_rows
from bot.errors import NotAllowed, UnknownThing
from bot.members import MemberLine
from bot.model import Meeting, Person
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from schedules.changes import Wanted, enact
from schedules.feeds import feed_of, of_person
from schedules.finding import find_meeting
from schedules.joining import join, leave
from schedules.series import Calendar
from tests.office import Office
from tests.test_invitations_sent import STARTED, House

MARCH = date(2026, 3, 12)  # a Thursday; its invitations go on 12 February
INVITED = datetime(2026, 2, 12, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 2, 20, 12, tzinfo=UTC)
HARRIET, ANSELM, SECRETARY = "Harriet Bassington", "Anselm Quigley", "Ifeoma Castellane"
ADDRESS = "harriet.bassington@example.org"


@pytest.fixture
def house(tmp_path: Path, config: Config, database: Database, people: dict[str, Person]) -> House:
    few = {key: config.groups[key] for key in ("PSG", "PSG-WEBINAR", "MCAG", "MWG", "DAG", "SDWG", "TMAG")}
    built = House(tmp_path, config.model_copy(update={"groups": few}), database)
    built.round(STARTED)
    return built


def joins(house: House, person: Person, at: datetime, group: str = "MWG") -> bool:
    with house.database.session() as session:
        return join(session, house.announcer, group, person, at)


def leaves(house: House, person: Person, at: datetime, group: str = "MWG") -> list[date]:
    with house.database.session() as session:
        return [meeting.on for meeting in leave(session, house.announcer, group, person, at)]


def seat(house: House, name: str, group: str = "MWG") -> None:
    line = MemberLine(
        name, f"{name.lower().replace(' ', '.')}@example.org", "", "An invented body", "Large Supplier", group,
        "Large Supplier Representative", "member", date(2023, 1, 1), None, "",
    )  # fmt: skip
    with house.database.session() as session:
        members.import_members(session, [line])


def meeting(house: House, group: str = "MWG", on: date = MARCH) -> Meeting:
    with house.database.session() as session:
        return find_meeting(session, house.announcer.calendar, group, on)


def told(house: House, address: str = ADDRESS, uid: str = "mwg-2026-03-12") -> list[tuple[str, int]]:
    """(method, sequence) of what was mailed to an address of one meeting, as the last word of a calendar has it."""
    found: list[tuple[datetime, str, int]] = []
    for path in house.sent.iterdir():
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        for part in mail.walk():
            if part.get_content_type() == "text/calendar" and address in str(mail["To"]):
                event: Any = ICalendar.from_ical(part.get_content()).walk("VEVENT")[0]
                if str(event["UID"]).startswith(uid):
                    found.append((event["DTSTAMP"].dt, str(part.get_param("method")), int(event["SEQUENCE"])))
    return [(method, sequence) for _, method, sequence in sorted(found)]


# ------------------------------------------------------------------------------------------------------------ invited


def test_who_joins_early_is_invited_with_the_others(house: House, people: dict[str, Person]) -> None:
    assert joins(house, people[HARRIET], STARTED + timedelta(days=1))
    assert not joins(house, people[HARRIET], STARTED + timedelta(days=2)), "once"
    house.round(INVITED - timedelta(days=1))
    assert told(house) == []
    house.round(INVITED)
    house.round(INVITED + timedelta(days=1))
    assert told(house) == [("REQUEST", 0)]


def test_who_joins_later_is_invited_at_once_and_once(house: House, people: dict[str, Person]) -> None:
    house.round(INVITED)
    joins(house, people[HARRIET], LATER)
    house.round(LATER + timedelta(minutes=1))
    house.round(LATER + timedelta(days=1))
    assert told(house) == [("REQUEST", 0)]
    with house.database.reading() as session:
        [row] = session.scalars(select(OutboxRow).where(OutboxRow.meeting_uid == meeting(house).uid)).all()
    assert row.note == "", "it does not come late: nobody knew before"
    assert "which anybody may join or leave" in row.text
    assert "name an alternate" not in row.text


@pytest.mark.long
def test_who_leaves_loses_the_coming_meetings_and_who_returns_has_them_again(
    house: House, people: dict[str, Person]
) -> None:
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    house.round(INVITED)
    assert leaves(house, people[HARRIET], LATER) == [MARCH]
    house.round(LATER + timedelta(minutes=1))
    assert told(house) == [("REQUEST", 0), ("CANCEL", 0)], "the same SEQUENCE, a later DTSTAMP"
    assert joins(house, people[HARRIET], LATER + timedelta(hours=1))
    house.round(LATER + timedelta(hours=2))
    house.round(LATER + timedelta(hours=3))
    assert told(house) == [("REQUEST", 0), ("CANCEL", 0), ("REQUEST", 0)]
    assert leaves(house, people[HARRIET], LATER + timedelta(hours=4)) == [MARCH]
    house.round(LATER + timedelta(hours=5))
    assert told(house)[-1] == ("CANCEL", 0)


def test_who_leaves_before_being_invited_hears_nothing(house: House, people: dict[str, Person]) -> None:
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    assert leaves(house, people[HARRIET], STARTED + timedelta(days=2)) == []
    house.round(INVITED)
    assert told(house) == []
    with pytest.raises(UnknownThing, match="Harriet Bassington is not on the list of MWG"):
        leaves(house, people[HARRIET], LATER)


def test_what_waits_is_taken_back_from_who_leaves(house: House, people: dict[str, Person]) -> None:
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    secretary = people[SECRETARY]
    house.round(INVITED)
    with house.database.session() as session:
        enact(session, house.announcer, Wanted("move", "MWG", MARCH, secretary, to=date(2026, 3, 19)), INVITED)
    leaves(house, people[HARRIET], LATER)
    house.round(LATER + timedelta(minutes=1))
    with house.database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.recipient == people[HARRIET].id)).all()
        assert {row.state_reason for row in rows if row.kind == "move"} == {"left the list"}
    assert told(house)[-1] == ("CANCEL", 1), "for the meeting as it is now"


def test_a_seat_and_the_list_bring_one_invitation_and_the_seat_stays(house: House, people: dict[str, Person]) -> None:
    seat(house, HARRIET)
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    house.round(INVITED)
    assert told(house) == [("REQUEST", 0)]
    with house.database.reading() as session:
        recipients = house.announcer.report_recipients(session, meeting(house))
    assert [p.name for p in recipients] == [HARRIET]
    assert leaves(house, people[HARRIET], LATER) == []
    house.round(LATER + timedelta(minutes=1))
    assert told(house) == [("REQUEST", 0)]


def test_a_move_tells_the_list_and_updates_its_calendars(house: House, people: dict[str, Person]) -> None:
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    house.round(INVITED)
    house.change(Wanted("move", "MWG", MARCH, people[SECRETARY], to=date(2026, 3, 19)))
    house.round(LATER)
    house.change(Wanted("cancel", "MWG", date(2026, 3, 19), people[SECRETARY]))
    house.round(LATER + timedelta(days=1))
    assert told(house) == [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]


def test_nobody_comes_into_a_closed_group_by_a_list(house: House, people: dict[str, Person]) -> None:
    joins(house, people[ANSELM], STARTED + timedelta(days=1))
    on = date(2026, 3, 25)
    house.change(Wanted("add", "MWG", on, people[SECRETARY], joint_with=("SDWG",)))
    with house.database.reading() as session:
        listed = open_lists.of_meeting(session, house.announcer.config, meeting(house, on=on))
        assert listed == []
        usual = open_lists.of_meeting(session, house.announcer.config, meeting(house))
        assert [entry.person.name for entry in usual] == [ANSELM]


# ------------------------------------------------------------------------------------------------------- and no member


def test_the_report_goes_to_the_list_which_counts_nowhere(house: House, people: dict[str, Person]) -> None:
    seat(house, ANSELM)
    joins(house, people[HARRIET], STARTED + timedelta(days=1))
    march = meeting(house)
    with house.database.reading() as session:
        assert {p.name for p in house.announcer.report_recipients(session, march)} == {ANSELM, HARRIET}
        held = members.at_tables(session, march)
        assert [row.name for row in attendance_rows(held)] == [ANSELM]
        assert [p.name for p in members.recipients(held, "representatives")] == [ANSELM]
        assert members.constituency_of(session, people[HARRIET].id, "MWG", MARCH) is None
        assert open_lists.entries(session, "MWG", STARTED.date()) == [], "not before the day of joining"


def test_a_persons_own_calendar_has_the_lists_meetings(house: House, people: dict[str, Person], config: Config) -> None:
    def calendar() -> str:
        with house.database.reading() as session:
            return feed_of(session, Calendar(config), of_person(people[ANSELM].id), now=LATER)

    assert "mwg-2026-03-12" not in calendar()
    joins(house, people[ANSELM], LATER)
    assert "mwg-2026-03-12" in calendar()


@pytest.mark.parametrize("group", ["PSG", "SDWG", "PSG-WEBINAR", "TMAG"])
def test_a_closed_group_says_how_to_get_a_seat(house: House, people: dict[str, Person], group: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        joins(house, people[ANSELM], LATER, group)
    assert str(refused.value) == (
        f"{group} has no list that anybody may join: its seats are filled by nomination. To be nominated for a seat, "
        "write to the PMO (pmo@mhhsprogramme.co.uk)."
    )
    with house.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "access refused")).one()
        assert (row.actor, row.subject, row.detail["reason"]) == (ANSELM, f"join {group}", "the group is closed")
        assert open_lists.of_person(session, people[ANSELM].id, LATER.date()) == []


def test_a_group_that_has_closed_since_may_be_left(house: House, people: dict[str, Person]) -> None:
    joins(house, people[ANSELM], STARTED)
    groups = house.announcer.config.groups
    closed = {**groups, "MWG": groups["MWG"].model_copy(update={"attendance": "closed"})}
    config = house.announcer.config.model_copy(update={"groups": closed})
    march = meeting(house)
    with house.database.session() as session:
        assert open_lists.of_meeting(session, config, march) == []
        assert open_lists.take_off(session, "MWG", people[ANSELM], LATER)


# ------------------------------------------------------------------------------------------------------------ commands


@pytest.fixture
def office(office: Office) -> Office:
    office.at, office.within = LATER.isoformat(), ("lists",)
    return office


def test_the_commands(office: Office) -> None:
    assert office("join", "mwg", "--person", HARRIET) == (True, f"{HARRIET} is on the list of MWG.\n")
    assert office("join", "MWG", "--person", HARRIET) == (True, f"{HARRIET} is on the list of MWG already.\n")
    shown = office("show", "MWG")[1]
    assert HARRIET in shown
    assert "20 February 2026" in shown
    assert office("leave", "MWG", "--person", HARRIET) == (
        True,
        f"{HARRIET} is no longer on the list of MWG.\n",
    )
    assert HARRIET not in office("show", "MWG")[1]
    assert office("leave", "MWG", "--person", HARRIET)[0] is False
    assert "filled by nomination" in office("leave", "PSG", "--person", HARRIET)[1]
    assert "There is no group NOGROUP" in office("join", "NOGROUP", "--person", HARRIET)[1]
    assert "Nobody Known is not on file" in office("join", "MWG", "--person", "Nobody Known")[1]
