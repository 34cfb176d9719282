"""When an amended report is due, what it waits for; made ready by itself, issued on a person's word (rules §3, §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlalchemy.orm import Session

from bot import errata, meetings, reissues, report_copies, revisions
from bot.clock import LONDON, Clock, spoken
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.reissues import CLOCKS, Proposed
from bot.reports import Issuing
from bot.revisions import AMENDED, SUPPLEMENTARY, Documents, Revision
from bot.store.amendment_tables import AmendmentRow
from bot.store.database import Database
from bot.store.report_tables import ReportRow
from schedules import reissue_words
from schedules.amendment_window import CLOSE
from schedules.announcements import Announcer


@dataclass(frozen=True)
class Standing:
    """Which issue comes next for a report, from when it is made ready (None: nobody knows), what it waits for."""

    kind: str  # AMENDED | SUPPLEMENTARY
    ready_from: datetime | None
    closes_at: datetime | None
    undecided: tuple[AmendmentRow, ...]


def standing(session: Session, announcer: Announcer, meeting: Meeting) -> Standing:
    """Where a report's reissue stands.

    The amended report goes with the following meeting's papers: it is ready from the morning of that day, or once they
    have gone; what came after them waits for the closing, and for the supplementary issue.
    """
    due = {clock.kind: clock.due_at for clock in announcer.clocks_of(session, meeting)}
    papers_at, closes_at = due.get(CLOCKS[AMENDED]), due.get(CLOSE)
    afterwards = closes_at is not None and papers_at is not None and papers_at > closes_at
    until = None if afterwards or papers_at is None else _pack_gone(session, announcer, meeting, papers_at)
    if CLOCKS[AMENDED] in meetings.obligations_met(session, meeting.uid) or not _any_before(session, meeting, until):
        waits = reissues.undecided(session, meeting.uid)
        return Standing(SUPPLEMENTARY, closes_at, closes_at, tuple(waits))
    ready_from = closes_at if afterwards else min(_morning(papers_at), until) if papers_at and until else None
    return Standing(AMENDED, ready_from, closes_at, tuple(reissues.undecided(session, meeting.uid, until)))


def _pack_gone(session: Session, announcer: Announcer, meeting: Meeting, papers_at: datetime) -> datetime:
    """When the papers went that the amended report goes with, or are due."""
    following = announcer.following(session, meeting)
    pack = meetings.obligations_met(session, following.uid).get("papers") if following else None
    return min(pack.done_at, papers_at) if pack else papers_at


def _any_before(session: Session, meeting: Meeting, until: datetime | None) -> bool:
    """Whether anything that came in time for the papers is still to be told of, or to be decided."""
    asked = [*reissues.to_carry(session, meeting.uid), *reissues.undecided(session, meeting.uid)]
    return any(until is None or row.received_at <= until for row in asked)


def _morning(instant: datetime) -> datetime:
    return datetime.combine(instant.astimezone(LONDON).date(), time.min, LONDON)


def prepare_one(database: Database, issuing: Issuing, announcer: Announcer, clock: Clock) -> bool:
    """Make one amended report ready whose requests are decided, and tell the PMO. Returns False where none is due.

    What was made ready is made anew where another request was decided since. Rendering holds no transaction open.
    """
    now = clock.now()
    with database.reading() as session:
        found = _due(session, announcer, now)
    if found is None:
        return False
    revision = revisions.as_issued(found.revision, by=None, now=now)
    made = None if found.conflicts else revisions.documents(issuing.files, issuing.writer, revision, now)
    with database.session() as session:
        row = reissues.keep_ready(session, issuing.files, found, made, now)
        if row:
            reissue_words.made_ready(announcer, session, revision, found.conflicts, row, now)
    return True


def _due(session: Session, announcer: Announcer, now: datetime) -> Proposed | None:
    trouble: SecretariatError | None = None
    for uid in reissues.waiting_to_go(session):
        meeting = meetings.by_uid(session, uid)
        if meeting is None or meeting.group not in announcer.config.groups or reissues.is_ready(session, uid):
            continue
        stands = standing(session, announcer, meeting)
        if stands.undecided or stands.ready_from is None or now < stands.ready_from:
            continue
        try:
            return reissues.proposed(session, meeting, stands.kind)
        except SecretariatError as error:  # of this report alone: the others must not wait for it
            trouble = trouble or error
    if trouble:
        raise trouble
    return None


@dataclass(frozen=True)
class Asked:
    """A person's word on an amended report: texts chosen where requests disagree, and whether some stay undecided."""

    by: Person
    chosen: Mapping[str, str]
    leaving_open: bool = False


def to_release(session: Session, announcer: Announcer, meeting: Meeting, asked: Asked, now: datetime) -> Proposed:
    """The amended report as that person would release it now. Raises SecretariatError where it is not to be yet."""
    stands = standing(session, announcer, meeting)
    if stands.kind == SUPPLEMENTARY and (stands.closes_at is None or now < stands.closes_at):
        closing = f"on {spoken(stands.closes_at)}" if stands.closes_at else "on a day still to be fixed"
        raise SecretariatError(
            f"Requests close {closing}: one supplementary issue follows then, for all that came after the papers.",
            hint="A decision that was recorded wrongly can be corrected at once: secretariat reports correct",
        )
    found = reissues.proposed(session, meeting, stands.kind, asked.chosen)
    reissues.refuse_unready(found, () if asked.leaving_open else stands.undecided)
    return replace(found, revision=revisions.as_issued(found.revision, by=asked.by, now=now))


def release(
    session: Session, issuing: Issuing, announcer: Announcer, found: Proposed, made: Documents, *, by: Person,
    now: datetime,
) -> tuple[ReportRow, int]:  # fmt: skip
    """Issue an amended report and queue its notices, in the caller's transaction. Returns the row, and to how many."""
    meeting = found.revision.meeting
    row = reissues.issue(session, issuing.files, found, made, by=by, now=now)
    report_copies.keep(session, row, with_pdf=issuing.makes_pdf(), now=now)
    closes_at = announcer.window_of(session, meeting)
    if closes_at and closes_at <= now and not reissues.undecided(session, meeting.uid):
        for clock in CLOCKS.values():  # nothing is left for another issue
            meetings.meet_obligation(session, meeting.uid, clock, at=now, by=by.name, link=row.id)
    return row, reissue_words.issued_again(announcer, session, found.revision, row, by=by, now=now)


def release_erratum(
    session: Session, issuing: Issuing, announcer: Announcer, revision: Revision, made: Documents, *, by: Person,
    now: datetime,
) -> tuple[ReportRow, int]:  # fmt: skip
    """The same for an erratum."""
    row = errata.issue(session, issuing.files, revision, made, by=by, now=now)
    report_copies.keep(session, row, with_pdf=issuing.makes_pdf(), now=now)
    return row, reissue_words.issued_again(announcer, session, revision, row, by=by, now=now)
