"""Amendment requests: one ledger, nothing dropped, nothing counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot import amendments, meetings
from bot.amendments import MOST_CHARACTERS, Submission, read_request
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.store.database import Database
from bot.store.tables import AmendmentRow, AuditRow, DraftLineRow, DraftRow
from schedules.series import Calendar

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
CLOSES = datetime(2024, 2, 28, 17, tzinfo=UTC)


@pytest.fixture
def psg(database: Database, config: Config, people: dict[str, Person]) -> Meeting:
    """The PSG of 7 February 2024, on file."""
    found = Calendar(config).meeting_on("PSG", date(2024, 2, 7))
    assert found is not None
    with database.session() as session:
        meetings.keep(session, [found])
    return found


@pytest.fixture
def asked(psg: Meeting, people: dict[str, Person]) -> Submission:
    """A request as it comes."""
    return Submission(
        meeting=psg, requester=people["Harriet Bassington"], line="D-01", text="the plan was approved",
        came_by="slack", source_key="slack:1", closes_at=CLOSES,
    )  # fmt: skip


def submit(database: Database, submission: Submission, now: datetime = NOW) -> tuple[AmendmentRow, bool]:
    with database.session() as session:
        return amendments.submit(session, submission, now)


def test_a_request_is_kept_with_who_for_whom_and_when(database: Database, asked: Submission) -> None:
    row, new = submit(database, asked)
    assert new
    assert (row.reference, row.state, row.constituency, row.received_at) == (
        "AM-001",
        "received",
        "Large Supplier",
        NOW,
    )
    assert (row.line_ref, row.proposed_text, row.closes_at) == ("D-01", "the plan was approved", CLOSES)


def test_the_same_message_again_is_the_same_request(database: Database, asked: Submission) -> None:
    submit(database, asked)
    again, new = submit(database, replace(asked, text="changed on the way"))
    assert (again.reference, again.proposed_text, new) == ("AM-001", "the plan was approved", False)
    with database.reading() as session:
        assert len(session.scalars(select(AmendmentRow)).all()) == 1
        assert len(session.scalars(select(AuditRow)).all()) == 1


def test_the_same_words_in_another_message_are_another_request(database: Database, asked: Submission) -> None:
    submit(database, asked)
    row, new = submit(database, replace(asked, source_key="mail:<1@example.org>", came_by="mail"))
    assert (row.reference, new) == ("AM-002", True)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (CLOSES.replace(hour=16, minute=59), "received"),
        (CLOSES, "received"),
        (CLOSES.replace(second=1), "late"),
        (CLOSES.replace(month=3), "late"),
    ],
)
def test_what_comes_after_closing_is_late_and_never_dropped(
    database: Database, asked: Submission, now: datetime, state: str
) -> None:
    assert submit(database, asked, now)[0].state == state


def test_without_a_closing_instant_nothing_is_late(database: Database, asked: Submission) -> None:
    assert submit(database, replace(asked, closes_at=None), CLOSES.replace(year=2030))[0].state == "received"


@pytest.mark.parametrize("length", [1, 40_000])
def test_a_request_of_any_reasonable_length_is_kept_whole(database: Database, asked: Submission, length: int) -> None:
    assert submit(database, replace(asked, text="x" * length))[0].proposed_text == "x" * length


@pytest.mark.parametrize(
    ("text", "said"), [("", "says nothing yet"), (" \n ", "says nothing yet"), ("x" * 40_001, "40001 characters")]
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    database: Database, asked: Submission, text: str, said: str
) -> None:
    assert MOST_CHARACTERS == 40_000
    with pytest.raises(SecretariatError, match=said):
        submit(database, replace(asked, text=text))
    with database.reading() as session:
        assert session.scalars(select(AmendmentRow)).all() == []


def test_the_words_of_the_line_are_kept_as_they_stood(database: Database, asked: Submission, psg: Meeting) -> None:
    with database.session() as session:
        lines = [DraftLineRow(position=0, ref="D-01", kind="decision", text="The plan was noted.", details={})]
        session.add(
            DraftRow(
                id="d1", meeting_uid=psg.uid, version=1, made_at=NOW, content="{}", document_sha256="0", lines=lines
            )
        )
    assert submit(database, asked)[0].present_text == "The plan was noted."
    assert submit(database, replace(asked, line="D-09", source_key="2"))[0].present_text == ""
    assert submit(database, replace(asked, line=None, source_key="3"))[0].present_text == ""


def test_somebody_without_a_seat_may_ask_too(database: Database, asked: Submission, people: dict[str, Person]) -> None:
    """Emeka Loxley sits at QAG: a participant at large for PSG, speaking for no constituency there."""
    row, _ = submit(database, replace(asked, requester=people["Emeka Loxley"]))
    assert (row.state, row.constituency) == ("received", None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PSG 2024-02-07 D-01: x", ("PSG", date(2024, 2, 7), "D-01", "x")),
        ("psg 2024-02-07 d1 x", ("PSG", date(2024, 2, 7), "D-01", "x")),
        ("PSG-WEBINAR 2024-02-22: x", ("PSG-WEBINAR", date(2024, 2, 22), None, "x")),
        ("PSG 2024-02-07 A-003, x: y", ("PSG", date(2024, 2, 7), "A-03", "x: y")),
        ("PSG 2024-02-07", ("PSG", date(2024, 2, 7), None, "")),
        ("PSG 2023-02-29 D-01: x", None),
        ("PSG 7 February: x", None),
        ("", None),
    ],
)
def test_how_a_request_is_read(text: str, found: tuple[str, date, str | None, str] | None) -> None:
    read = read_request(text)
    assert (read and (read.group, read.on, read.line, read.text)) == found
