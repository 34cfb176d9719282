"""How files are called where they are published."""

from __future__ import annotations


def superseded_name(name: str) -> str:
    """'PSG-2024-02-07 headline report r1 (superseded).docx': nobody takes it for the report in force."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem} (superseded){dot}{ending}"
