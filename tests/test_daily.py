"""The PMO's one mail a day: everything that waits stands in it, once a working day, and an empty day says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import change_requests, meetings, members
from bot.config import Config
from bot.formats import Coverage, Draft, DraftedMeeting
from bot.model import Person
from bot.store.amendment_tables import AmendmentRow, MarkedDocumentRow
from bot.store.database import Database
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.mail_tables import InboxRow
from bot.store.outbox_tables import OutboxRow
from bot.store.speech_tables import RecordingRow
from bot.wording import render
from schedules.announcements import Announcer
from schedules.daily import MOST_LINES, Due, Today, daily_values, sections_of
from schedules.due import keep_calendar, queue_due
from schedules.morning import queue_daily
from schedules.series import Calendar
from tests.secretariat_process import ROOT

DAY = date(2024, 2, 7)
FIVE = datetime(2024, 2, 9, 17, tzinfo=UTC)
FULL = Today(
    day=DAY,
    due_soon=[Due("PSG-2024-02-07, headline report", FIVE)],
    late=[Due("PSG27-01 of PSG, action", datetime(2024, 2, 6, 17, tzinfo=UTC))],
    requests=["AM-001, about PSG-2024-02-07"],
    withheld=["PSG: headline report"] * 12 + ["MWG: the meeting is now on Friday"],
    unsent=["to Harriet Bassington: a report (failed)"],
    recordings=["minutes.mp3: of which meeting?"],
    mails=["from nobody@example.org: a question"],
    drafts=["PSG-2024-01-03, draft 1"],
    edited=["RT-001, PSG-2024-01-03-draft-1"],
    marked=["PSG-2023-12-06-r1 from Harriet Bassington"],
    to_confirm=["PSG, in place of Wednesday 1 January 2025: Tuesday 7 January 2025"],
)


def text_of(today: Today) -> tuple[str, str]:
    return render(ROOT / "report_templates", "daily.txt", daily_values(today, name="Tobias", page="http://page"))


def test_it_has_a_section_for_each_thing_that_waits() -> None:
    subject, text = text_of(FULL)
    assert subject == "PMO: Wednesday 7 February 2024, 12 to see to"
    assert (
        text
        == """Hello Tobias,

Late
- PSG27-01 of PSG, action: Tuesday 6 February 2024, 17:00 (London)

Due within three working days
- PSG-2024-02-07, headline report: Friday 9 February 2024, 17:00 (London)

Amendment requests to review
- AM-001, about PSG-2024-02-07

Marked-up reports to settle
- PSG-2023-12-06-r1 from Harriet Bassington

Dates to confirm
- PSG, in place of Wednesday 1 January 2025: Tuesday 7 January 2025

Edited drafts to take in
- RT-001, PSG-2024-01-03-draft-1

Drafts ready and not issued
- PSG-2024-01-03, draft 1

Waiting for a release
- PSG: headline report (to 12 people)
- MWG: the meeting is now on Friday

Not sent
- to Harriet Bassington: a report (failed)

Recordings that need a person
- minutes.mp3: of which meeting?

Mail that needs a person
- from nobody@example.org: a question

All of it, with links: http://page

