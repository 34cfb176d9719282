"""Sending, exactly once: the outbox on a real database, the local channels, and a sender that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import meetings, members, outbox
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.adapters.slack_log import SlackLog
from bot.config import Config
from bot.config_words import Dial
from bot.model import Delivery, Notice, OutboxState, Outcome, OutgoingMessage, Person
from bot.outbox import ALLOWED_MOVES, move
from bot.ports import Channel
from bot.sending import TRIES, Sender
from bot.store.database import Database
from bot.store.outbox_tables import AttemptRow, OutboxRow
from schedules.announcements import Announcer
from schedules.due import Round, queue_due
from schedules.rehearsal import rehearse
from schedules.series import Calendar
from tests.secretariat_process import ROOT, environment

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
DOMAIN = "mhhsprogramme.co.uk"


class Hands:
    """A clock whose hands are set by the test."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Scripted:
    """A channel that answers as told, in order, and keeps what it was handed; what it says it has, it has."""

    settling = timedelta(0)
    looks_up = True

    def __init__(self, name: str, answers: Iterable[Outcome], has: Iterable[Outcome | None] = ()) -> None:
        self.name = name
        self.answers, self.has, self.handed = list(answers), list(has), list[OutgoingMessage]()

    def deliver(self, message: OutgoingMessage) -> Delivery:
        self.handed.append(message)
        return Delivery(self.answers.pop(0), service_id=f"{self.name}-{len(self.handed)}", error="as told")

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        found = self.has.pop(0)
        return Delivery(found, service_id="looked-up") if found else None


def local_channels(folder: Path) -> list[Channel]:
    return [
        SlackLog(folder / "slack.jsonl"),
        MailFolder(folder / "mailbox", sender="pmo@example.org", sender_name="MHHS PMO"),
    ]


def sender(database: Database, folder: Path, channels: list[Channel] | None = None, now: Hands | None = None) -> Sender:
    files = ContentFolder(folder / "content")
    return Sender(database, channels or local_channels(folder), files, now=now or Hands(), domain=DOMAIN)


def notice(recipient: str = "address:harriet.bassington@example.org", **changes: object) -> Notice:
    usual: dict[str, object] = {
        "meeting_uid": "psg-2024-02-07@example.org", "meeting_revision": 0, "clock": "papers", "step": "papers_due",
        "recipient": recipient, "group": "PSG", "kind": "pmo_reminder", "subject": "Papers",
        "text": "Papers are due.\n", "why": "five working days", "due_at": NOW,
    }  # fmt: skip
    return Notice(**(usual | changes))  # type: ignore[arg-type]


def put(database: Database, *notices: Notice, dial: Dial = "automatic", released_by: str = "") -> list[bool]:
    with database.session() as session:
        return [
            outbox.queue(session, n, now=NOW, dial=dial, recipient_name="Harriet Bassington", released_by=released_by)
            for n in notices
        ]


def rows(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.due_at, OutboxRow.id)))


def only(database: Database) -> OutboxRow:
    [row] = rows(database)
    return row


def states(database: Database) -> list[str]:
    return [row.state for row in rows(database)]


def drain(step: object) -> int:
    """Call a step until it says that there is no more; how often it worked."""
    for count in range(100):
        if not step():  # type: ignore[operator]
            return count
    raise AssertionError("it never ends")


def mails(folder: Path) -> list[Path]:
    return sorted((folder / "mailbox" / "sent").glob("*/*.eml"))


def slack_lines(folder: Path) -> list[dict[str, str]]:
    return SlackLog(folder / "slack.jsonl").messages()


# ------------------------------------------------------------------------------------------------------- what is queued


def test_the_same_notice_is_one_row(database: Database) -> None:
    assert put(database, notice(), notice(text="said otherwise")) == [True, False]
    assert put(database, notice()) == [False]
    assert only(database).text == "Papers are due.\n", "the first stands"


@pytest.mark.parametrize(
    "change",
    [{"meeting_revision": 1}, {"clock": "update"}, {"step": "papers_today"}, {"recipient": "address:b@example.org"}],
)
def test_a_moved_meeting_another_step_or_another_person_is_another_notice(
    database: Database, change: dict[str, object]
) -> None:
    assert put(database, notice(), notice(**change)) == [True, True]  # type: ignore[arg-type]
    assert len({row.id for row in rows(database)}) == 2


