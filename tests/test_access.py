"""Who may see or do what: by seats and dates, each kind of document, every hostile case; refusals stay in the audit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, clearances, members
from bot.access import OF_ANYBODY, AtTheDesk, Deed, Kind, Standing, Viewer, sight_ruling
from bot.config import Config
from bot.config_words import STRICTEST_FIRST
from bot.errors import NotAllowed
from bot.meetings import keep
from bot.members import MemberLine
from bot.model import Meeting, MeetingStatus, Person
from bot.open_lists import put_on
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.report_tables import ReportRow

HELD = date(2026, 3, 4)
TODAY = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
PMO, CHAIR, REP, OBSERVER, STRANGER = (
    "Saoirse Brandreth", "Marguerite Oyelaran", "Harriet Bassington", "Philippa Dunmorrow", "",
)  # fmt: skip
ELSEWHERE = "Emeka Loxley"  # holds a seat of QAG only
FORMER, NEWCOMER, ALTERNATE, STANDING, LISTED = (
    "Fay Former",
    "Nell New",
    "Alma Alternate",
    "Stan Standing",
    "Lena Listed",
)
WORKING = (Kind.DRAFT, Kind.TRANSCRIPT, Kind.EVIDENCE, Kind.QUEUE)
ISSUED = (Kind.PAPERS, Kind.REPORT, Kind.RECORDING)


def line(name: str, group: str, role: str, from_on: date, to_on: date | None, stands_for: str = "") -> MemberLine:
    address = f"{name.lower().replace(' ', '.')}@example.org"  # as the sample's people have theirs
    return MemberLine(name, address, "", "An invented body", "", group, "Seat", role, from_on, to_on, stands_for)


def meeting_of(group: str, *also: str, on: date = HELD, status: MeetingStatus = MeetingStatus.SCHEDULED) -> Meeting:
    starts = datetime(on.year, on.month, on.day, 10, tzinfo=UTC)
    uid = f"{'-'.join((group, *also)).lower()}-{on}@mhhsprogramme.co.uk"
    return Meeting(uid, group, on, starts, starts + timedelta(hours=2), status, "a test", also_for=also)


def with_audience(config: Config, group: str, kind: str, audience: str) -> Config:
    """The configuration with a group's own audience of one kind of document."""
    changed = config.groups[group].model_copy(update={"audience": {kind: audience}})
    return config.model_copy(update={"groups": {**config.groups, group: changed}})


@pytest.fixture
def everybody(database: Database, people: dict[str, Person]) -> dict[str, Person | None]:
    """Those of the sample, and of SDWG (confidential) and PSG: who left, came, stood in; of MWG, who is on its list."""
    yesterday = TODAY - timedelta(days=1)
    lines = [
        line(CHAIR, "SDWG", "chair", date(2023, 1, 1), None),
        line(OBSERVER, "SDWG", "observer", date(2023, 1, 1), None),
        line(REP, "SDWG", "member", date(2023, 1, 1), None),
    ]
    for group in ("SDWG", "PSG"):
        lines += [
            line(FORMER, group, "member", date(2023, 1, 1), yesterday),
            line(NEWCOMER, group, "member", TODAY, None),
            line(ALTERNATE, group, "alternate", HELD, HELD, REP),
            line(STANDING, group, "alternate", date(2023, 1, 1), None, REP),
        ]
    lines += [line(LISTED, "QAG", "member", date(2023, 1, 1), date(2023, 1, 2))]
    with database.session() as session:
        members.import_members(session, lines)
        for group in ("MWG", "SITWG"):
            put_on(session, group, members.named(session, LISTED), datetime(2026, 1, 5, 9, tzinfo=UTC))
        names = (PMO, CHAIR, REP, OBSERVER, ELSEWHERE, FORMER, NEWCOMER, ALTERNATE, STANDING, LISTED)
        return {STRANGER: None} | {name: members.named(session, name) for name in names}


def who_sees(
    session: Session, config: Config, everybody: dict[str, Person | None], kind: Kind, of: Meeting | str,
    on: date = TODAY, *, confidential: bool = False,
) -> set[str]:  # fmt: skip
    return {
        name
        for name, person in everybody.items()
        if access.may_see(session, config, person, kind, of, on, confidential=confidential).allowed
    }


ON_FILE = {PMO, CHAIR, REP, OBSERVER, ELSEWHERE, FORMER, NEWCOMER, ALTERNATE, STANDING, LISTED}
MEMBERS_THEN = {PMO, CHAIR, REP, OBSERVER, FORMER, ALTERNATE}  # and the host's Chair and observers
MEMBERS = MEMBERS_THEN | {NEWCOMER, STANDING}


