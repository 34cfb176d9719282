"""The ladders, walked day by day: who hears what until it is done, who hears when it is not, and who never does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from jinja2 import Environment, meta
from pydantic import ValidationError
from sqlalchemy import select

from bot import change_requests, meetings, members, obligations
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.clock import LONDON, Clock
from bot.config import Config
from bot.config_clocks import ReminderStep
from bot.config_file import read_config
from bot.formats import Coverage, Draft, DraftedMeeting
from bot.model import Meeting, Person
from bot.sending import Sender
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.mail_tables import InboxRow
from bot.store.meeting_tables import ChangeRequestRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ActionRow, ReportRow
from bot.store.speech_tables import RecordingRow
from bot.wording import render
from handlers.mail.inbox import MailInbox
from handlers.mail.working import MailWorker
from schedules.announcements import Announcer
from schedules.changes import Wanted, enact
from schedules.checking import REMINDER_VALUES
from schedules.due import queue_due
from schedules.finding import find_meeting
from schedules.series import Calendar
from tests.office import Office
from tests.secretariat_process import ROOT

LEAD, SECRETARY, DEPUTY = "Rosalind Achterberg", "Tobias Wrenfield", "Ifeoma Castellane"  # of PSG
NEVER = ("Marguerite Oyelaran", "Philippa Dunmorrow", "Benedikt Harrowgate")  # the SRO in the chair, Ofgem, the IPA
FEBRUARY = date(2024, 2, 7)
Told = tuple[str, str, str]  # (day and hour in London, step, who)


class Walk:
    """The secretariat of PSG on a virtual clock, sending by mail into a folder; a round at each of its `hours`."""

    hours: tuple[int, ...] = (9, 17)

    def __init__(self, folder: Path, database: Database, config: Config, started: datetime) -> None:
        some = config.model_copy(update={"groups": {"PSG": config.groups["PSG"]}})
        self.root, self.database, self.now = folder / "mailbox", database, started
        self.announcer = Announcer(some, Calendar(some), lambda: "http://127.0.0.1:8765")
        self.files = ContentFolder(folder / "content")
        channel = MailFolder(self.root, sender="pmo@mhhsprogramme.co.uk", sender_name="MHHS PMO")
        domain = config.programme.domain
        self.sender = Sender(database, [channel], self.files, now=lambda: self.now, domain=domain)
        self.round()

    def round(self, *, sending: bool = True) -> None:
        with self.database.session() as session:
            queue_due(session, self.announcer, self.now)
        while sending and self.sender.deliver_some():
            pass

    def to(self, last: date, *, sending: bool = True) -> None:
        """Round by round, up to and including that day; at a weekend once a day, when nothing is due."""
        day = self.now.astimezone(LONDON).date()
        while day <= last:
            for hour in self.hours if day.weekday() < 5 else self.hours[:1]:
                at = datetime(day.year, day.month, day.day, hour, tzinfo=LONDON).astimezone(UTC)
                if at > self.now:
                    self.now = at
                    self.round(sending=sending)
            day += timedelta(days=1)

    def rows(self, *clocks: str) -> list[OutboxRow]:
        with self.database.reading() as session:
            found = session.scalars(select(OutboxRow).order_by(OutboxRow.due_at, OutboxRow.id))
            return [row for row in found if not clocks or row.clock.partition(":")[0] in clocks]

    def sent(self, *clocks: str, of: date | None = None) -> list[Told]:
        """What was sent about these clocks, of one meeting or of all."""
        return [
            (f"{row.sent_at.astimezone(LONDON):%m-%d %H}", row.step, row.recipient_name)
            for row in self.rows(*clocks)
            if row.sent_at and (of is None or of.isoformat() in row.meeting_uid)
        ]

    def meeting(self, on: date = FEBRUARY) -> Meeting:
        with self.database.session() as session:
            return find_meeting(session, self.announcer.calendar, "PSG", on)

    def meet(self, clock: str, on: date = FEBRUARY, link: str = "") -> None:
        with self.database.session() as session:
            meeting = find_meeting(session, self.announcer.calendar, "PSG", on)
            meetings.meet_obligation(session, meeting.uid, clock, at=self.now, by=SECRETARY, link=link)

    def reply(self, row: OutboxRow, words: str, sender: str) -> str:
        """Somebody answers a notice by mail; what the inbox makes of it."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "pmo@mhhsprogramme.co.uk", f"Re: {row.subject}"
        mail["In-Reply-To"] = f"<{row.id}@mhhsprogramme.co.uk>"
        mail["Message-ID"] = f"<{abs(hash((row.id, words, sender)))}@example.org>"
        mail.set_content(f"{words}\n\nOn Wed, 7 Feb 2024 at 10:00, MHHS PMO wrote:\n> {row.subject}\n")
        (self.root / "inbox").mkdir(parents=True, exist_ok=True)
        (self.root / "inbox" / "reply.eml").write_bytes(mail.as_bytes())
        inbox = MailInbox(
            MailboxFolder("pmo", self.root), MailWorker(self.announcer), self.database, self.files, Clock(self.now)
        )
        for _ in range(5):
            inbox.take_in_one()
        with self.database.reading() as session:
            return session.scalars(select(InboxRow).order_by(InboxRow.arrived_at.desc())).all()[0].finding


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, tmp_path: Path, database: Database, config: Config, people: dict[str, Person]
) -> Walk:
    """From Monday 15 January 2024, or the day that a test says: what fell due before is then not what it is about.

    PSG meets on 7 February, its papers are due on 31 January.
    """
    first: date = getattr(request, "param", date(2024, 1, 15))
    return Walk(tmp_path, database, config, datetime(first.year, first.month, first.day, 8, tzinfo=UTC))


