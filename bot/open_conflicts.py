"""Where a new draft by the machine and a person's edits differ: the person's words stand until somebody has chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from bot import drafts, meetings
from bot.drafts import Drafting, printed
from bot.errors import SecretariatError
from bot.formats import Draft
from bot.report_imports import Decided, Returned
from bot.report_table import Change, Conflict, Edit, PrintedLine, ReadLine, Remark, edits, merged, plain
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow


def look(
    session: Session, drafting: Drafting, machine: str, conflicts: Sequence[Conflict], decided: Decided
) -> Returned:
    """The conflicts with the draft `machine` that are still open, and the newest draft with what was chosen."""
    theirs = session.get_one(DraftRow, machine)
    newest = drafts.latest(session, theirs.meeting_uid) or theirs
    if meetings.issued_at(session, theirs.meeting_uid):
        raise SecretariatError("The report was issued: what is issued stays as it is.", hint="Put it aside.")
    rows, machine_rows = printed(drafting, newest), printed(drafting, theirs)
    now = {row.ref: row for row in rows}
    still = [conflict for conflict in conflicts if _is_open(conflict, now)]
    settled = [(one, decided.chosen[one.ref, one.field]) for one in still if (one.ref, one.field) in decided.chosen]
    came = [ReadLine(row.kind, row.ref, row.ref, row.cells, row.cells, row.item) for row in _changed(rows, settled)]
    found = [*edits(rows, came), *_back(machine_rows, now, settled)]
    result = merged(rows, found, rows)
    left = tuple(one for one in still if (one.ref, one.field) not in decided.chosen)
    remarks = Draft.model_validate_json(newest.content).remarks
    return Returned(
        meeting=meetings.as_meeting(session.get_one(MeetingRow, theirs.meeting_uid)),
        sent=theirs.id,
        newest=newest.id,
        sha256=newest.document_sha256,
        edits=tuple(found),
        merged=replace(result, conflicts=left),
        sent_rows=tuple(machine_rows),
        newest_rows=tuple(rows),
        remarks=tuple(Remark(remark.author, remark.text, remark.ref) for remark in remarks),
    )


def _is_open(conflict: Conflict, now: Mapping[str, PrintedLine]) -> bool:
    """Whether the person's words still stand there."""
    row = now.get(conflict.ref)
    if conflict.field and row is not None:
        return plain(row.cells.get(conflict.field, "")) == conflict.mine
    return not conflict.field and (row is not None) == bool(conflict.mine)


def _changed(rows: Sequence[PrintedLine], settled: Sequence[tuple[Conflict, str]]) -> Iterator[PrintedLine]:
    """The rows as they were chosen to be."""
    removed = {conflict.ref for conflict, chosen in settled if not conflict.field and chosen == "remove"}
    cells: dict[str, dict[str, str]] = {}
    for conflict, chosen in settled:
        if conflict.field:
            cells.setdefault(conflict.ref, {})[conflict.field] = chosen
    for row in rows:
        if row.ref not in removed:
            yield replace(row, cells={**row.cells, **cells.get(row.ref, {})})


def _back(
    machine: Sequence[PrintedLine], now: Mapping[str, PrintedLine], settled: Sequence[tuple[Conflict, str]]
) -> Iterator[Edit]:
    """The lines that a person had removed, and that are wanted after all, as the machine has them."""
    wanted = {conflict.ref for conflict, chosen in settled if not conflict.field and chosen == "keep"}
    for row in machine:
        if row.ref in wanted and row.ref not in now:
            yield Edit(Change.NEW, row.kind, row.ref, after=row)
