"""The PMO's review of requests, at its terminal: decided with a reason, told to whoever asked, nothing edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import amendments, meetings
from bot.amendment_life import ALLOWED_MOVES, ENDED, Kind, State, decision_on, move
from bot.amendments import Asking, RequestText
from bot.config import Config
from bot.errors import SecretariatError
from bot.model import Person
from bot.rivals import touched_by_both
from bot.store.database import Database
from bot.store.draft_tables import DraftLineRow, DraftRow
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import ObligationRow
from bot.store.outbox_tables import OutboxRow
from handlers.requests import enter_request
from schedules.announcements import Announcer
from schedules.matters import open_matters, stopped_clocks
from schedules.series import Calendar
from tests.office import Office

HARRIET, DOROTHEA, EMEKA, CHAIR = "Harriet Bassington", "Dorothea Vance", "Emeka Loxley", "Marguerite Oyelaran"
PMO = ("--by", "Tobias Wrenfield")
NOW = datetime(2024, 2, 12, 9, tzinfo=UTC)
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)  # requests to the report of 7 February close on the 28th at 17:00
PSG = "psg-2024-02-07@mhhsprogramme.co.uk"
Ask = Callable[..., str]


@pytest.fixture
def announcer(config: Config) -> Announcer:
    return Announcer(config, Calendar(config), lambda: "http://127.0.0.1:8765")


@pytest.fixture
def ask(database: Database, announcer: Announcer, people: dict[str, Person]) -> Ask:
    """A request about the PSG of 7 February, whose draft has a decision and a Medium Supplier's view."""
    psg = Calendar(announcer.config).meeting_on("PSG", date(2024, 2, 7))
    assert psg is not None
    evidence = [{"segment": "s7", "quote": "we accept the plan", "at": 61.5}]
    lines = [
        DraftLineRow(
            position=0, ref="D-01", kind="decision", text="The plan was accepted by consensus.", at_seconds=61.5,
            details={"evidence": evidence},
        ),
        DraftLineRow(
            position=1, ref="V-01", kind="viewpoint", text="Two months are needed.",
            details={"constituency": "Medium Supplier"},
        ),
    ]  # fmt: skip
    with database.session() as session:
        meetings.keep(session, [psg])
        draft = {"id": "d1", "version": 1, "made_at": NOW, "content": "{}", "document_sha256": "0"}
        session.add(DraftRow(meeting_uid=PSG, lines=lines, **draft))

    def asked(
        text: str, line: str | None = "D-01", who: str = HARRIET, kind: Kind = Kind.RECORD, now: datetime = NOW,
        came_by: str = "slack",
    ) -> str:  # fmt: skip
        request = RequestText("PSG", date(2024, 2, 7), line, text)
        with database.session() as session:
            row, _ = enter_request(
                session, announcer, request, people[who], came_by=came_by, source_key=f"<{text}@example.org>", now=now,
                asking=Asking(kind, reason="It was said otherwise."),
            )  # fmt: skip
            return row.reference

    return asked


@pytest.fixture
def office(office: Office) -> Office:
    office.at, office.within = NOW.isoformat(), ("amendments",)
    return office


def sent(database: Database) -> list[tuple[str, str, str, str]]:
    """(step, to whom, kind, state) of the notices about requests, as they were queued."""
    with database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.clock == "amendment").order_by(OutboxRow.step)).all()
        order = sorted(rows, key=lambda row: (row.step, row.kind != "receipt", row.recipient_name))
        return [(row.step, row.recipient_name, row.kind, row.state) for row in order]


def text_to(database: Database, who: str) -> str:
    with database.reading() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.recipient_name == who)).one()
        return f"{row.subject}\n{row.text}"


def state_of(database: Database, reference: str) -> str:
    with database.reading() as session:
        return amendments.named(session, reference).state


# ------------------------------------------------------------------------------------------------------------- states


@pytest.mark.parametrize("before", list(State))
def test_a_request_moves_only_as_the_table_of_moves_has_it(
    database: Database, ask: Ask, people: dict[str, Person], before: State
) -> None:
    ask("x")
    for to in State:
        with database.rehearsal() as session:
            row = amendments.named(session, "AM-001")
            row.state = before.value
            if to in ALLOWED_MOVES[before]:
                move(session, row, to, by=people[HARRIET], now=NOW, reason="why")
                assert (row.state, row.events[-1].from_state, row.events[-1].text) == (to, before, "why")
                told = session.scalars(select(AuditRow).order_by(AuditRow.number.desc())).first()
                assert told is not None
                assert (told.actor, told.subject) == (HARRIET, "AM-001")
                assert (told.detail["before"], told.detail["reason"]) == (before, "why")
            else:
                with pytest.raises(SecretariatError, match="AM-001 is "):
                    move(session, row, to, by=people[HARRIET], now=NOW)
                assert (row.state, len(row.events)) == (before, 1)


