"""The JSON shapes that people and scripts rely on: transcript, agenda, members, draft.

Times inside a recording are seconds, on one line through all its parts. Unknown fields are ignored on the way in.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Shape(BaseModel):
    """A frozen value read from or written to JSON; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Word(Shape):
    start: float
    end: float
    text: str
    probability: float | None = None


class Correction(Shape):
    """One word of a segment that was put right by the glossary: which, and what was heard there, with its times.

    `text` is what it was changed to. `undone`: a person has taken it back; `word` is then the first that was heard.
    """

    word: int
    heard: list[Word]
    text: str
    undone: bool = False


class Segment(Shape):
    """A sentence. `doubtful`: the recogniser could make nothing certain of it; nothing certain is drafted from it."""

    id: str
    start: float
    end: float
    speaker: str | None = None
    text: str
    words: list[Word] | None = None
    doubtful: bool = False
    corrections: list[Correction] = Field(default_factory=list)


class Audio(Shape):
    name: str
    duration: float
    sha256: str | None = None


class Part(Shape):
    """One file of a recording in parts; `offset` is where it begins on the common line of seconds."""

    name: str
    offset: float = 0.0
    duration: float
    starts_at: str | None = None


class Transcript(Shape):
    """What was said. `excluded`: ranges of the common line that are closed, and of which nothing is here."""

    audio: Audio
    parts: list[Part] = Field(default_factory=list)
    engine: str
    model: str | None = None
    language: str | None = None
    segments: list[Segment]
    excluded: list[tuple[float, float]] = Field(default_factory=list)


class AgendaItem(Shape):
    title: str
    number: str | None = None
    purpose: str | None = None
    minutes: float | None = None
    recommendation: str | None = None


class Agenda(Shape):
    items: list[AgendaItem] = Field(default_factory=list)


class Attendee(Shape):
    """Somebody expected or present. `present` None: not known."""

    name: str
    alias: str | None = None
    constituency: str | None = None
    role: str | None = None
    present: bool | None = None


class Attendance(Shape):
    """The `members` JSON: who sat at the table, and who held the chair."""

    chair: str | None = None
    members: list[Attendee] = Field(default_factory=list)


class Evidence(Shape):
    """A verbatim span of a segment's text. `at` is the second at which that segment's words begin.

    `source` says whose written line it is where it was not recorded: "Notes of Jo Bloggs, line 12".
    """

    segment: str
    quote: str
    at: float | None = None
    source: str | None = None


DecisionOutcome = Literal[
    "accept", "reject", "refer", "accept_subject_to", "escalate", "noted", "deferred", "withdrawn", "none"
]
ReachedBy = Literal["consensus", "chair", "sro", "recommendation"]
Stance = Literal["supports", "concern", "objects", "asks", "abstains", "comments"]


class DraftedAgendaItem(Shape):
    """`start` is the second at which the item begins; None where the meeting was not recorded."""

    item: str
    title: str
    start: float | None
    segment: str


class DraftedDecision(Shape):
    """`at` is the second at which it is said; `outcome` 'none' means: to be confirmed by listening there.

    A line that a person wrote into the draft has no `at` and no evidence yet, as has one of any other kind.
    """

    ref: str
    item: str | None
    text: str
    at: float | None
    segment: str
    outcome: DecisionOutcome
    reached_by: ReachedBy | None = None
    confidence: float
    evidence: list[Evidence]
    reworded_from: str | None = None  # the template's text, where a language model reworded it


class DraftedAction(Shape):
    ref: str
    item: str | None
    text: str
    at: float | None
    segment: str
    owner: list[str] = Field(default_factory=list)
    due: str | None = None  # ISO date, or the words used where no date follows from them
    confidence: float
    evidence: list[Evidence]
    reworded_from: str | None = None


class DraftedViewpoint(Shape):
    ref: str = ""  # V-01; given when the draft is kept
    item: str | None
    speaker: str | None
    constituency: str | None
    stance: Stance
    text: str
    at: float | None
    segment: str
    evidence: list[Evidence]
    reworded_from: str | None = None


class DraftedRaidItem(Shape):
    ref: str = ""  # R-01; given when the draft is kept
    kind: Literal["risk", "assumption", "issue", "dependency"]
    item: str | None
    text: str
    at: float | None
    segment: str
    evidence: list[Evidence]


class PossibleLine(Shape):
    """What only the learnt ranking proposes: listed apart, the likeliest first, never issued. `ref`: X-01."""

    ref: str
    kind: Literal["decision", "action"]
    item: str | None
    text: str
    at: float | None
    segment: str
    evidence: list[Evidence]


class AttendanceLine(Shape):
    """A line of the attendance table, as a person left it. `status`: present | alternate | apologies | expected."""

    ref: str
    name: str
    seat: str = ""
    constituency: str | None = None
    organisation: str = ""
    status: str = "expected"


