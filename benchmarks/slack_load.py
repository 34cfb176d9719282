"""200 people sending Slack commands, 20 a second for a minute, on SQLite: how soon is each acknowledged, is any lost?

Run: `python benchmarks/slack_load.py` (about two minutes). The real `secretariat run` on an empty state folder with
invented people, each of whom has opened the home tab; signed commands, each by a connection of its own, timed from
sending to the whole acknowledgement. Slack's own part (modals, home tabs, answers) is played on loopback.
Goal: none lost, 99th percentile under 500 ms.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.members import COLUMNS
from bot.places import Places
from handlers.slack.door import LATER
from handlers.slack.response_url import ResponseUrl

ROOT = Path(__file__).parents[1]
NOW = "2024-02-09T09:00:00+00:00"  # two days after the PSG of Wednesday 7 February 2024
SECRET = "an-invented-signing-secret"  # noqa: S105
COMMANDS = ("next", "deadlines PSG", "actions mine", "help", "amend PSG 2024-02-07 D-01: the plan was noted, {}")
GROUPS = ("PSG", "DAG", "SITAG", "MCAG", "QAG", "CCAG")
GOAL = 0.500
SENDERS = 64
LONGEST_WAIT = 60.0  # seconds for an answer that comes after its acknowledgement


@dataclass
class Tally:
    """What came of the commands. Times in seconds."""

    took: list[float] = field(default_factory=list)
    later: list[str] = field(default_factory=list)  # acknowledged before their answer was there
    lost: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Nearest rank."""
        return sorted(self.took)[math.ceil(share * len(self.took)) - 1]


class SlackItself(BaseHTTPRequestHandler):
    """Takes whatever the secretariat asks of Slack's Web API."""

    asked: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked[self.path.rpartition("/")[2]] += 1
        content = json.dumps({"ok": True, "ts": f"{time.time():.6f}", "channel": {"id": "D0"}, "view": {"id": "V0"},
                              "team_id": "T0", "messages": []}).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Print nothing."""


@contextmanager
def slack_itself() -> Iterator[str]:
    """The address of a Slack on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlackItself)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/"
    finally:
        server.shutdown()


def user_id(number: int) -> str:
    return f"U0LOAD{number:03d}"


def write_people(file: Path, people: int) -> None:
    """Invented members, spread over the groups."""
    with file.open("w", newline="", encoding="utf-8") as handle:
        rows = csv.DictWriter(handle, COLUMNS)
        rows.writeheader()
        for number in range(people):
            rows.writerow(
                {
                    "person": f"Person {number}", "email": f"person{number}@example.org",
                    "slack_user_id": user_id(number), "organisation": f"Organisation {number}",
                    "constituency": f"Constituency {number}", "group": GROUPS[number % len(GROUPS)],
                    "seat": f"Representative {number}", "role": "member", "from": "2023-01-01",
                }
            )  # fmt: skip


@contextmanager
def house(root: Path, api_url: str, people: int) -> Iterator[int]:
    """The real thing with its people, up; gives its port."""
    state = root / "var"
    own = {name: value for name, value in os.environ.items() if not name.startswith("SECRETARIAT_")}
    own |= {
        "SECRETARIAT_PATHS__STATE": str(state), "SECRETARIAT_SAMPLE__ENABLED": "false",
        "SECRETARIAT_SLACK__TRANSPORT": "slack", "SECRETARIAT_SLACK__MODE": "http",
        "SECRETARIAT_SLACK__API_URL": api_url, "SECRETARIAT_SLACK_BOT_TOKEN": "xoxb-invented",
        "SECRETARIAT_SLACK_SIGNING_SECRET": SECRET,
    }  # fmt: skip
    bot = [sys.executable, "-m", "bot", "--now", NOW]
    write_people(root / "members.csv", people)
    subprocess.run([*bot, "members", "import", str(root / "members.csv")], cwd=ROOT, env=own, check=True)  # noqa: S603
    with (root / "said.log").open("wb") as log:
        process = subprocess.Popen([*bot, "run", "--port", "0"], cwd=ROOT, env=own, stdout=log, stderr=log)  # noqa: S603
    try:
        yield _port(Places(state), process, root / "said.log")
    finally:
        process.terminate()
        process.wait(timeout=60)


