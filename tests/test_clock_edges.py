"""The clocks at their edges: what is issued after closing, hours that do not exist, any rule under any closed days.

Each date worked out by hand stands beside its count.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import meetings
from bot.clock import LONDON
from bot.config import Config, Secrets
from bot.config_clocks import ClockRule, Closure
from bot.config_file import read_config
from bot.config_groups import DatedEntry, SeriesRule
from bot.errors import ConfigInvalid, SecretariatError
from bot.model import Deadline, Meeting, MeetingStatus, Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow
from schedules.amendment_window import Requests
from schedules.announcements import Announcer
from schedules.changes import Wanted, enact
from schedules.checking import problems_of
from schedules.deadlines import Circumstances, deadlines_for, next_ordinary_meeting
from schedules.due import queue_due
from schedules.finding import find_meeting
from schedules.rehearsal import count_messages, rehearse
from schedules.series import Calendar
from tests.secretariat_process import ROOT, secretariat

FEBRUARY, MARCH = date(2024, 2, 7), date(2024, 3, 6)  # PSG; papers of March and closing for February: 28 February 17:00
CLOSES = datetime(2024, 2, 28, 17, tzinfo=UTC)
IN_TIME = datetime(2024, 2, 9, 12, tzinfo=UTC)
NO_SECRETS = Secrets(_env_file=None)


def clocks(
    config: Config, *, issued_at: datetime | None, group: str = "PSG", on: date = FEBRUARY,
    following: Meeting | None = None, requests: Requests | None = None,
) -> dict[str, Deadline]:  # fmt: skip
    """The clocks of a meeting whose report was issued then, by kind."""
    calendar = Calendar(config)
    meeting = calendar.meeting_on(group, on)
    assert meeting
    after = following or next_ordinary_meeting(meeting, calendar)
    circumstances = Circumstances(after, issued_at, requests or Requests())
    return {d.kind: d for d in deadlines_for(meeting, calendar, circumstances)}


# -------------------------------------------------------------------------------------- a closing later than the papers


@pytest.mark.parametrize(
    ("issued", "closes", "due"),
    [
        ("2024-02-20", "2024-02-28 17", "2024-02-28 17"),  # 21 22 23 | 26 27 is before the 28th: alongside the papers
        ("2024-02-22", "2024-02-29 17", "2024-03-04 17"),  # 23 | 26 27 28 29; two on: 1 | 4
        ("2024-02-23", "2024-03-01 17", "2024-03-05 17"),  # | 26 27 28 29 1; two on: | 4 5
        ("2024-02-26", "2024-03-04 17", "2024-03-05 17"),  # two on, 5 6, is after the meeting began: the evening before
        ("2024-02-27", "2024-03-05 17", "2024-03-06 10"),  # closing the evening before: by the meeting itself
        ("2024-02-28", "2024-03-06 17", "2024-03-08 17"),  # closing after it: before the meeting cannot be; 7 8
    ],
)
def test_the_amended_report_follows_a_closing_that_lies_after_the_papers(
    config: Config, issued: str, closes: str, due: str
) -> None:
    found = clocks(config, issued_at=datetime.fromisoformat(f"{issued}T12:00+00:00"))
    assert f"{found['amendments_close'].due_at:%Y-%m-%d %H}" == closes
    assert f"{found['amended_report'].due_at:%Y-%m-%d %H}" == due
    assert "supplementary_issue" not in found, "it is the one issue"
    assert ("a supplementary issue" in found["amended_report"].note) == (closes > "2024-02-28 17")


def test_it_says_its_rule_its_clause_and_what_it_hangs_on(config: Config) -> None:
    late = clocks(config, issued_at=datetime(2024, 2, 23, 12, tzinfo=UTC))["amended_report"]
    assert late.rule == (
        "Amended headline report issued: within 2 working days after requests close on Friday 1 March 2024, 17:00 "
        "(London), by Tuesday 5 March 2024, 17:00 (London)"
    )
    assert [s.date.day for s in late.skipped] == [2, 3]
    assert "GF §Generic Meeting Practices" in late.source
    assert "the project's own" in late.source
    assert late.note.startswith("Requests close after the papers of the following meeting: a supplementary issue.")
    capped = clocks(config, issued_at=datetime(2024, 2, 26, 12, tzinfo=UTC))["amended_report"]
    assert "and before the following meeting, by Tuesday 5 March 2024" in capped.rule


def test_a_cancelled_meeting_brings_nothing_forward(config: Config) -> None:
    following = Calendar(config).meeting_on("PSG", MARCH)
    assert following
    cancelled = Meeting(**{**vars(following), "status": MeetingStatus.CANCELLED})
    found = clocks(config, issued_at=datetime(2024, 2, 26, 12, tzinfo=UTC), following=cancelled)
    assert found["amended_report"].due_at == datetime(2024, 3, 6, 17, tzinfo=UTC)


def test_at_the_end_of_a_series_it_follows_the_closing(config: Config) -> None:
    """TMAG's last report, issued on 22 December 2023: requests close on 17 January; two on: 18 19."""
    at = {"group": "TMAG", "on": date(2023, 12, 20)}
    found = clocks(config, issued_at=datetime(2023, 12, 22, 15, tzinfo=UTC), **at)["amended_report"]  # type: ignore[arg-type]
    assert found.due_at == datetime(2024, 1, 19, 17, tzinfo=UTC)
    assert "no following ordinary meeting" in found.note
    assert clocks(config, issued_at=None, **at)["amended_report"].due_at is None  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(0, 60), hour=st.integers(0, 23))
