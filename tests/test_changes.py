"""Moving, cancelling, adding and confirming meetings: every clock follows, and what was said is corrected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, meetings, members, outbox
from bot.config import Config
from bot.config_groups import DatedEntry
from bot.errors import SecretariatError
from bot.model import Meeting, MeetingStatus, OutboxState, Person
from bot.store.database import Database
from bot.store.meeting_tables import MeetingRow
from bot.store.outbox_tables import OutboxRow
from schedules.announcements import Announcer
from schedules.changes import Consequences, Wanted, enact
from schedules.due import queue_due
from schedules.finding import find_meeting
from schedules.series import Calendar
from tests.secretariat_process import secretariat

NOW = datetime(2026, 2, 9, 9, tzinfo=UTC)  # a Monday; the next PSG is on Wednesday 4 March 2026
MARCH = date(2026, 3, 4)


@pytest.fixture
def announcer(config: Config) -> Announcer:
    return Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")


@pytest.fixture
def secretary(database: Database, people: None) -> Person:
    with database.reading() as session:
        return members.named(session, "Tobias Wrenfield")


def change(database: Database, announcer: Announcer, wanted: Wanted, now: datetime = NOW) -> Consequences:
    with database.session() as session:
        return enact(session, announcer, wanted, now)


def clocks(database: Database, announcer: Announcer, group: str, day: date) -> dict[str, datetime | None]:
    with database.session() as session:
        meeting = find_meeting(session, announcer.calendar, group, day)
        return {d.kind: d.due_at for d in announcer.clocks_of(session, meeting)}


def instant(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T17:00:00+00:00")


def test_every_clock_follows_a_meeting_that_moves(database: Database, announcer: Announcer, secretary: Person) -> None:
    """PSG of 4 March held on Tuesday 10 March: papers 3 March (9 6 5 4 3), report 12 March."""
    wanted = Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10), reason="The SRO is away.")
    found = change(database, announcer, wanted)
    after = clocks(database, announcer, "PSG", date(2026, 3, 10))
    assert after["papers"] == instant("2026-03-03")
    assert after["headline_report"] == instant("2026-03-12")
    told = {(c.meeting, c.clock): c.after for c in found.clocks}
    assert told["PSG 2026-02-04", "amendments_close"] == instant("2026-03-03")
    assert told["PSG 2026-03-10", "papers"] == instant("2026-03-03")


def test_there_and_back_restores_every_clock_and_reminds_anew(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    before = clocks(database, announcer, "PSG", MARCH)
    change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10)))
    change(database, announcer, Wanted("move", "PSG", date(2026, 3, 10), secretary, to=MARCH))
    assert clocks(database, announcer, "PSG", MARCH) == before
    with database.reading() as session:
        row = session.scalars(select(MeetingRow).where(MeetingRow.uid.startswith("psg-2026-03-04"))).one()
        assert row.revision == 2


def test_a_rehearsal_shows_the_deed_and_changes_nothing(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    wanted = Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10))
    with database.rehearsal() as session:
        shown = enact(session, announcer, wanted, NOW)
    with database.reading() as session:
        assert session.scalars(select(OutboxRow)).all() == []
        assert session.scalars(select(MeetingRow)).all() == []
        assert audit.first_broken_link(session) is None
    assert change(database, announcer, wanted) == shown


def test_what_is_unsent_is_taken_back_and_what_was_sent_is_listed(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    with database.session() as session:
        queue_due(session, announcer, NOW)  # the first start, on which nothing is sent
    later = datetime(2026, 2, 25, 9, 30, tzinfo=UTC)  # papers of 4 March are due today
    with database.session() as session:
        queue_due(session, announcer, later)
        rows = session.scalars(select(OutboxRow).where(OutboxRow.meeting_uid.startswith("psg-2026-03-04"))).all()
        live = [row for row in rows if row.state == OutboxState.PENDING]
        assert live
        outbox.move(live[0], OutboxState.CLAIMED)
        outbox.move(live[0], OutboxState.SENT)
        sent, unsent = live[0].id, [row.id for row in live[1:]]
    found = change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10)), later)
    with database.reading() as session:
        assert session.get_one(OutboxRow, sent).state == OutboxState.SENT
        assert {session.get_one(OutboxRow, one).state for one in unsent} <= {OutboxState.SUPERSEDED}
    assert len(found.now_wrong) == 1
    assert len(found.superseded) == len(unsent)


def test_members_are_told_once_on_a_persons_release(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10), reason="Room."))
    with database.session() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "move")).all()
        assert {row.state for row in rows} == {OutboxState.WITHHELD}
        assert len({row.recipient for row in rows}) == len(rows) >= 15
        assert "is now on Tuesday 10 March 2026" in rows[0].text
        assert "Wednesday 4 March 2026" in rows[0].text
        outbox.release(session, rows[0], by="Tobias Wrenfield", now=NOW)
        assert (rows[0].state, rows[0].released_by) == (OutboxState.PENDING, "Tobias Wrenfield")


def test_a_cancelled_meeting_is_held_after_all_in_its_old_place_and_everybody_is_invited_again(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    before = clocks(database, announcer, "PSG", MARCH)
    change(database, announcer, Wanted("cancel", "PSG", MARCH, secretary))
    with pytest.raises(SecretariatError, match="To hold it after all: secretariat meetings add PSG 2026-03-04"):
        change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10)))
    found = change(database, announcer, Wanted("add", "PSG", MARCH, secretary, reason="It is needed."))
    assert clocks(database, announcer, "PSG", MARCH) == before
    assert (found.after.uid, found.after.revision) == (found.before.uid, 2) if found.before else None
    assert {c.clock for c in found.clocks if c.meeting == "PSG 2026-03-04" and c.before is None} >= {"papers"}
    with database.reading() as session:
        told = session.scalars(select(OutboxRow).where(OutboxRow.kind == "move", OutboxRow.meeting_revision == 2)).all()
        assert len(told) >= 15
        assert {entry.partition(":")[2] for row in told for entry in row.attachments} <= {"invitation.ics"}


def test_a_cancelled_meeting_has_no_clocks_and_leaves_the_window_of_the_report_before_it(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    """Rules §3: when it is cancelled, closing and reissue keep their dates."""
    february = clocks(database, announcer, "PSG", date(2026, 2, 4))
    found = change(database, announcer, Wanted("cancel", "PSG", MARCH, secretary, reason="Nothing to decide."))
    assert found.after.status is MeetingStatus.CANCELLED
    assert clocks(database, announcer, "PSG", date(2026, 2, 4)) == february
    with database.session() as session:
        later = NOW + timedelta(days=14)
        queue_due(session, announcer, later)
        query = select(OutboxRow).where(OutboxRow.meeting_uid.startswith("psg-2026-03-04"), OutboxRow.kind != "move")
        assert [r for r in session.scalars(query) if r.state == OutboxState.PENDING] == []


def test_an_announced_closing_is_honoured_when_the_meeting_is_brought_forward(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    with database.session() as session:
        meeting = find_meeting(session, announcer.calendar, "PSG", date(2026, 2, 4))
        meetings.announce_closing(session, meeting.uid, instant("2026-02-25"))
    change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 2, 26)))
    assert clocks(database, announcer, "PSG", date(2026, 2, 4))["amendments_close"] == instant("2026-02-25")


def test_a_later_meeting_drags_the_window_and_those_told_are_corrected(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    with database.session() as session:
        meeting = find_meeting(session, announcer.calendar, "PSG", date(2026, 2, 4))
        meetings.announce_closing(session, meeting.uid, instant("2026-02-25"))
        _told_of_the_closing(session, meeting, secretary)
    change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 11)))
    assert clocks(database, announcer, "PSG", date(2026, 2, 4))["amendments_close"] == instant("2026-03-04")
    with database.reading() as session:
        corrections = session.scalars(select(OutboxRow).where(OutboxRow.kind == "correction")).all()
        assert [row.recipient for row in corrections] == [secretary.id]
        assert "Wednesday 4 March 2026" in corrections[0].subject


def _told_of_the_closing(session: Session, meeting: Meeting, person: Person) -> None:
    session.add(
        OutboxRow(
            id="told", meeting_uid=meeting.uid, meeting_revision=0, clock="amendments_close", step="amendments_closing",
            recipient=person.id, recipient_name=person.name, group_key="PSG", kind="member_reminder",
            subject="", text="", why="", due_at=NOW, decided_at=NOW, state=OutboxState.SENT.value, next_try_at=NOW,
        )
    )  # fmt: skip
    session.flush()


def test_a_meeting_called_at_short_notice_says_what_is_not_attainable(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    wanted = Wanted("add", "SDWG", date(2026, 2, 12), secretary, reason="A security finding.")
    found = change(database, announcer, wanted)
    assert [d.kind for d in found.not_attainable] == ["papers"]
    assert found.after.status is MeetingStatus.AD_HOC


def test_a_proposed_date_is_confirmed_and_then_reminds(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    """SITWG falls on New Year's Day 2026; the first proposal is Thursday 15 January."""
    early = datetime(2025, 12, 1, 9, tzinfo=UTC)
    found = change(database, announcer, Wanted("confirm", "SITWG", date(2026, 1, 1), secretary), early)
    assert found.after.on == date(2026, 1, 15)
    assert found.after.status is MeetingStatus.MOVED
    assert clocks(database, announcer, "SITWG", date(2026, 1, 15))["papers"] == instant("2026-01-08")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("move", "PSG", date(2026, 3, 5), date(2026, 3, 10)), "no meeting on Thursday 5 March 2026"),
        (("move", "PSG", MARCH, MARCH), "already"),
        (("move", "PSG", MARCH, date(2026, 1, 5)), "past"),
        (("confirm", "PSG", MARCH, None), "awaits no confirmation"),
        (("move", "PSGG", MARCH, date(2026, 3, 10)), "no group PSGG"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_in_words(
    database: Database, announcer: Announcer, secretary: Person, wanted: tuple[str, str, date, date | None], words: str
) -> None:
    action, group, on, to = wanted
    with pytest.raises(SecretariatError, match=words):
        change(database, announcer, Wanted(action, group, on, secretary, to=to))


def test_people_due_elsewhere_and_closed_days_are_said_beforehand(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    with database.session() as session:
        queue_due(session, announcer, NOW)  # puts the coming meetings on file
    onto_dag = change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 18)))
    assert any("SITAG" in warning for warning in onto_dag.warnings)
    good_friday = change(database, announcer, Wanted("move", "PSG", date(2026, 3, 18), secretary, to=date(2026, 4, 3)))
    assert any("Good Friday" in warning for warning in good_friday.warnings)


