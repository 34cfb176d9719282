"""The logs that people look things up in: decisions, actions and issued reports; each shows what its reader may see.

An action's owner may be a person, a seat, a constituency or an organisation (rules §6). Whoever owns it sees that line,
also where the rest of the report is not open to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import access, audit, meetings, members, obligations, open_lists
from bot.access import Kind, Ruling, Viewer
from bot.clock import LONDON, spoken_date
from bot.config import Config
from bot.corrections import OUTCOMES
from bot.drafts import recording_link
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.obligations import ACTION, CLOSED, Obligation
from bot.recording_links import at_second
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.people_tables import PersonRow
from bot.store.report_tables import ActionNoteRow, ActionRow, DecisionRow, ReportRow
from bot.store.speech_tables import TranscriptRow

LONGEST_NOTE = 3000  # characters
Whose = Literal["", "mine", "constituency"]


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is left empty does not narrow it.

    `whose` is of `of`: the person's own lines, or those of the constituency that they speak for. `text` is contained in
    the line, its reference or its owner, whatever its case.
    """

    group: str = ""
    text: str = ""
    of: Person | None = None
    whose: Whose = ""
    open_only: bool = False


@dataclass(frozen=True)
class LoggedDecision:
    """A decision of the log. `link` leads into the recording; empty where that is not for the reader."""

    reference: str
    text: str
    outcome: str  # in words
    reached_by: str
    meeting: Meeting
    at_seconds: float | None
    link: str


