"""Slack's side of Socket Mode, on loopback: `apps.connections.open` and a websocket. (The emulator has neither.)

Runs in the caller's event loop. Addresses are good for one connection, as Slack's are.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

APP_TOKEN = "xapp-invented"


class SocketModeServer:
    """One workspace, one app. `opened` counts connections; `refusals` are errors that the next openings meet."""

    def __init__(self) -> None:
        self.opened = 0
        self.refusals: list[str] = []
        self.broken_addresses = 0  # so many of the next addresses lead nowhere
        self._tickets: set[str] = set()
        self._lines: list[web.WebSocketResponse] = []
        self._acknowledged: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._connected = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.add_routes([web.post("/api/apps.connections.open", self._open), web.get("/link", self._line)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        await self.cut()
        if self._runner:
            await self._runner.cleanup()

    async def wait_for_connections(self, number: int, *, seconds: float = 15.0) -> None:
        """Until so many connections have been opened in all, and the newest is there."""
        async with self._connected:
            async with asyncio.timeout(seconds):
                await self._connected.wait_for(lambda: self.opened >= number and self._lines)

    async def send(self, kind: str, payload: Mapping[str, Any], *, seconds: float = 3.0, **more: Any) -> dict[str, Any]:
        """Bring something, and return the acknowledgement. TimeoutError where Slack would have given up."""
        envelope_id = secrets.token_hex(8)
        acknowledged = self._acknowledged[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {"envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": True}
        await self._lines[-1].send_str(json.dumps(envelope | more))
        return await asyncio.wait_for(acknowledged, seconds)

    async def ask_to_reconnect(self) -> None:
        """As Slack does every few hours."""
        await self._lines[-1].send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    async def cut(self) -> None:
        """End every connection without a word."""
        for line in self._lines:
            transport = line._req.transport if line._req else None
            if transport:
                transport.abort()
        self._lines.clear()
        await asyncio.sleep(0)

    async def _open(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {APP_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if self.refusals:
            return web.json_response({"ok": False, "error": self.refusals.pop(0)})
        ticket = secrets.token_hex(8)
        if self.broken_addresses:
            self.broken_addresses -= 1
        else:
            self._tickets.add(ticket)
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket={ticket}"})

    async def _line(self, request: web.Request) -> web.StreamResponse:
        if request.query["ticket"] not in self._tickets:
            return web.Response(status=408)
        self._tickets.remove(request.query["ticket"])
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self._lines.append(line)
        self.opened += 1
        async with self._connected:
            self._connected.notify_all()
        async for message in line:
            if message.type is WSMsgType.TEXT:
                self._take(json.loads(message.data))
        if line in self._lines:
            self._lines.remove(line)
        return line

    def _take(self, said: dict[str, Any]) -> None:
        waiting = self._acknowledged.get(str(said.get("envelope_id")))
        if waiting and not waiting.done():
            waiting.set_result(said.get("payload") or {})


@asynccontextmanager
async def socket_mode_server() -> AsyncIterator[SocketModeServer]:
    """Running on a free port, and gone afterwards."""
    server = SocketModeServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
