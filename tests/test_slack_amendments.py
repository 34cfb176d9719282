"""Slack: requests to amend, by modal, button, message and words; "no comments"; one's own requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import amendments, meetings, members
from bot.adapters.content_files import ContentFolder
from bot.amendment_life import word_refused
from bot.clock import Clock
from bot.members import MemberLine
from bot.model import Meeting, MeetingStatus, Person
from bot.rivals import rivals_of
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.draft_tables import DraftLineRow
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import SeatHoldingRow
from handlers.slack.offered import drawn_again
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, element_of, slack_at_hand, texts
from tests.test_slack_reports import PSG, UID, issue

ANSELM, LORCAN, EMEKA, CHAIR = "U0SAMPLE13", "U0SAMPLE19", "U0SAMPLE17", "U0SAMPLE06"
LATE = datetime(2024, 2, 29, 9, tzinfo=UTC)  # requests closed on the 28th at 17:00
SDWG_ON = date(2024, 2, 6)
SDWG_UID = "sdwg-2024-02-06@mhhsprogramme.co.uk"
QUOTE = {"segment": "1", "quote": "so that is that then", "at": 61.0}
DNO = "U0SAMPLE22"
NOT_YOURS_TO_SAY = "There is nothing of that kind for you to agree to."
NOT_YOURS = "There is no such headline report for you. Choose another."


@pytest.fixture
def issued(slack: SlackAtHand, people: dict[str, Person]) -> SlackAtHand:
    """The PSG of 7 February is issued: two decisions, an action, a view of the DNO's and who was there."""
    issue(slack, people, "PSG", PSG)
    put_lines(slack.door.database)
    return slack


def put_lines(database: Database) -> None:
    lines = [
        ("D-01", "decision", "The group approved <plan> 1.", 61.0, {"evidence": [QUOTE]}),
        ("V-01", "viewpoint", "The costs are high.", 90.0, {"constituency": "DNO", "evidence": [QUOTE]}),
        ("R-01", "raid", "Meters run late.", 99.0, {}),
        ("P-01", "attendance", "Anselm Quigley, Elexon Representative (Elexon): expected", None, {}),
    ]
    with database.session() as session:
        for n, (ref, kind, text, at, details) in enumerate(lines):
            session.add(
                DraftLineRow(
                    draft_id=f"PSG-{PSG}-draft-1", position=n, ref=ref, kind=kind, item=None, text=text, at_seconds=at,
                    details=details,
                )
            )  # fmt: skip


@contextmanager
def at(slack: SlackAtHand, now: datetime, folder: Path) -> Iterator[SlackAtHand]:
    """The same Slack and database at another time."""
    door = slack.door
    with slack_at_hand(door.database, door.config, Clock(now), ContentFolder(folder / "content")) as later:
        later.screens.views = slack.screens.views
        yield later


def requests(slack: SlackAtHand) -> list[AmendmentRow]:
    with slack.door.database.reading() as session:
        return list(session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)))


def refused(slack: SlackAtHand) -> list[str]:
    with slack.door.database.reading() as session:
        return list(session.scalars(select(AuditRow.subject).where(AuditRow.event == "access refused")))


def line_block(view: dict[str, Any]) -> str:
    return next(str(b["block_id"]) for b in view["blocks"] if str(b.get("block_id")).startswith("line:"))


def filled_in(slack: SlackAtHand, *, kind: str = "record", uid: str = UID, user: str = HARRIET) -> dict[str, Any]:
    """The modal with its kind and meeting chosen."""
    view = slack.opens("amend", user=user)
    view = slack.choose(view, "kind", kind, user=user)
    return slack.choose(view, "meeting", uid, user=user, kind=kind)


# --------------------------------------------------------------------------------------------------------- the modal


