"""Entra's sign-in and Graph's mail and calendar on loopback, over https: a mailbox that can be told to misbehave.

Stateful as Graph is. The sign-in is in `fake_graph_sign_in`, mails in `fake_graph_mailbox`, attachments and uploads in
`fake_graph_attachments`, drafts from MIME in `fake_graph_mime`, the calendar in `fake_graph_calendar`, SharePoint's
libraries in `fake_graph_drive`.

By itself: `python -m tests.fake_graph --port 4300 [--url https://localhost:4400/]` prints one line of JSON with its
address and the file of its CA; `--url` is where clients see it, where something stands in front of it. `GET /inspect`
says what was sent, by x-secretariat-id. It holds everything in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import trustme

from tests import fake_graph_attachments as attachments
from tests.fake_graph_attachments import FakeUploads
from tests.fake_graph_calendar import FakeCalendar, Refused
from tests.fake_graph_drive import FakeDrive
from tests.fake_graph_mailbox import FakeMailbox, draft_from_json
from tests.fake_graph_mime import draft_from_mime
from tests.fake_graph_sign_in import CLIENT_ID, SECRET, TENANT, FakeSignIn
from tests.fake_graph_teams import TEAMS_STEPS, Content, FakeTeams

__all__ = ["CLIENT_ID", "MAILBOX", "SECRET", "TENANT", "FakeGraph", "Fault", "running_graph"]
MAILBOX = "pmo@example.org"
Answer = tuple[int, object, dict[str, str]]


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
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    sign_in: FakeSignIn = field(default_factory=FakeSignIn)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    uploads: FakeUploads = field(default_factory=FakeUploads)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)
    teams: FakeTeams = field(default_factory=FakeTeams)
    drive: FakeDrive = field(default_factory=FakeDrive)
    cut_content: int = 0  # so many of the next contents break off in the middle
    changing_ids: list[str] = field(default_factory=list)  # steps of reading that did not ask for immutable ids

    def be_at(self, url: str) -> None:
        """The address that clients use; uploads are at another host's name, as Exchange has them."""
        self.url = self.sign_in.url = self.mailbox.url = self.calendar.url = self.teams.url = url
        self.uploads.url = f"{url.replace('//localhost', '//127.0.0.1')}upload/"

    @property
    def authority(self) -> str:
        return self.sign_in.authority

    @property
    def tokens(self) -> set[str]:
        return self.sign_in.tokens

    @property
    def mails(self) -> list[dict[str, Any]]:
        return self.mailbox.mails

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [mail for mail in self.mails if not mail["isDraft"]]

    @property
    def drafts(self) -> list[dict[str, Any]]:
        return [mail for mail in self.mails if mail["isDraft"]]

    def meet(self, step: str, *faults: Fault) -> None:
        """The next requests of this step (discovery, token, find, draft, send, create event ...) meet these faults."""
        self.faults.setdefault(step, []).extend(faults)

    def forget(self) -> None:
        """An empty mailbox again, as before a test."""
        kept = (self.mails, self.faults, self.requests, self.uploads.sessions, self.uploads.pieces)
        for each in (*kept, self.mailbox.folder.made, self.changing_ids):
            each.clear()
        self.mailbox.forgotten_before = 0


