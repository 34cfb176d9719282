"""Stands in for Slack's `response_url` on this computer: for `slack-send`, the tests and the benchmark."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self


class ResponseUrl:
    """Takes what is posted after an acknowledgement, while it is open as a context."""

    def __init__(self) -> None:
        self._said: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._news = Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Posted, self._take))

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def address(self, key: str) -> str:
        """The `response_url` of one command; `key` is a name for it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{key}"

    def answers(self, key: str, *, wait: float = 0.0) -> list[str]:
        """What has been answered to a command, waiting up to so many seconds for the first answer."""
        return [str(content["text"]) for content in self.posted(key, wait=wait)]

    def posted(self, key: str, *, wait: float = 0.0) -> list[dict[str, Any]]:
        """The same with all that was posted: blocks, and whether it replaces the message."""
        with self._news:
            self._news.wait_for(lambda: self._said[key], timeout=wait)
            return list(self._said[key])

    def _take(self, key: str, content: dict[str, Any]) -> None:
        with self._news:
            self._said[key].append(content)
            self._news.notify_all()


class _Posted(BaseHTTPRequestHandler):
    def __init__(self, take: Any, *connection: Any) -> None:
        self._take = take
        super().__init__(*connection)

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._take(self.path.strip("/"), content)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Print nothing."""
