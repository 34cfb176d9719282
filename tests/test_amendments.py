"""Amendment requests: one ledger, nothing dropped, nothing counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import select

from bot import amendments, meetings
from bot.amendment_life import Kind, State
from bot.amendments import MOST_CHARACTERS, Asking, Submission, read_request
from bot.config import Config
from bot.errors import NotAllowed, SecretariatError
from bot.model import Meeting, Person
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import MIGRATIONS, Database
from bot.store.draft_tables import DraftLineRow, DraftRow
from bot.store.house_tables import AuditRow
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


# ------------------------------------------------------------------------------------------- kinds, parts and evidence

QUOTE = {"segment": "s7", "quote": "we accept the plan", "at": 61.5}
VIEW = {"constituency": "Medium Supplier", "evidence": [QUOTE]}


@pytest.fixture
def drafted(database: Database, psg: Meeting) -> None:
    """A draft with a decision, an action and the view of the Medium Suppliers."""
    lines = [
        ("D-01", "decision", "The plan was noted.", {"evidence": [QUOTE]}),
        ("A-01", "action", "PMO to publish the plan.", {}),
        ("V-01", "viewpoint", "Medium Suppliers need two months.", VIEW),
        ("R-01", "raid", "The plan may slip.", {}),
    ]
    rows = [
        DraftLineRow(position=i, ref=ref, kind=kind, text=text, at_seconds=60.0 + i, details=details)
        for i, (ref, kind, text, details) in enumerate(lines)
    ]
    with database.session() as session:
        draft = {"id": "d1", "version": 1, "made_at": NOW, "content": "{}", "document_sha256": "0"}
        session.add(DraftRow(meeting_uid=psg.uid, lines=rows, **draft))


@pytest.mark.parametrize(
    ("line", "about"),
    [("D-01", "decision"), ("A-01", "action"), ("V-01", "viewpoint"), ("R-01", "other"), ("P-03", "attendance"),
     ("D-99", "decision"), ("PSG-DEC9", "other"), (None, "other")],
)  # fmt: skip
@pytest.mark.usefixtures("drafted")
def test_what_a_request_is_about_follows_from_its_line(
    database: Database, asked: Submission, line: str | None, about: str
) -> None:
    assert submit(database, replace(asked, line=line))[0].about == about


@pytest.mark.usefixtures("drafted")
def test_a_request_carries_its_kind_its_reason_and_what_the_line_rests_on(
    database: Database, asked: Submission
) -> None:
    asking = Asking(Kind.DISAGREEMENT, reason="It costs too much.", wants_escalation=True)
    row, _ = submit(database, replace(asked, asking=asking))
    assert (row.kind, row.reason, row.wants_escalation) == ("disagreement", "It costs too much.", True)
    assert (row.evidence, row.at_seconds, row.present_text) == ([QUOTE], 60.0, "The plan was noted.")


def test_several_requests_of_one_message_are_each_kept_once(database: Database, asked: Submission) -> None:
    parts = [replace(asked, text=f"text {n}", asking=Asking(part=n)) for n in (1, 2, 3, 1, 2, 3)]
    assert [submit(database, part)[0].reference for part in parts] == ["AM-001", "AM-002", "AM-003"] * 2


def test_a_request_is_about_what_there_is(database: Database, asked: Submission) -> None:
    with pytest.raises(SecretariatError, match="not about the weather"):
        submit(database, replace(asked, asking=Asking(about="the weather")))
    with pytest.raises(SecretariatError, match="The reason is 40001 characters long"):
        submit(database, replace(asked, asking=Asking(reason="x" * 40_001)))


@pytest.mark.parametrize(
    ("who", "kind", "needs"),
    [
        ("Harriet Bassington", Kind.RECORD, "Medium Supplier"),
        ("Emeka Loxley", Kind.RECORD, "Medium Supplier"),
        ("Dorothea Vance", Kind.RECORD, None),
        ("Harriet Bassington", Kind.NOTE, None),
        ("Harriet Bassington", Kind.DISAGREEMENT, None),
    ],
)
@pytest.mark.usefixtures("drafted")
def test_anothers_recorded_view_is_changed_with_their_word_alone(
    database: Database, asked: Submission, people: dict[str, Person], who: str, kind: Kind, needs: str | None
) -> None:
    submission = replace(asked, line="V-01", requester=people[who], asking=Asking(kind))
    assert submit(database, submission)[0].needs_word_of == needs


@pytest.mark.usefixtures("drafted")
def test_who_spoke_for_a_constituency_once_needs_the_word_of_who_does_now(
    database: Database, asked: Submission, people: dict[str, Person]
) -> None:
    """Dorothea Vance's term ends on 30 June 2024; the request comes on 1 July."""
    submission = replace(asked, line="V-01", requester=people["Dorothea Vance"], closes_at=None)
    row, _ = submit(database, submission, datetime(2024, 7, 1, 9, tzinfo=UTC))
    assert (row.constituency, row.needs_word_of) == ("Medium Supplier", "Medium Supplier")


