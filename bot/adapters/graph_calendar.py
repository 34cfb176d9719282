"""The calendar of the programme's mailbox in Microsoft 365.

Needs the application permission Calendars.ReadWrite (Calendars.Read where it is only compared), scoped to the mailbox.
Two things keep an event from being made twice: our marks on it, which a rerun finds, and `transactionId`, by which
Graph itself knows a repeated request. An event's body is never changed afterwards: it carries the joining link.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed, unclear
from bot.errors import SecretariatError
from bot.model import Meeting, Outcome, Person
from bot.ports import CalendarEvent

# Our own set of MAPI properties; the name after it is matched with regard to case.
_MARKS = "8e0f6a52-3c1d-4f0e-9b57-2d6c1f4ab9e3"
_UID, _REVISION = (f"String {{{_MARKS}}} Name {name}" for name in ("MeetingUid", "MeetingRevision"))
# onlineMeeting comes empty unless isOnlineMeeting is asked for beside it.
_FIELDS = "id,iCalUId,changeKey,subject,start,end,isCancelled,isOnlineMeeting,onlineMeeting"
_EXPAND = f"singleValueExtendedProperties($filter=id eq '{_UID}' or id eq '{_REVISION}')"
_UTC = 'outlook.timezone="UTC"'


@contextmanager
def _in_words(graph: GraphConnection) -> Iterator[None]:
    """Sign in first, and say in a sentence what Graph did not do."""
    try:
        graph.sign_in()
        yield
    except GraphStopped as stop:
        may_have_been_taken = stop.delivery.outcome is not Outcome.FAILED_FOR_GOOD
        hint = "Run it again: what was made is found, and not made twice." if may_have_been_taken else ""
        raise SecretariatError(stop.delivery.error, hint=hint) from None


class GraphCalendar:
    """Microsoft 365 as the calendar that invites."""

    def __init__(self, account: GraphAccount) -> None:
        self._graph = GraphConnection(account, what="the event", permissions="Calendars.ReadWrite")

    def events(self, first: datetime, last: datetime) -> list[CalendarEvent]:
        """See MeetingCalendar."""
        period = {"startDateTime": _instant(first), "endDateTime": _instant(last), "$top": "100"}
        with _in_words(self._graph):
            return self._listed(f"{self._graph.url}/calendarView", period)

    def find(self, meeting_uid: str, event_id: str = "") -> CalendarEvent | None:
        """See MeetingCalendar. An occurrence of a series is found by its id alone: Graph lists only whole series."""
        quoted = meeting_uid.replace("'", "''")
        marked = f"singleValueExtendedProperties/any(ep: ep/id eq '{_UID}' and ep/value eq '{quoted}')"
        with _in_words(self._graph):
            known = [self._by_id(event_id)] if event_id else []
            found = [*known, *self._listed(f"{self._graph.url}/events", {"$filter": marked})]
        return next((event for event in found if event and not event.is_cancelled), None)

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
        with _in_words(self._graph):
            made = self._graph.request("post", f"{self._graph.url}/events", data=event)
            return _event({**_content(made), **_marks(meeting)})

    def adopt(self, event_id: str, meeting: Meeting) -> None:
        """See MeetingCalendar."""
        with _in_words(self._graph):
            self._graph.request("patch", self._address(event_id), data=_marks(meeting))

    def update(self, event_id: str, meeting: Meeting) -> None:
        """See MeetingCalendar."""
        with _in_words(self._graph):
            self._graph.request("patch", self._address(event_id), data={**_times(meeting), **_marks(meeting)})

    def cancel(self, event_id: str, comment: str) -> None:
        """See MeetingCalendar."""
        with _in_words(self._graph):
            self._graph.request("post", f"{self._address(event_id)}/cancel", data={"comment": comment})

    def _address(self, event_id: str) -> str:
        return f"{self._graph.url}/events/{quote(event_id, safe='')}"

    def _by_id(self, event_id: str) -> CalendarEvent | None:
        fields = {"$select": _FIELDS, "$expand": _EXPAND}
        try:
            answer = self._graph.request("get", self._address(event_id), params=fields, headers={"Prefer": _UTC})
        except GraphStopped as stop:
            if stop.code == "ErrorItemNotFound":
                return None
            raise
        return _event(_content(answer))

    def _listed(self, url: str, query: Mapping[str, str]) -> list[CalendarEvent]:
        """All pages of a list of events."""
        found: list[CalendarEvent] = []
        params: dict[str, str] | None = {**query, "$select": _FIELDS, "$expand": _EXPAND}
        while url:
            page = self._graph.request("get", url, params=params, headers={"Prefer": _UTC})
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