def test_it_is_never_due_before_closing_nor_after_the_meeting_where_that_can_be(
    config: Config, days: int, hour: int
) -> None:
    found = clocks(config, issued_at=datetime(2024, 2, 8, hour, tzinfo=UTC) + timedelta(days=days))
    closes_at, due_at = found["amendments_close"].due_at, found["amended_report"].due_at
    assert closes_at
    assert due_at
    begins = datetime(2024, 3, 6, 10, tzinfo=UTC)
    assert closes_at <= due_at
    assert (due_at <= begins) == (closes_at < begins)
    assert Calendar(config).closed(due_at.astimezone(LONDON).date()) is None


# ------------------------------------------------------------------------------------------------ a supplementary issue

PACK = datetime(2024, 2, 26, 12, tzinfo=UTC)  # the pack of March went two days early


@pytest.mark.parametrize(
    ("came", "gone", "due"),
    [
        ([datetime(2024, 2, 27, 9, tzinfo=UTC)], PACK, "2024-03-01 17"),  # closes on the 28th; two on: 29 1
        ([datetime(2024, 2, 20, 9, tzinfo=UTC), datetime(2024, 2, 28, 17, tzinfo=UTC)], PACK, "2024-03-01 17"),
        ([datetime(2024, 2, 26, 11, tzinfo=UTC)], PACK, None),  # in time for the pack
        ([datetime(2024, 2, 28, 18, tzinfo=UTC)], PACK, None),  # late: put to the Chair
        ([datetime(2024, 2, 27, 9, tzinfo=UTC)], None, None),  # the pack has not gone yet
        ([], PACK, None),
    ],
)
def test_a_request_after_the_pack_and_before_closing_leads_to_one_supplementary_issue(
    config: Config, came: list[datetime], gone: datetime | None, due: str | None
) -> None:
    found = clocks(config, issued_at=IN_TIME, requests=Requests(came, gone))
    assert found["amended_report"].due_at == CLOSES
    supplement = found.get("supplementary_issue")
    assert (f"{supplement.due_at:%Y-%m-%d %H}" if supplement else None) == due


def test_one_that_came_when_the_papers_had_been_due_leads_to_it_too(config: Config) -> None:
    """Requests may close at midnight of the day of the papers: one in the evening has missed the pack."""
    midnight = [
        c.model_copy(update={"time_of_day": time(23, 59)}) if c.kind == "amendments_close" else c for c in config.clocks
    ]
    changed = config.model_copy(update={"clocks": midnight})
    evening = Requests([datetime(2024, 2, 28, 20, tzinfo=UTC)])
    found = clocks(changed, issued_at=IN_TIME, requests=evening)
    assert found["supplementary_issue"].due_at == datetime(2024, 3, 1, 17, tzinfo=UTC)
    assert found["amended_report"].due_at == CLOSES


def test_it_is_explained(config: Config) -> None:
    asked = Requests([datetime(2024, 2, 27, 9, tzinfo=UTC)], PACK)
    found = clocks(config, issued_at=IN_TIME, requests=asked)["supplementary_issue"]
    assert found.rule == (
        "Supplementary issue of the headline report: within 2 working days after requests close on Wednesday "
        "28 February 2024, 17:00 (London), by Friday 1 March 2024, 17:00 (London)"
    )
    assert "A request came on Tuesday 27 February 2024, 09:00 (London), after the papers" in found.note


