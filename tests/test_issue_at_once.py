"""Two people of the PMO issue at the same moment, each in a process of their own: no reference twice, none left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.commands.settings import Settings
from bot.config import Config
from bot.formats import DraftedMeeting
from bot.meetings import keep
from bot.members import import_members, read_members_file
from bot.model import Person
from bot.report_numbers import numbered, numbers_of, series_of
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from schedules.series import Calendar
from tests import commands_at_once
from tests.issued_desk import DRAFT
from tests.secretariat_process import ROOT, environment

NOW = "2024-04-05T09:00:00+00:00"
DAYS = (date(2024, 2, 7), date(2024, 3, 6), date(2024, 4, 3))
MADE = datetime(2024, 4, 4, tzinfo=UTC)
PEOPLE = ("Tobias Wrenfield", "Rosalind Achterberg")


def laid_out(root: Path, monkeypatch: pytest.MonkeyPatch, days: tuple[date, ...]) -> Database:
    """Drafts of the PSG of each day, two decisions and an action in each."""
    for name, value in environment(root).items():
        monkeypatch.setenv(name, value)
    whole = Settings(ROOT / "config.yaml", NOW).secretariat
    with whole.database.session() as session:
        import_members(session, read_members_file(ROOT / "sample/members.csv", whole.config.groups))
        for day in days:
            meeting = whole.calendar.meeting_on("PSG", day)
            assert meeting
            keep(session, [meeting])
            draft = DRAFT.model_copy(update={"meeting": DraftedMeeting(group="PSG", date=day.isoformat())})
            session.add(DraftRow(id=f"PSG-{day}-draft-1", meeting_uid=meeting.uid, version=1, document_sha256="0" * 64,
                                 content=draft.model_dump_json(), made_at=MADE))  # fmt: skip
    return whole.database


def issued_at_once(root: Path, days: tuple[date, ...]) -> list[tuple[str, int]]:
    """What each person's command says, and its exit code; all begin the moment that the last one is ready to."""
    gate = commands_at_once.gate_for(len(days) * len(PEOPLE))

    def issue(day: date, by: str) -> tuple[str, int]:
        words = ["--now", NOW, "reports", "issue", f"PSG-{day}", "--by", by, "--attended", "--overrule", "At once."]
        done = commands_at_once.run(words, cwd=ROOT, env=environment(root), gate=gate)
        return done.stderr, done.returncode

    with ThreadPoolExecutor(gate.parties) as threads:
        return list(threads.map(lambda asked: issue(*asked), product(days, PEOPLE)))


def references(database: Database) -> tuple[list[str], list[str]]:
    with database.reading() as session:
        decisions = session.scalars(select(DecisionRow.reference).order_by(DecisionRow.number)).all()
        return list(decisions), sorted(session.scalars(select(ActionRow.reference)))


def all_at_once(root: Path, monkeypatch: pytest.MonkeyPatch, days: tuple[date, ...]) -> None:
    """Each meeting's report is issued by both people at once: one of them is told that it was issued."""
    database = laid_out(root, monkeypatch, days)
    ended = issued_at_once(root, days)
    assert sorted(code for _, code in ended) == sorted([0, 1] * len(days)), ended
    assert all("was issued on Friday 5 April 2024" in said for said, code in ended if code), ended
    decisions, actions = references(database)
    assert decisions == [f"PSG-DEC{number}" for number in range(41, 41 + 2 * len(days))]
    assert actions == [f"PSG{number}-01" for number in range(27, 27 + len(days))]
    with database.reading() as session:
        assert len(session.scalars(select(ReportRow)).all()) == len(days)
    database.close()


def test_two_people_at_once_leave_no_gap_and_no_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_at_once(tmp_path / "var", monkeypatch, DAYS[:1])


@pytest.mark.long
def test_six_at_once_on_three_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_at_once(tmp_path / "var", monkeypatch, DAYS)


def test_a_meeting_that_has_anothers_number_repeats_no_reference(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    """A meeting put on file afterwards moves those behind it up by one: PSG28 is given already."""
    meeting = Calendar(config).meeting_on("PSG", DAYS[1])
    assert meeting
    with database.session() as session:
        keep(session, [meeting])
        session.add(ReportRow(id="PSG-x-r1", meeting_uid=meeting.uid, revision=1, reference="PSG-x", snapshot="{}",
                              issued_at=datetime(2024, 4, 4, tzinfo=UTC), issued_by=people[PEOPLE[0]].id,
                              snapshot_sha256="0" * 64, document_sha256="0" * 64))  # fmt: skip
        session.flush()
        for reference in ("PSG28-01", "PSG28-02", "PSG2-01", "PSG28X-09"):
            session.add(
                ActionRow(reference=reference, group_key="PSG", report_id="PSG-x-r1", draft_ref="A-01", text="")
            )
        session.flush()
        numbers = numbers_of(session, meeting, 28, config.groups["PSG"].anchor)
        found = numbered(DRAFT, numbers)
        series = series_of(session, meeting, numbers)
    assert [action.ref for action in found.actions] == ["PSG28-03"]
    assert [decision.ref for decision in found.decisions] == ["PSG-DEC41", "PSG-DEC42"]
    assert series.numbered_on