def test_every_request_can_come_to_an_end_and_what_has_ended_stays_so() -> None:
    for state in State:
        reached, before = {state}, set[State]()
        while reached != before:
            before = set(reached)
            reached |= {to for known in before for to in ALLOWED_MOVES[known]}
        assert reached & ENDED
        assert (state in ENDED) == (not ALLOWED_MOVES[state])


# ------------------------------------------------------------------------------------------------------------- review


def test_accepted_with_a_reason_the_requester_and_the_chair_learn_it(
    database: Database, ask: Ask, office: Office
) -> None:
    ask("The plan was accepted with conditions.")
    assert office("acknowledge", "am-001", *PMO) == (True, "AM-001 is acknowledged.\n")
    assert office("review", "AM-001", *PMO) == (True, "AM-001 is under review.\n")
    assert office("accept", "AM-001", *PMO, "--reason", "The recording says so at 00:01:01.") == (
        True,
        f"AM-001 is accepted.\n{HARRIET} is told the outcome, with the reason.\n"
        f"A copy for {CHAIR} waits for release: secretariat outbox\n",
    )
    assert sent(database) == [
        ("decided_AM-001", HARRIET, "receipt", "pending"),
        ("decided_AM-001", CHAIR, "amendment", "withheld"),
    ]
    for who in (HARRIET, CHAIR):
        told = text_to(database, who)
        assert "AM-001: the outcome of" in told
        assert "Outcome: accepted\nReason: The recording says so at 00:01:01." in told
    with database.reading() as session:
        row = amendments.named(session, "AM-001")
        decision = decision_on(row)
        assert decision is not None
        assert (row.agreed_text, (decision.by, decision.at.date())) == (
            "The plan was accepted with conditions.",
            ("Tobias Wrenfield", NOW.date()),
        )
        assert session.get(ObligationRow, (PSG, "request:AM-001")) is not None, "nobody is reminded of it any more"


def test_accepted_in_part_the_text_agreed_is_told(database: Database, ask: Ask, office: Office) -> None:
    ask("The plan was rejected.")
    done = office(
        "accept-part", "AM-001", *PMO, "--reason", "It was accepted, one against.", "--text", "Accepted; one against."
    )  # fmt: skip
    assert done[0], done[1]
    assert "Outcome: accepted in part\nText agreed: Accepted; one against.\nReason: It was" in text_to(
        database, HARRIET
    )
    shown = office("show", "AM-001")[1]
    assert "  agreed text: Accepted; one against." in shown
    assert "accepted in part by Tobias Wrenfield: It was accepted, one against." in shown


def test_a_request_by_mail_is_answered_in_its_thread(database: Database, ask: Ask, office: Office) -> None:
    ask("x", came_by="mail")
    assert office("reject", "AM-001", *PMO, "--reason", "It was not said.")[0]
    with database.reading() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "receipt")).one()
        assert row.in_reply_to == "<x@example.org>"


def test_a_disagreement_leaves_the_report_alone(database: Database, ask: Ask, office: Office) -> None:
    ask("We do not agree.", kind=Kind.DISAGREEMENT)
    refused = office("accept-part", "AM-001", *PMO, "--reason", "r", "--text", "t")
    assert not refused[0]
    assert "the report stays, so there is no text to agree" in refused[1]
    assert office("accept", "AM-001", *PMO, "--reason", "It goes to PSG's sponsor.")[0]
    assert "the report stays as it is, and your disagreement goes to escalation" in text_to(database, HARRIET)
    with database.reading() as session:
        assert amendments.named(session, "AM-001").agreed_text == ""
        assert amendments.may_change_report(session, PSG) == []


def test_a_late_one_goes_to_the_chair_by_the_pmos_word_and_is_decided_then(
    database: Database, ask: Ask, office: Office
) -> None:
    ask("x", now=LATE)
    refused = office("accept", "AM-001", *PMO, "--reason", "r", at=LATE.isoformat())
    assert (
        "AM-001 is late, and cannot become accepted. It came after the closing: put it to the Chair first."
        in refused[1]
    )
    assert office("to-chair", "AM-001", *PMO, "--reason", "It came a day late.", at=LATE.isoformat()) == (
        True, f"AM-001 is with the Chair.\nSent to {CHAIR}.\n",
    )  # fmt: skip
    assert sent(database) == [("to_chair_AM-001", CHAIR, "amendment", "pending")], "the PMO's word is the release"
    told = text_to(database, CHAIR)
    assert "It came after requests had closed." in told
    assert "Because: It was said otherwise." in told
    assert office("accept", "AM-001", *PMO, "--reason", "The Chair allows it.", at=LATE.isoformat())[0]
    assert "accepted, came late" in office()[1]


