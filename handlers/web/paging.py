"""Long lists, a hundred rows a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request

ROWS = 100
Row = TypeVar("Row")


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """One page of a list; pages are numbered from 1."""

    rows: Sequence[Row]
    number: int
    pages: int
    in_all: int


def paged(session: Session, request: Request, query: Select[Row]) -> Paged[Row]:
    """The page that `?page=` asks for, the first by default. Raises HTTPException (404) where there is none."""
    asked = request.query_params.get("page", "1")
    in_all = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    pages = max(1, -(-in_all // ROWS))
    if not (asked.isdecimal() and len(asked) < 10 and 1 <= int(asked) <= pages):
        raise HTTPException(404, f"There is no page {asked}: the list has {pages}.")
    number = int(asked)
    return Paged(session.scalars(query.limit(ROWS).offset((number - 1) * ROWS)).all(), number, pages, in_all)
