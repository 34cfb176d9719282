"""What is certain does not close a mail of which a part is not understood: the rest waits for a person."""

from __future__ import annotations

import pytest

from handlers.mail.findings import What
from handlers.mail.known import Known
from handlers.mail.passages import sentences
from tests.mail_room import MailRoom
from tests.test_mail_acting import room
from tests.test_mail_understanding import found, known

__all__ = ["known", "room"]
APOLOGY = "I can't come to the PSG on 6 March."


def test_the_mail_with_three_matters_loses_none(known: Known) -> None:
    body = (
        "Hi,\n\nI'm afraid that I can't come to the PSG on 6 March. Jane Roe may come instead. Also D-02 of the last "
        "report looks odd to me, and when is the MWG?\n\nHarriet"
    )
    apology, query = found(known, body)
    assert (apology.what, apology.who, apology.certain) == (What.APOLOGY, "Jane Roe", False)
    assert 'only says "may"' in apology.reason
    assert (query.what, query.certain) == (What.QUERY, False)
    assert query.words == "Also D-02 of the last report looks odd to me, and when is the MWG?"


@pytest.mark.parametrize(
    ("besides", "left"),
    [
        ("Also D-02 of the last report looks odd to me.", "D-02"),
        ("The data migration has slipped by two weeks on our side.", "slipped"),
        ("We are worried about the timetable.", "worried"),
        ("Please take my name off the circulation list.", "circulation"),
        ("Sam told me that the webinar is at ten.", "webinar"),
        ("And D-01 and PSG27-03 are the wrong way round.", "wrong way round"),
        ("As to PSG27-03, it is done.", "PSG27-03"),
    ],
)
def test_what_stands_beside_an_apology_waits_for_a_person(known: Known, besides: str, left: str) -> None:
    parts = found(known, f"Dear PMO,\n\n{APOLOGY} {besides}\n\nKind regards,\nHarriet")
    assert (parts[0].what, parts[0].certain) == (What.APOLOGY, True)
    waiting = [part for part in parts if not part.certain or part.what is What.ACTION_UPDATE]
    assert any(left in part.words for part in waiting), parts


@pytest.mark.parametrize(
    "courtesy",
    [
        "Sorry for the short notice.",
        "I hope the meeting goes well.",
        "I am on leave that week.",
        "Unfortunately I have another commitment.",
        "I'll catch up with the report afterwards.",
        "Many thanks for all your help with this.",
        "Have a good weekend!",
        "Let me know if you need anything from me.",
        "See you in April.",
        "Could you confirm receipt?",
    ],
)
def test_courtesies_and_the_reason_for_staying_away_leave_nothing(known: Known, courtesy: str) -> None:
    [apology] = found(known, f"Hi Tobias,\n\n{APOLOGY} {courtesy}\n\nBest wishes,\nHarriet")
    assert (apology.what, apology.certain) == (What.APOLOGY, True)


@pytest.mark.parametrize(
    ("body", "what", "left"),
    [
        ('D-01 should read "the plan was noted". V-02 is not right either.', What.AMENDMENT, "V-02"),
        (
            "No comments on the report of PSG of 7 February. By the way, our office has moved.",
            What.NO_COMMENTS,
            "office",
        ),
        ("PSG27-03 is done. I would like a word with the Chair.", What.ACTION_UPDATE, ""),
        ("When does MWG meet next? Our address changes in May, too.", What.QUERY, ""),
    ],
)
def test_what_stands_beside_other_matters_waits_too(known: Known, body: str, what: What, left: str) -> None:
    parts = found(known, body)
    assert parts[0].what is what
    assert not left or any(left in part.words for part in parts[1:] if part.what is What.UNCLEAR), parts


@pytest.mark.parametrize(
    "body",
    [
        'D-01 should read "the plan was noted".\n\nThat is what was agreed at the end of the item; listen at 10:40.',
        "Please correct D-01: the plan was noted, not approved, since nobody had read the paper.",
        "No comments on the report of PSG of 7 February from Large Suppliers. Thank you for the quick turnaround.",
        "PSG27-03 is done: the consultation was published on Tuesday.",
    ],
)
def test_what_goes_on_with_a_matter_is_part_of_it(known: Known, body: str) -> None:
    [one] = found(known, f"Hello,\n\n{body}\n\nRegards,\nHarriet")
    assert one.what is not What.UNCLEAR


@pytest.mark.parametrize(
    ("said", "who", "certain"),
    [
        ("Jane Roe will come instead.", "Jane Roe", True),
        ("Jane Roe is coming in my place.", "Jane Roe", True),
        ("Jane Roe comes instead.", "Jane Roe", True),
        ("Jane Roe to attend for me.", "Jane Roe", True),
        ("Jane Roe will be there for me.", "Jane Roe", True),
        ("Jane Roe is going to dial in.", "Jane Roe", True),
        ("My colleague Jane Roe steps in for me.", "Jane Roe", True),
        ("Covering for me will be Jane Roe.", "Jane Roe", True),
        ("I have asked Jane Roe to stand in.", "Jane Roe", True),
        ("Jane Roe may come instead.", "Jane Roe", False),
        ("Could Jane Roe attend instead?", "Jane Roe", False),
        ("Perhaps Jane Roe can join in my place.", "Jane Roe", False),
        ("Jo Fielding will come instead.", "Jo Fielding", False),
    ],
)
def test_who_comes_instead_is_read_in_many_ways(known: Known, said: str, who: str, *, certain: bool) -> None:
    apology = found(known, f"{APOLOGY} {said}")[0]
    assert (apology.what, apology.who, apology.certain) == (What.APOLOGY, who, certain)


def test_sentences_are_told_apart_and_wrapped_lines_are_not() -> None:
    text = "One thing\nmore. Dr. Hale said so!\n\n1. First point\n2. Second. And third"
    assert list(sentences(text)) == [
        "One thing more.",
        "Dr. Hale said so!",
        "1. First point",
        "2. Second.",
        "And third",
    ]


def test_such_a_mail_is_acted_on_waits_and_its_receipt_says_that_the_rest_does(room: MailRoom) -> None:
    key = room.wrote("PSG", f"{APOLOGY} The webinar of MWG has no link yet.")
    assert room.outcomes[key].state == "needs_a_person"
    apology, rest = room.proposals(key)
    assert (apology.action, apology.state) == ("apology", "done")
    assert (rest.action, rest.state) == ("unclear", "waiting")
    assert "The webinar of MWG has no link yet." in rest.reason
    [receipt] = room.said()
    assert "somebody of the PMO reads the rest" in receipt.text


def test_a_mail_that_is_understood_whole_is_done_and_says_no_more(room: MailRoom) -> None:
    key = room.wrote("PSG", f"{APOLOGY} Sorry for the short notice.")
    assert room.outcomes[key].state == "done"
    assert "somebody of the PMO reads the rest" not in room.said()[0].text