@dataclass(frozen=True)
class ActionNote:
    """What was said of where an action stands."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True)
class LoggedAction:
    """An action of the log. `state` is open, closure_proposed or closed; `link` as of a decision."""

    reference: str
    text: str
    owner: str
    due: str
    state: str
    meeting: Meeting
    at_seconds: float | None
    link: str
    notes: tuple[ActionNote, ...]
    may_update: bool = False  # the viewer: it is theirs, or they are of the PMO


def decisions(viewer: Viewer, sought: Sought, page: str) -> list[LoggedDecision]:
    """The decisions that the viewer may see, by group and number. `mine`: of the groups that one sits in or is listed.

    `page` is the address of our page, where recordings are played.
    """
    query = _with_meeting(DecisionRow)
    found = []
    for row, of, recording in viewer.session.execute(query.order_by(DecisionRow.group_key, DecisionRow.number)):
        meeting = meetings.as_meeting(of)
        wanted = _fits(sought, meeting, (row.reference, row.text)) and _of_my_groups(viewer, sought, meeting)
        if wanted and viewer.sees(Kind.REPORT, meeting):
            link = _link(viewer, meeting, recording, row.at_seconds, page)
            outcome, reached_by = OUTCOMES[row.outcome], row.reached_by or ""
            found.append(LoggedDecision(row.reference, row.text, outcome, reached_by, meeting, row.at_seconds, link))
    return found


def actions(viewer: Viewer, sought: Sought, page: str) -> list[LoggedAction]:
    """The actions that the viewer may see, by reference; and those that they own."""
    query = _with_meeting(ActionRow)
    if sought.open_only:
        query = query.where(ActionRow.state != CLOSED)
    found, notes = [], _notes(viewer.session)
    of_pmo = access.may_do(viewer.session, viewer.person, access.Deed.DONE, viewer.on).allowed
    for row, of, recording in viewer.session.execute(query.order_by(ActionRow.reference)):
        meeting = meetings.as_meeting(of)
        wanted = _fits(sought, meeting, (row.reference, row.text, row.owner)) and _owned(viewer, sought, row, meeting)
        if wanted and sees_action(viewer, row, meeting):
            link = _link(viewer, meeting, recording, row.at_seconds, page)
            mine = viewer.person is not None and (of_pmo or owns(viewer, viewer.person, row, meeting))
            found.append(replace(_logged(row, meeting, link, notes.get(row.reference, ())), may_update=mine))
    return found


def report_of(viewer: Viewer, group: str, now: datetime, on: date | None = None) -> ReportRow:
    """The latest issued headline report of a group (its key) that the viewer may see; with a date, of that meeting.

    Raises UnknownThing where there is none. Where there is one for others it raises NotAllowed with the same sentence.
    """
    query = select(ReportRow.id, MeetingRow).join(MeetingRow, ReportRow.meeting_uid == MeetingRow.uid)
    hidden = None if viewer.is_known else Ruling(False, "nobody on file")
    newest_first = query.order_by(MeetingRow.starts_at.desc(), ReportRow.revision.desc())
    for report_id, row in viewer.session.execute(newest_first):
        meeting = meetings.as_meeting(row)
        if group in meeting.groups and on in (None, meeting.on, meeting.nominal_on):
            ruling = viewer.ruling(Kind.REPORT, meeting)
            if ruling.allowed:
                return viewer.session.get_one(ReportRow, report_id)
            hidden = hidden or ruling
    named = f"{group} of {spoken_date(on)}" if on else group
    sentence, hint = f"There is no issued headline report of {named} for you.", "Correct the group or the date."
    if hidden:
        access.require(
            viewer.session, hidden, person=viewer.person, what=f"report {named}", now=now, sentence=sentence, hint=hint
        )
    raise UnknownThing(sentence, hint=hint)


def report_named(viewer: Viewer, report_id: str, now: datetime) -> ReportRow:
    """The issued report of that id ('PSG-2024-02-07-r1'). Raises UnknownThing, or NotAllowed with the same sentence."""
    row = viewer.session.get(ReportRow, report_id)
    sentence, hint = "There is no such report for you.", "Ask for it by group and date."
    if row is None:
        raise UnknownThing(sentence, hint=hint)
    ruling = viewer.ruling(Kind.REPORT, meetings.as_meeting(viewer.session.get_one(MeetingRow, row.meeting_uid)))
    what = f"report {row.reference}"
    access.require(viewer.session, ruling, person=viewer.person, what=what, now=now, sentence=sentence, hint=hint)
    return row


def update_action(
    session: Session,
    config: Config,
    reference: str,
    *,
    by: Person,
    now: datetime,
    note: str = "",
    done: bool = False,
    link: str = "",
) -> ActionRow:
    """An action's owner, or the PMO, notes where it stands; `done` proposes its closure, or by the PMO closes it.

    Raises UnknownThing, NotAllowed (of an action that is hidden from them with the same sentence) or SecretariatError.
    """
    row, meeting, of_pmo = _to_update(session, config, reference, by, now)
    _refuse_note(row, note, done=done)
    if note.strip():
        session.add(ActionNoteRow(reference=row.reference, at=now, person_id=by.id, text=note.strip()))
        audit.record(session, now, by.name, "action noted", row.reference, note=note.strip())
    if done:
        met = Obligation(meeting.uid, ACTION, row.reference)
        obligations.meet(session, met, by=by, of_pmo=of_pmo, now=now, link=link, named=f"{row.reference}/{ACTION}")
    session.flush()
    return row


def action_to_update(session: Session, config: Config, reference: str, *, by: Person, now: datetime) -> ActionRow:
    """The action of that reference, where that person may update it. Raises UnknownThing or NotAllowed."""
    return _to_update(session, config, reference, by, now)[0]


def _to_update(
    session: Session, config: Config, reference: str, by: Person, now: datetime
) -> tuple[ActionRow, Meeting, bool]:
    """The action, its meeting, and whether the person is of the PMO."""
    today = now.astimezone(LONDON).date()
    row, meeting = _action(session, config, reference, by, now)
    of_pmo = access.may_do(session, by, access.Deed.DONE, today).allowed
    mine = of_pmo or owns(Viewer(session, config, by, today), by, row, meeting)
    access.require(
        session, Ruling(mine, "neither its owner nor of the PMO"), person=by, what=f"action {row.reference}", now=now,
        sentence=f"{row.reference} is not yours to update.", hint="Its owner may, and the PMO.",
    )  # fmt: skip
    return row, meeting, of_pmo


def _action(session: Session, config: Config, reference: str, by: Person, now: datetime) -> tuple[ActionRow, Meeting]:
    row = session.get(ActionRow, reference.strip().upper())
    sentence, hint = f"There is no action {reference.strip()}.", "Write it as PSG27-03."
    if row is None:
        raise UnknownThing(sentence, hint=hint)
    meeting = meetings.as_meeting(session.get_one(MeetingRow, session.get_one(ReportRow, row.report_id).meeting_uid))
    viewer = Viewer(session, config, by, now.astimezone(LONDON).date())
    ruling = Ruling(sees_action(viewer, row, meeting), viewer.ruling(Kind.REPORT, meeting).reason)
    what = f"action {row.reference}"
    access.require(session, ruling, person=by, what=what, now=now, sentence=sentence, hint=hint)
    return row, meeting


def _refuse_note(row: ActionRow, note: str, *, done: bool) -> None:
    if row.state == CLOSED:
        raise SecretariatError(f"{row.reference} is closed.", hint="Ask the PMO if it should be opened again.")
    if not (note.strip() or done):
        raise SecretariatError("There is nothing to note.", hint="Say where the action stands.")
    if len(note.strip()) > LONGEST_NOTE:
        raise SecretariatError(
            f"That note is {len(note.strip()):,} characters long: {LONGEST_NOTE:,} are taken.",
            hint="Shorten it, and give a link to the rest.",
        )


def sees_action(viewer: Viewer, row: ActionRow, meeting: Meeting) -> bool:
    """Whether an action may be shown: with its report, or because it is the viewer's own."""
    if viewer.sees(Kind.REPORT, meeting):
        return True
    return viewer.person is not None and owns(viewer, viewer.person, row, meeting)


