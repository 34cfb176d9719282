"""General queries: which mailbox takes them, in the document's own examples; and what no machine answers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from jinja2 import Environment, meta
from sqlalchemy import select

from bot import queries, triage
from bot.config import Config
from bot.config_queries import NotForAMachine
from bot.model import Person, SeatHolding
from bot.queries import Asked
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.query_tables import QueryRow
from bot.triage import not_for_a_machine, route
from schedules.series import Calendar
from tests.office import Office
from tests.secretariat_process import ROOT

LEAD, SECRETARY, ASKER = "Rosalind Achterberg", "Tobias Wrenfield", "Emeka Loxley"
CHAIR, OFGEM, IPA = "Marguerite Oyelaran", "Philippa Dunmorrow", "Benedikt Harrowgate"
NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)  # a Friday


def ask(database: Database, config: Config, text: str, **more: object) -> QueryRow:
    asked = Asked(text, "mail", f"mail:{text[:60]}", **more)  # type: ignore[arg-type]  # as the test says
    with database.session() as session:
        row, _ = queries.ask(session, config, asked, NOW, nth_working_day=Calendar(config).closed.nth_from)
    return row


def notices(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.kind, OutboxRow.recipient_name)))


def seat(title: str, role: str, group: str = "PSG") -> SeatHolding:
    person = Person("P-1", "Somebody", "", None, None)
    return SeatHolding(person, group, title, role, None, date(2023, 1, 1), None)


# ------------------------------------------------------------------------------------------------------------- routing


@pytest.mark.parametrize(
    ("query", "mailbox", "group", "via"),
    [
        (
            "A DAG Constituency Representative believes a decision was made by the SRO at DAG without solid rationale "
            "and against the majority",
            "pmo", "PSG", (),
        ),
        (
            "A participant believes a significant activity required in SIT has not been considered by the Programme at "
            "the SITWG",
            "pmo", "SITAG", ("testing",),
        ),
        ("A participant wants to know more detail about an upcoming Testing deliverable", "testing", None, ()),
        (
            "A participant has proposals on how to improve the communications process for consultations",
            "ppc", None, (),
        ),
    ],
)  # fmt: skip
def test_the_documents_four_examples(
    config: Config, query: str, mailbox: str, group: str | None, via: tuple[str, ...]
) -> None:
    found = route(query, config)
    assert (found.mailbox, found.group, found.alternatives) == (mailbox, group, via)
    assert found.is_escalation == (group is not None)
    assert not found.is_uncertain


@pytest.mark.parametrize(
    ("purpose", "mailbox"),
    [
        ("business related queries relating to Programme meetings or planning, including dPMO", "pmo"),
        ("queries on Design documents, comments or meetings", "design"),
        ("queries on Testing documents, comments or meetings", "testing"),
        ("queries on the Code workstream or code-related documents or meetings", "code"),
        ("any queries on Migration Design", "migration"),
        (
            "queries on Simulators & Emulators, the DIP Simulator demo or to join our Sims & Ems Show & Tell sessions",
            "sims_ems",
        ),
        ("correspondence or information on strategy, governance or the Programme as a whole", "sro"),
        ("queries on the MHHS website, The Clock, Design Newsletter or media relations", "comms"),
    ],
)
def test_what_contact_us_says_of_each_mailbox_leads_there(config: Config, purpose: str, mailbox: str) -> None:
    assert route(purpose, config).mailbox == mailbox
    assert not route(purpose, config).is_uncertain


@pytest.mark.parametrize(
    ("query", "mailbox", "group"),
    [
        ("When is the next sitwg?", "testing", "SITWG"),
        ("Where are the papers of the Migration and Cutover Advisory Group?", "migration", "MCAG"),
        ("Who owns PSG27-03?", "pmo", "PSG"),
        ("Is BPRWG/TDWG meeting again?", "design", "BPRWG-TDWG"),
        ("What does QWG expect of us?", "ppc", "QWG"),
        ("A question to the migration workstream", "migration", None),
        ("When is the next meeting?", "pmo", None),
        ("Is there a meeting on migration testing of design?", "ppc", None),
        ("I want to tag the photo where do I sit", "ppc", None),
        ("Please ask Devendra Ashcombe", "ppc", None),
        ("", "ppc", None),
    ],
)
def test_groups_keys_and_workstreams_are_recognised_and_what_nobody_knows_is_for_ppc(
    config: Config, query: str, mailbox: str, group: str | None
) -> None:
    found = route(query, config)
    assert (found.mailbox, found.group) == (mailbox, group)


def test_what_is_uncertain_says_so_and_names_the_others(config: Config) -> None:
    both = route("Testing and design", config)
    assert (both.mailbox, both.is_uncertain, both.alternatives) == ("ppc", True, ("testing", "design"))
    at_two = route("For SITWG and MWG", config)
    assert (at_two.mailbox, at_two.group, at_two.is_uncertain) == ("testing", "SITWG", True)
    own = route("Good morning", config, asked_by_seat=seat("Large Supplier Representative", "member", "SITAG"))
    assert (own.mailbox, own.is_uncertain, own.alternatives) == ("ppc", True, ("testing",))
    nameless = route("I disagree with the decision", config)
    assert (nameless.mailbox, nameless.group, nameless.is_escalation, nameless.is_uncertain) == (
        "pmo",
        None,
        True,
        True,
    )


def test_the_group_it_was_asked_about_comes_first(config: Config) -> None:
    found = route("When is testing over?", config, group="MWG")
    assert (found.mailbox, found.group, found.alternatives) == ("migration", "MWG", ("testing",))


@pytest.mark.parametrize("key", ["PSG", "GLIG-SIT", "TMAG", "SAMPLE"])
def test_a_concern_about_any_group_is_routed_without_a_stumble(config: Config, key: str) -> None:
    found = route(f"We escalate the decision of {key}", config, group=key)
    assert found.group in {None, "PSG", "SAMPLE"}
    assert found.because


# --------------------------------------------------------------------------------------------------- not for a machine


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I write for the trade press.", "it comes from the press"),
        ("A JOURNALIST asks", "it comes from the press"),
        ("Our solicitors will write to you", "it is about a legal matter"),
        ("This is a formal complaint.", "it is a complaint"),
        ("Under the Freedom\nof \u200bInformation Act", "it asks for information that the law may give a right to"),
        ("an EIR request", "it asks for information that the law may give a right to"),
        ("My subject-access request", "it asks for information that the law may give a right to"),
        ("Where is the legal text of the code change?", ""),
        ("Their reports depress me", ""),
    ],
)
def test_some_words_are_for_a_person(config: Config, text: str, reason: str) -> None:
    assert not_for_a_machine(text, config) == reason


@pytest.mark.parametrize(
    ("title", "role", "reason"),
    [
        ("SRO as Chair", "chair", "it comes from the SRO"),
        ("Chair", "chair", "it comes from a Chair"),
        ("Ofgem Observer", "observer", "it comes from Ofgem"),
        ("IPA Manager", "observer", "it comes from the IPA"),
        ("Other SRO and LDP Representatives", "programme", ""),
        ("Large Supplier Representative", "member", ""),
    ],
)
def test_some_seats_are_for_a_person(config: Config, title: str, role: str, reason: str) -> None:
    assert not_for_a_machine("Hello", config, seats=[seat(title, role)]) == reason


def test_a_file_that_says_nothing_of_it_still_knows_the_seats(config: Config) -> None:
    silent = config.model_copy(update={"not_for_a_machine": NotForAMachine.by_seat_alone()})
    for title, role in (
        ("SRO as Chair", "chair"),
        ("Chair", "chair"),
        ("Ofgem Observer", "observer"),
        ("IPA", "observer"),
    ):
        assert not_for_a_machine("Hello", silent, seats=[seat(title, role)]).startswith("it comes from")


def test_ofgems_own_addresses_are_for_a_person_and_a_lookalike_is_not(config: Config) -> None:
    for address in ("someone@ofgem.gov.uk", "Someone@Mail.OFGEM.gov.uk"):
        assert not_for_a_machine("Hello", config, address=address) == "it comes from Ofgem"
    assert not_for_a_machine("Hello", config, address="someone@notofgem.gov.uk") == ""


@pytest.mark.parametrize("name", [CHAIR, OFGEM, IPA])
def test_who_is_answered_by_a_person_gets_no_receipt_and_the_lead_hears_at_once(
    database: Database, config: Config, people: dict[str, Person], name: str
) -> None:
    row = ask(database, config, "When is SITAG?", by=people[name])
    assert (row.state, row.due_on, row.mailbox) == ("for_a_person", date(2024, 2, 16), "testing")
    with database.reading() as session:
        assert queries.receipt_text(session, config, row) is None
    [told] = notices(database)
    assert (told.recipient_name, told.state) == (LEAD, "pending")
    assert "When is SITAG?" in told.text
    assert "Friday 16 February 2024" in told.subject
    with database.session() as session:
        known = queries.named(session, "q-001")
        queries.send_on(session, config, known, by=people[SECRETARY], now=NOW)
    assert [row.recipient_name for row in notices(database)] == [LEAD, "testing@mhhsprogramme.co.uk"], "nor a second"


def test_an_information_request_of_a_stranger_has_twenty_working_days(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    row = ask(database, config, "A Freedom of Information request: all papers.", address="a@example.org")
    assert (row.state, row.due_on, row.person_id) == ("for_a_person", date(2024, 3, 8), None)
    with database.reading() as session:
        assert queries.asker_of(session, row) == "a@example.org"


# ----------------------------------------------------------------------------------------------------------- the ledger


def test_a_query_from_asking_to_its_answer(office: Office, database: Database) -> None:
    text = "More detail about an upcoming Testing deliverable, please"
    went_well, said = office("queries", "ask", text, "--by", ASKER)
    assert went_well
    assert said.startswith("Thank you. Your query has been recorded as Q-001.")
    assert 'We propose to pass it to testing@mhhsprogramme.co.uk. It speaks of "Testing".' in said
    assert all(word in office("queries", "list")[1] for word in ("Q-001", ASKER, "testing", "proposed"))
    assert "would be passed on" in office("queries", "send-on", "Q-001", "--by", SECRETARY, "--dry-run")[1]
    assert {row.kind for row in notices(database)} == {"pmo_reminder"}, "a dry run queues nothing"
    assert office("queries", "send-on", "q-001", "--by", SECRETARY)[1] == (
        "Q-001 is passed on to testing@mhhsprogramme.co.uk.\n"
    )
    told = {row.kind: row for row in notices(database)}
    assert told["pmo_reminder"].recipient == "address:pmo@mhhsprogramme.co.uk"
    assert (told["query"].recipient, told["query"].state) == ("address:testing@mhhsprogramme.co.uk", "pending")
    assert f"{ASKER} (Brightwater Energy Supply) asked" in told["query"].text
    assert text in told["query"].text
    assert told["query"].released_by == SECRETARY
    assert told["receipt"].recipient_name == ASKER
    assert "passed to testing@mhhsprogramme.co.uk" in told["receipt"].text
    assert office("queries", "answered", "Q-001", "--by", SECRETARY)[0]
    assert "Q-001" not in office("queries", "list")[1]
    assert "answered" in office("queries", "list", "--all")[1]
    with database.reading() as session:
        events = list(session.scalars(select(AuditRow.event).where(AuditRow.subject == "Q-001")))
    assert events == ["query asked", "query sent on", "query answered"]


def test_the_pmo_may_choose_another_mailbox(office: Office, database: Database) -> None:
    assert office("queries", "ask", "Good morning", "--by", ASKER)[0]
    assert "We are not sure whom it is for" in office("queries", "ask", "Good day", "--by", ASKER)[1]
    assert office("queries", "send-on", "Q-001", "--to", "code", "--by", SECRETARY)[0]
    assert "went to code@mhhsprogramme.co.uk already" in office(
        "queries", "send-on", "Q-001", "--to", "code", "--by", SECRETARY
    )[1]  # fmt: skip
    assert office("queries", "send-on", "Q-001", "--to", "design", "--by", SECRETARY)[0], "it was not for them"
    sent = [row.recipient_name for row in notices(database) if row.kind == "query"]
    assert sent == ["code@mhhsprogramme.co.uk", "design@mhhsprogramme.co.uk"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", " \u200b ", "--by", ASKER), "The query says nothing yet."),
        (("ask", "x" * 40_001, "--by", ASKER), "40000 are taken"),
        (("ask", "Hello", "--by", "Nobody Known"), "Nobody Known is not on file."),
        (("ask", "Hello", "--group", "XYZ", "--by", ASKER), "There is no group XYZ."),
        (("send-on", "Q-009", "--by", SECRETARY), "There is no query Q-009."),
        (("send-on", "Q-001", "--by", ASKER), "is not of the PMO"),
        (("send-on", "Q-001", "--to", "Devendra", "--by", SECRETARY), "There is no mailbox Devendra."),
        (("answered", "Q-001", "--by", ASKER), "is not of the PMO"),
        (("withdraw", "Q-001", "--by", "Harriet Bassington"), "neither asked Q-001 nor is of the PMO"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(office: Office, words: tuple[str, ...], said: str) -> None:
    assert office("queries", "ask", "Good morning", "--by", ASKER)[0]
    went_well, answer = office("queries", *words)
    assert not went_well
    assert said in answer


def test_who_asked_may_withdraw_and_what_is_closed_stays_so(office: Office) -> None:
    assert office("queries", "ask", "Good morning", "--by", ASKER)[0]
    assert office("queries", "withdraw", "Q-001", "--by", ASKER)[0]
    assert "Q-001 is withdrawn already." in office("queries", "send-on", "Q-001", "--by", SECRETARY)[1]


def test_one_message_is_one_query(database: Database, config: Config, people: dict[str, Person]) -> None:
    first = ask(database, config, "When is SITAG?", by=people[ASKER])
    again = ask(database, config, "When is SITAG?", by=people[ASKER])
    assert (first.reference, again.reference) == ("Q-001", "Q-001")
    assert notices(database) == [], "what came by mail stands in the PMO's mailbox already"


def test_a_receipt_shows_the_asker_what_was_understood_and_nothing_is_filled_in_from_their_words(
    database: Database, config: Config, people: dict[str, Person]
) -> None:
    row = ask(database, config, "{{ reference }} <!channel> testing", by=people[ASKER])
    with database.session() as session:
        queries.send_on(session, config, queries.named(session, row.reference), by=people[SECRETARY], now=NOW)
    text = next(notice.text for notice in notices(database) if notice.kind == "query")
    assert "{{ reference }} <!channel> testing" in text


def test_every_placeholder_of_these_texts_is_documented() -> None:
    texts = ROOT / "report_templates/messages"
    documented = set(
        re.findall(r"{{ (\w+) }}", (texts / "README.md").read_text(encoding="utf-8").partition("## Queries")[2])
    )
    for file in [*texts.glob("*query*.txt"), *texts.glob("*escalation*.txt")]:
        used = meta.find_undeclared_variables(Environment().parse(file.read_text(encoding="utf-8")))  # noqa: S701
        assert used <= documented, file.name
        assert f"`{file.name}`" in (texts / "README.md").read_text(encoding="utf-8")


def test_every_word_of_the_configuration_finds_itself(config: Config) -> None:
    for key, mailbox in config.mailboxes.items():
        for words in mailbox.takes:
            found = route(words.removesuffix("*"), config)
            assert key == found.mailbox or key in found.alternatives, (key, words)
    for kind in config.not_for_a_machine.kinds:
        for words in kind.takes:
            assert triage.kind_for_a_person(words.removesuffix("*"), config) is not None, words
