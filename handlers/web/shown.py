"""What a page of one deed says beside what is on file, from the empty form to what would follow of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Shown(Generic[T]):
    """What was typed, what is wrong with it by field, and what would follow, shown before it is done.

    `meanwhile`: what to know first, where it was not done as it had been shown.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    preview: T | None = None
    meanwhile: str = ""
    status: int = 200