@dataclass(frozen=True)
class _Source:
    """Sent as it is, not as JSON."""

    mail: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets: the second one would wait for 40 ms
    graph: FakeGraph

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing on stderr."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        step, parts = _step(method, path)
        self.graph.requests.append(step)
        fault = self.graph.faults.get(step, [None]).pop(0) if self.graph.faults.get(step) else None
        if fault and fault.cut == "before":
            return self._cut()
        if fault and fault.status:
            return self._answer(fault.status, _error(fault.code or "Fault"), fault.headers)
        try:
            answer = self._handle(step, parts, body)
        except Refused as refusal:
            answer = refusal.status, _error(refusal.code), {}
        if fault and fault.cut == "after":
            return self._cut()
        if fault and fault.cut == "silence":
            self.graph.hold.wait(10)
            return self._cut()
        return self._answer(*answer)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, content: object, headers: dict[str, str]) -> None:
        if isinstance(content, _Source):
            self._send_source(content.mail)
            return
        if isinstance(content, Content):
            self._send_content(content)
            return
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**({"Content-Type": "application/json"} if data else {}), **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _handle(self, step: str, parts: tuple[str, ...], body: bytes) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if step in OPEN_STEPS:
            return self._open(step, parts, body, query)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.graph.tokens:
            raise Refused(401, "InvalidAuthenticationToken")
        if step == "other":
            raise Refused(404, "BadRequest")
        if step in TEAMS_STEPS:
            return self.graph.teams.answer(step, parts, query)
        if step in DRIVE_STEPS:
            return (*self.graph.drive.answer(step, parts, body, query), {})
        if parts[0] not in (MAILBOX, "('1')"):
            raise Refused(404, "ErrorInvalidUser")
        if step in ("delta", "mail", "source", "move") and not self._wants_immutable():
            self.graph.changing_ids.append(step)
        if "event" in step or step == "view":
            return (*self._of_calendar(step, parts, body, query), {})
        handle = getattr(self, f"_{step.replace(' ', '_')}")
        return (*handle(parts, body, query), {})

    def _open(self, step: str, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> Answer:
        """What is answered without a token of ours: the sign-in itself, and other hosts."""
        if step == "inspect":
            return 200, self.graph.mailbox.inspection(), {}
        if step == "discovery":
            return 200, self.graph.sign_in.discovery(), {}
        if step == "token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return (*self.graph.sign_in.token(form), {})
        if step == "blob":
            return self.graph.teams.blob(parts[0], self.headers.get("Authorization", ""))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.graph.uploads.answer(self.command, query.get("authtoken", ""), body, headers)

    def _wants_immutable(self) -> bool:
        return 'idtype="immutableid"' in self.headers.get("Prefer", "").replace(" ", "").lower()

    def _send_source(self, mail: dict[str, Any]) -> None:
        """The MIME source, however large, from no memory."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        zeros, piece = mail["_zeros"], b"0" * 65_536
        parts = (mail["_source"], *(piece[: zeros - at] for at in range(0, zeros, len(piece))))
        with suppress(ConnectionError):  # whoever reads may have had enough
            for part in (*filter(None, parts), b""):
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def _send_content(self, content: Content) -> None:
        """All of it, or what is asked for from a byte on; half of it where `cut_content` says that the line dies."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        if first and first >= len(content.data):
            self._answer(416, _error("InvalidRange"), {})
            return
        data = content.data[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Type", content.media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.graph.cut_content:
            self.graph.cut_content -= 1
            self.wfile.write(data[: len(data) // 2])
            self._cut()
            return
        self.wfile.write(data)

    def _draft(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        from_mime = self.headers.get("Content-Type") == "text/plain"
        wanted = draft_from_mime(body, MAILBOX) if from_mime else draft_from_json(body)
        return 201, self.graph.mailbox.entity(self.graph.mailbox.make(wanted, immutable=self._wants_immutable()))

    def _find(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        return 200, self.graph.mailbox.listing(query)

    def _mail(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        return 200, self.graph.mailbox.entity(self.graph.mailbox.mail(parts[1]), query.get("$select", ""))

    def _source(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        return 200, _Source(self.graph.mailbox.mail(parts[1]))

    def _send(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        self.graph.mailbox.send(parts[1])
        return 202, None

    def _delete(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        self.graph.mailbox.move(self.graph.mailbox.mail(parts[1]), "deleteditems")
        return 204, None

    def _move(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        wanted = {name.lower(): value for name, value in json.loads(body).items()}
        mail = self.graph.mailbox.move(self.graph.mailbox.mail(parts[1]), wanted["destinationid"])
        return 201, {**self.graph.mailbox.entity(mail), "@odata.type": "#microsoft.graph.message"}

    def _attach(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        if len(body) > 4 * 1024 * 1024:
            raise Refused(413, "RequestEntityTooLarge")
        mail = self.graph.mailbox.mail(parts[1])
        return 201, self._of_attachments(attachments.shown(attachments.from_json(mail, json.loads(body))), "/$entity")

    def _attachments(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        found = self.graph.mailbox.mail(parts[1])["_attachments"]
        return 200, self._of_attachments(
            {"value": [attachments.shown(entry, query.get("$select", "")) for entry in found]}
        )

    def _attachment(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        found = self._one_attachment(parts)
        return 200, self._of_attachments(attachments.shown(found, query.get("$select", "")), "/$entity")

    def _remove_attachment(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        self.graph.mailbox.mail(parts[1])["_attachments"].remove(self._one_attachment(parts))
        return 204, None

    def _one_attachment(self, parts: tuple[str, ...]) -> dict[str, Any]:
        for entry in self.graph.mailbox.mail(parts[1])["_attachments"]:
            if entry["id"] == parts[2]:
                return dict(entry)
        raise Refused(404, "ErrorItemNotFound")

    def _of_attachments(self, content: dict[str, Any], end: str = "") -> dict[str, Any]:
        context = f"{self.graph.url}v1.0/$metadata#users('1')/messages('1')/attachments{end}"
        return {"@odata.context": context, **content}

    def _open_upload(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        session = self.graph.uploads.open(self.graph.mailbox.mail(parts[1]), json.loads(body))
        return 201, {"@odata.context": f"{self.graph.url}v1.0/$metadata#microsoft.graph.uploadSession", **session}

    def _folders(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        return 200, self.graph.mailbox.folders(query)

    def _new_folder(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        there = self.graph.mailbox.folder.make(json.loads(body)["displayName"])
        return 201, self.graph.mailbox.shown_folder(there)

    def _folder(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        context = f"{self.graph.url}v1.0/$metadata#users('1')/mailFolders/$entity"
        return 200, {"@odata.context": context, **self.graph.mailbox.shown_folder(parts[1])}

    def _folder_mails(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        return 200, self.graph.mailbox.listing(query, parts[1])

    def _delta(self, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        asked = re.search(r"odata\.maxpagesize=(\d+)", self.headers.get("Prefer", ""))
        return 200, self.graph.mailbox.delta(parts[1].strip("(')"), query, int(asked[1]) if asked else 10)

    def _of_calendar(self, step: str, parts: tuple[str, ...], body: bytes, query: dict[str, str]) -> tuple[int, object]:
        event_id = parts[1] if len(parts) > 1 else ""
        status, content = self.graph.calendar.answer(step, event_id, json.loads(body or b"{}"), query)
        if isinstance(content, dict) and "@odata.nextLink" in content:
            following = urlencode({**query, "$skip": content["@odata.nextLink"]})
            content["@odata.nextLink"] = f"{self.graph.url}{urlsplit(self.path).path.lstrip('/')}?{following}"
        return status, content


_USER, _ID = r"/v1\.0/users/?([^/]+)", r"/([^/]+)"
_DRIVE = r"/v1\.0/(sites/[^/]+/drive|drives/[^/]+)"
STEPS = (  # the first that fits; what stands in brackets goes to the step
    ("GET", "/inspect", "inspect"),
    ("GET", ".*/openid-configuration", "discovery"),
    ("POST", ".*/oauth2/v2.0/token", "token"),
    ("PUT", "/upload/.*", "piece"),
    ("GET", "/upload/.*", "upload"),
    ("POST", f"{_USER}/messages", "draft"),
    ("GET", f"{_USER}/messages", "find"),
    ("POST", f"{_USER}/messages{_ID}/send", "send"),
    ("POST", f"{_USER}/messages{_ID}/move", "move"),
    ("POST", f"{_USER}/messages{_ID}/attachments/createUploadSession", "open upload"),
    ("POST", f"{_USER}/messages{_ID}/attachments", "attach"),
    ("GET", f"{_USER}/messages{_ID}/attachments", "attachments"),
    ("GET", f"{_USER}/messages{_ID}/attachments{_ID}", "attachment"),
    ("DELETE", f"{_USER}/messages{_ID}/attachments{_ID}", "remove attachment"),
    ("GET", f"{_USER}/messages{_ID}/\\$value", "source"),
    ("GET", f"{_USER}/messages{_ID}", "mail"),
    ("DELETE", f"{_USER}/messages{_ID}", "delete"),
    ("GET", f"{_USER}/mailFolders", "folders"),
    ("POST", f"{_USER}/mailFolders", "new folder"),
    ("GET", f"{_USER}/mailFolders{_ID}", "folder"),
    ("GET", f"{_USER}/mailFolders{_ID}/messages", "folder mails"),
    ("GET", f"{_USER}/mailFolders/?([^/]+)/messages/(?:microsoft\\.graph\\.)?delta(?:\\(\\))?", "delta"),
    ("GET", f"{_USER}/calendarView", "view"),
    ("POST", f"{_USER}/events", "create event"),
    ("GET", f"{_USER}/events", "find event"),
    ("POST", f"{_USER}/events{_ID}/cancel", "cancel event"),
    ("PATCH", f"{_USER}/events{_ID}", "change event"),
    ("GET", f"{_USER}/events{_ID}", "event"),
    ("GET", f"{_USER}/onlineMeetings", "online meetings"),
    ("GET", f"{_USER}/onlineMeetings{_ID}/transcripts", "transcripts"),
    ("GET", f"{_USER}/onlineMeetings{_ID}/recordings", "recordings"),
    ("GET", f"{_USER}/onlineMeetings{_ID}/transcripts{_ID}/content", "transcript"),
    ("GET", f"{_USER}/onlineMeetings{_ID}/recordings{_ID}/content", "recording"),
    ("GET", f"{_USER}/drive/root:/(.+):/children", "folder children"),
    ("GET", f"{_USER}/drive/items{_ID}/content", "item"),
    ("GET", r"/blob/(.+)", "blob"),
    ("GET", r"/v1\.0/sites/([^/]+)/drives", "drives"),
    ("GET", r"/v1\.0/sites/([^/:]+(?::/.+)?)", "site"),
    ("PUT", rf"{_DRIVE}/root:/(.+):/content", "put file"),
    ("GET", rf"{_DRIVE}/root:/(.+)", "file"),
    ("PATCH", f"{_DRIVE}/items{_ID}", "rename file"),
)
OPEN_STEPS = ("inspect", "discovery", "token", "piece", "upload", "blob")
DRIVE_STEPS = ("drives", "site", "put file", "file", "rename file")


def _step(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    for verb, pattern, step in STEPS:
        if verb == method and (found := re.fullmatch(pattern, path)):
            return step, found.groups()
    return "other", ()


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code, "innerError": {}}}


@contextmanager
def running_graph(folder: Path, *, port: int = 0, url: str = "") -> Iterator[FakeGraph]:
    """A Graph at https on loopback, trusted by requests while it runs; on a free port unless one is given.

    `url`: the address that clients use, where something stands in front. In `folder`: `ca.pem`, and `server.pem` (key
    and certificate of localhost) for whatever that is.
    """
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_certificate = authority.issue_cert("localhost", "127.0.0.1")
    server_certificate.configure_cert(tls)
    server_certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    graph = FakeGraph(ca_file=str(folder / "ca.pem"))
    authority.cert_pem.write_to_path(graph.ca_file)
    handler = type("Handler", (_Handler,), {"graph": graph})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        graph.be_at(url or f"https://localhost:{server.server_port}/")
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


def main() -> None:
    """Run until stopped; one line of JSON says where."""
    parser = argparse.ArgumentParser(description="A stand-in for Microsoft's sign-in and Graph, on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--url", default="", help="the address that clients use, where something stands in front")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder goes, too
    with tempfile.TemporaryDirectory() as folder, running_graph(Path(folder), port=given.port, url=given.url) as graph:
        place = {"url": graph.url, "authority": graph.authority, "ca_file": graph.ca_file}
        print(json.dumps({**place, "server_pem": str(Path(folder) / "server.pem")}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
