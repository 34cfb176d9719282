"""The folders of a mailbox, for the stand-in of `fake_graph`: those that every mailbox has, and those that are made."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.fake_graph_calendar import Refused

WELL_KNOWN = {"inbox": "Inbox", "drafts": "Drafts", "sentitems": "Sent Items", "deleteditems": "Deleted Items",
              "archive": "Archive"}  # fmt: skip
_ROOT = "AQMkAGRoot="


@dataclass
class FakeFolders:
    """Names by id. Graph knows a folder by its id, or by its well-known name in any case."""

    made: dict[str, str] = field(default_factory=dict)

    def id_of(self, folder: str) -> str:
        ids = {name: f"AQMkAG{name}=" for name in WELL_KNOWN}
        if folder in ids.values() or folder in self.made:
            return folder
        if folder.lower() not in ids:
            raise Refused(404, "ErrorItemNotFound")
        return ids[folder.lower()]

    def name_of(self, folder: str) -> str:
        there = self.id_of(folder)
        return self.made.get(there) or next(shown for name, shown in WELL_KNOWN.items() if self.id_of(name) == there)

    def named(self, name: str) -> str:
        """The id of the folder that somebody sees by that name."""
        return next(there for there in self.ids() if self.name_of(there) == name)

    def ids(self) -> list[str]:
        return [*(self.id_of(name) for name in WELL_KNOWN), *self.made]

    def make(self, name: str) -> str:
        if name in [self.name_of(there) for there in self.ids()]:
            raise Refused(409, "ErrorFolderExists")
        there = f"AQMkAG{uuid.uuid4().hex}="
        self.made[there] = name
        return there

    def rename(self, name: str, new: str) -> None:
        self.made[self.named(name)] = new

    def matching(self, condition: str) -> list[str]:
        """The ids of those that an $filter leaves; all without one."""
        if not condition:
            return self.ids()
        wanted = re.fullmatch(r"displayName eq '((?:[^']|'')*)'", condition)
        if wanted is None:
            raise Refused(400, "ErrorInvalidUrlQueryFilter")
        return [there for there in self.ids() if self.name_of(there) == wanted[1].replace("''", "'")]

    def shown(self, folder: str, inside: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id_of(folder),
            "displayName": self.name_of(folder),
            "parentFolderId": _ROOT,
            "childFolderCount": 0,
            "unreadItemCount": sum(not mail["isRead"] for mail in inside),
            "totalItemCount": len(inside),
            "isHidden": False,
        }
