"""Teams' online meetings as Graph shows them, and a folder of recordings, for the stand-in of `fake_graph`.

A meeting is found by its joining link and by the organiser's object id only, lists come in pages, a transcript comes as
WebVTT where that is asked for, and a drive's content from another host, to which no token of ours may go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.fake_graph_calendar import Refused

ORGANISER = "ba321e0d-79ee-478d-8e28-85a19507f456"
TEAMS_STEPS = ("online meetings", "transcripts", "recordings", "transcript", "recording", "folder children", "item")
Answer = tuple[int, object, dict[str, str]]


@dataclass(frozen=True)
class Content:
    """Sent as bytes; a part of them where a range is asked for."""

    data: bytes
    media_type: str


@dataclass
class FakeTeams:
    """Online meetings by joining link, each with its transcripts and recordings; and the files of a drive's folder."""

    url: str = ""
    page_size: int = 1
    allowed: bool = True  # False: there is no application access policy
    meetings: dict[str, dict[str, Any]] = field(default_factory=dict)
    folder: dict[str, bytes] = field(default_factory=dict)
    seen_by_the_other_host: list[str] = field(default_factory=list)  # the Authorization that came with a blob's request

    def left(self, join_link: str, kind: str, begun: str, data: bytes) -> None:
        """What Teams has of a meeting: kind is `transcripts` or `recordings`, begun in UTC as 2026-11-04T10:00:00."""
        blank = {"id": f"MSo{len(self.meetings)}*0**19:m@thread.v2", "transcripts": [], "recordings": []}
        meeting = self.meetings.setdefault(join_link, blank)
        entry_id = f"{kind}-{list(self.meetings).index(join_link)}-{len(meeting[kind])}"
        meeting[kind].append({"id": entry_id, "createdDateTime": f"{begun}.8968037Z", "_": data})

    def blob(self, name: str, token: str) -> Answer:
        """A file's content, at the other host."""
        self.seen_by_the_other_host.append(token)
        return 200, Content(self.folder[name], "video/mp4"), {}

    def answer(self, step: str, parts: tuple[str, ...], query: dict[str, str]) -> Answer:
        """What Graph answers to one request."""
        if parts[0] != ORGANISER:
            raise Refused(404, "UnknownError")
        if step == "folder children":
            return 200, self._children(parts[1]), {}
        if step == "item":
            other = self.url.replace("//localhost", "//127.0.0.1")
            return 302, None, {"Location": f"{other}blob/{parts[1]}?tempauth=1"}
        if not self.allowed:
            raise Refused(403, "Forbidden")
        if step == "online meetings":
            return 200, {"value": self._by_link(query["$filter"])}, {}
        meeting = next((m for m in self.meetings.values() if m["id"] == parts[1]), None)
        if meeting is None:
            raise Refused(404, "NotFound")
        if step in ("transcripts", "recordings"):
            return 200, self._page(meeting[step], f"v1.0/users/{parts[0]}/onlineMeetings/{parts[1]}/{step}", query), {}
        return 200, self._content(meeting[f"{step}s"], parts[2], step, query), {}

    def _by_link(self, condition: str) -> list[dict[str, Any]]:
        wanted = re.fullmatch(r"JoinWebUrl eq '((?:[^']|'')*)'", condition)
        if wanted is None:
            raise Refused(400, "BadRequest")
        link = wanted[1].replace("''", "'")
        found = [self.meetings[link]] if link in self.meetings else []
        return [{"id": meeting["id"], "joinWebUrl": link, "subject": "A meeting"} for meeting in found]

    def _page(self, entries: list[dict[str, Any]], path: str, query: dict[str, str]) -> dict[str, Any]:
        skip = int(query.get("$skiptoken", "0"))
        shown = [{k: v for k, v in e.items() if k != "_"} for e in entries[skip : skip + self.page_size]]
        page: dict[str, Any] = {"@odata.count": len(shown), "value": shown}
        if len(entries) > skip + self.page_size:
            page["@odata.nextLink"] = f"{self.url}{path}?$skiptoken={skip + self.page_size}"
        return page

    def _content(self, entries: list[dict[str, Any]], entry_id: str, step: str, query: dict[str, str]) -> Content:
        entry = next((e for e in entries if e["id"] == entry_id), None)
        if entry is None:
            raise Refused(404, "NotFound")
        if step == "transcript" and query.get("$format") != "text/vtt":
            raise Refused(415, "UnsupportedMediaType")
        return Content(entry["_"], "text/vtt" if step == "transcript" else "video/mp4")

    def _children(self, folder: str) -> dict[str, Any]:
        if folder != "Recordings":
            raise Refused(404, "itemNotFound")
        mime = {"mimeType": "video/mp4"}
        files = [{"id": n, "name": n, "size": len(data), "file": mime} for n, data in self.folder.items()]
        return {"value": [*files, {"id": "folder", "name": "Old", "size": 3, "folder": {"childCount": 1}}]}
