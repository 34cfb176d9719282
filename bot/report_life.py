"""A headline report's life: draft, PMO reviewed, with Chair, cleared, issued, amended, superseded (rules §4). Pure.

Facts are kept (who said what of which draft), the state is derived from them: an edited draft falls back by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import SecretariatError


class ReportState(StrEnum):
    """Where a report stands. Allowed moves: `MOVES`."""

    DRAFT = "draft"
    REVIEWED = "pmo_reviewed"
    WITH_CHAIR = "with_chair"
    CLEARED = "cleared"
    ISSUED = "issued"
    AMENDED = "amended"
    SUPERSEDED = "superseded"


class Mover(StrEnum):
    """Who may move a report, or whose edit does it by itself."""

    PMO = "the PMO"
    CHAIR = "the Chair, an assistant on file, or the PMO on the Chair's word"
    EDIT = "whoever of the PMO edits the draft"
    REVISION = "the next revision, by itself"


@dataclass(frozen=True)
class Move:
    """One move: who may make it, and why it is made."""

    by: Mover
    why: str


S = ReportState
_SENT = Move(Mover.PMO, "the draft goes to the Chair, who clears it")
_OVERRULED = Move(Mover.PMO, "issued without clearance: the check list is overruled with a reason")
_EDITED = Move(Mover.EDIT, "another version is made: what was said held for the one before")
MOVES: Mapping[tuple[ReportState, ReportState], Move] = {
    (S.DRAFT, S.REVIEWED): Move(Mover.PMO, "the PMO has read the draft against the recording"),
    (S.DRAFT, S.WITH_CHAIR): _SENT,
    (S.REVIEWED, S.WITH_CHAIR): _SENT,
    (S.WITH_CHAIR, S.WITH_CHAIR): Move(Mover.PMO, "a newer draft goes to the Chair"),
    (S.CLEARED, S.WITH_CHAIR): Move(Mover.PMO, "the Chair is asked once more"),
    (S.DRAFT, S.CLEARED): Move(Mover.CHAIR, "cleared in the room or by telephone"),
    (S.REVIEWED, S.CLEARED): Move(Mover.CHAIR, "cleared in the room or by telephone"),
    (S.WITH_CHAIR, S.CLEARED): Move(Mover.CHAIR, "the Chair has answered; or, on silence, the PMO chooses"),
    (S.CLEARED, S.CLEARED): Move(Mover.CHAIR, "the Chair's answer came after all"),
    (S.REVIEWED, S.DRAFT): _EDITED,
    (S.CLEARED, S.DRAFT): _EDITED,
    (S.CLEARED, S.ISSUED): Move(Mover.PMO, "the PMO issues what the Chair cleared"),
    (S.DRAFT, S.ISSUED): _OVERRULED,
    (S.REVIEWED, S.ISSUED): _OVERRULED,
    (S.WITH_CHAIR, S.ISSUED): _OVERRULED,
    (S.ISSUED, S.AMENDED): Move(Mover.PMO, "requests were accepted, or a line was recorded wrongly"),
    (S.AMENDED, S.AMENDED): Move(Mover.PMO, "requests were accepted, or a line was recorded wrongly"),
    (S.ISSUED, S.SUPERSEDED): Move(Mover.REVISION, "another revision takes its place"),
    (S.AMENDED, S.SUPERSEDED): Move(Mover.REVISION, "another revision takes its place"),
}
WORDS: Mapping[ReportState, str] = {
    S.DRAFT: "a draft", S.REVIEWED: "reviewed by the PMO", S.WITH_CHAIR: "with the Chair", S.CLEARED: "cleared",
    S.ISSUED: "issued", S.AMENDED: "issued and amended", S.SUPERSEDED: "superseded",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is on file about a report. Drafts by their ids; "" where there is none.

    `asked` is the draft that the Chair was asked about last, `cleared` the one that an answer holds for (None: the
    draft is not known, as where it was cleared before it was on file); `revision` is the newest issued, 0 for none.
    """

    newest: str = ""
    reviewed: str = ""
    asked: str = ""
    waits: bool = False  # for the Chair's answer
    cleared: str = ""
    subject_to_review: bool = False
    held: str = ""  # why the PMO holds it
    revision: int = 0


@dataclass(frozen=True)
class Stands:
    """Where a report stands, and what is to be known beside it, in sentences."""

    state: ReportState
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """'with the Chair'."""
        return WORDS[self.state]


def stands(facts: Facts) -> Stands:
    """Where a report stands by what is on file."""
    if facts.revision:
        return Stands(S.ISSUED if facts.revision == 1 else S.AMENDED)
    if facts.waits:
        return Stands(S.WITH_CHAIR, _beside(facts, facts.asked, "The Chair was asked about"))
    if facts.cleared and facts.cleared == facts.newest:
        return Stands(S.CLEARED, _subject(facts))
    notes = _beside(facts, facts.cleared, "The Chair cleared") if not facts.subject_to_review else ()
    return Stands(S.REVIEWED if facts.reviewed and facts.reviewed == facts.newest else S.DRAFT, notes)


def _beside(facts: Facts, known: str, said: str) -> tuple[str, ...]:
    notes = (f"{said} {known}; {facts.newest} was made since.",) if known and known != facts.newest else ()
    return notes + ((f"The PMO holds it: {facts.held}",) if facts.held else ())


def _subject(facts: Facts) -> tuple[str, ...]:
    return ("It goes out subject to the Chair's review.",) if facts.subject_to_review else ()


def state_of_revision(revision: int, newest: int) -> ReportState:
    """Where one issued revision stands among those of its report."""
    if revision < newest:
        return S.SUPERSEDED
    return S.ISSUED if revision == 1 else S.AMENDED


def refuse_move(now: ReportState, to: ReportState, report: str) -> None:
    """Raise SecretariatError where a report that stands so cannot become that."""
    if (now, to) in MOVES:
        return
    if now in (S.ISSUED, S.AMENDED, S.SUPERSEDED):
        raise SecretariatError(
            f"{report} is {WORDS[now]}: what is issued stays as it is.", hint="Changes come by amendment requests."
        )
    raise SecretariatError(f"{report} is {WORDS[now]} already.", hint="There is nothing to do.")
