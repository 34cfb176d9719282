"""A deed of the page that is shown first as it would be, and done where exactly that was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.errors import SecretariatError, StateUnusable
from handlers.web import deeds
from handlers.web.desk import Desk
from handlers.web.forms import Sent
from handlers.web.shown import Shown

DO = "do"


class Preview(Protocol):
    """What would follow. `seen` stands for exactly that."""

    @property
    def seen(self) -> str:
        """Sent back with the form that does it."""


F = TypeVar("F")
P = TypeVar("P", bound=Preview)


@dataclass(frozen=True)
class Way(Generic[F, P]):
    """One kind of deed: found as it would be now, previewed, done (returns the deed's number), shown on its page.

    `meanwhile` is said where something else would follow by now than was seen.
    """

    found: Callable[[Session], F]
    preview: Callable[[Session, F], P]
    do: Callable[[F], int]
    page: Callable[[Shown[P]], Response]
    meanwhile: str


def answered(desk: Desk, sent: Sent, way: Way[F, P]) -> Response:
    """The page with what would follow or what stands against it; where it is done, the way on to what was done."""
    shown, doing = Shown[P](sent.lines(), {}, status=409), sent.line("step") == DO
    try:
        with desk.database.reading() as session:
            number = deeds.done_before(session, sent.line("deed"), desk.clock.now())
            if number is not None:
                return deeds.lead_on(number)
            found = way.found(session)
            preview = way.preview(session, found)
        if doing and preview.seen == sent.line("seen"):
            return deeds.lead_on(way.do(found))
    except StateUnusable:
        raise
    except SecretariatError as error:
        return way.page(replace(shown, wrong={"": str(error)}, status=422))
    if doing:
        return way.page(replace(shown, preview=preview, meanwhile=way.meanwhile))
    return way.page(replace(shown, preview=preview, status=200))
