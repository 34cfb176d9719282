"""Links into a recording: a pattern of some player's, and the second at which it is to start. Pure."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote


def at_second(pattern: str, seconds: float | None) -> str:
    """The link that starts at a second; empty where there is no pattern, or no second.

    In the pattern `{seconds}` stands for the second itself, `{nav}` for the `nav` parameter of SharePoint's player.
    """
    if not pattern or seconds is None:
        return ""
    return pattern.replace("{seconds}", str(int(seconds))).replace("{nav}", nav_of(seconds))


def nav_of(seconds: float) -> str:
    """What SharePoint's and Teams' player (stream.aspx, sharing links) takes in `nav`: JSON in base64."""
    options = {"playbackOptions": {"startTimeInSeconds": int(seconds)}}
    return quote(base64.b64encode(json.dumps(options, separators=(",", ":")).encode()).decode(), safe="")