@pytest.mark.parametrize("kind", ISSUED)
def test_what_is_issued_is_for_participants_but_of_a_confidential_group(
    database: Database, config: Config, everybody: dict[str, Person | None], kind: Kind
) -> None:
    psg_for_members = with_audience(config, "PSG", kind.value, "members")
    with database.reading() as session:
        assert who_sees(session, config, everybody, kind, meeting_of("PSG")) == ON_FILE
        assert who_sees(session, config, everybody, kind, meeting_of("PSG"), confidential=True) == MEMBERS_THEN
        assert who_sees(session, config, everybody, kind, meeting_of("SDWG")) == MEMBERS_THEN
        assert who_sees(session, psg_for_members, everybody, kind, meeting_of("PSG")) == MEMBERS
        for audience, seen in (("pmo", {PMO}), ("pmo_and_chair", {PMO, CHAIR})):
            narrowed = with_audience(config, "PSG", kind.value, audience)
            assert who_sees(session, narrowed, everybody, kind, meeting_of("PSG")) == seen


@pytest.mark.parametrize(("kind", "group"), list(product(WORKING, ("PSG", "SDWG"))))
def test_working_material_is_the_pmos_whatever_the_configuration_says(
    database: Database, config: Config, everybody: dict[str, Person | None], kind: Kind, group: str
) -> None:
    thrown_open = with_audience(config, group, kind.value, "participants")
    silent = config.model_copy(update={"audience": {k: v for k, v in config.audience.items() if k != kind.value}})
    with database.reading() as session:
        assert who_sees(session, config, everybody, kind, meeting_of(group)) == {PMO}
        assert who_sees(session, silent, everybody, kind, meeting_of(group)) == {PMO}
        assert who_sees(session, thrown_open, everybody, kind, meeting_of(group)) == {PMO, CHAIR}
        assert who_sees(session, config, everybody, kind, group) == {PMO}, "of the group as such"


