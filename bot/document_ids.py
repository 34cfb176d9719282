"""Which document a Word file says that it is: our own identifier, in its properties. Pure, and nothing else is read."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib

MOST_READ = 256 * 1024  # of the part that holds the properties; ours is under one kilobyte
PROPERTIES = "docProps/core.xml"
_IDENTIFIER = re.compile(r"<(?:\w+:)?identifier\b[^>]*>([^<]*)<")
_DRAFT = re.compile(r"(?P<group>.+)-(?P<on>\d{4}-\d\d-\d\d)-draft-\d+")


def identifier_in(content: bytes) -> str:
    """The identifier of a document that a person may have saved anew; "" where it has none, or is no such file."""
    found = _IDENTIFIER.search(part_of(content, PROPERTIES, MOST_READ).decode("utf-8", errors="replace"))
    return " ".join(html.unescape(found[1]).split())[:80] if found else ""


def part_of(content: bytes, name: str, most: int) -> bytes:
    """The first `most` bytes of one part of a Word file; none where it has no such part, or is no such file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package, package.open(name) as part:
            return part.read(most)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, NotImplementedError, EOFError, RuntimeError, zlib.error):
        return b""


def is_draft(identifier: str) -> bool:
    """Whether it names a draft: PSG-2024-02-07-draft-2."""
    return _DRAFT.fullmatch(identifier) is not None


def group_and_day(identifier: str) -> tuple[str, str]:
    """('PSG', '2024-02-07') of a draft's identifier; ('', '') of any other."""
    found = _DRAFT.fullmatch(identifier)
    return (found["group"], found["on"]) if found else ("", "")