@pytest.mark.parametrize(
    ("dial", "released_by", "state", "sent"),
    [
        ("automatic", "", "pending", 1),
        ("approve", "", "withheld", 0),
        ("approve", "Rosalind Achterberg", "pending", 1),
        ("shadow", "", "withheld", 0),
        ("shadow", "Rosalind Achterberg", "withheld", 0),
    ],
)
def test_the_dial_decides(
    database: Database, tmp_path: Path, dial: Dial, released_by: str, state: str, sent: int
) -> None:
    put(database, notice(), dial=dial, released_by=released_by)
    assert only(database).state == state
    assert only(database).state_reason or state == "pending"
    drain(sender(database, tmp_path).deliver_one)
    assert len(mails(tmp_path)) == sent


def test_the_dial_of_a_group_stands_above_the_general_one(config: Config) -> None:
    cautious = config.groups["PSG"].model_copy(update={"dial": {"receipt": "shadow"}})
    changed = config.model_copy(update={"groups": config.groups | {"PSG": cautious}})
    assert (changed.dial_for("receipt", "PSG"), changed.dial_for("receipt", "MWG")) == ("shadow", "automatic")
    assert changed.dial_for("report", "PSG") == "approve"


@pytest.mark.parametrize("state", list(OutboxState))
def test_a_notice_moves_only_as_allowed(state: OutboxState) -> None:
    for to in OutboxState:
        row = OutboxRow(state=state.value)
        if to in ALLOWED_MOVES[state]:
            move(row, to, "why")
            assert (row.state, row.state_reason) == (to.value, "why")
        else:
            with pytest.raises(ValueError, match=f"{state.value} cannot become {to.value}"):
                move(row, to)
            assert row.state == state.value


def test_what_is_stopped_is_final_and_what_is_sent_too_unless_it_comes_back() -> None:
    final = {OutboxState.EXPIRED, OutboxState.SUPERSEDED, OutboxState.SUPPRESSED}
    assert {state for state, further in ALLOWED_MOVES.items() if not further} == final
    assert ALLOWED_MOVES[OutboxState.SENT] == {OutboxState.RETRY}


# --------------------------------------------------------------------------------------------------------- what is sent


def test_a_person_is_told_by_slack_or_else_by_mail(
    database: Database, tmp_path: Path, people: dict[str, Person]
) -> None:
    """Tobias Wrenfield has a Slack id, Ifeoma Castellane none."""
    both = people["Tobias Wrenfield"], people["Ifeoma Castellane"]
    put(database, *(notice(person.id) for person in both))
    assert drain(sender(database, tmp_path).deliver_one) == 2
    assert states(database) == ["sent", "sent"]
    assert [line["to"] for line in slack_lines(tmp_path)] == ["U0SAMPLE02"]
    assert [b"ifeoma.castellane@example.org" in mail.read_bytes() for mail in mails(tmp_path)] == [True]


def test_what_is_too_late_expires(database: Database, tmp_path: Path) -> None:
    put(database, notice(not_after=NOW))
    assert drain(sender(database, tmp_path).deliver_one) == 1
    assert only(database).state == "expired"
    assert "too late" in only(database).state_reason
    assert mails(tmp_path) == []


def test_what_is_done_meanwhile_is_suppressed(database: Database, tmp_path: Path, config: Config) -> None:
    psg = Calendar(config).meeting_on("PSG", date(2024, 2, 7))
    assert psg is not None
    put(database, notice(meeting_uid=psg.uid), notice(meeting_uid=psg.uid, clock="recording"))
    with database.session() as session:
        meetings.keep(session, [psg])
        meetings.meet_obligation(session, psg.uid, "papers", at=NOW, by="Tobias Wrenfield")
    drain(sender(database, tmp_path).deliver_one)
    assert {row.clock: row.state for row in rows(database)} == {"papers": "suppressed", "recording": "sent"}


def test_a_failure_for_now_is_tried_again_later_and_given_up_in_the_end(database: Database, tmp_path: Path) -> None:
    channel, hands = Scripted("mail", [Outcome.FAILED_FOR_NOW] * TRIES), Hands()
    sending = sender(database, tmp_path, [channel], hands)
    put(database, notice())
    waits = []
    for _ in range(TRIES):
        assert sending.deliver_one()
        waits.append(only(database).next_try_at - hands.at)
        assert not sending.deliver_one(), "it waits before the next try"
        hands.at = only(database).next_try_at
    assert only(database).state == "failed"
    assert "given up after 8 tries: as told" in only(database).state_reason
    assert all(a < b for a, b in pairwise(waits[:-1])), "longer each time"
    assert len({m.message_id for m in channel.handed}) == 1, "each try carries the same id"


