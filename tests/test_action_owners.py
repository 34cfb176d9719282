"""Whose a task is where nobody takes minutes: the person named, called by a first name or spoken to, or the speaker."""

from __future__ import annotations

import pytest

from bot.formats import Attendance, Attendee, Audio, Segment, Transcript
from bot.headlines.owners import Given, Table, handed_out, owner_of
from bot.headlines.sentences import Sentence, sentences_of

LEAD, TESTER, ANALYST, WRITER = "Project Lead", "Test Architect", "Data Analyst", "Technical Writer"
TEAM = (LEAD, TESTER, ANALYST, WRITER)
Line = tuple[str, str]


def sentences(*lines: Line, seconds: float = 3.0) -> list[Sentence]:
    segments = [
        Segment(id=str(n), start=n * seconds, end=n * seconds + 2, speaker=speaker, text=text)
        for n, (speaker, text) in enumerate(lines)
    ]
    audio = Audio(name="talk", duration=seconds * len(lines))
    return sentences_of(Transcript(audio=audio, engine="reference", segments=segments))


def seated(said: list[Sentence], names: tuple[str, ...] = TEAM) -> Table:
    return Table(said, Attendance(members=[Attendee(name=name) for name in names]))


def given(*lines: Line, names: tuple[str, ...] = TEAM) -> list[Given]:
    said = sentences(*lines)
    return handed_out(said, seated(said, names))


def owners(*lines: Line, names: tuple[str, ...] = TEAM) -> list[tuple[str, ...]]:
    return [clause.owner for clause in given(*lines, names=names)]


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("Um the test architect will rehearse the cutover weekend.", TESTER),
        ("And our Data Analyst, you're going to compare the settlement runs.", ANALYST),
        ("So the T_W_ is going to draft the release notes.", WRITER),
        ("I will ask the Technical Writer to polish the user guide.", WRITER),
    ],
)
def test_a_title_or_its_initials_name_the_owner(words: str, owner: str) -> None:
    assert owners((LEAD, words), (TESTER, "Mm-hmm.")) == [(owner,)]


def test_work_handed_out_in_one_breath_is_a_task_for_each() -> None:
    told = "The test architect will rehearse the cutover, the data analyst the settlement figures."
    clauses = given((LEAD, told))
    assert [clause.owner for clause in clauses] == [(TESTER,), (ANALYST,)]
    assert "rehearse" in told[clauses[0].offset : clauses[0].end]
    assert "figures" in told[clauses[1].offset :]


def test_a_name_alone_belongs_to_what_is_said_next() -> None:
    assert owners((LEAD, "The Data Analyst."), (LEAD, "Will be comparing the settlement runs.")) == [(ANALYST,)]


def test_two_people_named_together_share_the_task() -> None:
    assert owners((LEAD, "The test architect and the technical writer will rehearse the cutover.")) == [
        (TESTER, WRITER)
    ]


def test_you_is_whoever_answers() -> None:
    asked = (LEAD, "You're gonna rehearse the cutover weekend.")
    assert owners(asked, (WRITER, "Okay.")) == [(WRITER,)]
    assert owners(asked, (LEAD, "It's a long weekend."), (TESTER, "Right.")) == [(TESTER,)]


def test_where_nobody_answers_you_is_whoever_talked_about_it() -> None:
    talk = [(ANALYST, "The settlement figures disagree with the reconciliation."), (LEAD, "Mm.")]
    assert owners(*talk, (LEAD, "You'll compare the settlement figures again.")) == [(ANALYST,)]


def test_the_last_of_a_run_is_the_one_with_nothing_yet() -> None:
    told = [
        (LEAD, "The test architect will rehearse the cutover weekend."),
        (LEAD, "The data analyst is going to compare the runs."),
        (LEAD, "And for you the release announcement."),
    ]
    assert owners(*told) == [(TESTER,), (ANALYST,), (WRITER,)]


def test_you_two_are_the_two_who_answer() -> None:
    told = (LEAD, "You two are going to build the mock-up together.")
    assert owners(told, (WRITER, "Cool."), (ANALYST, "Okay.")) == [(ANALYST, WRITER)]


def test_everybody_in_a_large_meeting_is_all() -> None:
    many = (LEAD, *(f"Member {letter}{letter}" for letter in "QRSTVWXZ"))
    assert owners((LEAD, "Everybody needs to complete the readiness survey."), names=many) == [("All",)]


def test_first_names_are_learnt_from_introductions_answers_and_thanks() -> None:
    said = sentences(
        (LEAD, "Morning, I'm Gwenda, the lead."),
        (LEAD, "So what about Tomos, then."),
        (LEAD, "Tomos, can you hear me?"),
        (ANALYST, "Yes."),
        (WRITER, "The guide has grown a chapter."),
        (LEAD, "Thank you Petra."),
        (LEAD, "For Tomos to compare the runs, and Petra will shorten the guide."),
    )
    table = seated(said)
    assert table.called == {"Gwenda": LEAD, "Tomos": ANALYST, "Petra": WRITER}
    assert [clause.owner for clause in handed_out(said[-1:], table)] == [(ANALYST,), (WRITER,)]


def test_a_first_name_on_file_is_known_and_will_is_no_name_in_small_letters() -> None:
    names = ("Will", "Ceri Vaughan", "Moss Tandy")
    assert owners(("Moss Tandy", "Ceri will compare the runs."), names=names) == [("Ceri Vaughan",)]
    assert owners(("Moss Tandy", "Somebody will compare the runs."), names=names) == []


@pytest.mark.parametrize(
    "words",
    [
        "You'll get specific instructions by post.",
        "You said the opposite in March.",
        "If you're walking past the printer it hums.",
    ],
)
def test_what_you_get_or_said_is_no_task(words: str) -> None:
    assert owners((LEAD, words), (TESTER, "Okay.")) == []


def test_i_is_the_speaker_and_we_is_all() -> None:
    said = sentences((WRITER, "I'll shorten the guide."), (LEAD, "We still owe Ofgem a forecast."))
    table = seated(said)
    assert owner_of(said[0], table, handed_out(said, table)) == (WRITER,)
    assert owner_of(said[1], table, []) == ("All",)


def test_a_task_said_on_stays_with_its_owner() -> None:
    said = sentences((LEAD, "The data analyst will compare the runs."), (LEAD, "Especially the January figures."))
    table = seated(said)
    assert owner_of(said[1], table, handed_out(said, table)) == (ANALYST,)
