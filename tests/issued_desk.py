"""An installation with the PSG of 7 February 2024 issued, its members on file, worked through the real commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot import drafts, meetings, members, revisions
from bot.amendment_life import Kind
from bot.amendments import Asking, RequestText
from bot.app import Secretariat
from bot.cli import app
from bot.commands.settings import Settings
from bot.config import Config
from bot.config_file import read_config
from bot.errors import SecretariatError
from bot.formats import (
    Agenda,
    Coverage,
    Draft,
    DraftedAction,
    DraftedAgendaItem,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
)
from bot.model import HeadlineReport, Meeting
from bot.store.draft_tables import DraftRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow
from handlers.requests import enter_request
from schedules import reissuing
from tests.secretariat_process import ROOT

SAID = [Evidence(segment="7", quote="so that is agreed then", at=754.0)]
REFERENCE, UID = "PSG-2024-02-07", "psg-2024-02-07@mhhsprogramme.co.uk"
ISSUED = datetime(2024, 2, 9, 9, tzinfo=UTC)
ASKED = datetime(2024, 2, 12, 9, tzinfo=UTC)
PAPERS_DAY = datetime(2024, 2, 28, 9, tzinfo=UTC)  # the papers of 6 March are due, and requests close, at 17:00
CLOSED = datetime(2024, 2, 29, 9, tzinfo=UTC)
PMO = ("--by", "Tobias Wrenfield")
VOUCHED = ("--attended", "--overrule", "Cleared in the room; who came is checked by hand.")
HARRIET, DOROTHEA, EMEKA = "Harriet Bassington", "Dorothea Vance", "Emeka Loxley"
DRAFT = Draft(
    meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
    agenda=[DraftedAgendaItem(item="2", title="Migration & cutover plan", start=60, segment="3")],
    decisions=[
        DraftedDecision(ref=f"D-{n:02d}", item="2", text=text, at=700.0 + n, segment="7", outcome="accept",
                        reached_by="consensus", confidence=0.8, evidence=SAID)
        for n, text in enumerate(("The group approved the plan of January.", "The group noted the risk."), 1)
    ],
    actions=[DraftedAction(ref="A-01", item="2", text="The PMO was asked to publish it.", at=800, segment="9",
                           owner=["PMO"], due="2024-02-16", confidence=0.7, evidence=SAID)],
    viewpoints=[DraftedViewpoint(ref="V-01", item="2", speaker=None, constituency="Large Supplier", stance="objects",
                                 at=700, segment="5", text="Large Supplier asked for a later date.", evidence=SAID)],
    raid=[DraftedRaidItem(ref="R-01", kind="risk", item="2", text="Test data may be late.", at=720, segment="6",
                          evidence=SAID)],
    coverage=Coverage(speech_seconds=600, represented_seconds=450, unattributed_seconds=60),
)  # fmt: skip


def read_once(file: Path) -> Config:
    """The configuration, read from its file once for each set of settings; reading it takes half a second."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("SECRETARIAT_")}
    state = Path(settings.pop("SECRETARIAT_PATHS__STATE"))
    config = _read(file, frozenset(settings.items()))
    return config.model_copy(update={"paths": config.paths.model_copy(update={"state": state})})


@lru_cache
def _read(file: Path, settings: frozenset[tuple[str, str]]) -> Config:
    assert settings is not None  # part of what it is remembered by
    return read_config(file)


