"""The lines of a meeting's report: what each says now, when it was said, on what it rests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import drafts, reports
from bot.access import Kind, Viewer
from bot.formats import Draft, Evidence
from bot.model import Meeting
from bot.report_cells import AMENDABLE, refuse_missing
from bot.report_texts import references, said, said_in
from bot.revisions import report_of
from bot.store.draft_tables import DraftLineRow, DraftRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow


@dataclass(frozen=True)
class ReportLine:
    """One line, as issued, else as drafted. `ref` is the group's own where it has one (PSG-DEC41), `draft_ref` D-01.

    `at_seconds` is in the recording; `constituency` is a viewpoint's. `evidence` is working material (rules §4): who is
    shown it is the `audience` of evidence.
    """

    ref: str
    draft_ref: str
    kind: str  # decision | action | viewpoint | raid | attendance
    text: str
    at_seconds: float | None = None
    constituency: str | None = None
    evidence: tuple[Evidence, ...] = ()


def lines_of(session: Session, meeting_uid: str) -> list[ReportLine]:
    """Every line of the report that was issued last, else of the newest draft; none where there is neither."""
    logged = {row.draft_ref: row for row in _logged(session, meeting_uid)}
    drafted, amended = list(_drafted(session, meeting_uid)), _amended(session, meeting_uid)
    lines = [_as_line(row, logged.get(row.ref), amended.get(row.ref)) for row in drafted]
    known = {row.ref for row in drafted}
    return lines + [_of_log(row) for ref, row in logged.items() if ref not in known]


def lines_for(viewer: Viewer, meeting: Meeting) -> list[ReportLine]:
    """The lines of the issued report, as the viewer may see them: none before it is issued, evidence for few."""
    if not viewer.sees(Kind.REPORT, meeting) or reports.latest(viewer.session, meeting.uid) is None:
        return []
    lines = lines_of(viewer.session, meeting.uid)
    return lines if viewer.sees(Kind.EVIDENCE, meeting) else [replace(line, evidence=()) for line in lines]


def line_of(session: Session, meeting_uid: str, ref: str) -> ReportLine | None:
    """The line of that reference, its own or the draft's; None where there is none."""
    wanted = ref.casefold()
    lines = lines_of(session, meeting_uid)
    return next((x for x in lines if wanted in (x.ref.casefold(), x.draft_ref.casefold())), None)


def cells_of(session: Session, meeting_uid: str, line: ReportLine) -> dict[str, str]:
    """What stands beside the words of a line now, by the cells that may be amended."""
    issued, cells = reports.latest(session, meeting_uid), AMENDABLE.get(line.kind, ())
    if issued is not None:
        draft = report_of(issued).draft
    elif (newest := drafts.latest(session, meeting_uid)) is not None:
        draft = Draft.model_validate_json(newest.content)
    else:
        return {}
    return {cell: said_in(draft, line.ref, cell) or "" for cell in cells}


def cell_of(session: Session, meeting_uid: str, line: ReportLine, cell: str) -> str:
    """What one of them says. Raises SecretariatError where the line has none of that name."""
    refuse_missing(line.kind, line.ref, cell)
    return cells_of(session, meeting_uid, line).get(cell, "")


def _logged(session: Session, meeting_uid: str) -> Iterator[DecisionRow | ActionRow]:
    issued = select(ReportRow.id).where(ReportRow.meeting_uid == meeting_uid)
    yield from session.scalars(
        select(DecisionRow).where(DecisionRow.report_id.in_(issued)).order_by(DecisionRow.number)
    )
    yield from session.scalars(select(ActionRow).where(ActionRow.report_id.in_(issued)).order_by(ActionRow.reference))


def _drafted(session: Session, meeting_uid: str) -> list[DraftLineRow]:
    """The lines of the draft that was issued, or of the newest while none is."""
    issued = reports.latest(session, meeting_uid)
    of_issue = session.get(DraftRow, issued.draft_id) if issued and issued.draft_id else None
    draft = of_issue or drafts.latest(session, meeting_uid)
    return draft.lines if draft else []


def _amended(session: Session, meeting_uid: str) -> dict[str, str]:
    """What the lines that are in no log say in an amended report; nothing while none was amended."""
    issued = reports.latest(session, meeting_uid)
    if issued is None or issued.supersedes is None:
        return {}
    report = report_of(issued)
    return {ref: text for ref in references(report) if (text := said(report, ref)) is not None}


def _as_line(row: DraftLineRow, logged: DecisionRow | ActionRow | None, amended: str | None) -> ReportLine:
    details: Mapping[str, object] = row.details
    found = details.get("evidence")
    constituency = details.get("constituency")
    return ReportLine(
        ref=logged.reference if logged else row.ref,
        draft_ref=row.ref,
        kind=row.kind,
        text=logged.text if logged else amended or row.text,
        at_seconds=row.at_seconds,
        constituency=str(constituency) if constituency else None,
        evidence=tuple(Evidence.model_validate(one) for one in found) if isinstance(found, list) else (),
    )


def _of_log(row: DecisionRow | ActionRow) -> ReportLine:
    kind = "decision" if isinstance(row, DecisionRow) else "action"
    return ReportLine(row.reference, row.draft_ref, kind, row.text, row.at_seconds)
