"""A document library of SharePoint as Graph shows it: files by path and by id, none overwritten where that is asked.

As SharePoint does, it writes properties of its own into what it takes: a file that comes back is not, byte for byte,
what was put there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fake_graph_calendar import Refused
from tests.fake_graph_sign_in import CLIENT_ID

SITE = "tenant.sharepoint.com:/sites/CollaborationBase"
SITE_ID = "tenant.sharepoint.com,1,2"
LIBRARIES = {"Documents": "drive-own", "Issued papers": "drive-issued"}
PROMOTED = b"<!-- SharePoint's own properties -->"


@dataclass
class FakeDrive:
    """The libraries of one site. `files` by (drive, path); each has had `versions` contents."""

    files: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def put_by_hand(self, path: str, content: bytes = b"a person's own", drive: str = "drive-own") -> dict[str, Any]:
        """A file that somebody put there."""
        return self._keep(drive, path, content, {"user": {"displayName": "Ada Lister"}})

    def names(self, drive: str = "drive-own") -> list[str]:
        return sorted(path for where, path in self.files if where == drive)

    def answer(self, step: str, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        if step == "site":
            if parts[0] != SITE:
                raise Refused(404, "itemNotFound")
            return 200, {"id": SITE_ID, "displayName": "Collaboration Base"}
        if step == "drives":
            return 200, {"value": [{"id": drive, "name": name} for name, drive in LIBRARIES.items()]}
        drive = self._drive(parts[0])
        if step == "put file":
            return self._put(drive, parts[1], body, query)
        if step == "file":
            return 200, self._shown(self._found(drive, parts[1]))
        return 200, self._shown(self._renamed(drive, parts[1], json.loads(body)))

    def _drive(self, named: str) -> str:
        own = re.fullmatch(r"sites/([^/]+)/drive", named)
        if own and own[1] == SITE_ID:
            return "drive-own"
        drive = named.removeprefix("drives/")
        if drive not in LIBRARIES.values():
            raise Refused(404, "itemNotFound")
        return drive

    def _put(self, drive: str, path: str, body: bytes, query: dict[str, str]) -> tuple[int, object]:
        known = self.files.get((drive, path))
        if known and query.get("@microsoft.graph.conflictBehavior") == "fail":
            raise Refused(409, "nameAlreadyExists")
        if known:
            known["versions"].append(body + PROMOTED)
            return 200, self._shown(known)
        return 201, self._shown(self._keep(drive, path, body, {"application": {"id": CLIENT_ID}}))

    def _keep(self, drive: str, path: str, content: bytes, by: dict[str, Any]) -> dict[str, Any]:
        file = {"id": f"item-{next(self._numbers)}", "by": by, "versions": [content + PROMOTED], "path": path}
        self.files[drive, path] = file
        return file

    def _found(self, drive: str, path: str) -> dict[str, Any]:
        if (drive, path) not in self.files:
            raise Refused(404, "itemNotFound")
        return self.files[drive, path]

    def _renamed(self, drive: str, item_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
        key = next((key for key, file in self.files.items() if key[0] == drive and file["id"] == item_id), None)
        if key is None:
            raise Refused(404, "itemNotFound")
        folder = key[1].rpartition("/")[0]
        file = self.files.pop(key)
        file["path"] = f"{folder}/{wanted['name']}"
        self.files[drive, file["path"]] = file
        return file

    def _shown(self, file: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": file["id"],
            "name": file["path"].rpartition("/")[2],
            "size": len(file["versions"][-1]),
            "webUrl": f"https://tenant.sharepoint.com/sites/CollaborationBase/{file['path'].replace(' ', '%20')}",
            "createdBy": file["by"],
        }