# ------------------------------------------------------------------------------------------------ the requester's own


def test_whoever_asked_sees_withdraws_and_adds(
    database: Database, asked: Submission, people: dict[str, Person]
) -> None:
    submit(database, asked)
    submit(database, replace(asked, source_key="2"))
    harriet = people["Harriet Bassington"]
    with database.session() as session:
        row = amendments.named(session, "am-001")
        added = amendments.add_to(session, row, "and so minuted", by=harriet, now=NOW, closes_at=CLOSES, source_key="a")
        again = amendments.add_to(session, row, "and so minuted", by=harriet, now=NOW, closes_at=CLOSES, source_key="a")
        assert added.id == again.id, "the same message again adds nothing"
        late = amendments.add_to(session, row, "too late", by=harriet, now=CLOSES.replace(hour=18), closes_at=CLOSES)
        assert (added.late, late.late) == (False, True)
        amendments.withdraw(session, row, by=harriet, now=NOW, reason="a slip")
        mine = amendments.of_person(session, harriet.id)
        assert [(r.reference, r.state) for r in mine] == [("AM-002", "received"), ("AM-001", "withdrawn")]
        assert [(e.what, e.by, e.text, e.to_state) for e in row.events] == [
            ("received", harriet.name, "", "received"),
            ("addition", harriet.name, "and so minuted", "received"),
            ("addition", harriet.name, "too late", "received"),
            ("state", harriet.name, "a slip", "withdrawn"),
        ]
        with pytest.raises(SecretariatError, match="AM-001 is withdrawn: nothing can be added"):
            amendments.add_to(session, row, "more", by=harriet, now=NOW, closes_at=CLOSES)
        with pytest.raises(SecretariatError, match="AM-001 is withdrawn, and cannot become withdrawn"):
            amendments.withdraw(session, row, by=harriet, now=NOW)


@pytest.mark.parametrize("who", ["Dorothea Vance", "Tobias Wrenfield", "Marguerite Oyelaran"])
def test_nobody_else_withdraws_it_or_adds_to_it(
    database: Database, asked: Submission, people: dict[str, Person], who: str
) -> None:
    submit(database, asked)
    with database.session() as session:
        row = amendments.named(session, "AM-001")
        with pytest.raises(NotAllowed, match=f"AM-001 is not {who}'s request"):
            amendments.withdraw(session, row, by=people[who], now=NOW)
        with pytest.raises(NotAllowed, match="Only whoever asked"):
            amendments.add_to(session, row, "x", by=people[who], now=NOW, closes_at=None)
        assert (row.state, len(row.events)) == (State.RECEIVED, 1)


# ----------------------------------------------------------------------------------------------- before the migration


def test_requests_of_an_older_installation_become_requests_to_correct_the_record(
    tmp_path: Path, database: Database, psg: Meeting, people: dict[str, Person], asked: Submission
) -> None:
    """Back to the schema before and forward again: the late one stays late, and each has the event that it came."""
    submit(database, asked)
    submit(database, replace(asked, source_key="2", line=None), CLOSES.replace(month=3))
    database.close()
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    alembic.set_main_option("sqlalchemy.url", database.url)
    command.downgrade(alembic, "0002")
    command.upgrade(alembic, "head")
    with database.reading() as session:
        rows = [amendments.named(session, ref) for ref in ("AM-001", "AM-002")]
        assert [(r.kind, r.about, r.state, r.late) for r in rows] == [
            ("record", "decision", "received", False), ("record", "other", "late", True),
        ]  # fmt: skip
        assert [(e.what, e.by, e.to_state) for r in rows for e in r.events] == [
            ("received", "Harriet Bassington", "received"), ("received", "Harriet Bassington", "late"),
        ]  # fmt: skip
        assert [(r.evidence, r.agreed_text, r.word_given_at) for r in rows] == [([], "", None)] * 2
