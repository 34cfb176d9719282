"""The amended report: the next revision from the requests that were decided, issued on a person's word (rules §5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, amendments, audit, meetings, members, revisions
from bot.access import Deed
from bot.amended_report import CHANGES_REPORT, Decided, LineConflict, amended
from bot.amendment_life import DECIDED, OPEN, Kind, State, decision_on
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.ports import ContentFiles
from bot.report_cells import place, place_named, refuse_unreadable
from bot.report_lines import line_of
from bot.revisions import AMENDED, SUPPLEMENTARY, Documents, Revision
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ReissueRow, ReportRow

CLOCKS: Mapping[str, str] = {AMENDED: "amended_report", SUPPLEMENTARY: "supplementary_issue"}
IN_THE_REPORT = (Kind.RECORD, Kind.NOTE)


@dataclass(frozen=True)
class Proposed:
    """A revision as the decided requests make it, and the lines of which a person must first say what shall stand."""

    revision: Revision
    conflicts: tuple[LineConflict, ...]


def waiting_to_go(session: Session) -> list[str]:
    """The meetings, by uid, whose report would say something else and has not been reissued yet."""
    query = select(AmendmentRow.meeting_uid).where(
        AmendmentRow.carried_by.is_(None), AmendmentRow.state.in_(CHANGES_REPORT), AmendmentRow.kind.in_(IN_THE_REPORT)
    )
    issued = select(ReportRow.meeting_uid)
    return list(session.scalars(query.where(AmendmentRow.meeting_uid.in_(issued)).distinct().order_by("meeting_uid")))


def to_carry(session: Session, meeting_uid: str) -> list[AmendmentRow]:
    """The decided requests that no revision tells of yet, in order of arrival."""
    return [row for row in amendments.of_meeting(session, meeting_uid) if row.state in DECIDED and not row.carried_by]


def undecided(session: Session, meeting_uid: str, until: datetime | None = None) -> list[AmendmentRow]:
    """The requests that came in time, up to `until` where given, may change the report and are not decided."""
    asked = amendments.may_change_report(session, meeting_uid)
    return [r for r in asked if r.state in OPEN and not r.late and (until is None or r.received_at <= until)]


def proposed(session: Session, meeting: Meeting, kind: str, chosen: Mapping[str, str] | None = None) -> Proposed:
    """The next revision from all that was decided. `chosen`: the text of a line on which accepted requests disagree.

    Raises SecretariatError where nothing was accepted that changes the report, or a chosen line is none of the report.
    """
    base = revisions.newest(session, meeting)
    rows = to_carry(session, meeting.uid)
    decided = [_decided(session, row) for row in rows]
    if not any(request.changes_report for request in decided):
        raise SecretariatError(
            f"Nothing was accepted that would change {base.id}.",
            hint="Decide the requests first: secretariat amendments",
        )
    report = revisions.report_of(base)
    found = amended(report, decided)
    if chosen:
        settled = _chosen(session, meeting, chosen)
        _refuse_unasked(settled, found.conflicts)
        found = amended(report, decided, settled)
    carried = tuple(row.reference for row in rows)
    return Proposed(Revision(meeting, base, kind, found.report, found.whose, carried), found.conflicts)


def _chosen(session: Session, meeting: Meeting, chosen: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, by the report's own places; a request's reference stands for the text it agreed."""
    settled: dict[str, str] = {}
    for where, words in chosen.items():
        ref, cell = place_named(where)
        line = line_of(session, meeting.uid, ref)
        if line is None:
            raise UnknownThing(f"The report has no line {ref}.", hint="Name one of the lines in conflict.")
        request = session.get(AmendmentRow, words.strip().upper())
        text = request.agreed_text if request and request.meeting_uid == meeting.uid else words
        if cell:
            refuse_unreadable(cell, text)
        settled[place(line.ref, cell)] = text
    return settled


def _refuse_unasked(settled: Mapping[str, str], conflicts: Sequence[LineConflict]) -> None:
    unasked = ", ".join(sorted(set(settled) - {conflict.place for conflict in conflicts}))
    if unasked:
        raise SecretariatError(
            f"Nothing is to be chosen for {unasked}: what was agreed stands there.",
            hint="Another text needs a request of its own, or an erratum.",
        )