WEEK_OF_THE_MEETING = pytest.mark.parametrize("walk", [date(2024, 2, 5)], indirect=True, ids=["from 5 February"])
WEEK_AFTER = pytest.mark.parametrize("walk", [date(2024, 2, 12)], indirect=True, ids=["from 12 February"])


# ------------------------------------------------------------------------------------------------------------ papers


def test_the_ladder_of_the_papers_is_climbed_while_they_are_not_issued(walk: Walk) -> None:
    walk.to(date(2024, 2, 6))
    assert walk.sent("papers", of=FEBRUARY) == [
        ("01-26 09", "papers_call", SECRETARY),
        ("01-30 09", "agenda_agreed", SECRETARY),
        ("01-31 09", "papers_today", SECRETARY),
        ("01-31 17", "papers_late", SECRETARY),
        ("02-01 09", "papers_late_deputy", DEPUTY),
        ("02-02 09", "papers_late_pmo_lead", LEAD),
    ]


def test_it_stops_the_moment_the_papers_are_issued(walk: Walk) -> None:
    walk.to(date(2024, 1, 31))
    walk.meet("papers")
    walk.to(date(2024, 2, 6))
    assert [step for _, step, _ in walk.sent("papers", of=FEBRUARY)][-1] == "papers_late"


def test_what_waits_already_is_taken_back_at_once(walk: Walk) -> None:
    walk.to(date(2024, 1, 29))
    walk.now = datetime(2024, 1, 30, 10, tzinfo=UTC)
    walk.round(sending=False)
    [waiting] = [row for row in walk.rows("papers") if row.step == "agenda_agreed"]
    assert waiting.state == "pending"
    walk.meet("papers")
    [stopped] = [row for row in walk.rows("papers") if row.step == "agenda_agreed"]
    assert (stopped.state, stopped.state_reason) == ("suppressed", "the obligation was met meanwhile")
    walk.round()
    assert "agenda_agreed" not in [step for _, step, _ in walk.sent("papers")]


def test_nothing_of_a_month_reaches_who_owes_nothing_or_is_never_chased(walk: Walk, people: dict[str, Person]) -> None:
    walk.to(date(2024, 3, 15))
    pmo = {people[name].id for name in (LEAD, SECRETARY, DEPUTY)}
    assert {row.recipient for row in walk.rows() if row.kind != "invitation"} <= pmo
    climbed = {step for _, step, _ in walk.sent("headline_report", "recording", of=FEBRUARY)}
    assert {"headline_late_deputy", "headline_late_pmo_lead", "recording_late_pmo_lead"} <= climbed