def test_where_nobody_chairs_on_file_the_pmo_is_told_so(
    database: Database, announcer: Announcer, people: dict[str, Person], office: Office
) -> None:
    """MWG of 8 February 2024: the sample has nobody in its chair."""
    with database.session() as session:
        request = RequestText("MWG", date(2024, 2, 8), None, "x")
        enter_request(session, announcer, request, people[HARRIET], came_by="slack", source_key="1", now=NOW)
    done = office("to-chair", "AM-001", *PMO, "--reason", "r")
    assert done == (True, "AM-001 is with the Chair.\nNobody chairs MWG on file: please put it to them yourself.\n")


MISTAKES = [
    (("accept", "AM-001", "--by", HARRIET, "--reason", "r"), f"{HARRIET} is not of the PMO."),
    (("accept", "AM-001", "--by", CHAIR, "--reason", "r"), f"{CHAIR} is not of the PMO."),
    (("reject", "AM-001", *PMO, "--reason", "  "), "AM-001 needs a reason."),
    (("accept-part", "AM-001", *PMO, "--reason", "r", "--text", " "), "Accepted in part means another text"),
    (("accept", "AM-009", *PMO, "--reason", "r"), "There is no request AM-009."),
    (("word", "AM-001", "--by", DOROTHEA), "AM-001 changes no other constituency's view."),
    (("withdraw", "AM-001", *PMO), "AM-001 is not Tobias Wrenfield's request."),
    (("add", "AM-001", " ", "--by", HARRIET), "The addition says nothing yet."),
    (("no-comments", "PSG", "2024-02-07", "--by", EMEKA), f"{EMEKA} does not speak for a constituency at PSG."),
    (("no-comments", "PSG", "2024-02-07", "--by", "Philippa Dunmorrow"), "does not speak for a constituency"),
    (("tracker", "PSG", "2024-02-08"), "PSG has no meeting on"),
]


@pytest.mark.parametrize(
    ("words", "said"), MISTAKES, ids=[" ".join(words[:2]) + str(i) for i, (words, _) in enumerate(MISTAKES)]
)
def test_what_may_not_be_is_said_in_a_sentence(
    database: Database, ask: Ask, office: Office, words: tuple[str, ...], said: str
) -> None:
    ask("x")
    went_well, answer = office(*words)
    assert not went_well
    assert said in answer
    assert (state_of(database, "AM-001"), sent(database)) == ("received", [])


# --------------------------------------------------------------------------------------------- another's recorded view


def test_anothers_view_is_changed_only_once_their_representative_agrees(
    database: Database, ask: Ask, office: Office
) -> None:
    ask("Three months are needed.", line="V-01")
    assert sent(database) == [("word_AM-001", DOROTHEA, "amendment", "withheld")], "asked, once the PMO releases it"
    assert "The report says: Two months are needed.\nIt would say: Three" in text_to(database, DOROTHEA)
    for way in (("accept",), ("accept-part", "--text", "t")):
        refused = office(*way, "AM-001", *PMO, "--reason", "r")
        assert "changes the recorded view of Medium Supplier, whose representative has not agreed" in refused[1]
    for who in (HARRIET, "Tobias Wrenfield", CHAIR, "Rhydian Okonjo"):  # Rhydian's term begins in July
        assert f"{who} does not speak for Medium Supplier at PSG." in office("word", "AM-001", "--by", who)[1]
    assert office("word", "AM-001", "--by", DOROTHEA) == (
        True,
        f"{DOROTHEA} gives the word of Medium Supplier for AM-001.\n",
    )
    assert "The word was given on Monday 12 February 2024" in office("word", "AM-001", "--by", DOROTHEA)[1]
    assert office("accept", "AM-001", *PMO, "--reason", "They agree.")[0]
    assert f"needs the word of Medium Supplier: given by {DOROTHEA}" in office("show", "AM-001")[1]


def test_other_words_to_which_they_would_agree_are_a_request_of_their_own(ask: Ask, office: Office) -> None:
    ask("Three months are needed.", line="V-01")
    said = office("word", "AM-001", "--by", DOROTHEA, "--refused", "--instead", "Four months are needed.")
    stays = f"{DOROTHEA} does not agree to AM-001: the view of Medium Supplier stays."
    assert said == (True, f"AM-002: Four months are needed.\n{stays}\n")
    shown = office("show", "AM-002")[1]
    assert "In place of what AM-001 asks for." in shown
    assert "needs the word" not in shown
    assert "would change the same words" in office("accept", "AM-002", *PMO, "--reason", "Theirs.")[1]


