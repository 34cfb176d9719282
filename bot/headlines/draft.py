"""The one way in: a transcript, and what is known of the meeting, to the draft of its headline report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.formats import (
    Agenda,
    Attendance,
    Draft,
    DraftedAction,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Transcript,
)
from bot.headlines.actions import actions_in
from bot.headlines.agenda import Begun, align
from bot.headlines.checks import Checks
from bot.headlines.completeness import completeness_of
from bot.headlines.coverage import coverage_of
from bot.headlines.decisions import decisions_in
from bot.headlines.informal import is_informal, likely_actions, likely_decisions, ranked
from bot.headlines.learnt import Learnt
from bot.headlines.matrix import matrix_of, spoken_seconds
from bot.headlines.people import chair_of
from bot.headlines.possible import possible_in
from bot.headlines.raid import raid_in
from bot.headlines.sentences import Sentence, sentences_of
from bot.headlines.viewpoints import viewpoints_in

Line = DraftedDecision | DraftedAction | DraftedViewpoint | DraftedRaidItem


def draft_from(
    transcript: Transcript,
    *,
    group: str,
    held_on: date,
    level: int | None,
    agenda: Agenda,
    attendance: Attendance,
    learnt: Learnt | None = None,
) -> Draft:
    """The draft of a headline report (GF §2.2). Pure: the same input gives the same draft.

    `level` is the group's level of governance (4: it recommends and does not decide), None where it has none;
    `learnt` what this installation's ranking has learnt, where it is not what we come with. Every line quotes its
    evidence verbatim; what fails a check says "to be confirmed". Never raises for what was said.
    """
    sentences, checks = sentences_of(transcript), Checks(transcript, agenda, attendance)
    chair = chair_of(sentences, attendance)
    begun = align(sentences, agenda)
    closed = decisions_in(sentences, chair=chair, level=level, agenda=agenda, begun=begun)
    undertaken = actions_in(sentences, held_on=held_on, attendance=attendance, begun=begun)
    by_kind = {kind: ranked(sentences, kind, learnt) for kind in ("decision", "action") if sentences}
    if is_informal(sentences, attendance):
        closed = likely_decisions(by_kind["decision"], closed, begun=begun)
        undertaken = likely_actions(by_kind["action"], undertaken, attendance=attendance, begun=begun)
    decisions = [checks.decision(line) for line in closed]
    actions = [checks.action(line) for line in undertaken]
    closing = [decision.segment for decision in decisions]
    views = viewpoints_in(sentences, chair=chair, attendance=attendance, begun=begun, closing=closing)
    viewpoints = [checks.viewpoint(v) for v in views]
    raid = [checks.raid_item(r) for r in raid_in(sentences, begun=begun)]
    lines: tuple[Line, ...] = (*decisions, *actions, *viewpoints, *raid)
    quoted = {evidence.segment for line in lines for evidence in line.evidence}
    draft = Draft(
        meeting=DraftedMeeting(group=group, date=held_on.isoformat()),
        agenda=[b.item for b in begun],
        decisions=decisions,
        actions=actions,
        viewpoints=viewpoints,
        raid=raid,
        possible=possible_in(sentences, by_kind, decisions=decisions, actions=actions, quoted=quoted, begun=begun),
        coverage=coverage_of(transcript, quoted),
    )
    return _seen_whole(draft, sentences, agenda, attendance, begun)


def _seen_whole(
    draft: Draft, sentences: Sequence[Sentence], agenda: Agenda, attendance: Attendance, begun: Sequence[Begun]
) -> Draft:
    """With who spoke to what, and what stands in no line."""
    spoken = spoken_seconds(sentences, attendance=attendance, begun=begun)
    matrix = matrix_of(draft, agenda=agenda, attendance=attendance, spoken=spoken)
    return draft.model_copy(update={"matrix": matrix, "completeness": completeness_of(draft, agenda)})
