"""Escalations: the document's first two examples, where each kind goes, which meeting takes it, and who is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import escalation_letters, escalations, members
from bot.config import Config
from bot.errors import SecretariatError, UnknownThing
from bot.escalations import IncompleteEscalation, Raised
from bot.governance import EscalationKind, lowest_groups, way_of
from bot.model import MeetingStatus, Person
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from bot.store.query_tables import EscalationRow
from schedules.announcements import Announcer
from schedules.changes import Wanted, enact
from schedules.escalation_meetings import taking_meetings
from schedules.series import Calendar
from tests.office import Office

SECRETARY, DEPUTY = "Tobias Wrenfield", "Ifeoma Castellane"
SITAG_SECRETARY, CHAIR, IPA_MANAGER = "Gethin Marlowe-Pugh", "Marguerite Oyelaran", "Benedikt Harrowgate"
HARRIET, EMEKA = "Harriet Bassington", "Emeka Loxley"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)  # a Friday
ON = date(2024, 2, 9)
WORDS = ("--context", "What it is about", "--rationale", "Why", "--impact", "What follows")


def raised(by: Person, group: str, kind: EscalationKind = "decision", **more: object) -> Raised:
    given: dict[str, object] = {"context": "What", "rationale": "Why", "impact": "What follows"} | more
    return Raised(kind, group, by, came_by="slack", source_key=f"{group}{kind}{more}", **given)  # type: ignore[arg-type]


def receive(database: Database, config: Config, one: Raised, now: datetime = NOW) -> EscalationRow:
    with database.session() as session:
        return escalations.receive(session, config, one, now)[0]


def notices(database: Database, kind: str) -> list[OutboxRow]:
    with database.reading() as session:
        found = select(OutboxRow).where(OutboxRow.kind == kind).order_by(OutboxRow.recipient_name)
        return list(session.scalars(found))


def newcomer(database: Database, tmp_path: Path, *seats: str) -> Person:
    """Somebody of a Large Supplier who holds these seats only: 'DAG,Large Supplier Representative,member'."""
    file = tmp_path / "more.csv"
    lines = [f"Aurelio Winch,aurelio@example.org,,Brightwater,Large Supplier,{s},2023-01-01,," for s in seats]
    file.write_text("\n".join([",".join(members.COLUMNS), *lines]) + "\n", encoding="utf-8")
    with database.session() as session:
        members.import_members(session, members.read_members_file(file, ["DAG", "SITWG"]))
        return members.named(session, "Aurelio Winch")


# ------------------------------------------------------------------------------------------ the document's two examples


def test_a_dag_representative_against_the_sros_decision(
    database: Database, config: Config, people: dict[str, Person], tmp_path: Path
) -> None:
    """To the PSG Chair via the PMO and via their PSG constituency rep; if that does not resolve it, to the IPA."""
    rep = newcomer(database, tmp_path, "DAG,Large Supplier Representative,member")
    text = "A decision was made by the SRO at DAG without solid rationale and against the majority"
    row = receive(database, config, raised(rep, "DAG", context=text))
    with database.reading() as session:
        way = escalation_letters.way_of_row(session, config, row)
    assert (row.to, row.constituency) == ("PSG", "Large Supplier")
    assert [(step.who, step.to, step.only_if) for step in way.steps] == [
        ("You", "pmo@mhhsprogramme.co.uk", ""),
        ("You", "the Large Supplier Representative at PSG", ""),
        ("The PMO", "the Chair of PSG", ""),
        ("You", "the IPA, whose word is final", "If that does not resolve it"),
    ]
    assert [n.recipient for n in notices(database, "pmo_reminder")][-1] == "address:pmo@mhhsprogramme.co.uk"
    assert {n.recipient_name for n in notices(database, "pmo_reminder")} == {SECRETARY, "pmo@mhhsprogramme.co.uk"}
    assert notices(database, "escalation") == [], "nothing goes to a Chair by itself"
    with database.session() as session:
        escalations.send(session, config, escalations.named(session, "ESC-001"), by=people[SECRETARY], now=NOW)
    assert {n.recipient_name for n in notices(database, "escalation")} == {HARRIET, CHAIR}
    assert {n.released_by for n in notices(database, "escalation")} == {SECRETARY}
    with database.session() as session:  # not resolved
        again = escalations.receive(session, config, raised(rep, "PSG", "appeal"), NOW)[0]
        assert again.to == "IPA"


def test_a_participant_about_sit_at_sitwg(
    database: Database, config: Config, people: dict[str, Person], tmp_path: Path
) -> None:
    """To SITAG: their SITAG constituency rep, and the SITAG Chair via the PMO and the workstream mailbox."""
    participant = newcomer(database, tmp_path, "SITWG,Participant,member")
    text = "A significant activity required in SIT has not been considered by the Programme at the SITWG"
    row = receive(database, config, raised(participant, "SITWG", context=text))
    with database.reading() as session:
        way = escalation_letters.way_of_row(session, config, row)
        subject, receipt = escalation_letters.receipt_text(session, config, row)
    assert row.to == "SITAG"
    assert [str(step) for step in way.steps] == [
        "You state context, rationale and impact to the PMO, at pmo@mhhsprogramme.co.uk and "
        "testing@mhhsprogramme.co.uk",
        "You tell the Large Supplier Representative at SITAG",
        "The PMO puts it to the Chair of SITAG",
        "If that does not resolve it, you escalate via the PMO to the IPA, whose word is final",
    ]
    assert subject == "ESC-001 received: your escalation"
    assert all(f"{number}. {step}." in receipt for number, step in enumerate(way.steps, 1))
    assert {n.recipient_name for n in notices(database, "pmo_reminder")} == {SITAG_SECRETARY, "pmo@mhhsprogramme.co.uk"}
    with database.session() as session:
        escalations.send(session, config, escalations.named(session, "esc-001"), by=people[SITAG_SECRETARY], now=NOW)
    put = notices(database, "escalation")
    assert [n.recipient_name for n in put] == [HARRIET, CHAIR, "testing@mhhsprogramme.co.uk"]
    assert all(text in n.text and "Why to you: SITAG is one level above SITWG" in n.text for n in put)


# ---------------------------------------------------------------------------------------------------- where things go


@pytest.mark.parametrize(
    ("kind", "group", "to"),
    [
        ("decision", "PSG", "IPA"),
        ("decision", "MCAG", "PSG"),
        ("decision", "TORWG", "MCAG"),
        ("decision", "SDWG", "DAG"),
        ("decision", "DRG", "DAG"),
        ("decision", "GLIG-SIT", "PSG"),
        ("decision", "TMAG", "PSG"),
        ("appeal", "SITWG", "IPA"),
        ("appeal", "PSG", "IPA"),
        ("informal", "SITAG", "SITWG"),
        ("informal", "SITWG", "SITWG"),
        ("informal", "DAG", "BPRWG-TDWG"),
        ("informal", "TORWG", "TORWG"),
        ("informal", "QAG", "QWG"),
        ("informal", "CCAG", "CDWG"),
        ("informal", "PSG", "PSG"),
        ("informal", "ECG", "PSG"),
        ("informal", "TMAG", "SITWG"),
    ],
)
def test_each_kind_goes_where_the_rules_say(config: Config, kind: EscalationKind, group: str, to: str) -> None:
    assert way_of(config, kind, group, on=ON).to == to


def test_only_what_stands_in_the_governance_escalates(config: Config) -> None:
    for kind in ("decision", "informal"):
        with pytest.raises(UnknownThing, match="SAMPLE stands outside the Programme's governance"):
            way_of(config, kind, "SAMPLE", on=ON)


def test_a_party_reaches_ofgem_only_by_the_ipa(config: Config) -> None:
    for group in ("PSG", "SITWG"):
        way = way_of(config, "decision", group, on=ON, for_ofgem=True)
        assert (way.to, way.steps[-1].who, way.steps[-1].to) == ("IPA", "The IPA", "Ofgem")
    assert "Ofgem" not in " ".join(map(str, way_of(config, "decision", "PSG", on=ON).steps))


def test_a_group_that_has_ended_takes_nothing(config: Config) -> None:
    sitag = config.groups["SITAG"].model_copy(update={"ends_on": date(2024, 1, 31)})
    later = config.model_copy(update={"groups": config.groups | {"SITAG": sitag}})
    assert way_of(later, "decision", "SITWG", on=ON).to == "PSG"
    assert way_of(later, "decision", "SITWG", on=date(2024, 1, 30)).to == "SITAG"


def test_of_several_lowest_groups_any_may_be_chosen(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    assert lowest_groups(config, "MCAG", ON) == ["MWG", "DCWG", "TORWG"]
    row = receive(database, config, raised(people[EMEKA], "MCAG", "informal", to="DCWG"))
    assert row.to == "DCWG"
    with database.reading() as session:
        assert "escalate formally to MCAG" in escalation_letters.receipt_text(session, config, row)[1]
    with pytest.raises(IncompleteEscalation) as refused:
        receive(database, config, raised(people[EMEKA], "MCAG", "informal", to="SITWG"))
    assert refused.value.fields == {"to": "It goes to MWG, or DCWG, or TORWG, not to SITWG."}


def test_who_sits_one_level_up_speaks_for_it_themselves(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    row = receive(database, config, raised(people[HARRIET], "SITWG"))
    with database.session() as session:
        way = escalation_letters.way_of_row(session, config, row)
        told = escalations.recipients(session, config, escalations.named(session, "ESC-001"), ON)
    assert str(way.steps[1]) == "You speak for it as the Large Supplier Representative at SITAG"
    assert people[HARRIET] not in told


# -------------------------------------------------------------------------------------------------------- the fields


def test_context_rationale_and_impact_are_each_asked_for(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    empty = raised(people[EMEKA], "SITWG", context=" ", rationale="", impact="\n")
    with pytest.raises(IncompleteEscalation) as refused:
        receive(database, config, empty)
    assert list(refused.value.fields) == ["context", "rationale", "impact"]
    assert "the impact is missing" in str(refused.value)
    long = raised(people[EMEKA], "SITWG", impact="x" * 20_001, decision="SITWG-" + "9" * 50)
    with pytest.raises(IncompleteEscalation) as refused:
        receive(database, config, long)
    assert list(refused.value.fields) == ["impact", "decision"]
    assert notices(database, "pmo_reminder") == []


def test_one_message_is_one_escalation(database: Database, config: Config, people: dict[str, Person]) -> None:
    for _ in range(2):
        assert receive(database, config, raised(people[EMEKA], "SITWG")).reference == "ESC-001"
    assert len(notices(database, "pmo_reminder")) == 2


# ------------------------------------------------------------------------------------------------------ which meeting


@pytest.fixture
def calendar(config: Config) -> Calendar:
    return Calendar(config)


def days(database: Database, calendar: Calendar, group: str, now: datetime) -> list[tuple[date, bool]]:
    with database.reading() as session:
        return [(one.meeting.on, one.is_late) for one in taking_meetings(session, calendar, group, now).all]


def test_the_first_meeting_whose_papers_can_still_be_met_or_the_coming_one_late(
    database: Database, calendar: Calendar
) -> None:
    """SITAG meets on Wednesday 21 February 2024; its papers are due on Wednesday 14 February at 17:00."""
    february, march = date(2024, 2, 21), date(2024, 3, 20)
    assert days(database, calendar, "SITAG", datetime(2024, 2, 14, 16, 59, tzinfo=UTC)) == [(february, False)]
    late = [(february, True), (march, False)]
    assert days(database, calendar, "SITAG", datetime(2024, 2, 14, 17, 0, tzinfo=UTC)) == late
    assert days(database, calendar, "SITAG", datetime(2024, 2, 21, 9, 59, tzinfo=UTC)) == late
    assert days(database, calendar, "SITAG", datetime(2024, 2, 21, 10, 0, tzinfo=UTC)) == [(march, False)]


def test_a_group_that_does_not_meet_has_none_to_offer(database: Database, calendar: Calendar) -> None:
    assert days(database, calendar, "DAG", NOW) == [], "an e-mail update takes nothing up"
    assert days(database, calendar, "BPRWG-TDWG", NOW) == []


def test_what_people_have_decided_about_meetings_counts(
    database: Database, config: Config, calendar: Calendar, people: dict[str, Person]
) -> None:
    announcer = Announcer(config, calendar, lambda: "http://page")
    with database.session() as session:
        wanted = Wanted("cancel", "SITAG", date(2024, 2, 21), people[SITAG_SECRETARY], reason="no quorum")
        enact(session, announcer, wanted, NOW)
    assert days(database, calendar, "SITAG", NOW) == [(date(2024, 3, 20), False)]


def test_the_person_chooses_and_a_late_paper_asks_the_chairs_consent(office: Office, database: Database) -> None:
    at = "2024-02-15T09:00:00+00:00"
    went_well, said = office("escalations", "raise", "SITWG", "--by", EMEKA, *WORDS, at=at)
    assert went_well, said
    assert "Which meeting takes it has still to be chosen." in said
    assert "2024-02-21  SITAG on Wednesday 21 February 2024, 10:00 (London); its papers were due" in said
    assert "2024-03-20  SITAG on Wednesday 20 March 2024, 10:00 (London); in time: its papers are due" in said
    refused = office("escalations", "choose", "ESC-001", "2024-04-17", "--by", EMEKA, at=at)
    assert not refused[0]
    assert "2024-04-17" in refused[1]
    assert "Wednesday 20 March 2024" in refused[1]
    assert "a late paper" in office("escalations", "choose", "ESC-001", "2024-02-21", "--by", EMEKA, at=at)[1]
    assert office("escalations", "take", "ESC-001", "--by", SITAG_SECRETARY, at=at)[0]
    shown = office("escalations", "send", "ESC-001", "--by", SITAG_SECRETARY, "--dry-run", at=at)[1]
    assert shown == f"ESC-001 would be put to SITAG: {CHAIR}, {HARRIET}, testing@mhhsprogramme.co.uk.\n"
    assert notices(database, "escalation") == []
    assert office("escalations", "send", "ESC-001", "--by", SITAG_SECRETARY, at=at)[0]
    put = notices(database, "escalation")[0]
    assert "Wednesday 21 February 2024, 10:00 (London), as a late paper, with the Chair's consent." in put.text
    assert put.not_after == datetime(2024, 2, 21, 10, tzinfo=UTC)
    agenda = ("escalations", "on-agenda", "ESC-001", "--by", SITAG_SECRETARY)
    assert "would be a late paper at SITAG. Ask the Chair" in office(*agenda, at=at)[1]
    assert office(*agenda, "--chair-consents", at=at)[0]
    assert office("escalations", "answered", "ESC-001", "--text", "SITAG adds it.", "--by", SITAG_SECRETARY, at=at)[0]
    assert "SITAG adds it." in next(n.text for n in notices(database, "receipt") if "answered" in n.subject)
    assert {n.recipient_name for n in notices(database, "receipt")} == {EMEKA}
    assert "ESC-001" not in office("escalations", "list", at=at)[1]
    assert "answered: SITAG adds it." in office("escalations", "show", "ESC-001", at=at)[1]
    with database.reading() as session:
        events = list(session.scalars(select(AuditRow.event).where(AuditRow.subject == "ESC-001")))
    assert events == [
        "escalation raised", "escalation meeting chosen", "escalation with pmo", "escalation sent",
        "escalation on agenda", "escalation answered",
    ]  # fmt: skip


def test_a_meeting_cancelled_after_it_was_chosen_is_said_and_another_is_asked_for(
    database: Database, config: Config, calendar: Calendar, people: dict[str, Person]
) -> None:
    with database.session() as session:
        [found] = taking_meetings(session, calendar, "SITAG", NOW).all
        row, _ = escalations.receive(session, config, raised(people[EMEKA], "SITWG", meeting=found.meeting), NOW)
        assert escalation_letters.meeting_in_words(session, row) == (
            "It is for SITAG on Wednesday 21 February 2024, 10:00 (London)."
        )
        wanted = Wanted("cancel", "SITAG", found.meeting.on, people[SITAG_SECRETARY], reason="no quorum")
        done = enact(session, Announcer(config, calendar, lambda: "http://page"), wanted, NOW)
        assert done.after.status is MeetingStatus.CANCELLED
        assert "is cancelled" in escalation_letters.meeting_in_words(session, row)
        escalations.send(session, config, row, by=people[SITAG_SECRETARY], now=NOW)
        with pytest.raises(SecretariatError, match="has no meeting to go to"):
            escalations.put_on_agenda(session, config, row, by=people[SITAG_SECRETARY], now=NOW)


# --------------------------------------------------------------------------------------------------- the IPA, the rest


def test_what_goes_to_the_ipa_waits_for_the_pmos_word(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    row = receive(database, config, raised(people[EMEKA], "PSG"))
    assert row.to == "IPA"
    assert notices(database, "escalation") == []
    with database.session() as session:
        told = escalations.send(session, config, escalations.named(session, "ESC-001"), by=people[SECRETARY], now=NOW)
    assert told == [people[IPA_MANAGER]]
    [put] = notices(database, "escalation")
    assert "The PMO puts this to the IPA." in put.text


def test_where_nobody_of_the_ipa_is_on_file_the_pmo_puts_it_by_other_means(
    office: Office, database: Database, config: Config, people: dict[str, Person]
) -> None:
    with database.session() as session:
        for holding in session.scalars(select(SeatHoldingRow).where(SeatHoldingRow.role == "observer")):
            holding.to_on = date(2024, 1, 1)
    receive(database, config, raised(people[EMEKA], "PSG", "appeal"))
    refused = office("escalations", "send", "ESC-001", "--by", SECRETARY)
    assert "Nobody of the IPA is on file." in refused[1]
    assert (
        office("escalations", "send", "ESC-001", "--by", SECRETARY, "--elsewhere")[1] == "ESC-001 is put to the IPA.\n"
    )
    assert "sent: by other means" in office("escalations", "show", "ESC-001")[1]


def test_what_cannot_be_is_said_in_a_sentence(office: Office) -> None:
    assert office("escalations", "raise", "MCAG", "--kind", "informal", "--by", EMEKA, *WORDS)[0]
    for words, said in (
        (("raise", "SITWG", "--by", EMEKA), "the context is missing. Say why"),
        (("raise", "XYZ", "--by", EMEKA, *WORDS), "There is no group XYZ."),
        (("raise", "SAMPLE", "--by", EMEKA, *WORDS), "SAMPLE stands outside"),
        (("send", "ESC-001", "--by", EMEKA), "is not of the PMO"),
        (("withdraw", "ESC-001", "--by", HARRIET), "neither raised ESC-001 nor is of the PMO"),
        (("on-agenda", "ESC-001", "--by", SECRETARY), "ESC-001 has no meeting to go to."),
        (("answered", "ESC-001", "--text", "Yes", "--by", SECRETARY), "is received and cannot become answered"),
        (("answered", "ESC-001", "--text", " ", "--by", SECRETARY), "The answer says nothing yet."),
        (("show", "ESC-009"), "There is no escalation ESC-009."),
    ):
        went_well, answer = office("escalations", *words)
        assert not went_well
        assert said in answer
    assert office("escalations", "withdraw", "ESC-001", "--by", EMEKA, "--reason", "settled")[0]
    assert "withdrawn: settled" in office("escalations", "show", "ESC-001")[1]
    assert "is withdrawn and cannot become sent" in office("escalations", "send", "ESC-001", "--by", SECRETARY)[1]


def test_the_raisers_own_words_are_never_filled_in(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    row = receive(database, config, raised(people[EMEKA], "SITWG", context="{{ name }} {% for %}"))
    assert row.context in notices(database, "pmo_reminder")[0].text