class Office:
    """PSG of February 2024 with its report issued, on a virtual clock."""

    def __init__(self, database: Database, config: Config, people: dict[str, Person]) -> None:
        some = config.model_copy(update={"groups": {"PSG": config.groups["PSG"]}})
        self.database, self.people = database, people
        self.announcer = Announcer(some, Calendar(some), lambda: "")
        with database.session() as session:
            queue_due(session, self.announcer, datetime(2024, 2, 6, 8, tzinfo=UTC))
            session.add(
                ReportRow(
                    id="r", meeting_uid=self.meeting(session).uid, revision=1, reference="PSG-2024-02-07",
                    issued_at=IN_TIME, issued_by=people["Tobias Wrenfield"].id, snapshot="{}", snapshot_sha256="",
                    document_sha256="",
                )
            )  # fmt: skip

    def meeting(self, session: Session, on: date = FEBRUARY) -> Meeting:
        return find_meeting(session, self.announcer.calendar, "PSG", on)

    def asked(self, number: int, at: datetime) -> None:
        with self.database.session() as session:
            session.add(
                AmendmentRow(
                    reference=f"AM-{number:03d}", number=number, meeting_uid=self.meeting(session).uid,
                    requester_id=self.people["Harriet Bassington"].id, came_by="mail", source_key=f"mail:{number}",
                    received_at=at, state="received", proposed_text="It was deferred.",
                )
            )  # fmt: skip

    def steps(self, until: date) -> Counter[str]:
        """The steps of a supplementary issue that were queued, round by round until the end of that day."""
        at = datetime(2024, 2, 27, 18, tzinfo=UTC)
        while at.date() <= until:
            with self.database.session() as session:
                queue_due(session, self.announcer, at)
            at += timedelta(hours=8)
        with self.database.reading() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.clock == "supplementary_issue"))
            return Counter(f"{row.step}: {row.recipient_name}" for row in rows)


@pytest.fixture
def office(database: Database, config: Config, people: dict[str, Person]) -> Office:
    return Office(database, config, people)


def test_the_secretary_is_reminded_once_of_all_that_came_after_the_pack_and_it_climbs(office: Office) -> None:
    with office.database.session() as session:
        meetings.meet_obligation(session, office.meeting(session, MARCH).uid, "papers", at=PACK, by="Tobias Wrenfield")
    for number, hour in enumerate((9, 10, 11), start=1):
        office.asked(number, datetime(2024, 2, 27, hour, tzinfo=UTC))
    assert office.steps(date(2024, 2, 29)) == {"supplementary_due: Tobias Wrenfield": 1}
    assert set(office.steps(date(2024, 3, 5))) == {
        "supplementary_due: Tobias Wrenfield",
        "supplementary_late: Tobias Wrenfield",
        "supplementary_late_deputy: Ifeoma Castellane",
        "supplementary_late_pmo_lead: Rosalind Achterberg",
    }


def test_once_issued_nobody_is_reminded(office: Office) -> None:
    with office.database.session() as session:
        meetings.meet_obligation(session, office.meeting(session, MARCH).uid, "papers", at=PACK, by="Tobias Wrenfield")
        meetings.meet_obligation(session, office.meeting(session).uid, "supplementary_issue", at=CLOSES, by="T")
    office.asked(1, datetime(2024, 2, 27, 9, tzinfo=UTC))
    assert office.steps(date(2024, 3, 5)) == {}


def test_without_such_a_request_there_is_no_such_clock(office: Office, tmp_path: Path) -> None:
    office.asked(1, datetime(2024, 2, 20, 9, tzinfo=UTC))
    assert office.steps(date(2024, 3, 5)) == {}
    shown = secretariat(tmp_path / "none", "deadlines", "PSG", "2024-02-07", "--format", "json")
    assert "supplementary_issue" not in {d["kind"] for d in json.loads(shown.stdout)["deadlines"]}


# ------------------------------------------------------------------------------------------------ a rehearsal, all done


