"""Graph's calendar, for the stand-in of `fake_graph`: events in memory, and what attendees are told of them.

Stateful as Graph is: the same transactionId makes no second event, a cancelled event goes to Deleted Items (where only
its id finds it), extended properties come only where they are expanded, onlineMeeting only beside isOnlineMeeting,
lists come in pages, and a changed body loses the joining link.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

WHEN = "2026-11-04T12:00:00Z"
JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"


class Refused(Exception):
    """Graph's refusal of a request."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


@dataclass
class FakeCalendar:
    """The events, and `told`: what attendees got, as (what, event id).

    `view_expands`: whether calendarView gives extended properties; users have reported that it does not always.
    """

    url: str = ""
    page_size: int = 2
    view_expands: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def standing(self) -> list[dict[str, Any]]:
        """The events that a person sees in the calendar."""
        return [event for event in self.events if not event["_deleted"]]

    def entered_by_hand(self, subject: str, start: str, end: str) -> dict[str, Any]:
        """An event that a person made in Outlook; times in UTC, as 2026-11-04T10:00:00."""
        return self._keep({"subject": subject, "start": _utc(start), "end": _utc(end)})

    def answer(self, step: str, event_id: str, wanted: dict[str, Any], query: dict[str, str]) -> tuple[int, object]:
        """What Graph answers to one request about the calendar."""
        if step == "create event":
            return 201, self._shown(self._made(wanted), {"$expand": query.get("$expand", "")})
        if step == "view":
            shown = query if self.view_expands else {**query, "$expand": ""}
            return 200, self._page(self._in_view(query), shown)
        if step == "find event":
            return 200, self._page(self._with_mark(query["$filter"]), query)
        event = next((event for event in self.events if event["id"] == event_id), None)
        if event is None:
            raise Refused(404, "ErrorItemNotFound")
        if step == "change event":
            return 200, self._shown(self._changed(event, wanted), query)
        if step == "cancel event":
            return self._cancelled(event), None
        return 200, self._shown(event, query)

    def _made(self, wanted: dict[str, Any]) -> dict[str, Any]:
        same = [e for e in self.events if e["transactionId"] and e["transactionId"] == wanted.get("transactionId")]
        if same:
            return same[0]
        event = self._keep(wanted)
        if event["attendees"]:
            self.told.append(("invited", event["id"]))
        return event

    def _keep(self, wanted: dict[str, Any]) -> dict[str, Any]:
        event = _blank_event(wanted)
        self.events.append(event)
        return event

    def _changed(self, event: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        event["_marks"] |= {mark["id"]: mark["value"] for mark in wanted.pop("singleValueExtendedProperties", [])}
        if "body" in wanted:
            event["onlineMeeting"] = None
        if wanted:
            self.told.append(("updated", event["id"]))
        event.update(wanted, changeKey=uuid.uuid4().hex)
        return event

    def _cancelled(self, event: dict[str, Any]) -> int:
        if event["_deleted"]:
            raise Refused(400, "ErrorInvalidOperation")
        event.update(_deleted=True, isCancelled=True)
        self.told.append(("cancelled", event["id"]))
        return 202

    def _in_view(self, query: dict[str, str]) -> list[dict[str, Any]]:
        first, last = query["startDateTime"].removesuffix("Z"), query["endDateTime"].removesuffix("Z")
        return [e for e in self.standing if e["start"]["dateTime"] < last and first < e["end"]["dateTime"]]

    def _with_mark(self, condition: str) -> list[dict[str, Any]]:
        wanted = re.fullmatch(
            r"singleValueExtendedProperties/any\(ep: ep/id eq '(.+)' and ep/value eq '((?:[^']|'')*)'\)", condition
        )
        if wanted is None:
            raise Refused(400, "ErrorInvalidUrlQueryFilter")
        return [event for event in self.standing if event["_marks"].get(wanted[1]) == wanted[2].replace("''", "'")]

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        skip = int(query.get("$skip", "0"))
        page: dict[str, Any] = {
            "@odata.context": f"{self.url}v1.0/$metadata#users('1')/events({query.get('$select', '')})",
            "value": [self._shown(event, query) for event in found[skip : skip + self.page_size]],
        }
        if len(found) > skip + self.page_size:
            page["@odata.nextLink"] = str(skip + self.page_size)
        return page

    def _shown(self, event: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        fields = query["$select"].split(",") if "$select" in query else [n for n in event if not n.startswith("_")]
        shown = {name: event[name] for name in ("@odata.etag", "id", *fields)}
        if "onlineMeeting" in shown and "isOnlineMeeting" not in shown:
            shown["onlineMeeting"] = None
        wanted = re.findall(r"id eq '([^']+)'", query.get("$expand", ""))
        marks = [{"id": name, "value": value} for name, value in event["_marks"].items() if name in wanted]
        return {**shown, "singleValueExtendedProperties": marks} if marks else shown


def _utc(instant: str) -> dict[str, str]:
    datetime.fromisoformat(instant).replace(tzinfo=UTC)
    return {"dateTime": f"{instant}.0000000", "timeZone": "UTC"}


def _blank_event(wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted["start"]["timeZone"] != "UTC":
        raise Refused(400, "TimeZoneNotSupportedException")
    online = bool(wanted.get("isOnlineMeeting"))
    return {
        "@odata.etag": 'W/"/IUUrIl3PkG1JCSsPfU+8wAAGXjEpA=="',
        "id": f"AAMk{uuid.uuid4().hex}=",
        "createdDateTime": WHEN,
        "lastModifiedDateTime": WHEN,
        "changeKey": uuid.uuid4().hex,
        "categories": [],
        "originalStartTimeZone": "UTC",
        "originalEndTimeZone": "UTC",
        "iCalUId": f"040000008200E00074C5B7101A82E008{uuid.uuid4().hex.upper()}",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "hideAttendees": False,
        "subject": wanted["subject"],
        "bodyPreview": wanted.get("body", {}).get("content", "")[:255],
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isDraft": False,
        "isOrganizer": True,
        "responseRequested": True,
        "seriesMasterId": None,
        "transactionId": wanted.get("transactionId"),
        "showAs": "busy",
        "type": "singleInstance",
        "webLink": "https://outlook.office365.com/owa/?itemid=1",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": online,
        "onlineMeetingProvider": wanted.get("onlineMeetingProvider", "unknown"),
        "onlineMeeting": {"joinUrl": f"{JOIN}/{uuid.uuid4().hex}"} if online else None,
        "recurrence": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "body": wanted.get("body", {"contentType": "html", "content": ""}),
        "start": _utc(wanted["start"]["dateTime"][:19]),
        "end": _utc(wanted["end"]["dateTime"][:19]),
        "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"},
        "locations": [],
        "attendees": wanted.get("attendees", []),
        "organizer": {"emailAddress": {"name": "PMO", "address": "pmo@example.org"}},
        "_marks": {mark["id"]: mark["value"] for mark in wanted.get("singleValueExtendedProperties", [])},
        "_deleted": False,
    }
