"""The misbehaving proxy itself: what the client sees, and what the service got."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from tests.fault_proxy import (
    Fault,
    FaultProxy,
    cut_after,
    cut_before,
    delay,
    garbage,
    late_answer,
    passing,
    refuse,
    status,
)
from tests.secretariat_process import ROOT


class Service:
    """Answers each request with its own method, path, header X-Mark and body; `got` keeps them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[str] = []
        self.arrived = threading.Condition()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
                """Nothing on stderr."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with service.arrived:
                    service.got.append(body)
                    service.arrived.notify_all()
                said = f"{self.command} {self.path} {self.headers['X-Mark']} {body}".encode()
                self.send_response(201)
                self.send_header("X-Service", "yes")
                self.send_header("X-Host", self.headers["Host"])
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_DELETE = lambda self: self.send_error(404)  # noqa: N815  # the library's names

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # the library's 5 resets connections where many come at once

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)

    def wait_for(self, count: int) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.got) >= count, timeout=20)


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    thread = threading.Thread(target=service.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield service
    finally:
        service.server.shutdown()
        service.server.server_close()
        thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(Service()) as service:
        yield service


@pytest.fixture
def proxy(service: Service) -> Iterator[FaultProxy]:
    with FaultProxy(f"http://127.0.0.1:{service.server.server_port}/api/") as proxy:
        yield proxy


def post(proxy: FaultProxy, body: str, path: str = "send", seconds: float = 20) -> str:
    """What the service said, through the proxy."""
    url = urlsplit(proxy.url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=seconds)
    try:
        connection.request("POST", url.path + path, body.encode(), {"X-Mark": "mine"})
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    finally:
        connection.close()


GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


def test_all_goes_through_where_no_fault_is_planned(proxy: FaultProxy, service: Service) -> None:
    assert post(proxy, "häl lo") == "201 POST /api/send mine häl lo"
    url = urlsplit(proxy.url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=20)
    for number in range(3):  # on one connection
        connection.request("POST", "/api/x?y=1", str(number))
        answer = connection.getresponse()
        assert answer.headers["X-Service"] == "yes"
        assert answer.headers["X-Host"] == url.netloc, "links that the service makes lead through the proxy"
        assert answer.read().decode().startswith("POST /api/x?y=1")
    connection.request("GET", "/api/x")
    assert connection.getresponse().status == 404
    connection.close()
    assert service.got == ["häl lo", "0", "1", "2"]


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        (cut_before(), GONE, False),
        (cut_after(), GONE, True),
        (refuse(), GONE, False),
        (garbage(), http.client.BadStatusLine, False),
        (garbage(accepted=True), http.client.BadStatusLine, True),
    ],
    ids=str,
)
def test_a_lost_answer_says_nothing_of_what_the_service_got(
    proxy: FaultProxy, service: Service, fault: Fault, error: type[Exception], accepted: bool
) -> None:
    proxy.meet("", fault)
    with pytest.raises(error):
        post(proxy, "first")
    assert post(proxy, "second").startswith("201"), "each fault is met once"
    assert service.got == (["first", "second"] if accepted else ["second"])


@pytest.mark.parametrize("accepted", [False, True])
def test_an_answer_in_the_service_s_place(proxy: FaultProxy, service: Service, accepted: bool) -> None:
    proxy.meet("", status(429, {"Retry-After": "7"}, "slower", accepted=accepted))
    assert post(proxy, "first") == "429 slower"
    assert service.got == (["first"] if accepted else [])


def test_a_delayed_request_arrives_although_the_client_has_gone(proxy: FaultProxy, service: Service) -> None:
    proxy.meet("", delay(1.0))
    with pytest.raises(TimeoutError):
        post(proxy, "late", seconds=0.1)
    assert service.got == []
    assert service.wait_for(1)
    assert post(proxy, "after").startswith("201")


def test_a_late_answer_is_late_for_the_client_alone(proxy: FaultProxy, service: Service) -> None:
    proxy.meet("", late_answer(30))
    with pytest.raises(TimeoutError):
        post(proxy, "taken", seconds=1)
    assert service.got == ["taken"]


def test_a_stopped_proxy_passes_nothing_on_any_more(service: Service) -> None:
    with FaultProxy(f"http://127.0.0.1:{service.server.server_port}/") as proxy:
        proxy.meet("", delay(60))
        with pytest.raises(TimeoutError):
            post(proxy, "late", seconds=0.3)
    assert service.got == []


def test_faults_wait_for_their_own_requests_in_order(proxy: FaultProxy) -> None:
    proxy.meet("send", passing(), status(500))
    proxy.meet("draft", status(503), method="POST")
    proxy.meet("", status(418))
    said = [post(proxy, "", path)[:3] for path in ("draft", "send", "send", "send", "send", "other")]
    assert said == ["503", "201", "500", "418", "201", "201"]
    assert proxy.to_come() == 0
    assert [request.fault for request in proxy.seen("send")] == ["pass", "status", "status", "pass"]
    proxy.meet("", cut_before())
    proxy.clear()
    assert post(proxy, "").startswith("201")
    with pytest.raises(ValueError, match="before it has a path"):
        proxy.meet("send", refuse())


def test_a_refusal_waits_for_its_turn(proxy: FaultProxy, service: Service) -> None:
    proxy.meet("", passing(), refuse())
    assert post(proxy, "first").startswith("201")
    with pytest.raises(GONE):
        post(proxy, "second")
    assert service.got == ["first"]


def test_many_at_once_meet_each_fault_once(proxy: FaultProxy, service: Service) -> None:
    proxy.meet("", *[status(500)] * 20)
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(post(proxy, "x"))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer[:3] for answer in said) == ["201"] * 30 + ["500"] * 20
    assert len(service.got) == 30


def test_a_service_that_is_gone_is_a_bad_gateway() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with FaultProxy(f"http://127.0.0.1:{port}/") as proxy:
        assert post(proxy, "x").startswith("502 ConnectionRefusedError")


def test_https_on_both_sides(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    ours = authority.issue_cert("localhost")
    ours.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    ours.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.configure_cert(tls)
    with serving(Service(tls)) as service:
        upstream = f"https://localhost:{service.server.server_port}/"
        before = partial(FaultProxy, upstream, certfile=tmp_path / "cert.pem", keyfile=tmp_path / "key.pem")
        with before(upstream_ca=tmp_path / "ca.pem") as proxy:
            assert post_tls(proxy, "hello", tmp_path / "ca.pem") == 201
            proxy.meet("", cut_after(), refuse())
            with pytest.raises((*GONE, ssl.SSLError)):
                post_tls(proxy, "lost answer", tmp_path / "ca.pem")
            with pytest.raises((*GONE, ssl.SSLError)):
                post_tls(proxy, "refused", tmp_path / "ca.pem")
            with socket.create_connection(("127.0.0.1", int(str(urlsplit(proxy.url).port)))):
                assert post_tls(proxy, "beside a silent client", tmp_path / "ca.pem") == 201
        with before(upstream_ca=tmp_path / "other.pem") as proxy:
            assert post_tls(proxy, "not trusted", tmp_path / "ca.pem") == 502
    assert service.got == ["hello", "lost answer", "beside a silent client"]


def post_tls(proxy: FaultProxy, body: str, authority: Path) -> int:
    url = urlsplit(proxy.url)
    trusting = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection(str(url.hostname), url.port, timeout=20, context=trusting)
    try:
        connection.request("POST", "/send", body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_as_a_process_it_takes_its_faults_line_by_line(service: Service) -> None:
    command = [sys.executable, "-m", "tests.fault_proxy", f"http://127.0.0.1:{service.server.server_port}/api/"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        url = urlsplit(process.stdout.readline().strip())
        process.stdin.write(json.dumps({"path": "send", "kind": "status", "code": 503}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "1\n"
        answers = []
        for _ in range(2):
            connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=20)
            connection.request("POST", url.path + "send", "x")
            answers.append(connection.getresponse().status)
            connection.close()
        assert answers == [503, 201]
        process.stdin.close()
        assert process.wait(20) == 0