def test_the_chair_sees_the_draft_while_a_clearance_waits(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    psg, pmo = meeting_of("PSG"), everybody[PMO]
    assert pmo
    with database.session() as session:
        keep(session, [psg])
        clearances.put_to_chair(session, psg, by=pmo, now=NOW)
        assert who_sees(session, config, everybody, Kind.DRAFT, psg) == {PMO, CHAIR}
        assert who_sees(session, config, everybody, Kind.TRANSCRIPT, psg) == {PMO}
        assert who_sees(session, config, everybody, Kind.DRAFT, meeting_of("DAG")) == {PMO}, "of that meeting alone"
        clearances.clear(session, psg, by=pmo, now=NOW)
        assert who_sees(session, config, everybody, Kind.DRAFT, psg) == {PMO}, "once it is answered"


def test_nor_once_the_report_is_issued_without_an_answer(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    psg, pmo = meeting_of("PSG"), everybody[PMO]
    assert pmo
    with database.session() as session:
        keep(session, [psg])
        clearances.put_to_chair(session, psg, by=pmo, now=NOW)
        session.add(
            ReportRow(
                id="PSG-2026-03-04-r1", meeting_uid=psg.uid, revision=1, reference="PSG-2026-03-04", issued_at=NOW,
                issued_by=pmo.id, snapshot="{}", snapshot_sha256="0" * 64, document_sha256="0" * 64,
            )
        )  # fmt: skip
        session.flush()
        assert who_sees(session, config, everybody, Kind.DRAFT, psg) == {PMO}


def test_a_term_that_ended_yesterday_leaves_a_participant_with_what_they_had(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    coming = meeting_of("PSG", on=date(2026, 4, 8))
    for_members = with_audience(config, "PSG", "papers", "members")
    with database.reading() as session:
        assert FORMER in who_sees(session, config, everybody, Kind.PAPERS, coming), "as a participant"
        assert FORMER not in who_sees(session, for_members, everybody, Kind.PAPERS, coming)
        assert FORMER in who_sees(session, for_members, everybody, Kind.PAPERS, meeting_of("PSG")), "was a member then"
        assert NEWCOMER in who_sees(session, for_members, everybody, Kind.PAPERS, coming)
        assert ALTERNATE not in who_sees(session, for_members, everybody, Kind.PAPERS, coming), "of another meeting"
        earlier = meeting_of("PSG", on=date(2026, 2, 4))
        seen = who_sees(session, for_members, everybody, Kind.PAPERS, earlier, on=HELD)
        assert ALTERNATE not in seen, "standing in today opens nothing of the past"


def test_a_joint_meeting_is_as_closed_as_its_strictest_group(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    with database.reading() as session:
        assert who_sees(session, config, everybody, Kind.REPORT, meeting_of("PSG", "DAG")) == ON_FILE
        joint = who_sees(session, config, everybody, Kind.REPORT, meeting_of("MWG", "SDWG"))
        assert LISTED not in joint, "nobody walks into a closed group by joining an open list"
        assert ELSEWHERE not in joint
        assert {REP, FORMER, ALTERNATE} <= joint


def test_a_list_opens_what_is_for_members_of_an_open_group_and_nothing_confidential(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    for_members = with_audience(config, "MWG", "report", "members")
    with database.reading() as session:
        assert who_sees(session, for_members, everybody, Kind.REPORT, meeting_of("MWG")) == {PMO, LISTED}
        marked = who_sees(session, for_members, everybody, Kind.REPORT, meeting_of("MWG"), confidential=True)
        assert marked == {PMO}
        assert who_sees(session, for_members, everybody, Kind.CONFIDENTIAL, meeting_of("MWG")) == {PMO}


def test_pmo_deeds_ask_for_the_role_on_that_day(database: Database, everybody: dict[str, Person | None]) -> None:
    with database.session() as session:
        members.import_members(session, [line("Paul Past", "PSG", "secretary", date(2023, 1, 1), TODAY)])
        past = members.named(session, "Paul Past")
        for deed in Deed:
            allowed = {n for n, p in everybody.items() if access.may_do(session, p, deed, TODAY).allowed}
            assert allowed == (ON_FILE if deed in OF_ANYBODY else {PMO}), deed
        assert access.may_do(session, past, Deed.ISSUE, TODAY).allowed
        assert not access.may_do(session, past, Deed.ISSUE, TODAY + timedelta(days=1)).allowed


def test_one_speaks_for_oneself_and_the_pmo_for_all(database: Database, everybody: dict[str, Person | None]) -> None:
    rep = everybody[REP]
    assert rep
    with database.reading() as session:
        allowed = {n for n, p in everybody.items() if access.may_act_for(session, p, rep, TODAY).allowed}
    assert allowed == {REP, PMO}


def test_a_stranger_is_refused_whatever_the_audience() -> None:
    for kind in Kind:
        for audience in STRICTEST_FIRST:
            assert not sight_ruling(Standing(), kind, audience, confidential=False).allowed


@pytest.mark.parametrize("opened", ["session", "reading", "rehearsal"])
def test_a_refusal_is_kept_although_all_else_is_undone(
    database: Database, config: Config, everybody: dict[str, Person | None], opened: str
) -> None:
    def look() -> None:
        with getattr(database, opened)() as session:
            if opened == "session" and person:
                put_on(session, "DCWG", person, NOW)
            ruling = access.may_see(session, config, person, Kind.REPORT, meeting_of("SDWG"), TODAY)
            access.require(session, ruling, person=person, what="report SDWG-2026-03-04", now=NOW)

    person = everybody[ELSEWHERE]
    with pytest.raises(NotAllowed) as refused:
        look()
    assert "SDWG" not in str(refused.value)
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.at == NOW)).all()
    assert [(row.actor, row.event, row.subject) for row in rows] == [
        (ELSEWHERE, "access refused", "report SDWG-2026-03-04")
    ]


def test_a_stranger_gets_a_sentence_and_stands_in_the_audit(database: Database, config: Config) -> None:
    with database.reading() as session:
        ruling = access.may_see(session, config, None, Kind.PAPERS, meeting_of("PSG"), TODAY)
        with pytest.raises(NotAllowed, match="The secretariat does not know you yet"):
            access.require(session, ruling, person=None, what="papers PSG", now=NOW, asked_as="U0STRANGER")
    with database.reading() as session:
        row = session.scalars(select(AuditRow)).one()
    assert (row.actor, row.detail["asked_as"]) == ("nobody on file", "U0STRANGER")


def test_the_pmo_is_found_by_name_and_nobody_else(database: Database, everybody: dict[str, Person | None]) -> None:
    with database.session() as session:
        with pytest.raises(NotAllowed, match=f"{REP} is not of the PMO. Only they."):
            access.pmo_named(session, REP, Deed.ISSUE, NOW, hint="Only they.")
        assert access.pmo_named(session, PMO, Deed.ISSUE, NOW, hint="").name == PMO
    with database.reading() as session:
        refused = session.scalars(select(AuditRow).where(AuditRow.event == "access refused")).one()
    assert (refused.actor, refused.subject) == (REP, "issue")


def test_a_viewer_sees_what_is_ruled_and_the_pmos_desk_all(
    database: Database, config: Config, everybody: dict[str, Person | None]
) -> None:
    with database.reading() as session:
        viewer = Viewer(session, config, everybody[REP], TODAY)
        assert viewer.sees(Kind.REPORT, meeting_of("SDWG"))
        assert not viewer.sees(Kind.DRAFT, meeting_of("SDWG"))
        desk, stranger = AtTheDesk(session, config, None, TODAY), Viewer(session, config, None, TODAY)
        assert desk.sees(Kind.DRAFT, meeting_of("SDWG"))
        assert (desk.is_known, stranger.is_known) == (True, False)
        assert not stranger.sees(Kind.REPORT, meeting_of("PSG"))
