"""A real LibreOffice, driven through UNO: it opens, edits and saves a document as a person would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.slack_emulator import free_port

SCRIPT = Path(__file__).parent / "libreoffice_edits.py"


@dataclass(frozen=True)
class LibreOffice:
    """A running LibreOffice."""

    port: int
    folder: Path

    def edit(self, content: bytes, *edits: list[object]) -> bytes:
        """The document after the edits (their names: tests/libreoffice_edits.py), saved as .docx."""
        source, target = self.folder / "before.docx", self.folder / "after.docx"
        source.write_bytes(content)
        target.unlink(missing_ok=True)
        arguments = [str(self.port), str(source), str(target), json.dumps(edits)]
        done = subprocess.run(
            ["/usr/bin/python3", str(SCRIPT), *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return target.read_bytes()


@contextmanager
def running_libreoffice() -> Iterator[LibreOffice]:
    """Start LibreOffice without a window, with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = subprocess.Popen(
            ["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation={Path(folder, 'profile').as_uri()}",  # noqa: E501
             f"--accept=socket,host=127.0.0.1,port={port};urp;"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield LibreOffice(port, Path(folder))
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the program is a child of its wrapper's
            process.wait(timeout=30)
