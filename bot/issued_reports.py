"""An issued headline report as its reader sees it: from the frozen snapshot, with links where they may listen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bot import meetings
from bot.access import Kind, Viewer
from bot.clock import LONDON
from bot.config import Config
from bot.correspondence import Letter, send
from bot.drafts import recording_link
from bot.model import HeadlineReport, Meeting, Person
from bot.recording_links import at_second
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import TranscriptRow

COPY = "report_copy"


@dataclass(frozen=True)
class IssuedReport:
    """A revision, what it says, and the link into its recording ("" where there is none, or not for the reader)."""

    row: ReportRow
    meeting: Meeting
    report: HeadlineReport
    pattern: str

    def link(self, at: float | None) -> str:
        """Into the recording, at that second; empty where there is no link."""
        return at_second(self.pattern, at)


def read(viewer: Viewer, row: ReportRow, page: str) -> IssuedReport:
    """The report for a viewer who may see it (`logs.report_of` says so). `page` is the address of our page."""
    session = viewer.session
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    report = TypeAdapter(HeadlineReport).validate_json(row.snapshot)
    return IssuedReport(row, meeting, report, recording_pattern(viewer, row, meeting, page))


def recording_pattern(viewer: Viewer, row: ReportRow, meeting: Meeting, page: str) -> str:
    """The link into a report's recording, a pattern; empty where there is none, or not for the viewer."""
    draft = viewer.session.get(DraftRow, row.draft_id) if row.draft_id else None
    transcript = viewer.session.get(TranscriptRow, draft.transcript_id) if draft and draft.transcript_id else None
    if transcript is None or not viewer.sees(Kind.RECORDING, meeting):
        return ""
    return recording_link(viewer.config, meeting, transcript.recording_id, page)


def send_copy(session: Session, config: Config, row: ReportRow, to: Person, now: datetime) -> None:
    """Send the Word document to whoever asked for it and may see it, in the caller's transaction; once a day."""
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    name = f"{row.reference} headline report r{row.revision}.docx"
    day = now.astimezone(LONDON).date()
    letter = Letter(
        row.id, COPY, f"asked_{day.isoformat()}", "report_copy.txt", {"reference": row.reference}, meeting.group,
        "receipt", f"{to.name} asked for a copy.", attachments=(f"{row.document_sha256}:{name}",),
    )  # fmt: skip
    send(session, config, letter, [to], now)