def test_the_commands_preview_ask_and_do(tmp_path: Path) -> None:
    state = tmp_path / "var"
    now = ("--now", NOW.isoformat())
    assert secretariat(state, *now, "members", "import", "sample/members.csv").returncode == 0
    asked = (*now, "meetings", "move", "PSG", "2026-03-04", "--to", "2026-03-10", "--by", "Tobias Wrenfield")
    shown = secretariat(state, *asked, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "clock papers of PSG 2026-03-10" in shown.stdout
    assert "Nothing was changed" in shown.stdout
    assert "psg-2026-03-04" not in secretariat(state, *now, "meetings").stdout
    done = secretariat(state, *asked, "--yes")
    assert "Done: PSG, Tuesday 10 March 2026" in done.stdout
    told = secretariat(state, *now, "deadlines", "PSG", "2026-03-10")
    assert "papers  Tuesday 3 March 2026" in told.stdout
    refused = secretariat(state, *now, "meetings", "cancel", "PSG", "2026-03-10", "--by", "Harriet Bassington", "--yes")
    assert refused.returncode == 1
    assert "not of the PMO" in refused.stderr
    released = secretariat(state, *now, "outbox", "release", "--all", "--by", "Tobias Wrenfield")
    assert released.returncode == 0, released.stderr
    assert "PSG: the meeting is now on Tuesday 10 March 2026" in released.stdout
    assert "Harriet Bassington: mail to harriet.bassington@example.org" in released.stdout


def test_a_dated_entry_made_later_is_followed_through(database: Database, config: Config, secretary: Person) -> None:
    before = Announcer(config, Calendar(config), lambda: "")
    entry = DatedEntry(group="PSG", on=MARCH, action="move", to=date(2026, 3, 10), assumed="the Chair agreed")
    changed = config.model_copy(update={"dated_entries": [entry]})
    after = Announcer(changed, Calendar(changed), lambda: "")
    with database.session() as session:
        queue_due(session, before, NOW)
        queue_due(session, after, NOW + timedelta(hours=1))
        queue_due(session, after, NOW + timedelta(hours=2))  # once
        row = session.scalars(select(MeetingRow).where(MeetingRow.uid.startswith("psg-2026-03-04"))).one()
        assert (row.status, row.revision) == ("moved", 1)
        moves = session.scalars(select(OutboxRow).where(OutboxRow.kind == "move")).all()
        assert len({move.recipient for move in moves}) == len(moves) >= 15
        assert "is now on Tuesday 10 March 2026" in moves[0].text


def test_a_rule_that_changes_takes_its_old_meetings_off_the_calendar(
    database: Database, config: Config, secretary: Person
) -> None:
    """PSG meets on Tuesdays from now on: 4 March is gone, 3 March is new, and nobody is reminded of the old day."""
    rule = config.groups["PSG"].series[0].model_copy(update={"weekday": "Tuesday"})
    psg = config.groups["PSG"].model_copy(update={"series": [rule]})
    changed = config.model_copy(update={"groups": {**config.groups, "PSG": psg}})
    before, after = (Announcer(c, Calendar(c), lambda: "") for c in (config, changed))
    with database.session() as session:
        queue_due(session, before, NOW)
        queue_due(session, after, NOW + timedelta(hours=1))
        found = {m.nominal_on: m.status for m in meetings.between(session, NOW, NOW + timedelta(days=30), "PSG")}
    assert found == {date(2026, 3, 3): MeetingStatus.SCHEDULED, MARCH: MeetingStatus.CANCELLED}


def test_a_persons_decision_stands_over_the_configuration(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    change(database, announcer, Wanted("move", "PSG", MARCH, secretary, to=date(2026, 3, 10)))
    with database.session() as session:
        queue_due(session, announcer, NOW)
        row = session.scalars(select(MeetingRow).where(MeetingRow.uid.startswith("psg-2026-03-04"))).one()
        assert (row.status, row.revision) == ("moved", 1)
        assert row.starts_at == datetime(2026, 3, 10, 10, tzinfo=UTC)