Why now: one mail to the PMO at 08:00 on working days.
"""
    )


def test_an_empty_day_says_so() -> None:
    subject, text = text_of(Today(DAY))
    assert subject == "PMO: Wednesday 7 February 2024, nothing to see to"
    assert "Nothing is due, late or waiting today." in text


def test_a_long_section_is_cut_and_says_how_many_more() -> None:
    [section] = sections_of(Today(DAY, unsent=[f"to {n}" for n in range(MOST_LINES + 7)]))
    assert (len(section.lines), section.lines[-1]) == (MOST_LINES + 1, "and 7 more")
    assert section.count == MOST_LINES + 7


# ------------------------------------------------------------------------------------------------------- gathered, sent


@pytest.fixture
def announcer(config: Config) -> Announcer:
    some = config.model_copy(update={"groups": {"PSG": config.groups["PSG"]}})
    return Announcer(some, Calendar(some), lambda: "http://page")


def round_at(database: Database, announcer: Announcer, now: datetime) -> int:
    with database.session() as session:
        queue_due(session, announcer, now)
        return queue_daily(session, announcer, now)


def mails(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        found = select(OutboxRow).where(OutboxRow.clock == "daily").order_by(OutboxRow.due_at, OutboxRow.id)
        return list(session.scalars(found))


@pytest.mark.long
def test_it_goes_once_to_everybody_of_the_pmo_on_working_days_at_eight(
    database: Database, announcer: Announcer, people: dict[str, Person]
) -> None:
    """From Friday 22 March 2024 at noon, over a weekend and Easter, and the change of the clocks on 31 March."""
    now = datetime(2024, 3, 22, 12, tzinfo=UTC)
    while now < datetime(2024, 4, 3, 12, tzinfo=UTC):
        round_at(database, announcer, now)
        now += timedelta(minutes=30)
    found = mails(database)
    days = [f"{day:02d}" for day in (25, 26, 27, 28)] + ["02", "03"]
    assert sorted({row.step[-2:] for row in found}) == sorted(days)
    assert {row.due_at.isoformat() for row in found if row.step == "2024-03-28"} == {"2024-03-28T08:00:00+00:00"}
    assert {row.due_at.isoformat() for row in found if row.step == "2024-04-02"} == {"2024-04-02T07:00:00+00:00"}
    with database.reading() as session:
        pmo = {p.id for p in members.recipients(members.holdings(session, date(2024, 4, 2)), "pmo")}
    assert {row.recipient for row in found if row.step == "2024-04-02"} == pmo
    assert len(found) == len(days) * len(pmo)
    assert not {people[name].id for name in ("Marguerite Oyelaran", "Harriet Bassington")} & pmo


def test_what_is_on_file_is_gathered(database: Database, announcer: Announcer, people: dict[str, Person]) -> None:
    """Wednesday 7 February 2024: everything that can wait does; what was due before the first start is not late."""
    round_at(database, announcer, datetime(2024, 1, 25, 12, tzinfo=UTC))
    with database.session() as session:
        psg = meetings.on_day(session, "PSG", DAY)
        assert psg is not None
    fill(database, psg.uid, people)
    assert round_at(database, announcer, datetime(2024, 2, 7, 9, tzinfo=UTC)) > 0
    text = mails(database)[-1].text
    for line in (
        "- PSG-2024-02-07, papers: Wednesday 31 January 2024, 17:00 (London)",
        "- PSG-2024-02-07, headline report: Friday 9 February 2024, 17:00 (London)",
        "- CR041 of PSG, decision to be communicated: Friday 9 February 2024, 17:00 (London)",
        "- AM-001, about PSG-2024-02-07",
        "- PSG-2024-02-07, draft 1",
        "- RT-001, PSG-2024-02-07-draft-1 from Tobias Wrenfield, Wednesday 7 February 2024, 06:00 (London): "
        "http://page/returns/RT-001",
        "- marked up.docx from Harriet Bassington, Wednesday 7 February 2024, 06:00 (London): "
        "http://page/requests/marked/1 (or: secretariat amendments marked 1)",
        "- minutes.mp3: Which one?",
        "- from nobody@example.org: A question",
        "- to Harriet Bassington: A report (failed: no address)",
        "- A move",
    ):
        assert line in text.splitlines(), text
    assert "In shadow" not in text
    assert "2024-01-03" not in text


def fill(database: Database, uid: str, people: dict[str, Person]) -> None:
    at = datetime(2024, 2, 7, 6, tzinfo=UTC)
    content = Draft(
        meeting=DraftedMeeting(group="PSG", date="2024-02-07"),
        coverage=Coverage(speech_seconds=1, represented_seconds=1, unattributed_seconds=0),
    ).model_dump_json()
    harriet = people["Harriet Bassington"]
    notices = [("A report", "failed", "no address"), ("A move", "withheld", "waits for a person's release")]
    notices += [("In shadow", "withheld", "shadow: composed and shown, not sent")]
    with database.session() as session:
        change_requests.decided(session, "CR041", "PSG", date(2024, 1, 26), by=people["Tobias Wrenfield"], now=at)
        session.add_all(
            [
                AmendmentRow(
                    reference="AM-001", number=1, meeting_uid=uid, requester_id=harriet.id, came_by="mail",
                    source_key="mail:1", received_at=at, state="received", proposed_text="It was deferred.",
                ),
                DraftRow(
                    id="PSG-2024-02-07-draft-1", meeting_uid=uid, version=1, content=content, made_at=at,
                    document_sha256="0" * 64,
                ),
                ReturnRow(
                    reference="RT-001", number=1, source_key="page:1", came_by="page", file_name="edited.docx",
                    sha256="0" * 64, person_id=people["Tobias Wrenfield"].id, draft_id="PSG-2024-02-07-draft-1",
                    arrived_at=at, state="waiting",
                ),
                MarkedDocumentRow(
                    id=1, source_key="0:1", sha256="0" * 64, name="marked\n up.docx", sender_id=harriet.id,
                    came_by="slack", came_at=at, waits=True, refused="It cannot be read.",
                ),
                RecordingRow(id="R-1", name="minutes.mp3", state="asking", state_reason="Which one?", arrived_at=at),
                InboxRow(
                    id="1", file_name="q.eml", arrived_at=at, sender="nobody@example.org", subject="A question",
                    state="needs_a_person",
                ),
                *(
                    OutboxRow(
                        id=subject, meeting_uid=uid, meeting_revision=0, clock="report", step=subject,
                        recipient=harriet.id, recipient_name=harriet.name, group_key="PSG", kind="report",
                        subject=subject, text="", why="", due_at=at, decided_at=at, state=state, state_reason=reason,
                        next_try_at=at,
                    )
                    for subject, state, reason in notices
                ),
            ]
        )  # fmt: skip


def test_a_proposed_date_stands_in_it_until_it_is_confirmed(
    database: Database, announcer: Announcer, people: dict[str, Person]
) -> None:
    start = datetime(2024, 10, 31, 12, tzinfo=UTC)
    with database.session() as session:
        keep_calendar(session, announcer, start)
    round_at(database, announcer, start)
    round_at(database, announcer, datetime(2024, 11, 1, 9, tzinfo=UTC))
    assert "- PSG, in place of Wednesday 1 January 2025: " in mails(database)[-1].text
