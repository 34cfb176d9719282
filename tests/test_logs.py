"""The logs, as each reader may see them: decisions, actions, reports; and what an action's owner says of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import logs, meetings, members
from bot.access import AtTheDesk, Viewer
from bot.config import Config
from bot.errors import NotAllowed, SecretariatError, UnknownThing
from bot.logs import LONGEST_NOTE, Sought
from bot.members import MemberLine
from bot.model import Meeting, MeetingStatus, Person
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ObligationRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from tests.office import Office

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
NOW_ON = date(2026, 4, 1)
ALL = Sought()
PAGE = "http://page"
PMO, REP, DNO, OUTSIDER = "Tobias Wrenfield", "Harriet Bassington", "Magnus Eskdale", "Emeka Loxley"
House = tuple[Database, Config, dict[str, Person]]


def put_report(session: Session, people: dict[str, Person], group: str, on: date, *also: str) -> str:
    """A meeting held and its report issued; returns the report's id."""
    starts = datetime(on.year, on.month, on.day, 10, tzinfo=UTC)
    reference = f"{group}-{on}"
    uid = f"{reference.lower()}@mhhsprogramme.co.uk"
    held = Meeting(
        uid, group, on, starts, starts + timedelta(hours=2), MeetingStatus.SCHEDULED, "a test", also_for=also
    )
    meetings.keep(session, [held])
    session.add(RecordingRow(id=f"R-{reference}", meeting_uid=uid, name="r.flac", state="drafted", arrived_at=starts))
    session.flush()
    session.add(
        TranscriptRow(id=f"T-{reference}", recording_id=f"R-{reference}", made_at=starts, engine="x", content="")
    )
    session.flush()
    session.add(
        DraftRow(
            id=f"{reference}-draft-1", meeting_uid=uid, version=1, transcript_id=f"T-{reference}", made_at=starts,
            content="{}", document_sha256="0" * 64,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        ReportRow(
            id=f"{reference}-r1", meeting_uid=uid, revision=1, reference=reference, draft_id=f"{reference}-draft-1",
            issued_at=starts, issued_by=people[PMO].id, snapshot="{}", snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )  # fmt: skip
    session.flush()
    return f"{reference}-r1"


def put_decision(session: Session, people: dict[str, Person], reference: str, report: str, text: str) -> None:
    session.add(
        DecisionRow(
            reference=reference, group_key=reference.partition("-")[0], number=int(reference[-2:]), report_id=report,
            draft_ref="D-01", text=text, outcome="accept", reached_by="consensus", at_seconds=61.7,
            confirmed_by=people[PMO].id,
        )
    )  # fmt: skip


def put_action(session: Session, reference: str, report: str, text: str, owner: str, state: str = "open") -> None:
    group = report.partition("-")[0]
    session.add(
        ActionRow(
            reference=reference, group_key=group, report_id=report, draft_ref="A-01", text=text, owner=owner,
            due="2026-05-01", state=state, at_seconds=90.0,
        )
    )  # fmt: skip


@pytest.fixture
def house(database: Database, config: Config, people: dict[str, Person]) -> House:
    """Reports of PSG (two), MWG and SDWG (confidential), with their decisions and actions."""
    with database.session() as session:
        line = MemberLine(
            DNO, "magnus.eskdale@example.org", "", "Fellside Networks", "DNO", "SDWG", "DNO Representative", "member",
            date(2023, 1, 1), None, "",
        )  # fmt: skip
        members.import_members(session, [line])
        february = put_report(session, people, "PSG", date(2026, 2, 4))
        march = put_report(session, people, "PSG", date(2026, 3, 4))
        mwg = put_report(session, people, "MWG", date(2026, 3, 12))
        sdwg = put_report(session, people, "SDWG", date(2026, 3, 13))
        put_decision(session, people, "PSG-DEC41", february, "The group agreed the ﬁrst plan for É.")
        put_decision(session, people, "PSG-DEC42", march, "The 100% threshold stands.")
        put_decision(session, people, "MWG-DEC01", mwg, "The group agreed to recommend the cutover plan.")
        put_decision(session, people, "SDWG-DEC01", sdwg, "The keys are rotated.")
        put_action(session, "PSG27-01", february, "Publish the plan.", "PMO", state="closed")
        put_action(session, "PSG28-01", march, "Give figures for the plan.", "Large Supplier")
        put_action(session, "PSG28-02", march, "Check the meters.", f"DCC, {DNO}")
        put_action(session, "SDWG3-01", sdwg, "Rotate the keys.", f"{OUTSIDER}, DNO Representative")
    return database, config, people


def seen(house: House, name: str | None, sought: Sought = ALL, *, of: str = "actions", on: date = NOW_ON) -> list[str]:
    """The references that somebody sees; None: nobody on file."""
    database, config, people = house
    with database.reading() as session:
        viewer = Viewer(session, config, people[name] if name else None, on)
        if of == "decisions":
            return [line.reference for line in logs.decisions(viewer, sought, PAGE)]
        return [line.reference for line in logs.actions(viewer, sought, PAGE)]


# -------------------------------------------------------------------------------------------------------------- access


def test_a_closed_groups_lines_are_its_members(house: House) -> None:
    assert seen(house, REP, of="decisions") == ["MWG-DEC01", "PSG-DEC41", "PSG-DEC42"]
    assert seen(house, DNO, of="decisions") == ["MWG-DEC01", "PSG-DEC41", "PSG-DEC42", "SDWG-DEC01"]
    assert seen(house, PMO, of="decisions") == ["MWG-DEC01", "PSG-DEC41", "PSG-DEC42", "SDWG-DEC01"]
    assert seen(house, None, of="decisions") == seen(house, None) == []
    assert seen(house, REP, Sought(text="keys"), of="decisions") == [], "a search tells no more"
    assert seen(house, REP, Sought(group="SDWG"), of="decisions") == []


def test_the_owner_sees_an_action_of_a_report_that_is_closed_to_them_but_not_the_recording(house: House) -> None:
    assert "SDWG3-01" not in seen(house, REP)
    assert "SDWG3-01" in seen(house, OUTSIDER)
    database, config, people = house
    with database.reading() as session:
        for name, link in ((OUTSIDER, ""), (DNO, f"{PAGE}/recordings/R-SDWG-2026-03-13#t=90")):
            viewer = Viewer(session, config, people[name], NOW_ON)
            [found] = logs.actions(viewer, Sought(text="sdwg3-01"), PAGE)
            assert found.link == link


def test_the_pmos_desk_sees_all_with_the_second_in_the_recording(house: House) -> None:
    database, config, _ = house
    with database.reading() as session:
        found = logs.decisions(AtTheDesk(session, config, None, NOW_ON), Sought(group="PSG"), PAGE)
    assert [(d.reference, d.outcome, d.reached_by, d.meeting.on, d.link) for d in found] == [
        ("PSG-DEC41", "accepted", "consensus", date(2026, 2, 4), f"{PAGE}/recordings/R-PSG-2026-02-04#t=61"),
        ("PSG-DEC42", "accepted", "consensus", date(2026, 3, 4), f"{PAGE}/recordings/R-PSG-2026-03-04#t=61"),
    ]


# -------------------------------------------------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("PLAN", ["PSG27-01", "PSG28-01"]), ("  figures for ", ["PSG28-01"]), ("psg28", ["PSG28-01", "PSG28-02"]),
        ("large supplier", ["PSG28-01"]), ("%", []), ("_", []), ("'; DROP TABLE actions; --", []), ("x" * 40_000, []),
    ],
)  # fmt: skip
def test_a_search_finds_text_reference_and_owner(house: House, words: str, found: list[str]) -> None:
    assert seen(house, REP, Sought(text=words)) == found


