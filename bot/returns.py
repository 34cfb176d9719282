"""Edited drafts that are given back, by whatever door: kept before they are read, shown line by line, then taken in.

A return waits until somebody of the PMO takes it in or puts it aside; what cannot be read is refused with a sentence.
Nothing of it is lost: the file is kept, and so is what was found in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import access, audit, chair_changes, meetings, members, open_conflicts, report_imports
from bot.access import Deed
from bot.clock import LONDON, Clock
from bot.document_ids import identifier_in
from bot.drafts import Drafting, DraftMade
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing, UnreadableDocument
from bot.model import Meeting, Person
from bot.report_imports import NOTHING_DECIDED, Decided, Returned
from bot.report_table import Change, Conflict, Edit, Remark
from bot.report_words import COLUMN_WORDS, edit_words
from bot.return_states import Door, State
from bot.store.database import Database
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.meeting_tables import MeetingRow

MOST_SHOWN = 40  # lines of an answer; the page shows all


@dataclass(frozen=True)
class Brought:
    """A file that somebody brings. It is kept already, under `sha256`.

    `source_key` is the same where a door brings the same once more. `answer_to` is the address that is answered by
    mail, in `thread`. `of` is the meeting that it is given in for, None where nobody said.
    """

    sha256: str
    file_name: str
    came_by: Door
    source_key: str
    person: Person | None = None
    answer_to: str = ""
    thread: str = ""
    of: Meeting | None = None


@dataclass(frozen=True)
class Found:
    """What was found in a return. `sent` is the draft that was edited, `newest` the one that it was put upon.

    Of an unchanged line only its reference is kept.
    """

    sent: str
    newest: str
    edits: tuple[Edit, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Edit, ...]:
        """The lines that are not as they were."""
        return tuple(edit for edit in self.edits if edit.change is not Change.UNCHANGED)


@dataclass(frozen=True)
class Read:
    """A return that was just read, for those who are to be told; `found` None: it is refused, for its row's reason."""

    row: ReturnRow
    person: Person | None
    meeting: Meeting | None
    found: Found | None = field(repr=False)


ToldOf = Callable[[Session, Read, datetime], None]
"""Queues the answer to a return, in the same transaction."""
_FOUND = TypeAdapter(Found)


def receive(session: Session, brought: Brought, now: datetime) -> ReturnRow:
    """Put a return on file, in the caller's transaction; brought once more, it is the same."""
    key = f"{brought.came_by}:{brought.source_key}"[:300]
    known = session.scalars(select(ReturnRow).where(ReturnRow.source_key == key)).first()
    if known is not None:
        return known
    number = (session.scalar(select(func.max(ReturnRow.number))) or 0) + 1
    row = ReturnRow(
        reference=f"RT-{number:03d}", number=number, source_key=key, came_by=brought.came_by.value,
        file_name=brought.file_name[:255], sha256=brought.sha256,
        person_id=brought.person.id if brought.person else None, answer_to=brought.answer_to[:254],
        thread=brought.thread, of_uid=brought.of.uid if brought.of else None, arrived_at=now, state=State.WAITING.value,
    )  # fmt: skip
    session.add(row)
    session.flush()
    actor = brought.person.name if brought.person else f"the {brought.came_by}"
    audit.record(session, now, actor, "edited draft came", row.reference, door=row.came_by, document=row.sha256)
    return row


def waiting(session: Session) -> list[ReturnRow]:
    """What waits for a person, the oldest first."""
    query = select(ReturnRow).where(ReturnRow.state == State.WAITING.value).order_by(ReturnRow.number)
    return list(session.scalars(query))


def latest(session: Session, at_most: int) -> list[ReturnRow]:
    """The newest returns, the newest first."""
    return list(session.scalars(select(ReturnRow).order_by(ReturnRow.number.desc()).limit(at_most)))


def named(session: Session, reference: str) -> ReturnRow:
    """The return of that reference. Raises UnknownThing."""
    row = session.get(ReturnRow, reference.strip().upper())
    if row is None:
        raise UnknownThing(f"No edited draft was given back as {reference}.", hint="The page lists those there are.")
    return row


def found_of(row: ReturnRow) -> Found | None:
    """What was found in it, as it was kept; None where it was not read, or could not be."""
    return _FOUND.validate_python(row.found) if row.found else None


