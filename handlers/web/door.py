"""Who is let in: this computer only, by a link that works once, and nothing is left lying about in the browser."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from threading import Lock

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.clock import parse_instant
from handlers.web.desk import Desk
from handlers.web.forms import token_of
from handlers.web.rendering import sentence

OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)
STAY = timedelta(hours=12)
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser hides the origin of our own forms, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Puts the security headers on every answer that has not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class OwnHostOnly:
    """Refuses a foreign Host: a stranger's web page cannot reach ours under a name of its own (DNS rebinding)."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if OWN_HOST.fullmatch(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        text = "This page answers only at 127.0.0.1 or localhost: correct the address."
        answer = sentence(self.desk, Request(scope), 400, "Wrong address", text)
        await answer(scope, receive, send)


class SessionRequired:
    """Refuses whoever has not come in by the link printed at start."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_in(scope["session"]):
            await self.app(scope, receive, send)
            return
        await self._refusal(Request(scope))(scope, receive, send)

    def _is_in(self, session: dict[str, str]) -> bool:
        """Whether it came in by the link, and not too long ago: a cookie that is written anew lets nobody stay on."""
        entered_at = session.get("entered_at")
        return bool(entered_at) and self.desk.clock.now() < parse_instant(entered_at or "") + STAY

    def _refusal(self, request: Request) -> Response:
        """A browser led here by another site keeps the strict cookie back; a click on our own page brings it along."""
        text = "To see this page, open the link that the secretariat printed when it started."
        from_elsewhere = request.headers.get("sec-fetch-site") == "cross-site"
        here = "/" + request.url.path.lstrip("/") + (f"?{request.url.query}" if request.url.query else "")
        return sentence(self.desk, request, 403, "Not yet let in", text, link=here if from_elsewhere else "")


class Entrance:
    """The one-time link `/enter/KEY`: the first browser that opens it is let in, no second."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._used, self._lock = False, Lock()

    def page(self, request: Request) -> Response:
        """Lets the browser in and leads on to the overview, or says why not."""
        key = request.path_params["key"]
        if not hmac.compare_digest(key.encode(), self.desk.entry_key.encode()):
            text = "This is not the link that the secretariat printed when it last started: use that one."
            return sentence(self.desk, request, 403, "Wrong link", text)
        if request.method == "GET" and not self._take():  # a HEAD only looks: link previews must not use the link up
            text = "This link has been used; a new one is printed each time the secretariat starts (`secretariat run`)."
            return sentence(self.desk, request, 403, "Link already used", text)
        if request.method == "GET":
            request.session["entered_at"] = self.desk.clock.now().isoformat()
            token_of(request)
        return RedirectResponse("/", 303, {"Cache-Control": "no-store"})

    def _take(self) -> bool:
        with self._lock:
            first, self._used = not self._used, True
        return first