@pytest.mark.long
def test_a_deputy_who_chairs_is_not_chased(walk: Walk, database: Database, people: dict[str, Person]) -> None:
    """The roster may be wrong or odd: who sits as Chair, for Ofgem or the IPA is left alone all the same."""
    line = "Marguerite Oyelaran,marguerite.oyelaran@example.org,,MHHS Programme,,PSG,PMO,pmo_lead,2023-01-01,,"
    file = walk.root / "odd.csv"
    walk.root.mkdir(exist_ok=True)
    file.write_text(",".join(members.COLUMNS) + f"\n{line}\n", encoding="utf-8")
    with database.session() as session:
        members.import_members(session, members.read_members_file(file, ["PSG"]))
    walk.to(date(2024, 2, 16))
    assert not [row for row in walk.rows() if row.recipient_name in NEVER and row.kind != "invitation"]


# ------------------------------------------------------------------------------- outage, short notice, proposed dates


def test_after_an_outage_only_the_latest_step_is_sent(walk: Walk) -> None:
    walk.to(date(2024, 1, 25))
    walk.now = datetime(2024, 1, 31, 12, tzinfo=UTC)
    walk.round()
    found = {row.step: (row.state, row.state_reason) for row in walk.rows("papers") if "02-07" in row.meeting_uid}
    assert found == {
        "papers_call": ("suppressed", "overtaken by papers_today"),
        "agenda_agreed": ("suppressed", "overtaken by papers_today"),
        "papers_today": ("sent", ""),
    }


def test_a_step_that_could_not_be_sent_is_overtaken_by_the_next(walk: Walk) -> None:
    walk.to(date(2024, 1, 30), sending=False)
    walk.to(date(2024, 1, 31), sending=False)
    found = {row.step: row.state_reason for row in walk.rows("papers") if "02-07" in row.meeting_uid}
    assert found["papers_call"] == "overtaken by agenda_agreed"
    assert found["papers_today"] == "overtaken by papers_late"
    assert found["papers_late"] == ""


def test_clocks_past_when_a_meeting_is_called_chase_nobody(walk: Walk, people: dict[str, Person]) -> None:
    """Called on Monday 22 January for Thursday the 25th: its papers were due on the 18th."""
    walk.to(date(2024, 1, 21))
    walk.now = datetime(2024, 1, 22, 10, tzinfo=UTC)
    on = date(2024, 1, 25)
    with walk.database.session() as session:
        enact(session, walk.announcer, Wanted("add", "PSG", on, people[SECRETARY], "urgent"), walk.now)
    walk.to(date(2024, 1, 31))
    with walk.database.reading() as session:
        called = meetings.on_day(session, "PSG", on)
        assert called is not None
        clocks = {d.kind: d for d in walk.announcer.clocks_of(session, called)}
    note = "Not attainable: the meeting was called on Monday 22 January 2024; the Chair approves."
    assert clocks["papers"].note == note
    assert clocks["headline_report"].note == ""
    assert walk.sent("papers", of=on) == []
    assert {step for _, step, _ in walk.sent("headline_report", of=on)} >= {"headline_due_today", "headline_late"}


def test_only_the_pmo_is_chased_about_a_proposed_date(
    tmp_path: Path, database: Database, config: Config, people: dict[str, Person]
) -> None:
    """PSG of 1 January 2025: 25, 20 and 15 working days before are 25 November, 2 and 9 December."""
    walk = Walk(tmp_path, database, config, datetime(2024, 11, 11, 8, tzinfo=UTC))
    new_year = date(2025, 1, 1)
    walk.to(date(2024, 12, 20))
    assert walk.sent(of=new_year) == [
        ("11-25 09", "date_to_confirm", SECRETARY),
        ("12-02 09", "date_to_confirm_soon", DEPUTY),
        ("12-09 09", "date_to_confirm_now", LEAD),
    ]
    text = next(row.text for row in walk.rows("proposed_date"))
    assert "would meet on Wednesday 1 January 2025, which is no working day" in text
    assert "Proposed, the best first: " in text