def read_one(database: Database, drafting: Drafting, told: ToldOf, clock: Clock) -> bool:
    """Read one return that nobody has read yet. Returns False where there is none."""
    with database.reading() as session:
        query = select(ReturnRow.reference).where(ReturnRow.read_at.is_(None)).order_by(ReturnRow.number)
        reference = session.scalars(query.limit(1)).first()
    if reference is None:
        return False
    read(database, drafting, told, clock, reference)
    return True


def read(database: Database, drafting: Drafting, told: ToldOf, clock: Clock, reference: str) -> None:
    """Read a return, and have its giver told what was found. It is compared while nothing is locked."""
    now, found, refused, identifier = clock.now(), None, "", ""
    with database.reading() as session:
        row = named(session, reference)
        try:
            identifier = identifier_in(_content(drafting, row))
            found = _as_found(look(session, drafting, row, now.astimezone(LONDON).date()))
        except StateUnusable:
            raise
        except SecretariatError as error:
            refused = str(error)
    with database.session() as session:
        row = named(session, reference)
        if row.read_at is not None:
            return
        row.read_at = now
        meeting = _note(session, row, found, identifier)
        if found is None:
            row.state, row.reason = State.REFUSED.value, refused
            row.settled_at, row.settled_by = now, "secretariat"
            audit.record(session, now, "secretariat", "edited draft refused", reference, reason=refused)
        person = members.by_id(session, row.person_id) if row.person_id else None
        told(session, Read(row, person, meeting, found), now)


def _note(session: Session, row: ReturnRow, found: Found | None, identifier: str) -> Meeting | None:
    """Which draft it is, as far as that is known, and what was found."""
    draft = session.get(DraftRow, found.sent if found else identifier)
    if draft is None:
        return None
    row.draft_id, row.meeting_uid = draft.id, draft.meeting_uid
    if found:
        row.found = _FOUND.dump_python(found, mode="json")
    return meetings.by_uid(session, draft.meeting_uid)


def look(
    session: Session, drafting: Drafting, row: ReturnRow, today: date, decided: Decided = NOTHING_DECIDED
) -> Returned:
    """What a return says as things stand now. Raises SecretariatError, with a sentence, where it cannot be taken."""
    if row.came_by == Door.DRAFTING:
        found = found_of(row)
        if found is None:
            raise SecretariatError(f"{row.reference} holds nothing.", hint="Put it aside.")
        return open_conflicts.look(session, drafting, found.newest, found.conflicts, decided)
    content = _content(drafting, row)
    person = members.by_id(session, row.person_id) if row.person_id else None
    draft = session.get(DraftRow, identifier_in(content))
    if person and draft:
        _refuse_giver(session, drafting, draft, person, today)
    of = meetings.by_uid(session, row.of_uid) if row.of_uid else None
    return report_imports.compare(session, drafting, content, by=person, of=of, decided=decided)


def _content(drafting: Drafting, row: ReturnRow) -> bytes:
    try:
        return drafting.files.path(row.sha256).read_bytes()
    except FileNotFoundError as error:
        said = f"The file of {row.reference} is gone from the state folder."
        raise UnreadableDocument(said, hint="Give the document in again.") from error
    except OSError as error:
        said = f"The file of {row.reference} cannot be read ({type(error).__name__})."
        raise StateUnusable(said, hint="Look at the state folder.") from error


def _refuse_giver(session: Session, drafting: Drafting, draft: DraftRow, person: Person, today: date) -> None:
    """Only the PMO and the meeting's Chair edit drafts; others ask for amendments to what was issued."""
    meeting = meetings.as_meeting(session.get_one(MeetingRow, draft.meeting_uid))
    if not access.may_speak_for_chair(session, drafting.config, person, meeting, today).allowed:
        raise NotAllowed(
            f"{person.name} is neither of the PMO nor the Chair of {meeting.known_as}.",
            hint="Changes to an issued report come by amendment requests.",
        )


def take_in(
    session: Session, drafting: Drafting, row: ReturnRow, returned: Returned, decided: Decided, *, by: Person,
    now: datetime,
) -> DraftRow | None:  # fmt: skip
    """Make it the newest draft, in the caller's transaction; None where nothing was changed.

    Raises NotAllowed or SecretariatError where something must be decided first, or it is settled already.
    """
    refuse_settled(row)
    person = members.by_id(session, row.person_id) if row.person_id else None
    made = report_imports.take_in(session, drafting, returned, by=by, now=now, whose=person)
    if not decided.chosen:  # where the PMO kept other words than the Chair's, the Chair has not cleared them
        chair_changes.taken_in(session, drafting.config, returned.meeting, person, made, now)
    row.found = _FOUND.dump_python(_as_found(returned), mode="json")
    row.chosen = {"chosen": {f"{ref}.{name}": text for (ref, name), text in decided.chosen.items()},
                  "told": {str(place): ref for place, ref in decided.told.items()}}  # fmt: skip
    session.flush()
    row.taken_as = made.id if made else None
    _settle(session, row, State.TAKEN_IN, by=by, now=now, reason="" if made else "Nothing was changed in it.")
    return made


