"""What sending spares people, what stops it, and what becomes of a notice that does not get through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import bounces, brakes, facts, meetings, members, outbox, releases
from bot.adapters.content_files import ContentFolder
from bot.clock import LONDON
from bot.config import Config
from bot.config_channels import Considerate, RecipientRole, Sending
from bot.errors import SecretariatError
from bot.manners import Manners
from bot.model import Notice, OutboxState, Outcome, Person
from bot.ports import Channel
from bot.sending import Sender
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import EmailRow
from schedules import sending_words
from schedules.announcements import Announcer
from schedules.series import Calendar, closed_days
from tests.test_outbox import DOMAIN, NOW, Hands, Scripted, drain, notice, only, put, rows, states

TOGETHER = Considerate(digest="together")
AT_NIGHT = {"quiet_from": "19:00", "quiet_until": "08:00", "quiet_on_closed_days": True}
HARRIET, TOBIAS, IFEOMA = "Harriet Bassington", "Tobias Wrenfield", "Ifeoma Castellane"
OK = Outcome.DELIVERED


class Post:
    """A sender with scripted channels, a clock to turn, and the PMO's own words."""

    def __init__(self, database: Database, folder: Path, config: Config, sending: Sending | None = None) -> None:
        self.database, self.config, self.hands = database, config, Hands()
        self.slack, self.mail = Scripted("slack", [OK] * 50), Scripted("mail", [OK] * 50)
        self.announcer = Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")
        closed = closed_days(config)
        channels: list[Channel] = [self.slack, self.mail]
        self.sender = Sender(
            database, channels, ContentFolder(folder / "content"), now=self.hands, domain=DOMAIN,
            manners=Manners(sending or Sending(), is_closed=lambda day: closed(day) is not None),
            compose=partial(sending_words.digest, config.paths.templates),
            on_trip=partial(sending_words.brake_tripped, self.announcer),
        )  # fmt: skip

    def send(self) -> int:
        return drain(self.sender.deliver_one)

    def look_up(self) -> int:
        return drain(self.sender.reconcile_one)

    def sum_up(self) -> None:
        with self.database.session() as session:
            while sending_words.sum_up_one(self.announcer, session, self.hands()):
                pass

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.slack.handed + self.mail.handed]


Made = Callable[..., Post]


@pytest.fixture
def post(database: Database, people: dict[str, Person], tmp_path: Path, config: Config) -> Made:
    """Makes a sender with these settings: `post(ceiling_per_hour=3, representative=TOGETHER)`."""

    def make(**wanted: object) -> Post:
        limits = {k: v for k, v in wanted.items() if isinstance(v, int)}
        roles = {k: v for k, v in wanted.items() if not isinstance(v, int)}
        return Post(database, tmp_path, config, Sending.model_validate({**limits, "roles": roles}))

    return make


# ----------------------------------------------------------------------------------------------------------- digests


def three_for(person: Person) -> list[Notice]:
    return [
        notice(person.id, clock=clock, kind="member_reminder", subject=f"About {clock}", text=f"Text of {clock}.\n")
        for clock in ("papers", "recording", "headline_report")
    ]


def test_what_falls_due_for_one_person_at_one_time_is_one_message(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=TOGETHER)
    put(database, *three_for(people[HARRIET]))
    whole.send()
    [text] = whole.texts
    assert [f"Text of {clock}." in text for clock in ("papers", "recording", "headline_report")] == [True] * 3
    assert "3 reminders" in (whole.slack.handed + whole.mail.handed)[0].subject
    assert states(database) == ["sent"] * 4, "the digest, and each notice that it carried"
    assert len({row.service_id for row in rows(database)}) == 1
    assert whole.send() == 0


def test_where_nothing_is_to_be_bundled_each_goes_alone(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=Considerate())
    put(database, *three_for(people[HARRIET]))
    whole.send()
    assert len(whole.texts) == 3


