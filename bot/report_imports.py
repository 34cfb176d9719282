"""A draft that was edited in Word comes back: compared line by line, merged with what became of it, kept as a version.

Whatever comes is kept first. What cannot be told apart is asked, what two people changed differently is shown with both
texts, and until a person has decided nothing of it is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, audit, drafts, meetings, members, reports
from bot.access import Deed
from bot.document_ids import identifier_in
from bot.draft_edits import edited
from bot.drafts import Drafting, as_line, printed
from bot.errors import NotAllowed, SecretariatError, UnknownThing, UnreadableDocument
from bot.formats import Draft, DraftRemark, Transcript
from bot.model import Meeting, Person
from bot.redrafts import in_numbering, renumbered
from bot.report_table import (
    Change,
    Conflict,
    Edit,
    Merged,
    PrintedLine,
    ReadDocument,
    ReadLine,
    Remark,
    Told,
    edits,
    merged,
)
from bot.report_words import COLUMN_WORDS, TABLE_WORDS
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import TranscriptRow

NOBODY = ("", "Unknown Author", "Author")  # what programs write where nobody gave them a name
Chosen = Mapping[tuple[str, str], str]
MOVED_ON = "{} was made while this was looked at, so nothing was taken."


@dataclass(frozen=True)
class Decided:
    """What a person decided of a document: which text stands where two changed it, and which line a row is."""

    chosen: Chosen = field(default_factory=dict)
    told: Told = field(default_factory=dict)


NOTHING_DECIDED = Decided()


@dataclass(frozen=True)
class Returned:
    """What came back, compared: `edits` against the draft that was sent out, `merged` onto the newest one.

    `sent_rows` are the lines as they went out, `rows` those that came.
    """

    meeting: Meeting
    sent: str  # the draft that was edited: PSG-2024-02-07-draft-1
    newest: str
    sha256: str
    edits: tuple[Edit, ...]
    merged: Merged
    sent_rows: tuple[PrintedLine, ...]
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

    @property
    def is_decided(self) -> bool:
        """Whether it can be taken as it stands."""
        return not (self.asked or self.conflicts or self.unread)


def compare(
    session: Session,
    drafting: Drafting,
    content: bytes,
    *,
    by: Person | None,
    of: Meeting | None = None,
    decided: Decided = NOTHING_DECIDED,
) -> Returned:
    """What an edited draft says, without taking any of it. `by` gives it back (None: nobody knows who), `of` for what.

    Raises UnreadableDocument or another SecretariatError, with a sentence, for what is not an edited draft of ours.
    """
    sha256 = drafting.files.put(content)
    identifier = identifier_in(content)
    if not identifier:
        drafting.writer.read(content, ())  # says what is wrong with a file that is no document, or must not be opened
    sent = _sent(session, identifier, of)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, sent.meeting_uid))
    _refuse_after_issue(session, meeting)
    came = drafting.writer.read(content, [line.ref for line in sent.lines])
    _refuse_strangers(session, meeting, came, by)
    newest = drafts.latest(session, sent.meeting_uid) or sent
    base, rows = printed(drafting, sent), came.rows
    unread = (*came.unread, *_lost(base, came))
    theirs = base
    if newest.id != sent.id:
        theirs = printed(drafting, newest)
        names = renumbered(theirs, base)
        base, rows = in_numbering(base, names), _called(rows, names)
    found = tuple(edits(base, rows, decided.told))
    return Returned(
        meeting=meeting,
        sent=sent.id,
        newest=newest.id,
        sha256=sha256,
        edits=found,
        merged=merged(base, found, theirs, decided.chosen),
        sent_rows=tuple(base),
        newest_rows=tuple(theirs),
        remarks=tuple(remark for row in rows for remark in row.remarks) + came.remarks,
        unread=unread,
    )


def _called(rows: Sequence[ReadLine], names: Mapping[str, str]) -> tuple[ReadLine, ...]:
    return tuple(
        replace(row, ref=names.get(row.ref, row.ref), bookmark=names.get(row.bookmark, row.bookmark)) for row in rows
    )


def _lost(base: Sequence[PrintedLine], came: ReadDocument) -> list[str]:
    """What of the tables themselves is gone: their lines were not all deleted, nor emptied, by that."""
    said = []
    for kind in dict.fromkeys(row.kind for row in base):
        columns = came.columns.get(kind)
        printed_columns = dict.fromkeys(name for row in base if row.kind == kind for name in row.cells)
        if columns is None:
            said.append(f"The table of the {TABLE_WORDS[kind]} is gone, or its header is.")
            continue
        gone = [COLUMN_WORDS.get(name, name) for name in printed_columns if name not in columns]
        if gone:
            said.append(f"The table of the {TABLE_WORDS[kind]} has no column “{', '.join(gone)}” any more.")
    return said


def take_in(
    session: Session, drafting: Drafting, returned: Returned, *, by: Person, now: datetime, whose: Person | None = None
) -> DraftRow | None:
    """Make the edits the newest draft, in the caller's transaction; None where nothing was changed.

    `whose` edits they are, where they are not those of `by`, who takes them. Raises NotAllowed for anybody who is not
    of the PMO; SecretariatError where something must be decided first, or a newer draft was made since it was compared.
    """
    access.require_deed(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    _refuse_undecided(returned)
    newest = drafts.latest(session, returned.meeting.uid)
    if newest is None or newest.id != returned.newest:
        raise SecretariatError(MOVED_ON.format(newest.id if newest else "Another draft"), hint="Look at it again.")
    _refuse_after_issue(session, returned.meeting)
    was = Draft.model_validate_json(newest.content)
    base = Draft.model_validate_json(session.get_one(DraftRow, returned.sent).content)
    remarks = _merged_remarks(base, returned.remarks, was)
    if not returned.changes and remarks == was.remarks:
        return None
    people = drafts.attendance_in(session, returned.meeting, was)
    given = _ever_given(session, returned.meeting)
    draft = edited(
        was, [as_line(row) for row in people], returned.newest_rows, returned.merged.rows, given,
        older=(base, returned.sent_rows),
    )  # fmt: skip
    draft = draft.model_copy(update={"remarks": remarks})
    if draft == was:
        return None  # it was taken before
    row = keep_version(session, drafting, returned.meeting, draft, newest, by=whose or by, now=now)
    audit.record(
        session, now, by.name, "draft edited", row.id, edited=returned.sent, document=returned.sha256,
        changes=[f"{edit.ref or 'new'} {edit.change}" for edit in returned.changes],
    )  # fmt: skip
    return row


def _merged_remarks(base: Draft, came: Sequence[Remark], newest: Draft) -> list[DraftRemark]:
    """The comments that came, and those that somebody left meanwhile."""
    mine = [DraftRemark(ref=r.ref, author=r.author, text=r.text) for r in came]
    return mine + [remark for remark in newest.remarks if remark not in base.remarks and remark not in mine]


def keep_version(
    session: Session, drafting: Drafting, meeting: Meeting, draft: Draft, after: DraftRow, *, by: Person, now: datetime
) -> DraftRow:
    """Put a person's version of a draft on file, with its document."""
    found = session.get(TranscriptRow, after.transcript_id) if after.transcript_id else None
    version = drafts.next_version(session, meeting.uid)
    report = drafts.report_of(
        drafting,
        meeting,
        draft,
        version=version,
        attendance=drafts.attendance_in(session, meeting, draft),
        recording_id=found.recording_id if found else None,
        transcript=Transcript.model_validate_json(found.content) if found else None,
    )
    document = drafting.files.put(drafting.writer.draft_document(report))
    return drafts.keep(
        session, meeting, report, version=version, transcript_id=after.transcript_id, document=document, now=now,
        edited_by=by.name,
    )  # fmt: skip


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