def test_open_or_all(house: House) -> None:
    assert seen(house, REP, Sought(group="PSG")) == ["PSG27-01", "PSG28-01", "PSG28-02"]
    assert seen(house, REP, Sought(group="PSG", open_only=True)) == ["PSG28-01", "PSG28-02"]
    assert seen(house, REP, Sought(text="%"), of="decisions") == ["PSG-DEC42"]


def test_mine_by_name_seat_and_organisation_and_my_constituencys(house: House) -> None:
    _, _, people = house
    assert seen(house, REP, Sought(of=people[REP], whose="mine")) == ["PSG28-01"], "by the seat's constituency"
    assert seen(house, DNO, Sought(of=people[DNO], whose="mine")) == ["PSG28-02", "SDWG3-01"]
    assert seen(house, PMO, Sought(of=people[PMO], whose="mine")) == ["PSG27-01"]
    assert seen(house, OUTSIDER, Sought(of=people[OUTSIDER], whose="mine")) == ["SDWG3-01"]
    theirs = Sought(of=people[OUTSIDER], whose="constituency")
    assert seen(house, OUTSIDER, theirs) == ["PSG28-01"], "of Large Supplier, whoever speaks for it at PSG"


def test_a_decision_is_mine_where_i_sit(house: House) -> None:
    _, _, people = house
    assert seen(house, DNO, Sought(of=people[DNO], whose="mine"), of="decisions") == [
        "PSG-DEC41", "PSG-DEC42", "SDWG-DEC01",
    ]  # fmt: skip
    constituencys = Sought(of=people[OUTSIDER], whose="constituency")
    assert seen(house, OUTSIDER, constituencys, of="decisions") == ["PSG-DEC41", "PSG-DEC42"]