def test_once_confirmed_it_is_a_meeting_like_any_other(
    tmp_path: Path, database: Database, config: Config, people: dict[str, Person]
) -> None:
    walk = Walk(tmp_path, database, config, datetime(2024, 11, 25, 8, tzinfo=UTC))
    new_year = date(2025, 1, 1)
    walk.to(date(2024, 11, 27))
    with database.session() as session:
        wanted = Wanted("confirm", "PSG", new_year, people[SECRETARY], to=date(2025, 1, 7))
        enact(session, walk.announcer, wanted, walk.now)
    walk.to(date(2024, 12, 31))
    steps = [step for _, step, _ in walk.sent("proposed_date", "papers", of=new_year)]
    late = ["papers_late", "papers_late_deputy"]
    assert steps == ["date_to_confirm", "papers_call", "agenda_agreed", "papers_today", *late]


# ------------------------------------------------------------------------------------------------- meeting, recording


@pytest.mark.long
def test_who_asks_to_hear_of_a_meeting_is_told_who_is_expected_and_where_the_pack_lies(
    walk: Walk, people: dict[str, Person]
) -> None:
    with walk.database.session() as session:
        members.choose(session, people["Harriet Bassington"], "meeting_tomorrow")
    walk.meet("papers", link="https://example.org/psg/pack")
    walk.to(date(2024, 2, 6))
    assert walk.sent("meeting") == [("02-06 09", "meeting_tomorrow", "Harriet Bassington")]
    text = next(row.text for row in walk.rows("meeting") if row.step == "meeting_tomorrow")
    assert "Agenda and papers: https://example.org/psg/pack" in text
    assert "Magnus Eskdale" in text
    with walk.database.session() as session:
        members.choose_no_more(session, people["Harriet Bassington"], "meeting_tomorrow")
    walk.to(date(2024, 3, 5))
    assert [step for _, step, _ in walk.sent("meeting")].count("meeting_tomorrow") == 1


@WEEK_OF_THE_MEETING
def test_a_recording_is_expected_only_while_none_has_come(walk: Walk) -> None:
    walk.hours = (9, 17, 18)
    walk.to(FEBRUARY)
    assert walk.sent("recording_arrival") == [("02-07 18", "recording_expected", SECRETARY)]
    march = walk.meeting(date(2024, 3, 6))
    walk.to(date(2024, 3, 5))
    with walk.database.session() as session:
        row = RecordingRow(id="R-1", meeting_uid=march.uid, name="PSG-2024-03-06.flac", state="waiting")
        row.arrived_at = walk.now
        session.add(row)
    walk.to(date(2024, 3, 7))
    assert len(walk.sent("recording_arrival")) == 1


# ------------------------------------------------------------------------------------------------ what hangs on facts


@pytest.fixture
def report(walk: Walk, people: dict[str, Person]) -> str:
    """The id of an issued report of PSG, 7 February."""
    uid = walk.meeting().uid
    content = Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    ).model_dump_json()
    with walk.database.session() as session:
        session.add(
            ReportRow(
                id="PSG-2024-02-07-r1", meeting_uid=uid, revision=1, reference="PSG-2024-02-07",
                issued_at=datetime(2024, 2, 9, tzinfo=UTC), issued_by=people[SECRETARY].id, snapshot=content,
                snapshot_sha256="0" * 64, document_sha256="0" * 64,
            )
        )  # fmt: skip
    return "PSG-2024-02-07-r1"


def act(walk: Walk, report: str, owner: str, due: str = "2024-02-23", reference: str = "PSG27-01") -> None:
    with walk.database.session() as session:
        session.add(
            ActionRow(
                reference=reference, group_key="PSG", report_id=report, draft_ref="A-01", text="Publish it.",
                owner=owner, due=due,
            )
        )  # fmt: skip