def _decided(session: Session, row: AmendmentRow) -> Decided:
    requester = members.by_id(session, row.requester_id)
    name = requester.name if requester else row.requester_id
    line = line_of(session, row.meeting_uid, row.line_ref) if row.line_ref else None
    decision = decision_on(row)
    return Decided(
        reference=row.reference,
        requester=name,
        source=row.constituency or (requester.organisation if requester else "") or name,
        kind=Kind(row.kind),
        state=State(row.state),
        line=line.ref if line else row.line_ref or "",
        present=row.present_text,
        text=row.agreed_text,
        reason=decision.text if decision else "",
        asked_on=row.received_at.astimezone(LONDON).date(),
        cell=row.cell,
    )


def refuse_unready(found: Proposed, left_open: Collection[AmendmentRow]) -> None:
    """Raise SecretariatError where a person must first choose a text, or decide a request that is not to be left."""
    if found.conflicts:
        lines = "; ".join(conflict_words(conflict) for conflict in found.conflicts)
        raise SecretariatError(
            f"Accepted requests would change the same words. {lines}",
            hint="Say which: --choose PSG-DEC41=AM-12, --choose PSG-DEC41='other words', --choose 'PSG27-03 due=AM-9'.",
        )
    if left_open:
        names = ", ".join(row.reference for row in left_open)
        raise SecretariatError(
            f"Not decided yet: {names}.",
            hint="Decide them first, or say --leaving-open: then they come in a later issue.",
        )


def conflict_words(conflict: LineConflict) -> str:
    """'PSG-DEC41 reads “...”; AM-012 would have “...”; AM-013 would have “...”.'"""
    wanted = "; ".join(f"{reference} would have “{text}”" for reference, text in conflict.wanted)
    return f"{conflict.place} reads “{conflict.present}”; {wanted}."


def issue(
    session: Session, files: ContentFiles, found: Proposed, made: Documents, *, by: Person, now: datetime
) -> ReportRow:
    """Issue an amended report, in the caller's transaction; its notices are queued in the same one.

    Raises NotAllowed for anybody who is not of the PMO; SecretariatError where a request was decided, or a revision
    issued, since it was proposed.
    """
    revision = found.revision
    access.require_deed(session, by, Deed.ISSUE, now, hint="Only the PMO issues reports.")
    if revision.carried != tuple(row.reference for row in to_carry(session, revision.meeting.uid)):
        raise SecretariatError("A request was decided a moment ago.", hint="Look at the report again, and try again.")
    row = revisions.put_on_file(session, files, revision, made, by=by, now=now)
    meetings.meet_obligation(session, row.meeting_uid, CLOCKS[revision.kind], at=now, by=by.name, link=row.id)
    return row


def made_ready(session: Session, meeting_uid: str) -> ReissueRow | None:
    """The amended report that waits for a person's release, as it was made ready last; None where none does."""
    query = select(ReissueRow).where(ReissueRow.meeting_uid == meeting_uid).order_by(ReissueRow.id.desc())
    row = session.scalars(query.limit(1)).first()
    return row if row and _is_still(session, row.base_id, row.requests, meeting_uid) else None


def is_ready(session: Session, meeting_uid: str) -> bool:
    """Whether what was made ready last is still all that would go out."""
    return made_ready(session, meeting_uid) is not None


def keep_ready(
    session: Session, files: ContentFiles, found: Proposed, made: Documents | None, now: datetime
) -> ReissueRow | None:
    """Keep what was made ready, to be looked at; None where it was overtaken meanwhile. `made` None: conflicts."""
    revision = found.revision
    if not _is_still(session, revision.base.id, revision.carried, revision.meeting.uid):
        return None
    row = ReissueRow(
        meeting_uid=revision.meeting.uid,
        base_id=revision.base.id,
        kind=revision.kind,
        requests=list(revision.carried),
        prepared_at=now,
        conflicts=[conflict_words(conflict) for conflict in found.conflicts],
        document_sha256=files.put(made.clean) if made else "",
        redline_sha256=files.put(made.redline) if made else "",
    )
    session.add(row)
    session.flush()
    audit.record(
        session, now, "secretariat", "reissue made ready", revision.base.id, kind=revision.kind,
        requests=list(revision.carried), conflicts=len(found.conflicts),
    )  # fmt: skip
    return row


def _is_still(session: Session, base_id: str, requests: Sequence[str], meeting_uid: str) -> bool:
    """Whether that revision is in force, and those are the decided requests that it does not tell of."""
    newest = session.scalars(
        select(ReportRow.id).where(ReportRow.meeting_uid == meeting_uid).order_by(ReportRow.revision.desc()).limit(1)
    ).first()
    return newest == base_id and list(requests) == [row.reference for row in to_carry(session, meeting_uid)]