def test_a_seat_left_yesterday_leaves_its_actions_with_the_next(house: House) -> None:
    database, _, people = house
    with database.session() as session:
        line = MemberLine(
            REP, "harriet.bassington@example.org", "", "Brightwater Energy Supply", "Large Supplier", "PSG",
            "Large Supplier Representative", "member", date(2023, 1, 1), NOW_ON - timedelta(days=1), "",
        )  # fmt: skip
        members.import_members(session, [line])
    mine = Sought(group="PSG", of=people[REP], whose="mine")
    assert seen(house, REP, mine, on=NOW_ON - timedelta(days=1)) == ["PSG28-01"]
    assert seen(house, REP, mine) == []
    with pytest.raises(NotAllowed, match=r"PSG28-01 is not yours to update"):
        update(house, REP, "PSG28-01", note="Still on it.")


# ------------------------------------------------------------------------------------------------------------- reports


def test_the_latest_report_or_that_of_a_date(house: House) -> None:
    assert report(house, REP, "PSG") == "PSG-2026-03-04-r1"
    assert report(house, REP, "PSG", date(2026, 2, 4)) == "PSG-2026-02-04-r1"
    assert report(house, DNO, "SDWG") == "SDWG-2026-03-13-r1"
    with pytest.raises(UnknownThing, match="There is no issued headline report of DAG for you"):
        report(house, REP, "DAG")
    with pytest.raises(UnknownThing, match="of PSG of Wednesday 11 March 2026 for you"):
        report(house, REP, "PSG", date(2026, 3, 11))


def test_a_joint_report_is_found_under_each_of_its_groups(house: House) -> None:
    database, _, people = house
    with database.session() as session:
        put_report(session, people, "SITAG", date(2026, 3, 18), "DAG")
    assert report(house, REP, "DAG") == report(house, REP, "SITAG") == "SITAG-2026-03-18-r1"


def test_a_hidden_report_is_refused_in_the_words_of_one_that_is_not_there(house: House) -> None:
    database, _, _ = house
    with pytest.raises(NotAllowed) as hidden:
        report(house, REP, "SDWG")
    with pytest.raises(UnknownThing) as absent:
        report(house, REP, "DRG")
    assert str(hidden.value) == str(absent.value).replace("DRG", "SDWG")
    with pytest.raises(NotAllowed, match="does not know you yet"):
        report(house, None, "PSG")
    with pytest.raises(NotAllowed, match="does not know you yet"):
        report(house, None, "DRG")
    with database.reading() as session:
        refused = session.scalars(select(AuditRow).where(AuditRow.event == "access refused")).all()
    assert [(row.actor, row.subject) for row in refused] == [
        (REP, "report SDWG"), ("nobody on file", "report PSG"), ("nobody on file", "report DRG"),
    ]  # fmt: skip


def report(house: House, name: str | None, group: str, on: date | None = None) -> str:
    database, config, people = house
    with database.reading() as session:
        viewer = Viewer(session, config, people[name] if name else None, NOW_ON)
        return logs.report_of(viewer, group, NOW, on).id


# -------------------------------------------------------------------------------------------------- an action's owner


def update(house: House, name: str, reference: str, *, note: str = "", done: bool = False) -> str:
    """The action's state after an update."""
    database, config, people = house
    with database.session() as session:
        row = logs.update_action(session, config, reference, by=people[name], now=NOW, note=note, done=done)
        return row.state