def test_the_modal_asks_which_of_three_first_and_shows_the_line_as_it_stands(issued: SlackAtHand) -> None:
    view = issued.opens("amend")
    kinds = [o["text"]["text"] for o in element_of(view, "kind")["options"]]
    assert kinds == ["The record is wrong", "I want something noted", "I disagree with the decision"]
    assert view["blocks"][0]["block_id"] == "kind"
    [offered] = issued.options(view, "meeting", "7 feb")
    assert (offered["text"]["text"], offered["value"]) == ("PSG, Wednesday 7 February 2024", UID)
    assert issued.options(view, "meeting", "MWG") == []

    view = filled_in(issued)
    assert "Requests to this report close on <!date^" in texts(view)
    assert "Wednesday 28 February 2024, 17:00" in texts(view)
    view = issued.choose(view, line_block(view), "PSG-DEC41", meeting=UID, kind="record")
    said = texts(view)
    assert "*PSG-DEC41* The group approved &lt;plan&gt; 1." in said
    assert "<http://127.0.0.1:8765/recordings/R-PSG-2024-02-07#t=61|00:01:01>" in said
    assert "so that is that then" not in said, "the words that it rests on are the PMO's"


def test_the_words_a_line_rests_on_are_shown_to_whom_they_are_open(issued: SlackAtHand) -> None:
    view = filled_in(issued, user=TOBIAS)
    view = issued.choose(view, line_block(view), "PSG-DEC41", user=TOBIAS, meeting=UID, kind="record")
    assert "It rests on: “so that is that then”" in texts(view)


@pytest.mark.parametrize(
    ("about", "refs"),
    [
        ("decision", ["PSG-DEC41", "PSG-DEC42"]),
        ("action", ["PSG27-01"]),
        ("viewpoint", ["V-01"]),
        ("attendance", ["P-01"]),
        ("other", ["R-01"]),
    ],
)
def test_the_lines_are_of_the_kind_chosen(issued: SlackAtHand, about: str, refs: list[str]) -> None:
    view = issued.choose(filled_in(issued), "about", about, meeting=UID, kind="record")
    offered = [option["value"] for option in lines(issued, view)]
    assert offered == ["whole", *refs]


def lines(slack: SlackAtHand, view: dict[str, Any], typed: str = "", user: str = HARRIET) -> list[dict[str, Any]]:
    """What the list of lines offers in a modal as it stands."""
    held = {
        b["block_id"]: b["element"] for b in view["blocks"] if "element" in b and b["element"].get("initial_option")
    }
    values = {key: {e["action_id"]: {"type": e["type"], "selected_option": e["initial_option"]}}
              for key, e in held.items()}  # fmt: skip
    body = {"type": "block_suggestion", "user": {"id": user}, "action_id": "line", "value": typed,
            "view": {**view, "state": {"values": values}}}  # fmt: skip
    return list(slack._interaction(body)["options"])


def test_lines_are_found_by_what_is_typed(issued: SlackAtHand) -> None:
    view = filled_in(issued)
    assert [option["value"] for option in lines(issued, view, "approved 2")] == ["PSG-DEC42"]
    assert [option["value"] for option in lines(issued, view, "psg-dec41")] == ["PSG-DEC41"]


def test_a_request_is_recorded_and_its_receipt_comes_at_once(issued: SlackAtHand) -> None:
    view = filled_in(issued)
    said = issued.submit(
        view, kind="record", meeting=UID, text="The group *noted* the <plan>.", reason="It was said so.",
        **{line_block(view): "PSG-DEC41"},
    )  # fmt: skip
    [row] = requests(issued)
    assert (row.reference, row.line_ref, row.kind, row.state) == ("AM-001", "PSG-DEC41", "record", "received")
    assert (row.proposed_text, row.reason, row.present_text) == (
        "The group *noted* the <plan>.", "It was said so.", "The group approved <plan> 1.",
    )  # fmt: skip
    assert row.constituency == "Large Supplier"
    assert said["response_action"] == "update"
    assert "AM-001" in texts(said["view"])
    assert "Wednesday 28 February 2024, 17:00" in texts(said["view"])


