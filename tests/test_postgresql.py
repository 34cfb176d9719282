"""The secretariat on a real PostgreSQL: the same behaviour, several processes on one database, and its bad days."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, select, text

from bot import audit, meetings, members, outbox, papers
from bot.adapters.content_files import ContentFolder
from bot.amendments import Submission, submit
from bot.commands.settings import Settings
from bot.config import Config
from bot.errors import StateUnusable
from bot.formats import Coverage, Draft, DraftedAction, DraftedMeeting
from bot.model import Delivery, Meeting, Outcome, OutgoingMessage, Person
from bot.sending import Sender
from bot.store.amendment_tables import AmendmentRow
from bot.store.columns import Table
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import ExpectedPaperRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import PersonRow
from bot.store.postgresql import address
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from schedules.announcements import Announcer
from schedules.series import Calendar
from tests import commands_at_once
from tests.conftest import MEMBERS
from tests.postgresql_server import IN_AN_ADDRESS, PASSWORD, PostgresqlServer, running_postgresql
from tests.secretariat_process import ROOT, environment
from tests.test_outbox import DOMAIN, NOW, Hands, Scripted, drain, local_channels, notice, only, put, round_at, rows
from tests.test_reports import decision

PEOPLE = "peopled"  # the database with the invented people, copied for each test
TROUBLE = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{}'; END $$"  # as the server itself would refuse


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with running_postgresql() as found:
        yield found


@pytest.fixture(scope="module")
def peopled(server: PostgresqlServer, config: Config) -> str:
    server.ask(f"CREATE DATABASE {PEOPLE}")
    opened = Database(address(server.url(PEOPLE)))
    opened.bring_up_to_date()
    with opened.session() as session:
        members.import_members(session, members.read_members_file(MEMBERS, config.groups))
    opened.close()
    return PEOPLE


@pytest.fixture
def url(server: PostgresqlServer, peopled: str) -> str:
    return server.new(peopled)


@pytest.fixture
def postgresql(url: str) -> Iterator[Database]:
    """A database with the invented people, and nothing else."""
    opened = Database(address(url))
    yield opened
    opened.close()


@pytest.fixture
def known(postgresql: Database) -> dict[str, Person]:
    with postgresql.reading() as session:
        return {row.name: members.as_person(row) for row in session.scalars(select(PersonRow))}


def at_once(works: Sequence[Callable[[], object]]) -> None:
    """All of them in threads that start at one instant; what one raises is raised."""
    gate, raised = threading.Barrier(len(works)), list[BaseException]()

    def work(do: Callable[[], object]) -> None:
        try:
            gate.wait()
            do()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=work, args=(do,)) for do in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "it hangs"
    if raised:
        raise raised[0]


# ------------------------------------------------------------------------------------------------- schema and address


MIGRATING = "import sys; from bot.store.database import Database; Database(sys.argv[1]).bring_up_to_date()"


def test_the_migrations_make_exactly_the_tables_even_when_two_start_at_once(server: PostgresqlServer) -> None:
    found = address(server.new())
    database = Database(found)
    assert not database.is_made()
    starting = [subprocess.Popen([sys.executable, "-c", MIGRATING, found], cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in starting] == [0, 0]
    assert database.is_made()
    with create_engine(found).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": lambda name, kind, _: name != "alembic_version"}
        )
        assert compare_metadata(context, Table.metadata) == []
    database.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mysql://u:s3cret@h/d", "is none of PostgreSQL's"),
        ("s3cret", "cannot be read"),
        ("postgresql://u:s3cret@h:port/d", "cannot be read"),
        ("postgresql://h/d", "names no user"),
        ("postgresql://u:s3cret@h/d?sslmode=perhaps", "sslmode"),
        ("postgresql://u:s3cret@h/d?options=x", "not known here (options)"),
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_the_password(given: str, said: str) -> None:
    with pytest.raises(StateUnusable) as refused:
        address(given)
    assert said in str(refused.value)
    assert "SECRETARIAT_DATABASE_URL" in str(refused.value)
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


def test_what_keeps_the_database_from_being_opened_is_said_without_the_password(server: PostgresqlServer) -> None:
    closed = replace(server, port=1)
    for given, said in (
        (server.url("postgres", password="s3cret-wrong"), "refuses the user or the password"),
        (server.url("nowhere"), "There is no database nowhere on 127.0.0.1"),
        (closed.url("postgres"), "cannot be reached"),
        (server.url("postgres") + "?sslmode=verify-full", "cannot be reached"),
    ):
        unusable = Database(address(given))
        with pytest.raises(StateUnusable) as refused:
            unusable.bring_up_to_date()
        assert said in str(refused.value)
        everything = "".join(traceback.format_exception(refused.value)) + repr(unusable)
        assert not any(word in everything for word in (PASSWORD, IN_AN_ADDRESS, "s3cret"))
        unusable.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("53100", "The disk that holds"),
        ("40P01", "Somebody else changed"),
        ("40001", "Try again"),
        ("57014", "did not answer in time"),
        ("53300", "no more connections"),
    ],
)
def test_the_servers_troubles_are_sentences(postgresql: Database, code: str, said: str) -> None:
    with pytest.raises(StateUnusable, match=said), postgresql.session() as session:
        session.execute(text(TROUBLE.format(code)))
    assert put(postgresql, notice()) == [True], "and the next change goes well"


def test_a_command_finds_its_people_there_and_makes_no_file(url: str, tmp_path: Path) -> None:
    secret = tmp_path / "address"
    secret.write_text(f"{url}\n")
    env = environment(tmp_path / "var") | {"SECRETARIAT_DATABASE_URL_FILE": str(secret)}
    done = commands_at_once.run(["members", "list"], cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    assert "Harriet" in done.stdout
    assert not (tmp_path / "var" / "secretariat.db").exists()


# ------------------------------------------------------------------------------------------------------ one at a time


def test_a_look_is_of_one_instant_and_changes_nothing(postgresql: Database) -> None:
    put(postgresql, notice())
    with postgresql.reading() as session:
        assert len(session.scalars(select(OutboxRow)).all()) == 1
        put(postgresql, notice(step="another"))
        session.expire_all()
        assert len(session.scalars(select(OutboxRow)).all()) == 1
    with pytest.raises(StateUnusable, match="may only be read"), postgresql.reading() as session:
        session.execute(text("INSERT INTO facts VALUES ('a', 'b')"))
    with postgresql.rehearsal() as session:
        session.execute(text("INSERT INTO facts VALUES ('a', 'b')"))
    with postgresql.reading() as session:
        assert session.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0


def test_a_change_waits_for_another_and_in_the_end_says_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 0.5)
    holder, impatient = Database(address(url)), Database(address(url))
    with holder.session() as session:
        session.execute(text("INSERT INTO facts VALUES ('a', 'b')"))
        with pytest.raises(StateUnusable, match="kept busy"):
            put(impatient, notice())
        with impatient.reading() as looking:
            assert looking.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0, "nobody waits to look"
    assert put(impatient, notice()) == [True]
    holder.close()
    impatient.close()


def test_requests_papers_and_the_audit_are_numbered_without_gap_or_repeat(
    postgresql: Database, known: dict[str, Person], config: Config
) -> None:
    meeting = on_file(postgresql, config, date(2024, 2, 7))
    harriet, tobias = known["Harriet Bassington"], known["Tobias Wrenfield"]

    def ask(key: str) -> None:
        for _ in range(2):  # the same message twice is the same request
            with postgresql.session() as session:
                submit(session, Submission(meeting, harriet, None, "as it was said", "mail", key, None), NOW)

    def expect(title: str) -> None:
        with postgresql.session() as session:
            papers.expect(session, meeting, title, harriet, by=tobias, now=NOW)

    def note() -> None:
        for _ in range(3):
            with postgresql.claiming() as session:
                audit.record(session, NOW, "a sender", "noted", "side by side")

    asking = [partial(ask, f"mail:{n}") for n in range(4)]
    at_once([*asking, *(partial(expect, f"Paper {n}") for n in range(3)), note, note])
    with postgresql.reading() as session:
        assert sorted(session.scalars(select(AmendmentRow.reference))) == ["AM-001", "AM-002", "AM-003", "AM-004"]
        assert sorted(session.scalars(select(ExpectedPaperRow.number))) == [1, 2, 3]
        assert audit.first_broken_link(session) is None
        assert session.execute(text("SELECT max(number), count(*) FROM audit")).one() == (13, 13)


ISSUED_ON = "2024-10-07T09:00:00+00:00"
ISSUERS = ("Tobias Wrenfield", "Rosalind Achterberg")
HELD = tuple(date(2024, month, day) for month, day in ((2, 7), (3, 6), (4, 3), (5, 1), (6, 5), (7, 3), (8, 7), (9, 4)))


@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.long)])
def test_two_of_the_pmo_who_issue_at_once_from_processes_of_their_own_leave_no_gap_and_no_repeat(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    settings = environment(tmp_path / "var") | {"SECRETARIAT_DATABASE_URL": url}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    whole = Settings(ROOT / "config.yaml", ISSUED_ON).secretariat
    for day in HELD[: 2 * rounds]:
        drafted(whole.database, on_file(whole.database, whole.config, day))

    def issue(gate: Barrier, day: date, by: str) -> subprocess.CompletedProcess[str]:
        words = ["--now", ISSUED_ON, "reports", "issue", f"PSG-{day}", "--by", by, "--attended", "--overrule", "So."]
        return commands_at_once.run(words, cwd=ROOT, env=settings, gate=gate)

    for at in range(0, 2 * rounds, 2):
        one, other = HELD[at : at + 2]
        asked = [(one, ISSUERS[0]), (other, ISSUERS[1]), (one, ISSUERS[1]), (other, ISSUERS[0])]
        gate = commands_at_once.gate_for(len(asked))
        with ThreadPoolExecutor(len(asked)) as threads:
            ended = [one.result() for one in [threads.submit(issue, gate, day, by) for day, by in asked]]
        for first, second in ((ended[0], ended[2]), (ended[1], ended[3])):
            refused = second if second.returncode else first
            assert sorted((first.returncode, second.returncode)) == [0, 1], ended
            assert "was issued on Monday 7 October 2024 by" in refused.stderr
            assert "what is issued stays as it is" in refused.stderr
    with whole.database.reading() as session:
        decisions = session.execute(select(DecisionRow.reference).order_by(DecisionRow.number)).scalars().all()
        assert decisions == [f"PSG-DEC{number}" for number in range(41, 41 + 4 * rounds)]
        assert sorted(session.scalars(select(ActionRow.reference))) == [f"PSG{27 + n}-01" for n in range(2 * rounds)]
        reports_issued = session.scalars(select(ReportRow.meeting_uid)).all()
        assert len(reports_issued) == len(set(reports_issued)) == 2 * rounds
        told = Counter((row.meeting_uid, row.recipient) for row in session.scalars(select(OutboxRow)))
        assert set(told.values()) == {1}, "one notice to each, not one of each who tried"
        assert len({len([1 for uid, _ in told if uid == each]) for each in reports_issued}) == 1
        assert audit.first_broken_link(session) is None
    whole.database.close()


# ------------------------------------------------------------------------------------------------------------ sending


def test_the_same_notice_is_one_row_and_no_text_is_too_long(postgresql: Database) -> None:
    assert put(postgresql, notice(), notice(text="said otherwise")) == [True, False]
    assert put(postgresql, notice(), notice(kind="x" * 300, why="y" * 5000, step="long")) == [False, True]
    assert sorted(row.kind for row in rows(postgresql)) == ["pmo_reminder", "x" * 300]


def test_two_senders_work_side_by_side_but_never_beside_a_change(postgresql: Database, tmp_path: Path) -> None:
    put(postgresql, notice(step="first", due_at=NOW - timedelta(hours=1)), notice(step="second"))
    mine = Sender(postgresql, local_channels(tmp_path), ContentFolder(tmp_path / "c"), now=Hands(), domain=DOMAIN)
    others = Scripted("mail", [Outcome.DELIVERED])
    other = Sender(postgresql, [others], ContentFolder(tmp_path / "c"), now=Hands(), domain=DOMAIN)
    withdrawn = threading.Event()

    def withdraw() -> None:
        with postgresql.session() as session:
            for row in session.scalars(select(OutboxRow)):
                if row.state == "pending":
                    outbox.move(row, outbox.S.SUPPRESSED, "withdrawn")
        withdrawn.set()

    with postgresql.claiming() as session:
        begun, _ = mine._begin_some(session, 1)
        assert [message.subject for message, _ in begun] == ["Papers"]
        assert other.deliver_one(), "the second is taken while the first is being claimed"
        pmo = threading.Thread(target=withdraw)
        pmo.start()
        assert not withdrawn.wait(0.3), "who would take the first back waits until it is claimed"
    pmo.join(30)
    assert len(others.handed) == 1
    assert [(row.step, row.state) for row in rows(postgresql)] == [("first", "claimed"), ("second", "sent")]


SENDING = """
import os, sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from bot.adapters.content_files import ContentFolder
from bot.model import Delivery, Outcome
from bot.sending import Sender
from bot.store.columns import Table
from bot.store.database import Database