def test_a_term_that_ended_yesterday_is_over(database: Database, ask: Ask, office: Office) -> None:
    ask("Three months are needed.", line="V-01", now=datetime(2024, 2, 20, 9, tzinfo=UTC))
    july = datetime(2024, 7, 1, 9, tzinfo=UTC)
    assert not office("word", "AM-001", "--by", DOROTHEA, at=july.isoformat())[0]
    assert not office("no-comments", "PSG", "2024-02-07", "--by", DOROTHEA, at=july.isoformat())[0]
    assert office("word", "AM-001", "--by", "Rhydian Okonjo", at=july.isoformat())[0]


# ------------------------------------------------------------------------------------------------------------- rivals

PRESENT = "The plan was accepted by consensus."
RIVALS = [
    ("The plan was rejected by consensus.", "The plan was noted by consensus.", ("accepted",)),
    ("The plan was accepted by the Chair.", "The plan was noted by consensus.", None),
    ("The old plan was accepted by consensus.", "The new plan was accepted by consensus.", ()),
    ("The plan was rejected by consensus.", "The plan was  rejected by consensus.", None),
    ("The plan was accepted.", "The plan was accepted by near consensus.", ()),
    ("Nothing of it is right!", "The plan was accepted by majority.", ("consensus",)),
]


@pytest.mark.parametrize(("one", "other", "both"), RIVALS)
def test_which_words_two_wordings_both_touch(one: str, other: str, both: tuple[str, ...] | None) -> None:
    assert touched_by_both(PRESENT, one, other) == touched_by_both(PRESENT, other, one) == both


WORDS = st.lists(st.sampled_from(["the", "plan", "was", "not", "accepted", "by"]), max_size=8).map(" ".join)


@given(present=WORDS, one=WORDS, other=WORDS)
def test_conflict_is_mutual_and_no_wording_is_its_own_rival(present: str, one: str, other: str) -> None:
    met = touched_by_both(present, one, other)
    assert (met is None) == (touched_by_both(present, other, one) is None)
    assert touched_by_both(present, one, one) is None
    if present:
        assert touched_by_both(present, one, present) is None, "who changes nothing is nobody's rival"


def test_two_that_touch_the_same_words_are_shown_and_neither_wins_by_coming_first(
    database: Database, ask: Ask, office: Office
) -> None:
    ask("The plan was rejected by consensus.")
    ask("The plan was noted by consensus.", who=DOROTHEA)
    ask("The plan was discussed.", line=None)
    ask("We objected.", kind=Kind.NOTE)
    assert office("conflicts", "PSG", "2024-02-07") == (
        True,
        "AM-001 and AM-002, D-01; both change: accepted\n"
        f"  AM-001, {HARRIET}: The plan was rejected by consensus.\n"
        f"  AM-002, {DOROTHEA}: The plan was noted by consensus.\n",
    )
    assert "AM-001 and AM-002 would change the same words." in office("accept", "AM-001", *PMO, "--reason", "r")[1]
    assert office("to-chair", "AM-002", *PMO, "--reason", "Two of them.")[0]
    assert office("accept", "AM-002", *PMO, "--reason", "The Chair's ruling.")[0]
    assert "AM-001 and AM-002 would change the same words." in office("accept", "AM-001", *PMO, "--reason", "r")[1]
    assert "would change the same words: AM-002 (accepted)" in office("show", "AM-001")[1]
    assert office("reject", "AM-001", *PMO, "--reason", "The Chair ruled otherwise.")[0]
    assert "No two open requests to PSG-2024-02-07" in office("conflicts", "PSG", "2024-02-07")[1]


def test_rivals_may_end_in_a_text_agreed(ask: Ask, office: Office) -> None:
    ask("The plan was rejected by consensus.")
    ask("The plan was noted by consensus.", who=DOROTHEA)
    for reference in ("AM-001", "AM-002"):
        agreed = ("--reason", "Both agree.", "--text", "The plan was deferred by consensus.")
        assert office("accept-part", reference, *PMO, *agreed)[0]


# ------------------------------------------------------------------------------------------------------------ tracker


