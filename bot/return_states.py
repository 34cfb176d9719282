"""Where an edited draft that was given back stands, and the way by which it came."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a return stands."""

    WAITING = "waiting"  # for a person of the PMO
    TAKEN_IN = "taken_in"
    REFUSED = "refused"
    PUT_ASIDE = "put_aside"


class Door(StrEnum):
    """The way by which it came; `DRAFTING`: a new draft by the machine, which changed what a person had edited."""

    PAGE = "page"
    FOLDER = "folder"
    MAIL = "mail"
    SLACK = "slack"
    COMMAND = "command"
    DRAFTING = "drafting"
