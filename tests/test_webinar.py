"""The webinar goes with the PSG that it prepares: moved with it, cancelled with it, and left alone where it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot import meetings, members
from bot.config import Config
from bot.config_groups import DatedEntry
from bot.model import Meeting, MeetingStatus, Person
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import Announcer
from schedules.changes import Consequences, Wanted, enact
from schedules.due import queue_due
from schedules.finding import find_meeting
from schedules.series import Calendar
from tests.secretariat_process import secretariat

NOW = datetime(2026, 2, 9, 9, tzinfo=UTC)  # a Monday
MARCH = date(2026, 3, 4)  # PSG, a Wednesday
FEBRUARY = date(2026, 2, 26)  # its webinar, a Thursday: four working days before (3 2 | 27 26)
Change = Callable[..., Consequences]


@pytest.fixture
def announcer(config: Config) -> Announcer:
    return Announcer(config, Calendar(config), lambda: "")


SEATED = """person,email,slack_user_id,organisation,constituency,group,seat,role,from,to,alternate_for
Harriet Bassington,harriet.bassington@example.org,,,Large Supplier,PSG-WEBINAR,Supplier,member,2023-01-01,,
"""


@pytest.fixture
def secretary(tmp_path: Path, database: Database, people: dict[str, Person], config: Config) -> Person:
    """The secretary, with a representative at the webinar's table: the sample seats only the PMO there."""
    file = tmp_path / "webinar.csv"
    file.write_text(SEATED, encoding="utf-8")
    with database.session() as session:
        members.import_members(session, members.read_members_file(file, config.groups))
    return people["Tobias Wrenfield"]


@pytest.fixture
def change(database: Database, announcer: Announcer, secretary: Person) -> Change:
    """Makes a change as the secretary: `change("move", "PSG", MARCH, to=...)`."""

    def make(action: str, group: str, on: date, *, now: datetime = NOW, **more: object) -> Consequences:
        with database.session() as session:
            return enact(session, announcer, Wanted(action, group, on, secretary, **more), now)  # type: ignore[arg-type]

    return make


def webinar(database: Database, announcer: Announcer) -> Meeting:
    """The webinar of 26 February as it stands."""
    with database.session() as session:
        return find_meeting(session, announcer.calendar, "PSG-WEBINAR", FEBRUARY)


def test_it_keeps_its_working_days_before_its_psg_and_its_time(
    database: Database, announcer: Announcer, change: Change
) -> None:
    """PSG on Tuesday 10 March: 9 | 6 5 4, a Wednesday, though PSG's own usual hours are then."""
    found = change("move", "PSG", MARCH, to=date(2026, 3, 10))
    [also] = found.also
    assert also.before == announcer.calendar.meeting_on("PSG-WEBINAR", FEBRUARY)
    after = webinar(database, announcer)
    assert after == also.after
    assert (after.starts_at, after.ends_at) == (
        datetime(2026, 3, 4, 11, 30, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)
    )  # fmt: skip
    assert (after.status, after.revision) == (MeetingStatus.MOVED, 1)
    assert after.reason == "PSG, which it prepares, is on Tuesday 10 March 2026"


def test_its_members_are_told_once_of_each_change(database: Database, announcer: Announcer, change: Change) -> None:
    told = change("move", "PSG", MARCH, to=date(2026, 3, 10)).also[0].told
    with database.reading() as session:
        query = select(OutboxRow).where(OutboxRow.group_key == "PSG-WEBINAR", OutboxRow.kind == "move")
        rows = session.scalars(query).all()
        assert [person.name for person in told] == ["Harriet Bassington"]
        assert Counter(row.recipient for row in rows) == {person.id: 1 for person in told}
        assert "is now on Wednesday 4 March 2026" in rows[0].text
        assert "Thursday 26 February 2026" in rows[0].text


def test_there_and_back_restores_it(database: Database, announcer: Announcer, change: Change) -> None:
    before = webinar(database, announcer)
    change("move", "PSG", MARCH, to=date(2026, 3, 10))
    change("move", "PSG", date(2026, 3, 10), to=MARCH)
    after = webinar(database, announcer)
    assert (after.starts_at, after.ends_at) == (before.starts_at, before.ends_at)
    assert after.revision == 2


def test_a_psg_moved_to_another_hour_leaves_it(database: Database, announcer: Announcer, change: Change) -> None:
    before = webinar(database, announcer)
    found = change("move", "PSG", MARCH, to=MARCH, start=time(14), end=time(16))
    assert (found.also, found.warnings) == ((), ())
    assert webinar(database, announcer) == before