def _port(places: Places, process: subprocess.Popen[bytes], said: Path) -> int:
    last = time.monotonic() + 60
    while time.monotonic() < last and process.poll() is None:
        port = places.running_port()
        if port:
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/health")
                return port
            except OSError:
                pass
        time.sleep(0.2)
    raise SystemExit(f"The secretariat did not start:\n{said.read_text()}")


def post(port: int, body: str, kind: str) -> tuple[int, bytes]:
    """Post a body, signed as Slack signs, by a connection of its own."""
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body) or "",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/slack/events", body.encode(), headers)
        answered = connection.getresponse()
        return answered.status, answered.read()
    finally:
        connection.close()


def open_home(port: int, number: int) -> None:
    event = {"type": "app_home_opened", "user": user_id(number), "tab": "home"}
    body = json.dumps({"type": "event_callback", "event_id": f"Ev{number}", "team_id": "T0", "event": event})
    post(port, body, "application/json")


def open_homes(port: int, people: int) -> None:
    """Everybody opens the home tab, some seconds before the commands begin."""
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda number: open_home(port, number), range(people)))
    last = time.monotonic() + 120
    while SlackItself.asked["views.publish"] < people and time.monotonic() < last:
        time.sleep(0.2)
    print(f"home tabs opened: {SlackItself.asked['views.publish']} of {people}")


def send(port: int, later: ResponseUrl, tally: Tally, number: int, people: int) -> None:
    """Post one command, and note how long its acknowledgement took."""
    key = f"load-{number}"
    form: dict[str, Any] = {
        "command": "/secretariat", "text": COMMANDS[number % len(COMMANDS)].format(key),
        "user_id": user_id(number % people), "trigger_id": key, "response_url": later.address(key),
    }  # fmt: skip
    began = time.perf_counter()
    try:
        status, content = post(port, urlencode(form), "application/x-www-form-urlencoded")
    except OSError as error:
        tally.lost.append(f"{key}: {error}")
        return
    tally.took.append(time.perf_counter() - began)
    text = json.loads(content).get("text", "") if status == 200 else ""
    if text == LATER:
        tally.later.append(key)
    elif not text or "nothing was done" in text:
        tally.lost.append(f"{key}: {status} {content[:200]!r}")


def measured(port: int, later: ResponseUrl, database: Path, wanted: argparse.Namespace) -> Tally:
    """Send the commands at their times, whatever has come of the earlier ones, and see that each was answered once."""
    tally, began = Tally(), time.monotonic()
    commands = int(wanted.a_second * wanted.seconds)
    with ThreadPoolExecutor(SENDERS) as senders:
        for number in range(commands):
            time.sleep(max(0.0, began + number / wanted.a_second - time.monotonic()))
            senders.submit(send, port, later, tally, number, wanted.people)
    for key in tally.later:
        answers = later.answers(key, wait=LONGEST_WAIT)
        if len(answers) != 1 or "nothing was done" in answers[0]:
            tally.lost.append(f"{key}: answered {answers}")
    asked = [f"load-{n}" for n in range(commands) if COMMANDS[n % len(COMMANDS)].startswith("amend")]
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30) as connection:
        texts = Counter(str(text) for (text,) in connection.execute("SELECT proposed_text FROM amendments"))
    tally.lost += [
        f"{key}: {texts[said]} times on file" for key in asked if texts[said := f"the plan was noted, {key}"] != 1
    ]
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--a-second", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="slack-load-") as scratch,
        slack_itself() as api_url,
        ResponseUrl() as later,
        house(Path(scratch), api_url, wanted.people) as port,
    ):
        open_homes(port, wanted.people)
        shown = SlackItself.asked["views.publish"]
        tally = measured(port, later, Path(scratch) / "var" / "secretariat.db", wanted)
        print(
            f"{len(tally.took)} acknowledged, {len(tally.lost)} lost; p50 {tally.percentile(0.5) * 1000:.0f} ms, "
            f"p99 {tally.percentile(0.99) * 1000:.0f} ms, max {max(tally.took) * 1000:.0f} ms; {len(tally.later)} "
            f"answered after their acknowledgement; {SlackItself.asked['views.publish'] - shown} home tabs shown again"
        )
        print(f"load: {' '.join(f'{value:.1f}' for value in os.getloadavg())}")
        for said in tally.lost[:10]:
            print(f"    lost: {said}")
    met = not tally.lost and tally.percentile(0.99) < GOAL
    print(f"goal: none lost, p99 under {GOAL * 1000:.0f} ms: {'met' if met else 'not met'}")
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
