"""What Slack posts, read into our own values. Pure."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from handlers.slack.door import Asked, Filled, Happened

Body = Mapping[str, Any]


def of_command(body: Body) -> Asked:
    """A slash command, its whole text."""
    return Asked(
        slack_user_id=str(body.get("user_id", "")),
        text=_as_typed(str(body.get("text") or "")).strip(),
        source_key=str(body.get("trigger_id") or secrets.token_hex(8)),
        response_url=str(body.get("response_url") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        channel=str(body.get("channel_id") or ""),
    )


def _as_typed(text: str) -> str:
    """Slack spells & < > of what is typed after a command as in HTML."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def of_interaction(body: Body, text: str = "") -> Asked:
    """A click or a shortcut; `text` is the button's value."""
    return Asked(
        slack_user_id=_user(body),
        text=text,
        source_key=str(body.get("trigger_id") or secrets.token_hex(8)),
        response_url=str(body.get("response_url") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        channel=str((body.get("channel") or {}).get("id") or ""),
        message=body.get("message") or {},
    )


def of_view(body: Body, *, action: str = "", typed: str = "") -> Filled:
    """A modal: sent in, changed, or asking for options. Sent in twice, its source key is the same."""
    view = body.get("view") or {}
    view_id, form = str(view.get("id") or ""), str(view.get("callback_id") or "")
    asked = of_interaction(body)
    key = f"{view_id}:{form}" if view_id else asked.source_key
    return Filled(
        asked=Asked(asked.slack_user_id, "", key, asked.response_url, asked.trigger_id, asked.channel),
        form=form,
        values=values_of(view),
        about=_about(view),
        view_id=view_id,
        action=action,
        typed=typed,
    )


def of_event(body: Body) -> Happened:
    """An event, by its id: Slack brings it again where we were slow to acknowledge."""
    event = body.get("event") or {}
    return Happened(str(body.get("event_id") or secrets.token_hex(8)), str(event.get("user") or ""), event)


def values_of(view: Body) -> dict[str, str | tuple[str, ...]]:
    """What each block of a modal holds, by the block's id; a block has one element."""
    state = (view.get("state") or {}).get("values") or {}
    return {block: _held(next(iter(elements.values()), {})) for block, elements in state.items()}


def _held(element: Body) -> str | tuple[str, ...]:
    for plain in ("value", "selected_date", "selected_user", "selected_time"):
        if plain in element:
            return str(element[plain] or "")
    if "selected_option" in element:
        return str((element["selected_option"] or {}).get("value") or "")
    if "selected_options" in element:
        return tuple(str(chosen["value"]) for chosen in element["selected_options"] or ())
    if "files" in element:
        return tuple(str(file["id"]) for file in element["files"] or ())
    return ""


def _about(view: Body) -> Mapping[str, Any]:
    try:
        about = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


def _user(body: Body) -> str:
    return str((body.get("user") or {}).get("id") or "")


def filled_again(view: Body, sentences: Mapping[str, str]) -> dict[str, Any]:
    """The same modal with what was filled in, each sentence above its field: nothing that was typed is lost."""
    state = (view.get("state") or {}).get("values") or {}
    blocks: list[dict[str, Any]] = []
    for block in view.get("blocks") or ():
        block_id = str(block.get("block_id") or "")
        if block_id in sentences:
            text = f":warning: {sentences[block_id]}"[:2_000]
            blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": True}]})
        held = next(iter((state.get(block_id) or {}).values()), None)
        blocks.append(_with_value(block, held) if held and block.get("type") == "input" else dict(block))
    kept = {key: view[key] for key in ("type", "callback_id", "title", "submit", "close", "private_metadata")
            if view.get(key)}  # fmt: skip
    return {**kept, "blocks": blocks}


INITIAL = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_user": "initial_user",
}


def _with_value(block: Body, held: Body) -> dict[str, Any]:
    initial = {INITIAL[key]: held[key] for key in INITIAL if held.get(key)}
    return {**block, "element": {**(block.get("element") or {}), **initial}}
