"""The calendar's pages: the months, and one meeting with everything that hangs on it and can be done about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import amendments, meetings, members
from bot.errors import SecretariatError, StateUnusable
from bot.model import Deadline, Meeting, MeetingStatus
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow
from bot.store.speech_tables import RecordingRow
from handlers.web.change_forms import first_values
from handlers.web.desk import Desk
from handlers.web.feeds import addresses
from handlers.web.fields import EARLIEST, LATEST, Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.month_grid import due_by_day, months
from handlers.web.obligations import ToDo, clocks_to_meet, matters_to_meet, meet
from handlers.web.rendering import answer
from schedules.consequences import can_change, groups_to_call
from schedules.deadlines import AMENDMENT_CLOCKS
from schedules.frictions import frictions_among
from schedules.known_meetings import known_meetings

MOST_DAYS = timedelta(days=731)
NOTICES_SHOWN = 100
CLOCKS_REACH = timedelta(days=45)  # clocks fall due this far from their meeting


@dataclass(frozen=True)
class ShownMeeting:
    """A meeting with its clocks, and which of them somebody has met."""

    meeting: Meeting
    name: str
    clocks: list[Deadline]
    met: dict[str, ObligationRow]


def shown(desk: Desk, session: Session, meeting: Meeting) -> ShownMeeting:
    """The meeting as pages show it. A group that the configuration no longer has keeps its key, and no clock runs."""
    group = desk.config.groups.get(meeting.group)
    names = [desk.config.groups[key].name for key in meeting.groups if key in desk.config.groups]
    clocks = desk.announcer.clocks_of(session, meeting) if group else []
    return ShownMeeting(
        meeting, " and ".join(names) or meeting.group, clocks, meetings.obligations_met(session, meeting.uid)
    )


def calendar(desk: Desk, request: Request) -> Response:
    """`/calendar?from=&to=`: whole months, of this and the next two where no dates are given."""
    first, last = _period(request, desk.clock.today())
    with desk.database.reading() as session:
        found = between(desk, session, first, last)
        around = between(desk, session, first - CLOCKS_REACH, last + CLOCKS_REACH)
        standing = [meeting for meeting in around if meeting.status is not MeetingStatus.CANCELLED]
        due = due_by_day((meeting, shown(desk, session, meeting).clocks) for meeting in standing)
        form = shown_form(desk, session, request)
    grids = months(found, first, last, desk.calendar.closed, due)
    groups = sorted({key for m in found for key in m.groups})
    contradictions = desk.config.contradictions
    return answer(
        desk,
        request,
        "calendar.html",
        first=first,
        last=last,
        meetings=found,
        months=grids,
        feeds=addresses(desk, groups),
        contradictions=contradictions,
        frictions=[*frictions_among(desk.calendar, found, first, last)],
        form=form,
        groups_to_call=groups_to_call(desk.config, desk.clock.today()),
        can_change={m.uid for m in found if can_change(desk.config, m, desk.clock.now())},
    )


def _period(request: Request, today: date) -> tuple[date, date]:
    first = _date(request, "from") or today.replace(day=1)
    in_third_month = (first.replace(day=1) + timedelta(days=62)).replace(day=1)
    last = _date(request, "to") or (in_third_month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if not EARLIEST <= first <= last <= LATEST or last - first > MOST_DAYS:
        raise HTTPException(400, "Give a period of at most two years, its first day first, between 2000 and 2099.")
    return first, last


def _date(request: Request, name: str) -> date | None:
    text = request.query_params.get(name, "").strip()
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(400, f"“{text}” is no date: write it as in 2024-02-07.") from None
    if found and not EARLIEST <= found <= LATEST:
        raise HTTPException(400, f"“{text}” lies outside the calendar, which runs from 2000 to 2099.")
    return found


def between(desk: Desk, session: Session, first: date, last: date) -> list[Meeting]:
    """Meetings held from `first` to `last`: the calendar's, with what people have decided laid over it."""
    return known_meetings(session, desk.calendar, first, last)


@dataclass(frozen=True)
class Refused:
    """A word that something is done, which could not be taken: shown again with what was typed."""

    key: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


NOTHING_REFUSED = Refused()


def one(desk: Desk, request: Request, refused: Refused = NOTHING_REFUSED) -> Response:
    """`/meetings/{uid}`: the meeting, its clocks with their arithmetic, and everything that hangs on it."""
    uid = request.path_params["uid"]
    with desk.database.reading() as session:
        meeting = known_meeting(desk, session, uid)
        notices = select(OutboxRow).where(OutboxRow.meeting_uid == uid).order_by(OutboxRow.decided_at.desc())
        drafts = select(DraftRow).where(DraftRow.meeting_uid == uid).order_by(DraftRow.version.desc())
        reports = select(ReportRow).where(ReportRow.meeting_uid == uid).order_by(ReportRow.revision.desc())
        recordings = select(RecordingRow).where(RecordingRow.meeting_uid == uid).order_by(RecordingRow.arrived_at)
        requests = amendments.of_meeting(session, uid)
        as_shown = shown(desk, session, meeting)
        return answer(
            desk,
            request,
            "meeting.html",
            status=422 if refused.wrong else 200,
            shown=as_shown,
            feeds=addresses(desk, [*meeting.groups]),
            notices=session.scalars(notices.limit(NOTICES_SHOWN)).all(),
            notices_in_all=session.scalar(select(func.count()).where(OutboxRow.meeting_uid == uid)) or 0,
            drafts=session.scalars(drafts).all(),
            reports=session.scalars(reports).all(),
            recordings=session.scalars(recordings).all(),
            requests=[(row, members.by_id(session, row.requester_id)) for row in requests],
            can_change=can_change(desk.config, meeting, desk.clock.now()),
            form=shown_form(desk, session, request, first_values(meeting)),
            clocks_to_meet={todo.key: todo for todo in clocks_to_meet(session, meeting, as_shown.clocks)},
            matters_to_meet=list(matters_to_meet(desk, session, meeting)),
            refused=refused,
            form_again=shown_form(desk, session, request, refused.values, refused.wrong),
            just_met=_just_met(session, uid, request.query_params.get("done", "")),
        )


