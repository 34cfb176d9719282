"""Days on which something is wrong with the machine: a sentence that says what to do, and nothing lost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secretariat_process import ROOT, environment, running, secretariat


def test_a_port_in_use_is_named_and_another_suggested(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = secretariat(tmp_path / "var", "run", "--port", port)
    assert refused.returncode == 1
    assert f"127.0.0.1:{port}" in refused.stderr
    assert "run --port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "var" / "secretariat.db").exists(), "it had begun before it knew that it could not serve"


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("in the way")
    refused = secretariat(tmp_path / "a-file" / "var", "run", "--port", "0")
    assert refused.returncode == 1
    assert "state folder" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_a_full_disk_is_said_and_the_work_goes_on_once_there_is_space(tmp_path: Path) -> None:
    """On a small disk of its own, in a mount namespace that ends with the test."""
    mount, log = tmp_path / "small-disk", tmp_path / "log"
    mount.mkdir()
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, ROOT / "tests/full_disk.py", mount, log],
        cwd=ROOT, env=environment(tmp_path / "unused"), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}"
    assert "Traceback" not in log.read_text()


def test_a_transcript_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    recording = ROOT / "sample/recordings/SAMPLE-2003-01-01 AMI ES2003a.flac"
    refused = secretariat(tmp_path / "var", "transcribe", str(recording), "--output", "/dev/full")
    assert refused.returncode == 1
    assert "could not be written (No space left on device)" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    recording = ROOT / "sample/recordings/SAMPLE-2003-01-01 AMI ES2003a.flac"
    refused = secretariat(tmp_path / "var", "transcribe", str(recording), "--model", str(tmp_path))
    assert refused.returncode == 1
    assert str(tmp_path) in refused.stderr
    assert "Traceback" not in refused.stderr


def test_sigterm_ends_it_as_cleanly_as_ctrl_c(tmp_path: Path) -> None:
    with running(tmp_path / "var", "--now", "2024-02-09T09:00:00+00:00") as house:
        house.link()
        house.process.terminate()
        assert house.process.wait(timeout=30) == 0
        assert "Nothing is half done" in house.said()


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    command = f"{sys.executable} -m bot calendar --from 2026-01-01 --to 2026-12-31 | head -1"
    env = environment(tmp_path / "var") | {"PATH": os.environ["PATH"]}
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
