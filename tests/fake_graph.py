"""Entra's sign-in and Graph's mail and calendar on loopback, over https: a mailbox that can be told to misbehave.

Stateful as Graph is: a draft without `Prefer: IdType="ImmutableId"` gets another id when it is sent, custom headers
begin with x-, a request takes 4 MB, internetMessageHeaders come only where they are selected. Drafts from MIME are in
`fake_graph_mime`, the calendar is in `fake_graph_calendar`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
import trustme
from cryptography.x509 import load_pem_x509_certificate

from tests.fake_graph_calendar import FakeCalendar, Refused
from tests.fake_graph_mime import draft_from_mime

TENANT = "5f0c9d3e-0000-4000-8000-000000000001"
CLIENT_ID = "5f0c9d3e-0000-4000-8000-000000000002"
SECRET = "an-invented-client-secret"  # not one anywhere
MAILBOX = "pmo@example.org"
_WHEN = "2026-11-04T12:00:00Z"


@dataclass
class Fault:
    """What one request meets: an answer, or a connection cut `before` or `after` acceptance, or silence after it."""

    status: int = 0
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""


@dataclass
class FakeGraph:
    """The mailbox, and what a test may look at or arrange. `faults` are used up in order, by step."""

    url: str = ""
    ca_file: str = ""
    mails: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    certificate_pem: str = ""
    tokens: set[str] = field(default_factory=set)
    hold: threading.Event = field(default_factory=threading.Event)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)

    @property
    def authority(self) -> str:
        return f"{self.url}{TENANT}"

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [mail for mail in self.mails if not mail["isDraft"]]

    @property
    def drafts(self) -> list[dict[str, Any]]:
        return [mail for mail in self.mails if mail["isDraft"]]

    def meet(self, step: str, *faults: Fault) -> None:
        """The next requests of this step (discovery, token, find, draft, send, create event ...) meet these faults."""
        self.faults.setdefault(step, []).extend(faults)


class _Answer(Exception):  # a refusal, from anywhere in the handling
    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.status, self.body = status, {"error": {"code": code, "message": message or code, "innerError": {}}}
        super().__init__(code)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    graph: FakeGraph

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing on stderr."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        step = _step(method, path)
        self.graph.requests.append(step)
        fault = self.graph.faults.get(step, [None]).pop(0) if self.graph.faults.get(step) else None
        if fault and fault.cut == "before":
            return self._cut()
        if fault and fault.status:
            return self._answer(fault.status, _Answer(fault.status, fault.code or "Fault").body, fault.headers)
        try:
            status, content = self._handle(step, path, body)
        except _Answer as refusal:
            status, content = refusal.status, refusal.body
        except Refused as refusal:
            status, content = refusal.status, _Answer(refusal.status, refusal.code).body
        if fault and fault.cut == "after":
            return self._cut()
        if fault and fault.cut == "silence":
            self.graph.hold.wait(10)
            return self._cut()
        return self._answer(status, content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _handle(self, step: str, path: str, body: bytes) -> tuple[int, object]:
        if step == "discovery":
            return 200, _openid_configuration(self.graph)
        if step == "token":
            return _token(self.graph, {name: values[0] for name, values in parse_qs(body.decode()).items()})
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.graph.tokens:
            raise _Answer(401, "InvalidAuthenticationToken")
        if f"/users/{MAILBOX}/" not in path:
            raise _Answer(404, "ErrorInvalidUser")
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if step == "draft":
            from_mime = self.headers.get("Content-Type") == "text/plain"
            wanted = draft_from_mime(body, MAILBOX) if from_mime else _from_json(body)
            return 201, _made(self.graph, wanted, immutable=_wants_immutable(self.headers.get("Prefer", "")))
        if step == "find":
            return 200, _list(self.graph, query)
        if "event" in step or step == "view":
            return self._of_calendar(step, path, body, query)
        if step == "send":
            _send(self.graph, path.split("/")[-2])
            return 202, None
        raise _Answer(404, "BadRequest", path)

    def _of_calendar(self, step: str, path: str, body: bytes, query: dict[str, str]) -> tuple[int, object]:
        event_id = path.rsplit("/events/", maxsplit=1)[-1].removesuffix("/cancel")
        status, content = self.graph.calendar.answer(step, event_id, json.loads(body or b"{}"), query)
        if isinstance(content, dict) and "@odata.nextLink" in content:
            following = urlencode({**query, "$skip": content["@odata.nextLink"]})
            content["@odata.nextLink"] = f"{self.graph.url}{path.lstrip('/')}?{following}"
        return status, content


STEPS = (  # the first that fits
    ("", "/openid-configuration", "discovery"),
    ("", "/oauth2/v2.0/token", "token"),
    ("", "/send", "send"),
    ("POST", "/messages", "draft"),
    ("GET", "/messages", "find"),
    ("GET", "/calendarView", "view"),
    ("POST", "/events", "create event"),
    ("GET", "/events", "find event"),
    ("POST", "/cancel", "cancel event"),
    ("PATCH", "", "change event"),
)


def _step(method: str, path: str) -> str:
    known = (step for verb, end, step in STEPS if verb in ("", method) and path.endswith(end))
    return next(known, "event" if "/events/" in path else "other")


def _openid_configuration(graph: FakeGraph) -> dict[str, str]:
    return {
        "issuer": f"{graph.authority}/v2.0",
        "authorization_endpoint": f"{graph.authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{graph.authority}/oauth2/v2.0/token",
    }


def _token(graph: FakeGraph, form: dict[str, str]) -> tuple[int, object]:
    right = form.get("client_secret") == SECRET or _proves_itself(graph, form.get("client_assertion", ""))
    if form.get("client_id") != CLIENT_ID or form.get("grant_type") != "client_credentials" or not right:
        words = "AADSTS7000215: Invalid client secret provided. Ensure the secret is the secret's value.\r\nTrace ID: 0"
        return 401, {"error": "invalid_client", "error_description": words, "error_codes": [7000215]}
    if form.get("scope", "").split()[0] != f"{graph.url}.default":
        return 400, {"error": "invalid_scope", "error_description": "AADSTS70011: The scope is not valid."}
    token = uuid.uuid4().hex
    graph.tokens.add(token)
    return 200, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}


def _proves_itself(graph: FakeGraph, assertion: str) -> bool:
    """A certificate credential: a token signed with its key, for this very endpoint."""
    if not assertion:
        return False
    key: Any = load_pem_x509_certificate(graph.certificate_pem.encode()).public_key()
    claims = jwt.decode(assertion, key, algorithms=["PS256", "RS256"], audience=f"{graph.authority}/oauth2/v2.0/token")
    return bool(claims["iss"] == CLIENT_ID)


def _wants_immutable(prefer: str) -> bool:
    return 'idtype="immutableid"' in prefer.replace(" ", "").lower()


def _from_json(body: bytes) -> dict[str, Any]:
    if len(body) > 4 * 1024 * 1024:
        raise _Answer(413, "RequestEntityTooLarge")
    wanted: dict[str, Any] = json.loads(body)
    if any(not re.match("x-", header["name"], re.IGNORECASE) for header in wanted.get("internetMessageHeaders", [])):
        raise _Answer(400, "InvalidInternetMessageHeader")
    return wanted


def _made(graph: FakeGraph, wanted: dict[str, Any], *, immutable: bool) -> dict[str, Any]:
    headers = wanted.get("internetMessageHeaders", [])
    for recipient in wanted["toRecipients"]:
        if "@" not in recipient["emailAddress"]["address"]:
            raise _Answer(400, "ErrorInvalidRecipients")
    for attachment in wanted.get("attachments", []):
        base64.b64decode(attachment["contentBytes"], validate=True)
    mail = {
        **_blank_mail(wanted),
        **wanted.get("_meeting", {}),
        "_immutable": immutable,
        "_headers": headers,
        "_wanted": wanted,
    }
    graph.mails.append(mail)
    return {"@odata.context": f"{graph.url}v1.0/$metadata#users('1')/messages/$entity", **_shown(mail)}


def _blank_mail(wanted: dict[str, Any]) -> dict[str, Any]:
    text = wanted["body"]["content"]
    return {
        "@odata.etag": 'W/"CQAAABYAAACY4MQpaFz9SbqUDe4+bs88AAB88LOj"',
        "id": f"AAMk{uuid.uuid4().hex}=",
        "createdDateTime": _WHEN,
        "lastModifiedDateTime": _WHEN,
        "changeKey": "CQAAABYAAACY4MQpaFz9SbqUDe4+bs88AAB88LOj",
        "categories": [],
        "receivedDateTime": _WHEN,
        "sentDateTime": _WHEN,
        "hasAttachments": bool(wanted.get("attachments")),
        "internetMessageId": wanted.get("internetMessageId") or f"<{uuid.uuid4().hex}@example.org>",
        "subject": wanted["subject"],
        "body": wanted["body"],
        "bodyPreview": text[:255],
        "importance": "normal",
        "parentFolderId": "drafts",
        "sender": None,
        "from": None,
        "toRecipients": wanted["toRecipients"],
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        "conversationId": uuid.uuid4().hex,
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": True,
        "isDraft": True,
        "webLink": "https://outlook.office365.com/owa/?ItemID=1",
        "inferenceClassification": "focused",
    }


def _shown(mail: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mail.items() if not name.startswith("_")}


def _list(graph: FakeGraph, query: dict[str, str]) -> dict[str, Any]:
    condition = re.fullmatch(r"internetMessageId eq '((?:[^']|'')*)'", query.get("$filter", ""))
    if condition is None:
        raise _Answer(400, "ErrorInvalidUrlQueryFilter")
    wanted = condition[1].replace("''", "'")
    fields = query["$select"].split(",")
    found = [{**mail, "internetMessageHeaders": mail["_headers"]} for mail in graph.mails]
    return {
        "@odata.context": f"{graph.url}v1.0/$metadata#users('1')/messages({query['$select']})",
        "value": [
            {name: mail[name] for name in ("@odata.etag", "id", *fields)}
            for mail in found
            if mail["internetMessageId"] == wanted
        ],
    }


def _send(graph: FakeGraph, mail_id: str) -> None:
    mail = next((mail for mail in graph.mails if mail["id"] == mail_id), None)
    if mail is None:
        raise _Answer(404, "ErrorItemNotFound")
    if not mail["isDraft"]:
        raise _Answer(400, "ErrorInvalidOperation")
    mail.update(isDraft=False, parentFolderId="sentitems")
    if not mail["_immutable"]:
        mail["id"] = f"AAMk{uuid.uuid4().hex}="


@contextmanager
def running_graph(folder: Path) -> Iterator[FakeGraph]:
    """A Graph at https on a free port of loopback; trusted by requests while it runs."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    graph = FakeGraph(ca_file=str(folder / "ca.pem"))
    authority.cert_pem.write_to_path(graph.ca_file)
    handler = type("Handler", (_Handler,), {"graph": graph})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        graph.url = graph.calendar.url = f"https://localhost:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            with _trusting(graph.ca_file):
                yield graph
        finally:
            graph.hold.set()
            server.shutdown()
            thread.join()


@contextmanager
def _trusting(ca_file: str) -> Iterator[None]:
    """Set, not defaulted: a machine may have its own already. Both are put back."""
    before = {name: os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}
    os.environ.update(dict.fromkeys(before, ca_file))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
