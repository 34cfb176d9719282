"""The real Chromium, driven as a person drives it: pages opened, fields filled in, buttons pressed (DevTools)."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 30.0


class Browser:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers, self._events = socket, itertools.count(1), list[dict[str, Any]]()

    async def begin(self) -> None:
        """Have pages say when they are there."""
        await self._call("Page.enable")

    async def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        await self._and_load("Page.navigate", url=address)

    async def press(self, selector: str) -> None:
        """Press a button or follow a link, and wait for the page that it leads to."""
        await self._and_load("Runtime.evaluate", expression=f"{_found(selector)}.click()")

    async def unfold(self, selector: str) -> None:
        """Open or close a `details`."""
        await self.evaluate(f"{_found(selector)}.click()")

    async def fill_in(self, selector: str, value: str) -> None:
        """Put a value into a field, or choose it."""
        await self.evaluate(f"{_found(selector)}.value = {json.dumps(value)}")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; what the page itself may run stays forbidden."""
        answer = await self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def text(self) -> str:
        """What a person reads."""
        return str(await self.evaluate("document.body.innerText"))

    async def _and_load(self, method: str, **params: Any) -> None:
        self._events.clear()
        answer = await self._call(method, **params)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            await self._receive()

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._receive()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                answer: dict[str, Any] = message["result"]
                return answer

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=PATIENCE)
        if "method" in message:
            self._events.append(message)
        return message


def _found(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A fresh browser without anything remembered."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is not installed: apt-get install chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder}", "about:blank",
            stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with (
                aiohttp.ClientSession(trust_env=False) as http,
                http.ws_connect(await _first_tab(http, Path(folder)), max_msg_size=0) as socket,
            ):
                browser = Browser(socket)
                await browser.begin()
                yield browser
        finally:
            process.kill()
            await process.wait()


async def _first_tab(http: aiohttp.ClientSession, folder: Path) -> str:
    """The address at which the tab takes orders, once the browser has written down its port."""
    file = folder / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE):
        while not file.exists() or not file.read_text().strip():
            await asyncio.sleep(0.05)
        port = file.read_text().split()[0]
        async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = await answer.json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
