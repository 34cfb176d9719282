"""A draft headline report as somebody reads it who may: the PMO, and the Chair while it waits for clearance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, clearances, drafts, meetings
from bot.access import Kind, Ruling, Viewer
from bot.clock import LONDON, spoken, spoken_date
from bot.config import Config
from bot.correspondence import Letter, send
from bot.drafts import recording_link, reference_of
from bot.errors import UnknownThing
from bot.formats import Draft
from bot.model import Meeting, Person
from bot.recording_links import at_second
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.speech_tables import TranscriptRow

COPY = "draft_copy"
HINT = "Correct the group or the date."
_NOBODY = Ruling(False, "nobody on file")


@dataclass(frozen=True)
class ReadDraft:
    """A draft, what it says, how it stands with the Chair, and the link into its recording ("" where there is none)."""

    row: DraftRow
    meeting: Meeting
    draft: Draft
    clearance: str
    pattern: str

    @property
    def reference(self) -> str:
        """'PSG-2024-02-07'."""
        return reference_of(self.meeting)

    @property
    def unconfirmed(self) -> list[str]:
        """The decisions whose outcome somebody has to listen for."""
        return [decision.ref for decision in self.draft.decisions if decision.outcome == "none"]

    def link(self, at: float | None) -> str:
        """Into the recording, at that second; empty where there is no link."""
        return at_second(self.pattern, at)


def unissued(viewer: Viewer, page: str) -> list[ReadDraft]:
    """The newest draft of each report not issued that the viewer may see. `page` is the address of our page."""
    found = (_read(viewer, row, page) for row in drafts.unissued(viewer.session))
    return [read for read in found if viewer.sees(Kind.DRAFT, read.meeting)]


def of_group(viewer: Viewer, group: str, now: datetime, page: str, on: date | None = None) -> ReadDraft:
    """The newest draft of a group's latest report not issued; with a date, of that meeting, issued or not.

    Raises UnknownThing where there is none. Where there is one for others it raises NotAllowed with the same sentence.
    """
    named = f"{group} of {spoken_date(on)}" if on else group
    sentence, hidden = f"There is no draft report of {named} for you.", None if viewer.is_known else _NOBODY
    query = select(DraftRow).join(MeetingRow, DraftRow.meeting_uid == MeetingRow.uid)
    for row in viewer.session.scalars(query.order_by(MeetingRow.starts_at.desc(), DraftRow.version.desc())):
        meeting = meetings.as_meeting(viewer.session.get_one(MeetingRow, row.meeting_uid))
        wanted = meeting.on == on if on else meetings.issued_at(viewer.session, meeting.uid) is None
        if group in meeting.groups and wanted:
            ruling = viewer.ruling(Kind.DRAFT, meeting)
            if ruling.allowed:
                return _read(viewer, row, page)
            hidden = hidden or ruling
    if hidden:
        access.require(
            viewer.session, hidden, person=viewer.person, what=f"draft {named}", now=now, sentence=sentence, hint=HINT
        )
    raise UnknownThing(sentence, hint=HINT)


def _read(viewer: Viewer, row: DraftRow, page: str) -> ReadDraft:
    session = viewer.session
    meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
    transcript = session.get(TranscriptRow, row.transcript_id) if row.transcript_id else None
    pattern = recording_link(viewer.config, meeting, transcript.recording_id, page) if transcript else ""
    return ReadDraft(row, meeting, Draft.model_validate_json(row.content), clearance_of(session, meeting.uid), pattern)


def clearance_of(session: Session, uid: str) -> str:
    """How the report of a meeting stands with its Chair, in words."""
    row = clearances.newest(session, uid)
    if row is None:
        return "not put to the Chair"
    if row.answered_at is None:
        return f"with the Chair since {spoken(row.with_chair_at)}"
    how = "goes out subject to the Chair's review" if row.subject_to_review else "cleared by the Chair"
    return f"{how}, said {row.answered_by} on {spoken(row.answered_at)}"


def send_copy(session: Session, config: Config, read: ReadDraft, to: Person, now: datetime) -> None:
    """Send the Word document to whoever asked for it and may see it, in the caller's transaction; once a day."""
    name = f"{read.row.id}.docx"
    day = now.astimezone(LONDON).date()
    letter = Letter(
        read.row.id, COPY, f"asked_{day.isoformat()}", "draft_copy.txt",
        {"reference": read.reference, "version": read.row.version}, read.meeting.group, "receipt",
        f"{to.name} asked for a copy.", attachments=(f"{read.row.document_sha256}:{name}",),
    )  # fmt: skip
    send(session, config, letter, [to], now)