def test_an_owner_alone_is_asked_about(issued: SlackAtHand) -> None:
    view = filled_in(issued)
    view = issued.choose(view, line_block(view), "PSG27-01", meeting=UID, kind="record")
    offered = [o["text"]["text"] for o in element_of(view, "cell:PSG27-01")["options"]]
    assert [words.partition(":")[0] for words in offered] == ["Its words", "Owner", "Due date", "Time"]
    values = {"kind": "record", "meeting": UID, line_block(view): "PSG27-01", "cell:PSG27-01": "owner"}
    unlike = issued.submit(view, **values | {"cell:PSG27-01": "time"}, text="at noon", reason="Heard so.")
    assert unlike["errors"] == {"text": "at noon is no time in a recording. Write it as 00:12:34."}
    said = issued.submit(view, **values, text="DNO Representative", reason="Heard so.")
    [row] = requests(issued)
    assert (row.line_ref, row.cell, row.proposed_text) == ("PSG27-01", "owner", "DNO Representative")
    assert "PSG27-01 owner" in texts(said["view"])


def test_an_owner_alone_is_asked_about_in_words(issued: SlackAtHand) -> None:
    said = issued.command(f"amend PSG {PSG} PSG27-01 owner: DNO Representative")
    [row] = requests(issued)
    assert (row.line_ref, row.cell, row.proposed_text) == ("PSG27-01", "owner", "DNO Representative")
    assert "PSG27-01 owner" in str(said)


def test_the_same_view_sent_in_twice_is_one_request(issued: SlackAtHand) -> None:
    view = filled_in(issued)
    sent = {"kind": "record", "meeting": UID, "reason": "So it was.", line_block(view): "PSG-DEC41"}
    first = issued.submit(view, text="It was noted.", **sent)
    again = issued.submit(view, text="It was noted, twice.", **sent)
    assert [row.proposed_text for row in requests(issued)] == ["It was noted."]
    assert texts(first["view"]) == texts(again["view"])


def test_a_modal_sent_in_after_the_window_closed_is_recorded_as_late(issued: SlackAtHand, tmp_path: Path) -> None:
    view = filled_in(issued)
    with at(issued, LATE, tmp_path) as later:
        said = later.submit(
            view, kind="record", meeting=UID, text="It was noted.", reason="So.", **{line_block(view): "PSG-DEC41"}
        )
    [row] = requests(issued)
    assert (row.state, row.late) == ("late", True)
    assert "goes to the Chair" in texts(said["view"])


def test_a_late_modal_says_so_before_it_is_sent(issued: SlackAtHand, tmp_path: Path) -> None:
    with at(issued, LATE, tmp_path) as later:
        assert "yours is taken as late, and goes to the Chair" in texts(filled_in(later))


