"""One meeting of several groups: in every group's calendar, windows and numbering, and each person told once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from sqlalchemy import select
from typer.testing import CliRunner

from bot import meetings, members
from bot.adapters.content_files import ContentFolder
from bot.cli import app
from bot.config import Config
from bot.config_file import read_config
from bot.config_groups import DatedEntry
from bot.errors import ConfigInvalid, SecretariatError
from bot.model import Meeting, MeetingStatus, Person
from bot.store.database import Database
from bot.store.meeting_tables import MeetingRow
from bot.store.outbox_tables import OutboxRow
from handlers.web.month_grid import calendar_html
from schedules.announcements import Announcer
from schedules.changes import Consequences, Wanted, enact
from schedules.deadlines import all_deadlines, all_instants
from schedules.due import queue_due
from schedules.feeds import Subscription, feed_of, of_group, of_person
from schedules.finding import find_meeting
from schedules.frictions import frictions_of
from schedules.numbering import meeting_number
from schedules.series import Calendar
from tests.secretariat_process import ROOT, secretariat

SHIPPED = (ROOT / "config.yaml").read_text(encoding="utf-8")
SITAG_RULE = "      - weekday: Wednesday\n        nth: 3\n"
QWG_RULE = '{weekday: Tuesday, nth: 2, start: "14:00", end: "15:30",'
ENTRIES = """dated_entries:
- {group: DAG, on: 2026-03-25, action: add, joint_with: [PSG], assumed: invented}
- {group: PSG, on: 2026-05-06, action: move, to: 2026-05-13, joint_with: [DAG], assumed: invented}
"""
JOINT = (  # SITAG, 3rd Wednesday, with QAG, which meets on the 3rd Thursday too; QWG with CDWG, both on the 2nd Tuesday
    (SITAG_RULE, f"{SITAG_RULE}        joint_with: [QAG]\n"),
    (QWG_RULE, f"{QWG_RULE} joint_with: [CDWG],"),
    ("dated_entries: []\n", ENTRIES),
)
MARCH = date(2026, 3, 18)  # the third Wednesday: SITAG with QAG
NOW = datetime(2026, 2, 23, 9, tzinfo=UTC)


def changed(*changes: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(changed(*JOINT), encoding="utf-8")
    return tmp_path / "config.yaml"


@pytest.fixture
def joint(file: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(ROOT)
    return read_config(file)


@pytest.fixture
def announcer(joint: Config, tmp_path: Path) -> Announcer:
    return Announcer(joint, Calendar(joint), lambda: "the page", ContentFolder(tmp_path / "content"))


@pytest.fixture
def secretary(people: dict[str, Person]) -> Person:
    return people["Tobias Wrenfield"]


def window(database: Database, announcer: Announcer, group: str, day: date) -> datetime | None:
    with database.session() as session:
        return announcer.window_of(session, find_meeting(session, announcer.calendar, group, day))


def five(day: str) -> datetime:
    """17:00 in London, in winter time."""
    return datetime.fromisoformat(f"{day}T17:00:00+00:00")


def change(database: Database, announcer: Announcer, wanted: Wanted) -> Consequences:
    with database.session() as session:
        return enact(session, announcer, wanted, NOW)


def at_table(database: Database, group: str, day: date) -> set[str]:
    """The ids of those at the group's table."""
    with database.reading() as session:
        return {p.id for p in members.recipients(members.holdings(session, day, group=group), "members")}


# ---- on the calendar


def listed(file: Path, state: Path, *arguments: str) -> list[dict[str, Any]]:
    asked = ["--config", str(file), "calendar", "--from", "2026-03-01", "--to", "2026-03-31", "--format", "json"]
    done = CliRunner().invoke(app, [*asked, *arguments], env={"SECRETARIAT_PATHS__STATE": str(state)})
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["meetings"]
    return found


