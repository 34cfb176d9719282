"""The forms that change a meeting: what they are filled in with at first, and what a person wants by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from bot.clock import LONDON
from bot.model import Meeting
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent
from schedules.changes import Wanted
from schedules.consequences import groups_to_call

MOVE, CANCEL, CONFIRM, ADD = "move", "cancel", "confirm", "add"
ANOTHER_DAY = "another"


def first_values(meeting: Meeting | None) -> dict[str, str]:
    """What stands in the fields before anybody has typed: the meeting as it is."""
    if meeting is None:
        return {}
    start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
    first_choice = meeting.proposals[0].isoformat() if meeting.proposals else ANOTHER_DAY
    return {"to": meeting.on.isoformat(), "start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "choice": first_choice}


def wanted_by(
    desk: Desk, session: Session, sent: Sent, action: str, meeting: Meeting | None
) -> tuple[Wanted | None, Mapping[str, str]]:
    """(what the person wants, nothing wrong), or (None, what is wrong, a sentence a field)."""
    fields = Fields(sent)
    by = fields.person(session, desk.clock.now())
    reason = fields.line("reason")
    if meeting is None:
        group = fields.choice("group", groups_to_call(desk.config, desk.clock.today()), asked="Choose the group.")
        on = fields.day("on", asked="Give the day.")
    else:
        group, on = meeting.group, meeting.on
    to = _to(fields, action)
    start, end = (fields.time(name) if action in (MOVE, ADD) else None for name in ("start", "end"))
    if fields.wrong or by is None or on is None:
        return None, fields.wrong
    wanted = Wanted(action, group, on, by, reason, to, start, end)
    return replace(wanted, joint_with=tuple(sent.all("with"))) if action == ADD else wanted, {}


def _to(fields: Fields, action: str) -> date | None:
    """The day that the meeting shall have."""
    if action == MOVE:
        return fields.day("to", asked="Say to which day.")
    if action == CONFIRM and fields.sent.line("choice") == ANOTHER_DAY:
        return fields.day("other", asked="Say which other day.")
    return fields.day("choice", asked="Choose one of the days.") if action == CONFIRM else None