def test_a_failure_for_good_in_slack_goes_by_mail(
    database: Database, tmp_path: Path, people: dict[str, Person]
) -> None:
    slack, mail = Scripted("slack", [Outcome.FAILED_FOR_GOOD]), Scripted("mail", [Outcome.DELIVERED])
    put(database, notice(people["Tobias Wrenfield"].id))
    drain(sender(database, tmp_path, [slack, mail]).deliver_one)
    assert (only(database).state, only(database).channel) == ("sent", "mail")
    assert [m.to for m in slack.handed + mail.handed] == ["U0SAMPLE02", "tobias.wrenfield@example.org"]


def test_where_every_way_fails_for_good_it_is_said(
    database: Database, tmp_path: Path, people: dict[str, Person]
) -> None:
    ways: list[Channel] = [Scripted(name, [Outcome.FAILED_FOR_GOOD]) for name in ("slack", "mail")]
    put(database, notice(people["Tobias Wrenfield"].id), notice("P-nobody"))
    drain(sender(database, tmp_path, ways).deliver_one)
    assert states(database) == ["failed", "failed"]
    assert all("no address left to try" in row.state_reason for row in rows(database))


def test_an_unknown_fate_is_looked_up_before_anything_goes_again(
    database: Database, tmp_path: Path, people: dict[str, Person]
) -> None:
    slack, hands = Scripted("slack", [Outcome.UNKNOWN], has=[Outcome.UNKNOWN, Outcome.DELIVERED]), Hands()
    mail = Scripted("mail", [])
    sending = sender(database, tmp_path, [slack, mail], hands)
    put(database, notice(people["Tobias Wrenfield"].id))
    assert sending.deliver_one()
    assert only(database).state == "unknown"
    assert not sending.reconcile_one(), "the service may still be accepting it"
    for _ in range(2):
        assert not sending.deliver_one(), "nothing goes while its fate is unknown, by mail neither"
        hands.at = only(database).next_try_at
        assert sending.reconcile_one()
    assert (only(database).state, only(database).service_id) == ("sent", "looked-up")
    assert (len(slack.handed), len(mail.handed)) == (1, 0)


def test_what_the_service_never_had_goes_again(database: Database, tmp_path: Path) -> None:
    channel, hands = Scripted("mail", [Outcome.UNKNOWN, Outcome.DELIVERED], has=[None]), Hands()
    sending = sender(database, tmp_path, [channel], hands)
    put(database, notice())
    for step in (sending.deliver_one, sending.reconcile_one, sending.deliver_one):
        assert step()
        hands.at = max(hands.at, only(database).next_try_at)
    assert only(database).state == "sent"
    assert [m.message_id for m in channel.handed] == [channel.handed[0].message_id] * 2