def test_it_is_one_meeting_and_in_the_calendar_of_each_of_its_groups(file: Path, tmp_path: Path) -> None:
    every, qag, sitag = (listed(file, tmp_path / "var", *of) for of in ((), ("--group", "QAG"), ("--group", "SITAG")))
    (meeting,) = [m for m in every if m["group"] == "SITAG"]
    assert (meeting["date"], meeting["also_for"]) == ("2026-03-18", ["QAG"])
    assert sitag == [meeting]
    assert [m["date"] for m in qag] == ["2026-03-18", "2026-03-19"], "its own comes on another day and stays"
    assert qag[0] == meeting
    assert [m["also_for"] for m in every if m["group"] == "CCAG"] == [[]]


def test_it_takes_the_place_of_the_groups_own_meeting_of_that_day(file: Path, tmp_path: Path) -> None:
    (own,) = listed(file, tmp_path / "var", "--group", "CDWG")
    assert (own["group"], own["also_for"], own["date"]) == ("QWG", ["CDWG"], "2026-03-10")
    assert own["reason"] == "it takes the place of CDWG's own meeting of that day"


def test_a_dated_entry_moves_a_meeting_to_be_joint(joint: Config) -> None:
    """DAG's own update of 13 May 2026, the second Wednesday, gives way to it."""
    (may,) = Calendar(joint).meetings(date(2026, 5, 1), date(2026, 5, 31), ["DAG"])
    assert (may.known_as, may.on, may.nominal_on) == ("PSG with DAG", date(2026, 5, 13), date(2026, 5, 6))
    assert may.uid.startswith("psg-2026-05-06@")


def test_a_group_that_has_ended_is_served_no_more(joint: Config) -> None:
    qag = joint.groups["QAG"].model_copy(update={"ends_on": date(2026, 3, 31)})
    calendar = Calendar(joint.model_copy(update={"groups": {**joint.groups, "QAG": qag}}))
    found = calendar.meetings(MARCH, date(2026, 4, 30), ["SITAG"])
    assert [m.known_as for m in found] == ["SITAG with QAG", "SITAG"]


def test_the_month_grid_names_all_its_groups(joint: Config) -> None:
    calendar = Calendar(joint)
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    page = calendar_html(calendar.meetings(first, last), first, last, calendar.closed, title="March")
    assert "SITAG with QAG" in page
    assert "QWG with CDWG" in page


def test_it_is_proposed_for_days_on_which_all_its_groups_are_free(config: Config) -> None:
    """CCAG falls on Christmas Day 2024 and would take the 24th, on which MCAG meets: with MCAG, it may not."""
    alone = Calendar(config).meeting_on("CCAG", date(2024, 12, 25))
    rule = config.groups["CCAG"].series[0].model_copy(update={"joint_with": ("MCAG",)})
    ccag = config.groups["CCAG"].model_copy(update={"series": [rule]})
    calendar = Calendar(config.model_copy(update={"groups": {**config.groups, "CCAG": ccag}}))
    together = calendar.meeting_on("CCAG", date(2024, 12, 25))
    assert alone is not None
    assert together is not None
    assert date(2024, 12, 24) in alone.proposals
    assert date(2024, 12, 24) not in together.proposals, "MCAG meets then"
    assert together.also_for == ("MCAG",)


def test_a_clash_of_any_of_its_groups_is_named(config: Config) -> None:
    """SDWG shares nobody with QAG, which meets on Thursday 16 April 2026 at 10:00; CCAG, which joins it, does."""
    call = {"group": "SDWG", "on": date(2026, 4, 16), "action": "add", "assumed": "invented"}
    named = []
    for joint_with in ((), ("CCAG",)):
        entry = DatedEntry.model_validate({**call, "joint_with": joint_with})
        found = frictions_of(config.model_copy(update={"dated_entries": [entry]}), date(2026, 4, 1))
        named += [p.sentence.split(" share ")[0] for p in found if p.id == "clash" and "SDWG" in p.sentence]
    assert "QAG and SDWG with CCAG" in named
    assert "QAG and SDWG" not in named


# ---- the clocks


