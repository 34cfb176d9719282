"""With the Chair: the secretary is reminded to send the draft, and told of a missing answer; no Chair is chased."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import clearances, meetings
from bot.config import Config
from bot.formats import Coverage, Draft, DraftedMeeting
from bot.model import Person
from bot.store.database import Database
from bot.store.draft_tables import ClearanceRow, DraftRow
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ObligationRow
from bot.store.report_tables import ReportRow
from schedules.daily import sections_of
from schedules.deadlines import Circumstances, deadlines_for
from schedules.morning import todays
from schedules.series import Calendar
from tests.office import Office
from tests.test_reminders import SECRETARY, Walk

UID = "psg-2024-02-07@mhhsprogramme.co.uk"
PSG = ("PSG", "2024-02-07", "--by", SECRETARY)


@pytest.fixture
def walk(tmp_path: Path, database: Database, config: Config, people: dict[str, Person]) -> Walk:
    """From Wednesday 7 February 2024, 08:00: PSG meets at 10:00; its report is due on Friday the 9th."""
    return Walk(tmp_path, database, config, datetime(2024, 2, 7, 8, tzinfo=UTC))


@pytest.fixture
def office(office: Office) -> Office:
    office.at = "2024-02-08T10:00:00+00:00"
    return office


def drafted(walk: Walk, version: int = 1) -> None:
    content = Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    ).model_dump_json()
    with walk.database.session() as session:
        session.add(
            DraftRow(
                id=f"PSG-2024-02-07-draft-{version}", meeting_uid=UID, version=version, content=content,
                made_at=walk.now, document_sha256="0" * 64,
            )
        )  # fmt: skip


def noon(walk: Walk, day: int) -> None:
    """The rounds of the days up to noon of that day in February."""
    walk.to(date(2024, 2, day - 1))
    for hour in (9, 12):
        walk.now = datetime(2024, 2, day, hour, tzinfo=UTC)
        walk.round()


def told(walk: Walk) -> list[tuple[str, str, str]]:
    return walk.sent("chair_copy", "chair_answer")


@pytest.mark.parametrize(
    ("group", "day", "expected"),
    [
        ("PSG", date(2024, 2, 7), ("2024-02-08 12", "2024-02-09 12")),
        ("PSG", date(2024, 4, 3), ("2024-04-04 11", "2024-04-05 11")),  # 12:00 in London is 11 UTC in summer
        ("CCAG", date(2026, 12, 23), ("2026-12-24 12", "2026-12-29 12")),  # Boxing Day's substitute is the 28th
        ("GLIG-SIT", date(2024, 1, 5), ("2024-01-08 12", "2024-01-09 12")),
        ("MWG", date(2024, 2, 8), ("2024-02-09 12", "2024-02-12 12")),
    ],
)
def test_the_two_clocks_by_hand(config: Config, group: str, day: date, expected: tuple[str, str]) -> None:
    calendar = Calendar(config)
    meeting = calendar.meeting_on(group, day)
    assert meeting is not None
    due = {d.kind: d for d in deadlines_for(meeting, calendar, Circumstances(None))}
    assert tuple(f"{due[kind].due_at:%Y-%m-%d %H}" for kind in ("chair_copy", "chair_answer")) == expected
    assert "assumed: " in due["chair_copy"].source


def test_who_puts_out_no_report_asks_no_chair(config: Config) -> None:
    calendar = Calendar(config)
    for group, day in (("PSG-WEBINAR", date(2024, 2, 22)), ("DAG", date(2024, 2, 14))):
        meeting = calendar.meeting_on(group, day)
        assert meeting is not None
        assert not [d for d in deadlines_for(meeting, calendar, Circumstances(None)) if d.kind.startswith("chair_")]


def test_the_secretary_is_reminded_to_send_it_and_nobody_of_an_answer_not_asked_for(walk: Walk) -> None:
    noon(walk, 9)
    walk.to(date(2024, 2, 12))
    assert told(walk) == [("02-08 17", "chair_copy_due", SECRETARY)], "at the first round from noon on"


def test_once_with_the_chair_the_secretary_is_told_when_no_answer_has_come(walk: Walk, office: Office) -> None:
    drafted(walk)
    assert office("reports", "with-chair", *PSG) == (
        True,
        "PSG-2024-02-07 is with the Chair. The draft goes to Marguerite Oyelaran by mail. "
        "The answer is due Friday 9 February 2024, 12:00 (London); you are told if it has not come.\n",
    )
    noon(walk, 9)
    assert told(walk) == [("02-09 12", "chair_answer_due", SECRETARY)]
    [row] = walk.rows("chair_answer")
    assert "issue it subject to the Chair's review, or hold it" in row.text
    assert "Chair's answer on the headline report: within 2 working days" in office("why", row.id)[1]
    walk.to(date(2024, 2, 13))
    assert len(told(walk)) == 1
    to_chair = [row.kind for row in walk.rows() if row.recipient_name == "Marguerite Oyelaran"]
    assert sorted(kind for kind in to_chair if kind != "invitation") == ["clearance"], "asked once, never chased"


@pytest.mark.parametrize("how", ["cleared", "subject", "issued", "done", "reply"])
def test_it_stops_when(walk: Walk, office: Office, people: dict[str, Person], how: str) -> None:
    drafted(walk)
    if how == "cleared":
        assert "is cleared by the Chair" in office("reports", "cleared", *PSG)[1]
    elif how == "subject":
        assert "subject to the Chair's review" in office("reports", "cleared", *PSG, "--subject-to-review")[1]
    elif how == "issued":
        assert office("reports", "issue", "PSG-2024-02-07", "--by", SECRETARY, "--overrule", "Cleared in the room.")[0]
    elif how == "done":
        assert office("done", "PSG-2024-02-07/headline_report", "--by", SECRETARY)[0]
    else:
        noon(walk, 8)
        asked = walk.rows("chair_copy")[0]
        assert walk.reply(asked, "done", "tobias.wrenfield@example.org") == "done"
        noon(walk, 9)
        answer = walk.rows("chair_answer")[0]
        assert walk.reply(answer, "Done, thank you", "tobias.wrenfield@example.org") == "done"
    walk.to(date(2024, 2, 13))
    expected = {"reply": ["chair_copy_due", "chair_answer_due"]}.get(how, [])
    assert [step for _, step, _ in told(walk)] == expected
    with walk.database.reading() as session:
        assert {"chair_copy", "chair_answer"} <= set(meetings.obligations_met(session, UID))
        rows = session.scalars(select(ClearanceRow)).all()
        assert [row.subject_to_review for row in rows] == {"subject": [True], "issued": [], "done": []}.get(
            how, [False]
        )
        assert all(row.answered_by == SECRETARY for row in rows)


def test_each_is_in_the_audit(walk: Walk, office: Office) -> None:
    drafted(walk)
    office("reports", "with-chair", *PSG)
    office("reports", "cleared", *PSG)
    with walk.database.reading() as session:
        found = [(r.actor, r.event) for r in session.scalars(select(AuditRow).where(AuditRow.subject == UID))]
        reviewed = session.scalars(select(AuditRow.actor).where(AuditRow.event == "draft reviewed by the PMO")).all()
    assert found == [(SECRETARY, "report with the Chair"), (SECRETARY, "report cleared by the Chair")]
    assert reviewed == [SECRETARY], "who sends it has read it"
    assert "report cleared by the Chair, by Tobias Wrenfield" in office("why", "PSG-2024-02-07")[1]


def test_a_second_draft_may_be_put_to_the_chair_and_the_same_one_not_twice(walk: Walk, office: Office) -> None:
    drafted(walk)
    assert office("reports", "with-chair", *PSG)[0]
    went_well, said = office("reports", "with-chair", *PSG)
    assert not went_well
    assert "is with the Chair since Thursday 8 February 2024, 10:00 (London)." in said
    drafted(walk, version=2)
    assert office("reports", "with-chair", *PSG)[0]
    with walk.database.reading() as session:
        row = clearances.waiting(session, UID)
        assert row is not None
        assert row.draft_id == "PSG-2024-02-07-draft-2"


def test_what_cannot_be_is_said_in_a_sentence(walk: Walk, office: Office, people: dict[str, Person]) -> None:
    for words, at, why in (
        (("with-chair", *PSG), "2024-02-07T09:00:00+00:00", "has not been held yet."),
        (("with-chair", "PSG-WEBINAR", "2024-01-25", *PSG[2:]), "2024-02-08T10:00:00+00:00", "no headline report."),
        (("cleared", "PSG", "2024-02-06", *PSG[2:]), "2024-02-08T10:00:00+00:00", "PSG has no meeting on"),
        (("cleared", "PSG", "2024-02-07", "--by", "Harriet Bassington"), "2024-02-08T10:00:00+00:00", "not of the PMO"),
    ):
        went_well, said = office("reports", *words, at=at)
        assert not went_well, words
        assert why in said
    with walk.database.session() as session:
        session.add(
            ReportRow(
                id="PSG-2024-02-07-r1", meeting_uid=UID, revision=1, reference="PSG-2024-02-07",
                issued_at=datetime(2024, 2, 8, 9, tzinfo=UTC), issued_by=people[SECRETARY].id, snapshot="{}",
                snapshot_sha256="0" * 64, document_sha256="0" * 64,
            )
        )  # fmt: skip
    assert "was issued on Thursday 8 February 2024, 09:00 (London)." in office("reports", "with-chair", *PSG)[1]


def test_the_morning_says_what_is_with_the_chair_since_when_and_until_when(walk: Walk, office: Office) -> None:
    drafted(walk)
    office("reports", "with-chair", *PSG)
    since = "PSG-2024-02-07-draft-1: since Thursday 8 February 2024, 10:00 (London); answer"
    due = "due Friday 9 February 2024, 12:00 (London)"
    assert section(walk, 9) == [f"{since} {due}"]
    assert section(walk, 12) == [f"{since} was {due}"]
    office("reports", "cleared", *PSG)
    assert section(walk, 9) == []


def section(walk: Walk, day: int) -> list[str]:
    with walk.database.reading() as session:
        today = todays(session, walk.announcer, datetime(2024, 2, day, 8, tzinfo=UTC))
    assert not [d for d in (*today.due_soon, *today.late) if d.what.endswith("chair answer")]
    return next((s.lines for s in sections_of(today) if s.title == "With the Chair"), [])


def test_what_was_issued_before_this_was_known_asks_nobody(walk: Walk) -> None:
    """An older installation has the report's obligation on file, and none of the Chair's."""
    with walk.database.session() as session:
        row = ObligationRow(meeting_uid=UID, clock="headline_report", done_at=walk.now, done_by=SECRETARY)
        session.add(row)
    walk.to(date(2024, 2, 9))
    assert told(walk) == []