KILLED = """
    import os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from bot.adapters.content_files import ContentFolder
    from bot.adapters.mail_folder import MailFolder
    from bot.sending import Sender
    from bot.store.database import Database

    folder, when = Path(sys.argv[1]), sys.argv[2]

    class Deadly(MailFolder):
        def deliver(self, message):
            if when == "after":
                super().deliver(message)
            os.kill(os.getpid(), signal.SIGKILL)

    channel = Deadly(folder / "mailbox", sender="pmo@example.org", sender_name="MHHS PMO")
    database = Database(f"sqlite:///{folder / 'secretariat.db'}")
    now = lambda: datetime(2024, 2, 9, 9, tzinfo=UTC)
    Sender(database, [channel], ContentFolder(folder / "content"), now=now, domain=sys.argv[3]).deliver_one()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sender_killed_before_or_after_handing_over_leaves_one_message(
    database: Database, tmp_path: Path, when: str
) -> None:
    put(database, notice())
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), tmp_path, when, DOMAIN],
        cwd=ROOT, env=environment(tmp_path) | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert only(database).state == "claimed"
    assert len(mails(tmp_path)) == (when == "after")
    hands = Hands()
    sending = sender(database, tmp_path, now=hands)
    assert not sending.deliver_one(), "nobody sends what another has begun"
    assert sending.reconcile_one(), "the claim of a process that is gone is taken over at once"
    hands.at = only(database).next_try_at
    drain(sending.deliver_one)
    assert only(database).state == "sent"
    assert len(mails(tmp_path)) == 1


def test_two_senders_at_once_send_once(database: Database, tmp_path: Path) -> None:
    put(database, *(notice(f"address:person{n}@example.org") for n in range(12)))
    script = textwrap.dedent(KILLED).replace("os.kill(os.getpid(), signal.SIGKILL)", "return super().deliver(message)")
    script = script.replace(".deliver_one()", "").replace('if when == "after":', "if False:").rstrip()
    script = script.replace("Sender(database", "sender = Sender(database") + "\nwhile sender.deliver_one(): pass\n"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path, "", DOMAIN],
            cwd=ROOT, env=environment(tmp_path) | {"PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    with database.reading() as session:
        assert len(session.scalars(select(AttemptRow)).all()) == 12
    assert set(states(database)) == {"sent"}
    assert len(mails(tmp_path)) == 12


# ------------------------------------------------------------------------------------------------- rounds of the clocks


def announcer(config: Config, *groups: str) -> Announcer:
    """For some groups only, so that a long walk is short."""
    some = config.model_copy(update={"groups": {k: g for k, g in config.groups.items() if k in groups or not groups}})
    return Announcer(some, Calendar(some), lambda: "http://127.0.0.1:8765")


def round_at(database: Database, announcing: Announcer, now: datetime) -> Round:
    with database.session() as session:
        return queue_due(session, announcing, now)


def choose(database: Database, person: Person, *steps: str) -> None:
    """The person asks to hear what nobody hears otherwise."""
    with database.session() as session:
        for step in steps:
            members.choose(session, person, step)


def test_the_first_start_lists_what_was_due_before_and_sends_none_of_it(
    database: Database, tmp_path: Path, config: Config, people: dict[str, Person]
) -> None:
    """On Tuesday 5 March the papers of PSG on the 6th were due a week ago; Harriet would have heard this morning."""
    announcing = announcer(config, "PSG")
    choose(database, people["Harriet Bassington"], "meeting_tomorrow")
    first = round_at(database, announcing, datetime(2024, 3, 5, 12, tzinfo=UTC))
    assert first.queued == 0
    listed = rows(database)
    assert first.listed == len(listed) > 0
    assert {row.state for row in listed} == {"suppressed"}
    late = {"papers_late", "papers_late_deputy", "papers_late_pmo_lead"}
    assert {"invitation", "papers_call", "agenda_agreed", "papers_today", "meeting_tomorrow"} | late == {
        row.step for row in listed
    }
    assert all("before this installation first started" in row.state_reason for row in listed)
    assert drain(sender(database, tmp_path, now=Hands(datetime(2024, 3, 5, 13, tzinfo=UTC))).deliver_one) == 0
    assert mails(tmp_path) == []
    assert slack_lines(tmp_path) == []


def test_a_second_round_queues_nothing_twice(database: Database, config: Config, people: dict[str, Person]) -> None:
    announcing = announcer(config, "PSG", "MWG")
    round_at(database, announcing, datetime(2024, 2, 20, 8, tzinfo=UTC))
    later = datetime(2024, 2, 23, 12, tzinfo=UTC)
    queued = round_at(database, announcing, later)
    known = {row.id for row in rows(database)}
    assert queued.queued > 0
    again = round_at(database, announcing, later + timedelta(minutes=1))
    assert (again.queued, again.listed, again.meetings_new) == (0, 0, 0)
    assert {row.id for row in rows(database)} == known


def test_after_an_outage_what_is_stale_is_not_sent(
    database: Database, tmp_path: Path, config: Config, people: dict[str, Person]
) -> None:
    announcing = announcer(config, "PSG")
    choose(database, people["Harriet Bassington"], "meeting_tomorrow")
    round_at(database, announcing, datetime(2024, 2, 1, 8, tzinfo=UTC))
    back = datetime(2024, 3, 7, 8, tzinfo=UTC)  # the day after PSG of 6 March
    round_at(database, announcing, back)
    drain(sender(database, tmp_path, now=Hands(back)).deliver_one)
    by_state: dict[str, set[str]] = {}
    for row in rows(database):
        by_state.setdefault(row.state, set()).add(row.step)
    assert by_state["expired"] >= {"meeting_tomorrow", "papers_today", "agenda_agreed"}
    assert "meeting_tomorrow" not in by_state.get("sent", set())


@pytest.mark.long
def test_a_walk_through_a_month_queues_exactly_what_the_rehearsal_says(
    database: Database, tmp_path: Path, config: Config, people: dict[str, Person]
) -> None:
    announcing = announcer(config, "PSG")
    choose(database, people["Harriet Bassington"], "meeting_tomorrow", "amendments_closing")
    day = datetime(2024, 1, 1, 6, tzinfo=UTC)
    while day < datetime(2024, 3, 1, tzinfo=UTC):
        for hour in (12, 18):
            now = day.replace(hour=hour)
            round_at(database, announcing, now)
            drain(sender(database, tmp_path, now=Hands(now)).deliver_one)
        day += timedelta(days=1)
    first, last = date(2024, 2, 1), date(2024, 2, 29)
    walked = {
        (row.meeting_uid, row.step, row.due_at, row.recipient)
        for row in rows(database)
        if first <= row.due_at.date() <= last
    }
    assert {row.state for row in rows(database) if row.due_at.date() >= first} == {"sent"}
    assert walked == rehearsed(database, announcing, first, last)
    assert {step for _, step, _, _ in walked} >= {"meeting_tomorrow", "headline_due_today", "amendments_closing"}


def rehearsed(
    database: Database, announcing: Announcer, first: date, last: date
) -> set[tuple[str, str, datetime, str]]:
    with database.reading() as session:
        return {
            (r.meeting.uid, r.step.id, r.at, person.id)
            for found in rehearse(session, announcing, first, last)
            for r in [found.reminder]
            for person in found.people
            if r.step.clock not in ("amended_report", "chair_answer")  # no request, no draft with the Chair
        }


def test_nobody_but_the_pmo_is_reminded_of_a_date_that_is_only_proposed(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    announcing = announcer(config, "PSG")
    for day in (date(2024, 12, 1), date(2024, 12, 30), date(2025, 1, 3)):
        round_at(database, announcing, datetime(day.year, day.month, day.day, 18, tzinfo=UTC))
    with database.reading() as session:
        proposed = meetings.on_day(session, "PSG", date(2025, 1, 1))
    assert proposed is not None
    told = {row.step: row.recipient for row in rows(database) if row.meeting_uid == proposed.uid}
    lead, secretary, deputy = (people[n].id for n in ("Rosalind Achterberg", "Tobias Wrenfield", "Ifeoma Castellane"))
    assert told == {"date_to_confirm": secretary, "date_to_confirm_soon": deputy, "date_to_confirm_now": lead}


def test_a_reminder_reaches_no_chair_and_no_observer_but_as_members(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    """The Chair, Ofgem and the IPA may hear of the meeting, as everybody at the table; they are never chased."""
    announcing = announcer(config, "PSG")
    for name in ("Marguerite Oyelaran", "Philippa Dunmorrow", "Benedikt Harrowgate"):
        choose(database, people[name], "meeting_tomorrow", "amendments_closing")
    for month, day in ((1, 1), (2, 1), (2, 15), (3, 1), (3, 15)):
        round_at(database, announcing, datetime(2024, month, day, 18, tzinfo=UTC))
    never_chased = {people[name].id for name in ("Marguerite Oyelaran", "Philippa Dunmorrow", "Benedikt Harrowgate")}
    told_them = {row.step for row in rows(database) if row.recipient in never_chased}
    assert told_them == {"invitation", "meeting_tomorrow"}


def test_what_is_met_is_not_queued(database: Database, config: Config, people: dict[str, Person]) -> None:
    announcing = announcer(config, "PSG")
    round_at(database, announcing, datetime(2024, 1, 2, 8, tzinfo=UTC))
    with database.session() as session:
        psg = meetings.on_day(session, "PSG", date(2024, 2, 7))
        assert psg is not None
        meetings.meet_obligation(session, psg.uid, "papers", at=NOW, by="Tobias Wrenfield", link="https://example.org")
    round_at(database, announcing, datetime(2024, 1, 31, 18, tzinfo=UTC))
    assert not [row for row in rows(database) if row.meeting_uid == psg.uid and row.clock == "papers"]


def test_a_group_taken_out_of_the_configuration_stops_nobody_elses_clocks(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    choose(database, people["Harriet Bassington"], "meeting_tomorrow")
    round_at(database, announcer(config, "PSG", "MWG"), datetime(2024, 2, 1, 8, tzinfo=UTC))
    without = round_at(database, announcer(config, "PSG"), datetime(2024, 2, 6, 12, tzinfo=UTC))
    assert without.queued > 0
    assert {row.group_key for row in rows(database) if row.decided_at.day == 6} == {"PSG"}


def test_the_reason_is_kept_with_the_notice(database: Database, config: Config, people: dict[str, Person]) -> None:
    round_at(database, announcer(config, "PSG"), datetime(2024, 2, 6, 12, tzinfo=UTC))
    told_tomorrow = next(row for row in rows(database) if row.step == "papers_today")
    assert "at least 5 working days before the meeting on Wednesday 7 February 2024" in told_tomorrow.why
    assert "GF §Generic Meeting Practices" in told_tomorrow.why
