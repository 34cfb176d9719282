"""A draft that was edited in Word comes back: compared line by line, merged with what became of it, kept as a version.

Whatever comes is kept first. What cannot be told apart is asked, what two people changed differently is shown with both
texts, and until a person has decided nothing of it is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, audit, drafts, meetings, members, reports
from bot.access import Deed
from bot.draft_edits import edited
from bot.drafts import Drafting
from bot.errors import NotAllowed, SecretariatError, UnknownThing, UnreadableDocument
from bot.formats import AttendanceLine, Draft, DraftRemark, Transcript
from bot.model import AttendanceRow, Meeting, Person
from bot.report_table import Change, Conflict, Edit, Merged, PrintedLine, ReadDocument, Remark, edits, merged
from bot.store.tables import DraftRow, MeetingRow, ReportRow, TranscriptRow

NOBODY = ("", "Unknown Author", "Author")  # what programs write where nobody gave them a name
Chosen = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Returned:
    """What came back, compared: `edits` against the draft that was sent out, `merged` onto the newest one."""

    meeting: Meeting
    sent: str  # the draft that was edited: PSG-2024-02-07-draft-1
    newest: str
    sha256: str
    edits: tuple[Edit, ...]
    merged: Merged
    newest_rows: tuple[PrintedLine, ...]
    remarks: tuple[Remark, ...]
    unread: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[Edit, ...]:
        """The lines that cannot be told apart."""
        return tuple(edit for edit in self.edits if edit.change is Change.AMBIGUOUS)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What two people changed differently."""
        return self.merged.conflicts

    @property
    def changes(self) -> tuple[Edit, ...]:
        """The lines that are not as they were."""
        return tuple(edit for edit in self.edits if edit.change is not Change.UNCHANGED)


def compare(
    session: Session,
    drafting: Drafting,
    content: bytes,
    *,
    by: Person,
    of: Meeting | None = None,
    chosen: Chosen | None = None,
) -> Returned:
    """What an edited draft says, without taking any of it. `of`: the meeting that it is given in for.

    Raises UnreadableDocument or another SecretariatError, with a sentence, for what is not an edited draft of ours.
    """
    sha256 = drafting.files.put(content)
    read = drafting.writer.read(content, ())
    sent = _sent(session, read.identifier, of)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, sent.meeting_uid))
    _refuse_after_issue(session, meeting)
    came = drafting.writer.read(content, _references(sent))
    _refuse_strangers(session, meeting, came, by)
    newest = drafts.latest(session, sent.meeting_uid) or sent
    base, theirs = printed(drafting, sent), printed(drafting, newest)
    found = tuple(edits(base, came.rows))
    return Returned(
        meeting=meeting,
        sent=sent.id,
        newest=newest.id,
        sha256=sha256,
        edits=found,
        merged=merged(base, found, theirs, chosen),
        newest_rows=tuple(theirs),
        remarks=tuple(remark for row in came.rows for remark in row.remarks) + came.remarks,
        unread=came.unread,
    )


