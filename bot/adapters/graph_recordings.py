"""Teams' transcripts and recordings, and recordings in OneDrive or SharePoint, through Microsoft Graph.

Needs the application permissions OnlineMeetings.Read.All and OnlineMeetingTranscript.Read.All (or
OnlineMeetingRecording.Read.All), with an application access policy for the organiser; for a folder of recordings
Files.Read.All, or Sites.Selected with read on that one site. Both of Teams' lists are metered by Microsoft.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import requests

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed
from bot.durable_files import full_disk_in_words
from bot.errors import SecretariatError
from bot.ports import MeetingFile

PIECE = 1 << 20  # bytes that are in memory at a time
SOUND = (".mp4", ".m4a", ".mp3", ".wav", ".flac", ".ogg", ".webm", ".vtt")
Kind = Literal["transcripts", "recordings"]
SUFFIX: dict[Kind, str] = {"transcripts": ".vtt", "recordings": ".mp4"}
PERMISSION: dict[Kind, str] = {
    "transcripts": "OnlineMeetingTranscript.Read.All",
    "recordings": "OnlineMeetingRecording.Read.All",
}


@dataclass(frozen=True)
class Watched:
    """What is fetched. `organiser`: whose meetings they are, by object id, "" for the mailbox; `folder` "": none.

    `site` (HOST:/sites/NAME) and `library` say where the folder is; without a site it is in the organiser's OneDrive.
    """

    transcripts: bool = False
    recordings: bool = False
    organiser: str = ""
    site: str = ""
    library: str = ""
    folder: str = ""


class GraphRecordings:
    """`bot.ports.MeetingFiles`, of one organiser."""

    def __init__(self, account: GraphAccount, watched: Watched) -> None:
        self._graph = GraphConnection(account, what="the recording", permissions="Files.Read.All")
        self._watched = watched
        wanted: dict[Kind, bool] = {"transcripts": watched.transcripts, "recordings": watched.recordings}
        self._kinds = [kind for kind, is_wanted in wanted.items() if is_wanted]
        self._root = self._graph.url.partition("/users/")[0]
        self._organiser = f"{self._root}/users/{quote(watched.organiser or account.mailbox)}"

    def of_meeting(self, join_link: str) -> list[MeetingFile]:
        """See MeetingFiles."""
        quoted = join_link.replace("'", "''")
        found: list[MeetingFile] = []
        with self._in_words():
            for kind in self._kinds:
                with self._permitted(kind):
                    meetings = self._listed(
                        f"{self._organiser}/onlineMeetings", {"$filter": f"JoinWebUrl eq '{quoted}'"}
                    )
                    found += [
                        file for meeting in meetings for file in self._of_online_meeting(str(meeting["id"]), kind)
                    ]
        return found

    def in_folder(self) -> list[MeetingFile]:
        """See MeetingFiles."""
        if not self._watched.folder:
            return []
        with self._in_words():
            path = quote(self._watched.folder.strip("/"))
            items = self._listed(f"{self._drive}/root:/{path}:/children", {"$select": "id,name,size,file"})
            return [
                MeetingFile(
                    str(item["id"]), str(item["name"]), None, f"{self._drive}/items/{quote(str(item['id']))}/content"
                )
                for item in items
                if "file" in item and item.get("size") and str(item["name"]).casefold().endswith(SOUND)
            ]

    def fetch(self, file: MeetingFile, target: Path) -> None:
        """See MeetingFiles."""
        with self._in_words():
            have = target.stat().st_size if target.exists() else 0
            asked = {"Range": f"bytes={have}-"} if have else {}
            try:
                answer = self._graph.request("get", file.address, headers=asked, stream=True)
            except GraphStopped as stop:
                if stop.status != 416 or not have:  # nothing is left: it was all there, or is another file by now
                    raise
                target.unlink()
                answer = self._graph.request("get", file.address, headers={}, stream=True)
            with answer, full_disk_in_words(target), target.open("ab" if answer.status_code == 206 else "wb") as kept:
                for piece in _pieces(answer):
                    kept.write(piece)

    def _of_online_meeting(self, meeting_id: str, kind: Kind) -> list[MeetingFile]:
        address = f"{self._organiser}/onlineMeetings/{quote(meeting_id, safe='')}/{kind}"
        query = "?$format=text/vtt" if kind == "transcripts" else ""
        return [
            MeetingFile(
                str(entry["id"]),
                f"Teams{SUFFIX[kind]}",
                _instant(entry.get("createdDateTime")),
                f"{address}/{quote(str(entry['id']), safe='')}/content{query}",
            )
            for entry in self._listed(address, {})
        ]

    def _listed(self, url: str, query: dict[str, str]) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        params: dict[str, str] | None = query
        while url:
            page = self._graph.request("get", url, params=params)
            found += listed(page)
            url, params = str(page.json().get("@odata.nextLink") or ""), None  # it holds the question already
        return found

    @cached_property
    def _drive(self) -> str:
        """The address of the drive with the recordings. Raises SecretariatError, naming those that there are."""
        if not self._watched.site:
            return f"{self._organiser}/drive"
        site = self._graph.request("get", f"{self._root}/sites/{quote(self._watched.site, safe=':/')}").json()
        if not self._watched.library:
            return f"{self._root}/sites/{site['id']}/drive"
        drives = listed(self._graph.request("get", f"{self._root}/sites/{site['id']}/drives"))
        for drive in drives:
            if str(drive["name"]).casefold() == self._watched.library.casefold():
                return f"{self._root}/drives/{drive['id']}"
        known = ", ".join(str(drive["name"]) for drive in drives)
        raise SecretariatError(
            f"The site {self._watched.site} has no library {self._watched.library}.", hint=f"`teams.library`: {known}."
        )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Sign in first, and say in a sentence what Graph did not do."""
        try:
            self._graph.sign_in()
            yield
        except GraphStopped as stop:
            raise SecretariatError(stop.delivery.error) from None
        except (ValueError, KeyError):
            raise SecretariatError(
                "Graph's answer about recordings could not be read.", hint="It is tried again."
            ) from None

    @contextmanager
    def _permitted(self, kind: Kind) -> Iterator[None]:
        """A meeting that is gone has no files; what Teams does not allow is said with what to grant."""
        try:
            yield
        except GraphStopped as stop:
            if stop.status == 404:
                return
            if stop.status == 403:
                raise SecretariatError(
                    f"Teams does not let us read the {kind} of {self._watched.organiser or 'the mailbox'}'s meetings.",
                    hint=f"Grant OnlineMeetings.Read.All and {PERMISSION[kind]}, and an application access policy for "
                    "that user; `teams.organiser` is the user's object id.",
                ) from None
            raise


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(PIECE)
    except requests.RequestException:
        raise SecretariatError(
            "The connection broke while a recording was fetched; the rest is fetched later."
        ) from None


def _instant(stamp: object) -> datetime | None:
    """Graph writes seven digits of a second, and Z."""
    return datetime.fromisoformat(f"{str(stamp)[:19]}+00:00") if stamp else None