def test_it_is_cancelled_with_its_psg(database: Database, announcer: Announcer, change: Change) -> None:
    [also] = change("cancel", "PSG", MARCH).also
    assert also.after.status is MeetingStatus.CANCELLED
    assert webinar(database, announcer).status is MeetingStatus.CANCELLED
    assert "PSG, which it prepares, is cancelled" in webinar(database, announcer).reason


def test_where_its_day_is_taken_three_others_are_proposed_and_nobody_is_told(
    database: Database, announcer: Announcer, change: Change
) -> None:
    """PSG on Tuesday 24 March: 23 | 20 19 18; on the 18th SITAG meets until 12:00."""
    [also] = change("move", "PSG", MARCH, to=date(2026, 3, 24)).also
    assert also.after.status is MeetingStatus.PROPOSED_MOVE
    assert also.told == ()
    assert "Wednesday 18 March 2026 is past or not free" in also.warnings[0]
    assert len(also.after.proposals) == 3
    assert also.after.on == also.after.proposals[0]
    assert all(NOW.date() < day < date(2026, 3, 24) for day in also.after.proposals)
    confirmed = change("confirm", "PSG-WEBINAR", FEBRUARY)
    assert confirmed.after.on == also.after.proposals[0]
    assert confirmed.told


def test_there_and_back_restores_it_from_a_day_only_proposed(
    database: Database, announcer: Announcer, change: Change
) -> None:
    before = webinar(database, announcer)
    change("move", "PSG", MARCH, to=date(2026, 3, 24))
    change("move", "PSG", date(2026, 3, 24), to=MARCH)
    after = webinar(database, announcer)
    assert (after.starts_at, after.status, after.proposals) == (before.starts_at, MeetingStatus.MOVED, ())


def test_a_day_already_past_is_never_proposed(database: Database, announcer: Announcer, change: Change) -> None:
    """On Friday 20 February, PSG is brought forward to the 25th: 24 23 | 20 19 is past."""
    [also] = change("move", "PSG", MARCH, to=date(2026, 2, 25), now=NOW + timedelta(days=11)).also
    assert also.after.status is MeetingStatus.PROPOSED_MOVE
    assert set(also.after.proposals) <= {date(2026, 2, 23), date(2026, 2, 24)}


def test_with_no_free_day_left_it_stays_and_that_is_said(
    database: Database, announcer: Announcer, change: Change
) -> None:
    found = change("move", "PSG", MARCH, to=date(2026, 2, 24), now=datetime(2026, 2, 23, 9, tzinfo=UTC))
    assert found.also == ()
    assert "finds no free day before it" in found.warnings[-1]
    assert webinar(database, announcer).on == FEBRUARY


def test_one_already_held_is_left_alone(database: Database, announcer: Announcer, change: Change) -> None:
    found = change("move", "PSG", MARCH, to=date(2026, 3, 10), now=datetime(2026, 2, 27, 9, tzinfo=UTC))
    assert found.also == ()
    assert "PSG-WEBINAR (Thursday 26 February 2026, 11:30 (London)) has been held already" in found.warnings[-1]


@pytest.mark.parametrize("action", ["move", "cancel"])
def test_one_cancelled_before_is_left_alone(
    database: Database, announcer: Announcer, change: Change, action: str
) -> None:
    change("cancel", "PSG-WEBINAR", FEBRUARY)
    found = change(action, "PSG", MARCH, to=date(2026, 3, 10) if action == "move" else None)
    assert found.also == ()
    assert "is cancelled already; it is left as it is." in found.warnings[-1]


@pytest.mark.parametrize("action", ["move", "cancel"])
def test_one_moved_by_a_person_before_is_left_alone(
    database: Database, announcer: Announcer, change: Change, action: str
) -> None:
    change("move", "PSG-WEBINAR", FEBRUARY, to=date(2026, 2, 24))
    found = change(action, "PSG", MARCH, to=date(2026, 3, 10) if action == "move" else None)
    assert found.also == ()
    assert "was moved by a person; it is left as it is." in found.warnings[-1]
    assert webinar(database, announcer).on == date(2026, 2, 24)


def test_an_ad_hoc_psg_moves_no_webinar(database: Database, announcer: Announcer, change: Change) -> None:
    change("add", "PSG", date(2026, 3, 9))
    assert change("move", "PSG", date(2026, 3, 9), to=date(2026, 3, 12)).also == ()


def test_a_rehearsal_shows_what_follows(database: Database, announcer: Announcer, secretary: Person) -> None:
    wanted = Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10))
    with database.rehearsal() as session:
        shown = enact(session, announcer, wanted, NOW)
    with database.session() as session:
        assert meetings.by_uid(session, shown.also[0].after.uid) is None
        assert enact(session, announcer, wanted, NOW) == shown


