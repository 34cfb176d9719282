"""Long lists, a page at a time, in words and by buttons: `actions mine page 2`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from slack_sdk.models.blocks import ButtonElement

from handlers.slack.blocks import button

T = TypeVar("T")
_PAGE = re.compile(r"(?:^|\s)page (?P<number>[1-9]\d{0,3})\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `number` counts from 1."""

    rows: Sequence[T]
    number: int
    pages: int

    @property
    def words(self) -> str:
        """'Page 2 of 3.'; empty where there is only one."""
        return f"Page {self.number} of {self.pages}." if self.pages > 1 else ""


def page_asked(text: str) -> tuple[str, int]:
    """(what was asked, the number of the page): the first, unless the text ends with another."""
    found = _PAGE.search(text)
    return (text[: found.start()].strip(), int(found["number"])) if found else (text.strip(), 1)


def page_of(rows: Sequence[T], number: int, *, size: int) -> Page[T]:
    """The page of that number, or the last there is."""
    pages = max(1, -(-len(rows) // size))
    number = min(number, pages)
    return Page(rows[(number - 1) * size : number * size], number, pages)


def turning(page: Page[T], click: str, asked: str) -> list[ButtonElement]:
    """The buttons that lead to the pages before and after."""
    found = []
    if page.number > 1:
        found.append(button("Back", f"{click}:back", f"{asked} page {page.number - 1}".strip()))
    if page.number < page.pages:
        found.append(button("More", f"{click}:more", f"{asked} page {page.number + 1}".strip()))
    return found


def turning_in_words(page: Page[T], command: str) -> str:
    """How to ask for the page after this one; empty for the last."""
    following = f" For the next: `{command} page {page.number + 1}`" if page.number < page.pages else ""
    return f"{page.words}{following}"