url, ledger, killed_at = sys.argv[1], sys.argv[2], int(sys.argv[3])

class Ledger:
    name, settling, looks_up, count = "mail", timedelta(0), True, 0

    def deliver(self, message):
        with open(ledger, "a") as out:
            out.write(f"{message.id} {os.getpid()}\\n")
        self.count += 1
        if self.count == killed_at:
            os.kill(os.getpid(), 9)
        return Delivery(Outcome.DELIVERED, service_id=message.id)

    def look_up(self, message):
        found = message.id in Path(ledger).read_text()
        return Delivery(Outcome.DELIVERED, service_id=message.id) if found else None

files = ContentFolder(Path(ledger).parent / "content")
sender = Sender(Database(url), [Ledger()], files, now=lambda: datetime.now(UTC), domain="example.org")
print("ready", flush=True)
input()
while True:
    if not (sender.deliver_some() or sender.reconcile_one()):
        time.sleep(0.02)
"""


def test_two_sender_processes_and_one_is_killed_yet_each_notice_goes_once(postgresql: Database, tmp_path: Path) -> None:
    put(postgresql, *(notice(step=f"notice-{n}") for n in range(90)))
    ledger = tmp_path / "ledger"

    def begin(killed_at: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SENDING, postgresql.url, str(ledger), str(killed_at)]
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    senders = [begin(0), begin(15)]
    try:
        for sender in senders:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "ready\n"
        for sender in senders:
            assert sender.stdin is not None
            sender.stdin.write("\n")
            sender.stdin.flush()
        assert senders[1].wait(60) == -signal.SIGKILL
        last = time.monotonic() + 60
        while unsent(postgresql) and time.monotonic() < last:
            time.sleep(0.1)
    finally:
        for sender in senders:
            sender.kill()
            sender.communicate()
    handed = [line.split() for line in ledger.read_text().splitlines()]
    assert Counter(Counter(id_ for id_, _ in handed).values()) == {1: 90}
    assert {str(sender.pid) for sender in senders} <= {pid for _, pid in handed}, "both had their share"
    assert unsent(postgresql) == 0


def unsent(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(OutboxRow.state != "sent")) or 0


@pytest.mark.long
def test_a_month_of_the_clocks_is_what_it_is_on_sqlite(
    postgresql: Database, database: Database, people: dict[str, Person], config: Config
) -> None:
    some = config.model_copy(update={"groups": {"PSG": config.groups["PSG"]}})
    announcer = Announcer(some, Calendar(some), lambda: "http://127.0.0.1:8765")
    at = datetime(2024, 1, 20, 12, tzinfo=UTC)
    while at < datetime(2024, 2, 20, tzinfo=UTC):
        assert round_at(postgresql, announcer, at) == round_at(database, announcer, at)
        at += timedelta(days=1)
    here, there = every_column(postgresql), every_column(database)
    assert len(here) > 20
    assert here == there


def every_column(database: Database) -> list[dict[str, object]]:
    columns = [column.key for column in OutboxRow.__table__.columns]
    found = ({name: getattr(row, name) for name in columns} for row in rows(database))
    return sorted(found, key=lambda row: str(row["id"]))


# ------------------------------------------------------------------------------------------------------------ bad days


class Cutting(Scripted):
    """A channel in whose middle the database is restarted: the service has the message, the answer waits."""

    def __init__(self, server: PostgresqlServer) -> None:
        super().__init__("mail", [Outcome.DELIVERED])
        self.server = server

    def deliver(self, message: OutgoingMessage) -> Delivery:
        self.server.stop()
        return super().deliver(message)


def test_after_a_restart_of_the_server_work_goes_on(
    postgresql: Database, server: PostgresqlServer, tmp_path: Path
) -> None:
    put(postgresql, notice())
    channel = Cutting(server)
    sender = Sender(postgresql, [channel], ContentFolder(tmp_path / "c"), now=Hands(), domain=DOMAIN)
    try:
        with pytest.raises(StateUnusable, match=r"cannot be reached|was lost") as lost:
            sender.deliver_one()
        assert "try" in str(lost.value).lower()
    finally:
        with suppress(AssertionError):
            server.start()
    assert drain(sender.deliver_one) == 0, "the answer is written down, nothing is due"
    assert (only(postgresql).state, len(channel.handed)) == ("sent", 1)


def test_a_connection_that_is_cut_leaves_nothing_half_done(postgresql: Database, server: PostgresqlServer) -> None:
    def cut_between() -> None:
        with postgresql.session() as session:
            session.execute(text("INSERT INTO facts VALUES ('a', 'half')"))
            server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'secretariat'")
            session.execute(text("INSERT INTO facts VALUES ('b', 'done')"))

    with pytest.raises(StateUnusable, match="was lost"):
        cut_between()
    with postgresql.session() as session:
        assert session.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0


def test_a_database_that_may_only_be_read_says_so_and_sending_goes_on_later(
    postgresql: Database, server: PostgresqlServer, url: str, tmp_path: Path
) -> None:
    put(postgresql, notice())
    name = url.rpartition("/")[2]
    channel = Scripted("mail", [Outcome.DELIVERED])
    sender = Sender(postgresql, [channel], ContentFolder(tmp_path / "c"), now=Hands(), domain=DOMAIN)
    server.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgresql.close()
    with pytest.raises(StateUnusable, match="may only be read"):
        sender.deliver_one()
    assert channel.handed == [], "nothing is handed over that could not be written down"
    server.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    postgresql.close()
    assert sender.deliver_one()
    assert only(postgresql).state == "sent"


# ------------------------------------------------------------------------------------------------------------- helpers


def on_file(database: Database, config: Config, day: date) -> Meeting:
    """The PSG of that day, put on file."""
    found = Calendar(config).meeting_on("PSG", day)
    assert found is not None
    with database.session() as session:
        meetings.keep(session, [found])
    return found


def drafted(database: Database, meeting: Meeting) -> None:
    """A draft report of two decisions and an action."""
    day = meeting.on.isoformat()
    action = DraftedAction(
        ref="A-01", item=None, text="The PMO was asked to publish it.", at=70, segment="2", owner=["PMO"], due=None,
        confidence=0.9, evidence=[],
    )  # fmt: skip
    draft = Draft(
        meeting=DraftedMeeting(group="PSG", date=day), actions=[action],
        decisions=[decision("D-01", "accept", "It was approved."), decision("D-02", "noted", "It was noted.")],
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    )  # fmt: skip
    with database.session() as session:
        session.add(
            DraftRow(
                id=f"PSG-{day}-draft-1", meeting_uid=meeting.uid, version=1, content=draft.model_dump_json(),
                made_at=meeting.ends_at, document_sha256="0" * 64,
            )
        )  # fmt: skip
