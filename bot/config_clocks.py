"""What `config.yaml` says of working days, of the clocks around a meeting, and of the reminders that hang on them."""

from __future__ import annotations

from datetime import date, time
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.config_words import ClockKind, NoticeKind, Recipients, Sourced, Strict, TimeOfDay, TimeOfStep


class Closure(Strict):
    date: date
    reason: str


class WorkingDays(Sourced):
    country: str = "GB"
    subdivision: str = "ENG"
    closures: list[Closure] = []
    counting: Literal["event_day_not_counted", "clear_days"] = "event_day_not_counted"
    deadline_time: TimeOfDay = time(17)


class ClockRule(Sourced):
    """One clock that runs around a meeting (rules §3)."""

    kind: ClockKind
    name: str
    hangs_on: Literal["meeting", "next_ordinary_meeting", "decision"] = "meeting"
    direction: Literal["before", "after"]
    working_days: int = Field(ge=0, le=260)
    counting: Literal["event_day_not_counted", "clear_days"] | None = None
    time_of_day: TimeOfDay | None = None
    levels: list[Literal[2, 3, 4]] = []
    groups: list[str] = []
    not_groups: list[str] = []
    from_on: date | None = Field(default=None, alias="from")
    until_on: date | None = Field(default=None, alias="until")
    enabled: bool = True


class AmendmentWindow(Sourced):
    end_of_series_days: int = Field(default=15, ge=0)
    at_least_days: int = Field(default=5, ge=0)
    supplementary_issue_days: int = Field(default=2, ge=0)


class Climb(Strict):
    """Where a step goes while the thing is still not done: up within the PMO, never to a Chair, Ofgem or the IPA."""

    to: Literal["secretary", "deputy", "pmo_lead"]
    working_days: int = Field(ge=1, description="after the clock fell due")
    at: TimeOfDay = time(9)
    template: str | None = None  # the step's own text, if not given


class ReminderStep(Sourced):
    """One rung of a ladder: how many working days before or after a clock falls due, and whom it tells."""

    id: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=60)
    clock: str
    working_days: int = Field(ge=0)
    direction: Literal["before", "after"] = "before"
    at: TimeOfStep = time(9)  # None, written `deadline`: the deadline's own time of day
    to: Recipients
    kind: NoticeKind
    template: str
    groups: list[str] = []  # empty: every group
    not_groups: list[str] = []
    opt_in: bool = False
    climb: list[Climb] = []

    @model_validator(mode="after")
    def _can_be_climbed(self) -> Self:
        days = [rung.working_days for rung in self.climb]
        if self.climb and self.direction == "before":
            raise ValueError("`climb` follows a step with `direction: after`: before that nothing is late")
        if days != sorted(set(days)) or any(d <= self.working_days for d in days):
            raise ValueError("each rung of `climb` comes some working days later than the one before")
        if self.to == "owner" and self.clock not in ("action", "apology"):
            raise ValueError("only an `action` or an `apology` has an `owner`")
        if (self.to == "authors") != (self.clock == "expected_paper"):
            raise ValueError("an `expected_paper` is asked of its `authors`, and nothing else is")
        if self.opt_in and self.to not in ("members", "representatives"):
            raise ValueError("`opt_in` is for what `members` or `representatives` may choose to hear")
        return self

    @cached_property
    def rungs(self) -> tuple[ReminderStep, ...]:
        """This step, and one for each place it climbs to, with an id of its own (`headline_late_deputy`)."""
        return (self, *(self._climbed(rung) for rung in self.climb))

    def _climbed(self, rung: Climb) -> ReminderStep:
        changed = {
            "id": f"{self.id}_{rung.to}", "to": rung.to, "working_days": rung.working_days, "at": rung.at,
            "template": rung.template or self.template, "kind": "pmo_reminder", "climb": [],
        }  # fmt: skip
        return self.model_copy(update=changed)