@WEEK_AFTER
def test_an_action_is_put_to_its_owner_and_then_to_the_pmo(walk: Walk, report: str) -> None:
    act(walk, report, "Large Supplier Representative")
    walk.to(date(2024, 3, 8))
    assert walk.sent("action") == [
        ("02-16 09", "action_due", "Harriet Bassington"),
        ("02-26 09", "action_overdue", "Harriet Bassington"),
        ("02-28 09", "action_overdue_secretary", SECRETARY),
        ("03-01 09", "action_overdue_deputy", DEPUTY),
        ("03-06 09", "action_overdue_pmo_lead", LEAD),
    ]


@WEEK_AFTER
def test_an_action_of_nobody_or_of_who_is_never_chased_is_the_secretarys(walk: Walk, report: str) -> None:
    owners = ["SRO as Chair", "Marguerite Oyelaran", "Ofgem Observer", "IPA Manager", "Elexon, DCC", "x", ""]
    references = [f"PSG27-{number:02d}" for number in range(1, len(owners) + 1)]
    for reference, owner in zip(references, owners, strict=True):
        act(walk, report, owner, reference=reference)
    walk.to(date(2024, 2, 26))
    told = {(row.clock, row.recipient_name) for row in walk.rows("action") if row.sent_at}
    assert told == {(f"action:{reference}", SECRETARY) for reference in references}


@WEEK_AFTER
def test_an_action_without_a_day_reminds_nobody(walk: Walk, report: str) -> None:
    act(walk, report, "Harriet Bassington", due="before the next meeting")
    act(walk, report, "Harriet Bassington", due="0001-01-01", reference="PSG27-02")
    walk.to(date(2024, 3, 8))
    assert walk.rows("action") == []


@WEEK_OF_THE_MEETING
def test_a_request_is_to_be_reviewed_from_the_next_working_day_on(walk: Walk, people: dict[str, Person]) -> None:
    walk.to(date(2024, 2, 8))
    with walk.database.session() as session:
        session.add(
            AmendmentRow(
                reference="AM-001", number=1, meeting_uid=find_meeting(
                    session, walk.announcer.calendar, "PSG", FEBRUARY).uid,
                requester_id=people["Harriet Bassington"].id, came_by="mail", source_key="mail:1",
                received_at=datetime(2024, 2, 9, 15, tzinfo=UTC), state="received", proposed_text="It was deferred.",
            )
        )  # fmt: skip
    walk.to(date(2024, 2, 14))
    assert walk.sent("request") == [
        ("02-12 09", "request_to_review", SECRETARY),
        ("02-14 09", "request_to_review_deputy", DEPUTY),
    ]
    assert "It was deferred." in walk.rows("request")[0].text
    walk.to(date(2024, 2, 29))
    assert "amended_report_due" in {step for _, step, _ in walk.sent("amended_report")}, "there was a request"


@WEEK_OF_THE_MEETING
def test_a_decision_on_a_change_request_has_ten_working_days(walk: Walk, people: dict[str, Person]) -> None:
    """Decided on Wednesday 7 February: communicated by Wednesday the 21st."""
    walk.to(date(2024, 2, 7))
    with walk.database.session() as session:
        change_requests.decided(session, "CR041", "PSG", FEBRUARY, by=people[SECRETARY], now=walk.now)
    walk.to(date(2024, 2, 23))
    assert walk.sent("change_decision") == [
        ("02-19 09", "change_decision_due", SECRETARY),
        ("02-21 09", "change_decision_today", SECRETARY),
        ("02-22 09", "change_decision_late", SECRETARY),
        ("02-23 09", "change_decision_late_deputy", DEPUTY),
    ]
    with walk.database.session() as session:
        found = obligations.on_file(session, "cr041", "change_decision", "mhhsprogramme.co.uk")
        obligations.meet(session, found, by=people[SECRETARY], of_pmo=True, now=walk.now)
    walk.to(date(2024, 2, 29))
    assert len(walk.sent("change_decision")) == 4


# -------------------------------------------------------------------------------------------------------- done, by mail


def last_of(walk: Walk, clock: str) -> OutboxRow:
    return walk.rows(clock)[-1]


def obligations_on_file(walk: Walk) -> list[tuple[str, str, str]]:
    with walk.database.reading() as session:
        return [(row.clock, row.done_by, row.link) for row in session.scalars(select(ObligationRow))]