def _refuse_strangers(session: Session, meeting: Meeting, came: ReadDocument, by: Person | None) -> None:
    """Tracked changes are taken from the PMO and the Chair only; others ask for amendments."""
    ours = {h.person.name.casefold() for h in members.at_tables(session, meeting) if h.role == "chair"}
    ours |= {h.person.name.casefold() for h in members.holdings(session, meeting.on) if h.role in members.PMO_ROLES}
    ours |= {*map(str.casefold, NOBODY), *([by.name.casefold()] if by else [])}
    strangers = [name for name in came.authors if name.casefold() not in ours]
    if strangers:
        raise NotAllowed(
            f"The document has tracked changes by {', '.join(strangers)}, who is not of the PMO nor the Chair.",
            hint="Accept or reject them in Word, save, and give it in again.",
        )


def _refuse_undecided(returned: Returned) -> None:
    if returned.asked:
        lines = " ".join(edit.why for edit in returned.asked)
        raise SecretariatError(f"Some lines cannot be told apart. {lines}", hint="Say which line each row is.")
    if returned.conflicts:
        lines = ", ".join(sorted({conflict.ref for conflict in returned.conflicts}))
        raise SecretariatError(
            f"{lines}: {returned.newest} was changed meanwhile, in the same place.", hint="Choose which text stands."
        )
    if returned.unread:
        raise SecretariatError(" ".join(returned.unread), hint="Put it back as it was in Word, and give it in again.")
