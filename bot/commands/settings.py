"""What every command needs first: the configuration, the clock, and (where state is needed) the secretariat itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.app import Secretariat, build, database_of
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.config_file import read_config, read_secrets
from bot.errors import SecretariatError
from bot.places import Places


@dataclass
class Settings:
    """The options that every command takes, read once and only when a command asks."""

    config_file: Path
    now: str | None

    @cached_property
    def config(self) -> Config:
        """The configuration. Raises ConfigInvalid with every problem."""
        return read_config(self.config_file)

    @cached_property
    def clock(self) -> Clock:
        """The real clock, or the virtual one of `--now`."""
        if self.now is None:
            return Clock()
        try:
            return Clock(parse_instant(self.now))
        except ValueError:
            raise SecretariatError(
                f"--now {self.now} is no instant.", hint="Write 2024-02-09 or 2024-02-09T09:00:00+00:00."
            ) from None

    @cached_property
    def secretariat(self) -> Secretariat:
        """Everything put together, its database up to date."""
        whole = build(self.config, read_secrets(), self.clock)
        whole.database.bring_up_to_date()
        return whole

    @cached_property
    def has_state(self) -> bool:
        """Whether this installation has a database yet; commands that only look do not make one."""
        database = database_of(read_secrets(), Places(self.config.paths.state))
        found = database.is_made()
        database.close()
        return found
