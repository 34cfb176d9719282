"""The check list before issue: what it warns of, in words that say what to put right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.checklists import Series, Subject, check_list, warnings
from bot.formats import Draft, DraftedAction, DraftedViewpoint
from bot.model import AttendanceRow
from bot.report_life import ReportState, Stands
from tests.issued_desk import DRAFT

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
SERIES = Series(decision="PSG-DEC41", action="PSG27-01", has_beginning=True)
HERE = (AttendanceRow("Harriet Bassington", "Large Supplier", "Large Supplier", "Bassington Energy", "present"),)
CLEARED = Stands(ReportState.CLEARED)


def subject(
    draft: Draft = DRAFT,
    attendance: tuple[AttendanceRow, ...] = HERE,
    stands: Stands = CLEARED,
    due_at: datetime | None = NOW,
    series: Series = SERIES,
) -> Subject:
    return Subject(draft, attendance, stands, due_at, series)


def warned(what: Subject) -> dict[str, str]:
    return {check.key: check.words for check in warnings(check_list(what, NOW))}


def with_action(**fields: object) -> Draft:
    action: DraftedAction = DRAFT.actions[0].model_copy(update=fields)
    return DRAFT.model_copy(update={"actions": [action]})


def test_a_report_that_is_as_it_should_be_warns_of_nothing() -> None:
    assert warned(subject()) == {}
    assert [check.key for check in check_list(subject(), NOW)] == [
        "clearance", "owners", "dates", "voices", "attendance", "deadline", "references",
    ]  # fmt: skip
    assert check_list(subject(), NOW)[-1].words == "Decisions from PSG-DEC41, actions from PSG27-01."


def test_every_action_needs_an_owner_and_a_day() -> None:
    assert warned(subject(with_action(owner=[]))) == {"owners": "A-01 without an owner."}
    assert warned(subject(with_action(due=None))) == {"dates": "No date: A-01."}
    assert warned(subject(with_action(due="before the next meeting"))) == {
        "dates": "No date: A-01 (“before the next meeting”)."
    }


def test_attendance_is_complete_once_it_is_known_of_everybody() -> None:
    expected = AttendanceRow("Emeka Loxley", "DNO", "DNO", "Loxley Networks", "expected")
    assert warned(subject(attendance=(*HERE, expected))) == {"attendance": "Not known whether they came: Emeka Loxley."}
    assert warned(subject(attendance=())) == {"attendance": "Nobody is on it."}


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (1, True)])
def test_late_is_shown_as_late(minutes: int, late: bool) -> None:
    due_at = NOW - timedelta(minutes=minutes)
    found = warned(subject(due_at=due_at))
    assert bool(found) is late
    assert not late or found["deadline"] == "It is late: it was due Friday 9 February 2024, 08:59 (London)."


def test_what_is_not_cleared_says_where_it_stands() -> None:
    with_chair = Stands(ReportState.WITH_CHAIR, ("The PMO holds it: D-02 is disputed.",))
    assert warned(subject(stands=with_chair)) == {
        "clearance": "It is with the Chair, not cleared. The PMO holds it: D-02 is disputed."
    }


def test_references_are_in_series_and_name_nothing_that_has_another_name_once_issued() -> None:
    series = Series("PSG-DEC1", "PSG28-03", has_beginning=False, not_issued=["PSG-2024-01-03"], numbered_on=True)
    assert warned(subject(series=series))["references"].split(". ") == [
        "The group's series has no beginning in the configuration (`anchor`): it would begin PSG-DEC1",
        "Not issued yet: PSG-2024-01-03; their numbers would come after these",
        "Another report has this meeting's number: its actions are numbered on from PSG28-03.",
    ]
    draft = with_action(text="The PMO was asked to publish D-01; form D-77 is enclosed.")
    assert warned(subject(draft)) == {"references": "A-01 speaks of D-01, which has another reference once issued."}


def test_a_voice_that_nobody_named_is_said_before_it_is_issued() -> None:
    views = [
        DraftedViewpoint.model_validate({
            "ref": f"V-0{n}", "item": None, "speaker": speaker, "constituency": constituency, "stance": "concern",
            "text": "A concern was raised.", "at": 9.0, "segment": "1", "evidence": [],
        })
        for n, (speaker, constituency) in enumerate([("Speaker 4", None), ("Speaker 4", "DNO"), ("Jo Bell", None)], 1)
    ]  # fmt: skip
    said = warned(subject(DRAFT.model_copy(update={"viewpoints": views})))
    assert said == {"voices": "By a voice without a name: V-01. Name it: secretariat speakers name."}
