"""Run inside a mount namespace of its own (see test_bad_days): the secretariat on a disk that fills up, and is freed.

Usage: full_disk.py MOUNT_POINT LOG. Exits 0 when the draft is there after space was freed; prints what went wrong else.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

SIZE = "24m"
PATIENCE = 100


def main() -> int:
    mount, log = Path(sys.argv[1]), Path(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(mount)], check=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "--now", "2024-02-09T09:00:00+00:00", "run", "--port", "0"],
            env=os.environ | {"SECRETARIAT_PATHS__STATE": str(mount / "var")}, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            return watch(mount, log, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def watch(mount: Path, log: Path, process: subprocess.Popen[bytes]) -> int:
    wait_until(lambda: "/enter/" in log.read_text(), "start", process)
    filler = mount / "filler"
    fill(filler)
    wait_until(lambda: "is full" in log.read_text(), "sentence about the full disk", process)
    filler.unlink()
    wait_until(lambda: drafts(mount) == 1, "draft after space was freed", process)
    return 0


def fill(filler: Path) -> None:
    """Leave nothing, in small pieces to the last byte."""
    with filler.open("ab", buffering=0) as handle:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    handle.write(b"x" * size)
            except OSError:
                continue


def drafts(mount: Path) -> int:
    with sqlite3.connect(f"file:{mount}/var/secretariat.db?mode=ro", uri=True, timeout=10) as connection:
        return int(connection.execute("SELECT count(*) FROM drafts WHERE id LIKE 'PSG%'").fetchone()[0])


def wait_until(look: object, what: str, process: subprocess.Popen[bytes]) -> None:
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        if look():  # type: ignore[operator]
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    print(f"no {what}")
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
