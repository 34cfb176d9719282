"""A proxy that stands before a service and misbehaves as it is told. On loopback, http or https.

    with FaultProxy("http://127.0.0.1:4100/api/") as proxy:
        proxy.meet("chat.postMessage", passing(), cut_after())  # the second post is accepted, its answer lost
        client = WebClient(base_url=proxy.url)

As a process: `python -m tests.fault_proxy http://127.0.0.1:4100/api/` prints its address as the first line. Then it
takes faults from standard input, one JSON object a line ({"path": "chat.postMessage", "kind": "cut_after"}), answers
each with the number of faults still to come, and stops where the input ends.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

Kind = Literal["pass", "refuse", "cut_before", "cut_after", "status", "garbage"]
_THIS_CONNECTION = frozenset(
    ("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)  # headers that are not passed on
_GARBAGE = b"\x16\x03\x00 this is not HTTP \xff\r\n\r\n"


@dataclass(frozen=True)
class Fault:
    """What one request meets. Made by the functions below; their fields may be combined (a delay, then a cut).

    `before_s` passes before the service gets the request, `after_s` between its answer and ours: whether or not the
    client has gone in the meantime. `accepted`: the service gets the request although the client is told otherwise.
    """

    kind: Kind = "pass"
    before_s: float = 0
    after_s: float = 0
    code: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    accepted: bool = False


def passing() -> Fault:
    """No fault: to let one through before the next."""
    return Fault()


def refuse() -> Fault:
    """The next connection is closed as soon as it is made; on a connection that is kept open, the next request."""
    return Fault("refuse")


def delay(seconds: float) -> Fault:
    """The service gets the request late, even where the client has given up."""
    return Fault(before_s=seconds)


def late_answer(seconds: float) -> Fault:
    """The service gets the request at once, the client its answer late."""
    return Fault(after_s=seconds)


def cut_before() -> Fault:
    """The connection ends; the service never gets the request."""
    return Fault("cut_before")


def cut_after() -> Fault:
    """The service gets the request, the connection ends before its answer."""
    return Fault("cut_after")


def status(code: int, headers: Mapping[str, str] | None = None, body: str = "", *, accepted: bool = False) -> Fault:
    """An answer in the service's place."""
    return Fault("status", code=code, headers=dict(headers or {}), body=body, accepted=accepted)


def garbage(*, accepted: bool = False) -> Fault:
    """Bytes that are no HTTP, in place of an answer."""
    return Fault("garbage", accepted=accepted)


@dataclass(frozen=True)
class Seen:
    """A request that arrived: when (`time.monotonic`), and what it met."""

    at: float
    method: str
    path: str
    fault: Kind


