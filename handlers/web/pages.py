"""The page's table of contents: each address and its function, and what is said when something is wrong."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.errors import SecretariatError, UnknownThing
from handlers.web import (
    changing,
    deeds,
    drafts,
    errata,
    feeds,
    files,
    issuing,
    ledgers,
    mailbox,
    marked,
    meetings,
    outbox,
    overview,
    recordings,
    reissuing,
    releases,
    reports,
    requests,
    returns,
)
from handlers.web.desk import Desk
from handlers.web.door import SECURITY_HEADERS, STAY, Entrance, OwnHostOnly, SecurityHeaders, SessionRequired
from handlers.web.forms import Sent, read_form
from handlers.web.rendering import sentence

PAGES: dict[str, Callable[[Desk, Request], Response]] = {
    "/": overview.overview,
    "/calendar": meetings.calendar,
    "/calendar/add": partial(changing.form, action="add"),
    "/meetings/{uid}": meetings.one,
    "/meetings/{uid}/move": partial(changing.form, action="move"),
    "/meetings/{uid}/cancel": partial(changing.form, action="cancel"),
    "/meetings/{uid}/confirm": partial(changing.form, action="confirm"),
    "/meetings/{uid}/done": meetings.back_to,
    "/meetings/{uid}/report": issuing.one,
    "/outbox": outbox.listed,
    "/outbox/{id}": outbox.one,
    "/releases": releases.listed,
    "/done/{number}": deeds.one,
    "/slack": ledgers.slack,
    "/drafts/{id}": drafts.one,
    "/reports/{id}": reports.one,
    "/returns": returns.listed,
    "/returns/{reference}": returns.one,
    "/returns/{reference}/file": returns.file,
    "/documents/{sha256}/{name}": files.document,
    "/recordings": recordings.listed,
    "/recordings/{id}": files.recording,
    "/recordings/{id}/about": recordings.one,
    "/requests": requests.listed,
    "/requests/marked": marked.listed,
    "/requests/marked/{id}": marked.one,
    "/requests/marked/{id}/file": marked.file,
    "/requests/tracker/{uid}": requests.tracker,
    "/requests/{reference}": requests.one,
    "/reports/{id}/reissue": reissuing.one,
    "/reports/{id}/correct": errata.one,
    "/inbox": ledgers.inbox,
    "/mailbox": mailbox.listed,
    "/mailbox/{id}": mailbox.one,
    "/mailbox/{id}/files/{name}": mailbox.file,
    "/audit": ledgers.audit,
}
FORMS: dict[str, Callable[[Desk, Request, Sent], Response]] = {
    "/calendar/add": partial(changing.asked, action="add"),
    "/meetings/{uid}/move": partial(changing.asked, action="move"),
    "/meetings/{uid}/cancel": partial(changing.asked, action="cancel"),
    "/meetings/{uid}/confirm": partial(changing.asked, action="confirm"),
    "/meetings/{uid}/done": meetings.done,
    "/meetings/{uid}/report": issuing.asked,
    "/releases": releases.asked,
    "/mailbox/{id}": mailbox.decided,
    "/recordings/{id}/about": recordings.decided,
    "/returns": returns.given,
    "/returns/{reference}": returns.decided,
    "/requests/marked": marked.given,
    "/requests/marked/{id}": marked.decided,
    "/requests/{reference}": requests.decided,
    "/reports/{id}/reissue": reissuing.asked,
    "/reports/{id}/correct": errata.asked,
}
BRING_FILES = ("/requests/marked", "/returns")  # the forms by which a document is given in
HEADINGS = {
    400: "This cannot be shown",
    403: "Not followed",
    404: "Not found",
    405: "Only for reading",
    413: "Too long",
    415: "No form",
    503: "Not just now",
}


def page_routes(desk: Desk) -> list[BaseRoute]:
    """The pages, for `page_app`. Endpoints are plain functions: each runs in a thread, beside the event loop."""
    guarded = [Route(path, partial(page, desk), methods=["GET"]) for path, page in PAGES.items()]
    guarded += [
        Route(path, _posted(desk, form, with_files=path in BRING_FILES), methods=["POST"])
        for path, form in FORMS.items()
    ]
    return [
        Route("/health", _health, methods=["GET"]),
        Route("/feeds/{token}.ics", partial(feeds.feed, desk), methods=["GET"]),
        Route("/enter/{key}", Entrance(desk).page, methods=["GET"]),
        Mount("/static", StaticFiles(packages=[("handlers.web", "static")])),
        Mount("", routes=guarded, middleware=[Middleware(SessionRequired, desk=desk)]),
    ]


def _posted(
    desk: Desk, form: Callable[[Desk, Request, Sent], Response], *, with_files: bool
) -> Callable[[Request], Awaitable[Response]]:
    """Nothing is changed but by a form that was read and found to be ours."""

    async def posted(request: Request) -> Response:
        sent = await read_form(request, with_files=with_files)
        return await run_in_threadpool(form, desk, request, sent)

    return posted


def page_app(desk: Desk, extra_routes: list[BaseRoute]) -> Starlette:
    """The whole web application. `extra_routes` guard themselves: they need no session and may have any Host."""
    session = Middleware(
        SessionMiddleware,
        secret_key=desk.session_secret,
        session_cookie="secretariat",  # cookies are shared by every port of a host
        max_age=int(STAY.total_seconds()),
        same_site="strict",
        https_only=False,
    )
    pages = Mount("", routes=page_routes(desk), middleware=[Middleware(OwnHostOnly, desk=desk), session])
    return Starlette(
        routes=[*extra_routes, pages],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers=_what_is_said(desk),
    )


def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


ExceptionHandler = Callable[[Request, Any], Response | Awaitable[Response]]


def _what_is_said(desk: Desk) -> Mapping[Any, ExceptionHandler]:
    """A person's error is said in its own sentence; ours gets a short id, which is also in the log."""

    def refused(request: Request, error: HTTPException) -> Response:
        said = {404: "There is no such page.", 405: "This address is only for reading."}
        standard = error.detail in ("Not Found", "Method Not Allowed")
        text = said.get(error.status_code, error.detail) if standard else error.detail
        heading = HEADINGS.get(error.status_code, "This cannot be shown")
        return sentence(desk, request, error.status_code, heading, text)

    def mendable(request: Request, error: SecretariatError) -> Response:
        status = 404 if isinstance(error, UnknownThing) else 503
        return sentence(desk, request, status, HEADINGS[status], str(error))

    def ours(request: Request, error: Exception) -> Response:
        short_id = secrets.token_hex(4)
        trace = "".join(
            traceback.format_exception(error)
        )  # as text: a logger's own tracebacks may show secrets in locals
        structlog.get_logger().error("page_failed", id=short_id, path=request.url.path, traceback=trace)
        text = f"Something went wrong in the secretariat. The log has it under {short_id}: tell its keeper that id."
        answer = sentence(desk, request, 500, "Our mistake", text)
        answer.headers.update(SECURITY_HEADERS)  # it is said from outside the layer that puts them on
        return answer

    return {HTTPException: refused, SecretariatError: mendable, Exception: ours}