def test_assumed_met_nothing_is_said_of_what_is_due_or_late(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    announcer = Announcer(config, Calendar(config), lambda: "")
    span = date(2024, 2, 1), date(2024, 3, 31)
    with database.reading() as session:
        undone = rehearse(session, announcer, *span)
        met = rehearse(session, announcer, *span, assume_met=True)
    kept = [found.reminder for found in met]
    assert {(f.reminder.meeting.uid, f.reminder.step.id) for f in undone} > {(r.meeting.uid, r.step.id) for r in kept}
    assert not {r.step.id for r in kept if r.step.id.endswith("_late") or "_late_" in r.step.id}
    assert {"papers_call", "papers_today", "headline_due_today", "invitation", "amendments_closed"} <= {
        r.step.id for r in kept
    }
    assert all(r.at < r.deadline.due_at for r in kept if r.deadline and r.deadline.due_at and r.step.clock == "papers")
    assert sum(c.messages for c in count_messages(met)) < sum(c.messages for c in count_messages(undone))


@pytest.mark.long
def test_the_command_assumes_it_on_demand_only(tmp_path: Path) -> None:
    asked = ("simulate", "--from", "2026-03-01", "--to", "2026-03-31", "--format", "json")
    plain, met = (
        {n["step"] for n in json.loads(secretariat(tmp_path / "var", *asked, *more).stdout)["notices"]}
        for more in ((), ("--assume", "met"))
    )
    assert {"papers_late", "papers_late_deputy", "headline_late"} <= plain - met
    assert {"papers_call", "headline_due_tomorrow"} <= met
    assert secretariat(tmp_path / "var", *asked, "--assume", "late").returncode == 2


# ---------------------------------------------------------------------------------------------- hours that do not exist


@pytest.mark.parametrize(
    ("day", "start", "end", "exists"),
    [
        ("2026-03-29", "01:30", "03:00", False),
        ("2026-03-29", "00:30", "01:00", False),
        ("2026-03-29", "02:00", "03:00", True),
        ("2026-10-25", "01:30", "03:00", True),  # shown twice: the first is meant
        ("2026-03-28", "01:30", "03:00", True),
    ],
)
def test_an_entry_at_an_hour_that_the_clocks_leave_out_is_refused_on_its_line(
    tmp_path: Path, day: str, start: str, end: str, *, exists: bool
) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    entry = f'  - {{group: SDWG, on: {day}, action: add, start: "{start}", end: "{end}", assumed: a test}}'
    file = tmp_path / "config.yaml"
    file.write_text(text.replace("dated_entries: []\n", f"dated_entries:\n{entry}\n"), encoding="utf-8")
    if exists:
        assert f"{read_config(file).dated_entries[0].start:%H:%M}" == start
        return
    with pytest.raises(ConfigInvalid) as refused:
        read_config(file)
    [problem] = refused.value.problems
    line = file.read_text(encoding="utf-8").splitlines().index(entry) + 1
    assert (problem.id, problem.line) == ("config-time", line)
    assert f"does not exist on {day}" in problem.sentence


def test_a_person_is_refused_such_an_hour_too(database: Database, config: Config, people: dict[str, Person]) -> None:
    announcer, secretary = Announcer(config, Calendar(config), lambda: ""), people["Tobias Wrenfield"]
    wanted = Wanted("add", "SDWG", date(2026, 3, 29), secretary, start=time(1, 30), end=time(3))
    with (
        database.session() as session,
        pytest.raises(SecretariatError, match=r"01:30 does not exist on Sunday 29 March"),
    ):
        enact(session, announcer, wanted, datetime(2026, 2, 9, 9, tzinfo=UTC))


def test_an_entry_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"it ends \(14:00\) before it starts \(15:00\)"):
        DatedEntry.model_validate(
            {"group": "SDWG", "on": "2026-03-05", "action": "add", "start": "15:00", "end": "14:00", "assumed": "a"}
        )


# ----------------------------------------------------------------------------------------- what runs out within 60 days


def ids(config: Config, today: date) -> set[tuple[str, str]]:
    found = problems_of(config, NO_SECRETS, today)
    return {(p.id, p.sentence) for p in found if p.id in ("calendar-runs-out", "holidays-run-out")}


def with_series(config: Config, *rules: SeriesRule, ends_on: date | None = None) -> Config:
    psg = config.groups["PSG"].model_copy(update={"series": list(rules), "ends_on": ends_on})
    return config.model_copy(update={"groups": {"PSG": psg}, "dated_entries": []})


END = date(2026, 6, 30)


@pytest.mark.parametrize(("days", "warned"), [(61, False), (60, True), (0, True), (-1, False)])
def test_a_calendar_that_ends_within_60_days_is_named(config: Config, days: int, *, warned: bool) -> None:
    rule = config.groups["PSG"].series[0]
    today = END - timedelta(days=days)
    said = {("calendar-runs-out", "The calendar of PSG ends on Tuesday 30 June 2026.")} if warned else set()
    assert ids(with_series(config, rule, ends_on=END), today) == said
    assert ids(with_series(config, rule.model_copy(update={"until_on": END})), today) == said


def test_a_rule_that_another_follows_is_no_end(config: Config) -> None:
    rule = config.groups["PSG"].series[0]
    until = rule.model_copy(update={"until_on": END})
    after = rule.model_copy(update={"from_on": END + timedelta(days=1)})
    assert ids(with_series(config, until, after), END - timedelta(days=30)) == set()


