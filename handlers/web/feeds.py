"""`/feeds/{token}.ics`: a calendar to subscribe to. It needs no session: the address is the key."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import access
from bot.errors import NotAllowed
from handlers.web.desk import Desk
from schedules.feeds import feed_of, of_group, subscription_of


def feed(desk: Desk, request: Request) -> Response:
    """The calendar that this address opens, or a sentence that it opens none; the audit keeps who came in vain."""
    token, now = request.path_params["token"], desk.clock.now()
    try:
        with desk.database.reading() as session:
            found = subscription_of(session, desk.config, token, desk.feed_secret)
            ruling = access.may_read_calendar(found is not None)
            access.require(session, ruling, person=None, what="calendar feed", now=now, asked_as=f"{token[:8]}…")
            content = feed_of(session, desk.calendar, found, now=now) if found else ""
    except NotAllowed:
        raise HTTPException(404, "There is no calendar at this address: ask the PMO for yours.") from None
    headers = {"Cache-Control": "private, no-cache", "Content-Disposition": 'inline; filename="meetings.ics"'}
    return Response(content, media_type="text/calendar", headers=headers)


def addresses(desk: Desk, groups: list[str]) -> dict[str, str]:
    """The address of each group's calendar on our page, by the group's key; of groups that are still configured."""
    return {key: of_group(key).address(desk.feed_secret) for key in groups if key in desk.config.groups}