def _just_met(session: Session, uid: str, key: str) -> ObligationRow | None:
    """What was met a moment ago, for a word of confirmation. It is read from what is on file.

    What hangs on a reference has it alone; a decision may be kept under another day than its meeting's.
    """
    query = select(ObligationRow).where(ObligationRow.clock == key)
    return session.scalars(query if ":" in key else query.where(ObligationRow.meeting_uid == uid)).first()


def done(desk: Desk, request: Request, sent: Sent) -> Response:
    """`/meetings/{uid}/done` was sent: one thing is said to be done. Said twice, the first word stands."""
    uid, key = request.path_params["uid"], sent.line("obligation")
    fields = Fields(sent)
    try:
        with desk.database.session() as session:
            meeting = known_meeting(desk, session, uid)
            by, link = fields.person(session, desk.clock.now()), fields.link("link")
            todo = next((t for t in _to_meet(desk, session, meeting) if t.key == key), None)
            if todo is None and _just_met(session, uid, key) is None:
                fields.wrong[""] = f"This meeting has nothing to be done that is called “{key}”."
            if by and todo and not fields.wrong:
                meet(session, desk, todo, by=by, link=link)
                remember(request, by)
    except StateUnusable:
        raise
    except SecretariatError as error:
        fields.wrong[""] = str(error)
    if fields.wrong:
        return one(desk, request, Refused(key, sent.lines(), fields.wrong))
    return _to_page(uid, f"?{urlencode({'done': key})}")


def back_to(desk: Desk, request: Request) -> Response:
    """`/meetings/{uid}/done`, opened as a page: its form stands on the meeting's."""
    return _to_page(request.path_params["uid"])


def _to_page(uid: str, query: str = "") -> Response:
    return RedirectResponse(f"/meetings/{quote(uid)}{query}", 303, {"Cache-Control": "no-store"})


def _to_meet(desk: Desk, session: Session, meeting: Meeting) -> list[ToDo]:
    clocks = shown(desk, session, meeting).clocks
    return [*clocks_to_meet(session, meeting, clocks), *matters_to_meet(desk, session, meeting)]


def known_meeting(desk: Desk, session: Session, uid: str) -> Meeting:
    """The meeting of that uid, on file or only on the calendar. Raises HTTPException (404) where there is none."""
    found = meetings.by_uid(session, uid) or _planned(desk, uid)
    if found is None:
        raise HTTPException(404, f"There is no meeting {uid}.")
    return found


def _planned(desk: Desk, uid: str) -> Meeting | None:
    """A meeting of the calendar that has not been put on file: long past, or far ahead."""
    found = re.search(r"-(\d{4}-\d{2}-\d{2})@", uid)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
    if day is None or not EARLIEST <= day <= LATEST:
        return None
    near = desk.calendar.meetings(day - timedelta(days=60), day + timedelta(days=60))
    return next((m for m in near if m.uid == uid), None)


def coming(desk: Desk, session: Session, now: datetime, count: int) -> list[ShownMeeting]:
    """The next meetings on file that are not cancelled, with their clocks."""
    query = select(MeetingRow).where(MeetingRow.ends_at >= now, MeetingRow.status != MeetingStatus.CANCELLED.value)
    rows = session.scalars(query.order_by(MeetingRow.starts_at, MeetingRow.group_key).limit(count))
    return [shown(desk, session, meetings.as_meeting(row)) for row in rows.all()]


def held_lately(desk: Desk, session: Session, now: datetime, behind: timedelta) -> list[ShownMeeting]:
    """Meetings already held, newest first, with the clocks that run after them and that nobody has met.

    An amendment window that has passed is closed, not late, and leads to a reissue only where there were requests.
    """
    held = [m for m in meetings.between(session, now - behind, now) if m.ends_at < now]
    entries = [shown(desk, session, m) for m in reversed(held) if m.status is not MeetingStatus.CANCELLED]
    still_open = [replace(e, clocks=[c for c in e.clocks if _is_open(c, e, now)]) for e in entries]
    return [entry for entry in still_open if entry.clocks]


def _is_open(clock: Deadline, entry: ShownMeeting, now: datetime) -> bool:
    if clock.due_at is None or clock.due_at <= entry.meeting.ends_at or clock.kind in entry.met:
        return False
    return clock.due_at >= now or clock.kind not in AMENDMENT_CLOCKS
