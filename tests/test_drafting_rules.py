"""Drafting beyond the Chair's closures: informal meetings, agendas out of order, the matrix, and what is left out."""

from __future__ import annotations

import pytest

from bot.formats import Agenda, AgendaItem, Attendance, Attendee, Audio, Draft, Segment, Transcript
from bot.headlines.draft import draft_from
from tests.test_headlines import HELD_ON, MEMBERS, draft_of, transcript_of

THREE = Agenda(items=[AgendaItem(title="Migration plan"), AgendaItem(title="Data cleanse"), AgendaItem(title="Budget")])


def test_the_matrix_says_who_spoke_who_did_not_and_who_was_away() -> None:
    away = [m.model_copy(update={"present": False}) if m.name == "Sam Small" else m for m in MEMBERS.members]
    attendance = MEMBERS.model_copy(update={"members": away})
    draft = draft_of(
        "Chair: Item 1, the migration plan.",
        "L: We have serious concerns about the migration plan and its dates.",
        "Chair: Item 2, the data cleanse.",
        "D: We support the data cleanse as it is proposed here.",
        agenda=THREE,
        members=attendance,
    )
    matrix = draft.matrix
    assert matrix is not None
    assert [item.title for item in matrix.items] == ["Migration plan", "Data cleanse", "Budget"]
    assert {row.constituency: [cell.state for cell in row.cells] for row in matrix.rows} == {
        "Large Supplier": ["spoke", "no view recorded", "no view recorded"],
        "DNO": ["no view recorded", "spoke", "no view recorded"],
        "Small Supplier": ["absent", "absent", "absent"],
    }
    assert draft.completeness is not None
    assert "Agenda item with no discussion found: Budget." in draft.completeness.statement


def test_an_item_named_out_of_order_is_followed() -> None:
    draft = draft_of(
        "Chair: Item 1, the migration plan.",
        "L: The migration plan moves the first cohort to March.",
        "Chair: We'll take item 3, the budget, early.",
        "P: The budget is two per cent under what was expected.",
        "Chair: Back to item 2, the data cleanse.",
        "D: The data cleanse has four open defects.",
        agenda=THREE,
    )
    assert [(i.item, i.segment) for i in draft.agenda] == [("1", "0"), ("3", "2"), ("2", "4")]


TALK = (
    "L: The first cohort moves in March, and we can live with that.",
    "D: Who tells the agents of the new dates?",
    "P: We shall write to them this week.",
    "S: Our systems will be ready by then.",
)


def test_the_agenda_read_out_begins_no_item() -> None:
    draft = draft_of(
        "Chair: First the migration plan.",
        "Chair: Then we come to the data cleanse.",
        *TALK * 3,
        "Chair: Thank you, so data cleanse.",
        *("D: Four sites are still to be read.", "P: We have asked for a list of the meters.") * 3,
        "Chair: Right, the budget.",
        "P: It is two per cent under.",
        "L: That is good to hear.",
        agenda=THREE,
    )
    assert [(i.item, i.segment) for i in draft.agenda] == [("1", "0"), ("2", "14"), ("3", "21")]


def test_only_the_opening_of_a_recording_is_before_the_first_item() -> None:
    draft = draft_of(
        "Chair: Good morning, and welcome to all of you.",
        *TALK * 6,
        "Chair: So that is supplier readiness, and we shall write to each of you.",
        "L: Thank you.",
        agenda=Agenda(items=[AgendaItem(title="Supplier readiness")]),
    )
    assert [(i.item, i.segment) for i in draft.agenda] == [("1", "0")]


@pytest.mark.parametrize(
    "said",
    [
        "The remote is lost.",
        "Half of the time the readings are lost somewhere on the way.",
        "Every request falls to the meter operator.",
    ],
)
def test_what_is_lost_or_falls_to_somebody_is_no_refusal(said: str) -> None:
    assert draft_of("L: Now the readings.", f"D: {said}", "P: We know.").decisions == []


@pytest.mark.parametrize(
    "said", ["The amendment is lost.", "So that is lost.", "The motion falls for want of a seconder."]
)
def test_a_motion_that_is_lost_is_a_refusal(said: str) -> None:
    assert [d.outcome for d in draft_of("L: I move the amendment.", f"Chair: {said}").decisions] == ["reject"]


