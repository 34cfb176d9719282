"""The manifest of the Slack app: what stands in the repository is what the code registers, with the least scopes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import app
from bot.config import Config
from handlers.slack import manifest, register
from handlers.slack.door import Shortcut
from tests.secretariat_process import ROOT

KEPT = ROOT / manifest.FILE
NEEDS: dict[str, set[str]] = {  # Slack's own list of which method asks for which scopes
    "auth_test": set(),
    "apps_connections_open": set(),  # the app token's
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_open": {"im:write"},
    "conversations_history": {"im:history", "channels:history", "groups:history"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_info": {"channels:read", "groups:read"},
    "files_info": {"files:read"},
    "users_info": {"users:read", "users:read.email"},
    "views_open": set(),
    "views_push": set(),
    "views_update": set(),
    "views_publish": set(),
}


def methods_called() -> set[str]:
    """The Web API's methods that our adapters call."""
    files = [*(ROOT / "bot/adapters").glob("slack_*.py"), ROOT / "handlers/slack/socket_mode.py"]
    trees = [ast.walk(ast.parse(file.read_text(encoding="utf-8"))) for file in files]
    names = {node.attr for tree in trees for node in tree if isinstance(node, ast.Attribute)}
    families = ("chat_", "conversations_", "files_", "users_", "views_", "reactions_", "auth_", "apps_", "usergroups_")
    return {name for name in names if name.startswith(families)}


def test_the_manifest_in_the_repository_is_what_the_code_registers(config: Config) -> None:
    assert KEPT.read_text(encoding="utf-8") == manifest.written(config)
    assert manifest.differences(config, ROOT) == []


def test_the_scopes_are_those_that_our_calls_need_and_no_others(config: Config) -> None:
    called = methods_called()
    assert called <= NEEDS.keys()
    needed = {"commands"}.union(*(NEEDS[name] for name in called))
    needed |= {manifest.SCOPES_OF_EVENTS[kind] for kind in register.EVENTS if kind in manifest.SCOPES_OF_EVENTS}
    assert set(manifest.scopes()) == needed
    assert set(manifest.manifest(config)["settings"]["event_subscriptions"]["bot_events"]) == set(register.EVENTS)


def test_it_keeps_slacks_limits(config: Config) -> None:
    made = manifest.manifest(config)
    shown, features = made["display_information"], made["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert 1 <= len(shortcut["name"]) <= 24
        assert 1 <= len(shortcut["description"]) <= 150
    assert len(features["slash_commands"][0]["usage_hint"]) <= 1_000
    assert len(features["slash_commands"][0]["description"]) <= 2_000


def test_every_shortcut_leads_to_a_form_and_every_form_can_be_reached() -> None:
    assert {shortcut.form for shortcut in register.SHORTCUTS.values()} <= register.FORMS.keys()
    for command in register.COMMANDS.values():
        assert not command.form or command.form in register.FORMS
    for click in register.CLICKS.values():
        assert click.answer or click.form in register.FORMS


def test_check_names_what_differs(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = manifest.manifest(config)
    kept["features"]["slash_commands"][0]["request_url"] = "https://ours.example.org/slack/events"
    (tmp_path / manifest.FILE).write_text(yaml.safe_dump(kept), encoding="utf-8")
    assert manifest.differences(config, tmp_path) == []  # an installation's own addresses
    kept["oauth_config"]["scopes"]["bot"].append("channels:join")
    (tmp_path / manifest.FILE).write_text(yaml.safe_dump(kept), encoding="utf-8")
    monkeypatch.setitem(register.SHORTCUTS, "new", Shortcut("any", "New", "A new one"))
    (problem,) = manifest.differences(config, tmp_path)
    assert problem.severity == "warning"
    assert "channels:join" in problem.sentence
    assert "shortcuts.new" in problem.sentence


def test_a_manifest_that_is_missing_or_broken_is_said(config: Config, tmp_path: Path) -> None:
    assert manifest.differences(config, tmp_path) == []  # no Slack, no manifest
    online = config.model_copy(update={"slack": config.slack.model_copy(update={"transport": "slack"})})
    assert "There is no slack-manifest.yaml" in manifest.differences(online, tmp_path)[0].sentence
    (tmp_path / manifest.FILE).write_text("features: [", encoding="utf-8")
    assert "cannot be read" in manifest.differences(online, tmp_path)[0].sentence


def test_without_socket_mode_it_has_addresses(config: Config) -> None:
    by_http = config.model_copy(update={"slack": config.slack.model_copy(update={"mode": "http"})})
    made = manifest.manifest(by_http)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"].endswith("/slack/events")
    assert made["settings"]["interactivity"]["request_url"].endswith("/slack/events")
    assert made["features"]["slash_commands"][0]["request_url"].endswith("/slack/events")


def test_the_command_prints_it_and_check_compares_it(tmp_path: Path) -> None:
    given = tmp_path / "config.yaml"
    given.write_text((ROOT / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    environment = {"SECRETARIAT_PATHS__STATE": str(tmp_path / "var")}
    printed = CliRunner().invoke(app, ["--config", str(given), "slack-manifest"], env=environment)
    assert printed.exit_code == 0, printed.output
    file = tmp_path / manifest.FILE
    file.write_text(printed.output.replace("chat:write", "chat:write.public"), encoding="utf-8")
    checked = CliRunner().invoke(app, ["--config", str(given), "check"], env=environment)
    assert "slack-manifest" in checked.output
    assert "chat:write.public" in checked.output
