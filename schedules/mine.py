"""What one person sees first: their groups, meetings and clocks, and what is expected of them. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import access, amendments, apologies, brakes, drafts, logs, meetings, open_lists, papers, releases
from bot.access import Kind, Viewer
from bot.amendment_life import OPEN, TO_REVIEW
from bot.amendment_life import Kind as RequestKind
from bot.clock import LONDON
from bot.logs import LoggedAction, Sought
from bot.model import Meeting, MeetingStatus, Person, SeatHolding
from bot.store.amendment_tables import AmendmentRow
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import ExpectedPaperRow
from schedules import waiting_documents
from schedules.announcements import Announcer
from schedules.feeds import meetings_of

AHEAD, BEHIND = timedelta(days=60), timedelta(days=60)
MOST_MEETINGS = 5


@dataclass(frozen=True)
class Coming:
    """A meeting to come: its clocks still to run (name, instant), its pack where it is out, who is away."""

    meeting: Meeting
    clocks: tuple[tuple[str, datetime], ...]
    pack: str
    is_away: bool


@dataclass(frozen=True)
class OpenWindow:
    """An issued report to which amendments may still be requested, until then."""

    meeting: Meeting
    closes_at: datetime
    has_answered: bool


@dataclass(frozen=True)
class ForThePmo:
    """What waits for the PMO."""

    to_review: int
    to_release: int
    stopped: tuple[str, ...]
    edited: tuple[str, ...] = ()  # drafts that came back from Word
    marked: tuple[str, ...] = ()  # issued reports that came back marked up


@dataclass(frozen=True)
class Mine:
    """Everything that one person's first page shows."""

    person: Person
    seats: tuple[SeatHolding, ...]
    lists: tuple[str, ...]
    coming: tuple[Coming, ...]
    windows: tuple[OpenWindow, ...]
    papers: tuple[tuple[ExpectedPaperRow, Meeting, datetime | None], ...]  # the pack's own deadline
    actions: tuple[LoggedAction, ...]
    requests: tuple[AmendmentRow, ...]
    drafts: tuple[tuple[DraftRow, Meeting], ...]  # to be edited by the PMO, or cleared by the Chair
    for_pmo: ForThePmo | None


def mine(session: Session, announcer: Announcer, person: Person, now: datetime) -> Mine:
    """What that person's first page shows now."""
    today = now.astimezone(LONDON).date()
    viewer = Viewer(session, announcer.config, person, today)
    found = meetings_of(session, announcer.calendar, person.id, today - BEHIND, today + AHEAD)
    of_pmo = access.may_do(session, person, access.Deed.DRAFT, today).allowed
    sought = Sought(of=person, whose="mine", open_only=True)
    return Mine(
        person=person,
        seats=tuple(viewer.seats_of(person)),
        lists=tuple(open_lists.of_person(session, person.id, today)),
        coming=tuple(_coming(viewer, announcer, person, m, now) for m in _next(found, now)),
        windows=tuple(_windows(session, announcer, person, found, now)),
        papers=tuple(_papers(session, announcer, person, now)),
        actions=tuple(logs.actions(viewer, sought, announcer.page())),
        requests=tuple(_requests(session, person)),
        drafts=tuple(_drafts(viewer)),
        for_pmo=_for_the_pmo(session, announcer, now) if of_pmo else None,
    )


def _next(found: list[Meeting], now: datetime) -> list[Meeting]:
    coming = [m for m in found if m.ends_at > now and m.status is not MeetingStatus.CANCELLED]
    return coming[:MOST_MEETINGS]


def _coming(viewer: Viewer, announcer: Announcer, person: Person, meeting: Meeting, now: datetime) -> Coming:
    session = viewer.session
    clocks = announcer.clocks_of(session, meeting)
    running = tuple((clock.kind, clock.due_at) for clock in clocks if clock.due_at and clock.due_at > now)
    pack = meetings.pack_link(session, meeting.uid)
    if pack and not viewer.sees(Kind.PAPERS, meeting):
        pack = ""
    return Coming(meeting, running, pack, person.id in apologies.away(session, meeting.uid))


def _windows(
    session: Session, announcer: Announcer, person: Person, found: list[Meeting], now: datetime
) -> Iterator[OpenWindow]:
    for meeting in found:
        if meeting.ends_at < now and meetings.issued_at(session, meeting.uid):
            closes_at = announcer.window_of(session, meeting)
            if closes_at and closes_at > now:
                answers = amendments.answers_of(session, meeting.uid)
                yield OpenWindow(meeting, closes_at, any(a.requester_id == person.id for a in answers))


def _papers(
    session: Session, announcer: Announcer, person: Person, now: datetime
) -> Iterator[tuple[ExpectedPaperRow, Meeting, datetime | None]]:
    for paper, row in papers.still_to_come(session, now):
        if paper.author_id == person.id:
            meeting = meetings.as_meeting(row)
            clocks = announcer.clocks_of(session, meeting)
            yield paper, meeting, next((c.due_at for c in clocks if c.kind == "papers"), None)


def _requests(session: Session, person: Person) -> list[AmendmentRow]:
    asked = amendments.of_person(session, person.id)
    return [row for row in asked if row.state in OPEN and row.kind != RequestKind.NO_COMMENTS]


def _drafts(viewer: Viewer) -> Iterator[tuple[DraftRow, Meeting]]:
    for draft in drafts.unissued(viewer.session):
        meeting = meetings.by_uid(viewer.session, draft.meeting_uid)
        if meeting and viewer.sees(Kind.DRAFT, meeting):
            yield draft, meeting


def _for_the_pmo(session: Session, announcer: Announcer, now: datetime) -> ForThePmo:
    waiting = [state.value for state in TO_REVIEW]
    asked = select(func.count()).where(
        AmendmentRow.state.in_(waiting), AmendmentRow.kind != RequestKind.NO_COMMENTS.value
    )
    return ForThePmo(
        to_review=session.scalar(asked) or 0,
        to_release=releases.how_many_wait(session),
        stopped=tuple(brakes.in_words(session, now)),
        edited=tuple(waiting_documents.edited_drafts(session, announcer.page())),
        marked=tuple(waiting_documents.marked_reports(session, announcer.page())),
    )
