"""Documentation that cannot rot: what it names must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from bot.cli import app
from tests.secretariat_process import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/CONFIGURATION.md").read_text(encoding="utf-8")
CODE = [p for room in ("bot", "handlers", "schedules") for p in (ROOT / room).rglob("*.py")]


def test_every_problem_that_check_can_name_is_documented_and_no_other() -> None:
    named = re.compile(
        r'(?:Problem|_warning)\(\s*"([a-z-]+)"|\("(config-[a-z-]+)",|problem_id, hint = "(config-[a-z-]+)"'
    )
    raised = {next(filter(None, found)) for path in CODE for found in named.findall(path.read_text(encoding="utf-8"))}
    documented = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", CONFIGURATION.partition("| id | what |")[2]))
    assert raised - documented == set()
    assert documented - raised == set()


@pytest.mark.parametrize("page", [README, ARCHITECTURE], ids=["README", "ARCHITECTURE"])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    paths = re.findall(r"`((?:bot|handlers|schedules|tests|docs|sample|report_templates)/[\w./ -]*)`", page)
    links = re.findall(r"\]\((docs/[^)]+|CHANGELOG\.md)\)", page)
    assert paths
    assert [name for name in (*paths, *links) if not (ROOT / name.strip()).exists()] == []


def test_every_command_in_the_readme_is_a_command() -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    written = "\n".join(re.findall(r"`[^`]+`|```.*?```", README, re.DOTALL))
    used = set(re.findall(r"(?<![/\w])(?:\.venv/bin/)?secretariat (?:--now \S+ )?([a-z][a-z-]+)", written))
    assert {"run", "slack-send", "reports", "check", "members"} <= used
    assert used <= known


def test_every_command_helps() -> None:
    group = typer.main.get_command(app)
    for name in group.commands:  # type: ignore[attr-defined]
        shown = CliRunner().invoke(app, [name, "--help"])
        assert shown.exit_code == 0, name
        assert len(shown.output.splitlines()) > 3, name


def test_no_page_names_this_machine() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sample").rglob("*.md")]
    for page in [*map(Path, pages), ROOT / "config.yaml"]:
        assert not re.search(r"/work/|/root/|/tmp/", page.read_text(encoding="utf-8")), page