def test_a_reply_that_says_done_meets_it(walk: Walk) -> None:
    walk.to(date(2024, 1, 31))
    words = "Done, thank you: see https://example.org/pack"
    assert walk.reply(last_of(walk, "papers"), words, "tobias.wrenfield@example.org") == "done"
    assert obligations_on_file(walk) == [("papers", SECRETARY, "https://example.org/pack")]
    before = len(walk.sent("papers", of=FEBRUARY))
    walk.to(date(2024, 2, 6))
    assert len(walk.sent("papers", of=FEBRUARY)) == before


@pytest.mark.parametrize(
    ("words", "sender", "finding"),
    [
        ("Done", "rosalind.achterberg@example.org", "done"),  # of the PMO
        ("Done", "harriet.bassington@example.org", "refused"),  # neither the recipient nor of the PMO
        ("Done", "nobody@example.org", "unknown_sender"),
        ("Done?", "tobias.wrenfield@example.org", "query"),
        ("It will be done tomorrow", "tobias.wrenfield@example.org", "unclear"),
        ("I have not done it", "tobias.wrenfield@example.org", "unclear"),
    ],
)
def test_whose_word_counts_and_which(walk: Walk, words: str, sender: str, finding: str) -> None:
    walk.to(date(2024, 1, 31))
    assert walk.reply(last_of(walk, "papers"), words, sender) == finding
    assert bool(obligations_on_file(walk)) == (finding == "done")


def test_a_members_done_closes_no_window_for_the_others(walk: Walk, people: dict[str, Person]) -> None:
    with walk.database.session() as session:
        members.choose(session, people["Harriet Bassington"], "amendments_closing")
    walk.to(date(2024, 2, 26))
    row = next(r for r in walk.rows("amendments_close") if r.recipient_name == "Harriet Bassington")
    assert walk.reply(row, "Done", "harriet.bassington@example.org") == "unclear"
    assert obligations_on_file(walk) == []


@pytest.mark.long
def test_an_owner_proposes_closure_and_the_pmo_closes(walk: Walk, report: str) -> None:
    act(walk, report, "Harriet Bassington")
    act(walk, report, "Harriet Bassington", reference="PSG27-02")
    walk.to(date(2024, 2, 16))
    first, second = sorted(walk.rows("action"), key=lambda row: row.clock)
    assert walk.reply(first, "done", "harriet.bassington@example.org") == "done"
    assert walk.reply(second, "done", "tobias.wrenfield@example.org") == "done"
    with walk.database.reading() as session:
        states = {row.reference: row.state for row in session.scalars(select(ActionRow))}
    assert states == {"PSG27-01": "closure_proposed", "PSG27-02": "closed"}
    walk.to(date(2024, 3, 8))
    assert len(walk.sent("action")) == 2


# ----------------------------------------------------------------------------------------------------- done, by command


CLOCKS = ["papers", "recording_arrival", "recording", "headline_report", "amendments_close", "amended_report"]
Said = tuple[bool, str]


def call_meeting(office: Office) -> None:
    went_well, said = office("meetings", "add", "PSG", "2024-02-28", "--by", SECRETARY, "--yes")
    assert went_well, said


def test_a_clock_that_cannot_be_attained_is_said_so_by_the_command(office: Office) -> None:
    assert office("meetings", "add", "PSG", "2024-02-14", "--by", SECRETARY, "--yes")[0]
    note = "Not attainable: the meeting was called on Friday 9 February 2024; the Chair approves."
    _, said = office("deadlines", "PSG", "2024-02-14", "--explain")
    assert said.count(note) == 1
    _, said = office("deadlines", "PSG", "2024-02-14", "--format", "json")
    assert [d["kind"] for d in json.loads(said)["deadlines"] if d["note"] and note in d["note"]] == ["papers"]


