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


class Segment(Shape):
    id: str
    start: float
    end: float
    speaker: str | None = None
    text: str
    words: list[Word] | None = None


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
    audio: Audio
    parts: list[Part] = Field(default_factory=list)
    engine: str
    model: str | None = None
    language: str | None = None
    segments: list[Segment]


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
    """A verbatim span of a segment's text. `at` is the second at which that segment's words begin."""

    segment: str
    quote: str
    at: float | None = None


DecisionOutcome = Literal[
    "accept", "reject", "refer", "accept_subject_to", "escalate", "noted", "deferred", "withdrawn", "none"
]
ReachedBy = Literal["consensus", "chair", "sro", "recommendation"]
Stance = Literal["supports", "concern", "objects", "asks", "abstains", "comments"]


class DraftedAgendaItem(Shape):
    item: str
    title: str
    start: float
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


class DraftedRaidItem(Shape):
    ref: str = ""  # R-01; given when the draft is kept
    kind: Literal["risk", "assumption", "issue", "dependency"]
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
    """A headline report draft: working material of the PMO, never issued as it stands."""

    meeting: DraftedMeeting
    agenda: list[DraftedAgendaItem] = Field(default_factory=list)
    decisions: list[DraftedDecision] = Field(default_factory=list)
    actions: list[DraftedAction] = Field(default_factory=list)
    viewpoints: list[DraftedViewpoint] = Field(default_factory=list)
    raid: list[DraftedRaidItem] = Field(default_factory=list)
    remarks: list[DraftRemark] = Field(default_factory=list)
    attendance: list[AttendanceLine] | None = None  # where a person edited it; else it follows the roster
    marks: list[LiveMark] = Field(default_factory=list)
    coverage: Coverage

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