def put_aside(session: Session, row: ReturnRow, *, by: Person, now: datetime, reason: str) -> None:
    """Take nothing of it; the file and what was found stay. Raises NotAllowed, or SecretariatError where settled."""
    access.require_deed(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    refuse_settled(row)
    _settle(session, row, State.PUT_ASIDE, by=by, now=now, reason=reason)


def take_back_aside(session: Session, row: ReturnRow, *, by: Person, now: datetime) -> None:
    """What was put aside waits again. Raises SecretariatError for any other."""
    access.require_deed(session, by, Deed.DRAFT, now, hint="Only the PMO edits drafts.")
    if row.state != State.PUT_ASIDE:
        raise SecretariatError(f"{row.reference} is {row.state.replace('_', ' ')}.", hint="It was not put aside.")
    _settle(session, row, State.WAITING, by=by, now=now, reason="")


def refuse_settled(row: ReturnRow) -> None:
    """Raises SecretariatError for a return that no longer waits."""
    if row.state != State.WAITING:
        by = f" by {row.settled_by}" if row.settled_by else ""
        said = f"{row.reference} is {row.state.replace('_', ' ')}{by} already."
        raise SecretariatError(said, hint="Give the document in again, if more was changed.")


def _settle(session: Session, row: ReturnRow, to: State, *, by: Person, now: datetime, reason: str) -> None:
    row.state, row.reason, row.settled_at, row.settled_by = to.value, reason, now, by.name
    audit.record(session, now, by.name, f"edited draft {to.value.replace('_', ' ')}", row.reference, reason=reason)


def ask_after_drafting(session: Session, made: DraftMade, now: datetime) -> None:
    """Have the PMO asked where a new draft by the machine and a person's edits differ; the person's words stand."""
    if not made.conflicts:
        return
    mine = session.get_one(DraftRow, made.edited)
    row = receive(
        session, Brought(mine.document_sha256, f"{mine.id}.docx", Door.DRAFTING, source_key=made.draft_id), now
    )
    row.read_at, row.draft_id, row.meeting_uid = now, mine.id, mine.meeting_uid
    row.found = _FOUND.dump_python(Found(mine.id, made.machine, conflicts=made.conflicts), mode="json")


def _as_found(returned: Returned) -> Found:
    kept = (
        replace(edit, before=None, after=None) if edit.change is Change.UNCHANGED else edit for edit in returned.edits
    )
    return Found(
        returned.sent, returned.newest, tuple(kept), returned.conflicts, returned.remarks, tuple(returned.unread)
    )


def lines_said(found: Found | Returned) -> list[str]:
    """What was done to each line that is not as it was, and what must be decided, a sentence each."""
    lines = [edit_words(edit) for edit in found.changes]
    lines += [f"Comment of {r.author}{f' at {r.ref}' if r.ref else ''}: {r.text}" for r in found.remarks]
    lines += [conflict_words(conflict, found.newest) for conflict in found.conflicts]
    untouched = len(found.edits) - len(found.changes)
    return [*lines, *found.unread, f"{untouched} line{'s are' if untouched != 1 else ' is'} unchanged."]


def conflict_words(conflict: Conflict, newest: str) -> str:
    """Both texts of a conflict."""
    mine, theirs = conflict.mine or "(removed)", conflict.theirs or "(removed)"
    what = COLUMN_WORDS.get(conflict.field, conflict.field)
    return f"{conflict.ref}, {what}: the document says “{mine}”, {newest} says “{theirs}”."


def settled(conflict: Conflict, words: str) -> str:
    """What a choice stands for: "mine", "theirs", or other words; of a whole line "keep" or "remove"."""
    by_name: Mapping[str, str] = {"mine": conflict.mine, "theirs": conflict.theirs}
    stands = by_name.get(words.strip().casefold(), words)
    if conflict.field:
        return stands
    return "keep" if stands and stands.casefold() != "remove" else "remove"


def decided_of(row: ReturnRow) -> Mapping[str, Any]:
    """What was decided when it was taken: {"chosen": {"D-01.text": words}, "told": {"4": "D-02"}}."""
    return row.chosen or {"chosen": {}, "told": {}}