def test_the_chairs_approval_of_short_notice_is_put_on_file_and_said(office: Office) -> None:
    assert office("meetings", "add", "PSG", "2024-02-14", "--by", SECRETARY, "--yes")[0]
    approve = ("meetings", "approve", "PSG", "2024-02-14", "--by", SECRETARY, "--approved-by")
    went_well, said = office(*approve, "Harriet Bassington")
    assert (went_well, "Harriet Bassington does not chair PSG. The group's Chair approves." in said) == (False, True)
    assert office(*approve, "Marguerite Oyelaran")[0]
    _, said = office("deadlines", "PSG", "2024-02-14", "--explain")
    assert "called on Friday 9 February 2024; approved by Marguerite Oyelaran." in said
    call_meeting(office)
    went_well, said = office("meetings", "approve", "PSG", "2024-02-28", "--by", SECRETARY, "--approved-by", "Oyelaran")
    assert (went_well, "was attainable when it was called" in said) == (False, True)


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_clock_of_a_meeting_can_be_marked_as_met(office: Office, database: Database, clock: str) -> None:
    call_meeting(office)
    link = f"https://example.org/{clock}"
    said = office("done", f"PSG-2024-02-28/{clock}", "--by", SECRETARY, "--link", link)
    assert said == (True, f"PSG-2024-02-28/{clock} is marked as met by {SECRETARY}; its reminders stop.\n")
    with database.reading() as session:
        row = session.get_one(ObligationRow, ("psg-2024-02-28@mhhsprogramme.co.uk", clock))
        assert (row.done_by, row.link) == (SECRETARY, link)


def test_the_update_and_the_minutes_of_their_time_can_be_marked_too(office: Office, database: Database) -> None:
    with database.session() as session:
        calendar = Calendar(read_config(ROOT / "config.yaml"))
        found = calendar.meetings(date(2023, 11, 1), date(2024, 3, 31), ["DAG", "PSG"])
        meetings.keep(session, found)
    assert office("done", "DAG-2024-03-13/update", "--by", SECRETARY)[0]
    assert office("done", "PSG-2023-11-01/minutes", "--by", SECRETARY)[0]


def test_what_cannot_be_marked_is_said_in_a_sentence(office: Office) -> None:
    call_meeting(office)
    for obligation, by, why in (
        ("PSG-2024-02-28/paper", SECRETARY, "has no clock paper."),
        ("PSG-2024-02-28", SECRETARY, "There is no meeting"),
        ("PSG-2030-01-01/papers", SECRETARY, "There is no meeting PSG-2030-01-01."),
        ("PSG27-99/action", SECRETARY, "There is no action PSG27-99."),
        ("AM-999/request", SECRETARY, "There is no request AM-999."),
        ("CR999/change_decision", SECRETARY, "There is no change request CR999."),
        ("PSG-2024-02-28/papers", "Harriet Bassington", "not of the PMO"),
    ):
        went_well, said = office("done", obligation, "--by", by)
        assert not went_well
        assert why in said


def test_a_change_request_goes_from_decided_to_communicated(office: Office, database: Database) -> None:
    def run(*words: str) -> Said:
        return office("change-request", *words)

    told = "CR7: its decision is to be communicated by Wednesday 21 February 2024, 17:00 (London).\n"
    assert run("decided", "CR7", "psg", "2024-02-07", "--by", SECRETARY) == (True, told)
    for refused, why in (
        (("decided", "CR7", "PSG", "2024-02-07", "--by", SECRETARY), "CR7 is on file already"),
        (("decided", "CR8", "PSG", "2024-02-12", "--by", SECRETARY), "is still to come"),
        (("decided", "CR8", "SITWG", "2024-02-07", "--by", SECRETARY), "No clock for change request decisions"),
        (("decided", "CR8", "PSG", "2024-02-07", "--by", "Harriet Bassington"), "not of the PMO"),
        (("decided", "CR8", "PSG", "7 February", "--by", SECRETARY), "is no date"),
        (("communicated", "CR8", "--by", SECRETARY), "There is no change request CR8."),
    ):
        went_well, said = run(*refused)
        assert not went_well
        assert why in said
    assert run("communicated", "cr7", "--by", SECRETARY)[0]
    with database.reading() as session:
        assert session.get_one(ChangeRequestRow, "CR7").communicated_at is not None
    assert "not yet" not in run("list")[1]