def test_what_a_person_released_and_what_carries_a_document_stay_out_of_a_digest(
    post: Made, database: Database, people: dict[str, Person], tmp_path: Path
) -> None:
    whole = post(representative=TOGETHER)
    sha256 = ContentFolder(tmp_path / "content").put(b"a document")
    put(database, *three_for(people[HARRIET])[:1])
    put(database, notice(people[HARRIET].id, clock="a", attachments=(f"{sha256}:a.docx",)))
    put(database, notice(people[HARRIET].id, clock="b"), released_by=TOBIAS)
    whole.send()
    assert len(whole.texts) == 3


def test_what_is_met_before_a_digest_goes_is_left_out_of_it(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=TOGETHER)
    whole.mail.answers[:0] = whole.slack.answers[:0] = [Outcome.FAILED_FOR_NOW]
    put(database, *three_for(people[HARRIET]))
    while not whole.texts:
        whole.sender.deliver_one()
    with database.session() as session:
        meetings.meet_obligation(session, notice().meeting_uid, "recording", at=NOW, by=TOBIAS)
    whole.hands.at += timedelta(minutes=1)
    whole.send()
    assert "Text of recording" in whole.texts[0]
    assert "Text of recording" not in whole.texts[1]
    by_clock = {row.clock: row.state for row in rows(database)}
    assert by_clock == {"papers": "sent", "recording": "suppressed", "headline_report": "sent", "digest": "sent"}


def test_a_digest_whose_fate_is_unknown_is_looked_up_and_its_notices_with_it(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=TOGETHER)
    for channel in (whole.slack, whole.mail):
        channel.answers[:0], channel.has[:0] = [Outcome.UNKNOWN], [Outcome.DELIVERED]
    put(database, *three_for(people[HARRIET]))
    whole.send()
    assert states(database) == ["unknown"] * 4
    whole.hands.at += timedelta(minutes=1)
    assert whole.look_up() == 1
    assert states(database) == ["sent"] * 4
    assert len(whole.texts) == 1


