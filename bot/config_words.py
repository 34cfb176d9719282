"""The words that any section of `config.yaml` may be written in, and what every section is made of."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


def time_of_day(value: object) -> object:
    """Pydantic would take a number, 17 or "900", for seconds since midnight: no number is a time of day."""
    if isinstance(value, int | float) or (isinstance(value, str) and ":" not in value):
        raise PydanticCustomError("time_parsing", "this is no time of day")
    return value


def _time_of_step(value: object) -> object:
    """`deadline` becomes None; nothing at all is no time of day."""
    if value is None:
        raise PydanticCustomError("time_parsing", "this is no time of day")
    return None if value == "deadline" else time_of_day(value)


TimeOfDay = Annotated[time, BeforeValidator(time_of_day)]
TimeOfStep = Annotated[time | None, BeforeValidator(_time_of_step)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
GroupKey = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9-]*$", max_length=24)]
Dial = Literal["shadow", "approve", "automatic"]
NoticeKind = Literal[
    "invitation",
    "member_reminder",
    "pmo_reminder",
    "receipt",
    "pack",
    "clearance",
    "report",
    "reissue",
    "move",
    "correction",
    "amendment",
    "escalation",
    "query",
    "alarm",
]
Audience = Literal["participants", "members", "pmo", "pmo_and_chair"]
WORKING_MATERIAL = ("draft", "transcript", "evidence", "queue")
STRICTEST_FIRST: tuple[Audience, ...] = ("pmo", "pmo_and_chair", "members", "participants")
Recipients = Literal["members", "representatives", "secretary", "deputy", "pmo", "pmo_lead", "owner", "authors"]
EVENTS = (
    "meeting",
    "recording_arrival",
    "proposed_date",
    "action",
    "request",
    "supplementary_issue",
    "apology",
    "expected_paper",
)
"""What a reminder may hang on beside a clock: docs/CONFIGURATION.md says when each happens."""
ClockKind = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class Strict(BaseModel):
    """Refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sourced(Strict):
    """Says on whose word it stands: the document and heading, or the project's own assumption with its reason."""

    source: str | None = None
    assumed: str | None = None

    @model_validator(mode="after")
    def _says_on_whose_word(self) -> Self:
        if not (self.source or self.assumed):
            raise ValueError("needs `source:` (document and heading) or `assumed:` (a reason)")
        return self

    @property
    def on_the_word_of(self) -> str:
        """The clause, or the plain word that it is an assumption."""
        return "; ".join(w for w in (self.source, self.assumed and f"assumed: {self.assumed}") if w)