@pytest.mark.long
def test_bank_holidays_not_known_yet_are_named_by_the_command(tmp_path: Path) -> None:
    shown = secretariat(tmp_path / "var", "--now", "2100-12-01T09:00:00+00:00", "check")
    assert "holidays-run-out" in shown.stdout + shown.stderr
    assert "2101" in shown.stdout + shown.stderr
    sooner = secretariat(tmp_path / "var", "--now", "2026-02-02T09:00:00+00:00", "check")
    assert "run-out" not in sooner.stdout + sooner.stderr


@pytest.mark.long
def test_the_command_names_a_series_that_ends(tmp_path: Path) -> None:
    shown = secretariat(tmp_path / "var", "--now", "2023-11-15T09:00:00+00:00", "check")
    assert "The calendar of TMAG ends on Sunday 31 December 2023." in shown.stdout + shown.stderr


# ---------------------------------------------------------------------------- any rule, any day, any set of closed days

CLOCK = st.builds(
    ClockRule,
    kind=st.just("papers"),
    name=st.just("Papers"),
    direction=st.sampled_from(["before", "after"]),
    working_days=st.integers(1, 30),
    counting=st.sampled_from([None, "event_day_not_counted", "clear_days"]),
    time_of_day=st.none() | st.times(time(0), time(23, 59)),
    levels=st.just([2]),
    assumed=st.just("a test"),
)
DAYS = st.dates(date(2023, 1, 1), date(2028, 12, 31))
OWN_CLOSURES = st.sets(st.dates(date(2023, 1, 1), date(2028, 12, 31)), max_size=40)


def programme(config: Config, rule: ClockRule, closures: set[date]) -> Calendar:
    """The shipped calendar with one clock only, and these closures beside the bank holidays."""
    closed = [Closure(date=day, reason="closed") for day in sorted(closures)]
    days = config.working_days.model_copy(update={"closures": closed})
    return Calendar(config.model_copy(update={"clocks": [rule], "working_days": days}))


def opposite(rule: ClockRule) -> ClockRule:
    return rule.model_copy(update={"direction": "after" if rule.direction == "before" else "before"})


def only_clock(calendar: Calendar, on: date) -> Deadline:
    [found] = deadlines_for(calendar.as_if_called("PSG", on), calendar, Circumstances(None))
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=CLOCK, day=DAYS, closures=OWN_CLOSURES)
def test_counting_there_and_back_agree_and_no_deadline_falls_on_a_closed_day(
    config: Config, rule: ClockRule, day: date, closures: set[date]
) -> None:
    there, back = programme(config, rule, closures), programme(config, opposite(rule), closures)
    due_at = only_clock(there, day).due_at
    assert due_at
    due_on = due_at.astimezone(LONDON).date()
    assert there.closed(due_on) is None
    assert (due_on < day) == (rule.direction == "before")
    returned = only_clock(back, due_on).due_at
    assert returned
    if there.closed(day) is None:
        assert returned.astimezone(LONDON).date() == day


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(to=st.dates(date(2026, 2, 12), date(2026, 6, 30)), hours=st.integers(0, 10), closures=OWN_CLOSURES)
def test_moving_a_meeting_there_and_back_restores_every_clock(
    database: Database, config: Config, people: dict[str, Person], to: date, hours: int, closures: set[date]
) -> None:
    """The clocks of the meeting itself, and of the one before it, whose report closes by it."""
    closed = [Closure(date=day, reason="closed") for day in closures - {date(2026, 3, 4)}]
    days = config.working_days.model_copy(update={"closures": closed})
    changed = config.model_copy(update={"working_days": days})
    announcer, secretary = Announcer(changed, Calendar(changed), lambda: ""), people["Tobias Wrenfield"]
    begins, ends = time(8 + hours), time(9 + hours)

    def due(session: Session, on: date) -> dict[str, datetime | None]:
        meeting = find_meeting(session, announcer.calendar, "PSG", on)
        return {d.kind: d.due_at for d in announcer.clocks_of(session, meeting)}

    now, march, february = datetime(2026, 2, 9, 9, tzinfo=UTC), date(2026, 3, 4), date(2026, 2, 4)
    with database.rehearsal() as session:
        before = due(session, february), due(session, march)
        enact(session, announcer, Wanted("move", "PSG", march, secretary, to=to, start=begins, end=ends), now)
        home = Wanted("move", "PSG", to, secretary, to=march, start=time(10), end=time(12))
        enact(session, announcer, home, now)
        assert (due(session, february), due(session, march)) == before
