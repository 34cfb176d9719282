"""The calendar of the programme's mailbox in Microsoft 365.

Needs the application permission Calendars.ReadWrite (Calendars.Read where it is only compared), scoped to the mailbox.
Two things keep an event from being made twice: our marks on it, which a rerun finds, and `transactionId`, by which Graph
itself knows a repeated request. The body of an event is never changed afterwards: it carries the joining link.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed, unclear
from bot.errors import SecretariatError
from bot.model import Meeting, Outcome, Person
from bot.ports import CalendarEvent

# Our own set of MAPI properties; the name after it is matched with regard to case.
_MARKS = "8e0f6a52-3c1d-4f0e-9b57-2d6c1f4ab9e3"
_UID, _REVISION = (f"String {{{_MARKS}}} Name {name}" for name in ("MeetingUid", "MeetingRevision"))
_FIELDS = "id,iCalUId,changeKey,subject,start,end,isCancelled,isOnlineMeeting,onlineMeeting"  # the last needs the one before
_EXPAND = f"singleValueExtendedProperties($filter=id eq '{_UID}' or id eq '{_REVISION}')"
_IN_UTC = {"Prefer": 'outlook.timezone="UTC"'}

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Own = TypeVar("Own", bound="GraphCalendar")


def _in_words(
    ask: Callable[Concatenate[Own, Arguments], Answer],
) -> Callable[Concatenate[Own, Arguments], Answer]:
    """Sign in first, and say in a sentence what Graph did not do."""

    @wraps(ask)
    def asked(self: Own, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            self.graph.sign_in()
            return ask(self, *args, **kwargs)
        except GraphStopped as stop:
            mended_by_waiting = stop.delivery.outcome is not Outcome.FAILED_FOR_GOOD
            hint = "Run it again: what was made is found, and not made twice." if mended_by_waiting else ""
            raise SecretariatError(stop.delivery.error, hint=hint) from None

    return asked


class GraphCalendar:
    """Microsoft 365 as the calendar that invites."""

    def __init__(self, account: GraphAccount) -> None:
        self.graph = GraphConnection(account, what="the event", permissions="Calendars.ReadWrite")

    @_in_words
    def events(self, first: datetime, last: datetime) -> list[CalendarEvent]:
        """See MeetingCalendar."""
        period = {"startDateTime": _instant(first), "endDateTime": _instant(last)}
        return self._listed(f"{self.graph.url}/calendarView", {**period, "$top": "100"})

    @_in_words
    def find(self, meeting_uid: str, event_id: str = "") -> CalendarEvent | None:
        """See MeetingCalendar. An occurrence of a series is found by its id alone: Graph lists only whole series."""
        if event_id and (known := self._by_id(event_id)) and not known.is_cancelled:
            return known
        quoted = meeting_uid.replace("'", "''")
        marked = f"singleValueExtendedProperties/any(ep: ep/id eq '{_UID}' and ep/value eq '{quoted}')"
        found = self._listed(f"{self.graph.url}/events", {"$filter": marked})
        return next((event for event in found if not event.is_cancelled), None)

    @_in_words
    def create(self, meeting: Meeting, *, subject: str, text: str, attendees: Sequence[Person]) -> CalendarEvent:
        """See MeetingCalendar."""
        event = {
            "subject": subject,
            "body": {"contentType": "text", "content": text},
            **_times(meeting),
            "attendees": [_attendee(person) for person in attendees if person.email],
            "isOnlineMeeting": True,
            "onlineMeetingProvider": "teamsForBusiness",
            "transactionId": str(uuid.uuid5(uuid.UUID(_MARKS), f"{meeting.uid} {meeting.revision}")),
            **_marks(meeting),
        }
        made = self.graph.request("post", f"{self.graph.url}/events", data=event)
        found = _event({**_content(made), **_marks(meeting)})
        return found

    @_in_words
    def adopt(self, event_id: str, meeting: Meeting) -> None:
        """See MeetingCalendar."""
        self.graph.request("patch", self._address(event_id), data=_marks(meeting))

    @_in_words
    def update(self, event_id: str, meeting: Meeting) -> None:
        """See MeetingCalendar."""
        self.graph.request("patch", self._address(event_id), data={**_times(meeting), **_marks(meeting)})

    @_in_words
    def cancel(self, event_id: str, comment: str) -> None:
        """See MeetingCalendar."""
        self.graph.request("post", f"{self._address(event_id)}/cancel", data={"comment": comment})

    def _address(self, event_id: str) -> str:
        return f"{self.graph.url}/events/{quote(event_id, safe='')}"

    def _by_id(self, event_id: str) -> CalendarEvent | None:
        fields = {"$select": _FIELDS, "$expand": _EXPAND}
        try:
            return _event(_content(self.graph.request("get", self._address(event_id), params=fields, headers=_IN_UTC)))
        except GraphStopped as stop:
            if stop.code == "ErrorItemNotFound":
                return None
            raise

    def _listed(self, url: str, query: Mapping[str, str]) -> list[CalendarEvent]:
        """All pages of a list of events."""
        found: list[CalendarEvent] = []
        params: dict[str, str] | None = {**query, "$select": _FIELDS, "$expand": _EXPAND}
        while url:
            page = self.graph.request("get", url, params=params, headers={**_IN_UTC})
            found += [_event(entry) for entry in listed(page)]
            url, params = str(_content(page).get("@odata.nextLink") or ""), None  # it holds the question already
        return found


def _content(response: Any) -> dict[str, Any]:
    try:
        return dict(response.json())
    except ValueError:
        raise GraphStopped(unclear("Graph's answer about the event could not be read.")) from None


def _event(entry: Mapping[str, Any]) -> CalendarEvent:
    marks = {mark["id"]: mark["value"] for mark in entry.get("singleValueExtendedProperties") or []}
    try:
        return CalendarEvent(
            id=entry["id"],
            ical_uid=entry.get("iCalUId") or "",
            change_key=entry.get("changeKey") or "",
            subject=entry.get("subject") or "",
            starts_at=_parsed(entry["start"]),
            ends_at=_parsed(entry["end"]),
            join_link=(entry.get("onlineMeeting") or {}).get("joinUrl") or "",
            meeting_uid=marks.get(_UID, ""),
            revision=int(marks.get(_REVISION, -1)),
            is_cancelled=bool(entry.get("isCancelled")),
        )
    except (KeyError, ValueError):
        raise GraphStopped(unclear("Graph's answer about the event could not be read.")) from None


def _marks(meeting: Meeting) -> dict[str, Any]:
    marks = {_UID: meeting.uid, _REVISION: str(meeting.revision)}
    return {"singleValueExtendedProperties": [{"id": name, "value": value} for name, value in marks.items()]}


def _times(meeting: Meeting) -> dict[str, Any]:
    return {"start": _in_graph(meeting.starts_at), "end": _in_graph(meeting.ends_at)}


def _in_graph(instant: datetime) -> dict[str, str]:
    return {"dateTime": f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _parsed(there: Mapping[str, str]) -> datetime:
    """Graph writes seven digits of a second, and the zone beside them."""
    local = datetime.fromisoformat(there["dateTime"][:19])
    return local.replace(tzinfo=ZoneInfo(there["timeZone"])).astimezone(UTC)


def _attendee(person: Person) -> dict[str, Any]:
    return {"emailAddress": {"address": person.email, "name": person.name}, "type": "required"}