def take_in(session: Session, drafting: Drafting, returned: Returned, *, by: Person, now: datetime) -> DraftRow | None:
    """Make the edits the newest draft, in the caller's transaction; None where nothing was changed.

    Raises NotAllowed for anybody who is not of the PMO; SecretariatError where something must be decided first.
    """
    access.require_deed(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    _refuse_undecided(returned)
    newest = session.get_one(DraftRow, returned.newest)
    was = Draft.model_validate_json(newest.content)
    remarks = [DraftRemark(ref=r.ref, author=r.author, text=r.text) for r in returned.remarks]
    if not returned.changes and remarks == was.remarks:
        return None
    people = drafts.attendance_in(session, returned.meeting, was)
    lines = [_as_line(row) for row in people]
    draft = edited(was, lines, returned.newest_rows, returned.merged.rows, _ever_given(session, returned.meeting))
    row = keep_version(
        session, drafting, returned.meeting, draft.model_copy(update={"remarks": remarks}), newest, now=now
    )
    audit.record(
        session, now, by.name, "draft edited", row.id, edited=returned.sent, document=returned.sha256,
        changes=[f"{edit.ref or 'new'} {edit.change}" for edit in returned.changes],
    )  # fmt: skip
    return row


def keep_version(
    session: Session, drafting: Drafting, meeting: Meeting, draft: Draft, after: DraftRow, *, now: datetime
) -> DraftRow:
    """Put a person's version of a draft on file, with its document."""
    found = session.get(TranscriptRow, after.transcript_id) if after.transcript_id else None
    report = drafts.report_of(
        drafting,
        meeting,
        draft,
        version=drafts.next_version(session, meeting.uid),
        attendance=drafts.attendance_in(session, meeting, draft),
        recording_id=found.recording_id if found else None,
        transcript=Transcript.model_validate_json(found.content) if found else None,
    )
    document = drafting.files.put(drafting.writer.draft_document(report))
    version = drafts.next_version(session, meeting.uid)
    return drafts.keep(
        session, meeting, report, version=version, transcript_id=after.transcript_id, document=document, now=now
    )


def printed(drafting: Drafting, draft: DraftRow) -> list[PrintedLine]:
    """The lines of a draft as its own document prints them."""
    content = drafting.files.path(draft.document_sha256).read_bytes()
    read = drafting.writer.read(content, _references(draft))
    return [PrintedLine(row.kind, row.ref or row.bookmark, row.cells or {}, row.item) for row in read.rows]


def _as_line(row: AttendanceRow) -> AttendanceLine:
    return AttendanceLine(
        ref=row.ref,
        name=row.name,
        seat=row.seat,
        constituency=row.constituency,
        organisation=row.organisation,
        status=row.status,
    )


def _references(draft: DraftRow) -> list[str]:
    return [line.ref for line in draft.lines]


def _ever_given(session: Session, meeting: Meeting) -> Sequence[str]:
    """Every reference that any draft of the report has had: none is given twice."""
    return [line.ref for draft in drafts.all_of(session, meeting.uid) for line in draft.lines]


def _sent(session: Session, identifier: str, of: Meeting | None) -> DraftRow:
    sent = session.get(DraftRow, identifier) if identifier else None
    if sent is not None:
        if of is not None and sent.meeting_uid != of.uid:
            raise SecretariatError(
                f"This is {sent.id}, not a draft of {drafts.reference_of(of)}.", hint="Give it in where it belongs."
            )
        return sent
    if session.get(ReportRow, identifier) is not None:
        raise SecretariatError(
            f"This is the issued report {identifier}: what is issued stays as it is.",
            hint="Ask for an amendment, or correct it with an erratum.",
        )
    if identifier:
        raise UnknownThing(
            f"The document says that it is {identifier}, and there is no such draft here.",
            hint="Edit the draft that the page or the mail gave you, and save it under any name.",
        )
    raise UnreadableDocument(
        "The document does not say which draft it is: its properties are gone.",
        hint="Edit the draft that the page or the mail gave you; text copied into a new document cannot be told apart.",
    )


def _refuse_after_issue(session: Session, meeting: Meeting) -> None:
    issued = reports.latest(session, meeting.uid)
    if issued:
        raise SecretariatError(
            f"{issued.reference} was issued: what is issued stays as it is.",
            hint="Changes come by amendment requests, or by an erratum.",
        )


def _refuse_strangers(session: Session, meeting: Meeting, came: ReadDocument, by: Person) -> None:
    """Tracked changes are taken from the PMO and the Chair only; others ask for amendments."""
    ours = {h.person.name.casefold() for h in members.at_tables(session, meeting) if h.role == "chair"}
    ours |= {h.person.name.casefold() for h in members.holdings(session, meeting.on) if h.role in members.PMO_ROLES}
    ours |= {by.name.casefold(), *map(str.casefold, NOBODY)}
    strangers = [name for name in came.authors if name.casefold() not in ours]
    if strangers:
        raise NotAllowed(
            f"The document has tracked changes by {', '.join(strangers)}, who is not of the PMO nor the Chair.",
            hint="Accept or reject them in Word, save, and give it in again.",
        )


def _refuse_undecided(returned: Returned) -> None:
    if returned.asked:
        lines = " ".join(edit.why for edit in returned.asked)
        raise SecretariatError(
            f"Some lines cannot be told apart. {lines}", hint="Correct the references, and try again."
        )
    if returned.conflicts:
        lines = ", ".join(sorted({conflict.ref for conflict in returned.conflicts}))
        raise SecretariatError(
            f"{lines}: {returned.newest} was changed meanwhile, in the same place.", hint="Choose which text stands."
        )
    if returned.unread:
        raise SecretariatError(" ".join(returned.unread), hint="Undo that in Word, and try again.")