class DraftRemark(Shape):
    """A comment that a person left in the draft's margin; working material. `ref` "": it stands at no line."""

    ref: str = ""
    author: str
    text: str


class Unrepresented(Shape):
    start: float
    end: float
    segments: list[str]


class Coverage(Shape):
    """What of the speech no drafted line rests on, in seconds."""

    speech_seconds: float
    represented_seconds: float
    unattributed_seconds: float
    unrepresented: list[Unrepresented] = Field(default_factory=list)


class MatrixItem(Shape):
    """An agenda item as published; `item` null stands for the whole meeting, where there is no agenda."""

    item: str | None
    title: str


class MatrixCell(Shape):
    """What a constituency did on an item: the seconds for which it is known to have spoken, its drafted views."""

    state: Literal["spoke", "no view recorded", "absent"]
    seconds: float = 0.0
    views: list[str] = Field(default_factory=list)  # references: V-03


class MatrixRow(Shape):
    """`cells` has one entry for each item of the matrix, in its order."""

    constituency: str
    cells: list[MatrixCell]


class Matrix(Shape):
    """Constituency by item; working material."""

    items: list[MatrixItem]
    rows: list[MatrixRow]


class Completeness(Shape):
    """What a draft does not say; working material. `statement` is the same in sentences, one a line.

    `doubtful` are the lines to listen to, `undiscussed` the agenda items of which nothing was heard, `lines_left` the
    numbers of the lines of notes that nothing rests on.
    """

    unrepresented_seconds: float
    unattributed_seconds: float
    doubtful: list[str]
    undiscussed: list[MatrixItem]
    lines_left: list[str] = Field(default_factory=list)
    statement: list[str]


class LiveMark(Shape):
    """An instant that somebody marked while the meeting went on; working material.

    `at` is its second in the recording, where that is known; `line` the drafted line that it confirms (null: none was
    found near it). `marked_at` is ISO 8601 with an offset.
    """

    kind: Literal["decision", "action"]
    marked_at: str
    by: str
    note: str = ""
    at: float | None = None
    line: str | None = None


class DraftedMeeting(Shape):
    group: str
    date: str


class Draft(Shape):
    """A headline report draft: working material of the PMO, never issued as it stands.

    `recorded` is False for one made from a person's notes (`notes_by`); then nothing in it has a time.
    """

    meeting: DraftedMeeting
    recorded: bool = True
    notes_by: str | None = None
    agenda: list[DraftedAgendaItem] = Field(default_factory=list)
    decisions: list[DraftedDecision] = Field(default_factory=list)
    actions: list[DraftedAction] = Field(default_factory=list)
    viewpoints: list[DraftedViewpoint] = Field(default_factory=list)
    raid: list[DraftedRaidItem] = Field(default_factory=list)
    possible: list[PossibleLine] = Field(default_factory=list)
    remarks: list[DraftRemark] = Field(default_factory=list)
    attendance: list[AttendanceLine] | None = None  # where a person edited it; else it follows the roster
    marks: list[LiveMark] = Field(default_factory=list)
    coverage: Coverage
    matrix: Matrix | None = None
    completeness: Completeness | None = None

    @model_validator(mode="after")
    def _give_references(self) -> Draft:
        """Viewpoints and RAID items that have no reference yet are numbered in their order."""
        for number, view in enumerate(self.viewpoints):
            if not view.ref:
                self.viewpoints[number] = view.model_copy(update={"ref": f"V-{number + 1:02d}"})
        for number, item in enumerate(self.raid):
            if not item.ref:
                self.raid[number] = item.model_copy(update={"ref": f"R-{number + 1:02d}"})
        return self


def timed(seconds: float | None) -> str:
    """'00:00:12', or that it is not said anywhere in the recording."""
    return "not in the recording" if seconds is None else timestamp(seconds)


def wording_certainty(confidence: float) -> str:
    """How plainly the words say it: a rule's own weight, so a word and not an invented percentage."""
    if confidence >= 0.75:
        return "clear"
    return "likely" if confidence >= 0.5 else "doubtful: please listen"


def marked_alone(draft: Draft) -> list[str]:
    """'a decision at 00:14:07 (10:14:07 by Tobias Wrenfield: plan B)', for each live mark with no line near it.

    The time of day stands alone where nobody knows when the recording began.
    """
    return [
        f"{'an action' if mark.kind == 'action' else 'a decision'}"
        f"{'' if mark.at is None else f' at {timestamp(mark.at)}'}"
        f" ({mark.marked_at[11:19]} by {mark.by}{f': {mark.note}' if mark.note else ''})"
        for mark in draft.marks
        if mark.line is None
    ]


def timestamp(seconds: float) -> str:
    """12.4 -> '00:00:12': where to listen, in the recording."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