def test_the_tracker_tells_who_spoke_and_who_is_silent(database: Database, ask: Ask, office: Office) -> None:
    ask("x")
    ask("y", who=DOROTHEA)
    ask("z", who=EMEKA)
    assert office("withdraw", "AM-002", "--by", DOROTHEA)[0]
    none = office("no-comments", "PSG", "2024-02-07", "--by", "Magnus Eskdale")
    assert none == (True, "AM-004: DNO has no comments on PSG-2024-02-07.\n")
    assert office("no-comments", "PSG", "2024-02-07", "--by", "Magnus Eskdale") == none, "said twice, it is said once"
    late = office("no-comments", "PSG", "2024-02-07", "--by", "Parveen Lightbourne", at=LATE.isoformat())
    assert late[0]
    shown = office("tracker", "psg", "2024-02-07")[1]
    rows = {
        cells[1].strip(): [c.strip() for c in cells[2:5]]
        for cells in (r.split("│") for r in shown.splitlines())
        if len(cells) > 4
    }
    assert rows["Large Supplier"] == [HARRIET, "commented", "AM-001"]
    assert rows["Medium Supplier"] == [DOROTHEA, "silent", ""]
    assert rows["DNO"] == ["Magnus Eskdale", "no comments", "AM-004"]
    assert rows["iDNO"] == ["Parveen Lightbourne", "no comments, late", "AM-005"]
    assert rows["Other Central System Provider"][0] == "nobody holds the seat"
    assert "Ofgem" not in shown
    assert shown.endswith("From others: AM-003.\nSilence is not consent.\n")


def test_no_comments_asks_for_nothing(database: Database, ask: Ask, office: Office, announcer: Announcer) -> None:
    """Nobody is asked to review it, no report is amended for it, and it can be withdrawn."""
    office("no-comments", "PSG", "2024-02-07", "--by", HARRIET)
    assert "There is nothing to review." in office("accept", "AM-001", *PMO, "--reason", "r")[1]
    assert "AM-001 is no comments: nothing can be added" in office("add", "AM-001", "x", "--by", HARRIET)[1]
    with database.reading() as session:
        assert not [m for m in open_matters(session, announcer.calendar, NOW) if m.reference == "AM-001"]
        assert "amended_report" in stopped_clocks(session, PSG)
    assert office("withdraw", "AM-001", "--by", HARRIET)[0]
    assert office("no-comments", "PSG", "2024-02-07", "--by", HARRIET, at=LATE.isoformat())[1].startswith("AM-002")


# --------------------------------------------------------------------------------------------------- clocks and lists


def test_what_is_with_the_chair_or_settled_is_nobodys_to_review(
    database: Database, ask: Ask, office: Office, announcer: Announcer
) -> None:
    for text in "abcd":
        ask(text)
    office("acknowledge", "AM-001", *PMO)
    office("to-chair", "AM-002", *PMO, "--reason", "r")
    office("reject", "AM-003", *PMO, "--reason", "r")
    office("withdraw", "AM-004", "--by", HARRIET)
    with database.reading() as session:
        waiting = [m.reference for m in open_matters(session, announcer.calendar, NOW)]
        assert waiting == ["AM-001"]
        assert [r.reference for r in amendments.may_change_report(session, PSG)] == ["AM-001", "AM-002"]


def test_a_report_is_amended_while_something_may_change_it(database: Database, ask: Ask, office: Office) -> None:
    ask("x")
    for words, stopped in (
        (("acknowledge", "AM-001", *PMO), False),
        (("reject", "AM-001", *PMO, "--reason", "r"), True),
    ):
        assert office(*words)[0]
        with database.reading() as session:
            assert ("amended_report" in stopped_clocks(session, PSG)) == stopped


def test_the_list_can_be_narrowed_to_a_group_and_to_what_is_open(ask: Ask, office: Office) -> None:
    ask("first")
    ask("second")
    office("withdraw", "AM-001", "--by", HARRIET)
    everything, still_open = office()[1], office("--open", "--group", "psg")[1]
    assert ("AM-001" in everything, "AM-002" in everything) == (True, True)
    assert ("AM-001" in still_open, "AM-002" in still_open) == (False, True)
    assert "AM-002" not in office("--group", "DAG")[1]
    assert "There is no group NOGROUP." in office("--group", "NOGROUP")[1]


def test_a_late_addition_is_said_to_be_one(ask: Ask, office: Office) -> None:
    ask("x")
    assert office("add", "AM-001", "in time", "--by", HARRIET) == (True, "Added to AM-001.\n")
    assert office("add", "AM-001", "too late", "--by", HARRIET, at=LATE.isoformat())[1].startswith(
        "Added to AM-001, as a late"
    )
    shown = office("show", "AM-001")[1]
    assert f"added by {HARRIET}: in time" in shown
    assert f"late addition by {HARRIET}: too late" in shown
    assert "evidence: segment s7: we accept the plan" in shown