def test_disagreement_leaves_the_report_and_leads_on_to_escalate(issued: SlackAtHand) -> None:
    view = filled_in(issued, kind="disagreement")
    assert [option["value"] for option in lines(issued, view)] == ["PSG-DEC41", "PSG-DEC42"], "decisions alone"
    said = issued.submit(
        view, kind="disagreement", meeting=UID, text="Two months are too few.", reason="Costs.",
        **{line_block(view): "PSG-DEC42"},
    )  # fmt: skip
    [row] = requests(issued)
    assert (row.kind, row.line_ref, row.wants_escalation) == ("disagreement", "PSG-DEC42", True)
    button = next(e for b in said["view"]["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "escalate")
    escalate = issued.click_opens(button["action_id"], button["value"], view=said["view"])
    assert escalate["callback_id"] == "escalate"
    assert "PSG-DEC42" in str(escalate)
    assert "Two months are too few." in str(escalate)


def test_a_note_needs_no_reason(issued: SlackAtHand) -> None:
    view = filled_in(issued, kind="note")
    issued.submit(view, kind="note", meeting=UID, text="We had asked for it in May.", **{line_block(view): "whole"})
    [row] = requests(issued)
    assert (row.kind, row.line_ref, row.about) == ("note", None, "other")


# what is filled in, the block that is wrong ("line:" for the line's), what is said there
WRONG = [
    ({"line": "SDWG-DEC01"}, "line:", "Choose a line of that report."),
    ({"line": ""}, "line:", "Choose a line of that report."),
    ({"text": "   "}, "text", "How it should read? It says nothing yet."),
    ({"text": "The group approved <plan> 1."}, "text", "The line reads so already: write how it should read."),
    ({"reason": " "}, "reason", "Say why."),
    ({"kind": "no_comments"}, "kind", "Say which of these it is."),
    ({"meeting": "psg-2019-01-01@mhhsprogramme.co.uk"}, "meeting", NOT_YOURS),
]


@pytest.mark.parametrize(("changes", "block", "sentence"), WRONG, ids=[f"{c}" for c, _, _ in WRONG])
def test_what_is_wrong_is_said_on_its_field(
    issued: SlackAtHand, changes: dict[str, str], block: str, sentence: str
) -> None:
    view = filled_in(issued)
    given = {"kind": "record", "meeting": UID, "line": "PSG-DEC41", "text": "It was noted.", "reason": "So."} | changes
    values = {line_block(view) if key == "line" else key: value for key, value in given.items()}
    said = issued.submit(view, **values)
    assert said["response_action"] == "errors"
    assert [(key.partition(":")[0], told) for key, told in said["errors"].items()] == [(block.strip(":"), sentence)]
    assert requests(issued) == []


def test_a_line_chosen_in_another_report_is_emptied_with_it(issued: SlackAtHand, people: dict[str, Person]) -> None:
    issue(issued, people, "MWG", date(2024, 2, 8))
    view = filled_in(issued)
    before = line_block(view)
    other = issued.choose(view, "meeting", "mwg-2024-02-08@mhhsprogramme.co.uk", kind="record", **{before: "PSG-DEC41"})
    assert line_block(other) != before
    assert "initial_option" not in element_of(other, line_block(other))


# -------------------------------------------------------------------------------------------------------- who may ask


@pytest.fixture
def closed(issued: SlackAtHand, people: dict[str, Person]) -> SlackAtHand:
    """SDWG, whose papers are its members' alone, issued a report; Magnus Eskdale's seat there ended yesterday."""
    with issued.door.database.session() as session:
        line = MemberLine(
            "Magnus Eskdale", "magnus.eskdale@example.org", "", "Fellside Networks", "DNO", "SDWG",
            "DNO Representative", "member", date(2023, 1, 1), date(2024, 2, 8), "",
        )  # fmt: skip
        members.import_members(session, [line])
    with issued.door.database.session() as session:
        starts = datetime(2024, 2, 6, 10, tzinfo=UTC)
        held = Meeting(SDWG_UID, "SDWG", SDWG_ON, starts, starts + timedelta(hours=1), MeetingStatus.AD_HOC, "a test")
        meetings.keep(session, [held])
    issue(issued, people, "SDWG", SDWG_ON)
    return issued


def test_a_closed_report_is_not_offered_and_an_option_that_is_not_mine_is_refused(closed: SlackAtHand) -> None:
    view = closed.opens("amend")
    assert [option["value"] for option in closed.options(view, "meeting")] == [UID]
    view = filled_in(closed)
    said = closed.submit(
        view, kind="record", meeting=SDWG_UID, text="x", reason="y", **{line_block(view): "SDWG-DEC01"}
    )
    assert said["errors"] == {"meeting": NOT_YOURS}, "as for one that is not there"
    assert requests(closed) == []
    assert refused(closed) == [f"amend report {SDWG_UID}"]
    hidden = closed.choose(filled_in(closed), "meeting", SDWG_UID, kind="record")
    assert lines(closed, hidden) == []
    assert "plan" not in texts(hidden)


@pytest.mark.parametrize("text", [f"amend SDWG {SDWG_ON}", f"amend SDWG {SDWG_ON} D-01"])
def test_a_closed_report_opens_no_modal_for_others(closed: SlackAtHand, text: str) -> None:
    shown = closed.opens(text)
    assert NOT_YOURS in texts(shown)
    assert [block["type"] for block in shown["blocks"]] == ["section"]


def test_words_about_a_closed_report_are_refused_and_kept_in_the_audit(closed: SlackAtHand) -> None:
    assert closed.says(f"amend SDWG {SDWG_ON} D-01: x") == NOT_YOURS
    assert requests(closed) == []
    assert refused(closed) == [f"amend report {SDWG_UID}"]


def test_whose_term_ended_yesterday_may_still_ask_about_their_own_meeting(closed: SlackAtHand) -> None:
    closed.says(f"amend SDWG {SDWG_ON} D-01: It was noted.", user="U0SAMPLE22")
    assert [row.constituency for row in requests(closed)] == ["DNO"], "as on the day of the meeting"


def test_whose_term_ended_yesterday_speaks_for_nobody_any_more(issued: SlackAtHand) -> None:
    with issued.door.database.session() as session:
        for held in session.scalars(select(SeatHoldingRow).where(SeatHoldingRow.constituency == "Large Supplier")):
            held.to_on = date(2024, 2, 8)
    said = issued.answered(issued.click("no_comments", UID))
    assert said.startswith("Harriet Bassington does not speak for a constituency at PSG.")
    assert requests(issued) == []
    assert refused(issued) == [f"no comments {UID}"]


def test_a_rep_of_another_group_has_no_comments_for_nobody_but_may_ask(issued: SlackAtHand) -> None:
    """Emeka Loxley sits at QAG: a participant at large for PSG."""
    said = issued.says(f"no-comments PSG {PSG}", user=EMEKA)
    assert "Only a constituency's representative can say" in said
    issued.says(f"amend PSG {PSG} D-01: It was noted.", user=EMEKA)
    assert [(row.requester_id, row.constituency, row.kind) for row in requests(issued)] == [
        (requests(issued)[0].requester_id, None, "record")
    ]


def test_a_stranger_opens_nothing(issued: SlackAtHand) -> None:
    issued.command("amend", user=STRANGER)
    assert requests(issued) == []
    assert "does not know you" in issued.says("requests", user=STRANGER)


# ------------------------------------------------------------------------------------------- buttons, messages, words


def test_a_button_under_a_decision_opens_the_modal_with_it_chosen(issued: SlackAtHand) -> None:
    view = issued.click_opens("amend", f"{UID} PSG-DEC42")
    assert element_of(view, "meeting")["initial_option"]["value"] == UID
    assert element_of(view, line_block(view))["initial_option"]["value"] == "PSG-DEC42"
    assert "The group approved &lt;plan&gt; 2." in texts(view)


@pytest.mark.parametrize("line", ["D-01", "PSG-DEC41"])
def test_words_without_a_text_open_the_modal_with_what_they_name(issued: SlackAtHand, line: str) -> None:
    view = issued.opens(f"amend PSG {PSG} {line}")
    assert element_of(view, line_block(view))["initial_option"]["value"] == "PSG-DEC41"


@pytest.mark.parametrize(("word", "kind"), [("", "record"), ("note ", "note"), ("disagree ", "disagreement")])
def test_in_words_one_says_which_of_three_it_is(issued: SlackAtHand, word: str, kind: str) -> None:
    said = issued.says(f"amend {word}PSG {PSG} PSG-DEC41: Two months are too few.")
    [row] = requests(issued)
    assert (row.kind, row.line_ref) == (kind, "PSG-DEC41")
    assert ("`/secretariat escalate AM-001`" in said) == (kind == "disagreement")


def test_no_comments_is_recorded_for_the_constituency_once(issued: SlackAtHand) -> None:
    first = issued.says(f"no-comments PSG {PSG}")
    assert first == "AM-001: Large Supplier has no comments on PSG-2024-02-07."
    assert issued.answered(issued.click("no_comments", UID)) == first
    view = issued.opens("no-comments")
    assert first in texts(issued.submit(view, meeting=UID)["view"])
    assert [(row.kind, row.constituency) for row in requests(issued)] == [("no_comments", "Large Supplier")]


def test_no_comments_on_an_option_that_is_not_mine_is_refused(closed: SlackAtHand) -> None:
    view = closed.opens("no-comments")
    for uid in (SDWG_UID, "sdwg-2019-01-01@mhhsprogramme.co.uk"):
        assert closed.submit(view, meeting=uid)["errors"] == {"meeting": NOT_YOURS}
    assert requests(closed) == []


# ----------------------------------------------------------------------------------------------------- my own requests


def ask(slack: SlackAtHand, text: str = "It was noted.", *, line: str = "PSG-DEC41", user: str = HARRIET) -> None:
    slack.says(f"amend PSG {PSG} {line}: {text}", user=user)


def test_my_requests_show_where_each_stands_and_nobody_elses(issued: SlackAtHand) -> None:
    assert issued.says("requests").startswith("You have asked for no amendment.")
    ask(issued)
    ask(issued, "The costs are fair.", user=EMEKA)
    said = issued.says("requests")
    assert said.startswith("*AM-001* PSG-DEC41, PSG-2024-02-07: received\nIt was noted.")
    assert "AM-002" not in said
    assert "requests close Wednesday 28 February 2024, 17:00 (London)" in said


@pytest.mark.parametrize("what", ["AM-002", "AM-002 withdraw", "AM-002 add: more", "AM-009", "AM-009 add: more"])
def test_anothers_request_is_refused_like_one_that_is_not_there(issued: SlackAtHand, what: str) -> None:
    ask(issued)
    ask(issued, "The costs are fair.", user=EMEKA)
    assert issued.says(f"requests {what}") == f"You have no request {what[:6]}. See your own: requests"
    assert [row.state for row in requests(issued)] == ["received", "received"]
    assert refused(issued) == (["request AM-002"] if "AM-002" in what else [])


@pytest.mark.parametrize("click", ["withdraw_request", "add_to_request"])
def test_a_button_with_anothers_request_opens_no_form(issued: SlackAtHand, click: str) -> None:
    ask(issued, user=EMEKA)
    assert "You have no request AM-001." in texts(issued.click_opens(click, "AM-001"))


def test_i_withdraw_a_request_once(issued: SlackAtHand) -> None:
    ask(issued)
    view = issued.click_opens("withdraw_request", "AM-001")
    assert "It is not reviewed any more" in texts(view)
    for _ in range(2):
        assert "AM-001 is withdrawn." in texts(issued.submit(view, text="We have settled it.")["view"])
    [row] = requests(issued)
    assert row.state == "withdrawn"
    assert issued.says("requests AM-001").startswith("*AM-001* PSG-DEC41, PSG-2024-02-07: withdrawn")
    assert "AM-001 is withdrawn. A new request can be made." in texts(issued.click_opens("add_to_request", "AM-001"))


def test_i_add_to_a_request_once_and_after_the_closing_as_a_late_addition(issued: SlackAtHand, tmp_path: Path) -> None:
    ask(issued)
    view = issued.click_opens("add_to_request", "AM-001")
    for _ in range(2):
        assert "Added to AM-001." in texts(issued.submit(view, text="The DNOs agree.")["view"])
    assert issued.says("requests").count("The DNOs agree.") == 1
    assert issued.submit(issued.click_opens("add_to_request", "AM-001"), text="  ")["errors"] == {
        "text": "The addition says nothing yet. Write what is to be added."
    }
    with at(issued, LATE, tmp_path) as later:
        assert later.says("requests AM-001 add: See page 2") == (
            "Added to AM-001, as a late addition: requests have closed."
        )
        assert "Added late on Thursday 29 February 2024, 09:00 (London): See page 2" in later.says("requests AM-001")


def test_many_requests_page(issued: SlackAtHand) -> None:
    for n in range(10):
        ask(issued, f"Wording {n}.")
    said = issued.says("requests")
    assert "Page 1 of 2." in said
    assert "Wording 0." not in said
    assert "Wording 0." in issued.answered(issued.click("requests:more", "page 2"))


# ------------------------------------------------------------------------------------------------------ others' views


def test_anothers_view_needs_their_word_which_they_give_by_a_button(issued: SlackAtHand) -> None:
    ask(issued, "The costs are fair.", line="V-01")
    with issued.door.database.reading() as session:
        asked = session.scalars(select(OutboxRow).where(OutboxRow.step == "word_AM-001")).one()
    assert asked.offers == [["We agree", "give_word", "AM-001"], ["We do not agree", "refuse_word", "AM-001"]]
    for user in (ANSELM, TOBIAS):
        assert issued.answered(issued.click("give_word", "AM-001", user=user)) == (
            "There is nothing of that kind for you to agree to. Ask the PMO if you think that there is."
        )
    assert requests(issued)[0].word_given_at is None
    assert refused(issued) == ["word for AM-001"] * 2
    said = "AM-001 may change the view of DNO: the word is given."
    assert issued.answered(issued.click("give_word", "AM-001", user="U0SAMPLE22")) == said
    assert issued.says("requests AM-001 agree", user="U0SAMPLE22") == said
    assert requests(issued)[0].word_given_at is not None


def test_who_does_not_agree_says_why_and_may_ask_for_other_words(issued: SlackAtHand) -> None:
    ask(issued, "The costs are fair.", line="V-01")
    for user in (ANSELM, TOBIAS):
        assert NOT_YOURS_TO_SAY in texts(issued.click_opens("refuse_word", "AM-001", user=user))
    view = issued.click_opens("refuse_word", "AM-001", user=DNO)
    assert "The report says: The costs are high.\nIt would say: The costs are fair." in texts(view)
    issued.submit(view, user=DNO, reason="We did not say so.", instead="The costs are high, but falling.")
    first, own = requests(issued)
    assert (own.constituency, own.line_ref, own.proposed_text, own.needs_word_of) == (
        "DNO", "V-01", "The costs are high, but falling.", None,
    )  # fmt: skip
    assert own.reason == "We did not say so."
    with issued.door.database.reading() as session:
        row = amendments.named(session, first.reference)
        refusal = word_refused(row)
        assert refusal
        assert refusal.text == "DNO: We did not say so. AM-002 asks for other words."
        assert [other.reference for other in rivals_of(session, row)] == ["AM-002"], "they end in an agreed text"
        notice = session.scalars(select(OutboxRow).where(OutboxRow.step == "word_AM-001")).one()
        shown = drawn_again(session, notice)
        assert shown
        assert shown.text.count("Not agreed by ") == 1
        assert [b["text"]["text"] for block in shown.blocks for b in block.to_dict().get("elements", [])
                if b["type"] == "button"] == ["We agree"]  # fmt: skip
    assert "AM-001 may change the view of DNO" in issued.says("requests AM-001 agree", user=DNO)
    assert "The word was given" in texts(issued.click_opens("refuse_word", "AM-001", user=DNO))


def test_not_agreed_in_words_changes_nothing_else(issued: SlackAtHand) -> None:
    ask(issued, "The costs are fair.", line="V-01")
    said = issued.says("requests AM-001 disagree: It is what we said.", user=DNO)
    assert said == "AM-001 is not agreed to: the view of DNO stays."
    assert NOT_YOURS_TO_SAY in issued.says("requests AM-001 disagree", user=TOBIAS)
    assert len(requests(issued)) == 1


def test_the_global_shortcut_and_the_one_of_a_message_open_the_modal(issued: SlackAtHand) -> None:
    assert issued.shortcut("amend")["callback_id"] == "amend"
    view = issued.shortcut("amend_report", message={"ts": "1.0", "channel": "C0ANY"})
    assert "initial_option" not in element_of(view, "meeting"), "a message that is none of ours names no report"