def test_the_owner_notes_where_it_stands_and_proposes_closure_and_the_pmo_closes_it(house: House) -> None:
    database, config, _ = house
    assert update(house, REP, " psg28-01 ", note="Half of it has come.") == "open"
    assert update(house, PMO, "PSG28-01", note="Thank you.") == "open"
    assert update(house, REP, "PSG28-01", note="All there.", done=True) == "closure_proposed"
    assert update(house, PMO, "PSG28-01", done=True) == "closed"
    with database.reading() as session:
        [found] = logs.actions(AtTheDesk(session, config, None, NOW_ON), Sought(text="PSG28-01"), PAGE)
        assert [(n.by, n.text) for n in found.notes] == [
            (REP, "Half of it has come."), (PMO, "Thank you."), (REP, "All there."),
        ]  # fmt: skip
        met = session.get(ObligationRow, (found.meeting.uid, "action:PSG28-01"))
        assert met
        assert met.done_by == REP
        events = session.scalars(select(AuditRow.event).where(AuditRow.actor == REP)).all()
        assert events == ["action noted", "action noted", "obligation met"]
    with pytest.raises(SecretariatError, match="PSG28-01 is closed"):
        update(house, REP, "PSG28-01", note="One more thing.")


def test_nobody_else_updates_it_and_a_hidden_one_is_not_there(house: House) -> None:
    database, _, _ = house
    with pytest.raises(NotAllowed, match=r"PSG28-01 is not yours to update\. Its owner may, and the PMO\."):
        update(house, DNO, "PSG28-01", note="Mine?")
    with pytest.raises(NotAllowed) as hidden:
        update(house, REP, "SDWG3-01", note="What is this?")
    with pytest.raises(UnknownThing) as absent:
        update(house, REP, "SDWG9-01", note="What is this?")
    assert str(hidden.value) == str(absent.value).replace("SDWG9", "SDWG3")
    assert update(house, OUTSIDER, "SDWG3-01", note="It is mine by name.") == "open"
    with database.reading() as session:
        refused = session.scalars(select(AuditRow).where(AuditRow.event == "access refused")).all()
        assert [(row.actor, row.subject) for row in refused] == [(DNO, "action PSG28-01"), (REP, "action SDWG3-01")]


@pytest.mark.parametrize(
    ("note", "said"), [(" ", "There is nothing to note"), ("x" * 40_000, f"40,000 characters long: {LONGEST_NOTE:,}")]
)
def test_a_note_is_neither_empty_nor_endless(house: House, note: str, said: str) -> None:
    with pytest.raises(SecretariatError, match=said):
        update(house, REP, "PSG28-01", note=note)


# ------------------------------------------------------------------------------------------------------------ commands


@pytest.fixture
def office(house: House, office: Office) -> Office:
    assert house
    office.at = NOW.isoformat()
    return office


@pytest.mark.parametrize(
    ("words", "shown", "not_shown"),
    [
        (("actions",), ("PSG27-01", "PSG28-01", "SDWG3-01", "00:01:30"), ()),
        (("actions", "--open", "--group", "psg"), ("PSG28-01", "PSG28-02"), ("PSG27-01", "SDWG3-01")),
        (("actions", "--mine", REP), ("PSG28-01",), ("PSG28-02",)),
        (("actions", "--mine", OUTSIDER, "--constituency"), ("PSG28-01",), ("SDWG3-01",)),
        (("decisions", "--search", "threshold"), ("PSG-DEC42", "PSG-2026-03-04", "accepted"), ("PSG-DEC41",)),
        (("decisions", "--group", "MWG"), ("MWG-DEC01",), ("PSG-DEC41",)),
    ],
)
def test_the_lists(office: Office, words: tuple[str, ...], shown: tuple[str, ...], not_shown: tuple[str, ...]) -> None:
    went_well, said = office(*words)
    assert went_well, said
    assert [word for word in shown if word not in said] == []
    assert [word for word in not_shown if word in said] == []


def test_an_update_by_command(office: Office) -> None:
    noted = office("actions", "update", "PSG28-01", "--by", REP, "--note", "On its way.")
    assert noted == (True, "PSG28-01 is noted.\n")
    assert f"{REP}: On its way." in office("actions")[1]
    proposed = office("actions", "update", "PSG28-01", "--by", REP, "--done")
    assert proposed == (True, "PSG28-01 is proposed for closure.\n")
    assert office("actions", "update", "PSG28-01", "--by", PMO, "--done") == (True, "PSG28-01 is closed.\n")
    assert "is not yours to update" in office("actions", "update", "PSG28-02", "--by", REP, "--note", "x")[1]
