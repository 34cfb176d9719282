"""What `config.yaml` says of the ways in and out: Slack, mail, invitations, and how notices leave."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.config_words import Strict, TimeOfDay, time_of_day

Emoji = Annotated[str, Field(pattern=r"^[a-z0-9_+'-]+$", max_length=100)]  # its name, without colons


class Slack(Strict):
    transport: Literal["local", "slack"] = "local"
    api_url: str = "https://slack.com/api/"
    command: str = Field(default="/secretariat", pattern=r"^/[a-z0-9_-]{1,31}$")
    mode: Literal["socket", "http"] = "socket"  # how Slack reaches us
    trusted_workspaces: list[Annotated[str, Field(pattern=r"^T[A-Z0-9]{2,}$")]] = Field(default_factory=list)
    marks: dict[Literal["decision", "action"], list[Emoji]] = {"decision": ["scales"], "action": ["clipboard"]}

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        both = set(self.marks.get("decision", ())) & set(self.marks.get("action", ()))
        if both:
            raise ValueError(f"{', '.join(sorted(both))} marks a decision as well as an action: choose one")
        return self


class Graph(Strict):
    tenant_id: str = ""
    client_id: str = ""
    url: str = "https://graph.microsoft.com/"
    authority: str = "https://login.microsoftonline.com/"


class Smtp(Strict):
    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""

    @model_validator(mode="after")
    def _in_the_clear_only_here(self) -> Self:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("without TLS, mail is handed only to a server on this computer")
        return self


class Imap(Strict):
    host: str = ""
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    authserv_id: str = ""  # whose Authentication-Results we believe: that of the server that takes the mail in

    @model_validator(mode="after")
    def _in_the_clear_only_here(self) -> Self:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("without TLS, mail is read only from a server on this computer")
        return self


READ_WITH = {"local": "folder", "graph": "graph", "smtp": "nothing"}  # each transport, where `reading` is not said


class Mail(Strict):
    transport: Literal["local", "graph", "smtp"] = "local"
    reading: Literal["folder", "graph", "imap", "nothing"] | None = None
    most_a_day: int = Field(default=25, ge=1)  # messages of one sender: more wait for a person, so that loops end
    look_every_seconds: int = Field(default=120, ge=10, le=3600)
    folder: Path = Path("mailbox")  # inside paths.state
    mailbox: str = "pmo"  # the one of `mailboxes` that the secretariat writes from and reads
    graph: Graph = Graph()
    smtp: Smtp = Smtp()
    imap: Imap = Imap()

    @property
    def read_from(self) -> str:
        """folder | graph | imap | nothing: as said, or as goes with the transport."""
        return self.reading or READ_WITH[self.transport]


Invitations = Literal["mail", "graph", "manual"]
RecipientRole = Literal["pmo", "chair", "representative", "observer", "programme", "other"]


def _digest(value: object) -> object:
    """YAML reads a bare `off` as false."""
    if value is False:
        return "off"
    return value if value in ("off", "together") else time_of_day(value)


class Considerate(Strict):
    """What people of one role are spared. `digest`: off, together (what falls due at one time), or one hour a day."""

    digest: Annotated[Literal["off", "together"] | time, BeforeValidator(_digest)] = "off"
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    quiet_on_closed_days: bool = False

    @model_validator(mode="after")
    def _has_both_hours(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("`quiet_from` and `quiet_until` come together: give both or neither")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("`quiet_from` and `quiet_until` are the same: that is no time, or the whole day")
        return self


class Sending(Strict):
    """How notices leave: the ceiling that trips the brake, when another way is tried, who is spared what."""

    ceiling_per_hour: int = Field(default=500, ge=0)  # 0: no ceiling
    late_after_hours: int = Field(default=2, ge=1)
    other_way_after_minutes: int = Field(default=15, ge=1)
    roles: dict[RecipientRole, Considerate] = {}