def test_it_closes_the_window_of_each_groups_report_before_it(
    database: Database, announcer: Announcer, config: Config
) -> None:
    """QAG of 19 February: five working days before Wednesday 18 March, not before its own Thursday."""
    assert window(database, announcer, "QAG", date(2026, 2, 19)) == five("2026-03-11")
    assert window(database, announcer, "SITAG", date(2026, 2, 18)) == five("2026-03-11")
    alone = Announcer(config, Calendar(config), lambda: "")
    assert window(database, alone, "QAG", date(2026, 2, 19)) == five("2026-03-12")


def test_an_ad_hoc_one_closes_none(database: Database, announcer: Announcer) -> None:
    """PSG of 4 March: before its own meeting of 1 April, whatever DAG and PSG do on 25 March."""
    assert window(database, announcer, "PSG", date(2026, 3, 4)) == five("2026-03-25")


def test_an_ad_hoc_one_in_place_of_a_groups_own_closes_its_window_then(database: Database, config: Config) -> None:
    """SITAG's window of February does not stay open into April because PSG joins it in March."""
    entry = DatedEntry(group="PSG", on=MARCH, action="add", joint_with=("SITAG",), assumed="invented")
    joined = config.model_copy(update={"dated_entries": [entry]})
    announcer = Announcer(joined, Calendar(joined), lambda: "")
    assert window(database, announcer, "SITAG", date(2026, 2, 18)) == five("2026-03-11")
    assert window(database, announcer, "PSG", date(2026, 3, 4)) == five("2026-03-25")


def test_its_own_clocks_run_once_by_its_host(joint: Config) -> None:
    calendar = Calendar(joint)
    found = [(m, clocks) for m, clocks in all_deadlines(calendar, MARCH, MARCH) if "QAG" in m.groups]
    assert [m.group for m, _ in found] == ["SITAG"]
    due = {d.kind: d.due_at for d in found[0][1]}
    assert (due["papers"], due["headline_report"]) == (five("2026-03-11"), five("2026-03-20"))
    columns = {(c.group, c.clock.kind): (c.nominal_on, c.due_at) for c in all_instants(calendar, MARCH, MARCH)}
    assert columns["SITAG", "amendments_close"] == ([MARCH], [due["amendments_close"]])
    assert not any(columns.get(("QAG", "amendments_close"), ()))


def test_any_of_its_groups_finds_it_by_its_day(file: Path, tmp_path: Path) -> None:
    asked = ["--config", str(file), "deadlines", "QAG", "2026-03-18", "--format", "json"]
    done = CliRunner().invoke(app, asked, env={"SECRETARIAT_PATHS__STATE": str(tmp_path / "var")})
    assert done.exit_code == 0, done.output
    due = {d["kind"]: d["due_at"] for d in json.loads(done.stdout)["deadlines"]}
    assert due["headline_report"] == "2026-03-20T17:00:00+00:00"


def test_it_counts_in_the_numbering_of_each_of_its_groups(
    database: Database, announcer: Announcer, config: Config
) -> None:
    def number(by: Config) -> int | None:
        calendar = Calendar(by)
        april = calendar.meeting_on("PSG", date(2026, 4, 1))
        assert april is not None
        with database.reading() as session:
            return meeting_number(session, calendar, april)

    alone, together = number(config), number(announcer.config)
    assert alone is not None
    assert together == alone + 1, "DAG with PSG on 25 March"


# ---- who hears of it


def rows_of(database: Database, uid: str) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).where(OutboxRow.meeting_uid == uid)))


def test_everybody_at_any_of_its_tables_is_invited_once(
    database: Database, announcer: Announcer, people: dict[str, Person]
) -> None:
    with database.session() as session:
        queue_due(session, announcer, NOW - timedelta(days=14))
        queue_due(session, announcer, NOW)
    rows = rows_of(database, f"sitag-2026-03-18@{announcer.config.programme.domain}")
    invited = [row for row in rows if row.step == "invitation"]
    sitag, qag = at_table(database, "SITAG", MARCH), at_table(database, "QAG", MARCH)
    assert sitag - qag
    assert qag - sitag
    assert Counter(row.recipient for row in invited) == Counter(sitag | qag)
    assert "SITAG with QAG" in invited[0].subject
    assert "Systems Integration and Testing Advisory Group and Qualification Advisory Group" in invited[0].text