# ------------------------------------------------------------------------------------------ by the configuration alone


def with_entry(config: Config, **entry: object) -> Config:
    made = DatedEntry.model_validate({"group": "PSG", "on": MARCH, "assumed": "a test"} | entry)
    return config.model_copy(update={"dated_entries": [made]})


def planned(config: Config) -> Meeting:
    found = Calendar(config).meeting_on("PSG-WEBINAR", FEBRUARY)
    assert found
    return found


def test_a_dated_entry_takes_it_along(config: Config) -> None:
    moved = planned(with_entry(config, action="move", to=date(2026, 3, 10)))
    assert (moved.on, moved.status, moved.revision) == (date(2026, 3, 4), MeetingStatus.MOVED, 1)
    assert planned(with_entry(config, action="cancel")).status is MeetingStatus.CANCELLED
    taken = planned(with_entry(config, action="move", to=date(2026, 3, 24)))
    assert taken.status is MeetingStatus.PROPOSED_MOVE
    assert len(taken.proposals) == 3
    assert planned(with_entry(config, action="move", to=MARCH, start="14:00", end="16:00")) == planned(config)


def test_its_own_dated_entry_stands(config: Config) -> None:
    both = with_entry(config, action="move", to=date(2026, 3, 10))
    own = DatedEntry(group="PSG-WEBINAR", on=FEBRUARY, action="move", to=date(2026, 2, 25), assumed="a test")
    assert planned(both.model_copy(update={"dated_entries": [*both.dated_entries, own]})).on == date(2026, 2, 25)


@pytest.mark.parametrize(
    ("entry", "on", "status"),
    [
        ({"action": "move", "to": date(2026, 3, 10)}, date(2026, 3, 4), MeetingStatus.MOVED),
        ({"action": "cancel"}, FEBRUARY, MeetingStatus.CANCELLED),
        ({"action": "move", "to": date(2026, 3, 24)}, None, MeetingStatus.PROPOSED_MOVE),
    ],
)
def test_a_dated_entry_made_later_takes_it_along_once(
    database: Database,
    config: Config,
    secretary: Person,
    entry: dict[str, object],
    on: date | None,
    status: MeetingStatus,
) -> None:
    changed = with_entry(config, **entry)
    before, after = (Announcer(c, Calendar(c), lambda: "") for c in (config, changed))
    with database.session() as session:
        queue_due(session, before, NOW)
        for hour in (1, 2, 3):
            queue_due(session, after, NOW + timedelta(hours=hour))
        found = meetings.by_uid(session, planned(config).uid)
        assert found
        assert (found.status, found.revision) == (status, 1)
        assert on in (found.on, None)
        moves = select(OutboxRow.recipient).where(OutboxRow.meeting_uid == found.uid, OutboxRow.kind == "move")
        assert len(session.scalars(moves).all()) == (0 if status is MeetingStatus.PROPOSED_MOVE else 1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(1, 60))
def test_wherever_its_psg_goes_and_comes_back_from_it_is_restored(
    database: Database, announcer: Announcer, secretary: Person, days: int
) -> None:
    elsewhere = MARCH + timedelta(days=days)
    with database.rehearsal() as session:
        before = find_meeting(session, announcer.calendar, "PSG-WEBINAR", FEBRUARY)
        found = enact(session, announcer, Wanted("move", "PSG", MARCH, secretary, to=elsewhere), NOW)
        there = meetings.by_uid(session, before.uid)
        enact(session, announcer, Wanted("move", "PSG", elsewhere, secretary, to=MARCH), NOW)
        back = meetings.by_uid(session, before.uid)
    assert there
    assert there.starts_at < found.after.starts_at
    assert announcer.calendar.closed(there.on) is None
    assert back
    assert (back.starts_at, back.ends_at, back.proposals) == (before.starts_at, before.ends_at, ())


@pytest.mark.long
def test_the_commands_show_it_beneath(tmp_path: Path) -> None:
    state, now = tmp_path / "var", ("--now", NOW.isoformat())
    assert secretariat(state, *now, "members", "import", "sample/members.csv").returncode == 0
    asked = (*now, "meetings", "move", "PSG", "2026-03-04", "--to", "2026-03-10", "--by", "Tobias Wrenfield")
    shown = secretariat(state, *asked, "--dry-run").stdout
    assert "\n  PSG-WEBINAR: Thursday 26 February 2026, 11:30 (London) (scheduled) becomes Wednesday 4 March" in shown
    done = secretariat(state, *asked, "--yes").stdout
    assert "Done: PSG-WEBINAR, Wednesday 4 March 2026, 11:30 (London), moved." in done
