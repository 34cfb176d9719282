"""Teaching the ranking with the PMO's own word: what of each draft stands in the issued report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.formats import Draft, Transcript
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import TranscriptRow

if TYPE_CHECKING:  # it loads NumPy, which most commands can do without
    from bot.headlines.learning import Meeting

NEAR = 30.0  # seconds between a possible line and the issued one that took it up


@dataclass(frozen=True)
class Told:
    """What became of the lines of all drafts whose reports were issued: how many of each."""

    kept: int = 0
    reworded: int = 0
    removed: int = 0
    added: int = 0
    taken_up: int = 0  # of the possible lines

    def __add__(self, other: Told) -> Told:
        return Told(
            self.kept + other.kept, self.reworded + other.reworded, self.removed + other.removed,
            self.added + other.added, self.taken_up + other.taken_up,
        )  # fmt: skip


def lessons(session: Session) -> tuple[list[Meeting], Told]:
    """Each meeting whose first report was issued from a draft of its recording, and what became of its lines."""
    found: list[Meeting] = []
    told = Told()
    for report in session.scalars(select(ReportRow).where(ReportRow.revision == 1).order_by(ReportRow.issued_at)):
        machine = _machines_draft(session, report.meeting_uid)
        transcript = session.get(TranscriptRow, machine.transcript_id) if machine and machine.transcript_id else None
        if machine and transcript:
            meeting, more = _lesson(session, report, machine, transcript)
            found.append(meeting)
            told += more
    return found, told


def _machines_draft(session: Session, uid: str) -> DraftRow | None:
    """The newest draft that no person had edited."""
    query = select(DraftRow).where(DraftRow.meeting_uid == uid, DraftRow.edited_by == "")
    return session.scalars(query.order_by(DraftRow.version.desc()).limit(1)).first()


def _lesson(session: Session, report: ReportRow, machine: DraftRow, transcript: TranscriptRow) -> tuple[Meeting, Told]:
    from bot.headlines.learning import Meeting
    from bot.headlines.sentences import sentences_of

    draft = Draft.model_validate_json(machine.content)
    told = Told()
    issued: dict[str, list[float]] = {}
    taken_out: dict[str, list[float]] = {}
    decisions: Sequence[DecisionRow | ActionRow] = session.scalars(
        select(DecisionRow).where(DecisionRow.report_id == report.id)
    ).all()
    actions: Sequence[DecisionRow | ActionRow] = session.scalars(
        select(ActionRow).where(ActionRow.report_id == report.id)
    ).all()
    for kind, rows, lines in (("decision", decisions, draft.decisions), ("action", actions, draft.actions)):
        texts = {line.ref: line.text for line in lines}
        stand = {row.draft_ref for row in rows}
        issued[kind] = [row.at_seconds for row in rows if row.at_seconds is not None]
        possible = [p.at for p in draft.possible if p.kind == kind and p.at is not None]
        taken_up = [at for at in possible if any(abs(at - other) <= NEAR for other in issued[kind])]
        out = [line.at for line in lines if line.ref not in stand and line.at is not None]
        taken_out[kind] = [*out, *(at for at in possible if at not in taken_up)]
        told += Told(
            kept=sum(texts.get(row.draft_ref) == row.text for row in rows),
            reworded=sum(row.draft_ref in texts and texts[row.draft_ref] != row.text for row in rows),
            removed=sum(line.ref not in stand for line in lines),
            added=sum(row.draft_ref not in texts for row in rows),
            taken_up=len(taken_up),
        )
    sentences = sentences_of(Transcript.model_validate_json(transcript.content))
    return Meeting(report.reference, sentences, issued, taken_out), told