def test_one_digest_a_day_at_its_hour_and_what_cannot_wait_goes_alone(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    """09:00 in London on Friday 9 February is 09:00 UTC: what comes at 10:00 waits for Saturday's, if it can."""
    whole = post(representative=Considerate.model_validate({"digest": "09:00"}))
    whole.hands.at = NOW + timedelta(hours=1)
    with database.session() as session:
        for wanted in three_for(people[HARRIET])[:2]:
            outbox.queue(session, wanted, now=whole.hands(), dial="automatic", recipient_name=HARRIET)
        pressing = notice(people[HARRIET].id, clock="x", text="It cannot wait.\n", not_after=NOW + timedelta(hours=5))
        outbox.queue(session, pressing, now=whole.hands(), dial="automatic", recipient_name=HARRIET)
    whole.send()
    assert whole.texts == ["It cannot wait.\n"]
    assert "the daily digest" in " ".join(row.state_reason for row in rows(database))
    whole.hands.at = NOW + timedelta(hours=23, minutes=59)
    assert whole.send() == 0
    whole.hands.at = NOW + timedelta(days=1)
    whole.send()
    assert len(whole.texts) == 2
    assert "Text of papers" in whole.texts[1]
    assert "Text of recording" in whole.texts[1]


# ------------------------------------------------------------------------------------------------------- quiet hours


def london(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    return datetime(2024, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (london(7, 12), None),
        (london(7, 18, 59), None),
        (london(7, 19), london(8, 8)),
        (london(8, 7, 59), london(8, 8)),
        (london(9, 20), london(12, 8)),  # Friday night: Saturday and Sunday are quiet too
        (london(10, 12), london(12, 8)),
        (london(28, 20, month=3), london(2, 8, month=4)),  # Maundy Thursday 2024: Good Friday to Easter Monday
        (london(30, 12, month=3), london(2, 8, month=4)),  # over the change of the clocks
    ],
)
def test_quiet_hours_and_days_end_when_they_should(config: Config, now: datetime, until: datetime | None) -> None:
    closed = closed_days(config)
    roles: dict[RecipientRole, Considerate] = {"representative": Considerate.model_validate(AT_NIGHT)}
    manners = Manners(Sending(roles=roles), is_closed=lambda day: closed(day) is not None)
    assert manners.quiet_until("representative", now) == until
    assert manners.quiet_until("pmo", now) is None


def test_a_configuration_that_is_always_quiet_ends_somewhere() -> None:
    manners = Manners(Sending(roles={"other": Considerate(quiet_on_closed_days=True)}), is_closed=lambda _day: True)
    until = manners.quiet_until("other", NOW)
    assert until is not None
    assert until > NOW + timedelta(days=30)


def test_nobody_is_written_to_at_night_but_by_a_persons_word_a_receipt_or_what_cannot_wait(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=Considerate.model_validate(AT_NIGHT))
    whole.hands.at = london(9, 22)
    who = people[HARRIET].id
    put(database, notice(who, clock="waits", text="waits"))
    put(database, notice(who, clock="stale", text="would be stale", not_after=london(11, 12)))
    put(database, notice(who, clock="receipt", text="receipt", kind="receipt"))
    put(database, notice(who, clock="released", text="released"), released_by=TOBIAS)
    put(database, notice(people[TOBIAS].id, text="to the PMO"))
    whole.send()
    said = sorted(text.splitlines()[-1] for text in whole.texts)
    assert said == ["receipt", "released", "to the PMO", "would be stale"]
    whole.hands.at = london(12, 8)
    whole.send()
    assert "waits" in whole.texts, "and it is not late: it waited on purpose"


# ------------------------------------------------------------------------------------------------------- the brake


def many(database: Database, count: int, **changes: object) -> None:
    put(database, *(notice(f"address:person{n}@example.org", **changes) for n in range(count)))


def test_the_brake_holds_everything_and_nothing_is_lost(post: Made, database: Database) -> None:
    whole = post()
    many(database, 3)
    with database.session() as session:
        assert brakes.pull(session, brakes.ALL, by=TOBIAS, reason="wrong dates", now=NOW)
        assert not brakes.pull(session, brakes.ALL, by=TOBIAS, reason="again", now=NOW)
    assert whole.send() == 0
    with database.session() as session:
        assert brakes.let_go(session, brakes.ALL, by=TOBIAS, now=NOW)
    assert whole.send() == 3


def test_a_groups_brake_holds_that_group_alone(post: Made, database: Database) -> None:
    whole = post()
    many(database, 2)
    many(database, 2, group="MWG", meeting_uid="mwg-2024-02-08@example.org")
    with database.session() as session:
        brakes.pull(session, "PSG", by=TOBIAS, reason="", now=NOW)
    assert whole.send() == 2
    assert {row.group_key for row in rows(database) if row.state == "sent"} == {"MWG"}


def test_a_flood_trips_the_brake_and_calls_the_pmo(post: Made, database: Database, people: dict[str, Person]) -> None:
    whole = post(ceiling_per_hour=5)
    many(database, 20)
    whole.send()
    sent = [row for row in rows(database) if row.state == "sent" and row.kind != "alarm"]
    assert len(sent) == 5
    alarms = [row for row in rows(database) if row.kind == "alarm"]
    assert {row.recipient for row in alarms} >= {people[TOBIAS].id, people[IFEOMA].id}
    assert {row.state for row in alarms} == {"sent"}, "the call goes through the brake"
    assert "5 notices have gone within an hour" in alarms[0].subject
    assert whole.send() == 0
    with database.session() as session:
        brakes.let_go(session, brakes.ALL, by=TOBIAS, now=NOW)
    whole.hands.at += timedelta(minutes=1)
    whole.send()
    sent = [row for row in rows(database) if row.state == "sent" and row.kind != "alarm"]
    assert len(sent) == 10, "a person's word that it may go on is good for as many again"


def test_a_batch_that_a_person_released_is_no_flood(post: Made, database: Database) -> None:
    whole = post(ceiling_per_hour=5)
    put(database, *(notice(f"address:person{n}@example.org") for n in range(20)), released_by=TOBIAS)
    whole.send()
    assert states(database) == ["sent"] * 20


def test_released_notices_of_a_batch_take_no_room_from_the_others(post: Made, database: Database) -> None:
    """One batch: four that a person released, then five of their own, which is just what may go in an hour."""
    whole = post(ceiling_per_hour=5)
    released = (notice(f"address:released{n}@example.org", due_at=NOW - timedelta(hours=1)) for n in range(4))
    put(database, *released, released_by=TOBIAS)
    many(database, 5)
    assert whole.sender.deliver_some()
    assert Counter(states(database)) == {"sent": 9}
    with database.reading() as session:
        assert brakes.pulled(session) == []


def test_in_shadow_nothing_leaves_and_nothing_composed_then_leaves_later(post: Made, database: Database) -> None:
    whole = post()
    many(database, 1)
    with database.session() as session:
        facts.remember(session, outbox.SHADOW_UNTIL, (NOW + timedelta(days=14)).isoformat())
    put(database, notice(step="in_shadow"), released_by=TOBIAS)
    assert whole.send() == 0
    whole.hands.at = NOW + timedelta(days=15)
    whole.send()
    assert {row.step: row.state for row in rows(database)} == {"papers_due": "sent", "in_shadow": "withheld"}


# --------------------------------------------------------------------------------------------- what doesn't get through


def test_what_lay_through_an_outage_says_that_it_comes_late(post: Made, database: Database) -> None:
    whole = post()
    put(database, notice(), notice(clock="released"), notice(clock="soon", due_at=NOW + timedelta(hours=5)))
    with database.session() as session:
        row = next(r for r in session.scalars(select(OutboxRow)) if r.clock == "released")
        row.released_by = TOBIAS
        next(r for r in session.scalars(select(OutboxRow)) if r.clock == "soon").next_try_at = NOW + timedelta(hours=5)
    whole.hands.at = NOW + timedelta(hours=6)
    whole.send()
    late = [text for text in whole.texts if text.startswith("This comes late. It was due on Friday 9 February 2024")]
    assert len(whole.texts) == 3
    assert len(late) == 1
    assert late[0].endswith("Papers are due.\n")


def test_slack_unreachable_for_a_while_leads_to_mail_but_never_while_a_slack_attempt_is_unknown(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(other_way_after_minutes=15)
    whole.slack.answers = [Outcome.FAILED_FOR_NOW] * 3 + [Outcome.UNKNOWN]
    whole.slack.has = [None]
    whole.slack.settling = timedelta(minutes=5)
    put(database, notice(people[TOBIAS].id))
    for _ in range(4):
        whole.send()
        whole.hands.at = only(database).next_try_at
    assert only(database).state == "unknown"
    whole.hands.at = NOW + timedelta(minutes=16)
    assert whole.send() == 0
    assert whole.mail.handed == [], "it may have arrived in Slack"
    assert whole.look_up() == 1
    whole.send()
    assert (only(database).state, only(database).channel) == ("sent", "mail")
    assert len(whole.mail.handed) == 1


def test_a_document_waits_for_the_mail_and_in_slack_its_absence_is_said(
    post: Made, database: Database, people: dict[str, Person], tmp_path: Path
) -> None:
    whole = post(other_way_after_minutes=15)
    whole.mail.answers = [Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_GOOD]
    sha256 = ContentFolder(tmp_path / "content").put(b"a document")
    put(database, notice(people[TOBIAS].id, attachments=(f"{sha256}:report.docx",)))
    whole.send()
    whole.hands.at = NOW + timedelta(minutes=30)
    whole.send()
    assert whole.slack.handed == [], "the mail may yet get through"
    whole.hands.at = NOW + timedelta(minutes=60)
    whole.send()
    assert (only(database).state, only(database).channel) == ("sent", "slack")
    assert "What goes with it (report.docx) comes by mail only" in whole.slack.handed[0].text


def test_never_had_it_counts_only_once_the_service_has_settled(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post()
    whole.slack.answers, whole.slack.has = [Outcome.UNKNOWN, OK], [None, None]
    whole.slack.settling = timedelta(minutes=5)
    put(database, notice(people[TOBIAS].id))
    whole.send()
    whole.hands.at += timedelta(seconds=30)
    assert whole.look_up() == 1
    assert whole.send() == 0
    assert only(database).state == "unknown"
    assert only(database).next_try_at == NOW + timedelta(minutes=5)
    whole.hands.at = NOW + timedelta(minutes=5)
    assert whole.look_up() == 1
    whole.send()
    assert only(database).state == "sent"
    assert len(whole.slack.handed) == 2


def test_plain_smtp_cannot_be_asked_so_it_goes_once_more_and_then_a_person_is_told(
    post: Made, database: Database
) -> None:
    whole = post()
    whole.mail.looks_up, whole.mail.settling = False, timedelta(minutes=5)
    whole.mail.answers = [Outcome.UNKNOWN, Outcome.UNKNOWN]
    put(database, notice())
    for _ in range(4):
        whole.send()
        whole.look_up()
        whole.hands.at += timedelta(minutes=6)
    assert only(database).state == "failed"
    assert "it may have arrived once or twice, or not at all" in only(database).state_reason
    assert len(whole.mail.handed) == 2
    assert len({message.message_id for message in whole.mail.handed}) == 1


def test_a_mail_that_comes_back_marks_the_address_and_goes_another_way(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post()
    whole.slack.answers = [Outcome.FAILED_FOR_GOOD]
    put(database, notice(people[TOBIAS].id), notice(people[IFEOMA].id))
    whole.send()
    assert states(database) == ["sent", "sent"]
    whole.slack.answers = [OK]
    row = next(row for row in rows(database) if row.recipient == people[IFEOMA].id)
    with database.session() as session:
        assert bounces.came_back(session, row.id, "somebody.else@example.org", "forged", NOW) is None
        assert bounces.came_back(session, row.id, row.address.upper(), "550 no such user", NOW) is not None
    whole.send()
    row = next(row for row in rows(database) if row.recipient == people[IFEOMA].id)
    assert (row.state, row.sent_at) == ("failed", None)
    with database.session() as session:
        assert session.get_one(EmailRow, row.address).bounced_at == NOW
        assert members.by_id(session, row.recipient).email is None  # type: ignore[union-attr]
        assert bounces.unmark(session, row.address, by=TOBIAS, now=NOW)
        outbox.try_again(session.get_one(OutboxRow, row.id), by=TOBIAS, now=NOW)
    whole.send()
    row = next(row for row in rows(database) if row.recipient == people[IFEOMA].id)
    assert row.state == "sent"


def test_a_release_is_summed_up_with_everybody_who_could_not_be_reached(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post()
    whole.mail.answers = [OK, Outcome.FAILED_FOR_GOOD, OK]
    put(database, *(notice(f"address:person{n}@example.org") for n in range(3)), dial="approve")
    with database.session() as session:
        releases.release(session, releases.waiting(session), by=people[TOBIAS], now=NOW)
    whole.sum_up()
    assert not [row for row in rows(database) if row.recipient == people[TOBIAS].id], "nothing has been sent yet"
    whole.send()
    whole.sum_up()
    whole.sum_up()
    [told] = [row for row in rows(database) if row.recipient == people[TOBIAS].id]
    assert told.subject == "Sent: Papers (2 of 3)"
    assert "has no address left to try" in told.text


def digest_among(database: Database) -> OutboxRow:
    return next(row for row in rows(database) if row.clock == "digest")


def test_a_digest_that_came_back_goes_another_way_with_all_that_it_carries(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=TOGETHER)
    put(database, *three_for(people[HARRIET]))
    whole.slack.answers[:0] = [Outcome.FAILED_FOR_NOW]
    whole.send()
    whole.hands.at += timedelta(minutes=20)
    whole.send()
    with database.session() as session:
        digest = session.get_one(OutboxRow, digest_among(database).id)
        assert (digest.channel, digest.state) == ("mail", "sent")
        bounces.came_back(session, digest.id, digest.address, "no such user", whole.hands())
    whole.send()
    assert {(row.state, row.channel) for row in rows(database)} == {("sent", "slack")}
    assert "Text of recording" in whole.texts[1]


def test_a_digest_that_was_given_up_goes_once_more_on_a_persons_word(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    whole = post(representative=TOGETHER)
    whole.slack.answers[:0] = whole.mail.answers[:0] = [Outcome.FAILED_FOR_GOOD]
    put(database, *three_for(people[HARRIET]))
    whole.send()
    assert set(states(database)) == {"failed"}
    with database.session() as session:
        outbox.try_again(session.get_one(OutboxRow, digest_among(database).id), by=TOBIAS, now=NOW)
    whole.send()
    assert states(database) == ["sent"] * 4


# ------------------------------------------------------------------------------------------- what cannot be composed


def test_a_document_that_is_gone_holds_up_nothing_else(
    post: Made, database: Database, people: dict[str, Person], tmp_path: Path
) -> None:
    whole = post()
    sha256 = ContentFolder(tmp_path / "content").put(b"a document")
    put(
        database,
        notice(people[HARRIET].id, step="a", due_at=NOW - timedelta(hours=1), attachments=(f"{sha256}:a.docx",)),
    )
    put(database, notice(people[HARRIET].id, step="b"))
    document = ContentFolder(tmp_path / "content").path(sha256)
    document.unlink()
    whole.send()
    waiting, sent = rows(database)
    assert (waiting.state, sent.state) == ("pending", "sent")
    assert "cannot be composed" in waiting.state_reason
    assert waiting.tries == 0, "nothing was begun"
    document.write_bytes(b"a document")
    whole.hands.at += timedelta(minutes=15)
    whole.send()
    assert states(database) == ["sent", "sent"]


def test_a_digest_that_cannot_be_composed_holds_up_nobody_else(
    post: Made, database: Database, people: dict[str, Person]
) -> None:
    def spoilt(_name: str, _rows: Sequence[OutboxRow]) -> tuple[str, str]:
        raise SecretariatError("The message template digest.txt cannot be filled in.")

    whole = post(representative=TOGETHER)
    good, whole.sender.compose = whole.sender.compose, spoilt
    put(database, *three_for(people[HARRIET]))
    put(database, notice(people[TOBIAS].id, step="other", kind="headline_report", due_at=NOW + timedelta(minutes=1)))
    whole.send()
    assert Counter(states(database)) == {"pending": 2, "sent": 2}, "the last of the three goes by itself"
    whole.sender.compose = good
    whole.hands.at += timedelta(minutes=15)
    whole.send()
    assert states(database) == ["sent"] * 5


def test_a_document_that_is_gone_does_not_stop_the_looking_up(
    post: Made, database: Database, people: dict[str, Person], tmp_path: Path
) -> None:
    whole = post()
    sha256 = ContentFolder(tmp_path / "content").put(b"a document")
    whole.mail.answers[:0], whole.mail.has[:0] = [Outcome.UNKNOWN], [Outcome.DELIVERED]
    put(database, notice(people[HARRIET].id, attachments=(f"{sha256}:a.docx",)))
    whole.send()
    ContentFolder(tmp_path / "content").path(sha256).unlink()
    whole.hands.at += timedelta(minutes=1)
    assert whole.look_up() == 1
    assert only(database).state == "sent"


def audited(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRow.event).order_by(AuditRow.number)))


def test_what_stops_and_starts_sending_is_audited(database: Database) -> None:
    with database.session() as session:
        brakes.pull(session, "PSG", by=TOBIAS, reason="wrong dates", now=NOW)
        brakes.let_go(session, "PSG", by=TOBIAS, now=NOW)
    assert audited(database) == ["sending stopped", "sending goes on"]


def test_a_state_has_a_name_everybody_knows() -> None:
    assert {state.value for state in OutboxState} == {
        "pending", "claimed", "sent", "retry", "failed", "unknown", "expired", "superseded", "suppressed", "withheld",
    }  # fmt: skip
