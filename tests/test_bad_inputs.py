# ruff: noqa: E501  (a conversation a line reads as a table)
"""Whatever comes in: a draft or a clear refusal, never a wrong certainty."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.errors import SecretariatError
from bot.formats import Agenda, AgendaItem, Attendance, Attendee, Audio, Draft, Segment, Transcript
from bot.headlines.draft import draft_from
from bot.headlines.transcript_files import read_transcript
from tests.test_drafting_rules import THREE
from tests.test_headlines import HELD_ON, MEMBERS, VTT, draft_of, saved, transcript_of

AGREED = ("accept", "accept_subject_to", "noted")


def draft(transcript: Transcript, agenda: Agenda = THREE, attendance: Attendance = MEMBERS) -> Draft:
    return draft_from(transcript, group="PSG", held_on=HELD_ON, level=2, agenda=agenda, attendance=attendance)


def test_an_empty_transcript_gives_an_empty_draft_that_says_so() -> None:
    empty = Transcript(audio=Audio(name="x", duration=3600), engine="x", segments=[])
    silent = empty.model_copy(update={"segments": [Segment(id="0", start=0, end=9, text="  ")]})
    for nothing in (empty, silent):
        made = draft(nothing)
        assert [made.decisions, made.actions, made.viewpoints, made.raid, made.possible] == [[]] * 5
        assert made.completeness is not None
        assert made.completeness.statement[0] == "No speech was transcribed."
        assert [item.title for item in made.completeness.undiscussed] == ["Migration plan", "Data cleanse", "Budget"]


def test_one_voice_for_everybody_agrees_to_nothing_by_itself() -> None:
    """A recogniser that hears one speaker: the question and its answer come in one voice, so none of them is consensus."""
    made = draft_of("L: Are we agreed?", "L: No, we object.", "L: Thank you.", members=Attendance())
    assert not [d for d in made.decisions if d.outcome in AGREED]
    whole = draft_of("L: Are we agreed to approve the plan? Agreed. No, hold on, we object to that. Okay, thanks.")
    assert not [d for d in whole.decisions if d.outcome in AGREED]


def test_without_an_agenda_lines_stand_under_no_item() -> None:
    made = draft_of(
        "Chair: Item 7, the budget.", "L: We are worried about the budget for next year.", "Chair: That is agreed."
    )
    assert made.agenda == []
    assert {line.item for line in made.decisions} | {line.item for line in made.viewpoints} == {None}
    assert made.matrix is not None
    assert [item.title for item in made.matrix.items] == ["The meeting"]


def test_another_meetings_agenda_names_no_item_by_guessing() -> None:
    other = Agenda(items=[AgendaItem(title=t) for t in ("Gardening club accounts", "Flower show", "Lawn mower rota")])
    made = draft_of(
        "Chair: Let us begin.",
        "L: We think that the cutover window is too short for the suppliers.",
        "Chair: The cutover plan is approved.",
        agenda=other,
    )
    assert made.completeness is not None
    assert len(made.completeness.undiscussed) >= 2
    assert [d.text for d in made.decisions] == ["The group approved the cutover plan."]


def test_an_agenda_taken_in_another_order_is_followed_where_it_is_said() -> None:
    made = draft_of(
        "Chair: We will take item 3, the budget, first.",
        "P: The budget is two per cent under what was expected.",
        "Chair: The budget is approved.",
        "Chair: Now item 1, the migration plan.",
        "L: The migration plan moves the first cohort to March.",
        "Chair: The migration plan is approved.",
        agenda=THREE,
    )
    assert [(d.item, d.text) for d in made.decisions] == [
        ("3", "The group approved the budget."),
        ("1", "The group approved the migration plan."),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("Chair: Jsme dohodnuti?", "L: Ne, nesouhlasíme.", "Chair: Děkuji, schváleno."),
        ("Chair: Sind wir einig?", "L: Nein, auf keinen Fall.", "Chair: Gut, danke."),
        ("Chair: Ydyn ni'n cytuno?", "L: Na, dydyn ni ddim yn cytuno.", "Chair: Diolch."),
        ("Chair: ¿Estamos de acuerdo?", "L: No.", "Chair: Bueno, okay."),
        ("Chair: 我们同意吗?", "L: 不同意。", "Chair: 好的。"),
    ],
    ids=["Czech", "German", "Welsh", "Spanish", "Chinese"],
)
def test_another_language_is_never_read_as_agreement(lines: tuple[str, ...]) -> None:
    made = draft_of(*lines, agenda=THREE)
    assert not [d for d in made.decisions if d.outcome in AGREED]
    assert made.actions == []


def test_captions_cut_off_before_the_answer_agree_to_nothing(tmp_path: Path) -> None:
    """The end of the file is missing, and with it whatever was answered."""
    cut = VTT[: VTT.index("<v Lars Large>")]
    made = draft(read_transcript(saved(tmp_path, "cut.vtt", cut)))
    assert not [d for d in made.decisions if d.outcome in AGREED]
    with pytest.raises(SecretariatError, match="no speech"):
        read_transcript(saved(tmp_path, "cut.vtt", VTT[:40]))


def test_a_name_that_matches_nobody_has_no_constituency() -> None:
    segments = [
        Segment(
            id="0", start=0, end=5, speaker="Meeting Room 4", text="We support the later date, for what it's worth."
        )
    ]
    made = draft(Transcript(audio=Audio(name="x", duration=5), engine="x", segments=segments))
    assert [v.constituency for v in made.viewpoints if v.speaker == "Meeting Room 4"] in ([], [None])
    assert made.matrix is not None
    assert all(cell.state == "no view recorded" for row in made.matrix.rows for cell in row.cells)


def test_a_name_that_two_people_have_is_given_to_neither() -> None:
    two = Attendance(
        members=[
            Attendee(name="Sam Small", constituency="Small Supplier"),
            Attendee(name="Sam Wires", constituency="DNO"),
        ]
    )
    segments = [
        Segment(id="0", start=0, end=5, speaker="Sam", text="We object to the new date as it stands."),
        Segment(id="1", start=5, end=9, speaker=None, text="Sam to send the figures by Friday."),
    ]
    made = draft(Transcript(audio=Audio(name="x", duration=9), engine="x", segments=segments), attendance=two)
    assert [v.constituency for v in made.viewpoints] == [None]
    assert not {"Sam Small", "Sam Wires"} & {name for a in made.actions for name in a.owner}
    assert made.matrix is not None
    assert all(cell.state == "no view recorded" for row in made.matrix.rows for cell in row.cells)


def test_times_that_run_backwards_close_nothing_over_an_objection() -> None:
    transcript = transcript_of(
        "Chair: Are we agreed to approve the plan?", "L: No, we object.", "Chair: That is agreed."
    )
    segments = [s.model_copy(update={"start": 100 - s.start, "end": 100 - s.end}) for s in transcript.segments]
    made = draft(transcript.model_copy(update={"segments": segments}))
    assert not [d for d in made.decisions if d.outcome in AGREED]
    assert made.coverage.speech_seconds >= 0
    still = transcript.model_copy(
        update={"segments": [s.model_copy(update={"start": 0.0, "end": 0.0}) for s in segments]}
    )
    assert not [d for d in draft(still).decisions if d.outcome in AGREED]


def test_twelve_hours_are_drafted() -> None:
    """As many sentences as twelve hours of slow speech, with one decision; seconds, not minutes."""
    lines = [f"L: The data cleanse of release {n} goes on as it was described before." for n in range(2_000)]
    transcript = transcript_of(*lines, "Chair: The data cleanse plan is approved.", seconds=21.6)
    began = time.process_time()
    made = draft(transcript)
    assert time.process_time() - began < 20
    assert transcript.audio.duration > 12 * 3600
    assert [(d.outcome, round(d.at or 0)) for d in made.decisions] == [("accept", 43200)]
    assert len(made.possible) <= 40


DOUBTED = [
    ("the ruling", ("Chair: The plan is approved.",), {0}),
    ("the answer", ("Chair: Are we agreed to approve the plan?", "L: Agreed.", "Chair: Thank you."), {1}),
    ("the question", ("Chair: Are we agreed to approve the plan?", "L: Agreed.", "Chair: That is agreed."), {0}),
    ("the finding", ("Chair: Any objections to the plan?", "L: No.", "Chair: That's agreed."), {2}),
]


@pytest.mark.parametrize(("what", "lines", "doubtful"), DOUBTED, ids=[row[0] for row in DOUBTED])
def test_what_the_recogniser_is_not_sure_of_is_never_certain(
    what: str, lines: tuple[str, ...], doubtful: set[int]
) -> None:
    transcript = transcript_of(*lines)
    segments = [s.model_copy(update={"doubtful": n in doubtful}) for n, s in enumerate(transcript.segments)]
    made = draft(transcript.model_copy(update={"segments": segments}))
    assert not [d for d in made.decisions if d.outcome in AGREED], what
    assert draft(transcript).decisions[0].outcome in AGREED


def test_a_doubtful_objection_still_stands_in_the_way() -> None:
    transcript = transcript_of("Chair: Are we agreed to approve the plan?", "L: We object.", "Chair: That is agreed.")
    segments = [s.model_copy(update={"doubtful": s.id == "1"}) for s in transcript.segments]
    assert draft(transcript.model_copy(update={"segments": segments})).decisions[0].outcome == "none"


def test_a_doubtful_undertaking_is_to_be_confirmed_and_a_doubtful_view_is_nobodys() -> None:
    transcript = transcript_of(
        "L: I'll send the revised plan by Friday.", "D: We are worried that the window is too short."
    )
    segments = [s.model_copy(update={"doubtful": True}) for s in transcript.segments]
    made = draft(transcript.model_copy(update={"segments": segments}))
    assert [a.text.startswith("To be confirmed: ") and a.confidence <= 0.2 for a in made.actions] == [True]
    assert made.viewpoints == []
