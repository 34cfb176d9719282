"""The pack of a meeting, as its reader may see it.

Before it goes out it is working material: the PMO and the Chair see all of it, an author what is their own. Once it is
out, whoever `audience.papers` names sees what is in it (rules §1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, meetings, papers
from bot.access import Kind, Viewer
from bot.config import Config
from bot.correspondence import Letter, send
from bot.errors import UnknownThing
from bot.model import Meeting, Person
from bot.store.meeting_tables import ExpectedPaperRow, MeetingRow

COPY = "paper_copy"


@dataclass(frozen=True)
class Paper:
    """One paper or item. `waits_for_chair`: the viewer may give the Chair's word on it; `state` is in words."""

    row: ExpectedPaperRow
    author: str
    state: str
    is_mine: bool
    waits_for_chair: bool


@dataclass(frozen=True)
class Pack:
    """A meeting's papers; `issued_at` is when they went out, `link` where they lie, as said then."""

    meeting: Meeting
    issued_at: datetime | None
    link: str
    papers: tuple[Paper, ...]


def pack_of(viewer: Viewer, meeting: Meeting, now: datetime) -> Pack:
    """What of a meeting's papers the viewer may see. Raises NotAllowed with the sentence of one that has none."""
    access.require(
        viewer.session, viewer.ruling(Kind.PAPERS, meeting), person=viewer.person, what=f"papers {meeting.uid}",
        now=now, sentence=NONE.format(meeting.group), hint=HINT,
    )  # fmt: skip
    session, config, person = viewer.session, viewer.config, viewer.person
    issued = meetings.obligations_met(session, meeting.uid).get("papers")
    sees_all = access.may_speak_for_chair(session, config, person, meeting, viewer.on).allowed
    found = []
    for row in papers.of_meeting(session, meeting.uid):
        is_mine = person is not None and row.author_id == person.id
        if sees_all or is_mine or (issued and is_in_the_pack(row)):
            waits = sees_all and row.late and not row.chair_says
            found.append(Paper(row, papers.author(session, row), state_of(row), is_mine, waits))
    return Pack(meeting, issued.done_at if issued else None, issued.link if issued else "", tuple(found))


NONE, HINT = "There are no papers of {} for you.", "Correct the group or the date."


def is_in_the_pack(row: ExpectedPaperRow) -> bool:
    """Whether it has come in time, or the Chair takes it late."""
    return row.received_at is not None and (not row.late or row.chair_says == papers.TAKEN)


def state_of(row: ExpectedPaperRow) -> str:
    """Where it stands, in words."""
    if row.late:
        said = {papers.TAKEN: "late, taken with the Chair's consent", papers.REFUSED: "late, not taken by the Chair"}
        return said.get(row.chair_says, "late, waits for the Chair")
    if row.received_at is None:
        return "still to come"
    return "an item without a paper" if row.is_item and not (row.file or row.link) else "has come"


def paper_seen(viewer: Viewer, reference: str, now: datetime) -> Paper:
    """A paper with its file, where the viewer may see it. Raises UnknownThing or NotAllowed, with the same sentence."""
    sentence, hint = "There is no such paper for you.", "Ask for the papers again."
    row = viewer.session.get(ExpectedPaperRow, reference)
    if row is None or not row.file or row.withdrawn_at:
        raise UnknownThing(sentence, hint=hint)
    meeting = meetings.as_meeting(viewer.session.get_one(MeetingRow, row.meeting_uid))
    shown = viewer.sees(Kind.PAPERS, meeting) and next(
        (paper for paper in pack_of(viewer, meeting, now).papers if paper.row is row), None
    )
    ruling = access.Ruling(bool(shown), "not in the pack, or not for them")
    what = f"paper {row.reference}"
    access.require(viewer.session, ruling, person=viewer.person, what=what, now=now, sentence=sentence, hint=hint)
    return shown or Paper(row, "", "", is_mine=False, waits_for_chair=False)


def send_copy(session: Session, config: Config, row: ExpectedPaperRow, group: str, to: Person, now: datetime) -> None:
    """Send the file to whoever asked for it and may see it, in the caller's transaction; each version once a day."""
    letter = Letter(
        row.reference, COPY, f"asked_{row.file[:12]}_{now:%Y%m%d}", "paper_copy.txt",
        {"reference": row.reference, "title": row.title}, group, "receipt", f"{to.name} asked for a copy.",
        attachments=(row.file,),
    )  # fmt: skip
    send(session, config, letter, [to], now)
