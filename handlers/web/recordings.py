"""Recordings on the page: where each stands, how long it will take, its parts and closed ranges, and deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import (
    closed_sessions,
    exclusions,
    listening_copies,
    misheard,
    recording_deeds,
    recordings,
    speaker_names,
    transcripts,
)
from bot.errors import SecretariatError
from bot.exclusions import Asked, Erased
from bot.meetings import by_uid
from bot.model import Person
from bot.store.draft_tables import DraftRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer
from schedules.finding import find_meeting

LOOK_AGAIN_SECONDS = 5  # while something is being transcribed
STOPPABLE, AT_WORK = recording_deeds.STOPPABLE, ("waiting", "waiting:working", "transcribed", "transcribed:working")


def listed(desk: Desk, request: Request) -> Response:
    """`/recordings`: every recording, the newest first."""
    with desk.database.reading() as session:
        entries = [(row, recording_deeds.meeting_named(session, row)) for row in recording_deeds.listed(session)]
        shown = answer(desk, request, "recordings.html", entries=entries)
        return _fresh(shown, any(row.state in AT_WORK for row, _ in entries))


def one(desk: Desk, request: Request) -> Response:
    """`/recordings/{id}/about`: one recording, and the forms for what people say about it."""
    return _page(desk, request)


def decided(desk: Desk, request: Request, sent: Sent) -> Response:
    """A person's word on a recording: done at once, or said why not."""
    fields, step, now = Fields(sent), sent.line("step"), desk.clock.now()
    erased: list[Erased] = []
    with desk.database.session() as session:
        row = _row(session, request)
        place = row.id
        by = fields.person(session, now)
        if step not in STEPS:
            raise HTTPException(404, "There is no such deed. Nothing was changed.")
        if by and not fields.wrong:
            try:
                with session.begin_nested():
                    place = STEPS[step](_Deed(desk, session, row, sent, by, erased))
            except SecretariatError as error:
                fields.wrong[""] = str(error)
            else:
                remember(request, by)
    if fields.wrong:
        return _page(desk, request, values=sent.lines(), wrong=fields.wrong, status=422)
    for each in erased:
        exclusions.clear_away(desk.database, desk.excluding(), each)
    return RedirectResponse(f"/recordings/{place}/about", 303, {"Cache-Control": "no-store"})


@dataclass(frozen=True)
class _Deed:
    """One person's word on one recording. `erased` takes up what is to be cleared away once it is committed."""

    desk: Desk
    session: Session
    row: RecordingRow
    sent: Sent
    by: Person
    erased: list[Erased]


def _cancel(deed: _Deed) -> str:
    recording_deeds.cancel(deed.session, deed.row, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _retry(deed: _Deed) -> str:
    recording_deeds.retry(deed.session, deed.row, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _complete(deed: _Deed) -> str:
    recording_deeds.complete(deed.session, deed.row, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _assign(deed: _Deed) -> str:
    group, on = recording_deeds.reference_read(deed.sent.line("meeting"))
    meeting = find_meeting(deed.session, deed.desk.calendar, group, on)
    return recording_deeds.assign(deed.session, deed.row, meeting, by=deed.by, now=deed.desk.clock.now()).id


def _include(deed: _Deed) -> str:
    number = _number(deed.sent.line("number")) or 0
    exclusions.lift(deed.session, deed.row, number, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _exclude(deed: _Deed) -> str:
    measured = deed.sent.line("measured")
    asked = Asked(deed.sent.line("range"), wall_clock=measured == "clock", part=_number(measured))
    excluding, now = deed.desk.excluding(), deed.desk.clock.now()
    deed.erased.append(exclusions.exclude(deed.session, excluding, deed.row, asked, by=deed.by, now=now))
    return deed.row.id


def _undo(deed: _Deed) -> str:
    asked = deed.sent.line("correction").strip()
    numbers = None if asked.casefold() == "all" else {_number(asked) or 0}
    misheard.take_back(deed.session, deed.row, numbers, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _name(deed: _Deed) -> str:
    names = {deed.sent.line("speaker"): deed.sent.line("is")}
    speaker_names.name(deed.session, deed.row, names, by=deed.by, now=deed.desk.clock.now())
    return deed.row.id


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 4 else None


STEPS: Mapping[str, Callable[[_Deed], str]] = {
    "cancel": _cancel,
    "retry": _retry,
    "complete": _complete,
    "assign": _assign,
    "exclude": _exclude,
    "include": _include,
    "undo": _undo,
    "name": _name,
}
"""What a form may ask for; each returns the id of the recording to show then."""


def _page(
    desk: Desk, request: Request, *, values: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    with desk.database.reading() as session:
        row = _row(session, request)
        found = transcripts.latest(session, row.id)
        of_it = select(TranscriptRow.id).where(TranscriptRow.recording_id == row.id)
        drafted = select(DraftRow).where(DraftRow.transcript_id.in_(of_it)).order_by(DraftRow.version.desc())
        shown = answer(
            desk,
            request,
            "recording.html",
            status=status,
            row=row,
            meeting=by_uid(session, row.meeting_uid) if row.meeting_uid else None,
            starts={part.id: recordings.start_of(part) for part in row.parts},
            closed=closed_sessions.rows_of(session, row.id),
            transcript=found[1] if found else None,
            put_right=misheard.listed(found[1]) if found else [],
            speakers=speaker_names.listed(session, row) if found else [],
            draft=session.scalars(drafted.limit(1)).first(),
            playable=listening_copies.playable(session, row) is not None,
            measures=_measures(row),
            stoppable=row.state in STOPPABLE,
            form=shown_form(desk, session, request, values, wrong),
        )
        return _fresh(shown, row.state in AT_WORK and not values)


def _measures(row: RecordingRow) -> list[tuple[str, str]]:
    """By what a range may be given."""
    parts = [(str(p.position + 1), f"the own time of {p.name}") for p in row.parts] if len(row.parts) > 1 else []
    return [("line", "the recording's own time"), *parts, ("clock", "London's clocks")]


def _fresh(shown: Response, at_work: bool) -> Response:
    if at_work:
        shown.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return shown


def _row(session: Session, request: Request) -> RecordingRow:
    row = session.get(RecordingRow, request.path_params["id"])
    if row is None:
        raise HTTPException(404, f"There is no recording {request.path_params['id']}.")
    return row
