"""A meeting that was not recorded: its draft, from the notes of a named person of the PMO."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, apologies, audit, drafts, meetings, members
from bot.access import Deed
from bot.drafts import Drafting, DraftMade
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.store.draft_tables import DraftRow
from bot.store.speech_tables import RecordingRow

HINT = "Only the PMO takes the notes of a meeting."


def draft_from(
    session: Session, drafting: Drafting, meeting: Meeting, text: str, *, by: Person, now: datetime
) -> DraftRow:
    """Draft a meeting's report from somebody's notes, in the caller's transaction, and tell its secretary.

    The notes are kept by their content. Raises NotAllowed for anybody who is not of the PMO, SecretariatError where the
    report is issued already, or a recording of the meeting is there: what was said goes before what was written.
    """
    access.require_deed(session, by, Deed.DRAFT, now, hint=HINT)
    _refuse(session, meeting)
    from bot.headlines.notes import draft_from_notes, notes_of  # takes longer to load than most commands last

    held, away = members.at_tables(session, meeting), apologies.away(session, meeting.uid)
    draft = draft_from_notes(
        notes_of(text, by.name),
        group=meeting.group,
        held_on=meeting.on,
        level=drafting.config.groups[meeting.group].level,
        agenda=drafting.agenda_for(meeting),
        attendance=drafts.attendance_of(held, away),
    )
    version = drafts.next_version(session, meeting.uid)
    report = drafts.report_of(
        drafting, meeting, draft, version=version, attendance=drafts.attendance_rows(held, away), recording_id=None,
        transcript=None,
    )  # fmt: skip
    document = drafting.files.put(drafting.writer.draft_document(report))
    row = drafts.keep(session, meeting, report, version=version, transcript_id=None, document=document, now=now)
    audit.record(
        session, now, by.name, "drafted from notes", row.id, notes=drafting.files.put(text.encode()), document=document
    )
    drafting.told(session, DraftMade(meeting, row.id, version, draft), now)
    return row


def _refuse(session: Session, meeting: Meeting) -> None:
    named = drafts.reference_of(meeting)
    if meetings.issued_at(session, meeting.uid):
        raise SecretariatError(f"{named} is issued.", hint="Changes come by amendment requests.")
    recording = session.scalars(select(RecordingRow).where(RecordingRow.meeting_uid == meeting.uid).limit(1)).first()
    if recording is not None and recording.state != "failed":
        raise SecretariatError(
            f"{named} has a recording ({recording.name}), so it is not drafted from notes.",
            hint="Edit the draft that is made from the recording.",
        )