def test_the_pmo_of_its_host_is_reminded_and_no_other(
    database: Database, announcer: Announcer, people: dict[str, Person]
) -> None:
    with database.session() as session:
        queue_due(session, announcer, NOW)
        queue_due(session, announcer, datetime(2026, 3, 11, 9, 30, tzinfo=UTC))
        rows = session.scalars(select(OutboxRow).where(OutboxRow.step == "papers_today")).all()
        held = members.holdings(session, MARCH, group="SITAG")
        secretary = {p.id for p in members.recipients(held, "secretary")}
        assert {r.recipient for r in rows if r.meeting_uid.startswith("sitag-")} == secretary


def test_who_is_expected_comes_from_all_its_tables(
    database: Database, announcer: Announcer, people: dict[str, Person]
) -> None:
    with database.session() as session:
        held = members.holdings(session, MARCH, group="QAG")
        listener = next(h.person for h in held if h.group and h.role == "member")
        members.choose(session, listener, "meeting_tomorrow")
        queue_due(session, announcer, NOW)
        queue_due(session, announcer, datetime(2026, 3, 17, 9, 30, tzinfo=UTC))
        sitag = members.recipients(members.holdings(session, MARCH, group="SITAG"), "members")
    (told,) = [
        row
        for row in rows_of(database, f"sitag-2026-03-18@{announcer.config.programme.domain}")
        if row.step == "meeting_tomorrow"
    ]
    assert told.recipient == listener.id
    assert listener.name in told.text.partition("Hello")[2].partition("\n")[2]
    assert all(person.name in told.text for person in sitag)


def test_its_report_goes_to_all_its_tables(database: Database, announcer: Announcer, people: dict[str, Person]) -> None:
    with database.session() as session:
        meeting = find_meeting(session, announcer.calendar, "QAG", MARCH)
        told = [p.id for p in announcer.report_recipients(session, meeting)]
    assert Counter(told) == Counter(at_table(database, "SITAG", MARCH) | at_table(database, "QAG", MARCH))


def test_its_documents_are_for_the_strictest_of_its_groups(joint: Config) -> None:
    assert joint.audience_for("papers", ["PSG", "DAG"]) == "participants"
    assert joint.audience_for("papers", ["PSG", "SDWG"]) == "members"


def subscribed(database: Database, announcer: Announcer, whose: Subscription) -> list[Any]:
    with database.reading() as session:
        text = feed_of(session, announcer.calendar, whose, now=NOW)
    read = icalendar.Calendar.from_ical(text)
    events = recurring_ical_events.of(read).between(date(2026, 3, 1), date(2026, 4, 1))
    return sorted(events, key=lambda event: event["DTSTART"].dt)


def test_it_is_in_the_feed_of_each_of_its_groups_with_one_uid(database: Database, announcer: Announcer) -> None:
    sitag, qag = (subscribed(database, announcer, of_group(key)) for key in ("SITAG", "QAG"))
    assert [str(e["SUMMARY"]).split(":")[0] for e in qag] == ["SITAG with QAG", "QAG"]
    assert {str(e["UID"]) for e in sitag} & {str(e["UID"]) for e in qag} == {str(sitag[0]["UID"])}


