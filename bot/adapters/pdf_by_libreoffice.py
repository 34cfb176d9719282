"""PDFs by LibreOffice: a process of its own, with a profile of its own and a time limit, ended whole where it hangs.

LibreOffice keeps one lock for each profile, and a crash leaves it behind: every document has a fresh profile.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.errors import SecretariatError

PROGRAMS = ("soffice", "libreoffice")


def is_installed() -> bool:
    """Whether there is a LibreOffice here."""
    return _program() is not None


def _program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class PdfByLibreOffice:
    """Makes PDFs (`ports.PdfMaker`). `seconds` is how long one document may take."""

    def __init__(self, *, seconds: float, program: str | None = None) -> None:
        self._seconds, self._given = seconds, program

    def pdf(self, document: bytes) -> bytes:
        """The Word document as a PDF. Raises SecretariatError, with a sentence, where there is none in time."""
        program = self._given or _program()
        if program is None:
            raise SecretariatError(
                "LibreOffice is not installed here, so there is no PDF.",
                hint="Install it, or set `issued_reports.pdf` to never.",
            )
        with tempfile.TemporaryDirectory(prefix="secretariat-pdf-", ignore_cleanup_errors=True) as folder:
            source, out = Path(folder) / "report.docx", Path(folder) / "out"
            source.write_bytes(document)
            said = self._run(program, Path(folder) / "profile", source, out)
            made = out / "report.pdf"
            if not made.is_file() or made.stat().st_size == 0:
                raise SecretariatError(f"LibreOffice made no PDF: {said or 'it does not say why'}.")
            return made.read_bytes()

    def _run(self, program: str, profile: Path, source: Path, out: Path) -> str:
        """Convert; returns what LibreOffice said. No macro of a document is ever run by a conversion."""
        command = [
            program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck",
            "--convert-to", "pdf:writer_pdf_Export", "--outdir", str(out), str(source),
        ]  # fmt: skip
        with (source.parent / "said").open("wb") as said:  # no pipe: a child left behind would keep it open
            try:
                process = subprocess.Popen(  # noqa: S603  # a program found by its name, on a file of ours
                    command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
                )
            except OSError as error:
                raise SecretariatError(f"LibreOffice cannot be started ({error.strerror}).") from None
            try:
                process.wait(self._seconds)
            except subprocess.TimeoutExpired:
                raise SecretariatError(f"LibreOffice made no PDF within {self._seconds:g} seconds.") from None
            finally:
                _end(process)
        words = (source.parent / "said").read_text(encoding="utf-8", errors="replace")
        return " ".join(words.split())[:300]


def _end(process: subprocess.Popen[bytes]) -> None:
    """soffice is a script that starts the real program: both belong to one session, and end together."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
