"""Issued reports published to a folder, such as one that SharePoint or OneDrive keeps in step."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.durable_files import full_disk_in_words, sync_folder, write_whole
from bot.errors import SecretariatError
from bot.ports import Placed
from bot.publication_names import superseded_name


class PublicationFolder:
    """A place to publish to (`ports.PublicationPlace`): one folder, with a folder for each group."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, folder: str, name: str, content: bytes) -> Placed:
        place = self._root / folder / name
        if place.exists():
            if hashlib.sha256(place.read_bytes()).digest() != hashlib.sha256(content).digest():
                raise SecretariatError(
                    f"Another file lies at {place}, and is left as it is.", hint="Move it away; then it is tried again."
                )
        else:
            with full_disk_in_words(place):
                place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, content, mode=0o644)
        return Placed(id=f"{folder}/{name}", link=place.absolute().as_uri())

    def mark_superseded(self, placed: Placed, folder: str, name: str, by: str) -> Placed:
        place, marked = self._root / folder / name, superseded_name(name)
        target = self._root / folder / marked
        if place.exists():
            with full_disk_in_words(target):
                place.rename(target)
                sync_folder(target.parent)
        elif not target.exists():
            raise SecretariatError(f"{place} is no longer there, so it is not marked as superseded.")
        return Placed(id=f"{folder}/{marked}", link=target.absolute().as_uri())
