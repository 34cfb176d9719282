"""reports files: what became of an issued report's PDF and of its publication; tried again on a person's word."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import access, report_copies, reports
from bot.access import Deed
from bot.clock import spoken
from bot.errors import SecretariatError


def add_to(reports_app: typer.Typer) -> None:
    """Register the command of this module among those of `reports`."""
    reports_app.command("files")(files)


def files(
    context: typer.Context,
    reference: str,
    again: Annotated[bool, typer.Option("--again", help="Try once more what failed.")] = False,
    by: Annotated[str, typer.Option("--by", help="The person of the PMO who asks for that.")] = "",
) -> None:
    """The files of a report's newest revision: made, published, where; and why not."""
    whole = context.obj.secretariat
    now, table = whole.clock.now(), Table("File", "Where it stands", "Link, or why not")
    with whole.database.session() as session:
        row = reports.latest(session, reports.meeting_of_reference(session, reference).uid)
        if row is None:
            raise SecretariatError(f"{reference} is not issued yet.", hint="Issue it first.")
        if again:
            person = access.pmo_named(session, by, Deed.ISSUE, now, hint="Only the PMO publishes reports.")
            report_copies.try_again(session, row.id, by=person, now=now)
        for copy in report_copies.of_report(session, row.id):
            when = f", {spoken(copy.published_at)}" if copy.published_at else ""
            table.add_row(copy.name, f"{copy.state.replace('_', ' ')}{when}", copy.error or copy.link)
    Console().print(table)
