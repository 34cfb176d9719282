"""Manners of sending: when a message may reach whom, and which of a person's reminders come together. Pure.

What a person released goes when it was released; manners are for what goes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from bot.clock import LONDON
from bot.config_channels import Considerate, RecipientRole, Sending

MOST_DAYS = 60  # no run of quiet days is longer; a configuration that is always quiet must not turn for ever


class Manners:
    """The configured considerateness. `is_closed` says of a day whether it is no working day."""

    def __init__(self, sending: Sending, is_closed: Callable[[date], bool]) -> None:
        self.sending, self._roles, self._is_closed = sending, sending.roles, is_closed

    @property
    def are_any(self) -> bool:
        """Whether anybody is spared anything."""
        return bool(self._roles)

    def quiet_until(self, role: RecipientRole, now: datetime) -> datetime | None:
        """When the quiet time ends that `now` lies in for that role, in UTC; None where it is not quiet."""
        wish = self._wish(role)
        at = now
        for _ in range(MOST_DAYS * 2):
            end = self._end_of_quiet(wish, at)
            if end is None:
                break
            at = end
        return at if at > now else None

    def bundles(self, role: RecipientRole) -> bool:
        """Whether several reminders for such a person become one message."""
        return self._wish(role).digest != "off"

    def waits_until(self, role: RecipientRole, came_at: datetime, now: datetime) -> datetime | None:
        """The hour of the next digest, for what came at or after the last one; None: it goes now."""
        hour = self._wish(role).digest
        if not isinstance(hour, time):
            return None
        today = now.astimezone(LONDON).date()
        last = _at(today, hour)
        if last > now:
            last = _at(today - timedelta(days=1), hour)
        return None if came_at <= last else _at(last.astimezone(LONDON).date() + timedelta(days=1), hour)

    def _wish(self, role: RecipientRole) -> Considerate:
        return self._roles.get(role, Considerate())

    def _end_of_quiet(self, wish: Considerate, at: datetime) -> datetime | None:
        """The end of the quiet day or quiet hours that `at` lies in; what follows may be quiet again."""
        local = at.astimezone(LONDON)
        if wish.quiet_on_closed_days and self._is_closed(local.date()):
            return _at(local.date() + timedelta(days=1), time(0))
        start, end = wish.quiet_from, wish.quiet_until
        if start is None or end is None:
            return None
        now = local.time()
        if start < end:
            return _at(local.date(), end) if start <= now < end else None
        if now >= start:  # over midnight
            return _at(local.date() + timedelta(days=1), end)
        return _at(local.date(), end) if now < end else None


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, LONDON).astimezone(UTC)