@dataclass(frozen=True)
class _Planned:
    fault: Fault
    method: str
    path: str

    def is_for(self, method: str, path: str) -> bool:
        return self.method in ("", method) and self.path in path


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class FaultProxy:
    """Passes requests on to `upstream` (http or https), but for the faults queued by `meet`. Safe in threads.

    With a certificate it serves https itself, at `localhost`; `upstream_ca` is the CA file by which an https upstream
    is trusted. The Host header goes through unchanged, so links that a service makes from it lead back here.
    """

    def __init__(
        self,
        upstream: str,
        *,
        certfile: str | Path | None = None,
        keyfile: str | Path | None = None,
        upstream_ca: str | Path | None = None,
        port: int = 0,
    ) -> None:
        """Listen at once; requests are served from `start` (or `with`) on. `url` has the path of `upstream`."""
        self._upstream = urlsplit(upstream)
        self._upstream_tls = ssl.create_default_context(cafile=upstream_ca) if upstream_ca else None
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._seen: deque[Seen] = deque(maxlen=100_000)
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"proxy": self}))
        self._server.proxy = self
        if certfile:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certfile, keyfile)
            # The handshake is left to the request's own thread: a client that stalls in it holds up no other.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        place = "https://localhost" if certfile else "http://127.0.0.1"
        self.url = f"{place}:{self._server.server_port}{self._upstream.path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it. What is delayed is dropped: the service does not get it any more."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def meet(self, path: str, *faults: Fault, method: str = "") -> None:
        """The next requests whose path contains `path` (any where it is empty) meet these faults, each once, in order.

        A connection has no path yet: `refuse` takes none, and waits until it is the first in the queue.
        """
        if (path or method) and any(fault.kind == "refuse" for fault in faults):
            raise ValueError("a connection is refused before it has a path: meet('', refuse())")
        with self._lock:
            self._planned += [_Planned(fault, method, path) for fault in faults]

    def clear(self) -> None:
        """Forget the faults still to come."""
        with self._lock:
            self._planned.clear()

    def to_come(self) -> int:
        """How many faults have not been met yet."""
        with self._lock:
            return len(self._planned)

    def seen(self, path: str = "") -> list[Seen]:
        """The requests that arrived whose path contains `path`, oldest first; no refused connections."""
        with self._lock:
            return [request for request in self._seen if path in request.path]

    def take_refusal(self) -> bool:
        """Whether the connection just made is to be closed."""
        with self._lock:
            if self._planned and self._planned[0].fault.kind == "refuse":
                del self._planned[0]
                return True
            return False

    def take(self, method: str, path: str) -> Fault:
        """The fault that this request meets; it is used up."""
        with self._lock:
            planned = next((planned for planned in self._planned if planned.is_for(method, path)), None)
            if planned:
                self._planned.remove(planned)
            fault = planned.fault if planned else passing()
            self._seen.append(Seen(time.monotonic(), method, path, fault.kind))
            return fault

    def wait(self, seconds: float) -> bool:
        """Wait; False where the proxy was stopped in the meantime."""
        return not self._stopping.wait(seconds) if seconds else not self._stopping.is_set()

    def forward(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> _Answer:
        """The service's own answer; 502 where it gives none."""
        connection = self._connection()
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in _passed_on(headers):
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return _Answer(answer.status, tuple(_passed_on(answer.getheaders())), answer.read())
        except (OSError, HTTPException) as error:
            return _Answer(502, (), f"{type(error).__name__}: {error}".encode())
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port = str(self._upstream.hostname), self._upstream.port
        if self._upstream.scheme == "https":
            return HTTPSConnection(host, port, timeout=60, context=self._upstream_tls)
        return HTTPConnection(host, port, timeout=60)


def _passed_on(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _THIS_CONNECTION]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    proxy: FaultProxy

    def verify_request(self, request: object, client_address: object) -> bool:
        return not self.proxy.take_refusal()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone (a killed one) is nothing to report."""
        if not isinstance(sys.exception(), OSError):  # TLS errors are OSErrors too
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as they came


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    proxy: FaultProxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing on stderr."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers:
            return self._answer(_Answer(411, (), b"this proxy takes requests with a Content-Length"))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.take(self.command, self.path)
        if not self.proxy.wait(fault.before_s) or fault.kind in ("refuse", "cut_before"):
            return self._cut()
        answer = _Answer(fault.code, tuple(fault.headers.items()), fault.body.encode())
        if fault.kind in ("pass", "cut_after") or fault.accepted:
            from_service = self.proxy.forward(self.command, self.path, self.headers.items(), body)
            answer = answer if fault.kind == "status" else from_service
        if not self.proxy.wait(fault.after_s) or fault.kind == "cut_after":
            return self._cut()
        if fault.kind == "garbage":
            self.wfile.write(_GARBAGE)
            return self._cut()
        return self._answer(answer)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, answer: _Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def main() -> None:
    parser = argparse.ArgumentParser(description="A proxy that misbehaves as it is told on standard input.")
    parser.add_argument("upstream")
    parser.add_argument("--port", type=int, default=0)
    for name in ("--certfile", "--keyfile", "--upstream-ca"):
        parser.add_argument(name)
    with FaultProxy(**vars(parser.parse_args())) as proxy:
        print(proxy.url, flush=True)
        for line in sys.stdin:
            told = json.loads(line)
            path, method = told.pop("path", ""), told.pop("method", "")
            proxy.meet(path, Fault(**told), method=method)
            print(proxy.to_come(), flush=True)


if __name__ == "__main__":
    main()