def test_it_is_once_in_the_feed_of_who_sits_at_both_tables(
    database: Database, announcer: Announcer, tmp_path: Path
) -> None:
    (tmp_path / "members.csv").write_text(
        "person,email,slack_user_id,organisation,constituency,group,seat,role,from,to,alternate_for\n"
        "Ann Onymous,ann@example.org,,Invented Ltd,,QAG,Member,member,2024-01-01,,\n"
        "Ann Onymous,ann@example.org,,Invented Ltd,,SITAG,Member,member,2024-01-01,,\n"
    )
    with database.session() as session:
        members.import_members(session, members.read_members_file(tmp_path / "members.csv", announcer.config.groups))
        ann = members.named(session, "Ann Onymous")
    events = subscribed(database, announcer, of_person(ann.id))
    assert [e["DTSTART"].dt.date() for e in events] == [MARCH, date(2026, 3, 19)]


# ---- its changes


def test_moving_it_drags_the_windows_of_all_its_groups(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    found = change(database, announcer, Wanted("move", "QAG", MARCH, secretary, to=date(2026, 3, 24)))
    assert found.after.known_as == "SITAG with QAG"
    told = {(c.meeting, c.clock): c.after for c in found.clocks}
    assert told["SITAG with QAG 2026-02-18", "amendments_close"] == five("2026-03-17")
    assert told["QAG 2026-02-19", "amendments_close"] == five("2026-03-12"), "its own of 19 March comes first now"
    assert {p.id for p in found.told} == at_table(database, "SITAG", MARCH) | at_table(database, "QAG", MARCH)


def test_cancelling_it_leaves_every_window_where_it_is(
    database: Database, announcer: Announcer, secretary: Person
) -> None:
    """Rules §3: when it is cancelled, closing and reissue keep their dates."""
    change(database, announcer, Wanted("cancel", "SITAG", MARCH, secretary))
    assert window(database, announcer, "QAG", date(2026, 2, 19)) == five("2026-03-11")


def test_one_that_a_person_adds_serves_all_its_groups_and_their_own_gives_way(
    database: Database, config: Config, secretary: Person
) -> None:
    announcer = Announcer(config, Calendar(config), lambda: "")
    before = window(database, announcer, "SITAG", date(2026, 2, 18))
    with database.session() as session:
        queue_due(session, announcer, NOW)
    wanted = Wanted("add", "PSG", MARCH, secretary, reason="The test plan.", joint_with=("sitag",))
    found = change(database, announcer, wanted)
    assert (found.after.known_as, found.after.status) == ("PSG with SITAG", MeetingStatus.AD_HOC)
    assert found.after.reason == "The test plan.; it takes the place of SITAG's own meeting of that day"
    (own,) = found.also
    assert (own.after.group, own.after.status) == ("SITAG", MeetingStatus.CANCELLED)
    assert "PSG with SITAG" in own.after.reason
    assert not any("at the same time" in warning for warning in found.warnings)
    assert any("papers: participants" in warning for warning in found.warnings)
    assert {p.id for p in found.told} == at_table(database, "PSG", MARCH) | at_table(database, "SITAG", MARCH)
    assert window(database, announcer, "SITAG", date(2026, 2, 18)) == before
    with database.session() as session:
        assert find_meeting(session, announcer.calendar, "SITAG", MARCH).uid == found.after.uid
        (row,) = session.scalars(select(MeetingRow).where(MeetingRow.uid == found.after.uid)).all()
        assert row.also_for == ["SITAG"]
        held = meetings.between(session, NOW, NOW + timedelta(days=30), "SITAG")
        assert [m.known_as for m in held if m.status is not MeetingStatus.CANCELLED] == ["PSG with SITAG"]


@pytest.mark.parametrize(("other", "words"), [("PSG", "jointly with itself"), ("DAGG", "no group DAGG")])
def test_a_joint_meeting_that_cannot_be_is_refused_in_words(
    database: Database, announcer: Announcer, secretary: Person, other: str, words: str
) -> None:
    wanted = Wanted("add", "PSG", date(2026, 3, 12), secretary, joint_with=(other,))
    with pytest.raises(SecretariatError, match=words):
        change(database, announcer, wanted)


@pytest.mark.long
def test_the_command_previews_and_does(tmp_path: Path) -> None:
    state, now = tmp_path / "var", ("--now", NOW.isoformat())
    assert secretariat(state, *now, "members", "import", "sample/members.csv").returncode == 0
    asked = (*now, "meetings", "add", "PSG", "--by", "Tobias Wrenfield", "2026-03-12", "--with", "DAG", "--with", "QAG")
    shown = secretariat(state, *asked, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "PSG with DAG and QAG: not on the calendar becomes Thursday 12 March 2026" in shown.stdout
    assert "Nothing was changed" in shown.stdout
    assert "2026-03-12" not in secretariat(state, *now, "meetings").stdout
    done = secretariat(state, *asked, "--yes")
    assert "Done: PSG with DAG and QAG, Thursday 12 March 2026" in done.stdout
    listing = secretariat(
        state, *now, "calendar", "--from", "2026-03-12", "--to", "2026-03-12", "--group", "QAG", "--format", "json"
    )
    (meeting,) = json.loads(listing.stdout)["meetings"]
    assert (meeting["group"], meeting["also_for"], meeting["status"]) == ("PSG", ["DAG", "QAG"], "ad_hoc")


def test_a_rule_that_becomes_joint_takes_the_others_own_meeting_off_the_calendar(
    database: Database, config: Config, announcer: Announcer, people: dict[str, Person]
) -> None:
    before = Announcer(config, Calendar(config), lambda: "")
    with database.session() as session:
        queue_due(session, before, NOW)
        queue_due(session, announcer, NOW + timedelta(hours=1))
        found = meetings.between(session, NOW, NOW + timedelta(days=21), "CDWG")
    assert by_name(found) == {"QWG with CDWG": MeetingStatus.SCHEDULED, "CDWG": MeetingStatus.CANCELLED}
    assert next(m.reason for m in found if m.group == "CDWG") == "the group meets that day as QWG with CDWG"


def by_name(found: list[Meeting]) -> dict[str, MeetingStatus]:
    return {m.known_as: m.status for m in found}


# ---- bad settings

BAD = (
    (SITAG_RULE, f"{SITAG_RULE}        joint_with: [QAGG, SITAG]\n"),
    (QWG_RULE, f"{QWG_RULE} joint_with: [CDWG, CDWG],"),
    ('nth: 2, start: "10:00", end: "13:00",', 'nth: 2, start: "10:00", end: "13:00", joint_with: [PSG],'),
    (
        "dated_entries: []\n",
        "dated_entries:\n"
        "- {group: PSG, on: 2026-03-25, action: add, joint_with: [PSG], assumed: invented}\n"
        "- {group: PSG, on: 2026-04-01, action: cancel, joint_with: [DAG], assumed: invented}\n"
        "- {group: PSG, on: 2026-05-06, action: add, joint_with: [DAGG], assumed: invented}\n",
    ),
)


def test_what_cannot_be_joint_is_refused_with_its_line(tmp_path: Path) -> None:
    text = changed(*BAD)
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid) as refused:
        read_config(tmp_path / "config.yaml")
    lines = text.splitlines()
    found = {(p.id, lines[(p.line or 0) - 1].strip()): p for p in refused.value.problems}
    wanted = [
        ("config-group-unknown", "joint_with: [QAGG, SITAG]", "Did you mean QAG?"),
        ("config-joint", "joint_with: [QAGG, SITAG]", "jointly with itself"),
        ("config-joint", "joint_with: [CDWG, CDWG]", "CDWG is named twice"),
        ("config-joint", "joint_with: [PSG], source", "e-mail update instead"),
        ("config-joint", "on: 2026-03-25", "jointly with itself"),
        ("config-contradiction", "on: 2026-04-01", "joint with nobody"),
        ("config-group-unknown", "on: 2026-05-06", "Did you mean DAG?"),
    ]
    for problem_id, line, words in wanted:
        said = [f"{p.sentence} {p.hint}" for (id_, at), p in found.items() if id_ == problem_id and line in at]
        assert len(said) == 1, (problem_id, line, said)
        assert words in said[0]
    assert len(refused.value.problems) == len(wanted)
