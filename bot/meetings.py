"""The meetings on file: kept from the calendar, with what people have decided about them since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, Text, cast, or_, select
from sqlalchemy.orm import Session

from bot.clock import LONDON
from bot.model import Meeting, MeetingStatus, OutboxState
from bot.store.meeting_tables import MeetingRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import RecordingRow

BY_THE_CALENDAR = (
    MeetingStatus.SCHEDULED,
    MeetingStatus.PROPOSED_MOVE,
    MeetingStatus.EMAIL_UPDATE,
    MeetingStatus.AD_HOC,
)

UNSENT = (OutboxState.PENDING.value, OutboxState.RETRY.value, OutboxState.WITHHELD.value)
REMINDERS = ("member_reminder", "pmo_reminder")  # what an obligation gives rise to; a correction or a report is none
MET = "the obligation was met meanwhile"
SETTLES = {"headline_report": ("chair_copy", "chair_answer")}  # once a report is issued, nobody waits for the Chair


def keep(session: Session, meetings: Iterable[Meeting]) -> list[str]:
    """Put the calendar's meetings on file. Returns the uids that are new. What a person has decided is left alone."""
    new, wanted = [], list(meetings)
    query = select(MeetingRow).where(MeetingRow.uid.in_([meeting.uid for meeting in wanted]))
    on_file = {row.uid: row for row in session.scalars(query)}
    for meeting in wanted:
        row = on_file.get(meeting.uid)
        if row is None:
            row = MeetingRow(uid=meeting.uid)
            session.add(row)
            new.append(meeting.uid)
        elif row.status not in BY_THE_CALENDAR or row.revision:
            continue
        row.revision = meeting.revision
        row.group_key, row.nominal_on, row.status = meeting.group, meeting.nominal_on, meeting.status.value
        row.starts_at, row.ends_at = meeting.starts_at, meeting.ends_at
        row.reason, row.source = meeting.reason, meeting.source
        row.proposals = [day.isoformat() for day in meeting.proposals]
        row.also_for = list(meeting.also_for)
    session.flush()
    return new


def decide(session: Session, meeting: Meeting) -> None:
    """Put a person's decision on file: from now on it stands over the calendar."""
    row = session.get(MeetingRow, meeting.uid)
    if row is None:
        row = MeetingRow(uid=meeting.uid, group_key=meeting.group, nominal_on=meeting.nominal_on)
        session.add(row)
    row.status, row.revision, row.reason = meeting.status.value, meeting.revision, meeting.reason
    row.starts_at, row.ends_at, row.called_at = meeting.starts_at, meeting.ends_at, meeting.called_at
    row.source, row.proposals = meeting.source, [day.isoformat() for day in meeting.proposals]
    row.also_for, row.approved_by = list(meeting.also_for), meeting.approved_by
    session.flush()


def announce_closing(session: Session, uid: str, closes_at: datetime) -> None:
    """Remember the closing instant that people were told: it is honoured (rules §3). A later one told stands."""
    row = session.get_one(MeetingRow, uid)
    row.announced_close_at = max(closes_at, row.announced_close_at or closes_at)


def as_meeting(row: MeetingRow) -> Meeting:
    """The value of a row."""
    return Meeting(
        uid=row.uid,
        group=row.group_key,
        nominal_on=row.nominal_on,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=MeetingStatus(row.status),
        source=row.source,
        revision=row.revision,
        reason=row.reason,
        proposals=tuple(date.fromisoformat(day) for day in row.proposals),
        announced_close_at=row.announced_close_at,
        called_at=row.called_at,
        approved_by=row.approved_by,
        also_for=tuple(row.also_for),
    )


def between(session: Session, first: datetime, last: datetime, group: str | None = None) -> list[Meeting]:
    """Meetings that start from `first` to `last`, in order; of all groups or of one, its joint meetings included."""
    query = select(MeetingRow).where(MeetingRow.starts_at >= first, MeetingRow.starts_at <= last)
    if group:
        query = query.where(_serves(group))
    return [as_meeting(row) for row in session.scalars(query.order_by(MeetingRow.starts_at, MeetingRow.group_key))]


def by_uid(session: Session, uid: str) -> Meeting | None:
    """The meeting of that uid, or None."""
    row = session.get(MeetingRow, uid)
    return as_meeting(row) if row else None


def on_day(session: Session, group: str, day: date) -> Meeting | None:
    """The group's meeting held on, or by the rule due on, that day; the one held comes first, a cancelled one last."""
    query = select(MeetingRow).where(_serves(group), or_(MeetingRow.nominal_on == day, _starts_on(day)))
    near = [as_meeting(row) for row in session.scalars(query.order_by(MeetingRow.uid))]
    return min(near, key=lambda m: (m.on != day, m.status is MeetingStatus.CANCELLED), default=None)


def _serves(group: str) -> ColumnElement[bool]:
    """Its own meetings, and those of other groups that meet jointly with it."""
    return or_(MeetingRow.group_key == group, cast(MeetingRow.also_for, Text).contains(f'"{group}"'))


def _starts_on(day: date) -> ColumnElement[bool]:
    midnight = datetime.combine(day, time.min, LONDON)
    return MeetingRow.starts_at.between(midnight, datetime.combine(day, time.max, LONDON))


def issued_at(session: Session, uid: str) -> datetime | None:
    """When the meeting's headline report was first issued, or None."""
    query = select(ReportRow.issued_at).where(ReportRow.meeting_uid == uid)
    return session.scalars(query.order_by(ReportRow.revision).limit(1)).first()


def obligations_met(session: Session, uid: str) -> dict[str, ObligationRow]:
    """The clocks of a meeting that somebody has met, and how."""
    return {row.clock: row for row in session.scalars(select(ObligationRow).where(ObligationRow.meeting_uid == uid))}


def pack_link(session: Session, uid: str) -> str:
    """Where the meeting's pack lies, as said when it was marked as issued; empty where that is not known."""
    issued = session.get(ObligationRow, (uid, "papers"))
    return issued.link if issued else ""


def has_recording(session: Session, uid: str) -> bool:
    """Whether a recording of the meeting has arrived."""
    return session.scalars(select(RecordingRow.id).where(RecordingRow.meeting_uid == uid).limit(1)).first() is not None


def meet_obligation(session: Session, uid: str, clock: str, *, at: datetime, by: str, link: str = "") -> None:
    """Mark a clock of a meeting as met, and those that it settles: their reminders stop, those queued already too.

    Met twice, the first stands.
    """
    clocks = (clock, *SETTLES.get(clock, ()))
    for met in clocks:
        if session.get(ObligationRow, (uid, met)) is None:
            session.add(ObligationRow(meeting_uid=uid, clock=met, done_at=at, done_by=by, link=link))
    waiting = select(OutboxRow).where(OutboxRow.meeting_uid == uid, OutboxRow.clock.in_(clocks))
    waiting = waiting.where(OutboxRow.state.in_(UNSENT), OutboxRow.kind.in_(REMINDERS))
    for row in session.scalars(waiting):
        row.state, row.state_reason = OutboxState.SUPPRESSED.value, MET
    session.flush()