def owns(viewer: Viewer, person: Person, row: ActionRow, meeting: Meeting) -> bool:
    """Whether an action is a person's, by name, by organisation, or by a seat that they hold there that day."""
    names = {person.name.casefold(), person.organisation.casefold()}
    for held in viewer.seats_of(person):
        names |= members.owner_names(held) if held.group in (None, *meeting.groups) else set()
        names |= {"pmo"} if held.role in members.PMO_ROLES else set()
    return _is_among(row.owner, names)


def _of_the_constituency(viewer: Viewer, person: Person, row: ActionRow, meeting: Meeting) -> bool:
    """Whether an action is of a constituency that the person speaks for today: its own, or whoever speaks for it."""
    mine = {h.constituency for h in viewer.seats_of(person)} - {None}
    held = [h for group in meeting.groups for h in viewer.at_table(group) if h.constituency in mine]
    names = {str(c).casefold() for c in mine}.union(*(members.owner_names(h) for h in held))
    return _is_among(row.owner, names)


def _is_among(owner: str, names: set[str]) -> bool:
    """Owners are written 'DCC, Elexon'; the name of an organisation may hold a comma itself."""
    said = owner.casefold()
    return bool({said.strip(), *(part.strip() for part in said.split(","))} & (names - {""}))


def _owned(viewer: Viewer, sought: Sought, row: ActionRow, meeting: Meeting) -> bool:
    if sought.of is None or not sought.whose:
        return True
    is_theirs = owns if sought.whose == "mine" else _of_the_constituency
    return is_theirs(viewer, sought.of, row, meeting)


def _of_my_groups(viewer: Viewer, sought: Sought, meeting: Meeting) -> bool:
    """Decisions have no owners: mine are those of my groups, my constituency's those of the groups where it sits."""
    if sought.of is None or not sought.whose:
        return True
    held = viewer.seats_of(sought.of)
    groups = {h.group for h in held} | {*open_lists.of_person(viewer.session, sought.of.id, viewer.on)}
    if sought.whose == "constituency":
        mine = {h.constituency for h in held} - {None}
        groups = {h.group for key in meeting.groups for h in viewer.at_table(key) if h.constituency in mine}
    return bool(groups & {*meeting.groups})


def _with_meeting(line: type[DecisionRow] | type[ActionRow]) -> Select[Any, Any, Any]:
    """Each line with its meeting, and the recording that its report was drafted from."""
    query = select(line, MeetingRow, TranscriptRow.recording_id).join(ReportRow, line.report_id == ReportRow.id)
    query = query.join(MeetingRow, ReportRow.meeting_uid == MeetingRow.uid)
    query = query.outerjoin(DraftRow, ReportRow.draft_id == DraftRow.id)
    return query.outerjoin(TranscriptRow, DraftRow.transcript_id == TranscriptRow.id)


def _fits(sought: Sought, meeting: Meeting, words: Iterable[str]) -> bool:
    in_group = not sought.group or sought.group in meeting.groups
    wanted = sought.text.strip().casefold()
    return in_group and (not wanted or any(wanted in word.casefold() for word in words))


def _link(viewer: Viewer, meeting: Meeting, recording: str | None, at: float | None, page: str) -> str:
    if recording is None or at is None or not viewer.sees(Kind.RECORDING, meeting):
        return ""
    return at_second(recording_link(viewer.config, meeting, recording, page), at)


def _logged(row: ActionRow, meeting: Meeting, link: str, notes: Iterable[ActionNote]) -> LoggedAction:
    return LoggedAction(
        row.reference, row.text, row.owner, row.due, row.state, meeting, row.at_seconds, link, tuple(notes)
    )


def _notes(session: Session) -> dict[str, list[ActionNote]]:
    query = select(ActionNoteRow, PersonRow.name).join(PersonRow, ActionNoteRow.person_id == PersonRow.id)
    found: dict[str, list[ActionNote]] = {}
    for row, name in session.execute(query.order_by(ActionNoteRow.id)):
        found.setdefault(row.reference, []).append(ActionNote(row.at, name, row.text))
    return found
