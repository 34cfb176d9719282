"""Moving, cancelling, confirming and adding a meeting: what follows is shown first, then done in one transaction.

The preview is the deed, rolled back (docs/decisions/0007). Whatever changes the meeting in between stops the deed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.clock import spoken, spoken_date
from bot.errors import SecretariatError, StateUnusable
from bot.model import Meeting
from handlers.web import deeds
from handlers.web.change_forms import ADD, first_values, wanted_by
from handlers.web.desk import Desk
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.meetings import known_meeting
from handlers.web.rendering import answer
from schedules.changes import Consequences, Wanted, enact
from schedules.consequences import (
    ToSend,
    can_change,
    composed,
    groups_to_call,
    meeting_to_change,
    outcome,
    parts,
    stands,
)  # fmt: skip

DO = "do"
VERBS = {"move": "Move", "cancel": "Cancel", "confirm": "Confirm", "add": "Add"}
DONE = {"move": "moved to", "cancel": "cancelled, which was to be on", "confirm": "confirmed for", "add": "added on"}
CHANGED_MEANWHILE = "The meeting was changed since this was shown, so nothing was done. This is what would follow now."


@dataclass(frozen=True)
class Preview:
    """What would follow. `seen` is how the meeting stood: the deed is for that meeting only."""

    parts: list[Consequences]
    to_send: list[ToSend]
    seen: str


@dataclass(frozen=True)
class Shown:
    """What a page of the change says: of an action on a meeting, or on none where one is added."""

    action: str
    meeting: Meeting | None
    values: Mapping[str, str]
    joint: Sequence[str] = ()  # of a meeting that is added: the other groups chosen
    wrong: Mapping[str, str] = field(default_factory=dict)
    preview: Preview | None = None
    meanwhile: str = ""
    status: int = 200


def form(desk: Desk, request: Request, *, action: str) -> Response:
    """The form alone: `/meetings/{uid}/move`, `cancel`, `confirm`, and `/calendar/add`."""
    with desk.database.reading() as session:
        meeting = _meeting(desk, session, request, action)
    return _page(desk, request, Shown(action, meeting, first_values(meeting)))


def asked(desk: Desk, request: Request, sent: Sent, *, action: str) -> Response:
    """The form was sent: shows what would follow, or does it where that has been seen."""
    with desk.database.reading() as session:
        meeting = _meeting(desk, session, request, action)
        wanted, wrong = wanted_by(desk, session, sent, action, meeting)
    shown = Shown(action, meeting, sent.lines(), sent.all("with"), wrong, status=422)
    if wanted is None:
        return _page(desk, request, shown)
    remember(request, wanted.by)
    now, doing = desk.clock.now(), sent.line("step") == DO
    try:
        number = _do(desk, sent, wanted, meeting, now) if doing else None
        if number is not None:
            return deeds.lead_on(number)
        preview = _rehearse(desk, wanted, meeting, now)
    except StateUnusable:
        raise
    except SecretariatError as error:
        return _page(desk, request, replace(shown, wrong={"": str(error)}))
    meanwhile = CHANGED_MEANWHILE if doing else ""
    return _page(desk, request, replace(shown, preview=preview, meanwhile=meanwhile, status=409 if doing else 200))


def _meeting(desk: Desk, session: Session, request: Request, action: str) -> Meeting | None:
    return None if action == ADD else known_meeting(desk, session, request.path_params["uid"])


def _do(desk: Desk, sent: Sent, wanted: Wanted, meeting: Meeting | None, now: datetime) -> int | None:
    """Do it, once; returns the deed's number, or None where the meeting is not what was seen."""
    deed = sent.line("deed")
    with desk.database.session() as session:
        number = deeds.done_before(session, deed, now)
        if number is not None:
            return number
        if _seen(_standing(desk, session, wanted, meeting, now)) != sent.line("seen"):
            return None
        found = enact(session, desk.announcer, wanted, now)
        return deeds.record_change(
            session, now, wanted.by, found.after.uid, deed=deed, title=_title(wanted, found), outcome=outcome(found)
        )


def _rehearse(desk: Desk, wanted: Wanted, meeting: Meeting | None, now: datetime) -> Preview:
    """The change, made and rolled back. No invitation is kept: nothing of it shall stay."""
    with desk.database.rehearsal() as session:
        seen = _seen(_standing(desk, session, wanted, meeting, now))
        found = enact(session, replace(desk.announcer, files=None), wanted, now)
        return Preview(list(parts(found)), composed(session, now), seen)


def _standing(desk: Desk, session: Session, wanted: Wanted, meeting: Meeting | None, now: datetime) -> Meeting | None:
    """The meeting as it is on file now. Raises SecretariatError where it is not the one of this page, or is past."""
    if meeting is None:
        return None
    found = meeting_to_change(session, desk.calendar, wanted, now)
    if found.uid != meeting.uid:
        raise SecretariatError(
            f"{meeting.group} has two meetings on {spoken_date(meeting.on)}, and this is the second.",
            hint="Change the other one first.",
        )
    return found


def _seen(meeting: Meeting | None) -> str:
    return f"{meeting.revision} {meeting.status} {meeting.starts_at.isoformat()}" if meeting else "none"


def _title(wanted: Wanted, found: Consequences) -> str:
    return f"{found.after.known_as} {DONE[wanted.action]} {spoken(found.after.starts_at)}"


def _page(desk: Desk, request: Request, shown: Shown) -> Response:
    with desk.database.reading() as session:
        filled = shown_form(desk, session, request, shown.values, shown.wrong)
    return answer(
        desk,
        request,
        "change.html",
        status=shown.status,
        action=shown.action,
        verb=VERBS[shown.action],
        meeting=shown.meeting,
        open_to_change=shown.meeting is None or can_change(desk.config, shown.meeting, desk.clock.now()),
        form=filled,
        groups=groups_to_call(desk.config, desk.clock.today()),
        joint=shown.joint,
        preview=shown.preview,
        stands=stands,
        by=next((p.name for p in filled.people if p.id == shown.values.get("by")), ""),
        meanwhile=shown.meanwhile,
    )
