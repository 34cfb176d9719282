"""A meeting that was not recorded: the draft from a named secretary's notes, line by line.

Each line of the notes stands for itself. What is drafted rests on a line of the notes, names who wrote it, and has no
time. What the notes do not plainly say is left to be confirmed, or named among the lines that nothing rests on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import TypeVar

from bot.formats import (
    Agenda,
    Attendance,
    Audio,
    Coverage,
    Draft,
    DraftedAction,
    DraftedAgendaItem,
    DraftedDecision,
    DraftedMeeting,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
    Segment,
    Transcript,
)
from bot.headlines.actions import actions_in
from bot.headlines.agenda import Begun, item_at, item_keys
from bot.headlines.checks import Checks
from bot.headlines.completeness import completeness_of
from bot.headlines.matrix import matrix_of
from bot.headlines.note_words import Resolved, is_objection, raid_of, resolved_in, view_of, withdraws
from bot.headlines.sentences import Sentence, sentences_of
from bot.headlines.wording import decision_line, sentence

_AnyLine = DraftedAction | DraftedDecision | DraftedRaidItem | DraftedViewpoint
Line = TypeVar("Line", DraftedAction, DraftedDecision, DraftedRaidItem, DraftedViewpoint)
_WRITTEN, _DOUBTFUL = 0.8, 0.3
_APART = 1000.0  # seconds between lines, for rules that ask how near two of them are: each stands alone
_BULLET = re.compile(r"^[\s>*•·–—-]+|^\s*\(?[a-z]\)\s+")
_NUMBERED = re.compile(r"^(?:agenda )?(?:item )?(?P<key>\d+(?:\.\d+)*)[.):]?\s+(?P<rest>\S.*)$", re.IGNORECASE)
_WRITTEN_BY = re.compile(
    r"^\W*notes? (?:taken |written |made )?(?:by|of):?\s+(?P<name>[^,;|(\n]{3,60}?)\s*$", re.IGNORECASE
)
_ABOUT_THE_NOTES = re.compile(
    r"^\W*(?:notes?|minutes|meeting|date|time|venue|present|attend\w+|apolog\w+|chair)\b.{0,3}:", re.IGNORECASE
)
_TITLE_SHARE = 0.6  # of a title's longer words must stand in a line that is its heading


@dataclass(frozen=True)
class Notes:
    """`lines` are the lines as written, the first one being line 1; `by` is the name of who wrote them."""

    by: str
    lines: tuple[str, ...]


def notes_of(text: str, by: str) -> Notes:
    """The notes in a text."""
    return Notes(by, tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))


def written_by(text: str) -> str | None:
    """The name in a line "Notes by NAME" among the first ones; None where nobody is named."""
    found = (_WRITTEN_BY.match(line) for line in text.splitlines()[:10])
    return next((" ".join(match["name"].split()) for match in found if match), None)


def draft_from_notes(
    notes: Notes, *, group: str, held_on: date, level: int | None, agenda: Agenda, attendance: Attendance
) -> Draft:
    """The draft of a headline report of a meeting that was not recorded. Pure, and never raises for what is written."""
    transcript = _as_transcript(notes)
    lines, checks = sentences_of(transcript), Checks(transcript, agenda, attendance)
    begun = _begun(lines, agenda)
    headings = {mark.sentence for mark in begun}
    reading = _Reading(notes, [said for said in lines if said.number not in headings], begun)
    actions = [
        reading.resting(a) for a in actions_in(reading.lines, held_on=held_on, attendance=attendance, begun=begun)
    ]
    reading = reading.without(actions)
    decisions = _decisions(reading, level)
    reading = reading.without(decisions)
    raid = [drafted for said in reading.lines if (drafted := _raid(reading, said))]
    reading = reading.without(raid)
    views = [view for said in reading.lines if (view := _view(reading, said, attendance))]
    drafted_lines: tuple[_AnyLine, ...] = (*actions, *decisions, *raid, *views)
    draft = Draft(
        meeting=DraftedMeeting(group=group, date=held_on.isoformat()),
        recorded=False,
        notes_by=notes.by,
        agenda=[mark.item for mark in begun],
        decisions=[checks.decision(line) for line in decisions],
        actions=[checks.action(line) for line in actions],
        viewpoints=[checks.viewpoint(line) for line in views],
        raid=[checks.raid_item(line) for line in raid],
        coverage=Coverage(speech_seconds=0.0, represented_seconds=0.0, unattributed_seconds=0.0),
    )
    draft = draft.model_copy(update={"matrix": matrix_of(draft, agenda=agenda, attendance=attendance, spoken={})})
    left = _lines_left(
        notes, {mark.item.segment for mark in begun} | {e.segment for x in drafted_lines for e in x.evidence}
    )
    return draft.model_copy(update={"completeness": completeness_of(draft, agenda, lines_left=left)})


def _lines_left(notes: Notes, used: Collection[str]) -> list[str]:
    """The numbers of the lines that say something, and that nothing rests on."""
    return [
        str(number)
        for number, line in enumerate(notes.lines, 1)
        if re.search(r"[^\W\d]", line)
        and f"N-{number}" not in used
        and not (_ABOUT_THE_NOTES.match(line) or _WRITTEN_BY.match(line))
    ]


@dataclass(frozen=True)
class _Reading:
    """The lines that nothing is drafted from yet, and how what is drafted rests on them."""

    notes: Notes
    lines: Sequence[Sentence]
    begun: Sequence[Begun]

    def item(self, said: Sentence) -> str | None:
        found = item_at(said.number, self.begun)
        return found.item if found else None

    def evidence(self, *said: Sentence) -> list[Evidence]:
        return [self._written(e) for sentence_ in said for e in sentence_.evidence()]

    def resting(self, line: Line) -> Line:
        """A line that rules for speech have drafted, resting on what was written: it has no time."""
        return line.model_copy(update={"at": None, "evidence": [self._written(e) for e in line.evidence]})

    def without(self, drafted: Sequence[Line]) -> _Reading:
        """What is left to read, once that is drafted: each line of the draft takes the words that it states."""
        stated = {(e.segment, e.quote) for line in drafted for e in line.evidence[:1]}
        return replace(
            self, lines=[s for s in self.lines if (s.evidence()[0].segment, s.evidence()[0].quote) not in stated]
        )

    def _written(self, e: Evidence) -> Evidence:
        number = e.segment.removeprefix("N-")
        return e.model_copy(update={"at": None, "source": f"Notes of {self.notes.by}, line {number}"})


def _as_transcript(notes: Notes) -> Transcript:
    segments = [
        Segment(id=f"N-{number + 1}", start=number * _APART, end=number * _APART, text=_BULLET.sub("", line).strip())
        for number, line in enumerate(notes.lines)
    ]
    return Transcript(audio=Audio(name=f"Notes of {notes.by}", duration=0.0), engine="notes", segments=segments)


def _begun(lines: Sequence[Sentence], agenda: Agenda) -> list[Begun]:
    """Where the notes turn to an item of the agenda: a line that is its number and title, or its title."""
    begun = []
    for said in lines:
        for key, item in zip(item_keys(agenda), agenda.items, strict=True):
            if _is_heading(said.text, key, item.title):
                segment = said.pieces[0].segment.id
                begun.append(
                    Begun(DraftedAgendaItem(item=key, title=item.title, start=None, segment=segment), said.number)
                )
                break
    return begun


def _is_heading(text: str, key: str, title: str) -> bool:
    numbered = _NUMBERED.match(text)
    if numbered and numbered["key"] != key:
        return False
    words, wanted = _long_words(numbered["rest"] if numbered else text), _long_words(title)
    common = len(words & wanted)
    return bool(wanted) and common >= _TITLE_SHARE * len(wanted) and common >= _TITLE_SHARE * len(words)


def _long_words(text: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return frozenset(word for word in words if len(word) > 3) or frozenset(words)


def _decisions(reading: _Reading, level: int | None) -> list[DraftedDecision]:
    """Each line that says what was resolved. An objection under the same item that nobody took back leaves it open."""
    drafted: list[DraftedDecision] = []
    for said in reading.lines:
        if resolved := resolved_in(said.text):
            against = _open_objection(reading, said, resolved)
            ref = f"D-{len(drafted) + 1:02d}"
            drafted.append(_decision(ref, reading, said, resolved, against=against, level=level))
    return drafted


def _open_objection(reading: _Reading, said: Sentence, resolved: Resolved) -> Sentence | None:
    """The last objection under the same item, from the decision before this one to the one after, not taken back."""
    if resolved.outcome not in ("accept", "accept_subject_to") or resolved.reached_by in ("chair", "sro"):
        return None
    here = next(place for place, other in enumerate(reading.lines) if other is said)
    before = list(takewhile(lambda x: resolved_in(x.text) is None, reversed(reading.lines[:here])))
    after = list(takewhile(lambda x: resolved_in(x.text) is None, reading.lines[here + 1 :]))
    still_open: Sentence | None = None
    for other in (*reversed(before), said, *after):
        if reading.item(other) != reading.item(said):
            continue
        if withdraws(other.text):
            still_open = None
        elif is_objection(resolved.around if other is said else other.text):
            still_open = other
    return still_open


def _decision(
    ref: str, reading: _Reading, said: Sentence, resolved: Resolved, *, against: Sentence | None, level: int | None
) -> DraftedDecision:
    outcome = "none" if against else resolved.outcome
    reached_by = "recommendation" if level == 4 else resolved.reached_by
    return DraftedDecision(
        ref=ref,
        item=reading.item(said),
        text=decision_line(outcome, resolved.matter, "" if against else resolved.tail, decides=level != 4),
        at=None,
        segment=said.pieces[0].segment.id,
        outcome=outcome,
        reached_by=reached_by if outcome in ("accept", "accept_subject_to", "reject", "refer", "escalate") else None,
        confidence=_DOUBTFUL if against or outcome == "none" else _WRITTEN,
        evidence=reading.evidence(said, *([against] if against and against is not said else [])),
    )


def _raid(reading: _Reading, said: Sentence) -> DraftedRaidItem | None:
    found = raid_of(said.text)
    if found is None:
        return None
    kind, text = found
    return DraftedRaidItem(
        kind=kind, item=reading.item(said), text=sentence(text), at=None, segment=said.pieces[0].segment.id,
        evidence=reading.evidence(said),
    )  # fmt: skip


def _view(reading: _Reading, said: Sentence, attendance: Attendance) -> DraftedViewpoint | None:
    found = view_of(said.text, attendance)
    if found is None:
        return None
    return DraftedViewpoint(
        item=reading.item(said), speaker=found.speaker, constituency=found.constituency, stance=found.stance,
        text=sentence(found.text), at=None, segment=said.pieces[0].segment.id, evidence=reading.evidence(said),
    )  # fmt: skip
