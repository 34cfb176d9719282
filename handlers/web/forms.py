"""Forms: what one sends is checked to come from our own page and read with care; what one shows keeps what was typed.

Two independent marks show that a form is ours: where the browser says that it comes from, and a token of the session.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot import members
from bot.model import Person
from handlers.web.desk import Desk

CONTENT_TYPE, WITH_FILES = "application/x-www-form-urlencoded", "multipart/form-data"
MOST_BYTES = 64 * 1024
MOST_UPLOAD = 40 * 1024 * 1024  # of a form that brings a file
MOST_READ = 1024 * 1024  # a longer body is cut off; up to here it is read and forgotten, so that the refusal is seen
MOST_FIELDS = 2000
TOKEN, ACTING = "form_token", "acting"


@dataclass(frozen=True)
class Sent:
    """The fields of a form as they were sent; of each file its name, as the browser says, and its content."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)

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


async def read_form(request: Request, *, with_files: bool = False) -> Sent:
    """The form that was sent, `with_files` where it may bring one.

    Raises HTTPException with a sentence where it is not ours, no form, or too long.
    """
    _refuse_foreign(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != CONTENT_TYPE and not (with_files and kind == WITH_FILES):
        raise HTTPException(415, "Only what a form of these pages sends is read here. Nothing was changed.")
    try:
        sent = await (_plain(request) if kind == CONTENT_TYPE else _with_files(request))
    except (ValueError, MultiPartException):  # no UTF-8, too many fields, or torn apart
        raise HTTPException(400, "What was sent cannot be read as a form. Nothing was changed.") from None
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


async def _plain(request: Request) -> Sent:
    text = (await _body(request, MOST_BYTES)).decode("utf-8")
    return Sent(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))


async def _with_files(request: Request) -> Sent:
    body = await _body(request, MOST_UPLOAD)

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    form = await MultiPartParser(request.headers, once(), max_files=1, max_fields=50, max_part_size=MOST_BYTES).parse()
    fields: dict[str, list[str]] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = (value.filename or "", await value.read())
        else:
            fields.setdefault(name, []).append(value)
    await form.close()
    return Sent(fields, {name: given for name, given in files.items() if given[0] or given[1]})


async def _body(request: Request, most: int) -> bytes:
    kept, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            kept += part
        elif size > most + MOST_READ:
            break
    if size > most:
        limit = f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} KB"
        raise HTTPException(413, f"That is more than a form may send ({limit}). Nothing was changed.")
    return bytes(kept)
