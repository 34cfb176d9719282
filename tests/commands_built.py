"""What a process does before its first command: Typer builds all commands, SQLAlchemy fits the tables together.

Done once for all, since it takes longer than most commands.
"""

from __future__ import annotations

import typer
from sqlalchemy.orm import configure_mappers

from bot.cli import app

COMMANDS = typer.main.get_command(app)
configure_mappers()


def built(_app: typer.Typer) -> object:
    """In the place of Typer's own `get_command`."""
    return COMMANDS