def test_a_person_chooses_by_command(office: Office) -> None:
    harriet = ("Harriet Bassington", "meeting_tomorrow")
    assert office("members", "opt-in", *harriet) == (True, "Harriet Bassington hears meeting_tomorrow.\n")
    went_well, said = office("members", "opt-in", "Harriet Bassington", "headline_late")
    assert not went_well
    assert "To choose from: meeting_tomorrow, amendments_closing." in said
    assert office("members", "opt-out", *harriet) == (True, "Harriet Bassington no longer hears meeting_tomorrow.\n")


# --------------------------------------------------------------------------------------------------- ladders and texts

STEP = {
    "id": "a", "clock": "papers", "working_days": 1, "direction": "after", "to": "secretary", "kind": "pmo_reminder",
    "template": "t.txt", "source": "s",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"climb": [{"to": "chair", "working_days": 2}]}, "'secretary', 'deputy' or 'pmo_lead'"),
        ({"climb": [{"to": "deputy", "working_days": 1}]}, "some working days later"),
        ({"climb": [{"to": "deputy", "working_days": 3}, {"to": "pmo_lead", "working_days": 2}]}, "days later"),
        ({"climb": [{"to": "deputy", "working_days": 2}], "direction": "before"}, "direction: after"),
        ({"to": "owner"}, "only an `action`"),
        ({"to": "authors"}, "an `expected_paper` is asked of its `authors`"),
        ({"clock": "expected_paper"}, "an `expected_paper` is asked of its `authors`"),
        ({"opt_in": True}, "`opt_in` is for"),
        ({"at": None}, "no time of day"),
        ({"at": "17"}, "no time of day"),
        ({"to": "chair"}, "Input should be"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        ReminderStep.model_validate(STEP | changed)


def test_no_ladder_leads_out_of_the_pmo_but_to_members_and_owners(config: Config) -> None:
    inside = {"secretary", "deputy", "pmo", "pmo_lead"}
    outside = {step.id: step.to for step in config.ladder if step.to not in inside}
    owed = {"action_due", "action_overdue", "alternate_needed", "papers_call_authors", "papers_chaser"}
    assert set(outside) == {"invitation", "meeting_tomorrow", "amendments_closing"} | owed
    chosen = {step.id for step in config.ladder if step.opt_in}
    assert {name for name, to in outside.items() if to not in ("owner", "authors")} == chosen | {"invitation"}
    assert len({step.id for step in config.ladder}) == len(config.ladder)


MESSAGES = ROOT / "report_templates/messages"
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


def documented() -> Iterator[tuple[str, set[str]]]:
    """(text, placeholders) by the README: those of its own line, or those of its section where the line has none."""
    for section in (MESSAGES / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        whole = set(PLACEHOLDER.findall(section))
        for name in dict.fromkeys(re.findall(r"`(\w+\.txt)`", section)):
            line = next(line for line in section.splitlines() if f"`{name}`" in line)
            yield name, set(PLACEHOLDER.findall(line)) or whole


def test_every_text_is_documented() -> None:
    assert {name for name, _ in documented()} == {file.name for file in MESSAGES.glob("*.txt")}


@pytest.mark.parametrize(("name", "placeholders"), list(documented()))
def test_a_text_uses_only_what_is_documented(name: str, placeholders: set[str]) -> None:
    source = (MESSAGES / name).read_text(encoding="utf-8")
    used = meta.find_undeclared_variables(Environment().parse(source))  # noqa: S701  # nothing is rendered here
    assert used <= placeholders


def test_every_text_of_a_ladder_can_be_filled_in_and_says_why_now(config: Config) -> None:
    for step in config.ladder:
        subject, text = render(config.paths.templates, step.template, REMINDER_VALUES)
        assert subject
        assert text.splitlines()[-1] == "Why now: x (x).", step.template
        assert not re.search(r"\b(fail|overdue|must|you have not|neglect|forgot)\w*", text, re.IGNORECASE), (
            step.template
        )


def test_what_a_ladders_texts_may_use_is_what_the_readme_says() -> None:
    by_the_readme = dict(documented())
    assert by_the_readme["papers_call.txt"] == set(REMINDER_VALUES)
