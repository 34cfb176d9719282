"""The JSON shapes that people and scripts rely on: transcript, agenda, members, draft.

Times inside a recording are seconds, on one line through all its parts. Unknown fields are ignored on the way in.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
    """`at` is the second at which it is said; `outcome` 'none' means: to be confirmed by listening there."""

    ref: str
    item: str | None
    text: str
    at: float
    segment: str
    outcome: DecisionOutcome
    reached_by: ReachedBy | None = None
    confidence: float
    evidence: list[Evidence]


class DraftedAction(Shape):
    ref: str
    item: str | None
    text: str
    at: float
    segment: str
    owner: list[str] = Field(default_factory=list)
    due: str | None = None  # ISO date, or the words used where no date follows from them
    confidence: float
    evidence: list[Evidence]


class DraftedViewpoint(Shape):
    item: str | None
    speaker: str | None
    constituency: str | None
    stance: Stance
    text: str
    at: float
    segment: str
    evidence: list[Evidence]


class DraftedRaidItem(Shape):
    kind: Literal["risk", "assumption", "issue", "dependency"]
    item: str | None
    text: str
    at: float
    segment: str
    evidence: list[Evidence]


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
    coverage: Coverage


def wording_certainty(confidence: float) -> str:
    """How plainly the words say it: a rule's own weight, so a word and not an invented percentage."""
    if confidence >= 0.75:
        return "clear"
    return "likely" if confidence >= 0.5 else "doubtful: please listen"


def timestamp(seconds: float) -> str:
    """12.4 -> '00:00:12': where to listen, in the recording."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