def test_one_voice_that_does_not_agree_refuses_for_nobody_else() -> None:
    """Nobody chairs: what one says is an objection; a Chair who says the same refuses."""
    said = ("L: The new date is in March.", "D: I don't agree with the new date.", "L: Let us look at it again.")
    alone = Attendance(members=[Attendee(name="Lee Large"), Attendee(name="Dan Dunn")])
    assert draft_of(*said, members=alone).decisions == []
    chaired = draft_of("L: The new date is in March.", "Chair: I do not approve the new date.")
    assert [d.outcome for d in chaired.decisions] == ["reject"]


def informal_talk() -> Transcript:
    said = ["Okay so that's the case then", "Yeah", "I think we go for the rubber one", "Mm-hmm", "Right fine"] * 40
    said += [
        "So for the next meeting",
        "Jo Design you will work on the prototype",
        "and I'm gonna write up the minutes",
    ]
    people = ("Ann Lead", "Jo Design", "Mel Market")
    segments = [
        Segment(id=str(i), start=i * 3.0, end=i * 3.0 + 2, speaker=people[i % 3], text=text)
        for i, text in enumerate(said)
    ]
    return Transcript(audio=Audio(name="talk", duration=620), engine="by hand", segments=segments)


def informal(attendance: Attendance) -> Draft:
    return draft_from(informal_talk(), group="PSG", held_on=HELD_ON, level=2, agenda=Agenda(), attendance=attendance)


def test_what_is_only_likely_is_to_be_confirmed_and_never_agreed() -> None:
    people = [Attendee(name=name) for name in ("Ann Lead", "Jo Design", "Mel Market")]
    draft = informal(Attendance(members=people))
    assert draft.actions
    assert all(line.outcome == "none" and "to be confirmed" in line.text for line in draft.decisions)
    assert all(line.confidence <= 0.5 for line in draft.decisions)
    assert ["Jo Design"] in [line.owner for line in draft.actions]


def test_a_meeting_with_a_chair_on_file_is_read_by_rules_alone() -> None:
    draft = informal(Attendance(chair="Ann Lead", members=[Attendee(name="Ann Lead", role="chair")]))
    lines = [*(d.text for d in draft.decisions), *(a.text for a in draft.actions)]
    assert not [text for text in lines if "to be confirmed" in text]


@pytest.mark.parametrize(
    "lines",
    [
        ("L: Dobrý den, dnes budeme mluvit o plánu migrace a o termínech.", "D: Ano, souhlasím, ale ne s termínem."),
        ("L: Bonjour à tous.", "D: Nous sommes d'accord pour approuver le plan."),
        ("Nobody Known: We approve nothing today.",),
    ],
    ids=["Czech", "French", "a name that nobody has"],
)
def test_what_cannot_be_read_gives_no_agreement(lines: tuple[str, ...]) -> None:
    assert not [d for d in draft_of(*lines, agenda=THREE).decisions if d.outcome == "accept"]


def test_times_that_run_backwards_and_one_speaker_only_give_a_draft() -> None:
    transcript = transcript_of("L: So that is approved.", "L: We will send the plan to Ofgem by Friday.")
    segments = [
        s.model_copy(update={"start": 90.0 - 40 * i, "end": 80.0 - 40 * i}) for i, s in enumerate(transcript.segments)
    ]
    backwards = transcript.model_copy(update={"segments": segments})
    draft = draft_from(backwards, group="PSG", held_on=HELD_ON, level=2, agenda=THREE, attendance=Attendance())
    assert draft.coverage.speech_seconds >= 0
    assert [a.owner for a in draft.actions] == [["Lars Large"]]


@pytest.mark.parametrize("mark", [",", ":", ""])
def test_a_marked_action_is_found_whatever_stop_the_recogniser_hears(mark: str) -> None:
    who, what = "the small supplier representative", "send the open questions to the PMO within two weeks"
    [action] = draft_of(f"Chair: Action for {who}{mark} {what}.").actions
    assert action.owner == ["Small Supplier Representative"]
    assert "send the open questions" in action.text
