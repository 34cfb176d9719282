"""The Slack app's manifest, made from what the code registers, so that nothing is forgotten in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.config import Config
from bot.errors import Problem
from bot.slack_text import cut
from handlers.slack import register
from handlers.slack.blocks import LONGEST_TITLE
from handlers.slack.door import Shortcut

FILE = "slack-manifest.yaml"
SCOPES = {
    "chat:write": "send notices",
    "commands": "the command and the shortcuts",
    "im:write": "open the conversation that a notice goes to",
    "im:history": "look up whether a notice has arrived there",
    "channels:history": "the same in a group's public channel",
    "groups:history": "the same in a group's private channel",
    "channels:read": "find a group's public channel by its name",
    "groups:read": "the same for a private channel",
    "users:read": "who somebody is, who is not on file by Slack id",
    "users:read.email": "their address, by which they may be on file",
    "files:read": "a paper that is handed in as a file",
}
SCOPES_OF_EVENTS = {"reaction_added": "reactions:read", "reaction_removed": "reactions:read"}
ADDRESS = "https://secretariat.example.org"  # over HTTP: whoever installs it puts the real one in
HEAD = """\
# The Slack app: at https://api.slack.com/apps choose "Create New App", "From a manifest", and paste this.
# Made by `secretariat slack-manifest`; `secretariat check` says where it and the code differ.
"""


def manifest(config: Config) -> dict[str, Any]:
    """The manifest for this configuration, as Slack takes it. Socket Mode needs no addresses; HTTP has `ADDRESS`."""
    by_socket = config.slack.mode == "socket"
    posted_to = {} if by_socket else {"request_url": f"{ADDRESS}/slack/events"}
    options = {} if by_socket else {"message_menu_options_url": f"{ADDRESS}/slack/events"}
    short = config.programme.short_name
    return {
        "display_information": {
            "name": cut(f"{short} secretariat", 35),
            "description": cut(f"Meetings, papers, reports and amendments of {short}", 140),
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "secretariat", "always_online": True},
            "slash_commands": [_command(config, posted_to)],
            "shortcuts": [_shortcut(key, shortcut) for key, shortcut in sorted(register.SHORTCUTS.items())],
        },
        "oauth_config": {"scopes": {"bot": scopes()}},
        "settings": {
            "event_subscriptions": {**posted_to, "bot_events": sorted(register.EVENTS)},
            "interactivity": {"is_enabled": True, **posted_to, **options},
            "org_deploy_enabled": False,
            "socket_mode_enabled": by_socket,
            "token_rotation_enabled": False,
        },
    }  # fmt: skip


def scopes() -> list[str]:
    """The least that the app needs."""
    return sorted({*SCOPES, *(SCOPES_OF_EVENTS[kind] for kind in register.EVENTS if kind in SCOPES_OF_EVENTS)})


def written(config: Config) -> str:
    """The manifest as a file."""
    return HEAD + yaml.safe_dump(manifest(config), sort_keys=False, allow_unicode=True, width=120)


def differences(config: Config, folder: Path) -> list[Problem]:
    """Where the manifest in the folder and the code differ; addresses are the installation's own, and not compared."""
    file = folder / FILE
    try:
        kept = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return [_differs(f"{FILE} cannot be read ({type(error).__name__}).")]
    if kept is None:
        return [_differs(f"There is no {FILE}.")] if config.slack.transport == "slack" else []
    wanted, found = _places(manifest(config)), _places(kept)
    wrong = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
    return [_differs(f"{FILE} is not what the code registers: {', '.join(wrong[:5])}.")] if wrong else []


def _differs(sentence: str) -> Problem:
    hint = f"Write it anew (`secretariat slack-manifest > {FILE}`), and give it to Slack: App Manifest, then install."
    return Problem("slack-manifest", sentence, hint, severity="warning")


def _places(part: Any, place: str = "") -> dict[str, object]:
    """Every value by its place: 'settings.socket_mode_enabled'; of a list, each entry by what it is called."""
    if isinstance(part, dict):
        inner = ((f"{place}.{key}".lstrip("."), value) for key, value in part.items() if not key.endswith("url"))
        return {k: v for at, value in inner for k, v in _places(value, at).items()}
    if isinstance(part, list):
        return {k: v for entry in part for k, v in _places(entry, f"{place}.{_called(entry)}").items()}
    return {place: part}


def _called(entry: Any) -> str:
    return str(entry.get("callback_id") or entry.get("command")) if isinstance(entry, dict) else str(entry)


def _command(config: Config, posted_to: dict[str, str]) -> dict[str, Any]:
    return {
        "command": config.slack.command,
        **posted_to,
        "description": "Meetings, deadlines, papers, reports and amendments",
        "usage_hint": "[help | next | deadlines PSG | amend | …]",
        "should_escape": False,
    }


def _shortcut(key: str, shortcut: Shortcut) -> dict[str, str]:
    return {
        "name": cut(shortcut.name, LONGEST_TITLE),
        "type": "message" if shortcut.of_message else "global",
        "callback_id": key,
        "description": cut(shortcut.description, 150),
    }
