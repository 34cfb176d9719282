"""feed: the address at which a calendar program subscribes to a group's or a person's meetings."""

from __future__ import annotations

import typer

from bot import members
from bot.app import page_address
from bot.commands.settings import Settings
from schedules.feeds import of_group, of_person


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command("feed")(feed)


def feed(context: typer.Context, group_or_person: str) -> None:
    """The address of a calendar to subscribe to: of a group, or of a person (name, address, Slack id)."""
    settings: Settings = context.obj
    whole = settings.secretariat
    key = settings.config.group_key(group_or_person)
    if key:
        found = of_group(key)
    else:
        with whole.database.reading() as session:
            found = of_person(members.named(session, group_or_person).id)
    port = whole.places.running_port()
    typer.echo(page_address(settings.config, [port] if port else []) + found.address(whole.feed_secret))
