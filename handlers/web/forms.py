"""Forms: what one sends is checked to come from our own page and read with care; what one shows keeps what was typed.

Two independent marks show that a form is ours: where the browser says that it comes from, and a token of the session.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot import members
from bot.model import Person
from handlers.web.desk import Desk

CONTENT_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_READ = 1024 * 1024  # a longer body is cut off; up to here it is read and forgotten, so that the refusal is seen
MOST_FIELDS = 2000
TOKEN, ACTING = "form_token", "acting"


@dataclass(frozen=True)
class Sent:
    """The fields of a form as they were sent."""

    fields: Mapping[str, Sequence[str]]

    def line(self, name: str) -> str:
        """The field as one line of printable characters; empty where it is missing."""
        words = " ".join(self.fields.get(name, ("",))[0].split())
        return "".join(character for character in words if character.isprintable())

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be ticked more than once."""
        return list(self.fields.get(name, ()))

    def lines(self) -> dict[str, str]:
        """Every field as one line: what the form is shown with again."""
        return {name: self.line(name) for name in self.fields}


@dataclass(frozen=True)
class ShownForm:
    """A form as a page shows it: who may act, what is filled in, and what is wrong, a sentence a field.

    What is wrong with the form as a whole stands under "".
    """

    token: str = field(repr=False)
    people: Sequence[Person]
    values: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)
    deed: str = field(default_factory=lambda: secrets.token_urlsafe(12))  # the same form sent twice acts once


def shown_form(
    desk: Desk,
    session: Session,
    request: Request,
    values: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> ShownForm:
    """A form for this browser. Who acted last is chosen already."""
    people = members.recipients(members.holdings(session, desk.clock.today()), "pmo")
    people.sort(key=lambda person: person.name)
    filled = {"by": request.session.get(ACTING, "")} | dict(values or {})
    return ShownForm(token_of(request), people, filled, wrong or {})


def token_of(request: Request) -> str:
    """The session's own token, which a page of another site cannot know."""
    token: str = request.session.setdefault(TOKEN, secrets.token_urlsafe(24))
    return token


def remember(request: Request, person: Person) -> None:
    """Keep who acts, for the next form."""
    if request.session.get(ACTING) != person.id:
        request.session[ACTING] = person.id


async def read_form(request: Request) -> Sent:
    """The form that was sent. Raises HTTPException with a sentence where it is not ours, no form, or too long."""
    _refuse_foreign(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise HTTPException(415, "Only what a form of these pages sends is read here. Nothing was changed.")
    try:
        text = (await _body(request)).decode("utf-8")
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # no UTF-8, or too many fields
        raise HTTPException(400, "What was sent cannot be read as a form. Nothing was changed.") from None
    sent = Sent(fields)
    token = request.session.get(TOKEN, "")
    if not token or not hmac.compare_digest(sent.line("token").encode(), token.encode()):
        text = "This form is not of a page that you have open now. Load the page again and fill it in anew."
        raise HTTPException(403, f"{text} Nothing was changed.")
    return sent


def _refuse_foreign(request: Request) -> None:
    """Every browser names the origin of a form that it posts; newer ones also say whether it is our own."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    ours = f"{request.url.scheme}://{request.headers.get('host', '')}"
    from_us = origin == ours if origin is not None else site == "same-origin"
    if not from_us or site not in (None, "same-origin"):
        text = "This form does not come from a page of the secretariat, so it was not followed. Nothing was changed."
        raise HTTPException(403, text)


async def _body(request: Request) -> bytes:
    kept, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= MOST_BYTES:
            kept += part
        elif size > MOST_READ:
            break
    if size > MOST_BYTES:
        raise HTTPException(413, f"That is more than a form may send ({MOST_BYTES // 1024} KB). Nothing was changed.")
    return bytes(kept)
