"""What `check` says of an installation that can be read but would not do what is wanted."""

from __future__ import annotations

from datetime import date

from bot.config import Config, Secrets
from bot.config_groups import DatedEntry
from schedules.checking import problems_of

TODAY = date(2026, 2, 2)
NO_SECRETS = Secrets(_env_file=None)


def ids(config: Config, secrets: Secrets = NO_SECRETS) -> dict[str, str]:
    return {p.id: p.sentence for p in problems_of(config, secrets, TODAY)}


def test_the_shipped_configuration_has_nothing_to_be_mended(config: Config) -> None:
    assert not [p for p in problems_of(config, NO_SECRETS, TODAY) if p.severity == "error"]


def test_a_dated_entry_for_a_day_without_a_meeting_is_named(config: Config) -> None:
    def with_entry(on: date) -> Config:
        entry = DatedEntry(group="PSG", on=on, action="move", to=date(2026, 3, 10), assumed="a test")
        return config.model_copy(update={"dated_entries": [entry]})

    assert "dated-entry-unused" not in ids(with_entry(date(2026, 3, 4)))
    assert "Thursday 5 March 2026" in ids(with_entry(date(2026, 3, 5)))["dated-entry-unused"]


def test_a_service_without_its_secrets_is_named(config: Config) -> None:
    slack = config.slack.model_copy(update={"transport": "slack"})
    found = ids(config.model_copy(update={"slack": slack, "invitations": "graph"}))
    assert {"credentials-slack", "credentials-graph"} <= found.keys()
