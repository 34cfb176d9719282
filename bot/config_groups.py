"""What `config.yaml` says of the governance groups: who sits there, when they meet, which meetings are moved."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.clock import is_shown
from bot.config_words import Audience, Dial, NoticeKind, Sourced, Strict, TimeOfDay, Weekday


class SeriesRule(Sourced):
    """When a group meets: the nth weekday of the month, or every few weeks from an anchor date."""

    weekday: Weekday
    nth: Literal[1, 2, 3, 4, 5, "last"] | None = None
    every_weeks: int | None = Field(default=None, ge=1, le=52)
    every_months: int = Field(default=1, ge=1, le=24)
    anchor: date | None = None
    start: TimeOfDay
    end: TimeOfDay
    from_on: date | None = Field(default=None, alias="from")
    until_on: date | None = Field(default=None, alias="until")
    joint_with: tuple[str, ...] = ()  # the groups that this meeting serves as well

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        if (self.nth is None) == (self.every_weeks is None):
            raise ValueError("give either `nth` (of the month) or `every_weeks`, not both and not neither")
        if (self.every_weeks or self.every_months > 1) and self.anchor is None:
            raise ValueError("`every_weeks` and `every_months` count from an `anchor` date: give one")
        if self.anchor and f"{self.anchor:%A}" != self.weekday:
            raise ValueError(f"the anchor {self.anchor} is a {self.anchor:%A}, not a {self.weekday}")
        if self.end <= self.start:
            raise ValueError(f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M})")
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise ValueError(f"`until` ({self.until_on}) lies before `from` ({self.from_on})")
        return self


class SeriesAnchor(Sourced):
    """Which meeting had which number, and the next decision's number, from a date on (rules §4)."""

    on: date
    meeting_number: int = Field(ge=1)
    next_decision: int = Field(default=1, ge=1)


class SeatEntry(Strict):
    title: str
    constituency: str | None = None
    role: Literal["chair", "member", "observer", "programme", "secretariat"] = "member"


class Group(Sourced):
    """One governance group."""

    name: str
    level: Literal[2, 3, 4] | None
    parent: str | None = None
    workstream: str | None = None
    attendance: Literal["open", "closed", "not_stated"]
    status: Literal["mobilised", "email_update", "ad_hoc_only", "configurable", "historical"]
    ends_on: date | None = None
    serves: str | None = None  # the group whose next meeting this one prepares (the webinar and its PSG)
    series: list[SeriesRule] = []
    anchor: SeriesAnchor | None = None
    delegated_decisions: bool = False
    puts_out: Literal["report", "actions", "none"] = "report"
    confidential: bool = False
    mailbox: str = "pmo"
    channel: str | None = None
    seats: list[SeatEntry] = []
    dial: dict[NoticeKind, Dial] = {}
    audience: dict[str, Audience] = {}

    @property
    def is_open(self) -> bool:
        """Whether anybody may hear what is said there."""
        return self.attendance == "open" and not self.confidential


class DatedEntry(Sourced):
    """A dated decision on one meeting: confirmed, moved, cancelled, added."""

    group: str
    on: date
    action: Literal["move", "cancel", "add"]
    to: date | None = None
    start: TimeOfDay | None = None
    end: TimeOfDay | None = None
    joint_with: tuple[str, ...] | None = None  # for `move`: None keeps what the rule says, [] makes it the group's own

    @model_validator(mode="after")
    def _is_on_the_clock(self) -> Self:
        day = self.to or self.on
        for at in (self.start, self.end):
            if at and not is_shown(at, day):
                raise PydanticCustomError("time_parsing", f"{at:%H:%M} does not exist on {day}: the clocks go forward")
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M})")
        return self

    @model_validator(mode="after")
    def _can_be_joint(self) -> Self:
        if self.action == "cancel" and self.joint_with is not None:
            raise ValueError("a meeting that is cancelled is joint with nobody: leave `joint_with` out")
        return self