class IssuedDesk:
    """Commands, requests and what became of them. Every call has its own instant."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, is_copy: bool = False) -> None:
        for name in [name for name in os.environ if name.startswith("SECRETARIAT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(folder))
        monkeypatch.setenv("SECRETARIAT_ISSUED_REPORTS__PDF", "never")
        monkeypatch.setenv("COLUMNS", "250")
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr("bot.commands.settings.read_config", read_once)
        self.whole = self._opened(ISSUED)
        meeting = self.whole.calendar.meeting_on("PSG", date(2024, 2, 7))
        assert meeting
        self.meeting: Meeting = meeting
        if not is_copy:
            with self.whole.database.session() as session:
                meetings.keep(session, [meeting])
            self.keep_draft(DRAFT)

    def _opened(self, now: datetime) -> Secretariat:
        return Settings(ROOT / "config.yaml", now.isoformat()).secretariat

    def keep_draft(self, draft: Draft) -> None:
        whole = self.whole
        drafting = drafts.Drafting(
            whole.config, whole.files, whole.word, lambda _: Agenda(), lambda _: (), lambda *_: None, ""
        )
        with whole.database.session() as session:
            people = drafts.attendance_in(session, self.meeting, draft)
            report = drafts.report_of(drafting, self.meeting, draft, version=1, attendance=people, recording_id=None,
                                      transcript=None)  # fmt: skip
            document = whole.files.put(whole.word.draft_document(report))
            drafts.keep(session, self.meeting, report, version=1, transcript_id=None, document=document, now=ISSUED)

    def run(self, *words: str, now: datetime = ISSUED) -> str:
        """What a command says that goes well."""
        done = CliRunner().invoke(app, ["--now", now.isoformat(), *words])
        assert done.exit_code == 0, done.output + str(done.exception)
        return done.output

    def refused(self, *words: str, now: datetime = ISSUED) -> str:
        """The sentence with which a command is refused."""
        done = CliRunner().invoke(app, ["--now", now.isoformat(), *words])
        assert isinstance(done.exception, SecretariatError), done.output
        return str(done.exception)

    def issue(self) -> None:
        self.run("reports", "issue", REFERENCE, *PMO, *VOUCHED)

    def ask(
        self, text: str, line: str | None = "D-01", who: str = HARRIET, kind: Kind = Kind.RECORD, now: datetime = ASKED,
        cell: str = "",
    ) -> str:  # fmt: skip
        """A request by its reference."""
        request = RequestText("PSG", date(2024, 2, 7), line, text)
        with self.whole.database.session() as session:
            person = members.named(session, who)
            row, _ = enter_request(session, self.whole.announcer, request, person, came_by="slack",
                                   source_key=f"{text}{who}{line}{cell}", now=now,
                                   asking=Asking(kind, reason="It was said otherwise.", cell=cell))  # fmt: skip
            return row.reference

    def accept(self, *references: str, now: datetime = ASKED) -> None:
        for reference in references:
            self.run("amendments", "accept", reference, *PMO, "--reason", "Heard at 00:11:41.", now=now)

    def prepare(self, now: datetime) -> int:
        """How many amended reports are made ready by themselves at that instant."""
        whole, count = self._opened(now), 0
        while reissuing.prepare_one(whole.database, whole.issuing, whole.announcer, whole.clock):
            count += 1
        return count

    def reissue(self, *words: str, now: datetime = PAPERS_DAY) -> str:
        return self.run("reports", "reissue", REFERENCE, *PMO, *words, now=now)

    def reports(self) -> Sequence[ReportRow]:
        with self.whole.database.reading() as session:
            return session.scalars(select(ReportRow).order_by(ReportRow.revision)).all()

    def newest(self) -> HeadlineReport:
        return revisions.report_of(self.reports()[-1])

    def content(self, sha256: str) -> bytes:
        return self.whole.files.path(sha256).read_bytes()

    def notices(self, kind: str) -> Sequence[OutboxRow]:
        with self.whole.database.reading() as session:
            query = select(OutboxRow).where(OutboxRow.kind == kind).order_by(OutboxRow.recipient_name)
            return session.scalars(query).all()

    def drafts(self) -> Sequence[DraftRow]:
        with self.whole.database.reading() as session:
            return session.scalars(select(DraftRow)).all()


@pytest.fixture
def desk(tmp_path: Path, issued_state: Path, monkeypatch: pytest.MonkeyPatch) -> IssuedDesk:
    """The PSG of 7 February, issued two days later; it was issued once, and is copied."""
    shutil.copytree(issued_state, tmp_path, dirs_exist_ok=True)
    return IssuedDesk(tmp_path, monkeypatch, is_copy=True)
